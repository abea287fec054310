"""Right every time: what was wrong once, or made up, each standing for its kind."""

from __future__ import annotations

import shlex
import warnings
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.check.stages.judge import Verdicts, judge
from backprop.check.stages.lines import read_lines
from backprop.cli import main
from backprop.emit import Request, write
from backprop.rows.compute.mapper import Mapper

# ── a pass in lines, judged by what comes out of it ──


def lines_judged(text: str, at: dict[str, Any], backward: str, **how: Any) -> Verdicts:
    wanted = how.pop("wanted", None)
    arrays = {name: np.array(value, float) if isinstance(value, list) else value for name, value in at.items()}
    found = backprop.evaluate(text, arrays, **how)
    return judge(found.run, found.names, read_lines(backward, "b.bp"), wanted)


HOT = {"s": [[1, 2, 3], [3, 1, 2]], "y": [[1, 0, 0], [0, 0, 1]]}
RIGHT_BY_WHAT_COMES_OUT = [
    ("z = w*x; L = (z - y)^2/2", {"w": 3.0, "x": 2.0, "y": 1.0}, "dz = 2*(z - y)\ndw = dz * x / 2\n", {"w"}, 1),
    ("cross_entropy(s, y)", HOT, "ds = softmax(s)\nds -= y\nds = ds / 2\n", {"s"}, 0),
    ("relu(x)", {"x": [1, -2]}, "dout = dout * (x > 0)\ndx = dout\n", None, 0),
    ("out = relu(x)", {"x": [1, -2]}, "dout = dout * (x > 0)\ndx = dout\n", None, 0),
    ("f = relu(x)", {"x": [1, -2]}, "df = df * (x > 0)\ndx = df\n", None, 0),
]


@pytest.mark.parametrize(("text", "at", "backward", "wanted", "remarked"), RIGHT_BY_WHAT_COMES_OUT)
def test_no_line_is_wrong_where_what_comes_out_is_right(
    text: str, at: dict[str, Any], backward: str, wanted: set[str] | None, remarked: int
) -> None:
    upstream = {"upstream": np.array([1.0, 2.0])} if "relu" in text else {}
    found = lines_judged(text, at, backward, wanted=wanted, **upstream)
    assert [line.verdict for line in found.lines] == ["ok"] * len(found.lines)
    assert sum("what comes out is right" in str(line.advice) for line in found.lines) == remarked
    assert not found.remarks
    assert not found.missing


@pytest.mark.parametrize(
    ("text", "at", "backward", "blamed"),
    [
        ("q = x + y; f = q*z", {"x": -2.0, "y": 5.0, "z": -4.0}, "dz = q\ndq = 7\n", [2]),  # nothing is made of it yet
        ("relu(x)", {"x": [1, -2]}, "dout = 2*dout\ndx = dout * (x > 0)\n", [2]),
        ("z = w*x; L = (z - y)^2/2", {"w": 3.0, "x": 2.0, "y": 1.0}, "dz = 2*(z - y)\ndw = dz * x\n", [1]),
    ],
)
def test_what_comes_out_wrong_is_blamed(text: str, at: dict[str, Any], backward: str, blamed: list[int]) -> None:
    upstream = {"upstream": np.array([1.0, 2.0])} if "relu" in text else {}
    found = lines_judged(text, at, backward, **upstream)
    assert [line.line for line in found.lines if line.verdict == "wrong"] == blamed


@pytest.mark.parametrize(
    ("text", "backward", "verdicts"),
    [
        ("q = 2*x; s = sigmoid(q)", "dq = 0.20\ndx = dq*2\n", ["ok", "inherited"]),  # 0.1966 twice is 0.393
        ("q = 2*x; s = sigmoid(q)", "dq = 0.20\ndx = dq\n", ["ok", "wrong"]),
        ("sigmoid(x) + sigmoid(x)", "dx = 0.24\ndx += 0.24\n", ["ok", "inherited"]),
        ("sigmoid(x) + sigmoid(x)", "dx = 0.24\ndx += 0.25\n", ["ok", "wrong"]),
    ],
)
def test_numbers_that_were_rounded_by_hand_are_no_mistake_later(text: str, backward: str, verdicts: list[str]) -> None:
    assert [line.verdict for line in lines_judged(text, {"x": 0.5}, backward).lines] == verdicts


