"""Why a number is not finite: one walk, for numbers and for arrays, to the first cause that mattered.

A stage is blamed for another one if a finite number in its place would have made the other one finite (or, of a nan,
no nan): an infinity that came to nothing is no cause. What a walk meets are spots: elements of stages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import isfinite, isnan, prod
from typing import Any, NamedTuple

from backprop.differentiate import functions, rules
from backprop.differentiate.run import Run, sent_by
from backprop.errors import LARGEST
from backprop.gates import CONSTANT, INPUT, Gate
from backprop.language.printer import number_text
from backprop.library.stages import Names, needs_of
from backprop.numbers.shapes import all_finite, is_any, quiet, shape_of

Place = tuple[int, ...]
Remark = tuple[str, str, int]  # kind, message, stage
INSTEAD = (0.5, 2.0)  # finite numbers that are tried in place of others; a domain has one of them
TRIES = 20_000  # elements that are changed and computed with to find the one in an array that is to blame


class Spot(NamedTuple):
    """An element of a stage; of a number, the number."""

    wire: int
    place: Place


class Causes(NamedTuple):
    """What went wrong: the stages from the first value that is not finite to what it spoilt (the output, or else the
    stage that sends the first gradient that is not finite), the stages from that gradient down, and what to say."""

    forward: list[Spot]
    backward: list[int]
    remarks: list[Remark]


def causes(run: Run, names: Names) -> Causes:
    """The first cause of an output, and that of a gradient, that is not finite; what has one cause is told once."""
    with quiet(run.arrays):
        forward = [] if all_finite(run.values[run.circuit.output]) else trace(run, run.circuit.output)
        found = [value_cause(run, names, forward[0])] if forward else []
        backward = descent(run)
        if backward:
            sender = Sender.of(run, backward[0])
            spoilt = sender and sender.spoilt()
            if spoilt and not forward:
                path = trace(run, *spoilt)
                if not as_given(run, path[0].wire):
                    forward, found = path, [value_cause(run, names, path[0])]
            if not (spoilt and forward) and (sender or not forward):
                found.append(gradient_cause(run, names, backward[0], sender))
    return Causes(forward, backward, found)


def as_given(run: Run, wire: int) -> bool:
    """Whether a number is one that the user wrote: an infinity that is given is no surprise."""
    return run.circuit.gates[wire] in (INPUT, CONSTANT)


# ── elements ──


def number_at(value: Any, place: Place) -> float:
    return float(value[place]) if shape_of(value) else float(value)


def first_place(mask: Any) -> Place:
    """The first element that a mask has."""
    if not shape_of(mask):
        return ()
    from numpy import unravel_index

    return tuple(map(int, unravel_index(int(mask.argmax()), mask.shape)))


def not_finite(value: Any) -> Any:
    """Whether a number is not finite; of an array, a mask."""
    if not shape_of(value):
        return not isfinite(value)
    from numpy import isfinite as are_finite

    return ~are_finite(value)


def inner(place: Place, value: Any) -> Place:
    """The element of an input that goes into an element of the output, where the input was stretched to it."""
    own = shape_of(value)
    behind = place[len(place) - len(own) :]
    return tuple([0 if size == 1 else at for at, size in zip(behind, own, strict=True)])


def place_text(place: Place, value: Any) -> str:
    """The place of an element; of the only one, nothing: an array of one reads as a number does."""
    return f"[{', '.join(map(str, place))}]" if place and value.size > 1 else ""


def element_text(run: Run, names: Names, spot: Spot) -> str:
    return f"{names.text(spot.wire)}{place_text(spot.place, run.values[spot.wire])}"


def where_text(place: Place, value: Any) -> str:
    """Where in an array it is that an element is not finite, and how many more are not."""
    return at_text(place_text(place, value), not_finite(value))


def at_text(at: str, mask: Any) -> str:
    """Where the first element is that a mask has, and how many more it has."""
    count = int(mask.sum()) if shape_of(mask) else 1
    return (f" at {at}" if at else "") + (f" (and at {count - 1} more of {mask.size})" if count > 1 else "")


def spots_of(run: Run, wire: int, place: Place) -> dict[int, Spot]:
    """The elements of its inputs from which an element of a stage is computed; of a gate that mixes elements, the
    first ones that are not finite."""
    spots = {}
    for source in run.circuit.inputs[wire]:
        value = run.values[source]
        if not run.circuit.gates[wire].mixes:
            spots[source] = Spot(source, inner(place, value))
        elif not all_finite(value):
            spots[source] = Spot(source, first_place(not_finite(value)))
    return spots


# ── the walk through the values ──


def trace(run: Run, wire: int, place: Place | None = None) -> list[Spot]:
    """The way from the first cause up to a stage that is not finite.

    Of a nan that was made from infinities, these are the cause, unless they were given.
    """
    value = run.values[wire]
    path = [Spot(wire, first_place(not_finite(value)) if place is None else place)]
    while (below := blamed(run, path[-1])) is not None:
        path.append(below)
    numbers = [number_at(run.values[spot.wire], spot.place) for spot in path]
    if as_given(run, path[-1].wire) and not isnan(numbers[-1]):
        while isnan(numbers[0]) and not isnan(numbers[-1]):
            numbers.pop()
            path.pop()
    return path[::-1]


def blamed(run: Run, spot: Spot) -> Spot | None:
    """The input because of which an element is not finite; None where the stage itself made it so."""
    sick = [
        one for one in spots_of(run, *spot).values() if not isfinite(number_at(run.values[one.wire], one.place))
    ]  # fmt: skip
    guilty = [one for one in sick if cured(run, spot, [one.wire])] or (
        sick if len(sick) > 1 and cured(run, spot, [one.wire for one in sick]) else []
    )
    if not guilty:
        return None
    nan = isnan(number_at(run.values[spot.wire], spot.place))

    def order(one: Spot) -> tuple[bool, bool, int]:
        return nan and not has_nan(run.values[one.wire]), as_given(run, one.wire), one.wire

    first = min(guilty, key=order)
    return first if not run.circuit.gates[spot.wire].mixes else Spot(first.wire, guilty_place(run, spot, first.wire))


def has_nan(value: Any) -> bool:
    return is_any(value != value)


def cured(run: Run, spot: Spot, sources: Iterable[int]) -> bool:
    """Whether an element would be finite (or at least a number) if some inputs of its stage were."""
    from_finite = (computed(run, spot, {source: better(run.values[source], x) for source in sources}) for x in INSTEAD)
    return any(helps(number_at(run.values[spot.wire], spot.place), now) for now in from_finite)


def helps(before: float, now: float) -> bool:
    return isfinite(now) or (isnan(before) and not isnan(now))


def better(value: Any, instead: float) -> Any:
    """A value with a finite number for each that is not."""
    if not shape_of(value):
        return value if isfinite(value) else instead
    from numpy import where

    return where(not_finite(value), instead, value)


def computed(run: Run, spot: Spot, others: dict[int, Any]) -> float:
    """What an element would be with other values of some inputs of its stage."""
    gate, inputs = run.circuit.gates[spot.wire], run.circuit.inputs[spot.wire]
    at = [others.get(source, run.values[source]) for source in inputs]
    if gate.mixes:
        return number_at(functions.forward(gate, len(at), True)(*at), spot.place)
    return float(functions.forward(gate, len(at))(*(number_at(value, inner(spot.place, value)) for value in at)))


def guilty_place(run: Run, spot: Spot, source: int) -> Place:
    """Which element of an input it is because of which an element of a gate that mixes them is not finite."""
    value, before = run.values[source], number_at(run.values[spot.wire], spot.place)
    wrong = value != value if isnan(before) and has_nan(value) else not_finite(value)
    places = places_in(wrong, 1 + TRIES // max(1, prod(shape_of(value))))
    for place in places if len(places) > 1 else []:
        other = value.copy()
        other[place] = INSTEAD[0]
        if helps(before, computed(run, spot, {source: other})):
            return place
    return places[0]


def places_in(mask: Any, most: int) -> list[Place]:
    """The elements that a mask has, or the first of them."""
    if not shape_of(mask):
        return [()]
    from numpy import flatnonzero, unravel_index

    return list(zip(*(axis.tolist() for axis in unravel_index(flatnonzero(mask)[:most], mask.shape)), strict=True))


# ── the walk through the gradients ──


def descent(run: Run) -> list[int]:
    """The stages from the first gradient that is not finite down to a variable, or as far as it got."""
    sick = {wire for wire, sent in enumerate(run.sent) if sent is not None and not all_finite(sent)}
    if not sick:
        return []
    senders = run.circuit.users()
    start = [wire for wire in run.circuit.variables.values() if wire in sick] or [max(sick)]
    below = dict.fromkeys(start, -1)
    while start:
        wire = start.pop()
        for sender in senders[wire]:
            if sender in sick and sender not in below and wrongly_sent(run, sender, wire):
                below[sender] = wire
                start.append(sender)
    path = [max(below)]
    while below[path[-1]] >= 0:
        path.append(below[path[-1]])
    return path


def wrongly_sent(run: Run, sender: int, wire: int) -> list[int]:
    """As which of its inputs a stage sends to another one what is not finite, and is not finite there."""
    wrong = not_finite(run.sent[wire])
    shares = zip(run.circuit.inputs[sender], sent_by(run, sender, run.sent[sender]), strict=True)
    return [
        slot
        for slot, (source, piece) in enumerate(shares)
        if source == wire and piece is not None and is_any(not_finite(piece) & wrong)
    ]


class Sender:
    """A stage that sends a gradient that is not finite, and got one that is: to the input `slot` of it.

    `place` is the element of the stage, where that can be told.
    """

    def __init__(self, run: Run, wire: int, slot: int, to: Spot) -> None:
        self.run, self.wire, self.slot, self.to = run, wire, slot, to
        self.gate: Gate = run.circuit.gates[wire]
        self.inputs = run.circuit.inputs[wire]
        self.place = () if self.gate.mixes else next(self.places(), None)

    @staticmethod
    def of(run: Run, wire: int) -> Sender | None:
        """The first stage that made the gradient of another one what it is; None where it only added up to that."""
        to = Spot(wire, first_place(not_finite(run.sent[wire])))
        for sender in run.circuit.users()[wire]:
            if run.sent[sender] is not None and all_finite(run.sent[sender]):
                for slot in wrongly_sent(run, sender, wire):
                    return Sender(run, sender, slot, to)
        return None

    def places(self) -> Iterator[Place]:
        """The elements of the stage that send what is not finite to the one element."""
        shape = shape_of(self.run.values[self.wire])
        own = shape_of(self.run.values[self.to.wire])
        behind = [
            range(size) if given == 1 else [at]
            for size, given, at in zip(shape[len(shape) - len(own) :], own, self.to.place, strict=True)
        ]
        for place in product(*map(range, shape[: len(shape) - len(own)]), *behind):
            above, local = self.product(place)
            if local is not None and not isfinite(above * local):
                yield place

    def numbers(self, place: Place) -> list[float]:
        """The inputs and the output of an element."""
        return [number_at(value, inner(place, value)) for value in map(self.run.values.__getitem__, self.wires)]

    @property
    def wires(self) -> list[int]:
        return [*self.inputs, self.wire]

    def product(self, place: Place, numbers: list[float] | None = None) -> tuple[float, float | None]:
        """The gradient from above, and the local gradient."""
        sent = self.run.sent[self.wire]
        wanted = tuple(slot == self.slot for slot in range(len(self.inputs)))
        partials = rules.partials(self.gate, len(self.inputs), self.run.ties, wanted)
        return number_at(sent, inner(place, sent)), partials(*(numbers or self.numbers(place)))[self.slot]

    def spoilt(self) -> Spot | None:
        """The value that is not finite because of which the gradient is not."""
        values = self.run.values
        if self.gate.mixes or self.place is None:
            return next(
                (Spot(wire, first_place(not_finite(values[wire]))) for wire in reversed(self.wires)
                 if not all_finite(values[wire])), None,
            )  # fmt: skip
        numbers = self.numbers(self.place)
        sick = [slot for slot, number in enumerate(numbers) if not isfinite(number)]
        if not sick:
            return None

        def still_wrong(slot: int) -> bool:
            above, local = self.product(self.place or (), [*numbers[:slot], INSTEAD[0], *numbers[slot + 1 :]])
            return local is None or not isfinite(above * local)

        wire = self.wires[min(reversed(sick), key=still_wrong)]
        return Spot(wire, inner(self.place, values[wire]))


# ── in words ──


def value_cause(run: Run, names: Names, spot: Spot) -> Remark:
    """Why an element is not finite that made others so."""
    return "not-finite", f"{what_is(run, names, spot)}{reason(run, names, spot)}", spot.wire


def what_is(run: Run, names: Names, spot: Spot) -> str:
    """What an element is: `q1 = log(x) is -inf at [1]`."""
    value = run.values[spot.wire]
    name, expression = names.text(spot.wire), names.expression(spot.wire)
    equals = f" = {expression}" if not as_given(run, spot.wire) and expression != name else ""
    return f"{name}{equals} is {number_text(number_at(value, spot.place))}{where_text(spot.place, value)}"


def reason(run: Run, names: Names, spot: Spot) -> str:
    circuit, gate = run.circuit, run.circuit.gates[spot.wire]
    inputs = circuit.inputs[spot.wire]
    if as_given(run, spot.wire):
        return ", as given"
    spots = spots_of(run, *spot)
    at = [number_at(run.values[source], spots[source].place) for source in inputs if source in spots]
    here = " and ".join(
        f"{element_text(run, names, one)} is {number_text(number_at(run.values[source], one.place))}"
        for source, one in spots.items() if source not in circuit.constants
    )  # fmt: skip
    if not all(map(isfinite, at)):
        return f": {here}"
    if gate.mixes and any(shape_of(run.values[source]) and not run.values[source].size for source in inputs):
        return ": it is taken of nothing"
    values = [run.values[source] for source in inputs] if gate.mixes else at
    out = run.values[spot.wire] if gate.mixes else number_at(run.values[spot.wire], spot.place)
    if outside_domain(gate, values, out):
        needs = f"it needs {gate.needs}" if gate.mixes else needs_of(names, gate, inputs)
        return f": {needs}" + (f", and {here}" if here else "")
    return f": it overflows, the largest number is {LARGEST}"


def outside_domain(gate: Gate, at: list[Any], out: Any) -> bool:
    domain = gate.domain or ("count(x, axis=axis) > ddof" if "ddof" in gate.settings else "")  # no end of its slopes
    if not domain:
        return False
    inside = rules.condition(domain, gate, len(at), gate.mixes)(*at, out)
    return not (inside.all() if shape_of(inside) else inside)


def gradient_cause(run: Run, names: Names, wire: int, sender: Sender | None) -> Remark:
    """Why the gradient of a stage is not finite: the stage whose local gradient made it so."""
    sent = run.sent[wire]
    place = first_place(not_finite(sent))
    gradient = f"{number_text(number_at(sent, place))}{where_text(place, sent)}"
    kind = "gradient-not-finite"
    if wire == run.circuit.output:
        return kind, f"the gradient from above is {gradient}, as given", wire
    told = f"the gradient of {names.text(wire)} is {gradient}"
    if sender is None:
        return kind, f"{told}: its shares add up to that", wire
    what, spots, product = names.line(sender.wire), [sender.to], "that"
    if not sender.gate.mixes and sender.place is not None:
        above, local = sender.product(sender.place)
        product = f"{number_text(above)} × {number_text(local or 0.0)}"
        spots = [spot for spot in spots_of(run, sender.wire, sender.place).values()
                 if spot.wire not in run.circuit.constants]  # fmt: skip
    at = ", ".join(
        f"{element_text(run, names, spot)} = {number_text(number_at(run.values[spot.wire], spot.place))}"
        for spot in spots
    )
    return kind, f"{told}: {what} sends it {product}, at {at}", sender.wire


def without_consequence(run: Run, names: Names) -> list[str]:
    """The values that are not finite where the output and the gradients are: what became of each."""
    circuit = run.circuit
    literals = circuit.constants.keys() - names.names.keys()
    sick = {wire for wire, value in enumerate(run.values) if wire not in literals and not all_finite(value)}
    users = circuit.users() if sick else []
    told = []
    with quiet(run.arrays):
        for wire in sorted(sick):
            if sick.isdisjoint(circuit.inputs[wire]):
                what = what_is(run, names, trace(run, wire)[0])
                told.append(f"{what}{', as given' if as_given(run, wire) else ''}, {fate(names, wire, sick, users)}")
    return told


def fate(names: Names, wire: int, sick: set[int], users: list[list[int]]) -> str:
    """Where a value came to nothing that is not finite."""
    pending, met, ends = [wire], {wire}, []
    while pending:
        for user in users[pending.pop()]:
            if user not in sick:
                ends.append(user)
            elif user not in met:
                met.add(user)
                pending.append(user)
    gates = {names.circuit.gates[end].name for end in ends}
    if gates == {"where"}:
        return "in a branch that is not taken"
    if not ends:
        return "which nothing uses"
    return f"which comes to nothing in {names.line(ends[0])}"
