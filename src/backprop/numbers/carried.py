"""Functions that a NumPy program may carry along, each under its name: the calculator computes with the same text.

Their lines are no longer than ruff's in such a program.
"""

# ruff: noqa: F821 (SciPy, which not everybody has, is imported by the program)

import numpy as np


# /// unbroadcast
def unbroadcast(g, x):
    """Sum what was stretched back to the shape of x."""
    g = np.broadcast_to(g, np.broadcast_shapes(np.shape(g), np.shape(x)))
    g = np.sum(g, axis=tuple(range(np.ndim(g) - np.ndim(x))))
    stretched = tuple(i for i, n in enumerate(np.shape(x)) if n == 1 != g.shape[i])
    return np.sum(g, axis=stretched, keepdims=True) if stretched else g


# /// matmul_left
def matmul_left(g, B, A):
    """What A @ B sends to A: g @ B.T, and its like for vectors."""
    if np.ndim(A) > 1:
        B = np.swapaxes(B, -1, -2) if np.ndim(B) > 1 else B
        return g @ B if np.ndim(B) > 1 else g[..., None] * B
    if np.ndim(B) == 1:
        return g * B
    found = (B @ g[..., None])[..., 0]
    return found.sum(axis=tuple(range(found.ndim - 1)))


# /// matmul_right
def matmul_right(A, g, B):
    """What A @ B sends to B: A.T @ g, and its like for vectors."""
    if np.ndim(A) == 1:
        return g * A if np.ndim(B) == 1 else A[:, None] * g[..., None, :]
    if np.ndim(B) > 1:
        return np.swapaxes(A, -1, -2) @ g
    found = (np.swapaxes(A, -1, -2) @ g[..., None])[..., 0]
    return found.sum(axis=tuple(range(found.ndim - 1)))


# /// transpose
def transpose(x):
    """Turn a matrix, or each matrix of a stack."""
    return np.swapaxes(x, -1, -2) if np.ndim(x) > 1 else x


# /// coincide
def coincide(x, subscripts):
    """1 where indices with the same letter are equal, else 0."""
    between = map(chr, range(np.ndim(x) - len(subscripts) + 3))
    subscripts = subscripts.replace("...", "".join(between))
    places = np.indices(np.shape(x))
    same = [places[i] == places[subscripts.index(s)] for i, s in enumerate(subscripts)]
    return 1.0 * np.all(same, axis=0)


# /// scatter
def scatter(g, x, places):
    """Add each element to its place in zeros of the shape of x."""
    found = np.zeros(np.shape(x))
    np.add.at(found, places, g)
    return found


# /// starts
def starts(inputs, axis=0):
    """Where each input begins in what was joined."""
    found = [0]
    for x in inputs[:-1]:
        found.append(found[-1] + np.shape(x)[axis])
    return found


# /// part
def part(g, x, start, axis=0):
    """The part of one input in what was joined."""
    return np.split(g, [start, start + np.shape(x)[axis]], axis=axis)[1]


# /// whole
def whole(g, x, start, axis=0):
    """Zeros in the shape of what was joined, but for the part of one input."""
    ends = [start, start + np.shape(g)[axis]]
    before, _, after = np.split(np.zeros_like(x), ends, axis=axis)
    return np.concatenate([before, g, after], axis=axis)


# /// column
def column(h, x):
    """Vectors as columns, where x is a vector."""
    return h[..., None] if np.ndim(x) == 1 else h


# /// uncolumn
def uncolumn(h, x):
    """Columns as vectors, where x is a vector."""
    return h[..., 0] if np.ndim(x) == 1 else h


# /// undiag
def undiag(g, x):
    """Put a diagonal back into a matrix, or read it off."""
    if np.ndim(x) == 1:
        return np.diagonal(g)
    found = np.zeros(np.shape(x))
    found[range(len(g)), range(len(g))] = g
    return found


# /// resort
def resort(g, x, axis=-1):
    """The elements in the order that sorts x."""
    order = np.argsort(np.atleast_1d(x), axis=axis, kind="stable")
    return np.take_along_axis(np.atleast_1d(g), order, axis).reshape(np.shape(x))


