"""Where an input is at the end of a domain, or of all numbers: limits, to the second order, by every route."""

from __future__ import annotations

from math import inf, nan, pi, sqrt
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import backprop
from backprop.cli import main
from backprop.emit import Request, write

FLAT = ["hypot(x, 3)", "hypot(3, x)", "erf(x)", "erfc(x)", "gelu(x)", "atan(x)", "asinh(x)", "cbrt(x)"]


@pytest.mark.parametrize("x", [inf, -inf])
@pytest.mark.parametrize("y", [inf, -inf, 2.0])
def test_an_angle_far_away_does_not_move(x: float, y: float) -> None:
    at = {"x": x, "y": y}
    assert backprop.evaluate("atan2(x, y)", at).gradients == {"x": 0, "y": 0}
    bends = backprop.compile("atan2(x, y)").hessian(at)
    assert {bends[one][other] for one in at for other in at} == {0.0}
    rows = backprop.map("atan2(x, y)", {name: np.array([value]) for name, value in at.items()}, hessian=True)
    assert [rows[name][0] for name in rows if name.startswith("d")] == [0.0] * 5


@pytest.mark.parametrize("text", FLAT)
@pytest.mark.parametrize("x", [inf, -inf])
def test_what_flattens_out_or_becomes_straight_has_no_curvature_at_infinity(text: str, x: float) -> None:
    assert backprop.compile(text).hessian({"x": x})["x"]["x"] == 0


ENDS: list[tuple[str, dict[str, float], dict[str, float]]] = [
    ("hypot(x, y)", {"x": inf, "y": 2.0}, {"x": 1, "y": 0}),
    ("hypot(x, y)", {"x": 2.0, "y": -inf}, {"x": 0, "y": -1}),
    ("hypot(x, y)", {"x": inf, "y": -inf}, {"x": nan, "y": nan}),  # from every direction another one
    ("acosh(x)", {"x": 1.0}, {"x": inf}),
    ("acosh(x)", {"x": inf}, {"x": 0}),
    ("erf(x)", {"x": 0.0}, {"x": 2 / sqrt(pi)}),
]


@pytest.mark.parametrize(("text", "at", "expected"), ENDS)
def test_slopes_at_the_ends(text: str, at: dict[str, float], expected: dict[str, float]) -> None:
    alone = backprop.evaluate(text, at).gradients
    assert alone == pytest.approx(expected, rel=1e-15, nan_ok=True)
    together = backprop.evaluate(f"sum({text})", {name: np.array([x]) for name, x in at.items()}).gradients
    assert {name: float(slope[0]) for name, slope in together.items()} == pytest.approx(expected, nan_ok=True)


def test_acosh_bends_down_without_end_at_1() -> None:
    assert backprop.compile("acosh(x)").hessian({"x": 1.0})["x"]["x"] == -inf


@pytest.mark.parametrize("expand", [False, True])
def test_xlogy_at_its_corner(expand: bool) -> None:
    found = backprop.compile("xlogy(x, y)", expand=expand).evaluate(x=0.0, y=0.0)
    assert (found.value, found.gradients) == (0, {"x": -inf, "y": 0})


@pytest.mark.parametrize("text", ["elu(x)", "selu(x)"])
def test_just_beside_a_kink_an_opened_gate_has_one_slope(text: str) -> None:
    found = [backprop.compile(text, expand=expand).evaluate(x=1e-300).gradients["x"] for expand in (False, True)]
    assert found[0] == pytest.approx(found[1], rel=1e-15)


def test_lgamma_of_the_smallest_numbers() -> None:
    found = backprop.evaluate("sum(lgamma(x))", x=np.array([5e-324, -5e-324, 1e-301]))
    assert found.value == pytest.approx(2 * 744.4400719213812 + 693.0781129912077, rel=1e-15)


@pytest.mark.parametrize("to", ["python", "numpy"])
@pytest.mark.parametrize("text", ["lgamma(x)", "polygamma(1, x)", "polygamma(2, x)"])
@pytest.mark.parametrize("x", [5e-324, -1e-310, 5e-309, 0.0, -0.0, -1.0, -inf])
def test_programs_know_what_scipy_does_not(to: str, text: str, x: float) -> None:
    found = backprop.evaluate(text, x=x)
    scope: dict[str, Any] = {"__name__": "program"}
    exec(write(Request(backprop.compile(text).circuit({"x": x}), at={"x": x}), to), scope)
    value, gradients = scope["backprop"](x)
    assert [value, gradients["x"]] == pytest.approx([found.value, found.gradients["x"]], rel=1e-15, nan_ok=True)


