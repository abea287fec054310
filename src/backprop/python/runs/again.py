"""An operation goes back over gradients that are there already, as where a value is used twice."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import numpy as np

from backprop.errors import Problem
from backprop.python.pairs.descent import move_of
from backprop.python.runs.came_out import GRADIENTS, gradient_in
from backprop.python.texts.gradients import is_gradient
from backprop.python.values.scope import Object

THERE = 3.0  # times what came, as what is there already: after that, what is added to it is not what came


def put_away(holders: Mapping[str, Object], again: Callable[[], object]) -> set[str]:
    """The inputs, by name, whose gradient a way back sets where it should add to it, `self.grad = …` for `+=`: what is
    there already is gone. `again` goes back once more; the gradients are afterwards as they were. Those that are
    objects themselves are not looked at."""
    keys = {name: gradient_in(one) for name, one in holders.items()}
    held = {name: one.names for name, one in holders.items() if one.names.get(keys[name]) is not None}
    if not held or not all(is_gradient(names[keys[name]]) for name, names in held.items()):
        return set()
    before = {name: names[keys[name]] for name, names in held.items()}
    came = {name: np.copy(one) for name, one in before.items()}
    for name, one in came.items():
        held[name][keys[name]] = THERE * one if one.ndim else THERE * float(one)
    gone = set[str]()
    with suppress(Problem):
        again()
        now = {name: names[keys[name]] for name, names in held.items()}
        gone = {name for name, one in now.items() if np.any(came[name]) and np.array_equal(one, came[name])}
    for name, one in before.items():
        held[name][keys[name]] = one
    return gone


def add_up(trees: Iterable[ast.AST]) -> bool:
    """Whether the way back of any operation in a text, a function inside one, adds to what is there: `self.grad += …`,
    `x.grad = x.grad + …`."""
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inner = [one for outer in functions for one in ast.walk(outer)
             if isinstance(one, ast.FunctionDef) and one is not outer]  # fmt: skip
    for one in [node for function in inner for node in ast.walk(function)]:
        target, operator, _ = move_of(one) or (None, None, None)
        if isinstance(target, ast.Attribute) and target.attr in GRADIENTS and isinstance(operator, ast.Add):
            return True
    return False
