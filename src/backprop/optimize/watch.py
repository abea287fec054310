"""What looks on while a method works: it keeps the path, and stops the method when there is a reason to."""

from __future__ import annotations

import time
from math import isfinite

import numpy as np

from backprop.language.printer import short
from backprop.optimize.parameters import Array, norm
from backprop.optimize.path import Step
from backprop.optimize.why import Account, Stopped, Verdict

EVERY = 25  # steps: how often somebody looks whether they go back and forth


class Watch:
    """Called with each point that a method reaches. Raises Stopped."""

    def __init__(self, account: Account, lower: Array, upper: Array, steps: int, seconds: float | None) -> None:
        self.account, self.path = account, account.path
        self.lower, self.upper = lower, upper
        self.positive = np.zeros(len(lower), dtype=bool)
        self.bounded = bool(np.isfinite(lower).any() or np.isfinite(upper).any())
        self.tolerance, self.steps, self.seconds = account.tolerance, steps, seconds
        self.began = time.monotonic()
        self.all_used = ""  # what is said when all steps are made, if they are not called steps
        self.lowest, self.since = np.inf, 0

    def inside(self, x: Array, new: Array) -> Array:
        """Where a step from x leads that ends within the bounds; what is to stay positive is at most halved."""
        if not self.bounded:
            return new
        new = np.clip(new, self.lower, self.upper)
        return np.where(self.positive, np.maximum(new, x / 2), new)

    def norm(self, x: Array, gradient: Array) -> float:
        """The norm of the gradient; of that at a bound, what a step against it could still change.

        What is to stay positive never reaches its bound: near 0, its gradient counts as that in its logarithm.
        """
        if self.bounded:
            changed = x - np.clip(x - gradient, self.lower, self.upper)
            falling = self.positive & (gradient > 0)
            gradient = np.where(falling, gradient * np.minimum(x, 1.0), changed)
        return norm(gradient)

    def late(self) -> bool:
        """Whether the time is used up."""
        return self.seconds is not None and time.monotonic() - self.began >= self.seconds

    def __call__(
        self, x: Array, value: float, gradient: Array, rate: float | None = None, number: int | None = None
    ) -> None:
        """Keep a point, that of update `number` (the next one if None); stop where it is the last one."""
        step = self.keep(x, value, gradient, number)
        self.judge(step, rate)

    def keep(self, x: Array, value: float, gradient: Array, number: int | None = None) -> Step:
        """Add a point to the path."""
        before = self.path.last
        if number is None:
            number = 0 if before is None else before.step + 1
        length = 0.0 if before is None else norm(x - before.x)
        step = Step(number, value, x, gradient, self.norm(x, gradient), length)
        self.path.add(step)
        return step

    def judge(self, step: Step, rate: float | None) -> None:
        """Stop at a point where there is a reason to."""
        value, number = step.value, step.step
        if not isfinite(value) or not isfinite(step.norm):
            raise Stopped(self.account.not_finite(step, rate))
        if step.norm <= self.tolerance:
            raise Stopped(self.account.at_rest(step))
        if rate is not None and self.account.growing(step):
            raise Stopped(self.account.grows(rate))
        if value < self.lowest:
            self.lowest, self.since = value, number
        if self.positive.any() and (vanishing := self.account.vanishes(step, self.positive)) is not None:
            raise Stopped(vanishing)
        if number - self.since >= EVERY and number % EVERY == 0:
            kink = self.account.between_kinks()
            if kink is not None:
                raise Stopped(Verdict("kink", kink))
        if number >= self.steps:
            told = self.all_used or (
                f"the {self.steps:,} steps are used up" if self.steps != 1 else "the step is used up"
            )
            raise Stopped(self.account.used_up(step, "steps", told, rate))
        if self.late():
            told = f"the {short(self.seconds or 0.0, 3)} seconds are used up after {number:,} steps"
            raise Stopped(self.account.used_up(step, "seconds", told, rate))

    def stuck(self, told: str) -> Stopped:
        """A method found no way on."""
        step = self.path.last
        assert step is not None
        kink = self.account.between_kinks() or self.account.kinks.on(step.x)
        if kink is not None:
            return Stopped(Verdict("kink", kink))
        verdict = self.account.at_rounding(step) or self.account.falls_for_ever(step)
        told = f"no step {self.account.lowers} the value{told}: the gradient norm is {short(step.norm, 3)}"
        return Stopped(verdict or Verdict("stuck", told))

    def outside(self, x: Array) -> Stopped:
        """A method found no way on, and met a point on its search where there is no number."""
        stopped = self.stuck("")
        if stopped.verdict.kind != "stuck":
            return stopped
        told = (
            f"no step {self.account.lowers} the value, and a step that was tried gave no number{self.account.cause(x)}"
        )
        return Stopped(Verdict("nan", told))
