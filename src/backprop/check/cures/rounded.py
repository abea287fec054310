"""A pass that is right but for the digits of a number, as 0.797885 where the forward pass has `np.sqrt(2 / np.pi)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from backprop.check.cures.search import Search
from backprop.check.edits.catalogue import COMPOUND
from backprop.check.edits.forms import LIBRARIES, expression, replaced
from backprop.check.edits.visible import Line, nodes_in
from backprop.check.passes.verdict import Verdict
from backprop.python.entry.runner import Instead

SMALL_ERROR = 1e-4  # of a gradient that is wrong by digits
NEAR = 1e-4  # parts by which two numbers differ that mean the same


def but_for_digits(search: Search, verdict: Verdict) -> Verdict | None:
    """The verdict on a pass that is right with the numbers of the forward pass; None where it is not, or has none."""
    if any(one.verdict == "wrong" and not one.error < SMALL_ERROR for one in verdict.gradients):
        return None
    search.reaches(search.sense({}), {})
    instead: Instead = {}
    told: list[str] = []
    for line in search.lines:
        if isinstance(line.statement, COMPOUND):
            continue
        others = with_others(line)
        if others:
            made = replaced(line.statement, {mine: expression(other) for mine, other in others.items()})
            instead[line.statement] = ast.parse(ast.unparse(made)).body
            told += [f"{mine} in line {line.number} is {other} but for its digits" for mine, other in others.items()]
    if not instead or not search.judge.all_right(instead):
        return None
    gradients = [one._replace(verdict="ok") if one.verdict == "wrong" else one for one in verdict.gradients]
    remarks = [*verdict.remarks, f"every gradient is right with all digits: {'; '.join(told)}"]
    return verdict._replace(verdict=search.judge.overall(gradients), gradients=gradients, remarks=remarks)


def with_others(line: Line) -> dict[str, str]:
    """The numbers in a line that stand nearly as another expression in the text, and how they stand there."""
    values = {text: line.value(text) for text in numbers_in(nodes_in(line.source.text))}
    values = {text: value for text, value in values.items() if isinstance(value, float) and value}
    found = {}
    for mine in numbers_in(ast.walk(line.statement)):
        for other, value in values.items():
            if mine in values and 0 < abs(value - values[mine]) <= NEAR * abs(value):
                found[mine] = other
    return found


def numbers_in(nodes: Iterator[ast.AST] | list[ast.AST]) -> dict[str, None]:
    """The expressions of numbers alone."""
    return {ast.unparse(one): None for one in nodes if isinstance(one, ast.expr) and is_number(one)}


def is_number(tree: ast.expr) -> bool:
    """Whether an expression hangs on nothing but numbers that stand in it."""
    parts = [one for one in ast.walk(tree) if isinstance(one, ast.expr)]
    numbers = [one for one in parts if isinstance(one, ast.Constant)]
    return (
        all(
            isinstance(one, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Call | ast.Attribute | ast.Name)
            for one in parts
        )
        and all(isinstance(one.value, int | float) and not isinstance(one.value, bool) for one in numbers)
        and all(one.id in LIBRARIES for one in parts if isinstance(one, ast.Name))
        and not isinstance(tree, ast.Name)
    )
