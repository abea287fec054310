"""How long it takes to find a mistake in a backward pass of many steps: `python bench/programs/passes.py [--quick]`.

Seconds of the processor from the text to the faulty line with its proven cure, of each mistake once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
from machine import Figure, machine

from backprop.check.cures.cure import with_lines
from backprop.check.passes.judge import Judge
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of

BAR = 10.0
CONVOLUTION = """\
import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    H_out = 1 + (H + 2 * pad - HH) // stride
    W_out = 1 + (W + 2 * pad - WW) // stride
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    _, _, H_out, W_out = dout.shape
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    dx_pad = np.zeros_like(x_pad)
    dw = np.zeros_like(w)
    db = np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    window = x_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                    dx_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW] += w[f] * dout[n, f, i, j]
                    dw[f] += window * dout[n, f, i, j]
                    db[f] += dout[n, f, i, j]
    dx = dx_pad[:, :, pad:pad + H, pad:pad + W]
    return dx, dw, db
"""
PLACE = "dx_pad[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]"
OF_CONVOLUTION = {
    f"{PLACE} += ": f"{PLACE} = ",
    "pad:pad + H, pad:pad + W": "0:H, 0:W",
    "dw[f] += window *": "dw[f] += w[f] *",
    "db[f] += dout[n, f, i, j]": "db[f] += 1",
    "+= w[f] * dout[n, f, i, j]": "+= window * dout[n, f, i, j]",
    "dw[f] += window * dout[n, f, i, j]": "dw[f] += window * dout[n, f, j, i]",
}
LSTM = """\
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    a = np.dot(x, Wx) + np.dot(prev_h, Wh) + b
    ai, af, ao, ag = a[:, :H], a[:, H:2 * H], a[:, 2 * H:3 * H], a[:, 3 * H:]
    i, f, o = sigmoid(ai), sigmoid(af), sigmoid(ao)
    g = np.tanh(ag)
    next_c = f * prev_c + i * g
    tanh_c = np.tanh(next_c)
    next_h = o * tanh_c
    cache = (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c, tanh_c)
    return next_h, next_c, cache


def lstm_step_backward(dnext_h, dnext_c, cache):
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c, tanh_c = cache
    do = dnext_h * tanh_c
    dc = dnext_c + dnext_h * o * (1 - tanh_c ** 2)
    df = dc * prev_c
    di = dc * g
    dg = dc * i
    dprev_c = dc * f
    dai = di * i * (1 - i)
    daf = df * f * (1 - f)
    dao = do * o * (1 - o)
    dag = dg * (1 - g ** 2)
    da = np.hstack((dai, daf, dao, dag))
    dx = np.dot(da, Wx.T)
    dprev_h = np.dot(da, Wh.T)
    dWx = np.dot(x.T, da)
    dWh = np.dot(prev_h.T, da)
    db = np.sum(da, axis=0)
    return dx, dprev_h, dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    cache = []
    prev_h, prev_c = h0, np.zeros_like(h0)
    for t in range(T):
        prev_h, prev_c, step_cache = lstm_step_forward(x[:, t, :], prev_h, prev_c, Wx, Wh, b)
        h[:, t, :] = prev_h
        cache.append(step_cache)
    return h, cache


def lstm_backward(dh, cache):
    N, T, H = dh.shape
    D = cache[0][0].shape[1]
    dx = np.zeros((N, T, D))
    dWx = np.zeros((D, 4 * H))
    dWh = np.zeros((H, 4 * H))
    db = np.zeros(4 * H)
    dprev_h = np.zeros((N, H))
    dprev_c = np.zeros((N, H))
    for t in reversed(range(T)):
        dnext_h = dh[:, t, :] + dprev_h
        dx[:, t, :], dprev_h, dprev_c, dWx_t, dWh_t, db_t = lstm_step_backward(dnext_h, dprev_c, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    dh0 = dprev_h
    return dx, dh0, dWx, dWh, db
"""
OF_LSTM = {
    "dc = dnext_c + dnext_h * o * (1 - tanh_c ** 2)": "dc = dnext_h * o * (1 - tanh_c ** 2)",
    "da, Wh.T)": "da, Wh)",
    "dWh += dWh_t": "dWh = dWh_t",
    "dprev_c = dc * f": "dprev_c = dc * i",
}


def inputs() -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the convolution, and of the recurrent net over 20 steps."""
    normal = np.random.default_rng(3).normal
    images = {"x": normal(size=(2, 3, 8, 8)), "w": normal(size=(4, 3, 3, 3)), "b": normal(size=4)}
    states = {"x": normal(size=(3, 20, 4)), "h0": normal(size=(3, 5)), "b": normal(size=20)}
    weights = {"Wx": normal(size=(4, 20)), "Wh": normal(size=(5, 20))}
    return {**images, "conv_param": {"stride": 1, "pad": 1}}, {**states, **weights}


def judged(text: str, given: dict[str, Any]) -> tuple[float, list[int]]:
    """How long it takes, and the lines that are found."""
    started = process_time()
    code = Code([part_of(text, "pass.py")])
    judge = Judge(Runner(code, pairs_in(code)[-1], given))
    verdict = with_lines(judge, judge.judge())
    return process_time() - started, [one.line for one in verdict.lines]


def figures(quick: bool) -> Iterator[Figure]:
    """The lines of the passes, for all.py: the slowest mistake of each."""
    passes = {"a convolution in loops, 2x3x8x8, 4 filters": (CONVOLUTION, OF_CONVOLUTION),
              "an LSTM over 20 steps": (LSTM, OF_LSTM)}  # fmt: skip
    for (title, (text, mistakes)), given in zip(passes.items(), inputs(), strict=True):
        took, found = [], 0
        for right, wrong in list(mistakes.items())[: 2 if quick else None]:
            line = text[: text.rindex(right)].count("\n") + 1
            seconds, lines = judged(text.replace(right, wrong), dict(given))
            took.append(seconds)
            found += lines == [line]
        beside = f"{found} of {len(took)} on the right line, " + ", ".join(f"{one:.1f}" for one in took)
        yield Figure(f"a mistake in {title}", max(took), "s", BAR, beside)


if __name__ == "__main__":
    print(machine() + "\n")
    for one in figures("--quick" in sys.argv):
        print(f"{one.what}: {one.value:.1f} {one.unit} at most, bar {one.bar:g} ({one.beside})")
