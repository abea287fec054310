"""What a run has to say for itself: ties and kinks, the first number that is not finite, and gradients that died."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from backprop import rules
from backprop.circuit import Circuit
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.run import Run
from backprop.spans import Span
from backprop.stages import Names
from backprop.syntax.printer import number_text

LARGEST = "1.797e308"


class Note:
    """One remark: its kind (a word for programs), the message, the stage that it is about, its place in the text."""

    __slots__ = ("kind", "message", "span", "stage")

    def __init__(self, kind: str, message: str, stage: str, span: Span | None) -> None:
        self.kind = kind
        self.message = message
        self.stage = stage
        self.span = span

    def __repr__(self) -> str:
        return f"Note({self.kind}: {self.message})"


def notes(run: Run, names: Names) -> list[Note]:
    """All that is worth saying, in the order in which a reader wants it: wrong numbers first."""
    found = [*not_finite(run, names)]
    taken: bytearray | None = None
    for wire, gate in enumerate(run.circuit.gates):
        if gate.kink and run.circuit.active[wire]:
            taken = taken or taken_stages(run)
            if taken[wire]:
                found += kinks(run, names, wire)
        if gate.flat and run.sent[wire]:
            found.append(died(run, names, wire))
    return found


def note(kind: str, message: str, names: Names, wire: int) -> Note:
    return Note(kind, message, names.text(wire), names.circuit.span(wire))


def taken_stages(run: Run) -> bytearray:
    """Which stages count: all but those that are used only in a branch of a `where` that was not taken."""
    circuit = run.circuit
    used, taken = bytearray(len(circuit)), bytearray(len(circuit))
    for wire in range(len(circuit) - 1, -1, -1):
        if not used[wire]:
            taken[wire] = 1  # the output, and what nothing uses
        inputs = circuit.inputs[wire]
        skipped = -1
        if circuit.gates[wire].name == "where":
            skipped = 2 if run.values[inputs[0]] else 1
        for place, source in enumerate(inputs):
            used[source] = 1
            if taken[wire] and place != skipped:
                taken[source] = 1
    return taken


# ── ties and kinks ──


def kinks(run: Run, names: Names, wire: int) -> Iterator[Note]:
    """A note where a stage sits on a kink of its gate, and that decided its gradient."""
    circuit, gate = run.circuit, run.circuit.gates[wire]
    inputs = circuit.inputs[wire]
    at = [run.values[source] for source in inputs]
    met = rules.kink(gate, len(inputs))(*at, run.values[wire])
    if not met or (run.sent[wire] in (None, 0.0) and not gate.flat):
        return
    where = ", ".join(
        f"{names.text(source)} = {number_text(value)}"
        for source, value in dict(zip(inputs, at, strict=True)).items()
        if source not in circuit.constants or source in names.names
    )
    what = f"{names.text(wire)} = {names.expression(wire)}"
    if gate.variadic:
        yield note("tie", f"{what} is a tie at {where}: {TIES[run.ties]}", names, wire)
    elif gate.flat:
        yield note(
            "kink", f"{what} jumps at {where}: its gradient is 0 on both sides, and none at the jump", names, wire
        )
    else:
        used = ", ".join(number_text(p) for p in run.local_gradients(wire) if p is not None)
        yield note("kink", f"{what} has a kink at {where}: the local gradient in use is {used}", names, wire)


TIES = {
    "both": "each of the equal inputs gets the whole gradient, as in the course notes, which is no subgradient "
    "(PyTorch and JAX divide it: --ties split)",
    "split": "the equal inputs get equal shares of the gradient",
    "first": "the first of the equal inputs gets the whole gradient",
}


# ── gradients that died ──


def died(run: Run, names: Names, wire: int) -> Note:
    """A note where a gradient arrives at a gate that is flat."""
    gate = run.circuit.gates[wire].name
    message = f"the gradient ends at {names.text(wire)} = {names.expression(wire)}: {gate} is flat, its slope is 0"
    return note("flat", message, names, wire)


# ── numbers that are not finite ──


def not_finite(run: Run, names: Names) -> Iterator[Note]:
    """A note on the first stage whose value is not finite, and one on the first whose gradient is not."""
    values = run.values
    taken: bytearray | None = None
    for wire, value in enumerate(values):
        if not isfinite(value) and not (run.circuit.gates[wire] is CONSTANT and wire not in names.names):
            taken = taken or taken_stages(run)
            if taken[wire]:
                yield note("not-finite", forward_cause(run, names, wire), names, wire)
                break
    for wire in range(len(values) - 1, -1, -1):
        sent = run.sent[wire]
        if sent is not None and not isfinite(sent):
            yield from backward_cause(run, names, wire)
            break


def forward_cause(run: Run, names: Names, wire: int) -> str:
    """Why the value of a stage is not finite."""
    circuit, gate = run.circuit, run.circuit.gates[wire]
    value = number_text(run.values[wire])
    name = names.text(wire)
    if gate in (INPUT, CONSTANT):
        return f"{name} is {value}, as given"
    inputs = circuit.inputs[wire]
    at = [run.values[source] for source in inputs]
    what = f"{name} = {names.expression(wire)} is {value}"
    given = [source for source, x in zip(inputs, at, strict=True) if not isfinite(x)]
    if given:
        return f"{what}: {names.text(given[0])} is {number_text(run.values[given[0]])}"
    if outside_domain(gate, at, run.values[wire]):
        needs = in_words_of(names, gate, inputs)
        known = [source for source in dict.fromkeys(inputs) if source not in circuit.constants]
        here = " and ".join(f"{names.text(source)} is {number_text(run.values[source])}" for source in known)
        return f"{what}: it needs {needs}" + (f", and {here}" if here else "")
    return f"{what}: it overflows, the largest number is {LARGEST}"


def described(names: Names, wire: int, run: Run) -> str:
    """A wire's name and number, or the number alone where it is one."""
    number = number_text(run.values[wire])
    return number if wire in run.circuit.constants else f"{names.text(wire)} = {number}"


