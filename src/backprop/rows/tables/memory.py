"""Tables that are in memory: columns by name, rows, and the data frames of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.rows.compute.columns import Column, column_of, values_of
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.batch import Judge, Report, check_columns
from backprop.rows.tables.cells import Bad, reader_of_json

TABLE = "the table"  # what it is called in messages


def kind_of(table: Any) -> str:
    """Whose a table is."""
    return type(table).__module__.partition(".")[0]


def names_of(table: Any) -> list[str]:
    """The names of its columns. Raises a Problem for what is no table."""
    if isinstance(table, list) and all(isinstance(row, Mapping) for row in table):
        return list(dict.fromkeys(name for row in table for name in row))
    if isinstance(table, Mapping):
        return list(table)
    if kind_of(table) == "pyarrow" and hasattr(table, "schema"):
        return list(table.schema.names)
    if kind_of(table) in ("polars", "pandas") and type(table).__name__ == "DataFrame":
        return [name for name in table.columns if isinstance(name, str)]
    hint = "give columns by name, a list of rows (each a dict), or a data frame of Polars, pandas or Arrow"
    raise Problem("value", f"a table is expected, and not {type(table).__name__}", hint=hint)


def mapped(mapper: Mapper, table: Any, names: list[str], only_new: bool) -> Any:
    """A table of the same kind with the results."""
    check_columns(names, mapper, TABLE, only_new, judge := Judge("fail"))
    if kind_of(table) == "pyarrow":
        return of_arrow(mapper, table, only_new)
    if kind_of(table) == "polars":
        return of_polars(mapper, table, only_new, judge)
    held = {name: cells(table, name) for name in mapper.inputs}
    empty = sorted(set().union(*(missing(table, name, column) for name, column in held.items())))
    columns = {name: numbers(mapper, name, column) for name, column in held.items()}
    found, _ = mapper.run(columns, height(table, columns), empty or None)
    results = {name: column.copy() for name, column in found.items()}  # a gradient may be a column of the table
    for column in results.values() if empty else ():
        column[empty] = None  # in an array of numbers it is nan
    if isinstance(table, list):
        new = [dict(zip(results, row, strict=True)) for row in zip(*map(values_of, results.values()), strict=True)]
        for row in empty:
            new[row] = dict.fromkeys(results)
        return new if only_new else [{**row, **more} for row, more in zip(table, new, strict=True)]
    if isinstance(table, Mapping):
        return results if only_new else {**table, **results}
    listed = {name: column if column.ndim == 1 else values_of(column) for name, column in results.items()}
    added = type(table)(listed, index=table.index)
    return added if only_new else table.assign(**{name: added[name] for name in listed})


def of_arrow(mapper: Mapper, table: Any, only_new: bool) -> Any:
    """A table or a batch of Arrow's."""
    from backprop.rows.tables.arrow import ArrowMapper

    add = ArrowMapper(mapper, only_new)
    if not hasattr(table, "to_batches"):
        return add.one(table)
    import pyarrow

    whole = table.combine_chunks().to_batches() or [pyarrow.RecordBatch.from_pylist([], schema=table.schema)]
    return type(table).from_batches([add.one(batch) for batch in whole])


def of_polars(mapper: Mapper, table: Any, only_new: bool, judge: Judge) -> Any:
    from backprop.rows.tables.frames import check_types, with_results
    from backprop.rows.tables.options import Options

    check_types(table.schema, mapper, TABLE)
    return with_results(table, mapper, "arrow", Options(only_new=only_new), Report(), judge, TABLE)


def cells(table: Any, name: str) -> Any:
    """A column as an array of numbers, or as a list of what is in it, None where there is nothing."""
    if isinstance(table, list):
        return [row.get(name) for row in table]
    column = table[name]
    if not hasattr(column, "__iter__"):
        hint = f'what is the same in every row is given apart: map(…, table, {{"{name}": {column!r}}})'
        raise Problem("value", f"column '{name}' is no column: expected a list or an array", hint=hint)
    if kind_of(table) == "pandas" and column.dtype.kind not in "fiub":
        column = column.to_numpy(dtype=object, na_value=None)
    array = np.asarray(column) if hasattr(column, "dtype") else None
    return list(column) if array is None or array.dtype.kind not in "fiub" else array


def missing(table: Any, name: str, column: Any) -> Iterable[int]:
    """The rows in which there is nothing; of pandas, which has no other way to say it, also where it is no number."""
    if kind_of(table) == "pandas":
        return np.flatnonzero(table[name].isna()).tolist()
    return (row for row, value in enumerate(column) if value is None) if isinstance(column, list) else ()


def numbers(mapper: Mapper, name: str, column: Any) -> Column:
    """A column that the formula uses. Raises a Problem."""
    if isinstance(column, np.ndarray):
        if column.ndim > 1 and not mapper.arrays:
            message = f"column '{name}': expected numbers, got arrays of {column.ndim - 1} dimensions"
            raise Problem("value", message, hint=mapper.without_lists)
        return column.astype(float, copy=False)
    read = reader_of_json(mapper)
    found: list[Any] = []
    for row, value in enumerate(column, 1):
        value = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        try:
            found.append(None if value is None else read(value, name))
        except Bad as bad:
            raise Problem("row", f"row {row} of {TABLE}: {bad}", status=1) from None
    return column_of(found)


def height(table: Any, columns: Mapping[str, Column]) -> int:
    """How many rows there are. Raises a Problem where columns are not equally long."""
    if not isinstance(table, Mapping):
        return len(table)
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise Problem("value", f"the columns are not equally long: {said}")
    return next(iter(lengths.values()), len(next(iter(table.values()), ())))
