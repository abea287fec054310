"""The ends: losses where a probability is 0 or 1 or a class is masked, arrays of nothing, and what cannot be held."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.emit import Request, write
from backprop.rows.tables.locks import owned
from conftest import shell

NOTHING = np.array([])
INF = np.inf

LOSSES: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
    ("bce(p, y)", {"p": 1.0, "y": 1.0}, 0.0, {"p": -1.0}),
    ("bce(p, y)", {"p": 0.0, "y": 0.0}, 0.0, {"p": 1.0}),
    ("bce(p, y)", {"p": [1.0, 0.5], "y": [1.0, 1.0]}, np.log(2) / 2, {"p": [-0.5, -1.0]}),
    ("bce(sigmoid(z), t)", {"z": 40.0, "t": 1.0}, 0.0, {"z": -4.248354255291589e-18}),
    ("cross_entropy(z, t)", {"z": [[1, -INF, 2]], "t": [[0, 0, 1]]}, 0.31326168751822286,
     {"z": [[0.2689414213699951, 0, -0.2689414213699951]]}),
    ("cross_entropy(z, t)", {"z": [[9.8505, -INF, 9.4739]], "t": [0]}, 0.5224718396777069,
     {"z": [[-0.40694719673474997, 0, 0.40694719673474997]]}),
    ("prod(x, axis=[0, 1])", {"x": [[1, 2], [0, 4]]}, 0.0, {"x": [[0, 0], [8, 0]]}),
    ("prod(x, axis=[0])", {"x": [2, 3]}, 6.0, {"x": [3, 2]}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "at", "value", "gradients"), LOSSES, ids=[f"{row[0]} at {row[1]}" for row in LOSSES])
def test_at_the_ends_of_the_domain(text: str, at: dict[str, Any], value: Any, gradients: dict[str, Any]) -> None:
    point = {name: np.array(x, dtype=float) if isinstance(x, list) else x for name, x in at.items()}
    found = backprop.evaluate(text, point)
    assert np.allclose(found.value, value, rtol=1e-13, atol=1e-300)
    for name, expected in gradients.items():
        assert np.allclose(found.gradients[name], expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("text", ["mse(x, y)", "bce(x, y)", "huber(x, y)", "hinge(x, y)", "bce_with_logits(x, y)"])
def test_a_loss_of_nothing_is_nan_and_says_so(text: str) -> None:
    found = backprop.evaluate(text, x=NOTHING, y=NOTHING)  # a Python warning would be an error here
    assert np.isnan(found.value)
    assert [note.message for note in found.notes if "taken of nothing" in note.message]
    rows = backprop.map(text, {name: np.zeros((2, 0)) for name in "xy"})
    assert np.isnan(rows["f"]).all()
    assert rows["df_dx"].shape == (2, 0)


MISTAKES = [
    ('-"a"', "", "arity", "a text cannot be computed with"),
    ('"a" + "b"', "", "arity", "a text cannot be computed with"),
    ("none.T", "", "variable", "no value for none"),
    ("einsum(x, subscripts=2)", "--x 1", "arity", "subscripts of einsum is a text"),
    ('sum(x, axis="rows")', "--x '[1,2]'", "arity", "axis of sum is no text"),
    ("sum(sum(w, axis=0, axis=0))", "--w '[1,2]'", "arity", "axis twice"),
    ("sum(x)", "--x 'ones(0,1e30)'", "size", "would take"),
    ("sum(x)", f"--x 'zeros({','.join('1' * 100)})'", "size", "at most 64 axes"),
    (f"sum({'[' * 65}1{']' * 65})", "", "size", "more than 64 deep"),
    ("sum(A)", "--A @broken.npy", "value", "broken .npy"),
    ("sum(A)", "--A @text.csv", "value", "line 2: 'c' is no number"),
]


@pytest.mark.parametrize(("text", "point", "kind", "said"), MISTAKES, ids=[row[0][:40] for row in MISTAKES])
def test_a_mistake_gets_a_line(text: str, point: str, kind: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr")
    (tmp_path / "text.csv").write_text("a,b\nc,d\n")
    found = shell(f"backprop eval '{text}' {point} --json", tmp_path)
    problem = json.loads(found.stderr.splitlines()[-1])["error"]
    assert (found.returncode, problem["kind"]) == (2, kind)
    assert said in problem["message"]


@pytest.mark.parametrize("ties", ["both", "split", "first"])
def test_many_inputs(ties: str) -> None:
    text = f"max({', '.join(f'x*{i}' for i in range(300))})"
    found = backprop.evaluate(text, x=2.0, ties=ties)
    assert (found.value, found.gradients["x"]) == (598.0, 299.0)


def test_a_diagonal_far_outside() -> None:
    at = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert np.array_equal(backprop.evaluate("sum(tril(x, k=1e19))", x=at).gradients["x"], np.ones((2, 2)))
    assert np.array_equal(backprop.evaluate("sum(triu(x, k=1e19))", x=at).gradients["x"], np.zeros((2, 2)))


def test_what_is_quoted_is_short_and_visible() -> None:
    for text in ("s" + "i" * 100_000 + "n(x)", "sum([[\u2060" + "\u2060" * 40 + "1,2],[3]])"):
        with pytest.raises(backprop.Problem) as caught:
            backprop.evaluate(text, x=1)
        said = f"{caught.value.message} {caught.value.hint} {caught.value.excerpt()}"
        assert len(said) < 2_000
        assert "\u2060" not in said


@pytest.mark.parametrize("blank", ["\u200b", "\u2060", "\ufeff", "\u00a0", " "])
def test_blanks_that_nobody_sees(blank: str) -> None:
    assert backprop.evaluate(f"q{blank} = sin{blank}(x); q*2", x=0.0).gradients == {"x": 2.0}


def test_a_name_that_would_read_as_a_product_is_refused() -> None:
    with pytest.raises(backprop.Problem, match="is not a name"):  # U+013F is L· in the form in which names are compared
        backprop.compile("\u013fs = 2; x")


@pytest.mark.parametrize("text", ["sum(sin(solve(A, b)))", "sum(sin(solve(A, b[:, None])))"])
def test_a_stack_of_systems(text: str) -> None:
    systems, b = np.array([[[3.0, 1], [0, 2]], [[4, 1], [1, 3]]]), np.array([1.0, 2])
    found = backprop.evaluate(text, A=systems, b=b).gradients["b"]
    assert np.allclose(found, [0.53182, 0.30541], atol=1e-5)


@pytest.mark.parametrize("value", ["zeros(1e9)", "ones(1e5, 1e4)", "linspace(0, 1, 1e9)"])
def test_what_cannot_be_held_is_refused_before_it_is_tried(value: str, tmp_path: Path) -> None:
    found = shell(f"ulimit -v 4000000; backprop eval 'sum(x)' --x '{value}' --json", tmp_path)
    problem = json.loads(found.stderr)["error"]
    assert (found.returncode, problem["kind"]) == (2, "size")
    assert "would take 8 GB" in problem["message"]


def test_a_drawing_that_nobody_could_hold_is_refused(tmp_path: Path) -> None:
    lines = ["q0 = sin(x)", *(f"q{i} = q{i - 1} + {i}" for i in range(1, 6000))]
    (tmp_path / "large.bp").write_text("\n".join(lines))
    found = shell("backprop draw -f large.bp --x 1 -o large.svg", tmp_path)
    assert found.returncode == 2
    assert "a picture of 6,000 gates is too large" in found.stderr
    assert shell("backprop draw -f large.bp --x 1 -o large.dot", tmp_path).returncode == 0


def test_two_runs_do_not_write_into_one_folder(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "part.jsonl").write_text('{"x": 1}\n')
    (tmp_path / "out").mkdir()
    with owned(str(tmp_path / "out")):
        found = shell("backprop map 'x*2' in -o out", tmp_path)
    assert found.returncode == 2
    assert "another run (since" in found.stderr
    assert shell("backprop map 'x*2' in -o out", tmp_path).returncode == 0


def test_the_power_of_a_half_is_no_root_at_the_ends() -> None:
    """IEEE 754 has pow(-inf, 0.5) = inf and pow(-0, 0.5) = 0, where NumPy takes the root: nan and -0."""
    ends = [-INF, -0.0, -4.0, INF]
    wanted = np.array([INF, 0.0, np.nan, INF])
    arrays = backprop.evaluate("x^0.5", {"x": ends}, upstream=np.ones(4)).value
    rows = backprop.map("x^0.5", {"x": np.array(ends)})["f"]
    slopes = backprop.map("x^1.5", {"x": np.array(ends)})["df_dx"] / 1.5
    numbers = [backprop.evaluate("x^0.5", {"x": end}).value for end in ends]
    programs = []
    for text, more in [("x^0.5", {}), ("x^y", {"y": 0.5})]:
        scope: dict[str, Any] = {"__name__": "program"}
        exec(write(Request(backprop.compile(text).circuit({"x": 1.0, **more}), at={"x": 1.0, **more}), "numpy"), scope)
        with np.errstate(all="ignore"):
            programs += [scope["backprop"](np.array(ends), **more)[0]]
            programs += [np.array([scope["backprop"](end, **more)[0] for end in ends])]
    for found in (arrays, rows, slopes, np.array(numbers), *programs):
        assert np.array_equal(found, wanted, equal_nan=True)
        assert not np.signbit(found[1])


@pytest.mark.parametrize("text", ["var(x, ddof=1)", "std(x, axis=-1, ddof=1)"])
def test_a_variance_of_too_few_says_so(text: str) -> None:
    found = backprop.evaluate(text, x=np.array([3.0]))
    assert np.isnan(found.value)
    assert "is nan: it needs more elements than ddof" in found.notes[0].message
    scope: dict[str, Any] = {"__name__": "program"}
    exec(str(found.code("numpy")), scope)
    assert np.isnan(scope["backprop"](np.array([3.0]))[1]["x"]).all()


@pytest.mark.parametrize("text", ["prod(x)", "prod(x, keepdims=1)"])
def test_a_product_of_a_number_is_a_program_for_pytorch(text: str) -> None:
    pytest.importorskip("torch")
    exec(compile(str(backprop.evaluate(text, x=3.0).code("torch")), "program", "exec"), {"__name__": "__main__"})
