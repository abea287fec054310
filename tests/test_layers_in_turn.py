"""Layers that go back one after the other: what each is handed is the gradient of what it gave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backprop.python.pairs.pairs import pairs_in
from backprop.python.texts.source import Code, part_of

Check = Callable[..., dict[str, Any]]

LAYERS = """
import numpy as np

class Affine:
    def __init__(self, ins, outs):
        self.W = np.random.randn(ins, outs) * 0.3
        self.b = np.zeros(outs)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, above):
        self.dW = self.x.T @ above
        self.db = above.sum(axis=0)
        return above @ self.W.T

class Squash:
    def forward(self, x):
        self.out = 1 / (1 + np.exp(-x))
        return self.out

    def backward(self, above):
        return above * self.out * (1 - self.out)

"""
BESIDE = """
rows = np.random.randn(6, 3)
wanted = np.random.randn(6, 2)
low, high = Affine(3, 4), Affine(4, 2)
for epoch in range(100):
    z = low.forward(rows)
    h = np.tanh(z)
    out = high.forward(h)
    loss = np.sum((out - wanted) ** 2) / len(rows)
    grad = 2 * (out - wanted) / len(rows)
    dh = high.backward(grad)
    dz = dh * (1 - h ** 2)
    low.backward(dz)
"""
NESTED = """
rows = np.random.randn(6, 3)
wanted = np.random.randn(6, 2)
low, bend, high = Affine(3, 4), Squash(), Affine(4, 2)
for epoch in range(100):
    out = high.forward(bend.forward(low.forward(rows)))
    loss = np.sum((out - wanted) ** 2)
    low.backward(bend.backward(high.backward(2 * (out - wanted))))
"""
METHOD = """
class Net:
    def __init__(self, ins):
        self.low, self.high = Affine(ins, 4), Affine(4, 2)

    def guess(self, x):
        self.h = np.maximum(self.low.forward(x), 0)
        return self.high.forward(self.h)

    def fit(self, x, t, rate=0.1):
        for turn in range(10):
            y = self.guess(x)
            loss = 0.5 * np.sum((y - t) ** 2)
            d = self.high.backward(y - t)
            d = d * (self.h > 0)
            self.low.backward(d)
            self.low.W -= rate * self.low.dW
            self.high.W -= rate * self.high.dW
"""


def gradients(found: dict[str, Any], name: str) -> list[tuple[str, str]]:
    passes = [one for one in found["passes"] if one["name"] == name]
    return [(its["name"], its["verdict"]) for one in passes for its in one["gradients"]]


def lines(found: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(line["line"], line["write"]) for one in found["passes"] for line in one["lines"]]


def line_of(text: str, part: str) -> int:
    return next(place for place, line in enumerate(text.splitlines(), 1) if part in line)


def test_what_stands_between_two_layers_is_judged(check: Check) -> None:
    """That the loss's gradient is right tells nothing of what the second layer is handed."""
    right = LAYERS + BESIDE
    found = check("net.py --seed 1", {}, {"net.py": right})
    assert gradients(found, "script") == [("out", "ok"), ("z", "ok")]
    wrong = right.replace("dz = dh * (1 - h ** 2)", "dz = dh * (1 - z ** 2)")
    found = check("net.py --seed 1", {}, {"net.py": wrong})
    assert gradients(found, "script") == [("out", "ok"), ("z", "wrong")]
    assert lines(found) == [(line_of(wrong, "dz = dh"), "dz = dh * (1 - h ** 2)")]


def test_a_layer_that_is_not_used_keeps_nothing_from_being_judged(check: Check) -> None:
    """Nobody gives anything for it, and no pass that is judged calls it."""
    found = check("net.py --seed 1", {}, {"net.py": LAYERS + BESIDE})
    assert any("Squash is left out" in one for one in found["remarks"])
    assert gradients(found, "script") == [("out", "ok"), ("z", "ok")]


