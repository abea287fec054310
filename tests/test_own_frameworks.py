"""Frameworks that people build for themselves: packages in circles, values that know their operators, own contexts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backprop.errors import Problem
from conftest import Check, in_process
from test_python_reader import read

PACKAGE = {
    "tiny/__init__.py": """
small = False
if small:
    from tiny.simple import Box
else:
    from tiny.core import Box
    from tiny.core import prepare
    import tiny.ops
prepare()
""",
    "tiny/device.py": """
import numpy as np
on_card = True
try:
    import cupy
except ImportError:
    on_card = False
from tiny import Box
def library(x):
    if isinstance(x, Box):
        x = x.data
    return cupy.get_array_module(x) if on_card else np
""",
    "tiny/core.py": """
import contextlib
import weakref
import numpy as np
import tiny
class Settings:
    keep = True
@contextlib.contextmanager
def setting(name, value):
    before = getattr(Settings, name)
    setattr(Settings, name, value)
    try:
        yield value
    finally:
        setattr(Settings, name, before)
class Box:
    def __init__(self, data, level=0):
        if not isinstance(data, np.ndarray):
            raise TypeError("a Box holds an array")
        self.data, self.level = data, level
class Step:
    def __call__(self, *given):
        given = [one if isinstance(one, Box) else Box(np.asarray(one)) for one in given]
        out = self.forward(*[one.data for one in given])
        found = Box(out if not np.isscalar(out) else np.array(out), max([one.level for one in given]) + 1)
        if Settings.keep:
            self.given, self.made = given, weakref.ref(found)
        return found
class Times(Step):
    def forward(self, a, b):
        return a * b
    def backward(self, g):
        a, b = self.given
        return g * b, g * a
def times(a, b):
    return Times()(a, b)
def prepare():
    Box.__mul__ = times
    Box.__rmul__ = times
""",
    "tiny/ops.py": """
import tiny
from tiny.core import Step, setting
from tiny import device
def max(x):
    return tiny.ops.Sine()(x)
class Sine(Step):
    def forward(self, x):
        return device.library(x).sin(x)
    def backward(self, g):
        x, = self.given
        with setting("keep", True) as kept:
            assert kept
            return g * tiny.ops.Cosine()(x)
class Cosine(Step):
    def forward(self, x):
        return device.library(x).cos(x)
    def backward(self, g):
        return g * max(self.given[0]) * -1.0
""",
}


def test_a_framework_in_files_that_import_each_other(check: Check) -> None:
    found = check("tiny/ops.py:Sine", {"x": [0.5, -1.0, 2.0]}, PACKAGE)
    assert found.get("verdict") == "ok", found
    wrong = {**PACKAGE, "tiny/ops.py": PACKAGE["tiny/ops.py"].replace(".cos(x)", ".sin(x)")}
    assert check("tiny/ops.py:Sine", {"x": [0.5, -1.0, 2.0]}, wrong)["verdict"] == "wrong"


def test_operators_that_only_the_package_asks_for(check: Check) -> None:
    """A class may get its operators from a function that nobody calls in what is read, here while it is in a circle."""
    text = PACKAGE["tiny/core.py"].replace("def prepare():", 'def prepare():\n    """Say what * is."""')
    for package in ({**PACKAGE, "tiny/core.py": text}, {"tiny/core.py": text}):
        found = check("tiny/core.py:Times", {"a": [0.5, 2.0], "b": [3.0, -1.0]}, package)
        assert found.get("verdict") == "ok", found


BARE = """
import numpy as np
class Box:
    def __init__(self, data):
        self.data = data
class Step:
    def __call__(self, *given):
        self.given = [Box(one) for one in given]
        return Box(self.forward(*given))
class Times(Step):
    def forward(self, a, b):
        return a * b
    def backward(self, g):
        return g * self.given[1].data, g * self.given[0].data
class Slide(Step):
    def forward(self, x):
        return 3 * x
    def backward(self, g):
        return Slope(self)(g)
class Slope:
    def __init__(self, whose):
        self.like = whose.given[0].data
    def __call__(self, g):
        return g * np.full_like(self.like, 3)
"""


@pytest.mark.parametrize(
    ("name", "given"), [("Times", {"a": [0.5, 2.0], "b": [3.0, 1.0]}), ("Slide", {"x": [1.0, 2.0]})]
)
def test_gradients_from_above_that_are_no_objects(check: Check, name: str, given: dict[str, Any]) -> None:
    """Outputs are in objects, and gradients are arrays all the same; the object itself may be handed on."""
    found = check(f"bare.py:{name}", given, {"bare.py": BARE})
    assert found.get("verdict") == "ok", found
    wrong = BARE.replace("[0].data\n", "[1].data\n").replace("full_like(self.like, 3)", "full_like(self.like, 2)")
    assert check(f"bare.py:{name}", given, {"bare.py": wrong})["verdict"] == "wrong"


def test_a_class_of_the_name_in_another_file_is_another(check: Check) -> None:
    """What a file imports from may have a class of the name of its own."""
    files = {
        "other.py": "class Layer:\n    def __init__(self, size):\n        pass\ndef twice(x):\n    return 2 * x\n",
        "mine.py": "from other import twice\nclass Layer:\n    def forward(self, x):\n        return twice(x)\n"
        "    def backward(self, g):\n        return twice(g)\n",
    }
    assert check("mine.py:Layer", {"x": [1.0, 2.0]}, files).get("verdict") == "ok"


NAMED = """
import numpy as np
def half(x):
    return x / 2
def half_slope(x):
    return 0.5
class Named:
    def forward(self, x, name):
        self.name = name
        return globals()[name](x)
    def backward(self, g):
        return g * globals()[self.name + "_slope"](g)
"""


def test_functions_by_a_name_that_is_a_text(check: Check) -> None:
    assert check("named.py", {"x": [1.0, 2.0], "name": "half"}, {"named.py": NAMED}).get("verdict") == "ok"


CONTEXTS = """
class Doubled:
    def __init__(self, log):
        self.log = log
    def __enter__(self):
        self.log.append("in")
        return 2.0
    def __exit__(self, kind, value, trace):
        self.log.append("out")
@contextmanager
def noted(log, word):
    log.append(word)
    yield word
    log.append(word + word)
def f(x, log):
    for i in range(3):
        with Doubled(log) as two, noted(log, "a"):
            if i == 1:
                return two * x
log = []
y = f(3.0, log)
"""


def test_contexts_of_the_users_own() -> None:
    names = read(CONTEXTS)
    assert names["y"] == 6.0
    assert names["log"] == ["in", "a", "aa", "out", "in", "a", "aa", "out"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("from collections import defaultdict\nd = defaultdict(list)\nd['a'].append(1.0)\nf = d['a'] + d['b']", [1.0]),
        ("import collections\nc = collections.Counter([1, 2, 1])\nc[3] += 1\nf = [c[1], c[3], c[7]]", [2, 1, 0]),
        ("f = np.zeros(2, 'f').dtype == float", True),
        ("f = np.zeros(2, dtype=np.float32)[0] + 1e-12", 1e-12),
        ("f = np.finfo(np.float64).eps", 2.0**-52),
        ("f = 'relu' is 're' + 'lu'", True),
        ("f = '{}_{b}{1:.3f}{{}}'.format('W', 2, b='b')", "W_b2{}"),
        ("f = np.einsum_path('i,i->', np.ones(2), np.ones(2), optimize='greedy')[0]", None),
        ("f = np.random.randint(0, 2**31 - 1) > 5", True),
        ("import numpy\nf = np is numpy", True),
        ("v = np.arange(4.0)\nf = np.lib.stride_tricks.as_strided(v, (3, 2), (8, 8)).sum()", 9.0),
        ("v = np.ones(4)\nw = np.lib.stride_tricks.as_strided(v, (2, 2), (8, 8))\nw[0, 1] = 9\nf = v[1]", 9.0),
        ("a = np.random.RandomState(3).randn(2)\nnp.random.seed(3)\nf = (a - np.random.randn(2)).sum()", 0.0),
    ],
)  # fmt: skip
def test_what_is_read_beside_arrays(text: str, value: Any) -> None:
    found = read(text)["f"]
    assert found == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("f = np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 3), (8, 8))", "reach beyond the 4 elements"),
        ("f = np.lib.stride_tricks.as_strided(np.arange(4.0), (3, 2), (8, 4))", "end within an element"),
        ("f = np.lib.stride_tricks.as_strided(np.arange(4.0)[::2], (2,), (8,))", "does not lie in order"),
        ("f = np.lib.stride_tricks.as_strided(np.arange(4.0), (2,), (-8,))", "reach beyond"),
        ("raise ValueError('not so')", "this raises an error here: not so"),
        ("with np.ones(2) as x:\n    pass", "with a value of kind ndarray is not read"),
        ("class A:\n    pass\nA.__add__ = 3", "reaches into Python itself"),
    ],
)
def test_what_is_not_read_is_told(text: str, message: str) -> None:
    with pytest.raises(Problem, match=message):
        read(text)


def test_windows_of_memory_have_gradients(check: Check) -> None:
    text = """
import numpy as np
def slide_forward(x, w):
    n = len(x) - len(w) + 1
    windows = np.lib.stride_tricks.as_strided(x, shape=(n, len(w)), strides=(x.itemsize, x.itemsize))
    return windows @ w, (windows, w, len(x))
def slide_backward(g, cache):
    windows, w, n = cache
    dx = np.zeros(n)
    for i in range(len(g)):
        dx[i : i + len(w)] += g[i] * w
    return dx, windows.T @ g
"""
    assert (
        check("slide.py", {"x": [0.0, 0.8, 0.9, 0.1, -0.8], "w": [0.5, -1.0]}, {"slide.py": text}).get("verdict")
        == "ok"
    )


NESTED = """
import numpy as np
class Net:
    def __init__(self, sizes):
        self.Ws = [np.ones((a, b)) * 0.3 for a, b in zip(sizes, sizes[1:])]
        self.params = {"layers": [{"c": np.full(b, 0.5)} for b in sizes[1:]]}
    def forward(self, x):
        self.hs = [x]
        for W, one in zip(self.Ws, self.params["layers"]):
            self.hs.append(np.tanh(self.hs[-1] @ W + one["c"]))
        return self.hs[-1]
    def backward(self, g):
        self.dWs = [None] * len(self.Ws)
        grads = {"layers": [{} for _ in self.Ws]}
        for l in range(len(self.Ws))[::-1]:
            g = g * (1 - self.hs[l + 1] ** 2)
            self.dWs[l] = self.hs[l].T @ g
            grads["layers"][l]["c"] = g.sum(axis=0)
            g = g @ self.Ws[l].T
        return g, grads
class Listed:
    def __init__(self, size):
        self.params = [np.ones((size, 2)), np.zeros(2)]
        self.grads = [np.zeros_like(one) for one in self.params]
    def forward(self, x):
        W, b = self.params
        self.x = x
        return x @ W + b
    def backward(self, g):
        self.grads[0][...] = self.x.T @ g
        self.grads[1] += g.sum(axis=0)
        return g @ self.params[0].T
def net_forward(x, params):
    out = x
    for one in params["all"]:
        out = out * one["w"]
    return out, (x, params)
def net_backward(g, cache):
    x, params = cache
    ws = [one["w"] for one in params["all"]]
    grads = {"all": [{"w": (g * x * np.prod(ws) / w).sum()} for w in ws]}
    return g * np.prod(ws), grads
"""


@pytest.mark.parametrize(
    ("name", "given", "judged"),
    [
        ("Net", {"sizes": [2, 3, 1]}, ["Ws[0]", "Ws[1]", "params['layers'][0]['c']", "params['layers'][1]['c']", "x"]),
        ("Listed", {"size": 2}, ["params[0]", "params[1]", "x"]),
        ("net_forward", {"params": {"all": [{"w": 2.5}, {"w": 3.0}]}}, ["params.all.0.w", "params.all.1.w", "x"]),
    ],
)  # fmt: skip
def test_gradients_in_containers(name: str, given: dict[str, Any], judged: list[str], check: Check) -> None:
    x = [[0.1, -0.3], [0.5, 0.2]]
    found = check(f"nested.py:{name}", {"x": x, **given}, {"nested.py": NESTED})
    assert found.get("verdict") == "ok", found
    assert sorted(one["name"] for one in found["gradients"]) == judged
    wrong = NESTED.replace("1 - self.hs[l + 1] ** 2", "1 - self.hs[l + 1]").replace("+= g.sum", "+= 2 * g.sum")
    wrong = wrong.replace("/ w)", ")")
    assert check(f"nested.py:{name}", {"x": x, **given}, {"nested.py": wrong})["verdict"] == "wrong"


LABELLED = """
import numpy as np
class Net:
    def __init__(self, size):
        self.params = {"W": np.linspace(-1, 1, size * 3).reshape(size, 3), "b": np.full(3, 0.1)}
    def forward(self, x):
        hidden = np.tanh(x)
        scores = hidden @ self.params["W"] + self.params["b"]
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return hidden, powers / powers.sum(axis=1, keepdims=True)
    def backward(self, hidden, guess, y):
        d = guess.copy()
        d[np.arange(len(y)), y] -= 1
        d /= len(y)
        self.grads = {"W": hidden.T @ d, "b": d.sum(axis=0)}
