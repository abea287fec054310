"""A gate's value and slope as a picture: two curves over one of its inputs, computed by the program itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from html import escape
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

from backprop import Problem
from backprop.gates import Gate
from backprop.library import Compiled
from backprop.show import reference
from backprop.show.grid import cell

WIDTH, HEIGHT, MARGIN, LEFT = 300.0, 200.0, 18.0, 36.0  # there is more room on the left, for numbers
POINTS = 240
REACH = 4.0  # how far the picture goes to each side
MOST = 6.0  # and how far up and down, where the curves go on
Point = tuple[float, float]


class Curves(NamedTuple):
    """The value and the slope of a gate over one of its inputs."""

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
    caption = f"over {found.over}" + (f", at {found.fixed}" if found.fixed else "")
    return f"<figure>\n{svg(found, reference.written(gate))}\n<figcaption>{escape(caption)}</figcaption>\n</figure>\n"


# ── what is drawn ──


def curves(shown: reference.Example) -> Curves:
    """The two curves, over the first input that has a slope."""
    over = next(iter(shown.at))
    compiled = Compiled(first_element(shown.call, shown.at))
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
    return Curves(first, fixed, (low, high), value, slope)


def first_element(call: str, at: dict[str, Any]) -> str:
    """The first element of what a call gives, as a text."""
    for place in ("", "[0]", "[0, 0]", "[0, 0, 0]"):
        with suppress(Problem):  # no number, or fewer dimensions
            Compiled(f"({call}){place}").evaluate(at)
            return f"({call}){place}"
    raise AssertionError(f"{call} has too many dimensions")


def measured(compiled: Compiled, at: dict[str, Any], over: str, x: float) -> Point:
    """The value and the slope at a point; nan where there is none."""
    try:
        found = compiled.evaluate({**at, over: moved(at[over], x)})
    except Problem:
        return float("nan"), float("nan")
    slope = found.gradients[over]
    return float(found.value), float(slope if isinstance(slope, float) else slope.flat[0])


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
    for kind, curve in (("slope", found.slope), ("value", found.value)):
        for piece in pieces(curve, low, high):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in straightened([place(*point) for point in piece]))
            parts.append(f'<polyline class="{kind}" points="{points}"/>')
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
    """A curve in pieces without jumps, and no further than just out of the picture."""
    piece: list[Point] = []
    steps = [abs(b[1] - a[1]) for a, b in pairwise(curve)]
    for place, (x, y) in enumerate(curve):
        jumps = place > 0 and jump(steps, place - 1, high - low)
        if piece and (jumps or not isfinite(y)):
            yield piece
            piece = []
        if isfinite(y):
            inside = low <= y <= high
            if not inside and len(piece) > 1 and piece[-1][1] in (low, high):
                continue
            piece.append((x, min(max(y, low), high)))
    if piece:
        yield piece


def jump(steps: list[float], place: int, height: float) -> bool:
    """Whether a step is no part of a curve: far larger than those beside it."""
    beside = [steps[near] for near in (place - 1, place + 1) if 0 <= near < len(steps)]
    return not isfinite(steps[place]) or steps[place] > max(0.03 * height, 8 * max(filter(isfinite, beside), default=0))


def straightened(points: list[Point]) -> list[Point]:
    """Without the points that lie on the straight line between their neighbours."""
    kept = points[:1]
    for point, after in pairwise(points[1:]):
        (x0, y0), (x1, y1), (x2, y2) = kept[-1], point, after
        if abs((x2 - x0) * (y1 - y0) - (x1 - x0) * (y2 - y0)) > 0.3 * abs(x2 - x0):
            kept.append(point)
    return kept + points[-1:] if len(points) > 1 else kept
