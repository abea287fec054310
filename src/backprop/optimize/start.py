"""Where a descent starts: at what is given, between bounds, or where another one ended."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.library.values import Random, file_text, read_variables

Value = Any


def started(given: Mapping[str, Value], bounds: Mapping[str, tuple[Value, Value]]) -> dict[str, Value]:
    """The start of every variable, also of those that have only bounds."""
    for name, ends in bounds.items():
        if not isinstance(ends, tuple | list) or len(ends) != 2:
            raise Problem(
                "option", f"the bounds of {name} are two, and not {ends!r}", hint=f'bounds={{"{name}": (0, 1)}}'
            )
    return {**given, **{name: between(name, *ends) for name, ends in bounds.items() if name not in given}}


def check_start(start: Mapping[str, Value], example: str) -> None:
    """Raise a Problem where no variable of a formula in the rows of a table could move."""
    if not start:
        hint = f"what is to move needs a start, like {example}; the others are columns"
        raise Problem("variable", "nothing can move: no variable has a start", hint=hint)


def resumed(path: str | PathLike[str]) -> dict[str, Value]:
    """The parameters that another descent wrote. Raises a Problem of kind "file"."""
    name = fspath(path)
    return dict(read_variables(file_text(name), name, Random(None)))


def between(name: str, low: Value, high: Value) -> Value:
    """Where a variable starts that has only bounds: in the middle, or beside the one that is finite."""
    lows, highs = np.broadcast_arrays(low, high)
    with np.errstate(all="ignore"):
        middle = np.where(np.isfinite(lows), np.where(np.isfinite(highs), (lows + highs) / 2, lows + 1), highs - 1)
    if not np.isfinite(middle).all():
        raise Problem("variable", f"no start for {name}: its bounds do not say one", hint=f"give it a start: {name}=0")
    return middle if middle.ndim else float(middle)
