"""A plain command line is read without click: the same bytes as with it, and the same of what is not plain."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop.cli import main, plain
from backprop.cli.options import COMMANDS, Choice, Range, command_named
from backprop.show.objects import written
from conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"
ODD = [
    "eval", "eval x", "eval x --x", "eval x --x 1 --digits 0", "eval x --x 1 --digits=3", "eval x --x 1 --ties none",
    "eval x --x 1 --jsn", "eval x --x 1 --json=yes", "eval x y --x 1", "eval -- -x --x 1", "eval -x --x=1 --quiet",
    "eval x --x 1 -o", "eval --json", "eval x --seed 1.5 --x 1", "gates nothing", "gates relu tanh", "gates --colour",
    "gates relu --color=never", "gates --json=1", "evaluate x", "x+y", "eval x --x 1 --vars", "explain x --x 1 --of",
    "eval x*y --x 1 --y 2 --set x=3 --x 4", "eval x --x 1 --digits ٣", "eval x --x 1 -o out.xyz", "eval x --x 1 -h -o",
    "", "--help", "-h eval", "--help --bad", "help", "help evl", "help eval x", "eval x*y -h",
    "eval --json --help --jsn", "eval x --digits 0 -h", "eval x -h y", "eval x -h --ties", "eval x --help=1",
    "gates x y -h", "gates -h --digits", "gates -- -h", "eval -h --x -h", "map x f.csv -h",
]  # fmt: skip


def lines() -> Iterator[tuple[Path, list[str]]]:
    """The commands of the golden cases, where they call the program once and nothing else."""
    for case in sorted(GOLDEN.iterdir()):
        command = (case / "cmd").read_text().strip()
        bare = re.sub(r"""'[^']*'|"[^"$`]*\"""", "", command)
        if command.startswith("backprop ") and not set(bare) & set("|<>;&$`\n*~") and "map " not in command:
            yield case, shlex.split(command)[1:]


def answer(words: list[str], capfd: pytest.CaptureFixture[bytes]) -> tuple[object, bytes, bytes]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as end:
        main(words)
    out, err = capfd.readouterr()
    return end.value.code, out, err


@pytest.mark.parametrize(
    ("folder", "words"), [*lines(), *[(ROOT, shlex.split(line)) for line in ODD]], ids=lambda value: str(value)[-40:]
)
def test_both_ways_write_the_same_bytes(
    folder: Path, words: list[str], capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    mine = answer(words, capfdbinary)
    monkeypatch.setattr(plain, "read", lambda words: None)
    assert answer(words, capfdbinary) == mine


def test_many_lines_are_plain() -> None:
    assert sum(plain.read(words) is not None for _, words in lines() if "error" not in _.name) > 50


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
))  # fmt: skip
def test_json_is_written_as_the_json_module_writes_it(value: object) -> None:
    assert written(value) == json.dumps(value, ensure_ascii=False)
    assert written(value, ascii_only=True) == json.dumps(value)


def test_what_a_command_takes_has_a_kind_and_a_help() -> None:
    for name in COMMANDS:
        command = command_named(name)
        for parameter in command.parameters:
            assert parameter.help or not parameter.flags
            assert parameter.type is None or isinstance(parameter.type, Choice | Range)
