"""Files that are whole or not there at all, and the parts of a folder that are done already."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import IO, Any, NamedTuple

from backprop.errors import Problem, unreadable, unwritable
from backprop.rows.tables.packing import bare, packing

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".arrow": "arrow",
}
FORMATS |= {".ipc": "arrow", ".feather": "arrow", ".pq": "parquet"}
TEXT = frozenset({"jsonl", "csv", "tsv"})
DONE = ".backprop.jsonl"  # in an output folder: a line for each part that is done


@lru_cache(4)  # of one part it is asked several times
def format_of(path: str) -> str | None:
    """The format that a file's suffix stands for; on standard input are lines of JSON."""
    if path == "-":
        return "jsonl"
    return FORMATS.get(os.path.splitext(bare(path))[1].lower())


class Place(NamedTuple):
    """Where a table goes: a path, or standard output for None; text may be packed on its way, and objects stand in an
    array."""

    path: str | None
    suffix: str = ""  # of the packing
    array: bool = False
    held: Any = None  # what is open already

    @property
    def flows(self) -> bool:
        """Whether somebody may be waiting for each row: at standard output, a pipe or a device."""
        return self.path is None or is_stream(self.path)

    @contextmanager
    def open(self) -> Iterator[Any]:
        """A file to write bytes to; standard output stays open."""
        with self.plain() as file:
            if not self.array:
                yield file
                return
            array = Array(file)
            yield array
            array.end()

    @contextmanager
    def plain(self) -> Iterator[Any]:
        """A file to write bytes to, as they are."""
        if self.held is not None:
            yield self.held
            return
        if self.path is None:
            if not hasattr(sys.stdout, "buffer"):  # it is closed, or a notebook's
                raise Problem("file", "cannot write the output: standard output is closed", status=1)
            yield sys.stdout.buffer
            return
        with opened(self.path) as file:
            if not self.suffix:
                yield file
                return
            with packing(self.suffix, file, self.path) as packed:
                yield packed


