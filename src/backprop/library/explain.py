"""The steps of a run: forward, backward, the ledgers of its forks, and what is worth remarking. No number is made here.

Every number is one of the run's, so it is one that the table shows.
"""

from __future__ import annotations

from math import isclose, isfinite, isinf, isnan, log10

from backprop.circuit import Opened
from backprop.differentiate.rules import condition, substituted
from backprop.differentiate.run import Run, plain, sent_by, sweep
from backprop.errors.light import TYPE_CHECKING, Any, Iterable, NamedTuple, Sequence
from backprop.gates import NAMES, Gate
from backprop.language import parse
from backprop.language.printer import rounded, short
from backprop.library.stages import Names, Stage, operand, stages
from backprop.numbers.shapes import all_finite, dimension_analysis, quiet, shape_of, shape_text

if TYPE_CHECKING:
    from backprop.library.rounds import LeftOut

SATURATED = 0.01  # a local gradient below this passes next to nothing
UNEQUAL = 1e3  # a multiply whose inputs are this far apart
FADED, GROWN = 1e-6, 1e6  # what is left of a gradient along a chain
CANCELLED = 1e-6  # what is left of the shares of a fork
LONGEST_RULE = 28  # a rule longer than this is no help to a reader


class Sent(NamedTuple):
    """What a stage sends back to one input: local × gradient = sent. `rule` spells the local gradient where that helps.

    Of a gate that mixes elements, the rule is that of what is sent, and `local` is None. `shapes` is what becomes of
    the shapes, where there are arrays.
    """

    to: str
    rule: str
    local: Any
    sent: Any
    shapes: str = ""


class Forward(NamedTuple):
    """A stage computed: its expression in names and in numbers."""

    stage: str
    gate: str
    expression: str
    numbers: str
    value: Any


class Backward(NamedTuple):
    """A stage on the way back: its gradient, what its gate does with it, and what it sends."""

    stage: str
    gate: str
    expression: str
    gradient: Any
    says: str
    sends: list[Sent]


class Fork(NamedTuple):
    """A variable that is used in several places: its gradient is the sum of the shares."""

    name: str
    shares: list[tuple[str, Any]]
    sum: Any


class Remark(NamedTuple):
    """Something that the numbers show: its kind in a word, the stage, and the sentence."""

    kind: str
    stage: str
    message: str


class Story(NamedTuple):
    """A run, told."""

    output: str
    value: Any
    forward: list[Forward]
    backward: list[Backward]
    forks: list[Fork]
    remarks: list[Remark]
    meaning: list[str]
    left_out: dict[str, LeftOut]  # the stages that need not be told, by their names


def tell(
    run: Run, names: Names, of: Iterable[str] | None = None, rounds: Sequence[LeftOut] = (), digits: int = 6
) -> Story:
    """The story of a run; `of` are the variables whose gradients it is about (all if None), and `rounds` those of loops
    that need not be told. `digits` are those of numbers in place of names, and of the meaning."""
    circuit = run.circuit
    variables = list(circuit.variables if of is None else of)
    rows = stages(run, names)
    wanted = circuit.descendants([circuit.variables[name] for name in variables])
    chosen = rows if of is None else [row for row in rows if wanted[row.wire]]
    with quiet(run.arrays):
        back = [
            step for row in reversed(chosen)
            if row.gate != "input" and row.gradient is not None and run.sent[row.wire] is not None
            and (step := backward(run, names, row, wanted)).sends
        ]  # fmt: skip
    forward = [told(names, row, run, digits) for row in rows if row.gate != "input"]
    ledger = forks(run, chosen, back)
    unsaid = {names.text(wire): one for one in rounds for wire in one.wires}
    return Story(
        names.text(circuit.output), run.value, forward, back, [fork for fork in ledger if fork.name not in unsaid],
        [*remarks(run, names, chosen, ledger), *chains(run, names, variables)], meaning(run, names, variables, digits),
        unsaid,
    )  # fmt: skip


# ── steps ──


