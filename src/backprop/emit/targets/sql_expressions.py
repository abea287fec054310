"""SQL expressions: the operators and functions of a circuit in a dialect."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import ClassVar

from backprop.emit.target import JUNCTION, Target, Text
from backprop.emit.targets.dialects import RESERVED, Dialect
from backprop.gates import Gate
from backprop.language.printer import COMPARISON, SUM, Operator

ONE = "1::float8"


class SQL(Target):
    """SQL, in a dialect. Numbers of the program's own are double precision beside a column, and else say so."""

    name = "sql"
    title = "SQL"
    operators: ClassVar = {
        **{name: operator for name, operator in Target.operators.items() if name != "mod"},
        "equal": Operator("=", COMPARISON, SUM, SUM),
        "not_equal": Operator("<>", COMPARISON, SUM, SUM),
    }
    defines = False
    folds = True
    width = 100
    conjunction_word = "AND"
    inversion_word = "NOT "

    def __init__(self, dialect: Dialect) -> None:
        super().__init__()
        self.dialect = dialect
        self.derived = False  # whether the gate that is being said is the derivation's, or a definition's

    # ── names ──

    def own(self) -> list[str]:
        """A query has no function; what a view is called, is checked with the name of the table."""
        return []

    def word(self, gate: Gate) -> str | None:
        own = {"max": "greatest", "min": "least", "identity": "{0}"}
        return own.get(gate.name) or (None if gate.name == "square" else self.dialect.words.get(gate.name))

    def has(self, gate: Gate) -> bool:
        return True

    def reserves(self, gates: Iterable[Gate]) -> set[str]:
        return set()

    def spellable(self, name: str) -> bool:
        return True

    def quoted(self, name: str) -> str:
        """A name, in quotes where a database would take it for a word of its own, or for another name."""
        plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in RESERVED
        return name if plain else '"' + name.replace('"', '""') + '"'

    def repeats(self, gate: Gate) -> set[int]:
        if self.dialect.ordered and gate.name in self.operators and self.operators[gate.name].precedence == COMPARISON:
            return {0, 1}
        form = self.dialect.words.get(gate.name, "")
        return {place for place in (0, 1) if form.count(f"{{{place}}}") > 1}

    # ── numbers ──

    def number(self, value: float) -> Text:
        """A number. Of more digits than a double has, DuckDB makes a decimal, unless there is an exponent."""
        if value != value:
            return Text(self.dialect.nan)
        if abs(value) == float("inf"):
            return Text(self.dialect.infinity if value > 0 else f"-{self.dialect.infinity}")
        text = super().number(value)
        digits = text.text.removesuffix(".0")
        many = "e" not in digits and int(digits.replace(".", "").replace("-", "")) > 2**53
        return text._replace(text=f"{digits}e0" if many else digits)

    def column(self, value: float) -> str:
        """A number that is a column, or stands by itself."""
        return typed(self.number(value)).text

    # ── operators and functions ──

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        self.derived = derived
        return super().spell(gate, operands, derived)

    def operation(self, name: str, operands: Sequence[Text], derived: bool) -> Text:
        operands = double(operands)
        if name == "multiply" and derived and operands[0] == operands[1] and "square" in self.dialect.words:
            return self.form("square", operands[:1])
        if name == "divide" and "divide" in self.dialect.words and not nonzero(operands[1]):
            return self.form("one over" if operands[0].text == "1" else "divide", operands)
        return super().operation(name, operands, derived)

    def call(self, gate: Gate, operands: Sequence[Text]) -> Text:
        operands = double(operands)
        word = self.word(gate)
        if gate.name == "min":  # least(1, NaN) is 1, and greatest(1, NaN) is NaN
            if not self.dialect.ordered:
                return Text(f"least({', '.join(operand.text for operand in operands)})")
            inverted = ", ".join(self.negation(operand).text for operand in operands)
            return self.negation(Text(f"greatest({inverted})"))
        if word is None or "{" not in word:
            return super().call(gate, operands)
        return self.form(gate.name, operands)

    def form(self, name: str, operands: Sequence[Text]) -> Text:
        """A gate that is more than a word."""
        form = self.dialect.words[name]
        if self.dialect.infinity == "NULL":
            for unknown in ("{0} * (atan2({1}, -1) * INF)", "atan2({1}, -1) * INF", "{0} * INF"):
                form = form.replace(unknown, "INF")
        form = form.replace("INF", self.dialect.infinity).replace("NAN", self.dialect.nan)
        return Text(form.format(*(operand.text for operand in operands)))

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A square is a product; where the exponent is a number, less can go wrong."""
        base, exponent = operands
        if not exponent.literal or base.literal or not base.plain:
            return None
        if exponent.text == "2":
            return self.operation("multiply", [base, base], self.derived)
        value = float(exponent.text)
        kind = ("whole power" if value.is_integer() else "broken power") + (" below 0" if value < 0 else "")
        return self.form(kind if kind in self.dialect.words else "power", operands)

    # ── truth values ──

    def comparison(self, operator: Operator, operands: Sequence[Text]) -> Text:
        """A comparison, false where a side is not a number: for a database that is the largest number."""
        left, right = operands
        text = f"{left.at_least(SUM)} {operator.symbol} {right.at_least(SUM)}"
        if self.dialect.ordered:
            open_side = right if operator.symbol[0] == "<" else left
            both = operator.symbol in ("=", "<>")
            if operator.symbol == "<>":
                if not (fixed(left) or fixed(right)):
                    return truth(f"{text} OR {left.text} = 'NaN'", JUNCTION - 1)
            elif not fixed(open_side) and not (both and fixed(right)):
                return truth(f"{text} AND {open_side.text} < 'NaN'", JUNCTION)
        return truth(text, COMPARISON)

    def inversion(self, operand: Text) -> Text:
        return truth(super().inversion(operand).condition, JUNCTION)

    def conjunction(self, operands: Sequence[Text]) -> Text:
        return truth(super().conjunction(operands).condition, JUNCTION)

    def truth(self, name: str) -> str:
        return f"{name} = 1"

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        x, y = double([x, y])
        otherwise = y.text.removeprefix("CASE ") if isinstance(y, Cases) else f"ELSE {y.text} END"  # else if
        return Cases(f"CASE WHEN {condition.text} THEN {x.text} {otherwise}")


class Cases(Text):
    """A choice, from CASE to END: as what else there is it goes on with another WHEN."""

    __slots__ = ()


def truth(condition: str, level: int) -> Text:
    """A truth value: 1 or 0, and a condition."""
    return Cases(f"CASE WHEN {condition} THEN {ONE} ELSE 0 END", condition=condition, condition_level=level)


def typed(operand: Text) -> Text:
    """A number that says that it is double precision."""
    return Text(f"{operand.text}::float8", operand.level) if operand.literal else operand


def double(operands: Sequence[Text]) -> list[Text]:
    """Operands one of which is double precision: so are all then."""
    bare = all(operand.literal or operand.text == "NULL" for operand in operands)
    return [typed(operands[0]), *operands[1:]] if bare else list(operands)


def fixed(operand: Text) -> bool:
    """Whether an operand is a number in the program."""
    return operand.literal or "'Infinity'" in operand.text


def nonzero(operand: Text) -> bool:
    """Whether a denominator is a number other than 0."""
    return operand.literal and float(operand.text) != 0
