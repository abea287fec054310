"""What is alive behind a gate that chooses: found from which elements depend on which, whatever the values are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.gates import GATES

POINT = np.array([[3.0, 1.0, 2.0], [0.4, 2.5, 1.3]])

# What stands between a gate that mixes elements and the output: each leaves some elements out.
CHOOSERS = ["sum(({})[0])", "max({})", "min({})", "sum(relu({}))", "sum(where({} > 1.1, {}, 0))", "sum(sort({})[0:1])"]

# Gates of one array, by what they are called with; those that give a number cannot be chosen from.
CALLS = [
    "sort(x^2)", "sort(x^2, axis=0)", "sort(-x)", "x^2 - mean(x^2)", "cumsum(x^2)", "tril(x @ exp(x).T)",
    "softmax(x^2)",
    "log_softmax(x)", "(x^2).T", "reshape(x^2, [3, 2])", "concat(x^2, x)", "stack(x^2, x)", "cumprod(x)",
    "x @ exp(x).T",
    "var(x^2, axis=1)", "std(x^2, axis=1)", "norm(x^2, axis=1)", "prod(x, axis=1)", "sum(sort(x^2), axis=1)",
]  # fmt: skip


def slopes(function: Callable[[np.ndarray], Any], at: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central differences, an element at a time."""
    found = []
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += step
        down[place] -= step
        found.append((np.asarray(function(up)) - np.asarray(function(down))) / (2 * step))
    return np.array(found)


@pytest.mark.parametrize("chooser", CHOOSERS)
@pytest.mark.parametrize("call", CALLS)
def test_nothing_that_is_alive_is_cut_off(chooser: str, call: str) -> None:
    text = chooser.format(call, call)
    compiled = backprop.compile(text)
    gradient = compiled.evaluate(x=POINT).gradients["x"]
    expected = slopes(lambda x: compiled.evaluate(x=x).value, POINT).reshape(POINT.shape)
    assert np.allclose(gradient, expected, rtol=1e-7, atol=1e-7), text
    opened = backprop.compile(text, expand=True).evaluate(x=POINT).gradients["x"]
    assert np.allclose(opened, expected, rtol=1e-7, atol=1e-7), f"{text} with --expand"
    hessian = np.asarray(compiled.hessian(x=POINT)["x"]["x"]).reshape(POINT.size, POINT.size)
    of_gradient = slopes(lambda x: compiled.evaluate(x=x).gradients["x"], POINT).reshape(POINT.size, POINT.size)
    assert np.allclose(hessian, of_gradient, rtol=1e-5, atol=1e-5), f"{text}, second order"


def test_every_gate_with_a_rule_for_masks_is_tried() -> None:
    assert {gate.name for gate in GATES.values() if gate.reach} == {"sort", "centred"}


@pytest.mark.parametrize("loss", ["bce_with_logits(a, B)", "bce(sigmoid(a), sigmoid(B))", "mse(a, B)", "hinge(a, B)"])
@pytest.mark.parametrize(("a", "b"), [((1,), (1, 2)), ((), (1,)), ((2,), (3, 2)), ((3, 1), (2,))])
def test_losses_of_stretched_inputs_at_second_order(loss: str, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    random = np.random.default_rng(5)
    at = {"a": random.uniform(0.1, 0.9, a), "B": random.uniform(0.1, 0.9, b)}
    compiled = backprop.compile(loss)
    hessian = compiled.hessian(at)
    for one in at:
        for other in at:

            def gradient(x: np.ndarray, one: str = one, other: str = other) -> Any:
                return compiled.evaluate({**at, other: x}).gradients[one]

            found = np.asarray(hessian[one][other]).reshape(at[one].size, at[other].size)
            expected = slopes(gradient, np.atleast_1d(at[other])) if at[other].ndim else None
            if expected is not None:
                assert np.allclose(found.T, expected.reshape(at[other].size, at[one].size), rtol=1e-5, atol=1e-7)
