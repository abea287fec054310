"""The line that is blamed in more kinds of passes: rules in lambdas, shares through helpers and products that a library
has a name for, places exchanged in an index."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from tests.pairs import Pair
from tests.pairs.judged import judged

from backprop.check.cures.search import Search
from backprop.check.passes.causes import cause_between
from backprop.check.passes.judge import Judge
from backprop.python.pairs.pairs import pairs_in
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of

RANDOM = np.random.default_rng(11)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape)


def wrong_lines(code: str, inputs: dict[str, object]) -> list[tuple[int, str | None, str | None]]:
    return judged(Pair("", "", inputs, "", code, []), code).lines


TAPE = """
import math

class Leaf:
    def __init__(self, value, sources=()):
        self.value, self.sources, self.grad = value, sources, 0.0

    def __sub__(self, other):
        return Leaf(self.value - other.value, [(self, lambda s: s), (other, lambda s: -s)])

    def __mul__(self, other):
        return Leaf(self.value * other.value, [
            (self, lambda s: s * other.value),
            (other, lambda s: s * self.value),
        ])

    def log(self):
        return Leaf(math.log(self.value), [(self, lambda s: s / self.value)])

    def backward(self):
        ordered, known = [], set()
        def walk(one):
            if one not in known:
                known.add(one)
                for source, _ in one.sources:
                    walk(source)
                ordered.append(one)
        walk(self)
        self.grad = 1.0
        for one in reversed(ordered):
            for source, rule in one.sources:
                source.grad += rule(one.grad)

u = Leaf(2.5)
v = Leaf(-0.8)
w = Leaf(1.4)
y = (u * v - w) * w.log() - u * w
y.backward()
"""


@pytest.mark.parametrize(
    ("right", "wrong", "cause"),
    [
        ("lambda s: -s", "lambda s: s", "sign"),
        ("lambda s: s * self.value", "lambda s: s * other.value", "wrong-point"),
        ("lambda s: s / self.value", "lambda s: s", "factor"),
    ],
)
def test_a_rule_in_a_lambda_is_a_line(right: str, wrong: str, cause: str) -> None:
    inputs = {"u": 2.5, "v": -0.8, "w": 1.4}
    code = TAPE[::-1].replace(right[::-1], wrong[::-1], 1)[::-1]
    place = next(number for number, line in enumerate(TAPE.split("\n"), 1) if right in line)
    whole = TAPE.split("\n")[place - 1].strip()
    assert judged(Pair("", "", inputs, "", TAPE, []), TAPE).verdict == "ok"
    assert wrong_lines(code, inputs) == [(place, cause, whole)]


LENGTHS = """
import numpy as np

def of_length_one(rows):
    size = np.sqrt((rows ** 2).sum(1, keepdims=True))
    return rows / size, size

def match(left, right):
    \"\"\"How far rows are from each other.\"\"\"
    a, na = of_length_one(left)
    b, nb = of_length_one(right)
    gap = a - b
    cost = np.sum(gap ** 4)
    da = 4 * gap ** 3
    db = -da
    dleft = (da - a * np.sum(da * a, axis=1, keepdims=True)) / na
    dright = (db - b * np.sum(db * b, axis=1, keepdims=True)) / nb
    return cost, (dleft, dright)
"""


def test_a_share_through_a_helper_of_a_loss_with_its_gradients() -> None:
    code = LENGTHS.replace("dright = (db - b * np.sum(db * b, axis=1, keepdims=True)) / nb", "dright = db / nb")
    [(line, cause, write)] = wrong_lines(code, {"left": normal(4, 3), "right": normal(4, 3)})
    assert (line, cause) == (17, "missing-share")
    right = judged(Pair("", "", {"left": normal(4, 3), "right": normal(4, 3)}, "", LENGTHS, []), LENGTHS)
    again = code.replace("dright = db / nb", str(write))
    assert right.verdict == "ok"
    assert wrong_lines(again, {"left": normal(4, 3), "right": normal(4, 3)}) == []


BRANCHES = """
import torch
import torch.nn.functional as F

