"""The catalogue: for a line of a backward pass, the lines that may have been meant, each with its cause and its cost.

A cost says how likely a slip is: what takes text away is cheaper than what adds some, a named size cheaper than a
number. Depth in the expression adds a little.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from backprop.check.edits import forms
from backprop.check.edits.forms import Options, cloned
from backprop.check.edits.instead import Quantity, Spot
from backprop.check.edits.statements import Whole
from backprop.check.edits.visible import Kind, Line, Visible
from backprop.python.values.work import EDIT, PLAN, spend

COMPOUND = (ast.For, ast.While, ast.If)
SIZES = ("shape", "size", "ndim")
AXES = ("axis", "dim", "keepdims", "keepdim", "dtype", "axes")


class Edit(NamedTuple):
    """Statements to be read instead of one, why, and how dear that is. `adds` is a line that is put behind it."""

    statements: list[ast.stmt]
    text: str
    cause: str | None
    cost: float
    adds: bool = False


class Plan(NamedTuple):
    """An edit that is not written out yet: its text is made when its turn comes."""

    cost: float
    cause: str | None
    text: Callable[[], str]


def plans(line: Line, atoms: dict[str, Kind]) -> list[Plan]:
    """All edits of a line; some may be the same text."""
    found = list(Catalogue(line, atoms).all())
    spend(PLAN * len(found))
    return found


def edit_of(line: Line, plan: Plan, seen: set[str], texts: dict[Plan, str] | None = None) -> Edit | None:
    """An edit, written out; None if it was there before, or is no Python. `texts` has what was written out before."""
    spend(EDIT)
    if not seen:
        seen.add(ast.unparse(header(line.statement)))
    try:
        text = texts.get(plan) if texts is not None else None
        if text is None:
            text = plan.text()
            if texts is not None:
                texts[plan] = text
        if text in seen:
            return None
        seen.add(text)
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return None
    adds = len(statements) > 1
    if isinstance(line.statement, COMPOUND):
        whole: Any = statements[0]
        whole.body, whole.orelse = line.statement.body, line.statement.orelse
    if adds:
        statements = [line.statement, *statements[1:]]
    return Edit(statements, text, plan.cause, plan.cost, adds)


def header(statement: ast.stmt) -> ast.stmt:
    """A statement with a body, without it."""
    if not isinstance(statement, COMPOUND):
        return statement
    alone: Any = copy.copy(statement)
    alone.body, alone.orelse = [ast.Pass()], []
    return alone  # type: ignore[no-any-return]


def is_place_of(node: ast.AST, field: str, index: int | None) -> bool:
    """Whether an argument says where something is added: the second one of `np.add.at`."""
    return isinstance(node, ast.Call) and field == "args" and index == 1 and getattr(node.func, "attr", "") == "at"


class Catalogue:
    """The edits of one line as texts."""

    def __init__(self, line: Line, atoms: dict[str, Kind]) -> None:
        self.statement = cloned(header(line.statement))
        self.seen = Visible(line, atoms, self.statement)
        self.spots = list(self.walk(self.statement, 0, "value"))

    def walk(self, node: ast.AST, depth: int, role: str) -> Iterator[Spot]:
        for field, value in ast.iter_fields(node):
            for index, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(one, ast.AST) or (isinstance(node, COMPOUND) and field not in ("iter", "test")):
                    continue
                inner = "index" if is_place_of(node, field, index) else self.role(node, field, role)
                stored = isinstance(getattr(one, "ctx", None), ast.Store)
                if isinstance(one, ast.expr) and not stored:
                    yield Spot(one, node, field, index, depth, inner)
                yield from self.walk(one, depth + 1, inner)

    def role(self, node: ast.AST, field: str, outer: str) -> str:
        if isinstance(node, ast.Subscript) and field == "slice":
            return "index"
        if outer == "target" or isinstance(getattr(node, "ctx", None), ast.Store):
            return "target"  # what is written into
        if isinstance(node, ast.Attribute) and node.attr in SIZES:
            return "shape"  # of which nothing but the shape is read
        if isinstance(node, ast.Call) and field == "func":
            return "function"
        if isinstance(node, ast.keyword):
            return node.arg or ""
        if outer == "function" and isinstance(node, ast.Attribute):
            return "value"  # what a method is called on
        return "value" if outer == "function" else outer

    def put(self, spot: Spot, new: ast.expr | str) -> str:
        """The statement with another expression in a place."""
        other = forms.expression(new) if isinstance(new, str) else new
        parent: Any = spot.parent
        if spot.place is None:
            setattr(parent, spot.field, other)
        else:
            getattr(parent, spot.field)[spot.place] = other
        try:
            return ast.unparse(self.statement)
        finally:
            if spot.place is None:
                setattr(parent, spot.field, spot.node)
            else:
                getattr(parent, spot.field)[spot.place] = spot.node

    def all(self) -> Iterator[Plan]:
        reads = [one.node for one in self.spots if one.role not in ("function", "target")]
        for text, cause, cost in Whole(self.seen, reads).all():
            yield Plan(cost, cause, partial(str, text))
        for spot in self.spots if not isinstance(self.statement, ast.Pass) else ():
            for new, cause, cost in self.of(spot):
                yield Plan(cost + 0.04 * spot.depth, cause, partial(self.put, spot, new))

    def of(self, spot: Spot) -> Options:
        node, role = spot.node, spot.role
        if role == "function":
            yield from forms.functions(node, self.seen)
            return
        if isinstance(node, ast.Constant):
            power = isinstance(spot.parent, ast.BinOp) and isinstance(spot.parent.op, ast.Pow) and spot.field == "right"
            for new, cause, cost in forms.constants(node, role, self.seen):
                yield new, "wrong-point" if power else cause, cost
        if role in ("target", "shape"):
            yield from Quantity(self.seen, spot).named()
            return
        if role in AXES:
            signed = isinstance(spot.parent, ast.UnaryOp)  # which is an axis as a whole
            yield from forms.axes(node) if role in ("axis", "dim") and not signed else ()
            return
        for new, cause, cost in forms.of(node, role, self.seen):
            yield new, "wrong-point" if role == "index" else cause, cost
        if not isinstance(node, ast.Slice | ast.Constant):
            yield from Quantity(self.seen, spot).all()
