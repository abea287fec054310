"""The gates that mix elements, on many rows at once: arrays whose first axis counts rows, each row of the same shape.

A function has the name of its gate, and takes how many rows there are, the inputs (`Rows`, or what is the same in every
row) and the gate's options as keywords. It gives None where it has no way for all rows at once. A gate without one here
is computed along its axis, on a stack, by its definition, or row by row (see backprop.differentiate.run_rows).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.gates.writers import LETTERS, split_subscripts
from backprop.numbers import arrays, linear
from backprop.numbers.shapes import Shape, shape_of

Array = Any  # float or np.ndarray of float64


class Rows:
    """A value for each row: an array whose first axis counts the rows."""

    __slots__ = ("array",)

    def __init__(self, array: Array) -> None:
        self.array = array


class Diagonal(Rows):
    """Rows of which each has a single element that is not 0: row r that at place `start + r` of the flat array."""

    __slots__ = ("entries", "shape", "start", "whole")

    def __init__(self, entries: Array, shape: Shape, start: int) -> None:
        self.entries, self.shape, self.start = entries, shape, start
        self.whole: Array | None = None

    @property
    def array(self) -> Array:
        """All elements."""
        if self.whole is None:
            count = len(self.entries)
            self.whole = np.zeros((count, prod(self.shape)))
            self.whole[np.arange(count), np.arange(self.start, self.start + count)] = self.entries
            self.whole = self.whole.reshape(count, *self.shape)
        return self.whole

    def times(self, other: Value) -> Diagonal | None:
        """These rows times an array that is the same in all of them, where it fits into them."""
        if isinstance(other, Rows) or np.broadcast_shapes(self.shape, shape_of(other)) != self.shape:
            return None
        factors = np.broadcast_to(other, self.shape).reshape(-1)[self.start : self.start + len(self.entries)]
        return Diagonal(self.entries * factors, self.shape, self.start)


Value = Any  # Rows, or an Array that is the same in every row


def row_shape(x: Value) -> Shape:
    if isinstance(x, Diagonal):
        return x.shape
    return tuple(x.array.shape[1:]) if isinstance(x, Rows) else shape_of(x)


def each(x: Value, count: int) -> Array:
    """A value for each row, also where it is the same in all (without a copy)."""
    return x.array if isinstance(x, Rows) else np.broadcast_to(x, (count, *shape_of(x)))


def aligned(inputs: Sequence[Value]) -> list[Array]:
    """Inputs that are stretched to each other's shape row by row: a row of fewer dimensions gets ones in front."""
    rank = max(len(row_shape(x)) for x in inputs)
    return [raised(x.array, rank) if isinstance(x, Rows) else x for x in inputs]


def raised(array: Array, rank: int) -> Array:
    """Rows of as many dimensions."""
    missing = rank + 1 - array.ndim
    return array.reshape(array.shape[0], *[1] * missing, *array.shape[1:]) if missing > 0 else array


def function(gate: str) -> Callable[..., Value | None] | None:
    """The function of a gate on many rows, or None."""
    return OWN.get(gate)


# ── shapes ──


def unbroadcast(count: int, h: Value, x: Value) -> Value:
    if not isinstance(h, Rows):
        return arrays.unbroadcast(h, np.broadcast_to(0.0, row_shape(x)))
    shape = row_shape(x)
    if row_shape(h) == shape:
        return h
    given = np.broadcast_shapes(row_shape(h), shape)
    array = np.broadcast_to(raised(h.array, len(given)), (count, *given))
    lead = len(given) - len(shape)
    stretched = [axis for axis, size in enumerate(shape, lead) if size == 1 != given[axis]]
    axes = tuple([axis + 1 for axis in (*range(lead), *stretched)])
    return Rows((np.sum(array, axis=axes) if axes else array).reshape(count, *shape))


def like(count: int, h: Value, x: Value) -> Value:
    shape, given = row_shape(x), row_shape(h)
    if len(given) > len(shape) or any(n not in (1, m) for n, m in zip(given[::-1], shape[::-1], strict=False)):
        return unbroadcast(count, h, x)  # what that one stretched, undone
    if not isinstance(h, Rows):
        return np.broadcast_to(h, shape)
    return Rows(np.broadcast_to(raised(h.array, len(shape)), (count, *shape)))


