"""erf, erfc and erfinv on arrays: NumPy has none of them, and SciPy, which has, weighs six times as much.

The approximations are those of `gates.approximations` (W. J. Cody, Rational Chebyshev approximations for the error
function, Math. Comp. 23, 1969; M. J. Wichura, Algorithm AS 241, Appl. Stat. 37, 1988), each computed only for the
elements of its range, and a block at a time, which fits into the cache. They take `out=`, as ufuncs do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps

import numpy as np
from numpy.typing import NDArray

from backprop.gates.approximations import BODY, CENTRE, END, FLANK, MIDDLE, TAIL

Array = NDArray[np.float64]

BLOCK = 1 << 13  # elements at a time
BODY_ENDS = 0.46875  # up to here erf is small, and erfc has no digits to lose
MIDDLE_ENDS = 4.0
NOTHING = 28.0  # beyond it erfc is 0
CENTRE_ENDS = 0.85
FLANK_ENDS = 5.0


def in_blocks(function: Callable[[Array], Array]) -> Callable[..., Array]:
    """A function of a flat array as one of a number, or an array of any shape."""

    @wraps(function)
    def on_any(x: Array, out: Array | None = None) -> Array:
        x = np.asarray(x, dtype=float)
        flat = x.reshape(-1)
        made = np.empty(x.size)
        for start in range(0, x.size, BLOCK):
            made[start : start + BLOCK] = function(flat[start : start + BLOCK])
        if out is None:
            return made.reshape(x.shape)[()]
        out[...] = made.reshape(x.shape)
        return out

    return on_any


def where(place: NDArray[np.bool_], function: Callable[[Array], Array], x: Array, result: Array) -> None:
    """Put what the function says into the places."""
    if np.count_nonzero(place):
        result[place] = function(x[place])


@in_blocks
def erf(x: Array) -> Array:
    size = np.abs(x)
    result = x.copy()  # nan stays nan
    where(size <= BODY_ENDS, near_zero, x, result)
    where(size > BODY_ENDS, lambda x: np.copysign(1.0 - above(np.abs(x)), x), x, result)
    return result


@in_blocks
def erfc(x: Array) -> Array:
    result = x.copy()
    where(np.abs(x) <= BODY_ENDS, lambda x: 1.0 - near_zero(x), x, result)
    where(x > BODY_ENDS, above, x, result)
    where(x < -BODY_ENDS, lambda x: 2.0 - above(-x), x, result)
    return result


@in_blocks
def erfinv(x: Array) -> Array:
    size = np.abs(x)
    result = np.full(x.shape, np.nan)
    where(size <= CENTRE_ENDS, central, x, result)
    where((size > CENTRE_ENDS) & (size < 1.0), outer, x, result)
    where(size == 1.0, lambda x: np.copysign(np.inf, x), x, result)
    return result


def near_zero(x: Array) -> Array:
    """erf where it is small."""
    return x * ratio(x * x, BODY)


def above(x: Array) -> Array:
    """erfc where erf is not small: exp(-x^2) times a shape.

    exp(-x^2) is taken in two factors, of an x cut off behind its fourth binary digit and of the rest: so no digit is
    lost.
    """
    x = np.minimum(x, NOTHING)
    cut = np.floor(x * 16.0) / 16.0
    shape = np.empty(x.shape)
    where(x <= MIDDLE_ENDS, lambda x: ratio(x, MIDDLE), x, shape)
    where(x > MIDDLE_ENDS, tail, x, shape)
    return np.exp(-cut * cut) * np.exp(-(x - cut) * (x + cut)) * shape


def tail(x: Array) -> Array:
    """erfc(x) exp(x^2) far out."""
    z = 1.0 / (x * x)
    return (0.5641895835477563 - z * ratio(z, TAIL)) / x


def central(x: Array) -> Array:
    """erfinv up to 0.85: the quantile of the normal distribution at (1 + x) / 2, over sqrt(2)."""
    half = x / 2.0
    return ratio(0.180625 - half * half, CENTRE) * 0.3535533905932738 * x


def outer(x: Array) -> Array:
    """erfinv from there to 1."""
    s = np.sqrt(-np.log((1.0 - np.abs(x)) / 2.0))
    quantile = np.empty(x.shape)
    where(s <= FLANK_ENDS, lambda s: ratio(s - 1.6, FLANK), s, quantile)
    where(s > FLANK_ENDS, lambda s: ratio(s - 5.0, END), s, quantile)
    return np.copysign(quantile * 0.7071067811865476, x)


def ratio(x: Array, polynomials: tuple[Sequence[float], Sequence[float]]) -> Array:
    """One polynomial over another."""
    above, below = polynomials
    return polynomial(x, above) / polynomial(x, below)


def polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    """Horner's scheme, from the constant up, in one buffer."""
    result = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        result += coefficient
        result *= x
    result += coefficients[0]
    return result
