"""The forms in which tables come: JSON however it stands, packed or not, and text of other places and programs."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

import backprop
from conftest import BIN, in_process, shell

POINTS = [{"x": 1.5, "s": 'a "{[,'}, {"x": -2, "deep": {"e": [1, {"x": 3}]}}, {"x": 4}]
FORMS = {
    "an array": json.dumps(POINTS),
    "a pretty array": json.dumps(POINTS, indent=2),
    "pretty objects": "\n".join(json.dumps(point, indent=4) for point in POINTS),
    "objects in one line": "".join(map(json.dumps, POINTS)),
    "objects with commas": ",\n".join(json.dumps(point, indent=1) for point in POINTS),
    "lines": "\n".join(map(json.dumps, POINTS)),
    "lines behind a mark": "\ufeff\n\n" + "\n".join(map(json.dumps, POINTS)),
    "an array behind a mark": "\ufeff " + json.dumps(POINTS),
}


def mapped(command: str, folder: Path, given: bytes | str = b"", status: int = 0) -> str:
    """What a command writes."""
    done = in_process(f"backprop map {command}", folder, given)
    assert done.returncode == status, done.stderr
    return done.stderr if status else done.stdout


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["t.json", "t.ndjson", "-"])
def test_objects_of_json_however_they_stand(form: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(FORMS[form])
    (tmp_path / "t.ndjson").write_text(FORMS[form])
    rows = [json.loads(line) for line in mapped(f"2*x {name}", tmp_path, FORMS[form]).splitlines()]
    assert rows == [{**point, "f": 2 * point["x"], "df_dx": 2} for point in POINTS]  # type: ignore[operator]


def test_a_column_called_e_in_an_array_and_a_torn_first_line(tmp_path: Path) -> None:
    assert json.loads(mapped("2*e", tmp_path, '[\n {"e":\n 3}]'))["f"] == 6
    torn = in_process("backprop map 2*x --errors skip --only-new", tmp_path, '{"x":1,\n{"x":2}\n')
    assert torn.stdout.count("\n") == 1
    assert "expected an object, got 5" in mapped("2*x", tmp_path, '[{"x":1},5 ,{"x":1}]', status=1)


def test_objects_come_out_as_they_come_in() -> None:
    command = [str(BIN / "backprop"), "map", "2*x"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(b'[{"x":\n1},\n')
        run.stdin.flush()
        assert json.loads(run.stdout.readline())["f"] == 2
        run.stdin.write(b'{"x": 2}, {"x"')
        run.stdin.flush()
        assert json.loads(run.stdout.readline())["f"] == 4
        run.stdin.write(b": 3}]")
        run.stdin.close()
        assert json.loads(run.stdout.readline())["f"] == 6


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, bytes])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_packed_is_recognised_by_what_it_is(pack: Any, form: str, tmp_path: Path) -> None:
    text = b"x\n3\n" if form == "csv" else b'{"x":3}\n'
    (tmp_path / f"t.{form}").write_bytes(pack(text))
    expected = mapped(f"2*x --from {form}", tmp_path, text)
    assert mapped(f"2*x --from {form}", tmp_path, pack(text)) == expected
    assert mapped(f"2*x t.{form}", tmp_path) == expected
    mapped(f"2*x t.{form} -o out.{form}.bz2", tmp_path)
    assert bz2.decompress((tmp_path / f"out.{form}.bz2").read_bytes()).decode() == expected
    (tmp_path / f"T.{form.upper()}.GZ").write_bytes(pack(text))
    assert mapped(f"2*x T.{form.upper()}.GZ", tmp_path) == expected


def test_what_is_packed_with_zstandard(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    packed = zstandard.compress(b"x,s\n3,a\n") + zstandard.compress(b"4,b\n" * 50_000)  # two frames, as pzstd writes
    (tmp_path / "t.csv.zst").write_bytes(packed)
    assert mapped("2*x t.csv.zst -o out.jsonl.zst", tmp_path) == ""
    out = zstandard.ZstdDecompressor().decompressobj().decompress((tmp_path / "out.jsonl.zst").read_bytes())
    assert out.startswith(b'{"x":3,"s":"a","f":6.0,"df_dx":2.0}\n{"x":4,"s":"b",')
    assert out.count(b"\n") == 50_001
    piped = mapped("2*x --from csv --sum", tmp_path, packed)
    assert piped == "rows,f,df_dx\n50001,400006.0,100002.0\n"
    for end in (-1, -8, len(packed) // 2, 20):
        (tmp_path / "torn.csv.zst").write_bytes(packed[:end])
        assert "torn.csv.zst: Compressed file ended" in mapped("2*x torn.csv.zst --sum", tmp_path, status=1)


@pytest.mark.parametrize(
    ("options", "given", "expected"),
    [
        ("--delimiter ';'", b"x;s\n3;a,b\n", "x;s;f;df_dx\n3;a,b;6.0;2.0\n"),
        ("--delimiter '|' --no-header --rename c2=x", b"a|3\n", "a|3|6.0|2.0\n"),
        ("--decimal-comma", b"x;s\n1,5;a.b\n-2;\n", "x;s;f;df_dx\n1,5;a.b;3,0;2,0\n-2;;-4,0;2,0\n"),
        ("--encoding latin-1", b"x,s\n3,\xe9\n", "x,s,f,df_dx\n3,\u00e9,6.0,2.0\n"),
        ("--encoding utf-16", "x,s\n3,\u00e9\n".encode("utf-16"), "x,s,f,df_dx\n3,\u00e9,6.0,2.0\n"),
        ("--null-values NA", b"x,s\nNA,b\n3,NA\n", "x,s,f,df_dx\nNA,b,,\n3,NA,6.0,2.0\n"),
    ],
)
def test_tables_of_other_places(options: str, given: bytes, expected: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(given)
    assert mapped(f"2*x {options} --from csv", tmp_path, given) == expected
    assert mapped(f"2*x {options} t.csv", tmp_path) == expected


@pytest.mark.parametrize(
    ("options", "given", "said"),
    [
        ("", b"x\nNA\n", "--null-values NA"),
        ("", b"1.5,2\n3,4\n", "--no-header, and c1"),
        ("--decimal-comma", b"x\n1.5\n", "a comma for a point"),
        ("--encoding klingon", b"x\n1\n", "there is no encoding klingon"),
        ("--delimiter ab", b"x\n1\n", "--delimiter takes one character"),
    ],
)
def test_what_does_not_fit_says_what_would(options: str, given: bytes, said: str, tmp_path: Path) -> None:
    done = in_process(f"backprop map 2*x {options} --from csv", tmp_path, given.decode())
    assert done.returncode
    assert said in done.stderr


def test_arrow_and_parquet_on_standard_output(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    for form, read in (("arrow", polars.read_ipc), ("parquet", polars.read_parquet)):
        shell(f"backprop map 2*x --to {form} > out.{form}", tmp_path, '{"x":3}\n')
        assert read(tmp_path / f"out.{form}").rows() == [(3, 6, 2)]


def test_numbers_of_json_stay_numbers(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    rows = '{"x":-0,"n":9007199254740993,"m":1.5,"t":"1","b":true,"o":{"a":1}}\n{"x":1,"n":null,"m":2,"t":"a"}\n'
    mapped("2*x -o out.parquet", tmp_path, rows)
    found = polars.read_parquet(tmp_path / "out.parquet")
    assert [str(kind) for kind in found.dtypes[:6]] == ["Float64", "Int64", "Float64", "String", "Boolean", "String"]
    assert found.row(0)[1:6] == (9007199254740993, 1.5, "1", True, '{"a": 1}')
    assert math.copysign(1, found.row(0)[0]) == -1
    said = mapped("2*x -o out.parquet", tmp_path, rows * 5000 + '{"x":1,"n":"many"}\n', status=1)
    assert "standard input:10001: column 'n': expected a whole number as before" in said


@pytest.mark.parametrize("given", ['x,z,l\n1,-0,"[-0, 1]"\n', '{"x":1,"z":-0,"l":[-0,1]}\n'])
def test_zeros_keep_their_sign(given: str, tmp_path: Path) -> None:
    form = "csv" if given[0] == "x" else "jsonl"
    row = json.loads(mapped(f"'x + 1/l[0]' --wrt x --from {form} --to jsonl", tmp_path, given), parse_int=float)
    assert row["f"] == "-Infinity"
    assert math.copysign(1, row["z"]) == math.copysign(1, row["l"][0]) == -1


def test_a_bare_nan_comes_out_as_strict_json(tmp_path: Path) -> None:
    given = '{"x":1,"n":NaN,"t":"NaN or Infinity"}\n{"x":-Infinity,"n":[Infinity]}\n{"x":2,"t":"NaN"}\n'
    lines = mapped("2*x", tmp_path, given).splitlines()
    rows = [json.loads(line, parse_constant=lambda name: pytest.fail(name)) for line in lines]
    assert [row.get("n") for row in rows] == ["NaN", ["Infinity"], None]
    assert lines[2] == '{"x":2,"t":"NaN","f":4.0,"df_dx":2.0}'
    assert rows[1]["f"] == "-Infinity"


def test_nothing_alone_in_a_line_survives(tmp_path: Path) -> None:
    assert mapped("'2*b + 0*x' --b 1 --wrt '' --only-new --to csv", tmp_path, '{"x":null}\n{"x":2}\n') == 'f\n""\n2.0\n'
    for given in ('x\n""\n2\n', 'x\n""\n2'):
        assert mapped("2*x --from csv", tmp_path, given) == 'x,f,df_dx\n"",,\n2,4.0,2.0\n'
        assert mapped("2*x --from csv --to jsonl --only-new", tmp_path, given).count("null") == 2
    pl = pytest.importorskip("polars")
    pl.DataFrame({"x": [None, 1.0]}).write_parquet(tmp_path / "t.parquet")
    assert mapped("2*x t.parquet --wrt '' --only-new --to csv", tmp_path) == 'f\n""\n2.0\n'


def test_sums_say_what_was_null_and_have_their_members_for_no_rows(tmp_path: Path) -> None:
    done = in_process("backprop map x*y --from csv --sum --to jsonl", tmp_path, "x,y\n1,2\n,3\n4,\n")
    assert json.loads(done.stdout) == {"rows": 1, "f": 2, "df_dx": 2, "df_dy": 1}
    assert "2 rows have a null" in done.stderr
    assert json.loads(mapped("x*w --w 2 --sum", tmp_path)) == {"rows": 0, "f": 0, "df_dx": 0}
    found = json.loads(mapped("'sum(x*w)' --w '[2, 3]' --wrt w --sum", tmp_path))
    assert found == {"rows": 0, "f": 0, "df_dw": [0, 0]}


def test_files_of_several_forms_go_into_one(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    rows = pl.DataFrame({"x": [1.5, 2.0], "y": [1, 2], "s": ["a", "007"]})
    rows.write_parquet(tmp_path / "a.parquet")
    rows.with_columns(pl.col("y").cast(float)).write_parquet(tmp_path / "b.parquet")
    rows.with_columns(s=pl.lit(0.5)).write_parquet(tmp_path / "e.parquet")
    (tmp_path / "c.csv").write_text("x,y,s\n1.50,1,a\n")
    (tmp_path / "d.jsonl").write_text('{"x":1,"y":2,"s":{"t":[1]}}\n')
    alone = ""
    for path in (paths := [tmp_path / name for name in ("c.csv", "a.parquet", "d.jsonl", "b.parquet")]):
        backprop.map_files("x*y", path, tmp_path / "alone.jsonl")
        alone += (tmp_path / "alone.jsonl").read_text()
    for form in ("csv", "parquet", "arrow", "jsonl"):
        assert backprop.map_files("x*y", paths, tmp_path / f"out.{form}").rows == 6
    assert (tmp_path / "out.jsonl").read_text() == alone
    for read in (pl.read_csv(tmp_path / "out.csv"), pl.read_parquet(tmp_path / "out.parquet")):
        assert read.get_column("f").to_list() == [1.5, 1.5, 4.0, 2.0, 1.5, 4.0]
    for form in ("parquet", "arrow"):
        with pytest.raises(
            backprop.Problem, match=r"a.parquet: column 's' holds String, and Float64 in the file before"
        ):
            backprop.map_files("x*y", [tmp_path / "e.parquet", paths[1]], tmp_path / f"out.{form}")
