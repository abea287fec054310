"""explain: every number is one of the table's, the words are those of the gates, and all formats can be read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.library import Compiled, Evaluation
from backprop.library.explain import Story, tell
from backprop.show import explanation
from backprop.show.objects import story_object

STAGED = (
    "sigy = 1/(1 + exp(-y)); num = x + sigy; sigx = 1/(1 + exp(-x)); xpy = x + y; xpysqr = xpy^2; "
    "den = sigx + xpysqr; invden = 1/den; f = num*invden"
)


def told(formula: str, of: list[str] | None = None, **at: Any) -> tuple[Story, Evaluation]:
    evaluation = Compiled(formula).evaluate(at)
    return tell(evaluation.run, evaluation.names, of), evaluation


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        (STAGED, {"x": 3.0, "y": -4.0}),
        ("max(x, y)*z + tanh(x)^2", {"x": 1.0, "y": 2.0, "z": 3.0}),
        ("neuron(w, x, b) = sigmoid(w*x + b); neuron(w, 2, b) * neuron(w, 3, b)", {"w": 0.3, "b": -1.0}),
        ("H = X @ W + b; f = sum(relu(H)^2)", {"X": np.ones((2, 3)), "W": np.eye(3) - 0.3, "b": np.arange(3.0)}),
    ],
)
def test_every_number_is_one_of_the_tables(formula: str, at: dict[str, Any]) -> None:
    story, evaluation = told(formula, **at)
    stages = {stage.name: stage for stage in evaluation.stages}
    sums: dict[str, Any] = {}
    for step in story.forward:
        assert np.array_equal(step.value, stages[step.stage].value)
    for back in story.backward:
        assert np.array_equal(back.gradient, stages[back.stage].gradient)
        for sent in back.sends:
            sums[sent.to] = sums.get(sent.to, 0.0) + sent.sent
            if isinstance(sent.sent, float) and isinstance(back.gradient, float):
                assert sent.sent == sent.local * back.gradient
                assert sent.local in stages[back.stage].local_gradients
    for name, total in sums.items():
        assert np.allclose(total, stages[name].gradient, rtol=1e-12), name
    for fork in story.forks:
        assert np.array_equal(fork.sum, stages[fork.name].gradient)


def test_the_first_example_reads_as_in_the_course() -> None:
    story, _ = told("q = x + y; f = q*z", x=-2.0, y=5.0, z=-4.0)
    lines = explanation.plain(story).splitlines()
    assert lines[0] == "forward 1. q = x + y = -2 + 5 = 3"
    assert lines[2] == (
        "backward 1. f = q * z has gradient 1. Multiply swaps and scales: dq = z × 1 = -4, dz = q × 1 = 3."
    )
    assert lines[3] == "backward 2. q = x + y has gradient -4. Add distributes: dx = 1 × -4 = -4, dy = 1 × -4 = -4."
    assert lines[4] == "meaning: the circuit wants x lower, with a force of 4: x + 0.1 changes f by about -0.4"


@pytest.mark.parametrize(("x", "step"), [(1000.0, "100"), (0.002, "0.0001"), (1.0, "0.1")])
def test_a_step_that_is_told_has_the_size_of_the_number(x: float, step: str) -> None:
    story, _ = told("x^2", x=x)
    assert f": x + {step} changes f by about" in story.meaning[0]


def test_digits_are_those_of_every_number() -> None:
    found = Compiled("f = 1 / (1 + exp(-x))").evaluate(x=1.23456789)
    for digits in (3, 8):
        text = explanation.plain(tell(found.run, found.names, digits=digits), digits=digits)
        assert not [one for one in re.findall(r"[0-9.]+", text) if len(one.strip("0.")) > digits + 1]
        assert f"force of {found.gradients['x']:.{digits}g}" in text


def test_a_fork_has_its_ledger() -> None:
    story, _ = told(STAGED, x=3.0, y=-4.0)
    fork = next(fork for fork in story.forks if fork.name == "x")
    assert [via for via, _ in fork.shares] == ["xpy", "q4", "num"]
    assert sum(share for _, share in fork.shares) == pytest.approx(fork.sum)


@pytest.mark.parametrize(
    ("formula", "at", "kind"),
    [
        ("tanh(x)", {"x": 9.0}, "saturated"),
        ("sigmoid(x)", {"x": -12.0}, "saturated"),
        ("relu(x)*y", {"x": -1.0, "y": 2.0}, "dead"),
        ("w*x", {"w": 1e-4, "x": 5000.0}, "unequal"),
        ("sin(x) - sin(x) + 1e-9*x", {"x": 0.3}, "cancels"),
        ("sigmoid(sigmoid(sigmoid(9*x - 40)*0.001)*0.001)", {"x": 1.0}, "fades"),
        ("exp(exp(exp(x)))", {"x": 1.2}, "explodes"),
        ("sum(tanh(x))", {"x": np.array([9.0, 10.0, 0.1])}, "saturated"),
    ],
)
def test_a_remark_is_made_where_it_is_earned_only(formula: str, at: dict[str, Any], kind: str) -> None:
    assert kind in {remark.kind for remark in told(formula, **at)[0].remarks}
    calm = {name: np.full(3, 0.5) if isinstance(x, np.ndarray) else 0.5 for name, x in at.items()}
    if kind in ("saturated", "dead", "unequal"):
        assert kind not in {remark.kind for remark in told(formula, **calm)[0].remarks}


def test_of_one_variable_only_its_paths_are_told() -> None:
    story, _ = told(STAGED, ["y"], x=3.0, y=-4.0)
    assert "sigx" not in {step.stage for step in story.backward}
    assert all(sent.to != "x" for step in story.backward for sent in step.sends)
    assert len(story.meaning) == 1


def test_shapes_tell_the_products() -> None:
    story, _ = told("D = W @ X; f = sum(D)", W=np.ones((5, 10)), X=np.ones((10, 3)))
    said = explanation.plain(story)
    assert "dW = dD @ X.T" in said
    assert "dW must be 5x10; dD is 5x3, X is 10x3: only dD @ X.T fits" in said


def test_broadcasting_is_told_as_a_sum() -> None:
    story, _ = told("f = sum(A + b)", A=np.ones((4, 3)), b=np.ones(3))
    assert "summed from 4x3 to" in explanation.plain(story)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles(tmp_path: Path) -> None:
    parts = [
        explanation.latex(told(STAGED, x=3.0, y=-4.0)[0]),
        explanation.latex(told("θ_1*σ(x) + max(θ_1, x)", θ_1=2.0, x=20.0)[0]),
        explanation.latex(told("H = X @ W; f = sum(H)", X=np.ones((2, 3)), W=np.ones((3, 2)))[0]),
        explanation.latex(told("x", x=1e-300)[0], brief=True),
    ]
    body = "\n".join(parts)
    (tmp_path / "a.tex").write_text(f"\\documentclass{{article}}\n\\begin{{document}}\n{body}\\end{{document}}\n")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]


def test_markdown_keeps_the_users_words_as_code() -> None:
    made = explanation.markdown(told("w_1*x_1 + w_1", w_1=2.0, x_1=3.0)[0])
    assert "`q1 = w_1 * x_1 = 2 * 3 = 6`" in made
    assert "### Backward" in made
    assert "wants w\\_1 higher" in made


def test_json_is_json() -> None:
    for formula, at in (("1/x", {"x": 0.0}), (STAGED, {"x": 1.0, "y": 2.0})):
        json.loads(json.dumps(story_object(told(formula, **at)[0]), allow_nan=False))


@pytest.mark.parametrize(("formula", "step"), [("x / y", "x / y = 1 / -0 = -inf"), ("x * y", "x * y = 1 * 0 = 0")])
def test_a_zero_has_its_sign_where_that_is_why_there_is_an_infinity(formula: str, step: str) -> None:
    assert step in explanation.markdown(told(formula, x=1.0, y=-0.0)[0])
