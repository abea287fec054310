"""Networks of layers of neurons that are dictionaries: the way back leaves errors in them, another function steps."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest

from conftest import Check

CELLS = """
from math import exp, tanh
from random import random, seed

def excite(w, x):
    total = w[-1]
    for i in range(len(w) - 1):
        total += w[i] * x[i]
    return total

def forward_pass(net, row):
    x = row
    for layer in net:
        heard = []
        for cell in layer:
            cell["out"] = tanh(excite(cell["weights"], x))
            heard.append(cell["out"])
        x = heard
    return x

def backward_pass(net, expected):
    for k in reversed(range(len(net))):
        errors = []
        if k == len(net) - 1:
            for j, cell in enumerate(net[k]):
                errors.append(cell["out"] - expected[j])
        else:
            for j in range(len(net[k])):
                errors.append(sum([cell["weights"][j] * cell["delta"] for cell in net[k + 1]]))
        for j, cell in enumerate(net[k]):
            cell["delta"] = errors[j] * (1.0 - cell["out"]**2)

def adjust(net, row, l_rate):
    for k in range(len(net)):
        x = row[:-1] if k == 0 else [cell["out"] for cell in net[k - 1]]
        for cell in net[k]:
            for j in range(len(x)):
                cell["weights"][j] -= l_rate * cell["delta"] * x[j]
            cell["weights"][-1] -= l_rate * cell["delta"]
"""
TRAINED = """
def fit(net, rows, l_rate, count):
    for row in rows:
        forward_pass(net, row)
        expected = [0 for _ in range(count)]
        expected[row[-1]] = 1
        backward_pass(net, expected)
        adjust(net, row, l_rate)

seed(1)
net = [[{"weights": [random() for _ in range(3)]} for _ in range(2)] for _ in range(2)]
fit(net, [[0.4, -0.9, 0], [1.1, 0.6, 1]], 0.3, 2)
"""
NET = [[{"weights": [0.3, -0.8, 0.1]}, {"weights": [1.2, 0.4, -0.5]}], [{"weights": [-0.7, 0.9, 0.2]}]]


def verdicts(found: dict[str, Any]) -> list[str]:
    return [one["verdict"] for one in found.get("gradients", [])]


@pytest.mark.parametrize("up", [False, True])
def test_errors_in_entries_and_the_step_by_them_are_one_way_back(check: Check, up: bool) -> None:
    """With the arguments of the script, whichever sign the errors have."""
    text = CELLS.replace('cell["out"] - expected[j]', 'expected[j] - cell["out"]') if up else CELLS
    text = text.replace("-= l_rate", "+= l_rate") if up else text
    found = check("cells.py", {}, {"cells.py": text + TRAINED})
    assert (found["verdict"], verdicts(found)) == ("ok", ["ok"] * 4), found
    turned = text.replace("+= l_rate", "-= l_rate") if up else text.replace("-= l_rate", "+= l_rate")
    assert check("cells.py", {}, {"cells.py": turned + TRAINED}).get("verdict") != "ok"


@pytest.mark.parametrize(("right", "wrong"), [
    ('cell["weights"][j] -= l_rate * cell["delta"] * x[j]', 'cell["weights"][j] -= l_rate * cell["delta"] * x[0]'),
    ('errors.append(sum([cell["weights"][j] *', 'errors.append(sum([cell["weights"][0] *'),
])  # fmt: skip
def test_the_faulty_line_of_either_function_is_named(check: Check, right: str, wrong: str) -> None:
    text = CELLS.replace(right, wrong)
    found = check("cells.py", {"net": NET, "row": [0.4, -0.9, 1.0], "expected": [1.0]}, {"cells.py": text})
    line = text[: text.index(wrong)].count("\n") + 1
    assert (found["verdict"], [one["line"] for one in found["lines"]]) == ("wrong", [line]), found


def test_the_hint_has_a_network_of_such_dictionaries(check: Check) -> None:
    """Its rows of weights are as long as what they meet."""
    hint = check("cells.py", {}, {"cells.py": CELLS})["error"]["hint"]
    told = re.search(r"like (--net .*?), or all", hint)
    assert told is not None, hint
    words = shlex.split(told[1])
    given = {
        name.strip("-"): json.loads(one) if one[0] == "[" else one for name, one in zip(*[iter(words)] * 2, strict=True)
    }
    found = check("cells.py", given, {})
    assert (found["verdict"], {*verdicts(found)}) == ("ok", {"ok"}), found


PAIRED = """
import numpy as np
def pairs_forward(left, right, U, V):
    u, v = U[left], V[right]
    return {"u": u, "v": v, "scores": np.sum(u * v, axis=1)}
def pairs_loss(scores):
    return np.mean(np.log(1 + np.exp(-scores)))
def pairs_backward(left, right, U, V, kept):
    off = -1 / (1 + np.exp(kept["scores"])) OVER
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    np.add.at(dU, left, off[:, None] * kept["v"])
    np.add.at(dV, right, off[:, None] * kept["u"])
    return dU, dV
"""
PAIRS = {"left": [0, 2, 1, 1], "right": [1, 0, 2, 1], "U": [[0.3, -1.2], [2.0, 0.1], [-0.7, 0.4]],
         "V": [[0.5, 0.2], [-0.4, 1.1], [0.9, -0.6]]}  # fmt: skip


@pytest.mark.parametrize(("over", "told"), [("/ len(left)", "gradient of pairs_loss"), ("", "4 times pairs_loss")])
def test_what_a_forward_pass_keeps_in_a_dictionary_has_its_cost_in_the_code(over: str, told: str, check: Check) -> None:
    text = PAIRED.replace("OVER", over)
    found = check("pairs.py:pairs_forward", PAIRS, {"pairs.py": text})
    assert (found["verdict"], told in str(found["remarks"])) == ("ok", True), found
    wrong = check("pairs.py:pairs_forward", PAIRS, {"pairs.py": text.replace('off[:, None] * kept["u"]', 'kept["u"]')})
    assert 12 in [one["line"] for one in wrong["lines"]], wrong
