"""Functions of libraries that are said in Python itself: their texts are read as the user's own, so that whatever is
known of the functions that they call (its slopes, its gates) is known of them, too. What is called with a function of
the user's stands here as well. Each is compared with the library itself in the tests.

A function that is one formula is said as such, `neg(a) = -a`, behind its other names if it has some. A dot in a name
is a low line here: `jax.lax.scan` is `lax_scan`. What begins with one is a helper, which no library has.
"""

from __future__ import annotations

import ast
import re
from functools import cache

from backprop.python.spellings.composed_torch import MORE
from backprop.python.spellings.tensorflow import TENSORFLOW

FUNCTOOLS = """
def partial(function, *first, **names):
    def called(*rest, **more):
        return function(*first, *rest, **{**names, **more})
    return called

def reduce(function, items, *start):
    items = [*start, *items]
    found = items[0]
    for one in items[1:]:
        found = function(found, one)
    return found
"""

ITERTOOLS = """
def product(*given, repeat=1):
    found = [()]
    for items in [list(one) for one in given] * repeat:
        found = [(*first, last) for first in found for last in items]
    return iter(found)

chain(*given) = iter([one for items in given for one in items])
chain_from_iterable(given) = chain(*given)

def combinations(items, count):
    items = list(items)
    if count == 0:
        return iter([()])
    return iter([(one, *rest) for i, one in enumerate(items) for rest in combinations(items[i + 1:], count - 1)])

def zip_longest(*given, fillvalue=None):
    given = [list(one) for one in given]
    longest = max([len(one) for one in given], default=0) if given else 0
    return iter([tuple(one[i] if i < len(one) else fillvalue for one in given) for i in range(longest)])

def accumulate(items):
    found = []
    for one in items:
        found.append(found[-1] + one if found else one)
    return iter(found)
"""

OPERATOR = """
add(a, b) = a + b
sub(a, b) = a - b
mul(a, b) = a * b
truediv(a, b) = a / b
neg(a) = -a
matmul(a, b) = a @ b
itemgetter(key) = lambda items: items[key]
"""

TQDM = """
tqdm(items=None, *_, **__) = items
trange(*given, **_) = range(*given)
"""

ARGPARSE = """
class Parser:
    def __init__(self):
        self.found = Parsed()

    def add_argument(self, *names, action=None, default=None, dest=None, type=None, **_):
        name = dest or [*[one for one in names if one.startswith("--")], *names][0]
        while name.startswith("-"):
            name = name[1:]
        if action in ("store_true", "store_false") and default is None:
            default = action == "store_false"
        if isinstance(default, str) and type is not None:
            default = type(default)
        setattr(self.found, name.replace("-", "_"), default)

    def add_argument_group(self, *_, **__):
        return self

    def set_defaults(self, **given):
        for name, value in given.items():
            setattr(self.found, name, value)

    def parse_args(self, *_, **__):
        return self.found

    def parse_known_args(self, *_, **__):
        return self.found, []

class Parsed:
    pass

ArgumentParser(*_, **__) = Parser()
"""

MATH = """
def prod(items, start=1):
    for one in items:
        start = start * one
    return start
"""

COPY = """
def deepcopy(value, memo=None):
    if isinstance(value, dict):
        return {key: deepcopy(one) for key, one in value.items()}
    if isinstance(value, list):
        return [deepcopy(one) for one in value]
    if isinstance(value, tuple):
        return tuple([deepcopy(one) for one in value])
    return np.copy(value) if isinstance(value, np.ndarray) else value

copy(value) = value.copy() if isinstance(value, (dict, list, np.ndarray)) else value
"""

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
    return np.moveaxis(found, -1, axis) if found.ndim == arr.ndim else found

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

