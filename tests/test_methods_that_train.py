"""Methods that train: the cost that they only show, labels beside what goes forward, weights that a method reads."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]
POINTS = {"X": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5], [-0.8, 0.9, 1.3], [0.2, 0.6, -1.4]], "t": [1, -1, 1, 1]}

MARGINS = """
import numpy as np

class Margin:
    def __init__(self, C=1.5, rate=0.01, rounds=50):
        self.C, self.rate, self.rounds = C, rate, rounds

    def hinge_loss(self, X, t):
        away = 1 - t * (X @ self.w + self.c)
        return 0.5 * self.w @ self.w + self.C * np.sum(np.maximum(0, away))

    def fit(self, X, t):
        self.w = np.zeros(X.shape[1])
        self.c = 0
        for turn in range(self.rounds):
            score = t * (X @ self.w + self.c)
            inside = np.where(score < 1)[0]
            gw = self.w - self.C * t[inside] @ X[inside]
            gc = -self.C * np.sum(t[inside])
            self.w = self.w - self.rate * gw
            self.c = self.c - self.rate * gc
            SHOWN
        return self
"""
SHOWN = {
    "printed": "print(self.hinge_loss(X, t))",
    "printed now and then": "if turn % 10 == 0:\n                print(f'{turn}: {self.hinge_loss(X, t=t)}')",
    "looked at": "if self.hinge_loss(X, t) < 1e-3:\n                break",
    "kept": "self.history.append((turn, self.hinge_loss(X, t)))",
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_cost_that_a_method_only_shows_is_what_it_descends(check: Check, name: str) -> None:
    """With labels of 1 and -1 a usual loss of the score is another one: its gradients would be wrong."""
    text = MARGINS.replace("SHOWN", SHOWN[name])
    found = check("svm.py", POINTS, {"svm.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "c": "ok"}, found
    wrong = text.replace("gc = -self.C", "gc = self.C")
    found = check("svm.py", POINTS, {"svm.py": wrong})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok", "c": "wrong"}
    (line,) = found["lines"]
    assert wrong.splitlines()[line["line"] - 1].strip().startswith("gc =")
    assert line["write"], line


BY_ROWS = """
import numpy as np

class Line:
    def __init__(self, rate=0.05):
        self.rate = rate

    def mse(self, X, t):
        return np.mean((X @ self.w - t) ** 2)

    def fit(self, X, t):
        self.w = np.zeros(X.shape[1])
        for turn in range(20):
            for i in range(len(X)):
                error = X[i] @ self.w - t[i]
                dw = 2 * error * X[i]
                self.w = self.w - self.rate * dw
                if i % 3 == 0:
                    print(self.mse(X, t))
"""


def test_a_cost_of_all_rows_is_not_that_of_the_one_whose_step_is_taken(check: Check) -> None:
    found = check("line.py", POINTS, {"line.py": BY_ROWS})
    assert found["verdict"] == "ok", found
    assert any("no loss is set" in one for one in found["remarks"])


THROUGH_A_METHOD = """
import numpy as np

class Line:
    def __init__(self, rate=0.05, mu=0.9, rounds=20):
        self.rate, self.mu, self.rounds = rate, mu, rounds

    def scores(self, X):
        return X @ self.w_ + self.c_

    def fit(self, X, t):
        self.w_ = np.full(X.shape[1], 0.1)
        self.c_ = np.array([0.])
        vw, vc, before = np.zeros_like(self.w_), np.zeros_like(self.c_), np.inf
        for turn in range(self.rounds):
            errors = t - self.scores(X)
            grad_w = -2.0 * X.T @ errors / len(X)
            grad_c = -2.0 * errors.mean()
            vw = self.mu * vw - self.rate * grad_w
            vc = self.mu * vc - self.rate * grad_c
            self.w_ += vw
            self.c_ += vc
            loss = (errors**2).mean()
            if abs(before - loss) < 1e-9:
                break
            before = loss
        return self
