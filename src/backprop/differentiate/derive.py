"""The backward pass as a circuit: the stages of a circuit, and behind them a wire for every gradient.

The rules are those of the table, the order of the sums is that of `run`, so both give the same bits. What the
derivation introduces is shared and folded where that changes no value (times 1, plus 0, arithmetic on literals); what
the user typed stays as it is. A derived circuit is a circuit: derive it again for second derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from backprop.circuit import Circuit
from backprop.differentiate import rules
from backprop.differentiate.growing import ADD, MULTIPLY, NOT_EQUAL, UNBROADCAST, ZEROS, Growing
from backprop.gates import INPUT


class Derived:
    """A circuit with its backward pass.

    `value` is the wire of the output. `gradients` has the wire of each variable's gradient; `of[i]` that of stage i
    of the circuit that was derived, where a gradient arrives. `wires[i]` is where stage i now is. `shares` are what the
    stages send to their inputs, in the order of the reverse pass.
    """

    __slots__ = ("circuit", "gradients", "of", "shares", "value", "wires")

    def __init__(
        self,
        circuit: Circuit,
        value: int,
        gradients: dict[str, int],
        of: dict[int, int],
        wires: list[int],
        shares: list[Share],
    ):
        self.circuit = circuit
        self.value = value
        self.gradients = gradients
        self.of = of
        self.wires = wires
        self.shares = shares


class Share(NamedTuple):
    """What stage `sender` sends to stage `to`: the wire of the piece, and that of the sum of all pieces so far."""

    sender: int
    to: int
    piece: int
    total: int


def derive(
    circuit: Circuit,
    wrt: Iterable[str] | None = None,
    *,
    output: int | None = None,
    ties: str = "both",
    upstream: str | float = 1.0,
    shapes: Sequence[tuple[int, ...]] | None = None,
    textbook: bool = False,
    arrays: bool | None = None,
    again: bool = False,
    some: bool = False,
) -> Derived:
    """The circuit and its backward pass from `output` (its own output if None) to the variables `wrt` (all if None).

    `upstream` is the gradient on the output: a number, or the name of a new variable. `shapes` are those of the stages,
    where they hold arrays: with them, broadcasting is undone only where it happened. Without them, `arrays` says
    whether there may be any; if it does not, the circuit's own gates and constants do. With `textbook`, rules are spelt
    to be read, and not for their digits, and that nothing comes out of a branch that was not taken is left to the
    reader. With `again`, the gradients are to be derived again: where a slope is that of neither side, nan comes of it.
    With `some`, the elements of the upstream that are 0 are not asked for, and no nan comes of them.
    Raises a Problem of kind "rule" where a gate has no derivative.
    """
    output = circuit.output if output is None else output
    names = list(circuit.variables if wrt is None else wrt)
    growing = Growing(circuit)
    active = reached_from(circuit, [circuit.variables[name] for name in names])
    if isinstance(upstream, str):
        seed = growing.circuit.variables.get(upstream, -1)
        seed = growing.circuit.add_variable(upstream) if seed < 0 else seed
    else:
        seed = growing.constant(upstream)
    stretching = circuit.tensors if arrays is None else arrays
    of, shares = sweep(circuit, growing, active, output, seed, ties, shapes, stretching, textbook, again, some)
    gradients = {}
    for name in names:
        wire = circuit.variables[name]
        nothing = growing.put(ZEROS, (wire,)) if shapes is not None and shapes[wire] else growing.constant(0.0)
        gradients[name] = of.get(wire, nothing)
    growing.circuit.output = growing.wires[output]
    return Derived(growing.circuit, growing.wires[output], gradients, of, growing.wires, shares)


def reached_from(circuit: Circuit, variables: Iterable[int]) -> bytearray:
    """Which stages depend on some variables."""
    reached = bytearray(len(circuit))
    for wire in variables:
        reached[wire] = 1
    for wire, inputs in enumerate(circuit.inputs):
        for source in inputs:
            reached[wire] |= reached[source]
    return reached


def sweep(
    circuit: Circuit, growing: Growing, active: bytearray, output: int, seed: int, ties: str,
    shapes: Sequence[tuple[int, ...]] | None, arrays: bool, textbook: bool, again: bool,
    some: bool,
) -> tuple[dict[int, int], list[Share]]:  # fmt: skip
    """The reverse pass over the stages of `circuit`, written as stages of the growing one: gradient wires, and shares.

    `live` holds, for what lies only in branches of a `where` (or of max, relu, an index, …), a wire that is 0 where the
    branch was not taken: a gradient of 0 must not meet an infinite slope there.
    """
    of = {output: seed}
    live: dict[int, int | None] = {output: growing.put(NOT_EQUAL, (seed, growing.constant(0.0))) if some else None}
    shares: list[Share] = []
    for stage in range(output, -1, -1):
        wire = stage
        if wire not in of or not active[wire] or circuit.gates[wire] is INPUT:
            continue
        g, alive = of[wire], live[wire]
        if wire in circuit.names:
            growing.settle(g)
        inputs, gate = circuit.inputs[wire], circuit.gates[wire]
        below = smooth_power(circuit, wire) if again else None
        lost = met = None
        if below is not None:  # it is smooth where what it is a power of has a cusp, which it passes by
            g, alive = growing.sent(g, growing.even_slope(*below), alive, False)
            wire = below.wire
            inputs, gate = circuit.inputs[wire], circuit.gates[wire]
        elif again and (rough := gate.rough(len(inputs), ties)):
            lost, met = growing.lost(gate, rough, [g, *inputs, wire], alive)
            if gate.bends_whole:
                g, lost = growing.put(ADD, (g, lost)), None
        wanted = tuple(bool(active[source]) for source in inputs)
        if below is not None:
            texts = rules.Texts({}, list(gate.squared))
        else:
            texts = rules.shared_texts(gate, len(inputs), ties, wanted, textbook)
        scope = growing.scope(gate, [g, *inputs, wire], texts.shared)
        for place, (source, text) in enumerate(zip(inputs, texts.rules, strict=True)):
            if text is None or not wanted[place]:
                continue
            if gate.mixes:
                piece = growing.rule(gate, text, scope)
                leaf = circuit.gates[source] is INPUT or textbook
                taken = None if leaf else growing.taken(gate, text, alive, inputs, wire, place)
            else:
                partial = growing.rule(gate, text, scope)
                if textbook:
                    piece, taken = growing.put(MULTIPLY, (g, partial)), None
                else:
                    piece, taken = growing.sent(g, partial, alive, gate.routes)
            if lost is not None and not textbook:
                piece = growing.put(ADD, (piece, lost))
                taken = None if taken is None or met is None else growing.put(ADD, (taken, met))
            if is_stretched(circuit, shapes, arrays, wire, place):
                piece = growing.put(UNBROADCAST, (piece, growing.wires[source]))
                taken = None if taken is None else growing.put(UNBROADCAST, (taken, growing.wires[source]))
            if source not in of:
                of[source], live[source] = piece, taken
            else:
                of[source] = growing.put(ADD, (of[source], piece))
                before = live[source]
                live[source] = None if before is None or taken is None else growing.put(ADD, (before, taken))
            shares.append(Share(stage, source, piece, of[source]))
    return of, shares


class SmoothPower(NamedTuple):
    """The stage that has a cusp, and how often its square is taken."""

    wire: int
    times: float


def smooth_power(circuit: Circuit, wire: int) -> SmoothPower | None:
    """What a stage is a power of, where that has a kink and the power has none: `norm(x)^2` is as smooth as x, and
    `abs(x)^3` and `relu(x)^3` are smooth enough."""
    gate, inputs = circuit.gates[wire], circuit.inputs[wire]
    exponent = 0.0
    if gate.name == "square":
        exponent = 2.0
    elif gate.name == "multiply":
        one, other = [(circuit.gates[source], circuit.inputs[source]) for source in inputs]
        exponent = 2.0 if inputs[0] == inputs[1] or (one == other and one[1]) else 0.0
    elif gate.name == "power":
        constant = circuit.constants.get(inputs[1])
        exponent = constant if isinstance(constant, float) else 0.0
    below = circuit.gates[inputs[0]] if inputs else gate
    smooth = (exponent == 2 and not below.routes) or 3 <= exponent < inf
    return SmoothPower(inputs[0], exponent / 2) if smooth and below.squared else None


def is_stretched(
    circuit: Circuit, shapes: Sequence[tuple[int, ...]] | None, arrays: bool, wire: int, place: int
) -> bool:
    """Whether what a stage sends to an input may be larger than it; without shapes, arrays may always be."""
    gate, source = circuit.gates[wire], circuit.inputs[wire][place]
    if gate.mixes and not gate.broadcasts:
        return False
    if shapes is None:
        return arrays and len(circuit.inputs[wire]) > 1
    if gate.mixes:
        return bool(shapes[source]) or any(shapes[other] for other in circuit.inputs[wire])
    return shapes[source] != shapes[wire]
