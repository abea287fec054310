"""Columns called like a constant of the language stand for it, in every form of table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import in_process, shell

TABLES = {"t.csv": "e,x\n5,2\n", "t.tsv": "e\tx\n5\t2\n", "t.jsonl": '{"e": 5, "x": 2}\n'}


@pytest.mark.parametrize("name", [*TABLES, "t.parquet"])
@pytest.mark.parametrize("piped", [False, True])
def test_a_column_called_e(name: str, piped: bool, tmp_path: Path) -> None:
    if name == "t.parquet":
        pytest.importorskip("polars").DataFrame({"e": [5.0], "x": [2.0]}).write_parquet(tmp_path / name)
        given = name
    else:
        (tmp_path / name).write_text(TABLES[name])
        given = f"--from {name[2:]} < {name}" if piped else name
    found = shell(f"backprop map 'e*x' --only-new --to jsonl {given}", tmp_path)
    assert json.loads(found.stdout) == {"f": 10, "df_de": 2, "df_dx": 5}, found.stderr


def test_without_such_a_column_it_is_the_constant(tmp_path: Path) -> None:
    found = shell("""echo '{"x": 2}' | backprop map 'log(e)*x' --only-new""", tmp_path)
    assert json.loads(found.stdout) == {"f": 2, "df_dx": 1}
    assert shell("backprop map 'e*x' < /dev/null", tmp_path).returncode == 0


@pytest.mark.parametrize("text", ["None*x + None^2", "e*x + e^2", "true*x + trueˆ2"])
def test_words_that_are_given_are_names(text: str, tmp_path: Path) -> None:
    name = text.partition("*")[0]
    found = json.loads(in_process(f"backprop eval '{text}' --set {name}=2 --x 3 --json", tmp_path).stdout)
    assert (found["value"], found["gradients"]) == (10, {name: 7, "x": 2})
