"""The definitions that programs are written with, where a language has no word for a gate: evaluated on their own."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

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
