"""Numbers at several points at once: the point that was asked about first, then some beside it.

A line of a backward pass that computes the wrong thing may hit the right number at one point (where x and y are equal, say).
What agrees at all points is the same formula; that is what is meant here by a proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from random import Random
from typing import Any

from backprop.check.probe import Signature
from backprop import rules
from backprop.circuit import Circuit
from backprop.run import Run, evaluate

Samples = list[Any]  # a number for each point

MOST = 5  # points, the one that was asked about included
TOLERANCE = 1e-7  # relative, as in the numerical check


def runs_around(result: Run, seed: int = 0) -> list[Run]:
    """The run, and runs at points a few percent away on the same pieces of all gates."""
    circuit, found = result.circuit, [result]
    random = Random(seed)
    pieces = signature(circuit, result.values)
    for attempt in range(6 * MOST):
        if len(found) == MOST:
            break
        width = 0.06 / 4 ** (attempt // MOST)
        at = {name: nudged(result.values[wire], width, random) for name, wire in circuit.variables.items()}
        values = evaluate(circuit, at)
        if isfinite(values[circuit.output]) and signature(circuit, values) == pieces:
            found.append(Run(circuit, values, result.ties, result.upstream))
    return found


def nudged(x: float, width: float, random: Random) -> float:
    """A number a little beside another one."""
    return x + width * random.uniform(0.3, 1.0) * random.choice((-1.0, 1.0)) * (abs(x) or 1.0)


def signature(circuit: Circuit, values: list[float]) -> Signature:
    """On which of its pieces every gate is."""
    found = []
    for wire, gate in enumerate(circuit.gates):
        if gate.kink or gate.piece:
            inputs = [values[source] for source in circuit.inputs[wire]]
            found += [side(*inputs, values[wire]) for side in rules.piece(gate, len(inputs))]
    return tuple(found)


def close(a: Any, b: Any, scale: float, tolerance: float = TOLERANCE) -> bool:
    """Whether two numbers are the same but for rounding, on the scale of what they were added up from."""
    if a == b or (a != a and b != b):
        return True
    return bool(abs(a - b) <= tolerance * max(abs(a), abs(b), scale) + 1e-300)


def same(a: Samples, b: Samples, scales: Samples) -> bool:
    """Whether two quantities agree at all points."""
    return all(close(x, y, scale) for x, y, scale in zip(a, b, scales, strict=True))


def total(parts: Iterable[Samples], points: int) -> Samples:
    """The sum of quantities."""
    sums: Samples = [0.0] * points
    for part in parts:
        sums = [x + y for x, y in zip(sums, part, strict=True)]
    return sums


def plus(a: Samples, b: Samples) -> Samples:
    return [x + y for x, y in zip(a, b, strict=True)]


def minus(a: Samples, b: Samples) -> Samples:
    return [x - y for x, y in zip(a, b, strict=True)]


def times(a: Samples, b: Samples) -> Samples:
    return [x * y for x, y in zip(a, b, strict=True)]


def nothing(a: Samples) -> bool:
    """Whether a quantity is 0 at all points."""
    return all(x == 0 for x in a)


def magnitude(x: Any) -> float:
    return float(abs(x))
