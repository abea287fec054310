"""Values that nothing reads before another one takes their place: several lines that should have added to them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations

from backprop.check.cures.search import CHEAPEST, Cure, Search, put, read_and_set
from backprop.check.edits.catalogue import COMPOUND, Edit, header

MOST_LINES, MOST_TOGETHER = 6, 3


def added_to(search: Search) -> list[Cure]:
    """Several lines, as few as can be, that add to what a name holds in place of putting it away unread: if with that
    all is right."""
    written = {*overwriting(search)}
    lines = [one for one in search.lines if one.statement in written][:MOST_LINES]
    for count in range(2, min(MOST_TOGETHER, len(lines)) + 1):
        for some in combinations(lines, count):
            cures = [Cure(one, added(one.statement), CHEAPEST, frozenset()) for one in some]
            if search.judge.all_right(put(cures)):
                return cures
    return []


def added(statement: ast.stmt) -> Edit:
    """`a += v` for `a = v`."""
    assert isinstance(statement, ast.Assign)
    text = f"{ast.unparse(statement.targets[0])} += {ast.unparse(statement.value)}"
    return Edit(ast.parse(text).body, text, "overwrites", CHEAPEST)


def overwriting(search: Search) -> Iterator[ast.stmt]:
    """The lines that give a name another value than the one that another line gave it, and that nothing has read."""
    visits = [
        (visit.time, statement)
        for statement, found in search.derivation({}).trace.visits.items()
        for visit in found
        if not isinstance(statement, COMPOUND)
    ]
    waiting: dict[tuple[str, str], ast.stmt] = {}
    for _, statement in sorted(visits, key=lambda one: one[0]):
        function = search.functions.get(statement, "")
        read, made = read_and_set(header(statement))
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            for name in made - read:
                if waiting.get((function, name), statement) is not statement:
                    yield statement
        for name in read:
            waiting.pop((function, name), None)
        waiting.update({(function, name): statement for name in made})
