"""A grid of characters, on which wires are drawn piece by piece and texts are written."""

from __future__ import annotations

from backprop.errors.spans import width
from backprop.show.theme import paint

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8
SHAPES = {
    UP | DOWN: "│", LEFT | RIGHT: "─", DOWN | RIGHT: "╭", DOWN | LEFT: "╮", UP | RIGHT: "╰", UP | LEFT: "╯",
    UP | DOWN | RIGHT: "├", UP | DOWN | LEFT: "┤", LEFT | RIGHT | DOWN: "┬", LEFT | RIGHT | UP: "┴",
    UP | DOWN | LEFT | RIGHT: "╋", LEFT: "─", RIGHT: "─", UP: "│", DOWN: "│",
}  # fmt: skip
CROSSING = "┼"  # two wires, which do not touch: where one of them forks in four, it is ╋
ASCII = dict(zip("│─╭╮╰╯├┤┬┴╋┼●○■−×÷·", "|-..''+++++|*o#-*/.", strict=True)) | {
    "≤": "<=", "≥": ">=", "≠": "!=", "Σ": "sum", "∞": "inf", "…": "..", "²": "^2", "³": "^3",
}  # fmt: skip


def plain(text: str) -> str:
    """A text without the signs that only pictures have."""
    return "".join(ASCII.get(character, character) for character in text)


class Canvas:
    """Cells by row and column: pieces of wires, with the net that each belongs to, and characters with their role."""

    def __init__(self) -> None:
        self.pieces: dict[tuple[int, int], int] = {}
        self.nets: dict[tuple[int, int], set[int]] = {}
        self.texts: dict[tuple[int, int], tuple[str, str]] = {}

    def horizontal(self, row: int, start: int, end: int, net: int) -> None:
        """A piece of wire from column to column."""
        for column in range(start, end + 1):
            self.mark(row, column, (LEFT if column > start else 0) | (RIGHT if column < end else 0), net)

    def vertical(self, column: int, start: int, end: int, net: int) -> None:
        """A piece of wire from row to row."""
        start, end = min(start, end), max(start, end)
        for row in range(start, end + 1):
            self.mark(row, column, (UP if row > start else 0) | (DOWN if row < end else 0), net)

    def mark(self, row: int, column: int, piece: int, net: int) -> None:
        self.pieces[row, column] = self.pieces.get((row, column), 0) | piece
        self.nets.setdefault((row, column), set()).add(net)

    def write(self, row: int, column: int, text: str, role: str) -> None:
        """A text; a wide character takes two cells."""
        for character in text:
            self.texts[row, column] = character, role
            for extra in range(1, width(character)):
                self.texts[row, column + extra] = "", role
            column += width(character)

    def cell(self, row: int, column: int) -> tuple[str, str]:
        """The character of a cell, and its role."""
        if (row, column) in self.texts:
            return self.texts[row, column]
        piece = self.pieces.get((row, column), 0)
        if len(self.nets.get((row, column), ())) > 1:
            return CROSSING, "wire"
        return SHAPES.get(piece, " "), "wire"

    def rows(self) -> list[list[tuple[str, str]]]:
        """All cells that are in use."""
        used = [*self.pieces, *self.texts]
        height = max((row for row, _ in used), default=-1) + 1
        widths = [0] * height
        for row, column in used:
            widths[row] = max(widths[row], column + 1)
        return [[self.cell(row, column) for column in range(widths[row])] for row in range(height)]


def printed(rows: list[list[tuple[str, str]]], *, colour: bool, ascii_only: bool) -> str:
    """Rows of cells as text; neighbours of the same role share one colour code."""
    lines = []
    for row in rows:
        line, run, role = "", "", ""
        for character, its in [*row, ("", "")]:
            if its != role:
                line += paint(run, role, colour) if role and run.strip() else run
                run, role = "", its
            run += plain(character) if ascii_only else character
        lines.append(line.rstrip() + "\n")
    return "".join(lines)
