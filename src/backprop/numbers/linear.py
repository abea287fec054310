"""The gates of linear algebra on arrays: products, matrices, convolutions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop.gates.writers import LETTERS, split_subscripts
from backprop.numbers import carried
from backprop.numbers.buffers import empty, reusing, room
from backprop.numbers.memory import check_memory
from backprop.numbers.shapes import Mismatch, checked, fitting_products, shape_of, shape_text

Array = Any

times = reusing(np.multiply)
IN_CACHE = 1 << 17  # numbers that stay in the cache of a core

# ── products ──


def matmul(A: Array, B: Array) -> Array:
    left, right = shape_of(A), shape_of(B)
    for number, shape in enumerate((left, right)):
        if not shape:
            message = f"{{{number}}} is a number, and @ takes vectors and matrices"
            raise Mismatch(message, [number], "to scale, write {0} * {1}")
    inner = right[-2 if len(right) > 1 else 0]
    if left[-1] != inner:
        place = "second to last" if len(right) > 2 else "first" if len(right) == 2 else "length"
        own = "length" if len(left) == 1 else "last dimension"
        both = f"{{0}} is {shape_text(left)} and {{1}} is {shape_text(right)}"
        fits = fitting_products("{0}", left, "{1}", right)
        message = f"{both}: the {own} of {{0}} is {left[-1]}, and the {place} of {{1}} is {inner}"
        raise Mismatch(message, [0, 1], f"by their shapes {' and '.join(fits)} would fit" if fits else "")
    if left[:-2] and right[:-2]:
        try:
            np.broadcast_shapes(left[:-2], right[:-2])
        except ValueError:
            message = f"{{0}} is {shape_text(left)} and {{1}} is {shape_text(right)}: the stacks do not fit"
            raise Mismatch(message, [0, 1]) from None
    return product(A, B)


def product(A: Array, B: Array) -> Array:
    """The product of two matrices, or stacks of them, into memory that is free where it is large."""
    left, right = A.shape, B.shape
    if len(left) != len(right) or len(left) < 2 or left[:-2] != right[:-2]:
        return np.matmul(A, B)
    if is_ones(B):
        return np.broadcast_to(np.sum(A, axis=-1, keepdims=True), (*left[:-1], right[-1]))
    if is_ones(A):
        return np.broadcast_to(np.sum(B, axis=-2, keepdims=True), (*left[:-1], right[-1]))
    return np.matmul(A, B, out=empty((*left[:-1], right[-1])))


def is_ones(x: Array) -> bool:
    """Whether an array is the number 1, stretched: what a sum sends, or a mask of all that is alive."""
    return x.size > 1 and not any(x.strides) and x[(0,) * x.ndim] == 1.0


dot = matmul
left_of_vectors: Callable[..., Array] = carried.matmul_left
right_of_vectors: Callable[..., Array] = carried.matmul_right


def matmul_left(h: Array, B: Array, A: Array) -> Array:
    """What `A @ B` sends to A: h @ B.T, and its like for vectors (from a stack, summed up)."""
    if np.ndim(A) > 1 and np.ndim(B) > 1:
        return product(h, np.swapaxes(B, -1, -2))
    return left_of_vectors(h, B, A)


def matmul_right(A: Array, h: Array, B: Array) -> Array:
    """What `A @ B` sends to B: A.T @ h, and its like for vectors (from a stack, summed up)."""
    if np.ndim(A) > 1 and np.ndim(B) > 1:
        return product(np.swapaxes(A, -1, -2), h)
    return right_of_vectors(A, h, B)


def outer(x: Array, y: Array) -> Array:
    for place, shape in enumerate((shape_of(x), shape_of(y))):
        if len(shape) != 1:
            raise Mismatch(f"outer takes two vectors, and {{{place}}} is {shape_text(shape)}", [place])
    return times(x[:, None], y)


def vectors_of_three(*vectors: Array) -> None:
    for place, shape in enumerate(map(shape_of, vectors)):
        if not shape or shape[-1] != 3:
            raise Mismatch(f"cross takes vectors of 3, and {{{place}}} is {shape_text(shape)}", [place])


cross = checked(vectors_of_three, carried.cross)


def einsum(*inputs: Array, subscripts: str) -> Array:
    if "..." in subscripts:
        subscripts, inputs = spelt_out(subscripts, inputs)
    shapes = tuple([shape_of(x) for x in inputs])
    plan = product_plan(subscripts, shapes)
    if plan is None:
        found = np.einsum(subscripts, *inputs, optimize=len(inputs) > 2)
        return np.array(found) if len(inputs) == 1 else found  # of one it may be a view
    if plan.turned:
        inputs = inputs[::-1]
    left, right = np.transpose(inputs[0], plan.left), np.transpose(inputs[1], plan.right)
    if plan.elementwise:
        return times(left.reshape(plan.left_shape), right.reshape(plan.right_shape))
    found = product(left.reshape(plan.left_shape), right.reshape(plan.right_shape)).reshape(plan.shape)
    return found if plan.back is None else np.transpose(found, plan.back)


def spelt_out(subscripts: str, inputs: tuple[Array, ...]) -> tuple[str, tuple[Array, ...]]:
    """The subscripts with an index for each dimension that `...` stands for, the last ones in common; and the operands
    without those that are stretched."""
    operands, output = split_subscripts(subscripts, len(inputs))
    if len(operands) != len(inputs) or any(text.count(".") not in (0, 3) for text in (*operands, output)):
        return subscripts, inputs  # which is told where they are checked
    ranks = [np.ndim(x) - len(text) + 3 if "..." in text else 0 for text, x in zip(operands, inputs, strict=True)]
    if "..." not in output or min(ranks) < 0:
        message = "what ... stands for must be in the output, too" if min(ranks) >= 0 else "... stands for nothing"
        raise Mismatch(message, range(len(inputs)))
    letters = [letter for letter in LETTERS if letter not in subscripts][: max(ranks)]
    sizes = [1] * max(ranks)
    for text, x, rank in zip(operands, inputs, ranks, strict=True):
        for axis, size in enumerate(np.shape(x)[text.index("...") :][:rank] if rank else (), max(ranks) - rank):
            sizes[axis] = size if sizes[axis] == 1 else sizes[axis]
    texts, found = [], []
    for text, x, rank in zip(operands, inputs, ranks, strict=True):
        first, lead = text.find("..."), max(ranks) - rank
        own = np.shape(x)[first : first + rank]
        stretched = [axis for axis in range(rank) if own[axis] == 1 != sizes[lead + axis]]
        kept = "".join(letter for axis, letter in enumerate(letters[lead:]) if axis not in stretched)
        texts.append(text.replace("...", kept))
        found.append(np.squeeze(x, tuple([first + axis for axis in stretched])))
    return f"{','.join(texts)}->{output.replace('...', ''.join(letters))}", tuple(found)


class Product(NamedTuple):
    """An einsum of two operands as one product, of matrices (which BLAS computes) or element by element."""

    elementwise: bool
    turned: bool  # whether the operands change places
    left: list[int]  # the order of each operand's dimensions, and its shape then
    right: list[int]
    left_shape: list[int]
    right_shape: list[int]
    shape: list[int]  # of the product
    back: list[int] | None  # the order of the output's dimensions


@lru_cache(1024)
def product_plan(subscripts: str, shapes: tuple[tuple[int, ...], ...]) -> Product | None:
    """How an einsum is one product; None where it is none. Raises a Mismatch where subscripts and shapes do not fit."""
    left, arrow, output = subscripts.replace(" ", "").partition("->")
    operands = left.split(",")
    sizes = check_einsum(operands, output, shapes)
    if len(operands) != 2 or not arrow or any(len(set(letters)) < len(letters) for letters in operands):
        return None
    one, other = operands
    batch = [letter for letter in output if letter in one and letter in other]
    summed = [letter for letter in one if letter in other and letter not in output]
    rows = [letter for letter in output if letter in one and letter not in other]
    columns = [letter for letter in output if letter in other and letter not in one]
    if len(batch) + len(summed) + len(rows) < len(one) or len(batch) + len(summed) + len(columns) < len(other):
        return None  # an index that is summed in one operand alone
    if not summed:
        orders = [[letters.index(letter) for letter in output if letter in letters] for letters in operands]
        spread = [[sizes[letter] if letter in letters else 1 for letter in output] for letters in operands]
        return Product(True, False, orders[0], orders[1], spread[0], spread[1], [], None)
    if batch and not (rows or columns):
        return None  # many dot products, which BLAS does one by one
    turned = bool(columns and rows and output.index(columns[0]) < output.index(rows[0]))
    if turned:
        one, other, rows, columns = other, one, columns, rows
    lead = [sizes[letter] for letter in batch]
    high, deep, wide = (prod(sizes[letter] for letter in letters) for letters in (rows, summed, columns))
    letters = [*batch, *rows, *columns]
    back = [letters.index(letter) for letter in output]
    return Product(
        False, turned,
        [one.index(letter) for letter in (*batch, *rows, *summed)],
        [other.index(letter) for letter in (*batch, *summed, *columns)],
        [*lead, high, deep], [*lead, deep, wide], [sizes[letter] for letter in letters],
        None if back == sorted(back) else back,
    )  # fmt: skip


def check_einsum(operands: list[str], output: str, shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The size of each index; each operand has one for each dimension, and one size for it."""
    if len(operands) != len(shapes):
        raise Mismatch(f"the subscripts name {len(operands)} inputs, and there are {len(shapes)}")
    seen: dict[str, tuple[int, int]] = {}
    for place, (letters, shape) in enumerate(zip(operands, shapes, strict=True)):
        for letter in letters:
            if not letter.isalpha():
                raise Mismatch(f"subscripts are letters, and those of {{{place}}} have {letter} among them", [place])
        if len(letters) != len(shape):
            raise Mismatch(f"{{{place}}} is {shape_text(shape)}, and its subscripts are {letters or 'none'}", [place])
        for letter, size in zip(letters, shape, strict=True):
            other, known = seen.setdefault(letter, (place, size))
            if known != size:
                message = f"the index {letter} is {known} in {{{other}}} and {size} in {{{place}}}"
                raise Mismatch(message, sorted({other, place}))
    for letter in output:
        if letter not in seen or output.count(letter) > 1:
            raise Mismatch(f"the output of the subscripts has an index {letter} that no input has, or has it twice")
    return {letter: size for letter, (_, size) in seen.items()}


