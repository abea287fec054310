"""Small mistakes that a sample of mutations planted, and no test had noticed."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import backprop
from backprop.check.edits.forms import slices
from backprop.check.edits.visible import reads
from backprop.check.passes.causes import Same, cause_of
from backprop.check.passes.losses import follows
from backprop.check.passes.quantities import Story, Values, only_turns
from backprop.check.stages.samples import movable
from backprop.check.stages.targets import Vocabulary
from backprop.cli import main
from backprop.differentiate.rules import rule_texts
from backprop.emit import Request, write
from backprop.emit.listing import enclosed
from backprop.emit.literals import Bracketed, laid_out
from backprop.emit.targets.markdown import rounded
from backprop.emit.targets.texnames import TexNaming, tex_name
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.library import Compiled
from backprop.numbers.arrays import unbroadcast
from backprop.optimize.curvature import free_of
from backprop.python.spellings import row
from backprop.rows.compute.mapper import MOST_NUMBERS, Mapper
from backprop.rows.compute.summation import Sums
from backprop.rows.tables.quotes import is_plain
from conftest import in_process


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b'"a","b"\n', True),
        (b'"a","b"\r\n"c","d"\r\n', True),
        (b'"a"\rb,c\n', False),
        (b'"a"b,c\n', False),
        (b'a"b",c\n', False),
        (b'"a""b",c\n', True),
        (b'"a,c\n', False),
    ],
)
def test_quotes_that_open_and_close_in_turn(data: bytes, plain: bool) -> None:
    assert is_plain(data, ",") == plain


def test_what_a_line_reads_may_stand_in_another_one_but_what_it_computes_may_not() -> None:
    text = "self.dw[0] = self.x.T @ cache['h'] + np.sum(f(x)[1]) * y[i + 1]"
    line = SimpleNamespace(statement=ast.parse(text).body[0])
    assert list(reads(cast(Any, [line]))) == ["self.dw", "self.x.T", "cache['h']", "self.x", "np.sum"]


@pytest.mark.parametrize(
    ("given", "own", "found"),
    [((1,), (2,), [1, 1]), ((3, 2), (2,), [3, 3]), ((2,), (3, 2), np.ones((3, 2))), ((3, 2), (1, 2), [[3, 3]])],
)
def test_what_was_stretched_is_summed(given: tuple[int, ...], own: tuple[int, ...], found: object) -> None:
    assert np.array_equal(unbroadcast(np.ones(given), np.zeros(own)), np.asarray(found, dtype=float))


@pytest.mark.parametrize(
    ("made", "arguments", "keywords", "elements"),
    [
        (row.diagonal, (np.ones(3),), {}, 9),
        (row.diagonal, (np.ones((2, 2)),), {}, 4),
        (row.windows, (np.ones((4, 5)), (2, 3)), {}, 120),
        (row.hot, (np.array([0, 4]), 3), {}, 6),
        (row.hot, (np.array([0, 4]),), {}, 10),
        (row.up_to_largest, (np.array([0, 4]), None, 9), {}, 9),
        (row.padded, (np.ones((2, 3)), 2), {}, 42),
    ],
)
def test_how_large_a_value_will_be_is_known_before_it_is_made(
    made: Callable[..., float], arguments: tuple[Any, ...], keywords: dict[str, Any], elements: int
) -> None:
    assert made(arguments, keywords) == elements


def test_operands_that_do_not_fit_are_each_marked_where_they_stand() -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.evaluate("sum(A @ A)", A=np.ones((2, 3)))
    assert [(span.start, span.end) for span in caught.value.spans] == [(4, 5), (8, 9)]


def test_rows_that_do_not_fit_are_a_problem_or_are_told() -> None:
    mapper = Mapper("sum(x @ y)")
    rows = {"x": [np.ones(2), np.ones(2), np.ones(3)], "y": [np.ones(2), np.ones(3), np.ones(2)]}
    with pytest.raises(backprop.Problem, match=r"^row 2: "):
        mapper.run(rows)
    failed: dict[int, str] = {}
    mapper.run(rows, failed=failed)
    assert sorted(failed) == [1, 2]


@pytest.mark.parametrize(
    ("natural", "free", "widths"),
    [([3, 9, 9], 15, [3, 6, 6]), ([3, 9, 9], 21, [3, 9, 9]), ([3, 9, 9], 30, [3, 9, 9]), ([9, 9], 4, [2, 2])],
)
def test_columns_share_what_there_is_and_no_more(natural: list[int], free: int, widths: list[int]) -> None:
    from backprop.show.fitting import shared_out

    assert shared_out(natural, [1] * len(natural), free) == widths


def test_a_line_that_just_fits_is_left_alone() -> None:
    from backprop.show.fitting import wrapped

    assert wrapped("  one two", 9) == ["  one two"]
    assert len(wrapped("  one two", 8)) == 2


def test_two_lanes_alone_may_stand_as_close_as_lanes() -> None:
    from types import SimpleNamespace

    from backprop.draw.placing import Placing

    spacing = SimpleNamespace(heights=[10, 10, 2, 2], lanes=1, between=20)
    placing = SimpleNamespace(graph=SimpleNamespace(boxes=2), spacing=spacing)
    gaps = [Placing.distance(placing, *pair) for pair in ((0, 1), (1, 2), (2, 1), (2, 3))]  # type: ignore[arg-type]
    assert gaps == [30, 26, 26, 3]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """What a command says, and what it remarks."""
    with pytest.raises(SystemExit):
        main([*words])
    return capsys.readouterr()


PASS = """\
import numpy as np
def forward(x, y):
    return np.maximum(x[:, np.newaxis] - y, 0).sum()
