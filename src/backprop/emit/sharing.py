"""What a listing needs of a derived circuit: each value computed once, and only gates that the target can say."""

from __future__ import annotations

from collections.abc import Callable

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.derive import Derived, Growing
from backprop.errors import Problem
from backprop.gates import CONSTANT, INPUT, Gate


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


def opened(derived: Derived, says: Callable[[Gate], bool], title: str, hint: str) -> Derived:
    """The same with every gate that the target does not say replaced by its definition.

    Raises a Problem of kind "target" for a gate that has none.
    """
    old = derived.circuit
    growing = Growing(Circuit(old.program))
    new = growing.circuit
    wires: list[int] = []
    for wire, gate in enumerate(old.gates):
        inputs = tuple([wires[source] for source in old.inputs[wire]])
        if gate is INPUT:
            name = next(name for name, variable in old.variables.items() if variable == wire)
            wires.append(new.add_variable(name, old.nodes[wire]))
        elif gate is CONSTANT:
            wires.append(new.add_constant(old.constants[wire], old.nodes[wire]))
        elif says(gate):
            wires.append(new.add(gate, inputs, old.nodes[wire]))
        elif gate.exact:
            wires.append(open_gate(growing, gate, inputs, says))
        else:
            raise unsayable(gate, old, wire, title, hint)
        if wire in old.names and wires[-1] in new.names and gate is not INPUT:
            wires[-1] = new.add(gate, inputs, old.nodes[wire])
        if wire in old.names:
            new.names[wires[-1]] = old.names[wire]
    return Derived(
        new,
        wires[derived.value],
        {name: wires[wire] for name, wire in derived.gradients.items()},
        {stage: wires[wire] for stage, wire in derived.of.items()},
        [wires[wire] for wire in derived.wires],
        [share._replace(piece=wires[share.piece], total=wires[share.total]) for share in derived.shares],
    )


def open_gate(growing: Growing, gate: Gate, inputs: tuple[int, ...], says: Callable[[Gate], bool]) -> int:
    """Write a gate's definition in place of it, and those of the gates in there."""
    body = template(gate.exact, gate.names(len(inputs)))
    wires: list[int] = []
    given = iter(inputs)
    for wire, inner in enumerate(body.gates):
        sources = tuple([wires[source] for source in body.inputs[wire]])
        if inner is INPUT:
            wires.append(next(given))
        elif inner is CONSTANT:
            wires.append(growing.constant(body.constants[wire]))
        elif says(inner) or not inner.exact:
            wires.append(growing.put(inner, sources))
        else:
            wires.append(open_gate(growing, inner, sources, says))
    return wires[body.output]


def unsayable(gate: Gate, circuit: Circuit, wire: int, title: str, hint: str) -> Problem:
    """The problem that a gate cannot be said in a target."""
    program, span = circuit.program, circuit.span(wire)
    return Problem(
        "target",
        f"{gate.name} cannot be said in {title}",
        text=program.text if program is not None and span is not None else None,
        source=program.source if program is not None else None,
        spans=[span] if span is not None else [],
        hint=hint,
    )
