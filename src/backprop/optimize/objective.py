"""What is made small: a function of one flat vector, which knows its slope, and where its names stand in the vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import second
from backprop.differentiate.run import Run, evaluate, run
from backprop.errors import Problem
from backprop.gates import Gate
from backprop.library import Compiled, Value
from backprop.library.stages import Names
from backprop.numbers.shapes import Shape, shape_of, shape_text
from backprop.optimize.parameters import Array, Parameters
from backprop.optimize.squares import residuals_of

SIDE = "first"  # at a kink a step needs a curvature: that of a side


class Objective:
    """A function that is made small, in terms of the flat vector: the variables in `wrt` move, the others in `at` stand
    still."""

    by_row = False  # whether it is a sum over the rows of a table
    factor = 1.0  # what the sum of squared residuals is multiplied by to give the value

    def __init__(
        self, circuit: Circuit, names: Names, at: Mapping[str, Value], wrt: Sequence[str], ties: str, maximize: bool
    ) -> None:
        self.circuit, self.names, self.at, self.ties = circuit, names, dict(at), ties
        self.parameters = Parameters(at, wrt)
        self.start = self.parameters.pack(at)
        self.sign = -1.0 if maximize else 1.0
        self.left_out = [name for name in circuit.variables if name not in wrt]

    def __call__(self, x: Array) -> tuple[float, Array]:
        """The value, and the gradient."""
        raise NotImplementedError

    def value(self, x: Array) -> float:
        """The value alone."""
        raise NotImplementedError

    def hvp(self, x: Array, direction: Array) -> Array:
        """The Hessian times a direction."""
        raise NotImplementedError

    def residuals(self, x: Array) -> tuple[Array, Array]:
        """The residuals whose squares are summed, and their Jacobian."""
        raise NotImplementedError

    def point(self, x: Array) -> dict[str, Value]:
        """Where the run is that an account of a point is made from; of a table, in the row that tells most."""
        return {**self.at, **self.parameters.unpack(x)}

    def run(self, x: Array) -> Run:
        """That run."""
        return run(self.circuit, self.point(x), ties=self.ties, left_out=self.left_out)

    def where(self, x: Array) -> str:
        """Where that run is: ` in row 3`, or nothing."""
        return ""

    def flows(self, x: Array) -> Iterator[tuple[int, float, float]]:
        """Gates that may stop the flow: the stage, the largest gradient on it, the largest local gradient; of a table,
        of any row."""
        raise NotImplementedError

    def flips(self, x: Array, other: Array) -> dict[int, int]:
        """Of a table, gates that are on another side of a kink at the one point than at the other, and in how many
        rows."""
        return {}


class Formula(Objective):
    """A formula at a point."""

    def __init__(self, compiled: Compiled, at: Mapping[str, Value], wrt: Sequence[str], *, maximize: bool) -> None:
        super().__init__(*compiled._at(dict(at)), wrt, compiled.ties, maximize)
        check_number(shape_of(evaluate(self.circuit, self.at)[self.circuit.output]))

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
        return residuals_of(self.circuit, self.point(x), self.parameters, self.ties)

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


def check_number(shape: Shape, where: str = "") -> None:
    """The output is a single number. Raises a Problem of kind "shape"."""
    if shape:
        message = f"{where}the output is {shape_text(shape)}, and only a single number can be made small"
        raise Problem("shape", message, hint="make it a number: sum(…) or mean(…)")
