"""What stopped the reading of libraries of others: decorators, setters, functions of libraries that take functions."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.python.interpret.interpreter import Interpreter
from backprop.python.texts.source import part_of
from backprop.python.values.meter import Meter
from backprop.python.values.scope import Scope
from backprop_cli import main
from conftest import Check, in_process

X = np.array([[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]])


def read(text: str) -> Any:
    """What a text leaves in f, read and not run."""
    run, scope = Interpreter(Meter()), Scope()
    part = part_of(text, None)
    run.source = part.source
    for statement in part.tree.body:
        run.statement(statement, scope)
    return scope.names["f"]


def ran(text: str) -> Any:
    """What Python itself leaves in f."""
    names: dict[str, Any] = {}
    exec(text, names)
    return names["f"]


SAME = {
    "a setter": """
class Layer:
    def __init__(self):
        self.kept = []
    @property
    def size(self):
        return self.kept
    @size.setter
    def size(self, value):
        self.kept = [value, value]
layer = Layer()
layer.size = 3
f = layer.size
""",
    "decorators": """
from functools import wraps, partial, reduce
def doubled(times):
    def around(function):
        @wraps(function)
        def wrapper(*given, **named):
            return times * function(*given, **named)
        return wrapper
    return around
@doubled(4)
def power(x, n=2):
    return x**n
cube = partial(power, n=3)
f = cube(2.0) + reduce(lambda a, b: a * b, [1, 2, 3], 10)
""",
    "itertools": """
from itertools import product, chain, combinations, zip_longest, accumulate
f = [10 * i + j for i, j in product(range(2), range(3))] + list(chain([1], (2, 3)))
f += [sum(one) for one in combinations([1, 2, 4], 2)] + [a + b for a, b in zip_longest([1, 2], [3], fillvalue=0)]
f += list(accumulate([1, 2, 3]))
""",
    "fields": """
from dataclasses import dataclass
from typing import NamedTuple
@dataclass
class Kept:
    x: float
    scale: float = 2.0
    def product(self):
        return self.x * self.scale
class Pair(NamedTuple):
    a: float
    b: float = 0.5
first, second = Pair(1.5)
f = [Kept(3.0).product(), Kept(3.0, scale=4.0).product(), first, second, Pair(b=1.0, a=2.0)[1], sum(Pair(1.0, 2.0))]
""",
    "operator and copy": """
import operator
from copy import deepcopy
a = {'x': [1.0, 2.0]}
b = deepcopy(a)
b['x'][0] = 5.0
f = [operator.add(a['x'][0], b['x'][0]), operator.itemgetter(1)(b['x'])]
""",
    "numpy": """
import numpy as np
x = np.array([1.0, -2.0, 0.5, 3.0])
k = np.array([0.5, 1.0])
f = [np.convolve(x, k, m) for m in ('full', 'same', 'valid')] + [np.correlate(x, k, 'full'), np.correlate(x, k)]
f += [np.convolve(x, np.arange(3.0), 'same'), np.apply_along_axis(lambda r: r.sum() * 2, 1, np.outer(x, k))]
f += [np.select([x > 1, x < 0], [x, -x], 7.0), np.vectorize(lambda a, b: a - b)(x, 2.0)]
f += [np.pad(array=x, pad_width=((1, 2),), mode='constant'), np.atleast_3d(x)]
""",
    "scipy": """
import numpy as np
from scipy import signal, special
from scipy.signal import convolve2d
x, k = np.arange(20.0).reshape(4, 5) ** 0.5, np.array([[1.0, -2.0], [0.5, 3.0]])
f = [signal.correlate2d(x, k, m) for m in ('full', 'same', 'valid')]
f += [convolve2d(x, k, mode=m) for m in ('full', 'same', 'valid')]
f += [signal.convolve(x[0], k[0]), signal.fftconvolve(x, np.ones((3, 3)), 'same'), special.expit(k)]
""",
}


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, list | tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return np.shape(ours) == np.shape(theirs) and np.allclose(ours, theirs)


@pytest.mark.parametrize("name", SAME)
def test_it_means_what_python_means(name: str) -> None:
    if name == "scipy":
        pytest.importorskip("scipy")
    assert same(read(SAME[name]), ran(SAME[name]))


TORCH = """
import torch
import torch.nn.functional as F
torch.set_default_dtype(torch.float64)
x = torch.arange(48.0).reshape(2, 3, 2, 4).sin()
z, y = x[:, :, 0, 0], torch.tensor([2, 0])
w, k = x[:, :, :, :2] + 0.5, x.flatten()[:24].reshape(4, 3, 2)
f = [F.pad(x, (1, 0, 2, 1)), F.pad(z, (1, 1), mode='reflect'), F.cross_entropy(z, y), F.nll_loss(z, y, reduction='sum')]
f += [F.cross_entropy(z, y, label_smoothing=0.1), F.cross_entropy(z, z.softmax(1)), F.cross_entropy(z, y, z[0])]
f += [F.conv2d(x, w, padding=1), F.conv2d(x, w, z[:, 0], stride=(1, 2)), F.conv1d(x[:, :, 0], k, dilation=2)]
f += [F.conv2d(torch.cat([x, x], 1), torch.cat([w, w]), groups=2, padding='same', dilation=2)]
f += [F.max_pool2d(x, 2), F.avg_pool2d(x, (2, 2), 1, 1), F.layer_norm(x, (4,), z[0].sum() + x[0, 0, 0])]
f += [F.binary_cross_entropy_with_logits(z, z.sigmoid()), F.binary_cross_entropy(z.sigmoid(), (z > 0).double())]
f += [F.smooth_l1_loss(z, 2 * z), F.l1_loss(z, z + 1), F.kl_div(z.log_softmax(1), z.softmax(1), reduction='batchmean')]
f += [F.scaled_dot_product_attention(x, x + 1, x, is_causal=True), F.glu(x), F.normalize(x), F.embedding(y, z.t())]
f += [F.cosine_similarity(x, x + 1)]
f += [torch.linalg.norm(x, dim=1), torch.linalg.vector_norm(z, 3, 1), x.narrow(3, 1, 2)]
f += [z.unbind(1)[2], x.select(1, 2), z.unsqueeze(dim=0), (z > 0).to(z), z.new_full((2,), 3.0)]
f += [F.dropout(z, 0.5, False)]
f += [torch.baddbmm(x[0], x[0], x[0][:, :, :4].transpose(1, 2) @ x[0]), torch.linalg.det(z[:, :2])]
f = [one.tolist() for one in f]
"""


def test_functions_of_torch_that_are_said_in_python() -> None:
    pytest.importorskip("torch")
    text = TORCH.replace("torch.set_default_dtype(torch.float64)\n", "")
    assert same(read(text), ran(TORCH + "torch.set_default_dtype(torch.float32)\n"))


JAX = """
import numpy as np
import jax, jax.numpy as jnp
from jax import lax, vmap
x = jnp.array([[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]])
def step(carry, one):
    return carry * 0.5 + one['a'].sum(), carry * one['b']
