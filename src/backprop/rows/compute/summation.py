"""Sums over all rows that do not lose digits: the batch value and the batch gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backprop.errors import LARGEST, Problem
from backprop.errors.spelling import option
from backprop.rows.compute.columns import is_ragged
from backprop.rows.compute.mapper import Mapper

LANES = 16_384  # numbers that are summed side by side
LARGE = 2.0**960  # what is larger is summed apart, and smaller by SCALE: no sum of rows overflows on its way
SCALE = 2.0**64


class Sums:
    """Running sums of columns: each of many lanes carries what rounding took from it (Neumaier's summation).

    The elements of an array have as many lanes each as there are left for them, and one at least.
    """

    def __init__(self, mapper: Mapper) -> None:
        if "rows" in mapper.outputs:
            message = "two sums would be called rows: the output, and how many there are"
            raise Problem("option", message, hint="name the output otherwise (g = …)")
        self.shapes = mapper.shapes(dict.fromkeys(mapper.inputs, ()))  # of what is the same in every row
        self.rows = 0
        self.empty = 0  # rows that are not in the sums: something in them is null
        self.lanes: dict[str, Any] = dict.fromkeys(mapper.outputs)  # of each the totals, and what was lost
        self.large: dict[str, Any] = {}  # the same for numbers that are large

    def add(self, columns: Mapping[str, Any], rows: int, empty: int) -> None:
        """Add the rows of a batch; some others are empty."""
        self.rows += rows
        self.empty += empty
        with np.errstate(all="ignore"):
            for name, column in columns.items():
                if len(column):
                    self.add_column(name, column)

    def add_column(self, name: str, column: Any) -> None:
        """Add the rows of one column. Raises a Problem where they differ in shape."""
        shape = column.shape[1:]
        if self.lanes[name] is None:
            lanes = (max(1, LANES // max(1, math.prod(shape))), *shape)
            self.lanes[name] = np.zeros(lanes), np.zeros(lanes)
        lanes = self.lanes[name]
        if is_ragged(column) or lanes[0].shape[1:] != shape:
            hint = f"name the gradients to sum: {option('--wrt', ['W', 'b'])}"
            raise Problem("row", f"{name} has other shapes in other rows, and no sum", hint=hint, status=1)
        if not (column.max() <= LARGE and column.min() >= -LARGE):  # nan, too
            large = ~(np.abs(column) <= LARGE)
            if name not in self.large:
                self.large[name] = np.zeros_like(lanes[0]), np.zeros_like(lanes[0])
            add_rows(self.large[name], np.where(large, column, 0.0) / SCALE)
            column = np.where(large, 0.0, column)
        add_rows(lanes, column)

    def totals(self) -> dict[str, Any]:
        """The sums so far: numbers, and nested lists of them."""
        return {
            name: self.nothing(name) if lanes is None else summed(*lanes, *self.large.get(name, ()))
            for name, lanes in self.lanes.items()
        }

    def nothing(self, name: str) -> Any:
        """The sum of no rows."""
        return np.zeros([length or 0 for length in self.shapes.get(name, ())]).tolist()

    def remarks(self) -> list[str]:
        """How many rows are not in the sums, and which of these are beyond the largest number, though all of their
        numbers are finite."""
        totals = self.totals()
        rows = "1 row has" if self.empty == 1 else f"{self.empty:,} rows have"
        return [f"{rows} a null in a column that is used, and no part in the sums"] * bool(self.empty) + [
            f"the sum of {name} is not finite: it is beyond the largest number, {LARGEST}"
            for name, (large, _) in self.large.items()
            if np.isfinite(large).all() and not np.isfinite(totals[name]).all()
        ]


def add_rows(lanes: tuple[Any, Any], column: Any) -> None:
    """Add the rows of a column, as many at a time as there are lanes."""
    total, lost = lanes
    for start in range(0, len(column), len(total)):
        add_exactly(total, lost, column[start : start + len(total)])


def add_exactly(total: Any, lost: Any, more: Any) -> None:
    """Add to some lanes, and what rounding took to their rests (Knuth's two-sum)."""
    before, lost = total[: len(more)], lost[: len(more)]
    after = before + more
    part = after - before
    more = more - part
    np.subtract(after, part, out=part)
    np.subtract(before, part, out=part)
    part += more
    lost += part
    before[...] = after


def summed(total: Any, lost: Any, large: Any = None, large_lost: Any = None) -> Any:
    """The sum of all lanes, for each element of an array; inf and nan as the lanes alone say it."""
    lanes = [total, lost] if large is None else [total, lost, large, large_lost]
    if total.ndim > 1:
        return [summed(*[lane[:, element] for lane in lanes]) for element in range(total.shape[1])]
    if large is None:
        return math.fsum((*total.tolist(), *lost.tolist()))
    if not np.isfinite(large).all():
        with np.errstate(invalid="ignore"):
            return float(large.sum())
    return exactly((*total.tolist(), *lost.tolist()), (*large.tolist(), *large_lost.tolist()))


def exactly(numbers: Iterable[float], large: Iterable[float]) -> float:
    """The sum of numbers, and of large ones that are smaller by SCALE; infinite where it is beyond the largest."""
    from fractions import Fraction

    exact = sum(map(Fraction, filter(None, numbers)), sum(map(Fraction, filter(None, large)), Fraction(0)) * int(SCALE))
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf
