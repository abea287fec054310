"""The inputs of a pass at other lengths: where two axes are as long as each other, a mistake between them is hidden."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import combinations
from typing import Any

import numpy as np

from backprop.check.passes.slopes import with_value
from backprop.python.entry.given import at_path
from backprop.python.entry.gradients import Path, leaves

Axis = tuple[Path, int]  # of an input, and which of its axes
Runs = Callable[[dict[str, Any]], bool]
MOST_AXES = 8  # of one length
MOST_TRIED = 64  # sets of axes, of one length


def apart(given: dict[str, Any], judged: Collection[Path], numbers: Collection[float], runs: Runs) -> dict[str, Any]:
    """Inputs with which a forward pass runs where axes that are as long, and need not be, have different lengths.

    A length that is also given as a number, or stands in the code, may be meant: axes of it stay as they are.
    """
    axes = axes_of(given)
    used = {length for length, _ in axes}
    changed = given
    for length in sorted(used):
        alike = [axis for one, axis in axes if one == length]
        tied = any(number % length == 0 for number in numbers if number > 0)
        if length < 2 or tied or not 1 < len(alike) <= MOST_AXES:
            continue
        for some in groups(alike, length, changed, judged, runs)[1:]:
            new = other_length(length, used)
            longer = resized(changed, dict.fromkeys(some, new), judged)
            if longer is not None and runs(longer):
                changed = longer
                used.add(new)
    return changed


def axes_of(given: dict[str, Any]) -> list[tuple[int, Axis]]:
    """Every axis of the inputs with its length."""
    arrays = [(path, one) for path, one in leaves(given) if isinstance(one, np.ndarray)]
    return [(length, (path, place)) for path, one in arrays for place, length in enumerate(one.shape)]


def other_length(length: int, used: Collection[int]) -> int:
    """An even length that no axis has yet: what is halved stays whole."""
    return next(one for one in range(length + 2 - length % 2, length + 100, 2) if one not in used)


def groups(
    alike: list[Axis], length: int, given: dict[str, Any], judged: Collection[Path], runs: Runs
) -> list[tuple[Axis, ...]]:
    """The axes of one length that have to be as long as each other: with the smallest sets that can be longer."""
    found, left, tried = list[tuple[Axis, ...]](), list(alike), 0
    new = other_length(length, {one for one, _ in axes_of(given)})
    while left:
        for some in sets_with(left):
            tried += 1
            other = resized(given, dict.fromkeys(some, new), judged)
            if tried > MOST_TRIED:
                return []
            if other is not None and runs(other):
                break
        else:
            return []
        found.append(some)
        left = [one for one in left if one not in some]
    return found


def sets_with(axes: list[Axis]) -> Iterator[tuple[Axis, ...]]:
    """The sets of axes with the first one among them, small ones first."""
    first, *rest = axes
    for count in range(len(rest) + 1):
        for some in combinations(rest, count):
            yield first, *some


def resized(given: dict[str, Any], lengths: dict[Axis, int], judged: Collection[Path]) -> dict[str, Any] | None:
    """Inputs with longer axes. What has a gradient goes on with its own elements; other data stays what it is: shares
    that sum to one get zeros, and a square matrix goes on as the unit matrix does. None where it cannot be both."""
    changed = given
    for path in dict.fromkeys(path for path, _ in lengths):
        value = at_path(given, path)
        axes = {axis: new for (whose, axis), new in lengths.items() if whose == path}
        shares = [] if path in judged or value.dtype.kind not in "fb" else shared(value)
        if shares and value.ndim == 2 and len(axes) == 2:
            grown = np.eye(max(axes.values()), dtype=value.dtype)
            grown[: len(value), : len(value)] = value
            value = grown
        elif len(shares) > 1 and set(shares) & axes.keys():
            return None
        else:
            for axis, new in axes.items():
                if axis in shares:
                    more = [(0, new - value.shape[axis] if place == axis else 0) for place in range(value.ndim)]
                    value = np.pad(value, more)
                else:
                    value = np.take(value, np.arange(new) % value.shape[axis], axis)
        changed = with_value(changed, path, value)
    return changed


def shared(value: Any) -> list[int]:
    """The axes along which elements sum to one."""
    return [axis for axis in range(value.ndim) if value.ndim > 1 and np.allclose(value.sum(axis=axis), 1.0)]
