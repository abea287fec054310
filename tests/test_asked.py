"""Passes that ask their library for gradients, that take none from above, and objects that a framework makes ready."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

X = {"x": [[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]]}
TORCH = """
import torch
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(self, x, scale):
        self.scale = scale
        self.save_for_backward(x)
        return scale * x * torch.sigmoid(x)
    @staticmethod
    def backward(self, g):
        x, = self.saved_tensors
        with torch.enable_grad():
            again = x.detach().requires_grad_()
            y = again * torch.sigmoid(again)
            dx, = torch.autograd.grad(y, again, g)
        return self.scale * dx, None
"""
LAYERS = """
import torch
class Twice:
    @staticmethod
    def forward(x, w):
        first, second = x.detach(), torch.nn.Conv2d(1, 2, 2, padding=1, bias=False)
        first.requires_grad = True
        second.weight = torch.nn.Parameter(w)
        h = torch.nn.MaxPool2d(2)(second(first))
        kept = h.detach()
        kept.requires_grad = True
        return torch.max(kept, torch.zeros_like(kept)) ** 2, (first, second, h, kept)
    @staticmethod
    def backward(g, cache):
        first, second, h, kept = cache
        (torch.max(kept, torch.zeros_like(kept)) ** 2).backward(g)
        h.backward(kept.grad)
        return first.grad, second.weight.grad
"""
JAX = """
import jax
import jax.numpy as jnp
def energy(x, w):
    return jnp.sum(jnp.tanh(x) * w["a"] + x ** 2 * w["b"])
@jax.custom_vjp
def step(x, w):
    return x - 0.1 * jax.grad(energy)(x, w)
def step_fwd(x, w):
    return step(x, w), (x, w)
def step_bwd(kept, g):
    x, w = kept
    def slope(x, w):
        return x - 0.1 * ((1 - jnp.tanh(x) ** 2) * w["a"] + 2 * x * w["b"])
    out, pull = jax.vjp(slope, x, w)
    return pull(g)
step.defvjp(step_fwd, step_bwd)
"""
READY = """
import copy
from typing import Hashable
import numpy as np
class Layer:
    def shape_of(self):
        return (1,) + self.input_shape
class Dense(Layer):
    def __init__(self, units: int, bias=True, **more):
        super().__init__(**more)
        self.units, self.W = units, None
        if bias:
            self.bias = np.zeros(units)
        self.y, self.kind = np.zeros((2, units)), Layer
    def prepare(self, optimizer):
        self.W = np.random.randn(self.shape_of()[1], self.units)
        self.W_opt = copy.copy(optimizer)
    def forward_pass(self, x, training=True):
        assert x.shape[1:] == self.input_shape and isinstance(self.kind, type) and isinstance(x, Hashable) is False
        self.x = x
        return x @ self.W + self.bias
    def backward_pass(self, grad):
        W = self.W
        self.grad_bias = grad.sum(axis=0)
        self.W = self.W_opt.update(self.W, self.x.T @ grad)
        return grad @ W.T
"""
ROWS = """
import numpy as np
class Add:
    def forward(self, X, keep=True):
        self.X = X
        out = X[0].copy()
        for one in X[1:]:
            out += one ** 2
        return out
    def backward(self, g, keep=True):
        return [g if i == 0 else 2 * one * g for i, one in enumerate(self.X)]
"""
IMAGE = {"x": [[[[1.0, -2.0, 0.5, 0.1], [0.3, 2.0, -1.0, 0.7], [0.2, -0.4, 1.5, 0.9]]]],
         "w": [[[[0.4, -1.0], [0.3, 0.8]]], [[[-0.5, 0.6], [1.2, -0.7]]]]}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "given", "text", "right", "wrong"),
    [
        ("Swish", {**X, "scale": 2.0}, TORCH, "return self.scale * dx", "return dx"),
        ("Twice", IMAGE, LAYERS, "", ""),
        ("step", {"x": [1.0, -0.5], "w": {"a": [0.3, 0.2], "b": [1.0, -1.0]}}, JAX, "pull(g)", "pull(-g)"),
        ("Dense", {**X, "units": 2, "input_shape": [3]}, READY, "return grad @", "return 2 * grad @"),
        ("Add", {"X": [X["x"], X["x"]]}, ROWS, "2 * one * g", "one * g"),
    ],
)  # fmt: skip
def test_what_asks_for_gradients_or_is_made_ready_is_read(
    name: str, given: dict[str, Any], text: str, right: str, wrong: str, check: Check
) -> None:
    assert check(f"it.py:{name}", given, {"it.py": text}).get("verdict") == "ok"
    if right:  # without a line that is wrong, where the search for it is long
        assert check(f"it.py:{name}", given, {"it.py": text.replace(right, wrong)}).get("verdict") == "wrong"


OTHERWISE = """
import numpy as np
from chainer import cuda, function
def soft(z):
    e = np.exp(z - z.max())
    return e / e.sum()
