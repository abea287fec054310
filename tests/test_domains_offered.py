"""What is offered for passes that are no functions of all numbers, and no verdict beyond the bounds that guard them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from conftest import Check

CLIPPED_LOG = """
import numpy as np
class Log:
    def forward(self, x):
        self.x = np.maximum(x, 1e-12)
        return np.log(self.x)
    def backward(self, g):
        return g / self.x
"""
ASSERTED = """
import numpy as np
class Tensor:
    def __init__(self, data, children=()):
        self.data, self.children = np.asarray(data), children
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
    def log(self):
        assert np.all(self.data > 0), "no logarithm"
        out = Tensor(np.log(self.data), (self,))
        def _backward():
            self.grad += out.grad / self.data
        out._backward = _backward
        return out
"""
ABOVE_ONE = """
import torch
class AreaCosh(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        x = x.clamp(min=1.0 + 1e-12)
        ctx.save_for_backward(x)
        return torch.log_(x + torch.sqrt_(x.pow(2) - 1))
    @staticmethod
    def backward(ctx, grad):
        x, = ctx.saved_tensors
        return grad / (x ** 2 - 1) ** 0.5
"""
IN_THE_BALL = """
import numpy as np
class Distance:
    def forward(self, u):
        self.u, self.n = u, np.clip((u * u).sum(-1), 0, 1 - 1e-5)
        return np.log((1 + np.sqrt(self.n)) / (1 - np.sqrt(self.n)))
    def backward(self, g):
        r = np.sqrt(self.n)
        return 2 * g / ((1 - self.n) * r) * self.u
"""
ALONG = """
import numpy as np
class LogSoftmax:
    def forward(self, x, dim):
        e = np.exp(x - x.max(axis=dim, keepdims=True))
        self.p = e / np.sum(e, axis=dim, keepdims=True)
        return np.log(self.p)
    def backward(self, g):
        rows, columns = self.p.shape
        return np.stack([g[i] - self.p[i] * g[i].sum() for i in range(rows)])
"""
RESHAPED = """
import numpy as np
class Tensor:
    def __init__(self, data, children=()):
        self.data, self.children = np.asarray(data), children
        self.grad = np.zeros_like(self.data)
        self._backward = lambda: None
    def view(self, *shape):
        out = Tensor(self.data.reshape(*shape), (self,))
        def _backward():
            self.grad += out.grad.reshape(self.data.shape)
        out._backward = _backward
        return out
"""
OFFERED = {  # text, what is judged, and what the hint gives; a mistake
    "a logarithm with a bound": (CLIPPED_LOG, "Log", r"--x 'rand\(3\)'", "g / self.x", "g * self.x"),
    "a logarithm that asserts": (ASSERTED, "Tensor.log", r"--self 'rand\(3\)'", "/ self.data", "* self.data"),
    "above 1": (ABOVE_ONE, "AreaCosh", r"--x '1\+rand\(3\)'", "(x ** 2 - 1)", "(x ** 2 + 1)"),
    "in a ball": (IN_THE_BALL, "Distance", r"--u 'randn\(3\)/9'", "2 * g /", "g /"),
    "an axis": (ALONG, "LogSoftmax", r"--x 'randn\(4,3\)' --dim '-1'", "- self.p[i]", "+ self.p[i]"),
    "any sizes": (RESHAPED, "Tensor.view", r"--self 'randn\(4,3\)' --shape '\[3,4\]'", "+= out.grad", "-= out.grad"),
}


@pytest.mark.parametrize("name", OFFERED)
def test_the_hint_leads_to_a_verdict(check: Check, name: str) -> None:
    text, what, hint, right, wrong = OFFERED[name]
    told = check(f"layers.py:{what}", {}, {"layers.py": text})["error"]["hint"]
    assert re.search(hint, told), told
    given = dict(re.findall(r"--(\w+) '([^']*)'", told))
    values: dict[str, Any] = {one: SAMPLES[its] if its in SAMPLES else json.loads(its) for one, its in given.items()}
    assert check(f"layers.py:{what}", values, {"layers.py": text})["verdict"] == "ok"
    assert text.count(right) == 1
    assert check(f"layers.py:{what}", values, {"layers.py": text.replace(right, wrong)})["verdict"] == "wrong"


SAMPLES = {
    "rand(3)": [0.3, 0.9, 0.05], "1+rand(3)": [1.3, 1.9, 1.05], "randn(3)/9": [0.1, -0.2, 0.05],
    "randn(3)": [0.5, -1.2, 0.3], "randn(4,3)": [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7], [0.2, 0.9, -0.1], [1.4, 0, -2.0]],
}  # fmt: skip

MASK_FORGOTTEN = """
import numpy as np
class Square:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0.0) ** 2
    def backward(self, g):
        return 2 * g * self.x
"""


def test_a_bound_that_guards_nothing_is_a_branch(check: Check) -> None:
    found = check("layers.py:Square", {"x": [0.5, 1.2, 0.3]}, {"layers.py": MASK_FORGOTTEN})
    assert found["verdict"] == "wrong"


NUMBERS_BESIDE_TENSORS = {
    "engine.py": """
