"""Where the output goes: standard output, or a file, which is written whole or not at all."""

from __future__ import annotations

import os
import sys

from backprop.errors import Problem


def write(text: str, path: str | None) -> None:
    """Print a text, or put it into a file: beside its place first, then renamed."""
    if path is None:
        stream = sys.stdout
        if stream is None:
            raise Problem("file", "cannot write the output: standard output is closed", status=1)
        stream.buffer.write(text.encode(stream.encoding or "utf-8", "backslashreplace"))
        stream.flush()
        return
    folder, name = os.path.split(path)
    beside = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        try:
            with open(beside, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
        except BaseException:
            if os.path.exists(beside):
                os.unlink(beside)
            raise
    except OSError as error:
        raise Problem("file", f"cannot write {path}: {error.strerror or error}", status=1) from None
