"""Second derivatives where a rule has a choice: at kinks, and of matrices without an inverse."""

from __future__ import annotations

import json
from itertools import permutations
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.gates import GATES
from conftest import in_process

NAN = float("nan")


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("norm(x)", [0.0, 0.0]),
        ("norm(x)^2.5", [0.0, 0.0]),
        ("exp(-norm(x - 1))", [1.0, 1.0]),
        ("sum(abs(x)*x)", [0.0, 0.0]),
        ("sum(relu(x)^2)", [0.0, 0.0]),
        ("sum(relu(x*abs(x)))", [0.0, 0.0]),
        ("log(1 + relu(x))", 0.0),
        ("x*elu(x, 2)", 0.0),
        ("abs(x)", 0.0),
        ("abs(x)^2.5", 0.0),
        ("hypot(x, 0)", 0.0),
        ("hypot(x, x)^2.5", 0.0),
        ("std(x)^2.5", [1.0, 1.0]),
    ],
)
def test_a_second_derivative_at_a_kink_is_never_made_up(text: str, x: Any) -> None:
    compiled = backprop.compile(text)
    assert np.all(np.asarray(compiled.evaluate(x=x).gradients["x"]) == 0)
    hessian = np.asarray(compiled.hessian(x=x)["x"]["x"])
    assert np.all(np.isnan(np.diagonal(np.atleast_2d(hessian)))), hessian
    product = np.asarray(compiled.hvp({"x": np.ones(np.shape(x)).tolist()}, x=x)["x"])
    assert np.all(np.isnan(product)), product


def test_every_gate_with_a_cusp_is_tried() -> None:
    assert {gate.name for gate in GATES.values() if gate.cusp} == {
        "abs",
        "hypot",
        "norm",
        "leaky_relu",
        "elu",
        "softsign",
        "hinge",
        "huber",
    }


@pytest.mark.parametrize("text", ["norm(x)^2", "exp(-norm(x)^2)", "sum(abs(x)^3)", "std(x)^2", "hypot(x[0], x[1])^2"])
def test_beside_a_kink_second_derivatives_are_those_of_torch(text: str) -> None:
    torch = pytest.importorskip("torch")
    at = np.array([0.3, -1.2])
    functions = {
        "norm(x)^2": lambda x: torch.linalg.norm(x) ** 2,
        "exp(-norm(x)^2)": lambda x: torch.exp(-(torch.linalg.norm(x) ** 2)),
        "sum(abs(x)^3)": lambda x: (x.abs() ** 3).sum(),
        "std(x)^2": lambda x: x.std(correction=0) ** 2,
        "hypot(x[0], x[1])^2": lambda x: torch.hypot(x[0], x[1]) ** 2,
    }
    expected = torch.autograd.functional.hessian(functions[text], torch.tensor(at)).numpy()
    np.testing.assert_allclose(backprop.compile(text).hessian(x=at)["x"]["x"], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("where(c, norm(x), sum(x^2))", {"c": 0.0, "x": [0.0, 0.0]}, [[2, 0], [0, 2]]),
        ("where(c, abs(x), x^2)", {"c": 0.0, "x": 0.0}, 2),
        ("sum(where(x > 1, abs(x - 3), x^2))", {"x": [0.0, 2.0]}, [[2, 0], [0, 0]]),
        ("norm(x[:2])^2 * 0 + sum(x[2:]^2)", {"x": [3.0, 4.0, 0.0]}, [[0, 0, 0], [0, 0, 0], [0, 0, 2]]),
        ("max(abs(x))", {"x": [0.0, -2.0]}, [[0, 0], [0, 0]]),
        ("huber(x, 1)", {"x": [1.0, 9.0]}, [[0.5, 0], [0, 0]]),
    ],
)
def test_a_kink_in_a_branch_that_was_not_taken_counts_for_nothing(text: str, at: dict[str, Any], expected: Any) -> None:
    hessian = backprop.compile(text).hessian(at)["x"]["x"]
    np.testing.assert_allclose(hessian, expected, atol=1e-12)


def test_only_the_elements_at_the_kink_are_untold() -> None:
    compiled = backprop.compile("sum(abs(w)) + sum(w^2)")
    w = [0.0, 1.0, -2.0]
    np.testing.assert_array_equal(compiled.hessian(w=w)["w"]["w"], [[NAN, 0, 0], [0, 2, 0], [0, 0, 2]])
    np.testing.assert_array_equal(compiled.hvp({"w": [0.0, 1.0, 1.0]}, w=w)["w"], [0, 2, 2])


