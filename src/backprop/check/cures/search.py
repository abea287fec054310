"""The search for the faulty line: edits of a backward pass, the cheapest first, and what they make right.

A line on which no wrong gradient hangs is out at once: its value is changed, and what comes out is compared.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from heapq import heapify, heappop, heappush
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from backprop.check.chain_rule.derive import LEAST, Derivation
from backprop.check.cures.leavings import calls_in, effective, idle, is_place
from backprop.check.edits.catalogue import COMPOUND, Edit, Plan, edit_of, header, plans
from backprop.check.edits.visible import Kind, Line, Lines, reads
from backprop.check.passes.causes import names
from backprop.check.passes.judge import Judge
from backprop.check.passes.points import Point
from backprop.check.passes.sensitivity import Effect, Sense, base_name, only_adds
from backprop.check.passes.trace import Trace, targets_of
from backprop.errors import Problem
from backprop.python.entry.back import Outcome
from backprop.python.entry.gradients import Path
from backprop.python.entry.runner import Instead

LONGEST = 7.5  # seconds of the processor for everything that looks for lines and cures
SECONDS = 6.5  # of these for edits of one line
AFTER = 0.7  # seconds for others once an edit repairs everything
MOST_TRIED = 6000
SHORTER = 0.15  # how much dearer the edit of a line may be that takes another's place as it is shorter
ALIKE = 0.3  # repairs that cost so much more are told as possible, too
UNSEEN = 0.5  # what it costs that only runs tell what edits of a line in a loop do
DEAREST = 2.7  # of edits that are tried in twos
PATIENCE = 1.2  # how much dearer one edit that repairs all may be than one that repairs a part
IDLE = 2.5  # what a line costs on which nothing hangs after an edit
MISNAMED = 2.5  # what a name costs that holds something else than it says, where edits of several lines are weighed
SPOILT, LEFT = 1.0, 0.3  # what a name that becomes wrong, or stays so, adds to the cost of an edit
UNMOVED, UNKNOWN, ESTRANGED = 0.1, 0.05, 0.6  # that what a line gives is known before an edit, too, never, or only then
AROUND, MADE_UP = 1.5, 0.6  # that an edit goes around a helper, or gives it something that is made up for it
FAR = 4.5  # the cost of edits that are tried last of all
CHEAPEST = 0.8  # no edit costs less
MORE = 0.5  # what each mistake more costs
MOST_TWOS = 60  # edits that are run together, as what they change adds up to what is needed
FIRST_ROOM = 512  # edits of which it is kept what they add to the gradients
MANY = 16  # visits of a line, of which a few are looked at first


class Reach(NamedTuple):
    """A line and the gradients that hang on it; None where that could not be found out."""

    line: Line
    moves: set[Path] | None
    affine: bool  # whether what an edit of it does can be told without a run


class Cure(NamedTuple):
    """An edit of a line, and what it makes right."""

    line: Line
    edit: Edit
    cost: float
    repaired: frozenset[Path]


class Candidate(NamedTuple):
    """An edit of a line with its cost; without a plan, what the chain rule says for the line."""

    cost: float
    place: int
    reach: Reach
    plan: Plan | None


class Search:
    """The search for the faulty lines of one pass."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.last = process_time() + LONGEST
        self.end = self.until(SECONDS)
        self.tried = 0
        self.ended = False
        self.read: dict[str, None] = {}  # what lines of the pass read
        self.dearest = FAR  # no dearer edit is tried
        self.derivations: list[tuple[Instead, Derivation]] = []
        self.functions: dict[ast.stmt, str] = {}  # that the lines are in, all that were visited
        self.lines: list[Line] = []  # of these the ones on which no output hangs
        self.unedited: Sense | None = None  # as it stands, at the given point
        self.plans: dict[tuple[ast.stmt, tuple[tuple[str, Kind], ...]], list[Plan]] = {}  # of lines by what is visible
        self.texts: dict[Plan, str] = {}  # of these, as far as they were written out
        self.known: list[Tried] = []

    def until(self, seconds: float) -> float:
        """When a part of the search ends that may take so long, or what is left of the time for all."""
        return min(process_time() + seconds, self.last)

    def derivation(self, instead: Instead) -> Derivation:
        """The chain rule at a point around the given one, where no gradient from above is a plain 1."""
        for known, found in self.derivations:
            if known == instead:
                return found
        point = self.judge.points[1] if len(self.judge.points) > 1 else self.judge.points[0]
        first = self.derivations[0][1] if self.derivations and self.derivations[0][1].trace.forward else None
        trace = Trace(numbered=True, behind=first is not None)
        with suppress(Problem):
            self.judge.runner.run(point.given, point.upstream, instead, seconds=4.0, recorder=trace)
        self.derivations.append((instead, Derivation(trace, point.upstream, self.functions, first, instead)))
        return self.derivations[-1][1]

    def sense(self, instead: Instead) -> Sense:
        """The pass at the point where most of it is wrong."""
        first = self.sense_here(instead)
        best = first
        for point in self.judge.points[1:]:
            if len(best.bad) < len(first.verdicts):
                verdicts = self.verdicts(point, instead)
                if sum(one != "ok" for one in verdicts.values()) > len(best.bad):
                    best = Sense(self.judge, point, instead)
        return best

    def sense_here(self, instead: Instead) -> Sense:
        """The pass at the given point."""
        if instead:
            return Sense(self.judge, self.judge.points[0], instead)
        if self.unedited is None:
            self.unedited = Sense(self.judge, self.judge.points[0], {})
        return self.unedited

    def reaches(self, sense: Sense, instead: Instead) -> list[Reach]:
        """The lines that may be wrong."""
        seen = Lines()
        with suppress(Problem):
            point = sense.point
            self.judge.runner.run(point.given, point.upstream, instead, seen, seconds=4.0)
        found = []
        self.read = reads(list(seen.found.values()))
        own = [one for one in seen.found.values() if not sense.makes_output(one.statement)]
        self.functions = self.functions or {one.statement: one.function for one in seen.found.values()}
        self.lines = self.lines or own
        for line in own:
            statement = line.statement
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) or statement in instead:
                continue
            affine = sense.told and sense.is_affine(statement)
            moves = sense.reaches(statement) if affine else None
            if moves is None or moves & sense.bad:
                found.append(Reach(line, moves, affine))
        return found

    def verdicts(self, point: Point, instead: Instead) -> dict[Path, str]:
        """What is said about every gradient with edits put in."""
        try:
            outcome: Outcome | None = self.judge.runner.run(point.given, point.upstream, instead, seconds=2.0)
        except Problem:
            outcome = None
        if outcome is not None and not self.judge.same_outputs(point, outcome):
            outcome = None
        return {path: self.plain(one.verdict) for path, one in self.judge.compare(point, outcome).items()}

    def plain(self, verdict: str) -> str:
        return "ok" if verdict in ("ok", "imprecise") else verdict

    def candidates(self, lines: list[Reach], bad: frozenset[Path], instead: Instead) -> Iterator[Candidate]:
        """All edits of all lines, the cheapest first. What a line should say by the chain rule is found when its turn
        comes."""
        atoms = reads([one.line for one in lines])
        queue: list[Candidate] = []
        count = itertools.count()
        for one in lines:
            dear = self.dearness(one, bad) + (0.0 if one.affine or one.line.visits == 1 else UNSEEN)
            visible = one.line.atoms(atoms)
            key = one.line.statement, tuple(visible.items())
            if key not in self.plans:
                self.plans[key] = plans(one.line, visible)
            queue += [Candidate(plan.cost + dear, next(count), one, plan) for plan in self.plans[key]]
            queue.append(Candidate(LEAST + dear, next(count), one, None))
        heapify(queue)
        while queue:
            first = heappop(queue)
            if first.plan is not None:
                yield first
                continue
            for cost, text in self.derived(first.reach.line, instead):
                dearer = cost - LEAST + first.cost
                heappush(queue, Candidate(dearer, next(count), first.reach, Plan(cost, None, partial(str, text))))

    def derived(self, line: Line, instead: Instead) -> list[tuple[float, str]]:
        """What the chain rule says for a line, unless it is late and was not found yet."""
        derivation = self.derivation(instead)
        late = process_time() > self.last - LONGEST / 2 and line.statement not in derivation.made
        return [] if late else derivation.plans(line, line.atoms(self.read))

    def edit(self, one: Candidate, seen: dict[ast.stmt, set[str]]) -> Edit | None:
        """The edit of a candidate, unless it was there before."""
        assert one.plan is not None
        return edit_of(one.reach.line, one.plan, seen.setdefault(one.reach.line.statement, set()), self.texts)

    def search(
        self, lines: list[Reach], sense: Sense, instead: Instead, seconds: float = SECONDS
    ) -> tuple[list[Cure], Cure | None]:
        """Edits in the order of their cost: those that repair everything, and the one that repairs the most.

        `seconds`: for which they are tried.
        """
        self.end = min(self.end, self.until(seconds))
        return self.edits(sense, instead, lines).more(self.dearest)

    def edits(self, sense: Sense, instead: Instead, lines: list[Reach] | None = None) -> Tried:
        """What is tried of the edits of a pass, as far as it is; it goes on where it stopped."""
        for one in self.known:
            if one.sense is sense:
                return one
        lines = self.reaches(sense, instead) if lines is None else lines
        self.known.append(Tried(self, lines, sense, instead))
        return self.known[-1]

    def over(self) -> bool:
        """Whether the search took too long."""
        self.ended = self.ended or self.tried >= MOST_TRIED or process_time() > self.end
        return self.ended

    def names(self, sense: Sense) -> dict[str, bool]:
        """Which names of gradients are right as it stands."""
        return sense.names(sense.truth()) if sense.told else {}

    def newly_wrong(self, sense: Sense, names: dict[str, bool], changed: Instead) -> float:
        """What it costs that names hold wrong gradients after an edit, or do only then."""
        if not names:
            return 0.0
        after = self.names(Sense(self.judge, sense.point, changed))
        spoilt = sum(names.get(name, False) and not right for name, right in after.items())
        left = sum(not right for name, right in after.items() if not names.get(name, False))
        return SPOILT * spoilt + LEFT * min(3, left)

    def left_over(self, changed: Instead) -> float:
        """What it costs that with some edits names hold something else than they say, and that nothing hangs any more
        on other lines: such edits go around a mistake."""
        before, after = self.derivation({}), self.derivation(changed)
        results = {one.statement for one in self.lines if not one.function}
        more = idle(after.trace, changed) - idle(before.trace, {}) - changed.keys() - results
        around = sum(self.around_helpers(*one) for one in changed.items())
        added = [goal for found in changed.values() for one in found[1:] for goal in targets_of(one)]
        meant = effective(after.trace, changed)  # all is right with what they hold, whatever they are called
        misnamed = after.count_misnamed({base_name(one) for one in added} | meant)
        return MISNAMED * min(3, misnamed) + IDLE * len(more) + around

    def around_helpers(self, statement: ast.stmt, statements: list[ast.stmt]) -> float:
        """What it costs that an edit calls a helper no more that gives nothing right, or gives it something that is put
        together for it: the mistake may be the helper's."""
        wrong = self.derivation({}).wrong_at
        own = {one.function for one in self.lines if wrong(one.statement)}
        own -= {one.function for one in self.lines if one.statement is statement}
        before, after = (calls_in(one, own) for one in (header(statement), statements[-1]))
        made = [text for name, texts in after.items() for text in texts - before.get(name, set()) if not is_place(text)]
        return AROUND * len(before.keys() - after.keys() if not after else ()) + MADE_UP * len(made)

    def unlikely(self, line: Line, edit: Edit, instead: Instead) -> float:
        """What it costs that a line gives what is known, a gradient or a value of the forward pass, only before an
        edit, or never."""
        if edit.adds or isinstance(line.statement, COMPOUND):
            return 0.0
        derivation = self.derivation(instead)
        before, after = derivation.known(line.statement, edit.statements)
        if after is not False:
            return UNMOVED if before else 0.0
        return ESTRANGED if before else UNKNOWN

    def dearness(self, reach: Reach, bad: frozenset[Path]) -> float:
        """What a line adds to the cost of its edits: right gradients that hang on it too; lines that only hand on."""
        dear = 0.12 * min(3, len(reach.moves - bad)) if reach.moves is not None else 0.0
        statement = reach.line.statement
        value = statement.value if isinstance(statement, ast.Return | ast.Assign) else None
        several = isinstance(value, ast.Tuple | ast.Dict)
        parts = value.elts if isinstance(value, ast.Tuple) else value.values if isinstance(value, ast.Dict) else [value]
        handed = all(isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Constant) for one in parts)
        if handed and (several or isinstance(statement, ast.Return)):
            dear += 0.5
        return dear

    def proven_part(self, instead: Instead, good: frozenset[Path]) -> bool:
        """Whether what an edit repairs, it repairs at every point."""
        for point in self.judge.points:
            found = self.verdicts(point, instead)
            if any(found[path] != "ok" for path in good):
                return False
        return True


