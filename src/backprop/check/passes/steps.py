"""Steps in the forward pass, whose slope is 0, and backward passes that put another one in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.python.entry.given import at_path
from backprop.python.entry.gradients import Path
from backprop.python.entry.runner import Runner
from backprop.python.values.tape import Straight

STRAIGHT = (
    "the backward pass hands gradients straight through the steps of the forward pass, whose slope is 0: but for "
    "that, they are right (a straight-through estimator)"
)
INSTEAD = "it comes through steps, whose slope is 0: what stands in its place is not judged"
CLOSE = 1e-6
BOUND = 1.0  # beyond which an estimator for a sign hands nothing on


class Steps:
    """What comes through the steps of the forward pass, at points with the gradients of the backward pass there."""

    def __init__(self, runner: Runner, points: Sequence[tuple[Point, Mapping[Path, Any]]]) -> None:
        self.points = points
        tapes = [Straight(masks) for masks in (False, True) for _ in points]
        found = [
            runner.swept(point.given, point.upstream, list(point.slopes), tape)
            for tape, (point, _) in zip(tapes, [*points, *points], strict=True)
        ]
        self.swept = found[: len(points)], found[len(points) :]
        self.any = any(tape.any for tape in tapes)

    def hide(self, path: Path) -> bool:
        """Whether it cannot be said what an input should have: its slope is 0 at every point but for what steps hand
        on, or what these do is cut off just where a step leads to."""
        handed = [found[path] for swept in self.swept for found in swept if path in found]
        if self.any and any(np.isnan(one).any() for one in handed):
            return True
        flat = all(not np.any(point.swept.get(path, 1.0)) for point, _ in self.points)
        return flat and any(np.any(one) for one in handed)

    def are_straight(self, path: Path) -> bool:
        """Whether a gradient is what the steps hand on, at every point, and that is another than without them."""
        for swept in self.swept:
            found = [(one.get(path), *point) for one, point in zip(swept, self.points, strict=True)]
            if any(its is None or path not in gradients for its, _, gradients in found):
                continue
            right = all(is_handed_on(gradients[path], its, point.given, path) for its, point, gradients in found)
            if right and any(not is_same(its, point.swept.get(path)) for its, point, _ in found):
                return True
        return False


def is_same(its: Any, plain: Any) -> bool:
    """Whether steps hand on what comes without them."""
    size = float(np.max(np.abs(its), initial=0.0, where=~np.isnan(its)))
    return plain is not None and np.allclose(its, plain, rtol=0.0, atol=1e-3 * size, equal_nan=True)


def is_handed_on(mine: Any, its: Any, given: dict[str, Any], path: Path) -> bool:
    """Whether a gradient is that of a sweep in which steps hand it on, or 0 where an input is beyond the bounds."""
    mine, value = np.asarray(mine, dtype=float), np.asarray(at_path(given, path), dtype=float)
    if np.shape(its) != mine.shape or value.shape != mine.shape:
        return False
    known = ~np.isnan(its)  # what is cut off where a step leads to may be either
    same = np.isclose(mine, its, rtol=CLOSE, atol=CLOSE * float(np.max(np.abs(its), initial=0.0, where=known)))
    return bool((same | ~known | ((mine == 0) & (np.abs(value) >= BOUND))).all() and np.any(mine[known & same]))
