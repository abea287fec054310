"""From text to tokens: Lark's terminals, found in one sweep."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING
from backprop.grammar import Brackets

if TYPE_CHECKING:
    import re

SUPERSCRIPTS = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ")  # a power, to whoever pastes it
RAISED = SUPERSCRIPTS - frozenset("⁺⁻⁽⁾")  # and one by itself

MODULES = frozenset(
    ["np", "numpy", "math", "torch", "tf", "jnp", "jax", "F", "nn", "scipy", "sp", "sympy", "cmath", "Math"]
)
FRACTIONS = frozenset("¼½¾⅐⅑⅒⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞↉")
DIGITS = frozenset("0123456789")
CLOSINGS = {"(": "<CALL>", '"': "<STRING>"}
COMPARISONS = frozenset(["=", "==", "<=", ">=", "!="])
SIGNS = {"ᵀ": "<TRANSPOSE>", "ⁿ": "<SUPERSCRIPT>", "ⁱ": "<SUPERSCRIPT>"}  # letters to Unicode


def tokens(pattern: re.Pattern[str], text: str) -> list[str]:
    """The tokens of a text, without the newlines that stand between brackets; the last one is empty: the end."""
    found: list[str] = pattern.findall(text)
    if len(found) > 1 and not found[-2]:  # the end was found twice: behind a blank, and behind nothing
        found.pop()
    if "\n" in text and not every_line_is_closed(text):
        kept = outside_brackets(found)
        if len(kept) != len(found):
            return [found[i] for i in kept]
    return found


def every_line_is_closed(text: str) -> bool:
    """Whether no newline stands between brackets, as far as that can be told at a glance."""
    if "(" not in text and "[" not in text:
        return True
    return not ("#" in text or '"' in text) and all(
        line.count("(") + line.count("[") == line.count(")") + line.count("]") for line in text.split("\n")
    )


def token_spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    """Where the tokens stand, in the same order."""
    spans = [match.span(1) for match in pattern.finditer(text)]
    if len(spans) > 1 and spans[-2][0] == spans[-2][1]:
        spans.pop()
    if "\n" not in text:
        return spans
    return [spans[i] for i in outside_brackets([text[start:end] for start, end in spans])]


def outside_brackets(found: list[str]) -> list[int]:
    """The numbers of the tokens that count: all but the newlines between brackets."""
    brackets = Brackets()
    return [i for i, token in enumerate(found) if not brackets.ignores(token)]


def terminal(token: str) -> str:
    """Which terminal a token is that has no text of its own, under its name in the tables ("<NAME>")."""
    first, last = token[:1], token[-1:]
    if first in ";\n":  # and a remark behind it, which may end in anything
        return "<SEPARATOR>"
    if last == "=" and token not in COMPARISONS:  # lines are many
        return "<AUGMENT>" if token[-2] in "+-*/" else "<ASSIGN>"
    if first == "." and last == "(":
        return "<METHOD>"
    if last in CLOSINGS and len(token) > 1:
        return CLOSINGS[last]
    if token in SIGNS:
        return SIGNS[token]
    if token.isidentifier():
        return "<NAME>"
    if first in DIGITS or (first == "." and token[1:2] in DIGITS) or token in FRACTIONS:
        return "<NUMBER>"
    if token == ".T":
        return "<TRANSPOSE>"
    if token in RAISED or (first in SUPERSCRIPTS and token[1:]):
        return "<SUPERSCRIPT>"
    return "<NAME>" if first == "_" or (first.isalnum() and not first.isdecimal()) else "<ILLEGAL>"
