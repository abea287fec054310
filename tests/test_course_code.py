"""Passes as assignments have them: which of what they return and change is whose gradient, and what they take."""

from __future__ import annotations

import numpy as np
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
    "what came out and what was kept, under other names": """
import numpy as np
class Pool:
    def forward_pass(self, X):
        Z = np.maximum(X[:, ::2], X[:, 1::2])
        return Z, (X, 2)
    def backprop(self, pooled, pool_cache, dL_dZ):
        X, size = pool_cache
        dX = np.repeat(dL_dZ, size, axis=1)
        return dX * (X == np.repeat(pooled, size, axis=1))
""",
    "names with capitals": """
import numpy as np
def ForwardPass(X, W):
    return np.tanh(X @ W)
def BackwardPass(X, W, dout):
    dz = dout * (1 - np.tanh(X @ W) ** 2)
    return dz @ W.T, X.T @ dz
""",
    "a word that begins with a capital": """
import numpy as np
def squash(X, W):
    return np.tanh(X @ W)
def squashBackward(dout, X, W):
    dz = dout * (1 - np.tanh(X @ W) ** 2)
    return dz @ W.T, X.T @ dz
""",
    "a step over the rows of an input that has the shape of the weights": """
import numpy as np
class Linear:
    def __init__(self, input, output):
        self.w, self.rate = np.random.randn(output, input), 0.1
    def forward(self, X):
        self.x = X
        return X @ self.w.T
    def backward(self, dout):
        of_weights = dout.T @ self.x
        dX = dout @ self.w
        self.w -= self.rate * (3 * of_weights / self.x.shape[0])
        return dX
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


STEPWISE = """
import numpy as np
def forward(xs, W, U, h):
    hs, ps = [], []
    for x in xs:
        h = np.tanh(W @ x + U @ h)
        e = np.exp(h)
        hs.append(h)
        ps.append(e / np.sum(e))
    return hs, ps
def backward(xs, hs, ps, targets, W, U, h):
    dW, dU, carried, loss = np.zeros_like(W), np.zeros_like(U), np.zeros_like(h), 0
    for t in reversed(range(len(xs))):
        loss += COST
        dh = ps[t] - targets[t] + carried
        draw = dh * (1 - hs[t] ** 2)
        dW += draw @ xs[t].T
        dU += draw @ (hs[t - 1] if t else h).T
        carried = U.T @ draw
    return loss, dW, dU
"""
ONE_HOT = [[[1], [0]], [[0], [1]], [[0], [1]]]
STEPPED = {"xs": [[[0.3], [1.2]], [[-1.0], [0.5]], [[0.4], [0.2]]], "W": [[0.4, 1.1], [-0.6, 0.3]],
           "U": [[0.2, -0.3], [0.5, 0.7]], "h": [[0.1], [-0.2]], "targets": ONE_HOT}  # fmt: skip


@pytest.mark.parametrize(
    ("cost", "wrong"),
    [
        ("-np.sum(targets[t] * np.log(ps[t]))", ""),
        ("-np.sum(targets[t] * np.log(ps[t])) / 3", "dW dU"),
        ("0.5 * np.sum((hs[t] - targets[t]) ** 2)", "dW dU"),
    ],
)
def test_a_cost_that_the_backward_pass_computes_beside_its_gradients(check: Check, cost: str, wrong: str) -> None:
    found = check("rnn.py --wrt W,U", STEPPED, {"rnn.py": STEPWISE.replace("COST", cost)})
    told = {f"d{one['name']}": one["verdict"] for one in found["gradients"]}
    assert told == {name: "wrong" if name in wrong else "ok" for name in ("dW", "dU")}
    assert not wrong or "the gradient of the loss in backward" in str(found["remarks"])


RATED = """
import numpy as np
class Output:
    def __init__(self, size, kinds):
        self.W = np.random.randn(size, kinds)
    def forward(self, X):
        flat = X.reshape(X.shape[0], -1)
        e = np.exp(flat @ self.W)
        return e / np.sum(e, axis=1, keepdims=True), (flat, X)
    def loss(self, probs, labels):
        n = len(labels)
        right = np.mean(np.argmax(probs, axis=1) == labels)
        return -np.sum(np.log(probs[np.arange(n), labels])) / n, right
    def backprop(self, probs, labels, cache):
        flat, X = cache
        dZ = probs.copy()
        dZ[np.arange(len(labels)), labels] -= 1
        dZ /= len(labels)
        dW = flat.T @ dZ
        dX = dZ @ self.W.T
        return dW, dX