def fit_forward(x, w):
    return x @ w
def fit_backward(x, w, guess, y):
    return {"w": x.T @ (guess - y) / len(y) PENALTY}
"""
GIVEN = {"x": [[0.1, -0.3], [0.5, 0.2], [-1.0, 0.7]], "y": [0, 2, 1]}


def test_a_loss_that_does_not_stand_in_the_code_is_found_by_its_gradients(check: Check) -> None:
    text = LABELLED.replace("PENALTY", "")
    found = check("labelled.py:Net", {**GIVEN, "size": 2}, {"labelled.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {
        "params['W']": "ok", "params['b']": "ok", "x": "missing",
    }, found  # fmt: skip
    assert any("what is judged is the gradient of the cross-entropy with y" in one for one in found["remarks"])
    wrong = text.replace("hidden.T @ d,", "2 * hidden.T @ d,")
    found = check("labelled.py:Net", {**GIVEN, "size": 2}, {"labelled.py": wrong})
    assert [one["line"] for one in found["lines"]] == [15]
    fit = {**GIVEN, "w": [0.5, -2.0], "y": [0.1, 0.2, 0.3]}
    found = check("labelled.py:fit_forward", fit, {"labelled.py": text})
    assert [one["verdict"] for one in found["gradients"] if one["name"] == "w"] == ["ok"], found
    found = check("labelled.py:fit_forward", fit, {"labelled.py": LABELLED.replace("PENALTY", "+ 0.1 * w")})
    assert found["error"]["message"] == "no loss of y stands in the code, and none that is usual fits"


ALIKE = """
import numpy as np
class Quadratic:
    def loss(self, A, b, x):
        off = A @ x - b
        grad = A.T @ off
        return 0.5 * np.sum(off * off), grad
class Linear:
    def __init__(self, size):
        self.W = np.ones((size, 1))
    def loss(self, x, y):
        off = x @ self.W - y
        dW = 2 * x.T @ off
        return np.sum(off * off), dW
"""


def test_gradients_in_another_order_go_by_their_names(check: Check) -> None:
    text = """
class Add:
    def forward(self, X, b):
        return X + b
    def backward(self, X, b, dZ):
        dX = dZ * 1.0
        db = dZ.sum(axis=0)
        return db, dX
"""
    assert check("add.py:Add", {"X": [[1.0, 2.0]], "b": [0.5, 1.0]}, {"add.py": text}).get("verdict") == "ok"


def test_a_gradient_that_no_name_tells_apart_is_of_the_input_that_it_fits(check: Check) -> None:
    given = {"A": [[2.0, 0.5], [0.3, 1.0]], "b": [0.5, -1.0], "x": [1.0, 2.0]}
    found = check("alike.py:Quadratic", given, {"alike.py": ALIKE})
    assert [(one["name"], one["verdict"]) for one in found.get("gradients", ())] == [("x", "ok")], found
    assert check("alike.py:Quadratic", given, {"alike.py": ALIKE.replace("A.T @ off", "A @ off")})["verdict"] == "wrong"
    found = check("alike.py:Linear", {"x": [[1.0, 2.0]], "y": [[0.5]], "size": 2}, {"alike.py": ALIKE})
    assert ("W", "ok") in [(one["name"], one["verdict"]) for one in found["gradients"]], found


OPERATIONS = {
    "autograd.py": """
import enum
import numpy
class Kind(enum.Enum):
    LAZY = 'lazy'
    EAGER = 'eager'
class Op:
    def __call__(self, *args):
        return Tensor.made_by(self, args)
class Tensor:
    grad: "Tensor"
    def __init__(self, array, kind=Kind.EAGER):
        self.fill(None, [], Kind(kind), numpy.array(array))
    def fill(self, op, inputs, kind, cached_data=None):
        self.op, self.inputs, self.kind, self.cached_data = op, inputs, kind, cached_data
    @staticmethod
    def made_by(op, inputs):
        made = Tensor.__new__(Tensor)
        made.fill(op, inputs, Kind.EAGER)
        if made.kind != Kind.EAGER:
            raise ValueError(made.kind.value)
        made.cached_data = op.compute(*[one.cached_data for one in inputs])
        return made
    def __mul__(self, other):
        return Times()(self, other)
class Times(Op):
    def compute(self, a, b):
        return a * b
    def gradient(self, out_grad, node):
        left, right = node.inputs
        return out_grad * right, out_grad * left
""",
    "ops.py": """
from .autograd import Op, Tensor
import numpy
class Sum(Op):
    def __init__(self, axes, shape):
        self.axes, self.shape = axes, shape
    def compute(self, a):
        return numpy.sum(a, axis=self.axes)
    def gradient(self, out_grad: Tensor, node: Tensor):
        return Spread(node.inputs[0].cached_data.shape, self.axes)(out_grad)
class Spread(Op):
    def __init__(self, shape, axes):
        self.shape, self.axes = shape, axes
    def compute(self, a):
        return numpy.broadcast_to(numpy.expand_dims(a, self.axes), self.shape)
    def gradient(self, out_grad, node):
        return Sum(self.axes, self.shape)(out_grad)
""",
}


@pytest.mark.parametrize(("name", "given"), [
    ("autograd.py:Times", {"a": [1.5, -2.0], "b": [0.3, 0.7]}),
    ("ops.py:Sum", {"a": [[1.5, -2.0], [0.3, 0.1]], "axes": [1], "shape": [2, 2]}),
])  # fmt: skip
def test_operations_on_nodes_that_hold_their_inputs(name: str, given: dict[str, Any], check: Check) -> None:
    """The gradient of an operation is computed by other operations, on the user's own tensors."""
    found = check(name, given, OPERATIONS)
    assert found["verdict"] == "ok"
    assert [one["name"] for one in found["gradients"]] == [one for one in ("a", "b") if one in given]


def test_a_package_in_a_circle_has_the_names_of_all_its_modules(check: Check) -> None:
    files = {
        "deep/__init__.py": "from . import ops\n",
        "deep/base.py": "import deep\ndef twice(x):\n    return deep.ops.add(x, x)\n",
        "deep/ops/__init__.py": "from .plain import *\n",
        "deep/ops/plain.py": "from ..base import twice\ndef add(a, b):\n    return a + b\n"
        "def f_forward(x):\n    return twice(x), None\ndef f_backward(g, kept):\n    return twice(g)\n",
    }
    assert check("deep/ops/plain.py", {"x": [1.0, 2.0]}, files)["verdict"] == "ok"


def test_classes_of_a_circle_are_made_from_what_is_read_later(check: Check) -> None:
    """Also where the file has the name of a library."""
    files = {
        "deep/__init__.py": "from . import ops\n",
        "deep/autograd.py": "import deep\nclass Rule:\n    def __call__(self, x):\n        return self.compute(x)\n",
        "deep/ops/__init__.py": "from .plain import *\n",
        "deep/ops/plain.py": "from ..autograd import Rule\nclass Twice(Rule):\n"
        "    def compute(self, x):\n        return 2 * x\n",
        "deep/ops/more.py": "from ..autograd import Rule\nfrom .plain import *\nclass Four(Rule):\n"
        "    def compute(self, x):\n        return 4 * x\n"
        "    def backward(self, g):\n        return Twice()(Twice()(g))\n",
    }
    found = check("deep/ops/more.py:Four", {"x": [1.0, 2.0]}, files)
    assert found.get("verdict") == "ok", found


ANEW = """
import numpy as np
def squash(z):
    return np.tanh(z)
class Net:
    def __init__(self, sizes):
        self.count = len(sizes)
        self.offsets = [np.random.randn(n, 1) for n in sizes[1:]]
        self.weights = [np.random.randn(n, m) for m, n in zip(sizes[:-1], sizes[1:])]
    def feedforward(self, a):
        for b, w in zip(self.offsets, self.weights):
            a = squash(np.dot(w, a) + b)
        return a
    def backprop(self, x, y):
        nabla_b = [np.zeros(b.shape) for b in self.offsets]
        nabla_w = [np.zeros(w.shape) for w in self.weights]
        outs = [x]
        for b, w in zip(self.offsets, self.weights):
            outs.append(squash(w @ outs[-1] + b))
        delta = (outs[-1] - y) * (1 - outs[-1] ** 2)
        for l in range(1, self.count):
            if l > 1:
                delta = self.weights[1 - l].T @ delta * (1 - outs[-l] ** 2)
            nabla_b[-l] = delta
            nabla_w[-l] = delta @ outs[-l - 1].T
        return nabla_b, nabla_w
"""


def test_a_method_that_goes_forward_and_back_by_itself(check: Check) -> None:
    """Its input has the name that it has there or in the method that only goes forward; its gradients are in lists."""
    for name in ("x", "a"):
        found = check("net.py", {name: [[0.5], [-1.0]], "y": [[0.0], [1.0]], "sizes": [2, 3, 2]}, {"net.py": ANEW})
        assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {
            "offsets[0]": "ok", "offsets[1]": "ok", "weights[0]": "ok", "weights[1]": "ok",
        }, found  # fmt: skip
    assert "takes a, y" in check("net.py", {"sizes": [2, 3, 2]}, {"net.py": ANEW})["error"]["message"]
    wrong = {"net.py": ANEW.replace("delta * (1 - outs[-l] ** 2)", "delta * (1 - outs[-l])")}
    found = check("net.py", {"x": [[0.5], [-1.0]], "y": [[0.0], [1.0]], "sizes": [2, 3, 2]}, wrong)
    assert [one["line"] for one in found["lines"]] == [23], found


KEPT_IN_LAYERS = """
import numpy as np
class Layer:
    def __init__(self):
        self.input = None
        self.output = None
        self.output_deltas = None
class Mixing(Layer):
    def __init__(self, rows, columns):
        super().__init__()
        self.w = np.linspace(-1, 1, rows * columns).reshape(rows, columns)
        self.v = self.w.T.copy()
    def forward_pass(self):
        self.output = np.tanh(self.input @ self.w)
        return self.output
    def backward_pass(self, settings):
        rate, decay = settings
        if decay:
            self.w *= 1 - rate * decay
        deltas = self.output_deltas * (1 - self.output ** 2)
        self.input_deltas = deltas @ self.w.T
        self.w += rate * (self.input.T @ deltas)
        return self.input_deltas
"""


def test_a_layer_that_keeps_what_comes_from_above(check: Check) -> None:
    """The gradient from above stands in an attribute; weights may go up, and settings of a step have no gradient."""
    given = {"input": [[0.1, -0.3], [0.5, 0.2]], "rows": 2, "columns": 3, "settings": [0.1, 0.0]}
    found = check("layer.py:Mixing", given, {"layer.py": KEPT_IN_LAYERS})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {"input": "ok", "w": "ok"}, found
    bounded = """
import numpy as np
class Bounded:
    def __init__(self, delta=1.5):
        self.delta = delta
    def forward(self, a, y):
        return self.delta * np.sum((a - y) ** 2)
    def gradient(self, a, y):
        return 2 * self.delta * (a - y)
"""
    found = check("bounded.py:Bounded", {"a": [0.5, 2.0], "y": [0.25, 1.0]}, {"bounded.py": bounded})
    assert found.get("verdict") == "ok", found  # a setting is no gradient, whatever it is called
    wrong = {"layer.py": KEPT_IN_LAYERS.replace("(1 - self.output ** 2)", "(1 - self.output)")}
    assert [one["line"] for one in check("layer.py:Mixing", given, wrong)["lines"]] == [20]


BUILT = """
import numpy as np
class Base:
    def __init__(self):
        self.input_shape = None
        self.optimizer = None
    def build(self, input_shape):
        self.input_shape = input_shape
    def fits(self, shape):
        assert self.input_shape[1:] == shape[1:]
class Mixing(Base):
    def __init__(self, units):
        super().__init__()
        self.units = units
        self.params = {"W": None, "b": None}
    def build(self, input_shape):
        super().build(input_shape)
        self.params["W"] = np.linspace(-1, 1, input_shape[1] * self.units).reshape(-1, self.units)
        self.params["b"] = np.zeros(self.units)
    def forward(self, inputs):
        self.fits(inputs.shape)
        self.inputs = inputs
        return inputs @ self.params["W"] + self.params["b"]
    def backward(self, grads):
        changes = {"dW": self.inputs.T @ grads, "db": grads.sum(axis=0)}
        self.optimizer.update(self, changes)
        return grads @ self.params["W"].T
"""


def test_a_layer_that_its_framework_builds_and_an_optimizer_moves(check: Check) -> None:
    """Weights are made for the shape of the input, and their gradients handed to an optimizer that nobody gives."""
    given = {"inputs": [[0.1, -0.3], [0.5, 0.2], [1.0, 0.4]], "units": 2}
    found = check("built.py:Mixing", given, {"built.py": BUILT})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {
        "params['W']": "ok", "params['b']": "ok", "inputs": "ok",
    }, found  # fmt: skip
    wrong = {"built.py": BUILT.replace("grads.sum(axis=0)", "grads.mean(axis=0)")}
    assert [one["line"] for one in check("built.py:Mixing", given, wrong)["lines"]] == [25]