class Tried:
    """The edits of a pass, the cheapest first, each tried once, however often more are asked for: those that repair
    everything, the one that repairs the most, and two that repair everything together.

    What two edits change adds up, but where one of them changes what the other one does. So of each is kept what it
    changes, and the second one is found by what the first one leaves.
    """

    def __init__(self, search: Search, lines: list[Reach], sense: Sense, instead: Instead) -> None:
        self.search, self.sense, self.instead = search, sense, instead
        self.queue: Iterator[Candidate] = search.candidates(lines, sense.bad, instead)
        self.seen: dict[ast.stmt, set[str]] = {}
        self.slopes = {one.line.statement: sense.all_slopes(one.line.statement) for one in lines if one.affine}
        self.whole: list[Cure] = []
        self.part: Cure | None = None
        self.doubted = False  # whether what repairs the most is unlikely
        self.names: dict[str, bool] | None = None
        self.changes: dict[ast.stmt, set[bytes]] = {}  # of lines by edits
        self.told_of: list[tuple[Cure, Any, bool]] = []  # what edits change in their lines, and whether that spoils
        self.untold: list[Cure] = []  # of which only a run tells
        self.moved = np.zeros((FIRST_ROOM, 2, len(sense.goals)))  # of the former what they add to each gradient
        self.two: list[Cure] = []
        self.two_cost = np.inf  # with the names that they leave wrong
        self.twos = 0  # that were run

    def more(self, dearest: float, every: bool = False) -> tuple[list[Cure], Cure | None]:
        """Try edits that cost at most so much while there is time; `every`: also where others repair much already."""
        until = process_time() + AFTER
        for one in self.queue:
            enough = not every and self.is_enough(one.cost)
            late = bool(self.whole) and not every and process_time() > until
            if one.cost > dearest or enough or late or self.search.over():
                self.queue = itertools.chain([one], self.queue)
                break
            moves = one.reach.moves & self.sense.bad if one.reach.moves is not None else self.sense.bad
            if not every and self.part is not None and len(moves) + self.doubted <= len(self.part.repaired):
                continue  # no more is repaired there
            edit = self.search.edit(one, self.seen)
            if edit is not None:
                before = bool(self.whole)
                self.attempt(one, edit)
                until = process_time() + AFTER if self.whole and not before else until
        return [one for one in self.whole if one.cost <= self.whole[0].cost + ALIKE], self.part

    def is_enough(self, cost: float) -> bool:
        """Whether what was found is nearer to what stands there than edits of a cost are."""
        dear = bool(self.whole) and cost > self.whole[0].cost + ALIKE
        return dear or (self.part is not None and cost > self.part.cost + PATIENCE)

    def attempt(self, one: Candidate, edit: Edit) -> None:
        """Try an edit, and keep it if it repairs anything and spoils nothing."""
        search, sense, statement = self.search, self.sense, one.reach.line.statement
        effect, cost = self.told(one, edit), one.cost
        if effect is not None and (effect.spoils or not effect.repaired):
            return
        changed = {**self.instead, statement: edit.statements}
        if effect is None or effect.repaired == sense.bad:
            search.tried += 1
            after = search.verdicts(sense.point, changed)
            repaired = frozenset(path for path in sense.bad if after[path] == "ok")
            if not repaired or any(after[path] != "ok" and told == "ok" for path, told in sense.verdicts.items()):
                return
            effect = Effect(repaired, False)
        if effect.repaired == sense.bad and search.judge.all_right(changed):
            self.names = search.names(sense) if self.names is None else self.names
            cost += search.newly_wrong(sense, self.names, changed) + search.unlikely(one.reach.line, edit, self.instead)
            cost += search.around_helpers(statement, edit.statements)
            self.keep(Cure(one.reach.line, self.with_cause(statement, edit), cost, effect.repaired))
        elif effect.repaired < sense.bad and self.is_more(effect.repaired, cost):
            dear = search.unlikely(one.reach.line, edit, self.instead)
            if self.is_more(effect.repaired, cost + dear) and search.proven_part(changed, effect.repaired):
                self.part = Cure(one.reach.line, self.with_cause(statement, edit), cost + dear, effect.repaired)
                self.doubted = dear > 0

    def is_more(self, repaired: frozenset[Path], cost: float) -> bool:
        """Whether more is repaired than by what repaired the most, or as much by less."""
        return self.part is None or (-len(repaired), cost) < (-len(self.part.repaired), self.part.cost)

    def with_cause(self, statement: ast.stmt, edit: Edit) -> Edit:
        return edit._replace(cause=self.sense.cause(statement, edit.statements, edit.cause))

    def keep(self, cure: Cure) -> None:
        """Keep what repairs everything: of each line one."""
        known = [place for place, one in enumerate(self.whole) if one.line is cure.line]
        if not known:
            self.whole.append(cure)
            self.whole.sort(key=lambda one: one.cost)
            return
        before = self.whole[known[0]]
        if count_words(cure.edit) < count_words(before.edit) and cure.cost <= before.cost + SHORTER:
            self.whole[known[0]] = cure._replace(cost=before.cost)

    def told(self, one: Candidate, edit: Edit) -> Effect | None:
        """What an edit does, without a run; None where only a run tells."""
        nothing, reach, sense = Effect(frozenset(), False), one.reach, self.sense
        statement = reach.line.statement
        cure = Cure(reach.line, edit, one.cost, frozenset())
        if not reach.affine or carried(reach.line, edit):
            self.untold.append(cure)
        if not reach.affine:
            tried = (not sense.told or plausible(reach.line, edit)) and self.is_another(sense, statement, edit)
            return None if tried else nothing
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
            self.untold.append(cure)
            summed = edit.cause in ("not-summed", "wrong-axis") and not sense.gives_zeros(statement)
            spread = edit.cause == "no-local" and sense.gives_number(statement)
            return None if change == "elsewhere" or summed or spread else nothing
        if not np.any(change):
            return None if edit.cause == "overwrites" or edit.adds else nothing
        added = sense.added(self.slopes[statement], change)
        effect = sense.effect(*added)
        self.pair(cure._replace(repaired=effect.repaired), change, added, effect)
        return effect

    def pair(self, cure: Cure, change: Any, added: tuple[Any, Any], effect: Effect) -> None:
        """Keep what an edit changes, and look for one before it that does what this one leaves."""
        count, (own, size) = len(self.told_of), added
        if count == len(self.moved):
            self.moved = np.concatenate([self.moved, np.zeros_like(self.moved)])
        self.moved[count] = added
        self.told_of.append((cure, change, effect.spoils))
        left = self.sense.target - own
        fits = np.abs(self.moved[:count, 0] - left) <= self.moved[:count, 1] + size + self.sense.error
        for place in np.flatnonzero(fits.all(axis=1)) if effect.repaired != self.sense.bad else ():
            both = sorted([self.told_of[place][0], cure], key=lambda one: one.line.number)
            if both[0].line is both[1].line or together(both) >= self.two_cost or self.twos >= MOST_TWOS:
                continue
            self.twos += 1
            changed = {**self.instead, **put(both)}
            if self.search.judge.all_right(changed):
                self.names = self.search.names(self.sense) if self.names is None else self.names
                cost = together(both) + self.search.newly_wrong(self.sense, self.names, changed)
                self.two, self.two_cost = (both, cost) if cost < self.two_cost else (self.two, self.two_cost)

    def is_another(self, sense: Sense, statement: ast.stmt, edit: Edit) -> bool:
        """Whether an edit, where it stands, gives something else than the line, and than edits that were tried."""
        if edit.adds or isinstance(statement, COMPOUND):
            return True
        change = sense.change(statement, edit.statements)
        if change is None:  # it fails there, or one of the two is not finite
            visits = sense.trace.visits.get(statement, [])
            made = [sense.trace.alone(one, statement, edit.statements) for one in visits[:1]]
            return all(one is not None and all(np.isfinite(part).all() for part in one) for one in made)
        if isinstance(change, str) or not len(change):
            return True
        known = self.changes.setdefault(statement, set())
        before, own = len(known), np.round(change, 9).tobytes()
        known.add(own)
        return len(known) > before and (bool(np.any(change)) or edit.cause == "overwrites")


