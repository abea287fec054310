"""What is alive behind a gate that chooses: found from which elements depend on which, whatever the values are."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.gates import GATES
from backprop.rows.compute.mapper import Mapper

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


DICE = np.random.default_rng(3)
PAIRS = DICE.uniform(0.3, 0.9, (2, 2, 2))
POSITIVE = PAIRS @ np.swapaxes(PAIRS, 1, 2) + np.eye(2)

ALONG = ["prod", "var", "std", "norm", "logsumexp", "cumprod", "softmax", "log_softmax"]
# Gates that mix, on two slices of which the second is bad; the first is taken.
SLICED = {
    **{f"{gate}(x, axis=1)": POINT for gate in ALONG},
    **{f"{gate}(x, axis=0).T": POINT.T for gate in ALONG[::2]},
    "cumprod(x, axis=1, reverse=1)": POINT, "norm(x, axis=1, keepdims=1)": POINT,
    "x - mean(x, axis=1, keepdims=1)": POINT,
    **{f"{gate}(x)": POSITIVE for gate in ("det", "logdet", "inv", "cholesky")},
    "prod(x, axis=[1, 2])": POSITIVE, "solve(x, [[1, 2], [3, 4]])": POSITIVE, "solve([[2, 1], [1, 3]], x)": POSITIVE,
    "cross(x, [1, 2, 3])": POINT, "cross([1, 2, 3], x)": POINT,
}  # fmt: skip
PRODUCTS = {
    "x @ [[1, 2], [3, 4], [5, 6]] * y": POINT, "x @ (y * [1, 2, 3])": POINT, "(y * [[1, 2], [3, 4]]) @ x": POSITIVE,
    'einsum("ij,jk->ik", x, y * [[1, 2], [3, 4], [5, 6]])': POINT, "outer(x[:, 0], y * [1, 2])": POINT,
    "conv1d(x[:, None], y * [[[1, 2]]])": POINT,
}  # fmt: skip


@pytest.mark.parametrize("call", [*SLICED, *PRODUCTS])
def test_a_slice_that_nobody_reads_spoils_nothing(call: str) -> None:
    """Not by what is in it, nor by the slopes below it: to the second order, by every way."""
    for text, bad in [(f"sum(({call})[0]^2)", (np.nan, np.inf, -1.0)), (f"q = sqrt(x); sum(({call})[0])", (0.0, -1.0))]:
        text = text.replace("q = sqrt(x); ", "") if bad[0] != 0 else re.sub(r"\bx\b", "q", text).replace("(q);", "(x);")
        compiled = backprop.compile(text)
        here = SLICED.get(call, PRODUCTS.get(call))
        at = {name: value for name, value in {"x": here, "y": 2.0}.items() if name in compiled.variables}
        right, curved = compiled.evaluate(at).gradients, compiled.hessian(at)
        for number in bad:
            x = here.copy()
            (x.T if ".T" in call else x)[1] = number
            beside = {**at, "x": x}
            found, hessian = compiled.evaluate(beside).gradients, compiled.hessian(beside)
            rows = Mapper(text)({name: np.array([value, value]) for name, value in beside.items()})
            for name, mapped in zip(at, list(rows.values())[1:], strict=True):
                assert np.allclose(found[name], right[name], rtol=1e-9), f"{text} at {number}"
                assert call in PRODUCTS or np.allclose(mapped[0], right[name], rtol=1e-9), f"map {text} at {number}"
                for other in at:
                    close = np.allclose(hessian[name][other], curved[name][other], rtol=1e-9)
                    assert close, f"{text} at {number}, second order"


LOSSES = [f"{loss}(x, y)" for loss in ("mse", "bce", "bce_with_logits", "cross_entropy", "hinge", "huber")]


@pytest.mark.parametrize("call", [*LOSSES, "x @ y.T", "outer(x[0], y[1])", "solve(x[:, :2], y)", "cross(x, y)"])
@pytest.mark.parametrize("number", [np.nan, np.inf, 0.0])
def test_a_branch_that_is_not_taken_gets_nothing_to_the_second_order(call: str, number: float) -> None:
    bad = np.full((2, 3), number)
    for y in (bad, POINT):
        at = {"s": 1.5, "x": bad, "y": y}
        for called in (call, re.sub(r"\by\b", str(y.tolist()), call)):
            text = f"where(s > 0, s^2, sum({called}))".replace("nan", "(inf - inf)")
            compiled = backprop.compile(text)
            point = {name: at[name] for name in compiled.variables}
            found, hessian = compiled.evaluate(point).gradients, compiled.hessian(point)
            assert not any(np.any(found[name]) for name in point if name != "s"), text
            blocks = [hessian[one][other] for one in point for other in point if one + other != "ss"]
            assert not any(np.any(block) for block in blocks), text


def test_what_was_joined_has_no_factors() -> None:
    """Where a second derivative is not finite it is looked for again, with more care for factors."""
    hessian = backprop.compile("q = x^1.5; sum(concat(q, q)*stack(q, q)[0, 0])").hessian(x=np.array([0.0, 4.0]))["x"][
        "x"
    ]
    assert hessian[1, 1] == 0
    assert not np.isfinite(hessian[0, 0])


def test_every_gate_with_a_rule_for_masks_is_tried() -> None:
    public = {gate.name for gate in GATES.values() if gate.reach and not gate.plumbing}
    assert public - {name for name in public for call in SLICED if f"{name}(" in call} == {"sort"}


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


SPOILT = [  # what nobody hears of is infinite, or meets a 0 for the elements that nobody hears
    ("(A @ x)[0]", {"A": [[inf, 1.0], [0.0, 0.0]], "x": [1.0, 2.0]}),
    ('einsum("ij,j->i", A, x)[0]', {"A": [[inf, 1.0], [0.0, 0.0]], "x": [1.0, 2.0]}),
    ("outer(x, x)[0, 1]", {"x": [1.0, inf]}),
    ("(A.T @ x)[1]", {"A": [[0.0, inf], [0.0, 1.0]], "x": [2.0, 4.0]}),
    ("conv1d(x, x, padding=1)[2]", {"x": [1.0, inf]}),
    ("sum(where(x < 5, A @ x, 0))", {"A": [[0.0, 0.0], [inf, 1.0]], "x": [3.0, 4.0]}),
]


@pytest.mark.parametrize(("text", "expected"), SPOILT)
def test_products_with_infinite_numbers_send_nothing_to_what_nobody_hears(text: str, expected: dict[str, Any]) -> None:
    at = {"A": np.array([[1.0, 2.0], [3.0, 4.0]]), "x": np.array([inf, 1.0])}
    at = {name: at[name] for name in expected}
    calm = {name: np.ones_like(x) for name, x in at.items()}
    rows = Mapper(text)({name: np.stack([calm[name], x]) for name, x in at.items()})
    alone = backprop.evaluate(text, at).gradients
    for name, right in expected.items():
        assert alone[name].tolist() == rows[f"df_d{name}"][1].tolist() == right
        assert np.array_equal(rows[f"df_d{name}"][0], backprop.evaluate(text, calm).gradients[name])


def test_a_factor_of_nothing_meets_an_infinite_gradient() -> None:
    found = backprop.evaluate("sum([inf, 1]*(x*y))", x=0.0, y=[1.0, 2.0]).gradients
    assert np.array_equal(found["y"], [nan, 0.0], equal_nan=True)
    assert backprop.evaluate("sum([inf, 1]*(x < y))", x=0.0, y=[1.0, 2.0]).gradients["y"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("relu(where(y > 0, acosh(y), z))", {"y": 1.0, "z": 1.0}),  # a slope that is agreed is no mask
        ("relu(y)^0.5 * gamma(where(1, 1, z))", {"y": inf, "z": inf}),  # a condition that never holds
        ("min(y, where(0, z, 0.5)) / 0", {"y": 0.5, "z": -inf}),
    ],
)
def test_rows_say_nothing_of_a_branch_that_is_not_taken(text: str, at: dict[str, float]) -> None:
    compiled = backprop.compile(text)
    found = Mapper(text, hessian=True)({name: np.array([x]) for name, x in at.items()})
    assert compiled.evaluate(at).gradients["z"] == found["df_dz"][0] == 0
    assert compiled.hessian(at)["y"]["z"] == found["d2f_dy_dz"][0] == 0
