"""Parquet, Arrow and large CSV through Polars, a few batches at a time (the extra `table`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl

from backprop.errors import Problem, unreadable
from backprop.rows.compute.columns import column_of, rank_of
from backprop.rows.compute.mapper import Mapper
from backprop.rows.compute.program import Met
from backprop.rows.tables import lists
from backprop.rows.tables.batch import Batch, Judge, Report, check_columns
from backprop.rows.tables.carried import as_objects, check_writable, with_text
from backprop.rows.tables.cells import DEEPEST, shown
from backprop.rows.tables.delimited import Blocks, Reader, Records, lines_of
from backprop.rows.tables.files import TEXT, Place
from backprop.rows.tables.hive import number
from backprop.rows.tables.lines import Input, called, decoded, seekable
from backprop.rows.tables.options import Options, Seen, batches, moved_up, size_of, size_of_all
from backprop.rows.tables.polars import LINE, READ, Frame, first_line
from backprop.rows.tables.quotes import is_plain
from backprop.rows.tables.sinks import write, write_sums

CHUNK = 131_072  # rows at a time
MOST_TOGETHER = 1 << 20  # rows of small files: a few bytes may stand for millions
PATH = LINE + "path"  # the column of the file that a row is from
MOST_WHOLE = 1 << 63  # of a column of whole numbers
#: the types of columns that the formula does not use: what values of each are called, and what is one
KINDS: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    pl.Boolean(): ("true or false", lambda value: isinstance(value, bool)),
    pl.Int64(): ("a whole number", lambda value: type(value) is int and abs(value) < MOST_WHOLE),
    pl.Float64(): ("a number", lambda value: type(value) in (int, float)),
    pl.String(): ("text", lambda value: True),
}


def map_frames(mapper: Mapper, sources: list[str], place: Place, target: str, options: Options, seen: Seen) -> Report:
    """Map tables to one through Polars."""
    report = Report()
    frames = all_frames(mapper, sources, target, options, seen, report)
    if options.total:
        report.remarks += write_sums(frames, place, target, mapper, options)
    else:
        write(frames, place, target, mapper, options)
    return report


def all_frames(
    mapper: Mapper, sources: list[str], target: str, options: Options, seen: Seen, report: Report
) -> Iterator[Frame]:
    """The rows of all tables, with the results beside them."""
    with ExitStack() as stack:
        collected = stack.enter_context(options.collected())
        judge = options.judge(target, collected)
        empty, spare, schema = True, None, None
        behind, size = 0, size_of_all(sources)
        for source in sources:
            for frame, read in known(frames_of(source, mapper, target, options, judge), mapper):
                if mapper.arrays and not frame.height:  # it does not say how deep lists are
                    spare = frame
                    continue
                for part in narrow(frame, mapper):
                    found = with_results(part, mapper, target, options, report, judge, called(source))
                    schema = schema or found.schema
                    yield found if target in TEXT else of_types(schema, found, called(source))
                    empty = False
                    report.bad = judge.bad
                    seen(report, behind + read, size)
            behind += size_of(source)
        report.bad = judge.bad  # the last rows may all be bad ones
        if empty:  # what each row would have had; of JSON lines without a line, what the formula uses
            if spare is None:
                spare = numbered(pl.DataFrame(schema=dict.fromkeys(mapper.inputs, pl.Float64)), 0, options)
            yield with_results(spare, mapper, target, options, report, judge, source)


def of_types(schema: Mapping[str, Any], frame: Frame, source: str) -> Frame:
    """A frame in the types of the one before it. Raises a Problem where a value is lost by that."""
    changed = []
    for series in frame.get_columns():
        wanted = schema[series.name]
        if series.dtype == wanted:
            continue
        try:
            changed.append(series.cast(wanted))
            same = changed[-1].cast(series.dtype).equals(series)
        except pl.exceptions.PolarsError:
            same = False
        if not same:
            message = f"{source}: column '{series.name}' holds {series.dtype}, and {wanted} in the file before it"
            raise Problem("file", message, hint="write CSV or JSON lines", status=1)
    return frame.with_columns(changed) if changed else frame


def narrow(frame: Frame, mapper: Mapper) -> Iterator[Frame]:
    """A frame, in parts where what comes out for its arrays would be large."""
    if not mapper.arrays or not frame.height:
        yield frame
        return
    yield from frame.iter_slices(mapper.rows_at_once({name: first_shape(frame, name) for name in mapper.inputs}))


def first_shape(frame: Frame, name: str) -> tuple[int, ...]:
    """The shape of the first value in a column that the formula uses."""
    value = own_column(frame, name).drop_nulls().head(1).to_list()
    shape = []
    while value and isinstance(value[0], list):
        value = value[0]
        shape.append(len(value))
    return tuple(shape)


def known(frames: Iterator[tuple[Frame, int]], mapper: Mapper) -> Iterator[tuple[Frame, int]]:
    """The frames, from when on it is known how deep the lists of each column are: a file has one type for it."""
    held: list[tuple[Frame, int]] = []
    for frame, read in frames:
        held.append((frame, read))
        if not mapper.arrays or all(name in mapper.ranks for name in mapper.inputs):
            yield from ((typed(before, mapper), at) for before, at in held)
            held = []
    for name in mapper.inputs if held else ():  # lists that are all empty
        mapper.ranks.setdefault(name, max(depth(own_column(frame, name)) for frame, _ in held))
    yield from ((typed(before, mapper), at) for before, at in held)


def depth(series: Any) -> int:
    """How deep the lists of a column are."""
    return len(lists.lengths(series.dtype) or ())


def typed(frame: Frame, mapper: Mapper) -> Frame:
    """A frame whose columns of nulls and empty lists have the type of the lists that come later."""
    for name in mapper.inputs if mapper.arrays else ():
        own = READ + name if READ + name in frame.columns else name
        series = frame.get_column(own)
        if depth(series) < mapper.ranks[name]:
            wanted = lists.dtype_of([None] * mapper.ranks[name])
            frame = frame.with_columns(pl.Series(own, series.to_list(), dtype=wanted))
    return frame


def frames_of(source: str, mapper: Mapper, target: str, options: Options, judge: Judge) -> Iterator[tuple[Frame, int]]:
    """The rows of one table, and how many bytes of it are read."""
    format = options.source(source)
    if format == "jsonl":
        return frames_of_lines(source, mapper, options, judge)
    if format in TEXT:
        found = frames_of_delimited(source, mapper, options, judge, format)
        return ((keyed(frame, judge.keys, mapper, source), read) for frame, read in found)
    return frames_of_file(seekable(source), called(source), mapper, options, judge, format, target)


def frames_of_lines(source: str, mapper: Mapper, options: Options, judge: Judge) -> Iterator[tuple[Frame, int]]:
    """JSON lines as frames: the first rows say what there is, and of which types."""
    with closing(Input(source, options.encoding)) as given:
        for batch in batches(given, mapper, judge, options, options.carried):
            names = [name for name in batch.names if name not in mapper.inputs]
            judge.kinds = judge.kinds or kinds_of(batch, names)
            kinds = {name: judge.kinds.get(name, pl.String()) for name in names}
            batch = fitting(batch, kinds, judge, given.name)
            columns = {
                name: [value_for(kind, record.get(name)) for record in batch.records] for name, kind in kinds.items()
            }
            frame = pl.DataFrame(columns, schema=kinds)
            frame = with_numbers(frame, batch, options, "", mapper.ranks)
            yield frame.select([*batch.names, *[name for name in frame.columns if name not in batch.names]]), given.read


def kinds_of(batch: Batch, names: list[str]) -> dict[str, Any]:
    """The type of each column that the formula does not use: the first one that its first values fit."""
    kinds: dict[str, Any] = {}
    for name in names:
        values = [record.get(name) for row, record in enumerate(batch.records) if row not in batch.errors]
        told = [value for value in values if value is not None]
        kinds[name] = next(kind for kind in KINDS if all(fits(kind, value) for value in told)) if told else pl.String()
    return kinds


def fitting(batch: Batch, kinds: dict[str, Any], judge: Judge, source: str) -> Batch:
    """A batch whose rows have values of the types of their columns: those that have others are judged."""
    failed: dict[int, str] = {}
    for name, kind in kinds.items():
        for row, record in enumerate(batch.records):
            if row not in batch.errors and not fits(kind, value := record.get(name)):
                failed.setdefault(row, f"column '{name}': expected {KINDS[kind][0]} as before, got {shown(value)}")
    return batch.judged(failed, judge, source)[0] if failed else batch


def fits(kind: Any, value: Any) -> bool:
    """Whether a value is of a type."""
    return value is None or KINDS[kind][1](value)


def value_for(kind: Any, value: Any) -> Any:
    """A value as one of a type; nothing, where it is of another in a bad row that is kept."""
    if kind == pl.String:
        return text_of(value)
    if value is None or not fits(kind, value):
        return None
    return float(value) if kind == pl.Float64 else value


def text_of(value: Any) -> str | None:
    """What is no number for the formula, as text."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def with_numbers(frame: Frame, batch: Batch, options: Options, prefix: str, ranks: dict[str, int]) -> Frame:
    """A frame with the numbers of a batch in columns of their own."""
    new = [pl.Series(LINE, batch.lines, dtype=pl.Int64)]
    for name, values in batch.columns.items():
        column = column_of(values)
        series = lists.to_series(prefix + name, column, [None] * ranks.get(name, rank_of(column)))
        if batch.missing and isinstance(values, list):
            empty = [value is None or row in batch.errors for row, value in enumerate(values)]
            series = series.set(pl.Series(empty), None)
        new.append(series)
    if options.errors == "null":
        errors = [batch.errors.get(index) for index in range(len(batch))]
        new.append(pl.Series("_error", errors, dtype=pl.String))
    return frame.with_columns(new) if frame.width else pl.DataFrame(new)


