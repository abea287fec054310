"""The straight-line program of a circuit: a list of array operations, each needed and none done twice.

Gates that NumPy does not have are spelt by those that it has (see numbers.elementwise). What is rewritten on the way
keeps every bit (a minus sign is moved out of a product, `u + -v` becomes `u - v`), save powers with a small whole
exponent, which become products and keep all digits but the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from backprop.circuit import Circuit, lower
from backprop.differentiate import functions
from backprop.gates import CONSTANT, CONSTANTS, GATES, INPUT
from backprop.language import parse
from backprop.numbers.elementwise import SIGMOID_CHOOSING, SIGMOID_SKIPPING, spelling

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
COMMUTATIVE = frozenset({"add", "multiply", "max", "min", "and", "or", "equal", "not_equal"})
ODD = frozenset({"sin", "tan", "tanh", "sinh", "asin", "atan", "asinh", "atanh", "cbrt", "erf"})  # f(-x) is -f(x)
EVEN = frozenset({"abs", "cos", "cosh", "square", "cospi", "sech"})  # f(-x) is f(x)


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
            wires[wire] = assembly.number(float(given[name]))
        else:
            wires[wire] = assembly.input(name)
    for wire in circuit.ancestors(wanted):
        gate = circuit.gates[wire]
        if gate is CONSTANT:
            wires[wire] = assembly.number(circuit.constants[wire])
        elif gate is not INPUT:
            wires[wire] = assembly.put(gate.name, tuple([wires[source] for source in circuit.inputs[wire]]))
    results = [assembly.as_number(wires[wire]) for wire in outputs]
    masks = [assembly.all_of([assembly.condition(wires[wire]) for wire in watch]) for watch in watches]
    return assembly.finish(results, masks)


@cache
def opened(text: str, parameters: tuple[str, ...]) -> Circuit:
    """The circuit of a gate's spelling."""
    return lower(parse(text), shadowed=[name for name in parameters if name in CONSTANTS])


class Assembly:
    """A program that is being made. Equal operations are made once."""

    def __init__(self, choosing: bool) -> None:
        self.sigmoid = SIGMOID_CHOOSING if choosing else SIGMOID_SKIPPING
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

    def number(self, value: float) -> int:
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

    def put(self, gate: str, sources: tuple[int, ...]) -> int:
        """The wire of a gate's result: folded, rewritten, found, or added."""
        numbers = [self.numbers.get(wire) for wire in sources]
        if all(number is not None for number in numbers):
            return self.number(float(functions.forward(GATES[gate], len(sources))(*numbers)))
        rewritten = self.rewrite(gate, sources, numbers)
        return self.add(gate, sources) if rewritten is None else rewritten

    def add(self, gate: str, sources: tuple[int, ...]) -> int:
        """The wire of an operation, as it stands."""
        if gate in COMMUTATIVE and sources[1] < sources[0]:
            sources = (sources[1], sources[0])
        key = (gate, sources)
        if key not in self.seen:
            self.seen[key] = wire = self.append(gate, sources)
            if gate in COMPARISONS or gate in ("and", "or"):
                self.masks.add(wire)
        return self.seen[key]

    def rewrite(self, gate: str, sources: tuple[int, ...], numbers: list[float | None]) -> int | None:
        """Another way to the same result, or None."""
        if gate == "identity":
            return sources[0]
        if gate in ("max", "min"):
            wire = sources[0]
            for source in sources[1:]:
                wire = wire if wire == source else self.add(gate, (wire, source))
            return wire
        if gate == "where":
            return self.choice(*sources)
        if gate == "power" and numbers[1] is not None:
            return self.power(sources[0], numbers[1])
        if gate == "multiply" and all(wire in self.masks for wire in sources):
            return self.add("and", sources)
        if gate == "divide" and numbers[0] == 1.0:
            return self.put("reciprocal", (sources[1],))
        if gate == "multiply" and sources[0] == sources[1]:
            return self.put("square", (sources[0],))
        if gate == "sigmoid":
            return self.sigmoid_of(sources[0])
        signs = self.signs(gate, sources)
        if signs is not None:
            return signs
        text = spelling(GATES[gate], numbers[0], compiled=self.choosing) if gate in GATES else ""
        return self.splice(text, GATES[gate].names(len(sources)), sources) if text else None

    def signs(self, gate: str, sources: tuple[int, ...]) -> int | None:
        """A minus sign is moved out of an operation, or into it, where no bit changes."""
        inner = [self.sources[wire][0] if self.gates[wire] == "negate" else None for wire in sources]
        if gate == "negate":
            return inner[0]
        if not any(wire is not None for wire in inner):
            return None
        bare = tuple(wire if of is None else of for wire, of in zip(sources, inner, strict=True))
        if gate in ("multiply", "divide") or gate in ODD or gate == "reciprocal":
            odd = sum(of is not None for of in inner) % 2
            found = self.put(gate, bare)
            return self.put("negate", (found,)) if odd else found
        if gate in EVEN:
            return self.put(gate, bare)
        if gate == "add" and inner[1] is not None and inner[0] is None:
            return self.put("subtract", bare)
        if gate == "add" and inner[0] is not None and inner[1] is None:
            return self.put("subtract", (bare[1], bare[0]))
        if gate == "subtract" and inner[1] is not None and inner[0] is None:
            return self.put("add", bare)
        return None

    def power(self, base: int, exponent: float) -> int:
        """A power with an exponent that is a number."""
        if exponent == 1.0:
            return base
        if exponent == 2.0:
            return self.put("square", (base,))
        if exponent == 3.0:
            return self.put("multiply", (self.put("square", (base,)), base))
        if exponent == 4.0:
            return self.put("square", (self.put("square", (base,)),))
        if exponent == -1.0:
            return self.put("reciprocal", (base,))
        known = self.powers.setdefault(base, {})
        above = known.get(exponent + 1.0)
        if above is None or self.choosing:
            known[exponent] = self.add("power", (base, self.number(exponent)))
        else:  # the slope of a power: what NumPy needs 20 times as long for as for a division
            known[exponent] = self.add("power below", (above, base, self.number(exponent)))
        return known[exponent]

    def sigmoid_of(self, wire: int) -> int:
        """sigmoid, sharing its work with that of the negated wire."""
        if self.gates[wire] == "negate":
            return self.splice(self.sigmoid["sigmoid of negate"], ("x",), self.sources[wire])
        return self.splice(self.sigmoid["sigmoid"], ("x",), (wire,))

    def splice(self, text: str, names: tuple[str, ...], sources: tuple[int, ...]) -> int:
        """A spelling, with its variables standing for the sources."""
        circuit = opened(text, names)
        scope = dict(zip(names, sources, strict=True))
        wires: list[int] = []
        for wire, gate in enumerate(circuit.gates):
            if gate is INPUT:
                wires.append(scope[circuit.names[wire]])
            elif gate is CONSTANT:
                wires.append(self.number(circuit.constants[wire]))
            else:
                wires.append(self.put(gate.name, tuple([wires[source] for source in circuit.inputs[wire]])))
        return wires[circuit.output]

    # ── choices ──

    def choice(self, condition: int, x: int, y: int) -> int:
        """A `where`."""
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
        return self.add("not_equal", (wire, self.number(0.0)))

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
