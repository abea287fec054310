"""The gates on whole arrays, element by element: the function that each one is, or how it is spelt.

A gate that NumPy has is its ufunc, and so it can write into a buffer (`out=`) and leave the interpreter's lock alone.
The others are spelt in the program's own language from gates that NumPy has, by the row's `exact`, with all digits and
as IEEE 754 has it at the ends (unlike its `definition`, which is the textbook's); what cannot be spelt so is computed
by its function on floats, element by element.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from backprop.gates import Gate
from backprop.numbers import floats

SAME = """
    add subtract multiply divide power square reciprocal exp exp2 expm1 log log2 log10 log1p sqrt cbrt hypot sin cos tan
    sinh cosh tanh sign floor ceil trunc less less_equal greater greater_equal equal not_equal
"""
UFUNCS = {
    **{name: name for name in SAME.split()},
    "negate": "negative", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "abs": "absolute", "round": "rint", "mod": "remainder", "max": "maximum",
    "min": "minimum",
}  # fmt: skip
UNCOMPILED = frozenset({"erfinv"})  # what the C library has not
OWN = frozenset({"erf", "erfc", "erfinv"})  # what NumPy has not: see error_function


@cache
def ufunc(gate: str) -> Callable[..., Any] | None:
    """The function on arrays that takes `out=`, NumPy's or our own, or None."""
    if gate in OWN:
        from backprop.numbers import error_function

        return getattr(error_function, gate)  # type: ignore[no-any-return]
    if gate not in UFUNCS:
        return None
    import numpy

    return getattr(numpy, UFUNCS[gate])  # type: ignore[no-any-return]


def half_power(x: Any, out: Any = None) -> Any:
    """x^0.5 as IEEE 754 has it: infinite at -inf, 0 at -0. NumPy takes the root instead, which is nan and -0 there."""
    import numpy

    return numpy.add(numpy.sqrt(numpy.where(numpy.equal(x, -numpy.inf), numpy.inf, x)), 0.0, out=out)


def spelling(gate: Gate, first: float | None, *, compiled: bool = False) -> str:
    """The gate spelt by gates that NumPy has, or those of the C library for a `compiled` loop; "" where it is not.

    `first` is the first input, where that is a number.
    """
    if compiled and gate.name in UNCOMPILED:
        return gate.exact
    if gate.name in OWN or gate.name in UFUNCS:
        return ""
    return gate.exact_at(first)


@cache
def one_by_one(gate: str, count: int) -> Callable[..., Any]:
    """The gate's function on floats, applied to each element of `count` arrays."""
    import numpy

    on_floats = floats.function(gate)
    assert on_floats is not None, gate
    function = numpy.frompyfunc(lambda *x: on_floats(*map(float, x)), count, 1)
    return lambda *arrays: numpy.asarray(function(*arrays), dtype=float)
