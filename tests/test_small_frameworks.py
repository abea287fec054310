"""Small frameworks of the user's, each in a way of its own: how a layer is made, and what hands on to what."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

NODES = """
import numpy as np
class Node:
    def __init__(self, grad_fn, before):
        self.grad_fn, self.before = grad_fn, before
class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad = np.asarray(data), requires_grad
        self.grad = np.zeros_like(self.data)
        self.grad_fn = Node(self.gather, ()) if requires_grad else None
    def gather(self, grad):
        self.grad = self.grad + grad
        return ()
    def exp(self):
        out = Tensor(np.exp(self.data))
        if self.requires_grad:
            out.grad_fn = Node(grad_fn=lambda grad: (out.data * grad,), before=(self.grad_fn,))
            out.requires_grad = True
        return out
    def __add__(self, other):
        out = Tensor(self.data + other.data)
        out.grad_fn = Node(lambda grad: (grad, grad), (self.grad_fn, other.grad_fn))
        out.requires_grad = True
        return out
    def __neg__(self):
        out = Tensor(-self.data)
        out.grad_fn = Node(lambda grad: (-grad,), (self.grad_fn,))
        out.requires_grad = True
        return out
    def __sub__(self, other):
        return self + (-other)
    def beside(self):
        shifted = self - self.exp()
        return shifted
    def backward(self, gradient=None):
        pending = [(self.grad_fn, np.ones_like(self.data) if gradient is None else gradient)]
        while pending:
            node, grad = pending.pop()
            for before, share in zip(node.before, node.grad_fn(grad)):
                pending.append((before, share))
"""
OPERANDS = """
import numpy as np
class Times:
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __call__(self, out):
        self.a.take(out.grad * self.b.data)
        self.b.take(out.grad * self.a.data)
class Quantity:
    def __init__(self, data, requires_grad=True, way=None):
        self.data, self.requires_grad, self.way, self.grad = np.asarray(data), requires_grad, way, None
    def take(self, share):
        self.grad = share if self.grad is None else self.grad + share
        if self.way is not None:
            self.way(self)
    def joined(self, o, operation, way):
        if not isinstance(o, Quantity):
            o = Quantity(o, False)
        return Quantity(operation(self.data, o.data), True, way(self, o))
    def __mul__(self, o):
        return self.joined(o, lambda x, y: x * y, Times)
    def __rmul__(self, o):
        return self.__mul__(o)
    def backward(self):
        self.grad = np.ones_like(self.data)
        self.way(self)
"""
APPLIED = """
import numpy as np
class Op:
    def forward(self, *args):
        raise NotImplementedError
    def backward(self, g):
        raise NotImplementedError
class Array:
    def __init__(self, data, requires_grad=True, maker=None):
        self.data, self.requires_grad, self.maker = np.array(data), requires_grad, maker
        self.grad = None
    def backward(self, grad=None):
        grad = np.ones_like(self.data) if grad is None else grad
        self.grad = grad if self.grad is None else self.grad + grad
        if self.maker is not None:
            for one, share in zip(self.maker.inputs, self.maker.backward(grad)):
                if one.requires_grad:
                    one.backward(share)
class Ramp(Op):
    @staticmethod
    def apply(a):
        a = a if isinstance(a, Array) else Array(a)
        ramp = Ramp()
        ramp.inputs = [a]
        return Array(np.maximum(0, a.data), a.requires_grad, ramp)
    def backward(self, g):
        g = g.copy()
        g[self.inputs[0].data <= 0] = 0
        return (g,)
class Product(Op):
    @staticmethod
    def apply(a, b):
        a = a if isinstance(a, Array) else Array(a, False)
        b = b if isinstance(b, Array) else Array(b, False)
        product = Product()
        product.inputs = [a, b]
        return Array(a.data * b.data, a.requires_grad or b.requires_grad, product)
    def backward(self, g):
        a, b = self.inputs
        return g * b.data, g * a.data
"""
LATE = """
import numpy as np
class Node:
    def __init__(self, data):
        self.data = np.array(data)
        self.grad = None
        self.creator = None
    def backward(self):
        if self.grad is None:
            self.grad = np.ones_like(self.data)
        todo = [self.creator]
        while todo:
            f = todo.pop()
            gxs = f.backward(f.output.grad)
            for x, gx in zip(f.inputs, gxs):
                x.grad = gx if x.grad is None else x.grad + gx
                if x.creator is not None:
                    todo.append(x.creator)
    def __mul__(self, other):
        return times(self, other)
