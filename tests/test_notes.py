"""What a run says of itself: the same walk, and the same words, for a number and for an array of one."""

from __future__ import annotations

import pytest

import backprop
from backprop.library import Compiled
from backprop.library.notes import squares

AT = [(0.0, 0.0), (0.0, 2.0), (1.0, 1.0), (-1.0, 0.0)]
TEXTS = [
    "relu(x)*y", "abs(x) + y", "step(x)*y", "where(x > 0, x^2, y)", "where(x > 0, sqrt(x), y)", "max(x, y)",
    "min(x, y, 0)", "clip(x, 0, y)", "floor(x)*y", "sign(x)*y", "hypot(x, y)", "x*step(y)", "where(y > 1, relu(x), 3)",
    "abs(x)*0 + y", "round(x) - y", "where(x >= 0, abs(y), relu(x))", "relu(relu(x)) - y", "step(x)*relu(y)",
    "(x == y) + x", "trunc(x)*y", "abs(x - y)", "y + where(x > 0, 1, step(y))", "mod(x, y)",
]  # fmt: skip


@pytest.mark.parametrize("at", AT)
@pytest.mark.parametrize("text", TEXTS)
def test_a_number_and_an_array_of_one_have_the_same_notes(text: str, at: tuple[float, float]) -> None:
    x, y = at
    number = backprop.evaluate(text, x=x, y=y)
    array = backprop.evaluate(text, x=[x], y=[y], upstream=[1.0])
    assert [(note.kind, note.message) for note in array.notes] == [(note.kind, note.message) for note in number.notes]


@pytest.mark.parametrize("text", ["step(x)", "floor(x)", "0*step(x)", "where(x > 0, x^2, 1)"])
@pytest.mark.parametrize("x", [0.0, [0.0, 3.0]])
def test_a_jump_is_told_whether_or_not_a_gradient_comes_there(text: str, x: float | list[float]) -> None:
    found = [note for note in backprop.evaluate(f"sum({text})", x=x).notes if note.kind == "jump"]
    assert len(found) == 1
    assert "jumps at x" in found[0].message


def test_a_gradient_that_ends_beside_a_jump_is_told_too() -> None:
    kinds = [note.kind for note in backprop.evaluate("sum(step(x))", x=[0.0, 3.0]).notes]
    assert kinds == ["jump", "flat"]
    assert [note.kind for note in backprop.evaluate("step(x)", x=0).notes] == ["jump"]


@pytest.mark.parametrize("inner", ["abs", "relu", "norm"])
@pytest.mark.parametrize("outer", ["abs({})", "relu({})", "abs(relu({}))", "max({}, 0)", "exp(abs({})) - 1"])
@pytest.mark.parametrize("x", [0.0, [0.0]])
def test_a_kink_behind_a_gate_that_chooses_nothing_is_told(outer: str, inner: str, x: float | list[float]) -> None:
    """Of the outer gate the slope in use is 0 there, and nothing arrives at the inner one, which has the kink."""
    found = backprop.evaluate(f"sum({outer.format(f'{inner}(x)')})", x=x).notes
    assert [note.kind for note in found if "norm" in note.message or f"{inner}(x)" in note.message] == ["kink"]


@pytest.mark.parametrize("text", ["abs(x)^2", "abs(x^2)", "abs(abs(x)^2)", "relu(x)*abs(x)", "clip(x, 0, x)"])
def test_what_only_looks_like_a_kink_is_none(text: str) -> None:
    assert not backprop.evaluate(text, x=0).notes


def test_labels_that_only_choose_elements_jump_nowhere() -> None:
    assert not backprop.evaluate("mean(s[y == 1])", s=[1, 2, 3], y=[0, 1, 1]).notes
    assert backprop.evaluate("sum(where(y == 1, s, 0))", s=[1, 2, 3], y=[0, 1, 1]).notes


