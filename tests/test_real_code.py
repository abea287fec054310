"""What stopped the reading of code as it stands in public: whole notebooks, other names, other folders."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backprop_cli import main
from conftest import Check


def notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def test_what_a_notebook_computes_beside_a_pass_is_left_alone(tmp_path: Path, check: Check) -> None:
    """The other cells may compute for long, also into names that are parameters of the pass."""
    (tmp_path / "work.ipynb").write_text(notebook(
        "import numpy as np\nSCALE = 3.0\nTWICE = 2 * SCALE",
        "def slow(n):\n    for i in range(n):\n        pass\n    return n",
        "def scale_forward(x):\n    return x * TWICE, x",
        "def scale_backward(g, cache):\n    return g * TWICE",
        "x = slow(10**9)\nout, cache = scale_forward(x)",
    ))  # fmt: skip
    assert check("work.ipynb", {"x": [1.0, 2.0]})["verdict"] == "ok"


X = {"x": [[1.0, -2.0, 0.5], [0.3, 2.0, -1.0]]}
ENGINE = """
class Value:
    def __init__(self, data):
        self.data, self.grad, self.back = data, 0, None
    def __mul__(self, other):
        out = Value(self.data * other.data)
        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out.back = back
        return out
    def backward(self):
        self.grad = 1
        self.back()
"""

PAIRS = {
    "a class whose methods have other names": """
import numpy as np
class Scale:
    def _forward_propagation(self, x):
        self.x = x
        return x ** 2
    def _backward_propagation(self, grad):
        return grad * 2 * self.x
""",
    "functions that only stand in a class": """
class Twice:
    @staticmethod
    def forward(x, w):
        return x * w * 2.0, (x, w)
    @staticmethod
    def backward(dout, cache):
        x, w = cache
        return dout * w * 2.0, (dout * x).sum(0) * 2.0
""",
    "a gradient from above that may be left out": """
class Square:
    def forward(self, x):
        self.x = x
        return x * x
    def backward(self, grad=None):
        return grad * 2 * self.x
""",
    "a local slope under the name of a gradient": """
import numpy as np
class Relu:
    def forward(self, input):
        self.d_input = (np.sign(input) + 1) / 2
        return np.maximum(input, 0)
    def backward(self, gradient):
        return gradient * self.d_input
""",
    "methods from a class that another is made from": """
import numpy as np
from abc import ABC, abstractmethod
class Layer(ABC):
    def forward(self, x):
        return self.f(x)
    def backward(self, dout):
        return dout * self.slope()
class Tanh(Layer):
    def f(self, x):
        self.out = np.tanh(x)
        return self.out
    def slope(self):
        return 1 - self.out ** 2
""",
    "whole quotients of Python 2": """
import numpy as np
def halves_forward(x):
    n = x.shape[0] / 2
    out = np.zeros((n, x.shape[1]))
    for i in range(n):
        out[i] = x[2 * i] * x[2 * i + 1]
    return out, x
def halves_backward(dout, cache):
    x = cache
    dx = np.zeros_like(x)
    for i in range(x.shape[0] / 2):
        dx[2 * i] = dout[i] * x[2 * i + 1]
        dx[2 * i + 1] = dout[i] * x[2 * i]
    return dx
""",
    "a script beside which something cannot be read": f"""
import numpy as np
import matplotlib.pyplot as plt
from sklearn import datasets
{ENGINE}
points = datasets.make_moons(100)
plt.plot(points)
a = Value(2.0)
b = Value(-3.0)
c = a * b
c.backward()
""",
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_right_pair_is_read_as_it_stands(name: str, check: Check) -> None:
    given = {"x": X["x"], "input": X["x"], "w": [1.0, 2.0, 3.0]}
    where = ":Tanh" if "class Tanh" in PAIRS[name] else ""
    found = check(f"code.py{where}", given, {"code.py": PAIRS[name]})
    assert found.get("verdict") == "ok", found


LEARNED = """
import numpy as np
class Dense:
    def __init__(self, n, m):
        self.weights = 0.1 * np.random.randn(n, m)
        self.biases = np.zeros((1, m))
    def forward(self, inputs):
        self.inputs = inputs
        self.output = inputs @ self.weights + self.biases
    def backward(self, dvalues):
        self.dweights = self.inputs.T @ dvalues
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T
"""


def test_weights_that_an_object_makes_itself_are_judged(check: Check) -> None:
    given = {"inputs": X["x"], "n": 3, "m": 2}
    found = check("code.py", given, {"code.py": LEARNED})
    assert found["verdict"] == "ok"
    assert {one["name"] for one in found["gradients"]} == {"inputs", "weights", "biases"}
    found = check("code.py", given, {"code.py": LEARNED.replace("= self.inputs.T", "= -self.inputs.T")})
    assert found["verdict"] == "wrong"
    assert [(one["line"], one["cause"]) for one in found["lines"] if one["verdict"] == "wrong"] == [(11, "sign")]
    given["weights"] = [[1.0, 2.0]] * 3  # what is given stands for what the constructor makes
    assert check("code.py", given, {"code.py": LEARNED})["verdict"] == "ok"


def test_a_helper_is_looked_for_in_folders_above_and_in_packages(check: Check) -> None:
    given = {"x": X["x"]}
    layer = "from ..tools import cube\ndef f_forward(x):\n    return cube(x), x\n"
    layer += "def f_backward(g, x):\n    return 3 * g * x**2\n"
    files = {
        "pack/tools/__init__.py": "from .tools import *\n",
        "pack/tools/tools.py": "def cube(x):\n    return x**3\n",
    }
    assert check("pack/layers/a.py", given, {"pack/layers/a.py": layer, **files})["verdict"] == "ok"
    found = check("alone/a.py", given, {"alone/a.py": layer})
    beside = "put tools.py beside this file or above it: it is read, too"
    assert found["error"]["hint"] == f'{beside}; or give it: --cube "lambda x: …"'
    assert check("alone/a.py", {**given, "cube": "lambda x: x**3"}, {"alone/a.py": layer})["verdict"] == "ok"


def test_files_that_import_from_each_other_are_read(check: Check) -> None:
    layer = "from tools import cube as third\ndef f_forward(x):\n    return third(x), x\n"
    layer += "def f_backward(g, x):\n    from tools import slope\n    return g * slope(x)\n"
    tools = "from layer import f_forward\ndef cube(x):\n    return x**3\ndef slope(x):\n    return 3 * x**2\n"
    assert check("layer.py", {"x": X["x"]}, {"layer.py": layer, "tools.py": tools})["verdict"] == "ok"


MANY = """
def fit(a, b):
    s = 0.0
    for i in range(4):
        s += (a * i + b - 2 * i - 1) ** 2
    return s

def power(w, x, n=2):
    out = 1.0
    for i in range(n):
        out = out * x
    return w * out

def bent(x):
    if x > 0:
        return x ** 2
    return x ** 4

def total(x):
    return x.sum()
"""


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """What a command says about the functions of MANY."""
    (tmp_path / "many.py").write_text(MANY)
    (tmp_path / "rows.csv").write_text("w,x\n1,2\n3,0.5\n")
    monkeypatch.chdir(tmp_path)

    def ran(words: str) -> str:
        monkeypatch.setattr("sys.argv", ["backprop", *words.split()])
        with contextlib.suppress(SystemExit):
            main()
        said = capsys.readouterr()
        return said.out + said.err

    return ran


def test_a_function_of_python_is_minimized_with_its_loop(run: Callable[[str], str]) -> None:
    last = run("minimize many.py:fit --a 0 --b -1:5 --json --method l-bfgs").splitlines()[-2]
    assert json.loads(last)["parameters"] == pytest.approx({"a": 2.0, "b": 1.0}, abs=1e-5)
    assert "bent chooses by its values" in run("minimize many.py:bent --x 1")


def test_a_function_of_python_is_mapped_over_rows_of_numbers(run: Callable[[str], str]) -> None:
    assert [row.split(",")[2:] for row in run("map -f many.py:power rows.csv --wrt x").splitlines()] == [
        ["f", "df_dx"], ["4.0", "4.0"], ["0.75", "3.0"]
    ]  # fmt: skip
    assert run("map many.py:power rows.csv --set n=3 --wrt x").splitlines()[1] == "1,2,8.0,12.0"
    assert "bent chooses by its values" in run("map many.py:bent rows.csv")
    assert "total works on arrays" in run("map many.py:total rows.csv")


NET = """
import numpy as np
class Linear:
    def __init__(self, n, m):
        self.w, self.b = np.random.randn(n, m), np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.w + self.b
    def backward(self, g):
        self.dw, self.db = self.x.T @ g, g.sum(axis=0)
        return g @ self.w.T
