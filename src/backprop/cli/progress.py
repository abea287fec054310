"""The line that is drawn on a terminal while rows go by."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

from backprop.cli.failures import write_error

EVERY = 0.2  # seconds
LONGEST = 40  # characters of a bar, and
SHORTEST = 8


class Progress:
    """A bar, the rows so far, how many a second, and the time left; nothing where it is not `shown`."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.rows = 0
        self.started = time.perf_counter()
        self.last = self.started
        self.drawn = False

    def __call__(self, report: Any, read: int, size: int) -> None:
        """Draw it, if the last time was long enough ago: after so many bytes, or parts, of `size`; 0 if unknown."""
        self.rows = report.rows
        now = time.perf_counter()
        if not self.shown or now - self.last < EVERY:
            return
        self.last, self.drawn = now, True
        write_error(f"\r\x1b[K{line(self.rows, now - self.started, read, size, width())}")

    @property
    def seconds(self) -> float:
        """How long it has taken."""
        return time.perf_counter() - self.started

    def clear(self) -> None:
        """Take the line away, for what is said next."""
        if self.drawn:
            write_error("\r\x1b[K")
        self.drawn = False


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
    full, empty = ("━", "─") if unicode_is_shown() else ("#", "-")
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


def unicode_is_shown() -> bool:
    return (getattr(sys.stderr, "encoding", None) or "").lower().replace("-", "") == "utf8"
