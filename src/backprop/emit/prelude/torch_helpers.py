"""Functions that a PyTorch program may need, each under its name; JAX takes some of them."""

# ruff: noqa: F821 (what a function calls is a function of the program)

import math

import torch


# /// gamma
def gamma(x):
    """Stirling's series from 20 on, the recurrence up to it, the reflection below."""
    size = torch.where(x < 0.5, 1 - x, x)
    factor = torch.ones_like(x)
    for _ in range(20):
        factor = torch.where(size < 20, factor * size, factor)
        size = torch.where(size < 20, size + 1, size)
    z = 1 / (size * size)
    tail = 1 / 1260 - z * (1 / 1680 - z * (1 / 1188 - z * 691 / 360360))
    series = (1 / 12 - z * (1 / 360 - z * tail)) / size
    half = size ** (size / 2 - 0.25)
    above = half * (torch.exp(-size) * 2.5066282746310002 * half)
    above = above / factor * torch.exp(series)
    whole = x == torch.floor(x)
    above = torch.where(whole, above + torch.detach(torch.round(above) - above), above)
    above = torch.where(x > 171.7, torch.inf, above)
    below = torch.pi / (sinpi(torch.where(x >= 0.5, 0.25, x)) * above)
    below = torch.where(whole, torch.where(x == 0, 1 / x, torch.nan), below)
    return torch.where(x < 0.5, below, above)


# /// digamma
def digamma(x):
    """Below 0 by the reflection, without rounding in pi x."""
    above = torch.digamma(torch.where(x > 0, x, 1 - x))
    low = torch.where(x > 0, 0.25, x)
    turn = sinpi(low)
    below = torch.where(turn == 0, torch.nan, above - torch.pi * cospi(low) / turn)
    return torch.where(x > 0, above, torch.where(x == 0, -1 / x, below))


# /// powers
def powers(n, x):
    """n! times the sum of 1 / (x + k)^(n+1) over k = 0, 1, …, for n, x > 0."""
    n = torch.where(n > 0, n, 1.0)
    found = gamma(n + 1) * torch.special.zeta(n + 1, torch.where(x > 0, x, 1.0))
    return torch.where(x == torch.inf, 0.0, found)


# /// polygamma
def polygamma(n, x):
    """Below 0: the sum over all whole k, less the terms that are too many."""
    n = torch.zeros_like(x) + n
    odd = n % 2 == 1
    sign = torch.where(odd, 1.0, -1.0)
    nearest = torch.round(x)
    rest = torch.where(x < 0, abs(x - nearest), 0.5)
    near, far = powers(n, rest), powers(n, 1 - rest)
    below = torch.where(x < nearest, near + sign * far, sign * near + far)
    equal = (rest == 0.5) & ~odd & (near == torch.inf)
    below = torch.where(equal, 0.0, below) - powers(n, 1 - x)
    pole = torch.where(odd, torch.inf, torch.where(x == 0, -1 / x, torch.nan))
    pole = torch.where(x == -torch.inf, torch.nan, pole)
    below = torch.where(x == nearest, pole, below)
    found = torch.where(x > 0, sign * powers(n, x), below)
    found = torch.where(n == 0, digamma(x), found)
    return torch.where((n >= 0) & (n == torch.floor(n)) & (x == x), found, torch.nan)


# /// unbroadcast
def unbroadcast(g, x):
    """Sum what was stretched back to the shape of x."""
    shape = torch.broadcast_shapes(g.shape, x.shape)
    return g.expand(shape).sum_to_size(x.shape)


# /// axes
def axes(x, dim):
    """The dimensions that dim names: all of them where it is None."""
    if dim is None:
        return tuple(range(x.dim()))
    return dim if type(dim) is tuple else (dim,)


# /// spread
def spread(g, x, dim=None, keepdim=False):
    """Hand what was summed over some dimensions to every element of x."""
    if dim is not None and not keepdim:
        for each in sorted(i % x.dim() for i in axes(x, dim)):
            g = g.unsqueeze(each)
    return g.expand(x.shape)


# /// matmul_left
def matmul_left(g, B, A):
    """What A @ B sends to A: g @ B.T, and its like for vectors."""
    if A.dim() > 1:
        return g @ B.mT if B.dim() > 1 else g[..., None] * B
    if B.dim() == 1:
        return g * B
    return (B @ g[..., None])[..., 0].sum_to_size(A.shape)


