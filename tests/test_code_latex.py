"""The derivation that `backprop code --to latex` writes: it compiles, fits the page, and is right when it is read."""

from __future__ import annotations

import math
import random
import re
import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from mpmath import mp

import backprop
from backprop.emit import Request, write
from backprop.emit.targets.texnames import tex_name
from backprop.library import Compiled
from programs import CASES, STAGED, Case, by_program, program
from seeds import SEED
from tensor_cases import CASES as TENSOR_CASES
from tensor_cases import built
from texread import evaluated, rows, sections, squeezed

needs_latex = pytest.mark.skipif(which("pdflatex") is None, reason="there is no pdflatex")
PREAMBLE = re.compile(r"\\documentclass.*?\\begin\{document\}", re.S)


def body(document: str) -> str:
    """What one pastes into another document."""
    return document.split("% The derivation begins here")[1].split("\n", 1)[1].split("% The derivation ends here")[0]


def compiled(documents: list[str], folder: Path) -> list[str]:
    """What pdflatex finds wrong with documents that were put into one: errors, and what is wider than the page."""
    head = PREAMBLE.search(documents[0])
    assert head
    bodies = [f"\\typeout{{BODY {number}}}\n{body(text)}\\clearpage" for number, text in enumerate(documents)]
    (folder / "all.tex").write_text("\n".join([head[0], *bodies, r"\end{document}"]))
    command = ["pdflatex", "-interaction=nonstopmode", "-draftmode", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True)
    wrong, current = [], 0
    for line in done.stdout.decode("latin-1").splitlines():
        if found := re.match(r"BODY (\d+)", line):
            current = int(found[1])
        if line.startswith("!") or "Overfull" in line:
            wrong.append(f"{line}\n{body(documents[current])}")
    assert wrong or done.returncode == 0, done.stdout[-2000:]
    return wrong


@needs_latex
def test_every_gate_and_every_random_program_compiles_and_fits_the_page(tmp_path: Path) -> None:
    documents = []
    for text, cases in by_program(CASES).items():
        documents += [program(text, "latex"), program(text, "latex", cases[0][1])]
    for case in TENSOR_CASES:
        circuit, at = built(case)
        documents += [write(Request(circuit), "latex"), write(Request(circuit, at=at), "latex")]
    assert compiled(documents, tmp_path) == []


def finite(case: Case) -> bool:
    """Whether mathematics has a number for all of it."""
    evaluation = backprop.evaluate(*case)
    numbers = [number for stage in evaluation.stages for number in (stage.value, stage.gradient)]
    return all(number is None or math.isfinite(number) for number in numbers)


def read_back(document: str, at: dict[str, float]) -> dict[str, mp.mpf]:
    """Every name of a document with what its formula comes to, at sixty digits; each row is checked on the way."""
    parts = sections(document)
    scope = {squeezed(tex_name(name)): mp.mpf(value) for name, value in at.items()}
    for heading in ("Forward pass", "Backward pass"):
        for name, text in rows(parts[heading]) if heading in parts else []:
            scope[name], shown = evaluated(text, scope)
            if shown is not None:
                assert abs(scope[name] - shown) <= mp.mpf(6e-6) * abs(shown) + mp.mpf(1e-13), (name, text, scope[name])
    formulas = {
        squeezed(tex_name(name)): mp.mpf(value) for name, value in at.items()
    }  # the formula as it was typed gives the same value
    for name, text in rows(parts["Formula"]):
        formulas[name], _ = evaluated(text, formulas)
        if name not in scope:
            continue  # nothing depends on it
        assert formulas[name] == scope[name] or abs(formulas[name] - scope[name]) <= 1e-40 * (1 + abs(scope[name]))
    return scope


def has_no_slope(case: Case) -> bool:
    """Whether there is a stage whose slope is no number, be it in a branch that was not taken: of a root of 0, say, or
    a power of 0 or a hypot of zeros, whose textbook slopes, y x^(y-1) or x / hypot(x, y), the calculator guards."""
    run = backprop.evaluate(*case).run
    for wire, (gate, inputs) in enumerate(zip(run.circuit.gates, run.circuit.inputs, strict=True)):
        slopes = [slope for slope in run.local_gradients(wire) if slope is not None] if inputs else []
        guarded = {"power": inputs[:1], "hypot": [wire]}.get(gate.name, ())
        if any(run.values[zero] == 0 for zero in guarded) or not all(map(math.isfinite, slopes)):
            return True
    return False


