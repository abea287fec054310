"""Two mistakes on the way to the same gradients."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import islice, takewhile
from math import inf
from typing import Any, NamedTuple

import numpy as np

from backprop.check.chain_rule.derive import Derivation
from backprop.check.cures.search import CHEAPEST, DEAREST, SECONDS, UNTOLD, Candidate, Cure, Reach, Search, carried, put
from backprop.check.cures.trials import tried
from backprop.check.edits.catalogue import Plan, edit_of
from backprop.check.edits.visible import Line
from backprop.check.passes.causes import names
from backprop.check.passes.sensitivity import ALL, LOOSE, Named, Sense, flat
from backprop.check.passes.trace import targets_of
from backprop.python.runs.runner import Instead
from backprop.python.values.work import ticks

WRONG_NAMES = 4  # names that are wrong and looked at, the first ones
SUSPECTS, TEXTS = 5, 3  # lines that are looked at, and what the chain rule says for each
MOST_STUCK = 2  # sets of edits after which one more is searched for
WAYS = 3  # in which a line is cured, where it may be meant in several
APART = 1.5  # how much dearer another way may be
MOST_TEXTS = 2500  # that are tried for a line
LONGER = 0.7  # work, in seconds of a usual machine, in which others are looked for than what was found
MORE = 0.5  # what each mistake more costs
MISSING = 1.6  # what a line costs that is missing
MOST_RUNS = 30  # of edits of the lines that write one of them


class Several:
    """Two mistakes on the way to the same gradients.

    One that is behind the other is put in first, so that a sweep then tells what is still needed in front of it: what
    edits change there was found already.
    """

    def __init__(self, search: Search, sense: Sense, limit: float = inf, seconds: float = SECONDS) -> None:
        self.search, self.sense = search, sense
        self.limit = limit - MORE  # what the two may cost
        self.end = search.until(seconds)
        self.middle = (search.now() + self.end) // 2  # till then edits are told, and from then on tried in twos
        lines, most = search.reaches(sense, {}), min(DEAREST, self.limit - CHEAPEST)
        self.queue = takewhile(lambda one: one.cost < most, search.candidates(lines, sense.bad, {}))
        self.places = {statement: place for place, statement in enumerate(sense.trace.order)}

    def found(self) -> list[Cure]:
        """Two edits that make everything right together."""
        kept: dict[ast.stmt, list[tuple[Cure, Any]]] = {}
        untold: list[Cure] = []
        for one, edit in self.search.edits(takewhile(lambda _: self.search.now() <= self.middle, self.queue)):
            statement = one.reach.line.statement
            cure = Cure(one.reach.line, edit, one.cost, frozenset())
            if not one.reach.affine or carried(one.reach.line, edit):
                untold.append(cure)
                continue
            change = self.sense.change(statement, edit.statements)
            if change is None or isinstance(change, str) or not np.any(change):
                if isinstance(change, str):
                    untold.append(cure)
                continue
            effect = self.sense.effect(self.sense.slopes(statement), change)
            if not effect.spoils:
                kept.setdefault(statement, []).append((cure._replace(repaired=effect.repaired), change))
        first = {
            statement: ([one for one, _ in both], np.array([change for _, change in both]))
            for statement, both in kept.items()
        }
        behind = [one for both in kept.values() for one, _ in both]
        best: tuple[float, list[Cure]] | None = None
        for cure in sorted([*behind, *untold], key=lambda one: one.cost):
            if self.search.now() > self.end:
                self.search.ended = self.limit == inf
                break
            if cure.cost + CHEAPEST > (self.limit if best is None else best[0]):
                break
            if not self.hopeful(cure, behind):
                continue
            found = self.with_second(cure, first, cure in untold and cure.cost < UNTOLD)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return [one.named(self.sense) for one in best[1]] if best is not None else []

    def hopeful(self, second: Cure, others: list[Cure]) -> bool:
        """Whether some other edit repairs all that does not hang on the line of this one."""
        statement = second.line.statement
        if not self.sense.is_affine(statement):
            return True
        apart = self.sense.bad - self.sense.reaches(statement)
        return not apart or any(apart <= one.repaired for one in others)

    def with_second(
        self, second: Cure, first: dict[ast.stmt, tuple[list[Cure], Any]], anew: bool
    ) -> tuple[float, list[Cure]] | None:
        """An edit put in, and the cheapest one in front of it that repairs the rest.

        `anew`: one behind it, too; what that changes is found anew.
        """
        statement = second.line.statement
        instead: Instead = {statement: second.edit.statements}
        sense = Sense(self.search.judge, self.sense.point, instead, together=True)
        if not sense.told:
            return None
        matching: list[Cure] = []
        for other, (cures, changes) in first.items():
            if other is statement:
                continue
            if self.places.get(other, 0) > self.places.get(statement, 0):
                if anew:
                    matching += [one for one in cures if one.cost < UNTOLD and self.repairs(sense, one)]
                continue
            slopes = sense.slopes(other)
            if any(len(one) != changes.shape[1] for one in slopes.values()):
                continue
            fits = np.ones(len(cures), dtype=bool)
            for path, goal in sense.goals.items():
                told = changes @ slopes[path]
                error = goal.error + LOOSE * (np.abs(changes) @ np.abs(slopes[path]) + abs(goal.need))
                fits &= np.abs(goal.need - told) <= error
            matching += [one for one, fit in zip(cures, fits, strict=True) if fit]
        for one in sorted(matching, key=lambda one: one.cost)[:20]:
            changed = {**instead, one.line.statement: one.edit.statements}
            if self.search.judge.all_right(changed):
                return one.cost + second.cost, [one, second]
        return None

    def repairs(self, sense: Sense, cure: Cure) -> bool:
        """Whether an edit repairs all of what is still wrong."""
        change = sense.change(cure.line.statement, cure.edit.statements)
        if change is None or isinstance(change, str):
            return False
        return sense.goals[ALL].is_met(sense.slopes(cure.line.statement)[ALL], change)


class InOrder:
    """Mistakes one after the other: the first name that does not hold the gradient of what it is named after is cured
    in a line that writes it; then the pass is judged again."""

    def __init__(self, search: Search, most: int) -> None:
        self.search, self.most = search, most
        self.end = search.until(SECONDS / 2)

    def found(self, instead: Instead, cures: tuple[Cure, ...] = ()) -> list[Cure]:
        """The edits that make everything right together, or none."""
        if len(cures) == self.most or self.search.now() > self.end:
            return []
        judge = self.search.judge
        sense = Sense(judge, judge.points[-1], instead)
        if sense.outcome is None:
            return []
        lines = self.search.reaches(sense, instead)
        for one in [one for one in sense.named() if not one.right][:WRONG_NAMES]:
            own = [reach for reach in lines if reach.line.statement in one.writers]
            cure = self.cured(sense, one, own, instead)
            if cure is None:
                continue
            changed = {**instead, cure.line.statement: cure.edit.statements}
            found = [*cures, cure]
            return found if judge.all_right(changed) else self.found(changed, tuple(found))
        return self.rest(sense, lines, instead, cures)

    def rest(self, sense: Sense, lines: list[Reach], instead: Instead, cures: tuple[Cure, ...]) -> list[Cure]:
        """Where every name is right that is known: one more edit, for all that is still wrong."""
        if not cures:
            return []
        whole, _ = tried(self.search, lines, sense, instead)
        return [*cures, whole[0]] if whole else []

    def cured(self, sense: Sense, wrong: Named, lines: list[Reach], instead: Instead) -> Cure | None:
        """The cheapest edit of one of the lines with which a name holds what it should."""
        weights = np.random.default_rng(11).uniform(0.5, 1.5, np.shape(wrong.off))
        need = float(np.sum(weights * wrong.off))
        scale = float(np.sum(np.abs(weights * wrong.off)) + np.sum(np.abs(wrong.visit.values[0])))
        swept = sense.trace.tape.sweep([(wrong.visit.ids[0], weights)])
        runs = 0

        def is_due(one: Candidate) -> bool:
            return one.cost <= DEAREST and runs <= MOST_RUNS and self.search.now() <= self.end

        for one, edit in self.search.edits(takewhile(is_due, self.search.candidates(lines, sense.bad, instead))):
            statement = one.reach.line.statement
            change = sense.change(statement, edit.statements)
            if change is None:
                continue
            alone = one.reach.line.visits == 1 or sense.stands_alone(statement)
            if not isinstance(change, str) and alone and not edit.adds and not carried(one.reach.line, edit):
                visits = sense.trace.visits[statement]
                slopes = swept[flat([ids for visit in visits for ids in visit.ids], np.int64)]
                if abs(need - float(slopes @ change)) > LOOSE * (float(np.abs(slopes) @ np.abs(change)) + scale):
                    continue
            runs += 1
            if self.holds(wrong.name, {**instead, statement: edit.statements}, sense):
                return Cure(one.reach.line, edit, one.cost, frozenset()).named(sense)
        return None

    def holds(self, name: str, changed: Instead, before: Sense) -> bool:
        """Whether a name is right with an edit at two points, and no name that was right before is wrong."""
        right = {one.name for one in before.named() if one.right} | {name}
        for point in self.search.judge.points[-2:]:
            after = Sense(self.search.judge, point, changed)
            if not right <= {one.name for one in after.named() if one.right}:
                return False
        return True


class Turn(NamedTuple):
    """Edits that make everything right together, what they cost, and what they leave: names that hold something else
    than they say, and lines on which nothing hangs any more."""

    score: float
    cures: list[Cure]


class Way(NamedTuple):
    """Edits so far, and the names that are taken as they are."""

    cures: tuple[Cure, ...]
    instead: Instead
    passed: frozenset[str]


class InTurn:
    """Mistakes in the order in which the pass runs.

    The first line that gives no right gradient, though all that it reads is right, is cured where it stands: by the
    edits, and the lines of the chain rule, with which it gives one. Then the pass is recorded anew. A line that no cure
    helps may be right in its own way, and is passed over.
    """

    def __init__(self, search: Search, most: int, seconds: float) -> None:
        self.search, self.most = search, most
        self.end = search.until(seconds)
        self.best: Turn | None = None
        self.clean = False  # whether the best is near, and leaves nothing: then no other is looked for
        self.waiting: list[tuple[int, int, Way]] = []
        self.known: set[frozenset[tuple[int, str]]] = set()
        self.count = 0
        self.made: dict[Any, list[Cure]] = {}  # the cures of a line behind others
        self.stuck: list[Way] = []  # where no line is left that is known to be wrong

    def found(self, part: Cure | None = None) -> Turn | None:
        """The best edits that make everything right together. `part`: one that makes some gradients right."""
        self.add(Way((), {}, frozenset()))
        if part is not None:
            self.add(Way((part,), put([part]), frozenset()))
        return self.go_on()

    def go_on(self, seconds: float = 0.0) -> Turn | None:
        """The same for so long more."""
        self.end += ticks(seconds)
        while self.waiting and not self.over():
            first = heappop(self.waiting)
            self.follow(first[-1])
            if self.over():
                heappush(self.waiting, first)  # more of it may be left
        return self.best

    def found_behind(self, seconds: float) -> Turn | None:
        """The same, where no line is left that is known to be wrong: one edit more, wherever it is."""
        search, before = self.search, (self.search.end, self.search.ended)
        self.end = search.end = search.until(seconds)
        search.ended = False
        for way in self.stuck[:MOST_STUCK] if self.best is None else ():
            self.rest(way.instead, way.cures)
        search.end, search.ended = before
        return self.best

    def over(self) -> bool:
        return self.search.now() > self.end or self.clean

    def add(self, way: Way, later: int = 0) -> None:
        """Go on from some edits later: first from those with which the most lines give what is right."""
        right = self.search.derivation(way.instead).count_right()
        self.count += 1
        heappush(self.waiting, (later - right, self.count, way))

    def follow(self, way: Way) -> None:
        """Cure the next line that is wrong, in each way that there is; a line that no cure helps is passed over."""
        derivation = self.search.derivation(way.instead)
        for all_of_it in (False, True):  # what is a share may be meant to be no more
            passed = way.passed
            for line in self.suspects(way, derivation, all_of_it):
                if not derivation.is_suspect(line.statement, passed, all_of_it):
                    continue
                cured = self.cure(line, way, derivation, all_of_it)
                passed |= {name for goal in targets_of(line.statement) for name in names(goal)}
                if self.over():
                    return
                if cured:  # it may be right in its own way all the same
                    self.add(way._replace(passed=passed), len(way.cures) + 1)
                    return
        if way.cures:
            self.stuck.append(way)

    def suspects(self, way: Way, derivation: Derivation, all_of_it: bool) -> list[Line]:
        """The lines that are wrong somewhere, as they become so; `all_of_it`: those that are wrong only by that."""

        def since(line: Line) -> int:
            return derivation.wrong_since(line.statement, all_of_it)

        lines = [one for one in self.search.lines if one.statement not in way.instead and since(one)]
        if all_of_it:
            lines = [one for one in lines if since(one) != derivation.wrong_since(one.statement)]
        return sorted(lines, key=since)

    def cure(self, line: Line, way: Way, derivation: Derivation, all_of_it: bool) -> bool:
        """Go on from each cure of a line with which more is right; whether there is one."""
        right, cured = derivation.count_right(), False
        since = derivation.wrong_since(line.statement, all_of_it)
        visits = derivation.trace.visits
        before = [one for one in way.cures if any(two.time <= since for two in visits.get(one.line.statement, ())[:1])]
        place = line.statement, all_of_it, tuple([(one.line.number, one.edit.text) for one in before])
        if place not in self.made:
            self.made[place] = self.ways(line, derivation, way.instead, all_of_it)
        for cure in self.made[place]:
            if self.over():
                break
            more = Way((*way.cures, cure), {**way.instead, cure.line.statement: cure.edit.statements}, way.passed)
            key = frozenset([(one.line.number, one.edit.text) for one in more.cures])
            if key in self.known or (self.best is not None and together(more.cures) >= self.best.score):
                continue
            self.known.add(key)
            if self.search.judge.all_right(more.instead):
                self.keep(more.cures, more.instead)
                cured = True
            elif self.search.derivation(more.instead).count_right() > right - int(all_of_it):
                cured = True
                if len(more.cures) < self.most:
                    self.add(more)
        return cured

    def rest(self, instead: Instead, cures: tuple[Cure, ...]) -> None:
        """Where each line that is known to be wrong is cured: one edit more, for all that is still wrong."""
        if self.search.now() > self.end:
            return
        sense = self.search.sense(instead)
        whole, _ = tried(self.search, self.search.reaches(sense, instead), sense, instead)
        for one in whole[:1]:
            self.keep((*cures, one), {**instead, one.line.statement: one.edit.statements})

    def ways(self, line: Line, derivation: Derivation, instead: Instead, all_of_it: bool) -> list[Cure]:
        """The cheapest edits of a line with which it gives what its name says, each that gives something else; if there
        are none, those with which it gives something right."""
        found: list[tuple[Cure, list[Any]]] = []
        once: list[tuple[Cure, list[Any]]] = []  # where it was wrong first, and not later
        others: list[tuple[Cure, list[Any]]] = []
        until = self.search.until(2 * LONGER if derivation.promises(line.statement) else LONGER)

        def is_due(one: Candidate) -> bool:
            late = len(found) == WAYS or self.over() or self.search.now() > until
            return not late and not (found and one.cost > found[0][0].cost + APART)

        some = islice(self.search.candidates([Reach(line, None, True)], frozenset(), instead), MOST_TEXTS + 1)
        for one, edit in self.search.edits(takewhile(is_due, some)):
            if edit.adds:
                continue
            ways = found
            values = derivation.mended(line.statement, edit.statements, all_of_it=all_of_it)
            if values is not None and not derivation.stays_right(line.statement, edit.statements, all_of_it):
                ways = once
            if values is None and not found and len(others) < WAYS:
                ways = others
                values = derivation.mended(line.statement, edit.statements, False, all_of_it)
            if values is None:
                continue
            values = [*values, *derivation.given_later(line.statement, edit.statements)]
            if not any(alike(values, other) for _, other in ways):
                ways.append((Cure(line, edit, one.cost, frozenset()), values))
                until = min(until, self.search.until(LONGER))
        more = [*self.of_writers(line, derivation, instead), *self.of_rest(line, derivation, instead)]
        return [*more, *[cure for cure, _ in found or once[:WAYS] or others]]

    def of_rest(self, line: Line, derivation: Derivation, instead: Instead) -> Iterator[Cure]:
        """Lines that are missing behind others: what the line's name lacks in the end is there only later."""
        lines = {one.statement: one for one in self.search.lines if one.statement not in instead}
        for writer, text in derivation.lacking(line.statement):
            if writer in lines:
                whole = partial(str, f"{ast.unparse(writer)}\n{text}")
                edit = edit_of(lines[writer], Plan(MISSING, "missing-share", whole), set())
                if edit is not None:
                    yield Cure(lines[writer], edit, MISSING, frozenset())

    def of_writers(self, line: Line, derivation: Derivation, instead: Instead) -> Iterator[Cure]:
        """Cures of lines that gave a name another value of the forward pass than a line needs."""
        lines = {one.statement: one for one in self.search.lines if one.statement not in instead}
        for name, writer in derivation.handed_on(line.statement):
            own = [Reach(lines[writer], None, True)] if writer in lines else []
            for one, edit in self.search.edits(self.search.candidates(own, frozenset(), instead)):
                if edit.adds:
                    continue
                if one.cost > DEAREST or self.over():
                    break
                if derivation.reads_right(line.statement, name, writer, edit.statements):
                    yield Cure(lines[writer], edit, one.cost, frozenset())
                    break

    def keep(self, cures: tuple[Cure, ...], changed: Instead) -> None:
        left = self.search.left_over(changed)
        score = together(cures) + left
        if self.best is None or score < self.best.score:
            self.best, self.clean = Turn(score, list(cures)), not left and max(one.cost for one in cures) <= DEAREST
            self.end = min(self.end, self.search.until(LONGER))


