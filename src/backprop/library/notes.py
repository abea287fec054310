"""What a run has to say for itself: ties and kinks, the first number that is not finite, and gradients that died."""

from __future__ import annotations

from math import inf, isfinite

from backprop.circuit import Circuit
from backprop.differentiate import rules
from backprop.differentiate.run import Run
from backprop.errors.light import Any, Iterator
from backprop.errors.spans import Span
from backprop.errors.spelling import option, said
from backprop.gates import GATES
from backprop.language.printer import number_text
from backprop.library.stages import Names, tie_text
from backprop.numbers.shapes import is_any, magnitude, quiet, shape_of

OF_MATRICES = frozenset(["matmul", "trace", "det", "logdet", "inv", "solve", "cholesky"])


class Note:
    """One remark: its kind (a word for programs), the message, the stage that it is about, its place in the text."""

    __slots__ = ("kind", "message", "span", "stage")

    def __init__(self, kind: str, message: str, stage: str, span: Span | None) -> None:
        self.kind = kind
        self.message = said(message)
        self.stage = stage
        self.span = span

    def __repr__(self) -> str:
        return f"Note({self.kind}: {self.message})"


def notes(run: Run, names: Names) -> list[Note]:
    """All that is worth saying, in the order in which a reader wants it: wrong numbers first. Of a number and of an
    array it is the same walk and the same words; an array's have the element where it happened."""
    found: list[Note] = []
    if run.arrays or not finite(run):
        from backprop.library.causes import causes

        found = [note(kind, message, names, wire) for kind, message, wire in causes(run, names).remarks]
    with quiet(run.arrays):
        return [*found, *kinks_and_ends(run, names)]


def kinks_and_ends(run: Run, names: Names) -> Iterator[Note]:
    """Where a stage sits on a kink, and where a gradient ends at a flat gate."""
    circuit = run.circuit
    taken: bytearray | None = None
    smooth: Run | None = None
    for wire, gate in enumerate(circuit.gates):
        if run.arrays and gate.name == "power" and (meant := meant_of_matrix(run, names, wire)):
            yield note("elementwise", f"{names.line(wire)} is the power of each element; {meant}", names, wire)
        if gate.name == "where" and chooses_by_number(run, wire):
            condition = names.text(circuit.inputs[wire][0])
            text = f"{names.line(wire)} takes {condition} for true wherever it is not 0: no gradient goes there"
            yield note("condition", text, names, wire)
        if not (gate.kink or gate.flat or gate.arranges) or not circuit.active[wire] or not circuit.inputs[wire]:
            continue
        met = on_kink(run, wire) if gate.kink else False
        if gate.flat and is_any(met):
            taken = taken or taken_stages(run)
            met = counted(run, wire, met) if taken[wire] else False
        elif is_any(met):
            smooth = smooth or without_choices(run)
            chooses = run.ties == "split" or smooth.circuit.gates[wire].kink  # equal shares go also to who has no say
            met = both(met, either_of(reached(run, wire), reached(smooth, wire))) if chooses else False
        if is_any(met):
            yield kink_note(run, names, wire, met)
        if gate.arranges and wire in equals_sorted(run):
            yield from order_note(run, names, wire)
        if gate.flat and not gate.plumbing and is_any(without(reached(run, wire), met)):
            yield died(names, wire)


def without_choices(run: Run) -> Run:
    """The run without the kinks that are none: `clip(x, 0, x)` is x. Through these more arrives at others: at 0, the
    outer one of `abs(abs(x))` has the slope 0 in use, and the inner one its kink all the same."""
    from backprop.differentiate.smoothed import smoothed

    return Run(smoothed(run.circuit, [shape_of(value) for value in run.values]), run.values, run.ties, run.upstream)


def meant_of_matrix(run: Run, names: Names, wire: int) -> str:
    """What may be meant by a power of a square matrix: `A^-1` looks like its inverse; `A^2` where it goes on as a
    matrix, to a product or a determinant, like a product."""
    base, exponent = run.circuit.inputs[wire]
    shape, power = shape_of(run.values[base]), run.circuit.constants.get(exponent)
    if len(shape) != 2 or not shape[0] == shape[1] > 1 or not run.circuit.active[wire]:
        return ""
    name = names.text(base)
    if power == -1:
        return f"the inverse is inv({name})"
    users = [gate for gate, inputs in zip(run.circuit.gates, run.circuit.inputs, strict=True) if wire in inputs]
    if power in (2, 3) and any(gate.name in OF_MATRICES for gate in users):
        return f"the product of matrices is {' @ '.join([name] * int(power))}"
    return ""


def chooses_by_number(run: Run, wire: int) -> bool:
    """Whether what a `where` chooses by is no truth, but a number: neither 0 nor 1, or what it chooses itself."""
    condition, *branches = run.circuit.inputs[wire]
    value = run.values[condition]
    return bool(run.circuit.active[condition]) and (condition in branches or is_any((value != 0) & (value != 1)))


