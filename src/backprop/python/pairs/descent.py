"""What a step is: which statement changes something by a gradient, and at which rate."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from backprop.python.texts.called import called
from backprop.python.texts.gradients import COST, RATE, bases, is_of_gradient

RATES = frozenset(["alpha", "step", "step_size", "stepsize", "learningrate"])  # beside those that `RATE` knows
ERROR = re.compile(r"(^|_)(delta|err(or)?|(?P<grad>grad))s?_?\d*(_|$)", re.IGNORECASE)  # of a gradient on the way
SMALL_RATE = 0.2  # a number that is multiplied with is a rate below
PRODUCTS = (ast.Mult, ast.MatMult, ast.Div)


class Step(NamedTuple):
    """What is changed by a step, and by what: `rate` times `gradient`, down."""

    target: ast.Name | ast.Attribute | ast.Subscript
    rate: ast.expr | None
    gradient: ast.expr

    @property
    def is_part(self) -> bool:
        """Whether it is a part of what is called something that is changed: `inner[word] -= …`, `w[i][j] -= …`."""
        return bool(self.places)

    @property
    def whole(self) -> Any:
        """What is changed, also where it is a part of it."""
        return whole_of(self.target)

    @property
    def places(self) -> list[ast.expr]:
        """Which part of it is changed, from the outermost place to the innermost; none where all of it is."""
        found: list[ast.expr] = []
        one: ast.expr = self.target
        while isinstance(one, ast.Subscript) and called(one) is None:
            found.insert(0, one.slice)
            one = one.value
        return found


def whole_of(target: ast.expr) -> Any:
    """What is called something of a target that may be a part of it."""
    while isinstance(target, ast.Subscript) and called(target) is None:
        target = target.value
    return target


def changed(statement: ast.stmt) -> str | None:
    """What a statement may change by a step: no gradient is, nor what is called one, nor a cost, which grows."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    target = targets[0] if len(targets) == 1 else None
    name = called(whole_of(target)) if target is not None else None
    return None if name is None or is_of_gradient(name) or COST.fullmatch(name) else name


def move_of(statement: ast.AST) -> tuple[Any, ast.operator, ast.expr] | None:
    """What a statement changes, by which operator and by what: `W -= x`, `W = W - x`, also where what was there decays,
    `W = W * (1 - rate * decay) - x`; None of any other."""
    if isinstance(statement, ast.AugAssign):
        return statement.target, statement.op, statement.value
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.BinOp):
        return None
    target, value = statement.targets[0], statement.value
    before = [one for one in factors(value.left) if not decays(one)]
    own = len(before) == 1 and ast.unparse(before[0]) == ast.unparse(target)
    return (target, value.op, value.right) if own else None


def decays(node: ast.expr) -> bool:
    """Whether a factor is what is left of 1, `1 - rate * decay`."""
    whole = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and isinstance(node.left, ast.Constant)
    return whole and node.left.value == 1  # type: ignore[attr-defined]


def step_of(statement: ast.stmt, known: Collection[str] = ()) -> Step | None:
    """The step that a statement takes, if its gradient has no name and it is plainly one: by a rate, or by a product
    with what is turned; or if it is called an error, or the gradient of something else that is `known`."""
    move = move_of(statement)
    if move is None:
        return None
    target, sign, value = move
    if not isinstance(sign, ast.Add | ast.Sub) or called(value) is not None or isinstance(value, ast.Constant):
        return None
    rates: list[ast.expr] = []
    gradient = without_rate(value, rates, is_named_rate) or without_rate(value, rates, is_small) or value
    negative = isinstance(sign, ast.Add) != any(isinstance(one, ast.UnaryOp) for one in rates)
    part = isinstance(target, ast.Subscript) and called(target) is None
    name = called(gradient)
    named = name is not None and not part and not (rates and is_of_other(name, called(target), known))
    if named or is_pull(gradient, target) or not (rates or is_turned(gradient)):
        return None
    return Step(
        target, without_sign(rates[0]) if rates else None, ast.UnaryOp(ast.USub(), gradient) if negative else gradient
    )


