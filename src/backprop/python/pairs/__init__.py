"""Which forward pass belongs to which backward pass."""
