"""The mapper on Arrow's record batches: what Spark's `mapInArrow`, and whoever else speaks Arrow, hands over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from math import prod
from typing import Any

import numpy as np

from backprop.errors import Problem, did_you_mean
from backprop.rows.compute.columns import Column, column_of, is_ragged, rank_of, values_of
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.cells import Bad, elements


class ArrowMapper:
    """From an iterator of record batches to one of record batches with the columns added; it can be pickled.

    Null in a column that the formula uses gives null in the results; rows that cannot be computed raise a Problem.
    Where the formula has vectors or matrices, columns may be lists of numbers, nested or not.
    """

    def __init__(self, mapper: Mapper, only_new: bool = False) -> None:
        self.mapper = mapper
        self.only_new = only_new

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        self.mapper.begin()
        for batch in batches:
            yield self.one(batch)

    def one(self, batch: Any) -> Any:
        """One record batch with the columns added."""
        import pyarrow

        names = batch.schema.names
        for name in self.mapper.inputs:
            if name not in names:
                raise Problem("variable", f"there is no column {name}", hint=did_you_mean(name, names))
        for name in names:
            variable = self.mapper.hidden.get(name)
            if variable is not None:
                other = "another is called so" if variable in self.mapper.variables else f"{name} is given a value"
                raise Problem("variable", f"there is a column {name}, and {other}, too")
        for name in self.mapper.outputs:
            if name in names and not self.only_new:
                raise Problem("variable", f"there is a column {name} already")
        columns, missing = {}, None
        for name in self.mapper.inputs:
            column = batch.column(names.index(name))
            columns[name] = from_arrow(column, name, self.mapper)
            if column.null_count:
                empty = column.is_null().to_numpy(zero_copy_only=False)
                missing = empty if missing is None else missing | empty
        results, _ = self.mapper.run(columns, batch.num_rows, missing)
        shapes = self.mapper.shapes({name: (None,) * depth(batch.schema.field(name).type) for name in columns})
        new = [to_arrow(results[name], missing, shapes.get(name)) for name in self.mapper.outputs]
        kept = [] if self.only_new else list(batch.columns)
        kept_names = [] if self.only_new else list(names)
        return pyarrow.RecordBatch.from_arrays([*kept, *new], names=[*kept_names, *self.mapper.outputs])

    def schema(self, before: Any = "") -> str:
        """The columns as Spark writes a schema: those `before`, and the new ones. What is before is a text of that kind
        ("x array<double>, y double"), or what Spark hands out: `df.schema`, `df.dtypes`, `df.schema.simpleString()`.

        What arrays the stages of a formula are, only the rows say: with `stages`, write it yourself.
        """
        fields = fields_of(before)
        if not isinstance(before, str) or before.startswith("struct<"):
            before = ", ".join(f"{quoted(name)} {kind}" for name, kind in fields)
        twice = next((name for name, _ in fields if name in self.mapper.outputs), None)
        if twice is not None and not self.only_new:
            raise Problem("option", f"there is a column {twice} already")
        names = [name for name, _ in fields]
        missing = next((name for name in self.mapper.inputs if names and name not in names), None)
        if missing is not None and not self.mapper.arrays:
            raise Problem("variable", f"there is no column {missing}", hint=did_you_mean(missing, names))
        ranks = dict.fromkeys(self.mapper.inputs, 0)
        if self.mapper.arrays:
            ranks = {name: kind.count("array<") for name, kind in fields}
            for name in self.mapper.inputs:
                if name not in ranks:
                    hint = 'give those that are there: schema("x array<double>, y double"), or schema(df.schema)'
                    raise Problem("option", f"what type column {name} has is not said", hint=hint)
        shapes = self.mapper.shapes({name: (None,) * rank for name, rank in ranks.items()})
        unknown = [name for name in self.mapper.outputs if name not in shapes]
        if unknown and self.mapper.arrays:
            raise Problem("option", f"what type {unknown[0]} has, only the rows say", hint="write the schema yourself")
        new = []
        for name in self.mapper.outputs:
            rank = len(shapes.get(name, ()))
            new.append(f"{quoted(name)} {'array<' * rank}double{'>' * rank}")
        return ", ".join(([before] if before and not self.only_new else []) + new)


FIELD = re.compile(r"\s*(?:`((?:[^`]|``)+)`|([^\s:`,<]+))\s*[: ]\s*(.+)", re.DOTALL)  # a name, a type


def fields_of(schema: Any) -> list[tuple[str, str]]:
    """The names and types of columns, from a text or from what Spark hands out. Raises a Problem."""
    if hasattr(schema, "fields"):
        return [(field.name, field.dataType.simpleString()) for field in schema.fields]
    if not isinstance(schema, str):
        return [(str(name), str(kind)) for name, kind in schema]
    text = schema.strip()
    if text.startswith("struct<") and text.endswith(">"):
        text = text[len("struct<") : -1]
    found = []
    for part in parts_of(text) if text else ():
        match = FIELD.fullmatch(part)
        if match is None:
            hint = 'a name and a type each: schema("x array<double>, y double"), or schema(df.schema)'
            raise Problem("option", f"this is no column with its type: {part.strip()}", hint=hint)
        found.append(((match[1] or match[2]).replace("``", "`"), match[3].strip()))
    return found


def parts_of(text: str) -> list[str]:
    """What stands between the commas that are in no brackets and no backticks."""
    parts, start, depth = [], 0, 0
    for match in re.finditer(r"`[^`]*`|[<(]|[>)]|,", text):
        mark = match[0]
        depth += (mark in "<(") - (mark in ">)")
        if mark == "," and not depth:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def quoted(name: str) -> str:
    """A name in Spark's backticks."""
    return "`" + name.replace("`", "``") + "`"