f = [*lax.scan(step, 0.1, {'a': x, 'b': x[:, 0]}), *lax.scan(lambda c, _: (c + 1.0, c), 0.0, None, length=3)]
f += [lax.scan(lambda c, r: (c - r, c), x[0], x, reverse=True)[1], lax.fori_loop(0, 3, lambda i, v: v * i + x[0], x[0])]
f += [lax.while_loop(lambda v: v.sum() < 9, lambda v: v * 2, jnp.abs(x)), lax.cond(x[0, 0] > 0, jnp.sin, jnp.cos, x)]
f += [vmap(lambda r, s: r @ r * s, in_axes=(0, None))(x, 2.0), vmap(jnp.sum, in_axes=1)(x)]
f += [jax.tree.map(lambda a: 2 * a, {'k': [x, (x[0],)]})['k'][1][0], jax.tree_util.tree_map(jnp.exp, x)]
f += [lax.map(jnp.sum, x)]
f = [np.array(one) for one in f]
"""


def test_functions_of_jax_that_take_functions() -> None:
    jax = pytest.importorskip("jax")
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        theirs = ran(JAX)
    assert same(read(JAX), theirs)


EINOPS = {
    "rearrange(x, 'b (h c) -> c (b h)', h=3)": lambda x: x.reshape(2, 3, 2).transpose(2, 0, 1).reshape(2, 6),
    "rearrange(x, '... d -> d ...')": lambda x: x.T,
    "rearrange(x, 'b n -> b 1 n 1')": lambda x: x[:, None, :, None],
    "rearrange(x[:, None], 'b 1 n -> (b n)')": lambda x: x.reshape(-1),
    "reduce(x, 'b (n two) -> b n', 'mean', two=2)": lambda x: x.reshape(2, 3, 2).mean(-1),
    "reduce(x, 'b n -> () n', 'max')": lambda x: x.max(0)[None],
    "repeat(x, 'b n -> b k n', k=4)": lambda x: np.repeat(x[:, None], 4, 1),
    "repeat(x, 'b n -> (b 2) n')": lambda x: np.repeat(x, 2, 0),
    "einsum(x, x, 'batch i, batch j -> i j')": lambda x: x.T @ x,
}


@pytest.mark.parametrize("text", EINOPS)
def test_patterns_of_einops(text: str) -> None:
    start = "from einops import rearrange, reduce, repeat, einsum\nimport numpy as np\n"
    found = read(f"{start}x = np.arange(12.0).reshape(2, 6) ** 0.5\nf = {text}")
    x = np.arange(12.0).reshape(2, 6) ** 0.5
    assert same(found, EINOPS[text](x))


PASSES: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "what torch sums": ("Add", """
import torch
class Add(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, b):
        return x + b
    @staticmethod
    def backward(ctx, g):
        return g, g
""", {"b": [0.5, 1.0, 2.0]}, "ok"),
    "a second result that is no number": ("Halved", """
from torch.autograd import Function
class Base(Function):
    @classmethod
    def forward(cls, ctx, x, factor):
        ctx.factor = factor
        return factor * x, None
    @classmethod
    def backward(cls, ctx, g, size):
        return g * ctx.factor, None
class Halved(Base):
    @classmethod
    def forward(cls, ctx, x):
        return super().forward(ctx, x, 0.5)
    @classmethod
    def backward(cls, ctx, g, size):
        return super().backward(ctx, g, size)[:1]
""", {}, "ok"),
    "a backward pass that gives one": ("total", """
import numpy as np
from autograd.extend import primitive, defvjp
@primitive
def total(x):
    return np.log(np.sum(np.exp(x)))
def total_vjp(ans, x):
    return lambda g: np.full(x.shape, g) * np.exp(x - np.full(x.shape, ans))
defvjp(total, total_vjp)
""", {}, "ok"),
    "fewer gradients than inputs": ("shifted", """
def shifted(b, x):
    return (x + b) ** 2
def shifted_back(g, x, b):
    return 2 * (x + b) * g
""", {"b": [0.5, 1.0, 2.0]}, "incomplete"),
    "a loss that is kept, and what came in handed on": ("Loss", """
import numpy as np
class Loss:
    def forward(self, x, t):
        self.x, self.t = x, t
        self.loss = 0.5 * np.square(x - t)
        return self.x
    def backward(self):
        return self.x - self.t
