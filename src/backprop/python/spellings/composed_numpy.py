"""NumPy, SciPy and einops, as far as they are said in Python: see composed.py."""

from __future__ import annotations

LIMITS = """
class Limits:
    eps, resolution, bits = 2.0**-52, 1e-15, 64
    max, min, tiny = (2 - 2.0**-52) * 2.0**1023, -(2 - 2.0**-52) * 2.0**1023, 2.0**-1022
    smallest_normal = tiny

finfo(dtype=None) = Limits()
"""
OF_AUTOGRAD = """
def numpy_vjps_unbroadcast(x, target_meta, broadcast_idx=0):
    shape = np.shape(target_meta)
    while np.ndim(x) > len(shape):
        x = np.sum(x, axis=broadcast_idx)
    for axis, length in enumerate(shape):
        if length == 1:
            x = np.sum(x, axis=axis, keepdims=True)
    return x

numpy_vjps_unbroadcast_f(target, f) = lambda g: numpy_vjps_unbroadcast(f(g), target)

def numpy_vjps_repeat_to_match_shape(g, shape, dtype, axis, keepdims):
    if axis is None:
        return np.broadcast_to(g, shape), np.prod(shape)
    axes = [axis] if isinstance(axis, int) else list(axis)
    kept = [1 if i in [one % len(shape) for one in axes] else length for i, length in enumerate(shape)]
    return np.broadcast_to(np.reshape(g, kept), shape), np.prod([shape[one] for one in axes])
"""
NUMPY = """
divmod(x1, x2) = x1 // x2, x1 % x2

def copyto(dst, src, where=True, **_):
    there = np.broadcast_to(where, np.shape(dst))
    dst[there] = np.broadcast_to(src, np.shape(dst))[there]

def _over(count, values):
    values = np.ravel(np.asarray(values))
    return values[np.arange(count) % len(values)]

def putmask(a, mask, values):
    a[mask] = np.reshape(_over(a.size, values), a.shape)[mask]

def place(arr, mask, vals):
    arr[mask] = _over(int(np.sum(mask)), vals)

def piecewise(x, condlist, funclist, *more):
    out = np.zeros_like(x)
    rest = np.ones_like(x, dtype=bool)
    for condition, function in zip(condlist, funclist):
        out[condition] = function(x[condition], *more) if callable(function) else function
        rest = rest & ~np.asarray(condition)
    if len(funclist) > len(condlist):
        out[rest] = funclist[-1](x[rest], *more) if callable(funclist[-1]) else funclist[-1]
    return out

def random_shuffle(x):
    order = np.random.permutation(len(x))
    x[:] = [x[int(i)] for i in order] if isinstance(x, list) else x[order]

nditer(op) = list(np.reshape(op, -1))
isscalar(element) = isinstance(element, (int, float, bool, str))
einsum_path(*_, **__) = None, ""

def convolve(a, v, mode="full"):
    a, v = np.asarray(a), np.asarray(v)
    if len(a) < len(v):
        a, v = v, a
    return correlate(a, v[::-1], mode)

def correlate(a, v, mode="valid"):
    a, v = np.asarray(a), np.asarray(v)
    if len(a) < len(v):
        return correlate(v, a, mode)[::-1]
    n = len(v)
    if mode != "valid":
        a = np.pad(a, (n - 1, n - 1))
    found = np.lib.stride_tricks.sliding_window_view(a, n) @ v
    if mode == "same":
        start = n // 2 if n % 2 else n // 2 - 1
        found = found[start : start + len(a) - 2 * (n - 1)]
    return found

def apply_along_axis(func1d, axis, arr, *more, **names):
    rows = np.moveaxis(arr, axis, -1)
    found = np.array([func1d(one, *more, **names) for one in rows.reshape(-1, rows.shape[-1])])
    found = found.reshape((*rows.shape[:-1], *found.shape[1:]))
    own, axis = arr.ndim - 1, axis % arr.ndim
    return np.moveaxis(found, list(range(own, found.ndim)), [axis + i for i in range(found.ndim - own)])

def vectorize(function, signature=None, **_):
    def called(*given):
        if signature is not None:
            return _over_cores(function, signature.split("->")[0].split("),("), [np.asarray(one) for one in given])
        given = np.broadcast_arrays(*given)
        return np.array([function(*one) for one in zip(*[a.ravel() for a in given])]).reshape(given[0].shape)
    return called

_apart(a, b) = np.asarray(a).reshape(np.shape(a) + (1,) * np.ndim(b))
add_outer(a, b) = _apart(a, b) + b
subtract_outer(a, b) = _apart(a, b) - b
divide_outer(a, b) = _apart(a, b) / b
maximum_outer(a, b) = np.maximum(_apart(a, b), b)
minimum_outer(a, b) = np.minimum(_apart(a, b), b)
broadcast_shapes(*shapes) = np.shape(sum([np.zeros(one) for one in shapes]))

def _over_cores(function, cores, given):
    sizes = [a.ndim - len([one for one in core.strip().strip("()").split(",") if one]) for core, a in zip(cores, given)]
    shape = np.shape(sum(np.zeros(a.shape[:size]) for a, size in zip(given, sizes)))
    rows = [np.broadcast_to(a, shape + a.shape[size:]).reshape((-1,) + a.shape[size:]) for a, size in zip(given, sizes)]
    found = np.array([function(*one) for one in zip(*rows)])
    return found.reshape(shape + found.shape[1:])

def kron(a, b):
    a, b = np.asarray(a), np.asarray(b)
    count = max(a.ndim, b.ndim)
    left, right = [(1,) * (count - one.ndim) + one.shape for one in (a, b)]
    every = a.reshape([n for one in left for n in (one, 1)]) * b.reshape([n for one in right for n in (1, one)])
    return every.reshape([m * n for m, n in zip(left, right)])

ediff1d(ary) = np.diff(np.ravel(ary))

def gradient(f, spacing=1.0):
    inner = (f[2:] - f[:-2]) / 2
    return np.concatenate([f[1:2] - f[:1], inner, f[-1:] - f[-2:-1]]) / spacing

def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = np.moveaxis(np.asarray(y), axis, -1)
    step = dx if x is None else np.diff(x)
    return (step * (y[..., 1:] + y[..., :-1]) / 2).sum(-1)

def cov(m, rowvar=True, bias=False, ddof=None):
    x = np.asarray(m) if rowvar or np.ndim(m) < 2 else np.asarray(m).T
    off = x - x.mean(axis=-1, keepdims=True)
    less = (0 if bias else 1) if ddof is None else ddof
    return (off @ off.T if x.ndim > 1 else (off * off).sum()) / (x.shape[-1] - less)

def corrcoef(x, rowvar=True):
    found = cov(x, rowvar)
    scale = np.sqrt(np.diag(found))
    return found / scale[:, None] / scale

def polyval(p, x):
    found = 0 * x
    for one in p:
        found = found * x + one
    return found

def vander(x, N=None, increasing=False):
    powers = range(len(x) if N is None else N)
    return np.stack([x**i for i in (powers if increasing else powers[::-1])], axis=1)

extract(condition, arr) = np.ravel(arr)[np.nonzero(np.ravel(condition))[0]]

def compress(condition, a, axis=None):
    places = np.nonzero(condition)[0]
    return np.ravel(a)[places] if axis is None else np.take(a, places, axis=axis)

def _leaves_of(arrays, depth=0):
    if not isinstance(arrays, (list, tuple)):
        return [(np.asarray(arrays), depth)]
    return [leaf for one in arrays for leaf in _leaves_of(one, depth + 1)]

def block(arrays):
    leaves = _leaves_of(arrays)
    ndim = max([max(depth, one.ndim) for one, depth in leaves])
    def joined(part, axis):
        if isinstance(part, (list, tuple)):
            return np.concatenate([joined(one, axis + 1) for one in part], axis=axis)
        part = np.asarray(part)
        return part.reshape((1,) * (ndim - part.ndim) + part.shape)
    return joined(arrays, -leaves[0][1])

asscalar(a) = a.item()
vecdot(x1, x2, axis=-1) = (x1 * x2).sum(axis=axis)
matvec(x1, x2) = (x1 @ x2[..., None])[..., 0]
vecmat(x1, x2) = (x1[..., None, :] @ x2)[..., 0, :]
matrix_transpose(x) = np.swapaxes(x, -1, -2)
unstack(x, axis=0) = tuple([one for one in np.moveaxis(x, axis, 0)])

def linalg_matrix_power(a, n):
    if n < 0:
        return linalg_matrix_power(np.linalg.inv(a), -n)
    found = np.eye(np.shape(a)[-1])
    for _ in range(n):
        found = found @ a
    return found

def linalg_multi_dot(arrays):
    found = arrays[0]
    for one in arrays[1:]:
        found = found @ one
    return found

def linalg_slogdet(a):
    found = np.linalg.det(a)
    return np.sign(found), np.log(np.abs(found))

def select(condlist, choicelist, default=0):
    found = default
    for condition, choice in zip(condlist[::-1], choicelist[::-1]):
        found = np.where(condition, choice, found)
    return found
"""
SCIPY = """
def _slid(in1, in2, mode, late=0):
    # all places of one over the other, those of "same" from the middle on; of two, `late` from the later
    in1, in2 = np.asarray(in1), np.asarray(in2)
    kernel = in2.shape
    x = in1 if mode == "valid" else np.pad(in1, [(n - 1, n - 1) for n in kernel])
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel)
    found = (windows.reshape(-1, in2.size) @ in2.reshape(-1)).reshape(windows.shape[: in1.ndim])
    if mode == "same":
        starts = [(n - 1 + late) // 2 for n in kernel]
        found = found[tuple([slice(start, start + m) for start, m in zip(starts, in1.shape)])]
    return found

signal_correlate(in1, in2, mode="full", method="auto") = _slid(in1, in2, mode)
signal_convolve(in1, in2, mode="full", method="auto") = _slid(in1, np.flip(in2), mode)
signal_fftconvolve(in1, in2, mode="full") = signal_convolve(in1, in2, mode)

def _zero_outside(boundary, fillvalue):
    assert boundary == "fill" and fillvalue == 0

def signal_correlate2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    _zero_outside(boundary, fillvalue)
    return _slid(in1, in2, mode, 1)

def signal_convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    _zero_outside(boundary, fillvalue)
    return signal_convolve(in1, in2, mode)

special_psi(x) = scipy.special.digamma(x)
linalg_cholesky(a, lower=False, overwrite_a=False, check_finite=True) =
    np.linalg.cholesky(a) if lower else np.linalg.cholesky(a.T).T
linalg_cho_factor(a, lower=False, overwrite_a=False, check_finite=True) = linalg_cholesky(a, lower), lower

def linalg_cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    c, lower = c_and_lower
    half = np.tril(c) if lower else np.triu(c).T
    return np.linalg.solve(half.T, np.linalg.solve(half, b))

def linalg_lu_factor(a, overwrite_a=False, check_finite=True):
    lu, piv = np.array(a), np.arange(len(a))
    for k in range(len(a)):
        piv[k] = k + np.argmax(np.abs(lu[k:, k]))
        lu[[k, piv[k]]] = lu[[piv[k], k]]
        lu[k + 1 :, k] = lu[k + 1 :, k] / lu[k, k]
        lu[k + 1 :, k + 1 :] -= np.outer(lu[k + 1 :, k], lu[k, k + 1 :])
    return lu, piv

def linalg_lu_solve(lu_and_piv, b, trans=0, overwrite_b=False, check_finite=True):
    lu, piv = lu_and_piv
    lower, upper, order = np.tril(lu, -1) + np.eye(len(lu)), np.triu(lu), list(range(len(lu)))
    for k, other in enumerate(piv):
        order[k], order[other] = order[other], order[k]
    if trans == 0:
        return np.linalg.solve(upper, np.linalg.solve(lower, b[order]))
    return np.linalg.solve(lower.T, np.linalg.solve(upper.T, b))[np.argsort(order)]

def linalg_solve_triangular(a, b, trans=0, lower=False, overwrite_b=False, check_finite=True):
    a = np.tril(a) if lower else np.triu(a)
    return np.linalg.solve(a.T if trans in (1, "T") else a, b)

linalg_solve(a, b, assume_a=None, overwrite_a=False, overwrite_b=False, check_finite=True) = np.linalg.solve(a, b)
linalg_inv(a, overwrite_a=False, check_finite=True) = np.linalg.inv(a)
linalg_det(a) = np.linalg.det(a)
linalg_norm(a, ord=None, axis=None, keepdims=False) = np.linalg.norm(a, ord, axis, keepdims)

def spatial_distance_cdist(XA, XB, metric="euclidean"):
    assert metric in ("euclidean", "sqeuclidean")
    squares = ((XA[:, None] - XB[None]) ** 2).sum(axis=-1)
    return squares if metric == "sqeuclidean" else np.sqrt(squares)

stats_truncnorm_rvs(a, b, loc=0, scale=1, size=None, random_state=None) =
    loc + scale * np.clip(np.random.normal(size=size), a, b)
stats_norm_rvs(loc=0, scale=1, size=None, random_state=None) = np.random.normal(loc, scale, size)
stats_norm_logpdf(x, loc=0, scale=1) = -0.5 * ((x - loc) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))
stats_norm_pdf(x, loc=0, scale=1) = np.exp(stats_norm_logpdf(x, loc, scale))
stats_norm_cdf(x, loc=0, scale=1) = 0.5 * scipy.special.erfc((loc - x) / (scale * np.sqrt(2)))
"""
EINOPS = """
def _groups_of(side):
    # the axes of one side of a pattern, each with the names that it is made of
    found, inner = [], None
    for word in side.replace("(", " ( ").replace(")", " ) ").replace("...", " ... ").split():
        if word == "(":
            inner = []
        elif word == ")":
            found.append(inner)
            inner = None
        elif inner is None:
            found.append([word])
        else:
            inner.append(word)
    return found

def _opened(groups, more):
    # the groups with names in place of an ellipsis
    found = []
    for group in groups:
        if group == ["..."]:
            found += [["axis " + str(i)] for i in range(more)]
        else:
            found.append([one for name in group for one in
                          (["axis " + str(i) for i in range(more)] if name == "..." else [name])])
    return found

def _moved(x, pattern, reduction, sizes):
    left, right = [_groups_of(side) for side in pattern.split("->")]
    more = x.ndim - len(left) + 1
    left, right = _opened(left, more), _opened(right, more)
    assert len(left) == x.ndim
    sizes = {**sizes}
    for group, length in zip(left, x.shape):
        known, open_ = 1, []
        for name in group:
            if name.isdigit() or name in sizes:
                known *= int(name) if name.isdigit() else sizes[name]
            else:
                open_.append(name)
        assert len(open_) < 2
        for name in open_:
            sizes[name] = length // known
    names = [name for group in left for name in group if not name.isdigit()]
    wanted = [name if not name.isdigit() else name + " " + str(i)
              for i, name in enumerate([name for group in right for name in group]) if name != "1"]
    for name in wanted:
        if name not in sizes:
            sizes[name] = int(name.split()[0])
    x = x.reshape(tuple([sizes[name] for name in names]))
    gone = tuple([i for i, name in enumerate(names) if name not in wanted])
    if gone:
        reduce = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}
        x = reduce[reduction](x, axis=gone)
    names = [name for name in names if name in wanted]
    new = [name for name in wanted if name not in names]
    if new:
        x = np.broadcast_to(x, (*[sizes[name] for name in new], *x.shape))
    names = new + names
    x = np.transpose(x, [names.index(name) for name in wanted])
    lengths, place = [], 0
    for group in right:
        length = 1
        for name in group:
            if name != "1":
                length *= sizes[wanted[place]]
                place += 1
        lengths.append(length)
    return x.reshape(tuple(lengths))

_together(x) = np.stack(x) if isinstance(x, (list, tuple)) else x
rearrange repeat(tensor, pattern, **sizes) = _moved(_together(tensor), pattern, "", sizes)
reduce(tensor, pattern, reduction, **sizes) = _moved(_together(tensor), pattern, reduction, sizes)

def einsum(*given):
    letters, words = {}, []
    for word in given[-1].replace(",", " , ").replace("->", " -> ").split():
        if word not in (",", "->", "...") and word not in letters:
            letters[word] = "abcdefghijklmnopqrstuvwxyz"[len(letters)]
        words.append(letters.get(word, word))
    return np.einsum("".join(words), *given[:-1])
"""
