"""Networks whose sizes are a list, made for as many layers as that has: what is offered shows what a loop over layers
does, and a step that goes up is told."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from backprop_cli import main

NETWORK = """
import numpy as np

def squash(z):
    return 1 / (1 + np.exp(-z))

class Perceptron:
    def __init__(self, sizes, rate=0.2):
        self.rate, self.sizes, self.weights = rate, sizes, []
        for n, m in zip(sizes[:-1], sizes[1:]):
            self.weights.append(np.random.randn(n + 1, m))

    def learn(self, x, t):
        outs = [x]
        for w in self.weights:
            ones = np.ones((len(x), 1))
            outs.append(squash(np.hstack([outs[-1], ones]) @ w))
        error = outs[-1] - t
        deltas = [error * outs[-1] * (1 - outs[-1])]
        for k in range(len(self.weights) - 1, 0, -1):
            back = deltas[-1] @ self.weights[k][:-1].T
            deltas.append(back * outs[k] * (1 - outs[k]))
        deltas.reverse()
        for k, d in enumerate(deltas):
            self.weights[k] -= self.rate * np.hstack([outs[k], np.ones((len(x), 1))]).T @ d
"""
HEBB = """
import numpy as np
x = np.array([[0.3, -1.2], [0.8, 0.5], [-0.4, 0.9]])
w = np.array([0.4, -0.7])
for turn in range(5):
    y = x @ w
    w = w + 0.01 * x.T @ y
"""


def checked(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["backprop", "check", "--seed", "1", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capfd.readouterr()
    assert isinstance(ended.value.code, int | None)
    return ended.value.code or 0, told.out, told.err


@pytest.mark.parametrize(("old", "new", "status"), [
    ("", "", 0),
    ("back * outs[k] * (1 - outs[k])", "back * outs[k + 1] * (1 - outs[k])", 1),  # stops, unless sizes are equal
    ("back * outs[k] * (1 - outs[k])", "back", 1),
    ("self.weights[k] -=", "self.weights[k] +=", 1),  # for which no values fit
])  # fmt: skip
def test_a_layer_between_is_offered_where_a_list_holds_the_sizes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, status: int
) -> None:
    """Without one the loop over layers goes no round, and its mistakes were ok."""
    path = tmp_path / "network.py"
    path.write_text(NETWORK.replace(old, new))
    _, _, told = checked(monkeypatch, capfd, str(path))
    assert "guess" not in told
    hint = shlex.split(told.partition("like ")[2].partition(", or all")[0])
    sizes = json.loads(hint[hint.index("--sizes") + 1])
    assert len(sizes) == 3
    assert checked(monkeypatch, capfd, str(path), *hint)[0] == status


def test_steps_that_go_up_on_errors_are_wrong(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """No usual loss fits such steps: it was asked for one."""
    path = tmp_path / "network.py"
    path.write_text(NETWORK.replace("self.weights[k] -=", "self.weights[k] +="))
    given = ("--x", "randn(4,3)", "--t", "randn(4,2)", "--sizes", "[3,7,2]")
    status, told, _ = checked(monkeypatch, capfd, str(path), *given)
    assert status == 1
    assert "the sign is turned" in told
    path.write_text(HEBB)  # which goes up on the squares of what comes out, as it should
    status, _, told = checked(monkeypatch, capfd, str(path))
    assert (status, "no loss is set" in told) == (2, True), told


APART = NETWORK.replace("""    def learn(self, x, t):
        outs = [x]
""", """    def answer(self, x):
        outs = [x]
""").replace("""        error = outs[-1] - t
""", """        return outs

    def learn(self, x, t):
        outs = self.answer(x)
        error = outs[-1] - t
""")  # fmt: skip


@pytest.mark.parametrize("text", [NETWORK, APART])
def test_what_goes_back_begins_with_the_error_also_where_a_method_goes_forward(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    """Which reads the weights, though no name says so: the deltas were taken for a part of the forward pass, and the
    step was blamed for them."""
    right = "back * outs[k] * (1 - outs[k])"
    path = tmp_path / "network.py"
    path.write_text(text.replace(right, "back * outs[k] * (1 - outs[k - 1])"))
    given = ("--x", "randn(4,3)", "--t", "randn(4,2)", "--sizes", "[3,3,2]")
    status, told, _ = checked(monkeypatch, capfd, str(path), *given)
    line = next(at for at, one in enumerate(path.read_text().split("\n"), 1) if "deltas.append" in one)
    assert status == 1
    assert f"line {line}: " in told
    assert f"deltas.append({right})" in told