def test_layers_whose_calls_stand_in_each_other(check: Check) -> None:
    found = check("net.py --seed 1", {}, {"net.py": LAYERS + NESTED})
    assert gradients(found, "script") == [("out", "ok"), ("bend_out", "ok"), ("low_out", "ok")]
    wrong = (LAYERS + NESTED).replace("low.backward(bend.backward(high.backward(2", "low.backward((high.backward(2")
    found = check("net.py --seed 1", {}, {"net.py": wrong})
    assert gradients(found, "script") == [("out", "ok"), ("low_out", "wrong")]
    told = str([one["remarks"] for one in found["passes"]])
    assert "bend goes forth in line" in told, told
    assert "low_out is what low.forward(rows) gives" in told, told


ROUNDS = {
    "a softmax between the last layer and the loss": """
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

low, high = Affine(3, 4), Affine(4, 2)
for epoch in range(100):
    p = softmax(high.forward(np.tanh(low.forward(rows))))
    loss = -np.sum(labels * np.log(p)) / len(rows)
    grad = (p - labels) / len(rows)
    low.backward(high.backward(grad) * (1 - high.x ** 2))
""",
    "what goes around a layer": """
low, high = Affine(3, 2), Affine(2, 2)
for epoch in range(100):
    a = low.forward(rows)
    out = high.forward(np.maximum(a, 0)) + a
    loss = np.sum((out - labels) ** 2)
    grad = 2 * (out - labels)
    g = high.backward(grad) * (a > 0) + grad
    low.backward(g)
""",
    "a layer that goes forth twice": """
low, high = Affine(3, 2), Affine(2, 2)
for epoch in range(100):
    out = high.forward(high.forward(low.forward(rows)))
    loss = np.sum((out - labels) ** 2)
    low.backward(high.backward(high.backward(2 * (out - labels))))
""",
    "two heads": """
low, left, right = Affine(3, 4), Affine(4, 2), Affine(4, 2)
for epoch in range(100):
    code = np.tanh(low.forward(rows))
    first = left.forward(code)
    second = right.forward(code)
    loss = np.sum((first - labels) ** 2) + np.mean((second - labels) ** 2)
    above = left.backward(2 * (first - labels))
    beside = right.backward(2 * (second - labels) / second.size)
    low.backward((above + beside) * (1 - code ** 2))
""",
    "a loss that is an object": """
class Squares:
    def forward(self, y, t):
        self.y, self.t = y, t
        return np.mean((y - t) ** 2)

    def backward(self):
        return 2 * (self.y - self.t) / self.y.size

low, bend, high, squares = Affine(3, 4), Squash(), Affine(4, 2), Squares()
for epoch in range(100):
    out = high.forward(bend.forward(low.forward(rows)))
    loss = squares.forward(out, labels)
    g = squares.backward()
    g = high.backward(g)
    g = bend.backward(g)
    low.backward(g)
""",
}
DATA = """
rows = np.random.randn(6, 3)
labels = np.eye(2)[[0, 1, 1, 0, 1, 0]]
"""
JUDGED = {
    "a softmax between the last layer and the loss": ["high_out", "low_out"],
    "what goes around a layer": ["high_out", "a"],
    "a layer that goes forth twice": ["out", "low_out"],
    "two heads": ["first", "second", "low_out"],
    "a loss that is an object": ["out", "bend_out", "low_out"],
}


@pytest.mark.parametrize("name", ROUNDS)
def test_rounds_that_are_right(check: Check, name: str) -> None:
    """What the layers are handed is that of what they themselves gave, and not of what was made of that."""
    found = check("net.py --seed 1", {}, {"net.py": LAYERS + DATA + ROUNDS[name]})
    assert found["verdict"] == "ok", found
    assert gradients(found, "script") == [(one, "ok") for one in JUDGED[name]]