# /// unsort
def unsort(g, x, axis=-1):
    """Sorted elements in the order of x."""
    order = np.argsort(np.atleast_1d(x), axis=axis, kind="stable")
    found = np.empty(order.shape)
    np.put_along_axis(found, order, np.atleast_1d(g), axis)
    return found.reshape(np.shape(x))


# /// sort
def sort(x, axis=-1):
    """The elements in order, along an axis; a number as it is."""
    return np.sort(np.atleast_1d(x), axis=axis).reshape(np.shape(x))


# /// shift
def shift(x, by=1, fill=0, axis=0):
    """Move along an axis, and fill up."""
    if not np.ndim(x):
        return np.float64(fill)
    found = np.roll(x, by, axis)
    gap = slice(None, by) if by > 0 else slice(by, None)
    np.moveaxis(found, axis, 0)[gap] = fill
    return found


# /// scan
def scan(a, b, axis=0, reverse=False):
    """A linear recurrence along an axis: y[i] = b[i] + a[i] * y[i - 1]."""
    if reverse:
        return np.flip(scan(np.flip(a, axis), np.flip(b, axis), axis), axis)
    factors, found = np.moveaxis(a, axis, 0), np.moveaxis(np.array(b), axis, 0)
    for i in range(1, len(found)):
        found[i] += factors[i] * found[i - 1]
    return np.moveaxis(found, 0, axis)


# /// count
def count(x, axis):
    """How many elements a reduction takes together."""
    return np.prod([np.shape(x)[i] for i in axis])


# /// first
def first(x, axis=None):
    """1 at the first element that is not 0, else 0."""
    hit, size = np.not_equal(x, 0), np.size(x)
    place = np.arange(size).reshape(np.shape(x))
    least = np.min(np.where(hit, place, size), axis=axis, keepdims=True, initial=size)
    return 1.0 * (place == least)


# /// centred
def centred(x, axis=None):
    """x less its mean: exactly 0 where all elements are equal."""
    start = np.min(x, axis=axis, keepdims=True)
    far = x - np.where(np.isfinite(start), start, 0.0)
    return far - np.mean(far, axis=axis, keepdims=True)


# /// var
def var(x, axis=None, keepdims=False, ddof=0):
    """The variance: exactly 0 where all elements are equal."""
    total = np.sum(centred(x, axis) ** 2, axis=axis, keepdims=keepdims)
    n = np.size(x) / max(np.size(total), 1)
    return np.divide(total, max(n - ddof, 0))


# /// std
def std(x, axis=None, keepdims=False, ddof=0):
    """The standard deviation: exactly 0 where all elements are equal."""
    return np.sqrt(var(x, axis, keepdims, ddof))


# /// norm
def norm(x, axis=None, keepdims=False):
    """The root of the sum of squares, which neither overflows nor dies out."""
    largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0.0)
    scale = np.where((largest == 0) | ~np.isfinite(largest), 1.0, largest)
    root = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True))
    found = scale * root
    return found if keepdims else np.squeeze(found, axis=axis)[()]


# /// logsumexp
def logsumexp(x, axis=None, keepdims=False):
    """The log of the sum of exp(x), which does not overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    found = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return found if keepdims else np.squeeze(found, axis=axis)[()]


# /// softmax
def softmax(x, axis=-1):
    """exp(x) over its sum, which does not overflow."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    found = np.exp(x - np.where(np.isfinite(top), top, 0.0))
    return found / np.sum(found, axis=axis, keepdims=True)


# /// log_softmax
def log_softmax(x, axis=-1):
    """The log of softmax, with all its digits."""
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    below = x - np.where(np.isfinite(top), top, 0.0)
    return below - np.log(np.sum(np.exp(below), axis=axis, keepdims=True))


# /// cumsum
def cumsum(x, axis=None, reverse=True):
    """The running sum from the back."""
    x, axis = (np.ravel(x), 0) if axis is None else (x, axis)
    return np.flip(np.cumsum(np.flip(x, axis), axis=axis), axis)


# /// cumprod
def cumprod(x, axis=None, reverse=True):
    """The running product from the back."""
    x, axis = (np.ravel(x), 0) if axis is None else (x, axis)
    return np.flip(np.cumprod(np.flip(x, axis), axis=axis), axis)


