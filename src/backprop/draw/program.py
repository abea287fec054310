"""Both passes of a circuit as a straight-line JavaScript function, for the page: every value, gradient, local gradient
and share. It is the derived circuit, stage by stage, in the words of the JavaScript emitter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop.differentiate import rules
from backprop.differentiate.derive import Derived, derive
from backprop.differentiate.growing import Growing
from backprop.draw.scene import Scene
from backprop.emit.helpers import helpers
from backprop.emit.target import Text
from backprop.emit.targets.javascript import JavaScript, helper_text
from backprop.gates import CONSTANT, INPUT

Wires = list[int | None]
UPSTREAM = "gradient on the output"  # the variable: no name of the user's has a blank


def javascript(scene: Scene, ties: str) -> str:
    """The function `passes(x, upstream)`: from the inputs to `value` and `gradient` of each node, and to the `local`
    gradient and the `sent` share of each of its operands; null where nothing flows."""
    circuit = scene.run.circuit
    derived = derive(circuit, ties=ties, upstream=UPSTREAM, shapes=[()] * len(circuit))
    growing = Growing(derived.circuit)
    local = [local_wires(scene, growing, index, ties) for index in range(len(scene.nodes))]
    sent = sent_wires(scene, derived)
    gradient: Wires = [derived.of.get(node.wire) if node.gradient is not None else None for node in scene.nodes]
    value: Wires = [node.wire for node in scene.nodes]
    needed = {wire for row in [*local, *sent, gradient, value] for wire in row if wire is not None}
    target = JavaScript()
    lines = list(stage_lines(growing, target, needed))
    functions = [helper_text(helper) for helper in helpers(target)]
    result = (
        f"return {{value: {names(value)}, gradient: {names(gradient)}, "
        f"local: [{', '.join(map(names, local))}], sent: [{', '.join(map(names, sent))}]}};"
    )
    return "\n".join([*functions, "function passes(x, upstream) {", *lines, result, "}"])


def names(wires: Iterable[int | None]) -> str:
    return f"[{', '.join('null' if wire is None else f'w{wire}' for wire in wires)}]"


def stage_lines(growing: Growing, target: JavaScript, needed: set[int]) -> Iterator[str]:
    """A line for each stage that is needed."""
    circuit = growing.circuit
    given = {wire: f"x[{place}]" for place, wire in enumerate(w for n, w in circuit.variables.items() if n != UPSTREAM)}
    given[circuit.variables[UPSTREAM]] = "upstream"
    for wire in circuit.ancestors(needed):
        gate = circuit.gates[wire]
        if gate is INPUT:
            text = given[wire]
        elif gate is CONSTANT:
            text = target.number(circuit.constants[wire]).text
        else:
            operands = [operand(growing, target, source) for source in circuit.inputs[wire]]
            text = target.counted(target.spell(gate, operands, derived=True)).text
        yield f"const w{wire} = {text};"


def operand(growing: Growing, target: JavaScript, wire: int) -> Text:
    """A stage as an operand: its name, or the number that it is."""
    constant = growing.circuit.constants.get(wire)
    return Text(f"w{wire}") if constant is None else target.number(constant)


def local_wires(scene: Scene, growing: Growing, index: int, ties: str) -> Wires:
    """The wires of a node's local gradients."""
    node, circuit = scene.nodes[index], scene.run.circuit
    gate, inputs = circuit.gates[node.wire], circuit.inputs[node.wire]
    if not node.inputs or not circuit.active[node.wire]:
        return [None] * len(node.inputs)
    wanted = tuple(bool(circuit.active[source]) for source in inputs)
    texts = rules.rule_texts(gate, len(inputs), ties, wanted)
    scope = growing.scope(gate, [node.wire, *inputs, node.wire])  # there is no `g` in them
    wires: Wires = []
    for slot in scene.slots(node):
        text = texts[slot]
        if text is None:
            wires.append(growing.constant(0.0) if wanted[slot] else None)
        else:
            wires.append(growing.rule(gate, text, scope))
    return wires


def sent_wires(scene: Scene, derived: Derived) -> list[Wires]:
    """The wires of the shares that each node sends to its operands."""
    found = {(share.sender, share.place): share.piece for share in derived.shares}
    return [[found.get((node.wire, slot)) for slot in scene.slots(node)] for node in scene.nodes]
