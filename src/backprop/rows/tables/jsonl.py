"""JSON lines: an object a row, its own members unchanged and the results behind them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from typing import Any

from backprop.errors import nearest
from backprop.rows.compute.mapper import Mapper
from backprop.rows.tables.batch import Batch, Gathered, Judge, check_names, has_lists, values_of
from backprop.rows.tables.cells import Bad, column_from_json, json_number, json_value, reader_of_json, shown, whole
from backprop.rows.tables.lines import NO_COLUMN, NOT_JSON, NOT_UTF8, Input, decoded, is_broken, mended
from backprop.rows.tables.objects import blocks, is_in_objects, split


def fastest() -> Callable[[str], Any]:
    """The parser that is installed."""
    try:
        import orjson
    except ImportError:
        return json.loads
    found: Callable[[str], Any] = orjson.loads
    return found


loads = fastest()
FLAT = 64  # lists and objects on a line, which are surely not nested too deeply
MINUS_ZERO = re.compile(r"-0(?![\d.eE])")


def read(
    source: Input,
    mapper: Mapper,
    judge: Judge,
    *,
    nulls: Sequence[str] = (),
    only_new: bool = False,
    fixed: bool = False,
    quick: Callable[[bytes, int, Mapper], Batch | None] | None = None,
) -> Iterator[Batch]:
    """The rows of a stream of JSON lines; lines without anything on them are passed over.

    The strings that are `nulls` stand for null in the columns that the formula uses; the empty one does only in tables.
    Where rows go into a table, its columns are `fixed` by the first row that is not bad: another one is a bad row.
    `quick` reads many rows much faster; it gives None where it is not sure.
    """
    nothing = frozenset(nulls) - {""}
    line = 1
    names = judge.names if fixed else None
    checked = False
    held: list[Batch] = []  # bad rows before the first one that says what the columns are
    for block in blocks(source):
        if line == 1 and block.startswith(b"\xef\xbb\xbf"):
            block = block[3:]
        found = quick(block, line, mapper) if quick is not None and source.is_large else None
        batch = found or rows_of(block, line, source.name, mapper, judge, nothing)
        failure = batch.failure
        line += len(found) if found else block.count(b"\n")  # there each row is a line
        if not checked and batch.records:
            check_names(batch.records[0], mapper, source.name, only_new, judge)
            checked = True
        check_members(batch, mapper, source.name, judge, only_new)
        if fixed:
            names = names or first_names(batch)
            if names is None and failure is None:
                held.append(batch)
                continue
            if names is not None:
                judge.names = names
                batch = with_names(batch, names, judge, source.name)
        yield from (before.named(names or ()) for before in (*held, batch) if len(before))
        held = []
        if failure is not None:
            raise failure
    yield from (before.named(mapper.inputs) for before in held if len(before))


def rows_of(block: bytes, first: int, source: str, mapper: Mapper, judge: Judge, nulls: frozenset[str]) -> Batch:
    """The rows of a block of lines, as fast as is sure."""
    text, sound = decoded(block)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    if sound and not is_doubtful(text):
        return rows(lines, text.count(":"), first, source, mapper, judge, nulls)
    return careful(lines, first, source, mapper, judge, nulls)


def first_object(source: Input) -> dict[str, Any]:
    """The first object, which is not read yet."""
    whole = is_in_objects(source)
    data = source.look(lambda held: bool(split(held)[0]) if whole else b"\n" in held.strip())
    first = split(data)[0] if whole else data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    row = json.loads(first[0]) if first else None
    return row if isinstance(row, dict) else {}


def first_names(batch: Batch) -> list[str] | None:
    """The members of the first row that is not bad."""
    return next((list(record) for row, record in enumerate(batch.records) if row not in batch.errors), None)


def with_names(batch: Batch, names: list[str], judge: Judge, source: str) -> Batch:
    """A batch whose rows can stand in a table with the columns of the first row: those that cannot are judged."""
    known = set(names)
    lost = {row: why for row, text in enumerate(batch.raw) if (why := no_cells(text, batch.records[row]))}
    if lost:
        records = [{} if row in lost else record for row, record in enumerate(batch.records)]
        batch = Batch(*batch[:5], records, *batch[6:])
    failed = lost | {
        row: f"a column '{next(name for name in record if name not in known)}' that the first row does not have"
        for row, record in enumerate(batch.records)
        if not known.issuperset(record) and row not in batch.errors
    }
    return batch.judged(failed, judge, source)[0] if failed else batch


def no_cells(text: str, record: dict[str, Any]) -> str:
    """Why an object cannot be written as cells of text, if it cannot."""
    if "\\u" in text or text.count("[") + text.count("{") > FLAT:
        try:
            compact(record).encode()
        except UnicodeEncodeError:
            return "half of a surrogate pair is no character"
        except RecursionError:
            return "this is nested too deeply"
    return ""


def check_members(batch: Batch, mapper: Mapper, source: str, judge: Judge, only_new: bool) -> None:
    """No row has a member that it gets, or one whose name has a value already. Raises a Problem."""
    wrong = frozenset([*mapper.hidden, *([] if only_new else judge.added(mapper))])
    if all(map(wrong.isdisjoint, batch.records)):
        return
    for row, record in enumerate(batch.records):
        if not wrong.isdisjoint(record):
            check_names(record, mapper, f"{source}:{batch.lines[row]}: the row", only_new, judge)


def rows(
    lines: list[str],
    colons: int,
    first: int,
    source: str,
    mapper: Mapper,
    judge: Judge,
    nulls: frozenset[str] = frozenset(),
) -> Batch:
    """The rows of some lines. The plain way first: all lines are objects with a number for each column.

    There is a colon for every member: if there are no more in all lines, no member was lost that is there twice.
    """
    try:
        records = [loads(text) for text in lines]
        if sum(map(len, records)) != colons and any(map(is_doubled, lines, records)):
            return careful(lines, first, source, mapper, judge, nulls)
        columns = {name: [record[name] for record in records] for name in mapper.inputs if name not in judge.keys}
        if mapper.arrays and {type(record) for record in records} <= {dict}:
            made = {name: column_from_json(column, name, mapper.ranks) for name, column in columns.items()}
            return Batch(made, [], {}, lines, "jsonl", records, range(first, first + len(lines)))
        kinds = {type(value) for column in columns.values() for value in column}
        if kinds <= {float, int, bool} and {type(record) for record in records} <= {dict}:
            if kinds != {float}:
                columns = {name: [float(value) for value in column] for name, column in columns.items()}
            return Batch(columns, [], {}, lines, "jsonl", records, range(first, first + len(lines)))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        pass
    return careful(lines, first, source, mapper, judge, nulls)


def is_doubtful(text: str) -> bool:
    """Whether a fast parser may read lines as something else: where there is a whole -0, or NaN."""
    return is_bare(text) or MINUS_ZERO.search(text) is not None


def is_doubled(text: str, record: Any) -> bool:
    """Whether a line has a member twice."""
    if text.count(":") == len(record):
        return False
    try:
        json.loads(text, object_pairs_hook=members_once)
    except Bad:
        return True
    return False


def members_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, whose members are all different. Raises Bad."""
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Bad(f"the member '{twice}' is there twice")
    return record


