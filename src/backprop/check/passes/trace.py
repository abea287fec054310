"""One recorded run of a pass: what every statement gave at every visit, in what surroundings, and what hangs on it.

So an edit of a line is tried alone, where the line stood; and one sweep back through the pass tells for all lines at
once what a change of theirs would do to what comes out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.python.interpret.calls import Return
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.values.frames import Source
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import Object, Scope
from backprop.python.values.tape import Entry, Tape, is_fraction
from backprop.python.values.work import RECORDED, spend

MOST_VISITS = 2000  # of a line that are kept with their surroundings
FIRST = 3  # visits at which two edits of a line are compared
COPIED = (np.ndarray, dict, list, tuple, Object)  # what is data


class Visit(NamedTuple):
    """A visit of a statement: what surrounded it, what its targets held behind it, and their numbers on the tape.

    `spans` are the entries of the tape that it made itself, without those of the statements inside it.
    """

    scope: Scope | None
    source: Source
    values: list[Any]
    ids: list[Any]
    rounds: tuple[int, ...]  # of the loops around it
    spans: tuple[tuple[int, int], ...] = ()
    time: int = 0  # when it was done, among all visits


class Copy(NamedTuple):
    """An array, a copy of it, and what its elements and numbers were then."""

    of: Any
    copied: Any
    content: tuple[bytes, bytes]


class Entered(NamedTuple):
    """A statement that is not done: its surroundings, where the tape was, and the spans of the statements inside."""

    statement: ast.stmt
    scope: Scope | None
    start: int
    inside: list[tuple[int, int]]
    numbers: int = 0  # how many there were


class Trace:
    """A recorder of a run. `numbered`: the copies of data around a statement of the forward pass have their numbers on
    the tape, too. `behind`: only what surrounds the statements of the backward pass is kept."""

    def __init__(self, numbered: bool = False, behind: bool = False) -> None:
        self.tape, self.behind = Tape(), behind
        self.numbered = self.tape if numbered else None
        self.arguments: list[tuple[Any, Any]] = []  # the inputs, and their numbers
        self.forward: dict[ast.stmt, list[Visit]] = {}  # the visits of the forward pass
        self.visits: dict[ast.stmt, list[Visit]] = {}
        self.backward, self.time = False, 0
        self.entered: list[Entered] = []
        self.order: list[ast.stmt] = []  # of first visits
        self.names: dict[str, list[tuple[Any, Any]]] = {}  # what the forward pass gave its names, and the numbers
        self.filled: dict[str, Any] = {}  # the arrays that it wrote into, by their names
        self.outputs: list[Any] = []  # the numbers of what came out of the forward pass
        self.owners: dict[int, Any] = {}  # of the memory of what has a name already
        self.copies: dict[int, Copy] = {}  # of arrays, the last ones
        self.run: Interpreter | None = None

    def starts(self, run: Interpreter, arguments: dict[str, Any]) -> None:
        self.run = run
        run.libraries.tape = self.tape
        run.before, run.observer = self.before, self.after
        for name, value in arguments.items():
            if is_fraction(value):
                self.names[name] = [(np.array(value, float), self.tape.leaf(value))]
        self.owners = {id(owner_of(one)): owner_of(one) for one in pieces(list(arguments.values()))}
        self.arguments = [(np.array(one, float), self.tape.leaf(one)) for one in pieces(list(arguments.values()))]

    def came_out(self, outputs: list[Any]) -> None:
        """The forward pass is done: a name of an array that it wrote into stands for what this holds now."""
        for name, value in self.filled.items():
            if is_fraction(value) and name in self.names:
                self.names[name][-1] = np.array(value, float), self.tape.leaf(value)
        self.outputs = [self.tape.leaf(one) if is_fraction(one) else None for one in outputs]

    def turns(self, run: Interpreter, above: list[Any]) -> None:
        """The backward pass begins."""
        self.backward = True
        self.forward = self.visits
        self.visits, self.entered, self.order = {}, [], []
        run.before, run.observer = self.before, self.after
        for value in pieces(above):
            self.tape.leaf(value)

    def before(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        kept = len(self.visits.get(statement, ())) < MOST_VISITS and (self.backward or not self.behind)
        tape = None if self.backward else self.numbered
        kept = kept and not isinstance(statement, ast.FunctionDef)
        around = frozen(scope, Copies(tape, self.copies)) if kept else None
        spend(RECORDED)
        self.entered.append(Entered(statement, around, len(self.tape.entries), [], self.tape.count))

    def after(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        while self.entered:
            entered = self.entered.pop()
            if entered.statement is statement:
                break
        else:
            return
        found = self.targets(run, statement, scope)
        if self.numbered is not None and not self.backward and isinstance(statement, ast.Assign):
            for one in found:
                self.renumber(one, entered.numbers)
        elif self.backward and isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Subscript):
            for one in found:
                if isinstance(one, np.floating):  # taken out of an array, it is a quantity of its own
                    self.tape.watched(one)
        ids = [self.tape.leaf(one) for one in found]
        rounds = tuple([frame.round for frame in run.frames if not frame.called])
        span = entered.start, len(self.tape.entries)
        if self.entered:
            self.entered[-1].inside.append(span)
        own = outside(span, entered.inside)
        self.time += 1
        values = [np.array(one, dtype=float) for one in found]
        visit = Visit(entered.scope, run.source, values, ids, rounds, own, self.time)
        if statement not in self.visits:
            self.order.append(statement)
        self.visits.setdefault(statement, []).append(visit)
        if not self.backward:
            self.fills(run, statement, scope)
        if not self.backward and isinstance(statement, ast.Assign):
            for one, place in self.each(run, statement.targets[0], scope, len(found)):
                value, numbers = visit.values[place], ids[place]
                if isinstance(one, ast.Name):
                    self.names.setdefault(one.id, []).append((value, numbers))
                elif isinstance(one, ast.Attribute) and one.attr not in self.names:  # `self.h = …`
                    self.names[one.attr] = [(value, numbers)]

    def each(self, run: Interpreter, target: ast.expr, scope: Scope, count: int) -> list[tuple[ast.expr, int]]:
        """The targets of an assignment that got one fraction each, and which; beside them may stand a cache."""
        named = target.elts if isinstance(target, ast.Tuple) else [target]
        if len(named) == count:
            return [(one, place) for place, one in enumerate(named)]
        found, place = [], 0
        for one in named:
            held = [] if isinstance(one, ast.Starred) else self.targets(run, ast.Assign([one], one), scope)
            found += [(one, place)] if len(held) == 1 else []
            place += len(held)
        return found if place == count else []

    def fills(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        """Note the arrays that a statement writes into."""
        for goal in targets_of(statement):
            name, base = holder(goal)
            if name and base is not goal:
                with suppress(*STOPS):
                    self.filled[name] = run.evaluate(base, scope)

    def renumber(self, value: Any, count: int) -> None:
        """Give new numbers to what was put together from elements that had some, in memory of its own: one that is
        there several times has a gradient in each place."""
        if not isinstance(value, np.ndarray) or value.size == 0:
            return
        owner = owner_of(value)
        if id(owner) in self.owners:
            return
        self.owners[id(owner)] = owner
        ids = self.tape.ids(value)
        if np.any((ids > 0) & (ids < count)):
            made = self.tape.new(ids.shape)
            self.tape.entries.append(Entry(made, ids, np.array(1.0)))
            self.tape.put(value, made)

    def true_gradients(self, above: list[Any]) -> dict[str, Any]:
        """The gradients of what the forward pass gave names, each once, or again and again."""
        pairs = [(ids, value) for ids, value in zip(self.outputs, above, strict=False) if ids is not None]
        seeds = [(ids, value) for ids, value in pairs if np.shape(ids) == np.shape(value)]  # an edit may change a shape
        found = self.tape.sweep(seeds)
        numbers = {name: [ids for _, ids in given] for name, given in self.names.items()}
        return {
            name: found[first]
            for name, (first, *rest) in numbers.items()
            if all(np.array_equal(first, one) for one in rest)
        }

    def targets(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> list[Any]:
        """The fractions that a statement gave its targets."""
        if isinstance(statement, ast.Return):
            return pieces(run.returned)
        found: list[Any] = []
        for target in targets_of(statement) or ([] if self.backward else appended(statement)):
            try:
                if isinstance(target, ast.Subscript) and run.libraries.tape is not None:
                    base = run.evaluate(target.value, scope)
                    if is_fraction(base):
                        self.tape.leaf(base)
                found += pieces(run.evaluate(target, scope))
            except (Refusal, Problem, RecursionError, *ERRORS):
                return []
        return found

    # ── one line alone ──

    def differ_first(self, statement: ast.stmt, some: list[ast.stmt], others: list[ast.stmt]) -> bool:
        """Whether some statements give something else than others, at the first visits of a line."""
        visits = [one for one in self.visits.get(statement, []) if one.scope is not None][:FIRST]
        return any(differ(*[self.alone(one, statement, which) for which in (some, others)]) for one in visits)

    def alone(self, visit: Visit, statement: ast.stmt, statements: list[ast.stmt]) -> list[Any] | None:
        """What other statements would have given at a visit; None where they cannot be computed."""
        run = self.run
        if run is None or visit.scope is None:
            return None
        scope = surroundings(visit.scope, statements)
        for around in then_copied(scope, visit.scope):
            try:
                with aside(run, visit.source):
                    try:
                        run.body(statements, around)
                    except Return as returned:
                        return pieces(returned.value)
                    return self.targets(run, statement if len(statements) != 1 else statements[0], around)
            except STOPS as stop:
                if not writes(stop):
                    return None
        return None

    def replayed(self, base: str, lines: list[tuple[Visit, ast.stmt]]) -> list[Any] | None:
        """What a name holds behind lines that write into what those before them have left, each at its visit."""
        run = self.run
        if run is None or not lines or any(one.scope is None for one, _ in lines):
            return None
        held = Copies().of(lines[0][0].scope.names.get(base))  # type: ignore[union-attr]
        try:
            with aside(run, lines[0][0].source, MOST_VISITS):
                for visit, line in lines:
                    scope = bare(visit.scope)  # type: ignore[arg-type]
                    scope.names[base] = held
                    run.body([line], scope)
                    held = scope.names[base]
        except STOPS:
            return None
        return pieces(held)


class Noted:
    """An observer of some statements alone: what they gave at every visit."""

    def __init__(self, statements: Iterable[ast.stmt]) -> None:
        self.given: dict[ast.stmt, list[list[Any]]] = {one: [] for one in statements}

    def __call__(self, run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        if statement in self.given:
            goals = targets_of(statement)
            found = pieces(run.returned) if isinstance(statement, ast.Return) else held_by(run, goals, scope)
            self.given[statement].append([np.array(one, dtype=float) for one in found])


def held_by(run: Interpreter, goals: Iterable[ast.expr], scope: Scope) -> list[Any]:
    """The fractions in some targets; none where one of them cannot be read."""
    try:
        return [piece for one in goals for piece in pieces(run.evaluate(one, scope))]
    except (Refusal, Problem, RecursionError, *ERRORS):
        return []


def differ(some: list[Any] | None, others: list[Any] | None) -> bool:
    """Whether some values are not those of others, beyond rounding."""
    return (
        some is None
        or others is None
        or len(some) != len(others)
        or any(
            np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
            for a, b in zip(some, others, strict=True)
        )
    )


def surroundings(scope: Scope, statements: list[ast.stmt]) -> Scope:
    """What statements may be done in: of all that they may write into there are copies."""
    if len(statements) != 1 or not isinstance(statements[0], ast.Assign | ast.AugAssign):
        return frozen(scope, Copies())  # a second one may write into what the first gives another name
    found, copies = bare(scope), Copies()
    for goal in targets_of(statements[0]):
        if isinstance(goal, ast.Name) and isinstance(statements[0], ast.Assign):
            continue
        written = {node.id for node in ast.walk(goal) if isinstance(node, ast.Name)} & scope.names.keys()
        if not written:  # of a function around it
            return frozen(scope, Copies())
        found.names.update({name: copies.of(scope.names[name]) for name in written})
    return found


STOPS = (Refusal, Problem, RecursionError, *ERRORS)  # what ends something that is computed aside


def then_copied(first: Scope, recorded: Scope) -> Iterator[Scope]:
    """What to compute in, and copies of all that was recorded, for what would write into that."""
    yield first
    yield frozen(recorded, Copies())


def writes(stop: BaseException) -> bool:
    """Whether something was ended as it would write into what was recorded."""
    return "read-only" in str(stop.args)  # and not in str(stop), which shows the place


@contextmanager
def aside(run: Interpreter, source: Source, times: int = 1) -> Iterator[None]:
    """Compute something beside a run that is over, so many times: within bounds, and with nobody watching."""
    run.before = run.observer = run.libraries.tape = None
    run.instead = {}
    run.meter = run.libraries.meter = Meter(most=1.0, steps=20_000 * times)
    outer, run.source = run.source, source
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        run.source = outer


def owner_of(value: Any) -> Any:
    """Whose memory an array is in."""
    while isinstance(getattr(value, "base", None), np.ndarray):
        value = value.base
    return value


def outside(span: tuple[int, int], inside: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """What of a span is not in the spans inside it."""
    found, start = [], span[0]
    for first, last in inside:
        found.append((start, first))
        start = last
    return tuple([one for one in (*found, (start, span[1])) if one[0] < one[1]])


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    """The expressions that a statement gives a value, or writes into."""
    found: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        found = list(statement.targets)
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        found = [statement.target]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        name = ast.unparse(call.func)
        if name.endswith((".add.at", ".subtract.at", "put_along_axis", "fill_diagonal")) and call.args:
            found = [call.args[0]]
        elif isinstance(call.func, ast.Attribute) and name.endswith("_") and not name.endswith("__"):
            found = [call.func.value]
    return [loaded(one) for one in found]


def holder(goal: ast.expr) -> tuple[str, ast.expr]:
    """What an entry is of, and its name; "" where it has none."""
    while isinstance(goal, ast.Subscript):
        goal = goal.value
    return goal.id if isinstance(goal, ast.Name) else goal.attr if isinstance(goal, ast.Attribute) else "", goal


def appended(statement: ast.stmt) -> list[ast.expr]:
    """What `hs.append(h)` leaves at the end of a list."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    holder = call.func if isinstance(call, ast.Call) else None
    known = isinstance(holder, ast.Attribute) and holder.attr == "append"
    return [ast.Subscript(holder.value, ast.Constant(-1), ast.Load())] if known else []  # type: ignore[union-attr]


