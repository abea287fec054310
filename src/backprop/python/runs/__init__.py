"""A pass, run forth and back, and what comes out."""
