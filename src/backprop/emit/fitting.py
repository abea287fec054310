"""Which wires surely have the same shape, and so where nothing need be stretched, or summed back."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from backprop.circuit import Circuit
from backprop.differentiate.algebra import HANDED_ON, Stages
from backprop.differentiate.derive import Derived
from backprop.gates import CONSTANT, GATES, INPUT, Gate

MULTIPLY, LIKE, UNBROADCAST, EXPAND = (GATES[name] for name in ("multiply", "like", "unbroadcast", "expand"))


def forms(circuit: Circuit, shapes: Sequence[tuple[int, ...]] | None = None) -> list[Hashable]:
    """A form for each wire: wires of equal forms have equal shapes, and () is the form of a number.

    These are the shapes where they are known; else what follows from the gates alone.
    """
    if shapes is not None:
        return list(shapes)
    found: list[Hashable] = []
    for wire, (gate, inputs) in circuit.stages():
        found.append(form(circuit, wire, gate, [found[source] for source in inputs]))
    return found


def form(circuit: Circuit, wire: int, gate: Gate, inputs: list[Hashable]) -> Hashable:
    """The form of one wire; its own number where nothing is known."""
    if gate is INPUT:
        return wire
    if gate is CONSTANT:
        return getattr(circuit.constants[wire], "shape", ())
    if gate.shape and gate.shape != "number":
        return inputs[gate.arguments.index(gate.shape)]
    if gate.shape or (gate.settings.get("keepdims") == 0 and gate.settings["axis"] is None):
        return ()
    different = {other for other in inputs if other != ()}
    if gate.mixes or len(different) > 1:
        return wire
    return different.pop() if different else ()


def fitted(derived: Derived, shapes: list[tuple[int, ...]] | None) -> Derived:
    """The same without what the shapes make superfluous: sums over nothing, and stretching before a product.

    `shapes` change with what the wires hold.
    """
    circuit = derived.circuit
    known = forms(circuit, shapes)
    expanded(derived, known, shapes)
    same = list(range(len(circuit)))
    for wire, gate in enumerate(circuit.gates):
        circuit.inputs[wire] = inputs = tuple([same[source] for source in circuit.inputs[wire]])
        if gate in (UNBROADCAST, LIKE) and known[inputs[0]] == known[inputs[1]]:
            same[wire] = inputs[0]
        elif not gate.mixes:
            circuit.inputs[wire] = inputs = slackened(circuit, inputs, known)
            if gate is MULTIPLY and known[wire] in (known[inputs[0]], known[inputs[1]]):
                same[wire] = without_one(circuit, wire, inputs)
    return derived.moved(same)


def slackened(circuit: Circuit, inputs: tuple[int, ...], known: list[Hashable]) -> tuple[int, ...]:
    """Inputs of an element-wise gate that need no stretching, since another input has that shape already."""
    found = list(inputs)
    for place, wire in enumerate(found):
        gate = circuit.gates[wire]
        stretched = gate is LIKE or (gate.name == "spread" and not lacks_axes(gate))
        others = found[:place] + found[place + 1 :]
        if stretched and any(known[other] == known[wire] for other in others):
            found[place] = circuit.inputs[wire][0]
    return tuple(found)


def lacks_axes(gate: Gate) -> bool:
    """Whether what a spread gets has too few dimensions to be stretched by broadcasting alone."""
    return gate.settings["axis"] not in (None, 0) and not gate.settings["keepdims"]


def expanded(derived: Derived, known: list[Hashable], shapes: list[tuple[int, ...]] | None) -> None:
    """Give what is spread no more than the dimensions that it lacks, where each use will stretch it."""
    circuit = derived.circuit
    users = circuit.users()
    shown = {*derived.gradients.values(), *derived.of.values(), *(share.piece for share in derived.shares)}
    for wire, gate in enumerate(circuit.gates):
        if gate.name != "spread" or not lacks_axes(gate) or wire in shown or not users[wire]:
            continue
        if all(stretches(circuit, user, wire, known) for user in users[wire]):
            h, x = circuit.inputs[wire]
            axis = gate.settings["axis"]
            axes = axis if isinstance(axis, tuple) else (axis,)
            if axes and min(axes) < 0 <= max(axes):  # counted from both ends, which PyTorch cannot say without the rank
                if shapes is None:
                    continue
                axis = tuple(sorted([one % len(shapes[x]) for one in axes]))
            circuit.gates[wire], circuit.inputs[wire] = EXPAND.with_options({"axis": axis}), (h,)
            known[wire] = ("expanded", wire)
            if shapes is not None:
                lost = {one % len(shapes[x]) for one in axes}
                shapes[wire] = tuple(1 if place in lost else size for place, size in enumerate(shapes[x]))
                known[wire] = shapes[wire]


def stretches(circuit: Circuit, user: int, wire: int, known: list[Hashable]) -> bool:
    """Whether a gate stretches one of its inputs, since another has the full shape."""
    others = [source for source in circuit.inputs[user] if source != wire]
    return not circuit.gates[user].mixes and any(known[other] == known[wire] for other in others)


def without_one(circuit: Circuit, wire: int, inputs: tuple[int, ...]) -> int:
    """What 1 is multiplied with, unless the user gave a name to either."""
    other = HANDED_ON.passed(Stages(circuit), MULTIPLY, inputs)
    if other is None or wire in circuit.names:
        return wire
    one = inputs[1] if other == inputs[0] else inputs[0]
    return wire if one in circuit.names else other
