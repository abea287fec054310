"""`check` says WRONG only beyond what it can measure, and ok only of what it judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import backprop
from conftest import Check, in_process, shell

RIGHT = [
    ("softplus(x) - log(2)", "--x 1e-8", "ok"),
    ("sum(inv(A))", "--A '[[1,0.99999],[0.99999,1]]'", "IMPRECISE"),
    ("hypot(x, y)", "--x 1e-310 --y 1e-310", "ok"),
    ("sqrt(x+1) - sqrt(x)", "--x 1e8", "ok"),
    ("where(t > 0, t, p)", "--t 1 --p 1e7", "ok"),
    ("floor(x) + y", "--x 1e10 --y 1", "KINK"),
    ("cospi(x)", "--x 1", "ok"),
    ("floor(x)", "--x 2", "jumps here: the output is 1 before it, 2 on it and 2 after"),
    ("x > 0", "--x 0", "jumps here"),
    ("mod(x, 2)", "--x 2", "jumps here"),
    ("x*floor(y)", "--x 1e-300 --y 3", "jumps here"),
    ("max(x, x)", "--x 2", "ok"),
    ("x*x", "--x 1e-300", "ok"),
    ("asinh(y/x*x)", "--x -20 --y 0.82", "ok"),
    ("max(x*y, y*x)", "--x 2 --y 3", "ties split divides it"),
    ("x[i]", "--x '[1,2]' --i 1", "flat"),
    ("cross_entropy(z, t)", "--z '[[1,2,3]]' --t '[2]'", "flat"),
    ("clip(x, 0, x)", "--x 5", "ok"),
    ("lgamma(x)", "--x 1e-300", "ok"),
    ("sort(x)[0]", "--x '[1,1,2]'", "KINK"),
    ("a^c", "--a -3 --c 0", "SINGULAR"),
    ("rsqrt(exp(c))", "--c 1e8", "the backward pass meets infinity, and says nan; the slope is 0"),
    ("sum(A[A > 0])", "--A '[[1,0],[-1,2]]'", ""),
]


@pytest.mark.parametrize(("text", "point", "said"), RIGHT, ids=[text for text, _, _ in RIGHT])
def test_a_right_gradient_is_never_called_wrong(text: str, point: str, said: str, tmp_path: Path) -> None:
    found = in_process(f"backprop check '{text}' {point}", tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert said in found.stdout
    assert "WRONG" not in found.stdout


PASSES = [
    ("tmp = 1", 1, "incomplete: dx, dy were not judged"),
    ("dx = y", 1, "incomplete: dy was not judged"),
    ("dx = y\ndy = x", 0, ""),
    ("gx = y\ngy = 999", 1, ""),
]


@pytest.mark.parametrize(("lines", "status", "said"), PASSES, ids=[lines for lines, _, _ in PASSES])
def test_what_was_not_judged_is_not_ok(lines: str, status: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "pass.py").write_text(f"{lines}\n")
    found = in_process("backprop check 'x*y' --x 2 --y 3 --backward pass.py", tmp_path)
    assert found.returncode == status
    assert said in found.stderr
    assert ("WRONG" in found.stdout) == ("999" in lines)
    as_json = in_process("backprop check 'x*y' --x 2 --y 3 --backward pass.py --json", tmp_path)
    verdict = "wrong" if "999" in lines else "incomplete" if status else "ok"
    assert f'"verdict": "{verdict}", "lines"' in as_json.stdout


RELU = """import numpy as np
def relu_forward(x):
    return np.maximum(0, x), x
def relu_backward(dout, x):
    return {}
