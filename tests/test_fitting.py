"""The hint for code that is given nothing: pasted, it leads to a verdict on every gradient, and no further error."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from textwrap import dedent

import pytest
from tests.pairs import Pair, pairs

from backprop.cli.options import command_named
from backprop.python.inputs.examples import OPTIONS
from backprop_cli import main


def text_of(pair: Pair) -> str:
    return f"{pair.forward}\n\n{pair.code}" if pair.forward else pair.code


KINDS = [  # pairs that need: sizes that belong together, labels, dictionaries and lists of weights, columns, texts
    "lstm step", "softmax with loss", "deep net over layers", "deep net with loops over a list of weights",
    "attention by hand", "linear backward of a course", "one cell of a recurrent net", "word embedding",
    "activations chosen by a name", "naive convolution", "mean over what is there", "groupnorm of images",
    "negative sampling", "cross entropy from probabilities with one hot", "weighted norm in numbers",
    "heads that a width is divided among", "labels in a dictionary",
    # matrices where vectors run, too; a number where an array does; labels in two axes, and in place of what is shaped
    "causal mask", "mixture of two experts", "peephole lstm step", "huber", "hinge in one row", "clamp with masks",
    "masked softmax over time",
    # what an error tells: the keys of a dictionary, the width of gates; what is picked by elements, and at each step
    "pictures by helpers", "gated step of two widths", "words by elements", "labels of each step",
    # listings: what they read and do not set
    "embedding and one hidden layer", "two matrices by hand", "makemore style mlp with batch norm listing",
    "a neuron of two inputs", "layer norm by hand in torch", "a listing that calls a sigmoid",
    # dictionaries in one; what a softmax makes; a layer of one unit, as it asserts; a class that its heirs complete
    "weights with their slopes", "a loss behind a softmax", "one unit alone", "a rule for heirs",
    # a step that takes what is before it and came out of it; a list of columns, beside which a matrix has both sizes
    "a step and what is before", "columns at each step",
    # settings that have defaults, and that the way back needs
    "settings of both passes",
]  # fmt: skip
RIGHT = {pair.name: text_of(pair) for pair in pairs() if pair.half != "held"}
RIGHT["heads that a width is divided among"] = """
import numpy as np

