"""What a run has to say for itself: ties and kinks, the first number that is not finite, and gradients that died."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, isnan

from backprop import rules
from backprop.circuit import Circuit
from backprop.errors import LARGEST
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.numbers.shapes import shape_of
from backprop.run import Run
from backprop.spans import Span
from backprop.stages import Names, needs_of, tie_text
from backprop.syntax.printer import number_text


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
    if run.arrays:
        from backprop import remarks

        return [
            Note(kind, message, names.text(wire), names.circuit.span(wire))
            for kind, message, wire in remarks.remarks(run, names)
        ]
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
    if not met or (not run.sent[wire] and not gate.flat) or (run.sent[wire] and gate.flat):
        return  # it decides nothing; or a flat gate has a note of its own
    where = ", ".join(
        f"{names.text(source)} = {number_text(value)}"
        for source, value in dict(zip(inputs, at, strict=True)).items()
        if source not in circuit.constants or source in names.names
    )
    what = f"{names.text(wire)} = {names.expression(wire)}"
    if gate.variadic:
        yield note("tie", f"{what} is a tie at {where}: {tie_text(run.ties, 'inputs')}", names, wire)
    elif gate.flat:
        yield note(
            "kink", f"{what} jumps at {where}: its gradient is 0 on both sides, and none at the jump", names, wire
        )
    else:
        used = ", ".join(number_text(p) for p in run.local_gradients(wire) if p is not None)
        yield note("kink", f"{what} has a kink at {where}: the local gradient in use is {used}", names, wire)


def cusps(run: Run, names: Names) -> Iterator[Note]:
    """A note where a stage sits on a kink at which its slope is that of neither side: it has no second derivative."""
    for wire, gate in enumerate(run.circuit.gates):
        if not gate.has_cusp(run.ties) or not run.circuit.active[wire] or run.sent[wire] is None:
            continue
        inputs = run.circuit.inputs[wire]
        condition = rules.condition(gate.cusp, gate, len(inputs), run.arrays)
        met = condition(*[run.values[source] for source in inputs], run.values[wire])
        if run.arrays and run.alive[wire] is not None:
            met = met * run.alive[wire]
        if met.any() if shape_of(met) else met:
            what = f"{names.text(wire)} = {names.expression(wire)}"
            yield note("kink", f"{what} has a kink: there is no second derivative to tell there", names, wire)


# ── gradients that died ──


def died(run: Run, names: Names, wire: int) -> Note:
    """A note where a gradient arrives at a gate that is flat."""
    gate = run.circuit.gates[wire].name
    message = f"the gradient ends at {names.text(wire)} = {names.expression(wire)}: {gate} is flat, its slope is 0"
    return note("flat", message, names, wire)


# ── numbers that are not finite ──


def not_finite(run: Run, names: Names) -> Iterator[Note]:
    """A note on the stage where the first number arose that is not finite, and one on the first such gradient.

    Where the output is not finite, it is the stage that made it so: an infinity that came to nothing is no cause.
    """
    values, circuit = run.values, run.circuit
    noted = False
    if not isfinite(run.value):
        wire = origin(run, circuit.output)
        yield note("not-finite", forward_cause(run, names, wire), names, wire)
        noted = True
    elif not all(map(isfinite, values)):
        taken = taken_stages(run)
        made = (wire for wire in range(len(circuit)) if taken[wire] and not isfinite(values[wire]))
        for wire in made:
            if not as_given(run, origin(run, wire)):
                yield note("not-finite", forward_cause(run, names, wire), names, wire)
                noted = True
                break
    for wire in range(len(values) - 1, -1, -1):
        sent = run.sent[wire]
        if sent is not None and not isfinite(sent):
            yield from backward_cause(run, names, wire, noted)
            break


def origin(run: Run, wire: int) -> int:
    """The stage from which a value that is not finite came: a nan from a nan, else made there; an infinity likewise."""
    while True:
        inputs = [source for source in taken_inputs(run, wire) if not isfinite(run.values[source])]
        if isnan(run.values[wire]):
            inputs = [source for source in inputs if isnan(run.values[source])]
        if not inputs:
            return wire
        wire = inputs[0]


def taken_inputs(run: Run, wire: int) -> list[int]:
    """The inputs of a stage, but for the branch of a `where` that was not taken."""
    inputs = list(run.circuit.inputs[wire])
    if run.circuit.gates[wire].name == "where":
        del inputs[2 if run.values[inputs[0]] else 1]
    return inputs


def as_given(run: Run, wire: int) -> bool:
    """Whether a number is one that the user wrote: an infinity that is given is no surprise."""
    return run.circuit.gates[wire] in (INPUT, CONSTANT)


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
    shown = dict.fromkeys(source for source in inputs if source not in circuit.constants)
    here = " and ".join(f"{names.text(source)} is {number_text(run.values[source])}" for source in shown)
    if not all(map(isfinite, at)):
        return f"{what}: {here}"
    if outside_domain(gate, at, run.values[wire]):
        return f"{what}: {needs_of(names, gate, inputs)}" + (f", and {here}" if here else "")
    return f"{what}: it overflows, the largest number is {LARGEST}"


def outside_domain(gate: Gate, at: list[float], out: float) -> bool:
    return bool(gate.domain) and not rules.condition(gate.domain, gate, len(at))(*at, out)


def backward_cause(run: Run, names: Names, wire: int, noted: bool) -> Iterator[Note]:
    """The stage whose local gradient made the first gradient that is not finite, and why.

    `noted` says that there is a note on a value that is not finite, from which it may follow.
    """
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
        if noted and not all(isfinite(run.values[source]) for source in (*circuit.inputs[consumer], consumer)):
            continue  # it only follows from a value that is not finite, and of that there is a note already
        for source, local in zip(circuit.inputs[consumer], run.local_gradients(consumer), strict=True):
            if source == wire and local is not None and not isfinite(g * local):
                varying = dict.fromkeys(s for s in circuit.inputs[consumer] if s not in circuit.constants)
                at = ", ".join(f"{names.text(s)} = {number_text(run.values[s])}" for s in varying)
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
