"""What is known of Polars: that it may be missing, and the columns of ours in its frames."""

from __future__ import annotations

from typing import Any

from backprop.errors import lacking

READ = "\0"  # before the name of a column of text: the column of its numbers
LINE = "\1"  # the column of the places of rows that may turn out bad when they are computed

Frame = Any


def polars() -> Any:
    """Polars, or the problem that it is not there."""
    try:
        import polars
    except ImportError:
        raise lacking("a table of Parquet or Arrow", "Polars", "table") from None
    return polars


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
