"""Steps that are taken too early: what they change is read behind them, for gradients of what it was before."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from backprop.check.cures.search import Search
from backprop.check.edits.visible import Line, blocks_in
from backprop.check.passes.judge import Judge
from backprop.check.passes.trace import targets_of
from backprop.check.passes.verdict import Place
from backprop.python.pairs.descent import changed, move_of
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


def taken_early(judge: Judge) -> list[Place]:
    """The steps that are taken too early, if every gradient is right where they come behind what reads what they
    change; none else. Most passes take none, and are not run for it."""
    trees = [part.tree for part in judge.runner.code.parts]
    steps = {step: (reader, loop) for tree in trees for step, reader, loop in early_in(tree)}
    if not steps:
        return []
    search = Search(judge)
    search.reaches(search.sense({}), {})
    found = [Early(line, *steps[line.statement]) for line in search.lines if line.statement in steps]
    alone = [one for one in found if judge.all_right(behind([one]))][:1]
    some = alone or (found if len(found) > 1 and judge.all_right(behind(found)) else [])
    return [place_of(one) for one in some]


def early_in(tree: ast.AST) -> Iterator[tuple[ast.stmt, ast.stmt, ast.For | ast.While | None]]:
    """The steps of which another statement of the block reads what they change, behind them or in the next round."""
    for holder, block in blocks_in(ast.walk(tree)):
        for place, step in enumerate(block):
            name = changed(step)
            if name is None or move_of(step) is None:
                continue
            before, behind = (
                [one for one in some if name in names_in([one])] for some in (block[:place], block[place + 1 :])
            )
            if behind:
                yield step, behind[-1], None
            elif before and isinstance(holder, ast.For | ast.While):
                yield step, before[0], holder


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
    name = ast.unparse(targets_of(statement)[0])
    return Place(line.function, line.number, None, name, "wrong", "wrong-point", advice, written)
