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
from backprop.differentiate.growing import ADD, MULTIPLY, NOT_EQUAL, UNBROADCAST, WHERE, ZEROS, Growing
from backprop.gates import INPUT


class Derived(NamedTuple):
    """A circuit with its backward pass.

    `value` is the wire of the output. `gradients` has the wire of each variable's gradient; `of[i]` that of stage i
    of the circuit that was derived, where a gradient arrives. `wires[i]` is where stage i now is. `shares` are what the
    stages send to their inputs, in the order of the reverse pass.
    """

    circuit: Circuit
    value: int
    gradients: dict[str, int]
    of: dict[int, int]
    wires: list[int]
    shares: list[Share]

    def moved(self, same: Sequence[int]) -> Derived:
        """The same, in which what was on wire i is on wire `same[i]`."""
        return self._replace(
            value=same[self.value],
            of={stage: same[wire] for stage, wire in self.of.items()},
            gradients={name: same[wire] for name, wire in self.gradients.items()},
            shares=[share._replace(piece=same[share.piece], total=same[share.total]) for share in self.shares],
        )


class Share(NamedTuple):
    """What stage `sender` sends to stage `to`, its input at a place: the wire of the piece, and that of the sum of all
    pieces so far."""

    sender: int
    place: int
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
    careful: bool = False,
) -> Derived:
    """The circuit and its backward pass from `output` (its own output if None) to the variables `wrt` (all if None).

    `upstream` is the gradient on the output: a number, or the name of a new variable. `shapes` are those of the stages,
    where they hold arrays: with them, broadcasting is undone only where it happened. Without them, `arrays` says
    whether there may be any; if it does not, the circuit's own gates and constants do. With `textbook`, rules are spelt
    to be read, and not for their digits, and that nothing comes out of a branch that was not taken is left to the
    reader. With `again`, the gradients are to be derived again: where a slope is that of neither side, nan comes of it.
    With `careful`, no nan comes of factors that nobody hears of; with `some`, neither of the elements of the upstream
    that are 0: they are not asked for.
    Raises a Problem of kind "rule" where a gate has no derivative.
    """
    output = circuit.output if output is None else output
    names = list(circuit.variables if wrt is None else wrt)
    growing = Growing(circuit, shapes)
    active = circuit.descendants([circuit.variables[name] for name in names])
    if isinstance(upstream, str):
        seed = growing.circuit.variables.get(upstream, -1)
        seed = growing.circuit.add_variable(upstream) if seed < 0 else seed
    else:
        seed = growing.constant(upstream)
    stretching = circuit.tensors if arrays is None else arrays
    care = (shapes is not None or arrays is not None, some, some or careful)
    sweep = Sweep(circuit, growing, active, ties, shapes, stretching, textbook, again, care)
    sweep.run(output, seed)
    of, shares = sweep.of, sweep.shares
    gradients = {}
    for name in names:
        wire = circuit.variables[name]
        nothing = growing.put(ZEROS, (wire,)) if shapes is not None and shapes[wire] else growing.constant(0.0)
        gradients[name] = of.get(wire, nothing)
    growing.circuit.output = growing.wires[output]
    return Derived(growing.circuit, growing.wires[output], gradients, of, growing.wires, shares)