class Times:
    def __call__(self, a, b):
        self.inputs = (a, b)
        self.output = Node(a.data * b.data)
        self.output.creator = self
        return self.output
    def backward(self, gy):
        a, b = self.inputs
        return gy * b.data, gy * a.data
def times(left, right):
    right = right if isinstance(right, Node) else Node(right)
    return Times()(left, right)
def setup():
    Node.__mul__ = times
    Node.__rmul__ = times
setup()
"""
LAYERS = """
import abc
import cupy as cp
class Layer(abc.ABC):
    def __init__(self, saved):
        self.saved = saved
        self.saved.pop("self")
        if self.saved.get("size") is not None:
            self.build(self.saved)
    def forward(self, *args):
        return self.forward_impl(*args)
    def backward(self, *args, **kwargs):
        return 0.5 * self.backward_impl(*args, **kwargs)
    @abc.abstractmethod
    def forward_impl(self, x): ...
    @abc.abstractmethod
    def backward_impl(self, x, g): ...
class Scale(Layer):
    def __init__(self, size=None, factor=3.0, **others):
        saved = locals()
        super().__init__(saved)
    def build(self, given):
        self.factor = given.get("factor")
        self.stream = cp.cuda.Stream(non_blocking=True)
        self.noise = cp.random.randn(given.get("size"), dtype=cp.float32)
    def forward_impl(self, x):
        with self.stream:
            return 0.5 * self.factor * (x + self.noise)
    def backward_impl(self, x, g):
        return g * self.factor
"""
TURNED = """
import numpy as np
class Rotary:
    def __init__(self, dim):
        angle = 0.3 + 10000.0 ** (-np.arange(0, dim, 2, dtype=np.float32) / dim)
        angle = np.concatenate([angle, angle])
        self.cos, self.sin = np.cos(angle), np.sin(angle)
    def half(self, x):
        half = x.shape[-1] // 2
        return np.concatenate([-x[half:], x[:half]])
    def apply_rotary(self, x):
        return x * self.cos + self.half(x) * self.sin
    def backward_rotary(self, g):
        return g * self.cos - self.half(g) * self.sin
class Clipped:
    def forward(self, z):
        return np.maximum(0, z)
    def backprop(self, z, a=None, grads=None):
        return grads * (z > 0)
"""
KEEPING = """
import numpy as np
class Tensor:
    def __init__(self, data, requires_grad=False):
        self.data, self.requires_grad, self.grad = np.asarray(data, dtype=float), requires_grad, None
        self.before, self.back = set(), lambda: None
    def gather(self, grad):
        self.grad = grad if self.grad is None else self.grad + grad
    def backward(self, grad=None):
        self.grad, order = np.ones_like(self.data) if grad is None else grad, []
        def visit(one):
            if one not in order:
                for other in one.before:
                    visit(other)
                order.append(one)
        visit(self)
        for one in reversed(order):
            one.back()
class Scale:
    def __init__(self, size):
        self.weight = Tensor(np.arange(1.0, size + 1), requires_grad=True)
    def __call__(self, x):
        out = Tensor(self.weight.data * x.data, requires_grad=True)
        out.before = {x, self.weight}
        def back():
            self.weight.gather(out.grad * x.data)
            x.gather(out.grad * self.weight.data)
        out.back = back
        return out
"""
PARENTS = """
import numpy as np
class Function:
    def __init__(self, *vars):
        self.parents = vars
class Tanh(Function):
    def __init__(self, x):
        super(Tanh, self).__init__(x)
    def __call__(self, y):
        self.out = np.tanh(y)
        return self.out
    def backward(self, g):
        return g * (1 - self.out ** 2) + 0 * self.parents[0]
"""
SPREAD = """
import math
from abc import ABC
class Vertex:
    def __init__(self, value):
        self.value = value
class Function(ABC):
    @staticmethod
    def forward(*args): ...
    @staticmethod
    def backward(*args): ...
class Mult(Function):
    @staticmethod
    def forward(*args):
        return Vertex(math.prod(v.value for v in args))
    @staticmethod
    def backward(*args):
        whole = math.prod(v.value for v in args)
        return tuple(whole / v.value for v in args)
"""
DEVICES = """
import numpy as np
try:
    import cupy as cp
except ImportError:
    cp = None
class Scale:
    def forward(self, x):
        if isinstance(x.device, str):
            self.k = 3.0 if "cuda" in x.device else 2.0
        elif isinstance(x.device, cp.cuda.Device):
            self.k = 3.0
        return x * self.k
    def backward(self, g):
        return g * self.k
"""
LAYERED = {
    "base/__init__.py": "from .core import Tensor",
    "base/core.py": """
import numpy as np
class Tensor:
    def __init__(self, data):
        self.data = data.data.copy() if isinstance(data, Tensor) else np.array(data)