def soft_gradient(z):
    s = soft(z)
    return np.diag(s) - np.outer(s, s)
def softplus(z):
    return np.log1p(np.exp(z))
def softplus_prime(x):
    return 1 / (1 + np.exp(-x))
def counted(f):
    def wrapper(first, *more, **named):
        return np.asarray(f(first, *more, **named), dtype=float)
    return wrapper
@counted
def elu(z, alpha=1.0):
    return np.where(z > 0, z, alpha * (np.exp(z) - 1))
@counted
def elu_deriv(a, alpha=1.0):
    return np.where(a > 0, 1.0, a + alpha)
def squash(x):
    return 1 / (1 + np.exp(-x))
def squash_grad(x):
    return x * (1 - x)
class Twice:
    def __init__(self):
        self.w = np.array([[0.5], [1.0], [-2.0]])
        self.grad_w = np.zeros_like(self.w)
        self.params, self.grads = [self.w], [self.grad_w]
    def forward(self, x):
        self.x = x
        return x @ self.w
    def backward(self, dout):
        self.grad_w[...] = self.x.T @ dout
        return dout @ self.w.T
def scored_forward(x, w, y):
    h = np.tanh(x @ w)
    loss = 0.5 * np.sum((h - y) ** 2)
    return h, loss, (x, w, h, y)
def scored_backward(dh, cache):
    x, w, h, y = cache
    dz = (dh + h - y) * (1 - h ** 2)
    return dz @ w.T, x.T @ dz
def shift(z):
    return z + 2.0
def shift_deriv(a):
    return 1
class SoftmaxLoss:
    def forward(self, scores, y):
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.output = e / e.sum(axis=1, keepdims=True)
        return -np.mean(np.log(self.output[range(len(y)), y]))
    def backward(self, dvalues, y):
        self.dscores = dvalues.copy()
        self.dscores[range(len(dvalues)), y] -= 1
        self.dscores = self.dscores / len(dvalues)
class Half:
    def forward(self, target, out):
        return 0.5 * np.sum((out - target) ** 2)
    def backward(self, target, out):
        return 1.0 * (out - target)
class Net:
    def __init__(self):
        self.W1 = np.random.randn(3, 1)
    def squash(self, z):
        return np.tanh(z)
    def squashPrime(self, z):
        return 1 - np.tanh(z) ** 2
    def costFunction(self, X, t):
        return 0.5 * np.sum((t - self.squash(X @ self.W1)) ** 2)
    def costFunctionPrime(self, X, t):
        z = X @ self.W1
        dJdW1 = X.T @ (-(t - self.squash(z)) * self.squashPrime(z))
        return dJdW1
class Scaled(function.Function):
    def forward_cpu(self, inputs):
        xp = cuda.get_array_module(*inputs)
        x, y = inputs
        self.mask = x > 0
        return xp.where(self.mask, x * y, 0.1 * x * y), x + y
    def backward_cpu(self, inputs, grad_outputs):
        (x, y), (g, h) = inputs, grad_outputs
        slope = np.where(self.mask, 1.0, 0.1)
        return slope * g * y + h, slope * g * x + h
class Step:
    def __init__(self):
        self.model = {"W": np.ones((3, 3)) * 0.4}
    def forward(self, x, state):
        h, c = state
        c = np.tanh(x @ self.model["W"] + h) + c
        return x * c, (c, c), (x, h, c)
    def backward(self, y_pred, y_train, d_next, cache):
        (x, h, c), (dh_next, dc_next) = cache, d_next
        dy = y_pred - y_train
        dc = dy * x + dc_next + dh_next
        dz = dc * (1 - np.tanh(x @ self.model["W"] + h) ** 2)
        return dict(W=x.T @ dz), (dz, dc)
