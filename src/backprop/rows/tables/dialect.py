"""How a table of text is written: what stands between fields and in numbers, and whether its columns have names."""

from __future__ import annotations

from typing import NamedTuple

SEPARATORS = {"csv": ",", "tsv": "\t"}


class Dialect(NamedTuple):
    """`comma` says that numbers have a comma for a point, `header` that the first line names the columns."""

    separator: str = ","
    comma: bool = False
    header: bool = True


PLAIN = Dialect()


def dialect_of(format: str, delimiter: str | None, comma: bool, header: bool) -> Dialect:
    """The dialect of a format. Where numbers have commas, semicolons stand between fields, as spreadsheets write it."""
    own = SEPARATORS[format]
    separator = delimiter or (";" if comma and own == "," else own)
    return Dialect(separator, comma, header)