# /// inv
def inv(A):
    """The inverse; nan for a singular matrix."""
    if np.ndim(A) > 2:
        return np.stack([inv(matrix) for matrix in A])
    try:
        return np.linalg.inv(np.where(np.isnan(A).any(), np.nan, A))
    except np.linalg.LinAlgError:
        return np.full(np.shape(A), np.nan)


# /// solve
def solve(A, B):
    """inv(A) @ B; nan for a singular matrix."""
    try:
        nan = np.isnan(A).any(axis=(-2, -1), keepdims=True)
        return np.linalg.solve(np.where(nan, np.nan, A), B)
    except np.linalg.LinAlgError:
        return inv(A) @ B


# /// cholesky
def cholesky(A):
    """The lower triangle L with L @ L.T = A; nan where there is none."""
    if np.ndim(A) > 2:
        return np.stack([cholesky(matrix) for matrix in A])
    try:
        return np.linalg.cholesky((A + A.T) / 2)
    except np.linalg.LinAlgError:
        return np.full(np.shape(A), np.nan)


# /// logdet
def logdet(A):
    """The log of the determinant; nan where that is negative."""
    sign, log = np.linalg.slogdet(A)
    return np.where(sign < 0, np.nan, log)[()]


# /// cofactor
def cofactor(A):
    """det(A) * inv(A).T, of a singular matrix too, from its singular values."""
    finite = np.isfinite(A).all(axis=(-2, -1))[..., None, None]
    u, s, vt = np.linalg.svd(np.where(finite, A, 0.0))
    u, n = np.where(finite, u, np.nan), s.shape[-1]
    others = np.prod(np.where(np.eye(n) == 1, 1.0, s[..., None, :]), axis=-1)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    return sign[..., None, None] * ((u * others[..., None, :]) @ vt)


# /// cofactor_slope
def cofactor_slope(h, A):
    """What cofactor sends to A, of a singular matrix too, from its singular values."""
    finite = np.isfinite(A).all(axis=(-2, -1))[..., None, None]
    u, s, vt = np.linalg.svd(np.where(finite, A, 0.0))
    u = np.where(finite, u, np.nan)
    one = np.eye(s.shape[-1]) == 1
    kept = np.where(one[:, None] | one, 1.0, s[..., None, None, :])
    others = np.prod(kept, axis=-1) * ~one
    turned = np.swapaxes(u, -1, -2) @ h @ np.swapaxes(vt, -1, -2)
    diagonal = others @ np.diagonal(turned, axis1=-2, axis2=-1)[..., None]
    sign = np.linalg.det(u) * np.linalg.det(vt)
    found = diagonal * one - np.swapaxes(turned, -1, -2) * others
    return sign[..., None, None] * (u @ found @ vt)


# /// cross
def cross(x, y):
    """The vector at right angles to both."""
    a, b = np.moveaxis(x, -1, 0), np.moveaxis(y, -1, 0)
    parts = [a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)]
    return np.stack(parts, axis=-1)


# /// xlogy
def xlogy(x, y):
    """x * log(y), and 0 where x is 0."""
    nothing = np.equal(x, 0) & ~np.isnan(y)
    return np.where(nothing, 0.0, x * np.log(np.where(nothing, 1.0, y)))


# /// lgamma
def lgamma(x):
    """log(abs(gamma(x))), next to 0 and at -inf, too."""
    end = np.less(abs(x), 1e-300) | np.isinf(x)
    return np.where(end, abs(np.log(abs(x))), scipy.special.gammaln(x))


# /// digamma
def digamma(x):
    """The slope of log(gamma(x)): below 0 by reflection, exact next to its poles."""
    rest = x - np.rint(x)
    below = scipy.special.digamma(1 - x) - np.pi / np.tan(np.pi * rest)
    below = np.where(rest == 0, np.nan, below)
    return np.where(np.less(x, 0), below, scipy.special.digamma(x))


# /// polygamma
def polygamma(n, x):
    """The n-th derivative of digamma."""
    even = np.equal(np.mod(n, 2), 0)
    lost = np.less(x, 0) & (x == np.floor(x)) & (np.isinf(x) | even)
    found = np.where(lost, np.nan, scipy.special.polygamma(n, x))
    return np.where(even & np.equal(x, 0), np.divide(-1, x), found)


