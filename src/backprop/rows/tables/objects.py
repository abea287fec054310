"""Objects of JSON however they stand: in an array, one behind the other, or over many lines; read as they come."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from backprop.errors import Problem
from backprop.rows.tables.lines import Input

TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|["{}\[\]]', re.DOTALL)
BREAK = re.compile(rb"\s*\n\s*")
EMPTY = re.compile(rb"(?:\xef\xbb\xbf)?\s*\[\s*\]\s*")  # an array without an object
BETWEEN = b" \t\r\n,"


def blocks(source: Input) -> Iterator[bytes]:
    """The objects, one in a line."""
    if not is_in_objects(source):
        yield from source.blocks()
        return
    array = is_array(source)
    rest = b""
    while data := source.more():
        found, rest = split(rest + data)
        if found:
            yield b"\n".join(found) + b"\n"
    if rest.strip(BETWEEN + b"]") and not EMPTY.fullmatch(rest):
        yield on_a_line(rest)
    if array and not rest.rstrip().endswith(b"]"):
        raise Problem("file", f"{source.name}: the array has no end", hint="is the file whole?", status=1)


def is_in_objects(source: Input) -> bool:
    """Whether the objects are not one in a line: an array, an object that goes on in the next line, or two in one."""
    if is_array(source):
        return True
    head = started(source.look(lambda held: bool(started(held))))
    if head[:1] != b"{":
        return False
    line = source.look(lambda held: b"\n" in started(held)).removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
    found, rest = split(line)
    if found and is_object(found[0]):
        return rest.lstrip().startswith(b"{") or len(found) > 1
    if found:
        return False
    behind = source.look(lambda held: bool(started(held).partition(b"\n")[2].strip()))
    following = started(behind).partition(b"\n")[2].lstrip()
    return bool(following) and not following.startswith(b"{")


def is_array(source: Input) -> bool:
    """Whether the objects stand in an array."""
    return started(source.look(lambda held: bool(started(held)))).startswith(b"[")


def started(data: bytes) -> bytes:
    """What there is from the first byte on that is no blank."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()


def is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole objects in some bytes, each on a line of its own, and what is behind them. Commas and the brackets of
    an array around them are passed over; anything else between them is a line, too."""
    found: list[bytes] = []
    depth = start = end = 0
    for token in TOKENS.finditer(data):
        mark = token[0]
        if mark == b"{" or (mark == b"[" and depth):
            if not depth:
                start = token.start()
                if odd := data[end:start].strip(BETWEEN + b"[]\xef\xbb\xbf"):
                    found.append(on_a_line(odd))
            depth += 1
        elif mark in b"}]" and depth:
            depth -= 1
            if not depth:
                end = token.end()
                found.append(on_a_line(data[start:end]))
        elif mark == b'"':  # a text that is not whole yet
            break
    return found, data[end:]


def on_a_line(text: bytes) -> bytes:
    """An object without its ends of lines: a text in it has none."""
    return BREAK.sub(b"", text) if b"\n" in text else text
