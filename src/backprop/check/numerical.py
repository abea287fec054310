"""The gradients of a run against numerical ones, and a kink told from a mistake.

The relative error is that of the course, |a - n| / max(|a|, |n|). The numerical derivative comes from the complex step where
every gate on the way is analytic, and else from central differences extrapolated to step 0 (Ridders 1982, Advances in
Engineering Software 4(2), with the error estimate that goes with it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import inf, isfinite, isnan, nan
from typing import NamedTuple

from backprop.check.probe import Probe, Reading
from backprop.run import Run, run
from backprop.stages import Names
from backprop.syntax.printer import number_text

GOOD = 1e-7  # the course: 1e-7 and less you should be happy; above it is a mistake, unless the estimate itself is no better
STEP = 1e-5  # relative; a kink that is nearer than this is one that a gradient check of the usual kind falls over
SHRINK = 1.4  # Ridders' step goes down by this
STARTS = (0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)  # relative first steps; the best estimate wins
EPSILON = 2.220446049250313e-16


class Estimate(NamedTuple):
    """A numerical derivative and how far it may be off."""

    slope: float
    error: float


class Comparison(NamedTuple):
    """What a check of one wire found.

    `verdict` is "ok", "wrong", "kink" (the gates change their minds right here, and both sides are right), "singular" (there
    is no finite slope) or "imprecise" (the numerical estimate is too poor to judge). `method` is how the numerical
    derivative was made, `slopes` those to the left and the right of a kink, `remark` what there is to say.
    """

    name: str
    gradient: float
    numerical: float
    error: float
    verdict: str
    method: str
    remark: str = ""
    slopes: tuple[float, float] | None = None


def check(result: Run, names: Names, wires: Iterable[int]) -> Iterator[Comparison]:
    """Compare the gradient of each wire."""
    for wire in wires:
        yield compare(result, names, wire)


def relative_error(a: float, n: float) -> float:
    """|a - n| / max(|a|, |n|); 0 where both are 0 or the same infinity."""
    if a == n or (isnan(a) and isnan(n)):
        return 0.0
    if not (isfinite(a) and isfinite(n)):
        return inf
    return abs(a - n) / max(abs(a), abs(n))


def compare(result: Run, names: Names, wire: int) -> Comparison:
    """The gradient of one wire against a numerical one."""
    probe = Probe(result.circuit, result.values, wire, result.upstream)
    gradient, name = result.gradient(wire), names.text(wire)
    here = probe.read(probe.at)
    if not isfinite(here.value) or not isfinite(probe.at):
        return Comparison(name, gradient, nan, inf, "singular", "none", f"the output is {number_text(here.value)} here")
    turns = changes(probe, here, STEP * size(probe.at))
    if turns:
        return at_kink(result, names, wire, probe, here, turns)
    exact = probe.complex_slope()
    if exact is not None:
        return judged(name, gradient, Estimate(exact, 1e-13 * abs(exact)), "complex step")
    estimate = central(probe, probe.at, here)
    if estimate is None:
        return at_edge(name, gradient, probe, here)
    return judged(name, gradient, estimate, "extrapolated central difference")


def judged(name: str, a: float, estimate: Estimate, method: str) -> Comparison:
    """The verdict where everything is smooth."""
    n, error = estimate.slope, relative_error(a, estimate.slope)
    if not isfinite(a):
        remark = f"the backward pass says {number_text(a)}, and no finite slope was found"
        wrong = isfinite(n) and estimate.error <= 1e-3 * abs(n)
        return Comparison(name, a, n, error, "wrong" if wrong else "singular", method, "" if wrong else remark)
    if error <= GOOD or abs(a - n) <= min(estimate.error, 1e-9 * max(1.0, abs(a))):
        return Comparison(name, a, n, error, "ok", method)
    if abs(a - n) <= 10 * estimate.error or not isfinite(n):
        remark = f"the numerical slope is known to ±{estimate.error:.1g} only"
        return Comparison(name, a, n, error, "imprecise", method, remark)
    return Comparison(name, a, n, error, "wrong", method)


def size(x: float) -> float:
    """The scale on which an input moves."""
    return abs(x) if abs(x) > 1e-305 else 1.0


# ── estimates ──


def central(probe: Probe, x: float, here: Reading) -> Estimate | None:
    """The best of extrapolated central differences with several first steps, on the piece that x is on; None: there is none."""

    def difference(h: float) -> float:
        up, down = probe.read(x + h), probe.read(x - h)
        if up.pieces != here.pieces or down.pieces != here.pieces:
            return nan
        return (up.value - down.value) / ((x + h) - (x - h))

    return best(difference, x, abs(here.value), order=2)


def one_sided(
    probe: Probe, x: float, here: Reading, side: float, pieces: tuple[float, ...] | None = None
) -> Estimate | None:
    """The slope from one side alone; the reading at x itself may be on another piece."""

    def difference(h: float) -> float:
        near, far = probe.read(x + side * h), probe.read(x + side * h / 2)
        if near.pieces != far.pieces or (pieces is not None and near.pieces != pieces):
            return nan
        return (near.value - here.value) / ((x + side * h) - x)

    return best(difference, x, abs(here.value), order=1)


def best(difference: Callable[[float], float], x: float, level: float, order: int) -> Estimate | None:
    """The estimate with the smallest error over all first steps."""
    found: Estimate | None = None
    for scale in dict.fromkeys((size(x), 1.0)):
        for start in STARTS:
            estimate = extrapolated(difference, start * scale, level, order)
            if estimate is not None and (found is None or estimate.error < found.error):
                found = estimate
            if found is not None and found.error <= 1e-11 * abs(found.slope):
                return found
    return found


def extrapolated(difference: Callable[[float], float], h: float, level: float, order: int) -> Estimate | None:
    """Ridders' method: differences with shrinking steps, extrapolated to step 0 by Neville's scheme.

    `order` is the power of the step in which the error goes: 2 for a central difference, 1 for a one-sided one. `level` is
    the size of the output, whose rounding sets a floor below which no estimate can be.
    """
    above: list[float] = []
    found: Estimate | None = None
    for i in range(12):
        step = h / SHRINK**i
        row = [difference(step)]
        if not isfinite(row[0]):
            if i:
                break
            return None
        factor = 1.0
        for j in range(i):
            factor *= SHRINK**order
            row.append((row[j] * factor - above[j]) / (factor - 1))
            floor = 2 * EPSILON * level / step
            error = max(abs(row[j + 1] - row[j]), abs(row[j + 1] - above[j]), floor)
            if found is None or error < found.error:
                found = Estimate(row[j + 1], error)
        if i and found is not None and abs(row[i] - above[i - 1]) >= 2 * found.error:
            break
        above = row
    return found


# ── kinks and edges ──


def changes(probe: Probe, here: Reading, h: float) -> list[int]:
    """The stages whose piece changes between x - h and x + h."""
    if not probe.kinked:
        return []
    up, down = probe.read(probe.at + h), probe.read(probe.at - h)
    places = zip(probe.kinked, up.pieces, here.pieces, down.pieces, strict=True)
    return list(dict.fromkeys(stage for stage, right, middle, left in places if not right == middle == left))


def at_kink(result: Run, names: Names, wire: int, probe: Probe, here: Reading, turns: list[int]) -> Comparison:
    """A verdict where gates change their minds between x - h and x + h.

    It is a kink, and no mistake, if the backward pass is right on both sides of it, where all is smooth, and its answer
    here lies between the slopes of the sides. With ties counted on both sides (`--ties both`) it may be their sum.
    """
    name, a, x = names.text(wire), result.gradient(wire), probe.at
    stages = " and ".join(f"{names.text(stage)} = {names.expression(stage)}" for stage in turns)
    slopes = []
    for side in (-1.0, 1.0):
        beside, known, estimate = beside_kink(result, probe, wire, side)
        if estimate is None:
            slopes.append(nan)
            continue
        if judged(name, known, estimate, "").verdict == "wrong":
            remark = f"beside the kink, at {names.text(wire)} = {number_text(beside)}, it is {number_text(known)} for {number_text(estimate.slope)}"
            return Comparison(
                name, known, estimate.slope, relative_error(known, estimate.slope), "wrong", "beside the kink", remark
            )
        sharp = one_sided(probe, x, here, side)
        slopes.append(
            sharp.slope
            if sharp is not None and abs(sharp.slope - estimate.slope) <= 1e-3 * max(1.0, abs(estimate.slope))
            else estimate.slope
        )
    left, right = slopes
    inside = central(probe, x, here)
    if inside is not None:  # near a kink, not on it: on its own piece the slope is known
        verdict = judged(name, a, inside, "")
        if verdict.verdict == "wrong":
            return verdict._replace(method="extrapolated central difference")
        if relative_error(left, right) <= GOOD:
            return verdict._replace(method="extrapolated central difference")
        return kink_found(name, a, inside.slope, "on this side of the kink", stages, left, right)
    finite = [slope for slope in (left, right) if isfinite(slope)]
    low, high = (min(finite), max(finite)) if finite else (-inf, inf)
    allowed = [low, high, *([left + right] if result.ties == "both" and len(finite) == 2 else [])]
    slack = 1e-4 * max(1.0, *(abs(bound) for bound in allowed if isfinite(bound)))
    if not min(allowed) - slack <= a <= max(allowed) + slack:
        if not tie_explains(result, wire, low - slack, high + slack):
            remark = f"the slopes on both sides of the kink are {number_text(left)} and {number_text(right)}"
            return Comparison(name, a, (left + right) / 2, inf, "wrong", "one-sided differences", remark, (left, right))
    if len(finite) == 2 and relative_error(left, right) <= 1e-6 and relative_error(a, right) <= 1e-6:
        return Comparison(name, a, right, relative_error(a, right), "ok", "one-sided differences")
    return kink_found(name, a, (left + right) / 2, "one-sided differences", stages, left, right)


def tie_explains(result: Run, wire: int, low: float, high: float) -> bool:
    """Whether equal shares at ties give a slope between those of the sides: then it is the rule for ties alone."""
    if result.ties != "both":
        return False
    at = {name: result.values[source] for name, source in result.circuit.variables.items()}
    split = Run(result.circuit, result.values, "split", result.upstream) if at else result
    return low <= split.gradient(wire) <= high


def kink_found(name: str, a: float, n: float, method: str, stages: str, left: float, right: float) -> Comparison:
    remark = f"{stages} has a kink within the step: the slope is {short(left)} before it and {short(right)} after, and {short(a)} is in use"
    return Comparison(name, a, n, relative_error(a, n), "kink", method, remark, (left, right))


def short(x: float) -> str:
    return number_text(float(f"{x:.6g}")) if isfinite(x) else "none" if isnan(x) else number_text(x)


def beside_kink(result: Run, probe: Probe, wire: int, side: float) -> tuple[float, float, Estimate | None]:
    """A place beside a kink, what the backward pass says there, and what the numbers say.

    The first of a few places is taken where nothing changes its mind close by; its gradient is that of a run of its own.
    """
    for distance in (2.0, 5.0, 17.0, 130.0):
        x = probe.at + side * distance * STEP * size(probe.at)
        reading = probe.read(x)
        if not isfinite(reading.value):
            continue
        nearby = Probe(probe.circuit, moved(probe, x), wire, probe.upstream)
        if changes(nearby, reading, 0.1 * STEP * size(probe.at)):
            continue
        estimate = central(nearby, x, reading)
        if estimate is not None:
            gradient = Run(probe.circuit, nearby.values, result.ties, result.upstream).gradient(wire)
            return x, gradient, estimate
    return probe.at, nan, None


def moved(probe: Probe, x: float) -> list[float]:
    """All values with the wire at x."""
    values = probe.values.copy()
    values[probe.wire] = x
    for stage, function, inputs in probe.plan:
        values[stage] = function(*[values[source] for source in inputs])
    return values


def at_edge(name: str, a: float, probe: Probe, here: Reading) -> Comparison:
    """A verdict where the output is a number on one side alone, or has no slope."""
    for side in (1.0, -1.0):
        estimate = one_sided(probe, probe.at, here, side)
        if estimate is None:
            continue
        if isfinite(a) and estimate.error <= 1e-4 * max(1.0, abs(a)):
            close = abs(a - estimate.slope) <= max(10 * estimate.error, 1e-6 * max(1.0, abs(a)))
            remark = "the output is a number on one side only: compared with the slope from there"
            verdict = "ok" if close else "wrong"
            return Comparison(
                name, a, estimate.slope, relative_error(a, estimate.slope), verdict, "one-sided difference", remark
            )
    remark = "at the edge of the domain there is no finite slope"
    return Comparison(name, a, nan, relative_error(a, nan), "singular", "none", remark)


def at_random(
    result: Run, names: Names, wires: list[int], count: int, seed: int
) -> Iterator[tuple[dict[str, float], list[Comparison]]]:
    """Check at random points around the given one: each input moved by a normal deviate times its size, at least 1."""
    from random import Random

    random = Random(seed)
    circuit = result.circuit
    for _ in range(count):
        at = {
            name: result.values[wire] + random.gauss(0.0, 1.0) * max(1.0, abs(result.values[wire]))
            for name, wire in circuit.variables.items()
        }
        yield at, list(check(run(circuit, at, ties=result.ties, upstream=result.upstream), names, wires))
