"""Layers of small frameworks, each of a kind of its own: right as they are written, and wrong with one line changed."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

X = [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7]]

ON_VALUES = """
import numpy as np

class Tensor:
    def __init__(self, data, args=None, device="cpu"):
        self.data, self.args, self.device, self.grad = np.array(data, dtype=float), args, device, None
        self.xp = np
        self.grad_fn = lambda: None
    def apply_grad(self, grad):
        self.grad = grad if self.grad is None else self.grad + grad
    def backward(self, grad=None):
        self.apply_grad(self.xp.ones_like(self.data) if grad is None else np.array(grad))
        order, seen = [], set()
        def visit(one):
            if id(one) in seen or one.args is None:
                return
            seen.add(id(one))
            for its in one.args:
                if isinstance(its, Tensor):
                    visit(its)
            order.append(one)
        visit(self)
        for one in order[::-1]:
            one.grad_fn(*one.args, grad=one.grad)
class Module:
    def forward(self, *given):
        raise NotImplementedError
    def backward(self, *given):
        raise NotImplementedError
    def to(self, device):
        self.xp, self.device = np, device
        for name, one in self.__dict__.items():
            if hasattr(one, "to"):
                self.__dict__[name] = one.to(device)
        return self
class _Product(Tensor):
    def __init__(self, data, args):
        super().__init__(data, args)
        def grad_fn(x, weight, grad):
            x.apply_grad(grad @ weight.data)
            weight.apply_grad(grad.T @ x.data)
        self.grad_fn = grad_fn
class Linear(Module):
    def __init__(self, inputs, outputs):
        self.sizes = inputs, outputs
        self.weight = Tensor(np.linspace(-1, 1, inputs * outputs).reshape(outputs, inputs))
        self.to("cpu")
    def forward(self, x: Tensor):
        return _Product(x.data @ self.weight.data.T, [x, self.weight])
"""

WRITTEN_INTO = """
import numpy as np

class Layer:
    def __init__(self, input_shape=None):
        self.input_shape, self.output, self.delta = input_shape, None, None
    def __call__(self, before):
        self.input_shape = before.out_shape
        return self
    def check(self, array):
        if self.input_shape[1:] != array.shape[1:]:
            raise ValueError("another shape")
class Dense(Layer):
    def __init__(self, outputs, input_shape=None):
        super().__init__(input_shape=input_shape)
        self.weights = np.linspace(-1, 1, input_shape[-1] * outputs).reshape(input_shape[-1], outputs)
        self.weights_update = None
    def forward(self, inpt):
        self.check(inpt)
        self.output = np.tanh(inpt @ self.weights)
        self.delta = np.zeros(shape=self.output.shape)
        return self
    def backward(self, inpt, delta=None):
        self.delta *= 1 - self.output ** 2
        self.weights_update = inpt.T @ self.delta
        if delta is not None:
            flat = delta.reshape(inpt.shape[0], -1)
            self.check(flat)
            flat[:] += self.delta @ self.weights.T
        return self
"""

PROPERTIES = """
import numpy as np

class Affine:
    def __init__(self, inputs, outputs):
        self._weight = np.zeros((outputs, inputs))
        self.weight = np.linspace(-1, 1, inputs * outputs).reshape(outputs, inputs)
    @property
    def weight(self):
        return self._weight
    @weight.setter
    def weight(self, new):
        self._weight = new
    def forward(self, x):
        self._input = x
        return x @ self.weight.T
    def backward(self, grad):
        weight_grad, input_grad = grad.T @ self._input, grad @ self.weight
        return (input_grad), (weight_grad,)
"""

OF_PLACES = """
import numpy as np

class Embedding:
    def __init__(self, words, size):
        self.words, self.weights = words, np.linspace(-1, 1, words * size).reshape(words, size)
    def forward(self, inputs):
        self.hot = np.zeros((inputs.size, self.words))
        self.hot[np.arange(inputs.size), inputs.astype(np.int32).reshape(1, -1)] = 1
        return self.hot @ self.weights
    def backward(self, dout):
        self.dweights = self.hot.T @ dout
        return dout @ self.weights.T
"""

RUNNING = """
import numpy as np

class Norm:
    def __init__(self, mean, decay):
        self.mean, self.decay = mean, decay
    def forward(self, x):
        self.mean *= self.decay
        self.mean += (1 - self.decay) * x.mean(axis=0)
        return x * x.mean(axis=0)
    def backward(self, g):
        return g * self.x.mean(axis=0) + (g * self.x).mean(axis=0)
""".replace("self.mean *=", "self.x = x\n        self.mean *=")

DRAWING = """
import numpy as np

