"""Quotes in a table of text, read as Python's `csv.reader` reads them: a quote opens a field only where it begins.

Inside a quoted field two quotes stand for one; what follows the closing quote up to the next separator belongs to the
field as it is, and so does a quote in the middle of a field (`6" pipe`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, AnyStr

BEGINS = r'(?:\A|[\n{separator}])"'  # of a quoted field
LONG = 1 << 16  # bytes from which on NumPy is worth its import
INSIDE = r'[^"]*(?:""[^"]*)*'


@cache
def quoted(separator: str, kind: type = str) -> Any:
    """What finds quoted fields outside of others, in text or in bytes; its group is empty where one is still open."""
    pattern = BEGINS.format(separator=re.escape(separator)) + INSIDE + r'("|\Z)'
    return re.compile(pattern if kind is str else pattern.encode())


@cache
def field(separator: str) -> Any:
    """What finds a field behind a separator: its groups are what is inside of quotes, what follows them, and what has
    none."""
    mark = re.escape(separator)
    return re.compile(f'{mark}(?:"({INSIDE})"([^{mark}]*)|([^{mark}]*))')


def is_open(text: str, separator: str) -> bool:
    """Whether a quoted field goes on behind the text."""
    return any(not found[1] for found in quoted(separator).finditer(text))


def is_plain(data: bytes, separator: str) -> bool:
    """Whether every field with a quote is quoted as a whole, and none is open at the end: there all readers agree.

    Then the quotes open and close in turn: each that opens has a separator or another quote before it, each that closes
    one behind it. Much faster than to look at field after field.
    """
    if b'"' not in data:
        return True
    import numpy as np

    text = np.frombuffer(b"\n" + data + b"\n\n", dtype=np.uint8)
    quotes = np.flatnonzero(text == ord('"'))
    if len(quotes) % 2:
        return False
    before, behind, after = text[quotes[::2] - 1], text[quotes[1::2] + 1], text[quotes[1::2] + 2]
    marks = np.frombuffer(f'{separator}\n"'.encode(), dtype=np.uint8)
    line_end = (behind == ord("\r")) & (after == ord("\n"))
    return bool(np.isin(before, marks).all() and (np.isin(behind, marks) | line_end).all())


def cut(text: AnyStr, separator: str) -> tuple[AnyStr, AnyStr]:
    """Whole rows, and the beginning of a row in which a quoted field is still open."""
    quote, end = ('"', "\n") if isinstance(text, str) else (b'"', b"\n")
    if quote in text and not (isinstance(text, bytes) and len(text) > LONG and is_plain(text, separator)):
        start = at = 0
        for found in quoted(separator, type(text)).finditer(text):
            start = text.rfind(end, at, found.start() + 1) + 1 or start
            at = found.end()
            if not found[1]:
                return text[:start], text[start:]
    return text, text[:0]


def whole_rows(lines: list[str], separator: str) -> Iterator[tuple[str, int]]:
    """Each row as text without its end, and how many lines it takes. An end of line inside of quotes stays as it is."""
    pending: list[str] = []
    for text in lines:
        if pending or '"' in text:
            goes_on = is_open(f'"{text}' if pending else text, separator)
            pending.append(text)
            if not goes_on:
                yield "\n".join(pending).removesuffix("\r"), len(pending)
                pending = []
        else:
            yield text.removesuffix("\r"), 1
    if pending:
        yield "\n".join(pending).removesuffix("\r"), len(pending)


def fields_of(text: str, separator: str) -> list[str]:
    if '"' not in text:
        return text.split(separator)
    found = field(separator).findall(separator + text)
    return [inside.replace('""', '"') + behind if inside or behind else plain for inside, behind, plain in found]