class Tanh:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)
class Net:
    def __init__(self, n, m):
        self.layers = [Linear(n, m), Tanh()]
        self.last = Linear(m, 1)
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return self.last.forward(x)
    def backward(self, g):
        g = self.last.backward(g)
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g
"""


@pytest.mark.parametrize(
    ("right", "wrong", "not_ok"),
    [
        ("", "", set()),
        ("(1 - self.y ** 2)", "(1 - self.y)", {"x", "layers[0].w", "layers[0].b"}),
        ("self.x.T @ g,", "2 * self.x.T @ g,", {"layers[0].w", "last.w"}),
    ],
)
def test_the_weights_of_the_parts_of_an_object_are_judged(
    right: str, wrong: str, not_ok: set[str], check: Check
) -> None:
    given = {**X, "n": 3, "m": 4}
    found = check("net.py:Net", given, {"net.py": NET.replace(right, wrong) if right else NET})
    assert {one["name"] for one in found["gradients"]} == {
        "x",
        *(f"{one}.{name}" for one in ("layers[0]", "last") for name in "wb"),
    }
    assert {one["name"] for one in found["gradients"] if one["verdict"] != "ok"} == not_ok
    assert [one["line"] for one in found["lines"]] == ([] if not right else [NET[: NET.index(right)].count("\n") + 1])


def test_a_sum_inside_of_a_line_is_a_value_of_the_forward_pass(check: Check) -> None:
    """The backward pass may compute it again under a name: the line that lacks a share is blamed, and not that one."""
    text = """
import numpy as np
def shares_forward(h):
    p = h / h.sum(axis=1, keepdims=True)
    return p, (h, p)
def shares_backward(dp, cache):
    h, p = cache
    s = h.sum(axis=1, keepdims=True)
    dh = dp / s
    return dh
"""
    (line,) = check("shares.py", {"h": [[1.0, 2.0, 0.5], [0.3, 2.0, 1.5]]}, {"shares.py": text})["lines"]
    assert (line["line"], line["write"].replace(" ", "")[:8]) == (9, "dh=dp/s+")


def test_a_file_that_is_too_long_is_refused_at_once(check: Check) -> None:
    for words in ("long.py", "long.py:run"):
        assert (
            "more than the 2,000,000" in check(words, {"x": 1.0}, {"long.py": "x = 1\n" * 400_000})["error"]["message"]
        )


@pytest.mark.parametrize(
    ("db", "verdict"), [("np.sum(dZ, axis=1, keepdims=True) / m", "ok"), ("np.sum(dZ, axis=1, keepdims=True)", "wrong")]
)
def test_the_mean_over_examples_in_a_layer_is_told(check: Check, db: str, verdict: str) -> None:
    """As many courses have it: the gradient that comes from above is that of the sum, and each layer divides, in all of
    its weights. That is right or wrong by what comes from above, which is said; half of it is a mistake."""
    text = f"""
import numpy as np
def linear_forward(A, W, b):
    Z = W @ A + b
    return np.maximum(0, Z), (A, W, Z)
def linear_backward(dA, cache):
    A, W, Z = cache
    dZ = dA * (Z > 0)
    m = A.shape[1]
    dW = dZ @ A.T / m
    db = {db}
    return W.T @ dZ, dW, db
"""
    given = {"A": [[1.0, 2.0, 0.5], [0.3, -2.0, 1.5]], "W": [[0.5, -1.0]], "b": [[0.3]]}
    found = check("linear.py", given, {"linear.py": text})
    assert found["verdict"] == verdict
    assert any("takes the mean over 3 examples" in one for one in found["remarks"])


def test_the_mean_over_examples_in_one_weight_alone_is_wrong_and_told(check: Check) -> None:
    text = """
def linear_forward(A, W):
    return W @ A, (A, W)
def linear_backward(dZ, cache):
    A, W = cache
    dW = dZ @ A.T / A.shape[1]
    return W.T @ dZ, dW
"""
    found = check(
        "linear.py",
        {"A": [[1.0, 2.0, 0.5], [0.3, -2.0, 1.5]], "W": [[0.5, -1.0]]},
        {"linear.py": f"import numpy as np\n{text}"},
    )
    assert "W: the right gradient over 3, as where a layer itself takes the mean over 3 examples" in found["remarks"]
    assert [one["line"] for one in found["lines"]] == [7]


MINE = """
from lib.keep import Context
from lib import operators
class Function:
    @classmethod
    def forward(cls, ctx, *values):
        return float(cls._forward(ctx, *values))
class Product(Function):
    @classmethod
    def _forward(cls, ctx: Context, a: float, b: float) -> float:
        ctx.save_for_backward(a, b)
        return operators.times(a, b)
    @classmethod
    def backward(cls, ctx, d_out):
        a, b = ctx.saved_values
        return operators.times(b, d_out), operators.times(a, d_out)
"""
KEEP = """
class Context:
    def __init__(self, requires_grad_=False):
        self.requires_grad_ = requires_grad_
    @property
    def saved_values(self):
        return self.kept
    def save_for_backward(self, *values):
        if self.requires_grad_:
            self.kept = values
"""
LISTS = """
import random
class Layer:
    def __init__(self, n):
        self.name = self.__class__.__name__ + type(self).__name__
        self.w = [random.uniform(-1, 1) for _ in range(n)]
    def forward(self, x):
        self.x = x
        return [w * one ** 2 for w, one in zip(self.w, x)]
    def backward(self, g):
        return [2 * w * one * above for w, one, above in zip(self.w, self.x, g)]
"""
LOSS_LAST = """
import numpy as np
def forward_loss(x, w):
    kept = {'x': x, 'p': x @ w}
    loss = float(np.mean(kept['p'] ** 2, keepdims=True))
    return kept, loss
def backward_loss(kept, w):
    return {'w': kept['x'].T @ (2 * kept['p'] / kept['p'].size)}
"""
SIZED = """
import numpy as np
class Upsample:
    def __init__(self, shape):
        self.rows = shape[0]
    def forward(self, x):
        return x.repeat(2, axis=0)
    def backward(self, g):
        return g.reshape(self.rows, 2, -1).sum(axis=1)
"""


@pytest.mark.parametrize(
    ("words", "given", "files"),
    [
        ("mine.py:Product", {"a": 1.5, "b": -0.5}, {
            "mine.py": MINE,
            "lib/keep.py": KEEP,
            "lib/operators.py": "SCALE = 1.0\ndef times(a, b):\n    return SCALE * a * b\n",
        }),
        ("tests/pair.py:squared_forward --backward tests/pair.py:squared_backward", X, {
            "tests/pair.py": "from lib.tools import squared_forward, squared_backward\n",
            "src/lib/tools/__init__.py": "from lib.tools.own import *\n",
            "src/lib/tools/own.py": "from lib.old import noise\n"
            "def squared_forward(x):\n    return x * x, x\ndef squared_backward(g, cache):\n    return 2 * g * cache\n",
            "src/lib/old.py": "print 'of Python 2'\n",
        }),
        ("work/pair.py:tripled_forward --backward work/pair.py:tripled_backward", X, {
            "work/pair.py": "from kit.own import tripled_forward, tripled_backward\n",
            "kit/kit/own.py": "def tripled_forward(x):\n    return 3 * x\ndef tripled_backward(g):\n    return 3 * g\n",
        }),
        ("lists.py:Layer", {"x": [0.5, -1.0], "n": 2}, {"lists.py": LISTS}),
        ("last.py", {"x": [[1.0, 2.0], [0.5, -1.0]], "w": [[1.0], [-2.0]]}, {"last.py": LOSS_LAST}),
        ("sized.py:Upsample", {**X, "shape": [2, 3]}, {"sized.py": SIZED}),
    ],
    ids=["classmethods and a ctx of its own", "files that are imported", "a project in its folder", "lists",
         "the loss last", "a size"],
)  # fmt: skip
def test_what_libraries_of_learners_look_like(
    words: str, given: dict[str, Any], files: dict[str, str], check: Check
) -> None:
    found = check(words, given, files)
    judged = {one["name"]: one["verdict"] for one in found.get("gradients", ())}
    assert {*judged.values()} == {"ok"}, found


def test_each_file_has_its_own_names(check: Check) -> None:
    """A helper of one file is not that of another."""
    files = {
        "pair.py": "from tools import double_forward\ndef scale(x):\n    return 5 * x\n"
        "def double_backward(g):\n    return 2 * g\n",
        "tools.py": "def scale(x):\n    return 2 * x\ndef double_forward(x):\n    return scale(x)\n",
    }
    assert check("pair.py:double_forward --backward pair.py:double_backward", X, files)["verdict"] == "ok"


def test_saturation_far_away_is_no_mistake(check: Check) -> None:
    """Where a gradient is 0 at the given point, what is nothing but rounding at another one does not count."""
    text = """