def test_a_gradient_may_be_called_by_the_output_as_in_the_course_notes(tmp_path: Any) -> None:
    from backprop.cli.handwritten import both_passes

    path = tmp_path / "notes.py"
    path.write_text("x = -2; y = 5\nq = x + y\nf = q * q\ndfdq = 2 * q\ndfdx = 1.0 * dfdq\ndfdy = 1.0 * dfdq\n")
    found = both_passes(str(path))
    assert found is not None
    assert found.pairs[0].split == 4


# ── a nan is not lost ──


@pytest.mark.parametrize("gate", ["det(A)", "logdet(A)", "sum(inv(A)[2])", "solve(A, [1, 1, 1])[2]"])
@pytest.mark.parametrize("A", [[[1, 2, 3], [4, nan, 6], [7, 8, 10]], [[nan, 0, 0], [0, 0, 0], [0, 0, 1]]])
def test_elimination_loses_no_nan(gate: str, A: list[list[float]]) -> None:
    assert isnan(float(backprop.evaluate(gate, A=np.array(A)).value))


def test_the_determinant_of_nothing_times_infinity_is_no_number() -> None:
    assert isnan(float(backprop.evaluate("det(A)", A=np.array([[-inf, 0], [0, 0]])).value))
    assert backprop.evaluate("det(A)", A=np.array([[inf, 0], [0, 1]])).value == inf
    assert backprop.evaluate("det(A)", A=np.array([[1, 2], [2, 4]])).value == 0


# ── small probabilities ──


@pytest.mark.parametrize(("p", "t"), [(1e-17, 0.0), (1e-300, 0.0), (1e-17, 1e-20), (1 - 2**-53, 1.0), (1.0, 1.0)])
def test_binary_cross_entropy_keeps_the_digits_of_small_probabilities(p: float, t: float) -> None:
    from mpmath import log1p, mp, mpf

    mp.dps = 50
    right = 0.0 if p == 1 else float(-(mpf(t) * mp.log(p) + (1 - mpf(t)) * log1p(-mpf(p))))
    for at in ({"p": p, "t": t}, {"p": np.array([p]), "t": np.array([t])}):
        assert float(backprop.evaluate("bce(p, t)", at).value) == pytest.approx(right, rel=1e-15)
        source = write(Request(backprop.compile("bce(p, t)").circuit(at), at=at), "numpy")
        exec(source, names := {"__name__": ""})
        assert float(names["backprop"](at["p"], at["t"])[0]) == pytest.approx(right, rel=1e-15)


# ── second derivatives where a kink is none, or is one ──


@pytest.mark.parametrize("ties", ["both", "split"])
@pytest.mark.parametrize(
    ("text", "x", "second"),
    [
        ("relu(square(x))", 0.0, 2),
        ("relu(x^2 + x^4)", 0.0, 2),
        ("max(x^2, 0)", 0.0, 2),
        ("abs(x*x)", 0.0, 2),
        ("leaky_relu(x^2, 0.1)", 0.0, 2),
        ("elu(x)^2", 0.0, 2),
        ("x*elu(x)", 0.0, 2),
        ("elu(x, 2)^2", 0.0, nan),
        ("elu(x)", 0.0, nan),
        ("softsign(x)^2", 0.0, 2),
        ("min(x, 0)^3", 0.0, 0),
        ("min(x, 0)^3", -1.0, -6),
        ("min(x, 0)^2", 0.0, nan),
        ("max(x, 0)^3", 0.0, 0),
        ("relu(x)^4", 1.0, 12),
        ("leaky_relu(x - 1)^3", 1.0, 0),
        ("clip(x, 0, 1)^3", 0.0, 0),
        ("clip(x, 0, 1)^3", 1.0, nan),  # there it is 1, and not 0
        ("huber(2, 0, delta=x)", 2.0, nan),
        ("huber(2, 0, delta=x)", 1.0, -1),
        ("huber(2, 0, delta=x)", 3.0, 0),
    ],
)
def test_a_second_derivative_is_right_or_none(text: str, x: float, second: float, ties: str) -> None:
    compiled = backprop.compile(text, ties=ties)
    assert compiled.hessian(x=x)["x"]["x"] == pytest.approx(second, nan_ok=True)
    assert compiled.hvp({"x": 1.0}, x=x)["x"] == pytest.approx(second, nan_ok=True)