COMPARED: list[tuple[str, Any]] = [
    ("x == y", [1, 1]), ("where(x == y, 3, 4)", [3, 3]), ("sum(x == y) + sum(x)", 4), ("(x == y) * x", [1, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "right"), COMPARED)
def test_what_was_never_equal_may_be_so_later(text: str, right: Any) -> None:
    """A circuit that is evaluated again and again takes it that it stays so, and looks."""
    compiled, ones = backprop.compile(text), np.ones(2)
    upstream = None if "sum" in text else ones
    for _ in range(40):
        compiled.evaluate({"x": ones, "y": np.full(2, 2.0)}, upstream=upstream)
    assert np.array_equal(compiled.evaluate({"x": ones, "y": ones}, upstream=upstream).value, right)


@pytest.mark.parametrize("text", ["sum(log_softmax(x, axis=None))", "sum(softmax(x, axis=None))", "logsumexp(x)"])
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 2)])
def test_programs_for_pytorch_take_nothing_as_it_is(text: str, shape: tuple[int, ...]) -> None:
    pytest.importorskip("torch")
    at = {"x": np.zeros(shape)}
    source = write(Request(backprop.compile(text).circuit(at), at=at, ties="both"), "torch")
    exec(compile(source, "program", "exec"), {"__name__": "__main__"})  # it tests itself


@pytest.mark.parametrize(
    "text",
    [
        "(A > 0) @ A", "A @ (A > 0)", "(A > 0).T @ A", 'einsum("ij,jk->ik", A > 0, A)', "softmax(A > 0)",
        'relu(einsum("ij,jk->ik", clip(A, -0.5, 0.5), A))',
    ],
)  # fmt: skip
def test_products_of_truth_values_are_numbers_in_pytorch(text: str) -> None:
    pytest.importorskip("torch")
    source = str(
        backprop.evaluate(f"sum(({text})*A[0,0])", A=np.array([[1.0, 2, -1], [-1, 1, 0.5], [-1, 1, 1]])).code("torch")
    )
    exec(compile(source, "program", "exec"), {"__name__": "__main__"})  # it tests itself


LOST: list[tuple[str, str, dict[str, float]]] = [
    ("huber(x, y)", "both", {"x": inf, "y": inf}),
    ("square(max(x, y - y))", "split", {"x": 1.0, "y": -inf}),
]


@pytest.mark.parametrize(("text", "ties", "at"), LOST)
@pytest.mark.parametrize("arrays", [False, True])
def test_what_has_no_gradient_bends_in_no_way(text: str, ties: Any, at: dict[str, float], arrays: bool) -> None:
    point = {name: np.array([value]) if arrays else value for name, value in at.items()}
    text = f"sum({text})" if arrays else text
    compiled = backprop.compile(text, ties=ties)
    assert np.isnan([*compiled.evaluate(point).gradients.values()]).all()
    assert np.isnan([list(row.values()) for row in compiled.hessian(point).values()]).all()
    assert np.isnan([*compiled.hvp(dict.fromkeys(at, np.ones(1) if arrays else 1.0), point).values()]).all()
    rows = backprop.map(text, {name: np.array([x]) for name, x in point.items()}, hessian=True, ties=ties)
    assert all(np.isnan(rows[name]).all() for name in rows if name.startswith("d2"))


def test_elements_without_a_gradient_leave_the_others_alone() -> None:
    compiled = backprop.compile("sum(sin(x))")
    np.testing.assert_array_equal(compiled.hessian(x=np.array([inf, 0.0]))["x"]["x"], [[nan, 0], [0, 0]])
    np.testing.assert_array_equal(compiled.hvp({"x": np.ones(2)}, x=np.array([inf, 0.0]))["x"], [nan, 0])


def test_a_second_derivative_that_is_lost_on_the_way_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["eval", "x^y", "--x", "1e-300", "--y", "0", "--hessian"])
    assert ended.value.code == 0
    assert "d²f/dx² is nan: on the way to it 0 meets infinity" in capsys.readouterr().err


def test_the_corner_of_xlogy_is_as_steep_from_both_sides() -> None:
    found = backprop.compile("xlogy(x, y)").hessian(x=0.0, y=0.0)
    assert found["x"]["y"] == found["y"]["x"] == inf


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("x", [[1.0, 1.5, 0.5], [-650.0, -650.25, -649.875], [700.0, 700 + 2.0**-30, 699.75]])
def test_of_scores_far_out_no_more_is_lost_than_is_told(expand: bool, x: list[float]) -> None:
    with mp.workdps(50):
        parts = [mp.exp(mpf(score)) for score in x]
        whole = sum(parts)
        shares, logarithm = [part / whole for part in parts], mp.log(whole)
        lost = 4e-16 * max(map(abs, x))
        for text, right in [
            ("softmax(x)", shares),
            ("log_softmax(x)", [score - logarithm for score in x]),
            ("logsumexp(x)", logarithm),
        ]:
            found = backprop.compile(text, expand=expand).forward(x=np.array(x)).value
            np.testing.assert_allclose(found, np.array(right, float), rtol=0, atol=lost)
        slopes = backprop.compile("logsumexp(x)", expand=expand).evaluate(x=np.array(x)).gradients["x"]
        np.testing.assert_allclose(slopes, np.array(shares, float), rtol=lost)


