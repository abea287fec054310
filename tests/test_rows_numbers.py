"""A number in each row, through gates that sum up: all rows at once, and as each by itself."""

from __future__ import annotations

import numpy as np
import pytest

import backprop
from backprop.rows.compute.mapper import Mapper

FORMULAS = [
    "bce_with_logits(x, t)", "bce(sigmoid(x), t)", "mse(x, t)", "huber(x, t)", "hinge(x, t)", "mean(x)*t",
    "sum(x, keepdims=1)*t", "max(x)*t", "min(x*t)*x", "norm(x)*t", "logsumexp(x)*t", "var(x)*t", "std(x + t)*t",
    "prod(x)*t",
]  # fmt: skip


@pytest.mark.parametrize("hessian", [False, True])
@pytest.mark.parametrize("text", FORMULAS)
def test_rows_of_numbers(text: str, hessian: bool) -> None:
    at = {"x": np.array([0.3, -0.7, 0.0, 2.0]), "t": np.array([1.0, 0.0, 1.0, 1.0])}
    found = Mapper(text, hessian=hessian)(at)
    compiled = backprop.compile(text)
    for row in range(4):
        point = {name: float(column[row]) for name, column in at.items()}
        alone = compiled.evaluate(point)
        assert found["f"][row] == pytest.approx(alone.value, rel=1e-14, nan_ok=True)
        for name, gradient in alone.gradients.items():
            assert found[f"df_d{name}"][row] == pytest.approx(gradient, rel=1e-14, nan_ok=True)
        if hessian:
            second = compiled.hessian(point)
            assert found["d2f_dx_dt"][row] == pytest.approx(second["x"]["t"], rel=1e-12, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("text", FORMULAS)
def test_no_row_is_computed_by_itself(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "stack", lambda *_: pytest.fail("each row by itself"))
    found = Mapper(text)({"x": np.arange(1.0, 9.0), "t": np.ones(8)})
    assert len(found["f"]) == 8
