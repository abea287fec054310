"""Emitted programs that are run: names that the target has a use for, and what its own operators would get wrong."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import backprop
from backprop.cli import main
from conftest import in_process
from programs import function

NAMES = ("abs", "double", "e1", "float", "for", "Math", "math", "max", "min", "np", "round", "torch")
ENDINGS = {"python": "py", "numpy": "py", "torch": "py", "jax": "py", "javascript": "mjs", "c": "c"}


def command(*arguments: str) -> int:
    """The exit code of the command line."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(left.value.code or 0)


def run(path: Path, to: str) -> None:
    """Run a program, whose own test passes."""
    if to == "c":
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("there is no cc")
        binary = path.with_suffix("")
        strict = ["-Wall", "-Wextra", "-Wconversion", "-Wmissing-prototypes", "-Wdouble-promotion", "-Werror"]
        subprocess.run([compiler, *strict, str(path), "-o", str(binary), "-lm"], check=True)
        subprocess.run([str(binary)], check=True)
    elif to == "javascript":
        runner = shutil.which("node")
        if runner is None:
            pytest.skip("no node")
        subprocess.run([runner, str(path)], check=True)
    else:
        function(path.read_text(), "__main__")


def emitted(folder: Path, to: str, *arguments: str) -> Path:
    path = folder / f"program.{ENDINGS[to]}"
    assert command("code", *arguments, "--to", to, "-o", str(path)) == 0
    return path


@pytest.mark.parametrize("to", ["python", "numpy", "torch", "javascript", "c"])
def test_inputs_are_called_what_the_target_has_a_use_for(to: str, tmp_path: Path) -> None:
    if to == "torch":
        pytest.importorskip("torch")
    terms = " + ".join(f"clip({name}, -1, 1)*relu({name})*abs({name})" for name in NAMES)
    values = [part for place, name in enumerate(NAMES) for part in ("--set", f"{name}=0.{place + 1}")]
    run(emitted(tmp_path, to, f"max(min(1e3, {terms}), x)^2", *values, "--set", "x=0.5"), to)


