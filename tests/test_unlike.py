"""Mistakes that the given inputs hide, shown at others: a loop that goes round once, words that never come twice,
settings of 1. And right passes that others must not make wrong."""

from __future__ import annotations

import re

import pytest

from conftest import Check

CELL = """
import numpy as np

def cell_forward(xs, h, U, V):
    kept = [h]
    for t in range(len(xs)):
        kept.append(np.tanh(xs[t] @ U + kept[t] @ V))
    return kept[-1], (xs, kept, U, V)

def cell_backward(dh, cache):
    xs, kept, U, V = cache
    dxs, dU, dV = np.zeros_like(xs), np.zeros_like(U), np.zeros_like(V)
    for t in range(len(xs) - 1, -1, -1):
        dz = dh * (1 - kept[t + 1] ** 2)
        dU += xs[t].T @ dz
        dV += kept[t].T @ dz
        dxs[t] = dz @ U.T
        dh = dz @ V.T
    return dxs, dh, dU, dV
"""
OF_ONE = {
    "xs": [[[0.4, -1.1], [0.3, 0.9]]], "h": [[0.2, -0.5, 0.7], [1.0, 0.1, -0.3]],
    "U": [[0.3, -0.2, 0.8], [0.5, 0.6, -0.4]], "V": [[0.1, 0.9, -0.7], [-0.6, 0.2, 0.4], [0.8, -0.3, 0.5]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong"), [("dU +=", "dU ="), ("dV +=", "dV ="), ("dh = dz @ V.T", "dh = dz"), ("dxs[t] =", "dxs[0] =")]
)
def test_a_loop_that_goes_round_once_hides_what_adds_up(check: Check, right: str, wrong: str) -> None:
    assert check("cell.py", OF_ONE, {"cell.py": CELL})["verdict"] == "ok"
    found = check("cell.py", OF_ONE, {"cell.py": CELL.replace(right, wrong)})
    assert found["verdict"] == "wrong"
    if wrong != "dh = dz":  # which shows as it is
        assert any("xs has 2 and not 1 along axis 0: the loop in line 13 has one round here" in one
                   for one in found["remarks"])  # fmt: skip
    [line] = [one for one in found["lines"] if one["verdict"] == "wrong"]
    assert re.sub(r"\s", "", line["write"]).startswith(re.sub(r"\s", "", right))


def test_what_is_there_for_all_rows_is_not_asked_about(check: Check) -> None:
    code = """
import numpy as np

def rows_forward(x, w, b):
    out = x * w + b
    return out, (x, w)

def rows_backward(dout, cache):
    x, w = cache
    dx, db = np.zeros_like(x), dout
    dw = np.zeros_like(w)
    for i in range(dout.shape[0]):
        dx[i] = dout[i] * w
        dw += dout[i] * x[i]
    return dx, dw, db
"""
    given = {"x": [[0.4, -1.1, 0.6]], "w": [1.3, 0.2, -0.8], "b": [[0.5, 0.1, -0.2]]}
    assert check("rows.py", given, {"rows.py": code})["verdict"] == "ok"


TABLE = """
import numpy as np

def table_forward(NAME, E):
    return np.tanh(E[NAME]), (NAME, E)

def table_backward(dout, cache):
    NAME, E = cache
    dE = np.zeros_like(E)
    dE[NAME] = dout * (1 - np.tanh(E[NAME]) ** 2)
    return dE
"""


@pytest.mark.parametrize(
    ("name", "verdict"), [("word_ids", "wrong"), ("tokens", "wrong"), ("perm", "ok"), ("unique_ids", "ok")]
)
def test_a_word_may_come_twice_and_a_place_of_an_order_may_not(check: Check, name: str, verdict: str) -> None:
    given = {name: [2, 0, 1], "E": [[0.4, -1.1], [0.3, 0.9], [0.7, 0.2], [-0.5, 0.6]]}
    code = TABLE.replace("NAME", name)
    found = check("table.py", given, {"table.py": code})
    assert found["verdict"] == verdict
    added = code.replace("dE[", "np.add.at(dE, ").replace("] = dout", ", dout").replace("** 2)", "** 2))")
    assert check("table.py", given, {"table.py": added})["verdict"] == "ok"


WEIGHED = """
import numpy as np

def cost(s, y, share, T):
    p = np.exp(s / T - (s / T).max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    n = np.arange(len(y))
    loss = -np.mean(share[y] * np.log(p[n, y]))
    ds = p.copy()
    ds[n, y] -= 1
    ds *= share[y][:, None] / T / len(y)
    return loss, ds
"""


@pytest.mark.parametrize(
    ("factor", "verdict"), [("share[y][:, None] / T", "ok"), ("share[y][:, None]", "wrong"), ("1 / T", "wrong")]
)
def test_weights_of_examples_and_a_temperature_of_one_hide_that_they_are_left_out(
    check: Check, factor: str, verdict: str
) -> None:
    given = {"s": [[0.4, -1.1, 0.3], [0.9, 0.7, 0.2]], "y": [1, 1], "share": [1.0, 1.0, 1.0], "T": 1.0}
    code = WEIGHED.replace("share[y][:, None] / T", factor)
    assert check("cost.py", given, {"cost.py": code})["verdict"] == verdict


def test_a_mask_that_is_compared_with_one(check: Check) -> None:
    code = """
import numpy as np

def gated_forward(x, valid):
    return np.sin(x) * valid, (x, valid)

def gated_backward(dout, cache):
    x, valid = cache
    dx = dout * np.cos(x)
    dx[valid != 1] = 0
    return dx
"""
    given = {"x": [0.4, -1.1, 0.3], "valid": [1.0, 1.0, 1.0]}
    assert check("gated.py", given, {"gated.py": code})["verdict"] in ("ok", "incomplete")
