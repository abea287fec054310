"""What all targets that are Python share: operators, names, and the frame around the lines of the two passes."""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Sequence
from typing import ClassVar
from unicodedata import normalize

from backprop.emit.helpers import Helper
from backprop.emit.listing import Line, Listing, enclosed
from backprop.emit.literals import WIDTH, Bracketed, laid_out, read_back
from backprop.emit.target import CHOICE, ELEMENTARY, Target, Text
from backprop.gates import Gate
from backprop.language.printer import POSTFIX, POWER, PRODUCT, UNARY, Operator

FUNCTIONS = ("abs", "float", "max", "min", "round")  # Python's own, as the lines of a program call them
SIMPLE = re.compile(r"-?(\w|\.)+")  # what ** hugs


class Pythonic(Target):
    """A target whose programs are Python's."""

    operators: ClassVar = {
        **Target.operators,
        "power": Operator("**", POWER, POSTFIX, UNARY),
        "negate": Operator("-", UNARY, 0, POSTFIX),  # ruff writes -(x**2)
        "mod": Operator("%", PRODUCT, PRODUCT, UNARY),
    }
    reserved = frozenset({*keyword.kwlist, *keyword.softkwlist, *FUNCTIONS, "value", "gradients"})
    others = frozenset({*dir(builtins), *dir(math)})

    def spellable(self, name: str) -> bool:
        return name.isidentifier() and normalize("NFKC", name) == name

    def between(self, operator: Operator, left: Text, right: Text) -> str:
        """Two stars hug simple operands."""
        hugs = operator.symbol == "**" and SIMPLE.fullmatch(left.text) and SIMPLE.fullmatch(right.text)
        return operator.symbol if hugs else f" {operator.symbol} "

    def negation(self, operand: Text) -> Text:
        """A minus sign before a power is a matter of brackets for ruff, also at the head of a product."""
        if operand.level == PRODUCT and "**" in operand.text:
            return Text(f"-({operand.text})", UNARY)
        return super().negation(operand)


def function(
    listing: Listing,
    parameters: Sequence[str],
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    returns: str = "",
) -> str:
    """Both passes as a function, between other lines; `returns` is the type of what it gives."""
    body = [*before, "    # forward pass", *lines_text(listing.forward_lines())]
    if listing.backward_lines():
        body += ["", "    # backward pass", *lines_text(listing.backward_lines()), *after]
    return "\n".join(
        [*signature(listing.target.function, parameters, returns), *body, *returned(listing.value, listing.gradients)]
    )


def lines_text(lines: list[Line], indent: int = 4) -> list[str]:
    """The lines of a pass, with the numbers of their forward lines."""
    return [text for line in lines for text in line_text(line, indent)]


def line_text(line: Line, indent: int) -> list[str]:
    """One line; a call that is too long, as of an array that is written out, takes several."""
    text = f"{' ' * indent}{line.name} {line.operator}= {line.text}  # ({line.number})"
    head = re.match(r"[\w.]+(?=\()", line.text)
    if len(text) <= WIDTH or head is None or not enclosed(line.text[head.end() :]):
        return [text]
    return laid_out(read_back(f"{line.name} {line.operator}= {line.text}"), indent, f"  # ({line.number})")


def function_text(helper: Helper, kind: str = "", before: Sequence[str] = ()) -> str:
    """A helper as a function, which may begin with other lines; its gate's formula says what it is, and `kind` what it
    takes and gives."""
    if helper.source:
        return helper.source
    gate = helper.gate
    lines = signature(helper.name, typed(helper.parameters, kind), kind)
    if gate.definition and gate.exact != gate.definition:
        lines.append(f'    """{gate.definition}, with all its digits."""')
    lines += [*before, *(f"    {line.name} = {line.text}" for line in helper.lines)]
    return "\n".join([*lines, f"    return {helper.result.text}"])


def typed(names: Sequence[str], kind: str) -> list[str]:
    """Parameters of a kind, if that is to be said."""
    return [f"{name}: {kind}" for name in names] if kind else [*names]


def signature(name: str, parameters: Sequence[str], returns: str = "") -> list[str]:
    """The head of the function."""
    end = f") -> {returns}:" if returns else "):"
    line = f"def {name}({', '.join(parameters)}{end}"
    if len(line) <= WIDTH:
        return [line]
    inside = ", ".join(parameters)
    short = len(inside) + 4 <= WIDTH
    return [f"def {name}(", *([f"    {inside}"] if short else [f"    {each}," for each in parameters]), end]


def returned(value: str, gradients: dict[str, str]) -> list[str]:
    pairs = [f'"{name}": {text}' for name, text in gradients.items()]
    line = f"    return {value}, {{{', '.join(pairs)}}}"
    if len(line) <= WIDTH:
        return ["", line]
    return ["", "    gradients = {", *(f"        {pair}," for pair in pairs), "    }", f"    return {value}, gradients"]


def called(head: str, arguments: Sequence[Bracketed | str]) -> list[str]:
    """A call in one line, or in three, or with a line or more for each argument."""
    return laid_out(Bracketed(head, arguments), 4)


MATH = f"{ELEMENTARY} exp2 cbrt erf erfc gamma lgamma"


class Python(Pythonic):
    """Python as the notes write it. It raises where Python does: at 1/0, log(0), exp(1000)."""

    name = "python"
    title = "Python"
    words: ClassVar = {
        **{name: f"math.{name}" for name in MATH.split()},
        "abs": "abs", "max": "max", "min": "min", "floor": "float(math.floor({0}))", "ceil": "float(math.ceil({0}))",
        "trunc": "float(math.trunc({0}))", "round": "float(round({0}))",
        **{name: name for name in ("digamma", "polygamma", "erfinv")},
    }  # fmt: skip
    constants: ClassVar = {
        3.141592653589793: "math.pi", 6.283185307179586: "math.tau", 2.718281828459045: "math.e",
        float("inf"): "math.inf", float("nan"): "math.nan",
    }  # fmt: skip
    reserved = Pythonic.reserved | {"math", "float", "abs"}

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{x.at_least(CHOICE + 1)} if {condition.at_least(CHOICE + 1)} else {y.text}", CHOICE)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """Of a number that may be below 0, a broken power raises in the math module: `**` would leave the reals."""
        base, exponent = operands
        whole = exponent.literal and float(exponent.text).is_integer()
        if whole or (base.literal and float(base.text) >= 0):
            return None
        self.called["math.pow"] = None
        return Text(f"math.pow({base.text}, {exponent.text})")

    def counted(self, operand: Text) -> Text:
        return Text(f"float({operand.condition})") if operand.condition else operand
