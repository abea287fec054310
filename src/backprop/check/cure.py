"""The faulty line: edits of the backward pass are tried, and what makes every gradient right at every point is proof.

A line on which no wrong gradient hangs is out at once: its value is changed, and what comes out is compared.
"""

from __future__ import annotations

import ast
from contextlib import suppress
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from backprop.check.edits import COMPOUND, Edit, Plan, edit_of, header, plans
from backprop.check.handwritten import Judge, Place, Point, Verdict
from backprop.check.look import Line, Lines, reads
from backprop.check.sense import ALL, LOOSE, Effect, Sense
from backprop.check.trace import targets_of
from backprop.errors import Problem
from backprop.python.entry import Instead, Outcome
from backprop.python.gradients import Path

SECONDS = 10.0
MOST_TRIED = 6000
ALIKE = 0.3  # repairs that cost so much more are told as possible, too
MOST_MISTAKES = 3
UNSEEN = 0.5  # what it costs that only runs tell what edits of a line in a loop do
UNTOLD = 1.7  # of edits of which only a run tells what they do, and that are tried together with those behind them
DEAREST = 2.7  # of edits that are tried in twos
PATIENCE = 1.2  # how much dearer one edit that repairs all may be than one that repairs a part
SPOILT, LEFT = 1.0, 0.3  # what a name that becomes wrong, or stays so, adds to the cost of an edit
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


class Candidate(NamedTuple):
    """An edit of a line with its cost."""

    cost: float
    place: int
    reach: Reach
    plan: Plan


