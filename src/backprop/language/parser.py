"""Lark's tables, run by a small engine: from tokens to the AST without importing Lark.

The tables (grammar/tables.py) are made by Lark from the grammar. Three stacks carry the parse: `states`, those of the
automaton; `values`, a node or token number for each symbol; and `begins`, the token at which each operand begins. `row`
holds what may follow the operand that has just been read, or is None where an operand is expected. Nothing recurses, so
a megabyte of parentheses is merely long.
"""

from __future__ import annotations

from backprop.errors.light import Any
from backprop.language.builder import Builder
from backprop.language.lexer import terminal, token_spans, tokens
from backprop.language.program import Program
from backprop.language.tables import ACCEPT, BINARY, CLOSE, SHIFT, Row, Tables, current_tables

LEAVES = {"<NUMBER>": "number", "<NAME>": "name", "<STRING>": "string"}


def parse(text: str, source: str | None = None) -> Program:
    """The program that a text is. Raises a Problem of kind "syntax" with the place and a cure."""
    if not text.isascii():
        check_characters(text, source)
    program, found, stopped_at = read(text, source)
    if stopped_at is not None:
        from backprop.language.mistakes import explain

        raise explain(program, found, stopped_at, read)
    return program


def read(text: str, source: str | None = None) -> tuple[Program, list[str], int | None]:
    """A text as a program, its tokens, and the number of the one that cannot stand where it does, or None."""
    tables = current_tables()
    found = tokens(tables.token, text)
    program = Program(text, lambda: token_spans(tables.token, text), source)
    stopped_at = run(tables, found, Builder(program, found))
    program.pack()
    return program, found, stopped_at


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
    ops, (add_op, add_operands, add_first, add_last) = builder.program.ops, builder.adders
    leaves, keys, state = builder.leaves, tables.keys.copy(), 0  # keys: of tokens that were seen and are no leaves
    states, begins = list[int](), list[int]()
    values: list[Any] = []
    row: Row | None = None
    for index, token in enumerate(found):
        if row is None:  # an operand is expected
            leaf, key = leaves.get(token), ""
            if leaf is None and not (key := keys.get(token, "")):
                if token.isidentifier() and token.isascii():  # as `seen_first`, but without calls: they are many
                    leaves[token] = leaf = len(ops)
                    add_op("name")
                    add_operands(token)
                    add_first(index)
                    add_last(index)
                elif token[-2:] == " =":
                    key = "<ASSIGN>"
                else:
                    leaf, key = seen_first(token, index, builder, keys)
            begins.append(index)
            if leaf is not None and (row := atom[state]):
                values.append(leaf)
                continue
            if token == "=":  # a function's inputs are known; inside, x is another x
                leaves.clear()
            action = expected[state].get(key)
        else:
            action = row.get(key := token)
            if action is None:
                action = row.get(key := keys.get(token) or seen_behind(token, keys))
        while True:
            if action is None:
                return index
            kind = action[0]
            if kind == BINARY:  # the rule that is completed most: as `completed`, but without a call
                right, _ = values.pop(), values.pop()
                add_operands((values[-1], right))
                values[-1] = len(ops)
                add_op(action[1])
                begins.pop()
                add_first(begins[-1])
                add_last(index - 1)
                states.pop()
                state = states.pop()
                row = pending[state][action[2]]
            elif kind == SHIFT:
                if row is not None:
                    states.append(state)
                    state, row = action[1], None
                states.append(state)
                state = action[2]
                values.append(index)
                break
            elif kind == ACCEPT:
                return None
            else:
                state = completed(action, builder, states, state, values, begins, index, row is not None)
                row = pending[state][action[1]]
                if kind == CLOSE:
                    break
            action = row.get(key)
    return None


def seen_first(token: str, index: int, builder: Builder, keys: dict[str, str]) -> tuple[int | None, str]:
    """The node of a token that is met for the first time where an operand is expected; else None, and its key."""
    key = "<NAME>" if token.isidentifier() else terminal(token)
    if key in LEAVES:
        return builder.leaf(LEAVES[key], token, index), key
    if key != "<ASSIGN>":  # which rarely reads alike again
        keys[token] = key
    return None, key


def seen_behind(token: str, keys: dict[str, str]) -> str:
    """The key of a token that is met behind an operand; a separator reads alike again."""
    key = terminal(token)
    if key == "<SEPARATOR>":
        keys[token] = key
    return key


def completed(
    action: Any, builder: Builder, states: list[int], state: int, values: list[Any], begins: list[int], index: int,
    operand: bool,
) -> int:  # fmt: skip
    """Build what stands for a rule that is complete, before a token or with it, and pop its symbols: the state below.

    `operand` says that the rule ends in an operand, whose own state was never pushed.
    """
    kind, _, length, beginnings, build = action
    popped, last = length - operand, index
    if kind == CLOSE:  # the token completes the rule
        values.append(index)
        popped -= 1
    else:
        last -= 1
        if not operand:  # the rule ended in a token, so no operand begins at this one
            begins.pop()
    if popped:
        state = states[-popped]
        del states[-popped:]
    if beginnings > 1:
        del begins[1 - beginnings :]
    symbols = values[-length:]
    del values[-length:]
    values.append(symbols[0] if build is None else build(builder, symbols, begins[-1], last))
    return state
