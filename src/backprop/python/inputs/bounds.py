"""Calls that keep numbers within bounds, and texts without them."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Sequence

from backprop.python.texts.source import Part

CLIPS = frozenset(["clip", "clamp", "clamp_", "clip_"])
EXTREMES = ("maximum", "minimum", "fmax", "fmin")
BOUND = re.compile(r"[-+.\d\se*]+|.*(eps|tiny|small|min|max)\w*", re.IGNORECASE)  # a number, or a name of one
BOUNDING = CLIPS | {"clamp_min", "clamp_min_", "clamp_max", *EXTREMES}


def clipped(node: ast.AST) -> ast.expr | None:
    """What a call keeps between a number and its negative: `np.clip(g, -5, 5)`, `g.clamp(-1, 1)`."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in CLIPS:
        return None
    given = [
        *([] if is_of_library(node.func) else [node.func.value]),
        *node.args,
        *[one.value for one in node.keywords],
    ]
    bounds = [ast.unparse(one) for one in given[1:3]]
    return given[0] if len(bounds) == 2 and bounds[0] == f"-{bounds[1]}" else None


def bounded(node: ast.AST) -> ast.expr | None:
    """What a call keeps above or below a number: `x.clamp(min=1e-5)`, `np.maximum(x, 1e-12)`."""
    name = getattr(getattr(node, "func", None), "attr", "") if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or name not in BOUNDING:
        return None
    of_library = is_of_library(node.func)
    if name in EXTREMES:
        free = [one for one in node.args if not BOUND.fullmatch(ast.unparse(one))]
        return free[0] if of_library and len(free) == 1 and len(node.args) == 2 else None
    return node.args[0] if of_library and node.args else getattr(node.func, "value", None)


def is_of_library(function: ast.expr) -> bool:
    value = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(value, ast.Name) and value.id in ("np", "numpy", "cp", "torch", "th", "jnp")


def without(bounds: Callable[[ast.AST], ast.expr | None], parts: Sequence[Part]) -> list[Part]:
    """Texts in which stands, in place of calls that keep something within bounds, what these keep."""

    class Unbounded(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            return bounds(node) or node

    return [
        part._replace(tree=Unbounded().visit(copy.deepcopy(part.tree)))
        if any(map(bounds, ast.walk(part.tree)))
        else part
        for part in parts
    ]
