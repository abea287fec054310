"""Make the tables of the parsing engine from the grammar: `python -m backprop.grammar.generate` rewrites tables.py.

Lark reads expression.lark and computes the LALR(1) automaton. This module turns that into plain data which needs no
Lark to run: for every state what to do on a token, with chains of unit rules (sum <- product <- unary <- …) collapsed.

A token stands in a row under its own text where it has just one ("+", "−"), else under its terminal ("<NAME>"), which
no token's text can be; "" is the end of the text. What a row answers:

    (SHIFT, after, state)      push the token; `after` is the state behind the operand that was pending, -1 if none was
    (CLOSE, rule)              push the token, which completes that rule whatever comes next
    (REDUCE, rule)             the rule is complete
    (BINARY, gate, left side)  an operator's rule is complete: operand, operator, operand (the hot path)
    (ACCEPT,)                  the text is a program

A rule is (left side, its number of symbols, how many of them begin at a token of their own, alias).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SHIFT, CLOSE, REDUCE, BINARY, ACCEPT = range(5)
BINARY_ALIASES = frozenset(
    "add subtract multiply divide matmul power less less_equal greater greater_equal equal not_equal".split()
)
Row = dict[str, tuple[Any, ...]]


def lark_parser(grammar: str) -> Any:
    """Lark's own LALR parser for the grammar: the source of truth, and the one that explains syntax errors."""
    from lark import Lark
    from lark.lexer import Token

    class InsideBrackets:
        """Drop the separators between brackets, where a newline is a blank."""

        always_accept = ("SEPARATOR",)

        def process(self, stream: Iterator[Token]) -> Iterator[Token]:
            depth = 0
            for token in stream:
                depth += (token[-1] in "([") - (token in (")", "]"))
                if token.type != "SEPARATOR" or depth <= 0 or ";" in token:
                    yield token

    return Lark(
        grammar, parser="lalr", lexer="basic", start="program", propagate_positions=True, postlex=InsideBrackets()
    )


def make_tables(grammar: str) -> dict[str, Any]:
    """The engine's tables for a grammar, under the names that tables.py gives them."""
    lark = lark_parser(grammar)
    automaton = Automaton(lark)
    rows: list[Row] = []
    pending = [
        {left: intern(rows, automaton.row_behind(state, left)) for left in automaton.nonterminals(state)}
        for state in automaton.states
    ]
    return {
        "CHECKSUM": zlib.crc32(grammar.encode()),
        "TOKEN": token_pattern(lark),
        "START": automaton.start,
        "RULES": automaton.rules,
        "ROWS": rows,
        "EXPECTED": [intern(rows, automaton.row_at(state)) for state in automaton.states],
        "PENDING": pending,
    }


def intern(rows: list[Row], row: Row) -> int:
    """The number of a row among the distinct ones."""
    if row not in rows:
        rows.append(row)
    return rows.index(row)


def token_pattern(lark: Any) -> str:
    """One regular expression for all: what is ignored, then a token in group 1; a character that starts none is one."""
    ignored = set(lark.ignore_tokens)
    terminals = lark.parser.lexer.lexer.terminals  # in the order in which Lark tries them
    tokens = "|".join(t.pattern.to_regexp() for t in terminals if t.name not in ignored)
    blanks = "|".join(t.pattern.to_regexp() for t in terminals if t.name in ignored)
    return f"(?:{blanks})*+({tokens}|(?s:.))"


