"""What people really do wrong in a backward pass: how the numbers prove each mistake, and what to say about it.

A hypothesis is a mistake applied to the right thing; it is named only where it gives the user's numbers at all points.
The words for the causes are those of `check --json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import Any, NamedTuple

from backprop.check.stages.flow import OUTPUT, Edge, Share, Shares
from backprop.check.stages.lines import Code
from backprop.check.stages.samples import Samples, close, minus, nothing, plus, ratio, times, within
from backprop.circuit import reached
from backprop.circuit.lower import template
from backprop.differentiate import functions
from backprop.differentiate.run import Run, evaluate
from backprop.language.printer import short
from backprop.numbers.shapes import Mismatch, quiet, shape_of, shape_text

MOST_EDGES = 10  # of which all subsets are tried


class Finding(NamedTuple):
    """What a line does wrong: the cause (None if none was proved), what to say, and what the line should have added."""

    cause: str | None
    advice: list[str]
    right: Samples


class Case(NamedTuple):
    """A line that is wrong, and what is known about it.

    `piece` is what it contributes, `left` the edges that no other line covers, `covered` those that others do. `names`
    has what the line may read; `code` is None for a claim.
    """

    variable: str
    piece: Samples
    shares: Shares
    left: frozenset[Edge]
    covered: frozenset[Edge]
    code: Code | None
    names: list[dict[str, Any]]
    wires: dict[str, int]  # the wire of each forward name
    tolerances: Samples  # how far each number may be off beyond rounding


def subsets(edges: list[Edge], whole_first: bool = True) -> Iterator[frozenset[Edge]]:
    """All sets of edges, the small ones first and the whole before or after; of many edges, only the likely sets."""
    if whole_first:
        yield frozenset(edges)
    sizes = range(1, len(edges)) if len(edges) <= MOST_EDGES else (1, 2, len(edges) - 1)
    for size in sizes:
        for chosen in combinations(edges, size):
            yield frozenset(chosen)
    if not whole_first:
        yield frozenset(edges)


def matches(case: Case, hypothesis: Samples, piece: Samples | None = None, *, stretch: bool = True) -> bool:
    """Whether a hypothesis gives the user's numbers at all points; with `stretch`, also in a shape that fits."""
    piece = case.piece if piece is None else piece
    scales = case.shares.scale(case.piece)
    if stretch:
        piece = [stretched(x, y) for x, y in zip(piece, hypothesis, strict=True)]
    return all(
        close(x, y, scale) or within(x, y, slack)
        for x, y, scale, slack in zip(piece, hypothesis, scales, case.tolerances, strict=True)
    )


def stretched(x: Any, like: Any) -> Any:
    """A quantity in the shape of another one, if broadcasting makes it that."""
    if x is None or like is None or shape_of(x) == shape_of(like) or len(shape_of(x)) > len(shape_of(like)):
        return x
    from numpy import broadcast_to

    try:
        return broadcast_to(x, shape_of(like))
    except ValueError:
        return x


def diagnose(case: Case) -> Finding:
    """The cause of a wrong line, where one is proved."""
    right = case.shares.sum(case.left)
    rules_of_blame = (
        missing_share, counted_twice, turned_sign, wrong_shape, one_share_wrong, wrong_name, constant_factor,
        wrong_axes,
    )  # fmt: skip
    found = (finding for rule in rules_of_blame for finding in rule(case, right))
    doubtful = Finding(None, [], right)
    if len(case.piece) == 1:  # a number alone: several mistakes may lead to it
        causes = {finding.cause: finding for finding in found if finding.cause is not None}
        if len(causes) == 1:
            return next(iter(causes.values()))
        return Finding(None, [f"several mistakes give this number: {', '.join(causes)}"], right) if causes else doubtful
    for finding in found:
        if finding.cause is not None:
            return finding
        doubtful = finding
    return doubtful


# ── whole shares ──


def missing_share(case: Case, right: Samples) -> Iterator[Finding]:
    """Some of the shares, and the others nowhere."""
    for edges in subsets(sorted(case.left)):
        missing = case.left - edges
        if missing and matches(case, case.shares.sum(edges)) and not nothing(case.shares.sum(missing)):
            yield Finding("missing-share", [exactly(case, edges), f"missing: {listed(case, missing)}"], right)


def counted_twice(case: Case, right: Samples) -> Iterator[Finding]:
    """All that is due, and some share once more; or a line that does what another has done."""
    everything = frozenset(case.shares.edges)
    parts = [edges for _, edges in case.shares.described(everything)]
    for edges in dict.fromkeys([*parts, *(frozenset([edge]) for edge in everything), case.covered]):
        twice = audible(case, edges) != audible(case, case.left)  # all that is due, twice, is rather a factor of 2
        if (
            edges
            and twice
            and not nothing(case.shares.sum(edges))
            and matches(case, plus(right, case.shares.sum(edges)))
        ):
            yield Finding("counted-twice", [f"counted twice: {listed(case, edges)}"], right)