"""


@pytest.mark.parametrize("given", ["[1,2,3]", "[-1,-2]", "3", "-3.5", "[[2,0.5],[1,1]]", "[0.2,0.9]"])
def test_inputs_of_one_sign_do_not_hide_a_forgotten_mask(given: str, tmp_path: Path) -> None:
    (tmp_path / "relu.py").write_text(RELU.format("dout"))
    (tmp_path / "masked.py").write_text(RELU.format("dout * (x > 0)"))
    found = in_process(f"backprop check relu.py --x '{given}'", tmp_path)
    assert "WRONG" in found.stdout
    assert "    return dout * (x > 0)" in found.stdout
    assert in_process(f"backprop check masked.py --x '{given}'", tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("back", "given", "wrong"),
    [
        ("dy @ w.T, x.T @ dy, dy.sum(axis=0)", "--x '[[1,1],[1,1]]' --w '[[1,0],[0,1]]'", False),
        ("dy @ w, x.T @ dy, dy.sum(axis=0)", "--x '[[1,1],[1,1]]' --w '[[1,0],[0,1]]'", True),
        ("dy @ w.T, x @ dy, dy.sum(axis=0)", "--x '[[1,1],[1,1]]' --w '[[1,0],[0,1]]'", True),
        ("dy @ w.T, x.T @ dy, dy.sum(axis=0)", "--x 'randn(2,2)' --w 'randn(2,2)' --mask '[[1,1],[1,1]]'", True),
        ("(dy * mask) @ w.T, x.T @ (dy * mask), (dy * mask).sum(axis=0)",
         "--x 'randn(2,2)' --w 'randn(2,2)' --mask '[[1,1],[1,1]]'", False),
    ],
)  # fmt: skip
def test_zeros_and_ones_hide_no_mistake(back: str, given: str, wrong: bool, tmp_path: Path) -> None:
    mask, times = (", mask", " * mask") if "--mask" in given else ("", "")
    (tmp_path / "dense.py").write_text(
        f"def dense_forward(x, w, b{mask}):\n    return (x @ w + b){times}, (x, w{mask})\n"
        f"def dense_backward(dy, cache):\n    x, w{mask} = cache\n    return {back}\n"
    )
    found = in_process(f"backprop check dense.py {given} --b '[1,1]' --seed 1", tmp_path)
    assert ("WRONG" in found.stdout) == wrong


def test_a_pass_for_numbers_of_one_sign_is_right_there(tmp_path: Path) -> None:
    text = "import numpy as np\ndef f(x):\n    return {}, x\ndef f_backward(dout, x):\n    return dout * {}\n"
    passes = [("np.log(np.maximum(x, 1e-8))", "1 / np.maximum(x, 1e-8)"), ("np.sqrt(x)", "0.5 / np.sqrt(x)")]
    for forward, slope in [*passes, ("x ** 1.5", "1.5 * x ** 0.5"), ("np.abs(x)", "np.sign(x)")]:
        (tmp_path / "f.py").write_text(text.format(forward, slope))
        found = in_process("backprop check f.py --x '[1.5,2,3]' --random 3", tmp_path)
        assert found.returncode == 0, forward
        assert "nothing is wrong at 3 random points around these inputs" in found.stderr


def test_a_loop_of_one_round_hides_what_goes_from_round_to_round(tmp_path: Path) -> None:
    forth = "    T = len(x)\n    h = 0 * x[0]\n    for t in range(T):\n        h = np.tanh(x[t] + h)\n"
    forth += "    return h, (x, h)\n"
    back = "    x, h = cache\n    dx = np.zeros_like(x)\n    dx[-1] = dh * (1 - h**2)\n    return dx\n"
    (tmp_path / "rnn.py").write_text(
        f"import numpy as np\ndef rnn_forward(x):\n{forth}def rnn_backward(dh, cache):\n{back}"
    )
    one, two = (in_process(f"backprop check rnn.py --x 'randn({n},3)' --seed 1", tmp_path) for n in (1, 2))
    assert (one.returncode, two.returncode) == (0, 1)
    assert "T is 1 here: a larger one tells whether what goes from round to round is handed back" in one.stderr


def test_a_guarded_probability_stays_one(tmp_path: Path) -> None:
    text = "p = np.clip(p, 1e-7, 1 - 1e-7)\n    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p, y)"
    back = "p, y = cache\n    return (p - y) / (p * (1 - p)) / p.size"
    (tmp_path / "bce.py").write_text(
        f"import numpy as np\ndef bce_forward(p, y):\n    {text}\ndef bce_backward(cache):\n    {back}\n"
    )
    assert in_process("backprop check bce.py --p '[0.2,0.9]' --y '[0,1]' --random 2", tmp_path).returncode == 0


@pytest.mark.parametrize(("rows", "slope", "told"), [(1, "2 * e", True), (1, "2 * e / e.shape[0]", False)])
def test_a_mean_over_one_example_hides_what_it_divides_by(rows: int, slope: str, told: bool, tmp_path: Path) -> None:
    text = "    N = x.shape[0]\n    e = x - y\n    return np.sum(e ** 2) / N, e\n"
    (tmp_path / "mse.py").write_text(
        f"import numpy as np\ndef mse_forward(x, y):\n{text}def mse_backward(e):\n    return {slope}\n"
    )
    found = in_process(f"backprop check mse.py --x 'randn({rows},3)' --y 'randn({rows},3)' --seed 1", tmp_path)
    assert found.returncode == 0
    assert ("N is 1 here: a larger one tells" in found.stderr) == told


def test_lines_are_judged_at_random_points_too(tmp_path: Path) -> None:
    (tmp_path / "right.bp").write_text("dx = y\ndy = x\n")
    (tmp_path / "here.bp").write_text("dx = 3\ndy = x\n")
    asked = "backprop check 'x*y' --x 2 --y 3 --random 4 --seed 1 --backward"
    right, here = (in_process(f"{asked} {name}.bp", tmp_path) for name in ("right", "here"))
    assert (right.returncode, here.returncode) == (0, 1)
    assert "4 random points (seed 1): 8 ok\n" in right.stdout
    assert "4 random points (seed 1): 4 ok, 4 WRONG\n" in here.stdout
    assert here.stdout.count("line 1 makes dx 3.0, and should make it ") == 4
    found = json.loads(in_process(f"{asked} here.bp --json", tmp_path).stdout)
    assert [line["verdict"] for line in found["lines"]] == ["ok", "ok"]
    assert (found["verdict"], found["random"]["verdicts"]) == ("wrong", {"ok": 4, "wrong": 4})
    assert all(one["expected"] == one["at"]["y"] for one in found["random"]["wrong"])


def test_no_claims_are_no_question(tmp_path: Path) -> None:
    found = shell("echo '{}' > e.json; backprop check 'x^2' --x 3 --claims e.json", tmp_path)
    assert found.returncode == 2
    assert "there are no claims in e.json" in found.stderr


@pytest.mark.parametrize(
    ("kept", "made", "wrong"),
    [
        ("self.dW, self.db = x.T @ g, g.sum(axis=1)", "self.W, self.b = np.ones((3, 2)), np.zeros(2)", "b"),
        ("self.dW, self.db = g.T @ x, g.sum(axis=0)", "self.W, self.b = np.ones((3, 2)), np.zeros(2)", "W"),
        (
            "self.grads['W'], self.grads['b'] = x.T @ g, g.sum(axis=1)",
            "self.params, self.grads = {'W': np.ones((3, 2)), 'b': np.zeros(2)}, {}",
            "params['b']",
        ),
    ],
)
def test_a_gradient_of_another_shape_that_an_object_keeps_is_wrong(kept: str, made: str, wrong: str) -> None:
    """It was left out, and the pass was "ok"."""
    weights = ("self.W", "self.b") if "self.W" in made else ("self.params['W']", "self.params['b']")
    text = (
        "import numpy as np\nclass Linear:\n"
        f"    def __init__(self):\n        {made}\n"
        f"    def forward(self, x):\n        self.x = x\n        return x @ {weights[0]} + {weights[1]}\n"
        f"    def backward(self, g):\n        x = self.x\n        {kept}\n        return g @ {weights[0]}.T\n"
    )
    found = backprop.judge(text, x=np.linspace(-1, 1, 12).reshape(4, 3))
    assert [one.name for one in found.passes[0].gradients if one.verdict == "wrong"] == [wrong]


CLIP = """
import numpy as np
def clip_forward(x, lo, hi):
    return np.clip(x, lo, hi), (x, lo, hi)
