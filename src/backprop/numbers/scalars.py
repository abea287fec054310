"""The gates on floats, with IEEE 754 semantics: inf and nan where Python's math module raises.

A function has the name of its gate. A gate without one is computed by its definition. scipy is imported by the gates
that need it, when they are called.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from math import copysign, inf, isnan, nan, pi

Function = Callable[[float], float]

# ── arithmetic and comparisons ──

add = operator.add
subtract = operator.sub
multiply = operator.mul
negate = operator.neg


def divide(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0 or isnan(x) else copysign(inf, x) * copysign(1.0, y)


def power(x: float, y: float) -> float:
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:  # 0 to a negative power is a pole; a negative base with a broken exponent has no real value
        if x != 0:
            return nan
        return copysign(inf, x) if y % 2 == 1 else inf


def square(x: float) -> float:
    return x * x


def reciprocal(x: float) -> float:
    return divide(1.0, x)


def identity(x: float) -> float:
    return x


def less(x: float, y: float) -> float:
    return 1.0 if x < y else 0.0


def less_equal(x: float, y: float) -> float:
    return 1.0 if x <= y else 0.0


def greater(x: float, y: float) -> float:
    return 1.0 if x > y else 0.0


def greater_equal(x: float, y: float) -> float:
    return 1.0 if x >= y else 0.0


def equal(x: float, y: float) -> float:
    return 1.0 if x == y else 0.0


def not_equal(x: float, y: float) -> float:
    return 1.0 if x != y else 0.0


# ── functions of math ──


def total(function: Function, *, at_zero: float = nan, overflow: float = inf) -> Function:
    """A function of math that answers where math raises: `at_zero` at its pole in 0, else nan outside its domain."""

    def answering(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return overflow
        except ValueError:
            return at_zero if x == 0 else nan

    return answering


exp = total(math.exp)
exp2 = total(math.exp2)
expm1 = total(math.expm1)
log = total(math.log, at_zero=-inf)
log2 = total(math.log2, at_zero=-inf)
log10 = total(math.log10, at_zero=-inf)
sqrt = total(math.sqrt)
cbrt = math.cbrt
hypot = math.hypot
sin = total(math.sin)
cos = total(math.cos)
tan = total(math.tan)
asin = total(math.asin)
acos = total(math.acos)
atan = math.atan
atan2 = math.atan2
cosh = total(math.cosh)
tanh = math.tanh
asinh = math.asinh
acosh = total(math.acosh)
erf = math.erf
erfc = math.erfc


def log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else -inf if x == -1 else nan


def rsqrt(x: float) -> float:
    return divide(1.0, sqrt(x))


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def atanh(x: float) -> float:
    return math.atanh(x) if -1 < x < 1 else copysign(inf, x) if abs(x) == 1 else nan


def logaddexp(x: float, y: float) -> float:
    if x == y:  # also where both are infinite
        return x + math.log(2)
    high, low = (x, y) if x > y else (y, x)
    return high + math.log1p(exp(low - high))


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0 and not isnan(y) else x * log(y)


def sinpi(x: float) -> float:
    """sin(pi x): reduced to |x| <= 1/4 without rounding, so that the zeros are zeros."""
    if math.isinf(x):
        return nan
    rest = math.fmod(x, 2.0)
    nearest = float(round(2 * rest))
    angle = pi * (rest - nearest / 2)
    return (math.sin(angle), math.cos(angle), -math.sin(angle), -math.cos(angle))[int(nearest) % 4] if x == x else nan


def cospi(x: float) -> float:
    """cos(pi x), reduced likewise."""
    if not math.isfinite(x):
        return nan
    rest = math.fmod(abs(x), 2.0)
    nearest = float(round(2 * rest))
    angle = pi * (rest - nearest / 2)
    return (math.cos(angle), -math.sin(angle), -math.cos(angle), math.sin(angle))[int(nearest) % 4]


def sinc(x: float) -> float:
    return 1.0 if x == 0 else 0.0 if math.isinf(x) else sinpi(x) / (pi * x)


# ── piecewise ──


def whole(function: Callable[[float], int]) -> Function:
    """A rounding of math that keeps inf, nan and the sign of zero."""

    def rounded(x: float) -> float:
        return copysign(float(function(x)), x) if math.isfinite(x) else x

    return rounded


floor = whole(math.floor)
ceil = whole(math.ceil)
trunc = whole(math.trunc)
round_half_even = whole(round)
abs_ = math.fabs


def sign(x: float) -> float:
    return x if isnan(x) else float((x > 0) - (x < 0))


def step(x: float) -> float:
    return x if isnan(x) else 1.0 if x >= 0 else 0.0


def mod(x: float, y: float) -> float:
    """The remainder with the sign of y, as Python and NumPy have it."""
    try:
        return x % y
    except ZeroDivisionError:
        return nan


def max_(*inputs: float) -> float:
    """The largest input; nan if one is nan."""
    largest = inputs[0]
    for x in inputs:
        if isnan(x):
            return x
        if x > largest:
            largest = x
    return largest


def min_(*inputs: float) -> float:
    """The smallest input; nan if one is nan."""
    return -max_(*(-x for x in inputs))


def clip(x: float, lo: float, hi: float) -> float:
    return min_(max_(x, lo), hi)


def where(condition: float, x: float, y: float) -> float:
    return x if condition else y


# ── activations ──


def sigmoid(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + exp(-x))
    small = exp(x)
    return small / (1.0 + small)


def softplus(x: float) -> float:
    return math.log1p(exp(x)) if x < 0 else x + math.log1p(exp(-x))


def logsigmoid(x: float) -> float:
    return -softplus(-x)


def relu(x: float) -> float:
    return x if x > 0 or isnan(x) else 0.0


def leaky_relu(x: float, slope: float) -> float:
    return x if x > 0 else slope * x


def elu(x: float, alpha: float) -> float:
    return x if x > 0 else alpha * math.expm1(x)


def selu(x: float) -> float:
    return 1.0507009873554805 * x if x > 0 else 1.7580993408473766 * math.expm1(x)


def softsign(x: float) -> float:
    return x / (1.0 + abs(x)) if math.isfinite(x) else x if isnan(x) else copysign(1.0, x)


def silu(x: float) -> float:
    return x * sigmoid(x) if x != -inf else -0.0


def gelu(x: float) -> float:
    return 0.5 * x * math.erfc(-x / math.sqrt(2)) if x != -inf else -0.0


def mish(x: float) -> float:
    return x * math.tanh(softplus(x)) if x != -inf else -0.0


def hardtanh(x: float) -> float:
    return clip(x, -1.0, 1.0)


def hardsigmoid(x: float) -> float:
    return clip(x / 6 + 0.5, 0.0, 1.0)


def logit(x: float) -> float:
    """2 atanh(2x - 1) between 1/4 and 3/4, where log(x/(1-x)) cancels and 2x - 1 does not round."""
    if 0.25 <= x <= 0.75:
        return 2 * math.atanh(2 * x - 1)
    return log(x) - log1p(-x)


# ── special functions ──


def gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return inf
    except ValueError:  # the poles at 0, -1, -2, …; and -inf
        return copysign(inf, x) if x == 0 else nan


def lgamma(x: float) -> float:
    from scipy.special import gammaln

    return float(gammaln(x))


def digamma(x: float) -> float:
    from scipy.special import digamma

    return float(digamma(x)) if x > 0 or x != math.floor(x) else nan


def polygamma(n: float, x: float) -> float:
    from scipy.special import polygamma

    return float(polygamma(int(n), x)) if n >= 0 and n == math.floor(n) else nan


def erfinv(x: float) -> float:
    from scipy.special import erfinv

    return float(erfinv(x))


# Where a gate's name is a word of Python's that this module needs, its function has another one.
OTHER_NAMES = {"abs": abs_, "max": max_, "min": min_, "round": round_half_even}


def function(gate: str) -> Callable[..., float] | None:
    """The function of a gate, or None where its definition serves."""
    found: Callable[..., float] | None = OTHER_NAMES.get(gate) or globals().get(gate)
    return found
