"""Right every time: what was wrong once, or made up, each standing for its kind."""

from __future__ import annotations

from math import inf, isnan, nan
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.check.backward_pass import Verdicts, judge
from backprop.check.lines import read_lines
from backprop.emit import Request, write

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