@pytest.mark.parametrize(("to", "name"), [
    ("python", "copysign"), ("python", "ZeroDivisionError"), ("python", "inf"), ("numpy", "np"), ("torch", "zip"),
    ("torch", "found"), ("jax", "inputs"), ("javascript", "polynomial"), ("c", "sin_pi"), ("c", "sqrt"),
    ("c", "y0"), ("c", "value"),
])  # fmt: skip
def test_a_function_is_not_called_what_its_program_uses(to: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("digamma(x)*erf(y) + sigmoid(x) + 0/y*erfinv(y) + (x > y)", "--x", "0.3", "--y", "0.5", "--to", to)
    assert command("code", *given, "--name", name) == 2
    assert f"a function cannot be called {name}: " in capsys.readouterr().err


@pytest.mark.parametrize("name", ["x", "q1", "s", "dx", "strain"])
@pytest.mark.parametrize("to", ["python", "javascript", "c"])
def test_a_function_is_called_as_parts_of_others_are(to: str, name: str, tmp_path: Path) -> None:
    given = ("s = digamma(x)*erf(y) + sigmoid(x)", "--x", "0.3", "--y", "0.5")
    program = emitted(tmp_path, to, *given, "--name", name)
    if to == "python":
        exec(program.read_text(), {"__name__": "__main__"})
    else:
        run(program, to)


@pytest.mark.parametrize("condition", ["y", "relu(y)", "y > 0", "not (y != 0)"])
@pytest.mark.parametrize("to", ["python", "javascript", "c"])
def test_a_number_as_a_condition(to: str, condition: str, tmp_path: Path) -> None:
    condition = "y == 0" if condition.startswith("not") else condition
    run(emitted(tmp_path, to, f"relu(where({condition}, x, 1))", "--ties", "split", "--x", "2", "--y", "1"), to)


@pytest.mark.parametrize("to", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("number", ["2", "(1 + 2)", "(2 > 1)", "k", "max(2, 3)", "sum([1, 2])"])
def test_new_axes_of_a_number(to: str, number: str, tmp_path: Path) -> None:
    if to != "numpy":
        pytest.importorskip(to)
    text = f"k = 3 * 2; c = {number}[None, None]; sum(c * x) + c[0, 0] + sum(x[1][None] * x[...])"
    run(emitted(tmp_path, to, text, "--x", "[1, 2]"), to)


@pytest.mark.parametrize("name", ["std", "var"])
@pytest.mark.parametrize("options", ["axis=0, ddof=1", "axis=1", "ddof=1, axis=0, keepdims=True"])
def test_a_spread_of_nothing(name: str, options: str, tmp_path: Path) -> None:
    run(emitted(tmp_path, "numpy", f"sum({name}(a, {options}))", "--a", "ones(2,2,0)"), "numpy")


@pytest.mark.parametrize(("formula", "point"), [
    ("f = mean(b[[0,1]]^2)", ("--b", "[1,2,3]")),
    ("s = b[[0,1]]; f = mean(s^2)", ("--b", "[[1,2],[3,4],[5,6]]")),
    ("s = b[1:,[0,1]]; f = mean(s^2)", ("--b", "[[1,2],[3,4],[5,6]]")),
    ("s = b[0,1]; f = s^2", ("--b", "[[1,2],[3,4],[5,6]]")),
])  # fmt: skip
def test_what_code_writes_for_an_index_is_read_back(formula: str, point: tuple[str, ...], tmp_path: Path) -> None:
    path = emitted(tmp_path, "numpy", formula, *point)
    assert command("check", formula, *point, "--backward", str(path)) == 0


@pytest.mark.parametrize("formula", ["x^0.5", "x^y", "x^2.5", "(x+y)^(1/3)"])
def test_a_power_of_a_negative_number_is_never_complex(formula: str, tmp_path: Path) -> None:
    path = emitted(tmp_path, "python", formula)
    program: dict[str, Any] = {}
    exec(path.read_text(), program)
    inputs = [-1.5, 0.5][: 1 + ("y" in formula)]
    with pytest.raises(ValueError, match=r"\w"):
        program["backprop"](*inputs)


def test_what_a_number_out_of_an_array_is_read_back_as(tmp_path: Path) -> None:
    formula = "'f = sum(abs(std(S, ddof=1)))' --S '[0,1,-1]'"
    assert in_process(f"backprop code {formula} --to numpy -o p.py", tmp_path).returncode == 0
    found = in_process(f"backprop check {formula} --backward p.py", tmp_path)
    assert (found.returncode, "WRONG" in found.stdout) == (0, False), found.stdout + found.stderr


def test_a_comparison_that_is_put_into_its_place(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    text = "q2 = square(square(A)[0:1]^2 + 0.5); f = sum(where(q2 > 0, q2, s))"
    found = in_process(f"backprop code '{text}' --A '[[0,0],[1,1]]' --s -1 --to torch -o p.py", tmp_path)
    assert found.returncode == 0, found.stderr
    function((tmp_path / "p.py").read_text(), "__main__")


def test_the_slope_of_tanh_in_c_costs_no_second_exp_and_no_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 - t*t where t has all its digits, sech(x)^2 where it has not, or where t has no line that stays as it is."""
    mpmath = pytest.importorskip("mpmath")
    listed = {
        "h = tanh(x*y); h^2": "tanh_slope(q1, h)", "h = tanh(x); h*y": "tanh_slope(x, h)", "tanh(x)": "sech(x)",
        "h = tanh(x); s = sech(x)^2; h*y + s": "dx += s * dh",
    }  # fmt: skip
    for formula, said in listed.items():
        assert command("code", formula, "--to", "c") == 0
        assert said in capsys.readouterr().out
    path = emitted(tmp_path, "c", "h = tanh(x); h + 0*h", "--main")
    compiler = shutil.which("cc") or pytest.skip("there is no cc")
    subprocess.run([compiler, str(path), "-o", str(tmp_path / "program"), "-lm"], check=True)
    for x in (0.0, 1e-9, -0.3, 0.9, 0.97, 0.98, -1.5, 8.0, -40.0, float("inf"), float("nan")):
        found = subprocess.run([str(tmp_path / "program"), repr(x)], capture_output=True, text=True, check=True)
        slope, right = float(found.stdout.split()[-1]), float(mpmath.sech(x) ** 2) if abs(x) < 50 else 0 * (1 / x)
        assert slope == pytest.approx(right, rel=2e-15, nan_ok=True)
    for argument in ("", "1,5", "x"):
        refused = subprocess.run([str(tmp_path / "program"), argument], capture_output=True, text=True, check=False)
        assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"{argument} is no number\n")


def test_typescript_holds_nothing_that_nobody_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command("code", "b = 2*y; a = 2*x; a + x", "--to", "javascript", "-o", str(tmp_path / "f.ts")) == 0
    text = (tmp_path / "f.ts").read_text()
    assert "void y" in text
    assert "da = 1" not in text
    assert command("code", "b = 2*y; a = 2*x; a + x", "--to", "javascript") == 0
    assert "da = 1" in capsys.readouterr().out


@pytest.mark.parametrize(("to", "line"), [
    ("numpy", "dx = dx - (1 + q**2)"), ("sql", "y - (1 + q * q) AS dx"), ("latex", "y - (1 + q^{2})"),
])  # fmt: skip
def test_a_sum_that_is_taken_off_is_in_brackets(to: str, line: str) -> None:
    assert line in backprop.compile("q = tan(x); x*y - q").code(to)
