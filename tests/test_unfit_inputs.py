"""Inputs with which a backward pass stops, and which are to blame for it: an error, and no verdict on the pass."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

PICKED = """
import numpy as np
class Focus:
    def forward(self, scores, target):
        e = np.exp(scores - scores.max(1, keepdims=True))
        self.p, self.target = e / e.sum(1, keepdims=True), target
        return self.p
    def backward(self, grad):
        of_target = self.p[np.arange(len(self.p)), self.target]
        assert of_target.shape == (len(self.p),)
        return self.p * (grad - (grad * self.p).sum(1, keepdims=True))
"""
LOSS = """
import numpy as np
def loss_forward(x, t):
    e = np.exp(x)
    p = e / e.sum(1, keepdims=True)
    return -np.log(p[np.arange(len(x)), t]).mean(), (p, t)
def loss_backward(dout, cache):
    p, t = cache
    dx = p.copy()
    dx[np.arange(len(p)), t] -= 1
    return dout * dx / len(p)
"""
RAMP = """
import numpy as np
def ramp_forward(x):
    return np.maximum(x, 0), x
def ramp_backward(dout, x):
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx
"""
SCORES = [[0.5, -1.2, 0.3], [0.1, 0.2, 0.7]]


@pytest.mark.parametrize(("target", "told"), [
    ([0.5, 1.5], "target must hold whole numbers"),
    ([1, 4], "target holds 4, and no axis is as long"),
])  # fmt: skip
def test_a_place_that_can_be_none_is_an_error_of_the_inputs(target: list[Any], told: str, check: Check) -> None:
    found = check("own.py:Focus", {"scores": SCORES, "target": target}, {"own.py": PICKED})
    assert told in found["error"]["message"]
    assert "[0,1]" in found["error"]["hint"]
    assert check("own.py:Focus", {"scores": SCORES, "target": [0, 1]}, {"own.py": PICKED})["verdict"] == "ok"


@pytest.mark.parametrize(("name", "given", "text", "right", "wrong"), [
    ("loss_forward", {"x": SCORES, "t": [0, 2]}, LOSS, ", t] -=", ", t + 1] -="),  # the place is of the pass itself
    ("ramp_forward", {"x": SCORES}, RAMP, "[x <= 0]", "[x]"),  # the output hangs on it: it is no place
    ("Focus", {"scores": SCORES, "target": [0, 2]}, PICKED, "[np.arange(len(self.p)), self.target]", "[self.target]"),
])  # fmt: skip
def test_a_pass_that_stops_by_itself_is_wrong(
    name: str, given: dict[str, Any], text: str, right: str, wrong: str, check: Check
) -> None:
    assert check(f"own.py:{name}", given, {"own.py": text})["verdict"] == "ok"
    assert check(f"own.py:{name}", given, {"own.py": text.replace(right, wrong)})["verdict"] == "wrong"


def test_whole_numbers_in_rows_of_which_each_is_as_long_as_it_likes_are_read(check: Check) -> None:
    text = RAMP.replace("ramp_forward(x)", "ramp_forward(x, rows)").replace(
        "np.maximum(x, 0)", "np.maximum(x, rows[0])"
    )
    found = check("ramp.py:ramp_forward", {"x": [1.5, -2.0], "rows": [0, [2, 3]]}, {"ramp.py": text})
    assert found["gradients"][0] == {**found["gradients"][0], "name": "x", "verdict": "ok"}


def test_an_input_of_other_axes_than_a_way_back_takes_apart_is_told(check: Check) -> None:
    """The forward pass does with any number of them, and the way back says what it is for."""
    text = """
import numpy as np
def cell_forward(x, state, w):
    joined = np.concatenate((state, x), axis=0)
    state = np.tanh(np.dot(w, joined))
    return state, (x, joined, w, state)
def cell_backward(dstate, cache):
    x, joined, w, state = cache
    n, m = x.shape
    dz = dstate * (1 - state ** 2)
    djoined = w.T.dot(dz)
    return djoined[-n:], djoined[:-n], dz.dot(joined.T)
"""
    flat = {"x": [0.5, -1.2], "state": [0.3], "w": [[0.4, -0.7, 0.2]]}
    error = check("cell.py:cell_forward", flat, {"cell.py": text})["error"]
    assert error["message"] == "x has 1 axis, and the backward pass takes it apart into 2"
    columns = {"x": [[0.5, 0.1], [-1.2, 0.8]], "state": [[0.3, -0.4]], "w": flat["w"]}
    assert check("cell.py:cell_forward", columns, {"cell.py": text})["verdict"] == "ok"
    wrong = check("cell.py:cell_forward", columns, {"cell.py": text.replace("n, m = x.shape", "n, m, t = w.shape")})
    assert "error" in wrong
    other = check(
        "cell.py:cell_forward", columns, {"cell.py": text.replace("n, m = x.shape", "n, m, t = joined.shape")}
    )
    assert other["verdict"] == "wrong"
