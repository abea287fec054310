"""What is made small: a function of one flat vector, which knows its slope, and where its names stand in the vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import second
from backprop.differentiate.run import Run, evaluate, run
from backprop.errors import Problem
from backprop.gates import Gate
from backprop.library import Compiled, Value
from backprop.library.stages import Names
from backprop.numbers.shapes import shape_of, shape_text
from backprop.optimize.parameters import Array, Parameters

SIDE = "first"  # at a kink a step needs a curvature: that of a side


class Objective(Protocol):
    """A function that is made small. All of it is in terms of the flat vector."""

    parameters: Parameters
    start: Array

    def __call__(self, x: Array) -> tuple[float, Array]:
        """The value, and the gradient."""

    def value(self, x: Array) -> float:
        """The value alone."""

    def hvp(self, x: Array, direction: Array) -> Array:
        """The Hessian times a direction."""

    def residuals(self, x: Array) -> tuple[Array, Array]:
        """The residuals whose squares are summed, and their Jacobian."""

    def run(self, x: Array) -> Run:
        """A run of the circuit that an account of a point is made from; of a table, in the row that tells most."""

    def where(self, x: Array) -> str:
        """Where that run is: ` in row 3`, or nothing."""

    def flows(self, x: Array) -> Iterator[tuple[int, float, float]]:
        """Gates that may stop the flow: the stage, the largest gradient on it, the largest local gradient."""

    def flips(self, x: Array, other: Array) -> dict[int, int]:
        """Of a table, gates that are on another side of a kink at the one point than at the other, and in how many
        rows."""

    @property
    def by_row(self) -> bool:
        """Whether it is a sum over the rows of a table."""

    @property
    def names(self) -> Names:
        """What the stages of that run are called."""

    @property
    def residuals_factor(self) -> float:
        """What the sum of the squares is multiplied by to give the value."""


class Formula:
    """A formula at a point: the variables in `wrt` move, the others stand still."""

    residuals_factor = 1.0
    by_row = False

    def __init__(self, compiled: Compiled, at: Mapping[str, Value], wrt: Sequence[str], *, maximize: bool) -> None:
        self.circuit, self.names, self.at = compiled._at(dict(at))
        self.ties = compiled.ties
        self.parameters = Parameters(self.at, wrt)
        self.start = self.parameters.pack(self.at)
        self.sign = -1.0 if maximize else 1.0
        self.left_out = [name for name in self.circuit.variables if name not in wrt]

    def point(self, x: Array) -> dict[str, Value]:
        return {**self.at, **self.parameters.unpack(x)}

    def run(self, x: Array) -> Run:
        return run(self.circuit, self.point(x), ties=self.ties, left_out=self.left_out)

    def __call__(self, x: Array) -> tuple[float, Array]:
        swept = self.run(x)
        gradient = self.parameters.pack(
            {name: swept.gradient(self.circuit.variables[name]) for name in self.parameters.names}
        )
        return self.sign * swept.value, self.sign * gradient

    def value(self, x: Array) -> float:
        return self.sign * float(evaluate(self.circuit, self.point(x))[self.circuit.output])

    def hvp(self, x: Array, direction: Array) -> Array:
        product = second.hvp(self.circuit, self.point(x), self.parameters.unpack(direction), SIDE)
        return self.sign * self.parameters.pack(product)

    def residuals(self, x: Array) -> tuple[Array, Array]:
        from backprop.optimize.squares import residuals_of

        return residuals_of(self.circuit, self.point(x), self.parameters, self.ties)

    def where(self, x: Array) -> str:
        return ""

    def flips(self, x: Array, other: Array) -> dict[int, int]:
        return {}

    def flows(self, x: Array) -> Iterator[tuple[int, float, float]]:
        swept = self.run(x)
        for wire, gate in enumerate(swept.circuit.gates):
            sent = swept.sent[wire]
            if sent is None or not swept.circuit.active[wire] or not may_stop(gate, len(swept.circuit.inputs[wire])):
                continue
            (local,) = swept.local_gradients(wire)
            yield wire, largest(sent), 0.0 if local is None else largest(local)


def largest(value: Value) -> float:
    """The largest magnitude of an array's elements, or of a number."""
    return float(np.abs(value).max(initial=0.0))


def may_stop(gate: Gate, count: int) -> bool:
    """Whether a gate can be dead, saturated or flat."""
    if gate.mixes or gate.variadic or count != 1:
        return False
    return gate.saturates or gate.routes or gate.flat


def check_number(circuit: Circuit, at: Mapping[str, Value]) -> None:
    """The output is a single number. Raises a Problem of kind "shape"."""
    shape = shape_of(evaluate(circuit, at)[circuit.output])
    if shape:
        message = f"the output is {shape_text(shape)}, and only a single number can be made small"
        raise Problem("shape", message, hint="make it a number: sum(…) or mean(…)")
