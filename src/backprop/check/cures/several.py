"""Two mistakes on the way to the same gradients."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from heapq import heappop, heappush
from math import inf
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from backprop.check.chain_rule.derive import Derivation
from backprop.check.cures.search import (
    CHEAPEST,
    DEAREST,
    MORE,
    SECONDS,
    Candidate,
    Cure,
    Reach,
    Search,
    together,
)
from backprop.check.edits.catalogue import Plan, edit_of
from backprop.check.edits.visible import Line
from backprop.check.passes.causes import names
from backprop.check.passes.sensitivity import LOOSE, Sense
from backprop.check.passes.trace import targets_of
from backprop.python.entry.runner import Instead

SUSPECTS, TEXTS = 5, 3  # lines that are looked at, and what the chain rule says for each
MOST_STUCK = 2  # sets of edits after which one more is searched for
WAYS = 3  # in which a line is cured, where it may be meant in several
APART = 1.5  # how much dearer another way may be
MOST_TEXTS = 2500  # that are tried for a line
LONGER = 0.7  # seconds in which others are looked for than what was found


class Several:
    """Two mistakes on the way to the same gradients.

    What they change adds up, or one of them is put in, and a sweep tells what is still needed of other lines: what
    edits change there was found already.
    """

    def __init__(self, search: Search, sense: Sense, limit: float = inf, seconds: float = SECONDS) -> None:
        self.search, self.sense = search, sense
        self.limit = limit - MORE  # what the two may cost
        self.end = search.until(seconds)
        self.tried = search.edits(sense, {})

    def found(self) -> list[Cure]:
        """Two edits that make everything right together."""
        before = self.search.end, self.search.ended
        self.search.end = (process_time() + self.end) / 2  # till then edits are tried, and from then on in twos
        self.tried.more(min(DEAREST, self.limit - CHEAPEST), every=True)
        self.search.end, self.search.ended = before
        two = self.tried.two
        if two and together(two) - MORE < self.limit:
            return [self.with_cause(one) for one in two]
        kept: dict[ast.stmt, list[tuple[Cure, Any]]] = {}
        for cure, change, spoils in self.tried.told_of:
            if not spoils:
                kept.setdefault(cure.line.statement, []).append((cure, change))
        first = {
            statement: ([one for one, _ in both], np.array([change for _, change in both]))
            for statement, both in kept.items()
        }
        behind = [one for both in kept.values() for one, _ in both]
        best: tuple[float, list[Cure]] | None = None
        for cure in sorted([*behind, *self.tried.untold], key=lambda one: one.cost):
            if process_time() > self.end:
                self.search.ended = self.search.ended or self.limit == inf
                break
            if cure.cost + CHEAPEST > (self.limit if best is None else best[0]):
                break
            if not self.hopeful(cure, behind):
                continue
            found = self.with_second(cure, first)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
        return [self.with_cause(one) for one in best[1]] if best is not None else []

    def with_cause(self, cure: Cure) -> Cure:
        edit = cure.edit
        cause = self.sense.cause(cure.line.statement, edit.statements, edit.cause)
        return cure._replace(edit=edit._replace(cause=cause))

    def hopeful(self, second: Cure, others: list[Cure]) -> bool:
        """Whether some other edit repairs all that does not hang on the line of this one."""
        statement = second.line.statement
        if not self.sense.is_affine(statement):
            return True
        apart = self.sense.bad - self.sense.reaches(statement)
        return not apart or any(apart <= one.repaired for one in others)

    def with_second(
        self, second: Cure, first: dict[ast.stmt, tuple[list[Cure], Any]]
    ) -> tuple[float, list[Cure]] | None:
        """An edit put in, and the cheapest other one that repairs the rest."""
        instead: Instead = {second.line.statement: second.edit.statements}
        sense = Sense(self.search.judge, self.sense.point, instead, together=True)
        if not sense.told:
            return None
        matching: list[Cure] = []
        for other, (cures, changes) in first.items():
            slopes, sizes = sense.all_slopes(other)
            if other is second.line.statement or slopes.shape[1:] != changes.shape[1:]:
                continue
            error = sense.error + LOOSE * (np.abs(changes) @ sizes.T)
            fits = np.abs(sense.target - changes @ slopes.T) <= error
            matching += [one for one, fit in zip(cures, fits.all(axis=1), strict=True) if fit]
        for one in sorted(matching, key=lambda one: one.cost)[:20]:
            changed = {**instead, one.line.statement: one.edit.statements}
            if self.search.judge.all_right(changed):
                return one.cost + second.cost, [one, second]
        return None


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
        self.clean = False  # whether the best leaves nothing: then no other is looked for
        self.waiting: list[tuple[int, int, Way]] = []
        self.known: set[frozenset[tuple[int, str]]] = set()
        self.count = 0
        self.made: dict[Any, list[Cure]] = {}  # the cures of a line behind others
        self.stuck: list[Way] = []  # where no line is left that is known to be wrong

    def found(self) -> Turn | None:
        """The best edits that make everything right together."""
        self.add(Way((), {}, frozenset()))
        while self.waiting and not self.over():
            self.follow(heappop(self.waiting)[-1])
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
        return process_time() > self.end or self.clean

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
        return sorted(lines, key=lambda one: (derivation.gives_other(one.statement), since(one)))

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
        if process_time() > self.end:
            return
        sense = self.search.sense(instead)
        whole, _ = self.search.search(self.search.reaches(sense, instead), sense, instead)
        for one in whole[:1]:
            self.keep((*cures, one), {**instead, one.line.statement: one.edit.statements})

    def ways(self, line: Line, derivation: Derivation, instead: Instead, all_of_it: bool) -> list[Cure]:
        """The cheapest edits of a line with which it gives what its name says, each that gives something else; if there
        are none, those with which it gives something right."""
        found: list[tuple[Cure, list[Any]]] = []
        once: list[tuple[Cure, list[Any]]] = []  # where it was wrong first, and not later
        others: list[tuple[Cure, list[Any]]] = []
        statement = line.statement
        for one in self.edits(line, derivation, instead, all_of_it, found):
            mended = derivation.mended(statement, one.edit.statements, all_of_it)
            if mended is None or (not mended[1] and (found or len(others) == WAYS)):
                continue
            values, ways = mended[0], found if mended[1] else others
            if mended[1] and not derivation.stays_right(statement, one.edit.statements, all_of_it):
                ways = once
            values = [*values, *derivation.given_later(statement, one.edit.statements)]
            if not any(alike(values, other) for _, other in ways):
                ways.append((one, values))
        return [*self.of_writers(line, derivation, instead), *[cure for cure, _ in found or once[:WAYS] or others]]

    def edits(
        self, line: Line, derivation: Derivation, instead: Instead, all_of_it: bool, found: list[Any]
    ) -> Iterator[Cure]:
        """The edits of a line, the cheapest first, for some time; once some are `found`, others that are little dearer.
        Where the chain rule says what the line should, then no longer, only such as give the same, and that at last."""
        seen: dict[ast.stmt, set[str]] = {}
        reach = Reach(line, None, True)
        promises = derivation.promises(line.statement)
        sure = self.said(line, derivation, instead, all_of_it) if promises else []
        until = process_time() + (2 * LONGER if promises and not sure else LONGER)
        count = 0
        for tried, one in enumerate(self.search.candidates([reach], frozenset(), instead)):
            if len(found) > count:
                count, until = len(found), min(until, process_time() + LONGER)
            dear = bool(found) and one.cost > found[0][0].cost + APART
            if len(found) == WAYS or dear or self.over():
                return
            if tried > MOST_TEXTS or process_time() > until:
                break
            edit = self.search.edit(one, seen)
            if edit is None or edit.adds:
                continue
            known = [values for _, values in sure]
            if not sure or derivation.gives_one_of(line.statement, edit.statements, known, all_of_it):
                yield Cure(line, edit, one.cost, frozenset())
        yield from [cure for cure, _ in sure if not found]

    def said(
        self, line: Line, derivation: Derivation, instead: Instead, all_of_it: bool
    ) -> list[tuple[Cure, list[Any]]]:
        """What the chain rule says for a line, where that makes it right, and what it gives there."""
        seen: dict[ast.stmt, set[str]] = {}
        found = []
        for cost, text in sorted(self.search.derived(line, instead)):
            plan = Plan(cost, None, partial(str, text))
            edit = self.search.edit(Candidate(cost, 0, Reach(line, None, True), plan), seen)
            mended = derivation.mended(line.statement, edit.statements, all_of_it) if edit is not None else None
            if edit is not None and mended is not None and mended[1]:
                found.append((Cure(line, edit, cost, frozenset()), mended[0]))
        return found

    def of_writers(self, line: Line, derivation: Derivation, instead: Instead) -> Iterator[Cure]:
        """Cures of lines that gave a name another value of the forward pass than a line needs."""
        lines = {one.statement: one for one in self.search.lines if one.statement not in instead}
        until = process_time() + LONGER
        for name, writer in derivation.handed_on(line.statement):
            seen: dict[ast.stmt, set[str]] = {}
            own = [Reach(lines[writer], None, True)] if writer in lines else []
            for one in self.search.candidates(own, frozenset(), instead):
                edit = self.search.edit(one, seen)
                if edit is None or edit.adds:
                    continue
                if one.cost > DEAREST or self.over() or process_time() > until:
                    break
                if derivation.reads_right(line.statement, name, writer, edit.statements):
                    yield Cure(lines[writer], edit, one.cost, frozenset())
                    break

    def keep(self, cures: tuple[Cure, ...], changed: Instead) -> None:
        left = self.search.left_over(changed)
        score = together(cures) + left
        if self.best is None or score < self.best.score:
            self.best, self.clean = Turn(score, list(cures)), not left
            self.end = min(self.end, process_time() + LONGER)


def alike(some: list[Any], others: list[Any]) -> bool:
    """Whether values are the same but for rounding."""
    return len(some) == len(others) and all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-9) for a, b in zip(some, others, strict=True)
    )


class Chained:
    """Mistakes in their order: a line of which all that it reads is right, and that gives no gradient that is right, is
    replaced by what the chain rule says; then the pass is judged again."""

    def __init__(self, search: Search, most: int, seconds: float = SECONDS / 2) -> None:
        self.search, self.most = search, most
        search.derivation({})  # is made first: what that takes is not counted
        self.end = search.until(seconds)

    def found(self, instead: Instead, lines: list[Reach], cures: tuple[Cure, ...] = ()) -> list[Cure]:
        """The edits that make everything right together, or none."""
        derivation = self.search.derivation(instead)
        later: list[tuple[Instead, Cure]] = []
        suspects = 0
        for reach in lines:
            if reach.line.statement in instead or suspects == SUSPECTS or process_time() > self.end:
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
                if process_time() > self.end:
                    return []
                rest = self.found(changed, lines, (*cures, cure))
                if rest:
                    return rest
        return []
