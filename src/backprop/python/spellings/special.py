"""What of scipy.special may be called, as it behaves there: NumPy and the gates' own functions serve, without SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.numbers.arrays import sigmoid, xlogy
from backprop.numbers.elementwise import one_by_one
from backprop.numbers.error_function import erf, erfc, erfinv

Array = Any

__all__ = [
    "erf", "erfc", "erfinv", "expit", "gammaln", "log1p", "log_softmax", "logit", "logsumexp", "softmax", "xlogy"
]  # fmt: skip

log1p = np.log1p


def expit(x: Array) -> Array:
    return sigmoid(np.asarray(x))[()]


def logit(x: Array) -> Array:
    return one_by_one("logit", 1)(x)[()]


def gammaln(x: Array) -> Array:
    return one_by_one("lgamma", 1)(x)[()]


def softmax(x: Array, axis: Any = None) -> Array:
    powers = np.exp(np.asarray(x) - peak(x, axis))
    return powers / np.sum(powers, axis=axis, keepdims=True)


def log_softmax(x: Array, axis: Any = None) -> Array:
    below = np.asarray(x) - peak(x, axis)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


def logsumexp(a: Array, axis: Any = None, b: Any = 1.0, keepdims: bool = False) -> Array:
    """The logarithm of a sum of exponentials, each with its factor."""
    shift = peak(a, axis)
    found = np.log(np.sum(np.asarray(b) * np.exp(np.asarray(a) - shift), axis=axis, keepdims=True)) + shift
    return found if keepdims else np.squeeze(found, axis=axis)[()]


def peak(x: Array, axis: Any) -> Array:
    """The largest along an axis, or 0 where it is not finite."""
    largest = np.max(x, axis=axis, keepdims=True)
    return np.where(np.isfinite(largest), largest, 0.0)
