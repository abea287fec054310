"""Many small parts as one: read, computed and written together, and cut into parts again.

What comes out is byte for byte what each alone would give. Where that is not sure, nothing is written, and each goes
alone: where heads differ, a quote is open at the end of a part, or the quick reader does not know what a row is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO, StringIO
from itertools import accumulate
from typing import NamedTuple

from backprop.errors import Problem
from backprop.rows.compute.mapper import Mapper
from backprop.rows.pipeline import computed, put
from backprop.rows.tables.batch import Batch, Judge, Report, check_columns, check_names
from backprop.rows.tables.files import TEXT, whole
from backprop.rows.tables.lines import LARGE, LARGE_BLOCK, decoded
from backprop.rows.tables.options import Options, size_of, writer_of
from backprop.rows.tables.packing import MAGIC, bare
from backprop.rows.tables.polars import is_of_use, polars

SMALL = 1 << 17  # bytes of a part: what is larger is as fast alone
PACKED_BLOCK = LARGE_BLOCK >> 2  # bytes of Parquet in one go: each stands for several
MANY = 500  # parts, from which on Polars is worth its import however little is in them
MARK = b"\xef\xbb\xbf"


class Job(NamedTuple):
    """One part: a file to read, the file to write, and the fingerprint under which it is known to be done."""

    source: str
    target: str
    fingerprint: str


class Done(NamedTuple):
    """What came of a part: the report, or why there is none."""

    report: Report | None
    failure: str = ""


class Shared(Judge):
    """Who judges the rows of several parts, one behind the other: `ends` are the lines at which they end."""

    def __init__(self, options: Options, parts: Sequence[Job], texts: Iterable[bytes], before: int) -> None:
        super().__init__(options.errors)
        self.before = before  # lines in each part
        self.sources = [part.source for part in parts]
        self.ends = list(accumulate(ended(text).count(b"\n") for text in texts))
        self.reports = [Report() for _ in parts]
        self.collects = options.errors_to is not None

    def judge(self, source: str, line: int, why: str, raw: str) -> bool:
        """Whether the row is kept. Raises a Problem under `fail`."""
        at = bisect_left(self.ends, line)
        line += self.before - (self.ends[at - 1] if at else 0)
        self.collected = StringIO() if self.collects else None
        kept = super().judge(self.sources[at], line, why, raw)
        self.reports[at].bad += 1
        self.reports[at].collected += self.collected.getvalue() if self.collected else ""
        return kept


class Together(NamedTuple):
    """The rows of several parts, and who judged them."""

    judge: Shared
    batch: Batch


def bundles(parts: Sequence[Job], mapper: Mapper, options: Options) -> Iterator[list[Job]]:
    """The parts in their order; those that may go together in one list."""
    sizes = [size_of(part.source) for part in parts]
    worth = is_of_use() and (sum(sizes) >= LARGE or len(parts) >= MANY)
    bundle: list[Job] = []
    room, form = 0, ""
    for part, size in zip(parts, sizes, strict=True):
        format = options.source(part.source)
        small = 0 < size <= SMALL and (worth or format == "parquet") and fits(part, format, mapper, options)
        if bundle and not (small and size <= room and format == form):
            yield bundle
            bundle = []
        if not small:
            yield [part]
            continue
        if not bundle:
            room, form = PACKED_BLOCK if format == "parquet" else LARGE_BLOCK, format
        room -= size
        bundle.append(part)
    if bundle:
        yield bundle


def fits(part: Job, format: str, mapper: Mapper, options: Options) -> bool:
    """Whether a part may go together with others, as far as its name says."""
    return (
        format in (*TEXT, "parquet") and format == options.target(part.target) and bare(part.source) == part.source
        and not (mapper.arrays or options.comma or options.encoding)
        and not (format == "jsonl" and part.source.lower().endswith(".json"))  # it may be an array
        and not options.keys(part.source, mapper)
    )  # fmt: skip


def map_together(parts: Sequence[Job], mapper: Mapper, options: Options) -> list[Done] | None:
    """Map each part to its target; None where they are not surely the same together as alone. What was remarkable in
    all of them is told with the first one."""
    format = options.source(parts[0].source)
    if format == "parquet":
        return map_frames(parts, mapper, options)
    try:
        texts = [without_mark(part.source) for part in parts]
        found = (read_objects if format == "jsonl" else read_rows)(parts, texts, mapper, options)
    except (OSError, Problem):  # to be told of one part
        return None
    if found is None or found.batch.failure is not None:
        return None
    if mapper.engine == "auto" and len(found.batch) > mapper.first_compiled:
        return None
    mapper.begin()
    told = Report()
    batch, results, finite, _ = computed(mapper, found.batch, told, found.judge, "")
    writer, room = writer_of(format, mapper, options), BytesIO()
    head = b"" if format == "jsonl" else writer.head(batch.names).encode()
    put(writer, batch, list(results.values()), finite, True, room)
    pieces = pieces_of(room.getbuffer()[: room.tell()], found)
    if pieces is None:
        return None
    done: list[Done] = []
    for part, (lines, rows), report in zip(parts, pieces, found.judge.reports, strict=True):
        report.rows = rows
        done.append(written(part, head, lines, report))
    return told_first(done, told)


def map_frames(parts: Sequence[Job], mapper: Mapper, options: Options) -> list[Done] | None:
    """The same of Parquet."""
    mapper.begin()
    told = Report()
    try:
        polars()
        from backprop.rows.tables import frames, sinks

        found = frames.together([part.source for part in parts], mapper, options, told)
    except Problem:  # to be told of one part
        return None
    if found is None or (mapper.engine == "auto" and told.rows > mapper.first_compiled):
        return None
    done: list[Done] = []
    rooms = sinks.parquets(found, options.fingerprint(mapper))
    for part, frame, room in zip(parts, found, rooms, strict=True):
        report = Report()
        report.rows = frame.height
        done.append(written(part, b"", room.getbuffer(), report))
    return told_first(done, told)


def told_first(done: list[Done], told: Report) -> list[Done]:
    """What came of each part, the first of which tells what was remarkable in all."""
    next((part.report for part in done if part.report), told).tally = told.tally
    return done


def without_mark(path: str) -> bytes:
    """The bytes of a file without the mark of UTF-8. Raises a Problem where they are packed."""
    with open(path, "rb") as file:
        data = file.read()
    if data.startswith(tuple(MAGIC)):
        raise Problem("file", f"{path} is packed")
    return data.removeprefix(MARK)


def read_rows(parts: Sequence[Job], texts: Sequence[bytes], mapper: Mapper, options: Options) -> Together | None:
    from backprop.rows.tables import quick
    from backprop.rows.tables.delimited import Reader, header
    from backprop.rows.tables.quotes import is_plain

    format = options.source(parts[0].source)
    dialect = options.dialect(format)
    first, bodies = texts[0], list(texts)
    if dialect.header:
        heads, bodies = map(list, zip(*map(headed, texts), strict=True))
        first = heads[0]
        if len(set(heads)) > 1:
            return None
    taken, names = header(decoded(first)[0].split("\n"), dialect, parts[0].source)
    if taken != dialect.header or not names or not all(is_plain(text, dialect.separator) for text in (first, *bodies)):
        return None
    judge = Shared(options, parts, bodies, taken)
    check_columns(names, mapper, parts[0].source, options.only_new, judge)
    reader = Reader(parts[0].source, names, mapper, judge, dialect, format, frozenset(options.nulls))
    reader.alone = options.only_new
    found = quick.rows(b"".join(map(ended, bodies)), 1, reader)
    return None if found is None else Together(judge, found[0])


def read_objects(parts: Sequence[Job], texts: Sequence[bytes], mapper: Mapper, options: Options) -> Together | None:
    """The rows of JSON lines."""
    from backprop.rows.tables import quick

    batch = quick.object_rows(b"".join(map(ended, texts)), 1, mapper)
    if batch is None:
        return None
    judge = Shared(options, parts, texts, 0)
    check_names(batch.records[0], mapper, parts[0].source, options.only_new, judge)
    return Together(judge, batch)


def headed(text: bytes) -> tuple[bytes, bytes]:
    """The line of names, and what follows it."""
    head, _, body = text.partition(b"\n")
    return head.removesuffix(b"\r"), body


def ended(text: bytes) -> bytes:
    """A text whose last line has an end."""
    return text if not text or text.endswith(b"\n") else text + b"\n"


def pieces_of(lines: memoryview, together: Together) -> list[tuple[memoryview, int]] | None:
    """What is written of each part, and how many rows that are; None where rows and lines are not the same."""
    import numpy as np

    batch, ends = together.batch, together.judge.ends
    starts = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == ord("\n")) + 1
    if len(starts) != len(batch):
        return None
    starts = np.concatenate(([0], starts))
    rows = np.searchsorted(np.asarray(batch.lines), ends, side="right").tolist()
    return [(lines[starts[start] : starts[stop]], stop - start) for start, stop in zip([0, *rows], rows, strict=False)]


def written(part: Job, head: bytes, lines: memoryview, report: Report) -> Done:
    """Write a part: the report of it, or what went wrong."""
    try:
        with whole(part.target, alone=False) as beside, open(beside, "r+b") as file:
            file.write(head)
            file.write(lines)
    except Problem as problem:
        return Done(None, problem.message)
    return Done(report)