def frames_of_delimited(
    source: str, mapper: Mapper, options: Options, judge: Judge, format: str
) -> Iterator[tuple[Frame, int]]:
    """CSV as frames of text: types are not guessed, and what is written again is what was read.

    Each block of lines is parsed by Polars; where it cannot say for sure what a row is, by the careful reader.
    """
    with closing(Input(source, options.encoding)) as given:
        given.large = True
        judge.keys = options.keys(source, mapper)
        dialect = options.dialect(format)
        reader: Reader | None = None
        blocks = Blocks(given, dialect)
        for data in blocks:
            if reader is None:
                names, nulls = blocks.names, frozenset(options.nulls)
                check_columns(names, mapper, given.name, not options.carried, judge)
                reader = Reader(given.name, different(names), mapper, judge, dialect, format, nulls)
                empty = parsed(b"", blocks.line, reader, options)
                yield empty, given.read  # what the columns are, also if there is no row
            if data:
                yield parsed(data, blocks.line, reader, options), given.read
                blocks.line += data.count(b"\n")


def different(names: list[str]) -> list[str]:
    """The names of columns, each of which is there once: a frame has no two of one name."""
    return [name if names.index(name) == at else f"{name}\1{at}" for at, name in enumerate(names)]


def parsed(data: bytes, line: int, reader: Reader, options: Options) -> Frame:
    """The rows of some lines as text, with a column of numbers for each that the formula uses."""
    frame = None
    if options.nulls == ("",) and not (reader.special and data) and is_plain(data, reader.separator):
        try:
            frame = pl.read_csv(
                data, has_header=False, separator=reader.separator, infer_schema=False,
                schema=dict.fromkeys(reader.names, pl.String), raise_if_empty=False,
            )  # fmt: skip
        except pl.exceptions.PolarsError:
            frame = None
    if frame is not None and not frame.get_column(reader.names[-1]).null_count():  # else a row may have been too short
        numbers = frame.select(pl.col(name).cast(pl.Float64, strict=False).alias(READ + name) for name in reader.used)
        if all(
            numbers.get_column(READ + name).null_count() == frame.get_column(name).null_count() for name in reader.used
        ):
            whole = frame.hstack(numbers)
            return whole.with_columns(_error=pl.lit(None, pl.String)) if options.errors == "null" else whole
    batch = reader.careful(lines_of(decoded(data)[0]), line)
    if batch.failure is not None:
        raise batch.failure
    fields = batch.records.fields if isinstance(batch.records, Records) else []
    columns = {name: [row[at] or None for row in fields] for at, name in enumerate(reader.names)}
    texts = pl.DataFrame(columns, schema=dict.fromkeys(reader.names, pl.String))
    return with_numbers(texts, batch, options, READ, reader.ranks)