def spread(count: int, h: Value, x: Value, *, axis: Any, keepdims: Any) -> Value | None:
    """To a number, nothing was summed up."""
    return h if axis is None and row_shape(x) == row_shape(h) == () else None


def reshape(count: int, x: Rows, *, shape: Any) -> Value:
    wanted = arrays.reshape(np.broadcast_to(0.0, row_shape(x)), shape=shape).shape
    return Rows(x.array.reshape(count, *wanted))


def reshape_like(count: int, h: Value, x: Value) -> Value:
    return Rows(each(h, count).reshape(count, *row_shape(x)))


def transpose(count: int, x: Rows, *, axes: Any) -> Value:
    rank = len(row_shape(x))
    if axes is None:
        return x if rank < 2 else Rows(np.swapaxes(x.array, -1, -2))
    return Rows(np.transpose(x.array, (0, *[axis % rank + 1 for axis in axes])))


def expand(count: int, x: Rows, *, axis: Any) -> Value:
    axes = axis if isinstance(axis, tuple) else (axis,)
    rank = len(row_shape(x)) + len(axes)
    return Rows(np.expand_dims(x.array, tuple([one % rank + 1 for one in axes])))


def stack(count: int, *inputs: Value, axis: int) -> Value:
    return Rows(arrays.stack(*[each(x, count) for x in inputs], axis=axis + 1 if axis >= 0 else axis))


# ── pieces ──


def plain_places(x: Value, at: Any, wires: tuple[Value, ...]) -> tuple[Any, ...] | None:
    """An index behind that of the row; None where it is another one in each row, or holds an array."""
    if "mask" in at or any(isinstance(wire, Rows) for wire in wires):
        return None
    places = arrays.subscript(row_shape(x), at, wires)
    return None if any(isinstance(place, np.ndarray) for place in places) else (slice(None), *places)


def index(count: int, x: Value, *wires: Value, at: Any) -> Value | None:
    places = plain_places(x, at, wires)
    return None if places is None else Rows(each(x, count)[places])


def scatter(count: int, h: Value, x: Value, *wires: Value, at: Any) -> Value | None:
    places = plain_places(x, at, wires)
    if places is None:
        return None
    found = np.zeros((count, *row_shape(x)))
    found[places] = each(h, count)
    return Rows(found)


def part(count: int, h: Value, x: Value, start: Value, *, axis: int) -> Value:
    return Rows(arrays.part(each(h, count), each(x, count), start, axis=axis % len(row_shape(x)) + 1))


def whole(count: int, h: Value, x: Value, start: Value, *, axis: int) -> Value:
    return Rows(arrays.whole(each(h, count), each(x, count), start, axis=axis % len(row_shape(x)) + 1))


# ── along an axis, where none stands for the flat array ──


def flat(name: str) -> Callable[..., Value | None]:
    """A gate that goes along one axis: over the flat array of each row."""

    def along(count: int, x: Rows, *, axis: Any, **more: Any) -> Value | None:
        return None if axis is not None else Rows(arrays.function(name)(x.array.reshape(count, -1), axis=1, **more))  # type: ignore[misc]

    return along


def first(count: int, x: Rows, *, axis: Any) -> Value | None:
    if axis is not None:
        return None
    return Rows(arrays.first(x.array.reshape(count, -1), axis=1).reshape(x.array.shape))


def one_hot(count: int, t: Value, z: Value) -> Value:
    return Rows(arrays.one_hot(each(t, count), each(z, count)))


# ── products: each is an einsum, in which the rows are one more index ──


