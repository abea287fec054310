"""Scripts that train, as people write them: where the backward pass begins, whose gradients steps are taken with, and
steps that are taken too early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found["gradients"]}


LAYERS = """
import numpy as np
rng = np.random.default_rng(3)
sizes = [3, 5, 4, 2]
Ws = [rng.normal(size=(n, m)) for n, m in zip(sizes, sizes[1:])]
bs = [0.1 * np.ones(m) for m in sizes[1:]]
X, goal = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
for step in range(40):
    outs, pre = [X], []
    for k, (W, b) in enumerate(zip(Ws, bs)):
        pre.append(outs[-1] @ W + b)
        outs.append(np.maximum(pre[-1], 0) if k < 2 else pre[-1])
    loss = np.sum((outs[-1] - goal) ** 2) / 6
    delta = 2 * (outs[-1] - goal) / 6
    for k in reversed(range(3)):
        dW = outs[k].T @ delta
        db = delta.sum(axis=0)
        if k > 0:
            delta = (delta @ Ws[k].T) * (pre[k - 1] > 0)
        Ws[k] -= 0.1 * dW
        bs[k] = bs[k] - 0.1 * db
"""
OF_LAYERS = [f"{name}.{k}" for name in ("Ws", "bs") for k in range(3)]


@pytest.mark.parametrize(
    ("mine", "planted", "wrong", "line"),
    [
        ("", "", set(), 0),
        ("outs[k].T @ delta", "outs[k].T @ delta / 6", {"Ws.0", "Ws.1", "Ws.2"}, 16),
        ("delta.sum(axis=0)", "delta.mean(axis=0)", {"bs.0", "bs.1", "bs.2"}, 17),
        (" * (pre[k - 1] > 0)", "", {"Ws.0", "Ws.1", "bs.0", "bs.1"}, 19),
    ],
)
def test_steps_of_a_loop_over_layers_are_gradients_of_all_of_them(
    check: Check, mine: str, planted: str, wrong: set[str], line: int
) -> None:
    found = check("layers.py", {}, {"layers.py": LAYERS.replace(mine, planted)})
    assert verdicts(found) == {name: "wrong" if name in wrong else "ok" for name in OF_LAYERS}, found
    assert [one["line"] for one in found["lines"]] == [line] * bool(line)


PENALTY = """
import numpy as np
rng = np.random.default_rng(5)
X, y = rng.normal(size=(9, 3)), rng.normal(size=9)
w, rate, decay, penalised = rng.normal(size=3), 0.1, 0.3, True
for epoch in range(20):
    error = X @ w - y
    loss = np.mean(error ** 2)
    if penalised:
        loss += decay * np.sum(w ** 2)
    dw = 2 * X.T @ error / 9
    if penalised:
        dw += 2 * decay * w
    if epoch > 0:
        w -= rate * dw
"""


def test_a_cost_may_grow_under_a_condition(check: Check) -> None:
    assert verdicts(check("penalty.py", {}, {"penalty.py": PENALTY})) == {"w": "ok"}
    found = check("penalty.py", {}, {"penalty.py": PENALTY.replace("2 * decay", "decay")})
    assert [(one["line"], one["write"]) for one in found["lines"]] == [(13, "dw += 2 * (decay * w)")], found


def test_a_counter_of_rounds_is_no_factor_that_is_missing(check: Check) -> None:
    """In the first round it is 0, which makes right whatever should not be there."""
    text = PENALTY.replace("        loss += decay * np.sum(w ** 2)\n", "        pass\n")
    found = check("penalty.py", {}, {"penalty.py": text})
    assert [one["line"] for one in found["lines"]] == [13]
    assert all("epoch" not in one["write"] for one in found["lines"]), found


TWO_NETWORKS = """
import numpy as np
rng = np.random.default_rng(2)
def squash(x): return 1 / (1 + np.exp(-x))
V, G, rate = rng.normal(size=(2, 1)), rng.normal(size=(3, 2)), 0.1
for it in range(9):
    real, seed = rng.normal(size=(5, 2)), rng.normal(size=(5, 3))
    pr, pf = squash(real @ V), squash(seed @ G @ V)
    d_loss = -np.mean(np.log(pr) + np.log(1 - pf))
    dV = real.T @ (pr - 1) / 5 + (seed @ G).T @ pf / 5
    V -= rate * dV
    pf = squash(seed @ G @ V)
    g_loss = -np.mean(np.log(pf))
    dfake = (pf - 1) / 5 @ V.T
    dG = seed.T @ dfake
    G -= rate * dG
