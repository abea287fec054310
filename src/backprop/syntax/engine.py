"""Lark's tables, run by a small engine: from tokens to the AST without importing Lark.

The tables (grammar/tables.py) are made by Lark from the grammar. Three stacks carry the parse: `states`, the automaton's
states; `values`, a node or token number for each symbol; and `begins`, the token at which each operand begins. `row`
holds what may follow the operand that has just been read, or is None where an operand is expected. Nothing recurses, so
a megabyte of parentheses is merely long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from backprop.expr import Program
from backprop.grammar import tables as generated
from backprop.syntax.builder import Builder
from backprop.syntax.lexer import terminal, token_spans, tokens

SHIFT, CLOSE, REDUCE, BINARY, ACCEPT = range(5)
LEAVES = {"<NUMBER>": "number", "<NAME>": "name", "<STRING>": "string"}
Row = dict[str, tuple[Any, ...]]


class Tables:
    """The tables in the form in which the engine runs them."""

    def __init__(self, data: ModuleType | SimpleNamespace) -> None:
        self.token: str = data.TOKEN
        self.start: int = data.START
        self.rules: list[tuple[str, int, int, str]] = data.RULES
        self.expected: list[Row] = [data.ROWS[row] for row in data.EXPECTED]
        self.pending: list[dict[str, Row]] = [
            {left: data.ROWS[row] for left, row in rows.items()} for rows in data.PENDING
        ]
        self.atom: list[Row] = [rows.get("atom", {}) for rows in self.pending]


@cache
def current_tables() -> Tables:
    """The tables of the grammar as it is now; made by Lark on the spot where tables.py has gone stale."""
    import zlib

    from backprop import grammar

    loader, path = grammar.__loader__, grammar.__path__[0]
    text: bytes = loader.get_data(f"{path}/expression.lark")  # type: ignore[union-attr]
    if zlib.crc32(text) == generated.CHECKSUM:
        return Tables(generated)
    from backprop.grammar.generate import make_tables

    return Tables(SimpleNamespace(**make_tables(text.decode())))


def parse(text: str, source: str | None = None) -> Program:
    """The program that a text is. Raises a Problem of kind "syntax" with the place and a cure."""
    tables = current_tables()
    found = tokens(tables.token, text)
    program = Program(text, lambda: token_spans(tables.token, text), source)
    builder = Builder(program, found)
    stopped_at = run(tables, found, builder)
    if stopped_at is not None:
        from backprop.syntax.mistakes import explain

        raise explain(program, found, stopped_at)
    return program


def run(tables: Tables, found: list[str], builder: Builder) -> int | None:
    """Parse the tokens into the builder's program; the number of the token that cannot stand where it does, or None."""
    expected, pending, atom, rules = tables.expected, tables.pending, tables.atom, tables.rules
    handlers: list[Callable[..., int | list[Any]]] = [builder.handler(alias) for _, _, _, alias in rules]
    ops, operands = builder.program.ops, builder.program.operands
    firsts, lasts = builder.program.firsts, builder.program.lasts
    add_op, add_operands, add_first, add_last = ops.append, operands.append, firsts.append, lasts.append
    leaves = builder.leaves
    state = tables.start
    states: list[int] = []
    values: list[Any] = []
    begins: list[int] = []
    row: Row | None = None
    index = -1
    for index, token in enumerate([*found, ""]):
        key = token
        if row is None:  # an operand is expected
            leaf = leaves.get(token)
            if leaf is None:
                action = expected[state].get(key)
                if action is None:
                    key = terminal(token) if token else ""
                    action = expected[state].get(key)
                    if action is None:
                        return index
                    if key in LEAVES:
                        leaf = builder.leaf(LEAVES[key], token, index)
            if leaf is not None:
                values.append(leaf)
                begins.append(index)
                row = atom[state]
                continue
            begins.append(index)
        else:
            action = row.get(key)
            if action is None:
                key = terminal(token) if token else ""
                action = row.get(key)
        while True:
            if action is None:
                return index
            kind = action[0]
            if kind == BINARY:
                right = values.pop()
                values.pop()
                left = values[-1]
                values[-1] = len(ops)
                add_op(action[1])
                add_operands((left, right))
                begins.pop()
                add_first(begins[-1])
                add_last(index - 1)
                states.pop()
                state = states.pop()
                row = pending[state][action[2]]
            elif kind == SHIFT:
                if row is not None:
                    states.append(state)
                    state = action[1]
                    row = None
                states.append(state)
                state = action[2]
                values.append(index)
                break
            elif kind == ACCEPT:
                return None
            else:
                left_side, length, beginnings, _ = rules[action[1]]
                if kind == CLOSE:  # the token completes the rule
                    if row is not None:
                        states.append(state)
                    states.append(state)
                    values.append(index)
                    last = index
                else:
                    last = index - 1
                    if row is not None:
                        states.append(state)
                    else:  # the rule ended in a token, so no operand begins at this one
                        begins.pop()
                if beginnings > 1:
                    del begins[1 - beginnings :]
                value = handlers[action[1]](values[-length:], begins[-1], last)
                del values[-length:]
                values.append(value)
                state = states[-length]
                del states[-length:]
                row = pending[state][left_side]
                if kind == CLOSE:
                    break
            action = row.get(key)
    return index
