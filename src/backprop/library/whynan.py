"""Where a number that is not finite came from: the chain from the first cause to the output, and a spelling that avoids
it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.algebra import Stages, match
from backprop.differentiate.run import Run
from backprop.differentiate.run import run as evaluated
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.language.printer import infix, short
from backprop.library.causes import causes, without_consequence
from backprop.library.stages import Names
from backprop.numbers import floats
from backprop.numbers.shapes import all_finite, array_text, quiet, shape_of


class Link(NamedTuple):
    """A stage on the chain: what it is, and the number that it has."""

    stage: str
    expression: str
    number: Any


class Advice(NamedTuple):
    """A spelling that avoids the trouble: what is written, what to write instead, and what that gives here."""

    instead_of: str
    write: str
    gives: Any


class Why(NamedTuple):
    """The answer. `forward` leads from the first cause up to the output, or to where it spoils a gradient; `backward`
    from the first gradient that is not finite down to a variable. Both are empty where the output and the gradients are
    finite; `cause` then has what is not finite on the way.
    """

    cause: list[str]
    forward: list[Link]
    backward: list[Link]
    advice: list[Advice]


def why(run: Run, names: Names) -> Why:
    """Follow what is not finite, forward and backward."""
    found = causes(run, names)
    if not (found.forward or found.backward):
        return Why(without_consequence(run, names), [], [], [])
    up = [link(names, spot.wire, run.values[spot.wire]) for spot in found.forward if spot.wire in names.names]
    down = [link(names, wire, run.gradient(wire)) for wire in found.backward if wire in names.names]
    return Why([message for _, message, _ in found.remarks], up, down, list(advice(run, names)))


def link(names: Names, wire: int, number: float) -> Link:
    return Link(names.text(wire), names.expression(wire), number)


# ── spellings ──


def spellings() -> Iterator[tuple[Gate, Circuit, tuple[str, ...]]]:
    """Every gate that is computed with care, and the circuits of what people write in its place."""
    for gate in GATES.values():
        careful = not gate.mixes and (floats.function(gate.name) is not None or gate.exact != gate.definition)
        for text in [*gate.instead_of, *([gate.definition] if careful else [])]:
            if text and not gate.routes and not gate.variadic and not gate.defaults:
                circuit = template(text, gate.arguments)
                if len(circuit) - len(circuit.variables) > 1:
                    yield gate, circuit, gate.arguments


def advice(run: Run, names: Names) -> Iterator[Advice]:
    """Places of the circuit that a gate of the table would compute without the trouble, the largest first."""
    circuit = run.circuit
    taken: set[int] = set()
    for wire in range(len(circuit) - 1, -1, -1):
        if wire in taken or circuit.gates[wire] in (INPUT, CONSTANT):
            continue
        for gate, pattern, arguments in sorted(spellings(), key=lambda row: -len(row[1])):
            bound = match(Stages(circuit), wire, pattern, pattern.output, {})
            if bound is None or len(bound) != len(arguments):
                continue
            inside = covered(circuit, wire, set(bound.values()))
            if all(all_finite(run.values[stage]) and all_finite(run.gradient(stage)) for stage in inside):
                continue
            inputs = [bound[pattern.variables[name]] for name in arguments]
            at = [run.values[source] for source in inputs]
            if not all(map(all_finite, at)):
                continue
            gives = cured(run, gate, at, run.values[wire])
            if gives is None:
                continue
            taken |= inside
            yield Advice(
                spelt(names, wire, set(inputs)), infix(gate.name, [names.text(source) for source in inputs]), gives
            )
            break


def cured(run: Run, gate: Gate, at: list[Any], value: Any) -> Any:
    """What a gate gives in place of a value; None where that is no better: not finite, or its gradients are not where
    the value was."""
    with quiet(run.arrays):
        gives = functions.forward(gate, len(at), run.arrays)(*at)
        if not all_finite(gives):
            return None
        if all_finite(value):
            names = gate.names(len(at))
            g = gives * 0 + 1.0 if shape_of(gives) else 1.0
            again = evaluated(
                template(infix(gate.name, list(names)), names), dict(zip(names, at, strict=True)), upstream=g
            )
            if not all(map(all_finite, again.gradients().values())):
                return None
    return gives


def covered(circuit: Circuit, wire: int, stops: set[int]) -> set[int]:
    """The stages between a wire and some of those that it is computed from."""
    found, pending = set(), [wire]
    while pending:
        here = pending.pop()
        if here not in stops and here not in found:
            found.add(here)
            pending += circuit.inputs[here]
    return found


def spelt(names: Names, wire: int, stops: set[int]) -> str:
    """A wire as an expression of the stages where the spelling begins."""
    from backprop.language.printer import ATOM, OPERATORS, holds

    circuit = names.circuit

    def told(here: int) -> tuple[str, int]:
        if here in stops or not circuit.inputs[here]:
            text = names.text(here)
            return text, holds(text)
        parts = [told(source) for source in circuit.inputs[here]]
        name = circuit.gates[here].name
        level = OPERATORS[name].precedence if name in OPERATORS else ATOM
        return infix(name, [text for text, _ in parts], [part for _, part in parts]), level

    return told(wire)[0]


def text_of(answer: Why) -> str:
    """The answer in words."""
    if not (answer.forward or answer.backward):
        if not answer.cause:
            return "all values and gradients are finite\n"
        return "".join(f"the output and the gradients are finite; {cause}\n" for cause in answer.cause)
    lines = [f"why: {cause}" for cause in answer.cause]
    for heading, chain, what in (("forward", answer.forward, ""), ("backward", answer.backward, "d")):
        for place, one in enumerate(chain):
            equals = f" = {one.expression}" if one.expression and not what else ""
            arrow = "from" if place == 0 else "  to"
            lines.append(f"{heading}: {arrow} {what}{one.stage}{equals} = {told(one.number)}")
    for tip in answer.advice:
        lines.append(f"instead of {tip.instead_of} write {tip.write}, which is {told(tip.gives)} here")
    return "\n".join(lines) + "\n"


def told(value: Any) -> str:
    """A number, also the only one of an array; of a larger one, how many of its elements are not finite."""
    if not shape_of(value) or value.size == 1:
        return short(float(value.item() if shape_of(value) else value))
    from numpy import isfinite as are_finite

    count = int((~are_finite(value)).sum())
    return array_text(value.shape) + (f", {count} of {value.size} elements not finite" if count else "")
