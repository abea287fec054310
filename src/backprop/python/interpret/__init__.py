"""The interpreter of Python's syntax tree: nothing of the user's is executed or imported."""
