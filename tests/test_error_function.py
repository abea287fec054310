"""erf, erfc and erfinv on arrays, against 50-digit arithmetic and against SciPy."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import scipy.special
from mpmath import mp

from backprop.numbers import error_function, floats
from backprop.numbers.error_function import BLOCK, BODY_ENDS, CENTRE_ENDS

SMALLEST = 2.2250738585072014e-308  # below it a number has fewer digits
EDGES = [BODY_ENDS, 4.0, 1.0, 0.5, 5.9, 26.5, 26.6, 27.2, 28.0, 40.0, 1e300]
POINTS = np.concatenate([
    np.geomspace(1e-300, 27, 400), np.random.default_rng(1).uniform(0, 8, 600),
    *([edge, np.nextafter(edge, 0), np.nextafter(edge, 99)] for edge in EDGES),
])  # fmt: skip
INSIDE = np.concatenate([
    np.geomspace(1e-300, 0.9, 200), 1 - np.geomspace(1.2e-16, 0.1, 300), [CENTRE_ENDS, np.nextafter(CENTRE_ENDS, 1)],
    [1 - 2 * np.exp(-25.0), 1 - 2**-53],
])  # fmt: skip


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
def test_all_digits_are_right(name: str) -> None:
    points = INSIDE if name == "erfinv" else POINTS
    points = np.concatenate([points, -points])
    found = getattr(error_function, name)(points)
    with mp.workdps(50):
        for x, value in zip(points, found, strict=True):
            right = (
                mpmath.mpf(1 - math.copysign(1, x))
                if name == "erfc" and abs(x) > 1e4
                else getattr(mpmath, name)(mpmath.mpf(float(x)))
            )
            assert abs(float(value) - right) <= 2e-15 * abs(right) + 2e-15 * SMALLEST, (name, x, value, right)


@pytest.mark.parametrize("name", ["erf", "erfc", "erfinv"])
def test_any_shape_and_the_ends(name: str) -> None:
    function, theirs = getattr(error_function, name), getattr(scipy.special, name)
    ends = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1.5, -1.5, 5e-324, -5e-324])
    with np.errstate(all="raise", under="ignore"):
        found = function(ends)
    on_floats = getattr(floats, name)
    right = np.array([on_floats(x) for x in ends.tolist()])
    assert np.allclose(found, right, rtol=5e-16, atol=0, equal_nan=True)
    assert np.array_equal(np.signbit(found[right == 0]), np.signbit(right[right == 0]))
    many = np.random.default_rng(2).uniform(-0.99, 0.99, (3, BLOCK, 2))
    assert np.allclose(function(many), theirs(many), rtol=1e-14, atol=0)
    assert np.allclose(function(many.T), theirs(many.T), rtol=1e-14, atol=0)
    assert isinstance(function(0.5), float)
    assert function(np.empty((0, 3))).shape == (0, 3)


def test_the_result_may_be_where_the_input_is() -> None:
    x = np.linspace(-3, 3, 7)
    right = error_function.erf(x)
    assert error_function.erf(x, x) is x
    assert np.array_equal(x, right)