""", {"t": [[1.0, 0.5, 0.0], [2.0, 1.0, 0.0]]}, "ok"),
    "attributes with a line before them": ("Dense", """
class Dense:
    def __init__(self, w):
        self._w, self._dw = w, None
    def forward(self, x):
        self._x = x
        return x @ self._w
    def backward(self, g):
        self._dw = self._x.T @ g
        return g @ self._w.T
""", {"w": [[1.0], [2.0], [-1.0]]}, "ok"),
    "gradients that are no numbers": ("Twice", """
from torch.autograd import Function
class Twice(Function):
    @staticmethod
    def forward(ctx, x):
        return 2 * x
    @staticmethod
    def backward(ctx, g):
        both = 2 * g, g.sum(0)
        return both, both
""", {}, "incomplete"),
}  # fmt: skip


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_of_a_library_is_judged_as_it_is(name: str, check: Check) -> None:
    which, text, given, verdict = PASSES[name]
    found = check(f"pair.py:{which}", {"x": X.tolist(), **given}, {"pair.py": text})
    assert found.get("verdict") == verdict, found


def test_a_name_that_begins_like_an_imported_one_is_no_pair(check: Check) -> None:
    files = {"mine.py": "import tools\ndef add(a, b):\n    return a + b\n",
             "tools.py": "def add_grad_of_lists(left, right):\n    return left + right\n"}  # fmt: skip
    assert "error" not in check("mine.py:add", {"a": 1.5, "b": 2.5}, files)


TRIED = """
try:
    import fastpy as np
    from fastpy import twice
    try:
        import slowpy
    except ImportError:
        slowpy = None
except ImportError:
    import numpy as np
    def twice(x):
        return np.add(x, x)
def f_forward(x):
    return twice(x)
def f_backward(g):
    return 2 * g
def g_forward(x):
    return slowpy.half(x)
def g_backward(g):
    return g / 2
"""


def test_an_import_that_may_fail(check: Check) -> None:
    assert check("mine.py:f_forward --backward mine.py:f_backward", {"x": [0.5, 1.0]}, {"mine.py": TRIED})[
        "verdict"
    ] == "ok"  # fmt: skip
    found = check("mine.py:g_forward --backward mine.py:g_backward", {"x": [0.5, 1.0]})
    assert "slowpy is imported from elsewhere" in found["error"]["message"]


LOOP = """
import numpy as np
np.random.seed(0)
X = np.random.randn(6, 2)
y = np.repeat(np.arange(3), 2)
W = 0.1 * np.random.randn(2, 3)
rate = 0.5
for step in range(9):
    scores = X @ W
    p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    loss = -np.log(p[np.arange(6), y]).mean()
    if step % 5 == 0:
        print(loss)
    dscores = p
    dscores[np.arange(6), y] -= 1
    dW = X.T @ dscores / 6
    W -= rate * dW
"""


def test_the_first_round_of_a_training_loop_is_judged(check: Check) -> None:
    found = check("loop.py", {}, {"loop.py": LOOP})
    assert found["verdict"] == "ok", found
    assert "of the loop in line 8 the first round is judged" in found["remarks"]
    found = check("loop.py", {}, {"loop.py": LOOP.replace("dscores / 6", "dscores")})
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"] == [16], found


HEAD = """
import numpy as np
np.random.seed(0)
X, Y = np.random.randn(6, 2), np.random.randn(6)
w = np.array([0.5, -0.3])
b = 0.1
"""
ROUNDS = {  # the script, the line of the loop that is told of, what is planted, and the line that it is in
    "sums over the rows, in epochs": (
        HEAD + """
for epoch in range(3):
    loss, count = 0.0, 0
    dw = np.zeros_like(w)
    db = 0.0
    for x, y in zip(X, Y):
        e = x @ w + b - y
        loss += e**2
        dw += 2*e*x
        db += 2*e
        count += 1
    w -= 0.1*dw
    b -= 0.1*db
print(w, b)
""", 12, ("dw += 2*e*x", "dw += e*x"), 15),
    "sums over the rows of what is done before": (
        HEAD + """
for epoch in range(3):
    out = X @ w + b
    w_gradient = np.zeros(2)
    b_gradient = 0
    for i in range(6):
        w_gradient += -2/6 * X[i] * (Y[i] - out[i])
        b_gradient += -2/6 * (Y[i] - out[i])
    w = w - 0.1*w_gradient
    b = b - 0.1*b_gradient
""", 8, ("* X[i] *", "* X[0] *"), 13),
    "batches, and more behind the loop": (
        HEAD + """
for epoch in range(3):
    for i in range(0, 6, 3):
        x, y = X[i:i+3], Y[i:i+3]
        p = x @ w + b
        loss = ((p - y)**2).mean()
        dp = 2*(p - y)/len(y)
        dw = x.T @ dp
        db = dp.sum()
        w, b = w - 0.1*dw, b - 0.1*db
for x, y in zip(X, Y):
    print(x @ w + b - y)
""", 9, ("x.T @ dp", "-x.T @ dp"), 14),
    "a gradient that is told by what it updates": (
        HEAD + """
history = []
for epoch in range(3):
    e = X @ w - Y
    loss = e @ e
    grad = 2 * X.T @ e
    w = w - 0.1 * grad
    history.append(loss)
""", 9, ("2 * X.T", "X.T"), 12),
    "gradients of other names than what they update": (
        HEAD.replace("b = 0.1", "bias = 0.1") + """
