"""Commands that are ended by a signal leave nothing unfinished."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

DEFAULT = (signal.SIG_DFL, signal.default_int_handler)
SOON = 0.02  # seconds


class Ended(KeyboardInterrupt):
    """Another signal than that of Ctrl-C ends a command, which cleans up in the same way."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported: one that is written in another language may not bear to be ended there."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def ended_cleanly() -> Iterator[None]:
    """Be ended by SIGTERM and SIGHUP as by Ctrl-C, by none of them in an import: what is unfinished is removed."""

    def end(number: int, frame: FrameType | None) -> None:
        if is_importing(frame):
            from threading import Timer

            later = Timer(SOON, os.kill, (os.getpid(), number))
            later.daemon = True
            later.start()
            return
        raise KeyboardInterrupt if number == signal.SIGINT else Ended(number)

    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        with suppress(ValueError):  # not the main thread
            if number is not None and signal.getsignal(number) in DEFAULT:
                before[number] = signal.signal(number, end)
    try:
        yield
    except Ended as ended:
        # What is left ends as if there had been no handler: threads of a library may be at work still
        signal.signal(ended.number, signal.SIG_DFL)
        os.kill(os.getpid(), ended.number)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
