"""Homework as it is handed in: read whole, and judged with what the hints propose."""

from __future__ import annotations

from tests.conftest import Check


def test_a_return_of_nothing_in_a_loop_changes_nothing(check: Check) -> None:
    text = """
import numpy as np
def fit(x, y, w, rounds=3):
    for epoch in range(rounds):
        if rounds < 0:
            return
        loss: float
        error = x @ w - y
        loss = np.sum(error ** 2)
        dw = 2 * x.T @ error
        w -= 0.1 * dw
    return w
"""
    given = {"x": [[0.3, 1], [1, 0.5], [2, -1]], "y": [1, 0, 1], "w": [0.4, -0.7]}
    assert check("fit.py", given, {"fit.py": text})["gradients"][0]["verdict"] == "ok"
    wrong = check("fit.py", given, {"fit.py": text.replace("2 * x.T", "x.T")})
    assert [one["line"] for one in wrong["lines"]] == [10], wrong
