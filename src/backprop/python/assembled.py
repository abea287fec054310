"""What an array holds as a formula, told by the numbers of its elements: each is one of a statement's result, or none,
and then a constant. A whole result, a part of one, one with its axes in another order, several side by side; at worst
a gather of them.
"""

from __future__ import annotations

import ast
import math
import re
from bisect import bisect_right
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.values.frames import Source
from backprop.python.values.tape import Tape

WORD = re.compile("§(\\d+)§")  # stands for a result until all have their names
MOST_WRITTEN = 100_000  # elements of constants and gathers in one program
MOST_AXES = 5  # of an array whose elements are looked for in another order
MOST_PIECES = 64  # side by side
MOST_PARTS = 16  # of one result


class Result(NamedTuple):
    """An input, or what a statement makes: its formula, its shape, and where it comes from."""

    formula: str
    shape: tuple[int, ...]
    source: Source | None
    place: ast.AST | None


class Assembly(Tape):
    """A tape of statements, and what is assembled of their results."""

    def __init__(self, run: Interpreter) -> None:
        super().__init__()
        self.run = run
        self.starts: list[int] = []  # the first number of each result
        self.results: list[Result] = []
        self.written = 0
        self.words: dict[Any, str] = {}  # of elements, as they were put together before

    def result(self, formula: str, shape: tuple[int, ...]) -> Any:
        """Numbers for the elements of a result."""
        ids = self.new(shape)
        self.starts.append(int(ids.reshape(-1)[0]) if ids.size else self.count)
        self.results.append(Result(formula, shape, *self.run.place()))
        return ids

    def statement(self, formula: str, shape: tuple[int, ...]) -> tuple[str, Any]:
        """A new statement: the word for it, and the numbers of what it makes."""
        ids = self.result(formula, shape)
        return f"§{len(self.results) - 1}§", ids

    def settle(self, out: Any) -> None:
        """Make a result of what an array is assembled of: parts of it are parts of that."""
        if not np.any(self.ids(out)):
            return
        found = WORD.fullmatch(self.word(out))
        if found and self.results[int(found[1])].shape == np.shape(out):
            self.put(out, self.numbers(int(found[1])))

    def numbers(self, place: int) -> Any:
        """Those of the elements of a result."""
        shape = self.results[place].shape
        return np.arange(math.prod(shape)).reshape(shape) + self.starts[place]

    def word(self, value: Any) -> str:
        return self.text(value, self.ids(value))

    def text(self, value: Any, ids: Any) -> str:
        """A value as a word of the program: a name, or a constant."""
        array = np.asarray(getattr(value, "values", value), dtype=float).view(np.ndarray)
        ids = np.broadcast_to(ids, array.shape)
        if not ids.any():
            return self.constant(array)
        key = ids.shape, ids.tobytes(), array[ids == 0].tobytes()
        if key not in self.words:
            self.words[key] = self.of_one(array, ids) or self.side_by_side(array, ids) or self.gathered(array, ids)
        return self.words[key]

    # ── elements of one result ──

    def of_one(self, array: Any, ids: Any) -> str | None:
        """A word for constants alone, or for elements of one result in some order; None where they are others."""
        if not ids.any():
            return self.constant(array)
        place = bisect_right(self.starts, int(ids.max())) - 1
        shape, word, places = self.results[place].shape, f"§{place}§", ids - self.starts[place]
        if places[ids > 0].min() < 0:
            return None
        whole = np.arange(math.prod(shape)).reshape(shape)
        if not ids.all():
            same = ids.shape == shape and np.array_equal(places[ids > 0], whole[ids > 0])
            return self.among(word, array, ids) if same else None
        if np.array_equal(places.reshape(-1), whole.reshape(-1)):
            return word if array.shape == shape else self.shaped(word, array.shape)
        if places.size == whole.size and (turn := turned(places)) is not None:
            return self.turned(word, shape, *turn)
        if (order := order_of(places.reshape(-1), whole)) is not None:
            return self.shaped(self.turned(word, shape, shape, order), array.shape)
        return self.part(word, places, whole)

    def part(self, word: str, places: Any, whole: Any) -> str | None:
        """A slice of a result, or rows of it."""
        index, own = sliced(places, whole)
        if index:
            part = self.statement(f"{word}[{index}]", own)[0]
            return part if own == places.shape else self.shaped(part, places.shape)
        lead = places.ndim - whole.ndim + 1
        if whole.ndim < 1 or lead < 1 or places.shape[lead:] != whole.shape[1:] or not places.size:
            return None
        rows = places.reshape(*places.shape[:lead], -1)[..., 0] // math.prod(whole.shape[1:])
        if not np.array_equal(whole[rows], places):
            return None
        self.bounded(rows.size)
        return self.statement(f"{word}[{rows.tolist()}]", places.shape)[0]

    def turned(self, word: str, shape: tuple[int, ...], own: tuple[int, ...], axes: list[int]) -> str:
        """A result, reshaped if it has to be, with its axes in another order."""
        word = word if shape == own else self.shaped(word, own)
        out = tuple(own[axis] for axis in axes)
        if axes == [1, 0]:
            return self.statement(f"{word}.T", out)[0]
        return self.statement(f"transpose({word}, axes={axes})", out)[0]

    def among(self, word: str, array: Any, ids: Any) -> str:
        """A result in which some elements are constants instead."""
        mask, constants = (ids > 0).astype(int), array[ids == 0]
        while mask.ndim > 1 and (mask == mask[0]).all():  # it broadcasts
            mask = mask[0]
        alike = len({constant.hex() for constant in constants.tolist()}) == 1
        instead = self.constant(constants[0] if alike else np.where(ids == 0, array, 0.0))
        return self.statement(f"where({self.constant(mask)}, {word}, {instead})", ids.shape)[0]

    # ── of several ──

    def side_by_side(self, array: Any, ids: Any, first: int = 0) -> str | None:
        """Several results, parts of them, and constants, along an axis from the first on; None where that is not so."""
        owners = np.where(ids > 0, np.searchsorted(self.starts, ids, side="right"), 0)
        for axis in range(first, ids.ndim):
            cuts = cuts_along(owners, axis)
            if not cuts and ids.ndim > 1 and ids.shape[axis] <= MOST_PARTS and np.ptp(owners) == 0:
                cuts = list(range(1, ids.shape[axis]))  # of one result, as windows are
            if not 0 < len(cuts) < MOST_PIECES:
                continue
            pieces = list(zip(np.split(array, cuts, axis), np.split(ids, cuts, axis), strict=True))
            if len(pieces) == ids.shape[axis] and ids.ndim > 1:
                single = [self.of_one(one.squeeze(axis), own.squeeze(axis)) for one, own in pieces]
                if None not in single:
                    return self.statement(f"stack({', '.join(map(str, single))}, axis={axis})", ids.shape)[0]
            words = [self.of_one(one, own) or self.side_by_side(one, own, axis + 1) for one, own in pieces]
            if None not in words:
                return self.statement(f"concat({', '.join(map(str, words))}, axis={axis})", ids.shape)[0]
        return None

    def gathered(self, array: Any, ids: Any) -> str:
        """Elements of several results, and constants among them, in a new order."""
        used = [int(place) for place in np.unique(np.searchsorted(self.starts, ids[ids > 0], side="right") - 1)]
        pieces, offsets, length = [], {}, 0
        for place in used:
            size = math.prod(self.results[place].shape)
            offsets[place] = length - self.starts[place]
            pieces.append(f"§{place}§" if self.results[place].shape == (size,) else self.shaped(f"§{place}§", (size,)))
            length += size
        flat, fixed = ids.reshape(-1), array.reshape(-1)
        constants = fixed[flat == 0]
        if constants.size:
            pieces.append(self.constant(constants))
        order, next_constant = [], length
        for one in flat.tolist():
            if one == 0:
                order.append(next_constant)
                next_constant += 1
            else:
                order.append(one + offsets[bisect_right(self.starts, one) - 1])
        self.bounded(len(order))
        joined = pieces[0]
        if len(pieces) > 1:
            joined = self.statement(f"concat({', '.join(pieces)}, axis=0)", (next_constant,))[0]
        picked = order[0] if array.ndim == 0 else np.reshape(order, array.shape).tolist()
        return self.statement(f"{joined}[{picked}]", array.shape)[0]

    # ── words ──

    def shaped(self, word: str, shape: tuple[int, ...]) -> str:
        if not shape:
            return self.statement(f"sum({word})", ())[0]
        return self.statement(f"reshape({word}, [{', '.join(map(str, shape))}])", shape)[0]

    def constant(self, array: Any) -> str:
        self.bounded(array.size)
        text = re.sub(r"\.0\b", "", str(array.tolist()))
        return f"({text})" if text.startswith("-") else text

    def bounded(self, size: int) -> None:
        self.written += size
        if self.written > MOST_WRITTEN:
            raise Problem("size", f"traced, this has more than {MOST_WRITTEN} elements that are written out")


