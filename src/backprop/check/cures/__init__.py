"""The search for the faulty line: what makes every gradient right at every point is proof."""
