"""Scripts beside the passes of their classes and functions: what a network's way back is handed, the steps that the
script takes itself, and steps by running means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Check = Callable[..., dict[str, Any]]

CLASSES = """
import numpy as np

class Affine:
    def __init__(self, n, m):
        self.W = np.random.randn(n, m) * 0.5
        self.c = np.zeros(m)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.c
    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.dc = grad.sum(axis=0)
        return grad @ self.W.T

class Squash:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y
    def backward(self, grad):
        return grad * (1 - self.y**2)
"""
DATA = """
rng = np.random.default_rng(5)
points, goals = rng.normal(size=(7, 2)), rng.normal(size=(7, 1))
chain = [Affine(2, 4), Squash(), Affine(4, 1)]
"""
ROUND = """
    guess = points
    for part in chain:
        guess = part.forward(guess)
    loss = np.mean((guess - goals) ** 2)
    back = 2 * (guess - goals) / goals.size
    for part in reversed(chain):
        back = part.backward(back)
    for part in (chain[0], chain[2]):
        part.W -= 0.1 * part.dW
        part.c -= 0.1 * part.dc
"""
IN_A_LOOP = CLASSES + DATA + "for epoch in range(20):" + ROUND
IN_A_FUNCTION = (
    CLASSES
    + "\ndef train(chain, points, goals, epochs=3):\n    for epoch in range(epochs):"
    + ROUND.replace("\n    ", "\n        ")
    + "\ndef main():"
    + DATA.replace("\n", "\n    ")
    + 'print(train(chain, points, goals=goals))\n\nif __name__ == "__main__":\n    main()\n'
)
IN_A_METHOD = (
    CLASSES
    + """
class Net:
    def __init__(self, chain):
        self.chain = chain
    def fit(self, xs, ys):
        for x, y in zip(xs, ys):
            guess = x[None]
            for part in self.chain:
                guess = part.forward(guess)
            loss = np.mean((guess - y) ** 2)
            back = 2 * (guess - y) / y.size
            for part in reversed(self.chain):
                back = part.backward(back)
"""
    + DATA
    + "Net(chain).fit(points, goals)\n"
)
CALLED = (
    CLASSES.replace("class Affine:", "class Part:\n    def __call__(self, x):\n        return self.forward(x)\n\n"
                    "class Affine(Part):").replace("class Squash:", "class Squash(Part):")
    + DATA
    + "for epoch in range(20):"
    + ROUND.replace("part.forward(guess)", "part(guess)")
)  # fmt: skip
IN_FUNCTIONS = """
import numpy as np

def net_forward(x, W):
    h = np.tanh(x @ W)
    return h, (x, W, h)

def net_backward(dh, cache):
    x, W, h = cache
    dz = dh * (1 - h**2)
    return dz @ W.T, x.T @ dz

rng = np.random.default_rng(5)
x, W, goals = rng.normal(size=(6, 3)), rng.normal(size=(3, 2)), rng.normal(size=(6, 2))
for epoch in range(20):
    h, cache = net_forward(x, W)
    loss = np.mean((h - goals) ** 2)
    dx, dW = net_backward(2 * (h - goals) / goals.size, cache)
    W -= 0.1 * dW
"""
HANDED = {
    "in a loop": (IN_A_LOOP, "guess", "2 * (guess - goals) / goals.size"),
    "in a function that another one calls": (IN_A_FUNCTION, "guess", "2 * (guess - goals) / goals.size"),
    "in a method": (IN_A_METHOD, "guess", "2 * (guess - y) / y.size"),
    "of what is called": (CALLED, "guess", "2 * (guess - goals) / goals.size"),
    "of functions": (IN_FUNCTIONS, "h", "2 * (h - goals) / goals.size"),
}


def passes(found: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {one["name"]: {its["name"]: its["verdict"] for its in one["gradients"]} for one in found["passes"]}


@pytest.mark.parametrize("name", HANDED)
def test_what_is_handed_to_a_networks_way_back_is_the_gradient_of_the_loss(check: Check, name: str) -> None:
    """The passes of the classes are right all the time: only the script is not, where the factor is forgotten."""
    text, output, gradient = HANDED[name]
    found = check("net.py", {}, {"net.py": text})
    assert found["verdict"] == "ok", found
    assert passes(found)["script"] == {output: "ok"}
    planted = gradient[gradient.index("(") : gradient.index(")") + 1]
    wrong = text.replace(gradient, planted)
    found = check("net.py", {}, {"net.py": wrong})
    assert passes(found).pop("script") == {output: "wrong"}
    assert {its for one in passes(found).values() for its in one.values()} == {"ok", "wrong"}, found
    place = next(place for place, line in enumerate(wrong.splitlines(), 1) if planted in line and "loss" not in line)
    (line,) = [line for one in found["passes"] for line in one["lines"]]
    assert line["line"] == place
    assert line["write"], line


def test_what_a_pass_that_is_wrong_is_handed_is_not_judged(check: Check) -> None:
    """The way back may want something else than the gradient of what the way forth gives: a softmax is in the loss."""
    found = check("net.py", {}, {"net.py": IN_A_LOOP.replace("(1 - self.y**2)", "(1 - self.y)")})
    assert found["verdict"] == "wrong"
    assert "script" not in passes(found), found


FUSED = """
import numpy as np

