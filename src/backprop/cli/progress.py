"""The line that is drawn on a terminal while something takes its time."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from backprop.cli.failures import write_error
from backprop.cli.output import sayable

EVERY, MOMENT = 0.2, 1.5  # seconds
LONGEST = 40  # characters of a bar, and
SHORTEST = 8


class Redrawn:
    """A line that is drawn over itself, if the last time was long enough ago; nothing where it is not `shown`."""

    def __init__(self, shown: bool) -> None:
        self.shown, self.drawn = shown, False
        self.started = self.last = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self.started

    def draw(self, text: Callable[[float], str]) -> None:
        """Draw it: its text after so many seconds."""
        now = time.perf_counter()
        if self.shown and now - self.last >= EVERY:
            self.last, self.drawn = now, True
            write_error(f"\r\x1b[K{text(now - self.started)}")

    def clear(self) -> None:
        """Take the line away, for what is said next."""
        if self.drawn:
            write_error("\r\x1b[K")
        self.drawn = False


@contextmanager
def waiting(what: str, shown: bool) -> Iterator[None]:
    """Tell what is being done, and for how long, where it takes more than a moment."""
    line, over = Redrawn(shown), threading.Event()

    def draw() -> None:
        while not over.wait(EVERY):
            if line.seconds > MOMENT:
                line.draw(lambda seconds: f"{what}  {seconds:.0f} s"[: width()])

    drawing = threading.Thread(target=draw, daemon=True)
    if shown:
        drawing.start()
    try:
        yield
    finally:
        over.set()
        if shown:
            drawing.join()
        line.clear()


class Progress(Redrawn):
    """A bar, the rows so far, how many a second, and the time left."""

    rows = 0

    def __call__(self, report: Any, read: int, size: int) -> None:
        """Draw it after so many bytes, or parts, of `size`; 0 if unknown."""
        self.rows = report.rows
        self.draw(lambda seconds: line(self.rows, seconds, read, size, width()))


def line(rows: int, seconds: float, read: int, size: int, columns: int) -> str:
    """The line, in at most so many columns: what a narrow terminal has no room for is left out."""
    rate = f"{rows / seconds:,.0f} a second"
    if not (size and read):
        return fitting([f"{rows:,} rows", rate], columns)
    done = min(read / size, 1.0)
    left = time_text(seconds * (1 - done) / done)
    text = fitting([f"{done:4.0%}", f"{left} left", f"{rows:,} rows", rate], columns)
    room = min(columns - len(text) - 2, LONGEST)
    if room < SHORTEST:
        return text
    full, empty = ("━", "─") if sayable("━─", getattr(sys.stderr, "encoding", None) or "ascii") else ("#", "-")
    return f"{full * round(done * room):{empty}<{room}}  {text}"


def fitting(pieces: list[str], columns: int) -> str:
    """As many of the pieces as there is room for."""
    while len(pieces) > 1 and len("  ".join(pieces)) > columns:
        pieces = pieces[:-1]
    return "  ".join(pieces)[: max(columns, 0)]


def time_text(seconds: float) -> str:
    """A time for people: `7 s`, `2:05`, `1:02:05`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, hours = whole // 60 % 60, whole // 3600
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def width() -> int:
    """The columns of the terminal, but the last one, in which some terminals wrap."""
    try:
        return (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1
    except (OSError, ValueError):
        return 79
