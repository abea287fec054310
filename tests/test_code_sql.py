"""Queries that `backprop code --to sql` writes are run by DuckDB, PostgreSQL and SQLite, and say what `eval` says."""

from __future__ import annotations

import math
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import backprop
import databases
from backprop.emit import Request, write
from backprop.emit.targets.dialects import RESERVED
from backprop.errors import Problem
from backprop.library import Compiled
from conftest import in_process
from programs import CASES, STAGED, Case, by_program, expected

Rows = list[tuple[Any, ...]]
EXTREME = 1e150  # PostgreSQL raises where a product, a quotient or a sum leaves the range of numbers


class Database:
    """A database, and how its tables are filled."""

    def __init__(self, dialect: str, connection: Any, mark: str) -> None:
        self.dialect, self.connection, self.mark = dialect, connection, mark

    def ask(self, query: str, values: list[Any] | None = None) -> Rows:
        done = self.connection.execute(query, values) if values else self.connection.execute(query)
        return done.fetchall() if query.startswith(("SELECT", "WITH", "--")) else []

    def fill(self, name: str, columns: dict[str, str], rows: list[list[Any]]) -> None:
        self.ask(f"DROP TABLE IF EXISTS {name}")
        self.ask(f"CREATE TABLE {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})")
        values = ", ".join(f"({', '.join([self.mark] * len(row))})" for row in rows)
        self.ask(f"INSERT INTO {name} VALUES {values}", [value for row in rows for value in row])


@pytest.fixture(scope="module")
def duck() -> Iterator[Database]:
    with pytest.importorskip("duckdb", reason="DuckDB is not installed").connect() as connection:
        yield Database("duckdb", connection, "?")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Database]:
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    if reason := databases.missing():
        pytest.skip(reason)
    with (
        databases.server() as folder,
        psycopg.connect(host=folder, user="backprop", dbname="postgres", autocommit=True) as connection,
    ):
        yield Database("postgres", connection, "%s")


