"""What the lines of a backward pass do to what comes out of it, at one point: by one sweep back for each gradient.

Behind a gradient a backward pass is affine in what its lines give. So what an edit changes in its line, times the
slopes of the sweep, is what it changes in the gradients, and no run of the pass is needed to tell that it cures
nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.causes import cause_between, is_turned, values_in
from backprop.check.passes.judge import Judge
from backprop.check.passes.points import Point
from backprop.check.passes.slopes import Slopes
from backprop.check.passes.trace import Trace, Visit, targets_of
from backprop.check.remembered import remembered
from backprop.errors import Problem
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.runs.runner import Instead
from backprop.python.texts.gradients import Outcome, Path, bases
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Scope
from backprop.python.values.tape import is_fraction, reached

MOST = 4.0  # work for one run, in seconds of a usual machine
ALL: Path = ("",)
FORMS = ("overwrites", "transposed", "wrong-axis", "not-summed", "missing-share", "counted-twice")  # causes by form
MADE_UP = ("factor", "no-local", "wrong-point")  # what a missing gradient from above may look like
LEAST, LOOSE = 1e-10, 1e-6
ELEMENTS = 6  # of a gradient of which is asked on how many visits of a line they hang


class Goal(NamedTuple):
    """One gradient: weights of its elements, what their sum should change by, how exactly, and how large it is."""

    weights: Any
    need: float
    error: float
    scale: float

    def is_met(self, slopes: Any, change: Any) -> bool:
        """Whether what a change does by these slopes is what the gradient needs."""
        error = self.error + LOOSE * (float(np.abs(slopes) @ np.abs(change)) + abs(self.need))
        return bool(abs(self.need - float(slopes @ change)) <= error)


class Effect(NamedTuple):
    """What a change of a line does: which wrong gradients it makes right, and whether it spoils one."""

    repaired: frozenset[Path]
    spoils: bool


class Named(NamedTuple):
    """A name that holds a gradient at the end: what gave it that last, what writes it, and how far off it is."""

    name: str
    visit: Visit
    writers: list[ast.stmt]
    off: Any
    right: bool


class Sense:
    """A recorded run at a point, with edits put in."""

    def __init__(self, judge: Judge, point: Point, instead: Instead, together: bool = False) -> None:
        self.judge, self.point, self.instead = judge, point, instead
        self.together = together  # sweep from the sum of all gradients only: whether all are repaired is told, no more
        self.trace = Trace()
        self.outcome: Outcome | None = None
        self.problem: Problem | None = None
        try:
            self.outcome = judge.runner.run(point.given, point.upstream, instead, most=MOST, recorder=self.trace)
        except Problem as problem:
            self.problem = problem
        whole = self.outcome if self.outcome is None or judge.same_outputs(point, self.outcome) else None
        self.verdicts = {
            path: "ok" if one.verdict in ("ok", "imprecise") else one.verdict
            for path, one in judge.compare(point, whole).items()
        }
        wrong = frozenset(path for path, verdict in self.verdicts.items() if verdict == "wrong")
        self.bad = wrong or frozenset(path for path, verdict in self.verdicts.items() if verdict != "ok")
        self.goals: dict[Path, Goal] = {}
        self.swept: dict[Path, Any] = {}
        self.forth: tuple[Any, int] | None = None  # what the outputs hang on, and the operation that gives the last one
        self.told = whole is not None and self.prepare(wrong)

    def prepare(self, wrong: Collection[Path]) -> bool:
        """Sweep from every gradient; whether all of them can be told from a sweep, but for those that the pass has
        none of beside `wrong` ones."""
        assert self.outcome is not None
        random = np.random.default_rng(7)
        told = True
        seeds: list[tuple[Any, Any]] = []
        for path, slopes in self.point.slopes.items():
            gradient = self.outcome.gradients.get(path)
            if not slopes.probes:
                continue
            if gradient is None or np.shape(gradient) != slopes.shape or np.asarray(gradient).dtype.kind != "f":
                lacks = self.verdicts[path] == "ok" or (bool(wrong) and self.judge.may_lack(path, self.outcome))
                told = told and gradient is None and lacks
                continue
            ids = self.trace.tape.leaf(gradient)
            goal = goal_of(np.asarray(gradient, dtype=float), slopes, random)
            if not np.isfinite(goal.need):
                told = False
                continue
            self.goals[path] = goal
            seeds.append((ids, goal.weights))
            if not self.together:
                self.swept[path] = self.trace.tape.sweep(seeds[-1:])
        told = told and bool(self.goals)
        if self.together and told:
            self.swept[ALL] = self.trace.tape.sweep(seeds)
            parts = [sum(part) for part in zip(*[one[1:] for one in self.goals.values()], strict=True)]
            self.goals = {ALL: Goal(None, *parts)}
        return told

    # ── lines ──

    def slopes(self, statement: ast.stmt) -> dict[Path, Any]:
        """The slopes of every gradient's sum on what a line gave, at all visits one after the other."""
        visits = self.trace.visits.get(statement, [])
        ids = flat([one for visit in visits for one in visit.ids], np.int64)
        return {path: swept[ids] for path, swept in self.swept.items()}

    def reaches(self, statement: ast.stmt) -> set[Path]:
        """The gradients that hang on a line."""
        return {path for path, slopes in self.slopes(statement).items() if np.any(slopes)}

    def makes_output(self, statement: ast.stmt) -> bool:
        """Whether the outputs hang on all that a line computes: in a function that does both, it goes forth."""
        tape, outputs = self.trace.tape, [ids for ids in self.trace.outputs if ids is not None]
        if self.forth is None:
            made = flat(outputs, np.int64)
            ends = [place for place, one in enumerate(tape.entries) if np.isin(one.made, made).any()]
            self.forth = tape.sweep([(ids, np.ones(np.shape(ids))) for ids in outputs]), max(ends, default=-1)
        swept, end = self.forth
        visits = [one for one in self.trace.visits.get(statement, []) if any(first <= end for first, _ in one.spans)]
        return any(one.ids and all(np.any(swept[ids]) for ids in one.ids) for one in visits)

    @remembered
    def is_affine(self, statement: ast.stmt) -> bool:
        """Whether the gradients do what the sweep says when a line gives something else."""
        visits = self.trace.visits.get(statement, [])
        if not visits or not any(visit.values for visit in visits) or self.outcome is None:
            return False
        if isinstance(statement, ast.Return):
            given = [one for visit in visits[-1:] for one in visit.ids]
            ids = flat(given, np.int64)
            # of an array that is returned twice, or that others read, too, only a run tells
            twice = len(set(ids.tolist())) < len(ids) or self.is_read(ids[ids > 0], visits[-1])
            return not twice and not self.hands_back(statement)
        nudger = Nudger(statement, visits)
        try:
            outcome = self.judge.runner.run(self.point.given, self.point.upstream, self.instead, nudger, most=MOST)
        except Problem:
            return False
        change = flat([one for visit in nudger.added for one in visit], float)
        if not len(change):
            return False
        slopes = self.slopes(statement)
        for path, goal in self.goals.items():
            now = outcome.gradients.get(path)
            if now is None or np.shape(now) != np.shape(self.outcome.gradients[path]) or nudger.failed:
                return False
            if len(change) != len(slopes[path]):
                return False
            moved = float(np.sum(goal.weights * (np.asarray(now) - np.asarray(self.outcome.gradients[path]))))
            with np.errstate(all="ignore"):  # a slope may be none
                told = float(slopes[path] @ change)
                size = float(np.abs(slopes[path]) @ np.abs(change)) + goal.scale
            if not abs(moved - told) <= LOOSE * size:
                return False
        return True

    def is_read(self, ids: Any, visit: Visit) -> bool:
        """Whether some numbers were read before a visit."""
        until = visit.spans[0][0] if visit.spans else len(self.trace.tape.entries)
        return any(np.isin(one.read, ids).any() for one in self.trace.tape.entries[:until])

    def hands_back(self, statement: ast.Return) -> bool:
        """Whether a function that the pass calls returns what it was given, as it is: `lambda g: g`."""
        name = statement.value.id if isinstance(statement.value, ast.Name) else ""
        times = [visits[-1].time for visits in self.trace.visits.values()]
        if self.trace.visits[statement][-1].time == max(times):
            return False  # the pass itself
        made = {base_name(goal) for one in self.trace.visits for goal in targets_of(one)}
        return name != "" and name not in made

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Whether what a line in a loop gives is read by no other line of the loops: its visits only add up."""
        targets = targets_of(statement)
        owners = {base_name(one) for one in targets}
        if len(owners) != 1 or None in owners:
            return False
        for other, visits in self.trace.visits.items():
            if other is statement or not any(visit.rounds for visit in visits):
                continue
            inside = [getattr(other, field, None) for field in ("value", "test", "iter")]
            parts = [*targets_of(other), *(one for one in inside if one is not None)]
            if any(isinstance(node, ast.Name) and node.id in owners for part in parts for node in ast.walk(part)):
                return False
        return True

    # ── edits ──

    def change(self, statement: ast.stmt, statements: list[ast.stmt], places: list[int] | None = None) -> Any:
        """What other statements would change in what a line gave, at some visits or all; None if they fail there.

        "shape" where it has other shapes, "elsewhere" where something else is given.
        """
        visits = self.trace.visits.get(statement, [])
        found = []
        goals = [ast.unparse(one) for one in targets_of(statement)]
        if len(statements) == 1 and [ast.unparse(one) for one in targets_of(statements[0])] != goals:
            fails = any(self.trace.alone(one, statement, statements) is None for one in (*visits[:1], *visits[1:][-1:]))
            return None if fails else "elsewhere"
        for visit in visits if places is None else [visits[one] for one in places]:
            new = self.trace.alone(visit, statement, statements)
            if new is None or len(new) != len(visit.values):
                return None if new is None else "shape"
            for was, now in zip(visit.values, new, strict=True):
                if np.shape(was) != np.shape(now):
                    return "shape"
                with np.errstate(all="ignore"):
                    found.append(np.asarray(now, dtype=float) - was)
        out = flat(found, float)
        return out if np.isfinite(out).all() else None

    def gives_zeros(self, statement: ast.stmt) -> bool:
        """Whether a line gives nothing but zeros: room for what others write there, of which there is no sum yet."""
        return not any(np.any(value) for visit in self.trace.visits.get(statement, []) for value in visit.values)

    def gives_number(self, statement: ast.stmt) -> bool:
        """Whether a line gives one number, which may be meant to be one for each example."""
        return all(np.ndim(value) == 0 for visit in self.trace.visits.get(statement, []) for value in visit.values)

    @remembered
    def first(self, statement: ast.stmt) -> dict[Path, tuple[Any, Goal]]:
        """Of the gradients the elements that hang on the first visit of a line and on no later one.

        For each gradient that has some: the slopes of their sum on what the line gave at that visit, and their goal.
        """
        visits, tape = self.trace.visits.get(statement, []), self.trace.tape
        assert self.outcome is not None
        later = reached(tape, flat([one for visit in visits[1:] for one in visit.ids], np.int64))
        ids = flat(visits[0].ids, np.int64)
        found = {}
        for path, slopes in self.point.slopes.items():
            gradient = self.outcome.gradients.get(path)
            if path not in self.goals or gradient is None:
                continue
            numbers = tape.leaf(gradient)
            alone = ~later[np.asarray(numbers).reshape(-1)]
            probes = [one for one in slopes.probes if one.place is not None and alone[one.place]]
            if not probes:
                continue
            goal = goal_of(np.asarray(gradient, float), slopes._replace(probes=probes), np.random.default_rng(5))
            swept = tape.sweep([(numbers, goal.weights)])[ids]
            if np.any(swept):
                found[path] = swept, goal
        return found

    def may_repair(self, statement: ast.stmt, statements: list[ast.stmt]) -> bool:
        """Whether an edit of a line in a loop does what is needed at its first visit, where nothing came before."""
        first = self.first(statement)
        if not first:
            return True
        change = self.change(statement, statements, [0])
        if change is None:
            return False
        if isinstance(change, str):
            return True
        fits = self.bad.isdisjoint(first)
        for path, (slopes, goal) in first.items():
            told = float(slopes @ change)
            error = goal.error + LOOSE * (float(np.abs(slopes) @ np.abs(change)) + abs(goal.need))
            if path in self.bad:
                fits = fits or abs(goal.need - told) <= error
            elif abs(told) > 10 * error:
                return False
        return fits

    @remembered
    def at_few(self, statement: ast.stmt) -> list[tuple[list[int], Any, Goal]]:
        """Of each wrong gradient the element that hangs on the fewest visits of a line: on which, by what slopes, and
        what it needs."""
        visits = self.trace.visits.get(statement, [])
        found = []
        for path in self.bad & self.goals.keys():
            some = []
            for goal, swept in self.elements(path):
                slopes = [swept[flat(one.ids, np.int64)] for one in visits]
                places = [place for place, one in enumerate(slopes) if np.any(one)]
                some += [(places, flat([slopes[one] for one in places], float), goal)] if places else []
            found += [min(some, key=lambda one: len(one[0]))] if some else []
        return found

    @remembered
    def elements(self, path: Path) -> list[tuple[Goal, Any]]:
        """Some elements of a gradient, each with what a sweep from it alone gives."""
        assert self.outcome is not None
        gradient, slopes = self.outcome.gradients[path], self.point.slopes[path]
        numbers = self.trace.tape.leaf(gradient)
        probes = [one for one in slopes.probes if one.place is not None]
        found = []
        for probe in probes[:: max(1, len(probes) // ELEMENTS)]:
            one = slopes._replace(probes=[probe])
            goal = goal_of(np.asarray(gradient, float), one, np.random.default_rng(5))
            found.append((goal, self.trace.tape.sweep([(numbers, goal.weights)])))
        return found

    def may_repair_one(self, statement: ast.stmt, statements: list[ast.stmt]) -> bool:
        """Whether an edit of a line of which the visits only add up makes one of a few elements right."""
        few = self.at_few(statement)
        for places, slopes, goal in few:
            change = self.change(statement, statements, places)
            if change is None or isinstance(change, str):
                return change is not None
            if goal.is_met(slopes, change):
                return True
        return not few

    def effect(self, slopes: dict[Path, Any], change: Any) -> Effect:
        """What a change of a line does to the gradients."""
        repaired, spoils = [], False
        for path, goal in self.goals.items():
            told = float(slopes[path] @ change)
            error = goal.error + LOOSE * float(np.abs(slopes[path]) @ np.abs(change))
            if path in self.bad:
                if abs(goal.need - told) <= error + LOOSE * abs(goal.need):
                    repaired.append(path)
            elif abs(told) > 10 * error:
                spoils = True
        return Effect(frozenset(repaired), spoils)

    def cause(self, statement: ast.stmt, statements: list[ast.stmt], cause: str | None) -> str | None:
        """The cause by what an edit does to the value: a constant ratio is a factor, that of the upstream is it."""
        above = self.above()
        cause = cause or cause_between(statement, statements[-1], above)
        read, needed = values_in(statement), values_in(statements[-1])
        if cause in (None, *MADE_UP) and read < needed and above & (needed - read):
            return "no-upstream"
        if cause == "not-swapped" and is_turned(statement, statements[-1]):
            cause = "transposed"
        scales = isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult | ast.Div)
        if (cause in FORMS and not scales) or not self.told:
            return cause
        change = self.change(statement, statements)
        if isinstance(change, str) and change == "shape" and needed - read:
            return cause or "wrong-point"
        if change is None or isinstance(change, str) or len(change) < 2:
            return cause
        visits = self.trace.visits.get(statement, [])
        old = flat([one for visit in visits for one in visit.values], float)
        some = np.abs(old) > LEAST * np.abs(old).max(initial=0.0)
        if not some.any() or np.abs(change[~some]).max(initial=0.0) > LOOSE * np.abs(change).max(initial=0.0):
            return cause
        ratio = 1 + change[some] / old[some]
        if np.ptp(ratio) <= LOOSE * np.abs(ratio).max():
            return "sign" if abs(ratio[0] + 1) < LOOSE else "factor" if cause != "not-swapped" else cause
        sent = flat([one for one in self.point.upstream if np.size(one) > 1], float)
        if len(sent) and all(np.abs(sent - one).min() <= LOOSE * abs(one) for one in ratio):
            return "no-upstream"
        return cause or "wrong-point"

    def above(self) -> set[str]:
        """The names of gradients from above."""
        found = set()
        parameters = self.judge.runner.back_names()
        for visits in self.trace.visits.values():
            for name, value in visits[0].scope.names.items() if visits[0].scope is not None else ():
                if not is_fraction(value) or (np.size(value) == 1 and name not in parameters):
                    continue  # a 1 may be anything
                if any(np.array_equal(one, value) for one in self.point.upstream):
                    found.add(name)
        return found

    # ── names ──

    def named(self) -> list[Named]:
        """The names of gradients of named quantities of the forward pass, as they are at the end, in their order."""
        truth = self.truth()
        last: dict[str, tuple[Visit, list[ast.stmt]]] = {}
        for statement, visits in self.trace.visits.items():
            targets = targets_of(statement)
            base: ast.expr | None = targets[0] if len(targets) == 1 else None
            while isinstance(base, ast.Subscript):
                base = base.value
            if not isinstance(base, ast.Name):
                continue
            before = last.get(base.id)
            writers = [*(before[1] if before is not None else []), statement]
            newer = before is None or visits[-1].time > before[0].time
            last[base.id] = (visits[-1] if newer or before is None else before[0]), writers
        found = []
        for name, (visit, writers) in last.items():
            wanted = promised(name, truth, visit)
            if wanted is not None:
                off = wanted - visit.values[0]
                found.append(Named(name, visit, writers, off, is_little(off, wanted)))
        return sorted(found, key=lambda one: one.visit.time)

    def names(self, truth: dict[str, Any]) -> dict[str, bool]:
        """Which names of gradients hold the right ones at the end."""
        found: dict[str, bool] = {}
        for statement, visits in self.trace.visits.items():
            targets = targets_of(statement)
            if len(targets) != 1 or not isinstance(targets[0], ast.Name):
                continue
            wanted = promised(targets[0].id, truth, visits[-1])
            if wanted is not None:
                found[targets[0].id] = is_little(wanted - visits[-1].values[0], wanted)
        return found

    def truth(self) -> dict[str, Any]:
        """The true gradients of what the forward pass gave names."""
        return self.trace.true_gradients(self.point.upstream)


class Nudger:
    """An observer that adds something to what a line gives, at every visit."""

    def __init__(self, statement: ast.stmt, visits: list[Visit]) -> None:
        self.statement = statement
        random = np.random.default_rng(3)
        self.waiting = [
            [0.1 * random.normal(size=np.shape(one)) * (1 + np.abs(one).max(initial=0.0)) for one in visit.values]
            for visit in visits
        ]
        self.added: list[list[Any]] = []
        self.failed = False

    def __call__(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        if statement is not self.statement or self.failed:
            return
        if len(self.added) == len(self.waiting):
            self.failed = True
            return
        more = self.waiting[len(self.added)]
        self.added.append(more)
        rest = list(more)
        try:
            for target in targets_of(statement):
                self.add(run, target, scope, rest)
        except (Refusal, Problem, IndexError, RecursionError, *ERRORS):
            self.failed = True
        self.failed = self.failed or bool(rest)

    def add(self, run: Interpreter, target: ast.expr, scope: Scope, rest: list[Any]) -> None:
        """Add what is due to a target: in its memory, where that is written into; another text gives a name another
        array, and leaves what this one may be a view of as it is."""
        if isinstance(target, ast.Tuple):
            for one in target.elts:
                self.add(run, one, scope, rest)
            return
        value = run.evaluate(target, scope)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            memory = value.view(np.ndarray)
            named = isinstance(self.statement, ast.Assign) and isinstance(target, ast.Name)
            if memory.flags.writeable and not named and not isinstance(target, ast.Subscript):
                memory += rest.pop(0)
            else:
                run.store(target, value + rest.pop(0), scope)
        elif isinstance(value, float | np.floating):
            run.store(target, value + float(rest.pop(0)), scope)
        elif isinstance(value, tuple | list | dict):
            raise Refusal("this cannot be nudged")


def promised(name: str, truth: dict[str, Any], visit: Visit) -> Any:
    """The gradient that a name says to be, in the shape of what it was given; None where it says nothing, or another
    one."""
    whose = next((one for one in bases(name) if one in truth), None)
    return fitted(truth.get(whose or ""), visit.values[0]) if len(visit.values) == 1 else None


def is_little(off: Any, wanted: Any) -> bool:
    """Whether what lies between a gradient and the right one is rounding."""
    return bool((np.abs(off) <= 1e-6 * np.abs(wanted).max(initial=LEAST)).all())


def fitted(gradient: Any, value: Any) -> Any:
    """A gradient in the shape of a value that may be it, but for axes of one element; None where it is another."""
    if gradient is None or np.size(gradient) != np.size(value):
        return None
    same = [one for one in np.shape(gradient) if one > 1] == [one for one in np.shape(value) if one > 1]
    return np.reshape(gradient, np.shape(value)) if same else None


def base_name(tree: ast.expr) -> str | None:
    """The name that an attribute or an entry begins with; None where it is something else, or an object's."""
    base = tree
    while isinstance(base, ast.Attribute | ast.Subscript):
        base = base.value
    of_object = base is not tree and isinstance(base, ast.Name) and base.id in ("self", "ctx")
    return base.id if isinstance(base, ast.Name) and not of_object else None


def goal_of(gradient: Any, slopes: Slopes, random: np.random.Generator) -> Goal:
    """Random weights of what was probed of a gradient."""
    weights = np.zeros(gradient.size)
    need, error, scale = 0.0, 0.0, 0.0
    flat_gradient = gradient.reshape(-1)
    for probe in slopes.probes:
        rho = float(random.uniform(0.5, 1.5) * random.choice([-1.0, 1.0]))
        if probe.place is not None:
            weights[probe.place] += rho
            mine = float(flat_gradient[probe.place])
        else:
            weights += rho * probe.weights.reshape(-1)
            mine = float(flat_gradient @ probe.weights.reshape(-1))
        need += rho * (probe.slope - mine)
        error += abs(rho) * (10 * probe.error + 1e-7 * abs(probe.slope))
        scale += abs(rho) * (abs(probe.slope) + abs(mine))
    return Goal(weights.reshape(gradient.shape), need, error + LEAST * scale, scale)


def flat(arrays: list[Any], kind: Any) -> Any:
    """Arrays one after the other."""
    return np.concatenate([np.asarray(one, dtype=kind).reshape(-1) for one in arrays]) if arrays else np.zeros(0, kind)
