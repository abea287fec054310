"""What Polars' columns hold and text has no type for, as it is written to CSV and JSON lines.

Dates and times are ISO 8601, decimals numbers with all their digits; lists and structs are JSON, in a cell of CSV too.
Bytes are no text: they are refused.
"""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.rows.tables.batch import LEFT_OUT
from backprop.rows.tables.cells import json_number

CLOCK = "%H:%M:%S%.f"  # with as many decimals as it takes


def check_writable(schema: Any, source: str, target: str) -> None:
    """Raise a Problem where a column cannot be written as text."""
    writable = with_text(schema)
    for name in schema:
        if name not in writable:
            hint = f"{LEFT_OUT}, or write Parquet: {option('map -o', 'FILE.parquet')}"
            message = f"{source}: column '{name}' holds {schema[name]}, which cannot be written as {target}"
            raise Problem("file", message, hint=hint)


def with_text(schema: Any) -> list[str]:
    """The columns that can be written as text."""
    return [name for name, dtype in schema.items() if not has_no_text(dtype)]


def has_no_text(dtype: Any) -> bool:
    """Whether a type is bytes, or holds some."""
    if isinstance(dtype, pl.Struct):
        return any(has_no_text(field.dtype) for field in dtype.fields)
    return has_no_text(dtype.inner) if is_list(dtype) else isinstance(dtype, pl.Binary | pl.Object)


def is_list(dtype: Any) -> bool:
    return isinstance(dtype, pl.List | pl.Array)


def as_cells(frame: Any, comma: bool = False) -> Any:
    """A frame whose columns can all be cells of text; numbers with a decimal comma where it is asked for."""
    new = []
    for series in map(iso, frame.get_columns()):
        if is_list(series.dtype) or isinstance(series.dtype, pl.Struct):
            texts = [None if value is None else json_text(value) for value in series.to_list()]
            series = pl.Series(series.name, texts, dtype=pl.String)
        elif series.dtype.is_float():
            series = spelt(series)
            if comma and series.dtype == pl.String:
                series = series.str.replace(".", ",", literal=True)
        new.append(series)
    return pl.DataFrame(new)


def spelt(series: Any) -> Any:
    """Numbers as Python writes them: Polars spells small ones and NaN otherwise. Text where there are such, and what
    Polars writes as it stands where there are none."""
    values = series.to_numpy()
    size = np.abs(values)
    other = np.isnan(values) | ((size < 1e-4) & (size > 1e-10))
    if series.null_count():
        other &= series.is_not_null().to_numpy()
    if not other.any():
        return series
    where = np.flatnonzero(other)
    return series.cast(pl.String).scatter(where, [str(value) for value in values[where]])


def as_objects(frame: Any) -> list[str]:
    """The rows of a frame as JSON."""
    if not frame.width:
        return ["{}"] * frame.height
    names = [json.dumps(name, ensure_ascii=False).replace("%", "%%") for name in frame.columns]
    pattern = f"{{{','.join([f'{name}:%s' for name in names])}}}"
    columns = [[json_text(value) for value in iso(series).to_list()] for series in frame.get_columns()]
    return [pattern % row for row in zip(*columns, strict=True)]


def iso(series: Any) -> Any:
    """A column as it is, but dates and times as text: Python's have no nanoseconds."""
    dtype = series.dtype
    if isinstance(dtype, pl.Datetime):
        return series.dt.to_string(f"%Y-%m-%dT{CLOCK}{'%:z' if dtype.time_zone else ''}")
    if isinstance(dtype, pl.Date | pl.Duration):
        return series.dt.to_string("iso")
    return series.dt.to_string(CLOCK) if isinstance(dtype, pl.Time) else series


def json_text(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return json_number(value)
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    if isinstance(value, dict):
        members = (f"{json_text(name)}:{json_text(member)}" for name, member in value.items())
        return f"{{{','.join(members)}}}"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, timedelta):
        return json_text(iso(pl.Series([value]))[0])
    return json_text(value.isoformat()) if isinstance(value, date | time) else json.dumps(value)
