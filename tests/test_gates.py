"""The table of gates against its oracle, row by row; and that no number whatever makes a gate raise."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from itertools import product

import pytest

import oracle
from backprop.circuit import lower
from backprop.differentiate import functions, rules
from backprop.differentiate.run import run
from backprop.gates import CONSTANTS, ELEMENTWISE, FAMILIES, GATES, NAMES, TIES, Gate
from backprop.language import parse
from oracle import ACCURACY, ORACLE

ALL = pytest.mark.parametrize("gate", ELEMENTWISE.values(), ids=ELEMENTWISE)

REQUIRED = """
add subtract multiply divide negate power square reciprocal
exp exp2 expm1 log log2 log10 log1p sqrt rsqrt cbrt hypot logaddexp xlogy
sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh sinc
abs sign step floor ceil round trunc mod max min clip where less less_equal greater greater_equal equal not_equal
sigmoid logsigmoid relu leaky_relu elu selu softplus softsign silu gelu mish hardtanh hardsigmoid logit
erf erfc erfinv gamma lgamma digamma polygamma
ln pow neg arcsin arccos arctan arctan2 arcsinh arccosh arctanh σ expit logistic swish clamp fabs heaviside sgn
maximum minimum remainder fix psi gammaln Γ log_sigmoid hard_tanh hard_sigmoid
"""


def test_the_oracle_covers_the_table_exactly() -> None:
    assert list(ORACLE) == [name for name in ELEMENTWISE if name in ORACLE]
    assert set(ORACLE) == set(ELEMENTWISE)
    assert all(row.points for row in ORACLE.values())


# ── digits ──


@ALL
def test_values_and_gradients_have_all_their_digits(gate: Gate) -> None:
    for point in ORACLE[gate.name].points:
        for order, got in oracle.measured(gate, point):
            error = oracle.error(gate.name, point, order, got)
            assert error <= (1e-13, 1e-13, 1e-11)[len(order)], (
                f"{order} at {point}: {got!r} and not {oracle.exact(gate.name, point, order)}"
            )


@pytest.mark.parametrize(
    ("name", "point", "gradients"),
    [
        ("erf", (26.5,), (2 / math.sqrt(math.pi) * math.exp(-(26.5**2)),)),
        ("erf", (-800.0,), (0.0,)),
        ("gelu", (800.0,), (1.0,)),
        ("gelu", (-800.0,), (0.0,)),
        ("hypot", (1e-300, 2.0), (5e-301, 1.0)),
        ("hypot", (-3e307, 4e307), (-0.6, 0.8)),
        ("atan2", (1e-300, 2.0), (0.5, -2.5e-301)),
        ("divide", (1e300, 1e10), (1e-10, -1e280)),
        ("divide", (1e-300, 1e-200), (1e200, -1e100)),
        ("power", (1e-300, 2.0), (2e-300, 0.0)),
        ("logit", (1 - 2**-53,), (2.0**53,)),
        ("sqrt", (5e-324,), (0.5 / math.sqrt(5e-324),)),
        ("mod", (1e17, 3.0), (1.0, -(1e17 // 3))),
        ("sinpi", (0.5,), (0.0,)),
        ("sinc", (1e-300,), (-(math.pi**2) / 3 * 1e-300,)),
        ("digamma", (1e300,), (1e-300,)),
        ("sech", (800.0,), (0.0,)),
        ("cosh", (-800.0,), (-math.inf,)),
    ],
)
def test_gradients_at_the_ends_of_the_range(name: str, point: tuple[float, ...], gradients: tuple[float, ...]) -> None:
    gate, count = GATES[name], len(point)
    got = rules.partials(gate, count, "both", (True,) * count)(*point, functions.forward(gate, count)(*point))
    assert got == pytest.approx(gradients, rel=1e-12, abs=0.0)


def test_second_derivatives_are_finite_where_a_gate_is_saturated() -> None:
    for name in (
        "sigmoid",
        "tanh",
        "softplus",
        "logsigmoid",
        "silu",
        "mish",
        "gelu",
        "erf",
        "sech",
        "softsign",
        "atan",
    ):
        for x in (-1e6, -800.0, -40.0, 40.0, 800.0, 1e6):
            circuit, wires = oracle.second_derivatives(GATES[name], 1, ())
            got = oracle.evaluate(circuit, {"x": x})[wires[0, 0]]
            assert abs(got) < 1e-3, f"{name} at {x}"


# ── IEEE 754 ──

SMALLEST, NORMAL, LARGEST = 5e-324, sys.float_info.min, sys.float_info.max
SIZES = (0.0, SMALLEST, NORMAL, 0.5, 1.0, 3.0, 171.5, 710.0, 2.0**53 + 2, 1e200, float(10**300), LARGEST, math.inf)
NUMBERS = [*(sign * size for size in SIZES for sign in (1.0, -1.0)), math.nan]
FEW = [0.0, -0.0, SMALLEST, 1.0, -2.0, -0.5, 1e308, -1e308, math.inf, -math.inf, math.nan]


def counts(gate: Gate) -> list[int]:
    return [1, 2, 3] if gate.variadic else [gate.arity]


@ALL
def test_no_number_makes_a_gate_raise(gate: Gate) -> None:
    for count in counts(gate):
        forward = functions.forward(gate, count)
        wanted = tuple(rule is not None for rule in gate.rules(count, "both"))
        partials = [rules.partials(gate, count, ties, wanted) for ties in TIES]
        backward = [rules.backward(gate, count, ties, wanted) for ties in TIES]
        conditions = [rules.condition(text, gate, count) for text in (gate.domain,) if text]
        conditions += [rules.kink(gate, count)] if gate.kink else []
        for point in product(NUMBERS if count < 3 else FEW, repeat=count):
            out = forward(*point)
            assert type(out) is float, point
            for each in partials:
                assert all(type(x) is float for x in each(*point, out) if x is not None), point
            for each in backward:
                for g in (1.0, math.inf):
                    assert all(type(x) is float for x in each(g, *point, out) if x is not None), point
            for condition in conditions:
                assert float(condition(*point, out)) >= 0, point


DEFINED_BEYOND = {"atan2"}  # atan2(0, 0) is 0 by IEEE 754, but the point (0, 0) has no angle


@ALL
def test_the_domain_is_where_the_value_is_a_number(gate: Gate) -> None:
    for count in counts(gate):
        domain = rules.condition(gate.domain or "1", gate, count)
        for point in product([x for x in NUMBERS if math.isfinite(x)], repeat=count if count < 3 else 0):
            if not point:
                continue
            out = functions.forward(gate, count)(*point)
            if domain(*point, out):
                assert not math.isnan(out), point
            elif gate.name not in DEFINED_BEYOND:
                assert not math.isfinite(out), point
        assert all(domain(*point, math.nan) for point in ORACLE[gate.name].points if len(point) == count)


@ALL
def test_a_number_that_is_none_is_not_lost(gate: Gate) -> None:
    """nan in, nan out, where the value depends on that input: the exceptions are those of IEEE 754."""
    if gate.name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "where"):
        return
    for count in counts(gate):
        for place in range(count):
            point = [2.0] * count
            point[place] = math.nan
            free = (gate.name, place) in {("leaky_relu", 1), ("elu", 1)}  # the slope below 0 does not count above it
            assert free or math.isnan(functions.forward(gate, count)(*point)), point


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1/0", math.inf), ("-1/0", -math.inf), ("1/-0", -math.inf), ("0/0", math.nan), ("log(0)", -math.inf),
        ("log(-1)", math.nan), ("log1p(-1)", -math.inf), ("log2(0)", -math.inf), ("log10(0)", -math.inf),
        ("sqrt(-1)", math.nan), ("rsqrt(0)", math.inf), ("exp(1000)", math.inf), ("exp(-1000)", 0.0),
        ("sinh(-1000)", -math.inf), ("cosh(-1000)", math.inf), ("atanh(1)", math.inf), ("atanh(-1)", -math.inf),
        ("atanh(2)", math.nan), ("acosh(0.5)", math.nan), ("asin(2)", math.nan), ("sin(inf)", math.nan),
        ("0^-1", math.inf), ("(-0)^-1", -math.inf), ("(-0)^-2", math.inf), ("(-8)^(1/3)", math.nan),
        ("(-1e200)^3", -math.inf), ("0^0", 1.0), ("inf^0", 1.0), ("nan^0", 1.0),
        ("cbrt(-8)", -2.0), ("reciprocal(-0)", -math.inf),
        ("mod(5, 0)", math.nan), ("mod(-7, 3)", 2.0), ("mod(7, -3)", -2.0), ("round(2.5)", 2.0), ("round(-0.5)", -0.0),
        ("gamma(0)", math.inf), ("gamma(-0)", -math.inf), ("gamma(-1)", math.nan), ("gamma(171.7)", math.inf),
        ("gamma(-1e-320)", -math.inf), ("lgamma(0)", math.inf), ("lgamma(-3)", math.inf), ("lgamma(1e308)", math.inf),
        ("digamma(0)", -math.inf), ("digamma(-0)", math.inf), ("digamma(-2)", math.nan), ("polygamma(1, -2)", math.inf),
        ("polygamma(2, 0)", -math.inf), ("polygamma(1.5, 2)", math.nan),
        ("erfinv(1)", math.inf), ("erfinv(-1)", -math.inf), ("erfinv(1.1)", math.nan), ("logit(0)", -math.inf),
        ("logit(1)", math.inf), ("logit(2)", math.nan), ("xlogy(0, 0)", 0.0), ("xlogy(0, inf)", 0.0),
        ("xlogy(1, 0)", -math.inf), ("hypot(inf, nan)", math.inf),
        ("logaddexp(-inf, -inf)", -math.inf), ("logaddexp(inf, -inf)", math.inf),
        ("logaddexp(1000, 1000)", 1000.6931471805599), ("softplus(1000)", 1000.0), ("softplus(-1000)", 0.0),
        ("sigmoid(1000)", 1.0), ("sigmoid(-1000)", 0.0), ("silu(-inf)", -0.0), ("sinc(0)", 1.0), ("sinpi(1e15)", 0.0),
        ("max(1, nan, 3)", math.nan), ("min(nan, 1)", math.nan), ("clip(5, 3, 2)", 2.0), ("step(0)", 1.0),
        ("sign(-0)", 0.0),
    ],
)  # fmt: skip
def test_values_at_the_poles_and_beyond(text: str, value: float) -> None:
    got = run(lower(parse(text)), {}).value
    assert math.isnan(got) if math.isnan(value) else got == value and math.copysign(1, got) == math.copysign(1, value)


# ── the other columns of the table ──

DEFINED = [gate for gate in ELEMENTWISE.values() if gate.definition]


@pytest.mark.parametrize("gate", DEFINED, ids=[gate.name for gate in DEFINED])
def test_a_definition_gives_the_gate(gate: Gate) -> None:
    names = gate.names(gate.arity)
    text = f"{gate.name}({', '.join(names)})"
    whole, opened = (lower(parse(text), shadowed=names, expand=expand) for expand in (False, True))
    assert GATES[gate.name] not in opened.gates
    points = [p for p in ORACLE[gate.name].points if all(1e-3 < abs(x) < 6 for x in p)]
    assert points
    for point in points:
        at = dict(zip(names, point, strict=True))
        one, other = run(whole, at), run(opened, at)
        assert other.value == pytest.approx(one.value, rel=1e-9, abs=1e-12), point
        gradients = other.gradients()
        assert gradients == pytest.approx(one.gradients(), rel=1e-8, abs=1e-11), point


@pytest.mark.parametrize("ties", ["split", "first"])
@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("relu(x)", {"x": 0.0}),
        ("hardtanh(x)", {"x": 1.0}),
        ("hardtanh(x)", {"x": -1.0}),
        ("hardsigmoid(x)", {"x": 3.0}),
        ("hardsigmoid(x)", {"x": -3.0}),
        ("clip(x, a, b)", {"x": 1.0, "a": 1.0, "b": 2.0}),
        ("clip(x, a, b)", {"x": 2.0, "a": 1.0, "b": 2.0}),
        ("clip(x, a, b)", {"x": 1.0, "a": 1.0, "b": 1.0}),
        ("clip(x, a, b)", {"x": 0.0, "a": 1.0, "b": 1.0}),
        ("clip(x, a, b)", {"x": 5.0, "a": 3.0, "b": 2.0}),
    ],
)
def test_a_gate_made_of_max_and_min_breaks_its_ties_as_they_do(text: str, point: dict[str, float], ties: str) -> None:
    whole, opened = (run(lower(parse(text), expand=expand), point, ties=ties) for expand in (False, True))
    assert whole.value == opened.value
    assert whole.gradients() == opened.gradients()


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_a_row_says_what_it_does(gate: Gate) -> None:
    assert 10 <= len(gate.says) <= 120
    assert not gate.says.endswith(".")
    assert gate.family in FAMILIES
    assert gate.variadic or len(gate.rules(gate.arity, "both")) == gate.arity
    assert not gate.domain or gate.needs


@pytest.mark.parametrize("name", REQUIRED.split())
def test_a_gate_answers_to_its_names(name: str) -> None:
    assert name in NAMES


def test_no_name_has_two_meanings() -> None:
    names = [name for gate in GATES.values() for name in (gate.name, *gate.aliases)]
    assert len(names) == len(set(names))
    assert not set(names) & set(CONSTANTS)
    assert all(re.fullmatch(r"\w+", name) for name in names)


def test_the_arithmetic_imports_nothing_heavy() -> None:
    code = (
        "import sys; from backprop.numbers import floats; floats.digamma(2.5), floats.erfinv(0.3), "
        "floats.polygamma(1.0, 2.0); assert not {'numpy', 'scipy', 'lark'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# ── docs/ACCURACY.md ──


def test_the_table_of_accuracy_is_not_stale() -> None:
    """Its rows are those of the gates, and no error is ten times what it says (they vary with the C library)."""
    text = ACCURACY.read_text("utf-8")
    rows = {
        name: cells for name, *cells in re.findall(r"^\| (\w+) \| (\d+) \| (\S+) \| (\S+) \| (\S+) \|$", text, re.M)
    }
    assert list(rows) == list(ELEMENTWISE), "run: python tests/oracle.py --write"
    for name, row in rows.items():
        assert int(row[0]) == len(ORACLE[name].points), f"{name}: run python tests/oracle.py --write"
        for got, stated in zip(oracle.worst_errors(name), row[1:], strict=True):
            bound = 2**-52 if stated == "exact" else float(stated)
            assert got <= 10 * bound, f"{name}: {got} where docs/ACCURACY.md says {stated}"
