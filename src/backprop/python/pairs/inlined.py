"""A method that trains by calling others of its object, `self.update(x); self.back_propagate(t, rate)`, as the
statements that all of them are."""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from itertools import chain

from backprop.python.names import own_names, parameter_names
from backprop.python.pairs.called_from import bound, placed
from backprop.python.pairs.rounds import Renamed
from backprop.python.pairs.unnamed import BLOCKS
from backprop.python.texts.called import set_in
from backprop.python.texts.functions import attributes, is_static
from backprop.python.texts.gradients import COST

Methods = Mapping[str, ast.FunctionDef]


def inlined(method: ast.FunctionDef, methods: Methods) -> ast.FunctionDef | None:
    """A method in which each call, as a statement, of one of its object that sets attributes is what that one does;
    None where there is none. What is called is done to its end: one that returns from its middle is called as before.
    """
    statements = [node for node in ast.walk(method) if isinstance(node, ast.stmt)]
    gone_into = [one for one in (called_by(node, methods) for node in statements) if one not in (None, method)]
    if not gone_into:
        return None
    costs = set().union(*[filter(COST.fullmatch, own_names(one)) for one in gone_into if one is not None])
    totals = {name: ast.Name(f"total_{name}", ast.Load()) for name in costs & own_names(method)}
    made = Renamed(totals).visit(copy.deepcopy(method)) if totals else copy.copy(method)
    made.body = [*chain(*[in_place(one, made, methods) for one in made.body])]
    return made


def in_place(statement: ast.stmt, method: ast.FunctionDef, methods: Methods) -> list[ast.stmt]:
    """What stands in place of a statement: itself, where nothing in it is put there."""
    called = called_by(statement, methods)
    if called is not None and called is not method:
        return statements_of(called, statement, method, methods)
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With):
        parts = {key: [*chain(*[in_place(one, method, methods) for one in value])]
                 for key, value in ast.iter_fields(statement) if key in BLOCKS}  # fmt: skip
        if any(part != getattr(statement, key) for key, part in parts.items()):
            statement = copy.copy(statement)
            for key, part in parts.items():
                setattr(statement, key, part)
    return [statement]


def called_by(statement: ast.stmt, methods: Methods) -> ast.FunctionDef | None:
    """The method that a statement does nothing but call, which sets attributes and ends at its end."""
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign) else None
    name = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    called = methods.get(name.removeprefix("self.")) if name.startswith("self.") else None
    if called is None or is_static(called) or not attributes_set(called, methods):
        return None
    ends = [node for node in ast.walk(called) if isinstance(node, ast.Return | ast.Yield)]
    return called if all(one is called.body[-1] for one in ends) else None


def attributes_set(method: ast.FunctionDef, methods: Methods) -> bool:
    """Whether a method sets attributes of its object, or entries of these."""
    entries = [node.value for node in ast.walk(method) if isinstance(node, ast.Subscript)
               and isinstance(node.ctx, ast.Store)]  # fmt: skip
    held = any(ast.unparse(one).startswith("self.") for one in entries)
    return held or bool(attributes(method, ast.Store))


def statements_of(
    called: ast.FunctionDef, statement: ast.stmt, method: ast.FunctionDef, methods: Methods
) -> list[ast.stmt]:
    """What a method does where a statement calls it. Where both have a variable of the same name, it is another one
    there."""
    call = statement.value  # type: ignore[attr-defined]
    own = own_names(called) & own_names(method) - {"self"} - handed_as_called(called, call)
    away = {name: ast.Name(f"{name}_", ast.Load()) for name in own}
    renamed = Renamed(away)
    inner = [renamed.visit(copy.deepcopy(one)) for one in called.body]
    taken = bound(called, [ast.Name("self", ast.Load()), *call.args], call, statement)
    taken = [renamed_target(one, away) for one in taken]
    *body, last = [*chain(*[in_place(one, called, methods) for one in inner])] or [ast.Pass()]
    if not isinstance(last, ast.Return):
        body.append(last)
    elif not isinstance(statement, ast.Expr) and last.value is not None:
        gives = copy.copy(statement)
        gives.value = last.value  # type: ignore[attr-defined]
        body.append(placed(gives, last))
    return [*taken, *body]


def handed_as_called(called: ast.FunctionDef, call: ast.Call) -> set[str]:
    """The parameters that are handed what has their name, and stay that."""
    names = zip(parameter_names(called)[1:], call.args, strict=False)
    handed = {name for name, value in names if isinstance(value, ast.Name) and value.id == name}
    return handed - {name for one in called.body for name in set_in(one)}


def renamed_target(statement: ast.stmt, names: Mapping[str, ast.expr]) -> ast.stmt:
    """What sets a parameter, under another name; what it is set to is the caller's."""
    statement.targets = [Renamed(names).visit(one) for one in statement.targets]  # type: ignore[attr-defined]
    return statement
