"""What `code` writes is read back by `check --backward`, line by line, and is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import in_process

PROGRAMS = [
    ("mean(stack(a, a, axis=-1)^2)", "--a '[1,2]'"),
    ("mean(stack(a, b, axis=-2)^2)", "--a '[1,2]' --b '[3,4]'"),
    ("mean(stack(A, A, axis=-2)^2)", "--A '[[1,2],[3,4]]'"),
    ("mean(A, axis=0)[1]^2", "--A '[[1,2],[3,4]]'"),
    ("sum(A, axis=1)[0]^2", "--A '[[1,2],[3,4]]'"),
    ("sum(mean(A, axis=0, keepdims=1)^2)", "--A '[[1,2],[3,4]]'"),
    ("sum(max(A, axis=0)^2)", "--A '[[1,2],[3,4]]'"),
    ("sum(var(A, axis=-1)^2)", "--A '[[1,2],[3,5]]'"),
    ("sum(softmax(A, axis=0)^2)", "--A '[[1,2],[3,4]]'"),
    ("sum(norm(A, axis=0)*logsumexp(A, axis=1))", "--A '[[1,2],[3,4]]'"),
    ("sum(cumsum(A, axis=0)^2 + sort(A)^2)", "--A '[[1,2],[3,4]]'"),
    ("sum(concat(a, a)[0:3]^2)", "--a '[1,2]'"),
    ("sum(x[x > 0]^2)", "--x '[-1,2,3]'"),
    ("sum(x[:, None]*[[1,2]])", "--x '[1,2,3]'"),
    ("mean(x[[0,2,2]]^2)", "--x '[1,2,3]'"),
    ("det(A) + trace(A @ A)", "--A '[[1,2],[3,5]]'"),
    ("sum(prod(A, axis=0))", "--A '[[1,2],[3,5]]'"),
    ("s0 = 0*x; s2 = y+s0; x+s2", "--x 1 --y 2"),
    (
        "sum(height*(width > 1)) + sum(long_name*(other_name < 1))",
        "--height '[1]' --width '[1]' --long_name '[[1],[2]]' --other_name '[2]'",
    ),
    ("s0 = x + x; t = asinh(s0); u = clip(s0, x, t); sin(u)", "--x 2.2"),
]


@pytest.mark.parametrize(("text", "point"), PROGRAMS, ids=[text for text, _ in PROGRAMS])
def test_numpy(text: str, point: str, tmp_path: Path) -> None:
    made = in_process(f"backprop code '{text}' {point} --to numpy -o p.py", tmp_path)
    assert made.returncode == 0, made.stderr
    found = in_process(f"backprop check '{text}' {point} --backward p.py", tmp_path)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "inherited" not in found.stdout


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
def test_det_of_a_matrix_with_a_nan(target: str, tmp_path: Path) -> None:
    pytest.importorskip(target)
    made = in_process(f"backprop code 'det(A)' --A '[[nan,1],[2,3]]' --to {target} --quiet -o p.py", tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    exec((tmp_path / "p.py").read_text(), {"__name__": "__main__"})  # a warning is an error here