"""


@pytest.mark.parametrize(("factor", "verdict"), [("pf / 5", "ok"), ("pf", "wrong")])
def test_of_two_costs_in_turns_the_first_is_judged(check: Check, factor: str, verdict: str) -> None:
    found = check("two.py", {}, {"two.py": TWO_NETWORKS.replace("pf / 5\n", f"{factor}\n")})
    assert {name: one for name, one in verdicts(found).items() if one != "missing"} == {"V": verdict}, found
    assert "from line 13 on another loss is computed: that and its gradients are not judged" in found["remarks"]
    assert found["verdict"] == ("incomplete" if verdict == "ok" else "wrong")


EARLY = """
import numpy as np
rng = np.random.default_rng(4)
X, Y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
W, V = rng.normal(size=(3, 4)), rng.normal(size=(4, 2))
for i in range(30):
    h = np.tanh(X @ W)
    out = h @ V
    loss = np.sum((out - Y) ** 2)
    dout = 2 * (out - Y)
    V -= 0.1 * h.T @ dout
    dh = dout @ V.T
    W -= 0.1 * X.T @ (dh * (1 - h ** 2))
"""
LAYER = """
import numpy as np
class Layer:
    def __init__(self, W):
        self.W = W
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, dout, rate=0.1):
        self.dW = self.x.T @ dout
        self.W -= rate * self.dW
        return dout @ self.W.T
"""


def test_a_step_that_is_taken_too_early_is_put_behind_what_reads_it(check: Check) -> None:
    """It is right at the points of a check on which no other edit of one line would be."""
    found = check("early.py", {}, {"early.py": EARLY})
    assert [(one["line"], one["write"]) for one in found["lines"]] == [(11, "V -= 0.1 * h.T @ dout")], found
    assert "line 12 reads what this changes" in found["lines"][0]["advice"]
    late = EARLY.replace(
        "    V -= 0.1 * h.T @ dout\n    dh = dout @ V.T\n", "    dh = dout @ V.T\n    V -= 0.1 * h.T @ dout\n"
    )
    assert verdicts(check("late.py", {}, {"late.py": late})) == {"V": "ok", "W": "ok"}

    found = check("layer.py", {"W": [[0.3, 1.0], [-0.5, 0.2]], "x": [[1.0, 2.0]]}, {"layer.py": LAYER})
    assert [one["line"] for one in found["lines"]] == [11], found
    assert found["lines"][0]["write"].split("\n") == [
        "result = dout @ self.W.T", "self.W -= rate * self.dW", "return result",
    ]  # fmt: skip

    layers = LAYERS.replace("        Ws[k] -= 0.1 * dW\n", "").replace(
        "        if k > 0:", "        Ws[k] -= 0.1 * dW\n        if k > 0:"
    )
    found = check("layers.py", {}, {"layers.py": layers})
    assert [(one["line"], one["write"]) for one in found["lines"]] == [(18, "Ws[k] -= 0.1 * dW")], found


NEXT_ROUND = """
import numpy as np
class Net:
    def __init__(self, sizes, rate=0.1):
        self.rate, self.Ws = rate, [np.random.randn(m, n) for n, m in zip(sizes, sizes[1:])]
    def step(self, x, y):
        outs = [x]
        for W in self.Ws:
            outs.append(np.tanh(W @ outs[-1]))
        loss = 0.5 * np.sum((outs[-1] - y) ** 2)
        delta = (outs[-1] - y) * (1 - outs[-1] ** 2)
        for k in range(1, len(self.Ws) + 1):
            if k > 1:
                delta = (self.Ws[-k + 1].T @ delta) * (1 - outs[-k] ** 2)
            self.Ws[-k] -= self.rate * delta @ outs[-k - 1].T
        return loss
