"""A row of a table of spellings."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop.python.values.arrays import number_of

Size = Callable[[tuple[Any, ...], dict[str, Any]], float]


class Row(NamedTuple):
    """A function, a bound of the size of its result from its arguments, and a text that shows and tests it.

    In examples x is an array of 2 by 3 numbers, v one of 3, and y of two labels.
    """

    function: Callable[..., Any]
    size: Size
    example: str


def broadcast(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """The size of what element-by-element functions give."""
    try:
        return float(prod(np.broadcast_shapes(*[np.shape(one) for one in arguments if not isinstance(one, str)])))
    except ValueError:
        return 0.0  # NumPy itself says what is wrong


def together(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """As much as all arguments together."""
    return float(sum(size(one) for one in arguments))


def size(value: Any) -> float:
    """The elements of an argument, through lists of arrays."""
    if isinstance(value, list | tuple):
        return float(sum(map(size, value)))
    return float(np.size(value)) if isinstance(value, np.ndarray) else 1.0


def of_shape(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """A shape is the first argument."""
    shape = arguments[0] if arguments else keywords.get("shape", keywords.get("size", ()))
    return product(shape)


def of_shapes(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """The shape is all arguments, or the first, as in torch, or `size`."""
    return product(arguments[0] if len(arguments) == 1 else keywords.get("size", arguments))


def second_shape(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    return product(arguments[1] if len(arguments) > 1 else keywords.get("shape", ()))


def product(shape: Any) -> float:
    """The elements of a shape; a negative length stands for what is left."""
    items = () if shape is None else shape if isinstance(shape, tuple | list | np.ndarray) else (shape,)
    return float(prod([max(0.0, float(one)) for one in items]))


def square(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """Lengths are the arguments: eye, tri, identity."""
    lengths = [float(one) for one in arguments[:2] if isinstance(one, int | float | np.generic)]
    return lengths[0] * lengths[-1] if lengths else 0.0


def squared(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """A square of the longest side: what a matrix is taken apart into."""
    return float(max(np.shape(arguments[0]), default=1)) ** 2


def arange(start: Any, end: Any = None, step: Any = 1, **kinds: Any) -> Any:
    """NumPy's and PyTorch's function, each with its own name for where it ends."""
    return np.arange(start, kinds.pop("stop", end), step, **kinds)


def stepping(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What arange gives."""
    ends = (*arguments, *[keywords[name] for name in ("stop", "end") if name in keywords])
    start, stop, step = (0.0, float(ends[0]), 1.0) if len(ends) == 1 else (*map(float, ends), 1.0)[:3]
    step = float(keywords.get("step", step))
    return max(0.0, (stop - start) / step) if step else 0.0