class Classes:
    def __init__(self):
        self.W = np.random.randn(3, 4)
    def forward(self, x):
        self.x = x
        e = np.exp(x @ self.W)
        return e / e.sum(axis=1, keepdims=True)
    def backward(self, dscores):
        self.dW = self.x.T @ dscores
        return dscores @ self.W.T

rng = np.random.default_rng(5)
x, t = rng.normal(size=(6, 3)), np.eye(4)[rng.integers(0, 4, 6)]
net = Classes()
for epoch in range(20):
    p = net.forward(x)
    loss = -np.sum(t * np.log(p)) / 6
    net.backward((p - t) / 6)
    net.W -= 0.1 * net.dW
"""


def test_what_goes_round_the_softmax_is_no_mistake(check: Check) -> None:
    assert check("net.py", {}, {"net.py": FUSED})["verdict"] == "ok"


BESIDE = """
import numpy as np

def rectify(x):
    return np.maximum(0, x)

def rectify_backward(grad, x):
    return grad * (x > 0)

rng = np.random.default_rng(2)
x, goals = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))
V, U = rng.normal(size=(2, 5)), rng.normal(size=(5, 1))
for epoch in range(30):
    before = x @ V
    hidden = rectify(before)
    out = hidden @ U
    loss = np.mean((out - goals) ** 2)
    dout = 2 * (out - goals) / goals.size
    dU = hidden.T @ dout
    dhidden = dout @ U.T
    dbefore = rectify_backward(dhidden, before)
    dV = x.T @ dbefore
    V -= 0.1 * dV
    U -= 0.1 * dU
"""


def test_a_script_is_judged_beside_the_passes_of_its_functions(check: Check) -> None:
    found = check("net.py", {}, {"net.py": BESIDE})
    assert found["verdict"] == "ok", found
    assert passes(found) == {"rectify": {"x": "ok"}, "script": {"U": "ok", "V": "ok"}}
    found = check("net.py", {}, {"net.py": BESIDE.replace("x.T @ dbefore", "x.T @ dhidden")})
    assert passes(found)["script"] == {"U": "ok", "V": "wrong"}
    lines = [(line["line"], line["write"]) for one in found["passes"] for line in one["lines"]]
    assert lines == [(22, "dV = x.T @ dbefore")]


MEANS = """
import numpy as np
rng = np.random.default_rng(4)
x, goals = rng.normal(size=(9, 3)), rng.normal(size=(9, 2))
V = [rng.normal(size=(3, 5)), rng.normal(size=(5, 2))]
FIRST
for epoch in range(1, 30):
    outs = [x]
    for k in range(2):
        outs.append(np.tanh(outs[-1] @ V[k]) if k == 0 else outs[-1] @ V[k])
    loss = np.mean((outs[-1] - goals) ** 2)
    delta = 2 * (outs[-1] - goals) / goals.size
    for k in (1, 0):
        dV = outs[k].T @ delta
        if k:
            delta = delta @ V[k].T * (1 - outs[k]**2)
        STEP
