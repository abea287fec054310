"""CSV and TSV: a line of names, then a row a line; quoted fields may hold separators, quotes and line ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from backprop.errors import Problem
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.batch import Batch, Gathered, Judge, check_columns, has_lists, values_of
from backprop.rows.tables.cells import Bad, from_text, json_value, shown, value_from_text, whole
from backprop.rows.tables.dialect import PLAIN, Dialect
from backprop.rows.tables.lines import NOT_UTF8, SAVE_IT, Input, decoded, is_broken, mended
from backprop.rows.tables.quotes import cut, fields_of, whole_rows

MOST_HEADER = 1 << 20  # bytes in which the names of the columns are
JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")


Quick = Callable[[bytes, int, "Reader"], tuple[Batch, int] | None]  # reads a block, given its first line's number


def read(
    source: Input,
    mapper: Mapper,
    judge: Judge,
    *,
    format: str = "csv",
    dialect: Dialect = PLAIN,
    nulls: Sequence[str] = ("",),
    only_new: bool = False,
    quick: Quick | None = None,
) -> Iterator[Batch]:
    """The rows of a table in text. Where there are many, whole lines may be read by the quick reader."""
    reader: Reader | None = None
    if mapper.arrays or dialect.comma:
        quick = None
    blocks = Blocks(source, dialect)
    for data in blocks:
        if reader is None:
            reader = Reader(source.name, blocks.names, mapper, judge, dialect, format, frozenset(nulls))
            reader.alone = only_new
            check_columns(blocks.names, mapper, source.name, only_new, judge)
        batch, lines = reader.block(data, blocks.line, quick if source.is_large else None)
        blocks.line += lines
        yield batch
        if batch.failure is not None:
            raise batch.failure


class Blocks:
    """The rows of a table in text as blocks of whole ones; of a table without a row there is an empty one. `names` are
    those of the columns, and `line` is the number of a block's first line: who reads a block adds how many it had, as
    to count them here is a sixth of all the work. Raises a Problem where there are no names."""

    def __init__(self, source: Input, dialect: Dialect) -> None:
        self.source, self.dialect = source, dialect
        self.names: list[str] = []
        self.line = 1

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for block in self.source.blocks():
            data = rest + block
            if self.line == 1:
                data = data.removeprefix(b"\xef\xbb\xbf")
            data, rest = cut(data, self.dialect.separator)
            if not self.names and data:
                taken, self.names = header(lines_of(head(data)), self.dialect, self.source.name)
                self.line += taken
                if not self.names:  # nothing is on these lines
                    continue
                for _ in range(taken):
                    data = data.partition(b"\n")[2]
                if not data:
                    yield data
            if self.names and data:
                yield data
        if rest:
            message = f"{self.source.name}:{self.line}: a quote is opened here and never closed"
            raise Problem("file", message, status=1)
        if not self.names:
            raise Problem("file", f"{self.source.name} is empty: there is no line of column names")


def head(data: bytes) -> str:
    """The beginning of a block, up to the end of a line."""
    end = data.rfind(b"\n", 0, MOST_HEADER) + 1 if len(data) > MOST_HEADER else 0
    return decoded(data[: end or len(data)])[0]


def lines_of(text: str) -> list[str]:
    """The lines of a text; the end of one that is a row is taken off where rows are told apart."""
    lines = text.removesuffix("\n").split("\n")
    return lines if text else []


def header(lines: list[str], dialect: Dialect, source: str) -> tuple[int, list[str]]:
    """How many lines the names take, and the names; without a line of names they are c1, c2, …"""
    separator = dialect.separator
    for taken, (text, count) in enumerate(whole_rows(lines, separator), 1):
        if text.strip():
            if is_broken(text):
                raise Problem("file", f"{source}:{taken}: {NOT_UTF8}", hint=SAVE_IT, status=1)
            if not dialect.header:
                return 0, [f"c{column}" for column, _ in enumerate(fields_of(text, separator), 1)]
            return taken - 1 + count, [name.strip() for name in fields_of(text, separator)]
    return len(lines), []


class Reader:
    """Rows of text as batches."""

    def __init__(
        self,
        source: str,
        names: list[str],
        mapper: Mapper,
        judge: Judge,
        dialect: Dialect,
        format: str,
        nulls: frozenset[str],
    ) -> None:
        self.source = source
        self.names = names
        self.judge = judge
        self.dialect = dialect
        self.separator = dialect.separator
        self.format = format
        self.nulls = nulls
        self.alone = False  # whether nobody wants the lines themselves
        self.used = {name: names.index(name) for name in mapper.inputs if name in names}
        self.arrays = mapper.arrays
        self.ranks = mapper.ranks
        value = (
            partial(value_from_text, ranks=mapper.ranks)
            if mapper.arrays
            else partial(from_text, lists=mapper.without_lists)
        )
        self.special = mapper.arrays or dialect.comma  # cells that only the careful way reads
        self.value = partial(with_comma, value) if dialect.comma else value

    def block(self, data: bytes, first: int, quick: Quick | None) -> tuple[Batch, int]:
        """The rows of a block of whole rows, and how many lines they take."""
        found = None if quick is None or not data else quick(data, first, self)
        if found is not None:
            return found
        lines = lines_of(decoded(data)[0])
        return self.rows(lines, first), len(lines)

    @property
    def numeric_nulls(self) -> list[float]:
        """Texts that stand for nothing, and are spelt like numbers."""
        found = []
        for text in self.nulls:
            with suppress(Bad):
                found.append(from_text(text, ""))
        return found

    def rows(self, lines: list[str], first: int) -> Batch:
        """The rows of some lines. The plain way first: no quotes, and a number in each column that is used."""
        if self.nulls == {""} and not self.dialect.comma and not any('"' in text or "_" in text for text in lines):
            try:
                width = len(self.names)
                lines = [text.removesuffix("\r") for text in lines]
                fields = [text.split(self.separator) for text in lines]
                if all(len(row) == width for row in fields) and all(text.isascii() for text in lines):
                    columns = {name: [float(row[at]) for row in fields] for name, at in self.used.items()}
                    where = range(first, first + len(lines))
                    return Batch(
                        columns, [], {}, lines, self.format, Records(self.names, fields, self.used), where, self.names
                    )
            except ValueError:
                pass
        return self.careful(lines, first)

    def careful(self, lines: list[str], first: int, numbered: Sequence[int] | None = None) -> Batch:
        """The rows of some lines, one after the other: nulls, quotes, and what is bad. The lines follow each other, or
        each is a row and has a number."""
        found = Gathered(self.used, self.judge, self.source)
        fields: list[list[str]] = []
        line = first
        for index, (text, count) in enumerate(whole_rows(lines, self.separator)):
            number, line = line if numbered is None else numbered[index], line + count
            if not text.strip():
                continue
            row = fields_of(text, self.separator)
            try:
                if is_broken(text):
                    raise Bad(NOT_UTF8)
                if len(row) != len(self.names):
                    raise Bad(f"expected {len(self.names)} columns, got {len(row)}")
                numbers = [
                    None if row[at].strip() in self.nulls else self.value(row[at], name)
                    for name, at in self.used.items()
                ]
            except Bad as bad:
                if is_broken(text):
                    text, row = mended(text), [mended(cell) for cell in row]
                if not found.keeps(str(bad), text, number):
                    if found.failure is not None:
                        break
                    continue
                numbers = [None] * len(found.columns)
                if len(row) != len(self.names):
                    row = (row + [""] * len(self.names))[: len(self.names)]
                    text = written(row, self.separator)
            found.put(numbers, text, number)
            fields.append(row)
        return found.batch(self.format, Records(self.names, fields, self.used), self.names)


def with_comma(value: Any, text: str, column: str) -> Any:
    """The value of a cell in which numbers have a comma for a point. Raises Bad."""
    if "." in text and not text.lstrip().startswith("["):
        raise Bad(f"column '{column}': expected a number with a comma for a point, got {shown(text)}")
    return value(text if text.lstrip().startswith("[") else text.replace(",", "."), column)


class Records(Sequence[dict[str, Any]]):
    """Rows of fields as objects, made when a writer of another format asks for them."""

    def __init__(self, names: list[str], fields: list[list[str]], used: dict[str, int]) -> None:
        self.names = names
        self.fields = fields
        self.used = used

    def __len__(self) -> int:
        return len(self.fields)

    def __getitem__(self, index: Any) -> Any:
        return {name: self.value(name, text) for name, text in zip(self.names, self.fields[index], strict=True)}

    def value(self, name: str, text: str) -> Any:
        """A field as JSON: nothing is null; what is spelt like a number of JSON is one, a list that the formula uses is
        one, the rest is text, and so is a whole number that is too long for Python."""
        if not text:
            return None
        if name in self.used and text.lstrip().startswith("["):
            with suppress(ValueError, RecursionError, Bad):
                return json.loads(text, parse_int=whole)
        return number_or_text(text)


def number_or_text(text: str) -> int | float | str:
    """What is spelt like a number of JSON is one, with its sign; what is too long for Python is text."""
    if JSON_NUMBER.fullmatch(text):
        with suppress(Bad):
            found: int | float = json.loads(text, parse_int=whole)
            return found
    return text


def written(fields: Sequence[str], separator: str) -> str:
    """A row as text, with quotes where they are needed."""
    return separator.join(
        '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (separator, '"', "\n", "\r")) else text
        for text in fields
    )


class Writer:
    """Batches as CSV or TSV. The names of the first batch's columns are the table's."""

    def __init__(self, mapper: Mapper, only_new: bool, format: str, with_errors: bool, dialect: Dialect) -> None:
        self.inputs = mapper.inputs
        self.names = mapper.outputs
        self.only_new = only_new
        self.dialect = dialect
        self.separator = dialect.separator
        self.format = format
        self.with_errors = with_errors
        self.before: list[str] | None = None

    def text(self, batch: Batch, results: Sequence[Any], finite: bool) -> str:
        """The lines of a batch, with the results beside each row; and before the first batch the line of names."""
        separator = self.separator
        head = self.head(batch.names)
        columns = [values_of(column) for column in results]
        lists = any(map(has_lists, results))
        if batch.missing or self.with_errors or lists or self.dialect.comma:
            missing = set(batch.missing)
            cell = self.cell if lists else self.number
            nothing = separator * (len(columns) - 1)
            if self.only_new and not nothing:  # a line without anything would be passed over when it is read again
                nothing = '""'
            tails = [
                nothing if index in missing else separator.join(map(cell, row))
                for index, row in enumerate(zip(*columns, strict=True))
            ]
            if self.with_errors:
                tails = [
                    tail + separator + written([batch.errors.get(index, "")], separator)
                    for index, tail in enumerate(tails)
                ]
        else:
            pattern = separator.join(["%r"] * len(columns))
            tails = [pattern % row for row in zip(*columns, strict=True)]
        if self.only_new:
            return head + "".join([f"{tail}\n" for tail in tails])
        heads = batch.raw if batch.format == self.format else map(self.fields, batch.cells())
        return head + "".join([f"{own}{separator}{tail}\n" for own, tail in zip(heads, tails, strict=True)])

    def head(self, names: Sequence[str]) -> str:
        """The line of names, if it is not there yet; a table has so many columns of its own."""
        if self.before is not None:
            return ""
        self.before = [] if self.only_new else list(names)
        if not self.dialect.header:
            return ""
        added = [*self.names, *(["_error"] if self.with_errors else [])]
        return written([*self.before, *added], self.separator) + "\n"

    def end(self) -> str:
        """What is written where there was no row at all: the names of the columns that each would have had."""
        return self.head(self.inputs)

    def cell(self, value: Any) -> str:
        """A number, or lists of them, as a cell with quotes where they are needed."""
        return self.number(value) if isinstance(value, float) else written([json_value(value)], self.separator)

    def number(self, value: float) -> str:
        return repr(value).replace(".", ",") if self.dialect.comma else repr(value)

    def totals(self, rows: int, sums: dict[str, Any]) -> str:
        """Sums over all rows, as a table of one row."""
        values = [str(rows), *map(self.cell, sums.values())]
        names = written(["rows", *sums], self.separator) + "\n" if self.dialect.header else ""
        return f"{names}{self.separator.join(values)}\n"

    def fields(self, record: Any) -> str:
        """The fields of a table, or a JSON object, as a row of text."""
        if isinstance(record, list):
            return written(record, self.separator)
        assert self.before is not None
        texts = []
        for name in self.before:
            value = record.get(name)
            texts.append(
                "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            )
        return written(texts, self.separator)