def clip_backward(g, cache):
    x, lo, hi = cache
    return g * ((x > lo) & (x < hi)), (g * (x < lo)).sum(), (g * (x > hi)).sum()
"""
SATURATED = """
import numpy as np
def cost(W, X, Y):
    A = 1 / (1 + np.exp(-W @ X))
    loss = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    dZ = A - Y
    dW = dZ @ X.T
    return loss, dW
"""


@pytest.mark.parametrize("seed", range(6))
def test_numbers_keep_their_order_at_other_points(seed: int) -> None:
    """Bounds of a clip that had changed places made a right pass WRONG."""
    x = np.random.default_rng(seed).normal(size=3)
    assert backprop.judge(CLIP, x=x, lo=0.5, hi=1.5).ok


@pytest.mark.parametrize("seed", [0, 1, 2, 9, 37])
def test_a_loss_that_is_a_staircase_makes_no_right_pass_wrong(seed: int) -> None:
    """`log(1 - p)` has few digits left beside p = 1, so that differences of it are none."""
    random = np.random.default_rng(seed)
    given = {"W": 6 * random.normal(size=(6, 5)), "X": random.normal(size=(5, 3)), "Y": random.normal(size=(6, 3))}
    assert backprop.judge(SATURATED, **given).verdict != "wrong"


ATTENTION = """
import torch
class Attend(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v):
        p = torch.softmax(q @ k.T, dim=-1)
        ctx.save_for_backward(q, k, v, p)
        return p @ v
    @staticmethod
    def backward(ctx, g):
        q, k, v, p = ctx.saved_tensors
        dp = g @ v.T
        ds = p * (dp - (dp * p).sum(dim=-1, keepdim=True))
        return ds @ k, ds.T @ q, p.T @ g
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_softmax_that_is_nearly_one_makes_no_right_pass_wrong(seed: int) -> None:
    """Differences of it have few digits left: the right gradient was 3e-5 away from them."""
    random = np.random.default_rng(seed)
    q, k, v = (30 * random.normal(size=shape) for shape in ((3, 4), (5, 4), (5, 3)))
    assert backprop.judge(ATTENTION, q=q / 4, k=k / 4, v=v, seed=seed).verdict == "ok"