"""
STEPS = {
    "plain": ("pass", "V[k] -= 0.1 * dV"),
    "momentum": ("m = [np.zeros_like(one) for one in V]", "m[k] = 0.9*m[k] - 0.1*dV\n        V[k] += m[k]"),
    "momentum the other way round": (
        "m = [np.zeros_like(one) for one in V]",
        "m[k] = 0.9*m[k] + dV\n        V[k] -= 0.1 * m[k]",
    ),
    "Adam": (
        "m = [np.zeros_like(one) for one in V]; s = [np.zeros_like(one) for one in V]",
        "m[k] = 0.9*m[k] + (1 - 0.9)*dV\n        s[k] = 0.99*s[k] + (1 - 0.99)*dV**2\n"
        "        m_hat = m[k] / (1 - 0.9**epoch)\n        s_hat = s[k] / (1 - 0.99**epoch)\n"
        "        V[k] -= 0.01 * m_hat / (np.sqrt(s_hat) + 1e-8)",
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_entries_that_take_steps_by_running_means_have_the_gradients_these_are_fed_with(
    check: Check, name: str
) -> None:
    first, step = STEPS[name]
    text = MEANS.replace("FIRST", first).replace("STEP", step)
    found = check("net.py", {}, {"net.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"V.0": "ok", "V.1": "ok"}, found
    found = check("net.py", {}, {"net.py": text.replace("(1 - outs[k]**2)", "(1 - outs[k])")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"V.0": "wrong", "V.1": "ok"}, found
    assert [one["line"] for one in found["lines"]] == [16]


def test_gradients_in_a_dictionary_that_is_written_out_are_gradients(check: Check) -> None:
    text = """
import numpy as np
rng = np.random.default_rng(4)
x, goals = rng.normal(size=(9, 3)), rng.normal(size=9)
params = {"w": rng.normal(size=3), "c": 0.5}
for epoch in range(30):
    off = x @ params["w"] + params["c"] - goals
    loss = off @ off / 9
    doff = 2 * off / 9
    grads = {"w": x.T @ doff, "c": doff.sum()}
    for key in params:
        params[key] -= 0.1 * grads[key]
"""
    found = check("net.py", {}, {"net.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"params.w": "ok", "params.c": "ok"}, found
    found = check("net.py", {}, {"net.py": text.replace("x.T @ doff", "x.T @ off")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"params.w": "wrong", "params.c": "ok"}


XOR = """
import numpy as np
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])
rng = np.random.default_rng(4)
V, u = rng.normal(size=(2, 3)), rng.normal(size=3)
for epoch in range(30):
    for x, y in zip(X, Y):
        h = np.tanh(x @ V)
        out = h @ u
        loss = (out - y) ** 2
        dout = 2 * (out - y)
        du = dout * h
        dV = np.outer(x, dout * u * (1 - h**2))
        u -= 0.1 * du
        V -= 0.1 * dV
"""
ROWS = (
    "for x, y in zip(X, Y):",
    "for i, (x, y) in enumerate(zip(X, Y)):",
    "for i in range(4):\n        x, y = X[i], Y[i]",
)


@pytest.mark.parametrize("rows", ROWS)
def test_of_rows_that_are_0_another_round_is_judged(check: Check, rows: str) -> None:
    """In the first round every gradient is 0, whatever is written: it shows nothing."""
    text = XOR.replace(ROWS[0], rows)
    found = check("xor.py", {}, {"xor.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"V": "ok", "u": "ok"}, found
    assert any("round 2, whose data are not 0, is judged" in one for one in found["remarks"])
    for right, wrong in (("2 * (out - y)", "2 * (out + y)"), ("np.outer(x, dout", "np.outer(1 - x, dout")):
        found = check("xor.py", {}, {"xor.py": text.replace(right, wrong)})
        assert found["verdict"] == "wrong", found
        assert [right in line["write"] for line in found["lines"]] == [True], found["lines"]


def test_a_round_whose_counter_is_0_is_the_first(check: Check) -> None:
    text = XOR.replace("[[0, 0], [0, 1], [1, 0], [1, 1]]", "[[1, 2], [0, 1], [1, 0], [1, 1]]").replace(
        "[0, 1, 1, 0]", "[3, 1, 1, 0]"
    )
    for rows in ROWS:
        found = check("xor.py", {}, {"xor.py": text.replace(ROWS[0], rows)})
        assert any("the first round is judged" in one for one in found["remarks"]), found


@pytest.mark.parametrize("step", ["0.1 * dw / len(x)", "(0.1 / len(x)) * dw", "rate * (1 / n) * dw"])
def test_a_sum_that_the_step_takes_the_mean_of_is_right(check: Check, step: str) -> None:
    text = f"""
