"""The way from the start to where it stopped, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.optimize.objective import Parameters

Array = Any
MOST_NUMBERS = 20_000_000  # parameters of all steps together that are kept; beyond that the path is thinned out


class Step(NamedTuple):
    """A point of the path: how many updates lead to it, the value there, the parameters, the gradient, the norm that
    the tolerance is compared with, and the length of the step from the point before."""

    step: int
    value: float
    x: Array
    gradient: Array
    norm: float
    length: float


class Path:
    """The steps so far. Of a path that would fill the memory, every second, fourth, … step is kept."""

    def __init__(self, parameters: Parameters, seen: Callable[[Step], None] | None = None) -> None:
        self.parameters = parameters
        self.seen = seen
        self.steps: list[Step] = []
        self.every = 1
        self.last: Step | None = None

    def add(self, step: Step) -> None:
        if self.seen is not None:
            self.seen(step)
        self.last = step
        if step.step % self.every:
            return
        self.steps.append(step)
        if len(self.steps) * self.parameters.size > MOST_NUMBERS and len(self.steps) > 2:
            self.steps = self.steps[::2]
            self.every *= 2

    def __len__(self) -> int:
        return len(self.all())

    def __iter__(self) -> Iterator[Step]:
        return iter(self.all())

    def __getitem__(self, place: int) -> Step:
        return self.all()[place]

    def all(self) -> list[Step]:
        """The steps that were kept, and the last one."""
        if self.last is None or (self.steps and self.steps[-1] is self.last):
            return self.steps
        return [*self.steps, self.last]