"""


def test_a_step_that_the_next_round_reads_is_taken_behind_the_loop(check: Check) -> None:
    given = {"sizes": [2, 3, 2], "x": [[0.3], [-1.0]], "y": [[0.5], [-0.2]]}
    found = check("net.py", given, {"net.py": NEXT_ROUND})
    assert [one["line"] for one in found["lines"]] == [15], found
    assert "line 14 reads in the next round what this changes" in found["lines"][0]["advice"]
    text = NEXT_ROUND.replace("            self.Ws[-k] -= self.rate * delta @", "            dWs[-k] = delta @")
    text = text.replace("        for k in", "        dWs = [0 * W for W in self.Ws]\n        for k in")
    behind = "        for k in (0, 1):\n            self.Ws[k] -= self.rate * dWs[k]\n        return"
    found = check("net.py", given, {"net.py": text.replace("        return", behind)})
    assert verdicts(found) == {"Ws.0": "ok", "Ws.1": "ok"}


CHOSEN = """
import numpy as np
rng = np.random.default_rng(8)
theta = rng.normal(size=(4, 3))
for episode in range(5):
    states, actions, rewards = [], [], []
    for t in range(6):
        s = rng.normal(size=4)
        p = np.exp(s @ theta) / np.exp(s @ theta).sum()
        a = int(np.argmax(p))
        states.append(s), actions.append(a), rewards.append(rng.normal())
    total = 0
    grad = np.zeros_like(theta)
    for t in reversed(range(6)):
        total = rewards[t] + 0.9 * total
        p = np.exp(states[t] @ theta) / np.exp(states[t] @ theta).sum()
        dlog = -p
        dlog[actions[t]] += 1
        grad += np.outer(states[t], dlog) * total
    theta += 0.01 * grad
"""


def test_neither_what_was_chosen_nor_where_a_sum_starts_is_an_output(check: Check) -> None:
    """A policy's gradient without a loss is not judged: it was WRONG."""
    found = check("chosen.py", {}, {"chosen.py": CHOSEN})
    assert found["error"]["message"] == "no loss is set before the gradients, and none that is usual fits"


WORDS = """
import numpy as np
rng = np.random.default_rng(3)
inner, outer = rng.normal(size=(9, 4)), np.zeros((9, 4))
for epoch in range(5):
    for centre, other in [(0, 1), (1, 2)]:
        some = np.append([other], rng.integers(3, 9, 3))
        p = 1 / (1 + np.exp(-(outer[some] @ inner[centre])))
        loss = -np.log(p[0]) - np.log(1 - p[1:]).sum()
        g = p - np.array([1, 0, 0, 0])
        grad_in = g @ outer[some]
        grad_out = np.outer(g, inner[centre])
        inner[centre] -= 0.1 * grad_in
        for k, word in enumerate(some):
            outer[word] -= 0.1 * grad_out[k]
"""


def test_steps_of_words_that_a_loop_goes_over(check: Check) -> None:
    """The gradient of a word that is drawn twice has two shares."""
    assert verdicts(check("words.py", {}, {"words.py": WORDS})) == {"inner": "ok", "outer": "ok"}
    found = check(
        "words.py", {}, {"words.py": WORDS.replace("np.outer(g, inner[centre])", "np.outer(p, inner[centre])")}
    )
    assert [one["line"] for one in found["lines"]] == [12], found


LOADED = """
import numpy as np
import pandas
from sklearn.datasets import load_iris
SOURCE
rng = np.random.default_rng(3)
W = 0.1 * rng.normal(size=(2, 3))
for step in range(9):
    p = np.exp(X @ W)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(len(labels)), labels]).mean()
    ds = p.copy()
    ds[range(len(labels)), labels] -= 1
    dW = X.T @ ds / len(labels)
    W -= 0.1 * dW
"""
SOURCES = [
    "X, labels = load_iris(return_X_y=True)",
    "table = np.array(pandas.read_csv('iris.csv'))\nrows, columns = table.shape\nX, labels = table[:, 1:], table[:, 0]",
    "(X, labels), (_, rest) = load_iris(return_X_y=True)",
    "iris = load_iris()\nX = iris.data\nlabels = iris.target\nX = (X - X.mean(axis=0)) / X.std(axis=0)\nrows = len(X)",
]


@pytest.mark.parametrize("source", SOURCES)
def test_data_of_libraries_of_which_nothing_is_known_is_asked_for(check: Check, source: str) -> None:
    """What is proposed fits: the labels are as many as the rows, and of as many kinds as there are."""
    text = {"loaded.py": LOADED.replace("SOURCE", source)}
    told = check("loaded.py", {}, text)["error"]
    assert told["message"] == "loaded.py takes X, labels, which are not given"
    assert "--X 'randn(4,2)' --labels '[0,2,1,1]'" in told["hint"], told
    found = check("loaded.py", {"X": [[0.3, 1.0], [-2.0, 0.4], [1.0, 0.7], [0.1, -1.0]], "labels": [0, 2, 1, 1]}, text)
    assert verdicts(found) == {"W": "ok"}, found


