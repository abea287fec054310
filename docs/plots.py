"""A gate's value and slope as a picture: two curves over one of its inputs, computed by the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html import escape
from itertools import pairwise
from math import hypot, isfinite
from typing import Any, NamedTuple

import numpy as np

from backprop import Problem
from backprop.gates import Gate
from backprop.library import Compiled, Evaluation
from backprop.show import reference
from backprop.show.grid import cell

WIDTH, HEIGHT, MARGIN, LEFT = 300.0, 200.0, 18.0, 36.0  # there is more room on the left, for numbers
POINTS = 240
REACH = 4.0  # how far the picture goes to each side
MOST = 6.0  # and how far up and down, where the curves go on
FAR = 3.0  # heights out of the picture that a curve is followed
FINE = 0.2  # a deviation that nobody sees
Point = tuple[float, float]


class Curves(NamedTuple):
    """The value and the slope of a text over one of its inputs."""

    text: str
    over: str
    fixed: str
    ends: Point
    value: list[Point]
    slope: list[Point]


def figure(gate: Gate) -> str:
    """The picture as HTML with its caption; nothing for a gate that has no example."""
    shown = reference.example(gate)
    if shown is None:
        return ""
    found = curves(shown)
    caption = f"{found.text} over {found.over}" + (f", at {found.fixed}" if found.fixed else "")
    return f"<figure>\n{svg(found, reference.written(gate))}\n<figcaption>{escape(caption)}</figcaption>\n</figure>\n"


# ── what is drawn ──


def curves(shown: reference.Example) -> Curves:
    """The two curves, over the first input that has a slope, or the first."""
    slopes = shown.evaluation.gradients
    over = next((name for name, slope in slopes.items() if np.any(slope != 0)), next(iter(slopes)))
    text = element(shown, over)
    compiled = Compiled(text)
    low, high = extent(compiled, shown.at, over)
    value, slope = [], []
    for place in range(POINTS):
        x = low + (high - low) * (place + 0.5) / POINTS  # never on a whole number, where many kinks are
        y, dy = measured(compiled, shown.at, over, x)
        value.append((x, y))
        slope.append((x, dy))
    first = over if isinstance(shown.at[over], float) else f"the first element of {over}"
    fixed = ", ".join(
        f"{name} = {cell(at, 6, one_line=True)}" for name, at in shown.at.items() if name != over or first != over
    )
    return Curves(text, first, fixed, (low, high), value, slope)


def element(shown: reference.Example, over: str) -> str:
    """What a call gives as one number: of an array, the first element that the input's first one moves."""
    call = shown.call if shown.call.endswith((")", "]")) else f"({shown.call})"
    found = []
    for place in ("", "[0]", "[1]", "[0, 0]", "[0, 0, 0]"):
        text = f"{call}{place}" if place else shown.call
        with suppress(Problem):  # no number, or fewer dimensions
            found.append((slope_of(Compiled(text).evaluate(shown.at), over) == 0, text))
    return min(found, key=lambda one: one[0])[1]


def slope_of(found: Evaluation, over: str) -> float:
    """The gradient in an input, or in its first element."""
    slope = found.gradients[over]
    return float(slope if isinstance(slope, float) else slope.flat[0])


def measured(compiled: Compiled, at: dict[str, Any], over: str, x: float) -> Point:
    """The value and the slope at a point; nan where there is none."""
    try:
        found = compiled.evaluate({**at, over: moved(at[over], x)})
    except Problem:
        return float("nan"), float("nan")
    value = float(found.value)
    return value, slope_of(found, over) if isfinite(value) else value


def moved(start: Any, x: float) -> Any:
    """An input with its first element, or itself, at another number."""
    if isinstance(start, float):
        return x
    made = start.copy()
    made.flat[0] = x
    return made


