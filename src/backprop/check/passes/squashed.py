"""Gradients of probabilities that are those of what a softmax or a sigmoid makes them of: a loss may have the slope of
the layer before it in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.python.inputs.given import at_path
from backprop.python.runs.runner import Runner
from backprop.python.texts.functions import returns
from backprop.python.texts.gradients import Path, bases, behind_softmax, is_of_gradient


class Given(NamedTuple):
    """A gradient of some inputs, with what came from above."""

    inputs: dict[str, Any]
    above: list[Any]
    gradient: Any


def squashed_by(runner: Runner, some: Sequence[Given], path: Path) -> str:
    """What makes probabilities of that of which a gradient is the right one, at every point; "" where nothing does.
    They need not add up to 1: the slope of a softmax does not ask for it."""
    found = {"the sigmoid", "a softmax"}
    for inputs, above, gradient in some:
        right = runner.swept(inputs, above, [path]).get(path)
        p = np.asarray(at_path(inputs, path))
        if right is None or gradient is None or not np.shape(gradient) == np.shape(right) == p.shape:
            return ""
        if not np.all((p > 0) & (p < 1)):
            return ""
        found &= {way for way, slopes in before(p, right) if np.allclose(gradient, slopes, rtol=1e-6)}
    return min(found, default="") if some else ""


def before(p: Any, above: Any) -> Iterator[tuple[str, Any]]:
    """The gradients of what a sigmoid, or a softmax along an axis, makes probabilities of."""
    yield "the sigmoid", p * (1 - p) * above
    for axis in [axis for axis in range(p.ndim) if p.shape[axis] > 1]:
        yield "a softmax", behind_softmax(p, above, axis)


def named_so(runner: Runner) -> str:
    """The name of a gradient that a backward pass returns, where it is that of nothing that the forward pass takes:
    `dlogits` of a loss of probabilities."""
    back, inputs = runner.pair.backward, {*runner.parameters}
    given = returns(back) if back is not None else []
    others = [name for name in given if is_of_gradient(name) and inputs.isdisjoint(bases(name))]
    return others[0] if len(others) == 1 else ""
