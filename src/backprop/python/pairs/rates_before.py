"""Gradients that are multiplied with a rate before the step, `grad *= rate` and `w -= grad`: the rate is the step's."""

from __future__ import annotations

import ast
import copy

from backprop.python.pairs.descent import is_named_rate, move_of
from backprop.python.texts.blocks import with_blocks


def with_rates_in_steps(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Statements in which a rate stands in the step, also in loops; the same ones, where all do already."""
    found = [with_blocks(one, with_rates_in_steps) for one in statements]
    for place, one in enumerate(found):
        scaled = ast.unparse(one.target) if isinstance(one, ast.AugAssign) and scales(one) else ""
        behind = found[place + 1 :] if scaled else []
        read = [at for at, other in enumerate(behind, place + 1) if scaled in map(ast.unparse, expressions(other))]
        move = move_of(found[read[0]]) if len(read) == 1 else None
        if move is None or not isinstance(move[1], ast.Add | ast.Sub) or ast.unparse(move[2]) != scaled:
            continue
        taken = ast.BinOp(copy.deepcopy(one.value), ast.Mult(), copy.deepcopy(move[2]))  # type: ignore[attr-defined]
        step = ast.copy_location(ast.AugAssign(copy.deepcopy(move[0]), move[1], taken), found[read[0]])
        step.target.ctx = ast.Store()
        found[read[0]] = ast.fix_missing_locations(step)
        return with_rates_in_steps([*found[:place], *found[place + 1 :]])
    return statements if all(a is b for a, b in zip(found, statements, strict=True)) else found


def scales(statement: ast.stmt) -> bool:
    """Whether a statement multiplies something with a rate in its place."""
    return (
        isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult) and is_named_rate(statement.value)
    )


def expressions(statement: ast.stmt) -> list[ast.expr]:
    """What a statement reads, and all of which that is made."""
    nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)]
    return [node for node in nodes if isinstance(node.ctx, ast.Load)]
