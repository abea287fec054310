"""What names stand for: libraries and their functions, functions of the user's own, stages that are set again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import count

from backprop.errors import nearest
from backprop.gates import NAMES
from backprop.python.straight.nodes import Nodes

LIBRARIES = frozenset(
    ["math", "cmath", "numpy", "scipy", "scipy.special", "jax.numpy", "autograd.numpy", "torch", "micrograd.engine"]
)
USUAL = {"math": "math", "np": "numpy", "numpy": "numpy", "jnp": "jax.numpy", "torch": "torch"}
# What NumPy calls otherwise than we do, where it is no alias of the gate.
SPELLINGS = {
    "dot": "matmul", "matmul": "matmul", "add": "add", "subtract": "subtract", "multiply": "multiply",
    "divide": "divide", "true_divide": "divide", "power": "power", "float_power": "power",
    "negative": "negate", "amax": "max", "amin": "min",
}  # fmt: skip
HARMLESS = frozenset(["__future__", "collections.abc", "functools", "operator", "typing"])  # nothing to compute with
SUBMODULES = frozenset(["linalg", "special"])
KNOWN = "math and numpy are; nothing is imported or run"


class Names(Nodes):
    """The names that the text has given so far."""

    def __init__(self, text: str, source: str | None, repeated: bool) -> None:
        super().__init__(text, source)
        self.repeated = repeated
        self.helpers: dict[str, str] = {}  # functions that are gates, by their names
        self.libraries = dict(USUAL)
        self.functions: dict[str, str] = {}  # from math import exp as e
        self.own: set[str] = set()  # functions defined here
        self.current: dict[str, str] = {}  # what a name that was assigned again is now called
        self.taken: set[str] = set()
        self.numbers: dict[str, Iterator[int]] = {}  # for the stages of a name that is assigned again
        self.used: set[str] = set()
        self.once: set[str] = set()  # names that are assigned once

    def is_import(self, statement: ast.stmt) -> bool:
        """Take note of an import; what it names is known here, and nothing is imported."""
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name not in LIBRARIES | HARMLESS:
                    raise self.problem("syntax", f"nothing is known of {alias.name} here", statement, KNOWN)
                self.libraries[alias.asname or alias.name.partition(".")[0]] = alias.name
            return True
        if isinstance(statement, ast.ImportFrom):
            if statement.module in HARMLESS:
                return True
            if statement.module not in LIBRARIES:
                raise self.problem("syntax", f"nothing is known of {statement.module} here", statement, KNOWN)
            for alias in statement.names:
                self.functions[alias.asname or alias.name] = alias.name
            return True
        return False

    def is_library(self, tree: ast.expr) -> bool:
        if isinstance(tree, ast.Attribute) and tree.attr in SUBMODULES and isinstance(tree.value, ast.Name):
            tree = tree.value
        text = ast.unparse(tree) if isinstance(tree, (ast.Name, ast.Attribute)) else ""
        return (text in self.libraries and text not in self.used) or text in LIBRARIES

    def known(self, name: str, place: ast.expr) -> str:
        """Our name for a function of math or numpy."""
        if name in SPELLINGS or name in NAMES:
            return SPELLINGS.get(name, name)
        near = nearest(name, [*self.own, *NAMES])
        hint = f"did you mean {near}?" if near else "`backprop gates` lists the functions"
        raise self.problem("name", f"there is no function {name}", place, hint)

    def fresh(self, name: str) -> str:
        """The name of a stage: the user's own, or a numbered one where it has been given already."""
        if self.repeated or (name not in self.current and name not in self.used):
            self.current.setdefault(name, name)
            return name
        numbers = self.numbers.setdefault(name, count(2))
        self.current[name] = next(new for n in numbers if (new := f"{name}_{n}") not in self.taken)
        self.taken.add(self.current[name])
        return self.current[name]
