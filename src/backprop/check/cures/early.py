"""Steps that are taken too early: what they change is read behind them, for gradients of what it was before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from backprop.check.cures.search import Search
from backprop.check.edits.visible import Line
from backprop.check.passes.verdict import Place
from backprop.python.pairs.unnamed import changed, move_of
from backprop.python.runs.runner import Instead
from backprop.python.texts.called import called, names_in

RESULT = "result"


class Early(NamedTuple):
    """A step, and the last statement of its block that reads what it changes; that is done in the next round of a
    `loop`, where it stands before it."""

    line: Line
    reader: ast.stmt
    loop: ast.For | ast.While | None = None

    @property
    def read_in(self) -> int:
        """The line that reads what is changed."""
        name = changed(self.line.statement)
        return next((one.lineno for one in ast.walk(self.reader) if called(one) == name), self.reader.lineno)  # type: ignore[attr-defined]

    @property
    def later(self) -> list[ast.stmt]:
        """The statements to be read instead of the one that reads: the step comes behind it, and what is returned is
        computed before. Behind the loop no gradient hangs on it."""
        if self.loop is not None:
            return [self.reader]
        if not isinstance(self.reader, ast.Return) or self.reader.value is None:
            return [self.reader, self.line.statement]
        made = ast.Assign([ast.Name(RESULT, ast.Store())], self.reader.value)
        back = ast.Return(ast.Name(RESULT, ast.Load()))
        for one in (made, back):
            ast.fix_missing_locations(ast.copy_location(one, self.reader))
        return [made, self.line.statement, back]


def taken_early(search: Search) -> list[Place]:
    """The steps that are taken too early, if every gradient is right where they come behind what reads what they
    change; none else."""
    search.reaches(search.sense({}), {})
    found = [one for line in search.lines for one in early_in(search, line)]
    alone = [one for one in found if search.judge.all_right(behind([one]))][:1]
    some = alone or (found if len(found) > 1 and search.judge.all_right(behind(found)) else [])
    return [place_of(one) for one in some]


def early_in(search: Search, line: Line) -> Iterator[Early]:
    """A line, if it is a step and another of its block reads what it changes behind it."""
    name = changed(line.statement)
    if name is None or move_of(line.statement) is None:
        return
    for part in search.judge.runner.code.parts:
        for holder, block in blocks_of(part.tree):
            places = [place for place, one in enumerate(block) if one is line.statement]
            readers = [place for place, one in enumerate(block) if places and name in names_in([one])]
            behind, before = ([one for one in readers if one > places[0]], [one for one in readers if one < places[0]])
            if behind:
                yield Early(line, block[behind[-1]])
            elif before and isinstance(holder, ast.For | ast.While):
                yield Early(line, block[before[0]], holder)


def blocks_of(tree: ast.AST) -> Iterator[tuple[ast.AST, list[ast.stmt]]]:
    """The lists of statements in a tree, each with what it is a part of."""
    for node in ast.walk(tree):
        for key in ("body", "orelse", "finalbody"):
            block = getattr(node, key, None)
            if isinstance(block, list):
                yield node, block


def behind(steps: list[Early]) -> Instead:
    """What is to be read instead, for steps to come behind what reads what they change."""
    instead: Instead = {one.line.statement: [ast.Pass()] for one in steps}
    for one in steps:
        *first, last = instead.get(one.reader, one.later)
        later = [last] if one.reader not in instead else [last, one.line.statement]
        instead[one.reader] = [*first, *(later[::-1] if isinstance(last, ast.Return) else later)]
    return instead


def place_of(step: Early) -> Place:
    """The verdict on the line of a step."""
    line, statement = step.line, step.line.statement
    own = ast.get_source_segment(line.source.text, statement) or ast.unparse(statement)
    advice = f"line {step.read_in} reads what this changes; put it behind that:"
    written = own
    if step.loop is not None:
        advice = f"line {step.read_in} reads in the next round what this changes; take the steps behind the loop:"
    elif isinstance(step.reader, ast.Return):
        made, _, back = step.later
        advice = f"line {step.read_in} reads what this changes; put it behind that, in place of both:"
        written = "\n".join([ast.unparse(made), own, ast.unparse(back)])
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    name = ast.unparse(target) if target is not None else ""
    return Place(line.function, line.number, None, name, "wrong", "wrong-point", advice, written)
