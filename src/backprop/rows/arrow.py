"""The mapper on Arrow's record batches: what Spark's `mapInArrow`, and whoever else speaks Arrow, hands over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from backprop.errors import Problem, nearest
from backprop.rows.mapper import Mapper


class ArrowMapper:
    """From an iterator of record batches to one of record batches with the columns added; it can be pickled.

    Null in a column that the formula uses gives null in the results. `schema(names)` is Spark's for its output.
    """

    def __init__(self, mapper: Mapper, only_new: bool = False) -> None:
        self.mapper = mapper
        self.only_new = only_new

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            yield self.one(batch)

    def one(self, batch: Any) -> Any:
        """One record batch with the columns added."""
        import pyarrow

        names = batch.schema.names
        for name in self.mapper.inputs:
            if name not in names:
                known = nearest(name, names)
                raise Problem("variable", f"there is no column {name}", hint=f"did you mean {known}?" if known else "")
        for name in self.mapper.outputs:
            if name in names and not self.only_new:
                raise Problem("variable", f"there is a column {name} already")
        columns, missing = {}, None
        for name in self.mapper.inputs:
            column = batch.column(names.index(name)).cast(pyarrow.float64())
            if column.null_count:
                empty = column.is_null().to_numpy(zero_copy_only=False)
                missing = empty if missing is None else missing | empty
                column = column.fill_null(float("nan"))
            columns[name] = column.to_numpy(zero_copy_only=False)
        results, _ = self.mapper.run(columns, batch.num_rows)
        new = [pyarrow.array(results[name], mask=missing) for name in self.mapper.outputs]
        kept = [] if self.only_new else list(batch.columns)
        kept_names = [] if self.only_new else list(names)
        return pyarrow.RecordBatch.from_arrays([*kept, *new], names=[*kept_names, *self.mapper.outputs])

    def schema(self, before: str = "") -> str:
        """The columns as Spark writes a schema: those `before` ("x double, y double"), and the new ones."""
        new = [f"`{name}` double" for name in self.mapper.outputs]
        return ", ".join(([before] if before and not self.only_new else []) + new)


def arrow_mapper(text: str, *, only_new: bool = False, **options: Any) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A function for `DataFrame.mapInArrow`: value and gradients of a formula beside each row's own columns.

    The options are those of Mapper.
    """
    return ArrowMapper(Mapper(text, **options), only_new)
