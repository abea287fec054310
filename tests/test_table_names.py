"""Columns as they are called: any text in backticks, with a point, renamed, or spelt in Unicode's other way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backprop.rows.compute.column_names import Called
from conftest import in_process

TABLE = "Culmen Length (mm),a.x,y,y,\n3,2,7,8,9\n"
CULMEN = "'2 * `Culmen Length (mm)`'"


def mapped(command: str, folder: Path, given: str = TABLE, form: str = "csv") -> list[str]:
    found = in_process(f"backprop map {command} --from {form}", folder, given)
    assert not found.returncode, found.stderr
    return found.stdout.splitlines()


@pytest.mark.parametrize(
    ("command", "head", "row"),
    [
        (CULMEN, "f,df_dCulmen Length (mm)", "6.0,2.0"),
        ("'a.x * 5'", "f,df_da.x", "10.0,5.0"),
        ("'a.x.relu() * 5'", "f,df_da.x", "10.0,5.0"),
        ("'`a.x` * 5'", "f,df_da.x", "10.0,5.0"),
        ("'length * a.x' --rename 'Culmen Length (mm)=length'", "f,df_dlength,df_da.x", "6.0,2.0,3.0"),
        ("'length * z' --rename 'Culmen Length (mm)=length' --z 2 --hessian", "f,df_dlength,d2f_dlength_dlength", ""),
        ("'nine * 2' --rename =nine", "f,df_dnine", "18.0,2.0"),
        ("'e * 2' --rename a.x=e", "f,df_de", "4.0,2.0"),
        ("'b * `Culmen Length (mm)` * a.x' --b 1 --wrt '`a.x`,b'", "f,df_da.x,df_db", "6.0,3.0,6.0"),
    ],
)
def test_columns_are_called_as_they_are(command: str, head: str, row: str, tmp_path: Path) -> None:
    first, second = mapped(f"{command} --only-new", tmp_path)
    assert first == head
    assert second == row or not row


def test_the_table_itself_goes_through_with_headers_that_are_twice_there_or_empty(tmp_path: Path) -> None:
    head, row = mapped(CULMEN, tmp_path)
    assert head.startswith("Culmen Length (mm),a.x,y,y,,")
    assert row.startswith("3,2,7,8,9,")
    assert in_process("backprop map 2*y --from csv", tmp_path, TABLE).returncode == 2
    assert "2 columns called y" in in_process("backprop map 2*y --from csv", tmp_path, TABLE).stderr
    assert "two columns called y" in in_process(f"backprop map {CULMEN} --from csv --to jsonl", tmp_path, TABLE).stderr
    assert mapped(f"{CULMEN} --only-new --to jsonl", tmp_path) == ['{"f":6.0,"df_dCulmen Length (mm)":2.0}']


def test_a_formula_in_columns_of_any_name_in_every_form(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"a b": [1.5], "a.x": [True]})
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.csv")
    frame.write_ndjson(tmp_path / "t.jsonl")
    for name in ("t.parquet", "t.csv", "t.jsonl"):
        found = in_process(f"backprop map '`a b` * a.x' {name} --to jsonl --only-new", tmp_path)
        assert json.loads(found.stdout) == {"f": 1.5, "df_da b": 1, "df_da.x": 1.5}, (name, found.stderr)


@pytest.mark.parametrize(("typed", "written"), [("caf\u00e9", "cafe\u0301"), ("cafe\u0301", "caf\u00e9")])
def test_names_are_compared_as_unicode_says(typed: str, written: str, tmp_path: Path) -> None:
    assert mapped(f"'2*{typed}'", tmp_path, f"{written}\n3\n") == [f"{written},f,df_dcaf\u00e9", "3,6.0,2.0"]
    assert mapped(f"'2*{typed}' --only-new", tmp_path, f'{{"{written}":3}}\n', "jsonl")[0].startswith('{"f":6.0')


def test_places_in_messages_are_those_of_what_was_typed(tmp_path: Path) -> None:
    said = in_process("backprop map '`a b` * ) 2'", tmp_path).stderr
    assert "  `a b` * ) 2\n          ^" in said
    assert "`a b`" in in_process("backprop map '`a b` * 2' --wrt y", tmp_path).stderr


def test_texts_and_comments_hold_no_names() -> None:
    text = '"`a b`" # `c d`\n`e f`'
    called = Called(text, {})
    assert len(called.text) == len(text)
    assert list(called.spelt.values()) == ["e f"]
    assert Called("`x y` + `x_y` + _x_y_", {}).text.split(" + ")[0] != "_x_y_"
    assert Called("`x` * x", {}).text.split() == ["x", "*", "x"]


@pytest.mark.parametrize(
    ("form", "table"), [("csv", "a,x\n5,2\n"), ("jsonl", '{"a":5,"x":2}\n'), ("tsv", "a\tx\n5\t2\n")]
)
@pytest.mark.parametrize("command", ["'a*x' --a 1", "'a = 1; a*x'", "'a*x' --set a=1 --only-new"])
def test_a_value_that_hides_a_column_is_an_error(command: str, form: str, table: str, tmp_path: Path) -> None:
    found = in_process(f"backprop map {command} --from {form}", tmp_path, table)
    assert found.returncode == 2
    assert "a column a" in found.stderr
    assert in_process(f"backprop map 'b*x' --b 1 --from {form}", tmp_path, table).returncode == 0


@pytest.mark.parametrize(("form", "table"), [("csv", "A,b,c\n1,2,3\n"), ("jsonl", '{"A":1,"b":2,"c":3}\n')])
def test_a_new_name_that_hides_a_column_is_an_error(form: str, table: str, tmp_path: Path) -> None:
    found = in_process(f"backprop map 'b*c' --rename A=b --from {form}", tmp_path, table)
    assert found.returncode == 2
    assert "a column b, and its A is called b, too" in found.stderr
    exchanged = in_process(f"backprop map 'A - b' --rename A=b --rename b=A --only-new --from {form}", tmp_path, table)
    assert ("1.0,1.0,-1.0" in exchanged.stdout) == (form == "csv")


def test_a_later_row_of_json_does_not_bring_a_column_that_is_hidden(tmp_path: Path) -> None:
    found = in_process("backprop map 'a*x' --a 2", tmp_path, '{"x":1}\n{"x":1,"a":3}\n')
    assert found.returncode == 2
    assert "standard input:2" in found.stderr


def test_booleans_are_one_and_nought_and_text_and_bytes_never_numbers(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    polars = pytest.importorskip("polars")
    assert mapped("x*y --only-new", tmp_path, "x,y\ntrue,FALSE\nTrue,2\n") == [
        "f,df_dx,df_dy",
        "0.0,0.0,1.0",
        "2.0,2.0,1.0",
    ]
    given = '{"x":true,"y":3}\n{"x":false,"y":null}\n'
    assert json.loads(mapped("x*y --only-new", tmp_path, given, "jsonl")[0])["f"] == 3
    polars.DataFrame({"x": [True, None], "t": ["1", "2"], "b": [b"1", b"2"]}).write_parquet(tmp_path / "t.parquet")
    assert mapped("2*x t.parquet --to csv --only-new", tmp_path, "", "parquet") == ["f,df_dx", "2.0,2.0", ","]
    for name in "tb":
        assert "expected numbers" in in_process(f"backprop map 2*{name} t.parquet --to csv --only-new", tmp_path).stderr
    import backprop
    from backprop.rows import arrow_mapper

    add = arrow_mapper("2*x", only_new=True)
    (batch,) = add([pyarrow.record_batch({"x": pyarrow.array([True, False])})])
    assert batch.column(0).to_pylist() == [2, 0]
    for wrong in (["1"], [b"1"]):
        with pytest.raises(backprop.Problem, match="expected numbers"):
            list(add([pyarrow.record_batch({"x": pyarrow.array(wrong)})]))