class Branches(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, A, B, c):
        a = F.linear(x, A)
        b = F.linear(x, B, c)
        ctx.save_for_backward(x, A, B, a, b)
        return torch.tanh(a) * b

    @staticmethod
    def backward(ctx, grad):
        x, A, B, a, b = ctx.saved_tensors
        t = torch.tanh(a)
        grad_b = grad * t
        grad_a = grad * b * (1 - t * t)
        grad_x = grad_a @ A + grad_b @ B
        return grad_x, grad_a.t() @ x, grad_b.t() @ x, grad_b.sum(0)
"""


def test_a_share_through_a_product_that_is_called_linear() -> None:
    inputs = {"x": normal(4, 3), "A": normal(5, 3), "B": normal(5, 3), "c": normal(5)}
    assert judged(Pair("", "", inputs, "", BRANCHES, []), BRANCHES).verdict == "ok"
    for share in ("grad_a @ A", "grad_b @ B"):
        code, shares = BRANCHES.replace("grad_a @ A + grad_b @ B", share), "grad_a @ A + grad_b @ B"
        assert wrong_lines(code, inputs) == [(19, "missing-share", f"grad_x = {shares}")]


OUTER = """
import numpy as np

def fields_forward(a, b, W):
    grid = np.outer(a, b)
    return np.sin(grid * W).sum() + a @ a, (a, b, W, grid)

def fields_backward(dout, cache):
    a, b, W, grid = cache
    dgrid = dout * np.cos(grid * W) * W
    da = dgrid @ b + 2 * dout * a
    db = a @ dgrid
    dW = dout * np.cos(grid * W) * grid
    return da, db, dW
"""


def test_a_share_through_an_outer_product() -> None:
    code = OUTER.replace("da = dgrid @ b + 2 * dout * a", "da = 2 * dout * a")
    [(line, cause, write)] = wrong_lines(code, {"a": normal(4), "b": normal(3), "W": normal(4, 3)})
    assert (line, cause) == (11, "missing-share")
    assert write is not None


POOLED = """
import numpy as np

