"""Small mistakes that a sample of mutations planted, and no test had noticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.numbers.arrays import unbroadcast
from backprop.python.spellings import row
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.quotes import is_plain


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b'"a","b"\n', True),
        (b'"a","b"\r\n"c","d"\r\n', True),
        (b'"a"\rb,c\n', False),
        (b'"a"b,c\n', False),
        (b'a"b",c\n', False),
        (b'"a""b",c\n', True),
        (b'"a,c\n', False),
    ],
)
def test_quotes_that_open_and_close_in_turn(data: bytes, plain: bool) -> None:
    assert is_plain(data, ",") == plain


@pytest.mark.parametrize(
    ("given", "own", "found"),
    [((1,), (2,), [1, 1]), ((3, 2), (2,), [3, 3]), ((2,), (3, 2), np.ones((3, 2))), ((3, 2), (1, 2), [[3, 3]])],
)
def test_what_was_stretched_is_summed(given: tuple[int, ...], own: tuple[int, ...], found: object) -> None:
    assert np.array_equal(unbroadcast(np.ones(given), np.zeros(own)), np.asarray(found, dtype=float))


@pytest.mark.parametrize(
    ("made", "arguments", "keywords", "elements"),
    [
        (row.diagonal, (np.ones(3),), {}, 9),
        (row.diagonal, (np.ones((2, 2)),), {}, 4),
        (row.windows, (np.ones((4, 5)), (2, 3)), {}, 120),
        (row.hot, (np.array([0, 4]), 3), {}, 6),
        (row.hot, (np.array([0, 4]),), {}, 10),
        (row.up_to_largest, (np.array([0, 4]), None, 9), {}, 9),
        (row.padded, (np.ones((2, 3)), 2), {}, 42),
    ],
)
def test_how_large_a_value_will_be_is_known_before_it_is_made(
    made: Callable[..., float], arguments: tuple[Any, ...], keywords: dict[str, Any], elements: int
) -> None:
    assert made(arguments, keywords) == elements


def test_operands_that_do_not_fit_are_each_marked_where_they_stand() -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.evaluate("sum(A @ A)", A=np.ones((2, 3)))
    assert [(span.start, span.end) for span in caught.value.spans] == [(4, 5), (8, 9)]


def test_rows_that_do_not_fit_are_a_problem_or_are_told() -> None:
    mapper = Mapper("sum(x @ y)")
    rows = {"x": [np.ones(2), np.ones(2), np.ones(3)], "y": [np.ones(2), np.ones(3), np.ones(2)]}
    with pytest.raises(backprop.Problem, match=r"^row 2: "):
        mapper.run(rows)
    failed: dict[int, str] = {}
    mapper.run(rows, failed=failed)
    assert sorted(failed) == [1, 2]
