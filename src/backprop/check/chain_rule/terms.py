"""Expressions of a backward pass with what they are, and arithmetic with them.

What is there already under a name is taken by that name: it is known by its value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

import numpy as np

from backprop.check.passes.quantities import Failed, Room, Story, Values
from backprop.check.passes.trace import Visit

PLAIN = (0.0, 1.0, -1.0, 2.0, 0.5)  # numbers that tell nothing


class Term(NamedTuple):
    """An expression, and what it is."""

    tree: ast.expr
    value: Any

    @property
    def shape(self) -> tuple[int, ...]:
        return np.shape(self.value)

    @property
    def text(self) -> str:
        return ast.unparse(self.tree)

    def is_number(self, number: float) -> bool:
        return isinstance(self.tree, ast.Constant) and self.tree.value == number


def name(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def number(value: Any) -> Term:
    return Term(ast.Constant(value), value)


Named = dict[str, ast.expr]  # the operands of a call that have names
Sent = Iterator[tuple[ast.expr, Term]]  # what goes back to quantities that an expression reads


def tells(value: Any) -> bool:
    """Whether a value is like no other: no plain number, no array of one number."""
    if isinstance(value, np.ndarray):
        with np.errstate(all="ignore"):  # there may be infinities
            several = value.size > 0 and bool(np.ptp(value.astype(float)) > 0)
        return value.dtype.kind in "fb" and (several or (value.size == 1 and float(value.flat[0]) not in PLAIN))
    return isinstance(value, float | np.floating) and float(value) not in PLAIN


class Tidy(ast.NodeTransformer):
    """Products with one number for the several that stand in them: `g / N` for `2 * (1.0 / N * -0.5) * -g`."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if isinstance(node.op, ast.Mult | ast.Div):
            return self.product(node)
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Sub) and is_negative(node.right):  # a - -b
            return ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right.operand)
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        return self.product(node) if isinstance(node.op, ast.USub) else self.generic_visit(node)

    def product(self, node: ast.expr) -> ast.AST:
        over: list[Any] = []
        under: list[Any] = []
        numbers: tuple[list[float], list[float]] = ([], [])  # over and under
        waiting: list[tuple[ast.expr, bool]] = [(node, False)]
        while waiting:
            one, below = waiting.pop()
            if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult | ast.Div):
                waiting += [(one.right, below ^ isinstance(one.op, ast.Div)), (one.left, below)]
            elif isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.USub):
                numbers[0].append(-1.0)
                waiting.append((one.operand, below))
            elif isinstance(one, ast.Constant) and isinstance(one.value, int | float) and one.value:
                numbers[below].append(one.value)
            else:
                (under if below else over).append(self.visit(one))
        top, bottom = (float(np.prod(one)) for one in numbers)
        if is_plain(top / bottom):
            top, bottom = top / bottom, 1.0
        elif is_plain(bottom / top):
            top, bottom = (1.0 if top > 0 else -1.0), bottom / abs(top)
        if len(numbers[0]) + len(numbers[1]) < 2 or not (is_plain(top) and is_plain(bottom)):
            return self.generic_visit(node)
        size = whole(abs(top))
        found: ast.expr = ast.Constant(size) if size != 1 or not over else over.pop(0)
        for one in over:
            found = ast.BinOp(found, ast.Mult(), one)
        for one in [*under, *([ast.Constant(whole(bottom))] if bottom != 1 else [])]:
            found = ast.BinOp(found, ast.Div(), one)
        return ast.UnaryOp(ast.USub(), found) if top < 0 else found


def is_negative(tree: ast.expr) -> TypeGuard[ast.UnaryOp]:
    return isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub)


def is_plain(number: float) -> bool:
    """Whether a number is one that people write: with few digits."""
    return repr(number) == f"{number:.6g}" or number == int(number)


def whole(number: float) -> float:
    """A number without a fraction as one that has none."""
    return int(number) if number == int(number) else number


