"""A cost and its gradient as scientists write them for an optimizer: which function is whose gradient by their names,
what a gradient takes for granted of its inputs, and the inputs that the hint finds."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from conftest import Check
from test_fitting import LIKE, run

RIDGE = """
import numpy as np

def COST(beta, X, y):
    return 0.5 * np.sum((X @ beta - y) ** 2)

def GRADIENT(beta, X, y):
    return X.T @ (X @ beta - y)

def hessian(beta, X, y):
    return X.T @ X

def numerical_gradient(beta, X, y, h=1e-6):
    return np.array([(COST(beta + h * e, X, y) - COST(beta - h * e, X, y)) / (2 * h) for e in np.eye(len(beta))])
"""
AT = {"beta": [0.3, -0.8], "X": [[1.0, 0.5], [-0.4, 2.0], [0.7, 0.1]], "y": [0.2, 1.0, -0.6]}


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found["gradients"]}


@pytest.mark.parametrize(
    ("cost", "gradient"),
    [
        ("objective", "gradient"), ("energy", "energy_gradient"), ("ridge_nll", "ridge_score"), ("f", "g"),
        ("neg_log_partial_likelihood", "gradient"), ("divergence", "divergence_jac"), ("simulate", "adjoint"),
    ],
)  # fmt: skip
def test_a_gradient_takes_what_its_cost_takes(check: Check, cost: str, gradient: str) -> None:
    text = RIDGE.replace("COST", cost).replace("GRADIENT", gradient)
    found = check("ridge.py", AT, {"ridge.py": text})
    assert verdicts(found) == {"beta": "ok"}
    assert "no gradient comes out for X, y" in found["remarks"]
    wrong = check("ridge.py", AT, {"ridge.py": text.replace("return X.T @ (", "return 2 * X.T @ (")})
    assert verdicts(wrong) == {"beta": "wrong"}


def test_of_several_functions_of_the_same_inputs_the_cost_is_the_one_that_is_called_so(check: Check) -> None:
    text = RIDGE.replace("COST", "cost").replace("GRADIENT", "score").replace("X @ beta - y)", "residual(beta, X, y))")
    text += "\ndef residual(beta, X, y):\n    return X @ beta - y\n"
    assert verdicts(check("ridge.py", AT, {"ridge.py": text})) == {"beta": "ok"}


def test_a_function_that_says_that_it_gives_both(check: Check) -> None:
    text = "def value_and_grad(beta, X, y):\n    r = X @ beta - y\n    v, s = 0.5 * r @ r, X.T @ r\n    return v, s\n"
    for factor, told in ((1, "ok"), (3, "wrong")):
        found = check("both.py", AT, {"both.py": text.replace("X.T @ r", f"{factor} * X.T @ r")})
        assert verdicts(found) == {"beta": told}


# ── what is taken for granted ──

QUADRATIC = """
import numpy as np

def energy(x, A, b):
    return 0.5 * x @ A @ x - b @ x

def energy_grad(x, A, b):
    return A @ x - b
"""
PROBABILITIES = """
import numpy as np

def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def loss(X, W, y):
    return -np.sum(y * np.log(softmax(X @ W))) / len(X)

def grad(X, W, y):
    return X.T @ (softmax(X @ W) - y) / len(X)
"""
NEIGHBOURS = """
import numpy as np

def divergence(Y, P):
    near = 1 / (1 + np.sum((Y[:, None] - Y[None]) ** 2, axis=2)) * (1 - np.eye(len(Y)))
    Q = np.maximum(near / near.sum(), 1e-12)
    return np.sum(P * np.log(np.maximum(P, 1e-12) / Q))

def divergence_gradient(Y, P):
    near = 1 / (1 + np.sum((Y[:, None] - Y[None]) ** 2, axis=2)) * (1 - np.eye(len(Y)))
    Q = np.maximum(near / near.sum(), 1e-12)
    weights = (P - Q) * near
    return 4 * (weights.sum(axis=1)[:, None] * Y - weights @ Y)
"""
PLANE = """
import numpy as np

