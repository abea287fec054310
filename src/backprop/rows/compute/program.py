"""The straight-line program of a circuit: a list of array operations, each needed and none done twice.

Gates that NumPy does not have are spelt by those that it has (see numbers.elementwise). What is rewritten on the way
keeps every bit (a minus sign is moved out of a product, `u + -v` becomes `u - v`), save powers with a small whole
exponent, which become products and keep all digits but the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.algebra import PARITY, POWERS, SIGNS, Algebra, spliced
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.numbers.elementwise import spelling

ALGEBRA = Algebra(*POWERS, *SIGNS, *PARITY)
WHERE, MULTIPLY, POWER = GATES["where"], GATES["multiply"], GATES["power"]
Met = tuple[int, int]  # how many rows a watch met, and the first of them (-1 for none)
OWN_MASKS = ("and", "or")  # gates of ours, beside those of the table


class Step(NamedTuple):
    """An operation: the gate, the wires it reads, the wire it writes.

    With a `guard`, a mask and a side, the result is used only in rows where the mask is so: where a batch has no such
    row, the step may be left out.
    """

    gate: str
    sources: tuple[int, ...]
    out: int
    guard: tuple[int, bool] | None


class Program(NamedTuple):
    """Steps in order, over numbered wires: inputs (the columns), numbers, and results.

    `masks` are the wires that hold booleans. `outputs` are wires: of a result, of an input, or of a number. `watches`
    are masks whose rows are to be counted.
    """

    inputs: dict[str, int]
    numbers: dict[int, float]
    steps: list[Step]
    masks: frozenset[int]
    outputs: list[int]
    watches: list[int]
    size: int  # how many wires there are


def program(
    circuit: Circuit,
    outputs: Iterable[int],
    *,
    given: Mapping[str, float] | None = None,
    watches: Iterable[tuple[int, ...]] = (),
    choosing: bool = False,
) -> Program:
    """The program that computes some wires of a circuit. Variables that are `given` are numbers in it.

    A watch is a tuple of wires: the rows are counted in which none of them is 0. `choosing` spells sigmoid for a
    compiled loop, in which both branches of a choice are computed anyhow.
    """
    outputs, watches = list(outputs), list(watches)
    assembly = Assembly(choosing)
    wires: dict[int, int] = {}
    wanted = [*outputs, *(wire for watch in watches for wire in watch)]
    for name, wire in circuit.variables.items():
        if given is not None and name in given:
            wires[wire] = assembly.constant(float(given[name]))
        else:
            wires[wire] = assembly.input(name)
    for wire in circuit.ancestors(wanted):
        gate = circuit.gates[wire]
        if gate is CONSTANT:
            wires[wire] = assembly.constant(circuit.constants[wire])
        elif gate is not INPUT:
            wires[wire] = assembly.put(gate, tuple([wires[source] for source in circuit.inputs[wire]]))
    results = [assembly.as_number(wires[wire]) for wire in outputs]
    masks = [assembly.all_of([assembly.condition(wires[wire]) for wire in watch]) for watch in watches]
    return assembly.finish(results, masks)


class Assembly:
    """A program that is being made, as the algebra adds to it. Equal operations are made once."""

    def __init__(self, choosing: bool) -> None:
        self.choosing = choosing
        self.gates: list[str] = []  # of each wire; "input" and "number" for leaves
        self.sources: list[tuple[int, ...]] = []
        self.masks: set[int] = set()
        self.inputs: dict[str, int] = {}
        self.numbers: dict[int, float] = {}
        self.seen: dict[tuple[str, object], int] = {}
        self.powers: dict[int, dict[float, int]] = {}  # base → exponent → wire

    # ── leaves ──

    def input(self, name: str) -> int:
        self.inputs[name] = wire = self.append("input", ())
        return wire

    def constant(self, value: float) -> int:
        key = ("number", repr(value))
        if key not in self.seen:
            self.seen[key] = wire = self.append("number", ())
            self.numbers[wire] = value
        return self.seen[key]

    def append(self, gate: str, sources: tuple[int, ...]) -> int:
        self.gates.append(gate)
        self.sources.append(sources)
        return len(self.gates) - 1

    # ── operations ──

    def put(self, gate: Gate, sources: tuple[int, ...]) -> int:
        """The wire of a gate's result: folded, rewritten, found, or added."""
        numbers = [self.literal(wire) for wire in sources]
        if all(number is not None for number in numbers):
            return self.constant(float(functions.forward(gate, len(sources))(*numbers)))
        rewritten = self.rewrite(gate, sources, numbers)
        return self.add(gate.name, sources) if rewritten is None else rewritten

    def add(self, gate: str, sources: tuple[int, ...]) -> int:
        """The wire of an operation, as it stands."""
        own = gate in OWN_MASKS
        if (own or (gate in GATES and GATES[gate].commutes)) and sources[1] < sources[0]:
            sources = (sources[1], sources[0])
        key = (gate, sources)
        if key not in self.seen:
            self.seen[key] = wire = self.append(gate, sources)
            if own or (gate in GATES and GATES[gate].compares):
                self.masks.add(wire)
        return self.seen[key]

    # ── what the algebra asks about wires ──

    def opened(self, wire: int) -> tuple[Gate, tuple[int, ...]] | None:
        gate = GATES.get(self.gates[wire])
        return None if gate is None else (gate, self.sources[wire])

    def literal(self, wire: int) -> float | None:
        return self.numbers.get(wire)

    def is_boolean(self, wire: int) -> bool:
        return wire in self.masks

    # ── other ways to a result ──

    def rewrite(self, gate: Gate, sources: tuple[int, ...], numbers: list[float | None]) -> int | None:
        """Another way to the same result, or None."""
        if gate.idempotent:
            wire = sources[0]
            for source in sources[1:]:
                wire = wire if wire == source else self.add(gate.name, (wire, source))
            return wire
        if gate is WHERE:
            return self.choice(*sources)
        if gate is MULTIPLY and all(wire in self.masks for wire in sources):
            return self.add("and", sources)
        if gate.paired:
            return self.paired(gate, *sources)
        found = ALGEBRA.rewritten(self, gate, sources)
        if found is not None:
            return found
        if gate is POWER and numbers[1] is not None:
            return self.power(sources[0], numbers[1])
        text = spelling(gate, numbers[0], compiled=self.choosing)
        return self.splice(text, gate.names(len(sources)), sources) if text else None

    def power(self, base: int, exponent: float) -> int:
        """A power with an exponent that is a number, and none for which there is a product."""
        known = self.powers.setdefault(base, {})
        above = known.get(exponent + 1.0)
        if above is None or self.choosing:
            known[exponent] = self.add("power", (base, self.constant(exponent)))
        else:  # the slope of a power: what NumPy needs 20 times as long for as for a division
            known[exponent] = self.add("power below", (above, base, self.constant(exponent)))
        return known[exponent]

    def paired(self, gate: Gate, wire: int) -> int:
        """A gate that shares its work with that of the negated wire."""
        plain, negated = gate.paired[0 if self.choosing else 1]
        if self.gates[wire] == "negate":
            return self.splice(negated, gate.arguments, self.sources[wire])
        return self.splice(plain, gate.arguments, (wire,))

    def splice(self, text: str, names: tuple[str, ...], sources: tuple[int, ...]) -> int:
        """A spelling, with its variables standing for the sources."""
        return spliced(template(text, names), sources, self.constant, self.put)

    # ── choices ──

    def choice(self, condition: int, x: int, y: int) -> int:
        number = self.numbers.get(condition)
        if number is not None:
            return x if number else y
        if x == y:
            return x
        return self.add("where", (self.condition(condition), self.as_number(x), self.as_number(y)))

    def condition(self, wire: int) -> int:
        """A wire as a mask: what is not 0."""
        if wire in self.masks:
            return wire
        gate, sources = self.gates[wire], self.sources[wire]
        if gate == "add" and all(source in self.masks for source in sources):
            return self.add("or", sources)
        return self.add("not_equal", (wire, self.constant(0.0)))

    def as_number(self, wire: int) -> int:
        """A mask as numbers 1 and 0."""
        return self.add("number of", (wire,)) if wire in self.masks else wire

    def all_of(self, masks: list[int]) -> int:
        """The mask of the rows in which all masks are set."""
        wire = masks[0]
        for mask in masks[1:]:
            wire = self.add("and", (wire, mask))
        return wire

    # ── the whole ──

    def finish(self, outputs: list[int], watches: list[int]) -> Program:
        """The steps that are needed, with their guards."""
        needed = bytearray(len(self.gates))
        for wire in (*outputs, *watches):
            needed[wire] = 1
        for wire in range(len(self.gates) - 1, -1, -1):
            if needed[wire]:
                for source in self.sources[wire]:
                    needed[source] = 1
        guards = self.guards(needed, {*outputs, *watches})
        steps = [
            Step(self.gates[wire], self.sources[wire], wire, guards.get(wire))
            for wire in range(len(self.gates))
            if needed[wire] and self.sources[wire]
        ]
        numbers = {wire: value for wire, value in self.numbers.items() if needed[wire]}
        return Program(self.inputs, numbers, steps, frozenset(self.masks), outputs, watches, len(self.gates))

    def guards(self, needed: bytearray, kept: set[int]) -> dict[int, tuple[int, bool]]:
        """For each wire that is used in one branch of one choice alone: the mask of the choice, and the side."""
        found: dict[int, tuple[int, bool] | None] = dict.fromkeys(kept)
        for wire in range(len(self.gates) - 1, -1, -1):
            if not needed[wire]:
                continue
            own = found.setdefault(wire, None)
            for place, source in enumerate(self.sources[wire]):
                guard = own
                if self.gates[wire] == "where" and place and self.sources[wire][0] < source:
                    guard = (self.sources[wire][0], place == 1)
                if guard is not None and guard[0] >= source:
                    guard = None  # its mask is made later
                if source not in found:
                    found[source] = guard
                elif found[source] != guard:
                    found[source] = None
        return {wire: guard for wire, guard in found.items() if guard is not None}
