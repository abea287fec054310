"""What a listing needs of a derived circuit: each value computed once."""

from __future__ import annotations

from typing import Any

from backprop.derive import UNBROADCAST, Derived
from backprop.gates import GATES, Gate
from backprop.numbers.shapes import shape_of


def shared(derived: Derived) -> Derived:
    """The same with one wire for what is computed in the same way; the stages that the user named stay."""
    circuit = derived.circuit
    first: dict[tuple[Gate, tuple[int, ...]], int] = {}
    same: list[int] = []
    for wire, gate in enumerate(circuit.gates):
        circuit.inputs[wire] = inputs = tuple([same[source] for source in circuit.inputs[wire]])
        found = first.setdefault((gate, inputs), wire) if inputs else wire
        same.append(wire if wire in circuit.names else found)
    derived.value = same[derived.value]
    derived.of = {stage: same[wire] for stage, wire in derived.of.items()}
    derived.gradients = {name: same[wire] for name, wire in derived.gradients.items()}
    derived.shares = [share._replace(piece=same[share.piece], total=same[share.total]) for share in derived.shares]
    return derived


def unstretched(derived: Derived, values: list[Any]) -> None:
    """Take out what undoes a broadcasting that did not happen, as the values of the wires tell."""
    circuit = derived.circuit
    for wire, gate in enumerate(circuit.gates):
        source = circuit.inputs[wire][0] if gate is UNBROADCAST else wire
        if gate is UNBROADCAST and shape_of(values[source]) == shape_of(values[wire]):
            circuit.gates[wire], circuit.inputs[wire] = GATES["identity"], (source,)
