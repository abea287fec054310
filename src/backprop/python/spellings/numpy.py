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
abs | np.abs(x)
absolute | np.absolute(x)
fabs | np.fabs(x)
sqrt | np.sqrt(x*x)
cbrt | np.cbrt(x)
exp | np.exp(x)
exp2 | np.exp2(x)
expm1 | np.expm1(x)
log | np.log(x*x)
log1p | np.log1p(x*x)
log2 | np.log2(x*x)
log10 | np.log10(x*x)
sin | np.sin(x)
cos | np.cos(x)
tan | np.tan(x)
arcsin | np.arcsin(x/9)
arccos | np.arccos(x/9)
arctan | np.arctan(x)
arctan2 | np.arctan2(x, v)
sinh | np.sinh(x)
cosh | np.cosh(x)
tanh | np.tanh(x)
arctanh | np.arctanh(x/9)
arcsinh | np.arcsinh(x)
arccosh | np.arccosh(1 + x*x)
sign | np.sign(x)
square | np.square(x)
reciprocal | np.reciprocal(x)
negative | np.negative(x)
power | np.power(x, 3)
float_power | np.float_power(x, 2)
maximum | np.maximum(0, x)
minimum | np.minimum(x, v)
fmax | np.fmax(x, 0)
fmin | np.fmin(x, v)
add | np.add(x, v)
subtract | np.subtract(x, v)
multiply | np.multiply(x, v)
divide | np.divide(x, v)
true_divide | np.true_divide(x, v)
floor_divide | np.floor_divide(x, v)
mod | np.mod(x, v)
fmod | np.fmod(x, v)
hypot | np.hypot(x, v)
broadcast_arrays | np.broadcast_arrays(x, v)[1]
logaddexp | np.logaddexp(x, v)
logaddexp2 | np.logaddexp2(x, v)
remainder | np.remainder(x, v)
copysign | np.copysign(x, v)
positive | np.positive(x)
ldexp | np.ldexp(x, 2)
floor | np.floor(x)
ceil | np.ceil(x)
round | np.round(x, 1)
around | np.around(x)
rint | np.rint(x)
trunc | np.trunc(x)
where | np.where(x > 0, x, 0.01*x)
clip | np.clip(x, -0.5, 0.5)
heaviside | np.heaviside(x, 0.5)
isnan | np.isnan(x)
isinf | np.isinf(x)
isfinite | np.isfinite(x)
isneginf | np.isneginf(x)
isposinf | np.isposinf(x)
signbit | np.signbit(x)
real | np.real(x)
isclose | np.isclose(x, v)
greater | np.greater(x, v)
greater_equal | np.greater_equal(x, v)
less | np.less(x, v)
less_equal | np.less_equal(x, v)
equal | np.equal(y, 2)
not_equal | np.not_equal(y, 2)
logical_and | np.logical_and(x > 0, v > 0)
logical_or | np.logical_or(x > 0, v > 0)
logical_xor | np.logical_xor(x > 0, v > 0)
logical_not | np.logical_not(x > 0)
bitwise_and | np.bitwise_and(x > 0, v > 0)
bitwise_or | np.bitwise_or(x > 0, v > 0)
bitwise_xor | np.bitwise_xor(y, 3)
bitwise_not | np.bitwise_not(x > 0)
invert | np.invert(x > 0)
left_shift | np.left_shift(y, 1)
right_shift | np.right_shift(y, 1)
nan_to_num | np.nan_to_num(x)
deg2rad | np.deg2rad(x)
rad2deg | np.rad2deg(x)
degrees | np.degrees(x)
radians | np.radians(x)
sinc | np.sinc(x)
"""
SAME_SIZE = """
sum | np.sum(x, axis=0)
mean | np.mean(x, axis=1, keepdims=True)
average | np.average(x, axis=0)
prod | np.prod(x, 1)
var | np.var(x, axis=0, ddof=1)
std | np.std(x)
max | np.max(x, 1)
min | np.min(x, axis=1)
amax | np.amax(x, axis=0, keepdims=True)
amin | np.amin(x)
ptp | np.ptp(x, axis=0)
median | np.median(x, axis=1)
nansum | np.nansum(x, axis=0)
nanmean | np.nanmean(x)
nanvar | np.nanvar(x, axis=0)
nanstd | np.nanstd(x)
nanmax | np.nanmax(x)
nanmin | np.nanmin(x, axis=1)
nanprod | np.nanprod(x, axis=1)
nancumsum | np.nancumsum(x, axis=1)
nanmedian | np.nanmedian(x)
nanargmax | np.nanargmax(x, axis=1)
nanargmin | np.nanargmin(x)
percentile | np.percentile(x, 30)
quantile | np.quantile(x, 0.3, axis=1)
argmax | np.argmax(x, axis=1)
argmin | np.argmin(x)
choose | np.choose(y[:1] * 0, x)
argsort | np.argsort(x, axis=1)
sort | np.sort(x)
cumsum | np.cumsum(x, axis=1)
cumprod | np.cumprod(x)
diff | np.diff(x)
any | np.any(x > 0, axis=0)
all | np.all(x > 0)
count_nonzero | np.count_nonzero(x > 0)
nonzero | np.nonzero(x > 0)
argwhere | np.argwhere(x > 0)
flatnonzero | np.flatnonzero(x > 0)
unique | np.unique(y)
isin | np.isin(y, [0])
digitize | np.digitize(v, [0.0, 0.5])
lexsort | np.lexsort((v, v))
partition | np.partition(v, 1)
ravel_multi_index | np.ravel_multi_index((y, y), (3, 3))
diag_indices | np.diag_indices(3)
tril_indices_from | np.tril_indices_from(x)
triu_indices_from | np.triu_indices_from(x, 1)
rollaxis | np.rollaxis(x, 1)
cross | np.cross(x, v)
trace | np.trace(x)
diagonal | np.diagonal(x)
tril | np.tril(x)
triu | np.triu(x, 1)
reshape | np.reshape(x, (3, -1))
ravel | np.ravel(x)
transpose | np.transpose(x, (1, 0))
swapaxes | np.swapaxes(x, 0, 1)
moveaxis | np.moveaxis(x, 0, -1)
expand_dims | np.expand_dims(x, 1)
squeeze | np.squeeze(x[None])
atleast_1d | np.atleast_1d(v)
atleast_2d | np.atleast_2d(v)
atleast_3d | np.atleast_3d(x)
flip | np.flip(x, axis=1)
fliplr | np.fliplr(x)
flipud | np.flipud(x)
rot90 | np.rot90(x)
roll | np.roll(x, 1, axis=1)
take_along_axis | np.take_along_axis(x, y[:, None], axis=1)
zeros_like | np.zeros_like(x)
ones_like | np.ones_like(x, dtype=float)
full_like | np.full_like(x, 0.5)
copy | np.copy(x.T)
array | np.array([v, 2*v])
asarray | np.asarray(x)
ascontiguousarray | np.ascontiguousarray(x.T)
asfortranarray | np.asfortranarray(x)
asanyarray | np.asanyarray(x)
asarray_chkfinite | np.asarray_chkfinite(x)
concatenate | np.concatenate([x, x], axis=1)
stack | np.stack((x, x), axis=-1)
hstack | np.hstack((x, x))
vstack | np.vstack([x, v])
dstack | np.dstack((x, x))
column_stack | np.column_stack((v, v))
append | np.append(v, 1.0)
insert | np.insert(v, 1, 2.0)
shape | np.shape(x)
ndim | np.ndim(x)
size | np.size(x)
linalg.norm | np.linalg.norm(x, axis=1)
linalg.det | np.linalg.det(x[:, :2])
linalg.inv | np.linalg.inv(x[:, :2])
linalg.solve | np.linalg.solve(x[:, :2], x[:, 2])
linalg.cholesky | np.linalg.cholesky(x @ x.T)
linalg.pinv | np.linalg.pinv(x)
linalg.cond | np.linalg.cond(x[:, :2])
linalg.matrix_rank | np.linalg.matrix_rank(x)
linalg.eigvalsh | np.linalg.eigvalsh(x @ x.T)
allclose | np.allclose(x, x)
array_equal | np.array_equal(x, x)
array_equiv | np.array_equiv(x, x)
shares_memory | np.shares_memory(x, v)
may_share_memory | np.may_share_memory(x, v)
add.at | z = np.zeros(4); np.add.at(z, y, 1.5); f = z
subtract.at | z = np.zeros(4); np.subtract.at(z, y, 1.5); f = z
add.reduce | np.add.reduce(x, axis=1)
multiply.reduce | np.multiply.reduce(x)
maximum.reduce | np.maximum.reduce(x)
maximum.accumulate | np.maximum.accumulate(x, axis=1)
minimum.reduce | np.minimum.reduce(x, axis=1)
minimum.accumulate | np.minimum.accumulate(x, axis=1)
add.accumulate | np.add.accumulate(x, axis=1)
multiply.accumulate | np.multiply.accumulate(x, axis=1)
logical_and.reduce | np.logical_and.reduce(x > 0)
logical_or.reduce | np.logical_or.reduce(x > 0, axis=1)
put_along_axis | z = x.copy(); np.put_along_axis(z, y[:, None], 9.0, 1); f = z
fill_diagonal | z = np.ones((2, 2)); np.fill_diagonal(z, 5); f = z
vdot | np.vdot(x, x)
searchsorted | np.searchsorted(np.sort(v), 0.5)
ix_ | x[np.ix_([0, 1], [0, 2])]
unravel_index | np.unravel_index(4, (2, 3))
interp | np.interp(v, np.sort(v), v)
"""
SPECIAL = """
expit | scipy.special.expit(x)
logit | scipy.special.logit(scipy.special.expit(x))
erf | scipy.special.erf(x)
erfc | scipy.special.erfc(x)
log1p | scipy.special.log1p(x*x)
logsumexp | scipy.special.logsumexp(x, axis=1)
softmax | scipy.special.softmax(x, axis=1)
log_softmax | scipy.special.log_softmax(x, axis=-1)
gammaln | scipy.special.gammaln(x*x)
digamma | scipy.special.digamma(x*x)
xlogy | scipy.special.xlogy(x*x, x*x)
erfinv | scipy.special.erfinv(x/9)
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
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2",
    "atanh": "arctanh", "pow": "power", "concat": "concatenate", "permute_dims": "transpose",
    "bitwise_invert": "invert", "fix": "trunc", "trapz": "trapezoid", "cumulative_sum": "cumsum",
    "cumulative_prod": "cumprod", "linalg.matrix_transpose": "matrix_transpose", "row_stack": "vstack",
    "linalg.matmul": "matmul", "linalg.outer": "outer", "linalg.tensordot": "tensordot", "linalg.trace": "trace",
    "linalg.diagonal": "diagonal",
    "linalg.vector_norm": "linalg.norm", "core.multiarray.dot": "dot",
}  # fmt: skip  # of one function, some only in later versions
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
