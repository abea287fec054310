"""Numerical slopes: what a derivative is by measurement, and how far it may be off.

By the complex step where every gate on the way is analytic, and else by central differences extrapolated to step 0
(Ridders 1982, Advances in Engineering Software 4(2), with the error estimate that goes with it).
"""

from __future__ import annotations

from itertools import chain
from math import inf, isfinite, nan

from backprop.check.gradients.probe import COMPLEX_STEP, EPSILON, SMALLEST, Probe, Reading
from backprop.errors.light import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

Floats = tuple[float, ...]

SHRINK = 1.4  # Ridders' step goes down by this
STARTS = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # relative first steps; the best estimate wins
OF_A_GATE = (0.1, 1e-3, 1e-5)  # for a gate by itself
ULPS = (-3, -1, 2, 4)  # how far the input is moved to see how much of the output is rounding
HALVES = (-1.0, -0.5, 0.5, 1.0)  # of a step
QUARTERS = (0.25, 0.5, 0.75, 1.0)  # of a step to one side


class Estimate(NamedTuple):
    """A numerical derivative, how far it may be off, and the longest step that it was made with."""

    slope: float
    error: float
    step: float = 0.0


class Slope(NamedTuple):
    """A difference quotient, and the size of the outputs that it was made of."""

    value: float
    level: float


def quotient(one: float, other: float, apart: float) -> Slope:
    """The slope between two outputs whose inputs are so far apart; none where that is 0."""
    return Slope((one - other) / apart, max(abs(one), abs(other))) if apart else Slope(nan, 0.0)


def size(x: float) -> float:
    """The scale on which an input moves."""
    return abs(x) or 1.0


def central(
    probe: Probe, x: float, here: Reading, starts: Floats = STARTS, scales: Floats = (), reach: float = inf
) -> Estimate | None:
    """The best of extrapolated central differences with several first steps, on the piece that x is on and shorter than
    `reach`; None: there is none."""

    def difference(h: float) -> Slope:
        up, down = probe.read(x + h), probe.read(x - h)
        whole = h <= reach and up.pieces == here.pieces == down.pieces
        return quotient(up.value, down.value, (x + h) - (x - h) if whole else 0.0)

    return best(difference, noise_of(probe, x, here), 2, scales or (size(x), 1.0), starts)


def one_sided(
    probe: Probe, x: float, here: Reading, side: float, starts: Floats = STARTS, scales: Floats = ()
) -> Estimate | None:
    """The slope from one side alone; the reading at x itself may be on another piece."""

    def difference(h: float) -> Slope:
        near, far = probe.read(x + side * h), probe.read(x + side * h / 2)
        return quotient(near.value, here.value, (x + side * h) - x if near.pieces == far.pieces else 0.0)

    return best(difference, noise_of(probe, x, here), 1, scales or (size(x), 1.0), starts)


def best(
    difference: Callable[[float], Slope], noise: float, order: int, scales: Floats, starts: Floats = STARTS
) -> Estimate | None:
    """The estimate with the smallest error over all first steps."""
    found: Estimate | None = None
    for scale in dict.fromkeys(scales):
        for start in starts:
            estimate = extrapolated(difference, start * scale, noise, order)
            if estimate is not None and (found is None or estimate.error < found.error):
                found = estimate
            if found is not None and found.error <= 1e-11 * abs(found.slope):
                return found
        if found is not None and found.error <= 1e-8 * abs(found.slope):
            break  # good enough: longer steps may jump over a pole beside a tiny input
    return found


def extrapolated(difference: Callable[[float], Slope], h: float, noise: float, order: int) -> Estimate | None:
    """Ridders' method: differences with shrinking steps, extrapolated to step 0 by Neville's scheme.

    `order` is the power of the step in which the error goes: 2 for a central difference, 1 for a one-sided one. The
    `noise` of the output and the rounding of its size set a floor below which no estimate can be.
    """
    above: list[float] = []
    found: Estimate | None = None
    for i in range(12):
        step = h / SHRINK**i
        if step == 0:
            break
        slope = difference(step)
        row = [slope.value]
        if not isfinite(row[0]):
            if i:
                break
            return None
        factor = 1.0
        for j in range(i):
            factor *= SHRINK**order
            row.append((row[j] * factor - above[j]) / (factor - 1))
            floor = 2 * (EPSILON * slope.level + noise) / step
            error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - above[j]), floor)
            if found is None or error < found.error:
                found = Estimate(row[j + 1], error, h)
        if i and found is not None and abs(row[i] - above[i - 1]) >= 2 * found.error:
            break
        above = row
    return found


