"""A sum of squares, taken apart into what is squared: least squares need the residuals."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import second
from backprop.differentiate.run import evaluate
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.optimize.parameters import Array, Parameters


class Square(NamedTuple):
    """A stage whose square, of each element, is a summand; `times` what the square is multiplied by, and `mean` whether
    it is divided by how many elements there are."""

    wire: int
    times: float
    mean: bool


def squares(circuit: Circuit, wire: int, times: float = 1.0, mean: bool = False) -> list[Square]:
    """The squares that a stage is the sum of. Raises a Problem where it is something else."""
    gate, inputs = circuit.gates[wire].name, circuit.inputs[wire]
    constants = [circuit.constants.get(source) for source in inputs]
    if gate in ("sum", "mean") and circuit.gates[wire].settings.get("axis") is None and not mean:
        return squares(circuit, inputs[0], times, gate == "mean")
    if gate == "add":
        return [square for source in inputs for square in squares(circuit, source, times, mean)]
    if gate == "power" and constants[1] == 2.0:
        return [Square(inputs[0], times, mean)]
    if gate == "square":
        return [Square(inputs[0], times, mean)]
    if gate == "multiply":
        if inputs[0] == inputs[1]:
            return [Square(inputs[0], times, mean)]
        for constant, other in ((constants[0], inputs[1]), (constants[1], inputs[0])):
            if isinstance(constant, float) and constant > 0:
                return squares(circuit, other, times * constant, mean)
    if gate == "divide" and isinstance(constants[1], float) and constants[1] > 0:
        return squares(circuit, inputs[0], times / constants[1], mean)
    hint = f"sum((…)^2); another {option('--method')} takes any"
    problem = Problem("option", "least-squares needs a sum of squares", hint=hint)
    raise circuit.locate(problem, wire)


def residuals_of(circuit: Circuit, at: Mapping[str, Any], parameters: Parameters, ties: str) -> tuple[Array, Array]:
    """The residuals at a point, and their slopes in all parameters."""
    values = evaluate(circuit, at)
    residuals, slopes = [], []
    for square in squares(circuit, circuit.output):
        value = np.ravel(values[square.wire])
        factor = sqrt(square.times / (len(value) if square.mean else 1))
        blocks = second.jacobian(with_output(circuit, square.wire), at, parameters.names, ties)
        block = np.hstack([np.reshape(blocks[name], (len(value), -1)) for name in parameters.names])
        residuals.append(factor * value)
        slopes.append(factor * block)
    return np.concatenate(residuals), np.vstack(slopes)


def with_output(circuit: Circuit, wire: int) -> Circuit:
    """The same circuit, seen from another stage."""
    found = copy(circuit)
    found.output = wire
    return found
