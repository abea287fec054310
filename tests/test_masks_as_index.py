"""A comparison as an index chooses, as in NumPy; so do new axes: in eval, check, map and every program with arrays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.emit import Request, write
from conftest import in_process
from programs import function

S, Y, A = np.array([10.0, 20.0, 30.0, 40.0]), np.array([1.0, 0.0, 1.0, 1.0]), np.array([[1.0, -2.0], [3.0, 4.0]])

ROWS: list[tuple[str, Callable[..., Any]]] = [
    ("mean(s[y == 1])", lambda s, y, A: np.mean(s[y == 1])),
    ("sum(s[y != 1]^2)", lambda s, y, A: np.sum(s[y != 1] ** 2)),
    ("sum(A[A > 0]^2)", lambda s, y, A: np.sum(A[A > 0] ** 2)),
    ("sum(A[A[:, 0] > 2]^2)", lambda s, y, A: np.sum(A[A[:, 0] > 2] ** 2)),
    ("sum(A[1, A[1] > 3.5]^2)", lambda s, y, A: np.sum(A[1, A[1] > 3.5] ** 2)),
    ("m = y == 1; sum(s[m] * s[m])", lambda s, y, A: np.sum(s[y == 1] ** 2)),
    ("sum(s[(y == 1) * (s > 15)]^2)", lambda s, y, A: np.sum(s[(y == 1) & (s > 15)] ** 2)),
    ("sum(s[s > 100])", lambda s, y, A: 0.0),
    ("sum(s[:, None] * [[1, 2]])", lambda s, y, A: np.sum(s[:, None] * [[1, 2]])),
    ("sum(s[None] * s[:, None])", lambda s, y, A: np.sum(s[None] * s[:, None])),
    ("sum((A[:, None, 0] * s[None])^2)", lambda s, y, A: np.sum((A[:, None, 0] * s[None]) ** 2)),
    ("sum(sqrt(relu(s[y == 1] - 10)))", lambda s, y, A: np.sum(np.sqrt(np.maximum(s[y == 1] - 10, 0)))),
]


def point(text: str) -> dict[str, Any]:
    every = {"s": S, "y": Y, "A": A}
    return {name: every[name] for name in backprop.compile(text).variables}


@pytest.mark.parametrize(("text", "numpy"), ROWS, ids=[text for text, _ in ROWS])
def test_as_numpy_has_it(text: str, numpy: Callable[..., Any]) -> None:
    at = point(text)
    found = backprop.evaluate(text, at)
    assert np.isclose(found.value, numpy(S, Y, A), rtol=1e-14)
    for name in at:
        if name == "y" or "sqrt" in text:
            continue
        for place in np.ndindex(at[name].shape):
            moved = [{"s": S, "y": Y, "A": A, name: at[name].copy()} for _ in range(2)]
            moved[0][name][place] += 1e-6
            moved[1][name][place] -= 1e-6
            slope = (numpy(**moved[0]) - numpy(**moved[1])) / 2e-6
            assert np.isclose(found.gradients[name][place], slope, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("text", [text for text, _ in ROWS if "sqrt" not in text])
def test_the_program_tests_itself(text: str, target: str) -> None:
    pytest.importorskip(target)
    at = point(text)
    request = Request(backprop.compile(text).circuit(at), at=at, wrt=[next(iter(at))])
    exec(write(request, target), {"__name__": "__main__"})


COUNTED = [
    "A[0] * einsum(\"ij->j\", A > 0)", "s[:2] * einsum(\"ij,j->j\", A > -5, s[:2] > 0)",
    "A - transpose(A > 0, axes=[1, 0])",
    "A - (A > 0)[:, ::-1]", "s[:2] - (A > 0)[..., 0]", "(s > 15)[0] * (mean(A > 0) - s[0])", "-((s > 15) * s)",
    "s * -cumsum(s > 15)", "-sort(y == 1) * s", "s - stack(s > 15, s < 35)[1]", "-concat(s > 15, s < 35)[2:6] * s",
    "min(s[0], -norm(conv1d(sqrt(s), [0.5, -1.5], stride=2)))", "max(-norm(s), logsumexp([[1, 2], [3, 4]] @ A[0]))",
    "A * conv2d(A > 0, [[1]])", "s * cross(s[:3] > 15, y[:3])[0]",
]  # fmt: skip


@pytest.mark.parametrize("target", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("text", COUNTED)
def test_truth_values_are_counted_wherever_they_are_calculated_with(text: str, target: str) -> None:
    pytest.importorskip(target)
    at = point(f"sum({text})")
    exec(write(Request(backprop.compile(f"sum({text})").circuit(at), at=at), target), {"__name__": "__main__"})


def test_map_and_check(tmp_path: Path) -> None:
    rows = '{"s": [1, -2, 3]}\n{"s": [-1, -2, 5]}\n'
    found = in_process("backprop map 'sum(s[s > 0]^2)'", tmp_path, rows)
    assert [json.loads(line)["df_ds"] for line in found.stdout.splitlines()] == [[2, 0, 6], [0, 0, 10]]
    assert "ok" in in_process("backprop check 'sum(s[s > 0]^2)' --s '[1,-2,3]'", tmp_path).stdout


def test_a_mask_that_does_not_fit() -> None:
    with pytest.raises(backprop.Problem, match="chooses from") as caught:
        backprop.evaluate("sum(s[y == 1])", s=S, y=np.ones(3))
    assert caught.value.kind == "shape"
    with pytest.raises(backprop.Problem, match="y == 1 is a number, and chooses no elements of s") as caught:
        backprop.evaluate("sum(s[y == 1])", s=S, y=1.0)
    assert "where(y == 1, s, 0)" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["sum(A[A > 0])", "m = y == 1; f = sum(s[m] * s[m])", "q = s[:, None]; f = sum(q*q)"])
def test_what_is_written_can_be_read_back(text: str, tmp_path: Path) -> None:
    at = " ".join(f"--{name} '{json.dumps(value.tolist())}'" for name, value in point(text).items())
    assert in_process(f"backprop code '{text}' {at} --to numpy -o p.py", tmp_path).returncode == 0
    found = in_process(f"backprop check '{text}' {at} --backward p.py", tmp_path)
    assert (found.returncode, "WRONG" in found.stdout) == (0, False), found.stdout + found.stderr


MASK, PYTHON = "[true, false, true]", "import numpy as np\nm = np.array([True, False, True])\nf = np.sum(x[m] ** 2)\n"
WRITTEN = [
    ("sum(x[[true, false, true]]^2)", ""),
    ("m = [true, false, true]; f = sum(x[m]^2)", ""),
    ("sum(x[..., [True, False, True]]^2)", ""),
    ("sum(x[m]^2)", f"--m '{MASK}'"),
    ("pick(a, b) = a[b]; f = sum(pick(x, m)^2)", f"--m '{MASK}'"),
    ("pick(a, b) = a[b]; f = sum(pick(x, x != 2)^2)", ""),
    ("m = [true, false, true]; f = sum((x*m)^2)", ""),
]


@pytest.mark.parametrize(("text", "more"), WRITTEN)
def test_true_and_false_choose(text: str, more: str, tmp_path: Path) -> None:
    found = json.loads(in_process(f"backprop eval '{text}' --x '[1,2,3]' {more} --json", tmp_path).stdout)
    assert (found["value"], found["gradients"]["x"]) == (10, [2, 0, 6])
    assert "WRONG" not in in_process(f"backprop check '{text}' --x '[1,2,3]' {more}", tmp_path).stdout
    row = json.loads(in_process(f"backprop map '{text}' {more}", tmp_path, '{"x":[1,2,3]}').stdout)
    assert row["df_dx"] == [2, 0, 6]
    made = in_process(f"backprop code '{text}' --x '[1,2,3]' {more} --wrt x --to numpy -o p.py", tmp_path)
    assert made.returncode == 0
    function((tmp_path / "p.py").read_text(), "__main__")
    judged = in_process(f"backprop check '{text}' --x '[1,2,3]' {more} --wrt x --backward p.py", tmp_path)
    assert (judged.returncode, "WRONG" in judged.stdout) == (0, False), judged.stdout + judged.stderr


@pytest.mark.parametrize("text", [PYTHON, PYTHON.replace("np.array([True, False, True])", "[True, False, True]")])
def test_true_and_false_in_python(text: str, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(text)
    found = json.loads(in_process("backprop eval -f f.py --x '[1,2,3]' --json", tmp_path).stdout)
    assert (found["value"], found["gradients"]["x"]) == (10, [2, 0, 6])


def test_true_and_false_as_values(tmp_path: Path) -> None:
    mask = np.array([True, False, True])
    np.save(tmp_path / "m.npy", mask)
    (tmp_path / "m.json").write_text(json.dumps({"m": mask.tolist()}))
    for more in ("--m @m.npy", "--vars m.json"):
        found = in_process(f"backprop eval 'sum(x[m]^2)' --x '[1,2,3]' {more} --json", tmp_path)
        assert json.loads(found.stdout)["value"] == 10, found.stderr
    for given in (mask, mask.tolist()):
        assert backprop.evaluate("sum(x[m]^2)", x=[1.0, 2, 3], m=given).value == 10
        assert backprop.compile("sum(x[m]^2)").hessian(x=[1.0, 2, 3], m=given)["x"]["x"].tolist() == [
            [2, 0, 0], [0, 0, 0], [0, 0, 2],
        ]  # fmt: skip


@pytest.mark.parametrize(
    "index", ["[0, 1], [0, 1, 1]", "[0, 1], ..., [0, 1, 1]", "x[:, 0] > 0, [0, 1, 1]", "i, [0, 1, 1]"]
)
def test_indices_that_do_not_fit_one_another(index: str) -> None:
    at = {"x": [[1, 2, 3], [4, 5, 6]], "i": [0, 1]}
    compiled = backprop.compile(f"sum(x[{index}])")
    with pytest.raises(backprop.Problem, match=r"element by element.*: a vector of 2, a vector of 3"):
        compiled.evaluate({name: at[name] for name in compiled.variables})


@pytest.mark.parametrize("text", ["sum(S[S > 0] * a)", "sum(where(a > 0, S[S > 0], a))", "mse(S[S > 0], a)"])
def test_a_mask_that_chooses_more_beside_the_point_has_no_slope_there(text: str) -> None:
    found = backprop.compile(text).evaluate({"S": [[1.0, 0.0], [3.0, 0.0]], "a": [0.5, 2.0]}).check()
    assert {one.name: one.verdict for one in found.comparisons} == {"S": "flat", "a": "ok"}