def careful(
    lines: list[str], first: int, source: str, mapper: Mapper, judge: Judge, nulls: frozenset[str] = frozenset()
) -> Batch:
    """The rows of some lines, one after the other: integers, nulls, and what is bad."""
    found = Gathered([name for name in mapper.inputs if name not in judge.keys], judge, source)
    read = reader_of_json(mapper)
    records: list[dict[str, Any]] = []
    for line, text in enumerate(lines, first):
        if not text or text.isspace():
            continue
        try:
            record = parsed(text)
            text = strict(text, record)
            members = {name: member(record, name) for name in found.columns}
            numbers = [
                None if value is None or (isinstance(value, str) and value.strip() in nulls) else read(value, name)
                for name, value in members.items()
            ]
        except Bad as bad:
            text = mended(text) if is_broken(text) else text
            if not found.keeps(str(bad), text, line):
                if found.failure is not None:
                    break
                continue
            record = record_of_bad(text)
            text = compact(record)
            numbers = [None] * len(found.columns)
        found.put(numbers, text, line)
        records.append(record)
    return found.batch("jsonl", records)


def parsed(text: str) -> dict[str, Any]:
    """The object on a line. Raises Bad."""
    if is_broken(text):
        raise Bad(NOT_UTF8)
    try:
        record = json.loads(text, parse_int=whole, object_pairs_hook=members_once)
    except json.JSONDecodeError as error:
        raise Bad(f"{NOT_JSON}: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise Bad("this is nested too deeply") from None
    if not isinstance(record, dict):
        raise Bad(f"expected an object, got {shown(record)}")
    return record


def is_bare(text: str) -> bool:
    """Whether a line may have a NaN or Infinity that is no text, and so no JSON."""
    return "NaN" in text or "Infinity" in text


def strict(text: str, record: dict[str, Any]) -> str:
    """The line as strict JSON: with words for numbers that are not finite."""
    if is_bare(text):
        try:
            json.loads(text, parse_constant=refused)
        except Bad:
            return compact(record)
    return text


def refused(constant: str) -> None:
    raise Bad(constant)


def member(record: dict[str, Any], name: str) -> Any:
    if name not in record:
        known = nearest(name, record)
        raise Bad(f"{NO_COLUMN} '{name}'" + (f" (did you mean {known}?)" if known else ""))
    return record[name]


def record_of_bad(text: str) -> dict[str, Any]:
    """What is kept of a bad row: its members if it has any, or else its text."""
    try:
        return parsed(text)
    except Bad:
        return {"_row": text}


class Writer:
    """Batches as JSON lines."""

    format = "jsonl"

    def __init__(self, names: Sequence[str], only_new: bool) -> None:
        self.only_new = only_new
        self.names = list(names)
        members = ",".join(f"{json.dumps(name, ensure_ascii=False).replace('%', '%%')}:%s" for name in names)
        self.plain = members.replace("%s", "%r") + "}"
        self.careful = members + "}"

    def text(self, batch: Batch, results: Sequence[Any], finite: bool) -> str:
        """The lines of a batch, with the results beside each row."""
        columns = [values_of(column) for column in results]
        if finite and not batch.missing:
            plain = self.plain
            tails = [plain % row for row in zip(*columns, strict=True)]
            if any(map(has_lists, results)):
                tails = [tail.replace(", ", ",") for tail in tails]
        else:
            missing = set(batch.missing)
            empty = ("null",) * len(columns)
            tails = [
                self.careful % (empty if index in missing else tuple(map(json_value, row)))
                for index, row in enumerate(zip(*columns, strict=True))
            ]
            for index, error in batch.errors.items():
                tails[index] = f"{tails[index][:-1]},{json.dumps('_error')}:{json.dumps(error, ensure_ascii=False)}}}"
        if self.only_new:
            return "{" + "\n{".join(tails) + "\n" if tails else ""
        heads = batch.raw if batch.format == "jsonl" else map(compact, batch.records)
        return "".join([joined(head, tail) for head, tail in zip(heads, tails, strict=True)])

    def end(self) -> str:
        """What stands behind the last row: nothing."""
        return ""

    def totals(self, rows: int, sums: dict[str, Any]) -> str:
        """Sums over all rows, as one object."""
        members = [f'"rows":{rows}', *(f"{json.dumps(name)}:{json_value(value)}" for name, value in sums.items())]
        return f"{{{','.join(members)}}}\n"


def compact(record: dict[str, Any]) -> str:
    """A record as JSON, which has no numbers that are not finite."""
    try:
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(in_words(record), ensure_ascii=False, separators=(",", ":"))


def in_words(value: Any) -> Any:
    """The value with words for numbers that are not finite."""
    if isinstance(value, dict):
        return {name: in_words(member) for name, member in value.items()}
    if isinstance(value, list):
        return [in_words(element) for element in value]
    return json_number(value).strip('"') if isinstance(value, float) and not isfinite(value) else value


def joined(head: str, tail: str) -> str:
    """An object with members put behind its own."""
    body = head.rstrip()[:-1]
    if body.rstrip().endswith("{") and not body.lstrip()[1:].strip():
        return f"{body}{tail}\n"
    return f"{body},{tail}\n"
