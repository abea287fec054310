"""Arguments bound to the parameters of a function of the user's."""

from __future__ import annotations

from typing import Any

from backprop.python.meter import Refusal
from backprop.python.scope import Function


def bind(function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
    """The names of the parameters with their values, as Python binds them; raises where they do not fit."""
    given = function.tree.args
    positional = [one.arg for one in (*given.posonlyargs, *given.args)]
    named = [one.arg for one in given.kwonlyargs]
    values = dict(zip(positional, arguments, strict=False))
    rest = arguments[len(positional) :]
    if rest and given.vararg is None:
        raise Refusal(f"{function.name} takes {len(positional)} arguments, and is given {len(arguments)}", "arity")
    if given.vararg is not None:
        values[given.vararg.arg] = tuple(rest)
    others: dict[str, Any] = {}
    for name, value in keywords.items():
        if name in values and name in positional:
            raise Refusal(f"{function.name} is given {name} twice", "arity")
        if name in positional or name in named:
            values[name] = value
        elif given.kwarg is None:
            raise Refusal(f"{function.name} has no parameter {name}", "arity")
        else:
            others[name] = value
    if given.kwarg is not None:
        values[given.kwarg.arg] = others
    for name, value in zip(positional[len(positional) - len(function.defaults) :], function.defaults, strict=True):
        values.setdefault(name, value)
    for one, tree, value in zip(given.kwonlyargs, given.kw_defaults, function.keyword_defaults, strict=True):
        if tree is not None:
            values.setdefault(one.arg, value)
    missing = [name for name in (*positional, *named) if name not in values]
    if missing:
        raise Refusal(f"{function.name} needs {missing[0]}", "arity")
    return values