def keyed(frame: Any, keys: Mapping[str, str], mapper: Mapper, source: str, prefix: str = READ) -> Any:
    """A frame with the columns that the folders of its table say."""
    new = []
    for key, text in keys.items():
        if prefix or key not in mapper.inputs:
            new.append(pl.lit(text or None, pl.String).alias(key))
        if key in mapper.inputs:
            new.append(pl.lit(number(key, text, source), pl.Float64).alias(prefix + key))
    return frame.with_columns(new) if new else frame


def scanned(path: str, format: str) -> Any:
    """A file as a lazy frame. A stream of Arrow's, which has no list of its batches, is read as a whole."""
    if format == "parquet":
        return pl.scan_parquet(path, glob=False)
    with open(path, "rb") as file:
        head = file.read(6)
    if head[:4] == b"\xff\xff\xff\xff":
        return pl.read_ipc_stream(path).lazy()
    if head != b"ARROW1":
        raise OSError(None, "it is no table of Arrow")
    return pl.scan_ipc(path)


def frames_of_file(
    path: str, source: str, mapper: Mapper, options: Options, judge: Judge, format: str, target: str
) -> Iterator[tuple[Frame, int]]:
    """A file of Parquet or Arrow read by Polars; `source` is what it is called."""
    with problems(source):
        lazy = scanned(path, format)
        judge.keys = options.keys(path, mapper)
        own = lazy.collect_schema().names()
        lazy = keyed(lazy, {key: text for key, text in judge.keys.items() if key not in own}, mapper, source, "")
        schema = lazy.collect_schema()
        height = lazy.select(pl.len()).collect().item()
    check_columns(own, mapper, source, not options.carried, judge)
    check_types(schema, mapper, source)
    if options.only_new and mapper.inputs:
        lazy = lazy.select(mapper.inputs)
    elif target in TEXT and options.carried:
        check_writable(schema, source, target)
    size, rows, chunk = size_of(path), 0, CHUNK
    if mapper.arrays:  # lists may be long
        first = next(streamed(lazy.select(mapper.inputs).head(1), source, 1), None)
        if first is not None:
            chunk = min(CHUNK, mapper.rows_at_once({name: first_shape(first, name) for name in mapper.inputs}))
    for frame in streamed(lazy, source, chunk):
        before, rows = rows, rows + frame.height
        yield numbered(frame, before, options), size * rows // max(height, rows)
    if rows != height:  # what a thread of Polars' does not survive may be told to nobody
        raise Problem("file", f"cannot read {source}: of {height:,} rows came {rows:,}", status=1)
    if not rows:  # what the columns are, also if there is no row
        yield numbered(pl.DataFrame(schema=lazy.collect_schema()), 0, options), size