# /// matmul_right
def matmul_right(A, g, B):
    """What A @ B sends to B: A.T @ g, and its like for vectors."""
    if B.dim() > 1:
        return A.mT @ g if A.dim() > 1 else A[:, None] * g[..., None, :]
    if A.dim() == 1:
        return g * A
    return (A.mT @ g[..., None])[..., 0].sum_to_size(B.shape)


# /// transpose
def transpose(x):
    """Turn a matrix, or each matrix of a stack."""
    return x.mT if x.dim() > 1 else x.view_as(x)


# /// coincide
def coincide(x, subscripts):
    """1 where indices with the same letter are equal, else 0."""
    between = map(chr, range(x.dim() - len(subscripts) + 3))
    subscripts = subscripts.replace("...", "".join(between))
    found = torch.ones_like(x)
    places = torch.meshgrid([torch.arange(n) for n in x.shape], indexing="ij")
    for i, letter in enumerate(subscripts):
        found = found * (places[i] == places[subscripts.index(letter)])
    return found


# /// strided
def strided(x, dim, part):
    """A slice that goes backwards, which PyTorch's indexing does not have."""
    return x.index_select(dim, torch.tensor(range(x.shape[dim])[part], dtype=int))


# /// scatter
def scatter(g, x, piece):
    """Add each element to its place in zeros of the shape of x."""
    places = piece(torch.arange(x.numel()).reshape(x.shape))
    found, g = torch.zeros_like(x).flatten(), g.expand(places.shape).flatten()
    return found.index_add(0, places.flatten(), g.to(x.dtype)).reshape(x.shape)


# /// starts
def starts(inputs, dim=0):
    """Where each input begins in what was joined."""
    found = [0]
    for x in inputs[:-1]:
        found.append(found[-1] + x.shape[dim])
    return found


# /// part
def part(g, x, start, dim=0):
    """The part of one input in what was joined."""
    return g.narrow(dim, start, x.shape[dim])


# /// whole
def whole(g, x, start, dim=0):
    """Zeros in the shape of what was joined, but for the part of one input."""
    before, zeros = start + g.shape[dim], torch.zeros_like(x)
    after = zeros.narrow(dim, before, x.shape[dim] - before)
    return torch.cat([zeros.narrow(dim, 0, start), g, after], dim)


# /// column
def column(h, x):
    """Vectors as columns, where x is a vector."""
    return h[..., None] if x.dim() == 1 else h.view_as(h)


# /// uncolumn
def uncolumn(h, x):
    """Columns as vectors, where x is a vector."""
    return h[..., 0] if x.dim() == 1 else h.view_as(h)


# /// undiag
def undiag(g, x):
    """Put a diagonal back into a matrix, or read it off."""
    if x.dim() == 1:
        return torch.diagonal(g)
    return scatter(g, x, torch.diagonal)


# /// resort
def resort(g, x, dim=-1):
    """The elements in the order that sorts x."""
    return torch.gather(g, dim, torch.argsort(x, dim=dim, stable=True))


# /// unsort
def unsort(g, x, dim=-1):
    """Sorted elements in the order of x."""
    order = torch.argsort(x, dim=dim, stable=True)
    return torch.zeros_like(x).scatter(dim, order, g.to(x.dtype))


# /// shift
def shift(x, by=1, fill=0, dim=0):
    """Move along a dimension, and fill up."""
    size = min(abs(by), x.shape[dim])
    gap = torch.full_like(x.narrow(dim, 0, size), fill)
    if by > 0:
        return torch.cat([gap, x.narrow(dim, 0, x.shape[dim] - size)], dim)
    return torch.cat([x.narrow(dim, size, x.shape[dim] - size), gap], dim)


# /// count
def count(x, dim=None):
    """How many elements a reduction takes together."""
    return math.prod(x.shape[i] for i in axes(x, dim))


# /// first
def first(x, dim=None):
    """1 at the first element that is not 0, else 0."""
    place = torch.arange(x.numel(), device=x.device).reshape(x.shape)
    dims = tuple(range(x.dim())) if dim is None else dim
    least = torch.where(x != 0, place, x.numel()).amin(dims, keepdim=True)
    return (place == least).to(x)


# /// centred
def centred(x, dim=None):
    """x less its mean: exactly 0 where all elements are equal."""
    start = x
    for each in axes(x, dim):
        start = start.narrow(each, 0, min(1, x.shape[each]))
    far = x - torch.where(torch.isfinite(start), start, 0.0)
    return far - torch.mean(far, dim=axes(x, dim), keepdim=True)


