"""Passes of a script that nobody gives values for: they are judged with what the script itself calls them with."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from conftest import in_process

SCRIPT = """import numpy as np

def forward(X, W1, b1, W2, b2):
    h = np.maximum(0, X @ W1 + b1)
    s = h @ W2 + b2
    e = np.exp(s - s.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p, (X, h, W2, p)

def backward(y, cache):
    X, h, W2, p = cache
    ds = p.copy()
    ds[np.arange(len(y)), y] -= 1
    ds /= len(y)
    dW2 = h.T @ ds
    db2 = ds.sum(axis=0)
    dh = ds @ W2.T
    dh[h <= 0] = 0
    dW1 = X.T @ dh
    db1 = dh.sum(axis=0)
    return dW1, db1, dW2, db2

np.random.seed(0)
X, y = np.random.randn(9, 4), np.random.randint(0, 3, 9)
W1, b1 = np.random.randn(4, 5) * 0.1, np.zeros(5)
W2, b2 = np.random.randn(5, 3) * 0.1, np.zeros(3)
for step in range(1000000):
    p, cache = forward(X, W1, b1, W2, b2)
    dW1, db1, dW2, db2 = backward(y, cache)
    W1 -= 0.1 * dW1
"""
NET = """import numpy as np
import matplotlib.pyplot as plt

class Linear:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out)
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(0)
        return grad @ self.W.T

class Square:
    def forward(self, pred, target):
        self.diff = pred - target
        return np.mean(self.diff**2)

    def backward(self):
        return 2 * self.diff / self.diff.size

def main():
    np.random.seed(1)
    X = np.random.randn(6, 3)
    plt.plot(X)
    first, second, loss = Linear(3, 4), Linear(4, 1), Square()
    out = second.forward(np.tanh(first.forward(X)))
    loss.forward(out, X.sum(axis=1, keepdims=True))
    first.backward(second.backward(loss.backward()))

if __name__ == "__main__":
    main()
"""


def check(folder: Path, text: str, words: str = "") -> tuple[int, dict[str, Any]]:
    (folder / "train.py").write_text(text)
    done = in_process(f"backprop check train.py --seed 1 --json {words}", folder)
    return done.returncode, json.loads(done.stdout or "{}")


def test_a_script_is_judged_with_its_own_values(tmp_path: Path) -> None:
    status, found = check(tmp_path, SCRIPT, "--wrt W1,b1,W2,b2")
    assert (status, found["verdict"]) == (0, "ok")
    assert "X, W1, b1, W2, b2, y are as in line 28" in found["remarks"]


def test_its_mistake_is_found_so(tmp_path: Path) -> None:
    status, found = check(tmp_path, SCRIPT.replace("ds @ W2.T", "ds @ W2.T * 2"))
    assert (status, [one["line"] for one in found["lines"]]) == (1, [17])


def test_data_may_be_left_without_a_gradient(tmp_path: Path) -> None:
    """What is missing is told, and how to ask for the rest alone."""
    status, found = check(tmp_path, SCRIPT)
    assert (status, found["verdict"]) == (1, "incomplete")
    assert "if X needs no gradient, as data does, give --wrt W1,b1,W2,b2" in found["remarks"]


def test_the_verdict_is_on_what_was_asked_for(tmp_path: Path) -> None:
    """A wrong gradient that nobody asked for makes nothing wrong."""
    wrong = SCRIPT.replace("X.T @ dh", "2 * X.T @ dh")
    assert check(tmp_path, wrong, "--wrt W2,b2")[0] == 0
    status, found = check(tmp_path, wrong, "--wrt W1,b2")
    assert (status, [one["line"] for one in found["lines"]]) == (1, [19])


def test_objects_are_made_as_the_script_makes_them(tmp_path: Path) -> None:
    """A layer is judged with the sizes of its first object: of equal ones a missing `.T` would not be seen."""
    status, found = check(tmp_path, NET)
    assert (status, [one["verdict"] for one in found["passes"]]) == (0, ["ok", "ok"])
    assert "x, n_in, n_out are as in line 31" in found["passes"][0]["remarks"]
    status, found = check(tmp_path, NET.replace("self.W.T", "self.W"))
    assert (status, found["passes"][0]["verdict"], found["passes"][1]["verdict"]) == (1, "wrong", "ok")


def test_what_is_given_stands_alone(tmp_path: Path) -> None:
    """Arrays of the script may not fit those that are given: the others are asked for, the labels too."""
    (tmp_path / "train.py").write_text(SCRIPT)
    done = in_process("backprop check train.py --X 'randn(4,3)' --W1 'randn(3,2)' --b1 'randn(2)'", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "forward takes W2, b2, y, which are not given" in done.stderr


def test_labels_are_told_by_standing_in_an_index(tmp_path: Path) -> None:
    """A gradient from above is no index: what stands in one is asked for, and the hint can be pasted."""
    functions = SCRIPT.partition("np.random.seed")[0]
    (tmp_path / "train.py").write_text(functions)
    done = in_process("backprop check train.py", tmp_path)
    assert "forward takes X, W1, b1, W2, b2, y, which are not given" in done.stderr
    options = re.search(r"like (--.*), or all in", done.stderr)
    assert options is not None
    status, found = check(tmp_path, functions, f"{options[1]} --wrt W1,b1,W2,b2")
    assert (status, found["verdict"]) == (0, "ok")


def test_a_script_that_does_not_come_so_far_asks_for_values(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT.replace("np.random.randn(9, 4)", "np.load('x.npy')"))
    done = in_process("backprop check train.py", tmp_path)
    assert done.returncode == 2
    assert "which are not given" in done.stderr


def test_the_forward_pass_alone_is_traced_at_the_same_point(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(NET)
    done = in_process("backprop eval -f train.py:Square --json", tmp_path)
    assert done.returncode == 0
    assert "pred, target are as in line 32" in done.stderr
    assert {"pred", "target"} <= json.loads(done.stdout)["gradients"].keys()


def test_every_command_takes_all_that_the_script_gives(tmp_path: Path) -> None:
    """Also what is None unless it is given, and beside arrays of the same shapes: not what only `check` asks for."""
    net = """import numpy as np