def together(sources: Sequence[str], mapper: Mapper, options: Options, report: Report) -> list[Frame] | None:
    """The rows of some small files of Parquet with the results beside them, a frame each. Raises a Problem.

    None where it is not sure that each alone gives the same: where columns differ, which Polars sees to, where a file
    has no rows, or where one is bad; or where there are too many rows to hold.
    """
    try:
        lazy = pl.scan_parquet(list(sources), glob=False, hive_partitioning=False, include_file_paths=PATH)
        frame = lazy.head(MOST_TOGETHER + 1).collect()
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if frame.height > MOST_TOGETHER:
        return None
    heights = frame.get_column(PATH).rle().struct.field("len").to_list()
    if len(heights) != len(sources):
        return None
    frame = frame.drop(PATH).rechunk()
    judge = options.judge("parquet", None)
    check_columns(frame.columns, mapper, sources[0], not options.carried, judge)
    check_types(frame.schema, mapper, sources[0])
    found = with_results(numbered(frame, 0, options), mapper, "parquet", options, report, judge, sources[0])
    starts = accumulate(heights, initial=0)
    return None if judge.bad else [found.slice(start, height) for start, height in zip(starts, heights, strict=False)]


def check_types(schema: Any, mapper: Mapper, source: str) -> None:
    """The columns that the formula uses hold numbers, or where it has arrays, lists of them."""
    for name in mapper.inputs:
        shape = lists.lengths(schema[name])
        mapper.ranks[name] = len(shape or ())
        if len(shape or ()) > DEEPEST:
            message = f"{source}: column '{name}': lists are {len(shape or ())} deep, and may be {DEEPEST}"
            raise Problem("file", message, status=1)
        if shape is None or (shape and not mapper.arrays):
            hint = "" if shape is None else mapper.without_lists
            message = f"{source}: column '{name}': expected numbers, got {schema[name]}"
            raise Problem("file", message, hint=hint, status=1)


def numbered(frame: Frame, before: int, options: Options) -> Frame:
    """A frame with the numbers of its rows, counted from 1, and room for what is wrong with them."""
    frame = frame.with_columns(pl.int_range(before + 1, before + 1 + frame.height, eager=True).alias(LINE))
    return frame.with_columns(_error=pl.lit(None, pl.String)) if options.errors == "null" else frame


