"""Lark's tables, run by a small engine: from tokens to the AST without importing Lark.

The tables (grammar/tables.py) are made by Lark from the grammar. Three stacks carry the parse: `states`, those of the
automaton; `values`, a node or token number for each symbol; and `begins`, the token at which each operand begins. `row`
holds what may follow the operand that has just been read, or is None where an operand is expected. Nothing recurses, so
a megabyte of parentheses is merely long.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType, SimpleNamespace
from typing import Any

from backprop.grammar import tables as generated
from backprop.language.builder import Builder, handler
from backprop.language.lexer import terminal, token_spans, tokens
from backprop.language.program import Program

SHIFT, CLOSE, REDUCE, BINARY, ACCEPT = range(5)
KINDS = {"s": SHIFT, "c": CLOSE, "r": REDUCE, "b": BINARY, "a": ACCEPT}
LEAVES = {"<NUMBER>": "number", "<NAME>": "name", "<STRING>": "string"}
Action = tuple[Any, ...]
Row = dict[str, Action]


class Lazy(dict[Any, Any]):
    """A dict that makes an entry when it is first asked for."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self.make(key)
        return value


class Tables:
    """The tables as the engine runs them, read from their text (see backprop.grammar.generate) as far as needed.

    `expected[state]` is the row where an operand is expected, or right behind a token; `pending[state][left side]` the
    row behind an operand, and `atom[state]` the one behind a leaf.
    """

    def __init__(self, data: ModuleType | SimpleNamespace) -> None:
        self.token: str = data.TOKEN
        self.keys: dict[str, str] = {key: key for key in data.FIXED.split()} | {"": "<END>"}
        self.rules = [rule_of(*line.split(" ")) for line in data.RULES.split("\n")]
        self.rows = data.ROWS.split("\n")
        expected, pending = data.EXPECTED.split(), data.PENDING.split("\n")
        row: dict[str, Row] = Lazy(self.row)
        self.action: dict[str, Action] = Lazy(self.read_action)
        self.expected: dict[int, Row] = Lazy(lambda state: row[expected[state]])
        self.pending: dict[int, dict[str, Row]] = Lazy(lambda state: lefts(pending[state].split(), row))
        self.atom: dict[int, Row] = Lazy(lambda state: self.pending[state]["atom"])

    def row(self, number: str) -> Row:
        """A row from its line."""
        row = {}
        for group in self.rows[int(number)].split("  "):
            action, *keys = group.split()
            for key in keys:
                row[key] = self.action[action]
        return row

    def read_action(self, text: str) -> Action:
        """An action from its word, with what the engine needs of its rule."""
        kind, numbers = KINDS[text[0]], [int(number) for number in text[1:].split(",") if number]
        if kind in (SHIFT, ACCEPT):
            return kind, *numbers
        left_side, length, begins, alias = self.rules[numbers[0]]
        return (BINARY, alias, left_side) if kind == BINARY else (kind, left_side, length, begins, handler(alias))


def rule_of(left_side: str, length: str, begins: str, alias: str = "") -> tuple[str, int, int, str]:
    """A rule from the words of its line."""
    return left_side, int(length), int(begins), alias


def lefts(words: list[str], row: dict[str, Row]) -> dict[str, Row]:
    """The rows behind each left side; one that cannot stand there has an empty row."""
    numbers = dict(zip(words[::2], words[1::2], strict=True))
    return Lazy(lambda left: row[numbers[left]] if left in numbers else {})


def grammar_text() -> bytes:
    """The grammar, as it is in its file."""
    package: Any = sys.modules["backprop.grammar"]
    text: bytes = package.__loader__.get_data(f"{package.__path__[0]}/expression.lark")
    return text


@cache
def current_tables() -> Tables:
    """The tables of the grammar as it is now; made by Lark on the spot where tables.py has gone stale."""
    import zlib

    text = grammar_text()
    if zlib.crc32(text) == generated.CHECKSUM:
        return Tables(generated)
    from backprop.grammar.generate import make_tables

    return Tables(SimpleNamespace(**make_tables(text.decode())))


def parse(text: str, source: str | None = None) -> Program:
    """The program that a text is. Raises a Problem of kind "syntax" with the place and a cure."""
    tables = current_tables()
    if not text.isascii():
        check_characters(text, source)
    found = tokens(tables.token, text)
    program = Program(text, lambda: token_spans(tables.token, text), source)
    builder = Builder(program, found)
    stopped_at = run(tables, found, builder)
    if stopped_at is not None:
        from backprop.language.mistakes import explain

        raise explain(program, found, stopped_at)
    return program


def check_characters(text: str, source: str | None) -> None:
    """Half a character is what Python makes of bytes that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        from backprop.language.mistakes import not_text

        raise not_text(text, error.start, source) from None


def run(tables: Tables, found: list[str], builder: Builder) -> int | None:
    """Parse the tokens into the builder's program; the number of the token that cannot stand where it does, or None."""
    expected, pending, atom = tables.expected, tables.pending, tables.atom
    ops = builder.program.ops
    add_op, add_operands, add_first, add_last = builder.adders
    leaves = builder.leaves
    keys = tables.keys.copy()  # the key of each token that was seen and is no leaf
    state = 0
    states: list[int] = []
    values: list[Any] = []
    begins: list[int] = []
    row: Row | None = None
    for index, token in enumerate(found):
        if row is None:  # an operand is expected
            leaf = leaves.get(token)
            if leaf is None:
                key = keys.get(token, "")
                if not key:
                    if token.isidentifier():
                        leaves[token] = leaf = len(ops)
                        add_op("name")
                        add_operands(token if token.isascii() else builder.name(token, index))
                        add_first(index)
                        add_last(index)
                    else:
                        key = terminal(token)
                        if key in LEAVES:
                            leaf = builder.leaf(LEAVES[key], token, index)
                        else:
                            keys[token] = key
            if leaf is not None:
                row = atom[state]
                if not row:
                    return index
                values.append(leaf)
                begins.append(index)
                continue
            if token == "=":  # a function's inputs are known; inside, x is another x
                leaves.clear()
            begins.append(index)
            action = expected[state].get(key)
        else:
            key = token
            action = row.get(key)
            if action is None:
                key = keys.get(token) or terminal(token)
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
                _, left_side, length, beginnings, build = action
                if kind == CLOSE:  # the token completes the rule
                    values.append(index)
                    last = index
                    popped = length - 1
                else:
                    last = index - 1
                    popped = length
                    if row is None:  # the rule ended in a token, so no operand begins at this one
                        begins.pop()
                if row is not None:  # the operand's own state was never pushed
                    popped -= 1
                if popped:
                    state = states[-popped]
                    del states[-popped:]
                if beginnings > 1:
                    del begins[1 - beginnings :]
                values[-length:] = [build(builder, values[-length:], begins[-1], last)]
                row = pending[state][left_side]
                if kind == CLOSE:
                    break
            action = row.get(key)
    return None
