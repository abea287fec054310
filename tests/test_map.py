"""`backprop map` as a user runs it: pipes, files, folders, bad rows, and ends that are sudden."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import backprop
from backprop.rows.compute.mapper import Mapper
from conftest import BIN, in_process, shell
from terminals import in_front

STAGED = "(x+sigmoid(y))/(sigmoid(x)+(x+y)^2)"
SEED = 31


def needs(module: str, extra: str) -> pytest.MarkDecorator:
    missing = importlib.util.find_spec(module) is None
    return pytest.mark.skipif(missing, reason=f"the extra `{extra}` is not installed")


def rows_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# ── pipes ──


def test_a_row_keeps_its_own_members_and_gets_the_results_behind_them(tmp_path: Path) -> None:
    done = in_process(f"backprop map '{STAGED}'", tmp_path, '{"x":3,"y":-4}\n')
    assert done.stdout == (
        '{"x":3,"y":-4,"f":1.5456448841066441,"df_dx":2.0595697955721652,"df_dy":1.5922327514838093}\n'
    )
    assert done.stderr == ""


def test_rows_say_what_eval_says(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    points = [{"x": dice.gauss(0, 3), "y": dice.gauss(0, 3), "s": 'a "b"\n, é'} for _ in range(300)]
    text = "".join(json.dumps(point, ensure_ascii=False) + "\n" for point in points)
    found = rows_of(in_process(f"backprop map '{STAGED}'", tmp_path, text).stdout)
    for point, row in zip(points, found, strict=True):
        expected = backprop.evaluate(STAGED, x=point["x"], y=point["y"])  # type: ignore[arg-type]
        assert {name: row[name] for name in point} == point
        assert row["f"] == pytest.approx(expected.value, rel=1e-13)
        assert row["df_dy"] == pytest.approx(expected.gradients["y"], rel=1e-13)


@pytest.mark.skipif(os.name != "posix", reason="pipes of another kind")
def test_no_row_is_held_back_while_the_input_pauses(tmp_path: Path) -> None:
    for format, first in (("jsonl", b'{"x":2}\n'), ("csv", b"x\n2\n")):
        command = [str(BIN / "backprop"), "map", "x^2", "--from", format, "--to", "jsonl"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            running.stdin.write(first)
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["f"] == 4.0  # the pipe is still open
            running.stdin.write(b'{"x":3}\n' if format == "jsonl" else b"3\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["df_dx"] == 6.0
            running.stdin.close()
        assert running.returncode == 0


def test_a_closed_pipe_and_a_full_disk(tmp_path: Path) -> None:
    done = shell("yes '{\"x\":3,\"y\":-4}' | backprop map 'x*y' | head -2", tmp_path)
    assert (done.stdout.count("\n"), done.stderr) == (2, "")
    if os.path.exists("/dev/full"):
        for target in ("> /dev/full", "-o /dev/full"):
            done = shell(f"backprop map 'x*2' {target}", tmp_path, '{"x":3}\n')
            assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert not os.path.isfile("/dev/full")


def test_numbers_that_are_not_finite_are_words_and_noted(tmp_path: Path) -> None:
    done = in_process("backprop map 'log(x)'", tmp_path, '{"x":1}\n{"x":0}\n{"x":"NaN"}\n{"x":null}\n')
    assert [row["f"] for row in rows_of(done.stdout)] == [0.0, "-Infinity", "NaN", None]
    assert "note: f is not finite in 2 rows, first in row 2" in done.stderr
    assert done.returncode == 0


# ── tables of text ──


def test_csv_keeps_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id,x,"the ""y"""\r\n007,+1.50,"a,\nb"\r\n8,2e0,\r\n')
    done = in_process("backprop map 'x^2' t.csv", tmp_path)
    assert done.stdout == 'id,x,"the ""y""",f,df_dx\n007,+1.50,"a,\nb",2.25,3.0\n8,2e0,,4.0,4.0\n'


def test_formats_are_known_by_suffix_and_turned_into_each_other(tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("x\tname\n1\tone\n2\t\n")
    in_process("backprop map 'x*3' t.tsv -o out.jsonl", tmp_path)
    assert rows_of((tmp_path / "out.jsonl").read_text()) == [
        {"x": 1, "name": "one", "f": 3.0, "df_dx": 3.0}, {"x": 2, "name": None, "f": 6.0, "df_dx": 3.0},
    ]  # fmt: skip
    in_process("backprop map 'x*3' out.jsonl -o new.csv --only-new", tmp_path)
    assert (tmp_path / "new.csv").read_text() == "f,df_dx\n3.0,3.0\n6.0,3.0\n"
    with gzip.open(tmp_path / "z.csv.gz", "wt") as file:
        file.write("x\n5\n")
    assert in_process("backprop map 'x+1' z.csv.gz", tmp_path).stdout == "x,f,df_dx\n5,6.0,1.0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,x\n1,2\n", "has 2 columns called x"),
        ("width,y\n1,2\n", "has no column x"),
        ("x,f\n1,2\n", "has a column f already"),
        ("", "is empty"),
    ],
)
def test_a_table_that_does_not_fit_is_an_error_before_the_first_row(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    done = in_process("backprop map 'x*2' t.csv -o out.csv", tmp_path)
    assert message in done.stderr
    assert done.stdout == ""
    assert done.returncode == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]


def test_the_nearest_column_is_offered(tmp_path: Path) -> None:
    done = in_process("backprop map 'width*2' --from csv", tmp_path, "widht\n1\n")
    assert "did you mean widht?" in done.stderr


# Cells and what they are: a number, null, or bad. The same on every path.
CELLS = {
    "1": 1.0, "+1.5": 1.5, "-2e3": -2000.0, ".5": 0.5, "5.": 5.0, " 7 ": 7.0, "inf": math.inf, "-Infinity": -math.inf,
    "1e400": math.inf, "": None, "abc": "bad", "1_000": "bad", "1,5": "bad", "0x10": "bad", "١": "bad", "--1": "bad",
}  # fmt: skip


