"""Rows of CSV and JSON lines many times as fast, through Polars: whole lines beside the numbers in them.

What comes out is byte for byte what the careful reader and writer would say. A row of which that is not sure is read by
them; so is a block in which lines and rows are not the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.batch import Batch
from backprop.rows.tables.carried import spelt
from backprop.rows.tables.cells import json_number
from backprop.rows.tables.delimited import Reader, Writer, written
from backprop.rows.tables.quotes import is_plain

NOBODY_WANTS: Any = pl.Series([None])  # takes no room, however long
LINES = "\0"  # the column of whole lines
BLANK = r"[ \t]*"
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
SCALAR = rf'(?:{NUMBER}|"[^"\\\x00-\x1f]*"|true|false|null)'
AS_COMMAS = bytes.maketrans(b":}", b",,")
PIECE = 1 << 17  # bytes
LONG = 4000  # bytes of a line: no whole number in it is too long for Python


def rows(data: bytes, first: int, reader: Reader) -> tuple[Batch, int] | None:
    """The rows in a block, whose first line has a number, and how many lines they take; None where only the careful
    reader knows what they are."""
    quotes = b'"' in data
    if quotes and not is_plain(data, reader.separator):
        return None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
        if b"\r" in data:
            return None
    found = parsed(data, reader, quotes)
    if found is None:
        return None
    last, *numbers = found
    height = len(last)
    doubtful = in_doubt(data, last, numbers, reader, quotes)
    unwanted = reader.alone and doubtful is None and (not quotes or count(data, "\n") in (height, height - 1))
    texts = NOBODY_WANTS.new_from_index(0, height) if unwanted else lines_of(data)
    if texts is None or len(texts) != height or (texts.null_count() and not unwanted):  # null: nothing is on a line
        return None
    columns = {name: column.to_numpy() for name, column in zip(reader.used, numbers, strict=True)}
    if doubtful is None:
        return Batch(columns, [], {}, texts, reader.format, (), range(first, first + height), reader.names), height
    places = np.flatnonzero(doubtful)
    if len(places) > height // 2:
        return None
    return joined(columns, texts, places, first, reader), height


def parsed(data: bytes, reader: Reader, quotes: bool) -> list[Any] | None:
    """The last column, and those that are used, as numbers; None where Polars cannot read them."""
    own = [f"{column}" for column in range(len(reader.names))]  # a frame has no two columns of one name
    used = [own[at] for at in reader.used.values()]
    schema = {name: pl.Float64 if name in used else pl.String for name in own}
    wanted = sorted({*reader.used.values(), len(reader.names) - 1})
    try:
        numbers = pl.read_csv(
            data, has_header=False, schema=schema, columns=wanted, separator=reader.separator, ignore_errors=True,
            quote_char='"' if quotes else None, truncate_ragged_lines=not quotes,
        )  # fmt: skip
    except pl.exceptions.PolarsError:
        return None
    return [numbers.get_column(own[-1]), *(numbers.get_column(name) for name in used)]


def in_doubt(data: bytes, last: Any, numbers: list[Any], reader: Reader, quotes: bool) -> Any:
    """A mask of the rows that have no number where one is used, or may have more or fewer fields than there are
    columns; None where there is no such row."""
    doubtful = None
    marks = [column.is_null().to_numpy() for column in numbers if column.null_count()]
    for value in reader.numeric_nulls:
        marks += [(column == value).fill_null(True).to_numpy() for column in numbers]
    separators = len(reader.names) - 1
    own = unquoted(data) if quotes else data
    if last.null_count() or count(own, reader.separator) != len(last) * separators:
        found = separators_of(own, reader.separator)
        marks.append(found != separators if len(found) == len(last) else np.ones(len(last), dtype=bool))
    for mark in marks:
        doubtful = mark if doubtful is None else doubtful | mark
    return doubtful if doubtful is not None and doubtful.any() else None


def unquoted(data: bytes) -> bytes:
    """Text without what stands inside of quotes, of which each opens or closes some."""
    text = np.frombuffer(data, dtype=np.uint8)
    return text[~np.logical_xor.accumulate(text == ord('"'))].tobytes()


def separators_of(data: bytes, separator: str) -> Any:
    """How many separators are on each line."""
    text = np.frombuffer(data if data.endswith(b"\n") else data + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    return np.diff(np.searchsorted(np.flatnonzero(text == ord(separator)), ends), prepend=0)


def joined(columns: dict[str, Any], texts: Any, places: Any, first: int, reader: Reader) -> Batch:
    """A block in which the careful reader has read the rows at some places."""
    doubtful = texts.gather(places).to_list()
    batch = reader.careful(doubtful, 0, [first + int(place) for place in places])
    kept = np.ones(len(texts), dtype=bool)
    kept[places] = False
    end = len(texts)
    if batch.failure is not None:  # nothing else is left out there but lines with nothing on them
        known = set(batch.lines)
        end = next(
            int(place)
            for place, text in zip(places, doubtful, strict=True)
            if first + int(place) not in known and text.strip()
        )
    where = np.array(batch.lines, dtype=np.int64) - first
    kept[where] = True
    kept[end:] = False
    columns = {name: column.copy() for name, column in columns.items()}
    for name, values in batch.columns.items():
        columns[name][where] = [np.nan if value is None else value for value in values]
    if len(where):
        texts = texts.scatter(where, batch.raw)
    new = np.cumsum(kept) - 1  # the place of a row among those that are kept
    return Batch(
        {name: column[kept] for name, column in columns.items()},
        [int(new[where[row]]) for row in batch.missing],
        {int(new[where[row]]): why for row, why in batch.errors.items()},
        texts.filter(pl.Series(kept)),
        reader.format,
        (),
        (np.flatnonzero(kept) + first).tolist(),
        reader.names,
        batch.failure,
    )


def count(data: bytes, character: str) -> int:
    """How often a character of ASCII is there; many times as fast as `bytes.count`, piece by piece in the cache."""
    found, text = 0, np.frombuffer(data, dtype=np.uint8)
    same = np.empty(PIECE, dtype=bool)
    for start in range(0, len(text), PIECE):
        piece = text[start : start + PIECE]
        found += int(np.count_nonzero(np.equal(piece, ord(character), out=same[: len(piece)])))
    return found


def text(writer: Writer, batch: Batch, results: Sequence[Any], room: BytesIO) -> None:
    """Put the lines of a batch into a room, with the results beside each row."""
    room.write(writer.head(batch.names).encode())
    columns: list[Any] = [] if writer.only_new else [batch.raw]
    columns += [cells(column, batch.missing) for column in results]
    if writer.with_errors:
        columns.append(pl.Series([written([batch.errors.get(row, "")], writer.separator) for row in range(len(batch))]))
    frame = pl.DataFrame([column.alias(str(index)) for index, column in enumerate(columns)])
    null = '""' if len(columns) == 1 else ""
    frame.write_csv(room, include_header=False, separator=writer.separator, quote_style="never", null_value=null)


def object_rows(data: bytes, first: int, mapper: Mapper) -> Batch | None:
    """The rows in a block of JSON lines that all look like the first one: the same members in the same order, each with
    a number, a text, a truth or null, and a number or null where one is used. None where only the careful reader knows
    what they are."""
    names = members(data[: data.find(b"\n")])
    if names is None or not mapper.inputs or not set(mapper.inputs) <= set(names):
        return None
    texts = lines_of(data)
    if texts is None or texts.null_count() or (texts.str.len_bytes().max() or LONG) >= LONG:
        return None
    if not texts.str.contains(shape_of(names, mapper.inputs)).all():
        return None
    numbers = between_marks(data, names, mapper.inputs, len(texts))
    if numbers is None:
        found = texts.str.extract_groups(shape_of(names, mapper.inputs, "(")).struct.unnest()
        numbers = [column.cast(pl.Float64, strict=False) for column in found]
    if any(column.is_infinite().any() for column in numbers):  # a whole number may be too large
        return None
    used = [name for name in names if name in mapper.inputs]
    nothing = [column.is_null().to_numpy() for column in numbers if column.null_count()]
    missing = np.flatnonzero(np.logical_or.reduce(nothing)).tolist() if nothing else []
    columns = {name: column.to_numpy() for name, column in zip(used, numbers, strict=True)}
    lines = range(first, first + len(texts))
    return Batch(columns, missing, {}, texts, "jsonl", [dict.fromkeys(names)], lines)


def members(line: bytes) -> list[str] | None:
    """The names of an object's members; None where they are not all different and plain."""
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        return None
    names = [name for name, _ in pairs]
    return names if len({*names}) == len(names) and all(is_plain_name(name) for name in names) else None


