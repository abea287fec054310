"""What is drawn: the nodes of a run's picture, with their texts, their numbers, and the wires between them.

A node is a stage with its gate, an input, or a number. Numbers that are the only other operand of a gate are written
into its box (`+1`, `×−1`, `1/x`), as the course notes do. A call of the user's function is one node, and with `fold` so
are a named stage and a sum: then its local gradients are those of a sweep through the stages inside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from backprop.circuit import Circuit
from backprop.differentiate.run import Run, sent_by, sent_through
from backprop.gates import CONSTANT, GATES, INPUT
from backprop.language.printer import OPERATORS, POWER, infix
from backprop.library.stages import Names
from backprop.numbers.shapes import shape_code, shape_of

INPUTS, NUMBERS, STAGES = "input", "number", "gate"  # the kinds of nodes
ADD = GATES["add"]
LARGE = 120  # gates: beyond them a picture is hard to read
SUM = "Σ"
WIRE = "·"  # stands for the wire, where a call is written with its numbers: clip(·, 0, 1)
SYMBOLS = str.maketrans({"-": "−", "*": "×", "/": "÷"})
RELATIONS = {"<=": "≤", ">=": "≥", "!=": "≠", "==": "="}


class Node(NamedTuple):
    """A node: `inputs` are the nodes that feed it, in the order of the operands; `local` its local gradient in each of
    them and `sent` what it sends back, None where nothing flows."""

    wire: int
    kind: str
    name: str
    named: bool  # by the user: then the picture says it
    label: str
    expression: str
    inputs: tuple[int, ...]
    local: tuple[Any, ...]
    sent: tuple[Any, ...]
    value: Any
    gradient: Any


class Scene(NamedTuple):
    """All nodes, each behind those that feed it, and the formula that they draw. `output` is a node."""

    nodes: list[Node]
    output: int
    formula: str
    run: Run
    names: Names

    @property
    def gates(self) -> int:
        """How many gates are drawn."""
        return sum(node.kind == STAGES for node in self.nodes)

    def slots(self, node: Node) -> list[int]:
        """Where the operands of a node stand among the inputs of its stage."""
        return slots_of(self.run.circuit.inputs[node.wire], [self.nodes[source].wire for source in node.inputs])

    def uses(self) -> list[list[tuple[int, int]]]:
        """For each node, which nodes it feeds, as which operand."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for slot, source in enumerate(node.inputs):
                found[source].append((index, slot))
        return found


def scene(run: Run, names: Names, *, fold: bool = False, wrt: Collection[str] | None = None) -> Scene:
    """The picture of a run. `fold` draws named stages and sums as one gate each; `wrt` limits the gradients of inputs
    that are shown."""
    circuit = run.circuit
    members = folded(circuit, names) if fold else called(circuit, names)
    inside = {wire for root, stages in members.items() for wire in stages if wire != root}
    nodes: list[Node] = []
    place: dict[int, int] = {}
    for wire in names.shown():
        if wire in inside:
            continue
        operands = operands_of(circuit, names, wire, members.get(wire))
        label, operands = labelled(circuit, names, wire, operands, members.get(wire) if fold else None)
        for source in operands:
            if source not in place:  # a number that has a wire of its own
                place[source] = len(nodes)
                nodes.append(number_node(run, names, source))
        local, sent = flows(run, wire, operands, members.get(wire, (wire,)))
        place[wire] = len(nodes)
        left_out = wrt is not None and circuit.gates[wire] is INPUT and names.names[wire] not in wrt
        nodes.append(
            Node(
                wire=wire,
                kind=INPUTS if circuit.gates[wire] is INPUT else STAGES,
                name=names.names[wire],
                named=wire in circuit.names,
                label=label,
                expression=expression(circuit, names, wire, members.get(wire, ())),
                inputs=tuple(place[source] for source in operands),
                local=local,
                sent=sent,
                value=run.values[wire],
                gradient=run.gradient(wire) if circuit.active[wire] and not left_out else None,
            )
        )
    formula = circuit.program.text.strip() if circuit.program is not None else ""
    return Scene(nodes, place[circuit.output], formula, run, names)


