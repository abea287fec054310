"""Layers and networks as people publish them: what comes out in a list, and what goes to an optimizer of their own."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

ROWS = [[0.4, -0.2, 0.7], [1.1, 0.3, -0.6], [-0.9, 0.8, 0.2], [0.3, -1.3, 0.5]]


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found.get("gradients", [])}


AFFINE = """
import numpy as np
class Affine:
    def __init__(self, n, m):
        HELD
    def forward(self, x):
        self.x = x
        return x @ THE_W + THE_b
    def backward(self, dz):
        dW = self.x.T @ dz
        db = SUMMED
        return dz @ THE_W.T, dW, db
"""
HELD = {
    "self.W, self.b = np.random.randn(n, m), np.zeros(m)": "self.{}",
    "self.store = {'W': np.random.randn(n, m), 'b': np.zeros(m)}": "self.store['{}']",
}


@pytest.mark.parametrize("held", HELD)
def test_a_gradient_that_is_returned_in_another_shape_than_its_weight_is_wrong(check: Check, held: str) -> None:
    """Its name says whose it is: that it does not fit there is the mistake, and no reason to leave it out."""
    text = AFFINE.replace("HELD", held)
    for name in "Wb":
        text = text.replace(f"THE_{name}", HELD[held].format(name))
    given = {"x": ROWS, "n": 3, "m": 2}
    right = check("affine.py:Affine", given, {"affine.py": text.replace("SUMMED", "dz.sum(axis=0)")})
    assert (right["verdict"], len(right["gradients"])) == ("ok", 3), right
    wrong = check("affine.py:Affine", given, {"affine.py": text.replace("SUMMED", "dz")})
    assert (wrong["verdict"], [*verdicts(wrong).values()].count("wrong")) == ("wrong", 1), wrong
    assert wrong["lines"][0]["write"].strip() == "db = dz.sum(axis=0)", wrong["lines"]


NETWORK = """
import numpy as np
class Affine:
    def __init__(self, n, m):
        self.store = {'W': np.random.randn(n, m), 'b': np.zeros(m)}
    def forward(self, x):
        self.x, self.n = x, len(x)
        return x @ self.store['W'] + self.store['b']
    def backward(self, dz):
        return dz @ self.store['W'].T, self.x.T @ dz / self.n, dz.sum(axis=0) / self.n
class Net:
    def __init__(self, n, h, m):
        self.first, self.second = Affine(n, h), Affine(h, m)
        self.store = {'one': self.first.store, 'two': self.second.store}
    def forward(self, x):
        self.h = np.tanh(self.first.forward(x))
        return self.second.forward(self.h)
    def backward(self, dz):
        dh, dW2, db2 = self.second.backward(dz)
        da, dW1, db1 = self.first.backward(dh * (1 - self.h**2))
        return [dW1, db1, dW2, db2]
"""


@pytest.mark.parametrize("h", [4, 5])
def test_gradients_that_are_numbered_are_those_of_the_parts_in_order(check: Check, h: int) -> None:
    """Where h is 4, as many as there are rows, the gradient of a weight has the shape of the input, and is not its. A
    part takes the mean, which is right for what comes from above."""
    given = {"x": ROWS, "n": 3, "h": h, "m": 3}
    right = check("net.py:Net", given, {"net.py": NETWORK})
    weights = [f"store['{part}']['{name}']" for part in ("one", "two") for name in "Wb"]
    assert verdicts(right) == {**dict.fromkeys(weights, "ok"), "x": "missing"}, right
    text = NETWORK.replace("1 - self.h**2", "1 - self.h").replace(" / self.n", "")
    wrong = check("net.py:Net", given, {"net.py": text})
    assert {name for name, one in verdicts(wrong).items() if one == "wrong"} == {*weights[:2]}, wrong
    assert "1 - self.h ** 2" in wrong["lines"][0]["write"], wrong


TRAINED = """
import numpy as np
def fit(X, Y, Xv, Yv, rate=0.01):
    W, kept = np.ones((2, 1)), []
    for epoch in range(50):
        out = X @ W
        loss = np.mean((out - Y)**2)
        held = Xv @ W
        loss_val = np.mean((held - Yv)**2)
        kept.append(loss_val)
        dout = 2 * (out - Y) / len(Y)
        dW = X.T @ dout
        W -= rate * dW
