"""A backward pass in code of the user's own: run, recorded, and judged by what comes out of it."""