def distance(p, n):
    t = p - np.dot(p, n) * n
    return 0.5 * np.dot(t, t)

def distance_gradient(p, n):
    return p - np.dot(p, n) * n
"""
GRANTED: dict[str, Any] = {  # the code, its inputs, the one that is meant, not so and so, and for some a mistake
    "A is symmetric": (
        QUADRATIC, {"x": [1.0, 2.0], "b": [0.5, 1.0]},
        "A", [[2.0, 1.0], [0.5, 3.0]], [[2.0, 1.0], [1.0, 3.0]], ("A @ x - b\n", "A @ x\n"),
    ),
    "each row of y sums to 1": (
        PROBABILITIES, {"X": [[0.3, -1.0], [1.1, 0.4], [0.2, 0.9]], "W": [[0.5, -0.2], [0.1, 0.7]]},
        "y", [[1, 0], [1, 1], [0, 1]], [[1, 0], [0.5, 0.5], [0, 1]], None,
    ),
    "P is symmetric, sums to 1 and has a diagonal of 0": (
        NEIGHBOURS, {"Y": [[0.1, 0.4], [1.0, -0.3], [-0.6, 0.2]]},
        "P", [[0.1, 0.2, 0.3], [0.1, 0.2, 0.2], [0.3, 0.1, 0.1]], [[0, 0.2, 0.1], [0.2, 0, 0.2], [0.1, 0.2, 0]],
        None,
    ),
    "n has the length 1": (
        PLANE, {"p": [1.0, 0.3, 2.0]}, "n", [1.0, 2.0, 2.0], [0.0, 0.6, 0.8], ("return p - np", "return p + np"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", GRANTED)
def test_what_a_gradient_takes_for_granted_is_said(check: Check, what: str) -> None:
    text, given, name, other, such, mistake = GRANTED[what]
    said = f"every gradient is right where {what}, which is not so here"
    found = check("granted.py", {**given, name: other}, {"granted.py": text})
    assert (found["verdict"], said in found["remarks"]) == ("wrong", True)
    right = check("granted.py", {**given, name: such}, {"granted.py": text})
    assert (right["verdict"], [one for one in right["remarks"] if "right where" in one]) == ("ok", [])
    if mistake:
        broken = check("granted.py", {**given, name: other}, {"granted.py": text.replace(*mistake)})
        assert [one for one in broken["remarks"] if "right where" in one] == []


def test_what_an_input_that_is_judged_is_by_chance_is_said_where_it_is_so(check: Check) -> None:
    text = QUADRATIC.replace(", b):", "):").replace(" - b @ x", "").replace("A @ x - b", "A @ x, 0.5 * np.outer(x, x)")
    given = {"x": [1.0, 2.0], "A": [[2.0, 1.0], [1.0, 3.0]]}
    found = check("granted.py", given, {"granted.py": text})
    assert verdicts(found) == {"x": "wrong", "A": "ok"}
    assert "every gradient is right where A is symmetric, as here, and not at points around" in found["remarks"]
    other = check("granted.py", {**given, "A": [[2.0, 1.0], [0.5, 3.0]]}, {"granted.py": text})
    assert [one for one in other["remarks"] if "right where" in one] == []  # a weight's mistake is none of its values


# ── the inputs that the hint finds ──

KERNEL = """
import numpy as np

def nll(theta, X, y):
    d = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    K = np.exp(2 * theta[1] - 0.5 * d / np.exp(2 * theta[0])) + np.exp(2 * theta[2]) * np.eye(len(X))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, y))
    return 0.5 * y @ alpha + np.log(np.diag(L)).sum()

def nll_grad(theta, X, y):
    d = ((X[:, None, :] - X[None, :, :]) ** 2).sum(-1)
    near = np.exp(2 * theta[1] - 0.5 * d / np.exp(2 * theta[0]))
    inverse = np.linalg.inv(near + np.exp(2 * theta[2]) * np.eye(len(X)))
    weights = inverse - np.outer(inverse @ y, inverse @ y)
    return np.array([
        0.5 * np.sum(weights * near * d) / np.exp(2 * theta[0]), np.sum(weights * near),
        np.trace(weights) * np.exp(2 * theta[2]),
    ])
