"""The names of a table's columns, before any of it is read."""

from __future__ import annotations

from contextlib import closing, suppress

from backprop.errors import Problem
from backprop.rows.tables.delimited import header, lines_of
from backprop.rows.tables.files import TEXT
from backprop.rows.tables.jsonl import first_object
from backprop.rows.tables.lines import Input, decoded, seekable
from backprop.rows.tables.options import Options
from backprop.rows.tables.polars import polars


def names_of(source: str, options: Options) -> list[str]:
    """The columns of a table; none where it cannot be read: who reads it says why."""
    format = options.source(source)
    with suppress(Problem, OSError, ValueError, ImportError):
        return text_names(source, format, options) if format in TEXT else binary_names(source, format)
    return []


def text_names(source: str, format: str, options: Options) -> list[str]:
    """The members of the first row, or the line of names."""
    with closing(Input(source, options.encoding)) as given:
        if format == "jsonl":
            return list(first_object(given))
        data = given.look(lambda held: b"\n" in held.lstrip())
    return header(lines_of(decoded(data)[0].removeprefix("\ufeff")), options.dialect(format), source)[1]


def binary_names(source: str, format: str) -> list[str]:
    """The columns that a Parquet or Arrow file says it has."""
    pl = polars()
    from backprop.rows.tables.frames import scanned

    with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return scanned(seekable(source), format).collect_schema().names()  # type: ignore[no-any-return]
    return []
