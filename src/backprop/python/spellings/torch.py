"""What of torch may be called, as functions and as methods of tensors, with torch's own defaults, on NumPy's arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from backprop.python.spellings import special
from backprop.python.spellings.row import (
    Row,
    all_repeated,
    arange,
    broadcast,
    contracted,
    counted,
    crossed,
    diagonal,
    gathered,
    hot,
    listed,
    of_matrices,
    of_shape,
    of_shapes,
    parts,
    repeated,
    second_shape,
    square,
    stepping,
    summed_products,
    together,
)  # fmt: skip
from backprop.python.values.arrays import Tensor, axes_of, dtype_of, number_of, tensor
from backprop.python.values.meter import Refusal


class Extremum(NamedTuple):
    """What max and min along an axis give."""

    values: Any
    indices: Any


def shape_of(items: tuple[Any, ...]) -> tuple[int, ...]:
    """A shape as one argument or as several."""
    given = items[0] if len(items) == 1 and isinstance(items[0], tuple | list) else items
    return tuple([number_of(one) for one in given])


def reduced(name: str) -> Callable[..., Any]:
    """A sum and its like, along `dim`."""
    function: Callable[..., Any] = getattr(np, name)

    def along(a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        return function(a, axis=axes_of(dim), keepdims=bool(keepdim))

    return along


def extreme(name: str) -> Callable[..., Any]:
    """max and min: of all, along an axis with where it is, or of two."""
    function: Callable[..., Any] = getattr(np, name)
    place: Callable[..., Any] = getattr(np, f"arg{name}")
    of_two: Callable[..., Any] = getattr(np, f"{name}imum")

    def found(a: Any, dim: Any = None, keepdim: bool = False, out: Any = None) -> Any:
        if dim is None:
            return function(a)
        if isinstance(dim, np.ndarray):
            return of_two(a, dim, out=out)
        axis = number_of(dim)
        values, indices = function(a, axis=axis, keepdims=bool(keepdim)), place(a, axis=axis, keepdims=bool(keepdim))
        return Extremum(tensor(values), tensor(indices))

    return found


def spread(name: str) -> Callable[..., Any]:
    """var and std, which divide by n - 1 here."""
    function: Callable[..., Any] = getattr(np, name)

    def along(a: Any, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *, correction: Any = None) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        less = int(unbiased) if correction is None else number_of(correction)
        return function(a, axis=axes_of(dim), ddof=less, keepdims=bool(keepdim))

    return along


def place_of(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(np, name)
    return lambda a, dim=None, keepdim=False: function(a, axis=axes_of(dim), keepdims=bool(keepdim))


def norm(a: Any, p: Any = 2, dim: Any = None, keepdim: bool = False) -> Any:
    if p not in (1, 2, "fro"):
        raise Refusal("this norm is not read", "name")
    if p == 1:
        return np.sum(np.abs(a), axis=axes_of(dim), keepdims=bool(keepdim))
    return np.sqrt(np.sum(np.square(a), axis=axes_of(dim), keepdims=bool(keepdim)))


def clamp(a: Any, min: Any = None, max: Any = None) -> Any:
    return np.clip(a, min, max)


def squeeze(a: Any, dim: Any = None) -> Any:
    """A longer axis stays as it is."""
    if dim is None:
        return np.squeeze(a)
    axis = number_of(dim)
    return np.squeeze(a, axis=axis) if np.shape(a)[axis] == 1 else a


def expand(a: Any, *shape: Any) -> Any:
    """-1 keeps the length of an axis."""
    wanted = shape_of(shape)
    more = len(wanted) - np.ndim(a)
    lengths = [np.shape(a)[i - more] if one == -1 else one for i, one in enumerate(wanted)]
    return np.broadcast_to(a, lengths)


def flatten(a: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    shape = np.shape(a)
    last = end_dim % len(shape) if shape else 0
    return np.reshape(a, (*shape[:start_dim], -1, *shape[last + 1 :]))


def split(a: Any, size: Any, dim: int = 0) -> Any:
    """By the size of the parts, not by their number."""
    length = np.shape(a)[dim]
    if isinstance(size, int) and size > 0 and length / size > 100_000:
        raise Refusal("these are too many parts", "size")
    cuts = list(range(size, length, size)) if isinstance(size, int) else list(np.cumsum(size)[:-1])
    return tuple(map(tensor, np.split(a, cuts, axis=dim)))


def chunk(a: Any, count: int, dim: int = 0) -> Any:
    return split(a, -(-np.shape(a)[dim] // count), dim)


def one_hot(a: Any, num_classes: int = -1) -> Any:
    classes = num_classes if num_classes > 0 else int(np.max(a)) + 1
    return np.eye(classes, dtype=np.int64)[np.asarray(a)]


def softmax(a: Any, dim: Any = None, dtype: Any = None) -> Any:
    if dim is None:
        raise Refusal("softmax needs its dim", "arity")
    return special.softmax(np.asarray(a), axis=number_of(dim))


def log_softmax(a: Any, dim: Any = None, dtype: Any = None) -> Any:
    if dim is None:
        raise Refusal("log_softmax needs its dim", "arity")
    return special.log_softmax(np.asarray(a), axis=number_of(dim))


def logsumexp(a: Any, dim: Any, keepdim: bool = False) -> Any:
    return special.logsumexp(np.asarray(a), axis=axes_of(dim), keepdims=bool(keepdim))


def einsum(text: str, *arrays: Any) -> Any:
    parts = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], tuple | list) else arrays
    return np.einsum(text, *parts)


def permuted(a: Any, *axes: Any) -> Any:
    return np.transpose(a, shape_of(axes))


def turned(a: Any) -> Any:
    return np.transpose(a)


def gather(a: Any, dim: int, index: Any) -> Any:
    """Only as far as the index reaches, as torch has it."""
    within = tuple([slice(None) if i == dim % np.ndim(a) else slice(0, n) for i, n in enumerate(np.shape(index))])
    return np.take_along_axis(np.asarray(a)[within], np.asarray(index), dim)


def cast(kind: str) -> Callable[..., Any]:
    dtype = dtype_of(kind)
    return lambda a: a if a.dtype == dtype else np.asarray(a).astype(dtype)


def to(a: Any, *kinds: Any, dtype: Any = None, other: Any = None, **_: Any) -> Any:
    """As elements of another kind, or of that of another tensor; where it lies makes no difference."""
    found = next((one for one in (*kinds, dtype, other) if isinstance(one, np.dtype | np.ndarray)), None)
    kind = found.dtype if isinstance(found, np.ndarray) else found
    return a if kind is None or a.dtype == kind else np.asarray(a).astype(kind)


def ordered(a: Any, dim: int = -1, descending: bool = False, stable: Any = None) -> Extremum:
    """Sorted, and where each element was."""
    a = np.asarray(a)
    order = np.argsort(-a if descending else a, axis=dim, kind="stable")
    return Extremum(tensor(np.take_along_axis(a, order, dim)), tensor(order))


def largest(a: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Extremum:
    found = ordered(a, dim, largest)
    return Extremum(*[tensor(np.take(one, np.arange(k), axis=dim)) for one in found])


def places(a: Any, as_tuple: bool = False) -> Any:
    return np.nonzero(a) if as_tuple else np.argwhere(a)


def made(value: Any, dtype: Any = None, **_: Any) -> Any:
    return np.array(value, dtype=dtype_of(dtype))


def fractions(*values: Any) -> Any:
    """`torch.Tensor([1, 2])`, of a list of numbers or of nothing; of sizes, whose values are to be set yet, nan."""
    if not values or isinstance(values[0], list | np.ndarray):
        return np.array(values[0] if values else (), dtype=float)
    return np.full(values[0] if isinstance(values[0], tuple) else values, np.nan)


def mse_loss(a: Any, b: Any, reduction: str = "mean") -> Any:
    squares = (np.asarray(a) - b) ** 2
    return squares if reduction == "none" else squares.sum() if reduction == "sum" else squares.mean()


def linear(a: Any, weight: Any, bias: Any = None) -> Any:
    return a @ weight.T if bias is None else a @ weight.T + bias


def full(value: float) -> Callable[..., Any]:
    def filled(*shape: Any, size: Any = None, dtype: Any = None, **_: Any) -> Any:
        return np.full(shape_of(shape if size is None else (size,)), value, dtype=dtype_of(dtype) or float)

    return filled


def like(value: float) -> Callable[..., Any]:
    return lambda a, dtype=None, **_: np.full(np.shape(a), value, dtype=dtype_of(dtype) or a.dtype)


def joined(arrays: Any, dim: int = 0) -> Any:
    return np.concatenate(list(arrays), axis=dim)


def stacked(arrays: Any, dim: int = 0) -> Any:
    return np.stack(list(arrays), axis=dim)


def gelu(a: Any, approximate: str = "none") -> Any:
    if approximate == "tanh":
        return 0.5 * a * (1 + np.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))
    return 0.5 * a * (1 + special.erf(np.asarray(a) / np.sqrt(2)))


def addmm(b: Any, a: Any, w: Any) -> Any:
    return b + a @ w


def masked_fill(a: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, a)


def index_select(a: Any, dim: int, index: Any) -> Any:
    return np.take(a, np.asarray(index), axis=dim)


def transposed(a: Any, one: int, other: int) -> Any:
    return np.swapaxes(a, one, other)


def tri(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(np, name)
    return lambda a, diagonal=0: function(a, diagonal)


def summed(name: str) -> Callable[..., Any]:
    function: Callable[..., Any] = getattr(np, name)
    return lambda a, dim: function(a, axis=number_of(dim))


def flipped(a: Any, *dims: Any) -> Any:
    return np.flip(a, shape_of(dims))


def rolled(a: Any, shifts: Any, dims: Any = None) -> Any:
    return np.roll(a, shifts, dims)


def repeat_interleave(a: Any, repeats: Any, dim: Any = None) -> Any:
    return np.repeat(a, repeats, axis=dim)


# ── in place ──


def filled(a: Any, value: Any) -> Any:
    a[...] = value
    return a


def zeroed(a: Any) -> Any:
    return filled(a, 0)


def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """`a.add_(b)`: what the function gives is written into the memory."""

    def write(a: Any, *arguments: Any, **keywords: Any) -> Any:
        a[...] = function(a, *arguments, **keywords)
        return a

    return write


def scaled(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, b, alpha=1: function(a, alpha * b if alpha != 1 else b)


def index_add(a: Any, dim: int, index: Any, source: Any, alpha: Any = 1) -> Any:
    places: Any = (*[slice(None)] * (dim % np.ndim(a)), np.asarray(index))
    np.add.at(a.view(np.ndarray), places, alpha * np.asarray(source))
    return a


def scattered(add: bool) -> Callable[..., Any]:
    def write(a: Any, dim: int, index: Any, src: Any) -> Any:
        places = list(np.indices(np.shape(index)))
        places[dim] = np.asarray(index)
        values = np.asarray(src)[tuple([slice(0, n) for n in np.shape(index)])] if np.ndim(src) else src
        memory = a.view(np.ndarray)
        if add:
            np.add.at(memory, tuple(places), values)
        else:
            memory[tuple(places)] = values
        return a

    return write


def itself(a: Any, *_: Any, **__: Any) -> Any:
    return a


def ufunc(name: str) -> Callable[..., Any]:
    return getattr(np, name)  # type: ignore[no-any-return]


def cloned(a: Any, **_: Any) -> Any:
    return np.array(a)


def relu(a: Any) -> Any:
    return np.maximum(a, 0)


def elu(a: Any, alpha: float = 1.0) -> Any:
    return np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))


def softplus(a: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    if beta == 1.0:  # there the straight line and the curve are the same to nine digits
        return special.value_of("softplus")(a)
    return np.where(a * beta > threshold, a, np.logaddexp(beta * a, 0.0 * a) / beta)


def leaky_relu(a: Any, negative_slope: float = 0.01) -> Any:
    return np.where(a > 0, a, negative_slope * a)


SAME = """
exp expm1 exp2 sin cos tan sinh cosh tanh sign abs floor ceil trunc square reciprocal positive | torch.{}(x)
isnan isinf isfinite signbit isneginf isposinf nan_to_num sinc deg2rad rad2deg | torch.{}(x)
sqrt | (x*x).{}()
log log1p log2 log10 | torch.{}(x*x)
neg atan asin acos asinh absolute round sgn | torch.{}(x/9)
maximum minimum fmax fmin hypot logaddexp atan2 fmod copysign floor_divide heaviside | torch.{}(x, x*x)
eq ne gt ge lt le | torch.{}(x, x*x)
pow | torch.{}(x, 3)
float_power | torch.{}(x*x, x*x)
logical_and logical_or logical_xor bitwise_and bitwise_or bitwise_xor | torch.{}(x > 0, x < 1)
logical_not bitwise_not | torch.{}(x > 0)
"""  # as NumPy's functions, under these names or others
RENAMED = {
    "neg": "negative", "atan": "arctan", "asin": "arcsin", "acos": "arccos", "asinh": "arcsinh", "atan2": "arctan2",
    "pow": "power", "eq": "equal", "ne": "not_equal", "gt": "greater", "ge": "greater_equal", "lt": "less",
    "le": "less_equal", "sgn": "sign",
}  # fmt: skip
OF_GATES = {
    "erfc": "x", "erfinv": "x/9", "lgamma": "x*x", "digamma": "x*x", "acosh": "1 + x*x", "atanh": "x/9",
    "softsign": "x", "selu": "x", "mish": "x", "logsigmoid": "x", "hardsigmoid": "4 * x",
}  # fmt: skip  # with what they are tried at
OF_F = ("softsign", "mish", "logsigmoid", "hardsigmoid")  # of torch.nn.functional alone


def elementwise() -> dict[str, Row]:
    """The functions that NumPy has too."""
    rows = listed(lambda name: ufunc(RENAMED.get(name, name)), broadcast, SAME)
    function: Callable[..., Any]
    for name, function in (("add", np.add), ("sub", np.subtract)):
        rows[name] = Row(scaled(function), broadcast, f"x.{name}(v, alpha=2)")
        rows[f"{name}_"] = Row(in_place(scaled(function)), broadcast, f"z = x.clone(); z.{name}_(v); f = z")
    for name, function in (("mul", np.multiply), ("div", np.divide)):
        rows[name] = Row(function, broadcast, f"x.{name}(v)")
        rows[f"{name}_"] = Row(in_place(function), broadcast, f"z = x.clone(); z.{name}_(v); f = z")
    return rows


TORCH: dict[str, Row] = {
    **elementwise(),
    **{name: Row(special.value_of(name), broadcast, f"{'F' if name in OF_F else 'torch'}.{name}({at})")
        for name, at in OF_GATES.items()},
    "rsqrt": Row(lambda a: 1 / np.sqrt(a), broadcast, "torch.rsqrt(x*x)"),
    "erf": Row(lambda a: special.erf(np.asarray(a)), broadcast, "torch.erf(x)"),
    "sigmoid": Row(special.expit, broadcast, "torch.sigmoid(x)"),
    "relu": Row(relu, broadcast, "F.relu(x)"),
    "elu": Row(elu, broadcast, "F.elu(x, 0.7)"),
    "leaky_relu": Row(leaky_relu, broadcast, "F.leaky_relu(x, 0.2)"),
    "softplus": Row(softplus, broadcast, "F.softplus(x, -0.7, 50)"),
    "silu": Row(special.value_of("silu"), broadcast, "F.silu(x)"),
    "gelu": Row(gelu, broadcast, "F.gelu(x)"),
    "where": Row(np.where, broadcast, "torch.where(x > 0, x, 0.1 * x)"),
    "clamp": Row(clamp, broadcast, "x.clamp(min=0)"),
    "clip": Row(clamp, broadcast, "torch.clip(x, -0.5, 0.5)"),
    "clamp_min": Row(lambda a, low: np.maximum(a, low), broadcast, "x.clamp_min(0.1)"),
    "masked_fill": Row(masked_fill, broadcast, "x.masked_fill(x > 0, 3.0)"),
    "masked_fill_": Row(in_place(masked_fill), broadcast, "z = x.clone(); z.masked_fill_(x > 0, 3.0); f = z"),
    "softmax": Row(softmax, together, "torch.softmax(x, 1)"),
    "log_softmax": Row(log_softmax, together, "F.log_softmax(x, dim=-1)"),
    "logsumexp": Row(logsumexp, together, "torch.logsumexp(x, 1)"),
    "sum": Row(reduced("sum"), together, "x.sum(0, keepdim=True)"),
    "mean": Row(reduced("mean"), together, "x.mean((0, 1))"),
    "prod": Row(reduced("prod"), together, "x.prod(1)"),
    "amax": Row(reduced("amax"), together, "x.amax(1)"),
    "amin": Row(reduced("amin"), together, "x.amin(dim=(0, 1))"),
    "any": Row(reduced("any"), together, "(x > 0).any(1)"),
    "all": Row(reduced("all"), together, "(x > 0).all()"),
    "max": Row(extreme("max"), together, "x.max(1, keepdim=True).values"),
    "min": Row(extreme("min"), together, "torch.min(x, 1)[1]"),
    "argmax": Row(place_of("argmax"), together, "x.argmax(dim=1)"),
    "argmin": Row(place_of("argmin"), together, "torch.argmin(x)"),
    "sort": Row(ordered, together, "torch.sort(x, dim=1, descending=True)[0]"),
    "topk": Row(largest, together, "x.topk(2, dim=1).indices"),
    "argsort": Row(lambda *given, **named: ordered(*given, **named)[1], together, "x.argsort(dim=1)"),
    "nonzero": Row(places, together, "torch.nonzero(x > 0)"),
    "masked_select": Row(lambda a, mask: np.asarray(a)[np.asarray(mask)], together, "x.masked_select(x > 0)"),
    "linspace": Row(np.linspace, counted, "torch.linspace(0, 1, 5)"),
    "remainder": Row(np.mod, broadcast, "torch.remainder(x, v)"),
    "xlogy": Row(special.xlogy, broadcast, "torch.xlogy(x*x, x*x)"),
    "isclose": Row(np.isclose, broadcast, "torch.isclose(x, x)"),
    "var": Row(spread("var"), together, "x.var(0, unbiased=False)"),
    "std": Row(spread("std"), together, "x.std(dim=0)"),
    "norm": Row(norm, together, "x.norm(dim=1)"),
    "cumsum": Row(summed("cumsum"), together, "x.cumsum(1)"),
    "cumprod": Row(summed("cumprod"), together, "x.cumprod(dim=1)"),
    "matmul": Row(np.matmul, of_matrices, "torch.matmul(x, v)"),
    "mm": Row(np.matmul, of_matrices, "x.t().mm(x)"),
    "bmm": Row(np.matmul, of_matrices, "torch.bmm(x[None], x.t()[None])"),
    "mv": Row(np.matmul, of_matrices, "x.mv(v)"),
    "dot": Row(np.dot, contracted, "torch.dot(v, v)"),
    "outer": Row(np.outer, crossed, "torch.outer(v, v)"),
    "addmm": Row(addmm, together, "torch.addmm(torch.zeros(2, 2), x, x.t())"),
    "einsum": Row(einsum, summed_products, "torch.einsum('ij,kj->ik', x, x)"),
    "cat": Row(joined, together, "torch.cat([x, x * 2], 1)"),
    "concat": Row(joined, together, "torch.concat((x, x))"),
    "stack": Row(stacked, together, "torch.stack([x, x], dim=1)"),
    "reshape": Row(lambda a, *shape: np.reshape(a, shape_of(shape)), together, "x.reshape(3, 2)"),
    "view": Row(lambda a, *shape: np.reshape(a, shape_of(shape)), together, "x.view(-1)"),
    "view_as": Row(lambda a, b: np.reshape(a, np.shape(b)), together, "x.view_as(x)"),
    "expand": Row(expand, all_repeated, "x.unsqueeze(0).expand(4, -1, -1)"),
    "expand_as": Row(lambda a, b: np.broadcast_to(a, np.shape(b)), together, "v.expand_as(x)"),
    "broadcast_to": Row(lambda a, shape: np.broadcast_to(a, shape), second_shape, "torch.broadcast_to(v, (2, 3))"),
    "repeat": Row(lambda a, *times: np.tile(a, shape_of(times)), all_repeated, "x.repeat(2, 1)"),
    "repeat_interleave": Row(repeat_interleave, repeated, "x.repeat_interleave(2, dim=0)"),
    "unsqueeze": Row(lambda a, dim: np.expand_dims(a, number_of(dim)), together, "x.unsqueeze(-1)"),
    "squeeze": Row(squeeze, together, "x.squeeze(1)"),
    "flatten": Row(flatten, together, "x[None].flatten(1)"),
    "transpose": Row(transposed, together, "x.transpose(0, 1)"),
    "swapaxes": Row(transposed, together, "x.swapaxes(0, 1)"),
    "permute": Row(permuted, together, "x.permute(1, 0)"),
    "t": Row(turned, together, "x.t()"),
    "flip": Row(flipped, together, "x.flip(1)"),
    "roll": Row(rolled, together, "x.roll(1, 1)"),
    "tril": Row(tri("tril"), together, "torch.tril(x)"),
    "triu": Row(tri("triu"), together, "torch.triu(x, diagonal=1)"),
    "diag": Row(lambda a: np.diag(a), diagonal, "torch.diag(v)"),
    "trace": Row(lambda a: np.trace(a), together, "torch.trace(x)"),
    "split": Row(split, together, "x.split(2, dim=1)[1]"),
    "chunk": Row(chunk, parts, "x.chunk(3, dim=1)[1]"),
    "gather": Row(gather, gathered, "x.gather(1, y[:, None])"),
    "index_select": Row(index_select, gathered, "x.index_select(1, y)"),
    "one_hot": Row(one_hot, hot, "F.one_hot(y, num_classes=4)"),
    "zeros": Row(full(0.0), of_shapes, "torch.zeros(2, 3)"),
    "ones": Row(full(1.0), of_shapes, "torch.ones((2, 3))"),
    "empty": Row(full(0.0), of_shapes, "torch.zeros_like(torch.empty(2, 3))"),
    "zeros_like": Row(like(0), together, "torch.zeros_like(x)"),
    "ones_like": Row(like(1), together, "torch.ones_like(x)"),
    "empty_like": Row(like(0), together, "torch.zeros_like(torch.empty_like(x))"),
    "full": Row(
        lambda size, fill_value, **_: np.full(shape_of((size,)), fill_value), of_shape, "torch.full((2, 3), 0.5)"
    ),
    "full_like": Row(lambda a, value, **_: np.full(np.shape(a), value, a.dtype), together, "torch.full_like(x, 0.5)"),
    "eye": Row(np.eye, square, "torch.eye(3)"),
    "arange": Row(arange, stepping, "torch.arange(start=1, end=9, step=2)"),
    "tensor": Row(made, together, "torch.tensor([[1.0, 2.0]])"),
    "as_tensor": Row(made, together, "torch.as_tensor([1.0, 2.0])"),
    "Tensor": Row(fractions, together, "torch.Tensor([[1, 2]])"),
    "FloatTensor": Row(fractions, together, "torch.FloatTensor([1, 2])"),
    "from_numpy": Row(itself, together, "torch.from_numpy(x.numpy())"),
    "mse_loss": Row(mse_loss, together, "F.mse_loss(x, x * x)"),
    "linear": Row(linear, together, "F.linear(x, x, v[:2])"),
    "clone": Row(cloned, together, "x.clone()"),
    "detach": Row(cloned, together, "x.detach()"),
    "contiguous": Row(itself, together, "x.t().contiguous()"),
    "cpu": Row(itself, together, "x.cpu()"),
    "retain_grad": Row(lambda a: None, together, "z = x.detach().requires_grad_(); z.retain_grad(); f = z.detach()"),
    "to": Row(to, together, "(x > 0).to(torch.float64)"),
    "type_as": Row(lambda a, b: np.asarray(a).astype(b.dtype), together, "(x > 0).type_as(x)"),
    "type": Row(to, together, "(x > 0).type(torch.float64)"),
    **listed(cast, together, "float double | (x > 0).{}()\nlong int bool | x.{}()"),
    "zero_": Row(zeroed, together, "z = x.clone(); z.zero_(); f = z"),
    "fill_": Row(filled, together, "z = x.clone(); z.fill_(2.0); f = z"),
    "copy_": Row(filled, together, "z = x.clone(); z.copy_(v); f = z"),
    "index_add_": Row(index_add, together, "z = torch.zeros(4, 3); z.index_add_(0, y, x); f = z"),
    "scatter_add_": Row(scattered(True), together, "z = torch.zeros(2, 4); z.scatter_add_(1, y[:, None], x); f = z"),
    "scatter_": Row(scattered(False), together, "z = torch.zeros(2, 4); z.scatter_(1, y[:, None], 1.0); f = z"),
}  # fmt: skip
ALIASES = {
    "multiply": "mul", "divide": "div", "subtract": "sub", "permute_dims": "permute", "concatenate": "cat",
    "true_divide": "div", "negative": "neg", "fix": "trunc", "greater": "gt", "greater_equal": "ge", "less": "lt",
    "less_equal": "le", "not_equal": "ne", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "ger": "outer", "cuda": "cpu",
    "pin_memory": "cpu",
}  # fmt: skip
OF_TENSORS = {"unfold": "Tensor_unfold"}  # methods that are other functions than those of their names


def answer(value: Any) -> Any:
    """What a function gave, as a tensor."""
    if value is None or isinstance(value, Extremum | Tensor):
        return value
    if isinstance(value, tuple):
        return tuple(map(answer, value))
    return tensor(value)