STEPS = """
import numpy as np
class Net:
    def __init__(self, n):
        self.w = np.linspace(-1, 1, n * n).reshape(n, n)
    def forward(self, inputs):
        self.states = {-1: np.zeros((len(self.w), 1))}
        outs = []
        for t in range(len(inputs)):
            self.states[t] = np.tanh(self.w @ self.states[t - 1] + inputs[t])
            outs.append(self.states[t])
        return outs
    def backward(self, targets):
        dw, behind = np.zeros_like(self.w), 0
        for t in reversed(range(len(targets))):
            d = (self.states[t] - targets[t] + behind) * (1 - self.states[t] ** 2)
            dw += d @ self.states[t - 1].T
            behind = self.w.T @ d
        self.dw = dw
def scale_forward(x, w):
    return x * w, (x, w)
def scale_backward(dout, cache):
    x, w = cache
    dx, dw = dout * w, dout * x
    for one in (dx, dw):
        np.clip(one, -0.5, 0.5, out=one)
    return dx, dw
class Rated:
    def __call__(self, a, y, rated=True):
        self.off = a - y
        loss = np.sum(self.off ** 2) / 2
        if rated:
            hits = np.abs(self.off) < 0.5
            return hits.mean(), loss
        return loss
    def gradient(self):
        return self.off
"""


def test_outputs_of_steps_gradients_in_bounds_and_a_loss_behind_a_rate(check: Check) -> None:
    """Bounds of gradients are no mistake; what is wrong in them is."""
    given = {"inputs": [[[0.5], [-0.25]], [[1.5], [0.75]]], "targets": [[[0.0], [1.0]], [[-3.0], [0.5]]], "n": 2}
    found = check("steps.py:Net", given, {"steps.py": STEPS})
    assert [one["verdict"] for one in found.get("gradients", []) if one["name"] == "w"] == ["ok"], found
    wrong = {"steps.py": STEPS.replace("[t] ** 2)", "[t])").replace("dout * w, dout * x", "dout * w, dout * x * x")}
    assert check("steps.py:Net", given, wrong)["error"]["message"].startswith("no loss of targets stands in the code")
    given = {"x": [0.5, 2.0, -0.1], "w": [3.0, 0.1, 0.2]}
    found = check("steps.py:scale_forward", given, {"steps.py": STEPS})
    assert found.get("verdict") == "ok", found
    assert any("keeps gradients in bounds" in one for one in found["remarks"])
    found = check("steps.py:scale_forward", given, wrong)
    assert {one["name"]: one["verdict"] for one in found["gradients"]}["w"] == "wrong"
    found = check("steps.py:Rated", {"a": [0.5, 2.0], "y": [0.25, 1.0]}, {"steps.py": STEPS})
    assert found.get("verdict") == "ok", found


GIVEN_FUNCTIONS = """
import numpy as np
def bent(x):
    return x ** 3
def bent_slope(x):
    return 3 * x ** 2
class Activation:
    def __init__(self, function, slope):
        self.function, self.slope = function, slope
    def forward(self, x):
        self.x = x
        return self.function(x)
    def backward(self, g):
        return g * self.slope(self.x)
"""


def test_functions_that_are_given_by_their_names(check: Check) -> None:
    files = {"given.py": GIVEN_FUNCTIONS}
    given = {"x": [0.5, -2.0], "function": "bent", "slope": "bent_slope"}
    assert check("given.py:Activation", given, files).get("verdict") == "ok"
    assert check("given.py:Activation", {**given, "function": "exp", "slope": "exp"}, files).get("verdict") == "ok"
    assert check("given.py:Activation", {**given, "slope": "bent"}, files)["verdict"] == "wrong"
    unknown = check("given.py:Activation", {**given, "function": "curved"}, files)["error"]
    assert unknown["hint"] == "nothing that is read here defines curved", unknown


SLOPES_ALONE = """
class Vertex:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, parents, 0.0
class Operation:
    def __call__(self, *given):
        return self.forward(*given)
class Times(Operation):
    @staticmethod
    def forward(x, y):
        return Vertex(x.value * y.value)
    @staticmethod
    def backward(x, y):
        return y.value, x.value
class Square(Operation):
    @staticmethod
    def forward(x):
        return Vertex(x.value ** 2)
    @staticmethod
    def backward(x):
        return (2 * x.value,)
"""


REGISTERED = """
import numpy as np
OPERATIONS = {}
def register(name):
    def around(cls):
        OPERATIONS[name] = cls
        return cls
    return around
class Tensor:
    def __init__(self, value, children=(), requires_grad=True):
        self.value, self.grad, self.children = np.asarray(value), np.zeros_like(value), children
@register("exp")
class Exp:
    def forward(x):
        return np.exp(x.value)
    def backward(g, x, out):
        return [g * out.value * x.value / x.value]
"""


def test_operations_that_a_decorator_makes_static_take_their_result_as_a_tensor(check: Check) -> None:
    given = {"x": [0.7, -1.3]}
    assert check("ops.py", given, {"ops.py": REGISTERED})["verdict"] == "ok"
    wrong = check("ops.py", given, {"ops.py": REGISTERED.replace("g * out.value *", "2 * g * out.value *")})
    assert [one["line"] for one in wrong["lines"]] == [17]


@pytest.mark.parametrize(("name", "wrong"), [("Times", "y.value, y.value"), ("Square", "(3 * x.value,)")])
def test_operations_without_an_object_take_and_make_values(check: Check, name: str, wrong: str) -> None:
    """Both passes get the values, whose own gradients nobody has set; where a first parameter keeps nothing, it is no
    context, though both passes begin with it."""
    given = {"x": 0.7, "y": -1.3}
    assert check(f"ops.py:{name}", given, {"ops.py": SLOPES_ALONE})["verdict"] == "ok"
    text = SLOPES_ALONE.replace("y.value, x.value" if name == "Times" else "(2 * x.value,)", wrong)
    assert check(f"ops.py:{name}", given, {"ops.py": text})["verdict"] == "wrong"


MARGINS = """
import numpy as np
class Line:
    def __init__(self, size, alpha=0.5):
        self.w, self.b, self.alpha, self.outputs = np.full(size, 0.3), 0.1, alpha, []
    def forward(self, X):
        OUT
    def backward(self, X, y):
        BACK
        self.dw, self.db = d @ X + MORE, d.sum()
"""


@pytest.mark.parametrize(
    ("out", "back", "told"),
    [
        ("return X @ self.w + self.b", "d = -(y * (y * self.forward(X) < 1)) / 3", "the hinge loss with y"),
        ("self.outputs = [x @ self.w + self.b for x in X]", "d = np.array(self.outputs) - y", "squared error with y"),
    ],
)
def test_a_loss_of_margins_and_outputs_that_are_kept_in_a_list(check: Check, out: str, back: str, told: str) -> None:
    text = MARGINS.replace("OUT", out).replace("BACK", back)
    given = {"X": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "y": [1, -1, 1], "size": 2}
    found = check("line.py", given, {"line.py": text.replace("MORE", "0")})
    assert {one["name"]: one["verdict"] for one in found["gradients"] if one["name"] != "X"} == {"w": "ok", "b": "ok"}
    assert told in str(found["remarks"])
    penal = check("line.py", given, {"line.py": text.replace("MORE", "self.alpha * self.w")})["error"]
    assert "with a penalty on w: let a function loss return their sum" in penal["hint"]


HELD_LABELS = """
import numpy as np
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def slope(s):
    return s * (1 - s)
class Network:
    def __init__(self, x, y):
        self.input, self.y = x, y
        self.first, self.second = np.full((x.shape[1], 3), 0.4), np.array([[0.5], [-0.3], [0.8]])
    def feedforward(self):
        self.layer = sigmoid(self.input @ self.first + np.arange(3))
        self.output = sigmoid(self.layer @ self.second)
    def backprop(self):
        error = 2 * (self.y - self.output) * slope(self.output)
        d_second = self.layer.T @ error
        d_first = self.input.T @ (error @ self.second.T * slope(self.layer))
        self.first += d_first
        self.second += d_second
"""
COST = """
    def mean_error(self, y):
        return np.mean((y - self.output) ** 2)
"""


def test_a_network_holds_its_labels_and_takes_its_own_steps_up(check: Check) -> None:
    """What it takes no rate for is the gradient itself; and a function that both passes call is not blamed."""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "y": [[1], [0], [1]]}
    found = check("network.py", given, {"network.py": HELD_LABELS})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"first": "ok", "second": "ok"}, found
    assert "squared error with y" in str(found["remarks"])
    found = check(
        "network.py", given, {"network.py": HELD_LABELS.replace("* slope(self.layer)", "* sigmoid(self.layer)")}
    )
    (line,) = [one for one in found["lines"] if one["verdict"] == "wrong"]
    assert (line["line"], "slope(self.layer)" in line["write"]) == (17, True), found


def test_a_cost_may_take_the_labels_alone(check: Check) -> None:
    text = (
        (HELD_LABELS + COST)
        .replace("def backprop(self):", "def backprop(self, labels):")
        .replace("(self.y -", "(labels -")
    )
    text = text.replace("2 * (labels", "2 / 3 * (labels").replace("self.input, self.y = x, y", "self.input = x")
    text = text.replace("def __init__(self, x, y)", "def __init__(self, x)")
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "labels": [[1], [0], [1]]}
    found = check("network.py", given, {"network.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"first": "ok", "second": "ok"}, found
    assert "the gradient of mean_error with labels" in str(found["remarks"]), found


PREPARED = """
import numpy as np
class Layer:
    def __init__(self, rate=0.9):
        self.training, self.rate = False, rate
    def init_params(self, input_size):
        self.channels = input_size[-1]
        self.gamma = np.ones(self.channels)
    def train(self, mode=True):
        self.training = mode
    def forward(self, x):
        self.flat = x.reshape(-1, self.channels)
        return self.flat * self.gamma * (2 if self.training else 1)
    def backward(self, d):
        if not self.training:
            raise ValueError("not in training")
        self.dgamma = 2 * (d * self.flat).sum(axis=0)
        return 2 * d * self.gamma
"""


def test_a_layer_is_made_ready_with_what_is_given_and_keeps_the_weights_it_is_given(check: Check) -> None:
    """The method that a framework calls may take something, and makes weights anew; a backward pass is of training."""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5]], "input_size": [2, 2]}
    found = check("layer.py", given, {"layer.py": PREPARED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"gamma": "ok", "x": "ok"}, found
    asked = check("layer.py", {"x": given["x"]}, {"layer.py": PREPARED})["error"]
    assert asked["kind"] == "variable"
    assert asked["hint"].startswith(
        "channels is not there: init_params() sets it, and nobody calls that; give it, like --input_size "
    )


MOMENTUM = """
import numpy as np
class Line:
    def __init__(self, lr, beta):
        self.w, self.lr, self.beta = np.array([[0.5, -1.0], [2.0, 0.3]]), lr, beta
        self.v = np.zeros_like(self.w)
    def forward(self, x):
        self.x = x
        return x @ self.w
    def backward(self, d):
        dw = self.x.T @ d
        dx = d @ self.w.T
        self.v = self.beta * self.v + (1 - self.beta) * dw
        self.w -= self.lr * self.v
        return dx
"""


def test_a_step_along_a_running_mean_is_of_the_gradient_in_it(check: Check) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "lr": 0.1, "beta": 0.9}
    found = check("line.py", given, {"line.py": MOMENTUM})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "x": "ok"}, found
    wrong = check("line.py", given, {"line.py": MOMENTUM.replace("dw = self", "dw = 2 * self")})
    assert [(one["line"], one["write"]) for one in wrong["lines"]] == [(11, "dw = self.x.T @ d")]


INSIDE = """
import numpy as np
class Bend:
    def forward(self, x):
        self.x = x
        return np.tanh(x)
    def backward(self, d):
        return d * (1 - np.tanh(self.x)**2)
class Block:
    def __init__(self):
        self.w, self.shift, self.bend = np.array([[0.5, -1.0], [2.0, 0.3]]), 0.0, Bend()
    def forward(self, x):
        self.x = x
        return self.bend.forward(x @ self.w) + self.shift
    def backward(self, d, rate=0.001):
        dshift = d.sum(axis=0, keepdims=True)
        d = self.bend.backward(d)
        dw = self.x.T @ d
        dx = d @ self.w.T
        self.w -= rate * dw
        self.shift -= rate * dshift
        return dx
"""


def test_steps_behind_a_backward_pass_of_the_same_name_inside(check: Check) -> None:
    """A number that becomes an array by its first step has the sum of that array as its gradient."""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]]}
    found = check("block.py:Block", given, {"block.py": INSIDE})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "shift": "ok", "x": "ok"}, found
    wrong = check("block.py:Block", given, {"block.py": INSIDE.replace("dw = self", "dw = 2 * self")})
    assert [one["line"] for one in wrong["lines"]] == [18]


NORMED = """
import numpy as np
class Norm:
    def __init__(self, keep=0.9):
        self.keep, self.scale, self.shift, self.mean, self.rate = keep, None, None, None, None
    def begin(self, columns):
        self.scale, self.shift = np.ones((1, columns)), np.zeros((1, columns))
        self.mean = np.zeros((1, columns))
    def forward(self, x):
        self.mean = self.keep * self.mean + (1 - self.keep) * x.mean(axis=0)
        self.centred = x - x.mean(axis=0)
        return self.scale * self.centred + self.shift
    def backward(self, d):
        self.d_scale = (d * self.centred).sum(axis=0, keepdims=True)
        self.d_shift = d.sum(axis=0, keepdims=True)
        d = d * self.scale
        return d - d.mean(axis=0)
    def update(self, rate):
        self.scale -= rate * self.d_scale
        self.shift -= rate * self.d_shift
"""


