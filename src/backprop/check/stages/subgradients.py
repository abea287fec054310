"""Claims at a kink: as good as the gradient in use is each of those right beside the point, and all between them.

What lies between, the convex hull (Clarke's generalised gradient), is walked towards a claim: from the nearest point
found so far in the direction that is left, where the gradient beside the point is the hull's outermost one. A claim is
outside where that does not reach as far as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from random import Random
from typing import Any

from backprop.check.stages.execution import Execution, Step
from backprop.check.stages.samples import movable
from backprop.differentiate.run import Run, run
from backprop.errors import Problem
from backprop.library.notes import kinks_and_ends
from backprop.library.stages import Names
from backprop.numbers.shapes import finite_magnitude, shape_of

Vector = list[float]
BLAMED = ("wrong", "inherited")

BESIDE = 2.0**-30  # relative to the largest input: as near as leaves a direction six digits
TOLD = 3  # kinks that are named
STEPS = 100  # on the way to a claim,
FEW = 10  # and to one of many numbers,
MANY = 200_000  # which are not more than these in all
NEAR = 1e-5  # of what the gradients beside the point differ by
CLOSE = 0.05  # of it, which the way to what lies between comes to soon, and then slowly nearer


def excuse(execution: Execution) -> None:
    """Call the claims right, or the lines of a pass that is right beside the point, that another choice at a kink makes
    so, as far as one does for all of them."""
    claims = [step for step in execution.steps if step.gradient is not None] if execution.claims else execution.ends()
    wrong = [step for step in claims if step.verdict in BLAMED and not step.misshapen]
    kinks = kinks_of(execution.result, execution.names) if wrong else []
    if not kinks:
        return
    others = [step for step in claims if step not in wrong]
    chosen = others if is_between(execution, others) else []  # equal shares of a tie are no choice of one of them
    for step in wrong:
        found = is_between(execution, [*chosen, step])
        place = f"at the kink of {' and '.join(kinks)}"
        if found:
            chosen.append(step)
            step.say(execution.result.gradient(step.gradient or 0), "ok", None, [f"another subgradient {place}"])
        elif found is None:
            said = [f"nothing tells it from a subgradient {place}, and nothing proves that it is one"]
            step.say(execution.result.gradient(step.gradient or 0), "imprecise", None, said)
    if not execution.claims and not any(step.verdict in BLAMED for step in claims):
        for step in execution.steps:
            if step.verdict in BLAMED and step.judgement is not None:
                step.say(step.judgement.expected, "ok", None, ["what comes of it is a subgradient"])


def kinks_of(result: Run, names: Names) -> list[str]:
    """The stages that sit on a kink, or the first of them."""
    notes = kinks_and_ends(result, names)
    return [*dict.fromkeys(note.stage for note in notes if note.kind in ("tie", "kink"))][:TOLD]


def is_between(execution: Execution, steps: Sequence[Step]) -> bool | None:
    """Whether some claims, taken together, lie between the gradients beside the point; None where that is too far to
    tell."""
    claim = [number for step in steps for number in flat(step.after[0])]
    if not claim:
        return True
    slack = max([step.slack for step in steps], default=0.0)
    beside = Beside(execution, [step.gradient for step in steps if step.gradient is not None])
    found = [*beside.gradients(claim)]
    if not found:
        return False  # no gradient is finite
    nearest, all_alike = found[0], [1.0] * len(claim)  # of a maximum, shares add up to the same everywhere
    for step in range(max(FEW, min(STEPS, MANY // len(claim)))):
        ranges = [(min(numbers), max(numbers)) for numbers in zip(*found, strict=True)]
        beyond = [number - min(max(number, low), high) for number, (low, high) in zip(claim, ranges, strict=True)]
        near = (NEAR * max(high - low for low, high in ranges) + slack) * len(claim) ** 0.5
        left = minus(claim, nearest)
        if dot(left, left) <= near**2:
            return True
        sums = [all_alike, minus([0.0] * len(claim), all_alike)] if step == 0 else []
        for direction in (*sums, beyond, left):  # all together, a number by itself, and what is left
            found += beside.gradients(direction) if any(direction) else []
            outermost = max(found, key=lambda one: dot(direction, one))
            if dot(direction, minus(claim, outermost)) > near * dot(direction, direction) ** 0.5:
                return False
        way = minus(outermost, nearest)
        part = min(1.0, dot(left, way) / (dot(way, way) or 1.0))
        nearest = [here + part * step for here, step in zip(nearest, way, strict=True)]
    widest = sum((high - low) ** 2 for low, high in ranges) ** 0.5
    return True if dot(left, left) ** 0.5 <= CLOSE * widest else None  # nothing parts it from them


class Beside:
    """The gradients of some stages at points next to that of a run."""

    def __init__(self, execution: Execution, wires: list[int]) -> None:
        self.result, self.wires, self.random = execution.result, wires, Random(0)
        self.free = movable(self.result)
        values = [self.result.values[wire] for wire in self.result.circuit.variables.values()]
        self.step = BESIDE * (max(map(finite_magnitude, values), default=1.0) or 1.0)

    def gradients(self, direction: Vector) -> Iterator[Vector]:
        """Those a little in a direction of the stages and against it, where they are finite."""
        for there in self.runs(direction):
            found = [number for wire in self.wires for number in flat(there.gradient(wire))]
            if all(map(isfinite, found)):
                yield found

    def runs(self, direction: Vector) -> Iterator[Run]:
        """The runs there; inputs that are none of the stages go anywhere."""
        result, sizes = self.result, [len(flat(self.result.values[wire])) for wire in self.wires]
        starts = {wire: sum(sizes[:place]) for place, wire in enumerate(self.wires)}
        longest = max(map(abs, direction), default=0.0) or 1.0
        moves = {
            name: [
                self.random.gauss(0.0, 1e-3 if wire in starts else 1.0)
                + (direction[starts[wire] + place] / longest if wire in starts else 0.0)
                for place in range(len(flat(result.values[wire])))
            ]
            for name, wire in result.circuit.variables.items()
        }
        for side in (self.step, -self.step):
            at = {
                name: moved(result.values[wire], moves[name], side) if name in self.free else result.values[wire]
                for name, wire in result.circuit.variables.items()
            }
            try:
                yield run(result.circuit, at, ties=result.ties, upstream=result.upstream)
            except Problem:  # a mask that chooses nothing there
                continue


def moved(value: Any, move: Vector, side: float) -> Any:
    """A number, or each of an array, a little off."""
    if not shape_of(value):
        return value + side * move[0]
    from numpy import array

    return value + side * array(move).reshape(value.shape)


def flat(value: Any) -> Vector:
    """All the numbers of a value."""
    return value.ravel().tolist() if shape_of(value) else [float(value)]


def dot(a: Vector, b: Vector) -> float:
    return sum([x * y for x, y in zip(a, b, strict=True)])


def minus(a: Vector, b: Vector) -> Vector:
    return [x - y for x, y in zip(a, b, strict=True)]
