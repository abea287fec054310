"""What a target language is: operators with their precedences, the words for gates, and what it reserves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from math import isfinite
from typing import Any, ClassVar, NamedTuple

from backprop.circuit.lower import template
from backprop.differentiate.algebra import spliced
from backprop.emit.naming import spelt
from backprop.emit.prelude import names_of
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.gates import GATES, Gate
from backprop.language.printer import ATOM, COMPARISON, OPERATORS, POWER, PRODUCT, SUM, UNARY, Operator

JUNCTION = COMPARISON - 1  # how tightly `a and b` holds together
CHOICE = JUNCTION - 1  # and `a if c else b`
MOST_NESTED = 16  # operands of a function of two: each call in another one would be indented further


# The gates that mathematics, and so nearly every language, calls alike.
ELEMENTARY = (
    "exp expm1 log log2 log10 log1p sqrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh"
)


class Text(NamedTuple):
    """A piece of a program, and how tightly it holds together. A truth value knows how it reads as a condition.

    `shape` is that of the value, where it is known: () of a number. `without` are the places of the operands of a gate
    that its text leaves out, since it needs no more than their shapes. A product is `led` by a truth value where it
    begins with one, before which no minus sign may stand.
    """

    text: str
    level: int = ATOM
    literal: bool = False
    condition: str = ""
    condition_level: int = ATOM
    shape: tuple[int, ...] | None = None
    without: frozenset[int] = frozenset()
    led: bool = False

    def leaving(self, *places: int) -> Text:
        """The same, which needs nothing of some operands."""
        return self._replace(without=frozenset(places))

    @property
    def plain(self) -> bool:
        """Whether this is a name or a number, and may stand in several places."""
        return self.literal or re.fullmatch(r'\w+|"[^"]+"', self.text) is not None

    def at_least(self, level: int) -> str:
        """The text, in brackets where it would come apart."""
        return f"({self.text})" if self.level < level else self.text

    def holds_at_least(self, level: int) -> str:
        """The condition, in brackets where it would come apart."""
        return f"({self.condition})" if self.condition_level < level else self.condition


class Target:
    """A target language. One object writes one program, and remembers in `used` which helpers that needs."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    operators: ClassVar[Mapping[str, Operator]] = {
        **{
            name: operator
            for name, operator in OPERATORS.items()
            if name not in ("power", "negate", "matmul", "transpose")
        },
        "negate": Operator("-", UNARY, 0, POWER),
    }
    words: ClassVar[Mapping[str, str]] = {}  # a function's name, or a form: "pow(2.0, {0})"
    constants: ClassVar[Mapping[float, str]] = {}
    reserved: ClassVar[frozenset[str]] = frozenset()
    others: ClassVar[frozenset[str]] = frozenset()  # what inputs and stages may be called, and the function may not
    helpers: ClassVar[
        Mapping[str, str]
    ] = {}  # functions of the target's prelude: gates without a word, and their parts
    options: ClassVar[Mapping[str, str]] = {}  # the target's names of our options, where it has other ones
    defines: ClassVar[bool] = True  # whether a gate without a word becomes a function of the program's own
    short: ClassVar[bool] = True  # whether 2 may stand for 2.0 beside a number
    width: ClassVar[int] = 88
    folds: ClassVar[bool] = False  # whether x and X are the same name
    arrays: ClassVar[bool] = False  # whether values may be arrays
    opens: ClassVar[bool] = False  # whether the gradient on the output is always a parameter
    counts: ClassVar[bool] = True  # whether a truth value is 1 or 0 in a sum
    movers: ClassVar[Set[str]] = frozenset()  # gates that are given truth values as such, all others as numbers
    holds: ClassVar[bool] = False  # whether the line of a truth value holds the truth itself
    pairs: ClassVar[bool] = False  # whether a function of any number of operands is one of two here

    def __init__(self) -> None:
        self.used: dict[str, None] = {}
        self.called: dict[str, None] = {}  # the words that were used: the program imports what they need
        self.notes: set[str] = set()  # names of the frame's that the text being written calls
        self.lines: dict[str, str] = {}  # by what it holds: the name of a line of the forward pass
        self.function = "backprop"  # what the program's own function is called

    def noted(self) -> frozenset[str]:
        """The names of the frame's that were called since this was asked the last time."""
        found = frozenset(self.notes)
        self.notes.clear()
        return found

    # ── words ──

    def word(self, gate: Gate) -> str | None:
        """How a gate is called, or None where it must be opened."""
        if gate.name in self.words:
            return self.words[gate.name]
        if gate.name in self.helpers or (self.defines and gate.exact and not gate.mixes):
            return gate.name
        return None

    def has(self, gate: Gate) -> bool:
        """Whether the target has a word of its own for a gate, and needs no helper."""
        return gate.name in self.words

    def says(self, gate: Gate) -> bool:
        """Whether the target has an operator, a word or a helper for a gate."""
        own = hasattr(self, f"spell_{gate.name}") or gate.name == "where" or gate.name in self.operators
        return own or self.word(gate) is not None

    def reserves(self, gates: Iterable[Gate]) -> set[str]:
        """The names that the user's may not have in a program of these gates."""
        words = (self.word(gate) or "" for gate in gates)
        named = {name for word in words for name in re.findall(r"\w+", re.sub(r"\{\w*\}", "", word))}
        return named | self.reserved

    def own(self) -> list[str]:
        """The names that the program gives to its function, and to the parts of that."""
        return [self.function]

    def refuse(self, taken: Iterable[str]) -> None:
        """Raise a Problem of kind "option" if the function's name is taken, or cannot be one."""
        taken = {*taken, *self.others, *names_of(self.helpers)}
        for name in self.own():
            if name in taken or not (self.spellable(name) and name.isidentifier()):
                why = "has a use for that name" if name in taken else "cannot spell that"
                hint = f"for example: {option('--name', f'{spelt_name(self.function)}_gradients')}"
                raise Problem("option", f"a function cannot be called {name}: {self.title} {why}", hint=hint)

    def spellable(self, name: str) -> bool:
        """Whether a name of the user's can stand as it is."""
        return name.isascii()

    def quoted(self, name: str) -> str:
        """A name as it is written."""
        return name

    # ── texts ──

    def constant(self, value: Any) -> Text:
        """A number, or an array where the target has arrays."""
        return self.number(value)

    def extent(self, text: str) -> int:
        """How long a text is where it is read."""
        return len(text)

    def number(self, value: float) -> Text:
        """A number that reads back as the very same one."""
        if value in self.constants or (value != value and self.constants):
            self.called[self.constants[value] if value == value else self.nan()] = None
            return Text(self.constants[value] if value == value else self.nan(), ATOM)
        if not isfinite(value) and -value in self.constants:
            self.called[self.constants[-value]] = None
            return Text(f"-{self.constants[-value]}", UNARY)
        text = re.sub(r"e\+?(-?)0*(\d)", r"e\1\2", repr(float(value)))
        return Text(text, UNARY if text.startswith("-") else ATOM, literal=True)

    def nan(self) -> str:
        """How not-a-number is written."""
        return next(text for value, text in self.constants.items() if value != value)

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        """A gate with its operands. What the derivation wrote may swap factors, where that saves brackets."""
        name = gate.name
        if name == "identity" or (gate.idempotent and len(operands) == 1):
            return operands[0]
        if (
            name in ("equal", "not_equal")
            and operands[0].condition
            and operands[1].literal
            and not float(operands[1].text)
        ):
            return operands[0] if name == "not_equal" else self.inversion(operands[0])
        if name == "where":
            return self.choice(self.condition(operands[0]), *map(self.counted, operands[1:]))
        if name == "multiply" and all(operand.condition for operand in operands):
            return self.conjunction(operands)
        if name == "equal" or (name in self.operators and self.operators[name].precedence == COMPARISON):
            return self.comparison(self.operators[name], [*map(self.counted, operands)])
        special = getattr(self, f"spell_{name}", None)
        if special is not None:
            given = operands if name in self.movers else [self.counted(operand) for operand in operands]
            found: Text | None = special(gate, given)
            if found is not None:
                return found
        if name in self.operators:
            return self.operation(name, self.summands(name, operands), derived)
        operands = [self.counted(operand) for operand in operands]
        spelt = not gate.mixes and not self.has(gate) and gate.name not in self.helpers
        opens = spelt and gate.exact == gate.definition != ""
        if opens and all(operand.literal or operand.text.isidentifier() for operand in operands):
            return self.inlined(gate, operands)
        return self.call(gate, operands)

    def inlined(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """A gate's definition in place of it, where its inputs are names and numbers."""
        body = template(gate.definition, gate.names(len(operands)))
        return spliced(body, operands, self.number, lambda inner, texts: self.spell(inner, texts, False))

    def summands(self, name: str, operands: Sequence[Text]) -> list[Text]:
        """Truth values as numbers, where the target does not count with them."""
        mixed = name == "multiply" and not all(operand.condition for operand in operands)
        return list(operands) if self.counts or mixed else [self.counted(operand) for operand in operands]

    def operation(self, name: str, operands: Sequence[Text], derived: bool) -> Text:
        """An operator between its operands, with no more brackets than needed."""
        operator = self.operators[name]
        operands = self.shortened(operands)
        if not operator.left:
            return self.negation(operands[0])
        left, right = self.ordered(name, operands, derived)
        text = f"{left.at_least(operator.left)}{self.between(operator, left, right)}{right.at_least(operator.right)}"
        led = operator.precedence == PRODUCT and not self.counts and (left.led or left.condition != "")
        return Text(text, operator.precedence, led=led)

    def ordered(self, name: str, operands: Sequence[Text], derived: bool) -> tuple[Text, Text]:
        """Two operands: local gradient times gradient from above, as the notes write it."""
        left, right = operands
        operator = self.operators[name]
        fits = right.level >= operator.left and left.level >= operator.right
        return (right, left) if derived and name == "multiply" and not left.literal and fits else (left, right)

    def between(self, operator: Operator, left: Text, right: Text) -> str:
        """The operator with its spaces."""
        return operator.spaced()

    def negation(self, operand: Text) -> Text:
        """A minus sign: before a product it stands without brackets, since it makes no difference to the value."""
        if operand.level == PRODUCT and not operand.led and not re.match(r"[-(\d]", operand.text):
            return Text(f"-{operand.text}", PRODUCT)
        melts = operand.text[0].isdigit() and not operand.literal
        least = self.operators["negate"].right
        return Text(f"-({operand.text})" if operand.level < least or melts else f"-{operand.text}", UNARY)

    def shortened(self, operands: Sequence[Text]) -> Sequence[Text]:
        """2 for 2.0 where another operand is a variable number."""
        if not self.short or all(operand.literal for operand in operands):
            return operands
        return [
            operand._replace(text=operand.text.removesuffix(".0")) if operand.literal else operand
            for operand in operands
        ]

    def call(self, gate: Gate, operands: Sequence[Text]) -> Text:
        """A gate that is a function in the target."""
        word = self.word(gate)
        if word is None:
            raise Problem("target", f"{gate.spelling} cannot be said in {self.title}", hint=self.advice())
        if not self.has(gate):
            self.used[gate.name] = None
        self.called[word] = None
        if self.pairs and gate.variadic and not gate.mixes:
            return self.nested(word, operands)
        settings = {option: self.setting(option, value) for option, value in gate.settings.items()}
        if "{" in word:
            return Text(word.format(*(operand.text for operand in operands), **settings))
        return Text(f"{word}({', '.join([*(operand.text for operand in operands), *self.keywords(gate)])})")

    def keywords(self, gate: Gate) -> list[str]:
        """The options of a gate as keywords of a call: those that are not as usual."""
        return [
            f"{self.options.get(option, option)}={self.setting(option, value)}"
            for option, value in self.unusual(gate).items()
        ]

    @staticmethod
    def unusual(gate: Gate) -> dict[str, Any]:
        """The options of a gate that are not as usual."""
        usual = GATES[gate.name].settings if gate.settings else {}
        return {option: value for option, value in gate.settings.items() if value != usual.get(option)}

    def setting(self, option: str, value: Any) -> str:
        """The value of an option."""
        return repr(value)

    def repeats(self, gate: Gate) -> set[int]:
        """The inputs that stand more than once in the text of a gate: they need names."""
        return set()

    def advice(self) -> str:
        """What to do about a gate that cannot be said."""
        return f"another target may have it: {option('--to', 'python')}, numpy, c, javascript"

    def nested(self, word: str, operands: Sequence[Text]) -> Text:
        """A function of two for any number of operands; many are halved, so that the calls are not as deep."""
        if len(operands) > MOST_NESTED:
            half = len(operands) // 2
            operands = [self.nested(word, operands[:half]), self.nested(word, operands[half:])]
        text = operands[0].text
        for operand in operands[1:]:
            text = f"{word}({text}, {operand.text})"
        return Text(text, operands[0].level if len(operands) == 1 else ATOM)

    # ── truth values ──

    def comparison(self, operator: Operator, operands: Sequence[Text]) -> Text:
        """A comparison: 1 or 0, and a condition."""
        left, right = self.shortened(operands)
        text = f"{left.at_least(SUM)} {operator.symbol} {right.at_least(SUM)}"
        return Text(text, COMPARISON, condition=text, condition_level=COMPARISON)

    conjunction_word: ClassVar[str] = "and"

    inversion_word: ClassVar[str] = "not "
    inversion_level: ClassVar[int] = JUNCTION

    def inversion(self, operand: Text) -> Text:
        """The opposite of a truth value."""
        text = f"{self.inversion_word}{operand.holds_at_least(ATOM)}"
        return Text(text, self.inversion_level, condition=text, condition_level=self.inversion_level)

    def conjunction(self, operands: Sequence[Text]) -> Text:
        """A product of truth values: 1 where both hold."""
        condition = f" {self.conjunction_word} ".join(operand.holds_at_least(JUNCTION) for operand in operands)
        product = " * ".join(operand.at_least(UNARY) for operand in operands)
        return Text(product, PRODUCT, condition=condition, condition_level=JUNCTION)

    def condition(self, operand: Text) -> Text:
        """A number as a condition: whether it is not 0."""
        if operand.condition:
            return Text(operand.condition, operand.condition_level)
        return Text(f"{operand.at_least(SUM)} {self.operators['not_equal'].symbol} 0", COMPARISON)

    def counted(self, operand: Text) -> Text:
        """A truth value as a number."""
        return operand

    def truth(self, name: str) -> str:
        """The condition that a truth value holds which has a name."""
        return name

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        """One of two values."""
        raise NotImplementedError

    def assigned(self, operand: Text) -> Text:
        """What stands behind the equals sign of a stage's line."""
        return Text(operand.condition, operand.condition_level) if self.holds and operand.condition else operand

    def touched(self, number: Text) -> Text:
        """A literal as a number of the array library's, with which nothing raises."""
        return number

    def in_place(self, gate: Gate, text: Text) -> bool:
        """Whether what a gate gave, written as `text`, may be added to in place: nothing else holds it."""
        return True


def spelt_name(name: str) -> str:
    """A name that every target can spell, made of one that some cannot."""
    return re.sub(r"\W|^(?=\d)", "_", spelt(name), flags=re.ASCII)
