"""The gates on complex numbers, for the complex step: f(x + ih) = f(x) + ih f'(x) + …, without a difference to cancel.

Only analytic gates are here. One that is missing has a definition in simpler gates, or no complex step. Where a
function has no value it is nan. Source of the method: Squire and Trapp 1998, SIAM Review 40(1).
"""

from __future__ import annotations

import _operator as operator
import cmath
from math import nan

from backprop.errors.light import Any, Callable


def total(function: Callable[..., Any]) -> Callable[..., complex]:
    """A function that is nan where Python's raises."""

    def answering(*inputs: complex) -> complex:
        try:
            return complex(function(*inputs))
        except (ValueError, OverflowError, ZeroDivisionError):
            return complex(nan, nan)

    return answering


def power(x: complex, y: complex) -> complex:
    """Of a number below 0 only at a whole exponent that stays where it is: beside that there is none."""
    return complex(nan, nan) if x.real < 0 and y.imag else x**y


PYTHON: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negate": operator.neg, "power": power, "identity": operator.pos, "exp": cmath.exp, "log": cmath.log,
    "sqrt": cmath.sqrt, "sin": cmath.sin, "cos": cmath.cos, "tan": cmath.tan, "asin": cmath.asin, "acos": cmath.acos,
    "atan": cmath.atan, "sinh": cmath.sinh, "cosh": cmath.cosh, "tanh": cmath.tanh, "asinh": cmath.asinh,
    "acosh": cmath.acosh, "atanh": cmath.atanh,
}  # fmt: skip
FUNCTIONS = {name: total(function) for name, function in PYTHON.items()}
