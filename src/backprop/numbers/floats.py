"""The gates on floats, with IEEE 754 semantics: inf and nan where Python's math module raises.

A function has the name of its gate. A gate without one is computed as its row spells it. What math does not have is
computed here to its last digits (measured in docs/ACCURACY.md): nobody should wait for an import to see digamma(2).
"""

from __future__ import annotations

import _operator as operator  # what of these two a run begins with anyway: the rest would be a tenth of a short one
import math
from _collections_abc import Callable
from math import copysign, inf, isnan, nan, pi

from backprop.errors.light import cache

Function = Callable[[float], float]  # here and not for type checkers alone: programs in Python have it from here


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


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def atanh(x: float) -> float:
    return math.atanh(x) if -1 < x < 1 else copysign(inf, x) if abs(x) == 1 else nan


def sinpi(x: float) -> float:
    """sin(pi x): reduced to |x| <= 1/4 without rounding, so that the zeros are zeros."""
    if not math.isfinite(x):
        return nan
    rest = math.fmod(x, 2.0)
    quarter = round(2 * rest)
    angle = pi * (rest - quarter / 2)
    result = math.cos(angle) if quarter % 2 else math.sin(angle)
    return copysign(result, x) if result == 0 else -result if quarter % 4 >= 2 else result


def cospi(x: float) -> float:
    """cos(pi x), reduced likewise."""
    if not math.isfinite(x):
        return nan
    rest = math.fmod(abs(x), 2.0)
    quarter = round(2 * rest)
    angle = pi * (rest - quarter / 2)
    result = math.sin(angle) if quarter % 2 else math.cos(angle)
    return 0.0 if result == 0 else -result if quarter % 4 in (1, 2) else result


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


def relu(x: float) -> float:
    return x if x > 0 or isnan(x) else 0.0


# ── special functions ──


def gamma(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:  # beyond 171.6, or next to the pole in 0
        return copysign(inf, x)
    except ValueError:  # the poles at 0, -1, -2, …; and -inf
        return copysign(inf, x) if x == 0 else nan


def lgamma(x: float) -> float:
    nearest = 1.0 if x < 1.5 else 2.0
    rest = x - nearest
    if abs(rest) < 0.25:  # next to its zeros in 1 and 2, by the Taylor series (DLMF 5.7.3)
        series = polynomial(rest, (0.0, 1 - EULER, *(term / k for k, term in enumerate(alternating(2.0), 2))))
        return series if nearest == 2 else series - math.log1p(rest)
    try:
        return math.lgamma(x)
    except (OverflowError, ValueError):  # beyond 2.5e305, and the poles at 0, -1, -2, …
        return inf


EULER = 0.5772156649015329
DIGAMMA_ROOT = (1.4616321449683622, 9.549995429965697e-17)  # its only zero above 0, in two parts

# B(2k) / 2k, from the Bernoulli numbers: the asymptotic series of digamma (DLMF 5.11.2).
DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)


def digamma(x: float) -> float:
    """A series where x is large; the recurrence up to there; below 0 the reflection, without rounding in pi x."""
    if x <= 0:
        if x == 0:
            return -copysign(inf, x)
        tangent = divide(sinpi(x), cospi(x))
        return digamma(1.0 - x) - pi / tangent if tangent else nan
    rest = x - DIGAMMA_ROOT[0] - DIGAMMA_ROOT[1]
    if abs(rest) < 0.1:
        return polynomial(rest, (0.0, *alternating(DIGAMMA_ROOT[0])))
    terms = []
    while x < 12:
        terms.append(-1.0 / x)
        x += 1.0
    series = polynomial(1.0 / x / x, (0.0, *DIGAMMA_SERIES))
    return math.fsum((*terms, math.log(x), -0.5 / x, -series)) if math.isfinite(x) else x


# B(2k) / (2k)!: the tail of a sum by Euler and Maclaurin (DLMF 2.10.1).
EULER_MACLAURIN = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160, -691 / 1307674368000, 1 / 74724249600,
    -3617 / 10670622842880000, 43867 / 5109094217170944000, -174611 / 802857662698291200000,
)  # fmt: skip


