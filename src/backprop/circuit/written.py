"""Arrays that a program writes out, or makes of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop.circuit.names import Names
from backprop.circuit.settings import fixed
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.language.program import Program
from backprop.numbers.shapes import MOST_AXES, shape_of, shape_text

EQUALLY_LONG = "all rows of an array are equally long"
TRUTHS = ("true", "True", "false", "False")


def array(lowering: Names, elements: tuple[int, ...], node: int) -> int:
    """The wire of an array literal: a constant where all its elements are, else a stage that stacks them.

    An array of true and false is a comparison, and no numbers: as an index it says which elements to take.
    """
    circuit, program = lowering.circuit, lowering.program
    if is_truth(lowering, node):
        inputs = circuit.add_constant(truths(program, node, lowering.settings)), circuit.add_constant(0.0)
        return circuit.add(GATES["not_equal"], inputs, node)
    wires = tuple(lowering.operand(element) for element in elements)
    constants = circuit.constants
    if all(wire in constants and wire not in circuit.names for wire in wires):
        values = [constants[wire] for wire in wires]
        return circuit.add_constant(numbers(program, elements, values, node), node)
    return circuit.add(GATES["stack"], wires, node)


def is_truth(lowering: Names, node: int) -> bool:
    """Whether a node is an array of true and false, or one of them."""
    op, operand = lowering.program.ops[node], lowering.program.operands[node]
    if op == "array":
        return bool(operand) and all(is_truth(lowering, element) for element in operand)
    return op == "name" and operand in TRUTHS and lowering.wires[node] < 0


def numbers(program: Program, elements: Sequence[int], values: Sequence[Any], node: int) -> Any:
    """An array of the values of its elements."""
    import numpy as np

    shapes = [shape_of(value) for value in values]
    for element, shape in zip(elements, shapes, strict=True):
        if shape != shapes[0]:
            first, this = shape_text(shapes[0]), shape_text(shape)
            message = f"this array is ragged: its first element is {first}, this one is {this}"
            raise program.problem("shape", message, [element], EQUALLY_LONG)
    if shapes and len(shapes[0]) >= MOST_AXES:
        message = f"this array is more than {MOST_AXES} deep"
        raise program.problem("size", message, [node], "an array has at most so many axes")
    return np.array(values, dtype=float)


def truths(program: Program, node: int, settings: Mapping[str, Any]) -> Any:
    """An array of true and false, as numbers."""
    import numpy as np

    try:
        return np.array(fixed(program, node, settings), dtype=float)
    except ValueError:
        raise program.problem("shape", "this array is ragged", [node], EQUALLY_LONG) from None


def made(program: Program, node: int, maker: Callable[..., Any], arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """What a function like zeros(2, 3) makes; its problem has a place then."""
    try:
        return maker(*arguments, **keywords)
    except Problem as problem:
        raise program.problem(problem.kind, problem.message, [node], problem.hint) from None
