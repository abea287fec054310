"""One cause, told once: notes of numbers, notes of arrays and `--why-nan` come from one walk."""

from __future__ import annotations

from itertools import product
from math import inf, isfinite, nan
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.differentiate.run import run
from backprop.errors import Problem
from backprop.gates import ELEMENTWISE, NAMES
from backprop.library import Compiled, Evaluation
from backprop.library.nudge import nudge
from backprop.library.stages import Names
from backprop.library.whynan import Why, text_of, why
from backprop.numbers.shapes import all_finite
from tensor_cases import CASES, Case, built, label

FINITE = "all values and gradients are finite\n"
ENDS = [0.0, -1.0, 0.5, 1000.0, inf, -inf, nan]
GATES = [
    gate for gate in ELEMENTWISE.values()
    if gate.name in NAMES and 0 < gate.arity <= 2 and not gate.variadic and None not in gate.partials
]  # fmt: skip
# A program, its point, and the one thing that is to be said.
ONE_CAUSE = [
    ("a = exp(1000*x); b = log(-x); f = b + 1/a", {"x": 1.0}, "b = log(q2) is nan: it needs q2 > 0, and q2 is -1"),
    ("exp(x)/(1 + exp(x))", {"x": 1000.0}, "q1 = exp(x) is inf: it overflows"),
    ("1/(1 + exp(x))", {"x": 1000.0}, "q1 = exp(x) is inf: it overflows"),
    ("x*log(x)", {"x": 0.0}, "q1 = log(x) is -inf: it needs x > 0, and x is 0"),
    ("sqrt(x)^2", {"x": 0.0}, "the gradient of x is nan: q1 = sqrt(x) sends it 0 × inf, at x = 0"),
    ("x - x*y", {"x": inf, "y": 1.0}, "f = x - q1 is nan: x is inf and q1 is inf"),
    ("x - exp(y)", {"x": inf, "y": 1000.0}, "q1 = exp(y) is inf: it overflows"),
    ("min(x, y) + log(z)", {"x": inf, "y": 2.0, "z": -1.0}, "q2 = log(z) is nan: it needs z > 0, and z is -1"),
    ("x*y", {"x": 1e200, "y": 1e200}, "f = x * y is inf: it overflows"),
    ("2*x + y", {"x": nan, "y": 1.0}, "x is nan, as given"),
    ("g(t) = log(t) + 1; g(x)*y", {"x": 0.0, "y": 2.0}, "log(x) is -inf: it needs x > 0, and x is 0"),
]


def at_ones(text: str, at: dict[str, float], number: bool) -> Evaluation:
    """A program at numbers, or at arrays of one."""
    if number:
        return Compiled(text).evaluate(at)
    return Compiled(text).evaluate({name: np.array([x]) for name, x in at.items()}, upstream=np.ones(1))


def causes(found: Evaluation) -> list[str]:
    return [note.message for note in found.notes if note.kind.endswith("not-finite")]


def asked(found: Evaluation) -> Why:
    return why(found.run, found.names)


@pytest.mark.parametrize("number", [True, False], ids=["number", "array"])
@pytest.mark.parametrize(("text", "at", "message"), ONE_CAUSE)
def test_the_one_cause(text: str, at: dict[str, float], message: str, number: bool) -> None:
    found = at_ones(text, at, number)
    assert [cause[: len(message)] for cause in causes(found)] == [message]
    answer = asked(found)
    assert answer.cause == causes(found)
    if answer.forward and "(x)*y" not in text:
        assert message.startswith(answer.forward[0].stage)
    for tip in answer.advice:
        assert np.isfinite(tip.gives).all()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_a_number_and_an_array_of_one_are_told_alike(gate: Any) -> None:
    call = f"{gate.name}({', '.join('xy'[: gate.arity])})"
    for text in (call, f"q = {call}; f = 1/(q*q)"):
        for point in product(ENDS, repeat=gate.arity):
            at = dict(zip("xy", point, strict=False))
            one, other = at_ones(text, at, True), at_ones(text, at, False)
            assert causes(one) == causes(other), (text, at)
            assert text_of(asked(one)) == text_of(asked(other)), (text, at)


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
def test_all_is_finite_only_if_every_stage_is(gate: Any) -> None:
    call = f"{gate.name}({', '.join('xy'[: gate.arity])})"
    for text in (call, f"where(z > 0, {call}, 0) + x", f"1/{call}"):
        for point in product(ENDS, repeat=gate.arity):
            at = dict(zip("xy", point, strict=False)) | {"z": -1.0}
            found = backprop.evaluate(text, {name: at[name] for name in backprop.compile(text).variables})
            numbers = [x for stage in found.stages for x in (stage.value, stage.gradient) if x is not None]
            answer = asked(found)
            assert (text_of(answer) == FINITE) == all(map(isfinite, numbers)), (text, at)
            if not all(map(isfinite, (found.value, *found.gradients.values()))):
                assert answer.cause, (text, at)
                assert answer.forward or answer.backward