@pytest.mark.parametrize("route", ["text", pytest.param("polars", marks=needs("polars", "table"))])
@pytest.mark.parametrize(("cell", "meaning"), CELLS.items())
def test_there_is_one_grammar_of_numbers(
    route: str, cell: str, meaning: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backprop.errors import Problem
    from backprop.rows import pipeline

    quoted = f'"{cell}"' if "," in cell else cell
    (tmp_path / "t.csv").write_text(f"n,x,z\n1,3,a\n2,{quoted},b\n")
    monkeypatch.setattr(pipeline, "LARGE", 0 if route == "polars" else 1 << 60)
    mapper = Mapper("x*1")
    target = tmp_path / "out.csv"
    if meaning == "bad":
        with pytest.raises(
            Problem,
            match=re.escape(f"t.csv:3: column 'x': expected a number, got {json.dumps(cell, ensure_ascii=False)}"),
        ):
            pipeline.map_files(mapper, [str(tmp_path / "t.csv")], str(target), pipeline.Options())
        assert not target.exists()
        return
    pipeline.map_files(mapper, [str(tmp_path / "t.csv")], str(target), pipeline.Options())
    last = target.read_text().splitlines()[-1]
    assert last.startswith(f"2,{quoted},b,")
    found = last.split(",")[-2:]
    assert (found == ["", ""]) if meaning is None else (float(found[0]) == meaning)


# ── bad rows ──

BAD = 'x,y\n1,2\nabc,3\n\n4,5\n"6\n",7,8\n9,10\n'


STRAY = 'x,t\n1,6" pipe\n2,b\n3,"a ""b"", c"\n4,7" pipe\n5,"two\nlines"\n6,"a"b"c\n7,""\n'


@pytest.mark.parametrize("route", ["text", pytest.param("polars", marks=needs("polars", "table"))])
@pytest.mark.parametrize("separator", [",", "\t"])
def test_a_quote_opens_a_field_only_where_it_begins(
    route: str, separator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import csv

    from backprop.rows import pipeline

    monkeypatch.setattr(pipeline, "LARGE", 0 if route == "polars" else 1 << 60)
    suffix = "csv" if separator == "," else "tsv"
    source, target = tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}"
    source.write_text(STRAY.replace(",", separator), encoding="utf-8")
    pipeline.map_files(Mapper("x^2"), [str(source)], str(target), pipeline.Options())
    with source.open(newline="") as before, target.open(newline="") as after:
        wanted = list(csv.DictReader(before, delimiter=separator))
        found = list(csv.DictReader(after, delimiter=separator))
    assert [(row["x"], row["t"]) for row in found] == [(row["x"], row["t"]) for row in wanted]
    assert [float(row["f"]) for row in found] == [float(row["x"]) ** 2 for row in wanted]


def test_rows_and_fields_are_those_of_python(tmp_path: Path) -> None:
    import csv
    import io

    from backprop.rows.tables.delimited import lines_of
    from backprop.rows.tables.quotes import cut, fields_of, is_plain, whole_rows

    dice = random.Random(SEED)
    plain = 0
    for _ in range(5000):
        text = "".join(dice.choice('"",\na') for _ in range(dice.randint(0, 14)))
        whole, rest = cut(text, ",")
        assert cut(text.encode(), ",") == (whole.encode(), rest.encode())
        rows = [fields_of(row, ",") for row, _ in whole_rows(lines_of(whole), ",")]
        expected = list(csv.reader(io.StringIO(whole, newline="")))
        assert [row for row in rows if row != [""]] == [row for row in expected if row not in ([], [""])]
        if is_plain(text.encode(), ","):
            plain += 1
            assert not rest
    assert plain > 500


def test_a_cell_may_be_long(tmp_path: Path) -> None:
    numbers = [1.0] * 50_000
    table = f'x\n"{json.dumps(numbers)}"\n'
    found = in_process("backprop map 'sum(x)' --from csv --to jsonl --only-new", tmp_path, table)
    assert rows_of(found.stdout)[0]["f"] == 50_000.0


def test_a_bad_row_is_named_by_its_physical_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD)
    done = in_process("backprop map 'x*y' t.csv -o out.csv", tmp_path)
    assert "t.csv:3: column 'x': expected a number, got \"abc\"" in done.stderr
    assert done.returncode == 1
    assert not (tmp_path / "out.csv").exists()


def test_bad_rows_are_skipped_or_kept_and_collected(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(BAD)
    done = in_process("backprop map 'x*y' t.csv --errors skip --errors-to bad.jsonl", tmp_path)
    assert done.stdout.splitlines()[1:] == ["1,2,2.0,2.0,1.0", "4,5,20.0,5.0,4.0", "9,10,90.0,10.0,9.0"]
    assert done.returncode == 1
    assert "2 bad (left out)" in done.stderr
    assert [(row["line"], row["error"]) for row in rows_of((tmp_path / "bad.jsonl").read_text())] == [
        (3, "column 'x': expected a number, got \"abc\""), (6, "expected 2 columns, got 3"),
    ]  # fmt: skip
    done = in_process("backprop map 'x*y' t.csv --errors null --to jsonl", tmp_path)
    kept = rows_of(done.stdout)
    assert [row["f"] for row in kept] == [2.0, None, 20.0, None, 90.0]
    assert kept[1]["_error"] == "column 'x': expected a number, got \"abc\""
    assert done.returncode == 1
    (tmp_path / "t.csv").write_text(BAD + ",1\n")
    done = in_process("backprop map 'x*y' t.csv --errors null --sum", tmp_path)
    assert "2 bad (kept without results)" in done.stderr
    assert "1 row has a null in a column that is used" in done.stderr


@pytest.mark.parametrize("format", ["csv", "jsonl"])
@pytest.mark.parametrize("errors", ["fail", "skip", "null"])
def test_bytes_that_are_not_utf_8_make_a_bad_row(format: str, errors: str, tmp_path: Path) -> None:
    tables = {
        "csv": b"x,t\n1,a\n2,\xe9\n3,\xc3\xa9\n",
        "jsonl": b'{"x":1}\n{"x":2,"t":"\xe9"}\n{"x":3,"t":"\xc3\xa9"}\n',
    }
    (tmp_path / f"in.{format}").write_bytes(tables[format])
    done = in_process(f"backprop map x^2 in.{format} --to jsonl --errors {errors} --errors-to bad.jsonl", tmp_path)
    line = 3 if format == "csv" else 2
    found = rows_of(done.stdout)
    values = {"fail": [1.0], "skip": [1.0, 9.0], "null": [1.0, None, 9.0]}[errors]
    assert [row["f"] for row in found] == values
    if errors == "fail":
        assert f"in.{format}:{line}: this is not UTF-8 text" in done.stderr
        return
    assert found[-1]["t"] == "é"
    (bad,) = rows_of((tmp_path / "bad.jsonl").read_text(encoding="utf-8"))
    assert (bad["line"], bad["error"]) == (line, "this is not UTF-8 text")


@pytest.mark.parametrize(
    ("formula", "table"),
    [
        ("x^2", '{"x":1}\n{"x":2}\n{"x":"a"}\n{"x":3}\n'),
        ("x^2", "x\n1\n2\na\n3\n"),
        ("x[0]^2", '{"x":[1]}\n{"x":[2]}\n{"x":[]}\n{"x":[3]}\n'),
    ],
)
def test_rows_before_one_that_ends_the_run_are_written(formula: str, table: str, tmp_path: Path) -> None:
    format = "jsonl" if table.startswith("{") else "csv"
    done = in_process(f"backprop map '{formula}' --from {format} --to jsonl --only-new", tmp_path, table)
    assert [row["f"] for row in rows_of(done.stdout)] == [1.0, 4.0]
    assert done.returncode == 1
    assert f"standard input:{3 if format == 'jsonl' else 4}:" in done.stderr


def test_random_values_are_those_of_a_seed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"x":[1,2]}\n')
    command = "backprop map 'dot(w, x)' in/a.jsonl --set 'w=randn(2)'"
    first = in_process(command, tmp_path)
    note = re.fullmatch(r"note: the random values are those of (--seed \d+)\n", first.stderr)
    assert note
    again = in_process(f"{command} {note[1]}", tmp_path)
    assert (again.stdout, again.stderr) == (first.stdout, "")
    assert in_process(f"{command} --seed 1", tmp_path).stdout != in_process(f"{command} --seed 2", tmp_path).stdout
    parts = "backprop map 'dot(w, x)' in -o out/ --set 'w=randn(2)' --resume --verbose"
    assert "0 done before" not in in_process(f"{parts} --seed 1", tmp_path).stderr
    assert "1 done before" in in_process(f"{parts} --seed 1", tmp_path).stderr
    assert "done before" not in in_process(f"{parts} --seed 2", tmp_path).stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("'sum(x)' in --wrt x,x", "the gradient of x is asked for twice: x,x"),
        ("'2*x' in --upstream 3", "and the upstream is a number"),
        ("'sum(x)' in -o in", "the output and the input are the same folder: in"),
        ("'sum(x)' in --format csv", "--format is an option of backprop eval\nhint: did you mean --to?"),
        ("'sum(x)' in --scheduler tcp://host:1", "--scheduler needs an --engine"),
    ],
)
def test_what_cannot_be_asked_for_is_said_as_it_is(options: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"x":[1,2]}\n')
    done = in_process(f"backprop map {options}", tmp_path)
    assert message in done.stderr
    assert done.stdout == ""
    assert done.returncode
    assert (tmp_path / "in" / "a.jsonl").read_text() == '{"x":[1,2]}\n'