class Sweep:
    """The reverse pass over the stages of `circuit`, written as stages of the growing one: gradient wires, and shares.

    `live` holds, for what lies only in branches of a `where` (or of max, relu, an index, …), a wire that is 0 where the
    branch was not taken: a gradient of 0 must not meet an infinite slope there. What is derived without a point is
    there to be read, and leaves that out where a variable gets it.
    """

    def __init__(
        self, circuit: Circuit, growing: Growing, active: bytearray, ties: str,
        shapes: Sequence[tuple[int, ...]] | None, arrays: bool, textbook: bool, again: bool,
        care: tuple[bool, bool, bool],
    ) -> None:  # fmt: skip
        self.known, self.some, self.careful = care
        self.circuit, self.growing, self.active, self.ties = circuit, growing, active, ties
        self.shapes, self.arrays, self.textbook, self.again = shapes, arrays, textbook, again
        self.of: dict[int, int] = {}
        self.live: dict[int, int | None] = {}
        self.shares: list[Share] = []

    def run(self, output: int, seed: int) -> None:
        """Go from the output, with its gradient, to the variables."""
        growing = self.growing
        self.of[output] = seed
        self.live[output] = growing.put(NOT_EQUAL, (seed, growing.constant(0.0))) if self.some else None
        for stage in range(output, -1, -1):
            if stage in self.of and self.active[stage] and self.circuit.gates[stage] is not INPUT:
                if stage in self.circuit.names:
                    growing.settle(self.of[stage])
                self.through(stage)

    def through(self, stage: int) -> None:
        """Send what arrives at a stage on to its inputs."""
        circuit, growing = self.circuit, self.growing
        wire, g, alive = stage, self.of[stage], self.live[stage]
        below = smooth_power(circuit, wire) if self.again else None
        if below is not None:  # it is smooth where what it is a power of has a cusp, which it passes by
            g, alive = growing.sent(g, growing.slope_of_power(*below), alive, False)
            wire = below.wire
        inputs, gate = circuit.inputs[wire], circuit.gates[wire]
        lost = met = None
        if self.again and (below is None or not below.even):
            unless = "" if below is None else "(out != 0)"
            lost, met = growing.lost(gate, self.ties, [g, *inputs, wire], alive, unless) or (None, None)
            if lost is not None and gate.bends_whole:
                g, lost = growing.put(ADD, (g, lost)), None
        wanted = tuple([bool(self.active[source]) for source in inputs])
        if below is not None and below.even:
            texts = rules.Texts({}, list(gate.squared))
        elif self.again and gate.again:
            texts = rules.Texts({}, rules.chosen(gate, gate.again, wanted))
        else:
            texts = rules.shared_texts(gate, len(inputs), self.ties, wanted, self.textbook)
        factors = self.heard(wire, alive) if self.careful and gate.linear and alive is not None else inputs
        scope = growing.scope(gate, [g, *factors, wire], texts.shared)
        for place, (source, text) in enumerate(zip(inputs, texts.rules, strict=True)):
            if text is None or not wanted[place]:
                continue
            ruled = growing.rule(gate, text, scope)
            if gate.routes and growing.literal(ruled) == 0:
                continue  # a branch that is never taken
            piece, taken = self.sent(wire, place, text, ruled, scope, alive)
            if lost is not None and not self.textbook:
                piece = growing.put(ADD, (piece, lost))
                taken = None if taken is None or met is None else growing.put(ADD, (taken, met))
            piece = self.arrive(wire, place, piece, taken)
            self.shares.append(Share(stage, place, source, piece, self.of[source]))

    def sent(
        self, wire: int, place: int, text: str, ruled: int, scope: dict[str, int], alive: int | None
    ) -> tuple[int, int | None]:
        """What a stage sends to one of its inputs by what a rule says, and the mask of where that is alive."""
        gate, inputs = self.circuit.gates[wire], self.circuit.inputs[wire]
        if not gate.mixes:
            if self.textbook:
                return self.growing.put(MULTIPLY, (scope["g"], ruled)), None
            return self.growing.sent(scope["g"], ruled, alive, gate.routes)
        leaf = self.circuit.gates[inputs[place]] is INPUT
        # what is not alive may get a nan of what is not, and an infinite slope at the end of a domain
        heard_in_part = self.careful if gate.linear else not gate.routes and bool(self.known or gate.domain)
        spoils = alive is not None and heard_in_part
        if self.textbook or (leaf and not spoils):
            return ruled, None
        taken = self.growing.taken(gate, text, alive, inputs, wire, place, scope)
        if spoils and taken is not None:
            ruled = self.growing.put(WHERE, (taken, ruled, self.growing.constant(0.0)))
        return ruled, taken

    def heard(self, wire: int, alive: int) -> list[int]:
        """The inputs of a gate that multiplies them, with 0 for those that go into nothing that is alive."""
        growing, gate, inputs = self.growing, self.circuit.gates[wire], self.circuit.inputs[wire]
        texts, flows = gate.reaches(len(inputs), self.ties)
        if sum(flows) < 2 or gate.shares is not None:  # what they share is where they are, and no factor
            return list(inputs)
        scope = growing.scope(gate, [alive, *inputs, wire])
        masks = [
            growing.taken(gate, text, alive, inputs, wire, place, scope) if flow and text else None
            for place, (text, flow) in enumerate(zip(texts, flows, strict=True))
        ]
        return [
            source if mask is None else growing.put(WHERE, (mask, source, growing.constant(0.0)))
            for source, mask in zip(inputs, masks, strict=True)
        ]

    def arrive(self, wire: int, place: int, piece: int, taken: int | None) -> int:
        """Add what is sent to what an input has got: the share, in the input's own shape."""
        growing, source = self.growing, self.circuit.inputs[wire][place]
        if is_stretched(self.circuit, self.shapes, self.arrays, wire, place):
            piece = growing.put(UNBROADCAST, (piece, growing.wires[source]))
            taken = None if taken is None else growing.put(UNBROADCAST, (taken, growing.wires[source]))
        if source not in self.of:
            self.of[source], self.live[source] = piece, taken
        else:
            self.of[source] = growing.put(ADD, (self.of[source], piece))
            before = self.live[source]
            self.live[source] = None if before is None or taken is None else growing.put(ADD, (before, taken))
        return piece


class SmoothPower(NamedTuple):
    """The stage that has a cusp, its exponent, and whether it is a power of its square, which has none."""

    wire: int
    exponent: float
    even: bool


def smooth_power(circuit: Circuit, wire: int) -> SmoothPower | None:
    """What a stage is a power of, where that has a kink and the power has none: `norm(x)^2` is as smooth as x, and
    where `relu(x)` or `min(x, 0)` has its kink at 0, the third power is smooth enough."""
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
    third = 3 <= exponent < inf and (below.squared or below.kink)
    smooth = third or (exponent == 2 and below.squared)
    return SmoothPower(inputs[0], exponent, bool(below.squared)) if smooth else None


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
