"""Where the output goes: standard output, or a file, which is written whole or not at all."""

from __future__ import annotations

import sys

from backprop.errors import Problem
from backprop.show.objects import written
from backprop.show.theme import columns_of, is_terminal


def write(output: str | bytes, path: str | None, *, prose: bool = False) -> None:
    """Print a text, or bytes, or put them into a file: beside its place first, then renamed. "-" is standard output.

    A link is followed, a file that exists keeps its mode, and what is no regular file (a pipe, a device) is written to,
    not replaced. `prose` is broken between words where a terminal shows it.
    """
    if path is None or path == "-":
        stream = sys.stdout
        if stream is None:
            raise Problem("file", "cannot write the output: standard output is closed", status=1)
        if isinstance(output, str):
            if prose and is_terminal(stream):
                from backprop.show.fitting import folded

                output = folded(output, columns_of(stream))
            output = encoded(output, stream.encoding or "utf-8")
        elif is_terminal(stream):
            raise Problem("option", "a terminal shows text, and these are bytes", hint="write them to a file: -o FILE")
        stream.buffer.write(output)
        stream.flush()
        return
    from backprop.rows.tables.files import put

    put(output.encode() if isinstance(output, str) else output, path)


ASCII = {
    "×": "*", "·": "*", "−": "-", "–": "-", "…": "...", "→": "->", "←": "<-", "≥": ">=", "≤": "<=", "≠": "!=",
    "²": "^2", "±": "+-", "─": "-", "│": "|", "∞": "inf", "‖": "|", "∂": "d", "“": '"', "”": '"', "’": "'",
}  # fmt: skip  # how a terminal without these characters says them


def encoded(text: str, encoding: str) -> bytes:
    """A text in an encoding that may not have all of its characters: spelt in ASCII, or by their numbers."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        known = "".join(ASCII[one] if one in ASCII and not sayable(one, encoding) else one for one in text)
        return known.encode(encoding, "backslashreplace")


def sayable(text: str, encoding: str) -> bool:
    """Whether an encoding has all characters of a text."""
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def json_text(answer: object, path: str | None) -> str:
    """An object as one line of JSON: in ASCII where standard output cannot say more."""
    ascii_only = path in (None, "-") and not is_unicode(sys.stdout)
    if "numpy" not in sys.modules:
        return written(answer, ascii_only) + "\n"
    import json  # arrays may be large: there it is the faster one, and its import is nothing beside NumPy's

    return json.dumps(answer, ensure_ascii=ascii_only) + "\n"


def is_unicode(stream: object) -> bool:
    """Whether a stream can say every character."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().startswith("utf")
