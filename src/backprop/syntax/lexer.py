"""From text to tokens: Lark's terminals, found in one sweep."""

from __future__ import annotations

import re
from functools import cache

from backprop.spans import Span


@cache
def scanner(pattern: str) -> re.Pattern[str]:
    """The compiled pattern of all tokens."""
    return re.compile(pattern)


def tokens(pattern: str, text: str) -> list[str]:
    """The tokens of a text, without the newlines that stand between brackets."""
    found = scanner(pattern).findall(text)
    if "\n" in text:
        kept = outside_brackets(found)
        if len(kept) != len(found):
            return [found[i] for i in kept]
    return found


def token_spans(pattern: str, text: str) -> list[Span]:
    """Where the tokens stand, in the same order."""
    spans = [Span(*match.span(1)) for match in scanner(pattern).finditer(text)]
    return [spans[i] for i in outside_brackets([text[start:end] for start, end in spans])]


def outside_brackets(found: list[str]) -> list[int]:
    """The numbers of the tokens that count: all but the newlines between brackets."""
    kept, depth = [], 0
    for i, token in enumerate(found):
        if token[-1] in "([":
            depth += 1
        elif token in (")", "]"):
            depth -= 1
        elif depth > 0 and token[0] == "\n" and ";" not in token:
            continue
        kept.append(i)
    return kept


def terminal(token: str) -> str:
    """Which terminal a token is that has no text of its own, under its name in the tables ("<NAME>")."""
    first, last = token[0], token[-1]
    if first in ";\n":
        return "<SEPARATOR>"
    if last == "(" and len(token) > 1:
        return "<CALL>"
    if last == "=" and len(token) > 1 and first not in "<>=!":
        return "<ASSIGN>"
    if first == '"' and len(token) > 1:
        return "<STRING>"
    if token == ".T":
        return "<TRANSPOSE>"
    if first.isdecimal() or (first == "." and len(token) > 1):
        return "<NUMBER>"
    if first.isalnum() or first == "_":
        return "<NAME>"
    return "<ILLEGAL>"
