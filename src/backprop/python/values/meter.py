"""The bounds of an interpreted run: steps, time, depth, and the size of every value before it is made."""

from __future__ import annotations

from time import monotonic

from backprop.errors import Problem

MOST_CHARACTERS = 2_000_000  # of one file
MOST_OF_NOTEBOOK = 100_000_000  # with the pictures that its cells have shown
MOST_STEPS = 2_000_000
MOST_SECONDS = 20.0
MOST_CALLS = 60  # inside each other: each takes about a dozen frames of Python's own
MOST_ELEMENTS = 5_000_000  # of one array
MOST_MADE = 200_000_000  # elements of all arrays that a run makes
LONGEST = 1_000_000  # of a text, a list, a tuple
MOST_BITS = 20_000  # of a whole number


RAISED = "raised"  # the kind of problem that the user's own `raise` is


class Refusal(Exception):
    """Something that is not read. Where it stands is added by the interpreter, which makes a Problem of it."""

    def __init__(self, message: str, kind: str = "refused", hint: str = "", raised: str = "") -> None:
        super().__init__(message)
        self.message, self.kind, self.hint = message, kind, hint
        self.raised = raised  # the error that Python itself would raise


class Meter:
    """Counts what a run uses, and stops it."""

    def __init__(self, seconds: float = MOST_SECONDS, steps: int = MOST_STEPS) -> None:
        self.steps, self.most_steps = 0, steps
        self.next_look = min(1000, steps)
        self.made = 0
        self.calls = 0
        self.end = monotonic() + seconds
        self.seconds = seconds

    def step(self, count: int = 1) -> None:
        """Something is done once more."""
        self.steps += count
        if self.steps > self.most_steps:
            raise Refusal(f"this takes more than {self.most_steps:,} steps", "size")
        if self.steps > self.next_look:
            self.look()

    def look(self) -> None:
        """Look at the clock; between two looks there are few steps, and no large arrays."""
        self.next_look = min(self.steps + 1000, self.most_steps)
        if monotonic() > self.end:
            raise Refusal(f"this takes longer than {self.seconds:g} s", "size")

    def room(self, elements: float) -> None:
        """An array of so many elements is about to be made."""
        if elements > MOST_ELEMENTS:
            raise Refusal(f"an array of {elements:,.0f} elements is more than {MOST_ELEMENTS:,}", "size")
        self.made += int(elements)
        if self.made > MOST_MADE:
            raise Refusal(f"this makes arrays of more than {MOST_MADE:,} elements in all", "size")
        if elements > 10_000:
            self.look()

    def length(self, items: float) -> None:
        """A list, a tuple or a text of so many items is about to be made."""
        if items > LONGEST:
            raise Refusal(f"{items:,.0f} items are more than {LONGEST:,}", "size")
        self.step(int(items) // 16)

    def bits(self, count: float) -> None:
        """A whole number of so many bits is about to be made."""
        if count > MOST_BITS:
            raise Refusal(f"a whole number of {count:,.0f} bits is too large", "size")


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
