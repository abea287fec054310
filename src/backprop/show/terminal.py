"""The table on a terminal, drawn by Rich, which is imported only here."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from backprop.show.grid import Grid
from backprop.show.text import column_cells
from backprop.show.theme import STYLES

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def draw(grid: Grid, stream: TextIO, *, colour: bool, width: int | None = None) -> None:
    """Print the table in the terminal's width; long formulas are folded, numbers never."""
    console(stream, colour=colour, width=width).print(table(grid, colour=colour))


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

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, header_style=STYLES["heading"] if colour else "")
    cells = [column_cells(grid, place) for place in range(len(grid.columns))]
    for column, (heading, *_) in zip(grid.columns, cells, strict=True):
        # Numbers come padded to stand below each other. Rich would strip what justify="right" needs for that.
        style = STYLES[column.role] if colour else ""
        drawn.add_column(Text(heading), style=style, no_wrap=column.numeric, overflow="fold")
    for row in zip(*(texts for _, *texts in cells), strict=True):
        drawn.add_row(*(Text(text.rstrip()) for text in row))
    return drawn