def backward(x, y, dout):
    m = x[:, np.newaxis] - y > 0
    return dout * m.sum(axis=1), -dout * m.sum(axis=0)
"""


def test_a_new_axis_is_read_and_elements_at_a_kink_are_counted(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "p.py").write_text(PASS)
    out, remarks = told(capsys, "check", str(tmp_path / "p.py"), "--x", "[1.0, 2]", "--y", "[1, 0.5]")
    assert "WRONG" not in out
    assert "2 elements were not tested: they are at a kink" in remarks
    assert "kink" not in told(capsys, "check", str(tmp_path / "p.py"), "--x", "[1.1, 2]", "--y", "[1, 0.5]")[1]


def test_an_example_value_in_a_pass_is_told_to_be_another_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "p.bp").write_text("x = 3\ndx = 2*x\n")
    assert (
        "x is 2 here, whatever line 1 says"
        in told(capsys, "check", "x^2", "--x", "2", "--backward", str(tmp_path / "p.bp"))[1]
    )
    assert not told(capsys, "check", "x^2", "--x", "3", "--backward", str(tmp_path / "p.bp"))[1]


@pytest.mark.parametrize(("value", "is_told"), [("randn(3)", True), ("[1, 2]", False)])
def test_random_values_say_their_seed_in_json(capsys: pytest.CaptureFixture[str], value: str, is_told: bool) -> None:
    assert ("seed" in json.loads(told(capsys, "eval", "sum(x)", "--x", value, "--json")[0])) == is_told


def test_huge_rows_that_cancel_leave_the_others() -> None:
    sums = Sums(Mapper("f = x^2"))
    sums.add({"f": np.array([2.0**1000, -(2.0**1000), 5.0]), "df_dx": np.array([1.0, 2.0, np.inf])}, 3, 0)
    assert sums.totals() == {"f": 5.0, "df_dx": np.inf}


def test_a_kink_that_nothing_asked_for_depends_on_is_no_matter() -> None:
    found = Mapper("relu(x) + relu(0) + y", wrt=["y"], notes=True).run({"x": np.zeros(2), "y": np.ones(2)})
    assert found[0]["df_dy"].tolist() == [1.0, 1.0]
    assert not found[1]


@pytest.mark.parametrize(
    ("name", "tex"), [("w1", "w_{1}"), ("w_1_20", "w_{1,20}"), ("sigy", r"\mathit{sigy}"), ("alpha", r"\alpha")]
)
def test_names_with_numbers_have_them_below(name: str, tex: str) -> None:
    assert tex_name(name) == tex


def test_a_square_is_a_product_in_javascript() -> None:
    source = write(Request(backprop.compile("x^2 + (x + 1)^2").circuit({"x": 1.0})), "javascript")
    assert "x * x + q2 * q2" in source


def test_arrays_stand_in_tables_of_latex(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "eval", "sum(x)", "--x", "[1, -2]", "--format", "latex")
    assert r"$\left[\begin{array}{rr} 1 & -2 \end{array}\right]$" in out


def test_a_function_may_give_what_it_is_given() -> None:
    assert backprop.evaluate("f(x) = x; f(y)*2", y=3.0).gradients == {"y": 2.0}


def test_a_wide_matrix_has_a_line_for_each_row_in_a_program() -> None:
    matrix = np.arange(18.0).reshape(2, 9) / 8
    rows = ", ".join(f"[{', '.join(map(str, row))}]" for row in matrix.tolist())
    program = str(backprop.evaluate(f"sum(x * [{rows}])", x=matrix).code("numpy"))
    forward = program.partition("# forward pass\n")[2].splitlines()
    assert forward[2].strip() == f"[{', '.join(map(str, matrix[0].tolist()))}],"


def program(text: str, to: str = "numpy", **options: Any) -> str:
    return write(Request(Compiled(text).circuit(), **options), to)


def test_the_notation_lists_what_only_rules_use() -> None:
    lines = program("sum(solve(A, b)) + det(A)", "markdown").partition("## Notation")[2].splitlines()
    assert {line[3:].partition("(")[0] for line in lines if line} == {
        "unbroadcast", "expand", "cofactor", "spread", "column", "uncolumn",
    }  # fmt: skip
    assert "## Notation" not in program("sin(x)*y", "markdown")


def test_only_an_output_that_may_be_an_array_has_a_gradient_from_above() -> None:
    assert "def backprop(x):" in program("sum(x^2)")
    assert "def backprop(x, df=1.0):" in program("A @ x - y", wrt=["y"]).replace("A, x, y", "x")


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("sum(x)", {"x": [1.0, 2.0]}, {"x": [1.0, 1.0]}),
        ("sum(x*floor(y))", {"x": [1.0, 2.0], "y": [1.5, 2.5]}, {"x": [1.0, 2.0], "y": [0.0, 0.0]}),
        ("sum(sum(A, axis=1)^2)", {"A": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}, {"A": [[12.0] * 3, [30.0] * 3]}),
        ("sum(cumprod(x)*y)", {"x": [2.0, 3.0], "y": [1.0, 5.0]}, {"x": [16.0, 10.0], "y": [2.0, 6.0]}),
    ],
)
def test_emitted_gradients_have_the_shapes_of_their_inputs(text: str, at: dict[str, Any], expected: Any) -> None:
    scope: dict[str, Any] = {}
    exec(program(text), scope)
    _, gradients = scope["backprop"](*at.values())
    assert {name: np.asarray(g).tolist() for name, g in gradients.items()} == expected


def test_gates_inside_a_statement_have_its_number() -> None:
    text = program("q = sin(x*y) + cos(x*y); f = q^2", "python")
    numbers = [line.rpartition("# ")[2] for line in text.splitlines() if "# (" in line]
    assert numbers == ["(1)", "(1)", "(1)", "(1)", "(2)", "(2)", *["(1)"] * 6]


def test_rows_tell_a_tie_from_a_kink() -> None:
    for text, at, told in [
        ("relu(x)", 0.0, "f = relu(x) is at a kink"),
        ("max(x, 0)", 0.0, "f = max(x, 0) is at a tie"),
        ("norm(x)", [0.0, 0.0], "f = norm(x) is at a kink"),
        ("max(x)", [0.0, 0.0], "f = max(x) is at a tie"),
    ]:
        assert list(Mapper(text, notes=True).run({"x": np.array([at])})[1]) == [told]


def test_dots_of_einsum_may_stand_for_nothing() -> None:
    found = backprop.evaluate('sum(einsum("...i,ij->...j", x, A))', x=[1.0, 2.0], A=[[1.0, 2.0], [3.0, 4.0]])
    assert found.value == 17
    with pytest.raises(backprop.Problem, match="must be in the output, too"):
        backprop.evaluate('einsum("...i->i", x)', x=[1.0, 2.0])


@pytest.mark.parametrize("window", [[1.0, 2.0, 3.0, 4.0, 5.0], []])
def test_a_window_fits_into_what_it_slides_over(window: list[float]) -> None:
    with pytest.raises(backprop.Problem, match="is larger than x"):
        backprop.evaluate("sum(conv1d(x, w, padding=1))", x=[1.0, 2.0], w=window)


def test_sums_are_compared_in_one_spelling() -> None:
    spelt = [ast.unparse(Same().visit(ast.parse(text))) for text in ("np.sum(g, 0)", "g.sum(axis=0)", "np.exp(g, 0)")]
    assert spelt == ["g.sum(axis=0)", "g.sum(axis=0)", "np.exp(g, 0)"]


def test_multiples_of_a_value_are_found_with_their_factor() -> None:
    values = Values()
    values.add(np.array([1.0, -2.0]), "same")
    values.add(np.array([-3.0, 6.0]), "minus three times")
    values.add(np.array([1.0, 2.0]), "another")
    found = {item: factor for factor, item in values.multiples(np.array([1.0, -2.0]))}
    assert found == pytest.approx({"same": 1.0, "minus three times": -3.0})


def test_an_index_does_not_move_to_other_samples() -> None:
    assert movable(backprop.evaluate("x[i]*y", x=[1.0, 2.0], i=1, y=3.0).run) == {"x", "y"}
    assert movable(backprop.evaluate("x*y", x=1.0, y=3.0).run) == {"x", "y"}


def test_a_penalty_on_a_single_weight_cannot_be_told() -> None:
    two = np.array([2.0, -4.0])
    assert follows(two * 3 + 1, np.ones(2), two)
    assert not follows(two[:1] * 3 + 1, np.ones(1), two[:1])
    assert not follows(np.array([7.0, 1.0]), np.ones(2), two)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("q", ("forward", "q", None)),
        ("dq", ("gradient", "q", None)),
        ("dqdx", ("local", "x", "q")),
        ("dq_dx", ("local", "x", "q")),
        ("qdqdx", None),
        ("help", None),
    ],
)
def test_what_a_name_in_a_pass_stands_for(name: str, found: tuple[str, str, str | None] | None) -> None:
    compiled = Compiled("q = x*y; f = q + x")
    circuit, names = compiled._circuit(())
    wires = {name: wire for wire, name in names.names.items()}
    target = Vocabulary(circuit, names).target(name)
    expected = found and (found[0], wires[found[1]], -1 if found[2] is None else wires[found[2]])
    assert (target and tuple(target)) == expected


def test_another_power_is_another_point() -> None:
    lines = [("dx = x", "dx = x*x"), ("dx = g", "dx = g*x"), ("dx = g", "dx = g*2"), ("dx = g*x*y", "dx = g*x")]
    causes = [cause_of(*(ast.parse(text).body[0] for text in pair)) for pair in lines]
    assert causes == ["wrong-point", "no-local", "factor", "factor"]


def test_raised_signs() -> None:
    at = {"x": 2.0, "n": 3.0}
    assert [backprop.evaluate(text, at).value for text in ("n*xⁿ", "n*x⁺ⁿ", "n*x⁻ⁿ", "n*x⁻²")] == [24, 24, 0.375, 0.75]


def test_a_text_is_no_value() -> None:
    with pytest.raises(backprop.Problem, match="a text is no value"):
        backprop.evaluate('"abc"')


def test_names_of_ours_are_counted_from_1() -> None:
    naming = TexNaming((), "f")
    assert [naming.next("t"), naming.next("t"), naming.next("u", ["u1"])] == ["t_{1}", "t_{2}", "u_{2}"]


def test_what_a_quantity_is_cut_into_is_put_together_again() -> None:
    numbers = np.arange(6.0).reshape(2, 3)
    told = SimpleNamespace(
        cuts={0: {4: numbers[:, 2:], 5: numbers[:, :2]}}, quantities=[SimpleNamespace(value=numbers)]
    )
    assert Story.parts_of(cast(Story, told), 0) == ([5, 4], 1)
    told.cuts[0][4] = numbers[:, 1:]  # they overlap
    assert Story.parts_of(cast(Story, told), 0) is None


def test_a_bound_holds_what_would_go_beyond_it() -> None:
    x, slope = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 0.5]), np.array([1.0, 0.0, -1.0, -1.0, 0.0, 3.0])
    assert free_of(x, slope, np.zeros(6), np.ones(6)).tolist() == [False, True, True, False, True, True]


def test_slices_are_exchanged_for_those_that_stand_elsewhere() -> None:
    line = SimpleNamespace(statement=ast.parse("dx[:2] = y[1:3]").body[0])
    seen = SimpleNamespace(line=line, text="dx[:2] = y[1:3] + z[4:]")
    own = cast(Any, ast.parse("y[1:3]").body[0]).value.slice
    found = {ast.unparse(new): cost for new, _, cost in reversed([*slices(own, cast(Any, seen))])}
    assert {text: found.get(text) for text in ("1:3:-1", ":2", "4:")} == {"1:3:-1": 1.8, ":2": 1.7, "4:": 1.75}
    assert "1:3" not in found


def test_rows_at_once_are_as_many_as_memory_holds() -> None:
    mapper = Mapper("sum(x)*y")
    assert mapper.rows_at_once({"x": (1000,), "y": ()}) == MOST_NUMBERS // (1000 + 1 + 1 + 1000 + 1)


def test_long_calls_and_tuples_are_laid_out_in_lines() -> None:
    parts = [f"{number}.0" for number in range(100, 112)]
    call, some = Bracketed("f" * 90, parts), Bracketed("return " * 12, parts)
    array = Bracketed("", [*parts, *parts], "[", "]")
    assert [len(laid_out(item)) for item in (call, some, array)] == [3, 14, 26]


def test_conditions_are_added_as_numbers() -> None:
    for to in ("python", "numpy"):
        scope: dict[str, Any] = {}
        exec(program("((x > 0) + (y > 0))*((x > 1)*(y > 0))*x", to), scope)
        assert [float(scope["backprop"](x, 1.0)[0]) for x in (-1.0, 1.0, 2.0)] == [0.0, 0.0, 4.0]


@pytest.mark.parametrize(
    "text", ["0.5*sum((x - [1, 2])^2)", "3*sum((x - [1, 2])^2)", "sum((x - [1, 2])^2)*3", "sum((x - [1, 2])^2)/2"]
)
def test_least_squares_know_a_multiple_of_a_sum(text: str) -> None:
    found = backprop.minimize(text, {"x": [0.0, 0.0]}, method="least-squares")
    assert np.allclose(found.parameters["x"], [1.0, 2.0])


def test_what_was_stretched_is_summed_to_its_size_in_torch() -> None:
    text = program("sum(A*x)", "torch", at={"A": np.ones((2, 3)), "x": np.ones(3)})
    assert "dx = (A * df).sum_to_size(x.shape)" in text


@pytest.mark.parametrize(
    ("shapes", "told"),
    [
        (((2, 3), (2, 3)), "the last dimension of A is 3, and the first of B is 2"),
        (((2, 3), (4, 2, 3)), "the last dimension of A is 3, and the second to last of B is 2"),
        (((3,), (2,)), "the length of A is 3, and the length of B is 2"),
    ],
)
def test_the_dimensions_that_do_not_fit_are_named(shapes: tuple[tuple[int, ...], ...], told: str) -> None:
    one, other = map(np.ones, shapes)
    with pytest.raises(backprop.Problem, match=told):
        backprop.evaluate("sum(A @ B)", A=one, B=other)


def test_what_is_wrong_inside_a_function_of_the_users_is_shown_there() -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.evaluate("g(x) = sum(x @ [1, 2, 3]); g(y)*2", y=[1.0, 2.0], expand=True)
    assert (caught.value.line, caught.value.column) == (1, 12)


@pytest.mark.parametrize(
    ("index", "turns"), [(":", True), (":, None", True), ("..., np.newaxis", True), ("0", False), ("1:", False)]
)
def test_an_index_that_only_adds_axes(index: str, turns: bool) -> None:
    assert only_turns(cast(Any, ast.parse(f"x[{index}]").body[0]).value.slice) == turns


def test_rows_that_are_all_bad_have_the_columns_of_the_formula(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x": "a"}\n')
    done = in_process("backprop map '2*x' t.jsonl --to csv --errors null", tmp_path)
    assert done.stdout.splitlines()[0] == "x,f,df_dx,_error"


def test_short_helpers_stand_together_in_emitted_python() -> None:
    text = program("where(x > 0, log(x), y)*hypot(x, y)", "python")
    assert "\n\n\nlog = total(math.log, at_zero=-inf)\nhypot = math.hypot\nabs_ = math.fabs\n\n\ndef sign" in text


def written(text: str, to: str, at: dict[str, Any] | None = None) -> str:
    return write(Request(Compiled(text).circuit(at or {}), at=at, ties="both"), to)


def test_what_goes_back_through_a_chain_in_a_branch_is_guarded_once() -> None:
    assert written("where(x > 0, sqrt(log(x)), 1)", "numpy").count("np.where(") == 2  # forth and back


def test_a_program_carries_no_function_that_it_does_not_call() -> None:
    assert "sinpi" not in written("sum(sort(x, axis=0))", "torch")
    assert "def sinpi" in written("lgamma(x)", "torch")


def test_brackets_hold_a_text_together_or_two_parts_of_it() -> None:
    assert [enclosed(text) for text in ("(a * b)", "((a) * (b))", "(a) * (b)", "a * (b)")] == [True, True, False, False]


def test_a_slice_that_goes_backwards_is_taken_along_its_own_axis() -> None:
    at = {"A": np.ones((2, 3))}
    assert "strided(A, 1, slice(None, None, -1))[:, :]" in written("sum(A[:, ::-1])", "torch", at)
    assert "strided(A, 0, slice(None, None, -1))[None, :]" in written("sum(A[None, ::-1])", "torch", at)


def test_what_was_kept_is_unpacked_in_one_line_where_that_fits() -> None:
    assert "    a, b, c, d, q1, q2 = residuals\n" in written("a*b*c*d", "jax")


@pytest.mark.parametrize(
    ("text", "at", "message", "column"),
    [
        ("sum(stack(x, y, x))", {"x": [1, 2], "y": [1]}, "x is a vector of 2 and y is a vector of 1: an array has", 10),
        ("cross_entropy(x, y)", {"x": [1, 2], "y": 5}, "y holds a class that is not between 0 and 1", 17),
    ],
)
def test_what_does_not_fit_is_marked_where_it_stands(text: str, at: dict[str, Any], message: str, column: int) -> None:
    with pytest.raises(Problem, match=message) as raised:
        backprop.evaluate(text, at)
    assert raised.value.spans[0].start == column


def test_a_rounded_zero_has_no_sign() -> None:
    assert [str(rounded(value)) for value in (-0.0, -1.5)] == ["0.0", "-1.5"]


def test_rules_are_spelt_for_their_digits_unless_they_are_to_be_read() -> None:
    hypot = GATES["hypot"]
    assert rule_texts(hypot, 2, "both", (True, False)) == [hypot.partials[0], None]
    assert rule_texts(hypot, 2, "both", (True, False), textbook=True) == ["x / out", None]


def test_a_call_on_an_array_has_no_single_local_gradient() -> None:
    stages = backprop.evaluate("g(a, b) = a*exp(b); f = sum(g(x, x))", x=[1, 2]).stages
    assert [stage.local_gradients for stage in stages] == [(), (None, None), (None,)]


def test_a_slice_of_what_was_stacked_is_taken_along_its_axis() -> None:
    at = {"x": np.ones(2), "y": np.ones(2), "A": np.ones((2, 2))}
    assert "dx = A[0]  #" in written("sum(stack(x, y)*A)", "numpy", at)
    assert "dx = A[..., 0]  #" in written("sum(stack(x, y, axis=-1)*A)", "numpy", at)


def test_a_matrix_that_is_turned_has_a_t_in_latex() -> None:
    assert r"q_{1} &= A^{\top} \tag{1}" in written("sum(A.T @ A)", "latex")
    assert r"\operatorname{transpose}_{\mathrm{axes}=[1, 0]}(A)" in written(
        "sum(transpose(A, axes=[1, 0]) @ A)", "latex"
    )


@pytest.mark.parametrize(
    ("text", "to", "line"),
    [
        ("clip(x, -1, 1)", "torch", "f = torch.clamp(x, -1.0, 1.0)"),
        ("clip(x, y, 1)", "torch", "f = torch.clamp(x, y, number(1.0))"),
        ("x*y", "javascript", "function backprop(x, y) {"),
        ("sum((x @ A)^2)", "numpy", "dx = A @ dq1"),
    ],
)
def test_what_is_written_is_what_a_person_would_write(text: str, to: str, line: str) -> None:
    at = {"x": np.ones(2), "A": np.ones((2, 3))} if "A" in text else None
    assert f"{line}\n" in written(text, to, at).replace("  # (1)", "")


def test_a_product_that_is_no_gradient_is_not_analysed_as_one() -> None:
    with pytest.raises(Problem) as raised:
        backprop.evaluate(
            "s = sum(u); B = A @ C; f = s*sum(B)", u=np.ones((2, 2)), A=np.ones((2, 3)), C=np.ones((2, 3))
        )
    assert str(raised.value.hint).startswith("by their shapes A @ C.T and")  # and not as if it were u's


def test_a_helper_that_is_its_definition_does_not_say_it_twice() -> None:
    assert '"""' not in written("hardsigmoid(x)", "python")
    assert "errstate" not in written("log(x)/y", "numpy")  # what it brings along chooses nothing