def complex_noise(probe: Probe, slope: float, level: float) -> float:
    """How far the complex step may be off: what it changes by where the input is moved by some units in the last
    place, and the rounding of an output of that level."""
    x = probe.at
    lost = underflow / (COMPLEX_STEP * size(x)) if isfinite(underflow := probe.rounding(0.0)) else 0.0
    if x == 0:
        return 1e-13 * abs(slope) + EPSILON * abs(level) + lost
    moved = [probe.beside(x + k * EPSILON * abs(x)).complex_slope() for k in ULPS]
    noise = max((abs(other - slope) for other in moved if other is not None), default=0.0)
    rounded = 4 * EPSILON * min(abs(level / x) if abs(x) > 1e-300 else inf, abs(level) + 1.0)
    return 1e-13 * abs(slope) + 4 * noise + rounded + lost


def noise_of(probe: Probe, x: float, here: Reading) -> float:
    """How much of the output is rounding, seen where the input moves by units in the last place: what is left of the
    changes once the straight line through them is taken off. The rounding of all that came before is in it."""
    return max(bound_of_rounding(probe), wobble(probe, x, here)[0])


def bound_of_rounding(probe: Probe) -> float:
    """How far the output may be off, by the stages; what cannot be told counts as nothing."""
    return max(SMALLEST, bound) if isfinite(bound := probe.rounding()) else SMALLEST


def wobble(probe: Probe, x: float, here: Reading) -> tuple[float, float]:
    """How far the output is off a straight line where the input moves by units in the last place, and how far it moves
    at all."""
    unit = EPSILON * abs(x)
    places = [x + k * unit for k in ULPS] if unit else []
    readings = [((place - x) / unit, probe.read(place)) for place in places]
    moved = [(k, reading.value - here.value) for k, reading in readings if reading.pieces == here.pieces]
    moved = [(k, change) for k, change in moved if isfinite(change)]
    return off_line(moved)


def off_line(moved: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """How far changes are off the best straight line through the point itself, and the largest of them."""
    slope = sum(k * change for k, change in moved) / (sum(k * k for k, _ in moved) or 1)
    off, most = [abs(change - k * slope) for k, change in moved], [abs(change) for _, change in moved]
    return max(off, default=0.0), max(most, default=0.0)


def is_resolved(probe: Probe, here: Reading, step: float, side: float = 0.0) -> bool:
    """Whether the output, and each number on the way to it, is nearly straight between neighbouring floats, but for
    rounding, and no wave within a step: one of 1e16 is neither. What is added on the way may drown one that turns, and
    the output looks flat. At a kink, only one `side` is looked at."""
    off, most = wobble(probe, probe.at, here)
    if off > 1e3 * bound_of_rounding(probe) and off > 1e-3 * most:
        return False
    unit = EPSILON * abs(probe.at)
    near = [probe.at + k * unit for k in ULPS if unit and k * side >= 0]
    beside = [((place - probe.at) / unit, probe.moved(place)) for place in near]
    places = [side * k for k in QUARTERS] if side else HALVES
    within = [[probe.moved(probe.at + k * part * step) for k in places] for part in (1.0, 0.14, 0.03) if step]
    for stage, _, _ in probe.plan:
        value, *others = moving(
            [probe.values[stage], *(values[stage] for values in chain(*within, (values for _, values in beside)))]
        )
        if isfinite(value):
            halves, apart = [others[i : i + 4] for i in range(0, 4 * len(within), 4)], others[4 * len(within) :]
            changes = [(k, other - value) for (k, _), other in zip(beside, apart, strict=True) if isfinite(other)]
            if off_line(changes)[0] > 1e-3 * abs(value):
                return False
            if any(is_wave([other - value for other in moved], abs(value), side) for moved in halves):
                return False
    return True


def moving(values: list[Any]) -> list[float]:
    """Of arrays the element that moves most from the first one on; nan where a mask has chosen other elements."""
    if isinstance(values[0], float):
        return values
    import numpy as np

    if len({np.shape(value) for value in values}) > 1 or not np.size(values[0]):
        return [nan] * len(values)
    rows = np.stack(values).reshape(len(values), -1)
    moved = np.nan_to_num(np.abs(rows - rows[0])).max(axis=0)
    return [float(x) for x in rows[:, moved.argmax()]]


def is_wave(changes: Sequence[float], level: float, side: float) -> bool:
    """Whether changes at HALVES, or QUARTERS, are not those of a line and a parabola, roughly, where they are seen at
    all."""
    most = max(map(abs, changes))
    if not isfinite(most) or most <= 1e-6 * level:
        return False
    if side:
        near, half, far, whole = changes
        line, bend = 4 * half - whole, 2 * whole - 4 * half
        off = abs(near - line / 4 - bend / 16) + abs(far - line * 3 / 4 - bend * 9 / 16)
        return off > 0.2 * most  # x^4 is 0.19 here, too
    far_down, down, up, far_up = changes
    odd, even = (up - down) / 2 - (far_up - far_down) / 4, (up + down) / 2 - (far_up + far_down) / 8
    return abs(odd) + abs(even) > 0.2 * most  # x^4 is 0.19, and a kink 0.25
