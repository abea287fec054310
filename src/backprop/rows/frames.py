"""Parquet, Arrow and large CSV through Polars, a few batches at a time (the extra `table`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from typing import Any

from backprop.errors import Problem
from backprop.rows.batch import Batch, Judge, Report, check_columns
from backprop.rows.delimited import SEPARATORS, fields_of, whole_rows
from backprop.rows.files import TEXT
from backprop.rows.lines import Input, decoded, unreadable
from backprop.rows.mapper import Mapper
from backprop.rows.pipeline import Options, Seen, batches, size_of, standard_output, writer_of

CHUNK = 131_072  # rows at a time
ROW_GROUP = 262_144  # rows of a part of a Parquet file: what its writer holds in memory

READ = "\0"  # before the name of a column of text: the column of its numbers

Frame = Any


class Doubtful(Exception):
    """Polars read something that only the careful reader can judge."""


def polars() -> Any:
    """Polars, or the problem that it is not there."""
    try:
        import polars
    except ImportError:
        hint = "pip install 'backprop[table]'"
        raise Problem("option", "Parquet and Arrow need Polars, which is not installed", hint=hint) from None
    return polars


def map_frames(
    mapper: Mapper, sources: list[str], path: str | None, target: str, options: Options, seen: Seen
) -> Report:
    """Map tables to one through Polars. Where it meets what it cannot judge, the careful reader starts again."""
    polars()
    if options.total:
        return sums_of_frames(mapper, sources, path, target, options, seen)
    careful = options.errors != "fail"
    while True:
        report = Report()
        try:
            frames = all_frames(mapper, sources, options, seen, report, careful)
            write(frames, path, target, mapper, options)
            return report
        except Doubtful:
            if careful or path is None:
                raise Problem("file", f"cannot read {sources[0]}", status=1) from None
            careful = True


def all_frames(
    mapper: Mapper, sources: list[str], options: Options, seen: Seen, report: Report, careful: bool
) -> Iterator[Frame]:
    """The rows of all tables, with the results beside them."""
    with ExitStack() as stack:
        collected = stack.enter_context(open(options.errors_to, "w", encoding="utf-8")) if options.errors_to else None
        judge = Judge(options.errors, collected)
        for source in sources:
            size = size_of(source)
            for frame, read in frames_of(source, mapper, options, judge, careful):
                yield with_results(frame, mapper, options, report)
                report.bad = judge.bad
                seen(report, read, size)


def sums_of_frames(
    mapper: Mapper, sources: list[str], path: str | None, target: str, options: Options, seen: Seen
) -> Report:
    """The sums over all rows, as JSON or a table of text."""
    from backprop.rows.summation import Sums

    if target not in TEXT:
        raise Problem("option", f"sums are not written as {target}", hint="--to jsonl, csv or tsv")
    report, sums = Report(), Sums()
    for frame in all_frames(mapper, sources, options._replace(only_new=True), seen, report, True):
        results = frame.select(mapper.outputs).drop_nulls()
        sums.add({name: results.get_column(name).to_numpy() for name in mapper.outputs}, results.height)
    with place(path) as out:
        out.write(writer_of(target, mapper, options).totals(sums.rows, sums.totals()).encode())
    return report


def frames_of(
    source: str, mapper: Mapper, options: Options, judge: Judge, careful: bool
) -> Iterator[tuple[Frame, int]]:
    """The rows of one table, and how many bytes of it are read."""
    format = options.source(source)
    if format in TEXT and (careful or format == "jsonl" or source == "-" or source.endswith(".gz")):
        yield from frames_of_text(source, mapper, options, judge)
    elif format in TEXT:
        yield from frames_of_delimited(source, mapper, options, format)
    else:
        yield from frames_of_binary(source, mapper, options, format)


def frames_of_text(source: str, mapper: Mapper, options: Options, judge: Judge) -> Iterator[tuple[Frame, int]]:
    """The careful reader's batches as frames."""
    pl = polars()
    given = Input(source)
    try:
        for batch in batches(given, mapper, judge, options):
            yield frame_of(pl, batch, options), given.read
    finally:
        given.close()


