"""Tables as they come: empty ones, torn ones, and the numbers of JSON lines as fields between their marks."""

from __future__ import annotations

from pathlib import Path

import pytest

import backprop
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import map_files
from backprop.rows.tables.options import Options, quick_objects


def mapped(folder: Path, text: str, source: str, target: str) -> str:
    """What comes of a table."""
    (folder / source).write_text(text)
    map_files(Mapper("x*y"), [str(folder / source)], str(folder / target), Options())
    return (folder / target).read_text()


@pytest.mark.parametrize("text", ["[]", " [\n] \n", "\ufeff[ ]"])
def test_an_array_of_nothing_is_an_empty_table(text: str, tmp_path: Path) -> None:
    assert mapped(tmp_path, text, "t.json", "out.json") == "[]\n"
    assert mapped(tmp_path, "[]\n", "t.json", "out.csv") == "x,y,f,df_dx,df_dy\n"


@pytest.mark.parametrize("text", ['[{"x":1,"y":2}', '[{"x":1,"y":2},\n', '[\n{"x":1,"y":2},{"x":2,"y":3} '])
def test_an_array_that_is_torn_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(backprop.Problem, match="the array has no end"):
        mapped(tmp_path, text, "t.json", "out.json")


@pytest.mark.parametrize("target", ["out.csv", pytest.param("out.parquet", id="frames")])
def test_a_table_of_blank_lines_is_empty(target: str, tmp_path: Path) -> None:
    if target.endswith("parquet"):
        pytest.importorskip("polars")
    with pytest.raises(backprop.Problem, match="is empty"):
        mapped(tmp_path, "\n\r\n  \n", "t.csv", target)


@pytest.mark.parametrize(
    "lines",
    [
        ['{"x":-0,"y":1e5}', '{"x":9007199254740993,"y":5e-324}'],
        ['{"x": 0.1, "y": 2}', '\t{ "x" : -1.5e+3 ,"y":2} ', '{"x":1,"y":123456789012345678901}'],
        ['{"y":1,"s":"a,b:c}","x":2}', '{"y":3,"s":null,"x":4}'],
        ['{"y":1,"s":",","x":2}', '{"y":null,"s":"","x":4}'],
        ['{"a,b":7,"x:":1,"x":2,"y":3}'] * 2,
        ['{"\u00e9":true,"x":2,"1":8,"y":3}'] * 2,
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_numbers_between_marks_are_those_of_json(lines: list[str], end: str) -> None:
    import json

    pytest.importorskip("polars")
    batch = quick_objects(end.join(lines).encode(), 1, Mapper("x*y"))
    assert batch is not None
    records = [json.loads(line, parse_int=float) for line in lines]
    for name in ("x", "y"):
        told = [None if row in batch.missing else repr(value) for row, value in enumerate(batch.columns[name].tolist())]
        nothing = [record["x"] is None or record["y"] is None for record in records]
        wanted = [None if gone else repr(record[name]) for gone, record in zip(nothing, records, strict=True)]
        assert told == wanted


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("_error = x*y", Options(errors="null"), "two columns would be called _error"),
        ("rows = x*y", Options(total=True), "two sums would be called rows"),
        ("x*y", Options(encoding="utf-16"), "is not utf-16"),
        ("x*y", Options(encoding="base64"), "there is no encoding base64"),
        ("x*y", Options(errors="skip", errors_to="no/such.jsonl"), "cannot write no/such.jsonl"),
    ],
)
def test_what_cannot_be_is_told(text: str, options: Options, told: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    with pytest.raises(backprop.Problem, match=told):
        map_files(Mapper(text), [str(tmp_path / "t.csv")], str(tmp_path / "out.csv"), options)


def test_sums_of_both_infinities_are_told_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x\n1\n-3\n")
    map_files(Mapper("1e308*x*10"), [str(tmp_path / "t.csv")], str(tmp_path / "out.csv"), Options(total=True))
    assert (tmp_path / "out.csv").read_text() == "rows,f,df_dx\n2,nan,inf\n"


@pytest.mark.parametrize("sources", [["none.csv"], ["t.csv", "none.parquet"], ["none/"]])
def test_what_is_not_there_was_asked_for_wrongly_and_nothing_is_begun(sources: list[str], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    paths = [f"{tmp_path}/{source}" for source in sources]
    with pytest.raises(backprop.Problem, match=r"cannot read .*none.*: No such file or directory") as found:
        backprop.map_files("x*y", paths, str(tmp_path / "out.csv"))
    assert found.value.status == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]
