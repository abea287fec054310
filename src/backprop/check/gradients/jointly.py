"""The gradients of very many arrays against numerical ones, with many of them moved at once.

What the gradient of a wire must be is told by the stages that read it: where the wire moves, their outputs move, and
their own gradients say what that is worth. So each gate is measured by itself, along random directions in which all of
its inputs move together; no rule of differentiation has a part in it. Where that does not come to what the gradients
say, halves of these inputs are moved, down to one, which is compared by itself. A gradient that is right for its
readers is right where theirs are.
"""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop.check.gradients.estimate import OF_A_GATE, Estimate, Slope, best
from backprop.check.gradients.numerical import GOOD, STEP, Comparison
from backprop.check.gradients.probe import EPSILON, told
from backprop.differentiate import functions, rules
from backprop.differentiate.run import Run
from backprop.library.stages import Names
from backprop.numbers.shapes import Mismatch, quiet, shape_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DIRECTIONS = 3  # of one, two mistakes might make up for each other
METHOD = f"gate by gate, with others at once, along {DIRECTIONS} random directions"
TINY = 1e-9  # a difference that is none, where nothing more is known
UNSURE = 1e3  # times what must be seen: as little as that is left of an error by chance, but not along all directions


class Jointly:
    """One sweep. `alone` compares a wire by itself."""

    def __init__(self, result: Run, names: Names, alone: Callable[[int], Comparison]) -> None:
        self.result, self.names, self.alone = result, names, alone
        self.circuit = circuit = result.circuit
        self.readers: dict[int, list[int]] = {wire: [] for wire in range(len(circuit)) if circuit.active[wire]}
        for stage in circuit.ancestors([circuit.output]):
            for source in dict.fromkeys(circuit.inputs[stage]):
                if circuit.active[stage] and circuit.active[source]:
                    self.readers[source].append(stage)
        random = np.random.default_rng(0)
        self.moves = [{wire: moving(result.values[wire], random) for wire in self.readers} for _ in range(DIRECTIONS)]
        self.known: dict[int, float] = {}  # how far the gradient of a wire may be off, where that is little enough

    def comparisons(self, wanted: set[int]) -> dict[int, Comparison]:
        """What is found of the wires that are wanted."""
        with quiet(arrays=True):
            for part in self.parts():
                self.settle(part)
        right: set[int] = set()
        found = {}
        for wire in sorted({*wanted, *self.readers}, reverse=True):
            follows = right.issuperset(self.readers.get(wire, ()))
            if wire in self.known and follows:
                comparison = self.as_known(wire)
            elif wire in wanted or follows:
                comparison = self.alone(wire)
            else:
                continue
            if comparison.verdict == "ok":
                right.add(wire)
            if wire in wanted:
                found[wire] = comparison
        return found

    def as_known(self, wire: int) -> Comparison:
        gradient = self.result.gradient(wire)
        remark = "" if isinstance(gradient, float) else f"all {gradient.size} elements, moved together with others"
        return Comparison(self.names.text(wire), gradient, nan, self.known[wire], "ok", METHOD, remark)

    def parts(self) -> Iterator[list[int]]:
        """The wires, together where one stage reads them."""
        leader = {wire: wire for wire in self.readers}

        def first(wire: int) -> int:
            while leader[wire] != wire:
                leader[wire] = wire = leader[leader[wire]]
            return wire

        for stage in {reader for readers in self.readers.values() for reader in readers}:
            read = [first(source) for source in self.circuit.inputs[stage] if source in leader]
            leader |= dict.fromkeys(read, min(read))
        parts: dict[int, list[int]] = {}
        for wire in self.readers:
            parts.setdefault(first(wire), []).append(wire)
        yield from parts.values()

    def settle(self, part: list[int]) -> None:
        """Find out which elements of the gradients are what their readers say."""
        limits = {wire: self.limits(wire) for wire in part}
        left = {wire: np.ones_like(limits[wire][0], dtype=bool) for wire in part}
        off = dict.fromkeys(part, 0.0)
        pending = [sorted(part, key=lambda wire: limits[wire][0].min(initial=inf))]
        while pending:
            wires = pending.pop()
            apart, unsure = self.measured({wire: left[wire] for wire in wires})
            before = sum(int(left[wire].sum()) for wire in wires)
            for wire in wires:
                limit, loose = limits[wire]
                fits = apart <= np.where(apart <= unsure, np.maximum(limit, loose), limit)
                fits &= left[wire] & (unsure <= UNSURE * np.maximum(limit, loose)) & isfinite(unsure)
                left[wire] &= ~fits
                off[wire] = max(off[wire], float(np.max(apart / loose, where=fits, initial=0.0)))
                if not left[wire].any():
                    self.known[wire] = TINY * off[wire]
            more = [wire for wire in wires if wire not in self.known]
            # What is left is seen better where the rest stands still; a mistake among it, where half of it does.
            half = len(more) // 2 if 2 * sum(int(left[wire].sum()) for wire in more) > before else 0
            if half or len(more) < len(wires) or before > sum(int(left[wire].sum()) for wire in more):
                pending += [some for some in (more[:half], more[half:]) if some]

    def limits(self, wire: int) -> tuple[Any, Any]:
        """How far what is measured may be off, if each element of a gradient is right; and if it may be off by what is
        known no better."""
        gradient = np.abs(self.result.gradient(wire))
        weight = np.min([np.abs(moves[wire]) for moves in self.moves], axis=0)
        return weight * GOOD * gradient, weight * TINY * np.maximum(1.0, gradient)

    def measured(self, wires: dict[int, Any]) -> tuple[float, float]:
        """How far what the gradients of some elements of wires say is off from what the readers say, along the worst
        direction, and how well that is known; infinity where it is not."""
        most, least = 0.0, 0.0
        for moves in self.moves:
            chosen = {wire: moves[wire] * mask for wire, mask in wires.items()}
            said = [np.asarray(self.result.gradient(wire) * move) for wire, move in chosen.items()]
            slope = -sum(float(one.sum()) for one in said)
            error = EPSILON * sum(float(np.abs(one).sum()) for one in said)
            if self.circuit.output in chosen:
                slope += float(np.sum(self.result.upstream * chosen[self.circuit.output]))
            for stage in dict.fromkeys(reader for wire in wires for reader in self.readers[wire]):
                try:
                    one = self.along(stage, chosen)
                except (Mismatch, ValueError):  # whole numbers that choose
                    one = None
                if one is None:
                    return inf, inf
                slope, error = slope + one.slope, error + one.error
            if not isfinite(slope):
                return inf, inf
            most, least = max(most, abs(slope)), max(least, error)
        return most, least

    def along(self, stage: int, moves: dict[int, Any]) -> Estimate | None:
        """What it is worth that the inputs of a stage move along a direction, by the numbers; None: it has no slope."""
        inputs, gate = self.circuit.inputs[stage], self.circuit.gates[stage]
        at, g = [self.result.values[source] for source in inputs], self.result.gradient(stage)
        function, sides = functions.forward(gate, len(inputs), True), rules.piece(gate, len(inputs), True)

        def read(step: float) -> tuple[Any, list[Any]]:
            moved = [x + step * moves[source] if source in moves else x for x, source in zip(at, inputs, strict=True)]
            out = function(*moved)
            return out, [told(side(*moved, out)) for side in sides]

        here, pieces = read(0.0)

        def difference(step: float) -> Slope:
            (up, right), (down, left) = read(step), read(-step)
            if not right == pieces == left or not shape_of(up) == shape_of(here) == shape_of(down):
                return Slope(nan, 0.0)
            change = up - down
            level = np.sum(np.abs(g) * np.maximum(np.abs(up), np.abs(down)), where=change != 0)
            return Slope(float(np.sum(g * change)) / (2 * step), float(level))

        if not isfinite(difference(STEP).value):
            return None
        if gate.linear:
            direct = function(*[moves.get(source, np.zeros_like(x)) for x, source in zip(at, inputs, strict=True)])
            once = read(1.0)[0]
            level = np.abs(once) + np.abs(here) + np.abs(direct)
            if np.all(np.abs(once - here - direct) <= 1e-9 * level):  # then nothing large has to cancel
                return Estimate(float(np.sum(g * direct)), 4 * EPSILON * float(np.sum(np.abs(g * direct))))
        return best(difference, 0.0, 2, (1.0,), OF_A_GATE)


def moving(value: Any, random: np.random.Generator) -> Any:
    """A direction in which each element moves by about its size, up or down."""
    x = np.abs(np.asarray(value, dtype=float))
    signs = random.choice((-1.0, 1.0), x.shape)
    found = signs * random.uniform(0.5, 1.5, x.shape) * np.where(x > 0, x, 1.0)
    return found if x.shape else float(found)
