"""`backprop.map` and `backprop.map_files`: every row, of whatever table it is; and the gates as a reference."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop


def test_columns_rows_and_files_say_the_same(tmp_path: Path) -> None:
    source, target = tmp_path / "points.csv", tmp_path / "out.jsonl"
    source.write_text("x,y\n1,2\n3,4\n")
    found = backprop.map("x*y^2", {"x": [1, 3], "y": np.array([2, 4])})
    rows = backprop.map("x*y^2", [{"x": 1, "y": 2}, {"x": 3, "y": 4}], only_new=True)
    report = backprop.map_files("x*y^2", source, target, only_new=True)
    assert found["df_dy"].tolist() == [row["df_dy"] for row in rows] == [4.0, 24.0]
    assert (report.rows, report.bad, report.told) == (2, 0, [])
    assert target.read_text().splitlines()[1] == '{"f":48.0,"df_dx":16.0,"df_dy":24.0}'


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_a_data_frame_comes_back_as_one_of_its_kind(kind: str) -> None:
    library = pytest.importorskip(kind)
    make = library.table if kind == "pyarrow" else library.DataFrame
    table = make({"x": [1.0, 2.0], "y": [3.0, None], "label": ["a", "b"]})
    found = backprop.map("x*y*k", table, {"k": 2})
    assert type(found) is type(table)
    names = ["x", "y", "label", "f", "df_dx", "df_dy"]
    assert list(found.column_names if kind == "pyarrow" else found.columns) == names
    gradients = list(found["df_dy"].to_pylist() if kind == "pyarrow" else found["df_dy"])
    assert gradients[0] == 2.0
    assert gradients[1] is None or gradients[1] != gradients[1]


def test_vectors_names_and_options() -> None:
    table = {"Length (mm)": [[1, 2], [3, 4]], "b": [0, 1]}
    found = backprop.map("sum(w @ l) + b", table, {"w": [1, 10]}, rename={"Length (mm)": "l"}, wrt=["w"], stages=True)
    assert found["df_dw"].tolist() == [[1, 2], [3, 4]]
    assert found["f"].tolist() == [21, 44]
    assert "q1" in found
    assert backprop.map("x^3", {"x": [2.0]}, hessian=True, only_new=True)["d2f_dx_dx"].tolist() == [12.0]


def test_a_gradient_is_no_view_of_the_table() -> None:
    y = np.array([1.0, 2.0])
    backprop.map("x*y", {"x": [1, 2], "y": y})["df_dx"][0] = 7
    assert y[0] == 1


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("points.csv", "the name of a file\nhint: write backprop.map_files"),
        (3, "a table is expected, and not int"),
        ([1, 2], "a table is expected, and not list"),
        ({"x": [1], "y": [1, 2]}, "the columns are not equally long: x has 1, y has 2"),
        ({"x": ["a"], "y": [1]}, "row 1 of the table: column 'x': expected a number, got \"a\""),
        ({"x": [[1, 2]], "y": [1]}, "column 'x'"),
        ({"x": np.ones((2, 2)), "y": [1, 2]}, "expected numbers, got arrays"),
        ({"X": [1], "y": [2]}, "no column x\nhint: did you mean X?"),
        ({"x": 1, "y": [1, 2]}, 'given apart: map(…, table, {"x": 1})'),
        ({"x": [1], "y": [1], "f": [2]}, "has a column f already"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table: Any, message: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        backprop.map("x*y", table)
    assert message in str(caught.value)


def test_the_reference_has_each_gate() -> None:
    assert backprop.reference("tanh").gates[0]["local_gradients"] == {"x": "sech(x)^2"}
    assert str(backprop.reference("tanh")).startswith("gate      tanh(x)")
    assert "sigmoid(x)" in str(backprop.reference())
    with pytest.raises(backprop.Problem, match="did you mean tanh"):
        backprop.reference("tahn")


def test_what_needs_no_table_imports_none() -> None:
    text = "import backprop, sys; backprop.map, backprop.reference; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_code_of_the_users_is_traced(tmp_path: Path) -> None:
    found = backprop.trace("def layer(x, w):\n    h = x * w\n    return h + x\n", {"x": 2}, w=3)
    assert (found.value, found.gradients) == (8.0, {"x": 4.0, "w": 2.0})
    assert found.check().ok
    assert "h" in [stage.name for stage in found.stages]
    (tmp_path / "two.py").write_text("def f(x):\n    return x\n\ndef g(x):\n    return 2*x\n")
    assert backprop.trace(tmp_path / "two.py", name="g", x=1).gradients == {"x": 2.0}
    with pytest.raises(backprop.Problem, match=r"name one of them: .*two.py:f, .*two.py:g"):
        backprop.trace(tmp_path / "two.py", x=1)
    with pytest.raises(backprop.Problem, match="has no value for w"):
        backprop.trace("def layer(x, w):\n    return x*w\n", x=1)


def test_tables_in_other_forms(tmp_path: Path) -> None:
    result = backprop.evaluate("(x+y)*z", x=1, y=2, z=3)
    assert result.table() == str(result) + "\n"
    assert result.table("csv").splitlines()[-1] == "f,q1 * z,9,1"
    assert result.table("markdown", local=True).startswith("| stage")
    assert "tabular" in result.check().table("latex")
    assert '"value": 9.0' in result.json()
    assert "main" in result.code("c", main=True)
    sheet = result.draw(blank=True)
    assert sheet != result.draw()
    pytest.importorskip("resvg_py")
    sheet.save(tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.parametrize("call", ['table("xls")', 'draw("dot", blank=True)', 'code("c", jvp=True)', 'draw(theme="x")'])
def test_what_does_not_go_together_is_said(call: str) -> None:
    with pytest.raises(backprop.Problem):
        eval(f"result.{call}", {"result": backprop.evaluate("x", x=1)})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('backprop.evaluate("x", x="one")', "it holds text: one"),
        ('backprop.evaluate("sum(x)", x=[1, 2]).nudge(x=[1, 2, 3])', "the step of x is a vector of 3"),
        ('backprop.minimize("(x-3)^2", x=0, steps=-1)', "steps is a whole number from 0"),
        ("backprop.judge(len)", "the source of len is not known"),
        ("backprop.trace(3)", "the source of int is not known"),
        ('backprop.trace("layers.py:f", x=1)', 'pathlib.Path("layers.py"), name="f"'),
        ('backprop.trace(Path("nothing.py"))', "cannot read nothing.py: No such file"),
        ('backprop.judge(Path("nothing.py"))', "cannot read nothing.py: No such file"),
        ('backprop.map_files("x", [], "out.csv")', "there are no files"),
        ('backprop.map_files("x", "a.csv", "out.csv", errors="ignore")', "errors is one of fail, skip, null"),
        ('backprop.map("x", [])', "its columns are none"),
    ],
)
def test_wrong_arguments_are_told(call: str, message: str) -> None:
    with pytest.raises(backprop.Problem) as caught:
        eval(call)
    assert message in str(caught.value)


def test_evaluate_takes_wrt() -> None:
    assert backprop.evaluate("x*y", {"x": 1, "y": 2}, wrt=["y"]).gradients == {"y": 1.0}


def test_a_minimum_draws_its_path() -> None:
    assert backprop.minimize("(x-3)^2 + y^2", x=0, y=1, rate=0.2).draw().startswith("<svg")
