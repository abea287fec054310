"""What the gates are, told a second time: a function of mpmath for every gate, and points in its domain.

Nothing here reads the rules of the table. A derivative is a central difference with as many digits as it takes.
`python tests/oracle.py` prints the measured errors of the table, `--write` puts them into docs/ACCURACY.md.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.circuit import lower
from backprop.differentiate import functions, rules
from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate
from backprop.gates import ELEMENTWISE, Gate
from backprop.language import parse

Point = tuple[float, ...]

DIGITS = (60, 120, 250, 500, 1000, 2000)  # two in a row must agree; saturated gates need hundreds of them
SMALLEST, LARGEST = 5e-324, sys.float_info.max
ACCURACY = Path(__file__).parent.parent / "docs" / "ACCURACY.md"


class Oracle(NamedTuple):
    """A gate's function in mpmath, and points where it is smooth."""

    function: Callable[..., Any]
    points: list[Point]


# ── points ──

TINY = [1e-60, 1e-20, 1e-8, 1e-3]
SIZES = [*TINY, 0.09, 0.11, 0.3, 0.7, 1.0, 1.3, 2.5, 5.3, 17.1, 40.0, 150.5]
LARGE = [371.0, 709.5, 800.0, 1e5, 1e12, 1e154, 1e155, 1e300]


def line(*sizes: float) -> list[Point]:
    """Points on both sides of 0."""
    return [(sign * size,) for size in sizes for sign in (1.0, -1.0)]


def plane(*sizes: float) -> list[Point]:
    """Pairs in all four quadrants."""
    return [*product([sign * size for size in sizes for sign in (1.0, -1.0)], repeat=2)]


def near(*points: float) -> list[Point]:
    """The points, and points just beside them."""
    return [(point + offset,) for point in points for offset in (0.0, 1e-9, -1e-9, 1e-3)]


REAL = [*line(*SIZES, *LARGE), (0.0,)]
STEEP = [*line(*SIZES, 371.0, 709.5, 800.0, 1e12), (0.0,)]  # what grows or fades exponentially
BELL = [*line(*TINY, 0.09, 0.3, 0.7, 1.0, 2.5, 3.3, 5.3, 9.0), (0.0,)]
WAVES = [*line(*SIZES, 1e5, 1e22, 1e154), (0.0,)]
NONZERO = line(1e-300, *SIZES, *LARGE)
POSITIVE = [(size,) for size in (1e-300, *SIZES, *LARGE)]
BENT = line(*SIZES, 371.0, 800.0, 1e12)  # what has a kink at 0
INSIDE = [*line(*TINY, 0.1, 0.3, 0.49, 0.5, 0.51, 0.7, 0.999, 1 - 1e-8, 1 - 2**-53), (0.0,)]  # between -1 and 1
BESIDE = line(0.2, 0.9, 1.5, 2.3, 7.25, 1234.6)  # what steps at whole numbers and halves
PAIRS = [*plane(0.3, 2.5, 40.0), (1e-8, 1e5), (1e12, -3.0), (1e-60, 2.0), (1e60, 1e-60), (-1e300, 1e150)]
UNEQUAL: list[Point] = [
    *((x, y) for x, y in PAIRS if x != y), (1.0, 2.0, 3.0), (5.0, -2.0, 3.0), (4.0,), (1.0, 7.0, -2.0, 0.0),
]  # fmt: skip
GAMMA = [
    *[(size,) for size in (*TINY, 0.1, 0.5, 1.3, 2.0, 2.5, 7.7, 30.3, 100.5, 170.9)],
    *[(-size,) for size in (*TINY, 0.1, 0.3, 0.5, 0.9999, 1.5, 2.01, 4.7, 9.5, 30.2, 99.5, 150.3)],
    *near(1.4616321449683623, -0.504083008264455, -1.5734984731623904),
]

# ── functions ──


def log1p(x: Any) -> Any:
    return mp.log(1 + x)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return log1p(mp.exp(x)) if x < 0 else x + log1p(mp.exp(-x))


def erfc(x: Any) -> Any:
    return mp.erfc(x) if x < 1e4 else mpf(0)


def floor_mod(x: Any, y: Any) -> Any:
    return x - y * mp.floor(x / y)


def clip(x: Any, lo: Any, hi: Any) -> Any:
    return min(max(x, lo), hi)


