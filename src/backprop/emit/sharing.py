"""What a listing needs of a derived circuit: each value computed once, by gates that the target can say."""

from __future__ import annotations

from typing import Any

from backprop.circuit.lower import template
from backprop.differentiate.derive import Derived
from backprop.differentiate.growing import UNBROADCAST, Growing
from backprop.emit.target import Target
from backprop.errors import Problem
from backprop.errors.spelling import option
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
    return derived.moved(same)


def opened(derived: Derived, target: Target) -> Derived:
    """The same with gates opened into their definitions, down to those that the target says.

    No wire changes its place: a gate that is opened passes on what its definition computes, behind all others. Raises
    a Problem of kind "target" for a gate that has no definition.
    """
    growing = Growing(derived.circuit)
    circuit = growing.circuit
    wire = 0
    while wire < len(circuit):
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        if inputs and not target.says(gate):
            text = gate.exact_at(growing.literal(inputs[0]))
            if not text:
                problem = Problem("target", f"{gate.name} cannot be said in {target.title}", hint=advice(gate, target))
                raise circuit.locate(problem, wire)
            result = growing.splice(template(text, gate.names(len(inputs))), list(inputs))
            circuit.gates[wire], circuit.inputs[wire] = GATES["identity"], (result,)
        wire += 1
    return derived._replace(circuit=circuit)


def advice(gate: Gate, target: Target) -> str:
    """What to do about a gate that has no definition."""
    if gate.approximated:
        from backprop.gates.approximations import MOST_POLYGAMMA

        return f"write the order as a whole number, up to {MOST_POLYGAMMA}: {gate.name}(1, x)"
    if gate.mixes:
        return f"{option('--to', 'latex')} and markdown say every gate"
    return target.advice()


def unstretched(derived: Derived, values: list[Any]) -> None:
    """Take out what undoes a broadcasting that did not happen, as the values of the wires tell."""
    circuit = derived.circuit
    for wire, gate in enumerate(circuit.gates):
        source = circuit.inputs[wire][0] if gate is UNBROADCAST else wire
        if gate is UNBROADCAST and shape_of(values[source]) == shape_of(values[wire]):
            circuit.gates[wire], circuit.inputs[wire] = GATES["identity"], (source,)
