"""nudge: the prediction, the truth, and how far the one holds."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pytest

from backprop.library import Compiled
from backprop.library.nudge import Nudge, nudge
from backprop.show.nudged import text_of


def nudged(text: str, steps: dict[str, Any], **at: Any) -> Nudge:
    evaluation = Compiled(text).evaluate(at)
    return nudge(evaluation.run, evaluation.names, steps)


def test_a_kink_ends_a_prediction_of_nothing() -> None:
    found = nudged("max(x,y)*z", {"y": 2.5}, x=4.0, y=2.0, z=3.0)
    assert (found.value, found.moved, found.predicted, found.actual) == (12.0, 13.5, 0.0, 1.5)
    assert found.holds_until == pytest.approx(0.8)
    assert found.ends_at == "only while y < 4: there q1 = max(x, y) has a kink"


@pytest.mark.parametrize(("x", "step"), [(1.0, 0.1), (1.0, -0.1), (-3.0, 2.0), (100.0, 0.5)])
def test_a_square_is_a_hundredth_off_where_the_step_is_a_fiftieth(x: float, step: float) -> None:
    found = nudged("x^2", {"x": step}, x=x)
    assert found.predicted == pytest.approx(2 * x * step)
    assert found.actual == pytest.approx((x + step) ** 2 - x**2)
    assert found.holds_until * abs(step) == pytest.approx(0.02 * abs(x), rel=1e-6)
    assert found.ends_at is None


def test_a_line_holds_as_far_as_anybody_looks() -> None:
    assert nudged("3*x + y", {"x": 0.1, "y": -2.0}, x=1.0, y=2.0).holds_until == float("inf")


def test_a_kink_that_was_passed_long_before_the_end_did_not_end_it() -> None:
    found = nudged("x^2 + 1e-9*abs(x - 1.001)", {"x": 1.0}, x=1.0)
    assert found.ends_at is None


def test_an_array_moves_as_a_whole_or_element_by_element() -> None:
    found = nudged("sum(x*x)", {"x": np.array([0.1, 0.0])}, x=np.array([1.0, 2.0]))
    assert found.predicted == pytest.approx(0.2)
    assert found.actual == pytest.approx(0.21)


def test_a_jump_is_found() -> None:
    assert nudged("floor(x)", {"x": 0.1}, x=1.5).ends_at == "only while x < 2: there f = floor(x) has a kink"


@pytest.mark.parametrize(("text", "steps", "at", "says"), [
    ("abs(x)", {"x": 0.1}, {"x": 0.0}, "nowhere: x is on the kink of f = abs(x)"),
    ("abs(x - 1)", {"x": 0.1}, {"x": 1.0}, "nowhere: q1 is on the kink of f = abs(q1)"),
    ("3 + relu(x)", {"x": 1.0}, {"x": 0.0}, "nowhere: x is on the kink of q1 = relu(x)"),
    ("max(x, y)", {"x": -1.0}, {"x": 2.0, "y": 2.0}, "nowhere: x and y are on the kink of f = max(x, y)"),
    ("floor(x)", {"x": -0.1}, {"x": 2.0}, "nowhere: x is on the jump of f = floor(x)"),
    ("sum(abs(x))", {"x": np.full(2, 0.1)}, {"x": np.array([0.0, 1.0])}, "nowhere: x is on the kink of q1 = abs(x)"),
    ("g(t) = abs(t) + 1; g(x)", {"x": 0.1}, {"x": 0.0}, "nowhere: x is on the kink of f = g(x)"),
    ("1/step(x)", {"x": -3.0}, {"x": 0.0}, "nowhere: x is on the jump of q1 = step(x)"),  # beyond it is no number
    ("relu(x)", {"x": -1.0}, {"x": 0.0}, None),  # to this side it holds
    ("abs(x)^2", {"x": 0.1}, {"x": 0.0}, None),  # it is the square that bends
])  # fmt: skip
def test_from_a_kink_a_prediction_holds_nowhere(
    text: str, steps: dict[str, Any], at: dict[str, Any], says: str | None
) -> None:
    assert nudged(text, steps, **at).ends_at == says


@pytest.mark.parametrize("x", [1.0, np.array([1.0])])
def test_the_change_is_counted_as_the_gradient_from_above_has_it(x: Any) -> None:
    evaluation = Compiled("x*2").evaluate({"x": x}, upstream=x * 3)
    found = nudge(evaluation.run, evaluation.names, {"x": 0.5})
    assert (found.value, found.moved, found.predicted, found.actual) == (6.0, 9.0, 3.0, 3.0)


def test_no_step_leaves_the_sign_of_a_zero() -> None:
    assert nudged("1/x", {"x": 1.0}, x=-0.0).value == -np.inf


@pytest.mark.parametrize(("text", "x", "step", "error"), [
    ("1/x", 1.0, -1.0, 1.0), ("exp(x)", 700.0, 100.0, 1.0), ("sqrt(x)", 0.0, 1.0, 1.0), ("x/1e-320", 1e5, 1.0, None),
    ("log(x)", 1.0, -2.0, None),
])  # fmt: skip
def test_a_prediction_is_wholly_off_where_one_of_the_two_is_infinite(
    text: str, x: float, step: float, error: float | None
) -> None:
    found = nudged(text, {"x": step}, x=x)
    assert found.error == (pytest.approx(nan, nan_ok=True) if error is None else error)
    assert ("off by" in text_of(found, 6)) == (error is not None)


def test_a_mask_that_takes_more_elements_far_away_ends_the_prediction() -> None:
    """There the shapes do not fit, and the formula has no value."""
    found = nudged("sum(W + y[y > 0.1])", {"y": 0.001}, W=np.array([1.0, 2.0, 3.0]), y=np.array([1.0, -0.5]))
    assert found.predicted == pytest.approx(0.003)
    assert found.holds_until == pytest.approx(600)


@pytest.mark.parametrize(("text", "ends"), [
    ("x + 1e20", "nowhere that it shows: the output is rounded to ±8e+04, and moves by less"), ("x + 1e15", None),
])  # fmt: skip
def test_a_change_that_is_lost_in_rounding_is_no_sign_that_a_prediction_holds(text: str, ends: str | None) -> None:
    assert nudged(text, {"x": 1.0}, x=1.0).ends_at == ends
