"""Equal rounds of a loop, drawn as one, and left out of listings: what stands for them, in each form."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from backprop_cli import main

LOOPS = """
import numpy as np
def recurrent(x, h, w):
    for t in range(len(x)):
        h = np.tanh(x[t] * w + h)
    return h * h
def two(x, v, k):
    for step in range(9):
        v = v - 0.1 * (k * x)
        x = x + 0.1 * v
    return x * v
def windows(x, w):
    out = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = np.sum(x[i:i+2, j:j+2] * w)
    return np.sum(np.maximum(out, 0))
def joined(x, w):
    return np.sum(np.concatenate([x[:2], w]) ** 2)
"""
GIVEN = {
    "recurrent": {"x": [0.1, -0.4, 0.3, 0.9, 0.2, -0.7], "h": 0.5, "w": 1.5},
    "two": {"x": 1.0, "v": 0.5, "k": 2.0},
    "windows": {"x": [[1.0, 0.5, -2.0, 0.3], [0.1, 0.7, 0.4, -1.0]] * 2, "w": [[0.5, -1.0], [0.2, 0.3]]},
    "joined": {"x": [1.0, 2.0, 3.0], "w": [0.5]},
}
Say = Callable[..., tuple[str, str]]


@pytest.fixture
def say(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loops.py").write_text(LOOPS)

    def said(command: str, name: str, *options: str) -> tuple[str, str]:
        (tmp_path / "given.json").write_text(json.dumps(GIVEN[name]))
        words = [command, "-f", f"loops.py:{name}", "--vars", "given.json", *options]
        monkeypatch.setattr("sys.argv", ["backprop", *words])
        with contextlib.suppress(SystemExit):
            main()
        told = capsys.readouterr()
        return told.out, told.err

    return said


def test_the_last_round_stays_with_its_own_numbers(say: Say) -> None:
    out, told = say("draw", "recurrent", "--as", "lanes")
    assert told == "note: 6 equal rounds in line 5 are drawn as one: --rounds draws them all\n"
    table = say("eval", "recurrent", "--rounds")[0].splitlines()
    assert len(out.splitlines()) == 9
    (before,) = [line.split()[-2:] for line in out.splitlines() if "5 rounds" in line]
    assert [line.split()[-2:] for line in table if line.startswith("h_6 ")] == [before]
    assert len(say("draw", "recurrent", "--as", "lanes", "--rounds")[0].splitlines()) == len(table) - 1


@pytest.mark.parametrize(("name", "count"), [("two", 2), ("windows", 1)])
@pytest.mark.parametrize("form", ["wires", "lanes", "svg", "dot", "mermaid", "tikz"])
def test_every_form_draws_them(name: str, count: int, form: str, say: Say) -> None:
    out, told = say("draw", name, "--as", form)
    assert told.startswith("note: 9 equal rounds in line ")
    assert out.count("8 rounds") == count * (1 + (form == "svg"))


def test_a_formula_has_no_rounds(say: Say, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["backprop", "draw", "+".join(f"sin({i}*x)" for i in range(1, 20)), "--x", "1"])
    with contextlib.suppress(SystemExit):
        main()
    told = capsys.readouterr()
    assert (told.out.count("sin"), "rounds" in told.out + told.err) == (19, False)


def test_arrays_of_different_lengths_are_joined(say: Say) -> None:
    table = {line.split()[0]: line for line in say("eval", "joined")[0].splitlines()}
    assert table["x"].endswith("[2, 4, 0]")
    assert table["w"].endswith("[1]")


def test_a_listing_has_the_first_round_and_the_last(say: Say) -> None:
    out, told = say("eval", "recurrent")
    assert told == "note: 4 of 6 equal rounds in line 5 are left out: --rounds shows them all\n"
    whole = say("eval", "recurrent", "--rounds")[0].splitlines()
    shown = out.splitlines()
    place = next(at for at, line in enumerate(shown) if line.startswith("…"))
    assert " ".join(shown[place].split()) == "… rounds 2 to 5 of line 5"
    squeezed = [" ".join(line.split()) for line in whole]
    assert all(" ".join(line.split()) in squeezed for at, line in enumerate(shown) if at != place)
    assert len(whole) - len(shown) == 4 * 4 - 1
    for form in ("--json", "--format=csv"):
        assert say("eval", "recurrent", form) == say("eval", "recurrent", form, "--rounds")


@pytest.mark.parametrize("form", ["plain", "markdown", "latex"])
def test_a_story_tells_the_first_round_and_the_last(form: str, say: Say) -> None:
    out, told = say("explain", "recurrent", "--format", form)
    assert told.startswith("note: 4 of 6 equal rounds in line 5 ")
    assert out.count("rounds 2 to 5 of line 5, likewise") == 2
    whole = say("explain", "recurrent", "--format", form, "--rounds")[0]
    left = [line for line in whole.splitlines() if line not in out.splitlines()]
    assert len(left) == 2 * 4 * 4, left
    assert say("explain", "recurrent", "--json") == say("explain", "recurrent", "--json", "--rounds")


def test_a_story_has_the_forks_of_the_rounds_that_it_tells(say: Say) -> None:
    def forks(*options: str) -> tuple[list[str], set[str]]:
        lines = [line.split() for line in say("explain", "two", *options)[0].splitlines()]
        return [one[1] for one in lines if one[0] == "fork:"], {one[2] for one in lines if one[0] == "forward"}

    (some, told), (whole, _) = forks(), forks("--rounds")
    assert 0 < len(some) < len(whole)
    assert some == [name for name in whole if name in {*told, *GIVEN["two"]}]


def test_numbers_of_arrays_are_set_in_mathematics() -> None:
    from backprop import evaluate

    told = str(evaluate("q = x * x; f = sum(q * y)", x=[1.0, 2.0], y=[1e-9, float("inf")]).explain(form="latex"))
    assert r"[1 \times 10^{-9}, \infty]" in told
