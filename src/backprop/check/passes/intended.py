"""Gradients that are meant to be others than those of what a forward pass computes, as the name of the pass says."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.python.inputs.given import at_path
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Outcome, Path

FACTOR = re.compile(  # of the gradient
    r"revers|(?<!p)rev_?grad|grad_?rev|(^|_)grl|grad\w*?_?(scal|mul)|(scal|mul)\w*?_?grad", re.IGNORECASE
)
HANDED = re.compile(  # on as it is, at least in part
    r"[Ss]traight_?[Tt]hrough|(?i:(^|_)ste(_|$))|S(TE|te)(?=[A-Z_]|$)|(?i:pass_?through|no_?grad(ient)?(_|$)|identity_if)"
)
QUANTIZER = re.compile(r"quant|binar|ternar|fake_?q|(^|_)(bin|q|lsq|xnor|bnn|twn)(_|$)", re.IGNORECASE)
METRIC = re.compile(r"riemann|natural_?grad", re.IGNORECASE)  # by which a gradient is made that of a curved space
NOT_CHANGED = re.compile(  # in what is said of it
    r"gradients?\b.*\b(no-?op|straight[- ]through|unchanged|(not?|never|un)\W*(get )?(clipped|clamped|masked))"
    r"|(no|without) grad(ient)? effects?",
    re.IGNORECASE,
)
AS_NAMED = "it is no derivative of what the forward pass computes"
MEANT = "if that is meant (a gradient reversal layer), a name like GradientReversal or GradientScale says so"


class Intended:
    """A pass at several points, with what its backward pass came to there, and what its name says."""

    def __init__(self, runner: Runner, outcomes: Sequence[tuple[Point, Outcome]]) -> None:
        self.outcomes, pair = outcomes, runner.pair
        names = [pair.name, pair.owner, pair.forward.name if pair.forward is not None else ""]
        self.scaled, self.straight = (next(filter(like.search, names), "") for like in (FACTOR, HANDED))
        self.straight = self.straight or said_inside(runner)
        self.quantizes = any(map(QUANTIZER.search, names))
        self.metric = next(filter(METRIC.search, names), "")

    def told(self, path: Path) -> tuple[bool, str]:
        """Whether a gradient that is wrong is as the name says, and what is to be said of it."""
        name, by = ".".join(path), self.factor(path)
        if by and self.scaled:
            return (
                True,
                f"the gradient of {name} is {by} times what comes from above, as {self.scaled} says: {AS_NAMED}",
            )
        if by:
            return False, f"{name} is handed on as it is, and its gradient is {by} times what comes from above: {MEANT}"
        if self.metric and self.is_longer(path):
            length = f"what comes from above at another length, as {self.metric} says"
            return True, f"the gradient of {name} is {length}: {AS_NAMED}"
        if self.straight and self.is_from_above(path):
            return True, f"the gradient of {name} is what comes from above, as {self.straight} says: {AS_NAMED}"
        return False, ""

    def factor(self, path: Path) -> str:
        """By what the gradient from above is multiplied at every point, where an input is handed on as it is: a setting
        by its name, or a number; "" where it is something else."""
        numbers: set[float] = set()
        named: set[str] | None = None
        for point, outcome in self.outcomes:
            mine, above = np.asarray(outcome.gradients[path]), np.asarray(point.upstream[0], dtype=float)
            handed = np.array_equal(np.ravel(point.outputs[0]), np.ravel(at_path(point.given, path)))
            if not handed or mine.shape != above.shape or not above.any():
                return ""
            by = round(float(np.vdot(mine, above)) / float(np.vdot(above, above)), 12)
            numbers.add(by if np.allclose(mine, by * above, rtol=1e-9, atol=0) else np.nan)
            own = {sign + name for name, one in point.given.items() for sign in ("", "-")
                   if name != path[0] and scales(one, -above if sign else above, mine)}  # fmt: skip
            named = own if named is None else named & own
        if named and len(named) == 1 and not numbers & {0.0, 1.0}:
            return next(iter(named))
        by = next(iter(numbers))
        return "" if len(numbers) != 1 or by in (0.0, 1.0) or np.isnan(by) else f"{by:g}"

    def is_longer(self, path: Path) -> bool:
        """Whether an input is handed on as it is, and each row of its gradient is what comes from above at a length of
        its own, never turned round."""
        for point, outcome in self.outcomes:
            mine, above = np.asarray(outcome.gradients[path]), np.asarray(point.upstream[0], dtype=float)
            handed = np.array_equal(point.outputs[0], at_path(point.given, path))
            if not handed or mine.shape != above.shape or not mine.ndim:
                return False
            along, whole = np.sum(mine * above, axis=-1), np.linalg.norm(mine, axis=-1) * np.linalg.norm(above, axis=-1)
            if not np.allclose(along, whole, rtol=1e-9) or not mine.any():
                return False
        return True

    def is_from_above(self, path: Path) -> bool:
        """Whether every element of a gradient is what comes from above, or 0 as beyond bounds."""
        for point, outcome in self.outcomes:
            mine, above = np.asarray(outcome.gradients[path]), np.asarray(point.upstream[0])
            if mine.shape != above.shape or not (np.isclose(mine, above) | (mine == 0)).all() or not mine.any():
                return False
        return True


def scales(setting: Any, above: np.ndarray, mine: np.ndarray) -> bool:
    """Whether a gradient is what comes from above, times a setting: a number, or one for each element."""
    numeric = isinstance(setting, int | float | np.ndarray) and np.asarray(setting).dtype.kind in "iuf"
    if not numeric or np.shape(setting) not in ((), above.shape):
        return False
    return bool(np.allclose(mine, np.asarray(setting) * above, rtol=1e-9, atol=0))


def said_inside(runner: Runner) -> str:
    """The rule that a library is told, or what it calls, whose words say that gradients are handed on where the forward
    pass does not: in a name that is set, or in the text that stands at its beginning. Of any other pass its own name
    must say so: texts of students speak of gradients, too."""
    if not (runner.pair.is_registered or runner.pair.kind == "autograd"):
        return ""
    passes = [one for one in (runner.pair.backward, runner.pair.forward) if one is not None]
    known = runner.code.functions()
    calls = [node.func for one in passes[:1] for node in ast.walk(one) if isinstance(node, ast.Call)]
    for one in [*passes, *[known[call.id] for call in calls if isinstance(call, ast.Name) and call.id in known]]:
        nodes = [*ast.walk(one)]
        names = [
            one.name,
            *[node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)],
        ]
        names += [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
        told = [ast.get_docstring(node) or "" for node in nodes if isinstance(node, ast.FunctionDef)]
        if any(map(HANDED.search, names)) or any(NOT_CHANGED.search(text.replace("\n", " ")) for text in told):
            return one.name.rstrip("'")
    return ""
