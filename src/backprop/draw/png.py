"""A circuit as PNG: its SVG, drawn by resvg with the font that comes with the program, so it looks the same everywhere.

resvg leaves texts out, and says nothing, when it finds no font for them. So a picture with characters that the font
does not have is drawn with the fonts of the system as well, and `uncovered` says which they are.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from backprop.draw.boxes import Options, Picture, label_of, name_of
from backprop.draw.svg import size, svg
from backprop.errors import lacking

ZOOM = 2.0  # pixels for each unit of the picture
LARGEST = 16_000  # pixels to a side; larger pictures are zoomed less
FAMILY = "DejaVu Sans Mono"


def picture_png(picture: Picture, options: Options) -> tuple[bytes, str]:
    """The picture as a file, and the characters that the font does not have."""
    missing = uncovered("".join(label_of(node) + name_of(node) for node in picture.scene.nodes))
    return png(svg(picture, options), size(picture), system_fonts=bool(missing)), missing


def size_of(text: str) -> tuple[float, float]:
    """How large a picture says it is."""
    import re

    found = re.search(r'width="(\d+)" height="(\d+)"', text)
    return (float(found[1]), float(found[2])) if found else (1.0, 1.0)


def png(text: str, size: tuple[float, float], *, system_fonts: bool) -> bytes:
    """An SVG drawn. Raises a Problem of kind "option" where resvg is not installed."""
    try:
        import resvg_py
    except ImportError:
        raise lacking("PNG", "resvg-py", "png", "SVG and HTML need nothing") from None
    zoom = min(ZOOM, LARGEST / max(size))
    with as_file(files("backprop.draw").joinpath("fonts")) as folder:
        made = resvg_py.svg_to_bytes(
            svg_string=text,
            zoom=zoom,
            skip_system_fonts=not system_fonts,
            font_dirs=[str(folder)],
            font_family=FAMILY,
            monospace_family=FAMILY,
            sans_serif_family=FAMILY,
            serif_family=FAMILY,
        )
    return bytes(made)


def uncovered(characters: str) -> str:
    """Those characters that the font does not have."""
    return "".join(dict.fromkeys(c for c in characters if c not in covered()))


@cache
def covered() -> frozenset[str]:
    """The characters that the font has, upright and oblique."""
    return frozenset(
        files("backprop.draw").joinpath("fonts", "characters.txt").read_text(encoding="utf-8").rstrip("\n")
    )
