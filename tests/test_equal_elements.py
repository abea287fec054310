"""Where equal elements are sorted, nothing that is told hangs on the order that they came in."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.cli import main
from backprop.numbers.arrays import REFLECTED, resort, unsort

NAN = float("nan")


def run(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0


HESSIANS: list[tuple[str, dict[str, Any], str, Any]] = [  # text, point, the other variable, second derivatives
    ("sum(sort(x)*[1, 2])", {"x": [1, 1]}, "x", [[NAN, NAN], [NAN, NAN]]),
    ("sum(sort(x)*[1, 2])", {"x": [1, 3]}, "x", [[0, 0], [0, 0]]),
    ("sum(sort(x)*[1, 2, 4])", {"x": [1, 1, 3]}, "x", [[NAN, NAN, 0], [NAN, NAN, 0], [0, 0, 0]]),
    ("sum(sort(x)*[5, 5, 1])", {"x": [1, 3, 1]}, "x", [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
    ("sum(sort(x)^2)", {"x": [1, 1, 1]}, "x", [[2, 0, 0], [0, 2, 0], [0, 0, 2]]),
    # two stages that sort: turned round together, one undoes what the other does
    ("sum(sort(-sort(x))^2*[1, 2])", {"x": [1, 1]}, "x", [[NAN, NAN], [NAN, NAN]]),
    ("sum(sort(sort(x)*[1, 1])^2*[1, 2])", {"x": [1, 1]}, "x", [[NAN, NAN], [NAN, NAN]]),
    ("sum(sort(x)*sort(y)*[1, 2])", {"x": [1, 1], "y": [2, 2]}, "y", [[NAN, NAN], [NAN, NAN]]),
    ("sum(sort(x)*sort(x))", {"x": [1, 1]}, "x", [[2, 0], [0, 2]]),
    ("sort(x)[0]*sort(x)[1]", {"x": [1, 1]}, "x", [[0, 1], [1, 0]]),
    ("sort(x)[0]^2", {"x": [0, 0]}, "x", [[NAN, 0], [0, NAN]]),
    ("sort(x)[1]^2", {"x": [0, 0, 0]}, "x", np.full((3, 3), NAN)),
    # no element stands at every place in a few orders
    ("sum(sort(x^2)[0:2])", {"x": [1, 1, 1]}, "x", np.full((3, 3), NAN)),
    ("sum(sort(x^2)[0:2])", {"x": [0] * 6}, "x", np.diag([NAN] * 6)),
    ("sum(sort(sort(x) + sort(y))*[1, 2, 4])", {"x": [1, 1, 2], "y": [1, 1, 1]}, "y", [[NAN] * 3, [NAN] * 3, [0] * 3]),
    ("sort(x)[2]^2", {"x": [0, 1, 0]}, "x", [[0, 0, 0], [0, 2, 0], [0, 0, 0]]),
    ("sort(x)[0]*y", {"x": [0, 0], "y": 0}, "y", [NAN, NAN]),
    ("sum(sort(x))*y", {"x": [0, 0], "y": 0}, "y", [1, 1]),
    ("sum(sort(x^2, axis=0)[0]*y)", {"x": [[1, 2], [1, 3]], "y": 3}, "x", None),
]


@pytest.mark.parametrize(("text", "at", "other", "expected"), HESSIANS)
def test_a_second_derivative_is_that_of_every_order(
    text: str, at: dict[str, Any], other: str, expected: Any, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    if expected is None:  # the first column is at a tie
        found = np.array(backprop.compile(text).hessian(at)["x"]["x"])
        assert np.isnan(found[:, 0, :, 0]).any()
        np.testing.assert_array_equal(found[:, 1, :, 1], [[6, 0], [0, 0]])
        expected = found
    program = backprop.compile(text)
    np.testing.assert_allclose(program.hessian(at)["x"][other], expected, atol=1e-12)
    step = np.ones(np.shape(at[other]))
    along = program.hvp({other: step.tolist()}, at)["x"]
    np.testing.assert_allclose(along, np.reshape(expected, (*np.shape(at["x"]), -1)) @ step.reshape(-1), atol=1e-12)
    (tmp_path / "row.jsonl").write_text(json.dumps(at))
    run(["map", text, str(tmp_path / "row.jsonl"), "--hessian", "--wrt", ",".join(at)])
    row = json.loads(capsys.readouterr().out)
    np.testing.assert_allclose(np.array(row[f"d2f_dx_d{other}"], dtype=float), expected, atol=1e-12)
    run(["eval", text, "--vars", str(tmp_path / "row.jsonl"), "--hessian"])
    assert ("has equal elements" in capsys.readouterr().err) == bool(np.isnan(expected).any())


def test_a_gradient_that_hangs_on_the_order_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(["eval", "sum(sort(x)*[1,2,3])", "--x", "[4,2,2]"])
    assert "note: q1 = sort(x) is a tie at [1]: equal elements get the gradients" in capsys.readouterr().err
    for text, x in [("sum(sort(x))", "[2,2]"), ("sum(sort(x)*[1,2,2])", "[4,1,4]"), ("sort(x)[0]", "[1,2,2]")]:
        run(["eval", text, "--x", x])
        assert capsys.readouterr().err == ""


def test_a_reflection_leaves_alone_what_is_the_same_for_equal_elements_and_nothing_else() -> None:
    x = np.array([[3.0, 1, 1, 1, 3], [5, 4, 3, 2, 1]])
    above = np.array([[1.0, -2, 1, 7, 7], [1, 2, 3, 4, 5]])
    as_they_came = np.array([[7.0, 1, -2, 1, 7], [5, 4, 3, 2, 1]])
    token = REFLECTED.set(7)
    np.testing.assert_array_equal(unsort(above, x, axis=-1, stage=6), as_they_came)
    turned = unsort(above, x, axis=-1, stage=7)
    moved = np.array([[0, 1, 1, 1, 0], [0] * 5], bool)
    assert (abs(turned - as_they_came)[moved] > 1e-3).all()
    np.testing.assert_allclose(turned[~moved], as_they_came[~moved], atol=1e-12)
    np.testing.assert_allclose(resort(turned, x, axis=-1, stage=7), above, atol=1e-12)
    np.testing.assert_allclose(unsort(above.T, x.T, axis=0, stage=7), turned.T)
    REFLECTED.reset(token)