def test_what_only_moves_an_attribute_does_not_make_a_layer_ready(check: Check) -> None:
    """A running mean is read before it is set, so what begins it is called, also where the weights are known already; a
    step, which sets weights as well, is not."""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "columns": 2}
    found = check("norm.py", given, {"norm.py": NORMED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"scale": "ok", "shift": "ok", "x": "ok"}
    asked = check("norm.py", {"x": given["x"], "rate": 0.1}, {"norm.py": NORMED})["error"]
    assert asked["hint"] == "mean is None: begin() sets it, and nobody calls that; give it, like --columns '3'"


PREDICTING = """
import numpy as np
class Layer:
    def __init__(self, w):
        self.w, self.kept = w, np.zeros((3, 2))
    def forwardPropagate(self, rows):
        return np.tanh(rows @ self.w)
    def storingForwardPropagate(self, rows):
        self.rows, self.kept = rows, np.tanh(rows @ self.w)
        return self.kept
    def backwardPropagate(self, incoming, learningRate):
        change = (1 - self.kept**2) * incoming
        handed = change @ self.w.T
        self.w -= learningRate * (self.rows.T @ change)
        return handed
"""


def test_a_forward_pass_that_only_predicts_is_not_that_of_a_backward_pass(check: Check) -> None:
    given = {"rows": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "w": [[0.5, -1.0], [2.0, 0.3]], "learningRate": 0.1}
    found = check("layer.py", given, {"layer.py": PREDICTING})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"rows": "ok", "w": "ok"}, found
    wrong = check("layer.py", given, {"layer.py": PREDICTING.replace("1 - self.kept**2", "1 - self.kept")})
    assert [one["line"] for one in wrong["lines"]] == [12]


SHORT = """
import numpy as np
class Dense:
    def __init__(self):
        self.weights, self.biases = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([0.1, -0.2])
        self.{w} = np.zeros((2, 2))
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.biases
    def backward(self, d):
        self.{w} = self.x.T @ d
        self.{b} = d.sum(axis=0)
        return d @ self.weights.T
"""


@pytest.mark.parametrize(("w", "b"), [("dW", "db"), ("dw", "dB"), ("w_gradient", "b_gradient"), ("grad_w", "grad_b")])
def test_gradients_in_short_of_weights_that_an_object_makes(w: str, b: str, check: Check) -> None:
    """They were not judged, and a mistake in them was ok."""
    given, text = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]]}, SHORT.format(w=w, b=b)
    found = check("dense.py", given, {"dense.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"weights": "ok", "biases": "ok", "x": "ok"}
    wrong = check("dense.py", given, {"dense.py": text.replace("self.x.T @ d", "2 * self.x.T @ d")})
    assert [(one["line"], one["write"]) for one in wrong["lines"]] == [(11, f"self.{w} = self.x.T @ d")]


PENALIZED = """
import numpy as np
class Dense:
    def __init__(self, l1=0.0, l2=0.0):
        self.weights, self.bias = np.array([[0.5, -1.0], [2.0, 0.3]]), np.array([0.1, -0.2])
        self.l1, self.l2 = l1, l2
    def forward(self, x):
        self.x = x
        return x @ self.weights + self.bias
    def backward(self, d):
        self.dweights = self.x.T @ d
        if self.l1 > 0:
            self.dweights += self.l1 * np.where(self.weights < 0, -1, 1)
        if self.l2 > 0:
            self.dweights += 2 * self.l2 * self.weights
        self.dbias = d.sum(axis=0)
        return d @ self.weights.T
"""


@pytest.mark.parametrize("rates", [{"l2": 0.1}, {"l1": 0.05}, {"l1": 0.05, "l2": 0.1}])
def test_a_layer_may_add_the_slope_of_a_penalty_that_the_cost_counts(rates: dict[str, float], check: Check) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], **rates}
    found = check("dense.py", given, {"dense.py": PENALIZED})
    assert found["verdict"] == "ok", found
    assert "the backward pass adds the slope of a penalty on weights, which its forward pass lacks" in found["remarks"]
    for right, wrong in ((" self.x.T @ d", " 2 * self.x.T @ d"), (" d.sum(axis=0)", " 1 + d.sum(axis=0)")):
        told = check("dense.py", given, {"dense.py": PENALIZED.replace(right, wrong)})
        assert [one["write"].partition(" =")[2] for one in told["lines"]] == [right], told


@pytest.mark.parametrize("right", ["self.dweights += self.l1", "self.dweights += 2"])
def test_the_slope_of_a_penalty_that_is_taken_off_is_none(right: str, check: Check) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "l1": 0.05, "l2": 0.1}
    text = PENALIZED.replace(right, right.replace("+", "-"))
    assert check("dense.py", given, {"dense.py": text})["verdict"] == "wrong"


MADE = """
import numpy as np
from typing import overload
import uuid

class Step:
    def __call__(self, *given):
        return self.forward(*given)
    @overload
    def forward(self, x): ...
    @overload
    def forward(self, x, shape): ...

def step(cls):
    return type(cls.__name__, (cls, Step), {"key": str(uuid.uuid4())})

def twice(cls):
    class Inner:
        def forward(x, y):
            return 2 * cls.forward(x, y)
        def backward(g, x, y):
            a, b = cls.backward(g, x, y)
            return 2 * a, 2 * b
    Inner.__name__, Inner.__doc__ = cls.__name__, cls.__doc__
    return Inner

kinds = np.ndarray | list
kinds = None | kinds | float

@twice
class Times:
    def forward(x, y):
        assert isinstance(x, kinds) and isinstance(None, kinds) and not isinstance("", kinds)
        return x * y
    def backward(g, x, y):
        return g * y, g * x

@step
class Sine:
    def forward(self, x):
        if not np.can_cast(x.dtype, np.number) or np.can_cast(x.dtype, np.integer) or 7 in x:
            raise TypeError("numbers are wanted")
        self.x = x
        return np.sin(x)
    def backward(self, g):
        return g * np.cos(self.x)

@step
class SumTo:
    def forward(self, x, shape, keep):
        self.shape = x.shape
        out = x.sum(0, keepdims=keep)
        if out.shape != shape:
            raise ValueError("this is another shape")
        return out
    def backward(self, g):
        return np.broadcast_to(g, self.shape)
"""


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("Times", {"x": [0.5, 2.0], "y": [3.0, 1.0]}),
        ("Sine", {"x": [0.5, 2.0]}),
        ("SumTo", {"x": [[0.5, 2.0], [1.0, 3.0]], "shape": [1, 2], "keep": True}),
    ],
)
def test_classes_that_are_made_by_functions(check: Check, name: str, given: dict[str, Any]) -> None:
    """By `type()` with three arguments, by a decorator that hands back another class, with names that are set."""
    found = check(f"made.py:{name}", given, {"made.py": MADE})
    assert found.get("verdict") == "ok", found
    wrong = MADE.replace("g * y, g * x", "g * x, g * x").replace("g * np.cos", "g * np.sin")
    wrong = wrong.replace("broadcast_to(g, ", "broadcast_to(2 * g, ")
    assert check(f"made.py:{name}", given, {"made.py": wrong})["verdict"] == "wrong"


def test_words_of_json_in_an_option_are_what_they_are_in_json(tmp_path: Any) -> None:
    (tmp_path / "made.py").write_text(MADE)
    for keep in ("true", "True"):
        done = in_process(
            f"backprop check made.py:SumTo --x 'randn(3, 2)' --shape '[1, 2]' --keep {keep} --seed 1", tmp_path
        )
        assert done.returncode == 0, done.stderr


NUMBERS = """
import torch

class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: torch.Tensor, scale: torch.Tensor):
        scale = scale.to(x.device).type_as(x)
        ctx.save_for_backward(x, scale)
        return x * scale.exp()

    @staticmethod
    def backward(ctx, g: torch.Tensor):
        x, scale = ctx.saved_tensors
        return g * scale.exp(), (g * x * scale.exp()).sum()
"""


def test_a_number_for_what_is_said_to_be_a_tensor(check: Check) -> None:
    assert check("scaled.py", {"x": [0.5, 2.0], "scale": 0.5}, {"scaled.py": NUMBERS}).get("verdict") == "ok"
    wrong = NUMBERS.replace("(g * x *", "(g *")
    assert check("scaled.py", {"x": [0.5, 2.0], "scale": 0.5}, {"scaled.py": wrong})["verdict"] == "wrong"


MADE_FOR = """
import numpy as np
class Dense:
    def __init__(self, neurons):
        self.neurons, self.columns, self.w, self.shape = neurons, None, None, None
    def _begin(self):
        self.w = np.full((self.columns, self.neurons), 2 / self.columns)
    def build(self, input_shape):
        self.shape, self.columns = input_shape, input_shape[-1]
        self._begin()
        return (self.neurons,)
    def forward(self, x):
        if self.shape != x.shape[1:]:
            raise ValueError("built for another shape")
        self.x = x
        return x @ self.w
    def backward(self, d):
        self.dw = self.x.T @ d
        return d @ self.w.T
"""


def test_a_layer_is_built_with_a_shape_before_what_building_it_calls(check: Check) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.7, 0.2]], "neurons": 2, "input_shape": [2]}
    found = check("dense.py", given, {"dense.py": MADE_FOR})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "x": "ok"}, found


KEPT = """
import numpy as np

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = np.asarray(data, dtype=float), np.zeros_like(data, dtype=float)
        self.children = children
        self._backward = lambda: None

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward():
            self.grad = self.grad + other.data * out.grad
            other.grad = other.grad + self.data * out.grad

        out._backward = _backward
        return out

    def exp(self):
        out = Value(np.exp(self.data), (self,))

        def back():
            self.grad += out.data * out.grad

        out._backward = back
        return out

def softmax(x: Value, axis=-1):
    data = np.exp(x.data) / np.exp(x.data).sum(axis=axis, keepdims=True)
    out = Value(data, (x,))

    def backward():
        x.grad += data * (out.grad - (data * out.grad).sum(axis=axis, keepdims=True))

    out.back = backward
    return out
"""
HELD_ELSEWHERE = """
import numpy as np
from notes import noted

@noted
class Times:
    def forward(x, y):
        return x.value * y.value

    def backward(g, x, y, z):
        return [g * y.value, g * x.value]

class Root:
    def forward(x):
        x.noted = True
        return np.sqrt(x.value)

    def backward(g, x, z):
        return [g / (2 * z.value)]

def double_forward(x):
    return 2 * x.data

def double_backward(g, x):
    return 2 * g * np.ones(x.shape)
"""
NOTES = """
def noted(cls):
    class Function:
        def forward(x, y):
            x.noted, y.noted = x.shape, y.shape
            return cls.forward(x, y)

        def backward(g, x, y, z):
            a, b = cls.backward(g, x, y, z)
            return [a.reshape(x.noted), b.reshape(y.noted)]
    return Function
"""


@pytest.mark.parametrize(
    ("name", "given", "right", "wrong"),
    [
        ("Value.__mul__", {"self": [0.5, 2.0], "other": [3.0, 1.0]}, "other.data * out.grad", "self.data * out.grad"),
        ("Value.exp", {"self": [0.5, 2.0]}, "out.data * out.grad", "out.grad"),
        ("softmax", {"x": [[0.5, 2.0], [1.0, 3.0]]}, "+= data * (", "+= ("),
    ],
)
def test_operations_that_leave_their_backward_pass_in_the_result(
    check: Check, name: str, given: dict[str, Any], right: str, wrong: str
) -> None:
    found = check(f"kept.py:{name}", given, {"kept.py": KEPT})
    assert (found.get("verdict"), len(found["gradients"])) == ("ok", len(given)), found
    assert check(f"kept.py:{name}", given, {"kept.py": KEPT.replace(right, wrong)})["verdict"] == "wrong"


def test_a_file_of_such_operations_alone(check: Check) -> None:
    """They are found without a name, and what is given tells which are judged."""
    found = check("kept.py", {"x": [[0.5, 2.0], [1.0, 3.0]]}, {"kept.py": KEPT})
    assert found.get("verdict") == "ok", found


@pytest.mark.parametrize(
    ("name", "given", "right", "wrong"),
    [
        ("Times", {"x": [0.5, 2.0], "y": [3.0, 1.0]}, "[g * y.value", "[g * x.value"),
        ("Root", {"x": [0.5, 2.0]}, "(2 * z", "(z"),
        ("double_forward", {"x": [0.5, 2.0]}, "2 * g", "g"),
    ],
)
def test_inputs_in_objects_of_a_class_that_is_not_there(
    check: Check, name: str, given: dict[str, Any], right: str, wrong: str
) -> None:
    files = {"held.py": HELD_ELSEWHERE, "notes.py": NOTES}
    found = check(f"held.py:{name}", given, files)
    assert found.get("verdict") == "ok", found
    files["held.py"] = HELD_ELSEWHERE.replace(right, wrong)
    assert check(f"held.py:{name}", given, files)["verdict"] == "wrong"


