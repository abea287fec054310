"""Python that answers inf and nan where Python raises, with the functions that the calculator itself uses."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from symtable import symtable
from typing import ClassVar

from backprop.circuit import reached
from backprop.emit.target import Target, Text
from backprop.emit.targets.pythonic import Python
from backprop.gates import Gate
from backprop.numbers import floats


class Careful(Python):
    """Python with IEEE arithmetic: whatever may raise is a function of its own."""

    operators: ClassVar = {name: op for name, op in Python.operators.items() if name not in ("divide", "power", "mod")}
    words: ClassVar = {}

    def word(self, gate: Gate) -> str | None:
        function = floats.function(gate.name)
        return function_name(gate.name) if function is not None else super().word(gate)

    def has(self, gate: Gate) -> bool:
        return floats.function(gate.name) is not None

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> None:
        """A power is a function like others."""

    def call(self, gate: Gate, operands: list[Text]) -> Text:  # type: ignore[override]
        if gate.name == "divide" and operands[1].literal and float(operands[1].text) != 0:
            return self.plain_division(operands)
        return super().call(gate, operands)

    def plain_division(self, operands: list[Text]) -> Text:
        """A division by a number that is not 0 cannot raise."""
        return Target.operation(Python(), "divide", operands, False)


@cache
def function_name(gate: str) -> str:
    """What the function of a gate is called in the calculator's own source."""
    return floats.OTHER_NAMES.get(gate, gate)


@cache
def definitions() -> dict[str, tuple[str, frozenset[str]]]:
    """The definitions of the scalar gates: their source, and the names that it uses, in order."""
    source = files("backprop.numbers").joinpath("floats.py").read_text(encoding="utf-8")
    lines = source.split("\n")
    found = {}
    for node in ast.parse(source).body:
        name = defined_name(node)
        if name:
            text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            found[name] = text, free_names(text)
    return found


def free_names(text: str) -> frozenset[str]:
    """The names that a text takes from the module around it."""
    pending, found = [symtable(text, "floats.py", "exec")], set()
    while pending:
        scope = pending.pop()
        pending += scope.get_children()
        found |= {s.get_name() for s in scope.get_symbols() if s.is_global() or scope.get_type() == "module"}
    return frozenset(found)


def defined_name(node: ast.stmt) -> str:
    """What a statement at the top of the module defines."""
    if isinstance(node, ast.FunctionDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def closure(names: Iterable[str]) -> Iterator[str]:
    """Some functions and all that they use, in order."""
    known = definitions()
    needed = reached(names, lambda name: known[name][1] if name in known else ())
    return (name for name in known if name in needed)


def prelude(names: Iterable[str]) -> list[str]:
    """The functions, as they stand in the calculator, and what they import."""
    sources = [definitions()[name][0] for name in closure(names)]
    if not sources:
        return []
    used = free_names("\n".join(sources))
    imports = [f"import {name}" for name in ("math", "operator") if name in used]
    imports += ["from collections.abc import Callable"] if "Callable" in used else []
    members = [name for name in ("copysign", "inf", "isnan", "nan", "pi") if name in used]
    if members:
        imports.append(f"from math import {', '.join(members)}")
    blocks: list[str] = []
    for source in sources:
        if blocks and not source.startswith("def ") and not blocks[-1].startswith("def "):
            blocks[-1] += "\n" + source
        else:
            blocks.append(source)
    return ["\n".join(imports), "# fmt: off\n" + "\n\n\n".join(blocks) + "\n# fmt: on"]
