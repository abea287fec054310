"""How a function of a library is said in this program's own language: what a row computes, as gates.

A formula has its parameters in braces, `{x}`; `{kept}` is `axis=…, keepdims=…` as they were given. A function with
other arguments than its formula has a place for is not said, and refused.
"""

from __future__ import annotations

import math
from ast import literal_eval
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.python.values.arrays import Tensor
from backprop.python.values.tape import subscripts_of

IDLE = frozenset(["dtype", "out", "approximate", "casting", "optimize", "indexing"])  # what changes no formula
Words = Callable[[Any], str]  # the word for a value
Formula = str | Callable[[dict[str, Any], Words], str]

ONE = (
    "sqrt cbrt exp exp2 expm1 log1p log2 log10 sin cos tan arcsin arccos arctan sinh cosh tanh arctanh abs sign floor "
    "ceil trunc sinc lgamma digamma asinh acosh atanh erf erfc erfinv logit sigmoid relu silu square "
    "reciprocal rsqrt selu softsign mish logsigmoid hardsigmoid"
)
RENAMED = {
    "absolute": "abs", "fabs": "abs", "rint": "round", "asin": "asin", "acos": "acos", "atan": "atan",
    "arcsinh": "asinh", "arccosh": "acosh",
    "expit": "sigmoid", "logistic": "sigmoid", "swish": "silu", "gammaln": "lgamma", "linalg.det": "det",
    "linalg.inv": "inv", "det": "det", "inv": "inv", "sgn": "sign", "linalg.cholesky": "cholesky",
    "cholesky": "cholesky",
}  # fmt: skip
TWO = {
    "maximum": "max", "fmax": "max", "minimum": "min", "fmin": "min", "hypot": "hypot", "logaddexp": "logaddexp",
    "arctan2": "atan2", "atan2": "atan2", "xlogy": "xlogy", "mod": "mod", "remainder": "mod", "solve": "solve",
    "cross": "cross", "outer": "outer", "multiply.outer": "outer",
}  # fmt: skip
INFIX = {
    "add": "+", "subtract": "-", "sub": "-", "multiply": "*", "mul": "*", "divide": "/", "true_divide": "/",
    "div": "/", "power": "^", "pow": "^", "float_power": "^", "matmul": "@", "mm": "@", "bmm": "@", "mv": "@",
}  # fmt: skip
REDUCED = {
    "sum": "sum", "mean": "mean", "average": "mean", "prod": "prod", "max": "max", "min": "min", "amax": "max",
    "amin": "min",
}  # fmt: skip


def kept(given: dict[str, Any]) -> str:
    """The axis of a reduction and whether it stays, as options of a gate."""
    axis = given["axis"] if "axis" in given else given.get("dim")
    if isinstance(axis, tuple | list):
        axis = f"[{', '.join(str(int(one)) for one in axis)}]"
    options = "" if axis is None else f", axis={axis if isinstance(axis, str) else int(axis)}"
    if given.get("keepdims") or given.get("keepdim"):
        options += ", keepdims=1"
    return options


def spread(gate: str) -> Formula:
    """A variance or its root: of torch, that of a sample."""

    def said(given: dict[str, Any], word: Words) -> str:
        less = given.get("ddof", 0)
        if isinstance(given["a"], Tensor):
            dim = given["axis"]
            sample = given["dtype"] if isinstance(given["dtype"], bool) else given["unbiased"]
            given["axis"], sample = (None, dim) if isinstance(dim, bool) else (dim, sample)
            less = int(sample) if given["correction"] is None else int(given["correction"])
        return f"{gate}({word(given['a'])}{kept(given)}{f', ddof={less}' if less else ''})"

    return said


def clipped(given: dict[str, Any], word: Words) -> str:
    """Between two bounds, of which one may be left out."""
    low, high = (given[one] for one in ("min", "max"))
    x = word(given["a"])
    if low is None or high is None:
        return f"max({x}, {word(low)})" if high is None else f"min({x}, {word(high)})"
    return f"clip({x}, {word(low)}, {word(high)})"


def rounded(given: dict[str, Any], word: Words) -> str:
    scale = 10.0 ** given["decimals"]
    x = word(given["a"])
    return f"round({x})" if scale == 1 else f"round({x} * {scale!r}) / {scale!r}"


def length(given: dict[str, Any], word: Words) -> str:
    """A norm: the root of the sum of squares, of all elements or along one axis."""
    a, kind = given["a"], given.get("ord", given.get("p"))
    axis = given["axis"] if "axis" in given else given.get("dim")
    vector = np.ndim(a) == 1 or (axis is not None and np.ndim(axis) == 0)
    if kind == 1 and (vector or isinstance(a, Tensor)):
        return f"sum(abs({word(a)}){kept(given)})"
    if kind is None or kind == "fro" or (kind == 2 and (vector or isinstance(a, Tensor))):
        return f"norm({word(a)}{kept(given)})"
    raise LookupError