# /// var
def var(x, dim=None, keepdim=False, ddof=0):
    """The variance: exactly 0 where all elements are equal."""
    total = torch.sum(centred(x, dim) ** 2, dim=axes(x, dim), keepdim=keepdim)
    return total / max(count(x, dim) - ddof, 0)


# /// std
def std(x, dim=None, keepdim=False, ddof=0):
    """The standard deviation: exactly 0 where all elements are equal."""
    return torch.sqrt(var(x, dim, keepdim, ddof))


# /// prod
def prod(x, dim=None, keepdim=False):
    """The product of the elements."""
    x = x.view_as(x)  # a function may not hand its own input on as its result
    for each in sorted((i % x.dim() for i in axes(x, dim)), reverse=True):
        x = torch.prod(x, dim=each, keepdim=keepdim)
    return x


# /// norm
def norm(x, dim=None, keepdim=False):
    """The root of the sum of squares, which neither overflows nor dies out."""
    if not x.numel():
        return torch.sum(x, dim=dim, keepdim=keepdim)
    largest = torch.amax(abs(x), dim=axes(x, dim), keepdim=True)
    largest = torch.where(torch.isfinite(largest) & (largest != 0), largest, 1.0)
    root = torch.sqrt(torch.sum((x / largest) ** 2, dim=axes(x, dim), keepdim=True))
    return largest * root if keepdim else torch.squeeze(largest * root, axes(x, dim))


# /// logsumexp
def logsumexp(x, dim=None, keepdim=False):
    """The log of the sum of exp(x), which does not overflow."""
    return torch.logsumexp(x, dim=axes(x, dim), keepdim=keepdim)


# /// cumulative
def cumulative(function, x, dim, reverse):
    """A running sum or product, from either end, or over all elements."""
    if dim is None:
        x, dim = x.flatten(), 0
    return function(x.flip(dim), dim).flip(dim) if reverse else function(x, dim)


# /// cumsum
def cumsum(x, dim=None, reverse=False):
    """The running sum."""
    return cumulative(torch.cumsum, x, dim, reverse)


# /// cumprod
def cumprod(x, dim=None, reverse=False):
    """The running product."""
    return cumulative(torch.cumprod, x, dim, reverse)


# /// scan
def scan(a, b, dim=0, reverse=False):
    """A linear recurrence along a dimension: y[i] = b[i] + a[i] * y[i - 1]."""
    if reverse:
        return scan(a.flip(dim), b.flip(dim), dim).flip(dim)
    found = list(b.movedim(dim, 0))
    for i in range(1, len(found)):
        found[i] = found[i] + a.movedim(dim, 0)[i] * found[i - 1]
    return torch.stack(found, dim) if found else b.view_as(b)


# /// below
def below(x, dim):
    """x less its largest element, so that nothing overflows."""
    if not x.numel():
        return x
    top = torch.amax(x, dim=axes(x, dim), keepdim=True)
    return x - torch.where(torch.isfinite(top), top, 0.0)


# /// softmax
def softmax(x, dim=-1):
    """exp(x) over its sum, along several dimensions."""
    found = torch.exp(below(x, dim))
    return found / torch.sum(found, dim=axes(x, dim), keepdim=True)


# /// log_softmax
def log_softmax(x, dim=-1):
    """The log of softmax, along several dimensions."""
    less = below(x, dim)
    return less - torch.log(torch.sum(torch.exp(less), dim=axes(x, dim), keepdim=True))


# /// cross
def cross(x, y):
    """The vector at right angles to both."""
    return torch.linalg.cross(*torch.broadcast_tensors(x, y))


# /// inv
def inv(A):
    """The inverse; nan for a singular matrix."""
    inverse, info = torch.linalg.inv_ex(A)
    return torch.where(info[..., None, None] == 0, inverse, torch.nan)


# /// solve
def solve(A, B):
    """inv(A) @ B; nan for a singular matrix."""
    if 1 < B.dim() < A.dim():  # PyTorch may take matrices for a stack of vectors
        B = B.expand(A.shape[:-2] + B.shape[-2:])
    found, info = torch.linalg.solve_ex(A, B)
    regular = (info == 0).reshape(info.shape + (1,) * (found.dim() - info.dim()))
    return torch.where(regular, found, torch.nan)