def test_proposed_labels_are_of_the_kinds_that_there_are(check: Check) -> None:
    text = LOADED.replace("SOURCE", SOURCES[0]).replace("(2, 3)", "(2, 2)")
    assert "--labels '[0,0,1,1]'" in check("loaded.py", {}, {"loaded.py": text})["error"]["hint"]


def test_what_a_function_returns_that_takes_steps_is_no_loss(check: Check) -> None:
    """Nor a gradient: `b - rate * b_grad` is where the step leads to."""
    text = "def step(b, m, points, rate):\n    b_grad = m_grad = 0\n    for x, y in points:\n"
    text += "        b_grad += -2 * (y - (m*x + b))\n        m_grad += -2 * x * (y - (m*x + b))\n"
    for back in ("b - rate*b_grad, m - rate*m_grad", "[b - rate*b_grad, m - rate*m_grad]"):
        named = {"line.py": f"{text}    return {back}\n".replace("def step", "def step_gradient")}
        given = {"b": 0.5, "m": 1.0, "points": [[1.0, 2.0], [3.0, 1.0]], "rate": 0.1}
        assert "lines" not in check("line.py", given, named)


DRAWN = """
import torch
g = torch.Generator().manual_seed(7)
X = torch.randn((5, 3), generator=g)
W = torch.randn((3, 2), generator=g)
which = torch.randint(0, 2, (5,), generator=g)
out = X @ W
loss = out[torch.arange(5), which].sum()
dout = torch.zeros_like(out)
dout[torch.arange(5), which] = 1
dW = X.T @ dout
"""


def test_numbers_of_a_generator_of_torch_are_drawn(check: Check) -> None:
    assert verdicts(check("drawn.py", {}, {"drawn.py": DRAWN}))["W"] == "ok"
    assert verdicts(check("drawn.py", {}, {"drawn.py": DRAWN.replace("= 1", "= 2")}))["W"] == "wrong"


OF_FEATURES = """
import numpy as np
rng = np.random.default_rng(6)
X, y, w, b = rng.normal(size=(8, 3)), rng.normal(size=8), np.zeros(3), 0.0
for it in range(20):
    error = X @ w + b - y
    cost = np.sum(error ** 2) / 16
    for j in range(3):
        w[j] -= 0.1 * np.sum(error * X[:, j]) / 8
    b -= 0.1 * error.sum() / 8
"""
OF_KEYS = """
import numpy as np
rng = np.random.default_rng(6)
X, Y, p = rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), {}
for k, (n, m) in enumerate([(3, 4), (4, 2)], 1):
    p[f"W{k}"], p[f"b{k}"] = rng.normal(size=(n, m)), np.zeros(m)
for i in range(20):
    outs = [X]
    for k in (1, 2):
        outs.append(np.tanh(outs[-1] @ p[f"W{k}"] + p[f"b{k}"]))
    loss = np.sum((outs[-1] - Y) ** 2)
    d = 2 * (outs[-1] - Y)
    for k in (2, 1):
        d = d * (1 - outs[k] ** 2)
        dW, db = outs[k - 1].T @ d, d.sum(0)
        d = d @ p[f"W{k}"].T
        p[f"W{k}"] -= 0.01 * dW
        p[f"b{k}"] -= 0.01 * db
"""


@pytest.mark.parametrize(
    ("text", "names", "mine", "planted", "line"),
    [
        (OF_FEATURES, ["w", "b"], "X[:, j]) / 8", "X[:, j])", 9),
        (OF_KEYS, ["p.W1", "p.W2", "p.b1", "p.b2"], "(1 - outs[k] ** 2)", "(1 - outs[k])", 14),
    ],
)
def test_steps_of_a_loop_over_entries_of_an_array_or_a_dictionary(
    check: Check, text: str, names: list[str], mine: str, planted: str, line: int
) -> None:
    """The gradient that a loop hands on from layer to layer is no running mean."""
    assert verdicts(check("entries.py", {}, {"entries.py": text})) == dict.fromkeys(names, "ok")
    found = check("entries.py", {}, {"entries.py": text.replace(mine, planted)})
    assert [one["line"] for one in found["lines"]] == [line], found