def finite(run: Run) -> bool:
    """Whether all numbers of a run are finite."""
    return all(map(isfinite, run.values)) and all(sent is None or isfinite(sent) for sent in run.sent)


def note(kind: str, message: str, names: Names, wire: int) -> Note:
    return Note(kind, message, names.text(wire), names.circuit.span(wire))


def opened_note(names: Names, finite: bool) -> Note:
    """A note where definitions lose what the gates that they stand for keep."""
    kept = "the value or a gradient is another number" if finite else "the value and all gradients are finite here"
    text = f"without {option('--expand', True)} {kept}: the definitions lose {'digits' if finite else 'it'}"
    return note("expanded", text, names, names.circuit.output)


def nearly(found: Any, right: Any, scale: float) -> bool:
    """Whether nearly all digits are right, of an array those of its largest elements; where numbers of a size cancel,
    there are fewer."""
    return magnitude(found - right) <= 1e-9 * magnitude(right) + 1e-13 * scale


def taken_stages(run: Run) -> bytearray:
    """Which stages count: all but those that are used only in a branch of a `where` that was not taken, or only to
    choose elements, as labels do."""
    circuit = run.circuit
    used, taken = bytearray(len(circuit)), bytearray(len(circuit))
    for wire in range(len(circuit) - 1, -1, -1):
        if not used[wire]:
            taken[wire] = 1  # the output, and what nothing uses
        gate, inputs = circuit.gates[wire], circuit.inputs[wire]
        sends = gate.rules(len(inputs), run.ties) if gate.mixes and taken[wire] else ()
        skipped = not_taken(run.values[inputs[0]]) if gate.name == "where" else -1
        for place, source in enumerate(inputs):
            used[source] = 1
            if taken[wire] and place != skipped and not (sends and sends[place] in (None, "0")):
                taken[source] = 1
    return taken


def not_taken(condition: Any) -> int:
    """The place of the branch of a `where` that was taken nowhere; -1 where both were."""
    if isinstance(condition, float):
        return 2 if condition else 1
    return 2 if condition.all() else 1 if not condition.any() else -1


# ── which elements: a number is one, and its mask is a truth ──


def on_kink(run: Run, wire: int) -> Any:
    """Whether a stage sits on a kink of its gate; of an array, in which elements."""
    gate, inputs = run.circuit.gates[wire], run.circuit.inputs[wire]
    met = rules.kink(gate, len(inputs), run.arrays)(*[run.values[source] for source in inputs], run.values[wire])
    return met != 0


def reached(run: Run, wire: int) -> Any:
    """Whether a gradient arrives at a stage; of an array, in which elements."""
    return False if run.sent[wire] is None else run.sent[wire] != 0


def counted(run: Run, wire: int, met: Any) -> Any:
    """Without the elements that are only in branches that were not taken."""
    alive = run.alive[wire] if run.arrays and run.sent[wire] is not None else None
    return met if alive is None else both(met, alive != 0)


def both(met: Any, other: Any) -> Any:
    """The elements of both; where a gate's kink has another shape than what it is told of, all or none."""
    if shape_of(met) == shape_of(other):
        return met & other
    return met if is_any(other) else False


def either_of(mask: Any, other: Any) -> Any:
    """The elements of one mask or of another; where nothing is known of one, those of the other."""
    return other if mask is False else mask if other is False else mask | other


def without(mask: Any, other: Any) -> Any:
    """The elements of a mask that another one has not; where that has another shape, all of them."""
    if not shape_of(mask):
        return bool(mask) and not is_any(other)
    return mask & ~other if shape_of(mask) == shape_of(other) else mask


# ── ties and kinks ──


def kink_note(run: Run, names: Names, wire: int, met: Any) -> Note:
    """A note where a stage sits on a kink of its gate, and that decided a gradient."""
    gate = run.circuit.gates[wire]
    what = names.line(wire)
    where = kink_place(run, names, wire, met)
    if GATES[gate.spelling].idempotent:
        equals = "elements" if run.arrays and gate.mixes else "inputs"
        return note("tie", f"{what} is a tie{where}: {tie_text(run.ties, equals)}", names, wire)
    if gate.flat:
        text = f"{what} jumps{where}: its gradient is 0 on both sides, and none at the jump"
        return note("jump", text, names, wire)
    if gate.mixes:
        text = f"{what} has a kink{where}: there its gradient is 0"
    else:
        slopes = [partial for partial in run.local_gradients(wire) if partial is not None]
        used = ", ".join(number_text(element(partial, met)) for partial in slopes)
        text = f"{what} has a kink{where}: the local gradient in use is {used}"
    return note("kink", text, names, wire)


def equals_sorted(run: Run) -> list[int]:
    """The stages at which gradients arrive and that sort equal elements."""
    from backprop.differentiate.arrangements import with_equals

    return [wire for wire in with_equals(run.circuit, run.values) if run.sent[wire] is not None]


