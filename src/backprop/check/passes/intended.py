"""Gradients that are meant to be others than those of what a forward pass computes, as the name of the pass says."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from backprop.check.passes.points import Point
from backprop.python.entry.back import Outcome
from backprop.python.entry.given import at_path
from backprop.python.entry.gradients import Path
from backprop.python.entry.pairs import Pair

FACTOR = re.compile(r"revers|(^|_)grl|grad\w*?_?(scal|mul)|(scal|mul)\w*?_?grad", re.IGNORECASE)  # of the gradient
HANDED = re.compile(r"[Ss]traight_?[Tt]hrough|(?i:(^|_)ste(_|$))|S(TE|te)(?=[A-Z_]|$)")  # on as it is
AS_NAMED = "it is no derivative of what the forward pass computes"
MEANT = "if that is meant (a gradient reversal layer), a name like GradientReversal or GradientScale says so"


class Intended:
    """A pass at several points, with what its backward pass came to there, and what its name says."""

    def __init__(self, pair: Pair, outcomes: Sequence[tuple[Point, Outcome]]) -> None:
        self.outcomes = outcomes
        names = (pair.name, pair.owner, pair.forward.name if pair.forward is not None else "")
        self.scaled, self.straight = (next(filter(like.search, names), "") for like in (FACTOR, HANDED))

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
        if self.straight and self.is_from_above(path):
            return True, f"the gradient of {name} is what comes from above, as {self.straight} says: {AS_NAMED}"
        return False, ""

    def factor(self, path: Path) -> str:
        """By what the gradient from above is multiplied at every point, where an input is handed on as it is: a setting
        by its name, or a number; "" where it is something else."""
        found: set[float] = set()
        for point, outcome in self.outcomes:
            mine, above = np.ravel(outcome.gradients[path]), np.ravel(np.asarray(point.upstream[0], dtype=float))
            if mine.shape != above.shape or not above.any():
                return ""
            by = round(float(mine @ above) / float(above @ above), 12)
            handed = np.array_equal(np.ravel(point.outputs[0]), np.ravel(at_path(point.given, path)))
            if not handed or not np.allclose(mine, by * above, rtol=1e-9, atol=0):
                return ""
            found.add(by)
        if len(found) != 1 or by in (0.0, 1.0):
            return ""
        settings = {
            name: one for name, one in point.given.items() if np.ndim(one) == 0 and isinstance(one, int | float)
        }
        named = [sign + name for name, one in settings.items() for sign, its in (("", one), ("-", -one)) if its == by]
        return named[0] if len(named) == 1 else f"{by:g}"

    def is_from_above(self, path: Path) -> bool:
        """Whether every element of a gradient is what comes from above, or 0 as beyond bounds."""
        for point, outcome in self.outcomes:
            mine, above = np.asarray(outcome.gradients[path]), np.asarray(point.upstream[0])
            if mine.shape != above.shape or not (np.isclose(mine, above) | (mine == 0)).all() or not mine.any():
                return False
        return True