class Dropout:
    def __init__(self, keep, rng):
        self.keep, self.scale = keep, rng.uniform(0.5, 1.0)
    def forward(self, x, rng):
        self.mask = rng.random(x.shape) < self.keep
        return x * self.mask * self.scale
    def backward(self, g):
        return g * self.mask * self.scale
"""

ON_DEVICES = """
import torch

class Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        if x.device.type != "cpu" or x.device.index is not None or torch.device("cuda", 1).index != 1:
            raise RuntimeError("on another device")
        ctx.save_for_backward(x, w)
        out = torch.zeros(torch.Size([x.shape[0], w.shape[1]])).to(x.device)
        out.data = x @ w
        return out
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return x.new(x.size()).copy_(g @ w.t()), x.t() @ g
"""

SENTINEL = """
import numpy as np

class _NoValueType:
    pass
_NoValue = _NoValueType()
class Variance:
    def forward(self, x, ddof=_NoValue):
        self.x, self.ddof = x, ddof
        return x.var() if ddof is _NoValue else x.var(ddof=ddof)
    def backward(self, g):
        return g * 2 * (self.x - self.x.mean()) / (self.x.size - self.ddof)
"""

A_LOSS = """
import numpy as np

class Loss:
    def __init__(self, loss, grad, model):
        self.loss, self.grad, self.model = loss, grad, model
    def backward(self):
        self.model.go_back(self.grad)
def mse_loss(inpt, target):
    off = inpt.array - target
    loss, grad = (off ** 2).sum() / off.shape[0], 2 * off / off.shape[0]
    return Loss(loss, grad, inpt.model)
"""

OTHERWISE_CALLED = """
import numpy as np

class Tensor:
    def __init__(self, valor, _padres=()):
        self.valor = np.asarray(valor, dtype=float)
        self.grad = np.zeros_like(self.valor)
        self._padres = _padres
    def __mul__(self, otro):
        otro = otro if isinstance(otro, Tensor) else Tensor(otro)
        salida = Tensor(self.valor * otro.valor)
        salida._padres = ((self, lambda d: d * otro.valor), (otro, lambda d: (d * self.valor).sum(axis=0)))
        return salida
    def backward(self, grad=None):
        self.grad = np.ones_like(self.valor) if grad is None else grad
        pending = [self]
        while pending:
            one = pending.pop()
            for parent, back in one._padres:
                parent.grad = parent.grad + back(one.grad)
                pending.append(parent)
"""

LISTED = """
import numpy as np

def one_hot(labels, classes):
    return np.eye(classes)[labels]
class CrossEntropy:
    def forward(self, logits, targets):
        if isinstance(targets, list):
            targets = one_hot(targets, logits.shape[-1])
        if targets.shape != logits.shape:
            raise ValueError("other labels")
        self.targets, e = targets, np.exp(logits)
        self.p = e / e.sum(axis=-1, keepdims=True)
        return -np.sum(targets * np.log(self.p))
    def backward(self):
        return self.p - self.targets
"""

KINDS: dict[str, tuple[str, str, dict[str, Any], str, str, set[str]]] = {
    "a layer of values": (
        "Linear", ON_VALUES, {"x": X, "inputs": 3, "outputs": 2},
        "weight.apply_grad(grad.T @ x.data)", "weight.apply_grad(2 * grad.T @ x.data)", {"x", "weight.data"},
    ),
    "an argument that is written into": (
        "Dense", WRITTEN_INTO, {"inpt": X, "outputs": 2, "input_shape": [2, 3]},
        "self.delta *= 1 - self.output ** 2", "self.delta *= 1 - self.output", {"inpt", "weights"},
    ),
    "a property, and gradients returned together": (
        "Affine", PROPERTIES, {"x": X, "inputs": 3, "outputs": 2},
        "grad.T @ self._input,", "-grad.T @ self._input,", {"x", "_weight"},
    ),
    "places in a table": (
        "Embedding", OF_PLACES, {"inputs": [[0, 2], [1, 2]], "words": 3, "size": 2},
        "self.hot.T @ dout", "self.hot.T @ dout * 2", {"weights"},
    ),
    "a value under a name of another language": (
        "Tensor.__mul__", OTHERWISE_CALLED, {"self": X, "otro": [0.5, 2.0, -1.0]},
        "lambda d: d * otro.valor", "lambda d: d * self.valor", {"self", "otro"},
    ),
    "labels in a list": (
        "CrossEntropy", LISTED, {"logits": X, "targets": [0, 2]}, "self.p - self.targets", "self.p", {"logits"},
    ),
    "a loss that holds its gradient": (
        "mse_loss", A_LOSS, {"inpt": X, "target": [[0.1, 0.2, 0.3], [1.0, 0.0, -1.0]]},
        "2 * off / off.shape[0]", "off / off.shape[0]", {"inpt"},
    ),
    "a generator of random numbers": (
        "Dropout", DRAWING, {"x": X, "keep": 0.8}, "return g * self.mask * self.scale", "return g * self.mask", {"x"},
    ),
    "a device": (
        "Product", ON_DEVICES, {"x": X, "w": [[1.0], [2.0], [0.5]]}, "x.t() @ g", "-x.t() @ g", {"x", "w"},
    ),
    "a default that stands for no value": (
        "Variance", SENTINEL, {"x": X, "ddof": 0}, "(self.x.size - self.ddof)", "self.x.size ** 2", {"x"},
    ),
    "whole numbers given for an array": (
        "Norm", RUNNING, {"x": X, "mean": [0, 0, 1], "decay": 0.9},
        "(g * self.x).mean(axis=0)", "(g * self.x).sum(axis=0)", {"x"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_of_its_kind_is_read_and_a_mistake_in_it_found(check: Check, kind: str) -> None:
    name, text, given, right, wrong, whose = KINDS[kind]
    found = check(f"layer.py:{name}", given, {"layer.py": text})
    assert (found.get("verdict"), {one["name"] for one in found.get("gradients", [])}) == ("ok", whose), found
    assert text.count(right) == 1
    assert check(f"layer.py:{name}", given, {"layer.py": text.replace(right, wrong)})["verdict"] == "wrong"


NORMALIZED = """
import numpy as np