def few(cases: list[Case]) -> list[Case]:
    """Points of one program at which mathematics has a number for all of it: a few, which differ from run to run."""
    return [
        case
        for case in random.Random(SEED).sample(cases, min(8, len(cases)))
        if finite(case) and not has_no_slope(case)
    ]


def test_the_formulas_say_what_eval_says() -> None:
    chosen = [case for cases in by_program(CASES).values() for case in few(cases)]
    assert len(chosen) > 200
    for case in chosen:
        text, at = case
        document = program(text, "latex", at)
        with mp.workdps(700 if "; " not in text else 60):
            scope = read_back(document, at)
            evaluation = backprop.evaluate(text, at)
            sizes = [abs(n) for stage in evaluation.stages for n in (stage.value, stage.gradient or 0.0)]
            scale = max([1.0, *sizes]) if "; f = " in text else 1.0
            results = rows(sections(document)["Result"])
            for name, shown in results:
                wanted = mp.mpf(evaluated(shown, {})[0])
                assert abs(scope[name] - wanted) <= 1e-13 * max(scale, abs(wanted)), (case, name, scope[name], wanted)
            shown_numbers = [float(evaluated(shown, {})[0]) for _, shown in results]
            assert shown_numbers == [evaluation.value, *evaluation.gradients.values()]


def test_the_staged_example_is_the_chain_rule_of_the_notes() -> None:
    parts = sections(program(STAGED, "latex", {"x": 3.0, "y": -4.0}))
    for line in (
        r"\mathit{sigy} &= \frac{1}{1 + \exp(-y)} \\",
        r"f &= \mathit{num} \cdot \mathit{invden}",
    ):
        assert line in parts["Formula"]
    assert r"\mathit{xpysqr} &= \mathit{xpy}^{2} = 1 \tag{11} \\" in parts["Forward pass"]
    for line in (
        r"\frac{\partial f}{\partial f} &= 1 \\",
        r"\frac{\partial f}{\partial \mathit{den}} &= -\frac{1}{\mathit{den}^{2}} \cdot "
        r"\frac{\partial f}{\partial \mathit{invden}} = -0.791593 \tag{13} \\",
        r"\frac{\partial f}{\partial x} &= \frac{\partial f}{\partial \mathit{xpy}} "
        r"- \frac{\partial f}{\partial q_{4}} + \frac{\partial f}{\partial \mathit{num}} = 2.05957 \tag{10, 6, 5} \\",
    ):
        assert line in parts["Backward pass"]
    assert r"\frac{\partial f}{\partial x} &= 2.0595697955721652" in parts["Result"]


def test_matrices_are_told_as_in_a_book() -> None:
    at = {"X": np.eye(2), "W": np.ones((2, 3)), "b": np.array([1.0, 2.0, 3.0])}
    circuit = Compiled("sum((X @ W + b)^2 * inv(X)[0, 0])").circuit(at)
    parts = sections(write(Request(circuit, at=at), "latex"))
    assert r"(X\,W + b)^{2} \odot (X^{-1})[0, 0]" in parts["Formula"]
    for text in (r"X^{\top}\,\frac{\partial f}{\partial q_{1}}", r"\frac{\partial f}{\partial q_{1}}\,W^{\top}",
                 r"\operatorname{unbroadcast}\left(\frac{\partial f}{\partial q_{2}}, b\right)"):  # fmt: skip
        assert text in parts["Backward pass"]
    assert "sums what was stretched back to the shape of x" in parts["Notation"]
    assert r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}" in parts["Point"]