def extent(compiled: Compiled, at: dict[str, Any], over: str) -> Point:
    """From where to where: all of it, or where there are values, if these are a small part."""
    tried = [REACH * (place + 0.5) / 100 for place in range(-100, 100)]
    inside = [x for x in tried if isfinite(measured(compiled, at, over, x)[0])]
    if not inside or len(inside) > 80:
        return -REACH, REACH
    margin = (inside[-1] - inside[0]) / 8
    return inside[0] - margin, inside[-1] + margin


# ── how it is drawn ──


def svg(found: Curves, title: str) -> str:
    """Both curves, with axes where 0 is and their ends in numbers. The page's style has the colours."""
    left, right = found.ends
    low, high = window([y for _, y in (*found.value, *found.slope) if isfinite(y)])

    def place(x: float, y: float) -> Point:
        return (
            LEFT + (x - left) / (right - left) * (WIDTH - LEFT - MARGIN),
            HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2 * MARGIN),
        )

    def line(kind: str, one: Point, two: Point) -> str:
        return f'<line class="{kind}" x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{two[0]:.1f}" y2="{two[1]:.1f}"/>'

    x_axis, y_axis = min(max(0.0, low), high), min(max(0.0, left), right)
    parts = [
        line("axis", place(left, x_axis), place(right, x_axis)),
        line("axis", place(y_axis, low), place(y_axis, high)),
    ]
    x, y, width, height = LEFT, MARGIN, WIDTH - LEFT - MARGIN, HEIGHT - 2 * MARGIN
    box = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" viewBox="{x:g} {y:g} {width:g} {height:g}"'
    parts.append(f"<svg {box}>")  # what goes out of it is cut off
    for kind, curve in (("slope", found.slope), ("value", found.value)):
        for piece in pieces(curve, low, high):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in straightened([place(*point) for point in piece]))
            parts.append(f'<polyline class="{kind}" points="{points}"/>')
    parts.append("</svg>")
    for text, anchor, x, y in (
        (left, "middle", LEFT, HEIGHT - 4), (right, "middle", WIDTH - MARGIN, HEIGHT - 4),
        (high, "end", LEFT - 6, MARGIN + 4), (low, "end", LEFT - 6, HEIGHT - MARGIN),
    ):  # fmt: skip
        parts.append(f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{text:.2g}</text>')
    head = f'<svg viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{escape(title)}: value and slope">'
    return "\n".join([head, *parts, "</svg>"])


def window(ys: list[float]) -> Point:
    """From where to where a picture goes up: around the middle of what there is, and not far."""
    ys = sorted(ys)
    middle = ys[len(ys) // 2]
    low, high = max(ys[0], min(middle, 0.0) - MOST), min(ys[-1], max(middle, 0.0) + MOST)
    low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low or 2.0) / 12
    return low - margin, high + margin


def pieces(curve: list[Point], low: float, high: float) -> Iterator[list[Point]]:
    """A curve in pieces without jumps; what is far out of the picture is put nearer."""
    height = high - low
    steps = [abs(b[1] - a[1]) for a, b in pairwise(curve)]
    piece: list[Point] = []
    before = 0.0
    for place, (x, y) in enumerate(curve):
        through = min(before, y) < low and max(before, y) > high
        if piece and (not isfinite(y) or through or jump(steps, place - 1, height)):
            yield piece
            piece = []
        if isfinite(y):
            piece.append((x, min(max(y, low - FAR * height), high + FAR * height)))
            before = y
    if piece:
        yield piece


def jump(steps: list[float], place: int, height: float) -> bool:
    """Whether a step is no part of a curve: far larger than those beside it."""
    beside = [steps[near] for near in (place - 1, place + 1) if 0 <= near < len(steps)]
    return not isfinite(steps[place]) or steps[place] > max(0.03 * height, 8 * max(filter(isfinite, beside), default=0))


def straightened(points: list[Point]) -> list[Point]:
    """With no more points than the eye needs (after Douglas and Peucker)."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = hypot(x1 - x0, y1 - y0) or 1.0
    off = [abs((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / length for x, y in points]
    place = off.index(max(off))
    if off[place] < FINE:
        return [points[0], points[-1]]
    return [*straightened(points[: place + 1]), *straightened(points[place:])[1:]]
