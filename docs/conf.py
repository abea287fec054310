"""The manual as a site: `sphinx-build -W docs build/site`. What the program itself can tell is made first (made.py)."""

import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from made import write  # noqa: E402

from backprop import __version__  # noqa: E402

write(HERE / "reference")

project = "backprop"
version = release = __version__
copyright = "the authors of backprop; MIT licence"
extensions = ["myst_parser"]
exclude_patterns = ["man"]
myst_heading_anchors = 3
smartquotes = False  # an option has two dashes
nitpicky = True
highlight_language = "text"
pygments_style = "default"
pygments_dark_style = "github-dark"
html_theme = "furo"
html_title = "backprop"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sphinx = False


def with_file_names(app: object, page: str, source: list[str]) -> None:
    """Show above a block which file it is; in the text of a page, for the tests, a comment says so."""
    source[0] = re.sub(r"<!-- (?:file|add|replace): (\S+).*? -->\n", r"**`\1`**\n\n", source[0])


def setup(app: Any) -> None:
    app.connect("source-read", with_file_names)