"""


def test_a_step_by_a_running_mean_of_an_attribute_that_a_method_reads(check: Check) -> None:
    """A bias of one element has a gradient that is a number: it is judged, too."""
    found = check("line.py", POINTS, {"line.py": THROUGH_A_METHOD})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w_": "ok", "c_": "ok"}, found
    wrong = THROUGH_A_METHOD.replace("errors.mean()\n            vw", "errors.sum()\n            vw")
    assert wrong != THROUGH_A_METHOD
    found = check("line.py", POINTS, {"line.py": wrong})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w_": "ok", "c_": "wrong"}
    assert [one["write"] for one in found["lines"]] == ["grad_c = -2.0 * errors.mean()"]


THROUGH_TIME = """
import numpy as np

class Letters:
    def __init__(self, many, hidden):
        self.U = np.random.uniform(-0.5, 0.5, (hidden, many))
        self.W = np.random.uniform(-0.5, 0.5, (hidden, hidden))
        self.V = np.random.uniform(-0.5, 0.5, (many, hidden))

    def forward(self, x):
        s = np.zeros((len(x) + 1, len(self.W)))
        p = np.zeros((len(x), len(self.V)))
        for k in range(len(x)):
            s[k] = np.tanh(self.U[:, x[k]] + self.W @ s[k - 1])
            e = np.exp(self.V @ s[k])
            p[k] = e / e.sum()
        return p, s

    def loss(self, x, y):
        p, s = self.forward(x)
        return -np.sum(np.log(p[np.arange(len(y)), y]))

    def bptt(self, x, y):
        p, s = self.forward(x)
        dU, dV, dW = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.W)
        p[np.arange(len(y)), y] -= 1
        dnext = np.zeros(len(self.W))
        for k in reversed(range(len(y))):
            dV += np.outer(p[k], s[k])
            dz = (self.V.T @ p[k] + dnext) * (1 - s[k] ** 2)
            dW += np.outer(dz, s[k - 1])
            dU[:, x[k]] += dz
            dnext = self.W.T @ dz
        return dU, dV, dW
"""


def test_what_a_way_back_takes_beside_what_goes_forward_is_no_gradient_from_above(check: Check) -> None:
    """It goes forward itself: so `y` holds labels, which are asked for, also where `x` picks from something."""
    found = check("letters.py", {"x": [0, 2, 1, 1], "many": 4, "hidden": 3}, {"letters.py": THROUGH_TIME})
    assert found["error"]["message"] == "Letters takes y, which is not given", found
    given = {"x": [0, 2, 1, 1], "y": [2, 1, 1, 3], "many": 4, "hidden": 3}
    found = check("letters.py", given, {"letters.py": THROUGH_TIME})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"U": "ok", "V": "ok", "W": "ok"}, found


CHAIN = """
import numpy as np

class Chain:
    def __init__(self, sizes, rate=0.1):
        self.W = [np.random.randn(n, m) / np.sqrt(n) for n, m in zip(sizes, sizes[1:])]
        self.rate = rate

    def squash(self, x):
        return 1.0 / (1 + np.exp(-x))

    def squash_slope(self, x):
        return x * (1 - x)

    def fit_one(self, x, target):
        A = [np.atleast_2d(x)]
        for k in np.arange(len(self.W)):
            A.append(self.squash(A[k].dot(self.W[k])))
        error = A[-1] - target
        D = [error * self.squash_slope(A[-1])]
        for k in np.arange(len(A) - 2, 0, -1):
            delta = D[-1].dot(self.W[k].T)
            delta = delta * self.squash_slope(A[k])
            D.append(delta)
        D = D[::-1]
        for k in np.arange(len(self.W)):
            self.W[k] += -self.rate * A[k].T.dot(D[k])
