"""Methods that take a step on what another method makes before it calls them: `fit` makes weights, and calls
`self._update(x, y)` in a loop."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from backprop.python.names import parameter_names
from backprop.python.pairs.rounds import blocks, start_of
from backprop.python.texts.functions import attributes
from backprop.python.texts.restated import defaults


def caller_of(
    method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], read: set[str]
) -> ast.FunctionDef | None:
    """The other method that calls one in a loop, where the constructor sets not all that is `read` of the object; None
    where it does, or none calls it."""
    start = methods.get("__init__")
    lacking = read - {*methods} - (attributes(start, ast.Store) if start is not None else set())
    callers = [one for one in methods.values() if one is not method and up_to_call(one.body, method)]
    return callers[0] if lacking and len(callers) == 1 else None


def up_to_call(statements: list[ast.stmt], method: ast.FunctionDef) -> list[ast.stmt]:
    """The statements up to the first round of the loop in which a method of the same object is called, and what binds
    its parameters there; none where it is not called so."""
    for place, one in enumerate(statements):
        call = next((node for node in ast.walk(one) if is_call(node, method)), None)
        if call is None:
            continue
        inner = up_to_call(blocks(one), method) if blocks(one) else bound(call, method)
        return [*statements[:place], *start_of(one), *inner] if inner else []
    return []


def is_call(node: ast.AST, method: ast.FunctionDef) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == f"self.{method.name}"


def bound(call: ast.AST, method: ast.FunctionDef) -> list[ast.stmt]:
    """The parameters of a method, set to what a call hands over."""
    assert isinstance(call, ast.Call)
    names = parameter_names(method)[1:]
    given = [*zip(names, call.args, strict=False), *[(one.arg, one.value) for one in call.keywords]]
    handed = [
        ast.copy_location(ast.fix_missing_locations(ast.Assign([ast.Name(name, ast.Store())], value)), call)
        for name, value in given if name is not None and ast.unparse(value) != name
    ]  # fmt: skip
    return [*defaults(method), *handed, ast.copy_location(ast.Pass(), call)]