class Terms:
    """Terms as they may stand at one visit of a line."""

    def __init__(self, story: Story, visit: Visit, atoms: dict[str, Any], torch: bool) -> None:
        self.story, self.torch = story, torch
        self.library = "torch" if torch else "np"
        self.from_end = any(one in visit.source.text for one in ("=-1", "(-1", ", -1)"))  # the last axis is called -1
        self.here = Room(story.trace, visit)
        self.atoms = Values()
        self.numbers: dict[Any, str] = {}
        self.known_atoms, self.texts = atoms, list(atoms)
        for text, value in atoms.items():
            if isinstance(value, int | np.integer) and not isinstance(value, bool):
                self.numbers.setdefault(int(value), text)
            elif tells(value):
                self.atoms.add(value, Term(name(text), np.asarray(value, dtype=float)))

    def told(self, value: Any) -> Term | None:
        """What has a value that is like no other, by its name here."""
        found: Term | None = self.atoms.find(value) if tells(value) else None
        return found

    def known(self, tree: ast.expr, value: Any) -> Term:
        """A new expression, or the name that its value has here."""
        return self.told(value) or Term(tree, value)

    def binary(self, a: Term, operator: ast.operator, b: Term, value: Any) -> Term:
        return self.known(ast.BinOp(a.tree, operator, b.tree), value)

    def add(self, a: Term, b: Term) -> Term:
        if isinstance(b.tree, ast.UnaryOp) and isinstance(b.tree.op, ast.USub):
            return self.binary(a, ast.Sub(), Term(b.tree.operand, -np.asarray(b.value)), a.value + b.value)
        if isinstance(a.tree, ast.UnaryOp) and isinstance(a.tree.op, ast.USub):
            return self.binary(b, ast.Sub(), Term(a.tree.operand, -np.asarray(a.value)), a.value + b.value)
        return self.binary(a, ast.Add(), b, a.value + b.value)

    def multiply(self, a: Term, b: Term) -> Term:
        if a.is_number(1):
            return b
        if b.is_number(1):
            return a
        return self.binary(a, ast.Mult(), b, np.multiply(a.value, b.value))

    def divide(self, a: Term, b: Term) -> Term:
        return a if b.is_number(1) else self.binary(a, ast.Div(), b, a.value / np.asarray(b.value))

    def minus(self, a: Term) -> Term:
        if isinstance(a.tree, ast.UnaryOp) and isinstance(a.tree.op, ast.USub):
            return Term(a.tree.operand, -np.asarray(a.value))
        return self.known(ast.UnaryOp(ast.USub(), a.tree), -np.asarray(a.value))

    def turned(self, a: Term) -> Term:
        """A matrix with its last two axes exchanged."""
        if a.shape == () or len(a.shape) == 1:
            return a
        value = np.swapaxes(a.value, -1, -2)
        found: Term | None = self.atoms.find(value)
        if found is not None:
            return found
        tree = a.tree
        if isinstance(tree, ast.Attribute) and tree.attr == "T":
            return Term(tree.value, value)
        if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.MatMult):
            try:
                left, right = (Term(one, self.here.value(one)) for one in (tree.left, tree.right))
                if len(left.shape) > 1 and len(right.shape) > 1:
                    return Term(ast.BinOp(self.turned(right).tree, ast.MatMult(), self.turned(left).tree), value)
            except Failed:
                pass
        if len(a.shape) == 2:
            return Term(ast.Attribute(tree, "T", ast.Load()), value)
        axes = list(range(len(a.shape)))
        axes[-1], axes[-2] = axes[-2], axes[-1]
        return self.method(a, "transpose", [-1, -2] if self.torch else axes, value)

    def method(self, a: Term, called: str, arguments: list[Any], value: Any, **named: Any) -> Term:
        given = [one if isinstance(one, ast.expr) else name(repr(one)) for one in arguments]
        keywords = [ast.keyword(key, name(repr(one))) for key, one in named.items()]
        return self.known(ast.Call(ast.Attribute(a.tree, called, ast.Load()), given, keywords), value)

    def summed(self, a: Term, axes: tuple[int, ...], keep: bool, mean: bool = False) -> Term:
        if not axes:
            return a
        verb, function = ("mean", np.mean) if mean else ("sum", np.sum)
        value = function(a.value, axis=axes, keepdims=keep)
        if len(axes) == len(a.shape) and not keep:
            return self.method(a, verb, [], value)
        axis: Any = axes[0] if len(axes) == 1 else axes
        if self.from_end and axis == len(a.shape) - 1 > 0:
            axis = -1
        words = ("dim", "keepdim") if self.torch else ("axis", "keepdims")
        named = {words[0]: axis, **({words[1]: True} if keep else {})}
        return self.method(a, verb, [], value, **named)

    def spread(self, a: Term, shape: tuple[int, ...]) -> Term:
        """A term that is as large as it should be."""
        if a.shape == shape:
            return a
        value = np.broadcast_to(a.value, shape)
        for text in self.texts:
            try:
                if np.shape(self.here.value(name(text))) == shape:
                    ones = ast.Call(name(f"{self.library}.ones_like"), [name(text)], [])
                    return Term(ast.BinOp(a.tree, ast.Mult(), ones), np.array(value))
            except Failed:
                continue
        return Term(ast.BinOp(a.tree, ast.Mult(), name(f"{self.library}.ones({shape!r})")), np.array(value))

    def fit(self, g: Term, whole: tuple[int, ...], shape: tuple[int, ...]) -> Term:
        """A gradient on what was broadcast, summed up to the shape of an operand."""
        lead = len(whole) - len(shape)
        over = [*range(lead), *(lead + k for k, one in enumerate(shape) if one == 1 and whole[lead + k] > 1)]
        if not over:
            return g
        if g.shape != whole:
            g = self.spread(g, whole)
        kept = tuple([axis for axis in over if axis >= lead])
        if not shape or (lead and not kept) or not lead:
            return self.summed(g, tuple(over), bool(kept) and not lead and bool(shape))
        return self.summed(self.summed(g, tuple(range(lead)), False), tuple([one - lead for one in kept]), True)