def told(names: Names, row: Stage, run: Run, digits: int) -> Forward:
    """A stage forward, with the numbers in place of the names."""
    inputs = names.inputs(row.wire)
    if any(shape_of(run.values[source]) for source in (*inputs, row.wire)):
        shown = {
            names.text(source): shape_text(shape_of(run.values[source])) for source in inputs if source in names.names
        }
        numbers = ", ".join(f"{name}: {shape}" for name, shape in shown.items() if shape != "a number")
        return Forward(row.name, row.gate, row.expression, numbers, row.value)
    signed = isinf(row.value)  # as 1 / -0 is
    values: dict[str, str | float] = {
        names.text(source): rounded(value, digits) or (value if signed else 0.0)
        for source, value in ((source, run.values[source]) for source in inputs if source in names.names)
    }
    return Forward(row.name, row.gate, row.expression, substituted(row.expression, values), row.value)


def backward(run: Run, names: Names, row: Stage, wanted: bytearray) -> Backward:
    """A stage backward: local gradient × gradient from above, for every input that leads to what is wanted."""
    circuit, inputs = run.circuit, names.inputs(row.wire)
    call = names.calls.get(row.wire)
    gate = None if call is not None else circuit.gates[row.wire]
    shapes = [shape_of(run.values[source]) for source in inputs]
    at = [run.values[source] for source in (*inputs, row.wire)]
    texts = rules_told(gate, shapes, run.ties, [operand(run, names, source) for source in inputs], row.name, at)
    locals_ = iter(row.local_gradients)  # one for each input that has a name: the same name may come twice
    gradient = run.gradient(row.wire)
    pieces = arrays_sent(run, row.wire, inputs, call) if run.arrays else None
    sends = []
    for slot, (source, rule) in enumerate(zip(inputs, texts, strict=True)):
        partial = next(locals_) if source in names.names else None
        if source not in names.names or not circuit.active[source] or not wanted[source]:
            continue
        name = names.text(source)
        if pieces is not None:
            if pieces[slot] is not None:
                twins = [other for other, one in enumerate(inputs) if one == source and pieces[other] is None]
                if twins:  # what the same input gets in other places was put together here
                    rule = " + ".join([rule, *(texts[other] for other in twins)])
                    partial = None
                other = next((one for one in inputs if one != source), source)
                beside = (names.text(other), shape_of(run.values[other]))
                becomes = shapes_told(gate, f"d{row.name}", gradient, f"d{name}", pieces[slot], beside)
                sends.append(Sent(name, rule, partial, pieces[slot], becomes))
        elif partial is not None:
            sends.append(Sent(name, rule, partial, partial * gradient if partial != 0 else 0.0))
    return Backward(row.name, row.gate, row.expression, gradient, pattern(row.gate, gate), sends)


def arrays_sent(run: Run, wire: int, inputs: tuple[int, ...], call: Opened | None) -> Sequence[Any]:
    """What a stage, or a call of the user's function, sends to its inputs, where there are arrays."""
    if call is None:
        return [None if piece is None else plain(piece) for piece in sent_by(run, wire, run.gradient(wire))]
    sent = sweep(run.circuit, run.values, run.ties, {wire: run.gradient(wire)}, call.stages.start)
    return [None if sent[source] is None else plain(sent[source]) for source in inputs]


def shapes_told(
    gate: Gate | None, above: str, gradient: Any, to: str, sent: Any, other: tuple[str, tuple[int, ...]]
) -> str:
    """What becomes of the shapes: of a matrix product, the one way in which they fit; of broadcasting, the sum."""
    before, after = shape_of(gradient), shape_of(sent)
    if gate is None:
        return ""
    if gate.name == "matmul":
        return dimension_analysis(to, after, above, before, *other)
    if before == after:
        return ""
    if gate.mixes:
        return f"from {shape_text(before)} to {shape_text(after)}"
    return f"summed from {shape_text(before)} to {shape_text(after)}, along what was broadcast"


