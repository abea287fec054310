"""The faulty line: edits of the backward pass are tried, and what makes every gradient right at every point is proof.

A line on which no wrong gradient hangs is out at once: its value is changed, and what comes out is compared.
"""

from __future__ import annotations

import ast
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from backprop.check.edits import COMPOUND, Edit, edits, header
from backprop.check.handwritten import Judge, Place, Point, Verdict
from backprop.check.look import Line, Lines, reads
from backprop.errors import Problem
from backprop.python.entry import Instead, Outcome
from backprop.python.gradients import Path

SECONDS = 10.0
MOST_TRIED = 6000
ALIKE = 0.3  # repairs that cost so much more are told as possible, too
MOST_MISTAKES = 3
NUDGE = "{0} = {0} * 1.0371 + 0.0137"


class Reach(NamedTuple):
    """A line and the gradients that hang on it; None where that could not be found out."""

    line: Line
    moves: set[Path] | None


class Cure(NamedTuple):
    """An edit of a line, and what it makes right."""

    line: Line
    edit: Edit
    cost: float
    repaired: int


class Search:
    """The search for the faulty lines of one pass."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self.end = monotonic() + SECONDS
        self.tried = 0
        self.texts: dict[str, ast.stmt] = {}

    def found(self) -> tuple[list[Cure], list[Cure], list[Line]]:
        """The edits that make everything right together, those that would do so elsewhere, and the lines in doubt."""
        instead: Instead = {}
        cures: list[Cure] = []
        doubted: list[Line] = []
        for _ in range(MOST_MISTAKES):
            lines, point, before = self.state(instead)
            if lines is None:
                return cures, [], []
            whole, part, suspects = self.search(lines, point, before, instead)
            doubted = doubted or suspects
            if whole:
                return [*cures, whole[0]], whole[1:] if not cures else [], []
            if part is None:
                break
            cures.append(part)
            instead = {**instead, part.line.statement: part.edit.statements}
        return [], [], doubted

    def state(self, instead: Instead) -> tuple[list[Reach] | None, Point, dict[Path, str]]:
        """The lines that may be wrong, the point where most is, and what is wrong there."""
        worst, verdicts = self.judge.points[0], {}
        most = -1
        for point in self.judge.points:
            found = self.verdicts(point, instead)
            wrong = sum(one != "ok" for one in found.values())
            if wrong > most:
                worst, verdicts, most = point, found, wrong
        seen = Lines()
        base: Outcome | None = None
        try:
            base = self.judge.runner.run(worst.given, worst.upstream, instead, seen, seconds=2.0)
        except Problem as problem:
            if problem.line is None:
                return None, worst, verdicts
        bad = {path for path, verdict in verdicts.items() if verdict != "ok"}
        lines = self.visited(seen)
        if base is None:
            return [Reach(line, None) for line in lines], worst, verdicts
        reached = [Reach(line, self.moved(line, worst, base, instead)) for line in lines]
        return [one for one in reached if one.moves is None or one.moves & bad], worst, verdicts

    def visited(self, seen: Lines) -> list[Line]:
        """The lines of the pass that an edit may change."""
        return [line for line in seen.found.values() if not isinstance(line.statement, ast.FunctionDef | ast.ClassDef)]

    def moved(self, line: Line, point: Point, base: Outcome, instead: Instead) -> set[Path] | None:
        """The gradients that change with the value of a line."""
        statement = line.statement
        if isinstance(statement, ast.Assign | ast.AugAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            flat = [one for target in targets for one in (target.elts if isinstance(target, ast.Tuple) else [target])]
            nudges = [ast.parse(NUDGE.format(ast.unparse(one))).body[0] for one in flat]
        else:
            return None
        changed = {**instead, statement: [*instead.get(statement, [statement]), *nudges]}
        try:
            outcome = self.judge.runner.run(point.given, point.upstream, changed, seconds=2.0)
        except Problem:
            return None
        return {
            path
            for path in {*base.gradients, *outcome.gradients}
            if path not in base.gradients
            or path not in outcome.gradients
            or not np.array_equal(np.asarray(base.gradients[path]), np.asarray(outcome.gradients[path]), equal_nan=True)
        }

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

    def search(
        self, lines: list[Reach], point: Point, before: dict[Path, str], instead: Instead
    ) -> tuple[list[Cure], Cure | None, list[Line]]:
        """Edits in the order of their cost: those that repair everything, and the one that repairs the most."""
        bad = {path for path, verdict in before.items() if verdict != "ok"}
        atoms = reads([one.line for one in lines])
        queue: list[tuple[float, int, Reach, Edit]] = []
        for one in lines:
            dear = self.dearness(one, bad)
            for edit in edits(one.line, one.line.atoms(atoms)):
                queue.append((edit.cost + dear, len(queue), one, edit))
        queue.sort(key=lambda item: item[:2])
        shaped_wrong = self.shaped_wrong(point, instead)
        whole: list[Cure] = []
        part: Cure | None = None
        for cost, _, reach, edit in queue:
            if whole and cost > whole[0].cost + ALIKE:
                break
            if self.tried >= MOST_TRIED or monotonic() > self.end:
                self.judge.remarks.append("the search for the line was ended: it took too long")
                break
            if not shaped_wrong and not plausible(reach.line, edit):
                continue
            self.tried += 1
            changed = {**instead, reach.line.statement: edit.statements}
            after = self.verdicts(point, changed)
            repaired = sum(after[path] == "ok" for path in bad)
            spoilt = any(verdict != "ok" and path not in bad for path, verdict in after.items())
            if spoilt or not repaired:
                continue
            cure = Cure(reach.line, edit, cost, repaired)
            if repaired == len(bad) and self.judge.all_right(changed):
                if all(one.line is not reach.line for one in whole):
                    whole.append(cure)
            elif (
                repaired < len(bad)
                and (part is None or repaired > part.repaired)
                and self.proven_part(changed, bad, after)
            ):
                part = cure
        suspects = [one.line for one in lines if one.moves is not None and one.moves >= bad]
        return whole, part, suspects

    def dearness(self, reach: Reach, bad: set[Path]) -> float:
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

    def shaped_wrong(self, point: Point, instead: Instead) -> bool:
        """Whether the pass stops, or gradients come out in a wrong shape: then an edit may change shapes."""
        try:
            outcome = self.judge.runner.run(point.given, point.upstream, instead, seconds=2.0)
        except Problem:
            return True
        return any(
            np.shape(outcome.gradients[path]) != slopes.shape
            for path, slopes in point.slopes.items()
            if path in outcome.gradients
        )

    def proven_part(self, instead: Instead, bad: set[Path], after: dict[Path, str]) -> bool:
        """Whether what an edit repairs, it repairs at every point."""
        good = {path for path in bad if after[path] == "ok"}
        for point in self.judge.points:
            found = self.verdicts(point, instead)
            if any(found[path] != "ok" for path in good):
                return False
        return True


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
