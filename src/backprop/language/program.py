"""The AST: a program as a flat list of nodes, each behind its operands.

A node is a number in the list, and its operands are numbers of earlier nodes: whoever walks a program takes one loop
and no recursion, and a million gates are no deeper than three. Leaves that read alike share one node.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from backprop.spans import Span


class Statement(NamedTuple):
    """A line of a program: `q = x + y`, `neuron(w, x) = …`, or the bare expression that is the output."""

    kind: str  # "result", "assignment", "definition", or "accumulate" (dx += …, in a backward pass)
    name: str  # of the stage or the function; empty for a result
    parameters: tuple[int, ...]  # a definition's parameters, as nodes
    value: int  # the node of the expression
    nodes: range  # the nodes that were made for this statement
    tokens: tuple[int, int]  # its first and last token


class Call(NamedTuple):
    """The operands of a node "call": `name(positional…, keyword=…)`."""

    name: str
    positional: tuple[int, ...]
    keywords: tuple[tuple[str, int], ...]


class Program:
    """A parsed text.

    `ops[i]` says what node i is: "number" (its operand is a float), "name" and "string" (a str), "call" (a Call),
    "array" and "index" and "slice" (nodes, None for a bound that was left out), or a gate's name (its operand nodes).
    """

    def __init__(self, text: str, token_spans: Callable[[], list[tuple[int, int]]], source: str | None = None) -> None:
        self.text = text
        self.source = source
        self.ops: list[str] = []
        self.operands: list[Any] = []
        self.firsts = array("q")  # the first token of each node
        self.lasts = array("q")  # and its last one
        self.statements: list[Statement] = []
        self.given: dict[str, str] = {}  # values of variables that stand in the text itself (in a listing of Python's)
        self._token_spans = token_spans
        self._spans: list[tuple[int, int]] | None = None

    def span(self, node: int) -> Span:
        """The place of a node in the text."""
        return self.tokens_span(self.firsts[node], self.lasts[node])

    def tokens_span(self, first: int, last: int) -> Span:
        """The place of a run of tokens. Offsets are made when the first message asks for one."""
        if self._spans is None:
            self._spans = self._token_spans()
        if not self._spans:
            return Span(0, 0)
        return Span(self._spans[first][0], self._spans[min(last, len(self._spans) - 1)][1])

    def stands_in(self, text: str, source: str | None, traced: str, places: list[Span]) -> None:
        """Say that this program was made from another text, each of its lines from a place there."""
        spans, line, end = [], 0, traced.find("\n") % (len(traced) + 1)
        for start, _ in self._token_spans():
            while start > end:
                line, end = line + 1, traced.find("\n", end + 1) % (len(traced) + 1)
            spans.append((places[line].start, places[line].end))
        self.text, self.source, self._spans = text, source, spans

    def source_of(self, node: int) -> str:
        """The node as the user wrote it."""
        start, end = self.span(node)
        return self.text[start:end]
