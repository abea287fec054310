"""Polars' columns of lists and arrays, and ours."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import polars as pl

from backprop.rows.compute.columns import Column, column_of, is_ragged, values_of
from backprop.rows.tables.cells import Bad, elements

Length = int | None  # None where it may differ from row to row


def lengths(dtype: Any) -> tuple[Length, ...] | None:
    """How many elements a column's lists have, level by level; None for what holds no numbers."""
    found: list[Length] = []
    while isinstance(dtype, pl.List | pl.Array):
        if isinstance(dtype, pl.Array):
            found += dtype.shape
            for _ in dtype.shape:
                dtype = dtype.inner
        else:
            found.append(None)
            dtype = dtype.inner
    return tuple(found) if dtype.is_numeric() or dtype in (pl.Null, pl.Boolean) else None


def dtype_of(shape: Sequence[Length]) -> Any:
    """The type of a column: arrays where all lengths are known, lists where one is not."""
    if not shape:
        return pl.Float64()
    known = tuple([length for length in shape if length is not None])
    if len(known) == len(shape):
        return pl.Array(pl.Float64(), known)
    dtype: Any = pl.Float64()
    for _ in shape:
        dtype = pl.List(dtype)
    return dtype


def from_series(series: Any) -> tuple[Column, Any, dict[int, str]]:
    """A column, a mask of the rows that are null (None if there is none), and what is wrong with others."""
    missing = series.is_null().to_numpy() if series.null_count() else None
    if not isinstance(series.dtype, pl.List | pl.Array):
        numbers = series.cast(pl.Float64) if series.dtype != pl.Float64 else series
        return (numbers if missing is None else numbers.fill_null(float("nan"))).to_numpy(), missing, {}
    column = equal_lists(series.drop_nulls())
    if column is None:
        return one_by_one(series, missing)
    if missing is None:
        return column, None, {}
    found = np.full((len(series), *column.shape[1:]), np.nan)
    found[~missing] = column
    return found, missing, {}


def equal_lists(series: Any) -> Column | None:
    """A column of lists that are equally long, without nulls in them; None where they are not."""
    shape = [len(series)]
    while isinstance(series.dtype, pl.List | pl.Array):
        sizes = series.list.len() if isinstance(series.dtype, pl.List) else pl.Series([series.dtype.shape[0]])
        if series.null_count() or sizes.n_unique() != 1 or not sizes[0]:
            return None
        shape.append(int(sizes[0]))
        series = series.explode()
    return None if series.null_count() else series.cast(pl.Float64).to_numpy().reshape(shape)


def one_by_one(series: Any, missing: Any) -> tuple[Column, Any, dict[int, str]]:
    """A column of lists that differ, and what is wrong with some of them."""
    found: list[Any] = []
    wrong: dict[int, str] = {}
    rank = len(lengths(series.dtype) or ())
    for row, value in enumerate(series.to_list()):
        try:
            found.append(None if value is None else elements(value, series.name, series.name, rank))
        except Bad as bad:
            found.append(None)
            wrong[row] = str(bad)
    return column_of(found), missing, wrong


def to_series(name: str, column: Column, shape: Sequence[Length] | None) -> Any:
    """Our column as one of Polars', of a shape as far as it is known; if it is not at all, that of the numbers."""
    if is_ragged(column):
        depth = max((np.ndim(value) for value in column if value is not None), default=0)
        wanted = dtype_of(shape if shape is not None else [None] * depth)
        return pl.Series(name, values_of(column), dtype=wanted)
    if shape is None:
        shape = [None] * (column.ndim - 1)
    if column.ndim - 1 != len(shape):  # no row has results
        return pl.Series(name, [None], dtype=dtype_of(shape)).new_from_index(0, len(column))
    flat = pl.Series(name, np.ascontiguousarray(column).reshape(-1))
    if not shape:
        return flat
    if not prod(column.shape[1:]):
        return pl.Series(name, column.tolist(), dtype=dtype_of(shape))
    return flat.reshape(column.shape).cast(dtype_of(shape))