def over_rows(subscripts: str, *inputs: Value) -> Value:
    """An einsum in every row: those inputs that differ from row to row have one more index, and so has the output."""
    operands, _, output = subscripts.partition("->")
    letter = next(letter for letter in reversed(LETTERS) if letter not in subscripts)
    texts = [letter * isinstance(x, Rows) + text for x, text in zip(inputs, operands.split(","), strict=True)]
    values = list(inputs)
    for place, x in enumerate(inputs):
        if isinstance(x, Diagonal):
            read_at_one_place(x, place, values, texts, output)
    arrays = [x.array if isinstance(x, Rows) else x for x in values]
    return Rows(linear.einsum(*arrays, subscripts=f"{','.join(texts)}->{letter}{output}"))


def read_at_one_place(x: Diagonal, place: int, values: list[Value], texts: list[str], output: str) -> None:
    """In an einsum, let vectors with one element that is not 0 take that element of what they are multiplied with:
    where that is the same in all rows, there is nothing to be summed up."""
    letter, index = texts[place][0], texts[place][1:]
    others = [other for other, text in enumerate(texts) if other != place and index in text]
    if len(index) != 1 or index in output or len(others) != 1 or letter in texts[others[0]]:
        return
    (other,) = others
    if texts[other].count(index) == 1:
        axis, stop = texts[other].index(index), x.start + len(x.entries)
        values[other] = values[other][(*[slice(None)] * axis, slice(x.start, stop))]
        values[place], texts[place], texts[other] = x.entries, letter, texts[other].replace(index, letter)


def letters(A: Value, B: Value) -> tuple[str, str, str] | None:
    """The indices of `A @ B`, and of its output; None for stacks of matrices."""
    left, right = len(row_shape(A)), len(row_shape(B))
    if max(left, right) > 2:
        return None
    one, other = "ik"[2 - left :], "kj"[:right]
    return one, other, one[:-1] + other[1:]


def matmul(count: int, A: Value, B: Value) -> Value | None:
    found = letters(A, B)
    return None if found is None else over_rows(f"{found[0]},{found[1]}->{found[2]}", A, B)


def matmul_left(count: int, h: Value, B: Value, A: Value) -> Value | None:
    found = letters(A, B)
    return None if found is None else over_rows_of_any(f"{found[2]},{found[1]}->{found[0]}", count, h, B)


def matmul_right(count: int, A: Value, h: Value, B: Value) -> Value | None:
    found = letters(A, B)
    return None if found is None else over_rows_of_any(f"{found[0]},{found[2]}->{found[1]}", count, A, h)


def over_rows_of_any(subscripts: str, count: int, *inputs: Value) -> Value:
    """An einsum in every row, or the one that is the same in all."""
    if any(isinstance(x, Rows) for x in inputs):
        return over_rows(subscripts, *inputs)
    return linear.einsum(*map(np.asarray, inputs), subscripts=subscripts)


def outer(count: int, x: Value, y: Value) -> Value:
    return over_rows("i,j->ij", x, y)


def einsum(count: int, *inputs: Value, subscripts: str) -> Value | None:
    if "..." in subscripts:
        return None
    operands, output = split_subscripts(subscripts, len(inputs))
    return over_rows(f"{','.join(operands)}->{output}", *inputs)


def solve(count: int, A: Value, B: Value) -> Value | None:
    if len(row_shape(A)) != 2 or len(row_shape(B)) > 2:
        return None
    left, right = linear.spoilt(each(A, count)), each(B, count)
    vector = right.ndim == 2
    try:
        found = np.linalg.solve(left, right[..., None] if vector else right)
    except np.linalg.LinAlgError:
        return None
    return Rows(found[..., 0] if vector else found)


def column(count: int, h: Value, x: Value) -> Value:
    return Rows(linear.column(each(h, count), np.empty(row_shape(x))))


def uncolumn(count: int, h: Value, x: Value) -> Value:
    return Rows(linear.uncolumn(each(h, count), np.empty(row_shape(x))))


OWN: dict[str, Callable[..., Value | None]] = {
    **{one.__name__: one for one in (
        unbroadcast, like, spread, reshape, reshape_like, transpose, expand, stack, index, scatter, part, whole, first,
        one_hot, matmul, matmul_left, matmul_right, outer, einsum, solve, column, uncolumn,
    )},
    "gather": index, "cumsum": flat("cumsum"), "cumprod": flat("cumprod"), "dot": matmul,
}  # fmt: skip