def is_plain_name(name: str) -> bool:
    """Whether a name stands in JSON as it is."""
    return json.dumps(name, ensure_ascii=False) == f'"{name}"'


def between_marks(data: bytes, names: Sequence[str], used: Sequence[str], height: int) -> list[Any] | None:
    """The numbers that are used in lines whose shape is proven, as fields between their marks; None where a text has
    such marks, too, or where a number is null."""
    if any(mark in name for name in names for mark in ",:}"):
        return None
    marked = data.translate(AS_COMMAS, b" \t")
    if count(marked, ",") != 2 * len(names) * height:
        return None
    wanted = [2 * at + 1 for at, name in enumerate(names) if name in used]  # behind each name stands its value
    schema = {f"{at}": pl.Float64 if at in wanted else pl.String for at in range(2 * len(names) + 1)}
    found = pl.read_csv(marked, has_header=False, schema=schema, columns=wanted, quote_char=None, ignore_errors=True)
    numbers = found.get_columns()
    return None if any(len(column) != height or column.null_count() for column in numbers) else numbers


def shape_of(names: Sequence[str], used: Sequence[str], group: str = "(?:") -> str:
    """What lines with these members look like, a group for each number that is used: it proves all of their syntax."""
    values = (f"{group}{NUMBER}|null)" if name in used else SCALAR for name in names)
    pairs = (f'"{re.escape(name)}"{BLANK}:{BLANK}{value}' for name, value in zip(names, values, strict=True))
    return rf"^{BLANK}\{{{BLANK}{f'{BLANK},{BLANK}'.join(pairs)}{BLANK}\}}\s*$"


