"""Why it stopped. "Converged" is said of a minimum alone: small gradients have other reasons too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.language.printer import short
from backprop.library.causes import causes
from backprop.optimize.curvature import MANY, ends_of_curvature, free_of, hessian_of
from backprop.optimize.kinks import Kinks
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array, Mask, norm
from backprop.optimize.path import Path, Step

FEW = 8  # parameters whose axes are looked along one by one
NEGLIGIBLE = 1e-7  # a curvature that is this part of the largest one is none
SATURATED = 0.01  # a local gradient below this passes next to nothing
VANISHED = 1e-60  # what is to stay positive, and is smaller, goes to 0
GROWN = 1e6  # the value is so many times as large as it ever was: it grows


class Verdict(NamedTuple):
    """Why it stopped, in a word for programs, and in a sentence."""

    kind: str
    message: str

    @property
    def converged(self) -> bool:
        return self.kind == "converged"


class Stopped(Exception):
    """Raised out of whatever method is at work."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


class Account:
    """All that tells why a method stopped: the function, the path so far, and which elements are free to move."""

    def __init__(
        self, objective: Objective, path: Path, lower: Array, upper: Array, tolerance: float, method: str,
        numbers: Mapping[str, float], rate: float | None,
    ) -> None:  # fmt: skip
        self.objective, self.path, self.lower, self.upper = objective, path, lower, upper
        self.tolerance, self.method = tolerance, method
        self.numbers = numbers  # of the method, by the letters in its equations
        self.rate = rate  # where it does not change, from update to update of the whole table
        self.sign = objective.sign
        self.less, self.lowers = ("lower", "lowers") if self.sign > 0 else ("higher", "raises")
        self.kinks = Kinks(objective, path, self.sign)
        self.curvature_met = 0.0  # that a limit of the rate was computed from

    # ── small gradients ──

    def at_rest(self, step: Step) -> Verdict:
        """What a small gradient means: a minimum, or something else."""
        kink = self.kinks.on(step.x) or self.kinks.jump(step.x, step.value, self.inside)
        if kink is not None:
            return Verdict("kink", kink)
        free = self.free(step)
        curvature = ends_of_curvature(self.objective, step.x, free)
        down = self.curves_down(step, curvature)
        if down is not None:
            return Verdict("saddle", down)
        verdict = self.falls_for_ever(step) or self.flat(step, curvature) or self.bends(step, curvature)
        if verdict is not None:
            return verdict
        if self.falls_further_on(step):
            told = f"{self.small(step)}, but a little further on the value {self.falls} faster"
            return Verdict("plateau", told)
        bound = self.at_bound(free)
        return Verdict("converged", f"{self.small(step)}{bound}")

    def small(self, step: Step) -> str:
        what = "" if self.free(step).all() else " of what is free to move"
        if step.norm == 0:
            return f"the gradient{what} is 0"
        return f"the gradient norm{what} is below {short(self.tolerance, 3)}"

    def free(self, step: Step) -> Mask:
        """Which elements are not held by a bound."""
        return free_of(step.x, step.gradient, self.lower, self.upper)

    def at_bound(self, free: Mask) -> str:
        if free.all():
            return ""
        held = [name for name, moves in zip(self.objective.parameters.elements(), free, strict=True) if not moves]
        if len(held) == 1:
            return f", with {held[0]} at its bound"
        shown = held[:3] if len(held) <= 3 else [*held[:3], f"{len(held) - 3} more"]
        return f", with {', '.join(shown[:-1])} and {shown[-1]} at their bounds"

    def curves_down(self, step: Step, curvature: list[tuple[float, Array]]) -> str | None:
        """A direction along which the point is a maximum, if it is proven: the value is lower on both sides."""
        if not curvature:
            return None
        (least, direction), (most, _) = curvature
        if least >= -NEGLIGIBLE * max(abs(least), abs(most)):
            return None
        for length in (1e-4, 1e-3, 1e-2):
            size = length * max(1.0, float(np.abs(step.x).max()))
            sides = [self.kinks.value(step.x + side * size * direction) for side in (-1, 1)]
            if all(side < step.value - 1e-15 * abs(step.value) for side in sides):
                break
        else:
            return None
        what = "a saddle" if most > 0 else "a maximum" if self.sign > 0 else "a minimum"
        names = self.objective.parameters.elements()
        along = names[int(np.abs(direction).argmax())]
        return (
            f"{self.small(step)}, but this is {what}: along {along} the curvature is {short(self.sign * least, 3)}, "
            f"and the value is {self.less} on both sides"
        )

    def bends(self, step: Step, curvature: list[tuple[float, Array]]) -> Verdict | None:
        """A direction without curvature along which the value is lower on one side: an inflection, a monkey saddle."""
        if not curvature or curvature[0][0] > NEGLIGIBLE * abs(curvature[1][0]):
            return None
        for way in [curvature[0][1], *self.ways(step)]:
            slope = abs(float(step.gradient @ way))
            further = self.kinks.value(self.inside(step.x + way))
            if step.value - further > 2 * slope + 1e-12 * max(abs(step.value), 1e-300):
                place = int(np.abs(way).argmax())
                name = self.objective.parameters.elements()[place]
                to = "larger" if way[place] > 0 else "smaller"
                told = f"{self.small(step)}, but the value is {self.less} where {name} is {to}"
                return Verdict("saddle", f"{told}: this is a saddle, or an inflection")
        return None

    def ways(self, step: Step) -> Iterator[Array]:
        """Short ways from a point: along its axes, if they are few, and in some other directions; both to and fro."""
        size, free = len(step.x), self.free(step)
        scale = 1e-2 * max(1.0, float(np.abs(step.x).max()))
        for direction in [*(np.eye(size) if size <= FEW else ()), *np.random.default_rng(0).standard_normal((4, size))]:
            way = direction * free
            length = norm(way)
            if length:
                yield scale / length * way
                yield -scale / length * way

    def falls_further_on(self, step: Step) -> bool:
        """Whether the value falls by more than the slope says: then the gradient is still to grow."""
        size = norm(step.gradient)
        if size == 0 or not isfinite(size):
            return False
        scale = max(1.0, float(np.abs(step.x).max()))
        for length in (1e-4 * scale, 1e-3 * scale, 1e-2 * scale):
            further = self.inside(step.x - length / size * step.gradient)
            if step.value - self.kinks.value(further) > 2 * length * size + 1e-14 * abs(step.value):
                return True
        return False

    # ── gates that pass nothing ──

    def flat(self, step: Step, curvature: list[tuple[float, Array]]) -> Verdict | None:
        """A gate that is dead or saturated as a whole, so that there is neither slope nor curvature."""
        blocked = self.blocked(step.x)
        if curvature and blocked is not None:
            (least, _), (most, _) = curvature
            if least <= 1e-3 * max(blocked[0], NEGLIGIBLE * most):
                return Verdict("plateau", f"{self.small(step)}, but on a plateau: {blocked[1]}")
        level = step.norm == 0 and bool(curvature) and all(value == 0 for value, _ in curvature)
        if level and all(self.kinks.value(self.inside(step.x + way)) == step.value for way in self.ways(step)):
            return Verdict("plateau", "on a plateau: there is neither slope nor curvature here")
        return None

    def blocked(self, x: Array) -> tuple[float, str] | None:
        """The gate that stops the flow: what arrives from above, and the sentence."""
        names = self.objective.names
        with np.errstate(all="ignore"):
            for wire, above, local in self.objective.flows(x):
                gate = names.circuit.gates[wire]
                if above <= 10 * self.tolerance or not local < (SATURATED if gate.saturates else 1e-300):
                    continue
                if wire not in names.names:
                    continue
                what = names.line(wire)
                if gate.flat:
                    return above, f"the gradient ends at {what}, which is flat"
                kind = "saturated" if gate.saturates else "dead"
                rows = " in all rows" if self.objective.by_row else ""
                passes = "next to nothing" if gate.saturates else "nothing"
                return above, f"{what} is {kind}{rows}, and passes {passes} on"
        return None

    def between_kinks(self) -> str | None:
        """The kink over which the last steps go back and forth; of a table, where no curvature is why."""
        if not self.objective.by_row:
            return self.kinks.between()
        limit = self.limit() if self.rate is not None else None
        if self.rate is None or (limit is not None and limit < self.rate):
            return None
        return self.kinks.in_rows()

    # ── growing, falling, and what is no number ──

    def not_finite(self, step: Step, rate: float | None) -> Verdict:
        """A value or a gradient that is no number: because the value grew or fell beyond all numbers, or its cause."""
        values = [self.path.steps[0].value, *(one.value for one in self.path.recent if one.step not in (0, step.step))]
        if step.value == -np.inf or (len(values) > 2 and values[-1] < values[-2] < values[-3] < -1e100):
            return Verdict("unbounded", f"{self.name} is unbounded: it {self.falls} beyond the largest number")
        rising = sum(1 for before, after in zip(values[-4:], values[-3:], strict=False) if after > before)
        grew = len(values) > 2 and rising >= 2 and values[-1] > 10 * (abs(values[0]) + abs(min(values)))
        grew = grew or (len(values) > 1 and values[-1] > GROWN * (abs(values[0]) + 1))
        if rate is not None and grew:
            return self.grows(rate)
        where = "at the start" if step.step == 0 else f"at step {step.step}"
        cause = self.cause(step.x)
        what = "the value" if not isfinite(step.value) else "the norm of the gradient"
        return Verdict("nan", f"{what} is not finite {where}{cause}")

    def cause(self, x: Array) -> str:
        """The first cause of what is not finite, as `eval` tells it."""
        remarks = causes(self.objective.run(x), self.objective.names).remarks
        return f"{self.objective.where(x)}: {remarks[0][1]}" if remarks else ""

    @property
    def name(self) -> str:
        circuit = self.objective.names.circuit
        return circuit.names.get(circuit.output, "the value")

    @property
    def falls(self) -> str:
        return "grows" if self.sign < 0 else "falls"

    def growing(self, step: Step) -> bool:
        """Whether the value leaves for good: it rose in each of the last steps, far above what it ever was."""
        recent, lowest = self.path.recent, self.path.lowest
        if len(recent) < 4 or lowest is None or not step.value > recent[-2].value > recent[-3].value:
            return False
        return step.value - lowest.value > GROWN * (abs(self.path.steps[0].value) + abs(lowest.value) + 1e-300)

    def grows(self, rate: float) -> Verdict:
        """The rate is too large; the curvature along the gradient says which one would not be."""
        moved = "falls" if self.falls == "grows" else "grows"
        told = f"{self.name} {moved} from step to step: the rate {short(rate, 3)} is too large"
        limit = self.limit()
        if limit is None or limit >= rate:
            return Verdict("grows", f"{told}; try {option('--rate', float(short(rate / 10, 3)))}")
        why = f"the curvature along the gradient is {short(self.sign * self.curvature_met, 3)}"
        return Verdict("grows", f"{told}; below {short(limit, 3)} it is not ({why})")

    def limit(self) -> float | None:
        """The largest rate at which steps do not overshoot more and more, where the value was lowest."""
        mu = self.numbers.get("mu", 0.0)
        times = {"descent": 1.0, "momentum": 1 + mu, "nesterov": (1 + mu) / (1 + 2 * mu)}.get(self.method)
        lowest = self.path.lowest
        if times is None or lowest is None or not np.isfinite(lowest.gradient).all():
            return None
        direction, curvature = lowest.gradient, 0.0
        for _ in range(12):
            size = norm(direction)
            if not size or not isfinite(size):
                return None
            direction = direction / size
            try:
                product = self.objective.hvp(lowest.x, direction)
            except Problem:
                return None
            curvature, direction = float(direction @ product), product
        if not curvature > 0 or not isfinite(curvature):
            return None
        self.curvature_met = curvature
        return 2 * times / curvature

    def falls_for_ever(self, step: Step) -> Verdict | None:
        """Whether the value falls along a straight line as far as numbers go, and no slower the further away."""
        way = step.x - self.path.recent[0].x
        scale = max(1.0, float(np.abs(step.x).max()))
        for direction in (-step.gradient, way):
            size = norm(direction)
            if not size or not isfinite(size):
                continue
            values = [step.value]
            for power in range(-3, 13):
                values.append(self.kinks.value(self.inside(step.x + scale * 10.0**power * direction / size)))
                if not values[-1] < values[-2]:
                    break
            else:
                values = [value for value in values if isfinite(value)]
            enough = len(values) > 14 or (values[-1] == -np.inf and len(values) > 8)
            finite = [value for value in values if isfinite(value)]
            if enough and len(finite) > 2 and finite[-2] - finite[-1] >= 0.9 * (finite[-3] - finite[-2]):
                told = f"{self.name} is unbounded: along minus the gradient it {self.falls} as far as numbers go"
                return Verdict("unbounded", told)
        return None

    def vanishes(self, step: Step, positive: Mask) -> Verdict | None:
        """Whether the value falls for ever while something that is to stay positive goes to 0."""
        gone = positive & (step.x < VANISHED) & (step.gradient * step.x > self.tolerance)
        if not gone.any():
            return None
        name = self.objective.parameters.elements()[int(np.flatnonzero(gone)[0])]
        return Verdict("unbounded", f"{self.name} is unbounded: it {self.falls} on and on as {name} goes to 0")

    # ── no more steps ──

    def at_rounding(self, step: Step) -> Verdict | None:
        """A minimum as far as double precision goes: what another step could gain is less than the value's rounding."""
        places = np.flatnonzero(self.free(step))
        if not 0 < len(places) <= MANY or not np.isfinite(step.gradient).all():
            return None
        try:
            hessian = hessian_of(self.objective, step.x, places)
        except Problem:
            return None
        scale = np.sqrt(np.abs(np.diag(hessian)))
        if not np.isfinite(hessian).all() or not (scale > 0).all():
            return None
        values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
        if values[0] <= 1e-14 * values[-1]:
            return None
        part = vectors.T @ (step.gradient[places] / scale)
        if 0.5 * float(part @ (part / values)) > 1e-12 * abs(step.value):
            return None
        told = f"the value does not get {self.less} in double precision (the gradient norm is {short(step.norm, 3)})"
        return Verdict("converged", told)

    def used_up(self, step: Step, kind: str, told: str, rate: float | None) -> Verdict:
        """What stands behind steps, or seconds, that are used up."""
        unbounded = self.falls_for_ever(step)
        if unbounded is not None:
            return unbounded
        kink = self.between_kinks() or self.kinks.on(step.x)
        if kink is not None:
            return Verdict("kink", kink)
        blocked = self.blocked(step.x)
        if blocked is not None and step.norm < 0.05 * blocked[0]:
            return Verdict("plateau", f"{told}, on a plateau: {blocked[1]}")
        more = ""
        lowest = self.path.lowest
        if rate is not None and lowest is not None and lowest.step <= step.step - min(10, step.step // 2 + 1):
            limit = self.limit()
            if limit is not None and limit <= rate * (1 + 1e-9):
                more = f"; the value does not get {self.less}: the rate {short(rate, 3)} is too large, "
                more += f"it should be below {short(limit, 3)}"
        told = f"{told}: the gradient norm is {short(step.norm, 3)}, above {short(self.tolerance, 3)}{more}"
        return Verdict(kind, told)

    # ── helpers ──

    def inside(self, x: Array) -> Array:
        return np.clip(x, self.lower, self.upper)
