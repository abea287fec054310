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


@pytest.mark.parametrize(("text", "name", "given", "right", "wrong"), [
    (NODES, "Tensor.exp", {"self": [0.5, -1.2]}, "out.data * grad", "self.data * grad"),
    (NODES, "Tensor.beside", {"self": [0.5, -1.2]}, "(-grad,)", "(grad,)"),
    (LAYERS, "Scale", {"x": [0.5, -1.2], "size": 2}, "g * self.factor", "g"),
    (TURNED, "Rotary", {"x": [0.5, -1.2, 0.3, 2.0], "dim": 4}, "- self.half(g)", "+ self.half(g)"),
    (TURNED, "Clipped", {"z": [0.5, -1.2]}, "(z > 0)", "(z < 0)"),
])  # fmt: skip
def test_frameworks_in_ways_of_their_own(
    text: str, name: str, given: dict[str, Any], right: str, wrong: str, check: Check
) -> None:
    assert check(f"own.py:{name}", given, {"own.py": text})["verdict"] == "ok"
    assert check(f"own.py:{name}", given, {"own.py": text.replace(right, wrong)})["verdict"] == "wrong"
