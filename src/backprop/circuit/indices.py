"""Indices: what is written out is part of the gate; its variables are inputs, of which masks choose elements."""

from __future__ import annotations

from backprop.circuit.names import Names
from backprop.circuit.settings import NotFixed, fixed
from backprop.circuit.written import is_truth
from backprop.gates import GATES, INPUT, Gate


def index(lowering: Names, operand: tuple[int, ...], node: int) -> int:
    """The wire of an index: its numbers and slices are fixed and part of the gate, its variables are inputs."""
    program, wires, at = lowering.program, [lowering.operand(operand[0])], []
    for subscript in operand[1:]:
        if is_truth(lowering, subscript) and lowering.wires[subscript] >= 0:
            wires.append(lowering.wires[subscript])
            at.append("wire")
            continue
        try:
            at.append(fixed(program, subscript, lowering.settings))
        except NotFixed as wrong:
            if program.ops[subscript] == "slice":
                message = "the bounds of a slice must be numbers that are written out"
                raise program.problem("shape", message, [wrong.node], tokens=program.tokens_of(node)) from None
            wires.append(lowering.operand(subscript))
            at.append("wire")
    gate = choosing(lowering, GATES["index"].with_options({"at": tuple(at)}), tuple(wires))
    return lowering.circuit.add(gate, tuple(wires), node)


def choosing(lowering: Names, gate: Gate, inputs: tuple[int, ...]) -> Gate:
    """An index whose inputs choose, where they are masks: a function of the user's learns it when it is called."""
    if "wire" not in gate.settings["at"]:
        return gate
    wires = iter(inputs[1:])
    kinds = [
        ("mask" if is_mask(lowering, next(wires)) else item) if isinstance(item, str) else item
        for item in gate.settings["at"]
    ]
    return gate.with_options({"at": tuple(kinds)})


def is_mask(lowering: Names, wire: int) -> bool:
    """Whether a stage is a comparison, or a product of comparisons: as an index it says which elements to take."""
    gate, inputs = lowering.circuit.gates[wire], lowering.circuit.inputs[wire]
    if gate is INPUT:
        return lowering.circuit.names[wire] in lowering.masks
    return gate.compares or (gate.name == "multiply" and all(is_mask(lowering, source) for source in inputs))