def counted(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What linspace gives."""
    return float(arguments[2] if len(arguments) > 2 else keywords.get("num", 50))


def meshed(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """Every element of all with every one of the others, for each of them."""
    return float(prod([size(one) for one in arguments])) * len(arguments)


def parts(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """So many pieces, each of which is an array of its own."""
    count = arguments[1] if len(arguments) > 1 else 1
    return size(arguments[0]) + 100.0 * (float(count) if isinstance(count, int) else size(count))


def crossed(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """Every element of one with every one of the other."""
    return size(arguments[0]) * size(arguments[1])


def contracted(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What a product of matrices gives: the last axis of the first is summed."""
    left, right = np.shape(arguments[0]), np.shape(arguments[1])
    inner = left[-1] if left and right else 1
    return float(prod(left)) * float(prod(right)) / max(1, inner) ** 2


def of_matrices(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What a product of stacks of matrices gives."""
    left, right = np.shape(arguments[0]), np.shape(arguments[1])
    if len(left) < 2 or len(right) < 2:
        return contracted(arguments, keywords)
    return float(prod((*np.broadcast_shapes(left[:-2], right[:-2]), left[-2], right[-1])))


def of_axes(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What tensordot gives: the axes that are named are summed."""
    axes = arguments[2] if len(arguments) > 2 else keywords.get("axes", 2)
    shape = np.shape(arguments[0])
    first = range(len(shape) - axes, len(shape)) if isinstance(axes, int) else np.ravel(axes[0])
    inner = float(prod([shape[int(axis)] for axis in first]))
    return crossed(arguments, keywords) / max(1.0, inner) ** 2


def summed_products(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """All that an einsum goes through."""
    text, *arrays = arguments
    if not isinstance(text, str) or "..." in text:
        return float(prod([size(one) for one in arrays]))
    letters: dict[str, int] = {}
    behind = str(text).partition("->")[2].strip()
    for part, array in zip(str(text).partition("->")[0].replace(" ", "").split(","), arrays, strict=False):
        letters.update(zip(part.replace("...", ""), np.shape(array), strict=False))
    whole = float(prod([float(one) for one in letters.values()]))
    return max(whole / 8, float(prod([float(letters.get(one, 1)) for one in behind])))


def repeated(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What repeat and tile give."""
    times = arguments[1:] or tuple(keywords.get(name, 1) for name in ("reps", "repeats"))
    count = product(list(np.ravel(np.asarray(times[0])))) if len(times) == 1 else product(times)
    return float(size(arguments[0]) * max(1.0, count))


def all_repeated(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What the repeat of torch gives."""
    return size(arguments[0]) * max(1.0, of_shapes(arguments[1:], keywords))


def padded(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What pad gives, at most."""
    widths = arguments[1] if len(arguments) > 1 else keywords.get("pad_width", 0)
    pairs = widths if isinstance(widths, tuple | list) else [widths]
    width = max([float(np.max(np.asarray(one))) for one in pairs], default=0.0)
    return float(prod([float(length) + 2 * abs(width) for length in np.shape(arguments[0])]))


def up_to_largest(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What counts whole numbers makes."""
    numbers = np.asarray(arguments[0])
    least = arguments[2] if len(arguments) > 2 else keywords.get("minlength", 0)
    return max(float(least), float(numbers.max()) + 1 if numbers.size and numbers.dtype.kind in "iu" else 1.0)


def hot(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What one_hot makes."""
    classes = number_of(arguments[1] if len(arguments) > 1 else keywords.get("num_classes", -1))
    return size(arguments[0]) * (classes if classes > 0 else up_to_largest(arguments, keywords))


def diagonal(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What diag makes of a row."""
    return size(arguments[0]) ** 2 if np.ndim(arguments[0]) == 1 else size(arguments[0])


def strided(x: Any, shape: Any = None, strides: Any = None, subok: bool = False, writeable: bool = True) -> Any:
    """NumPy's `as_strided`, of memory that lies in order and no further than its end."""
    x = np.asarray(x)
    shape = x.shape if shape is None else tuple(shape)
    strides = x.strides if strides is None else tuple(strides)
    if not x.flags.c_contiguous:
        raise ValueError("the strides of an array whose memory does not lie in order are not read")
    if len(shape) != len(strides) or any(length < 0 for length in shape):
        raise ValueError("a view needs a stride for each dimension")
    if any(stride % x.itemsize for stride in strides):
        raise ValueError(f"these strides end within an element, which has {x.itemsize} bytes")
    reach = [(length - 1) * stride for length, stride in zip(shape, strides, strict=True)]
    behind = sum(max(0, one) for one in reach) + x.itemsize
    if 0 not in shape and (min(0, *reach) < 0 or behind > x.nbytes):
        raise ValueError(f"these strides reach beyond the {x.size} elements that there are")
    return np.lib.stride_tricks.as_strided(x, shape, strides, writeable=writeable)


def broadcast_arrays(*arrays: Any, subok: bool = False) -> Any:
    """NumPy's: what it gives may be written into as it stands, of which NumPy would warn."""
    found = np.broadcast_arrays(*arrays, subok=subok)
    for one in found:
        with suppress(ValueError):  # what cannot be written into stays so
            one.flags.writeable = True
    return found


def windows(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What a view of windows has: at most all elements once for each of a window."""
    return size(arguments[0]) * product(arguments[1])


def of_view(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What a view of memory has: as much as its shape says."""
    shape = arguments[1] if len(arguments) > 1 else keywords.get("shape")
    return size(arguments[0]) if shape is None else product(shape)


def gathered(arguments: tuple[Any, ...], keywords: dict[str, Any]) -> float:
    """What take gives, at most."""
    return size(arguments[0]) * size(arguments[1])


def listed(function: Callable[[str], Callable[..., Any]], bound: Size, text: str) -> dict[str, Row]:
    """Rows from lines of examples, each of the functions whose names stand before it; {} is the name of each."""
    rows = {}
    for line in text.strip().splitlines():
        names, example = (part.strip() for part in line.split("|"))
        rows.update({name: Row(function(name), bound, example.replace("{}", name)) for name in names.split()})
    return rows
