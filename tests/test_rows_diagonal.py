"""The Jacobian's seeds have one element that is not 0 in each row: products with them are no sums."""

from __future__ import annotations

import numpy as np
import pytest

import backprop
from backprop.numbers import linear

DICE = np.random.default_rng(4)
POINT = {
    "A": DICE.normal(size=(4, 3)),
    "x": DICE.normal(size=3),
    "y": DICE.normal(size=4),
    "B": DICE.normal(size=(3, 3)),
}
TEXTS = [
    "tanh(A @ x)", "y * (A @ x)", "2*(x @ B)", "-exp(x)", "einsum(\"ij,j->i\", B, x)*x", "einsum(\"ij,j->ij\", A, x)",
    "outer(x, y)", "x*x[0]", "cumsum(x)*x", "x*[1, inf, 3]",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_each_row_is_a_sweep_of_its_own(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = backprop.compile(text)
    at = {name: POINT[name] for name in compiled.variables}
    value = compiled.forward(at).value
    for at_once in (1 << 22, 7):
        monkeypatch.setattr("backprop.differentiate.second.AT_ONCE", at_once)
        found = compiled.jacobian(at)
        for place in np.ndindex(*value.shape):
            seed = np.zeros(value.shape)
            seed[place] = 1.0
            for name, gradient in backprop.compile(text).evaluate(at, upstream=seed).gradients.items():
                np.testing.assert_allclose(found[name][place], np.nan_to_num(gradient, posinf=np.inf), rtol=1e-12)


def test_a_layer_needs_no_product_of_matrices(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    product = linear.product
    monkeypatch.setattr(linear, "product", lambda A, B: asked.append((A.shape, B.shape)) or product(A, B))
    compiled = backprop.compile("tanh(A @ x)")
    compiled.jacobian({name: POINT[name] for name in "Ax"}, wrt="x")
    assert all(1 in (left[-2:] + right[-2:]) or len(right) == 1 for left, right in asked)
