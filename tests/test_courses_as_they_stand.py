"""Classes of courses as they stand: what they call labels, how many examples they are made for, what they set anew."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.python.fitting.supposed import labels
from backprop_cli import main
from conftest import Check

Followed = Callable[[str], dict[str, Any]]

SCORER = """
import numpy as np
class Scorer:
    def __init__(self, rows, kinds, **settings):
        for name, usual in {"decay": 0.1, "batch_size": 50}.items():
            setattr(self, name, settings.get(name, usual))
        self.w = np.random.normal(0, 0.1, (kinds.shape[0], rows.shape[0]))
        self.v = np.random.normal(0, 0.1, (kinds.shape[0], kinds.shape[0]))
    def evaluate(self, X):
        inner = np.tanh(self.w @ X)
        s = self.v @ inner
        return np.exp(s) / np.exp(s).sum(axis=0), inner
    def compute_cost(self, X, Y):
        P, inner = self.evaluate(X)
        return -np.log((Y * P).sum(axis=0)).sum() / X.shape[1] + self.decay * (self.w ** 2).sum()
    def compute_gradients(self, X_batch, y_true_batch, y_pred_batch, tanh_of):
        d = (y_pred_batch - y_true_batch) / self.batch_size
        grad_v = d @ tanh_of.T
        d = (self.v.T @ d) * (1 - tanh_of ** 2)
        grad_w = d @ X_batch.T + 2 * self.decay * self.w
        return grad_w, grad_v
    def fit(self, X, Y):
        for at in range(0, X.shape[1], self.batch_size):
            X_part, Y_part = X[:, at:at + self.batch_size], Y[:, at:at + self.batch_size]
            P, inner = self.evaluate(X_part)
            grad_w, grad_v = self.compute_gradients(X_part, Y_part, P, inner)
            self.w -= 0.1 * grad_w
            self.v -= 0.1 * grad_v
"""
OF_ITS_OWN = ("/ self.batch_size", "/ X_batch.shape[1]")


@pytest.fixture
def followed(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Followed:
    """What is found in a text with the values that the hint has."""

    def run(text: str) -> dict[str, Any]:
        (tmp_path / "course.py").write_text(text)
        monkeypatch.chdir(tmp_path)
        words = ["backprop", "check", "course.py", "--seed", "1"]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit):
            main()
        asked = capsys.readouterr().err
        options = re.search(r"give options, like (.*?), or all in a file", asked)
        assert options is not None, asked
        monkeypatch.setattr("sys.argv", [*words, "--json", *shlex.split(options[1])])
        with pytest.raises(SystemExit):
            main()
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found["gradients"]}


BREAKS = [
    ("(1 - tanh_of ** 2)", "(1 - tanh_of)", {"w"}),
    ("2 * self.decay", "self.decay", {"w"}),
    ("y_pred_batch - y_true_batch", "y_true_batch - y_pred_batch", {"w", "v"}),
]
GIVEN = {
    "X": [[0.5, -1.2, 0.3, 0.8], [1.1, 0.4, -0.7, -0.2]], "rows": [1.0, 2.0], "kinds": [1.0, 2.0, 3.0],
    "y_true_batch": [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 1]],
}  # fmt: skip


def test_what_a_batch_is_called_is_what_the_whole_is_called(followed: Followed) -> None:
    """`y_true_batch` and `y_pred_batch` are labels and what comes out, as `y_true` and `y_pred` are."""
    found = followed(SCORER.replace(*OF_ITS_OWN))
    assert (found["verdict"], verdicts(found)) == ("ok", {"w": "ok", "v": "ok"}), found


@pytest.mark.parametrize(("right", "broken", "wrong"), BREAKS)
def test_a_mistake_is_found_whatever_a_batch_is_called(check: Check, right: str, broken: str, wrong: set[str]) -> None:
    text = SCORER.replace(*OF_ITS_OWN).replace(right, broken)
    found = check("scorer.py", GIVEN, {"scorer.py": text})
    assert {name for name, one in verdicts(found).items() if one == "wrong"} == wrong, found


def test_a_class_is_judged_as_made_for_the_examples_that_it_is_given(followed: Followed) -> None:
    """It divides by those that it is made for, 50."""
    found = followed(SCORER)
    assert (found["verdict"], verdicts(found)) == ("ok", {"w": "ok", "v": "ok"}), found
    assert any("batch_size is taken as" in one and "not as 50" in one for one in found["remarks"]), found["remarks"]


@pytest.mark.parametrize(("right", "broken", "wrong"), BREAKS)
def test_a_mistake_is_found_beside_another_number_of_examples(
    check: Check, right: str, broken: str, wrong: set[str]
) -> None:
    found = check("scorer.py", GIVEN, {"scorer.py": SCORER.replace(right, broken)})
    assert {name for name, one in verdicts(found).items() if one == "wrong"} == wrong, found
    assert any("batch_size is taken as 4" in one for one in found["remarks"]) == (wrong == {"w"}), found["remarks"]
    lines = [one["line"] for one in found["lines"]]
    assert wrong == {"w", "v"} or [SCORER[: SCORER.index(right)].count("\n") + 1] == lines, found["lines"]


def test_a_number_of_examples_that_is_given_is_the_one(check: Check) -> None:
    found = check("scorer.py", {**GIVEN, "batch_size": 5}, {"scorer.py": SCORER})
    assert verdicts(found) == {"w": "wrong", "v": "wrong"}, found


CHAINS = """
import numpy as np
class Alignment:
    def walk_forward_probs(self, logits, symbols):
        alpha = np.zeros((len(logits), len(symbols)))
        alpha[0, 0] = logits[0, symbols[0]]
        for t in range(1, len(logits)):
            for s in range(len(symbols)):
                alpha[t, s] = (alpha[t - 1, s] + (alpha[t - 1, s - 1] if s else 0)) * logits[t, symbols[s]]
        return alpha
    def walk_backward_probs(self, logits, symbols):
        beta = np.zeros((len(logits), len(symbols)))
        beta[-1, -1] = 1
        for t in reversed(range(len(logits) - 1)):
            for s in range(len(symbols)):
                after = beta[t + 1, s + 1] * logits[t + 1, symbols[s + 1]] if s + 1 < len(symbols) else 0
                beta[t, s] = beta[t + 1, s] * logits[t + 1, symbols[s]] + after
        return beta
