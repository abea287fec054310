"""What edits leave behind: lines on which nothing hangs any more, and names and helpers that they go around."""

from __future__ import annotations

import ast
from typing import Any

from backprop.check.edits.catalogue import COMPOUND, header
from backprop.check.passes.causes import names
from backprop.check.passes.sensitivity import base_name
from backprop.check.passes.trace import Trace, targets_of
from backprop.python.entry.runner import Instead


def idle(trace: Trace, changed: Instead) -> set[Any]:
    """The lines that give a name a value that is never read."""
    waiting: dict[str, ast.stmt] = {}
    read: set[ast.stmt] = set()
    visits = [(visit.time, statement) for statement, found in trace.visits.items() for visit in found]
    for _, statement in sorted(visits, key=lambda one: one[0]):
        for part in changed.get(statement, [header(statement)]):
            nodes = [node for node in ast.walk(part) if isinstance(node, ast.Name)]
            adds = isinstance(part, ast.AugAssign)
            read |= {waiting[one.id] for one in nodes if one.id in waiting and (adds or isinstance(one.ctx, ast.Load))}
            waiting.update({one.id: statement for one in nodes if isinstance(one.ctx, ast.Store)})
    stores = [one for _, one in visits if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)]
    return set(stores) - read


def effective(trace: Trace, changed: Instead) -> set[str]:
    """The names that make something that comes out in lines, or places of lines, that are not changed: it is right with
    what they hold, whatever they are called."""
    read = {
        one: names(one) if one not in changed else names_kept(one, changed[one][-1])
        for one in trace.visits
        if not isinstance(one, COMPOUND)
    }
    found: set[str] = set()
    before = -1
    while len(found) > before:
        before = len(found)
        for one, its in read.items():
            ends = isinstance(one, ast.Return) and one is trace.order[-1]
            if ends or any(isinstance(goal, ast.Attribute) or base_name(goal) in found for goal in targets_of(one)):
                found |= its
    return found


def names_kept(old: ast.stmt, new: ast.stmt) -> set[str]:
    """The names in those elements of a tuple or a list that an edit leaves as they are."""
    before, after = (
        {ast.unparse(one): one for tree in ast.walk(part) for one in getattr(tree, "elts", ())} for part in (old, new)
    )
    return {name for text, one in after.items() if text in before for name in names(one)}


def calls_in(tree: ast.AST, functions: set[str]) -> dict[str, set[str]]:
    """The calls of some functions in a tree, each with the arguments that it is given."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func).rpartition(".")[2]) in functions:
            found.setdefault(name, set()).update(map(ast.unparse, node.args))
    return found


def is_place(text: str) -> bool:
    """Whether a text is a name, or an attribute or an entry of one."""
    return isinstance(ast.parse(text, mode="eval").body, ast.Name | ast.Attribute | ast.Subscript)
