"""Make the tables of the parsing engine: `python -m backprop.grammar.generate` rewrites tables.py.

Lark reads expression.lark and computes the LALR(1) automaton. This module turns that into plain text which needs no
Lark to run: for every state what to do on a token, with chains of unit rules (sum <- product <- unary <- …) collapsed.
Text, since Python reads a string many times faster than the same in brackets, and only a few rows are ever needed.

A row says what tokens do, `action token token …  action token …`. A token stands there under its own text where it
has just one ("+", "−"), else under its terminal ("<NAME>"), which no token's text can be; "<END>" is the text's end.

    s<after>,<state>    push the token; `after` is the state behind the operand that was pending, -1 if none was
    c<rule>             push the token, which completes that rule whatever comes next
    r<rule>             the rule is complete
    b<rule>             an operator's rule is complete: operand, operator, operand (the hot path)
    a                   the text is a program

A rule is (left side, its number of symbols, how many of them begin at a token of their own, alias).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backprop.grammar import Brackets, checksum

OPERATORS = ["add", "subtract", "multiply", "divide", "matmul", "power"]
COMPARISONS = ["less", "less_equal", "greater", "greater_equal", "equal", "not_equal"]
BINARY_ALIASES = frozenset([*OPERATORS, *COMPARISONS])
ENGINES = (20220615, 20221023, 20230612)  # _sre.MAGIC of Python 3.11, 3.12, 3.13
Row = dict[str, str]  # from a token's key to the action


def lark_parser(grammar: str) -> Any:
    """Lark's own LALR parser for the grammar: the source of truth, and the one that explains syntax errors."""
    from lark import Lark
    from lark.lexer import Token

    class OutsideBrackets:
        """Drop the newlines between brackets."""

        always_accept = ("SEPARATOR",)

        def process(self, stream: Iterator[Token]) -> Iterator[Token]:
            brackets = Brackets()
            return (token for token in stream if not brackets.ignores(token))

    return Lark(
        grammar, parser="lalr", lexer="basic", start="program", propagate_positions=True, postlex=OutsideBrackets()
    )


def make_tables(grammar: str) -> dict[str, Any]:
    """The engine's tables for a grammar, under the names that tables.py gives them."""
    lark = lark_parser(grammar)
    automaton = Automaton(lark)
    rows: dict[str, int] = {}

    def number(row: Row) -> int:
        return rows.setdefault(row_text(row), len(rows))

    pending = [
        " ".join(f"{left} {number(automaton.row_behind(state, left))}" for left in automaton.nonterminals(state))
        for state in automaton.states
    ]
    expected = " ".join(str(number(automaton.row_at(state))) for state in automaton.states)
    return {
        "CHECKSUM": checksum(grammar.encode()),
        "TOKEN": (token := token_pattern(lark)),
        **pattern_code(token),
        "FIXED": " ".join(sorted(key for keys in automaton.keys.values() for key in keys if not key.isupper())),
        "RULES": "\n".join(" ".join(map(str, rule)).rstrip() for rule in automaton.rules),
        "EXPECTED": expected,
        "PENDING": "\n".join(pending),
        "ROWS": "\n".join(rows),
    }


def row_text(row: Row) -> str:
    """A row as a line of text: each action with its tokens behind it."""
    tokens: dict[str, list[str]] = {}
    for key, action in row.items():
        tokens.setdefault(action, []).append(key)
    return "  ".join(" ".join([action, *keys]) for action, keys in tokens.items())


