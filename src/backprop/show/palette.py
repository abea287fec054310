"""The colours of pictures."""

from __future__ import annotations

from typing import NamedTuple


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