JAX = """
def tree_map(function, tree, *rest, is_leaf=None):
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: tree_map(function, one, *[other[key] for other in rest]) for key, one in tree.items()}
    if isinstance(tree, (list, tuple)):
        found = [tree_map(function, *every) for every in zip(tree, *rest)]
        return found if isinstance(tree, list) else tuple(found)
    return function(tree, *rest)

def tree_leaves(tree):
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for key in sorted(tree) for leaf in tree_leaves(tree[key])]
    if isinstance(tree, (list, tuple)):
        return [leaf for one in tree for leaf in tree_leaves(one)]
    return [tree]

_stacked(found, axis=0) = tree_map(lambda *every: np.stack(every, axis), found[0], *found[1:])

def linear_transpose(function, *primals):
    def transposed(*every):
        above, found = every if len(every) > 1 else every[0], []
        for place, primal in enumerate(primals):
            slopes = np.zeros(np.size(primal))
            for i in range(slopes.size):
                tangents = [np.zeros(np.shape(one)) for one in primals]
                one = np.zeros(slopes.size)
                one[i] = 1
                tangents[place] = one.reshape(np.shape(primal))
                moved = function(*tangents)
                pairs = zip(above, moved) if isinstance(moved, tuple) else [(above, moved)]
                slopes[i] = sum([np.sum(one * its) for one, its in pairs])
            found.append(slopes.reshape(np.shape(primal)))
        return tuple(found)
    return transposed

def lax_scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    count = length if xs is None else len(tree_leaves(xs)[0])
    places = list(range(count))
    carry, found = init, []
    for i in (places[::-1] if reverse else places):
        carry, y = f(carry, tree_map(lambda one: one[i], xs))
        found.append(y)
    return carry, _stacked(found[::-1] if reverse else found)

def lax_fori_loop(lower, upper, body_fun, init_val):
    for i in range(lower, upper):
        init_val = body_fun(i, init_val)
    return init_val

def lax_while_loop(cond_fun, body_fun, init_val):
    while cond_fun(init_val):
        init_val = body_fun(init_val)
    return init_val

lax_cond(pred, true_fun, false_fun, *operands) = true_fun(*operands) if pred else false_fun(*operands)
lax_switch(index, branches, *operands) = branches[min(max(int(index), 0), len(branches) - 1)](*operands)
lax_map(f, xs) = _stacked([f(tree_map(lambda one: one[i], xs)) for i in range(len(tree_leaves(xs)[0]))])
lax_select(pred, on_true, on_false) = np.where(pred, on_true, on_false)
lax_dynamic_slice(operand, start_indices, slice_sizes) =
    operand[tuple([
        slice(i, i + n) for i, n in
        [(max(min(int(i), size - n), 0), n) for i, size, n in zip(start_indices, operand.shape, slice_sizes)]
    ])]

def vmap(fun, in_axes=0, out_axes=0):
    def mapped(*given):
        axes = in_axes if isinstance(in_axes, (list, tuple)) else [in_axes] * len(given)
        count = [tree_leaves(one)[0].shape[axis] for one, axis in zip(given, axes) if axis is not None][0]
        return _stacked([fun(*[
            one if axis is None else tree_map(lambda leaf: np.moveaxis(leaf, axis, 0)[i], one)
            for one, axis in zip(given, axes)
        ]) for i in range(count)], out_axes)
    return mapped

random_PRNGKey random_key(seed=0) = seed
random_split(key, num=2) = [key * (num + 1) + i + 1 for i in range(num)]
random_fold_in(key, data) = key * 31 + data + 1
_drawn(key) = np.random.RandomState(abs(int(key)) % 2 ** 32)
random_normal(key, shape=(), dtype=None) = _drawn(key).standard_normal(shape)
random_uniform(key, shape=(), dtype=None, minval=0.0, maxval=1.0) = _drawn(key).uniform(minval, maxval, shape)
random_bernoulli(key, p=0.5, shape=()) = _drawn(key).uniform(size=shape) < p
random_gumbel(key, shape=(), dtype=None) = -np.log(-np.log(_drawn(key).uniform(1e-300, 1.0, shape)))
random_exponential(key, shape=(), dtype=None) = -np.log(_drawn(key).uniform(1e-300, 1.0, shape))

def lax_top_k(operand, k):
    places = np.argsort(-operand, axis=-1)[..., :k]
    return np.take_along_axis(operand, places, axis=-1), places

ShapeDtypeStruct(shape, dtype) = (shape, dtype)
pure_callback(callback, result_shape_dtypes, *args, **_) = callback(*args)
lax_round(x, rounding_method=0) = np.round(x) if rounding_method == 1 else np.trunc(x + np.copysign(0.5, x))
lax_floor(x) = np.floor(x)
lax_ceil(x) = np.ceil(x)
"""

