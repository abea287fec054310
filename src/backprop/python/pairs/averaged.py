"""Steps by running means of gradients, `v[i] = mu*v[i] - rate*dW; W[i] += v[i]`: by which gradient they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from backprop.python.pairs.descent import factors, is_named_rate
from backprop.python.texts.called import called, targets


class Fed(NamedTuple):
    """What a running mean is fed with, and whether it adds to it (1) or takes from it (-1)."""

    sign: int
    gradient: ast.expr

    def turned(self, sign: int) -> Fed:
        return Fed(self.sign * sign, self.gradient)


class Feeds:
    """What the running means in a block, and what is made of them, are fed with, by the names of what holds them."""

    def __init__(self) -> None:
        self.known: dict[str, list[Fed]] = {}

    def note(self, statement: ast.stmt, is_mean: bool) -> None:
        """A statement that feeds a running mean, or makes something of one: `m_hat = m / (1 - beta**t)`."""
        if not isinstance(statement, ast.Assign | ast.AugAssign):
            return
        found = [*fed(statement)] if is_mean else [*self.in_value(statement.value)]
        self.known.update({name: found for name in targets(statement) if found})

    def in_value(self, value: ast.expr) -> Iterator[Fed]:
        for node, sign in numerators(value):
            holder = node.value if isinstance(node, ast.Subscript) and called(node) is None else node
            yield from [one.turned(sign) for one in self.known.get(called(holder) or "", ())]

    def gradient(self, sign: ast.operator, value: ast.expr) -> ast.expr | None:
        """The gradient by which a step is taken, down; None where it is not one alone."""
        found = [*self.in_value(value)]
        if len({ast.unparse(one.gradient) for one in found}) != 1 or not isinstance(sign, ast.Add | ast.Sub):
            return None
        down = found[0].sign == (1 if isinstance(sign, ast.Sub) else -1)
        return found[0].gradient if down else ast.UnaryOp(ast.USub(), found[0].gradient)


def fed(statement: ast.Assign | ast.AugAssign) -> Iterator[Fed]:
    """What a statement feeds a running mean with, beside a part of itself, `m = beta*m + (1 - beta)*g`; no squares."""
    own = ast.unparse(statement.target if isinstance(statement, ast.AugAssign) else statement.targets[0])
    sign = -1 if isinstance(getattr(statement, "op", None), ast.Sub) else 1
    for term, its in terms(statement.value, sign):
        parts = factors(term)
        if own in map(ast.unparse, parts):
            continue
        read = [one for one in parts if not is_setting(one)]
        texts = [ast.unparse(one) for one in read]
        if len(read) == 1 and not isinstance(getattr(read[0], "op", None), ast.Pow) and len({*texts}) == 1:
            yield Fed(its, read[0])


def is_mean(statement: ast.AST) -> bool:
    """Whether a statement keeps a part of what it sets, `v = 0.9*v - rate*g`: a running mean, and no step."""
    own = ast.unparse(statement.targets[0]) if isinstance(statement, ast.Assign) else ""
    products = [factors(term) for term, _ in terms(statement.value)] if isinstance(statement, ast.Assign) else []
    return any(len(one) > 1 and own in map(ast.unparse, one) for one in products)


def terms(value: ast.expr, sign: int = 1) -> Iterator[tuple[ast.expr, int]]:
    """The terms of a sum, each with its sign."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        yield from terms(value.left, sign)
        yield from terms(value.right, -sign if isinstance(value.op, ast.Sub) else sign)
    elif isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        yield from terms(value.operand, -sign)
    else:
        yield value, sign


def numerators(value: ast.expr) -> Iterator[tuple[ast.expr, int]]:
    """The factors of each term, with its sign."""
    for term, sign in terms(value):
        yield from [(one, sign) for one in factors(term)]


def is_setting(node: ast.expr) -> bool:
    """Whether a factor is how much a mean is fed, a number or what is made of numbers and names: `1 - beta1`."""
    sums = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and isinstance(node.left, ast.Constant)
    return sums or isinstance(node, ast.Constant) or is_named_rate(node)
