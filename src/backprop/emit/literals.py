"""Calls and array literals, laid out over as many lines as ruff would."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

WIDTH = 88  # of ruff's lines


class Bracketed(NamedTuple):
    """Something with brackets: `head`, then its parts between `opening` and `closing`. A part may be a plain text."""

    head: str
    parts: Sequence[Bracketed | str]
    opening: str = "("
    closing: str = ")"

    def __str__(self) -> str:
        return f"{self.head}{self.opening}{', '.join(map(str, self.parts))}{self.closing}"


def listed(value: Any, number: Callable[[float], str]) -> Bracketed | str:
    if not getattr(value, "ndim", 0):
        return number(float(value))
    return Bracketed("", [listed(part, number) for part in value], "[", "]")


def laid_out(item: Bracketed | str, indent: int = 0, tail: str = "") -> list[str]:
    """The lines: one if it fits; for a call, three if its arguments fit into one; else one or more for each part."""
    margin = " " * indent
    line = f"{margin}{item}{tail}"
    if len(line) <= WIDTH or isinstance(item, str) or not item.parts:
        return [line]
    first, last = f"{margin}{item.head}{item.opening}", f"{margin}{item.closing}{tail}"
    inside = f"{margin}    {', '.join(map(str, item.parts))}"
    calls = item.opening == "(" and item.head and not item.head.endswith(" ")  # else it is a tuple
    if calls and len(inside) <= WIDTH:
        return [first, inside, last]
    return [first, *(line for part in item.parts for line in laid_out(part, indent + 4, ",")), last]


def read_back(text: str) -> Bracketed | str:
    """A call or a list, `np.array([[1.0, 2.0]])`, from its text; anything else stays a text."""
    start = re.search(r"[(\[]", text)
    parts = split(text[start.start() :]) if start else []
    if start is None or not parts:
        return text
    head, opening, closing = text[: start.start()], text[start.start()], text[-1]
    return Bracketed(head, [read_back(part) for part in parts], opening, closing)


def split(text: str) -> list[str]:
    """What commas part between the brackets that hold a whole text together; nothing if none do."""
    parts, depth = [""], 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0:
            return [part.strip() for part in parts if part] if place == len(text) - 1 else []
        if depth == 1 and character == ",":
            parts.append("")
        elif place:
            parts[-1] += character
    return []