def streamed(lazy: Any, source: str, chunk: int) -> Iterator[Frame]:
    """The batches of a lazy frame, in order."""
    with problems(source):
        yield from lazy.collect_batches(chunk_size=chunk, maintain_order=True, engine="streaming", lazy=True)


@contextmanager
def problems(source: str) -> Iterator[None]:
    """Tell of what Polars cannot read as a Problem."""
    try:
        yield
    except OSError as error:
        raise unreadable(source, error, status=1) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise Problem("file", f"cannot read {source}: {first_line(error)}", status=1) from None


def with_results(
    frame: Frame, mapper: Mapper, target: str, options: Options, report: Report, judge: Judge, source: str
) -> Frame:
    """A frame with the columns of the results; null where a number was null."""
    frame, results, missing, met = computed(frame, mapper, judge, source)
    report.tally.join(met, report.rows)
    report.rows += frame.height
    typed = {name: own_column(frame, name) for name in mapper.inputs}
    shapes = mapper.shapes({name: lists.lengths(series.dtype) or () for name, series in typed.items()})
    new = [lists.to_series(name, column, shapes.get(name)) for name, column in results.items()]
    if missing is not None:
        new = [series.set(pl.Series(missing), None) for series in new]
    errors = [frame.get_column("_error")] if options.errors == "null" and "_error" in frame.columns else []
    if options.only_new or options.total:
        return pl.DataFrame([*new, *errors])
    own = [name for name in frame.columns if not name.startswith((READ, LINE)) and not (errors and name == "_error")]
    columns = {name: frame.get_column(name) for name in own}
    if target not in TEXT:  # text that the formula reads as numbers is written as numbers
        columns |= {name: typed[name].alias(name) for name in own if READ + name in frame.columns}
    return pl.DataFrame([*columns.values(), *new, *errors])


def own_column(frame: Frame, name: str) -> Any:
    """The numbers of a column that the formula uses."""
    return frame.get_column(READ + name if READ + name in frame.columns else name)


def columns_in(frame: Frame, mapper: Mapper) -> tuple[dict[str, Any], Any, dict[int, str]]:
    """The columns that the formula uses, a mask of the rows in which one is null (None if there is none), and what is
    wrong with others."""
    columns, missing = {}, None
    failed: dict[int, str] = {}
    for name in mapper.inputs:
        columns[name], empty, wrong = lists.from_series(own_column(frame, name))
        failed |= wrong
        if empty is not None:
            missing = empty if missing is None else missing | empty
    return columns, missing, failed


def computed(
    frame: Frame, mapper: Mapper, judge: Judge, source: str
) -> tuple[Frame, dict[str, Any], Any, dict[str, Met]]:
    """The results of a frame, a mask of the rows without any, and what was remarkable; the frame without bad rows that
    are left out."""
    columns, missing, failed = columns_in(frame, mapper)
    frame, columns, missing = judged(frame, columns, missing, failed, judge, source)
    results, met = mapper.run(columns, frame.height, missing, failed := {})
    before = frame.height
    frame, results, missing = judged(frame, results, missing, failed, judge, source)
    return frame, results, missing, moved_up(met, sorted(failed)) if frame.height < before else met


def judged(
    frame: Frame, columns: dict[str, Any], missing: Any, failed: dict[int, str], judge: Judge, source: str
) -> tuple[Frame, dict[str, Any], Any]:
    """A frame and its columns after rows that cannot be computed were judged: without them, or with them as missing."""
    if not failed:
        return frame, columns, missing
    added = {"_error"} if judge.errors == "null" else set()
    own = [name for name in with_text(frame.schema) if not name.startswith((READ, LINE)) and name not in added]
    kept = np.ones(frame.height, dtype=bool)
    missing = np.zeros(frame.height, dtype=bool) if missing is None else missing
    errors = frame.get_column("_error").to_list() if "_error" in frame.columns else [None] * frame.height
    for row in sorted(failed):
        raw = as_objects(frame[row].select(own))[0]
        kept[row] = missing[row] = judge.judge(source, frame.get_column(LINE)[row], failed[row], raw)
        errors[row] = failed[row]
    if judge.errors == "null":
        frame = frame.with_columns(pl.Series("_error", errors, dtype=pl.String))
    return frame.filter(kept), {name: column[kept] for name, column in columns.items()}, missing[kept]