# /// one_hot
def one_hot(t, z):
    """Classes as rows of zeros and a one; probabilities as they are."""
    if np.shape(t) == np.shape(z):
        return t
    return 1.0 * (np.asarray(t)[..., None] == np.arange(np.shape(z)[-1]))


# /// match
def match(g, t):
    """g where it has the shape of t, else zeros in that shape."""
    return g if np.shape(g) == np.shape(t) else np.zeros(np.shape(t))


# /// windows
def windows(x, w, stride, padding):
    """The stretches of x that w slides over: batch, channels, positions, window."""
    rank = np.ndim(w) - 2
    x = np.pad(x, [(0, 0), (0, 0)] + [(padding, padding)] * rank)
    axes = tuple(range(2, 2 + rank))
    found = np.lib.stride_tricks.sliding_window_view(x, w.shape[2:], axis=axes)
    return found[(slice(None), slice(None)) + (slice(None, None, stride),) * rank]


# /// with_channels
def with_channels(x, rank):
    """x with a batch and channels ahead of its positions."""
    return np.reshape(x, (1,) * (rank + 2 - np.ndim(x)) + np.shape(x))


# /// convolve
def convolve(x, w, rank, stride, padding):
    """Slide w over x."""
    full = with_channels(w, rank)
    seen = windows(with_channels(x, rank), full, stride, padding)
    inner = tuple(range(2 + rank, 2 + 2 * rank))
    found = np.tensordot(seen, full, ((1, *inner), tuple(range(1, 2 + rank))))
    found = np.moveaxis(found, -1, 1)
    kept = 2 if np.ndim(w) == rank else 1 if np.ndim(x) == rank + 1 else 0
    return found.reshape(found.shape[kept:])


# /// convolve_left
def convolve_left(g, w, x, rank, stride, padding):
    """What a convolution sends to x: each position of w carries g back."""
    w, g, full = (with_channels(each, rank) for each in (w, g, x))
    found = np.zeros(full.shape[:2] + tuple(n + 2 * padding for n in full.shape[2:]))
    for at in np.ndindex(*w.shape[2:]):
        ends = [p + stride * (n - 1) + 1 for p, n in zip(at, g.shape[2:], strict=True)]
        to = [slice(p, end, stride) for p, end in zip(at, ends, strict=True)]
        carried = np.tensordot(g, w[(slice(None), slice(None), *at)], (1, 0))
        found[(slice(None), slice(None), *to)] += np.moveaxis(carried, -1, 1)
    inside = [slice(padding, n - padding) for n in found.shape[2:]]
    return found[(slice(None), slice(None), *inside)].reshape(np.shape(x))


# /// convolve_right
def convolve_right(x, g, w, rank, stride, padding):
    """What a convolution sends to w: g against every stretch of x."""
    seen = windows(with_channels(x, rank), with_channels(w, rank), stride, padding)
    axes = (0, *range(2, 2 + rank))
    return np.tensordot(with_channels(g, rank), seen, (axes, axes)).reshape(np.shape(w))


# /// conv1d
def conv1d(x, w, stride=1, padding=0):
    """Slide w over x."""
    return convolve(x, w, 1, stride, padding)


# /// conv2d
def conv2d(x, w, stride=1, padding=0):
    """Slide w over x."""
    return convolve(x, w, 2, stride, padding)


# /// conv1d_left
def conv1d_left(g, w, x, stride=1, padding=0):
    """What conv1d(x, w) sends to x."""
    return convolve_left(g, w, x, 1, stride, padding)


# /// conv2d_left
def conv2d_left(g, w, x, stride=1, padding=0):
    """What conv2d(x, w) sends to x."""
    return convolve_left(g, w, x, 2, stride, padding)


# /// conv1d_right
def conv1d_right(x, g, w, stride=1, padding=0):
    """What conv1d(x, w) sends to w."""
    return convolve_right(x, g, w, 1, stride, padding)


# /// conv2d_right
def conv2d_right(x, g, w, stride=1, padding=0):
    """What conv2d(x, w) sends to w."""
    return convolve_right(x, g, w, 2, stride, padding)