def put(cures: Sequence[Cure]) -> Instead:
    """What is to be read instead of the lines."""
    return {one.line.statement: one.edit.statements for one in cures}


def together(cures: Sequence[Cure]) -> float:
    """What cures cost together."""
    return sum(one.cost for one in cures) + MORE * (len(cures) - 1)


def words_of(text: str) -> set[str]:
    """The names and numbers in a text."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name | ast.Constant):
            found.add(ast.unparse(node))
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
    return found


def count_words(edit: Edit) -> int:
    """How many names and numbers an edit has."""
    return sum(isinstance(one, ast.Name | ast.Constant) for part in edit.statements for one in ast.walk(part))


def carried(line: Line, edit: Edit) -> bool:
    """Whether an edit of a line in a loop reads what the line itself leaves for its next visit."""
    if line.visits == 1:
        return False
    stored = {
        node.id for node in ast.walk(line.statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for target in targets_of(line.statement):
        base: Any = target
        while isinstance(base, ast.Subscript | ast.Attribute):
            base = base.value
        if isinstance(base, ast.Name):
            stored.add(base.id)
    old = line.statement
    if isinstance(old, ast.AugAssign) or any(isinstance(one, ast.AugAssign) for one in edit.statements):
        both = [old, edit.statements[0]]
        same = all(isinstance(one, ast.AugAssign) for one in both)
        same = same and len({type(one.op) for one in both if isinstance(one, ast.AugAssign)}) == 1
        if edit.adds or not (same or all(map(only_adds, both))):
            return True
    read = {
        node.id
        for one in edit.statements
        for node in ast.walk(getattr(one, "value", one))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return bool(stored & read)


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