TORCH = """
_sizes(given) = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
randn(*size, **_) = torch.as_tensor(np.random.standard_normal(_.get("size", _sizes(size))))
rand(*size, **_) = torch.as_tensor(np.random.random_sample(_.get("size", _sizes(size))))
randn_like(input, **_) = torch.as_tensor(np.random.standard_normal(np.shape(input)))
rand_like(input, **_) = torch.as_tensor(np.random.random_sample(np.shape(input)))

def randint(low, high=None, size=None, **_):
    if size is None:
        low, high, size = 0, low, high
    return torch.as_tensor(np.random.randint(low, high, tuple(size)))

randperm(n, **_) = torch.as_tensor(np.random.permutation(n))
bernoulli(input, p=None, **_) = (rand_like(input) < (input if p is None else p)).to(input.dtype)

def normal(mean=0.0, std=1.0, size=None, **_):
    shape = np.shape(mean + std) if size is None else tuple(size)
    return mean + std * torch.as_tensor(np.random.standard_normal(shape))

normal_(input, mean=0.0, std=1.0, **_) = input.copy_(mean + std * randn_like(input))
uniform_(input, a=0.0, b=1.0, **_) = input.copy_(a + (b - a) * rand_like(input))
dropout(input, p=0.5, training=True, inplace=False) = input * (rand_like(input) >= p) / (1 - p) if training else input
new(input, *size) =
    torch.as_tensor(np.array(size[0])) if isinstance(size[0], (list, np.ndarray)) else torch.zeros(*size)
new_tensor(input, value, **_) = torch.tensor(value)
new_full(input, size, value, **_) = torch.full(tuple(size), value)

def narrow(input, dim, start, length):
    return input[tuple([slice(start, start + length) if i == dim % input.ndim else slice(None)
                        for i in range(input.ndim)])]

select(input, dim, index) = input[tuple([index if i == dim % input.ndim else slice(None) for i in range(input.ndim)])]
unbind(input, dim=0) = tuple([select(input, dim, i) for i in range(input.shape[dim])])
equal(input, other) = np.array_equal(input, other)
allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) = np.allclose(input, other, rtol, atol, equal_nan)
linalg_inv inverse(A) = np.linalg.inv(A)
det linalg_det(A) = np.linalg.det(A)
linalg_solve(A, B) = np.linalg.solve(A, B)

def linalg_norm(A, ord=None, dim=None, keepdim=False):
    if ord is None or ord == "fro":
        return torch.norm(A, 2, dim, keepdim)
    assert A.ndim == 1 or isinstance(dim, int)
    return vector_norm(A, ord, dim, keepdim)

linalg_vector_norm(x, ord=2, dim=None, keepdim=False) = vector_norm(x, ord, dim, keepdim)

def vector_norm(x, ord=2, dim=None, keepdim=False):
    if ord == 1:
        return torch.abs(x).sum(dim, keepdim)
    return torch.norm(x, 2, dim, keepdim) if ord == 2 else (torch.abs(x) ** ord).sum(dim, keepdim) ** (1 / ord)

normalize(input, p=2.0, dim=1, eps=1e-12) = input / vector_norm(input, p, dim, True).clamp_min(eps)
cosine_similarity(x1, x2, dim=1, eps=1e-8) =
    (x1 * x2).sum(dim) / (vector_norm(x1, 2, dim).clamp_min(eps) * vector_norm(x2, 2, dim).clamp_min(eps))
baddbmm(input, batch1, batch2, beta=1, alpha=1) = beta * input + alpha * (batch1 @ batch2)

def glu(input, dim=-1):
    a, b = input.chunk(2, dim)
    return a * torch.sigmoid(b)

embedding(input, weight, **_) = weight[input]

def pad(input, pad, mode="constant", value=None):
    behind = [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    widths = [(0, 0)] * (input.ndim - len(behind)) + behind
    if mode == "constant":
        return np.pad(input, widths, mode="constant", constant_values=0.0 if value is None else value)
    return np.pad(input, widths, mode={"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[mode])

_each(value, count) = tuple(value) if isinstance(value, (list, tuple)) else (value,) * count

def _windows_of(x, kernel, stride, dilation):
    # (n, c, places, window) of (n, c, lengths)
    count = len(kernel)
    reach = tuple([d * (k - 1) + 1 for k, d in zip(kernel, dilation)])
    found = np.lib.stride_tricks.sliding_window_view(x, reach, tuple(range(2, 2 + count)))
    return found[(slice(None), slice(None), *[slice(None, None, s) for s in stride],
                  *[slice(None, None, d) for d in dilation])]

def convolution(x, weight, bias, stride, padding, dilation, groups):
    kernel = weight.shape[2:]
    count = len(kernel)
    stride, dilation = _each(stride, count), _each(dilation, count)
    if padding == "same":
        widths = [(d * (k - 1) // 2, d * (k - 1) - d * (k - 1) // 2) for k, d in zip(kernel, dilation)]
    else:
        widths = [(p, p) for p in _each(0 if padding == "valid" else padding, count)]
    found = _windows_of(np.pad(x, [(0, 0), (0, 0), *widths]), kernel, stride, dilation)
    n, c, places = found.shape[0], found.shape[1], found.shape[2 : 2 + count]
    rows = np.moveaxis(found, 1, 1 + count).reshape(n, -1, groups, (c // groups) * int(np.prod(kernel)))
    columns = weight.reshape(groups, weight.shape[0] // groups, -1)
    out = rows.transpose(1, 2) @ columns.transpose(1, 2)
    out = out.transpose(2, 3).reshape(n, weight.shape[0], *places)
    return out if bias is None else out + bias.reshape(1, -1, *[1] * count)

conv1d conv2d conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) =
    convolution(input, weight, bias, stride, padding, dilation, groups)

def _pooled(input, kernel_size, stride, padding, value):
    kernel = _each(kernel_size, input.ndim - 2)
    stride = kernel if stride is None else _each(stride, len(kernel))
    widths = [(p, p) for p in _each(padding, len(kernel))]
    x = np.pad(input, [(0, 0), (0, 0), *widths], mode="constant", constant_values=value)
    found = _windows_of(x, kernel, stride, (1,) * len(kernel))
    return found.reshape(*found.shape[: 2 + len(kernel)], -1)

max_pool1d max_pool2d max_pool3d(input, kernel_size, stride=None, padding=0) =
    _pooled(input, kernel_size, stride, padding, float("-inf")).amax(-1)
avg_pool1d avg_pool2d avg_pool3d(input, kernel_size, stride=None, padding=0) =
    _pooled(input, kernel_size, stride, padding, 0.0).mean(-1)
_reduced(loss, reduction) = loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    axis = 1 if input.ndim > 1 else 0
    keep = target != ignore_index
    place = torch.where(keep, target, 0)
    scale = keep.to(input.dtype) if weight is None else weight[place] * keep
    loss = -input.gather(axis, place.unsqueeze(axis)).squeeze(axis) * scale
    return loss.sum() / scale.sum() if reduction == "mean" else _reduced(loss, reduction)

def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = 1 if input.ndim > 1 else 0
    logs = torch.log_softmax(input, axis)
    if target.ndim == input.ndim:
        classes = input.shape[axis]
        share = target * (1 - label_smoothing) + label_smoothing / classes
        loss = -(share * logs).sum(axis)
        return loss.mean() if reduction == "mean" else _reduced(loss, reduction)
    sharp = nll_loss(logs, target, weight, ignore_index, reduction)
    if label_smoothing == 0:
        return sharp
    keep = target != ignore_index
    smooth = -logs.mean(axis) * keep
    smooth = smooth.sum() / keep.sum() if reduction == "mean" else _reduced(smooth, reduction)
    return (1 - label_smoothing) * sharp + label_smoothing * smooth

def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    loss = -(target * torch.log(input) + (1 - target) * torch.log(1 - input))
    return _reduced(loss if weight is None else weight * loss, reduction)

def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean"):
    loss = torch.relu(input) - input * target + torch.log1p(torch.exp(-torch.abs(input)))
    return _reduced(loss if weight is None else weight * loss, reduction)

l1_loss(input, target, reduction="mean") = _reduced(torch.abs(input - target), reduction)

def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    off = torch.abs(input - target)
    return _reduced(torch.where(off < beta, 0.5 * off**2 / beta, off - 0.5 * beta), reduction)

def kl_div(input, target, reduction="mean", log_target=False):
    loss = torch.exp(target) * (target - input) if log_target else torch.xlogy(target, target) - target * input
    return loss.sum() / input.shape[0] if reduction == "batchmean" else _reduced(loss, reduction)

def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    axes = tuple(range(-len(normalized_shape), 0))
    off = input - input.mean(axes, keepdim=True)
    out = off / torch.sqrt((off * off).mean(axes, keepdim=True) + eps)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias

def rms_norm(input, normalized_shape, weight=None, eps=None):
    axes = tuple(range(-len(normalized_shape), 0))
    out = input / torch.sqrt((input * input).mean(axes, keepdim=True) + (2.220446049250313e-16 if eps is None else eps))
    return out if weight is None else out * weight

def scaled_dot_product_attention(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None):
    scores = query @ key.transpose(-2, -1) * (query.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        attn_mask = torch.tril(torch.ones(scores.shape[-2], scores.shape[-1])) > 0
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(attn_mask == False, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
    return dropout(torch.softmax(scores, -1), dropout_p, dropout_p > 0) @ value
"""

