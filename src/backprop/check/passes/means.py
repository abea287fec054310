"""Layers that take the mean over the examples in the gradients of their weights, as many courses have it: what comes
from above is that of the sum of the costs, and is handed on so."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import inf, isfinite
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import Problem, enumerated
from backprop.python.inputs.given import shape_at
from backprop.python.names import default_of, parameter_names
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Outcome, Path


class Means:
    """The wrong gradients of a pass at several points, as the right ones over a size."""

    def __init__(self, runner: Runner, wrong: Sequence[Path], outcomes: Iterable[tuple[Point, Outcome]]) -> None:
        self.runner, self.wrong, self.outcomes = runner, wrong, [*outcomes]
        self.size = self.found()

    def found(self) -> int:
        """By which size all wrong gradients are divided at every point; 0 where there is none."""
        return size_by(self.runner, [(*but_for_kinks(outcome.gradients.get(path), point.swept.get(path)), point.given)
                                     for point, outcome in self.outcomes for path in self.wrong])  # fmt: skip

    def are_meant(self, right: Sequence[Path]) -> bool:
        """Whether the layer takes the mean in all its weights, of which there are several, and only there: what is
        right has the examples, or no gradient goes on, and what is not is divided in the text. Whether that is wrong
        hangs on what comes from above. Weights have no examples, whatever their shapes."""
        forward = self.runner.pair.forward
        taken = set(parameter_names(forward)) if forward is not None else set()
        of_weights = right or taken.isdisjoint(path[0] for path in self.wrong)
        if not self.size or len(self.wrong) < 2 or not of_weights or not self.runner.above or self.runner.pair.of_one:
            return False
        given = self.outcomes[0][0].given
        examples = all(self.size in shape_at(given, path) and path[0] not in self.runner.own for path in right)
        backs = self.runner.backs()
        called = [one for _, some in self.runner.code.needed(backs) for one in some]
        asked = {
            node.attr for one in backs for node in ast.walk(one) if isinstance(node, ast.Attribute)
        }  # of parts, too
        called += [methods[name] for methods in self.runner.code.classes().values() for name in asked & {*methods}]
        nodes = [node for one in (*backs, *called) for node in ast.walk(one)]
        divides = any(
            isinstance(node, ast.Div) or (isinstance(node, ast.Attribute) and node.attr in ("mean", "average"))
            for node in nodes
        )
        return examples and divides

    @property
    def told(self) -> str:
        names, size = enumerated([".".join(path) for path in self.wrong]), self.size
        return f"{names}: the right gradient over {size}, as where a layer itself takes the mean over {size} examples"

    @property
    def granted(self) -> str:
        """What is told where that is meant."""
        return f"{self.told}: it is right where what comes from above is not divided by them, too"


def of_sums(runner: Runner, wrong: Sequence[Path], outcomes: Sequence[tuple[Point, Outcome]]) -> str:
    """What is told of the gradients of a loss that are the right ones of the sum over the examples, where its forward
    pass takes their mean only unless a setting says otherwise, `reduction="mean"`, which its backward pass does not
    take: the layers before it take the mean themselves then. Nothing where they are others."""
    forward, back = runner.pair.forward, {*runner.back_names()}
    names = [one for one in parameter_names(forward) if default_of(forward, one) == "mean"] if forward else []
    names = [one for one in names if one not in back and runner.given.get(one, "mean") == "mean"]
    if not names or runner.above or runner.pair.of_one:
        return ""
    several = [(point.swept.get(path), outcome.gradients.get(path), point.given)
               for point, outcome in outcomes for path in wrong]  # fmt: skip
    size = size_by(runner, several)
    if not size or not all(is_sum(runner, point, names[0], size) for point, _ in outcomes):
        return ""
    whose = enumerated([".".join(path) for path in wrong])
    return (
        f"{whose}: {size} times the slope of the mean that {names[0]} is unless given, as the sum has it: "
        f"it is right where the layers before divide by {size}"
    )


def is_sum(runner: Runner, point: Point, setting: str, size: int) -> bool:
    """Whether a loss is so many times as large with another setting, `reduction="sum"`, or "none" and summed."""
    for other in ("sum", "none"):
        with suppress(Problem):
            if np.isclose(np.sum(runner.outputs({**point.given, setting: other})[0]), size * point.outputs[0]):
                return True
    return False


def size_by(runner: Runner, several: Sequence[tuple[Any, Any, dict[str, Any]]]) -> int:
    """The size, as it is at hand among the inputs, by which all second arrays are the first ones; 0 where there is
    none."""
    over = {times(one, other) for one, other, _ in several if np.any(one) or np.any(other)}  # dead units tell nothing
    size = next(iter(over)) if len(over) == 1 else 0
    known = several[0][2] if several else {}
    shapes = [shape_at(known, path) for path in runner.paths(known)]
    return size if size > 1 and any(size in shape or size == np.prod(shape) for shape in shapes) else 0


def but_for_kinks(mine: Any, right: Any) -> tuple[Any, Any]:
    """A gradient and the right one, but for elements of which there is none, as at a kink."""
    if mine is None or right is None or np.shape(mine) != np.shape(right):
        return mine, right
    known = ~np.isnan(right) | np.isnan(mine)
    return np.asarray(mine)[known], np.asarray(right)[known]


def times(yours: Any, wanted: Any) -> int:
    """The whole number by which one array is another, or 0."""
    if yours is None or wanted is None or np.shape(yours) != np.shape(wanted):
        return 0
    with np.errstate(all="ignore"):
        ratio = float(np.sum(wanted * wanted)) / (float(np.sum(yours * wanted)) or inf)
        if not isfinite(ratio):
            return 0
        whole = abs(ratio - round(ratio)) < 1e-6 and np.allclose(np.multiply(yours, ratio), wanted, rtol=1e-6)
    return round(ratio) if whole else 0
