"""Ties and kinks of a run on arrays, and gradients that died: as in `notes`, but with the element where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backprop.differentiate import rules
from backprop.differentiate.run import Run
from backprop.gates import CONSTANT, INPUT
from backprop.insight.causes import Remark, inner
from backprop.insight.stages import Names, tie_text
from backprop.language.printer import number_text
from backprop.numbers.shapes import shape_of

Array = Any


def remarks(run: Run, names: Names) -> list[Remark]:
    """All that is worth saying."""
    found: list[Remark] = []
    with np.errstate(all="ignore"):
        for wire, gate in enumerate(run.circuit.gates):
            if not run.circuit.active[wire] or run.sent[wire] is None:
                continue
            if gate.kink and gate not in (INPUT, CONSTANT):
                found += kinks(run, names, wire)
            if gate.name == "power" and is_reciprocal_matrix(run, wire):
                what = f"{names.text(wire)} = {names.expression(wire)}"
                inverse = f"inv({names.text(run.circuit.inputs[wire][0])})"
                found.append(("elementwise", f"{what} is the power of each element; the inverse is {inverse}", wire))
            if gate.flat and not gate.plumbing and np.any(run.sent[wire]):
                what = f"{names.text(wire)} = {names.expression(wire)}"
                found.append(("flat", f"the gradient ends at {what}: {gate.spelling} is flat, its slope is 0", wire))
    return found


def is_reciprocal_matrix(run: Run, wire: int) -> bool:
    """Whether a stage is `A^-1` of a square matrix, which looks like its inverse."""
    base, exponent = run.circuit.inputs[wire]
    shape = shape_of(run.values[base])
    square = len(shape) == 2 and shape[0] == shape[1] > 1
    return square and exponent in run.circuit.constants and np.array_equal(run.values[exponent], -1.0)


def element(name: str, value: Array, place: tuple[int, ...]) -> tuple[str, float]:
    """The element of an input that goes into an element of the output: how it is called, and the number."""
    own = inner(place, value)
    return f"{name}{place_text(own)}", float(value[own]) if own else float(value)


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
    told = [element(names.text(source), run.values[source], place) for source in fits if source in names.names]
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
        used = ", ".join(number_text(element("", partial, place)[1]) for partial in locals_)
        yield "kink", f"{what} has a kink{where}: the local gradient in use is {used}", wire