"""


@pytest.mark.parametrize("factor", ["", " * 2"])
def test_a_loss_that_is_told_with_how_many_are_right_of_a_layer_that_flattens(check: Check, factor: str) -> None:
    given = {"size": 4, "kinds": 3, "labels": [2, 0], "X": [[[0.3, -1.0], [0.6, 1.1]], [[1.2, 0.5], [-0.4, 0.2]]]}
    found = check("output.py", given, {"output.py": RATED.replace("dZ @ self.W.T", f"dZ @ self.W.T{factor}")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok", "X": "wrong" if factor else "ok"}
    assert "what is before has to reshape it" in str(found["remarks"])


def test_the_slope_of_what_a_layer_computes_is_that_of_no_weight(check: Check) -> None:
    text = (
        "import numpy as np\nclass Layer:\n    def __init__(self, size):\n        self.w = np.random.randn(2, size)\n"
    )
    text += (
        "        self.b = np.zeros((1, size))\n    def forward(self, x):\n        a = np.tanh(x @ self.w + self.b)\n"
    )
    text += "        return a\n    def backward(self, a):\n        da = 1 - a ** 2\n        return da\n"
    for x in ([0.3, -1.0], [[0.3, -1.0], [0.5, 0.2]]):
        found = check("layer.py", {"size": 3, "x": x}, {"layer.py": text})
        assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("x", "missing")]


WINDOWS = """
import numpy as np
class Windows:
    def __init__(self, size=3):
        self.size = size
        self.weights = np.random.randn(size, size, 6, 3)
    def cut(self, x):
        n, h, w, c = x.shape
        shape = (n, h - self.size + 1, w - self.size + 1, self.size, self.size, c)
        steps = (*x.strides[:3], *x.strides[1:])
        return np.lib.stride_tricks.as_strided(x, shape=shape, strides=steps)
    def forward(self, x):
        return np.tensordot(self.cut(x), self.weights, axes=([3, 4, 5], [0, 1, 2]))
    def backward(self, d):
        padded = np.pad(d, ((0, 0), (2, 2), (2, 2), (0, 0)))
        return np.tensordot(self.cut(padded), self.weightsTURNED, axes=([3, 4, 5], [0, 1, 3]))
"""


@pytest.mark.parametrize(("turned", "verdict"), [("[::-1, ::-1]", "ok"), ("", "wrong")])
def test_products_of_large_arrays_are_judged(check: Check, turned: str, verdict: str) -> None:
    given = {"x": (np.arange(360.0) % 7 - 3 + np.sin(np.arange(360))).reshape(4, 3, 5, 6).tolist()}
    found = check("windows.py", given, {"windows.py": WINDOWS.replace("TURNED", turned)})
    assert [one["verdict"] for one in found["gradients"] if one["name"] == "x"] == [verdict]


def test_nothing_is_right_of_an_empty_output(check: Check) -> None:
    found = check("windows.py", {"x": np.ones((2, 2, 5, 6)).tolist()}, {"windows.py": WINDOWS.replace("TURNED", "")})
    assert "nothing comes out of the forward pass: its output is 2×0×3×3" in str(found)


LAYERED = """
import numpy as np
def forward(X, weights):
    acts = [X]
    for W in weights:
        acts.append(np.tanh(acts[-1] @ W))
    return acts, None
def backward(acts, weights, Y):
    delta = (acts[-1] - Y) * (1 - acts[-1] ** 2)
    grads = [None] * len(weights)
    for i in reversed(range(len(weights))):
        grads[i] = acts[i].T @ delta
        if i:
            delta = (delta @ weights[i].T) * (1 - acts[i] ** 2)
    return grads
