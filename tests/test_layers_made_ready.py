"""Layers of small frameworks: weights in a store that a shape fills, states from before, outputs that are only left."""

from __future__ import annotations

import pytest

from conftest import Check

STORE = """
import numpy as np

class Store:
    def __init__(self):
        self._params, self._grads = {}, {}
    def allocate(self, shape):
        self._params["W"] = np.linspace(-1, 1, shape[0] * shape[1]).reshape(shape)
        self._params["b"] = np.full(shape[1], 0.3)
        for key in self._params:
            self._grads[key] = np.zeros_like(self._params[key])
    def note(self, key, value):
        self._grads[key] = value
    def __getitem__(self, key):
        if key not in self._params:
            raise ValueError
        return self._params[key]

class Mode:
    _train = False
    @property
    def is_idle(self):
        return not self._train

class Affine(Mode):
    def __init__(self, units, store=None):
        self.units, self._store, self.means = units, store, None
        if store is None:
            self._store = Store()
    def setup(self, x_shape):
        self._store.allocate((x_shape[1], self.units))
    def forward_pass(self, X):
        if self.is_idle:
            return X - self.means
        self.seen, self.flat = X, self._store["W"].T
        return np.dot(X, self.flat.T) + self._store["b"]
    def backward_pass(self, delta):
        self._store.note("W", np.dot(self.seen.T, delta))
        self._store.note("b", delta.sum(axis=0))
        return np.dot(delta, self._store["W"].T)
"""
ROWS = [[0.4, -0.2, 0.7], [1.1, 0.3, -0.6]]


def verdicts(found: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found.get("gradients", [])}


def test_a_store_of_weights_is_filled_as_a_framework_does(check: Check) -> None:
    """Nothing of the layer itself is empty before: what it holds is. A view of a weight takes its gradient from none,
    and what says in a class that it is not trained is no setting of a backward pass."""
    files = {"affine.py": STORE}
    names = ["_store._params['W']", "_store._params['b']", "X"]
    found = check("affine.py:Affine", {"X": ROWS, "units": 2}, files)
    assert verdicts(found) == dict.fromkeys(names, "ok"), found
    wrong = {"affine.py": STORE.replace('"b", delta.sum(axis=0)', '"b", delta.mean(axis=0)')}
    found = verdicts(check("affine.py:Affine", {"X": ROWS, "units": 2}, wrong))
    assert found == {**dict.fromkeys(names, "ok"), names[1]: "wrong"}


STATE = """
import numpy as np

class Drift:
    def __init__(self, rate):
        self.rate, self.state = rate, None
    def setup(self, x_shape):
        self.state = np.full(x_shape, 0.4)
    def forward(self, x):
        before = self.state.copy()
        self.out = np.tanh(x) * self.rate + before
        self.state = self.out.copy()
        return self.out
    def backward(self, grad):
        return grad * self.rate * (1 - ((self.out - 0.4) / self.rate) ** 2)
"""


def test_a_state_is_read_before_it_is_set_anew(check: Check) -> None:
    found = check("drift.py:Drift", {"x": ROWS, "rate": 0.7}, {"drift.py": STATE})
    assert verdicts(found) == {"x": "ok"}, found
    wrong = {"drift.py": STATE.replace("** 2)", "** 3)")}
    assert verdicts(check("drift.py:Drift", {"x": ROWS, "rate": 0.7}, wrong)) == {"x": "wrong"}


