"""Methods that train by calling others in turn, steps of single entries, and what goes back and is in no pair."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]

ENTRIES = """
import numpy as np

def squash(x):
    return 1 / (1 + np.exp(-x))

def squash_slope(y):
    return y * (1 - y)

class Small:
    def __init__(self, ins, hidden, outs):
        self.ins, self.hidden, self.outs = ins + 1, hidden, outs
        self.before = [1.0] * self.ins
        self.within = [1.0] * self.hidden
        self.after = [1.0] * self.outs
        self.first = np.random.randn(self.ins, self.hidden).tolist()
        self.second = np.random.randn(self.hidden, self.outs).tolist()

    def answer(self, row):
        for i in range(self.ins - 1):
            self.before[i] = row[i]
        for j in range(self.hidden):
            total = 0.0
            for i in range(self.ins):
                total += self.before[i] * self.first[i][j]
            self.within[j] = squash(total)
        for k in range(self.outs):
            total = 0.0
            for j in range(self.hidden):
                total += self.within[j] * self.second[j][k]
            self.after[k] = squash(total)

    def correct(self, wanted, rate):
        out_deltas = [0.0] * self.outs
        for k in range(self.outs):
            error = wanted[k] - self.after[k]
            out_deltas[k] = squash_slope(self.after[k]) * error
        deltas = [0.0] * self.hidden
        for j in range(self.hidden):
            error = 0.0
            for k in range(self.outs):
                error += out_deltas[k] * self.second[j][k]
            deltas[j] = squash_slope(self.within[j]) * error
        for j in range(self.hidden):
            for k in range(self.outs):
                self.second[j][k] += rate * out_deltas[k] * self.within[j]
        for i in range(self.ins):
            for j in range(self.hidden):
                self.first[i][j] += rate * deltas[j] * self.before[i]
        error = 0.0
        for k in range(len(wanted)):
            error += 0.5 * (wanted[k] - self.after[k]) ** 2
        return error

    def learn(self, rows, rounds=100, rate=0.5):
        for i in range(rounds):
            error = 0.0
            for one in rows:
                self.answer(one[0])
                error += self.correct(one[1], rate)
"""
SIZES = {"rows": [[[0.3, 1.0], [1.0, 0.2]], [[0.7, 0.1], [0.0, 0.4]]], "ins": 2, "hidden": 3, "outs": 2}
MISTAKES = {
    "error = wanted[k] - self.after[k]": "error = self.after[k] - wanted[k]",
    "squash_slope(self.within[j]) * error": "squash_slope(self.before[j]) * error",
    "error += out_deltas[k] * self.second[j][k]": "error = out_deltas[k] * self.second[j][k]",
    "rate * out_deltas[k] * self.within[j]": "rate * out_deltas[k]",
}


def test_entries_of_lists_take_steps_where_one_method_goes_forward_and_another_back(check: Check) -> None:
    """Weights as lists of lists, whose entries take their steps one by one; the error is added up behind all that."""
    found = check("small.py", SIZES, {"small.py": ENTRIES})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("second", "ok"), ("first", "ok")]
    assert "takes steps by what is no gradient" not in str(found["remarks"]), "the sum of the errors is no weight"


@pytest.mark.parametrize("right", MISTAKES)
def test_a_mistake_in_one_of_them_is_found_at_its_line(check: Check, right: str) -> None:
    wrong = ENTRIES.replace(right, MISTAKES[right])
    found = check("small.py", SIZES, {"small.py": wrong})
    assert found["verdict"] == "wrong", found
    (line,) = [place for place, text in enumerate(wrong.splitlines(), 1) if MISTAKES[right] in text][:1]
    assert [one["line"] for one in found["lines"]] == [line], found


def test_sizes_of_lists_are_offered_as_whole_numbers(check: Check) -> None:
    hint = check("small.py", {}, {"small.py": ENTRIES})["error"]["hint"]
    assert "--ins '3' --hidden '2' --outs '4'" in hint, hint


ALONE = """
import numpy as np

def squash(z):
    return 1.0 / (1.0 + np.exp(-z))