KEEPING = """
import numpy as np

class Context:
    def __init__(self, of, *inputs):
        self.of, self.inputs, self.kept, self.named = of, inputs, (), {}
    def keep(self, *arrays):
        self.kept = arrays
    def note(self, name, value):
        self.named[name] = value

class Function:
    @classmethod
    def apply(cls, *given):
        note = Context(cls, *given)
        return cls.forward(note, *given)

class Rectify(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.keep(x)
        return np.maximum(x.data, 0).astype(float)
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.kept
        out = g.copy()
        out[x <= 0] = 0
        return out

class Pick(Function):
    @staticmethod
    def forward(ctx: Context, x, where):
        ctx.keep(x)
        ctx.note("where", where)
        return x[where]
    @staticmethod
    def backward(ctx, g):
        out, where = np.zeros_like(ctx.kept[0]), ctx.named["where"]
        if isinstance(where, slice):
            raise NotImplementedError
        np.add.at(out, where, g)
        return out

class Choose(Function):
    @staticmethod
    def forward(ctx, which, x, y):
        ctx.note("which", which)
        return np.where(which, x, y)
    @staticmethod
    def backward(ctx, g):
        return np.where(ctx.named["which"], g, 0), np.where(ctx.named["which"], 0, g)
"""


@pytest.mark.parametrize(
    ("of", "given", "right", "wrong"),
    [
        ("Rectify", "--x 'randn(4,3)'", "out[x <= 0] = 0", "out[x <= 0] = 1"),
        ("Pick", "--x 'randn(4,3)' --where 1", "np.add.at(out, where, g)", "np.add.at(out, where, -g)"),
        ("Choose", "--which '[[true, false], [false, true]]' --x 'randn(2,2)' --y 'randn(2,2)'", "0, g)", "g, 0)"),
    ],
)
def test_the_context_of_a_framework_is_made_as_its_apply_makes_it(
    of: str, given: str, right: str, wrong: str, tmp_path: Any
) -> None:
    """It keeps arrays by names of its own; arrays are NumPy's where nothing of torch is there; and what has no
    gradient, as a mask, may have no place in what is returned."""
    for text, status in ((KEEPING, 0), (KEEPING.replace(right, wrong), 1)):
        (tmp_path / "ops.py").write_text(text)
        done = in_process(f"backprop check ops.py:{of} {given} --seed 1", tmp_path)
        assert done.returncode == status, done.stderr
        assert status == 0 or "WRONG" in done.stdout


EXPONENT = """
import numpy as np

class Node:
    def __init__(self, data, by=None):
        self.data = np.array(data)
        self.by = by
        self.grad = np.zeros_like(self.data)

    def backward(self, grad):
        self.grad += grad
        if self.by is not None:
            self.by.backward(self.grad)

class Power:
    def forward(self, base, exponent):
        self.cache = base, exponent
        return Node(base.data ** exponent.data, self)

    def backward(self, above):
        base, exponent = self.cache
        base.backward(above * exponent.data * base.data ** (exponent.data - 1))
"""


def test_a_gradient_that_nobody_touched_is_missing_and_not_wrong(check: Check) -> None:
    given = {"base": [0.5, 1.2, 2.0], "exponent": [3.0, 2.5, -1.0]}
    found = check("ops.py:Power", given, {"ops.py": EXPONENT})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"base": "ok", "exponent": "missing"}
    assert (found["verdict"], found["lines"]) == ("incomplete", [])
    given["exponent"] = 3.5  # a setting
    assert check("ops.py:Power", given, {"ops.py": EXPONENT})["verdict"] == "ok"


MATRIX = [[0.5, -1.0, 2.0, 0.3], [0.1, 0.7, -0.4, 1.2], [-0.6, 0.2, 0.9, -1.1]]
RETURNED = """
import numpy as np
class Coder:
    def __init__(self, n, h):
        self.W_in = np.random.randn(n, h)
        self.b_in = np.zeros((1, h))
        self.W_out = np.random.randn(h, n)
    def forward(self, X):
        self.X = X
        self.a = np.tanh(X @ self.W_in + self.b_in)
        return self.a @ self.W_out
    def backward(self, above):
        back = above @ self.W_out.T * (1 - self.a**2)
        dy_dw_out = self.a.T @ above
        dy_dw_in, dy_db_in = self.X.T @ back, back.sum(0, keepdims=True)
        dx = back @ self.W_in.T
        return dy_dw_out, dy_dw_in, dy_db_in
"""


@pytest.mark.parametrize("returned", ["return dy_dw_out, dx,", "return dy_dw_out,"])
def test_gradients_of_own_weights_that_are_returned_under_names(check: Check, returned: str) -> None:
    """In whatever order, also where an input has the same shape."""
    given = {"n": 4, "h": 3, "X": MATRIX}
    text = RETURNED.replace("return dy_dw_out,", returned)
    found = check("coder.py:Coder", given, {"coder.py": text})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    ok = dict.fromkeys(["W_out", "W_in", "b_in"], "ok")
    assert verdicts == {**ok, "X": "ok" if "dx" in returned else "missing"}
    assert check("coder.py:Coder", given, {"coder.py": text.replace("1 - self", "2 - self")})["verdict"] == "wrong"


OF_CHAINER = """
import numpy
import six
from chainer import cuda, function, function_node
from chainer.utils import type_check
class Some(function.Function):
    def __init__(self, stride=2):
        self.stride = stride
    def check_type_forward(self, in_types):
        type_check.expect(in_types.size() == 1)
    def forward(self, xs):
        self.retain_inputs((0,))
        xp = cuda.get_array_module(xs[0])
        return xp.square(xs[0][:, ::self.stride]),
    def backward(self, xs, gys):
        x, gy = xs[0], gys[0]
        gx = numpy.zeros_like(x)
        gx[:, ::self.stride] = 2 * x[:, ::self.stride] * gy
        return gx,
class Mul(function_node.FunctionNode):
    def forward(self, inputs):
        self.retain_inputs((0, 1))
        a, b = inputs
        return a * b,
    def backward(self, indexes, grad_outputs):
        a, b = self.get_retained_inputs()
        g, = grad_outputs
        return g * b, g * a
class Exp(function_node.FunctionNode):
    def forward(self, x):
        self.retain_outputs((0,))
        return numpy.exp(x[0]),
    def backward(self, indexes, gy):
        return self.get_retained_outputs()[0] * gy[0],
class Turn(function_node.FunctionNode):
    def __init__(self, back=False):
        self.back = back
    def forward(self, inputs):
        x, = inputs
        for _ in six.moves.range(2):
            x = numpy.roll(x, -1 if self.back else 1, axis=1)
        return x,
    def backward(self, indexes, grad_outputs):
        gx, = Turn(not self.back).apply(grad_outputs)
        return gx,
"""
PICKED = """
import math
import numpy as np
class Tensor:
    def __init__(self, data, _children=()):
        self.data = np.asarray(data, dtype=float)
        self.grad = np.zeros_like(self.data)
        self._prev = set(_children)
        self._backward = lambda: None
    def max(self, dim):
        where = np.argmax(self.data, dim)
        out = Tensor(np.max(self.data, dim), (self,))
        def _backward():
            self.grad[np.arange(math.prod(where.shape)), where] += out.grad
        out._backward = _backward
        return out, where
class Pick:
    def __init__(self, places):
        self.places = places
    def forward(self, x):
        self.shape = x.shape
        return x[self.places]
    def backward(self, gy):
        gx = np.zeros(self.shape)
        np.add.at(gx, self.places, gy)
        return gx
"""


@pytest.mark.parametrize(
    ("name", "given", "right", "wrong"),
    [
        ("Some", {"xs": [[[1, 2, 3, 4], [1, 3, 5, 2.5]]]}, "= 2 * x", "= x"),
        ("Mul", {"inputs": [[1, 2], [3, 4.5]]}, "g * b, g * a", "g * a, g * b"),
        ("Exp", {"x": [[0.5, 0.7]]}, "[0] * gy", "[0] + gy"),
        ("Turn", {"inputs": [[[1, 2, 3.5], [2, 3, 4]]]}, "Turn(not ", "Turn("),
    ],
)
def test_functions_of_chainer(check: Check, name: str, given: dict[str, Any], right: str, wrong: str) -> None:
    """Inputs and gradients come in tuples; what is retained is asked for; a node is applied to gradients."""
    assert check(f"it.py:{name}", given, {"it.py": OF_CHAINER}).get("verdict") == "ok"
    assert check(f"it.py:{name}", given, {"it.py": OF_CHAINER.replace(right, wrong)}).get("verdict") == "wrong"


@pytest.mark.parametrize(
    ("name", "given"), [("Tensor.max", {"self": MATRIX, "dim": 1}), ("Pick", {"x": MATRIX, "places": [0, 2, 0]})]
)
def test_places_beside_a_result_and_in_a_list(check: Check, name: str, given: dict[str, Any]) -> None:
    assert check(f"it.py:{name}", given, {"it.py": PICKED}).get("verdict") == "ok"


EXPRESSIONS = """
import numpy as np
class Expr:
    def __init__(self, value, children=(), requires_grad=None):
        self._value = value
        self._children = tuple(children)
        self._tracks = requires_grad or any(one._tracks for one in children)
        self._grad = None
    @property
    def grad(self):
        return self._grad.view()
    def update(self, made):
        if self._tracks:
            self._grad = made() if self._grad is None else self._grad + made()
class Times(Expr):
    def __init__(self, a, b):
        super().__init__(value=a._value * b._value, children=(a, b))
        self._a, self._b = a, b
    def _backward(self, grad):
        self._a.update(lambda: grad * self._b._value)
        self._b.update(lambda: self._a._value * grad)
class Power(Expr):
    def __init__(self, a, exponent=3):
        super().__init__(value=a._value**exponent, children=(a,))
        self._a, self._exponent = a, exponent
    def _backward(self, grad):
        self._a.update(lambda: grad * self._exponent * self._a._value ** (self._exponent - 1))
class Node:
    def __init__(self, value, parents=()):
        self.value, self.parents, self.grad = value, list(parents), 0.0
class Logistic(Node):
    def __init__(self, b):
        self.b = b
        super().__init__(1 / (1 + np.exp(-b.value)), [b])
    def backward(self):
        self.b.grad += self.grad * self.value * (1 - self.value)
"""


def test_operations_whose_objects_compute_as_they_are_made(check: Check) -> None:
    found = check("it.py", {"a": MATRIX[0], "b": MATRIX[1]}, {"it.py": EXPRESSIONS})
    assert {one["name"]: one["verdict"] for one in found["passes"]} == dict.fromkeys(
        ["Times", "Power", "Logistic"], "ok"
    )
    wrong = EXPRESSIONS.replace("(self._exponent - 1)", "self._exponent")
    assert check("it.py:Power", {"a": MATRIX, "exponent": 2}, {"it.py": wrong})["verdict"] == "wrong"


KEPT_SO = """
import numpy as np
class Tensor:
    def __init__(self, data, parents=()):
        self.data = np.asarray(data, dtype=float)
        self.parents = parents
        self.grad = np.zeros_like(self.data)
        self.back = None
    def __mul__(self, other):
        out = Tensor(self.data * other.data, (self, other))
        def back(node):
            node.parents[0].grad += node.grad * node.parents[1].data
            node.parents[1].grad += node.grad * node.parents[0].data
        out.back = back
        return out
    def times(self, other):
        out = Tensor(self.data * other.data, (self, other))
        def back(g):
            self.grad += g * other.data
            other.grad += g * self.data
        out.back = back
        return out
    def product(self, other):
        out = Tensor(self.data * other.data, (self, other))
        def back(g):
            return g * other.data, g * self.data
        out.back = back
        return out
class Function:
    def __init__(self, kind, *args):
        self.kind, self.args = kind, args
class Mul(Function):
    @staticmethod
    def forward(x, y):
        return Tensor(x.data * y.data)
    @staticmethod
    def backward(ctx, grad):
        x, y = ctx.args
        return Tensor(grad.data * y.data), Tensor(grad.data * x.data)
class Saving:
    def __init__(self, *tensors):
        self.saved_tensors = []
    def save_for_backward(self, *tensors):
        self.saved_tensors.extend(tensors)
class Scale(Saving):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(y)
        ctx.save_for_backward(np.tanh(x))
        return np.tanh(x) * y
    @staticmethod
    def backward(ctx, g):
        y, out = ctx.saved_tensors
        return g * y * (1 - out**2), g * out
"""


@pytest.mark.parametrize("name", ["Tensor.__mul__", "Tensor.times", "Tensor.product", "Mul", "Scale"])
def test_what_an_operation_keeps_for_its_backward_pass(check: Check, name: str) -> None:
    """A backward pass that takes the result, or its gradient; an object of its class with the inputs; a context of the
    class itself, to which is added."""
    own = name.startswith("Tensor")
    given = {"self" if own else "x": MATRIX[0], "other" if own else "y": MATRIX[1]}
    assert check(f"it.py:{name}", given, {"it.py": KEPT_SO}).get("verdict") == "ok"
    wrong = KEPT_SO.replace("g * other", "other").replace("grad.data * y", "y")
    wrong = wrong.replace("g * y", "y").replace("node.grad * node.parents[1]", "node.parents[1]")
    assert check(f"it.py:{name}", given, {"it.py": wrong}).get("verdict") == "wrong"


