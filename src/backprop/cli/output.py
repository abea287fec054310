"""Where the output goes: standard output, or a file, which is written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys

from backprop.errors import Problem


def write(output: str | bytes, path: str | None) -> None:
    """Print a text, or bytes, or put them into a file: beside its place first, then renamed. "-" is standard output.

    A link is followed, a file that exists keeps its mode, and what is no regular file (a pipe, a device) is written to,
    not replaced.
    """
    if path is None or path == "-":
        stream = sys.stdout
        if stream is None:
            raise Problem("file", "cannot write the output: standard output is closed", status=1)
        if isinstance(output, str):
            output = output.encode(stream.encoding or "utf-8", "backslashreplace")
        stream.buffer.write(output)
        stream.flush()
        return
    try:
        place(output.encode() if isinstance(output, str) else output, path)
    except OSError as error:
        raise Problem("file", f"cannot write {path}: {error.strerror or error}", status=1) from None


def place(data: bytes, path: str) -> None:
    """Put bytes where a path says."""
    found = os.stat(path) if os.path.exists(path) else None
    if found is not None and not stat.S_ISREG(found.st_mode):
        with open(path, "wb") as stream:
            stream.write(data)
        return
    if found is not None:
        with open(path, "ab"):  # a file that may not be written is not replaced either
            pass
    folder, name = os.path.split(os.path.realpath(path))
    beside = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            if found is not None:
                os.chmod(beside, stat.S_IMODE(found.st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, os.path.join(folder, name))
    except BaseException:
        if os.path.exists(beside):
            os.unlink(beside)
        raise
