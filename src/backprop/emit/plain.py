"""Where a program for an array library would compute with Python's own numbers what raises there: 1/0, 2.0**2000.

Inputs are arrays from the first line on. Constants are Python's numbers, and what is computed of them alone is so, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite

from backprop.circuit import Circuit
from backprop.differentiate import functions
from backprop.gates import Gate

RAISES = frozenset(["divide", "power", "mod"])
KEEPS = RAISES | {"add", "subtract", "multiply", "negate", "identity"}  # Python's numbers stay what they are


def raising(circuit: Circuit, wires: Iterable[int], shapes: Sequence[tuple[int, ...]] | None) -> set[int]:
    """The constants whose arithmetic would raise, or leave the real numbers. Where shapes are known, counts are."""
    values = {wire: value for wire, value in circuit.constants.items() if isinstance(value, float)}
    roots = {wire: {wire} for wire in values}  # the constants that a number is computed from
    found: set[int] = set()
    for wire in wires:
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        if gate.name == "count" and shapes is not None:
            values[wire], roots[wire] = count_of(shapes[inputs[0]], gate), set()
        plain = gate.name in KEEPS or gate.compares or (gate.idempotent and len(inputs) == 1)
        if not inputs or not plain or any(source not in values for source in inputs):
            continue
        values[wire] = float(functions.forward(gate, len(inputs))(*(values[source] for source in inputs)))
        roots[wire] = set().union(*(roots[source] for source in inputs))
        if gate.name in RAISES and not isfinite(values[wire]):
            found |= roots[inputs[1]]
    return found


class Shaped:
    """Something of a shape, for functions that ask for no more."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape


def count_of(shape: tuple[int, ...], gate: Gate) -> float:
    return float(functions.forward(gate, 1, True)(Shaped(shape)))
