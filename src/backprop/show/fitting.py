"""What people read on a terminal, in its width: lines are broken between words, never in a word or a number.

A table whose columns do not fit gets narrower columns; one that still does not is told row by row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from backprop.errors.spans import width
from backprop.show.grid import Column, Grid
from backprop.show.text import column_cells, pad, row_lines
from backprop.show.theme import paint

COLOUR = re.compile(r"\x1b\[[\d;]*m")
PIECES = re.compile(r"\s*\S+")
BREAKS = re.compile(r"(?<=[,(\[*/+=|])(?=.)")  # where a word that is longer than a line may be broken
GAP = 2  # blanks between columns


# ── prose ──


def folded(text: str, room: int) -> str:
    """Lines that are too long go on in the next one, further in."""
    return "\n".join(part for line in text.split("\n") for part in wrapped(line, room))


def wrapped(line: str, room: int) -> list[str]:
    """A line in lines of at most so many columns, broken between words; a longer word at an operator, or not at all."""
    if shown(line) <= room:
        return [line]
    inner = COLOUR.sub("", line)
    hanging = len(inner) - len(inner.lstrip()) + max(2, len(re.match(r"\s*(\[*)", inner)[1]))  # type: ignore[index]
    lines = [""]
    for word in PIECES.findall(line):
        for piece in [word] if shown(word.strip()) + hanging <= room else BREAKS.split(word):
            if lines == [""] or shown(lines[-1] + piece) <= room:
                lines[-1] += piece
            else:
                lines.append(" " * hanging + piece.lstrip())
    return lines


def shown(text: str) -> int:
    """How many columns a text takes, without its colours."""
    return width(COLOUR.sub("", text) if "\x1b" in text else text)


# ── tables ──


def fitted(grid: Grid, room: int, *, colour: bool) -> str:
    """A table that is no wider than this, if words allow it."""
    titles = [row[0] if not any(row[1:]) else "" for row in grid.rows]  # they need no column
    untitled = [["", *row[1:]] if title else row for row, title in zip(grid.rows, titles, strict=True)]
    cells = [column_cells(Grid(grid.columns, untitled), place) for place in range(len(grid.columns))]
    natural = [width(column[0][0]) for column in cells]
    least = [max(longest_word(lines) for lines in column) for column in cells]
    free = room - GAP * (len(cells) - 1)
    if sum(least) > free:
        return records(grid, room, colour=colour)
    given = shared_out(natural, least, free)
    narrow = [
        [[pad(part, most) for line in lines for part in wrapped(outdented(line.rstrip()), most)] for lines in column]
        for column, most in zip(cells, given, strict=True)
    ]
    lines = []
    for number, (title, row) in enumerate(zip(["", *titles], zip(*narrow, strict=True), strict=True)):
        if number == 0 and not grid.headed:
            continue
        if title:
            lines += [paint(part, grid.columns[0].role, colour) for part in wrapped(title, room)]
        else:
            lines += row_lines(grid.columns, row, heading=number == 0, colour=colour)
    return "\n".join(lines) + "\n"


def outdented(line: str) -> str:
    """A line of advice that stands far in would have no room; one of an array stands where it should."""
    inner = line.lstrip()
    return f"  {inner}" if len(line) - len(inner) > 4 and inner[:1].isalpha() else line


def longest_word(lines: Sequence[str]) -> int:
    """The columns that a cell needs where it is broken between all of its words."""
    found = 0
    for line in lines:
        line = outdented(line)
        start = len(line) - len(line.lstrip())
        words = line.split()
        indent = start + (2 if len(words) > 1 else 0)
        found = max(found, *(width(word) + indent for word in words), 0)
    return found


def shared_out(natural: Sequence[int], least: Sequence[int], free: int) -> list[int]:
    """Widths of columns that add up to `free`: narrow columns keep theirs, wide ones share what is left."""
    given = list(least)
    left = free - sum(given)
    while left > 0:
        short = [place for place, most in enumerate(natural) if given[place] < most]
        if not short:
            break
        lowest = min(short, key=lambda place: given[place])
        given[lowest] += 1
        left -= 1
    return given


def records(grid: Grid, room: int, *, colour: bool) -> str:
    """Row by row: the first cell as a heading, then each of the others behind its column's name."""
    first, *others = grid.columns
    label = max((long for column in others if (long := width(column.heading)) <= room // 2 - GAP), default=0)
    lines: list[str] = []
    for row in grid.rows:
        if row[0] or not lines:
            head = f"{first.heading} {row[0]}" if first.numeric else row[0]
            lines += [paint(part, first.role, colour) for part in wrapped(head, room)]
        for column, text in zip(others, row[1:], strict=True):
            if text.strip():
                lines += record(column, text, label, room, colour, labelled=bool(row[0]))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def record(column: Column, text: str, label: int, room: int, colour: bool, *, labelled: bool) -> list[str]:
    """A cell behind the name of its column, or below it where both have no room beside each other. The name is not said
    again where a row goes on."""
    head = column.heading.replace("\n", " ") if labelled else ""
    below = bool(head) and max(label, width(head)) + 2 * GAP + longest_word(text.split("\n")) > room
    label = 0 if below else max(label, width(head))
    parts = [part for line in text.split("\n") for part in wrapped(outdented(line), room - label - 2 * GAP)]
    heads = ["" if below else head.ljust(label), *[""] * len(parts)]
    lines = [f"{'':{GAP}}{paint(head, 'heading', colour)}"] if below else []
    return lines + [
        f"{'':{GAP}}{paint(start.ljust(label), 'heading', colour)}{'':{GAP}}{paint(part, column.role, colour)}"
        for start, part in zip(heads, parts, strict=False)
    ]
