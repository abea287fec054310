"""The line that is blamed in passes over time: what a round hands on to the next, also through a helper."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from tests.pairs import Pair
from tests.pairs.judged import judged

from backprop.check.cures.search import Search
from backprop.check.passes.judge import Judge
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of
from backprop.python.values import work

RANDOM = np.random.default_rng(8)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape)


def wrong_lines(code: str, wrong: dict[str, str], inputs: dict[str, object]) -> list[tuple[int, str | None]]:
    """The lines that are blamed, with what is to be written there, of a code with other lines in it."""
    text = code
    for right, other in wrong.items():
        assert code.count(right) == 1
        text = text.replace(right, other)
    return [(line, write) for line, _, write in judged(Pair("", "", inputs, "", text, []), text).lines]


def line_of(code: str, text: str) -> int:
    return code[: code.index(text)].count("\n") + 1


STEPS = """
import numpy as np

def step_forward(a, s, P, Q, R):
    gate = 1 / (1 + np.exp(-(a @ P + s @ Q)))
    new = np.tanh(a @ P + (gate * s) @ R)
    return gate * s + new, (a, s, gate, new, P, Q, R)

def step_backward(up, kept):
    a, s, gate, new, P, Q, R = kept
    dgate = up * s
    ds = up * gate
    dpre = up * (1 - new ** 2)
    dR = (gate * s).T @ dpre
    dheld = dpre @ R.T
    dgate += dheld * s
    ds += dheld * gate
    dsum = dgate * gate * (1 - gate)
    ds += dsum @ Q.T
    dQ = s.T @ dsum
    dP = a.T @ dsum + a.T @ dpre
    da = dsum @ P.T + dpre @ P.T
    return da, ds, dP, dQ, dR

def run_forward(a, s0, P, Q, R):
    s, states, kept = s0, [], []
    for t in range(len(a)):
        s, one = step_forward(a[t], s, P, Q, R)
        states.append(s)
        kept.append(one)
    return np.stack(states), (a, kept, P, Q, R)

def run_backward(dstates, cache):
    a, kept, P, Q, R = cache
    da = np.zeros_like(a)
    dP, dQ, dR = np.zeros_like(P), np.zeros_like(Q), np.zeros_like(R)
    later = np.zeros_like(dstates[0])
    for t in reversed(range(len(kept))):
        da[t], later, one, two, three = step_backward(dstates[t] + later, kept[t])
        dP += one
        dQ += two
        dR += three
    return da, later, dP, dQ, dR
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    da[t], later, one, two, three = step_backward(dstates[t] + later, kept[t])",
         "    da[t], later, one, two, three = step_backward(dstates[t], kept[t])"),
        ("    ds += dheld * gate + dsum @ Q.T", "    ds += dheld * gate"),
    ],
    ids=["what the loop hands on", "a share in the helper"],
)  # fmt: skip
def test_what_a_helper_for_one_step_lacks(right: str, wrong: str) -> None:
    inputs = {"a": normal(3, 2, 3), "s0": normal(2, 3), "P": normal(3, 3), "Q": normal(3, 3), "R": normal(3, 3)}
    code = STEPS.replace("    ds += dheld * gate\n    dsum", "    dsum")
    code = code.replace("    ds += dsum @ Q.T", "    ds += dheld * gate + dsum @ Q.T")
    assert wrong_lines(code, {}, inputs) == []
    before = work.now()
    assert wrong_lines(code, {right: wrong}, inputs) == [(line_of(code, right), right.strip())]
    assert work.now() - before < work.ticks(5.0)


CELLS = """
import numpy as np

def cells_forward(x, c0, W):
    n = len(c0)
    c, tape, out = c0, [], []
    for one in x:
        a = W @ np.concatenate([one, out[-1] if out else c0])
        f, o, g = 1 / (1 + np.exp(-a[:n])), 1 / (1 + np.exp(-a[n:2 * n])), np.tanh(a[2 * n:])
        new = f * c + (1 - f) * g
        tc = np.tanh(new)
        tape.append((one, out[-1] if out else c0, f, o, g, c, tc))
        c = new
        out.append(o * tc)
    return np.array(out), (tape, W)

def cells_backward(dout, cache):
    tape, W = cache
    n = len(tape[0][5])
    dW, dx = np.zeros_like(W), np.zeros((len(tape), len(tape[0][0])))
    dh_next, dc_next = np.zeros(n), np.zeros(n)
    for t in range(len(tape) - 1, -1, -1):
        one, h_prev, f, o, g, c_prev, tc = tape[t]
        dh = dout[t] + dh_next
        dc = dh * o * (1 - tc ** 2) + dc_next
        df = dc * (c_prev - g)
        dg = dc * (1 - f)
        da = np.concatenate([df * f * (1 - f), dh * tc * o * (1 - o), dg * (1 - g ** 2)])
        dW += np.outer(da, np.concatenate([one, h_prev]))
        dz = W.T @ da
        dx[t], dh_next = dz[:len(one)], dz[len(one):]
        dc_next = dc * f
    return dx, dc_next + dh_next, dW
"""


