"""A run on arrays: the forward pass and the reverse sweep of `run`, where values have shapes.

What is sent to an input is summed back to its shape here, once for all gates. Beside a gradient goes where it is
alive: an element in a branch that was not taken gets exactly 0, whatever the slopes below it are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.circuit import Circuit
from backprop.differentiate import functions, rules
from backprop.errors import Problem
from backprop.errors.spans import Span, clipped
from backprop.errors.spelling import either
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.numbers.arrays import multiply, negate, unbroadcast
from backprop.numbers.buffers import Pool, chosen, pooled
from backprop.numbers.shapes import Mismatch, Shape, broadcast_mismatch, dimension_analysis, shape_of, shape_text

Array = Any  # float or np.ndarray of float64


def evaluate(circuit: Circuit, at: Mapping[str, Array]) -> list[Array]:
    """The forward pass: the value of every stage. Raises a Problem of kind "shape" or "size"."""
    values: list[Array] = [0.0] * len(circuit)
    for wire, constant in circuit.constants.items():
        values[wire] = constant
    for name, wire in circuit.variables.items():
        values[wire] = at[name]
    with np.errstate(all="ignore"), pooled(pool_of(circuit)):
        for wire, (gate, sources) in circuit.stages():
            if gate is not INPUT and gate is not CONSTANT:
                inputs = [values[source] for source in sources]
                try:
                    value = functions.forward(gate, len(sources), True)(*inputs)
                except (Mismatch, ValueError, IndexError, TypeError, MemoryError) as error:
                    raise shape_problem(circuit, wire, inputs, values, error) from None
                except Problem as problem:  # there is not enough memory
                    raise located(circuit, wire, (), problem) from None
                values[wire] = value[()] if isinstance(value, np.ndarray) and not value.ndim else value  # a number
    return values


ALL_OF_IT = f"; or {either('eval --jacobian', 'compile(…).jacobian()')}"


def pool_of(circuit: Circuit) -> Pool:
    """The memory that runs of a circuit use again."""
    found = circuit.plans.setdefault("pool", Pool())
    assert isinstance(found, Pool)
    return found


def seed_of(value: Array, upstream: Array | None) -> Array:
    """The gradient on an output: as given, or 1 for a number."""
    shape = shape_of(value)
    if upstream is None:
        if shape:
            raise Problem(
                "shape",
                f"the output is {shape_text(shape)}, and no single number: its gradient needs one from above",
                hint=f"give {ones_of(shape)}, {shape_text(shape)} like the output{ALL_OF_IT}; "
                "or sum(…) it to a number"
                + ("; [ ] make an array of what is in them, ( ) do not" if shape == (1,) else ""),
            )
        return 1.0
    if shape_of(upstream) != shape:
        raise Problem(
            "shape",
            f"the upstream is {shape_text(shape_of(upstream))}, and the output is {shape_text(shape)}",
            hint=f"the upstream must be {shape_text(shape)}, like the output: {ones_of(shape)}"
            if shape
            else "the upstream must be a number, like the output",
        )
    return upstream


def ones_of(shape: Shape) -> str:
    """A gradient from above of this shape, as it is given."""
    return either(
        f"--upstream 'ones({','.join(map(str, shape))})'", f"upstream=np.ones({shape if len(shape) > 1 else shape[0]})"
    )


def sweep(
    circuit: Circuit,
    values: Sequence[Array],
    ties: str,
    seeds: Mapping[int, Array],
    stop: int = 0,
    left_out: frozenset[int] = frozenset(),
    alive: list[Array | None] | None = None,
) -> list[Array | None]:
    """The reverse pass from the seeds down to stage `stop`: what arrives at every wire, None where nothing does.

    Variables in `left_out` get nothing: what would be sent to them alone is not computed. `alive`, a list of None for
    every stage, is filled with masks of where sent[i] is alive; None is everywhere.
    """
    sent: list[Array | None] = [None] * len(values)
    alive = [None] * len(values) if alive is None else alive
    own: set[int] = set()  # the wires whose gradient is a sum that was made here, so that more can be added in place
    for wire, seed in seeds.items():
        sent[wire] = seed
    active, gates, inputs = circuit.active, circuit.gates, circuit.inputs
    with np.errstate(all="ignore"), pooled(pool_of(circuit)):
        for wire in range(max(seeds), stop - 1, -1):
            g, gate = sent[wire], gates[wire]
            if g is None or gate is INPUT or not active[wire]:
                continue
            sources = inputs[wire]
            wanted = tuple([bool(active[source]) and source not in left_out for source in sources])
            at = [values[source] for source in sources]
            leaves = [gates[source] is INPUT for source in sources]
            pieces = pieces_of(circuit, wire, ties, wanted, g, at, values[wire], alive[wire])
            if gate.linear and alive[wire] is not None and not are_finite(pieces):
                at_heard = heard(gate, at, values[wire], alive[wire], ties)
                pieces = pieces_of(circuit, wire, ties, wanted, g, at_heard, values[wire], alive[wire])
                leaves = [False for _ in sources]  # what is heard in part may be 0 times infinity for the others
            lives = live(gate, wanted, pieces, alive[wire], at, values[wire], ties, leaves)
            for source, piece, lively in zip(sources, pieces, lives, strict=True):
                if piece is None:
                    continue
                if lively is not None:
                    if not np.any(lively):
                        continue  # nothing of it is alive: nothing is sent
                    piece = masked(gate, g, piece, lively)
                    if gates[source] is INPUT:
                        lively = None  # nothing lies below
                if shape_of(piece) != shape_of(values[source]):
                    piece = unbroadcast(piece, values[source])
                    lively = None if lively is None else unbroadcast_live(lively, values[source])
                before = sent[source]
                if before is None:
                    sent[source], alive[source] = piece, lively
                    continue
                alive[source] = None if alive[source] is None or lively is None else alive[source] | lively
                if source in own and isinstance(before, np.ndarray) and before.ndim:
                    before += piece
                else:
                    sent[source] = before + piece
                    own.add(source)
    return sent


def masked(gate: Gate, g: Array, piece: Array, lively: Array) -> Array:
    """What is sent, with 0 where it is not alive; of a gate that routes, `piece` is a local gradient."""
    if gate.routes and not gate.mixes:
        return chosen(lively, g if is_mask(piece) else multiply(g, piece), 0.0)
    return piece if piece is g else chosen(lively, piece, 0.0)  # g is 0 where it is not alive


def are_finite(pieces: Sequence[Array | None]) -> bool:
    return all(piece is None or np.isfinite(piece).all() for piece in pieces)


def heard(gate: Gate, at: Sequence[Array], out: Array, above: Array, ties: str) -> Sequence[Array]:
    """The inputs of a gate that multiplies them, with 0 for those that go into nothing that is alive: what nobody
    hears of spoils nothing by being infinite or nan."""
    texts, flows = gate.reaches(len(at), ties)
    if sum(flows) < 2:
        return at
    factors = tuple(flow and text is not None for flow, text in zip(flows, texts, strict=True))
    ones = [np.broadcast_to(1.0, shape_of(value)) if flow else value for value, flow in zip(at, flows, strict=True)]
    mask = np.broadcast_to(above, shape_of(out)).astype(float)
    masks = rules.reach(gate, len(at), ties, factors)(mask, *ones, out)
    pairs = zip(at, masks, strict=True)
    return [x if mask is None else chosen(unbroadcast_live(mask, x), x, 0.0) for x, mask in pairs]


def pieces_of(
    circuit: Circuit, wire: int, ties: str, wanted: tuple[bool, ...], g: Array, at: Sequence[Array], out: Array,
    above: Array | None,
) -> Sequence[Array | None]:  # fmt: skip
    """What a stage sends to each input; of a gate that routes, its partials."""
    gate, sources = circuit.gates[wire], circuit.inputs[wire]
    literals: rules.Literals = ()
    if not gate.mixes:
        numbers = [circuit.constants.get(source) for source in sources]
        literals = tuple([number if isinstance(number, float) else None for number in numbers])
        if (
            not gate.routes
            and not gate.kink
            and above is None
            and any(shape_of(value) != shape_of(out) for value in at)
        ):
            function = rules.of_stage(circuit, wire, rules.array_partials, ties, wanted, literals, "None")
            return [stretched(g, partial, value) for partial, value in zip(function(*at, out), at, strict=True)]
    same = tuple(map(sources.index, sources)) if len(set(sources)) < len(sources) else ()
    function = rules.of_stage(circuit, wire, rules.array_rules, ties, wanted, literals, same)
    return function(g, *at, out)  # type: ignore[no-any-return]


def stretched(g: Array, partial: Array | None, value: Array) -> Array | None:
    """Gradient from above times local gradient, summed back to the shape of an input: summed first, where that is the
    same, so that nothing large is made in between."""
    if partial is None:
        return None
    shape = shape_of(value)
    if shape_of(g) != shape and fits(shape_of(partial), shape):
        g = unbroadcast(g, value)
    if isinstance(partial, float) and abs(partial) == 1.0:
        return g if partial == 1.0 else negate(g)
    return multiply(g, partial)


def fits(small: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether a product with an array of the one shape has the other."""
    behind = shape[len(shape) - len(small) :]
    return len(small) <= len(shape) and all(n in (1, m) for n, m in zip(small, behind, strict=True))


