"""The gates on arrays: NumPy, float64, IEEE 754. The engine silences NumPy's warnings; notes say what is not finite.

A function has the name of its gate (with an underscore behind it where Python or this module needs the name), takes the
inputs, and the gate's options as keywords. An element-wise gate without one here is a ufunc, or spelt by such (see
elementwise), or computed as its row spells it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import reduce
from typing import Any

import numpy as np

from backprop.gates import GATES
from backprop.numbers import carried, elementwise, linear
from backprop.numbers.buffers import chosen, reusing
from backprop.numbers.shapes import Mismatch, broadcast_mismatch, checked, shape_of, shape_text

Array = Any  # float or np.ndarray of float64

# ── element by element ──


def comparison(ufunc: Callable[..., Any]) -> Callable[[Array, Array], Array]:
    """A comparison that gives 1.0 or 0.0; that of true and false is beside it, for masks."""

    def numbers(x: Array, y: Array) -> Array:
        return ufunc(x, y).astype(float)

    numbers.truths = ufunc  # type: ignore[attr-defined]
    return numbers


less, less_equal = comparison(np.less), comparison(np.less_equal)
greater, greater_equal = comparison(np.greater), comparison(np.greater_equal)
equal, not_equal = comparison(np.equal), comparison(np.not_equal)


def identity(x: Array) -> Array:
    return x


square, multiply, negate = reusing(np.square), reusing(np.multiply), reusing(np.negative)
logaddexp = reusing(np.logaddexp)


def power(x: Array, y: Array) -> Array:
    if isinstance(y, float) and y in (0.5, 1.0, 2.0):
        return elementwise.half_power(x) if y == 0.5 else np.positive(x) if y == 1.0 else square(x)
    return np.power(x, y)


def where(condition: Array, x: Array, y: Array) -> Array:
    return chosen(np.not_equal(condition, 0), x, y)


xlogy: Callable[[Array, Array], Array] = carried.xlogy


def function(gate: str) -> Callable[..., Array] | None:
    """The function of a gate, or None where it is spelt by others."""
    own = (
        globals().get(gate + "_")
        or globals().get(gate)
        or getattr(linear, gate + "_", None)
        or getattr(linear, gate, None)
    )
    if callable(own) and gate not in NOT_GATES:
        return own  # type: ignore[no-any-return]
    ufunc = elementwise.ufunc(gate)
    if ufunc is None or gate in elementwise.OWN:
        return ufunc
    return folded(ufunc) if GATES[gate].variadic else reusing(ufunc)


def folded(ufunc: Callable[..., Array]) -> Callable[..., Array]:
    """A function of two inputs as one of any number of them."""
    return lambda *inputs: reduce(ufunc, inputs)


# ── shapes ──


def like(h: Array, x: Array) -> Array:
    """h stretched to the shape of x; where h is the larger one, summed to it: what `unbroadcast` stretched, undone."""
    shape, given = shape_of(x), shape_of(h)
    if len(given) <= len(shape) and all(n in (1, m) for n, m in zip(given[::-1], shape[::-1], strict=False)):
        return np.broadcast_to(h, shape)
    return unbroadcast(h, x)


def unbroadcast(h: Array, x: Array) -> Array:
    """Sum over what was stretched: the one place where broadcasting is undone."""
    shape, given = shape_of(x), shape_of(h)
    if shape == given:
        return h
    lead = len(given) - len(shape)
    if lead < 0 or any(one == 1 != own for one, own in zip(given[lead:], shape, strict=True)):  # a mask may be smaller
        given = np.broadcast_shapes(given, shape)
        h, lead = np.broadcast_to(h, given), len(given) - len(shape)
    axes = tuple(range(lead)) + tuple(
        axis for axis in range(lead, len(given)) if shape[axis - lead] == 1 and given[axis] != 1
    )
    return np.sum(h, axis=axes).reshape(shape)


def ones_like(x: Array) -> Array:
    return np.broadcast_to(1.0, shape_of(x))


def zeros_like(x: Array) -> Array:
    return np.broadcast_to(0.0, shape_of(x))


def reshape(x: Array, *, shape: Any) -> Array:
    wanted = shape if isinstance(shape, tuple) else (shape,)
    x = np.asarray(x)
    known = int(np.prod([size for size in wanted if size != -1]))
    fits = x.size % known == 0 if -1 in wanted and known else x.size == known
    if not fits or wanted.count(-1) > 1 or any(size < -1 for size in wanted):
        raise Mismatch(
            f"{{0}} is {shape_text(x.shape)}, {x.size} elements, which do not fill {shape_text(wanted)}", [0]
        )
    return x.reshape(wanted)


def reshape_like(h: Array, x: Array) -> Array:
    return np.reshape(h, shape_of(x))


def transpose(x: Array, *, axes: Any) -> Array:
    if axes is None:
        return x if len(shape_of(x)) < 2 else np.swapaxes(x, -1, -2)
    if sorted(axis % max(len(axes), 1) for axis in axes) != list(range(len(shape_of(x)))):
        raise Mismatch(f"axes must name each of the {len(shape_of(x))} dimensions of {{0}} once", [0])
    return np.transpose(x, axes)


coincide = carried.coincide


# ── pieces ──


def mask_of(value: Array, shape: tuple[int, ...], place: int) -> Any:
    """Which elements a comparison chooses: as in NumPy, it has the shape of the dimensions that it stands for."""
    rank = np.ndim(value)
    if not rank:
        hint = f"a comparison of arrays chooses elements, and one of numbers a branch: where({{{place}}}, {{0}}, 0)"
        raise Mismatch(f"{{{place}}} is a number, and chooses no elements of {{0}}", [place], hint)
    if shape_of(value) != shape[:rank]:
        message = (
            f"{{{place}}} chooses from {{0}}, and is {shape_text(shape_of(value))}, not {shape_text(shape[:rank])}"
        )
        raise Mismatch(message, [place], "a comparison as an index has the shape of what it chooses from")
    return np.not_equal(value, 0)


def subscript(x_shape: tuple[int, ...], at: tuple[Any, ...], wires: tuple[Array, ...]) -> Any:
    """An index as NumPy takes it. Raises a Mismatch where it is no whole number, or out of range."""
    given = iter(enumerate(wires, start=1))
    found: list[Any] = []
    axis = 0
    for number, item in enumerate(at):
        place = 0
        if item is ...:  # as many axes as the others leave
            if item in at[:number]:
                raise Mismatch("an index has one ... at most", [0])
            found.append(...)
            axis = max(axis, len(x_shape) - axes_taken(at[number + 1 :], wires[sum(map(computed, at[:number])) :]))
            continue
        if item is None:  # a new axis
            found.append(None)
            continue
        if item == "mask":
            place, value = next(given)
            found.append(mask_of(value, x_shape[axis:], place))
            axis += np.ndim(value)
            continue
        if item == "wire":
            place, item = next(given)
            item = whole_numbers(item, place)
        if isinstance(item, tuple) and item[:1] == ("slice",):
            found.append(slice(*whole_bounds(item[1:])))
        else:
            index = np.asarray(
                item if isinstance(item, np.ndarray | int) else whole_numbers(np.asarray(item, dtype=float), None)
            )
            check_range(index, x_shape, axis, place)
            found.append(index if index.ndim else int(index))
        axis += 1
    if axis > len(x_shape):
        raise Mismatch(
            f"{{0}} is {shape_text(x_shape)}, and it is given {axis} {'index' if axis == 1 else 'indices'}", [0]
        )
    check_together(found, len(wires))
    return tuple(found)


def check_together(items: list[Any], wires: int) -> None:
    """Several indices are taken element by element; a mask is one of as many as it chooses."""
    indices = [item for item in items if isinstance(item, np.ndarray)]
    if len(indices) < 2:
        return
    shapes = [(int(np.sum(item)),) if item.dtype == bool else item.shape for item in indices]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(map(shape_text, shapes))
        message = f"the indices of {{0}} are taken element by element, and have shapes that do not fit: {listed}"
        raise Mismatch(message, [*range(1, wires + 1)] or [0]) from None


def computed(item: Any) -> bool:
    """Whether an item of an index is an input of the gate."""
    return isinstance(item, str)


def axes_taken(at: tuple[Any, ...], wires: tuple[Array, ...]) -> int:
    """How many axes of what is indexed some items stand for."""
    given = iter(wires)
    ranks = [np.ndim(next(given)) if computed(item) else 1 for item in at]
    return sum(rank if item == "mask" else item not in (None, ...) for item, rank in zip(at, ranks, strict=True))


def whole_numbers(index: Array, place: int | None) -> Array:
    """An index as whole numbers; `place` is None where it is written out."""
    numbers = np.asarray(index)
    whole = numbers.astype(np.intp)
    if not np.array_equal(whole, numbers):
        named = f"{numbers[whole != numbers].flat[0]:g}" if place is None else f"{{{place}}}"
        raise Mismatch(f"an index is a whole number, and {named} is not", [place or 0])
    return whole


def whole_bounds(bounds: tuple[Any, ...]) -> tuple[Any, ...]:
    if any(bound is not None and not isinstance(bound, int) for bound in bounds) or bounds[2:] == (0,):
        raise Mismatch("the bounds of a slice are whole numbers, and its step is not 0", [0])
    return bounds


def check_range(index: Any, shape: tuple[int, ...], axis: int, place: int) -> None:
    if axis < len(shape) and index.size:
        low, high = int(index.min()), int(index.max())
        if low < -shape[axis] or high >= shape[axis]:
            wrong = high if high >= shape[axis] else low
            hint = f"its indices go from 0 to {shape[axis] - 1}" if shape[axis] else "it is empty"
            which = "" if len(shape) == 1 else f" in dimension {axis}"
            raise Mismatch(f"{{0}} is {shape_text(shape)}, and has no index {wrong}{which}", [place], hint)


def index(x: Array, *wires: Array, at: tuple[Any, ...]) -> Array:
    return np.asarray(x)[subscript(shape_of(x), at, wires)]


gather = index


def scatter(h: Array, x: Array, *wires: Array, at: tuple[Any, ...]) -> Array:
    places = subscript(shape_of(x), at, wires)
    found = np.zeros(shape_of(x))
    if any(isinstance(place, np.ndarray) for place in places):
        np.add.at(found, places, h)  # an index may stand there twice
    else:
        found[places] = h
    return found


def first_of_each(shapes: Sequence[tuple[int, ...]]) -> list[tuple[int, tuple[int, ...]]]:
    """Each shape once, with the first place where it is: many inputs have few."""
    firsts = {shape: place for place, shape in reversed([*enumerate(shapes)])}
    return sorted((place, shape) for shape, place in firsts.items())


def stack(*inputs: Array, axis: int) -> Array:
    shapes = [shape_of(x) for x in inputs]
    for place, shape in first_of_each(shapes):
        if shape != shapes[0]:
            message = (
                f"{{0}} is {shape_text(shapes[0])} and {{{place}}} is {shape_text(shape)}: an array has equal rows"
            )
            raise Mismatch(message, [0, place])
    check_axis(axis, len(shapes[0]) + 1, shapes[0])
    return np.stack(inputs, axis=axis)


def check_axis(axis: Any, dimensions: int, shape: tuple[int, ...]) -> None:
    axes = axis if isinstance(axis, tuple) else (axis,)
    for one in axes:
        if one is not None and not (isinstance(one, int) and -dimensions <= one < dimensions):
            raise Mismatch(f"{{0}} is {shape_text(shape)}, and has no axis {one}", [0])
    if len({one % dimensions for one in axes if one is not None}) < len(axes) > 1:
        raise Mismatch("an axis is named twice", [0])


def concat(*inputs: Array, axis: int | None) -> Array:
    if axis is None:
        check_joined(inputs, axis)  # NumPy would lay all in a row
    try:
        return np.concatenate(inputs, axis=axis)
    except ValueError:  # looked into where it fails alone: there may be many, again and again
        check_joined(inputs, axis)
        raise


def check_joined(inputs: Sequence[Array], axis: Any) -> None:
    shapes = [shape_of(x) for x in inputs]
    for place, shape in first_of_each(shapes):
        if not shape:
            raise Mismatch(f"{{{place}}} is a number, and only arrays are joined", [place], "for numbers, write [a, b]")
        check_axis(axis, len(shapes[0]), shapes[0])
        at = axis % len(shapes[0])
        if len(shape) != len(shapes[0]) or shape[:at] + shape[at + 1 :] != shapes[0][:at] + shapes[0][at + 1 :]:
            both = f"{{0}} is {shape_text(shapes[0])} and {{{place}}} is {shape_text(shape)}"
            message = f"{both}: they differ beside axis {axis}"
            raise Mismatch(message, [0, place])


def starts(*inputs: Array, axis: int) -> Array:
    return np.cumsum([0.0, *(shape_of(x)[axis] for x in inputs[:-1])])


def part_at(x: Array, start: Array, axis: int) -> tuple[Any, ...]:
    """Where an input lies in what was joined."""
    shape, begin = shape_of(x), int(start)
    return (*[slice(None)] * (axis % len(shape)), slice(begin, begin + shape[axis]))


def part(h: Array, x: Array, start: Array, *, axis: int) -> Array:
    return h[part_at(x, start, axis)]


def parts(h: Array, *inputs: Array, axis: int) -> list[Array]:
    """What was joined, taken apart."""
    return np.split(h, np.cumsum([shape_of(x)[axis] for x in inputs[:-1]]), axis)


def whole(h: Array, x: Array, start: Array, *, axis: int) -> Array:
    found = np.zeros(shape_of(x))
    found[part_at(h, start, axis)] = h
    return found


def slice_at(dimensions: int, place: int, axis: int) -> tuple[Any, ...]:
    return (*[slice(None)] * (axis % dimensions), place)


def take(x: Array, *, place: int, axis: int) -> Array:
    return x[slice_at(x.ndim, place, axis)]


def untake(h: Array, x: Array, *, place: int, axis: int) -> Array:
    found = np.zeros(shape_of(x))
    found[slice_at(found.ndim, place, axis)] = h
    return found


def check_one_axis(axis: Any) -> None:
    if not isinstance(axis, int):
        raise Mismatch("this goes along one axis", [0])


def sort(x: Array, *, axis: int, stage: int = 0) -> Array:
    check_one_axis(axis)
    check_axis(axis, max(len(shape_of(x)), 1), shape_of(x))
    return np.sort(np.atleast_1d(x), axis=axis, kind="stable").reshape(shape_of(x))


# The stage whose runs of equal sorted elements are reflected: what is told of them must not hang on their order (see
# backprop.differentiate.arrangements).
REFLECTED: ContextVar[int] = ContextVar("reflected", default=0)


def order(x: Array, axis: int) -> Array:
    return np.argsort(np.atleast_1d(x), axis=axis, kind="stable")


def reflected(h: Array, x: Array, axis: int, stage: int) -> Array:
    """What stands at the places of sorted elements; at the stage that is looked at, each run of equal ones is reflected
    in a plane that is like no other, but for the line on which all of them are the same."""
    h = np.atleast_1d(h)
    if not stage or stage != REFLECTED.get():
        return h
    begins = ~np.moveaxis(equal_neighbours(np.sort(np.atleast_1d(x), axis=axis), axis), axis, -1)
    at_places = np.moveaxis(h, axis, -1)
    run = np.cumsum(begins.reshape(-1)) - 1

    def total(values: Array) -> Array:
        return np.bincount(run, values)[run]

    normal = np.broadcast_to(np.sin(np.arange(1, begins.shape[-1] + 1)), begins.shape).reshape(-1)
    normal = normal - total(normal) / total(np.ones_like(normal))
    alone = total(normal * normal) == 0
    flat = at_places.reshape(-1)
    with np.errstate(all="ignore"):
        turned = flat - 2 * normal * total(normal * flat) / np.where(alone, 1.0, total(normal * normal))
    return np.moveaxis(np.where(alone, flat, turned).reshape(begins.shape), -1, axis)


def equal_neighbours(x: Array, axis: int) -> Array:
    """Where a sorted element equals the one before it."""
    x = np.moveaxis(np.atleast_1d(x), axis, -1)
    same = np.concatenate([np.zeros(x[..., :1].shape, dtype=bool), x[..., 1:] == x[..., :-1]], axis=-1)
    return np.moveaxis(same, -1, axis)


def resort(h: Array, x: Array, *, axis: int, stage: int) -> Array:
    found = np.take_along_axis(np.atleast_1d(h), order(x, axis), axis)
    return reflected(found, x, axis, stage).reshape(shape_of(x))


def unsort(h: Array, x: Array, *, axis: int, stage: int) -> Array:
    found = np.empty(np.atleast_1d(x).shape)
    np.put_along_axis(found, order(x, axis), reflected(h, x, axis, stage), axis)
    return found.reshape(shape_of(x))


# ── reductions ──


def reduction(ufunc: Callable[..., Any], empty: str = "") -> Callable[..., Array]:
    """A reduction of NumPy's; with `empty`, one that needs an element."""

    def reduced(x: Array, *, axis: Any, keepdims: int, **more: Any) -> Array:
        check_axis(axis, len(shape_of(x)), shape_of(x))
        if empty and count(x, axis=axis) == 0:
            raise Mismatch(f"{{0}} is {shape_text(shape_of(x))}, and {empty} of nothing is no number", [0])
        return ufunc(x, axis=axis, keepdims=bool(keepdims), **more)

    return reduced


