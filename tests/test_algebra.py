"""The algebra: each rewriting keeps what it says, each trait of a gate is true, and each is used where it fits."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import pytest

import backprop
from backprop.circuit import lower
from backprop.differentiate import algebra
from backprop.differentiate.algebra import BITS, DIGITS, ZEROS, Rewriting
from backprop.differentiate.derive import derive
from backprop.differentiate.functions import Texts, forward
from backprop.gates import ELEMENTWISE, GATES
from backprop.language import parse

EVERY = [*algebra.NEUTRAL, *algebra.INTRODUCED, *algebra.SIGNS, *algebra.PARITY, *algebra.POWERS]
POINTS = [0.0, -0.0, 1.0, -1.0, 0.37, -0.73, 2.5, -3.0, 1e-300, 1e200, -1e200, math.inf, -math.inf, math.nan]


def value(text: str, at: dict[str, float]) -> float:
    used = {name: x for name, x in at.items() if name in lower(parse(text)).variables}
    return float(backprop.evaluate(text, **used).value)


def differs(a: float, b: float, keeps: str) -> bool:
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) != math.isnan(b)
    if keeps == BITS:
        return repr(a) != repr(b)
    return a != b if keeps == ZEROS else not math.isclose(a, b, rel_tol=1e-14)


@pytest.mark.parametrize("rewriting", EVERY, ids=lambda one: one.pattern)
def test_a_rewriting_keeps_what_it_says(rewriting: Rewriting) -> None:
    for x, y, c in product(POINTS, POINTS[:8], [0.0, 1.0]):
        at = {"x": x, "y": y, "c": c}
        before, after = value(rewriting.pattern, at), value(rewriting.result, at)
        assert not differs(before, after, rewriting.keeps), (rewriting, at, before, after)


@pytest.mark.parametrize(
    ("name", "inputs", "fits"),
    [
        ("where", ("c", 1.0, 0.0), True),
        ("where", ("c", 2.0, 0.0), False),
        ("where", (3.0, "x", "y"), True),  # a condition is a truth
        ("divide", (1.0, "x"), True),
        ("divide", (3.0, "x"), False),
        ("multiply", ("-x", "-y"), True),
        ("multiply", ("x", "-y"), True),  # turned round
        ("multiply", ("x", "y"), False),
    ],
)
def test_a_pattern_fits_what_it_says(name: str, inputs: tuple[str | float, ...], fits: bool) -> None:
    class Host(Texts):
        def is_boolean(self, text: str | float) -> bool:
            return text == "c"

        def opened(self, text: str | float) -> Any:
            return (GATES["negate"], (text[1:],)) if isinstance(text, str) and text[0] == "-" else None

    found = algebra.Algebra(*EVERY).found(Host(), GATES[name], inputs)
    assert any(True for _ in found) == fits


@pytest.mark.parametrize("name", [name for name, gate in ELEMENTWISE.items() if gate.arity == 1 and not gate.variadic])
def test_parity_is_what_a_minus_sign_does(name: str) -> None:
    function = forward(GATES[name], 1)
    found = [(function(-x), function(x)) for x in POINTS if x == x]
    odd = all(repr(a) == repr(-b) or a != a for a, b in found)
    even = all(repr(a) == repr(b) or a != a for a, b in found)
    assert GATES[name].parity == ("odd" if odd and not even else "even" if even and not odd else "")


def test_gates_of_two_inputs_commute_if_they_say_so() -> None:
    for gate in ELEMENTWISE.values():
        if gate.arity == 2 or gate.variadic:
            function = forward(gate, 2)
            pairs = [(x, y) for x, y in product(POINTS[2:], POINTS[2:]) if x == x and y == y]
            turned = all(repr(function(x, y)) == repr(function(y, x)) for x, y in pairs)
            assert gate.commutes == turned, gate


def test_what_compares_is_0_or_1() -> None:
    assert {gate.name for gate in GATES.values() if gate.compares} == {
        "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "gates"),
    [
        ("-(x*2)", {"multiply", "negate"}),  # what the user typed stays
        ("x - y", {"subtract"}),  # the gradient of y is a number
        ("cos(x) * y", {"cos", "multiply", "sin", "negate"}),
    ],
)
def test_the_derived_circuit_has_no_more_than_it_needs(text: str, gates: set[str]) -> None:
    derived = derive(lower(parse(text)), ["x", "y"] if "y" in text else ["x"]).circuit
    assert {gate.name for gate, inputs in zip(derived.gates, derived.inputs, strict=True) if inputs} == gates


def test_patterns_are_turned_round_where_the_gate_commutes() -> None:
    stages = algebra.Stages(lower(parse("1 * x")))
    wire = stages.circuit.output
    assert algebra.HANDED_ON.passed(stages, GATES["multiply"], stages.circuit.inputs[wire]) == 1
    assert algebra.HANDED_ON.passed(stages, GATES["divide"], stages.circuit.inputs[wire]) is None
    assert DIGITS != BITS
