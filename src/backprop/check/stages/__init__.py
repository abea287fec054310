"""A backward pass in the language of stages, judged line by line."""