def frame_of(pl: Any, batch: Batch, options: Options) -> Frame:
    """A batch as a frame: what the formula uses as numbers, the rest as text."""
    import json

    def text(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    records = batch.records
    columns: dict[str, Any] = {}
    missing = set(batch.missing)
    for name in records[0] if len(records) else []:
        if name in batch.columns:
            values = batch.columns[name]
            columns[name] = (
                [None if index in missing else value for index, value in enumerate(values)] if missing else values
            )
        else:
            columns[name] = [text(records[index].get(name)) for index in range(len(records))]
    schema = {name: pl.Float64 if name in batch.columns else pl.String for name in columns}
    frame = pl.DataFrame(columns, schema=schema)
    if options.errors == "null":
        errors = [batch.errors.get(index) for index in range(len(batch))]
        frame = frame.with_columns(pl.Series("_error", errors, dtype=pl.String))
    return frame


def frames_of_delimited(source: str, mapper: Mapper, options: Options, format: str) -> Iterator[tuple[Frame, int]]:
    """CSV read by Polars, as text: types are not guessed, and what is written again is what was read."""
    pl = polars()
    names = header_of(source, format)
    check_columns(names, mapper, source, options.only_new)
    lazy = pl.scan_csv(
        source, separator=SEPARATORS[format], infer_schema=False, schema=dict.fromkeys(names, pl.String),
        empty_string_is_null=False, glob=False,
    )  # fmt: skip
    if options.only_new:
        names = mapper.inputs or names[:1]
        lazy = lazy.select(names)
    lazy = lazy.with_columns([pl.col(name).cast(pl.Float64, strict=False).alias(READ + name) for name in mapper.inputs])
    size = size_of(source)
    for frame in streamed(pl, lazy, source):
        if any(frame.get_column(name).null_count() for name in names):
            raise Doubtful  # a row was too short
        yield frame, size


def header_of(source: str, format: str) -> list[str]:
    """The names of a table's columns."""
    given = Input(source)
    try:
        block = next(given.blocks(), b"")
    finally:
        given.close()
    lines = [line.removesuffix("\r") for line in decoded(block, source, 1).removeprefix("\ufeff").split("\n")]
    text, _ = next(whole_rows(lines), ("", 0))
    names = fields_of(text, SEPARATORS[format])
    if not text.strip() or any(name != name.strip() for name in names):
        raise Doubtful
    return names


def frames_of_binary(source: str, mapper: Mapper, options: Options, format: str) -> Iterator[tuple[Frame, int]]:
    """Parquet and Arrow read by Polars."""
    pl = polars()
    try:
        lazy = pl.scan_parquet(source, glob=False) if format == "parquet" else pl.scan_ipc(source)
        schema = lazy.collect_schema()
    except OSError as error:
        raise unreadable(source, error) from None
    except pl.exceptions.PolarsError as error:
        raise Problem("file", f"cannot read {source}: {first_line(error)}", status=1) from None
    check_columns(list(schema), mapper, source, options.only_new)
    for name in mapper.inputs:
        if not schema[name].is_numeric():
            raise Problem("file", f"{source}: column '{name}': expected numbers, got {schema[name]}", status=1)
    if options.only_new and mapper.inputs:
        lazy = lazy.select(mapper.inputs)
    size = size_of(source)
    for frame in streamed(pl, lazy, source):
        yield frame, size


def streamed(pl: Any, lazy: Any, source: str) -> Iterator[Frame]:
    """The batches of a lazy frame, in order. Raises a Problem, or Doubtful for text that Polars does not take."""
    try:
        yield from lazy.collect_batches(chunk_size=CHUNK, maintain_order=True, engine="streaming", lazy=True)
    except OSError as error:
        raise unreadable(source, error) from None
    except pl.exceptions.PolarsError as error:
        if options_text(source):
            raise Doubtful from None
        raise Problem("file", f"cannot read {source}: {first_line(error)}", status=1) from None


def options_text(source: str) -> bool:
    return not source.endswith((".parquet", ".pq", ".arrow", ".ipc", ".feather"))


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def with_results(frame: Frame, mapper: Mapper, options: Options, report: Report) -> Frame:
    """A frame with the columns of the results; null where a number was null."""
    pl = polars()
    numbers, missing = {}, None
    for name in mapper.inputs:
        series = frame.get_column(name)
        if series.dtype == pl.String:
            numbers[name], empty = numbers_of(series, frame.get_column(READ + name), options)
        else:
            series = series.cast(pl.Float64) if series.dtype != pl.Float64 else series
            empty = series.is_null().to_numpy() if series.null_count() else None
            numbers[name] = (series if empty is None else series.fill_null(float("nan"))).to_numpy()
        if empty is not None:
            missing = empty if missing is None else missing | empty
    results, met = mapper.run(numbers, frame.height, missing)
    report.tally.join(met, report.rows)
    report.rows += frame.height
    new = []
    for name, column in results.items():
        series = pl.Series(name, column)
        if missing is not None:
            series = series.set(pl.Series(missing), None)
        new.append(series)
    if options.only_new:
        return pl.DataFrame(new)
    frame = frame.select(name for name in frame.columns if not name.startswith(READ)).with_columns(new)
    return frame.select(pl.exclude("_error"), "_error") if "_error" in frame.columns else frame


def numbers_of(series: Any, values: Any, options: Options) -> tuple[Any, Any]:
    """Numbers from text, and where there is null. What Polars did not read, the careful reader judges."""
    if not values.null_count():
        return values.to_numpy(), None
    empty = series.is_in(list(options.nulls)) & values.is_null()
    if empty.sum() != values.null_count():
        raise Doubtful
    return values.fill_null(float("nan")).to_numpy(), empty.to_numpy()


# ── writing ──


def write(frames: Iterator[Frame], path: str | None, target: str, mapper: Mapper, options: Options) -> None:
    """Write the frames: text as it comes, Parquet and Arrow through Polars' streams."""
    if target == "jsonl":
        write_lines(frames, path, mapper, options)
    elif target in TEXT and path is None:
        write_delimited(frames, target)
    elif path is None:
        raise Problem("option", f"{target} does not go to standard output", hint=f"give a file: -o FILE.{target}")
    else:
        sink(frames, path, target, options.fingerprint(mapper))


def write_delimited(frames: Iterator[Frame], target: str) -> None:
    """Frames as CSV or TSV on standard output, each as it comes."""
    out = standard_output()
    for index, frame in enumerate(frames):
        frame.write_csv(out, include_header=index == 0, separator=SEPARATORS[target])
        out.flush()


def write_lines(frames: Iterator[Frame], path: str | None, mapper: Mapper, options: Options) -> None:
    """Frames as JSON lines; the writer for text knows how numbers that are not finite are written."""
    writer = writer_of("jsonl", mapper, options)
    with place(path) as out:
        for frame in frames:
            own = [name for name in frame.columns if name not in mapper.outputs or options.only_new]
            missing = frame.select(mapper.outputs[0]).to_series().is_null().arg_true().to_list()
            records = frame.select(own).to_dicts() if not options.only_new else [{}] * frame.height
            batch = Batch({}, missing, {}, records, "frame", records)
            results = [frame.get_column(name).fill_null(0.0).to_numpy() for name in mapper.outputs]
            out.write(writer.text(batch, results, False).encode())


def place(path: str | None) -> Any:
    """A file to write, or standard output, which stays open."""
    return open(path, "wb") if path is not None else nullcontext(standard_output())


def sink(frames: Iterator[Frame], path: str, target: str, fingerprint: str) -> None:
    """Frames into a file, which Polars asks for as it writes them."""
    pl = polars()
    from polars.io.plugins import register_io_source

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
        if target == "parquet":
            lazy.sink_parquet(path, row_group_size=ROW_GROUP, metadata={"backprop": fingerprint}, engine="streaming")
        elif target in TEXT:
            lazy.sink_csv(path, separator=SEPARATORS[target], engine="streaming", check_extension=False)
        else:
            lazy.sink_ipc(path, engine="streaming")
    except BaseException as error:
        if failed:
            raise failed[0] from None
        if isinstance(error, pl.exceptions.PolarsError):
            raise OSError(None, first_line(error)) from None
        raise


def fingerprint_of(path: str) -> tuple[str, int] | None:
    """What a Parquet file says it was made of, and how many rows it has."""
    pl = polars()
    try:
        said = pl.read_parquet_metadata(path).get("backprop")
        return (said, pl.scan_parquet(path, glob=False).select(pl.len()).collect().item()) if said else None
    except (OSError, pl.exceptions.PolarsError):
        return None