def live(
    gate: Gate, wanted: tuple[bool, ...], pieces: Sequence[Array | None], above: Array | None, at: Sequence[Array],
    out: Array, ties: str, leaves: Sequence[bool],
) -> list[Array | None]:  # fmt: skip
    """Where what is sent to each input is alive, as a mask of the piece's shape; None is everywhere.

    A variable needs no mask where the piece itself is known to be 0 elsewhere: nothing lies below it.
    """
    count = len(wanted)
    if not gate.mixes:
        if not gate.routes:
            return [above] * count
        taken = [None if piece is None else piece if is_mask(piece) else np.not_equal(piece, 0) for piece in pieces]
        return [mask if mask is None or above is None else mask & above for mask in taken]
    spoils = not (gate.routes or gate.linear)  # what is not alive may get a nan of what is not
    needed = tuple(wants and (spoils or not leaf) for wants, leaf in zip(wanted, leaves, strict=True))
    if not any(needed) or not (gate.routes or above is not None):
        return [None] * count
    mask = np.ones(shape_of(out)) if above is None else np.broadcast_to(above, shape_of(out)).astype(float)
    _, ones = gate.reaches(count, ties)
    inputs = [np.broadcast_to(1.0, shape_of(value)) if one else value for value, one in zip(at, ones, strict=True)]
    reached = rules.reach(gate, count, ties, needed)(mask, *inputs, out)
    return [None if mask is None else anywhere_but(np.equal(mask, 0)) for mask in reached]


