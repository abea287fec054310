"""What of NumPy may be called: its own functions on data alone. None of them runs code or reads files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.spellings import special
from backprop.python.spellings.row import (
    Row,
    arange,
    broadcast,
    broadcast_arrays,
    contracted,
    counted,
    crossed,
    diagonal,
    gathered,
    listed,
    meshed,
    of_axes,
    of_matrices,
    of_shape,
    of_view,
    padded,
    parts,
    repeated,
    second_shape,
    square,
    squared,
    stepping,
    strided,
    summed_products,
    together,
    up_to_largest,
    windows,
)  # fmt: skip


def own(name: str) -> Callable[..., Any]:
    """NumPy's function of a name like "linalg.norm"."""
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def zeros(shape: Any, dtype: Any = None, **_: Any) -> Any:
    """What `empty` gives: zeros, so that a run can be repeated."""
    return np.zeros(shape, dtype=dtype or float)


ELEMENTWISE = """
abs absolute fabs cbrt exp exp2 expm1 sin cos tan arctan sinh cosh tanh arcsinh sign square reciprocal | np.{}(x)
negative positive floor ceil around rint trunc isnan isinf isfinite isneginf isposinf signbit real | np.{}(x)
nan_to_num deg2rad rad2deg degrees radians sinc | np.{}(x)
sqrt log log1p log2 log10 | np.{}(x*x)
arcsin arccos arctanh | np.{}(x/9)
arctan2 minimum fmin add subtract multiply divide true_divide floor_divide mod fmod hypot logaddexp | np.{}(x, v)
logaddexp2 remainder copysign nextafter isclose greater greater_equal less less_equal | np.{}(x, v)
arccosh | np.{}(1 + x*x)
power | np.{}(x, 3)
float_power ldexp | np.{}(x, 2)
maximum | np.{}(0, x)
fmax | np.{}(x, 0)
round | np.{}(x, 1)
where | np.{}(x > 0, x, 0.01*x)
clip | np.{}(x, -0.5, 0.5)
heaviside | np.{}(x, 0.5)
equal not_equal | np.{}(y, 2)
logical_and logical_or logical_xor bitwise_and bitwise_or | np.{}(x > 0, v > 0)
logical_not bitwise_not invert | np.{}(x > 0)
bitwise_xor | np.{}(y, 3)
left_shift right_shift | np.{}(y, 1)
"""
SAME_SIZE = """
sum average ptp nansum nanvar | np.{}(x, axis=0)
mean | np.{}(x, axis=1, keepdims=True)
prod max triu_indices_from rollaxis triu expand_dims | np.{}(x, 1)
var | np.{}(x, axis=0, ddof=1)
std amin nanmean nanstd nanmax nanmedian nanargmin argmin sort cumprod diff tril_indices_from trace diagonal | np.{}(x)
tril ravel atleast_3d fliplr flipud rot90 zeros_like asarray asfortranarray asanyarray asarray_chkfinite | np.{}(x)
shape ndim size linalg.pinv linalg.matrix_rank multiply.reduce maximum.reduce | np.{}(x)
min median nanmin nanprod nancumsum nanargmax argmax argsort cumsum flip linalg.norm add.reduce | np.{}(x, axis=1)
maximum.accumulate minimum.reduce minimum.accumulate add.accumulate multiply.accumulate | np.{}(x, axis=1)
amax | np.{}(x, axis=0, keepdims=True)
percentile | np.{}(x, 30)
quantile | np.{}(x, 0.3, axis=1)
choose | np.{}(y[:1] * 0, x)
any | np.{}(x > 0, axis=0)
all count_nonzero nonzero argwhere flatnonzero logical_and.reduce | np.{}(x > 0)
unique | np.{}(y)
isin | np.{}(y, [0])
digitize | np.{}(v, [0.0, 0.5])
lexsort column_stack | np.{}((v, v))
partition | np.{}(v, 1)
ravel_multi_index | np.{}((y, y), (3, 3))
diag_indices | np.{}(3)
cross shares_memory may_share_memory | np.{}(x, v)
reshape | np.{}(x, (3, -1))
transpose | np.{}(x, (1, 0))
swapaxes | np.{}(x, 0, 1)
moveaxis | np.{}(x, 0, -1)
squeeze | np.{}(x[None])
atleast_1d atleast_2d | np.{}(v)
roll | np.{}(x, 1, axis=1)
take_along_axis | np.{}(x, y[:, None], axis=1)
ones_like | np.{}(x, dtype=float)
full_like | np.{}(x, 0.5)
copy ascontiguousarray | np.{}(x.T)
array | np.{}([v, 2*v])
concatenate | np.{}([x, x], axis=1)
stack | np.{}((x, x), axis=-1)
hstack dstack | np.{}((x, x))
vstack | np.{}([x, v])
append | np.{}(v, 1.0)
insert | np.{}(v, 1, 2.0)
linalg.det linalg.inv linalg.cond diag_indices_from | np.{}(x[:, :2])
linalg.solve | np.{}(x[:, :2], x[:, 2])
linalg.cholesky linalg.eigvalsh | np.{}(x @ x.T)
allclose array_equal array_equiv vdot | np.{}(x, x)
add.at subtract.at | z = np.zeros(4); np.{}(z, y, 1.5); f = z
logical_or.reduce | np.{}(x > 0, axis=1)
put_along_axis | z = x.copy(); np.{}(z, y[:, None], 9.0, 1); f = z
fill_diagonal | z = np.ones((2, 2)); np.{}(z, 5); f = z
searchsorted | np.{}(np.sort(v), 0.5)
ix_ | x[np.{}([0, 1], [0, 2])]
unravel_index | np.{}(4, (2, 3))
interp | np.{}(v, np.sort(v), v)
"""
SPECIAL = """
expit erf erfc | scipy.special.{}(x)
logit | scipy.special.{}(scipy.special.expit(x))
log1p gammaln digamma | scipy.special.{}(x*x)
logsumexp softmax | scipy.special.{}(x, axis=1)
log_softmax | scipy.special.{}(x, axis=-1)
xlogy | scipy.special.{}(x*x, x*x)
erfinv | scipy.special.{}(x/9)
"""
NUMPY: dict[str, Row] = {
    **listed(own, broadcast, ELEMENTWISE),
    **listed(own, together, SAME_SIZE),
    **listed(own, of_shape, "zeros | np.zeros((2, 3))\nones | np.ones(3, dtype=float)\nfull | np.full((2, 2), 0.5)"),
    **listed(own, of_shape, "indices | np.indices((2, 3))"),
    **listed(own, square, "eye | np.eye(3)[y]\nidentity | np.identity(2)\ntri | np.tri(2, 3)"),
    **listed(own, square, "tril_indices | np.tril_indices(3)\ntriu_indices | np.triu_indices(3, 1)"),
    "arange": Row(arange, stepping, "np.arange(1, stop=9, step=2)"),
    **listed(own, counted, "linspace | np.linspace(0, 1, 5)\nlogspace | np.logspace(0, 1, 5)"),
    **listed(own, counted, "geomspace | np.geomspace(1, 8, 4)"),
    **listed(own, second_shape, "broadcast_to | np.broadcast_to(v, (4, 3))\nresize | np.resize(v, (2, 2))"),
    **listed(own, repeated, "repeat | np.repeat(x, 2, axis=0)\ntile | np.tile(x, (2, 2))"),
    **listed(own, padded, "pad | np.pad(x, ((1, 1), (0, 2)), mode='constant')"),
    **listed(own, of_matrices, "matmul | np.matmul(x, x.T)"),
    **listed(own, parts, "split | np.split(x, 3, axis=1)\narray_split | np.array_split(x, 2, axis=1)"),
    **listed(own, parts, "hsplit | np.hsplit(x, 3)\nvsplit | np.vsplit(x, 2)"),
    **listed(own, crossed, "outer | np.outer(v, v)\nmultiply.outer | np.multiply.outer(v, v)"),
    **listed(own, meshed, "meshgrid | np.meshgrid(v, y)"),
    **listed(own, contracted, "dot | np.dot(x, v)\ninner | np.inner(x, x)"),
    **listed(own, of_axes, "tensordot | np.tensordot(x, x, axes=([0], [0]))"),
    **listed(own, summed_products, "einsum | np.einsum('ij,kj->ik', x, x)"),
    **listed(own, up_to_largest, "bincount | np.bincount(y)"),
    **listed(own, together, "delete | np.delete(x, 1, axis=1)"),
    "linalg.svd": Row(lambda *a, **named: tuple(np.linalg.svd(*a, **named)), squared, "np.linalg.svd(x)[1]"),
    "linalg.qr": Row(lambda *a, **named: tuple(np.linalg.qr(*a, **named)), squared, "np.linalg.qr(x)[1]"),
    **listed(own, diagonal, "diag | np.diag(v)\ndiagflat | np.diagflat(v)"),
    **listed(own, gathered, "take | np.take(x, [0, 0], axis=0)"),
    "lib.stride_tricks.sliding_window_view": Row(
        np.lib.stride_tricks.sliding_window_view, windows, "np.lib.stride_tricks.sliding_window_view(v, 2)"
    ),
    "lib.stride_tricks.as_strided": Row(
        strided, of_view, "np.lib.stride_tricks.as_strided(v, (2, 2), (v.itemsize, v.itemsize))"
    ),
    "broadcast_arrays": Row(broadcast_arrays, broadcast, "np.broadcast_arrays(x, v)[1]"),
    "empty": Row(zeros, of_shape, "np.zeros_like(np.empty((2, 3)))"),
    "empty_like": Row(np.zeros_like, together, "np.zeros_like(np.empty_like(x))"),
}
SCIPY = listed(lambda name: getattr(special, name), together, SPECIAL)
METHODS = frozenset([
    "all", "any", "argmax", "argmin", "argsort", "clip", "cumprod", "cumsum", "diagonal", "dot", "max", "mean",
    "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes", "take",
    "trace", "transpose", "var",
])  # fmt: skip  # of arrays, which do what the function of the name does
ALIASES = {
    "ndarray": "empty",
    "asnumpy": "asarray",  # of cupy
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power", "concat": "concatenate", "permute_dims": "transpose",
    "product": "prod", "cumproduct": "cumprod", "alltrue": "all", "sometrue": "any", "in1d": "isin", "lib.pad": "pad",
    "bitwise_invert": "invert", "fix": "trunc", "trapz": "trapezoid", "cumulative_sum": "cumsum",
    "cumulative_prod": "cumprod", "linalg.matrix_transpose": "matrix_transpose", "row_stack": "vstack",
    "linalg.matmul": "matmul", "linalg.outer": "outer", "linalg.tensordot": "tensordot", "linalg.trace": "trace",
    "linalg.diagonal": "diagonal",
    "linalg.vector_norm": "linalg.norm", "core.multiarray.dot": "dot",
}  # fmt: skip  # of one function, some only in later or earlier versions
RENAMED = {"newshape": "shape", "shape": "newshape"}  # parameters, from one version to another
CONSTANTS = {
    "pi": np.pi,
    "e": np.e,
    "inf": np.inf,
    "Inf": np.inf,
    "nan": np.nan,
    "NaN": np.nan,
    "euler_gamma": np.euler_gamma,
}
RANDOM = frozenset([
    "rand", "randn", "random", "random_sample", "uniform", "normal", "standard_normal", "binomial", "randint",
    "choice", "permutation",
])  # fmt: skip
DRAWN = RANDOM | {"randn_like", "rand_like"}  # with those that torch alone has
MAKING = DRAWN | {"array", "tensor", "asarray", "zeros", "ones", "full", "linspace"}  # arrays out of nothing
SUPPOSED = DRAWN | {"ones", "ones_like", "full_like"}  # by which a script supposes a gradient from above
