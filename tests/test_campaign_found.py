"""What the campaign of random programs found, small: each stands for its kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backprop
from backprop.check.gradients.compare import check
from backprop.emit import Request, write
from backprop.library.stages import Names


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("var(exp(a))", {"a": [0.0, 0.0]}),
        ("var(sort(exp(a)))", {"a": [0.0, 0.0]}),
        ("(exp(a) - exp(b))^2", {"a": 0.0, "b": 0.0}),
        ("sum((cos(a) - 1)^2)", {"a": [0.0, 0.0]}),
    ],
)
def test_in_the_middle_of_a_parabola_nothing_is_wrong(text: str, at: dict[str, Any]) -> None:
    run = backprop.evaluate(text, at).run
    found = check(run, Names(run.circuit), run.circuit.variables.values())
    assert {one.verdict for one in found} <= {"ok", "imprecise"}


@pytest.mark.parametrize(
    ("text", "c"),
    [("lgamma(0.4 - gamma(c))", 1e-8), ("lgamma(0.3 - c*1e8)", 1.000000021), ("lgamma(-c)", 123456789.01)],
)
def test_steps_that_jump_over_many_poles_find_no_mistake(text: str, c: float) -> None:
    run = backprop.evaluate(text, {"c": c}).run
    (found,) = check(run, Names(run.circuit), run.circuit.variables.values())
    assert found.verdict in ("ok", "imprecise")


@pytest.mark.parametrize("of", ["trace(S)", "sum(diag(S))", "S[0, 0] + S[1, 1]"])
def test_what_is_beside_the_diagonal_gets_nothing_of_what_is_not_finite(of: str) -> None:
    found = backprop.evaluate(f"cbrt({of})^2", {"S": [[0.0, 1.0], [1.0, 0.0]]}).gradients["S"]
    assert np.array_equal(np.isnan(found), np.eye(2))
    assert found[0][1] == found[1][0] == 0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("f = identity(silu(c))", {"c": -2.0}),  # what comes out has the name of what is saved
        ("y = silu(x); f = max(y)", {"x": 1.0}),
        ("f = min(a, a)", {"a": 0.0}),  # and here it is an input
        ("q = where(S > 0, mean(sort(A^2)*s), S); f = sum(q*q)", {"A": [0.5], "S": [[-1.0], [0.0]], "s": 1.0}),
    ],
)
def test_programs_for_pytorch_pass_their_own_test(text: str, at: dict[str, Any]) -> None:
    pytest.importorskip("torch")
    compiled = backprop.compile(text)
    at = {name: np.array(value) if isinstance(value, list) else value for name, value in at.items()}
    source = write(Request(compiled.circuit(at), at=at), "torch")
    exec(compile(source, "program", "exec"), {"__name__": "__main__"})
