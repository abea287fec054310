"""Objects of the user's own classes that a parameter may be."""

from __future__ import annotations

import ast

from backprop.python.names import parameter_names, required_names
from backprop.python.runs.runner import Runner
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import is_abstract


class Objects:
    """The classes of the text whose objects need nothing to be made, and what the passes call of parameters."""

    def __init__(self, runner: Runner, trees: list[ast.AST]) -> None:
        self.classes = {
            name: methods for name, methods in runner.code.classes().items()
            if name != runner.pair.class_name and not needs(methods.get("__init__"))
        }  # fmt: skip
        nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
        self.calls = [(one.func, len(one.args)) for one in nodes if isinstance(one.func, ast.Attribute)]

    def with_method(self, name: str, method: str) -> list[str]:
        """How the objects are made that have a method which takes as much as it is given where that of a parameter, or
        of one of its entries, `acts[i].forward(z)`, is called."""
        whose = name.partition(".")[0]
        taken = {count for func, count in self.calls if func.attr == method and whose in words(func)}
        found = {one: methods[method] for one, methods in self.classes.items() if method in methods}
        return [
            f"{one}()" for one, tree in found.items()
            if not is_abstract(tree) and all(needs(tree) <= count < len(parameter_names(tree)) for count in taken)
        ]  # fmt: skip

    def in_place_of(self, name: str) -> list[str]:
        """How the objects are made that have all methods which are called of a parameter."""
        called = sorted({func.attr for func, _ in self.calls if name in words(func)})
        found = [self.with_method(name, method) for method in called]
        return [one for one in found[0] if all(one in some for some in found)] if found else []


def needs(method: ast.FunctionDef | None) -> int:
    """How many arguments a method needs, its object apart."""
    return len(required_names(method)) - 1 if method is not None else 0


def words(func: ast.Attribute) -> set[str]:
    """The names in what a method is called of, and those of its attributes."""
    return names_in([func]) | {one.attr for one in ast.walk(func.value) if isinstance(one, ast.Attribute)}
