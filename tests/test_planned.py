"""A circuit on arrays that is evaluated again and again becomes one function: with the bits of a run, and with results
that are nobody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.circuit import Circuit
from backprop.differentiate.planned import PAYS, planned
from backprop.differentiate.run import run
from backprop.errors import Problem
from backprop.gates import GATES, TIES, Gate
from backprop.numbers import arrays
from tensor_cases import CASES, Case, built, label

DICE = np.random.default_rng(3)
LARGE = DICE.normal(size=(256, 160))  # more than what fresh memory is cheap for
ELEMENTWISE = [gate for gate in GATES.values() if not gate.mixes and gate.arity and not gate.variadic]
PROGRAMS = {
    "a network": "h = relu(X @ A + b); z = h @ A.T; f = mean(logsumexp(z, axis=1) - sum(X*z, axis=1))",
    "reused": "h = X*2; g = exp(h/9); f = sum(g*h) + sum(g/(1 + h^2)) + sum(h - b.T[0])",
    "in place": "d = X - mean(X, axis=0); n = d / sqrt(mean(d^2, axis=0) + 0.01); f = sum(n^3 * X)",
    "views": "f = sum(reshape(X.T, [256, 160])*X) + sum(X[1:]*X[:-1]) + sum(X.T @ X)",
    "squared by einsum": 'Y = X - b; f = sum(exp(-einsum("ni,ni->n", Y, Y)/1000))',
    "branches": "f = sum(where(X > 0, sqrt(X), X^2)) + sum(max(X, 0.5)) + sum(max(X, axis=1))",
    "softmax": "p = softmax(X); f = sum(p*log_softmax(X)) + sum(logsumexp(X, axis=0))",
    "subtracted": "f = sum(X) - sum(X*X) - sum(exp(b)*exp(b)*X) - sum(b*b)",
    "twice beside a difference": "s = X + X; t = s / (1.5 + X^2); f = sum(s) + sum(t*t)",
    "a share twice": "f = sum(1/(1 + X^2)) + sum(clip(X + X, -1, 1))",
    "a choice of one": "m = max(X, X); n = min(b, b); f = sum(m*m) + sum(n*n*X)",
    "a choice known": "c = X[:3, 1]; f = sum(where(ones(3), b[0, 0], X[0, 0])) + sum(where(zeros(3), b[0, 1], c))",
    "what is handed on": "f = sum(X) + sum(b)",
}
POINT = {"X": LARGE, "A": DICE.normal(size=(160, 160)) / 13, "b": DICE.normal(size=(1, 160))}


def bits(value: Any) -> Any:
    """The bits of a number or an array; all that are no numbers are alike."""
    value = np.array(value, dtype=float)
    return np.where(np.isnan(value), np.nan, value).view(np.int64).tolist()


def copied(at: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(value) if np.ndim(value) else value for name, value in at.items()}


def safe(circuit: Circuit, at: Mapping[str, Any], wrt: Sequence[str], ties: str = "both", above: Any = None) -> None:
    """The function finds what a run finds, twice; what it finds is nobody else's, and the point stays as it is."""
    expected = run(circuit, at, ties=ties, upstream=above)
    function, before = planned(circuit, at, wrt, ties, above), copied(at)
    point = {**at} if above is None else {**at, "the gradient from above": above}
    found = [function(point), function(point)]
    if not all(np.isfinite(expected.gradient(circuit.variables[name])).all() for name in wrt):
        assert found == [None, None]
        return
    results = []
    for one in found:
        assert one is not None
        value, gradients = one
        assert bits(value) == bits(expected.value)
        for name in wrt:
            assert bits(gradients[name]) == bits(expected.gradient(circuit.variables[name])), name
        results += [result for result in (value, *gradients.values()) if np.ndim(result)]
    held = [*results, *(value for value in point.values() if np.ndim(value))]
    for place, result in enumerate(results):
        assert not any(np.shares_memory(result, other) for other in held[place + 1 :])
        result[...] = 7.0
    assert all(bits(at[name]) == bits(before[name]) for name in at)


@pytest.mark.parametrize("case", CASES, ids=label)
def test_every_gate_that_mixes(case: Case) -> None:
    circuit, at = built(case)
    wrt = list(circuit.variables)
    try:
        run(circuit, at)
    except Problem:
        return  # it has no derivative in one of them
    safe(circuit, at, wrt)