@pytest.mark.slow
def test_what_is_handed_on_wrongly_and_no_more_read() -> None:
    """A loop that does not read what it hands on gives no sign of what it should be, but that it has a value before."""
    inputs = {"x": normal(4, 2), "c0": normal(3), "W": normal(9, 5)}
    planted = {"(1 - tc ** 2) + dc_next": "(1 - tc ** 2)", "dc_next = dc * f": "dc_next = dc"}
    assert wrong_lines(CELLS, {}, inputs) == []
    assert sorted(wrong_lines(CELLS, planted, inputs)) == [
        (line_of(CELLS, "dc = dh"), "dc = dh * o * (1 - tc ** 2) + dc_next"),
        (line_of(CELLS, "dc_next = dc"), "dc_next = dc * f"),
    ]


BLEND = """
import numpy as np

def shares(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)

def blend(z, goal, heat, part):
    n = len(z)
    p, q = shares(z / heat), shares(z)
    warm = -np.sum(goal * np.log(p)) / n * heat ** 2
    cold = -np.sum(goal * np.log(q)) / n
    cost = part * warm + (1 - part) * cold
    dwarm = (p - goal) / n
    dwarm *= part * heat
    dcold = (q - goal) / n
    dcold *= 1 - part
    dz = dwarm + dcold
    return cost, dz
"""


def blended() -> dict[str, object]:
    goal = np.exp(normal(3, 4))
    return {"z": normal(3, 4), "goal": goal / goal.sum(axis=1, keepdims=True), "heat": 1.7, "part": 0.4}


def test_a_name_after_a_number_holds_what_comes_through_it() -> None:
    """`dwarm` is no gradient of the number `warm`: that it is none made the mistake seem elsewhere, and took long."""
    inputs, before = blended(), work.now()
    assert wrong_lines(BLEND, {"part * heat\n": "part * heat ** 2\n"}, inputs) == [(15, "dwarm *= part * heat")]
    assert work.now() - before < work.ticks(2.0)


@pytest.mark.slow
def test_two_that_are_both_scaled_wrongly() -> None:
    """Edits that are told are weighed in twos before others are looked for one by one, which left no time for it."""
    wrong = {"part * heat\n": "part * heat ** 2\n", "dcold *= 1 - part": "dcold *= part"}
    assert sorted(wrong_lines(BLEND, wrong, blended())) == [(15, "dwarm *= part * heat"), (17, "dcold *= 1 - part")]


def test_edits_that_are_far_fetched_are_not_the_last_word() -> None:
    """Half of a standard deviation and the sign of what follows: one line that said all of the other was taken."""
    code = """
import numpy as np

def bound(x, M, L, u):
    n = len(x)
    mid, lv = x @ M, x @ L
    std = np.exp(0.5 * lv)
    z = mid + std * u
    cost = np.sum(np.tanh(z) ** 2) / n - 0.5 * np.sum(1 + lv - mid ** 2 - np.exp(lv)) / n
    dz = 2 * np.tanh(z) * (1 - np.tanh(z) ** 2) / n
    dmid = dz + mid / n
    dstd = dz * u
    dlv = 0.5 * std * dstd
    dlv += -0.5 * (1 - np.exp(lv)) / n
    dM = x.T @ dmid
    dL = x.T @ dlv
    return cost, dM, dL
"""
    inputs = {"x": normal(4, 5), "M": normal(5, 2), "L": normal(5, 2), "u": normal(4, 2)}
    wrong = {"dlv = 0.5 * std": "dlv = std", "dlv += -0.5": "dlv += 0.5"}
    assert sorted(line for line, _ in wrong_lines(code, wrong, inputs)) == [13, 14]


