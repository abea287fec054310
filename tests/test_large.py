"""Circuits of 100,000 gates: no recursion limit, and time linear in their size."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import backprop
from conftest import in_process, shell

N = 100_000


def test_a_product_of_100_000_variables() -> None:
    text = "*".join(f"x{i}" for i in range(N))
    found = backprop.evaluate(text, {f"x{i}": 2.0 if i < 10 else 1.0 for i in range(N)})
    assert found.value == 1024
    assert found.gradients["x0"] == 512
    assert found.gradients[f"x{N - 1}"] == 1024


@pytest.mark.parametrize(
    ("text", "gradient"),
    [
        ("sin(" * N + "x" + ")" * N, None),
        ("(" * N + "x" + ")" * N, 1.0),
        ("-" * N + "x", 1.0),
        ("(" * N + "x" + "+1)" * N, 1.0),
        ("\n".join(["a0 = x", *(f"a{i} = a{i - 1} + x" for i in range(1, N)), f"a{N - 1}*1"]), float(N)),
    ],
    ids=["calls", "parentheses", "signs", "sums", "statements"],
)
def test_a_chain_100_000_deep(text: str, gradient: float | None) -> None:
    found = backprop.evaluate(text, x=0.5)
    assert gradient is None or found.gradients == {"x": gradient}


def test_time_is_linear_in_the_size() -> None:
    def seconds(gates: int) -> float:
        text = "+".join(["x*y"] * (gates // 2))
        start = time.process_time()
        assert backprop.evaluate(text, x=1, y=1).gradients["x"] == gates // 2
        return time.process_time() - start

    seconds(2_000)
    small, large = min(seconds(20_000) for _ in range(3)), min(seconds(200_000) for _ in range(2))
    assert large < 25 * small


def test_a_maximum_of_many_inputs() -> None:
    text = f"max({', '.join(f'x{i}' for i in range(2000))})"
    found = backprop.evaluate(text, {f"x{i}": float(i) for i in range(2000)})
    assert found.gradients["x1999"] == 1.0


def test_the_command_line_takes_100_000_variables_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "product.bp").write_text("*".join(f"x{i}" for i in range(N)))
    (tmp_path / "point.json").write_text(json.dumps({f"x{i}": 1.0 for i in range(N)}))
    start = time.perf_counter()
    done = shell("backprop eval -f product.bp --vars point.json | tail -1", tmp_path)
    assert done.stdout.split() == ["f", f"q{N - 2}", "*", f"x{N - 1}", "1", "1"]
    assert time.perf_counter() - start < 30
    done = in_process("backprop eval -f product.bp", tmp_path)
    assert "(100,000 in all)" in done.stderr
    assert len(done.stderr) < 2000
