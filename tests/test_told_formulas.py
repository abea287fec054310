"""Every formula that `explain` tells can be typed in, and gives the number that stands beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backprop
from backprop.draw.page import backward_lines
from backprop.draw.scene import opened
from backprop.gates import ELEMENTWISE, GATES, NAMES
from backprop.library.explain import Sent, tell

A, B = [[1.0, 2.0], [3.0, 4.5]], [[0.3, -1.0], [2.0, 0.7]]
TWICE = ["x/x", "x - x", "x^x", "x*x", "atan2(x, x)", "max(x, x)", "hypot(x, x)", "x + x"]
ELEMENT = [
    f"{gate.name}({', '.join('xyzuvw'[: gate.arity])})"
    for gate in ELEMENTWISE.values()
    if gate.name in NAMES and 0 < gate.arity <= 3 and not gate.variadic and None not in gate.partials
]
MIXED = [
    "sum((A @ x + y)^2)", "sum((x @ A)^2)", "x @ x", "x @ y", "sum((A @ B)^2)", "x[0] * y[1]", "sum(sort(x)[0:1]^2)",
    "sum(tril(A)^2)", "sum(triu(A, k=1)^2)", "sum(A.T * A)", "sum(outer(x, y)^2)", "dot(x, y)", "sum(softmax(x) * y)",
    "sum(inv(A))", "det(A)", "sum(A / A)", "sum(x^x)", "mse(x, y)", "sum(diag(A)^2)", "sum(cumsum(x)^2)",
    "trace(A @ A)", "sum(dot(A, B)^2)", "sum(dot(A, x)^2)", "sum(dot(x, A)^2)",
    "sum(reshape(A, [4])^2)", "sum(sum(A, axis=0)^2)", "sum(concat(x, y)^2)", "sum(stack(x, y)^2)", "norm(x)", "var(x)",
]  # fmt: skip


def told(text: str, at: dict[str, Any]) -> list[tuple[str, Any, Sent]]:
    """All that a story sends, with the stage that sends it and its gradient."""
    found = backprop.evaluate(text, {name: np.array(x) if isinstance(x, list) else x for name, x in at.items()})
    story = tell(found.run, found.names)
    return [(step.stage, step.gradient, sent) for step in story.backward for sent in step.sends]


def typed(rule: str, values: dict[str, Any]) -> Any:
    """What a formula gives where the stages have these values."""
    free = backprop.compile(rule).variables
    chosen = {name: values[name] for name in free}
    shape = np.shape(backprop.compile(rule).forward(chosen).value)
    return backprop.compile(rule).evaluate(chosen, upstream=np.ones(shape) if shape else None).value


@pytest.mark.parametrize("text", TWICE + ELEMENT)
def test_local_gradients_of_numbers(text: str) -> None:
    at = {"x": 0.6, "y": 0.4, "z": 0.7}
    names = backprop.compile(text).variables
    point = {name: at[name] for name in names}
    for _, gradient, sent in told(text, point):
        assert np.isclose(sent.local * gradient, sent.sent, rtol=1e-14, atol=0, equal_nan=True)
        if sent.rule:
            values = {**point, "f": backprop.evaluate(text, point).value}
            assert np.isclose(typed(sent.rule, values), sent.local, rtol=1e-9, atol=1e-12, equal_nan=True), sent.rule


@pytest.mark.parametrize("text", TWICE[:6])
def test_the_shares_of_an_input_that_comes_twice_add_up(text: str) -> None:
    shares = [sent.sent for _, _, sent in told(text, {"x": 2.0}) if sent.to == "x"]
    assert np.isclose(sum(shares), backprop.evaluate(text, x=2.0).gradients["x"], rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("text", MIXED)
def test_what_is_sent_where_there_are_arrays(text: str) -> None:
    at = {"A": A, "B": B, "x": [1.5, 0.5], "y": [0.25, 2.0]}
    point = {name: np.array(at[name]) for name in backprop.compile(text).variables}
    found = backprop.evaluate(text, point)
    values = {stage.name: stage.value for stage in found.stages}
    values |= {f"d{stage.name}": stage.gradient for stage in found.stages if stage.gradient is not None}
    count = 0
    for _, gradient, sent in told(text, {name: at[name] for name in point}):
        if sent.rule:
            count += 1
            number = typed(sent.rule, values)
            number = number if sent.local is None else number * gradient
            assert np.allclose(number, sent.sent, rtol=1e-9) or np.shape(number) != np.shape(sent.sent), sent.rule
    assert count or "@" not in text


@pytest.mark.parametrize("text", [*TWICE, *ELEMENT, "xpysqr = (x + y)^2; 1/xpysqr", "where(x > y, x, y) * -3", "x^-2"])
@pytest.mark.parametrize("ties", ["both", "split"])
def test_the_lines_of_the_page(text: str, ties: str) -> None:
    at = {name: {"x": 0.6, "y": 0.4, "z": 0.7}[name] for name in backprop.compile(text).variables}
    scene = opened(backprop.evaluate(text, at, ties=ties).run)
    values = {node.name: node.value for node in scene.nodes}
    values |= {f"d{node.name}": node.gradient for node in scene.nodes if node.gradient is not None}
    arrived: dict[str, float] = {}
    for line in (line for node in scene.nodes for line in backward_lines(scene, node)):
        name, _, rule = line.split(" ", 2)
        arrived[name] = arrived.get(name, 0.0) + typed(rule, values)
    for name, gradient in arrived.items():
        assert np.isclose(gradient, values[name], rtol=1e-9, atol=1e-12, equal_nan=True), name


def test_no_gate_of_rules_alone_is_told() -> None:
    plumbing = [gate.name for gate in GATES.values() if gate.plumbing]
    for text in MIXED:
        at = {"A": A, "B": B, "x": [1.5, 0.5], "y": [0.25, 2.0]}
        rules = [sent.rule for _, _, sent in told(text, {name: at[name] for name in backprop.compile(text).variables})]
        assert not [rule for rule in rules for name in plumbing if f"{name}(" in rule]


def test_where_books_say_another_number_their_rule_is_not_told() -> None:
    (_, _, base), (_, _, exponent) = told("x^y", {"x": 0.0, "y": 0.5})
    assert (base.rule, base.local) == ("y * x^(y - 1)", np.inf)
    assert (exponent.rule, exponent.local) == ("", 0.0)
    power = [sent for stage, _, sent in told("sum(x^y)", {"x": [0.0, 2.0], "y": [0.0, 3.0]}) if stage != "f"]
    assert [sent.rule for sent in power if sent.to == "x"] == [""]  # of one element the books say another number
