"""What is read for a command: files, standard input, and values that are written out."""

from __future__ import annotations

import os
import sys

from backprop.errors import Problem, unreadable
from backprop.errors.light import NamedTuple
from backprop.language import canonical_name
from backprop.library.values import Random, Value, parse_value, read_value

CODE = (".py", ".ipynb")  # the suffixes of files of the user's own code
PROGRAMS = (*CODE, ".bp")
LONGEST = 512 << 20  # bytes of a file of text; what is longer is something else, like /dev/zero


class Meant(NamedTuple):
    """A file of code, and the function or class in it that is meant."""

    path: str
    name: str | None


def meant(word: str | None) -> Meant | None:
    """The file of code that a word names, `layers.py` or `layers.py:affine_forward`; None if it names none."""
    path, colon, name = (word or "").rpartition(":")
    if colon and name and path.endswith(CODE) and os.path.isfile(path):
        return Meant(path, name)
    return Meant(word, None) if word is not None and word.endswith(CODE) and os.path.isfile(word) else None


def raise_bounds(texts: tuple[str, ...]) -> None:
    """Let code that is read use more, as `steps=10000000` says."""
    if texts or "backprop.python.values.meter" in sys.modules:  # a process may ask more than once
        from backprop.python.values.meter import set_bounds

        set_bounds(texts)


def names_of(text: str | None) -> list[str] | None:
    """The names in a list with commas."""
    return None if text is None else [canonical_name(name.strip()) for name in text.split(",") if name.strip()]


def value_of(text: str, name: str, random: Random) -> Value:
    """A value that is written out, or that of a file: `@x.npy`, `@-`."""
    if not text.startswith("@"):
        return parse_value(text, name, random)
    path = text[1:]
    return read_value(path, read_bytes(path), name, name_of(path))


def read_text(path: str) -> str:
    """The text of a file, of standard input for "-", or of an object written out. Raises a Problem of kind "file"."""
    if is_json(path):
        return path
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8"
        raise Problem(
            "file", f"{name_of(path)} is not UTF-8 text (byte {error.start + 1}, line {line})", hint=hint
        ) from None


def read_bytes(path: str) -> bytes:
    """What a file holds, or standard input for "-". Raises a Problem of kind "file"."""
    try:
        if path == "-":
            tell_waiting()
            data = sys.stdin.buffer.read(LONGEST + 1) if sys.stdin else b""
        else:
            with open(path, "rb") as file:
                data = file.read(LONGEST + 1)
    except OSError as error:
        raise unreadable(name_of(path), error) from None
    if len(data) > LONGEST:
        raise Problem("size", f"{name_of(path)} holds more than {LONGEST >> 20} MiB")
    return data


def tell_waiting() -> None:
    """Say so where a terminal is what is waited for."""
    if sys.stdin is not None and sys.stdin.isatty():
        end = "Ctrl-Z and Enter" if sys.platform == "win32" else "Ctrl-D"
        from backprop.cli.failures import note

        note(f"this reads standard input, which is the terminal: {end} ends it", "auto")


def name_of(path: str) -> str:
    """What a file is called in a message."""
    return "standard input" if path == "-" else "what is given" if is_json(path) else path


def is_json(path: str) -> bool:
    """Whether an object stands where the name of a file could."""
    return path.lstrip()[:1] == "{"


def check_alone(option: str, text: str) -> None:
    """Refuse several pairs of a name and a value in one option: `--by x=0.1,y=0.1`."""
    parts = [part.strip() for part in text.replace(";", ",").split(",")]
    if len(parts) > 1 and all(part.partition("=")[0].strip().isidentifier() and "=" in part for part in parts):
        hint = f"each has an option of its own: {' '.join(f'{option} {part}' for part in parts)}"
        raise Problem("option", f"{option} takes one name and its value, and not {text}", hint=hint)


def named_value(assignment: str) -> tuple[str, str]:
    """The name and the text of a `--set NAME=VALUE`."""
    name, equals, value = assignment.partition("=")
    if not equals or not name:
        raise Problem("option", f"--set takes NAME=VALUE, and not {assignment}")
    check_alone("--set", assignment)
    return canonical_name(name.strip()), value
