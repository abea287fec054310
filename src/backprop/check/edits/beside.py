"""Lines that are missing beside others of their kind: where the forward pass has one at each of several places, written
out one after the other, a backward pass may have forgotten one of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from backprop.check.edits.forms import cloned
from backprop.check.edits.visible import blocks_in, nodes_in

Places = dict[str, ast.expr]  # what to write between brackets, by what stands there


@cache
def forgotten_beside(text: str) -> dict[str, list[str]]:
    """For lines that write into an entry those that may have been meant beside them, and stand nowhere."""
    lines = {ast.unparse(one): one for _, body in blocks_in(nodes_in(text)) for one in body if is_entry(one)}
    ways = {str({old: ast.unparse(new) for old, new in one.items()}): one for one in turns(text)}
    found: dict[str, list[str]] = {}
    for line, statement in lines.items():
        others = dict.fromkeys(moved(statement, places) for places in ways.values())
        found[line] = [one for one in others if one and one not in lines]
    return found


def is_entry(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.target, ast.Subscript)
    one = isinstance(statement, ast.Assign) and len(statement.targets) == 1
    return one and isinstance(statement.targets[0], ast.Subscript)  # type: ignore[attr-defined]


def turns(text: str) -> Iterator[Places]:
    """What becomes of the places from one line to the next where nothing else changes."""
    for _, body in blocks_in(nodes_in(text)):
        for one, other in pairwise(body):
            if not is_entry(one) or not is_entry(other) or ast.dump(masked(one)) != ast.dump(masked(other)):
                continue
            pairs = [(a.slice, b.slice) for a, b in zip(entries(one), entries(other), strict=True)]
            places = {ast.unparse(a): b for a, b in pairs}
            if all(ast.dump(places[ast.unparse(a)]) == ast.dump(b) for a, b in pairs):
                yield places


def entries(tree: ast.AST) -> list[ast.Subscript]:
    """The entries that a line names, but for those between the brackets of others."""
    if isinstance(tree, ast.Subscript):
        return [tree, *entries(tree.value)]
    return [one for child in ast.iter_child_nodes(tree) for one in entries(child)]


def masked(statement: ast.stmt) -> ast.stmt:
    """A line without what stands between its brackets."""
    copied: ast.stmt = cloned(statement)
    for one in entries(copied):
        one.slice = ast.Constant(0)
    return copied


def moved(statement: ast.stmt, places: Places) -> str:
    """A line at other places; "" where it names one that is not known."""
    copied: ast.stmt = cloned(statement)
    for one in entries(copied):
        if ast.unparse(one.slice) not in places:
            return ""
        one.slice = places[ast.unparse(one.slice)]
    return ast.unparse(copied)
