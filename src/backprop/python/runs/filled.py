"""Layers as darknet has them: the gradient from above stands in an attribute that the forward pass sets to 0, and that
of the input goes into an argument of the backward pass, in place: `delta[:] += self.delta @ self.weights.T`."""

from __future__ import annotations

import ast
from collections.abc import Collection

from backprop.python.names import parameter_names

VIEWS = ("reshape", "ravel", "view", "transpose")


def filled_argument(back: ast.FunctionDef, above: str) -> str:
    """The parameter that a backward pass only writes into, or writes into and calls as the attribute `above`; "" where
    there is none, or several."""
    found = [name for name in parameter_names(back)[1:] if is_filled(back, name, computed=name == above)]
    return found[0] if len(found) == 1 else ""


def is_filled(back: ast.FunctionDef, name: str, computed: bool) -> bool:
    """Whether a parameter is written into, itself or through a view of it, and nothing is read that is not `computed`
    here."""
    views, nodes = {name}, [*ast.walk(back)]
    made = [node for node in nodes if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    of_views = [one for one in made if view_of(one.value, views)]
    views |= {one.targets[0].id for one in of_views if isinstance(one.targets[0], ast.Name)}
    targets = [one for node in nodes for one in written(node)]
    bases = [one.value for one in targets if isinstance(one, ast.Subscript) and is_one(one.value, views)]
    harmless: list[ast.AST] = [*bases, *[one.value for one in of_views]]
    harmless += [node for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    harmless += [node for node in nodes if isinstance(node, ast.Compare) and "None" in ast.unparse(node)]
    harmless += [node for node in nodes if isinstance(node, ast.Attribute) and node.attr in ("shape", "ndim", "dtype")]
    known = {id(node) for one in harmless for node in ast.walk(one)}
    read = [node for node in nodes if is_one(node, views) and isinstance(node.ctx, ast.Load) and id(node) not in known]  # type: ignore[attr-defined]
    return bool(bases) and (computed or not read)


def written(node: ast.AST) -> list[ast.expr]:
    """What a statement sets."""
    return node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AugAssign) else []


def is_one(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def view_of(value: ast.expr, names: Collection[str]) -> bool:
    """Whether an expression is a view of what one of some names has."""
    function = value.func if isinstance(value, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr in VIEWS and is_one(function.value, names)


def zeroed(forward: ast.FunctionDef) -> set[str]:
    """The attributes that a forward pass sets to zeros, and to nothing else."""
    zeros, others = set[str](), set[str]()
    for node in ast.walk(forward):
        value = getattr(node, "value", None)
        function = ast.unparse(value.func).rpartition(".")[2] if isinstance(value, ast.Call) else ""
        names = {one.attr for one in written(node) if isinstance(one, ast.Attribute) and is_one(one.value, ["self"])}
        (zeros if function in ("zeros", "zeros_like") else others).update(names)
    return zeros - others