def squash_prime(z):
    return squash(z) * (1 - squash(z))

"""
UNPAIRED = {
    "Net.correct": """
class Net:
    def __init__(self, sizes):
        self.weights = [np.random.randn(y, x) for x, y in zip(sizes[:-1], sizes[1:])]

    def correct(self, x, y):
        first = squash(self.weights[0] @ x)
        second = squash(self.weights[1] @ first)
        delta = (second - y) * squash_prime(self.weights[1] @ first)
        return delta @ first.T
""",
    "corrected": """
def corrected(error, z):
    slope = squash_prime(z)
    error *= slope
    return error
""",
    "script": """
above = np.array([0.3, 0.2])
below = np.multiply(above, squash_prime(np.array([1.0, 2.0])))
""",
}


@pytest.mark.parametrize("name", UNPAIRED)
def test_what_goes_back_by_a_slope_and_is_in_no_pair_is_told(check: Check, name: str) -> None:
    """A slope that is right tells nothing of what is multiplied with it: what was not judged is not ok."""
    found = check("net.py", {"z": [0.3, -1.0]}, {"net.py": ALONE + UNPAIRED[name]})
    assert found["verdict"] == "incomplete"
    assert [(one["name"], one["verdict"]) for one in found["passes"]] == [("squash", "ok"), (name, "incomplete")]
    assert f"{name} is not judged: it goes back by squash_prime" in str(found["passes"][1]["remarks"])


def test_a_slope_that_is_drawn_or_measured_is_judged_alone(check: Check) -> None:
    beside = """
def measured(z, h=1e-5):
    return abs((squash(z + h) - squash(z - h)) / (2 * h) - squash_prime(z))

def drawn():
    places = np.linspace(-4, 4)
    return places, squash_prime(places)
"""
    assert check("slope.py", {"z": [0.3, -1.0]}, {"slope.py": ALONE + beside})["verdict"] == "ok"


def test_who_asks_for_one_pass_is_told_of_that_alone(check: Check) -> None:
    text = ALONE + UNPAIRED["corrected"]
    assert check("net.py:squash", {"z": [0.3, -1.0]}, {"net.py": text})["verdict"] == "ok"


RENAMED = """
import numpy as np

class Line:
    def __init__(self, count):
        self.w = np.random.randn(count)

    def ahead(self, X):
        X = X / 2.0
        self.X = X
        self.out = X @ self.w

    def behind(self, y, rate):
        row = self.out - y
        self.loss = 0.5 * np.sum((self.out - y) ** 2)
        self.w -= rate * (self.X.T @ row)

    def fit(self, X, y, rate=0.1):
        for row in range(10):
            self.ahead(X)
            self.behind(y, rate)
            away = np.sum(abs(X @ self.w - y))
"""


def test_variables_of_the_same_name_in_several_methods_are_several(check: Check) -> None:
    """`X` of one method is half of the other's, and `row` a number in one and an error in the other."""
    given = {"X": [[0.3, 1.0], [0.7, 0.1], [0.5, 2.0]], "y": [0.2, 0.1, 0.5], "count": 2}
    found = check("line.py", given, {"line.py": RENAMED})
    assert found["verdict"] == "ok", found
    found = check("line.py", given, {"line.py": RENAMED.replace("row = self.out - y", "row = y - self.out")})
    assert found["verdict"] == "wrong", found
    cures = ("row = self.out - y", "row = -(y - self.out)", "self.w += rate * (self.X.T @ row)")
    assert found["lines"][0]["write"] in cures, found


STEPS = """
import numpy as np

class Yes:
    def __init__(self, rate=0.1):
        self.rate = rate

    def fit(self, X, y, rounds=50):
        self._begin(X.shape[1])
        for turn in range(rounds):
            self._ahead(X)
            self._gradients(X, y)
            self._step()
            if turn % 10 == 0:
                print(self._loss(y))
        return self

    def _begin(self, count):
        self.w = np.random.randn(count) * 0.1
        self.c = 0.0

    def _ahead(self, X):
        self.p = 1 / (1 + np.exp(-(X @ self.w + self.c)))

    def _loss(self, y):
        return -np.mean(y * np.log(self.p) + (1 - y) * np.log(1 - self.p))

    def _gradients(self, X, y):
        self.dw = X.T @ (self.p - y) / len(y)
        self.dc = np.mean(self.p - y)

    def _step(self):
        self.w -= self.rate * self.dw
        self.c -= self.rate * self.dc
"""


