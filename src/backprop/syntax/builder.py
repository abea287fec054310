"""What the engine builds when a rule of the grammar is complete: the nodes of the AST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backprop.errors import Problem
from backprop.expr import Call, Program, Statement

Handler = Callable[[list[Any], int, int], Any]
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ"  # a power, to whoever pastes it
SLICES = {  # where among a slice's symbols its start, stop and step stand; the others are colons
    "slice": (None, None, None),
    "slice_to": (None, 1, None),
    "slice_from": (0, None, None),
    "slice_from_to": (0, 2, None),
    "slice_by": (None, None, 2),
    "slice_to_by": (None, 1, 3),
    "slice_from_by": (0, None, 3),
    "slice_from_to_by": (0, 2, 4),
}


class Builder:
    """Appends nodes and statements to a program. A handler takes the values of a rule's symbols (a node for an operand,
    the token's number for a token), and the rule's first and last token; what it returns stands for the rule.
    """

    def __init__(self, program: Program, tokens: list[str]) -> None:
        self.program = program
        self.tokens = tokens
        self.leaves: dict[str, int] = {}  # the node of each token that was seen as a leaf
        self.called: dict[str, str] = {}  # the name in each token that opened a call

    def handler(self, alias: str) -> Handler:
        """The function that builds what a rule with this alias means."""
        if alias in SLICES:
            return lambda values, first, last: self.slice(SLICES[alias], values, first, last)
        return getattr(self, f"on_{alias}", self.on_statements)

    def node(self, op: str, operands: Any, first: int, last: int) -> int:
        """Append a node and return its number."""
        program = self.program
        program.ops.append(op)
        program.operands.append(operands)
        program.firsts.append(first)
        program.lasts.append(last)
        return len(program.ops) - 1

    def leaf(self, op: str, token: str, index: int) -> int:
        """A number or a string; every further one that reads alike is the same node. (Names: see the engine.)"""
        operand = self.number(token, index) if op == "number" else token[1:-1]
        self.leaves[token] = node = self.node(op, operand, index, index)
        return node

    def number(self, token: str, index: int) -> float:
        """The value of a literal; one beyond the range of float64 is a mistake, not an infinity."""
        value = float(token)
        if value == float("inf"):
            shown = token if len(token) < 40 else token[:36] + "…"
            raise self.problem(
                f"{shown} is beyond the largest number, 1.797e308", index, index, "write inf for infinity"
            )
        return value

    def name(self, token: str, index: int) -> str:
        """A name of other than ASCII letters in the form in which names are compared, NFKC, as in Python."""
        from unicodedata import normalize

        from backprop.syntax.mistakes import not_a_name

        name = normalize("NFKC", token)
        if not name.isidentifier() or any(character in token for character in SUPERSCRIPTS):
            raise not_a_name(self.program, self.tokens, index)
        return name

    def name_before(self, index: int) -> str:
        """The name in a token that also holds its "(" or "="."""
        token = self.tokens[index]
        name = token[:-1].rstrip()
        return name if name.isascii() else self.name(name, index)

    def problem(self, message: str, first: int, last: int, hint: str) -> Problem:
        """A mistake that is none of the grammar's, at a run of tokens."""
        program = self.program
        spans = [program.tokens_span(first, last)]
        return Problem("syntax", message, text=program.text, source=program.source, spans=spans, hint=hint)

    # ── operators ──

    def on_negate(self, values: list[Any], first: int, last: int) -> int:
        """A sign before a literal belongs to the literal: x^-2 has a constant exponent, and -1 is no gate."""
        operand = values[1]
        if self.program.ops[operand] == "number" and last == first + 1:
            return self.negative(operand, first)
        return self.node("negate", (operand,), first, last)

    def negative(self, operand: int, first: int) -> int:
        """The leaf of a literal with a sign. The literal that was just made for it is none by itself."""
        program, literal = self.program, self.tokens[first + 1]
        node = self.leaves.get("-" + literal)
        if operand == len(program.ops) - 1 and program.firsts[operand] == first + 1:
            del self.leaves[literal]
            for column in (program.ops, program.operands, program.firsts, program.lasts):
                column.pop()
        if node is None:
            value = -self.number(literal, first + 1)
            self.leaves["-" + literal] = node = self.node("number", value, first, first + 1)
        return node

    def on_plus(self, values: list[Any], first: int, last: int) -> Any:
        return values[1]

    on_group = on_plus

    def on_transpose(self, values: list[Any], first: int, last: int) -> int:
        return self.node("transpose", (values[0],), first, last)

    def on_index(self, values: list[Any], first: int, last: int) -> int:
        return self.node("index", (values[0], *values[2]), first, last)

    def slice(self, places: tuple[int | None, ...], values: list[Any], first: int, last: int) -> int:
        return self.node("slice", tuple(None if at is None else values[at] for at in places), first, last)

    # ── calls and arrays ──

    def on_call(self, values: list[Any], first: int, last: int) -> int:
        positional = tuple(values[1]) if len(values) > 2 else ()
        keywords: tuple[tuple[str, int], ...] = ()
        for place, argument in enumerate(positional):
            if argument.__class__ is not int:
                positional, keywords = positional[:place], positional[place:]
                self.check_keywords(keywords)
                break
        token = self.tokens[first]
        name = self.called.get(token)
        if name is None:
            self.called[token] = name = self.name_before(first)
        return self.node("call", Call(name, positional, keywords), first, last)

    def check_keywords(self, keywords: tuple[Any, ...]) -> None:
        """Behind the first argument that is given by its name, all are."""
        for argument in keywords:
            if isinstance(argument, int):
                first, last = self.program.firsts[argument], self.program.lasts[argument]
                raise self.problem(
                    "this argument has no name, but stands behind one that has",
                    first,
                    last,
                    "arguments by position come first, then those by name: sum(A, axis=0)",
                )

    def on_keyword(self, values: list[Any], first: int, last: int) -> tuple[str, int]:
        return self.name_before(first), values[1]

    def on_array(self, values: list[Any], first: int, last: int) -> int:
        elements = values[1] if len(values) > 2 else []
        return self.node("array", tuple(elements), first, last)

    def on_first(self, values: list[Any], first: int, last: int) -> list[Any]:
        return [values[0]]

    def on_more(self, values: list[Any], first: int, last: int) -> list[Any]:
        values[0].append(values[2])
        more: list[Any] = values[0]
        return more

    # ── statements ──

    def on_statements(self, values: list[Any], first: int, last: int) -> Any:
        return values[0]

    def on_result(self, values: list[Any], first: int, last: int) -> None:
        self.statement("result", "", (), values[0], (first, last))

    def on_assignment(self, values: list[Any], first: int, last: int) -> None:
        self.statement("assignment", self.name_before(first), (), values[1], (first, last))

    def on_definition(self, values: list[Any], first: int, last: int) -> None:
        parameters = values[1]
        for i, parameter in enumerate(parameters):
            if not isinstance(parameter, int) or self.program.ops[parameter] != "name":
                raise self.not_a_parameter(parameter)
            index = first + 1 + 2 * i
            if self.program.firsts[parameter] != index:  # x stood in an earlier line: the parameter is another one
                parameters[i] = self.node("name", self.program.operands[parameter], index, index)
        self.statement("definition", self.name_before(first), tuple(parameters), values[-1], (first, last))
        self.leaves.clear()  # outside again, x is another x than inside

    def statement(self, kind: str, name: str, parameters: tuple[int, ...], value: int, tokens: tuple[int, int]) -> None:
        statements = self.program.statements
        start = statements[-1].nodes.stop if statements else 0
        nodes = range(start, len(self.program.ops))
        statements.append(Statement(kind, name, parameters, value, nodes, tokens))

    def not_a_parameter(self, parameter: int | tuple[str, int]) -> Problem:
        node = parameter if isinstance(parameter, int) else parameter[1]
        return self.problem(
            "a function's inputs are plain names",
            self.program.firsts[node],
            self.program.lasts[node],
            "write it like neuron(w, x, b) = sigmoid(w*x + b); to compare, write ==",
        )
