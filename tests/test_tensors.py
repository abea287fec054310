"""The gates on arrays: every row of the table against numerical differentiation at orders 1 and 2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backprop
from backprop.circuit import Circuit
from backprop.differentiate import second
from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate, run
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.gates import ELEMENTWISE, GATES
from oracle import ORACLE, error
from tensor_cases import CASES, Case, built, label

INF = float("inf")
ALL = pytest.mark.parametrize("case", CASES, ids=label)


def test_every_gate_that_mixes_elements_has_a_case() -> None:
    assert {case.gate for case in CASES} == {gate.name for gate in GATES.values() if gate.mixes}


@pytest.mark.parametrize("gate", ["sum", "mean", "prod", "max", "min", "norm", "logsumexp", "var", "std"])
def test_over_no_axis_nothing_is_reduced(gate: str) -> None:
    text, x = f"sum({gate}(x, axis=[])*w)", np.array([[1.0, -2.0], [3.0, 5.0]])
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = backprop.evaluate(text, x=x, w=weights)
    alone = np.zeros((2, 2)) if gate in ("var", "std") else abs(x) if gate == "norm" else x
    np.testing.assert_allclose(found.gradients["w"], alone)
    np.testing.assert_allclose(found.gradients["x"], weights * (alone / x))
    with pytest.raises(Problem, match="over no axis cannot be said in PyTorch"):  # there it is over all of them
        write(
            Request(backprop.compile(text).circuit({"x": x, "w": weights}), at={"x": x, "w": weights}, ties="both"),
            "torch",
        )


def moved(at: dict[str, Any], direction: dict[str, Any], step: float) -> dict[str, Any]:
    return {name: value + step * direction[name] for name, value in at.items()}


def slope(function: Any, step: float = 1e-3) -> Any:
    """The derivative at 0 of a function of one number, by a stencil of seven points."""
    weights = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    return sum(weight * (function(k * step) - function(-k * step)) for k, weight in weights.items()) / step


def directions(at: dict[str, Any], count: int = 2) -> list[dict[str, Any]]:
    random = np.random.default_rng(3)
    return [{name: random.standard_normal(np.shape(value)) for name, value in at.items()} for _ in range(count)]


def close(got: Any, expected: Any, tolerance: float) -> None:
    expected = np.asarray(expected, dtype=float)
    size = 1 + np.max(np.abs(expected), initial=0)
    np.testing.assert_allclose(np.asarray(got, dtype=float), expected, rtol=0, atol=tolerance * size)


@ALL
def test_gradients_agree_with_numerical_ones(case: Case) -> None:
    circuit, at = built(case)
    gradients = run(circuit, at).gradients()
    assert {name: np.shape(value) for name, value in gradients.items()} == {n: np.shape(v) for n, v in at.items()}
    for direction in directions(at):
        found = sum(np.sum(gradients[name] * direction[name]) for name in at)
        close(found, slope(lambda t: run(circuit, moved(at, direction, t)).value), 2e-9)  # noqa: B023


@ALL
def test_second_derivatives_agree_with_numerical_ones(case: Case) -> None:
    circuit, at = built(case)
    for direction in directions(at, 1):
        product = second.hvp(circuit, at, direction, "both")
        for name in at:
            expected = slope(lambda t: run(circuit, moved(at, direction, t)).gradients()[name])  # noqa: B023
            close(product[name], expected, 2e-8)


@ALL
def test_the_derived_circuit_gives_the_gradients_of_the_run(case: Case) -> None:
    circuit, at = built(case)
    for shapes in (None, [np.shape(value) for value in evaluate(circuit, at)]):
        derived = derive(circuit, shapes=shapes)
        values = evaluate(derived.circuit, at)
        for name, gradient in run(circuit, at).gradients().items():
            close(values[derived.gradients[name]], gradient, 1e-14)


@ALL
def test_arrays_need_not_be_contiguous(case: Case) -> None:
    circuit, at = built(case)
    strided = {}
    for name, value in at.items():
        strided[name] = value
        if np.ndim(value):
            wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]))
            wide[..., ::2] = value
            strided[name] = wide[..., ::2]
    expected, got = run(circuit, at), run(circuit, strided)
    close(got.value, expected.value, 1e-13)
    for name in at:
        close(got.gradients()[name], expected.gradients()[name], 1e-13)


def test_a_run_changes_none_of_its_inputs() -> None:
    W, x = np.arange(6.0).reshape(2, 3), np.ones(3)
    before = W.copy(), x.copy()
    backprop.evaluate("y = W @ x; sum(y^2 + y) + sum(W)", W=W, x=x)
    assert np.array_equal(W, before[0])
    assert np.array_equal(x, before[1])


def at_points(name: str, points: list[tuple[float, ...]]) -> tuple[Any, dict[str, Any]]:
    """A circuit of an element-wise gate, and all its points as vectors."""
    gate, count = ELEMENTWISE[name], len(points[0])
    circuit = Circuit()
    smooth = [rule is not None for rule in gate.rules(count, "both")]
    names = gate.names(count)
    columns = dict(zip(names, np.array(points).T, strict=True))
    wires = [
        circuit.add_variable(argument) if varies else circuit.add_constant(columns.pop(argument))
        for argument, varies in zip(names, smooth, strict=True)
    ]
    circuit.output = circuit.add(gate, tuple(wires))
    return circuit, columns


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_element_wise_gates_act_on_arrays_as_on_numbers(name: str, ties: str) -> None:
    """Values and gradients at the oracle's points, and at zeros, infinities and nan."""
    given = ORACLE[name].points
    special = [0.0, -0.0, 1.0, -1.0, 800.0, -800.0, 1e308, INF, -INF, np.nan]
    count = len(given[0])
    points = [tuple(map(float, point)) for point in given if len(point) == count]
    points += [(x,) * count for x in special] + [tuple(special[k : k + count]) for k in range(len(special) - count)]
    circuit, columns = at_points(name, points)
    whole = run(circuit, columns, ties=ties, upstream=np.ones(len(points)))
    for i, point in enumerate(points):
        one, _ = at_points(name, [point])
        one.plans.clear()
        for wire, constant in one.constants.items():
            one.constants[wire] = float(constant[0])
        single = run(one, {argument: float(column[i]) for argument, column in columns.items()}, ties=ties)
        same = np.allclose(whole.value[i], single.value, rtol=2e-13, atol=1e-300, equal_nan=True)
        assert same or good(name, point, (), whole.value[i]), point
        for argument, gradient in single.gradients().items():
            got = whole.gradients()[argument][i]
            same = np.allclose(got, gradient, rtol=2e-12, atol=1e-15, equal_nan=True)
            assert same or good(name, point, (ELEMENTWISE[name].names(count).index(argument),), got), (argument, point)


def good(name: str, point: tuple[float, ...], order: tuple[int, ...], got: Any) -> bool:
    """Whether a number has its digits by the oracle: next to a zero, another way of computing has other noise."""
    return point in ORACLE[name].points and error(name, point, order, float(got)) < 1e-13


@ALL
def test_a_result_has_the_shape_that_its_row_promises(case: Case) -> None:
    """So that programs for arrays of unknown shapes may leave out what would undo a broadcasting."""
    circuit, at = built(case)
    shapes = [np.shape(value) for value in evaluate(circuit, at)]
    wire = len(circuit) - 4  # behind it, its result is weighted and summed
    gate, inputs = circuit.gates[wire], circuit.inputs[wire]
    assert gate.name == case.gate
    if gate.shape:
        promised = () if gate.shape == "number" else shapes[inputs[gate.arguments.index(gate.shape)]]
        assert shapes[wire] == promised
