"""A circuit to which stages are added, each only once, and folded where that changes no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import isfinite, prod
from typing import Any

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.algebra import INTRODUCED, NEUTRAL, SIGNS, Algebra, spliced
from backprop.gates import GATES, Gate
from backprop.numbers.shapes import Shape

ADD, NEGATE = GATES["add"], GATES["negate"]
MULTIPLY, WHERE = GATES["multiply"], GATES["where"]
UNBROADCAST, ONES, ZEROS = GATES["unbroadcast"], GATES["ones_like"], GATES["zeros_like"]
NOT_EQUAL = GATES["not_equal"]
LIKE, SQRT, INDEX = GATES["like"], GATES["sqrt"], GATES["index"]
MOST_TOLD = 1 << 16  # elements of an array that is kept while a circuit grows
ALGEBRA = Algebra(*NEUTRAL, *INTRODUCED, *SIGNS)


def slice_of(part: Gate, shape: Shape, start: int) -> Gate:
    """The gate that takes a part of a known shape out of what was joined."""
    axis = part.settings["axis"] % len(shape)
    at = (*[("slice", None, None, None)] * axis, ("slice", start, start + shape[axis], None))
    return INDEX.with_options({"at": at})


class Growing:
    """A copy of a circuit to which stages are added, each only once. `shapes` are those of the circuit's own stages,
    where they are known."""

    def __init__(self, circuit: Circuit, shapes: Sequence[Shape] | None = None) -> None:
        self.shapes = shapes or ()
        self.arrays = any(self.shapes)
        self.told: dict[int, Any] = {}  # the values of stages that hang on shapes alone, as some masks do
        self.starts: dict[int, list[int]] = {}  # where what was joined begins, by the wire that says so
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
        for wire, (gate, inputs) in circuit.stages():
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
        return self.circuit.number(wire)

    def put(self, gate: Gate, inputs: tuple[int, ...]) -> int:
        """The wire of a gate's result: folded, rewritten, found, or added."""
        numbers = [number for wire in inputs if (number := self.literal(wire)) is not None]
        if len(numbers) == len(inputs) and not gate.mixes:
            return self.constant(float(functions.forward(gate, len(inputs))(*numbers)))
        found = ALGEBRA.rewritten(self, gate, inputs)
        if found is not None:
            return found
        if gate.name == "part":
            shape, start = self.shape(inputs[1]), self.start(inputs[2])
            if shape is not None and start is not None:
                gate, inputs = slice_of(gate, shape, start), inputs[:1]
        key = (gate, inputs)
        if key not in self.seen:
            self.seen[key] = self.circuit.add(gate, inputs)
            if self.arrays:
                self.know(self.seen[key], gate, inputs)
            if gate is NEGATE:
                self.negated[self.seen[key]] = inputs[0]
        return self.seen[key]

    def know(self, wire: int, gate: Gate, inputs: tuple[int, ...]) -> None:
        """Keep the value of a stage that hangs on shapes and constants alone, and is not large."""
        import numpy as np

        values = []
        for source, name in zip(inputs, gate.names(len(inputs)), strict=True):
            value = self.told.get(source, self.circuit.constants.get(source))
            if value is None and name == gate.shaped_by and (shape := self.shape(source)) is not None:
                value = np.zeros(shape) if prod(shape) <= MOST_TOLD else None
            if value is None:
                return
            values.append(value)
        with np.errstate(all="ignore"):
            found = np.asarray(functions.forward(gate, len(inputs), True)(*values))
        if found.size <= MOST_TOLD:
            self.told[wire] = found

    def shape(self, wire: int) -> Shape | None:
        """The shape of a wire, where it is known."""
        while wire >= len(self.shapes) and (like := self.circuit.gates[wire].shape):
            wire = self.circuit.inputs[wire][self.circuit.gates[wire].arguments.index(like)]
        return self.shapes[wire] if wire < len(self.shapes) else None

    def start(self, wire: int) -> int | None:
        """Where a part begins, if that is known: by the shapes of what was joined."""
        if self.circuit.gates[wire].name != "index":
            return None
        (place,), (wire,) = self.circuit.gates[wire].settings["at"], self.circuit.inputs[wire]
        if self.circuit.gates[wire].name == "starts" and wire not in self.starts:
            shapes, axis = [*map(self.shape, self.circuit.inputs[wire])], self.circuit.gates[wire].settings["axis"]
            self.starts[wire] = [0, *accumulate(shape[axis] for shape in shapes if shape)] if all(shapes) else []
        found = self.starts.get(wire, [])
        return found[place] if found else None

    def opened(self, wire: int) -> tuple[Gate, tuple[int, ...]] | None:
        """A sign that the derivation itself has turned may be moved; what the user typed stays as it is."""
        return (NEGATE, (self.negated[wire],)) if wire in self.negated else None

    def splice(self, rule: Circuit, scope: Sequence[int]) -> int:
        """The stages of a rule, with its variables standing for the wires in `scope`."""
        return spliced(rule, scope, self.constant, self.put)

    def scope(self, gate: Gate, wires: Sequence[int], shared: Mapping[str, str] | None = None) -> dict[str, int]:
        """What the rules of a gate have in scope: the gradient from above, the inputs, the output, and what they
        share."""
        scope = dict(zip(("g", *gate.names(len(wires) - 2), "out"), wires, strict=True))
        for name, text in (shared or {}).items():
            scope[name] = self.rule(gate, text, scope)
        return scope

    def rule(self, gate: Gate, text: str, scope: Mapping[str, int]) -> int:
        """The stages of a gate's rule."""
        parameters = functions.mentioned(text, scope)
        return self.splice(template(text, parameters, gate), [scope[name] for name in parameters])

    def taken(
        self, gate: Gate, text: str, alive: int | None, inputs: tuple[int, ...], wire: int, place: int,
        scope: Mapping[str, int],
    ) -> int | None:  # fmt: skip
        """Where what a gate that mixes elements sends is alive: its rule for masks, with ones for what flows; what the
        rules share is in scope."""
        if alive is None and not gate.routes:
            return None
        above = self.put(ONES, (wire,)) if alive is None else self.put(LIKE, (alive, wire))
        texts, flows = gate.reaches(len(inputs), "both")
        shown = [self.put(ONES, (other,)) if ones else other for other, ones in zip(inputs, flows, strict=True)]
        if not any(flows) and not gate.routes:
            text = texts[place] or "0"
        mask = self.rule(gate, text, {**scope, **self.scope(gate, [above, *shown, wire])})
        told = self.told.get(mask)
        return None if told is not None and (told != 0).all() else mask

    def sent(self, g: int, partial: int, alive: int | None, routes: bool) -> tuple[int, int | None]:
        """Gradient from above times local gradient, and where it is alive; 0 where the branch was not taken."""
        literal = self.literal(partial)
        harmless = literal is not None and isfinite(literal)  # what arrives as 0 leaves as 0
        inside, there = self.guarded.get(g, (None, g))
        if inside is not None and inside == alive and not harmless:
            g = there  # it is guarded again below
        piece = g if routes and self.is_boolean(partial) else self.put(MULTIPLY, (g, partial))
        if routes and literal is None:
            taken = partial if self.is_boolean(partial) else self.put(NOT_EQUAL, (partial, self.constant(0.0)))
            alive = taken if alive is None else self.put(MULTIPLY, (alive, taken))
        elif alive is None or harmless:
            return piece, alive
        guarded = self.put(WHERE, (alive, piece, self.constant(0.0)))
        self.guarded[guarded] = alive, piece
        return guarded, alive

    def slope_of_power(self, wire: int, exponent: float, even: bool) -> int:
        """The local gradient of a power of a wire, or, as it is even, in the square of that wire."""
        step, factor = (2.0, exponent / 2) if even else (1.0, exponent)
        if exponent == step:
            return self.constant(1.0)
        power = self.put(GATES["power"], (wire, self.constant(exponent - step)))
        return self.put(MULTIPLY, (self.constant(factor), power))

    def lost(
        self, gate: Gate, ties: str, wires: list[int], alive: int | None, unless: str = ""
    ) -> tuple[int, int] | None:
        """What takes a stage's share its derivative where the gate has none, and where that is: it is 0 itself.

        There the derivative jumps, if anything arrives; and where even the slope does, the one in use, by which what
        arrives is scaled, is agreed and no more. None where there always is a derivative.
        """
        rough = gate.rough(len(wires) - 2, ties)
        if not rough:
            return None
        g, nothing, scope = wires[0], self.constant(0.0), self.scope(gate, wires)
        texts = [f"({text}) * {unless}" if unless else text for text in (rough, gate.bent(len(wires) - 2, ties))]
        conditions = [self.rule(gate, text, scope) for text in texts]
        met, agreed = [one if alive is None else self.put(MULTIPLY, (one, alive)) for one in conditions]
        bent = self.rule(gate, gate.bends, scope)
        jumps = self.put(MULTIPLY, (met, self.put(NOT_EQUAL, (g, nothing))))
        lost = self.put(WHERE, (jumps, self.without_slope(bent), nothing))
        if self.literal(g) is None:
            lost = self.put(ADD, (lost, self.put(WHERE, (agreed, self.without_slope(g), nothing))))
        return lost, met

    def without_slope(self, wire: int) -> int:
        """A wire of zeros whose slope is nan: that of the root of 0, which is infinite, times 0."""
        bounded = self.put(GATES["tanh"], (wire,))  # 0 times infinity is nan
        return self.put(SQRT, (self.put(MULTIPLY, (bounded, self.constant(0.0))),))

    def settle(self, wire: int) -> None:
        """Take a wire as it is from here on: it is the gradient of a stage that has a name, and is shown."""
        self.negated.pop(wire, None)
        self.guarded.pop(wire, None)

    def is_boolean(self, wire: int) -> bool:
        """Whether a wire is 0 or 1: a comparison, or a product of comparisons."""
        gate = self.circuit.gates[wire]
        if gate is MULTIPLY:
            return all(self.circuit.gates[source].compares for source in self.circuit.inputs[wire])
        return gate.compares