def inverse_powers(s: float, a: float) -> float:
    """Hurwitz's zeta function times a^s, the sum of (a / (a + k))^s over k = 0, 1, …, for s >= 2 and a > 0."""
    if s > 2.0**52:  # the powers of a geometric series
        return divide(-1.0, math.expm1(-s / a))
    terms = []
    start = a
    while start < s + 12:
        term = math.pow(a / start, s)
        terms.append(term)
        if term < 1e-18:
            return math.fsum(terms)
        start += 1.0
    term = math.pow(a / start, s)
    terms += (term * (start / (s - 1)), term / 2)
    rising = term * (s / start)
    for k, coefficient in enumerate(EULER_MACLAURIN, 1):
        terms.append(coefficient * rising)
        rising *= (s + 2 * k - 1) / start * ((s + 2 * k) / start)
    return math.fsum(terms)


@cache
def alternating(a: float) -> tuple[float, ...]:
    """(-1)^s times the sum of 1 / (a + k)^s over k = 0, 1, …, for s = 2, 3, …: Taylor coefficients around a."""
    return tuple((1 - s % 2 * 2) * inverse_powers(s, a) / a**s for s in range(2, 22))


def polynomial(x: float, coefficients: tuple[float, ...]) -> float:
    """Horner's scheme."""
    result = 0.0
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def polygamma(n: float, x: float) -> float:
    """(-1)^(n+1) n! times the sum of 1 / (x + k)^(n+1) over k = 0, 1, … (DLMF 5.15.1)."""
    if not (n >= 0 and n == floor(n)) or isnan(x):
        return nan
    if n == 0:
        return digamma(x)
    sign = 1.0 if n % 2 else -1.0
    if x > 0:
        return sign * factorial_over(n, x)
    nearest = round(x) if math.isfinite(x) else nan
    if x == nearest:  # a pole: both sides agree where n is odd
        return inf if n % 2 else -copysign(inf, x) if x == 0 else nan
    if isnan(nearest):
        return nan
    # Below 0: the sum over all whole k, which repeats itself, less the terms that are too many.
    rest = abs(x - nearest)
    near, far = factorial_over(n, rest), factorial_over(n, 1.0 - rest)
    if rest == 0.5 and n % 2 == 0:
        near = far = 0.0
    elif math.isinf(near):
        return near if x < nearest else sign * near
    return (near + sign * far if x < nearest else sign * near + far) - factorial_over(n, 1.0 - x)


def factorial_over(n: float, x: float) -> float:
    """n! times the sum of 1 / (x + k)^(n+1), for x > 0: through logarithms where a factor overflows."""
    if math.isinf(x) or math.isinf(n):
        return 0.0 if math.isfinite(n) else nan
    first = divide(gamma(n), power(x, n))
    if not 2.3e-308 < first < inf:
        logarithm = lgamma(n) - n * math.log(x)
        first = exp(logarithm) if not isnan(logarithm) else inf if n > x else 0.0
    return first * (n / x * inverse_powers(n + 1.0, x))


def erfinv(x: float) -> float:
    """An estimate (Winitzki's) made exact by Halley's method, on erfc where erf is near 1 and would lose digits."""
    size = abs(x)
    if not size < 1:
        return copysign(inf, x) if size == 1 else nan
    if size < 0.1:
        y = math.sqrt(pi) / 2 * size * (1 + pi / 12 * size * size)
    else:
        log_rest = math.log((1 - size) * (1 + size))
        half = 2 / (0.147 * pi) + log_rest / 2
        y = math.sqrt(math.sqrt(half * half - log_rest / 0.147) - half)
    for _ in range(3):
        error = math.erf(y) - size if size < 0.5 else (1 - size) - math.erfc(y)
        error *= math.sqrt(pi) / 2 * math.exp(y * y)
        y -= error / (1 + y * error)
    return copysign(y, x)


# Where a gate's name is a word of Python's that this module needs, its function has another one.
OTHER_NAMES = {"abs": "abs_", "max": "max_", "min": "min_", "round": "round_half_even"}


def function(gate: str) -> Callable[..., float] | None:
    """The function of a gate, or None where its row says how it is computed."""
    found: Callable[..., float] | None = globals().get(OTHER_NAMES.get(gate, gate))
    return found
