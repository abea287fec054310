"""Runs that share a target, and runs that are ended: what is there is whole, and of one run."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backprop.rows.compute.mapper import Mapper
from backprop.rows.engines import PartWork, local
from backprop.rows.folders import jobs
from backprop.rows.tables import locks
from backprop.rows.tables.files import whole
from backprop.rows.tables.locks import LOCK, owned
from backprop.rows.tables.options import Options
from conftest import BIN, in_process, shell

PARTS = 6
PAIRS = 30


def folder_of_parts(folder: Path, rows: int = 400) -> None:
    (folder / "in").mkdir()
    for part in range(PARTS):
        lines = "".join(f'{{"x":{part * rows + row}}}\n' for row in range(rows))
        (folder / "in" / f"part-{part}.jsonl").write_text(lines)


def started(command: list[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([str(BIN / "backprop"), *command], cwd=folder, stderr=subprocess.PIPE, text=True)


def formula_of(part: Path) -> float:
    """By what a part was made: each of its rows says the same."""
    rows = [json.loads(line) for line in part.read_text().splitlines()]
    assert len(rows) == 400
    (found,) = {row["df_dx"] for row in rows}
    return float(found)


def pair(folder: Path, dice: random.Random) -> list[int]:
    """Two runs that overlap, into one folder."""
    first = started(["map", "2*x", "in", "-o", "out"], folder)
    time.sleep(dice.random() * 0.4)
    second = started(["map", "3*x", "in", "-o", "out"], folder)
    said = [run.communicate(timeout=120)[1] for run in (first, second)]
    for run, text in zip((first, second), said, strict=True):
        assert run.returncode in (0, 2), text
        assert run.returncode == 0 or re.search(r"another run \(since .*\) is writing into out", text), text
    return [first.returncode, second.returncode]


def test_overlapping_runs_into_one_folder_are_never_mixed_and_none_is_lost(tmp_path: Path) -> None:
    folder_of_parts(tmp_path)
    dice = random.Random(PAIRS)
    for _ in range(PAIRS):
        assert 0 in pair(tmp_path, dice)
        names = sorted(path.name for path in (tmp_path / "out").iterdir())
        assert names == [".backprop.jsonl", *(f"part-{part}.jsonl" for part in range(PARTS))]
        assert len({formula_of(part) for part in (tmp_path / "out").glob("part-*")}) == 1


def test_overlapping_runs_into_one_file_are_each_whole(tmp_path: Path) -> None:
    folder_of_parts(tmp_path)
    runs = [started(["map", f"{factor}*x", "in", "-o", "out.jsonl"], tmp_path) for factor in (2, 3, 4)]
    assert [(run.communicate(timeout=60)[1], run.returncode) for run in runs] == [("", 0)] * 3
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert (len(rows), len({row["df_dx"] for row in rows})) == (PARTS * 400, 1)
    assert not list(tmp_path.glob(".*.part"))


def test_what_another_run_is_writing_stays_and_what_a_dead_one_left_goes(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    (tmp_path / ".out.csv.0123456789ab.part").write_text("left over")
    with whole(str(target)) as first:
        Path(first).write_text("one\n")
        with whole(str(target)) as second:
            assert sorted(map(str, tmp_path.glob(".*.part"))) == sorted([first, second])
            Path(second).write_text("two\n")
        assert target.read_text() == "two\n"
        assert list(map(str, tmp_path.glob(".*.part"))) == [first]
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert target.read_text() == "one\n"


def test_a_lock_says_since_when_and_is_taken_over_from_the_dead(tmp_path: Path) -> None:
    folder_of_parts(tmp_path)
    with owned(str(tmp_path / "out")):
        found = in_process("backprop map 2*x in -o out", tmp_path)
        assert found.returncode == 2
        assert re.search(r"another run \(since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\) is writing into out", found.stderr)
    (tmp_path / "out" / LOCK).write_text("2020-01-01 00:00:00")
    assert in_process("backprop map 2*x in -o out", tmp_path).returncode == 0
    assert not (tmp_path / "out" / LOCK).exists()


@pytest.mark.parametrize("target", ["out.csv", "out.parquet", "out"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_that_is_ended_leaves_nothing_unfinished(number: signal.Signals, target: str, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    (tmp_path / "in").mkdir()
    rows = "x,y\n" + "1.5,2.25\n" * 3_000_000
    (tmp_path / "in" / "rows.csv").write_text(rows)
    source = "in" if target == "out" else "in/rows.csv"
    ours = signal.signal(number, signal.SIG_DFL)  # what is ignored here, as under nohup, is ignored there, too
    try:
        run = started(["map", "sin(x)*exp(y)*cos(x*y)", source, "-o", target], tmp_path)
    finally:
        signal.signal(number, ours)
    deadline = time.monotonic() + 30
    while not list(tmp_path.rglob(".*.part")) and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(number)
    said = run.communicate(timeout=60)[1]
    assert run.returncode in (128 + number, -number), said
    assert not list(tmp_path.rglob(".*.part"))
    assert not (tmp_path / target).is_file()


@pytest.mark.parametrize("target", ["out.csv", "out"])
def test_a_run_that_is_killed_leaves_nothing_to_the_next(target: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "rows.csv").write_text("x,y\n" + "1.5,2.25\n" * 2_000_000)
    command = ["in" if target == "out" else "in/rows.csv", "-o", target]
    run = started(["map", "sin(x)*exp(y)", *command], tmp_path)
    deadline = time.monotonic() + 30
    while not list(tmp_path.rglob(".*.part")) and time.monotonic() < deadline:
        time.sleep(0.005)
    run.kill()
    run.communicate(timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert list(tmp_path.rglob(".*.part"))
    (tmp_path / "in" / "rows.csv").write_text("x,y\n1.5,2.25\n")
    assert in_process(f"backprop map x*y {' '.join(command)}", tmp_path).returncode == 0
    left = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert left == (["out.csv", "rows.csv"] if target == "out.csv" else [".backprop.jsonl", "rows.csv", "rows.csv"])


def test_too_little_memory_for_polars_is_told_or_done_without(tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    rows = "1.5,2.25\n" * 600_000
    (tmp_path / "t.csv").write_text(f"x,y\n{rows}")
    polars.DataFrame({"x": [1.0]}).write_parquet(tmp_path / "t.parquet")
    found = shell("ulimit -v 1000000; backprop map x*y t.csv -o out.csv; backprop map 2*x t.parquet", tmp_path)
    assert found.returncode == 2
    assert found.stderr.startswith("error: there is not enough memory for Polars")
    assert found.stderr.count("\n") == 2
    assert (tmp_path / "out.csv").read_text().count("\n") == 600_001


def test_many_small_parts_ask_the_disk_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    for part in range(150):
        (tmp_path / "in" / f"{part}.jsonl").write_text('{"x":1}\n')
    looked: list[str] = []
    monkeypatch.setattr(locks, "remove_dead", lambda folder, pattern: looked.append(pattern))
    mapper, options = Mapper("2*x"), Options()
    sources = sorted(map(str, (tmp_path / "in").iterdir()))
    found, _ = jobs(sources, str(tmp_path / "out"), mapper, options, False)
    done = list(local(found, PartWork(mapper, options), None))
    assert [job for job, _ in done] == found
    assert not looked
    assert len(list((tmp_path / "out").glob("*.jsonl"))) == 150


def test_what_is_interrupted_waits_for_no_thread() -> None:
    code = """if True:
        import sys, threading
        import backprop.cli, backprop_cli
        threading.Thread(target=threading.Event().wait).start()
        backprop.cli.main = lambda: sys.exit(130)
        backprop_cli.main()"""
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 130
