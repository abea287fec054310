"""Statements that hold others: loops, conditions and `with`, whose blocks are changed."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable

BLOCKS = ("body", "orelse")
HOLDING = (ast.For, ast.While, ast.If, ast.With)


def with_blocks(statement: ast.stmt, change: Callable[[list[ast.stmt]], list[ast.stmt]]) -> ast.stmt:
    """A loop, a condition or a `with` with each of its blocks changed; the statement itself where none is, and any
    other."""
    if not isinstance(statement, HOLDING):
        return statement
    blocks = {key: value for key, value in ast.iter_fields(statement) if key in BLOCKS and value}
    parts = {key: change(value) for key, value in blocks.items()}
    if all([*map(id, part)] == [*map(id, blocks[key])] for key, part in parts.items()):
        return statement
    made = copy.copy(statement)
    for key, part in parts.items():
        setattr(made, key, part)
    return made