def audible(case: Case, edges: frozenset[Edge]) -> frozenset[Edge]:
    """The edges that send anything at all."""
    return frozenset(edge for edge in edges if not nothing(case.shares.edges[edge]))


def half_of(shares: Shares, missing: frozenset[Edge], there: frozenset[Edge]) -> int | None:
    """The one stage that uses the variable twice, as x * x does, and of which only one half is there."""
    stages = {stage for stage, _ in missing}
    if len(stages) == 1 and stages <= {stage for stage, _ in there} and OUTPUT not in missing:
        return stages.pop()
    return None


def turned_sign(case: Case, right: Samples) -> Iterator[Finding]:
    """All with the other sign, or one share with the other sign."""
    if matches(case, [-x for x in right]):
        yield Finding("sign", ["the sign is turned"], right)
    if len(case.left) > 1:
        for via, edges in parts_of(case):
            part = case.shares.sum(edges)
            if matches(case, minus(right, plus(part, part))):
                yield Finding("sign", [f"the share through {via} has the other sign"], right)


def exactly(case: Case, edges: frozenset[Edge]) -> str:
    """What the line did compute."""
    parts = case.shares.described(edges)
    if not parts:
        return "nothing at all"
    noun = "share" if len(parts) == 1 else "shares"
    return f"exactly the {noun} through {' and '.join(f'`{via}`' for via, _ in parts)}"


def listed(case: Case, edges: frozenset[Edge]) -> str:
    """Shares with their numbers."""
    parts = case.shares.described(edges)
    return ", ".join(f"through {via} {signed(case.shares.sum(group)[0])}" for via, group in parts)


def parts_of(case: Case) -> list[tuple[str, frozenset[Edge]]]:
    """The shares that are due, as a person would name them, and each edge."""
    parts = case.shares.described(case.left)
    return [*parts, *((case.shares.label(edge[0]), frozenset([edge])) for edge in sorted(case.left) if edge != OUTPUT)]


def signed(x: Any) -> str:
    """A number with its sign, for a list of what was lost."""
    if not isinstance(x, float):
        return "(an array)"
    return f"{x:+.6f}" if 1e-3 <= abs(x) < 1e6 else f"{x:+.6g}"


# ── one share ──


def one_share_wrong(case: Case, right: Samples) -> Iterator[Finding]:
    """One share is not what it should be: its upstream, its local gradient, or where that is taken."""
    due = [share for share in case.shares.shares() if share.edges <= case.left]
    tests: list[Callable[[Case, Share, Samples], tuple[str, str] | None]] = [
        not_swapped,
        no_upstream,
        no_local,
        wrong_point,
    ]
    for test in tests:
        for share in due:
            rest = case.shares.sum(case.left - share.edges)
            found = test(case, share, rest)
            if found is not None:
                yield Finding(found[0], [found[1]], right)


def not_swapped(case: Case, share: Share, rest: Samples) -> tuple[str, str] | None:
    for stage, _ in share.edges if len(share.edges) == 1 else ():  # which may lie before the stage with a name
        gate = case.shares.names.gate(stage)
        for other in share.others if not case.shares.circuit.gates[stage].routes else ():
            if not same_everywhere(other, share.local) and matches(case, plus(rest, times(share.upstream, other))):
                how = "a multiply swaps its inputs: its gradient goes to each times the other one"
                told = how if gate == "multiply" else f"this is the local gradient of {gate} in its other input"
                return "not-swapped", told
    return None


def no_upstream(case: Case, share: Share, rest: Samples) -> tuple[str, str] | None:
    if not same_everywhere(share.upstream, [1.0] * len(rest)) and matches(case, plus(rest, share.local)):
        return "no-upstream", f"the local gradient alone: times d{share.via}, the gradient from above, is missing"
    return None


def no_local(case: Case, share: Share, rest: Samples) -> tuple[str, str] | None:
    if not same_everywhere(share.local, [1.0] * len(rest)) and matches(case, plus(rest, share.upstream)):
        number = short(share.local[0]) if isinstance(share.local[0], float) else "a factor"
        return (
            "no-local",
            f"the gradient from above alone: times the local gradient of {share.via}, {number}, is missing",
        )
    return None


def same_everywhere(a: Samples, b: Samples) -> bool:
    return all(close(x, y, 0.0) for x, y in zip(a, b, strict=True))


