"""A circuit as PNG: its SVG, drawn by resvg with the font that comes with the program, so it looks the same everywhere.

resvg leaves texts out, and says nothing, when it finds no font for them. So a picture with characters that the font
does not have is drawn with the fonts of the system as well, and `uncovered` says which they are.
"""

from __future__ import annotations

from importlib.resources import as_file, files

from backprop.draw.boxes import Picture, label_of, name_of
from backprop.draw.svg import Options, size, svg
from backprop.errors import Problem

ZOOM = 2.0  # pixels for each unit of the picture
LARGEST = 16_000  # pixels to a side; larger pictures are zoomed less
FAMILY = "DejaVu Sans Mono"

# What the font has: the blocks of Latin, Greek, Cyrillic, punctuation, super- and subscripts, arrows and mathematics.
COVERED = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x205E),
    (0x2070, 0x209C), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF),
)  # fmt: skip


def picture_png(picture: Picture, options: Options) -> tuple[bytes, str]:
    """The picture as a file, and the characters that the font does not have."""
    missing = uncovered("".join(label_of(node) + name_of(node) for node in picture.scene.nodes))
    return png(svg(picture, options), size(picture), system_fonts=bool(missing)), missing


def png(text: str, size: tuple[float, float], *, system_fonts: bool) -> bytes:
    """An SVG drawn. Raises a Problem of kind "option" where resvg is not installed."""
    try:
        import resvg_py
    except ImportError:
        hint = 'install it: pip install "backprop[png]"; SVG and HTML need nothing'
        raise Problem("option", "PNG needs resvg-py, which is not installed", hint=hint) from None
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
    return "".join(c for c in dict.fromkeys(characters) if not any(first <= ord(c) <= last for first, last in COVERED))