def test_what_is_only_in_a_branch_that_was_not_taken_has_no_notes() -> None:
    kinds = {note.message for note in backprop.evaluate("sum(where(c, step(x), x))", c=[1, 0], x=[2, 0]).notes}
    assert kinds == {"the gradient ends at q1 = step(x): step is flat, its slope is 0"}


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("where(x, 3, x)", {"x": 2}, "takes x for true wherever it is not 0"),
        ("where(x, 3, x)", {"x": 0}, "takes x for true wherever it is not 0"),
        ("sum(where(x, 3, y))", {"x": [1, 2], "y": 4}, "takes x for true wherever it is not 0"),
        ("sum(where(m, x, y))", {"m": [1, 0], "x": 3, "y": 4}, ""),
        ("where((x > 1)*(x < 5), 3, x)", {"x": 2}, ""),
        ("trace(A^2)", {"A": [[1, 2], [3, 4]]}, "the product of matrices is A @ A"),
        ("sum(A^3 @ x)", {"A": [[1, 2], [3, 4]], "x": [1, 1]}, "the product of matrices is A @ A @ A"),
        ("sum(A^2)", {"A": [[1, 2], [3, 4]]}, ""),
        ("sum(A^2 @ x)", {"A": [[1, 2, 3], [3, 4, 5]], "x": [1, 1, 1]}, ""),
    ],
)
def test_what_may_have_been_meant_otherwise(text: str, at: dict[str, object], expected: str) -> None:
    found = [note.message for note in backprop.evaluate(text, at).notes]
    assert len(found) == bool(expected)
    assert all(expected in message for message in found)


LOST = "without expand=True the value and all gradients are finite here"


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("std(x)", {"x": [1, 1]}, True), ("norm(x)", {"x": [0, 0]}, True), ("sinh(x)", {"x": 710.3}, True),
        ("norm(x)", {"x": [3, 4]}, False), ("sinh(x)", {"x": 711}, False), ("1/x", {"x": 0}, False),
    ],
)  # fmt: skip
def test_what_definitions_lose_is_told(text: str, at: dict[str, object], told: bool) -> None:
    found = backprop.compile(text, expand=True).evaluate(at).notes
    assert any(note.message.startswith(LOST) for note in found) is told
    assert not any(note.message.startswith(LOST) for note in backprop.evaluate(text, at).notes)


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("asinh(x)", -1e6, True), ("sinpi(x)", 1e16, True), ("sum(expm1([x, x]))", 1e-12, True),
        ("asinh(x)", 2.0, False), ("sum(softmax([x, 1])[0])", 3.0, False), ("f(t) = t^2; f(x)", 3.0, False),
        ("sum(softmax([x, 2, 1.7]))", 0.3, False), ("log_softmax([x])[0]", -0.02, False),  # what cancels has none
    ],
)  # fmt: skip
def test_digits_that_definitions_lose_are_told(text: str, at: float, told: bool) -> None:
    found = backprop.compile(text, expand=True).evaluate(x=at).notes
    assert any(note.message.endswith("the definitions lose digits") for note in found) is told


@pytest.mark.parametrize(
    ("text", "x", "told"),
    [
        ("log(1 + exp(x))", 400, ["f = log(q2)"]), ("log(1 + exp(x))", 300, []), ("1/x", 1e-160, ["f = 1 / x"]),
        ("log(x)", 0, []), ("sum(1/[x, 1e-200*x])", 2, ["q3 = 1 / q2"]),
    ],
)  # fmt: skip
def test_squares_that_are_no_numbers_are_told_of_second_derivatives(text: str, x: float, told: list[str]) -> None:
    evaluation = Compiled(text).evaluate({"x": x})
    found = list(squares(evaluation.run, evaluation.names))
    assert [note.message.split(":")[0] for note in found] == told


def test_what_definitions_lose_is_told_of_values_alone() -> None:
    found = backprop.compile("sinh(x)", expand=True).forward(x=[710.3, 0]).notes
    assert [note.kind for note in found] == ["not-finite", "expanded"]
