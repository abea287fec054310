"""Lines of a file or a pipe, without ever waiting for more than there is."""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO
from weakref import WeakKeyDictionary, finalize

from backprop.errors import Problem, unreadable
from backprop.errors.spelling import option
from backprop.rows.tables.packing import Ahead, unpacked

BLOCK = 1 << 18
PATIENCE = 0.002  # seconds that many rows are worth waiting for
LARGE_BLOCK = 4 << 20
SUMMED_BLOCK = 16 << 20  # where no row is written: fewer calls, in the room that the results do not take
LARGE = 4 << 20  # bytes of text, from which on Polars' import is worth its time
MIDDLING = 1 << 15  # bytes of text, from which on Polars is faster once it is imported
BROKEN = re.compile("[\udc80-\udcff]")
MOST = 1 << 16  # bytes that are looked at before any is read
NEAR = 1 << 12  # bytes before the end of a block in which a line ends, as a rule
STANDARD: WeakKeyDictionary[Any, Ahead] = WeakKeyDictionary()  # what was looked at of a standard input
COPIES: WeakKeyDictionary[Any, BinaryIO] = WeakKeyDictionary()  # the file that one was copied into
NOT_UTF8 = "this is not UTF-8 text"
NOT_JSON = "this is not JSON"
NO_COLUMN = "there is no column"
SAVE_IT = f"save it as UTF-8, or say what it is: {option('--encoding', 'latin-1')}, cp1252, utf-16, …"


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises a Problem where it is closed."""
    if sys.stdin is None:
        raise Problem("file", "cannot read standard input: it is closed")
    return sys.stdin.buffer


def called(path: str) -> str:
    """What a table is called in messages."""
    return "standard input" if path == "-" else path


def seekable(path: str) -> str:
    """The path of a table whose readers go to and fro: standard input is copied into a file, once, which has no name
    and ends with it. Raises a Problem."""
    if path != "-":
        return path
    stream = standard_input()
    if stream not in COPIES:
        from shutil import copyfileobj
        from tempfile import TemporaryFile

        try:
            copy = TemporaryFile()  # noqa: SIM115 (closed with the stream)
            finalize(stream, copy.close)
            copyfileobj(stream, copy)
            copy.flush()
        except OSError as error:
            raise unreadable(called(path), error) from None
        COPIES[stream] = copy
    return f"/dev/fd/{COPIES[stream].fileno()}"


class Input:
    """A file or standard input ("-"), packed or not, in blocks of whole lines of UTF-8."""

    def __init__(self, path: str, encoding: str | None = None, large_block: int = LARGE_BLOCK) -> None:
        self.path = path
        self.name = called(path)
        self.read = 0  # bytes of the file as it lies there, for the progress bar
        self.file: BinaryIO | None = None  # as it lies there
        self.decoder_name = encoding or "utf-8"
        self.decoder = None if encoding is None else decoder_of(encoding)
        self.size = 0
        self.large = False  # known to be
        self.large_block = large_block
        self.ready: Callable[[float], bool] = lambda seconds: True
        self.stream = self.open()
        regular = self.file is not None and stat.S_ISREG(os.fstat(self.file.fileno()).st_mode)
        self.is_plain = regular and hasattr(os, "pread") and not self.stream.packed and self.decoder is None

    @property
    def is_large(self) -> bool:
        """Whether so much is read, or will be, that a large library is worth its import."""
        return self.large or self.read >= LARGE

    @property
    def block(self) -> int:
        """How many bytes are read at a time."""
        return self.large_block if self.is_large else BLOCK

    def open(self) -> Ahead:
        try:
            if self.path == "-":
                stream = standard_input()
                if stream not in STANDARD:
                    STANDARD[stream] = unpacked(stream, self.name)
                found = STANDARD[stream]
            else:
                self.file = stream = open(self.path, "rb")  # noqa: SIM115 (closed by close)
                self.size = os.fstat(stream.fileno()).st_size
                found = unpacked(stream, self.name)
            if not found.packed:
                self.watch(stream)
            return found
        except OSError as error:
            raise unreadable(self.name, error) from None
        except Problem:
            self.close()
            raise

    def watch(self, stream: BinaryIO) -> None:
        """Learn whether the stream has more at once: a pipe that pauses must not hold rows back."""
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode) and os.name == "posix":
            import select

            descriptor = stream.fileno()
            self.ready = lambda seconds: bool(select.select([descriptor], [], [], seconds)[0])

    def blocks(self) -> Iterator[bytes]:
        """Whole lines: as many as there are, up to the size of a block or the longest line."""
        rest: list[bytes] = []
        while True:
            data = self.more()
            if not data:
                break
            end = data.rfind(b"\n") + 1
            if not end:
                rest.append(data)
                continue
            yield b"".join((*rest, memoryview(data)[:end])) if rest or end < len(data) else data
            rest = [data[end:]] if end < len(data) else []
        last = b"".join(rest)
        if last:
            yield last

    def more(self) -> bytes:
        """What there is, and at least a byte; more of it while it keeps coming. Nothing at the end."""
        with readable(self.name):
            wanted, patience = self.up_to_a_line(self.block), PATIENCE if self.is_large else 0.0
            pieces = [self.stream.read1(wanted)]
            wanted -= len(pieces[0])
            while pieces[-1] and wanted and self.ready(patience):
                pieces.append(self.stream.read1(wanted))
                wanted -= len(pieces[-1])
            data = b"".join(pieces)
        self.read = self.file.tell() if self.file is not None and self.stream.packed else self.read + len(data)
        return data if self.decoder is None else self.in_utf8(data)

    def up_to_a_line(self, size: int) -> int:
        """How much to read, so that it ends with a line: of many rows, what comes behind one is costly to move."""
        if not (self.is_large and self.is_plain):
            return size
        assert self.file is not None
        near = os.pread(self.file.fileno(), NEAR, self.read + size - NEAR)
        end = near.rfind(b"\n") + 1
        return size - NEAR + end if end else size

    def in_utf8(self, data: bytes) -> bytes:
        """What was read in another encoding; what is not in it is kept as bytes that are no UTF-8."""
        assert self.decoder is not None
        try:
            text = self.decoder.decode(data, final=not data)
        except UnicodeError as error:
            raise Problem("file", f"{self.name} is not {self.decoder_name}: {error}", status=1) from None
        if data and not text:  # half a character
            return self.more()
        return text.encode("utf-8", "surrogateescape")

    def look(self, enough: Callable[[bytes], bool], most: int = MOST) -> bytes:
        """The beginning, without reading it: until it is enough, or so many bytes, or all there is."""
        with readable(self.name):
            data = self.stream.look(enough, most)
        if self.decoder is not None:
            return data.decode(self.decoder_name, "ignore").encode("utf-8", "surrogateescape")
        return data

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


def decoder_of(encoding: str) -> codecs.IncrementalDecoder:
    """What decodes an encoding. Raises a Problem where there is none of that name."""
    try:
        b" ".decode(encoding, "ignore")  # no text is in base64, zip, …
        return codecs.getincrementaldecoder(encoding)("surrogateescape")
    except (LookupError, UnicodeError):
        hint = "utf-8, utf-16, latin-1, cp1252, …"
        raise Problem("option", f"there is no encoding {encoding}", hint=hint) from None


@contextmanager
def readable(name: str) -> Iterator[None]:
    """What goes wrong with a file, packed or not, is a Problem."""
    try:
        yield
    except (OSError, EOFError) as error:
        raise unreadable(name, error, status=1) from None
    except Exception as error:  # who unpacks has errors of its own: zlib, lzma, zstandard
        if type(error).__name__ not in ("error", "LZMAError", "ZstdError"):
            raise
        raise unreadable(name, error, status=1) from None


def decoded(data: bytes) -> tuple[str, bool]:
    """The text of some bytes, and whether all of it is UTF-8; what is not is kept in the way of `surrogateescape`."""
    try:
        return data.decode("utf-8"), True
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape"), False


def is_broken(text: str) -> bool:
    """Whether there is something in a text that was not UTF-8."""
    return not text.isascii() and BROKEN.search(text) is not None


def mended(text: str) -> str:
    """The text with U+FFFD for what was not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
