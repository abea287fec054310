"""What a run on arrays has to say for itself: as `notes`, but with the element where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backprop import rules
from backprop.errors import LARGEST
from backprop.gates import CONSTANT, INPUT
from backprop.numbers.shapes import shape_of
from backprop.run import Run
from backprop.stages import Names, needs_of, tie_text
from backprop.syntax.printer import number_text

Array = Any
Remark = tuple[str, str, int]  # kind, message, stage


def remarks(run: Run, names: Names) -> list[Remark]:
    """All that is worth saying, wrong numbers first."""
    found = [*first_value(run, names, run.alive), *first_gradient(run, names)]
    with np.errstate(all="ignore"):
        for wire, gate in enumerate(run.circuit.gates):
            if not run.circuit.active[wire] or run.sent[wire] is None:
                continue
            if gate.kink and gate not in (INPUT, CONSTANT):
                found += kinks(run, names, wire)
            if gate.flat and not gate.plumbing and np.any(run.sent[wire]):
                what = f"{names.text(wire)} = {names.expression(wire)}"
                found.append(("flat", f"the gradient ends at {what}: {gate.spelling} is flat, its slope is 0", wire))
    return found


def element(name: str, value: Array, place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[str, float]:
    """The element of an input that goes into an element of the output: how it is called, and the number."""
    own = shape_of(value)
    if not own:
        return name, float(value)
    inner = tuple(0 if size == 1 else at for at, size in zip(place[len(shape) - len(own) :], own, strict=True))
    return f"{name}{place_text(inner)}", float(value[inner])


def place_text(place: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, place))}]" if place else ""


def first_place(mask: Array) -> tuple[int, ...]:
    return tuple(int(at) for at in np.argwhere(mask)[0]) if np.ndim(mask) else ()


def many(mask: Array) -> str:
    """How many elements are meant, where there is more than one."""
    count, size = int(np.count_nonzero(mask)), int(np.size(mask))
    return f" (and at {count - 1} more of {size})" if count > 1 else ""


# ── ties and kinks ──


def kinks(run: Run, names: Names, wire: int) -> Iterator[Remark]:
    """Where a stage sits on a kink of its gate, and that decided a gradient."""
    circuit, gate = run.circuit, run.circuit.gates[wire]
    sources = circuit.inputs[wire]
    at, out = [run.values[source] for source in sources], run.values[wire]
    met = np.not_equal(rules.kink(gate, len(sources), True)(*at, out), 0)
    reached = np.not_equal(run.sent[wire], 0)
    if shape_of(met) == shape_of(reached):
        met = met & reached if not gate.flat else met
    if not np.any(met) or not np.any(reached):
        return
    place, shape = first_place(met), shape_of(met)
    what = f"{names.text(wire)} = {names.expression(wire)}"
    if gate.spelling in ("max", "min") and gate.mixes:
        where = f" at {place_text(place)}" if place else ""
        yield "tie", f"{what} is a tie{where}{many(met)}: {tie_text(run.ties, 'elements')}", wire
        return
    fits = [source for source in dict.fromkeys(sources) if len(shape_of(run.values[source])) <= len(shape)]
    told = [element(names.text(source), run.values[source], place, shape) for source in fits if source in names.names]
    where = ", ".join(f"{name} = {number_text(value)}" for name, value in told) if not gate.mixes else place_text(place)
    where = f" at {where}{many(met)}" if where else ""
    if gate.variadic:
        yield "tie", f"{what} is a tie{where}: {tie_text(run.ties, 'elements')}", wire
    elif gate.flat:
        yield "kink", f"{what} jumps{where}: its gradient is 0 on both sides, and none at the jump", wire
    elif gate.mixes:
        yield "kink", f"{what} has a kink{where}: there its gradient is 0", wire
    else:
        locals_ = [partial for partial in run.local_gradients(wire) if partial is not None]
        used = ", ".join(number_text(element("", partial, place, shape)[1]) for partial in locals_)
        yield "kink", f"{what} has a kink{where}: the local gradient in use is {used}", wire


# ── numbers that are not finite ──


def first_value(run: Run, names: Names, alive: list[Array | None]) -> Iterator[Remark]:
    """The first stage with an element that is not finite, and why."""
    circuit = run.circuit
    used = bytearray(len(circuit))
    for inputs in circuit.inputs:
        for source in inputs:
            used[source] = 1
    for wire, value in enumerate(run.values):
        wrong = ~np.isfinite(value)
        if not np.any(wrong) or (circuit.gates[wire] is CONSTANT and wire not in names.names):
            continue
        if run.upstream is not None and circuit.active[wire] and used[wire]:
            if run.sent[wire] is None:
                continue
            wrong = wrong & (True if alive[wire] is None else alive[wire])
        if np.any(wrong):
            yield "not-finite", value_cause(run, names, wire, wrong), wire
            return


def value_cause(run: Run, names: Names, wire: int, wrong: Array) -> str:
    """Why an element of a stage is not finite."""
    circuit, gate, out = run.circuit, run.circuit.gates[wire], run.values[wire]
    place = first_place(wrong)
    where = f" at {place_text(place)}{many(wrong)}" if place else ""
    value = number_text(float(np.asarray(out)[place]))
    name = names.text(wire)
    if gate in (INPUT, CONSTANT):
        return f"{name} is {value}{where}, as given"
    what = f"{name} = {names.expression(wire)} is {value}{where}"
    sources = circuit.inputs[wire]
    for source in sources:
        bad = ~np.isfinite(run.values[source])
        if np.any(bad):
            spot = first_place(bad)
            given = number_text(float(np.asarray(run.values[source])[spot]))
            return f"{what}: {names.text(source)}{place_text(spot)} is {given}"
    if gate.mixes and any(np.size(run.values[source]) == 0 for source in sources):
        return f"{what}: it is taken of nothing"
    if gate.domain:
        with np.errstate(all="ignore"):
            inside = rules.condition(gate.domain, gate, len(sources), True)(
                *(run.values[source] for source in sources), out
            )
        if not np.all(inside):
            needs = needs_of(names, gate, sources)
            if gate.mixes:
                return f"{what}: it needs {gate.needs}"
            told = [element(names.text(source), run.values[source], place, shape_of(out)) for source in sources]
            here = " and ".join(f"{text} is {number_text(number)}" for text, number in dict.fromkeys(told))
            return f"{what}: {needs}, and {here}"
    return f"{what}: it overflows, the largest number is {LARGEST}"


def first_gradient(run: Run, names: Names) -> Iterator[Remark]:
    """The first gradient with an element that is not finite, and the stage that sent it."""
    circuit = run.circuit
    for wire in range(len(run.values) - 1, -1, -1):
        sent = run.sent[wire]
        if sent is None or np.all(np.isfinite(sent)):
            continue
        wrong = ~np.isfinite(sent)
        place = first_place(wrong)
        gradient = number_text(float(np.asarray(sent)[place]))
        where = f" at {place_text(place)}{many(wrong)}" if place else ""
        if wire == circuit.output:
            yield "gradient-not-finite", f"the gradient from above is {gradient}{where}, as given", wire
            return
        told = f"the gradient of {names.text(wire)} is {gradient}{where}"
        senders = [
            stage
            for stage in range(wire + 1, len(circuit))
            if wire in circuit.inputs[stage] and run.sent[stage] is not None
        ]
        if len(senders) == 1:
            what = f"{names.text(senders[0])} = {names.expression(senders[0])}"
            value = number_text(float(np.asarray(run.values[wire])[place]))
            told += f": {what} sends it that, where {names.text(wire)}{place_text(place)} = {value}"
            yield "gradient-not-finite", told, senders[0]
        else:
            yield "gradient-not-finite", f"{told}: its shares add up to that", wire
        return