"""


def test_what_is_offered_has_a_layer_between_the_first_and_the_last(check: Check) -> None:
    """Without one, the loop over the layers in between has no round, and its mistakes would come out as ok."""
    wrong = CHAIN.replace("delta * self.squash_slope(A[k])", "delta * self.squash(A[k])")
    for text, verdict in ((CHAIN, "ok"), (wrong, "wrong")):
        hint = check("chain.py", {}, {"chain.py": text})["error"]["hint"]
        words = shlex.split(hint.partition("like ")[2].partition(", or all")[0])
        assert words[words.index("--sizes") + 1].count(",") == 2, hint
        found = check(f"chain.py --seed 1 {' '.join(one.replace(' ', '') for one in words)}", {})
        assert found["verdict"] == verdict, found
    (line,) = found["lines"]
    assert line["write"] == "delta = delta * self.squash_slope(A[k])"


LATE = """
import numpy as np

class Classes:
    def __init__(self, rate=0.05, rounds=400):
        self.rate, self.rounds, self.W = rate, rounds, None

    def train(self, X, y, reg=0.1, size=3):
        if self.W is None:
            self.W = 0.1 * np.random.randn(X.shape[1], np.max(y) + 1)
        for turn in range(self.rounds):
            some = np.random.choice(len(X), size)
            loss, grad = self.loss(X[some], y[some], reg)
            self.W -= self.rate * grad

    def loss(self, X, y, reg):
        scores = X @ self.W
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        rows = np.arange(len(y))
        loss = -np.log(p[rows, y]).mean() + reg * np.sum(self.W * self.W)
        p[rows, y] -= 1
        dW = X.T @ p / len(y) + 2 * reg * self.W
        return loss, dW
"""


def test_weights_that_a_training_method_makes(check: Check) -> None:
    """It is trained once, and labels are handed to it as an array: `y[some]`."""
    given = {**POINTS, "y": [0, 2, 1, 1], "reg": 0.3}
    del given["t"]
    found = check("late.py", given, {"late.py": LATE})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "ok"}, found
    found = check("late.py", given, {"late.py": LATE.replace("+ 2 * reg * self.W", "+ reg * self.W")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"W": "wrong"}
    (line,) = found["lines"]
    assert "2 * " in line["write"], line


BESIDE = """
import numpy as np

class Net:
    def __init__(self, sizes):
        self.depth, self.params = len(sizes) - 1, {}
        for k in range(1, self.depth + 1):
            self.params[f"W{k}"] = np.random.randn(sizes[k], sizes[k - 1]) * 0.5
            self.params[f"b{k}"] = np.zeros((sizes[k], 1))

    def fit(self, X, Y, rounds=100, rate=0.1, beta=0.9):
        velocity = {key: np.zeros_like(one) for key, one in self.params.items()}
        for turn in range(rounds):
            kept = {"A0": X}
            for k in range(1, self.depth + 1):
                kept[f"A{k}"] = np.tanh(self.params[f"W{k}"] @ kept[f"A{k-1}"] + self.params[f"b{k}"])
            out = kept[f"A{self.depth}"]
            cost = np.sum((out - Y) ** 2) / Y.shape[1]
            grads = {}
            dA = 2 * (out - Y) / Y.shape[1]
            for k in reversed(range(1, self.depth + 1)):
                dZ = dA * (1 - kept[f"A{k}"] ** 2)
                grads[f"W{k}"] = dZ @ kept[f"A{k-1}"].T
                grads[f"b{k}"] = dZ.sum(axis=1, keepdims=True)
                dA = self.params[f"W{k}"].T @ dZ
            for key in self.params:
                velocity[key] = beta * velocity[key] + (1 - beta) * grads[key]
                self.params[key] -= rate * velocity[key]
"""


def test_running_means_under_the_keys_of_weights_have_no_gradients(check: Check) -> None:
    given = {"X": [[0.3, -1.2], [1.1, 0.4], [-0.8, 0.9]], "Y": [[0.1, -0.6], [0.5, 0.2]], "sizes": [3, 4, 2]}
    found = check("net.py", given, {"net.py": BESIDE})
    assert {one["name"] for one in found["gradients"]} == {f"params.{one}" for one in ("W1", "b1", "W2", "b2")}, found
    assert found["verdict"] == "ok"
    found = check("net.py", given, {"net.py": BESIDE.replace("dZ.sum(axis=1", "dZ.mean(axis=1")})
    assert {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"} == {"params.b1", "params.b2"}


CALLED = """
import numpy as np