def depth(kind: Any) -> int:
    """How deep the lists of a type are. Raises a Problem where they hold no numbers."""
    import pyarrow.types as is_

    rank = 0
    while is_.is_list(kind) or is_.is_large_list(kind) or is_.is_fixed_size_list(kind):
        kind, rank = kind.value_type, rank + 1
    return rank


def holds_numbers(kind: Any) -> bool:
    """Whether a type is one of numbers, or of truths, or lists of them: of text and bytes nothing is made a number."""
    import pyarrow.types as is_

    while depth(kind):
        kind = kind.value_type
    kind = kind.value_type if is_.is_dictionary(kind) else kind
    numbers = is_.is_integer(kind) or is_.is_floating(kind) or is_.is_decimal(kind)
    return bool(numbers or is_.is_boolean(kind) or is_.is_null(kind))


def as_floats(array: Any) -> Any:
    """Numbers, or truths as 1 and 0, as float64."""
    import pyarrow

    array = array.dictionary_decode() if pyarrow.types.is_dictionary(array.type) else array
    whole = array.cast(pyarrow.uint8()) if pyarrow.types.is_boolean(array.type) else array
    return whole.cast(pyarrow.float64(), safe=False)


def from_arrow(array: Any, name: str, mapper: Mapper) -> Column:
    """A column of Arrow's as one of ours. Raises a Problem where it does not hold numbers alone."""
    rank = depth(array.type)
    if (rank and not mapper.arrays) or not holds_numbers(array.type):
        hint = mapper.without_lists if rank and not mapper.arrays else ""
        raise Problem("variable", f"column '{name}': expected numbers, got {array.type}", hint=hint)
    if not rank:
        numbers = as_floats(array)
        return (numbers.fill_null(float("nan")) if array.null_count else numbers).to_numpy(zero_copy_only=False)
    if array.null_count == 0 and (column := equal_lists(array)) is not None:
        return column
    values = []
    for row, value in enumerate(array.to_pylist()):
        try:
            values.append(None if value is None else elements(value, name, name, rank))
        except Bad as bad:
            raise Problem("row", f"row {row + 1} of a batch: {bad}") from None
    return column_of(values)


def equal_lists(array: Any) -> Column | None:
    """A column of lists that are equally long, without nulls in them; None where they are not."""
    import pyarrow
    import pyarrow.compute

    shape = [len(array)]
    while depth(array.type):
        if array.null_count or not len(array):
            return None
        sizes = pyarrow.compute.min_max(pyarrow.compute.list_value_length(array)).as_py()
        if sizes["min"] != sizes["max"]:
            return None
        shape.append(sizes["min"])
        array = array.flatten()
    return None if array.null_count else as_floats(array).to_numpy(zero_copy_only=False).reshape(shape)


def to_arrow(column: Column, missing: Any, shape: tuple[int | None, ...] | None) -> Any:
    """One of our columns as Arrow's: numbers, or lists as deep as the shape (if it is not known, as the numbers)."""
    import pyarrow

    rank = rank_of(column) if shape is None else len(shape)
    if not rank:
        return pyarrow.array(column, mask=missing)
    if missing is None and not is_ragged(column) and column.ndim == rank + 1:
        array = pyarrow.array(column.reshape(-1))
        for axis in range(rank, 0, -1):
            count, size = prod(column.shape[:axis]), column.shape[axis]
            starts = np.arange(count + 1, dtype=np.int32) * size
            array = pyarrow.ListArray.from_arrays(pyarrow.array(starts, pyarrow.int32()), array)
        return array
    kind = pyarrow.float64()
    for _ in range(rank):
        kind = pyarrow.list_(kind)
    gone = set(missing.nonzero()[0].tolist()) if missing is not None else ()
    return pyarrow.array([None if row in gone else value for row, value in enumerate(values_of(column))], kind)


def arrow_mapper(text: str, *, only_new: bool = False, **options: Any) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A function for `DataFrame.mapInArrow`: value and gradients of a formula beside each row's own columns.

    The options are those of Mapper.
    """
    return ArrowMapper(Mapper(text, **options), only_new)
