"""What is computed on a fast way is what the plain way finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backprop
from backprop.errors import Problem
from backprop.library import values
from backprop.numbers import linear

LISTS = [
    "[]",
    "[[]]",
    "[[], []]",
    "[1, 2]\n",
    "[\n1,2]",
    "[-0]",
    "[-0.0, 0]",
    "[1e400]",
    "[1e-400]",
    "[1e5, 1E+5, 1e-5]",
    "[01]",
    "[1.]",
    "[.5]",
    "[1_000]",
    "[+1]",
    "[1,2,]",
    "[1, [2]]",
    "[[1,2],[3]]",
    "[1]-[2]",
    "[1]\n[2]",
    "[1 2]",
    "[[1,2]",
    "[,]",
    "[9007199254740993, 123456789012345678901234567890]",
    "[4.9e-324, 2e-324]",
    "[[[1],[2]],[[3],[4]]]",
    "[1.5.2]",
    "[e]",
    "[" * 64 + "1" + "]" * 64,
    "[" * 65 + "1" + "]" * 65,
    "[true, false]",
]


@pytest.mark.parametrize("text", LISTS)
def test_a_plain_list_is_what_the_formula_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def found() -> Any:
        try:
            value = np.asarray(values.parse_value(text, "x"))
            return value.dtype, value.shape, value.tobytes()
        except Problem as problem:
            return problem.kind, problem.message, problem.hint, problem.spans

    fast = found()
    monkeypatch.setattr(values, "plain_array", lambda text: None)
    assert fast == found()


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("rank", [1, 2])
def test_a_convolution_in_blocks_is_a_sum_of_products(
    rank: int, padding: int, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "IN_CACHE", 150)  # so that there are several blocks
    random = np.random.default_rng(0)
    x, w = random.standard_normal((5, 2, 7, 6)[: 2 + rank]), random.standard_normal((3, 2, 2, 3)[: 2 + rank])
    options = f"stride={stride}, padding={padding}"
    value = backprop.compile(f"conv{rank}d(x, w, {options})").forward(x=x, w=w).value
    full = np.pad(x, [(0, 0), (0, 0), *[(padding, padding)] * rank])
    upstream = random.standard_normal(value.shape)
    to_x, to_w, right = np.zeros_like(full), np.zeros_like(w), np.zeros_like(value)
    for at in np.ndindex(*value.shape):
        image, filter_, *position = at
        steps = [slice(p * stride, p * stride + n) for p, n in zip(position, w.shape[2:], strict=True)]
        stretch = (image, slice(None), *steps)
        right[at] = np.sum(full[stretch] * w[filter_])
        to_x[stretch] += upstream[at] * w[filter_]
        to_w[filter_] += upstream[at] * full[stretch]
    found = backprop.evaluate(f"conv{rank}d(x, w, {options})", x=x, w=w, upstream=upstream)
    inside = (..., *[slice(padding, size - padding) for size in full.shape[2:]])
    np.testing.assert_allclose(value, right, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.gradients["x"], to_x[inside], rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.gradients["w"], to_w, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("text", ["f = x*2; x = 3", "q = x + 1; x = q", "f = e*x; e = 2"])
def test_a_name_is_set_above_where_it_is_used(text: str) -> None:
    with pytest.raises(Problem, match="is used before it is defined") as raised:
        backprop.evaluate(text, x=1)
    assert [text[slice(*span)] for span in raised.value.spans] == [raised.value.message[0]] * 2