def opened(run: Run, wrt: Collection[str] | None = None) -> Scene:
    """The picture of a run in which the calls of the user's functions are opened, and each gate is a node."""
    return scene(run, Names(run.circuit, opened=True), wrt=wrt)


def expression(circuit: Circuit, names: Names, wire: int, members: Sequence[int]) -> str:
    """A stage as it is written; one that stands for several, as the user wrote it, in a line."""
    if len(members) > 1 and wire not in names.calls and circuit.program is not None and circuit.nodes[wire] >= 0:
        return " ".join(circuit.program.source_of(circuit.nodes[wire]).split())
    return names.expression(wire)


def number_node(run: Run, names: Names, wire: int) -> Node:
    text = names.text(wire)
    return Node(wire, NUMBERS, text, False, minus(text), text, (), (), (), run.values[wire], None)


# ── which stages a node stands for ──


def called(circuit: Circuit, names: Names) -> dict[int, tuple[int, ...]]:
    """The stages inside each call of the user's functions, by its result."""
    return {output: inner(circuit, call.stages) for output, call in names.calls.items()}


def inner(circuit: Circuit, stages: Iterable[int]) -> tuple[int, ...]:
    """Those of some stages that compute something: no inputs, which have nodes of their own."""
    return tuple(wire for wire in stages if circuit.gates[wire] is not INPUT)


def folded(circuit: Circuit, names: Names) -> dict[int, tuple[int, ...]]:
    """The stages of each node, when stages without a name join the named stage, or the sum, that alone uses them."""
    members: dict[int, tuple[int, ...]] = dict(called(circuit, names))
    hidden = circuit.hidden()
    owner = {wire: root for root, stages in members.items() for wire in stages}
    consumers = circuit.users()
    root_of: dict[int, int] = {}
    for wire in range(len(circuit) - 1, -1, -1):
        if not circuit.inputs[wire] or wire in hidden:
            continue
        users = {owner.get(user, user) for user in consumers[wire]}
        root_of[wire] = wire
        if wire in circuit.names or len(users) != 1:
            continue
        (user,) = users
        root = root_of.get(user, user)
        sums = circuit.gates[wire] is ADD and circuit.gates[user] is ADD
        if (root in circuit.names and root != circuit.output and root not in names.calls) or (
            sums and user not in names.calls
        ):
            root_of[wire] = root
    groups: dict[int, list[int]] = {}
    for wire, root in root_of.items():
        groups.setdefault(root, []).extend(members.get(wire, (wire,)))
    for root, stages in groups.items():
        if len(stages) > 1:
            members[root] = tuple(sorted(stages))
            for wire in stages:
                if wire != root:
                    members.pop(wire, None)
    return members


def operands_of(circuit: Circuit, names: Names, wire: int, members: Sequence[int] | None) -> tuple[int, ...]:
    """The wires that enter a node; for several stages in one, those that come from outside, each once."""
    if members is None or len(members) == 1:
        return circuit.inputs[wire] if wire not in names.calls else names.inputs(wire)
    within = set(members)
    entering = dict.fromkeys(names.inputs(wire)) if wire in names.calls else {}
    seen = set()
    stack = [wire]
    while stack:
        stage = stack.pop()
        if stage in within and circuit.gates[stage] is not CONSTANT:
            if stage not in seen:
                seen.add(stage)
                stack += reversed(circuit.inputs[stage])
        elif stage not in circuit.constants or stage in names.names:
            entering.setdefault(stage)
    return tuple(source for source in entering if source not in within)


# ── what a box says ──


def shape_text(node: Node) -> str:
    """The shape of a node's array, (3×2); nothing for a number."""
    code = shape_code(shape_of(node.value))
    return f"({code})".replace("x", "×") if code else ""


