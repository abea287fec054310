"""Lark's tables as the parser runs them, read from their text (grammar/tables.py) as far as needed."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING, Any, Callable, cache
from backprop.grammar import checksum, grammar_text
from backprop.grammar import tables as generated
from backprop.language.builder import handler
from backprop.language.lexer import SIGNS

if TYPE_CHECKING:
    import re
    from types import ModuleType, SimpleNamespace

SHIFT, CLOSE, REDUCE, BINARY, ACCEPT = range(5)
KINDS = {"s": SHIFT, "c": CLOSE, "r": REDUCE, "b": BINARY, "a": ACCEPT}
Action = tuple["Any", ...]
Row = dict[str, Action]


class Lazy(dict["Any", "Any"]):
    """A dict that makes an entry when it is first asked for."""

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make = make

    def __missing__(self, key: Any) -> Any:
        value = self[key] = self.make(key)
        return value


class Tables:
    """The tables as the engine runs them, read from their text (see grammar/generate.py) as far as needed.

    `expected[state]` is the row where an operand is expected, or right behind a token; `pending[state][left side]` the
    row behind an operand, and `atom[state]` the one behind a leaf.
    """

    def __init__(self, data: ModuleType | SimpleNamespace) -> None:
        self.token = pattern(data)
        self.keys: dict[str, str] = {key: key for key in data.FIXED.split()} | SIGNS | {"": "<END>"}
        self.rules = [rule_of(*line.split(" ")) for line in data.RULES.split("\n")]
        self.rows = data.ROWS.split("\n")
        expected, pending = data.EXPECTED.split(), data.PENDING.split("\n")
        row: dict[str, Row] = Lazy(self.row)
        self.action: dict[str, Action] = Lazy(self.read_action)
        self.expected: dict[int, Row] = Lazy(lambda state: row[expected[state]])
        self.pending: dict[int, dict[str, Row]] = Lazy(lambda state: lefts(pending[state].split(), row))
        self.atom: dict[int, Row] = Lazy(lambda state: self.pending[state]["atom"])

    def row(self, number: str) -> Row:
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


def engine() -> int:
    """The version of the engine of `re`: 0 for one of which nothing is known."""
    try:
        import _sre  # type: ignore[import-not-found]
    except ImportError:
        return 0
    return int(_sre.MAGIC) if _sre.CODESIZE == 4 else 0


def pattern(data: ModuleType | SimpleNamespace) -> re.Pattern[str]:
    """The pattern of all tokens: where the engine is one that understands its code, without waiting for `re`."""
    if engine() not in data.ENGINES:
        import re

        return re.compile(data.TOKEN)
    import _sre

    made: re.Pattern[str] = _sre.compile(data.TOKEN, data.FLAGS, list(data.CODE), 1, {}, (None, None))
    return made


@cache
def current_tables() -> Tables:
    """The tables of the grammar as it is now; made by Lark on the spot where tables.py has gone stale."""
    text = grammar_text()
    if checksum(text) == generated.CHECKSUM:
        return Tables(generated)
    from types import SimpleNamespace

    from backprop.grammar.generate import make_tables

    return Tables(SimpleNamespace(**make_tables(text.decode())))
