"""The gradients of a run against numerical ones, and a kink told from a mistake.

The relative error is that of the course, |a - n| / max(|a|, |n|); the numerical derivative is that of `estimate`.
"""

from __future__ import annotations

from math import inf, isfinite, isnan, nan

from backprop.check.gradients.estimate import STARTS, Estimate, central, complex_noise, is_resolved, one_sided, size
from backprop.check.gradients.probe import Probe, Reading
from backprop.differentiate.run import Run
from backprop.errors.light import TYPE_CHECKING, NamedTuple
from backprop.gates.row import TIES
from backprop.language import printer
from backprop.language.printer import number_text
from backprop.library.stages import Names

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Measure = Callable[[float, float], "Estimate | None"]  # with steps that begin at the first times the second

GOOD = 1e-7  # the course: "1e-7 and less you should be happy"; above it is a mistake, if the estimate is that good
STEP = 1e-5  # relative; a kink that is nearer than this is one that a gradient check of the usual kind falls over
SHORTER = (1e-9, 1e-10, 1e-11)  # relative first steps that are too short to measure well, but not to jump over a pole
UNRESOLVED = "from one place to the next the output changes by more than a slope tells: there is none to be seen"
TURNS = "differences with smaller steps find another slope: the function turns sharply nearby"


class Comparison(NamedTuple):
    """What a check of one wire found.

    `verdict` is "ok", "wrong", "kink" (the gates change their minds right here, and both sides are right), "singular"
    (there is no finite slope), "flat" (whole numbers that choose, which nobody can move) or "imprecise" (the numerical
    estimate is too poor to judge). `method` is how the
    numerical derivative was made, `slopes` those to the left and the right of a kink, `remark` what there is to say.
    """

    name: str
    gradient: Any
    numerical: Any
    error: float
    verdict: str
    method: str
    remark: str = ""
    slopes: tuple[float, float] | None = None


def relative_error(a: float, n: float) -> float:
    """|a - n| / max(|a|, |n|); 0 where both are 0 or the same infinity."""
    if a == n or (isnan(a) and isnan(n)):
        return 0.0
    if not (isfinite(a) and isfinite(n)):
        return inf
    return abs(a - n) / max(abs(a), abs(n))


def compare_number(result: Run, name: str, names: Names, probe: Probe) -> Comparison:
    """The derivative of the output along one probe against a numerical one."""
    gradient = probe.pick(result.gradient(probe.wire))
    here = probe.read(probe.at)
    if not isfinite(here.value) or not isfinite(probe.at):
        return Comparison(name, gradient, nan, inf, "singular", "none", f"the output is {number_text(here.value)} here")
    turns = changes(probe, here, STEP * size(probe.at))
    if turns:
        return at_kink(result, name, names, probe, here, turns)
    exact = probe.complex_slope()
    if exact is not None:
        estimate = Estimate(exact, complex_noise(probe, exact, here.value))
        found = doubted(judged(name, gradient, estimate, "complex step"), probe, estimate)
    else:
        smooth = by_differences(name, gradient, probe, here)
        if smooth is None:
            return at_edge(name, gradient, probe, here)
        found, estimate = smooth
    return found if found.verdict != "wrong" else excused(result, probe, here, found, estimate)


def excused(result: Run, probe: Probe, here: Reading, found: Comparison, estimate: Estimate) -> Comparison:
    """What is wrong only because of a kink that no gate tells of, as that of a sort of equal elements, or because of
    how equal inputs share a gradient, is no mistake; nor is what nobody can tell from 0 times infinity."""
    if isnan(found.gradient) and meets_infinity(result):
        remark = f"the backward pass meets infinity, and says nan; the slope is {short(estimate.slope)}"
        return found._replace(verdict="imprecise", remark=remark)
    between = slopes_of_sides(probe, here)
    low, high = (nan, nan) if between is None else between[1]
    if between is not None and low <= found.gradient <= high:
        left, right = between[0]
        remark = f"the slope is {short(left)} before this point and {short(right)} after it"
        return found._replace(verdict="kink", remark=remark, slopes=(left, right))
    known = estimate._replace(error=estimate.error + probe.backward_rounding())
    remark = tie_remark(result, probe, lambda slope: fits(slope, known) or low <= slope <= high)
    return found._replace(verdict="kink", remark=remark) if remark else found


def meets_infinity(result: Run) -> bool:
    """Whether a value, a gradient or a local gradient on the way is infinite."""
    import numpy as np

    met = []
    for wire, sent in enumerate(result.sent):
        if sent is not None:
            local = result.local_gradients(wire) if result.circuit.inputs[wire] else ()
            met += [result.values[wire], sent, *local]
    return any(one is not None and np.isinf(one).any() for one in met)