def tensor(data):
    return Tensor(data)
""",
    "grads.py": "this is not what is imported",
    "grads/__init__.py": "from .core import Tensor",
    "grads/core.py": """
from base import Tensor as Plain
class Tensor(Plain):
    def __init__(self, data, requires_grad=False, parents=()):
        super().__init__(data)
        self.requires_grad, self.parents = requires_grad, parents
        self.grad = self.back = None
from .ops import mul
Tensor.__mul__ = lambda self, other: mul(self, other)
""",
    "grads/ops.py": """
def made(x):
    from .core import Tensor
    return x if isinstance(x, Tensor) else Tensor(x)
def mul(a, b):
    from .core import Tensor
    b = made(b)
    out = Tensor(a.data * b.data, a.requires_grad or b.requires_grad, (a, b))
    def back():
        for one, other in ((a, b), (b, a)):
            if one.requires_grad:
                grad = out.grad.data * other.data
                one.grad = Tensor(grad if one.grad is None else one.grad.data + grad)
    out.back = back
    return out
""",
    "own.py": """
import numpy as np
from grads import Tensor
def ramp(x):
    positive = x * Tensor((x.data > 0).astype(np.float32))
    out = Tensor(positive.data, x.requires_grad, (x,))
    def back():
        if x.requires_grad:
            grad = out.grad.data * (x.data > 0)
            x.grad = Tensor(grad if x.grad is None else x.grad.data + grad)
    out.back = back
    return out
""",
}


def test_a_tensor_that_is_made_from_another_of_its_name(check: Check) -> None:
    assert check("own.py:ramp", {"x": [0.5, -1.2]}, LAYERED)["verdict"] == "ok"
    wrong = {**LAYERED, "own.py": LAYERED["own.py"].replace("out.grad.data * (x", "out.grad.data + (x")}
    assert check("own.py:ramp", {"x": [0.5, -1.2]}, wrong)["verdict"] == "wrong"


@pytest.mark.parametrize(("text", "name", "given", "right", "wrong"), [
    (NODES, "Tensor.exp", {"self": [0.5, -1.2]}, "out.data * grad", "self.data * grad"),
    (NODES, "Tensor.beside", {"self": [0.5, -1.2]}, "(-grad,)", "(grad,)"),
    (OPERANDS, "Quantity.__mul__", {"self": [0.5, -1.2], "o": [2.0, 3.0]}, "out.grad * self.a.data", "out.grad"),
    (OPERANDS, "Quantity.__rmul__", {"self": [0.5, -1.2], "o": [2.0, 3.0]}, "out.grad * self.a.data", "out.grad"),
    (APPLIED, "Ramp", {"a": [0.5, -1.2]}, "data <= 0", "data > 0"),
    (APPLIED, "Product", {"a": [0.5, -1.2], "b": [2.0, 3.0]}, "g * a.data", "g * b.data"),
    (LATE, "Node.__mul__", {"self": [0.5, -1.2], "other": [2.0, 3.0]}, "gy * a.data", "gy * b.data"),
    (LAYERS, "Scale", {"x": [0.5, -1.2], "size": 2}, "g * self.factor", "g"),
    (TURNED, "Rotary", {"x": [0.5, -1.2, 0.3, 2.0], "dim": 4}, "- self.half(g)", "+ self.half(g)"),
    (KEEPING, "Scale", {"x": [0.5, -1.2], "size": 2}, "(out.grad * x.data)", "(out.grad)"),
    (KEEPING, "Scale", {"x": [0.5, -1.2], "size": 2}, "(out.grad * self.weight.data)", "(out.grad)"),
    (PARENTS, "Tanh", {"y": [0.5, -1.2]}, "self.out ** 2", "self.out"),
    (SPREAD, "Mult", {"args": [0.5, -1.2, 3.0]}, "whole / v.value", "whole"),
    (DEVICES, "Scale", {"x": [0.5, -1.2]}, "g * self.k", "g"),
    (TURNED, "Clipped", {"z": [0.5, -1.2]}, "(z > 0)", "(z < 0)"),
])  # fmt: skip
def test_frameworks_in_ways_of_their_own(
    text: str, name: str, given: dict[str, Any], right: str, wrong: str, check: Check
) -> None:
    assert check(f"own.py:{name}", given, {"own.py": text})["verdict"] == "ok"
    assert check(f"own.py:{name}", given, {"own.py": text.replace(right, wrong)})["verdict"] == "wrong"


STRIPS = """
import numpy as np

kind = np.float32
width = np.dtype(kind).itemsize

