"""What a right pass does not do at any point where it is judged: a loop that has no round, a condition on a number that
never holds."""

from __future__ import annotations

import ast

from backprop.check.passes.judge import Judge
from backprop.check.unlike import visited
from backprop.python.texts.called import GENERIC, set_in
from backprop.python.texts.gradients import is_of_gradient

MOST_SHOWN = 3


def unvisited(judge: Judge) -> list[str]:
    """The remark that lines which set gradients were not reached, if there are such. What hangs on a setting, or on
    what is None, is another way to use the pass."""
    seen, blocks = set[ast.stmt](), list[list[ast.stmt]]()
    for point in judge.points:
        seen |= visited(judge.runner, point.given, point.upstream).keys()
        blocks = [
            one for statement in seen for one in guarded(statement) if seen.isdisjoint(one) and sets_gradient(one)
        ]
        if not blocks:
            return []
    lines = sorted({block[0].lineno for block in blocks})[:MOST_SHOWN]
    where = f"line {lines[0]} is" if len(lines) == 1 else f"lines {', '.join(map(str, lines))} are"
    return [f"{where} not reached with these inputs: what is set there is not judged"]


def guarded(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The statements of a loop, and of a condition that compares numbers, which may not be reached."""
    if isinstance(statement, ast.For | ast.While) or (isinstance(statement, ast.If) and compares(statement.test)):
        return [block for block in (statement.body, statement.orelse) if block]
    return []


def compares(test: ast.expr) -> bool:
    """Whether a condition is one on the order of numbers, `k > 1`."""
    ordered = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    return ordered and not any(isinstance(one, ast.Attribute) and one.attr == "ndim" for one in ast.walk(test))


def sets_gradient(block: list[ast.stmt]) -> bool:
    names = {name for one in block for name in set_in(one)}
    return any(is_of_gradient(name) or name in GENERIC for name in names)
