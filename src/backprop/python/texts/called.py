"""What statements call their variables: names, attributes of `self`, keys of dictionaries."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from backprop.python.texts.gradients import is_of_gradient

GENERIC = frozenset(["grad", "grads", "gradient", "gradients", "g"])  # told by what they update: `w -= rate * grad`


def called(node: ast.AST) -> str | None:
    """What a variable is called: by its name, that of an attribute of `self` or of a part of it, or the key of a
    dictionary. Under its own key in a dictionary of gradients, `grads["W"]`, is the gradient."""
    if isinstance(node, ast.Name):
        return node.id if node.id != "self" else None
    if isinstance(node, ast.Attribute):
        root, _, dotted = ast.unparse(node).partition(".")
        return dotted if root == "self" and dotted.replace(".", "").isidentifier() else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        key, holder = node.slice.value, called(node.value) or ""
        of_gradients = (holder in GENERIC or is_of_gradient(holder)) and not is_of_gradient(key)
        return f"d{key}" if of_gradients else key
    return None


def called_by(call: ast.Call) -> str:
    """The name by which something is called: of a method, its own."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def called_of(call: ast.Call) -> str:
    """The object whose method is called, as a text; "" of a function."""
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def targets(statement: ast.stmt) -> list[str]:
    """The names that an assignment sets, also several at once, and the keys of a dictionary that it writes out."""
    several = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    found = [target for target in several if target is not None]
    written = getattr(statement, "value", None)
    keys = written.keys if isinstance(written, ast.Dict) else []
    entries = [ast.Subscript(target, key) for target in found for key in keys if isinstance(key, ast.Constant)]
    return [name for target in found for name in set_by(target)] + [name for one in entries if (name := called(one))]


def set_by(target: ast.expr) -> list[str]:
    """What a target sets: of `grads["W"][i]` the entry and the dictionary."""
    if isinstance(target, ast.Tuple | ast.List):
        return [name for one in target.elts for name in set_by(one)]
    own = [] if (name := called(target)) is None else [name]
    return own + (set_by(target.value) if isinstance(target, ast.Subscript | ast.Attribute | ast.Starred) else [])


def arguments_of(function: ast.FunctionDef) -> set[str]:
    return {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}


def names_in(trees: Sequence[ast.AST]) -> set[str]:
    return {name for tree in trees for node in ast.walk(tree) if (name := called(node)) is not None}


def set_in(loop: ast.AST) -> set[str]:
    """The names that are set anew in a loop, or anywhere in a statement: no step size is, as `dt` of `x += dt * v`."""
    return {name for one in ast.walk(loop) if isinstance(one, ast.stmt) for name in targets(one)}