class Adaptive:
    def __init__(self, rate=0.01, rounds=10):
        self.rate, self.rounds = rate, rounds

    def fit(self, X, t):
        self._begin(X.shape[1])
        for turn in range(self.rounds):
            for row, goal in zip(X, t):
                self.errors.append(self._update(row, goal))
        return self

    def _begin(self, count):
        self.w_, self.c_, self.errors = np.random.randn(count), 0.0, []

    def _update(self, x, target):
        output = self.scores(x)
        error = target - output
        self.w_ += self.rate * 2.0 * x * error
        self.c_ += self.rate * 2.0 * error
        loss = error**2
        return loss

    def scores(self, x):
        return x @ self.w_ + self.c_
"""


def test_a_step_in_a_method_that_another_one_calls_in_its_loop(check: Check) -> None:
    """What `fit` makes and takes is what `_update` is given; a step by an error is one by a gradient."""
    found = check("adaptive.py", POINTS, {"adaptive.py": CALLED})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w_": "ok", "c_": "ok"}, found
    wrong = CALLED.replace("self.rate * 2.0 * error", "self.rate * error")
    found = check("adaptive.py", POINTS, {"adaptive.py": wrong})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w_": "ok", "c_": "wrong"}
    (line,) = found["lines"]
    assert wrong.splitlines()[line["line"] - 1].strip() == "self.c_ += self.rate * error"


def test_a_weight_whose_gradient_is_not_known_makes_a_verdict_incomplete(check: Check) -> None:
    """What is not judged is not ok: by its name `move` is the gradient of nothing."""
    text = CALLED.replace(
        "self.c_ += self.rate * 2.0 * error", "move = self.rate * 2.0 * error\n        self.c_ += move"
    )
    found = check("adaptive.py", POINTS, {"adaptive.py": text})
    assert found["verdict"] == "incomplete", found
    assert any("c_ takes steps" in one for one in found["remarks"])


SPLIT = """
import numpy as np
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

X, t = make_moons(n_samples=90)
t = t.reshape(-1, 1)
X_train, X_test, t_train, t_test = train_test_split(X, t)
W = np.random.randn(2, 1)
for turn in range(50):
    p = 1 / (1 + np.exp(-(X_train @ W)))
    loss = -np.mean(t_train * np.log(p) + (1 - t_train) * np.log(1 - p))
    dW = X_train.T @ (p - t_train) / len(t_train)
    W -= 0.1 * dW
    print(turn, loss, np.mean((X_test @ W > 0) == t_test))