def together(cures: Sequence[Cure]) -> float:
    """What cures cost together."""
    return sum(one.cost for one in cures) + MORE * (len(cures) - 1)


def alike(some: list[Any], others: list[Any]) -> bool:
    """Whether values are the same but for rounding."""
    return len(some) == len(others) and all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9) for a, b in zip(some, others, strict=True)
    )


class Chained:
    """Mistakes in their order: a line of which all that it reads is right, and that gives no gradient that is right, is
    replaced by what the chain rule says; then the pass is judged again."""

    def __init__(self, search: Search, most: int) -> None:
        self.search, self.most = search, most
        search.derivation({})  # is made first: what that takes is not counted
        self.end = search.until(SECONDS / 2)

    def found(self, instead: Instead, lines: list[Reach], cures: tuple[Cure, ...] = ()) -> list[Cure]:
        """The edits that make everything right together, or none."""
        derivation = self.search.derivation(instead)
        later: list[tuple[Instead, Cure]] = []
        suspects = 0
        for reach in lines:
            if reach.line.statement in instead or suspects == SUSPECTS or self.search.now() > self.end:
                continue
            texts = derivation.suspected(reach.line, reach.line.atoms(self.search.read))
            suspects += bool(texts)
            for cost, text in texts[:TEXTS]:
                edit = edit_of(reach.line, Plan(cost, None, partial(str, text)), set())
                if edit is None:
                    continue
                changed = {**instead, reach.line.statement: edit.statements}
                cure = Cure(reach.line, edit, cost, frozenset())
                if self.search.judge.all_right(changed):
                    return [*cures, cure]
                later.append((changed, cure))
        if len(cures) + 1 < self.most:
            for changed, cure in later:
                if self.search.now() > self.end:
                    return []
                rest = self.found(changed, lines, (*cures, cure))
                if rest:
                    return rest
        return []
