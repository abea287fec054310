"""A few rows of numbers are mapped without NumPy, to the same bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backprop.cli import main
from backprop.rows import pipeline
from backprop.rows.compute import few
from backprop.rows.compute.mapper import Mapper
from conftest import shell

FORMULAS = [
    "(x+y)*z", "x/y - z", "x^2*y/(1+z^2)", "sqrt(x)*y + z", "where(x > y, x*z, y/x)", "(x >= y)*z + (x == y)",
    "-x*y - -z", "1/x + y*z", "abs(x*y) - z", "h = x*y; h*h + h/z", "x^3 + y*z", "3", "x",
]  # fmt: skip
HARD = [0.0, -0.0, 1.0, -1.5, 1e308, 5e-324, 0.1, 1 / 3, -7.25, 1e-200]


@pytest.mark.parametrize("formula", FORMULAS)
def test_few_rows_are_mapped_as_by_numpy(formula: str) -> None:
    mapper, dice = Mapper(formula, stages=True), random.Random(1)
    assert mapper.few_kernel is not None
    for _ in range(30):
        row = {name: [dice.choice(HARD) if dice.random() < 0.3 else dice.gauss(0, 1)] for name in mapper.inputs}
        found = mapper.run_few(row, 1)
        arrays, tally = mapper.run({name: few_array(column) for name, column in row.items()}, 1)
        if found is not None:
            assert {name: list(map(repr, column)) for name, column in found[0].items()} == {
                name: list(map(repr, column.tolist())) for name, column in arrays.items()
            }
            assert found[1] == tally


def few_array(column: list[float]) -> object:
    import numpy as np

    return np.array(column)


def test_what_has_digits_of_its_own_is_left_to_numpy() -> None:
    assert Mapper("exp(x)").few_kernel is None
    mapper = Mapper("x/y")
    assert mapper.run_few({"x": [1.0], "y": [0.0]}, 1) is None
    assert mapper.run_few({"x": [[1.0]], "y": [0.0]}, 1) is None


@pytest.mark.parametrize("options", ["", "--stages", "--only-new", "--hessian", "--to csv", "--errors skip", "--x 2"])
def test_both_ways_write_the_same(
    options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = (
        '{"id": 1, "x": 1.5, "y": -2}\n{"x": 3, "y": 3, "note": "a"}\n' if "csv" not in options else '{"x":1,"y":2}\n'
    )
    rows += '{"x": null, "y": 1}\n{"x": 0, "y": "no"}\n' if "errors" in options else ""
    (tmp_path / "t.jsonl").write_text(rows if "--x" not in options else rows.replace('"x"', '"w"'))
    written = []
    for few_rows in (0, few.MOST):
        monkeypatch.setattr(pipeline, "are_few", lambda rows, most=few_rows: rows <= most)
        with pytest.raises(SystemExit) as end:
            main(["map", "x^2*y/(y + 4)", str(tmp_path / "t.jsonl"), *options.split()])
        written.append((end.value.code, capfd.readouterr()))
    assert written[0] == written[1]
    assert written[0][1].out


def test_a_row_of_numbers_imports_no_numpy(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    run = "try: main(['map', 'x*y', 't.csv'])\nfinally: print('numpy' in sys.modules)"
    (tmp_path / "run.py").write_text(f"import sys; from backprop.cli import main\n{run}")
    done = shell("python run.py", tmp_path)
    assert done.stdout == "x,y,f,df_dx,df_dy\n1,2,2.0,2.0,1.0\nFalse\n"