"""
SCORES = [[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]]


@pytest.mark.parametrize(
    ("name", "given", "judged", "right", "wrong"),
    [
        ("soft", {"z": [0.5, -1.0, 2.0]}, "z", "- np.outer", "+ np.outer"),
        ("softplus", {"z": [0.5, -1.0, 2.0]}, "z", "np.exp(-x)", "np.exp(x)"),
        ("elu", {"z": [0.5, -1.0, 2.0]}, "z", "a + alpha", "a - alpha"),
        ("squash", {"x": [0.5, -1.0, 2.0]}, "x", "return x * (1 - x)", "return x * (1 + x)"),
        ("shift", {"z": [0.5, -1.0, 2.0]}, "z", "return 1\n", "return 2\n"),
        ("SoftmaxLoss", {"scores": SCORES, "y": [0, 2]}, "scores", "/ len(dvalues)", "* 1"),
        ("Half", {"target": SCORES, "out": [[0.0, 1.0, 2.0]] * 2}, "out", "1.0 * (out", "2.0 * (out"),
        ("Net", {"X": SCORES, "t": [[0.5], [-0.5]]}, "W1", "(-(t", "((t"),
        ("Scaled", {"inputs": SCORES}, "inputs", "slope * g * x + h", "slope * g * x"),
    ],
)
def test_what_takes_no_gradient_from_above(
    name: str, given: dict[str, Any], judged: str, right: str, wrong: str, check: Check
) -> None:
    """Slopes of every element, predictions or an input in the first place, labels before them, a cost and its slope,
    tuples in place of the inputs."""
    for text, verdict in ((OTHERWISE, "ok"), (OTHERWISE.replace(right, wrong), "wrong")):
        found = check(f"other.py:{name}", given, {"other.py": text})
        assert (found.get("verdict"), [one["name"] for one in found.get("gradients", ())]) == (verdict, [judged])


MASKED = """
import inspect
from functools import wraps
import numpy as np
def arrays(f):
    names = list(inspect.signature(f).parameters)
    @wraps(f)
    def inner(*given, **named):
        bound = inspect.signature(f).bind(*given, **named)
        bound.apply_defaults()
        for name in names:
            assert isinstance(bound.arguments[name], (np.ndarray, float))
        return f(**bound.arguments)
    return inner
@arrays
def kinked_forward(x, least=1.5):
    out = np.piecewise(x, [x < 0, x > 0.4], [lambda v: 2 * v ** 2, lambda v: v, -1.0])
    np.copyto(out, 3 * x, where=x > least)
    return out, x
def kinked_backward(dout, x):
    dx = np.where(x < 0, 4 * x, 1.0) * dout
    np.putmask(dx, (x >= 0) & (x <= 0.4), 0)
    np.place(dx, x > 1.5, [3.0])
    dx[x > 1.5] *= dout[x > 1.5]
    return dx
"""


def test_what_writes_through_masks_is_read(check: Check) -> None:
    assert check("it.py", X, {"it.py": MASKED}).get("verdict") == "ok"
    assert check("it.py", X, {"it.py": MASKED.replace("<= 0.4", "<= 0.1")}).get("verdict") == "wrong"


SIZED = """
import numpy as np
N, D, H = 64, 1000, 5
x = np.random.randn(N, D)
w = np.random.randn(D, H)
for t in range(50):
    h = x.dot(w)
    loss = np.square(h).sum()
    grad_h = 2.0 * h
    grad_w = x.T.dot(grad_h)
    w -= 1e-3 * grad_w