import math
def tanh_forward(w, x, b):
    n = w * x + b
    t = (math.exp(2 * n) - 1) / (math.exp(2 * n) + 1)
    return t, (w, x, t)
def tanh_backward(g, cache):
    w, x, t = cache
    dn = (1 - t ** 2) * g
    return dn * x, dn * w, dn
"""
    for seed in range(4):
        found = check(f"tanh.py --seed {seed}", {"w": 1.0, "x": 0.0, "b": 6.88}, {"tanh.py": text})
        assert found["verdict"] == "ok", found


@pytest.mark.parametrize(
    "words", ["check mine.py", "eval mine.py:run", "map mine.py", "draw mine.py", "minimize mine.py"]
)
def test_a_file_that_is_not_there_is_no_formula(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mines.py").write_text("f = x * x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["backprop", *words.split()])
    with contextlib.suppress(SystemExit):
        main()
    assert capsys.readouterr().err == "error: there is no file mine.py\nhint: did you mean mines.py?\n"


def test_a_file_of_code_is_mapped_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "square.py").write_text("f = x * x")
    (tmp_path / "rows.csv").write_text("x\n3\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["backprop", "map", "square.py", "rows.csv"])
    with contextlib.suppress(SystemExit):
        main()
    assert capsys.readouterr().out == "x,f,df_dx\n3,9.0,6.0\n"


def test_a_small_number_that_is_left_out_is_no_mistake_where_it_is_all_that_is_left(check: Check) -> None:
    """The pass is also tried far away, where the softmax of a label is no larger than what is added to it."""
    text = """
import numpy as np
def loss_forward(x, t):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    y = e / np.sum(e, axis=1, keepdims=True)
    return -np.sum(np.log(y[np.arange(2), t] + 1e-12)) / 2, y
def loss_backward(dout, y, t):
    dx = y.copy()
    dx[np.arange(2), t] -= 1
    return dout * dx / 2
"""
    given = {"x": [[-0.7, 2.4, 2.8], [0.6, 0.8, -1.0]], "t": [0, 1]}
    found = check("loss.py", given, {"loss.py": text})
    assert found["verdict"] == "ok"
    assert "numbers below 0.0001 that the forward pass adds are left out by the backward pass" in found["remarks"]
    wrong = check("loss.py", given, {"loss.py": text.replace("dout * dx", "dout * y")})
    assert wrong["verdict"] == "wrong"


def test_a_guard_of_the_backward_pass_alone_is_no_mistake(check: Check) -> None:
    text = """
import numpy as np
EPS = 1e-6
def inverse_forward(x):
    return np.log(x) + 1 / (x + EPS), x
def inverse_backward(g, x):
    return g / (x + EPS) - g / (x ** 2 + EPS)
"""
    given = {"x": [1.0, 2.0, 0.5]}
    found = check("inverse.py", given, {"inverse.py": text})
    assert found["verdict"] == "ok"
    assert "numbers below 0.0001 are added otherwise by the backward pass than by the forward pass" in found["remarks"]
    assert check("wrong.py", given, {"wrong.py": text.replace("- g /", "- 1.000001 * g /")})["verdict"] == "wrong"
    chosen = text.replace("def inverse_forward(x):", "def inverse_forward(x):\n    eps = 1e-6 if x.ndim else 1e-9")
    chosen = chosen.replace("(x + EPS), x", "(x + eps), (x, eps)").replace("(g, x):", "(g, cache):\n    x, eps = cache")
    chosen = chosen.replace("g / (x + EPS)", "g / (x + eps)")
    assert check("chosen.py", given, {"chosen.py": chosen})["verdict"] == "ok"
    assert check("off.py", given, {"off.py": chosen.replace("- g /", "- 1.000001 * g /")})["verdict"] == "wrong"


def test_a_script_on_objects_of_an_imported_class(check: Check) -> None:
    use = "from engine import Value\na = Value(2.0)\nb = Value(-3.0)\nc = a * b\nprint(c.data)\nc.backward()\na.grad\n"
    found = check("use.py", {}, {"engine.py": ENGINE, "use.py": use})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"a": "ok", "b": "ok"}


HOLDING = """
import torch
def lin(x, w, b):
    return x @ w + b
def lin_grad(inp, out, w, b):
    inp.g = out.g @ w.t()
    w.g = inp.t() @ out.g
    b.g = out.g.sum(0)
class Lin:
    pass
class Module:
    def __call__(self, *args):
        self.args = args
        self.out = self.forward(*args)
        return self.out
    def backward(self):
        self.bwd(self.out, *self.args)
class Lin(Module):
    def __init__(self, w, b):
        self.w, self.b = w, b
    def forward(self, inp):
        return inp @ self.w + self.b
    def bwd(self, out, inp):
        inp.g = self.out.g @ self.w.t()
        self.w.g = inp.t() @ out.g
        self.b.g = out.g.sum(0)
class Mse(Module):
    def forward(self, inp, targ):
        return (inp.squeeze() - targ).pow(2).mean()
    def bwd(self, out, inp, targ):
        inp.g = 2. * (inp.squeeze() - targ).unsqueeze(-1) / targ.shape[0]
class Relu:
    def __call__(self, inp):
        self.inp, self.out = inp, inp.clamp_min(0.)
        return self.out
    def backward(self):
        self.inp.g = (self.inp > 0).float() * self.out.g
"""


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("lin", {**X, "w": [[1.0], [0.5], [-2.0]], "b": [0.3]}),
        ("Lin", {"inp": X["x"], "w": [[1.0], [0.5], [-2.0]], "b": [0.3]}),
        ("Mse", {"inp": [[1.0], [0.5], [-2.0]], "targ": [1.0, 2.0, 3.0]}),
        ("Relu", {"inp": X["x"]}),
    ],
)
def test_tensors_that_hold_their_gradients(name: str, given: dict[str, Any], check: Check) -> None:
    """As a course does it: `inp.g = out.g @ w.t()`."""
    files = {
        "hold.py": HOLDING,
        "wrong.py": HOLDING.replace(".sum(0)", ".sum(0) * 2").replace("2. *", "3. *").replace("> 0", "> 1"),
    }
    found = check(f"hold.py:{name}", given, files)
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == dict.fromkeys(set(given) - {"targ"}, "ok")
    found = check(f"wrong.py:{name}", given, files)
    assert found.get("verdict") == "wrong", found


OLD = """
import torch
from torch.autograd import Function
class Half(Function):
    def __init__(self, scale):
        self.scale = scale
    def forward(self, x):
        out = x.clone()
        pos, neg = out.chunk(2, dim=1)
        pos.clamp_(min=0)
        neg.mul_(self.scale)
        self.save_for_backward(x)
        return out
    def backward(self, grad_output):
        x, = self.saved_variables
        grad = grad_output.clone()
        grad[:, 1:] *= self.scale
        return grad.masked_fill(torch.cat([x[:, :1] <= 0, x[:, 1:] != x[:, 1:]], 1), 0)
"""
PLACES = """
import numpy as np
class Largest:
    def forward(self, x):
        self.shape, self.places = x.shape, np.empty(x.shape[0], dtype=tuple)
        self.cells = np.zeros((2, 2), dtype=object)
        out = np.zeros(x.shape[0])
        for i in range(x.shape[0]):
            out[i] = np.max(x[i])
            self.places[i] = np.unravel_index(np.argmax(x[i]), x[i].shape)
            self.cells[i, 1] = out[i]
        return out
    def backward(self, g):
        dx = np.zeros(self.shape)
        for i in np.ndindex(len(g)):
            assert self.cells[i[0], 1] is not None
            dx[i][self.places[i[0]]] = g[i]
        return dx
"""


@pytest.mark.parametrize(
    ("name", "given", "text"),
    [("Half", {"x": [[1.0, -2.0], [0.3, 2.0]], "scale": 0.5}, OLD), ("Largest", X, PLACES)],
)
def test_what_was_once_usual_is_read(name: str, given: dict[str, Any], text: str, check: Check) -> None:
    found = check(f"it.py:{name}", given, {"it.py": text})
    assert {one["verdict"] for one in found.get("gradients", ()) if one["name"] == "x"} == {"ok"}, found


NETS = """
import numpy as np
class Net(object):
    def __init__(self, dims, reg=0.1):
        self.params, self.reg = {}, reg
        for i, (n, m) in enumerate(zip([2] + dims, dims + [1])):
            self.params['W' + str(i)] = np.random.randn(n, m)
            self.params['b' + str(i)] = np.zeros(m)
    def loss(self, X, y=None):
        hs = [X]
        for i in range(2):
            hs.append(np.tanh(hs[-1] @ self.params['W%d' % i] + self.params['b%d' % i]))
        if y is None:
            return hs[-1]
        grads = {}
        diff = hs[-1][:, 0] - y
        loss = np.sum(diff ** 2) + self.reg * np.sum(self.params['W0'] ** 2)
        dh = 2 * diff[:, None]
        for i in reversed(range(2)):
            da = dh * (1 - hs[i + 1] ** 2)
            grads['W%d' % i], grads['b%d' % i] = hs[i].T @ da, da.sum(axis=0)
            dh = da @ self.params['W%d' % i].T
        grads['W0'] += 2 * self.reg * self.params['W0']
        return loss, grads
