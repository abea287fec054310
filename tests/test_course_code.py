"""Passes as assignments have them: which of what they return and change is whose gradient, and what they take."""

from __future__ import annotations

import pytest

from conftest import Check

CODER = """
import numpy as np
class Coder:
    def __init__(self, size, hidden):
        self.W_in = np.random.randn(size, hidden)
        self.b_in = np.zeros((1, hidden))
        self.W_out = np.random.randn(hidden, size)
    def forward(self, X):
        self.X = X
        self.a = np.tanh(X @ self.W_in + self.b_in)
        return self.a @ self.W_out
    def backward(self, dout):
        FIRST = self.a.T @ dout
        da = (dout @ self.W_out.T) * (1 - self.a**2)
        SECOND = self.X.T @ da
        THIRD = da.sum(axis=0, keepdims=True)
        return RESULT
"""
SIZES = {"size": 3, "hidden": 4, "X": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]]}


@pytest.mark.parametrize("names", ["dW_out dW_in db_in", "dy_dw_out dy_dw_in dy_db_in"])
@pytest.mark.parametrize("whole", [False, True])
def test_what_an_object_returns_is_of_its_own_weights_by_name(check: Check, names: str, whole: bool) -> None:
    first, second, third = names.split()
    result = ", ".join([first, second, third] + ["da @ self.W_in.T"] * whole)
    text = CODER.replace("FIRST", first).replace("SECOND", second).replace("THIRD", third).replace("RESULT", result)
    found = check("coder.py", SIZES, {"coder.py": text})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert told == {"W_out": "ok", "W_in": "ok", "b_in": "ok", "X": "ok" if whole else "missing"}
    if not whole and first == "dW_out":
        wrong = check("coder.py", SIZES, {"coder.py": text.replace("@ da\n", "@ da * 2\n")})
        assert [one["name"] for one in wrong["gradients"] if one["verdict"] == "wrong"] == ["W_in"]


STEPS = """
import numpy as np
class Dense:
    def __init__(self, size, units, how):
        self.W, self.b = np.random.randn(size, units), np.random.randn(units)
        self.m, self.v = np.zeros_like(self.W), np.zeros_like(self.W)
        self.how, self._rate = how, 0.1
    @property
    def rate(self):
        return self._rate
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dout):
        dx, dW, db = dout @ self.W.T, self.x.T @ dout, dout.sum(axis=0)
        if self.how == "adam":
            self.m = 0.9 * self.m + 0.1 * dW
            self.v = 0.99 * self.v + 0.01 * dW ** 2
            m_hat = self.m / (1 - 0.9)
            self.W -= self.rate * m_hat / (np.sqrt(self.v) + 1e-8)
        elif self.how == "scaled":
            self.v = 0.99 * self.v + 0.01 * dW ** 2
            self.W -= self.rate * dW / (np.sqrt(self.v) + 1e-8)
        else:
            self.W -= self.rate * dW
        self.b -= self.rate * db
        return dx
"""


@pytest.mark.parametrize("how", ["adam", "scaled", "plain"])
def test_of_several_optimizers_the_one_that_steps_tells_the_gradient(check: Check, how: str) -> None:
    given = {"size": 3, "units": 2, "how": how, "x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]]}
    found = check("dense.py", given, {"dense.py": STEPS})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert found["verdict"] != "wrong"
    assert {*told.values()} == {"ok"}
    assert {"b", "x"} <= {*told} <= {"W", "b", "x"}
    if how == "plain":
        wrong = check("dense.py", given, {"dense.py": STEPS.replace("self.rate * dW\n", "self.rate * 2 * dW\n")})
        assert wrong["verdict"] == "wrong"


COST = """
import numpy as np
class Net:
    def __init__(self, size, kinds, lam=0.1):
        self.w, self.b, self.lam = np.random.randn(kinds, size), np.random.randn(kinds, 1), lam
    def evaluate(self, X):
        e = np.exp(self.w @ X + self.b)
        return e / e.sum(axis=0)
    def cross_entropy(self, Y_true, Y_pred):
        return np.sum(-np.log(np.sum(Y_true * Y_pred, axis=0)))
    def compute_cost(self, X, Y_true):
        return self.cross_entropy(Y_true, self.evaluate(X)) / X.shape[1] + self.lam * np.sum(self.w ** 2)
    def compute_gradients(self, X_batch, y_true_batch, y_pred_batch):
        g = y_pred_batch - y_true_batch
        grad_w = g @ X_batch.T / X_batch.shape[1] + 2 * self.lam * self.w
        return g.sum(axis=1, keepdims=True) / X_batch.shape[1], grad_w
"""


def test_a_cost_that_goes_forward_itself_counts_its_penalty(check: Check) -> None:
    given = {
        "size": 2,
        "kinds": 3,
        "X": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]],
        "y_true_batch": [[1, 0, 0], [0, 0, 1], [0, 1, 0]],
    }
    found = check("net.py:Net.evaluate --backward net.py:Net.compute_gradients", given, {"net.py": COST})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"b": "ok", "w": "ok"}
    assert "the gradient of compute_cost with y_true_batch" in str(found["remarks"])


