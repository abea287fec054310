"""Calls: functions of math and numpy, methods, functions of the user's."""

from __future__ import annotations

import ast
from typing import Any

from backprop.python.straight.expressions import OPERATORS, Expressions
from backprop.python.straight.trees import elements, is_call, is_truth, is_written, place_of, places_of, shaped

NODES = frozenset(OPERATORS.values()) | {"negate"}  # a call of these is the operator itself
COPIES = frozenset(["float", "array", "asarray", "float64"])  # hand on what they are given
JOINS = frozenset(["stack", "concat", "concatenate"])  # of a list of inputs
EXTREMES = ("max", "min", "amax", "amin")


class Calls(Expressions):
    """Reads calls; a function that is no gate by that name has a method, `call_` and its name."""

    def on_call(self, tree: ast.Call) -> int:
        """A function of math or numpy, a method, or a function of the user's."""
        function, before = tree.func, []
        if isinstance(function, ast.Name):
            if function.id in self.helpers:
                return self.helper_call(self.helpers[function.id], tree)
            name = function.id if function.id in self.own else self.functions.get(function.id, function.id)
        elif isinstance(function, ast.Attribute):
            name = function.attr
            if not self.is_library(function.value):
                before = [self.expression(function.value)]
        else:
            raise self.problem("syntax", "only a function's name can be called here", function)
        if name in ("zeros_like", "ones_like", "len") and name not in self.own and len(tree.args) == 1:
            return self.like(name, tree)
        special = getattr(self, f"call_{name}", None) if name not in self.own else None
        found = special(tree) if special is not None and not before else None
        if found is not None:
            return int(found)
        copies = name in COPIES and name not in self.own
        if name not in self.own and not copies:
            name = self.known(name, function)
        starred = [argument for argument in tree.args if isinstance(argument, ast.Starred)]
        if starred or any(keyword.arg is None for keyword in tree.keywords):
            raise self.problem("syntax", "* and ** cannot be read here", starred[0] if starred else tree)
        spread = [part for argument in tree.args for part in (elements(argument) if name in JOINS else [argument])]
        arguments = (*before, *[self.argument(argument) for argument in spread])
        if copies and len(arguments) == 1:
            return arguments[0]
        by_position = isinstance(function, ast.Attribute) and function.attr in EXTREMES and len(arguments) == 2
        if by_position and is_whole(tree.args[-1]):  # np.max(x, 1), x.max(1): an axis, and no other number
            return self.call(name, arguments[:1], tree, ("axis", arguments[1]), *self.keywords(tree))
        bare = name in NODES and name not in self.own and not tree.keywords
        if bare and len(arguments) == (1 if name == "negate" else 2):
            return self.node(name, arguments, tree)
        return self.call(name, arguments, tree, *self.keywords(tree))

    def argument(self, tree: ast.expr) -> int:
        """An argument of a call, which may be a text."""
        if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
            return self.node("string", tree.value, tree)
        return self.expression(tree)

    def keywords(self, tree: ast.Call) -> tuple[tuple[str, int], ...]:
        return tuple((str(keyword.arg), self.argument(keyword.value)) for keyword in tree.keywords)

    def copies(self, tree: ast.Call) -> bool:
        """Whether a call hands on what it is given."""
        return any(is_call(tree, name) for name in COPIES)

    def helper_call(self, gate: str, tree: ast.Call) -> int:
        """A call of a helper that is a gate; some take their inputs together, or an index."""
        inputs, options = list(tree.args), list(self.keywords(tree))
        if gate == "scatter":  # scatter(g, x, np.s_[0, 1:3])
            subscript: Any = inputs.pop()
            places = places_of(subscript.slice)
            wires = [place for place in places if not is_written(place)]
            kinds = ["mask" if isinstance(place, ast.Compare) or is_truth(place) else "wire" for place in places]
            at = tuple(kind if place in wires else place_of(place) for kind, place in zip(kinds, places, strict=True))
            options.append(("at", self.node("string", at, tree)))
            inputs += wires
        if gate == "starts":
            inputs = elements(inputs[0])
        return self.call(gate, tuple([self.expression(argument) for argument in inputs]), tree, *options)

    def call_logical_not(self, tree: ast.Call) -> int:
        return self.negated(self.expression(tree.args[0]), tree)

    def call_size(self, tree: ast.Call) -> int:
        return self.call("count", (self.expression(tree.args[0]),), tree)

    def call_trace(self, tree: ast.Call) -> int:
        return self.call("trace", (self.expression(tree.args[0]),), tree)

    def call_reshape(self, tree: ast.Call) -> int | None:
        """`np.reshape(x, np.shape(y))`; of a shape that is written out, it is as any other call."""
        of = shaped(tree.args[1]) if len(tree.args) == 2 else None
        if of is None or not self.repeated:
            return None
        return self.call("reshape_like", (self.expression(tree.args[0]), self.expression(of)), tree)

    def call_prod(self, tree: ast.Call) -> int | None:
        """`np.prod(np.shape(x)[:-1])`, how many rows there are."""
        inner = tree.args[0] if tree.args else None
        of = shaped(inner.value) if isinstance(inner, ast.Subscript) and ast.unparse(inner.slice) == ":-1" else None
        if of is None or not self.repeated:
            return None
        return self.call("rows", (self.expression(of),), tree)

    def call_expand_dims(self, tree: ast.Call) -> int | None:
        if not self.repeated or len(tree.args) != 2:
            return None
        axis = ("axis", self.expression(tree.args[1]))
        return self.call("expand", (self.expression(tree.args[0]),), tree, axis)

    def like(self, name: str, tree: ast.Call) -> int:
        """zeros_like(x) is 0 * x, ones_like(x) is x^0, and len(x) counts along the first axis."""
        inner = self.expression(tree.args[0])
        nought = self.node("number", 0.0, tree)
        if self.repeated and name != "len":
            return self.call(name, (inner,), tree)
        if name == "zeros_like":
            return self.node("multiply", (nought, inner), tree)
        if name == "ones_like":
            return self.node("power", (inner, nought), tree)
        return self.call("count", (inner,), tree, ("axis", nought))


def is_whole(tree: ast.expr) -> bool:
    """Whether a whole number is written out."""
    inner = tree.operand if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub) else tree
    return isinstance(inner, ast.Constant) and type(inner.value) is int
