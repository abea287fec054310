"""Where in a text something stands, and how to point at it."""

from __future__ import annotations

from backprop.errors.light import MutableSequence

LONG = 1000  # characters of a text of which much is kept
LONGEST_LINE = 160  # of an excerpt; a longer line is shown around its caret


class Span(tuple[int, int]):
    """A stretch of text, in characters from 0; the end is exclusive."""

    __slots__ = ()  # a tuple, and not one of typing's, whose import would be a large part of a plain run

    def __new__(cls, start: int, end: int) -> Span:
        return tuple.__new__(cls, (start, end))

    @property
    def start(self) -> int:
        """Where it begins."""
        return self[0]

    @property
    def end(self) -> int:
        """Where the next character is."""
        return self[1]

    def __repr__(self) -> str:
        return f"Span({self.start}, {self.end})"


def places(text: str, numbers: MutableSequence[int]) -> MutableSequence[int]:
    """Whole numbers: of a long text in four bytes each, where a list would keep int objects alive.

    `array` brings collections with it, and that takes as long as all the work on a short formula.
    """
    if len(text) < LONG:
        return numbers
    from array import array

    return array("i", numbers)


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both counted from 1, as editors do."""
    before = text[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1


def excerpt(text: str, spans: list[Span], room: int = LONGEST_LINE) -> str:
    """The lines on which the spans start, each with carets under them.

    A caret line keeps the tabs of the line above it and counts wide characters as two columns, so that it fits in a
    terminal; control characters are made visible, so that no text of the user's can move the cursor. A line longer than
    `room` is shown around its caret.
    """
    by_line: dict[int, list[Span]] = {}
    for span in spans:
        start = text.rfind("\n", 0, span.start) + 1
        by_line.setdefault(start, []).append(span)
    shown = []
    for start, marks in sorted(by_line.items()):
        end = text.find("\n", start)
        line = text[start : end if end >= 0 else len(text)].removesuffix("\r")
        shown += underline(line, [(mark.start - start, mark.end - start) for mark in marks], room)
    return "\n".join(shown)


def underline(line: str, marks: list[tuple[int, int]], room: int = LONGEST_LINE) -> list[str]:
    """A line and its carets, cut to a window around the first of the marks where it is very long."""
    shift = max(0, min(marks[0][0] - room // 2, len(line) - room))
    window = line[shift : shift + room]
    end = shift + len(window)
    lead = "… " if shift else ""
    tail = " …" if end < len(line) else ""
    carets = [" " * width(lead)]
    for position, character in enumerate(window, start=shift):
        if any(first <= position < max(last, first + 1) for first, last in marks):
            carets.append("^" * max(1, width(visible(character))))
        else:
            carets.append("\t" if character == "\t" else " " * width(visible(character)))
    if any(first >= len(line) for first, _ in marks):  # behind the line's end
        carets.append("^")
    return [lead + "".join(map(visible, window)) + tail, "".join(carets).rstrip()]


def visible(text: str) -> str:
    """The text with its control characters, escapes and lone surrogates spelt out (tabs stay)."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in text)


def clipped(text: str, most: int) -> str:
    """The text in so many characters; a longer one with a mark that more of it follows."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


WIDEST = 300  # that a column may be: to pad a thousand cells to one that names them all would be quadratic


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