dt = 0.1
for epoch in range(3):
    e = X @ w + bias - Y
    loss = e @ e
    dW = 2 * X.T @ e
    db = 2 * e.sum()
    w -= dt * dW
    bias -= dt * db
""", 9, ("2 * X.T", "X.T"), 12),
    "a loop back through time": (
        HEAD + """
U, V = 0.5 * np.random.randn(3, 2), 0.5 * np.random.randn(3, 3)
while True:
    hs = {-1: np.zeros(3)}
    for t in range(6):
        hs[t] = np.tanh(U @ X[t] + V @ hs[t-1])
    loss = 0.5*np.sum(hs[5]**2)
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    dh = hs[5].copy()
    for t in reversed(range(6)):
        dz = dh*(1 - hs[t]**2)
        dU += np.outer(dz, X[t])
        dV += np.outer(dz, hs[t-1])
        dh = V.T @ dz
    U -= dU
    V -= dV
""", 9, ("1 - hs[t]**2", "1 - hs[t]"), 17),
    "steps whose gradients have no name": (
        HEAD + """
V, rate = np.random.randn(3, 1), 0.5
U = np.random.randn(2, 3)
for epoch in range(3):
    h = np.tanh(X @ U)
    out = h @ V
    error = out - Y[:, None]
    loss = np.sum(error**2)
    delta = 2*error
    back = delta @ V.T * (1 - h**2)
    V -= rate * h.T @ delta
    U = U - rate * X.T.dot(back)
""", 10, ("@ V.T * (1 - h**2)", "@ V.T * (1 - h)"), 16),
    "steps up, of errors without a loss, that a counter called j begins": (
        HEAD + """
def slope(h): return h*(1 - h)
V, T = np.random.randn(3, 1), Y[:, None]
U = np.random.randn(2, 3)
for j in range(3):
    h = 1/(1 + np.exp(-X.dot(U)))
    out = 1/(1 + np.exp(-h.dot(V)))
    out_error = T - out
    if j % 2 == 0:
        print(np.mean(np.abs(out_error)))
    out_delta = out_error*slope(out)
    h_error = out_delta.dot(V.T)
    h_delta = h_error*slope(h)
    V += h.T.dot(out_delta)
    U += X.T.dot(h_delta)
""", 11, ("h_error*slope(h)", "h_error*h"), 19),
    "where the file is run itself": (
        HEAD + """
def sigmoid(x): return 1/(1 + np.exp(-x))
if __name__ == "__main__":
    rng = np.random.default_rng(1)
    W = rng.normal(size=(2, 3))
    step = 0
    while step < 10:
        out = sigmoid(X @ W)
        loss = 0.5*np.sum(out**2)
        dW = X.T @ (out * out*(1 - out))
        W -= dW
        step += 1
    print(W)
""", 13, ("(1 - out)", "(1 + out)"), 16),
}  # fmt: skip


@pytest.mark.parametrize("name", ROUNDS)
def test_the_round_is_found_wherever_the_loop_stands(name: str, check: Check) -> None:
    """In loops, conditions and with more behind it. What makes room for a sum is no gradient, and nothing is ok whose
    gradients were cut off."""
    text, line, (right, wrong), place = ROUNDS[name]
    found = check("loop.py", {}, {"loop.py": text})
    assert (found["verdict"], len(found["gradients"])) == ("ok", 2 - ("__main__" in text or "history" in text)), found
    assert f"of the loop in line {line} the first round is judged" in found["remarks"]
    found = check("loop.py", {}, {"loop.py": text.replace(right, wrong)})
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"] == [place], found


def test_a_step_is_told_as_it_is_written(check: Check) -> None:
    text, *_ = ROUNDS["steps whose gradients have no name"]
    for right, wrong, cure in [
        ("V -= rate * h.T @ delta", "V -= rate * -h.T @ delta", "V -= rate * (h.T @ delta)"),
        ("U = U - rate * X.T.dot(back)", "U = U + rate * X.T.dot(back)", "U = U - rate * X.T.dot(back)"),
    ]:
        found = check("loop.py", {}, {"loop.py": text.replace(right, wrong)})
        (line,) = [one for one in found["lines"] if one["verdict"] == "wrong"]
        assert line["write"] == cure, line
        assert f"`{wrong}`" in line["advice"], line


DEEP = """
import numpy as np
rng = np.random.RandomState(0)
sizes = [2, 3, 1]
weights = {}
for l in range(1, 3):
    weights["W" + str(l)] = rng.randn(sizes[l], sizes[l - 1])
    weights["b" + str(l)] = np.zeros((sizes[l], 1))
X, Y = rng.randn(2, 5), rng.randn(1, 5)
for step in range(9):
    kept = {"A0": X}
    for l in range(1, 3):
        kept["A" + str(l)] = np.tanh(weights["W" + str(l)] @ kept["A" + str(l - 1)] + weights["b" + str(l)])
    cost = np.sum((kept["A2"] - Y)**2)
    grads = {}
    dA = 2*(kept["A2"] - Y)
    for l in reversed(range(1, 3)):
        dZ = dA*(1 - kept["A" + str(l)]**2)
        grads["W" + str(l)] = dZ @ kept["A" + str(l - 1)].T
        grads["b" + str(l)] = dZ.sum(axis=1, keepdims=True)
        dA = weights["W" + str(l)].T @ dZ
    for key in weights:
        weights[key] -= 0.1*grads[key]
"""
WORDS = """
import numpy as np
rng = np.random.RandomState(0)
inner, outer = rng.randn(5, 3), rng.randn(3, 5)
for step in range(9):
    for word, other in [(0, 1), (1, 2)]:
        h = inner[word]
        p = np.exp(h @ outer)/np.exp(h @ outer).sum()
        loss = -np.log(p[other])
        error = p.copy()
        error[other] -= 1
        back = outer @ error
        outer -= 0.1*np.outer(h, error)
        inner[word] -= 0.1*back