def test_a_loss_that_reads_what_another_method_leaves_is_judged_where_both_are_called(check: Check) -> None:
    """`_loss` and `_gradients` alone have no `p`: `fit` goes ahead first."""
    given = {"X": [[0.3, -1.2], [1.1, 0.4], [-0.8, 0.9]], "y": [1, 0, 1]}
    found = check("yes.py", given, {"yes.py": STEPS})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok"), ("c", "ok")], found
    wrong = STEPS.replace("np.mean(self.p - y)", "np.sum(self.p - y)")
    found = check("yes.py", given, {"yes.py": wrong})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok"), ("c", "wrong")], found
    assert [one["write"] for one in found["lines"]] == ["self.dc = np.mean(self.p - y)"]


RETURNED = """
import numpy as np

class Kinds:
    def __init__(self, count):
        self.W = np.random.randn(count, 3)

    def learn(self, x, y, rate=0.1):
        s = x @ self.W
        p = np.exp(s - s.max())
        p /= p.sum()
        grad = np.outer(x, p)
        grad[:, y] -= x
        self.W -= rate * grad
        return -np.log(p[y])
"""


def test_a_loss_that_a_step_returns_is_the_one_that_is_meant(check: Check) -> None:
    """Where every gradient is wrong for it, no other loss is tried, and it is not said that none is set."""
    given = {"x": [0.3, -1.2, 0.5, 1.0], "y": 2, "count": 4}
    assert check("kinds.py", given, {"kinds.py": RETURNED})["verdict"] == "ok"
    found = check("kinds.py", given, {"kinds.py": RETURNED.replace("grad[:, y] -= x", "grad[:, y] -= 1")})
    assert found["verdict"] == "wrong", found
    assert [one["write"] for one in found["lines"]] == ["grad[:, y] -= x"]


FACTORS = """
import numpy as np

class Tastes:
    def __init__(self, people, things, k=3, rate=0.01, decay=0.02):
        self.P = np.random.normal(scale=0.5, size=(people, k))
        self.Q = np.random.normal(scale=0.5, size=(things, k))
        self.of = np.zeros(people)
        self.rate, self.decay = rate, decay

    def guess(self, u, i):
        return self.of[u] + self.P[u] @ self.Q[i]

    def learn(self, u, i, r):
        e = r - self.guess(u, i)
        self.of[u] += self.rate * (e - self.decay * self.of[u])
        before = self.P[u].copy()
        self.P[u] += self.rate * (e * self.Q[i] - self.decay * self.P[u])
        self.Q[i] += self.rate * (e * before - self.decay * self.Q[i])

    def fit(self, rows, rounds=10):
        for turn in range(rounds):
            for u, i, r in rows:
                self.learn(u, i, r)
"""