@pytest.mark.parametrize("text", ["sum(abs(w)) + sum(w^2)", "norm(w[:1])^2 + sum(w^2)", "sum(abs(w) * [1, 2, 3])"])
def test_map_tells_the_same_second_derivatives(text: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"w": [0, 1, -2]}\n')
    answer = in_process(f"backprop map '{text}' rows.jsonl --hessian", tmp_path)
    assert answer.returncode == 0, answer.stderr
    found = np.array(json.loads(answer.stdout)["d2f_dw_dw"], dtype=float)
    np.testing.assert_array_equal(found, backprop.compile(text).hessian(w=[0.0, 1.0, -2.0])["w"]["w"])


def test_ties_first_takes_a_side_of_abs_and_so_its_second_derivative() -> None:
    assert backprop.compile("abs(x)^2", ties="first").hessian(x=0.0)["x"]["x"] == 2


@pytest.mark.parametrize(
    ("options", "stages"),
    [
        ("'norm(x)^2.5' --x '[0,0]'", ["q1"]),
        ("'abs(x)^2.5' --x 0", ["q1"]),
        ("'norm(x)^2.5' --x '[0,0]' --direction 'x=[1,0]'", ["q1"]),
        ("'norm(x)^3' --x '[3,4]'", []),
        ("'norm(x)^3' --x '[0,0]'", []),
        ("'x*relu(y)' --x 2 --y 0", ["q1"]),
        ("'relu(square(x))' --x 0", []),
        ("'clip(x, 0, 1)^3' --x 1", ["q1"]),
        ("'min(x, 0)^3 + elu(x)^2' --x 0", []),
        ("'mse(S, min(S))' --S '[1,1,2]'", ["q1"]),
        ("'x*relu(y)' --x 2 --y 0 --ties first", []),
        ("'where(c, norm(x), sum(x^2))' --c 0 --x '[0,0]'", []),
        ("'abs(x)^3' --x 0 --ties first", []),
        ("'sum(std(x, axis=1)^2)' --x '[[1],[2]]'", []),
        ("'huber(x, 1)' --x '[2,1]'", ["f"]),
        ("'huber(x, 1)' --x '[2.1,1]'", []),
    ],
)
def test_a_note_says_why_there_is_none(options: str, stages: list[str], tmp_path: Path) -> None:
    answer = in_process(f"backprop eval {options} --hessian --json", tmp_path)
    assert answer.returncode == 0, answer.stderr
    notes = json.loads(answer.stdout)["notes"]
    assert [note["stage"] for note in notes if "no second derivative" in note["message"]] == stages


def determinant(A: Any) -> Any:
    """By Leibniz' formula, which has every derivative at every matrix."""
    total = 0.0
    for order in permutations(range(len(A))):
        term = (-1.0) ** sum(order[j] > order[i] for i in range(len(A)) for j in range(i))
        for row, column in enumerate(order):
            term = term * A[row, column]
        total = total + term
    return total


@pytest.mark.parametrize(("size", "rank"), [(n, rank) for n in (2, 3, 4) for rank in range(n + 1)])
def test_the_hessian_of_det_needs_no_inverse(size: int, rank: int) -> None:
    torch = pytest.importorskip("torch")
    random = np.random.default_rng(size * 10 + rank)
    A = random.standard_normal((size, rank)) @ random.standard_normal((rank, size))
    expected = torch.autograd.functional.hessian(determinant, torch.tensor(A)).numpy()
    np.testing.assert_allclose(backprop.compile("det(A)").hessian(A=A)["A"]["A"], expected, atol=1e-12)


def test_det_of_a_matrix_with_nan_is_an_answer() -> None:
    A = [[[NAN, 1.0], [1.0, 2.0]], [[1.0, 2.0], [2.0, 4.0]]]
    gradient = backprop.compile("sum(det(A))").evaluate(A=A).gradients["A"]
    assert np.isnan(gradient[0]).all()
    np.testing.assert_allclose(gradient[1], [[4, -2], [-2, 1]], atol=1e-12)


SMOOTH: list[tuple[str, dict[str, Any], Any]] = [  # even powers of what has a cusp: right there, and without a note
    ("norm(x)^2", {"x": [0.0, 0.0]}, [[2, 0], [0, 2]]),
    ("norm(x)^4", {"x": [0.0, 0.0]}, [[0, 0], [0, 0]]),
    ("n = norm(x); n*n", {"x": [0.0, 0.0]}, [[2, 0], [0, 2]]),
    ("norm(x)*norm(x)", {"x": [0.0, 0.0]}, [[2, 0], [0, 2]]),
    ("exp(-norm(x)^2)", {"x": [0.0, 0.0]}, [[-2, 0], [0, -2]]),
    ("sum(abs(x)^2)", {"x": [0.0, -1.0]}, [[2, 0], [0, 2]]),
    ("sum(square(hypot(x, 3*x)))", {"x": [0.0, 1.0]}, [[20, 0], [0, 20]]),
    ("std(x)^2", {"x": [1.0, 1.0]}, [[0.5, -0.5], [-0.5, 0.5]]),
    ("norm(relu(x))^2", {"x": [0.0, 1.0]}, [[np.nan, 0], [0, 2]]),
    ("norm(x)^2 + norm(x)", {"x": [0.0, 0.0]}, [[np.nan, np.nan], [np.nan, np.nan]]),
    ("norm(x)^3", {"x": [0.0, 0.0]}, [[0, 0], [0, 0]]),
    ("sum(abs(x)^3)", {"x": [0.0, -1.0]}, [[0, 0], [0, 6]]),
    ("sum(relu(x)^3)", {"x": [0.0, 1.0]}, [[0, 0], [0, 6]]),
    ("sum(relu(x))*0 + sum(x^2)", {"x": [0.0, 1.0]}, [[2, 0], [0, 2]]),
    ("norm(x)^2.5", {"x": [0.0, 0.0]}, [[np.nan, np.nan], [np.nan, np.nan]]),
]