import numpy as np
rng = np.random.default_rng(4)
x, goals, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
n, rate = len(x), 0.1
for epoch in range(30):
    out = x @ w
    loss = np.mean((out - goals) ** 2)
    dout = 2 * (out - goals)
    dw = x.T @ dout
    w -= {step}
"""
    found = check("fit.py", {}, {"fit.py": text})
    assert found["verdict"] == "ok", found
    assert "the gradient of w is 9 times its slope: the step divides by that" in found["remarks"]
    assert check("fit.py", {}, {"fit.py": text.replace("x.T @ dout", "x.T @ out")})["verdict"] == "wrong"
    assert check("fit.py", {}, {"fit.py": text.replace(step, "rate * dw / 3")})["verdict"] == "wrong"


@pytest.mark.parametrize("step", ["0.1 * kept * dw", "0.1 * dw / epoch", "0.1 * dw * [1.0][epoch + 3]"])
def test_what_else_a_step_is_multiplied_with_tells_nothing_of_the_gradient(check: Check, step: str) -> None:
    """A mask, and what cannot be computed in the first round."""
    text = f"""
import numpy as np
rng = np.random.default_rng(4)
x, goals, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
kept = np.array([1.0, 0.0, 1.0])
for epoch in range(30):
    off = x @ w - goals
    loss = np.mean(off**2)
    dw = x.T @ (2 * off / 9)
    w -= {step}
"""
    assert check("fit.py", {}, {"fit.py": text})["verdict"] == "ok"
    assert check("fit.py", {}, {"fit.py": text.replace("2 * off", "off")})["verdict"] == "wrong"


def test_what_is_handed_may_be_a_sum_of_which_the_steps_take_the_mean(check: Check) -> None:
    text = IN_A_LOOP.replace("2 * (guess - goals) / goals.size", "2 * (guess - goals)")
    assert check("net.py", {}, {"net.py": text})["verdict"] == "wrong"
    mean = text.replace("part.dW\n", "part.dW / len(points)\n").replace("part.dc\n", "part.dc / len(points)\n")
    found = check("net.py", {}, {"net.py": mean})
    assert (found["verdict"], passes(found)["script"]) == ("ok", {"guess": "ok"}), found
    one = text.replace("part.dW\n", "part.dW / len(points)\n")  # and the other step does not
    assert check("net.py", {}, {"net.py": one})["verdict"] == "wrong"


COPY = """
import numpy as np

class Fit:
    def __init__(self, xs, ys):
        self.xs, self.ys = xs, ys
        self.w = np.zeros((xs.shape[1], 1))

    def step(self, rate):
        n = self.xs.shape[0]
        off = self.xs @ self.w - self.ys
        w = self.w
        w = w - rate * (1 / n) * (self.xs.T @ off)
        self.w = w
"""


def test_a_copy_that_is_put_back_behind_its_step_is_the_weight_itself(check: Check) -> None:
    given = {"xs": [[0.4, -0.2], [1.1, 0.3], [-0.5, 0.8]], "ys": [[0.3], [1.2], [-0.4]], "rate": 0.1}
    found = check("fit.py", given, {"fit.py": COPY})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"w": "ok"}, found
    found = check("fit.py", given, {"fit.py": COPY.replace("@ off)", "@ off**3)")})
    assert "no loss is set before the gradients" in str(found)
    found = check("fit.py", given, {"fit.py": COPY.replace("self.w = w", "self.w = np.copy(w)")})
    assert found["error"]["kind"] != "internal", found


ENGINE = """
import numpy as np

class Num:
    def __init__(self, data, made_of=()):
        self.data, self.grad, self.made_of = np.asarray(data, dtype=float), 0.0, made_of
        self.back = lambda: None
    def __mul__(self, other):
        out = Num(self.data * other.data, (self, other))
        def back():
            self.grad = self.grad + other.data * out.grad
            other.grad = other.grad + self.data * out.grad
        out.back = back
        return out
    def sin(self):
        out = Num(np.sin(self.data), (self,))
        def back():
            self.grad = self.grad + np.cos(self.data) * out.grad
        out.back = back
        return out
    def backward(self):
        order, pending = [], [self]
        while pending:
            order.append(pending.pop())
            pending += order[-1].made_of
        self.grad = np.ones_like(self.data)
        for one in order:
            one.back()

