"""Sums over all rows that do not lose digits: the batch value and the batch gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.rows.columns import is_ragged

LANES = 4096  # numbers that are summed side by side


class Sums:
    """Running sums of columns: each of 4096 lanes carries what rounding took from it (Neumaier's summation).

    The elements of an array have as many lanes each as there are left for them, and one at least.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.lanes: dict[str, Any] = {}  # of each column the totals, and what was lost

    def add(self, columns: Mapping[str, Any], rows: int) -> None:
        """Add the rows of a batch."""
        self.rows += rows
        with np.errstate(all="ignore"):
            for name, column in columns.items():
                self.lanes.setdefault(name, None)
                if len(column):
                    self.add_column(name, column)

    def add_column(self, name: str, column: Any) -> None:
        """Add the rows of one column. Raises a Problem where they differ in shape."""
        shape = column.shape[1:]
        if self.lanes[name] is None:
            lanes = (max(1, LANES // max(1, math.prod(shape))), *shape)
            self.lanes[name] = np.zeros(lanes), np.zeros(lanes)
        total, lost = self.lanes[name]
        if is_ragged(column) or total.shape[1:] != shape:
            hint = "name the gradients to sum: --wrt W,b"
            raise Problem("row", f"{name} has other shapes in other rows, and no sum", hint=hint, status=1)
        for start in range(0, len(column), len(total)):
            add_exactly(total, lost, column[start : start + len(total)])

    def totals(self) -> dict[str, Any]:
        """The sums so far: numbers, and nested lists of them."""
        return {name: 0.0 if lanes is None else summed(*lanes) for name, lanes in self.lanes.items()}


def add_exactly(total: Any, lost: Any, more: Any) -> None:
    """Add to some lanes, and what rounding took to their rests (Knuth's two-sum)."""
    before = total[: len(more)]
    after = before + more
    part = after - before
    lost[: len(more)] += (before - (after - part)) + (more - part)
    total[: len(more)] = after


def summed(total: Any, lost: Any) -> Any:
    """The sum of all lanes, for each element of an array; inf and nan as the lanes alone say it."""
    if total.ndim > 1:
        return [summed(total[:, element], lost[:, element]) for element in range(total.shape[1])]
    if not np.isfinite(total).all():
        return float(total.sum())
    return math.fsum((*total.tolist(), *lost.tolist()))