def labelled(
    circuit: Circuit, names: Names, wire: int, operands: tuple[int, ...], folded: Sequence[int] | None
) -> tuple[str, tuple[int, ...]]:
    """The text of a node's box, and those of its operands that are wires."""
    gate = circuit.gates[wire]
    if not operands and (gate is INPUT or gate is CONSTANT):
        return names.names[wire], ()
    if folded is not None and len(folded) > 1 and wire not in names.calls:
        return (names.names[wire] if wire in circuit.names and wire != circuit.output else SUM), operands
    operands = operands if wire in names.calls else names.written(wire, operands)
    literals = [source for source in operands if source in circuit.constants and source not in names.names]
    wires = tuple(source for source in operands if source not in literals)
    name = names.gate(wire)
    if not literals:
        return symbol(name), wires
    if len(wires) <= 1:
        return with_numbers(name, [None if s in wires else names.text(s) for s in operands]), wires
    return symbol(name), operands


def symbol(gate: str) -> str:
    """What stands in the box of a gate."""
    if gate not in OPERATORS:
        return gate
    text = OPERATORS[gate].symbol
    return RELATIONS.get(text, text.translate(SYMBOLS))


def with_numbers(gate: str, operands: list[str | None]) -> str:
    """A gate with the numbers that are its operands; None is the wire: `+1`, `×−1`, `x²`, `1/x`, `clip(·, 0, 1)`."""
    if gate not in OPERATORS or None not in operands:
        return minus(infix(gate, [WIRE if text is None else text for text in operands]))
    left, right = operands
    sign = symbol(gate)
    if right is not None:
        if OPERATORS[gate].precedence == POWER and right in SUPERSCRIPTS:
            return f"x{SUPERSCRIPTS[right]}"
        return f"{sign}{minus(right)}"
    assert left is not None
    if GATES[gate].commutes:
        return f"{sign}{minus(left)}"
    return f"{minus(left)}{'/' if sign == '÷' else sign}x"


SUPERSCRIPTS = {str(digit): mark for digit, mark in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}


def minus(text: str) -> str:
    """A number with the sign that a picture has."""
    return text.replace("-", "−")


# ── what flows back ──


def flows(
    run: Run, wire: int, operands: tuple[int, ...], members: tuple[int, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The local gradients of a node in its operands, and what it sends back to each."""
    circuit = run.circuit
    nothing: tuple[Any, ...] = (None,) * len(operands)
    if not operands or not circuit.active[wire]:
        return nothing, nothing
    if len(members) == 1:
        found = slots_of(circuit.inputs[wire], operands)
        local = run.local_gradients(wire)
        g, inputs = run.sent[wire], circuit.inputs[wire]
        sent = [None] * len(inputs) if g is None else sent_by(run, wire, g)
        if run.arrays:  # of an array that enters twice, there is only the sum of its shares
            sent = [None if operands.count(s) > 1 else p for s, p in zip(inputs, sent, strict=True)]
        return tuple(local[slot] for slot in found), tuple(sent[slot] for slot in found)
    stages, g = sorted(members, reverse=True), run.sent[wire]
    through = {} if shape_of(run.values[wire]) else sent_through(run, wire, 1.0, stages)
    leaving = {} if g is None else sent_through(run, wire, g, stages)
    active = [bool(circuit.active[source]) for source in operands]
    return (
        tuple(
            through.get(source, 0.0) if on and not shape_of(run.values[wire]) else None
            for source, on in zip(operands, active, strict=True)
        ),
        tuple(leaving.get(source) if on else None for source, on in zip(operands, active, strict=True)),
    )


def slots_of(inputs: tuple[int, ...], operands: Sequence[int]) -> list[int]:
    """Where the operands that are drawn stand among a stage's inputs."""
    slots, start = [], 0
    for source in operands:
        slots.append(inputs.index(source, start))
        start = slots[-1] + 1
    return slots