sum_, prod = reduction(np.sum), reduction(np.prod)
mean = reduction(np.mean, "the mean")


def mean_of_part(x: Array, *, axis: Any, keepdims: int) -> Array:
    """The mean as a part of another gate, a loss: of nothing it is nan, and no mistake of the user's."""
    return sum_(x, axis=axis, keepdims=keepdims) / count(x, axis=axis)


def spread_of(x: Array, *, axis: Any, keepdims: bool, ddof: int) -> Array:
    """The variance: the mean of the squared distances from the mean, exactly 0 where all are equal."""
    total = np.sum(np.square(centred(x, axis=axis)), axis=axis, keepdims=keepdims)
    return np.divide(total, max(count(x, axis=axis) - ddof, 0.0))


var = reduction(spread_of, "the variance")
std = reduction(lambda x, **options: np.sqrt(spread_of(x, **options)), "the deviation")
max_of, min_of = reduction(np.max, "the largest"), reduction(np.min, "the smallest")


def from_first(x: Array, axis: Any) -> Array:
    """The distances from the first element, which are exactly 0 where all are equal; what is alike in all cancels."""
    axes = (
        range(len(shape_of(x)))
        if axis is None
        else [one % x.ndim for one in (axis if isinstance(axis, tuple) else (axis,))]
    )
    places = tuple(slice(0, 1) if one in axes else slice(None) for one in range(len(shape_of(x))))
    if not places or not np.size(x):
        return x
    return x - np.where(np.isfinite(x[places]), x[places], 0.0)


