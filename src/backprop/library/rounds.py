"""Equal rounds of a loop in the user's code.

The rounds of a loop are stages that were read at the same places of the code, again and again, each round with the same
wires: to what does not change, to its own stages, and to those of the round before. A picture draws them as one, and a
listing has the first of them and the last.
"""

from __future__ import annotations

from bisect import bisect_right

from backprop.circuit import Circuit
from backprop.differentiate.run import Run
from backprop.errors.light import Any, Collection, Mapping, NamedTuple, Sequence
from backprop.gates import CONSTANT
from backprop.library.stages import Names
from backprop.numbers.shapes import shape_of

FEWEST = 4  # rounds that are folded
LEAST = 12  # gates that must be saved
MOST = 60  # lengths of a round that are tried


class Loop(NamedTuple):
    """Rounds in the order of the gates: where the first begins, how long each is, how many there are."""

    start: int
    length: int
    rounds: int


class Order(NamedTuple):
    """Gates in order, by any key: what each is computed from, and what it has in common with those that are the same
    one in another round (None outside of code). Which of the keys are `numbers` does not matter."""

    keys: Sequence[int]
    inputs: Mapping[int, tuple[int, ...]]
    kinds: Sequence[Any]
    numbers: Collection[int]


def next_loop(order: Order) -> Loop | None:
    """The first loop: from each gate on, as far as rounds repeat it."""
    place = {key: at for at, key in enumerate(order.keys)}
    places: dict[Any, list[int]] = {}
    for at, kind in enumerate(order.kinds):
        places.setdefault(kind, []).append(at)
    for start, kind in enumerate(order.kinds):
        if kind is None:
            continue
        first = bisect_right(places[kind], start)
        found = [loop_of(order, place, start, other - start) for other in places[kind][first : first + MOST]]
        loops = [one for one in found if one.rounds >= FEWEST and (one.rounds - 1) * one.length >= LEAST]
        if loops:
            return max(loops, key=lambda one: (one.rounds - 1) * one.length)
    return None


def loop_of(order: Order, place: dict[int, int], start: int, length: int) -> Loop:
    """The rounds of a length from a gate on."""
    at = start + length
    while at < len(order.keys) and repeated(order, place, start, at, length):
        at += 1
    return Loop(start, length, (at - start) // length)


def repeated(order: Order, place: dict[int, int], start: int, at: int, length: int) -> bool:
    """Whether a gate is that of the round before, again."""
    if order.kinds[at] != order.kinds[at - length]:
        return False
    first = at - length < start + length
    for before, now in zip(order.inputs[order.keys[at - length]], order.inputs[order.keys[at]], strict=True):
        then, here = place.get(before, -1), place.get(now, -1)
        shared = before == now or (here >= 0 and here - then == length and then >= 0)
        carried = first and start <= here < start + length and then < start
        if not shared and not carried and not (before in order.numbers and now in order.numbers):
            return False
    return True


def place_in_code(circuit: Circuit, wire: int) -> tuple[int, int] | None:
    """The part of the text that a stage was read from; None of one that no text has."""
    if circuit.program is None or circuit.nodes[wire] < 0:
        return None
    start, end = circuit.program.span(circuit.nodes[wire])
    return start, end


def line_of(circuit: Circuit, wire: int) -> int:
    """The line of the text that a stage was read in."""
    start, _ = place_in_code(circuit, wire) or (0, 0)
    return 1 + circuit.program.text.count("\n", 0, start) if circuit.program is not None else 0


def line_among(circuit: Circuit, wire: int) -> int | None:
    """The same where the text has several lines; None where there is nothing to tell."""
    several = circuit.program is not None and "\n" in circuit.program.text.strip()
    return line_of(circuit, wire) if several and place_in_code(circuit, wire) else None


# ── of a listing ──


class LeftOut(NamedTuple):
    """The rounds between the first and the last of a loop in a line of code: how many rounds it has, and the wires of
    the stages in those between."""

    line: int
    rounds: int
    wires: list[int]

    def told(self) -> str:
        """What stands in their place."""
        return f"rounds 2 to {self.rounds - 1} of line {self.line}"


def left_out(run: Run, names: Names) -> list[LeftOut]:
    """What a listing of all stages need not say: of each loop, the outer ones first, the rounds in the middle."""
    circuit = run.circuit
    inputs = {wire: sources for wire in names.shown() if (sources := names.inputs(wire))}
    kinds = {
        wire: (place := place_in_code(circuit, wire))
        and (place, names.gate(wire), len(sources), shape_of(run.values[wire]))
        for wire, sources in inputs.items()
    }
    numbers = {wire for wire, gate in enumerate(circuit.gates) if gate is CONSTANT}
    wires, found = list(inputs), []
    while loop := next_loop(Order(wires, inputs, [kinds[wire] for wire in wires], numbers)):
        start, stop = loop.start + loop.length, loop.start + (loop.rounds - 1) * loop.length
        found.append(LeftOut(line_of(circuit, wires[loop.start]), loop.rounds, wires[start:stop]))
        del wires[start:stop]
    return found
