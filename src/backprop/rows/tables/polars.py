"""What is known of Polars: that it may be missing, and the columns of ours in its frames."""

from __future__ import annotations

import os
import re
from functools import cache
from importlib.util import find_spec
from typing import Any

from backprop.errors import Problem, lacking

READ = "\0"  # before the name of a column of text: the column of its numbers
LINE = "\1"  # the column of the places of rows that may turn out bad when they are computed

Frame = Any
ROOM = 3 << 30  # bytes of addresses
KEPT = "dirty_decay_ms:-1,muzzy_decay_ms:-1,background_thread:false"  # what Polars frees, in its allocator's words
#: glibc's M_MMAP_THRESHOLD, which takes no more, M_TRIM_THRESHOLD, and M_ARENA_MAX: each thread would keep its own
LIMITS = {-3: 32 << 20, -1: 1 << 30, -8: 1}


def polars() -> Any:
    """Polars, or the problem that it is not there."""
    if not has_room():
        hint = "raise the limit of this shell: ulimit -v unlimited"
        raise Problem("size", "there is not enough memory for Polars, which reads and writes this table", hint=hint)
    try:
        import polars
    except ImportError:
        raise lacking("a table of Parquet or Arrow", "Polars", "table") from None
    return polars


def keep_memory(columns: bool) -> None:
    """What this process frees stays with it, as each batch wants as much again: to touch new pages of the system costs
    a tenth of all the work. Of Polars, before it is imported; if asked, of the columns of NumPy, too. It holds for
    whatever the process does: it is for a command to say, and not for a library."""
    os.environ.setdefault("_RJEM_MALLOC_CONF", KEPT)
    if columns:
        import ctypes

        try:
            for parameter, limit in LIMITS.items():
                ctypes.CDLL(None).mallopt(parameter, limit)
        except (AttributeError, OSError, TypeError):  # not glibc
            return


def has_room() -> bool:
    """Whether the limit of this process lets Polars work: it ends the process where it gets no memory."""
    try:
        import resource
    except ImportError:  # not a Unix
        return True
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return limit == resource.RLIM_INFINITY or limit >= ROOM


def is_of_use() -> bool:
    """Whether Polars is there, and has room, for what goes without it, too."""
    return is_installed() and has_room()


@cache
def is_installed() -> bool:
    """Whether Polars is there: looked up once, and not for each of many parts."""
    return find_spec("polars") is not None


def write_csv(frame: Frame, file: Any, **options: Any) -> None:
    """Write a frame as text. Raises an OSError as Python does."""
    import polars

    file.flush()  # Polars writes to the file below it
    try:
        frame.write_csv(file, **options)
    except (OSError, polars.exceptions.PolarsError) as error:
        raise of_system(error) from None


def of_system(error: Exception) -> OSError:
    """What the system said, as Polars tells it, in Python's words."""
    code = re.search(r"\(os error (\d+)\)", str(error))
    return OSError(int(code[1]), os.strerror(int(code[1]))) if code else OSError(None, first_line(error))


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