"""
CHAIN = """
import numpy as np

def summed(a, axis):
    m = a.max(axis=axis, keepdims=True)
    return (m + np.log(np.exp(a - m).sum(axis=axis, keepdims=True))).squeeze(axis)

def chain_loss(unary, trans, tags):
    alpha, score = unary[0], unary[0, tags[0]]
    for t in range(1, len(unary)):
        alpha = unary[t] + summed(alpha[:, None] + trans, axis=0)
        score += trans[tags[t - 1], tags[t]] + unary[t, tags[t]]
    return summed(alpha, axis=0) - score

def chain_grad(unary, trans, tags):
    T = len(unary)
    alpha, beta = np.zeros_like(unary), np.zeros_like(unary)
    alpha[0] = unary[0]
    for t in range(1, T):
        alpha[t] = unary[t] + summed(alpha[t - 1][:, None] + trans, axis=0)
    for t in range(T - 2, -1, -1):
        beta[t] = summed(trans + unary[t + 1] + beta[t + 1], axis=1)
    total = summed(alpha[-1], axis=0)
    d_unary, d_trans = np.exp(alpha + beta - total), np.zeros_like(trans)
    for t in range(T):
        d_unary[t, tags[t]] -= 1
        if t > 0:
            d_trans += np.exp(alpha[t - 1][:, None] + trans + unary[t] + beta[t] - total)
            d_trans[tags[t - 1], tags[t]] -= 1
    return d_unary, d_trans
"""
MACHINE = """
import numpy as np

class Machine:
    def __init__(self, features, k):
        random = np.random.RandomState(0)
        self.w = np.zeros(features)
        self.V = random.normal(scale=0.1, size=(features, k))

    def predict(self, X):
        return X @ self.w + 0.5 * ((X @ self.V) ** 2 - (X ** 2) @ (self.V ** 2)).sum(axis=1)

    def loss(self, X, y):
        return 0.5 * np.mean((self.predict(X) - y) ** 2)

    def gradients(self, X, y):
        r = (self.predict(X) - y) / len(y)
        grad_w = X.T @ r
        grad_V = X.T @ (r[:, None] * (X @ self.V)) - self.V * ((X ** 2).T @ r)[:, None]
        return grad_w, grad_V
"""
MARGINS = """
import numpy as np

def objective_and_grad(w, X, y, alpha):
    z = y * (X @ w)
    f = np.sum(np.logaddexp(0, -z)) + 0.5 * alpha * np.dot(w, w)
    return f, X.T @ (-y / (1 + np.exp(z))) + alpha * w
"""  # 0.5 is no multiple of a size, of which w would have a column each


@pytest.mark.parametrize(
    ("text", "judged"), [(KERNEL, ["theta"]), (CHAIN, ["unary", "trans"]), (MACHINE, ["w", "V"]), (MARGINS, ["w"])],
    ids=["kernel", "chain", "machine", "margins"],
)  # fmt: skip
def test_what_the_hint_gives_leads_to_a_verdict(
    text: str, judged: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "code.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "check", "code.py") == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    run(monkeypatch, "check", "code.py", *shlex.split(offered[1]), "--seed", "1")
    out = capfd.readouterr().out
    rows = [line.split() for line in out.splitlines()[1:]]
    assert [(row[0], row[-1]) for row in rows] == [(name, "ok") for name in judged], out


RECORDS = """
import numpy as np
from collections import namedtuple
from dataclasses import dataclass
from typing import NamedTuple

GradsOfFit = namedtuple("GradsOfFit", "w b")

class GradientPair(NamedTuple):
    db: float
    dw: np.ndarray

@dataclass
class Slopes:
    grad_b: float
    grad_w: np.ndarray

def fit(w, b, X):
    r = X @ w + b
    dr = r / len(X)
    return 0.5 * np.mean(r ** 2), MADE