"""


@pytest.mark.parametrize(
    ("text", "names", "planted", "line"),
    [
        (DEEP, ["weights.W2", "weights.b2", "weights.W1", "weights.b1"], ("@ kept", "@ -kept"), 19),
        (WORDS, ["outer", "inner"], ("outer @ error", "outer @ p"), 12),
    ],
)
def test_weights_of_a_script_that_a_loop_makes_or_a_step_changes_in_part(
    check: Check, text: str, names: list[str], planted: tuple[str, str], line: int
) -> None:
    found = check("words.py", {}, {"words.py": text})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [(name, "ok") for name in names], found
    assert len(found["remarks"]) == len({*found["remarks"]})
    before, after = planted
    *start, end = text.rsplit(before, 1)
    found = check("words.py", {}, {"words.py": f"{start[0]}{after}{end}"})
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"] == [line], found


QUOTIENTS = """
import math
def bend(z): return math.tanh(z)
def slope(z): return 1 - math.tanh(z)**2
w, v, b = 0.15, -0.3, 0.25
for epoch in range(9):
    for x, y_true in [([0.5, -1.0], 1), ([1.5, 2.0], 0)]:
        s = w*x[0] + b
        h = bend(s)
        y_pred = v*h
        d_L_d_ypred = -2*(y_true - y_pred)
        d_ypred_d_v = h
        d_ypred_d_h = v
        d_h_d_w = x[0]*slope(s)
        d_h_d_b = slope(s)
        w -= 0.1*d_L_d_ypred*d_ypred_d_h*d_h_d_w
        b -= 0.1*d_L_d_ypred*d_ypred_d_h*d_h_d_b
        v -= 0.1*d_L_d_ypred*d_ypred_d_v
"""


def test_several_steps_of_one_array_are_one_gradient(check: Check) -> None:
    """Of its parts, or of its terms."""
    parts = HEAD + "for epoch in range(3):\n    e = X @ w - Y\n    loss = e @ e\n"
    parts += "    w[0] -= 0.1 * 2*e @ X[:, 0]\n    w[1] -= 0.1 * 2*e @ X[:, 1]\n"
    terms = parts.replace("w[0] -= 0.1 * 2*e @ X[:, 0]", "w -= 0.1 * X.T @ e")
    terms = terms.replace("w[1] -= 0.1 * 2*e @ X[:, 1]", "w -= 0.1 * X.T @ e")
    for text, (right, wrong, cure) in [
        (parts, ("2*e @ X[:, 1]", "3*e @ X[:, 1]", "w[1] -= 0.1 * (2 * e @ X[:, 1])")),
        (terms, ("X.T @ e\n    w", "-X.T @ e\n    w", "w -= 0.1 * (X.T @ e)")),
    ]:
        found = check("steps.py", {}, {"steps.py": text})
        assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok")], found
        found = check("steps.py", {}, {"steps.py": text.replace(right, wrong)})
        assert [one["write"] for one in found["lines"]] == [cure], found


def test_a_step_by_running_means_or_of_a_list_is_no_gradient(check: Check) -> None:
    """As Adam takes it: its numbers are those of many rounds."""
    adam = HEAD + "m, v = np.zeros(2), np.zeros(2)\nfor t in range(1, 4):\n    e = X @ w - Y\n    loss = e @ e\n"
    adam += "    g = 2*X.T @ e\n    m = 0.9*m + 0.1*g\n    v = 0.99*v + 0.01*g**2\n    m_hat = m/(1 - 0.9**t)\n"
    assert "gradients" not in check("adam.py", {}, {"adam.py": f"{adam}    w -= 0.01*m_hat/(np.sqrt(v) + 1e-8)\n"})
    layers = HEAD + "layers = [w, 2*w]\nfor t in range(3):\n    e = X @ layers[0] - Y\n    loss = e @ e\n"
    found = check("layers.py", {}, {"layers.py": f"{layers}    layers[0] -= 0.1 * X.T @ e\n"})
    assert "gradients" not in found, found


def test_what_a_gradient_takes_further_is_no_loss(check: Check) -> None:
    text = "def step_gradient(b, m, points, rate):\n    b_gradient = m_gradient = 0\n    for x, y in points:\n"
    text += "        b_gradient += -2 * (y - (m*x + b))\n        m_gradient += -2 * x * (y - (m*x + b))\n"
    text += "    new_b = b - rate*b_gradient\n    new_m = m - rate*m_gradient\n    return [new_b, new_m]\n"
    given = {"b": 0.5, "m": 1.0, "points": [[1.0, 2.0], [3.0, 1.0]], "rate": 0.1}
    assert "gradients" not in check("line.py", given, {"line.py": text})  # its own are those of the function


def test_steps_by_products_of_slopes_that_are_called_quotients(check: Check) -> None:
    """And a label that is a number, which the loop goes over."""
    found = check("slopes.py", {}, {"slopes.py": QUOTIENTS})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "b": "ok", "v": "ok"}, found
    assert "squared error of y_pred with y_true" in str(found["remarks"])
    found = check("slopes.py", {}, {"slopes.py": QUOTIENTS.replace("x[0]*slope(s)", "x[0]*slope(h)")})
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"] == [14], found


MOVING = """
import numpy as np
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
W, mean, lr = rng.normal(size=(3, 1)), np.ones(3), 0.1
for step in range(20):
    error = (X - mean) @ W - y
    W -= lr * (X - mean).T @ error
    mean += 0.1 * (X.mean(0) - mean)
