"""Where a run is: a text of the user's, and the calls and rounds of loops that led to a place in it."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from typing import Any

from backprop.errors import Problem
from backprop.errors.spans import Span

MOST_FRAMES = 6  # that a trail names; the middle is left out beyond


class Source:
    """A text of the user's, and where its lines begin."""

    def __init__(self, text: str, name: str | None) -> None:
        self.text, self.name = text, name
        self.of_library = False  # whether it is one of our own, in which a library's function is said
        self.old = False  # whether it is of Python 2, where `/` of whole numbers is whole
        self.left_out: dict[int, str] = {}  # the cells of a notebook that are no Python, and why
        self.notes: list[str] = []  # what else is to be told of it
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    @cached_property
    def words(self) -> set[str]:
        """The names in the text, whatever they are there."""
        return set(re.findall(r"[^\W\d]\w*", self.text))

    def remarks(self) -> list[str]:
        """That cells of a notebook are left out."""
        told = self.left_out.items()
        cells = [f"cell {number} of {self.name} is left out, it is not Python: {why}" for number, why in told]
        return [*cells, *self.notes]

    def offset(self, line: int, column: int) -> int:
        """Where in the text a line and a column stand; Python counts columns in bytes."""
        content = self.lines[line - 1].encode() if line <= len(self.lines) else b""
        return self.starts[min(line, len(self.starts)) - 1] + len(content[:column].decode(errors="ignore"))

    def whole(self, tree: ast.AST) -> Span:
        """The place of a node."""
        place: Any = tree
        return Span(self.offset(place.lineno, place.col_offset), self.offset(place.end_lineno, place.end_col_offset))

    def span(self, tree: ast.AST) -> Span:
        """The place of a node that is pointed at: of a statement with a body, its first line."""
        start, end = self.whole(tree)
        line_end = self.starts[tree.lineno] - 1  # type: ignore[attr-defined]
        return Span(start, max(start + 1, min(end, line_end) if hasattr(tree, "body") else end))


class Frame:
    """A call or a loop that the run is in."""

    __slots__ = ("called", "line", "round")

    def __init__(self, called: str, line: int) -> None:
        self.called, self.line, self.round = called, line, 0

    def text(self) -> str:
        return f"{self.called}()" if self.called else f"line {self.line} round {self.round}"


def trail(frames: list[Frame]) -> str:
    """`walk_back() > line 12 round 3 > step_back()`, the middle left out where it is long."""
    texts = [frame.text() for frame in frames]
    if len(texts) > MOST_FRAMES:
        half = MOST_FRAMES // 2
        texts = [*texts[:half], "…", *texts[-half:]]
    return " > ".join(texts)


def problem_at(
    source: Source, tree: ast.AST | None, kind: str, message: str, hint: str = "", frames: list[Frame] | None = None
) -> Problem:
    """A Problem with its place; how the run came there is its hint, where it has no better one."""
    placed = tree is not None and hasattr(tree, "lineno")
    spans = [source.span(tree)] if placed and tree is not None else []
    led = trail(frames) if frames and len(frames) > 1 else ""
    return Problem(
        kind,
        message,
        text=source.text,
        source=source.name,
        spans=spans,
        hint=hint or (f"reached by {led}" if led else ""),
    )
