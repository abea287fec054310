"""What of jax.nn and jax.lax may be called, and what is said in Python; jax.numpy is read as NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.python.spellings import special
from backprop.python.spellings.row import Row, broadcast, hot, together
from backprop.python.spellings.torch import TORCH, elu, gelu, leaky_relu, relu
from backprop.python.values.arrays import axes_of


def one_hot(a: Any, num_classes: int, **_: Any) -> Any:
    """Rows of fractions; what is out of range has none."""
    return (np.asarray(a)[..., None] == np.arange(num_classes)).astype(float)


DEFAULTS: dict[str, dict[str, Any]] = {
    "softmax": {"axis": -1}, "log_softmax": {"axis": -1}, "gelu": {"approximate": True},
}  # fmt: skip  # where others of the name have another

JAX: dict[str, Row] = {
    "relu": Row(relu, broadcast, "jax.nn.relu(x)"),
    **{name: Row(TORCH[there].function, broadcast, f"jax.{where}.{name}(x)") for where, name, there in (
        ("nn", "sigmoid", "sigmoid"), ("lax", "logistic", "sigmoid"), ("nn", "silu", "silu"), ("nn", "swish", "silu"),
        ("nn", "softplus", "softplus"))},
    "gelu": Row(
        lambda a, approximate=True: gelu(a, "tanh" if approximate else "none"), broadcast, "jax.nn.gelu(x)"
    ),
    "elu": Row(elu, broadcast, "jax.nn.elu(x)"),
    "leaky_relu": Row(leaky_relu, broadcast, "jax.nn.leaky_relu(x)"),
    "softmax": Row(lambda a, axis=-1: special.softmax(a, axes_of(axis)), together, "jax.nn.softmax(x)"),
    "log_softmax": Row(lambda a, axis=-1: special.log_softmax(a, axes_of(axis)), together, "jax.nn.log_softmax(x)"),
    "logsumexp": Row(
        lambda a, axis=None, keepdims=False: special.logsumexp(a, axes_of(axis), keepdims=keepdims),
        together, "jax.nn.logsumexp(x, axis=1)",
    ),
    "one_hot": Row(one_hot, hot, "jax.nn.one_hot(y, 4)"),
    "rsqrt": Row(lambda a: 1 / np.sqrt(a), broadcast, "jax.lax.rsqrt(x*x)"),
    **{name: Row(getattr(np, name), broadcast, f"jax.lax.{name}(x*x)") for name in (
        "exp", "log", "sqrt", "tanh", "sin", "cos", "abs", "sign", "square", "log1p", "expm1")},
    **{name: Row(getattr(np, there), broadcast, f"jax.lax.{name}(x, x)") for name, there in (
        ("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("div", "divide"), ("max", "maximum"),
        ("min", "minimum"))},
}  # fmt: skip
COMPOSED = """
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