def wrong_point(case: Case, share: Share, rest: Samples) -> tuple[str, str] | None:
    """The rule of the gate with its output where an input belongs, or the other way round."""
    if len(share.edges) != 1:
        return None
    (stage, slot), runs = next(iter(share.edges)), case.shares.runs
    for words, slopes in misplaced(runs, stage, slot):
        if not same_everywhere(slopes, share.local) and matches(case, plus(rest, times(share.upstream, slopes))):
            return "wrong-point", f"the local gradient of {case.shares.names.gate(stage)} is taken {words}"
    return None


def misplaced(runs: list[Run], stage: int, slot: int) -> Iterator[tuple[str, Samples]]:
    """The local gradient of a stage at wrong places, by its rule and by that of the text books."""
    circuit = runs[0].circuit
    gate, inputs = circuit.gates[stage], circuit.inputs[stage]
    names = gate.names(len(inputs))
    if gate.mixes or runs[0].arrays:
        return
    try:
        texts = dict.fromkeys(
            text for text in (gate.rules(len(inputs), "both")[slot], *gate.textbook[slot : slot + 1]) if text
        )
    except IndexError:
        return
    here, out = names[slot], "out"
    for text in texts:
        for words, first, second in (
            ("at its output instead of its input", out, out), ("at its input instead of its output", here, here),
            ("with input and output exchanged", out, here),
        ):  # fmt: skip
            slopes: Samples = []
            for result in runs:
                scope = dict(zip(names, (result.values[source] for source in inputs), strict=True))
                scope[out] = result.values[stage]
                scope[here], scope[out] = scope[first], scope[second]
                slopes.append(rule_value(text, (*names, out), scope))
            yield words, slopes


def rule_value(text: str, parameters: tuple[str, ...], scope: dict[str, Any]) -> Any:
    """A rule's value at given inputs and output."""
    circuit = template(text, parameters)
    return evaluate(circuit, scope)[circuit.output]


def constant_factor(case: Case, right: Samples) -> Iterator[Finding]:
    """A multiple of what is right, of the whole or of one share."""
    options: list[tuple[str, Samples, Samples]] = [("", case.piece, right)]
    for via, edges in parts_of(case):
        rest = case.shares.sum(case.left - edges)
        options.append((f"the share through {via} is ", minus(case.piece, rest), case.shares.sum(edges)))
    if len(case.piece) < 2:
        return  # at a single point everything is a multiple of everything
    for words, piece, wanted in options:
        ratios = [ratio(x, y) for x, y in zip(piece, wanted, strict=True)]
        if ratios[0] is not None and all(close(one, ratios[0], 0.0) for one in ratios):
            yield Finding(
                "factor",
                [f"{words or 'it is '}{short(ratios[0])} times what it should be"],
                right,
            )


# ── arrays ──


def wrong_shape(case: Case, right: Samples) -> Iterator[Finding]:
    """Right, but for a sum over the axes along which the variable was stretched."""
    if case.piece[0] is None or shape_of(case.piece[0]) == shape_of(right[0]):
        return
    for axes in axis_sets(len(shape_of(case.piece[0]))):
        summed = [shaped_like(x.sum(axis=axes, keepdims=True), y) for x, y in zip(case.piece, right, strict=True)]
        if matches(case, right, summed):
            shapes = f"{shape_text(shape_of(case.piece[0]))}, and {case.variable} is {shape_text(shape_of(right[0]))}"
            named = " and ".join(map(str, axes))
            yield Finding("not-summed", [f"it is {shapes}: sum over axis {named}, along which it was broadcast"], right)
            return


def axis_sets(count: int) -> Iterator[tuple[int, ...]]:
    for size in range(1, count + 1):
        yield from combinations(range(count), size)


def shaped_like(x: Any, like: Any) -> Any:
    """An array in another shape, where it has as many elements; None where it has not."""
    shape = shape_of(like)
    return x.reshape(shape) if shape and x.size == like.size else float(x.sum()) if not shape and x.size == 1 else None


def wrong_axes(case: Case, right: Samples) -> Iterator[Finding]:
    """The formula with one transpose more or less, or with another axis: what of it gives the right numbers."""
    if case.code is None or case.code.circuit is None:
        return
    for cause, advice, change in changed_formulas(case.code.circuit):
        values = [recomputed(case.code, there, change) for there in case.names]
        if matches(case, right, values):
            yield Finding(cause, [advice], right)


Change = tuple[int, int, Callable[..., Any]]  # a stage, one of its inputs (-1: its result), and what is done to that


