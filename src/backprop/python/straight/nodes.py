"""The program under construction: its nodes, their places in the text, and problems with them."""

from __future__ import annotations

import ast
import warnings
from typing import Any

from backprop.errors import Problem
from backprop.errors.spans import Span
from backprop.language.program import Call, Program, Statement
from backprop.python.values.frames import Source
from backprop.python.values.meter import unread

STRAIGHT = "what can be read: assignments, arithmetic, functions of math and numpy, in one function or at the top level"


class Nodes:
    """Builds the program, node by node, each behind its operands."""

    def __init__(self, text: str, source: str | None) -> None:
        self.spans: list[tuple[int, int]] = []
        self.program = Program(text, lambda: self.spans, source)
        self.source = Source(text, source)

    def tree(self) -> ast.Module:
        """Python's own tree of the text; its complaints become ours."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(self.program.text)
        except SyntaxError as error:
            offset = self.source.offset(error.lineno or 1, 0) + max((error.offset or 1) - 1, 0)
            raise self.problem("syntax", f"this is not Python: {error.msg}", Span(offset, offset + 1)) from None
        except (ValueError, MemoryError) as error:
            raise unread(error, self.program.source) from None

    def span(self, tree: ast.AST) -> Span:
        return self.source.whole(tree)

    def problem(self, kind: str, message: str, place: ast.AST | Span, hint: str = "") -> Problem:
        span = self.span(place) if isinstance(place, ast.AST) else place
        return Problem(kind, message, text=self.program.text, source=self.program.source, spans=[span], hint=hint)

    def refused(self, what: str, place: ast.AST | Span) -> Problem:
        """The problem that something of Python's is none of what can be read."""
        return self.problem("syntax", f"{what} cannot be read here", place, STRAIGHT)

    def node(self, op: str, operands: Any, place: ast.AST) -> int:
        """Append a node; its place is a token of its own."""
        program = self.program
        program.ops.append(op)
        program.operands.append(operands)
        program.firsts.append(len(self.spans))
        program.lasts.append(len(self.spans))
        self.spans.append(self.span(place))
        return len(program.ops) - 1

    def call(self, name: str, inputs: tuple[int, ...], place: ast.AST, *options: tuple[str, int]) -> int:
        """Append a call."""
        return self.node("call", Call(name, inputs, options), place)

    def append(self, kind: str, name: str, parameters: tuple[int, ...], value: int, start: int, place: Span) -> None:
        token = len(self.spans)
        self.spans.append(place)
        stop = len(self.program.ops)
        self.program.statements.append(Statement(kind, name, parameters, value, start, stop, token, token))
