"""What a step really does, against what the gradient predicts, and up to what step the prediction holds."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite, isinf, isnan, nan
from typing import Any, NamedTuple

from backprop.circuit import Circuit
from backprop.differentiate import rules
from backprop.differentiate.run import Run, evaluate, pieces
from backprop.errors import Problem
from backprop.language.printer import short
from backprop.library.causes import causes
from backprop.library.stages import Names
from backprop.numbers.shapes import all_finite, quiet, shape_of, shape_text

HOLDS = 0.01  # the prediction holds while it is off by no more than this part of itself
FURTHEST = 1e4  # steps this many times as long are looked at
PLACES = 240  # at so many lengths


class Nudge(NamedTuple):
    """A step and what it does: `results.Nudged`, which shows itself, says what is what."""

    value: float
    moved: float
    predicted: float
    actual: float
    holds_until: float
    ends_at: str | None
    steps: dict[str, Any]

    @property
    def error(self) -> float:
        """How far the prediction is off, relative to the larger of the two changes: of an infinite one, wholly."""
        if self.predicted == self.actual:
            return 0.0
        if isnan(self.predicted) or isnan(self.actual):
            return nan
        if isinf(self.predicted) or isinf(self.actual):
            return 1.0
        return abs(self.actual - self.predicted) / max(abs(self.predicted), abs(self.actual))


def nudge(result: Run, names: Names, steps: Mapping[str, Any]) -> Nudge:
    """Move some variables by their steps, all at once."""
    for name, step in steps.items():
        if not all_finite(step):
            raise Problem("value", f"the step of {name} must be finite")
        own, given = shape_of(result.values[result.circuit.variables[name]]), shape_of(step)
        if given not in ((), own):
            hint = f"one number moves all of {name}" if own else ""
            raise Problem(
                "shape", f"the step of {name} is {shape_text(given)}, and {name} is {shape_text(own)}", hint=hint
            )
    line = Line(result, names, dict(steps))
    products = (result.gradient(result.circuit.variables[name]) * step for name, step in steps.items())
    with quiet(result.arrays):
        predicted = sum((total(product) for product in products), 0.0)
        here, moved = line.value(0.0), line.value(1.0)
        holds, ends = line.reach(here, predicted)
    return Nudge(here, moved, predicted, moved - here, holds, ends, dict(steps))


def rounding_of(here: float, change: float) -> float:
    """How far a change of the output may be off because its numbers are rounded."""
    return 8e-16 * max(abs(here), abs(change))


def total(x: Any) -> float:
    """A number, or the sum of an array."""
    return float(x.sum()) if shape_of(x) else float(x)


class Line:
    """The output along a straight line from the point: t = 0 is the point, t = 1 the whole step."""

    def __init__(self, result: Run, names: Names, steps: dict[str, Any]) -> None:
        self.result, self.names, self.steps = result, names, steps
        self.circuit: Circuit = result.circuit

    def values(self, t: float) -> list[Any]:
        variables = self.circuit.variables
        at = {name: self.result.values[wire] for name, wire in variables.items()}
        at |= {name: at[name] + t * step for name, step in self.steps.items() if t}  # -0 + 0 is 0
        return evaluate(self.circuit, at)

    def value(self, t: float) -> float:
        """The output's product with the gradient from above, which is 1 for a number if nothing else is said."""
        return total(self.values(t)[self.circuit.output] * self.result.upstream)

    def holds(self, t: float, here: float, predicted: float) -> bool:
        """Whether the prediction for t is good enough; rounding of the output is no fault of it."""
        try:
            change = self.value(t) - here
        except Problem:  # a mask takes another number of elements there, and shapes fit no longer
            return False
        if not isfinite(change):
            return False
        return abs(change - t * predicted) <= HOLDS * abs(t * predicted) + rounding_of(here, change)

    def reach(self, here: float, predicted: float) -> tuple[float, str | None]:
        """Up to where the prediction holds, and the kink that ends it."""
        if not isfinite(predicted) or not isfinite(here):
            told = [message for _, message, _ in causes(self.result, self.names).remarks]
            return 0.0, f"nowhere: {told[0]}" if told else None
        before = 0.0
        for t in lengths():
            if not self.holds(t, here, predicted):
                edge = self.bisect(before, t, lambda x: self.holds(x, here, predicted))
                try:
                    kink = None if before else self.kink_at(t, here, predicted)
                    return (0.0, kink) if kink else (edge, self.kink_on(edge) if edge else None)
                except Problem:
                    return edge, None
            before = t
        if abs(predicted * FURTHEST) <= (rounding := rounding_of(here, 0.0)) and predicted:
            return 0.0, f"nowhere that it shows: the output is rounded to ±{rounding:.1g}, and moves by less"
        return inf, None

    def bisect(self, good: float, bad: float, test: object) -> float:
        """The last place where a test holds, between one where it does and one where it does not."""
        assert callable(test)
        for _ in range(80):
            middle = (good + bad) / 2
            if middle in (good, bad):
                break
            good, bad = (middle, bad) if test(middle) else (good, middle)
        return good

    def kink_on(self, edge: float) -> str | None:
        """The first gate that changes its mind between the point and shortly behind the end, and where."""
        before, behind = self.pieces(1e-9 * edge), self.pieces(edge * 1.01 + 1e-300)
        changed = [stage for stage, piece in before.items() if behind.get(stage) != piece]
        if not changed:
            return None
        first = min(
            (self.bisect(0.0, edge * 1.01 + 1e-300, lambda t, s=stage: self.pieces(t)[s] == before[s]), stage)
            for stage in changed
        )
        t, stage = first
        # A kink long before the end did not end it: the prediction went on holding behind it.
        if t < 0.9 * edge:
            return None
        names, shown = self.names, self.shown(stage)
        limits = []
        for name, step in self.steps.items():
            number = not shape_of(step) and not shape_of(self.result.values[self.circuit.variables[name]])
            if number and step:
                start = self.result.values[self.circuit.variables[name]]
                limit = start + t * step
                limit = 0.0 if abs(limit) < 1e-12 * abs(start) else limit
                sign = "<" if step > 0 else ">"
                limits.append(f"{name} {sign} {short(limit)}")
        if not limits:
            return f"up to {t:.6g} of the step: there {names.line(shown)} has a kink"
        return f"only while {' and '.join(limits)}: there {names.line(shown)} has a kink"

    def kink_at(self, t: float, here: float, predicted: float) -> str | None:
        """The gate on whose kink the point itself is, where that is why the prediction does not hold up to t."""
        near, further = (abs((self.value(length) - here) / length - predicted) for length in (t, 10 * t))
        if near < further / 2:
            return None  # the shorter the step, the better the prediction: it is the curve that bends
        start, behind = self.values(0.0), self.pieces(t)
        for stage, piece in self.pieces(0.0).items():
            gate, inputs = self.circuit.gates[stage], self.circuit.inputs[stage]
            if not gate.kink or piece == behind[stage]:
                continue
            met = rules.kink(gate, len(inputs), self.result.arrays)(*map(start.__getitem__, inputs), start[stage])
            if total(met):
                names, shown = self.names, self.shown(stage)
                on = [names.text(source) for source in dict.fromkeys(names.inputs(shown)) if source in names.names]
                kind = "jump" if gate.flat else "kink"
                is_on = f"{' and '.join(on)} {'is' if len(on) == 1 else 'are'} on the {kind}"
                return f"nowhere: {is_on} of {names.line(shown)}"
        return None

    def shown(self, stage: int) -> int:
        """The stage that a reader sees: of one inside a call of the user's function, the call."""
        calls = (call.output for call in self.circuit.opened if stage in call.stages)
        return stage if stage in self.names.names else next(calls, stage)

    def pieces(self, t: float) -> dict[int, tuple[Any, ...]]:
        return pieces(self.circuit, self.values(t), self.result.arrays)


def lengths() -> list[float]:
    """Lengths to look at: from tiny to far, evenly on a logarithmic scale."""
    first = 1e-6
    return [first * (FURTHEST / first) ** (place / PLACES) for place in range(PLACES + 1)]