def pool_forward(x):
    out = np.zeros((x.shape[0] // 2, x.shape[1] // 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(x[2 * i:2 * i + 2, 2 * j:2 * j + 2] ** 2)
    return out, x

def pool_backward(dout, x):
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            above = dout[i, j]
            dx[2 * i:2 * i + 2, 2 * j:2 * j + 2] = 2 * x[2 * i:2 * i + 2, 2 * j:2 * j + 2] * above
    return dx
"""


def test_rows_and_columns_exchanged_are_transposed() -> None:
    code = POOLED.replace("above = dout[i, j]", "above = dout[j, i]")
    assert wrong_lines(code, {"x": normal(6, 6)}) == [(15, "transposed", "above = dout[i, j]")]


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("dx = da @ V + db @ U", "dx = da @ U + db @ V", None),  # of two products the other operands
        ("dx = da @ U", "dx = da @ U.T", "transposed"),
        ("dx = da @ U + V @ db", "dx = da @ U + db @ V", "transposed"),
        ("dx = da @ U - db @ V", "dx = da @ U + db @ V", "sign"),
        ("da[mask] = slope", "da[mask] *= slope", "no-upstream"),
        ("da = share", "da += share", "overwrites"),
        ("da /= count", "da = count", "factor"),
    ],
)
def test_the_name_of_a_mistake_by_its_text(old: str, new: str, cause: str | None) -> None:
    found = cause_between(ast.parse(old).body[0], ast.parse(new).body[0], set())
    assert found == cause or (cause is None and found != "transposed")


TWO_LAYERS = """
import numpy as np

def slope_back(da, z):
    dz = da.copy()
    dz[z <= 0] *= 0.2
    return dz

def gate_forward(x, V, W, keep):
    z = x @ V
    a = np.where(z > 0, z, 0.2 * z)
    return (a * keep / 0.7) @ W, (x, V, W, z, a, keep)

def gate_backward(dy, cache):
    x, V, W, z, a, keep = cache
    dW = (a * keep / 0.7).T @ dy
    da = dy @ W.T
    da = da * keep / 0.7
    dz = slope_back(da, z)
    return dz @ V.T, x.T @ dz, dW
"""


@pytest.mark.parametrize("wrong", ["dy @ W.T", "np.dot(dy, W.T)", "0.7 * da"])
def test_what_is_handed_to_a_function_anew_has_a_name(wrong: str) -> None:
    inputs = {"x": normal(4, 3), "V": normal(3, 5), "W": normal(5, 2), "keep": np.arange(20).reshape(4, 5) % 3 / 2.0}
    code = TWO_LAYERS.replace("slope_back(da, z)\n    return", f"slope_back({wrong}, z)\n    return")
    [(line, _, write)] = wrong_lines(code, inputs)
    assert (line, write) == (19, "dz = slope_back(da, z)")


STRIDES = """
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

def windows_forward(x, w, step):
    size = w.shape[0]
    parts = sliding_window_view(x, (size, size))[::step, ::step]
    return np.einsum('ijkl,kl->ij', parts, w), (x, w, step, parts)

def windows_backward(dout, cache):
    x, w, step, parts = cache
    size = w.shape[0]
    dx = np.zeros_like(x)
    for i in range(dout.shape[0]):
        for j in range(dout.shape[1]):
            dx[i * step:i * step + size, j * step:j * step + size] += dout[i, j] * w
    return dx, np.einsum('ij,ijkl->kl', dout, parts)
"""


def test_a_stride_by_which_nothing_in_the_text_goes() -> None:
    inputs = {"x": normal(7, 7), "w": normal(3, 3), "step": 2}
    right = "dx[i * step:i * step + size, j * step:j * step + size] += dout[i, j] * w"
    code = STRIDES.replace(right, "dx[i:i + size, j:j + size] += dout[i, j] * w")
    assert judged(Pair("", "", inputs, "", STRIDES, []), STRIDES).verdict == "ok"
    assert wrong_lines(code, inputs) == [(16, "wrong-point", right)]


HINGES = """
import numpy as np

def hinges(S, picked):
    rows = np.arange(len(S))
    over = np.maximum(0, S - S[rows, picked][:, None] + 0.5)
    over[rows, picked] = 0
    loss = over.sum() / len(S)
    dS = (over > 0).astype(float)
    dS[rows, picked] = -dS.sum(axis=1)
    dS /= len(S)
    return loss, dS
"""


@pytest.mark.parametrize("wrong", ["-1", "0", "-1.0"])
def test_one_number_for_the_count_of_a_row(wrong: str) -> None:
    code = HINGES.replace("= -dS.sum(axis=1)", f"= {wrong}")
    [(line, _, write)] = wrong_lines(code, {"S": normal(5, 4), "picked": np.array([1, 3, 0, 2, 1])})
    assert (line, write) == (10, "dS[rows, picked] = -dS.sum(axis=1)")


POWERED = """
import numpy as np

def powered_cost(u, w, power):
    s = 1 / (1 + np.exp(-u))
    cost = np.mean(-w * (1 - s) ** power * np.log(s))
    n = u.size
    ds = w * power * (1 - s) ** (power - 1) * np.log(s) - w * (1 - s) ** power / s
    ds = ds / n
    du = ds * s * (1 - s)
    return cost, du
"""


@pytest.mark.parametrize("scaled", ["ds = ds / n"])
def test_a_share_of_what_is_divided_later_with_a_power_that_has_a_name(scaled: str) -> None:
    whole = "w * power * (1 - s) ** (power - 1) * np.log(s) - w * (1 - s) ** power / s"
    inputs = {"u": normal(5), "w": np.array([0.3, 0.9, 1.4, 0.2, 0.7]), "power": 2.0}
    right = POWERED.replace("ds = ds / n", scaled)
    assert judged(Pair("", "", inputs, "", right, []), right).verdict == "ok"
    [(line, cause, write)] = wrong_lines(right.replace(whole, "-w * (1 - s) ** power / s"), inputs)
    assert (line, cause) == (8, "missing-share")
    assert "power - 1" in str(write)
    assert "- -" not in str(write)


def test_a_share_that_is_there_before_the_loop() -> None:
    code = """
import math

def swing_forward(angle, speed, pull, drag, rounds=4, dt=0.1):
    kept = []
    for _ in range(rounds):
        kept.append((angle, speed))
        speed = speed + dt * (-pull * math.sin(angle) - drag * speed)
        angle = angle + dt * speed
    return pull * math.cos(angle) + speed ** 2, (kept, angle, speed, pull, drag, dt)

def swing_backward(dout, cache):
    kept, angle, speed, pull, drag, dt = cache
    dangle = -dout * pull * math.sin(angle)
    dspeed = 2 * dout * speed
    dpull = dout * math.cos(angle)
    ddrag = 0.0
    for angle, speed in reversed(kept):
        dspeed += dt * dangle
        dpull -= dt * dspeed * math.sin(angle)
        ddrag -= dt * dspeed * speed
        dangle -= dt * dspeed * pull * math.cos(angle)
        dspeed -= dt * dspeed * drag
    return dangle, dspeed, dpull, ddrag
"""
    inputs = {"angle": 0.7, "speed": -0.2, "pull": 1.3, "drag": 0.4}
    assert judged(Pair("", "", inputs, "", code, []), code).verdict == "ok"
    found = wrong_lines(code.replace("dpull = dout * math.cos(angle)", "dpull = 0.0"), inputs)
    assert found == [(16, "missing-share", "dpull = dout * math.cos(angle)")]


FILTERED = """
import numpy as np

def filtered(seen, drift, blur, start):
    place, spread = start, 1.0
    cost, kept = 0.0, []
    for one in seen:
        wide = spread + drift
        whole = wide + blur
        gain = wide / whole
        off = one - place
        cost += 0.5 * (np.log(whole) + off * off / whole)
        kept.append((wide, whole, gain, off))
        place = place + gain * off
        spread = (1 - gain) * wide
    ddrift = dblur = 0.0
    dplace = dspread = 0.0
    for wide, whole, gain, off in kept[::-1]:
        dgain = dplace * off - dspread * wide
        doff = dplace * gain + off / whole
        dwhole = 0.5 / whole - 0.5 * off * off / whole ** 2 - dgain * wide / whole ** 2
        dwide = dspread * (1 - gain) + dgain / whole + dwhole
        dplace = dplace - doff
        dblur += dwhole
        ddrift += dwide
        dspread = dwide
    return cost, ddrift, dblur, dplace
"""


def test_of_two_names_of_one_number_the_one_that_says_so() -> None:
    inputs = {"seen": normal(4), "drift": 0.3, "blur": 0.6, "start": 0.2}
    right = "dgain = dplace * off - dspread * wide"
    assert judged(Pair("", "", inputs, "", FILTERED, []), FILTERED).verdict == "ok"
    found = wrong_lines(FILTERED.replace(right, "dgain = dplace * off"), inputs)
    assert found == [(19, "missing-share", right)]


def test_a_stack_of_matrices_is_turned_where_it_is_solved_with() -> None:
    code = """
import torch

class Solved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, M, R):
        Y = torch.linalg.solve(M, R)
        ctx.save_for_backward(M, Y)
        return Y

    @staticmethod
    def backward(ctx, grad):
        M, Y = ctx.saved_tensors
        grad_R = torch.linalg.solve(M.transpose(-1, -2), grad)
        return -grad_R @ Y.transpose(-1, -2), grad_R
"""
    inputs = {"M": normal(2, 3, 3) + 4 * np.eye(3), "R": normal(2, 3, 2)}
    assert wrong_lines(code, inputs) == []
    [(line, cause, write)] = wrong_lines(code.replace("solve(M.transpose(-1, -2)", "solve(M"), inputs)
    assert (line, cause, write) == (14, "transposed", "grad_R = torch.linalg.solve(M.transpose(-1, -2), grad)")


KINDS_OF_SLIPS = {
    "of a length": (
        """
import numpy as np

class Lengths:
    def forward(self, x, v, g):
        self.x, self.v, self.g = x, v, g
        self.long = np.linalg.norm(v, axis=0)
        return x @ (v * (g / self.long))

    def backward(self, dy):
        dw = self.x.T @ dy
        unit = self.v / self.long
        self.dg = np.sum(dw * unit, axis=0)
        self.dv = self.g / self.long * (dw - self.dg * unit)
        return dy @ (self.v * (self.g / self.long)).T
""",
        "(dw - self.dg * unit)", "dw", {"x": (3, 4), "v": (4, 2), "g": (2,)},
    ),
    "of what is handed back and read": (
        """
import numpy as np

def off_forward(x, w, aim):
    off = np.tanh(x @ w) - aim
    return 0.5 * np.sum(off ** 2), (x, w, off, aim)

def off_backward(dout, cache):
    x, w, off, aim = cache
    doff = dout * off
    dpre = doff * (1 - (off + aim) ** 2)
    return dpre @ w.T, x.T @ dpre, -doff
""",
        "x.T @ dpre, -doff", "x.T @ dpre, doff", {"x": (3, 4), "w": (4, 2), "aim": (3, 2)},
    ),
    "of sums in a product": (
        """
import numpy as np

def share_forward(x):
    e = np.exp(x)
    p = e / e.sum(axis=1, keepdims=True)
    return p, p

def share_backward(dp, p):
    along = (dp * p).sum(axis=1, keepdims=True)
    rest = dp - along
    return p * rest
""",
        "(dp * p).sum(axis=1, keepdims=True)", "dp.sum(axis=1, keepdims=True) * p.sum(axis=1, keepdims=True)",
        {"x": (3, 4)},
    ),
    "of what has another shape": (
        """
import numpy as np

def angle_forward(x, w):
    nx, nw = np.sqrt((x ** 2).sum(1, keepdims=True)), np.sqrt((w ** 2).sum(1, keepdims=True))
    ux, uw = x / nx, w / nw
    return ux @ uw.T, (ux, uw, nx, nw)

def angle_backward(dcos, cache):
    ux, uw, nx, nw = cache
    dux, duw = dcos @ uw, dcos.T @ ux
    dx = (dux - ux * (dux * ux).sum(1, keepdims=True)) / nx
    dw = (duw - uw * (duw * uw).sum(1, keepdims=True)) / nw
    return dx, dw
""",
        "dw = (duw - uw * (duw * uw).sum(1, keepdims=True)) / nw",
        "dw = (dux - ux * (dux * ux).sum(1, keepdims=True)) / nx", {"x": (3, 4), "w": (5, 4)},
    ),
    "of a count": (
        """
import numpy as np

def planes_forward(x):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    return (x - mean) ** 2, (x, mean)

def planes_backward(dout, cache):
    x, mean = cache
    N, C, H, W = x.shape
    doff = 2 * (x - mean) * dout
    m = N * H * W
    return doff - doff.sum(axis=(0, 2, 3), keepdims=True) / m
""",
        "m = N * H * W", "m = N", {"x": (2, 4, 3, 5)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS_OF_SLIPS)
def test_a_slip(kind: str) -> None:
    code, right, wrong, shapes = KINDS_OF_SLIPS[kind]
    inputs: dict[str, object] = {name: normal(*shape) for name, shape in shapes.items()}
    line = code[: code.index(right)].count("\n") + 1
    assert judged(Pair("", "", inputs, "", code, []), code).verdict == "ok"
    ((place, _, write),) = wrong_lines(code.replace(right, wrong), inputs)
    assert place == line
    assert write is not None
    assert judged(Pair("", "", inputs, "", code, []), swapped(code, place, write)).verdict == "ok"


def swapped(code: str, line: int, write: str) -> str:
    """A text with another line in a place."""
    rows = code.split("\n")
    indent = len(rows[line - 1]) - len(rows[line - 1].lstrip())
    rows[line - 1] = " " * indent + write
    return "\n".join(rows)


def test_a_factor_is_missing_once_and_not_in_each_line_that_reads() -> None:
    code = """
import numpy as np

def fit(x, w, b, labels):
    m = x.shape[0]
    e = np.exp(x @ w + b)
    p = e / e.sum(axis=1, keepdims=True)
    cost = -np.mean(np.log(p[range(m), labels]))
    dscores = p.copy()
    dscores[range(m), labels] -= 1
    dw = x.T @ dscores
    db = np.sum(dscores, axis=0)
    dx = dscores @ w.T
    return cost, dx, dw, db
"""
    inputs = {"x": normal(5, 4), "w": normal(4, 3), "b": normal(3), "labels": np.array([0, 2, 1, 1, 0])}
    assert [(line, write) for line, _, write in wrong_lines(code, inputs)] == [(10, "dscores /= m")]


HELPED = """
import numpy as np

def of_length_one(rows):
    size = np.sqrt((rows ** 2).sum(axis=1, keepdims=True))
    return rows / size, size

def from_length_one(du, u, size):
    return (du - u * (du * u).sum(axis=1, keepdims=True)) / size

def gap_forward(near, far, w):
    a, along_a = of_length_one(near @ w)
    b, along_b = of_length_one(far @ w)
    gap = ((a - b) ** 2).sum(axis=1)
    return gap.mean(), (near, far, w, a, along_a, b, along_b)

def gap_backward(cache):
    near, far, w, a, along_a, b, along_b = cache
    da = 2 * (a - b) / len(a)
    dza = from_length_one(da, a, along_a)
    dzb = from_length_one(-da, b, along_b)
    return dza @ w.T, dzb @ w.T, near.T @ dza + far.T @ dzb
"""


@pytest.mark.parametrize(
    ("right", "wrong", "faulty"),
    [
        ("return (du - u * (du * u).sum(axis=1, keepdims=True)) / size", "return du / size", {8}),
        ("dzb = from_length_one(-da, b, along_b)", "dzb = from_length_one(-da, b, along_a)", {20}),
    ],
)
def test_a_helper_is_at_fault_where_all_that_it_returns_is_wrong(right: str, wrong: str, faulty: set[int]) -> None:
    inputs = {"near": normal(4, 3), "far": normal(4, 3), "w": normal(3, 5)}
    code = Code([part_of(HELPED.replace(right, wrong), "code.py")])
    judge = Judge(Runner(code, pairs_in(code)[0], inputs))
    judge.judge()
    derivation = Search(judge).derivation({})
    first = min((one for one in derivation.trace.visits if derivation.wrong_at(one)), key=derivation.wrong_since)
    assert first.lineno - 1 in faulty
    assert [(line, write) for line, _, write in wrong_lines(HELPED.replace(right, wrong), inputs)] == [
        (first.lineno, right)
    ]


def test_two_lines_that_add_to_an_array_are_both_named() -> None:
    """What the first one adds comes through entries that are read: a share, whatever the second one does."""
    code = """
import numpy as np

def table_forward(table, places, w):
    rows = table[places]
    return np.sum((rows @ w) ** 2) + 0.1 * np.sum(table ** 2), (table, places, w, rows)

def table_backward(cache):
    table, places, w, rows = cache
    dout = 2 * (rows @ w)
    dw = rows.T @ dout
    drows = dout @ w.T
    dtable = np.zeros_like(table)
    np.add.at(dtable, places, drows)
    dtable += 0.2 * table
    return dtable, dw
"""
    inputs = {"table": normal(5, 3), "places": np.array([0, 2, 2, 4, 0]), "w": normal(3, 2)}
    wrong = code.replace("np.add.at(dtable, places, drows)", "dtable[places] += drows")
    wrong = wrong.replace("0.2 * table", "0.2 * np.abs(table)")
    found = [(line, write) for line, _, write in wrong_lines(wrong, inputs)]
    assert sorted(found) == [(14, "np.add.at(dtable, places, drows)"), (15, "dtable += 0.2 * table")]
