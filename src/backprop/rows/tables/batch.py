"""A batch of rows on its way through, and what becomes of rows that are bad."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TextIO

from backprop.errors import Problem, did_you_mean, enumerated
from backprop.errors.spelling import in_shell, option, said
from backprop.library.values import is_number
from backprop.rows.compute.mapper import Mapper, Tally
from backprop.rows.tables.lines import NO_COLUMN, NOT_JSON, NOT_UTF8, SAVE_IT

#: what many people write where there is nothing
NOTHING = re.compile(r'got "(NA|N/A|#N/A|n/a|na|NULL|null|Null|None|none|nil|-|--|\?|\.|missing)"$')
LEFT_OUT = f"leave the columns of the input out ({option('--only-new', True)})"
COMMA = re.compile(r'got "[-+]?\d+,\d+"$')
THOUSANDS = re.compile(r'got "[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"$')


class Batch(NamedTuple):
    """Rows as they were read.

    `columns` holds a list of numbers for each column that the formula uses, None where there is none (of lists of
    numbers, or a column that is made already, where it has arrays); `missing` the rows (counted in the batch) in which
    one is null, or that are bad and kept: `errors` says why. `raw` is each row as text without its end of line,
    `format` what kind of text that is; `records` are the values by name, for a writer of another format; `lines` where
    each row begins, `names` the columns of a table, which has them without rows too. `failure` is why no row follows: a
    bad one that ends the run.
    """

    columns: dict[str, Any]
    missing: list[int]
    errors: dict[int, str]
    raw: Sequence[str]
    format: str
    records: Sequence[dict[str, Any]]
    lines: Sequence[int] = ()
    names: Sequence[str] = ()
    failure: Problem | None = None

    def __len__(self) -> int:
        return len(self.raw)

    @property
    def is_quick(self) -> bool:
        """Whether it was read by the quick reader: then the lines are a column of Polars'."""
        return not isinstance(self.raw, list)

    def cells(self) -> Sequence[Any]:
        """What the rows hold: the fields of a table of text as they stand there, or objects."""
        return getattr(self.records, "fields", self.records)

    def named(self, names: Sequence[str]) -> Batch:
        """The batch with the names of the table's columns."""
        return Batch(*self[:-2], names, self.failure)

    def parts(self, size: int) -> Iterator[Batch]:
        """The batch in parts of so many rows at most."""
        if len(self) <= size:
            yield self
            return
        for start in range(0, len(self), size):
            yield self.part(start, min(start + size, len(self)))

    def part(self, start: int, stop: int) -> Batch:
        """Some of the rows."""
        part = slice(start, stop)
        return Batch(
            columns={name: column[part] for name, column in self.columns.items()},
            missing=[row - start for row in self.missing if start <= row < stop],
            errors={row - start: why for row, why in self.errors.items() if start <= row < stop},
            raw=self.raw[part],
            format=self.format,
            records=[self.records[row] for row in range(start, stop)],
            lines=self.lines[part],
            names=self.names,
        )

    def judged(self, failed: dict[int, str], judge: Judge, source: str) -> tuple[Batch, list[int]]:
        """The batch after rows that could not be computed were judged, and those that were left out."""
        errors = dict(self.errors)
        dropped = []
        for row in sorted(failed):
            if judge.judge(source, self.lines[row], failed[row], self.raw[row]):
                errors[row] = failed[row]
            else:
                dropped.append(row)
        missing = sorted({*self.missing, *errors})
        kept = [row for row in range(len(self)) if row not in set(dropped)]
        new = {row: place for place, row in enumerate(kept)}
        batch = Batch(
            columns={name: [column[row] for row in kept] for name, column in self.columns.items()},
            missing=[new[row] for row in missing],
            errors={new[row]: why for row, why in errors.items()},
            raw=[self.raw[row] for row in kept],
            format=self.format,
            records=[self.records[row] for row in kept],
            lines=[self.lines[row] for row in kept],
            names=self.names,
        )
        return batch, dropped


def values_of(column: Any) -> list[Any]:
    """The values of a column as floats and nested lists; of a few rows of numbers it is such a list."""
    if isinstance(column, list):
        return column
    from backprop.rows.compute import columns

    return columns.values_of(column)


def has_lists(column: Any) -> bool:
    """Whether the values of a column may be lists."""
    return not isinstance(column, list) and bool(column.ndim > 1 or column.dtype == object)


