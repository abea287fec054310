"""What holds for any circuit: gradients are slopes, both backward passes agree, printing is a fixed point."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backprop
from backprop.circuit import lower
from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate, run
from backprop.language import parse
from backprop.language.printer import unparse
from circuits import random_expression

SEEDS = st.integers(min_value=0, max_value=10**9)


def slope(text: str, point: dict[str, float], name: str) -> float:
    """A central difference of fourth order, which knows nothing of gradients."""
    circuit = lower(parse(text))
    h = 1e-3

    def at(step: float) -> float:
        return evaluate(circuit, {**point, name: point[name] + step})[circuit.output]

    return (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h)


@settings(max_examples=40, deadline=None)
@given(gates=st.integers(min_value=1, max_value=25), seed=SEEDS)
def test_gradients_are_the_slopes(gates: int, seed: int) -> None:
    text, point = random_expression(gates, seed)
    at = {name: point[name] for name in backprop.compile(text).variables}
    found = backprop.evaluate(text, at)
    for name, gradient in found.gradients.items():
        assert gradient == pytest.approx(slope(text, at, name), rel=1e-6, abs=1e-8)


@settings(max_examples=40, deadline=None)
@given(gates=st.integers(min_value=1, max_value=40), seed=SEEDS)
def test_the_derived_circuit_computes_the_same_bits_as_the_run(gates: int, seed: int) -> None:
    text, point = random_expression(gates, seed)
    circuit = lower(parse(text))
    swept = run(circuit, point)
    derived = derive(circuit)
    values = evaluate(derived.circuit, point)
    assert values[derived.value] == swept.value
    assert {name: values[wire] for name, wire in derived.gradients.items()} == swept.gradients()


PIECEWISE = [
    "where(x > 0, sqrt(x), y)*y",
    "q = sqrt(x); r = log(y); where(x > y, q, r) + where(y > 0.5, r, q)",
    "max(x, sqrt(y), x*y) - min(x, y^3)",
    "relu(x - y)*abs(y) + clip(x*y, -0.5, 0.5) + elu(x, y)",
    "where(x > 0, where(y > 0, log(x*y), 1/x), sqrt(-x))",
    "hardsigmoid(x)*hardtanh(y) + leaky_relu(x*y, 0.2)",
]


@pytest.mark.parametrize("text", PIECEWISE)
@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_derived_and_run_agree_where_branches_are_not_taken(text: str, ties: str) -> None:
    circuit = lower(parse(text))
    derived = derive(circuit, ties=ties)
    for x in (-2.0, -0.5, 0.0, 0.5, 3.0):
        for y in (-1.0, 0.0, 0.25, 2.0):
            swept = run(circuit, {"x": x, "y": y}, ties=ties)
            values = evaluate(derived.circuit, {"x": x, "y": y})
            for name, wire in derived.gradients.items():
                assert same(values[wire], swept.gradients()[name]), (x, y, name)


def same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


@settings(max_examples=25, deadline=None)
@given(gates=st.integers(min_value=1, max_value=8), seed=SEEDS)
def test_the_hessian_is_symmetric_and_is_the_slope_of_the_gradient(gates: int, seed: int) -> None:
    text, point = random_expression(gates, seed)
    compiled = backprop.compile(text)
    at = {name: point[name] for name in compiled.variables}
    hessian = compiled.hessian(at)
    h = 1e-4
    for a in at:
        up, down = (compiled.evaluate({**at, a: at[a] + step}).gradients for step in (h, -h))
        for b in at:
            assert hessian[a][b] == pytest.approx(hessian[b][a], rel=1e-9, abs=1e-12)
            assert hessian[a][b] == pytest.approx((up[b] - down[b]) / (2 * h), rel=1e-5, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(gates=st.integers(min_value=1, max_value=30), seed=SEEDS)
def test_printing_is_a_fixed_point(gates: int, seed: int) -> None:
    text, point = random_expression(gates, seed)
    printed = unparse(parse(text))
    assert unparse(parse(printed)) == printed
    assert run(lower(parse(printed)), point).gradients() == run(lower(parse(text)), point).gradients()