def test_a_loss_that_is_an_object_hides_no_mistake(check: Check) -> None:
    wrong = LAYERS + DATA + ROUNDS["a loss that is an object"].replace("g = bend.backward(g)", "g = g * bend.out")
    found = check("net.py --seed 1", {}, {"net.py": wrong})
    assert gradients(found, "script") == [("out", "ok"), ("low_out", "wrong")], found
    told = str([one["remarks"] for one in found["passes"]])
    assert "bend goes forth in line" in told, told
    assert "squares goes forth" not in told, told


GIVEN = {"x": [[0.3, -1.2, 0.7], [1.1, 0.4, -0.5]], "t": [[0.5, 1.0], [0.2, -0.4]], "ins": 3}
MISTAKES = {
    "self.high.backward(y - t)": "self.high.backward(t - y)",
    "self.h > 0)": "self.h < 0)",
    "            d = d * (self.h > 0)\n": "",
}


def test_a_method_that_no_script_calls_is_judged_with_what_it_takes(check: Check) -> None:
    """What its layers take is what it calls them with; they are right, so that no cure is looked for in them."""
    found = check("net.py --seed 1", GIVEN, {"net.py": LAYERS + METHOD})
    assert gradients(found, "Net.fit") == [("y", "ok"), ("low_out", "ok")], found
    assert gradients(found, "Affine") == [("W", "ok"), ("b", "ok"), ("x", "ok")]
    alone = check("net.py:Net.fit --seed 1", GIVEN, {"net.py": LAYERS + METHOD})
    assert gradients(alone, "Net.fit") == [("y", "ok"), ("low_out", "ok")], alone


@pytest.mark.parametrize("part", MISTAKES)
def test_a_mistake_in_a_method_that_no_script_calls(check: Check, part: str) -> None:
    wrong = (LAYERS + METHOD).replace(part, MISTAKES[part])
    found = check("net.py --seed 1", GIVEN, {"net.py": wrong})
    assert found["verdict"] == "wrong", found
    assert gradients(found, "Net.fit")[-1][1] == "wrong", found
    assert all(line > line_of(wrong, "class Net") for line, _ in lines(found)), lines(found)


def test_what_reads_the_state_of_a_layer_is_not_judged_behind_it(check: Check) -> None:
    """What the layer gives is looked at at other points, and its state would be that of this one: `low.x`."""
    other = (LAYERS + METHOD).replace("(self.h > 0)", "(self.low.x @ self.low.W + self.low.b > 0)")
    found = check("net.py --seed 1", GIVEN, {"net.py": other})
    assert gradients(found, "Net.fit") == [("y", "ok")], found


def test_the_hint_is_for_who_trains(check: Check) -> None:
    """With what it takes the layers are judged, too: no values of theirs are asked for."""
    hint = check("net.py --seed 1", {}, {"net.py": LAYERS + METHOD})["error"]["hint"]
    assert hint.startswith("give options, like --x 'randn("), hint
    assert [word for word in ("--ins", "--outs", "guess") if word in hint] == ["--ins"], hint


def test_who_trains_with_a_pass_that_is_wrong_is_left_out(check: Check) -> None:
    """It is not known that such a pass wants the gradient of what it gives."""
    wrong = (LAYERS + METHOD).replace("above.sum(axis=0)", "above.mean(axis=0)")
    found = check("net.py --seed 1", GIVEN, {"net.py": wrong})
    assert found["verdict"] == "wrong"
    assert "Net.fit is left out: it trains with Affine, of which it is not known to be right" in str(found["remarks"])


def test_what_gives_its_gradients_itself_is_judged_by_these_alone() -> None:
    """A loss that goes back through a layer's way back, and returns the gradients, is a pass: no loop that nobody calls
    in which something is handed to the layer."""
    text = """
import numpy as np

def scaled_forward(x, gain):
    return np.tanh(x) * gain

def scaled_backward(dout, x, gain):
    return dout * gain * (1 - np.tanh(x) ** 2), (dout * np.tanh(x)).sum(axis=0)

def loss_and_grads(x, gain, w, y):
    z = scaled_forward(x, gain)
    off = z @ w - y
    loss = 0.5 * np.sum(off ** 2)
    doff = off
    dw = z.T @ doff
    dz = doff @ w.T
    dx, dgain = scaled_backward(dz, x, gain)
    return loss, dx, dgain, dw
"""
    assert [(one.name, one.kind) for one in pairs_in(Code([part_of(text, "code.py")]))] == [
        ("scaled_forward", "functions"),
        ("loss_and_grads", "both"),
    ]


