"""Where a number that is not finite came from: the chain from the first one to the output, and a spelling that
avoids it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from backprop import rules
from backprop.circuit import Circuit
from backprop.circuit.lower import template
from backprop.gates import CONSTANT, GATES, INPUT, Gate
from backprop.notes import notes
from backprop.numbers import scalars
from backprop.numbers.shapes import all_finite, shape_of, shape_text
from backprop.run import Run
from backprop.stages import Names
from backprop.syntax.printer import infix, number_text

COMMUTES = frozenset(["add", "multiply"])


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
    """The answer. `forward` leads from the first value that is not finite up to the output, `backward` from the first
    gradient that is not finite down to the variables; both are empty where all is finite.
    """

    cause: list[str]
    forward: list[Link]
    backward: list[Link]
    advice: list[Advice]


def why(run: Run, names: Names) -> Why:
    """Follow what is not finite, forward and backward."""
    causes = [note.message for note in notes(run, names) if note.kind.endswith("not-finite")]
    up, down = list(forward_chain(run, names)), list(backward_chain(run, names))
    return Why(causes, up, down, list(advice(run, names)) if up or down else [])


def forward_chain(run: Run, names: Names) -> Iterator[Link]:
    """From the first stage whose value is not finite, through a stage that uses it, and so on to the output."""
    circuit, values = run.circuit, run.values
    needed = circuit.ancestors([circuit.output])
    sick = [wire for wire in needed if not all_finite(values[wire]) and wire in names.names]
    if not sick or all_finite(values[circuit.output]):
        # The output is finite all the same; a note on the gradient says more than a chain that ends nowhere.
        return
    here = sick[0]
    yield link(names, here, values[here])
    while here != circuit.output:
        following = [wire for wire in sick if wire > here and here in sources(names, wire)]
        if not following:
            return
        here = following[0]
        yield link(names, here, values[here])


def backward_chain(run: Run, names: Names) -> Iterator[Link]:
    """From the stage nearest to the output whose gradient is not finite, down to a variable."""
    circuit = run.circuit
    sick = [wire for wire in names.shown() if run.sent[wire] is not None and not all_finite(run.gradient(wire))]
    if not sick:
        return
    here = max(sick)
    yield link(names, here, run.gradient(here))
    while circuit.gates[here] is not INPUT:
        below = [wire for wire in sources(names, here) if wire in sick]
        if not below:
            return
        here = max(below)
        yield link(names, here, run.gradient(here))


def sources(names: Names, wire: int) -> tuple[int, ...]:
    return names.inputs(wire)


def link(names: Names, wire: int, number: float) -> Link:
    return Link(names.text(wire), names.expression(wire), number)


# ── spellings ──


def spellings() -> Iterator[tuple[Gate, Circuit, tuple[str, ...]]]:
    """Every gate that is computed with care, and the circuits of what people write in its place."""
    for gate in GATES.values():
        careful = bool(gate.definition) and not gate.mixes and scalars.function(gate.name) is not None
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
            bound = match(circuit, wire, pattern, pattern.output, {})
            if bound is None or len(bound) != len(arguments):
                continue
            inside = covered(circuit, wire, set(bound.values()))
            if all(all_finite(run.values[stage]) and all_finite(run.gradient(stage)) for stage in inside):
                continue
            inputs = [bound[pattern.variables[name]] for name in arguments]
            at = [run.values[source] for source in inputs]
            if not all(map(all_finite, at)):
                continue
            gives = rules.forward(gate, len(at), run.arrays)(*at)
            if not all_finite(gives) and all_finite(run.values[wire]):
                continue
            taken |= inside
            yield Advice(
                spelt(names, wire, set(inputs)), infix(gate.name, [names.text(source) for source in inputs]), gives
            )
            break


def match(circuit: Circuit, wire: int, pattern: Circuit, node: int, bound: dict[int, int]) -> dict[int, int] | None:
    """Bind the variables of a pattern so that its node is what a wire is; None where it is not. Sums may be turned
    round."""
    gate = pattern.gates[node]
    if gate is INPUT:
        if node in bound:
            return bound if bound[node] == wire else None
        return {**bound, node: wire}
    if gate is CONSTANT:
        return bound if circuit.constants.get(wire) == pattern.constants[node] else None
    if circuit.gates[wire] is not gate or len(circuit.inputs[wire]) != len(pattern.inputs[node]):
        return None
    orders = [circuit.inputs[wire]]
    if gate.name in COMMUTES:
        orders.append(circuit.inputs[wire][::-1])
    for inputs in orders:
        found: dict[int, int] | None = bound
        for source, inner in zip(inputs, pattern.inputs[node], strict=True):
            found = None if found is None else match(circuit, source, pattern, inner, found)
        if found is not None:
            return found
    return None


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
    from backprop.syntax.printer import ATOM, OPERATORS, holds

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
        return "all values and gradients are finite\n"
    lines = []
    if answer.cause:
        lines += [f"why: {cause}" for cause in answer.cause]
    for heading, chain, what in (("forward", answer.forward, ""), ("backward", answer.backward, "d")):
        for place, one in enumerate(chain):
            equals = f" = {one.expression}" if one.expression and not what else ""
            arrow = "from" if place == 0 else "  to"
            lines.append(f"{heading}: {arrow} {what}{one.stage}{equals} = {told(one.number)}")
    for tip in answer.advice:
        lines.append(f"instead of {tip.instead_of} write {tip.write}, which is {told(tip.gives)} here")
    return "\n".join(lines) + "\n"


def told(value: Any) -> str:
    """A number; of an array, how many of its elements are not finite."""
    if not shape_of(value):
        return number_text(float(f"{value:.6g}"))
    from numpy import isfinite as are_finite

    count = int((~are_finite(value)).sum())
    return f"a {shape_text(value.shape)} array" + (f", {count} of {value.size} elements not finite" if count else "")


def object_of(answer: Why) -> dict[str, Any]:
    """The answer as the object that `eval --why-nan --json` prints."""
    from backprop.show.objects import number

    def chain(links: list[Link]) -> list[dict[str, Any]]:
        return [
            {"stage": one.stage, "expression": one.expression or None, "number": number(one.number)} for one in links
        ]

    return {
        "cause": answer.cause,
        "forward": chain(answer.forward),
        "backward": chain(answer.backward),
        "advice": [
            {"instead_of": tip.instead_of, "write": tip.write, "gives": number(tip.gives)} for tip in answer.advice
        ],
    }