@pytest.mark.parametrize("formula", ["x^2", "sum(x)"])
def test_texts_that_stand_for_nothing_do_so_in_json_too(formula: str, tmp_path: Path) -> None:
    table = '{"x":"NA"}\n{"x":2}\n{"x":"other"}\n'
    found = rows_of(in_process(f"backprop map '{formula}' --null-values NA --errors skip", tmp_path, table).stdout)
    assert [(row["x"], row["f"]) for row in found] == [("NA", None), (2, 4.0 if formula == "x^2" else 2.0)]


def test_what_can_be_wrong_with_a_line_of_json(tmp_path: Path) -> None:
    lines = ['{"x":1}', "[1]", '{"x":{}}', '{"y":2}', "{", '{"x":"1"}', '{"x":1e999}', '{"x":' + "9" * 400 + "}"]
    done = in_process("backprop map 'x*2' --errors null", tmp_path, "\n".join(lines) + "\n")
    found = [row.get("_error", row["f"]) for row in rows_of(done.stdout)]
    assert found[0] == 2.0
    assert found[1] == "expected an object, got [1]"
    assert found[2] == "column 'x': expected a number, got {}"
    assert found[3] == "there is no column 'x'"
    assert found[4].startswith("this is not JSON")
    assert found[5] == "column 'x': expected a number, got \"1\""
    assert found[6] == "Infinity"
    assert "beyond the largest number" in found[7]
    assert "Traceback" not in done.stderr


def test_null_values_are_not_nan(tmp_path: Path) -> None:
    done = in_process("backprop map 'x*2' --from csv --null-values NA", tmp_path, "x\nNA\nnan\n\n3\n")
    assert done.stdout == "x,f,df_dx\nNA,,\nnan,nan,2.0\n3,6.0,2.0\n"


# ── columns of a table ──

LATE = '{"x":1,"s":"a"}\n{"x":2,"k":7}\n{"x":3}\n'
TABLES = ["out.csv", pytest.param("out.parquet", marks=needs("polars", "table"))]


def table(path: Path) -> list[dict[str, Any]]:
    """The rows of a table as texts."""
    if path.suffix == ".csv":
        return list(csv.DictReader(path.read_text().splitlines()))
    import polars as pl

    texts = pl.read_parquet(path).select(pl.all().cast(pl.String).fill_null(""))
    return texts.to_dicts()