"""


@pytest.mark.parametrize(("right", "wrong", "not_ok"), [("", "", set()), ("2 * self.reg", "self.reg", {"W0"})])
def test_a_net_that_keeps_its_weights_and_returns_its_loss(
    right: str, wrong: str, not_ok: set[str], check: Check
) -> None:
    given = {"X": [[1.0, -2.0], [0.5, 0.3], [-1.0, 0.2]], "y": [0.5, -0.2, 0.1], "dims": [3]}
    found = check("net.py:Net", given, {"net.py": NETS.replace(right, wrong) if right else NETS})
    judged = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert set(judged) == {"W0", "b0", "W1", "b1"}
    assert {name for name, verdict in judged.items() if verdict != "ok"} == not_ok
    assert [one["line"] for one in found["lines"]] == ([] if not right else [23])


def test_two_gradients_from_above_by_the_ends_of_their_names(check: Check) -> None:
    text = """
import numpy as np
class Node:
    def forward(self, x, h):
        self.h_out = np.tanh(x + h)
        self.y = 2 * self.h_out
        return self.y, self.h_out
    def backward(self, y_grad, h_out_grad):
        dh = 2 * y_grad + h_out_grad
        d = dh * (1 - self.h_out ** 2)
        return d, d
"""
    assert check("node.py", {**X, "h": [0.1, 0.2, -0.3]}, {"node.py": text})["verdict"] == "wrong"
    right = text.replace("return d, d", "return d, d.sum(axis=0)")
    assert check("node.py", {**X, "h": [0.1, 0.2, -0.3]}, {"node.py": right})["verdict"] == "ok"


def test_a_cell_that_is_no_python_is_left_out_and_told(tmp_path: Path, check: Check) -> None:
    """One unfinished cell does not take the notebook with it, unless what it would define is needed."""
    forward = "def scale_forward(x):\n    return SCALE * x, x"
    backward = "def scale_backward(g, x):\n    return 3.0 * g"
    (tmp_path / "work.ipynb").write_text(notebook("for x in\n", "SCALE = 3.0", forward, backward))
    found = check("work.ipynb", {"x": [1.0, 2.0]})
    assert found["verdict"] == "ok"
    assert "cell 1 of work.ipynb is left out, it is not Python: line 1: invalid syntax" in found["remarks"]
    (tmp_path / "work.ipynb").write_text(notebook("SCALE = 3.0 +", forward, backward))
    error = check("work.ipynb", {"x": [1.0, 2.0]})["error"]
    assert error["message"] == "SCALE is not defined"
    assert "cell 1 of work.ipynb is left out" in error["hint"]


PRODUCT = """# forward pass
W = np.random.randn(5, 10)
X = np.random.randn(10, 3)
D = W.dot(X)
# suppose that this came from above
dD = {above}
dW = dD.dot(X.T)
dX = W.T.dot(dD)
"""
TRAINED = """import numpy as np
np.random.seed(1)
N, D, K = 6, 2, 3
X = np.random.randn(N, D)
y = np.array([0, 1, 2, 0, 1, 2])
W = 0.01 * np.random.randn(D, K)
b = np.zeros((1, K))
scores = X @ W + b
p = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
loss = np.sum(-np.log(p[range(N), y])) / N + 0.05 * np.sum(W * W)
dscores = p.copy()
dscores[range(N), y] -= 1
dscores /= N
dW = X.T @ dscores
db = np.sum(dscores, axis=0, keepdims=True)
dW += 0.1 * W
"""


@pytest.mark.parametrize("above", ["np.random.randn(*D.shape)", "np.random.rand(5, 3)", "np.ones_like(D)"])
def test_a_listing_that_supposes_the_gradient_from_above(check: Check, above: str) -> None:
    found = check("notes.py", {}, {"notes.py": PRODUCT.format(above=above)})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("W", "ok"), ("X", "ok")]
    wrong = PRODUCT.format(above=above).replace("dD.dot(X.T)", "X.dot(dD.T)")
    assert [line["line"] for line in check("notes.py", {}, {"notes.py": wrong})["lines"]] == [7]


def test_arrays_that_a_listing_makes_itself_are_judged_where_it_computes_their_gradients(check: Check) -> None:
    found = check("train.py", {}, {"train.py": TRAINED})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("W", "ok"), ("b", "ok")]
    wrong = check("train.py", {}, {"train.py": TRAINED.replace("dW += 0.1", "dW += 0.05")})
    assert [(line["line"], line["verdict"]) for line in wrong["lines"] if line["verdict"] == "wrong"] == [(16, "wrong")]


BISECTED = """
import numpy as np
def threshold_forward(x):
    low, high = x.max(axis=1, keepdims=True) - 1, x.max(axis=1, keepdims=True)
    for _ in range(50):
        middle = (low + high) / 2
        small = 1.0 * (np.maximum(x - middle, 0).sum(axis=1, keepdims=True) < 1)
        high = small * middle + (1 - small) * high
        low = small * low + (1 - small) * middle
    c = (low + high) / 2
    return c, (x, c)
def threshold_backward(dout, cache):
    x, c = cache
    support = 1.0 * (x > c)
    return dout * support / support.sum(axis=1, keepdims=True)
"""


def test_what_comparisons_find_has_the_slopes_that_differences_tell(check: Check) -> None:
    x = [[0.3, 0.5, 0.2, 0.4, 0.1], [1.2, 1.0, 1.1, 0.9, 1.3], [0.2, 0.25, 0.3, 0.35, 0.4]]
    found = check("b.py", {"x": x}, {"b.py": BISECTED})
    assert [one["verdict"] for one in found["gradients"]] == ["ok"], found


OVER_TIME = """
import numpy as np
def loss_over_time(steps, labels, start, U, V, W, b):
    h, p, loss = {-1: np.copy(start)}, {}, 0
    for t in range(len(steps)):
        h[t] = np.tanh(U[:, steps[t]] + V @ h[t - 1] + b)
        p[t] = np.exp(W @ h[t])
        p[t] = p[t] / p[t].sum()
        loss += -np.log(p[t][labels[t]])
    dU, dV, dW, db = np.zeros_like(U), np.zeros_like(V), np.zeros_like(W), np.zeros_like(b)
    dnext = np.zeros_like(start)
    for t in reversed(range(len(steps))):
        dy = np.copy(p[t])
        dy[labels[t]] -= 1
        dW += np.outer(dy, h[t])
        draw = (1 - h[t] * h[t]) * (W.T @ dy + dnext)
        db += draw
        dU[:, steps[t]] += draw
        dV += np.outer(draw, h[t - 1])
        dnext = V.T @ draw
    return loss, dU, dV, dW, db, {last}
"""
OF_TIME = {"steps": [0, 2, 1], "labels": [2, 1, 0], "start": [0.3, -0.2], "U": [[0.5, -0.4, 0.1], [0.2, 0.6, -0.3]],
           "V": [[0.4, -0.1], [0.3, 0.7]], "W": [[0.2, 0.5], [-0.6, 0.1], [0.3, -0.2]], "b": [0.1, -0.3]}  # fmt: skip


@pytest.mark.parametrize(
    ("last", "names"), [("dnext", ["U", "V", "W", "b", "start"]), ("h[len(steps) - 1]", ["U", "V", "W", "b"])]
)
def test_a_loss_its_gradients_and_what_goes_on_in_time(last: str, names: list[str], check: Check) -> None:
    text = OVER_TIME.replace("{last}", last)
    found = check("rnn.py", OF_TIME, {"rnn.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == dict.fromkeys(names, "ok"), found
    found = check("rnn.py", OF_TIME, {"rnn.py": text.replace("db += draw", "db += W.T @ dy + dnext")})
    assert [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"] == ["b"], found
    assert [one["line"] for one in found["lines"]] == [text[: text.index("db += draw")].count("\n") + 1], found


def test_what_a_script_sets_can_be_given(check: Check) -> None:
    """The weights of a script are inputs, also where what it sets them from cannot be read."""
    lines = OVER_TIME.replace("{last}", "h[len(steps) - 1]").replace("start, U, V, W, b)", "start)").splitlines()
    top = ["data = open('input.txt').read()", "size = len(set(data))", "U = np.random.randn(2, size)", "V = np.eye(2)",
           "W, b = np.random.randn(size, 2), np.zeros(2)"]  # fmt: skip
    found = check("rnn.py", {**OF_TIME, "b": [0, 0]}, {"rnn.py": "\n".join([*lines[:2], *top, *lines[2:]])})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == dict.fromkeys(["U", "V", "W", "b"], "ok"), (
        found
    )


AROUND = {
    "a text that a script reads, and weights that it makes at its top": ("""
