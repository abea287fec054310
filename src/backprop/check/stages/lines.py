"""The lines of a hand-written backward pass: `dnum = invden`, `dx += …`, in our own language or in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from backprop.circuit import Circuit, reached
from backprop.circuit.lower import Lowering
from backprop.differentiate.run import evaluate, plain
from backprop.errors import Problem, did_you_mean
from backprop.errors.spans import Span, line_and_column
from backprop.errors.spelling import option
from backprop.gates import CONSTANTS, GATES, NAMES
from backprop.gates.row import WORDS
from backprop.language import parse
from backprop.language.program import Program, Statement, Statements
from backprop.python.straight import is_python, read_python

ACCUMULATES = re.compile(r"\w+[ \t]*(?P<sign>[+-])=(?!=)")


class Line(NamedTuple):
    """One statement: `name = value`, or with `adds` `name += value`. A claim has a number in place of a statement.

    `number` is the line in the file, from 1; `half_unit` how far a bare number may be off, given the digits it is
    written with.
    """

    number: int
    name: str
    adds: bool
    program: Program | None
    statement: Statement | None
    claim: Any = None
    half_unit: float | None = None


class Code:
    """A line that can be run: its circuit over the names that it reads. `leaves` are the name nodes in it."""

    def __init__(self, line: Line, known: frozenset[str]) -> None:
        self.line = line
        self.circuit = None if line.program is None else one_line(line.program, line.statement, known)

    @property
    def reads(self) -> list[str]:
        """The names that the line reads."""
        return [] if self.circuit is None else list(self.circuit.variables)

    def value(self, names: Mapping[str, Any]) -> Any:
        """What the line computes."""
        if self.circuit is None:
            return self.line.claim
        at = {name: plain(names[name]) for name in self.circuit.variables}  # a number out of an array is NumPy's own
        return evaluate(self.circuit, at)[self.circuit.output]


def one_line(program: Program, statement: Statement | None, known: frozenset[str]) -> Circuit:
    """The circuit of one statement of a program, whose other statements are not looked at, but for definitions."""
    assert statement is not None
    circuit = Circuit(program)
    shadowed = [name for name in (*CONSTANTS, *WORDS) if name in known]
    lowering = Lowering(circuit, shadowed)
    if is_python(program.source):
        lowering.gates = GATES | NAMES  # our own programs have helpers for gates that only rules use
    for earlier in program.statements:
        if earlier == statement:
            break
        if earlier.kind == "definition":
            lowering.statement(earlier, last=False)
    circuit.output = lowering.expression(beneath(program, statement.value), statement.value)
    return circuit


def beneath(program: Program, node: int) -> list[int]:
    """The nodes that a node is made of, itself included, in order."""
    return sorted(reached([node], lambda top: operands(program, top)))


def operands(program: Program, node: int) -> list[int]:
    """The nodes right below a node."""
    op, operand = program.ops[node], program.operands[node]
    if op in ("number", "name", "string"):
        return []
    if op == "call":
        return [*operand.positional, *(value for _, value in operand.keywords)]
    return [source for source in operand if source is not None]


def read_lines(text: str, source: str) -> list[Line]:
    """The lines of a backward pass. Raises a Problem for what cannot be read."""
    if is_python(source):
        from backprop.emit.targets.ours import gate_of

        program = read_python(text, source, repeated=True, helper=gate_of)
    else:
        program = parse(text, source)
        accumulated = (accumulating(program, statement) for statement in program.statements)
        program.statements = Statements([], accumulated)
    lines = []
    for statement in program.statements:
        span = program.tokens_span(*statement.tokens)
        number = line_and_column(text, span.start)[0]
        if statement.kind == "result":
            raise Problem(
                "syntax", "a line of a backward pass has a name", text=text, source=source, spans=[span],
                hint="write dx = …, or dx += …",
            )  # fmt: skip
        if statement.kind != "definition":
            adds = statement.kind == "accumulate"
            lines.append(
                Line(number, statement.name, adds, program, statement, half_unit=half_unit(program, statement))
            )
    if not lines:
        raise Problem("syntax", f"{source} holds no backward pass", hint="its lines are like dx = …, or dx += …")
    return lines


def accumulating(program: Program, statement: Statement) -> Statement:
    """The statement with the kind that its text has: `+=` and `-=` accumulate what the language adds to the name."""
    start = program.tokens_span(*statement.tokens).start
    found = ACCUMULATES.match(program.text, start)
    if statement.kind != "assignment" or not found:
        return statement
    _, value = program.operands[statement.value]
    if found["sign"] == "-":
        program.ops.append("negate")
        program.operands.append((value,))
        program.firsts.append(program.firsts[value])
        program.lasts.append(program.lasts[value])
        value = len(program.ops) - 1
    return statement._replace(kind="accumulate", value=value)


def half_unit(program: Program, statement: Statement) -> float | None:
    """Half a unit in the last digit of a bare number; None for a formula."""
    if program.ops[statement.value] != "number":
        return None
    return rounding(program.source_of(statement.value))


def rounding(text: str) -> float:
    """Half a unit in the last digit that a number is written with: 0.005 for 2.06."""
    from decimal import Decimal, InvalidOperation

    try:
        exponent = Decimal(text.replace("_", "").replace("−", "-").replace(" ", "")).as_tuple().exponent
    except InvalidOperation:
        return 0.0
    return 0.5 * 10.0**exponent if isinstance(exponent, int) and exponent < 0 else 0.0


def read_claim(text: str) -> tuple[str, float, float]:
    """A claim `dx=2.06`: the name, the number, and how far it may be off."""
    from backprop.library.values import parse_value

    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        hint = f"for example {option('--claim', 'dx=2.06')}"
        raise Problem("option", f"a claim is NAME=NUMBER, and not {text}", hint=hint)
    if "," in value and "=" in value:
        hint = f"each has an option of its own: {' '.join(option('--claim', one.strip()) for one in text.split(','))}"
        raise Problem("option", f"a claim is one NAME=NUMBER, and not {text}", hint=hint)
    number = parse_value(value.strip(), name.strip())
    return name.strip(), number, rounding(value.strip())


def read_claims(text: str, source: str) -> list[tuple[str, float, float]]:
    """The claims of a JSON object of names and numbers; how many digits a number has is read off its text."""
    import json

    from backprop.library.values import read_variables

    values = read_variables(text, source)
    if not values:
        raise Problem("option", f"there are no claims in {source}", hint='claims are like {"dx": 2.06}')
    written = json.loads(text, parse_float=str, parse_int=str)
    return [(name, value, rounding(str(written[name]))) for name, value in values.items()]


def claim_lines(claims: list[tuple[str, float, float]]) -> list[Line]:
    """Claims as the lines of a pass."""
    return [Line(number, name, False, None, None, value, unit) for number, (name, value, unit) in enumerate(claims, 1)]


def unknown_name(line: Line, name: str, known: list[str]) -> Problem:
    """The problem that a line reads what nobody computed."""
    program = line.program
    assert program is not None
    assert line.statement is not None
    spans = [program.span(node) for node in beneath(program, line.statement.value) if program.operands[node] == name]
    hint = did_you_mean(name, known, "a line may read the stages of the circuit, and what earlier lines computed")
    # A name that occurs in several lines is one node, whose place is the first: the line's own one is searched for.
    place = program.tokens_span(*line.statement.tokens)
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", program.text[place.start : place.end])
    if found:
        spans = [Span(place.start + found.start(), place.start + found.end())]
    return Problem(
        "name", f"{name} is not known here", text=program.text, source=program.source, spans=spans, hint=hint
    )
