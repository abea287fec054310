"""Edits of lines, the cheapest first: those that repair everything, and the one that repairs the most.

What a sweep tells at once waits neither for what only a run of the whole pass tells, nor for lines on which no more
than a part of what is wrong hangs: each of the three has its share of the time, so that in a slow pass none keeps the
others from their turn.
"""

from __future__ import annotations

import ast
from collections import deque
from typing import Any, NamedTuple

import numpy as np

from backprop.check.cures.search import ALIKE, SECONDS, Candidate, Cure, Reach, Search, carried, count_words
from backprop.check.edits.catalogue import COMPOUND, Edit
from backprop.check.edits.visible import Line
from backprop.check.passes.causes import names
from backprop.check.passes.sensitivity import Effect, Sense
from backprop.python.runs.runner import Instead
from backprop.python.values.work import ticks

AFTER = 0.7  # work, in seconds of a usual machine, for others once an edit repairs everything
PATIENCE = 1.2  # how much dearer one edit that repairs all may be than one that repairs a part
DOUBT = 1.0  # how much more than its own cost an edit may leave that is taken before others were tried
SHORTER = 0.15  # how much dearer the edit of a line may be that takes another's place as it is shorter
SPOILT, LEFT = 1.0, 0.3  # what a name that becomes wrong, or stays so, adds to the cost of an edit
MANY = 16  # visits of a line, of which a few are looked at first


class Waiting(NamedTuple):
    """An edit whose turn has not come. `run`: that only a run tells what it does is known already."""

    candidate: Candidate
    edit: Edit
    run: bool


class Lane:
    """Edits that are tried in the order of their cost, and the work that was done for them, of which they get so many
    times as much as what is told at once."""

    def __init__(self, share: float) -> None:
        self.share, self.spent = share, 0
        self.waiting: deque[Waiting] = deque()


def tried(
    search: Search, lines: list[Reach], sense: Sense, instead: Instead, seconds: float = SECONDS
) -> tuple[list[Cure], Cure | None]:
    """Edits that repair everything, and the one that repairs the most, of those that are tried in so many seconds.

    The same edits are not tried twice: where a search was ended by the time, the next one goes on.
    """
    search.end = min(search.end, search.until(seconds))
    before = search.under_way
    if isinstance(before, Trials) and before.is_of(lines, sense, instead):
        return before.found()
    trials = Trials(search, lines, sense, instead)
    search.under_way = before if instead else trials
    return trials.found()