import numpy as np, argparse
import matplotlib.pyplot as plt
words = argparse.ArgumentParser()
words.add_argument('--hidden-size', type=int, default=2)
args = words.parse_args()
text = open('input.txt').read()
kinds = sorted(set(text))
Win, Wout = np.random.randn(args.hidden_size, len(kinds)), np.random.randn(len(kinds), args.hidden_size)
def loss_of(place, label, h):
    a = np.tanh(Win[:, [place]] + h)
    scores = Wout @ a
    p = np.exp(scores) / np.exp(scores).sum()
    plt.plot(p)
    loss = -np.log(p[label, 0])
    dp = p.copy()
    dp[label] -= 1
    da = (Wout.T @ dp) * (1 - a * a)
    dWin = np.zeros_like(Win)
    dWin[:, [place]] = da
    dWout, dh = dp @ a.T, da
    return loss, dWin, dWout, dh, a
""", {"text": "abca", "place": 1, "label": 0, "h": [[0.1], [-0.3]]}, {"Win", "Wout", "h"}),
    "weights in a dictionary at the top, under a condition": ("""
import numpy as np, pickle
resume = False
if resume:
    net = pickle.load(open('net.p', 'rb'))
else:
    net = {}
    net['W'] = np.random.randn(3)
def policy_forward(x):
    return np.tanh(net['W'] @ x), x
def policy_backward(g, x):
    return {'W': g * (1 - np.tanh(net['W'] @ x) ** 2) * x}
""", {"x": [0.2, -0.4, 1.0], "net": {"W": [0.1, 0.5, -0.2]}}, {"net.W"}),
    "what only shows, logs and takes the time": ("""
import logging, os, sys, time
import numpy as np
from tqdm import tqdm
log = logging.getLogger(__name__)
LOUD = os.environ.get('LOUD', '') == 'yes'
def cube_forward(x):
    begin = time.time()
    y = np.empty_like(x)
    for i in tqdm(range(len(x)), desc='rows'):
        y[i] = x[i] ** 3
    log.info('took %s', time.time() - begin)
    if LOUD or os.path.exists('seen'):
        sys.exit(1)
    return y, x
def cube_backward(g, x):
    return 3 * g * x ** 2
""", X, {"x"}),
    "a backward pass that is returned": ("""
import numpy as np
def tanh_layer(x):
    y = np.tanh(x)
    def back(g):
        return g * (1 - y * y)
    return y, back
""", X, {"x"}),
    "a gradient behind what is kept, and a dictionary to be filled": ("""
import numpy as np
class Dense:
    def __init__(self, n):
        self.W = np.random.randn(n, 2)
    def forward(self, x):
        return x @ self.W, {}
    def backward(self, x, kept, backwards_gradient, gradients):
        del kept
        gradients['W'] = x.T @ backwards_gradient
        return backwards_gradient @ self.W.T
""", {**X, "n": 3}, {"x", "W"}),
    "layers by a register, in a record": ("""
import numpy as np
from collections import namedtuple
from dataclasses import dataclass, field
BENDS = {}
def bend(name):
    def put(cls):
        BENDS[name] = cls
        return cls
    return put
@bend('sine')
class Sine:
    def __call__(self, x): return np.sin(x)
    def slope(self, x): return np.cos(x)
@dataclass
class Kept:
    x: np.ndarray
    seen: list = field(default_factory=list)
Slopes = namedtuple('Slopes', ['dx'])
def bent_forward(x, kind='sine'):
    kept = Kept(x)
    match kind:
        case 'sine' | 'sin':
            kept.seen.append(BENDS['sine']())
        case _:
            raise ValueError(kind)
    return kept.seen[0](x), kept
def bent_backward(g, kept):
    return Slopes(dx=g * kept.seen[0].slope(kept.x))
""", X, {"x"}),
    "labels that become whole again": ("""
import numpy as np
class Table:
    def __init__(self, rows):
        self.W = np.random.randn(rows, 2)
    def forward(self, x):
        self.at = np.eye(len(self.W))[x.astype(int)]
        return self.at @ self.W
    def backward(self, g):
        self.dW = np.einsum('abk,abn->kn', self.at, g)
        return g @ self.W.T
""", {"x": [[0, 1], [2, 1]], "rows": 3}, {"W"}),
    "a layer that hands on, of a size": ("""
class Later:
    def __init__(self, size): self.size = size
    def forward(self, x): return x
    def backward(self, x): return x
""", {**X, "size": 4}, {"x"}),
    "a cost that is minimized with its gradient": ("""
import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize
def cost_of(theta, y):
    K = np.exp(theta[0]) * np.array([[2.0, 0.5], [0.5, 1.0]])
    half = cho_factor(K, lower=True)
    a = cho_solve(half, y)
    return 0.5 * y @ a + np.log(np.diag(half[0])).sum(), np.array([1.0 - 0.5 * y @ a])
best = minimize(cost_of, np.zeros(1), args=([1, 2],), jac=True)
""", {"theta": [0.3], "y": [0.4, -0.7]}, {"theta"}),
    "a likelihood and its score": ("""
import numpy as np
class Poisson:
    def __init__(self, endog, exog): self.endog, self.exog = endog, exog
    def loglike(self, params):
        line = self.exog @ params
        return np.sum(self.endog * line - np.exp(line))
    def score(self, params):
        return (self.endog - np.exp(self.exog @ params)) @ self.exog
""", {"params": [0.2, 0.1, -0.3], "endog": [1.0, 0.0], "exog": X["x"]}, {"params"}),
    "weights that are made where they are first needed, under private names": ("""
import numpy as np
class Dense:
    def __init__(self, units):
        self.units, self._w = units, None
    def forward(self, x):
        if self._w is None:
            self._w = np.random.randn(x.shape[1], self.units)
        self._x = x
        return x @ self._w
    def backward(self, grad):
        self._dw = self._x.T @ grad
        return grad @ self._w.T
""", {**X, "units": 2}, {"_w", "x"}),
    "the gradient of a weight alone": ("""
import numpy as np
class Dense:
    def __init__(self, n):
        self.w = np.random.randn(2, n)
    def __call__(self, x, h0=None):
        self.x = x
        return x @ self.w.T
    def backward(self, delta):
        return delta.T @ self.x
""", {"x": [[1.0, -2.0, 0.5]] * 3, "n": 3}, {"w"}),
    "what a step hands back under other names": ("""
import numpy as np
class Cell:
    def forward(self, x, h):
        h_t = np.tanh(x + 2 * h)
        return h_t
    def backward(self, delta, h_t, h_prev_l, h_prev_t):
        assert type(h_prev_l) == np.ndarray and np.allclose(h_t, np.tanh(h_prev_l + 2 * h_prev_t))
        dz = delta * (1 - h_t ** 2)
        return dz, 2 * dz
""", {"x": [0.3, -1.0], "h": [0.2, 0.5]}, {"x", "h"}),
}  # fmt: skip


@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_a_pass(name: str, check: Check) -> None:
    text, given, names = AROUND[name]
    found = check("script.py", given, {"script.py": text})
    judged = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert {name for name, verdict in judged.items() if verdict == "ok"} == names
    assert found["verdict"] in ("ok", "incomplete")
    assert "wrong" not in judged.values()


def test_what_a_library_gives_that_only_shows_is_computed_with_nowhere(check: Check) -> None:
    for line in ("y = x * plt.gca()", "y = x if plt.isinteractive() else -x", "y = x * (plt.gca() == 1)"):
        forward = f"import matplotlib.pyplot as plt\ndef f_forward(x):\n    {line}\n    return y, x\n"
        found = check("f.py", X, {"f.py": forward + "def f_backward(g, x):\n    return g\n"})
        assert found["error"]["line"] == 3


PARTS = """
import numpy as np
class Pair:
    def __init__(self, n):
        self.A, self.B = np.random.randn(n, 2), np.random.randn(2, n)
    def encoder_forward(self, x):
        self.x = x
        return x @ self.A
    def encoder_backward(self, g):
        self.dA = self.x.T @ g
        return g @ self.A.T
    def decoder_forward(self, z):
        self.z = z
        return z @ self.B
    def _compute_gradients(self, g):
        self.dB = self.z.T @ g
        return 2 * g @ self.B.T
