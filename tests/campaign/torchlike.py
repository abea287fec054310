"""The language, understood by PyTorch: its texts are Python's but for the power, so Python evaluates them over tensors.

`NAMES` says what every gate is in PyTorch's words; the derivatives are PyTorch's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

F = torch.nn.functional
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def tensor(x: Any) -> torch.Tensor:
    if isinstance(x, torch.Tensor):
        return x if x.is_floating_point() else x.to(torch.float64)
    return torch.as_tensor(x, dtype=torch.float64)


def elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *x, **more: function(*map(tensor, x), **more)


def reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axis: Any = None, keepdims: int = 0, **more: Any) -> Any:
        x = tensor(x)
        axes = tuple(range(x.dim())) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        return function(x, axes, bool(keepdims), **more)

    return call


def product(x: torch.Tensor, axes: tuple[int, ...], keep: bool) -> torch.Tensor:
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def variance(x: torch.Tensor, axes: tuple[int, ...], keep: bool, ddof: int = 0) -> torch.Tensor:
    count = math.prod(x.shape[axis] for axis in axes)
    return ((x - x.mean(axes, keepdim=True)) ** 2).sum(axes, keepdim=keep) / (count - ddof)


def extreme(pairwise: Callable[..., Any], whole: Callable[..., Any]) -> Callable[..., Any]:
    def call(*x: Any, **more: Any) -> Any:
        if len(x) == 1:
            return reduced(whole)(*x, **more)
        found = tensor(x[0])
        for other in x[1:]:
            found = pairwise(found, tensor(other))
        return found

    return call


def running(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axis: int | None = None, reverse: int = 0) -> Any:
        x = tensor(x)
        if axis is None:
            x, axis = x.reshape(-1), 0
        return function(x.flip(axis), axis).flip(axis) if reverse else function(x, axis)

    return call


def transpose(x: Any, axes: Any = None) -> Any:
    return x.permute(*axes) if axes is not None else x.mT if x.dim() > 1 else x


def solve(a: Any, b: Any) -> Any:
    if b.dim() == 1:
        return torch.linalg.solve(a, b[:, None].expand(*a.shape[:-1], 1))[..., 0]
    stacks = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return torch.linalg.solve(a.expand(*stacks, *a.shape[-2:]), b.expand(*stacks, *b.shape[-2:]))


def convolution(function: Callable[..., Any], plain: int) -> Callable[..., Any]:
    def call(x: Any, w: Any, **more: Any) -> Any:
        if x.dim() == plain:
            return function(x[None, None], w[None, None], **more)[0, 0]
        return function(x, w, **more)

    return call


def bce(p: Any, t: Any) -> Any:
    p, t = tensor(p), tensor(t)
    return -(torch.xlogy(t, p) + torch.xlogy(1 - t, 1 - p)).mean()


def bce_with_logits(z: Any, t: Any) -> Any:
    """0 times infinity is 0 where a class is ruled out, and PyTorch says nan."""
    z, t = torch.broadcast_tensors(tensor(z), tensor(t))
    t = torch.where(t.isinf(), math.nan, t)  # no probability
    missed = torch.where(z > 0, 1 - t, -t)
    far = torch.where(z.isinf() & (missed == 0), 0.0, z)
    return (missed * far + torch.log1p(torch.exp(torch.where(z > 0, -z, z)))).mean()  # at 0 that of abs would be 0


def cross_entropy(z: Any, t: Any) -> Any:
    z, t = tensor(z), tensor(t)
    logs = z - z.logsumexp(-1, keepdim=True)
    if t.dim() == z.dim():
        ruled_out = (t == 0) & logs.isinf()
        return -(t * torch.where(ruled_out, 0.0, logs)).sum(-1).mean()
    return -logs.gather(-1, t.long()[..., None])[..., 0].mean()


def cross(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Of a vector and itself exactly 0, where a product and a sum that are rounded once are not."""
    x, y = torch.broadcast_tensors(x, y)
    ahead, behind = [1, 2, 0], [2, 0, 1]
    return x[..., ahead] * y[..., behind] - x[..., behind] * y[..., ahead]


def clip(x: Any, lo: Any, hi: Any) -> Any:
    return torch.minimum(torch.maximum(tensor(x), tensor(lo)), tensor(hi))


