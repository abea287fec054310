"""Gradients at corners, ties, kinks and poles: a table, since no difference quotient can tell them."""

from __future__ import annotations

import math

import pytest

from backprop.circuit import lower
from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate, run
from backprop.gates import TIES
from backprop.language import parse

inf, nan, log2 = math.inf, math.nan, math.log(2)

# text, point, gradients: the same under every rule for ties
ANYWHERE = [
    # x^y in its corners
    ("x^y", {"x": 0, "y": 0}, {"x": 0, "y": -inf}),
    ("x^x", {"x": 0}, {"x": -inf}),
    ("x^y", {"x": 0, "y": 1}, {"x": 1, "y": 0}),
    ("x^y", {"x": 0, "y": 2}, {"x": 0, "y": 0}),
    ("x^y", {"x": 0, "y": 0.5}, {"x": inf, "y": 0}),
    ("x^y", {"x": 0, "y": -1}, {"x": -inf, "y": -inf}),
    ("x^y", {"x": 0, "y": -2}, {"x": -inf, "y": -inf}),
    ("x^y", {"x": -2, "y": 3}, {"x": 12, "y": nan}),
    ("x^y", {"x": -8, "y": 1 / 3}, {"x": nan, "y": nan}),
    ("x^y", {"x": 2, "y": 3}, {"x": 12, "y": 8 * log2}),
    ("x^y", {"x": 2, "y": 0}, {"x": 0, "y": log2}),
    ("x^y", {"x": 1, "y": 7}, {"x": 7, "y": 0}),
    ("x^y", {"x": inf, "y": 0}, {"x": 0, "y": inf}),
    # a constant exponent is a constant: no log of a negative base
    ("x^2", {"x": -3}, {"x": -6}),
    ("x^2", {"x": 0}, {"x": 0}),
    ("x^1", {"x": 0}, {"x": 1}),
    ("x^0", {"x": 0}, {"x": 0}),
    ("x^0", {"x": -3}, {"x": 0}),
    ("x^3", {"x": -2}, {"x": 12}),
    ("x^-1", {"x": -2}, {"x": -0.25}),
    ("x^-2", {"x": -2}, {"x": 0.25}),
    ("x^0.5", {"x": 0}, {"x": inf}),
    ("x^0.5", {"x": -1}, {"x": nan}),
    ("x^(1/3)", {"x": -8}, {"x": nan}),
    ("2^y", {"y": 3}, {"y": 8 * log2}),
    ("0^y", {"y": 2}, {"y": 0}),
    ("x^x", {"x": 1}, {"x": 1}),
    ("x^x^x", {"x": 1}, {"x": 1}),
    # roots, poles, edges
    ("sqrt(x)", {"x": 0}, {"x": inf}),
    ("sqrt(x)", {"x": -1}, {"x": nan}),
    ("sqrt(x)^2", {"x": 0}, {"x": nan}),
    ("sqrt(x^2)", {"x": 0}, {"x": nan}),
    ("sqrt(x * x)", {"x": -3}, {"x": -1}),
    ("cbrt(x)", {"x": 0}, {"x": inf}),
    ("cbrt(x)", {"x": -8}, {"x": 1 / 12}),
    ("log(x)", {"x": 0}, {"x": inf}),
    ("1/x", {"x": 0}, {"x": -inf}),
    ("x/x", {"x": 3}, {"x": 0}),
    ("asin(x)", {"x": 1}, {"x": inf}),
    ("acos(x)", {"x": -1}, {"x": -inf}),
    ("acosh(x)", {"x": 1}, {"x": inf}),
    ("atanh(x)", {"x": 1}, {"x": inf}),
    ("hypot(x, y)", {"x": 0, "y": 0}, {"x": 0, "y": 0}),
    ("hypot(x, y)", {"x": 1e200, "y": 1e200}, {"x": math.sqrt(0.5), "y": math.sqrt(0.5)}),
    ("hypot(x, y)", {"x": 0, "y": -2}, {"x": 0, "y": -1}),
    ("atan2(y, x)", {"y": 0, "x": -1}, {"y": -1, "x": 0}),
    ("atan2(y, x)", {"y": 0, "x": 0}, {"y": nan, "x": nan}),
    ("xlogy(x, y)", {"x": 0, "y": 2}, {"x": log2, "y": 0}),
    ("xlogy(x, y)", {"x": 0, "y": 0}, {"x": -inf, "y": 0}),
    ("xlogy(x, x)", {"x": 1}, {"x": 1}),
    ("sinc(x)", {"x": 0}, {"x": 0}),
    ("sinc(x)", {"x": 1}, {"x": -1}),
    ("logaddexp(x, y)", {"x": 0, "y": 0}, {"x": 0.5, "y": 0.5}),
    ("logaddexp(x, y)", {"x": 1000, "y": 1000}, {"x": 0.5, "y": 0.5}),
    ("logaddexp(x, y)", {"x": 1000, "y": -1000}, {"x": 1, "y": 0}),
    # saturation
    ("sigmoid(x)", {"x": 1000}, {"x": 0}),
    ("sigmoid(x)", {"x": -1000}, {"x": 0}),
    ("sigmoid(x)", {"x": 40}, {"x": math.exp(-40)}),
    ("sigmoid(x)", {"x": -40}, {"x": math.exp(-40)}),
    ("sigmoid(x)", {"x": 0}, {"x": 0.25}),
    ("tanh(x)", {"x": 1000}, {"x": 0}),
    ("tanh(x)", {"x": -20}, {"x": 4 * math.exp(-40)}),
    ("softplus(x)", {"x": 1000}, {"x": 1}),
    ("softplus(x)", {"x": -1000}, {"x": 0}),
    ("logsigmoid(x)", {"x": -1000}, {"x": 1}),
    ("silu(x)", {"x": -1000}, {"x": 0}),
    ("silu(x)", {"x": 1000}, {"x": 1}),
    ("mish(x)", {"x": -1000}, {"x": 0}),
    ("mish(x)", {"x": 1000}, {"x": 1}),
    ("gelu(x)", {"x": 0}, {"x": 0.5}),
    ("silu(x) + gelu(x) + mish(x)", {"x": inf}, {"x": 3}),
    ("silu(x) + gelu(x) + mish(x)", {"x": -inf}, {"x": 0}),
    ("sinc(x)", {"x": -inf}, {"x": 0}),
    ("exp(x)", {"x": 1000}, {"x": inf}),
    ("exp(x)", {"x": -1000}, {"x": 0}),
    ("expm1(x)", {"x": 1e-12}, {"x": 1 + 1e-12}),
    ("log1p(x)", {"x": 1e-12}, {"x": 1 - 1e-12}),
    # one finite slope on both sides of 0
    ("elu(x)", {"x": 0}, {"x": 1}),
    ("softsign(x)", {"x": 0}, {"x": 1}),
    # flat gates send nothing
    ("floor(x)", {"x": 2.5}, {"x": 0}),
    ("floor(x)", {"x": 2}, {"x": 0}),
    ("ceil(x) + round(x) + trunc(x)", {"x": 2.5}, {"x": 0}),
    ("sign(x) + step(x)", {"x": 0}, {"x": 0}),
    ("(x < y) + (x >= y) + (x == y) + (x != y)", {"x": 1, "y": 1}, {"x": 0, "y": 0}),
    ("floor(sqrt(x))", {"x": 0}, {"x": 0}),
    ("x - floor(x)", {"x": 2.5}, {"x": 1}),
    ("mod(x, y)", {"x": 7.5, "y": 2}, {"x": 1, "y": -3}),
    ("mod(x, y)", {"x": -7.5, "y": 2}, {"x": 1, "y": 4}),
    ("mod(x, y)", {"x": 6, "y": 2}, {"x": 1, "y": -3}),
    # a branch that is not taken has gradient exactly 0
    ("where(x > 0, sqrt(x), 0)", {"x": 0}, {"x": 0}),
    ("where(x > 0, log(x), 0)", {"x": -1}, {"x": 0}),
    ("where(x > 0, log(x), 0)", {"x": 0}, {"x": 0}),
    ("where(x > 0, log(x), x)", {"x": 0}, {"x": 1}),
    ("where(x == 0, 1, sin(x)/x)", {"x": 0}, {"x": 0}),
    ("where(x > 0, where(x > 1, sqrt(x - 1), x^2), -x)", {"x": 1}, {"x": 2}),
    ("where(x > 0, where(x > 1, sqrt(x - 1), sqrt(x)), -x)", {"x": 0}, {"x": -1}),
    ("r = sqrt(x); where(x > 0, r, 0)", {"x": 0}, {"x": 0}),
    ("r = sqrt(x); s = 1/r; where(x > 0, s * r, x)", {"x": 0}, {"x": 1}),
    ("r = sqrt(x); where(x > 0, r, 0) + r", {"x": 0}, {"x": inf}),
    ("where(c, x, y)", {"c": 1, "x": 2, "y": 3}, {"c": 0, "x": 1, "y": 0}),
    ("where(c, x, y)", {"c": 0, "x": 2, "y": 3}, {"c": 0, "x": 0, "y": 1}),
    ("where(c, x, x)", {"c": 0, "x": 2}, {"c": 0, "x": 1}),
    ("exp(where(x > 700, 0, x))", {"x": 800}, {"x": 0}),
    # nor has the loser of a max
    ("max(x, sqrt(y))", {"x": 1, "y": 0}, {"x": 1, "y": 0}),
    ("min(x, 1/y)", {"x": 1, "y": 0}, {"x": 1, "y": 0}),
    ("relu(-1 - sqrt(x))", {"x": 0}, {"x": 0}),
    ("clip(sqrt(x), 1, 2)", {"x": 0}, {"x": 0}),
    ("hardtanh(1/x)", {"x": 0}, {"x": 0}),
    # max away from ties, and of the same wire twice
    ("max(x, y, z)", {"x": 1, "y": 3, "z": 2}, {"x": 0, "y": 1, "z": 0}),
    ("min(x, y, z)", {"x": 1, "y": 3, "z": 2}, {"x": 1, "y": 0, "z": 0}),
    ("max(x)", {"x": 1}, {"x": 1}),
    ("max(x, x)", {"x": 2}, {"x": 1}),
    ("min(x, x, x)", {"x": 2}, {"x": 1}),
    ("q = x^2; max(q, q)", {"x": 3}, {"x": 6}),
    ("relu(x)", {"x": 3}, {"x": 1}),
    ("relu(x)", {"x": -3}, {"x": 0}),
    ("leaky_relu(x)", {"x": -3}, {"x": 0.01}),
    ("leaky_relu(x, s)", {"x": -3, "s": 0.1}, {"x": 0.1, "s": -3}),
    ("clip(x, a, b)", {"x": 0, "a": 1, "b": 2}, {"x": 0, "a": 1, "b": 0}),
    ("clip(x, a, b)", {"x": 3, "a": 1, "b": 2}, {"x": 0, "a": 0, "b": 1}),
    ("clip(x, a, b)", {"x": 0, "a": 2, "b": 1}, {"x": 0, "a": 0, "b": 1}),
    ("clip(x, a, b)", {"x": 1.5, "a": 1, "b": 2}, {"x": 1, "a": 0, "b": 0}),
    # fan-out adds up
    ("x * x", {"x": 3}, {"x": 6}),
    ("x - x", {"x": 3}, {"x": 0}),
    ("max(x, y) * x", {"x": 2, "y": 5}, {"x": 5, "y": 2}),
]

