"""The bounds of an interpreted run: steps, time, depth, and the size of every value before it is made."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextvars import ContextVar
from time import monotonic
from typing import NamedTuple

from backprop.errors import Problem, nearest
from backprop.errors.spelling import option
from backprop.python.values.work import ELEMENT, SECOND, STEP, ticks, work

MOST_CHARACTERS = 2_000_000  # of one file
MOST_OF_NOTEBOOK = 100_000_000  # with the pictures that its cells have shown
TOGETHER = 40  # times the elements of one array may be made in a run
FRAMES = 20  # of Python's own that a call takes at most
DEEPEST = 10_000
LONGEST = 1_000_000  # of a text, a list, a tuple
MOST_BITS = 20_000  # of a whole number
SLOWEST = 25  # times as long as a usual machine one may take for work that is bounded


class Bounds(NamedTuple):
    """What a run of the user's code may use: steps, seconds, elements of one array, and calls inside each other, of
    which Python itself has so many."""

    steps: int = 2_000_000
    seconds: float = 20.0
    elements: int = 5_000_000
    depth: int = 900


USUAL = Bounds()
BOUNDS: ContextVar[Bounds] = ContextVar("bounds", default=USUAL)  # in force


def set_bounds(texts: Iterable[str]) -> None:
    """Put bounds in force, like `steps=10000000`, the usual ones for the rest. Raises a Problem where one has no such
    name or number."""
    bounds = USUAL
    for text in texts:
        name, _, number = text.partition("=")
        if name not in Bounds._fields:
            near = nearest(name, Bounds._fields)
            hint = f"did you mean {near}?" if near else "for example steps=10000000"
            raise Problem("option", f"there are bounds of {', '.join(Bounds._fields)}, and none of {name}", hint=hint)
        if not (number.isascii() and number.isdigit() and int(number[:20]) > 0):
            raise Problem("option", f"the bound of {name} is a whole number from 1, and not {number or 'nothing'}")
        bounds = bounds._replace(**{name: int(number[:20])})
    BOUNDS.set(bounds)


RAISED = "raised"  # the kind of problem that the user's own `raise` is


class Refusal(Exception):
    """Something that is not read. Where it stands is added by the interpreter, which makes a Problem of it."""

    def __init__(self, message: str, kind: str = "refused", hint: str = "", raised: str = "") -> None:
        super().__init__(message)
        self.message, self.kind, self.hint = message, kind, hint
        self.raised = raised  # the error that Python itself would raise


class Meter:
    """Counts what a run uses, and stops it."""

    def __init__(self, seconds: float | None = None, steps: int | None = None, most: float | None = None) -> None:
        """With other bounds on seconds and steps than those in force. `most` is the work that may be done, in seconds
        of a usual machine: it ends at the same place on every one."""
        self.bounds = BOUNDS.get()
        self.steps, self.most_steps = 0, self.bounds.steps if steps is None else steps
        self.next_look = min(1000, self.most_steps)
        self.made = 0
        self.calls, self.most_calls = 0, min(self.bounds.depth, DEEPEST)
        self.seconds = self.bounds.seconds if seconds is None else seconds
        self.seconds = self.seconds if most is None else max(self.seconds, SLOWEST * most)
        self.end = monotonic() + self.seconds
        self.most = None if most is None else ticks(most)
        self.frames = sys.getrecursionlimit()  # Python's own, outside of calls
        work().follow(self)

    @property
    def cost(self) -> int:
        """The work that was done, in nanoseconds of a usual machine."""
        return STEP * self.steps + ELEMENT * self.made

    def step(self, count: int = 1) -> None:
        """Something is done once more."""
        self.steps += count
        if self.steps > self.most_steps:
            raise beyond(f"this takes more than {self.most_steps:,} steps", "steps", self.most_steps)
        if self.steps > self.next_look:
            self.look()

    def look(self) -> None:
        """Look at the clocks; between two looks there are few steps, and no large arrays."""
        self.next_look = min(self.steps + 1000, self.most_steps)
        if monotonic() > self.end:
            raise beyond(f"this takes longer than {self.seconds:g} s", "seconds", int(self.seconds) or 1)
        if self.most is not None and self.cost > self.most:
            raise Refusal(f"this takes longer than {self.most / SECOND:g} s on a usual machine", "size")

    def room(self, elements: float) -> None:
        """An array of so many elements is about to be made."""
        most = self.bounds.elements
        if elements > most:
            raise beyond(f"an array of {elements:,.0f} elements is more than {most:,}", "elements", most)
        self.made += int(elements)
        if self.made > TOGETHER * most:
            raise beyond(f"this makes arrays of more than {TOGETHER * most:,} elements in all", "elements", most)
        if elements > 10_000:
            self.look()

    def call(self) -> None:
        """A function is about to be called. Python's own frames are enough for as many as there may be, until the
        outermost has returned: what else this process reads ends where it did."""
        if self.calls >= self.most_calls:
            raise beyond(f"more than {self.most_calls} calls inside each other", "depth", self.most_calls)
        self.calls += 1
        if self.calls == 1:
            self.frames = sys.getrecursionlimit()
            sys.setrecursionlimit(self.frames + FRAMES * self.most_calls)

    def returned(self) -> None:
        """A function that was called is left."""
        self.calls -= 1
        if not self.calls:
            sys.setrecursionlimit(self.frames)

    def length(self, items: float) -> None:
        """A list, a tuple or a text of so many items is about to be made."""
        if items > LONGEST:
            raise Refusal(f"{items:,.0f} items are more than {LONGEST:,}", "size")
        self.step(int(items) // 16)

    def bits(self, count: float) -> None:
        """A whole number of so many bits is about to be made."""
        if count > MOST_BITS:
            raise Refusal(f"a whole number of {count:,.0f} bits is too large", "size")


def beyond(message: str, name: str, number: int) -> Refusal:
    """The end of what is beyond a bound, and how to raise that."""
    return Refusal(message, "size", hint=f"to go on: {option('--bound', f'{name}={10 * number}')}")


def check_length(text: str, name: str | None, most: int = MOST_CHARACTERS) -> None:
    """Refuse a text that its parser would take minutes and gigabytes for."""
    if len(text) > most:
        message = f"{len(text):,} characters are more than the {most:,} that are read"
        raise Problem("size", message, hint="put the pass into a file of its own", source=name)


def unread(error: Exception, name: str | None) -> Problem:
    """The problem of a text that Python's parser gives up."""
    if isinstance(error, ValueError):
        return Problem("syntax", f"this is not Python: {error}", source=name)
    return Problem("syntax", f"{name or 'this'} is nested too deeply to be read as Python", source=name)
