"""The clock of what is done: it goes on with the work, and not with the time that a machine takes for it.

So what is bounded by it ends at the same place on every machine, under any load. Its unit is the nanosecond of a usual
machine, in whole numbers: what lies between two readings does not hang on what was done before.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

SECOND = 1_000_000_000
STEP = 2_500  # of a meter
ELEMENT = 60  # that is made
ALONE = 65_000  # for what is computed with a meter of its own
RUN = 800_000  # of a pass, for what is made ready for it
RECORDED = 60_000  # for what surrounds a statement that is recorded
SWEPT = 7_000  # for an operation that a sweep goes back through
EDIT = 55_000  # for one that is written out
PLAN = 3_000  # for one that is thought of


class Counting(Protocol):
    """What counts work of its own."""

    @property
    def cost(self) -> int: ...


class Work:
    """What was done so far. Of meters only the last one is asked what it counted: it is told to the clock then."""

    def __init__(self) -> None:
        self.done, self.told = 0, 0
        self.last: Counting | None = None

    def count(self) -> int:
        """All until now."""
        if self.last is not None:
            cost = self.last.cost
            self.done += cost - self.told
            self.told = cost
        return self.done

    def follow(self, meter: Counting) -> None:
        """A meter begins to count."""
        self.count()
        self.last, self.told = meter, 0
        self.done += ALONE


WORK: ContextVar[Work] = ContextVar("work")  # each thread has one of its own


def work() -> Work:
    """The clock of this thread."""
    try:
        return WORK.get()
    except LookupError:
        WORK.set(made := Work())
        return made


def spend(cost: int) -> None:
    """Something is done that no meter counts."""
    work().done += cost


def now() -> int:
    """What the clock shows."""
    return work().count()


def after(seconds: float) -> int:
    """What it will show when as much more is done as a usual machine does in some seconds."""
    return now() + ticks(seconds)


def ticks(seconds: float) -> int:
    return round(seconds * SECOND)
