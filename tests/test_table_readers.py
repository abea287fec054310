"""Odd tables of text: one result, byte for byte, whichever reader reads them and whichever way they come and go."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import backprop
from backprop.rows.compute import mapper
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import map_files
from backprop.rows.tables import delimited, lines
from backprop.rows.tables.options import Options, quick_objects, quick_rows
from conftest import in_process, shell

ODD = [
    "1,2,a", '"1",2,"b"', '1,2,"x""y"', '"1"2,3,c', '1,2,"a\r\nb"', '1,2,"a,b"', "1,2,a\r", "nan,2,a", "NaN,inf,",
    "1,2", "-inf,1e400,x", "1_0,2,a", "1e-5,1e-7,", "0.00012,123e20,\u00e9", "true,FALSE,z", "1,2,3,4", ",2,a",
    "1,,a", "0x10,2,a", " 1 , 2 ,c", "", "   ", "NA,2,a", '"",1,b', "-999,2,b", '1,2,a"b', "+1,-0,q", "1,2,",
    "3e-6,1,", "\u0661,1,a",
]  # fmt: skip
SEED = 5


def ran(table: Path, large: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Any, ...]:
    """What comes of a table: the report or the mistake, the output, and what was collected of bad rows."""
    monkeypatch.setattr(lines, "LARGE", large)
    target, collected = table.with_name("out.csv"), table.with_name("bad.jsonl")
    said: Any
    try:
        report = map_files(
            Mapper("x*y + 1e-7*x", notes=True), [str(table)], str(target),
            Options(errors_to=str(collected), **options),
        )  # fmt: skip
        said = report.rows, report.bad, report.tally.rows, report.remarks
    except backprop.Problem as problem:
        said = problem.message.replace(str(table), ""), problem.hint
    written = target.read_bytes() if target.exists() else None
    target.unlink(missing_ok=True)
    return said, written, collected.read_text()


@pytest.mark.parametrize("errors", ["fail", "skip", "null"])
@pytest.mark.parametrize("nulls", [("",), ("", "NA"), ("", "-999")])
def test_odd_tables_have_one_result(
    errors: str, nulls: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("polars")
    dice = random.Random(SEED)
    for _ in range(60):
        rows = [dice.choice(["1.5,2.25,a", '1.5,2.25,"a"'])] * dice.choice([0, 6, 30, 300])
        for odd in dice.sample(ODD, dice.choice([1, 2, 3, 5])):
            rows.insert(dice.randrange(len(rows) + 1), odd)
        end = dice.choice(["\n", "\r\n"])
        text = dice.choice(["", "\ufeff"]) + "x,y,s\n" + end.join(rows) + dice.choice(["", end])
        (tmp_path / "t.csv").write_bytes(text.encode())
        options = {"errors": errors, "nulls": nulls, "only_new": dice.random() < 0.3, "total": dice.random() < 0.3}
        careful = ran(tmp_path / "t.csv", 1 << 40, monkeypatch, **options)
        assert ran(tmp_path / "t.csv", 0, monkeypatch, **options) == careful, text


ODD_OBJECTS = [
    '{"x":1,"y":2}', '{"x":-0,"y":2} ', '{"x":1,"y":NaN}', '{"x":1,"y":"Infinity"}', '{"x":1,"x":2,"y":3}', "[]",
    '{"x":1e-5,"y":1,"t":"a:b"}', '{"y":1e200,"x":1e200}', '{"y":1}', '{"x":1,"y":true}\t', "", '{"x":3e-7,"y":1e-9}',
    '{"x":1,"y":2,"s":"\u00e9,}"}', "{}", '{"x":1e300,"y":-1e300}', '{"x":null,"y":1}', '{"x":1,"y":null,"s":"b"}',
    '{"x":-0.0,"y":12e-1,"s":null}', '{"x":1e999,"y":2,"s":"c"}', '{"x":01,"y":2,"s":"c"}', '{"x":1.,"y":2,"s":"c"}',
    '{"x":1,"y":2,"s":"\\""}', '{"x":1,"y":2,"s":"\t"}', '{"x":1,"y":2,"s":"a"},', ' { "x" : 1 , "y" : 2,"s":"d" }',
    '{"x":1,"y":2,"s":{"x":3}}', '{"x":+1,"y":2,"s":"c"}', '{"x":1' + "0" * 400 + ',"y":2,"s":"c"}',
    '{"x":inf,"y":2,"s":"c"}', '{"x":1e-400,"y":2,"s":true}', '{"x":1,"y":2,"s":"a"}{"x":1,"y":2,"s":"a"}',
    '{"x":1,"y":2,"s":9' + "9" * 4400 + "}",
]  # fmt: skip


@pytest.mark.parametrize("errors", ["fail", "skip", "null"])
def test_odd_objects_have_one_result(errors: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("polars")
    dice = random.Random(SEED)
    tables = [[odd] * 3 for odd in ODD_OBJECTS]
    for _ in range(40):
        rows = ['{"x":1.5,"y":2.25,"s":"a"}'] * dice.choice([0, 6, 30])
        for odd in dice.sample(ODD_OBJECTS, dice.choice([1, 2, 3, 5])):
            rows.insert(dice.randrange(len(rows) + 1), odd)
        tables.append(rows)
    for rows in tables:
        (tmp_path / "t.jsonl").write_text("\n".join(rows) + dice.choice(["", "\n"]))
        options = {"errors": errors, "only_new": dice.random() < 0.2, "target_format": "jsonl"}
        options["total"] = dice.random() < 0.2
        careful = ran(tmp_path / "t.jsonl", 1 << 40, monkeypatch, **options)
        assert ran(tmp_path / "t.jsonl", 0, monkeypatch, **options) == careful, rows


def test_the_quick_reader_reads_what_it_can(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    product = Mapper("x*y")
    judge = Options(errors="skip").judge("csv", None)
    reader = delimited.Reader("t", ["x", "y", "s"], product, judge, delimited.PLAIN, "csv", frozenset([""]))
    for row in ("1,2,a", '"1",2,"a,b"', "1,,a", "oops,2,a", "1,2,3,4", "1,2"):
        assert quick_rows(f"1,2,a\n{row}\n3,4,b\n".encode(), 2, reader) is not None, row
    assert quick_rows(b'1,2,"a\nb"\n', 2, reader) is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ('{"x":1,"y":null,"s":"}"}\n{"x":-0.5e3, "y": 2,"s":false}\n', True),
        ('{"s p":"\u00e9","y":1,"x":1}\r\n{"s p":"","y":1,"x":1}', True),
        ('{"x":1,"y":2}\n{"y":2,"x":1}\n', False),
        ('{"x":1,"y":2}\n{"x":true,"y":1}\n', False),
        ('{"x":1,"y":2,"x":3}\n' * 2, False),
        ('{"x":1,"y":2,"a\\u0062":3}\n' * 2, False),
        ('{"x":1,"z":2}\n' * 2, False),
    ],
)
def test_the_quick_reader_reads_objects_that_look_alike(text: str, sure: bool) -> None:
    pytest.importorskip("polars")
    batch = quick_objects(text.encode(), 1, Mapper("x*y"))
    assert (batch is not None) == sure


def test_a_pipe_and_a_file_and_any_size_are_one_way(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    assert polars
    rows = "".join(f'{row / 7},{(row % 100) * 1e-6},"a ""{row}"""\n' for row in range(700_000))
    (tmp_path / "t.csv").write_text("x,y,s\n" + rows + "oops,1,2\n" + "1,2,3\n")
    assert (tmp_path / "t.csv").stat().st_size > lines.LARGE
    command = "backprop map 'x*y' --errors skip --quiet"
    shell(f"{command} t.csv -o a.csv; {command} --from csv < t.csv > b.csv; {command} t.csv > c.csv", tmp_path)
    shell(f"head -300000 t.csv | {command} --from csv > d.csv", tmp_path)
    whole = (tmp_path / "a.csv").read_bytes()
    assert whole.count(b"\n") == 700_002
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "c.csv").read_bytes() == whole
    assert whole.startswith((tmp_path / "d.csv").read_bytes())