# text, point, gradients under `both` (the course notes' 1(x >= y) and 1(y >= x)), `split` and `first`
TIED = [
    ("max(x, y)", {"x": 1, "y": 1}, {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}, {"x": 1, "y": 0}),
    ("min(x, y)", {"x": 1, "y": 1}, {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}, {"x": 1, "y": 0}),
    ("max(y, x)", {"x": 1, "y": 1}, {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}, {"x": 0, "y": 1}),
    ("max(x, y)", {"x": 0.0, "y": -0.0}, {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}, {"x": 1, "y": 0}),
    (
        "max(x, y, z)", {"x": 1, "y": 1, "z": 1},
        {"x": 1, "y": 1, "z": 1}, {"x": 1 / 3, "y": 1 / 3, "z": 1 / 3}, {"x": 1, "y": 0, "z": 0},
    ),
    (
        "max(x, y, z)", {"x": 0, "y": 1, "z": 1},
        {"x": 0, "y": 1, "z": 1}, {"x": 0, "y": 0.5, "z": 0.5}, {"x": 0, "y": 1, "z": 0},
    ),
    ("max(x, y, x)", {"x": 1, "y": 1}, {"x": 1, "y": 1}, {"x": 0.5, "y": 0.5}, {"x": 1, "y": 0}),
    (
        "max(max(x, y), z)", {"x": 1, "y": 1, "z": 0},
        {"x": 1, "y": 1, "z": 0}, {"x": 0.5, "y": 0.5, "z": 0}, {"x": 1, "y": 0, "z": 0},
    ),
    ("max(0, x)", {"x": 0}, {"x": 1}, {"x": 0.5}, {"x": 0}),
    ("max(x, 0)", {"x": 0}, {"x": 1}, {"x": 0.5}, {"x": 1}),
    ("max(x, -x)", {"x": 0}, {"x": 0}, {"x": 0}, {"x": 1}),
    ("abs(x)", {"x": 0}, {"x": 0}, {"x": 0}, {"x": 1}),
    ("abs(x)", {"x": -0.0}, {"x": 0}, {"x": 0}, {"x": 1}),
    ("relu(x)", {"x": 0}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    ("relu(x)", {"x": -0.0}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    ("leaky_relu(x)", {"x": 0}, {"x": 0.01}, {"x": 0.505}, {"x": 1}),
    ("elu(x, alpha=0.5)", {"x": 0}, {"x": 0.5}, {"x": 0.75}, {"x": 1}),
    ("selu(x)", {"x": 0}, {"x": 1.7580993408473766}, {"x": 1.4044001641014285}, {"x": 1.0507009873554805}),
    ("leaky_relu(x, s)", {"x": 0, "s": 0.5}, {"x": 0.5, "s": 0}, {"x": 0.75, "s": 0}, {"x": 1, "s": 0}),
    ("hardtanh(x)", {"x": 1}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    ("hardtanh(x)", {"x": -1}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    ("hardsigmoid(x)", {"x": 3}, {"x": 0}, {"x": 1 / 12}, {"x": 1 / 6}),
    ("hardsigmoid(x)", {"x": -3}, {"x": 0}, {"x": 1 / 12}, {"x": 1 / 6}),
    ("clip(x, -1, 1)", {"x": 1}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    ("clip(x, -1, 1)", {"x": -1}, {"x": 0}, {"x": 0.5}, {"x": 1}),
    (
        "clip(x, a, b)", {"x": 1, "a": 1, "b": 2},
        {"x": 0, "a": 1, "b": 0}, {"x": 0.5, "a": 0.5, "b": 0}, {"x": 1, "a": 0, "b": 0},
    ),
    (
        "clip(x, a, b)", {"x": 2, "a": 1, "b": 2},
        {"x": 0, "a": 0, "b": 1}, {"x": 0.5, "a": 0, "b": 0.5}, {"x": 1, "a": 0, "b": 0},
    ),
    ("clip(x, 0, x)", {"x": 5}, {"x": 1}, {"x": 1}, {"x": 1}),
    ("clip(x, x, b)", {"x": 1, "b": 2}, {"x": 1, "b": 0}, {"x": 1, "b": 0}, {"x": 1, "b": 0}),
]  # fmt: skip

ROWS = [(text, at, ties, expected) for text, at, expected in ANYWHERE for ties in TIES] + [
    (text, at, ties, expected) for text, at, *each in TIED for ties, expected in zip(TIES, each, strict=True)
]


def label(row: tuple[str, dict[str, float], str, dict[str, float]]) -> str:
    text, at, ties, _ = row
    return f"{text} at {', '.join(f'{name}={x:g}' for name, x in at.items())} {ties}"


@pytest.mark.parametrize(("text", "at", "ties", "expected"), ROWS, ids=map(label, ROWS))
def test_gradients(text: str, at: dict[str, float], ties: str, expected: dict[str, float]) -> None:
    circuit = lower(parse(text))
    point = {name: float(x) for name, x in at.items()}
    approximately = pytest.approx(expected, rel=1e-13, abs=0.0, nan_ok=True)
    assert run(circuit, point, ties=ties).gradients() == approximately
    derived = derive(circuit, ties=ties)
    values = evaluate(derived.circuit, point)
    assert {name: values[wire] for name, wire in derived.gradients.items()} == approximately


# Second derivatives where a rule must be guarded: text, point, the derivative by x twice.
TWICE = [
    ("x^2", 0, 2), ("x^2", -3, 2), ("x^3", 0, 0), ("x^3", -2, -12), ("x^1", 0, 0), ("x^0", 0, 0), ("x^4", 0, 0),
    ("x * abs(x)", 0, 0), ("sinc(x)", 0, -(math.pi**2) / 3), ("tanh(x)", 800, 0), ("sigmoid(x)", -800, 0),
    ("softplus(x)", 800, 0), ("where(x > 0, sqrt(x), 0)", 0, 0), ("where(x > 0, log(x), x^2)", -1, 2),
    ("where(x == 0, 1, sin(x)/x)", 0, 0), ("relu(x)^2", 0, 0), ("relu(x)^2", 3, 2), ("relu(x)^2", -3, 0),
    ("max(x, 2)^2", 1, 0), ("exp(-x^2)", 0, -2), ("hypot(x, 1)", 0, 1), ("log1p(x)", 0, -1), ("cosh(x)", 0, 1),
    ("logaddexp(x, 0)", 0, 0.25), ("xlogy(x, x)", 1, 1), ("erf(x)", 0, 0), ("gelu(x)", 0, math.sqrt(2 / math.pi)),
    ("gamma(x)", 1, 1.978111990655945), ("floor(x) * x", 2.5, 0), ("mod(x, 2) * x", 3, 2), ("0^x", 2, 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "x", "expected"), TWICE, ids=[f"{text} at {x}" for text, x, _ in TWICE])
def test_second_derivatives(text: str, x: float, expected: float) -> None:
    once = derive(lower(parse(text)))
    twice = derive(once.circuit, output=once.gradients["x"])
    assert evaluate(twice.circuit, {"x": float(x)})[twice.gradients["x"]] == pytest.approx(
        expected, rel=1e-13, abs=1e-14
    )
