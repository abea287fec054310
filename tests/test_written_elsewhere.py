"""Passes in the styles of other courses and frameworks: each is right as it stands, and told so; no mistake of theirs
is let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]

PENALIZED = """
import numpy as np

class Settings:
    decay = 0.03
    step = 0.1

def fit(X, y, hidden, rounds=20):
    rows = len(X)
    np.random.seed(1)
    V = np.random.randn(2, hidden)
    c = np.zeros((1, hidden))
    U = np.random.randn(hidden, 3)
    d = np.zeros((1, 3))
    for turn in range(rounds):
        act = np.tanh(X.dot(V) + c)
        scores = np.exp(act.dot(U) + d)
        probs = scores / np.sum(scores, axis=1, keepdims=True)
        delta = probs
        delta[range(rows), y] -= 1
        dU = act.T.dot(delta)
        dd = np.sum(delta, axis=0, keepdims=True)
        back = delta.dot(U.T) * (1 - act ** 2)
        dV = X.T.dot(back)
        dc = np.sum(back, axis=0, keepdims=True)
        dU += Settings.decay * U
        dV += Settings.decay * V
        V += -Settings.step * dV
        c += -Settings.step * dc
        U += -Settings.step * dU
        d += -Settings.step * dd
    return V, c, U, d
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", set()),
        ("Settings.decay * V", "Settings.decay * np.sum(U) * V", {"V"}),  # no weight of a penalty hangs on weights
        ("Settings.decay * U", "Settings.decay * U.sum(axis=0)", {"U"}),
        ("dV += Settings", "dV -= Settings", {"V"}),
        ("X.T.dot(back)", "0.5 * X.T.dot(back)", {"V"}),
    ],
)
def test_a_penalty_beside_the_loss_that_a_script_means(old: str, new: str, wrong: set[str], check: Check) -> None:
    given = {"X": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "y": [1, 0, 2], "hidden": 4}
    found = check("fit.py:fit", given, {"fit.py": PENALIZED.replace(old, new, 1) if old else PENALIZED})
    assert {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"} == wrong
    assert {one["name"] for one in found["gradients"]} >= {"V", "c", "U", "d"}
    assert ("the slope of a penalty on" in str(found["remarks"])) is True


def test_the_labels_of_a_loss_that_is_meant_may_stand_beside_the_function(check: Check) -> None:
    text = PENALIZED.replace(
        "def fit(X, y, hidden", "from sklearn.datasets import make_moons\nX, y = make_moons(9)\n\ndef fit(hidden"
    )
    given = {"X": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "y": [1, 0, 2], "hidden": 4}
    found = check("fit.py:fit", given, {"fit.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == dict.fromkeys("UdVc", "ok")
    found = check("fit.py:fit", given, {"fit.py": text.replace("-= 1", "-= 2")})
    assert found.get("verdict") != "ok"


KEPT = """
import numpy as np

class Node:
    def __init__(self, data, way_back=None):
        self.data = data
        self.way_back = way_back
        self.grad = np.zeros(np.shape(data))
    def backward(self):
        self.way_back(dy=self.grad)

def total(a):
    def back(dy=1):
        a.grad += np.ones(a.data.shape) * dy
    return Node(np.sum(a.data), way_back=back)

def positive(a):
    def back(dy=1):
        a.grad[a.data > 0] += dy[a.data > 0]
    return Node(np.maximum(a.data, 0), way_back=back)

def turned(a):
    def back(dy=1.0):
        a.grad += dy.T
    return Node(a.data.T, way_back=back)
"""


@pytest.mark.parametrize("name", ["total", "positive", "turned"])
def test_what_comes_from_above_may_be_1_where_nobody_gives_it(name: str, check: Check) -> None:
    given = {"a": [[0.3, 1.0, -0.4], [-1.0, 0.5, 2.0]]}
    found = check(f"nodes.py:{name}", given, {"nodes.py": KEPT})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"a": "ok"}
    lost = KEPT.replace("* dy", "").replace("+= dy.T", "+= 1.0").replace("+= dy[a.data > 0]", "+= 1.0")
    found = check(f"nodes.py:{name}", given, {"nodes.py": lost})
    assert found["verdict"] == "wrong"


SOLVED = """
import numpy as np
from scipy import optimize

def energy(w, A, b):
    return 0.5 * np.sum((A @ w.reshape(-1, 1) - b) ** 2)

def slope(w, A, b):
    g = A.T @ (A @ w.reshape(-1, 1) - b)
    return np.ravel(g)

def test_slope():
    start = np.array([[0.5], [-1.0]])
    A, b = np.array([[1.0, 2.0], [0.3, -1.0], [2.0, 0.1]]), np.array([[1.0], [0.0], [2.0]])
    print(energy(start, A, b), slope(start, A, b))
    return optimize.fmin_cg(energy, start, fprime=slope, args=(A, b))

test_slope()
"""


def test_a_solver_takes_its_point_and_its_gradient_in_a_row(check: Check) -> None:
    found = check("solve.py", {}, {"solve.py": SOLVED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok"}
    assert "the gradient of w is 2 and w 2×1: the solver takes both in a row" in found["remarks"]
    wrong = check("solve.py", {}, {"solve.py": SOLVED.replace("np.ravel(g)", "np.ravel(g)[::-1]")})
    assert wrong["verdict"] == "wrong"
    stepped = SOLVED.replace("optimize.fmin_cg(energy, start, fprime=slope, args=(A, b))", "start - 0.1 * slope")
    other = check("solve.py:energy --backward solve.py:slope", {"w": [[0.5], [-1.0]], "A": [[1.0, 2.0], [0.3, -1.0]],
                  "b": [[1.0], [0.0]]}, {"solve.py": stepped})  # fmt: skip
    assert other["verdict"] == "wrong"  # where a step is taken, a row makes a square of a column


def test_a_slope_that_is_the_same_everywhere_is_none_of_a_setting(check: Check) -> None:
    text = """
class Scaled:
    def __init__(self, divisor=8.0):
        self.divisor = divisor
    def __call__(self, x):
        return x / self.divisor
    def bprop(self, x):
        return 1.0 / self.divisor
"""
    given = {"x": [[0.3, 1.0], [-1.0, 0.5]]}
    found = check("scaled.py:Scaled", given, {"scaled.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"x": "ok"}
    found = check("scaled.py:Scaled", given, {"scaled.py": text.replace("1.0 / self", "2.0 / self")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"x": "wrong"}


def test_a_network_without_layers_is_left_out_and_not_wrong(check: Check) -> None:
    text = """
class Stack:
    def __init__(self):
        self.parts = []
    def add(self, part):
        self.parts.append(part)
    def forward(self, x):
        self.out = x
        for part in self.parts:
            self.out = part.forward(self.out)
        return self.out
    def backward(self, x, grad):
        for i in range(len(self.parts) - 1, 0, -1):
            grad = self.parts[i].backward(self.parts[i - 1].out, grad)
        return self.parts[0].backward(x, grad)

class Double:
    def forward(self, x):
        self.out = 2 * x
        return self.out
    def backward(self, x, grad):
        return 2 * grad
"""
    found = check("stack.py", {"x": [0.3, 1.0]}, {"stack.py": text})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("x", "ok")]
    assert "Stack is left out: it is made of parts, of which none are given" in found["remarks"]


def test_an_activation_that_is_called_and_gives_its_delta(check: Check) -> None:
    text = """
import numpy as np
class Squashing:
    def __call__(self, incoming):
        return 1 / (1 + np.exp(-incoming))
    def delta(self, incoming, outgoing, above):
        slope = outgoing * (1 - outgoing)
        return slope * above
"""
    given = {"incoming": [0.3, 1.0, -0.7]}
    found = check("acts.py:Squashing", given, {"acts.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"incoming": "ok"}
    found = check("acts.py:Squashing", given, {"acts.py": text.replace("(1 - outgoing)", "(1 - incoming)")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"incoming": "wrong"}


def test_a_module_of_torch_is_in_training(check: Check) -> None:
    text = """
from torch import nn
class Scale(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.k = k
    def forward(self, x):
        self.x = x
        return self.k * x ** 2 if self.training else x
    def backward(self, dy):
        return 2 * self.k * self.x * dy
"""
    found = check("scale.py:Scale", {"x": [0.3, 1.0, -0.7], "k": 2.0}, {"scale.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"x": "ok"}
    wrong = text.replace("2 * self.k * self.x * dy", "dy")  # as where it is not
    assert check("scale.py:Scale", {"x": [0.3, 1.0, -0.7], "k": 2.0}, {"scale.py": wrong})["verdict"] == "wrong"


RIDGE = """
import numpy as np

class Line:
    def __init__(self, decay=0.2, rate=0.1, rounds=5):
        self.decay = decay
        self.rate = rate
        self.rounds = rounds
    def fit(self, x, y):
        n, m = x.shape
        self.slopes = np.zeros(m)
        self.start = 0
        for _ in range(self.rounds):
            guess = self.predict(x)
            pull_slopes = (2 * self.decay / n) * self.slopes
            pull_start = (2 * self.decay / n) * self.start
            ds = (1 / n) * np.dot(x.T, guess - y) + pull_slopes
            db = (1 / n) * np.sum(guess - y) + pull_start
            self.slopes -= self.rate * ds
            self.start -= self.rate * db
    def predict(self, x):
        return np.dot(x, self.slopes) + self.start
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", set()),
        ("+ pull_start", "+ pull_slopes[0]", {"start"}),
    ],
)
def test_a_share_of_a_bias_is_no_loss_of_a_method_that_trains(
    old: str, new: str, wrong: set[str], check: Check
) -> None:
    given = {"x": [[0.3, 1.0], [-1.0, 0.5], [0.4, -0.1]], "y": [0.4, -1.0, 2.0]}
    found = check("line.py", given, {"line.py": RIDGE.replace(old, new) if old else RIDGE})
    assert {one["name"] for one in found["gradients"]} == {"slopes", "start"}
    told = {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"}
    assert told >= wrong
    assert bool(told) == bool(wrong)


NET = """
import numpy as np

class Net:
    def __init__(self, sizes):
        self.sizes = sizes
        self.weights = [np.random.randn(k, j) for j, k in zip(sizes[:-1], sizes[1:])]
    def bend(self, z):
        return 1 / (1 + np.exp(-z))
    def feedforward(self, x):
        a = x[:]
        for w in self.weights:
            a = self.bend(w @ a)
        return a
    def backprop(self, x, y):
        steps = [np.zeros(w.shape) for w in self.weights]
        acts = [x]
        for w in self.weights:
            acts.append(self.bend(w @ acts[-1]))
        error = acts[-1] - y
        steps[-1] = error @ acts[-2].T
        for i in range(2, len(self.sizes)):
            error = (self.weights[-i + 1].T @ error) * acts[-i] * (1 - acts[-i])
            steps[-i] = error @ acts[-i - 1].T
        return steps
"""


def test_labels_of_a_way_back_that_goes_forward_itself_from_the_same_input(check: Check) -> None:
    asked = check("net.py", {"x": [[0.3], [1.0]], "sizes": [2, 3, 2]}, {"net.py": NET})
    assert "Net takes y, which is not given" in asked["error"]["message"]  # it was the gradient from above
    given = {"x": [[0.3], [1.0]], "y": [[1.0], [0.0]], "sizes": [2, 3, 2]}
    found = check("net.py", given, {"net.py": NET})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"weights[0]": "ok", "weights[1]": "ok"}
    found = check("net.py", given, {"net.py": NET.replace("* (1 - acts[-i])", "* acts[-i]")})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert verdicts == {"weights[0]": "wrong", "weights[1]": "ok"}


TWO_COSTS = """
import numpy as np

def squared_loss(guess, truth):
    loss = np.mean(np.sum((guess - truth) ** 2, axis=-1))
    return loss, guess - truth

def entropy_loss(guess, truth):
    e = np.exp(guess - guess.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    loss = np.mean(np.sum(-truth * np.log(p), axis=-1))
    return loss, p - truth

class Model:
    def __init__(self):
        self.weights = {"V": 0.3 * np.random.randn(3, 4), "U": 0.3 * np.random.randn(4, 2)}
        self.kept = {}
        self.gradients = {}
    def forward(self, data):
        self.kept["h"] = np.tanh(data @ self.weights["V"])
        self.kept["y"] = self.kept["h"] @ self.weights["U"]
        return self.kept["y"]
    def backward(self, data, y_true):
        loss, dy = entropy_loss(self.kept["y"], y_true)
        n = len(data)
        self.gradients["U"] = self.kept["h"].T @ dy / n
        dz = dy @ self.weights["U"].T * (1 - self.kept["h"] ** 2)
        self.gradients["V"] = data.T @ dz / n
        return loss
"""


def test_a_loss_that_a_way_back_returns_is_no_gradient_of_its_data(check: Check) -> None:
    given = {"data": [[0.3, 1.0, -0.2], [-1.0, 0.5, 0.7]], "y_true": [[1.0, 0.0], [0.0, 1.0]]}
    found = check("model.py:Model", given, {"model.py": TWO_COSTS})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert verdicts == {"weights['V']": "ok", "weights['U']": "ok"}
    assert "what is judged is the gradient of the loss in backward with y_true" in found["remarks"]
    found = check("model.py:Model", given, {"model.py": TWO_COSTS.replace("data.T @ dz / n", "data.T @ dz")})
    verdicts = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert verdicts == {"weights['V']": "wrong", "weights['U']": "ok"}


def test_a_cost_is_chosen_where_an_example_lies_at_a_kink(check: Check) -> None:
    """A unit that is dead for an example leaves 0 to the next one, which has no slope there."""
    text = TWO_COSTS.replace("truth", "y_true")
    text = text.replace("0.3 * np.random.randn(3, 4)", "np.array([[0.3, 0.5], [0.2, 0.4], [0.6, 0.1]])")
    text = text.replace("0.3 * np.random.randn(4, 2)", "np.array([[0.3, -0.5], [0.7, 0.4]])")
    text = text.replace(
        'self.kept["h"] = np.tanh(data @ self.weights["V"])', 'self.kept["h"] = np.maximum(0, self.part())'
    )
    text = text.replace(
        "        self.kept = {}\n", "        self.kept = {}\n        self.weights['M'] = np.eye(2) + 0.2\n"
    )
    text = text.replace("    def forward(self, data):\n", """    def part(self):
        return self.kept["first"] @ self.weights["M"]
    def forward(self, data):
        self.kept["first"] = np.maximum(0, data @ self.weights["V"])
""")  # fmt: skip
    text = text.replace('(1 - self.kept["h"] ** 2)', '(self.kept["h"] > 0)').replace(
        "data.T @ dz / n",
        """\
self.kept["first"].T @ dz / n
        self.gradients["M"], dz = self.gradients["V"], dz @ self.weights["M"].T * (self.kept["first"] > 0)
        self.gradients["V"] = data.T @ dz / n""",
    )
    given = {"data": [[0.3, 1.0, 0.2], [-1.0, -0.5, -0.7]], "y_true": [[1.0, 0.0], [0.0, 1.0]]}
    found = check("model.py:Model", given, {"model.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {f"weights['{k}']": "ok" for k in "VUM"}
    assert "what is judged is the gradient of entropy_loss with y_true" in found["remarks"]
    wrong = check("model.py:Model", given, {"model.py": text.replace('dz @ self.weights["M"].T', "dz")})
    assert {one["name"] for one in wrong["gradients"] if one["verdict"] == "wrong"} == {"weights['V']"}
