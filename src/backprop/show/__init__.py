"""What is shown: an evaluation as cells with roles (grid), rendered as text, Rich, Markdown, LaTeX, CSV or JSON."""