def test_mistakes_are_seen_in_a_saturated_loss() -> None:
    random = np.random.default_rng(0)
    given = {"W": 2 * random.normal(size=(6, 5)), "X": random.normal(size=(5, 3)), "Y": random.normal(size=(6, 3))}
    assert backprop.judge(SATURATED.replace("dZ @ X.T", "1.01 * dZ @ X.T"), **given).verdict == "wrong"


TRAINED = """
import numpy as np
w, b = np.ones(2), 0.5
for epoch in range(100):
    err = X @ w + b - y
    loss = (err ** 2).mean()
    dw = 2 * X.T @ err / len(y)
    db = 2 * err.mean()
    w -= 0.01 * dw
    b -= 0.01 * db
"""


def test_the_data_of_a_loop_that_trains_need_no_gradient() -> None:
    random = np.random.default_rng(0)
    given = {"X": random.normal(size=(5, 2)), "y": random.normal(size=5)}
    assert backprop.judge(TRAINED, **given).ok
    assert backprop.judge(TRAINED.replace("db = 2 *", "db ="), **given).verdict == "wrong"


UPDATED = """
import numpy as np
class Dense:
    def __init__(self, n, m):
        self.W, self.b = np.ones((n, m)), np.zeros((1, m))
        self.W[0] = 2.0
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, output_error, lr):
        input_error = output_error @ self.W.T
        step = self.x.T @ output_error
        self.W -= lr * step
        self.b = self.b - lr * output_error.sum(0, keepdims=True)
        return input_error
"""
BEFORE = UPDATED.replace("        input_error = output_error @ self.W.T\n", "").replace(
    "return input_error", "return output_error @ self.W.T"
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (UPDATED, []),
        (UPDATED.replace("step = self", "step = 3 * self"), ["W"]),
        (UPDATED.replace(".sum(0,", ".mean(0,"), ["b"]),
        (BEFORE, ["x"]),
    ],
)
def test_what_a_backward_pass_updates_is_judged_by_the_update(text: str, wrong: list[str]) -> None:
    """Only the input was judged, and the pass was "ok"; `lr` was taken for labels."""
    found = backprop.judge(text, x=np.linspace(-1, 1, 12).reshape(4, 3), n=3, m=2, lr=0.5)
    gradients = found.passes[0].gradients
    assert {one.name for one in gradients} == {"W", "b", "x"}
    assert [one.name for one in gradients if one.verdict == "wrong"] == wrong