@pytest.mark.parametrize(("text", "at", "expected"), SMOOTH)
def test_an_even_power_of_what_has_a_cusp_is_smooth(
    text: str, at: dict[str, Any], expected: Any, tmp_path: Path
) -> None:
    program = backprop.compile(text)
    np.testing.assert_allclose(program.hessian(at)["x"]["x"], expected, atol=1e-15)
    np.testing.assert_allclose(program.hvp({"x": [1.0, 2.0]}, at)["x"], np.array(expected) @ [1, 2], atol=1e-15)
    (tmp_path / "row").write_text(json.dumps(at))
    row = json.loads(in_process(f"backprop map '{text}' --hessian", tmp_path, json.dumps(at)).stdout)
    np.testing.assert_allclose(np.array(row["d2f_dx_dx"], dtype=float), expected, atol=1e-15)
    told = in_process(f"backprop eval '{text}' --vars row --hessian", tmp_path).stderr
    assert ("no second derivative" in told) == bool(np.isnan(expected).any())


def test_every_cusp_has_a_rule_for_its_square() -> None:
    assert {gate.name for gate in GATES.values() if gate.squared} == {"abs", "hypot", "norm", "std"}
    assert all(len(gate.squared) in (0, gate.arity) for gate in GATES.values())


MIXED = [  # text, point, the second derivative in x and y
    ("abs(x)*y", {"x": 0.0, "y": 3.0}, NAN),
    ("y*abs(x)", {"x": 0.0, "y": 3.0}, NAN),
    ("y*exp(abs(x))", {"x": 0.0, "y": 3.0}, NAN),
    ("x*relu(y)", {"x": 2.0, "y": 0.0}, NAN),
    ("sum(norm(x)*y)", {"x": [0.0, 0.0], "y": 3.0}, [NAN, NAN]),
    ("norm(x)^2*y", {"x": [0.0, 0.0], "y": 3.0}, [0, 0]),
    ("max(x, y)", {"x": 1.0, "y": 1.0}, NAN),
    ("leaky_relu(x)*y", {"x": 0.0, "y": 3.0}, NAN),
    ("hinge(x, y)", {"x": 1.0, "y": 1.0}, NAN),
    ("x*y + abs(x)^3", {"x": 0.0, "y": 3.0}, 1),
]


@pytest.mark.parametrize(("text", "at", "expected"), MIXED)
def test_a_mixed_derivative_at_a_kink_is_the_same_either_way_and_in_map(
    text: str, at: dict[str, Any], expected: Any, tmp_path: Path
) -> None:
    program = backprop.compile(text)
    found = program.hessian(at)
    np.testing.assert_array_equal(found["x"]["y"], expected)
    np.testing.assert_array_equal(np.transpose(found["y"]["x"]), expected)
    row = json.loads(in_process(f"backprop map '{text}' --hessian --wrt x,y", tmp_path, json.dumps(at)).stdout)
    np.testing.assert_array_equal(np.array(row["d2f_dx_dy"], dtype=float), expected)
    still = {name: np.zeros(np.shape(value)).tolist() for name, value in at.items()}
    np.testing.assert_array_equal(program.hvp({**still, "y": 1.0}, at)["x"], expected)


def test_ties_first_takes_a_side_of_every_kink() -> None:
    first = backprop.compile("relu(square(x)) + abs(x)*x", ties="first")
    assert first.hessian(x=0.0)["x"]["x"] == 4


def test_the_gradient_that_map_tells_beside_a_hessian_is_the_same_as_without(tmp_path: Path) -> None:
    answer = in_process("backprop map 'relu(sqrt(x))' --hessian", tmp_path, '{"x": 0}\n')
    assert json.loads(answer.stdout)["df_dx"] == 0