def in_words_of(names: Names, gate: Gate, inputs: tuple[int, ...]) -> str:
    """What a gate needs, with the stages' names for its arguments: `x - 3 > 0` for log's `x > 0`."""
    import re

    scope = {name: names.text(wire) for name, wire in zip(gate.names(len(inputs)), inputs, strict=True)}
    return re.sub(r"\b[a-z]\w*\b", lambda word: scope.get(word[0], word[0]), gate.needs)


def outside_domain(gate: Gate, at: list[float], out: float) -> bool:
    return bool(gate.domain) and not rules.condition(gate.domain, gate, len(at))(*at, out)


def backward_cause(run: Run, names: Names, wire: int) -> Iterator[Note]:
    """The stage whose local gradient made the first gradient that is not finite, and why."""
    circuit = run.circuit
    name = names.text(wire)
    gradient = number_text(run.gradient(wire))
    if wire == circuit.output:
        yield note("gradient-not-finite", f"the gradient from above is {gradient}, as given", names, wire)
        return
    for consumer in consumers(circuit, wire):
        g = run.sent[consumer]
        if g is None:
            continue
        if not all(isfinite(run.values[source]) for source in (*circuit.inputs[consumer], consumer)):
            continue  # it only follows from a value that is not finite, and of that there is a note already
        for source, local in zip(circuit.inputs[consumer], run.local_gradients(consumer), strict=True):
            if source == wire and local is not None and not isfinite(g * local):
                at = ", ".join(described(names, s, run) for s in dict.fromkeys(circuit.inputs[consumer]))
                product = f"{number_text(g)} × {number_text(local)}"
                what = f"{names.text(consumer)} = {names.expression(consumer)}"
                message = f"the gradient of {name} is {gradient}: {what} sends it {product}, at {at}"
                yield note("gradient-not-finite", message, names, consumer)
                return
    if all(map(isfinite, run.values)):
        yield note(
            "gradient-not-finite", f"the gradient of {name} is {gradient}: its shares add up to that", names, wire
        )


def consumers(circuit: Circuit, wire: int) -> Iterator[int]:
    """The stages that take a wire as an input."""
    return (stage for stage in range(wire + 1, len(circuit)) if wire in circuit.inputs[stage])