LEFT = """
import numpy as np

class Cell:
    def forward(self, x, before, U, W, V):
        self.inner = U @ x + W @ before
        self.state = np.tanh(self.inner)
        self.shown = V @ self.state
    def backward(self, x, before, U, W, V, diff_state, dshown):
        self.forward(x, before, U, W, V)
        ds = V.T @ dshown + diff_state
        dinner = ds * (1 - self.state ** 2)
        dU, dW, dV = np.outer(dinner, x), np.outer(dinner, before), np.outer(dshown, self.state)
        dbefore = W.T @ dinner
        return dbefore, dU, dW, dV
"""
CELL = {
    "x": [0.3, -0.8], "before": [0.2, 0.5, -0.4], "U": [[0.1, 0.6], [-0.3, 0.2], [0.9, -0.5]],
    "W": [[0.2, -0.1, 0.4], [0.7, 0.3, -0.6], [0.1, 0.8, 0.5]], "V": [[0.3, -0.2, 0.6], [0.5, 0.1, -0.7]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [("", "", []), (" + diff_state", "", ["before", "U", "W"]), ("np.outer(dshown,", "np.outer(1 + dshown,", ["V"])],
)
def test_outputs_that_are_only_left_are_named_by_their_gradients(
    check: Check, old: str, new: str, wrong: list[str]
) -> None:
    """It returns nothing: what the backward pass takes the gradients of are its outputs, both of them."""
    found = verdicts(check("cell.py:Cell", CELL, {"cell.py": LEFT.replace(old, new)}))
    assert {"before", "U", "W", "V"} <= {*found}
    assert [name for name in ("before", "U", "W", "V") if found[name] == "wrong"] == wrong


GATE = """
import numpy as np

class Clip:
    def __init__(self, size):
        self.eta = np.zeros(size)
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)
    def gradient(self, eta):
        self.eta = eta.copy()
        self.eta[self.x < 0] = 0
        return self.eta
"""


def test_an_attribute_that_a_backward_pass_sets_is_no_state(check: Check) -> None:
    """The constructor makes room for it, under the name under which it is returned."""
    given = {"x": ROWS[0], "size": 3}
    assert verdicts(check("clip.py:Clip", given, {"clip.py": GATE}))["x"] == "ok"
    assert verdicts(check("clip.py:Clip", given, {"clip.py": GATE.replace("< 0", "> 0")}))["x"] == "wrong"


SHIFT = """
import numpy as np

class Shift:
    def forward(self, X, b):
        return X + b
    def backward(self, X, b, dZ):
        dX = dZ * np.ones_like(X)
        db = np.ones((1, len(dZ))) @ dZ
        return db, dX
"""


def test_names_tell_whose_is_returned_where_the_shapes_nearly_do(check: Check) -> None:
    """`db` is a row: a step adds the axis, and in the place of X it fits no better."""
    given = {"X": ROWS, "b": [0.1, 0.2, 0.3]}
    assert verdicts(check("shift.py:Shift", given, {"shift.py": SHIFT})) == {"b": "ok", "X": "ok"}
    wrong = {"shift.py": SHIFT.replace("@ dZ", "@ dZ * 2")}
    assert verdicts(check("shift.py:Shift", given, wrong)) == {"b": "wrong", "X": "ok"}


NET = """
import numpy as np

class Net:
    def __init__(self, penalty=0.1):
        self.W1, self.W2 = np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(1, -0.5, 3).reshape(3, 1)
        self.penalty = penalty
    def forward(self, X):
        self.h = np.tanh(X @ self.W1)
        return self.h @ self.W2
    def costFunction(self, X, y):
        return 0.5 * np.sum((y - self.forward(X)) ** 2) / len(X) + self.penalty / 2 * np.sum(self.W2 ** 2)
    def costFunctionPrime(self, X, y):
        err = (self.forward(X) - y) / len(X)
        dW2 = self.h.T @ err + self.penalty * self.W2
        dW1 = X.T @ (err @ self.W2.T * (1 - self.h ** 2))
        return dW1, dW2
    def computeGradients(self, X, y):
        dW1, dW2 = self.costFunctionPrime(X, y)
        return np.concatenate((dW1.ravel(), dW2.ravel()))
"""
DATA = {"X": [[0.5, -0.3], [0.2, 0.9], [-0.7, 0.4]], "y": [[0.3], [-0.6], [0.8]]}


@pytest.mark.parametrize("returned", ["dW1, dW2", "np.hstack([dW1.flatten(), dW2.ravel()])"])
@pytest.mark.parametrize("joined", [True, False])
def test_gradients_of_a_cost_in_a_row_as_a_solver_takes_them(check: Check, returned: str, joined: bool) -> None:
    """The method that gives them is that of the cost, also where another one joins them."""
    text = NET if joined else NET[: NET.index("    def computeGradients")]
    text = text.replace("return dW1, dW2", f"return {returned}") if not joined else text
    found = verdicts(check("net.py:Net", DATA, {"net.py": text}))
    assert found == {"W1": "ok", "W2": "ok"}
    wrong = text.replace("+ self.penalty * self.W2\n", "\n")
    assert verdicts(check("net.py:Net", DATA, {"net.py": wrong})) == {"W1": "ok", "W2": "wrong"}


def test_what_is_given_in_a_row_has_its_gradient_in_one(check: Check) -> None:
    text = """
import numpy as np

class Line:
    def __init__(self):
        self.W1, self.W2 = np.ones((2, 1)), np.ones((1, 1))
    def cost(self, theta, x):
        self.W1, self.W2 = theta[:2].reshape(2, 1), theta[2:].reshape(1, 1)
        return np.sum((x @ self.W1 @ self.W2) ** 2)
    def cost_prime(self, theta, x):
        self.cost(theta, x)
        out = 2 * x @ self.W1 @ self.W2
        dW1, dW2 = x.T @ out @ self.W2.T, (x @ self.W1).T @ out
        return np.concatenate([dW1.ravel(), dW2.ravel()])
"""
    given = {"theta": [0.3, -0.2, 0.7], "x": [[0.5, 1.2], [-0.4, 0.8], [0.1, -0.9]]}
    found = verdicts(check("line.py:Line", given, {"line.py": text}))
    assert found["theta"] == "ok", found


TWO_LAYERS = """
import numpy as np

class Two:
    def __init__(self, kinds):
        self.kinds = kinds
        self.weight_h, self.bias_h = np.linspace(-1, 1, 6).reshape(3, 2), np.zeros(3)
        self.weight_out, self.bias_out = np.linspace(1, -0.6, 3 * kinds).reshape(kinds, 3), np.zeros(kinds)
    def forward(self, x):
        a_h = np.tanh(x @ self.weight_h.T + self.bias_h)
        return a_h, 1 / (1 + np.exp(-(a_h @ self.weight_out.T + self.bias_out)))
    def backward(self, x, a_h, a_out, y):
        d_loss__d_a_out = 2 * (a_out - np.eye(self.kinds)[y]) / len(y)
        delta_out = d_loss__d_a_out * a_out * (1 - a_out)
        d_loss__d_a_h = delta_out @ self.weight_out
        d_loss__d_w_h = (d_loss__d_a_h * (1 - a_h ** 2)).T @ x
        d_loss__d_b_h = np.sum(d_loss__d_a_h * (1 - a_h ** 2), axis=0)
        d_loss__dw_out = delta_out.T @ a_h
        d_loss__db_out = np.sum(delta_out, axis=0)
        return d_loss__dw_out, d_loss__db_out, d_loss__d_w_h, d_loss__d_b_h
"""


def test_gradients_are_called_by_the_first_letters_of_the_words_of_weights(check: Check) -> None:
    """A quotient that begins with `d_loss` is no loss, and x, which the backward pass takes with labels, is data."""
    given = {"x": DATA["X"], "kinds": 4, "y": [0, 3, 1]}
    names = ["weight_out", "bias_out", "weight_h", "bias_h"]
    found = check("two.py:Two", given, {"two.py": TWO_LAYERS})
    assert (found.get("verdict"), verdicts(found)) == ("ok", dict.fromkeys(names, "ok")), found
    wrong = {"two.py": TWO_LAYERS.replace("(1 - a_h ** 2), axis=0", "(1 - a_h), axis=0")}
    assert verdicts(check("two.py:Two", given, wrong)) == {**dict.fromkeys(names, "ok"), "bias_h": "wrong"}


MEANS = """
import numpy as np

class Layer:
    def __init__(self, w, b):
        self._w, self._b, self._dw, self._db = w, b, None, None
    def forward(self, below):
        self._below = np.array(below, copy=True)
        return self._below @ self._w.T + self._b
    def backward(self, above):
        n = self._below.shape[0]
        self._dw, self._db = above.T @ self._below / n, above.sum(axis=0, keepdims=True) / n
        return above @ self._w
"""


def test_weights_that_are_given_to_a_constructor_hide_no_mean_over_examples(check: Check) -> None:
    """They are those that the layer keeps under other names, and have no gradient: none of theirs is right."""
    given = {
        "below": [*ROWS, [0.2, 0.9, -0.1], [0.5, 0.1, 0.8]],
        "w": [[0.3, -0.5, 0.2], [0.7, 0.1, -0.4]],
        "b": [[0.1, 0.6]],
    }
    found = check("layer.py:Layer", given, {"layer.py": MEANS})
    assert (found["verdict"], verdicts(found)) == ("ok", {"_w": "ok", "_b": "ok", "below": "ok"})
    assert "the right gradient over 4" in str(found["remarks"])
    wrong = {"layer.py": MEANS.replace("keepdims=True) / n", "keepdims=True)")}
    assert verdicts(check("layer.py:Layer", given, wrong)) == {"_w": "wrong", "_b": "ok", "below": "ok"}


CACHED = """
import numpy as np

def norm_forward(X, gamma, cache, momentum=0.9):
    mean, spread = cache
    mu, sd = X.mean(axis=0), np.sqrt(X.var(axis=0) + 0.01)
    unit = (X - mu) / sd
    cache = (X, unit, sd, gamma, momentum)
    return gamma * unit, cache, mean * momentum + mu * 0.1
def norm_backward(dout, cache):
    X, unit, sd, gamma, momentum = cache
    dgamma = np.sum(dout * unit, axis=0)
    dunit = dout * gamma
    dX = (dunit - dunit.mean(axis=0) - unit * (dunit * unit).mean(axis=0)) / sd
    return dX, dgamma
"""


def test_a_cache_of_another_form_has_the_name_of_an_input(check: Check) -> None:
    """What the forward pass returns under that name is what the backward pass takes: it holds arrays of any shape."""
    given = {"X": [*ROWS, [0.2, 0.9, -0.1]], "gamma": [1.2, 0.7, -0.5], "cache": [[0.1, 0.2, 0.3], [1.0, 2.0, 3.0]]}
    found = verdicts(check("norm.py:norm_forward", given, {"norm.py": CACHED}))
    assert (found["X"], found["gamma"]) == ("ok", "ok"), found
    wrong = {"norm.py": CACHED.replace("dunit.mean(axis=0) - unit", "dunit - unit")}
    assert verdicts(check("norm.py:norm_forward", given, wrong))["X"] == "wrong"


PLACES = """
import torch

class Masked(torch.autograd.Function):
    @staticmethod
    def forward(ctx, scores, label, unused):
        rows, *rest = (label == unused).nonzero().chunk(1, dim=1)
        mask = [rows, torch.arange(scores.size(1)), *rest]
        kept = torch.ones_like(scores)
        kept[mask] = 0
        ctx.kept = kept
        return scores * kept * 2
    @staticmethod
    def backward(ctx, above):
        return above * ctx.kept * 2, None, None
"""


def test_a_list_of_arrays_of_several_shapes_is_an_index_for_each_axis(check: Check) -> None:
    given = {"scores": [*ROWS, [0.2, 0.9, -0.1]], "label": [1, 255, 0], "unused": 255}
    assert verdicts(check("masked.py:Masked", given, {"masked.py": PLACES})) == {"scores": "ok"}
    wrong = {"masked.py": PLACES.replace("above * ctx.kept * 2", "above * 2")}
    assert verdicts(check("masked.py:Masked", given, wrong)) == {"scores": "wrong"}


LOSS = """
import numpy as np

class Squares:
    def __call__(self, guess, y_truth, reduction="mean"):
        return self.forward(guess, y_truth, reduction)
    def forward(self, guess, y_truth, reduction="mean"):
        off = (guess - y_truth) ** 2
        if reduction == "mean":
            off = off.mean()
        elif reduction == "sum":
            off = off.sum()
        return off
    def backward(self, guess, y_truth):
        return 2 * (guess - y_truth)
"""


def test_a_loss_may_leave_its_mean_to_the_layers(check: Check) -> None:
    """Its gradient is that of the sum then, which its forward pass has by a setting; what is neither is wrong."""
    given = {"guess": ROWS, "y_truth": [[0.3, -0.4, 0.9], [1.0, 0.2, 0.1]]}
    found = check("loss.py:Squares", given, {"loss.py": LOSS})
    assert (found["verdict"], verdicts(found)) == ("ok", {"guess": "ok"})
    assert "6 times the slope of the mean that reduction is unless given" in str(found["remarks"])
    for other in ("2 * (guess - y_truth) / len(guess)", "3 * (guess - y_truth)"):
        found = check("loss.py:Squares", given, {"loss.py": LOSS.replace("2 * (guess - y_truth)", other)})
        assert verdicts(found) == {"guess": "wrong"}, other
    always = LOSS.replace(', reduction="mean"', "").replace("if reduction", 'reduction = "mean"\n        if reduction')
    found = check("loss.py:Squares", given, {"loss.py": always.replace(", reduction)", ")")})
    assert verdicts(found) == {"guess": "wrong"}  # nothing offers the sum


SPREAD = """
import numpy as np

class Spread:
    def __init__(self, size, step):
        self.w = np.linspace(-1, 1, size)
        self.wide = np.zeros((size - 1) * step + 1)
        self.dw = np.zeros(size)
        self.step = step
    def forward(self, x):
        self.x = x
        for i in range(len(self.w)):
            self.wide[i * self.step] = self.w[i]
        return x * self.wide
    def backward(self, dout):
        self.dwide = np.sum(dout * self.x, axis=0)
        for i in range(len(self.w)):
            self.dw[i] = self.dwide[i * self.step]
        return dout * self.wide
"""


@pytest.mark.parametrize("step", [1, 2])
def test_what_a_forward_pass_fills_is_no_weight(check: Check, step: int) -> None:
    """A kernel that is spread is filled from the weights each time: its gradient is one on the way."""
    given = {"x": [row[:1] * (2 * step + 1) for row in ROWS], "size": 3, "step": step}
    found = check("spread.py:Spread", given, {"spread.py": SPREAD})
    assert (found.get("verdict"), verdicts(found)) == ("ok", {"w": "ok", "x": "ok"}), found
    wrong = SPREAD.replace("= self.dwide[i", "= 2 * self.dwide[i")
    assert verdicts(check("spread.py:Spread", given, {"spread.py": wrong})) == {"w": "wrong", "x": "ok"}


PAIR = """
import numpy as np

class Loss:
    def forward(self, inputs):
        x, y = inputs
        self.p, self.hot = np.exp(x) / np.sum(np.exp(x), axis=1)[:, None], np.eye(3)[y]
        return -np.mean(np.log(np.sum(self.p * self.hot, axis=1)))
    def backward(self, grads=None):
        return self.p - self.hot
"""


def test_scores_and_labels_that_are_given_in_one_list_are_no_array(check: Check) -> None:
    found = check("loss.py:Loss", {"inputs": [ROWS, [0, 2]]}, {"loss.py": PAIR})
    assert "inputs is no fraction" in found["error"]["message"], found
