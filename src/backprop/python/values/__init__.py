"""What a program of Python computes with: arrays on a tape, names in scopes, and the meter of all work."""
