"""Passes of styles that came later: what rounding leaves is no mistake, and each kind of slip is named."""

from __future__ import annotations

import numpy as np
import pytest
from tests.pairs import Pair, values
from tests.pairs.judged import Judged, judged

from backprop.check.handwritten import Judge
from backprop.python.entry import Runner
from backprop.python.pairs import pairs_in
from backprop.python.source import Code, part_of


def judge(given: str, text: str, seed: int = 0) -> Judged:
    pair = Pair("", "", values(given, seed), "", text, [])
    return judged(pair, text)


SOFTMAX = """
import numpy as np
def softmax_forward(x):
    e = np.exp(x)
    y = e / e.sum(1, keepdims=True)
    return y.sum(), y
def softmax_backward(dout, y):
    return y * dout - y * (dout * y).sum(1, keepdims=True)
"""
BIAS = """
import numpy as np
def block_forward(x, w, b):
    a = x.dot(w) + b
    ac = a - a.mean(0)
    sd = np.sqrt((ac ** 2).mean(0) + 1e-5)
    return ac / sd, (x, w, ac, sd)
def block_backward(dout, cache):
    x, w, ac, sd = cache
    dsd = np.sum(-dout * ac / sd ** 2, axis=0)
    dac = dout / sd + ac * dsd / sd / x.shape[0]
    da = dac - dac.mean(0)
    return da.dot(w.T), x.T.dot(da), da.sum(0)
"""
NORM = """
import numpy as np
class Norm:
    def forward(self, x):
        self.inv = 1.0 / np.SPREAD
        self.y = (x - x.mean(axis=1, keepdims=True)) * self.inv
        return self.y
    def backward(self, dy):
        m = dy.shape[1]
        return self.inv / m * (m * dy - dy.sum(axis=1, keepdims=True) - self.y * (dy * self.y).sum(1, keepdims=True))
"""
RIGHT: list[tuple[str, str]] = [
    ("x = randn(2, 3)", SOFTMAX),
    ("x = randn(5, 3); w = randn(3, 4); b = randn(4)", BIAS),
    ("x = randn(3, 4)", NORM.replace("SPREAD", "sqrt(x.var(axis=1, keepdims=True) + 1e-5)")),
]


@pytest.mark.parametrize(("given", "text"), RIGHT)
def test_what_rounding_leaves_where_terms_cancel_is_no_mistake(given: str, text: str) -> None:
    assert judge(given, text).verdict == "ok"


SLOPES = {
    "var(x, axis=0)": lambda x, g: 2 / 3 * (x - x.mean(0)) * g,
    "std(x, 1, ddof=1)": lambda x, g: (x - x.mean(1, keepdims=True)) * (g / np.std(x, 1, ddof=1) / 3)[:, None],
    "sinh(x)": lambda x, g: np.cosh(x) * g,
    "linalg.norm(x, axis=1)": lambda x, g: x * (g / np.linalg.norm(x, axis=1))[:, None],
}


@pytest.mark.parametrize("function", SLOPES)
def test_the_slopes_of_a_sweep_are_exact(function: str) -> None:
    text = f"import numpy as np\ndef f_forward(x):\n    return np.{function}, x\ndef f_backward(g, x):\n    return g\n"
    x = np.random.default_rng(1).normal(size=(3, 4))
    code = Code([part_of(text, "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], {"x": x}))
    right = SLOPES[function](x, judge.upstream[0])
    assert np.allclose(judge.swept(judge.given, judge.upstream)[("x",)], right, rtol=1e-12, atol=1e-12)
