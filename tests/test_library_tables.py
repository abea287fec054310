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
