"""The points at which a pass is tested: the given one and others around it, with the slopes of its inputs there."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.binding import Binding
from backprop.check.passes.slopes import Slopes, measured, measured_where, moved
from backprop.errors import Problem
from backprop.python.entry.gradients import Path
from backprop.python.entry.runner import Runner
from backprop.python.values.arrays import fresh

AROUND = 2  # points around the given one
MORE = (1.0, 1.0, 4.0)  # points more that a cure is tried at, and how far away they are
PROBES = 12  # of an input at each of those


class Point(NamedTuple):
    """A point with its upstream, and the slopes there."""

    given: dict[str, Any]
    upstream: list[Any]
    slopes: dict[Path, Slopes]
    outputs: list[Any]
    doubted: set[Path]  # whose slopes were measured anew where a gradient is not that of the sweep


def objective(runner: Runner, upstream: list[Any], first: list[Any] | None = None) -> Any:
    """The number whose gradient is judged: the outputs times what comes from above. And how large its terms are.
    `first` gets the outputs where it is asked for first."""

    def at(given: dict[str, Any]) -> tuple[float, float]:
        outputs = runner.outputs(given)
        if first is not None and not first:
            first.extend(outputs)
        terms = [np.asarray(a, dtype=float) * b for a, b in zip(outputs, upstream, strict=True)]
        return sum(float(np.sum(one)) for one in terms), sum(float(np.sum(np.abs(one))) for one in terms)

    return at


class Surroundings:
    """Makes points, and measures the slopes there."""

    def __init__(self, binding: Binding, paths: list[Path]) -> None:
        self.binding, self.runner, self.paths = binding, binding.runner, paths
        self.others: list[Point] | None = None

    def point(
        self, given: dict[str, Any], upstream: list[Any], most: int | None = None, other: Runner | None = None
    ) -> Point:
        """A point with the slopes there, from the forward pass as it is read."""
        runner = other or self.runner
        swept = runner.swept(given, upstream, self.paths) if other is None else None
        outputs: list[Any] = []
        slopes = measured(objective(runner, upstream, outputs), given, self.paths, self.binding.seed, most, swept)
        return Point(given, upstream, slopes, outputs, set())

    def near(self, far: float, most: int | None = None) -> Point | None:
        """Another point."""
        binding, random = self.binding, self.binding.random
        for much in (1.0, 0.3, 0.1):
            given = moved(binding.given, self.paths, random, far * much)
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
                return self.point(given, upstream, most)
            except Problem:
                continue
        return None

    def around(self) -> list[Point]:
        """The points around the given one; where the forward pass stops, nearer ones."""
        return [one for one in (self.near(1.0) for _ in range(AROUND)) if one is not None]

    def more(self) -> list[Point]:
        """Points at which cures are tried, too."""
        if self.others is None:
            self.others = self.away(MORE)
        return self.others

    def away(self, distances: tuple[float, ...]) -> list[Point]:
        """Points so far away; one to which the forward pass does not get is left out."""
        found = [self.near(far, PROBES) for far in distances]
        return [one for one in found if one is not None]

    def again(self, point: Point, path: Path, gradient: Any) -> Slopes:
        """The slopes of an input, by differences where a gradient is another: there may be a kink."""
        point.doubted.add(path)
        at = objective(self.runner, point.upstream)
        point.slopes[path] = measured_where(at, point.given, path, point.slopes[path], gradient)
        return point.slopes[path]