def changed_formulas(circuit: Any) -> Iterator[tuple[str, str, Change]]:
    """Formulas that differ in one transpose or one axis."""

    def turned(x: Any) -> Any:
        return x.T if len(shape_of(x)) == 2 else x

    for stage, (gate, inputs) in circuit.stages():
        if gate.name == "matmul":
            names = [circuit.names.get(source) for source in inputs]
            for slot, name in enumerate(names):
                yield (
                    "transposed",
                    f"one transpose too many or too few, at {name or 'an operand'} of the product",
                    (stage, slot, turned),
                )
            yield "transposed", "the product is transposed", (stage, -1, turned)
        if gate.name == "transpose":
            yield "transposed", "a transpose too many", (stage, -1, turned)
        if "axis" in gate.settings:
            for axis in (0, 1, -1, 2, None):
                if axis != gate.settings["axis"]:
                    other = gate.with_options({"axis": axis})
                    where = "over all elements" if axis is None else f"along axis {axis}"
                    said = f"the {gate.spelling} goes along axis {gate.settings['axis']}: {where} it is right"
                    yield "wrong-axis", said, (stage, -2, functions.forward(other, len(inputs), True))
    yield "transposed", "the whole is transposed", (circuit.output, -1, turned)
    for name, wire in circuit.variables.items():
        yield "transposed", f"`{name}` is transposed where it should not be, or the other way round", (wire, -1, turned)


def recomputed(code: Code, names: dict[str, Any], change: Change) -> Any:
    """What a line computes with a change; None where shapes do not fit."""
    circuit = code.circuit
    assert circuit is not None
    place, slot, do = change
    arrays = circuit.tensors or any(shape_of(names[name]) for name in circuit.variables)
    values: list[Any] = [0.0] * len(circuit)
    try:
        with quiet(arrays):
            for wire, (gate, inputs) in circuit.stages():
                if wire in circuit.constants:
                    values[wire] = circuit.constants[wire]
                elif wire in circuit.names and not inputs:
                    values[wire] = names[circuit.names[wire]]
                else:
                    at = [do(values[s]) if (wire, i) == (place, slot) else values[s] for i, s in enumerate(inputs)]
                    forward = do if (wire, -2) == (place, slot) else functions.forward(gate, len(inputs), arrays)
                    values[wire] = forward(*at)
                if (wire, -1) == (place, slot):
                    values[wire] = do(values[wire])
    except (Mismatch, ValueError, IndexError, TypeError, AttributeError, ArithmeticError):
        # (the last three where a number stands in place of an array)
        return None
    return values[circuit.output]


# ── names in the formula ──


def wrong_name(case: Case, right: Samples) -> Iterator[Finding]:
    """The line is right with one name in place of another."""
    code = case.code
    if code is None or code.circuit is None or len(case.names) < 2:
        return
    goal = right
    for read in code.reads:
        for name in case.names[0]:
            if name == read or not all(name in there for there in case.names):
                continue
            for values in replaced(code, read, name, case.names):
                if matches(case, values, goal):
                    yield Finding(*cause_of(case, read, name), right)


def replaced(code: Code, read: str, name: str, names: list[dict[str, Any]]) -> Iterator[Samples]:
    """What a line computes with another name: everywhere, or in one place."""
    circuit = code.circuit
    assert circuit is not None
    wire = circuit.variables[read]
    yield [recomputed(code, {**there, read: there[name]}, (-1, -1, abs)) for there in names]
    places = [
        (stage, slot)
        for stage, inputs in enumerate(circuit.inputs)
        for slot, source in enumerate(inputs)
        if source == wire
    ]
    if len(places) > 1:
        for stage, slot in places:
            yield [recomputed(code, there, (stage, slot, lambda _, other=there[name]: other)) for there in names]


def cause_of(case: Case, read: str, name: str) -> tuple[str | None, list[str]]:
    """What it means that one name was read where another one is needed."""
    used, needed = case.wires.get(read), case.wires.get(name)
    says = f"reads `{read}` where `{name}` is needed"
    if used is None or needed is None:
        return None, [says]
    shares, circuit = case.shares, case.shares.circuit
    early, late = min(used, needed), max(used, needed)
    if late in {share.stage for share in shares.shares()} and depends(circuit, late, early, shares.anchors):
        kind = "output" if needed == late else "input"
        return "wrong-point", [
            f"{says}: the local gradient is taken at the {'input' if kind == 'output' else 'output'}"
        ]
    if any({used, needed} <= set(circuit.inputs[stage]) for stage, _ in shares.edges if stage >= 0):
        return "not-swapped", [says]
    return None, [says]


def depends(circuit: Any, late: int, early: int, anchors: frozenset[int]) -> bool:
    """Whether a stage is computed from another, with no named stage between them."""

    def onward(stage: int) -> tuple[int, ...]:
        return () if stage in anchors or stage <= early else circuit.inputs[stage]

    return early in reached(circuit.inputs[late], onward)
