"""The numerical check of an array: all its elements, or of a large one some random directions."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np

from backprop.check.gradients.numerical import Comparison, compare_number
from backprop.check.gradients.probe import Probe
from backprop.differentiate.run import Run
from backprop.library.stages import Names

MOST = 64  # elements that are all checked; of more, random directions
DIRECTIONS = 16
RANK = ("wrong", "imprecise", "singular", "kink", "flat", "ok")  # which verdict on an element is that on the whole


def compare_array(result: Run, names: Names, wire: int) -> Comparison:
    """The gradient of an array against numerical ones. The verdict is the worst of all; the remark says of what."""
    value, name = result.values[wire], names.text(wire)
    if value.size > MOST:
        return along_directions(result, names, wire)
    found = [compare_number(result, name, names, Probe(result, wire, element=element)) for element in range(value.size)]
    numerical = np.array([one.numerical for one in found]).reshape(value.shape)
    worst = worst_of(found)
    if worst is None:
        return Comparison(name, result.gradient(wire), numerical, 0.0, "ok", "none", "it has no elements")
    place, one = worst
    counted = f"all {value.size} elements"
    if one.verdict != "ok":
        count = sum(other.verdict == one.verdict for other in found)
        where = f"{name}[{', '.join(map(str, np.unravel_index(place, value.shape)))}]"
        counted = f"{count} of {value.size} elements, {where} the worst: {one.gradient:.6g} for {one.numerical:.6g}"
    remark = "; ".join(part for part in (counted, one.remark) if part)
    return Comparison(name, result.gradient(wire), numerical, one.error, one.verdict, one.method, remark, one.slopes)


def along_directions(result: Run, names: Names, wire: int) -> Comparison:
    """The gradient times random directions of length 1, the same ones every time."""
    value, name = result.values[wire], names.text(wire)
    random = np.random.default_rng(0)
    found, gradients, slopes = [], [], []
    for _ in range(DIRECTIONS):
        direction = random.standard_normal(value.shape)
        direction /= np.linalg.norm(direction)
        one = compare_number(result, name, names, Probe(result, wire, direction=direction))
        found.append(one)
        gradients.append(one.gradient)
        slopes.append(one.numerical)
    _, worst = worst_of(found) or (0, found[0])
    remark = f"{DIRECTIONS} random directions, in place of {value.size:,} elements"
    if worst.verdict != "ok":
        remark += f"; the worst: {worst.gradient:.6g} for {worst.numerical:.6g}; {worst.remark}".rstrip("; ")
    return Comparison(
        name, np.array(gradients), np.array(slopes), worst.error, worst.verdict, worst.method, remark, worst.slopes
    )


def worst_of(found: list[Comparison]) -> tuple[int, Comparison] | None:
    """The number and the finding of the element that decides."""

    def badness(place: int) -> tuple[int, float]:
        one = found[place]
        error: Any = one.error
        return -RANK.index(one.verdict), inf if error is nan or error != error else error

    place = max(range(len(found)), key=badness, default=None)
    return None if place is None else (place, found[place])
