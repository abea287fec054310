"""What the engine builds when a rule of the grammar is complete: the nodes of the AST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backprop.errors import Problem
from backprop.expr import Call, Program, Statement

Handler = Callable[[list[Any], int, int], Any]
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
        """A number, name or string; every further one that reads alike is the same node."""
        operand: str | float = token
        if op == "number":
            operand = self.number(token, index)
        elif op == "string":
            operand = token[1:-1]
        self.leaves[token] = node = self.node(op, operand, index, index)
        return node

    def number(self, token: str, index: int) -> float:
        """The value of a literal; one beyond the range of float64 is a mistake, not an infinity."""
        value = float(token)
        if value == float("inf"):
            raise Problem(
                "syntax",
                f"{token if len(token) < 40 else token[:36] + '…'} is beyond the largest number, 1.797e308",
                text=self.program.text,
                source=self.program.source,
                spans=[self.program.tokens_span(index, index)],
                hint="write inf for infinity",
            )
        return value

    # ── operators ──

    def on_negate(self, values: list[Any], first: int, last: int) -> int:
        """A sign before a literal belongs to the literal: x^-2 has a constant exponent, and -1 is no gate."""
        operand = values[1]
        if self.program.ops[operand] == "number" and last == first + 1:
            return self.node("number", -self.program.operands[operand], first, last)
        return self.node("negate", (operand,), first, last)

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
        arguments = values[1] if len(values) == 3 else []
        positional = tuple(argument for argument in arguments if isinstance(argument, int))
        keywords = tuple(argument for argument in arguments if not isinstance(argument, int))
        name = self.tokens[first].rstrip("( \t")
        return self.node("call", Call(name, positional, keywords), first, last)

    def on_keyword(self, values: list[Any], first: int, last: int) -> tuple[str, int]:
        return self.tokens[first].rstrip("= \t"), values[1]

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
        self.statement("assignment", self.tokens[first].rstrip("= \t"), (), values[1], (first, last))

    def on_definition(self, values: list[Any], first: int, last: int) -> None:
        parameters = values[1]
        for parameter in parameters:
            if not isinstance(parameter, int) or self.program.ops[parameter] != "name":
                raise self.not_a_parameter(parameter)
        self.statement("definition", self.tokens[first].rstrip("( \t"), tuple(parameters), values[4], (first, last))
        # Inside, x may be a parameter; outside, it is another x: they must not share a node.
        self.leaves.clear()

    def statement(self, kind: str, name: str, parameters: tuple[int, ...], value: int, tokens: tuple[int, int]) -> None:
        statements = self.program.statements
        start = statements[-1].nodes.stop if statements else 0
        nodes = range(start, len(self.program.ops))
        statements.append(Statement(kind, name, parameters, value, nodes, tokens))

    def not_a_parameter(self, parameter: int | tuple[str, int]) -> Problem:
        node = parameter if isinstance(parameter, int) else parameter[1]
        return Problem(
            "syntax",
            "a function's parameters are plain names",
            text=self.program.text,
            source=self.program.source,
            spans=[self.program.span(node)],
            hint="write it like neuron(w, x, b) = sigmoid(w*x + b); to compare, write ==",
        )