@pytest.mark.parametrize(
    ("name", "set_as"),
    [
        ("x", "x"), ("w_1", "w_{1}"), ("x0", "x_{0}"), ("w1_20", "w_{1,20}"), ("sigy", r"\mathit{sigy}"),
        ("θ", r"\theta"), ("alpha", r"\alpha"), ("Γ_2", r"\Gamma_{2}"), ("lambda", r"\lambda"),
        ("learning_rate", r"\mathit{learning}_{\mathit{rate}}"), ("_x", r"\mathtt{\_x}"), ("a__b", r"\mathtt{a\_\_b}"),
        ("é", r"\textit{é}"), ("名", r"\mathit{u540d}"), ("ð", r"\mathit{uf0}"),
    ],
)  # fmt: skip
def test_names_are_set_as_in_a_book(name: str, set_as: str) -> None:
    assert tex_name(name) == set_as


@needs_latex
def test_names_of_all_kinds_compile_and_stay_apart(tmp_path: Path) -> None:
    names = [
        "x1",
        "x_1",
        "dx",
        "σ",
        "sigma",
        "π",
        "Γ",
        "psi",
        "名前",
        "é",
        "ß",
        "ð",
        "_",
        "__a",
        "b_",
        "lambda",
        "frac",
        "end",
    ]
    text = f"q1 = {' * '.join(names)}; sigmoid(q1) + gamma(x1) + digamma(x_1) + exp(é) + 3.14159 * dx"
    at = {name: 1.0 + 0.125 * place for place, name in enumerate(names)}
    document = program(text, "latex", at)
    assert compiled([document, program(text, "latex")], tmp_path) == []
    found = [name for name, _ in rows(sections(document)["Result"])]
    assert len(set(found)) == len(names) + 1
    assert r"\sigma(q_{1})" in document
    assert r"\partial \sigma}" not in document


@needs_latex
def test_a_long_program_fits_the_page(tmp_path: Path) -> None:
    text = " + ".join(f"weight_{i} * input_{i} / (1 + exp(-scale_{i}))" for i in range(30))
    long = f"a = {text}; max({', '.join(f'a - input_{i}' for i in range(30))}) * a"
    at = dict.fromkeys(Compiled(long).variables, 0.1 + 1 / 3)
    fork = " + ".join(f"sin({i} * x)" for i in range(2, 40))
    documents = [program(long, "latex", at), program(long, "latex"), program(fork, "latex", {"x": 0.3})]
    assert compiled(documents, tmp_path) == []


@needs_latex
def test_the_document_compiles_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text(program(STAGED, "latex", {"x": 3.0, "y": -4.0}))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 0
    assert (tmp_path / "a.pdf").stat().st_size > 1000


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_ties_are_as_asked(ties: str) -> None:
    at = {"x": 2.0, "y": 2.0}
    for text in ("max(x, y)", "relu(x - y) * 3", "abs(x - y) + clip(x, y, 3)"):
        scope = read_back(program(text, "latex", at, ties), at)
        for name, gradient in backprop.evaluate(text, at, ties=ties).gradients.items():
            assert scope[squeezed(rf"\frac{{\partial f}}{{\partial {name}}}")] == gradient


def test_wrt_and_an_unused_input_and_a_given_gradient() -> None:
    at = {"x": 2.0, "y": 3.0, "z": 1.0}
    circuit = Compiled("unused = z; x * y").circuit(at)
    document = write(Request(circuit, at=at, wrt=["x", "z"], upstream=5.0), "latex")
    backward = dict(rows(sections(document)["Backward pass"]))
    assert backward[squeezed(r"\frac{\partial L}{\partial f}")] == "5"
    assert backward[squeezed(r"\frac{\partial L}{\partial x}")].endswith("= 15")
    assert backward[squeezed(r"\frac{\partial L}{\partial z}")] == "0"
    assert squeezed(r"\frac{\partial L}{\partial y}") not in backward


def test_without_a_point_there_are_no_numbers() -> None:
    parts = sections(program(STAGED, "latex"))
    assert list(parts) == ["Formula", "Forward pass", "Backward pass"]
    assert not re.search(r"\d\.\d", "".join(parts.values()))


def test_at_a_point_only_what_was_stretched_is_summed_back() -> None:
    evaluation = backprop.evaluate("sum(A*x + b)", A=[[1, 2], [3, 4]], x=[1, 2], b=3)
    summed = re.findall(r"partial (\S+)\} &= (?:.*unbroadcast)", evaluation.code("latex"))
    assert sorted(summed) == ["b", "x"]
