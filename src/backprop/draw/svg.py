"""A circuit as SVG, as in the course notes: values in green above the wires, gradients in red below them."""

from __future__ import annotations

import html
from collections.abc import Iterator

from backprop.draw.boxes import (
    BLANK,
    LABEL,
    NUMBER,
    RADIUS,
    SHARE,
    Frame,
    Options,
    Pen,
    Picture,
    Places,
    label_of,
    node_parts,
)  # fmt: skip
from backprop.draw.figures import full
from backprop.draw.layout import Point
from backprop.draw.scene import INPUTS, NUMBERS, STAGES, Node, Scene
from backprop.errors.spans import visible
from backprop.show.palette import PALETTES, Palette

MARGIN = 14.0
FONTS = "'DejaVu Sans Mono',Menlo,Consolas,monospace"
MOST_SENTENCES = 60  # of the description


def svg(picture: Picture, options: Options | None = None) -> str:
    """The whole file."""
    options = options or Options()
    width, height = size(picture)
    scene = picture.scene
    rules = style(PALETTES[options.theme], emphasis=options.theme == "print")
    return "\n".join(
        [
            *opening((width, height), view_box(picture), title(scene), description(scene, options), rules),
            f'<rect class="paper" x="{-MARGIN:g}" y="{-MARGIN:g}" width="{width:.1f}" height="{height:.1f}"/>',
            *wires(picture),
            *(part for index in range(len(scene.nodes)) for part in node_parts(picture, index, options, PEN)),
            "</svg>\n",
        ]
    )


def opening(size: Point, box: str, title: str, description: str, rules: str) -> list[str]:
    """How a picture begins: its size, the part of the plane that it shows, what it is in words, and its rules."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]:.0f}" height="{size[1]:.0f}" viewBox="{box}"'
        f' role="img" aria-labelledby="title description" font-family="{FONTS}">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f"<style>{rules}</style>",
    ]


def size(picture: Picture) -> Point:
    """Width and height, with a margin."""
    return picture.layout.size[0] + 2 * MARGIN, picture.layout.size[1] + 2 * MARGIN


def view_box(picture: Picture) -> str:
    """The part of the plane that shows all of it."""
    width, height = size(picture)
    return f"{-MARGIN:g} {-MARGIN:g} {width:.1f} {height:.1f}"


def style(colours: Palette, *, emphasis: bool) -> str:
    """The rules of the picture. In print, where there is no colour, values are bold and gradients italic."""
    value, gradient = ("font-weight:bold;", "font-style:italic;") if emphasis else ("", "")
    return (
        f".paper{{fill:{colours.background}}}"
        f".halo{{fill:none;stroke:{colours.background};stroke-width:5}}"
        f".wire{{fill:none;stroke:{colours.wire};stroke-width:1.3}}"
        f".fork{{fill:{colours.wire}}}"
        f".gate{{fill:{colours.gate};stroke:{colours.edge};stroke-width:1.4}}"
        f".blank{{fill:{colours.background};stroke:{colours.faint};stroke-width:1}}"
        f".label{{font-size:{LABEL:g}px;text-anchor:middle;fill:{colours.text}}}"
        f".input{{font-size:{LABEL:g}px;font-style:italic;fill:{colours.text}}}"
        f".name{{font-size:{NUMBER:g}px;font-style:italic;text-anchor:middle;fill:{colours.faint}}}"
        f".value{{font-size:{NUMBER:g}px;text-anchor:middle;{value}fill:{colours.value}}}"
        f".gradient{{font-size:{NUMBER:g}px;text-anchor:middle;{gradient}fill:{colours.gradient}}}"
        f".share{{font-size:{SHARE:g}px;text-anchor:end;font-style:italic;fill:{colours.gradient}}}"
    )


# ── words ──


def escape(text: str) -> str:
    """A text for XML and HTML, in which nothing of the user's means anything."""
    safe = "".join(c if c == "\n" else visible(c) for c in text.replace("\t", " "))
    return html.escape(safe).replace("&#x27;", "&#39;")


def title(scene: Scene) -> str:
    return f"Circuit of {scene.formula}"


def description(scene: Scene, options: Options) -> str:
    """The picture in words, for those who cannot see it."""
    shown = scene.nodes[:MOST_SENTENCES]
    said = " ".join(sentence(node, options) for node in shown if node.kind != NUMBERS)
    rest = len(scene.nodes) - len(shown)
    return said + (f" And {rest} more." if rest else "")


def sentence(node: Node, options: Options) -> str:
    what = node.name if node.kind == INPUTS else f"{node.name} = {node.expression}"
    if not options.values or (options.blank and node.kind != INPUTS):
        return f"{what}."
    gradient = "" if node.gradient is None or options.blank else f", gradient {full(node.gradient)}"
    return f"{what}: value {full(node.value)}{gradient}."


# ── wires ──


def wires(picture: Picture, live: bool = False) -> Iterator[str]:
    """The wires between nodes. Each has a halo, so that where two cross, the upper one bridges the other; in a `live`
    picture, it says into which node it goes, at whose step it lights up."""
    for leaving, forks in picture.leaving():
        if leaving:
            paths = [(path(points), f' data-into="{index}"' if live else "") for index, points in leaving]
            dots = "".join(f'<circle class="fork" cx="{x:.1f}" cy="{y:.1f}" r="2.8"/>' for x, y in forks)
            halos = "".join(f'<path class="halo" d="{d}"/>' for d in dict.fromkeys(d for d, _ in paths))
            lines = "".join(f'<path class="wire"{into} d="{d}"/>' for d, into in dict.fromkeys(paths))
            yield f"<g>{halos}{lines}{dots}</g>"


def path(points: list[Point]) -> str:
    """A wire as a path: straight along its heights, and a smooth step from one to the next."""
    x, y = points[0]
    parts = [f"M{x:.1f},{y:.1f}"]
    for x1, y1 in points[1:]:
        if abs(y1 - y) < 0.05:
            if parts[-1][0] == "H":  # a straight wire is one line, however many columns it passes
                parts.pop()
            parts.append(f"H{x1:.1f}")
        else:
            middle = (x + x1) / 2
            parts.append(f"C{middle:.1f},{y:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}")
        x, y = x1, y1
    return "".join(parts)


# ── nodes ──


def outline(node: Node, frame: Frame, places: Places) -> Iterator[str]:
    """A gate as its box with its symbol, an input as its name."""
    baseline = places.height + LABEL * 0.35
    if node.kind != STAGES:
        yield text("input", places.left, baseline, label_of(node))
        return
    yield (
        f'<rect class="gate" x="{places.left + frame.left:.1f}" y="{places.height - frame.half:.1f}"'
        f' width="{frame.right - frame.left:.1f}" height="{2 * frame.half:g}" rx="{RADIUS:g}"/>'
    )
    yield text("label", places.centre, baseline, label_of(node))


def blank(at: float, top: float) -> str:
    width, height = BLANK
    return f'<rect class="blank" x="{at - width / 2:.1f}" y="{top:.1f}" width="{width:g}" height="{height:g}" rx="2"/>'


def line(start: float, end: float, height: float) -> str:
    return f'<path class="wire" d="M{start:.1f},{height:.1f}H{end:.1f}"/>'


def text(role: str, x: float, y: float, words: str) -> str:
    return f'<text class="{role}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


PEN = Pen(line, text, blank, outline)