@pytest.mark.parametrize("text", ["huber(x, y, delta=d)", "huber([x, 9], y, delta=d)"])
def test_at_its_edge_huber_has_no_second_derivative_in_what_moves_the_edge(text: str) -> None:
    blocks = backprop.compile(text).hessian(x=1.0, y=0.0, d=1.0)
    assert all(isnan(blocks[one][other]) for one in "xyd" for other in "xyd")


# ── found by random programs ──


@pytest.mark.parametrize("more", ["concat(q, q)", "sort(reshape(q, [1]), axis=0)[0]", "stack(q, -q)"])
def test_a_product_over_all_elements_that_keeps_its_axes_has_second_derivatives(more: str) -> None:
    found = backprop.compile(f"q = prod(S, keepdims=1); sum(square({more}))").hessian(S=np.array([[1.0, 2.0]]))
    factor = 1 if "sort" in more else 2
    assert found["S"]["S"].reshape(2, 2).tolist() == [[8 * factor, 8 * factor], [8 * factor, 2 * factor]]


@pytest.mark.parametrize("text", ['f(x)=""', 'f(x)=""; f(2)', 'f(x)="a"; x', "f(x)=none; f(2)"])
def test_a_function_that_is_a_text_is_a_problem(text: str) -> None:
    with pytest.raises(backprop.Problem, match="text"):
        backprop.evaluate(text, x=1.0)


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        ("sort(x)[1]^2", [[2, 2, 1], [1, 2, 3], [5, 5, 5]], {"q1 = sort(x) is at a tie": (2, 0)}),
        ("sum(sort(x)^2)", [[2, 2, 1]], {}),  # they get the same
        ("sum(sort(x, axis=1)*[1, 2])", [[[2, 2], [1, 2]]], {"q1 = sort(x, axis=1) is at a tie": (1, 0)}),
        ("sum(sort(x, axis=0)*[1, 2])", [[[2, 2], [1, 2]]], {}),
    ],
)
def test_rows_tell_where_equal_elements_are_sorted(text: str, rows: list[Any], expected: dict[str, Any]) -> None:
    _, met = Mapper(text, notes=True).run({"x": np.array(rows, float)})
    assert met == expected


@pytest.mark.parametrize(
    "command",
    [
        "draw 'q = selu(b)[0]; f = sum(q * q)' --set 'b=[0.2, 1.13]' -o out.dot",
        "draw 'f = sum(sin(hardsigmoid(s)))' --set s=-1.27 -o out.svg",
        "check 'q = sort(s); f = sum(q * q)' --set s=-0.01 --stages",
        "minimize 'f = norm(cosh(b))^2' --set 'b=[]'",
    ],
)
def test_a_number_among_arrays_is_a_number_and_nothing_is_something(
    command: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command))
    assert ended.value.code == (2 if "[]" in command else 0)
    assert "mistake of backprop" not in capfd.readouterr().err


def test_rows_of_numbers_know_that_a_bound_is_the_value_itself() -> None:
    at = {"a": -0.63, "b": 1.19, "c": 100.0}
    found = Mapper("clip(mod(a, c), b, mod(a, c))", hessian=True)({name: np.array([x]) for name, x in at.items()})
    assert all(float(found[f"d2f_d{one}_d{one}"][0]) == 0 for one in "abc")


def test_the_middle_of_nothing_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = backprop.compile("var(b)", expand=True).jacobian(b=np.zeros(0))
    assert np.shape(found["b"]) == (0,)


def test_what_is_the_same_in_every_row_is_solved_for_in_rows() -> None:
    text, at = "q = solve(S, B); f = sum(where(a > 0, q, a)^2)", {
        "S": np.array([[[3.0, 1], [0, 2]], [[4, 1], [1, 3]]]), "B": np.array([[1.0, 2], [3, 4]]),
        "a": np.array([1.0, -1]),
    }  # fmt: skip
    columns = Mapper(text, hessian=True)({name: value[None] for name, value in at.items()})
    blocks = backprop.compile(text).hessian(at)
    for one in "SBa":
        for other in "SBa":
            name = f"d2f_d{one}_d{other}"
            if name in columns:
                assert np.asarray(columns[name])[0] == pytest.approx(np.asarray(blocks[one][other]), abs=1e-9)