rng = np.random.default_rng(5)
X, Y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
fit(X[:4], Y[:4], X[4:], Y[4:])
"""


def test_of_a_cost_of_data_that_are_held_back_no_gradient_is_meant(check: Check) -> None:
    """Right or not, what goes back is that of the cost of what it trains with. The function is called in the text,
    where also a weight of equal numbers, that it makes itself, is none that somebody gave."""
    right = check("fit.py", {}, {"fit.py": TRAINED})
    assert (right["verdict"], verdicts(right)) == ("ok", {"W": "ok"}), right
    assert "of loss_val, loss what is judged is the gradient of loss" in right["remarks"]
    wrong = check("fit.py", {}, {"fit.py": TRAINED.replace("2 * (out", "3 * (out")})
    assert [one["write"].strip() for one in wrong["lines"]] == ["dout = 2 * (out - Y) / len(Y)"], wrong


def test_a_cost_of_which_another_one_is_a_part_is_not_left_for_it(check: Check) -> None:
    """Though all gradients are right for the part alone."""
    text = TRAINED.replace("loss_val = np.mean((held - Yv)**2)", "loss_val = loss + 0.1 * np.sum(W**2)")
    assert check("fit.py", {}, {"fit.py": text})["verdict"] == "wrong"


KEPT_BESIDE = """
import numpy as np
class Affine:
    def __init__(self, n, m):
        self.W = {"val": np.random.randn(n, m), "grad": 0}
        self.b = {"val": np.random.randn(m), "grad": np.zeros(m)}
    def forward(self, x):
        self.x = x
        return x @ self.W["val"] + self.b["val"]
    def backward(self, dz):
        self.W["grad"] = self.x.T @ dz
        self.b["grad"] = dz.sum(axis=0)
        return dz @ self.W["val"].T
"""


@pytest.mark.parametrize(("right", "wrong", "whose"), [
    ("self.x.T @ dz", "2 * self.x.T @ dz", "W['val']"), ("dz.sum(axis=0)", "dz", "b['val']"),
])  # fmt: skip
def test_a_gradient_stands_beside_its_weight_in_a_dictionary(check: Check, right: str, wrong: str, whose: str) -> None:
    given = {"x": ROWS, "n": 3, "m": 2}
    found = check("affine.py:Affine", given, {"affine.py": KEPT_BESIDE})
    assert verdicts(found) == dict.fromkeys(["W['val']", "b['val']", "x"], "ok"), found
    found = check("affine.py:Affine", given, {"affine.py": KEPT_BESIDE.replace(right, wrong)})
    assert [name for name, one in verdicts(found).items() if one == "wrong"] == [whose], found
    assert found["lines"][0]["write"].endswith(right), found["lines"]


OPTIMIZED = """
import numpy as np
class Momentum:
    def __init__(self):
        self.v = 0.0
    def renew(self, w, c, dw, dc, rate):
        self.v = 0.9 * self.v - rate * dw
        return w + self.v, c - rate * dc
class Affine:
    def __init__(self, n, m, chosen=None):
        self.w, self.c = np.random.randn(n, m), np.zeros(m)
        self.chosen = chosen if chosen is not None else Momentum()
    def forward(self, x):
        self.x = x
        return x @ self.w + self.c
    def backward(self, dz, rate=0.1):
        dw = self.x.T @ dz
        dc = dz.sum(axis=0)
        dx = dz @ self.w.T
        self.w, self.c = self.chosen.renew(self.w, self.c, dw, dc, rate)
        return dx
class Wide:
    def __init__(self, n, m):
        self._w, self._optimizer = np.random.randn(n, m), None
    @property
    def weights(self):
        return self._w
    @weights.setter
    def weights(self, value):
        self._w = value
    @property
    def optimizer(self):
        return self._optimizer
    @optimizer.setter
    def optimizer(self, value):
        self._optimizer = value
    def forward(self, x):
        self.x = x
        return x @ self.weights
    def backward(self, dz):
        total = np.zeros_like(self.weights)
        for row, above in zip(self.x, dz):
            total += np.outer(row, above)
        grad_total = total
        dx = dz @ self.weights.T
        if self.optimizer is not None:
            self.weights = self.optimizer.calculate_update(self.weights, grad_total)
        return dx
"""


@pytest.mark.parametrize(("name", "right", "wrong", "whose"), [
    ("Affine", "dw = self.x.T @ dz", "dw = self.x.T @ dz * 2", "w"),
    ("Affine", "dz.sum(axis=0)", "dz.mean(axis=0)", "c"),
    ("Wide", "total += np", "total = np", "_w"),
])  # fmt: skip
def test_what_an_optimizer_is_given_is_the_gradient_of_what_it_changes(
    check: Check, name: str, right: str, wrong: str, whose: str
) -> None:
    """Whatever it is called and does: it may be one that nobody gives. Nothing is told of what it changes."""
    given = {"x": ROWS, "n": 3, "m": 2}
    found = check(f"opt.py:{name}", given, {"opt.py": OPTIMIZED})
    assert (found["verdict"], verdicts(found)[whose]) == ("ok", "ok"), found
    assert not [one for one in found["remarks"] if "something else changes" in one]
    found = check(f"opt.py:{name}", given, {"opt.py": OPTIMIZED.replace(right, wrong)})
    assert [one for one, verdict in verdicts(found).items() if verdict == "wrong"] == [whose], found


STEPS = """
import numpy as np
W, U = np.random.randn(3, 2), np.random.randn(2, 2)
def forward(xs, h):
    hs, before = [h], []
    for x in xs:
        a = x @ W + h @ U
        h = np.tanh(a)
        before.append(a)
        hs.append(h)
    return hs, before
