"""Where a program for an array library would compute with Python's own numbers what raises there: 1/0, 2.0**2000.

Inputs are arrays from the first line on. Constants are Python's numbers, and what is computed of them alone is so, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from backprop.circuit import Circuit
from backprop.differentiate import functions

RAISES = frozenset(["divide", "power", "mod"])
KEEPS = RAISES | {"add", "subtract", "multiply", "negate", "identity"}  # Python's numbers stay what they are


def raising(circuit: Circuit, wires: Iterable[int]) -> set[int]:
    """The constants whose arithmetic would raise, or leave the real numbers."""
    values = {wire: value for wire, value in circuit.constants.items() if isinstance(value, float)}
    roots = {wire: {wire} for wire in values}  # the constants that a number is computed from
    found: set[int] = set()
    for wire in wires:
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        plain = gate.name in KEEPS or gate.compares or (gate.idempotent and len(inputs) == 1)
        if not inputs or not plain or any(source not in values for source in inputs):
            continue
        values[wire] = float(functions.forward(gate, len(inputs))(*(values[source] for source in inputs)))
        roots[wire] = set().union(*(roots[source] for source in inputs))
        if gate.name in RAISES and not isfinite(values[wire]):
            found |= roots[inputs[1]]
    return found
