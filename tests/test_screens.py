"""Screens of 40, 80 and 120 columns: no line is longer, and so no word or number is broken by the terminal.

`tests/screens.txt` has what is typed, at which width, and what is shown; `pytest --update` writes the latter anew.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from backprop.cli import main
from backprop.errors.spans import width
from backprop.show.fitting import COLOUR, wrapped
from conftest import BIN, ROOT, in_process, is_plain, shell
from terminals import screen

FILE = ROOT / "tests" / "screens.txt"
WIDTHS = (40, 80, 120)
HEAD = re.compile(r"^\[(\d+)\] \$ (.*)\n", re.MULTILINE)
NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")


class Case(NamedTuple):
    width: int
    command: str
    shown: str


def cases() -> list[Case]:
    parts = HEAD.split(FILE.read_text())[1:]
    triples = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return [Case(int(columns), command, shown) for columns, command, shown in triples]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("screens")
    staged = (ROOT / "tests" / "golden" / "eval-staged" / "staged.bp").read_text()
    (made / "staged.bp").write_text(staged)
    (made / "mine.txt").write_text("dq = z\ndx = dq\ndy = 2*dq\ndz = q\n")
    (made / "arrays.txt").write_text("dW = 2*outer(W@x, x)\ndx = W.T @ (W@x)\n")
    (made / "layers.py").write_text(
        "import numpy as np\n\ndef affine_forward(x, w, b):\n    out = x.dot(w) + b\n    return out, (x, w, b)\n\n"
        "def affine_backward(dout, cache):\n    x, w, b = cache\n    dx = dout.dot(w.T)\n    dw = x.T.dot(dout)\n"
        "    db = dout\n    return dx, dw, db\n"
    )
    (made / "inputs.json").write_text('{"x": [[1, 2, 3], [4, 5, 6]], "w": [[1, 0], [2, 1], [0, 3]], "b": [1, 2]}')
    return made


@pytest.fixture(scope="module")
def shown(folder: Path) -> list[str]:
    with ThreadPoolExecutor(3) as pool:
        return list(pool.map(lambda case: screen(case.command, case.width, folder), cases()))


def test_screens_are_as_they_were(shown: list[str], update: bool) -> None:
    if update:
        FILE.write_text("".join(f"[{c.width}] $ {c.command}\n{text}" for c, text in zip(cases(), shown, strict=True)))
    for case, text in zip(cases(), shown, strict=True):
        assert text == case.shown, case.command
    assert len(shown) >= 60
    assert {case.width for case in cases()} == set(WIDTHS)


def test_no_line_is_longer_than_the_screen(shown: list[str]) -> None:
    for case, text in zip(cases(), shown, strict=True):
        for line in COLOUR.sub("", text).splitlines():
            assert width(line.rstrip()) <= case.width, (case.command, line)


def test_no_number_is_broken_or_lost(shown: list[str], folder: Path) -> None:
    wide: dict[str, set[str]] = {}
    for case, text in zip(cases(), shown, strict=True):
        if case.command not in wide:
            done = in_process(case.command, folder) if is_plain(case.command) else shell(case.command, folder)
            wide[case.command] = set(NUMBER.findall(COLOUR.sub("", done.stdout + done.stderr)))
        assert set(NUMBER.findall(COLOUR.sub("", text))) == wide[case.command], (case.width, case.command)


@pytest.mark.parametrize(
    ("line", "room", "lines"),
    [
        ("one two three", 20, ["one two three"]),
        ("one two three", 8, ["one two", "  three"]),
        ("  one two three", 9, ["  one two", "    three"]),
        ("[1.25, 2.5, 3.75]", 12, ["[1.25, 2.5,", "  3.75]"]),
        ("[[1.25  2.5  3.75]", 12, ["[[1.25  2.5", "  3.75]"]),
        ("\x1b[1;31merror:\x1b[0m one two", 10, ["\x1b[1;31merror:\x1b[0m one", "  two"]),
        ("sigmoid(first,second,third)", 16, ["sigmoid(first,", "  second,third)"]),
        ("inseparableinseparable", 8, ["inseparableinseparable"]),
    ],
)
def test_lines_are_broken_between_words(line: str, room: int, lines: list[str]) -> None:
    assert wrapped(line, room) == lines


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
@pytest.mark.parametrize("command", [
    'eval "x^2*y" --x 2 --y 3 --hessian', 'explain "x*y + x" --x 2 --y 3', 'check "relu(x)*y" --x 0 --y 3',
    'nudge "x*y" --x 2 --y 3 --by x=1', 'draw "x*y" --x 2 --y 3', "gates reciprocal", "gates", "help explain",
    'eval "θ*x" --θ 2 --x 3 --json', 'eval "θ*" --json', 'eval "x/y" --x 0 --y 0',
])  # fmt: skip
def test_any_encoding_says_it_all(command: str, encoding: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"backprop {command} 2>&1"], cwd=tmp_path, capture_output=True, check=False,
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )  # fmt: skip
    said = done.stdout.decode(encoding)
    assert "Traceback" not in said
    assert "mistake of backprop" not in said
    if "--json" in command:
        assert json.loads(said)
    elif encoding == "ascii":
        assert "\\u" not in said
        assert "\\x" not in said


# ── mistakes ──

MISTAKES = re.findall(r"^\$ (.*)$", (ROOT / "docs" / "ERRORS.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("typed", MISTAKES)
def test_a_mistake_is_told_in_a_line_or_a_few(typed: str, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """What is told stands in docs/ERRORS.md, whose commands are run as those of every page are."""
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(typed)[1:])
    out, err = capsysbinary.readouterr()
    assert (ended.value.code, out) == (2, b"")
    assert err.startswith(b"error: ")
    assert err.count(b"\n") <= 6


@pytest.mark.parametrize("typed", MISTAKES[::4])
def test_a_mistake_fits_a_narrow_terminal(typed: str, tmp_path: Path) -> None:
    for line in screen(typed, 40, tmp_path).splitlines():
        assert width(line) <= 40, line


def test_there_are_forty_mistakes_at_least() -> None:
    assert len(MISTAKES) >= 40