STORED = {
    "boxes/__init__.py": "from .tensor import *\nfrom .scalars import *\nfrom .ops import *\n",
    "boxes/notes.py": """
from dataclasses import dataclass
@dataclass
class Context:
    kept: tuple = ()
    def save_for_backward(self, *kept):
        self.kept = kept
""",
    "boxes/stored.py": """
import numpy as np
class Stored:
    def __init__(self, flat, shape):
        self.flat, self.shape = np.array(flat), shape
class Backend:
    def both(self, a, b, function):
        return a.made([function(one, its) for one, its in zip(a.stored.flat, b.stored.flat)])
    def times(self, a, b):
        return self.both(a, b, lambda one, its: one * its)
""",
    "boxes/tensor.py": """
from __future__ import annotations
from typing import TYPE_CHECKING
import numpy as np
from .stored import Stored
from .ops import Flip, Twisted
if TYPE_CHECKING:
    from .stored import Backend
class Tensor:
    def __init__(self, stored: Stored, backend: Backend = None):
        assert isinstance(stored, Stored)
        self.stored, self.f = stored, backend
    def made(self, flat):
        return Tensor(Stored(flat, self.stored.shape), self.f)
    def to_numpy(self):
        return self.stored.flat.reshape(self.stored.shape)
    def __neg__(self):
        return Flip.apply(self)
""",
    "boxes/scalars.py": """
class Flip:
    @classmethod
    def apply(cls, x):
        return -float(x)
""",
    "boxes/ops.py": """
from __future__ import annotations
from typing import TYPE_CHECKING
import boxes
from .notes import Context
from .stored import Backend, Stored
if TYPE_CHECKING:
    from .tensor import Tensor
SIMPLE = Backend()
class Operation:
    @classmethod
    def _forward(cls, ctx, *given):
        return cls.forward(ctx, *given)
    @classmethod
    def _backward(cls, ctx, g):
        return cls.backward(ctx, g)
    @classmethod
    def apply(cls, *given):
        return cls._forward(Context(), *given)
class Times(Operation):
    @staticmethod
    def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a.f.times(a, b)
    @staticmethod
    def backward(ctx: Context, g: Tensor):
        a, b = ctx.kept
        return g.f.times(g, b), g.f.times(g, a)
class Flip(Operation):
    @staticmethod
    def forward(ctx: Context, a: Tensor) -> Tensor:
        return a.made([-one for one in a.stored.flat])
    @staticmethod
    def backward(ctx: Context, g: Tensor):
        return g.made([-one for one in g.stored.flat])
class Twisted(Operation):
    @staticmethod
    def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a.f.times(a, b)
    @staticmethod
    def backward(ctx: Context, g: Tensor):
        a, b = ctx.kept
        return g.f.times(g, b), -g.f.times(g, -a)
def tensor(rows, backend=SIMPLE):
    def flat(rows):
        return [one for row in rows for one in flat(row)] if isinstance(rows, list) else [rows]
    def shape(rows):
        return (len(rows), *shape(rows[0])) if isinstance(rows, list) else ()
    return boxes.tensor.Tensor(Stored(flat(rows), shape(rows)), backend)
""",
}


def test_tensors_that_a_function_makes_and_that_hold_arrays_in_a_form_of_their_own(check: Check) -> None:
    """Their class takes no array, its package is a circle, and another module of it has a class of the same name."""
    given = {"a": [[0.5, -1.0]], "b": [[1.0, 2.0]]}
    for name in ("Times", "Flip", "Twisted"):
        found = check(f"boxes/ops.py:{name}", given if name != "Flip" else {"a": given["a"]}, STORED)
        assert found.get("verdict") == "ok", found
    wrong = {**STORED, "boxes/ops.py": STORED["boxes/ops.py"].replace("g.f.times(g, b), g.f", "g.f.times(g, a), g.f")}
    assert check("boxes/ops.py:Times", given, wrong)["verdict"] == "wrong"


def test_a_base_that_leaves_its_passes_to_others_is_no_pair(check: Check) -> None:
    text = STORED["boxes/ops.py"].partition("class Flip")[0].replace("a.f.times(a, b)", "a * b")
    text = text.replace("g.f.times(g, b), g.f.times(g, a)", "g * b, g * a").partition("SIMPLE = Backend()")[2]
    text = text.replace("ctx.kept", "ctx.saved_tensors").replace(": Context", "")
    files = {"ops.py": text.replace(": Tensor", "").replace(" -> Tensor", "")}
    assert check("ops.py", {"a": [0.5, 2.0], "b": [3.0, -1.0]}, files).get("verdict") == "ok"


def test_a_text_is_judged_by_its_own_pairs(check: Check) -> None:
    """Of what it imports from nothing is judged."""
    files = {
        "slopes.py": "def root_forward(y):\n    return y**0.5, y\ndef root_backward(g, y):\n    return g\n",
        "mine.py": "from slopes import root_forward\ndef twice_forward(x):\n    return 2 * x, None\n"
        "def twice_backward(g, kept):\n    return 2 * g\n",
    }
    assert check("mine.py", {"x": [1.0, 2.0], "y": [1.0, 2.0]}, files).get("verdict") == "ok"


def test_a_class_whose_decorator_cannot_be_read_is_what_stands_there(check: Check) -> None:
    text = """
table = None
def registered(cls):
    table["twice"] = cls
    return cls
@registered
class Twice:
    def forward(self, x):
        return 2 * x
    def backward(self, g):
        return 2 * g
"""
    assert check("twice.py:Twice", {"x": [1.0, 2.0]}, {"twice.py": text}).get("verdict") == "ok"


def test_passes_that_take_anything_and_take_it_apart_by_names(check: Check) -> None:
    text = """
import torch
class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, *args):
        x, w = args
        ctx.save_for_backward(*args)
        return x * w, x + w
    @staticmethod
    def backward(ctx, *grads):
        g, h = grads
        x, w = ctx.saved_tensors
        return g * w + h, g * x + h
"""
    given = {"x": [1.0, 2.0], "w": [-3.0, 0.5]}
    assert check("scaled.py", given, {"scaled.py": text}).get("verdict") == "ok"
    assert check("scaled.py", given, {"scaled.py": text.replace("g * x + h", "g * x")})["verdict"] == "wrong"


WITH_FUNCTIONS = """
import numpy as np
class Tensor:
    def __init__(self, value, requires_grad=False):
        self.value, self.requires_grad = np.array(value, dtype=float), requires_grad
        self.grad = self._grad_fn = None
    def backward(self, gradient=None):
        if gradient is None:
            gradient = Tensor(np.ones_like(self.value))
        self.grad = gradient if self.grad is None else Tensor(self.grad.value + gradient.value)
        if self._grad_fn is not None:
            for one, g in zip(self._grad_fn.inputs, self._grad_fn.backward(gradient)):
                one.backward(g)
    def __mul__(self, other):
        out = Tensor(self.value * other.value, self.requires_grad or other.requires_grad)
        if out.requires_grad:
            out._grad_fn = MulBackward(self, other)
        return out
    def detach(self):
        return Tensor(self.value)
class MulBackward:
    def __init__(self, x, y):
        self.inputs = [x, y]
    def backward(self, gradient):
        x, y = self.inputs
        return [gradient * y, gradient * x]
"""
WITH_RULES = """
import numpy as np
class Tensor:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad, self.rules = np.asarray(data, dtype=float), parents, 0.0, []
    def made(self, data, *pairs):
        out = Tensor(data, [one for one, _ in pairs])
        out.rules = [rule for _, rule in pairs]
        return out
    def __mul__(self, other):
        return self.made(self.data * other.data, (self, lambda g: g * other.data), (other, lambda g: g * self.data))
    def sum(self):
        return self.made(self.data.sum(), (self, lambda g: g * np.ones_like(self.data)))
    def tanh(self):
        t = np.tanh(self.data)
        return self.made(t, (self, lambda g: g * (1 - t**2)))
    def backward(self):
        self.grad = np.ones_like(self.data)
        order = [self]
        for one in order:
            for parent, rule in zip(one.parents, one.rules):
                parent.grad = parent.grad + rule(one.grad)
                order.append(parent)
"""
WITH_SLOPES = """
import math
class Value:
    def __init__(self, value, slopes=()):
        self.value, self.slopes, self.grad = value, slopes, 0.0
    def exp(self):
        y = math.exp(self.value)
        return Value(y, ((self, y),))
    def backward(self, path=1.0):
        self.grad += path
        for parent, slope in self.slopes:
            parent.backward(path * slope)
"""
SWEPT = [
    ("Tensor.__mul__", {"self": [0.5, 2.0], "other": [3.0, -1.0]}, WITH_FUNCTIONS, "gradient * y,", "gradient * x,"),
    ("Tensor.tanh", {"self": [0.5, 2.0]}, WITH_RULES, "1 - t**2", "1 - t"),
    ("Tensor.tanh", {"self": [0.5, 2.0]}, WITH_RULES, "g * (1 - t**2)", "1 - t**2"),
    ("Value.exp", {"self": 0.5}, WITH_SLOPES, "(self, y)", "(self, 1.0)"),
    ("Value.exp", {"self": 0.5}, WITH_SLOPES, "path * slope", "slope"),
]


@pytest.mark.parametrize(("name", "given", "text", "right", "wrong"), SWEPT)
def test_operations_on_values_are_judged_through_their_own_way_back(
    check: Check, name: str, given: dict[str, Any], text: str, right: str, wrong: str
) -> None:
    """Objects of rules, slopes in tuples, functions handed to a maker: `(a * b).backward()` goes back through any."""
    found = check(f"values.py:{name}", given, {"values.py": text})
    assert found.get("verdict") == "ok", found
    changed = text.replace(right, wrong, 1)
    assert changed != text
    assert check(f"values.py:{name}", given, {"values.py": changed})["verdict"] == "wrong"


def test_a_wrong_product_is_blamed_on_no_other_operation(check: Check) -> None:
    text = WITH_RULES.replace("g * other.data", "g")
    found = check("values.py:Tensor.tanh", {"self": [0.5, 2.0]}, {"values.py": text})
    assert "through a product and a sum is not right" in found["error"]["message"]


def test_what_keeps_nothing_of_its_object_is_no_operation(check: Check) -> None:
    given = {"self": [0.5, 2.0], "other": [3.0, -1.0]}
    found = check("values.py", given, {"values.py": WITH_FUNCTIONS})
    assert {one["name"] for one in found["gradients"]} == {"self", "other"} if "gradients" in found else found
    assert found.get("verdict") == "ok", found


HANDED_OVER = """
import numpy as np
class Tensor:
    def __init__(self, data, requires_grad=False, grad_fn=None):
        self.data, self.requires_grad, self.grad_fn = np.array(data, dtype=float), requires_grad, grad_fn
        self.grad = None
def square(x):
    def _back(g):
        if x.requires_grad:
            x.grad = 2 * g * x.data
    return Tensor(x.data**2, x.requires_grad, grad_fn=_back if x.requires_grad else None)
def stack(tensors):
    out = Tensor(np.stack([t.data for t in tensors]), any(t.requires_grad for t in tensors))
    def _backward():
        for i, t in enumerate(tensors):
            if t.requires_grad:
                t.grad = out.grad[i]
    out._backward = _backward
    return out
"""


@pytest.mark.parametrize(
    ("name", "given", "right", "wrong"),
    [
        ("square", {"x": [0.5, 2.0]}, "2 * g", "3 * g"),
        ("stack", {"tensors": [[0.5, 2.0], [1.0, 3.0]]}, "out.grad[i]", "out.grad[0]"),
    ],
)
def test_backward_passes_handed_to_what_makes_the_result_and_lists_of_values(
    check: Check, name: str, given: dict[str, Any], right: str, wrong: str
) -> None:
    found = check(f"values.py:{name}", given, {"values.py": HANDED_OVER})
    assert found.get("verdict") == "ok", found
    changed = HANDED_OVER.replace(right, wrong)
    assert check(f"values.py:{name}", given, {"values.py": changed})["verdict"] == "wrong"


ENGINE_APART = {
    "little/__init__.py": "from .tensor import Tensor\nfrom .rules.products import *\n",
    "little/rules/__init__.py": "",
    "little/rules/products.py": """
from little import Tensor
from .nodes import *
def times(a, b):
    node = Node(lambda g: [Tensor(g.data * b.data), Tensor(g.data * a.data)], [a, b])
    return Tensor(a.data * b.data, a.requires_grad or b.requires_grad, node)
""",
    "little/rules/nodes.py": """
from little import Tensor
class Node:
    def __init__(self, rule, parents):
        self.rule, self.parents = rule, parents
""",
    "little/engine.py": """
from collections import deque
def sweep(root, gradient):
    queue = deque([(root, gradient)])
    while queue:
        one, g = queue.popleft()
        one.grad = g
        if one.grad_fn is not None:
            for parent, its in zip(one.grad_fn.parents, one.grad_fn.rule(g)):
                queue.append((parent, its))
""",
    "little/tensor.py": """
import numpy as np
from little import rules
def as_tensor(x):
    return x if isinstance(x, Tensor) else Tensor(x)
class Tensor:
    def __init__(self, data, requires_grad=False, grad_fn=None):
        self.data, self.requires_grad, self.grad_fn = np.asarray(data, dtype=float), requires_grad, grad_fn
        self.grad = None
    def __mul__(self, other):
        return rules.products.times(self, as_tensor(other))
    def backward(self, grad=None):
        assert self.requires_grad
        grad = grad if grad else Tensor(1.0)
        from little.engine import sweep
        sweep(self, grad)
class Weight(Tensor):
    pass
""",
}


