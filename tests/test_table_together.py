"""Many small parts, read and written together: byte for byte what each alone gives."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("polars")

from backprop.cli import main
from backprop.rows import engines, folders, together
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.options import Options

ODD = [
    '"1",2,"b"', '1,2,"x""y"', '"1"2,3,c', '1,2,"a\r\nb"', "1,2,a\r", "nan,2,a", "NaN,inf,", "1,2", "-inf,1e400,x",
    "0.00012,123e20,\u00e9", "1,2,3,4", ",2,a", "1,,a", "", "   ", "NA,2,a", '1,2,a"b', '1,2,"open', "1,x,", "3e-6,1,",
]  # fmt: skip
HEADS = ["x,y,s", "x,y,s", '"x",y,s', "x, y ,s", "y,x,s", "x,y", "x,y,s,f", "\nx,y,s", 'x,y,"s']
OBJECTS = [
    '{"x":1,"y":2.5,"s":"a"}', '{"x":1,"y":2,"s":"a","t":1}', '{"y":1,"x":2,"s":null}', '{"x":null,"y":2,"s":"\u00e9"}',
    '{"x":1e400,"y":2,"s":"b"}', '{"x":1}', "[1, 2]", "", '{"x":1,"y":2,"s":"a"} {"x":2,"y":3,"s":"b"}', "nothing",
    '{"x":1,"y":2,"f":1}', '{"x":NaN,"y":1,"s":""}', '{"x":1,"y":-0,"s":"c"}',
]  # fmt: skip


def done(folder: Path, out: str, many: int, monkeypatch: pytest.MonkeyPatch, **options: Any) -> tuple[Any, ...]:
    """What comes of the parts in a folder, and how many groups of them were read together."""
    monkeypatch.setattr(together, "MANY", many)
    mapper, chosen = Mapper("x*y + 1e-7*x", notes=True), Options(errors_to="bad.jsonl", **options)
    sources = sorted(map(str, (folder / "in").iterdir()))
    jobs, _ = folders.jobs(sources, str(folder / out), mapper, chosen, False)
    report, parts = together.Report(), []
    for job, part in engines.local(jobs, engines.PartWork(mapper, chosen), None):
        report.join(part.report or together.Report())
        said = part.report and (part.report.rows, part.report.bad, part.report.collected)
        parts.append((Path(job.target).name, part.failure, said))
    written = {path.name: path.read_bytes() for path in (folder / out).iterdir()}
    return written, parts, report.rows, report.bad, report.told


@pytest.mark.parametrize("errors", ["fail", "skip", "null"])
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_small_parts_together_give_the_same_bytes(
    errors: str, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(3)
    (tmp_path / "in").mkdir()
    for turn in range(12):
        for part in range(12):
            odd = dice.random() < 0.08 * (turn % 4)
            rows = [dice.choice(["1.5,2.25,a", '1.5,-2,"a"'] if form == "csv" else OBJECTS[:1])] * dice.randrange(1, 9)
            if odd:
                rows.insert(dice.randrange(len(rows) + 1), dice.choice(ODD if form == "csv" else OBJECTS))
            if form == "csv":
                rows.insert(0, dice.choice(HEADS) if odd and dice.random() < 0.3 else "x,y,s")
            end = dice.choice(["\n", "\r\n"])
            text = dice.choice(["", "\ufeff"]) + end.join(rows) + dice.choice(["", end])
            (tmp_path / "in" / f"{part:02}.{form}").write_bytes(dice.choice([text.encode()] * 30 + [b"", b"\xff"]))
        options = {"errors": errors, "nulls": dice.choice([("",), ("", "NA")]), "only_new": dice.random() < 0.3}
        alone, grouped = [done(tmp_path, "out", many, monkeypatch, **options) for many in (1000, 1)]
        assert grouped == alone, (turn, options)


@pytest.mark.parametrize("errors", ["fail", "skip", "null"])
def test_small_parts_of_parquet_together_give_the_same_bytes(
    errors: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import polars as pl

    (tmp_path / "in").mkdir()
    plain = pl.DataFrame({"x": [1.5, None, 1e200], "y": [1, 2, 3], "s": ["a", None, "é" * 20], "d": [[1], [], None]})
    odd = [
        plain.select("y", "x", "s", "d"), plain.drop("s"), plain.head(0), plain.rename({"s": "f"}), plain.select("x"),
        plain.with_columns(pl.col("y").cast(pl.Float32)), plain.with_columns(y=pl.lit("no number")), None,
    ]  # fmt: skip
    parts = [plain, plain.reverse(), plain.head(1), plain.with_columns(x=pl.lit(None, float))]
    for number, part in enumerate([*parts, *(frame for one in odd for frame in (one, plain, plain.tail(2)))]):
        path = tmp_path / "in" / f"{number:02}.parquet"
        path.write_bytes(b"PAR1") if part is None else part.write_parquet(path)
    forms: list[dict[str, Any]] = [{"errors": errors, "only_new": only_new} for only_new in (False, True)]
    grouped = [done(tmp_path, f"out{place}", 1, monkeypatch, **form) for place, form in enumerate(forms)]
    monkeypatch.setattr(together, "SMALL", 0)
    alone = [done(tmp_path, f"alone{place}", 1, monkeypatch, **form) for place, form in enumerate(forms)]
    assert grouped == alone


def test_small_parts_are_read_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    (tmp_path / "in").mkdir()
    for part in range(40):
        (tmp_path / "in" / f"{part:02}.csv").write_text("x,y,s\n1,2,a\n" + "3,,b\n" * (part == 30))
    (tmp_path / "in" / "21.csv").write_text("x,y,s\n1,2,a\n3,oh,b\n")
    pl.DataFrame({"x": [1, 2], "y": [0.5, 1.5]}).write_parquet(tmp_path / "in" / "50.parquet")
    pl.DataFrame({"x": [3, 4], "y": [0.5, None]}).write_parquet(tmp_path / "in" / "51.parquet")
    monkeypatch.setattr(engines.PartWork, "__call__", lambda *_: pytest.fail("a part was read alone"))
    written, parts, rows, bad, _ = done(tmp_path, "out", 1, monkeypatch, errors="skip")
    assert (rows, bad, len(parts)) == (45, 1, 42)
    assert written["21.csv"] == b"x,y,s,f,df_dx,df_dy\n1,2,a,2.0000001,2.0000001,1.0\n"


def test_bad_rows_of_all_parts_are_collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for part, row in enumerate(["1,a", "2,3", "b,4"]):
        (tmp_path / "in" / f"{part}.csv").write_text(f"x,y\n1,2\n{row}\n")
    monkeypatch.chdir(tmp_path)
    command = ["map", "x*y", "in", "-o", "out/", "--errors", "skip", "--errors-to", "bad.jsonl", "--quiet"]

    def collected() -> list[tuple[str, int]]:
        rows = [json.loads(line) for line in Path("bad.jsonl").read_text().splitlines()]
        return [(Path(row["file"]).name, row["line"]) for row in rows]

    with pytest.raises(SystemExit):
        main(command)
    assert collected() == [("0.csv", 3), ("2.csv", 3)]
    Path("out", "2.csv").unlink()
    with pytest.raises(SystemExit):
        main([*command, "--resume"])
    assert collected() == [("0.csv", 3), ("2.csv", 3), ("2.csv", 3)]


def test_parts_of_few_bytes_and_many_rows_go_alone(tmp_path: Path) -> None:
    import polars as pl

    from backprop.rows.tables import frames

    rows = frames.MOST_TOGETHER // 4 + 1
    paths = [str(tmp_path / f"{part}.parquet") for part in range(4)]
    for path in paths:
        pl.DataFrame({"x": pl.repeat(1.5, rows, eager=True)}).write_parquet(path)
    assert all(Path(path).stat().st_size < together.SMALL for path in paths)
    found = [frames.together(paths[:count], Mapper("x^2"), Options(), together.Report()) for count in (3, 4)]
    assert [one and len(one) for one in found] == [3, None]