"""


def test_a_method_of_a_class_by_its_name(check: Check) -> None:
    found = check("pair.py", {**X, "n": 3}, {"pair.py": PARTS})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"A": "ok", "x": "ok"}
    given = {"z": [[0.3, -1.0]], "n": 3}
    found = check("pair.py:Pair.decoder_forward --backward pair.py:Pair._compute_gradients", given)
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"B": "ok", "z": "wrong"}


def test_functions_and_objects_are_given_as_code(check: Check) -> None:
    """What a file imports with a star and nobody has, a helper of a helper, an activation, a list of layers."""
    helper = """
from missing_utils import *
def slope(x):
    return 2 * x * weigh(x)
def f_forward(x, curve):
    return curve(x) ** 2, x
def f_backward(g, x, curve):
    return g * slope(curve(x)) / weigh(curve(x)) / np.cosh(x) ** 2
"""
    found = check("f.py", {"x": X["x"], "curve": "np.tanh"}, {"f.py": helper})
    assert found["error"]["message"].startswith("weigh is not defined, and missing_utils is imported from elsewhere")
    assert found["error"]["hint"].endswith('or give it: --weigh "lambda x: …"')
    given = {"x": X["x"], "curve": "np.tanh", "weigh": "lambda x: np.ones_like(x)"}
    assert check("f.py", given, {"f.py": helper})["verdict"] == "ok"
    wrong = check("f.py", {**given, "curve": "lambda x: np.tanh(2 * x)"}, {"f.py": helper})
    assert wrong["verdict"] == "wrong"
    net = """
import numpy as np
class Scale:
    def __init__(self, factor):
        self.factor = factor
    def forward(self, x):
        return x * self.factor
    def backward(self, g):
        return g * self.factor
class Net:
    def __init__(self, layers):
        self.layers = layers
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
    def backward(self, g):
        for layer in reversed(self.layers):
            g = layer.backward(g)
        return g
"""
    given = {"x": X["x"], "layers": ["Scale(2)", "Scale(factor=0.5)"]}
    assert check("net.py:Net", given, {"net.py": net})["verdict"] == "ok"
    found = check("net.py:Net", {**given, "layers": ["Scale(2)", "Scale(rate=3)"]}, {"net.py": net})
    assert found["error"]["message"] == "__init__ has no parameter rate"


TAPE = """
import numpy as np
class Node:
    def __init__(self, value, requires_grad=False, made_by=None):
        self._data = np.asarray(value)
        self.requires_grad, self.made_by, self.users = requires_grad, made_by, []
        self.grad = np.zeros_like(self._data)
    def backward(self, above, user):
        self.grad = self.grad + above
        self.users.remove(user)
class Times:
    def forward(self, a, b, power=2):
        out = Node(a._data * b._data ** power, a.requires_grad or b.requires_grad, self)
        self.kept = a, b, power
        a.users.append(out)
        b.users.append(out)
        return out
    def backward(self, above, out):
        a, b, power = self.kept
        if a.requires_grad:
            a.backward(above * b._data ** power, out)
        if b.requires_grad:
            b.backward(above * a._data * power * b._data ** (power - 1), out)
"""


def test_an_operation_takes_objects_of_the_tape(check: Check) -> None:
    given = {"a": [0.5, -1.5], "b": [2.0, 0.7]}
    found = check("tape.py:Times", given, {"tape.py": TAPE})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("a", "ok"), ("b", "ok")]
    found = check("tape.py:Times", given, {"tape.py": TAPE.replace("* power *", "*")})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("a", "ok"), ("b", "wrong")]


OTHER_FORMS = {
    "a record, as a dictionary, whose entries the backward pass takes by their names": (
        {"x": X["x"], "weights": {"W1": [[1.0], [0.5], [-2.0]], "b1": [0.3]}},
        """
import numpy as np
type Record = dict[str, np.ndarray]
def f_forward(x, weights: Record):
    h = x @ weights.W1 + weights.b1
    return np.tanh(h), h
def f_backward(g, x, W1, h):
    g = g / np.cosh(h) ** 2
    return g @ W1.T, x.T @ g, g.sum(0)
""",
    ),
    "names that go forth and back, beside those that check what comes": (
        {"x": X["x"], "size": 3},
        """
import numpy as np
class Base:
    def propagate_checked(self, x):
        return self.propagate(x)
    def backpropagate_checked(self, delta):
        if delta.shape != self.last_shape:
            raise ValueError
        return self.backpropagate(delta)
    @property
    def last_shape(self):
        return self.before.shape
class Square(Base):
    def __init__(self):
        self.before = None
    def propagate(self, x):
        self.x = x
        return x ** 2 * self.size
    def backpropagate(self, delta):
        return 2 * self.x * delta * self.size
    @property
    def size(self):
        return self.before.size
""",
    ),
    "a slope beside what has it": (
        {"x": X["x"]},
        "import numpy as np\nclass Sine:\n    def call(self, x):\n        return np.sin(x)\n"
        "    def deriv(self, x):\n        return np.cos(x)\n",
    ),
    "a library imported with a star": (
        {"x": X["x"]},
        "from numpy import *\ndef f_forward(x):\n    return tanh(x) * pi, x\n"
        "def f_backward(g, x):\n    return g * pi / cosh(x) ** 2\n",
    ),
    "the compiled helpers of an assignment": (
        {"x": [[[[0.3, -1.2, 0.5], [0.9, 0.1, -0.4], [1.3, -0.7, 0.2]]]], "w": [[[[0.2, -0.5], [1.1, 0.4]]]]},
        """
import numpy as np
try:
    from course.im2col_cython import col2im_cython, im2col_cython
except ImportError:
    print("build it first")
def conv_forward(x, w):
    cols = im2col_cython(x, 2, 2, 1, 2)
    out = (w.reshape(1, -1) @ cols).reshape(1, 2, 2, 1).transpose(3, 0, 1, 2)
    return out, (x, w, cols)
def conv_backward(dout, cache):
    x, w, cols = cache
    d = dout.transpose(1, 2, 3, 0).reshape(1, -1)
    dcols = w.reshape(1, -1).T @ d
    return col2im_cython(dcols, *x.shape, 2, 2, 1, 2), (d @ cols.T).reshape(w.shape)
""",
    ),
    "a step of its own beside the gradients": (
        {"x": X["x"], "shape": [2, 3]},
        """
import numpy as np
class Scale:
    def __init__(self, shape):
        self.w = np.ones(shape[-1]) / 2
    def forward(self, x):
        self.x = x
        return x * self.w
    def gradient(self, eta):
        self.dw = (eta * self.x).sum(axis=0)
        return eta * self.w
    def backward(self, alpha=0.1):
        self.w -= alpha * self.dw
""",
    ),
    "a loss that is calculated, and its gradient": (
        {"p": X["x"], "label": [2, 0]},
        """
import numpy as np
class Softmax:
    def cal_loss(self, p, label):
        self.label = label
        e = np.exp(p - p.max(axis=1, keepdims=True))
        self.soft = e / e.sum(axis=1, keepdims=True)
        return -np.log(self.soft[np.arange(2), label]).sum()
    def gradient(self):
        d = self.soft.copy()
        d[np.arange(2), self.label] -= 1
        return d
""",
    ),
    "a loss and its backward pass by name": (
        {"mu": X["x"], "logvar": X["x"]},
        """
import numpy as np
def kl_loss(mu, logvar):
    return -0.5 * np.sum(1 + logvar - mu**2 - np.exp(logvar))
def kl_backward(mu, logvar):
    return mu, 0.5 * (np.exp(logvar) - 1)
""",
    ),
    "a slope that ends in d": (
        {"x": X["x"]},
        """
import numpy as np
def squash(x):
    return np.tanh(x)
def squash_d(x):
    return 1 - np.tanh(x)**2
""",
    ),
    "tabs and places of Python 2": (
        {"x": [0.3, -0.2, 0.9, 0.4]},
        """
import numpy as np
def pool_forward(x):
    out = np.zeros(len(x) / 2)
    for i in range(0, len(x), 2):
\tout[np.arange(4)[i] / 2] = x[i:i + 2].sum()
    return out, x
def pool_backward(dout, x):
    dx = np.zeros_like(x)
    for i in np.arange(start=0, stop=len(x), step=1):
\tdx[i] = dout[i / 2]
    return dx
""",
    ),
}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_forms_of_frameworks_of_ones_own_and_of_courses(check: Check, name: str) -> None:
    given, text = OTHER_FORMS[name]
    assert check("form.py", given, {"form.py": text})["verdict"] == "ok"


UNCONNECTED = """
import numpy as np
class Layer:
    def __init__(self):
        self.net = self.before = None
    def connect(self, net, before):
        self.net, self.before = net, before
    @property
    def input_shape(self):
        return self.before.shape