"""


def test_of_what_every_layer_gives_the_last_is_the_output(check: Check) -> None:
    given = {"X": [[0.3, -1.0], [0.6, 1.1]], "Y": [[1.0], [-1.0]],
             "weights": [[[0.4, 1.1, 0.2], [-0.6, 0.3, 0.5]], [[0.2], [-0.7], [0.4]]]}  # fmt: skip
    found = check("layered.py", given, {"layered.py": LAYERED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {
        "weights.0": "ok", "weights.1": "ok", "X": "missing",
    }  # fmt: skip


NETWORK = """
import numpy as np
class Network:
    def __init__(self, sizes):
        self.weights = [np.random.randn(a, b) for a, b in zip(sizes[:-1], sizes[1:])]
        self.biases = [np.zeros((1, b)) for b in sizes[1:]]
        self.h = np.zeros(3)
    def forward(self, x):
        self.acts = [x]
        for W, b in zip(self.weights, self.biases):
            self.acts.append(np.tanh(self.acts[-1] @ W + b))
        return self.acts[-1]
    def backward(self, x, dout):
        d_weights, d_biases = [], []
        for i in reversed(range(len(self.weights))):
            dout = dout * (1 - self.acts[i + 1] ** 2)
            d_weights.insert(0, self.acts[i].T @ dout)
            d_biases.insert(0, np.sum(dout, axis=0) * FACTOR)
            dout = dout @ self.weights[i].T
        return d_weights, d_biases
"""


@pytest.mark.parametrize("factor", ["1", "2"])
def test_lists_of_gradients_with_an_axis_less_are_judged(check: Check, factor: str) -> None:
    given = {"sizes": [2, 4, 3], "x": [[0.3, -1.0], [0.6, 1.1]]}
    found = check("network.py", given, {"network.py": NETWORK.replace("FACTOR", factor)})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    biases = "ok" if factor == "1" else "wrong"
    assert {"weights[0]": "ok", "weights[1]": "ok", "biases[0]": biases, "biases[1]": biases}.items() <= told.items()


def test_the_gradients_of_weights_are_none_of_the_predictions_of_a_cost(check: Check) -> None:
    text = "import numpy as np\nclass Model:\n    def compute_loss(self, y_true, y_pred):\n"
    text += "        return np.mean((y_true - y_pred) ** 2)\n    def compute_gradients(self, x, y_true, y_pred):\n"
    text += "        error = y_pred - y_true\n        gradients_w, gradient_b = x.T @ error, np.mean(error)\n"
    text += "        return gradients_w, gradient_b\n"
    given = {"x": [[0.3, -1.0], [0.6, 1.1]], "y_true": [1.0, 0.0], "y_pred": [0.2, 0.6]}
    told = str(check("model.py", given, {"model.py": text}))
    assert "compute_gradients returns gradients of w, b, which compute_loss does not take" in told


def test_a_table_may_be_given_as_an_array(check: Check) -> None:
    text = "import numpy as np\ndef square_forward(x):\n    return x.values ** 2\n"
    text += "def square_backward(dout, x):\n    return 2 * dout * x.values\n"
    assert check("square.py", {"x": [0.3, -1.0]}, {"square.py": text})["verdict"] == "ok"


def test_a_state_that_is_handed_on_is_no_gradient(check: Check) -> None:
    text = NETWORK.replace("FACTOR", "1").replace(
        "return d_weights", "self.dh = 0 * self.h\n        return self.h, d_weights"
    )
    found = check("network.py", {"sizes": [2, 3], "x": [[0.3, -1.0], [0.6, 1.1]]}, {"network.py": text})
    assert "wrong" not in {one["verdict"] for one in found["gradients"]}


OF_FIELDS = """
import numpy as np
def forward(X, params):
    hidden = np.tanh(X @ params.W1 + params.b1)
    return hidden @ params.W2, hidden
def backward(X, params, dout, hidden):
    draw = (dout @ params.W2.T) * (1 - hidden ** 2)
    return {"W1": X.T @ draw, "b1": draw.sum(axis=0), "W2": hidden.T @ dout}
"""


def test_the_hint_for_an_object_has_its_fields(check: Check) -> None:
    hint = str(check("fields.py", {}, {"fields.py": OF_FIELDS}))
    assert all(f'"{name}": "randn(' in hint.replace("\\", "") for name in ("W1", "b1", "W2"))


OVER_CLASSES = """
import numpy as np
class OverClasses:
    def __init__(self, size, kinds):
        self.W = np.random.randn(size, kinds)
        self.b = np.zeros(kinds)
    def forward(self, x):
        y = np.zeros((len(x), len(self.b)))
        for t in range(len(x)):
            e = np.exp(x[t] @ self.W + self.b)
            y[t] = e / np.sum(e)
        return y, x
    def backward(self, deltas, x):
        dW, db = np.zeros_like(self.W), np.zeros_like(self.b)
        for t in range(len(x)):
            dW += np.outer(x[t], deltas[t])
            db += deltas[t]
        gradients = dW, db
        return deltas @ self.W.T, gradients
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("", "", ""), ("db += deltas", "db += 2 * deltas", "b"), ("deltas", "dout", "W b x"), ("deltas", "dlogp", ""),
        ("deltas, x):", "dout, x):\n        'of a cross-entropy'\n        deltas = dout", ""),
        ("deltas, x):", "dout, x):\n        'it already has the softmax in it'\n        deltas = dout", ""),
        ("deltas, x):", "dout, x):\n        'of a softmax'\n        deltas = dout", "W b x"),
    ],
)  # fmt: skip
def test_a_delta_is_that_of_what_the_softmax_at_the_end_is_of(check: Check, old: str, new: str, wrong: str) -> None:
    given = {"size": 2, "kinds": 3, "x": [[0.3, -1.0], [0.6, 1.1]]}
    found = check("over.py", given, {"over.py": OVER_CLASSES.replace(old, new) if old else OVER_CLASSES})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert told == {name: "wrong" if name in wrong.split() else "ok" for name in ("W", "b", "x")}
    assert ("is taken for the gradient of what the softmax is of" in str(found["remarks"])) == (len(wrong) < 2)