def test_a_step_by_running_means_of_a_layer_is_no_gradient(check: Check) -> None:
    text = LAYERS.replace("for step in", "V = [0 * W for W in Ws]\nfor step in").replace(
        "Ws[k] -= 0.1 * dW", "V[k] = 0.9 * V[k] + 0.1 * dW ** 2\n        Ws[k] -= 0.1 * dW / np.sqrt(V[k] + 1e-8)"
    )
    assert "wrong" not in verdicts(check("means.py", {}, {"means.py": text})).values()


SATURATED = """
import numpy as np
rng = np.random.default_rng(1)
X, T, W = 1 + rng.random(size=(4, 300)), np.eye(4), 0.01 * rng.normal(size=(300, 4))
for step in range(9):
    scores = X @ W
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.sum(T * np.log(p + 1e-7)) / 4
    dscores = (p - T) / 4
    W -= 0.1 * X.T @ dscores
"""


def test_a_small_number_may_be_all_that_is_left_far_away(check: Check) -> None:
    """Where the weights of other points saturate a softmax, a loss with 1e-7 in it is flat: without, all is right."""
    found = check("saturated.py", {}, {"saturated.py": SATURATED})
    assert [(one["verdict"], one["error"] < 1e-4) for one in found["gradients"] if one["name"] == "W"] == [("ok", True)]
    assert "numbers below 0.0001 that the forward pass adds are left out by the backward pass" in found["remarks"]
    found = check("saturated.py", {}, {"saturated.py": SATURATED.replace("(p - T) / 4", "(p - T) / 5")})
    assert verdicts(found)["W"] == "wrong"


PLAYED = """
import numpy as np
games = np.array([[0, 1], [1, 2], [2, 0], [0, 2]])
rating = np.array([0.3, -0.2, 0.5])
for step in range(9):
    loss, drating = 0.0, np.zeros(3)
    for g in range(4):
        i, j = games[g]
        p = 1 / (1 + np.exp(rating[j] - rating[i]))
        loss -= np.log(p)
        drating[i] -= 1 - p
        drating[j] += 1 - p
    rating -= 0.1 * drating
"""


def test_a_counter_that_is_called_j_is_no_cost(check: Check) -> None:
    assert verdicts(check("played.py", {}, {"played.py": PLAYED})) == {"rating": "ok"}
    found = check("played.py", {}, {"played.py": PLAYED.replace("drating[j] += 1 - p", "drating[j] += p")})
    assert [one["line"] for one in found["lines"]] == [12], found


def test_weights_that_decay_by_the_step_ask_for_no_penalty(check: Check) -> None:
    """Unless the cost has one, whose slope the step would lack."""
    decaying = LAYERS.replace("Ws[k] -= 0.1 * dW", "Ws[k] -= 0.1 * (dW + 0.01 * Ws[k])")
    assert verdicts(check("decay.py", {}, {"decay.py": decaying})) == dict.fromkeys(OF_LAYERS, "ok")
    costly = "    loss = loss + 0.005 * sum(np.sum(W ** 2) for W in Ws)\n    delta = 2"
    for text, verdict in ((decaying, "ok"), (LAYERS, "wrong")):
        found = verdicts(check("costly.py", {}, {"costly.py": text.replace("    delta = 2", costly)}))
        assert {found[f"Ws.{k}"] for k in range(3)} == {verdict}, found


def test_coordinates_that_are_stepped_one_by_one_are_no_gradient(check: Check) -> None:
    """What the loop computes of all of them once more is of those that moved already."""
    text = OF_FEATURES.replace("np.sum(error * X[:, j])", "np.sum((X @ w + b - y) * X[:, j])")
    assert "w" not in verdicts(check("descent.py", {}, {"descent.py": text}))


RATED = """
import math
def squash(a):
    return 1 / (1 + math.exp(-a))
def rating_loss(ratings, home, games, wins):
    total = 0.0
    for g in range(len(games)):
        i, j = games[g]
        p = squash(ratings[i] - ratings[j] + home)
        total -= wins[g] * math.log(p) + (1 - wins[g]) * math.log(1 - p)
    return total
def rating_grad(ratings, home, games, wins):
    grad, grad_home = [0.0] * len(ratings), 0.0
    for g in range(len(games)):
        i, j = games[g]
        err = squash(ratings[i] - ratings[j] + home) - wins[g]
        grad[i] += err
        grad[j] -= err
        grad_home += err
    return grad, grad_home
"""


