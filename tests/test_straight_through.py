"""Steps have the slope 0: passes that hand gradients straight through them, or put something else in its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import in_process

QUANTISED = """
import torch

class Quantised(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w):
        q = {forward}
        ctx.save_for_backward(x, w, q)
        return q * w

    @staticmethod
    def backward(ctx, g):
        x, w, q = ctx.saved_tensors
        {lines}
        return {x}, {w}
"""
GIVEN = "--x 'randn(3, 4)' --w 'randn(3, 4)' --seed 1"
STEPS = {
    "round": ("torch.round(x)", "g * w"),
    "sign": ("x.sign()", "g * w"),
    "sign in bounds": ("x.sign()", "g * w * (x.abs() <= 1)"),
    "mask": ("(x > 0.1).float()", "g * w"),
    "where": ("torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))", "g * w"),
    "clamped": ("torch.clamp(torch.round(x * 8), -4, 3) / 8", "g * w * ((x * 8).round().abs() <= 4) * (x * 8 < 3.5)"),
}


def judged(folder: Path, forward: str, x: str, w: str = "g * q", lines: str = "pass") -> tuple[int, str, str]:
    Path(folder, "ste.py").write_text(QUANTISED.format(forward=forward, x=x, w=w, lines=lines))
    done = in_process(f"backprop check ste.py {GIVEN}", folder)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", STEPS)
def test_a_gradient_that_steps_hand_on_is_right_and_told_to_be_an_estimator(name: str, tmp_path: Path) -> None:
    status, out, said = judged(tmp_path, *STEPS[name])
    assert (status, "WRONG" in out) == (0, False), out
    assert "straight-through estimator" in said


def test_a_mistake_beside_an_estimator_is_found_and_cured(tmp_path: Path) -> None:
    status, out, _ = judged(tmp_path, "torch.round(x)", "g * w", "g * x")
    assert status == 1
    assert "g * w, g * q" in out.splitlines()[-1]


@pytest.mark.parametrize("x", ["g * w / (10 * x.abs() + 1) ** 2", "g"])
def test_what_stands_for_a_slope_otherwise_is_not_judged(x: str, tmp_path: Path) -> None:
    status, out, _ = judged(tmp_path, "(x > 0).float()", x)
    assert status == 1
    assert "IMPRECISE: it comes through steps" in out


@pytest.mark.parametrize(
    "forward", ["x * (x > 0)", "torch.where(x > 0, x, torch.zeros_like(x))", "x.clamp(min=0)", "torch.relu(x)"]
)
def test_a_mask_that_the_backward_pass_forgets_is_no_estimator(forward: str, tmp_path: Path) -> None:
    status, out, said = judged(tmp_path, forward, "g * w")
    assert (status, "WRONG" in out, "estimator" in said) == (1, True, False)


def test_so_is_one_that_is_set_in_a_copy(tmp_path: Path) -> None:
    text = "def f_forward(x):\n    q = x.copy()\n    q[x < 0] = 0\n    return q, x\n\n\n"
    Path(tmp_path, "relu.py").write_text(text + "def f_backward(g, cache):\n    return g\n")
    done = in_process("backprop check relu.py --x 'randn(3, 4)' --seed 1", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (1, True)


MEANT = """
import torch