def sinpi(x: torch.Tensor) -> torch.Tensor:
    """Exactly 0 at whole numbers, where that of a rounded multiple of π is not."""
    rest = x - 2 * torch.round(x.detach() / 2)
    return torch.sin(math.pi * torch.where(rest.abs() > 0.5, rest.detach().sign() - rest, rest))


def cospi(x: torch.Tensor) -> torch.Tensor:
    rest = x - 2 * torch.round(x.detach() / 2)
    return torch.sin(math.pi * (0.5 + torch.where(rest < 0, rest, -rest)))


def sinc(x: torch.Tensor) -> torch.Tensor:
    """Exactly 0 at whole numbers, likewise, and not the -0 of which atan2 makes another angle."""
    near = x.detach().abs() < 0.5
    far = torch.where(near | x.isinf(), 1.0, x.abs())
    return torch.where(near, torch.sinc(x), sinpi(far) / (math.pi * far))


def fading(function: Callable[..., Any]) -> Callable[..., Any]:
    """0 at minus infinity, where PyTorch multiplies that by 0."""
    return lambda x: torch.where(x == -math.inf, 0.0, function(torch.where(x == -math.inf, -800.0, x)))


def absolute(x: torch.Tensor) -> torch.Tensor:
    """The slope at nan is nan, and not PyTorch's sign of it, which is 0."""
    unknown = x.isnan()
    return torch.where(unknown, x * torch.where(unknown, math.nan, 1.0), torch.abs(x))