"""


def test_data_that_are_split_by_what_nobody_knows_can_be_given(check: Check) -> None:
    """What they are split of is needed by nothing else then."""
    given = {"X_train": [[0.3, -1.2], [1.1, 0.4], [-0.8, 0.9]], "t_train": [[1], [0], [1]]}
    assert check("moons.py", given, {"moons.py": SPLIT}).get("verdict") == "ok"
    assert check("moons.py", given, {"moons.py": SPLIT.replace(" / len(t_train)", "")})["verdict"] == "wrong"


def test_an_option_that_no_text_has_a_name_for_is_told(check: Check) -> None:
    """A name that is mistyped would change nothing, and nobody would know; one that a loop makes is none."""
    found = check("line.py --rat 0.1 --rounds 3", POINTS, {"line.py": THROUGH_A_METHOD})
    told = [one for one in found["remarks"] if "stands nowhere" in one]
    assert told == ["rat stands nowhere in the text, and is not used: did you mean rate?"], found
    given = {"X": [[0.3, -1.2], [1.1, 0.4], [-0.8, 0.9]], "Y": [[0.1, -0.6], [0.5, 0.2]], "sizes": [3, 4, 2]}
    found = check("net.py --W1 [[1,0,2],[0,1,1],[1,1,0],[2,0,1]]", given, {"net.py": BESIDE})
    assert not [one for one in found["remarks"] if "stands nowhere" in one], found


def test_lines_that_are_not_reached_are_told(check: Check) -> None:
    """With one layer alone nothing goes on to the one before it; and what hangs on a setting is no such line."""
    text = BESIDE.replace("                dA = self", "                if k > 1:\n                    dA = self")
    given = {"X": [[0.3, -1.2], [1.1, 0.4], [-0.8, 0.9]], "Y": [[0.1, -0.6], [0.5, 0.2]]}
    for sizes, told in (([3, 2], 1), ([3, 4, 2], 0)):
        found = check("net.py", {**given, "sizes": sizes}, {"net.py": text})
        assert found["verdict"] == "ok", found
        assert len([one for one in found["remarks"] if "not reached" in one]) == told, found
    line = 1 + next(place for place, one in enumerate(text.splitlines()) if "dA = self" in one)
    found = check("net.py", {**given, "sizes": [3, 2]}, {"net.py": text})
    assert f"line {line} is not reached with these inputs: what is set there is not judged" in found["remarks"]
    setting = text.replace("if k > 1:", "if self.depth:")
    found = check("net.py", {**given, "sizes": [3, 2]}, {"net.py": setting})
    assert not [one for one in found["remarks"] if "not reached" in one], found


TRUNCATED = """
import numpy as np

class Recurrent:
    def __init__(self, into, hidden, out, most):
        self.most, self.hidden, self.out = most, hidden, out
        self.U = np.random.uniform(-0.5, 0.5, (hidden, into))
        self.W = np.random.uniform(-0.5, 0.5, (hidden, hidden))
        self.V = np.random.uniform(-0.5, 0.5, (out, hidden))

    def forward(self, rows):
        s = np.zeros((len(rows) + 1, self.hidden))
        p = np.zeros((len(rows), self.out))
        for k in range(len(rows)):
            s[k] = np.tanh(self.U @ rows[k] + self.W @ s[k - 1])
            e = np.exp(self.V @ s[k])
            p[k] = e / np.sum(e)
        return p, s

    def backprop(self, rows, y):
        p, s = self.forward(rows)
        assert p.shape == y.shape
        dU, dV, dW = np.zeros_like(self.U), np.zeros_like(self.V), np.zeros_like(self.W)
        error = p - y
        for k in reversed(range(len(rows))):
            dV += np.outer(error[k], s[k])
            delta = self.V.T @ error[k] * (1 - s[k] ** 2)
            for j in range(k, max(0, k - self.most) - 1, -1):
                dW += np.outer(delta, s[j - 1])
                dU += np.outer(delta, rows[j])
                delta = self.W.T @ delta * (1 - s[j - 1] ** 2)
        return dU, dV, dW
"""


def test_what_is_offered_where_a_way_back_asserts_a_shape_and_takes_a_number(check: Check) -> None:
    """Nothing that goes forward reads either of them."""
    hint = check("net.py", {}, {"net.py": TRUNCATED})["error"]["hint"]
    words = shlex.split(hint.partition("like ")[2].partition(", or all")[0])
    assert words[words.index("--most") + 1].isdigit(), hint
    found = check(f"net.py --seed 1 {' '.join(one.replace(' ', '') for one in words)}", {})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"U": "ok", "V": "ok", "W": "ok"}, found


GLOBAL = """
import numpy as np

scale = 0.5

class Line:
    def __init__(self, scale, count):
        self.w = scale * np.random.randn(count)

    def fit(self, X, t):
        for turn in range(9):
            loss = scale * np.sum((X @ self.w - t) ** 2)
            dw = 2 * scale * X.T @ (X @ self.w - t)
            self.w -= 0.1 * dw
"""


def test_what_a_constructor_takes_has_the_name_of_something_around(check: Check) -> None:
    found = check("line.py", {**POINTS, "scale": 0.5, "count": 3}, {"line.py": GLOBAL})
    assert found.get("verdict") == "ok", found


DECAYING = """
import numpy as np

