"""Programs that `backprop code` writes are run by the real Python, C compiler and Node, and say what `eval` says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import numpy as np
import pytest

import backprop
from backprop.emit import Request, write
from backprop.library import Compiled
from backprop.results import Target
from programs import CASES, STAGED, assert_same, by_program, check_format, program


def test_python_says_what_eval_says() -> None:
    for case in CASES:
        scope: dict = {"__name__": "program"}
        exec(compile(program(case[0], "python", case[1]), "program", "exec"), scope)
        value, gradients = scope["backprop"](*[case[1][name] for name in Compiled(case[0]).variables])
        assert_same(case, [value, *gradients.values()])


@pytest.mark.skipif(which("cc") is None, reason="there is no cc")
def test_c_says_what_eval_says(tmp_path: Path) -> None:
    parts, calls, order, seen = ["#include <math.h>\n#include <stdio.h>"], [], [], set()
    for number, (text, cases) in enumerate(by_program(CASES).items()):
        source = re.sub(r"#include.*\n", "", program(text, "c").split("#ifndef BACKPROP_LIBRARY")[0])
        for block in re.split(r"\n\n(?=static double |// |double backprop)", source.strip()):
            if "double backprop(" in block:
                parts.append(block.replace("double backprop(", f"static double f{number}("))
            elif block not in seen:
                seen.add(block)
                parts.append(block)
        for case in cases:
            names = Compiled(text).variables
            values = ", ".join(
                ["NAN" if v != v else v.hex().replace("inf", "INFINITY") for v in map(case[1].get, names)]
            )
            prints = "".join(f' printf(" %a", g[{i}]);' for i in range(len(names)))
            calls.append(f'printf("%a", f{number}({values}, g));{prints} printf("\\n");')
            order.append(case)
    parts.append("int main(void) {\n    double g[9];\n" + "\n".join(calls) + "\n}\n")
    (tmp_path / "all.c").write_text("\n\n".join(parts))
    subprocess.run(
        ["cc", "-O1", "-std=c11", "-Wall", "-Wno-unused", "-o", "all", "all.c", "-lm"], cwd=tmp_path, check=True
    )
    lines = subprocess.run([tmp_path / "all"], capture_output=True, text=True, check=True).stdout.splitlines()
    for case, line in zip(order, lines, strict=True):
        assert_same(case, [float.fromhex(word) for word in line.split()])


@pytest.mark.skipif(which("node") is None, reason="there is no Node")
def test_javascript_says_what_eval_says(tmp_path: Path) -> None:
    parts, order = ['"use strict";'], []
    for number, (text, cases) in enumerate(by_program(CASES).items()):
        parts.append(f"const f{number} = (() => {{\n{program(text, 'javascript')}\nreturn backprop;\n}})();")
        for case in cases:
            values = [repr(case[1][name]) for name in Compiled(text).variables]
            values = [value.replace("inf", "Infinity").replace("nan", "NaN") for value in values]
            parts.append(
                f"{{ const r = f{number}({', '.join(values)}); "
                "console.log([r.value, ...Object.values(r.gradients)].join(' ')); }"
            )
            order.append(case)
    (tmp_path / "all.js").write_text("\n".join(parts))
    lines = subprocess.run(
        ["node", "all.js"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for case, line in zip(order, lines, strict=True):
        assert_same(case, [float(word.replace("Infinity", "inf")) for word in line.split()])


SELF_TESTS = {
    "python": [sys.executable, "program"],
    "c": ["sh", "-c", "cp program program.c && cc -O2 -std=c11 program.c -lm && ./a.out"],
    "javascript": ["sh", "-c", "cp program program.js && node program.js"],
}


@pytest.mark.parametrize("to", SELF_TESTS)
@pytest.mark.parametrize("text", [STAGED, "log(x) + where(x > y, sqrt(x - y), sigmoid(y))"])
def test_a_program_with_a_point_tests_itself(text: str, to: str, tmp_path: Path) -> None:
    if to != "python" and which({"c": "cc", "javascript": "node"}[to]) is None:
        pytest.skip(f"{to} cannot be run here")
    for at in ({"x": 3.0, "y": -4.0}, {"x": 0.0, "y": 1.0}):  # and log(0), where Python would raise
        source = program(text, to, at)
        (tmp_path / "program").write_text(source)
        assert subprocess.run(SELF_TESTS[to], cwd=tmp_path, capture_output=True).returncode == 0
        value = re.search(r"\d+\.\d{5,}(?=[,)\]])", source)
        if value:  # and the test can fail
            (tmp_path / "program").write_text(source.replace(value[0], "7.5"))
            assert subprocess.run(SELF_TESTS[to], cwd=tmp_path, capture_output=True).returncode != 0


def test_python_is_formatted_as_ruff_does(tmp_path: Path) -> None:
    for number, (text, at) in enumerate(CASES[-100:]):
        for point in (None, at):
            (tmp_path / f"p{number}_{point is None}.py").write_text(program(text, "python", point))
    check_format(tmp_path)


def formatted(to: str, suffix: str, command: list[str], folder: Path) -> list[str]:
    """The programs that a formatter would change."""
    programs = {}
    for number, (text, at) in enumerate([(STAGED, {"x": 3.0, "y": -4.0}), *CASES[-200:]]):
        for point in (None, at):
            programs[folder / f"p{number}_{point is None}{suffix}"] = program(text, to, point)
    for path, source in programs.items():
        path.write_text(source)
    subprocess.run([*command, *map(str, programs)], check=True, capture_output=True)
    return [source for path, source in programs.items() if path.read_text() != source]


def test_c_is_formatted_as_clang_format_does(tmp_path: Path) -> None:
    formatter = Path(sys.executable).parent / "clang-format"
    command = str(formatter) if formatter.exists() else which("clang-format")
    if command is None:
        pytest.skip("there is no clang-format")
    assert formatted("c", ".c", [command, "--style=LLVM", "-i"], tmp_path) == []


@pytest.mark.skipif(which("prettier") is None, reason="there is no prettier")
def test_javascript_is_formatted_as_prettier_does(tmp_path: Path) -> None:
    assert formatted("javascript", ".js", ["prettier", "--write", "--log-level=error"], tmp_path) == []


def test_the_staged_example_does_no_more_arithmetic_than_the_notes() -> None:
    """The listing of the notes has 14 operations forward, and 14 backward where `(1) *` is not counted.

    That inputs are made floats is no arithmetic: a line for each, at the head; nor that gradients get their shapes.
    """
    for to, converted in (("python", 0), ("numpy", 2)):
        function = next(
            n for n in ast.parse(program(STAGED, to)).body if isinstance(n, ast.FunctionDef) and n.name == "backprop"
        )
        for line, name in zip(function.body[:converted], ("y", "x"), strict=False):
            assert ast.unparse(line) == f"{name} = np.asarray({name}, dtype=float)"
        operations = sum(
            isinstance(n, (ast.BinOp, ast.UnaryOp, ast.Call, ast.AugAssign))
            for line in function.body[converted:]
            if "unbroadcast(" not in ast.unparse(line)
            for n in ast.walk(line)
        )
        assert operations <= 28
    c = re.sub(r"//.*", "", program(STAGED, "c").split("double backprop(")[1].split("#ifndef")[0])
    assert len(re.findall(r"(?<=\w|\)) [-+*/] |[-+]=|-(?=\w)|exp\(", c)) <= 28


def test_the_staged_example_reads_like_the_notes() -> None:
    lines = [line.strip() for line in program(STAGED, "python").splitlines()]
    for line in (
        "num = x + sigy  # (2)", "xpysqr = xpy**2  # (5)", "f = num * invden  # (8)", "dnum = invden  # (8)",
        "dinvden = num  # (8)", "dxpy = 2 * xpy * dxpysqr  # (5)", "dx = dxpy  # (4)", "dx += dnum  # (2)",
    ):  # fmt: skip
        assert line in lines


def test_names_that_the_target_reserves_are_escaped() -> None:
    at = {"lambda": 2.0, "math": 3.0, "double": 0.5, "θ": 1.5, "dx": 2.0, "x": 4.0}
    text = "dy = lambda * math; exp(double * θ) + dy * dx * x * dx"
    for to in ("python", "c", "javascript"):
        source = program(text, to, at)
        assert "lambda_" in source or to != "python"
    scope: dict = {"__name__": "program"}
    exec(program(text, "python"), scope)
    value, gradients = scope["backprop"](*[at[name] for name in Compiled(text).variables])
    assert gradients == backprop.evaluate(text, at).gradients
    assert value == backprop.evaluate(text, at).value


def test_an_unused_input_has_gradient_0_and_dead_code_is_dropped() -> None:
    source = program("unused = sin(z); f = x * y", "python")
    assert "sin" not in source.split("def ")[1]
    scope: dict = {"__name__": "program"}
    exec(source, scope)
    assert scope["backprop"](*[{"z": 1.0, "x": 2.0, "y": 3.0}[name] for name in ("z", "x", "y")]) == (
        6.0, {"z": 0.0, "x": 3.0, "y": 2.0},
    )  # fmt: skip


def test_a_line_has_the_number_of_the_forward_line_that_it_belongs_to() -> None:
    lines = [line.strip() for line in program("y^2 + exp(x*y) + sin(x)", "python").splitlines()]
    assert "f = y**2 + q3 + math.sin(x)  # (2)" in lines
    assert "dy += 2 * y  # (2)" in lines
    assert "dx += y * q3  # (1)" in lines


def test_a_stage_inside_a_function_is_called_after_nothing_else() -> None:
    lines = [line.strip() for line in program("f(w, x) = sigmoid(w*x + 1); f(w, x)^2", "python").splitlines()]
    assert "q1 = sigmoid(q2)  # (2)" in lines  # as the table has it
    assert "dq2 = 2 * q1 * (sigmoid(-q2) * q1)  # (2)" in lines


@pytest.mark.parametrize(
    "text", ["where(x > 0, sqrt(x), 0)", "softplus(x) * sigmoid(x)", "log(x) * gelu(x) + gamma(x)"]
)
def test_a_program_brings_along_only_what_it_calls(text: str, tmp_path: Path) -> None:
    for at in (None, {"x": -1.0}):
        source = program(text, "python", at)
        (tmp_path / "program.py").write_text(source)
        names = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)} - {"backprop"}
        assert all(len(re.findall(rf"\b{name}\b", source)) > 1 for name in names)
        check = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", "program.py"]
        assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0


@pytest.mark.parametrize("to", ["c", "javascript", "python"])
def test_no_helper_is_left_of_a_spelling_that_was_too_long(to: Target) -> None:
    """With its operand in a line of its own, a gate may be an operator."""
    texts = [
        "xlogy(asinh(sinc(x) - xlogy(1, x)), relu(sinc(0)*where(1 > 3, 2, -1)))",
        "x - reciprocal(clip(erfinv(hypot(y, 1)), logaddexp(2, 0.5)*cbrt(0.5), 1))",
        "relu(clip(atanh(2/1), 0.5, erf(sinc(2))))",
    ]
    for text in texts:
        program = re.sub("(//|#).*", "", str(backprop.compile(text).code(to)))
        made = re.findall(r"^(?:static \w+ |function |def )(\w+)\(", program, re.MULTILINE)
        assert [name for name in made if name != "backprop" and len(re.findall(rf"\b{name}\(", program)) == 1] == []


def test_names_of_the_c_library_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "p.c").write_text(program("M_PI * INFINITY + M_E * y0", "c"))
    if which("cc"):
        subprocess.run(["cc", "-c", "p.c"], cwd=tmp_path, check=True)
    assert "double M_PI_" in (tmp_path / "p.c").read_text()


def test_an_upstream_is_not_dropped() -> None:
    with pytest.raises(backprop.Problem, match="a parameter of this program"):
        write(Request(Compiled("x * y").circuit(), upstream=2.0), "torch")


@pytest.mark.parametrize("kind", ["numpy", "torch", "jax", "python"])
def test_a_point_with_long_numbers_is_laid_out_as_a_program(kind: str) -> None:
    compiled, x = Compiled("tanh(x) * x"), np.linspace(0.1, 1.3, 12).reshape(3, 4)
    long = x if kind != "python" else np.float64(1 / 3)
    request = Request(compiled.circuit({"x": long}), at={"x": long}, upstream=np.sin(long))
    ast.parse(write(request, kind))
