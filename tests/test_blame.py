"""The line that is blamed: not one that goes around the mistake, and of two mistakes both."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from tests.pairs import Pair
from tests.pairs.judged import judged

from backprop.check.cures.around import fits

RANDOM = np.random.default_rng(3)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape)


GATE = """
import numpy as np

def gate_forward(x, w1, w2):
    h = np.maximum(x @ w1, 0)
    s = 1 / (1 + np.exp(-(h @ w2)))
    out = x * s
    return out, (x, w1, w2, h, s)

def gate_backward(dout, cache):
    x, w1, w2, h, s = cache
    ds = dout * x
    dz = ds * s * (1 - s)
    dw2 = h.T @ dz
    dh = dz @ w2.T
    dh[h <= 0] = 0
    dw1 = x.T @ dh
    dx = dout * s + dh @ w1.T
    return dx, dw1, dw2
"""
NORM = """
import torch

class Norm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        mean = x.mean(dim=-1, keepdim=True)
        rstd = (x.var(dim=-1, keepdim=True, unbiased=False) + 1e-5).rsqrt()
        xhat = (x - mean) * rstd
        ctx.save_for_backward(xhat, weight, rstd)
        return xhat * weight

    @staticmethod
    def backward(ctx, dy):
        xhat, weight, rstd = ctx.saved_tensors
        wdy = weight * dy
        c1 = (xhat * wdy).mean(dim=-1, keepdim=True)
        c2 = wdy.mean(dim=-1, keepdim=True)
        dx = (wdy - xhat * c1 - c2) * rstd
        return dx, (dy * xhat).sum(0)
"""
CELL = """
import numpy as np

def cell_forward(x, c0, W):
    c, caches, cs = c0, [], []
    for t in range(x.shape[0]):
        f = 1 / (1 + np.exp(-(x[t] @ W)))
        g = np.tanh(x[t])
        c_new = f * c + (1 - f) * g
        caches.append((x[t], c, f, g))
        c = c_new
        cs.append(c)
    return np.stack(cs), (caches, W)

def cell_backward(dcs, cache):
    caches, W = cache
    dW, dx, dc_n = np.zeros_like(W), [None] * len(caches), 0.0
    for t in reversed(range(len(caches))):
        xt, c_prev, f, g = caches[t]
        dc = dcs[t] + dc_n
        df = dc * (c_prev - g)
        dg = dc * (1 - f)
        da = df * f * (1 - f)
        dW += xt.T @ da
        dx[t] = da @ W.T + dg * (1 - g ** 2)
        dc_n = dc * f
    return np.stack(dx), dc_n, dW
"""
ROWS = """
import torch

class Rows(torch.autograd.Function):
    @staticmethod
    def forward(ctx, table):
        idx = torch.tensor([0, 2, 2, 5])
        ctx.shape = table.shape
        ctx.save_for_backward(idx)
        return table[idx]

    @staticmethod
    def backward(ctx, grad):
        idx, = ctx.saved_tensors
        out = torch.zeros(ctx.shape)
        out.index_add_(0, idx, grad)
        return out
"""
LOGISTIC = """
import numpy as np

def propagate_forward(X, Y, W, b):
    A = 1 / (1 + np.exp(-(np.dot(W, X) + b)))
    m = Y.shape[1]
    cost = np.sum(-np.log(A) * Y - np.log(1 - A) * (1 - Y)) / m
    return cost, (X, Y, A)

def propagate_backward(cache):
    X, Y, A = cache
    m = X.shape[1]
    dZ = A - Y
    return {"W": np.dot(dZ, X.T) / m, "b": np.sum(dZ, axis=1, keepdims=True) / m}
"""
WINDOWS = """
import numpy as np

def conv_forward(x, w, b):
    k = w.shape[2]
    side = x.shape[2] - k + 1
    out = np.zeros((x.shape[0], w.shape[0], side, side))
    for n in range(x.shape[0]):
        for f in range(w.shape[0]):
            for i in range(side):
                for j in range(side):
                    out[n, f, i, j] = np.sum(x[n, :, i:i + k, j:j + k] * w[f]) + b[f]
    return out, (x, w, b)

