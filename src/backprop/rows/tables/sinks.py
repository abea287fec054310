"""Frames of Polars into a file or a pipe: text as it comes, Parquet and Arrow through Polars' streams."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import polars as pl
from polars.io.plugins import register_io_source

from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.rows.compute.mapper import Mapper
from backprop.rows.compute.summation import Sums
from backprop.rows.tables.batch import Batch
from backprop.rows.tables.carried import as_cells, as_objects
from backprop.rows.tables.dialect import Dialect
from backprop.rows.tables.files import TEXT, Place
from backprop.rows.tables.lists import from_series
from backprop.rows.tables.options import Options, writer_of
from backprop.rows.tables.polars import Frame, of_system, write_csv

ROW_GROUP = 262_144  # rows of a part of a Parquet file: what its writer holds in memory
AT_ONCE = 64  # small files
AT_A_TIME = 8192  # rows that become lines: who reads may want the first ones alone


def write(frames: Iterator[Frame], place: Place, target: str, mapper: Mapper, options: Options) -> None:
    """Write the frames: text as it comes, Parquet and Arrow through Polars' streams."""
    if target == "jsonl":
        write_lines(frames, place, mapper, options)
    elif target in TEXT:
        write_delimited(frames, place, options.dialect(target))
    elif place.flows:  # through a file, as what reads them goes to and fro
        import shutil
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=f".{target}") as file, place.open() as out:
            sink(frames, file.name, target, options.fingerprint(mapper))
            shutil.copyfileobj(file, out)
    else:
        sink(frames, place.path or "", target, options.fingerprint(mapper))


def write_delimited(frames: Iterator[Frame], place: Place, dialect: Dialect) -> None:
    """Frames as CSV or TSV, each as it comes."""
    with place.open() as out:
        for index, frame in enumerate(frames):
            write_csv(
                as_cells(frame, dialect.comma), out, include_header=index == 0 and dialect.header,
                separator=dialect.separator, decimal_comma=dialect.comma, null_value='""' if frame.width == 1 else "",
            )  # fmt: skip
            if place.flows:
                out.flush()


def write_lines(frames: Iterator[Frame], place: Place, mapper: Mapper, options: Options) -> None:
    """Frames as JSON lines; the writer for text knows how numbers that are not finite are written."""
    writer = writer_of("jsonl", mapper, options)
    with_errors = options.errors == "null"
    with place.open() as out:
        for frame in (some for whole in frames for some in whole.iter_slices(AT_A_TIME)):
            added = {*mapper.outputs, *(["_error"] if with_errors else [])}
            own = [] if options.only_new else [name for name in frame.columns if name not in added]
            missing = frame.get_column(mapper.outputs[0]).is_null().arg_true().to_list()
            said = enumerate(frame.get_column("_error")) if with_errors else ()
            errors = {row: why for row, why in said if why is not None}
            heads = as_objects(frame.select(own)) if own else ["{}"] * frame.height
            batch = Batch({}, missing, errors, heads, "jsonl", [])
            results = [from_series(frame.get_column(name))[0] for name in mapper.outputs]
            out.write(writer.text(batch, results, False).encode())
            if place.flows:
                out.flush()


def write_sums(frames: Iterator[Frame], place: Place, target: str, mapper: Mapper, options: Options) -> list[str]:
    """The sums over all rows, as JSON or a table of text; and what is remarkable about them."""
    if target not in TEXT:
        raise Problem("option", f"sums are not written as {target}", hint=f"{option('map --to', 'jsonl')}, csv or tsv")
    sums = Sums(mapper)
    for frame in frames:
        results = frame.select(mapper.outputs).drop_nulls()
        sums.add(
            {name: from_series(results.get_column(name))[0] for name in mapper.outputs},
            results.height,
            frame.height - results.height,
        )
    with place.open() as out:
        out.write(writer_of(target, mapper, options).totals(sums.rows, sums.totals()).encode())
    return sums.remarks()


def sink(frames: Iterator[Frame], path: str, target: str, fingerprint: str) -> None:
    """Frames into a file, which Polars asks for as it writes them."""
    first = next(frames, None)
    schema = first.schema if first is not None else {}
    failed: list[BaseException] = []

    def source(*_: Any) -> Iterator[Frame]:
        try:
            if first is not None:
                yield first
            yield from frames
        except BaseException as error:  # Polars would wrap it
            failed.append(error)
            raise

    lazy = register_io_source(source, schema=schema)
    try:
        with open(path, "wb") as file:  # given a path, Polars may make the file again when a run has ended already
            if target == "parquet":
                said = {"backprop": fingerprint}
                lazy.sink_parquet(file, row_group_size=ROW_GROUP, metadata=said, engine="streaming")
            else:
                lazy.sink_ipc(file, engine="streaming")
    except BaseException as error:
        if failed:
            raise failed[0] from None
        if isinstance(error, (OSError, pl.exceptions.PolarsError)):
            raise of_system(error) from None
        raise


def parquets(frames: list[Frame], fingerprint: str) -> Iterator[BytesIO]:
    """Small frames as files of Parquet, each as `sink` writes one; Polars' engine is started for many at once."""
    said = {"backprop": fingerprint}
    for some in (frames[start : start + AT_ONCE] for start in range(0, len(frames), AT_ONCE)):
        rooms = [BytesIO() for _ in some]
        sinks = [
            frame.lazy().sink_parquet(room, row_group_size=ROW_GROUP, metadata=said, lazy=True)
            for frame, room in zip(some, rooms, strict=True)
        ]
        pl.collect_all(sinks, engine="streaming")
        yield from rooms


def made_from(target: str, source: str, fingerprint: str) -> bool:
    """Whether a Parquet file says that it was made so, and has as many rows as its source, a Parquet file too."""
    try:
        said = pl.read_parquet_metadata(target).get("backprop")
        rows = [pl.scan_parquet(path, glob=False).select(pl.len()).collect().item() for path in (target, source)]
    except (OSError, pl.exceptions.PolarsError):
        return False
    return said == fingerprint and rows[0] == rows[1] and newer(target, source)


def newer(target: str, source: str) -> bool:
    return os.path.getmtime(target) >= os.path.getmtime(source)
