"""Values and gradients beside PyTorch's, an engine that shares no line with this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backprop
from tensor_cases import positive

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
F = torch.nn.functional

A, B, V, W, SQUARE = (3, 4), (4, 2), (4,), (4,), (3, 3)
CASES: list[tuple[str, Callable[..., Any], tuple[Any, ...]]] = [
    ("a + b", lambda a, b: a + b, (A, V)),
    ("a * b / (1 + b^2)", lambda a, b: a * b / (1 + b**2), (A, (3, 1))),
    ("a @ b", lambda a, b: a @ b, (A, B)),
    ("a @ b", lambda a, b: a @ b, (A, V)),
    ("a @ b", lambda a, b: a @ b, (V, B)),
    ("a @ b", lambda a, b: a @ b, ((2, 1, 3, 4), (5, 4, 2))),
    ("a @ b", lambda a, b: a @ b, (V, (2, 4, 3))),
    ("sum(a, axis=1)", lambda a: a.sum(1), (A,)),
    ("mean(a, axis=0, keepdims=1)", lambda a: a.mean(0, keepdim=True), (A,)),
    ("prod(a, axis=1)", lambda a: a.prod(1), (np.array([[1.0, 2, 3], [0, 2, 3], [0, 0, 3]]),)),
    ("max(a, axis=1)", lambda a: a.amax(1), (A,)),
    ("min(a)", lambda a: a.min(), (A,)),
    ("var(a, axis=1, ddof=1)", lambda a: a.var(1), (A,)),
    ("std(a, ddof=1)", lambda a: a.std(), (A,)),
    ("norm(a, axis=1)", lambda a: a.norm(dim=1), (A,)),
    ("logsumexp(a, axis=1)", lambda a: a.logsumexp(1), (A,)),
    ("softmax(a)", lambda a: a.softmax(-1), (A,)),
    ("log_softmax(a, axis=0)", lambda a: a.log_softmax(0), (A,)),
    ("cumsum(a, axis=1)", lambda a: a.cumsum(1), (A,)),
    ("cumprod(a, axis=1)", lambda a: a.cumprod(1), (np.array([[1.0, 2, 3], [0, 2, 3], [2, 0, 0]]),)),
    ("sort(a)", lambda a: a.sort(-1).values, (A,)),
    ("a[1:, ::2]", lambda a: a[1:, ::2], (A,)),
    ("a[[0, 0, 2], [1, 1, 3]]", lambda a: a[[0, 0, 2], [1, 1, 3]], (A,)),
    ("concat(a, b, axis=1)", lambda a, b: torch.cat([a, b], 1), (A, (3, 2))),
    ("stack(a, b, axis=1)", lambda a, b: torch.stack([a, b], 1), (V, W)),
    ("outer(a, b)", torch.outer, (V, (2,))),
    ("cross(a, b)", lambda a, b: torch.linalg.cross(a, b), ((2, 3), (2, 3))),
    ("transpose(a, axes=[2, 0, 1])", lambda a: a.permute(2, 0, 1), ((2, 3, 4),)),
    ("trace(a)", torch.trace, (SQUARE,)),
    ("det(a)", torch.det, (SQUARE,)),
    ("logdet(a)", torch.logdet, (positive(3, 3),)),
    ("inv(a)", torch.inverse, (SQUARE,)),
    ("solve(a, b)", torch.linalg.solve, (SQUARE, (3, 2))),
    ("cholesky(a)", torch.linalg.cholesky, (positive(3, 3),)),
    ('einsum("bij,bjk->bik", a, b)', lambda a, b: torch.einsum("bij,bjk->bik", a, b), ((2, 3, 4), (2, 4, 2))),
    ('einsum("ii,ij->j", a, b)', lambda a, b: torch.einsum("ii,ij->j", a, b), (SQUARE, (3, 2))),
    ("conv1d(a, b, stride=2, padding=1)", lambda a, b: F.conv1d(a, b, stride=2, padding=1), ((2, 3, 7), (4, 3, 3))),
    ("conv2d(a, b, padding=1)", lambda a, b: F.conv2d(a, b, padding=1), ((2, 3, 5, 4), (2, 3, 3, 2))),
    ("mse(a, b)", lambda a, b: F.mse_loss(a, b), (A, A)),
    ("huber(a, b, delta=0.5)", lambda a, b: F.huber_loss(a, b, delta=0.5), (A, A)),
    ("bce(sigmoid(a), 0.3)", lambda a: F.binary_cross_entropy(a.sigmoid(), torch.full_like(a, 0.3)), (A,)),
    ("bce_with_logits(a, 1)", lambda a: F.binary_cross_entropy_with_logits(a, torch.ones_like(a)), (A,)),
    ("cross_entropy(a, [0, 3, 1])", lambda a: F.cross_entropy(a, torch.tensor([0, 3, 1])), (A,)),
    ("cross_entropy(a, softmax(b))", lambda a, b: F.cross_entropy(a, b.softmax(-1)), (A, A)),
    ("sigmoid(a) + tanh(a) + gelu(a)", lambda a: a.sigmoid() + a.tanh() + F.gelu(a), (A,)),
]


@pytest.mark.parametrize(("text", "theirs", "inputs"), CASES, ids=[f"{text}-{i}" for i, (text, *_) in enumerate(CASES)])
def test_agrees_with_pytorch(text: str, theirs: Callable[..., Any], inputs: tuple[Any, ...]) -> None:
    random = np.random.default_rng(4)
    at = {
        name: random.standard_normal(given) if isinstance(given, tuple) else given
        for name, given in zip("ab", inputs, strict=False)
    }
    tensors = [torch.tensor(value, requires_grad=True) for value in at.values()]
    out = theirs(*tensors)
    above = random.standard_normal(tuple(out.shape))
    expected = torch.autograd.grad(out, tensors, torch.tensor(above))
    found = backprop.evaluate(text, at, upstream=above, ties="split")
    np.testing.assert_allclose(found.value, out.detach().numpy(), rtol=1e-10, atol=1e-12)
    for got, right in zip(found.gradients.values(), expected, strict=True):
        np.testing.assert_allclose(got, right.numpy(), rtol=1e-9, atol=1e-11)