def test_weights_that_move_without_a_gradient_are_missing() -> None:
    text = UPDATED.replace("self.W -= lr * step", "self.v = 0.9 * self.b\n        self.W += step")
    assert backprop.judge(text, x=np.linspace(-1, 1, 12).reshape(4, 3), n=3, m=2, lr=0.5).verdict == "incomplete"


COSTED = """
import numpy as np
def net_forward(X, w):
    A = 1 / (1 + np.exp(-X @ w))
    return A, A
def compute_cost(A, Y):
    return np.mean((A - Y) ** 4)
def net_backward(A, X, w, Y):
    dA = 4 * (A - Y) ** 3 / A.size
    dw = X.T @ (dA * A * (1 - A))
    return {"dw": dw}
"""
HANDED = """
import numpy as np
def layer(x, w, dout=None):
    out = x @ w
    if dout is None:
        return out
    dx = dout @ w.T
    dw = x.T @ dout
    return out, dx, dw
"""
FILLED = """
import numpy as np
x = np.random.randn(4)
h = np.zeros(4)
for i in range(4):
    h[i] = x[i] ** 2
loss = h.sum() ** 2
r = 2 * h.sum()
dh = r * np.ones(4)
dx = 2 * x * dh
"""


@pytest.mark.parametrize(
    ("text", "right", "wrong", "names"),
    [
        (COSTED, "", "", ["w"]),
        (COSTED, "4 * (A - Y) ** 3", "3 * (A - Y) ** 3", ["w"]),
        (HANDED, "", "", ["w", "x"]),
        (HANDED, "dw = x.T @ dout", "dw = -x.T @ dout", ["w", "x"]),
        (FILLED, "", "", ["x"]),
        (FILLED, "r = 2", "r = 3", ["x"]),
    ],
)
def test_what_a_pass_is_of_is_what_its_text_says(text: str, right: str, wrong: str, names: list[str]) -> None:
    """A cost beside it, a gradient from above among the inputs, an array that is filled in a loop; the line behind a
    loss was no line of the backward pass."""
    X = np.linspace(-1, 1, 8).reshape(4, 2)
    given = {
        COSTED: {"X": X, "w": np.array([0.5, -1.0]), "Y": np.array([0, 1, 1, 0])},
        HANDED: {"x": X, "w": np.linspace(1, 2, 6).reshape(2, 3), "dout": np.linspace(-1, 2, 12).reshape(4, 3)},
    }.get(text, {})
    (found,) = backprop.judge(text.replace(right, wrong) if right else text, **given).passes
    blamed = [place for place, row in enumerate(text.split("\n"), 1) if right and right in row]
    assert sorted(one.name for one in found.gradients) == names
    assert (found.verdict, [one.line for one in found.lines]) == ("wrong" if right else "ok", blamed)


AFFINE = """
import numpy as np
def affine_forward(x, w, b):
    return x @ w + b, (x, w)
def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
"""


@pytest.mark.parametrize(("of_bias", "made", "verdict"), [
    ((1, 3), "dout.sum(axis=0)", "ok"),
    ((1, 3), "dout.mean(axis=0)", "wrong"),
    ((3,), "dout.sum(axis=0, keepdims=True)", "wrong"),
])  # fmt: skip
def test_a_gradient_that_lacks_axes_which_an_update_adds_is_right(
    of_bias: tuple[int, ...], made: str, verdict: str
) -> None:
    random = np.random.default_rng(1)
    given = {"x": random.normal(size=(5, 4)), "w": random.normal(size=(4, 3)), "b": random.normal(size=of_bias)}
    found = backprop.judge(AFFINE.replace("dout.sum(axis=0)", made), **given)
    assert found.verdict == verdict
    assert any("keepdims" in one for one in found.passes[0].remarks) == (of_bias == (1, 3))


