"""What an object that has both passes gives, and what its way back is handed: the passes between the two."""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from backprop.python.pairs.descent import ERROR, move_of, share_of
from backprop.python.pairs.rounds import Passes, Rounds, costs_in, placed
from backprop.python.texts.called import GENERIC, called_of, names_in, targets
from backprop.python.texts.gradients import WORDS, bases, is_of_gradient


class Link(NamedTuple):
    """What an object gives, the statements up to there, those behind it up to where the object goes back, and those
    from there on."""

    output: str
    before: list[ast.stmt]
    between: list[ast.stmt]
    rest: list[ast.stmt]

    def handed(self, argument: ast.expr, line: int, back: int | None = None) -> tuple[Passes | None, int]:
        """The passes behind what is given: up to what is handed to the way back, of which `back` statements go forth
        before the first goes back, and where that is not given, those before the first that sets what is handed; and
        how many statements of those between come from there on."""
        name, statements, place = set_apart(argument, self.between, self.output)
        if place < 0 or (back is None and self.output not in hung_on(ast.Name(name), statements)):
            return None, 0
        rounds = Rounds([*self.before, *statements], ())
        rounds.whose, rounds.changed = {name: self.output}, frozenset([self.output])
        share = share_taken(self.rest)
        rounds.shares = {self.output: share} if share is not None else {}
        start, split = len(self.before), place if back is None else back
        found = rounds.apart([*self.before, *statements], start + split, line, start, self.rest)
        return found, len(self.between) - place


def put_in_place(statement: ast.stmt, call: ast.Call, name: str) -> ast.stmt:
    """A statement with a name in place of a call."""
    there = [*ast.walk(statement)].index(call)
    made = copy.deepcopy(statement)
    held = [*ast.walk(made)][there]
    InPlace(held, ast.copy_location(ast.Name(name, ast.Load()), held)).visit(made)
    return made


class InPlace(ast.NodeTransformer):
    """Puts a node in place of another one."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().generic_visit(node)


def set_apart(argument: ast.expr, between: list[ast.stmt], output: str) -> tuple[str, list[ast.stmt], int]:
    """The name of what is handed, the statements between the calls with one that sets it, and the place where it is set
    first as a gradient; -1 where it is not."""
    if not isinstance(argument, ast.Name):
        name = f"d{output}"
        made = placed(ast.Assign([ast.Name(name, ast.Store())], argument), argument)
        return name, [*between, made], len(between)
    read = [place for place, one in enumerate(between) if costs_in(one) and argument.id in names_in([one])]
    behind = max(read, default=-1)  # what a cost reads is no gradient yet: `p[rows, y] -= 1` makes it one
    sets = [place for place, one in enumerate(between) if place > behind and argument.id in targets(one)]
    return argument.id, between, next(iter(sets), -1)


def share_taken(statements: Sequence[ast.stmt]) -> ast.expr | None:
    """What all steps of objects' weights multiply gradients with beside their rate, `layer.W -= rate * layer.dW / n`;
    None where they do not agree."""
    moves = [move for one in statements for node in ast.walk(one) if (move := move_of(node)) is not None]
    found = {}
    for target, _, value in [move for move in moves if isinstance(move[0], ast.Attribute)]:
        share = share_of(value, partial(is_gradient_of, target))
        found["" if share is None else ast.unparse(share)] = share
    return next(iter(found.values())) if len(found) == 1 else None


def is_gradient_of(weight: ast.Attribute, node: ast.expr) -> bool:
    """Whether an attribute is that of a weight's gradient by its name: `layer.dW` of `layer.W`."""
    return isinstance(node, ast.Attribute) and weight.attr in bases(node.attr)


def is_upstream(name: str) -> bool:
    """Whether a name is that of a gradient from above: `dout`, `grad`, `output_error`."""
    return (is_of_gradient(name) and not WORDS.match(name)) or name in GENERIC or bool(ERROR.search(name))


def given_by(statement: ast.stmt) -> list[str]:
    """The names that a statement, or those of a loop, set."""
    return [name for its in ast.walk(statement) if isinstance(its, ast.Assign | ast.AnnAssign) for name in targets(its)]


def hung_on(value: ast.expr, statements: Sequence[ast.stmt]) -> set[str]:
    """The names on which a value hangs, through the statements that set them, or that an object remembers of which a
    method is called: `loss.forward(out, y)` before `loss.backward()`."""
    found = names_in([value])
    for its in reversed(statements):
        objects = {called_of(node) for node in ast.walk(its) if isinstance(node, ast.Call)}
        if not found.isdisjoint([*targets(its), *objects]):
            found |= names_in([its])
    return found