def test_a_loop_that_counts_with_g_takes_no_steps(check: Check) -> None:
    given = {"ratings": [0.3, -0.2, 0.5], "home": 0.3, "games": [[0, 1], [1, 2], [2, 0]], "wins": [1.0, 0.0, 1.0]}
    told = verdicts(check("rated.py", given, {"rated.py": RATED}))
    assert {told[name] for name in ("ratings", "home")} == {"ok"}, told
    found = check("rated.py", given, {"rated.py": RATED.replace("grad[j] -= err", "grad[j] += err")})
    assert [one["line"] for one in found["lines"]] == [18], found


ASCENT = """
import numpy as np
def forward(X, U, V):
    hidden = 1 / (1 + np.exp(-X @ U))
    scores = np.exp(hidden @ V)
    return scores / scores.sum(axis=1, keepdims=True), hidden
def rate_of(places, T):
    right = 0
    for place, row in zip(places, T):
        right += row[place] == 1
    return float(right) / len(T)
def cost(T, out):
    return np.sum(T * np.log(out))
def main():
    rng = np.random.default_rng(3)
    X, T = rng.normal(size=(5, 2)), np.eye(3)[[0, 1, 2, 0, 1]]
    U, V = rng.normal(size=(2, 4)), rng.normal(size=(4, 3))
    for epoch in range(1000):
        out, hidden = forward(X, U, V)
        if epoch % 100 == 0:
            c = cost(T, out)
            print(c, rate_of(np.argmax(out, axis=1), T))
            r = rate_of(np.argmax(out, axis=1), T)
        gV = hidden.T @ (T - out)
        gU = X.T @ ((T - out) @ V.T * hidden * (1 - hidden))
        V += 1e-3 * gV
        U += 1e-3 * gU
if __name__ == "__main__":
    main()
"""


def test_a_function_that_climbs_with_gradients_of_short_names(check: Check) -> None:
    """`gV` is a gradient as V is changed by it, and what a function gives that is called a cost is one: a rate of right
    answers, whose slope is 0, is none."""
    found = check("climb.py", {}, {"climb.py": ASCENT})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("V", "ok"), ("U", "ok")]
    found = check("climb.py", {}, {"climb.py": ASCENT.replace("* hidden * (1 - hidden)", "* hidden")})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("V", "ok"), ("U", "wrong")]


SUMMED = """
import numpy as np
lights, stop = np.array([[1, 0, 1], [0, 1, 1], [1, 1, 1]]), np.array([[1, 1, 0]]).T
rng = np.random.default_rng(1)
first, second = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for epoch in range(60):
    layer_2_error = 0
    for i in range(len(lights)):
        layer_0 = lights[i:i + 1]
        layer_1 = np.maximum(layer_0 @ first, 0)
        layer_2 = layer_1 @ second
        layer_2_error += np.sum((layer_2 - stop[i:i + 1]) ** 2)
        layer_2_delta = layer_2 - stop[i:i + 1]
        layer_1_delta = layer_2_delta @ second.T * (layer_1 > 0)
        second -= 0.1 * layer_1.T @ layer_2_delta
        first -= 0.1 * layer_0.T @ layer_1_delta
"""


def test_an_error_that_is_summed_up_is_what_the_steps_are_of(check: Check) -> None:
    """It is called an error as those are that go back, and is none of them: half of it has these slopes."""
    found = check("summed.py", {}, {"summed.py": SUMMED})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("second", "ok"), ("first", "ok")]
    assert "half of layer_2_error" in str(found["remarks"])
    found = check("summed.py", {}, {"summed.py": SUMMED.replace("layer_1 > 0", "layer_1 > 0.5")})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("second", "ok"), ("first", "wrong")]


def test_another_cost_behind_gradients_of_what_no_line_there_reads_leaves_them(check: Check) -> None:
    text = """
import numpy as np

def train(x, y):
    W = np.ones((3, 2))
    out = x @ W
    loss = np.mean((out - y)**2)
    gW = x.T @ (2 * (out - y) / y.size)
    cost_of_step = np.sum(gW**2)
    W -= 0.1 * gW
    return W
"""
    values = {"x": [[1.0, 2.0, 3.0], [0.5, -1.0, 2.0]], "y": [[1.0, 0.0], [2.0, 1.0]]}
    assert verdicts(check("fit.py", values, {"fit.py": text})) == {"W": "ok"}
    assert verdicts(check("fit.py", values, {"fit.py": text.replace("/ y.size", "")})) == {"W": "wrong"}