class Report:
    """What a run did: rows read and written, rows that were bad, and what was remarkable."""

    def __init__(self) -> None:
        self.rows = 0
        self.bad = 0
        self.tally = Tally()
        self.remarks: list[str] = []  # on all rows together
        self.collected = ""  # the bad rows of a part, as lines

    def __repr__(self) -> str:
        return f"Report(rows={self.rows}, bad={self.bad}, told={self.told})"

    @property
    def told(self) -> list[str]:
        """What was remarkable, in words."""
        met = [
            f"{text} in {count:,} {'row' if count == 1 else 'rows'}, first in row {first + 1:,}"
            for text, (count, first) in self.tally.rows.items()
        ]
        return [*met, *self.remarks]

    def join(self, other: Report) -> None:
        """Add what another part of the rows had."""
        self.tally.join(other.tally.rows, self.rows)
        self.rows += other.rows
        self.bad += other.bad
        self.remarks += other.remarks


class Judge:
    """What to do with a bad row: stop (`fail`), leave it out (`skip`), or keep it without results (`null`).

    In a run that is `fixed`, all rows of all files have the columns of the first one: their `names`, once they are
    known. Where they are written `by_name`, two of one name cannot be. `leave_out` is how such rows are left out.
    """

    def __init__(
        self,
        errors: str,
        collected: TextIO | None = None,
        fixed: bool = False,
        by_name: bool = False,
        leave_out: str = option("--errors", "skip"),
    ) -> None:
        self.errors, self.leave_out = errors, leave_out
        self.collected = collected
        self.fixed = fixed
        self.by_name = by_name
        self.names: list[str] | None = None
        self.keys: Mapping[str, str] = {}  # columns that the folders of the table say, and their values
        self.kinds: dict[str, Any] = {}  # the types of columns that nobody reads, once they are known
        self.bad = 0

    def judge(self, source: str, line: int, why: str, raw: str) -> bool:
        """Whether the row is kept. Raises a Problem under `fail`."""
        if self.errors == "fail":
            raise self.problem(source, line, why, raw)
        self.bad += 1
        if self.collected is not None:
            told = {"file": source, "line": line, "error": reason(why), "row": raw}
            self.collected.write(json.dumps(told, ensure_ascii=False) + "\n")
        return self.errors == "null"

    def added(self, mapper: Mapper) -> list[str]:
        """The names of the columns that a row gets."""
        return [*mapper.outputs, *(["_error"] if self.errors == "null" else [])]

    def problem(self, source: str, line: int, why: str, raw: str = "") -> Problem:
        """A bad row as what ends the run."""
        nothing = NOTHING.search(why)
        hint = f"to leave such rows out: {self.leave_out}" if self.leave_out else ""
        if nothing:
            hint = f"if that stands for nothing: {option('--null-values', [nothing[1]])}"
        comma = f"if that is a decimal comma: {option('--decimal-comma', True)}"
        if COMMA.search(why):
            hint = comma
        if THOUSANDS.search(why):
            hint = f"if its commas part thousands, take them out; {comma}"
        if why == NOT_UTF8:
            hint = SAVE_IT
        if why.startswith(NO_COLUMN) and line == 1:  # the other rows will not have it either
            hint = "" if "did you mean" in why else f"its columns are {enumerated(list(json.loads(raw)))}"
        if why.startswith(NOT_JSON) and line == 1:
            hint = f"if it is a table with a line of names: {option('map --from', 'csv')}"
        return Problem("row", f"{source}:{line}: {why}", hint=hint, status=1)


class Gathered:
    """Rows that are read one after the other, with the bad ones that are kept."""

    def __init__(self, names: Iterable[str], judge: Judge, source: str) -> None:
        self.judge, self.source = judge, source
        self.columns: dict[str, list[Any]] = {name: [] for name in names}
        self.missing: list[int] = []
        self.errors: dict[int, str] = {}
        self.raw: list[str] = []
        self.lines: list[int] = []
        self.failure: Problem | None = None  # why no row follows

    def keeps(self, why: str, text: str, line: int) -> bool:
        """Whether a bad row is kept: then it is the next one that is put."""
        try:
            kept = self.judge.judge(self.source, line, why, text)
        except Problem as problem:
            self.failure = problem
            return False
        if kept:
            self.errors[len(self.raw)] = reason(why)
        return kept

    def put(self, numbers: Sequence[Any], text: str, line: int) -> None:
        """Add a row: its numbers, None where there is nothing, and its text, which begins on a line."""
        if None in numbers:
            self.missing.append(len(self.raw))
        for column, number in zip(self.columns.values(), numbers, strict=True):
            column.append(number)
        self.raw.append(text)
        self.lines.append(line)

    def batch(self, format: str, records: Sequence[Any], names: Sequence[str] = ()) -> Batch:
        """All of them."""
        return Batch(
            self.columns, self.missing, self.errors, self.raw, format, records, self.lines, names, self.failure
        )


