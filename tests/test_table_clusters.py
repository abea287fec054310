"""The parts of a folder on clusters.

Real ones are tried in tests/test_map.py (Dask) and bench/programs/cluster.py (both).
"""

from __future__ import annotations

import pickle
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from backprop.cli import main
from backprop.rows.compute.mapper import Mapper
from backprop.rows.engines import PartWork
from backprop.rows.tables import lines
from backprop.rows.tables.options import Options
from conftest import ROOT


class FakeContext:
    """As much of Spark's connection as the engine uses: what is done travels, and some of it fails."""

    defaultParallelism = 2  # noqa: N815
    stopped = 0

    def __init__(self, conf: Any) -> None:
        if conf.master == "spark://nowhere:1":
            raise RuntimeError("\n\tat org.Foo\njava.io.IOException: Connection refused\n")

    def setLogLevel(self, level: str) -> None:  # noqa: N802
        pass

    def parallelize(self, jobs: list[Any], slices: int) -> FakeContext:
        assert len(jobs) == slices == 1
        self.jobs = jobs
        return type("Part", (FakeContext,), {"__init__": lambda part: None, "jobs": jobs})()

    def map(self, work: Any) -> FakeContext:
        self.work = pickle.loads(pickle.dumps(work))
        return self

    def collect(self) -> list[Any]:
        if "lost" in self.jobs[0].source:
            raise RuntimeError(
                "An error occurred.\n: org.apache.spark.SparkException: Job aborted: no worker left\n at"
            )
        return [self.work(job) for job in self.jobs]

    def stop(self) -> None:
        FakeContext.stopped += 1


class FakeConf:
    def setMaster(self, master: str) -> FakeConf:  # noqa: N802
        self.master = master
        return self

    def setAppName(self, name: str) -> FakeConf:  # noqa: N802
        return self

    def set(self, key: str, value: str) -> FakeConf:
        return self


def status(*words: str) -> int:
    """The exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        main(["map", "x^2", "in/", *words])
    return int(ended.value.code or 0)


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of parts where Spark seems to be installed."""
    spark = ModuleType("pyspark")
    spark.__dict__.update(SparkConf=FakeConf, SparkContext=FakeContext)
    monkeypatch.setitem(sys.modules, "pyspark", spark)
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for part in range(4):
        Path(f"in/{part}.csv").write_text(f"x,s\n{part},a\n")
    return tmp_path


def test_parts_on_spark_are_those_of_this_machine(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("-o", "here/") == 0
    assert status("-o", "there/", "--engine", "spark") == 0
    for part in range(4):
        assert (parts / "there" / f"{part}.csv").read_bytes() == (parts / "here" / f"{part}.csv").read_bytes()
    assert FakeContext.stopped == 1
    Path("in/lost.csv").write_text("x\n1\n")
    Path("in/bad.csv").write_text("x\none\n")
    assert status("-o", "there/", "--engine", "spark", "--resume") == 1
    said = capsys.readouterr().err
    assert "lost.csv: Job aborted: no worker left\n" in said
    assert "bad.csv:2: column 'x': expected a number" in said
    assert said.count("error:") == 2


def test_a_spark_that_does_not_answer_is_told(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("-o", "there/", "--engine", "spark", "--scheduler", "spark://nowhere:1") == 1
    assert capsys.readouterr().err == "error: cannot reach Spark at spark://nowhere:1: Connection refused\n"


def test_parts_of_a_middling_size_are_read_the_fast_way_once_it_is_worth_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backprop.rows import engines, pipeline

    (tmp_path / "t.csv").write_text("x\n" + "1.5\n" * 9000)
    seen: list[bool] = []

    def mapped(mapper: Any, sources: list[str], target: str, options: Options, alone: bool) -> Any:
        seen.append(options.many)
        return pipeline.map_files(mapper, sources, target, options, alone=alone)

    monkeypatch.setattr(engines, "map_files", mapped)
    monkeypatch.setattr(engines, "LARGE", 50_000)
    assert (tmp_path / "t.csv").stat().st_size > lines.MIDDLING
    work = PartWork(Mapper("2*x"), Options())
    written = []
    for part in range(3):
        job = engines.Job(str(tmp_path / "t.csv"), str(tmp_path / f"{part}.csv"), "")
        assert work(job).report is not None
        written.append((tmp_path / f"{part}.csv").read_bytes())
    assert seen == [False, False, True]
    assert written[0] == written[2]


def test_the_recipe_for_polars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pl = pytest.importorskip("polars")
    (recipe,) = re.findall(r"<!-- run -->\n```python\n(.*?)```", (ROOT / "docs" / "TABLES.md").read_text(), re.DOTALL)
    (tmp_path / "in").mkdir()
    for part in range(2):
        pl.DataFrame({"id": [part], "x": [3 + part], "y": [0.5]}).write_parquet(tmp_path / "in" / f"{part}.parquet")
    monkeypatch.chdir(tmp_path)
    exec(recipe, {})
    assert pl.read_parquet("out.parquet").rows() == [(0, 3, 0.5, 0.75, 0.25, 3.0), (1, 4, 0.5, 1.0, 0.25, 4.0)]
