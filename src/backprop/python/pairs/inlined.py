"""A method that trains by calling others of its object, `self.update(x); self.back_propagate(t, rate)`, as the
statements that all of them are."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping
from functools import partial
from itertools import chain, combinations
from typing import NamedTuple

from backprop.python.names import own_names, parameter_names
from backprop.python.pairs.called_from import bound
from backprop.python.pairs.rounds import Renamed, placed
from backprop.python.texts.blocks import with_blocks
from backprop.python.texts.functions import is_static, left_for, written

MOST_CALLS = 3  # of others in a method that is called itself

Methods = Mapping[str, ast.FunctionDef]


class Inlined(NamedTuple):
    """A method, with all that is done in it, and those that it goes into."""

    function: ast.FunctionDef
    gone_into: list[ast.FunctionDef]


def inlined(method: ast.FunctionDef, methods: Methods) -> Inlined | None:
    """A method in which each call, as a statement, of one of its object that sets attributes is what that one does;
    None where none of these leaves anything for another one. What is called is done to its end: one that returns from
    its middle is called as before."""
    setting = {name: one for name, one in methods.items() if one is not method and written(one)}
    whole = with_those(method, setting)
    in_turn = combinations(whole.gone_into, 2)
    return whole if any(left_for(one, other, methods) for other, one in in_turn) else None


def with_those(method: ast.FunctionDef, methods: Methods) -> Inlined:
    """A method in which each call, as a statement, of some others of its object is what these do."""
    statements = [node for node in ast.walk(method) if isinstance(node, ast.stmt)]
    gone_into = [one for one in map(partial(callee, methods=methods), statements) if one is not None]
    theirs = set().union(*map(own_names, gone_into)) & own_names(method) - {*parameter_names(method)}
    made = Renamed(renames(theirs)).visit(copy.deepcopy(method)) if theirs else copy.copy(method)
    made.body = all_in_place(made.body, made, methods)
    return Inlined(made, gone_into)


def in_place(statement: ast.stmt, method: ast.FunctionDef, methods: Methods) -> list[ast.stmt]:
    """What stands in place of a statement: itself, where nothing in it is put there."""
    called = callee(statement, methods)
    if called is not None:
        return statements_of(called, statement, method, methods)
    return [with_blocks(statement, partial(all_in_place, method=method, methods=methods))]


def all_in_place(statements: list[ast.stmt], method: ast.FunctionDef, methods: Methods) -> list[ast.stmt]:
    return [*chain(*[in_place(one, method, methods) for one in statements])]


def callee(statement: ast.stmt, methods: Methods) -> ast.FunctionDef | None:
    """The method that a statement does nothing but call, and which ends at its end."""
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign | ast.AugAssign) else None
    name = ast.unparse(value.func) if isinstance(value, ast.Call) else ""
    called = methods.get(name.removeprefix("self.")) if name.startswith("self.") else None
    if called is None or is_static(called):
        return None
    ends = [node for node in ast.walk(called) if isinstance(node, ast.Return | ast.Yield)]
    return called if all(one is called.body[-1] for one in ends) else None


def statements_of(
    called: ast.FunctionDef, statement: ast.stmt, method: ast.FunctionDef, methods: Methods
) -> list[ast.stmt]:
    """What a method does where a statement calls it. Where it sets what is called as an argument of the caller, that is
    another variable."""
    call = statement.value  # type: ignore[attr-defined]
    handed = handed_as_called(called, call)
    stored = {node.id for one in called.body for node in ast.walk(one)
              if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}  # fmt: skip
    away = renames(own_names(called) & own_names(method) - {"self"} - (handed - stored))
    taken = bound(called, [ast.Name("self", ast.Load()), *call.args], call, statement)
    taken += [placed(ast.Assign([ast.Name(name, ast.Store())], ast.Name(name, ast.Load())), statement)
              for name in sorted(handed & stored)]  # fmt: skip
    taken = [renamed_target(one, away) for one in taken]
    renamed = Renamed(away)
    inner = [renamed.visit(copy.deepcopy(one)) for one in called.body]
    others = within(called, methods)
    *body, last = all_in_place(inner, called, others) or [ast.Pass()]
    if not isinstance(last, ast.Return):
        body.append(last)
    elif not isinstance(statement, ast.Expr) and last.value is not None:
        gives = copy.copy(statement)
        gives.value = last.value  # type: ignore[attr-defined]
        body.append(placed(gives, last))
    return [*taken, *body]


def within(called: ast.FunctionDef, methods: Methods) -> Methods:
    """The methods that calls in a method go into: not itself again, and none that go further where it calls others that
    do: of methods that all call each other there are too many ways."""
    others = {name: one for name, one in methods.items() if one is not called}
    ways = sum(callee(node, others) is not None for node in ast.walk(called) if isinstance(node, ast.stmt))
    return others if ways <= MOST_CALLS else {}


def renames(names: Collection[str]) -> dict[str, ast.expr]:
    """What stands for some variables where others have their names."""
    return {name: ast.Name(f"{name}_", ast.Load()) for name in names}


def handed_as_called(called: ast.FunctionDef, call: ast.Call) -> set[str]:
    """The parameters that are handed what has their name."""
    names = zip(parameter_names(called)[1:], call.args, strict=False)
    return {name for name, value in names if isinstance(value, ast.Name) and value.id == name}


def renamed_target(statement: ast.stmt, names: Mapping[str, ast.expr]) -> ast.stmt:
    """What sets a parameter, under another name; what it is set to is the caller's."""
    statement.targets = [Renamed(names).visit(one) for one in statement.targets]  # type: ignore[attr-defined]
    return statement
