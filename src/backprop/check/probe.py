"""The output as a function of one wire alone: what a numerical derivative is taken of.

It is the forward pass that is run here, gate by gate, on floats or on complex numbers. No rule and no derived circuit has a
part in it, so that it can judge them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from backprop import rules
from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.numbers import complexes

Signature = tuple[float, ...]


class Reading(NamedTuple):
    """The output at a place, and the pieces of all gates with kinks that it came through."""

    value: float
    pieces: Signature


class Probe:
    """Moves one wire and reads the output. `kinked` are the stages whose pieces are in a reading, in its order."""

    def __init__(self, circuit: Circuit, values: list[float], wire: int, upstream: float = 1.0) -> None:
        self.circuit, self.values, self.wire, self.upstream = circuit, values, wire, upstream
        reached = bytearray(len(circuit))
        reached[wire] = 1
        needed = bytearray(len(circuit))
        for stage in circuit.ancestors([circuit.output]):
            needed[stage] = 1
        self.plan: list[tuple[int, Callable[..., float], tuple[int, ...]]] = []
        self.kinked: list[int] = []
        self.sides: list[tuple[int, Callable[..., float], tuple[int, ...]]] = []
        for stage in range(wire + 1, circuit.output + 1):
            gate, inputs = circuit.gates[stage], circuit.inputs[stage]
            if not needed[stage] or not any(reached[source] for source in inputs):
                continue
            reached[stage] = 1
            self.plan.append((stage, rules.forward(gate, len(inputs)), inputs))
            for side in rules.piece(gate, len(inputs)):
                self.kinked.append(stage)
                self.sides.append((stage, side, inputs))
        self.analytic = not self.sides and all(complex_function(circuit.gates[stage]) for stage, _, _ in self.plan)

    @property
    def at(self) -> float:
        """Where the wire stands."""
        return self.values[self.wire]

    def read(self, x: float) -> Reading:
        """The output with the wire at x."""
        values = self.values.copy()
        values[self.wire] = x
        for stage, function, inputs in self.plan:
            values[stage] = function(*[values[source] for source in inputs])
        pieces = tuple(
            [side(*[values[source] for source in inputs], values[stage]) for stage, side, inputs in self.sides]
        )
        return Reading(values[self.circuit.output] * self.upstream, pieces)

    def complex_slope(self) -> float | None:
        """The derivative by the complex step; None where a gate is not analytic, or the numbers do not allow it."""
        x = self.at
        if not self.analytic or (x != 0 and abs(x) < 1e-280):
            return None
        step = 1e-20 * (abs(x) or 1.0)
        values: list[Any] = list(self.values)
        values[self.wire] = complex(x, step)
        for stage, _, inputs in self.plan:
            function = complex_function(self.circuit.gates[stage])
            assert function is not None
            values[stage] = function(*[values[source] for source in inputs])
        out, real = complex(values[self.circuit.output]), self.values[self.circuit.output]
        if not abs(out.real - real) <= 1e-9 * max(abs(real), 1e-300):
            return None  # another branch of the function, or an overflow on the way
        return out.imag / step * self.upstream


def complex_function(gate: Gate) -> Callable[..., Any] | None:
    """A gate on complex numbers: its own function, or its definition; None where it is not analytic."""
    own = complexes.FUNCTIONS.get(gate.name)
    if own is not None or gate.kink or gate.piece or gate.variadic or not gate.definition:
        return own
    body = template(gate.definition, gate.arguments)
    if not all(inner in (INPUT, CONSTANT) or complex_function(inner) for inner in body.gates):
        return None

    def defined(*inputs: Any) -> Any:
        values = dict(enumerate(inputs))
        for wire, inner in enumerate(body.gates):
            if inner is CONSTANT:
                values[wire] = body.constants[wire]
            elif inner is not INPUT:
                function = complex_function(inner)
                assert function is not None
                values[wire] = function(*[values[source] for source in body.inputs[wire]])
        return values[body.output]

    return defined
