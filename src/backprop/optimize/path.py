"""The way from the start to where it stopped, step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from backprop.optimize.parameters import Array, Parameters

MOST_STEPS = 100_000  # that are kept, and
MOST_NUMBERS = 4_000_000  # parameters of all of them together; beyond that the path is thinned out
RECENT = 64  # steps: the last ones are there in any case


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
        self.recent: deque[Step] = deque(maxlen=RECENT)
        self.lowest: Step | None = None

    def add(self, step: Step) -> None:
        if self.seen is not None:
            self.seen(step)
        self.last = step
        self.recent.append(step)
        if self.lowest is None or step.value < self.lowest.value:
            self.lowest = step
        if step.step % self.every:
            return
        self.steps.append(step)
        most = min(MOST_STEPS, max(2, MOST_NUMBERS // self.parameters.size))
        if len(self.steps) > most:
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