def loaded(tree: ast.expr) -> ast.expr:
    """A target as an expression that is read."""
    if isinstance(tree, ast.Tuple | ast.List):
        return ast.Tuple([loaded(one) for one in tree.elts], ast.Load())
    return tree.value if isinstance(tree, ast.Starred) else tree


def pieces(value: Any) -> list[Any]:
    """The fractions and arrays of them in a value."""
    if isinstance(value, tuple | list):
        return [piece for one in value for piece in pieces(one)]
    if isinstance(value, dict):
        return [piece for one in value.values() for piece in pieces(one)]
    if isinstance(value, Object) and value.cls.fields:  # a record
        return [one for name in value.cls.fields if is_fraction(one := value.names.get(name))]
    return [value] if is_fraction(value) else []


def bare(scope: Scope) -> Scope:
    """A scope of the same values."""
    copied = Scope(scope.parent, scope.local)
    copied.names, copied.outside = dict(scope.names), scope.outside
    return copied


class Copies:
    """Copies of data, through objects of the user's too; one thing under two names stays one.

    `tape` gives the copies the numbers of what they are copies of. `last` are earlier copies of arrays: one that has
    not changed since is not copied again.
    """

    def __init__(self, tape: Tape | None = None, last: dict[int, Copy] | None = None) -> None:
        self.tape, self.last = tape, last
        self.seen: dict[int, Any] = {}

    def of(self, value: Any) -> Any:
        """The copy of a value."""
        if not isinstance(value, COPIED):
            return value
        found = self.seen.get(id(value))
        if found is None:
            found = self.array(value) if isinstance(value, np.ndarray) else self.held(value)
        return found

    def array(self, value: Any) -> Any:
        numbers = self.tape.ids(value) if self.tape is not None else None
        content = value.tobytes(), b"" if numbers is None else numbers.tobytes()
        before = self.last.get(id(value)) if self.last is not None else None
        if before is not None and before.of is value and before.content == content:
            self.seen[id(value)] = before.copied
            return before.copied
        copied = self.seen[id(value)] = np.array(value, subok=True)
        if self.tape is not None:
            self.tape.put(copied, numbers)
        if self.last is not None:
            copied.setflags(write=False)  # what was recorded stays as it was
            self.last[id(value)] = Copy(value, copied, content)
        return copied

    def held(self, value: Any) -> Any:
        made: Any
        if isinstance(value, Object):
            made = self.seen[id(value)] = Object(value.cls)
            made.names.update({name: self.of(one) for name, one in value.names.items()})
        elif isinstance(value, dict):
            made = self.seen[id(value)] = {}
            made.update({name: self.of(one) for name, one in value.items()})
        elif isinstance(value, list):
            made = self.seen[id(value)] = []
            made.extend([self.of(one) for one in value])
        else:
            made = tuple([self.of(one) for one in value]) if type(value) is tuple else value
        return made


def frozen(scope: Scope, copies: Copies) -> Scope:
    """A scope with copies of all data in it; what is at the top of a text stays, unless it is that."""
    found: Scope | None = copies.seen.get(id(scope))
    if found is not None:
        return found
    outer = scope.parent is not None and scope.parent.parent is not None
    copied = copies.seen[id(scope)] = Scope(scope.parent, scope.local)
    if outer and scope.parent is not None:
        copied.parent = frozen(scope.parent, copies)
    copied.names = {name: copies.of(value) for name, value in scope.names.items()}
    copied.outside = scope.outside
    return copied
