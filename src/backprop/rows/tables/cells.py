"""What a number is in a table: one grammar, whoever reads it.

In text: digits with a sign, a point and an exponent as they like, `inf`, `infinity` and `nan` in any case, with blanks
around; no underscores, no thousands separators, no other digits than ASCII's. In JSON: a number, or one of the strings
"NaN", "Infinity", "-Infinity". What is true is 1, what is false 0 (in text also True and TRUE). What is null (nothing
between two separators, the user's null values, JSON's null) is no number and no mistake: its row has null for results.

A vector is a list of numbers, a matrix a list of equally long lists; in a cell of text as JSON writes them. How deep
the lists of a column are, its first good row says that has a number in it (an empty list fits any depth); how long they
are may differ from row to row. Null in a list is a mistake.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from itertools import chain
from math import isnan
from typing import Any

from backprop.library.values import NOT_FINITE

DEEPEST = 30  # lists in lists: NumPy has 64 axes, and second derivatives need twice as many, and one for the rows
TRUTHS = {"true": 1.0, "True": 1.0, "TRUE": 1.0, "false": 0.0, "False": 0.0, "FALSE": 0.0}


class Bad(Exception):
    """A row that cannot be computed; the text says why."""


def from_text(text: str, column: str, lists: str = "") -> float:
    """The number in a cell of text. Raises Bad; of lists it says why there are none."""
    try:
        if "_" in text or not text.isascii():
            raise ValueError
        return float(text)
    except ValueError:
        if (truth := TRUTHS.get(text.strip())) is not None:
            return truth
        more = f"; {lists}" if lists and text.lstrip().startswith("[") else ""
        raise Bad(f"column '{column}': expected a number, got {shown(text)}{more}") from None


def from_json(value: Any, column: str, lists: str = "") -> float:
    """The number that is a member of a JSON object. Raises Bad; of lists it says why there are none."""
    if type(value) is float:
        return value
    if type(value) is bool:
        return float(value)
    if type(value) is int:
        try:
            return float(value)
        except OverflowError:
            raise Bad(f"column '{column}': {shown(value)} is beyond the largest number, 1.797e308") from None
    if type(value) is str and value in NOT_FINITE:
        return NOT_FINITE[value]
    if hasattr(value, "__float__"):  # of a table in memory: a decimal, a fraction
        return float(value)
    more = f"; {lists}" if lists and isinstance(value, list) else ""
    raise Bad(f"column '{column}': expected a number, got {shown(value)}{more}")


def whole(text: str) -> int | float:
    """A whole number of JSON; -0 is a number with a sign. Raises Bad for more digits than Python reads."""
    try:
        return int(text) if text != "-0" else -0.0
    except ValueError:
        raise Bad(f"a whole number of {len(text.lstrip('-'))} digits is too long") from None


# ── vectors and matrices ──


def value_from_text(text: str, column: str, ranks: dict[str, int]) -> Any:
    """The number in a cell of text, or the lists of them. Raises Bad."""
    if not text.lstrip().startswith("["):
        number = from_text(text, column)
        if ranks.setdefault(column, 0):
            raise Bad(f"column '{column}': expected {lists_of(ranks[column])}, got {text.strip()}")
        return number
    try:
        value = json.loads(text, parse_int=whole)
    except (ValueError, RecursionError):
        raise Bad(f"column '{column}': expected a list of numbers, got {shown(text)}") from None
    return value_from_json(value, column, ranks)


def value_from_json(value: Any, column: str, ranks: dict[str, int]) -> Any:
    """A number as a float, lists of numbers as they are, if they are as deep as in the column's first row. Raises Bad.

    `ranks` says how deep the lists of each column are; a column that is not there yet is added.
    """
    depth, sure = depth_of(value)
    found = elements(value, column, column, check_depth(ranks.get(column, depth), column))
    if sure:
        ranks.setdefault(column, depth)
    return found


def reader_of_json(mapper: Any) -> Callable[[Any, str], Any]:
    """What reads the value of a column for a mapper: a number, or where the formula has arrays also lists of them."""
    if mapper.arrays:
        return partial(value_from_json, ranks=mapper.ranks)
    return partial(from_json, lists=mapper.without_lists)


def depth_of(value: Any) -> tuple[int, bool]:
    """How deep lists are, by their first elements; and whether they are no deeper: what is empty might be."""
    depth = 0
    while isinstance(value, list):
        depth += 1
        if not value:
            return depth, False
        value = value[0]
    return depth, True


def check_depth(depth: int, column: str) -> int:
    """A depth that can be computed with. Raises Bad."""
    if depth > DEEPEST:
        raise Bad(f"column '{column}': lists are {depth} deep, and may be {DEEPEST}")
    return depth


def elements(value: Any, column: str, place: str, rank: int) -> Any:
    """Lists of numbers, some levels deep; `place` is where they stand. Raises Bad."""
    where = "" if place == column else f" at {place}"
    if not rank:
        try:
            return from_json(value, column)
        except Bad as bad:
            if where or isinstance(value, list):
                raise Bad(f"column '{column}': expected a number{where}, got {shown(value)}") from None
            raise bad
    if not isinstance(value, list):
        raise Bad(f"column '{column}': expected {lists_of(rank)}{where}, got {shown(value)}")
    found = [elements(element, column, f"{place}[{index}]", rank - 1) for index, element in enumerate(value)]
    for index, element in enumerate(found if rank > 1 else ()):
        if shape_of_lists(element) != shape_of_lists(found[0]):
            more, first = len(element), len(found[0])
            raise Bad(f"column '{column}': expected {first} numbers at {place}[{index}], got {more}")
    return found


def lists_of(rank: int) -> str:
    """What a column of some depth holds, in a message."""
    return f"a list of {'lists of ' * (rank - 1)}numbers"


def shape_of_lists(value: Any) -> tuple[int, ...]:
    return (len(value), *shape_of_lists(value[0] if value else 0.0)) if isinstance(value, list) else ()


def column_from_json(values: list[Any], column: str, ranks: dict[str, int]) -> Any:
    """A column of numbers or lists at once. Raises ValueError where there is anything but numbers, as deep as it should
    be: then the careful way says what."""
    from backprop.rows.compute.columns import column_of

    rank = ranks.get(column)
    if rank is None:
        rank, sure = depth_of(values[0]) if values else (0, False)
        if not sure or rank > DEEPEST:
            raise ValueError
    flat = values
    for _ in range(rank):
        if set(map(type, flat)) - {list}:
            raise ValueError
        flat = list(chain.from_iterable(flat))
    if not set(map(type, flat)) <= {float, int, bool}:
        raise ValueError
    made = column_of(values)
    ranks[column] = rank
    return made


# ── writing ──


def shown(value: Any) -> str:
    """A value as a message quotes it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:37] + "…"


def json_number(value: float) -> str:
    if value - value == 0:
        return repr(value)
    return '"NaN"' if isnan(value) else '"Infinity"' if value > 0 else '"-Infinity"'


def json_value(value: Any) -> str:
    """A number or lists of numbers as JSON."""
    return json_number(value) if isinstance(value, float) else f"[{','.join(map(json_value, value))}]"
