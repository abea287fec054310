"""What a pass takes for granted of an input: its gradients are wrong, and right wherever a matrix is symmetric, as a
covariance is, or where probabilities sum to 1, as those of a softmax with its cross-entropy must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import Problem
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Path, place_of
from backprop.python.values.arrays import fresh

FAR = 8.0  # from 0, on both of its sides: what a relu cuts off on one it lets through on the other
CLOSE = 1e-6  # of the largest element of a gradient
Made = Callable[[Any], Any]


def symmetric(value: Any) -> Any:
    """The symmetric part of a matrix."""
    return (value + value.T) / 2


def shares(value: Any) -> Any:
    """Rows of sizes as shares of their sums."""
    sizes = np.abs(value)
    return sizes / sizes.sum(axis=-1, keepdims=True)


def joint(value: Any) -> Any:
    """A matrix as shares of its sum, the same both ways, of pairs of different things."""
    both = symmetric(np.abs(value)) * (1 - np.eye(len(value)))
    return both / both.sum()


def unit(value: Any) -> Any:
    """A vector with the length 1."""
    return value / np.linalg.norm(value)


WAYS: dict[str, tuple[int, bool, Made]] = {  # how many axes it has, and whether these are equally long
    "{} is symmetric": (2, True, symmetric),
    "each row of {} sums to 1": (2, False, shares),
    "{} is symmetric, sums to 1 and has a diagonal of 0": (2, True, joint),
    "{} sums to 1": (1, False, shares),
    "{} has the length 1": (1, False, unit),
}


def taken_for_granted(runner: Runner, wrong: Sequence[Path], points: Sequence[Point], paths: Sequence[Path]) -> str:
    """The remark that every wrong gradient is right at all points where an input is of some kind; "" where none is.
    An input that is judged itself counts only where the given one is of that kind, and those around it are not."""
    arrays = {name: one for name, one in points[0].given.items() if isinstance(one, np.ndarray) and one.size > 1}
    for name, value in arrays.items():
        judged = any(path[0] == name for path in paths)
        for words, (depth, square, made) in WAYS.items():
            if value.ndim != depth or value.dtype.kind not in "fiu" or (square and len(set(value.shape)) > 1):
                continue
            with np.errstate(all="ignore"):  # rows of zeros have no shares
                holds = np.allclose(made(value), value)
                right = holds == judged and all(is_right_where(runner, wrong, point, name, made) for point in points)
            if right:
                here = "as here, and not at points around" if holds else "which is not so here"
                return f"every gradient is right where {words.format(name)}, {here}"
    return ""


def is_right_where(runner: Runner, wrong: Sequence[Path], point: Point, name: str, made: Made) -> bool:
    """Whether gradients are those of a sweep back at a point with another value of an input."""
    there = {**point.given, name: made(point.given[name])}
    try:
        mine = runner.run(there, point.upstream).gradients
    except Problem:
        return False
    its = runner.swept(there, point.upstream, list(wrong))
    return all(path in mine and is_close(mine[path], its.get(path)) for path in wrong)


def is_close(mine: Any, its: Any) -> bool:
    if np.shape(mine) != np.shape(its):
        return False
    return np.allclose(mine, its, rtol=0.0, atol=CLOSE * float(np.max(np.abs(its), initial=0.0)))


def not_read(runner: Runner, points: Sequence[Point], paths: Sequence[Path]) -> list[Path]:
    """The inputs on which nothing that comes out hangs, whatever they are."""

    def outputs(point: Point, path: Path, far: float) -> list[Any]:
        holder, key = place_of(changed := fresh(point.given), path)
        holder[key] = far * np.random.default_rng(0).normal(size=np.shape(holder[key]))
        return runner.outputs(changed)

    found: list[Path] = []
    for path in paths:
        with suppress(Problem):  # where some units are dead, at other points others are
            moved = [(point.outputs, outputs(point, path, far)) for point in points for far in (FAR, -FAR)]
            if all(np.array_equal(*pair) for some in moved for pair in zip(*some, strict=True)):
                found.append(path)
    return found