def lines_of(data: bytes) -> Any:
    """The lines as a column; None where they are no text."""
    try:
        found = pl.read_csv(data, has_header=False, schema={LINES: pl.String}, separator="\1", quote_char=None)
    except pl.exceptions.PolarsError:
        return None
    return found.get_column(LINES)


def objects(writer: Any, batch: Batch, results: Sequence[Any], room: BytesIO) -> bool:
    """Put the lines of a batch of objects into a room, with the results behind their own members; not where some have
    none."""
    texts = pl.Series(batch.raw, dtype=pl.String)
    if not writer.only_new:
        if not texts.str.ends_with("}").all():
            texts = texts.str.strip_chars_end()
        texts = texts.str.head(-1)
        if not batch.is_quick and texts.str.ends_with("{").any():
            return False
    names = [json.dumps(name, ensure_ascii=False) for name in writer.names]
    starts = [f"{'{' if writer.only_new and not index else ','}{name}:" for index, name in enumerate(names)]
    columns = [] if writer.only_new else [pl.lit(texts)]
    for start, column in zip(starts, results, strict=True):
        columns += [pl.lit(start), pl.lit(words(cells(column, []), column, batch.missing))]
    rows = pl.select(pl.concat_str([*columns, pl.lit("}")]))
    rows.write_csv(room, include_header=False, quote_style="never")
    return True


def words(series: Any, column: Any, missing: list[int]) -> Any:
    """Numbers with JSON's words for those that are not finite, or not there."""
    series = series.cast(pl.String)
    where = np.flatnonzero(~np.isfinite(column))
    if len(where):
        series = series.scatter(where, [json_number(value) for value in column[where].tolist()])
    return series.scatter(missing, "null") if missing else series


def cells(column: Any, missing: list[int]) -> Any:
    """Numbers as text has them."""
    series = spelt(pl.Series(column))
    return series.scatter(missing, None) if missing else series