NOISY_OR = """
import numpy as np
def noisy_forward(p, t):
    q = np.prod(1 - p, axis=1)
    return -(t * np.log(1 - q) + (1 - t) * np.log(q)).mean(), (p, t, q)
def noisy_backward(cache):
    p, t, q = cache
    dq = (t / (1 - q) - (1 - t) / q) / len(p)
    return -dq[:, None] * q[:, None] / (1 - p)
"""


@pytest.mark.parametrize("rows", [1, 2])
def test_a_gradient_of_one_element_is_its_own_inputs(rows: int) -> None:
    """With a single element of each it was taken for the slopes on the labels."""
    given = {"p": np.full((rows, 1), 0.8), "t": np.arange(rows)}
    assert backprop.judge(NOISY_OR, **given).ok


DIVIDED = """
import numpy as np
def averaged_forward(x):
    return (x ** 2).sum(axis=1).mean(), x
def averaged_backward(x):
    N, D = x.shape
    return 2 * x / N
"""


@pytest.mark.parametrize(("columns", "by"), [(4, "N"), (3, "N"), (3, "D"), (3, "len(x)")])
def test_a_right_pass_that_is_divided_by_one_of_two_equal_lengths_is_told_so(columns: int, by: str) -> None:
    x = np.random.default_rng(1).normal(size=(3, columns))
    (found,) = backprop.judge(DIVIDED.replace("/ N", f"/ {by}"), x=x).passes
    told = f"x has two axes as long as {by}: other sizes tell whether the right one is taken"
    assert (found.verdict, told in found.remarks) == ("ok", columns == 3)


@pytest.mark.parametrize(
    ("forward", "unread"), [("x @ self.W", True), ("x @ self.W + self.b", False), ("x @ self.W + 0 * self.b", True)]
)
def test_a_weight_that_the_forward_pass_leaves_out_is_told(check: Check, forward: str, unread: bool) -> None:
    """The gradient that the backward pass has for it is wrong, but no line of that is."""
    text = f"""
import numpy as np

class Dense:
    def __init__(self, n, m):
        self.W, self.b = np.random.randn(n, m), np.zeros(m)

    def forward(self, x):
        self.x = x
        return {forward}

    def backward(self, dout):
        self.dW, self.db = self.x.T @ dout, dout.sum(axis=0)
        return dout @ self.W.T
"""
    found = check("dense.py", {"x": [[0.5, -1.2], [1.1, 0.4], [-0.2, 0.9]], "n": 2, "m": 3}, {"dense.py": text})
    wrong = [one["name"] for one in found["gradients"] if one["verdict"] == "wrong"]
    told = "nothing that comes out hangs on b: is it left out of the forward pass?"
    assert (wrong, told in found["remarks"]) == (["b"] if unread else [], unread)
    assert not found["lines"]


def test_a_weight_before_units_that_are_dead_is_not_left_out(check: Check) -> None:
    """Nothing hangs on it here, but elsewhere: the line of the backward pass that is wrong is named."""
    text = """
import numpy as np
def net_forward(x, W, V):
    h = x @ W
    z = h @ V - 5
    return np.maximum(z, 0), (x, h, z, V)
def net_backward(dout, cache):
    x, h, z, V = cache
    dz = dout
    dh = dz @ V.T
    return dh @ W_T, x.T @ dh, h.T @ dz
"""
    text = (
        text.replace("(x, h, z, V)", "(x, h, z, W, V)").replace("x, h, z, V =", "x, h, z, W, V =").replace("W_T", "W.T")
    )
    given = {"x": [[0.5, -0.3], [0.2, 0.4]], "W": [[0.3, -0.2], [0.1, 0.4]], "V": [[0.2], [-0.3]]}
    found = check("net.py", given, {"net.py": text})
    assert {one["verdict"] for one in found["gradients"]} == {"wrong"}
    assert not any("nothing that comes out hangs" in one for one in found["remarks"])
    assert "dz = dout * (z > 0)" in [one["write"] for one in found["lines"]]