@pytest.mark.parametrize(("text", "at", "says"), [
    ("where(x > 0, log(x), 0)", {"x": 0.0}, "q2 = log(x) is -inf, in a branch that is not taken"),
    ("sum(where(x > 0, log(x), 0))", {"x": [1.0, 0.0]}, "q2 = log(x) is -inf at [1], in a branch that is not taken"),
    ("min(exp(x), 2)", {"x": 1000.0}, "q1 = exp(x) is inf, which comes to nothing in f = min(q1, 2)"),
    ("x[0] + y", {"x": [1.0, nan], "y": 2.0}, "x is nan at [1], as given, which comes to nothing in q1 = x[0]"),
])  # fmt: skip
def test_what_comes_to_nothing_is_told_as_that(text: str, at: dict[str, Any], says: str) -> None:
    found = backprop.evaluate(text, {name: np.array(x) if isinstance(x, list) else x for name, x in at.items()})
    assert causes(found) == []
    assert text_of(asked(found)) == f"the output and the gradients are finite; {says}\n"


@pytest.mark.parametrize(("text", "at", "message"), [
    ("x[1] + y", {"x": [inf, nan], "y": 2.0}, "x is nan at [1] (and at 1 more of 2), as given"),
    ("concat(x, exp(y))[3]*2", {"x": [1.0, inf], "y": [2.0, 1000.0]}, "q1 = exp(y) is inf at [1]: it overflows"),
    ("sum(exp(x)/sum(exp(x)))", {"x": [1.0, 1000.0]}, "q1 = exp(x) is inf at [1]: it overflows"),
    ("sum(W @ log(x))", {"W": [[1.0, 2.0]], "x": [1.0, 0.0]}, "q1 = log(x) is -inf at [1]: it needs x > 0"),
    ("sum(x*y)", {"x": [1.0, 2.0], "y": inf}, "y is inf, as given"),
    ("sqrt(sum(x*x))", {"x": [0.0, 0.0]}, "the gradient of q2 is inf: f = sqrt(q2) sends it 1 × inf, at q2 = 0"),
    ("sum(sqrt(x + y))", {"x": [0.0, 1.0], "y": 0.0}, "the gradient of q1 is inf at [0]: q2 = sqrt(q1) sends it"),
    ("sum(sort(log(x))[0:1])", {"x": [1.0, 0.0, 2.0]}, "q1 = log(x) is -inf at [1]"),
])  # fmt: skip
def test_the_element_that_mattered(text: str, at: dict[str, Any], message: str) -> None:
    found = backprop.evaluate(text, {name: np.array(x) if isinstance(x, list) else x for name, x in at.items()})
    assert [cause[: len(message)] for cause in causes(found)] == [message]
    assert asked(found).cause == causes(found)


def test_advice_is_finite_here() -> None:
    found = backprop.evaluate("-sum(t*log(softmax(z)))", z=np.array([0.0, 800.0]), t=np.array([1.0, 0.0]))
    assert [(tip.instead_of, tip.write) for tip in asked(found).advice] == [("log(softmax(z))", "log_softmax(z)")]
    assert "a a " not in text_of(asked(found))
    assert "instead" not in text_of(asked(backprop.evaluate("x*log(y)", x=2.0, y=0.0)))


def test_a_step_from_what_is_not_finite_holds_nowhere_and_says_why() -> None:
    found = backprop.evaluate("x*log(x)", x=0.0)
    ends = nudge(found.run, found.names, {"x": 0.1}).ends_at
    assert ends is not None
    assert ends.startswith("nowhere: q1 = log(x) is -inf: it needs x > 0")


def test_a_value_that_is_nan_has_no_advice() -> None:
    from backprop.library.explain import tell

    found = backprop.evaluate("log(x)", x=-1.0)
    assert tell(found.run, found.names).meaning == [
        "there is no finite value of f, and so nothing to want higher or lower"
    ]


@pytest.mark.parametrize("case", CASES, ids=label)
@pytest.mark.parametrize("bad", [nan, inf, 0.0])
def test_gates_that_mix_elements_have_causes(case: Case, bad: float) -> None:
    circuit, at = built(case)
    spoilt = {name: np.where(np.arange(np.size(x)).reshape(np.shape(x)) == 1, bad, x) for name, x in at.items()}
    try:
        found = run(circuit, {name: x if np.ndim(x) else float(x) for name, x in spoilt.items()})
    except Problem:
        return  # an index that is no number
    numbers = [found.value, *found.gradients().values()]
    answer = why(found, Names(circuit))
    assert bool(answer.cause) >= (not all(map(all_finite, numbers)))
    assert bool(answer.forward) >= (not all_finite(found.value))
    if answer.forward and bad != 0.0:
        assert answer.cause[0].endswith("as given") or ": " in answer.cause[0]
