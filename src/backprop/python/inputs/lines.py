"""What a line of a script says of its inputs: which plain values they have, which are sizes, a seed, or made up."""

from __future__ import annotations

import ast
import copy
from typing import Any

from backprop.python.spellings.numpy import MAKING, SUPPOSED

GENERATORS = frozenset(["default_rng", "RandomState", "PRNGKey", "Generator"])


def sets_attributes(statement: ast.stmt) -> bool:
    """Whether a line sets nothing but attributes: `w.grad = b.grad = 0.0`."""
    return isinstance(statement, ast.Assign) and all(isinstance(one, ast.Attribute) for one in statement.targets)


def assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    """The names that an assignment sets, each with its value: one, or as many as values, `U, V = 1.0, 2.0`."""
    if not isinstance(statement, ast.Assign):
        return []
    target, value = statement.targets[0], statement.value
    parts = [(target, value)]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        parts = list(zip(target.elts, value.elts, strict=True))
    return [(one.id, its) for one, its in parts if isinstance(one, ast.Name)]


def is_sizes(statement: ast.stmt) -> bool:
    """Whether several names get plain numbers at once: `N, D = 6, 2`."""
    targets = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    return targets and all(not isinstance(one, ast.Call) for one in ast.walk(statement))


def with_sizes(statement: ast.Assign, given: dict[str, Any]) -> ast.stmt:
    """A statement that sets several plain numbers, with those that are given: `N, D = 6, 2`."""
    changed = copy.deepcopy(statement)
    names = [getattr(one, "id", "") for one in getattr(changed.targets[0], "elts", ())]
    values = changed.value.elts if isinstance(changed.value, ast.Tuple) else []
    for place, name in enumerate(names[: len(values)]):
        if name in given:
            values[place] = ast.copy_location(ast.Constant(given[name]), values[place])
    return changed


def is_seed(statement: ast.stmt) -> bool:
    """Whether a line sets the seed, or makes what draws. Other calls of a script may take long, and set no input."""
    if isinstance(statement, ast.Expr):
        return makes(statement.value, frozenset(["seed", "manual_seed"]))
    return isinstance(statement, ast.Assign) and makes(statement.value, GENERATORS)


def supposes(statement: ast.stmt, name: str) -> bool:
    """Whether a line makes up what a name holds: `dD = np.random.randn(*D.shape)`, "suppose we had the gradient on D".
    What is given from above stands for it."""
    if not isinstance(statement, ast.Assign) or [ast.unparse(one) for one in statement.targets] != [name]:
        return False
    return makes(statement.value, SUPPOSED)


def makes(value: ast.expr, by: frozenset[str] = MAKING) -> bool:
    """Whether an expression calls one of some functions that make arrays."""
    called = [ast.unparse(one.func) for one in ast.walk(value) if isinstance(one, ast.Call)]
    return any(one.rpartition(".")[2] in by for one in called)
