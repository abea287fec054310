"""Passes of styles that came later: what rounding leaves is no mistake, and each kind of slip is named."""

from __future__ import annotations

import numpy as np
import pytest
from tests.pairs import Pair, values
from tests.pairs.judged import Judged, judged

from backprop.check.passes.judge import Judge
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of


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
    swept = judge.runner.swept(judge.binding.given, judge.binding.upstream, judge.paths)
    right = SLOPES[function](x, judge.binding.upstream[0])
    assert np.allclose(swept[("x",)], right, rtol=1e-12, atol=1e-12)


def passes(name: str, args: str, forward: str, backward: str, returned: str) -> str:
    return (
        f"import numpy as np\ndef {name}_forward({args}):\n    {forward}\n"
        f"def {name}_backward(dout, cache):\n    {backward}\n    return {returned}\n"
    )


POOL = passes(
    "pool", "x", "k = 2\n    out = np.zeros((3, 2))\n    for i in range(2):\n"
    "        out[:, i] = x[:, 2*i:2*i+k, :].mean(axis=(1, 2))\n    return out, (x.shape, k)",
    "shape, k = cache\n    dx = np.zeros(shape)\n    for i in range(2):\n        g = dout[:, i] / (k * k)\n"
    "        dx[:, 2*i:2*i+k, :] += g[:, None, None]", "dx",
)  # fmt: skip
NEAR = passes(
    "near", "a, b", "s = a @ b.T\n    p = np.exp(s) / np.exp(s).sum(1, keepdims=True)\n"
    "    return -np.sum(np.log(np.diag(p))), (a, b, p)",
    "a, b, p = cache\n    N = a.shape[0]\n    ds = (p - np.eye(N)) * dout", "ds @ b, ds.T @ a",
)  # fmt: skip
HUBER = passes(
    "huber", "r", "small = np.abs(r) <= 0.8\n    return np.where(small, r ** 2 / 2, 0.8 * np.abs(r)).sum(), (r, small)",
    "r, small = cache\n    dr = 0.8 * np.sign(r)\n    dr[small] = r[small]\n    dr *= dout", "dr",
)  # fmt: skip
POWERS = passes(
    "powers", "x, c", "return sum(c[i] * x ** i for i in range(4)), (x, c)",
    "x, c = cache\n    dx = np.zeros_like(x)\n    dc = np.zeros_like(c)\n    for i in range(4):\n"
    "        dc[i] = np.sum(dout * x ** i)\n        dx += dout * c[i] * i * x ** (i - 1)", "dx, dc",
)  # fmt: skip
PARTS = passes(
    "parts", "a, b", "return np.concatenate([a, b], axis=1) ** 2, (a, b)",
    "a, b = cache\n    n = a.shape[1]\n    dz = 2 * np.concatenate([a, b], axis=1) * dout\n    da = dz[:, :n]\n"
    "    db = dz[:, n:]", "da, db",
)  # fmt: skip
TURNED = passes(
    "mix", "x, w", "flat = x.transpose(0, 2, 1).reshape(-1, 2)\n    return flat @ w, (x, w, flat)",
    "x, w, flat = cache\n    N, C, L = x.shape\n    dflat = dout @ w.T\n    dw = flat.T @ dout\n"
    "    dx = dflat.reshape(N, L, C).transpose(0, 2, 1)", "dx, dw",
)  # fmt: skip
SLIPS = [
    ("x = randn(3, 4, 2)", POOL, "dout[:, i] / (k * k)", "dout[:, i]", "factor", None),
    ("a = randn(3, 4); b = randn(3, 4)", NEAR, "p - np.eye(N)", "p - 1", "wrong-point", "ds = (p - np.eye(N)) * dout"),
    ("r = randn(6)", HUBER, "= r[small]", "= 1", None, "dr[small] = r[small]"),
    ("x = pos(5); c = randn(4)", POWERS, "x ** (i - 1)", "x ** i", "wrong-point", None),
    ("a = randn(3, 2); b = randn(3, 4)", PARTS, "dz[:, :n]", "dz[:, -n:]", "wrong-point", "da = dz[:, :n]"),
    ("x = randn(2, 2, 3); w = randn(2, 4)", TURNED, "N, L, C).transpose(0, 2, 1)", "N, C, L)", "transposed", None),
    ("a = randn(3, 4); b = randn(3, 4)", NEAR, "ds @ b,", "np.ones_like(ds) @ b,", None, "return ds @ b, ds.T @ a"),
]


@pytest.mark.parametrize(("given", "text", "right", "wrong", "cause", "write"), SLIPS)
def test_a_slip_is_found_in_its_line(
    given: str, text: str, right: str, wrong: str, cause: str | None, write: str | None
) -> None:
    assert judge(given, text).verdict == "ok"
    line = text[: text.index(right)].count("\n") + 1
    found = judge(given, text.replace(right, wrong))
    assert [one for one, _, _ in found.lines] == [line]
    assert cause in (None, found.lines[0][1])
    assert found.lines[0][2] is not None
    assert write in (None, found.lines[0][2])
