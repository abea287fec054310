"""Small mistakes that a sample of mutations planted, and no test had noticed."""

from __future__ import annotations

import numpy as np
import pytest

from backprop.numbers.arrays import unbroadcast
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