def atan2(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """At the origin it has no gradient, and PyTorch says 0."""
    origin = (x == 0) & (y == 0)
    return torch.where(origin, torch.atan2(y, x) + no_slope(x + y, origin), torch.atan2(y, x))


def xlogy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Beside x = 0 it falls without end where y = 0, and has no value where y < 0; PyTorch says 0. Where y = 0 and x is
    something, 0 times the slope is nan, as of x log(y); PyTorch's rule is an xlogy of the gradient, and says 0."""
    alone, beyond = (x == 0) & (y <= 0), (x != 0) & (y == 0)
    within, other = torch.xlogy(torch.where(beyond, 0.0, x), torch.where(beyond, 1.0, y)), torch.where(beyond, x, 0.0)
    found = torch.where(beyond, other * torch.log(torch.where(beyond, y, 1.0)), within)
    return torch.where(alone, found + no_slope(x, alone), found)


def no_slope(x: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
    """0, of which nan comes in a gradient."""
    return torch.sqrt(0 * torch.where(there, x, 1.0))


def gamma(x: torch.Tensor) -> torch.Tensor:
    """Its sign turns at every whole number below 0, which has none; at 0 that is the sign of 0."""
    below = torch.where(x.detach() < 0, 1 - 2 * torch.remainder(torch.floor(x.detach()), 2), 1.0)
    sign = torch.where(x == 0, torch.copysign(torch.tensor(1.0), x.detach()), below)
    pole = (x < 0) & (x == torch.floor(x))
    return sign * torch.exp(torch.lgamma(torch.where(pole, math.nan, x)))


def polygamma(n: Any, x: Any, shift: int = 16) -> Any:
    """By its recurrence, from where PyTorch's series has all its digits."""
    n, x = int(n), tensor(x)
    terms = [(x + k) ** -(n + 1) for k in range(shift)] if n else [(x + k).reciprocal() for k in range(shift)]
    return torch.polygamma(n, x + shift) + (-1) ** (n + 1) * math.factorial(n) * sum(terms)


SAME = [
    "square",
    "reciprocal",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "rsqrt",
    "hypot",
    "logaddexp",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "floor",
    "ceil",
    "round",
    "trunc",
    "sigmoid",
    "erf",
    "erfc",
    "erfinv",
    "lgamma",
    "digamma",
    "logit",
]
OURS: dict[str, Callable[..., Any]] = {
    "abs": absolute,
    "gamma": gamma,
    "sinpi": sinpi,
    "sinc": sinc,
    "cospi": cospi,
    "atan2": atan2,
    "xlogy": xlogy,
    "sech": lambda x: 1 / torch.cosh(x),
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "sign": lambda x: torch.where(torch.isnan(x), x, torch.sign(x)),
    "step": lambda x: torch.where(torch.isnan(x), x, (x >= 0).double()),
    "mod": torch.remainder,
    "relu": lambda x: torch.relu(x) + 0.0,  # of -0 it is 0
    "identity": lambda x: x * 1,
    "logsigmoid": F.logsigmoid,
    "leaky_relu": lambda x, slope=0.01: torch.where(x > 0, x, slope * x),
    "elu": lambda x, alpha=1.0: torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0))),
    "selu": F.selu,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softsign": lambda x: torch.where(x.isinf(), x.sign(), F.softsign(x)),
    **{name: fading(getattr(F, name)) for name in ("silu", "gelu", "mish")},
    "hardtanh": F.hardtanh,
    "hardsigmoid": lambda x: F.hardtanh(x + 3, 0.0, 6.0) / 6,  # PyTorch's own sixth has the digits of a float32
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "negate": torch.neg,
    "power": torch.pow,
    "where": lambda c, x, y: torch.where(c != 0, x, y),
}
NAMES: dict[str, Callable[..., Any]] = {
    **{name: elementwise(getattr(torch, name)) for name in SAME},
    **{name: elementwise(function) for name, function in OURS.items()},
    "clip": clip,
    "polygamma": polygamma,
    "max": extreme(torch.maximum, lambda x, axes, keep: x.amax(axes, keepdim=keep)),
    "min": extreme(torch.minimum, lambda x, axes, keep: x.amin(axes, keepdim=keep)),
    "sum": reduced(lambda x, axes, keep: x.sum(axes, keepdim=keep) if axes else x),
    "mean": reduced(lambda x, axes, keep: x.mean(axes, keepdim=keep) if axes else x),
    "prod": reduced(product),
    "var": reduced(variance),
    "std": reduced(lambda x, axes, keep, ddof=0: torch.sqrt(variance(x, axes, keep, ddof))),
    "norm": reduced(lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keepdim=keep)),
    "logsumexp": reduced(lambda x, axes, keep: x.logsumexp(axes, keepdim=keep)),
    "cumsum": running(torch.cumsum),
    "cumprod": running(torch.cumprod),
    "softmax": lambda x, axis=-1: x.softmax(axis),
    "log_softmax": lambda x, axis=-1: x.log_softmax(axis),
    "sort": lambda x, axis=-1: x.sort(axis, stable=True).values,  # equal ones in order, as ours
    "stack": lambda *x, axis=0: torch.stack([tensor(one) for one in x], axis),
    "concat": lambda *x, axis=0: torch.cat([tensor(one) for one in x], axis),
    "transpose": transpose,
    "reshape": lambda x, shape: x.reshape(shape),
    "diag": torch.diag,
    "tril": lambda x, k=0: torch.tril(x, k),
    "triu": lambda x, k=0: torch.triu(x, k),
    "matmul": torch.matmul,
    "dot": torch.matmul,
    "outer": torch.outer,
    "cross": cross,
    "einsum": torch.einsum,
    "conv1d": convolution(F.conv1d, 1),
    "conv2d": convolution(F.conv2d, 2),
    "trace": lambda x: torch.diagonal(x, dim1=-2, dim2=-1).sum(-1),
    "det": torch.det,
    "logdet": torch.logdet,
    "inv": torch.inverse,
    "solve": solve,
    "cholesky": torch.linalg.cholesky,
    "mse": lambda x, y: ((tensor(x) - tensor(y)) ** 2).mean(),
    "bce": bce,
    "bce_with_logits": bce_with_logits,
    "cross_entropy": cross_entropy,
    "hinge": lambda s, y: torch.relu(1 - s * y).mean(),
    "huber": lambda x, y, delta=1.0: F.huber_loss(*torch.broadcast_tensors(x, y), delta=delta),
    "eye": lambda n: torch.eye(int(n)),
    "ones": lambda *shape: torch.ones(*shape),
    "zeros": lambda *shape: torch.zeros(*shape),
    "pi": math.pi,
    "inf": math.inf,
}


def value(statements: tuple[tuple[str, str], ...], at: dict[str, torch.Tensor]) -> torch.Tensor:
    """The output of a program, as PyTorch has it."""
    scope: dict[str, Any] = {**NAMES, **at}
    for name, text in statements:
        scope[name] = eval(text.replace("^", "**"), {"__builtins__": {}}, scope)
    return tensor(scope[statements[-1][0]])


# What PyTorch imports when it is first used it imports now: the clock of a program would leave half of it imported.
torch.autograd.functional.hessian(lambda x: (x * x).sum(), torch.ones(1))
torch.autograd.functional.jacobian(lambda x: x * x, torch.ones(1))