class Automaton:
    """Lark's LALR automaton with its states numbered and its unit rules collapsed."""

    def __init__(self, lark: Any) -> None:
        table = lark.parser.parser._parse_table
        self.keys = {terminal.name: list(token_keys(terminal)) for terminal in lark.terminals} | {"$END": [""]}
        self.actions = table.states
        self.states = self._breadth_first(table.start_states["program"])
        self.start = 0
        self.rules: list[tuple[str, int, int, str]] = []
        self._rule_numbers: dict[Any, int] = {}

    def _breadth_first(self, start: int) -> list[int]:
        """The states in an order that depends on the grammar alone: Lark's own numbers change from run to run."""
        order = [start]
        for state in order:
            for symbol in sorted(self.actions[state]):
                shifts, target = self._action(state, symbol)
                if shifts and target not in order:
                    order.append(target)
        return order

    def nonterminals(self, state: int) -> list[str]:
        return sorted(symbol for symbol in self.actions[state] if symbol not in self.keys)

    def rule(self, rule: Any) -> int:
        """The number of a Lark rule in RULES."""
        if rule not in self._rule_numbers:
            symbols = rule.expansion
            # The operand after an operator begins at a token of its own; the operator between operands does not.
            begins = sum(not s.is_term or i == 0 or symbols[i - 1].is_term for i, s in enumerate(symbols))
            self._rule_numbers[rule] = len(self.rules)
            self.rules.append((str(rule.origin.name), len(symbols), begins, rule.alias or ""))
        return self._rule_numbers[rule]

    def row_at(self, state: int) -> Row:
        """What each token does where an operand is expected, or right behind a token."""
        return self._row((terminal, self._at(state, terminal)) for terminal in self.keys)

    def row_behind(self, state: int, left: str) -> Row:
        """What each token does when `left` has just been read in `state`."""
        return self._row((terminal, self._behind(state, left, terminal)) for terminal in self.keys)

    def _row(self, entries: Iterator[tuple[str, tuple[Any, ...] | None]]) -> Row:
        return {
            key: action
            for terminal, action in sorted(entries, key=lambda entry: entry[0])
            if action is not None
            for key in self.keys.get(terminal, ())
        }

    def _at(self, state: int, terminal: str) -> tuple[Any, ...] | None:
        if terminal not in self.actions[state]:
            return None
        shifts, target = self._action(state, terminal)
        return self._shift(-1, target) if shifts else self._reduce(target)

    def _behind(self, state: int, left: str, terminal: str) -> tuple[Any, ...] | None:
        while True:
            after = self.actions[state][left][1]
            if terminal not in self.actions[after]:
                return None
            shifts, target = self._action(after, terminal)
            if shifts:
                return self._shift(self.states.index(after), target)
            if not (len(target.expansion) == 1 and not target.alias and target.origin.name != "program"):
                return self._reduce(target)
            left = target.origin.name

    def _action(self, state: int, terminal: str) -> tuple[bool, Any]:
        action, target = self.actions[state][terminal]
        return action.name == "Shift", target

    def _shift(self, after: int, target: int) -> tuple[Any, ...]:
        completed = {id(rule): rule for action, rule in self.actions[target].values() if action.name == "Reduce"}
        if len(completed) == 1 and all(action.name == "Reduce" for action, _ in self.actions[target].values()):
            (rule,) = completed.values()
            if rule.origin.name != "program":
                return CLOSE, self.rule(rule)
        return SHIFT, after, self.states.index(target)

    def _reduce(self, rule: Any) -> tuple[Any, ...]:
        if rule.origin.name == "program":
            return (ACCEPT,)
        if rule.alias in BINARY_ALIASES:
            return BINARY, rule.alias, str(rule.origin.name)
        return REDUCE, self.rule(rule)


def token_keys(terminal: Any) -> Iterator[str]:
    """Under which keys a terminal stands in a row: its texts where they can be listed, else its name in brackets."""
    pattern = terminal.pattern.to_regexp()
    choices = pattern[3:-1] if pattern.startswith("(?:") and pattern.endswith(")") else pattern
    texts = [re.sub(r"\\(.)", r"\1", text) for text in choices.split("|")]
    if all(re.fullmatch(pattern, text) for text in texts):
        yield from texts
    else:
        yield f"<{terminal.name}>"


def render(tables: dict[str, Any]) -> str:
    """The text of tables.py: a line for each entry."""
    lines = ['"""Made from expression.lark by `python -m backprop.grammar.generate`. Do not edit."""', ""]
    for name, value in tables.items():
        if isinstance(value, list):
            lines += [f"{name} = [", *(f"    {entry!r}," for entry in value), "]"]
        else:
            lines.append(f"{name} = {value!r}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Rewrite tables.py beside this file."""
    here = Path(__file__).parent
    grammar = (here / "expression.lark").read_text(encoding="utf-8")
    (here / "tables.py").write_text(render(make_tables(grammar)), encoding="utf-8")


if __name__ == "__main__":
    main()
