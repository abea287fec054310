"""Values that nothing reads before another one takes their place: several lines that should have added to them, or one
that should have read what a loop hands on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations, takewhile

from backprop.check.cures.search import CHEAPEST, DEAREST, Candidate, Cure, Reach, Search, put, read_and_set
from backprop.check.edits.catalogue import COMPOUND, Edit, header
from backprop.check.passes.sensitivity import Sense

MOST_LINES, MOST_TOGETHER = 6, 3
LONGEST = 1.5  # work, in seconds of a usual machine, in which a line is looked for that should read something


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


def handed_on(search: Search, sense: Sense, lines: list[Reach]) -> list[Cure]:
    """The cheapest edit of a line in a loop that reads what the loop hands on to its next round, and no line in it
    reads: if with that all is right."""
    idle, until = carried_unread(search), search.until(LONGEST)
    inside = [one for one in lines if idle.get(one.line.function) and in_loop(search, one.line.statement)]

    def is_due(one: Candidate) -> bool:
        return one.cost <= DEAREST and search.now() <= until

    for one, edit in search.edits(takewhile(is_due, search.candidates(inside, sense.bad, {}))):
        line = one.reach.line
        read = set().union(*[read_and_set(header(statement))[0] for statement in edit.statements])
        if read & idle[line.function] and search.judge.all_right({line.statement: edit.statements}):
            return [Cure(line, edit, one.cost, sense.bad).named(sense)]
    return []


def carried_unread(search: Search) -> dict[str, set[str]]:
    """Of functions the names that have a value before a loop and get others in it, which it never reads."""
    derivation = search.derivation({})
    found: dict[str, set[str]] = {}
    for (function, name), writes in derivation.written().items():
        if not writes[0][1].rounds and any(one.rounds for _, one in writes[1:]):
            found.setdefault(function, set()).add(name)
    for statement in derivation.trace.visits if found else ():
        if in_loop(search, statement):
            found.get(search.functions.get(statement, ""), set()).difference_update(read_and_set(header(statement))[0])
    return found


def in_loop(search: Search, statement: ast.stmt) -> bool:
    return any(one.rounds for one in search.derivation({}).trace.visits.get(statement, ()))


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