class LayerNorm:
    def __init__(self):
        self.eps = 1e-10
    def forward(self, x):
        self.std = x.std(axis=-1, keepdims=True) + self.eps
        self.c = x - x.mean(axis=-1, keepdims=True)
        return self.c / self.std
    def backward(self, g):
        size = g.shape[-1]
        dc = g / self.std - self.c * np.sum(g * self.c * self.std ** -3, axis=-1, keepdims=True) / size
        return dc - np.sum(dc, axis=-1, keepdims=True) / size
"""


@pytest.mark.parametrize("shape", ["4,3", "4,2", "2,2"])
def test_of_two_numbers_that_are_normalized_an_epsilon_alone_is_left(check: Check, shape: str) -> None:
    found = check(f"norm.py:LayerNorm --x randn({shape}) --seed 1", {}, {"norm.py": NORMALIZED})
    assert found["verdict"] == "ok"


def test_a_default_that_stands_for_no_value_is_asked_for(check: Check) -> None:
    found = check("layer.py:Variance", {"x": X}, {"layer.py": SENTINEL})
    assert ([one["verdict"] for one in found["gradients"]], found["verdict"]) == (["imprecise"], "incomplete"), found
    assert "ddof stands for no value where none is given: --ddof 0" in found["remarks"][-1]


NUMERATORS = """
import numpy as np

class Line:
    def __init__(self, n, m, decay):
        self.W, self.b, self.decay = np.random.randn(m, n), np.random.randn(m, 1), decay
    def forward(self, x):
        self.x = x
        return self.W @ x + self.b
    def backward(self, g):
        assert self.x.shape[1] == g.shape[0]
        count = self.x.shape[1]
        self.dW = g.T @ self.x.T / count + 2 * self.decay * self.W
        self.db = g.T.sum(axis=1, keepdims=True) / count
        return g @ self.W

class Above:
    def forward(self, x):
        self.x = x
        return x * (x > 0)
    def backward(self, g):
        assert self.x.shape[1] == g.shape[0]
        return g * (self.x.T > 0)
"""
COLUMNS = [[0.5, -1.2, 0.3, 0.9], [1.1, 0.4, -0.7, -0.2]]


def test_gradients_may_be_rows_for_columns(check: Check) -> None:
    """As the numerator layout of calculus has them, here with means and a penalty beside; without a word of it, an axis
    that is turned is a mistake."""
    sizes = {"n": 2, "m": 3, "decay": 0.7}
    found = check("rows.py:Line", {"x": COLUMNS, **sizes}, {"rows.py": NUMERATORS})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok", "b": "ok", "x": "ok"}
    assert "a row for each column of what they are of" in str(found["remarks"])
    assert check("rows.py:Above", {"x": COLUMNS}, {"rows.py": NUMERATORS})["verdict"] == "ok"
    for name, old, new in (
        ("Line", "g @ self.W", "g @ (2 * self.W)"),
        ("Line", "g.T @ self.x.T / count", "g.T @ self.x.T"),
        ("Above", "(self.x.T > 0)", "(self.x.T > 0.6)"),
        ("Above", "assert self.x.shape[1] == g.shape[0]", "pass"),
    ):
        text = NUMERATORS.replace(old, new)
        found = check(f"rows.py:{name}", {"x": COLUMNS, **(sizes if name == "Line" else {})}, {"rows.py": text})
        assert found["verdict"] == "wrong", (new, found)