class Tanh:
    def forward(self, x):
        self.out = np.tanh(x)
        return self.out
    def backward(self, dout):
        return dout * (1 - self.out ** 2)
"""


def test_probabilities_from_either_end_of_a_chain_are_no_gradient(check: Check) -> None:
    """Those of the forward-backward algorithm take the same; what takes one from above is a gradient by any name."""
    given = {"x": [[0.3, -0.8]], "logits": [[0.3, 0.7], [0.6, 0.4], [0.2, 0.8]], "symbols": [0, 1]}
    found = check("ctc.py", given, {"ctc.py": CHAINS})
    assert (found["verdict"], verdicts(found)) == ("ok", {"x": "ok"}), found
    back = CHAINS.replace("def forward(", "def forward_prob(").replace("def backward(", "def backward_prob(")
    found = check("ctc.py", {"x": [[0.3, -0.8]]}, {"ctc.py": back.replace("** 2", "** 3")})
    assert (found["verdict"], verdicts(found)) == ("wrong", {"x": "wrong"}), found


def test_a_number_of_examples_that_stops_a_way_back_is_asked_for(check: Check) -> None:
    text = SCORER.replace("/ self.batch_size", "/ X_batch.shape[1] * np.ones((1, self.batch_size))")
    found = check("scorer.py", GIVEN, {"scorer.py": text})
    assert found["error"]["message"].startswith("batch_size is 50 unless it is given, and the backward pass stops"), (
        found
    )
    assert verdicts(check("scorer.py", {**GIVEN, "batch_size": 4}, {})) == {"w": "ok", "v": "ok"}


KEPT = """
import numpy as np
class Layer:
    def __init__(self, n, m):
        self.w = np.random.randn(n, m)
        self.a = np.zeros((1, m))
    def forward(self, x):
        self.x = x
        self.a = np.tanh(x @ self.w)
        return self.a * 2
    def backward(self, dout):
        self.da = dout * 2
        dz = self.da * (1 - self.a ** 2)
        self.dw = self.x.T @ dz
        return dz @ self.w.T
"""


def test_what_a_forward_pass_sets_before_it_reads_it_is_no_weight(check: Check) -> None:
    """An activation that begins with zeros of another shape has a gradient inside of the backward pass alone."""
    given = {"x": [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7]], "n": 3, "m": 2}
    found = check("layer.py", given, {"layer.py": KEPT})
    assert (found["verdict"], verdicts(found)) == ("ok", {"w": "ok", "x": "ok"}), found
    read = KEPT.replace("np.tanh(x @ self.w)", "np.tanh(x @ self.w + self.a)")
    assert verdicts(check("layer.py", given, {"layer.py": read}))["a"] != "ok"  # a bias that is lost after the first


RELUS = """
import numpy as np
class Net:
    def __init__(self, n, h, m):
        self.w, self.b = np.random.randn(n, h), np.zeros(h)
        self.v, self.c = np.random.randn(h, m), np.zeros(m)
    def forward(self, x):
        self.x = x
        self.z = x @ self.w + self.b
        self.a = np.maximum(self.z, 0)
        return self.a @ self.v + self.c
    def backward(self, dout):
        n = self.x.shape[0]
        self.dv, self.dc = self.a.T @ dout / n, dout.sum(axis=0) / n
        dz = dout @ self.v.T * (self.z > 0)
        self.dw, self.db = self.x.T @ dz / n, dz.sum(axis=0) / n
