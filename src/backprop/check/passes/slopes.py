"""The gradients of an interpreted forward pass by central differences, with a bound of their error.

Each is extrapolated from two step widths (Richardson). Where the one-sided slopes do not close in on each other as the
step is halved, there is a kink within it: such an element is left out, and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.numbers.shapes import finite_magnitude
from backprop.python.inputs.given import at_path, shape_at
from backprop.python.texts.gradients import Path, replaced
from backprop.python.values.arrays import fresh
from backprop.python.values.work import SECOND, now

STEPS = (1e-4, 1e-6, 1e-2)  # relative to the element, at least to 1; the others where there is a kink, or much noise
EPSILON = 2.220446049250313e-16
MOST_ELEMENTS = 400  # of an input that are probed one by one; of more, some, and sums in random directions
DIRECTIONS = 16
MOST_SWEPT = 100_000  # elements of an input whose slopes a sweep gives
QUICK = 0.004  # work of a run, in seconds of a usual machine, that is made some times more, to be sure
FEW = 5  # of those are enough where there is no kink
KINKED = 4  # elements that are tried before none is found to have a slope: they may be at kinks
MOST_DOUBTED = 40  # elements that are measured where a gradient is not that of the sweep
FAR_AWAY = 3.0  # from here on a part of a number is more than all of it
MOST = 2.0  # work for the probes of one point, in seconds of a usual machine
NOISE = 1e-13  # of the largest gradient, and a hundredth of it of the output: what rounding leaves where terms cancel


class Probe(NamedTuple):
    """One direction in an input (an element's place, or weights for all), the slope along it, and its error bound."""

    place: int | None
    weights: Any
    slope: float
    error: float


def along(gradient: Any, probe: Probe) -> float:
    """What a gradient, as a vector, says of the direction of a probe."""
    told = gradient[probe.place] if probe.place is not None else (gradient * probe.weights.reshape(-1)).sum()
    return float(told)


class Slopes(NamedTuple):
    """The probes of one input. `kinks` are those that were left out."""

    shape: tuple[int, ...]
    probes: list[Probe]
    kinks: int
    whole: bool  # whether every element was probed
    exact: bool = False  # whether they are those of a sweep, which differences agree with

    @property
    def scale(self) -> float:
        return max((abs(one.slope) for one in self.probes), default=0.0)

    def over(self, size: int) -> Slopes:
        """Those of a part of what is differentiated."""
        return self._replace(
            probes=[one._replace(slope=one.slope / size, error=one.error / size) for one in self.probes]
        )


class Comparison(NamedTuple):
    """A gradient against slopes: "ok", "wrong", "imprecise"; the largest relative error; what is wrong in words."""

    verdict: str
    error: float
    remark: str = ""


BADNESS = {"wrong": 3, "missing": 2, "ok": 1, "imprecise": 0}
Objective = Callable[[dict[str, Any]], tuple[float, float]]


def with_value(given: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """Other arguments, of which one input is replaced."""
    found: dict[str, Any] = replaced(given, path, value)
    return found


def measured(
    objective: Objective, given: dict[str, Any], paths: list[Path], seed: int, limit: int | None = None,
    swept: dict[Path, Any] | None = None, seen: bool = False,
) -> dict[Path, Slopes]:  # fmt: skip
    """The slopes of all inputs. Of large ones, or where a run takes long, a sample.

    `swept`: gradients from a sweep, which are taken where differences in some directions agree with them; in one, where
    sweeps were `seen` to be right at another point.
    """
    random = np.random.default_rng(seed)
    started = now()
    first = objective(given)
    if not isfinite(first[0]):
        return {path: Slopes(shape_at(given, path), [], 0, True) for path in paths}
    once = max((now() - started) / SECOND, 1e-5)
    noise = NOISE * max([0.01 * first[1], *map(finite_magnitude, (swept or {}).values())])
    affordable = max(8, int(MOST / once / 4 / max(1, len(paths))))
    most = min(affordable, MOST_ELEMENTS if limit is None else limit)
    found = {}
    together = swept is not None and (seen or once > QUICK) and agrees(objective, given, first, paths, swept, random)
    for path in paths:
        slopes = None
        if together and swept is not None:
            slopes = of_sweep(swept[path], noise)
        elif swept and path in swept:
            slopes = confirmed(objective, given, path, swept[path], random, 2 if once < QUICK else 1, noise, first)
        found[path] = slopes or slopes_of(objective, given, path, most, random, first)
    return found


def agrees(
    objective: Objective, given: dict[str, Any], first: tuple[float, float], paths: list[Path], swept: dict[Path, Any],
    random: np.random.Generator,
) -> bool:  # fmt: skip
    """Whether the gradients of a sweep are those along a direction in which all inputs move at once. `first`: what the
    objective is where nothing moves."""
    starts = {path: np.asarray(at_path(given, path), dtype=float) for path in paths}
    sizes = [one.size for one in starts.values()]
    if set(paths) - set(swept) or not sizes or max(sizes) > MOST_SWEPT:
        return False
    if any(np.shape(swept[path]) != one.shape or not np.isfinite(swept[path]).all() for path, one in starts.items()):
        return False
    weights = {path: uneven(random.choice([-1.0, 1.0], one.shape)) for path, one in starts.items()}
    told = float(sum(np.sum(swept[path] * one) for path, one in weights.items()))
    scale = max(float(np.abs(one).max(initial=0.0)) for one in swept.values())

    def at(t: float) -> tuple[float, float]:
        moved = given
        for path, start in starts.items():
            value = start + t * weights[path]
            moved = with_value(moved, path, value if start.ndim else float(value))
        try:
            return objective(moved)
        except Problem:
            return nan, nan

    width = max(1.0, max(float(np.abs(one).max(initial=0.0)) for one in starts.values()))
    for step in STEPS:
        slope, error = extrapolated(at, *first, step * width)
        if isfinite(slope):
            return abs(slope - told) <= allowed(slope, error, scale)
    return False


def allowed(slope: float, error: float, scale: float) -> float:
    """How far a right gradient may be from a slope that is known so well, among others of that scale."""
    return 10 * error + 1e-7 * abs(slope) + 1e-9 * scale


def uneven(signs: Any) -> Any:
    """A direction of some signs, along which what is blind to a shift of all does not stand still."""
    return signs * (1.0 + 0.25 * np.sin(np.arange(signs.size))).reshape(signs.shape)


def of_sweep(gradient: Any, noise: float) -> Slopes:
    """The slopes that a sweep tells, as exact as it is."""
    told = np.asarray(gradient, dtype=float)
    scale = finite_magnitude(told)
    probes = [
        Probe(place, None, one, 1e-9 * (abs(one) + scale) + noise)
        for place, one in enumerate(told.reshape(-1).tolist())
        if isfinite(one)
    ]
    return Slopes(told.shape, probes, 0, True, True)


def confirmed(
    objective: Objective, given: dict[str, Any], path: Path, gradient: Any, random: np.random.Generator, most: int,
    noise: float, first: tuple[float, float],
) -> Slopes | None:  # fmt: skip
    """The slopes of a sweep, if differences along some directions and at some elements agree with them. `first`: what
    the objective is where nothing moves."""
    start = np.asarray(at_path(given, path), dtype=float)
    if np.shape(gradient) != start.shape or not start.size or start.size > MOST_SWEPT:
        return None
    told = np.asarray(gradient, dtype=float).reshape(-1)
    sure = np.isfinite(told)
    directions: list[tuple[int | None, Any]] = [
        (None, np.where(sure.reshape(start.shape), uneven(random.choice([-1.0, 1.0], start.shape)), 0.0))
        for _ in range(most)
    ]
    directions += [(int(one), None) for one in random.choice(start.size, min(KINKED, start.size), replace=False)]
    scale = float(np.abs(told[sure]).max(initial=0.0))
    found = 0
    for tried, (place, weights) in enumerate(directions):
        if found and tried >= 2 * most:
            break
        slope, error = slope_along(objective, given, path, start, place, weights, first)
        mine = float(told[place] if place is not None else (np.where(sure, told, 0.0) * weights.reshape(-1)).sum())
        if not isfinite(slope) or not isfinite(mine):
            continue
        if abs(slope - mine) > allowed(slope, error, scale):
            return None
        found += 1
    if not found:
        return None
    slopes = of_sweep(gradient, noise)
    probes, kinks = slopes.probes, 0
    for place in np.flatnonzero(~sure)[:MOST_DOUBTED]:
        slope, error = slope_along(objective, given, path, start, int(place), None, first)
        if isfinite(slope):
            probes.append(Probe(int(place), None, slope, error))
        else:
            kinks += 1
    return slopes._replace(kinks=kinks)


def measured_where(objective: Objective, given: dict[str, Any], path: Path, slopes: Slopes, gradient: Any) -> Slopes:
    """Slopes of a sweep, measured by differences at elements where a gradient is another one."""
    start = np.asarray(at_path(given, path), dtype=float)
    if np.shape(gradient) != start.shape and np.size(gradient) != start.size:
        return slopes
    flat, scale = np.asarray(gradient, dtype=float).reshape(-1), slopes.scale
    off = [
        (abs(float(flat[one.place]) - one.slope), place)
        for place, one in enumerate(slopes.probes)
        if one.place is not None and abs(float(flat[one.place]) - one.slope) > 1e-9 * scale
    ]
    if len(off) > 1 and as_told(objective, given, path, start, [slopes.probes[place] for _, place in off], scale):
        return slopes
    probes: list[Probe | None] = list(slopes.probes)
    kinks, others = slopes.kinks, 0
    doubted = [place for _, place in sorted(off, reverse=True)]
    for count, place in enumerate(doubted[:MOST_DOUBTED]):
        one = probes[place]
        assert one is not None
        if count == FEW and not others:
            return slopes  # the sweep is right in all of these, and no kink is near
        slope, error = slope_along(objective, given, path, start, one.place, None)
        if isfinite(slope) and abs(slope - one.slope) <= allowed(slope, error, scale):
            continue
        probes[place] = Probe(one.place, None, slope, error) if isfinite(slope) else None
        kinks += not isfinite(slope)
        others += 1
    for place in doubted[MOST_DOUBTED:] if others else ():
        probes[place] = None  # where the sweep was wrong it may be so in these, too
    return slopes._replace(probes=[one for one in probes if one is not None], kinks=kinks)


def as_told(
    objective: Objective, given: dict[str, Any], path: Path, start: Any, probes: list[Probe], scale: float
) -> bool:
    """Whether the slope along all elements of some probes at once is what they say, and no kink is near."""
    weights = np.zeros(start.size)
    for count, one in enumerate(probes):
        weights[one.place] = 1.0 + 0.5 * np.sin(count)
    told = float(sum(weights[one.place] * one.slope for one in probes))
    slope, error = slope_along(objective, given, path, start, None, weights.reshape(start.shape))
    return isfinite(slope) and abs(slope - told) <= allowed(slope, error, scale)


def slopes_of(
    objective: Objective, given: dict[str, Any], path: Path, most: int, random: np.random.Generator,
    first: tuple[float, float],
) -> Slopes:  # fmt: skip
    start = np.asarray(at_path(given, path), dtype=float)
    whole = start.size <= most
    probes: list[Probe] = []
    kinks = 0
    places = range(start.size) if whole else random.choice(start.size, max(1, most - DIRECTIONS), replace=False)
    directions: list[tuple[int | None, Any]] = [(int(place), None) for place in places]
    if not whole:
        directions += [(None, random.choice([-1.0, 1.0], start.shape)) for _ in range(min(DIRECTIONS, most))]
    for place, weights in directions:
        slope, error = slope_along(objective, given, path, start, place, weights, first)
        if isfinite(slope):
            probes.append(Probe(place, weights, slope, error))
        else:
            kinks += 1
    return Slopes(start.shape, probes, kinks, whole)


def slope_along(
    objective: Objective, given: dict[str, Any], path: Path, start: Any, place: int | None, weights: Any,
    first: tuple[float, float] | None = None,
) -> tuple[float, float]:  # fmt: skip
    """The slope in one direction and a bound of its error; nan where there is a kink, or no number."""

    def at(t: float) -> tuple[float, float]:
        moved = np.array(start, order="C")
        if place is None:
            moved = moved + t * weights
        else:
            moved.reshape(-1)[place] += t
        value = moved if start.ndim else float(moved)
        try:
            return objective(with_value(given, path, value))
        except Problem:
            return nan, nan

    middle, size = at(0.0) if first is None else first
    width = max(1.0, float(np.abs(start if place is None else start.reshape(-1)[place]).max()))
    for step in STEPS:
        h = step * width
        slope, error = extrapolated(at, middle, size, h)
        if isfinite(slope):
            return slope, error
    return nan, nan


def extrapolated(
    at: Callable[[float], tuple[float, float]], middle: float, size: float, h: float
) -> tuple[float, float]:
    """Richardson's extrapolation from the steps h and h/2, if what is between is smooth."""
    (up, size_up), (down, size_down) = at(h), at(-h)
    (near_up, _), (near_down, _) = at(h / 2), at(-h / 2)
    wide, narrow = (up - down) / (2 * h), (near_up - near_down) / h
    slope = (4 * narrow - wide) / 3
    rounding = 16 * EPSILON * max(size, size_up, size_down) / h
    error = abs(narrow - wide) + rounding
    bend, near_bend = abs(up + down - 2 * middle) / h, 2 * abs(near_up + near_down - 2 * middle) / h
    noise = 20 * rounding + 1e-9 * abs(slope)
    kink = near_bend > 0.75 * bend + noise or error > 1e-5 * abs(slope) + 1e-3 * near_bend + noise
    return (nan, nan) if kink or not isfinite(slope) else (slope, error)


def compared(gradient: Any, slopes: Slopes) -> Comparison:
    """A gradient that came out against the slopes."""
    found = np.asarray(gradient)
    if found.dtype.kind not in "biuf":
        return Comparison("wrong", float("inf"), "it holds no numbers")
    if found.shape != slopes.shape and not (slopes.shape == () and found.size == 1):
        return Comparison(
            "wrong", float("inf"), f"its shape is {shape_text(found.shape)} and should be {shape_text(slopes.shape)}"
        )
    if not slopes.probes:
        nowhere = "no element of it could be tested: there are kinks all over"
        return Comparison("imprecise", nan, nowhere if slopes.kinks else "nothing of it could be tested")
    flat = found.astype(float).reshape(-1)
    scale = max(slopes.scale, float(np.abs(flat[np.isfinite(flat)]).max(initial=0.0)))
    worst, wrong = 0.0, False
    for one in slopes.probes:
        mine = along(flat, one)
        if not isfinite(mine):
            return Comparison("wrong", float("inf"), "it is not finite")
        off = abs(mine - one.slope)
        wrong = wrong or off > allowed(max(abs(mine), abs(one.slope)), one.error, scale)
        worst = max(worst, off)
    noise = max(one.error for one in slopes.probes)  # of numbers below it the quotient tells nothing
    return Comparison("wrong" if wrong else "ok", worst / scale if scale and (wrong or scale > noise) else 0.0)


def shape_text(lengths: tuple[int, ...]) -> str:
    return "×".join(map(str, lengths)) or "a number"


def moved(
    given: dict[str, Any], paths: list[Path], random: np.random.Generator, much: float, plain: Collection[Path] = ()
) -> dict[str, Any]:
    """Another point: the inputs moved; numbers of one sign keep it, zeros among them move to its side, and zeros and
    ones of masks stay, but for inputs that are known to be `plain` numbers. Single numbers keep their order, as the
    bounds of a clip have one."""
    changed: dict[str, Any] = fresh(given)
    for path in paths:
        value = np.asarray(at_path(changed, path), dtype=float)
        part = much * random.uniform(-0.3, 0.3, value.shape)
        factor = 1 + part if much < FAR_AWAY else np.exp(part)
        shift = np.zeros(value.shape)
        if (value.size and value.min() < 0 < value.max()) or (value.size and not value.any()):
            shift = much * random.normal(0.0, 0.15, value.shape)
        if path not in plain and value.size > 1 and np.isin(value, (0.0, 1.0)).all() and value.any():
            continue
        if value.min(initial=0.0) * value.max(initial=0.0) == 0 and value.any() and not value.all():
            side = 1.0 if value.max() > 0 else -1.0
            shift = np.where(value == 0, side * much * random.uniform(0.0, 0.15, value.shape), 0.0)
        new = value * factor + shift
        if value.size and value.min() > 0 and value.max() < 1:  # what may be probabilities stays between 0 and 1
            new = value + much * random.uniform(-0.3, 0.3, value.shape) * np.minimum(value, 1 - value) / max(1.0, much)
        changed = with_value(changed, path, new if value.ndim else float(new))
    numbers = [path for path in paths if np.ndim(at_path(given, path)) == 0]
    in_order = sorted(float(at_path(changed, path)) for path in numbers)
    for path, new in zip(sorted(numbers, key=lambda path: float(at_path(given, path))), in_order, strict=True):
        changed = with_value(changed, path, new)
    return changed


def worse(one: Comparison | None, other: Comparison) -> Comparison:
    """The worse of two comparisons at two points; a test that found nothing gives way to one that did."""
    if one is None:
        return other
    if BADNESS[one.verdict] != BADNESS[other.verdict]:
        return one if BADNESS[one.verdict] > BADNESS[other.verdict] else other
    return one if one.error >= other.error or other.error != other.error else other