@pytest.mark.parametrize("factor", ["", " * 2"])
def test_a_loss_that_hands_on_the_probabilities_which_its_slope_is_made_of(check: Check, factor: str) -> None:
    text = "import numpy as np\nclass Entropy:\n    def forward(self, inputs, y_true):\n"
    text += "        probs = np.exp(inputs) / np.sum(np.exp(inputs), axis=1)\n"
    text += "        loss = -np.log(probs.reshape(-1)[y_true.argmax()])\n        return probs, loss\n"
    text += "    def backward(self, dout, y_true):\n        dout[0][y_true.argmax()] -= 1\n"
    given = {"inputs": [[0.3, -1.0, 0.5]], "y_true": [[0, 1, 0]]}
    found = check("entropy.py", given, {"entropy.py": f"{text}        return dout{factor}\n"})
    assert [one["verdict"] for one in found["gradients"] if one["name"] == "inputs"] == ["wrong" if factor else "ok"]


def test_a_class_whose_name_is_taken_by_something_else_is_told(check: Check) -> None:
    text = OVER_CLASSES + "OverClasses = OverClasses(2, 3)\n"
    found = check("over.py:OverClasses", {"size": 2, "kinds": 3, "x": [[0.3, -1.0]]}, {"over.py": text})
    assert "OverClasses is a class, and at the end of the file something else" in str(found)


PENALIZED = """
import numpy as np

def forward_propagation(X, parameters, keep=0.5):
    np.random.seed(3)
    W1, W2 = parameters["W1"], parameters["W2"]
    A1 = np.tanh(np.dot(W1, X))
    D1 = (np.random.rand(*A1.shape) < keep) / keep
    A2 = 1 / (1 + np.exp(-np.dot(W2, A1 * D1)))
    return A2, (A1, D1, W1, A2, W2)

def compute_cost(A2, Y):
    return -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))

def compute_cost_with_penalty(A2, Y, parameters, lambd):
    W1, W2 = parameters["W1"], parameters["W2"]
    return compute_cost(A2, Y) + lambd / (2 * Y.shape[1]) * (np.sum(W1 ** 2) + np.sum(W2 ** 2))

def backward_propagation_with_penalty(X, Y, cache, lambd, keep):
    m, (A1, D1, W1, A2, W2) = X.shape[1], cache
    dW2 = np.dot(A2 - Y, (A1 * D1).T) / m + lambd / m * W2
    dA1 = np.dot(W2.T, A2 - Y) * (D1 > 0) / keep
    return {"dW1": np.dot(dA1 * (1 - A1 ** 2), X.T) / m + lambd / m * W1, "dW2": dW2}
"""
NET = {
    "X": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]], "Y": [[1, 0, 1]],
    "parameters": {"W1": [[0.2, -0.4], [0.5, 0.3], [-0.7, 0.1], [0.9, 0.8]], "W2": [[0.4, -0.3, 0.6, 0.2]]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [("", "", set()), ("lambd / m * W1", "2 * lambd / m * W1", {"W1"}), ("(D1 > 0)", "D1", {"W1"})],
)
def test_a_pass_with_a_penalty_has_the_cost_with_it(check: Check, old: str, new: str, wrong: set[str]) -> None:
    found = check("net.py", {**NET, "lambd": 0.7}, {"net.py": PENALIZED.replace(old, new)})
    told = {one["name"].rpartition(".")[2]: one["verdict"] for one in found["gradients"]}
    assert {name for name, verdict in told.items() if verdict != "ok"} == wrong
    assert {*told} == {"W1", "W2"}
    assert "the gradient of compute_cost_with_penalty with Y" in str(found["remarks"])


