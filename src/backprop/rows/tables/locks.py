"""Runs that share a target: what is unfinished belongs to whoever holds its lock, and a lock ends with its holder.

The operating system's locks on files hold across processes and containers that see the same file, and are gone with the
process that held them, however it died: nothing is ever taken over from the living.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from backprop.errors import Problem, unwritable

LOCK = ".backprop.lock"  # in an output folder: since when a run writes there
OLD = 86400.0  # seconds after which what is unfinished counts as left over, where nobody can ask for its lock


def locked(descriptor: int) -> bool | None:
    """Take the lock of an open file. Whether it was free; None where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except (ImportError, OSError):  # not a Unix, or a file system without locks
        return None
    return True


def is_there(path: str, descriptor: int) -> bool:
    """Whether an open file is still the one of its name."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


@contextmanager
def unfinished(path: str, alone: bool = True) -> Iterator[str]:
    """An empty file beside a path, for this run alone, which renames it or fails. What other runs left there that are
    dead is removed."""
    from glob import escape

    folder, name = os.path.split(path)
    if alone:
        remove_dead(folder, f".{escape(name)}.*.part")
    beside = os.path.join(folder, f".{name}.{os.urandom(6).hex()}.part")
    descriptor = -1
    try:  # a signal may end the run at any time, also before the lock is taken
        while locked(descriptor := os.open(beside, os.O_CREAT | os.O_RDWR, 0o666)) and not is_there(beside, descriptor):
            os.close(descriptor)  # somebody who cleans up was faster
        yield beside
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    finally:
        with suppress(OSError):
            os.close(descriptor)


def remove_dead(folder: str, pattern: str) -> None:
    """Remove the unfinished files in a folder that nobody is writing."""
    from glob import escape, glob

    for path in glob(os.path.join(escape(folder), pattern)):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDWR)
            try:
                free = locked(descriptor)
                if free or (free is None and time.time() - os.stat(path).st_mtime > OLD):
                    os.unlink(path)
            finally:
                os.close(descriptor)


@contextmanager
def owned(folder: str) -> Iterator[None]:
    """The folder for this run alone. Raises a Problem where another run is writing into it."""
    path = os.path.join(folder, LOCK)
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = taken(path, folder)
    except OSError as error:
        raise unwritable(folder, error) from None
    try:
        yield
    finally:
        with suppress(OSError):
            os.unlink(path)
        os.close(descriptor)


def taken(path: str, folder: str) -> int:
    """The open file of a lock that is ours, with the time in it."""
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        if locked(descriptor) is False:
            since = os.read(descriptor, 100).decode("ascii", "replace")
            os.close(descriptor)
            hint = "wait for it, or give another folder with -o"
            when = f" (since {since})" if since else ""
            raise Problem("file", f"another run{when} is writing into {folder}", hint=hint)
        if is_there(path, descriptor):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, time.strftime("%Y-%m-%d %H:%M:%S").encode())
            return descriptor
        os.close(descriptor)  # whoever had it has just removed it
