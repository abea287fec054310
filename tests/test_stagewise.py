"""The check of very many stages, or arrays, in one sweep says what the check of each says by itself."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.check.gradients import compare as gradients
from backprop.check.gradients.numerical import Comparison
from circuits import random_expression


def checked(found: backprop.Evaluation, monkeypatch: pytest.MonkeyPatch, many: int) -> list[Comparison]:
    """The check of all inputs and stages, in one sweep where there are more of them than `many`."""
    monkeypatch.setattr(gradients, "MANY", many)
    circuit = found.run.circuit
    return list(gradients.check(found.run, found.names, [wire for wire in range(len(circuit)) if circuit.active[wire]]))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        *(random_expression(12, seed) for seed in range(4)),
        ("q = max(x, y); q*q + relu(x - 3)*y + abs(y)", {"x": 1.0, "y": 2.0}),
        ("q = max(x, y); q*q", {"x": 2.0, "y": 2.0}),
        ("where(x > 0, sqrt(x), y)*y", {"x": 0.0, "y": 2.0}),
        ("sqrt(x*y)", {"x": 0.0, "y": 2.0}),
        ("x*x + floor(y)*x", {"x": 0.5, "y": 2.5}),
        ("1/(x - y)", {"x": 0.5, "y": 0.5}),
    ],
)
def test_the_verdicts_are_those_of_each_alone(text: str, at: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = backprop.compile(text)
    found = compiled.evaluate({name: at[name] for name in compiled.variables})
    alone, together = (checked(found, monkeypatch, many) for many in (1000, 0))
    assert [one.verdict for one in together] == [one.verdict for one in alone]
    assert [one.name for one in together] == [one.name for one in alone]
    for one, other in zip(alone, together, strict=True):
        if one.verdict == "ok":
            assert one.numerical == pytest.approx(other.numerical, rel=1e-6, abs=1e-9)


def test_a_mistake_is_found_at_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    found = backprop.compile("q = sin(x*y); r = exp(q); r*x + q").evaluate(x=0.7, y=0.3)
    (wire,) = [wire for wire, name in found.run.circuit.names.items() if name == "q"]
    found.run.sent[wire] *= 1.01
    assert [one.name for one in checked(found, monkeypatch, 0) if one.verdict == "wrong"] == ["q"]


def test_ten_thousand_stages_take_seconds() -> None:
    lines = ["a0 = x", *(f"a{i} = sin(a{i - 1})*1.01" for i in range(1, 5000))]
    found = backprop.compile("\n".join(lines)).evaluate(x=1.0)
    start = time.process_time()
    verdicts = found.check(stages=True)
    assert {one.verdict for one in verdicts.comparisons} == {"ok"}
    assert time.process_time() - start < 20


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("sum(concat(x, y)^2)", {"x": [0.0, 1e3, -2.0], "y": [0.5, 0.0]}),
        ("q = tanh(W@x + b); -log(softmax(q)[1])", {"W": [[0.3, -1.2], [2.0, 0.1]], "x": [0.4, -0.7], "b": [1.0, 0.2]}),
        ("sum(relu(x)*y)", {"x": [0.0, 1.0, -1.0], "y": [2.0, 0.5, -3.0]}),
        ("sum(sort(x)*[1, 2, 3])", {"x": [1.0, 1.0, 2.0]}),
        ("sum(x/y)", {"x": [0.5, 1.5], "y": [1.0, 0.0]}),
        ("sum(A[i]*y)*n", {"A": [[1.0, 2.0], [3.0, 4.0]], "i": 1.0, "y": [0.5, 0.7], "n": 3.0}),
    ],
)
def test_arrays_are_judged_as_each_alone(text: str, at: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    found = backprop.compile(text).evaluate(at)
    sent = found.run.sent
    for wire in [None, *(wire for wire, one in enumerate(sent) if one is not None)]:  # each with a mistake of its own
        right = None if wire is None else sent[wire]
        if wire is not None:
            wrong = np.array(right, dtype=float)
            wrong.flat[0] += 3e-7 * (abs(wrong.flat[0]) or 1.0)
            sent[wire] = wrong if wrong.shape else float(wrong)
        alone, together = (checked(found, monkeypatch, many) for many in (1000, 0))
        assert [(one.name, one.verdict) for one in together] == [(one.name, one.verdict) for one in alone]
        if wire is not None:
            sent[wire] = right


@pytest.mark.parametrize("form", ["sum(concat({0})^2)", "sum(tanh(concat({0}))*concat({0}))"])
def test_many_arrays_are_moved_at_once(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = form.format(", ".join(f"x{i}" for i in range(300)))
    found = backprop.compile(text).evaluate({f"x{i}": [i / 7, -1.0] for i in range(300)})
    wire = found.run.circuit.variables["x123"]
    found.run.sent[wire] = found.run.sent[wire] * np.array([1.0, 1 + 3e-7])
    alone, compared = gradients.compare, []
    monkeypatch.setattr(gradients, "compare", lambda *wire: compared.append(wire) or alone(*wire))
    verdicts = found.check(stages=True).comparisons
    assert [one.name for one in verdicts if one.verdict == "wrong"] == ["x123"]
    assert len(compared) == 1
    assert {one.verdict for one in verdicts} == {"ok", "wrong"}
