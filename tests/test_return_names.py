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


@pytest.mark.parametrize("returned", ["(speed, place), kept", "speed, place, kept"])
def test_outputs_may_stand_together_beside_what_is_kept(tmp_path: Path, returned: str) -> None:
    """The gradient of `place` is behind that of `speed`, whose line reads it: two gradients from above, not one."""
    text = f"""
import numpy as np

def swing_forward(push, pull):
    place = np.sin(push)
    speed = place * pull
    kept = [push, pull, place]
    return {returned}

def swing_backward(dspeed, dplace, kept):
    push, pull, place = kept
    dpull = dspeed * place
    dplace = dplace + dspeed * pull
    return dplace * np.cos(push), dpull
"""
    command = "backprop check swing.py --push randn(3) --pull randn(3) --seed 1"
    (tmp_path / "swing.py").write_text(text)
    done = in_process(command, tmp_path)
    assert (done.returncode, done.stdout.count("  ok")) == (0, 2), done.stderr
    (tmp_path / "swing.py").write_text(text.replace("dplace = dplace + dspeed", "dplace = dspeed"))
    wrong = in_process(command, tmp_path)
    assert wrong.returncode == 1
    assert "line 13 of swing_backward" in wrong.stdout
