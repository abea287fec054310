"""`return out` hands a stage on: a backward pass may begin with the gradient of either name."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import in_process


@pytest.mark.parametrize(
    ("body", "backward"),
    [
        ("out = x * 2; return out", "dx = dout * 2"),
        ("out = x * 2; return out", "dx = df * 2"),
        ("out = x * 2; return out", "dout = df; dx = dout * 2"),
        ("z = x * 2; y = z; return y", "dx = 2*dz"),
        ("z = x * 2; y = z; return y", "dz = dy; dx = dz*2"),
    ],
)
def test_a_pass_begins_with_the_gradient_of_what_is_returned(tmp_path: Path, body: str, backward: str) -> None:
    forward = "".join(f"    {line}\n" for line in body.split("; "))
    (tmp_path / "f.py").write_text(f"def f(x):\n{forward}")
    (tmp_path / "b.py").write_text("".join(f"{line}\n" for line in backward.split("; ")))
    command = 'backprop check -f f.py --backward b.py --x "[1, 2]" --upstream "[1, 5]"'
    done = in_process(command, tmp_path)
    assert (done.returncode, done.stdout.count("ok"), done.stderr) == (0, backward.count("="), "")
    (tmp_path / "b.py").write_text("dx = df * 3\n")
    assert "WRONG" in in_process(command, tmp_path).stdout


def test_what_is_computed_from_it_is_another_gradient(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(x):\n    out = x * 2\n    return out*out\n")
    (tmp_path / "b.py").write_text("dx = dout * 2\n")
    assert "dout is not known" in in_process("backprop check -f f.py --backward b.py --x 1", tmp_path).stderr
