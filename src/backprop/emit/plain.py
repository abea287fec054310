"""Where a Python program would compute with plain numbers what only NumPy's answer with inf and nan.

Python raises at 1/0 and 0.0**-1, and (-8)**(1/3) is complex. Once an array library has touched a number, it no longer
does. So inputs of a division, a power or a remainder that nothing has touched yet are made arrays first.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from backprop import rules
from backprop.circuit import Circuit
from backprop.gates import CONSTANT, INPUT, Gate

KEEPS = frozenset(["add", "subtract", "multiply", "negate", "identity"])  # plain numbers stay plain
RAISES = frozenset(["divide", "power", "mod"])
COMPARES = frozenset(["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"])


def untouched(circuit: Circuit, wires: Iterable[int]) -> tuple[set[int], set[int]]:
    """The variables that are to be made arrays, and the constants whose arithmetic would raise."""
    roots: dict[int, frozenset[int]] = {}  # what a plain number is computed from
    variables: set[int] = set()
    constants: set[int] = set()
    values = {wire: value for wire, value in circuit.constants.items() if isinstance(value, float)}
    for wire in wires:
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        if gate is INPUT or (gate is CONSTANT and wire in values):
            roots[wire] = frozenset([wire])
            continue
        below = frozenset[int]().union(*(roots.get(source, ()) for source in inputs))
        plain = all(source in roots for source in inputs)
        given = {source for source in below if circuit.gates[source] is INPUT}
        if plain and (gate.name in KEEPS | RAISES | COMPARES or (gate.idempotent and len(inputs) == 1)):
            roots[wire] = below
            if not given:
                values[wire] = float(rules.forward(gate, len(inputs))(*(values[source] for source in inputs)))
                if gate.name in RAISES and not isfinite(values[wire]):
                    constants |= roots[inputs[1]]
            elif gate.name in RAISES and not is_safe(gate, values.get(inputs[1])):
                variables |= given
    return variables, constants


def is_safe(gate: Gate, operand: float | None) -> bool:
    """Whether nothing is raised for this second operand: a small whole power, a divisor that is not 0."""
    return operand in (1.0, 2.0, 3.0, 4.0) if gate.name == "power" else operand not in (None, 0.0)