def pattern(name: str, gate: Gate | None) -> str:
    """What a gate does to the flow, as a clause: "multiply swaps and scales"."""
    if gate is None:
        return f"your function {name} passes it back through all its stages"
    words = gate.says.partition(":")[0].partition(";")[0]
    first = words.split()[0]
    verb = first.isalpha() and first.endswith("s") and first != "is"
    return (
        f"{name} {words}"
        if verb
        else f"{name} is {words}"
        if first in ("a", "an", "flat", "the")
        else f"{name}: {words}"
    )


def rules_told(
    gate: Gate | None, shapes: Sequence[tuple[int, ...]], ties: str, inputs: list[str | float], out: str,
    at: list[Any] | None,
) -> list[str]:  # fmt: skip
    """The rule of each local gradient in the names of the stages; empty where it is long, or a mere number, or where
    books say another one than is used, and these are not the same number `at` this point.

    Of a gate that mixes elements it is the rule of what is sent: `dD @ X.T`. What is told can be typed in: it has no
    gates that only rules use, and its options are numbers.
    """
    count = len(shapes)
    if gate is None or not (gate.partials or gate.vjp):
        return [""] * count
    texts = list(gate.textbook or read_at(gate, shapes) or gate.rules(count, ties))
    scope = dict(zip((*gate.names(count), "out"), (*inputs, out), strict=True))
    scope.update({option: float(value) for option, value in gate.settings.items() if isinstance(value, int)})
    if gate.mixes:
        scope["g"] = f"d{out}"
    told = []
    for text, used in zip(texts, gate.rules(count, ties), strict=True):
        fits = text is not None and (text == used or at is None or gate.mixes or same_number(gate, text, used, at))
        spelt = substituted(text, scope) if text is not None and fits and can_be_typed(text, gate, scope) else ""
        read = {name for name in parse(text).operands if isinstance(name, str)} if spelt and text else set()
        helps = len(spelt) <= LONGEST_RULE and any(isinstance(scope.get(name), str) for name in read)
        told.append(spelt if helps and not spelt.startswith("d" + out + ")") else "")
    return told if len(told) == count else [""] * count


def same_number(gate: Gate, text: str, used: str | None, at: list[Any]) -> bool:
    """Whether two rules of a gate give the same at a point, of arrays in each element, but for rounding."""
    arrays = any(map(shape_of, at))
    found, wanted = [condition(rule or "0", gate, len(at) - 1, arrays)(*at) for rule in (text, used)]
    if arrays:
        from numpy import isclose as close

        return bool(close(found, wanted, rtol=1e-6, atol=0, equal_nan=True).all())
    return isclose(found, wanted, rel_tol=1e-6) or (isnan(found) and isnan(wanted))


PRODUCTS = ("matmul", "dot")


def read_at(gate: Gate, shapes: Sequence[tuple[int, ...]]) -> tuple[str | None, ...]:
    """How a gate's rules are told where its inputs have these shapes: a vector in a product has no other side."""
    if gate.name not in (*PRODUCTS, "solve") or min(map(len, shapes)) != 1:
        return gate.reads
    if max(map(len, shapes)) > 2:
        return ("", "")
    if gate.name == "solve":
        return ("-outer(solve(A.T, g), out)", "solve(A.T, g)")
    a, b = gate.arguments
    return {
        (1, 1): (f"g * {b}", f"g * {a}"),
        (2, 1): (f"outer(g, {b})", f"{a}.T @ g"),
        (1, 2): (f"{b} @ g", f"outer({a}, g)"),
    }[len(shapes[0]), len(shapes[1])]


def can_be_typed(text: str, gate: Gate, scope: dict[str, str | float]) -> bool:
    """Whether a rule means to a reader what it means in the table, and is short enough to help."""
    if not text or "where" in text:
        return False
    program = parse(text)
    calls = [operand for op, operand in zip(program.ops, program.operands, strict=True) if op == "call"]
    if any(call.name not in NAMES for call in calls):
        return False
    options = {operand for op, operand in zip(program.ops, program.operands, strict=True) if op == "name"}
    return all(name in scope for name in options & gate.settings.keys())


