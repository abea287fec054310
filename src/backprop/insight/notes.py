"""What a run has to say for itself: ties and kinks, the first number that is not finite, and gradients that died."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from backprop.circuit import Circuit
from backprop.differentiate import rules
from backprop.differentiate.run import Run
from backprop.insight.stages import Names, tie_text
from backprop.language.printer import number_text
from backprop.spans import Span


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
    found = []
    if run.arrays or not finite(run):
        from backprop.insight.causes import causes

        found = [note(kind, message, names, wire) for kind, message, wire in causes(run, names).remarks]
    if run.arrays:
        from backprop.insight import remarks

        return found + [note(kind, message, names, wire) for kind, message, wire in remarks.remarks(run, names)]
    taken: bytearray | None = None
    for wire, gate in enumerate(run.circuit.gates):
        if gate.kink and run.circuit.active[wire]:
            taken = taken or taken_stages(run)
            if taken[wire]:
                found += kinks(run, names, wire)
        if gate.flat and run.sent[wire]:
            found.append(died(run, names, wire))
    return found


def finite(run: Run) -> bool:
    """Whether all numbers of a run are finite."""
    return all(map(isfinite, run.values)) and all(sent is None or isfinite(sent) for sent in run.sent)


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


def not_squared(circuit: Circuit, ties: str) -> set[int]:
    """The stages that are used by themselves, and not only in even powers, which have no kink."""
    from backprop.differentiate.derive import smooth_power

    used = {circuit.output}
    for wire, inputs in enumerate(circuit.inputs):
        if smooth_power(circuit, wire) is None:
            used.update(inputs)
    return used


def cusps(run: Run, names: Names) -> Iterator[Note]:
    """A note where a stage sits on a kink at which its slope is that of neither side: it has no second derivative."""
    from backprop.numbers.shapes import shape_of

    bare = not_squared(run.circuit, run.ties)
    for wire, gate in enumerate(run.circuit.gates):
        inputs = run.circuit.inputs[wire]
        rough = gate.rough(len(inputs), run.ties)
        if not rough or wire not in bare or not run.circuit.active[wire] or run.sent[wire] is None:
            continue
        condition = rules.condition(rough, gate, len(inputs), run.arrays)
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
