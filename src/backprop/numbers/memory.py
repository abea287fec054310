"""Refusing what the machine cannot hold, before it is tried."""

from __future__ import annotations

import os
from math import inf

from backprop.errors import Problem

UNASKED = 1 << 20  # float64 that any machine has left: to ask it takes longer than to fill a few of them
UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")


def check_memory(elements: float, what: str, hint: str = "") -> None:
    """Raise a Problem of kind "size" where so many float64 are more than the machine can give."""
    if elements < UNASKED:
        return
    wanted, free = 8.0 * elements, available()
    if wanted > free:
        raise Problem(
            "size", f"{what} would take {size_text(wanted)}, and this machine has {size_text(free)} free", hint=hint
        )


def available() -> float:
    """The bytes that can be had: what the machine has left, or less where this process is given less (`ulimit -v`, a
    container)."""
    return max(0.0, min(left_on_the_machine(), left_to_the_process(), left_in_the_container()))


def left_on_the_machine() -> float:
    """What Linux calls available, else all that is there."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return 1024.0 * int(line.split()[1])
    except OSError:
        pass
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        return 2.0**36


def left_to_the_process() -> float:
    """What is left of the limit on addresses, if there is one."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit == resource.RLIM_INFINITY:
            return inf
        with open("/proc/self/statm", encoding="ascii") as file:
            return limit - float(file.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError, ValueError):
        return inf


def left_in_the_container() -> float:
    """What is left of the limit on this control group, if there is one."""
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as most:
            limit = float(most.read())
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as now:
            return limit - float(now.read())
    except (OSError, ValueError):
        return inf


def size_text(size: float) -> str:
    """A number of bytes for people."""
    unit = 0
    while size >= 1000 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {UNITS[unit]}"