class Flat(Layer):
    def propagate(self, x):
        return x.reshape(-1) * self.net.rate
    def backpropagate(self, delta):
        return delta.reshape(*self.input_shape) * self.net.rate
"""


def test_what_a_framework_would_set_is_asked_for(check: Check) -> None:
    """That nobody connected a layer is no mistake of its backward pass."""
    given = {"x": X["x"], "net": {"rate": 0.5}, "input_shape": [2, 3]}
    assert check("flat.py:Flat", given, {"flat.py": UNCONNECTED})["verdict"] == "ok"
    for missing, name in (("net", "net"), ("input_shape", "before")):
        rest = {key: value for key, value in given.items() if key != missing}
        found = check("flat.py:Flat", rest, {"flat.py": UNCONNECTED})["error"]
        assert found["kind"] == "variable"
        assert found["hint"].startswith(
            f"{name} is None: connect() sets it, and nobody calls that; give it, like --{name} "
        )


def test_what_only_stands_for_something_makes_no_pass_wrong(check: Check) -> None:
    """A function of a library that is not known for data is none of Python's mistakes."""
    text = """
import numpy as np
def f_forward(x):
    return x * 2, x
def f_backward(g, x):
    return g * np.add(np.multiply, 2)
"""
    found = check("f.py", {"x": X["x"]}, {"f.py": text})
    assert found["error"]["kind"] == "name"
    assert found["error"]["line"] == 6


def test_several_passes_of_a_class_are_found_by_its_name(check: Check) -> None:
    text = """
class Net:
    def forward_pass_a(self, x):
        self.x = x
        return x ** 2
    def backward_pass_a(self, g):
        return 2 * self.x * g
"""
    assert check("net.py:Net", {"x": X["x"]}, {"net.py": text})["verdict"] == "ok"


CALLED = """
import numpy as np
class Layer:
    def __init__(self, units, act, act_prime, cost):
        self.w, self.act, self.act_prime, self.cost = np.full((units, units), 0.5), act, act_prime, cost
    def forward(self, x):
        self.x, self.z = x, x @ self.w
        return self.act(self.z)
    def backward(self, grad, learning_rate):
        grad = grad * self.act_prime(self.z)
        self.w -= learning_rate * self.x.T @ grad
        return grad @ self.w.T
"""


def test_the_hint_gives_a_function_for_what_is_called(check: Check) -> None:
    """And a number for the rate of steps: with what the hint says, the pass runs."""
    hint = check("layer.py", {}, {"layer.py": CALLED.replace("cost):", "cost=None):")})["error"]["hint"]
    given = dict(re.findall(r"--(\w+) '([^']*)'", hint))
    assert given["act"] == "np.tanh"
    assert given["act_prime"] == "lambda x: 1 - np.tanh(x)**2"
    assert (given["units"], given["learning_rate"]) == ("3", "0.1")


@pytest.mark.parametrize(
    ("text", "given"),
    [("squash(x) * x", '--squash "lambda x: …"'), ("x * SIZE", "--SIZE 1.0"), ("x * factr", "did you mean factor?")],
)
def test_what_nothing_defines_can_be_given(check: Check, text: str, given: str) -> None:
    code = f"factor = 3.0\ndef f_forward(x):\n    return {text}, x * factor\ndef f_backward(g, y):\n    return g\n"
    assert given in check("f.py", {"x": X["x"]}, {"f.py": code})["error"]["hint"]


def test_a_function_may_stand_in_a_cell_that_is_no_python(check: Check) -> None:
    cells = ["def f_forward(x):\n    y = ### your code\n    return y", "def g_forward(x):\n    return x"]
    book = json.dumps({"cells": [{"cell_type": "code", "source": one} for one in cells]})
    found = check("book.ipynb:f_forward", {"x": X["x"]}, {"book.ipynb": book})["error"]
    assert found["message"] == "there is no function f_forward"
    assert "cell 1 of book.ipynb is left out" in found["hint"]


CHECKED = """
import numpy as np
def real(a):
    a = np.asarray(a)
    if not np.issubdtype(a.dtype, np.number) or np.issubdtype(a.dtype, np.complexfloating) or np.iscomplexobj(a):
        raise TypeError("no real numbers")
    return a
def cost_and_gradients(features, labels, weights, bias):
    features, weights, bias = map(real, (features, weights, bias))
    if not np.issubdtype(np.asarray(labels).dtype, np.integer) or np.issubdtype(features.dtype, int):
        raise TypeError("labels are integers")
    kind = np.result_type(features.dtype, weights.dtype, np.float32, 1.0)
    off = features.astype(np.promote_types(kind, float), copy=False) @ weights.T + bias - labels[:, None]
    d = 2 * off / len(features)
    weight_gradient = d.T @ features
    bias_gradient = d.sum(axis=0)
    return float(np.sum(off**2) / len(features)), weight_gradient, bias_gradient
"""


def test_kinds_of_elements_are_asked_for_and_gradients_are_of_one_of_many(check: Check) -> None:
    """`weight_gradient` is that of `weights`: it was taken for none, and a right pass was wrong."""
    given = {"features": [[0.3, 1.0], [-1.0, 0.5]], "labels": [1, 0], "weights": [[0.5, -1.0]], "bias": [0.1]}
    found = check("fit.py", given, {"fit.py": CHECKED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"weights": "ok", "bias": "ok"}, found


BACKWARDS = """
import numpy as np
def bend_forward(x, w):
    h = np.tanh(x @ w)
    return h, x, w
def bend_backwards(dh, cache):
    h, x, w = cache
    da = dh * (1 - h**2)
    return da @ w.T, x.T @ da
class Twice:
    def forward(self, x):
        return 2 * x
    def backword(self, d):
        return 2 * d
"""


def test_a_backward_pass_by_another_spelling_takes_apart_all_that_was_returned(check: Check) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5]], "w": [[0.5, -1.0], [2.0, 0.3]]}
    for name in ("bend_forward", "Twice"):
        assert check(f"bend.py:{name}", given, {"bend.py": BACKWARDS})["verdict"] == "ok"


def test_a_function_in_a_file_of_its_own_stands_for_one_of_a_file_that_is_not_there(check: Check) -> None:
    files = {
        "squash.py": "import numpy as np\ndef squash(x):\n    return 1 / (1 + np.exp(-x))\n",
        "net.py": "from utils import squash, draw\ndef net_forward(x):\n    y = squash(x)\n    return y, y\n"
        "def net_backward(dy, y):\n    return dy * y * (1 - y)\n",
    }
    assert check("net.py", {"x": [0.3, -1.0]}, files)["verdict"] == "ok"


def test_what_an_optimizer_does_with_gradients_is_no_pass(check: Check) -> None:
    files = {
        "steps.py": "def momentum(dW, v, keep=0.9):\n    v['dW'] = keep * v['dW'] + dW\n    return v['dW'], v\n",
        "layer.py": "from steps import momentum\nclass Layer:\n    def forward(self, x):\n        return 2 * x\n"
        "    def backward(self, d):\n        return 2 * d\n    def step(self):\n        return momentum(1.0, {})\n",
    }
    assert "takes x, which is not given" in check("layer.py", {}, files)["error"]["message"]


@pytest.mark.parametrize(
    ("slope", "told"),
    [("p - y", "what the sigmoid makes it of"), ("(p - y) * p * (1 - p)", "")],
)
def test_a_loss_with_the_slope_of_the_layer_before_it_is_said_to_have_it(slope: str, told: str, check: Check) -> None:
    text = f"""
import numpy as np
class Entropy:
    def forward(self, p, y):
        self.p, self.y = p, y
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))
    def backward(self):
        p, y = self.p, self.y
        return {slope}
"""
    found = check("loss.py", {"p": [0.3, 0.6, 0.2], "y": [1.0, 0.0, 0.0]}, {"loss.py": text})
    assert found["verdict"] == "wrong"
    assert any("the slope of that is in it" in one and told in one for one in found["remarks"]) == bool(told)


@pytest.mark.parametrize(("name", "verdict"), [("dlogits", "ok"), ("dprobs", "wrong")])
def test_a_loss_of_probabilities_may_give_the_gradient_of_logits_by_that_name(
    name: str, verdict: str, check: Check
) -> None:
    text = f"""
import numpy as np
def loss_forward(probs, y):
    return -np.sum(y * np.log(probs)) / len(y)
def loss_backward(probs, y):
    {name} = (probs - y) / len(y)
    return {name}
"""
    given = {"probs": [[0.2, 0.8], [0.6, 0.4]], "y": [[0.0, 1.0], [1.0, 0.0]]}
    found = check("loss.py", given, {"loss.py": text})
    assert found["verdict"] == verdict
    told = "dlogits is the gradient of what a softmax makes probs of, as its name says"
    assert (told in found["remarks"]) == (verdict == "ok")


