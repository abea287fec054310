"""A circuit without the kinks that are none, for second derivatives: `max(x*y, y*x)` is x y, `max([x, x])` is x,
`clip(x, 0, x)` is x, `relu(x^2)` is x^2, and what is sorted already is not sorted again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from copy import copy

from backprop.circuit import Circuit
from backprop.gates import GATES, Gate

IDENTITY, MAX, MIN = (GATES[name] for name in ("identity", "max", "min"))
MULTIPLY, POWER, SQUARE = (GATES[name] for name in ("multiply", "power", "square"))

Shapes = Sequence[tuple[int, ...]]


def smoothed(circuit: Circuit, shapes: Shapes | None = None) -> Circuit:
    """The same stages, in which a gate that has nothing to choose makes no choice. Without the stages' shapes, a gate
    may stretch what it takes."""
    if not any(chooses(gate) for gate in circuit.gates):
        return circuit
    found = copy(circuit)
    found.gates, found.inputs, found.plans = circuit.gates[:], circuit.inputs[:], {}
    known, positive = meanings(circuit), never_negative(circuit)
    found.active = circuit.active[:]
    for wire, gate in enumerate(circuit.gates):
        if chooses(gate):
            found.gates[wire], found.inputs[wire] = plainer(circuit, wire, known, positive, shapes)
        if inputs := found.inputs[wire]:
            found.active[wire] = any(found.active[source] for source in inputs)
    return found


def chooses(gate: Gate) -> bool:
    """Whether a gate may have nothing to choose."""
    return gate.idempotent or gate.name in ("clip", "max_of", "min_of") or gate.rectifies or gate.arranges


def meanings(circuit: Circuit) -> list[int]:
    """For each stage the first one that computes the same: the same gate of the same, in whatever order."""
    first: dict[Hashable, int] = {}
    known: list[int] = []
    for wire, (gate, inputs) in circuit.stages():
        of = [known[source] for source in inputs]
        if gate is SQUARE or (gate is POWER and circuit.number(inputs[1]) == 2.0):
            gate, of = MULTIPLY, [of[0], of[0]]
        key: Hashable = (gate, tuple(sorted(of) if gate.commutes else of)) if inputs else wire
        if (constant := circuit.number(wire)) is not None:
            key = repr(constant)
        known.append(of[0] if gate is IDENTITY else first.setdefault(key, wire))
    return known


def never_negative(circuit: Circuit) -> list[bool]:
    """Which stages are 0 or more wherever they are a number."""
    found: list[bool] = []
    for wire, (gate, inputs) in circuit.stages():
        constant = circuit.number(wire)
        if constant is not None:
            sure = constant >= 0
        elif gate is POWER:
            exponent = circuit.number(inputs[1])
            sure = exponent is not None and (exponent % 2 == 0 or (exponent >= 2 and found[inputs[0]]))
        else:
            kept = gate.sign == "kept" and all(found[source] for source in inputs)
            sure = kept or gate.sign == "never negative" or (gate is MULTIPLY and inputs[0] == inputs[1])
        found.append(sure)
    return found


def plainer(
    circuit: Circuit, wire: int, known: list[int], positive: list[bool], shapes: Shapes | None
) -> tuple[Gate, tuple[int, ...]]:
    """What a gate that chooses comes to, and of what."""
    gate, inputs = circuit.gates[wire], circuit.inputs[wire]
    if gate.arranges:
        sorted_already = circuit.gates[inputs[0]] is gate
        return IDENTITY if sorted_already else gate.with_options({"stage": known[wire]}), inputs
    if gate.rectifies:
        return (IDENTITY, inputs[:1]) if positive[inputs[0]] else (gate, inputs)
    if gate.name == "clip":
        x, low, high = inputs
        if known[x] == known[low]:
            return MIN, distinct((x, high), known)
        through, other = (high, x) if known[low] == known[high] else (x, low)
        alike = circuit.number(other) is not None or (shapes is not None and shapes[through] == shapes[wire])
        return (IDENTITY, (through,)) if alike and known[high] in (known[x], known[low]) else (gate, inputs)
    if gate.name in ("max_of", "min_of"):
        parts = stacked(circuit, gate, inputs[0], shapes)
        apart = distinct(parts, known)
        return (MAX if gate.name == "max_of" else MIN, apart) if len(apart) < len(parts) else (gate, inputs)
    inputs = distinct(inputs, known)
    if gate is MAX and 0.0 in [circuit.number(source) for source in inputs]:
        others = tuple([source for source in inputs if circuit.number(source) != 0.0])
        return (gate, others) if all(positive[source] for source in others) else (gate, inputs)
    return gate, inputs


def stacked(circuit: Circuit, gate: Gate, source: int, shapes: Shapes | None) -> tuple[int, ...]:
    """What was stacked along the axis that a reduction takes together, element by element; nothing else."""
    stack, axis = circuit.gates[source], gate.settings["axis"]
    if stack.name != "stack" or gate.settings["keepdims"]:
        return ()
    row = axis is None and shapes is not None and len(shapes[source]) == 1
    return circuit.inputs[source] if row or axis == stack.settings["axis"] else ()


def distinct(wires: tuple[int, ...], known: list[int]) -> tuple[int, ...]:
    """The wires without those that compute the same as one before them."""
    return tuple({known[wire]: wire for wire in reversed(wires)}.values())[::-1]
