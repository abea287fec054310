"""Odd values and files: told in a line, or the same on every route."""

from __future__ import annotations

import io
import json
import re
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import backprop
from backprop.errors.spelling import in_shell
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import map_files
from backprop.rows.tables.options import Options

DEEP = f'{{"x":1,"y":2,"s":{"[" * 2000}{"]" * 2000}}}'
HALF = '{"x":1,"y":2,"s":"\\ud83d"}'


@pytest.mark.parametrize("target", ["out.csv", "out.parquet"])
@pytest.mark.parametrize(("row", "why"), [(DEEP, "nested too deeply"), (HALF, "half of a surrogate pair")])
def test_objects_that_are_no_cells_are_bad_rows(row: str, why: str, target: str, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    (tmp_path / "t.jsonl").write_text(f'{{"x":1,"y":2,"s":"a"}}\n{row}\n')
    with pytest.raises(backprop.Problem, match=why):
        backprop.map_files("x*y", tmp_path / "t.jsonl", tmp_path / target)
    for errors, rows in (("skip", 1), ("null", 2)):
        report = backprop.map_files("x*y", tmp_path / "t.jsonl", tmp_path / target, errors=errors)  # type: ignore[arg-type]
        assert (report.rows, report.bad) == (rows, 1)
        assert b"\xed" not in (tmp_path / target).read_bytes() or target.endswith("parquet")
    if row is DEEP:  # how deep a line may be that goes on as it stands hangs on how deep the caller is
        return
    assert backprop.map_files("x*y", tmp_path / "t.jsonl", tmp_path / "out.jsonl").rows == 2
    assert json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])["s"] == "a"