"""


def test_sizes_are_no_inputs_and_states_have_no_gradient_from_above(check: Check) -> None:
    """Sizes that a script sets at once may be given; a capital is not its small letter; a step behind gives nothing."""
    found = check("it.py", {"N": 3, "D": 2, "H": 2}, {"it.py": SIZED})
    assert (found.get("verdict"), [one["name"] for one in found.get("gradients", ())]) == ("ok", ["w"]), found
    found = check("other.py:Twice", {"x": SCORES}, {"other.py": OTHERWISE})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "x": "ok"}
    given = {"x": SCORES, "w": [[0.5], [1.0], [-2.0]], "y": [[0.1], [0.2]]}
    found = check("other.py:scored_forward", given, {"other.py": OTHERWISE})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "x": "ok"}
    given = {"x": SCORES, "state": [SCORES, SCORES], "y_train": SCORES}
    found = check("other.py:Step", given, {"other.py": OTHERWISE})
    assert [one["verdict"] for one in found["gradients"] if one["name"] == "model['W']"] == ["ok"], found


BY_EXAMPLE = """
import numpy as np
def soft_forward(z):
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)
def soft_backward(z, a):
    slopes = -a @ a.transpose(0, 2, 1)
    slopes[:, np.arange(3), np.arange(3)] += a[:, :, 0]
    return slopes
class Curve:
    @staticmethod
    def forward(x):
        return np.tanh(x)
    @staticmethod
    def backward(x):
        return 1 - x**2
class Squares:
    def loss(self, real, predicted):
        return np.mean((real - predicted) ** 2)
    def gradient(self, real, predicted):
        return 2 * (predicted - real) / real.size
class Recurrent:
    def __init__(self, W):
        self.W, self.h, self.keeps = W, None, False
    def forward(self, x):
        room = np.ndarray(x.shape)
        if not self.keeps or self.h is None:
            self.h = np.zeros(x[0].shape)
        self.before = []
        for t in range(len(x)):
            self.before.append(self.h)
            self.h = np.tanh(x[t] + self.h @ self.W)
            room[t] = self.h
        self.out = room
        return room
    def backward(self, d):
        dx, dh, self.dW = np.zeros(d.shape), 0, 0
        for t in reversed(range(len(d))):
            dx[t] = (d[t] + dh) * (1 - self.out[t] ** 2)
            dh = dx[t] @ self.W.T
            self.dW = self.dW + np.outer(self.before[t], dx[t])
        self.dh = dh
        return dx
"""


@pytest.mark.parametrize(
    ("name", "given", "judged", "right", "wrong"),
    [
        ("soft_forward", {"z": [[[0.5], [-1.0], [2.0]]] * 2}, ["z"], "slopes = -a", "slopes = a"),
        ("Curve", {"x": SCORES}, ["x"], "1 - x**2", "1 + x**2"),
        ("Squares", {"real": [1.0, 2.0], "predicted": [0.5, 1.0]}, ["predicted"], " / real.size", ""),
        (
            "Recurrent",
            {"x": SCORES, "W": [[0.5, 0.1, 0.0], [0.2, -0.3, 0.1], [0.0, 0.4, 0.6]]},
            ["W", "x"],
            "+ dh)",
            "- dh)",
        ),
    ],
)
def test_slopes_of_each_example_functions_in_a_class_and_states_that_are_no_weights(
    name: str, given: dict[str, Any], judged: list[str], right: str, wrong: str, check: Check
) -> None:
    for text, verdict in ((BY_EXAMPLE, "ok"), (BY_EXAMPLE.replace(right, wrong), "wrong")):
        found = check(f"rows.py:{name}", given, {"rows.py": text})
        assert (found.get("verdict"), sorted(one["name"] for one in found["gradients"])) == (verdict, judged), found


SEVERAL = """
import numpy as np, shapes_of_others
class Layer:
    def forward(self, x):
        raise NotImplementedError
    def backward(self, d):
        '''Of each layer its own.'''
class Other:
    def forward(self, x):
        return shapes_of_others.pad(x)
    def backward(self, d):
        return d
class Neuron:
    def __init__(self):
        self.w, self.dw = np.array([0.5, -1.0, 2.0]), None
    def forward(self, x):
        self.x = x
        return np.tanh(self.w @ x)
    def backward(self, d):
        self.dw = d * (1 - np.tanh(self.w @ self.x) ** 2) * self.x
"""


def test_what_cannot_be_read_is_left_out_and_said_beside_what_is_judged(check: Check) -> None:
    found = check("several.py", {"x": [0.3, 0.2, -0.5]}, {"several.py": SEVERAL})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok"), ("x", "missing")], found
    told = [one for one in found["remarks"] if "left out" in one]
    assert [one.partition(" ")[0] for one in told] == ["Other"], told