def test_values_for_a_layer_are_told_from_its_methods_and_names(check: Check) -> None:
    text = """
import numpy as np
class Dense:
    def __init__(self, number_neurons, hidden_dim):
        self.number_neurons, self.w = number_neurons, np.ones((3, number_neurons))
    def product(self, x, w):
        return np.matmul(x, w)
    def forward(self, x, image):
        shape = image.shape
        return self.product(x, self.w) + shape[2]
    def backward(self, d):
        return d @ self.w.T
"""
    hint = check("dense.py", {}, {"dense.py": text})["error"]["hint"]
    assert re.search(r"--x 'randn\(\d,3\)' --image 'randn\(4,3,5\)' --number_neurons '3' --hidden_dim '3'", hint), hint


def test_a_product_with_none_says_which_attribute_nobody_set(check: Check) -> None:
    text = """
import numpy as np
class Dense:
    def __init__(self):
        self.w = None
    def begin(self, columns):
        self.w = np.ones((columns, 2))
    def forward(self, x):
        return np.dot(x, self.w)
    def backward(self, d):
        return d @ self.w.T
"""
    found = check("dense.py", {"x": [[0.3, 1.0, 2.0]]}, {"dense.py": text})["error"]
    assert found["message"] == "np.dot cannot be computed of None"
    assert found["hint"] == "w is None: begin() sets it, and nobody calls that; give it, like --columns '3'"
    assert check("dense.py", {"x": [[0.3, 1.0, 2.0]], "columns": 3}, {"dense.py": text})["verdict"] == "ok"


STEP = """
import numpy as np
def step_forward(x, w, v):
    h = np.tanh(x @ w)
    y = h @ v
    kept = (x, w, v, h)
    return h, y, kept
def step_backward(dy, saved):
    x, w, v, h = saved
    da = (dy @ v.T) * (1 - h**2)
    return da @ w.T, x.T @ da, h.T @ dy
"""


@pytest.mark.parametrize("columns", [[[0.5, -1.0], [0.3, 2.0]], [[0.5, -1.0, 0.2], [0.3, 2.0, -0.4]]])
def test_the_gradient_from_above_is_of_the_result_whose_name_it_has(columns: list[Any], check: Check) -> None:
    """It was taken for that of the first one, and a right pass was wrong."""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "w": [[0.5, -1.0], [2.0, 0.3]], "v": columns}
    found = check("step.py", given, {"step.py": STEP})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"x": "ok", "w": "ok", "v": "ok"}, found
    asked = check("step.py", given, {"step.py": STEP.replace("    kept", "    y = {0: y}\n    kept")})["error"]
    assert asked["message"] == "the backward pass takes the gradient of y, which is no array and no number"


LABELLED = """
import numpy as np
class Entropy:
    def forward(self, predictions, targets):
        return -np.sum(targets * np.log(predictions), axis=1)
    def backward(self, d_values, y_true):
        columns = len(d_values[0])
        return -y_true / d_values / len(d_values) * columns / y_true.shape[1]
"""


def test_labels_may_have_another_name_in_the_backward_pass(check: Check) -> None:
    given = {"predictions": [[0.3, 0.7], [0.6, 0.4], [0.2, 0.8]], "targets": [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]}
    found = check("loss.py", given, {"loss.py": LABELLED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"predictions": "ok"}, found
    wrong = check("loss.py", given, {"loss.py": LABELLED.replace("-y_true / d_values", "y_true / d_values**2")})
    assert wrong["verdict"] == "wrong"


SCALED = """
import numpy as np
class Scaled:
    def __init__(self, size):
        self.weights = np.ones((1, size)) * 0.5
        self.weights_grad = np.zeros((1, size))
    def forward(self, X):
        return np.tanh(X) * self.weights
    def backward_delta(self, input, delta):
        return delta * self.weights * (1 - np.tanh(input) ** 2)
    def backward_update_gradient(self, input, delta):
        self.weights_grad += (delta * np.tanh(input)).sum(0)
"""


def test_a_backward_pass_in_parts_is_one(check: Check) -> None:
    """Each is called; what the input is called is its own affair, and a mistake in one of them has its line."""
    given = {"X": [[0.3, -1.0], [0.7, 2.0]], "size": 2}
    found = check("scaled.py", given, {"scaled.py": SCALED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"X": "ok", "weights": "ok"}
    assert "input of the backward pass is taken for X" in found["remarks"]
    (line,) = check("scaled.py", given, {"scaled.py": SCALED.replace("* np.tanh(input)).", "* input).")})["lines"]
    assert (line["function"], line["line"]) == ("backward_update_gradient", 12)


def test_helpers_of_a_file_that_is_not_there_are_what_they_usually_are(check: Check) -> None:
    """Those of usual names alone; where two results are taken, what is kept is what they were given."""
    text = """
import numpy as np
from course_utils import sigmoid, sigmoid_backward, shuffled
def gate_forward(z):
    a, kept = sigmoid(z)
    return a, kept
def gate_backward(da, kept):
    return SLOPE
"""
    right = text.replace("SLOPE", "sigmoid_backward(da, kept)")
    found = check("gate.py", {"z": [0.3, -2.0]}, {"gate.py": right})
    assert found["verdict"] == "ok"
    assert "course_utils.py is not there: sigmoid, sigmoid_backward are what they usually are" in found["remarks"]
    assert check("gate.py", {"z": [0.3, -2.0]}, {"gate.py": text.replace("SLOPE", "da * kept")})["verdict"] == "wrong"
    unknown = check("gate.py", {"z": [0.3, -2.0]}, {"gate.py": text.replace("SLOPE", "shuffled(da, kept)")})
    assert "imported from elsewhere" in str(unknown)


def test_weights_of_parts_that_a_network_steps_itself_are_inputs(check: Check) -> None:
    text = """
import numpy as np
class Dense:
    def __init__(self, a, b):
        self.W = np.linspace(-1, 1, a * b).reshape(a, b)
    def forward(self, X):
        self.X = X
        return X @ self.W
    def backward(self, dZ):
        return self.X.T @ dZ, dZ @ self.W.T
class Net:
    def __init__(self, size):
        self.lr = 0.1
        self.first, self.last = Dense(size, 3), Dense(3, 1)
    def forward(self, X):
        self.h = np.tanh(self.first.forward(X))
        return 1 / (1 + np.exp(-self.last.forward(self.h)))
    def backward(self, y, out):
        dW2, dh = self.last.backward(out - y)
        dW1, _ = self.first.backward(dh * (1 - self.h ** 2))
        self.last.W -= self.lr * dW2
        self.first.W -= self.lr * dW1
"""
    given = {"X": [[0.3, -1.0], [0.7, 2.0]], "y": [[0.0], [1.0]], "size": 2}
    found = check("net.py:Net", given, {"net.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"first.W": "ok", "last.W": "ok"}
    assert "no gradient comes out for X" in found["remarks"]  # a network that learns takes data


def test_of_several_passes_that_lack_something_the_one_that_takes_what_is_given_is_told(check: Check) -> None:
    text = """
def double(v):
    return 2 * v
def double_grad(v):
    return 2
def forward(x, net):
    return x * net, (x, net)
def backward(d, cache):
    return d * cache[1], d * cache[0]
"""
    assert check("two.py", {"x": 1.5}, {"two.py": text})["error"]["message"] == "forward takes net, which is not given"


def test_gradients_in_a_tuple_of_their_own_are_taken_in_order(check: Check) -> None:
    text = """
import numpy as np
def step_forward(x, w, b):
    return x @ w + b
def step_backward(g, x_in, w, b):
    return g @ w.T, (x_in.T @ g, g.sum(0))
"""
    given = {"x": [[0.3, -1.0], [0.7, 2.0]], "w": [[0.5], [2.0]], "b": [0.1]}
    found = check("step.py", given, {"step.py": text})
    assert [one["verdict"] for one in found["gradients"]] == ["ok", "ok", "ok"]


def test_what_has_the_name_of_an_input_and_of_a_result_is_the_input_where_shapes_differ(check: Check) -> None:
    text = """
import numpy as np
class Dense:
    def __init__(self, rows, columns):
        self.W = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
    def forward(self, x):
        x = x @ self.W
        return x, {}
    def backward(self, x, cache, d_out):
        self.dW = x.T @ d_out
        return d_out @ self.W.T
"""
    found = check("dense.py", {"x": [[0.3, -1.0, 0.5]], "rows": 3, "columns": 2}, {"dense.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"x": "ok", "W": "ok"}
