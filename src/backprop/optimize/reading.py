"""A table read whole, once: the columns that a formula uses, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from backprop.errors import Problem, did_you_mean
from backprop.library import Compiled, Value
from backprop.library.values import as_array
from backprop.optimize.parameters import Array
from backprop.rows.compute.columns import column_of, is_ragged


def columns_of(
    compiled: Compiled,
    tables: Sequence[str],
    at: Mapping[str, Value],
    format: str | None = None,
    called: Mapping[str, str] | None = None,
    text: Mapping[str, Any] | None = None,
) -> tuple[dict[str, Array], int]:
    """The columns of some files, one behind the other, for the variables that are not in `at`, where they are `called`
    otherwise than in the formula; and how many rows were left out because a number is missing in them. `text` says how
    tables of text are written. Raises a Problem of kind "file" or "row"."""
    from backprop.rows.compute.mapper import Mapper
    from backprop.rows.tables.batch import Judge
    from backprop.rows.tables.files import TEXT, expanded
    from backprop.rows.tables.heads import names_of
    from backprop.rows.tables.options import Options

    program, paths = compiled.program, expanded(list(tables), format)
    options = Options(format, None, only_new=True, **(text or {}))
    constants = {*compiled.circuit(compiled.point(at)).labels.values()} - {*at}
    head = names_of(paths[0], options) if constants else []  # a column that is called like one stands for it
    mapper = Mapper(
        program.text, wrt=[], given=at, upstream=None, ties=compiled.ties, expand=compiled.expand,
        source=program.source, called=called, shadowed=[name for name in head if name in constants],
    )  # fmt: skip
    if not mapper.inputs:
        hint = f"its variables have values already: {', '.join(at)}" if at else ""
        raise Problem("variable", "the expression uses no column of the table", hint=hint)
    judge = Judge("fail", leave_out="")
    parts: dict[str, list[Array]] = {name: [] for name in mapper.inputs}
    missing = 0
    for path in paths:
        read = text_parts if options.source(path) in TEXT else binary_parts
        for columns, empty in read(path, mapper, judge, options):
            taken = np.ones(len(next(iter(columns.values()))), dtype=bool)
            taken[empty] = False
            missing += int((~taken).sum())
            for name, column in columns.items():
                if is_ragged(column):
                    raise Problem("file", f"the arrays in column {name} of {path} are not all of one shape")
                parts[name].append(column[taken])
    if not any(len(part) for part in parts[mapper.inputs[0]]):
        raise Problem("file", f"there are no rows in {', '.join(tables)}", status=1)
    found = {}
    for variable, name in zip(mapper.variables, mapper.inputs, strict=True):
        pieces = parts[name]
        shapes = {piece.shape[1:] for piece in pieces if len(piece)}
        if len(shapes) > 1:
            raise Problem("file", f"the arrays in column {name} are not all of one shape")
        found[variable] = np.concatenate([piece for piece in pieces if len(piece)])
    return found, missing


def text_parts(path: str, mapper: Any, judge: Any, options: Any) -> Any:
    """CSV, TSV and JSON lines, some rows at a time."""
    from backprop.rows.tables.lines import Input
    from backprop.rows.tables.options import batches

    with closing(Input(path, options.encoding)) as given:
        for batch in batches(given, mapper, judge, options, False):
            if len(batch):
                yield {name: column_of(batch.columns[name]) for name in mapper.inputs}, batch.missing


def binary_parts(path: str, mapper: Any, judge: Any, options: Any) -> Any:
    """Parquet and Arrow, through Polars."""
    from backprop.rows.tables.polars import polars

    polars()
    from backprop.rows.tables.frames import columns_in, frames_of, known

    for frame, _ in known(frames_of(path, mapper, "jsonl", options, judge), mapper):
        if frame.height:
            columns, missing, wrong = columns_in(frame, mapper)
            yield columns, [*wrong, *([] if missing is None else np.flatnonzero(missing))]


def from_arrays(
    compiled: Compiled, data: Mapping[str, Any], at: Mapping[str, Value], called: Mapping[str, str] | None = None
) -> dict[str, Array]:
    """The columns that a formula uses, of a mapping of names to arrays (or a data frame), where they are `called`
    otherwise than in the formula."""
    found = {}
    for variable in compiled.variables_given([*at, *data]):
        if variable in at:
            continue
        name = (called or {}).get(variable, variable)
        if name not in data:
            raise Problem("variable", f"the data have no column {name}", hint=did_you_mean(name, data))
        found[variable] = column_of(as_array(name, listed(data[name])))
    if found and not all(map(np.size, found.values())):
        raise Problem("value", "there are no rows in the data")
    lengths = {len(column) if np.ndim(column) else 0 for column in found.values()}
    if len(lengths) != 1:
        raise Problem(
            "value",
            f"the columns are not equally long: {sorted(lengths)}"
            if lengths
            else "the expression uses no column of the data",
        )
    return found


def listed(column: Any) -> Any:
    """A column of lists, as data frames hold it, as lists; any other as it is."""
    array = np.asarray(column) if hasattr(column, "dtype") else column
    if not isinstance(array, np.ndarray) or array.dtype.kind != "O":
        return array
    return [value.tolist() if hasattr(value, "tolist") else value for value in array]
