"""What a pass could be given, where nobody gives it anything."""
