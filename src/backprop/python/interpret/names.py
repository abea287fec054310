"""Names: what they mean, and how they get a value."""

from __future__ import annotations

import ast
from functools import cached_property
from typing import Any

from backprop.errors import nearest
from backprop.python.interpret.builtins import REFUSED, builtins
from backprop.python.interpret.operators import Operators
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Builtin, Idle, Library, Scope, Unknown, to_give


class Names(Operators):
    """Names in their scopes."""

    @cached_property
    def builtins(self) -> dict[str, Builtin]:
        return builtins(self)

    def member(self, library: Library, name: str) -> Any:
        """What a library has under a name; of Python's own, as Python's own functions are."""
        if library.path[0] == "six":  # what Python itself has, for both of its kinds
            own = self.builtins.get({"integer_types": "int", "string_types": "str"}.get(name, name))
            return own or Library((*library.path, name))
        return self.builtins.get(".".join((*library.path, name))) or self.libraries.member(library, name)

    def lookup(self, name: str, scope: Scope, tree: ast.AST | None) -> Any:
        here: Scope | None = scope
        while here is not None:
            if name in here.names:
                found = here.names[name]
                if isinstance(found, Unknown) and isinstance(found := self.settled(found), Unknown):
                    self.at = tree
                    raise Refusal(f"{name} is not known: {found.why}", "name", found.hint_for(name))
                return found
            if name in here.local:
                self.at = tree
                raise Refusal(f"{name} is read before it has a value", "name")
            here = here.parent
        if name in self.builtins:
            return self.builtins[name]
        if name in ("__debug__", "__name__", "__file__"):
            return True if name == "__debug__" else self.source.name or ""
        self.at = tree
        if name in REFUSED:
            raise Refusal(f"{name} is not read here: this program computes, and runs nothing of yours")
        near = nearest(name, self.visible(scope))
        missing = scope.top().names.get("*")
        if isinstance(missing, Unknown) and not near:
            raise Refusal(f"{name} is not defined, and {missing.why}", "name", missing.hint_for(name))
        hint = f"did you mean {near}?" if near else "; ".join([*self.source.remarks(), to_give(name)])
        raise Refusal(f"{name} is not defined", "name", hint)

    def visible(self, scope: Scope) -> list[str]:
        names: list[str] = []
        here: Scope | None = scope
        while here is not None:
            names += here.names
            here = here.parent
        return names

    def store(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Give a value to a name, to what an index or an attribute names, or to several of them."""
        if isinstance(target, ast.Name):
            scope.home(target.id).names[target.id] = value
            if self.libraries.tape is not None:
                self.libraries.tape.called_so(target.id, value)
        elif isinstance(target, ast.Tuple | ast.List):
            self.unpack(target, [value] * len(target.elts) if isinstance(value, Idle) else self.listed(value), scope)
        elif isinstance(target, ast.Subscript):
            base, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            self.at = target
            self.put_item(base, key, value)
        elif isinstance(target, ast.Attribute):
            base = self.evaluate(target.value, scope)
            self.at = target
            self.put_attribute(base, target.attr, value)
        else:
            self.at = target
            raise Refusal("this cannot be given a value", "syntax")

    def unpack(self, target: ast.Tuple | ast.List, values: list[Any], scope: Scope) -> None:
        names = target.elts
        star = next((i for i, one in enumerate(names) if isinstance(one, ast.Starred)), None)
        if star is not None:
            behind = len(names) - star - 1
            if len(values) >= len(names) - 1:
                values = [*values[:star], values[star : len(values) - behind], *values[len(values) - behind :]]
        if len(values) != len(names):
            self.at = target
            raise Refusal(f"{len(values)} values for {len(names)} names", "value")
        for one, value in zip(names, values, strict=True):
            self.store(one.value if isinstance(one, ast.Starred) else one, value, scope)
