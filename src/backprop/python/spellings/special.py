"""What of scipy.special may be called, as it behaves there: NumPy and the gates' own functions serve, without SciPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.differentiate.functions import forward
from backprop.gates import GATES
from backprop.numbers import carried
from backprop.numbers.error_function import erf, erfc, erfinv

Array = Any

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "expit", "gammaln", "log1p", "log_softmax", "logit", "logsumexp", "softmax",
    "xlogy",
]  # fmt: skip

log1p, xlogy = np.log1p, carried.xlogy
along_axis: dict[str, Callable[..., Array]] = {"softmax": carried.softmax, "log_softmax": carried.log_softmax}


def value_of(gate: str) -> Callable[..., Array]:
    """What a gate is on arrays of any type, as its row says."""

    def function(*inputs: Array) -> Array:
        numbers = [np.asarray(x, dtype=float) for x in inputs]
        return forward(GATES[gate], len(inputs), True)(*numbers)[()]

    return function


expit, logit, gammaln, digamma = (value_of(gate) for gate in ("sigmoid", "logit", "lgamma", "digamma"))


def softmax(x: Array, axis: Any = None) -> Array:
    return along_axis["softmax"](np.asarray(x), axis)


def log_softmax(x: Array, axis: Any = None) -> Array:
    return along_axis["log_softmax"](np.asarray(x), axis)


def logsumexp(a: Array, axis: Any = None, b: Any = 1.0, keepdims: bool = False) -> Array:
    """The logarithm of a sum of exponentials, each with its factor."""
    largest = np.max(a, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    found = np.log(np.sum(np.asarray(b) * np.exp(np.asarray(a) - shift), axis=axis, keepdims=True)) + shift
    return found if keepdims else np.squeeze(found, axis=axis)[()]
