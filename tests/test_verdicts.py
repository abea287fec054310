"""`check` says WRONG only beyond what it can measure, and ok only of what it judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import shell

RIGHT = [
    ("softplus(x) - log(2)", "--x 1e-8", "ok"),
    ("sum(inv(A))", "--A '[[1,0.99999],[0.99999,1]]'", "IMPRECISE"),
    ("hypot(x, y)", "--x 1e-310 --y 1e-310", "ok"),
    ("sqrt(x+1) - sqrt(x)", "--x 1e8", "ok"),
    ("where(t > 0, t, p)", "--t 1 --p 1e7", "ok"),
    ("floor(x) + y", "--x 1e10 --y 1", "KINK"),
    ("cospi(x)", "--x 1", "ok"),
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
    found = shell(f"backprop check '{text}' {point}", tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    assert said in found.stdout
    assert "WRONG" not in found.stdout


PASSES = [
    ("tmp = 1", 1, "incomplete: dx, dy was not judged"),
    ("dx = y", 1, "incomplete: dy was not judged"),
    ("dx = y\ndy = x", 0, ""),
    ("gx = y\ngy = 999", 1, ""),
]


@pytest.mark.parametrize(("lines", "status", "said"), PASSES, ids=[lines for lines, _, _ in PASSES])
def test_what_was_not_judged_is_not_ok(lines: str, status: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "pass.py").write_text(f"{lines}\n")
    found = shell("backprop check 'x*y' --x 2 --y 3 --backward pass.py", tmp_path)
    assert found.returncode == status
    assert said in found.stderr
    assert ("WRONG" in found.stdout) == ("999" in lines)
    as_json = shell("backprop check 'x*y' --x 2 --y 3 --backward pass.py --json", tmp_path)
    verdict = "wrong" if "999" in lines else "incomplete" if status else "ok"
    assert f'"verdict": "{verdict}", "lines"' in as_json.stdout


def test_no_claims_are_no_question(tmp_path: Path) -> None:
    found = shell("echo '{}' > e.json; backprop check 'x^2' --x 3 --claims e.json", tmp_path)
    assert found.returncode == 2
    assert "there are no claims in e.json" in found.stderr
