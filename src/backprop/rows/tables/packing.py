"""What is packed with gzip, bzip2, xz or Zstandard: recognised by what it is, not by what it is called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO

from backprop.errors import Problem
from backprop.errors.spelling import option

MAGIC = {b"\x1f\x8b": "gz", b"BZh11AY&SY": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zst"}
MAGIC |= {b"BZh%d1AY&SY" % level: "bz2" for level in range(1, 10)}
OTHERS = {b"PAR1\x15": "parquet", b"ARROW1\0\0": "arrow", b"PK\x03\x04": ""}  # no text: what it is instead
NAMES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "Zstandard"}
MODULES = {"gz": "gzip", "bz2": "bz2", "xz": "lzma"}  # of the standard library
LITTLE = 1 << 13  # packed bytes at a time: they may stand for very many
LEVEL = 6  # of gzip, as the program does it


class Ahead:
    """A stream of bytes that can be looked at before it is read."""

    def __init__(self, stream: Any, packed: bool = False) -> None:
        self.stream = stream
        self.packed = packed
        self.held = b""
        self.ended = False  # a terminal that was told to end would be asked again

    def look(self, enough: Callable[[bytes], bool], most: int) -> bytes:
        """The beginning: until it is enough, or so many bytes, or all there is."""
        while not enough(self.held) and len(self.held) < most and not self.ended:
            self.held += self.more(most - len(self.held))
        return self.held

    def read1(self, size: int = -1) -> bytes:
        """Some bytes, and at least one if there is one."""
        return taken(self, size) if self.held else self.more(size)

    def more(self, size: int) -> bytes:
        """Bytes of the stream, as long as there are any."""
        found: bytes = b"" if self.ended else self.stream.read1(size)
        self.ended = not found
        return found

    read = read1  # what unpacks does not mind that fewer come


class Frames:
    """Frames of Zstandard, one behind the other, by the package of that name, whose own reader takes a torn one for
    whole."""

    def __init__(self, stream: Ahead, module: Any) -> None:
        self.stream = stream
        self.start = module.ZstdDecompressor().decompressobj
        self.frame: Any = None
        self.rest = b""  # packed
        self.held = b""  # unpacked

    def read1(self, size: int = -1) -> bytes:
        """Some bytes, and at least one if there is one. Raises EOFError where a frame has no end."""
        while not self.held:
            data = self.rest or self.stream.read1(LITTLE)
            if not data and self.frame is None:
                return b""
            if not data:
                raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            self.frame = self.frame or self.start()
            self.held, self.rest = self.frame.decompress(data), b""
            if self.frame.eof:
                self.frame, self.rest = None, self.frame.unused_data
        return taken(self, size)


def taken(stream: Ahead | Frames, size: int) -> bytes:
    """So many of the bytes that a stream holds; all of them, where that is below 0."""
    size = len(stream.held) if size < 0 else size
    data, stream.held = stream.held[:size], stream.held[size:]
    return data


def unpacked(stream: BinaryIO, name: str) -> Ahead:
    """A stream that may be packed, without its packing. Raises a Problem where it is no text, and says what."""
    ahead = Ahead(stream)
    known = (*MAGIC, *OTHERS)
    head = ahead.look(lambda held: not any(magic.startswith(held) for magic in known), 10)
    other = next((form for magic, form in OTHERS.items() if head.startswith(magic)), None)
    if other is not None:
        hint = f"say so: {option('map --from', other)}" if other else "save its sheet as CSV, or unzip it"
        raise Problem(
            "file", f"{name} is {other.capitalize() or 'a workbook or a zip archive'}, and no text", hint=hint
        )
    kind = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), None)
    if kind in MODULES:
        return Ahead(import_module(MODULES[kind]).open(ahead, "rb"), packed=True)
    if kind == "zst":
        module = zstandard(name)
        frames = Frames(ahead, module) if module.__name__ == "zstandard" else module.open(ahead, "rb")
        return Ahead(frames, packed=True)
    return ahead


def zstandard(name: str) -> Any:
    """The module for Zstandard: Python's own from 3.14 on, or one that is installed. Raises a Problem."""
    for module in ("compression.zstd", "backports.zstd", "zstandard"):
        if find_spec(module.partition(".")[0]) and find_spec(module):
            return import_module(module)
    hint = f"pip install zstandard; or unzstd {name} before"
    raise Problem("file", f"{name} is packed with Zstandard, for which a package is missing", hint=hint)


def packing(suffix: str, file: Any, name: str) -> Any:
    """A file that packs what is written to it; the same rows are the same bytes."""
    if suffix == ".gz":
        from gzip import GzipFile

        return GzipFile("", "wb", LEVEL, file, mtime=0)
    module = MODULES.get(suffix[1:])
    return (import_module(module) if module else zstandard(name)).open(file, "wb")


def bare(path: str) -> str:
    """A path without the suffix of its packing."""
    return path[: len(path) - len(suffix_of(path))]


def suffix_of(path: str) -> str:
    """The suffix of the packing, or nothing."""
    suffix = path[path.rfind(".") :].lower() if "." in path else ""
    return suffix if suffix in NAMES else ""
