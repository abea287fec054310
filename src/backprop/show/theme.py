"""Colours: which role has which. The only place that names one."""

from __future__ import annotations

from typing import NamedTuple

# As in the figures of the course notes: values green, gradients red.
STYLES = {
    "name": "bold",
    "expression": "",
    "value": "green",
    "gradient": "red",
    "local": "cyan",
    "verdict": "bold",
    "": "",
    "wire": "cyan",
    "heading": "dim",
    "error": "bold red",
    "note": "bold yellow",
    "hint": "bold cyan",
    "caret": "bold red",
}

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def paint(text: str, role: str, colour: bool) -> str:
    """A text in the colour of its role, for a terminal."""
    style = STYLES[role]
    if not colour or not style or not text:
        return text
    return f"\x1b[{';'.join(CODES[word] for word in style.split())}m{text}\x1b[0m"


def wants_colour(choice: str, stream: object, environment: dict[str, str] | None = None) -> bool:
    """Whether a stream gets colour: what `--color` says, else NO_COLOR, FORCE_COLOR, else whether it is a terminal."""
    import os

    variables = os.environ if environment is None else environment
    if choice != "auto":
        return choice == "always"
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and variables.get("TERM") != "dumb"


def is_terminal(stream: object) -> bool:
    """Whether a stream is a terminal."""
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


class Palette(NamedTuple):
    """The colours of a picture. All texts have a contrast of at least 4.5 to 1 on the background and on a gate."""

    background: str
    text: str
    faint: str
    wire: str
    gate: str
    edge: str
    value: str
    gradient: str
    mark: str
    accent: str
    panel: str
    line: str


PALETTES = {
    "light": Palette(
        "#ffffff", "#1b1f24", "#57606a", "#4a4f57", "#eef3fb", "#33475b", "#067a1f", "#c00418", "#fff3bf", "#0550ae",
        "#f6f8fa", "#d0d7de",
    ),
    "dark": Palette(
        "#12161c", "#e6edf3", "#9da7b3", "#9aa4af", "#1f2a38", "#8fb0d6", "#56d364", "#ff8a80", "#4d3d00", "#79b8ff",
        "#1a2029", "#343c47",
    ),
    "print": Palette(
        "#ffffff", "#000000", "#444444", "#000000", "#ffffff", "#000000", "#000000", "#000000", "#ffffff", "#000000",
        "#ffffff", "#888888",
    ),
}  # fmt: skip