class Line:
    def fit(self, X, t):
        self._begin(X.shape[1])
        lam = 0.7
        for turn in range(5):
            self._update(X, t, lam=lam)

    def _begin(self, count):
        self.w = np.random.randn(count)

    def _update(self, x, y, lam=0.0):
        loss = np.mean((x @ self.w - y) ** 2) + lam * np.sum(self.w**2)
        dw = 2 * x.T @ (x @ self.w - y) / len(y) + 2 * lam * self.w
        self.w -= 0.1 * dw
"""


def test_what_a_method_is_handed_stands_for_its_default(check: Check) -> None:
    """It has the same name where it is called: with the default, 0, the factor of the penalty would not matter."""
    assert check("line.py", POINTS, {"line.py": DECAYING})["verdict"] == "ok"
    found = check("line.py", POINTS, {"line.py": DECAYING.replace("+ 2 * lam", "+ lam")})
    assert found["verdict"] == "wrong", found


def test_rows_that_do_not_fit_are_told_where_no_loss_is_set(check: Check) -> None:
    """The line that stops is told, and not that a loss is wanting."""
    given = {
        "x": [[0.3, 1.0, 0.2], [1.1, -0.4, 0.5]],
        "target": [[0.1, 0.5], [0.2, 0.9], [1.0, 0.3]],
        "sizes": [3, 4, 2],
    }
    found = check("chain.py", given, {"chain.py": CHAIN})["error"]
    place = 1 + next(at for at, line in enumerate(CHAIN.splitlines()) if "error = " in line)
    assert found["line"] == place, found
    assert "(2, 2)" in found["message"], found


STEPPED = """
class Layer:
    def forward(self, x):
        self.x = x
        return x ** 2
    def backward(self, dout):
        return 2 * self.x * dout
class Momentum:
    def __init__(self, model, rate):
        self.model, self.rate, self.state = model, rate, {}
    def _update(self, w, dw, state):
        v = 0.9 * state.get("v", 0.0) - self.rate * dw
        return w + v, {"v": v}
    def step(self):
        for name in self.model.grads:
            w = self.model.params[name]
            dw = self.model.grads[name]
            w, state = self._update(w, dw, self.state[name])
            self.model.params[name], self.state[name] = w, state
"""


def test_an_optimizer_that_looks_its_gradients_up_computes_none(check: Check) -> None:
    found = check("layers.py", {"x": [0.3, -1.0]}, {"layers.py": STEPPED})
    assert [one["name"] for one in found["gradients"]] == ["x"]
    assert "Momentum" not in str(found["remarks"])


def test_what_is_read_of_an_object_is_no_pass(check: Check) -> None:
    text = (
        STEPPED.partition("class Momentum")[0]
        + """
class Dense:
    def __init__(self):
        self._b, self._db = 0.0, 0.0
    @property
    def bias(self):
        return self._b
    @property
    def grad_bias(self):
        return self._db
    def __call__(self, x):
        return x + self._b
"""
    )
    found = check("layers.py", {"x": [0.3, -1.0]}, {"layers.py": text})
    assert [one["name"] for one in found["gradients"]] == ["x"]
    assert "Dense" not in str(found["remarks"])


CALLING = """
import numpy as np

class Calling:
    def __init__(self, n):
        self.w = np.random.randn(n)

    def walk(self, x, left):
        self.sum = self.sum + x @ self.w
        if left > 0:
            self.walk(x * 0.5, left - 1)
            self.back(x, left)

    def back(self, x, left):
        self.times = left
        self.walk(x, 0)

    def fit(self, x, t, rate):
        self.sum = 0.0
        self.walk(x, 2)
        self.w -= rate * (self.sum - t) * x
"""


def test_methods_that_call_themselves_are_gone_into_once(check: Check) -> None:
    """Which was without an end, and a mistake of the program's own."""
    found = check("calling.py", {}, {"calling.py": CALLING})
    assert "Calling takes x, left, n, which are not given" in found["error"]["message"]


