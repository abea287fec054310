"""The line that should stand there, by the chain rule, in the user's own names."""