def is_mask(piece: Array) -> bool:
    """Whether it holds true and false."""
    return bool(getattr(getattr(piece, "dtype", None), "kind", "") == "b")


def anywhere_but(dead: Array) -> Array | None:
    """A mask of what is alive, from one of what is not; None where all is."""
    return np.logical_not(dead) if np.any(dead) else None


def unbroadcast_live(mask: Array, value: Array) -> Array:
    return unbroadcast(np.asarray(mask, dtype=float), value) != 0


# ── problems ──


def shape_problem(
    circuit: Circuit, wire: int, inputs: Sequence[Array], values: Sequence[Array], error: Exception
) -> Problem:
    """A gate that cannot take its inputs, with a caret under each that does not fit."""
    sources = circuit.inputs[wire]
    if isinstance(error, MemoryError):
        return located(circuit, wire, (), Problem("size", f"there is not enough memory for this: {error}"))
    gate = circuit.gates[wire]
    if gate.settings and not isinstance(error, Mismatch):
        message = f"{gate.spelling} cannot be computed with these options"
        return located(circuit, wire, (), Problem("arity", message, hint=f"it is {gate.signature()}"))
    if not isinstance(error, Mismatch):
        error = broadcast_mismatch([shape_of(value) for value in inputs])
    names = [written(circuit, source) for source in sources]
    message, hint = error.told(names)
    if circuit.gates[wire].name == "matmul":
        hint = analysed(circuit, wire, names, inputs, values) or hint
    operands = error.operands or range(len(sources))
    return located(circuit, wire, operands, Problem("shape", message, hint=hint))


def analysed(
    circuit: Circuit, wire: int, names: Sequence[str], inputs: Sequence[Array], values: Sequence[Array]
) -> str:
    """The dimension analysis of a product that the user calls a gradient: dW must have the shape of W."""
    name = circuit.names.get(wire, "")
    for source, known in circuit.names.items():
        if source < wire and name == f"d{known}":
            (one, other), (left, right) = names, map(shape_of, inputs)
            return dimension_analysis(name, shape_of(values[source]), one, left, other, right)
    return ""


def written(circuit: Circuit, wire: int) -> str:
    """An operand as the user calls it: its name, or its text where that is short."""
    if wire in circuit.names:
        return circuit.names[wire]
    node = circuit.nodes[wire]
    if circuit.program is None or node < 0:
        return "it"
    return clipped(circuit.program.source_of(node), 40)


def located(circuit: Circuit, wire: int, operands: Sequence[int], problem: Problem) -> Problem:
    """The problem with its places in the text: the operands of a stage, or the stage as a whole."""
    whole = circuit.span(wire)
    if whole is None:
        return problem
    spans = [operand_span(circuit, wire, place, whole) for place in operands]
    circuit.locate(problem, wire).spans = sorted(dict.fromkeys(span or whole for span in spans)) or [whole]
    return problem


def operand_span(circuit: Circuit, wire: int, place: int, whole: Span) -> Span | None:
    """Where an operand stands inside its stage. Leaves that read alike share a node: they are looked for in the
    text."""
    import re

    program = circuit.program
    source = circuit.inputs[wire][place]
    name = circuit.names.get(source)
    assert program is not None
    if name is not None:
        found = list(re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", program.text[whole.start : whole.end]))
        if found:
            hit = found[-1 if place else 0]
            return Span(whole.start + hit.start(), whole.start + hit.end())
    node = circuit.nodes[source]
    if node < 0:
        return None
    span = program.span(node)
    return span if whole.start <= span.start and span.end <= whole.end else None
