"""The table on a terminal, drawn by Rich, which is imported only here."""

from __future__ import annotations

from typing import TextIO

from backprop.show.grid import Grid, aligned
from backprop.show.theme import STYLES


def draw(grid: Grid, stream: TextIO, *, colour: bool, width: int | None = None) -> None:
    """Print the table in the terminal's width; long formulas are folded, numbers never."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(
        file=stream, force_terminal=colour or None, no_color=not colour, width=width, highlight=False, emoji=False,
        markup=False, soft_wrap=False, color_system="standard" if colour else None,
    )  # fmt: skip
    table = Table(box=SIMPLE_HEAD, pad_edge=False, header_style=STYLES["heading"] if colour else "")
    for column in grid.columns:
        table.add_column(
            column.heading,
            style=STYLES[column.role] if colour else "",
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
    columns = [
        aligned(row[place] for row in grid.rows) if column.numeric else [row[place] for row in grid.rows]
        for place, column in enumerate(grid.columns)
    ]
    for row in zip(*columns, strict=True):
        table.add_row(*(Text(text) for text in row))
    console.print(table)