NO_CHOICE: list[
    tuple[str, dict[str, Any], Any]
] = [  # what looks like a choice and is none, and where only one element is at it
    ("max(x*y, y*x)", {"x": 2.0, "y": 3.0}, 0),
    ("max(x*x, square(x), x^2)*y", {"x": 2.0, "y": 3.0}, 6),
    ("clip(x, 0, x)^2 + y", {"x": 5.0, "y": 3.0}, 2),
    ("clip(x, x, y)^2", {"x": 1.0, "y": 3.0}, 2),
    ("clip(3, x, x)^2 + y", {"x": 3.0, "y": 3.0}, 2),
    ("max(x, 0)^3 + max(0, x)^4*y", {"x": 0.0, "y": 3.0}, 0),
    ("max(x, y)^2", {"x": 3.0, "y": 3.0}, NAN),
    ("max(x, 1)^3 + y", {"x": 1.0, "y": 3.0}, NAN),
    ("clip(x, 0, y)", {"x": 3.0, "y": 3.0}, NAN),
    ("a = x; max(a, x)^2", {"x": 3.0}, 2),
    ("max([x, x, y])^2", {"x": 2.0, "y": 1.0}, 2),
    ("min([y, x, y, x])^2 * y", {"x": 1.0, "y": 2.0}, 4),
    ("min([x*y, y*x])^2", {"x": 2.0, "y": 1.0}, 2),
    ("max([x, x, y])^2", {"x": 1.0, "y": 1.0}, NAN),
    ("sum(max(stack(x, x, 2*x), axis=0)^2)*y", {"x": [-1.0, 1.0], "y": 1.0}, [[2, 0], [0, 8]]),
    ("sum(max(stack(x, x), axis=1)^2)*y", {"x": [1.0, 2.0], "y": 1.0}, [[0, 0], [0, 4]]),
    ("max(x)^3 + sum(x^2)", {"x": [0.0, 0.0]}, [[2, 0], [0, 2]]),
    ("max(x)^3 + sum(x^2)", {"x": [1.0, 1.0]}, [[NAN, NAN], [NAN, NAN]]),
    ("hinge(x, 1)^3*y", {"x": [1.0, 1.0], "y": 2.0}, [[0, 0], [0, 0]]),
    ("hinge(x, 1)^3*y", {"x": [1.0, 0.0], "y": 2.0}, [[NAN, NAN], [NAN, 1.5]]),
    ("sort(sort(x))[1]^2 + y", {"x": [1.0, 1.0, 0.0], "y": 1.0}, [[NAN, NAN, 0], [NAN, NAN, 0], [0, 0, 0]]),
    ("sum(sort(sort(x))^2)*y", {"x": [1.0, 1.0], "y": 1.0}, [[2, 0], [0, 2]]),
    ("sum(clip(x, y, x)^2)", {"x": [1.0, 2.0], "y": 1.0}, [[2, 0], [0, 2]]),
    ("hinge(x, [1, 1, 1])*y", {"x": [1.0, 3.0, 0.5], "y": 2.0}, [[NAN, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ("3*hinge(x, 1)^2*y", {"x": [1.0, 3.0, 0.5], "y": 3.0}, [[NAN, 0, NAN], [0, 0, 0], [NAN, 0, 2]]),
]


@pytest.mark.parametrize(("text", "at", "expected"), NO_CHOICE)
def test_there_is_no_kink_where_there_is_no_choice(text: str, at: dict[str, Any], expected: Any) -> None:
    for ties in ("both", "split"):
        found = backprop.compile(text, ties=ties).hessian(at)["x"]["x"]
        np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        # a gate that chooses among numbers alone, and one that chooses nothing
        ("(clip(2, x, 2) * clip(x, 2, x))^3", {"x": 1.0}, [[48.0]]),
        # where the slopes are equal, what bends on one side still jumps
        ("leaky_relu(x, s)", {"x": 0.0, "s": 1.0}, [[nan, nan], [nan, nan]]),
        ("leaky_relu(3*x, 2^x)", {"x": 0.0}, [[nan]]),
        # at its corners the loss moves with t without end, whichever comes first
        ("bce(p, t)", {"p": 1.0, "t": 1.0}, [[1.0, -inf], [-inf, 0.0]]),
        ("bce(p, t)", {"p": 0.0, "t": 0.0}, [[1.0, -inf], [-inf, 0.0]]),
    ],
)
def test_no_second_derivative_is_made_up(text: str, at: dict[str, float], expected: list[list[float]]) -> None:
    hessian = backprop.compile(text).hessian(at)
    assert np.array_equal([[hessian[one][other] for other in at] for one in at], expected, equal_nan=True)
    rows = backprop.map(text, {name: np.array([x]) for name, x in at.items()}, hessian=True)
    upper = [rows[name][0] for name in rows if name.startswith("d2")]
    assert np.array_equal(upper, np.array(expected)[np.triu_indices(len(at))], equal_nan=True)
