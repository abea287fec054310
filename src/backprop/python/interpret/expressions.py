# ruff: noqa: N802
"""Expressions, walked over values of our own."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.interpret import indexing
from backprop.python.interpret.builtins import text_of
from backprop.python.interpret.names import Names
from backprop.python.values.arrays import is_array, number_of, settled
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Object, Scope, Unknown, called, misfit

UNREAD = (complex, bytes)
SMALL = 1 << 30  # whole numbers beneath it, as places are, have no results that could be too large
UNARY: dict[type[ast.unaryop], str] = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}
PLACES = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


class Expressions(Names):
    """A method for each kind of expression: `of_` and its name in Python's own tree."""

    def evaluate(self, tree: ast.expr, scope: Scope) -> Any:
        meter = self.meter
        meter.steps += 1  # a step of it, without a call: this is done more often than all else
        if meter.steps > meter.next_look:
            meter.step(0)
        found = scope.names.get(tree.id) if isinstance(tree, ast.Name) else None
        if found is not None and type(found) is not Unknown:
            return found  # of most names
        of = self.expressions.get(type(tree))
        if of is None:
            self.at = tree
            raise Refusal(f"{type(tree).__name__.lower()} is not read", "syntax")
        return of(tree, scope)

    def of_Constant(self, tree: ast.Constant, scope: Scope) -> Any:
        if isinstance(tree.value, UNREAD):
            self.at = tree
            raise Refusal(f"{type(tree.value).__name__} is not read")
        return tree.value

    def of_Name(self, tree: ast.Name, scope: Scope) -> Any:
        return self.lookup(tree.id, scope, tree)

    def of_Tuple(self, tree: ast.Tuple, scope: Scope) -> Any:
        return tuple(self.elements(tree.elts, scope))

    def of_List(self, tree: ast.List, scope: Scope) -> Any:
        return self.elements(tree.elts, scope)

    def of_Set(self, tree: ast.Set, scope: Scope) -> Any:
        return set(self.elements(tree.elts, scope))

    def elements(self, trees: list[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for one in trees:
            if isinstance(one, ast.Starred):
                found.extend(self.listed(self.evaluate(one.value, scope)))
            else:
                found.append(self.evaluate(one, scope))
        return found

    def of_Dict(self, tree: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        for key, value in zip(tree.keys, tree.values, strict=True):
            if key is None:
                more = self.evaluate(value, scope)
                self.meter.length(len(more))
                found.update(more)
            else:
                found[indexing.key_of(self.evaluate(key, scope))] = self.evaluate(value, scope)
        return found

    def of_BinOp(self, tree: ast.BinOp, scope: Scope) -> Any:
        left, right = self.evaluate(tree.left, scope), self.evaluate(tree.right, scope)
        self.at = tree
        kind = type(tree.op)
        if type(left) is int is type(right) and kind in PLACES and -SMALL < left < SMALL and -SMALL < right < SMALL:
            return PLACES[kind](left, right)
        return self.binary(kind, left, right)

    def of_UnaryOp(self, tree: ast.UnaryOp, scope: Scope) -> Any:
        value = self.evaluate(tree.operand, scope)
        self.at = tree
        if isinstance(tree.op, ast.Not):
            return not self.truth(value)
        if isinstance(value, Object):
            return self.gives(value, UNARY[type(tree.op)])
        if not is_array(value) and not isinstance(value, bool | int | float):
            raise misfit(f"{called(value)} cannot be computed with", value)
        if isinstance(tree.op, ast.USub):
            out, tape = settled(-value, value), self.libraries.tape
            if tape is not None:
                tape.hangs(out, [(tape.ids(value), -1.0)])
            return out
        out = settled(~value if isinstance(tree.op, ast.Invert) else +value, value)
        if self.libraries.tape is not None:
            name = "logical_not" if isinstance(tree.op, ast.Invert) else "copy"
            self.libraries.tape.called(name, np.logical_not, (value,), {}, out)
        return out

    def of_BoolOp(self, tree: ast.BoolOp, scope: Scope) -> Any:
        value = None
        for one in tree.values:
            value = self.evaluate(one, scope)
            self.at = one
            if self.truth(value) != isinstance(tree.op, ast.And):
                return value
        return value

    def of_Compare(self, tree: ast.Compare, scope: Scope) -> Any:
        left, found = self.evaluate(tree.left, scope), True
        for kind, one in zip(tree.ops, tree.comparators, strict=True):
            right = self.evaluate(one, scope)
            self.at = tree
            found = self.compared(kind, left, right)
            if len(tree.ops) > 1 and not self.truth(found):
                return found
            left = right
        return found

    def of_IfExp(self, tree: ast.IfExp, scope: Scope) -> Any:
        return self.evaluate(tree.body if self.truth(self.evaluate(tree.test, scope)) else tree.orelse, scope)

    def of_JoinedStr(self, tree: ast.JoinedStr, scope: Scope) -> Any:
        parts = []
        for one in tree.values:
            if isinstance(one, ast.FormattedValue):
                parts.append(text_of(self, self.evaluate(one.value, scope)))
            else:
                parts.append(str(self.evaluate(one, scope)))
        self.meter.length(sum(map(len, parts)))
        return "".join(parts)

    def of_ListComp(self, tree: ast.ListComp, scope: Scope) -> Any:
        return self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner))

    def of_GeneratorExp(self, tree: ast.GeneratorExp, scope: Scope) -> Any:
        return iter(self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner)))

    def of_SetComp(self, tree: ast.SetComp, scope: Scope) -> Any:
        return set(self.comprehended(tree.generators, scope, lambda inner: self.evaluate(tree.elt, inner)))

    def of_DictComp(self, tree: ast.DictComp, scope: Scope) -> Any:
        def item(inner: Scope) -> Any:
            return indexing.key_of(self.evaluate(tree.key, inner)), self.evaluate(tree.value, inner)

        return dict(self.comprehended(tree.generators, scope, item))

    def comprehended(self, loops: list[ast.comprehension], scope: Scope, item: Callable[[Scope], Any]) -> list[Any]:
        inner, found = Scope(scope), []

        def go(rest: list[ast.comprehension]) -> None:
            if not rest:
                found.append(item(inner))
                return
            loop = rest[0]
            for one in self.items(self.evaluate(loop.iter, inner)):
                self.meter.step()
                self.store(loop.target, one, inner)
                if all(self.truth(self.evaluate(test, inner)) for test in loop.ifs):
                    go(rest[1:])

        go(loops)
        return found

    def of_NamedExpr(self, tree: ast.NamedExpr, scope: Scope) -> Any:
        value = self.evaluate(tree.value, scope)
        self.store(tree.target, value, scope)
        return value

    def of_Yield(self, tree: ast.Yield, scope: Scope) -> Any:
        self.yields([None if tree.value is None else self.evaluate(tree.value, scope)])

    def of_YieldFrom(self, tree: ast.YieldFrom, scope: Scope) -> Any:
        self.yields(self.listed(self.evaluate(tree.value, scope)))

    def yields(self, values: list[Any]) -> None:
        if not self.yielded:
            raise Refusal("a yield stands in no function", "syntax")
        last = self.yielded[-1]
        if isinstance(last, list):
            self.meter.length(len(last) + len(values))
            last.extend(values)
        else:
            for one in values:
                last(one)

    def of_Slice(self, tree: ast.Slice, scope: Scope) -> Any:
        bounds = [self.evaluate(one, scope) if one is not None else None for one in (tree.lower, tree.upper, tree.step)]
        self.at = tree
        return slice(*[number_of(one) if one is not None else None for one in bounds])

    def of_Subscript(self, tree: ast.Subscript, scope: Scope) -> Any:
        base, key = self.evaluate(tree.value, scope), self.evaluate(tree.slice, scope)
        self.at = tree
        return self.get_item(base, key)

    def of_Attribute(self, tree: ast.Attribute, scope: Scope) -> Any:
        base = self.evaluate(tree.value, scope)
        self.at = tree
        return self.attribute(base, tree.attr)