def reason(why: str) -> str:
    """Why a row is bad, as it stands beside the row: options are called as on the command line."""
    return in_shell(said(why))


def check_columns(names: Sequence[str], mapper: Mapper, source: str, only_new: bool, judge: Judge) -> None:
    """Every column that is used is there once, and none is written that is there already. Raises a Problem before the
    first row."""
    for name in mapper.inputs:
        if name not in names and name not in judge.keys:
            hint = did_you_mean(name, names, f"its columns are {enumerated(names)}")
            between = next((mark for mark in ";\t|" if len(names) == 1 and mark in names[0]), "")
            if names and names[0].startswith(("#", "sep=")):
                hint = f"its first line is no line of column names: leave it out (tail -n +2 {source})"
            elif names and names[0].startswith(("{", "[")):
                hint = f"it holds JSON: {option('map --from', 'jsonl')}"
            elif any("\r" in name for name in names):
                hint = "its lines end with a carriage return alone, which tr '\\r' '\\n' mends"
            elif names and all(map(is_number, names)):
                hint = (
                    f"if its first line is a row, not names: {option('map --no-header')}, and c1, c2, … in the formula"
                )
            elif between:  # one column, whose name is all names
                hint = f"its fields are separated by {between!r}: {option('--delimiter', between)}"
            raise Problem("file", f"{source} has no column {name}", hint=hint)
        if names.count(name) > 1:
            raise Problem("file", f"{source} has {names.count(name)} columns called {name}, and the formula uses one")
    twice = next((name for name in names if names.count(name) > 1), None) if judge.by_name else None
    if twice is not None:
        hint = f"write CSV, or {LEFT_OUT}"
        raise Problem("file", f"{source} has two columns called {twice}, and what is written can have one", hint=hint)
    check_names(names, mapper, source, only_new, judge)
    if judge.fixed and judge.names is not None and judge.names != list(names):
        hint = f"they are {enumerated(judge.names)} there, and {enumerated(list(names))} here; or write JSON lines"
        raise Problem("file", f"{source} has other columns than the file before it", hint=hint)
    judge.names = list(names)


def check_hidden(names: Iterable[str], mapper: Mapper, source: str) -> None:
    """No column is passed over because its name has a value already. Raises a Problem."""
    for name in names:
        variable = mapper.hidden.get(name)
        if variable in mapper.variables:
            column = mapper.names.column(variable)
            hint = f"call it otherwise: {option('--rename', f'{column}=NAME')}"
            raise Problem("file", f"{source} has a column {name}, and its {column} is called {name}, too", hint=hint)
        if variable in mapper.plan.listed:
            hint = f"to take the column, leave {name} = … out of the formula"
            raise Problem("file", f"{source} has a column {name}, and the formula gives {name} a value, too", hint=hint)
        if variable is not None:
            hint = "to take the column, leave that value out; to take the value, call it otherwise in the formula"
            raise Problem("file", f"{source} has a column {name}, and {name} is given a value, too", hint=hint)


def check_names(names: Iterable[str], mapper: Mapper, source: str, only_new: bool, judge: Judge) -> None:
    """No column is passed over, and none is written that is there already. Raises a Problem."""
    check_hidden(names, mapper, source)
    known, added = set(names), judge.added(mapper)
    if added.count("_error") > 1:
        message = "two columns would be called _error: the output, and what is wrong with a row"
        raise Problem("option", message, hint="name the output otherwise (g = …)")
    for name in added:
        if name in known and not only_new:
            hint = f"name the output otherwise (g = …), or {LEFT_OUT}: {name}"
            if name == "_error":
                hint = f"{LEFT_OUT}, or the bad rows ({option('--errors', 'skip')})"
            raise Problem("file", f"{source} has a column {name} already", hint=hint)