INSPECT = """
class Parameter:
    empty = None

    def __init__(self, name, default):
        self.name, self.default = name, default

class Arguments:
    def __init__(self, arguments, parameters):
        self.arguments, self.parameters = arguments, parameters

    def apply_defaults(self):
        given = self.arguments
        self.arguments = {
            name: given[name] if name in given else one.default for name, one in self.parameters.items()
        }

class Signature:
    def __init__(self, parameters):
        self.parameters = parameters

    def bind(self, *given, **named):
        return Arguments({**dict(zip(self.parameters, given)), **named}, self.parameters)

    def bind_partial(self, *given, **named):
        return self.bind(*given, **named)

def signature(names, defaults):
    first = len(names) - len(defaults)
    found = {name: Parameter(name, defaults[i - first] if i >= first else None) for i, name in enumerate(names)}
    return Signature(found)
"""

IM2COL_CYTHON = """
def im2col_cython(x, field_height, field_width, padding, stride):
    N, C, H, W = x.shape
    rows = (H + 2 * padding - field_height) // stride + 1
    columns = (W + 2 * padding - field_width) // stride + 1
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    cols = np.zeros((C, field_height, field_width, rows, columns, N))
    for i in range(field_height):
        for j in range(field_width):
            found = x[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            cols[:, i, j] = found.transpose(1, 2, 3, 0)
    return cols.reshape(C * field_height * field_width, rows * columns * N)

def col2im_6d_cython(cols, N, C, H, W, HH, WW, pad, stride):
    rows, columns = cols.shape[4:]
    x = np.zeros((N, C, H + 2 * pad, W + 2 * pad))
    for i in range(HH):
        for j in range(WW):
            there = x[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]
            there += cols[:, i, j].transpose(1, 0, 2, 3)
    return x[:, :, pad : H + pad, pad : W + pad]

def col2im_cython(cols, N, C, H, W, field_height, field_width, padding, stride):
    rows = (H + 2 * padding - field_height) // stride + 1
    columns = (W + 2 * padding - field_width) // stride + 1
    cols = cols.reshape(C, field_height, field_width, rows, columns, N).transpose(0, 1, 2, 5, 3, 4)
    return col2im_6d_cython(cols, N, C, H, W, field_height, field_width, padding, stride)
"""