import numpy as np
class Tensor:
    def __init__(self, data):
        self.data = data if isinstance(data, np.ndarray) else np.array(data)
    def __mul__(self, other):
        from . import ops as F
        return F.times(self, other if isinstance(other, Tensor) else Tensor(other))
class Function:
    @classmethod
    def apply(cls, *given, **named):
        return cls.forward(Context(), *given, **named)
class Context:
    def save_for_backward(self, *given):
        self.saved_tensors = given
""",
    "ops.py": """
import numpy as np
from . import engine
from .engine import Tensor
class Times(engine.Function):
    @staticmethod
    def forward(ctx, a, b, scale=1.0):
        ctx.save_for_backward(a, b)
        return Tensor(a.data * b.data)
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        return grad * b.data, grad * a.data
class Running(engine.Function):
    @staticmethod
    def forward(ctx, x, mean, momentum, stride):
        down, across = stride
        keep: float
        x = x.data
        new = (1 - momentum) * mean.data + momentum * x.mean(axis=0)
        ctx.save_for_backward(x, momentum, down * across)
        return Tensor((x - new) * (down * across))
    @staticmethod
    def backward(ctx, grad):
        x, momentum, area = ctx.saved_tensors
        g = grad * area
        total = g.data.sum(axis=0)
        return Tensor(g.data - momentum * total / len(x)), Tensor(-(1 - momentum) * total), None, None
times = Times.apply
""",
}


def test_what_is_computed_with_as_a_number_is_no_tensor(check: Check) -> None:
    """And a module that a method imports has all of its names."""
    given = {"x": SAMPLES["randn(4,3)"], "mean": [0.1, 0.2, 0.3], "momentum": 0.3, "stride": [2, 3]}
    assert check("ops.py:Running", given, NUMBERS_BESIDE_TENSORS)["verdict"] == "ok"
    other = {**NUMBERS_BESIDE_TENSORS, "ops.py": NUMBERS_BESIDE_TENSORS["ops.py"].replace("/ len(x)", "/ 2")}
    assert check("ops.py:Running", given, other)["verdict"] == "wrong"


LORENTZ = """
import torch as th
from torch.autograd import Function
class Product(Function):
    @staticmethod
    def forward(ctx, u, v):
        ctx.save_for_backward(u, v)
        uv = u * v
        uv.narrow(-1, 0, 1).mul_(-1)
        return th.sum(uv, dim=-1)
    @staticmethod
    def backward(ctx, g):
        u, v = ctx.saved_tensors
        g = g.unsqueeze(-1).expand_as(u).clone()
        g.narrow(-1, 0, 1).mul_(-1)
        gu = (g * v).reshape(-1)
        gu.resize_as_(u)
        return gu, g * u
"""


def test_a_gradient_from_above_that_is_one_number_is_a_tensor(check: Check) -> None:
    given = {"u": [0.5, -1.2, 0.3], "v": [1.1, 0.4, -0.7]}
    assert check("layers.py:Product", given, {"layers.py": LORENTZ})["verdict"] == "ok"
    wrong = LORENTZ.replace("(g * v)", "(g * u)")
    assert check("layers.py:Product", given, {"layers.py": wrong})["verdict"] == "wrong"


SET_BY_PLACE = """
import numpy as np
import cupy as cp
class Smallest:
    def forward(self, x):
        self.x = cp.asnumpy(x)
        return self.x.min() + np.trace(self.x)
    def backward(self, g):
        dx = np.zeros_like(self.x)
        dx.itemset(np.argmin(self.x), g)
        dx[np.diag_indices_from(dx)] += g
        return dx
"""


def test_an_element_that_is_set_by_its_place(check: Check) -> None:
    given = {"x": [[0.5, -1.2], [0.3, 1.1]]}
    assert check("layers.py:Smallest", given, {"layers.py": SET_BY_PLACE})["verdict"] == "ok"
    wrong = SET_BY_PLACE.replace("np.argmin(self.x), g", "(0, 0), g")
    assert check("layers.py:Smallest", given, {"layers.py": wrong})["verdict"] == "wrong"


def test_what_nobody_defines_is_told_where_no_values_fit(check: Check) -> None:
    """With the values that a pass got there with, and not with what its parameters may be without."""
    text = """
import numpy as np
class Filters:
    def __init__(self, W):
        self.W = W
    def forward(self, x):
        n, c, h, w = x.shape
        k, c, a, b = self.W.shape
        self.columns = spread(x, a, b)
        return self.columns @ self.W.reshape(k, -1).T
    def backward(self, dout):
        self.dW = (self.columns.T @ dout).T.reshape(self.W.shape)
        return gathered(dout @ self.W.reshape(len(self.W), -1))
"""
    hint = str(check("filters.py", {}, {"filters.py": text}))
    assert "(spread is not defined)" in hint
    assert all(len(one.split(",")) == 4 for one in re.findall(r"--[xW] 'randn\((.*?)\)'", hint.replace("\\", "")))
    assert hint.count("randn(") == 2
