"""On numbers the program works without NumPy; what needs it says so in one line. SciPy is asked for by nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HIDDEN = """
import sys
for name in ("numpy", "scipy"):
    sys.modules[name] = None
"""
COMMAND = HIDDEN + "from backprop.cli import main; main(sys.argv[1:])"
TARGETS = ["python", "numpy", "torch", "jax", "c", "javascript", "sql", "latex", "markdown"]
AT = ["--x", "0.5", "--y", "-2"]


def run(
    *words: str, code: str = COMMAND, folder: Path | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, input=stdin, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "gelu(x)*y", *AT],
        ["eval", "erfinv(x)*y^2", *AT, "--json", "--local"],
        ["eval", "x/(y+2)", *AT, "--why-nan"],
        ["eval", "x*y^2", *AT, "--hessian"],
        ["eval", "x*y^2", *AT, "--jacobian"],
        ["eval", "x*y^2", *AT, "--direction", "x=1"],
        ["eval", "max(x, y, 0)", *AT, "--format", "markdown"],
        ["explain", "sigmoid(x)*y", *AT],
        ["explain", "sigmoid(x)*y", *AT, "--json"],
        ["check", "erf(x)*y", *AT],
        ["check", "erf(x)*y", *AT, "--stages", "--random", "3", "--seed", "1"],
        ["check", "x*y", *AT, "--claim", "dx=-2", "--claim", "dy=0.5"],
        ["nudge", "x*y", *AT, "--by", "x=0.1"],
        ["gates"],
        ["gates", "gelu"],
        ["draw", "x*y", *AT],
        ["draw", "x*y", *AT, "--as", "svg"],
        ["draw", "x*y", *AT, "--as", "html"],
        ["draw", "x*y", *AT, "--as", "tikz"],
        *(["code", "erf(x)*y", "--to", target] for target in TARGETS),
        ["code", "erf(x)*y", "--to", "markdown", *AT],
    ],
    ids=lambda words: " ".join(words[:4]),
)  # fmt: skip
def test_on_numbers_all_works(words: list[str]) -> None:
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_pass_by_hand_is_judged_on_numbers(tmp_path: Path) -> None:
    (tmp_path / "pass.txt").write_text("dx = y\ndy = 2*x\n")
    done = run("check", "x*y", *AT, "--backward", "pass.txt", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "sum(x)", "--x", "[1, 2]"],
        ["eval", "sum(x*[1, 2])", "--x", "3"],
        ["eval", "dot(x, y)", *AT],
        ["eval", "x", "--x", "randn(2)"],
        ["eval", "sum(x * zeros(2))", "--x", "2"],
        ["check", "layers.py"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_needs_numpy_says_so_in_one_line(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "layers.py").write_text(
        "def f_forward(x):\n    return x*x, x\n\ndef f_backward(d, x):\n    return d*2*x\n"
    )
    done = run(*words, folder=tmp_path)
    assert done.returncode == 2
    assert " NumPy, which is not installed\nhint: pip install numpy\n" in done.stderr
    assert len(done.stderr.splitlines()) == 2


def test_nothing_asks_for_scipy() -> None:
    code = "import sys; sys.modules['scipy'] = None; from backprop.cli import main; main(sys.argv[1:])"
    done = run("eval", "sum(erf(x) + erfc(x) + erfinv(x/9) + lgamma(x) + digamma(x))", "--x", "[1, 2]", code=code)
    assert (done.returncode, done.stderr) == (0, "")
