"""Markdown: both passes as tables, in the calculator's own language, with the numbers of a point if one is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from backprop.emit.listing import Listing
from backprop.emit.naming import Naming
from backprop.emit.request import Request
from backprop.emit.target import Target, Text
from backprop.errors.spans import WIDEST
from backprop.gates import Gate
from backprop.gates.row import WORDS
from backprop.language.calls import call_text, value_text
from backprop.language.printer import ATOM, COMPARISON, OPERATORS, POSTFIX, UNARY, Operator, number_text, rounded
from backprop.numbers.shapes import shape_code, shape_of

DIGITS = 6  # of a number in the passes; the result has them all


class Own(Target):
    """The language of the calculator itself: every gate has a word, and each formula can be typed in again."""

    name = "markdown"
    title = "Markdown"
    operators: ClassVar = {name: operator for name, operator in OPERATORS.items() if name != "transpose"}
    reserved = frozenset({*WORDS, "inf", "nan", "pi"})
    width = 96

    def __init__(self) -> None:
        super().__init__()
        self.explained: dict[str, Gate] = {}  # gates that only rules use: nobody has met them

    def has(self, gate: Gate) -> bool:
        return True

    def word(self, gate: Gate) -> str:
        return gate.spelling

    def reserves(self, gates: object) -> set[str]:
        """A name that is not called may be a variable, even if a gate has it."""
        return set(self.reserved)

    def spellable(self, name: str) -> bool:
        return True

    def number(self, value: Any) -> Text:
        if shape_of(value):
            return Text(value_text(value))
        text = "pi" if value == PI else number_text(value)
        return Text(text, UNARY if text.startswith("-") else ATOM, literal=text != "pi")

    def spell_column(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        h, x = operands
        return None if x.shape is None or len(x.shape) == 1 else h

    spell_uncolumn = spell_column

    def call(self, gate: Gate, operands: Sequence[Text]) -> Text:
        texts = [operand.text for operand in operands]
        if gate.plumbing:
            self.explained[gate.name] = gate
        if gate.name in ("index", "transpose"):
            texts[0] = operands[0].at_least(POSTFIX)
        return Text(call_text(gate, texts), POSTFIX)

    def comparison(self, operator: Operator, operands: Sequence[Text]) -> Text:
        """A comparison is a number here, and so is a condition."""
        left, right = operands
        return Text(f"{left.at_least(operator.left)} {operator.symbol} {right.at_least(operator.right)}", COMPARISON)

    def condition(self, operand: Text) -> Text:
        return operand

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"where({condition.text}, {x.text}, {y.text})")


PI = 3.141592653589793


def write(request: Request) -> str:
    """The document: the program, the point, the tables of both passes, and the result in full."""
    derived = request.passes
    values = request.values_of(derived)
    target = Own()
    naming = Naming(target.reserves(request.gates(derived)), target.spellable)
    listing = Listing(request.circuit, derived, target, naming)
    blocks = [] if request.name is None else [[f"# {request.name}"]]
    blocks += [["```", *request.title(), "```"]] if request.title() else []
    if request.at:
        at = {listing.inputs[name]: value for name, value in request.at.items()}
        blocks.append([f"At {', '.join(f'`{name} = {value_text(value)}`' for name, value in at.items())}:"])
    for heading, what, lines in (
        ("Forward pass", "stage", listing.forward_lines()),
        ("Backward pass", "gradient", listing.backward_lines()),
    ):
        rows = [
            [str(line.number), code(f"{line.name} {line.operator}=" if line.operator else line.name), code(line.text)]
            + ([] if values is None else [shown(values[line.wire])])
            for line in lines
        ]
        if what == "gradient" and listing.upstream:
            given = [] if values is None else [shown(request.upstream)]
            rows.insert(0, ["", code(listing.upstream), "the gradient on the output, which is given", *given])
        headings = ["#", what, "formula", *(["value"] if values is not None else [])]
        blocks.append([f"## {heading}", "", *table(headings, rows)] if rows else [f"## {heading}", "", "No stages."])
    results = [["value", code(listing.value)]]
    results += [[f"gradient in {code(name)}", code(text)] for name, text in listing.gradients.items()]
    if values is not None:
        for row, number in zip(results, [request.value, *request.gradients.values()], strict=True):
            row.append(value_text(number))
    headings = ["", "formula", *(["value"] if values is not None else [])]
    blocks.append(["## Result", "", *table(headings, results)])
    if target.explained:
        meanings = [f"- {code(signature(gate))} {gate.says}" for gate in target.explained.values()]
        blocks.append(["## Notation", "", *meanings])
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def signature(gate: Gate) -> str:
    """How a gate is called, without its options."""
    return f"{gate.spelling}({', '.join(gate.arguments)}{', …' if gate.variadic else ''})"


def table(headings: list[str], rows: list[list[str]]) -> list[str]:
    """A table of GitHub's, as wide as its cells; numbers stand to the right."""
    marks = ["---:" if heading in ("#", "value") else "---" for heading in headings]
    widths = [min(max(len(row[i]) for row in [headings, marks, *rows]), WIDEST) for i in range(len(headings))]
    marks = ["-" * (w - 1) + ":" if mark.endswith(":") else "-" * w for mark, w in zip(marks, widths, strict=True)]
    return [
        "| " + " | ".join(
            cell.rjust(w) if mark.endswith(":") else cell.ljust(w)
            for cell, mark, w in zip(row, marks, widths, strict=True)
        ) + " |"
        for row in [headings, marks, *rows]
    ]  # fmt: skip


def code(text: str) -> str:
    """The user's words as code; a bar would end the cell."""
    return f"`{text}`".replace("|", "\\|")


def shown(value: Any) -> str:
    """A number of a pass, rounded; a large array by its shape."""
    return value_text(shortened(value)) if shape_of(value) == () or value.size else f"[… {shape_code(value.shape)} …]"


def shortened(value: Any) -> Any:
    """A number, or each element of an array, to the digits that are shown."""
    if not shape_of(value):
        return rounded(value, DIGITS)
    import numpy as np

    return np.array([rounded(float(x), DIGITS) for x in value.ravel()]).reshape(value.shape)