# ── matrices ──


def square_of(A: Array, gate: str) -> tuple[int, ...]:
    shape = shape_of(A)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise Mismatch(f"{gate} takes a square matrix, and {{0}} is {shape_text(shape)}", [0])
    return shape


def of_square(gate: str, function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of a square matrix, or of each of a stack."""
    return checked(lambda A: square_of(A, gate), function)


log_of_determinant: Callable[..., Array] = carried.logdet
trace = of_square("trace", lambda A: np.trace(A, axis1=-2, axis2=-1))
logdet = of_square("logdet", lambda A: log_of_determinant(spoilt(A)))
cofactor, cofactor_slope = of_square("cofactor", carried.cofactor), carried.cofactor_slope
inv = of_square("inv", lambda A: answered(np.linalg.inv, spoilt(A)))
cholesky = of_square("cholesky", lambda A: answered(np.linalg.cholesky, (A + np.swapaxes(A, -1, -2)) / 2))


def det(A: Array) -> Array:
    square_of(A, "det")
    value = np.linalg.det(A)
    return np.where((value == 0) & ~np.isfinite(A).all(axis=(-2, -1)), np.nan, value)[()]  # 0 inf


def spoilt(A: Array) -> Array:
    """Nothing but nan in each matrix that has one: elimination, which compares, may lose it."""
    return np.where(np.isnan(A).any(axis=(-2, -1), keepdims=True), np.nan, A)


def answered(function: Any, A: Array) -> Array:
    """A function of matrices that raises where there is no answer: nan there, for each matrix of a stack by itself."""
    try:
        return function(A)
    except np.linalg.LinAlgError:
        if A.ndim == 2:
            return np.full(A.shape, np.nan)
        return np.stack([answered(function, matrix) for matrix in A])


def solve(A: Array, B: Array) -> Array:
    n = square_of(A, "solve")[-1]
    shape = shape_of(B)
    if not shape or shape[-2 if len(shape) > 1 else 0] != n:
        raise Mismatch(
            f"{{0}} is {shape_text(shape_of(A))} and {{1}} is {shape_text(shape)}: they need as many rows", [0, 1]
        )
    if len(shape) == 1 and np.ndim(A) > 2:
        return solve(A, B[:, None])[..., 0]
    try:
        return np.linalg.solve(spoilt(A), B)
    except np.linalg.LinAlgError:
        return matmul(inv(A), B)


column: Callable[..., Array] = carried.column
uncolumn: Callable[..., Array] = carried.uncolumn


def diag(x: Array) -> Array:
    if len(shape_of(x)) == 1:
        return np.diag(x)
    if len(shape_of(x)) == 2:
        return np.array(np.diagonal(x))
    raise Mismatch(f"diag takes a vector or a matrix, and {{0}} is {shape_text(shape_of(x))}", [0])


def undiag(h: Array, x: Array) -> Array:
    shape = shape_of(x)
    if len(shape) == 1:
        return np.array(np.diagonal(h))
    found = np.zeros(shape)
    np.fill_diagonal(found[: len(h), : len(h)], h)
    return found


def triangle(function: Any) -> Any:
    def cut(x: Array, *, k: int) -> Array:
        if len(shape_of(x)) < 2:
            raise Mismatch(f"{{0}} must be a matrix, and it is {shape_text(shape_of(x))}", [0])
        most = max(shape_of(x))  # a diagonal further out than that is outside, however far
        return function(x, k=max(-most, min(k, most)))

    return cut


tril, triu = triangle(np.tril), triangle(np.triu)

# ── convolutions: x is (batch, channels, …), w (channels out, channels in, …); both may leave the first two out ──


def prepared(x: Array, rank: int, padding: int) -> Array:
    """An input with a batch and channels, padded by zeros."""
    shape = shape_of(x)
    x = np.reshape(x, (*[1] * (rank + 2 - len(shape)), *shape))
    if not padding:
        return x
    found = room((*x.shape[:2], *[size + 2 * padding for size in x.shape[2:]]))
    found.fill(0.0)
    found[inside(found.shape, padding)] = x
    return found


def inside(shape: tuple[int, ...], padding: int) -> tuple[slice, ...]:
    """Where in a padded input of this shape the input itself lies."""
    return (slice(None), slice(None), *[slice(padding, size - padding) for size in shape[2:]])


def check_convolution(x: tuple[int, ...], w: tuple[int, ...], rank: int, stride: Any, padding: Any) -> None:
    channels = len(w) == rank + 2
    if len(w) not in (rank, rank + 2):
        raise Mismatch(f"{{1}} is {shape_text(w)}, and conv{rank}d takes {rank} or {rank + 2} dimensions", [1])
    if not (len(x) == rank if not channels else len(x) in (rank + 1, rank + 2)):
        wanted = f"{rank + 1} or {rank + 2}" if channels else f"{rank}"
        raise Mismatch(
            f"{{0}} is {shape_text(x)}, and with {{1}} of {shape_text(w)} it has {wanted} dimensions", [0, 1]
        )
    if channels and x[-rank - 1] != w[1]:
        raise Mismatch(
            f"{{0}} has {x[-rank - 1]} channels ({shape_text(x)}), and {{1}} takes {w[1]} ({shape_text(w)})", [0, 1]
        )
    if not (isinstance(stride, int) and stride > 0 and isinstance(padding, int) and padding >= 0):
        raise Mismatch("a stride is a whole number from 1 on, and a padding one from 0 on", [0])
    for size, window in zip(x[-rank:], w[-rank:], strict=True):
        if window > size + 2 * padding or not window:
            raise Mismatch(f"{{1}} ({shape_text(w)}) is larger than {{0}} ({shape_text(x)})", [0, 1])


def windows(x: Array, window: tuple[int, ...], stride: int) -> Array:
    """The stretches of x that w slides over: batch, channels, window…, positions…"""
    rank = len(window)
    found = np.lib.stride_tricks.sliding_window_view(x, window, axis=tuple(range(2, 2 + rank)))
    found = found[(slice(None), slice(None), *[slice(None, None, stride)] * rank)]
    return np.moveaxis(found, tuple(range(2, 2 + rank)), tuple(range(-rank, 0)))


def blocks(shape: tuple[int, ...]) -> Iterator[tuple[slice, Array]]:
    """Memory for an array of this shape, for as much of its first dimension at a time as a core's cache holds."""
    together = max(1, IN_CACHE // max(1, prod(shape[1:])))
    memory = room((min(together, shape[0]), *shape[1:]))
    for start in range(0, shape[0], together):
        stop = min(start + together, shape[0])
        yield slice(start, stop), memory[: stop - start]


def as_matrices(seen: Array) -> Array:
    """Stretches as a matrix for each of a batch: a row for each place of w, a column for each position."""
    rank = (seen.ndim - 2) // 2
    return seen.reshape(len(seen), prod(seen.shape[1 : 2 + rank]), prod(seen.shape[2 + rank :]))


def padded_size(x: tuple[int, ...], w: tuple[int, ...], rank: int, padding: int) -> float:
    """How many numbers a padded input has, counted once for each place of the window."""
    sizes = (*x[:-rank], *(n + 2 * padding for n in x[-rank:]), *w[-rank:])
    return prod([max(size, 1) for size in sizes], start=1.0)


with_channels: Callable[[Array, int], Array] = carried.with_channels


def convolve(x: Array, w: Array, rank: int, stride: int, padding: int) -> Array:
    check_convolution(shape_of(x), shape_of(w), rank, stride, padding)
    check_memory(padded_size(shape_of(x), shape_of(w), rank, padding), "a padded input with all its windows")
    full = with_channels(w, rank)
    seen = windows(prepared(x, rank, padding), full.shape[2:], stride)
    weights = full.reshape(len(full), prod(full.shape[1:]))
    found = room((len(seen), len(full), *seen.shape[2 + rank :]))
    flat = found.reshape(len(seen), len(full), prod(found.shape[2:]))
    for part, copied in blocks(seen.shape):
        copied[...] = seen[part]
        np.matmul(weights, as_matrices(copied), out=flat[part])
    return found.reshape(
        found.shape[2:] if np.ndim(w) == rank else found.shape[1:] if np.ndim(x) == rank + 1 else found.shape
    )


def convolve_left(h: Array, w: Array, x: Array, rank: int, stride: int, padding: int) -> Array:
    """What a convolution sends to x: each position of w carries the gradient back to where it was read."""
    full = with_channels(w, rank)
    h = with_channels(h, rank)
    turned = full.reshape(len(full), prod(full.shape[1:])).T.copy()
    found = room((len(h), full.shape[1], *[size + 2 * padding for size in np.shape(x)[-rank:]]))
    found.fill(0.0)
    size, wide = h.shape[-1], found.shape[-1]
    # With rows as long as those of x, filled up by zeros, what each place of w carries is one stretch of memory.
    straight = stride == 1 and wide < 2 * size and bool(np.isfinite(full).all())
    rows = (*h.shape[2:-1], wide if straight else size)
    there = stretches(found, full.shape[2:], prod(rows) - (wide - size)) if straight else read(found, full, h, stride)
    for part, sent in blocks((len(h), *full.shape[1:], *rows)):
        above = h[part]
        if straight and wide > size:
            above = room((*above.shape[:-1], wide))
            above[..., :size], above[..., size:] = h[part], 0.0
        np.matmul(turned, above.reshape(*above.shape[:2], prod(rows)), out=as_matrices(sent))
        pieces = sent.reshape(*sent.shape[:2], -1, *([prod(rows)] if straight else rows))
        for place, whole in enumerate(there):
            target = whole[part]
            np.add(target, pieces[:, :, place, : target.shape[2]], out=target)
    return found[inside(found.shape, padding)].reshape(np.shape(x))


def stretches(x: Array, window: tuple[int, ...], size: int) -> list[Array]:
    """The stretch of a padded input's memory, of a size, from each place of a window on."""
    flat, steps = x.reshape(*x.shape[:2], -1), [prod(x.shape[axis:]) for axis in range(3, x.ndim + 1)]
    starts = [sum(p * step for p, step in zip(place, steps, strict=True)) for place in np.ndindex(*window)]
    return [flat[..., start : start + size] for start in starts]


def read(x: Array, w: Array, h: Array, stride: int) -> list[Array]:
    """What each place of w reads of a padded input."""
    return [
        x[(..., *[slice(p, p + stride * (n - 1) + 1, stride) for p, n in zip(place, h.shape[2:], strict=True)])]
        for place in np.ndindex(*w.shape[2:])
    ]


def convolve_right(x: Array, h: Array, w: Array, rank: int, stride: int, padding: int) -> Array:
    """What a convolution sends to w: the gradient against every stretch of x."""
    h = with_channels(h, rank)
    full = (*[1] * (rank + 2 - np.ndim(w)), *np.shape(w))
    seen = windows(prepared(x, rank, padding), full[2:], stride)
    flat = h.reshape(*h.shape[:2], prod(h.shape[2:]))
    found = np.empty((len(seen), prod(full[1:]), h.shape[1]))
    for part, copied in blocks(seen.shape):
        copied[...] = seen[part]
        np.matmul(as_matrices(copied), flat[part].swapaxes(1, 2), out=found[part])
    return found.sum(axis=0).T.reshape(np.shape(w))


conv1d, conv2d = partial(convolve, rank=1), partial(convolve, rank=2)
conv1d_left, conv2d_left = partial(convolve_left, rank=1), partial(convolve_left, rank=2)
conv1d_right, conv2d_right = partial(convolve_right, rank=1), partial(convolve_right, rank=2)