def einsum(given: dict[str, Any], word: Words) -> str:
    arrays = given["arrays"]
    arrays = arrays[0] if len(arrays) == 1 and isinstance(arrays[0], tuple | list) else arrays
    return f'einsum("{given["text"].replace(" ", "")}", {", ".join(map(word, arrays))})'


def tensordot(given: dict[str, Any], word: Words) -> str:
    """An einsum, in which the axes that are summed have the same letters."""
    a, b = given["a"], given["b"]
    return f'einsum("{subscripts_of(np.ndim(a), np.ndim(b), given["axes"])}", {word(a)}, {word(b)})'


def dot(given: dict[str, Any], word: Words) -> str:
    a, b = given["a"], given["b"]
    if np.ndim(a) and np.ndim(b) > 2:
        raise LookupError
    return f"{word(a)} {'@' if np.ndim(a) and np.ndim(b) else '*'} {word(b)}"


def logarithm(given: dict[str, Any], word: Words) -> str:
    base = f" / log({word(given['base'])})" if given["base"] is not None else ""
    return f"log({word(given['x'])}){base}"


def sum_of_exponentials(given: dict[str, Any], word: Words) -> str:
    if isinstance(given.get("b", 1.0), np.ndarray) or given.get("b", 1.0) != 1:
        raise LookupError
    return f"logsumexp({word(given['a'])}{kept(given)})"


def along(gate: str) -> Formula:
    """A softmax: along an axis, of all elements where none is given."""

    def said(given: dict[str, Any], word: Words) -> str:
        options = kept(given)
        if not options and np.ndim(given["a"]) > 1:
            options = f", axis=[{', '.join(map(str, range(np.ndim(given['a']))))}]"
        return f"{gate}({word(given['a'])}{options})"

    return said


def softplus(given: dict[str, Any], word: Words) -> str:
    x, beta = word(given["a"]), float(given["beta"])
    if beta == 1:
        return f"softplus({x})"
    return f"where({x} * {beta!r} > {float(given['threshold'])!r}, {x}, logaddexp({beta!r} * {x}, 0) / {beta!r})"


def gelu(given: dict[str, Any], word: Words) -> str:
    x = word(given["a"])
    if given["approximate"] in ("tanh", True):
        return f"0.5 * {x} * (1 + tanh({math.sqrt(2 / math.pi)!r} * ({x} + 0.044715 * {x}^3)))"
    return f"0.5 * {x} * (1 + erf({x} / sqrt(2)))"


def difference(given: dict[str, Any], word: Words) -> str:
    if given["n"] != 1:
        raise LookupError
    axis = given["axis"] % np.ndim(given["a"])
    x, before = word(given["a"]), ":, " * axis
    return f"{x}[{before}1:] - {x}[{before}:-1]"


def scaled(sign: str) -> Formula:
    """`torch.add(x, y, alpha=2)`."""
    return lambda given, word: f"{word(given['x'])} {sign} {word(given['alpha'])} * {word(given['y'])}"


def mse_loss(given: dict[str, Any], word: Words) -> str:
    reduced = {"mean": "mean", "sum": "sum", "none": ""}[given["reduction"]]
    return f"{reduced}(({word(given['a'])} - {word(given['b'])})^2)"


def linear(given: dict[str, Any], word: Words) -> str:
    product = f"{word(given['a'])} @ {word(np.transpose(given['weight']))}"
    return product if given["bias"] is None else f"{product} + {word(given['bias'])}"


