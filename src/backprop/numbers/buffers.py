"""Memory that is used again: fresh memory costs more than the arithmetic that fills it.

A pool remembers the large arrays that it gave out. One that nobody else refers to any more (no value, no view, no
gradient in a user's hands) is given out again. A circuit has its pool, so what is evaluated again and again needs no
new memory; it is freed with the circuit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from math import prod
from threading import Lock, local
from typing import Any

import numpy as np

from backprop.numbers.memory import check_memory
from backprop.numbers.shapes import shape_text

LARGE = 1 << 15  # elements; below that, fresh memory is cheap
MANY = 1 << 12  # elements, from which on a branch for each is felt
MOST = 1 << 25  # elements that a pool keeps
Array = Any
_now = local()


class Pool:
    """Arrays that were given out."""

    def __init__(self) -> None:
        self.known: list[Array] = []
        self.size = 0
        self.lock = Lock()

    def empty(self, shape: tuple[int, ...], size: int) -> Array:
        """An array that is free, or a new one. What is in it is anything."""
        known = self.known
        with self.lock:
            for place in range(len(known)):
                # Two references are this list's and the function's own: then the array is free.
                if known[place].size == size and sys.getrefcount(known[place]) == 2:
                    return known[place].reshape(shape)
            if self.size + size > MOST:
                check_memory(size, f"a result of {shape_text(shape)}")
                return np.empty(shape)
            fresh = np.empty(size)
            known.append(fresh)
            self.size += size
            return fresh.reshape(shape)


@contextmanager
def pooled(pool: Pool) -> Iterator[None]:
    """Take memory from a pool as long as this lasts (in this thread)."""
    before = getattr(_now, "pool", None)
    _now.pool = pool
    try:
        yield
    finally:
        _now.pool = before


def empty(shape: tuple[int, ...]) -> Array | None:
    """An array of this shape for a result, or None where NumPy may as well make it."""
    size, pool = prod(shape), getattr(_now, "pool", None)
    return None if size < LARGE or pool is None else pool.empty(shape, size)


def room(shape: tuple[int, ...]) -> Array:
    """An array of this shape, to be filled."""
    found = empty(shape)
    return np.empty(shape) if found is None else found


def apart(results: Iterable[Array], others: Iterable[Array]) -> list[Array]:
    """Results, of which those that lie in the memory of others, or of each other, are copied; what cannot be written to
    may."""
    taken, found = {id(memory(other)) for other in others}, []
    for result in results:
        if isinstance(result, np.ndarray) and result.flags.writeable:
            if id(memory(result)) in taken:
                result = np.array(result)
            taken.add(id(memory(result)))
        found.append(result)
    return found


def memory(x: Array) -> object:
    """What an array is a view of, in the end; itself, where it has memory of its own."""
    while getattr(x, "base", None) is not None:
        x = x.base
    return x


def chosen(mask: Array, x: Array, y: Array, out: Array | None = None) -> Array:
    """x where the mask is true, else y: without a branch for each element, which costs most where they alternate.

    `out`, which may be x, is memory for the result, if it is of use.
    """
    shape = np.shape(mask)
    small = np.size(mask) < MANY or not mask.flags.c_contiguous  # or turned, as the result is to be then
    if small or np.broadcast_shapes(shape, np.shape(x), np.shape(y)) != shape:
        return np.where(mask, x, y)
    found = room(shape) if out is None else out
    bits, ones = found.view(np.int64), np.negative(mask.view(np.int8))  # all bits are 1, or none
    np.bitwise_and(as_bits(x), ones, out=bits)
    if not (isinstance(y, float) and as_bits(y) == 0):
        np.bitwise_or(bits, np.bitwise_and(as_bits(y), np.invert(ones)), out=bits)
    return found


def as_bits(x: Array) -> Array:
    return np.asarray(x, dtype=np.float64).view(np.int64)


def reusing(ufunc: Any) -> Callable[..., Array]:
    """An element-wise function of NumPy's that puts large results into memory that is free."""

    def one(x: Array) -> Array:
        return ufunc(x) if getattr(x, "size", 1) < LARGE else ufunc(x, out=empty(x.shape))

    def two(x: Array, y: Array) -> Array:
        left, right = getattr(x, "size", 1), getattr(y, "size", 1)
        if left < LARGE and right < LARGE and left * right < MOST:
            return ufunc(x, y)
        shape = (
            x.shape if right == 1 and np.ndim(y) <= x.ndim else y.shape if left == 1 and np.ndim(x) <= y.ndim else None
        )
        if shape is None:
            shape = x.shape if np.shape(x) == np.shape(y) else np.broadcast_shapes(np.shape(x), np.shape(y))
        return ufunc(x, y, out=empty(shape))

    found: Callable[..., Array] = one if ufunc.nin == 1 else two
    found.ufunc = ufunc  # type: ignore[attr-defined]
    return found
