"""The campaign of random programs finds a mistake that is planted, and makes it small."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from backprop.differentiate import rules
from backprop.gates import GATES
from campaign.__main__ import PARTS, campaign
from campaign.case import Failure, Program
from campaign.noise import is_decided_by_roundings
from campaign.shrink import minimise
from conftest import ROOT

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
pytestmark = pytest.mark.filterwarnings("ignore")  # NumPy's and PyTorch's, on numbers that are not finite

FEW = 8


def found(part: str, tried: int, failures: int = 1) -> list[Failure]:
    """What a part tells until it has tried so many programs, or told so many failures."""
    told = []
    for one in campaign(part, 1, lambda tally: tally.tried >= tried or sum(tally.shown.values()) >= failures):
        if isinstance(one, Failure):
            told.append(one)
        else:
            assert one.tried
    return told


@contextmanager
def planted(gate: str, rule: str) -> Iterator[None]:
    """Another rule for a gate, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GATES[gate], "partials", (rule,))
        forget()
        yield
    forget()


def forget() -> None:
    """What was made of the rules."""
    for one in vars(rules).values():
        if hasattr(one, "cache_clear"):
            one.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_few_programs_of_every_part_are_tried(part: str) -> None:
    found(part, FEW)


def judged(part: str, text: str, **at: Any) -> Any:
    module = import_module(f"campaign.parts.{part}")
    statements = tuple(tuple(line.split(" = ", 1)) for line in text.split("; "))
    program = Program(statements, {name: x if np.ndim(x) == 0 else np.array(x) for name, x in at.items()})  # type: ignore[arg-type]
    outcome = module.judge(program)
    return minimise(outcome, program, module.judge) if isinstance(outcome, Failure) else outcome


@pytest.mark.parametrize("part", ["arrays", "scalars"])
def test_a_wrong_rule_is_found(part: str) -> None:
    text, at = "q0 = sin(a); q1 = q0 * 3; f = tanh(q1)", {"a": 0.31 if part == "scalars" else [0.31]}
    if part == "arrays":
        text = text.replace("tanh(q1)", "sum(tanh(q1))")
    assert judged(part, text, **at) is None
    with planted("sin", "1.001 * cos(x)"):
        outcome = judged(part, text, **at)
    assert isinstance(outcome, Failure)
    assert outcome.kind == "gradient"
    assert "tanh" not in outcome.command  # what the mistake does not need is left out
    assert shlex.split(outcome.command)[:2] == ["backprop", "eval"]


def test_a_wrong_second_derivative_is_found() -> None:
    assert judged("second", "f = sum(sin(a))", a=[0.31]) is None
    with planted("cos", "-0.5 * sin(x)"):
        assert judged("second", "f = sum(sin(a))", a=[0.31]).kind == "Hessian"


def test_the_command_line_says_its_seed_and_a_table() -> None:
    words = [sys.executable, "-m", "tests.campaign", "--minutes", "0.01", "--seed", "7", "--only", "scalars"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "seed 7"
    assert done.stdout.splitlines()[-2].split()[:4] == ["route", "tried", "failed", "skipped"]
    assert done.returncode == int(done.stdout.splitlines()[-1].split()[2] != "0")


@pytest.mark.parametrize(
    ("text", "at", "decided"),
    [
        ("q = solve(A, A); f = var(q[q > 0])", {"A": [[0.51, 0.05], [0.44, -0.94]]}, True),
        ("f = floor(3 * x)", {"x": 1.1 / 3}, False),
        ("q = x - y; f = where(q - z > 0, x, y)", {"x": 0.3, "y": 0.1, "z": 0.2}, True),
        ("f = where(x > 0, x, x^2)", {"x": 0.0}, False),
        ("q = inv(A); f = sum(sin(q))", {"A": [[1.0, 2.0], [3.0, 4.0]]}, False),
    ],
)
def test_what_roundings_decide_is_no_mistake(text: str, at: dict[str, Any], decided: bool) -> None:
    statements = tuple((name, right) for name, _, right in (line.partition(" = ") for line in text.split("; ")))
    program = Program(statements, {name: np.array(x) if np.ndim(x) else x for name, x in at.items()})
    assert is_decided_by_roundings(program) == decided
