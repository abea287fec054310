"""The language takes what people type and paste: listings, names assigned again, characters of print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import backprop
from backprop import Problem
from backprop.errors import nearest
from backprop.language import parse
from backprop.language.printer import unparse
from conftest import in_process


def gradients(text: str, **at: object) -> dict[str, object]:
    return dict(backprop.evaluate(text, at).gradients)


# ── inputs in the text ──

LISTING = "x = -2; y = 5; z = -4; q = x + y; f = q * z"


def test_the_listing_of_the_notes_has_three_inputs() -> None:
    assert gradients(LISTING) == {"x": -4, "y": -4, "z": 3}
    assert gradients(LISTING, x=3) == {"x": -4, "y": -4, "z": 8}
    assert gradients(LISTING.replace("; ", "\n")) == {"x": -4, "y": -4, "z": 3}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 3; y = -4; f = x*y", {"x": -4, "y": 3}),
        ("x = [1, 2]; f = sum(x^2)", {"x": [2, 4]}),
        ("A = [[1, 2], [3, -4]]; f = sum(A*A)", {"A": [[2, 4], [6, -8]]}),
        ("x = 2; f = x*2 + 2", {"x": 2}),  # the 2 behind it is another
        ("x = [1, 2]; f = sum(x * [1, 2])", {"x": [1, 2]}),
        ("e = 3; f = e*x", {"e": 2, "x": 3}),
        ("x = 3; square(x) = x^2", {"x": 6}),
        ("k = 2; g(a) = k*a; f = g(x)", {"k": 2, "x": 2}),
        ("n = 3; f = x^n", {"n": 8 * 0.6931471805599453, "x": 12}),
    ],
)
def test_a_plain_number_that_is_used_is_an_input(text: str, found: dict[str, object]) -> None:
    at = {"x": 2.0} if "x" in backprop.compile(text).variables and "x = " not in text else {}
    result = {name: getattr(g, "tolist", lambda g=g: g)() for name, g in gradients(text, **at).items()}
    assert result == found


@pytest.mark.parametrize("text", ["f = 3", "x = 3; f = 2*y", "s = 0; s = s + y; f = s", "a = 1/3; f = a*y"])
def test_other_numbers_are_none(text: str) -> None:
    """Those that nobody uses, that are the output, that are set anew, or computed."""
    assert backprop.compile(text).variables == (["y"] if "y" in text else [])


@pytest.mark.parametrize("command", ["eval", "explain", "check", "draw", "code", "nudge --by x=0.1"])
def test_every_command_takes_the_listing(command: str, tmp_path: Path) -> None:
    done = in_process(f'backprop {command} "{LISTING}"', tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "x" in done.stdout


def test_map_takes_the_listing(tmp_path: Path) -> None:
    done = in_process(f'backprop map "{LISTING} * w" --x 3', tmp_path, '{"w":2}\n')
    assert json.loads(done.stdout) == {"w": 2, "f": -64, "df_dw": -32}


def test_map_does_not_choose_between_a_column_and_the_text(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("x,w\n1,2\n")
    done = in_process('backprop map "x = 3; f = x*w" points.csv', tmp_path)
    assert done.returncode == 2
    assert "points.csv has a column x, and the formula gives x a value, too" in done.stderr


# ── names assigned again ──


def test_each_assignment_is_a_stage() -> None:
    result = backprop.evaluate("c = a + b; c = c + 1; d = c*c_2; d = d*c", a=1, b=2, c_2=3)
    assert [stage.name for stage in result.stages] == ["a", "b", "c_2", "c", "c_3", "d", "d_2"]
    assert result.output == "d_2"
    assert result.gradients == {"a": 24, "b": 24, "c_2": 16}


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("x = x + 1; x = x*x", {"x": 7}, {"x": 16}),
        ("y = x; y = y*x; y = y*x; y", {"x": 2}, {"x": 12}),
        ("g(a) = a*k; k = x; q = g(x); k = 3*x; q + g(x)", {"x": 2}, {"x": 16}),
        ("s = 0; s = s + x*x; s = s + x; s", {"x": 3}, {"x": 7}),
    ],
)
def test_later_lines_mean_the_last_one(text: str, at: dict[str, float], found: dict[str, float]) -> None:
    assert gradients(text, **at) == found
    assert gradients(unparse(parse(text)), **at) == found


def test_a_name_of_a_lower_line_is_still_a_mistake() -> None:
    with pytest.raises(Problem, match="q is used before it is defined"):
        backprop.evaluate("f = q*z; q = x + y", q=1, z=1, x=1, y=1)


# ── names that are words elsewhere ──


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("None*x + None^2", {"None": 2, "x": 3}, {"None": 7, "x": 2}),
        ("exp(true - 1)", {"true": 1}, {"true": 1}),
        ("None", {"None": 1}, {"None": 1}),
        ("sum([x, None], axis=None)", {"x": 1, "None": 2}, {"x": 1, "None": 1}),
        ("dot*sum + max", {"dot": 2, "sum": 3, "max": 4}, {"dot": 3, "sum": 2, "max": 1}),
    ],
)
def test_a_name_that_is_not_called_is_a_variable(text: str, at: dict[str, float], found: dict[str, float]) -> None:
    assert gradients(text, **at) == found


# ── texts that end with a definition ──


@pytest.mark.parametrize(
    ("text", "at", "found"),
    [
        ("f(x) = x^2", {"x": 3}, {"x": 6}),
        ("area(w, h) = w*h", {"w": 3, "h": 2}, {"w": 2, "h": 3}),
        ("f(x) = k*x", {"x": 3, "k": 2}, {"x": 2, "k": 3}),
        ("g(x) = x^2; f(y) = g(y) + y", {"y": 3}, {"y": 7}),
        ("q = a*2; f(q) = q^2", {"a": 3}, {"a": 24}),
        ("f(e) = e^2", {"e": 3}, {"e": 6}),
    ],
)
def test_a_text_that_ends_with_a_definition(text: str, at: dict[str, float], found: dict[str, float]) -> None:
    assert gradients(text, **at) == found


# ── pasted characters, and what has two meanings ──


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x²", 9), ("-x²", -9), ("x⁻¹", 1 / 3), ("√(x²)", 3), ("|−x|", 3), ("|x|² − 1", 8),
        ("3ˆ5", 243), ("||x||", 3), ("‖x‖", 3), ("[x, 1]ᵀ @ [x, 1]", 10), ("½*x", 1.5), ("∛(x × 9)", 3),
        ("np.exp(x)/numpy.exp(x)*math.exp(0)", 1), ("torch.sum(x) + jnp.sum(x)", 6), ("np.linalg.norm(x)", 3),
        ("math.floor(np.pi) ÷ x", 1), ("F.relu(x)·2", 6), ("np.pi*0 + x", 3),
    ],
)  # fmt: skip
def test_pasted_characters(text: str, value: float) -> None:
    compiled = backprop.compile(text)
    found = compiled.evaluate(dict.fromkeys(compiled.variables, 3.0))
    assert abs(found.value - value) < 1e-12
    assert unparse(parse(unparse(parse(text)))) == unparse(parse(text))


@pytest.mark.parametrize(
    "text",
    ["2x", "½x", "2x + 3y", "3+2x²y", "sin x", "sin 2x + y", "sin²(x)", "2sin x", "3(x)", "(x + y)(x - y)", "2|x|",
     "np.exp(2x)", "2πx", "x y z", "cos²(x) + sin²(x)", "max(2x, y)", "q = 2x; f = 3q"],
)  # fmt: skip
def test_the_cure_of_what_is_ambiguous_is_the_whole_formula(text: str) -> None:
    with pytest.raises(Problem) as caught:
        parse(text)
    cure = caught.value.hint.partition("write ")[2]
    compiled = backprop.compile(cure)
    assert compiled.evaluate(dict.fromkeys(compiled.variables, 2.0)).value is not None


@pytest.mark.parametrize(
    ("text", "cures"),
    [
        ("√x²", ["√(x²)", "(√x)²"]),
        ("√x^y", ["√(x^y)", "(√x)^y"]),
        ("sin⁻¹(x)", ["arcsin(x)", "sin(x)^-1"]),
        ("x || y", ["max(x > 0, y > 0)", "|x|*|y|"]),
        ("np.array([1, 2])", ["[1, 2]"]),
        ("torch.tensor(2.0)*x", ["2.0"]),
    ],
)
def test_no_cure_leads_into_the_next_error(text: str, cures: list[str]) -> None:
    with pytest.raises(Problem) as caught:
        backprop.evaluate(text, x=1, y=1)
    for cure in cures:
        assert cure in caught.value.hint
        compiled = backprop.compile(cure)
        compiled.forward(dict.fromkeys(compiled.variables, 0.5))


@pytest.mark.parametrize(
    "text", ["grad(x^2)", "diff(x^2, x)", "d/dx x^2", "d/dx(x^2)", "derivative(x^2)", "gradient(x^2, x)"]
)
def test_gradients_are_the_answer(text: str) -> None:
    with pytest.raises(Problem, match="not needed") as caught:
        backprop.evaluate(text, x=1)
    assert caught.value.hint == "gradients are the answer, and not part of the question: write x^2"


@pytest.mark.parametrize(
    ("typed", "known", "found"),
    [
        ("range", ["trace"], None), ("dropout", ["dot"], None), ("--title", ["--ties"], None),
        ("copy", ["cospi"], None),
        ("arange", ["arctan"], None), ("sine", ["sin", "sinc"], "sin"), ("sigmod", ["sigmoid"], "sigmoid"),
        ("--colour", ["--color"], "--color"), ("epx", ["exp"], "exp"), ("softmx", ["softmax"], "softmax"),
    ],
)  # fmt: skip
def test_nearest_names_are_near(typed: str, known: list[str], found: str | None) -> None:
    assert nearest(typed, known) == found


def test_in_place() -> None:
    assert gradients("c = a + b; c += c + 1; c *= a; c -= b; c /= 2", a=1, b=2) == {"a": 4.5, "b": 0.5}
    assert unparse(parse("c += 2*x")) == "c = c + 2 * x"


def test_the_example_of_micrograd() -> None:
    """In the shape of its README: names set again and again; values as PyTorch has them."""
    text = """
    a = -4.0
    b = 2.0
    c = a + b
    d = a*b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d*2 + relu(b + a)
    d += 3*d + relu(b - a)
    e = c - d
    f = e**2
    g = f/2.0
    g += 10.0/f
    """
    result = backprop.evaluate(text)
    assert abs(result.value - 24.70408163265306) < 1e-12
    assert abs(result.gradients["a"] - 138.83381924198252) < 1e-10
    assert abs(result.gradients["b"] - 645.5772594752186) < 1e-10
    assert result.output == "g_2"


def test_loops_that_were_unrolled() -> None:
    assert gradients("y = x; y = y*y; y = y*y; y = y*y; y", x=1.5) == {"x": 8 * 1.5**7}
    assert gradients("s = 0; s += w*x; s += w*y; s += w*z; s", w=2, x=1, y=3, z=5) == {"w": 9, "x": 2, "y": 2, "z": 2}


def test_many_stages_of_one_name() -> None:
    text = "y = x\n" + "y = y*1.0001\n" * 20_000
    assert backprop.evaluate(text, x=1).output == "y_20001"


@pytest.mark.parametrize("more", ["--to python", "--to sql --table t"])
def test_a_program_without_a_point_keeps_the_numbers_of_the_text(more: str, tmp_path: Path) -> None:
    done = in_process(f"backprop code 'k = 0.1; f = x * k' {more}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "df_dk" not in done.stdout
    assert '"k":' not in done.stdout


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("e^2x", "e^2*x, or e^(2*x)"),
        ("1/2x", "1/2*x, or 1/(2*x)"),
        ("e^-2x + 1", "e^-2*x + 1, or e^(-2*x) + 1"),
        ("2*x(x+1)^2", "write 2*x*(x+1)^2"),
        ("q = x; q(x + 1)", "write q = x; q*(x + 1)"),
        ("np.array([1,2])*x", "alone: [1,2]*x"),
        ("range(x)", "there are no loops here"),
        ("copy(x)", "write copy*(x)"),
    ],
)
def test_a_cure_is_the_whole_formula_in_every_reading(text: str, hint: str) -> None:
    with pytest.raises(Problem) as caught:
        backprop.evaluate(text, x=1, y=1)
    assert hint in caught.value.hint


def test_a_reciprocal_of_a_matrix_is_told_from_its_inverse() -> None:
    found = backprop.evaluate("sum(A⁻¹)", A=[[1.0, 2], [3, 4]])
    assert [one.message for one in found.notes if one.kind == "elementwise"] == [
        "q1 = A^-1 is the power of each element; the inverse is inv(A)"
    ]
    assert not backprop.evaluate("sum(A^-1)", A=[[1.0, 2]]).notes


def test_a_new_axis_is_printed_as_it_is_typed() -> None:
    assert "x[:, None]" in str(backprop.evaluate("sum(x[:, None])", x=[1.0, 2]).stages[1].expression)
