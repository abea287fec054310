"""The table on a terminal, drawn by Rich, which is imported only here.

To import it takes several times as long as the answer to a short question. A table in its plain form (a line a row, and
no character of an odd width) is written here, as Rich writes it: a test holds the two equal, to the byte.
"""

from __future__ import annotations

import sys

from backprop.errors.light import TYPE_CHECKING, Sequence
from backprop.errors.spans import width
from backprop.show.text import column_cells, pad, plain
from backprop.show.theme import STYLES, columns_of, is_terminal, paint, verdict_style, verdict_word

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from backprop.show.grid import Grid

MOST_ROWS = 2000  # of a table that Rich draws


def drawn(grid: Grid, stream: TextIO, *, colour: bool) -> str:
    """The table as a terminal shows it; one that does not fit its width is broken between words.

    A number that is cut is a wrong one, and Rich cuts. It also takes its time: a very long table goes without it.
    """
    simple = plain(grid)
    needed = max(map(width, simple.splitlines())) + len(grid.columns) + 1
    room = columns_of(stream) if is_terminal(stream) else needed
    if needed > room:
        from backprop.show.fitting import fitted

        return fitted(grid, room, colour=colour)
    if len(grid.rows) > MOST_ROWS or not grid.headed:
        return plain(grid, colour=colour)
    found = Ruled(grid, colour)
    if found.width == needed and all(found.widths) and is_plain(grid, stream):
        return found.text()
    place = console(stream, colour=colour, width=needed)
    with place.capture() as captured:
        place.print(table(grid, colour=colour))
    return captured.get()


def is_plain(grid: Grid, stream: object) -> bool:
    """Whether all of a table is in its plain form, and the terminal one that has all characters."""
    texts = [*(column.heading for column in grid.columns), *(text for row in grid.rows for text in row)]
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return sys.platform != "win32" and encoding.lower().startswith("utf") and all(map(is_ordinary, texts))


def is_ordinary(text: str) -> bool:
    """Whether all characters of a text take one column for sure: Latin, Greek, and signs without their accents."""
    return text.isprintable() and (text.isascii() or all(is_narrow(ord(one)) for one in text))


def is_narrow(code: int) -> bool:
    """Whether a printable character of this number takes one column."""
    return code < 0x300 or 0x370 <= code < 0x400 or 0x2010 <= code < 0x20D0 or 0x2100 <= code < 0x2300


class Ruled:
    """A table in its plain form, as Rich draws it: a heading, a rule, rows, and blanks all around."""

    def __init__(self, grid: Grid, colour: bool) -> None:
        self.grid, self.colour = grid, colour
        self.columns = [column_cells(grid, place) for place in range(len(grid.columns))]
        self.widths = [width(heading[0]) for heading, *_ in self.columns]
        self.width = sum(self.widths) + 3 * len(self.widths) - 1

    def text(self) -> str:
        """The lines of the table."""
        heading, *rows = zip(*([line.rstrip() for (line,) in column] for column in self.columns), strict=True)
        blank, rule = " " * self.width, f" {'─' * (self.width - 2)} "
        roles = [column.role for column in self.grid.columns]
        lines = [blank, self.line(heading, ["heading"] * len(roles)), rule, *(self.line(row, roles) for row in rows)]
        return "".join(f"{line}\n" for line in [*lines, blank])

    def line(self, texts: Sequence[str], roles: list[str]) -> str:
        """Cells beside each other, and blanks of their colours on both sides of each but at the ends."""
        around = [" " if role == "verdict" else paint(" ", role, self.colour) for role in roles]
        cells = [self.cell(*one) for one in zip(texts, roles, self.widths, strict=True)]
        parts = [f"{blank}{cell}{blank}" for blank, cell in zip(around, cells, strict=True)]
        return f" {' '.join(parts).removeprefix(around[0]).removesuffix(around[-1])} "

    def cell(self, text: str, role: str, most: int) -> str:
        """A cell in the width of its column; of a verdict the word alone has its colour."""
        if role == "verdict":
            return paint(text, role, self.colour) + " " * (most - width(text))
        return paint(pad(text, most), role, self.colour)


def console(stream: TextIO, *, colour: bool, width: int | None = None, record: bool = False) -> Console:
    """Rich's console, with all that it would do to the user's text switched off."""
    from rich.console import Console

    return Console(
        file=stream, force_terminal=colour or None, no_color=not colour, width=width, highlight=False, emoji=False,
        markup=False, color_system="standard" if colour else None, record=record,
    )  # fmt: skip


def table(grid: Grid, *, colour: bool) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False, header_style=STYLES["heading"] if colour else "")
    cells = [column_cells(grid, place) for place in range(len(grid.columns))]
    for column, (heading, *_) in zip(grid.columns, cells, strict=True):
        # Numbers come padded to stand below each other. Rich would strip what justify="right" needs for that.
        style = STYLES[column.role] if colour else ""
        made.add_column(Text(heading[0]), style=style, no_wrap=column.numeric, overflow="fold")
    for row in zip(*(texts for _, *texts in cells), strict=True):
        texts = ["\n".join(line.rstrip() for line in lines) for lines in row]
        made.add_row(*(styled(text, column.role, colour) for text, column in zip(texts, grid.columns, strict=True)))
    return made


def styled(text: str, role: str, colour: bool) -> Text:
    """A cell; of a verdict the first word has its colour."""
    from rich.text import Text

    if role != "verdict" or not colour:
        return Text(text)
    word, rest = verdict_word(text)
    return Text.assemble((word, verdict_style(word)), rest)
