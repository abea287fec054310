"""Quantities that are well known functions of others, found by their numbers: what a backward pass may say in short."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop.python.spellings import special


class Closed(NamedTuple):
    """A quantity that is a well known function of another one: "sigmoid", or along some axes "softmax", "log softmax",
    "normal" (the mean taken off, and divided by the spread), "direction" (divided by the length, or a multiple)."""

    name: str
    place: int
    axes: tuple[int, ...]
    size: Any  # what it was divided by


def closed_forms(arrays: list[tuple[int, Any]]) -> dict[int, list[Closed]]:
    """Of each array, by its place, the well known functions of it among the others."""
    found: dict[int, list[Closed]] = {}
    with np.errstate(all="ignore"):
        for place, y in arrays:
            for axes in {(np.ndim(y) - 1,), (0,)} if np.ndim(y) < 3 else {(np.ndim(y) - 1,), (0,), (0, 2, 3)}:
                if max(axes) >= np.ndim(y) or np.prod([y.shape[axis] for axis in axes]) < 2:
                    continue
                for other, x in arrays:
                    if other != place and x.shape == y.shape:
                        form = function_of(x, y, axes)
                        if form is not None:
                            found.setdefault(other, []).append(Closed(form[0], place, axes, form[1]))
    return found


def function_of(x: Any, y: Any, axes: tuple[int, ...]) -> tuple[str, Any] | None:
    """Which well known function of x along axes y is, and what was divided by."""
    sums = np.exp(y).sum(axis=axes, keepdims=True)
    if (y > 0).all() and np.allclose(y.sum(axis=axes), 1):
        return ("softmax", None) if np.allclose(y, special.softmax(x, axes)) else None
    if np.allclose(sums, 1):
        return ("log softmax", None) if np.ptp(x - y, axis=axes).max() < 1e-9 * np.abs(x).max() else None
    if np.allclose(y, special.expit(x)):
        return "sigmoid", None
    centred = x - x.mean(axis=axes, keepdims=True)
    for name, base in (("normal", centred), ("direction", x)):
        size = np.sqrt((base * base).sum(axis=axes, keepdims=True) / (y * y).sum(axis=axes, keepdims=True))
        if np.allclose(base, y * size, rtol=1e-9) and np.ptp(size) > 0:
            return name, size
    return None