"""


@pytest.mark.parametrize(
    "made",
    [
        "{'w': X.T @ dr, 'b': dr.sum()}", "{'dw': X.T @ dr, 'db': dr.sum()}", "GradsOfFit(b=dr.sum(), w=X.T @ dr)",
        "GradsOfFit(X.T @ dr, dr.sum())", "GradientPair(dr.sum(), X.T @ dr)",
        "Slopes(grad_w=X.T @ dr, grad_b=dr.sum())",
    ],
)  # fmt: skip
@pytest.mark.parametrize("apart", [False, True])
def test_gradients_come_out_by_their_names_in_a_dictionary_or_a_record(check: Check, made: str, apart: bool) -> None:
    text = RECORDS.replace("MADE", made)
    if apart:
        text = text.replace(f", {made}", "").replace("    dr = r / len(X)\n", "")
        text += f"\ndef fit_backward(w, b, X):\n    r = X @ w + b\n    dr = r / len(X)\n    return {made}\n"
    at = {"w": [0.3, -0.8], "b": 0.4, "X": [[1.0, 0.5], [-0.4, 2.0], [0.7, 0.1]]}
    assert verdicts(check("fit.py", at, {"fit.py": text})) == {"w": "ok", "b": "ok"}
    wrong = check("fit.py", at, {"fit.py": text.replace("dr.sum()", "dr.mean()")})
    assert verdicts(wrong) == {"w": "ok", "b": "wrong"}
    assert [one["write"] is not None for one in wrong["lines"] if one["verdict"] == "wrong"] == [True]


def test_a_number_that_comes_out_is_no_gradient_of_an_array(check: Check) -> None:
    text = """
def decayed(seen, rate, start):
    level, cost = start, 0.0
    for one in seen:
        cost = cost + 0.5 * (one - level) ** 2
        level = level + rate * (one - level)
    dlevel = drate = 0.0
    for place in range(len(seen) - 1, -1, -1):
        old = start
        for one in seen[:place]:
            old = old + rate * (one - old)
        drate += dlevel * (seen[place] - old)
        dlevel = dlevel * (1 - rate) - (seen[place] - old)
    return cost, drate, dlevel
"""
    at = {"seen": [0.4, -0.2, 0.9], "rate": 0.3, "start": 0.1}
    assert verdicts(check("decayed.py", at, {"decayed.py": text})) == {"rate": "ok", "start": "ok"}


TWO_COSTS = """
import numpy as np

def soft(S):
    return np.exp(S) / np.exp(S).sum(axis=0)

class Lines:
    def __init__(self, classes, size, seed):
        np.random.seed(seed)
        self.W = np.random.normal(0, 0.1, (classes, size))
        self.b = np.random.normal(0, 0.1, (classes, 1))
    def evaluate(self, X):
        return soft(self.W @ X.T + self.b)
    def computeCost(self, X, Y, decay):
        loss = - len(X)**-1 * np.sum(Y.T * np.log(self.evaluate(X)))
        return loss, loss + decay * np.sum(np.square(self.W))
    def computeGrads(self, X, Y, decay):
        g = -(Y.T - self.evaluate(X))
        W_grads = len(X)**-1 * g @ X + 2 * decay * self.W
        b_grads = len(X)**-1 * np.sum(g, axis=1)
        return W_grads, np.expand_dims(b_grads, axis=1)
"""


@pytest.mark.parametrize("size", [2, 3])  # with 2 of them X has the shape of W
def test_of_two_costs_that_are_returned_the_gradients_are_of_the_one_they_fit(check: Check, size: int) -> None:
    given = {
        "X": [row[:size] for row in ([0.5, -1.2, 0.3], [1.1, 0.4, -0.7], [-0.2, 0.9, 1.6])],
        "Y": [[1, 0, 0], [0, 1, 0], [0, 1, 0]], "classes": 3, "size": size, "seed": 3, "decay": 0.7,
    }  # fmt: skip
    found = check("lines.py", given, {"lines.py": TWO_COSTS})
    assert found.get("verdict") == "ok", found
    assert sorted(one["name"] for one in found["gradients"]) == ["W", "b"]
    for wrong in (
        TWO_COSTS.replace("np.sum(g, axis=1)", "2 * np.sum(g, axis=1)"),
        TWO_COSTS.replace("2 * decay", "decay"),
    ):
        found = check("lines.py", given, {"lines.py": wrong})
        assert [one["verdict"] for one in found["gradients"]].count("wrong") == 1, found


NET_AND_COST = """
import numpy as np

