"""Rules of differentiation that JAX, TensorFlow and autograd are told of beside a function."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from conftest import Check

RULES = """
import jax
import jax.numpy as jnp
import tensorflow as tf
import autograd.numpy as anp
from autograd.extend import primitive, defvjp

@jax.custom_gradient
def cube(x):
    def slope(g):
        return 3 * x**2 * g
    return x**3, slope

@jax.custom_gradient
def product(x, y):
    return x * y, lambda g: (g * y, g * x)

@jax.custom_jvp
def wave(x, y):
    return jnp.sin(x) * y

@wave.defjvp
def _(primals, tangents):
    x, y = primals
    dx, dy = tangents
    return wave(x, y), jnp.cos(x) * dx * y + jnp.sin(x) * dy

def scaled(x, factor=2.0):
    rule = lambda dy: dy * factor
    @tf.custom_gradient
    def call(x):
        return tf.multiply(x, factor, name="out"), rule
    return call(x)

@primitive
def largest(x):
    top = anp.max(x)
    return top + anp.log(anp.sum(anp.exp(x - top)))

def largest_vjp(ans, x):
    return lambda g: g * anp.exp(x - ans)

defvjp(largest, largest_vjp)
defvjp(anp.hypot, lambda ans, x, y: lambda g: g * x / ans, lambda ans, x, y: lambda g: g * y / ans)

def both(x):
    return cube(x) + product(x, x)
def both_backward(dy, x):
    return dy * (3 * x**2 + 2 * x)
"""
POINT: dict[str, Any] = {"x": [0.5, -1.0, 2.0], "y": [1.5, 0.25, -0.5]}


def test_rules_that_libraries_are_told_of(check: Check) -> None:
    found = check("rules.py", POINT, {"rules.py": RULES})
    assert found["verdict"] == "ok"
    assert {one["name"] for one in found["passes"]} == {
        "cube", "product", "wave", "scaled", "largest", "hypot", "both"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("product", "(g * y, g * x)", "(g * x, g * y)"),
        ("wave", "jnp.sin(x) * dy", "jnp.cos(x) * dy"),
        ("scaled", "dy * factor", "dy"),
        ("hypot", "g * y / ans", "g * x / ans"),
    ],
)
def test_a_wrong_rule(check: Check, name: str, right: str, wrong: str) -> None:
    given = POINT if name != "scaled" else {"x": POINT["x"]}
    assert check(f"rules.py:{name}", given, {"rules.py": RULES.replace(right, wrong)})["verdict"] == "wrong"


TANGENTS = """
import functools
import jax
import jax.numpy as jnp
@jax.custom_jvp
def orbit(x, y):
    return jnp.sin(x) * y, jnp.cos(x) + y
@orbit.defjvp
def _(primals, tangents):
    x, y = primals
    dx, dy = tangents
    return orbit(x, y), (jnp.cos(x) * dx * y + jnp.sin(x) * dy, dy - jnp.sin(x) * dx)
@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def root(least, x):
    return jnp.sqrt(jnp.maximum(x * x, least))
@getattr(root, "defjvp", lambda rule: rule)
def root_jvp(least, primals, tangents):
    x, = primals
    dx, = tangents
    tiny = jnp.finfo(jax.dtypes.result_type(x)).tiny
    return root(least, x), jnp.where(x * x > least, x * dx / (root(least, x) + tiny), 0.0)
@jax.custom_jvp
def far(x, y):
    return jnp.sqrt(x * x + y * y)
