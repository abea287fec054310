"""Is a gradient right? Against numerical ones (numerical), or a hand-written backward pass line by line
(backward_pass)."""
