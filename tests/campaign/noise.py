"""What roundings can do to a program: each stage off by its last digits, and how far that moves what comes out.

A difference that the last digits of the stages make, too, is no mistake: a step, a mask or an order that they decide,
or digits that are lost. The stages of the backward pass are not moved: what rules lose is the rules' fault.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import functions
from backprop.differentiate.derive import derive
from backprop.errors import Problem
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.library import Compiled
from backprop.numbers.shapes import shape_of

from .case import Program

TRIES = 6
DIGIT = 2.0**-52
SOLVING = {"inv", "solve", "cholesky", "logdet", "cofactor"}  # of a singular matrix by whatever rounding made of it
ADDING = {"add", "subtract", "sum", "mean", "matmul", "dot", "einsum", "trace", "cumsum", "solve", "inv", "var", "std"}


def rounded(gate: Gate, value: Any, inputs: list[Any], dice: np.random.Generator) -> Any:
    """A value off by a few last digits: by its own, and where a gate adds, by those of what it adds up."""
    size = np.abs(value)
    if gate.name in ADDING:
        size = size + max((np.max(np.abs(one), initial=0.0) for one in inputs), default=0.0)
    return value + 2 * DIGIT * np.where(np.isfinite(size), size, 0.0) * dice.uniform(-1, 1, np.shape(value))


def evaluated(circuit: Circuit, at: dict[str, Any], dice: np.random.Generator | None, ahead: int = 0) -> list[Any]:
    """The values of all stages; with dice, those of the first stages that compute numbers are rounded."""
    values: list[Any] = [0.0] * len(circuit)
    for wire, (gate, sources) in enumerate(zip(circuit.gates, circuit.inputs, strict=True)):
        if gate is INPUT:
            values[wire] = at[circuit.names[wire]]
        elif gate is CONSTANT:
            values[wire] = circuit.constants[wire]
        else:
            inputs = [values[source] for source in sources]
            noise = dice if wire < ahead else None
            if gate.name in SOLVING and noise is not None:
                inputs = [rounded(gate, one, [], noise) for one in inputs]
            value = functions.forward(gate, len(sources), True)(*inputs)
            exact = noise is None or gate.compares or gate.routes or gate.flat
            values[wire] = value if exact else rounded(gate, value, inputs, noise)
    return values


def is_decided_by_roundings(program: Program, tolerance: float = 1e-8, ties: str = "split") -> bool:
    """Whether value and gradients move as the stages are rounded another way."""
    try:
        circuit = Compiled(program.text).circuit(program.at)
        with np.errstate(all="ignore"):
            shapes = [shape_of(value) for value in evaluated(circuit, program.at, None)]
            derived = derive(circuit, shapes=shapes if any(shapes) else None, ties=ties)
            wires = [derived.value, *derived.gradients.values()]
            found = []
            for seed in (None, *range(TRIES)):
                dice = None if seed is None else np.random.default_rng(seed)
                values = evaluated(derived.circuit, program.at, dice, len(circuit))
                found.append(np.concatenate([np.ravel(values[wire]) for wire in wires]))
    except (Problem, ValueError, IndexError, TypeError):  # rounded, a mask chooses another number of elements
        return True
    first = found[0]
    scale = np.max(abs(first), initial=1.0, where=np.isfinite(first))
    return not all(
        one.shape == first.shape and np.allclose(one, first, rtol=tolerance, atol=tolerance * scale, equal_nan=True)
        for one in found[1:]
    )