SAID: dict[str, tuple[str, Formula]] = {
    **{name: ("x", f"{name}({{x}})") for name in ONE.split()},
    **{name: ("x", f"{gate}({{x}})") for name, gate in RENAMED.items()},
    **{name: ("x y", f"{gate}({{x}}, {{y}})") for name, gate in TWO.items()},
    **{name: ("x y", f"{{x}} {sign} {{y}}") for name, sign in INFIX.items()},
    **{
        name: ("a axis=None dtype=None out=None keepdims=False", f"{gate}({{a}}{{kept}})")
        for name, gate in REDUCED.items()
    },
    "average": ("a axis=None", "mean({a}{kept})"),
    **{
        f"{name}.reduce": ("a axis=0 dtype=None out=None keepdims=False", f"{gate}({{a}}{{kept}})")
        for name, gate in {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}.items()
    },
    "ptp": ("a axis=None out=None keepdims=False", "max({a}{kept}) - min({a}{kept})"),
    **{name: ("a axis=None dtype=None", f"{name}({{a}}{{kept}})") for name in ("cumsum", "cumprod")},
    "sort": ("a axis=-1", "sort({a}{kept})"),
    "diff": ("a n=1 axis=-1", difference),
    **{
        name: ("a axis=None dtype=None out=None ddof=0 keepdims=False unbiased=True correction=None", spread(name))
        for name in ("var", "std")
    },
    "norm": ("a ord=None axis=None keepdims=False", length),
    **dict.fromkeys(("negative", "neg"), ("x", "-{x}")),
    "log": ("x base=None", logarithm),
    **dict.fromkeys(("deg2rad", "radians"), ("x", "{x} * pi / 180")),
    **dict.fromkeys(("degrees", "rad2deg"), ("x", "{x} * 180 / pi")),
    "positive": ("x", "{x}"),
    "ldexp": ("x y", "{x} * 2^{y}"),
    "logaddexp2": ("x y", "logaddexp({x} * log(2), {y} * log(2)) / log(2)"),
    "add.accumulate": ("a axis=0 dtype=None", "cumsum({a}{kept})"),
    "multiply.accumulate": ("a axis=0 dtype=None", "cumprod({a}{kept})"),
    **dict.fromkeys(("round", "around"), ("a decimals=0", rounded)),
    **dict.fromkeys(("clip", "clamp"), ("a min=None max=None", clipped)),
    "clamp_min": ("a min", "max({a}, {min})"),
    "leaky_relu": ("x slope=0.01", "leaky_relu({x}, {slope})"),
    "elu": ("x alpha=1.0", "elu({x}, {alpha})"),
    "gelu": ("a approximate=none", gelu),
    "softplus": ("a beta=1.0 threshold=20.0", softplus),
    **{name: ("a axis=None dtype=None", along(name)) for name in ("softmax", "log_softmax")},
    "logsumexp": ("a axis=None b=1.0 keepdims=False", sum_of_exponentials),
    "dot": ("a b", dot),
    "inner": ("a b", lambda given, word: (
        f"{word(given['a'])} {'@' if np.ndim(given['a']) else '*'} {word(np.transpose(given['b']))}")),
    "tensordot": ("a b axes=2", tensordot),
    "einsum": ("text *arrays", einsum),
    "vdot": ("a b", lambda given, word: f"{word(np.ravel(given['a']))} @ {word(np.ravel(given['b']))}"),
    "trace": ("a", lambda given, word: f"sum({word(np.diagonal(given['a']))})"),
    "floor_divide": ("x y", "floor({x} / {y})"),
    "mse_loss": ("a b reduction=mean", mse_loss),
    "linear": ("a weight bias=None", linear),
    "addmm": ("b x y", "{b} + {x} @ {y}"),
}  # fmt: skip
TORCH = {
    **{name: ("a dim=None keepdim=False", f"{gate}({{a}}{{kept}})") for name, gate in REDUCED.items()},
    **{name: ("x y alpha=1", scaled(sign)) for name, sign in (("add", "+"), ("sub", "-"))},
    **{
        name: ("a axis=None unbiased=True keepdim=False correction=None dtype=None", spread(name))
        for name in ("var", "std")
    },
    "norm": ("a p=2 dim=None keepdim=False", length),
    "logsumexp": ("a dim keepdim=False", sum_of_exponentials),
}
OTHER_NAMES = {
    "a_min": "min",
    "a_max": "max",
    "negative_slope": "slope",
    "dim": "axis",
    "x": "a",
    "input": "a",
    "target": "b",
}


def said(name: str, given: tuple[Any, ...], named: dict[str, Any], word: Words) -> str:
    """What a call computes, in this program's language. Raises a LookupError where it is not said."""
    two = name in ("max", "min") and len(given) > 1 and isinstance(given[1], np.ndarray)
    table = TORCH if given and isinstance(given[0], Tensor) and name in TORCH else SAID
    parameters, formula = SAID["maximum" if name == "max" else "minimum"] if two else table[name]
    values = bound(parameters.split(), given, named)
    if callable(formula):
        return formula(values, word)
    used = {key: word(value) for key, value in values.items() if f"{{{key}}}" in formula}
    return formula.format(**used, kept=kept(values))


def bound(parameters: list[str], given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, Any]:
    """The arguments by the names of the parameters."""
    values: dict[str, Any] = {}
    names = [one.partition("=")[0] for one in parameters]
    if names[-1].startswith("*"):
        return {names[0]: given[0], names[-1][1:]: given[1:]}
    values = dict(zip(names, given, strict=False))
    for key, value in named.items():
        key = key if key in names else OTHER_NAMES.get(key, key)
        if key in names:
            values[key] = value
        elif key not in IDLE:
            raise LookupError
    for one in parameters:
        name, has, default = one.partition("=")
        if name not in values:
            if not has:
                raise LookupError
            values[name] = default
            with suppress(ValueError):  # else it is a word: none, mean
                values[name] = literal_eval(default)
    if len(given) > len(names):
        raise LookupError
    return values