a, b = Num([1.0, 2.0]), Num([0.5, -1.0])
c = (a * b).sin()
c.backward()
"""


def test_objects_that_are_set_together_stay_objects(check: Check) -> None:
    """An input that is given takes the place of what an object is made of, and not of the object."""
    for given in ({}, {"b": [0.3, 0.1]}):
        found = check("num.py", given, {"num.py": ENGINE})
        assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("a", "ok"), ("b", "ok")], found
    head, demo = ENGINE.split("a, b = ")
    demo = f"a, b = {demo}".replace("\n", "\n    ")
    for where in ('if __name__ == "__main__":', "for k in range(3):"):
        found = check("num.py", {}, {"num.py": f"{head}{where}\n    {demo}\n"})
        assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("a", "ok"), ("b", "ok")], found
    wrong = ENGINE.replace("np.cos(self.data) * out.grad", "np.sin(self.data) * out.grad")
    found = check("num.py", {}, {"num.py": wrong})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("a", "wrong"), ("b", "wrong")], found


@pytest.mark.parametrize(
    "told", ["total_loss += loss * len(x)", "total_loss = total_loss + loss / 3", "losses.append(loss * len(x))"]
)
def test_the_loss_is_what_is_added_up_and_not_the_sum_over_rounds(check: Check, told: str) -> None:
    text = f"""
import numpy as np
rng = np.random.default_rng(4)
xs, goals, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
losses = []
for epoch in range(30):
    total_loss = 0.0
    for at in range(0, 9, 3):
        x = xs[at:at + 3]
        off = x @ w - goals[at:at + 3]
        loss = np.mean(off**2)
        {told}
        dw = x.T @ (2 * off / 3)
        w -= 0.1 * dw
    losses.append(total_loss / 9)
"""
    found = check("fit.py", {}, {"fit.py": text})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "ok")], found
    found = check("fit.py", {}, {"fit.py": text.replace("2 * off / 3", "2 * off")})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("w", "wrong")], found


def test_what_several_losses_are_added_to_is_the_loss(check: Check) -> None:
    text = """
import numpy as np
rng = np.random.default_rng(4)
x, goals, w = rng.normal(size=(9, 3)), rng.normal(size=9), rng.normal(size=3)
for epoch in range(30):
    off = x @ w - goals
    data_loss, penalty_loss = np.mean(off**2), 0.3 * w @ w
    loss = 0.0
    loss += data_loss
    loss += penalty_loss
    dw = x.T @ (2 * off / 9) + 0.6 * w
    w -= 0.1 * dw
"""
    assert check("fit.py", {}, {"fit.py": text})["verdict"] == "ok"
    assert check("fit.py", {}, {"fit.py": text.replace(" + 0.6 * w", "")})["verdict"] == "wrong"


def test_gradients_in_a_list_that_feeds_running_means_are_of_what_these_move(check: Check) -> None:
    text = """
import numpy as np
rng = np.random.default_rng(1)
x, goals = rng.normal(size=(8, 3)), rng.normal(size=(8, 1))
weights = [rng.normal(size=(3, 1)), np.ones((1, 1))]
speeds = [np.zeros_like(one) for one in weights]
for epoch in range(20):
    V, c = weights
    out = x @ V + c
    loss = ((out - goals) ** 2).mean()
    dout = 2 * (out - goals) / goals.size
    grads = [x.T @ dout, dout.sum(axis=0, keepdims=True)]
    for i in range(2):
        speeds[i] = 0.9 * speeds[i] - 0.1 * grads[i]
        weights[i] = weights[i] + speeds[i]
"""
    found = check("fit.py", {}, {"fit.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"weights.0": "ok", "weights.1": "ok"}, found
    found = check("fit.py", {}, {"fit.py": text.replace("[x.T @ dout,", "[x.T @ out,")})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"weights.0": "wrong", "weights.1": "ok"}


def test_a_large_d_before_what_is_updated_is_a_gradient(check: Check) -> None:
    text = """