far.defjvps(lambda t, ans, x, y: t * x / ans, lambda t, ans, x, y: t * y / ans)
"""
INSIDE = """
import torch, jax
import jax.numpy as jnp
def steps(bits):
    class Steps(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            count = 2**bits - 1
            return torch.round(x * count) / count
        @staticmethod
        def backward(ctx, g):
            return g.clone()
    return Steps.apply
class Soft:
    def made(self, width, scale=2.0):
        factor = 2 * scale
        def plain(x):
            return factor * jnp.log(jnp.sum(jnp.exp(x / width)))
        soft = jax.custom_vjp(plain)
        def soft_fwd(x):
            return soft(x), (x,)
        def soft_bwd(kept, g):
            x, = kept
            return (factor * g * jax.nn.softmax(x / width) / width,)
        soft.defvjp(soft_fwd, soft_bwd)
        return soft
"""


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("orbit", "dy - jnp", "dy + jnp"), ("root", "x * dx", "dx"), ("far", "t * y / ans", "t * x / ans")],
)
def test_rules_on_tangents(check: Check, name: str, right: str, wrong: str) -> None:
    """Several results, arguments without a tangent, and one rule for each argument."""
    given = POINT if name != "root" else {"x": POINT["x"], "least": 0.1}
    assert check(f"rules.py:{name}", given, {"rules.py": TANGENTS})["verdict"] == "ok"
    assert check(f"rules.py:{name}", given, {"rules.py": TANGENTS.replace(right, wrong)})["verdict"] == "wrong"


def test_pairs_that_functions_make(check: Check) -> None:
    """A Function, or a function with its rule, inside another function or a method, whose parameters can be given."""
    given = {"x": POINT["x"], "bits": 3, "width": 0.7}
    found = check("made.py", given, {"made.py": INSIDE})
    assert {one["name"]: one["verdict"] for one in found["passes"]} == {"steps.Steps": "ok", "soft": "ok"}
    assert check("made.py:steps", given, {})["verdict"] == "ok"
    assert (
        check("made.py:soft", {**given, "scale": 1.0}, {"made.py": INSIDE.replace("/ width,", ",")})["verdict"]
        == "wrong"
    )


MEANT = """
import torch
class Outer(torch.nn.Module):
    class Inside(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            if any(ctx.needs_input_grad[1:]):
                raise RuntimeError("scale has no gradient")
            ctx.save_for_backward(x, scale.abs())
            return x * x * scale.abs()
        @staticmethod
        def backward(ctx, g):
            x, size = ctx.saved_tensors
            return 2 * x * size * g, None
    @staticmethod
    @unknown.decorator("v")
    def symbolic(g, x):
        return g.op("Square", x)
class Kept(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, least):
        out = x.clone()
        small = out.abs() < least
        out[small] = out[small].sign() * least
        return out
    @staticmethod
    def backward(ctx, g):
        return g.clone(), None
class Nearest(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, levels):
        return levels[(x[:, None] - levels).abs().argmin(1)]
    @staticmethod
    def backward(ctx, g):
        return g.clone(), None
class Weighed(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.weight = weight
        return x ** 2
    @staticmethod
    def backward(ctx, g):
        return 0, None
class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * (x > 0)
    @staticmethod
    def backward(ctx, g):
        return g.clone()
"""


@pytest.mark.parametrize(
    ("name", "more", "verdict"),
    [
        ("Outer", {"scale": 1.0}, "ok"),  # named by the class around it; a number is given for a tensor
        ("Inside", {"scale": 1.0}, "ok"),
        ("Kept", {"least": 0.7}, "ok"),  # what stands for the input, with its sign
        ("Nearest", {"levels": [-1.0, 0.0, 1.0]}, "incomplete"),  # the levels have no gradient: the rest is right
        ("Half", {}, "wrong"),  # a mask is no step that stands for the input
    ],
)
def test_what_engineers_do(check: Check, name: str, more: dict[str, Any], verdict: str) -> None:
    found = check(f"meant.py:{name}", {"x": [0.5, -1.2, 2.1], **more}, {"meant.py": MEANT})
    assert found.get("verdict") == verdict, found
    assert found["gradients"][0]["verdict"] == ("wrong" if verdict == "wrong" else "ok")


@pytest.mark.parametrize(("gradient", "verdict"), [("g * 2 * x * ctx.weight", "ok"), ("g * 2 * x * 0.5", "wrong")])
def test_a_factor_for_the_backward_pass_alone(check: Check, gradient: str, verdict: str) -> None:
    text = MEANT.replace("ctx.weight = weight", "ctx.x, ctx.weight = x, weight")
    text = text.replace("return 0, None", f"x = ctx.x\n        return {gradient}, None")
    given = {"x": [0.5, -1.2, 2.1], "weight": 0.3}
    assert check("meant.py:Weighed", given, {"meant.py": text}).get("verdict") == verdict


GRAPH = """
import numpy as np
class Leaf:
    tracks = True
    def __init__(self, data, parents=()):
        self.data, self.parents = np.asarray(data), parents
        self.grad, self.back = np.zeros_like(self.data), None
    def wide(self, *shape):
        out = Leaf(np.broadcast_to(self.data, shape), (self,))
        if self.tracks:
            def back():
                self.grad = self.grad + out.grad.sum(0)
            out.back = back
        return out
    def __mul__(self, other):
        self = self.wide(2, 3)
        out = Leaf(self.data * other.data, (self, other))
        if self.tracks:
            def back():
                self.grad = self.grad + out.grad * other.data
                other.grad = other.grad + out.grad * self.data
            out.back = back
        return out
"""


def test_an_operation_that_makes_something_of_its_inputs_first(check: Check) -> None:
    """What it makes keeps a backward pass of its own; both may stand in a branch, and take several sizes."""
    given = {"self": [0.5, -1.0, 2.0], "other": [[1.0, 2.0, 0.5], [0.3, -1.0, 4.0]]}
    assert check("graph.py:Leaf.__mul__", given, {"graph.py": GRAPH}).get("verdict") == "ok"
    wide = {"self": given["self"], "shape": [2, 3]}
    assert check("graph.py:Leaf.wide", wide, {"graph.py": GRAPH}).get("verdict") == "ok"


def test_what_a_lambda_gives_is_written_without_return(check: Check) -> None:
    text = "import jax\nimport jax.numpy as jnp\n@jax.custom_gradient\ndef soft(x):\n"
    text += "    return jnp.log1p(jnp.exp(x)), lambda g: g * jnp.exp(x) / (1 + jnp.exp(-x))\n"
    (line,) = check("soft.py", {"x": [0.5, -1.2, 2.1]}, {"soft.py": text})["lines"]
    assert (line["line"], line["write"]) == (5, "g * jnp.exp(x) / (1 + jnp.exp(x))")


def test_a_kernel_is_said_to_be_one(check: Check) -> None:
    text = """
import triton
import triton.language as tl
@triton.jit
def twice_forward(x_ptr, y_ptr, n, SIZE: tl.constexpr):
    tl.store(y_ptr, 2 * tl.load(x_ptr))
@triton.jit
def twice_backward(g_ptr, dx_ptr, n, SIZE: tl.constexpr):
    tl.store(dx_ptr, 2 * tl.load(g_ptr))
"""
    error = check("kernels.py:twice_forward", {"x_ptr": 1.0}, {"kernels.py": text})["error"]
    assert error["message"] == "twice_forward is a kernel (triton.jit): what it computes is outside what is read"


OF_TUPLES = """
from chainer import function_node, utils
class Product(function_node.FunctionNode):
    def forward(self, inputs):
        self.retain_inputs((0, 1))
        x, y = inputs
        return utils.force_array(x * y),
    def backward(self, indexes, gys):
        x, y = self.get_retained_inputs()
        return gys[0] * y, gys[0] * x
"""


def test_what_is_offered_for_a_tuple_has_its_parts(check: Check) -> None:
    hint = check("product.py:Product", {}, {"product.py": OF_TUPLES})["error"]["hint"]
    offered = re.search(r"--inputs '(\[.*?\])'", hint)
    assert offered is not None
    assert len(json.loads(offered[1])) == 2
    assert (
        check("product.py:Product", {"inputs": [[0.5, 2.0], [3.0, 1.0]]}, {"product.py": OF_TUPLES})["verdict"] == "ok"
    )


def test_passes_of_a_rule_that_are_lambdas(check: Check) -> None:
    text = """
import jax
import jax.numpy as jnp
from functools import partial
@partial(jax.custom_vjp, nondiff_argnums=(1,))
def soft(x, axis):
    return jax.nn.softmax(x, axis=axis)
soft.defvjp(lambda x, axis: (soft(x, axis),) * 2, lambda axis, y, g: (y * (g - jnp.sum(y * g, axis, keepdims=True)),))
"""
    given = {"x": [[0.5, -1.0, 2.0]], "axis": 1}
    assert check("soft.py:soft", given, {"soft.py": text}).get("verdict") == "ok"
    found = check("soft.py:soft", given, {"soft.py": text.replace("(g - ", "(g + ")})
    assert [one["line"] for one in found["lines"]] == [8], found


MAKERS = """
import jax
import jax.numpy as jnp

def bounded(low, high):
    @jax.custom_jvp
    def clip_nograd(a):
        return jnp.clip(a, low, high)
    @clip_nograd.defjvp
    def rule(primals, tangents):
        \"\"\"Override the gradient of clip to be a no-op.\"\"\"
        return clip_nograd(primals[0]), tangents[0]
    return clip_nograd

@jax.custom_jvp
def kept(a, top):
    return jnp.minimum(a, top)
@kept.defjvp
def kept_rule(primals, tangents):
    \"\"\"The gradient is never clipped.\"\"\"
    return jnp.minimum(*primals), tangents[0]

def noisy_forward(key, x):
    return x * jax.random.gumbel(key, x.shape), (key, x)
def noisy_backward(cache, g):
    key, x = cache
    return None, g * jax.random.gumbel(key, x.shape)
@jax.custom_vjp
def noisy(key, x):
    return noisy_forward(key, x)[0]
noisy.defvjp(noisy_forward, noisy_backward)

@jax.custom_vjp
def part(x):
    return jax.lax.dynamic_slice(x, (2,), slice_sizes=(3,)) ** 2
part.defvjp(lambda x: (part(x), x), lambda x, g: (2 * jax.lax.dynamic_slice(x, (1,), (3,)) * g,))
"""
HIGH = {"a": [0.5, -2.0, 3.0], "low": -1.0, "high": 1.0}


def test_what_is_made_inside_a_function_takes_what_that_takes(check: Check) -> None:
    told = check("makers.py:clip_nograd", {}, {"makers.py": MAKERS})["error"]["message"]
    assert "takes a, low, high" in told
    assert check("makers.py:clip_nograd", HIGH, {"makers.py": MAKERS})["verdict"] == "ok"
    files = {
        "makers.py": MAKERS.replace("clip_nograd(primals[0]), tangents[0]", "clip_nograd(primals[0]), tangents[0] * 2")
    }
    assert check("makers.py:clip_nograd", HIGH, files)["verdict"] == "wrong"


@pytest.mark.parametrize(("name", "given", "verdicts"), [
    ("kept", {"a": [0.5, 2.0], "top": 1.0}, {"a": "ok", "top": "missing"}),
    ("noisy", {"key": 3, "x": [0.5, 2.0]}, {"x": "ok"}),
    ("part", {"x": [0.5, 2.0, -1.0]}, {"x": "ok"}),
])  # fmt: skip
def test_rules_that_hand_on_draw_and_take_slices(
    check: Check, name: str, given: dict[str, Any], verdicts: dict[str, str]
) -> None:
    found = check(f"makers.py:{name}", given, {"makers.py": MAKERS})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == verdicts, found


def test_what_an_einsum_repeats_is_summed(check: Check) -> None:
    text = """
import numpy as np
def weigh_forward(x, w):
    return np.einsum("ij,ij->i", x, w), (x, w)
def weigh_backward(g, cache):
    x, w = cache
    return g[:, None] * w, (g[:, None] * x).sum(axis=0, keepdims=True)
"""
    given = {"x": [[0.5, 1.0], [2.0, -1.0]], "w": [[0.3, 0.7]]}
    assert check("weigh.py", given, {"weigh.py": text})["verdict"] == "ok"
    assert check("weigh.py", given, {"weigh.py": text.replace("* w,", "+ w,")})["verdict"] == "wrong"


ABOVE_FIRST = """
import autograd.numpy as anp
from autograd.core import defvjp

def fitted(target, g):
    while anp.ndim(g) > anp.ndim(target):
        g = anp.sum(g, axis=0)
    return g
def left(g, ans, lhs, rhs):
    return anp.dot(g, rhs.T)

defvjp(anp.multiply, lambda g, ans, x, y: fitted(x, y * g), lambda g, ans, x, y: fitted(y, x * g))
defvjp(anp.dot, left, lambda g, ans, lhs, rhs: anp.dot(lhs.T, g))
defvjp(anp.where, None,
       lambda g, ans, c, x=None, y=None: anp.where(c, g, 0.0), lambda g, ans, c, x=None, y=None: anp.where(c, 0.0, g))
"""


@pytest.mark.parametrize(("name", "given", "right", "wrong"), [
    ("multiply", {"x": [[0.5, -1.0]], "y": [1.5, 0.25]}, "x * g)", "y * g)"),
    ("dot", {"lhs": [[0.5, -1.0]], "rhs": [[1.5], [0.25]]}, "rhs.T", "-rhs.T"),
    ("where", {"c": [1, 0], "x": [0.5, -1.0], "y": [1.5, 0.25]}, "anp.where(c, 0.0, g)", "anp.where(c, g, 0.0)"),
])  # fmt: skip
def test_rules_that_take_the_gradient_before_the_result(
    name: str, given: dict[str, Any], right: str, wrong: str, check: Check
) -> None:
    assert check(f"rules.py:{name}", given, {"rules.py": ABOVE_FIRST})["verdict"] == "ok"
    planted = ABOVE_FIRST.replace(right, wrong)
    assert check(f"rules.py:{name}", given, {"rules.py": planted})["verdict"] == "wrong"
