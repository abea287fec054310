"""A file called .json holds one array of all rows, unless lines are wanted; columns of any name in minimize."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from backprop.cli import main
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import map_files
from backprop.rows.tables.options import Options

LINES = '{"x":1}\n{"x":2}\n'
ROWS = [{"x": 1, "f": 2.0, "df_dx": 2.0}, {"x": 2, "f": 4.0, "df_dx": 2.0}]


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("t.jsonl", LINES, ROWS),
        ("t.json", "[" + LINES.strip().replace("\n", ",") + "]", ROWS),
        ("t.csv", "x\n1\n2\n", ROWS),
        ("t.csv", "x\n", []),
        ("t.csv", "x\n" + "1\n" * 40_000, ROWS[:1] * 40_000),
    ],
)
def test_a_file_called_json_is_json(name: str, text: str, rows: list[object], tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    for target in ("o.json", "o.json.gz"):
        map_files(Mapper("2*x"), [str(tmp_path / name)], str(tmp_path / target), Options())
    assert json.loads((tmp_path / "o.json").read_bytes()) == rows
    assert gzip.decompress((tmp_path / "o.json.gz").read_bytes()) == (tmp_path / "o.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "options", "count"),
    [("t.json", Options(), 2), ("t.jsonl", Options(target_format="jsonl"), 2), ("t.jsonl", Options(total=True), 1)],
)
def test_lines_stay_lines(name: str, options: Options, count: int, tmp_path: Path) -> None:
    (tmp_path / name).write_text(LINES)
    map_files(Mapper("2*x"), [str(tmp_path / name)], str(tmp_path / "o.json"), options)
    assert len(list(map(json.loads, (tmp_path / "o.json").read_text().splitlines()))) == count


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_minimize_takes_columns_of_any_name(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / f"t.{form}"
    if form == "csv":
        table.write_text("Length (mm),y\n1,2\n2,4\n")
    else:
        pl = pytest.importorskip("polars")
        pl.DataFrame({"Length (mm)": [1, 2], "y": [2, 4]}).write_parquet(table)
    with pytest.raises(SystemExit) as ended:
        main(["minimize", "(w*`Length (mm)` - y)^2", str(table), "--w", "0", "--json"])
    assert not ended.value.code
    *_, last, _ = capsys.readouterr().out.splitlines()
    assert json.loads(last)["parameters"]["w"] == pytest.approx(2)
    with pytest.raises(SystemExit):
        main(["minimize", "(w*`Lngth (mm)` - y)^2", str(table), "--w", "0"])
    said = capsys.readouterr().err
    assert "has no column Lngth (mm)" in said
    assert "did you mean Length (mm)?" in said