class Strip:
    def __init__(self, values):
        self.values = values
    def __getitem__(self, places):
        assert isinstance(places, slice)
        first = 0 if places.start is None else places.start
        last = places.stop if places.stop is not None else len(self.values)
        step = 1 if places.step is None else places.step
        return self.values[first:last:step]

def windows_forward(x, w):
    flat = np.ascontiguousarray(x)
    assert isinstance(flat.dtype, np.dtype)
    rows = np.lib.stride_tricks.as_strided(flat, (len(x) - 1, 2), (width, width))
    first, last, step = slice(0, None, 2).indices(len(w))
    out = rows @ Strip(w)[:2] + Strip(w)[2:][0] * x[1:] + w[first:last:step].sum()
    return out, (x, w, rows)

def windows_backward(dout, cache):
    x, w, rows = cache
    dx = np.zeros_like(x)
    dx[:-1] += dout * w[0]
    dx[1:] += dout * (w[1] + w[2])
    dw = np.zeros_like(w)
    dw[:2] = rows.T @ dout
    dw[2] = np.sum(dout * x[1:])
    dw[::2] += dout.sum()
    return dx, dw
"""


def test_a_kind_of_elements_and_a_slice_tell_what_they_hold(check: Check) -> None:
    given = {"x": [0.3, -1.2, 0.5, 2.0], "w": [0.4, -0.7, 1.1, 0.2]}
    assert check("strips.py", given, {"strips.py": STRIPS})["verdict"] == "ok"
    wrong = check("strips.py", given, {"strips.py": STRIPS.replace("= rows.T @", "= -rows.T @")})
    assert [one["line"] for one in wrong["lines"]] == [31], wrong


def test_a_pass_that_takes_nothing_and_stops_hides_no_others(check: Check) -> None:
    text = """
class Packed:
    def forward(self):
        return Packed.made()
    def backward(self, dout):
        return dout
class Scaled:
    def forward(self, x):
        return 2 * x
    def backward(self, dout):
        return 2 * dout
"""
    error = check("layers.py", {}, {"layers.py": text})["error"]
    assert "made" in error["message"]
    assert "backprop check -f layers.py:Scaled --x " in error["hint"], error


def test_a_tensor_is_made_of_a_size_by_name(check: Check) -> None:
    text = """
import torch
class Layer:
    def forward(self, x, w):
        self.x, self.w, self.told = x, w, f"of {torch.float} and {x.dtype}"
        c = torch.ones(size=[4, 2]) + torch.full(size=(4, 2), fill_value=0.5) + torch.empty(size=(2,)).fill_(1.0)
        return x @ w * c + torch.zeros(size=(2,), dtype=x.dtype)
    def backward(self, dout):
        return 2.5 * dout @ self.w.t(), self.x.t() @ dout * 2.5
"""
    given = {"x": [[0.3, -1.2, 0.5], [2.0, 0.1, -0.4], [0.7, 0.9, 1.1], [-0.6, 0.2, 0.8]],
             "w": [[0.4, -0.7], [1.1, 0.2], [-0.3, 0.9]]}  # fmt: skip
    assert check("layer.py:Layer", given, {"layer.py": text})["verdict"] == "ok"
    wrong = check("layer.py:Layer", given, {"layer.py": text.replace("return 2.5 *", "return 1.5 *")})
    assert [one["line"] for one in wrong["lines"]] == [9], wrong


def test_a_type_of_types_is_one(check: Check) -> None:
    text = """
from typing import Optional, cast
import numpy as np
Rows = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Named = dict[str, Optional[list[int]]]

class Affine:
    def __init__(self, w):
        self.w = cast(Rows, w)
    def forward(self, x):
        self.x = x
        return x @ self.w
    def backward(self, dout):
        kept = cast(Named, {"dw": self.x.T @ dout})
        self.dw = kept["dw"]
        return dout @ self.w.T
"""
    given = {"x": [[0.3, -1.2], [2.0, 0.1]], "w": [[0.4, -0.7], [1.1, 0.2]]}
    assert check("affine.py:Affine", given, {"affine.py": text})["verdict"] == "ok"
    wrong = check("affine.py:Affine", given, {"affine.py": text.replace("dout @ self.w.T", "dout @ self.w")})
    assert [one["line"] for one in wrong["lines"]] == [16], wrong


def test_a_loss_is_not_told_where_small_weights_make_the_losses_alike(check: Check) -> None:
    """Beside an output of 1/2 everywhere the slope of a square is that of the cross-entropy over 4, as many as the rows
    are: which of them is meant shows elsewhere."""
    text = """
