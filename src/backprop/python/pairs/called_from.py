"""Functions where statements call them: what stands before the call, what sets their parameters there, and what of a
forward pass its way back is handed."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from backprop.python.names import MOST_KEPT, parameter_names
from backprop.python.pairs.rounds import blocks, placed, start_of
from backprop.python.texts.called import called_by, called_of, targets
from backprop.python.texts.functions import attributes, is_static
from backprop.python.texts.restated import defaults


class Result(NamedTuple):
    """One of the results of a function or a method `of` something: which, of how many."""

    whose: str
    of: str
    place: int
    number: int


def entered_by(
    method: ast.FunctionDef, methods: Mapping[str, ast.FunctionDef], read: set[str]
) -> tuple[ast.FunctionDef | None, list[ast.stmt]]:
    """The one other method that calls one for which the constructor sets not all that is `read` of the object, as `fit`
    makes weights and calls `self._update(x, y)` in a loop; and its statements up to there. None where it needs none."""
    start = methods.get("__init__")
    lacking = read - {*methods} - (attributes(start, ast.Store) if start is not None else set())
    others = [(one, up_to_call(one.body, method)) for one in methods.values() if lacking and one is not method]
    found = [(one, before) for one, before in others if before is not None]
    return found[0] if len(found) == 1 else (None, [])


def up_to_call(statements: list[ast.stmt], method: ast.FunctionDef) -> list[ast.stmt] | None:
    """The statements up to the first call of a method of the same object, in the first rounds of loops, and what sets
    its parameters; None where it is not called."""
    for place, one in enumerate(statements):
        calls = [node for node in ast.walk(one) if isinstance(node, ast.Call)]
        call = next((node for node in calls if ast.unparse(node.func) == f"self.{method.name}"), None)
        if call is not None:
            me = ast.Name("self", ast.Load())
            inner = up_to_call(blocks(one), method) if blocks(one) else bound(method, [me, *call.args], call, one)
            return None if inner is None else [*statements[:place], *start_of(one), *inner]
    return None


def bound(
    function: ast.FunctionDef, arguments: Sequence[ast.expr], call: ast.Call, statement: ast.stmt
) -> list[ast.stmt]:
    """What sets the parameters of a function that a statement calls: those that are called as what they are handed are
    that already, and only those that are handed nothing have their defaults."""
    named = [*zip(parameter_names(function), arguments, strict=False)]
    named += [(one.arg, one.value) for one in call.keywords if one.arg]
    handed = dict(named)
    rest = [
        one for one in defaults(function) if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) not in handed
    ]
    set_to = [ast.Assign([ast.Name(name, ast.Store())], value) for name, value in named if ast.unparse(value) != name]
    return [*rest, *[placed(one, statement) for one in set_to]]


@lru_cache(MOST_KEPT)
def handed_results(
    trees: tuple[ast.Module, ...], backward: ast.FunctionDef, methods: tuple[ast.FunctionDef, ...] = ()
) -> Mapping[str, Result]:
    """Which parameters of a backward pass are results of what is called before it: `p, kept = net.forward(x)`,
    `net.backward(y, kept)`; of the same object, which in the `methods` of its class is `self`."""
    found: dict[str, Result] = {}
    scopes = [one for tree in trees for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.Module)]
    for scope in scopes:
        nodes = [*ast.walk(scope)]
        calls = [one for one in nodes if isinstance(one, ast.Call) and called_by(one) == backward.name
                 and (called_of(one) != "self" or scope in methods)]  # fmt: skip
        sets = [one for one in nodes if calls and isinstance(one, ast.Assign)]
        times = Counter(name for one in sets for name in targets(one))
        made = {
            name: Result(called_by(one.value), called_of(one.value), place, len(targets(one)))
            for one in sets if isinstance(one.value, ast.Call) for place, name in enumerate(targets(one))
        }  # fmt: skip
        for call in calls:
            names = parameter_names(backward)[int(isinstance(call.func, ast.Attribute) and not is_static(backward)) :]
            handed = [*zip(names, call.args, strict=False), *[(one.arg or "", one.value) for one in call.keywords]]
            given = {name: one.id for name, one in handed if isinstance(one, ast.Name) and times[one.id] == 1}
            whose = called_of(call)
            found.update({name: made[its] for name, its in given.items() if its in made and made[its].of == whose})
    return found