class Heads:
    def __init__(self, width, heads, eps):
        assert width % heads == 0
        self.heads, self.eps = heads, eps

    def forward(self, x, v):
        B, T, C = x.shape
        self.shape = x.shape
        self.x = x.reshape(B, T, self.heads, C // self.heads).transpose(0, 2, 1, 3)
        self.v = v
        self.norm = np.sqrt((self.x ** 2).sum(-1, keepdims=True) + self.eps)
        return (self.x / self.norm).transpose(0, 2, 1, 3).reshape(B, T, C) @ v

    def backward(self, dout):
        B, T, C = self.shape
        y = (self.x / self.norm).transpose(0, 2, 1, 3).reshape(B, T, C)
        dv = y.transpose(0, 2, 1) @ dout
        dy = (dout @ self.v.transpose(0, 2, 1)).reshape(B, T, self.heads, -1).transpose(0, 2, 1, 3)
        dx = dy / self.norm - self.x * (dy * self.x).sum(-1, keepdims=True) / self.norm ** 3
        return dx.transpose(0, 2, 1, 3).reshape(B, T, C), dv
"""
RIGHT["a listing that calls a sigmoid"] = """
z = np.dot(W, x) + b
a = sigmoid(z)
loss = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
dz = a - y
dW = np.outer(dz, x)
db = dz
dx = W.T @ dz
"""
RIGHT["labels in a dictionary"] = """\
import numpy as np

def loss_forward(data):
    p = data["x"] @ np.ones((3, 4))
    return -np.sum(p[np.arange(2), data["y"]])

def loss_backward(data):
    d = np.zeros((2, 4))
    d[np.arange(2), data["y"]] = -1
    return {"x": d @ np.ones((3, 4)).T}
"""
RIGHT["operations on values"] = """
import math
import numpy as np

class Value:
    def __init__(self, data, children=()):
        self.data, self.grad = np.array(data, dtype=float), 0.0
        self._backward = lambda: None

    def exp(self):
        out = Value(math.exp(self.data), (self,))
        def _backward():
            self.grad += out.data * out.grad
        out._backward = _backward
        return out

    def __pow__(self, power):
        assert isinstance(power, (int, float))
        out = Value(self.data**power, (self,))
        def _backward():
            self.grad += power * self.data ** (power - 1) * out.grad
        out._backward = _backward
        return out

    def squeeze(self, dim):
        out = Value(np.squeeze(self.data, axis=dim), (self,))
        def _backward():
            self.grad += np.expand_dims(out.grad, axis=dim)
        out._backward = _backward
        return out

    def permute(self, order):
        out = Value(self.data.transpose(order), (self,))
        def _backward():
            self.grad += out.grad.transpose(np.argsort(order))
        out._backward = _backward
        return out
"""
PICTURES = """
import numpy as np

def windows(x, setting):
    N, C, H, W = x.shape
    step, pad = setting["step"], setting["pad"]
    p = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return p[:, :, ::step, ::step], p.shape

def scaled_forward(x, w, b, setting):
    parts, shape = windows(x, setting)
    F, C, H, W = w.shape
    out = np.einsum("nchw,fchw->nf", parts[:, :, :H, :W], w) + b
    return out, (x, w, parts, shape, setting)

def scaled_backward(dout, cache):
    x, w, parts, shape, setting = cache
    F, C, H, W = w.shape
    step, pad = setting["step"], setting["pad"]
    dw, db = np.einsum("nchw,nf->fchw", parts[:, :, :H, :W], dout), dout.sum(axis=0)
    dparts = np.zeros_like(parts)
    dparts[:, :, :H, :W] = np.einsum("nf,fchw->nchw", dout, w)
    dp = np.zeros(shape)
    dp[:, :, ::step, ::step] = dparts
    return dp[:, :, pad:-pad, pad:-pad], dw, db
"""
WORDS = """
import numpy as np

def words_forward(x, W):
    N, T = x.shape
    V, D = W.shape
    out = np.zeros((N, T, D))
    for n in range(N):
        for t in range(T):
            out[n, t] = W[x[n, t]]
    return out, (x, W.shape)

def words_backward(dout, cache):
    x, shape = cache
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW
"""
RIGHT["pictures by helpers"] = PICTURES
RIGHT["words by elements"] = WORDS
RIGHT["gated step of two widths"] = """
import numpy as np

def gated_forward(x, h, Wx, Wh, b, Vx, Vh, c):
    N, H = h.shape
    a = 1 / (1 + np.exp(-(x.dot(Wx) + h.dot(Wh) + b)))
    r, u = a[:, :H], a[:, H : 2 * H]
    g = np.tanh((r * h).dot(Vh) + x.dot(Vx) + c)
    return (1 - u) * h + u * g, (x, h, Wx, Wh, Vx, Vh, r, u, g)

def gated_backward(dnext, cache):
    x, h, Wx, Wh, Vx, Vh, r, u, g = cache
    dg, du = dnext * u * (1 - g**2), dnext * (g - h) * u * (1 - u)
    drh = dg.dot(Vh.T)
    da = np.hstack([drh * h * r * (1 - r), du])
    dx, dh = da.dot(Wx.T) + dg.dot(Vx.T), dnext * (1 - u) + drh * r + da.dot(Wh.T)
    return dx, dh, x.T.dot(da), h.T.dot(da), da.sum(axis=0), x.T.dot(dg), (r * h).T.dot(dg), dg.sum(axis=0)
"""
RIGHT["labels of each step"] = """
import numpy as np

def steps_loss(x, W, y):
    N, T, D = x.shape
    loss, dx, dW = 0.0, np.zeros_like(x), np.zeros_like(W)
    for t in range(T):
        now, label = x[:, t], y[:, t]
        e = np.exp(now @ W)
        p = e / e.sum(axis=1, keepdims=True)
        loss -= np.log(p[np.arange(N), label]).sum()
        p[np.arange(N), label] -= 1
        dx[:, t], dW = p @ W.T, dW + now.T @ p
    return loss, dx, dW
"""
RIGHT["weights with their slopes"] = """
import numpy as np

def layer_forward(x, params):
    z = x @ params["W"]["value"] + params["b"]["value"]
    return np.tanh(z), z

def layer_backward(dout, x, z, params):
    dz = dout * (1 - np.tanh(z) ** 2)
    return dz @ params["W"]["value"].T
"""
RIGHT["a loss behind a softmax"] = """
import numpy as np

class CrossEntropy:
    def __call__(self, probs, wanted):
        return np.mean(-np.sum(wanted * np.log(probs), axis=1))

    def get_grad_of_scores(self, probs, wanted):
        grad = probs - wanted
        return grad / len(probs)
"""
RIGHT["one unit alone"] = """
import numpy as np

def unit_forward(A, W, b):
    return W @ A + b, (A, W, b)

def unit_backward(dZ, cache):
    A, W, b = cache
    db = np.squeeze(np.sum(dZ, axis=1, keepdims=True)) / 1.0
    assert isinstance(db, float)
    return W.T @ dZ, dZ @ A.T, db
"""
RIGHT["a rule for heirs"] = """
import numpy as np

class Rule:
    def forward(self, value):
        self.value = value
        self.result = self.compute()
        return self.result

    def backward(self, grad):
        assert grad.shape == self.result.shape
        return self.slope(grad)

    def compute(self):
        raise NotImplementedError()

    def slope(self, grad):
        raise NotImplementedError()

class Same(Rule):
    def compute(self):
        return self.value

    def slope(self, grad):
        return grad

class Squash(Rule):
    def compute(self):
        return np.tanh(self.value)

    def slope(self, grad):
        return grad * (1 - self.result**2)
"""
RIGHT["a step and what is before"] = """
import numpy as np

class Step:
    def __init__(self, size, units):
        self.U, self.V = np.random.randn(units, size), np.random.randn(units, units)

    def forward(self, x, s):
        return np.tanh(x @ self.U.T + s @ self.V.T)

    def backward(self, delta, s, s_prev_layer, s_prev_time):
        dz = delta * (1 - s**2)
        self.dU = dz.T @ s_prev_layer
        self.dV = dz.T @ s_prev_time
        return dz @ self.U, dz @ self.V
"""
RIGHT["settings of both passes"] = """
import numpy as np

def windows_forward(x, w, b, param):
    s = param.get("stride", 1)
    N, H, W = x.shape
    F, H, K = w.shape
    F = b.shape[0]
    out = np.zeros((N, F, (W - K) // s + 1))
    for n in range(N):
        for f in range(F):
            for k in range(out.shape[2]):
                out[n, f, k] = np.sum(x[n, :, k * s : k * s + K] * w[f]) + b[f]
    return out, (x, w, b, param)

def windows_backward(dout, cache):
    x, w, b, param = cache
    s, K = param["stride"], w.shape[2]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), dout.sum(axis=(0, 2))
    for n in range(len(x)):
        for f in range(len(w)):
            for k in range(dout.shape[2]):
                dx[n, :, k * s : k * s + K] += w[f] * dout[n, f, k]
                dw[f] += x[n, :, k * s : k * s + K] * dout[n, f, k]
    return dx, dw, db
"""
RIGHT["columns at each step"] = """
import numpy as np

class Steps:
    def __init__(self, width, units):
        self.units, self.W = units, np.random.randn(units, width)

    def forward(self, inputs):
        self.both, self.states = {}, {-1: np.zeros((self.units, 1))}
        for t in range(len(inputs)):
            self.both[t] = np.concatenate((self.states[t - 1], inputs[t]))
            self.states[t] = np.tanh(self.W @ self.both[t])
        return [self.states[t] for t in range(len(inputs))]

    def backward(self, dout):
        dW, carried, dinputs = np.zeros_like(self.W), 0, [None] * len(dout)
        for t in reversed(range(len(dout))):
            dz = (dout[t] + carried) * (1 - self.states[t] ** 2)
            dW += dz @ self.both[t].T
            carried, dinputs[t] = (self.W.T @ dz)[: self.units], (self.W.T @ dz)[self.units :]
        self.dW = dW
        return np.array(dinputs)
"""
LIKE = re.compile(r"give options, like (.*), or all in a file")


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["backprop", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code or 0


@pytest.mark.parametrize("name", KINDS)
def test_what_is_offered_can_be_pasted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "layers.py"
    file.write_text(RIGHT[name])
    assert run(monkeypatch, "check", str(file)) == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    assert run(monkeypatch, "check", str(file), *shlex.split(offered[1]), "--seed", "1") == 0, offered[1]


def test_where_no_values_fit_all_passes_each_has_a_command_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """One `x` is of pictures, another one of words: all are judged by what is offered, also of those that are left
    where some are judged."""
    (tmp_path / "my layers.py").write_text(f"{PICTURES}\n{WORDS}")
    monkeypatch.chdir(tmp_path)
    for given in ((), ("--x", "[[0, 1], [1, 1]]", "--W", "randn(3,2)")):
        assert run(monkeypatch, "check", "my layers.py", *given, "--seed", "1") == (0 if given else 2)
        commands = re.findall(r"^  backprop (check .*)", capfd.readouterr().err, re.MULTILINE)
        names = [re.search(r":(\w+)", one)[1] for one in commands]  # type: ignore[index]
        assert names == ["scaled_forward", "words_forward"][: 1 if given else 2]
        for command in commands:
            assert run(monkeypatch, *shlex.split(command), "--seed", "1") == 0, command


@pytest.mark.parametrize("method", ["exp", "__pow__", "squeeze", "permute"])
def test_what_is_offered_for_an_operation_can_be_pasted(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "values.py").write_text(RIGHT["operations on values"])
    name = f"{tmp_path}/values.py:Value.{method}"
    assert run(monkeypatch, "check", "-f", name) == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    assert run(monkeypatch, "check", "-f", name, *shlex.split(offered[1]), "--seed", "1") == 0, offered[1]


def test_a_wrong_pass_is_offered_what_it_runs_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    right = RIGHT["lstm step"]
    wrong = right.replace("dprev_c = dnext_c * f", "dprev_c = dnext_c").replace("* (1 - g ** 2)", "")
    assert wrong != right
    (tmp_path / "wrong.py").write_text(wrong)
    monkeypatch.setattr("sys.argv", ["backprop", "check", f"{tmp_path}/wrong.py"])
    with pytest.raises(SystemExit):
        main()
    assert re.search(r"--Wx 'randn\(\d,(\d+)\)' --Wh 'randn\((?!\1)\d,\1\)' --b 'randn\(\1\)'", capfd.readouterr().err)


HIDDEN = {  # mistakes that are none where an axis has the size 1 or that of another, or nothing is left out
    "one key": """
        def attention(Q, K, V):
            S = Q @ K.T / np.sqrt(Q.shape[-1])
            e = np.exp(S - S.max(-1, keepdims=True))
            A = e / e.sum(-1, keepdims=True)
            return A @ V, (Q, K, V, A)
        def attention_backward(dO, cache):
            Q, K, V, A = cache
            dA = dO @ V.T
            dS = A * (dA - (dA * A).sum(-1, keepdims=True))
            return dS @ K, dS.T @ Q, A.T @ dO
    """,
    "one row": """
        class Linear:
            def __init__(self, n_in, n_out):
                self.W = np.random.randn(n_in, n_out)
                self.b = np.zeros(n_out)
            def forward(self, x):
                self.x = x
                return x @ self.W + self.b
            def backward(self, grad):
                self.dW = self.x.T @ grad
                self.db = grad.mean(axis=0)
                return grad @ self.W.T
    """,
    "one output": """
        def linear_forward(input, weight, bias):
            return input @ weight.T + bias, (input, weight)
        def linear_backward(dout, cache):
            input, weight = cache
            return dout @ weight, dout.T @ input / len(weight), dout.sum(axis=0)
    """,
    "a square": """
        def layernorm_forward(x, gamma, ln_param):
            xhat = x - x.mean(axis=1, keepdims=True)
            std = np.sqrt((xhat**2).mean(axis=1, keepdims=True) + ln_param.get("eps", 1e-5))
            return gamma * xhat / std, (xhat / std, gamma, std)
        def layernorm_backward(dout, cache):
            xhat, gamma, std = cache
            N, D = dout.shape
            g = dout * gamma
            dx = (D * g - g.sum(1, keepdims=True) - xhat * (g * xhat).sum(1, keepdims=True)) / (N * std)
            return dx, (dout * xhat).sum(0)
    """,
    "nothing dropped": """
        def dropout_forward(x, dropout_param):
            np.random.seed(dropout_param["seed"])
            p = dropout_param["p"]
            mask = np.random.rand(*x.shape) < p
            return x * mask / p, (mask, p)
        def dropout_backward(dout, cache):
            mask, p = cache
            return dout * mask
    """,
    "numbers above 0": """
        class Rectifier:
            def forward(self, value):
                self.result = np.clip(value, 0, None)
                return self.result
            def backward(self, grad):
                return grad * (self.result >= 0)
    """,
}


@pytest.mark.parametrize("name", HIDDEN)
def test_what_is_offered_hides_no_mistake(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.py"
    file.write_text(f"import numpy as np\n{dedent(HIDDEN[name])}")
    assert run(monkeypatch, "check", str(file)) == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    assert run(monkeypatch, "check", str(file), *shlex.split(offered[1])) == 1, offered[1]


def test_labels_are_offered_to_a_wrong_pass_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With others, its right lines would be wrong, too."""
    file = tmp_path / "wrong.py"
    file.write_text(
        dedent("""
        import numpy as np
        def forward(X, W1, W2):
            z = X @ W1
            a = np.tanh(z)
            e = np.exp(a @ W2)
            return z, a, e / e.sum(1, keepdims=True)
        def compute_loss(p, Y):
            return -np.sum(Y * np.log(p)) / len(Y)
        def backward(X, Y, z, a, p, W2):
            dz2 = (p - Y) / len(X)
            return X.T @ ((dz2 @ W2.T) * (1 - z**2)), a.T @ dz2
        def step(X, Y, W1, W2):
            z, a, p = forward(X, W1, W2)
            dW1, dW2 = backward(X, Y, z, a, p, W2)
            return W1 - dW1, W2 - dW2
    """)
    )
    assert run(monkeypatch, "check", str(file)) == 2
    assert re.search(r"--Y '\[\[[01][^']*\]\]'", capfd.readouterr().err)


def test_what_has_the_name_of_an_option_is_known() -> None:
    flags = [flag for one in command_named("check").parameters for flag in one.flags if flag.startswith("--")]
    assert {"help", *(flag.removeprefix("--") for flag in flags)} == OPTIONS


SIZES = {  # what is offered: sizes that are small, and other ones for axes that need not be as long
    "large defaults": ("""
        class Dense:
            def __init__(self, input_dim=3 * 32 * 32, units=100):
                self.W = np.random.randn(input_dim, units)
            def forward(self, X):
                self.X = X
                return X @ self.W
            def backward(self, dout):
                self.dW = self.X.T @ dout
                return dout @ self.W.T
    """, "--X 'randn(4,3)' --input_dim '3'"),
    "a layer that flattens": ("""
        def flat_forward(x, w, b):
            return x.reshape(x.shape[0], -1).dot(w) + b, (x, w, b)
        def flat_backward(dout, cache):
            x, w, b = cache
            dx = dout.dot(w.T).reshape(x.shape)
            return dx, x.reshape(x.shape[0], -1).T.dot(dout), dout.sum(axis=0)
    """, "--x 'randn(4,3)' --w 'randn(3,5)' --b 'randn(5)'"),
    "a scale": ("""
        class Scale:
            def __init__(self, scalar):
                self.scalar = scalar
            def forward(self, a):
                return a * self.scalar
            def backward(self, dout):
                return dout * self.scalar
    """, "--a 'randn(3)' --scalar '0.6'"),
    "the shape of a picture": ("""
        class Pictures:
            def __init__(self, in_shape):
                self.depth, self.height, self.width = in_shape
                self.W = np.random.randn(self.depth, self.height, self.width)
            def forward(self, z):
                self.z = z.reshape(z.shape[0], self.depth, self.height, self.width)
                return self.z * self.W
            def backward(self, dout):
                self.dW = (self.z * dout).sum(axis=0)
                return (dout * self.W).reshape(self.z.shape)
    """, "--z 'randn(2,3,6,5)' --in_shape '[3,6,5]'"),
    "labels that the slope of a softmax takes": ("""
        class Chances:
            def forward(self, z):
                self.n = len(z)
                a = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
                return a
            def backward(self, a, y):
                return (a - y) / self.n
    """, "--z 'randn(4,3)' --y '[[1,0,0],[0,0,1],[0,1,0],[1,0,0]]'"),
    "labels of a cost that is wrong by a factor": ("""
        class Costs:
            def forward(self, z, y):
                self.a, self.y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), y
                return -np.sum(y * np.log(self.a)) / z.shape[0]
            def backward(self):
                return self.a - self.y
    """, "--z 'randn(4,3)' --y '[[1,0,0],[0,0,1],[0,1,0],[1,0,0]]'"),
    "a wrong cost of probabilities": ("""
        class Costs:
            def forward(self, pred, y):
                self.pred, self.y = pred, y
                return -np.sum(y * np.log(pred + 1e-9))
            def backward(self):
                return self.y / (1 - self.pred)
    """, "--pred 'rand(3)' --y 'rand(3)'"),
    "all weights in a row": ("""
        def net(data, labels, params, dimensions):
            D, H, K = dimensions[0], dimensions[1], dimensions[2]
            W = params[:D * H].reshape(D, H)
            V = params[D * H:D * H + H * K].reshape(H, K)
            h = np.tanh(data.dot(W))
            out = h.dot(V)
            cost = np.sum((out - labels) ** 2)
            dout = 2 * (out - labels)
            dh = dout.dot(V.T) * (1 - h ** 2)
            grad = np.concatenate([data.T.dot(dh).ravel(), h.T.dot(dout).ravel()])
            return cost, grad
    """, "--data 'randn(5,3)' --labels 'randn(5,2)' --params 'randn(20)' --dimensions '[3,4,2]'"),
    "a step of rows of a state": ("""
        def step_forward(x, prev_h, prev_c, Wx, Wh, b):
            _, H = prev_c.shape
            a = x.dot(Wx) + prev_h.dot(Wh) + b
            i, f = 1 / (1 + np.exp(-a[:, :H])), 1 / (1 + np.exp(-a[:, H:2 * H]))
            return f * prev_c + i, (x, prev_h, prev_c, Wx, Wh, i, f)
        def step_backward(dnext_c, cache):
            x, prev_h, prev_c, Wx, Wh, i, f = cache
            di, df = dnext_c * i * (1 - i), dnext_c * prev_c * f * (1 - f)
            da = np.hstack([di, df])
            return da.dot(Wx.T), da.dot(Wh.T), dnext_c * f, x.T.dot(da), prev_h.T.dot(da), da.sum(axis=0)
    """, "--x 'randn(3,5)' --prev_h 'randn(3,4)' --prev_c 'randn(3,4)' --Wx 'randn(5,8)' --Wh 'randn(4,8)' "
         "--b 'randn(8)'"),
    "filters of which one axis is read": ("""
        class Windows:
            def forward(self, x, W):
                self.x, self.W, k = x, W, W.shape[2]
                self.h, self.w = x.shape[2] - k + 1, x.shape[3] - k + 1
                parts = [(i, j) for i in range(k) for j in range(k)]
                return sum(np.einsum("nchw,co->nohw", self.part(x, i, j), W[:, :, i, j]) for i, j in parts)
            def part(self, x, i, j):
                return x[:, :, i:i + self.h, j:j + self.w]
            def backward(self, dout):
                dx, dW = np.zeros_like(self.x), np.zeros_like(self.W)
                for i in range(self.W.shape[2]):
                    for j in range(self.W.shape[3]):
                        part = dx[:, :, i:i + self.h, j:j + self.w]
                        part += np.einsum("nohw,co->nchw", dout, self.W[:, :, i, j])
                        dW[:, :, i, j] = np.einsum("nchw,nohw->co", self.part(self.x, i, j), dout)
                return dx, dW
    """, "--x 'randn(2,2,6,6)' --W 'randn(2,3,3,3)'"),
    "two axes that are swapped": ("""
        class Swap:
            def forward(self, a):
                return np.swapaxes(a, a.ndim - 2, a.ndim - 1)
            def backward(self, dout):
                return np.swapaxes(dout, -1, -2)
    """, "--a 'randn(4,3)'"),
    "a shape that is another one": ("""
        class Shaped:
            def __init__(self, shape):
                self.shape = shape
            def forward(self, a):
                self.was = a.shape
                return np.reshape(a, self.shape)
            def backward(self, dout):
                return np.reshape(dout, self.was)
    """, "--a 'randn(4,3)' --shape '[3,4]'"),
    "a shape that has more axes": ("""
        class Wide:
            def __init__(self, shape):
                self.shape = shape
            def forward(self, a):
                self.was = a.shape
                return np.broadcast_to(a, self.shape)
            def backward(self, dout):
                more = len(self.shape) - len(self.was)
                ones = [i + more for i, one in enumerate(self.was) if one == 1]
                return dout.sum(axis=(*range(more), *ones)).reshape(self.was)
    """, "--a 'randn(4,3)' --shape '[2,4,3]'"),
    "a picture of the size that a net has unless another is given": ("""
        class Net:
            def __init__(self, input_dim=(1, 28, 28), units=5):
                self.W = np.random.randn(input_dim[0] * input_dim[1] * input_dim[2], units)
            def loss(self, x, t):
                n, c, h, w = x.shape
                s = x.reshape(n, -1).dot(self.W)
                p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
                if t.size == p.size:
                    t = t.argmax(axis=1)
                cost = -np.log(p[np.arange(n), t]).sum()
                p[np.arange(n), t] -= 1
                grads = {}
                grads["W"] = x.reshape(n, -1).T.dot(p)
                return cost, grads
    """, "--x 'randn(2,1,8,8)' --t '[0,2]' --input_dim '[1,8,8]'"),
    "sizes that are taken, and asserted of what is taken": ("""
        class Total:
            def forward(self, x, count, units):
                assert x.shape == (count, units)
                self.x = x
                return x.sum(axis=0) * count
            def backward(self, above):
                return np.ones(self.x.shape) * above * self.x.shape[0]
    """, "--x 'randn(4,3)' --count '4' --units '3'"),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_what_is_offered_is_small_and_of_sizes_apart(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    text, wanted = SIZES[name]
    file = tmp_path / "sized.py"
    file.write_text(f"import numpy as np\n{dedent(text)}")
    assert run(monkeypatch, "check", str(file)) == 2
    offered = LIKE.search(capfd.readouterr().err)
    assert offered is not None
    assert offered[1] == wanted


LENGTH = """
import numpy as np
def length(x):
    return np.sqrt(np.sum(x * x))
def length_backward(x, dout):
    return dout * np.sign(x)
"""


def test_what_sums_over_what_it_is_given_is_offered_no_number_alone(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A number's length has such a slope, and so the pass was ok."""
    path = tmp_path / "length.py"
    path.write_text(LENGTH)
    run(monkeypatch, "check", str(path))
    hint = shlex.split(capfd.readouterr().err.partition("like ")[2].partition(", or all")[0])
    assert hint == ["--x", "randn(3)"]
    assert run(monkeypatch, "check", str(path), "--seed", "1", *hint) == 1