def forward(x, W):
    z = x @ W
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, (x, p)

def compute_cost(target, p):
    return -np.sum(target * np.log(p + SMALL)) / target.shape[0]

def backward(cache, target):
    x, p = cache
    dW = x.T @ (p - target) / x.shape[0]
    return dW
"""


@pytest.mark.parametrize("small", ["1e-8", "1e-7", "1e-5"])
def test_a_small_number_in_a_cost_beside_the_passes_is_no_mistake(check: Check, small: str) -> None:
    given = {"x": [[0.5, -1.2], [1.1, 0.4], [-0.2, 0.9]], "W": [[0.3, -0.8, 0.4], [1.2, 0.1, -0.5]],
             "target": [[1, 0, 0], [0, 0, 1], [0, 1, 0]]}  # fmt: skip
    text = NET_AND_COST.replace("SMALL", small)
    assert verdicts(check("net.py", given, {"net.py": text}))["W"] == "ok"
    wrong = check("net.py", given, {"net.py": text.replace("(p - target) / x.shape[0]", "(p - target) / x.shape[1]")})
    assert verdicts(wrong)["W"] == "wrong"


GUARDED = """
import numpy as np
GUARD = 1e-5

class Loss:
    def forward(self, p, t):
        return -np.mean(np.sum(np.log(p + GUARD) * t, axis=1))

    def backward(self, p, t):
        return -t / (p * p.shape[0] + GUARD)
"""


@pytest.mark.parametrize("guard", ["GUARD", "self.guard", "guard"])
def test_a_guard_by_a_name_may_be_added_elsewhere(check: Check, guard: str) -> None:
    text = GUARDED.replace("GUARD", guard) if guard != "self.guard" else GUARDED.replace("+ GUARD", "+ self.guard")
    if guard == "self.guard":
        text = text.replace(
            "    def forward", "    def __init__(self):\n        self.guard = 1e-5\n\n    def forward", 1
        )
    given = {"p": [[0.5, 0.3, 0.2], [0.1, 0.7, 0.2]], "t": [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]}
    assert verdicts(check("loss.py", given, {"loss.py": text}))["p"] == "ok"
    wrong = check("loss.py", given, {"loss.py": text.replace("p * p.shape[0]", "p * p.shape[1]")})
    assert verdicts(wrong)["p"] == "wrong"


COST_OF_A_CLASS = """
import numpy as np

class Net:
    def __init__(self, n, k):
        self.W = np.random.randn(k, n)

    def compute_cost(self, X, Y, lamda):
        P = self.evaluate(X)
        return -np.sum(np.log(np.sum(Y * P, axis=0))) / X.shape[1] + lamda * np.sum(self.W ** 2)

    def evaluate(self, X):
        e = np.exp(self.W @ X)
        return e / e.sum(axis=0)

    def compute_gradients(self, X, Y, lamda):
        grad_W = (self.evaluate(X) - Y) @ X.T / X.shape[1] + 2 * lamda * self.W
        return grad_W

    def compute_cost_num(self, X, Y, lamda, W=None):
        return self.compute_cost(X, Y, lamda)

    def compute_gradients_num(self, X, Y, lamda, h=1e-6):
        return np.zeros(self.W.shape)

    def fit(self, X, Y, lamda):
        self.W -= 0.1 * self.compute_gradients(X, Y, lamda)
"""


def test_of_the_gradients_of_a_class_the_numerical_ones_are_not_judged(check: Check) -> None:
    given = {"X": [[0.5, -1.2], [1.1, 0.4]], "Y": [[1, 0], [0, 0], [0, 1]], "lamda": 0.7, "n": 2, "k": 3}
    assert verdicts(check("net.py", given, {"net.py": COST_OF_A_CLASS})) == {"W": "ok"}
    wrong = COST_OF_A_CLASS.replace("+ 2 * lamda", "+ lamda")
    assert verdicts(check("net.py", given, {"net.py": wrong})) == {"W": "wrong"}


WORDS = """
import numpy as np

