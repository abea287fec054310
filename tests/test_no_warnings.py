"""No warning of Python's or NumPy's reaches anybody: every gate, at special points, by every route.

Warnings are errors in the tests; here the program runs in this process, so that none is lost.
"""

from __future__ import annotations

import io
import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from backprop.cli import main
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.gates.row import Gate
from backprop.library import Compiled

POINTS = ("0", "1", "-1", "inf", "-inf", "nan", "1e308", "1e-320")
OPEN = [gate for gate in GATES.values() if not gate.plumbing]


def call(gate: Gate) -> tuple[str, tuple[str, ...]]:
    """A call of a gate, and its inputs."""
    names = gate.names(2 if gate.variadic else gate.arity)
    return f"sum({gate.spelling}({', '.join(names)}))", names


def can_be_called(gate: Gate) -> bool:
    try:
        Compiled(call(gate)[0])
    except Problem:  # it needs an option
        return False
    return True


CALLED = [gate for gate in OPEN if can_be_called(gate)]


@pytest.mark.sampled(2)
@pytest.mark.parametrize("gate", CALLED, ids=lambda gate: gate.name)
def test_values_and_derivatives_warn_of_nothing(gate: Gate) -> None:
    text, names = call(gate)
    for ties, of_array in (("both", False), ("split", True)):
        compiled = Compiled(text, ties=ties)
        for values in product(POINTS, repeat=min(2, len(names))):
            at: dict[str, Any] = dict.fromkeys(names, 1.0) | dict(zip(names, map(float, values), strict=False))
            if of_array:
                at = {name: [value, value] for name, value in at.items()}
            try:
                compiled.evaluate(at)
                compiled.hessian(at)
                compiled.hvp({names[0]: at[names[0]]}, at)
            except Problem:
                continue


def commanded(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(words))
    return int(end.value.code or 0)


@pytest.mark.parametrize("gate", CALLED, ids=lambda gate: gate.name)
def test_commands_warn_of_nothing(gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    text, names = call(gate)
    monkeypatch.chdir(tmp_path)
    rows = [dict.fromkeys(names, float(value)) for value in POINTS if value not in ("inf", "-inf", "nan")]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for words in (["map", text, "rows.jsonl"], ["map", text, "rows.jsonl", "--hessian"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        assert commanded(*words) in (0, 1, 2), capsys.readouterr()
    for value in ("0", "inf", "1e308"):
        point = [word for name in names for word in ("--set", f"{name}={value}")]
        for verb in ("check", "nudge", "explain"):
            more = ("--by", f"{names[0]}=0.1") if verb == "nudge" else ()
            assert commanded(verb, text, *point, *more) in (0, 1, 2)
            assert "mistake of backprop" not in capsys.readouterr().err


@pytest.mark.parametrize(("text", "x"), [
    ("sum([1/(x*y), y, 1])", "-0.0"), ("log(dot([hypot(x, x), x], [x, y]))", "inf"), ("sum(digamma([x, y]/x))", "0"),
    ("sum(hypot(solve([[x^y, 1], [y, 2]], [1, 2]), y))", "inf"),
])  # fmt: skip
def test_numbers_among_arrays_warn_of_nothing(text: str, x: str, capsys: Any) -> None:
    for words in (["eval", "--why-nan"], ["explain"], ["check"], ["check", "--claim", "dx=1"]):
        assert commanded(words[0], text, "--x", x, "--y", "1", *words[1:]) in (0, 1)
        assert "mistake of backprop" not in capsys.readouterr().err
