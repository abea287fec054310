"""Homework as it is handed in: every pass is judged with what the hints propose, and a planted mistake is found."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Check

from backprop_cli import main

OFFERED = re.compile(r"hint: give options, like (--.*), or all in a file")
Asked = Callable[..., tuple[str, str]]


@pytest.fixture
def asked(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What `backprop check` prints and notes on a text, with some more words."""

    def run(text: str, *words: str) -> tuple[str, str]:
        (tmp_path / "homework.py").write_text(f"import numpy as np\n{text}")
        monkeypatch.chdir(tmp_path)
        last = re.findall(r"^(?:class|def) (\w+)", text, re.MULTILINE)[-1]  # which may be made of those before it
        monkeypatch.setattr("sys.argv", ["backprop", "check", f"homework.py:{last.replace('back', 'for')}", *words])
        with pytest.raises(SystemExit):
            main()
        said = capsys.readouterr()
        return said.out, said.err

    return run


def judged(asked: Asked, text: str, offered: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(asked(text, *offered, "--seed", "1", "--json")[0])
    return found


def test_a_return_of_nothing_in_a_loop_changes_nothing(check: Check) -> None:
    text = """
import numpy as np
def fit(x, y, w, rounds=3):
    for epoch in range(rounds):
        if rounds < 0:
            return
        loss: float
        error = x @ w - y
        loss = np.sum(error ** 2)
        dw = 2 * x.T @ error
        w -= 0.1 * dw
    return w
"""
    given = {"x": [[0.3, 1], [1, 0.5], [2, -1]], "y": [1, 0, 1], "w": [0.4, -0.7]}
    assert check("fit.py", given, {"fit.py": text})["gradients"][0]["verdict"] == "ok"
    wrong = check("fit.py", given, {"fit.py": text.replace("2 * x.T", "x.T")})
    assert [one["line"] for one in wrong["lines"]] == [10], wrong


HOMEWORK = {  # the text, what is planted, the line that it is in
    "settings that are asked for": ("""
def window_forward(x, w, param):
    pad, stride = param.get("pad"), param.get("stride")
    N, C, H, W = x.shape
    F, C, P, Q = w.shape
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, columns = (H + 2 * pad - P) // stride + 1, (W + 2 * pad - Q) // stride + 1
    out = np.zeros((N, F, rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = padded[:, :, i * stride:i * stride + P, j * stride:j * stride + Q]
            out[:, :, i, j] = np.einsum("ncpq,fcpq->nf", part, w)
    return out, (padded, w, param)
def window_backward(dout, cache):
    padded, w, param = cache
    pad, stride = param.get("pad"), param.get("stride")
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    P, Q = w.shape[2:]
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            place = (slice(None), slice(None), slice(i * stride, i * stride + P), slice(j * stride, j * stride + Q))
            dx[place] += np.einsum("nf,fcpq->ncpq", dout[:, :, i, j], w)
            dw += np.einsum("nf,ncpq->fcpq", dout[:, :, i, j], padded[place])
    return dx[:, :, pad:dx.shape[2] - pad, pad:dx.shape[3] - pad], dw
""", ("dw += np.einsum", "dw = np.einsum"), 24),
    "rows of several, in a layer that keeps lists": ("""
class Product:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
    def forward(self, x):
        W, = self.params
        self.x = x
        return np.matmul(x, W)
    def backward(self, dout):
        W, = self.params
        self.grads[0][...] = np.sum(np.matmul(self.x.swapaxes(-2, -1), dout), axis=0)
        return np.matmul(dout, W.T)
""", ("dout), axis=0)", "dout), axis=0) / 2"), 13),
    "gates at each step": ("""
def squash(x):
    return 1 / (1 + np.exp(-x))
class Cell:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
    def forward(self, x, h, c):
        Wx, Wh, b = self.params
        H = h.shape[1]
        a = x @ Wx + h @ Wh + b
        f, g, i = squash(a[:, :H]), np.tanh(a[:, H:2 * H]), squash(a[:, 2 * H:])
        self.kept = x, h, c, f, g, i
        c_new = f * c + g * i
        return np.tanh(c_new), c_new
    def backward(self, dh, dc):
        Wx, Wh, b = self.params
        x, h, c, f, g, i = self.kept
        dc = dc + dh * (1 - np.tanh(f * c + g * i) ** 2)
        da = np.hstack([dc * c * f * (1 - f), dc * i * (1 - g ** 2), dc * g * i * (1 - i)])
        self.grads[0][...], self.grads[1][...], self.grads[2][...] = x.T @ da, h.T @ da, da.sum(axis=0)
        return da @ Wx.T, da @ Wh.T, dc * f
class Steps:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
    def forward(self, xs):
        Wx, Wh, b = self.params
        N, T, D = xs.shape
        H = Wh.shape[0]
        self.cells, hs = [], np.empty((N, T, H), dtype="f")
        h, c = np.zeros((N, H), dtype="f"), np.zeros((N, H), dtype="f")
        for t in range(T):
            cell = Cell(*self.params)
            h, c = cell.forward(xs[:, t, :], h, c)
            hs[:, t, :] = h
            self.cells.append(cell)
        return hs
    def backward(self, dhs):
        N, T, H = dhs.shape
        dxs, dh, dc = np.empty((N, T, self.params[0].shape[0])), 0, 0
        for t in reversed(range(T)):
            cell = self.cells[t]
            dx, dh, dc = cell.backward(dhs[:, t, :] + dh, dc)
            dxs[:, t, :] = dx
            for i, grad in enumerate(cell.grads):
                self.grads[i] += grad
        return dxs
""", ("dhs[:, t, :] + dh, dc)", "dhs[:, t, :], dc)"), 45),
    "words at each step": ("""
class Words:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.W = W
    def forward(self, ids):
        N, T = ids.shape
        V, D = self.W.shape
        out = np.empty((N, T, D))
        for t in range(T):
            out[:, t, :] = self.W[ids[:, t]]
        self.ids = ids
        return out
    def backward(self, dout):
        dW, = self.grads
        dW[...] = 0
        for t in range(dout.shape[1]):
            np.add.at(dW, self.ids[:, t], dout[:, t, :])
""", ("dout[:, t, :])", "dout[:, 0, :])"), 20),
    "a cost of labels in either form, and slopes of rows": ("""
def cost_of(y, t):
    if t.size == y.size:
        t = t.argmax(axis=1)
    return -np.sum(np.log(y[np.arange(len(y)), t] + 1e-7)) / len(y)
class Net:
    def __init__(self, inputs_size, hidden_size, output_size, std=0.1):
        self.params = {"W": std * np.random.randn(inputs_size, hidden_size), "b": np.zeros(hidden_size),
                       "V": std * np.random.randn(hidden_size, output_size)}
    def chances(self, x):
        z = np.tanh(x @ self.params["W"] + self.params["b"]) @ self.params["V"]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    def loss(self, x, t):
        return cost_of(self.chances(x), t)
    def gradient(self, x, t):
        h = np.tanh(x @ self.params["W"] + self.params["b"])
        dz = (self.chances(x) - t) / x.shape[0]
        da = dz @ self.params["V"].T * (1 - h ** 2)
        return {"W": x.T @ da, "b": da.sum(axis=0), "V": h.T @ dz}
""", ("dz = (self.chances(x) - t) / x.shape[0]", "dz = (self.chances(x) - t) / x.shape[1]"), 19),
    "two results, whose gradients come in one": ("""
class Twice:
    def __init__(self, c0, c1):
        self.c0, self.c1 = c0, c1
    def compute(self, a):
        return a * self.c0, a * self.c1
    def gradient(self, out_grad, node):
        return out_grad[0] * self.c0 + out_grad[1] * self.c1
""", ("out_grad[1] * self.c1", "out_grad[1] * self.c0"), 9),
    "gates that are cut out of weights": ("""
def squash(x):
    return 1 / (1 + np.exp(-x))
class Gated:
    def __init__(self, Wx, Wh, b):
        self.params = [Wx, Wh, b]
        self.grads = [np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)]
    def forward(self, x, h):
        Wx, Wh, b = self.params
        H = Wh.shape[0]
        z = squash(x @ Wx[:, :H] + h @ Wh[:, :H] + b[:H])
        n = np.tanh(x @ Wx[:, H:2 * H] + h @ Wh[:, H:2 * H] + b[H:2 * H])
        self.kept = x, h, z, n
        return (1 - z) * h + z * n
    def backward(self, dout):
        Wx, Wh, b = self.params
        x, h, z, n = self.kept
        da = np.hstack([dout * (n - h) * z * (1 - z), dout * z * (1 - n ** 2)])
        self.grads[0][...], self.grads[1][...], self.grads[2][...] = x.T @ da, h.T @ da, da.sum(axis=0)
        return da @ Wx.T, da @ Wh.T + dout * (1 - z)
""", ("da @ Wh.T + dout * (1 - z)", "da @ Wh.T + dout * z"), 21),
    "a stride that an object keeps, and places in an array": ("""
class Thinned:
    def __init__(self, kernel, stride):
        self.kernel, self.stride = kernel, stride
    def forward(self, A):
        rows, columns, high, wide = A.shape
        k, step = self.kernel, self.stride
        whole = np.zeros((rows, columns, high - k + 1, wide - k + 1))
        self.places = np.empty(shape=whole.shape, dtype=tuple)
        for place in np.ndindex(*whole.shape):
            r, c, i, j = place
            part = A[r, c, i:i + k, j:j + k]
            whole[place] = part.max()
            down, along = np.unravel_index(part.argmax(), part.shape)
            self.places[place] = i + down, j + along
        self.shape, self.whole = A.shape, whole.shape
        return whole[:, :, ::self.stride, ::self.stride]
    def backward(self, dLdZ):
        whole, dLdA = np.zeros(self.whole), np.zeros(self.shape)
        whole[:, :, ::self.stride, ::self.stride] = dLdZ
        for place in np.ndindex(*self.whole):
            i, j = self.places[place]
            dLdA[place[0], place[1], i, j] += whole[place]
        return dLdA
""", ("dLdA[place[0], place[1], i, j] += whole", "dLdA[place[0], place[1], i, j] = whole"), 24),
    "sentences that are multiplied with a matrix": ("""
class Sentences:
    def __init__(self, width):
        self.W, self.V = np.random.randn(width, width), np.random.randn(width, width)
    def forward(self, query, source):
        self.query, self.source = query, source
        self.q, self.v = query @ self.W, source @ self.V
        return np.matmul(self.q, self.v.swapaxes(1, 2))
    def backward(self, dout):
        dq, dv = np.matmul(dout, self.v), np.matmul(dout.swapaxes(1, 2), self.q)
        self.dW = np.matmul(self.query.swapaxes(1, 2), dq).sum(axis=0)
        self.dV = np.matmul(self.source.swapaxes(1, 2), dv).sum(axis=0)
        return dq @ self.W.T, dv @ self.V.T
""", ("return dq @ self.W.T", "return dq @ self.V.T"), 14),
    "labels of two kinds, of chances in a row": ("""
class Yes:
    def forward(self, x, t):
        self.t, self.y = t, 1 / (1 + np.exp(-x))
        both = np.c_[1 - self.y, self.y]
        if t.size == both.size:
            t = t.argmax(axis=1)
        return -np.mean(np.log(both[np.arange(len(both)), t]))
    def backward(self, dout=1):
        return (self.y - self.t) * dout / self.t.shape[0]
""", ("/ self.t.shape[0]", "/ (self.t.shape[0] + 1)"), 11),
    "words beside others that are drawn": ("""
class Drawn:
    def __init__(self, W, corpus, count=5):
        self.count, self.params, self.grads = count, [W], [np.zeros_like(W)]
        seen = {}
        for word in corpus:
            seen[word] = seen.get(word, 0) + 1
        self.p = np.zeros(len(seen))
        for i in range(len(seen)):
            self.p[i] = seen[i]
    def forward(self, h, target):
        W, = self.params
        self.h, self.ids = h, np.zeros((target.shape[0], self.count + 1), dtype=np.int32)
        for i in range(target.shape[0]):
            p = self.p.copy()
            p[target[i]] = 0
            p /= p.sum()
            self.ids[i, 0] = target[i]
            self.ids[i, 1:] = np.random.choice(len(p), size=self.count, replace=False, p=p)
        self.y = np.tanh((W[self.ids] * h[:, None, :]).sum(axis=2))
        return np.sum(self.y)
    def backward(self, dout=1):
        W, = self.params
        dW, = self.grads
        ds = dout * (1 - self.y ** 2)
        dW[...] = 0
        np.add.at(dW, self.ids, ds[:, :, None] * self.h[:, None, :])
        return (ds[:, :, None] * W[self.ids]).sum(axis=1)
""", ("np.add.at(dW, self.ids, ds[:, :, None]", "np.add.at(dW, self.ids, self.y[:, :, None]"), 28),
}  # fmt: skip


@pytest.mark.parametrize("name", HOMEWORK)
def test_homework_is_judged_with_what_is_offered_at_once(name: str, asked: Asked) -> None:
    text, planted, line = HOMEWORK[name]
    offered = OFFERED.search(asked(text)[1])
    assert offered is not None
    given = shlex.split(offered[1])
    assert judged(asked, text, given)["verdict"] == "ok", given
    assert planted[0] in text
    wrong = judged(asked, text.replace(*planted), given)
    assert wrong["verdict"] == "wrong", given
    assert [one["line"] for one in wrong["lines"] if one["verdict"] == "wrong"] == [line]


@pytest.mark.parametrize("of_object", [True, False])
def test_no_vectors_are_offered_where_a_matrix_shows_what_is_wrong(of_object: bool, asked: Asked) -> None:
    """A `.T` is missing: behind a vector nobody sees it, and behind a square one only by its values."""
    text = """
def layer_forward(x, W, b):
    return np.dot(x, W) + b, (x, W)
def layer_backward(dout, cache):
    x, W = cache
    return np.dot(dout, W), np.dot(x.T, dout), np.sum(dout, axis=0)
"""
    object_text = """
class Layer:
    def __init__(self, W, b):
        self.params, self.grads = [W, b], [np.zeros_like(W), np.zeros_like(b)]
    def forward(self, x):
        self.x = x
        return np.dot(x, self.params[0]) + self.params[1]
    def backward(self, dout):
        self.grads[0][...] = np.dot(self.x.T, dout)
        self.grads[1][...] = np.sum(dout, axis=0)
        return np.dot(dout, self.params[0])
"""
    wrong = object_text if of_object else text
    offered = OFFERED.search(asked(wrong)[1])
    assert offered is not None
    assert judged(asked, wrong, shlex.split(offered[1]))["verdict"] == "wrong", offered[1]
    right = wrong.replace("np.dot(dout, W)", "np.dot(dout, W.T)").replace(
        "dout, self.params[0])", "dout, self.params[0].T)"
    )
    assert judged(asked, right, shlex.split(offered[1]))["verdict"] == "ok"


VECTORS = {
    "one neuron": """
class Neuron:
    def __init__(self, W):
        self.params, self.grads = [W], [np.zeros_like(W)]
    def forward(self, x):
        self.x, (W,) = x, self.params
        return np.tanh(np.dot(x, W))
    def backward(self, dout):
        W, = self.params
        dz = dout * (1 - np.tanh(np.dot(self.x, W)) ** 2)
        self.grads[0][...] = self.x * dz
        return W * dz
""",
    "a vector behind a matrix": """
def behind_forward(x, W, b):
    return np.dot(W, x) + b, (x, W)
def behind_backward(dout, cache):
    x, W = cache
    return np.dot(W.T, dout), np.outer(dout, x), dout
""",
    "a vector behind a matrix, with axes": """
def behind_forward(x, W, b):
    return W @ x + b, (x, W)
def behind_backward(dout, cache):
    x, W = cache
    return W.T @ dout, dout[:, None] * x[None, :], dout
""",
}


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_are_offered_to_what_is_written_for_them(name: str, asked: Asked) -> None:
    offered = OFFERED.search(asked(VECTORS[name])[1])
    assert offered is not None
    assert judged(asked, VECTORS[name], shlex.split(offered[1]))["verdict"] == "ok", offered[1]


def test_two_rows_of_a_result_are_no_two_results(check: Check) -> None:
    text = """
import numpy as np
class Rows:
    def forward(self, x, w):
        self.x, self.w = x, w
        return np.stack([x @ w, 2 * x @ w]), x
    def backward(self, dout):
        d = dout[0] + 2 * dout[1]
        return self.w @ d, np.outer(self.x, d)
"""
    given = {"x": [0.3, 1, -0.4], "w": [[1, 0.5], [2, -1], [0.2, 0.7]]}
    assert check("rows.py", given, {"rows.py": text})["verdict"] == "ok"
    wrong = check("rows.py", given, {"rows.py": text.replace("2 * dout[1]", "dout[1]")})
    assert [one["line"] for one in wrong["lines"]] == [8], wrong


PLACES = """
class Table:
    def __init__(self, W):
        self.W, self.dW = W, np.zeros_like(W)
    def forward(self, {name}):
        self.places = {name}
        return self.W[{name}]
    def backward(self, dout):
        self.dW[self.places] += dout
"""


@pytest.mark.parametrize(
    ("name", "offered", "verdict"),
    [("idx", "[0,2,1,1]", "wrong"), ("token_ids", "[0,2,1,1]", "wrong"), ("word", "2", "ok")],
)
def test_places_that_repeat_are_offered_but_for_a_single_one(
    name: str, offered: str, verdict: str, asked: Asked
) -> None:
    """`+=` at places that repeat adds the last share alone; what is written for one place is right."""
    text = PLACES.replace("{name}", name)
    words = OFFERED.search(asked(text)[1])
    assert words is not None
    given = shlex.split(words[1])
    assert dict(zip(given[::2], given[1::2], strict=True)) == {f"--{name}": offered, "--W": "randn(4,3)"}
    assert judged(asked, text, given)["verdict"] == verdict
    added = text.replace("self.dW[self.places] += dout", "np.add.at(self.dW, self.places, dout)")
    assert judged(asked, added, given)["verdict"] == "ok"


TENSORS_BY_THE_CLASS = """
import torch
class Net:
    def __init__(self, width=3):
        self.params = {"w": torch.normal(mean=0.0, std=1.0, size=(width, 2)), "b": torch.zeros(size=(2,))}
    def loss(self, x, y=None):
        mode = "test" if y is None else "train"
        w, b = self.params["w"], self.params["b"]
        scores = x.matmul(w) + b
        if mode == "test":
            return scores
        off = scores - y
        loss = (off * off).sum()
        grads = {"w": 2 * x.T.matmul(off), "b": 2 * off.sum(0)}
        return loss, grads
"""


def test_a_net_whose_class_alone_tells_of_tensors_is_asked_for_what_its_mode_hangs_on(asked: Asked) -> None:
    words = OFFERED.search(asked(TENSORS_BY_THE_CLASS)[1])
    assert words is not None
    given = shlex.split(words[1])
    assert {"--x", "--y"} <= {*given}
    assert judged(asked, TENSORS_BY_THE_CLASS, given)["verdict"] == "ok"
    wrong = TENSORS_BY_THE_CLASS.replace("2 * off.sum(0)", "off.sum(0)")
    assert [one["verdict"] for one in judged(asked, wrong, given)["gradients"]] == ["ok", "wrong"]


NEIGHBOURS = """
def nearby(center, around, word2idx, inner, outer):
    loss, d_inner, d_outer = 0.0, np.zeros(inner.shape), np.zeros(outer.shape)
    c = word2idx[center]
    for word in around:
        o = word2idx[word]
        off = np.exp(outer @ inner[c])
        off /= off.sum()
        loss += -np.log(off[o])
        off[o] -= 1
        d_inner[c] += outer.T @ off
        d_outer += np.outer(off, inner[c])
    return loss, d_inner, d_outer
"""


def test_words_are_offered_to_what_looks_up_their_places(asked: Asked) -> None:
    words = OFFERED.search(asked(NEIGHBOURS)[1])
    assert words is not None
    given = shlex.split(words[1])
    values = dict(zip(given[::2], given[1::2], strict=True))
    assert values["--center"] in json.loads(values["--word2idx"])
    assert {*json.loads(values["--around"])} <= {*json.loads(values["--word2idx"])}
    assert judged(asked, NEIGHBOURS, given)["verdict"] == "ok"
    for wrong in ("d_inner[c] = outer.T @ off", "d_inner[c] += off @ outer * 2"):
        text = NEIGHBOURS.replace("d_inner[c] += outer.T @ off", wrong)
        assert [one["verdict"] for one in judged(asked, text, given)["gradients"]] == ["wrong", "ok"]


SAMPLES = """
def against(v, place_idx, table, source, count=3):
    drawn = []
    for _ in range(count):
        other = source.draw_place()
        while other == place_idx:
            other = source.draw_place()
        drawn.append(other)
    s, t = 1 / (1 + np.exp(-table[place_idx] @ v)), 1 / (1 + np.exp(table[drawn] @ v))
    loss = -np.log(s) - np.log(t).sum()
    dv = (s - 1) * table[place_idx] + (1 - t) @ table[drawn]
    dtable = np.zeros_like(table)
    dtable[place_idx] += (s - 1) * v
    np.add.at(dtable, drawn, np.outer(1 - t, v))
    return loss, dv, dtable
"""


def test_an_object_that_draws_places_is_offered(asked: Asked) -> None:
    words = OFFERED.search(asked(SAMPLES)[1])
    assert words is not None
    given = shlex.split(words[1])
    assert json.loads(dict(zip(given[::2], given[1::2], strict=True))["--source"]) == {"draw_place": "lambda: 1"}
    assert judged(asked, SAMPLES, given)["verdict"] == "ok"
    wrong = SAMPLES.replace("np.add.at(dtable, drawn, np.outer(1 - t, v))", "dtable[drawn] += np.outer(1 - t, v)")
    assert [one["verdict"] for one in judged(asked, wrong, given)["gradients"]] == ["ok", "wrong"]
