"""Which functions in a Python text are those that our programs bring along: they are known without being read."""

from __future__ import annotations

import ast
from copy import deepcopy
from functools import cache

from backprop.emit.helpers import defined
from backprop.emit.targets import careful
from backprop.emit.targets.careful import Careful, defined_name, function_name
from backprop.emit.targets.numpy import NumPy
from backprop.emit.targets.pythonic import Python, function_text
from backprop.gates import GATES


def gate_of(statement: ast.stmt) -> str | None:
    """The gate of a helper function of ours; "" for its parts, None for what is not ours, to the letter."""
    name = defined_name(statement)
    if bare(statement) not in statements() | definitions(name):
        return None
    return gates().get(name, "")


def bare(statement: ast.stmt) -> str:
    """A statement as a text, without what it says of types."""
    statement = deepcopy(statement)
    for node in ast.walk(statement):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    return ast.dump(statement)


@cache
def gates() -> dict[str, str]:
    """The gates by the names of their functions."""
    return {**{function_name(name): name for name in GATES}, **{name: name for name in GATES}}


@cache
def statements() -> frozenset[str]:
    """What stands at the top of the calculator's own functions on floats, and of the helpers for NumPy."""
    sources = [*(text for text, _ in careful.definitions().values()), *NumPy.helpers.values()]
    trees = [ast.parse(source) for source in sources]
    return frozenset(bare(statement) for tree in trees for statement in tree.body)


@cache
def definitions(name: str) -> frozenset[str]:
    """A gate's definition as the function that each target writes for it."""
    gate = GATES.get(name)
    if gate is None or not gate.exact or (gate.mixes and gate.settings):
        return frozenset()
    targets = [NumPy()] if gate.mixes else [Python(), NumPy(), Careful()]
    texts = (function_text(defined(name, target)) for target in targets)
    return frozenset(bare(ast.parse(text).body[0]) for text in texts)
