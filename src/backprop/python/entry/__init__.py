"""The way into code of the user's own: pairs of passes, their inputs, a run forth and back."""