def test_an_engine_that_is_imported_where_it_is_used(check: Check) -> None:
    """Its gradients come in objects, its package is a circle; a class made from another has no operations anew."""
    given = {"self": [0.5, 2.0], "other": [3.0, -1.0]}
    for name in ("little/tensor.py:Tensor.__mul__", "little/tensor.py"):
        found = check(name, given, ENGINE_APART)
        assert found.get("verdict") == "ok", found
    wrong = ENGINE_APART["little/rules/products.py"].replace("g.data * a.data", "g.data")
    changed = {**ENGINE_APART, "little/rules/products.py": wrong}
    assert check("little/tensor.py:Tensor.__mul__", given, changed)["verdict"] == "wrong"


def test_what_goes_through_lists_of_numbers_is_wrong_where_it_is_given(check: Check) -> None:
    """A sweep sees nothing of it, and what is measured is plain all the same."""
    text = """
import numpy as np
def times_forward(x, y):
    return np.array([a * b for a, b in zip(x.tolist(), y.tolist())]), (x, y)
def times_backward(g, kept):
    x, y = kept
    return g * x, g * x
"""
    found = check("times.py", {"x": [0.5, 2.0], "y": [3.0, -1.0]}, {"times.py": text})
    assert found["verdict"] == "wrong"
    assert not any("hide a mistake" in one for one in found["remarks"])


AROUND = {
    "ring/__init__.py": """
import numpy as np
class quiet:
    on = False
from .values import *
from .base import Layer
from .layers import Scale
def tensor(data, requires_grad=False):
    return Tensor(data, requires_grad=requires_grad)
""",
    "ring/values.py": """
from enum import StrEnum, auto
from ring import np, quiet
class Place(StrEnum):
    HERE = auto()
class Tensor:
    def __init__(self, data, requires_grad=False, place="here", dtype=np.float32):
        self._requires_grad, self.grad, self.place = requires_grad and not quiet.on, None, Place(place)
        self.data = np.array(data, dtype=dtype)
    @property
    def requires_grad(self):
        return self._requires_grad
    @property
    def shape(self):
        return self.data.shape
""",
    "ring/rules.py": """
import ring
class Times:
    @staticmethod
    def forward(ctx, a: 'Tensor', b: 'Tensor') -> 'Tensor':
        ctx.save_for_backward(a, b)
        return ring.Tensor(a.data * b.data, requires_grad=a.requires_grad | b.requires_grad, place=a.place)
    @staticmethod
    def backward(ctx, grad):
        a, b = ctx.saved_tensors
        parts = [two.data * grad.data if one.requires_grad else None for one, two in zip((a, b), (b, a), strict=True)]
        return parts[0], parts[1]
""",
    "ring/base.py": """
class Layer:
    def forward(self, x):
        self._run(x)
        return self.out
    def backward(self, g, y=None):
        self._back(g, y)
        return self.back
    def _run(self, x):
        raise NotImplementedError
    def _back(self, g, y):
        raise NotImplementedError
""",
    "ring/layers.py": """
from . import Layer
class Scale(Layer):
    def _run(self, x):
        self.out = 3 * x
    def _back(self, g, y):
        self.back = 3 * g
class Least(Layer):
    def _run(self, x):
        self.out = x ** 2
    def _back(self, g, y):
        self.back = self.out - y
""",
}


def test_what_a_package_in_a_circle_has_is_known_before_its_turn(check: Check) -> None:
    """Libraries, for defaults; a base class of another file; and a function that makes what is asked for gradients."""
    given = {"a": [0.5, 2.0], "b": [3.0, -1.0]}
    found = check("ring/rules.py:Times", given, AROUND)
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {"a": "ok", "b": "ok"}, found
    wrong = {**AROUND, "ring/rules.py": AROUND["ring/rules.py"].replace("(b, a)", "(b, b)")}
    assert check("ring/rules.py:Times", given, wrong)["verdict"] == "wrong"
    for factor, verdict in (("3 * g", "ok"), ("2 * g", "wrong")):
        text = AROUND["ring/layers.py"].replace("3 * g", factor)
        found = check(
            "ring/layers.py", {"x": [0.5, 2.0]}, {**AROUND, "ring/layers.py": text.partition("class Least")[0]}
        )
        assert (found.get("verdict"), len(found["gradients"])) == (verdict, 1), found


def test_a_backward_pass_that_needs_labels_which_may_be_none(check: Check) -> None:
    found = check("ring/layers.py:Least", {"x": [0.5, 2.0]}, AROUND)
    assert "y may be None" in found["error"]["message"], found
    assert "--y" in found["error"]["hint"]


COMPILED = {
    "quick/__init__.py": "",
    "quick/fast/__init__.py": """
import os
if os.environ.get("SLOWLY"):
    kernels = None
else:
    try:
        from . import kernels
    except ImportError:
        kernels = None
""",
    "quick/layers.py": """
import numpy as np
from .fast import kernels as fast
class Mix:
    def __init__(self):
        self.w = None
        self.shape = None
    def set_input_shape(self, input_shape):
        if len(input_shape) != 2:
            raise ValueError("rows and columns are wanted")
        self.shape = tuple(input_shape)
        self.w = np.linspace(-1, 1, input_shape[1])
    def forward(self, inputs, is_training):
        if fast is not None:
            return fast.mix(inputs, self.w)
        if self.shape is None:
            raise ValueError("it is not built")
        self.inputs = inputs
        return inputs * self.w
    def backward(self, grad):
        self.dw = np.sum(grad * self.inputs, axis=(0, 1))
        return grad * self.w
""",
}


def test_a_layer_for_one_row_of_a_batch_beside_what_is_compiled(check: Check) -> None:
    given = {"inputs": [[[0.5, 2.0, -1.0], [1.0, 0.3, 0.7]], [[0.1, 0.9, 0.4], [-0.6, 1.2, 0.8]]], "is_training": True}
    assert check("quick/layers.py", given, COMPILED).get("verdict") == "ok"
    wrong = COMPILED["quick/layers.py"].replace("axis=(0, 1)", "axis=(0, 1)) + np.sum(grad, axis=(0, 1)")
    assert check("quick/layers.py", given, {**COMPILED, "quick/layers.py": wrong})["verdict"] == "wrong"


TIED = """
import numpy as np
class Part:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]
    def forward(self, x):
        W, = self.params
        self.x = x
        return x @ W
    def backward(self, g):
        W, = self.params
        self.grads[0][...] = self.x.T @ g
        return g @ W.T
class Twice:
    def __init__(self, W):
        self.parts = [Part(W), Part(W)]
        self.params, self.grads = [], []
        for one in self.parts:
            self.params += one.params
            self.grads += one.grads
    def forward(self, x):
        return self.parts[1].forward(self.parts[0].forward(x))
    def backward(self, g):
        return self.parts[0].backward(self.parts[1].backward(g))
class Folded:
    def __init__(self, rows, columns):
        W = np.random.randn(rows, columns)
        self.first, self.last = Part(W), Part(W.T)
        self.params = self.first.params + self.last.params
        self.grads = self.first.grads + self.last.grads
    def forward(self, x):
        return self.last.forward(np.tanh(self.first.forward(x)))
    def backward(self, g):
        slope = 1 - np.tanh(self.first.x @ self.first.params[0]) ** 2
        return self.first.backward(slope * self.last.backward(g))
"""


def test_weights_that_are_tied_have_a_gradient_together(check: Check) -> None:
    """Where a list has a weight several times its gradients are added; that of a transpose is none of its own."""
    x = [[0.5, 2.0], [1.0, -0.3], [0.2, 0.8]]
    given = {"x": x, "W": [[0.3, -0.7], [1.1, 0.4]]}
    assert check("tied.py:Twice", given, {"tied.py": TIED}).get("verdict") == "ok"
    wrong = {"tied.py": TIED.replace("self.x.T @ g", "2 * self.x.T @ g")}
    assert check("tied.py:Twice", given, wrong)["verdict"] == "wrong"
    folded = {"x": x, "rows": 2, "columns": 3}
    found = check("tied.py:Folded", folded, {"tied.py": TIED})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {"params[0]": "ok", "x": "ok"}, found
    assert check("tied.py:Folded", folded, wrong)["verdict"] == "wrong"
    apart = {"tied.py": TIED.replace("        self.params = self.first.params + self.last.params\n", "")}
    found = check("tied.py:Folded", folded, apart)
    assert [one["name"] for one in found.get("gradients", [])] == ["x"], found


@pytest.mark.parametrize(
    "line", ["g * np.real(x + 0j)", "g * np.full_like(x, 2.0, what=3)", "g * np.eye(2, dtype=complex)"]
)
def test_what_is_not_read_in_a_backward_pass_is_no_mistake_of_it(check: Check, line: str) -> None:
    text = (
        f"import numpy as np\ndef f_forward(x):\\n    return x ** 2, x\\ndef f_backward(g, x):\\n    return {line}\\n"
    )
    assert "error" in check("f.py", {"x": [0.5, 2.0]}, {"f.py": text})


LINKED = """
import numpy as np
class Num:
    def __init__(self, value):
        self.value, self.grad, self.rule, self.before = np.asarray(value, dtype=float), 0.0, None, ()
    def _with(self, other, value, rule):
        out = Num(value)
        out.before = (self, other)
        out.rule = rule
        return out
    def __mul__(self, other):
        return self._with(other, self.value * other.value, lambda g: (g * other.value, g * self.value))
    def sum(self):
        out = Num(self.value.sum())
        out.rule = lambda g: (g * np.ones_like(self.value),)
        out.before = [self]
        return out
    def cube(self):
        out = Num(self.value ** 3)
        out.rule = lambda g: (3 * g * self.value ** 2,)
        out.before = [self]
        return out
    def backward(self, g=1.0):
        self.grad = self.grad + g
        for one, its in zip(self.before, self.rule(g) if self.rule else ()):
            one.backward(its)
"""


@pytest.mark.parametrize(
    ("name", "given"), [("cube", {"self": [0.5, 2.0]}), ("__mul__", {"self": [0.5], "other": [3.0]})]
)
def test_operations_that_put_what_they_are_made_from_into_their_result(
    check: Check, name: str, given: dict[str, Any]
) -> None:
    assert check(f"num.py:Num.{name}", given, {"num.py": LINKED}).get("verdict") == "ok"
    wrong = LINKED.replace("3 * g", "2 * g").replace("g * self.value)", "g)")
    assert check(f"num.py:Num.{name}", given, {"num.py": wrong})["verdict"] == "wrong"


SEVERAL = """
import numpy as np
class Function: pass
class Box:
    def __init__(self, data):
        self.data, self.grad = np.asarray(data, dtype=float), None
    @property
    def shape(self):
        return self.data.shape
class Joined(Function):
    @staticmethod
    def forward(ctx, *parts_and_axis):
        *parts, axis = parts_and_axis
        ctx.axis, ctx.sizes = axis, [one.data.shape[axis] for one in parts]
        return Box(np.concatenate([one.data for one in parts], axis=axis))
    @staticmethod
    def backward(ctx, g):
        found = np.split(g, np.cumsum(ctx.sizes)[:-1], axis=ctx.axis)
        return *found, None
class Laid(Function):
    @staticmethod
    def forward(ctx, parts, axis):
        ctx.sizes, ctx.axis = [one.data.shape[axis] for one in parts], axis
        return Box(np.concatenate([one.data for one in parts], axis=axis))
    @staticmethod
    def backward(ctx, g):
        return [Box(one) for one in np.split(g, np.cumsum(ctx.sizes)[:-1], axis=ctx.axis)], None
class Added(Function):
    @staticmethod
    def forward(ctx, *parts):
        ctx.count = len(parts)
        return sum(2 * one for one in parts)
    @staticmethod
    def backward(ctx, g):
        return tuple(2 * g for _ in range(ctx.count))
"""


@pytest.mark.parametrize(("name", "given", "names", "right", "wrong"), [
    ("Joined", {"parts_and_axis": [[[0.5, 2.0]], [[1.0, 3.0], [0.2, 0.1]], 0]},
     ["parts_and_axis.0", "parts_and_axis.1"], "*found, None", "*[2 * one for one in found], None"),
    ("Laid", {"parts": [[[0.5, 2.0]], [[1.0, 3.0], [0.2, 0.1]]], "axis": 0}, ["parts.0", "parts.1"],
     "Box(one)", "Box(2 * one)"),
    ("Laid", {"parts": [[[0.5, 2.0]], [[1.0, 3.0]]], "axis": 0}, ["parts"], "Box(one)", "Box(2 * one)"),
])  # fmt: skip
def test_operations_on_any_number_of_inputs(
    check: Check, name: str, given: dict[str, Any], names: list[str], right: str, wrong: str
) -> None:
    found = check(f"several.py:{name}", given, {"several.py": SEVERAL})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == dict.fromkeys(names, "ok"), found
    changed = check(f"several.py:{name}", given, {"several.py": SEVERAL.replace(right, wrong)})
    assert changed["verdict"] == "wrong", changed


