"""Columns: a number for each row, or an array; all of one shape (one array, its first axis counts rows), or not.

Where rows differ in their shapes, a column is an array of objects: a float or an array of float64 for each row, and
None where there is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Column = Any  # np.ndarray


def column_of(values: Sequence[Any]) -> Column:
    """The column of some values: numbers, arrays, or nested lists of numbers. One that is made already stays."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.astype(float, copy=False)
    try:
        return np.array(values if isinstance(values, list) else list(values), dtype=float)
    except ValueError:  # rows of different shapes
        pass
    found = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        found[row] = value if value is None or isinstance(value, float) else np.asarray(value, dtype=float)
    return found


def is_ragged(column: Column) -> bool:
    """Whether the rows of a column have shapes of their own."""
    return bool(column.dtype == object)


def assembled(pieces: Iterable[tuple[Any, Column]], rows: int) -> Column:
    """A column from pieces of it, each with the numbers of its rows; what no piece has is NaN, or None."""
    pieces = list(pieces)
    shapes = {column.shape[1:] for _, column in pieces}
    if len(shapes) > 1:
        found = np.empty(rows, dtype=object)
        for places, column in pieces:
            for place, value in zip(places, column, strict=True):
                found[place] = value if np.ndim(value) else float(value)
        return found
    if pieces and np.array_equal(np.concatenate([places for places, _ in pieces]), np.arange(rows)):
        return pieces[0][1] if len(pieces) == 1 else np.concatenate([column for _, column in pieces])
    found = np.full((rows, *(shapes.pop() if shapes else ())), np.nan)
    for places, column in pieces:
        found[places] = column
    return found


def values_of(column: Column) -> list[Any]:
    """The values of a column as floats and nested lists; None where a ragged column has nothing."""
    if not is_ragged(column):
        return column.tolist()  # type: ignore[no-any-return]
    return [value.tolist() if isinstance(value, np.ndarray) else value for value in column]


def not_finite(column: Column) -> Any:
    """In which rows a number is not finite."""
    if is_ragged(column):
        return np.array([value is not None and not np.isfinite(value).all() for value in column], dtype=bool)
    wrong = ~np.isfinite(column)
    return wrong.any(axis=tuple(range(1, wrong.ndim))) if wrong.ndim > 1 else wrong


def has_finite_sum(column: Column) -> bool:
    """Whether the sum of all numbers is finite: then each of them is."""
    return not is_ragged(column) and bool(np.isfinite(column.sum()))


def rank_of(column: Column) -> int:
    """How deep the lists of a column are."""
    if not is_ragged(column):
        return int(column.ndim - 1)
    return max((np.ndim(value) for value in column if value is not None), default=0)
