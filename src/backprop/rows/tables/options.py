"""How rows are read and written, and by whom: the reader and the writer for each form of text."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from io import TextIOWrapper
from typing import Any, NamedTuple, TextIO

from backprop.errors import Problem, unwritable
from backprop.errors.spelling import option
from backprop.rows.compute.mapper import Mapper
from backprop.rows.compute.program import Met
from backprop.rows.tables.batch import Batch, Judge, Report
from backprop.rows.tables.dialect import PLAIN, Dialect, dialect_of
from backprop.rows.tables.files import format_of, opened
from backprop.rows.tables.lines import Input
from backprop.rows.tables.polars import is_of_use

Seen = Callable[[Report, int, int], None]  # rows so far, bytes read, bytes in all


class Options(NamedTuple):
    """How rows are read and written; it travels with a task."""

    source_format: str | None = None
    target_format: str | None = None
    total: bool = False  # the sums alone are written
    errors: str = "fail"
    errors_to: str | TextIO | None = None  # a file by its name; of a part what is open, as many share the file
    nulls: tuple[str, ...] = ("",)
    only_new: bool = False
    delimiter: str | None = None
    comma: bool = False  # numbers of tables in text have a comma for a point
    header: bool = True
    encoding: str | None = None
    roots: tuple[str, ...] = ()  # folders whose folders may be called KEY=VALUE
    spread: bool = False  # what is written lies in such folders, too
    many: bool = False  # it is one of many parts: Polars' import is paid for already

    def keys(self, path: str, mapper: Mapper) -> dict[str, str]:
        """The columns that the folders of a file say, as far as they are wanted."""
        if not self.roots:
            return {}
        from backprop.rows.tables.hive import keys_of

        found = keys_of(path, self.roots)
        return {key: text for key, text in found.items() if key in mapper.inputs} if self.spread else found

    def dialect(self, format: str) -> Dialect:
        """How a table of text is written down."""
        return dialect_of(format, self.delimiter, self.comma, self.header)

    def source(self, path: str) -> str:
        """The format of a file that is read."""
        return known(self.source_format or format_of(path), path, "map --from")

    def target(self, path: str) -> str:
        """The format of a file that is written."""
        return known(self.target_format or format_of(path), path, "map --to")

    @property
    def carried(self) -> bool:
        """Whether the columns of the input are written as well."""
        return not (self.only_new or self.total)

    def collected(self, again: bool = False) -> AbstractContextManager[TextIO | None]:
        """The file in which bad rows are collected, if there is one; with those that it has. Raises a Problem."""
        if not isinstance(self.errors_to, str):
            return nullcontext(self.errors_to)
        try:
            return TextIOWrapper(opened(self.errors_to, "ab" if again else "wb"), encoding="utf-8")
        except OSError as error:
            raise unwritable(self.errors_to, error) from None

    def judge(self, target: str, collected: TextIO | None) -> Judge:
        """Who says what becomes of bad rows in what is written."""
        tables = ("csv", "tsv")
        return Judge(
            self.errors,
            collected,
            fixed=self.carried and target != "jsonl",
            by_name=self.carried and target not in tables,
        )

    def fingerprint(self, mapper: Mapper) -> str:
        """A text that is another one where something else would come out."""
        form = (self.delimiter, self.comma, self.header, self.encoding)
        more = "".join(f"-{said}" for said in form) if form != (None, False, True, None) else ""
        return f"{mapper.fingerprint()}-{self.errors}-{int(self.only_new)}-{','.join(self.nulls)}{more}"


def known(format: str | None, path: str, flag: str) -> str:
    if format is None:
        hint = f"say what it is: {option(flag, 'csv')}, tsv, jsonl, …"
        raise Problem("option", f"the suffix of {path} is of no table", hint=hint)
    return format


def nothing(report: Report, read: int, size: int) -> None:
    """For those who do not want to see a run while it works."""


def size_of(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def size_of_all(paths: list[str]) -> int:
    """The bytes of all files; 0 where nobody knows how many come."""
    sizes = [size_of(path) for path in paths]
    return sum(sizes) if all(sizes) else 0


def batches(
    given: Input, mapper: Mapper, judge: Judge, options: Options, fixed: bool, quick: bool = False
) -> Iterator[Batch]:
    """The rows of one table of text; `fixed` if those of JSON lines go into a table, `quick` if lines and numbers are
    all that is wanted of them."""
    format = options.source(given.path)
    judge.keys = options.keys(given.path, mapper)
    found: Iterator[Batch]
    if format == "jsonl":
        from backprop.rows.tables import jsonl

        plainly = quick and not (mapper.arrays or judge.keys or fixed) and is_of_use()
        found = jsonl.read(
            given, mapper, judge, nulls=options.nulls, only_new=not options.carried, fixed=fixed,
            quick=quick_objects if plainly else None,
        )  # fmt: skip
        dialect = PLAIN
    else:
        from backprop.rows.tables import delimited

        dialect = options.dialect(format)
        found = delimited.read(
            given, mapper, judge, format=format, dialect=dialect, nulls=options.nulls,
            only_new=not options.carried, quick=quick_rows if quick and is_of_use() else None,
        )  # fmt: skip
    if not judge.keys:
        return found
    from backprop.rows.tables.hive import with_keys

    return with_keys(found, judge.keys, [key for key in judge.keys if key in mapper.inputs], given.name, dialect)


def quick_rows(data: bytes, first: int, reader: Any) -> tuple[Batch, int] | None:
    """A block of rows by the quick reader, which is imported when the first one comes."""
    from backprop.rows.tables import quick

    return quick.rows(data, first, reader)


def quick_objects(data: bytes, first: int, mapper: Mapper) -> Batch | None:
    """A block of JSON lines by the quick reader."""
    from backprop.rows.tables import quick

    return quick.object_rows(data, first, mapper)


def writer_of(target: str, mapper: Mapper, options: Options) -> Any:
    if target == "jsonl":
        from backprop.rows.tables import jsonl

        return jsonl.Writer(mapper.outputs, options.only_new)
    from backprop.rows.tables import delimited

    return delimited.Writer(mapper, options.only_new, target, options.errors == "null", options.dialect(target))


def moved_up(met: dict[str, Met], dropped: list[int]) -> dict[str, Met]:
    """What was remarkable, its rows counted without those that are left out."""
    return {text: (count, first - sum(row < first for row in dropped)) for text, (count, first) in met.items()}