FORMULA = re.compile(r"^(\w+(?: \w+)*)(\(.*?\)) =\s+(.*)", re.MULTILINE)


def defined(formula: re.Match[str]) -> str:
    """A formula as the functions that Python has for it."""
    names, parameters, value = formula.groups()
    return "\n".join([f"def {name}{parameters}:\n    return {value}" for name in names.split()])


COMPOSED = {library: FORMULA.sub(defined, text) for library, text in {
    "functools": FUNCTOOLS, "itertools": ITERTOOLS, "operator": OPERATOR, "math": MATH, "copy": COPY, "tqdm": TQDM,
    "argparse": ARGPARSE, "numpy": LIMITS + NUMPY + OF_AUTOGRAD,
    "scipy": SCIPY, "einops": EINOPS, "jax": JAX, "torch": LIMITS + TORCH + MORE, "inspect": INSPECT,
    "tensorflow": TENSORFLOW, "im2col_cython": IM2COL_CYTHON,
}.items()}  # fmt: skip
NAMES = {
    library: frozenset([line[4:].partition("(")[0] for line in text.splitlines() if re.match("def [^_]", line)])
    for library, text in COMPOSED.items()
}


@cache
def statements_of(library: str) -> dict[str, ast.stmt]:
    """The functions and classes of a library by their names, parsed where one of them is called."""
    defined = (ast.FunctionDef, ast.ClassDef)
    return {one.name: one for one in ast.parse(COMPOSED[library]).body if isinstance(one, defined)}


@cache
def needed(library: str, name: str) -> dict[str, ast.stmt]:
    """A function of a library and all that it calls of its own kind."""
    every, found, pending = statements_of(library), dict[str, ast.stmt](), [name]
    while pending:
        one = pending.pop()
        if one in every and one not in found:
            found[one] = every[one]
            pending += [node.id for node in ast.walk(every[one]) if isinstance(node, ast.Name)]
    return {one: tree for one, tree in every.items() if one in found}
