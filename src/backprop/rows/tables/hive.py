"""Columns that stand in the names of folders, KEY=VALUE, as Hive and Spark write tables in parts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from backprop.errors import Problem
from backprop.rows.tables.batch import Batch
from backprop.rows.tables.cells import Bad, from_text
from backprop.rows.tables.delimited import Records, number_or_text, written
from backprop.rows.tables.dialect import Dialect
from backprop.rows.tables.jsonl import joined

NOTHING = "__HIVE_DEFAULT_PARTITION__"  # what they write for null

Keys = Mapping[str, str]


def keys_of(path: str, roots: Sequence[str]) -> dict[str, str]:
    """The keys in the folders between a root and a file, and their values as text: nothing is null."""
    return keys_in(os.path.dirname(os.path.abspath(path)), tuple(roots))


@lru_cache(4)  # many parts lie in one folder
def keys_in(folder: str, roots: Sequence[str]) -> dict[str, str]:
    """The keys of the files in a folder."""
    inside = os.path.join(folder, "")
    root = next((root for root in map(os.path.abspath, roots) if inside.startswith(os.path.join(root, ""))), None)
    if root is None:
        return {}
    from urllib.parse import unquote

    parts = [part.partition("=") for part in os.path.relpath(folder, root).split(os.sep)]
    return {unquote(key): "" if text == NOTHING else unquote(text) for key, equals, text in parts if key and equals}


def number(key: str, text: str, source: str) -> float | None:
    """The number that a key is. Raises a Problem where it is none."""
    try:
        return from_text(text, key) if text else None
    except Bad as bad:
        raise Problem("file", f"{source}: {bad}", status=1) from None


def with_keys(
    batches: Iterable[Batch], keys: Keys, used: Sequence[str], source: str, dialect: Dialect
) -> Iterator[Batch]:
    """The batches of a table of text, with the keys behind their own columns."""
    objects = {key: number_or_text(text) if text else None for key, text in keys.items()}
    row = dialect.separator + written(list(keys.values()), dialect.separator)
    members = json.dumps(objects, ensure_ascii=False, separators=(",", ":"))[1:]
    for batch in batches:
        columns, missing = dict(batch.columns), batch.missing
        for key in used:
            value = number(key, keys[key], source)
            columns[key] = [value] * len(batch)
            missing = list(range(len(batch))) if value is None else missing
        twice = next((key for key in keys if key in batch.names), None)
        if twice is not None:
            raise Problem("file", f"{source} has a column {twice}, and its folder says {twice}, too")
        if batch.is_quick:
            raw: Sequence[str] = batch.raw + row  # type: ignore[operator]
        elif batch.format == "jsonl":
            raw = [joined(text, members).rstrip("\n") for text in batch.raw]
        else:
            raw = [text + row for text in batch.raw]
        if isinstance(batch.records, Records):
            fields = [[*own, *keys.values()] for own in batch.records.fields]
            records: Any = Records([*batch.records.names, *keys], fields, batch.records.used)
        else:
            records = [{**record, **objects} for record in batch.records]
        names = [*batch.names, *keys] if batch.names else ()
        yield Batch(columns, missing, batch.errors, raw, batch.format, records, batch.lines, names, batch.failure)
