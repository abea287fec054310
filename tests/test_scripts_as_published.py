"""Training scripts as people publish them: labels that are read where they are compared, weights that decay."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Check

ROW_BY_ROW = """
import numpy as np
rng = np.random.default_rng(2)
X, goals = rng.normal(size=(5, 3)), np.array([1, 0, 0, 1, 1])
V, w = rng.normal(size=(3, 4)), rng.normal(size=4)
rate = 0.05
for epoch in range(20):
    for i in range(len(X)):
        h = np.tanh(X[i] @ V)
        guess = h @ w
        dh = (guess - goals[i]) * w * (1 - h**2)
        w = w - rate * (guess - goals[i]) * h
        V -= rate * np.outer(X[i], dh)
"""
DECAYING = ("w = w - rate *", "w = w * (1 - rate * 0.01) - rate *")


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["verdict"] for one in found.get("gradients", [])}


@pytest.mark.parametrize(("old", "new"), [("", ""), DECAYING])
def test_a_label_that_is_read_where_it_is_compared(check: Check, old: str, new: str) -> None:
    """No name stands for it, and no loss in the text. A weight may decay in its step, which no loss asks for."""
    text = ROW_BY_ROW.replace(old, new) if old else ROW_BY_ROW
    found = check("rows.py", {}, {"rows.py": text})
    assert (found["verdict"], verdicts(found)) == ("ok", {"w": "ok", "V": "ok"}), found
    assert any("the squared error of guess with goals[i]" in one for one in found["remarks"])
    found = check("rows.py", {}, {"rows.py": text.replace("(1 - h**2)", "(1 - h)")})
    assert verdicts(found) == {"w": "ok", "V": "wrong"}, found
    assert found["lines"][0]["write"].strip() == "dh = (guess - goals[i]) * w * (1 - h ** 2)", found["lines"]