class Net:
    def loss(self, X, y=None):
        if y is None:
            return X
        return ((X - y) ** 2).sum()

Net().loss(np.array([1.0, 2.0]), np.array([3.0, 5.0]))
"""
    (tmp_path / "net.py").write_text(net)
    for given, value, told in [("", 13.0, "X, y are as in line 9"), ("--y '[1, 2]'", 0.0, "X is as in line 9")]:
        done = in_process(f"backprop eval -f net.py:Net.loss --json {given}", tmp_path)
        assert (done.returncode, json.loads(done.stdout)["value"]) == (0, value)
        assert told in done.stderr
    done = in_process("backprop eval -f net.py:Net.loss --y '[1, 2, 3]'", tmp_path)
    assert (done.returncode, "has no value for X" in done.stderr) == (2, True)


def test_the_loss_of_weights_that_are_zero_is_found_away_from_them(tmp_path: Path) -> None:
    """Where all scores are equal their largest has no slope: a loss that has one there is not what is meant."""
    zeros = re.sub(r"np\.random\.randn\((\d), (\d)\) \* 0\.1", r"np.zeros((\1, \2))", SCRIPT)
    status, found = check(tmp_path, zeros, "--wrt W1,b1,W2,b2")
    assert (status, found["verdict"]) == (0, "ok")
    assert "no loss stands in the code: what is judged is the gradient of the cross-entropy with y" in found["remarks"]


def test_settings_are_those_that_the_script_gives_in_place_of_their_defaults(tmp_path: Path) -> None:
    Path(tmp_path, "pool.py").write_text("""
import numpy as np
class Pool:
    def __init__(self, size, stride=1, mode="mean"):
        self.size, self.stride, self.mode = size, stride, mode
        assert stride == 2
    def forward(self, x, scale=1.0):
        self.n, self.scale = len(x), scale
        return scale * np.array([x[i:i + self.size].mean() for i in range(0, len(x) - self.size + 1, self.stride)])
    def backward(self, g):
        dx = np.zeros(self.n)
        for k, i in enumerate(range(0, self.n - self.size + 1, self.stride)):
            dx[i:i + self.size] += g[k] * self.scale / self.size
        return dx
if __name__ == "__main__":
    Pool(3, stride=2).forward(np.linspace(0, 1, 7), scale=2.0)
""")
    done = in_process("backprop check pool.py", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (0, False), done.stderr
    assert "x, size, stride, scale are as in line 16" in done.stderr