"""


def test_a_mean_that_follows_is_no_weight_and_steps_are_taken_by_rows_and_without_gradients(check: Check) -> None:
    found = check("moving.py", {}, {"moving.py": MOVING})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("W", "ok")], found
    assert "no gradient comes out for mean" in found["remarks"]
    each = MOVING.replace("= (X - mean) @ W - y", "= 0.0").partition("    W -=")[0].replace("    error = 0.0", "")
    each += "    for x, t in zip(X, y):\n        error = x @ W - t\n        W -= lr * error * x[:, None]\n"
    found = check("each.py", {}, {"each.py": each})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("W", "ok")], found
    assert "of the squares of error" in str(found["remarks"])
    torch = "import torch\nx = torch.tensor([[1.0, 2.0], [3.0, -1.0]])\nw = torch.tensor([[0.5], [-0.3]])\n"
    torch += "for _ in range(9):\n    out = x @ w\n    loss = (out ** 2).mean()\n"
    torch += "    with torch.no_grad():\n        w -= 0.1 * x.t() @ out\n"
    found = check("torch.py", {}, {"torch.py": torch})
    assert ([one["name"] for one in found["gradients"]], found["verdict"]) == (["w"], "ok"), found
    assert "of the loop in line 4 the first round is judged" in found["remarks"]


def test_a_step_by_a_slope_is_no_pass_of_its_own(check: Check) -> None:
    """Nothing goes forward before it; an error of one element is no loss; and below the noise no error is told."""
    descent = "def f(x): return x**4 - 3*x**2\ndef df(x): return 4*x**3 - 6*x\n"
    descent += "x = 6.0\nfor _ in range(9):\n    x = x - 0.01*df(x)\n"
    found = check("descent.py", {}, {"descent.py": descent})
    assert (found["verdict"], found["gradients"][0]["name"]) == ("ok", "x"), found
    assert "x is as in line 5" in found["remarks"]
    factors = WORDS.replace("loss = -np.log(p[other])", "e = 3.0 - h @ outer[:, other]").replace(
        "error[other] -= 1", ""
    )
    assert "no loss is set" in check("words.py", {}, {"words.py": factors})["error"]["message"]
    flat = (
        LOOP.replace("W = 0.1 *", "W = 0 *")
        .replace("scores = X @ W", "scores = X @ W + b")
        .replace("dW =", "db = dscores.sum(0)/6\n    dW =")
    )
    found = check("flat.py", {}, {"flat.py": flat.replace("rate = 0.5", "b = np.zeros(3)")})
    assert all(one["verdict"] == "ok" and one["error"] < 1e-6 for one in found["gradients"]), found


STEPS_BEHIND = """
import numpy as np
X = np.array([[1.0], [2.0]])
y = np.array([[1.0]])
W = np.array([[0.4, -0.2], [0.1, 0.6]])
V = np.array([[0.7, -0.3]])
h = np.maximum(0, W @ X + 0.5)
p = 1/(1 + np.exp(-V @ h))
loss = -np.mean(y*np.log(p + 1e-6) + (1 - y)*np.log(1 - p + 1e-6))
dz = p - y
dV = dz @ h.T
dh = V.T @ dz
dW = dh*(h > 0) @ X.T
W = W - 0.1*dW
V = V - 0.1*dV
print(W, V)
"""


def test_the_steps_behind_all_gradients_are_none_of_them(check: Check) -> None:
    """What a script sets again at its end it sets once before; and a small number in its loss is told, not blamed."""
    found = check("steps.py", {}, {"steps.py": STEPS_BEHIND})
    assert (found["verdict"], [one["name"] for one in found["gradients"]]) == ("ok", ["V", "W"]), found
    assert any("below 0.0001" in one for one in found["remarks"])
    found = check("steps.py", {}, {"steps.py": STEPS_BEHIND.replace("dz = p - y", "dz = 3*(p - y)")})
    assert [one["line"] for one in found["lines"] if one["verdict"] == "wrong"] == [10], found


ROOM_FIRST = """
import numpy as np
x = np.array([0.5, -1.0])
w = np.array([0.2, 0.3])
dw = np.zeros_like(w)
z = w @ x
loss = z**2
dz = 2*z
dw += dz*x
"""


def test_room_for_gradients_may_be_made_before_the_forward_pass(check: Check) -> None:
    found = check("notes.py", {}, {"notes.py": ROOM_FIRST})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok")]
    found = check("notes.py", {}, {"notes.py": ROOM_FIRST.replace("2*z", "z")})
    assert [one["line"] for one in found["lines"]] == [8]


def test_the_forward_pass_of_a_listing_goes_without_that_room(tmp_path: Path) -> None:
    numbers = "x = 3\nw = 2\ndw = np.zeros_like(w)\nz = w * x\nloss = z**2\ndz = 2*z\ndw += dz*x\n"
    (tmp_path / "notes.py").write_text(f"import numpy as np\n{numbers}")
    found = json.loads(in_process("backprop eval notes.py --json", tmp_path).stdout)
    assert (found["value"], found["gradients"]) == (36.0, {"x": 24.0, "w": 36.0})


TRAINS = """
import numpy as np, argparse
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def sigmoid_derivative(x):
    return sigmoid(x) * (1 - sigmoid(x))
def train(X, y, hidden, epochs=5, rate=0.1):
    W1 = np.random.randn(X.shape[1], hidden)
    W2 = np.random.randn(hidden, y.shape[1])
    for epoch in range(epochs):
        z1 = X @ W1
        a1 = sigmoid(z1)
        out = a1 @ W2
        loss = 0.5 * np.mean((out - y) ** 2)
        dout = (out - y) / out.size
        dW2 = a1.T @ dout
        dz1 = (dout @ W2.T) * sigmoid_derivative(z1)
        dW1 = X.T @ dz1
        W1 -= rate * dW1
        W2 -= rate * dW2
    return W1, W2