@pytest.mark.parametrize("target", TABLES)
def test_a_row_with_more_members_than_the_first_is_bad_in_a_table(target: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text(LATE)
    done = in_process(f"backprop map 'x*2' t.jsonl -o {target}", tmp_path)
    assert (done.returncode, (tmp_path / target).exists()) == (1, False)
    assert "t.jsonl:2: a column 'k' that the first row does not have" in done.stderr
    assert in_process(f"backprop map 'x*2' t.jsonl -o {target} --errors skip", tmp_path).returncode == 1
    assert [(row["s"], row["f"]) for row in table(tmp_path / target)] == [("a", "2.0"), ("", "6.0")]
    (tmp_path / "t.jsonl").write_text("no JSON\n" + LATE)
    in_process(f"backprop map 'x*2' t.jsonl -o {target} --errors null", tmp_path)
    rows = table(tmp_path / target)
    assert list(rows[0]) == ["x", "s", "f", "df_dx", "_error"]
    assert [row["f"] for row in rows] == ["", "2.0", "", "6.0"]
    assert "column 'k'" in rows[2]["_error"]
    done = in_process(f"backprop map 'x*2' t.jsonl -o {target} --only-new --errors skip", tmp_path)
    assert [row["f"] for row in table(tmp_path / target)] == ["2.0", "4.0", "6.0"]  # nothing of them is lost


def test_files_with_other_columns_do_not_go_into_one_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,x\n1,2\n")
    done = in_process("backprop map 'x*3' a.csv b.csv -o out.csv", tmp_path)
    assert done.returncode == 2
    assert "b.csv has other columns than the file before it" in done.stderr
    assert not (tmp_path / "out.csv").exists()
    found = rows_of(in_process("backprop map 'x*3' a.csv b.csv --to jsonl", tmp_path).stdout)
    assert [row["f"] for row in found] == [3.0, 6.0]


@pytest.mark.parametrize("formula", ["x*y", "sum(x*y)*[1,2][0]"])
@pytest.mark.parametrize("target", TABLES)
@pytest.mark.parametrize("source", ["t.csv", "t.jsonl", pytest.param("t.parquet", marks=needs("polars", "table"))])
def test_a_table_without_rows_has_its_columns(source: str, target: str, formula: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n")
    (tmp_path / "t.jsonl").write_text("")
    if source == "t.parquet":
        import polars as pl

        pl.DataFrame(schema={"x": pl.Float64, "y": pl.Int64}).write_parquet(tmp_path / source)
    done = in_process(f"backprop map '{formula}' {source} -o {target}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    if target == "out.csv":
        assert (tmp_path / target).read_text() == "x,y,f,df_dx,df_dy\n"
    else:
        import polars as pl

        assert pl.read_parquet(tmp_path / target).columns == ["x", "y", "f", "df_dx", "df_dy"]
    again = in_process(f"backprop map 'g = x*y' {target} --to csv", tmp_path)
    assert again.stdout == "x,y,f,df_dx,df_dy,g,dg_dx,dg_dy\n"


@pytest.mark.parametrize("format", ["csv", "jsonl", pytest.param("parquet", marks=needs("polars", "table"))])
def test_no_column_is_written_twice(format: str, tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"x":1}\n{"x":"no"}\n')
    in_process(f"backprop map 'x*2' t.jsonl -o out.{format} --errors null", tmp_path)
    done = in_process(f"backprop map 'g = x*2' out.{format} -o new.{format} --errors null", tmp_path)
    assert "_error already" in done.stderr
    assert not (tmp_path / f"new.{format}").exists()
    done = in_process("backprop map 'x*2'", tmp_path, '{"x":1}\n{"x":2,"f":3}\n')
    assert done.returncode == 2
    assert "standard input:2: the row has a column f already" in done.stderr


# ── options ──


def test_constants_stages_and_second_derivatives(tmp_path: Path) -> None:
    command = "backprop map 'q = a*x^2; f = q + b*y' --a 2 --set b=3 --wrt x --stages --hessian"
    done = in_process(command, tmp_path, '{"x":3,"y":1}\n')
    assert rows_of(done.stdout) == [
        {"x": 3, "y": 1, "f": 21.0, "df_dx": 12.0, "q1": 9.0, "df_dq1": 2.0, "q": 18.0, "df_dq": 1.0, "q2": 3.0,
         "d2f_dx_dx": 4.0}
    ]  # fmt: skip


def test_sums_lose_no_digits(tmp_path: Path) -> None:
    dice = random.Random(SEED)
    numbers = [dice.choice([1e16, 1.0, -1e16, 0.1]) * dice.choice([1, -1]) for _ in range(20_000)]
    text = "".join(f'{{"x":{x!r}}}\n' for x in numbers)
    done = in_process("backprop map 'x*1' --sum", tmp_path, text)
    assert rows_of(done.stdout) == [{"rows": 20_000, "f": math.fsum(numbers), "df_dx": 20_000.0}]


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        (["1e308", "1e308"], "Infinity"),
        (["-1e308"] * 3, "-Infinity"),
        (["1e308", "1e308", "-1e308"], 1e308),
        (["1e308", "3e-310", "-1e308", "5e-324"], 3e-310 + 5e-324),
        (["1.7e308", "-1.7e308", "1e300", "1"] * 6000, math.fsum([1e300, 1.0] * 6000)),
        (["inf", "1e308"], "Infinity"),
        (["inf", "-inf"], "NaN"),
    ],
)
@pytest.mark.parametrize("lists", [False, True])
def test_a_sum_overflows_at_its_end_alone(numbers: list[str], total: float | str, lists: bool, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["x", *numbers]) + "\n")
    formula = "'sum(x*W)' --W [1,2] --wrt W" if lists else "x"
    done = in_process(f"backprop map {formula} t.csv --sum --to jsonl", tmp_path)
    (found,) = rows_of(done.stdout)
    assert found["df_dW" if lists else "f"] == ([total, total] if lists else total)
    note = f"note: the sum of {'df_dW' if lists else 'f'} is not finite"
    assert (note in done.stderr) == (str(total)[-8:] == "Infinity" and "inf" not in numbers)


# ── whole or not at all ──


def test_a_run_that_is_killed_leaves_no_output_and_its_litter_goes_with_the_next(tmp_path: Path) -> None:
    command = [str(BIN / "backprop"), "map", "x*2", "-", "--from", "csv", "-o", str(tmp_path / "out.csv")]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
        assert running.stdin is not None
        running.stdin.write(b"x\n1\n")
        running.stdin.flush()
        deadline = time.monotonic() + 20
        while not list(tmp_path.glob(".out.csv.*.part")) and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.stdin.close()
    assert not (tmp_path / "out.csv").exists()
    assert list(tmp_path.glob(".out.csv.*.part"))
    shell("echo x > t.csv; echo 5 >> t.csv; backprop map 'x*2' t.csv -o out.csv", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "t.csv"]
    assert (tmp_path / "out.csv").read_text() == "x,f,df_dx\n5,10.0,2.0\n"


