"""The names of a table's columns, before any of it is read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from backprop.errors import Problem
from backprop.rows.tables.delimited import SEPARATORS, header, lines_of
from backprop.rows.tables.files import TEXT
from backprop.rows.tables.lines import Input, decoded
from backprop.rows.tables.options import Options

MOST = 1 << 16  # bytes in which they are


def names_of(source: str, options: Options) -> list[str]:
    """The columns of a table; none where it cannot be read: who reads it says why."""
    format = options.source(source)
    with suppress(Problem, OSError, ValueError, ImportError):
        return text_names(source, format) if format in TEXT else binary_names(source, format)
    return []


def text_names(source: str, format: str) -> list[str]:
    """The members of the first row, or the line of names."""
    given = Input(source)
    try:
        data: bytes = given.stream.peek(MOST)[:MOST] if hasattr(given.stream, "peek") else b""
    finally:
        given.close()
    lines = lines_of(decoded(data)[0].removeprefix("\ufeff"))
    if format in SEPARATORS:
        return header(lines, SEPARATORS[format], source)[1]
    row = json.loads(lines[0]) if lines else None
    return list(row) if isinstance(row, dict) else []


def binary_names(source: str, format: str) -> list[str]:
    """The columns that a Parquet or Arrow file says it has."""
    import polars

    scan: Any = polars.scan_parquet if format == "parquet" else polars.scan_ipc
    return list(scan(source).collect_schema())
