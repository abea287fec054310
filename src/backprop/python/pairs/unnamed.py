"""Gradients that a script takes its steps with and gives no name, `W -= rate * X.T @ delta`: they get one."""

from __future__ import annotations

import ast
import copy
from collections.abc import Set
from typing import Any, NamedTuple

from backprop.python.texts.called import called, names_in, set_in, targets
from backprop.python.texts.gradients import RATE, bases, is_of_gradient

RATES = frozenset(["alpha", "step", "step_size", "stepsize", "learningrate"])  # beside those that `RATE` knows
SMALL_RATE = 0.2  # a number that is multiplied with is a rate below
PRODUCTS = (ast.Mult, ast.MatMult, ast.Div)
BLOCKS = ("body", "orelse")


class Step(NamedTuple):
    """What is changed by a step, and by what: `rate` times `gradient`, down."""

    target: ast.Name | ast.Attribute | ast.Subscript
    rate: ast.expr | None
    gradient: ast.expr


class Known(NamedTuple):
    """What is known of names: of which something is called the gradient, and which are set to what is no list."""

    named: frozenset[str]
    arrays: frozenset[str]


def with_names(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Statements in which every step reads a gradient that has a name, set right before; the same ones, if all do."""
    made = set().union(*map(set_in, statements))
    arrays = {name for one in statements for name in targets(one) if makes_array(one)}
    return named_in(statements, Known(frozenset(base for name in made for base in bases(name)), frozenset(arrays)))


def makes_array(statement: ast.stmt) -> bool:
    """Whether a statement sets what may be an array, or several: no list."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(one, ast.Call | ast.BinOp | ast.Subscript) for one in values)


def named_in(statements: list[ast.stmt], known: Known, before: Set[str] = frozenset()) -> list[ast.stmt]:
    """The statements of one block; a step counts that changes what one before it reads, or is read `before` them, if
    what it reads is made in this round: no running mean."""
    found: list[ast.stmt] = []
    read, stepped, made, running = {*before}, set[str](), set[str](), set[str]()
    for one in statements:
        name, names = changed(one), names_in([one])
        step = step_of(one) if name in read - known.named and running.isdisjoint(names) else None
        part = step is not None and called(step.target) is None and name not in known.arrays
        if name is None or step is None or part:
            found.append(inside(one, known, read))
            own = {*targets(one)} - known.named
            value = getattr(one, "value", one)  # None of `return`, and of `x: int`
            taken = names_in([value] if value is not None else [])
            kept = own & (taken | (own if isinstance(one, ast.AugAssign) else set()))
            running |= own if not running.isdisjoint(names) else kept - made
            made |= own
        else:
            found += in_steps(one, step, again=name in stepped)
            stepped.add(name)
        read |= names
    return statements if all(a is b for a, b in zip(found, statements, strict=False)) else found


def inside(statement: ast.stmt, known: Known, before: Set[str]) -> ast.stmt:
    """A loop or a condition, whose statements are looked at; what a function does is its own affair. In a loop there
    are steps of its own rounds alone."""
    if not isinstance(statement, ast.For | ast.While | ast.If | ast.With):
        return statement
    before = before if isinstance(statement, ast.If | ast.With) else frozenset()
    blocks = {key: value for key, value in ast.iter_fields(statement) if key in BLOCKS and value}
    parts = {key: named_in(value, known, before) for key, value in blocks.items()}
    if all(part is getattr(statement, key) for key, part in parts.items()):
        return statement
    made = copy.copy(statement)
    for key, part in parts.items():
        setattr(made, key, part)
    return made


def in_steps(statement: ast.stmt, step: Step, again: bool) -> list[ast.stmt]:
    """A step as several statements: its gradient under a name, that of a part of an array in one of its shape, and the
    step with that; `again` where there was one before, to whose gradient this one is added."""
    whole, index = step.target, None
    if called(whole) is None and isinstance(whole, ast.Subscript):
        whole, index = whole.value, whole.slice  # type: ignore[assignment]
    name = f"d{called(whole)}".replace(".", "_")
    own: Any = (
        ast.Name(name, ast.Store()) if index is None else ast.Subscript(ast.Name(name, ast.Load()), index, ast.Store())
    )
    gradient: Any = ast.Assign([own], step.gradient)
    if again or index is not None:
        gradient = ast.AugAssign(own, ast.Add(), step.gradient)
    gradient.step = statement, step  # of which it is told
    if again:
        return [with_place(gradient, statement), statement]
    room = ast.Assign([ast.Name(name, ast.Store())], ast.BinOp(ast.Constant(0.0), ast.Mult(), loaded(whole)))
    taken = loaded(own) if step.rate is None else ast.BinOp(step.rate, ast.Mult(), loaded(own))
    made = [*([room] if index is not None else []), gradient, ast.AugAssign(step.target, ast.Sub(), taken)]
    return [with_place(one, statement) for one in made]


def loaded(node: ast.expr) -> ast.expr:
    """An expression, to be read."""
    return ast.parse(ast.unparse(node), mode="eval").body


def with_place(made: ast.stmt, old: ast.stmt) -> ast.stmt:
    """What was made in place of a statement, with its place where it has none."""
    for node in ast.walk(made):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, old)
    return made


def retold(statement: ast.stmt, text: str) -> str | None:
    """The step that the user wrote, with the gradient of another text; None of what sets none of a step."""
    if not hasattr(statement, "step"):
        return None
    other = ast.parse(text).body[0]
    adds = isinstance(other, ast.AugAssign) and isinstance(other.op, ast.Add)
    if type(other) is not type(statement) or not (adds or isinstance(other, ast.Assign)):
        return None
    (old, step), gradient = statement.step, other.value  # type: ignore[attr-defined]
    down = not isinstance(gradient, ast.UnaryOp) or not isinstance(gradient.op, ast.USub)
    by = gradient if down else gradient.operand
    by = by if step.rate is None else ast.BinOp(step.rate, ast.Mult(), by)
    sign = ast.Sub() if down else ast.Add()
    if isinstance(old, ast.AugAssign):
        return ast.unparse(ast.AugAssign(step.target, sign, by))
    return ast.unparse(ast.Assign([step.target], ast.BinOp(old.value.left, sign, by), lineno=old.lineno))


# ── what a step is ──


def changed(statement: ast.stmt) -> str | None:
    """What a statement may change by a step: no gradient is, nor what is called one."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    target = targets[0] if len(targets) == 1 else None
    if isinstance(target, ast.Subscript) and called(target) is None:  # a part of it
        target = target.value
    name = called(target) if target is not None else None
    return None if name is None or is_of_gradient(name) else name


def move_of(statement: ast.AST) -> tuple[Any, ast.operator, ast.expr] | None:
    """What a statement changes, by which operator and by what: `W -= x`, `W = W - x`; None of any other."""
    if isinstance(statement, ast.AugAssign):
        return statement.target, statement.op, statement.value
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.BinOp):
        return None
    target, value = statement.targets[0], statement.value
    return (target, value.op, value.right) if ast.unparse(value.left) == ast.unparse(target) else None


def step_of(statement: ast.stmt) -> Step | None:
    """The step that a statement takes, if its gradient has no name and it is plainly one: by a rate, or by a product
    with what is turned."""
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
    if (called(gradient) is not None and not part) or is_pull(gradient, target) or not (rates or is_turned(gradient)):
        return None
    return Step(
        target, without_sign(rates[0]) if rates else None, ast.UnaryOp(ast.USub(), gradient) if negative else gradient
    )


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