class Words:
    def __init__(self, hidden, kinds):
        self.U = np.random.randn(hidden, kinds)
        self.V = np.random.randn(kinds, hidden)

    def forward(self, xs):
        self.h = np.tanh(self.U[:, xs])
        e = np.exp(self.V @ self.h)
        return e / e.sum(axis=0)

    def loss(self, xs, ys):
        p = self.forward(xs)
        return -np.log(p[ys, np.arange(len(xs))]).sum()

    def bptt(self, xs, ys):
        p = self.forward(xs)
        for at, one in enumerate(ys):
            p[one, at] -= 1
        dU, dV = np.zeros_like(self.U), p @ self.h.T
        np.add.at(dU.T, xs, ((self.V.T @ p) * (1 - self.h ** 2)).T)
        return dU, dV
"""


@pytest.mark.parametrize("name", ["ys", "following", "answers"])
def test_what_a_cost_and_the_way_back_take_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    """Without it the pass was judged by the sum of what comes out, and was WRONG."""
    text = WORDS.replace("ys", name)
    path = tmp_path / "words.py"
    path.write_text(text)
    assert (
        run(monkeypatch, "check", str(path), "--seed", "1", "--xs", "[0,2,1,1]", "--hidden", "3", "--kinds", "4") == 2
    )
    assert f"Words takes {name}, which is not given" in capfd.readouterr().err
    run(monkeypatch, "check", str(path), "--seed", "1")
    hint = shlex.split(capfd.readouterr().err.partition("like ")[2].partition(", or all")[0])
    assert f"--{name}" in hint
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == 0
    path.write_text(text.replace("[one, at] -= 1", "[one, at] += 1"))
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == 1


def test_the_elements_that_a_loop_sets_one_after_the_other_are_places(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of the labels no line says so itself: they were numbers of which none was a place."""
    path = tmp_path / "words.py"
    path.write_text(WORDS[: WORDS.index("    def loss")] + WORDS[WORDS.index("    def bptt") :])
    run(monkeypatch, "check", str(path), "--seed", "1")
    hint = shlex.split(capfd.readouterr().err.partition("like ")[2].partition(", or all")[0])
    assert hint[-2:] == ["--ys", "[0,2,1,1]"]
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == 0
    assert "the cross-entropy" in capfd.readouterr().err


SPREAD = """
import numpy as np

class Spread:
    def __init__(self, n, k):
        self.A, self.M, self.S = np.random.randn(n, k), np.random.randn(k, 2), np.random.randn(k, 2)
        self.D = np.random.randn(2, n)

    def forward(self, x, eps):
        self.x, self.eps = x, eps
        self.h = np.tanh(x @ self.A)
        self.mean, self.logs = self.h @ self.M, self.h @ self.S
        self.z = self.mean + np.exp(0.5 * self.logs) * eps
        self.out = self.z @ self.D
        return self.out

    def loss(self):
        apart = 0.5 * np.sum((self.out - self.x) ** 2)
        spread = -0.5 * np.sum(1 + self.logs - self.mean ** 2 - np.exp(self.logs))
        return apart + spread

    def backward(self):
        d = self.out - self.x
        dD = self.z.T @ d
        dz = d @ self.D.T
        dmean = dz + self.mean
        dlogs = dz * self.eps * 0.5 * np.exp(0.5 * self.logs) + 0.5 * (np.exp(self.logs) - 1)
        dM, dS = self.h.T @ dmean, self.h.T @ dlogs
        da = (dmean @ self.M.T + dlogs @ self.S.T) * (1 - self.h ** 2)
        return self.x.T @ da, dM, dS, dD
"""