def by_differences(
    name: str, gradient: float, probe: Probe, here: Reading, reach: float = inf
) -> tuple[Comparison, Estimate] | None:
    """A gradient against differences on the piece that the wire is on, with steps shorter than `reach`, and the slope
    by these; None: there is none."""
    estimate = central(probe, probe.at, here, reach=reach)
    if estimate is None:
        return None
    found = judged(name, gradient, estimate, "extrapolated central difference")

    def measure(start: float, scale: float) -> Estimate | None:
        return central(probe, probe.at, here, (start,), (scale,), reach)

    if found.verdict == "wrong" and is_contradicted(probe, here, gradient, estimate, measure):
        found = found._replace(verdict="imprecise", remark=TURNS)
    elif found.verdict == "wrong":
        shorter = (measure(start, size(probe.at)) for start in STARTS)
        steps = (one for one in (estimate, *shorter) if one and one.step <= estimate.step)
        seen = next((one for one in steps if is_resolved(probe, here, one.step)), None)
        if seen is None:
            found = found._replace(verdict="imprecise", remark=UNRESOLVED)
        else:
            estimate = seen
            found = judged(name, gradient, estimate, found.method)
    return doubted(found, probe, estimate), estimate


def doubted(found: Comparison, probe: Probe, estimate: Estimate) -> Comparison:
    """What is wrong by no more than the backward pass is rounded on its way, where shares cancel, is not known."""
    if found.verdict != "wrong" or not isfinite(found.gradient):
        return found
    off, bound = abs(found.gradient - estimate.slope), probe.backward_rounding()
    if off <= 10 * (beside := rounding_beside(probe, estimate.step)):
        if off <= min(beside, 1e-9 * max(1.0, abs(found.gradient))):
            return found._replace(verdict="ok")
        remark = f"the numerical slope is known to ±{beside:.1g} only: what the steps read is rounded on the way"
        return found._replace(verdict="imprecise", remark=remark)
    if not off <= bound + 10 * estimate.error:
        return found
    remark = f"the gradient is known to ±{bound:.1g} only: what flows back cancels or underflows on the way"
    return found._replace(verdict="imprecise", remark=remark)


def rounding_beside(probe: Probe, step: float) -> float:
    """How far a difference with a step may be off where roundings count for nothing at the point itself: in the middle
    of a parabola."""
    if not step:
        return 0.0
    result = probe.result
    runs = [
        Run(result.circuit, probe.moved(probe.at + side * step), result.ties, result.upstream) for side in (-1.0, 1.0)
    ]
    found = max(probe.of(run).rounding() for run in runs) / step
    return found if isfinite(found) else 0.0


def slopes_of_sides(probe: Probe, here: Reading) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """The slopes before and after the point, and between what numbers a gradient may be; None where they are one."""
    left, right = (one_sided(probe, probe.at, here, side) for side in (-1.0, 1.0))
    if left is None or right is None:
        return None
    slack = 10 * (left.error + right.error) + 1e-6 * max(abs(left.slope), abs(right.slope))
    low, high = sorted((left.slope, right.slope))
    return None if high - low <= slack else ((left.slope, right.slope), (low - slack, high + slack))


def tie_remark(result: Run, probe: Probe, fits: Callable[[float], bool], at: Run | None = None) -> str:
    """How a tie explains the gradient, if there is one, and another rule for ties gives a gradient that fits; else
    "". `at` is the run at another place."""
    if not probe.is_tied():
        return ""
    given = probe.pick((at or result).gradient(probe.wire))
    values = result.values if at is None else at.values
    by_rule = {
        ties: probe.pick(Run(result.circuit, values, ties, result.upstream).gradient(probe.wire)) for ties in TIES
    }
    if relative_error(by_rule.pop(result.ties), given) > GOOD:
        return ""  # not what the rules give, but something else
    better = [ties for ties in ("split", "first", "both") if ties in by_rule and fits(by_rule[ties])]
    if not better:
        return ""
    if result.ties == "both" and better[0] == "split":
        return (
            "at a tie each of the equal inputs gets the whole gradient, as in the course notes: ties split divides it"
        )
    return f"at a tie this is how ties {result.ties} shares it: ties {better[0]} gives {short(by_rule[better[0]])}"


