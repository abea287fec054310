"""Numbers at several points at once: the point that was asked about first, then some beside it.

A line of a backward pass that computes the wrong thing may hit the right number at one point (where x and y are equal,
say). What agrees at all points is the same formula; that is what is meant here by a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import inf
from operator import add, mul, sub
from random import Random
from typing import Any

from backprop.check.gradients.compare import moved
from backprop.differentiate.run import Run, evaluate, pieces
from backprop.errors import Problem
from backprop.numbers.shapes import all_finite, magnitude, shape_of

Samples = list[Any]  # a number for each point

MOST = 5  # points, the one that was asked about included
TOLERANCE = 1e-7  # relative, as in the numerical check
ROUNDING = 1e-12  # of the largest number that is added up: what is left where they cancel


def runs_around(result: Run, kept: Collection[str] = ()) -> list[Run]:
    """The run, and runs at points a few percent away on the same pieces of all gates; some variables may be kept."""
    circuit, found = result.circuit, [result]
    random = Random(0)
    free = movable(result).difference(kept)
    here = pieces(circuit, result.values, result.arrays)
    for attempt in range(6 * MOST):
        if len(found) == MOST:
            break
        width = 0.06 / 4 ** (attempt // MOST)
        at = {
            name: nudged(result.values[wire], width, random) if name in free else result.values[wire]
            for name, wire in circuit.variables.items()
        }
        try:
            values = evaluate(circuit, at)
        except Problem:  # a mask that chooses nothing there
            continue
        if all_finite(values[circuit.output]) and pieces(circuit, values, result.arrays) == here:
            found.append(Run(circuit, values, result.ties, result.upstream))
    return found


def movable(result: Run) -> set[str]:
    """The variables that may take other values: an index and a class, which are whole numbers, may not."""
    circuit = result.circuit
    at = {name: result.values[wire] for name, wire in circuit.variables.items()}
    if not circuit.tensors:
        return set(at)
    free = set()
    for name, value in at.items():
        try:
            evaluate(circuit, {**at, name: nudged(value, 0.01, Random(0))})
        except Problem:
            continue
        free.add(name)
    return free


def nudged(x: Any, width: float, random: Random) -> Any:
    """A number a little beside another one; of an array, every element."""
    return moved(x, lambda x: x + width * random.uniform(0.3, 1.0) * random.choice((-1.0, 1.0)) * (abs(x) or 1.0))


def close(a: Any, b: Any, scale: float, tolerance: float = TOLERANCE) -> bool:
    """Whether a number is what it should be, but for rounding, on the scale of what they were added up from.

    Arrays are, if they have one shape and all their elements are; None, what could not be computed, is like nothing.
    Where it should be infinite nothing is measured; where only what came is, it is not what it should be.
    """
    if a is None or b is None or shape_of(a) != shape_of(b):
        return False
    if shape_of(a):
        from numpy import errstate, maximum

        with errstate(all="ignore"):
            off = abs(a - b)
            near = ((off < inf) | (abs(b) == inf)) & (
                off <= tolerance * maximum(abs(a), abs(b)) + ROUNDING * scale + 1e-300
            )
            return bool((near | (a == b) | ((a != a) & (b != b))).all())
    if a == b or (a != a and b != b):
        return True
    off = abs(a - b)
    return bool((off < inf or abs(b) == inf) and off <= tolerance * max(abs(a), abs(b)) + ROUNDING * scale + 1e-300)


def within(a: Any, b: Any, slack: float) -> bool:
    """Whether two numbers differ by no more than the rounding of a number that was typed in."""
    return bool(slack and isinstance(a, float) and isinstance(b, float) and abs(a - b) <= slack)


def each(function: Callable[[Any, Any], Any], a: Samples, b: Samples) -> Samples:
    """A function of two quantities at every point; None where their shapes do not fit."""
    found: Samples = []
    for x, y in zip(a, b, strict=True):
        try:
            found.append(None if x is None or y is None else function(x, y))
        except ValueError:
            found.append(None)
    return found


def plus(a: Samples, b: Samples) -> Samples:
    return each(add, a, b)


def minus(a: Samples, b: Samples) -> Samples:
    return each(sub, a, b)


def times(a: Samples, b: Samples) -> Samples:
    return each(mul, a, b)


def nothing(a: Samples) -> bool:
    """Whether a quantity is 0 at all points."""
    return all(x is not None and magnitude(x) == 0 for x in a)


def ratio(x: Any, y: Any) -> float | None:
    """What x is a multiple of y by; None where it is none, or where either is 0."""
    if x is None or y is None or shape_of(x) != shape_of(y) or not magnitude(x) or not magnitude(y):
        return None
    factor = float(x / y) if not shape_of(x) else float((x * y).sum() / (y * y).sum())
    return factor if close(x, factor * y, magnitude(x)) else None