def test_how_any_number_of_inputs_is_given(check: Check, tmp_path: Path) -> None:
    hint = check("several.py:Joined", {}, {"several.py": SEVERAL})["error"]["hint"]
    assert "--parts_and_axis '[[0.5,1.2],[2.1,0.3],0]'" in hint
    assert "--parts '[[0.5,1.2],[2.1,0.3]]'" in check("several.py:Added", {})["error"]["hint"]
    (tmp_path / "several.py").write_text(SEVERAL)
    told = in_process(
        "backprop check several.py:Joined --parts_and_axis '[[0.5, 1.2], [2.1], 0]' --json", tmp_path
    ).stdout
    assert '"parts_and_axis.1"' in told, told


TAPED = {
    "taped/library.py": "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp\n",
    "taped/tensor.py": """
import numpy as np
class Tensor:
    def __init__(self, data, args=None, requires_grad=True):
        self.data, self.args, self.requires_grad = np.array(data, dtype=np.float32), args, requires_grad
        self.grad, self.grad_fn = None, lambda: None
    def keep(self, grad):
        self.grad = grad if self.grad is None else self.grad + grad
    def mul(self, t: 'Tensor'):
        args = (self, t) if self.requires_grad or t.requires_grad else None
        out = Tensor(self.data * t.data, args)
        def grad_fn(self, t, grad):
            self.keep(grad * t.data)
            t.keep(grad * self.data)
        out.grad_fn = grad_fn
        return out
    def join(self, *tensors: 'Tensor', axis=0):
        tensors = tuple(one if isinstance(one, Tensor) else Tensor(one) for one in tensors)
        out = Tensor(np.concatenate([self.data] + [one.data for one in tensors], axis=axis), (self, *tensors, axis))
        def grad_fn(*args, grad):
            sizes = [one.data.shape[args[-1]] for one in args[:-1]]
            for one, its in zip(args[:-1], np.split(grad, np.cumsum(sizes)[:-1].tolist(), axis=args[-1])):
                one.keep(its)
        out.grad_fn = grad_fn
        return out
    def backward(self, grad=None):
        grad = np.ones_like(self.data) if grad is None else np.array(grad, dtype=np.float32)
        self.keep(grad)
        order, seen = [], set()
        def visit(one):
            if id(one) in seen or one.args is None:
                return
            seen.add(id(one))
            for child in one.args:
                if isinstance(child, Tensor):
                    visit(child)
            order.append(one)
        visit(self)
        for one in reversed(order):
            one.grad_fn(*one.args, grad=one.grad)
""",
    "taped/rules.py": """
from taped.library import xp
class Context:
    def save_for_backward(self, *tensors):
        from .tensor import Tensor
        assert all(isinstance(one, Tensor) for one in tensors)
        self.saved_tensors = tensors
        self.count = len([name for name in self.__dict__ if name == "saved_tensors"])
class Function:
    @classmethod
    def apply(cls, *inputs):
        ctx = Context()
        return cls.forward(ctx, *inputs)
class Square(Function):
    @staticmethod
    def forward(ctx: Context, x):
        ctx.save_for_backward(x)
        return xp.square(x.data)
    @staticmethod
    def backward(ctx: Context, grad):
        x, = ctx.saved_tensors
        return 2 * ctx.count * x.data * grad
""",
}


@pytest.mark.parametrize(("name", "given", "right", "wrong"), [
    ("tensor.py:Tensor.mul", {"self": [0.5, 2.0], "t": [3.0, -1.0]}, "grad * self.data", "grad"),
    ("tensor.py:Tensor.join", {"self": [[0.5, 2.0]], "tensors": [[[1.0, 3.0]]]}, "one.keep(its)", "one.keep(2 * its)"),
    ("rules.py:Square", {"x": [0.5, 2.0]}, "2 * ctx.count", "3 * ctx.count"),
])  # fmt: skip
def test_engines_that_tell_values_apart_by_their_numbers(
    check: Check, name: str, given: dict[str, Any], right: str, wrong: str
) -> None:
    """What goes back from a result may take what that was made from; a context may take the engine's tensors alone."""
    found = check(f"taped/{name}", given, TAPED)
    assert found.get("verdict") == "ok", found
    changed = {file: text.replace(right, wrong) for file, text in TAPED.items()}
    assert check(f"taped/{name}", given, changed)["verdict"] == "wrong"


MODEL = """
import numpy as np
class Squares:
    def __init__(self):
        self.left = None
    def forward(self, p, y):
        self.left = p - y
        return 0.5 * np.sum(self.left ** 2)
    def backward(self, g):
        return g * self.left
class Model:
    def __init__(self, columns=784):
        self.W, self.part = np.linspace(-1, 1, 2 * columns).reshape(columns, 2), Squares()
    def forward(self, x):
        self.x = x.reshape(x.shape[0], -1)
        return self.x @ self.W
    def loss(self, p, y):
        return self.part.forward(p, y)
    def backward(self):
        g = self.part.backward(1.0)
        self.dW = self.x.T @ g
        return g @ self.W.T
"""


def test_a_loss_that_comes_before_a_backward_pass_is_asked_for(check: Check) -> None:
    """A backward pass that meets None where nobody has called it is no wrong one. The hint knows the weights' size."""
    told = check("model.py:Model", {"x": [[0.5, 2.0, 1.0]], "columns": 3}, {"model.py": MODEL})["error"]
    assert "loss comes before it" in told["message"], told
    assert "--x 'randn(4,784)'" in check("model.py:Model", {})["error"]["hint"]


def test_gradients_under_their_own_keys_beside_weights_under_theirs(check: Check) -> None:
    text = """
import numpy as np
class Linear:
    def __init__(self, rows, columns):
        self.params = {"W": np.random.randn(rows, columns), "b": np.zeros(columns)}
        self.grads = {"dW": None, "db": None}
    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]
    def backward(self, g):
        self.grads["dW"], self.grads["db"] = self.x.T @ g, g.sum(axis=0)
        return g @ self.params["W"].T
"""
    given = {"x": [[0.5, 2.0, 1.0], [0.1, -0.4, 0.8]], "rows": 3, "columns": 2}
    found = check("linear.py", given, {"linear.py": text})
    names = {one["name"]: one["verdict"] for one in found.get("gradients", [])}
    assert names == {"params['W']": "ok", "params['b']": "ok", "x": "ok"}, found
    found = check("linear.py", given, {"linear.py": text.replace("self.x.T @ g,", "2 * self.x.T @ g,")})
    assert [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"] == ["params['W']"], found


@pytest.mark.parametrize(("line", "verdict"), [
    ("g * rate", "ok"), ("self.rate * g", "ok"), ("g", "ok"), ("2 * g * rate", "wrong"), ("g * rate * rate", "wrong"),
])  # fmt: skip
def test_a_step_may_have_its_rate_where_it_is_set(check: Check, line: str, verdict: str) -> None:
    """What a weight is lowered by is its gradient, or a rate times that."""
    text = f"""
import numpy as np
class Shift:
    def __init__(self, columns):
        self.b, self.rate = np.zeros((1, columns)), 0.1
    def forward(self, x):
        return x + self.b
    def backward(self, g, rate):
        step = {line}
        self.b -= step
        return g
"""
    found = check("shift.py", {"x": [[0.5, 2.0]], "columns": 2, "rate": 0.1}, {"shift.py": text})
    assert {one["name"]: one["verdict"] for one in found.get("gradients", [])} == {"b": verdict, "x": "ok"}, found


def test_sizes_that_only_a_backward_pass_needs_are_whole_numbers(check: Check) -> None:
    text = """
import numpy as np
class Reshape:
    def __init__(self, input_shape, output_shape):
        self.input_shape, self.output_shape = input_shape, output_shape
    def forward(self, input):
        return np.reshape(input, self.output_shape)
    def backward(self, g):
        return np.reshape(g, self.input_shape)
"""
    given = {"input": [[0.5, 2.0]], "input_shape": [0.5, 1.5], "output_shape": [2, 1]}
    assert "input_shape must hold whole" in check("reshape.py", given, {"reshape.py": text})["error"]["message"]
    assert check("reshape.py", {**given, "input_shape": [1, 2]}, {"reshape.py": text})["verdict"] == "ok"


INSTANCES = """
from abc import ABC
import numpy as np
class Notes:
    def __init__(self):
        self.kept = None
    def keep(self, *some):
        self.kept = some
class Operation(ABC):
    def apply(self, *values):
        notes = Notes()
        return self.forward(notes, *[one.data for one in values])
class Shift(Operation):
    def __init__(self, first, second):
        self.axes = first, second
    def forward(self, ctx, value):
        ctx.keep(value.ndim)
        return np.swapaxes(value, *self.axes)
    def backward(self, ctx, above):
        return np.swapaxes(above, *self.axes)
class Square(Operation):
    def forward(self, ctx, value):
        ctx.keep(value)
        return value ** 2
    def backward(self, ctx, above):
        value, = ctx.kept
        return 2 * above * value
"""


@pytest.mark.parametrize(("name", "given", "right", "wrong"), [
    ("Square", {"value": [0.5, -1.2]}, "2 * above * value", "above * value"),
    ("Shift", {"value": [[0.5, -1.2, 3.0], [0.1, 0.2, 0.7]], "first": 0, "second": 1}, "np.swapaxes(above, *self.axes)",
     "above"),
])  # fmt: skip
def test_methods_with_a_context_may_be_those_of_an_object(
    check: Check, name: str, given: dict[str, Any], right: str, wrong: str
) -> None:
    told = check(f"ops.py:{name}", {}, {"ops.py": INSTANCES})["error"]["message"]
    assert all(one in told for one in given), told
    assert check(f"ops.py:{name}", given, {"ops.py": INSTANCES})["verdict"] == "ok"
    text = INSTANCES.replace(f"return {right}", f"return {wrong}")
    assert check(f"ops.py:{name}", given, {"ops.py": text})["verdict"] == "wrong"


NOTED = """
import numpy as np
NEW = np.version.version.startswith(("2.", "3."))
class Node:
    def __init__(self, data):
        self.data, self.grad, self.users = np.asarray(data), None, set()
class Length:
    def __call__(self, a):
        self.variables = (a,)
        self.length = np.linalg.norm(a.data)
        return self.length
    def slope(self, g, place):
        return self.variables[place].data / self.length * g[(None,) * 1]
    def backward(self, g):
        for place, one in enumerate(self.variables):
            if not one.users:
                raise RuntimeError("the graph was cleared")
            found = self.slope(g, place)
            one.grad = np.asarray(found) if NEW else found
"""


def test_inputs_that_note_their_users_are_of_a_graph_that_stands(check: Check) -> None:
    given = {"a": [0.5, 2.0, -1.0]}
    assert check("graph.py:Length", given, {"graph.py": NOTED})["verdict"] == "ok"
    text = NOTED.replace(".data / self", ".data * self")
    assert check("graph.py:Length", given, {"graph.py": text})["verdict"] == "wrong"


COMPARED = """
import numpy as np
class Tensor:
    def __init__(self, x):
        self.data, self.grad = np.asarray(x), None
    def __gt__(self, other):
        return np.ndarray.__gt__(self.data, np.asarray(other))
class ReLU:
    def __call__(self, a):
        self.kept = a, np.asarray({test}, dtype=float)
        return a.data * self.kept[1]
    def backward(self, g):
        self.kept[0].grad = g * self.kept[1]
"""


@pytest.mark.parametrize("test", ["a > 0", "0 < a"])
def test_objects_may_say_how_they_are_compared(check: Check, test: str) -> None:
    files = {"relu.py": COMPARED.format(test=test)}
    assert check("relu.py:ReLU", {"a": [0.5, -2.0]}, files)["verdict"] == "ok"


def test_a_package_of_the_users_may_be_called_as_a_library_is(check: Check) -> None:
    files = {
        "autograd/backend.py": """
import importlib
import os
import numpy as _numpy
def found():
    try:
        mx = importlib.import_module("mlx.core")
    except ModuleNotFoundError:
        mx = None
    return "numpy" if mx is None else "mlx"
NAME = os.getenv("BACKEND") or found()
xp = _numpy if NAME == "numpy" else importlib.import_module(NAME)
""",
        "autograd/ops.py": """
from autograd.backend import xp
class Tanh:
    def forward(self, x):
        self.y = xp.tanh(x)
        return self.y
    def backward(self, g):
        return g * (1 - self.y ** 2)
""",
    }
    assert check("autograd/ops.py", {"x": [0.5, -2.0]}, files)["verdict"] == "ok"


def test_what_a_method_makes_inside_is_asked_for_nothing_of_others(check: Check) -> None:
    text = """
import numpy as np
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents, self.back = np.asarray(data), 0.0, parents, lambda: None
    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))
        def back():
            self.grad = self.grad + other.data * out.grad
            other.grad = other.grad + self.data * out.grad
        out.back = back
        return out
    __rmul__ = __mul__
"""
    given = {"self": [0.5, 1.2], "other": [2.0, -0.3]}
    assert check("values.py:Value.__mul__", given, {"values.py": text}).get("verdict") == "ok"
