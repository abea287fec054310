"""Gradients of probabilities that are those of what a softmax or a sigmoid makes them of: a loss may have the slope of
the layer before it in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.python.entry.back import Outcome
from backprop.python.entry.given import at_path
from backprop.python.entry.gradients import Path, bases, behind_softmax, is_of_gradient
from backprop.python.entry.pairs import returns
from backprop.python.entry.runner import Runner


def squashed_by(runner: Runner, outcomes: Sequence[tuple[Point, Outcome]], path: Path) -> str:
    """What makes probabilities of that of which a gradient is the right one, at every point; "" where nothing does."""
    given = np.asarray(at_path(outcomes[0][0].given, path)) if outcomes else np.zeros(0)
    axes = [axis for axis in range(given.ndim) if np.allclose(given.sum(axis=axis), 1)]  # at others they need not be 1
    found = {"the sigmoid", "a softmax"}
    for point, outcome in outcomes:
        right = runner.swept(point.given, point.upstream, [path]).get(path)
        p, yours = np.asarray(at_path(point.given, path)), outcome.gradients.get(path)
        if right is None or yours is None or not np.shape(yours) == np.shape(right) == p.shape:
            return ""
        if not np.all((p > 0) & (p < 1)):
            return ""
        found &= {way for way, slopes in before(p, right, axes) if np.allclose(yours, slopes, rtol=1e-6)}
    return min(found, default="") if outcomes else ""


def before(p: Any, above: Any, axes: list[int]) -> Iterator[tuple[str, Any]]:
    """The gradients of what a sigmoid, or a softmax along an axis, makes probabilities of."""
    yield "the sigmoid", p * (1 - p) * above
    for axis in axes:
        yield "a softmax", behind_softmax(p, above, axis)


def named_so(runner: Runner) -> str:
    """The name of a gradient that a backward pass returns, where it is that of nothing that the forward pass takes:
    `dlogits` of a loss of probabilities."""
    back, inputs = runner.pair.backward, {*runner.parameters}
    given = returns(back) if back is not None else []
    others = [name for name in given if is_of_gradient(name) and inputs.isdisjoint(bases(name))]
    return others[0] if len(others) == 1 else ""
