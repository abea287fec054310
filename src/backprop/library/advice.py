"""A spelling that avoids a number that is not finite: found in the circuit as a pattern, and proved where nothing is
large."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from backprop.circuit import Circuit, reached
from backprop.circuit.lower import template
from backprop.differentiate.algebra import Rewriting, Stages, match, spliced
from backprop.differentiate.run import Run, evaluate
from backprop.differentiate.run import run as evaluated
from backprop.errors import Problem
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.language.calls import call_text, value_text
from backprop.language.printer import ATOM, OPERATORS, holds, infix
from backprop.library.rounds import line_among
from backprop.library.stages import Names
from backprop.numbers import floats
from backprop.numbers.shapes import all_finite, shape_of

# What no single gate says; what one does stands in its row.
STABLE = (
    Rewriting("log(1 - 1 / (1 + exp(-x)))", "-softplus(x)"),
    Rewriting("log(1 / (1 + exp(-x)))", "-softplus(-x)"),
    Rewriting("log(1 - sigmoid(x))", "-softplus(x)"),
    Rewriting("log(sigmoid(x))", "-softplus(-x)"),
    Rewriting("log(exp(x) / sum(exp(x)))", "log_softmax(x)"),
)
MOVES = ("index", "gather", "transpose", "reshape", "expand")  # gates that only say where an element stands
TAME = 0.3, 0.6  # numbers at which no spelling is in trouble: logarithms, roots, exponentials are near 1
NEAR = 1e-9


class Advice(NamedTuple):
    """A spelling that avoids the trouble: what is written, what to write instead, what that gives here, and the line in
    a text of several."""

    instead_of: str
    write: str
    gives: Any
    line: int | None


class Spelling(NamedTuple):
    """What people write, and what says the same with care: circuits over the same variables, in the same order."""

    pattern: Circuit
    result: Circuit


@cache
def spellings() -> tuple[Spelling, ...]:
    """Those of every gate that is computed with care, and those of several gates; the largest first."""
    found = [Spelling(template(one.pattern, ("x",)), template(one.result, ("x",))) for one in STABLE]
    for gate in GATES.values():
        careful = not gate.mixes and (floats.function(gate.name) is not None or gate.exact != gate.definition)
        for text in [*gate.instead_of, *([gate.definition] if careful else [])]:
            if text and not gate.routes and not gate.variadic and not gate.defaults:
                pattern = template(text, gate.arguments)
                if len(pattern) - len(pattern.variables) > 1:
                    result = template(infix(gate.name, list(gate.arguments)), gate.arguments)
                    found.append(Spelling(pattern, result))
    return tuple(sorted(found, key=lambda one: -len(one.pattern)))


class Loosely(Stages):
    """The stages as a pattern sees them: whatever the options, and through what only moves elements."""

    def opened(self, wire: int) -> tuple[Gate, tuple[int, ...]] | None:
        while self.circuit.gates[wire].name in MOVES:
            wire = self.circuit.inputs[wire][0]
        gate = self.circuit.gates[wire]
        return GATES.get(gate.name, gate), self.circuit.inputs[wire]


def advice(run: Run, names: Names) -> Iterator[Advice]:
    """Places of the circuit that can be spelt without the trouble, the largest first."""
    circuit = run.circuit
    taken: set[int] = set()
    for wire in range(len(circuit) - 1, -1, -1):
        if wire in taken or circuit.gates[wire] in (INPUT, CONSTANT) or circuit.gates[wire].name in MOVES:
            continue
        for spelling in spellings():
            place = placed(run, wire, spelling)
            found = place and next(place.cures(names), None)
            if place and found:
                taken |= place.inside
                yield found
                break


def placed(run: Run, wire: int, spelling: Spelling) -> Place | None:
    """The place of a pattern, if the trouble begins there."""
    circuit, pattern = run.circuit, spelling.pattern
    bound = match(Loosely(circuit), wire, pattern, pattern.output, {})
    if bound is None or len(bound) != len(pattern.variables):
        return None
    sources = [bound[variable] for variable in pattern.variables.values()]
    inside = covered(circuit, wire, set(sources))
    if all(all_finite(run.values[stage]) and all_finite(run.gradient(stage)) for stage in inside):
        return None
    if not all(all_finite(run.values[source]) for source in sources):
        return None
    return Place(run, wire, spelling.result, sources, inside)


def covered(circuit: Circuit, wire: int, stops: set[int]) -> set[int]:
    """The stages between a wire and some of those that it is computed from."""
    return reached([wire], lambda here: () if here in stops else circuit.inputs[here]) - stops


class Place:
    """Where a pattern is found, and what may stand there."""

    def __init__(self, run: Run, wire: int, result: Circuit, sources: list[int], inside: set[int]) -> None:
        self.run, self.wire, self.result = run, wire, result
        self.sources, self.inside = sources, inside

    def cures(self, names: Names) -> Iterator[Advice]:
        """What says the same where the numbers are tame, and is finite here, with its gradients where the value was."""
        circuit, values = self.run.circuit, self.run.values
        for trial in self.trials():
            if self.says_the_same(trial):
                gives = value_of(trial, values, gradients=all_finite(values[self.wire]))
                if gives is not None:
                    texts = {variable: names.text(int(name)) for name, variable in trial.variables.items()}
                    told = nested(circuit, self.wire, {source: names.text(source) for source in self.sources})
                    yield Advice(told, nested(trial, trial.output, texts), gives, line_among(circuit, self.wire))

    def trials(self) -> Iterator[Circuit]:
        """The result with options that occur here, and behind it what moves elements here, or the last of it."""
        circuit, stages = self.run.circuit, sorted(self.inside)
        axes = [gate.settings["axis"] for stage in stages if "axis" in (gate := circuit.gates[stage]).settings]
        moves = [stage for stage in stages if circuit.gates[stage].name in MOVES]
        for options in [{}, *({"axis": axis} for axis in dict.fromkeys(axes))]:
            for first in range(len(moves), -1, -1):
                yield self.trial(options, moves[first:])

    def trial(self, options: dict[str, Any], moves: list[int]) -> Circuit:
        """One of them, as a circuit whose variables are called by the numbers of their wires."""
        circuit, made = self.run.circuit, Circuit()

        def outer(wire: int) -> int:
            name = str(wire)
            return made.variables[name] if name in made.variables else made.add_variable(name)

        def put(gate: Gate, inputs: tuple[int, ...]) -> int:
            chosen = {option: value for option, value in options.items() if option in gate.settings}
            return made.add(gate.with_options(chosen), inputs)

        wire = spliced(self.result, [outer(source) for source in self.sources], made.add_constant, put)
        for move in moves:
            wire = made.add(circuit.gates[move], (wire, *map(outer, circuit.inputs[move][1:])))
        made.output = wire
        return made

    def says_the_same(self, trial: Circuit) -> bool:
        """Whether it is what is written, at tame numbers in the place of those that the pattern is about. What else
        there is, an index for one, stays as it is."""
        written = self.written()
        agreed = False
        for least in TAME:
            values = list(self.run.values)
            for order, source in enumerate(dict.fromkeys(self.sources)):
                values[source] = tame(values[source], least + 0.05 * order)
            first, second = value_of(written, values), value_of(trial, values)
            if first is not None:
                if second is None or not are_close(first, second):
                    return False
                agreed = True
        return agreed

    def written(self) -> Circuit:
        """What is written here, as a circuit of its own."""
        circuit, made = self.run.circuit, Circuit()
        known: dict[int, int] = {}
        for stage in sorted({*self.inside, *self.sources}):
            if stage in self.sources or not circuit.inputs[stage]:
                known[stage] = made.add_variable(str(stage))
            else:
                known[stage] = made.add(circuit.gates[stage], tuple(known[wire] for wire in circuit.inputs[stage]))
        made.output = known[self.wire]
        return made


def tame(value: Any, least: float) -> Any:
    """Numbers of the same shape, no two of them alike."""
    if not shape_of(value):
        return least
    from numpy import linspace

    return linspace(least, least + 0.3, value.size).reshape(value.shape)


def are_close(first: Any, second: Any) -> bool:
    if shape_of(first) != shape_of(second):
        return False
    gap = abs(first - second) <= NEAR * abs(first)
    return bool(gap.all() if shape_of(first) else gap)


def value_of(circuit: Circuit, values: list[Any], *, gradients: bool = False) -> Any:
    """What a circuit gives whose variables are called by the numbers of wires; None if that, or with `gradients` one of
    these, is not finite."""
    at = {name: values[int(name)] for name in circuit.variables}
    try:
        gives = evaluate(circuit, at)[circuit.output]
        if all_finite(gives) and gradients:
            above = gives * 0 + 1.0 if shape_of(gives) else None
            found = evaluated(circuit, at, upstream=above).gradients()
            return gives if all(map(all_finite, found.values())) else None
    except Problem:  # shapes that do not fit: it is no cure
        return None
    return gives if all_finite(gives) else None


def nested(circuit: Circuit, wire: int, texts: dict[int, str]) -> str:
    """A wire as one expression of those that have texts."""

    def told(here: int) -> tuple[str, int]:
        if here in texts:
            return texts[here], holds(texts[here])
        gate = circuit.gates[here]
        if gate is CONSTANT:
            text = value_text(circuit.constants[here])
            return text, holds(text)
        parts = [told(source) for source in circuit.inputs[here]]
        if gate.name in OPERATORS:
            return infix(gate.name, [text for text, _ in parts], [part for _, part in parts]), OPERATORS[
                gate.name
            ].precedence
        first, *others = parts or [("", ATOM)]
        if gate.name == "index" and first[1] < ATOM:
            first = f"({first[0]})", ATOM
        return call_text(gate, [text for text, _ in (first, *others)]), ATOM

    return told(wire)[0]
