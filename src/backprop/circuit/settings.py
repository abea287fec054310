"""What is fixed before anything is computed: options of gates, indices that are written out, sizes of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.circuit.names import Names
from backprop.gates import Gate
from backprop.gates.row import WORDS
from backprop.language.program import Call, Program
from backprop.numbers import floats

TEXTS = ("subscripts",)  # the options that are texts
ARITHMETIC = ("add", "subtract", "multiply", "divide", "negate", "power")


class NotFixed(Exception):
    """A node that is not known before the program runs."""

    def __init__(self, node: int) -> None:
        super().__init__(node)
        self.node = node


def fixed(program: Program, node: int, settings: Mapping[str, Any]) -> Any:
    """The value of a node without variables: a number (an int where it is whole), a text, none, or a tuple of them; a
    slice as ("slice", start, stop, step), `...` as Python's own. `settings` are names in scope. Raises NotFixed.
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
    if op == "ellipsis":
        return ...
    if op == "slice":
        return ("slice", *(None if bound is None else fixed(program, bound, settings) for bound in operand))
    if op in ARITHMETIC:
        numbers = [fixed(program, source, settings) for source in operand]
        function = floats.function(op)
        if function is not None and all(isinstance(number, int | float) for number in numbers):
            value = float(function(*map(float, numbers)))
            return int(value) if value.is_integer() else value
    raise NotFixed(node)


def written_out(lowering: Names, node: int, name: str, of: str, call: int) -> Any:
    """The value of an option, or a size, of a call, which is known before anything is computed."""
    try:
        return fixed(lowering.program, node, lowering.settings)
    except NotFixed as wrong:
        message = f"{name} of {of} must be a number that is written out"
        hint, tokens = "it cannot be a variable", lowering.program.tokens_of(call)
        raise lowering.program.problem("arity", message, [wrong.node], hint, tokens) from None


def configured(lowering: Names, gate: Gate, call: Call, node: int) -> tuple[Gate, Call]:
    """A gate with the options that a call gives it, and the call without them.

    Options come by keyword, or by position behind the inputs; a text among the inputs is the first option.
    """
    given: dict[str, int] = {}
    for keyword, value in call.keywords:
        if keyword in given:
            raise lowering.arity(call, f"it is given {keyword} twice", gate.signature(), node)
        if keyword in gate.options:
            given[keyword] = value
    inputs = [argument for argument in call.positional if lowering.program.ops[argument] != "string"]
    texts = [argument for argument in call.positional if lowering.program.ops[argument] == "string"]
    free = [option for option in gate.options if option not in given]
    surplus = texts + ([] if gate.variadic else inputs[gate.arity :])
    if len(surplus) > len(free):
        raise lowering.arity(call, f"it is given {len(call.positional)}", gate.signature(), node)
    given.update(zip(free, surplus, strict=False))
    settings = {name: written_out(lowering, value, name, call.name, node) for name, value in given.items()}
    for option, value in settings.items():
        if isinstance(value, str) != (option in TEXTS):
            kind = "a text" if option in TEXTS else "no text"
            message = f"{option} of {call.name} is {kind}"
            raise lowering.program.problem("arity", message, [given[option]], f"it is {gate.signature()}")
    missing = [option for option in gate.options if gate.settings[option] == () and option not in settings]
    if missing:
        raise lowering.arity(call, f"its {missing[0]} is missing", gate.signature(), node)
    keywords = tuple(pair for pair in call.keywords if pair[0] not in gate.options)
    inputs = inputs if gate.variadic else inputs[: gate.arity]
    return gate.with_options(settings), Call(call.name, tuple(inputs), keywords)