def test_what_the_forward_pass_of_the_same_function_reads_is_read() -> None:
    """Only what no line reads may be what a loop forgot: where there was more, all of a long search was for it."""
    code = """
import numpy as np

def leak(x, s0, k):
    s, cost, kept = s0, 0.0, []
    for one in x:
        kept.append(s)
        s = np.tanh(k * s + one)
        cost = cost + np.sum(s ** 2)
    ds, dk, dx = np.zeros_like(s0), np.zeros_like(k), np.zeros_like(x)
    for t in range(len(x) - 1, -1, -1):
        ds = ds + 2 * np.tanh(k * kept[t] + x[t])
        dpre = ds * (1 - np.tanh(k * kept[t] + x[t]) ** 2)
        dx[t] = dpre
        dk += dpre * kept[t]
        ds = dpre * k
    return cost, dx, ds, dk
"""
    inputs, before = {"x": normal(4, 3), "s0": normal(3), "k": normal(3)}, work.now()
    assert wrong_lines(code, {"dk += dpre": "dk = dpre"}, inputs) == [(15, "dk += dpre * kept[t]")]
    assert work.now() - before < work.ticks(1.5)


def test_a_tie_of_what_does_not_move_is_no_kink() -> None:
    """The largest of several that a relu keeps at 0: whichever it is, what is before the relu has no slope."""
    code = """
import numpy as np

def top_forward(x, w):
    kept = np.maximum(x * w, 0)
    return kept.max(axis=1), (x, w, kept)

def top_backward(dout, cache):
    x, w, kept = cache
    hit = (kept == kept.max(axis=1, keepdims=True)) & (kept > 0)
    return dout[:, None] * hit * w, (dout[:, None] * hit * x).sum(axis=0)
"""
    part = Code([part_of(code, "code.py")])
    x, w = np.array([[-1.0, -2.0, -0.5], [1.0, 2.0, -0.5]]), np.array([0.5, 0.8, 1.1])
    judge = Judge(Runner(part, pairs_in(part)[0], {"x": x, "w": w}))
    swept = judge.runner.swept(judge.binding.given, judge.binding.upstream, judge.paths)
    assert all(np.isfinite(one).all() for one in swept.values())
    assert judge.judge().verdict == "ok"


TRACKED = """
import numpy as np

def track(seen, level, spread, keep, noise):
    cost, tape = 0.0, []
    for one in seen:
        wide = keep * keep * spread + noise
        total = wide + 0.7
        gain = wide / total
        ahead = keep * level
        off = one - ahead
        cost += 0.5 * (np.log(total) + off * off / total)
        tape.append((level, spread, wide, total, gain, off))
        level = ahead + gain * off
        spread = (1 - gain) * wide
    return cost, tape

def track_grad(tape, keep):
    dlevel = dspread = dkeep = dnoise = 0.0
    for level, spread, wide, total, gain, off in reversed(tape):
        dgain = dlevel * off - dspread * wide
        doff = dlevel * gain
        dahead = dlevel
        dwide = dspread * (1 - gain)
        doff += off / total
        dahead -= doff
        dtotal = 0.5 / total - 0.5 * off * off / total ** 2
        dwide += dgain / total
        dtotal -= dgain * wide / total ** 2
        dwide += dtotal
        dkeep += dwide * 2 * keep * spread + dahead * level
        dnoise += dwide
        dspread = dwide * keep * keep
        dlevel = dahead * keep
    return {"level": dlevel, "spread": dspread, "keep": dkeep, "noise": dnoise}
"""


def tracked() -> dict[str, Any]:
    return {"seen": normal(4), "level": 0.4, "spread": 0.9, "keep": 0.8, "noise": 0.3}


SKIPPING = """
import numpy as np

def skipping_forward(x, w, v):
    skip = x
    h = np.tanh(x @ w)
    return h @ v + skip, (x, w, v, h)

def skipping_backward(dout, cache):
    x, w, v, h = cache
    dskip = dout * 1.0
    dv = h.T @ dout
    dpre = dout @ v.T * (1 - h ** 2)
    dw = x.T @ dpre
    dx = dpre @ w.T
    dx += dskip
    return dx, dw, dv
"""


