"""From a table in to a table out: the same function of columns on every way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from io import BytesIO
from itertools import groupby
from typing import Any

from backprop.errors import Problem, unknown_suffix
from backprop.errors.spelling import option
from backprop.rows.compute.few import are_few
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.batch import Batch, Judge, Report
from backprop.rows.tables.files import FORMATS, TEXT, Place, format_of, is_stream, whole
from backprop.rows.tables.lines import LARGE, LARGE_BLOCK, MIDDLING, SUMMED_BLOCK, Input
from backprop.rows.tables.objects import is_array
from backprop.rows.tables.options import Options, Seen, batches, moved_up, nothing, size_of_all, writer_of
from backprop.rows.tables.packing import NAMES, bare, suffix_of
from backprop.rows.tables.polars import is_of_use, polars

PIECE = 1 << 18  # bytes


def map_files(
    mapper: Mapper, sources: list[str], target: str | None, options: Options, seen: Seen = nothing, alone: bool = True
) -> Report:
    """Map some files to one, which is written whole or not at all, or to standard output for None. Where it is not
    alone, who calls sees to it that it is on the disk. Raises a Problem."""
    if target is None:
        return into(
            mapper, sources, Place(None), options.target_format or default_target(sources, options), options, seen
        )
    format = target_of(target, sources, options)
    packed = suffix_of(target)
    if packed and format not in TEXT:
        hint = f"{format} is compressed as it is: {option('map -o', bare(target))}"
        raise Problem("option", f"{target}: {format} does not go into {NAMES[packed]}", hint=hint)
    array = format == "jsonl" and is_document(target, sources, options)
    with whole(target, alone) as beside:
        return into(mapper, sources, Place(beside, packed, array), format, options, seen)


def is_document(target: str, sources: list[str], options: Options) -> bool:
    """Whether a file of JSON holds one array of all rows, as its name says: not if lines are asked for, nor where it
    comes from such a file that holds lines itself, as Spark writes them."""
    if options.total or options.target_format is not None or not bare(target).lower().endswith(".json"):
        return False
    source = sources[0]
    if options.source(source) != "jsonl" or not bare(source).lower().endswith(".json"):
        return True
    with closing(Input(source, options.encoding)) as given:
        return is_array(given)


def target_of(path: str, sources: list[str], options: Options) -> str:
    """The format of the file that is written. Raises a Problem where its suffix is of no table."""
    format = options.target_format or format_of(path)
    if format is not None:
        return format
    name = os.path.basename(path)
    if is_stream(path):
        return default_target(sources, options)
    if "." not in name.removeprefix("."):
        return options.source(sources[0])
    raise unknown_suffix(path, FORMATS, f" (text also with .gz, .bz2, .xz, .zst); or {option('map --to')}")


def default_target(sources: list[str], options: Options) -> str:
    """What is written to standard output: what is read, if that is text."""
    format = options.source(sources[0])
    return format if format in TEXT else "jsonl"


def into(mapper: Mapper, sources: list[str], place: Place, target: str, options: Options, seen: Seen) -> Report:
    """Map some files into an open place, by the way that is there for the formats."""
    mapper.begin()
    binary = set(map(options.source, sources)) - TEXT
    if not binary and target in TEXT:
        return map_text(mapper, sources, place, target, options, seen)
    if target == "jsonl" and not options.total and not all(options.source(source) in binary for source in sources):
        return by_form(mapper, sources, place, target, options, seen)
    polars()
    from backprop.rows.tables.frames import map_frames

    return map_frames(mapper, sources, place, target, options, seen)


def by_form(mapper: Mapper, sources: list[str], place: Place, target: str, options: Options, seen: Seen) -> Report:
    """Map files of text and others to lines, each by its own way: what is text goes on as it stands."""
    report = Report()
    with place.open() as out, options.collected() as collected:
        held, options = Place(place.path, held=out), options._replace(errors_to=collected)
        for _, some in groupby(sources, lambda source: options.source(source) in TEXT):
            report.join(into(mapper, list(some), held, target, options, seen))
    return report


# ── text, with the standard library ──


def map_text(mapper: Mapper, sources: list[str], place: Place, target: str, options: Options, seen: Seen) -> Report:
    """Map tables of text to one, batch by batch; each is out before the next one is waited for."""
    report = Report()
    sums = summed(mapper) if options.total else None
    with ExitStack() as stack:
        collected = stack.enter_context(options.collected())
        judge = options.judge(target, collected)
        out = stack.enter_context(place.open())
        writer = writer_of(target, mapper, options)
        room = BytesIO()
        behind, size = 0, size_of_all(sources)
        for source in sources:
            given = Input(source, options.encoding, SUMMED_BLOCK if options.total else LARGE_BLOCK)
            stack.callback(given.close)
            large = max(size, behind) >= (MIDDLING if options.many else LARGE)
            given.large = large and not place.flows  # who reads may want the first rows alone, and these at once
            quick = options.total or options.source(source) == target
            for batch in narrow(batches(given, mapper, judge, options, judge.fixed, quick), mapper):
                batch, results, finite, failure = computed(mapper, batch, report, judge, given.name)
                if sums is not None:
                    counted = len(batch) - len(batch.missing)
                    sums.add(kept(results, batch.missing), counted, len(batch.missing) - len(batch.errors))
                elif len(batch) or failure is None:
                    put(writer, batch, list(results.values()), finite, given.is_large, room)
                    emptied(room, out)
                    if place.flows:
                        out.flush()
                report.bad = judge.bad
                seen(report, behind + given.read, size)
                if failure is not None:
                    raise failure
                given.large = large
            behind += given.size
        if sums is None:
            out.write(writer.end().encode())
        else:
            out.write(writer.totals(sums.rows, sums.totals()).encode())
            report.remarks += sums.remarks()
    report.bad = judge.bad
    return report


def summed(mapper: Mapper) -> Any:
    """The running sums."""
    from backprop.rows.compute.summation import Sums

    return Sums(mapper)


def put(writer: Any, batch: Batch, results: list[Any], finite: bool, large: bool, room: BytesIO) -> None:
    """Put what is written of a batch into a room; of many rows by Polars, which spells numbers faster."""
    if (large or batch.is_quick) and are_objects(writer, batch, results) and is_of_use():
        from backprop.rows.tables import quick

        if quick.objects(writer, batch, results, room):
            return
    if batch.is_quick:
        from backprop.rows.tables import quick

        quick.text(writer, batch, results, room)
        return
    room.write(writer.text(batch, results, finite).encode("utf-8", "surrogatepass"))


def emptied(room: BytesIO, out: Any) -> None:
    """Write what is in a room, in pieces that the system takes several times as fast as one that no cache holds. Its
    memory stays for the next batch: to get it anew costs a third of all the work."""
    view = room.getbuffer()[: room.tell()]
    for start in range(0, len(view), PIECE):
        out.write(view[start : start + PIECE])
    room.seek(0)


def are_objects(writer: Any, batch: Batch, results: list[Any]) -> bool:
    """Whether objects are written as they were read, with a number for each result."""
    same = writer.format == batch.format == "jsonl" and not batch.errors and len(batch) > 0
    return same and all(
        not isinstance(column, list) and column.ndim == 1 and column.dtype == float for column in results
    )


def narrow(all_rows: Iterator[Batch], mapper: Mapper) -> Iterator[Batch]:
    """The batches, in parts where what comes out for their arrays would be large."""
    for batch in all_rows:
        if not mapper.arrays or not len(batch):
            yield batch
            continue
        from numpy import shape

        first = {
            name: shape(next((value for value in column if value is not None), 0.0))
            for name, column in batch.columns.items()
        }
        yield from batch.parts(mapper.rows_at_once(first))


def kept(results: dict[str, Any], missing: list[int]) -> dict[str, Any]:
    """The rows of the results that are numbers."""
    if not missing:
        return results
    import numpy as np

    return {name: np.delete(column, missing, axis=0) for name, column in results.items()}


def computed(
    mapper: Mapper, batch: Batch, report: Report, judge: Judge, source: str
) -> tuple[Batch, dict[str, Any], bool, Problem | None]:
    """The columns of the results, and whether all numbers in them are finite; the batch without rows that could not be
    computed and are left out. Under `fail`, what comes before the first of them, and the problem with it."""
    plain = are_few(len(batch)) and not batch.missing and not batch.is_quick
    few = mapper.run_few(batch.columns, len(batch)) if plain else None
    if few is not None:
        report.tally.join(few[1], report.rows)
        report.rows += len(batch)
        return batch, few[0], True, None
    import numpy as np

    from backprop.rows.compute.columns import column_of, has_finite_sum

    columns = {name: column_of(column) for name, column in batch.columns.items()}
    failed: dict[int, str] = {}
    failure: Problem | None = None
    results, met = mapper.run(columns, len(batch), batch.missing or None, failed)
    if failed and judge.errors == "fail":
        first = min(failed)
        failure = judge.problem(source, batch.lines[first], failed[first])
        batch = batch.part(0, first)
        results = {name: column[:first] for name, column in results.items()}
        met = {}
    elif failed:
        batch, dropped = batch.judged(failed, judge, source)
        results = {name: np.delete(column, dropped, axis=0) for name, column in results.items()}
        met = moved_up(met, dropped)
    report.tally.join(met, report.rows)
    report.rows += len(batch)
    with np.errstate(all="ignore"):
        finite = all(has_finite_sum(column) for column in results.values())
    return batch, results, finite, failure
