"""What cannot be held is refused before it is tried, with its size, exit 2."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

import backprop
from backprop.cli import check, code, main


@pytest.mark.parametrize("command", ["check", "code"])
def test_too_many_gates_are_refused_at_once(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = {"check": check, "code": code}[command]
    monkeypatch.setattr(module, "MOST", 20_000)
    started = time.process_time()
    with pytest.raises(SystemExit) as ended:
        main([command, "sin(" * 30_000 + "x" + ")" * 30_000, "--x", "1"])
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert "of 30,000 gates is too large: at most 20,000 are" in told.err
    assert len(told.err) < 400
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "sum(x)", "--x", "zeros(1e9, 1e4)"],
        ["eval", "sum(conv1d([1,2],w,padding=100000000000))", "--w", "[1]"],
        ["check", "sum(x)", "--x", "ones(1e9, 1e4)"],
        ["code", "sum(ones(1e9, 1e4)*x)", "--x", "1", "--to", "numpy"],
        ["eval", "sum(einsum('i,j,k->ijk', x, x, x))", "--x", "ones(30000)"],
        ["eval", "sum(x)", "--x", "ones(100000)", "--hessian"],
        ["eval", "sum(x)", "--x", f"ones({','.join('1' * 40)})", "--hessian"],
    ],
)
def test_what_is_too_large_is_refused_with_its_size(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, capsys.readouterr().out) == (2, "")


@pytest.mark.parametrize(
    "words",
    [
        ["eval", "sum(x*x)"],
        ["eval", "sum(x*x)", "--json"],
        ["check", "sum(x*x)"],
        ["check", "sum(x*x)", "--random", "2"],
        ["explain", "sum(x*x)"],
        ["code", "sum(x*x)", "--to", "markdown"],
        ["draw", "sum(x*x)"],
    ],
)
def test_more_axes_than_numpy_has_for_flat_are_no_mistake(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--x", f"ones({','.join('1' * 40)})"])
    told = capsys.readouterr()
    assert (ended.value.code, "mistake of backprop" in told.err) == (0, False), told.err
    assert told.out


def test_an_array_of_no_numbers_is_told_from_a_broken_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "good.npy", np.arange(6.0).reshape(2, 3))
    good = (tmp_path / "good.npy").read_bytes()
    np.save(tmp_path / "complex.npy", np.array([1 + 2j]))
    (tmp_path / "short.npy").write_bytes(good[:-8])
    (tmp_path / "header.npy").write_bytes(good[:40])
    (tmp_path / "text.npy").write_bytes(b"NUMPY")
    for name, said in [
        ("complex", "it holds complex numbers"), ("short", "is a broken .npy file\nhint: write it again"),
        ("header", "is a broken .npy file\nhint: write it again"), ("text", "is no .npy file"),
    ]:  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main(["eval", "sum(A)", "--A", f"@{tmp_path / name}.npy"])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err


def test_a_place_in_a_text_is_inside_of_it() -> None:
    for text, spans in [
        ("\ufb01" * 10 + "(_)", [(0, 10)]),
        ("1 + \ufb01\ufb02(x, y)", [(4, 6)]),
        ("sinn(x)", [(0, 4)]),
    ]:
        with pytest.raises(backprop.Problem) as caught:
            backprop.evaluate(text, x=1, y=1, _=1)
        assert [(span.start, span.end) for span in caught.value.spans] == spans