def backward(xs, hs, before, d_end):
    dW, dU = np.zeros_like(W), np.zeros_like(U)
    for t in reversed(range(len(xs))):
        da = d_end * (1 - np.tanh(before[t])**2)
        dW += np.outer(xs[t], da)
        dU += np.outer(hs[t], da)
        d_end = da @ U.T
    return dW, dU
hs, before = forward(np.random.randn(4, 3), np.zeros(2))
dW, dU = backward(np.random.randn(4, 3), hs, before, np.ones(2))
"""


def test_of_states_that_are_all_handed_on_the_last_may_be_meant(check: Check) -> None:
    """One gradient comes from above, that of the last step: with one for each the way back stops."""
    found = check("steps.py", {}, {"steps.py": STEPS})
    assert verdicts(found) == {"W": "ok", "U": "ok", "xs": "missing"}, found
    found = check("steps.py", {}, {"steps.py": STEPS.replace("hs[t], da", "hs[t + 1], da")})
    assert verdicts(found) == {"W": "ok", "U": "wrong", "xs": "missing"}, found
    assert found["lines"][0]["write"].strip() == "dU += np.outer(hs[t], da)", found["lines"]


ASSERTED = """
import torch
class Cell:
    def __init__(self, value, source=None):
        assert isinstance(value, torch.Tensor)
        self.value, self.source = value, source
        self.grad = torch.zeros_like(value)
    def backward(self, above=None):
        above = torch.ones_like(self.value) if above is None else above
        if self.source is not None:
            self.source.backward(above)
        self.grad += above
    def __getitem__(self, place):
        assert self.value.dim() == 2
        if isinstance(place, int):
            place = slice(place, place + 1)
        return Cell(self.value[:, place], source=OfColumns(self, place))
class OfColumns:
    def __init__(self, whole, place):
        self.whole, self.place = whole, place
    def backward(self, above):
        grad = torch.zeros_like(self.whole.value)
        grad[:, self.place] = above
        self.whole.backward(grad)
"""


def test_values_that_are_asserted_to_be_tensors_and_a_place_that_is_a_number(check: Check) -> None:
    """No places that repeat, which the way back does not add up: the text says that a number is meant."""
    hint = check("cell.py", {}, {"cell.py": ASSERTED})["error"]["hint"]
    assert "--self 'randn(4,3)' --place '2'," in hint, hint
    assert check("cell.py", {"self": ROWS, "place": 2}, {"cell.py": ASSERTED})["verdict"] == "ok"


SHUFFLED = """
import numpy as np
X, Y, W = np.random.randn(6, 2), np.random.randn(6, 1), np.random.randn(2, 1)
rng = np.random.default_rng(3)
def mixed(X, Y):
    order, other, rows = np.arange(6), [*range(6)], X.copy()
    np.random.shuffle(order)
    rng.shuffle(other)
    rng.shuffle(rows)
    assert sorted(other) == sorted(order) == [0, 1, 2, 3, 4, 5] and other != [0, 1, 2, 3, 4, 5]
    assert sorted(rows[:, 0]) == sorted(X[:, 0]) and np.any(rows != X)
    return X[order], Y[order]
for i in range(9):
    x, y = mixed(X, Y)
    out = x @ W
    loss = np.mean((out - y)**2)
    dout = 2 * (out - y) / 6
    dW = x.T @ dout
    W -= 0.1 * dW
"""


def test_data_that_are_shuffled_in_a_function_stay_the_same_rows(check: Check) -> None:
    assert check("mixed.py", {}, {"mixed.py": SHUFFLED})["verdict"] == "ok"
    assert check("mixed.py", {}, {"mixed.py": SHUFFLED.replace("x.T @", "X.T @")})["verdict"] == "wrong"


TAUGHT = """
import numpy as np
class Net:
    def __init__(self, n, learningRate):
        self.W, self.learningRate = np.random.randn(n), learningRate
    def forward(self, x):
        self.x, self.out = x, np.tanh(x @ self.W)
        return self.out
    def backward(self, target):
        delta = (self.out - target) * (1 - self.out**2)
        self.W -= self.learningRate * self.x.T @ delta
        return 0.5 * np.sum((self.out - target)**2)