class Search:
    """The search for the faulty lines of one pass."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.end = process_time() + SECONDS
        self.tried = 0
        self.ended = False

    def found(self) -> tuple[list[Cure], list[Cure], list[Line]]:
        """The edits that make everything right together, those that would do so elsewhere, and the lines in doubt."""
        sense = self.sense({})
        cures, others, doubted = self.solved(sense, {}, MOST_MISTAKES)
        if not cures and sense.told:
            cures = Several(self, sense).found()
        if self.ended:
            self.judge.remarks.append("the search for the line was ended: it took too long")
        return cures, others, [] if cures else doubted

    def solved(self, sense: Sense, instead: Instead, most: int) -> tuple[list[Cure], list[Cure], list[Line]]:
        """One mistake, or several of which each shows in gradients of its own."""
        lines = self.reaches(sense, instead)
        whole, part = self.search(lines, sense, instead)
        suspects = [one.line for one in lines if one.moves is not None and one.moves >= sense.bad]
        if whole:
            return whole[:1], whole[1:], []
        if part is None or most == 1:
            return [], [], suspects
        more = {**instead, part.line.statement: part.edit.statements}
        rest, _, _ = self.solved(self.sense(more), more, most - 1)
        return ([part, *rest], [], []) if rest else ([], [], suspects)

    def sense(self, instead: Instead) -> Sense:
        """The pass at the point where most of it is wrong."""
        first = Sense(self.judge, self.judge.points[0], instead)
        best = first
        for point in self.judge.points[1:]:
            if len(best.bad) < len(first.verdicts):
                verdicts = self.verdicts(point, instead)
                if sum(one != "ok" for one in verdicts.values()) > len(best.bad):
                    best = Sense(self.judge, point, instead)
        return best

    def reaches(self, sense: Sense, instead: Instead) -> list[Reach]:
        """The lines that may be wrong."""
        seen = Lines()
        with suppress(Problem):
            point = sense.point
            self.judge.runner.run(point.given, point.upstream, instead, seen, seconds=4.0)
        found = []
        for line in seen.found.values():
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

    def candidates(self, lines: list[Reach], bad: frozenset[Path]) -> list[Candidate]:
        """All edits of all lines, the cheapest first."""
        atoms = reads([one.line for one in lines])
        queue: list[Candidate] = []
        for one in lines:
            dear = self.dearness(one, bad)
            for plan in plans(one.line, one.line.atoms(atoms)):
                later = 0.0 if one.affine or one.line.visits == 1 else UNSEEN
                queue.append(Candidate(plan.cost + dear + later, len(queue), one, plan))
        queue.sort(key=lambda item: item[:2])
        return queue

    def edit(self, one: Candidate, seen: dict[ast.stmt, set[str]]) -> Edit | None:
        """The edit of a candidate, unless it was there before."""
        return edit_of(one.reach.line, one.plan, seen.setdefault(one.reach.line.statement, set()))

    def search(self, lines: list[Reach], sense: Sense, instead: Instead) -> tuple[list[Cure], Cure | None]:
        """Edits in the order of their cost: those that repair everything, and the one that repairs the most."""
        whole: list[Cure] = []
        part: Cure | None = None
        names: dict[str, bool] | None = None
        slopes = {one.line.statement: sense.slopes(one.line.statement) for one in lines if one.affine}
        seen: dict[ast.stmt, set[str]] = {}
        for one in self.candidates(lines, sense.bad):
            cost, _, reach, _ = one
            if whole and cost > whole[0].cost + ALIKE:
                break
            if part is not None and cost > part.cost + PATIENCE:
                break
            if self.over():
                break
            edit = self.edit(one, seen)
            if edit is None:
                continue
            effect = self.told(sense, slopes, reach, edit)
            if effect is not None and (effect.spoils or not effect.repaired):
                continue
            changed = {**instead, reach.line.statement: edit.statements}
            if effect is None or effect.repaired == sense.bad:
                self.tried += 1
                after = self.verdicts(sense.point, changed)
                repaired = frozenset(path for path in sense.bad if after[path] == "ok")
                if not repaired or any(
                    after[path] != "ok" and verdict == "ok" for path, verdict in sense.verdicts.items()
                ):
                    continue
                effect = Effect(repaired, False)
            if effect.repaired == sense.bad and self.judge.all_right(changed):
                names = self.names(sense) if names is None else names
                cost += self.newly_wrong(sense, names, changed)
                edit = edit._replace(cause=sense.cause(reach.line.statement, edit.statements, edit.cause))
                if all(one.line is not reach.line for one in whole):
                    whole.append(Cure(reach.line, edit, cost, effect.repaired))
                    whole.sort(key=lambda one: one.cost)
            elif (
                effect.repaired < sense.bad
                and (part is None or len(effect.repaired) > len(part.repaired))
                and self.proven_part(changed, effect.repaired)
            ):
                edit = edit._replace(cause=sense.cause(reach.line.statement, edit.statements, edit.cause))
                part = Cure(reach.line, edit, cost, effect.repaired)
        best = [one for one in whole if one.cost <= whole[0].cost + ALIKE]
        return best, part

    def over(self) -> bool:
        """Whether the search took too long."""
        self.ended = self.ended or self.tried >= MOST_TRIED or process_time() > self.end
        return self.ended

    def told(self, sense: Sense, slopes: dict[ast.stmt, Any], reach: Reach, edit: Edit) -> Effect | None:
        """What an edit does, without a run; None where only a run tells."""
        nothing = Effect(frozenset(), False)
        statement = reach.line.statement
        if not reach.affine:
            if sense.told and not plausible(reach.line, edit):
                return nothing
            return None
        if reach.line.visits > 1:  # one visit may change what the next one does: only a run tells of all of them
            return None if sense.may_repair(statement, edit.statements) else nothing
        if carried(reach.line, edit):
            return None
        change = sense.change(statement, edit.statements)
        if change is None:
            return nothing
        if isinstance(change, str):
            return None if change == "elsewhere" or edit.cause in ("not-summed", "wrong-axis") else nothing
        if not np.any(change):
            return None if edit.cause == "overwrites" or edit.adds else nothing
        return sense.effect(slopes[statement], change)

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

    def dearness(self, reach: Reach, bad: frozenset[Path]) -> float:
        """What a line adds to the cost of its edits: right gradients that hang on it too; lines that only hand on."""
        dear = 0.12 * min(3, len(reach.moves - bad)) if reach.moves is not None else 0.0
        statement = reach.line.statement
        if isinstance(statement, ast.Return) or (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Tuple)
            and all(
                isinstance(one, ast.Name | ast.Attribute | ast.Subscript | ast.Constant) for one in statement.value.elts
            )
        ):
            dear += 0.5
        return dear

    def proven_part(self, instead: Instead, good: frozenset[Path]) -> bool:
        """Whether what an edit repairs, it repairs at every point."""
        for point in self.judge.points:
            found = self.verdicts(point, instead)
            if any(found[path] != "ok" for path in good):
                return False
        return True


class Several:
    """Two mistakes on the way to the same gradients.

    One that is behind the other is put in first, so that a sweep then tells what is still needed in front of it: what
    edits change there was found already.
    """

    def __init__(self, search: Search, sense: Sense) -> None:
        self.search, self.sense = search, sense
        self.end = process_time() + SECONDS
        lines = search.reaches(sense, {})
        self.queue = [one for one in search.candidates(lines, sense.bad) if one.cost < DEAREST]
        self.places = {statement: place for place, statement in enumerate(sense.trace.order)}

    def found(self) -> list[Cure]:
        """Two edits that make everything right together."""
        kept: dict[ast.stmt, list[tuple[Cure, Any]]] = {}
        untold: list[Cure] = []
        seen: dict[ast.stmt, set[str]] = {}
        for one in self.queue:
            if process_time() > self.end - SECONDS / 2:
                break
            statement = one.reach.line.statement
            edit = self.search.edit(one, seen)
            if edit is None:
                continue
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
            if process_time() > self.end:
                self.search.ended = True
                break
            if best is not None and cure.cost + CHEAPEST > best[0]:
                break
            if not self.hopeful(cure, behind):
                continue
            found = self.with_second(cure, first, cure in untold and cure.cost < UNTOLD)
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
        slopes = sense.slopes(cure.line.statement)
        goal = sense.goals[ALL]
        told = float(slopes[ALL] @ change)
        return abs(goal.need - told) <= goal.error + LOOSE * (
            float(np.abs(slopes[ALL]) @ np.abs(change)) + abs(goal.need)
        )


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
        now = edit.statements[0]
        same = isinstance(old, ast.AugAssign) and isinstance(now, ast.AugAssign) and type(old.op) is type(now.op)
        if not same or edit.adds:
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
    stored = {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    read = {node.id for node in ast.walk(new.value) if isinstance(node, ast.Name)}
    if stored & read or any(isinstance(node, ast.NamedExpr | ast.Lambda) for node in ast.walk(new.value)):
        return True
    before, after = line.kind(ast.unparse(old.value)), line.kind(ast.unparse(new.value))
    if after is None:
        return line.computes(new.value)
    return before is None or before.shape == after.shape or not before.shape or not after.shape


def with_lines(judge: Judge, verdict: Verdict) -> Verdict:
    """The verdict on a wrong pass with the faulty lines, each with the line to write, or what can be said of them."""
    if verdict.verdict != "wrong":
        return verdict
    search = Search(judge)
    cures, others, doubted = search.found()
    places = [place_of(cure) for cure in cures]
    if cures:
        places = with_values(search, cures, places)
    remarks = list(verdict.remarks)
    remarks += [one for one in judge.remarks if one not in remarks]
    if others:
        listed = "; ".join(f"line {one.line.number}: {written(one)}" for one in others[:2])
        remarks.append(f"also possible: {listed}")
    if not cures:
        remarks.append("no edit of the catalogue makes every gradient right, so the line is not known")
        numbers = sorted({line.number for line in doubted})
        if 0 < len(numbers) <= 5:
            remarks.append(f"if it is one line, it is {' or '.join(map(str, numbers))}: all wrong gradients hang on it")
    return verdict._replace(lines=places, remarks=remarks)


def with_values(search: Search, cures: list[Cure], places: list[Place]) -> list[Place]:
    """What the faulty lines give, and what they should: where they differ first."""
    judge = search.judge
    wrong = Sense(judge, judge.points[0], {}, together=True)
    right = Sense(judge, judge.points[0], {cure.line.statement: cure.edit.statements for cure in cures}, together=True)
    found = []
    for cure, place in zip(cures, places, strict=True):
        statement = cure.line.statement
        for mine, other in zip(
            wrong.trace.visits.get(statement, []), right.trace.visits.get(statement, []), strict=False
        ):
            if len(mine.values) == len(other.values) and mine.values and differ(mine.values, other.values):
                yours, expected = (one.values[0] if len(one.values) == 1 else None for one in (mine, other))
                rounds = mine.rounds[-1] if mine.rounds else None
                place = place._replace(yours=yours, expected=expected, iteration=rounds)
                break
        found.append(place)
    return found


def differ(some: list[Any], others: list[Any]) -> bool:
    """Whether some values are not those of others, beyond rounding."""
    return any(
        np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
        for a, b in zip(some, others, strict=True)
    )


def place_of(cure: Cure) -> Place:
    """The verdict on a line."""
    line, edit = cure.line, cure.edit
    segment = ast.get_source_segment(line.source.text, line.statement) or ""
    old = segment if segment and "\n" not in segment else ast.unparse(header(line.statement)).split("\n", 1)[0]
    target: Any = line.statement
    goal = target.targets[0] if isinstance(target, ast.Assign) else getattr(target, "target", None)
    name = ast.unparse(goal) if goal is not None and not isinstance(line.statement, COMPOUND) else ""
    advice = f"behind `{old}` a line is missing:" if edit.adds else f"instead of `{old}` write:"
    return Place(line.function, line.number, None, name, "wrong", edit.cause, advice, written(cure))


def written(cure: Cure) -> str:
    """The line to write, in the user's own words where only a part of it changes."""
    line, text = cure.line, cure.edit.text
    if cure.edit.adds:
        return text.split("\n", 1)[1]
    if isinstance(line.statement, COMPOUND):
        return text.split("\n", 1)[0]
    return spliced(line, text)