if __name__ == "__main__":
    options = argparse.ArgumentParser().parse_args()
    raise SystemExit("what stands beside the function is not done")
    train(np.eye(2), np.ones((2, 1)), 3)
"""


def test_a_function_that_trains_is_judged_as_the_statements_in_it(check: Check) -> None:
    given = {"X": [[0.0, 1], [1, 0.5], [2, 1]], "y": [[1.0], [0], [0.5]], "hidden": 3}
    found = check("train.py:train", given, {"train.py": TRAINS})
    assert (found["verdict"], {one["name"] for one in found["gradients"]}) == ("ok", {"W1", "W2"}), found
    found = check("train.py", given, {"train.py": TRAINS.replace("derivative(z1)", "derivative(a1)")})
    assert [(one["line"], one["write"]) for one in found["lines"]] == [
        (17, "dz1 = (dout @ W2.T) * sigmoid_derivative(z1)")
    ]
    found = check("train.py", {}, {"train.py": TRAINS})
    assert found["error"]["message"] == "train takes X, y, hidden, which are not given"
    assert "--X 'randn(4,3)' --y 'randn(4,3)' --hidden '3'" in found["error"]["hint"]


FITS = """
import numpy as np
x = np.array([0.0, 1.0, 2.5])
y = 2 * x + 0.3
w = 0.5
b = 0.1
for epoch in range(20):
    error = x * w + b - y
    w_gradient = np.mean(error * x)
    b_gradient = np.mean(error)
    w -= 0.1 * w_gradient
    b -= 0.1 * b_gradient
print(w, b)
"""


@pytest.mark.parametrize(
    ("told", "instead"),
    [("half the mean", ()), ("the mean", ("(error", "(2 * error")), ("half the sum", ("np.mean", "np.sum"))],
)
def test_a_script_without_a_loss_means_the_squares_of_its_errors(
    told: str, instead: tuple[str, str], check: Check
) -> None:
    text = FITS.replace(*instead) if instead else FITS
    found = check("fit.py", {}, {"fit.py": text})
    assert found["verdict"] == "ok", found
    assert f"judged is the gradient of {told} of the squares of error" in str(found["remarks"])
    found = check("fit.py", {}, {"fit.py": text.replace("error * x)", "error * x**2)")})
    assert [one["line"] for one in found["lines"]] == [9]  # with what the other gradient means
    found = check("fit.py", {}, {"fit.py": text.replace("_gradient = np.", "_gradient = 7 * np.")})
    assert "no loss is set before the gradients" in found["error"]["message"]


HANDED = """
import numpy as np
def forward(X, params):
    h = np.maximum(0, X @ params['W'])
    e = np.exp(h)
    p = e / e.sum(axis=1, keepdims=True)
    return p, {'h': h, 'p': p}
def backward(X, y, params, cache):
    dh = (cache['p'] - y) * (cache['h'] > 0)
    return {'dW': X.T @ dh / len(X)}
"""


def test_what_is_kept_is_handed_on_beside_labels(check: Check) -> None:
    given = {"X": [[0.0, 1], [1, 0.5]], "y": [[1.0, 0], [0, 1]], "params": {"W": [[0.5, 1], [0.3, 0.7]]}}
    found = check("net.py", given, {"net.py": HANDED})
    assert found["verdict"] == "ok", found
    assert "the gradient of the cross-entropy with y" in str(found["remarks"])


def test_a_script_on_values_of_micrograd_needs_no_file_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from micrograd.engine import Value\na = Value(3.0)\nb = Value(-2.0)\nc = a * b\nd = b.relu()\nc += a**2\n"
    (tmp_path / "mine.py").write_text(text + "c.backward()\nprint(a.grad)\n")
    monkeypatch.setattr("sys.argv", ["backprop", "eval", "-f", str(tmp_path / "mine.py"), "--json"])
    with contextlib.suppress(SystemExit):
        main()
    assert json.loads(capsys.readouterr().out)["gradients"] == {"a": 4.0, "b": 3.0}


PACKAGE = {
    "net/__init__.py": "from .base import Module\nfrom .scale import Scale\n",
    "net/base.py": """
from abc import ABC
from functools import wraps
from net.tools.scale import counted
class Module(ABC):
    rate = None
    @property
    def state(self):
        return self.held
    @state.setter
    def state(self, value):
        self.held = value
    @counted
    def forward(self, x):
        self.input = x
        self._forward(x)
        return self.output
    @counted
    def backward(self, g, labels=None):
        self._backward(g, labels)
        return self.found
""",
    "net/scale.py": """
from . import Module
class Scale(Module):
    def __init__(self, factor):
        Module.state.fset(self, factor)
    def _forward(self, x):
        self.output = self.state * x if self.rate is None else None
    def _backward(self, g, labels):
        self.found = self.state * g
""",
    "net/tools/scale.py": """
def counted(function):
    def wrap(*given, **named):
        wrap.calls[function.__qualname__] = len(given)
        return function(*given, **named)
    wrap.calls = {}
    return wrap
