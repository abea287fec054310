"""The language takes what people type and paste: listings, names assigned again, characters of print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import backprop
from backprop import Problem
from backprop.language import parse
from backprop.language.printer import unparse
from conftest import shell


def gradients(text: str, **at: object) -> dict[str, object]:
    return dict(backprop.evaluate(text, at).gradients)


# ── inputs in the text ──

LISTING = "x = -2; y = 5; z = -4; q = x + y; f = q * z"


def test_the_listing_of_the_notes_has_three_inputs() -> None:
    assert gradients(LISTING) == {"x": -4, "y": -4, "z": 3}
    assert gradients(LISTING, x=3) == {"x": -4, "y": -4, "z": 8}
    assert gradients(LISTING.replace("; ", "\n")) == {"x": -4, "y": -4, "z": 3}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 3; y = -4; f = x*y", {"x": -4, "y": 3}),
        ("x = [1, 2]; f = sum(x^2)", {"x": [2, 4]}),
        ("A = [[1, 2], [3, -4]]; f = sum(A*A)", {"A": [[2, 4], [6, -8]]}),
        ("x = 2; f = x*2 + 2", {"x": 2}),  # the 2 behind it is another
        ("x = [1, 2]; f = sum(x * [1, 2])", {"x": [1, 2]}),
        ("e = 3; f = e*x", {"e": 2, "x": 3}),
        ("x = 3; square(x) = x^2", {"x": 6}),
        ("k = 2; g(a) = k*a; f = g(x)", {"k": 2, "x": 2}),
        ("n = 3; f = x^n", {"n": 8 * 0.6931471805599453, "x": 12}),
    ],
)
def test_a_plain_number_that_is_used_is_an_input(text: str, found: dict[str, object]) -> None:
    at = {"x": 2.0} if "x" in backprop.compile(text).variables and "x = " not in text else {}
    result = {name: getattr(g, "tolist", lambda g=g: g)() for name, g in gradients(text, **at).items()}
    assert result == found


@pytest.mark.parametrize("text", ["f = 3", "x = 3; f = 2*y", "s = 0; s = s + y; f = s", "a = 1/3; f = a*y"])
def test_other_numbers_are_none(text: str) -> None:
    """Those that nobody uses, that are the output, that are set anew, or computed."""
    assert backprop.compile(text).variables == (["y"] if "y" in text else [])


@pytest.mark.parametrize("command", ["eval", "explain", "check", "draw", "code", "nudge --by x=0.1"])
def test_every_command_takes_the_listing(command: str, tmp_path: Path) -> None:
    done = shell(f'backprop {command} "{LISTING}"', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "x" in done.stdout

def test_map_takes_the_listing(tmp_path: Path) -> None:
    done = shell(f'backprop map "{LISTING} * w" --x 3', tmp_path, '{"w":2}\n')
    assert json.loads(done.stdout) == {"w": 2, "f": -64, "df_dw": -32}


# ── names assigned again ──


def test_each_assignment_is_a_stage() -> None:
    result = backprop.evaluate("c = a + b; c = c + 1; d = c*c_2; d = d*c", a=1, b=2, c_2=3)
    assert [stage.name for stage in result.stages] == ["a", "b", "c_2", "c", "c_3", "d", "d_2"]
    assert result.output == "d_2"
    assert result.gradients == {"a": 24, "b": 24, "c_2": 16}


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("x = x + 1; x = x*x", {"x": 7}, {"x": 16}),
        ("y = x; y = y*x; y = y*x; y", {"x": 2}, {"x": 12}),
        ("g(a) = a*k; k = x; q = g(x); k = 3*x; q + g(x)", {"x": 2}, {"x": 16}),
        ("s = 0; s = s + x*x; s = s + x; s", {"x": 3}, {"x": 7}),
    ],
)
def test_later_lines_mean_the_last_one(text: str, at: dict[str, float], found: dict[str, float]) -> None:
    assert gradients(text, **at) == found
    assert gradients(unparse(parse(text)), **at) == found


def test_a_name_of_a_lower_line_is_still_a_mistake() -> None:
    with pytest.raises(Problem, match="q is used before it is defined"):
        backprop.evaluate("f = q*z; q = x + y", q=1, z=1, x=1, y=1)


# ── texts that end with a definition ──


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("f(x) = x^2", {"x": 3}, {"x": 6}),
        ("area(w, h) = w*h", {"w": 3, "h": 2}, {"w": 2, "h": 3}),
        ("f(x) = k*x", {"x": 3, "k": 2}, {"x": 2, "k": 3}),
        ("g(x) = x^2; f(y) = g(y) + y", {"y": 3}, {"y": 7}),
        ("q = a*2; f(q) = q^2", {"a": 3}, {"a": 24}),
        ("f(e) = e^2", {"e": 3}, {"e": 6}),
    ],
)
def test_a_text_that_ends_with_a_definition(text: str, at: dict[str, float], found: dict[str, float]) -> None:
    assert gradients(text, **at) == found
