"""Jacobians and Hessians: the sweeps of all elements together say what each of them says by itself."""

from __future__ import annotations

import numpy as np
import pytest

import backprop
from backprop.circuit import Circuit
from backprop.differentiate import second
from backprop.differentiate.run import evaluate, sweep
from backprop.errors import Problem
from backprop.rows.compute.mapper import Mapper
from tensor_cases import CASES, Case, built, label


def one_by_one(circuit: Circuit, values: list[object], output: int, wrt: list[str]) -> dict[str, np.ndarray]:
    """The derivatives of each element of a stage, by a sweep for each."""
    shape = np.shape(values[output])
    found: dict[str, list[object]] = {name: [] for name in wrt}
    for place in np.ndindex(*shape):
        seed = np.zeros(shape)
        seed[place] = 1.0
        sent = second.sweep_of_some(circuit, values, "both", {output: seed if shape else 1.0})
        for name in wrt:
            found[name].append(second.arrived(sent, circuit.variables[name], values[circuit.variables[name]]))
    return {name: np.reshape(rows, shape + np.shape(values[circuit.variables[name]])) for name, rows in found.items()}


@pytest.mark.parametrize("case", CASES, ids=label)
def test_every_gate_on_arrays(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit, at = built(case)
    circuit.output = circuit.inputs[circuit.inputs[circuit.output][0]][0]  # the gate itself
    wrt = [name for name in circuit.variables if circuit.active[circuit.output]]
    values = evaluate(circuit, at)
    try:
        sweep(circuit, values, "both", {circuit.output: np.ones(np.shape(values[circuit.output]))})
    except Problem:
        wrt = wrt[:1]
    expected = one_by_one(circuit, values, circuit.output, wrt)
    for at_once in (second.AT_ONCE, 20):
        monkeypatch.setattr(second, "AT_ONCE", at_once)
        found = second.jacobian(circuit, at, wrt, "both")
        for name in wrt:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("text", ["sum(tanh(A @ x)^2)", "sum(max(x, A @ x)*sort(x))", "logsumexp(x)*norm(A @ x)"])
def test_hessians(text: str) -> None:
    random = np.random.default_rng(3)
    at = {"A": random.normal(size=(3, 3)), "x": random.normal(size=3)}
    circuit = backprop.compile(text).circuit(at)
    wrt = list(circuit.variables)
    derived, values = second.derived_at(circuit, at, wrt, "both")
    found = second.hessian(circuit, at, wrt, "both")
    for name in wrt:
        expected = one_by_one(derived.circuit, values, derived.gradients[name], wrt)
        for other in wrt:
            np.testing.assert_allclose(found[name][other], expected[other], rtol=1e-10, atol=1e-12)


def test_an_element_says_nothing_about_another_that_has_no_slope() -> None:
    found = backprop.compile("sqrt(x)*y").jacobian(x=[0, 4], y=[1, 3])
    assert found["x"].tolist() == [[np.inf, 0], [0, 0.75]]
    assert found["y"].tolist() == [[0, 0], [0, 2]]


def test_a_variable_that_nobody_asks_for_costs_nothing() -> None:
    found = backprop.compile("upstream*tanh(A @ x)").jacobian(A=np.eye(200), x=np.ones(200), upstream=2.0, wrt=["x"])
    assert list(found) == ["x"]
    np.testing.assert_allclose(found["x"], 2 * np.eye(200) / np.cosh(1) ** 2)


@pytest.mark.parametrize("loss", ["bce_with_logits(a, B)", "mse(a, B)", "hinge(a, B)", "huber(a, B)"])
def test_rows_have_second_derivatives_of_what_is_stretched_both_ways(loss: str) -> None:
    at = {"a": np.array([[0.3], [0.4], [0.1]]), "B": np.array([0.2, 0.7])}
    hessian = backprop.compile(loss).hessian(at)
    found = Mapper(loss, wrt=["a", "B"], hessian=True)({name: value[None] for name, value in at.items()})
    for one in at:
        np.testing.assert_allclose(found[f"d2f_d{one}_dB"][0], hessian[one]["B"], rtol=1e-12, atol=1e-15)