def token_pattern(lark: Any) -> str:
    """One regular expression for all: blanks and comments, then a token in group 1, which is empty at the end.

    A character that starts no longer token is one by itself, whether the grammar knows it or not. Terminals that begin
    as a name does are tried behind a name that was read once.
    """
    ignored = set(lark.ignore_tokens)
    terminals = lark.parser.lexer.lexer.terminals  # in the order in which Lark tries them
    patterns = {t.name: t.pattern.to_regexp() for t in terminals if t.pattern.max_width > 1}
    name, blank = patterns["NAME"], f"(?:{patterns['BLANKS']})?"
    skipped = "|".join(patterns[terminal] for terminal in patterns if terminal in ignored)
    behind = "|".join(p.removeprefix(name + blank) for p in patterns.values() if p.startswith(name + blank))
    others = [patterns[t] for t in patterns if t not in ignored and not patterns[t].startswith(name)]
    # ++ and the like give nothing back: what was read as a blank or a name is not tried again as less of it.
    return f"(?:{skipped})*+({name}+(?:{blank}+(?:{behind}))?|{'|'.join(others)}|(?s:.)|\\Z)"


def pattern_code(pattern: str) -> dict[str, Any]:
    """A pattern as the engine of `re` runs it, and the versions of the engine that run it: to import `re` and to
    compile the pattern takes as long as Python's own start.

    It is the same for all of them, and the code has not changed since the first: a test compares it on each Python.
    """
    from re import _compiler, _parser  # type: ignore[attr-defined]

    parsed = _parser.parse(pattern)
    assert parsed.state.groups == 2  # the whole, and the token
    return {"ENGINES": ENGINES, "FLAGS": parsed.state.flags, "CODE": tuple(map(int, _compiler._code(parsed, 0)))}


class Automaton:
    """Lark's LALR automaton with its states numbered and its unit rules collapsed."""

    def __init__(self, lark: Any) -> None:
        table = lark.parser.parser._parse_table
        self.keys = {terminal.name: list(token_keys(terminal)) for terminal in lark.terminals} | {"$END": ["<END>"]}
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

    def _row(self, entries: Iterator[tuple[str, str | None]]) -> Row:
        return {
            key: action
            for terminal, action in sorted(entries, key=lambda entry: entry[0])
            if action is not None
            for key in self.keys.get(terminal, ())
        }

    def _at(self, state: int, terminal: str) -> str | None:
        if terminal not in self.actions[state]:
            return None
        shifts, target = self._action(state, terminal)
        return self._shift(-1, target) if shifts else self._reduce(target)

    def _behind(self, state: int, left: str, terminal: str) -> str | None:
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

    def _shift(self, after: int, target: int) -> str:
        completed = {id(rule): rule for action, rule in self.actions[target].values() if action.name == "Reduce"}
        if len(completed) == 1 and all(action.name == "Reduce" for action, _ in self.actions[target].values()):
            (rule,) = completed.values()
            if rule.origin.name != "program":
                return f"c{self.rule(rule)}"
        return f"s{after},{self.states.index(target)}"

    def _reduce(self, rule: Any) -> str:
        if rule.origin.name == "program":
            return "a"
        return f"{'b' if rule.alias in BINARY_ALIASES else 'r'}{self.rule(rule)}"


def token_keys(terminal: Any) -> Iterator[str]:
    """Under which keys a terminal stands in a row: its texts where they can be listed, else its name in brackets."""
    pattern = terminal.pattern.to_regexp()
    choices = pattern[3:-1] if pattern.startswith("(?:") and pattern.endswith(")") else pattern
    texts = [re.sub(r"\\(.)", r"\1", text) for text in re.split(r"(?<!\\)\|", choices)]
    if all(re.fullmatch(pattern, text) for text in texts):
        yield from texts
    else:
        yield f"<{terminal.name}>"


def render(tables: dict[str, Any]) -> str:
    """The text of tables.py."""
    lines = ['"""Made from expression.lark by `python -m backprop.grammar.generate`. Do not edit."""']
    for name, value in tables.items():
        lines.append(f'{name} = """\\\n{value}"""' if "\n" in str(value) and name != "TOKEN" else f"{name} = {value!r}")
    return "\n\n".join(lines) + "\n"


def main() -> None:
    """Rewrite tables.py beside this file."""
    here = Path(__file__).parent
    grammar = (here / "expression.lark").read_text(encoding="utf-8")
    (here / "tables.py").write_text(render(make_tables(grammar)), encoding="utf-8")


if __name__ == "__main__":
    main()
