"""Lines of a file or a pipe, without ever waiting for more than there is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from backprop.errors import Problem

BLOCK = 1 << 18
BROKEN = re.compile("[\udc80-\udcff]")
NOT_UTF8 = "this is not UTF-8 text"


def standard_input() -> BinaryIO:
    """The bytes of standard input. Raises a Problem where it is closed."""
    if sys.stdin is None:
        raise Problem("file", "cannot read standard input: it is closed")
    return sys.stdin.buffer


class Input:
    """A file, a compressed file, or standard input ("-"), in blocks of whole lines."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = "standard input" if path == "-" else path
        self.read = 0  # bytes of the file as it lies there, for the progress bar
        self.packed: BinaryIO | None = None  # the file, where what is read is not its bytes
        self.size = 0
        self.block = BLOCK
        self.ready: Callable[[], bool] = lambda: True
        self.stream = self.open()

    def open(self) -> Any:
        try:
            if self.path == "-":
                stream = standard_input()
                self.watch(stream)
                return stream
            stream = open(self.path, "rb")  # noqa: SIM115 (closed by close)
            self.size = os.fstat(stream.fileno()).st_size
            if self.path.endswith(".gz"):
                import gzip

                self.packed = stream
                return gzip.open(stream)
            self.watch(stream)
            return stream
        except OSError as error:
            raise unreadable(self.name, error) from None

    def watch(self, stream: BinaryIO) -> None:
        """Learn whether the stream has more at once: a pipe that pauses must not hold rows back."""
        import stat

        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode) and os.name == "posix":
            import select

            descriptor = stream.fileno()
            self.ready = lambda: bool(select.select([descriptor], [], [], 0)[0])

    def blocks(self) -> Iterator[bytes]:
        """Whole lines: as many as there are, up to a quarter of a megabyte or the longest line."""
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
        try:
            data: bytes = self.stream.read1(self.block)
            while data and len(data) < self.block and self.ready():
                following = self.stream.read1(self.block - len(data))
                if not following:
                    break
                data += following
        except (OSError, EOFError) as error:
            raise unreadable(self.name, error) from None
        except Exception as error:  # zlib has one of its own
            if type(error).__name__ != "error":
                raise
            raise unreadable(self.name, error) from None
        self.read = self.packed.tell() if self.packed is not None else self.read + len(data)
        return data

    def close(self) -> None:
        if self.path != "-":
            self.stream.close()
        if self.packed is not None:
            self.packed.close()


def unreadable(name: str, error: Exception) -> Problem:
    """The problem that a file cannot be read."""
    return Problem("file", f"cannot read {name}: {getattr(error, 'strerror', None) or error}", status=1)


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
