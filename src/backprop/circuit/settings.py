"""What is fixed before anything is computed: options of gates, indices that are written out, sizes of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.gates.row import WORDS
from backprop.language.program import Program
from backprop.numbers import floats

ARITHMETIC = ("add", "subtract", "multiply", "divide", "negate", "power")


class NotFixed(Exception):
    """A node that is not known before the program runs."""

    def __init__(self, node: int) -> None:
        super().__init__(node)
        self.node = node


def fixed(program: Program, node: int, settings: Mapping[str, Any]) -> Any:
    """The value of a node without variables: a number (an int where it is whole), a text, none, or a tuple of them; a
    slice as ("slice", start, stop, step). `settings` are names in scope. Raises NotFixed.
    """
    op, operand = program.ops[node], program.operands[node]
    if op == "number":
        return int(operand) if float(operand).is_integer() else operand
    if op == "string":
        return operand
    if op == "name":
        if operand in settings:
            return settings[operand]
        if operand in WORDS:
            return WORDS[operand]
    if op == "array":
        return tuple(fixed(program, element, settings) for element in operand)
    if op == "slice":
        return ("slice", *(None if bound is None else fixed(program, bound, settings) for bound in operand))
    if op in ARITHMETIC:
        numbers = [fixed(program, source, settings) for source in operand]
        function = floats.function(op)
        if function is not None and all(isinstance(number, int | float) for number in numbers):
            value = float(function(*map(float, numbers)))
            return int(value) if value.is_integer() else value
    raise NotFixed(node)