def conv_backward(dout, cache):
    x, w, b = cache
    k = w.shape[2]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n in range(dout.shape[0]):
        for f in range(dout.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    window = x[n, :, i:i + k, j:j + k]
                    dx[n, :, i:i + k, j:j + k] += w[f] * dout[n, f, i, j]
                    dw[f] += window * dout[n, f, i, j]
                    db[f] += dout[n, f, i, j]
    return dx, dw, db
"""
HELPED = """
import numpy as np

def sigmoid_grad(s):
    return s * (1 - s)

def relu_prime(z):
    return (z > 0).astype(float)

def net_forward(x, w1, w2):
    z = x @ w1
    h = np.maximum(z, 0)
    s = 1 / (1 + np.exp(-(h @ w2)))
    return s, (x, w1, w2, z, h, s)

def net_backward(dout, cache):
    x, w1, w2, z, h, s = cache
    da = dout * sigmoid_grad(s)
    dw2 = h.T @ da
    dz = da @ w2.T * relu_prime(z)
    return dz @ w1.T, x.T @ dz, dw2
"""
WEIGHED = """
import numpy as np

def softmax_grad(p, dp):
    return p * (dp - (p * dp).sum(axis=-1, keepdims=True))

def tanh_grad(out):
    return 1 - out ** 2

def weighed_forward(x, wg, wv):
    e = np.exp(x @ wg)
    p = e / e.sum(axis=-1, keepdims=True)
    v = np.tanh(x @ wv)
    return p * v, (x, wg, wv, p, v)

def weighed_backward(dout, cache):
    x, wg, wv, p, v = cache
    dg = softmax_grad(p, dout * v)
    dt = dout * p * tanh_grad(v)
    return dg @ wg.T + dt @ wv.T, x.T @ dg, x.T @ dt
"""
SCALED = """
import numpy as np

def scaled_forward(x, gamma):
    m, inv = x.mean(axis=0), 1.0 / np.sqrt(x.var(axis=0) + 1e-5)
    z = (x - m) * inv
    return gamma * z, (z, inv, gamma)

def scaled_backward(dout, cache):
    z, inv, gamma = cache
    n = len(z)
    dgamma = (dout * z).sum(axis=0)
    dz = dout * gamma
    first = dz.sum(axis=0)
    second = (dz * z).sum(axis=0)
    dx = inv / n * (n * dz - first - z * second)
    return dx, dgamma
"""
TURNED = """
import numpy as np

def turned_forward(a, b):
    return np.concatenate([a * 0.6 - b * 0.8, b * 0.6 + a * 0.8])

def turned_backward(dout):
    u, v = np.split(dout, 2)
    da, db = u * 0.6 + v * 0.8, v * 0.6 - u * 0.8
    return da, db
"""
AVERAGED = """
import numpy as np

def averaged_forward(x, w):
    return np.mean(np.tanh(x @ w) + x @ w), (x, w)

def averaged_backward(dout, cache):
    x, w = cache
    n = len(x)
    dw = np.zeros_like(w)
    for row in x:
        dw += dout * (1 - np.tanh(row @ w) ** 2) * row
        dw += dout * row
    dw /= n
    return {"w": dw}
"""
LOOP = AVERAGED[AVERAGED.index("for row") : AVERAGED.index("\n    dw /=")]
RATED = """
import numpy as np

def rated_forward(P, Q, users, items, r):
    e = np.sum(P[users] * Q[items], axis=1) - r
    return np.sum(e ** 2), e

def rated_backward(P, Q, users, items, e):
    dP, dQ = np.zeros_like(P), np.zeros_like(Q)
    for n in range(len(e)):
        u, i = users[n], items[n]
        dP[u] += 2 * e[n] * Q[i]
        dQ[i] += 2 * e[n] * P[u]
    return dP, dQ
"""
HALVES = """
import numpy as np

def turned_forward(q, k, c, s):
    a, b = np.zeros_like(q), np.zeros_like(k)
    a[:, 0::2] = q[:, 0::2] * c - q[:, 1::2] * s
    a[:, 1::2] = q[:, 0::2] * s + q[:, 1::2] * c
    b[:, 0::2] = k[:, 0::2] * c - k[:, 1::2] * s
    b[:, 1::2] = k[:, 0::2] * s + k[:, 1::2] * c
    return a @ b.T, (a, b, c, s)

def turned_backward(dscores, cache):
    a, b, c, s = cache
    da, db = dscores @ b, dscores.T @ a
    dq, dk = np.zeros_like(a), np.zeros_like(b)
    dq[:, 0::2] = da[:, 0::2] * c + da[:, 1::2] * s
    dq[:, 1::2] = da[:, 1::2] * c - da[:, 0::2] * s
    dk[:, 0::2] = db[:, 0::2] * c + db[:, 1::2] * s
    dk[:, 1::2] = db[:, 1::2] * c - db[:, 0::2] * s
    return dq, dk
"""
TRIPLES = """
import numpy as np

def triple_forward(a, p, n):
    near, far = a - p, a - n
    raw = np.sum(near ** 2, axis=1) - np.sum(far ** 2, axis=1) + 1.0
    return np.mean(np.maximum(raw, 0)), (near, far, raw > 0)

def triple_backward(cache):
    near, far, active = cache
    scale = 2.0 / len(near) * active[:, None]
    dp = -scale * near
    dn = scale * far
    da = scale * (near - far)
    return da, dp, dn
"""
INPUTS = {
    GATE: {"x": normal(3, 4), "w1": normal(4, 2), "w2": normal(2, 4)},
    NORM: {"x": normal(3, 4), "weight": normal(4)},
    CELL: {"x": normal(3, 2, 3), "c0": normal(2, 3), "W": normal(3, 3)},
    ROWS: {"table": normal(6, 3)},
    WINDOWS: {"x": normal(1, 1, 22, 22), "w": normal(1, 1, 2, 2), "b": normal(1)},
    HELPED: {"x": normal(5, 4), "w1": normal(4, 3), "w2": normal(3, 2)},
    WEIGHED: {"x": normal(3, 4), "wg": normal(4, 3), "wv": normal(4, 3)},
    SCALED: {"x": normal(4, 3), "gamma": normal(3)},
    TURNED: {"a": normal(3), "b": normal(3)},
    AVERAGED: {"x": normal(4, 3), "w": normal(3)},
    RATED: {
        "P": normal(4, 3),
        "Q": normal(5, 3),
        "users": np.array([0, 1, 1, 3, 2]),
        "items": np.array([4, 0, 2, 2, 1]),
        "r": normal(5),
    },
    HALVES: {"q": normal(4, 6), "k": normal(4, 6), "c": 0.6, "s": 0.8},
    TRIPLES: {"a": normal(4, 3), "p": normal(4, 3), "n": normal(4, 3)},
}
PLANTED = [
    (GATE, ["dout * s + dh @ w1.T => dout * s"], "a share through what the forward pass also returns"),
    (GATE, ["dout * s + dh @ w1.T => dout * s", "dh[h <= 0] => dh[dh <= 0]"], "what is written into an array"),
    (
        NORM,
        ["(xhat * wdy).mean => (xhat * dy).mean", "c2 = wdy.mean(dim=-1 => c2 = wdy.mean(dim=0"],
        "two names at once",
    ),
    (CELL, ["dc_n = dc * f => dc_n = dc"], "what is handed on to the next round"),
    (CELL, ["dc_n = dc * f => dc_n = dc", "(c_prev - g) => (c_prev + g)"], "and another line of the round"),
    (ROWS, ["out.index_add_(0, idx, grad) => out[idx] = grad"], "an index that repeats"),
    (
        WINDOWS,
        ["dw[f] += window * => dw[f] += w[f] *"],
        "what hundreds of rounds add, and is a share of something else",
    ),
    (HELPED, ["return s * (1 - s) => return 1 - s ** 2"], "a helper's own line"),
    (HELPED, ["(z > 0) => (z < 0)"], "and not a call that makes up for it"),
    (HELPED, ["dout * sigmoid_grad(s) => dout * sigmoid_grad(h @ w2)"], "a helper that is given something else"),
    (WEIGHED, ["return p * (dp - (p * dp).sum(axis=-1, keepdims=True)) => return p * (1 - p) * dp"], "softmax's slope"),
    (WEIGHED, ["return 1 - out ** 2 => return out"], "a helper that hands back what it is given"),
    (SCALED, ["(dz * z).sum => (dout * z).sum"], "what is held already by another name"),
    (SCALED, ["(dz * z).sum(axis=0) => dz * z.sum(axis=0)"], "a sum of one factor alone"),
    (SCALED, ["(dout * z).sum(axis=0) => dout * z.sum(axis=0)"], "and where the shape tells it"),
    (TURNED, ["+ v * 0.8, v * 0.6 - => - v * 0.8, v * 0.6 +"], "turned the wrong way"),
    (AVERAGED, [f"{LOOP}\n    dw /= n => {LOOP}"], "a line that is missing behind a loop"),
    (RATED, ["e[n] * P[u] => e[n] * Q[i]", "dP[u] += => dP[u] ="], "an entry by an index of another line"),
    (
        HALVES,
        ["dk[:, 0::2] = db[:, 0::2] * c => dk[:, 0::2] = da[:, 0::2] * c", "- da[:, 0::2] => + da[:, 0::2]"],
        "entries that are each given their gradient once",
    ),
    (
        TRIPLES,
        ["len(near) * active[:, None] => len(near)", "(near - far) => (near + far)"],
        "a number that is meant to be several",
    ),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("code", "mistakes", "why"), PLANTED, ids=lambda one: one if isinstance(one, str) else "")
def test_the_planted_lines_are_blamed_and_no_other(code: str, mistakes: list[str], why: str) -> None:
    text, lines = code, set()
    for right, wrong in (one.split(" => ") for one in mistakes):
        lines.add(text[: text.index(right)].count("\n") + 1)
        text = text.replace(right, wrong)
    found = judged(Pair("", "", INPUTS[code], "", code, []), text)
    assert {line for line, _, _ in found.lines} == lines, why
    assert all(write is not None for _, _, write in found.lines)


@pytest.mark.parametrize("size", [1.0, 2.0])
def test_a_right_pass_is_right_where_its_outputs_are_saturated(size: float) -> None:
    inputs = {"X": size * normal(3, 5), "Y": np.array([[1.0, 0, 1, 1, 0]]), "W": normal(1, 3), "b": normal(1, 1)}
    assert judged(Pair("", "", inputs, "", LOGISTIC, []), LOGISTIC).verdict == "ok"


ROOTS = """
import numpy as np

def roots_forward(x):
    y = np.sqrt(x)
    return np.where(x > 0, y, 0.0).sum()

def roots_backward(x):
    dy = (x > 0) * 1.0
    dx = dy * 0.5 / np.sqrt(x)
    return dx
"""


def test_a_cure_holds_where_a_zero_is_none_any_more() -> None:
    """With 0 at every point, `np.sqrt(x.sum())` would be as right as the line that is meant."""
    found = judged(Pair("", "", {"x": np.array([0.0, 4.0])}, "", ROOTS, []), ROOTS)
    assert [write for _, _, write in found.lines] == ["dx[x <= 0] = 0"]


@pytest.mark.parametrize(("old", "new", "found"), [
    ("(w - x * c - d) * r", "(w - a.mean() - x * b.sum()) * r", {"c": "b.sum()", "d": "a.mean()"}),
    ("c * x / n", "x * a * b / n", {"c": "a * b"}),
    ("x + c", "x - a", {"c": "-a"}),
    ("f(c, x)", "f(a + b, x)", {"c": "a + b"}),
    ("c @ c.T", "a @ a.T", {"c": "a"}),
    ("c @ c.T", "a @ b.T", None),
    ("x * c", "x + a", None),
])  # fmt: skip
def test_names_are_what_stands_in_their_places(old: str, new: str, found: dict[str, str] | None) -> None:
    trees = [ast.parse(one, mode="eval").body for one in (old, new)]
    ways = list(fits(*trees, {"c", "d"}, {}))
    told = [{name: ast.unparse(tree) for name, tree in one.items()} for one in ways]
    assert told[:1] == ([] if found is None else [found])