@pytest.mark.parametrize("gate", ELEMENTWISE, ids=lambda gate: gate.name)
def test_every_gate_that_acts_element_by_element(gate: Gate) -> None:
    rules = gate.rules(gate.arity, "both")
    inputs = ["0.7" if rule is None else name for name, rule in zip("xyzuv", rules, strict=False)]
    circuit = backprop.compile(f"c = {gate.name}({', '.join(inputs)}); f = sum(c*c + c*w)").circuit()
    at = {
        name: DICE.uniform(0.1, 0.9, size=shape)
        for name, shape in zip(circuit.variables, [(3, 4), (4,), (3, 1)] * 2, strict=False)
    }
    safe(circuit, at, list(circuit.variables))


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_programs(text: str, ties: str) -> None:
    circuit = backprop.compile(text).circuit()
    at = {name: POINT[name] for name in circuit.variables}
    safe(circuit, at, list(at), ties)
    safe(circuit, at, list(at)[:1], ties)


def test_what_comes_from_above() -> None:
    circuit = backprop.compile("x + y*2 - z").circuit()
    at = dict.fromkeys(circuit.variables, LARGE)
    safe(circuit, at, list(at), above=LARGE)


@pytest.mark.parametrize("text", ["x + y", "reshape(x, [2]) - y", "x", "identity(x) * y"])
def test_results_lie_in_nobody_elses_memory(text: str) -> None:
    x, y, above = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([5.0, 6.0])
    at = {"x": x, "y": y} if "y" in text else {"x": x}
    compiled = backprop.compile(text)
    for _ in range(PAYS + 1):
        found = compiled.evaluate(at, upstream=above)
        held = [found.value, *found.gradients.values(), x, y, above]
        for place, one in enumerate(held):
            assert not any(np.shares_memory(one, other) for other in held[place + 1 :])


def again(text: str, **at: Any) -> backprop.Compiled:
    """A formula that was evaluated so often that it has a function."""
    compiled = backprop.compile(text)
    for _ in range(PAYS):
        compiled.evaluate(at)
    return compiled


def test_a_result_holds_what_any_result_holds() -> None:
    x = np.array([1.0, 2.0, -3.0])
    compiled, alone = again("q = x*y; sum(max(q, 0))", x=x, y=x), backprop.compile("q = x*y; sum(max(q, 0))")
    found, expected = compiled.evaluate(x=x, y=[1, 0, 1]), alone.evaluate(x=x, y=[1, 0, 1])
    assert "run" not in vars(found)
    assert repr(found) == repr(expected)
    assert [str(note) for note in found.notes] == [str(note) for note in expected.notes]


def test_stages_of_a_point_that_was_changed_are_gone() -> None:
    x = np.array([1.0, 2.0])
    found = again("sum(x^2)", x=x).evaluate(x=x)
    x *= 3
    assert (found.value, list(found.gradients["x"])) == (5, [2, 4])
    with pytest.raises(Problem, match="changed after it was evaluated"):
        _ = found.stages


@pytest.mark.parametrize("x", [[-np.inf, -np.inf], [np.nan, 1], [np.inf, 1], [0, 0]])
def test_what_a_rule_looks_for_is_found(x: list[float]) -> None:
    text = "logsumexp(x) + sum(xlogy(x, 2))"
    compiled = again(text, x=[1.0, 2.0])
    for _ in range(2 * PAYS):
        found, expected = compiled.evaluate(x=x), backprop.compile(text).evaluate(x=x)
        assert bits(found.value) == bits(expected.value)
        assert bits(found.gradients["x"]) == bits(expected.gradients["x"])


def test_what_is_not_alive_gets_0_also_beside_what_is_no_number() -> None:
    text, x = "sum(max(var(x, axis=0), axis=0))", np.array([[np.nan, 1.0], [2.0, 3.0]])
    compiled = again(text, x=[[1.0, 2.0], [4.0, 3.0]])
    for _ in range(2 * PAYS):
        assert bits(compiled.evaluate(x=x).gradients["x"]) == bits(backprop.compile(text).evaluate(x=x).gradients["x"])


def test_problems_are_told_as_ever() -> None:
    compiled = again("sum(x[i])", x=[1.0, 2.0], i=1.0)
    with pytest.raises(Problem, match="has no index 5"):
        compiled.evaluate(x=[1.0, 2.0], i=5.0)
    with pytest.raises(Problem, match="3 and y is a vector of 2"):
        again("sum(x*y)", x=[1.0, 2.0], y=[1.0, 2.0]).evaluate(x=[1.0, 2.0, 3.0], y=[1.0, 2.0])


def test_parts_of_what_was_joined_are_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part looked at all that was joined: a thousand arrays took twenty times as long as without the function."""
    text = "sum(concat(x, y, z, axis=1) * concat(z, x, y, axis=-1)^2)"
    at = {name: np.arange(2.0 * size).reshape(2, size) for name, size in (("x", 1), ("y", 3), ("z", 2))}
    compiled = again(text, **at)
    looks = []
    monkeypatch.setattr(arrays, "part_at", lambda *found: looks.append(found))
    found = compiled.evaluate(at).gradients
    assert not looks
    monkeypatch.undo()
    right = backprop.evaluate(text, at).gradients
    assert all(bits(found[name]) == bits(right[name]) for name in at)