@pytest.mark.parametrize("errors", ["fail", "skip"])
def test_a_row_with_too_many_fields_is_told_wherever_it_is(
    errors: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("polars")
    for plain, odd in (('"a",1,2', '"a",1,2,3'), ('"a,b",1,2', '"a,b",1,2,'), ('"a\nb",1,', '"a",1,2,')):
        rows = [plain] * 400
        rows[300] = odd
        (tmp_path / "t.csv").write_text("\n".join(["s,x,y", *rows, ""]))
        careful = ran(tmp_path / "t.csv", 1 << 40, monkeypatch, errors=errors, total=True)
        assert ran(tmp_path / "t.csv", 0, monkeypatch, errors=errors, total=True) == careful
        assert "expected 3 columns, got 4" in f"{careful}"


def test_the_compiled_program_takes_over_at_one_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llvmlite")
    monkeypatch.setattr(mapper, "WORTH_COMPILING", 20_000)
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{row / 700},{row % 9}\n" for row in range(20_000)))
    written = []
    for block, large in ((1 << 12, 1 << 40), (1 << 18, 1 << 40), (1 << 14, 0)):
        monkeypatch.setattr(lines, "BLOCK", block)
        monkeypatch.setattr(lines, "LARGE_BLOCK", block)
        monkeypatch.setattr(lines, "LARGE", large)
        made = Mapper("exp(-x)*sin(y)", notes=True)
        for _ in range(2):  # what was mapped before makes no difference
            map_files(made, [str(tmp_path / "t.csv")], str(tmp_path / "out.csv"), Options())
            written.append((tmp_path / "out.csv").read_bytes())
        assert not made.remark
    assert len(set(written)) == 1


def test_an_end_of_line_in_a_cell_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b'x,s\r\n1,"a\r\nb"\r\n2,c\r\n')
    in_process("backprop map 2*x t.csv -o out.csv", tmp_path)
    assert (tmp_path / "out.csv").read_bytes() == b'x,s,f,df_dx\n1,"a\r\nb",2.0,2.0\n2,c,4.0,2.0\n'
