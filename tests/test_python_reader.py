"""Python that is read as people write it: every spelling against the real library, pairs of passes, and what is
refused."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
import scipy
import scipy.special

from backprop.errors import Problem
from backprop.python.inputs.given import arguments_from
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.pairs import all_pairs
from backprop.python.pairs.trained import script_pair
from backprop.python.runs.runner import Runner
from backprop.python.spellings.numpy import NUMPY, SCIPY
from backprop.python.spellings.row import Row
from backprop.python.spellings.torch import TORCH
from backprop.python.texts.gradients import Outcome
from backprop.python.texts.source import Code, part_of
from backprop.python.values.arrays import tensor
from backprop.python.values.frames import Source
from backprop.python.values.meter import Meter
from backprop.python.values.scope import Library, Scope
from conftest import Check

X = np.array([[0.4, -0.7, 1.3], [-1.1, 0.9, 0.25]])
V = np.array([0.3, -0.2, 0.8])
Y = np.array([2, 0])
LIBRARIES = {
    "np": Library(("numpy",)),
    "math": Library(("math",)),
    "scipy": Library(("scipy",)),
    "torch": Library(("torch",)),
    "F": Library(("torch", "nn", "functional")),
}


def read(text: str, seconds: float = 5.0, **names: Any) -> dict[str, Any]:
    """The names after a text was interpreted."""
    run = Interpreter(Meter(seconds))
    run.source = Source(text, None)
    scope = Scope()
    scope.names.update(LIBRARIES)
    scope.names.update(names)
    with np.errstate(all="ignore"):
        run.body(ast.parse(text).body, scope)
    return scope.names


def statement(example: str) -> str:
    return example if "f = " in example else f"f = {example}"


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, tuple | list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    a, b = np.asarray(ours), np.asarray(theirs)
    return a.shape == b.shape and a.dtype.kind == b.dtype.kind and np.allclose(a, b, equal_nan=True)


@pytest.mark.parametrize(
    "row", [*NUMPY.values(), *SCIPY.values()], ids=[*NUMPY, *(f"special.{name}" for name in SCIPY)]
)
def test_every_spelling_of_numpy_does_what_numpy_does(row: Row) -> None:
    theirs: dict[str, Any] = {"np": np, "scipy": scipy, "x": X.copy(), "v": V.copy(), "y": Y.copy()}
    with np.errstate(all="ignore"):
        exec(statement(row.example), theirs)
    assert same(read(statement(row.example), x=X.copy(), v=V.copy(), y=Y.copy())["f"], theirs["f"])


@pytest.mark.parametrize("row", TORCH.values(), ids=list(TORCH))
def test_every_spelling_of_torch_does_what_torch_does(row: Row) -> None:
    torch = pytest.importorskip("torch")
    kind = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    theirs = {name: torch.tensor(value) for name, value in (("x", X), ("v", V), ("y", Y))}
    theirs.update(torch=torch, F=torch.nn.functional)
    try:
        exec(statement(row.example), theirs)
    finally:
        torch.set_default_dtype(kind)
    assert same(
        read(statement(row.example), x=tensor(X.copy()), v=tensor(V.copy()), y=tensor(Y.copy()))["f"], theirs["f"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "a = x*1; b = a; b += 1; f = a",
        "a = x*1; b = a[0]; b *= 2; f = a",
        "a = x*1; b = a[[0, 1]]; b += 1; f = a",
        "a = x*1; a[[0, 0]] += x[:1]; f = a",
        "a = x*1; a[a > 0] = 0; f = a",
        "a = x*1; b = a.T.reshape(-1); b[0] = 9; f = a",
        "a = x*1; a = a + 1; f = a - x",
        "a = x*1\nfor r in a:\n    r *= 2\nf = a",
        "a = x.sum(); b = a; a += 1; f = a - b",
        "a, *b = x[0]; f = a + b[0] + b[1]",
        "d = {'W': x}; d['W'] = d['W'] * 2; f = d['W'] - x",
        "f = [i*v for i in range(3) if i]",
        "def g(a, k=2, *r, **m):\n    return a**k + len(r) + m.get('z', 0)\nf = g(x) + g(x, 3, 1, z=4)",
        "g = lambda a, k=2: a*k\nf = g(x) + g(x, k=3)",
        "class A:\n    k = 3\n    def __init__(self, w):\n        self.w = w\n    def __call__(self, a):\n"
        "        return a*self.w*self.k\n"
        "class B(A):\n    def __init__(self, w):\n        super().__init__(w)\n        self.w = self.w + 1\n"
        "f = B(x)(x)",
        "f = 0\nwhile True:\n    f += 1\n    if f > 4:\n        break\nelse:\n    f = 0",
        "f = x[::-1, ..., None].shape",
        "n = 0\ndef g():\n    global n\n    n = 5\ng()\nf = n",
        "f = sum(v) + max(v[0], v[1]) + abs(v[1]) + len(x)",
        "f = {k: i for i, k in enumerate('ab')}['b'] + (1 if x[0, 0] > 0 else 2)",
        "f = isinstance(x, np.ndarray) and 1 < 2 <= 2",
        "f = 7 // 2 + 7 % 4 - 2**3 + (5 & 3 | 8)",
        "f = -x + ~(x > 0)",
        "a = np.zeros(3, dtype=int); a[1] = 2.7; f = a",
        "f = float(x.sum()) + int(2.7) + x.shape[0] + x.size + np.pi + math.sqrt(4)",
        "f = 'a' in {'a': 1} and 'b' not in 'cd'",
    ],
)
def test_the_language_means_what_python_means(text: str) -> None:
    import math

    theirs: dict[str, Any] = {"np": np, "math": math, "x": X.copy(), "v": V.copy(), "y": Y.copy()}
    exec(text, theirs)
    assert same(read(text, x=X.copy(), v=V.copy(), y=Y.copy())["f"], theirs["f"])


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("f = open('/etc/passwd')", "refused", 1),
        ("x = 1\nf = eval('1+1')", "refused", 2),
        ("exec('import os')", "refused", 1),
        ("import os\nf = x * os.getpid()", "name", 2),
        ("f = __import__('os')", "refused", 1),
        ("f = x.__dict__", "refused", 1),
        ("f = (lambda: 0).__globals__", "refused", 1),
        ("f = getattr(x, '__dict__')", "refused", 1),
        ("f = '{0.__class__}'.format(x)", "name", 1),
        ("f = np.load('a.npy')", "name", 1),
        ("f = np.fromfile('a')", "name", 1),
        ("f = x.tofile('a')", "name", 1),
        ("f = np.fromfunction(len, (3,))", "name", 1),
        ("f = np.array([print])", "name", 1),
        ("f = np.ones(3, dtype=object)", "value", 1),
        ("f = np.ctypeslib", "", 0),
        ("while True:\n    pass", "size", 2),
        ("def g():\n    return g()\nf = g()", "size", 2),
        ("f = np.zeros((10**5, 10**5))", "size", 1),
        ("f = 9**9**9", "size", 1),
        ("f = list(range(10**9))", "size", 1),
        ("f = [0]*10**9", "size", 1),
        ("s = 'ab'\nwhile True:\n    s += s", "size", 3),
        ("L = [1]\nwhile True:\n    L += L", "size", 3),
        ("f = '%99999999d' % 1", "value", 1),
        ("f = 1 << 10**9", "size", 1),
        ("f = sum(range(10**9))", "size", 1),
        ("f = np.outer(np.ones(10**4), np.ones(10**4))", "size", 1),
        ("a = np.ones(10**4)\nf = a[:, None] * a", "size", 2),
        ("f = np.einsum('a,b,c->abc', v, v, np.ones(10**6))", "size", 1),
        ("f = nothing + 1", "name", 1),
        ("f = x @ x", "shape", 1),
        ("f = x[5]", "value", 1),
        ("f = [*zip(v, v[1:])]\nf = [*zip(v, v[1:], strict=True)]", "shape", 2),
        ("with open('f') as f: pass", "refused", 1),
        ("try:\n    f = open('f')\nexcept Exception: pass", "refused", 2),
        ("with open('a') as b:\n    f = 1", "refused", 1),
        ("f = x.nothing", "", 0),
        ("x.__class__ = 1", "refused", 1),
        ("f = np.random.nothing(3)", "name", 1),
        ("a = np.zeros(3, dtype=int)\na /= 2", "value", 2),
    ],
)
def test_what_is_refused_says_where(text: str, kind: str, line: int) -> None:
    if not kind:
        read(text, x=X.copy())
        return
    with pytest.raises(Problem) as caught:
        read(text, x=X.copy(), v=V.copy())
    assert (caught.value.kind, caught.value.line) == (kind, line), caught.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no code in f.py"), ("# nothing yet\n", "there is no code in f.py"),
        ("f = " + "-" * 20000 + "x", "f.py is nested too deeply to be read as Python"),
    ],
)  # fmt: skip
def test_a_file_that_holds_nothing_to_judge_says_so(check: Check, text: str, told: str) -> None:
    assert check("f.py", {}, {"f.py": text})["error"]["message"] == told


@pytest.mark.parametrize(
    "text",
    [
        "np.arange(stop=10**10)",
        "np.eye(3, M=10**9)",
        "np.bincount(np.array([1]), minlength=10**9)",
        "np.zeros_like(x, shape=10**9)",
        "np.take(np.zeros(10**6), np.zeros(10**6, dtype=int))",
        "np.outer(a=np.ones(10**5), b=np.ones(10**5))",
        "np.array_split(x, 10**8)",
        "np.meshgrid(np.ones(10**3), np.ones(10**3), np.ones(10**3))",
        "np.random.choice(5, 10**9, True)",
        "np.repeat(x, repeats=10**9)",
        "','.join(['a' * 10**6] * 10**6)",
        "np.broadcast_to(v, (10**7, 3)).copy()",
        "np.pad(x, pad_width=10**5)",
        "torch.zeros(10**5, 10**5)",
        "torch.tensor([1.0]).expand(10**9).clone()",
        "F.one_hot(torch.tensor([10**9]))",
        "np.array([[0.0] * 10**3] * 10**6)",
        "math.prod([3] * 10**6)",
        "np.vstack([np.ones(10**6)] * 10**3)",
        "np.tensordot(np.ones(10**4), np.ones(10**4), axes=0)",
        "[i for i in range(10**9)]",
        "(lambda f: f(f))(lambda f: f(f))",
        "x.repeat(10**9)",
        "np.where(np.ones((10**4, 1)) > 0, np.ones(10**4), 0)",
    ],
)
def test_nothing_large_is_made(text: str) -> None:
    with pytest.raises(Problem) as caught:
        read(f"f = {text}", x=X.copy(), v=V.copy())
    assert caught.value.kind in ("size", "name")


def test_a_name_is_local_where_a_function_assigns_it() -> None:
    with pytest.raises(Problem, match="read before it has a value"):
        read("n = 1\ndef g():\n    n += 1\n    return n\nf = g()")


def test_an_error_tells_the_way_to_it() -> None:
    text = "def inner(a):\n    return a[7]\ndef outer(a):\n    for i in range(3):\n        inner(a)\nouter(x)"
    with pytest.raises(Problem) as caught:
        read(text, x=X.copy())
    assert caught.value.line == 2
    assert caught.value.hint == "reached by outer() > line 4 round 0 > inner()"


# ── pairs ──

PAIRS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a cache and a shape": (
        "def dense(x, w, b):\n    flat = x.reshape(x.shape[0], -1)\n    out = flat.dot(w) + b\n    cache = (x, w, b)\n"
        "    return out, cache",
        "def dense_back(dout, cache):\n    x, w, b = cache\n    dx, dw, db = None, None, None\n"
        "    dx = dout.dot(w.T).reshape(*x.shape)\n    dw = x.reshape(x.shape[0], -1).T.dot(dout)\n"
        "    db = np.sum(dout, axis=0)\n    return dx, dw, db",
        {"x": [[[1.0, -2], [3, 4]], [[0.5, 0], [1, 2]]], "w": [[1.0, 2], [0, 1], [3, -1], [2, 2]], "b": [0.5, -1]},
        "x w b",
    ),
    "a mask and a mode in a dictionary": (
        "def gate(a, how):\n    keep = how['keep'] / (1 - how['rate'])\n    r = np.maximum(0, a)\n"
        "    return (r * keep if how.get('mode') == 'train' else r), (a, keep)",
        "def gate_backward(up, memory):\n    a, keep = memory\n    g = up * keep\n    g[a <= 0] = 0\n    return g",
        {"a": [[1.0, -2.0], [-0.5, 3.0]], "how": {"keep": [[1.0, 0], [1, 1]], "rate": 0.5, "mode": "train"}},
        "a",
    ),
    "a loss whose backward pass takes no upstream": (
        "def loss(z, t):\n    n = len(z)\n    p = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    p /= p.sum(axis=1, keepdims=True)\n    return -np.log(p[np.arange(n), t]).sum() / n, p",
        "def loss_backward(p, t):\n    d = p.copy()\n    d[np.arange(len(p)), t] -= 1\n    d /= p.shape[0]\n"
        "    return d",
        {"z": [[1.0, 2, 0.5], [0.1, -1, 1]], "t": [1, 0]},
        "z",
    ),
    "a class": (
        "class Layer:\n    def __init__(self, w, b):\n        self.params = [w, b]\n    def forward(self, x):\n"
        "        w, b = self.params\n        self.x = x\n"
        "        self.y = 1 / (1 + np.exp(-(np.dot(x, w) + b)))\n        return self.y",
        "class Layer:\n    def backward(self, dy):\n        dz = dy * self.y * (1 - self.y)\n"
        "        self.dw = np.dot(self.x.T, dz)\n        self.db = dz.sum(0)\n"
        "        return np.dot(dz, self.params[0].T)",
        {"x": [[1.0, 2], [0.5, -1]], "w": [[0.1, 0.2], [0.4, -0.3]], "b": [0.1, 0.2]},
        "w b x",
    ),
    "slices of one array, and two outputs": (
        "def cut(x, w):\n    raw = x.dot(w)\n    h = raw.shape[1] // 2\n"
        "    a, c = np.tanh(raw[:, :h]), np.exp(raw[:, h:])\n"
        "    return a * c, c, (x, w, a, c)",
        "def cut_backward(dprod, dc, kept):\n    x, w, a, c = kept\n    dc = dc + dprod * a\n"
        "    draw = np.zeros((len(x), w.shape[1]))\n"
        "    h = a.shape[1]\n    draw[:, :h] = dprod * c * (1 - a**2)\n    draw[:, h:] = dc * c\n"
        "    dx, dw = draw.dot(w.T), x.T.dot(draw)\n    return dx, dw",
        {"x": [[0.3, -0.2]], "w": [[0.1, 0.2, 0.3, 0.4], [-0.4, 0.5, 0.6, -0.1]]},
        "x w",
    ),
    "steps in time": (
        "def one(x, h, w, u):\n    new = np.tanh(x.dot(w) + h.dot(u))\n    return new, (x, h, w, u, new)\n"
        "def walk(x, h0, w, u):\n    N, T, D = x.shape\n    out = np.zeros((N, T, h0.shape[1]))\n"
        "    h, memory = h0, []\n"
        "    for t in range(T):\n        h, kept = one(x[:, t, :], h, w, u)\n        out[:, t, :] = h\n"
        "        memory.append(kept)\n"
        "    return out, memory",
        "def one_back(d, kept):\n    x, h, w, u, new = kept\n    d = d * (1 - new**2)\n"
        "    return d.dot(w.T), d.dot(u.T), x.T.dot(d), h.T.dot(d)\n"
        "def walk_back(dout, memory):\n    x, h, w, u, new = memory[0]\n    N, T, H = dout.shape\n"
        "    dx = np.zeros((N, T, x.shape[1]))\n"
        "    dw, du, dh = np.zeros_like(w), np.zeros_like(u), np.zeros((N, H))\n    for t in reversed(range(T)):\n"
        "        dx[:, t, :], dh, a, b = one_back(dout[:, t, :] + dh, memory[t])\n        dw += a\n        du += b\n"
        "    return dx, dh, dw, du",
        {
            "x": [[[0.1, 0.2], [0.3, -0.4], [0.5, 1]]],
            "h0": [[0.2, 0.1]],
            "w": [[1.0, 0.2], [-0.3, 0.4]],
            "u": [[0.5, 0.1], [0.2, -0.6]],
        },
        "x h0 w u",
    ),
    "parameters and gradients in dictionaries": (
        "def cost(params, X, aim, reg):\n    inner = X.dot(params['W']) + params['b']\n"
        "    r = np.maximum(inner, 0) - aim\n"
        "    return np.sum(r**2) + reg * np.sum(params['W']**2), (inner, r)",
        "def cost_back(params, X, reg, kept):\n    inner, r = kept\n    grads = {}\n    d = 2 * r * (inner > 0)\n"
        "    grads['W'] = X.T.dot(d) + 2 * reg * params['W']\n    grads['b'] = np.sum(d, axis=0)\n    return grads",
        {
            "params": {"W": [[1.0, -0.5], [0.2, 0.3]], "b": [0.1, 0.2]},
            "X": [[1.0, 2], [3, -1]],
            "aim": [[0.0, 1], [1, 0]],
            "reg": 0.1,
        },
        "params.W params.b",
    ),
    "windows": (
        "def slide(line, kernel, setting):\n    p, k = setting['pad'], len(kernel)\n"
        "    wide = np.pad(line, ((0, 0), (p, p)), mode='constant')\n"
        "    n = wide.shape[1] - k + 1\n    out = np.zeros((len(line), n))\n    for i in range(n):\n"
        "        out[:, i] = np.sum(wide[:, i:i+k] * kernel, axis=1)\n    return out, (kernel, wide, p)",
        "def slide_backward(dout, kept):\n    kernel, wide, p = kept\n    k = len(kernel)\n"
        "    dwide, dkernel = np.zeros_like(wide), np.zeros_like(kernel)\n"
        "    for i in range(dout.shape[1]):\n        dkernel += np.sum(dout[:, i:i+1] * wide[:, i:i+k], axis=0)\n"
        "        dwide[:, i:i+k] += dout[:, i:i+1] * kernel\n    return dwide[:, p:-p], dkernel",
        {"line": [[1.0, 2, -1, 0.5]], "kernel": [0.5, -1, 2.0], "setting": {"pad": 1}},
        "line kernel",
    ),
    "an autograd Function": (
        "class Scale(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, s, eps=1e-5):\n"
        "        root = torch.sqrt((x**2).mean(-1, keepdim=True) + eps)\n"
        "        ctx.save_for_backward(x / root, root, s)\n        return x / root * s",
        "class Scale(torch.autograd.Function):\n    @staticmethod\n    def backward(ctx, grad):\n"
        "        unit, root, s = ctx.saved_tensors\n"
        "        g = grad * s\n"
        "        return (g - unit * (g * unit).mean(-1, keepdim=True)) / root, (grad * unit).sum(dim=0), None",
        {"x": [[1.0, 2, 3], [0.5, -1, 2]], "s": [1.0, 0.5, 2.0]},
        "x s",
    ),
    "stages in torch that are no functions": (
        "e = table[picks]\nz = e.view(e.shape[0], -1) @ W\nlow = z - z.max(1, keepdim=True).values\n"
        "logp = low - low.exp().sum(1, keepdim=True).log()\nloss = -logp[range(n), aims].mean()",
        "dlogp = torch.zeros_like(logp)\ndlogp[range(n), aims] = -1.0 / n\n"
        "dz = dlogp - logp.exp() * dlogp.sum(1, keepdim=True)\n"
        "dW = e.view(e.shape[0], -1).T @ dz\nde = (dz @ W.T).view(e.shape)\ndtable = torch.zeros_like(table)\n"
        "for i in range(picks.shape[0]):\n    for j in range(picks.shape[1]):\n        dtable[picks[i, j]] += de[i, j]",
        {
            "table": [[1.0, 2], [0.5, -1], [3, 1]],
            "picks": [[0, 1], [2, 0]],
            "W": [[0.1, 0.2], [0.3, -0.4], [0.5, 0.6], [-0.7, 0.8]],
            "n": 2,
            "aims": [0, 1],
        },
        "W table",
    ),
}


def runner(forward: str, backward: str, given: dict[str, Any]) -> Runner:
    parts = part_of(forward, "forward.py"), part_of(backward, "backward.py")
    code = Code(list(parts))
    pair = [*all_pairs(code), script_pair(*parts)][-1] or all_pairs(code)[-1]
    return Runner(code, pair, {name: arguments_from(value) for name, value in given.items()})


def ran(made: Runner) -> tuple[Outcome, list[Any]]:
    shapes = [np.shape(one) for one in made.outputs(made.given)]
    upstream = [np.random.default_rng(3).normal(size=shape) if shape else 1.5 for shape in shapes]
    if made.pair.kind == "script" or not any(shapes):
        upstream = [1.0]
    return made.run(made.given, upstream), upstream


def slope(made: Runner, upstream: list[Any], path: tuple[str, ...]) -> Any:
    """The gradient by central differences."""
    from backprop.python.values.arrays import fresh

    def objective(given: dict[str, Any]) -> float:
        return sum(float(np.sum(a * b)) for a, b in zip(made.outputs(given), upstream, strict=True))

    start = made.given[path[0]] if len(path) == 1 else made.given[path[0]][path[1]]
    found = np.zeros(np.shape(start))
    for place in np.ndindex(*np.shape(start)):
        ends = []
        for step in (1e-6, -1e-6):
            moved = fresh(made.given)
            (moved[path[0]] if len(path) == 1 else moved[path[0]][path[1]])[place] += step
            ends.append(objective(moved))
        found[place] = (ends[0] - ends[1]) / 2e-6
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_read_and_its_gradients_come_out(name: str) -> None:
    forward, backward, given, wanted = PAIRS[name]
    made = runner(forward, backward, given)
    outcome, upstream = ran(made)
    assert {".".join(path) for path in outcome.gradients} == set(wanted.split())
    for path, gradient in outcome.gradients.items():
        assert np.allclose(gradient, slope(made, upstream, path), rtol=1e-6, atol=1e-7), path
    assert outcome.wrote == []


def test_a_backward_pass_that_writes_into_its_upstream_is_named() -> None:
    made = runner(
        "def relu(x):\n    return np.maximum(x, 0), x\n",
        "def relu_backward(dout, x):\n    dout[x <= 0] = 0\n    return dout\n",
        {"x": [1.0, -2.0]},
    )
    outcome, _ = ran(made)
    assert outcome.wrote == ["dout"]
    assert np.array_equal(np.asarray(outcome.gradients[("x",)]) == 0, [False, True])
    assert made.run(made.given, [np.ones(2)]).wrote == ["dout"]  # every run starts anew


def test_a_notebook_is_its_code_cells() -> None:
    import json

    cells = [
        {"cell_type": "markdown", "source": ["# not code"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "def f(x):\n", "    return x * x\n"]},
        {"cell_type": "code", "source": "def f_backward(dout, x):\n    return 2 * x * dout\n"},
    ]
    code = Code([part_of(json.dumps({"cells": cells}), "a.ipynb")])
    assert [pair.name for pair in all_pairs(code)] == ["f"]
    old = [{**one, "input": one["source"]} for one in cells]  # of the third format
    for one in old:
        del one["source"]
    code = Code([part_of(json.dumps({"worksheets": [{"cells": old}]}), "a.ipynb")])
    assert [pair.name for pair in all_pairs(code)] == ["f"]
    shown = {"cell_type": "code", "source": "", "outputs": [{"data": {"image/png": "A" * 3_000_000}}]}
    code = Code([part_of(json.dumps({"cells": [shown, *cells]}), "a.ipynb")])  # pictures are no Python
    assert [pair.name for pair in all_pairs(code)] == ["f"]


def test_what_cannot_be_read_at_the_top_counts_only_where_it_is_used() -> None:
    forward = "import cv2\nimage = cv2.imread('a.png')\nfrom other import softmax\ndef f(x):\n    return x * 2\n"
    assert ran(runner(forward, "def f_backward(dout):\n    return dout * 2\n", {"x": [1.0]}))[0].gradients
    with pytest.raises(Problem, match=r"softmax is not known: other.softmax is imported from elsewhere"):
        ran(
            runner(forward.replace("x * 2", "softmax(x)"), "def f_backward(dout):\n    return dout * 2\n", {"x": [1.0]})
        )


def test_random_numbers_are_the_same_in_every_forward_run_and_none_in_a_backward_one() -> None:
    forward = "def drop(x):\n    mask = np.random.rand(*x.shape) > 0.5\n    return x * mask, mask\n"
    made = runner(forward, "def drop_backward(dout, mask):\n    return dout * mask\n", {"x": [1.0, 2, 3, 4, 5]})
    assert np.array_equal(made.outputs(made.given)[0], made.outputs(made.given)[0])
    assert made.drew
    with pytest.raises(Problem, match="draws no random numbers"):
        ran(runner(forward, "def drop_backward(dout, mask):\n    return dout * np.random.rand(5)\n", {"x": [1.0] * 5}))


def test_python_2_is_read_or_named() -> None:
    """Its statements of print and except, with whole quotients; what else it has that Python 3 has not is named."""
    text = (
        "def f(x, n):\n    print 'a', (x,\n        n)\n    print\n    print >>err, x\n    if n: print \"b)%s\" % x\n"
        "    try:\n        k = {}[n]\n    except KeyError, e:\n        k = 7 / n\n    return k * x\n"
    )
    for start, result in (("", 4.5), ("from __future__ import division\n", 5.25)):
        code = Code([part_of(start + text, "a.py")])
        made = Runner(code, Pair("f", "functions", code.functions()["f"], None), {"x": 1.5, "n": 2})
        assert made.outputs(made.given) == [result]
    with pytest.raises(Problem) as caught:
        part_of("def f(x):\n    print x\n    exec x\n", "a.py")
    assert caught.value.hint == "this is Python 2, of which print and except are read"


@pytest.mark.parametrize(("text", "value"), [
    ("type(2) == int", True), ("type(2.0) in (int, str)", False), ("type((1, 2)) in {tuple, int}", True),
    ("type(x) is np.ndarray", True), ("type(x) != list", True), ("isinstance(x, mx.nd.NDArray)", False),
])  # fmt: skip
def test_kinds_are_told_apart(text: str, value: bool) -> None:
    assert read(f"import mxnet as mx\nf = {text}", x=X.copy())["f"] is value