# /// cholesky
def cholesky(A):
    """The lower triangle L with L @ L.T = A; nan where there is none."""
    lower, info = torch.linalg.cholesky_ex((A + A.mT) / 2)
    return torch.where(info[..., None, None] == 0, lower, torch.nan)


# /// cofactor
def cofactor(A):
    """det(A) * inv(A).T, of a singular matrix too, from its singular values."""
    finite = torch.isfinite(A).all(-1).all(-1)[..., None, None]
    u, s, vt = torch.linalg.svd(torch.where(finite, A, 0.0))
    u = torch.where(finite, u, torch.nan)
    one = torch.eye(s.shape[-1], dtype=bool, device=A.device)
    others = torch.prod(torch.where(one, 1.0, s[..., None, :]), -1)
    sign = torch.linalg.det(u) * torch.linalg.det(vt)
    return sign[..., None, None] * ((u * others[..., None, :]) @ vt)


# /// cofactor_slope
def cofactor_slope(h, A):
    """What cofactor sends to A, of a singular matrix too, from its singular values."""
    finite = torch.isfinite(A).all(-1).all(-1)[..., None, None]
    u, s, vt = torch.linalg.svd(torch.where(finite, A, 0.0))
    u = torch.where(finite, u, torch.nan)
    one = torch.eye(s.shape[-1], dtype=bool, device=A.device)
    kept = torch.where(one[:, None] | one, 1.0, s[..., None, None, :])
    others = torch.prod(kept, -1) * ~one
    turned = u.mT @ h @ vt.mT
    diagonal = others @ torch.diagonal(turned, dim1=-2, dim2=-1)[..., None]
    sign = torch.linalg.det(u) * torch.linalg.det(vt)
    found = diagonal * one - turned.mT * others
    return sign[..., None, None] * (u @ found @ vt)


# /// one_hot
def one_hot(t, z):
    """Classes as rows of zeros and a one; probabilities as they are."""
    if t.shape == z.shape:
        return t
    return (t[..., None] == torch.arange(z.shape[-1], device=z.device)).to(z)


# /// match
def match(g, t):
    """g where it has the shape of t, else zeros in that shape."""
    return g if g.shape == t.shape else torch.zeros_like(t)


# /// with_channels
def with_channels(x, rank):
    """x with a batch and channels ahead of its positions."""
    return x.reshape((1,) * (rank + 2 - x.dim()) + x.shape)


# /// conv1d
def conv1d(x, w, stride=1, padding=0):
    """Slide w over x."""
    full, kernel = with_channels(x, 1), with_channels(w, 1)
    found = torch.conv1d(full, kernel, None, stride, padding)
    return found.reshape(found.shape[3 - x.dim() if w.dim() == 3 else 2 :])


# /// conv2d
def conv2d(x, w, stride=1, padding=0):
    """Slide w over x."""
    full, kernel = with_channels(x, 2), with_channels(w, 2)
    found = torch.conv2d(full, kernel, None, stride, padding)
    return found.reshape(found.shape[4 - x.dim() if w.dim() == 4 else 2 :])


# /// conv1d_left
def conv1d_left(g, w, x, stride=1, padding=0):
    """What conv1d(x, w) sends to x."""
    g, w, full = (with_channels(each, 1) for each in (g, w, x))
    found = torch.nn.grad.conv1d_input(full.shape, w, g, stride, padding)
    return found.reshape(x.shape)


# /// conv2d_left
def conv2d_left(g, w, x, stride=1, padding=0):
    """What conv2d(x, w) sends to x."""
    g, w, full = (with_channels(each, 2) for each in (g, w, x))
    found = torch.nn.grad.conv2d_input(full.shape, w, g, stride, padding)
    return found.reshape(x.shape)


# /// conv1d_right
def conv1d_right(x, g, w, stride=1, padding=0):
    """What conv1d(x, w) sends to w."""
    x, g, full = (with_channels(each, 1) for each in (x, g, w))
    found = torch.nn.grad.conv1d_weight(x, full.shape, g, stride, padding)
    return found.reshape(w.shape)


# /// conv2d_right
def conv2d_right(x, g, w, stride=1, padding=0):
    """What conv2d(x, w) sends to w."""
    x, g, full = (with_channels(each, 2) for each in (x, g, w))
    found = torch.nn.grad.conv2d_weight(x, full.shape, g, stride, padding)
    return found.reshape(w.shape)
