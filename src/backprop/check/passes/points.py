"""The points at which a pass is tested: the given one and others around it, with the slopes of its inputs there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.binding import Binding
from backprop.check.passes.slopes import Objective, Probe, Slopes, along, measured, measured_where, moved, with_value
from backprop.errors import Problem
from backprop.numbers.shapes import shape_text
from backprop.python.inputs.given import at_path
from backprop.python.runs.runner import Instead, Runner
from backprop.python.texts.gradients import Path, is_data, place_of
from backprop.python.values.arrays import fresh

AROUND = 2  # points around the given one
MORE = (1.0, 1.0, 4.0)  # points more that a cure is tried at, and how far away they are
PENALTY = re.compile(r"(?i)(weight_?)?(reg\w*|lam(bd|b?da)?|l[12](_?reg\w*)?|decay|penalty)")
A_LITTLE = 0.1  # of a setting by which it is another
CLOSER = 0.5  # than to the differences a gradient is to the sweep, if these are wrong
KNOWN = 1e-6  # of the largest element: so far the sweep and the differences may be apart where they agree
PLAINLY = 1e-2  # so far from a sweep that the differences confirm, no gradient is right but for rounding
SMOOTH = 1e-6  # of a measured slope is its error, where the function is plainly smooth
DIRECTIONS, ROUGH = 2, 100.0
STEPS = (1e-5, 1e-3)  # of the inputs beside which a sweep is looked at
SMALL = 1e-4  # what counts as a small number in a forward pass
FLAT = (0.5, 3.0, 3.0, 3.0, 20.0, 20.0)  # how large numbers are with which something should come out that is another
PROBES = 12  # of an input at each of those


class Point(NamedTuple):
    """A point with its upstream, and the slopes there."""

    given: dict[str, Any]
    upstream: list[Any]
    slopes: dict[Path, Slopes]
    outputs: list[Any]
    swept: dict[Path, Any]  # the gradients of a sweep back through the forward pass, where there is one
    doubted: set[Path]  # whose slopes were measured anew where a gradient is not that of the sweep
    rough: dict[tuple[float, bool], dict[Path, float]]  # how rough the gradients are, by the step


def objective(runner: Runner, upstream: list[Any], first: list[Any] | None = None) -> Objective:
    """The number whose gradient is judged: the outputs times what comes from above. And how large its terms are.
    `first` gets the outputs where it is asked for first."""

    def at(given: dict[str, Any]) -> tuple[float, float]:
        outputs = runner.outputs(given)
        if first is not None and not first:
            first.extend(outputs)
        try:
            terms = [np.asarray(a, dtype=float) * b for a, b in zip(outputs, upstream, strict=True)]
        except ValueError:
            shapes = [" and ".join(shape_text(np.shape(one)) for one in some) for some in (outputs, upstream)]
            raise Problem("shape", f"the output is {shapes[0]} here, and was {shapes[1]} before") from None
        return sum(float(np.sum(one)) for one in terms), sum(float(np.sum(np.abs(one))) for one in terms)

    return at


def off(gradient: Any, probes: list[Probe]) -> float:
    """How far a gradient is from the slopes that were measured, at the worst."""
    return max((abs(along(gradient.reshape(-1), one) - one.slope) for one in probes), default=0.0)


def nearby(given: dict[str, Any], paths: list[Path], steps: dict[Path, Any], side: float) -> dict[str, Any]:
    """The inputs moved by a small part of themselves, to one side or the other."""
    changed: dict[str, Any] = fresh(given)
    for path in paths:
        value = np.asarray(at_path(changed, path), dtype=float) * (1 + side * steps[path])
        changed = with_value(changed, path, value if value.ndim else float(value))
    return changed


def changed(name: str, setting: Any, random: np.random.Generator) -> Any:
    """Another number near by, some weight of a penalty that there is not, a mask with another element, or weights of
    examples that count every other one."""
    if not isinstance(setting, np.ndarray):
        if setting == 0 and PENALTY.fullmatch(name):
            return A_LITTLE * random.uniform(0.5, 1)
        return setting * (1 + A_LITTLE * random.uniform(-1, 1))
    if "mask" not in name.lower():
        return np.where(random.permutation(setting.size).reshape(setting.shape) % 2, setting, 1 - setting)
    mask = setting.copy()
    mask.reshape(-1)[random.integers(mask.size)] = 1 - mask.flat[0]
    return mask


def is_one_sided(value: np.ndarray) -> bool:
    return bool(value.size and value.min() * value.max() > 0)


def turned(given: dict[str, Any], paths: list[Path], random: np.random.Generator) -> dict[str, Any]:
    """The inputs with another sign at some places: at one, and if there are others, not at all."""
    for path in paths:
        value = np.asarray(at_path(given, path), dtype=float)
        signs = random.choice([-1.0, 1.0], value.shape)
        ends = random.choice(value.size, min(2, value.size), replace=False)
        signs.reshape(-1)[ends] = (-1.0, 1.0)[: ends.size]
        given = with_value(given, path, value * signs if value.ndim else -float(value))
    return given


def is_finite(point: Point) -> bool:
    """Whether what comes out of the forward pass are numbers."""
    return are_finite(point.outputs)


def are_finite(outputs: list[Any]) -> bool:
    return all(np.isfinite(np.asarray(one, dtype=float)).all() for one in outputs)


class Surroundings:
    """Makes points, and measures the slopes there."""

    def __init__(self, binding: Binding, paths: list[Path]) -> None:
        self.binding, self.runner, self.paths = binding, binding.runner, paths
        self.others: list[Point] | None = None
        self.exact = False  # whether sweeps were right at a point, as differences tell
        self.over: dict[Path, int] = {}  # inputs of whose gradients a part is meant, by what they are divided

    def point(
        self, given: dict[str, Any], upstream: list[Any], most: int | None = None, other: Runner | None = None
    ) -> Point:
        """A point with the slopes there, from the forward pass as it is read."""
        runner = other or self.runner
        swept = runner.swept(given, upstream, self.paths) if other is None else None
        outputs: list[Any] = []
        at, seed = objective(runner, upstream, outputs), self.binding.seed
        slopes = measured(at, given, self.paths, seed, most, swept, seen=self.exact)
        self.exact = self.exact or all(one.exact for one in slopes.values())
        seen = {path: one for path, one in (swept or {}).items() if np.any(one) or not is_smooth(slopes[path].probes)}
        return self.in_part(Point(given, upstream, slopes, outputs, seen, set(), {}))

    def in_part(self, point: Point) -> Point:
        """A point with the slopes that are meant."""
        for path, size in self.over.items():
            point.slopes[path] = point.slopes[path].over(size)
            if path in point.swept:
                point.swept[path] = point.swept[path] / size
        return point

    def near(
        self, far: float, most: int | None = None, settings: Sequence[str] = (), across: bool = False
    ) -> Point | None:
        """Another point; `across` 0 for some elements of inputs that are all of one sign."""
        binding, random = self.binding, self.binding.random
        for much in (1.0, 0.3, 0.1):
            given = moved(binding.given, self.paths, random, far * much, self.plain)
            given = turned(given, self.one_sided, random) if across else given
            given |= {name: changed(name, given[name], random) for name in settings}
            if self.is_outside(given):
                continue
            upstream = binding.upstream
            if self.runner.above and self.runner.pair.kind != "script":
                count = len(upstream) - (len(self.runner.loss_beyond) if self.runner.with_loss else 0)
                upstream = [
                    one * (1 + 0.5 * random.uniform(-1, 1, np.shape(one))) if place < count else one
                    for place, one in enumerate(fresh(upstream))
                ]
            try:
                if binding.loss is not None:
                    upstream = [binding.loss.slope(one) for one in self.runner.outputs(given)[:1]]
                found = self.point(given, upstream, most)
            except Problem:
                continue
            if not settings or is_finite(found):
                return found
        return None

    def is_flat(self) -> bool:
        """Whether all gradients are 0, and no output changes wherever the inputs go: then nothing is shown."""
        first, given = self.binding.first, self.binding.given
        if first is None or not first.gradients or any(map(np.any, first.gradients.values())):
            return False
        random, points = np.random.default_rng(self.binding.seed), [fresh(given) for _ in FLAT]
        for far, point in zip(FLAT, points, strict=True):  # also to the other side of 0, where a relu wakes up
            for path in first.gradients:
                holder, key = place_of(point, path)
                holder[key] = (
                    random.normal(0, far, np.shape(holder[key]))
                    if np.ndim(holder[key])
                    else float(random.normal(0, far))
                )
        with suppress(Problem):
            here, *others = [self.runner.outputs(one) for one in (given, *points)]
            return all(np.array_equal(*pair, equal_nan=True) for one in others for pair in zip(here, one, strict=True))
        return False

    @cached_property
    def plain(self) -> list[Path]:
        """The inputs of which a gradient comes out, and that are no labels by their names: they may be any numbers,
        though all are 0 or 1 here."""
        found = self.binding.first.gradients if self.binding.first is not None else {}
        return [path for path in found if not is_data(path[-1])]

    @cached_property
    def one_sided(self) -> list[Path]:
        """The inputs that never leave one side of 0, unless they may be probabilities that are kept from it; of single
        numbers, which may be bounds of each other, only one that is alone."""
        given = {path: np.asarray(at_path(self.binding.given, path), dtype=float) for path in self.paths}
        numbers = [path for path, value in given.items() if value.ndim == 0]
        several = numbers if len(numbers) > 1 else []
        found = [path for path, value in given.items() if path not in several and is_one_sided(value)]
        guarded = any(np.max(given[path]) <= 1 for path in found) and self.runner.without_small(SMALL, guards=True)[0]
        return [path for path in found if not guarded or np.max(given[path]) > 1]

    def across(self) -> Point | None:
        """A point on both sides of 0, where a branch is taken that inputs of one sign never take."""
        found = self.near(1.0, PROBES, across=True) if self.one_sided else None
        return found if found is not None and is_finite(found) else None

    @cached_property
    def unbounded(self) -> Runner | None:
        """The forward pass without bounds, where it runs so at the given inputs."""
        found = self.runner.without_bounds()
        with suppress(Problem):
            return found if found is not None and are_finite(found.outputs(self.binding.given)) else None
        return None

    def is_outside(self, given: dict[str, Any]) -> bool:
        """Whether a bound of the forward pass keeps a logarithm or a root from inputs that it is not of:
        `log(maximum(x, 1e-12))` is no function of what is below 0."""
        with suppress(Problem):
            return self.unbounded is not None and not are_finite(self.unbounded.outputs(given))
        return False

    def around(self) -> list[Point]:
        """The points around the given one; where the forward pass stops, nearer ones."""
        return [one for one in (self.near(1.0) for _ in range(AROUND)) if one is not None]

    def more(self) -> list[Point]:
        """Points at which cures are tried, too."""
        if self.others is None:
            across = self.across()
            self.others = [*self.away(MORE, [*self.settings()]), *([across] if across is not None else [])]
        return self.others

    def settings(self) -> Iterator[str]:
        """What nothing is asked about: numbers that are no labels, as the weight of a penalty (at 0.5, twice it is 1,
        and a cure may take it for that), and masks and weights of examples that let all through, or nothing."""
        for name, value in self.binding.given.items():
            number = type(value) is float and (not is_data(name) or name == "T")  # a temperature
            even = isinstance(value, np.ndarray) and value.size > 1 and value.min() == value.max() in (0, 1)
            weighs = even and ("mask" in name.lower() or (value.flat[0] == 1 and not is_data(name)))
            if (name,) not in self.paths and (number or weighs):
                yield name

    def away(self, distances: tuple[float, ...], settings: Sequence[str] = ()) -> list[Point]:
        """Points so far away, with some settings a little changed; one to which the forward pass does not get is left
        out."""
        found = [self.near(far, PROBES, settings) for far in distances]
        return [one for one in found if one is not None]

    def is_rounded(self, point: Point, path: Path, gradients: dict[Path, Any], instead: Instead | None = None) -> bool:
        """Whether a gradient that differences contradict is right as far as is known: it is that of the sweep, which
        they contradict as well; or it is no further from that than the sweep or itself is rough there, from one place
        to the next. Beside 1, `log(1 - p)` is a staircase."""
        its, mine = point.swept.get(path), np.asarray(gradients[path], dtype=float)
        if its is None or np.shape(its) != mine.shape:
            return False
        probes = point.slopes[path].probes
        agree = off(np.asarray(its, dtype=float), probes) <= KNOWN * float(np.max(np.abs(its), initial=0.0))
        apart = float(np.max(np.abs(mine - its), initial=0.0))
        if not agree and apart <= CLOSER * off(mine, probes):
            return True
        if agree and apart > PLAINLY * float(np.max(np.abs(its), initial=0.0)):
            return False
        steps = STEPS[:1] if agree else STEPS  # where the two agree, no bend of it is taken for roughness
        return any(apart <= ROUGH * self.roughness(point, gradients, step, instead)[path] for step in steps)

    def roughness(
        self, point: Point, gradients: dict[Path, Any], step: float, instead: Instead | None
    ) -> dict[Path, float]:
        """How far gradients are from the middle of those on both sides: of a sweep, and at the small step their own,
        as the pass was written."""
        own = step == STEPS[0] and not instead
        if (step, own) not in point.rough:
            random, found = np.random.default_rng(self.binding.seed), dict.fromkeys(self.paths, 0.0)
            for _ in range(DIRECTIONS):
                steps = {one: step * random.uniform(-1, 1, np.shape(at_path(point.given, one))) for one in self.paths}
                sides = [nearby(point.given, self.paths, steps, side) for side in (1.0, -1.0)]
                around = [(point.swept, [self.runner.swept(one, point.upstream, self.paths) for one in sides])]
                if own:
                    with suppress(Problem):
                        around += [(gradients, [self.runner.run(one, point.upstream).gradients for one in sides])]
                for middle, (up, down) in around:
                    for path in found.keys() & middle.keys() & up.keys() & down.keys():
                        with np.errstate(invalid="ignore"):
                            bend = np.abs(np.asarray(up[path]) + down[path] - 2 * np.asarray(middle[path]))
                        least = float(np.max(bend, initial=0.0, where=np.isfinite(bend)))
                        found[path] = max(found[path], least)
            point.rough[step, own] = found
        return point.rough[step, own]

    def again(self, point: Point, path: Path, gradient: Any) -> Slopes:
        """The slopes of an input, by differences where a gradient is another: there may be a kink."""
        point.doubted.add(path)
        at = objective(self.runner, point.upstream)
        point.slopes[path] = measured_where(at, point.given, path, point.slopes[path], gradient)
        return point.slopes[path]


def is_smooth(probes: Sequence[Probe]) -> bool:
    """Whether measured slopes are plainly some: what a sweep gives nothing of goes a way that it does not see, as
    through numbers in a list."""
    told = [one for one in probes if abs(one.slope) > one.error]
    return bool(told) and all(one.error <= SMOOTH * abs(one.slope) for one in told)
