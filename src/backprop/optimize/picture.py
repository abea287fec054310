"""A path as a picture: the value over the steps; of two parameters, also the path over contours of the value."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, hypot, isfinite, log10
from typing import NamedTuple

import numpy as np

from backprop.differentiate.run import evaluate
from backprop.draw.svg import FONTS, escape, opening
from backprop.errors import one_of, unknown_suffix
from backprop.errors.spans import clipped
from backprop.numbers.shapes import shape_of
from backprop.optimize.minimum import Reached
from backprop.optimize.objective import Formula
from backprop.optimize.parameters import Array
from backprop.optimize.path import Step
from backprop.optimize.rowsums import RowSums
from backprop.optimize.table import Table
from backprop.show.grid import number
from backprop.show.palette import PALETTES, Palette

Point = tuple[float, float]

WRITES = (".json", ".csv", ".svg", ".png", ".html")  # the files that there are of a minimum
SIDE = 380.0  # of a panel
LEFT, TOP, RIGHT, BOTTOM = 62.0, 76.0, 22.0, 48.0  # around it
FINE, COARSE = 90, 30  # points to a side of the grid under the contours, of a formula and of a table
LEVELS = 14
ARROWS = 12
ARROW = 30.0  # the length of the longest
MOST_DOTS = 400
SPREAD = 30.0  # a value that falls so many times is shown on a logarithmic scale


class Axis(NamedTuple):
    """From numbers to places along one side of a panel."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False  # whether it counts

    def __call__(self, x: float) -> float:
        low, high, x = (log10(self.low), log10(self.high), log10(x)) if self.log else (self.low, self.high, x)
        return self.start + (x - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers along it."""
        if self.log:
            first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1, max(1, (last - first) // 6 + 1))]
        step = 10.0 ** floor(log10((self.high - self.low) / 4))
        step *= next((times for times in (1, 2, 5) if (self.high - self.low) / (step * times) <= 6), 10)
        step = max(step, 1.0) if self.whole else step
        return [place * step for place in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)]


def svg(found: Reached, theme: str = "light") -> tuple[str, tuple[float, float]]:
    """The whole file, and its size."""
    colours = PALETTES[one_of("theme", PALETTES, theme)]
    shown = finite_steps(found)
    plane = found.objective.parameters.size == 2 and len(shown) > 0
    panels = ([contours(found, shown)] if plane else []) + [values(found, shown)]
    width = sum([LEFT + SIDE + RIGHT for _ in panels])
    height = TOP + SIDE + BOTTOM
    parts = [f'<g transform="translate({place * (LEFT + SIDE + RIGHT) + LEFT:.0f} {TOP:.0f})">\n{panel}\n</g>'
             for place, panel in enumerate(map("\n".join, panels))]  # fmt: skip
    end = ", ".join(f"{name} = {number(float(x), 6)}" for name, x in named(found, found.step.x)[:4])
    start = number(found.sign * shown[0].value, 6) if shown else "nan"
    head = f"{found.settings.method}, {found.steps:,} {'step' if found.steps == 1 else 'steps'}: {found.why}"
    told = f"From {start} to {number(found.value, 6)} at {end}. {head}."
    title = f"The way of {found.formula} to its minimum"
    return "\n".join([
        *opening((width, height), f"0 0 {width:.0f} {height:.0f}", title, told, style(colours)),
        f'<rect class="paper" width="{width:.0f}" height="{height:.0f}"/>',
        f'<text class="title" x="20" y="24">{escape(clipped(found.formula, 40 * len(panels)))}</text>',
        f'<text class="small" x="20" y="44">{escape(clipped(head, int((width - 40) / 6.7)))}</text>',
        *parts, "</svg>\n",
    ]), (width, height)  # fmt: skip


def style(colours: Palette) -> str:
    return (
        f".paper{{fill:{colours.background}}}"
        f".frame{{fill:none;stroke:{colours.line}}}"
        f".tick{{stroke:{colours.line}}}"
        f".contour{{fill:none;stroke:{colours.wire};stroke-width:0.8}}"
        f".way{{fill:none;stroke:{colours.accent};stroke-width:1.6;stroke-linejoin:round}}"
        f".dot{{fill:{colours.accent}}}"
        f".start{{fill:{colours.background};stroke:{colours.accent};stroke-width:1.6}}"
        f".arrow{{fill:none;stroke:{colours.gradient};stroke-width:1.5}}"
        f".title{{font-size:14px;fill:{colours.text}}}"
        f".small{{font-size:11px;fill:{colours.faint}}}"
        f".right{{text-anchor:end}}.middle{{text-anchor:middle}}"
        f".name{{font-size:12px;font-style:italic;fill:{colours.text}}}"
        f".gradient{{font-size:11px;fill:{colours.gradient}}}"
    )


def finite_steps(found: Reached) -> list[Step]:
    """The steps that can be drawn: of a path that grows, those before it leaves for good."""
    steps = [step for step in found.path.all() if isfinite(step.value) and np.isfinite(step.x).all()]
    if found.reason == "grows" and len(steps) > 2:
        most = 50 * max(abs(step.value) for step in steps[:2])
        steps = [step for step in steps if abs(step.value) <= most]
    return steps


def named(found: Reached, x: Array) -> list[tuple[str, float]]:
    return list(zip(found.objective.parameters.elements(), map(float, x), strict=True))


# ── panels ──


def frame(across: Axis, up: Axis, below: str, beside: str) -> Iterator[str]:
    """The frame of a panel, its ticks and what they count."""
    yield f'<rect class="frame" width="{SIDE:.0f}" height="{SIDE:.0f}"/>'
    for x in across.ticks():
        at = across(x)
        yield f'<path class="tick" d="M{at:.1f} {SIDE:.0f}v5"/>'
        yield f'<text class="small middle" x="{at:.1f}" y="{SIDE + 18:.0f}">{number(x, 4)}</text>'
    for y in up.ticks():
        at = up(y)
        yield f'<path class="tick" d="M0 {at:.1f}h-5"/>'
        yield f'<text class="small right" x="-8" y="{at + 4:.1f}">{number(y, 4)}</text>'
    yield f'<text class="name middle" x="{SIDE / 2:.0f}" y="{SIDE + 38:.0f}">{escape(below)}</text>'
    yield f'<text class="name" x="0" y="-6">{escape(beside)}</text>'


def values(found: Reached, steps: list[Step]) -> list[str]:
    numbers = [found.sign * step.value for step in steps] or [0.0]
    last = max((step.step for step in steps), default=0)
    log = min(numbers) > 0 and max(numbers) > SPREAD * min(numbers)
    low, high = padded(min(numbers), max(numbers), 0.05, log)
    across, up = Axis(0, max(last, 1), 8, SIDE - 8, whole=True), Axis(low, high, SIDE, 0, log)
    points = [(across(step.step), up(y)) for step, y in zip(steps, numbers, strict=False)]
    return [
        *frame(across, up, "step", f"value{' (logarithmic)' if log else ''}"),
        f'<path class="way" d="{line(points)}"/>', *dots(points),
    ]  # fmt: skip


def contours(found: Reached, steps: list[Step]) -> list[str]:
    """The path of two parameters, over contours of the value, with arrows of minus the gradient."""
    ways = np.array([step.x for step in steps])
    across, up = axes(ways)
    grid = heights(found, across, up)
    points = [(across(x), up(y)) for x, y in ways.tolist()]
    (name, _), (other, _) = named(found, steps[0].x)
    drawn = []
    for place, level in enumerate(levels(grid, [found.sign * step.value for step in steps])):
        opacity = 0.25 + 0.5 * (1 - place / LEVELS)
        drawn.append(f'<path class="contour" opacity="{opacity:.2f}" d="{contour(grid, level)}"/>')
    what = "the gradient" if found.sign < 0 else "minus the gradient"
    return [
        *frame(across, up, name, other), *drawn, f'<path class="way" d="{line(points)}"/>', *dots(points),
        *arrows(steps, points, across, up),
        f'<text class="gradient right" x="{SIDE:.0f}" y="-6">→ {what}</text>',
    ]  # fmt: skip


def axes(ways: Array) -> tuple[Axis, Axis]:
    """Both axes around the path: of one scale, unless it is far longer than wide."""
    (left, bottom), (right, top) = ways.min(axis=0).tolist(), ways.max(axis=0).tolist()
    wide, high = right - left, top - bottom
    largest = max(wide, high) or max(abs(left), abs(bottom), 1.0)
    if min(wide, high) > largest / 25:
        wide = high = largest
    wide, high = max(wide, largest / 25 if wide else largest), max(high, largest / 25 if high else largest)
    middle, level = (left + right) / 2, (bottom + top) / 2
    return (
        Axis(middle - 0.65 * wide, middle + 0.65 * wide, 0, SIDE),
        Axis(level - 0.65 * high, level + 0.65 * high, SIDE, 0),
    )


def heights(found: Reached, across: Axis, up: Axis) -> Array:
    """The value on a grid over the panel: a row for each height, from below."""
    objective = found.objective
    side = COARSE if isinstance(objective, Table) else FINE
    xs, ys = np.linspace(across.low, across.high, side), np.linspace(up.low, up.high, side)
    points = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        if isinstance(objective, Formula):
            return found.sign * on_many(objective, points).reshape(side, side)
        return found.sign * np.array([objective.value(point) for point in points]).reshape(side, side)


def on_many(formula: Formula, points: Array) -> Array:
    """The formula at many points: they are the rows of a table."""
    parameters, circuit = formula.parameters, formula.circuit
    columns = {
        name: np.ascontiguousarray(points[:, where]).reshape(len(points), *parameters.shapes[name])
        for name, where in parameters.slices.items()
    }
    shapes = [shape_of(value) for value in evaluate(circuit, formula.at)]
    fixed = {name: value for name, value in formula.at.items() if name not in columns}
    sums = RowSums(circuit, [], columns, fixed, shapes, kept=[circuit.output])
    return formula.sign * sums.each({}, circuit.output)


def levels(grid: Array, path: Sequence[float]) -> list[float]:
    """Heights for contours: closer together near the lowest, as the path meets them."""
    known = grid[np.isfinite(grid)]
    if not known.size:
        return []
    low = min(float(known.min()), min(path))
    above = known - low
    most = float(above.max())
    least = max(float(np.quantile(above, 0.02)), 1e-6 * most)
    return (low + np.geomspace(least, most, LEVELS + 1)[:-1]).tolist() if 0 < least < most else []


def contour(grid: Array, level: float) -> str:
    """Where the grid has a height: a straight piece through each cell that it crosses (marching squares)."""
    rows, columns = grid.shape
    above = grid >= level
    pieces = []
    crossed = above[:-1, :-1].astype(int) + above[1:, :-1] + above[:-1, 1:] + above[1:, 1:]
    for row, column in np.argwhere((crossed % 4 != 0) & np.isfinite(grid[:-1, :-1] + grid[1:, 1:])).tolist():
        corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
        ends = []
        for (i, j), (k, m) in zip(corners, corners[1:] + corners[:1], strict=True):
            if above[i, j] != above[k, m]:
                t = (level - grid[i, j]) / (grid[k, m] - grid[i, j])
                ends.append(((j + t * (m - j)) / (columns - 1) * SIDE, SIDE - (i + t * (k - i)) / (rows - 1) * SIDE))
        pieces += [
            f"M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" for (x, y), (u, v) in zip(ends[::2], ends[1::2], strict=False)
            if isfinite(x + y + u + v)
        ]  # fmt: skip
    return "".join(pieces)


def arrows(steps: list[Step], points: list[Point], across: Axis, up: Axis) -> Iterator[str]:
    """Arrows of minus the gradient at some of the steps, the longer the steeper."""
    chosen: list[int] = []
    for place, point in enumerate(points):  # not closer together than an arrow is long
        if all(hypot(point[0] - points[other][0], point[1] - points[other][1]) > ARROW for other in chosen):
            chosen.append(place)
    chosen = chosen[:: max(1, ceil(len(chosen) / ARROWS))]
    largest = max((float(np.abs(steps[place].gradient).max()) for place in chosen), default=0.0)
    for place in chosen:
        gradient = steps[place].gradient.tolist()
        dx = -gradient[0] * (across.end - across.start) / (across.high - across.low)
        dy = -gradient[1] * (up.end - up.start) / (up.high - up.low)
        size = hypot(dx, dy)
        if not size or not isfinite(size) or not largest:
            continue
        part = (max(map(abs, gradient)) / largest) ** 0.25
        x, y = points[place]
        u, v = dx / size * ARROW * part, dy / size * ARROW * part
        tip = f"{x + u:.1f} {y + v:.1f}"
        one = f"{x + 0.75 * u - 0.2 * v:.1f} {y + 0.75 * v + 0.2 * u:.1f}"
        other = f"{x + 0.75 * u + 0.2 * v:.1f} {y + 0.75 * v - 0.2 * u:.1f}"
        yield f'<path class="arrow" d="M{x:.1f} {y:.1f}L{tip}M{one}L{tip}L{other}"/>'


def line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""


def dots(points: Sequence[Point]) -> Iterable[str]:
    """A dot for each step, the first one open, the last one larger."""
    every = max(1, len(points) // MOST_DOTS)
    small = [f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="1.7"/>' for x, y in points[1:-1:every]]
    if not points:
        return small
    (x, y), (u, v) = points[0], points[-1]
    return [
        *small, f'<circle class="start" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>',
        f'<circle class="dot" cx="{u:.1f}" cy="{v:.1f}" r="4"/>',
    ]  # fmt: skip


def padded(low: float, high: float, part: float, log: bool) -> tuple[float, float]:
    """A little more than from the lowest to the highest."""
    if log:
        more = (high / low) ** part
        return low / more, high * more
    more = part * (high - low) or abs(high) or 1.0
    return low - more, high + more


def html(found: Reached) -> str:
    """A page with the picture and the table."""
    from backprop.optimize.report import html_table

    picture, _ = svg(found)
    light, dark = (
        f"body{{color:{one.text};background:{one.background}}}tr:nth-child(even){{background:{one.panel}}}"
        for one in (PALETTES["light"], PALETTES["dark"])
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(found.formula)}</title><style>'
        f"body{{font-family:{FONTS};margin:1.5rem}}svg{{max-width:100%;height:auto}}"
        f"table{{border-collapse:collapse;font-size:0.85rem}}td,th{{padding:0.15rem 0.8rem;text-align:right}}{light}"
        f"@media(prefers-color-scheme:dark){{{dark}svg{{filter:invert(0.92) hue-rotate(180deg)}}}}"
        "</style></head><body>\n"
        f"{picture}{html_table(found)}\n</body></html>\n"
    )


def png(found: Reached) -> bytes:
    """The picture in pixels."""
    from backprop.draw.png import png as drawn
    from backprop.draw.png import uncovered

    picture, size = svg(found)
    return drawn(picture, size, system_fonts=bool(uncovered(found.formula)))


def suffix_of(path: str) -> str:
    """What a file is to be, by its suffix. Raises a Problem."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in WRITES:
        raise unknown_suffix(path, WRITES)
    return suffix


def in_file(found: Reached, path: str) -> str | bytes:
    """What a file of this name holds: the parameters, the path, or its picture."""
    from backprop.optimize.report import parameters_object, path_grid
    from backprop.show.text import csv

    suffix = suffix_of(path)
    if suffix == ".json":
        return json.dumps(parameters_object(found), ensure_ascii=False) + "\n"
    if suffix == ".csv":
        return csv(path_grid(found, digits=None, full=True, every_element=True))
    if suffix == ".png":
        return png(found)
    return html(found) if suffix == ".html" else svg(found)[0]