"""


def test_a_cost_without_a_name_that_a_way_back_returns_is_no_gradient_of_its_rate(check: Check) -> None:
    given = {"x": ROWS, "n": 3, "learningRate": 0.1, "target": [0.2, -0.4, 0.9, 0.1]}
    found = check("net.py:Net", given, {"net.py": TAUGHT})
    assert (found["verdict"], verdicts(found)) == ("ok", {"W": "ok"}), found


RESHAPED = """
class Turn:
    def __init__(self, in_shape, out_shape):
        self.in_shape, self.out_shape = in_shape, out_shape
    def forward(self, inputs):
        return inputs.reshape(-1, *self.out_shape)
    def backward(self, inputs, above, rate):
        return above.reshape(-1, *self.in_shape)
"""


def test_a_shape_that_the_way_back_alone_reads_is_that_of_what_comes_in(check: Check) -> None:
    hint = check("turn.py", {}, {"turn.py": RESHAPED})["error"]["hint"]
    assert "--in_shape '[3,6,5]'" in hint, hint


BATCHED = """
import numpy as np
class Dense:
    def __init__(self, n, m, batch_size=200):
        self.W, self.n, self.batch_size = np.random.randn(n, m), n, batch_size
    def forward(self, x):
        self.x = x
        return x @ self.W
    def backward(self, above):
        x = self.x.reshape(self.batch_size, self.n)
        self.dW = x.T @ above
        return above @ self.W.T
"""


def test_a_size_that_is_not_given_and_stops_the_way_back_is_asked_for(check: Check) -> None:
    """That the default does not fit is no mistake."""
    given = {"x": ROWS, "n": 3, "m": 2}
    found = check("dense.py:Dense", given, {"dense.py": BATCHED})
    assert "--batch_size '4'" in found.get("error", {}).get("hint", ""), found
    assert check("dense.py:Dense", {**given, "batch_size": 4}, {"dense.py": BATCHED})["verdict"] == "ok"


COMPARED = """
import numpy as np
class Turn:
    def __init__(self, rows):
        self.rows = rows
    def forward(self, x):
        if not isinstance(x, np.ndarray):
            raise TypeError
        self.was = x.shape
        return x if x.shape == (self.rows, 2) else x.reshape(self.rows, -1)
    def backward(self, g):
        return g.reshape(self.was)
"""


def test_a_shape_may_be_compared_with_what_is_not_known_either(check: Check) -> None:
    found = check("turn.py", {}, {"turn.py": COMPARED})["error"]
    assert {"--rows", "--x"} <= {*found["hint"].split()}, found


CELL = """
import numpy as np
class Cell:
    def __init__(self, n):
        self.kept = {"h": np.random.randn(n), "V": np.random.randn(n, n)}
    def forward(self, x, h):
        self.x, self.h = x, h
        return x * self.kept["h"] + h @ self.kept["V"]
    def backward(self, dz):
        dh = dz @ self.kept["V"].T
        dV = np.outer(self.h, dz)
        return dz * self.kept["h"], dh, dV
"""


def test_the_gradient_of_an_input_is_not_that_of_a_weight_of_its_name(check: Check) -> None:
    given = {"x": ROWS[0], "h": ROWS[1], "n": 3}
    found = check("cell.py:Cell", given, {"cell.py": CELL})
    assert verdicts(found) == {"kept['V']": "ok", "x": "ok", "h": "ok"}, found


VIEWED = """
import numpy as np
class Layer:
    def __init__(self, InWidth, OutWidth, Row):
        self.W = Row
        self.W.shape = (OutWidth, InWidth)
    def forward(self, x):
        self.x = x
        return x @ self.W.T
    def backward(self, above):
        return above @ self.W
"""


def test_a_row_of_weights_may_get_its_shape_from_sizes_that_are_given(check: Check) -> None:
    hint = check("viewed.py", {}, {"viewed.py": VIEWED})["error"]["hint"]
    assert "--InWidth '2' --OutWidth '3'" in hint, hint


COUNTED = """
import numpy as np
class Dense:
    def __init__(self, inputs, units):
        self.w = np.random.randn(inputs, units)
    def forward(self, inputs):
        self.inputs = inputs
        return inputs @ self.w
    def backward(self, above):
        self.dw = self.inputs.T @ above
        return above @ self.w.T
"""


def test_a_constructor_may_call_the_number_of_features_as_the_forward_pass_its_input(check: Check) -> None:
    hint = check("dense.py", {}, {"dense.py": COUNTED})["error"]["hint"]
    assert "--inputs 'randn(4,3)'" in hint, hint
    found = check("dense.py", {"inputs": [[0.3, -1.2, 0.4], [2.0, 0.1, 0.7]], "units": 2}, {"dense.py": COUNTED})
    assert verdicts(found) == {"w": "ok", "inputs": "ok"}, found
