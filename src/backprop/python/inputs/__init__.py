"""What a pass is given, and what its text says of that."""