@pytest.fixture(params=["duckdb", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue({"duckdb": "duck"}.get(request.param, request.param))
    return found


def query(text: str, dialect: str, at: dict[str, float] | None = None, ties: str = "both", **asked: Any) -> str:
    return write(
        Request(Compiled(text, ties=ties).circuit(at or ()), at=at, ties=ties, dialect=dialect, **asked), "sql"
    )


def off(case: Case, found: tuple[Any, ...]) -> bool:
    """Whether a row is not what `eval` says, to 1e-12; an error in a large number on the way may be as large."""
    sizes = [abs(n) for stage in stages(case) for n in stage if math.isfinite(n)] if "; f = " in case[0] else []
    for a, b in zip(found, expected(case), strict=True):
        same = a is not None and (a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * max(1.0, abs(b), *sizes))
        if not same:
            return True
    return False


def stages(case: Case) -> list[tuple[float, float]]:
    """Value and gradient of every stage."""
    return [(stage.value, stage.gradient or 0.0) for stage in backprop.evaluate(*case).stages]


def answers(database: Database, text: str, cases: list[Case]) -> list[tuple[Any, ...] | Exception]:
    """The result of every case of a program: all at once, or where that raises, each by itself."""
    names = list(Compiled(text).variables)
    columns = {"id": "int", **{f'"{name}"': "float8" for name in names}}
    database.fill("points", columns, [[i, *(case[1][name] for name in names)] for i, case in enumerate(cases)])
    asked = query(text, database.dialect)
    try:
        return [row[1 + len(names) :] for row in sorted(database.ask(asked), key=lambda row: row[0])]
    except Exception:
        found: list[tuple[Any, ...] | Exception] = []
        for i in range(len(cases)):
            source = f"FROM (SELECT * FROM points WHERE id = {i}) AS backprop_row"
            try:
                found.append(database.ask(asked.replace("FROM points AS backprop_row", source))[0][1 + len(names) :])
            except Exception as error:
                found.append(error)
        return found


def test_duckdb_says_what_eval_says(duck: Database) -> None:
    """Every gate and random programs: special points and numbers that are not finite included."""
    for text, cases in by_program(CASES).items():
        for case, found in zip(cases, answers(duck, text, cases), strict=True):
            assert not isinstance(found, Exception), (case, found)
            assert not off(case, found), (case, found, expected(case))


def test_postgresql_says_what_eval_says(postgres: Database) -> None:
    """The same; it raises only where a number that is written down is next to the end of the range of numbers."""
    raised = 0
    for text, cases in by_program(CASES).items():
        for case, found in zip(cases, answers(postgres, text, cases), strict=True):
            if isinstance(found, Exception):
                raised += 1
                assert "value out of range: " in str(found), (case, found)
                numbers = [*case[1].values(), *(n for stage in stages(case) for n in stage)]
                assert any(abs(n) >= EXTREME or 0 < abs(n) <= 1 / EXTREME for n in numbers), (case, found)
            else:
                assert not off(case, found), (case, found, expected(case))
    assert raised < len(CASES) / 50


ORDINARY = [
    "sigmoid(1000 * x)", "tanh(1000 * x)", "gelu(1000 * x)", "softplus(1000 * x)", "logsigmoid(1000 * x)",
    "elu(1000 * x)", "mish(1000 * x)", "silu(1000 * x)", "logaddexp(1000 * x, 0)", "exp(-1000 * x^2)",
    "log(1 + exp(1000 * x))", "1 / x", "erf(50 * x)", "erfc(50 * x)", "sech(1000 * x)",
    "where(x > 0, sqrt(x), 0)", "where(x > 0, log(x), -x)", "where(x != 0, sin(x) / x, 1)",
    "where(x < 5, x, exp(exp(exp(x))))",
    "m = max(900 * x, 800); a = exp(900 * x - m); b = exp(800 - m); f = a / (a + b)",
]  # fmt: skip


def test_saturated_gates_and_branches_not_taken_raise_nothing(database: Database) -> None:
    for text in ORDINARY:
        cases = [(text, {"x": x}) for x in (-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0)]
        for case, found in zip(cases, answers(database, text, cases), strict=True):
            assert not isinstance(found, Exception), (case, found)
            assert not off(case, found), (case, found, expected(case))


def test_a_table_keeps_its_columns_and_rows(database: Database) -> None:
    """Integers are numbers like others, null gives null, and a column may have the name of a stage."""
    rows: list[list[Any]] = [[1, "a", 1, 2.0, 10.0], [2, "b", None, 2.0, 20.0], [3, None, -3, 4.0, 30.0]]
    database.fill("data", {"id": "int", "label": "text", "x": "int", "y": "float8", "q": "float8"}, rows)
    asked = query("q = max(x, 0) / 2 + x / y; f = q*y", database.dialect, table="data")
    assert sorted(database.ask(asked)) == [
        (*rows[0], 2.0, 2.0, 0.5), (*rows[1], None, None, None), (*rows[2], -3.0, 1.0, 0.0),
    ]  # fmt: skip
    described = database.connection.execute(asked).description
    assert [column[0] for column in described] == ["id", "label", "x", "y", "q", "f", "df_dx", "df_dy"]


def test_odd_names_are_quoted(database: Database) -> None:
    names = ["select", "Θ", "order", "known", "backprop_row", "input", "Wert", "end"]
    text = (
        "user = select * Θ; table = order + known * backprop_row; Group = input * Wert; f = user * table * Group + end"
    )
    at = {name: 1.5 + i for i, name in enumerate(names)}
    assert sorted(Compiled(text).variables) == sorted(names)
    columns = {f'"{name}"': "float8" for name in names}
    database.ask('CREATE SCHEMA IF NOT EXISTS "My schema"')
    database.fill('"My schema"."where"', columns, [list(at.values())])
    (row,) = database.ask(query(text, database.dialect, table="My schema.where"))
    assert not off((text, at), row[len(names) :])


def test_the_reserved_words_are_those_of_the_databases(duck: Database, postgres: Database) -> None:
    theirs = duck.ask("SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
    theirs += postgres.ask("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'")
    assert {word for (word,) in theirs} <= RESERVED


@pytest.mark.parametrize(
    "text", [STAGED, "log(x) + where(x > y, sqrt(x - y), sigmoid(y))", "k = 0.1 + 0; f = x * k + y * 1/3"]
)
def test_a_query_with_a_point_tests_itself(text: str, database: Database) -> None:
    for at in ({"x": 3.0, "y": -4.0}, {"x": 0.0, "y": 1.0}):  # and log(0)
        asked = query(text, database.dialect, at)
        (row,) = database.ask(asked)
        assert row[-1] is True
        assert not off((text, at), row[:-1])
        wrong = re.sub(r"(?<=abs\(f - )[-\d.e]+", "7.5", asked)
        if wrong != asked:
            with pytest.raises(Exception, match="f should be"):
                database.ask(wrong)


def test_ties_and_wrt_and_upstream(database: Database) -> None:
    for ties in ("both", "split", "first"):
        asked = query("max(x, y) + relu(x)", database.dialect, {"x": 0.0, "y": 0.0}, ties, wrt=["x"], upstream=2.0)
        found = backprop.evaluate("max(x, y) + relu(x)", {"x": 0.0, "y": 0.0}, ties=ties, upstream=2.0)
        assert database.ask(asked) == [(found.value, found.gradients["x"], True)]


def test_a_long_program_is_planned_quickly(database: Database) -> None:
    """No stage is copied into its uses, of which there would be 2^60, and no plan takes longer than its answer."""
    text = "; ".join(["s0 = x * x", *(f"s{i} = sin(s{i - 1}) + 0.5 * s{i - 1}" for i in range(1, 60))])
    at = {"x": 0.9}
    (row,) = database.ask(query(text, database.dialect, at))
    assert not off((text + "; f = s59", at), (row[0], row[1]))


def test_lines_are_short_and_numbered() -> None:
    for text in (STAGED, *(case[0] for case in CASES[-20:])):
        for dialect in ("duckdb", "postgres"):
            for line in query(text, dialect).splitlines():
                assert len(line.partition(" -- ")[0]) <= 93 or line.startswith("-- "), line
    lines = [line.strip() for line in query(STAGED, "duckdb").splitlines()]
    assert "x + sigy AS num, -- (2)" in lines
    assert "2 * xpy * dxpysqr AS dxpy -- (5)" in lines


def test_sqlite_runs_what_sqlglot_writes() -> None:
    pytest.importorskip("sqlglot", reason="SQLGlot is not installed")
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT exp(1), ln(2), asinh(1)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no mathematical functions")
    database = Database("sqlite", connection, "?")
    run = unknown = 0
    for number, (text, cases) in enumerate(by_program(CASES).items()):
        if "; f = " in text and number % 16:
            continue  # of the random programs, some
        finite = [case for case in cases if all(map(math.isfinite, case[1].values()))]
        finite = [case for case in finite if all(math.isfinite(n) for stage in stages(case) for n in stage)]
        if not finite:
            continue
        names = list(Compiled(text).variables)
        database.fill("points", {f'"{name}"': "float8" for name in names}, [[c[1][n] for n in names] for c in finite])
        asked = query(text, "sqlite")
        for case, row in zip(finite, connection.execute(asked).fetchall(), strict=True):
            run += 1
            unknown += None in row  # a number on the way was not finite: there is no infinity in that dialect
            assert None in row or not off(case, row[len(names) :]), (case, row, expected(case))
    assert run > 500
    assert unknown < run / 50


@pytest.mark.parametrize(
    "dialect", ["mysql", "snowflake", "bigquery", "tsql", "spark", "trino", "clickhouse", "oracle"]
)
def test_sqlglot_reads_what_it_writes(dialect: str) -> None:
    sqlglot = pytest.importorskip("sqlglot", reason="SQLGlot is not installed")
    said = 0
    for text in [STAGED, *list(by_program(CASES))[::12]]:
        try:
            written = query(text, dialect)
        except Problem:  # it cannot be said there, and that is an error
            continue
        said += 1
        assert "Infinity" not in written
        assert sqlglot.parse_one(written, dialect=dialect).find(sqlglot.exp.With) is not None
    assert said > 15


def code(*words: str) -> subprocess.CompletedProcess[str]:
    return in_process(shlex.join(["backprop", "code", *words]), Path.cwd())


def test_the_command_line(tmp_path: Path) -> None:
    out = tmp_path / "staged.sql"
    assert code("x*y", "-o", str(out), "--dialect", "postgres", "--table", "lake.points").returncode == 0
    assert "FROM lake.points AS backprop_row" in out.read_text()
    wrong = {
        ("x*y", "--table", "points"): "--table goes with --to sql",
        ("x*y", "--to", "c", "--dialect", "duckdb"): "--dialect goes with --to sql",
        ("x*y", "--to", "sql", "--table", "points", "--x", "1", "--y", "2"): "a point, and a table",
        ("x*y", "--to", "sql", "--table", "a..b"): "--table takes the name of a table",
        ("x@y", "--to", "sql"): "the gate matmul",
        ("polygamma(101, x)", "--to", "sql"): "polygamma cannot be said in SQL",
    }
    for words, message in wrong.items():
        done = code(*words)
        assert done.returncode == 2
        assert message in done.stderr, done.stderr


def test_an_unknown_dialect_is_told_the_nearest() -> None:
    pytest.importorskip("sqlglot", reason="SQLGlot is not installed")
    done = code("x*y", "--to", "sql", "--dialect", "snowflak")
    assert (done.returncode, "snowflake" in done.stderr) == (2, True)


def test_sqlglot_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(Problem, match="SQLGlot") as caught:
        query("x*y", "mysql")
    assert "[sql]" in caught.value.hint
    assert "WITH input" in query("x*y", "postgres")


RUNNER = "import duckdb, sys; print(duckdb.sql(open(sys.argv[1]).read()).fetchall())"


def test_a_wrong_number_makes_the_program_fail(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="DuckDB is not installed")
    program = tmp_path / "staged.sql"

    def run() -> int:
        return subprocess.run([sys.executable, "-c", RUNNER, str(program)], capture_output=True).returncode

    program.write_text(query(STAGED, "duckdb", {"x": 3.0, "y": -4.0}))
    assert run() == 0
    program.write_text(program.read_text().replace("abs(f - 1.54", "abs(f - 1.55"))
    assert run() != 0


@pytest.mark.parametrize(
    "text", ["y / clip(x, 3, 5)", "1 / (2 - max(x, -1))", "y / where(x < 0, 3, y)", "1 / min(x, 2)^2"]
)
def test_sqlite_divides_what_it_chose_as_fractions(text: str) -> None:
    """Its columns have no types: the whole number that max chooses stays one, and 1 / 3 would be 0."""
    pytest.importorskip("sqlglot")
    at = {"x": -2.5, "y": 2.0}
    names = list(Compiled(text).variables)
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE points ({', '.join(names)})")
        database.execute(f"INSERT INTO points VALUES ({', '.join('?' * len(names))})", [at[name] for name in names])
        (row,) = database.execute(query(text, "sqlite")).fetchall()
    found = backprop.evaluate(text, {name: at[name] for name in names})
    assert row[len(names) :] == pytest.approx([found.value, *found.gradients.values()])
