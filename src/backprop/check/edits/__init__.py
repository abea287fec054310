"""The lines that may have been meant where another one stands."""