import numpy as np
x = np.linspace(0, 1, 9)
goals = 3 * x + 1
slope, start, L = 0.5, 0.2, 0.05
for i in range(500):
    line = slope * x + start
    cost = sum((goals - line) ** 2) / 9
    D_slope = (-2 / 9) * sum(x * (goals - line))
    D_start = (-2 / 9) * sum(goals - line)
    slope = slope - L * D_slope
    start = start - L * D_start
"""
    found = check("fit.py", {}, {"fit.py": text})
    assert {one["name"]: one["verdict"] for one in found["gradients"]} == {"slope": "ok", "start": "ok"}, found
    assert (
        check("fit.py", {}, {"fit.py": text.replace("(-2 / 9) * sum(goals", "(2 / 9) * sum(goals")})["verdict"]
        == "wrong"
    )


def test_labels_that_a_method_makes_of_what_it_is_given_may_be_compared_with(check: Check) -> None:
    text = """
import numpy as np

class Net:
    def __init__(self):
        self.V = np.array([[0.3, -0.2], [0.5, 0.8], [-0.4, 0.1]])
    def train(self, given, wanted):
        x = np.array(given, ndmin=2).T
        goals = np.array(wanted, ndmin=2).T
        out = np.tanh(self.V @ x)
        off = goals - out
        self.V += 0.1 * np.dot(off * (1 - out**2), np.transpose(x))

Net().train([0.2, 0.9], [0.1, 0.8, -0.5])
"""
    found = check("net.py", {}, {"net.py": text})
    assert [(one["name"], one["verdict"]) for one in found["gradients"]] == [("V", "ok")], found
    assert any(one.startswith("no loss is set: what is judged is") for one in found["remarks"])


DECAYED = """
import numpy as np
import scipy.special

def fit(X_train, y_train, rate=1e-7, reg=0.1, steps=100):
    W = np.zeros((X_train.shape[1], 1)) + 1e-6
    for i in range(steps):
        p = scipy.special.expit(X_train.dot(W))
        gradient = 2*reg*W - X_train.T.dot(y_train - p)
        W -= rate * gradient
    return W
"""


@pytest.mark.parametrize("start", ["1e-6", "0", "0.5", "np.array([[0.4], [-0.3], [1.1]])"])
def test_a_loss_that_is_taken_for_granted_may_lack_a_penalty(check: Check, start: str) -> None:
    """Beside weights of nearly 0 its slope is small, and was taken for a mistake."""
    given = {
        "X_train": [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7], [-0.2, 0.9, 1.6], [0.8, -0.5, 0.1]],
        "y_train": [[1], [0], [1], [1]],
    }
    text = DECAYED.replace("1e-6", start)
    found = check("fit.py", given, {"fit.py": text})
    assert found.get("verdict") == "ok", found
    assert "adds the slope of a penalty on W, which the loss that is taken lacks" in str(found["remarks"])
    grown = check("fit.py", given, {"fit.py": text.replace("2*reg*W -", "-2*reg*W -")})
    assert grown.get("verdict") != "ok", grown


PICKED = """
import random
import numpy as np
from scipy.special import expit

def fit(X_train, y_train, rate=0.1, steps=100):
    W = np.zeros((X_train.shape[1], 1)) + 0.3
    for i in range(steps):
        at = random.randint(0, X_train.shape[0] - 1)
        x, y = X_train[at].reshape(X_train.shape[1], 1), y_train[at]
        p = expit(W.T.dot(x))
        gradient = -x.dot(y - p)
        W -= rate * gradient
    return W
"""


def test_of_one_example_that_is_picked_the_probability_is_no_loss(check: Check) -> None:
    """It is a single number, whose slope is another one; where no usual loss fits, nothing is judged."""
    given = {"X_train": [[0.5, -1.2, 0.3], [1.1, 0.4, -0.7], [-0.2, 0.9, 1.6]], "y_train": [[1], [0], [1]]}
    found = check("fit.py", given, {"fit.py": PICKED})
    assert found.get("verdict") == "ok", found
    assert "no loss is set: what is judged is the gradient of the cross-entropy" in str(found["remarks"])
    found = check("fit.py", given, {"fit.py": PICKED.replace("-x.dot(y - p)", "x.dot(y - p * p)")})
    assert "no loss is set before the gradients" in found["error"]["message"], found
