"""Layers that take the mean over the examples in the gradients of their weights, as many courses have it: what comes
from above is that of the sum of the costs, and is handed on so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from math import inf, isfinite
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import Problem, enumerated
from backprop.python.inputs.given import shape_at
from backprop.python.names import default_of, parameter_names
from backprop.python.runs.runner import Runner
from backprop.python.texts.called import targets
from backprop.python.texts.gradients import Outcome, Path, owner

WHERE = "it is right where what comes from above is not divided by them, too"


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
        return f"{self.told}: {WHERE}"


class Dividing:
    """What a backward pass divides gradients by, by their names. It observes a run."""

    def __init__(self) -> None:
        self.found: dict[str, set[int]] = {}

    def __call__(self, run: Any, statement: ast.stmt, scope: Any) -> None:
        if isinstance(statement, ast.Assign | ast.AugAssign):
            for node in quotients(statement.value):
                with suppress(Problem):
                    size = run.evaluate(node.right, scope)
                    if type(size) is int:
                        for name in targets(statement):
                            self.found.setdefault(name, set()).add(size)


def quotients(value: ast.expr) -> list[ast.BinOp]:
    """The quotients that are factors of an expression, or of its terms, as beside the slope of a penalty."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult | ast.Div | ast.Add | ast.Sub):
        return []
    if isinstance(value.op, ast.Div):
        return [value, *quotients(value.left)]
    return [*quotients(value.left), *quotients(value.right)]


def meant_over(runner: Runner, known: Sequence[tuple[Point, Outcome]], right: AbstractSet[Path]) -> dict[Path, int]:
    """The gradients, and by how many examples, that a layer takes the mean of, where not all of them are right over
    that: the text divides several by what is at hand as the length of an input, all but those of inputs that are so
    long, and none of them is `right` as it is."""
    if not runner.above or runner.pair.of_one:
        return {}
    (point, outcome), seen = known[0], Dividing()
    with suppress(Problem):
        runner.run(point.given, point.upstream, observer=seen)
    taken = {*parameter_names(runner.pair.forward)} if runner.pair.forward is not None else set()
    by = {path: set().union(*[some for name, some in seen.found.items() if owner(name, [bare(path)]) is not None])
          for path in outcome.gradients if path in point.slopes}  # fmt: skip
    parts, rest = [path for path in by if by[path]], [path for path in by if not by[path]]
    if len(parts) < 2 or not right.isdisjoint(parts):
        return {}
    inputs = [shape_at(point.given, (name,)) for name in taken & point.given.keys()]
    lengths = {one for shape in inputs for one in shape if one > 1}
    for path in rest:
        lengths &= {*shape_at(point.given, path)} if path[0] in taken else set()
    size = min(set.intersection(*[by[path] for path in parts]) & lengths, default=0)
    return dict.fromkeys(parts, size) if size else {}


def told_of(parts: dict[Path, int]) -> str:
    """What is told of such gradients."""
    names, size = enumerated([*map(".".join, parts)]), max(parts.values())
    return f"{names}: the mean over {size} examples is taken for meant: {WHERE}"


def bare(path: Path) -> Path:
    """What a weight is called where it stands in a list or under a key: `params['W']` is `W`, and `weights[0]` one of
    the `weights`."""
    return (re.sub(r"^.*\['?([A-Za-z_]\w*)'?\]$", r"\1", re.sub(r"\[\d+\]$", "", path[-1])),)


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
