"""The program of a circuit on the numbers of a few rows, without NumPy, whose import takes longer than all the rest.

That is done where all steps are operations whose last bit IEEE 754 says, so that nobody can tell by the results: of the
exponential and the like, NumPy has digits of its own. What is not finite is left to NumPy, too, with its remarks.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop.numbers import floats
from backprop.rows.compute.program import Met, Program

MOST = 64  # rows: from there on NumPy is worth waiting for

EXACT: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(floats, name)
        for name in ("add", "subtract", "multiply", "negate", "divide", "square", "reciprocal", "sqrt", "sign")
    },
    "abs": abs,
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "where": lambda mask, x, y: x if mask else y,
    "number of": float,
}  # fmt: skip


def are_few(rows: int) -> bool:
    """Whether NumPy would be imported for so few rows."""
    return rows <= MOST and "numpy" not in sys.modules


class FewKernel:
    """A program of exact operations, row by row."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.steps = [(EXACT[step.gate], step.sources, step.out) for step in program.steps]

    def run(self, columns: Sequence[Sequence[float]], rows: int) -> tuple[list[list[float]], list[Met]] | None:
        """The columns of the outputs, and for each watch how many rows it met and the first of them (-1 for none);
        None where a number is not finite."""
        program, outputs = self.program, []
        met = [(0, -1)] * len(program.watches)
        at: list[Any] = [None] * program.size
        for wire, number in program.numbers.items():
            at[wire] = number
        for row in range(rows):
            for column, wire in zip(columns, program.inputs.values(), strict=True):
                at[wire] = column[row]
            for function, sources, out in self.steps:
                at[out] = function(*[at[source] for source in sources])
            found = [at[wire] for wire in program.outputs]
            if not all(map(math.isfinite, found)):
                return None
            outputs.append(found)
            for index, wire in enumerate(program.watches):
                count, first = met[index]
                met[index] = (count + 1, first if count else row) if at[wire] else (count, first)
        return [list(column) for column in zip(*outputs, strict=True)] or [[] for _ in program.outputs], met


def kernel(program: Program) -> FewKernel | None:
    """The program on numbers; None where NumPy has digits of its own."""
    return FewKernel(program) if all(step.gate in EXACT for step in program.steps) else None


def numbers(columns: Mapping[str, Any]) -> bool:
    return all(isinstance(column, list) and set(map(type, column)) <= {float} for column in columns.values())
