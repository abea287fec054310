"""The search for the faulty line: edits of a backward pass, the cheapest first, and what they make right.

A line on which no wrong gradient hangs is out at once: its value is changed, and what comes out is compared.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property, partial
from heapq import heapify, heappop, heappush
from time import process_time
from typing import Any, NamedTuple

from backprop.check.chain_rule.derive import LEAST, Derivation
from backprop.check.edits.catalogue import COMPOUND, Edit, Plan, edit_of, header, plans
from backprop.check.edits.visible import Kind, Line, Lines, reads
from backprop.check.passes.causes import names
from backprop.check.passes.judge import Judge
from backprop.check.passes.points import Point
from backprop.check.passes.sensitivity import Sense, base_name
from backprop.check.passes.trace import Trace, targets_of
from backprop.errors import Problem
from backprop.python.pairs.unnamed import is_taken
from backprop.python.runs.runner import Instead
from backprop.python.texts.gradients import Outcome, Path
from backprop.python.values.work import after, now, ticks

LONGEST = 12.0  # work for everything that looks for lines and cures, in seconds of a usual machine, as all of these
SECONDS = 6.5  # of these for edits of one line
PATIENT = 8  # times as slow a machine may be before the search is given up on it
LATE = 1 << 62
SELDOM = 1000  # readings of the clock of work after which that of the processor is looked at, which takes longer
MOST_TRIED = 6000
ALIKE = 0.3  # repairs that cost so much more are told as possible, too
UNSEEN = 0.5  # what it costs that only runs tell what edits of a line in a loop do
UNTOLD = 1.7  # of edits of which only a run tells what they do, and that are tried together with those behind them
DEAREST = 2.7  # of edits that are tried in twos
IDLE = 2.5  # what a line costs on which nothing hangs after an edit
MISNAMED = 2.5  # what a name costs that holds something else than it says, where edits of several lines are weighed
UNMOVED, UNKNOWN, ESTRANGED = 0.1, 0.05, 0.6  # that what a line gives is known before an edit, too, never, or only then
AROUND, MADE_UP = 1.5, 0.6  # that an edit goes around a helper, or gives it something that is made up for it
RENAMED = 0.25  # how much likelier a line is faulty that only gives another name to what has one
FAR = 4.5  # the cost of edits that are tried last of all
CHEAPEST = 0.8  # no edit costs less


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

    def named(self, sense: Sense) -> Cure:
        """The same with the name of the mistake, by what the line and its edit give in a pass."""
        cause = sense.cause(self.line.statement, self.edit.statements, self.edit.cause)
        return self._replace(edit=self.edit._replace(cause=cause))


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
        self.last = after(LONGEST)
        self.latest, self.asked, self.given_up = process_time() + PATIENT * LONGEST, 0, False
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
        self.under_way: Any = None  # the edits that were tried last, with which a search may go on

    def now(self) -> int:
        """What the clock of work shows. Where a machine is so slow that nobody waits for it, it is far ahead."""
        self.asked += 1
        if self.asked % SELDOM == 0:
            self.given_up = process_time() > self.latest
        return LATE if self.given_up else now()

    def until(self, seconds: float) -> int:
        """When a part of the search ends that may take so long, or what is left of the time for all."""
        return min(self.now() + ticks(seconds), self.last)

    def derivation(self, instead: Instead) -> Derivation:
        """The chain rule at a point around the given one, where no gradient from above is a plain 1."""
        for known, found in self.derivations:
            if known == instead:
                return found
        point = self.judge.points[1] if len(self.judge.points) > 1 else self.judge.points[0]
        first = self.derivations[0][1] if self.derivations and self.derivations[0][1].trace.forward else None
        trace = Trace(numbered=True, behind=first is not None)
        with suppress(Problem):
            self.judge.runner.run(point.given, point.upstream, instead, most=4.0, recorder=trace)
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
            self.judge.runner.run(point.given, point.upstream, instead, seen, most=4.0)
        found = []
        self.read = reads(list(seen.found.values()))
        own = [one for one in seen.found.values()
               if one.statement not in self.forth and not sense.makes_output(one.statement)]  # fmt: skip
        self.functions = self.functions or {one.statement: one.function for one in seen.found.values()}
        self.lines = self.lines or own
        for line in own:
            statement = line.statement
            if isinstance(statement, ast.FunctionDef | ast.ClassDef) or statement in instead or is_taken(statement):
                continue
            if line.function in self.judge.runner.pair.handed:  # which is right
                continue
            affine = sense.told and sense.is_affine(statement)
            moves = sense.reaches(statement) if affine else None
            if moves is None or moves & sense.bad:
                found.append(Reach(line, moves, affine))
        return found

    @cached_property
    def forth(self) -> set[ast.stmt]:
        """The lines that the forward pass runs, too, as of a function that both passes call: what is changed in them
        changes what is to be differentiated."""
        seen = Lines()
        if not self.judge.runner.pair.of_one:
            with suppress(Problem):
                self.judge.runner.forward_alone(self.judge.points[0].given, seen)
        return {*seen.found}

    def verdicts(self, point: Point, instead: Instead) -> dict[Path, str]:
        """What is said about every gradient with edits put in."""
        try:
            outcome: Outcome | None = self.judge.runner.run(point.given, point.upstream, instead, most=2.0)
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
        late = self.now() > self.last - ticks(LONGEST / 2) and line.statement not in derivation.made
        return [] if late else derivation.plans(line, line.atoms(self.read))

    def edit(self, one: Candidate, seen: dict[ast.stmt, set[str]]) -> Edit | None:
        """The edit of a candidate, unless it was there before."""
        assert one.plan is not None
        return edit_of(one.reach.line, one.plan, seen.setdefault(one.reach.line.statement, set()), self.texts)

    def edits(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Edit]]:
        """Candidates with their edits, each text of a line once."""
        seen: dict[ast.stmt, set[str]] = {}
        for one in candidates:
            edit = self.edit(one, seen)
            if edit is not None:
                yield one, edit

    def over(self) -> bool:
        """Whether the search took too long."""
        self.ended = self.ended or self.tried >= MOST_TRIED or self.now() > self.end
        return self.ended

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
        several = isinstance(value, ast.Tuple | ast.List | ast.Dict)
        parts = (
            value.elts
            if isinstance(value, ast.Tuple | ast.List)
            else value.values
            if isinstance(value, ast.Dict)
            else [value]
        )
        handed = all(isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Constant) for one in parts)
        if handed and (several or isinstance(statement, ast.Return)):
            dear += 0.5
        plain = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)
        return dear - (RENAMED if plain and isinstance(value, ast.Name) else 0.0)

    def proven_part(self, instead: Instead, good: frozenset[Path]) -> bool:
        """Whether what an edit repairs, it repairs at every point."""
        for point in self.judge.points:
            found = self.verdicts(point, instead)
            if any(found[path] != "ok" for path in good):
                return False
        return True


def put(cures: Sequence[Cure]) -> Instead:
    """What is to be read instead of the lines."""
    return {one.line.statement: one.edit.statements for one in cures}


def idle(trace: Trace, changed: Instead) -> set[Any]:
    """The lines that give a name a value that is never read."""
    waiting: dict[str, ast.stmt] = {}
    read: set[ast.stmt] = set()
    visits = [(visit.time, statement) for statement, found in trace.visits.items() for visit in found]
    named: dict[ast.stmt, list[tuple[set[str], set[str]]]] = {}
    for _, statement in sorted(visits, key=lambda one: one[0]):
        if statement not in named:
            named[statement] = [read_and_set(part) for part in changed.get(statement, [header(statement)])]
        for known, made in named[statement]:
            read |= {waiting[name] for name in known & waiting.keys()}
            waiting.update(dict.fromkeys(made, statement))
    stores = [one for _, one in visits if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)]
    return set(stores) - read


def read_and_set(tree: ast.AST) -> tuple[set[str], set[str]]:
    """The names that a statement or an expression reads, and those that it gives a value; `+=` does both."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    adds = isinstance(tree, ast.AugAssign)
    return {one.id for one in nodes if adds or isinstance(one.ctx, ast.Load)}, {
        one.id for one in nodes if isinstance(one.ctx, ast.Store)
    }


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
    _, stored = read_and_set(line.statement)
    for target in targets_of(line.statement):
        base: Any = target
        while isinstance(base, ast.Subscript | ast.Attribute):
            base = base.value
        if isinstance(base, ast.Name):
            stored.add(base.id)
    old = line.statement
    if isinstance(old, ast.AugAssign) or any(isinstance(one, ast.AugAssign) for one in edit.statements):
        now = edit.statements[0]
        same = isinstance(old, ast.AugAssign) and isinstance(now, ast.AugAssign) and type(old.op) is type(now.op)
        if not same or edit.adds:
            return True
    return any(stored & read_and_set(getattr(one, "value", one))[0] for one in edit.statements)
