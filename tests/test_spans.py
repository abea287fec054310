"""Pointing at a place in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backprop
from backprop.errors.spans import LONGEST_LINE, Span, excerpt, line_and_column, visible, width


@pytest.mark.parametrize(
    ("text", "spans", "shown"),
    [
        ("x + y", [(0, 1)], ["x + y", "^"]),
        ("x + y", [(4, 5), (0, 1)], ["x + y", "^   ^"]),
        ("x + y", [(2, 2)], ["x + y", "  ^"]),
        ("x +", [(3, 3)], ["x +", "   ^"]),
        ("x +", [(9, 9)], ["x +", "   ^"]),
        ("a\nb + c\nd", [(2, 7)], ["b + c", "^^^^^"]),
        ("a\nb + c\nd", [(6, 9)], ["b + c", "    ^"]),
        ("a\nb\nc", [(4, 5), (0, 1)], ["a", "^", "c", "^"]),
        ("\tx\t+ y", [(3, 4)], ["\tx\t+ y", "\t \t^"]),
        ("变 + y", [(4, 5)], ["变 + y", "     ^"]),
        ("变 + y", [(0, 1)], ["变 + y", "^^"]),
        ("x̂ + y", [(5, 6)], ["x̂ + y", "    ^"]),
        ("\x1b[2J + y", [(7, 8)], ["\\x1b[2J + y", "          ^"]),
        ("\x1b + y", [(0, 1)], ["\\x1b + y", "^^^^"]),
        ("x\r\ny", [(0, 1)], ["x", "^"]),
        ("", [(0, 0)], ["", "^"]),
    ],
)
def test_carets(text: str, spans: list[tuple[int, int]], shown: list[str]) -> None:
    assert excerpt(text, [Span(*span) for span in spans]).split("\n") == shown


@pytest.mark.parametrize("place", [0, 100, 5_000, 99_998, 99_999, 100_000])
def test_a_long_line_is_shown_around_its_caret(place: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(100_000))
    line, carets = excerpt(text, [Span(place, place + 1), Span(50_000, 50_001)]).split("\n")
    assert len(line) <= LONGEST_LINE + 4
    assert carets.count("^") == 1
    column = carets.index("^")
    assert line[column : column + 1] == text[place : place + 1]
    assert line.startswith("… ") == (place > LONGEST_LINE // 2)
    assert line.endswith(" …") == (place < 100_000 - LONGEST_LINE // 2)


def test_a_line_that_just_fits_is_shown_whole() -> None:
    text = "x" * LONGEST_LINE
    assert excerpt(text, [Span(150, 151)]).split("\n") == [text, " " * 150 + "^"]


@given(st.text(max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_an_excerpt_has_a_caret_and_no_control_characters(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    shown = excerpt(text, [Span(start, start + length)])
    line, carets = shown.split("\n")
    assert "^" in carets
    assert line.replace("\t", "").isprintable()
    assert not carets.strip("\t ^")


def test_lines_and_columns_count_from_one() -> None:
    text = "ab\ncd\n"
    assert [line_and_column(text, offset) for offset in range(7)] == [
        (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1),
    ]  # fmt: skip


def test_visible() -> None:
    assert visible("x + y\t") == "x + y\t"
    assert visible("\x00\x1b\x7f\x9b\u202e\ud800\n") == "\\x00\\x1b\\x7f\\x9b\\u202e\\ud800\\n"
    assert visible("变θ x̂") == "变θ x̂"


def test_width() -> None:
    assert [width(text) for text in ("", "abc", "θ", "变", "x̂", "😀")] == [0, 3, 1, 2, 1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "x + sum(y, axis=«x»)",
        "x + y[«x»:2]",
        "x + ones(«x»)",
        "sum(x) + max(axis=0, «x»)",
        "sum(x, 2) + x.max(axis=2, «2»)",
    ],
)
def test_the_caret_is_under_the_one_that_is_meant_of_names_that_read_alike(text: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile(text.replace("«", "").replace("»", "")).evaluate(x=1, y=[1, 2])
    assert caught.value.column == text.index("«") + 1
