"""Folders in folders, whose names may say columns: KEY=VALUE, as Hive and Spark write tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backprop.rows.tables import lines
from conftest import in_process


def partitioned(folder: Path, form: str) -> None:
    """Two parts, whose keys are a number and a text."""
    for index, name in enumerate(("k=1/t=a%20b", "k=2.5/t=__HIVE_DEFAULT_PARTITION__")):
        part = folder / name / f"part-0000.{form}"
        part.parent.mkdir(parents=True)
        if form == "parquet":
            pytest.importorskip("polars").DataFrame({"x": [index + 3.0]}).write_parquet(part)
        else:
            part.write_text(f"x\n{index + 3}\n" if form == "csv" else f'{{"x":{index + 3}}}\n')


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("target", ["csv", "jsonl", "parquet"])
def test_keys_of_folders_are_columns(form: str, target: str, tmp_path: Path) -> None:
    if target == "parquet":
        pytest.importorskip("polars")
    partitioned(tmp_path / "in", form)
    done = in_process(f"backprop map x*k in -o out.{target}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found = in_process(f"backprop map 'g = 0*x' out.{target} --wrt '' --to jsonl", tmp_path).stdout
    rows = [{**json.loads(line), "g": 0} for line in found.splitlines()]
    expected = [
        {"x": 3, "k": 1, "t": "a b", "f": 3, "df_dx": 1, "df_dk": 3, "g": 0},
        {"x": 4, "k": 2.5, "t": None, "f": 10, "df_dx": 2.5, "df_dk": 4, "g": 0},
    ]
    assert rows == expected


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_folder_into_a_folder_keeps_its_keys_where_they_are(form: str, tmp_path: Path) -> None:
    partitioned(tmp_path / "in", form)
    assert in_process("backprop map 2*x in -o out", tmp_path).stderr == ""
    parts = sorted((tmp_path / "out").rglob(f"part-*.{form}"))
    assert [part.parent.parent.name for part in parts] == ["k=1", "k=2.5"]
    found = json.loads(in_process("backprop map k*x in --sum --to jsonl", tmp_path).stdout)
    assert found == {"rows": 2, "f": 13, "df_dx": 3.5, "df_dk": 7}


def test_a_key_that_is_no_number_is_told(tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        partitioned(tmp_path / form, form)
        found = in_process(f"backprop map t*x {form} --to csv", tmp_path)
        assert found.returncode == 1
        assert "column 't': expected a number, got \"a b\"" in found.stderr


def test_many_rows_have_their_keys(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    part = tmp_path / "in" / "k=2" / "rows.csv"
    part.parent.mkdir(parents=True)
    part.write_text("x,s\n" + "1.25,abcdefgh\n" * 400_000)
    assert part.stat().st_size > lines.LARGE
    assert in_process("backprop map k*x in -o out.csv", tmp_path).stderr == ""
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert rows[0] == "x,s,k,f,df_dk,df_dx"
    assert set(rows[1:]) == {"1.25,abcdefgh,2,2.5,1.25,2.0"}
    assert len(rows) == 400_001