BY_ROWS = """
import numpy as np

def bent(x):
    return 1 - np.tanh(x) ** 2

class Linear:
    def __init__(self, ins, outs):
        self.w = np.random.rand(ins, outs) - 0.5

    def ahead_of(self, x):
        self.x = x
        return x @ self.w

    def forward(self, x):
        return self.ahead_of(x)

    def backward(self, error, rate):
        back = error @ self.w.T
        self.w -= rate * self.x.T @ error
        return back

class Bend:
    def __init__(self, function, slope):
        self.function, self.slope = function, slope

    def forward(self, x):
        self.x = x
        return self.function(x)

    def backward(self, error, rate):
        return self.slope(self.x) * error

def mse(t, y):
    return np.mean((t - y) ** 2)

def mse_slope(t, y):
    return 2 * (y - t) / t.size

class Net:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        self.layers.append(layer)

    def fit(self, rows, targets, rounds, rate):
        for turn in range(rounds):
            err = 0
            for j in range(len(rows)):
                output = rows[j]
                for layer in self.layers:
                    output = layer.forward(output)
                err += mse(targets[j], output)
                error = mse_slope(targets[j], output)
                for layer in reversed(self.layers):
                    error = layer.backward(error, rate)
            print(err / len(rows))

rows = np.array([[[0, 0]], [[0, 1]], [[1, 0]], [[1, 1]]])
targets = np.array([[[0]], [[1]], [[1]], [[0]]])
net = Net()
net.add(Linear(2, 3))
net.add(Bend(np.tanh, bent))
net.add(Linear(3, 1))
net.add(Bend(np.tanh, bent))
net.fit(rows, targets, rounds=3, rate=0.1)
"""


def test_layers_that_are_made_of_functions_and_errors_that_add_up_what_a_loss_gives(check: Check) -> None:
    """What the script makes a layer of is known, also a function; and the row is judged whose target is not 0."""
    found = check("rows.py --seed 1", {}, {"rows.py": BY_ROWS})
    assert found["verdict"] == "ok", found
    assert gradients(found, "Bend") == [("x", "ok")]
    assert gradients(found, "script") == [("output", "ok")]
    wrong = BY_ROWS.replace("2 * (y - t) / t.size", "2 * (t - y) / t.size")
    found = check("rows.py --seed 1", {}, {"rows.py": wrong})
    assert gradients(found, "script") == [("output", "wrong")], found
    cures = ("return 2 * (y - t) / t.size", "return -(2 * (t - y) / t.size)")
    assert [(line, write in cures) for line, write in lines(found)] == [(line_of(wrong, "2 * (t - y)"), True)]


def test_what_does_not_fit_who_trains_is_told_where_it_stops(check: Check) -> None:
    """What is given is for `fit`, so nobody is asked for what its layers take."""
    given = {**GIVEN, "ins": 4}
    alone = (LAYERS + METHOD).replace(
        "class Squash:\n    def forward(self, x)", "class Squash:\n    def forward(self, z)"
    )
    found = check("net.py", given, {"net.py": alone})["error"]
    assert found["line"] == line_of(LAYERS, "return x @ self.W"), found
    assert "this product does not fit" in found["message"], found
    beside = check("net.py", given, {"net.py": LAYERS + METHOD})  # `x` is what a bend takes, too
    assert any(one.startswith("Net.fit is left out: this product does not fit") for one in beside["remarks"]), beside


def test_a_method_that_is_misspelt_is_told(check: Check) -> None:
    assert check("net.py:Net.fitt", GIVEN, {"net.py": LAYERS + METHOD})["error"]["hint"] == "did you mean Net.fit?"