@pytest.mark.parametrize(("old", "new", "wrong"), [
    ("", "", set()),
    ("- 1)\n        dM", ")\n        dM", {"A", "S"}),
    ("dz + self.mean", "dz", {"A", "M"}),
])  # fmt: skip
def test_a_cost_of_what_an_object_keeps_alone_is_what_goes_back(
    monkeypatch: pytest.MonkeyPatch, check: Check, tmp_path: Path, old: str, new: str, wrong: set[str]
) -> None:
    """It takes nothing, as the way back does: right passes were judged by the sum of the output, and WRONG."""
    text = SPREAD.replace(old, new) if old else SPREAD
    given = {"x": [[0.4, -0.7, 1.1], [0.2, 0.9, -0.3]], "eps": [[0.3, -1.2], [0.8, 0.5]], "n": 3, "k": 4}
    found = check("spread.py", given, {"spread.py": text})
    assert {name for name, one in verdicts(found).items() if one == "wrong"} == wrong
    assert "what is judged is the gradient of loss" in found["remarks"]


def test_noise_is_no_small_number(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "spread.py"
    path.write_text(SPREAD)
    run(monkeypatch, "check", str(path))
    hint = shlex.split(capfd.readouterr().err.partition("like ")[2].partition(", or all")[0])
    assert hint[hint.index("--eps") + 1] != "1e-5"
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == 0


FORGER = """
import numpy as np

class Forger:
    def __init__(self, n, k):
        self.rate = 0.05
        self.W, self.V = np.random.randn(n, k) * 0.3, np.random.randn(k, 1) * 0.3

    def make(self, z):
        self.made = np.tanh(z @ self.W)
        return self.made

    def score(self, x):
        self.chance = 1 / (1 + np.exp(-(x @ self.V)))
        return self.chance

    def train(self, z):
        made = self.make(z)
        p = self.score(made)
        ds = (p - 1) / len(z)
        dW = z.T @ (ds @ self.V.T * (1 - self.made ** 2))
        self.W -= self.rate * dW
"""


def test_chances_may_be_meant_to_be_one(check: Check) -> None:
    """What a method keeps of its output is no label of that: it was compared with itself, and WRONG."""
    given = {"z": [[0.4, -0.7], [0.2, 0.9], [-1.1, 0.3]], "n": 2, "k": 4}
    found = check("forger.py", given, {"forger.py": FORGER})
    assert verdicts(found) == {"W": "ok"}
    assert "no loss is set: what is judged is the gradient of the cross-entropy of p with 1" in found["remarks"]


BY_LOOPS = """
import numpy as np

def chance(z):
    return 1 / (1 + np.exp(-z))

def compute_cost(X, y, w, b, lam=1):
    rows, columns = X.shape
    total = 0.0
    for r in range(rows):
        p = chance(np.dot(w, X[r]) + b)
        total += -y[r] * np.log(p) - (1 - y[r]) * np.log(1 - p)
    return total / rows + lam / (2 * rows) * sum(w[c] ** 2 for c in range(columns))

def compute_gradient(X, y, w, b, lam=1):
    rows, columns = X.shape
    dw, db = np.zeros(columns), 0.0
    for r in range(rows):
        off = chance(np.dot(w, X[r]) + b) - y[r]
        db += off
        for c in range(columns):
            dw[c] += off * X[r, c]
    dw, db = dw / rows, db / rows
    for c in range(columns):
        dw[c] += lam / rows * w[c]
    return db, dw

def gradient_descent(X, y, w, b, alpha, turns):
    for _ in range(turns):
        db, dw = compute_gradient(X, y, w, b)
        w = w - alpha * dw
        b = b - alpha * db
    return w, b
"""


@pytest.mark.parametrize(("old", "new", "status"), [("", "", 0), ("lam / rows * w", "lam * w", 1)])
def test_a_cost_and_its_gradient_are_judged_beside_what_steps_with_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, status: int
) -> None:
    """What steps sets no loss, and so nothing was judged; and beside one number a bias was an array."""
    path = tmp_path / "logistic.py"
    path.write_text(BY_LOOPS.replace(old, new))
    run(monkeypatch, "check", str(path))
    hint = shlex.split(capfd.readouterr().err.partition("like ")[2].partition(", or all")[0])
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == status
    assert "w " in capfd.readouterr().out