def fading(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """0 at minus infinity, which times 0 would be nan."""
    return lambda x: mpf(0) if x == -mp.inf else function(x)


def sinc(x: Any) -> Any:
    return mp.sinpi(x) / (mp.pi * x) if x else mpf(1)


def asinh(x: Any) -> Any:
    return mp.sign(x) * mp.log(abs(x) + mp.sqrt(x * x + 1))


SELU_ALPHA = mpf("1.6732632423543772")
SELU_SCALE = mpf("1.0507009873554805")

ORACLE: dict[str, Oracle] = {
    # arithmetic
    "add": Oracle(lambda x, y: x + y, PAIRS),
    "subtract": Oracle(lambda x, y: x - y, PAIRS),
    "multiply": Oracle(lambda x, y: x * y, PAIRS),
    "divide": Oracle(lambda x, y: x / y, PAIRS),
    "negate": Oracle(lambda x: -x, REAL),
    "power": Oracle(
        lambda x, y: x**y,
        [
            (2.0, 3.0), (2.0, -0.5), (0.3, 2.5), (1e-8, 1.5), (1e5, 3.0), (40.0, 100.3), (1 + 1e-9, 1e9), (0.9, -4e2),
            (1e-300, 0.5), (1e-20, 1e-20), (3.0, 1e-60), (7.0, -300.5), (1e155, 1.9), (1.0, 5.0),
            (3.0, 1.0), (3.0, 2.0),
        ],
    ),
    "square": Oracle(lambda x: x * x, REAL),
    "reciprocal": Oracle(lambda x: 1 / x, NONZERO),
    "identity": Oracle(lambda x: x, REAL),
    # exponentials and roots
    "exp": Oracle(mp.exp, [*STEEP, (-745.0,)]),
    "exp2": Oracle(lambda x: mpf(2) ** x, [*STEEP, (1023.9,), (-1074.0,)]),
    "expm1": Oracle(lambda x: mp.exp(x) - 1, [*STEEP, *line(1e-12)]),
    "log": Oracle(mp.log, [*POSITIVE, *near(1.0), (1 - 2**-53,), (SMALLEST,)]),
    "log2": Oracle(lambda x: mp.log(x) / mp.log(2), [*POSITIVE, *near(1.0), (1024.0,), (1e-308,)]),
    "log10": Oracle(lambda x: mp.log(x) / mp.log(10), [*POSITIVE, *near(1.0), (1000.0,), (5.5e-309,), (1e308,)]),
    "log1p": Oracle(log1p, [*POSITIVE, *line(*TINY, 1e-12, 0.3), (-0.999,), (-1 + 2**-53,), (0.0,)]),
    "sqrt": Oracle(mp.sqrt, [*POSITIVE, (SMALLEST,), (LARGEST,)]),
    "rsqrt": Oracle(lambda x: 1 / mp.sqrt(x), [*POSITIVE, (1e-205,)]),
    "cbrt": Oracle(lambda x: mp.sign(x) * mp.cbrt(abs(x)), NONZERO),
    "hypot": Oracle(
        lambda x, y: mp.sqrt(x * x + y * y),
        [
            *PAIRS, (1e200, 1e200), (3e200, -4e200), (1e-200, 1e-200), (-1e-290, 3e-290), (1.0, 1e-8), (0.0, 2.0),
            (1e308, 1e308),
        ],
    ),
    "logaddexp": Oracle(
        lambda x, y: x + softplus(y - x),
        [
            *PAIRS, (800.0, -800.0), (1000.0, 1000.0), (1000.0, 1000.5), (-1000.0, -1001.0), (-math.log(2), -0.69),
            (0.0, 0.0),
        ],
    ),
    "xlogy": Oracle(
        lambda x, y: x * mp.log(y),
        [*product([-2.5, 1e-300, 0.3, 7.0, 1e200], [1e-300, 0.2, 1 + 1e-9, 3.0, 1e200]), (0.0, 2.0)],
    ),
    # trigonometry
    "sin": Oracle(mp.sin, [*WAVES, *near(math.pi, 10 * math.pi)]),
    "cos": Oracle(mp.cos, [*WAVES, *near(math.pi / 2, 10.5 * math.pi)]),
    "tan": Oracle(mp.tan, [*WAVES, *near(math.pi, math.pi / 2 + 1e-8)]),
    "asin": Oracle(mp.asin, INSIDE),
    "acos": Oracle(mp.acos, INSIDE),
    "atan": Oracle(mp.atan, REAL),
    "atan2": Oracle(mp.atan2, [*PAIRS, (1e200, 1e200), (1e-100, -3e-100), (1e-60, 1.0), (1.0, 0.0), (0.0, 2.0)]),
    "sinpi": Oracle(mp.sinpi, [*line(*TINY, 0.25, 0.4, 0.75, 1.9, 1234.6, 1e15 + 0.25), *near(3.0)]),
    "cospi": Oracle(mp.cospi, [*line(*TINY, 0.25, 0.4, 0.75, 1.9, 1234.6, 1e15 + 0.25), *near(2.5)]),
    "sinc": Oracle(
        sinc, [*line(*TINY, 0.03, 0.0999, 0.1001, 0.2, 0.5, 0.75, 1.3, 7.9, 1234.6), *near(1.0, 4.0, 1.4302966)]
    ),
    # hyperbolic
    "sinh": Oracle(mp.sinh, STEEP),
    "cosh": Oracle(mp.cosh, STEEP),
    "tanh": Oracle(mp.tanh, STEEP),
    "sech": Oracle(mp.sech, [*STEEP, *line(712.0, 740.0)]),
    "asinh": Oracle(asinh, REAL),
    "acosh": Oracle(
        lambda x: mp.log(x + mp.sqrt(x - 1) * mp.sqrt(x + 1)),
        [(x,) for x in (1 + 2**-52, 1 + 1e-8, 1.3, 5.0, *LARGE)],
    ),
    "atanh": Oracle(lambda x: (mp.log(1 + x) - mp.log(1 - x)) / 2, INSIDE),
    # piecewise
    "abs": Oracle(abs, NONZERO),
    "sign": Oracle(mp.sign, NONZERO),
    "step": Oracle(lambda x: mpf(x >= 0), NONZERO),
    "floor": Oracle(mp.floor, BESIDE),
    "ceil": Oracle(mp.ceil, BESIDE),
    "round": Oracle(mp.nint, line(0.2, 0.9, 1.6, 2.3, 7.25, 1234.6)),
    "trunc": Oracle(lambda x: mp.sign(x) * mp.floor(abs(x)), BESIDE),
    "mod": Oracle(
        floor_mod,
        [
            (0.4, 0.3), (-7.2, 2.5), (7.2, -2.5), (-0.4, -0.3), (1e5 + 0.1, 7.2), (1e12 + 0.5, 0.7), (1e-300, 2.0),
            (5.0, 1e200),
        ],
    ),
    "max": Oracle(lambda *x: max(x), UNEQUAL),
    "min": Oracle(lambda *x: min(x), UNEQUAL),
    "clip": Oracle(
        clip,
        [(0.3, -1.0, 2.0), (-5.0, -1.0, 2.0), (5.0, -1.0, 2.0), (1.0, 3.0, 2.0), (9.0, 3.0, 2.0), (2.5, 3.0, 2.0)],
    ),
    "where": Oracle(lambda c, x, y: x if abs(c) > 0.5 else y, [(1.0, 2.0, 3.0), (0.0, 2.0, 3.0), (-2.0, 2.0, 3.0)]),
    # comparisons
    "less": Oracle(lambda x, y: mpf(x < y), [(1.0, 2.0), (2.0, 1.0)]),
    "less_equal": Oracle(lambda x, y: mpf(x <= y), [(1.0, 2.0), (2.0, 1.0)]),
    "greater": Oracle(lambda x, y: mpf(x > y), [(1.0, 2.0), (2.0, 1.0)]),
    "greater_equal": Oracle(lambda x, y: mpf(x >= y), [(1.0, 2.0), (2.0, 1.0)]),
    "equal": Oracle(lambda x, y: mpf(x == y), [(1.0, 2.0), (2.0, 1.0)]),
    "not_equal": Oracle(lambda x, y: mpf(x != y), [(1.0, 2.0), (2.0, 1.0)]),
    # activations
    "sigmoid": Oracle(sigmoid, [*STEEP, (-740.0,)]),
    "logsigmoid": Oracle(lambda x: -softplus(-x), [*STEEP, (740.0,)]),
    "relu": Oracle(lambda x: max(x, mpf(0)), BENT),
    "leaky_relu": Oracle(
        lambda x, slope: x if x > 0 else slope * x, [*product([3.0, -3.0, 1e-8, -1e12], [0.01, 0.3, 2.0])]
    ),
    "elu": Oracle(
        lambda x, alpha: x if x > 0 else alpha * (mp.exp(x) - 1),
        [*product([3.0, -3.0, 1e-8, -1e-8, -40.0, -800.0, 800.0], [1.0, 0.3])],
    ),
    "selu": Oracle(lambda x: SELU_SCALE * (x if x > 0 else SELU_ALPHA * (mp.exp(x) - 1)), BENT),
    "softplus": Oracle(softplus, [*STEEP, (-740.0,)]),
    "softsign": Oracle(lambda x: x / (1 + abs(x)), NONZERO),
    "silu": Oracle(fading(lambda x: x * sigmoid(x)), [*STEEP, *near(-1.2784645427610738), (-740.0,)]),
    "gelu": Oracle(
        fading(lambda x: x * erfc(-x / mp.sqrt(2)) / 2),
        [*BELL, *near(-0.7517915246935645), (-20.0,), (-37.0,), (-38.2,), (-40.0,)],
    ),
    "mish": Oracle(fading(lambda x: x * mp.tanh(softplus(x))), [*STEEP, *near(-1.1924358), (-740.0,)]),
    "hardtanh": Oracle(lambda x: clip(x, mpf(-1), mpf(1)), line(1e-300, 0.3, 0.999, 1.001, 50.0)),
    "hardsigmoid": Oracle(lambda x: clip((x + 3) / 6, mpf(0), mpf(1)), line(1e-300, 0.3, 2.999, 3.001, 50.0)),
    "logit": Oracle(
        lambda x: mp.log(x / (1 - x)),
        [(x,) for x in (1e-300, *TINY, 0.1, 0.2499, 0.25, 0.4, 0.5 + 1e-12, 0.6, 0.75, 0.8, 0.999, 1 - 2**-53)],
    ),
    # special functions
    "erf": Oracle(mp.erf, BELL),
    "erfc": Oracle(erfc, [*BELL, (26.5,), (27.2,), (40.0,)]),
    "erfinv": Oracle(mp.erfinv, INSIDE),
    "gamma": Oracle(mp.gamma, GAMMA),
    "lgamma": Oracle(
        lambda x: mp.re(mp.loggamma(x)) if x > 0 else mp.log(abs(mp.gamma(x))),
        [*GAMMA, *near(1.0, 2.0, -2.4570247), (1e5,), (1e155,), (1e300,)],
    ),
    "digamma": Oracle(mp.digamma, [*GAMMA, (1e5,), (1e155,), (1e300,), (-12345.6,)]),
    "polygamma": Oracle(
        lambda n, x: mp.polygamma(int(n), x),
        [
            *product(
                [0.0, 1.0, 2.0, 3.0, 7.0],
                [1e-8, 0.3, 1.0, 5.5, 12.0, 300.0, 1e10, -1e-8, -0.5, -0.98, -3.3, -60.4],
            ),
            (1.0, 1e-150), (1.0, 1e300), (40.0, 3.0), (150.0, 300.0), (169.0, 2.0), (200.0, 10.0),
        ],
    ),
}  # fmt: skip


# ── exact numbers ──


def difference(function: Callable[..., Any], at: list[Any], steps: list[Any], order: tuple[int, ...]) -> Any:
    """The central difference of a function, once for every input in `order`."""
    if not order:
        return function(*at)
    i, rest = order[0], order[1:]
    up, down = at.copy(), at.copy()
    up[i] += steps[i]
    down[i] -= steps[i]
    return (difference(function, up, steps, rest) - difference(function, down, steps, rest)) / (2 * steps[i])


@cache
def exact(name: str, point: Point, order: tuple[int, ...] = ()) -> Any:
    """A gate's value (no order) or derivative (by the inputs in `order`), to 18 digits at least; nan where it has none.

    More and more digits are taken until two results agree. What melts away as digits are added is 0.
    """
    now: Any = None
    for sizes in (point, tuple(1.0 if abs(x) > 1e3 else x for x in point)):  # a wave is shorter than a large input
        for digits in DIGITS:
            before, now = now, attempt(name, point, order, sizes, digits)
            if before and now and abs(now - before) <= abs(now) * mpf(10) ** -18:
                return now
        if now is None:
            return mp.nan
        if abs(now) <= max(abs(before or 0) * mpf(10) ** -100, mpf(10) ** -340):
            return mpf(0)
    raise AssertionError(f"no digits of {name} at {point}, order {order}: {now}")


def attempt(name: str, point: Point, order: tuple[int, ...], sizes: Point, digits: int) -> Any:
    """The number that a count of digits gives, None where the function has no real value at some step."""
    with mp.workdps(digits):
        small = mpf(10) ** (-digits // (len(order) + 2))
        try:
            got = difference(
                ORACLE[name].function, [mpf(x) for x in point], [small * (abs(x) or 1) for x in sizes], order
            )
        except (ValueError, ZeroDivisionError):
            return None
        return None if isinstance(got, mp.mpc) else +got


# ── the table's numbers ──


@cache
def second_derivatives(
    gate: Gate, count: int, fixed: tuple[tuple[int, float], ...]
) -> tuple[Any, dict[tuple[int, int], int]]:
    """The circuit of a gate derived twice, and the wire of each second derivative."""
    names = gate.names(count)
    fixes = "".join(f"{names[i]} = {value!r}; " for i, value in fixed)
    circuit = lower(parse(f"{fixes}{gate.name}({', '.join(names)})"), shadowed=names)
    free = list(circuit.variables)
    once = derive(circuit)
    wires = {}
    growing = once.circuit
    for x in free:
        twice = derive(growing, output=once.gradients[x])
        growing = twice.circuit
        for y in free:
            wires[names.index(x), names.index(y)] = twice.gradients[y]
    return growing, wires


def measured(gate: Gate, point: Point) -> Iterator[tuple[tuple[int, ...], float]]:
    """Value, local gradients and second derivatives of a gate at a point, as the program has them."""
    count = len(point)
    out = functions.forward(gate, count)(*point)
    yield (), out
    partials = gate.rules(count, "both")
    wanted = tuple(rule is not None for rule in partials)
    for i, partial in enumerate(rules.partials(gate, count, "both", wanted)(*point, out)):
        if partial is not None:
            yield (i,), partial
    fixed = tuple((i, point[i]) for i in range(count) if not wanted[i])
    circuit, wires = second_derivatives(gate, count, fixed)
    values = evaluate(
        circuit, {name: x for name, x in zip(gate.names(count), point, strict=True) if name in circuit.variables}
    )
    for order, wire in wires.items():
        yield order, values[wire]


def error(name: str, point: Point, order: tuple[int, ...], got: float) -> float:
    """How far a number is off, relative to what its inputs' last digits may do to it, and at least to itself.

    The sizes that count: the number, and each input times the derivative by it (the condition number times the number).
    Numbers below the normal range have fewer digits, and a few units of the smallest are free.
    """
    right = exact(name, point, tuple(sorted(order)))
    if mp.isnan(right) or math.isnan(got):
        return 0.0 if mp.isnan(right) and math.isnan(got) else math.inf
    if abs(right) > LARGEST:
        return 0.0 if got == math.copysign(math.inf, right) or abs(got) >= LARGEST * (1 - 1e-13) else math.inf
    if math.isinf(got):
        return math.inf
    free = 4 * SMALLEST * max(1.0, *(min(abs(x), 1e3) for x in point))
    off = abs(mpf(got) - right) - free
    if len(order) == 2:  # where a second derivative is nearly 0, it has no digit beyond the last one of the gradient
        free += mpf("1e-15") * abs(exact(name, point, order[:1])) / max(1.0, abs(point[order[1]]))
        off -= free
    if off <= 0:
        return 0.0
    size = abs(right)
    if off > size * mpf("1e-16"):  # the derivatives cost time: only where they matter
        free_inputs = [i for i in range(len(point)) if point[i] and not (name == "polygamma" and i == 0)]
        size = max(
            size,
            sum((abs(mpf(point[i]) * exact(name, point, tuple(sorted((*order, i))))) for i in free_inputs), mpf(0)),
        )
    return float(off / size) if size else math.inf


def worst_errors(name: str) -> tuple[float, float, float]:
    """A gate's worst error over its points: value, local gradients, second derivatives."""
    worst = [0.0, 0.0, 0.0]
    for point in ORACLE[name].points:
        for order, got in measured(ELEMENTWISE[name], point):
            worst[len(order)] = max(worst[len(order)], error(name, point, order, got))
    return worst[0], worst[1], worst[2]


# ── docs/ACCURACY.md ──

MARK = "<!-- measured: python tests/oracle.py --write -->"


def rounded_up(worst: float) -> str:
    """An error in one digit, rounded up; what is below one unit in the last place is that."""
    if worst <= 2**-52:
        return "exact"
    power = math.floor(math.log10(worst))
    digit = math.ceil(worst / 10**power)
    return f"1e{power + 1}" if digit == 10 else f"{digit}e{power}"


def table() -> str:
    """The measured errors of every gate."""
    lines = ["| gate | points | value | local gradients | second derivatives |", "| --- | ---: | ---: | ---: | ---: |"]
    for name in ELEMENTWISE:
        errors = " | ".join(rounded_up(worst) for worst in worst_errors(name))
        lines.append(f"| {name} | {len(ORACLE[name].points)} | {errors} |")
    return "\n".join(lines)


def main() -> None:
    if "--write" not in sys.argv[1:]:
        print(table())
        return
    text, mark, _ = ACCURACY.read_text("utf-8").partition(MARK)
    ACCURACY.write_text(f"{text}{mark}\n\n{table()}\n", "utf-8")


if __name__ == "__main__":
    main()
