"""Networks as exercises have them, in whatever words: what is offered for them, and what is judged."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from backprop.python.fitting.supposed import labels
from backprop_cli import main
from conftest import Check

LIKE = re.compile(r"give options, like (.*), or all in a file")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["backprop", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


OFFERED = {  # what is offered, and what is judged with it
    "widths of layers under a name that tells nothing": ("""
        class Red:
            def __init__(self, anchos):
                self.cuantas = len(anchos)
                self.pesos, self.sesgos = [], []
                for i in range(self.cuantas - 1):
                    self.pesos.append(np.random.randn(anchos[i], anchos[i + 1]))
                    self.sesgos.append(np.zeros((1, anchos[i + 1])))
            def forward(self, X):
                salidas = [X]
                for W, b in zip(self.pesos, self.sesgos):
                    salidas.append(1 / (1 + np.exp(-(salidas[-1] @ W + b))))
                return salidas
            def backward(self, X, y, salidas):
                de_pesos, de_sesgos, delta = [], [], salidas[-1] - y
                for i in reversed(range(self.cuantas - 1)):
                    de_pesos.insert(0, salidas[i].T @ delta / len(X))
                    de_sesgos.insert(0, delta.sum(axis=0, keepdims=True) / len(X))
                    if i > 0:
                        delta = delta @ self.pesos[i].T * salidas[i] * (1 - salidas[i])
                return de_pesos, de_sesgos
    """, {"pesos[0]", "pesos[1]", "sesgos[0]", "sesgos[1]"}),
    "bounds that only the backward pass takes": ("""
        class Dense:
            def __init__(self, n, m):
                self.W, self.b = np.random.randn(m, n), np.zeros((m, 1))
            def forward(self, inputs):
                self.inputs = inputs
                return self.W @ inputs + self.b
            def backward(self, output_gradient, learn_rate, clip_value):
                dW = np.clip(output_gradient @ self.inputs.T, -clip_value, clip_value)
                db = np.clip(output_gradient.sum(axis=1, keepdims=True), -clip_value, clip_value)
                below = self.W.T @ output_gradient
                self.W -= learn_rate * dW
                self.b -= learn_rate * db
                return below
    """, {"W", "b", "inputs"}),
    "pictures, of which nothing comes out where they are flat": ("""
        class Windows:
            def __init__(self, channels, maps, width, stride, name):
                self.name = name + "_windows"
                self.W, self.stride, self.width = np.random.randn(maps, channels, width, width), stride, width
            def windows(self, x):
                for i in range((x.shape[-2] - self.width) // self.stride + 1):
                    for j in range((x.shape[-1] - self.width) // self.stride + 1):
                        rows = slice(i * self.stride, i * self.stride + self.width)
                        yield i, j, rows, slice(j * self.stride, j * self.stride + self.width)
            def forward(self, x):
                self.x = x
                sizes = [(one - self.width) // self.stride + 1 for one in x.shape[-2:]]
                z = np.zeros([x.shape[0], len(self.W), *sizes])
                for i, j, rows, columns in self.windows(x):
                    for m in range(len(self.W)):
                        z[:, m, i, j] = np.sum(self.W[m] * x[:, :, rows, columns], axis=(1, 2, 3))
                return z
            def backward(self, delta):
                dx, self.dW = np.zeros(self.x.shape), np.zeros(self.W.shape)
                for i, j, rows, columns in self.windows(self.x):
                    for m in range(len(self.W)):
                        part = delta[:, m, i, j][:, None, None, None]
                        self.dW[m] += np.sum(self.x[:, :, rows, columns] * part, axis=0)
                        dx[:, :, rows, columns] += self.W[m] * part
                return dx
    """, {"W", "x"}),
    "one example as a column, as its biases are": ("""
        class Net:
            def __init__(self, shape):
                self.biases = [np.random.randn(rows, 1) for rows in shape[1:]]
                self.weights = [np.random.randn(rows, columns) for columns, rows in zip(shape[:-1], shape[1:])]
            def forward(self, x):
                for b, w in zip(self.biases, self.weights):
                    x = np.tanh(w @ x + b)
                return x
            def backprop(self, x, y):
                db, dw, a = [None] * len(self.biases), [None] * len(self.weights), [x]
                for b, w in zip(self.biases, self.weights):
                    a.append(np.tanh(w @ a[-1] + b))
                delta = (a[-1] - y) * (1 - a[-1] ** 2)
                db[-1], dw[-1] = delta, delta @ a[-2].T
                for layer in range(2, len(self.weights) + 1):
                    delta = self.weights[-layer + 1].T @ delta * (1 - a[-layer] ** 2)
                    db[-layer], dw[-layer] = delta, delta @ a[-layer - 1].T
                return dw, db
    """, {"weights[0]", "weights[1]", "biases[0]", "biases[1]"}),
    "weights of pictures unless other sizes are given": ("""
        from past.builtins import xrange
        class Linear:
            def __init__(self, dims=[10, 3073]):
                self.W = np.random.normal(size=dims) * 0.01
            def loss_and_grad(self, X, y):
                loss, grad = 0.0, np.zeros_like(self.W)
                for i in xrange(len(X)):
                    p = np.exp(self.W.dot(X[i]))
                    p /= p.sum()
                    loss -= np.log(p[y[i]]) / len(X)
                    p[y[i]] -= 1
                    grad += np.outer(p, X[i]) / len(X)
                return loss, grad
    """, {"W"}),
    "numbers of units between two sizes": ("""
        class Layer:
            def __init__(self, inner, outer):
                self.params = {"weight": np.random.randn(outer, inner), "bias": np.zeros(outer)}
                self.grads = {"weight": None, "bias": None}
            def forward(self, x):
                self.x = x
                return x @ self.params["weight"].T + self.params["bias"]
            def backward(self, dout):
                self.grads["weight"] = dout.T @ self.x
                self.grads["bias"] = dout.sum(axis=0)
                return dout @ self.params["weight"]
        class Net:
            def __init__(self, n_inputs, n_hidden, n_classes):
                self.layers, last = [], n_inputs
                for one in n_hidden:
                    self.layers.append(Layer(last, one))
                    last = one
                self.layers.append(Layer(last, n_classes))
            def forward(self, x):
                for layer in self.layers:
                    x = layer.forward(x)
                return x
            def backward(self, dout):
                for layer in reversed(self.layers):
                    dout = layer.backward(dout)
                return dout
    """, {f"layers[{place}].params['{name}']" for place in range(4) for name in ("weight", "bias")} | {"x"}),
    "functions that draw weights, and objects of the text's own": ("""
        class Slope:
            def forward(self, z):
                self.out = np.tanh(z)
                return self.out
            def derivative(self):
                return 1 - self.out ** 2
        class Distance:
            def forward(self, x, y):
                self.x, self.y = x, y
                return np.sum((x - y) ** 2)
            def derivative(self):
                return 2 * (self.x - self.y)
        class Net:
            def __init__(self, n_in, n_out, acts, weight_init_fn, bias_init_fn, criterion):
                self.W, self.b = weight_init_fn(n_in, n_out), bias_init_fn(n_out)
                self.activations, self.criterion = acts, criterion
            def forward(self, x):
                self.x = x
                self.out = self.activations[0].forward(x @ self.W + self.b)
                return self.out
            def backward(self, labels):
                self.criterion.forward(self.out, labels)
                dz = self.criterion.derivative() * self.activations[0].derivative()
                self.dW, self.db = self.x.T @ dz, dz.sum(axis=0, keepdims=True)
                return dz @ self.W.T
    """, {"W", "b", "x"}),
}  # fmt: skip


JOINED = """
    class Net:
        def __init__(self, n, between, k):
            SIZES
            self.Ws = [np.random.randn(a, b) for a, b in zip(sizes[:-1], sizes[1:])]
        def forward(self, x):
            self.xs = [x]
            for W in self.Ws:
                self.xs.append(np.tanh(self.xs[-1] @ W))
            return self.xs[-1]
        def backward(self, dout):
            self.dWs = []
            for W, x, y in zip(self.Ws[::-1], self.xs[-2::-1], self.xs[::-1]):
                dz = dout * (1 - y ** 2)
                self.dWs.insert(0, x.T @ dz)
                dout = dz @ W.T
            return dout
"""  # sizes that are joined with others
for way in (
    "sizes = [n] + between + [k]",
    "sizes = [n]; sizes += between; sizes.append(k)",
    "sizes = [n]; sizes.extend(between); sizes.append(k)",
    "sizes = (n,) + tuple(between) + (k,)",
):
    OFFERED[way] = (JOINED.replace("SIZES", way), {*[f"Ws[{place}]" for place in range(4)], "x"})


@pytest.mark.parametrize("name", OFFERED)
def test_what_is_offered_for_a_network_judges_all_of_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text, names = OFFERED[name]
    file = tmp_path / "red.py"
    file.write_text(f"import numpy as np\n{dedent(text)}")
    last = re.findall(r"class (\w+)", text)[-1]
    assert run(monkeypatch, "check", f"{file}:{last}") == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    run(monkeypatch, "check", f"{file}:{last}", *shlex.split(offered[1]), "--seed", "1")
    assert {*re.findall(r"^(\S+) +\S+ +ok$", capfd.readouterr().out, re.MULTILINE)} == names


STEP = """
import numpy as np
class Step:
    def __init__(self, n_in, n_units):
        self.U, self.V = np.random.randn(n_units, n_in), np.random.randn(n_units, n_units)
        self.c, self.dU, self.dV = np.random.randn(n_units), 0, 0
    def forward(self, x, h_prev_t):
        h_t = x @ self.U.T + h_prev_t @ self.V.T + self.c
        out = np.tanh(h_t)
        return out
    def backward(self, delta, h_t, h_prev_l, h_prev_t):
        dz = delta * (1 - h_t ** 2)
        self.dU += dz.T @ h_prev_l / len(delta)
        self.dV += dz.T @ h_prev_t / len(delta)
        self.dc = dz.sum(axis=0) / len(delta)
        return dz @ self.U, dz @ self.V
"""
STEPS = {"x": [[0.3, -1.0], [0.7, 0.4]], "h_prev_t": [[0.2, 0.5, -0.6], [-0.1, 0.3, 0.8]], "n_in": 2, "n_units": 3}


def test_a_name_of_a_sum_inside_may_be_that_of_what_comes_out(check: Check) -> None:
    """A step is handed its own output as `h_t`, which is a sum in its forward pass."""
    found = check("step.py", STEPS, {"step.py": STEP})
    assert {one["verdict"] for one in found["gradients"]} == {"ok"}
    assert "h_t of the backward pass is taken for what came out" in found["remarks"]
    of_the_sum = STEP.replace("(1 - h_t ** 2)", "(1 - np.tanh(h_t) ** 2)")
    found = check("step.py", STEPS, {"step.py": of_the_sum})
    assert {one["verdict"] for one in found["gradients"]} == {"ok"}
    wrong = STEP.replace(" / len(delta)", "").replace("dz @ self.V", "dz @ self.V.T")
    assert [one["line"] for one in check("step.py", STEPS, {"step.py": wrong})["lines"]] == [16]


CELL = """
import numpy as np
class Cell:
    def __init__(self, n_in, n_units):
        self.U, self.V = np.random.randn(n_units, n_in), np.random.randn(n_units, n_units)
        self.dU, self.dV = np.zeros((n_units, n_in)), np.zeros((n_units, n_units))
    def forward(self, x, h):
        self.x, self.h = x, h
        self.a = np.tanh(self.U @ x + self.V @ h)
        return self.a
    def backward(self, delta):
        dz = delta * (1 - self.a ** 2)
        self.dU += np.dot(dz.T, self.x.reshape(1, -1))
        self.dV += np.dot(dz.T, self.h.reshape(1, -1))
        dx, dh = np.dot(dz, self.U), np.dot(dz, self.V)
        assert dx.shape == (1, len(self.x))
        return dx, dh
"""


def test_a_pass_that_is_written_for_a_row_is_handed_one(check: Check) -> None:
    given = {"x": [0.3, -1.0], "h": [0.2, 0.5, -0.6], "n_in": 2, "n_units": 3}
    found = check("cell.py", given, {"cell.py": CELL})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == dict.fromkeys(["U", "V", "x", "h"], "ok")
    wrong = check("cell.py", given, {"cell.py": CELL.replace("1 - self.a ** 2", "1 - self.a")})
    assert [one["line"] for one in wrong["lines"]] == [12]


LETTERS = """
import numpy as np
def loss_of(X, Y, h0, parameters):
    h, p, loss = {-1: h0}, {}, 0
    for t in range(len(X)):
        h[t] = np.tanh(parameters["Wx"][:, [X[t]]] + parameters["Wh"] @ h[t - 1])
        scores = np.exp(parameters["Wy"] @ h[t])
        p[t] = scores / scores.sum()
        loss -= np.log(p[t][Y[t], 0])
    return loss, (h, p)
def slopes(X, Y, parameters, cache):
    h, p = cache
    gradients = {"d" + name: np.zeros_like(one) for name, one in parameters.items()}
    dnext = np.zeros_like(h[0])
    for t in reversed(range(len(X))):
        dy = p[t].copy()
        dy[Y[t]] -= 1
        gradients["dWy"] += dy @ h[t].T
        dz = (parameters["Wy"].T @ dy + dnext) * (1 - h[t] ** 2)
        gradients["dWx"][:, [X[t]]] += dz
        gradients["dWh"] += dz @ h[t - 1].T
        dnext = parameters["Wh"].T @ dz
    return gradients, h
def within(gradients, most):
    for one in gradients.values():
        np.clip(one, -most, most, one)
    return gradients
def optimize(X, Y, h0, parameters, rate=0.01):
    loss, cache = loss_of(X, Y, h0, parameters)
    gradients, h = slopes(X, Y, parameters, cache)
    gradients = within(gradients, 0.1)
    for name in parameters:
        parameters[name] -= rate * gradients["d" + name]
    return loss, gradients, h[len(X) - 1]
"""


def test_a_state_behind_the_gradients_is_none_of_them(check: Check) -> None:
    """A step of training hands on its last state, which has the shape of the first one, whose gradient it is not."""
    weights = {"Wx": [[0.3, -0.8, 1.1], [0.9, 0.2, -0.7]], "Wh": [[0.5, -0.3], [0.8, 0.1]]}
    weights["Wy"] = [[0.4, -1.2], [0.7, 0.6], [-0.5, 0.9]]
    given = {"X": [0, 2, 1], "Y": [2, 1, 0], "h0": [[0.3], [-0.6]], "parameters": weights}
    found = check("letters.py:optimize", given, {"letters.py": LETTERS})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert told == {f"parameters.{name}": "ok" for name in weights}


COMPARED = """
import torch
C = torch.tensor([[0.4, -0.7], [0.2, 0.9], [-1.1, 0.3]])
W = torch.tensor([[0.5, -0.2, 0.8], [0.7, 0.1, -0.6]])
Xb, Yb = torch.tensor([0, 2, 1, 1]), torch.tensor([1, 0, 2, 1])
parameters = [C, W]
for p in parameters:
    p.requires_grad = True
n = 4
h = torch.tanh(C[Xb])
logits = h @ W
probs = logits.softmax(1)
loss = -probs.log()[range(n), Yb].mean()
for p in parameters:
    p.grad = None
for t in [logits, h]:
    t.retain_grad()
loss.backward()
def differ(name, mine, t):
    print(name, (mine - t.grad).abs().max().item())
dlogits = probs.clone()
dlogits[range(n), Yb] -= 1
dlogits /= n
differ("logits", dlogits, logits)
dh = dlogits @ W.T
dW = h.T @ dlogits
differ("W", dW, W)
dC = torch.zeros_like(C)
for k in range(n):
    dC[Xb[k]] += (1 - h[k] ** 2) * dh[k]
"""


def test_gradients_are_compared_with_those_that_torch_would_have(check: Check) -> None:
    """A listing goes back by hand and by torch, and compares both also for what is on the way."""
    found = check("listing.py", {}, {"listing.py": COMPARED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"C": "ok", "W": "ok"}
    wrong = check("listing.py", {}, {"listing.py": COMPARED.replace("1 - h[k] ** 2", "1 - h[k]")})
    assert {one["name"]: one["verdict"] for one in wrong["gradients"]} == {"C": "wrong", "W": "ok"}


AGAIN = """
C = torch.tensor([[0.1, -0.2], [0.6, 0.3], [-0.4, 0.8]])
W = torch.tensor([[0.3, -0.9, 0.2], [0.5, 0.4, -0.1]])
for step in range(10):
    h = torch.tanh(C[Xb])
    loss = ((h @ W) ** 2).mean()
    dh = 2 * (h @ W) @ W.T / 12
    C -= 0.1 * dh[[0, 2, 1]]
"""


def test_a_listing_that_goes_on_to_train_is_judged_up_to_there(check: Check) -> None:
    found = check("listing.py", {}, {"listing.py": COMPARED + AGAIN})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"C": "ok", "W": "ok"}
    assert any("another loss is computed" in one for one in found["remarks"])


def test_labels_that_are_tried_may_be_columns_with_a_single_one() -> None:
    tried = [np.array(json.loads(one)) for one in labels([(5, 3)])]
    assert any((one.shape == (5, 3)) and (one.sum(axis=0) == 1).all() and (one.sum() == 3) for one in tried)
    assert all(np.size(json.loads(one)) == 0 for one in labels([(3, 0)]))


LAYERS = """
import numpy as np

class Layer:
    def backward(self, dout):
        return dout

class Softmax(Layer):
    def forward(self, x):
        e = np.exp(x)
        self.p = e / e.sum(axis=1, keepdims=True)
        return self.p

class Sigmoid(Layer):
    def forward(self, x):
        return 1 / (1 + np.exp(-x))
"""


@pytest.mark.parametrize(
    ("name", "back", "wrong"),
    [("Softmax", "", False), ("Softmax", "return dout", False), ("Softmax", "return dout * self.p", True),
     ("Softmax", "return 2 * dout", True), ("Sigmoid", "", True)],
)  # fmt: skip
def test_a_softmax_hands_on_what_a_loss_behind_it_has_made_its_own(
    check: Check, name: str, back: str, wrong: bool
) -> None:
    text = (
        LAYERS.replace("\nclass Sigmoid", f"    def backward(self, dout):\n        {back}\n\nclass Sigmoid")
        if back
        else LAYERS
    )
    found = check(f"layers.py:{name}", {"x": [[0.3, -1.0, 0.4], [0.6, 1.1, -0.2]]}, {"layers.py": text})
    assert [one["verdict"] for one in found["gradients"]] == ["wrong" if wrong else "ok"]
    assert ("what the softmax is of" in str(found["remarks"])) == (not wrong)


ACTIVATIONS = """
import numpy as np

def forward(x, W1, W2):
    h = np.tanh(x @ W1)
    out = h @ W2
    return out, [x, h], np.sum(out ** 2)

def backward(dout, x, W2):
    dW2 = x[1].T @ dout
    dh = dout @ W2.T * (1 - x[1] ** 2)
    dW1 = x[0].T @ dh
    return dW1, dW2

def train(x, y, W1, W2, rate):
    for _ in range(100):
        out, kept, size = forward(x, W1, W2)
        dW1, dW2 = backward(2 * (out - y), CALL)
        W1 -= rate * dW1
        W2 -= rate * dW2
"""


@pytest.mark.parametrize("call", ["kept, W2", "x=kept, W2=W2", "W2=W2, x=kept"])
@pytest.mark.parametrize("wrong", [False, True])
def test_what_a_way_back_is_handed_is_told_where_both_are_called(check: Check, call: str, wrong: bool) -> None:
    """Not its name, which is that of an input."""
    given = {"x": [[0.3, -1.0], [0.6, 1.1]], "W1": [[0.2, -0.7, 0.5], [1.1, 0.4, -0.3]], "W2": [[0.4], [-0.9], [0.8]]}
    text = ACTIVATIONS.replace("CALL", call).replace("x[1] ** 2", "x[1]" if wrong else "x[1] ** 2")
    found = check("net.py:forward", given, {"net.py": text})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert (told["W1"], told["W2"]) == ("wrong" if wrong else "ok", "ok")


def test_a_name_that_is_set_anew_between_the_calls_tells_nothing(check: Check) -> None:
    text = ACTIVATIONS.replace("CALL", "kept, W2").replace("        dW1, dW2 =", "        kept = x\n        dW1, dW2 =")
    text = (
        text.replace("x[1]", "np.tanh(x @ W1)").replace("x[0]", "x").replace("x, W2):\n    dW2", "x, W1, W2):\n    dW2")
    )
    given = {"x": [[0.3, -1.0], [0.6, 1.1]], "W1": [[0.2, -0.7, 0.5], [1.1, 0.4, -0.3]], "W2": [[0.4], [-0.9], [0.8]]}
    told = {one["name"]: one["verdict"] for one in check("net.py:forward", given, {"net.py": text})["gradients"]}
    assert (told["W1"], told["W2"]) == ("ok", "ok")


CLASSIFIER = """
import sys
import numpy as np

def evaluateClassifier(X, W, b):
    e = np.exp(W @ X + b)
    return e / np.sum(e, axis=0)

def computeCost(X, Y, W, b, lamda):
    P = evaluateClassifier(X, W, b)
    return -np.mean(np.log(np.sum(Y * P, axis=0) + sys.float_info.epsilon)) + lamda * np.sum(W ** 2)

def computeGradients(X, Y, P, W, lamda):
    n = X.shape[1]
    G = P - Y
    return [G @ X.T / n + 2 * lamda * W, G @ np.ones((n, 1)) / n]

def computeGradsNum(X, Y, W, b, lamda, h):
    return np.zeros(W.shape), np.zeros(b.shape)

def compareGradients(X, Y, lamda):
    W, b = np.random.randn(3, 2), np.zeros((3, 1))
    P = evaluateClassifier(X, W, b)
    grad_W, grad_b = computeGradients(X, Y, P, W, lamda)
    num_W, num_b = computeGradsNum(X, Y, W, b, lamda, 1e-6)
    return np.abs(grad_W - num_W), np.abs(grad_b - num_b)
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [("", "", ""), ("2 * lamda", "lamda", "W"), ("P - Y", "Y - P", "W b"),
     ("np.ones((n, 1)) / n", "np.ones((n, 1))", "b")],
)  # fmt: skip
def test_gradients_that_take_what_a_classifier_gives_are_of_the_cost(
    check: Check, old: str, new: str, wrong: str
) -> None:
    given = {"X": [[0.3, -1.0, 0.5, 0.9], [0.6, 1.1, -0.4, 0.2]], "W": [[0.2, -0.7], [1.1, 0.4], [-0.3, 0.8]],
             "b": [[0.1], [-0.2], [0.3]], "Y": [[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 0]], "lamda": 0.3}  # fmt: skip
    found = check("net.py", given, {"net.py": CLASSIFIER.replace(old, new) if old else CLASSIFIER})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert told == {name: "wrong" if name in wrong.split() else "ok" for name in ("W", "b")}


WITH_ONES = """
import numpy as np

class Line:
    def __init__(self, features=2):
        self.features, self.W = features, None

    def initialize_weights(self):
        self.W = 0.1 * np.random.randn(self.features + 1, 1)

    def forward(self, X):
        rows, _ = X.shape
        X = np.concatenate((X, np.ones((rows, 1))), axis=1)
        self.cache = X
        y = X @ self.W
        return y

    def backward(self, y):
        dW = FACTORself.cache
        return dW
"""


@pytest.mark.parametrize("factor", ["", "2 * "])
def test_the_slopes_of_all_outputs_by_the_name_of_a_weight(
    factor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """They have a row for each output; what is offered leaves room for the column of ones."""
    (file := tmp_path / "line.py").write_text(WITH_ONES.replace("FACTOR", factor))
    run(monkeypatch, "check", str(file))
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    run(monkeypatch, "check", str(file), *shlex.split(offered[1]), "--seed", "1")
    assert re.findall(r"^(\S+) +\S+ +(ok|WRONG)$", capfd.readouterr().out, re.MULTILINE) == [
        ("W", "WRONG" if factor else "ok")
    ]


def test_what_another_object_of_the_same_methods_gives_is_no_result_of_its_own(check: Check) -> None:
    text = """
class Squares:
    def forward(self, y, t):
        return (y - t) ** 2
    def backward(self, y, t):
        return 2 * (y - t)
class Solver:
    def step(self, x, t):
        y = self.net.forward(x)
        dout = self.loss.backward(y, t)
        self.net.backward(dout)
class Net:
    def __call__(self, x):
        y = self.forward(x)
        return y, self.backward(y, x)
"""
    found = check("loss.py:Squares", {"y": [0.3, -1.0, 0.4], "t": [0.6, 0.1, -0.2]}, {"loss.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"y": "ok"}
