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
    """An array as lists of numbers."""
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
    if item.opening == "(" and len(inside) <= WIDTH:
        return [first, inside, last]
    return [first, *(line for part in item.parts for line in laid_out(part, indent + 4, ",")), last]


def read_back(text: str) -> Bracketed | str:
    """A call with lists, `np.array([[1.0, 2.0]])`, from its text."""
    stack: list[tuple[str, list[Bracketed | str]]] = [("", [])]
    for head, bracket in re.findall(r"([^\[\](),]*)([\[\](),]?)", text):
        if bracket in ("(", "["):
            stack.append((head.strip() + bracket, []))
            continue
        if head.strip():
            stack[-1][1].append(head.strip())
        if bracket in (")", "]") and bracket:
            opened, parts = stack.pop()
            stack[-1][1].append(Bracketed(opened[:-1], parts, opened[-1], bracket))
    return stack[0][1][0]