"""


@pytest.mark.parametrize("rows", [[[0.0, 0.0], [1.0, -0.5], [0.3, 2.0]], [[0.2, 0.1], [1, -1]]])
def test_means_of_a_layer_are_told_beside_kinks(check: Check, rows: list[list[float]]) -> None:
    """An example of zeros has every relu at its kink, where a mean of it has no slope to be compared with. A sum
    among the means is a mistake, also where its weight has a side of as many elements as there are examples."""
    found = check("net.py", {"x": rows, "n": 2, "h": 3, "m": 2}, {"net.py": RELUS})
    assert {one for name, one in verdicts(found).items() if name != "x"} == {"ok"}, found
    assert any("the right gradient over" in one for one in found["remarks"])
    assert any("at a kink" in one for one in found["remarks"]) == (0.0 in rows[0]), found["remarks"]
    broken = RELUS.replace("self.db = self.x.T @ dz / n,", "self.db = self.x.T @ dz,")
    assert "wrong" in verdicts(check("net.py", {"x": rows, "n": 2, "h": 3, "m": 2}, {"net.py": broken})).values()


STEPS = """
import numpy as np
def cell_forward(weights, before, x):
    after = np.tanh(weights["W"] @ x + weights["U"] @ before + weights["b"])
    p = np.exp(weights["V"] @ after)
    return after, p / p.sum(axis=0)
def cell_backward(dy, gradients, weights, x, after, before):
    gradients["dV"] += dy @ after.T
    delta = (weights["V"].T @ dy + gradients["dbefore"]) * (1 - after ** 2)
    gradients["db"] += delta
    gradients["dW"] += delta @ x.T
    gradients["dU"] += delta @ before.T
    gradients["dbefore"] = weights["U"].T @ delta
    return gradients
"""


def test_sums_over_steps_are_no_gradient_from_above(check: Check) -> None:
    """They come from the step after, in a dictionary, which no array is: what they are is asked for."""
    column = [[0.3], [-0.5]]
    weights = {"W": [[0.1, 0.4], [0.3, -0.2]], "U": [[0.5, 0.2], [0.1, 0.7]], "V": [[1, 2], [0.5, -1]], "b": column}
    found = check("rnn.py", {"weights": weights, "before": column, "x": column}, {"rnn.py": STEPS})
    assert found["error"]["message"].startswith("nothing says what gradients of cell_backward is"), found


COLUMNS = """
import numpy as np
class Reader:
    def __init__(self, k, m=3):
        self.weights = {"U": np.random.normal(0, 0.1, size=(m, k)), "V": np.random.normal(0, 0.1, size=(k, m)),
                        "W": np.random.normal(0, 0.1, size=(m, m)), "b": np.zeros((m, 1))}
        self.m = m
    def forward(self, X, h0):
        p, h = [], [h0]
        for t in range(X.shape[1]):
            h.append(np.tanh(self.weights["W"] @ h[-1] + self.weights["U"] @ X[:, [t]] + self.weights["b"]))
            e = np.exp(self.weights["V"] @ h[-1])
            p.append(e / e.sum(axis=0))
        return p, h
    def compute_loss(self, target_labels, p):
        loss = 0
        for t in range(len(p)):
            loss -= np.log(target_labels[:, [t]].T @ p[t])[0, 0]
        return loss
    def backward(self, X, target_labels, p, h):
        grads = {name: np.zeros_like(one) for name, one in self.weights.items()}
        carried = np.zeros((self.m, 1))
        for t in reversed(range(len(p))):
            g = p[t] - target_labels[:, [t]]
            grads["V"] += g @ h[t + 1].T
            d = (self.weights["V"].T @ g + carried) * (1 - h[t + 1] ** 2)
            grads["U"] += d @ X[:, [t]].T
            grads["W"] += d @ h[t].T
            grads["b"] += d
            carried = self.weights["W"].T @ d
        return grads
"""


def test_labels_of_columns_in_a_list_stand_side_by_side(check: Check) -> None:
    """A recurrent net gives a column for each step; its labels are as its inputs are."""
    offered = json.loads([*labels([(4, 3, 1)])][-1])
    assert np.shape(offered) == (3, 4)
    given = {"X": np.eye(3, 4)[::-1].tolist(), "target_labels": offered, "h0": [[0.3], [-0.2], [0.5]], "k": 3}
    assert verdicts(check("net.py:Reader", given, {"net.py": COLUMNS})) == dict.fromkeys("UVWb", "ok")
    wrong = verdicts(check("net.py:Reader", given, {"net.py": COLUMNS.replace("h[t + 1] ** 2", "h[t] ** 2")}))
    assert [name for name, one in wrong.items() if one == "ok"] == ["V"], wrong
