"""What the text of a method says of the attributes of its object: which it sets anew, fills, or reads first."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from backprop.python.names import parameter_names
from backprop.python.texts.functions import attributes, reached


def set_anew(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method sets by statements that do not read them, as a step of theirs does."""
    return set().union(*[
        attributes(target, ast.Store) - attributes(node.value, ast.Load)
        for node in ast.walk(method) if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else (node.target,))
    ])  # fmt: skip


def filled_by(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method sets so, or entries of which it sets."""
    return set_anew(method) | entered(method)


def entered(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object of which a method sets entries."""
    entries = [one.value for node in ast.walk(method) if isinstance(node, ast.Assign) for target in node.targets
               for one in ast.walk(target) if isinstance(one, ast.Subscript)]  # fmt: skip
    return set().union(*[attributes(one, ast.Load) for one in entries])


def read_first(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method reads before it sets them, and without a look whether they are there:
    `h = self.state.copy()`, and later `self.state = h`."""
    found, made = set[str](), set[str]()
    for statement in method.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.For):
            found |= attributes(statement, ast.Load) - made
        made |= attributes(statement, ast.Store)
    asked = [node.test for node in ast.walk(method) if isinstance(node, ast.If | ast.IfExp)]
    return found.difference(*[attributes(one, ast.Load) for one in asked])


def set_first(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method sets before it reads them, whatever it is given."""
    found, read = set[str](), set[str]()
    for statement in method.body:
        read |= attributes(statement, ast.Load)
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            found |= attributes(statement, ast.Store) - read
    return found


def fills_parts(method: ast.FunctionDef) -> set[str]:
    """The parts of its object that a method which returns nothing fills: by entries, or by calls that are statements,
    `self.store.allocate(shape)`."""
    if any(isinstance(node, ast.Return) and node.value is not None for node in ast.walk(method)):
        return set()
    calls = [one.value.func for one in method.body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)]
    called = [one.value for one in calls if isinstance(one, ast.Attribute)]
    return entered(method).union(*[attributes(one, ast.Load) for one in called])


def filled_later(methods: Mapping[str, ast.FunctionDef], forward: ast.FunctionDef, made_by: str = "__init__") -> str:
    """The attribute whose parts a forward pass goes through, and that is empty until another method puts its argument
    there: `def add(self, layer): self.layers.append(layer)`; "" where there is none."""
    made = methods.get(made_by)
    inside = {id(one) for method in (made, forward) if method for one in reached(method, methods)}
    later = [one for one in methods.values() if id(one) not in inside]
    added = {
        node.func.value.attr for one in later for node in ast.walk(one)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append"
        and isinstance(node.func.value, ast.Attribute) and ast.unparse(node.func.value.value) == "self"
        and [ast.unparse(given) for given in node.args] == parameter_names(one)[1:2]
    }  # fmt: skip
    empty = {
        target.attr for node in ast.walk(made or ast.Pass()) if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Attribute) and ast.unparse(node.value) == "[]"
    }  # fmt: skip
    gone_through = {
        node.iter.attr for one in reached(forward, methods) for node in ast.walk(one)
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Attribute)
    }  # fmt: skip
    return next(iter(sorted(added & empty & gone_through)), "")