# ── places ──


def sliced(places: Any, whole: Any) -> tuple[str, tuple[int, ...]]:
    """Places in an array as an index of numbers and slices, and the shape of that part, whose elements may be shaped
    otherwise; an empty text where they are no such part, as those in a single number are not."""
    if places.size == 0 or not whole.ndim:
        return "", ()
    items: list[int | slice] = []
    for length, own in zip(whole.shape, np.unravel_index(places, whole.shape), strict=True):
        found = np.unique(own)
        first, last = int(found[0]), int(found[-1])
        step = int(found[1]) - first if found.size > 1 else 1
        items.append(slice(first, min(last + 1, length), step) if found.size > 1 or length == 1 else first)
    part = whole[tuple(items)]
    if part.size != places.size or not np.array_equal(part.reshape(-1), places.reshape(-1)):
        return "", ()
    return ", ".join(slice_text(one, length) for one, length in zip(items, whole.shape, strict=True)), part.shape


def slice_text(item: int | slice, length: int) -> str:
    if isinstance(item, int):
        return str(item)
    stop = "" if item.stop == length else str(item.stop)
    return f"{item.start or ''}:{stop}{f':{item.step}' if item.step != 1 else ''}"


def turned(places: Any) -> tuple[tuple[int, ...], list[int]] | None:
    """The shape of an array whose elements these places are with its axes in another order, and the order; None where
    there is no such."""
    steps = [int(np.diff(places, axis=axis).flat[0]) if length > 1 else 0 for axis, length in enumerate(places.shape)]
    order = sorted(range(places.ndim), key=lambda axis: -steps[axis])
    own = tuple(places.shape[axis] for axis in order)
    axes = [order.index(axis) for axis in range(places.ndim)]
    if places.ndim < 2 or not np.array_equal(np.arange(places.size).reshape(own).transpose(axes), places):
        return None
    return own, axes


def order_of(places: Any, whole: Any) -> list[int] | None:
    """The order of an array's axes in which its elements are such a row; None where there is none."""
    if places.size != whole.size or not 2 < whole.ndim <= MOST_AXES:
        return None
    orders = permutations(range(whole.ndim))
    return next((list(one) for one in orders if np.array_equal(whole.transpose(one).reshape(-1), places)), None)


def cuts_along(owners: Any, axis: int) -> list[int]:
    """Where along an axis other results stand in an array than before."""
    rows = np.moveaxis(owners, axis, 0).reshape(owners.shape[axis], -1)
    kinds = [frozenset(row.tolist()) for row in rows]
    return [place for place in range(1, len(kinds)) if kinds[place] != kinds[place - 1]]