@pytest.mark.parametrize(
    ("text", "inputs"),
    [(TRACKED, tracked()), (SKIPPING, {"x": normal(3, 4), "w": normal(4, 5), "v": normal(5, 4)})],
)
def test_every_line_of_a_right_pass_is_right(text: str, inputs: dict[str, Any]) -> None:
    """Of what is taken away the sign is another one; a sum of some shares is one, of a round that has many; and what
    goes back by another name of the same array is a share of its gradient."""
    code = Code([part_of(text, "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], inputs))
    assert judge.judge().verdict == "ok"
    derivation = Search(judge).derivation({})
    assert [ast.unparse(one) for one in derivation.trace.visits if derivation.wrong_at(one)] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("dahead -= doff", "dahead += doff"),
        ("dwide += dtotal", "dwide = dtotal"),
        ("dtotal -= dgain * wide / total ** 2", "dtotal -= dgain * wide / total"),
        ("dspread = dwide * keep * keep", "dspread = dwide * keep"),
    ],
)
def test_a_slip_in_a_loop_over_numbers(line: str, wrong: str) -> None:
    before = work.now()
    (found,) = wrong_lines(TRACKED, {line: wrong}, tracked())
    assert found[0] == TRACKED[: TRACKED.index(line)].count("\n") + 1
    assert work.now() - before < work.ticks(4.0)


def test_a_mask_behind_a_slow_loop() -> None:
    """What a sweep tells does not wait for the edits that need a run each, which is long here."""
    code = """
import numpy as np

def plane_forward(x, k):
    n, _, height, width = x.shape
    a = np.zeros((n, k.shape[0], height - 2, width - 2))
    for i in range(n):
        for f in range(k.shape[0]):
            for r in range(height - 2):
                for c in range(width - 2):
                    a[i, f, r, c] = np.sum(x[i, :, r:r + 3, c:c + 3] * k[f])
    return np.maximum(a, 0), (x, k, a)

def plane_backward(dout, cache):
    x, k, a = cache
    da = dout * (a > 0)
    dk = np.zeros_like(k)
    dx = np.zeros_like(x)
    for i in range(a.shape[0]):
        for f in range(a.shape[1]):
            for r in range(a.shape[2]):
                for c in range(a.shape[3]):
                    dk[f] += da[i, f, r, c] * x[i, :, r:r + 3, c:c + 3]
                    dx[i, :, r:r + 3, c:c + 3] += da[i, f, r, c] * k[f]
    return dx, dk
"""
    inputs = {"x": normal(2, 2, 7, 7), "k": normal(3, 2, 3, 3)}
    assert wrong_lines(code, {"(a > 0)": "a"}, inputs) == [(16, "da = dout * (a > 0)")]


def test_a_line_that_is_missing_behind_a_later_one() -> None:
    """What a name lacks is there only behind the last line that writes into it."""
    place = TRACKED.index("dtotal -= dgain")
    found = wrong_lines(TRACKED, {"        dwide += dtotal\n": ""}, tracked())
    assert found == [(TRACKED[:place].count("\n") + 1, "dwide += dtotal")]


BOUNDED = """
import numpy as np

class Walker:
    def __init__(self, n, k):
        self.A, self.B = np.random.randn(k, n) * 0.4, np.random.randn(k, k) * 0.4

    def forward(self, steps):
        s, self.steps, self.states = np.zeros((self.B.shape[0], 1)), steps, {}
        for t, x in enumerate(steps):
            self.states[t] = s
            s = np.tanh(self.A @ x + self.B @ s)
        self.states[len(steps)] = s
        return s

    def backward(self, ds, rate=0.1):
        dA, dB = np.zeros_like(self.A), np.zeros_like(self.B)
        for t in reversed(range(len(self.steps))):
            raw = (1 - self.states[t + 1] ** 2) * ds
            dA += raw @ self.steps[t].T
            dB += raw @ self.states[t].T
            ds = self.B.T @ raw
        for one in (dA, dB):
            np.clip(one, -0.2, 0.2, out=one)
        self.A -= rate * dA
        self.B -= rate * dB
"""
TURNED = """
import numpy as np
from scipy.signal import convolve2d, correlate2d

def forward(x, k):
    return correlate2d(x, k, "valid"), (x, k)

def backward(up, kept):
    x, k = kept
    dk = correlate2d(x, up, "valid")
    dx = convolve2d(up, k, "full")
    return dx, dk
"""


def test_bounds_on_gradients_do_not_hide_the_line_of_a_mistake() -> None:
    """With which no edit made all gradients right: the line was not known after a long search."""
    given = {"steps": [normal(2, 1), normal(2, 1), normal(2, 1)], "n": 2, "k": 3}
    right = "ds = self.B.T @ raw"
    found = wrong_lines(BOUNDED, {right: "ds = self.B @ raw"}, given)
    assert found == [(line_of(BOUNDED, right), right)]


@pytest.mark.parametrize(("right", "wrong"), [
    ('dx = convolve2d(up, k, "full")', 'dx = correlate2d(up, k, "full")'),
    ('dk = correlate2d(x, up, "valid")', 'dk = convolve2d(x, up, "valid")'),
])  # fmt: skip
def test_a_convolution_that_turns_its_filter_is_no_correlation(right: str, wrong: str) -> None:
    found = wrong_lines(TURNED, {right: wrong}, {"x": normal(4, 5), "k": normal(2, 3)})
    assert found == [(line_of(TURNED, right), right)]