import numpy as np
class Small:
    def __init__(self, size):
        self.weight = np.linspace(-1, 1, size).reshape(size, 1) * 1e-5
        self.shift, self.rate = np.zeros((1, 1)), 0.5
    def forward(self, data):
        self.data = data
        self.guess = 1 / (1 + np.exp(-(data @ self.weight + self.shift)))
        return self.guess
    def backward(self, data, target, guess):
        off = guess - target
        d_weight = data.T @ off / len(data)
        d_shift = off.sum(axis=0, keepdims=True) / len(data)
        self.weight -= self.rate * d_weight
        self.shift -= self.rate * d_shift
"""
    given = {"data": [[0.3, -1.2], [2.0, 0.1], [-0.7, 0.4], [1.5, -0.2]], "target": [[1], [0], [0], [1]], "size": 2}
    found = check("small.py:Small", given, {"small.py": text})
    assert (found["verdict"], "cross-entropy of yes and no" in str(found["remarks"])) == ("ok", True), found
    wrong = check("small.py:Small", given, {"small.py": text.replace("= data.T @ off", "= -data.T @ off")})
    assert wrong["verdict"] == "wrong", wrong


def test_a_loss_that_is_left_beside_the_output_is_what_goes_back(check: Check) -> None:
    """What the backward pass calls the prediction is what the activation gave, and no gradient from above."""
    text = """
import numpy as np
class Soft:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
class Entropy:
    def mean_of(self, guess, y):
        return np.mean(-np.log(guess[np.arange(len(y)), y]))
class SoftWithEntropy:
    def __init__(self):
        self.soft, self.entropy = Soft(), Entropy()
    def forward(self, scores, y_true):
        self.soft.forward(scores)
        self.output = self.soft.output
        self.loss_value = self.entropy.mean_of(self.output, y_true)
    def backward(self, y_pred, y_true):
        self.dscores = (y_pred - np.eye(y_pred.shape[1])[y_true]) / len(y_pred)
"""
    given = {"scores": [[0.3, -1.2, 0.5], [2.0, 0.1, -0.4], [0.7, 0.9, 1.1]], "y_true": [2, 0, 1]}
    found = check("soft.py:SoftWithEntropy", given, {"soft.py": text})
    assert found["verdict"] == "ok", found
    wrong = check("soft.py:SoftWithEntropy", given, {"soft.py": text.replace("(y_pred - np", "(y_pred + np")})
    assert [one["line"] for one in wrong["lines"]] == [18], wrong


def test_gradients_in_a_list_that_is_returned_are_of_the_weights_and_of_no_setting(check: Check) -> None:
    """One for a bias that is a row has no axis for the rows: a step adds it by itself."""
    text = """
import numpy as np
class Affine:
    def __init__(self, width, units):
        self.W = np.linspace(-1, 1, width * units).reshape(width, units)
        self.b = np.full((1, units), 0.3)
        self.gradW = self.gradB = None
    def forward(self, X, mode):
        self.X = X
        return X @ self.W + self.b
    def backward(self, dout, mode):
        self.gradW = self.X.T @ dout
        self.gradB = np.sum(dout, axis=0)
        return dout @ self.W.T, [self.gradW, self.gradB]
"""
    given = {"X": [[0.3, -1.2], [2.0, 0.1], [-0.7, 0.4]], "mode": "train", "width": 2, "units": 3}
    found = check("affine.py:Affine", given, {"affine.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok", "b": "ok", "X": "ok"}, found
    wrong = check(
        "affine.py:Affine", given, {"affine.py": text.replace("np.sum(dout, axis=0)", "np.mean(dout, axis=0)")}
    )
    assert [one["line"] for one in wrong["lines"]] == [13], wrong


def test_a_rate_is_offered_as_a_number(check: Check) -> None:
    """Also where the step is wrong: an array hid that there is one."""
    text = """
import numpy as np
class Units:
    def __init__(self, count):
        self.count, self.w, self.act = count, None, lambda z: np.maximum(0.0, z)
    def forward(self, data):
        if self.w is None:
            self.w = np.random.random((self.count, data.shape[1] + 1))
        self.data = np.hstack([data, np.ones((data.shape[0], 1))])
        self.z = np.dot(self.data, self.w.T)
        return self.act(self.z)
    def backward(self, above, learning_rate):
        dz = above * (self.z > 0)
        dw = np.dot(self.data.T, dz).T / above.shape[0]
        back = np.dot(dz, self.w)
        self.w = self.w - learning_rate * dw
        return np.delete(back, back.shape[1] - 1, 1)
"""
    hint = check("units.py:Units", {}, {"units.py": text})["error"]["hint"]
    assert "--learning_rate '0.1'" in hint, hint
