"""What a number is in a table: one grammar, whoever reads it.

In text: digits with a sign, a point and an exponent as they like, `inf`, `infinity` and `nan` in any case, with blanks
around; no underscores, no thousands separators, no other digits than ASCII's. In JSON: a number, or one of the strings
"NaN", "Infinity", "-Infinity". What is null (nothing between two separators, the user's null values, JSON's null) is
no number and no mistake: its row has null for results.
"""

from __future__ import annotations

import json
from math import isnan, nan
from typing import Any

NOT_FINITE = {"NaN": nan, "Infinity": float("inf"), "-Infinity": float("-inf")}


class Bad(Exception):
    """A row that cannot be computed; the text says why."""


def from_text(text: str, column: str) -> float:
    """The number in a cell of text. Raises Bad."""
    try:
        if "_" in text or not text.isascii():
            raise ValueError
        return float(text)
    except ValueError:
        raise Bad(f"column '{column}': expected a number, got {shown(text)}") from None


def from_json(value: Any, column: str) -> float:
    """The number that is a member of a JSON object. Raises Bad."""
    if type(value) is float:
        return value
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise Bad(f"column '{column}': {shown(value)} is beyond the largest number, 1.797e308") from None
    if type(value) is str and value in NOT_FINITE:
        return NOT_FINITE[value]
    raise Bad(f"column '{column}': expected a number, got {shown(value)}")


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "…"


def json_number(value: float) -> str:
    """A number as JSON."""
    if value - value == 0:
        return repr(value)
    return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def text_number(value: float) -> str:
    """A number as a cell of text."""
    return repr(value)