def test_rows_of_arrays_that_an_object_has_take_steps(check: Check) -> None:
    """Each row by the error of one example, and less of itself. The row of a person that has moved is not read."""
    given = {"u": 2, "i": 0, "r": 1.5, "people": 3, "things": 2}
    found = check("tastes.py --seed 1", given, {"tastes.py": FACTORS})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [(one, "ok") for one in ("of", "P", "Q")]
    moved = FACTORS.replace("e * before", "e * self.P[u]")
    found = check("tastes.py --seed 1", given, {"tastes.py": moved})
    assert [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"] == ["Q"], found
    assert found["lines"][0]["line"] == 1 + moved.splitlines().index(
        "        self.P[u] += self.rate * (e * self.Q[i] - self.decay * self.P[u])"
    )
    turned = FACTORS.replace("self.Q[i] += self.rate", "self.Q[i] -= self.rate")
    found = check("tastes.py --seed 1", given, {"tastes.py": turned})
    assert [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"] == ["Q"], found
    assert "dof" not in found["lines"][0]["write"], "a name that the text does not have"


PAIRS = """
import numpy as np

class Words:
    def __init__(self, words, size):
        self.W = np.random.randn(words, size)
        self.C = np.random.randn(words, size)

    def learn(self, word, near, others, rate=0.05):
        v = self.W[word]
        loss = 0.0
        dv = np.zeros_like(v)
        for one, is_near in [(near, 1)] + [(other, 0) for other in others]:
            u = self.C[one]
            p = 1 / (1 + np.exp(-u @ v))
            loss -= np.log(p if is_near else 1 - p)
            g = p - is_near
            dv += g * u
            self.C[one] -= rate * g * v
        self.W[word] -= rate * dv
        return loss
"""


def test_a_loss_that_is_added_up_is_no_weight(check: Check) -> None:
    """`loss -= log p` changes by what is no gradient of it, and hides nothing: the verdict is whole."""
    given = {"word": 2, "near": 1, "others": [0, 3], "words": 4, "size": 3}
    found = check("words.py --seed 1", given, {"words.py": PAIRS})
    assert found["verdict"] == "ok", found
    assert "takes steps" not in str(found["remarks"])
    found = check("words.py --seed 1", given, {"words.py": PAIRS.replace("dv += g * u", "dv += g * v")})
    assert [one["write"] for one in found["lines"]] == ["dv += g * u"], found


ROWS_OF_WORDS = """
import numpy as np
rng = np.random.default_rng(2)
U, V = rng.normal(size=(5, 3)), rng.normal(size=(3, 5))
rate = 0.05
for turn in range(3):
    loss = 0.0
    for centre, near in [(0, 2), (1, 3), (4, 0)]:
        h = U[centre]
        e = np.exp(h @ V)
        p = e / e.sum()
        loss += -np.log(p[near])
        d = p.copy()
        d[near] -= 1
        dV = np.outer(h, d)
        dU = V @ d
        V = V - rate * dV
        U[centre] = U[centre] - rate * dU
"""


@pytest.mark.parametrize("step", ["U[centre] = U[centre] - rate * dU", "U[centre] -= rate * dU"])
def test_what_has_the_name_of_a_gradient_may_be_that_of_a_row(step: str, check: Check) -> None:
    text = ROWS_OF_WORDS.replace("U[centre] = U[centre] - rate * dU", step)
    found = check("words.py", {}, {"words.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"V": "ok", "U": "ok"}, found
    wrong = check("words.py", {}, {"words.py": text.replace("dU = V @ d", "dU = V @ p")})
    assert [one["line"] for one in wrong["lines"]] == [16], wrong


BAG = """
import numpy as np
class Bag:
    def __init__(self, words, size, rate, decay):
        self.table = np.random.randn(words, size)
        self.W = np.random.randn(size, words)
        self.rate, self.decay = rate, decay
    def forward(self, places):
        self.h = np.mean(self.table[places], axis=0)
        e = np.exp(self.h @ self.W)
        self.p = e / e.sum()
        return self.p
    def loss(self, p, target):
        return -np.log(p[target])
    def backward(self, places, p, target):
        d = p.copy()
        d[target] -= 1
        dW = np.outer(self.h, d)
        dh = self.W @ d / len(places)
        self.W -= self.rate * dW
        for i, place in enumerate(places):
            self.table[place] -= self.rate * STEP
"""


@pytest.mark.parametrize(("step", "verdict"), [
    ("dh", "ok"), ("(dh + self.decay * self.table[place])", "incomplete"), ("(2 * dh)", "wrong"),
])  # fmt: skip
def test_steps_of_rows_in_a_loop_are_judged_or_told_not_to_be(step: str, verdict: str, check: Check) -> None:
    given = {"places": [0, 2, 1], "words": 5, "size": 3, "target": 2, "rate": 0.1, "decay": 0.01}
    found = check("bag.py:Bag", given, {"bag.py": BAG.replace("STEP", step)})
    assert found["verdict"] == verdict, found
    assert ("table takes steps" in str(found["remarks"])) == (verdict == "incomplete"), found