REMEMBERS = """
import numpy as np

class Echo:
    def __init__(self, width):
        self.s = np.zeros(width)
        self.U = np.full((width, width), 0.3)
        self.u = np.linspace(-1, 1, width)

    def learn(self, notes, wanted, rate):
        seen = {-1: np.copy(self.s)}
        loss = 0
        for k in range(len(notes)):
            seen[k] = np.tanh(self.U @ seen[k - 1] + self.u * notes[k])
            loss += 0.5 * np.sum((seen[k] - wanted[k]) ** 2)
        dU, du, later = np.zeros_like(self.U), np.zeros_like(self.u), np.zeros_like(self.s)
        for k in reversed(range(len(notes))):
            ds = seen[k] - wanted[k] + later
            raw = (1 - seen[k] ** 2) * ds
            dU += np.outer(raw, seen[k - 1])
            du += raw * notes[k]
            later = self.U.T @ raw
        self.s = seen[len(notes) - 1]
        for weights, gradient in zip([self.U, self.u], [dU, du]):
            weights -= rate * gradient
        return loss
"""


def test_a_state_that_a_method_sets_anew_is_no_weight_of_which_a_step_of_time_has_the_gradient(check: Check) -> None:
    given = {"notes": [0.4, -1.1, 0.8], "wanted": [0.2, 0.5, -0.3], "rate": 0.1, "width": 2}
    found = check("echo.py", given, {"echo.py": REMEMBERS})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"U": "ok", "u": "ok"}, found
    wrong = REMEMBERS.replace("later = self.U.T @ raw", "later = self.U.T @ ds")
    found = check("echo.py", given, {"echo.py": wrong})
    assert [wrong.splitlines()[one["line"] - 1].strip() for one in found["lines"]] == ["later = self.U.T @ ds"], found


BOOTSTRAP = """
import numpy as np

class Values:
    def __init__(self, n, k, actions):
        self.A, self.B = np.random.randn(n, k), np.random.randn(k, actions)
        self.rate, self.discount = 0.05, 0.9

    def rate_actions(self, s):
        self.h = np.maximum(0, s @ self.A)
        return self.h @ self.B

    def learn(self, s, a, r, later, over):
        target = r + self.discount * self.rate_actions(later).max(axis=1) * (1 - over)
        q = self.rate_actions(s)
        rows = np.arange(len(a))
        off = q[rows, a] - target
        loss = np.mean(off ** 2)
        dq = np.zeros_like(q)
        dq[rows, a] = 2 * off / len(a)
        dB = self.h.T @ dq
        dA = s.T @ ((dq @ self.B.T) * (self.h > 0))
        self.A -= self.rate * dA
        self.B -= self.rate * dB
        return loss
"""
STATES = {
    "s": [[0.4, -1.1], [0.8, 0.3], [-0.6, 0.9]], "a": [0, 2, 1], "r": [1.0, 0.0, 0.5], "over": [0, 0, 1],
    "later": [[0.1, 0.7], [-0.9, 0.2], [1.3, -0.4]], "n": 2, "k": 4, "actions": 3,
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "wrong"), [
    ("", "", set()), (" * (self.h > 0)", "", {"A"}), ("2 * off", "off", {"A", "B"}), ("target", "expected", set()),
])  # fmt: skip
def test_nothing_goes_back_through_a_target_of_the_weights_themselves(
    check: Check, old: str, new: str, wrong: set[str]
) -> None:
    """As of temporal differences, whose gradients were WRONG."""
    found = check("values.py", STATES, {"values.py": BOOTSTRAP.replace(old, new) if old else BOOTSTRAP})
    assert {one["name"] for one in found["gradients"] if one["verdict"] == "wrong"} == wrong, found
    assert any("is held as it is: nothing goes back through it" in one for one in found["remarks"])
    share = BOOTSTRAP.replace("target", "skip")  # what has no name of labels is a part of what goes forward
    found = check("values.py", STATES, {"values.py": share})
    assert found["verdict"] == "wrong"