def test_the_output_keeps_its_mode_and_its_links(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n")
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "link.csv").symlink_to("real.csv")
    assert in_process("backprop map 'x*2' t.csv -o link.csv", tmp_path).returncode == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text() == "x,f,df_dx\n1,2.0,2.0\n"
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    done = in_process("backprop map 'x*2' t.csv -o nowhere/out.csv", tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def make_parts(folder: Path, count: int, rows: int = 50) -> None:
    folder.mkdir(parents=True)
    for part in range(count):
        lines = [f"{part * rows + row},{row / 7!r}" for row in range(rows)]
        (folder / f"part{part:02}.csv").write_text("\n".join(["id,x", *lines]) + "\n")


def test_a_folder_goes_part_by_part_and_resumes(tmp_path: Path) -> None:
    make_parts(tmp_path / "in", 4)
    assert in_process("backprop map 'x^2' in/ -o out/", tmp_path).returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == [f"part{n:02}.csv" for n in range(4)]
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.csv")}
    (tmp_path / "out" / "part02.csv").unlink()
    done = in_process("backprop map 'x^2' in/ -o out/ --resume --verbose", tmp_path)
    assert "1 of 1 parts, 3 done before: 50 rows" in done.stderr
    again = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.csv")}
    assert [name for name in times if times[name] != again[name]] == ["part02.csv"]
    done = in_process("backprop map 'x^3' in/ -o out/ --resume --verbose", tmp_path)
    assert "4 of 4 parts" in done.stderr  # another formula


def test_folders_in_a_folder_are_read_and_written_as_they_lie(tmp_path: Path) -> None:
    make_parts(tmp_path / "in", 1)
    make_parts(tmp_path / "in" / "year=2024" / "more", 1)
    make_parts(tmp_path / "in" / "_temporary", 1)
    for output in ("out/", "in/out/"):
        for _ in range(2):
            done = in_process(f"backprop map 'x^2' in/ -o {output}", tmp_path)
            assert (done.stderr, done.returncode) == ("", 0)
            names = sorted(str(path.relative_to(tmp_path / output)) for path in (tmp_path / output).rglob("*.csv"))
            assert names == ["part00.csv", "year=2024/more/part00.csv"]
        done = in_process(f"backprop map 'x^2' in/ -o {output} --resume --verbose", tmp_path)
        assert "0 of 0 parts, 2 done before" in done.stderr
        shutil.rmtree(tmp_path / output)


def test_a_corrupt_part_is_named_and_the_others_are_written(tmp_path: Path) -> None:
    make_parts(tmp_path / "in", 3)
    (tmp_path / "in" / "part01.csv").write_bytes(b"id,x\n1,\xff\xfe\n")
    done = in_process("backprop map 'x^2' in/ -o out/", tmp_path)
    assert done.returncode == 1
    assert "part01.csv:2: this is not UTF-8 text" in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv")) == ["part00.csv", "part02.csv"]


@pytest.mark.parametrize("name", ["out.csv.gz", "out.jsonl.gz", "out.tsv.gz", "out.gz"])
@pytest.mark.parametrize("source", ["-", "t.csv", pytest.param("t.parquet", marks=needs("polars", "table"))])
def test_what_ends_in_gz_is_packed(source: str, name: str, tmp_path: Path) -> None:
    if source == "t.parquet":
        import polars as pl

        pl.DataFrame({"x": [3]}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("x\n3\n")
    to = "--to csv" if name == "out.gz" else ""
    command = f"backprop map 'x*2' {source} --from {'parquet' if source == 't.parquet' else 'csv'} {to}"
    plain = name.removesuffix(".gz")
    for target in (name, plain):
        assert in_process(f"{command} -o {target}", tmp_path, "x\n3\n").returncode == 0
    packed = (tmp_path / name).read_bytes()
    assert gzip.decompress(packed) == (tmp_path / plain).read_bytes()
    shell(f"{command} -o again.gz {to or '--to ' + plain[4:]}", tmp_path, "x\n3\n")
    assert (tmp_path / "again.gz").read_bytes() == packed  # and neither a name nor a time is in it


def test_parts_that_are_packed_are_packed_again_and_resume(tmp_path: Path) -> None:
    make_parts(tmp_path / "in", 2)
    for part in (tmp_path / "in").iterdir():
        subprocess.run(["gzip", part], check=True)
    assert in_process("backprop map 'x^2' in/ -o out/", tmp_path).returncode == 0
    names = [f"part{number:02}.csv.gz" for number in range(2)]
    assert sorted(path.name for path in (tmp_path / "out").glob("*.csv*")) == names
    assert gzip.decompress((tmp_path / "out" / names[1]).read_bytes()).startswith(b"id,x,f,df_dx\n50,0.0,0.0,0.0\n")
    (tmp_path / "out" / names[1]).unlink()
    done = in_process("backprop map 'x^2' in/ -o out/ --resume --verbose", tmp_path)
    assert "1 of 1 parts, 1 done before: 50 rows" in done.stderr


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("out.xyz", "what should out.xyz be?"),
        ("out.gz", "what should out.gz be?"),
        ("out.parquet.gz", "parquet does not go into gzip"),
    ],
)
def test_a_suffix_that_means_nothing_is_refused(output: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n3\n")
    done = in_process(f"backprop map 'x*2' t.csv -o {output}", tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.skipif(not os.path.exists("/dev/stdout"), reason="there is no such path")
@pytest.mark.parametrize("command", ["map 'x*2' t.csv", "code 'x*2' --to c"])
def test_standard_output_has_a_path_too(command: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n3\n")
    found = shell(f"backprop {command} -o /dev/stdout | cat", tmp_path)
    expected = in_process(f"backprop {command}", tmp_path).stdout
    assert (found.stdout, found.stderr) == (expected, "")
    for target in ("-o /dev/stdout >> log", "-o /dev/fd/3 3>> log", "-o /proc/self/fd/1 >> log"):
        (tmp_path / "log").write_text("before\n")
        shell(f"(backprop {command} {target}; echo after >> log)", tmp_path)
        assert (tmp_path / "log").read_text() == f"before\n{expected}after\n"


@pytest.mark.skipif(not os.path.exists("/dev/stderr"), reason="there is no such path")
def test_bad_rows_go_behind_what_a_log_holds(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\na\n")
    shell("(echo before; backprop map x t.csv --errors skip --errors-to /dev/stderr -q 1>&2) > log 2>&1", tmp_path)
    assert (tmp_path / "log").read_text().startswith("before\n")


class Reader(BytesIO):
    """A standard output whose reader takes what comes first, and goes."""

    @property
    def buffer(self) -> Reader:
        return self

    def flush(self) -> None:
        if self.tell():
            raise BrokenPipeError


@needs("polars", "table")
def test_who_reads_the_first_rows_of_a_large_table_waits_for_few(tmp_path: Path, monkeypatch: Any) -> None:
    import polars as pl

    frame = pl.DataFrame({"x": [float(row) for row in range(12_000)], "text": "-" * 400})
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.jsonl")
    frame.write_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.jsonl", "t.parquet"):
        reader = Reader()
        monkeypatch.setattr(sys, "stdout", reader)
        with pytest.raises(BrokenPipeError):
            backprop.map_files("2*x", tmp_path / name, "-")
        assert reader.getvalue().count(b"\n") < 9_000, name


# ── Parquet and Arrow ──


@needs("polars", "table")
def test_parquet_and_arrow_go_through(tmp_path: Path) -> None:
    import polars as pl

    frame = pl.DataFrame({"id": ["a", "b", "c"], "x": [1, None, 3], "y": [1.5, 2.5, float("nan")]})
    frame.write_parquet(tmp_path / "t.parquet")
    in_process("backprop map 'x*y' t.parquet -o out.parquet", tmp_path)
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found.columns == ["id", "x", "y", "f", "df_dx", "df_dy"]
    assert found.drop("f", "df_dx", "df_dy").equals(frame)
    assert found["f"].to_list()[:2] == [1.5, None]
    assert "backprop" in pl.read_parquet_metadata(tmp_path / "out.parquet")
    in_process("backprop map 'x*y' t.parquet -o out.arrow", tmp_path)
    assert pl.read_ipc(tmp_path / "out.arrow").equals(found)
    lines = rows_of(in_process("backprop map 'x*y' t.parquet", tmp_path).stdout)
    assert lines[1] == {"id": "b", "x": None, "y": 2.5, "f": None, "df_dx": None, "df_dy": None}
    assert (lines[2]["y"], lines[2]["f"]) == ("NaN", "NaN")


@needs("polars", "table")
def test_polars_and_the_standard_library_write_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop.rows import pipeline

    dice = random.Random(SEED)
    lines = [f'{n},{dice.gauss(0, 1)!r},"q ""{n}"", x",{dice.choice(["", "1", "2.50"])},end' for n in range(3000)]
    (tmp_path / "t.csv").write_text("\n".join(["id,x,text,y,z", *lines]) + "\n")
    written = []
    for number, size in enumerate((0, 1 << 60)):
        monkeypatch.setattr(pipeline, "LARGE", size)
        target = tmp_path / f"out{number}.csv"
        pipeline.map_files(Mapper("x*y + x"), [str(tmp_path / "t.csv")], str(target), pipeline.Options())
        written.append(target.read_bytes())
    assert written[0] == written[1]


@needs("polars", "table")
@pytest.mark.parametrize("source", ["t.csv", "t.jsonl"])
def test_what_stands_beside_null_is_kept(source: str, tmp_path: Path) -> None:
    import polars as pl

    (tmp_path / "t.csv").write_text("x,y\n1,2\n,3\n4,nan\n")
    (tmp_path / "t.jsonl").write_text('{"x":1,"y":2}\n{"x":null,"y":3}\n{"x":4,"y":"NaN"}\n')
    in_process(f"backprop map 'x*y' {source} -o out.parquet", tmp_path)
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found["x"].to_list() == [1.0, None, 4.0]
    assert found["y"].to_list()[:2] == [2.0, 3.0]
    assert math.isnan(found["y"].to_list()[2])
    assert found["f"].to_list()[:2] == [2.0, None]


@needs("polars", "table")
def test_what_text_has_no_type_for_is_written_as_it_is_read_elsewhere(tmp_path: Path) -> None:
    import polars as pl

    at = datetime(2024, 1, 2, 3, 4, 5, 120)
    frame = pl.DataFrame({"x": [1.0], "at": [at], "day": [at.date()], "hour": [at.time()], "price": [Decimal("1.50")]})
    spring = pl.lit(1710032400123456789).cast(pl.Datetime("ns"))
    frame = frame.with_columns(
        here=pl.col("at").dt.replace_time_zone("Europe/Berlin"), spring=spring, long=pl.lit(timedelta(hours=1)),
        both=pl.struct(a=pl.lit(1), day=pl.col("day")), names=pl.concat_list(pl.lit("a"), pl.lit('"')),
    )  # fmt: skip
    frame.write_parquet(tmp_path / "t.parquet")
    expected = {
        "x": "1.0", "at": "2024-01-02T03:04:05.000120", "day": "2024-01-02", "hour": "03:04:05.000120", "price": "1.50",
        "here": "2024-01-02T03:04:05.000120+01:00", "spring": "2024-03-10T01:00:00.123456789", "long": "PT1H",
        "both": '{"a":1,"day":"2024-01-02"}', "names": '["a","\\""]', "f": "1.0", "df_dx": "2.0",
    }  # fmt: skip
    done = in_process("backprop map 'x^2' t.parquet --to csv", tmp_path)
    assert list(csv.DictReader(done.stdout.splitlines())) == [expected]
    (row,) = (
        json.loads(line, parse_float=str)
        for line in in_process("backprop map 'x^2' t.parquet", tmp_path).stdout.splitlines()
    )
    assert row == {**expected, "both": json.loads(expected["both"]), "names": ["a", '"']}
    frame.with_columns(raw=pl.lit(b"\xff")).write_parquet(tmp_path / "t.parquet")
    for target in ("csv", "jsonl"):
        done = in_process(f"backprop map 'x^2' t.parquet --to {target}", tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "t.parquet: column 'raw' holds Binary" in done.stderr
    assert in_process("backprop map 'x^2' t.parquet --only-new", tmp_path).stdout == '{"f":1.0,"df_dx":2.0}\n'


@needs("polars", "table")
@pytest.mark.parametrize("target", ["csv", "jsonl"])
def test_the_reason_of_a_bad_row_stands_in_the_same_place_whatever_was_read(target: str, tmp_path: Path) -> None:
    import polars as pl

    pl.DataFrame({"x": [[1, 2], [3, None]]}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.jsonl").write_text('{"x":[1,2]}\n{"x":[3,null]}\n')
    command = f"backprop map 'sum(x)' --wrt '' --errors null --to {target}"
    found = [in_process(f"{command} {source}", tmp_path).stdout for source in ("t.parquet", "t.jsonl")]
    assert found[0].replace(" ", "") == found[1].replace(" ", "")
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "n.parquet")
    (tmp_path / "n.jsonl").write_text('{"x":1}\n{"x":2}\n')
    command = f"backprop map 'x*1' --errors null --to {target}"
    found = [in_process(f"{command} {source}", tmp_path).stdout for source in ("n.parquet", "n.jsonl")]
    assert found[0] == found[1]


@needs("polars", "table")
def test_a_parquet_part_says_itself_that_it_is_done(tmp_path: Path) -> None:
    import polars as pl

    (tmp_path / "in").mkdir()
    for part in range(3):
        pl.DataFrame({"x": [1.0 * part, 2.0]}).write_parquet(tmp_path / "in" / f"{part}.parquet")
    in_process("backprop map 'x^2' in/ -o out/", tmp_path)
    (tmp_path / "out" / ".backprop.jsonl").unlink()
    (tmp_path / "out" / "1.parquet").unlink()
    assert (
        "1 of 1 parts, 2 done before"
        in in_process("backprop map 'x^2' in/ -o out/ --resume --verbose", tmp_path).stderr
    )
    assert "3 of 3 parts" in in_process("backprop map 'x^3' in/ -o out/ --resume --verbose", tmp_path).stderr
    assert pl.read_parquet(tmp_path / "out" / "2.parquet")["f"].to_list() == [8.0, 8.0]


@needs("polars", "table")
@pytest.mark.parametrize("format", ["parquet", "arrow"])
@pytest.mark.parametrize("formula", ["x^2", "sum(x)"])
def test_a_column_that_is_null_everywhere_gives_nulls(formula: str, format: str, tmp_path: Path) -> None:
    import polars

    frame = polars.DataFrame({"x": [None, None], "t": ["a", "b"]})
    (frame.write_parquet if format == "parquet" else frame.write_ipc)(tmp_path / f"in.{format}")
    done = in_process(f"backprop map '{formula}' in.{format}", tmp_path)
    assert rows_of(done.stdout) == [{"x": None, "t": t, "f": None, "df_dx": None} for t in ("a", "b")]


@needs("polars", "table")
@pytest.mark.parametrize("kind", ["parquet", "ipc", "ipc_stream"])
def test_tables_that_are_not_text_come_through_a_pipe_too(kind: str, tmp_path: Path) -> None:
    import polars

    frame = polars.DataFrame({"x": [1.0, 2.0]})
    getattr(frame, f"write_{kind}")(tmp_path / "table")
    format = "parquet" if kind == "parquet" else "arrow"
    for command in (f"cat table | backprop map x^2 --from {format}", f"backprop map x^2 --from {format} table"):
        done = shell(f"{command} --to csv", tmp_path)
        assert (done.stdout, done.stderr) == ("x,f,df_dx\n1.0,1.0,2.0\n2.0,4.0,4.0\n", "")
    broken = shell(f"head -c 20 table | backprop map x^2 --from {format}", tmp_path)
    assert (broken.returncode, broken.stderr.count("\n")) == (1, 1)
    assert broken.stderr.startswith("error: cannot read standard input: ")


@needs("polars", "table")
def test_a_broken_parquet_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 not at all")
    done = in_process("backprop map 'x*y' t.parquet -o out.parquet", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot read t.parquet")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.parquet").exists()


@needs("pyarrow", "spark")
def test_record_batches_in_and_out() -> None:
    import pickle

    import pyarrow

    from backprop.rows import arrow_mapper

    mapper = pickle.loads(pickle.dumps(arrow_mapper("x*y", wrt=["x"])))
    batch = pyarrow.RecordBatch.from_pydict({"x": [1, None, 3], "y": [1.5, 2.5, 3.5]})
    (found,) = mapper(iter([batch]))
    assert found.to_pydict() == {
        "x": [1, None, 3],
        "y": [1.5, 2.5, 3.5],
        "f": [1.5, None, 10.5],
        "df_dx": [1.5, None, 3.5],
    }
    assert mapper.schema("x bigint, y double") == "x bigint, y double, `f` double, `df_dx` double"


# ── a terminal ──


@contextmanager
def on_terminal(tmp_path: Path, columns: int, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A run whose messages go to a terminal so wide, and where to read them."""
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    running, own = in_front(
        str(BIN / "backprop"), "map", *words, columns=columns, cwd=tmp_path, stdout=subprocess.DEVNULL, env=environment
    )
    try:
        with running:
            yield running, own
    finally:
        os.close(own)


def drawn(own: int, until: str = "") -> list[str]:
    """What stood on the line, one after the other: all of it, or until a text is there."""
    said = b""
    with suppress(OSError):  # the other end is gone
        while not until or until.encode() not in said:
            said += os.read(own, 65536)
    return said.decode().split("\r\x1b[K")


def many_rows(tmp_path: Path, times: int = 1) -> None:
    (tmp_path / "t.csv").write_text("x\n" + "".join(f"{row / 7!r}\n" for row in range(150_000)) * times)


@pytest.mark.parametrize("columns", [100, 34])
def test_a_bar_is_drawn_on_a_terminal_and_gone_at_the_end(tmp_path: Path, columns: int) -> None:
    many_rows(tmp_path)
    with on_terminal(tmp_path, columns, "sigmoid(x)*x", "t.csv", "-o", "out.jsonl") as (running, own):
        first, *lines, last = drawn(own)
        assert running.wait() == 0
    assert first == ""
    assert re.fullmatch(r"150,000 rows in \d+\.\d s\r\n", last)
    assert lines
    for line in lines:
        assert len(line) < columns
        assert re.search(r"\d%  .* left", line)
        assert (re.match(r"━*─*  ", line) is not None and "a second" in line) == (columns == 100)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "csv.gz", pytest.param("parquet", marks=needs("polars", "table"))])
def test_progress_is_in_bytes_of_all_files(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop.rows import pipeline

    if kind == "parquet":
        from backprop.rows.tables import frames

        monkeypatch.setattr(frames, "CHUNK", 5000)
    dice = random.Random(SEED)
    sources = [tmp_path / f"{part}.{kind}" for part in range(3)]
    for source in sources:
        numbers = [dice.random() for _ in range(50_000)]
        text = "\n".join(["x", *map(repr, numbers)]) + "\n"
        if kind == "parquet":
            import polars as pl

            pl.DataFrame({"x": numbers}).write_parquet(source)
        else:
            source.write_bytes(gzip.compress(text.encode(), 1) if kind == "csv.gz" else text.encode())
    seen: list[tuple[int, int]] = []
    pipeline.map_files(
        Mapper("x*2"),
        list(map(str, sources)),
        str(tmp_path / "out.jsonl"),
        pipeline.Options(),
        lambda report, read, size: seen.append((read, size)),
    )
    size = sum(source.stat().st_size for source in sources)
    reads = [read for read, _ in seen]
    assert {given for _, given in seen} == {size}
    assert reads == sorted(reads)
    assert reads[0] < size / 4
    assert size / 3 < reads[len(reads) // 2] < size * 2 / 3
    assert reads[-1] == size


def test_an_interrupted_run_says_so_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    many_rows(tmp_path, times=20)  # so that the signal comes before the end, however fast it is read
    with on_terminal(tmp_path, 100, "sigmoid(x)*x", "t.csv", "-o", "out.jsonl") as (running, own):
        drawn(own, "left")
        running.send_signal(signal.SIGINT)
        last = drawn(own)[-1]
        assert running.wait() == 130
    assert re.fullmatch(r"interrupted after [\d,]+ rows, and nothing of them is in out.jsonl\r\n", last)
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_a_bad_row_takes_the_line_away(tmp_path: Path) -> None:
    many_rows(tmp_path)
    with (tmp_path / "t.csv").open("a") as file:
        file.write("abc\n")
    with on_terminal(tmp_path, 100, "sigmoid(x)*x", "t.csv", "-o", "out.jsonl") as (running, own):
        last = drawn(own)[-1]
        assert running.wait() == 1
    assert "t.csv:150002: column 'x'" in last


# ── a cluster ──


def test_an_engine_is_plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    from backprop.errors import Problem
    from backprop.rows import engines

    def backwards(jobs: Any, work: Any, scheduler: Any) -> Any:
        assert scheduler == "there"
        for job in reversed(jobs):
            yield job, work(job)

    class Point:
        name = "backwards"

        def load(self) -> Any:
            return backwards

    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda group: [Point()] if group == "backprop.engines" else []
    )
    make_parts(tmp_path / "in", 3, rows=2)
    from backprop.cli import main

    words = ["map", "x*2", str(tmp_path / "in"), "-o", f"{tmp_path / 'out'}/", "--engine", "backwards"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--scheduler", "there"])
    assert ended.value.code == 0
    order = [json.loads(line)["part"] for line in (tmp_path / "out" / ".backprop.jsonl").read_text().splitlines()]
    assert order == ["part02.csv", "part01.csv", "part00.csv"]
    with pytest.raises(Problem, match="no engine bakwards"):
        engines.engine("bakwards")


@needs("pyspark", "spark")
@needs("pandas", "spark")
@pytest.mark.skipif(not shutil.which("java"), reason="Spark needs Java")
def test_spark_maps_in_arrow(tmp_path: Path) -> None:
    code = (
        "import sys, os; os.environ.update(PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP='127.0.0.1')\n"
        "from pyspark.sql import SparkSession; from backprop.rows import arrow_mapper\n"
        "builder = SparkSession.builder.master('local[1]').config('spark.ui.enabled', 'false')\n"
        "spark = builder.config('spark.log.level', 'ERROR').getOrCreate()\n"
        "rows = spark.createDataFrame([(float(n), n / 7) for n in range(100)], 'x double, y double')\n"
        "add = arrow_mapper('x*y^2')\n"
        "found = rows.mapInArrow(add, add.schema('x double, y double')).collect()\n"
        "assert [(r.x, r.f, r.df_dy) for r in found] == [(r.x, r.x*(r.y*r.y), 2*r.y*r.x) for r in found]\n"
        "assert len(found) == 100\n"
        "rows = spark.createDataFrame([([float(n), n / 7],) for n in range(9)], 'x array<double>')\n"
        "add = arrow_mapper('sum((W @ x)^2)', given={'W': [[1, 2], [3, 4]]}, wrt=['x', 'W'])\n"
        "for row in rows.mapInArrow(add, add.schema('x array<double>')).collect():\n"
        "    a, b = row.x[0] + 2*row.x[1], 3*row.x[0] + 4*row.x[1]\n"
        "    want = [a*a + b*b, 2*a + 6*b, 4*a + 8*b, 2*b*row.x[0]]\n"
        "    found = [row.f, *row.df_dx, row.df_dW[1][0]]\n"
        "    assert all(abs(x - y) <= 1e-12 * (1 + y) for x, y in zip(found, want, strict=True)), row"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@contextmanager
def cluster(tmp_path: Path, count: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its workers, each of which takes a tenth of a second for a part."""

    def started(*words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    processes = [started(SCHEDULER, str(tmp_path / "address"))]
    try:
        deadline = time.monotonic() + 30
        while not (tmp_path / "address").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = (tmp_path / "address").read_text()
        workers = [started(WORKER, address) for _ in range(count)]
        processes += workers
        yield address, workers
    finally:
        for process in processes:
            process.kill()
            process.wait()


def on_cluster(expression: str, address: str, tmp_path: Path) -> subprocess.Popen[str]:
    command = [
        str(BIN / "backprop"),
        "map",
        expression,
        "in/",
        "-o",
        "out/",
        "--engine",
        "dask",
        "--scheduler",
        address,
    ]
    return subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@needs("distributed", "dask")
@pytest.mark.parametrize("bad", [None, 5])
def test_a_worker_that_is_killed_loses_no_row(tmp_path: Path, bad: int | None) -> None:
    make_parts(tmp_path / "in", 24, rows=400)
    if bad is not None:
        (tmp_path / "in" / f"part{bad:02}.csv").write_bytes(b"id,x\n1,abc\n")
    with cluster(tmp_path, 2) as (address, workers), on_cluster("x^2", address, tmp_path) as running:
        deadline = time.monotonic() + 30
        while len(list((tmp_path / "out").glob("*.csv"))) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert running.poll() is None
        workers[0].kill()
        out, said = running.communicate(timeout=60)
    assert out == ""
    if bad is None:
        assert (running.returncode, said) == (0, "")
    else:
        assert running.returncode == 1, said
        assert f"part{bad:02}.csv:2: column 'x': expected a number" in said
        assert said.count("\n") == 1
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if path.name != ".backprop.jsonl")
    assert names == [f"part{n:02}.csv" for n in range(24) if n != bad]
    for name in names:
        lines = (tmp_path / "out" / name).read_text().splitlines()[1:]
        first = int(name[4:6]) * 400
        assert [int(line.split(",")[0]) for line in lines] == list(range(first, first + 400))


@needs("distributed", "dask")
@needs("polars", "table")
@pytest.mark.parametrize("damage", ["cut off", "garbled"])
def test_a_part_that_cannot_be_read_is_named_and_all_others_are_written(tmp_path: Path, damage: str) -> None:
    import polars as pl

    (tmp_path / "in").mkdir()
    for part in range(6):
        frame = pl.DataFrame({"id": range(part * 1000, part * 1000 + 1000), "x": [row / 7 for row in range(1000)]})
        frame.write_parquet(tmp_path / "in" / f"part{part}.parquet")
    broken = tmp_path / "in" / "part3.parquet"
    data = broken.read_bytes()
    half = len(data) // 2
    broken.write_bytes(data[:half] if damage == "cut off" else data[:40] + b"\xff" * (half - 40) + data[half:])
    with cluster(tmp_path, 1) as (address, _), on_cluster("x^2", address, tmp_path) as running:
        _, said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert "part3.parquet" in said
    assert said.count("\n") == 1
    names = sorted(path.name for path in (tmp_path / "out").iterdir() if path.name != ".backprop.jsonl")
    assert names == [f"part{part}.parquet" for part in range(6) if part != 3]
    for name in names:
        first = int(name[4]) * 1000
        assert pl.read_parquet(tmp_path / "out" / name)["id"].to_list() == list(range(first, first + 1000))


SCHEDULER = """
import asyncio, os, sys
from distributed import Scheduler
async def main():
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        with open(sys.argv[1] + "~", "w") as file:
            file.write(scheduler.address)
        os.replace(sys.argv[1] + "~", sys.argv[1])
        await scheduler.finished()
asyncio.run(main())
"""
WORKER = """
import asyncio, sys, time
from distributed import Worker
import backprop.rows.engines as engines
plain = engines.PartWork.__call__
def slow(self, job):
    time.sleep(0.1)
    return plain(self, job)
engines.PartWork.__call__ = slow
async def main():
    async with Worker(sys.argv[1], host="127.0.0.1", nthreads=1, dashboard=False) as worker:
        await worker.finished()
asyncio.run(main())
"""