def test_the_weight_of_a_penalty_is_asked_for_and_never_guessed(check: Check) -> None:
    assert "--lambd '0.7'" in check("net.py", NET, {"net.py": PENALIZED})["error"]["hint"]
    text = PENALIZED.replace("lambd", "zeta")
    assert "nothing says what zeta" in check("net.py", NET, {"net.py": text})["error"]["message"]


OLDER = """
import numpy as np
def double_forward(x):
    return 2 * np.reshape(x, newshape=(-1,)).sum(), x
def double_backward(dout, x):
    return np.full(x.shape, FACTOR * np.product([dout, 2]))
"""


def test_names_that_were_another_ones_are_known(check: Check) -> None:
    text = OLDER.replace("FACTOR", "np.asscalar(np.ones(1))")
    assert check("old.py", {"x": [[0.5, 1.5]]}, {"old.py": text})["verdict"] == "ok"
    assert check("old.py", {"x": [[0.5, 1.5]]}, {"old.py": OLDER.replace("FACTOR", "2")})["verdict"] == "wrong"
    unknown = OLDER.replace("FACTOR", "np.add(0, 1, tuned=True)")  # may be known to another version
    assert "tuned" in check("old.py", {"x": [[0.5, 1.5]]}, {"old.py": unknown})["error"]["message"]


THROUGH_TIME = """
import numpy as np
class Recurrent:
    def __init__(self, words, hidden, truncate=4):
        self.hidden, self.truncate = hidden, truncate
        self.U = np.random.uniform(-1, 1, (hidden, words))
        self.V = np.random.uniform(-1, 1, (words, hidden))
        self.W = np.random.uniform(-1, 1, (hidden, hidden))
    def forward_propagation(self, x):
        s, o = np.zeros((len(x) + 1, self.hidden)), np.zeros((len(x), len(self.V)))
        for t in np.arange(len(x)):
            s[t] = np.tanh(self.U[:, x[t]] + self.W.dot(s[t - 1]))
            e = np.exp(self.V.dot(s[t]))
            o[t] = e / e.sum()
        return [o, s]
    def bptt(self, x, y):
        o, s = self.forward_propagation(x)
        dLdU, dLdV, dLdW = np.zeros(self.U.shape), np.zeros(self.V.shape), np.zeros(self.W.shape)
        o[np.arange(len(y)), y] -= 1.0
        for t in np.arange(len(y))[::-1]:
            dLdV += np.outer(o[t], s[t])
            delta = self.V.T.dot(o[t]) * (1 - s[t] ** 2)
            for step in np.arange(max(0, t - self.truncate), t + 1)[::-1]:
                dLdW += np.outer(delta, s[step - 1])
                dLdU[:, x[step]] += delta
                delta = self.W.T.dot(delta) * (1 - s[step - 1] ** 2)
        return [dLdU, dLdV, dLdW]
"""


@pytest.mark.parametrize(("old", "new", "wrong"), [("", "", set()), ("s[step - 1])\n", "s[step])\n", {"W"})])
def test_a_recurrent_net_that_goes_back_through_time(check: Check, old: str, new: str, wrong: set[str]) -> None:
    given = {"words": 5, "hidden": 3, "x": [0, 2, 1, 4], "y": [2, 1, 4, 3]}
    found = check("net.py", given, {"net.py": THROUGH_TIME.replace(old, new)})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert {name for name, verdict in told.items() if verdict != "ok"} == wrong
    assert {*told} == {"U", "V", "W"}


@pytest.mark.parametrize(("forth", "back"), [("loss", "diff"), ("loss", "delta"), ("calc", "backward"), ("f", "prime")])
def test_a_loss_whose_slope_takes_the_same(check: Check, forth: str, back: str) -> None:
    text = f"import numpy as np\nclass Half:\n    def {forth}(self, y, t):\n        return 0.5 * np.sum((y - t) ** 2)\n"
    text += f"    def {back}(self, y, t):\n        return FACTOR * (y - t)\n"
    for factor, verdict in (("1", "ok"), ("2", "wrong")):
        found = check("half.py", {"y": [0.3, 1.2], "t": [1.0, 0.0]}, {"half.py": text.replace("FACTOR", factor)})
        assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"y": verdict}


