"""What of jax.nn and jax.lax may be called; jax.numpy is read as NumPy."""

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
