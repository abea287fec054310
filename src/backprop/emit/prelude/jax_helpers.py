"""What JAX says otherwise than NumPy: its arrays do not change, and its linear algebra raises nothing."""

# ruff: noqa: F821 (what a function calls is a function of the program)

import math

import jax
import jax.numpy as jnp


# /// erfinv
def erfinv(x):
    """JAX's own, with a step of Halley's method for the last digits."""
    y = jax.scipy.special.erfinv(x)
    above = (1 - abs(x)) - jax.scipy.special.erfc(abs(y))
    error = jnp.where(abs(x) < 0.5, jax.scipy.special.erf(abs(y)) - abs(x), above)
    error = error * 0.886226925452758 * jnp.exp(y * y)
    better = y - jnp.sign(x) * error / (1 + abs(y) * error)
    return jnp.where(abs(x) < 1, better, y)


# /// coincide
def coincide(x, subscripts):
    """1 where indices with the same letter are equal, else 0."""
    between = map(chr, range(jnp.ndim(x) - len(subscripts) + 3))
    subscripts = subscripts.replace("...", "".join(between))
    places = jnp.indices(jnp.shape(x))
    found = jnp.ones_like(x)
    for i, letter in enumerate(subscripts):
        found = found * (places[i] == places[subscripts.index(letter)])
    return found


# /// scatter
def scatter(g, x, places):
    """Add each element to its place in zeros of the shape of x."""
    return jnp.zeros_like(x).at[places].add(g)


# /// part
def part(g, x, start, axis=0):
    """The part of one input in what was joined."""
    return jax.lax.slice_in_dim(g, start, start + jnp.shape(x)[axis], axis=axis)


# /// undiag
def undiag(g, x):
    """Put a diagonal back into a matrix, or read it off."""
    if jnp.ndim(x) == 1:
        return jnp.diagonal(g)
    places = jnp.arange(len(g))
    return jnp.zeros_like(x).at[places, places].set(g)


# /// resort
def resort(g, x, axis=-1):
    """The elements in the order that sorts x."""
    order = jnp.argsort(jnp.atleast_1d(x), axis=axis)
    found = jnp.take_along_axis(jnp.atleast_1d(g), order, axis=axis)
    return found.reshape(jnp.shape(x))


# /// unsort
def unsort(g, x, axis=-1):
    """Sorted elements in the order of x."""
    order = jnp.argsort(jnp.argsort(jnp.atleast_1d(x), axis=axis), axis=axis)
    found = jnp.take_along_axis(jnp.atleast_1d(g), order, axis=axis)
    return found.reshape(jnp.shape(x))


# /// sort
def sort(x, axis=-1):
    """The elements in order, along an axis; a number as it is."""
    return jnp.sort(x, axis=axis) if jnp.ndim(x) else x


# /// shift
def shift(x, by=1, fill=0, axis=0):
    """Move along an axis, and fill up."""
    found = jnp.moveaxis(jnp.roll(x, by, axis), axis, 0)
    gap = slice(None, by) if by > 0 else slice(by, None)
    return jnp.moveaxis(found.at[gap].set(fill), 0, axis)


# /// scan
def scan(a, b, axis=0, reverse=False):
    """A linear recurrence along an axis: y[i] = b[i] + a[i] * y[i - 1]."""
    a, b = jnp.moveaxis(a, axis, 0), jnp.moveaxis(b, axis, 0)
    if not len(b):
        return jnp.moveaxis(b, 0, axis)
    a = a.at[-1 if reverse else 0].set(0.0)

    def step(before, now):
        found = now[1] + now[0] * before
        return found, found

    first = jnp.zeros(b.shape[1:], b.dtype)
    return jnp.moveaxis(jax.lax.scan(step, first, (a, b), reverse=reverse)[1], 0, axis)


# /// count
def count(x, axis):
    """How many elements a reduction takes together."""
    return math.prod(jnp.shape(x)[i] for i in axis)


# /// inv
def inv(A):
    """The inverse; nan for a singular matrix."""
    found = jnp.linalg.inv(A)
    finite = jnp.all(jnp.isfinite(found), axis=(-2, -1), keepdims=True)
    return jnp.where(finite, found, jnp.nan)


# /// solve
def solve(A, B):
    """inv(A) @ B; nan for a singular matrix."""
    found = jnp.linalg.solve(A, B)
    return jnp.where(jnp.isfinite(found), found, jnp.nan)


# /// cholesky
def cholesky(A):
    """The lower triangle L with L @ L.T = A; nan where there is none."""
    return jnp.linalg.cholesky((A + jnp.swapaxes(A, -1, -2)) / 2)


# /// convolve
def convolve(x, w, rank, stride, padding):
    """Slide w over x."""
    full, kernel = with_channels(x, rank), with_channels(w, rank)
    steps, around = (stride,) * rank, [(padding, padding)] * rank
    found = jax.lax.conv_general_dilated(full, kernel, steps, around)
    kept = 2 if jnp.ndim(w) == rank else 1 if jnp.ndim(x) == rank + 1 else 0
    return found.reshape(found.shape[kept:])


# /// convolve_left
def convolve_left(g, w, x, rank, stride, padding):
    """What a convolution sends to x: g, spread out, slid over w turned round."""
    g, w, full = (with_channels(each, rank) for each in (g, w, x))
    turned = jnp.swapaxes(jnp.flip(w, range(2, 2 + rank)), 0, 1)
    around = []
    for n, k, m in zip(full.shape[2:], w.shape[2:], g.shape[2:], strict=True):
        ahead = k - 1 - padding
        around.append((ahead, n + k - 2 - (m - 1) * stride - ahead))
    ones, gaps = (1,) * rank, (stride,) * rank
    found = jax.lax.conv_general_dilated(g, turned, ones, around, lhs_dilation=gaps)
    return found.reshape(jnp.shape(x))


# /// convolve_right
def convolve_right(x, g, w, rank, stride, padding):
    """What a convolution sends to w: g, spread out, slid over x."""
    x, g, full = (with_channels(each, rank) for each in (x, g, w))
    around = []
    for n, k, m in zip(x.shape[2:], full.shape[2:], g.shape[2:], strict=True):
        around.append((padding, k - n - padding + (m - 1) * stride))
    x, g = jnp.swapaxes(x, 0, 1), jnp.swapaxes(g, 0, 1)
    ones, gaps = (1,) * rank, (stride,) * rank
    found = jax.lax.conv_general_dilated(x, g, ones, around, rhs_dilation=gaps)
    return jnp.swapaxes(found, 0, 1).reshape(jnp.shape(w))
