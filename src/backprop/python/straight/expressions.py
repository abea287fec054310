"""Expressions: a method for each kind, `on_` and its name in Python's own tree."""

from __future__ import annotations

import ast

from backprop.errors import LARGEST
from backprop.gates import CONSTANTS
from backprop.python.straight.names import Names
from backprop.python.straight.trees import called, is_truth, places_of, shaped, slice_behind_dots

OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal",
    ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip


class Expressions(Names):
    """Reads expressions, but for calls."""

    def expression(self, tree: ast.expr) -> int:
        """The node of an expression."""
        read = getattr(self, f"on_{type(tree).__name__.lower()}", None)
        if read is None:
            raise self.refused(called(tree), tree)
        node: int = read(tree)
        return node

    def on_constant(self, tree: ast.Constant) -> int:
        if tree.value is None:
            return self.node("name", "none", tree)
        if tree.value is ...:
            return self.node("ellipsis", (), tree)
        if isinstance(tree.value, (int, float)):
            try:
                return self.node("number", float(tree.value), tree)
            except OverflowError:
                raise self.problem("syntax", f"this is beyond the largest number, {LARGEST}", tree) from None
        raise self.problem("syntax", f"{ast.unparse(tree)} is no number", tree)

    def on_name(self, tree: ast.Name) -> int:
        if tree.id in self.functions and self.functions[tree.id] in CONSTANTS:
            return self.node("name", self.functions[tree.id], tree)
        self.used.add(tree.id)
        return self.node("name", self.current.get(tree.id, tree.id), tree)

    def on_binop(self, tree: ast.BinOp) -> int:
        """A chain of operators, from its leftmost operand on: a long sum is no deep recursion."""
        chain: list[ast.BinOp] = []
        here: ast.expr = tree
        while isinstance(here, ast.BinOp):
            chain.append(here)
            here = here.left
        node = self.expression(here)
        for link in reversed(chain):
            node = self.operation(link, node, self.expression(link.right))
        return node

    def operation(self, tree: ast.BinOp, left: int, right: int) -> int:
        """One operator."""
        kind = type(tree.op)
        if kind in OPERATORS:
            return self.node(OPERATORS[kind], (left, right), tree)
        if kind is ast.BitAnd:  # of conditions
            return self.node("multiply", (left, right), tree)
        if kind is ast.Mod:
            return self.call("mod", (left, right), tree)
        if kind is ast.FloorDiv:
            return self.call("floor", (self.node("divide", (left, right), tree),), tree)
        raise self.refused("this operator", tree)

    def on_unaryop(self, tree: ast.UnaryOp) -> int:
        if isinstance(tree.op, ast.UAdd):
            return self.expression(tree.operand)
        if isinstance(tree.op, ast.Not):
            return self.negated(self.expression(tree.operand), tree)
        if not isinstance(tree.op, ast.USub):
            raise self.refused("this operator", tree)
        if isinstance(tree.operand, ast.Constant) and isinstance(tree.operand.value, (int, float)):
            return self.node("number", -float(tree.operand.value), tree)
        return self.node("negate", (self.expression(tree.operand),), tree)

    def on_compare(self, tree: ast.Compare) -> int:
        if len(tree.ops) != 1 or type(tree.ops[0]) not in OPERATORS:
            raise self.problem("syntax", "only one comparison at a time can be read: a < b", tree)
        left, right = self.expression(tree.left), self.expression(tree.comparators[0])
        return self.node(OPERATORS[type(tree.ops[0])], (left, right), tree)

    def negated(self, node: int, tree: ast.AST) -> int:
        """Whether something is not so."""
        return self.node("equal", (node, self.node("number", 0.0, tree)), tree)

    def on_boolop(self, tree: ast.BoolOp) -> int:
        """`a and b`, of conditions: both are 1."""
        if isinstance(tree.op, ast.Or):
            raise self.refused("or", tree)
        node, *others = [self.negated(self.negated(self.expression(part), part), part) for part in tree.values]
        for other in others:
            node = self.node("multiply", (node, other), tree)
        return node

    def on_ifexp(self, tree: ast.IfExp) -> int:
        condition, yes, no = (self.expression(part) for part in (tree.test, tree.body, tree.orelse))
        return self.call("where", (condition, yes, no), tree)

    def on_list(self, tree: ast.List | ast.Tuple) -> int:
        if is_truth(tree):
            return self.truth(tree)
        return self.node("array", tuple([self.expression(element) for element in tree.elts]), tree)

    on_tuple = on_list

    def truth(self, tree: ast.expr) -> int:
        """A list of True and False, which is a mask; by itself, True is 1."""
        if isinstance(tree, (ast.List, ast.Tuple)):
            return self.node("array", tuple([self.truth(element) for element in tree.elts]), tree)
        return self.node("name", ast.unparse(tree).lower(), tree)

    def on_subscript(self, tree: ast.Subscript) -> int:
        of = shaped(tree.value)
        if of is not None and isinstance(tree.slice, (ast.Constant, ast.UnaryOp)):
            counted = self.expression(of)
            return self.call("count", (counted,), tree, ("axis", self.expression(tree.slice)))
        value = self.expression(tree.value)
        taken = slice_behind_dots(places_of(tree.slice)) if self.repeated else None
        if taken is not None:
            axis, place = taken
            options = ("axis", self.node("number", float(axis), tree)), ("place", self.expression(place))
            return self.call("take", (value,), tree, *options)
        return self.node("index", (value, *[self.expression(place) for place in places_of(tree.slice)]), tree)

    def on_slice(self, tree: ast.Slice) -> int:
        bounds = tuple(
            None if bound is None else self.expression(bound) for bound in (tree.lower, tree.upper, tree.step)
        )
        return self.node("slice", bounds, tree)

    def on_attribute(self, tree: ast.Attribute) -> int:
        if self.is_library(tree.value):
            if tree.attr in CONSTANTS:
                return self.node("name", tree.attr, tree)
            raise self.problem(
                "name", f"{ast.unparse(tree)} is no number", tree, "call it, or use one of pi, e, tau, inf, nan"
            )
        if tree.attr == "T":
            return self.node("transpose", (self.expression(tree.value),), tree)
        raise self.refused(f".{tree.attr}", tree)