def centred(x: Array, *, axis: Any) -> Array:
    distances = from_first(x, axis)
    return distances - np.mean(distances, axis=axis, keepdims=True) if np.size(x) else distances


def count(x: Array, *, axis: Any) -> float:
    shape = shape_of(x)
    axes = range(len(shape)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return math.prod([shape[one] for one in axes], start=1.0)


def rows(x: Array) -> float:
    return math.prod(shape_of(x)[:-1], start=1.0)


def spread(h: Array, x: Array, *, axis: Any, keepdims: int) -> Array:
    shape = shape_of(x)
    if axis is not None and not keepdims and shape:
        kept = list(shape)
        for one in axis if isinstance(axis, tuple) else (axis,):
            kept[one] = 1
        h = np.reshape(h, kept)
    return np.broadcast_to(h, shape)


def expand(x: Array, *, axis: Any) -> Array:
    return np.expand_dims(x, axis)


def along_axis(x: Array, *, axis: Any, **more: Any) -> None:
    check_axis(axis, len(shape_of(x)), shape_of(x))


first = checked(along_axis, carried.first)
norm = np.errstate(all="ignore")(checked(along_axis, carried.norm))
logsumexp, softmax = checked(along_axis, carried.logsumexp), checked(along_axis, carried.softmax)
log_softmax = checked(along_axis, carried.log_softmax)


def turned(x: Array, axis: int, reverse: int) -> Array:
    return np.flip(x, axis) if reverse else x


def cumulative(ufunc: Any) -> Callable[..., Array]:
    """A running sum or product, from either end; over the flat array where axis is none."""

    def running(x: Array, *, axis: Any, reverse: int) -> Array:
        x = np.reshape(x, -1) if axis is None else x
        axis = 0 if axis is None else axis
        check_one_axis(axis)
        check_axis(axis, len(shape_of(x)), shape_of(x))
        return turned(ufunc.accumulate(turned(x, axis, reverse), axis=axis), axis, reverse)

    return running


cumsum, cumprod = cumulative(np.add), cumulative(np.multiply)


shift, scan = carried.shift, carried.scan


def one_hot(t: Array, z: Array) -> Array:
    """Classes as rows of zeros and a one; what has the shape of the scores are probabilities already."""
    shape, given = shape_of(z), shape_of(t)
    if not shape:
        raise Mismatch("{0} must hold a score for each class, and it is a number", [0])
    if given == shape:
        return t
    if given != shape[:-1]:
        hint = f"classes are {shape_text(shape[:-1])}, probabilities {shape_text(shape)}"
        raise Mismatch(f"{{0}} is {shape_text(shape)} and {{1}} is {shape_text(given)}", [0, 1], hint)
    classes = whole_numbers(t, 1)
    if classes.size and (classes.min() < 0 or classes.max() >= shape[-1]):
        raise Mismatch(f"{{1}} holds a class that is not between 0 and {shape[-1] - 1}", [1])
    return (classes[..., None] == np.arange(shape[-1])).astype(float)


match = carried.match

NOT_GATES = frozenset(
    ["function", "reduction", "comparison", "cumulative", "mean_of_part", "Any", "Callable", "Mismatch", "order"]
)
__all__ = ["broadcast_mismatch", "function"]