KEPT_INPUT = """
import numpy as np
class Classifier:
    def __init__(self, size, kinds):
        self.W, self.b = np.random.randn(size, kinds), np.zeros(kinds)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def loss_and_grad(self, logits, y):
        e = np.exp(logits)
        probs = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(probs[np.arange(len(y)), y]))
        probs[np.arange(len(y)), y] -= 1
        grad_W = self.x.T @ probs / len(y)
        return loss, grad_W, probs.sum(axis=0)FACTOR
"""


@pytest.mark.parametrize(("factor", "verdict"), [(" / len(y)", "ok"), ("", "wrong")])
def test_a_loss_with_gradients_of_what_another_method_left(check: Check, factor: str, verdict: str) -> None:
    given = {"size": 3, "kinds": 3, "x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]], "y": [2, 0]}
    found = check("kept.py", given, {"kept.py": KEPT_INPUT.replace("FACTOR", factor)})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok", "b": verdict}


def test_too_few_labels_are_no_mistake_of_the_pass(check: Check) -> None:
    text = KEPT_INPUT.replace("FACTOR", " / len(y)")
    given = {"size": 3, "kinds": 3, "x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]], "y": [2, 0, 1, 1]}
    assert check("kept.py", given, {"kept.py": text})["error"]["message"] == "y is 4, and the output 2×3"
    given = {"size": 2, "kinds": 4}  # as many as the rows that are said beside them
    assert "--x 'randn(3,2)' --y '[0,2,1]'" in check("kept.py", given, {"kept.py": text})["error"]["hint"]


CALLS_PROPAGATE = """
import numpy as np
def propagate(w, b, X, Y):
    A = 1 / (1 + np.exp(-(w.T @ X + b)))
    cost = np.squeeze(-np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A)))
    grads = {"dw": X @ (A - Y).T / X.shape[1], "db": np.mean(A - Y)}
    return grads, cost
def optimize(w, b, X, Y, num_iterations, learning_rate):
    for i in range(num_iterations):
        grads, cost = propagate(w, b, X, Y)
        dw = grads["dw"]
        db = grads["db"]
        w = w - learning_rate * dw
        b = b - learning_rate * db
    return w, b, cost
w, b, cost = optimize(np.array([[0.5], [0.2]]), 0.3, np.array([[1.0, -2.0], [0.3, 0.4]]), np.array([[1, 0]]), 9, 0.1)
"""


def test_what_a_loop_calls_is_the_pair_and_not_the_loop(check: Check) -> None:
    given = {"w": [[0.5], [0.2]], "b": 0.3, "X": [[1.0, -2.0], [0.3, 0.4]], "Y": [[1, 0]]}
    found = check("logistic.py", given, {"logistic.py": CALLS_PROPAGATE})
    assert found["verdict"] == "ok"
    assert {one["name"] for one in found["gradients"]} == {"w", "b"}


ROUNDS = """
import numpy as np
def cost_of(X, y, weights):
    hidden = np.tanh(X @ weights["W"])
    out = hidden @ weights["V"]
    return {"X": X, "hidden": hidden, "out": out, "y": y}, np.mean((y - out) ** 2)
def slopes_of(info, weights):
    dout = FACTOR * (info["out"] - info["y"]) / info["y"].size
    dhidden = (dout @ weights["V"].T) * (1 - info["hidden"] ** 2)
    return {"V": info["hidden"].T @ dout, "W": info["X"].T @ dhidden}
def train(X, y, rounds=100, rate=0.1, units=4):
    weights = {"W": np.random.randn(X.shape[1], units), "V": np.random.randn(units, 1)}
    for step in range(rounds):
        info, loss = cost_of(X, y, weights)
        loss_grads = slopes_of(info, weights)
        for key in weights.keys():
            weights[key] -= rate * loss_grads[key]
    return weights
"""


@pytest.mark.parametrize(("factor", "verdict"), [("2", "ok"), ("1", "wrong")])
def test_a_loss_beside_what_is_kept_is_that_of_a_round(check: Check, factor: str, verdict: str) -> None:
    given = {"X": [[0.3, -1.0], [0.6, 1.1], [1.2, 0.5]], "y": [[0.4], [-0.2], [0.9]]}
    found = check("train.py:train", given, {"train.py": ROUNDS.replace("FACTOR", factor)})
    told = {one["name"]: one["verdict"] for one in found["gradients"]}
    assert told == {"weights.W": verdict, "weights.V": verdict}


FIRST_ALONE = """
import numpy as np
class Chances:
    def forward(self, scores):
        self.e = np.exp(scores)
        return self.e / self.e.sum()
    def backward(self, dout):
        for k, slope in enumerate(dout):
            if slope == 0:
                continue
            total = self.e.sum()
            d = -self.e[k] * self.e / total**2
            d[k] = self.e[k] * (total - self.e[k]) / total**2
            return slope * d
"""


@pytest.mark.parametrize(("old", "new", "verdict"), [("", "", "ok"), ("total - self.e[k]", "total", "wrong")])
def test_a_pass_that_goes_back_from_one_element_alone(check: Check, old: str, new: str, verdict: str) -> None:
    found = check("chances.py", {"scores": [0.3, -1.0, 0.5]}, {"chances.py": FIRST_ALONE.replace(old, new)})
    assert found["verdict"] == verdict
    assert any("ends with the first of dout" in one for one in found["remarks"])


DROPS = """
import numpy as np
class Drops:
    def __init__(self, rate=0.5):
        self.rate, self.kept = rate, None
    def forward(self, x, is_training=False):
        if is_training:
            self.kept = np.random.rand(*x.shape) > self.rate
            return x * self.kept / (1 - self.rate)
        return x
    def backward(self, dout):
        return dout * self.kept FACTOR
"""


@pytest.mark.parametrize("flag", ["is_training", "save_it"])
@pytest.mark.parametrize(("factor", "verdict"), [("/ (1 - self.rate)", "ok"), ("", "wrong")])
def test_a_pass_goes_back_from_one_of_training_or_that_keeps_what_it_needs(
    check: Check, factor: str, verdict: str, flag: str
) -> None:
    given = {"x": [[0.3, -1.0, 0.6, 1.1], [1.2, 0.5, -0.4, 0.2]]}
    text = DROPS.replace("FACTOR", factor).replace("is_training", flag)
    found = check("drops.py", given, {"drops.py": text})
    assert found["verdict"] == verdict
    assert f"{flag} is taken as True: a backward pass follows" in found["remarks"]


NORMED = """
import numpy as np
class Norm:
    def __init__(self, size):
        self.BW, self.Bb = np.ones((1, size)), np.zeros((1, size))
        self.mean, self.deviation = np.zeros((1, size)), np.ones((1, size))
    def forward(self, x, eval=False):
        if eval:
            self.normed = (x - self.mean) / self.deviation
            return self.BW * self.normed + self.Bb
        self.x, self.m, self.s = x, x.mean(axis=0), np.sqrt(x.var(axis=0) + 1e-5)
        self.normed = (x - self.m) / self.s
        return self.BW * self.normed + self.Bb
    def backward(self, dLdy):
        self.dLdBW = np.sum(dLdy * self.OF, axis=0)
        self.dLdBb = np.sum(dLdy, axis=0)
        dn = dLdy * self.BW
        return (dn - dn.mean(axis=0) - self.normed * (dn * self.normed).mean(axis=0)) / self.s
"""


@pytest.mark.parametrize(("of", "verdict"), [("normed", "ok"), ("x", "wrong")])
def test_a_layer_goes_back_from_no_run_of_a_test_and_its_weights_are_judged_in_their_rows(
    check: Check, of: str, verdict: str
) -> None:
    given = {"size": 3, "x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4], [0.1, 0.9, 2.0], [-0.7, 0.2, 0.8]]}
    found = check("norm.py", given, {"norm.py": NORMED.replace("OF", of)})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"BW": verdict, "Bb": "ok", "x": "ok"}


def test_a_layer_that_hands_nothing_on_may_take_the_mean_in_its_weights(check: Check) -> None:
    text = "import numpy as np\nclass Last:\n    def __init__(self, size):\n"
    text += "        self.W, self.b = np.random.randn(3, size), np.random.randn(1, size)\n"
    text += "    def forward(self, x):\n        self.x = x\n        return x @ self.W + self.b\n"
    text += "    def backward(self, dout):\n        self.dW = self.x.T @ dout / len(self.x)\n"
    text += "        self.db = dout.sum(axis=0, keepdims=True) / len(self.x)\n"
    given = {"size": 2, "x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4], [0.1, 0.9, 2.0], [-0.7, 0.2, 0.8]]}
    found = check("last.py", given, {"last.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok", "b": "ok", "x": "missing"}
    assert "the mean over 4 examples" in str(found["remarks"])


def test_what_is_called_a_set_of_data_is_no_gradient_from_above(check: Check) -> None:
    text = "import numpy as np\ndef one(w, dataset):\n    return w ** 2, 2 * w\n"
    text += "def all_of(w, dataset):\n    cost, grad_w = one(w, dataset)\n    return cost, grad_w\n"
    found = check("all.py:all_of", {"w": [0.3, -1.0], "dataset": [2.0, 5.0]}, {"all.py": text})
    assert "is taken for the gradient" not in str(found["remarks"])


def test_a_saturated_cost_has_slopes_that_can_be_measured(check: Check) -> None:
    text = "import numpy as np\ndef cost(w, b, X, Y):\n    A = 1 / (1 + np.exp(-(w @ X + b)))\n"
    text += "    loss = -np.mean(Y * np.log(A) + (1 - Y) * np.log(1 - A))\n    dw = (A - Y) @ X.T / X.shape[1]\n"
    text += "    db = np.mean(A - Y)\n    return loss, {'dw': dw, 'db': db}\n"
    given = {"w": [[1.0, 2.0]], "b": 2.0, "X": [[1.0, 2.0], [3.0, 4.0]], "Y": [[1, 0]]}
    found = check("cost.py", given, {"cost.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "b": "ok"}


TWO_PASSES = """
def affine_forward(x, w, b):
    return x @ w + b, (x, w)
def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(0)
def norm_forward(x, gamma, beta):
    return gamma * x + beta, (x, gamma)
def norm_backward(dout, cache):
    x, gamma = cache
    return dout * gamma, (dout * x).sum(0), dout.sum(0)
"""


def test_of_values_that_do_not_fit_the_pass_they_are_for_is_told(check: Check) -> None:
    """And not what another pass of the file lacks."""
    given = {"x": [[0.3, 1.0, 2.0], [-1.0, 0.5, 0.1]], "w": [[1.0, 2.0], [0.5, 0.4]], "b": [0.1, 0.2]}
    found = check("two.py", given, {"two.py": TWO_PASSES})["error"]
    assert (found["kind"], found["line"]) == ("shape", 3), found
    found = check("two.py", {"x": given["x"], "gamma": 2.0}, {"two.py": TWO_PASSES})["error"]
    assert "norm_forward takes beta" in found["message"], found


CHANCES = """
import numpy as np
class Chances:
    def forward(self, x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        self.y = e / e.sum(axis=-1, keepdims=True)
        return self.y
    def backward(self, dout=1):
        g = self.y * dout
        return g - OF * g.sum(axis=-1, keepdims=True)
"""


@pytest.mark.parametrize(("of", "verdict"), [("self.y", "ok"), ("g", "wrong")])
def test_what_is_1_unless_given_comes_from_above_where_1_shows_nothing(check: Check, of: str, verdict: str) -> None:
    given = {"x": [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4]]}
    assert check("chances.py", given, {"chances.py": CHANCES.replace("OF", of)})["verdict"] == verdict


@pytest.mark.parametrize(("back", "verdict"), [("1 - np.tanh(self.x) ** 2", "ok"), ("1 + np.tanh(self.x)", "wrong")])
def test_a_slope_that_only_says_that_something_comes_from_above_is_that_of_the_sum(
    check: Check, back: str, verdict: str
) -> None:
    text = (
        "import numpy as np\nclass Curve:\n    def forward(self, x):\n        self.x = x\n        return np.tanh(x)\n"
    )
    text += f"    def backward(self, dout=1):\n        return {back}\n"
    assert check("curve.py", {"x": [0.3, -1.0, 0.6]}, {"curve.py": text})["verdict"] == verdict


def test_a_cost_that_forgets_its_rows_is_divided_by_those_that_its_object_holds(check: Check) -> None:
    text = "import numpy as np\nclass Costs:\n    def forward(self, a, y):\n        self.a, self.y = a, y\n"
    text += "        self.p = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)\n"
    text += "        return -np.sum(y * np.log(self.p)) / a.shape[0]\n"
    text += "    def backward(self):\n        da = self.p - self.y\n        return da\n"
    rows = [[0.3, -1.0, 0.6], [1.2, 0.5, -0.4], [0.1, 0.9, 2.0], [-0.7, 0.2, 0.8], [0.4, 1.4, -0.3]]
    given = {"a": rows, "y": [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]]}
    found = check("costs.py", given, {"costs.py": text})
    assert [one["write"] for one in found["lines"]] == ["da = (self.p - self.y) / self.p.shape[0]"]