def is_of_other(name: str, target: str | None, known: Collection[str]) -> bool:
    """Whether what has a name is an error, or the gradient of something that is known, and not of what it changes:
    `b -= rate * dz`."""
    its, error = bases(name), ERROR.search(name)
    other = (error and not error["grad"]) or (is_of_gradient(name) and not {*known}.isdisjoint(its))
    return target not in its and bool(other)


def without_rate(value: ast.expr, rates: list[ast.expr], is_rate: Any) -> ast.expr | None:
    """A product without the first factor that is a rate, which is put into `rates`; None where it has none."""
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, PRODUCTS):
        return None
    if isinstance(value.op, ast.Mult):
        for one, other in ((value.left, value.right), (value.right, value.left)):
            if is_rate(one):
                rates.append(one)
                return other
    if isinstance(value.op, ast.Div) and is_rate(value.left):
        rates.append(value.left)
        return ast.BinOp(ast.Constant(1), ast.Div(), value.right)
    left = without_rate(value.left, rates, is_rate)
    if left is not None:
        return ast.BinOp(left, value.op, value.right)
    right = without_rate(value.right, rates, is_rate) if isinstance(value.op, ast.Mult) else None
    return None if right is None else ast.BinOp(value.left, value.op, right)


def is_pull(gradient: ast.expr, target: ast.expr) -> bool:
    """Whether what is changed only moves towards something, as a running mean does: `mean += 0.1 * (x - mean)`."""
    apart = isinstance(gradient, ast.BinOp) and isinstance(gradient.op, ast.Sub)
    return apart and ast.unparse(target) in map(ast.unparse, (gradient.left, gradient.right))  # type: ignore[attr-defined]


def plainly_changed(statement: ast.AST) -> str | None:
    """What a statement changes by what is no number, and what does not only follow something, as means do."""
    move = move_of(statement)
    if move is None or not isinstance(move[1], ast.Add | ast.Sub) or isinstance(move[2], ast.Constant):
        return None
    name = called(move[0])
    grows = name is not None and (ERROR.search(name) or COST.fullmatch(name))  # from row to row: it is no weight
    return None if grows or any(is_pull(one, move[0]) for one in factors(move[2])) else name


def factors(value: ast.expr) -> list[ast.expr]:
    """The factors of a product, and what of a quotient is above the line."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult):
        return [*factors(value.left), *factors(value.right)]
    return factors(value.left) if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) else [value]


def is_named_rate(node: ast.expr) -> bool:
    name = (called(without_sign(node)) or "").rpartition(".")[2]
    rate = bool(RATE.search(name)) and not name.lower().endswith(("momentum", "decay"))
    return rate or name.lower() in RATES


def is_small(node: ast.expr) -> bool:
    node = without_sign(node)
    return isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < node.value < SMALL_RATE


def without_sign(node: ast.expr) -> ast.expr:
    return node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else node


def is_turned(gradient: ast.expr) -> bool:
    """Whether a product has a matrix that is turned in it, as that of weights has."""
    words = {one.attr for one in ast.walk(gradient) if isinstance(one, ast.Attribute)}
    return not words.isdisjoint(("T", "t", "transpose"))


def share_of(value: ast.expr, is_its: Callable[[ast.expr], bool]) -> ast.expr | None:
    """What a step multiplies a gradient with beside its rate, `1.0 / len(X)` of `rate * dW / len(X)`, by whether an
    expression is that gradient; None where there is nothing, or no product."""
    rest = without_rate(value, [], is_named_rate) or without_rate(value, [], is_small) or value
    return None if is_its(rest) else with_one(rest, is_its)


def with_one(value: ast.expr, is_its: Callable[[ast.expr], bool]) -> ast.expr | None:
    """A product with 1 in place of one of its factors; None where that is none."""
    if is_its(value):
        return ast.copy_location(ast.Constant(1.0), value)
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Mult | ast.Div):
        return None
    left = with_one(value.left, is_its)
    right = with_one(value.right, is_its) if left is None and isinstance(value.op, ast.Mult) else None
    if left is None and right is None:
        return None
    return ast.copy_location(ast.BinOp(left or value.left, value.op, right or value.right), value)
