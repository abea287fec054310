"""`import backprop`: what a program relies on."""

from __future__ import annotations

import math

import pytest

import backprop

STAGED = (
    "sigy = 1/(1+exp(-y)); num = x + sigy; sigx = 1/(1+exp(-x)); xpy = x + y; xpysqr = xpy^2;"
    "den = sigx + xpysqr; invden = 1/den; f = num*invden"
)


def test_the_example_of_the_course_notes() -> None:
    found = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
    assert found.value == -12.0
    assert found.gradients == {"x": -4.0, "y": -4.0, "z": 3.0}
    assert [stage.name for stage in found.stages] == ["x", "y", "z", "q1", "f"]
    assert found.stages[3].value == 3.0
    assert found.stages[3].gradient == -4.0
    assert found.stages[4].local_gradients == (-4.0, 3.0)
    assert found.notes == []


def test_the_staged_example_to_the_last_digits() -> None:
    found = backprop.evaluate(STAGED, x=3, y=-4)
    expected = {
        "f": 1.5456448841066441, "x": 2.0595697955721652, "y": 1.5922327514838093, "num": 0.5121444488396316,
        "invden": 3.0179862099620918, "den": -0.7915934472725935, "xpy": 1.583186894545187,
    }  # fmt: skip
    assert found.value == pytest.approx(expected.pop("f"), rel=1e-14)
    gradients = {stage.name: stage.gradient for stage in found.stages}
    for name, gradient in expected.items():
        assert gradients[name] == pytest.approx(gradient, rel=1e-14)


def test_a_mapping_keywords_or_both() -> None:
    assert backprop.evaluate("x*y", {"x": 2, "y": 3}).value == 6
    assert backprop.evaluate("x*y", {"x": 2, "y": 3}, y=5).value == 10
    assert backprop.evaluate("ties*x", {"ties": 2.0, "x": 3}).value == 6


def test_compiled_once_evaluated_often() -> None:
    compiled = backprop.compile("max(x, y)", ties="split")
    assert compiled.variables == ["x", "y"]
    assert compiled.evaluate(x=1, y=1).gradients == {"x": 0.5, "y": 0.5}
    assert compiled.evaluate(x=2, y=1, upstream=3.0).gradients == {"x": 3.0, "y": 0.0}
    assert compiled.evaluate(x=2, y=1, wrt=["y"]).gradients == {"y": 0.0}
    assert backprop.compile("x^2*y").hessian(x=3, y=4) == {"x": {"x": 8.0, "y": 6.0}, "y": {"x": 6.0, "y": 0.0}}


def test_a_constant_is_a_variable_when_it_is_given() -> None:
    compiled = backprop.compile("e^x")
    assert compiled.evaluate(x=1).value == math.e
    assert compiled.evaluate(x=3, e=2).gradients == {"e": 12.0, "x": 8 * math.log(2)}


def test_only_one_number_type_comes_out() -> None:
    found = backprop.evaluate("where(x > 1, max(x, 2), floor(x))*sign(x) + (x > 0)", x=3)
    assert all(type(stage.value) is float for stage in found.stages)
    assert all(type(gradient) is float for gradient in found.gradients.values())
    assert all(type(partial) is float for stage in found.stages for partial in stage.local_gradients)


@pytest.mark.parametrize(
    ("call", "kind", "column"),
    [
        (lambda: backprop.evaluate("x y", x=1, y=1), "syntax", 3),
        (lambda: backprop.evaluate("1 + sine(x)", x=1), "name", 5),
        (lambda: backprop.evaluate("sin(x, 2)", x=1), "arity", 1),
        (lambda: backprop.evaluate("p = q; q = 2; q"), "definition", 8),
        (lambda: backprop.evaluate("x*yy", x=1), "variable", 3),
        (lambda: backprop.evaluate("x", x=1, y=1), "variable", None),
        (lambda: backprop.evaluate("x", x="one"), "value", None),
        (lambda: backprop.evaluate("x", x=10**400), "value", None),
        (lambda: backprop.evaluate("polygamma(n, x)", n=1, x=1), "rule", 1),
        (lambda: backprop.compile("x", ties="none"), "option", None),
    ],
)
def test_every_problem_is_a_problem_with_its_place(call, kind: str, column: int | None) -> None:
    with pytest.raises(backprop.Problem) as caught:
        call()
    assert (caught.value.kind, caught.value.column) == (kind, column)
    assert caught.value.message
    assert caught.value.line == (None if column is None else 1)


def test_functions_of_functions_are_opened_where_they_are_called() -> None:
    text = "g(x) = x*k; h(y) = g(y) + g(2*y); h(3)*k"
    found = backprop.evaluate(text, k=2)
    assert (found.value, found.gradients) == (36.0, {"k": 36.0})
    assert [stage.name for stage in found.stages] == ["k", "q1", "f"]
    assert found.stages[1].expression == "h(3)"
    opened = backprop.evaluate(text, {"k": 2}, expand=True)
    assert len(opened.stages) == 6
    assert opened.gradients == found.gradients


def test_the_gradient_of_a_call_is_exact_where_a_branch_in_it_is_not_taken() -> None:
    found = backprop.evaluate("root(x) = where(x > 0, sqrt(x), 0); root(x)*inf", x=0)
    assert found.gradients == {"x": 0.0}
    assert found.stages[1].local_gradients == (0.0,)


@pytest.mark.slow
def test_doubling_functions_end_in_a_clear_error() -> None:
    lines = ["f0(x) = x + x", *(f"f{i}(x) = f{i - 1}(x) + f{i - 1}(x)" for i in range(1, 60)), "f59(1)"]
    with pytest.raises(backprop.Problem) as caught:
        backprop.compile("\n".join(lines)).evaluate()
    assert caught.value.kind == "size"