class Array:
    """A file of JSON to which lines with an object each are written, and which holds an array of them."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.held = b"["  # what stands before the next object, if there is one

    def write(self, data: bytes | memoryview) -> None:
        lines = bytes(data)
        if not lines:
            return
        whole = lines.endswith(b"\n")
        body = (lines[:-1] if whole else lines).replace(b"\n", b",\n")
        self.file.write(self.held + (b"\n" if self.held == b"[" else b"") + body)
        self.held = b",\n" if whole else b""

    def end(self) -> None:
        self.file.write(b"[]\n" if self.held == b"[" else b"\n]\n")

    def flush(self) -> None:
        self.file.flush()


def expanded(paths: list[str], wanted: str | None, but: str | None = None) -> list[str]:
    """The files that paths, patterns and folders stand for, in order, `but` those in a folder that is written. Raises a
    Problem where there is none."""
    found: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            files = [file for file in inside(path, but) if wanted or format_of(file)]
            if not files:
                raise Problem("file", f"there are no tables in {path}", hint=f"files that end in {', '.join(FORMATS)}")
            found += files
        elif path != "-" and not os.path.exists(path) and any(mark in path for mark in "*?["):
            import glob

            files = sorted(glob.glob(path, recursive=True))
            if not files:
                raise Problem("file", f"no file is like {path}")
            found += files
        else:
            if path != "-":
                sought(path)
            found.append(path)
    return found


def sought(path: str) -> None:
    """Raises a Problem where a file is not there: no work is begun then."""
    try:
        os.stat(path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def inside(folder: str, but: str | None) -> list[str]:
    """The files in a folder and its folders, in order; not what is hidden, or begins with _ as what Spark adds."""
    found: list[str] = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_file():
                found.append(os.path.join(folder, entry.name))
            elif entry.is_dir() and (but is None or not same(entry.path, but)):
                found += inside(os.path.join(folder, entry.name), but)
    return found


def same(path: str, other: str) -> bool:
    """Whether two paths are of one file or folder."""
    return os.path.realpath(path) == os.path.realpath(other)


@contextmanager
def whole(path: str, alone: bool = True) -> Iterator[str]:
    """A place beside a file to write it: renamed if all went well, else removed. A killed run's litter goes too.
    One of many files is not `alone`: to clean up, and to see to it that it is on the disk, is left to who makes them.

    A link is followed, a file that exists keeps its mode, and what is a stream is written to, not replaced.
    """
    try:
        if is_stream(path):
            yield path
            return
        from backprop.rows.tables.locks import unfinished

        path = os.path.realpath(path) if os.path.islink(path) else path
        mode = mode_of(path)
        if mode is not None:
            open(path, "ab").close()  # a file that may not be written is not replaced either
        with unfinished(path, alone) as beside:
            yield beside
            if mode is not None:
                os.chmod(beside, stat.S_IMODE(mode))
            if alone:
                synced(beside)
            os.replace(beside, path)
    except BrokenPipeError:  # the reader has had enough
        raise
    except OSError as error:
        raise unwritable(path, error) from None


def is_stream(path: str) -> bool:
    """Whether a path is of what is written to as it stands: a device, a pipe, or a file that is open already."""
    mode = mode_of(path)
    return mode is not None and (not stat.S_ISREG(mode) or descriptor_of(path) is not None)


def descriptor_of(path: str) -> int | None:
    """The number of the open file that a path as /dev/stdout or /dev/fd/3 stands for; None of any other path."""
    while True:
        folder, name = os.path.split(path)
        if name.isdecimal() and same(folder, "/dev/fd"):
            return int(name)
        if not os.path.islink(path):
            return None
        path = os.path.join(folder, os.readlink(path))


def opened(path: str, mode: str = "wb") -> IO[bytes]:
    """A file to write bytes to. What is open already goes on where it stands, as a log that a shell appends to: opened
    anew it would begin again."""
    descriptor = descriptor_of(path) if os.path.exists(path) else None
    return open(path if descriptor is None else os.dup(descriptor), mode)


def put(data: bytes, path: str) -> None:
    """Write a file, whole or not at all; what is open already goes on."""
    with whole(path) as beside, opened(beside) as file:
        file.write(data)


def mode_of(path: str) -> int | None:
    """What a path is of, and who may do what with it; None where there is nothing."""
    try:
        return os.stat(path).st_mode
    except (OSError, ValueError):
        return None


def synced(path: str) -> None:
    """Make sure that a file is on the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ── parts that are done ──


def part_fingerprint(options: str, source: str) -> str:
    """What a part was made of: the formula and the options, and the source's size and time."""
    stat = os.stat(source)
    return f"{options}-{stat.st_size}-{stat.st_mtime_ns}"


def parts_done(folder: str) -> dict[str, dict[str, object]]:
    """The parts of an output folder that are written down as done."""
    import json

    done: dict[str, dict[str, object]] = {}
    with suppress(OSError), open(os.path.join(folder, DONE), encoding="utf-8") as file:
        for line in file:
            with suppress(ValueError, KeyError, TypeError):  # a line that a killed run left half-written
                part = json.loads(line)
                done[part["part"]] = part
    return done


@contextmanager
def noted(folder: str) -> Iterator[Callable[[str, int, str], None]]:
    """A function that writes down that a part in a folder is done: its path, its rows and what it was made of."""
    import json

    with open(os.path.join(folder, DONE), "a", encoding="utf-8") as file:

        def note(path: str, rows: int, fingerprint: str) -> None:
            name = path.removeprefix(os.path.join(folder, ""))
            part = {"part": name, "rows": rows, "bytes": os.path.getsize(path), "fingerprint": fingerprint}
            file.write(json.dumps(part) + "\n")
            file.flush()

        yield note


def is_done(folder: str, name: str, fingerprint: str, done: dict[str, dict[str, object]]) -> bool:
    """Whether a part is there as it was written down, of the same formula, options and source."""
    part = done.get(name)
    if part is None or part.get("fingerprint") != fingerprint:
        return False
    try:
        return os.path.getsize(os.path.join(folder, name)) == part.get("bytes")
    except OSError:
        return False