class Trials:
    """The edits of some lines of a pass."""

    def __init__(self, search: Search, lines: list[Reach], sense: Sense, instead: Instead) -> None:
        self.search, self.lines, self.sense, self.instead = search, lines, sense, instead
        self.slopes = {one.line.statement: sense.slopes(one.line.statement) for one in lines if one.affine}
        self.queue = search.candidates(lines, sense.bad, instead)
        self.first: Candidate | None = next(self.queue, None)
        self.told_at_once, self.run, self.of_part = Lane(1.0), Lane(2.0), Lane(1.0)
        self.seen: dict[ast.stmt, set[str]] = {}
        self.changes: dict[ast.stmt, set[bytes]] = {}  # of lines, by edits that were tried
        self.names: dict[str, bool] | None = None  # which hold right gradients as it stands
        self.whole: list[Cure] = []
        self.part: Cure | None = None
        self.reached = 0.0  # what the first edit that repairs everything costs without what it leaves
        self.until = 0  # when others are looked for no more, once an edit repairs everything

    def is_of(self, lines: list[Reach], sense: Sense, instead: Instead) -> bool:
        return self.sense is sense and self.lines is lines and self.instead == instead

    def found(self) -> tuple[list[Cure], Cure | None]:
        """Go on until the time is over, or no edit is left that is cheap enough."""
        while not self.search.over() and not (self.whole and self.search.now() > self.until and not self.is_doubted()):
            before, lane = self.search.now(), self.next_lane()
            if lane is None:
                break
            if lane is self.told_at_once:
                self.take()
            else:
                self.wait_no_longer(lane.waiting.popleft())
            lane.spent += self.search.now() - before
        whole = [] if self.is_doubted() else self.whole
        return [one for one in whole if one.cost <= whole[0].cost + ALIKE], self.part

    def is_doubted(self) -> bool:
        """Whether what repairs everything leaves much, and edits wait that are nearer to what stands there."""
        waits = bool(self.whole and self.run.waiting) and self.run.waiting[0].candidate.cost < self.reached
        return waits and self.whole[0].cost > self.reached + DOUBT

    def next_lane(self) -> Lane | None:
        """Whose turn it is: each waits until it had no more than its share, while there are others."""
        limit = self.limit()
        told = self.first is not None and self.first.cost <= limit
        for lane in (self.run, self.of_part):
            due = bool(lane.waiting) and lane.waiting[0].candidate.cost <= limit
            due = due and not (self.whole and lane is self.of_part)
            if due and (not told or lane.spent <= lane.share * self.told_at_once.spent):
                return lane
        return self.told_at_once if told else None

    def limit(self) -> float:
        """What an edit may cost."""
        limit = self.search.dearest
        if self.whole:
            limit = min(limit, self.whole[0].cost + ALIKE)
        return limit if self.part is None else min(limit, self.part.cost + PATIENCE)

    def take(self) -> None:
        """The next edit of all: tried, if what it does is told at once."""
        one, self.first = self.first, next(self.queue, None)
        assert one is not None
        edit = self.search.edit(one, self.seen)
        if edit is None:
            return
        moves = one.reach.moves
        if moves is not None and not moves >= self.sense.bad and not edit.adds:
            self.of_part.waiting.append(Waiting(one, edit, False))
        elif not one.reach.affine:
            self.run.waiting.append(Waiting(one, edit, False))
        elif (effect := self.told(one.reach, edit)) is None:
            self.run.waiting.append(Waiting(one, edit, True))
        else:
            self.weigh(one, edit, effect)

    def wait_no_longer(self, one: Waiting) -> None:
        """What has waited is told now, or run."""
        moves = one.candidate.reach.moves
        if self.part is not None and moves is not None and len(moves & self.sense.bad) <= len(self.part.repaired):
            return  # no more is repaired there
        self.weigh(one.candidate, one.edit, None if one.run else self.told(one.candidate.reach, one.edit))

    def weigh(self, one: Candidate, edit: Edit, effect: Effect | None) -> None:
        """Keep an edit that repairs something. Without an `effect` only a run tells what it does."""
        if effect is not None and (effect.spoils or not effect.repaired):
            return
        bad, statement = self.sense.bad, one.reach.line.statement
        changed = {**self.instead, statement: edit.statements}
        repaired = self.repaired(changed) if effect is None or effect.repaired == bad else effect.repaired
        if repaired == bad:
            if self.search.judge.all_right(changed):
                self.keep(one, edit, changed)
            return
        before = len(self.part.repaired) if self.part is not None else 0
        if len(repaired) > before and self.search.proven_part(changed, repaired):
            self.part = Cure(one.reach.line, edit, one.cost, repaired).named(self.sense)

    def repaired(self, changed: Instead) -> frozenset[Any]:
        """What a run with an edit makes right; nothing where it makes something wrong."""
        self.search.tried += 1
        after = self.search.verdicts(self.sense.point, changed)
        spoils = any(after[path] != "ok" and verdict == "ok" for path, verdict in self.sense.verdicts.items())
        return frozenset() if spoils else frozenset(path for path in self.sense.bad if after[path] == "ok")

    def keep(self, one: Candidate, edit: Edit, changed: Instead) -> None:
        """An edit that makes everything right at all points: the cheapest, or the shortest, of its line."""
        search, line = self.search, one.reach.line
        cost = one.cost + self.newly_wrong(changed) + search.unlikely(line, edit, self.instead)
        cost += search.around_helpers(line.statement, edit.statements)
        found = Cure(line, edit, cost, self.sense.bad).named(self.sense)
        if not self.whole:
            self.until, self.reached = search.now() + ticks(AFTER), one.cost
        known = [place for place, other in enumerate(self.whole) if other.line is line]
        if not known:
            self.whole.append(found)
            self.whole.sort(key=lambda one: one.cost)
        elif count_words(edit) < count_words(self.whole[known[0]].edit) and cost <= self.whole[known[0]].cost + SHORTER:
            self.whole[known[0]] = found._replace(cost=self.whole[known[0]].cost)

    def newly_wrong(self, changed: Instead) -> float:
        """What it costs that names hold wrong gradients after an edit, or do only then."""
        if self.names is None:
            self.names = names_right(self.sense)
        if not self.names:
            return 0.0
        after = names_right(Sense(self.search.judge, self.sense.point, changed))
        spoilt = sum(self.names.get(name, False) and not right for name, right in after.items())
        left = sum(not right for name, right in after.items() if not self.names.get(name, False))
        return SPOILT * spoilt + LEFT * min(3, left)

    def told(self, reach: Reach, edit: Edit) -> Effect | None:
        """What an edit does, without a run; None where only a run tells."""
        nothing = Effect(frozenset(), False)
        sense, statement = self.sense, reach.line.statement
        if not reach.affine:
            runs = (not sense.told or plausible(reach.line, edit)) and self.is_another(statement, edit)
            return None if runs else nothing
        if reach.line.visits > 1 and not sense.stands_alone(statement):
            # one visit may change what the next one does: only a run tells of all of them
            return None if sense.may_repair(statement, edit.statements) else nothing
        if carried(reach.line, edit):
            return None if sense.change(statement, edit.statements, [0]) is not None else nothing
        if reach.line.visits > MANY and not sense.may_repair_one(statement, edit.statements):
            return nothing
        change = sense.change(statement, edit.statements)
        if change is None:
            return nothing
        if isinstance(change, str):
            summed = edit.cause in ("not-summed", "wrong-axis") and not sense.gives_zeros(statement)
            spread = edit.cause == "no-local" and sense.gives_number(statement)
            return None if change == "elsewhere" or summed or spread else nothing
        if not np.any(change):
            return None if edit.cause == "overwrites" or edit.adds else nothing
        return sense.effect(self.slopes[statement], change)

    def is_another(self, statement: ast.stmt, edit: Edit) -> bool:
        """Whether an edit, where it stands, gives something else than the line, and than edits that were tried."""
        if edit.adds or isinstance(statement, COMPOUND):
            return True
        change = self.sense.change(statement, edit.statements)
        if change is None:  # it fails there, or one of the two is not finite
            visits = self.sense.trace.visits.get(statement, [])
            made = [self.sense.trace.alone(one, statement, edit.statements) for one in visits[:1]]
            return all(one is not None and all(np.isfinite(part).all() for part in one) for one in made)
        if isinstance(change, str) or not len(change):
            return True
        known = self.changes.setdefault(statement, set())
        before, own = len(known), np.round(change, 9).tobytes()
        known.add(own)
        return len(known) > before and (bool(np.any(change)) or edit.cause == "overwrites")


def names_right(sense: Sense) -> dict[str, bool]:
    """Which names of gradients are right in a pass."""
    return sense.names(sense.truth()) if sense.told else {}


def plausible(line: Line, edit: Edit) -> bool:
    """Whether an edit can be computed where it stands, and gives an array of the same shape as the line does.

    It is tried alone, in what was visible behind the line. So a line that reads what it sets cannot be told.
    """
    old, new = line.statement, edit.statements[0]
    if edit.adds or type(old) is not type(new) or not isinstance(new, ast.Assign | ast.AugAssign):
        return True
    assert isinstance(old, ast.Assign | ast.AugAssign)
    targets = new.targets if isinstance(new, ast.Assign) else [new.target]
    stored = {name for target in targets for name in names(target)}
    if stored & names(new.value) or any(isinstance(node, ast.NamedExpr | ast.Lambda) for node in ast.walk(new.value)):
        return True
    before, after = line.kind(ast.unparse(old.value)), line.kind(ast.unparse(new.value))
    if after is None:
        return line.computes(new.value)
    return before is None or before.shape == after.shape or not before.shape or not after.shape
