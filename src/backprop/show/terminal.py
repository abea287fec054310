"""The table on a terminal, drawn by Rich, which is imported only here."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from backprop.show.fitting import columns_of, fitted
from backprop.show.grid import Grid
from backprop.show.text import column_cells, plain
from backprop.show.theme import STYLES, is_terminal, verdict_style, verdict_word
from backprop.spans import width

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

MOST_ROWS = 2000  # of a table that Rich draws


def drawn(grid: Grid, stream: TextIO, *, colour: bool) -> str:
    """The table as a terminal shows it; one that does not fit its width is broken between words.

    A number that is cut is a wrong one, and Rich cuts. It also takes its time: a very long table goes without it.
    """
    simple = plain(grid)
    needed = max(map(width, simple.splitlines())) + len(grid.columns) + 1
    room = columns_of(stream) if is_terminal(stream) else needed
    if needed > room:
        return fitted(grid, room, colour=colour)
    if len(grid.rows) > MOST_ROWS:
        return plain(grid, colour=colour)
    place = console(stream, colour=colour, width=needed)
    with place.capture() as captured:
        place.print(table(grid, colour=colour))
    return captured.get()


def console(stream: TextIO, *, colour: bool, width: int | None = None, record: bool = False) -> Console:
    """Rich's console, with all that it would do to the user's text switched off."""
    from rich.console import Console

    return Console(
        file=stream, force_terminal=colour or None, no_color=not colour, width=width, highlight=False, emoji=False,
        markup=False, color_system="standard" if colour else None, record=record,
    )  # fmt: skip


def table(grid: Grid, *, colour: bool) -> Table:
    """The grid as a Rich table."""
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