def spliced(line: Line, text: str) -> str:
    """The user's text with only what changed put in, if it then means the same."""
    segment = ast.get_source_segment(line.source.text, line.statement)
    if segment is None or "\n" in segment:
        return text
    try:
        old, new = ast.parse(segment).body[0], ast.parse(text).body[0]
        if type(old) is not type(new):
            return reassigned(segment, old, new, text)
        pair = differing(old, new)
        if pair is None:
            return text
        was, now = pair
        content = segment.encode()
        put = ast.unparse(now)
        start, end = was.col_offset, was.end_col_offset
        places = [(start, end, put), (start, end, f"({put})")]
        if isinstance(now, ast.Tuple):
            places.insert(0, (start, end, put[1:-1]))
        if content[start - 1 : start] + content[end : end + 1] == b"()":
            places.insert(0, (start - 1, end + 1, put))
        for first, last, candidate in places:
            mixed = (content[:first] + candidate.encode() + content[last:]).decode()
            try:
                if ast.dump(ast.parse(mixed).body[0]) == ast.dump(new):
                    return mixed
            except SyntaxError:
                continue
    except (SyntaxError, UnicodeDecodeError, RecursionError):
        return text
    return text


def reassigned(segment: str, old: ast.stmt, new: ast.stmt, text: str) -> str:
    """`a += v` for `a = v` in the user's own words."""
    if not isinstance(old, ast.Assign) or not isinstance(new, ast.AugAssign):
        return text
    target, value = (ast.get_source_segment(segment, one) for one in (old.targets[0], old.value))
    operator = {ast.Add: "+=", ast.Sub: "-=", ast.Mult: "*=", ast.Div: "/="}.get(type(new.op))
    mixed = f"{target} {operator} {value}"
    return mixed if ast.dump(ast.parse(mixed).body[0]) == ast.dump(new) else text


def differing(old: ast.AST, new: ast.AST) -> tuple[Any, Any] | None:
    """The smallest expressions in which two trees differ."""
    if type(old) is not type(new):
        return (old, new) if isinstance(old, ast.expr) and isinstance(new, ast.expr) else None
    found: list[tuple[Any, Any]] = []
    for field, before in ast.iter_fields(old):
        after = getattr(new, field)
        pairs = list(zip(before, after, strict=False)) if isinstance(before, list) else [(before, after)]
        if isinstance(before, list) and len(before) != len(after):
            found.append((old, new))
            continue
        for one, other in pairs:
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                if ast.dump(one) != ast.dump(other):
                    inner = differing(one, other)
                    found.append(inner if inner is not None else (old, new))
            elif one != other:
                found.append((old, new))
    if len(found) == 1 and isinstance(found[0][0], ast.expr):
        return found[0]
    return (old, new) if isinstance(old, ast.expr) and found else None
