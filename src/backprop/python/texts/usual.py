"""Helpers of usual names, `sigmoid`, `relu`, that a text imports from a file of its course which is not there."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

from backprop.python.names import MOST_KEPT

PLAIN = {
    "sigmoid": "1 / (1 + np.exp(-z))",
    "tanh": "np.tanh(z)",
    "relu": "np.maximum(0, z)",
}
SLOPES = {
    "sigmoid_backward": "dA * (1 / (1 + np.exp(-z))) * (1 - 1 / (1 + np.exp(-z)))",
    "tanh_backward": "dA * (1 - np.tanh(z) ** 2)",
    "relu_backward": "dA * (z > 0)",
}  # of what is kept of their functions, which is what these are given
OF_COLUMNS = {"softmax": "np.exp(z - np.max(z, axis=0)) / np.sum(np.exp(z - np.max(z, axis=0)), axis=0)"}
COLUMNS = re.compile(r"\bdot\(\s*W|\bW\w*\s*@")  # where examples are columns, weights stand on the left


@lru_cache(MOST_KEPT)
def imported_from(tree: ast.Module) -> Mapping[str, frozenset[str]]:
    """What a text imports from each module; of a large package many are not there, and each is asked for."""
    found: dict[str, set[str]] = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and one.module:
            found.setdefault(one.module, set()).update(alias.name for alias in one.names)
    return {module: frozenset(names) for module, names in found.items()}


def stand_ins(tree: ast.Module, module: str) -> Mapping[str, str]:
    """The helpers of usual names that a text imports from a module, each as Python says it. One that the text takes two
    results of returns beside its value what it was given."""
    names = {*imported_from(tree).get(module, ())}
    if names.isdisjoint({*PLAIN, *SLOPES, *OF_COLUMNS, "*"}):
        return {}
    if "*" in names and not module.lower().startswith("test"):
        set_here = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        names |= {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} - set_here
    kept = {
        node.value.func.id for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple) and len(node.targets[0].elts) == 2
        and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name)
    }  # fmt: skip
    known = {**PLAIN, **(OF_COLUMNS if COLUMNS.search(ast.unparse(tree)) else {})}
    found = {name: f"lambda z: ({text}, z)" if name in kept else f"lambda z: {text}" for name, text in known.items()}
    found.update({name: f"lambda dA, z: {text}" for name, text in SLOPES.items()})
    return {name: text for name, text in found.items() if name in names}
