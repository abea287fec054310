"""Layers that take the mean over the examples in the gradients of their weights, as many courses have it: what comes
from above is that of the sum of the costs, and is handed on so."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from math import inf, isfinite
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import enumerated
from backprop.python.inputs.given import at_path
from backprop.python.names import parameter_names
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Outcome, Path


class Means:
    """The wrong gradients of a pass at several points, as the right ones over a size."""

    def __init__(self, runner: Runner, wrong: Sequence[Path], outcomes: Iterable[tuple[Point, Outcome]]) -> None:
        self.runner, self.wrong, self.outcomes = runner, wrong, [*outcomes]
        self.size = self.found()

    def found(self) -> int:
        """By which size all wrong gradients are divided at every point; 0 where there is none."""
        over: set[int] = set()
        for point, outcome in self.outcomes:
            both = [(outcome.gradients.get(path), point.swept.get(path)) for path in self.wrong]
            over |= {times(*some) for some in both if any(map(np.any, some))}  # dead units tell nothing
        size = next(iter(over)) if len(over) == 1 else 0
        known = self.outcomes[0][0].given if self.outcomes else {}
        sizes = {length for path in self.runner.paths(known) for length in np.shape(at_path(known, path))}
        return size if size > 1 and size in sizes else 0

    def are_meant(self, right: Sequence[Path]) -> bool:
        """Whether the layer takes the mean in all its weights, of which there are several, and only there: what is
        right has the examples, or no gradient goes on, and what is not is divided in the text. Whether that is wrong
        hangs on what comes from above."""
        forward = self.runner.pair.forward
        taken = set(parameter_names(forward)) if forward is not None else set()
        of_weights = right or taken.isdisjoint(path[0] for path in self.wrong)
        if not self.size or len(self.wrong) < 2 or not of_weights or not self.runner.above or self.runner.pair.of_one:
            return False
        given = self.outcomes[0][0].given
        examples = all(self.size in np.shape(at_path(given, path)) for path in right)
        backs = self.runner.backs()
        called = [one for _, some in self.runner.code.needed(backs) for one in some]
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