def test_a_gradient_that_is_only_tested_with_is_not_judged(check: Check) -> None:
    numerical = "    def compute_grads_num(self, X, h):\n        return np.zeros(3), np.zeros(3)\n"
    text = COST.replace("    def compute_gradients", f"{numerical}    def compute_gradients")
    anew = "y_pred_batch=None):\n        y_pred_batch = self.evaluate(X_batch)"
    text = text.replace("compute_", "Compute").replace("y_pred_batch):", anew)
    given = {"size": 2, "kinds": 3, "X": [[0.3, -1.0], [1.2, 0.5]], "Y_true": [[1, 0], [0, 0], [0, 1]]}
    found = check("net.py:Net", given, {"net.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"b": "ok", "w": "ok"}


def test_a_gradient_that_an_object_keeps_may_have_an_axis_more(check: Check) -> None:
    text = "class Shift:\n    def __init__(self, size):\n        self.b = np.ones(size)\n    def forward(self, x):\n"
    text += "        self.x = x\n        return x * self.b\n    def backward(self, delta):\n"
    text += "        self.db = (delta * self.x)[None, :]\n        return delta * self.b\n"
    found = check("shift.py", {"size": 3, "x": [0.2, -1.0, 0.4]}, {"shift.py": "import numpy as np\n" + text})
    assert found["verdict"] == "ok"
    assert "the gradient of b is 1x3 and b 3" in str(found["remarks"]).replace("×", "x")


@pytest.mark.parametrize("used", ["db.T", "db"])
def test_a_gradient_that_is_turned_where_it_is_used(check: Check, used: str) -> None:
    text = "import numpy as np\ndef forward(x, b):\n    return x + b.T\ndef backward(dout, x, b):\n"
    text += "    db = dout.sum(axis=0, keepdims=True)\n    return dout, db\n"
    text += f"def step(x, b, dout):\n    dx, db = backward(dout, x, b)\n    return b - 0.1 * {used}\n"
    given = {"x": [[0.2, -1.0, 0.4], [1.0, 0.3, 0.5]], "b": [[0.1], [0.2], [0.3]]}
    found = check("turned.py:forward", given, {"turned.py": text})
    assert found["verdict"] == ("ok" if used == "db.T" else "wrong")


OTHERS = {
    "a size that is called as the input": """
import numpy as np
class Linear:
    def __init__(self, input, output):
        self.W = np.random.randn(input, output)
    def forward(self, X):
        return X @ self.W
    def backward(self, input, delta):
        self.dW = input.T @ delta
        return delta @ self.W.T
""",
    "all that was computed in a dictionary": """
import numpy as np
def forward(X, W):
    z = X @ W
    a = np.tanh(z)
    return {"a": a, "z": z}
def backward(dout, X, W, cache):
    dz = dout * (1 - cache["a"] ** 2)
    return dz @ W.T, X.T @ dz
""",
    "what came out and its gradient, of several": """
import numpy as np
def forward(X, W):
    z = X @ W
    return np.array(z ** 2), np.array(z)
def backward(preds, z, X, W, out_grads):
    dz = out_grads * 2 * z
    return dz @ W.T, X.T @ dz
""",
    "names with capitals": """
import numpy as np
def ForwardPass(X, W):
    return np.tanh(X @ W)
def BackwardPass(X, W, dout):
    dz = dout * (1 - np.tanh(X @ W) ** 2)
    return dz @ W.T, X.T @ dz
""",
    "a tensor of sizes that is drawn": """
from torch import Tensor
class Linear:
    def __init__(self, input, output):
        self.w = Tensor(output, input).normal_()
    def forward(self, X):
        self.x = X
        return X.mm(self.w.t())
    def backward(self, dout):
        self.dw = dout.t().mm(self.x)
        return dout.mm(self.w)
""",
}


@pytest.mark.parametrize("kind", OTHERS)
def test_what_passes_take(check: Check, kind: str) -> None:
    given = {"X": [[0.3, -1.0], [0.7, 0.5], [-0.2, 0.9]], "W": [[0.4, 1.1], [-0.6, 0.3]], "input": 2, "output": 3}
    sized = "class" in OTHERS[kind]
    given = {name: one for name, one in given.items() if (name != "W" if sized else name in ("X", "W"))}
    found = check("pair.py", given, {"pair.py": OTHERS[kind]})
    assert found.get("verdict") == "ok", found
    assert {one["name"] for one in found["gradients"]} >= {"X", *({"W"} - {*"W" * sized})}
