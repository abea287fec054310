"""Penalties on weights, whose slopes a backward pass adds to its gradients while its forward pass has none of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.binding import Binding
from backprop.check.passes.points import Point
from backprop.errors import Problem
from backprop.python.inputs.given import at_path
from backprop.python.texts.gradients import Path


class Penalties:
    """What a pass adds with nothing from above, as a layer does; or a script beside the slope of the loss that it
    means, where it sets none: that is the same multiple of the weights at every point."""

    def __init__(self, binding: Binding) -> None:
        self.runner = binding.runner
        self.beside_loss = binding.loss is not None and self.runner.pair.kind == "script"

    def are_on(self, path: Path, points: Sequence[Point]) -> bool:
        """Whether what is added to a gradient is the slope of a penalty at every point."""
        weights = [self.weights(point, path) for point in points]
        one = self.beside_loss and len({float(np.sum(its)) for its in weights}) > 2  # a number tells at several points
        slopes = [self.slope(point, path) for point in points]
        much = [penalty_factors(some, its, one) for some, its in zip(slopes, weights, strict=True)]
        if any(its is None for its in much):
            return False
        return not self.beside_loss or all(np.allclose(its, much[0], rtol=1e-5) for its in much)

    def weights(self, point: Point, path: Path) -> Any:
        return at_path({**self.runner.made_of, **point.given}, path)

    def slope(self, point: Point, path: Path) -> Any:
        """What the pass as it was written adds to a gradient at a point; None where nobody knows."""
        if self.beside_loss:
            mine, right = self.runner.run(point.given, point.upstream).gradients.get(path), point.swept.get(path)
            return None if mine is None or right is None or np.shape(mine) != np.shape(right) else mine - right
        if not self.runner.above or not all(isinstance(one, np.ndarray) for one in point.upstream):
            return None
        with suppress(Problem):
            return self.runner.run(point.given, [np.zeros_like(one) for one in point.upstream]).gradients.get(path)
        return None


def penalty_factors(slope: Any, weights: Any, one: bool = False) -> Any:
    """With what weights, and it may be their signs, are multiplied in the slope of a penalty; None where it is none.
    `one` number alone tells it."""
    if slope is None:
        return None
    own, rest = np.ravel(np.asarray(weights, dtype=float)), np.ravel(slope)
    ways = [own, np.sign(own)] if np.ptp(np.sign(own)) > 0 else [own]  # one sign alone is a number that is added
    if own.shape != rest.shape or own.size <= len(ways) - one or not np.any(rest):
        return None
    factors = np.linalg.lstsq(np.array(ways).T, rest, rcond=None)[0]
    fits = np.all(factors > -1e-9) and np.allclose(factors @ np.array(ways), rest, rtol=1e-6, atol=1e-12)
    return np.append(factors, 0.0)[:2] if fits else None
