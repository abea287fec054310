"""SQL: one query of staged common table expressions, the forward pass and then the backward pass.

A stage is a column. The columns of a level depend on those of the levels before; so do the common table expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from backprop.emit.listing import Line, Listing, merged
from backprop.emit.naming import Naming
from backprop.emit.request import Request
from backprop.emit.sharing import opened
from backprop.emit.target import Text
from backprop.emit.targets.dialects import NATIVE, Dialect, dialect, translated
from backprop.emit.targets.sql_expressions import SQL, typed
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.language.printer import SUM

TABLE = "points"  # the table that is read if none is named
LINE = 92  # characters
MOST_FENCES = 24  # beyond so many levels PostgreSQL plans longer than it computes, unless each is stored


def write(request: Request) -> str:
    """The query. Raises a Problem of kind "option" for a dialect that is not to be had."""
    request.refuse_arrays(SQL.title)
    if request.table is not None and request.at is not None:
        hint = "leave the values out: the variables are columns"
        raise Problem("option", "there is a point, and a table of points", hint=hint)
    spoken = dialect(request.dialect)
    text = Query(request, spoken).text()
    return text if spoken.name in NATIVE else translated(text, spoken.name)


class Query:
    """The query that a request asks for."""

    def __init__(self, request: Request, dialect: Dialect) -> None:
        self.request, self.dialect = request, dialect
        self.target = target = SQL(dialect)
        derived = opened(request.derived, target)
        self.row = Naming(map(str.casefold, request.circuit.variables), target.spellable, fold=True).take(
            "backprop_row"
        )
        self.listing: Listing = request.listing(target, derived, extra=(self.row, "known"))
        self.table = table_text(request.table or TABLE, target, dialect)
        taken = {re.findall(r'\w+|"[^"]*"', self.table)[-1].strip('"')}
        self.naming = Naming(taken, target.spellable, fold=True)
        self.names = [self.naming.take("input")]  # of the common table expressions
        self.stored = False

    def text(self) -> str:
        title = [f"-- {line}" for line in self.request.title()]
        passes = {"forward": self.listing.forward_lines(), "backward": self.listing.backward_lines()}
        found = [(f"{name}_{n}", level) for name, lines in passes.items() for n, level in enumerate(levels(lines), 1)]
        self.stored = self.dialect.stored or (bool(self.dialect.fence) and len(found) > MOST_FENCES)
        stages = [self.stage(self.source())]
        for name, level in found:
            columns = [("*", ""), *map(commented, level)]
            query = self.select(columns, self.names[-1])
            self.names.append(self.naming.take(name))
            stages.append(self.stage(query))
        if self.request.name is not None:
            title.append(f"CREATE VIEW {qualified(self.request.name, self.target, '--name', 'a view')} AS")
        return "\n".join([*title, "WITH " + ",\n".join(stages), self.result()]) + ";\n"

    def stage(self, query: str) -> str:
        """A common table expression, under the last name."""
        return f"{self.names[-1]} AS {'MATERIALIZED ' if self.stored else ''}(\n{query}\n)"

    def select(self, columns: Iterable[tuple[str, str]], table: str = "") -> str:
        """A SELECT inside a common table expression: columns with comments, and where they are from."""
        lines = ["  SELECT", laid_out(columns), f"  FROM {table}" if table else "", f"  {self.dialect.fence}"]
        lines = lines[:-1] if self.stored else lines
        return "\n".join(line for line in lines if line.strip())

    def source(self) -> str:
        """The first common table expression: the variables, as double precision, and the row that they are from."""
        target, at, names = self.target, self.request.at, self.listing.inputs
        if at is not None:
            columns = [f"{target.column(at[name])} AS {alias}" for name, alias in names.items()] or ["1 AS known"]
            return self.select((column, "") for column in columns)
        columns = [self.row] if self.dialect.row else []
        columns += [f"{target.quoted(name)}::float8 AS {alias}" for name, alias in names.items()]
        missing = " OR ".join(f"{target.quoted(name)} IS NULL" for name in names)
        if missing:
            columns.append(f"CASE WHEN {missing} THEN 0 ELSE 1 END AS known")
        return self.select([(column, "") for column in columns or ["1 AS known"]], f"{self.table} AS {self.row}")

    def results(self) -> Iterator[tuple[str, str, Any]]:
        """What is asked for: its text, its name as that of the column in `map`, and its number at the point."""
        circuit, quoted = self.request.circuit, self.target.quoted
        output = circuit.names[circuit.output]
        number = self.request.at is not None
        yield self.listing.value, quoted(output), self.request.value if number else None
        for name, text in self.listing.gradients.items():
            yield text, quoted(f"d{output}_d{name}"), self.request.gradients[name] if number else None

    def result(self) -> str:
        """The last SELECT: value and gradients; null, where one of the variables is."""
        numbers = self.listing.numbers
        found = [(typed(Text(text, literal=text in numbers)).text, *about) for text, *about in self.results()]
        if self.request.at is not None:
            columns = [text if text == name else f"{text} AS {name}" for text, name, _ in found]
            columns.append(self.check(found))
        else:
            inputs = list(self.listing.inputs.values())
            columns = [self.dialect.row.format(self.row)] if self.dialect.row else inputs
            form = "CASE WHEN known = 1 THEN {0} END AS {1}" if inputs else "{0} AS {1}"
            columns += [form.format(text, name) for text, name, _ in found]
        return "SELECT\n" + ",\n".join(f"  {column}" for column in columns) + f"\nFROM {self.names[-1]}"

    def check(self, found: list[tuple[str, str, Any]]) -> str:
        """A column that is true where all is right; where it is not, the cast of a sentence to a truth value fails."""
        lines = ["CASE"]
        for text, name, number in found:
            wanted = self.target.column(number)
            off = f"{text} <> {wanted}"
            if abs(number) < float("inf"):
                margin = self.target.number(float(f"{1e-12 + 1e-9 * abs(number):.1e}")).text
                off = f"abs({text} - {wanted}) > {margin}"
            sentence = name.strip('"')
            lines.append(
                f"    WHEN {off}\n      THEN CAST('{sentence} should be {number!r}, and is ' || {text} AS boolean)"
            )
        return "\n".join([*lines, "    ELSE true", "  END AS ok"])


def table_text(table: str, target: SQL, dialect: Dialect) -> str:
    """The name of a table as it stands behind FROM: `points`, `lake.points`, `"My points"`; for DuckDB a 'file'."""
    if dialect.name == "duckdb" and re.fullmatch(r"'[^']+'", table):
        return table
    return qualified(table, target, "--table", "a table")


def qualified(name: str, target: SQL, flag: str, what: str) -> str:
    """A name of a table or a view, perhaps in a schema, as it is written."""
    parts = re.findall(r'"(?:[^"]|"")+"|[^".]+', name)
    if ".".join(parts) != name or not parts:
        message = f"{option(flag)} takes the name of {what}, and not {name}"
        raise Problem("option", message, hint="for example: lake.points")
    return ".".join(part if part.startswith('"') else target.quoted(part) for part in parts)


# ── lines and levels ──


def levels(lines: list[Line]) -> list[list[tuple[str, list[Line]]]]:
    """The columns in levels: each depends on levels before its own alone."""
    level: dict[str, int] = {}
    found: list[list[tuple[str, list[Line]]]] = []
    for name, parts in merged(lines).items():
        reads = {read for line in parts for read in line.reads}
        level[name] = 1 + max((level[read] for read in reads if read in level), default=-1)
        found += [[] for _ in range(level[name] + 1 - len(found))]
        found[level[name]].append((name, parts))
    return found


def commented(column: tuple[str, list[Line]]) -> tuple[str, str]:
    """A column, and as its comment the number of its forward line; what arrives at a fork is added up."""
    name, lines = column
    text = typed(Text(lines[0].text, literal=lines[0].literal)).text
    for line in lines[1:]:
        text += f" {line.operator} {f'({line.text})' if line.level <= SUM else line.text}"
    numbers = ", ".join(f"({number})" for number in dict.fromkeys(line.number for line in lines))
    return f"{text} AS {name}", numbers


def laid_out(columns: Iterable[tuple[str, str]]) -> str:
    """Columns, a line each, with the comma before the comment; what is too long goes on in the next line."""
    *rest, (last, comment) = columns
    texts = [*((f"{text},", comment) for text, comment in rest), (last, comment)]
    return "\n".join(f"{folded(text)} -- {comment}" if comment else folded(text) for text, comment in texts)


def folded(text: str) -> str:
    """A column in lines of a readable length."""
    indents = {"initial_indent": "    ", "subsequent_indent": "      "}
    return "\n".join(wrap(text, LINE, break_long_words=False, break_on_hyphens=False, **indents))  # type: ignore[arg-type]