def order_note(run: Run, names: Names, wire: int) -> Iterator[Note]:
    """A note where equal elements are sorted, and get gradients that differ."""
    from numpy import diff

    from backprop.numbers.arrays import equal_neighbours

    axis = run.circuit.gates[wire].settings["axis"]
    sent = run.sent[wire] + 0 * run.values[wire]
    parted = equal_neighbours(run.values[wire], axis) & (diff(sent, axis=axis, prepend=0.0) != 0)
    if is_any(parted):
        from backprop.library.causes import first_place, place_text

        what = names.line(wire)
        place = place_text(first_place(parted), parted)
        text = f"{what} is a tie at {place}: equal elements get the gradients of their places in the order they came in"
        yield note("tie", text, names, wire)


def kink_place(run: Run, names: Names, wire: int, met: Any) -> str:
    """Where that is: the numbers that meet there; of a gate that mixes elements, the place in what comes out."""
    circuit = run.circuit
    sources = [
        source for source in dict.fromkeys(circuit.inputs[wire])
        if source not in circuit.constants or source in names.names
    ]  # fmt: skip
    if not run.arrays:
        return " at " + ", ".join(f"{names.text(source)} = {number_text(run.values[source])}" for source in sources)
    from backprop.library.causes import at_text, first_place, inner, place_text

    place = first_place(met)
    if circuit.gates[wire].mixes:
        told = place_text(place, met)
    else:
        told = ", ".join(
            f"{names.text(source)}{place_text(inner(place, value), value)} = {number_text(element(value, met))}"
            for source, value in [(source, run.values[source]) for source in sources]
            if len(shape_of(value)) <= len(shape_of(met))
        )
    return at_text(told, met)


def element(value: Any, met: Any) -> float:
    """The number of a value, or of an array the element, that goes into the first element that a mask has."""
    if not shape_of(value):
        return float(value)
    from backprop.library.causes import first_place, inner

    return float(value[inner(first_place(met), value)])


def in_powers(circuit: Circuit) -> dict[int, bool]:
    """The stages that are used in powers without a kink alone, and whether all these have none, or none at 0."""
    from backprop.differentiate.derive import smooth_power

    used, found = {circuit.output}, dict[int, bool]()
    for wire, inputs in enumerate(circuit.inputs):
        power = smooth_power(circuit, wire)
        if power is None:
            used.update(inputs)
        else:
            found[power.wire] = power.even and found.get(power.wire, True)
    return {wire: even for wire, even in found.items() if wire not in used}


def cusps(run: Run, names: Names) -> Iterator[Note]:
    """A note where a stage sits on a kink, and so has no second derivative."""
    from backprop.differentiate.smoothed import smoothed

    circuit = smoothed(run.circuit, [shape_of(value) for value in run.values])
    powers = in_powers(circuit)
    for wire, gate in enumerate(circuit.gates):
        inputs = circuit.inputs[wire]
        rough = gate.rough(len(inputs), run.ties) or ("" if gate.kink else gate.cusp)
        if not rough or powers.get(wire) or not run.circuit.active[wire] or run.sent[wire] is None:
            continue
        condition = rules.condition(rough, gate, len(inputs), run.arrays)
        met = condition(*[run.values[source] for source in inputs], run.values[wire])
        if run.arrays and run.alive[wire] is not None:
            met = met * run.alive[wire]
        if wire in powers:
            met = met * (run.values[wire] != 0)
        if is_any(met != 0):
            what = names.line(wire)
            yield note("kink", f"{what} has a kink: there is no second derivative to tell there", names, wire)
    for wire in equals_sorted(run):
        text = f"{names.line(wire)} has equal elements: what hangs on their order has no second derivative to tell"
        yield note("tie", text, names, wire)


DIVISORS = {"x > 0": "x", "x != 0": "x", "y != 0": "y"}  # by the domain: in what the second derivative has a square


def squares(run: Run, names: Names) -> Iterator[Note]:
    """A note where second derivatives have 1/x^2 in them, of a number whose square is none."""
    circuit = run.circuit
    for wire, gate in enumerate(circuit.gates):
        if gate.domain not in DIVISORS or gate.kink or run.sent[wire] is None:
            continue
        source = circuit.inputs[wire][gate.arguments.index(DIVISORS[gate.domain])]
        x = run.values[source]
        with quiet(run.arrays):
            met = (x != 0) & (abs(x) < inf) & ((x * x < 5.6e-309) | (x * x == inf))
        if circuit.active[source] and is_any(met):
            name, value = names.text(source), number_text(element(x, met))
            text = f"{names.line(wire)}: 1/{name}^2 is no number at {name} = {value}; second derivatives may lack it"
            yield note("lost", text, names, wire)


# ── gradients that died ──


def died(names: Names, wire: int) -> Note:
    """A note where a gradient arrives at a gate that is flat."""
    gate = names.circuit.gates[wire].spelling
    message = f"the gradient ends at {names.line(wire)}: {gate} is flat, its slope is 0"
    return note("flat", message, names, wire)