""",
}


def test_a_package_whose_files_name_each_other(check: Check) -> None:
    """A file of the same name that is nearer is not the one that is meant; a label that nobody gives is none."""
    found = check("net/scale.py:Scale", {"x": X.tolist(), "factor": 1.5}, PACKAGE)
    assert found.get("verdict") in ("ok", "incomplete"), found
    assert {one["name"]: one["verdict"] for one in found["gradients"]}["x"] == "ok"


LOSS_OF_WEIGHTS = """
import numpy as np
class Fit:
    def loss(self, X, y, rate):
        off = X @ self.W - y
        dW = X.T @ off
        dW += 2 * rate * self.W
        return 0.5 * np.sum(off * off) + rate * np.sum(self.W * self.W), dW
"""


def test_a_gradient_goes_by_its_name_where_an_object_has_the_input(check: Check) -> None:
    given = {"X": X.tolist(), "y": [0.5, 1.0], "rate": 0.1, "W": [1.0, 0.5, -1.0]}
    found = check("fit.py:Fit", given, {"fit.py": LOSS_OF_WEIGHTS})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("W", "ok")], found


def test_an_object_of_names_as_an_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text("def f(p, x):\n    return p['a'] * x + p['b']\n")
    words = ["eval", "-f", f"{tmp_path}/mine.py:f", "--p", '{"a": 1.5, "b": 2.5}', "--x", "2", "--json"]
    monkeypatch.setattr("sys.argv", ["backprop", *words])
    with contextlib.suppress(SystemExit):
        main()
    assert json.loads(capsys.readouterr().out)["gradients"] == {"p_a": 2.0, "p_b": 1.0, "x": 1.5}


LEARNS = """
import numpy as np
class LogisticRegression:
    def __init__(self, rate=0.1, rounds=50):
        self.rate, self.rounds = rate, rounds
        self.weights = None
        self.losses = []
    def sigmoid(self, z):
        return 1 / (1 + np.exp(-z))
    def cost(self, p, y):
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    def fit(self, X, y):
        rows, columns = X.shape
        self.weights, self.bias = np.zeros(columns), 0
        for _ in range(self.rounds):
            p = self.sigmoid(X @ self.weights + self.bias)
            dw = X.T @ (p - y) / rows
            db = np.sum(p - y) / rows
            self.weights -= self.rate * dw
            self.bias -= self.rate * db
            self.losses.append(self.cost(p, y))
        return self
"""
STEPS = """
import numpy as np
class Net:
    def __init__(self, sizes, rate=0.1):
        self.rate = rate
        self.params = {"W": [np.random.randn(a, b) for a, b in zip(sizes[:-1], sizes[1:])]}
        self.bias = np.zeros(sizes[-1])
    def forward(self, X):
        self.held = [X]
        for W in self.params["W"][:-1]:
            self.held.append(np.tanh(self.held[-1] @ W))
        return self.held[-1] @ self.params["W"][-1] + self.bias
    def train_step(self, X, y):
        out = self.forward(X)
        loss = np.mean((out - y) ** 2)
        delta = 2 * (out - y) / y.size
        grads = {"W": [None] * len(self.params["W"])}
        grads["bias"] = delta.sum(axis=0)
        for place in reversed(range(len(self.held))):
            grads["W"][place] = self.held[place].T @ delta
            delta = (delta @ self.params["W"][place].T) * (1 - self.held[place] ** 2)
        for place, one in enumerate(grads["W"]):
            self.params["W"][place] -= self.rate * one
        self.bias -= self.rate * grads["bias"]
        return loss
"""
TRAINED_METHODS = {  # the text, what is given, the gradients, what is planted, the line that it is in
    "a cost behind the gradients": (
        LEARNS, {"X": [[0.3, 1], [1, 0.5], [2, -1]], "y": [1, 0, 1]}, {"weights", "bias"},
        ("db = np.sum(p - y) / rows", "db = np.sum(p - y)"), 18,
    ),
    "no loss": (
        LEARNS.replace("            self.losses.append(self.cost(p, y))\n", ""),
        {"X": [[0.3, 1], [1, 0.5], [2, -1]], "y": [1, 0, 1]}, {"weights", "bias"},
        ("db = np.sum(p - y) / rows", "db = np.sum(p - y)"), 18,
    ),
    "weights in lists": (
        STEPS, {"X": [[0.3, 1], [1, 0.5], [2, -1]], "y": [[1, 0], [0, 1], [1, 0]], "sizes": [2, 4, 2]},
        {"params.W.0", "params.W.1", "bias"}, ('grads["bias"] = delta.sum(axis=0)', 'grads["bias"] = delta[0]'), 18,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINED_METHODS)
def test_a_method_that_trains_is_judged_with_the_weights_that_its_object_makes(name: str, check: Check) -> None:
    text, given, gradients, planted, line = TRAINED_METHODS[name]
    found = check("model.py", given, {"model.py": text})
    assert (found["verdict"], {one["name"] for one in found["gradients"]}) == ("ok", gradients), found
    assert planted[0] in text
    wrong = check("model.py", given, {"model.py": text.replace(*planted)})
    assert [one["line"] for one in wrong["lines"] if one["verdict"] == "wrong"] == [line], wrong


def test_a_loss_that_comes_with_its_gradients_trains_nothing_itself(check: Check) -> None:
    text = (
        "import numpy as np\ndef both(w, x):\n    e = w * x\n    loss = (e**2).sum()\n    grad = 2 * e * x\n"
        "    return loss, grad\ndef train(x, rate=0.1):\n    w = np.ones(3)\n    for _ in range(9):\n"
        "        loss, grad = both(w, x)\n        w -= rate * grad\n    return w\n"
    )
    found = check("both.py", {"w": [1.0, 2, 3], "x": [0.5, 1, 2]}, {"both.py": text})
    assert ([(one["name"], one["verdict"]) for one in found["gradients"]], found["remarks"]) == (
        [("w", "ok")], ["no gradient comes out for x"]
    ), found  # fmt: skip