# ── forks ──


def forks(run: Run, rows: list[Stage], steps: list[Backward]) -> list[Fork]:
    """The variables with several shares."""
    shares: dict[str, list[tuple[str, float]]] = {}
    for step in steps:
        for sent in step.sends:
            shares.setdefault(sent.to, []).append((step.stage, sent.sent))
    order = {row.name: row for row in rows}
    return [
        Fork(name, parts, run.gradient(order[name].wire))
        for name, parts in shares.items()
        if len(parts) > 1 and name in order
    ]


# ── remarks ──


def remarks(run: Run, names: Names, rows: list[Stage], ledger: list[Fork]) -> list[Remark]:
    """What the stages show, one by one."""
    found = []
    for row in rows:
        if row.gate == "input" or row.wire in names.calls:
            continue
        gate = run.circuit.gates[row.wire]
        if shape_of(row.value):
            found += many_remarks(row, gate)
            continue
        if not run.gradient(row.wire) or any(shape_of(local) for local in row.local_gradients):
            continue
        active = [
            (name, local) for name, local in zip(row.inputs, row.local_gradients, strict=True) if local is not None
        ]
        if row.gate == "multiply" and len(active) == 2:
            found += unequal(row, active)
        elif gate.saturates and active and abs(active[0][1]) < SATURATED:
            message = (
                f"{row.name} = {row.expression} is saturated at {short(row.value)}: it passes "
                f"{short(active[0][1])} of its gradient"
            )
            found.append(Remark("saturated", row.name, message))
        elif gate.routes and gate.arity == 1 and not gate.variadic and active and active[0][1] == 0:
            message = (
                f"{row.name} = {row.expression} is dead here: nothing of its gradient, "
                f"{short(run.gradient(row.wire))}, gets through"
            )
            found.append(Remark("dead", row.name, message))
    for fork in ledger:
        if shape_of(fork.sum):
            continue
        largest = max(abs(share) for _, share in fork.shares)
        if isfinite(largest) and abs(fork.sum) < CANCELLED * largest:
            digits = max(0, 16 + (int(log10(abs(fork.sum) / largest)) if fork.sum else -16))
            message = (
                f"the shares of {fork.name} cancel: of its gradient, {short(fork.sum)}, about {digits} digits are left"
            )
            found.append(Remark("cancels", fork.name, message))
    return found


def many_remarks(row: Stage, gate: Gate) -> list[Remark]:
    """Saturated and dead elements of an array, where they are half of it or more."""
    local = next((one for one in row.local_gradients if shape_of(one)), None)
    if local is None or not (
        gate.saturates or (gate.routes and gate.arity == 1 and not gate.variadic and not gate.mixes)
    ):
        return []
    count = int((abs(local) < SATURATED).sum()) if gate.saturates else int((local == 0).sum())
    if 2 * count < local.size:
        return []
    kind = "saturated" if gate.saturates else "dead"
    passes = "pass next to nothing of their gradients" if gate.saturates else "pass nothing"
    message = f"{row.name} = {row.expression}: {count} of {local.size} elements are {kind} and {passes}"
    return [Remark(kind, row.name, message)]


def unequal(row: Stage, active: list[tuple[str, float]]) -> list[Remark]:
    """One input tiny, the other huge: the tiny one gets the huge gradient."""
    (first, by_first), (second, by_second) = active
    if not by_first or not by_second or not (isfinite(by_first) and isfinite(by_second)):
        return []
    if max(abs(by_first / by_second), abs(by_second / by_first)) < UNEQUAL:
        return []
    small, big = (first, second) if abs(by_first) > abs(by_second) else (second, first)
    message = (
        f"{row.name} = {row.expression} swaps: {small} is small and gets the large gradient, {big} is large and "
        "gets the small one"
    )
    return [Remark("unequal", row.name, message)]