def is_contradicted(probe: Probe, here: Reading, gradient: float, best_one: Estimate, measure: Measure) -> bool:
    """Whether some other step finds another slope than the best estimate, and is shorter, or the gradient agrees with
    it: the steps of the best one may have jumped over a pole or a spike beside the point, or there is no slope at all.

    Among the steps are those at which such a gradient would change the output by some of itself.
    """

    def contradicts(other: Estimate) -> bool:
        apart = abs(other.slope - best_one.slope)
        if apart <= 10 * (other.error + best_one.error) or apart <= 1e-2 * abs(gradient - best_one.slope):
            return False  # both exclude the gradient by far more than they differ
        known = other.error <= 1e-6 * abs(other.slope)  # or it agrees with many a gradient
        return other.step < best_one.step or (known and abs(other.slope - gradient) <= 10 * other.error)

    visible = abs(here.value / gradient) if isfinite(gradient) and gradient else 0.0
    scales = dict.fromkeys([*probe.sizes(), *([visible] if 0 < visible < inf else [])])
    others = (measure(start, scale) for scale in scales for start in (*STARTS, *SHORTER))
    return any(other and contradicts(other) for other in others)


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
        remark = f"the numerical slope is known to ±{estimate.error:.1g} only: the output is rounded on the way"
        return Comparison(name, a, n, error, "imprecise", method, remark)
    return Comparison(name, a, n, error, "wrong", method)


def fits(gradient: float, estimate: Estimate) -> bool:
    """Whether a gradient is not excluded."""
    return judged("", gradient, estimate, "").verdict != "wrong"


# ── kinks and edges ──


def changes(probe: Probe, here: Reading, h: float) -> list[int]:
    """The stages whose piece changes between x - h and x + h."""
    if not probe.kinked:
        return []
    up, down = probe.read(probe.at + h), probe.read(probe.at - h)
    places = zip(probe.kinked, up.pieces, here.pieces, down.pieces, strict=True)
    return list(dict.fromkeys(stage for stage, right, middle, left in places if not right == middle == left))


def at_kink(result: Run, name: str, names: Names, probe: Probe, here: Reading, turns: list[int]) -> Comparison:
    """A verdict where gates change their minds between x - h and x + h.

    It is a kink, and no mistake, if the backward pass is right on both sides of it, where all is smooth, and its answer
    here is allowed by the slopes of the sides.
    """
    a = probe.pick(result.gradient(probe.wire))
    stages = " and ".join(names.line(stage) for stage in turns)
    sides = [Side(result, probe, here, side) for side in (-1.0, 1.0)]
    for side in sides:
        if side.wrong:
            remark = (
                f"beside the kink, {distance(side.beside - probe.at)}, it is {short(side.gradient)} for "
                f"{short(side.slope)}"
            )
            error = relative_error(side.gradient, side.slope)
            return Comparison(name, side.gradient, side.slope, error, "wrong", "beside the kink", remark)
    left, right = (side.slope for side in sides)
    tied = next((side.tied for side in sides if side.tied), "")
    inside = by_differences(name, a, probe, here)
    if inside is not None:  # near a kink, not on it: on its own piece the slope is known
        known, estimate = inside
        if known.verdict == "wrong":
            known = excused(result, probe, here, known, estimate)
        if known.verdict == "wrong" or relative_error(left, right) <= GOOD:
            return known
        return kink_found(name, a, estimate.slope, "on this side of the kink", stages, left, right, tied)
    low, high = bounds(left, right, probe.backward_rounding() + 10 * sum(side.error for side in sides))
    if not low <= a <= high:
        tied = tie_remark(result, probe, lambda slope: low <= slope <= high)
        sure = all(side.is_known and side.is_settled(probe, here, a) for side in sides)
        remark = tied or f"the slopes on both sides of the kink are {short(left)} and {short(right)}"
        if not tied and not sure:
            remark += ", as far as they are known"
        verdict = "kink" if tied else "wrong" if sure else "imprecise"
        return Comparison(name, a, (left + right) / 2, inf, verdict, "one-sided differences", remark, (left, right))
    jump = jump_at(probe, here)
    if not jump and relative_error(left, right) <= 1e-6 and relative_error(a, right) <= 1e-6:
        return Comparison(name, a, right, relative_error(a, right), "ok", "one-sided differences")
    found = kink_found(name, a, (left + right) / 2, "one-sided differences", stages, left, right, tied)
    return found._replace(remark=f"{stages} jumps here: {jump}, and there is no slope") if jump else found


def jump_at(probe: Probe, here: Reading) -> str:
    """The values on both sides, where the output does not come closer to that of the point as the steps get shorter;
    else ""."""
    far, near = (
        [probe.read(probe.at + side * part * STEP * size(probe.at)).value for side in (-1.0, 1.0)]
        for part in (2.0, 2e-3)
    )
    apart, closer = (max(abs(one - here.value) for one in values) for values in (far, near))
    if not (closer > 0.5 * apart and closer > 1e-9 * max(map(abs, (here.value, *near)))):
        return ""
    return f"the output is {short(near[0])} before it, {short(here.value)} on it and {short(near[1])} after"


