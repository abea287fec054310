"""What cannot be held is refused before it is tried, with its size, exit 2."""

from __future__ import annotations

import time

import pytest

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
    ],
)
def test_what_is_too_large_is_refused_with_its_size(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert (ended.value.code, capsys.readouterr().out) == (2, "")
