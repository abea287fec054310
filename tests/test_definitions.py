"""The definitions that programs are written with, where a language has no word for a gate: evaluated on their own."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

import backprop
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.run import evaluate
from backprop.gates import ELEMENTWISE, Gate
from oracle import ORACLE, Point

SPECIAL = (math.inf, -math.inf, math.nan, 0.0, -0.0)
DEFINED = [gate for gate in ELEMENTWISE.values() if gate.exact_at(1.0) not in ("", gate.definition)]


def points(gate: Gate) -> Iterator[Point]:
    """The oracle's points of a gate, and those where its numbers are not finite."""
    yield from (point for point in ORACLE[gate.name].points if len(point) == gate.arity)
    for value in SPECIAL:
        yield (2.0, value) if gate.arguments[0] == "n" else (value,) * gate.arity
    for whole in (-3.0, -2.0, -1.0, 1.0, 2.0, 3.0):
        yield (1.0, whole) if gate.arguments[0] == "n" else (whole,) * gate.arity


def defined(gate: Gate, point: Point) -> float:
    """What a gate's exact definition says."""
    circuit = template(gate.exact_at(point[0]), gate.arguments)
    return float(evaluate(circuit, dict(zip(gate.arguments, point, strict=True)))[circuit.output])


@pytest.mark.parametrize("gate", DEFINED, ids=lambda gate: gate.name)
def test_an_exact_definition_says_what_its_gate_says(gate: Gate) -> None:
    """To 1e-13 of the number and of what its inputs' last digits do to it; special points to the last bit."""
    seen = 0
    for point in points(gate):
        if not gate.exact_at(point[0]):
            continue  # an order that is too high
        wanted = functions.forward(gate, len(point))(*point)
        found = defined(gate, point)
        seen += 1
        if not math.isfinite(wanted):
            assert found == wanted or (found != found and wanted != wanted), (point, found, wanted)
        else:
            assert abs(found - wanted) <= 1e-13 * max(1.0, abs(wanted)), (point, found, wanted)
    assert seen > 5


KINKS: list[tuple[str, dict[str, float]]] = [
    ("relu(x)", {"x": 0}), ("hardtanh(x)", {"x": 1}), ("hardtanh(x)", {"x": -1}), ("hardsigmoid(x)", {"x": 3}),
    ("clip(x, y, 1)", {"x": 0, "y": 0}), ("clip(x, 0, y)", {"x": 1, "y": 1}), ("hinge(x, y)", {"x": 1, "y": 1}),
    ("leaky_relu(x)", {"x": 0}), ("leaky_relu(x, slope=0.3)", {"x": 0}), ("elu(x)", {"x": 0}), ("selu(x)", {"x": 0}),
    ("elu(x, alpha=0.5)", {"x": 0}), ("huber(x, y)", {"x": 1, "y": 0}), ("huber(x, y)", {"x": 0, "y": 1}),
    ("max(x, y)", {"x": 1, "y": 1}), ("softsign(x)", {"x": 0}), ("abs(x)", {"x": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at"), KINKS)
def test_at_a_kink_what_is_opened_says_the_same(text: str, at: dict[str, float]) -> None:
    closed, opened = backprop.compile(text), backprop.compile(text, expand=True)
    assert opened.evaluate(at).gradients == pytest.approx(closed.evaluate(at).gradients, rel=1e-12)
    for name, row in closed.hessian(at).items():
        assert opened.hessian(at)[name] == pytest.approx(row, rel=1e-12, nan_ok=True)
    if "(x, y)" not in text and "clip" not in text:
        for ties in ("split", "first"):
            one, other = (backprop.compile(text, ties=ties, expand=expand).evaluate(at) for expand in (False, True))
            assert other.gradients == pytest.approx(one.gradients, rel=1e-12)
