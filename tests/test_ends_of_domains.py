"""Losses and their like at 0, 1, inf, nan: values and gradients are the limits, and as PyTorch has them where it has
them right."""

from __future__ import annotations

from itertools import product
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import backprop

ENDS = (0.0, 1.0, inf, -inf, nan)


def ours(text: str, at: dict[str, Any]) -> tuple[float, list[Any]]:
    found = backprop.evaluate(text, at)
    return float(found.value), [found.gradients[name] for name in at]


# ── exact limits ──

LIMITS = [  # (z, t), the loss, its slope in z
    ((40.0, 1.0), 4.248354255291589e-18, -4.248354255291589e-18),
    ((-40.0, 0.0), 4.248354255291589e-18, 4.248354255291589e-18),
    ((800.0, 1.0), 0, 0),
    ((-800.0, 0.5), 400, -0.5),
    ((inf, 1.0), 0, 0),
    ((-inf, 0.0), 0, 0),
    ((inf, 0.0), inf, 1),
    ((-inf, 1.0), inf, -1),
]


@pytest.mark.parametrize(("at", "value", "slope"), LIMITS)
def test_bce_with_logits_saturates(at: tuple[float, float], value: float, slope: float) -> None:
    for z, t in (at, ([at[0]], [at[1]])):
        found = backprop.evaluate("bce_with_logits(z, t)", z=z, t=t)
        np.testing.assert_allclose(found.value, value, rtol=1e-15)
        np.testing.assert_allclose(np.ravel(found.gradients["z"]), slope, rtol=1e-15)


DEAD = [
    ("where(x > 5, bce(q, q), x)", {"x": 1.0, "q": 0.0}, [1, 0]),
    ("where(x > 5, bce(q, t), x)", {"x": 1.0, "q": inf, "t": 0.3}, [1, 0, 0]),
    ("bce(relu(x), relu(x))", {"x": -1.0}, [0]),
    ("relu(-1 - bce(q, q))", {"q": 0.0}, [0]),
    ("where(x > 5, bce_with_logits(z, t), x)", {"x": 1.0, "z": inf, "t": 0.0}, [1, 0, 0]),
    ("where(x > 5, hinge(s, y), x)", {"x": 1.0, "s": inf, "y": -inf}, [1, 0, 0]),
    ("where(x > 5, xlogy(p, q), x)", {"x": 1.0, "p": 1.0, "q": 0.0}, [1, 0, 0]),
    ("where(x > 5, huber(p, q), x)", {"x": 1.0, "p": inf, "q": inf}, [1, 0, 0]),
    ("where(x > 5, logsumexp([z, z]), x)", {"x": 1.0, "z": nan}, [1, 0]),
]


@pytest.mark.parametrize(("text", "at", "expected"), DEAD)
def test_nothing_comes_out_of_a_branch_that_is_not_taken(
    text: str, at: dict[str, float], expected: list[float]
) -> None:
    assert ours(text, at)[1] == expected


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_a_margin_that_is_kept_sends_nothing_however_large(ties: str) -> None:
    found = backprop.evaluate("hinge(s, y)", s=-2.0, y=[0.0, -inf], ties=ties).gradients
    assert found["s"] == 0
    assert found["y"].tolist() == [1, 0]


# ── PyTorch ──

PAIRS = [
    "bce(p, t)",
    "bce_with_logits(p, t)",
    "mse(p, t)",
    "hinge(p, t)",
    "huber(p, t)",
    "logaddexp(p, t)",
    "hypot(p, t)",
]
VECTORS = [
    "logsumexp(x)",
    "softmax(x)[0]",
    "log_softmax(x)[0]",
    "cross_entropy([x], [0])",
    "norm(x)",
    "mean(x)",
    "var(x)",
]


def torch_functions() -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    return {
        "bce(p, t)": lambda p, t: -(torch.special.xlogy(t, p) + torch.special.xlogy(1 - t, 1 - p)),
        "bce_with_logits(p, t)": functional.binary_cross_entropy_with_logits,
        "mse(p, t)": lambda p, t: (p - t) ** 2,
        "hinge(p, t)": lambda p, t: torch.relu(1 - p * t),
        "huber(p, t)": functional.huber_loss,
        "logaddexp(p, t)": torch.logaddexp,
        "hypot(p, t)": torch.hypot,
        "logsumexp(x)": lambda x: torch.logsumexp(x, 0),
        "softmax(x)[0]": lambda x: torch.softmax(x, 0)[0],
        "log_softmax(x)[0]": lambda x: torch.log_softmax(x, 0)[0],
        "cross_entropy([x], [0])": lambda x: functional.cross_entropy(x[None], torch.tensor([0])),
        "norm(x)": torch.linalg.norm,
        "mean(x)": torch.mean,
        "var(x)": lambda x: x.var(correction=0),
    }


@pytest.mark.parametrize("text", PAIRS + VECTORS)
def test_where_torch_has_a_number_so_have_we(text: str) -> None:
    """At every pair of ends: the value, and the gradients of a finite value, wherever PyTorch's are no nan."""
    torch = pytest.importorskip("torch")
    function = torch_functions()[text]
    for pair in product(ENDS, repeat=2):
        probabilities = {"bce(p, t)": pair, "bce_with_logits(p, t)": pair[1:]}.get(text, ())
        if not all(0 <= number <= 1 for number in probabilities):
            continue
        at: dict[str, Any] = {"x": list(pair)} if text in VECTORS else dict(zip("pt", pair, strict=True))
        tensors = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in at.values()]
        output = function(*tensors)
        slopes = torch.autograd.grad(output, tensors)
        value, gradients = ours(text, at)
        expected = float(output.detach())
        assert np.isnan(expected) or value == pytest.approx(expected, rel=1e-14), (pair, value, expected)
        if not np.isfinite(expected) or text == "bce(p, t)":  # there PyTorch leaves out that log(0) is infinite
            continue
        for found, slope in zip(gradients, slopes, strict=True):
            known = ~torch.isnan(slope).numpy()
            np.testing.assert_allclose(np.asarray(found)[known], slope.numpy()[known], atol=1e-15, err_msg=str(pair))


@pytest.mark.parametrize("text", ["sum(x)", "prod(x)", "norm(x)", "logsumexp(x)", "sum(softmax(x))", "sum(sort(x))"])
def test_of_nothing(text: str) -> None:
    found = backprop.evaluate(text, x=[])
    neutral = {"prod(x)": 1.0, "logsumexp(x)": -inf}.get(text, 0.0)
    assert (found.value, found.gradients["x"].shape) == (neutral, (0,))


@pytest.mark.parametrize("delta", [-1.0, [1.0, -1.0]])
def test_huber_below_its_domain_is_no_number(delta: Any) -> None:
    """Its slopes were those of another function than its value."""
    found = backprop.evaluate("huber(x, 0, delta=d)", x=[-1.0, 3.0], d=delta)
    assert np.isnan(found.value)
    assert any("it needs delta >= 0" in note.message for note in found.notes)
    assert not np.isnan(backprop.evaluate("huber(x, 0, delta=d)", x=[-1.0, 3.0], d=0.0).value)