class Side:
    """One side of a kink: a place `beside` it where all is smooth, the gradient there, and the numerical slope.

    `wrong` says that they disagree there, `tied` how a tie there explains it. `slope` is nan where the output is no
    number on this side, and `error` how far it may be off; `is_known` says that it is the slope right at the kink, not
    only the one beside it.
    """

    def __init__(self, result: Run, probe: Probe, here: Reading, side: float) -> None:
        self.beside, self.gradient, self.slope, self.step = probe.at, nan, nan, 0.0
        self.wrong, self.tied, self.is_known, self.error, self.side = False, "", False, 0.0, side
        for steps in (2.0, 5.0, 17.0, 130.0):
            x = probe.at + side * steps * STEP * size(probe.at)
            reading = probe.read(x)
            nearby = probe.beside(x)
            if not isfinite(reading.value) or changes(nearby, reading, 0.1 * STEP * size(probe.at)):
                continue
            run_there = Run(result.circuit, nearby.values, result.ties, result.upstream)
            self.gradient = probe.pick(run_there.gradient(probe.wire))
            smooth = by_differences("", self.gradient, nearby.of(run_there), reading, abs(x - probe.at))
            if smooth is None:
                continue
            found, estimate = smooth
            self.beside = x
            if found.verdict == "wrong":
                from functools import partial

                known = estimate._replace(error=estimate.error + nearby.backward_rounding())
                self.tied = tie_remark(result, nearby, partial(fits, estimate=known), run_there)
                self.wrong = not self.tied
            self.sharpen(probe, here, side, estimate)
            return

    def sharpen(self, probe: Probe, here: Reading, side: float, beside: Estimate) -> None:
        """The slope right at the kink, where the values show it; else the one beside it."""
        sharp = None if self.wrong else one_sided(probe, probe.at, here, side)
        close = sharp is not None and abs(sharp.slope - beside.slope) <= 1e-3 * max(1.0, abs(beside.slope))
        self.is_known = close
        better = sharp if sharp is not None and close else beside
        self.slope, self.error, self.step = better.slope, better.error, better.step

    def is_settled(self, probe: Probe, here: Reading, gradient: float) -> bool:
        """Whether no shorter step finds another slope right at the kink, nor one of another length this gradient."""

        def measure(start: float, scale: float) -> Estimate | None:
            return one_sided(probe, probe.at, here, self.side, (start,), (scale,))

        found = Estimate(self.slope, self.error, self.step)
        resolved = is_resolved(probe, here, self.step, self.side)
        return resolved and not is_contradicted(probe, here, gradient, found, measure)


def bounds(left: float, right: float, error: float) -> tuple[float, float]:
    """Between what numbers an answer at a kink may be; all may be, where there is no slope."""
    finite = [slope for slope in (left, right) if isfinite(slope)]
    slack = error + 1e-4 * max((abs(slope) for slope in finite), default=0.0)
    return min(finite, default=-inf) - slack, max(finite, default=inf) + slack


def distance(x: float) -> str:
    """How far beside a kink."""
    return f"{abs(x):.1g} {'above' if x > 0 else 'below'}"


def kink_found(
    name: str, a: float, n: float, method: str, stages: str, left: float, right: float, tied: str = ""
) -> Comparison:
    remark = tied or (
        f"{stages} has a kink within the step: the slope is {short(left)} before it and {short(right)} after, and "
        f"{short(a)} is in use"
    )
    return Comparison(name, a, n, relative_error(a, n), "kink", method, remark, (left, right))


def short(x: float) -> str:
    return "none" if isnan(x) else printer.short(x)


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
            if not close and abs(a - estimate.slope) <= 1e-3 * max(1.0, abs(a)):
                verdict, remark = "imprecise", f"{remark}, which settles slowly at this edge of the domain"

            def measure(start: float, scale: float, side: float = side) -> Estimate | None:
                return one_sided(probe, probe.at, here, side, (start,), (scale,))

            if verdict == "wrong" and is_contradicted(probe, here, a, estimate, measure):
                verdict, remark = "imprecise", TURNS
            elif verdict == "wrong" and not is_resolved(probe, here, estimate.step, side):
                verdict, remark = "imprecise", UNRESOLVED
            return Comparison(
                name, a, estimate.slope, relative_error(a, estimate.slope), verdict, "one-sided difference", remark
            )
    remark = "at the edge of the domain there is no finite slope"
    return Comparison(name, a, nan, relative_error(a, nan), "singular", "none", remark)