class {name}(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        return {forward}

    @staticmethod
    def backward(ctx, g):
        return {x}, None
"""


@pytest.mark.parametrize(
    ("name", "forward", "x", "told"),
    [
        ("GradientReversal", "x.view_as(x)", "-ctx.alpha * g", "is -alpha times"),
        ("RevGrad", "x", "-ctx.alpha * g", "is -alpha times"),
        ("ReverseLayerF", "x.clone()", "g.neg() * ctx.alpha", "is -alpha times"),
        ("GradScaler", "x", "g * ctx.alpha", "is alpha times"),
        ("ScaledGrad", "x * 1", "g / 10", "is 0.1 times"),
        ("ClampSTE", "x.clamp(-ctx.alpha, ctx.alpha)", "g", "is what comes from above"),
        ("StraightThroughHardtanh", "x.clamp(-1, 1)", "g", "is what comes from above"),
        ("RiemannianGradient", "x", "g * g.pow(2).sum(-1, keepdim=True)", "at another length"),
    ],
)
def test_a_gradient_that_the_name_says_is_meant_is_right_and_told(
    name: str, forward: str, x: str, told: str, tmp_path: Path
) -> None:
    Path(tmp_path, "meant.py").write_text(MEANT.format(name=name, forward=forward, x=x))
    done = in_process("backprop check meant.py --x 'randn(3, 4)' --alpha 0.5 --seed 1", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (0, False), done.stdout
    assert told in done.stderr
    assert f"as {name} says" in done.stderr


@pytest.mark.parametrize(
    ("name", "forward", "x", "told"),
    [
        ("Passing", "x.view_as(x)", "-ctx.alpha * g", "a name like GradientReversal"),
        ("GradientReversal", "x * 2", "-ctx.alpha * g", ""),  # which hands nothing on as it is
        ("GradientReversal", "x.view_as(x)", "-ctx.alpha * g.flip(0)", ""),
        ("ClampSTE", "x.clamp(-1, 1)", "g * 2", ""),
        ("Clamp", "x.clamp(-1, 1)", "g", ""),
        ("Steps", "x.clamp(-1, 1)", "g", ""),
        ("RiemannianGradient", "x", "-g * g.pow(2)", ""),  # each element at a length of its own
        ("RiemannianGradient", "x", "-g * g.pow(2).sum(-1, keepdim=True)", ""),
        ("RiemannianGradient", "x * 2", "g * g.pow(2).sum(-1, keepdim=True)", ""),
        ("BinaryWeight", "x.sign() * x.abs().mean()", "g * 0.5", ""),
        ("BinaryWeight", "x * x.abs().mean()", "g", ""),  # in which there is no step
        ("Magnitude", "x * x.sign()", "g", ""),
    ],
)
def test_what_the_name_does_not_say_stays_wrong(name: str, forward: str, x: str, told: str, tmp_path: Path) -> None:
    Path(tmp_path, "meant.py").write_text(MEANT.format(name=name, forward=forward, x=x))
    done = in_process("backprop check meant.py --x 'randn(3, 4)' --alpha 0.5 --seed 1", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (1, True)
    assert told in done.stderr
    assert " says" not in done.stderr.replace("GradientScale says", "")


@pytest.mark.parametrize(("name", "x"), [
    ("BinaryWeight", "g"), ("TernaryQuantize", "g * (g.abs() < 1)"), ("XNOR_weight", "g"),
])  # fmt: skip
def test_what_a_quantizer_hands_past_its_scale_too_is_not_judged(name: str, x: str, tmp_path: Path) -> None:
    Path(tmp_path, "meant.py").write_text(MEANT.format(name=name, forward="x.sign() * x.abs().mean()", x=x))
    done = in_process("backprop check meant.py --x 'randn(3, 4)' --alpha 0.5 --seed 1", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout, "IMPRECISE" in done.stdout) == (1, False, True)


def test_a_backward_pass_that_says_itself_that_it_is_not_written_is_not_judged(tmp_path: Path) -> None:
    lines = 'raise NotImplementedError("no gradient yet")'
    status, out, said = judged(tmp_path, "x ** 2", "g", lines=lines)
    assert (status, "WRONG" in out, out.count("IMPRECISE: the backward pass does not get so far")) == (1, False, 2)
    assert "no gradient yet" in said


@pytest.mark.parametrize(("factor", "status"), [("-ctx.alpha", 0), ("-2 * ctx.alpha", 1)])
def test_a_factor_may_be_one_for_each_element(factor: str, status: int, tmp_path: Path) -> None:
    text = MEANT.format(name="ReverseLayerF", forward="x.view_as(x)", x=f"{factor} * g")
    Path(tmp_path, "meant.py").write_text(text)
    done = in_process("backprop check meant.py --x 'randn(3, 4)' --alpha 'randn(3, 4)' --seed 1", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (status, bool(status)), done.stdout


def test_what_the_text_of_a_plain_pass_says_of_gradients_excuses_nothing(tmp_path: Path) -> None:
    text = '''
import numpy as np

def clip_forward(x):
    return np.clip(x, -1, 1), x

def clip_backward(dout, cache):
    """The gradient passes straight through, and is never clipped."""
    dx = dout * 1.0
    return dx
'''
    Path(tmp_path, "clip.py").write_text(text)
    done = in_process("backprop check clip.py --x '[0.5, 2, -3]'", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (1, True), done.stdout


def test_a_rule_that_only_speaks_of_an_identity_is_judged(tmp_path: Path) -> None:
    text = '''
import torch
class Bound(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(-1, 1)
    @staticmethod
    def backward(ctx, g):
        """The gradient is that of the identity within the bounds."""
        return g * 1.0
'''
    Path(tmp_path, "bound.py").write_text(text)
    done = in_process("backprop check bound.py --x '[0.5, 2, -3]'", tmp_path)
    assert (done.returncode, "WRONG" in done.stdout) == (1, True), done.stdout


QUANTIZERS = {
    "a clipping bound": (
        "y = torch.clamp(x, min=0, max=alpha.item()); n = 3 / alpha; return torch.round(y * n) / n",
        "inside = ~((x < 0) | (x > alpha)); return g * inside.float(), (g * (x >= alpha).float()).sum().view(-1)",
        {"x": "ok", "alpha": "imprecise"},
    ),
    "the scale of levels": (
        "s = x / alpha; n = (LEVELS.unsqueeze(1) - s.view(-1)).abs().min(dim=0)[1]; "
        "return LEVELS[n].view(x.shape) * alpha",
        "s = x / alpha; n = (LEVELS.unsqueeze(1) - s.view(-1)).abs().min(dim=0)[1]; q = LEVELS[n].view(x.shape); "
        "return g, (g * (q - s)).sum().view(-1)",
        {"x": "ok", "alpha": "imprecise"},
    ),
}


@pytest.mark.parametrize("kind", QUANTIZERS)
def test_a_scale_beside_what_is_quantized_is_not_judged_where_it_is_estimated(kind: str, tmp_path: Path) -> None:
    forward, back, verdicts = QUANTIZERS[kind]
    lines = ["import torch", "LEVELS = torch.tensor([-1.0, -0.5, 0.0, 0.5, 1.0])", "class Q(torch.autograd.Function):"]
    lines += ["    @staticmethod", "    def forward(ctx, x, alpha):", "        ctx.save_for_backward(x, alpha)"]
    lines += [f"        {one}" for one in forward.split("; ")]
    lines += ["    @staticmethod", "    def backward(ctx, g):", "        x, alpha = ctx.saved_tensors"]
    Path(tmp_path, "q.py").write_text("\n".join([*lines, *[f"        {one}" for one in back.split("; ")], ""]))
    done = in_process("backprop check q.py --x 'randn(3, 4)' --alpha [0.8] --seed 1 --json", tmp_path)
    assert {one["name"]: one["verdict"] for one in json.loads(done.stdout)["gradients"]} == verdicts, done.stdout
