"""The backward pass as a circuit: the stages of a circuit, and behind them a wire for every gradient.

The rules are those of the table, the order of the sums is that of `run`, so both give the same bits. What the
derivation introduces is shared and folded where that changes no value (times 1, plus 0, arithmetic on literals); what
the user typed stays as it is. A derived circuit is a circuit: derive it again for second derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import rules
from backprop.gates import CONSTANT, GATES, INPUT, Gate

ADD, SUBTRACT, NEGATE = GATES["add"], GATES["subtract"], GATES["negate"]
MULTIPLY, DIVIDE, WHERE = GATES["multiply"], GATES["divide"], GATES["where"]
UNBROADCAST, ONES, ZEROS = GATES["unbroadcast"], GATES["ones_like"], GATES["zeros_like"]
NOT_EQUAL = GATES["not_equal"]
SUM, LIKE, SQRT = GATES["sum"], GATES["like"], GATES["sqrt"]
BOOLEANS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


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
    seed = growing.circuit.add_variable(upstream) if isinstance(upstream, str) else growing.constant(upstream)
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
    for wire in range(output, -1, -1):
        if wire not in of or not active[wire] or circuit.gates[wire] is INPUT:
            continue
        g, alive = of[wire], live[wire]
        if wire in circuit.names:
            growing.settle(g)
        inputs, gate = circuit.inputs[wire], circuit.gates[wire]
        if again and gate.has_cusp(ties):
            g = growing.cusped(gate, [g, *inputs, wire], alive)
        wanted = tuple(bool(active[source]) for source in inputs)
        texts = rules.rule_texts(gate, len(inputs), ties, wanted, textbook)
        for place, (source, text) in enumerate(zip(inputs, texts, strict=True)):
            if text is None:
                continue
            if gate.mixes:
                piece = growing.rule(gate, text, [g, *inputs, wire])
                leaf = circuit.gates[source] is INPUT or textbook
                taken = None if leaf else growing.taken(gate, text, alive, inputs, wire, place)
            else:
                partial = growing.rule(gate, text, [g, *inputs, wire])
                if textbook:
                    piece, taken = growing.put(MULTIPLY, (g, partial)), None
                else:
                    piece, taken = growing.sent(g, partial, alive, gate.routes)
            if is_stretched(circuit, shapes, arrays, wire, place):
                piece = growing.put(UNBROADCAST, (piece, growing.wires[source]))
                taken = None if taken is None else growing.put(UNBROADCAST, (taken, growing.wires[source]))
            if source not in of:
                of[source], live[source] = piece, taken
            else:
                of[source] = growing.put(ADD, (of[source], piece))
                before = live[source]
                live[source] = None if before is None or taken is None else growing.put(ADD, (before, taken))
            shares.append(Share(wire, source, piece, of[source]))
    return of, shares


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


class Growing:
    """A copy of a circuit to which stages are added, each only once."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = copied = Circuit(circuit.program)
        self.seen: dict[tuple[Gate, tuple[int, ...]], int] = {}
        self.literals: dict[str, int] = {}
        self.negated: dict[int, int] = {}  # what the derivation negated, by the wire of the result
        self.guarded: dict[int, tuple[int, int]] = {}  # likewise: where it is alive, and what it is there
        copied.gates, copied.inputs, copied.nodes = circuit.gates[:], circuit.inputs[:], circuit.nodes[:]
        copied.active = circuit.active[:]
        copied.constants, copied.variables = dict(circuit.constants), dict(circuit.variables)
        copied.names, copied.labels = dict(circuit.names), dict(circuit.labels)
        copied.opened = list(circuit.opened)
        self.wires = list(range(len(circuit)))
        for wire, (gate, inputs) in enumerate(zip(circuit.gates, circuit.inputs, strict=True)):
            if inputs:
                self.seen.setdefault((gate, inputs), wire)
        for wire, value in circuit.constants.items():
            # k = 2 is a stage of the user's, and not what a rule means by 2
            if isinstance(value, float) and wire not in circuit.names:
                self.literals.setdefault(repr(value), wire)

    def constant(self, value: float) -> int:
        """The wire of a number."""
        key = repr(value)
        if key not in self.literals:
            self.literals[key] = self.circuit.add_constant(value)
        return self.literals[key]

    def literal(self, wire: int) -> float | None:
        """The number on a wire that is a literal."""
        value = self.circuit.constants.get(wire)
        return value if isinstance(value, float) else None

    def put(self, gate: Gate, inputs: tuple[int, ...]) -> int:
        """The wire of a gate's result: folded, found, or added."""
        numbers = [self.literal(wire) for wire in inputs]
        known = [number for number in numbers if number is not None]
        if len(known) == len(inputs) and not gate.mixes:
            return self.constant(float(rules.forward(gate, len(inputs))(*known)))
        same = self.neutral(gate.name, inputs, numbers)
        if same is not None:
            return same
        if gate is MULTIPLY and -1.0 in numbers:
            return self.put(NEGATE, (inputs[1 - numbers.index(-1.0)],))
        unsigned = self.unsigned(gate, inputs)
        if unsigned is not None:
            return unsigned
        key = (gate, inputs)
        if key not in self.seen:
            self.seen[key] = self.circuit.add(gate, inputs)
            if gate is NEGATE:
                self.negated[self.seen[key]] = inputs[0]
        return self.seen[key]

    def unsigned(self, gate: Gate, inputs: tuple[int, ...]) -> int | None:
        """The same without the signs that the derivation introduced: drawn out of a product, a sum made a difference.

        In floating point, too, this changes no value.
        """
        turned = [wire in self.negated for wire in inputs]
        if not any(turned):
            return None
        bare = tuple([self.negated.get(wire, wire) for wire in inputs])
        if gate is NEGATE:
            return bare[0]
        if gate in (MULTIPLY, DIVIDE):
            product = self.put(gate, bare)
            return product if all(turned) else self.put(NEGATE, (product,))
        if gate is ADD and not all(turned):
            return self.put(SUBTRACT, bare if turned[1] else bare[::-1])
        if gate is SUBTRACT and turned == [False, True]:
            return self.put(ADD, bare)
        return None

    def neutral(self, name: str, inputs: tuple[int, ...], numbers: list[float | None]) -> int | None:
        """The input that a gate passes on unchanged, whatever its value, because of what the others are."""
        if name == "where" and numbers[0] is not None:
            return inputs[1] if numbers[0] else inputs[2]
        if name == "where" and numbers[1:] == [1.0, 0.0] and self.is_boolean(inputs[0]):
            return inputs[0]
        if name == "multiply" and 1.0 in numbers:
            return inputs[1 - numbers.index(1.0)]
        if name == "add" and 0.0 in numbers:
            return inputs[1 - numbers.index(0.0)]
        if (name in ("power", "divide") and numbers[1] == 1.0) or (name == "subtract" and numbers[1] == 0.0):
            return inputs[0]
        return None

    def splice(self, rule: Circuit, scope: list[int]) -> int:
        """The stages of a rule, with its variables standing for the wires in `scope`."""
        wires: list[int] = []
        variables = iter(scope)
        for wire, gate in enumerate(rule.gates):
            if gate is INPUT:
                wires.append(next(variables))
            elif gate is CONSTANT:
                value = rule.constants[wire]  # an array is the value of an option, and no part of what is computed
                wires.append(self.constant(value) if isinstance(value, float) else -1)
            else:
                wires.append(self.put(gate, tuple([wires[source] for source in rule.inputs[wire]])))
        return wires[rule.output]

    def rule(self, gate: Gate, text: str, scope: list[int]) -> int:
        """The stages of a gate's rule, over the gradient from above, the inputs and the output."""
        return self.splice(template(text, ("g", *gate.names(len(scope) - 2), "out"), gate), scope)

    def taken(
        self, gate: Gate, text: str, alive: int | None, inputs: tuple[int, ...], wire: int, place: int
    ) -> int | None:
        """Where what a gate that mixes elements sends is alive: its rule for masks, with ones for what flows."""
        if alive is None and not gate.routes:
            return None
        above = self.put(ONES, (wire,)) if alive is None else self.put(LIKE, (alive, wire))
        if not gate.routes and not gate.linear:  # all elements are alive where any is
            return self.put(LIKE, (self.put(SUM, (above,)), inputs[place]))
        _, flows = gate.reaches(len(inputs), "both")
        shown = [self.put(ONES, (other,)) if ones else other for other, ones in zip(inputs, flows, strict=True)]
        return self.rule(gate, (gate.reach[place] or "0") if gate.reach else text, [above, *shown, wire])

    def sent(self, g: int, partial: int, alive: int | None, routes: bool) -> tuple[int, int | None]:
        """Gradient from above times local gradient, and where it is alive; 0 where the branch was not taken."""
        inside, there = self.guarded.get(g, (None, g))
        if inside is not None and inside == alive and self.literal(partial) is None:
            g = there  # it is guarded again below
        piece = g if routes and self.is_boolean(partial) else self.put(MULTIPLY, (g, partial))
        if routes and self.literal(partial) is None:
            alive = partial if alive is None else self.put(MULTIPLY, (alive, partial))
        elif alive is None or self.literal(partial) is not None:
            return piece, alive  # what arrives as 0 leaves as 0
        guarded = self.put(WHERE, (alive, piece, self.constant(0.0)))
        self.guarded[guarded] = alive, piece
        return guarded, alive

    def cusped(self, gate: Gate, scope: list[int], alive: int | None) -> int:
        """The same gradient from above, with no derivative where the slope of a gate is that of neither side.

        There its output is 0, and sqrt(0) is 0 with an infinite slope, which meets the local gradient of 0: nan.
        """
        met = self.rule(gate, gate.cusp, scope)
        if alive is not None:
            met = self.put(MULTIPLY, (met, alive))
        infinitely_steep = self.put(WHERE, (met, self.put(SQRT, (scope[-1],)), self.constant(0.0)))
        return self.put(ADD, (scope[0], infinitely_steep))

    def settle(self, wire: int) -> None:
        """Take a wire as it is from here on: it is the gradient of a stage that has a name, and is shown."""
        self.negated.pop(wire, None)
        self.guarded.pop(wire, None)

    def is_boolean(self, wire: int) -> bool:
        """Whether a wire is 0 or 1: a comparison, or a product of comparisons."""
        gate = self.circuit.gates[wire]
        if gate is MULTIPLY:
            return all(self.circuit.gates[source].name in BOOLEANS for source in self.circuit.inputs[wire])
        return gate.name in BOOLEANS