def chains(run: Run, names: Names, variables: list[str]) -> list[Remark]:
    """Variables whose gradient died or exploded on its way down, and the stage that did most of it."""
    found = []
    for name in variables:
        wire = run.circuit.variables[name]
        if run.arrays:
            continue
        gradient, top = abs(run.gradient(wire)), abs(run.upstream)
        if not gradient or not isfinite(gradient) or not top or FADED <= gradient / top <= GROWN:
            continue
        path = heaviest(run, wire)
        if len(path) < 3:
            continue
        faded = gradient < top
        steps = [(abs(local), stage) for stage, local in path if local]
        extreme, stage = min(steps) if faded else max(steps)
        way = " → ".join(names.text(stage) for stage, _ in path)
        verb = "fades to" if faded else "grows to"
        message = (
            f"on its way down to {name} the gradient {verb} {short(gradient)} ({way}); most of that at "
            f"{names.text(stage)}, by {short(extreme)}"
        )
        found.append(Remark("fades" if faded else "explodes", name, message))
    return found


def heaviest(run: Run, wire: int) -> list[tuple[int, float]]:
    """The way up from a variable along the largest shares: stages, each with the local gradient that leads to it."""
    circuit, path = run.circuit, [(wire, 0.0)]
    while path[-1][0] != circuit.output:
        here = path[-1][0]
        best: tuple[float, int, float] | None = None
        for stage in range(here + 1, len(circuit)):
            if here in circuit.inputs[stage] and run.sent[stage] is not None:
                for source, local in zip(circuit.inputs[stage], run.local_gradients(stage), strict=True):
                    if (
                        source == here
                        and local is not None
                        and (best is None or abs(local * run.gradient(stage)) > best[0])
                    ):
                        best = abs(local * run.gradient(stage)), stage, local
        if best is None:
            break
        path.append((best[1], best[2]))
    return path


def meaning(run: Run, names: Names, variables: list[str], digits: int) -> list[str]:
    """What the gradients say, in the words of the course: which way the circuit pulls, and how hard."""
    found = []
    out = names.text(run.circuit.output)
    if not all_finite(run.value):
        return [f"there is no finite value of {out}, and so nothing to want higher or lower"]
    for name in variables:
        gradient = run.gradient(run.circuit.variables[name])
        if shape_of(gradient):
            found.append(steepest(name, gradient, digits))
        elif not isfinite(gradient) or gradient == 0:
            found.append(no_pull(name, gradient))
        else:
            way = "higher" if gradient > 0 else "lower"
            force = short(abs(gradient), digits)
            step = nudge_for(run.values[run.circuit.variables[name]])
            found.append(
                f"the circuit wants {name} {way}, with a force of {force}: {name} + {short(step)} changes "
                f"{out} by about {short(gradient * step, digits)}"
            )
    return found


def no_pull(name: str, gradient: float) -> str:
    """That there is no way in which the circuit wants a variable."""
    return (
        f"{name} has no influence here: its gradient is 0" if gradient == 0 else f"there is no finite slope in {name}"
    )


def steepest(name: str, gradient: Any, digits: int) -> str:
    """Which element of an array the circuit wants changed most."""
    from numpy import unravel_index

    if not gradient.size:
        return f"{name} is empty"
    place = unravel_index(int(abs(gradient).argmax()), gradient.shape)
    force = float(gradient[place])
    if not all_finite(gradient) or force == 0:
        return no_pull(name, force)
    element = f"{name}[{', '.join(map(str, place))}]"
    return (
        f"of {name}, the circuit wants {element} {'higher' if force > 0 else 'lower'} most, with a force of "
        f"{short(abs(force), digits)}"
    )


def nudge_for(x: float) -> float:
    """A small round step: 0.1 for numbers of the size of 1."""
    if not isfinite(x) or abs(x) < 1e-12:
        return 0.1
    return 10.0 ** (round(log10(abs(x))) - 1) if not 0.3 <= abs(x) <= 30 else 0.1