ENDLESS = [  # slopes that are infinite at p = 0
    "bce(p, 0.5)", "bce(0, p)", "bce(p, p)", "bce(sin(p), p)", "xlogy(p, 0)", "inf * p", "sqrt(p)", "sum(inv([[p]]))",
    "logdet([[p]])", "sum(solve([[p]], [1]))", "sum(cholesky([[p]]))",
]  # fmt: skip


@pytest.mark.parametrize("text", ENDLESS)
def test_a_branch_not_taken_sends_nothing_however_steep_it_is(text: str) -> None:
    compiled = backprop.compile(f"where(p > 1, {text}, 1)")
    assert compiled.evaluate(p=0.0).gradients == {"p": 0}
    assert compiled.hessian(p=0.0) == {"p": {"p": 0}}
    scope: dict[str, Any] = {}
    at = {"p": 0.0}
    exec(write(Request(compiled.circuit(at), at=at), "numpy"), scope)
    assert scope["backprop"](0.0)[1] == at


@pytest.mark.parametrize(("y", "mixed"), [(0.0, inf), (1.0, -inf), (2.0, 0.0)])
def test_the_mixed_slope_of_a_power_at_0_is_the_limit(y: float, mixed: float) -> None:
    number, vector = {"x": 0.0, "y": y}, {"x": np.zeros(1), "y": np.array([y])}
    right = {"xx": 2.0 if y == 2 else 0.0, "xy": mixed, "yx": mixed, "yy": 0.0 if y else inf}
    for text, at in (("x^y", number), ("sum(x^y)", vector)):
        found = backprop.compile(text).hessian(at)
        assert {one + other: float(np.ravel(found[one][other])[0]) for one in at for other in at} == right
        rows = backprop.map(text, {name: np.array([x]) for name, x in at.items()}, hessian=True)
        assert float(np.ravel(rows["d2f_dx_dy"])[0]) == mixed


@pytest.mark.parametrize("arrays", [False, True])
def test_a_direction_says_nothing_of_where_it_does_not_go(arrays: bool) -> None:
    """0 steps, times a slope that is infinite, are no nan."""
    at, along_y = {"x": 0.0, "y": 2.0}, {"x": 0.0, "y": 1.0}
    if arrays:
        at, along_y = ({name: np.array([x]) for name, x in each.items()} for each in (at, along_y))  # type: ignore
    compiled = backprop.compile("sum(sqrt(x)*y)")
    assert compiled.hvp(along_y, at) == {"x": inf, "y": 0}
    assert compiled.jvp(along_y, at) == 0


@pytest.mark.parametrize(("text", "mixed"), [("leaky_relu(x, a)", 0.0), ("elu(x, a)", 0.0)])
def test_one_side_is_taken_for_both_inputs(text: str, mixed: float) -> None:
    found = backprop.compile(text, ties="first").hessian(x=0.0, a=0.5)
    assert found["x"]["a"] == found["a"]["x"] == mixed


@pytest.mark.parametrize(
    ("text", "expected"), [("lgamma(x)", [inf, inf, inf]), ("1 / sinpi(x)", [-inf, -inf, nan]), ("gamma(x)", [nan] * 3)]
)
def test_special_functions_far_below_0_on_rows(text: str, expected: list[float]) -> None:
    at = [-2.0, -1e308, -inf]
    assert np.array_equal(backprop.map(text, {"x": np.array(at)})["f"], expected, equal_nan=True)
    assert np.array_equal([backprop.evaluate(text, x=x).value for x in at], expected, equal_nan=True)


@pytest.mark.parametrize(
    "text", ["min(outer(x, y))", "min(A @ x)", "sum(relu(-outer(x, y)))", "sum((A @ x)[0:1])", "min(x @ A)"]
)
def test_a_program_hears_nothing_of_an_infinite_factor_in_a_branch_that_is_not_taken(text: str) -> None:
    given: dict[str, Any] = {"x": np.array([1.0, 2.0]), "y": np.array([1.0, inf]), "A": np.array([[1, 2], [3, inf]])}
    compiled = backprop.compile(text)
    at = {name: given[name] for name in compiled.variables}
    found = compiled.evaluate(at).gradients
    assert all(np.isfinite(gradient).all() for gradient in found.values())
    scope: dict[str, Any] = {"__name__": "program"}
    exec(write(Request(compiled.circuit(at), at=at, ties="both"), "numpy"), scope)
    _, gradients = scope["backprop"](*at.values())
    for name, gradient in found.items():
        np.testing.assert_array_equal(gradients[name], gradient)
