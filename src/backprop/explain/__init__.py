"""A run told step by step: the steps as data (steps), and how they are written (text)."""