@pytest.mark.parametrize("target", ["out.csv", "out.jsonl", "out.parquet"])
def test_bad_rows_are_counted_where_there_are_no_others(target: str, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    (tmp_path / "t.jsonl").write_text('{"x":"a"}\n{"x":"b"}\n')
    assert backprop.map_files("x", tmp_path / "t.jsonl", tmp_path / target, errors="skip").bad == 2


@pytest.mark.parametrize("comma", [False, True])
def test_numbers_are_spelt_alike_whatever_they_are_read_from(comma: bool, tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    numbers = [1e-5, 1.5e-7, 3e-11, 1e16, float("nan"), float("inf"), -0.0, 5e-324, 0.1, None]
    frame = pl.DataFrame({"x": numbers})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_ipc(tmp_path / "t.arrow")
    cells = ["" if number is None else repr(number).replace(".", "," if comma else ".") for number in numbers]
    (tmp_path / "t.csv").write_text("x;n\n" + "".join(f"{cell};0\n" for cell in cells))
    found = set()
    for name in ("t.csv", "t.parquet", "t.arrow"):
        delimiter = ";" if name == "t.csv" or comma else None
        target = tmp_path / "out.csv"
        backprop.map_files("x*2", tmp_path / name, target, only_new=True, decimal_comma=comma, delimiter=delimiter)
        found.add(target.read_text().replace(";", "|" if comma else ","))
    assert len(found) == 1


def test_standard_input_is_called_so_on_every_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("polars")
    for target in ("out.csv", "out.jsonl", "out.parquet"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x,y\n1,oops\n")))
        monkeypatch.setattr("backprop.rows.tables.lines.Input.watch", lambda self, stream: None)
        with pytest.raises(backprop.Problem, match=r"^standard input:2: column 'y': expected a number"):
            map_files(Mapper("x*y"), ["-"], str(tmp_path / target), Options(source_format="csv"))


@pytest.mark.parametrize("value", [Decimal("1.5"), Fraction(3, 2), 1.5])
def test_what_is_a_number_in_python_is_one_in_a_table(value: Any) -> None:
    assert backprop.map("x*y", [{"x": value, "y": 2}], only_new=True) == [{"f": 3.0, "df_dx": 2.0, "df_dy": 1.5}]
    assert backprop.map("sum(x)*y", [{"x": [value, 1], "y": 2}], only_new=True)[0]["f"] == 5.0


def test_what_is_no_number_is_told() -> None:
    from datetime import date

    with pytest.raises(backprop.Problem, match='expected a number, got "2020-01-01"'):
        backprop.map("x*y", [{"x": date(2020, 1, 1), "y": 2}])


def test_arrow_without_rows_and_with_a_dictionary() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"x": pyarrow.array([1.5, 1.5, None]).dictionary_encode(), "y": [2, 3, 4]})
    assert backprop.map("x*y", table)["f"].to_pylist() == [3.0, 4.5, None]
    assert backprop.map("x*y", table.slice(0, 0)).schema.names == ["x", "y", "f", "df_dx", "df_dy"]


@pytest.mark.parametrize("stream", [True, False])
def test_a_file_that_polars_does_not_survive_is_told(stream: bool, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table([pyarrow.array([1.0]), pyarrow.array([2.0]), pyarrow.array([3.0])], names=["x", "y", "x"])
    make = pyarrow.ipc.new_stream if stream else pyarrow.ipc.new_file
    with make(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table)
    for target in ("out.csv", "out.parquet"):
        with pytest.raises(backprop.Problem, match="cannot read"):
            backprop.map_files("x*y", tmp_path / "t.arrow", tmp_path / target)
        assert not (tmp_path / target).exists()


@pytest.mark.parametrize(
    ("table", "cure"),
    [
        ("# by a machine\nx,y\n1,2\n", "leave it out"), ("sep=,\nx,y\n1,2\n", "leave it out"),
        ('x,y\n"1,000",2\n', "take them out"), ('x,y\n"1,5",2\n', "^if that is a decimal comma"),
        ("x;y\n1;2\n", 'delimiter=";"$'), ("x\ty\n1\t2\n", r'delimiter="\\t"$'),
        ("x,y\n1,\udce9\n", 'encoding="latin-1"'),
    ],
)  # fmt: skip
def test_what_is_odd_about_a_table_is_told_with_a_cure(table: str, cure: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(table.encode("utf-8", "surrogateescape"))
    assert backprop.map_files  # who asks is in Python
    with pytest.raises(backprop.Problem) as problem:
        backprop.map_files("x*y", tmp_path / "t.csv", tmp_path / "out.csv")
    assert re.search(cure, problem.value.hint)


def test_a_whole_number_that_is_too_long_for_python_is_text_in_objects(tmp_path: Path) -> None:
    long = "9" * 5000
    (tmp_path / "t.csv").write_text(f"x,y,n\n1,2,{long}\n")
    backprop.map_files("x*y", tmp_path / "t.csv", tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text())["n"] == long


@pytest.mark.parametrize("form", ["parquet", "arrow", "stream"])
def test_a_column_called_like_a_constant_counts_on_every_route(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pl = pytest.importorskip("polars")
    frame, suffix = pl.DataFrame({"x": [3.0], "e": [10.0]}), "arrow" if form == "stream" else form
    write = {"parquet": frame.write_parquet, "arrow": frame.write_ipc, "stream": frame.write_ipc_stream}[form]
    write(table := tmp_path / f"t.{suffix}")
    stdin = io.TextIOWrapper(io.BytesIO(table.read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)
    for source in (table, "-"):
        backprop.map_files("x*e", source, tmp_path / "out.csv", source_format=suffix)
        assert (tmp_path / "out.csv").read_text() == "x,e,f,df_dx,df_de\n3.0,10.0,30.0,10.0,3.0\n"


@pytest.mark.parametrize(
    ("name", "data", "message", "hint"),
    [
        ("t.csv", b"PAR1\x15\x04", r"is Parquet, and no text", "--from parquet"),
        ("t.jsonl", b"ARROW1\0\0", r"is Arrow, and no text", "--from arrow"),
        ("t.csv", b"PK\x03\x04\x14\0", r"is a workbook or a zip archive, and no text", "as CSV"),
        ("t.csv", b'{"x":1,"y":2}\n', r"has no column x", "--from jsonl"),
        ("t.csv", b"x,y\r1,2\r", r"has no column y", "carriage return"),
        ("t.jsonl", b"x,y\n1,2\n", r":1: this is not JSON", "--from csv"),
        ("t.arrow", b"", r"cannot read .*: it is no table of Arrow", ""),
        ("t.csv", b"PAR1,x\n1,2\n", r"has no column y", "its columns are PAR1, x"),
        ("t.jsonl", b'{"x":1,"z":2}\n{"x":1}\n', r":1: there is no column 'y'", "its columns are x, z"),
        ("t.jsonl", b'{"x":1,"y":2}\n{"x":1,"z":2}\n', r":2: there is no column 'y'", "--errors skip"),
    ],
)
def test_what_a_file_holds_in_truth_is_told(name: str, data: bytes, message: str, hint: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(backprop.Problem, match=message) as caught:
        map_files(Mapper("x*y"), [str(tmp_path / name)], str(tmp_path / "out.csv"), Options())
    assert hint in in_shell(caught.value.hint)
