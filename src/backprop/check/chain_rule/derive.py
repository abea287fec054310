"""The right line itself, as an edit: of every line of a backward pass what it should say by the chain rule."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from difflib import SequenceMatcher
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from backprop.check.chain_rule.chain import MOST_READERS, Chain
from backprop.check.chain_rule.known import Known, same
from backprop.check.chain_rule.right import Right
from backprop.check.chain_rule.terms import Term, Tidy, tells
from backprop.check.edits.forms import cloned, expression, factors_of
from backprop.check.edits.visible import Line, constant_places
from backprop.check.passes.causes import names
from backprop.check.passes.quantities import CLOSE, NOT_SAID, Failed, Room
from backprop.check.passes.sensitivity import base_name
from backprop.check.passes.trace import Trace, Visit, loaded, targets_of
from backprop.python.runs.runner import Instead
from backprop.python.values.tape import is_fraction

LEAST, FARTHER = 1.6, 2.0  # the cost of a derived line that is nearly the user's, and of one that is quite another
MOST_TEXTS = 60  # of one line
LONGEST = 220
START = 0.6  # that of one where nothing stands yet, `d = 0.0`
ROUND = 0.3  # and that the first round of a loop is another one
FACTOR = 0.6  # what it costs that nothing but one factor is missing, however long that is
COPY = 0.7  # what it costs that a line only hands on
BYPASS = 3.0  # what it costs to go around a name that may be wrong
MANY = 120  # quantities, beyond which those of loops are left out where no counter tells of them


class Derivation(Right):
    """The lines that the chain rule gives for those of a backward pass, at one point."""

    def __init__(
        self, trace: Trace, above: list[Any], functions: dict[ast.stmt, str], like: Known | None = None,
        instead: Instead | None = None,
    ) -> None:  # fmt: skip
        super().__init__(trace, above, functions, like, instead)
        statements = [*trace.forward, *trace.visits]
        self.loops = {name for one in statements if isinstance(one, ast.For) for name in names(one.target)}
        self.made: dict[ast.stmt, list[tuple[float, str]]] = {}
        self.last = max((one.rounds[0] for one in self.story.visits.values() if one.rounds), default=0)
        self.places: dict[int, dict[str, int] | None] = {}
        self.told: dict[Any, list[str]] = like.told if isinstance(like, Derivation) else {}  # texts, by what they read

    def plans(self, line: Line, atoms: dict[str, Any]) -> list[tuple[float, str]]:
        """The texts for a line, each with its cost."""
        if line.statement not in self.made:
            made = self.made[line.statement] = []
            with suppress(*NOT_SAID):
                made.extend(self.found(line, atoms))
        return self.made[line.statement]

    def found(self, line: Line, atoms: dict[str, Any]) -> Iterator[tuple[float, str]]:
        statement = line.statement
        if not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return) and added(statement) is None:
            return
        old = ast.unparse(statement)
        seen = {old}
        for visit in self.visits(statement):
            chain = self.chain(line, visit, atoms)
            texts = [*self.known_texts(chain, statement, visit)]
            doubted = self.doubted(chain.here, statement)
            for scale in dict.fromkeys([*self.scaled_later(statement), *self.scales(chain)]):
                texts += self.known_texts(self.chain(line, visit, atoms, scale), statement, visit)
            for text in texts:
                if text not in seen and len(text) < LONGEST:
                    seen.add(text)
                    around = BYPASS if doubted - names(ast.parse(text)) else 0.0
                    around += COPY if text.rpartition("= ")[2].isidentifier() else 0.0
                    far = START if is_start(statement) else FARTHER * (1 - likeness(old, text))
                    yield LEAST + (min(far, FACTOR) if lacks_factor(old, text) else far) + around, text
                if len(seen) > MOST_TEXTS:
                    return

    def suspected(self, line: Line, atoms: dict[str, Any]) -> list[tuple[float, str]]:
        """The texts for a line that gives no right gradient though all that it reads is right, the likeliest first."""
        statement = line.statement
        visits = self.visits(statement)
        if not visits or not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return):
            return []
        for place, visit in enumerate(visits):
            if not self.all_right(visit, statement, visit.values) or self.falls_short(
                statement, visit, visit.values, statement
            ):
                if self.doubted(Room(self.trace, visit), statement):
                    return []
                texts = sorted(self.plans(line, atoms))
                known = visits[: place + 1]
                found = [one for one in texts if all(self.gives(visit, statement, one[1]) for visit in known)]
                return found or list(self.by_round(statement, visits, place, texts))
        return []

    def by_round(
        self, statement: ast.stmt, visits: list[Visit], place: int, texts: list[tuple[float, str]]
    ) -> Iterator[tuple[float, str]]:
        """A line that is right in the first round of a loop and not in the next one, or the other way round."""
        if not isinstance(statement, ast.Assign) or len(visits) < 2 or not visits[0].rounds:
            return
        if place == 0 and not self.all_right(visits[1], statement, visits[1].values):
            return
        goal, old = ast.unparse(statement.targets[0]), ast.unparse(statement.value)
        for cost, text in texts:
            if not text.startswith(f"{goal} = ") or not self.gives(visits[place], statement, text):
                continue
            new = text.removeprefix(f"{goal} = ")
            first, later = (new, old) if place == 0 else (old, new)
            for condition in self.first_round(visits[0], visits[1]):
                yield cost + ROUND, f"{goal} = {first} if {condition} else {later}"

    def first_round(self, one: Visit, other: Visit) -> Iterator[str]:
        """What tells the first round of a loop from the next one: its counter."""
        assert one.scope is not None
        assert other.scope is not None
        mine, theirs = self.counters(one.scope.names), self.counters(other.scope.names)
        sizes = {text: value for text, value in one.scope.names.items() if type(value) is int and text not in mine}
        for counter, value in mine.items():
            if theirs.get(counter) != value:
                named = [text for text, size in sizes.items() if size == value > 1]
                named += [f"{text} - 1" for text, size in sizes.items() if size == value + 1]
                yield f"{counter} == {named[0] if named else value}"

    def gives(self, visit: Visit, statement: ast.stmt, text: str) -> bool:
        """Whether a text gives gradients that are right."""
        values = self.trace.alone(visit, statement, ast.parse(text).body)
        right = values is not None and self.all_right(visit, statement, values)
        return right and not self.falls_short(statement, visit, values, statement)  # type: ignore[arg-type]

    def known(self, statement: ast.stmt, statements: list[ast.stmt]) -> tuple[bool | None, bool | None]:
        """Whether a line gives what is known, as it stands and as it may be; None where that tells nothing.

        As it stands it does not where it gives again what a name holds already: its target, or another one.
        """
        found: list[list[bool]] = [[], []]
        for visit in self.visits(statement):
            others = self.trace.alone(visit, statement, statements)
            for place, values in enumerate((visit.values, others)):
                if values and any(tells(one) for one in values):
                    right = self.all_right(visit, statement, values) or all(
                        self.is_unscaled(one) or self.is_slope(one, visit) for one in values
                    )
                    found[place].append(right and not (place == 0 and self.repeats(statement, visit)))
        before, after = (all(one) if one else None for one in found)
        return before, after

    def repeats(self, statement: ast.stmt, visit: Visit) -> bool:
        """Whether what a line computes is held by a name before it."""
        if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Name) or visit.scope is None:
            return False
        held = [one for one in visit.scope.names.values() if isinstance(one, np.ndarray) and is_fraction(one)]
        return all(any(same(value, one) for one in held) for value in visit.values)

    def scales(self, chain: Chain) -> list[float]:
        """Sizes by which the user's gradients are multiplied throughout, as where 1/m comes last."""
        found: Counter[float] = Counter()
        sizes = {float(one) for one in chain.numbers if one > 1}
        near = self.near(chain.here)
        for place, quantity in enumerate(self.story.quantities):
            if np.ndim(quantity.gradient) and tells(quantity.gradient) and near(place):
                for ratio, _ in chain.atoms.multiples(quantity.gradient):
                    size = round(ratio if abs(ratio) > 1 else 1 / ratio, 6)
                    if size in sizes:
                        found[size if abs(ratio) > 1 else 1 / size] += 1
        self.scaled = self.scaled or any(count > 1 for count in found.values())  # one alone is a mistake
        return [*[1 / one for one in self.to_come(chain.here.visit)], *[one for one, _ in found.most_common(1)]]

    def scaled_later(self, statement: ast.stmt) -> Iterator[float]:
        """The numbers by which a later line divides what this one gives its name, or 1 over those that it multiplies
        it with: `d = …`, `d = d / n`."""
        goals = targets_of(statement)
        goal = goals[0].id if len(goals) == 1 and isinstance(goals[0], ast.Name) else ""
        for other, visits in self.trace.visits.items() if goal else ():
            alike = self.functions.get(other) == self.functions.get(statement) and other.lineno > statement.lineno
            by = factor_of(other, goal) if alike else None
            with suppress(*NOT_SAID):
                size = Room(self.trace, visits[0]).value(by[1]) if by is not None else 0.0
                if np.ndim(size) == 0 and size:
                    yield float(size) if by[0] is ast.Div else 1 / float(size)  # type: ignore[index]

    def visits(self, statement: ast.stmt) -> list[Visit]:
        """Two visits: up to the first one that is wrong, or the first ones, as what a mistake does to later ones is not
        seen there yet."""
        found = [one for one in self.trace.visits.get(statement, []) if one.scope is not None and one.values]
        wrong = self.wrong_at(statement)
        return wrong[-2:] if len(wrong) > 2 else found[:2]

    def chain(self, line: Line, visit: Visit, atoms: dict[str, Any], scale: float = 1.0) -> Chain:
        torch = "torch" in line.source.text and "np." not in line.source.text
        known = {}
        room = Chain(self.story, visit, {}, torch).here
        own = {ast.unparse(one) for one in ast.walk(getattr(line.statement, "value", None) or line.statement)}
        order = sorted(self.entries(line, room, atoms), key=lambda one: (one not in own, not one.isidentifier()))
        for text in order:  # of equals the line's own, and then names
            try:
                value = room.value(ast.parse(text, mode="eval").body)
            except (Failed, SyntaxError):
                continue
            if isinstance(value, bool | int | float | np.ndarray | np.generic):
                known[text] = value
        return Chain(self.story, visit, known, torch, scale)

    def entries(self, line: Line, room: Any, atoms: dict[str, Any]) -> dict[str, None]:
        """What may be read: names and what is read elsewhere, and entries of lists by the counters of loops."""
        found = dict.fromkeys(atoms)
        held = room.scope.names
        counters = [text for text, value in held.items() if type(value) is int]
        for base, place in constant_places(line.source.text):  # of arrays in attributes, `self.w[0]`
            if base in atoms and "." in base:
                found[f"{base}[{place}]"] = None
        for text, value in held.items():
            if isinstance(value, list | dict) and len(value) <= 200:
                for counter in counters:
                    found.update(
                        dict.fromkeys([f"{text}[{counter}]", f"{text}[{counter} - 1]", f"{text}[{counter} + 1]"])
                    )
        return found

    def known_texts(self, chain: Chain, statement: ast.stmt, visit: Visit) -> list[str]:
        """The texts, each once for what a line reads there: an edit of another line often leaves that as it is."""
        held = {**chain.known_atoms, **{name: one for name, one in chain.here.scope.names.items() if is_fraction(one)}}
        content = [(text, np.shape(one), np.asarray(one).tobytes()) for text, one in held.items()]
        key = statement, visit.rounds, chain.scale, tuple([np.shape(one) for one in visit.values]), tuple(content)
        if key not in self.told:
            self.told[key] = list(self.texts(chain, statement, visit))
        return self.told[key]

    def texts(self, chain: Chain, statement: ast.stmt, visit: Visit) -> Iterator[str]:
        """What may stand in place of a statement."""
        yield from self.in_places(chain, statement)
        call = added(statement)
        if call is not None:
            for term in self.terms(chain, call.args[2], None):
                yield ast.unparse(ast.Call(call.func, [*call.args[:2], term.tree], []))
        if not isinstance(statement, ast.Assign | ast.AugAssign) or is_container(statement.value):
            return
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        if isinstance(target, ast.Tuple):
            return
        goal, value = ast.unparse(target), statement.value
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult | ast.Div):
            with suppress(*NOT_SAID):
                yield from [f"{goal} {text}" for text in self.scaled_by(chain, visit, loaded(target))]
        kind = type(statement.op) if isinstance(statement, ast.AugAssign) else None
        operator = "+=" if kind is ast.Add else "-=" if kind is ast.Sub else "="
        promised = {np.shape(one) for one in self.meant(str(base_name(target)), visit)}
        for term in self.terms(chain, value, visit.values[0] if len(visit.values) == 1 else None, promised):
            text = term.text
            if operator == "-=" and isinstance(term.tree, ast.UnaryOp):
                yield f"{goal} -= {ast.unparse(term.tree.operand)}"
            elif operator == "-=":
                yield f"{goal} += {text}"
            else:
                yield f"{goal} {operator} {text}"
            if kind is None:
                for summand in summands(value):
                    yield f"{goal} = {ast.unparse(summand)} + {text}"
            if kind in (None, ast.Add) and not is_start(statement):
                yield f"{goal} {operator} {ast.unparse(value)} + {text}"

    def scaled_by(self, chain: Chain, visit: Visit, target: ast.expr) -> Iterator[str]:
        """What makes a name's value the gradient that it says: over a number of the forward pass, or times one."""
        before = np.asarray(chain.here.value(target))
        for wanted in [one for one in self.meant(str(base_name(target)), visit) if np.any(one)]:
            ratio = float(np.sum(before * wanted) / np.sum(wanted * wanted))
            for maker, root in self.makers() if ratio and same(before, ratio * wanted) else ():
                room = chain.room(maker)
                for part in [one for one in ast.walk(root) if isinstance(one, ast.Call | ast.BinOp)]:
                    with suppress(*NOT_SAID):
                        number = room.value(part)
                        for operator, by in (("/=", ratio), ("*=", 1 / ratio)):
                            if np.ndim(number) == 0 and abs(float(number) - by) <= CLOSE * abs(by):
                                yield f"{operator} {chain.value(part, room, 0).text}"

    def makers(self) -> list[tuple[Visit, ast.expr]]:
        return [one for some in self.story.makers.values() for one in some]

    def in_places(self, chain: Chain, statement: ast.stmt) -> Iterator[str]:
        """A statement with another term in one place of a tuple, a dictionary, or of arrays that are put together."""
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.expr):
            return
        for old, put in places(statement, value):
            for term in list(self.terms(chain, old, None)):
                put(term.tree)
                text = ast.unparse(statement)
                put(old)
                yield text

    def terms(self, chain: Chain, value: ast.expr, target: Any, promised: Collection[Any] = ()) -> Iterator[Term]:
        """Gradients and shares of them that have the shape of what is computed, or one that is `promised` by the name,
        with their numbers put together."""
        for term in self.gradients(chain, value, target, promised):
            yield term._replace(tree=Tidy().visit(cloned(term.tree)))

    def gradients(self, chain: Chain, value: ast.expr, target: Any, promised: Collection[Any]) -> Iterator[Term]:
        shapes = set() if target is None else {np.shape(target), *promised}
        with suppress(Failed):
            shapes.add(np.shape(chain.here.value(value)))
        near = self.near(chain.here)
        for place, quantity in enumerate(self.story.quantities):
            if not near(place) or not np.any(quantity.gradient):
                continue
            shape = np.shape(quantity.value)
            if shapes and shape not in shapes:
                if target is not None and (axes := widening(shape, np.shape(target))):
                    with suppress(*NOT_SAID):
                        yield widened(chain.gradient(place), axes)
                continue
            for form in self.story.closed.get(place, ()):
                with suppress(*NOT_SAID):
                    yield chain.by_form(form, quantity.value, 0)
            readers = self.story.readers(place)
            shares = []
            for readings in [one for one in readers if len(readers) == 1 or near(one[0].whole)][:12]:
                with suppress(*NOT_SAID):
                    shares.append(chain.from_reader(place, readings))
            if shares and len(shares) == len(readers) <= MOST_READERS:
                with suppress(*NOT_SAID):
                    yield chain.total(shares, quantity.value)
            if 0 < len(readers) <= MOST_READERS:
                with suppress(*NOT_SAID):
                    yield chain.total(chain.shares_of(place, readers), quantity.value)
            if len(readers) > 1:
                yield from shares
            for count in range(2, len(shares)) if len(shares) <= MOST_READERS else ():
                for some in combinations(shares, count):
                    with suppress(*NOT_SAID):
                        yield chain.total(list(some), quantity.value)
        for whole, makers in self.story.makers.items():
            if near(whole) and np.any(self.story.quantities[whole].gradient):
                for term in chain.inner(*makers[0], whole):
                    if chain.scale == 1 and self.rights.find(term.value) is None:
                        self.rights.add(term.value, ())
                        self.totals.add(term.value, True)
                    if not shapes or term.shape in shapes:
                        yield term

    def near(self, room: Room) -> Callable[[int], bool]:
        """Whether a quantity belongs to the rounds of the loops that a visit is in."""
        mine = self.counters(room.scope.names)
        here = room.rounds[0] if room.rounds else None

        def told(place: int) -> bool:
            if place not in self.places:
                visit = self.story.visits.get(place)
                inside = visit is not None and visit.scope is not None and bool(visit.rounds)
                self.places[place] = self.counters(visit.scope.names) if inside else None  # type: ignore[union-attr]
            theirs = self.places[place]
            if theirs is None:
                return True
            common = mine.keys() & theirs.keys()
            if not common:
                theirs_round = self.story.visits[place].rounds[0]
                ends = (here, self.last - here + 1) if here is not None else ()
                return len(self.story.quantities) < MANY or any(abs(theirs_round - one) <= 1 for one in ends)
            return all(-1 <= theirs[one] - mine[one] <= 1 for one in common)

        return told

    def counters(self, held: dict[str, Any]) -> dict[str, int]:
        return {one: held[one] for one in self.loops if type(held.get(one)) is int}


def widening(shape: tuple[int, ...], wide: tuple[int, ...]) -> list[int]:
    """Where new axes make one shape of another; nowhere where more is between them."""
    same = [one for one in shape if one != 1] == [one for one in wide if one != 1] and 1 not in shape
    return [place for place, one in enumerate(wide) if one == 1] if same else []


def widened(term: Term, axes: list[int]) -> Term:
    """A term with new axes."""
    value = np.expand_dims(term.value, axes)
    index = ", ".join("None" if place in axes else ":" for place in range(value.ndim))
    made = expression(f"_[{index}]")
    assert isinstance(made, ast.Subscript)
    made.value = term.tree
    return Term(made, value)


def added(statement: ast.stmt) -> ast.Call | None:
    """`np.add.at(d, index, v)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    is_at = (
        isinstance(call, ast.Call) and len(call.args) == 3 and ast.unparse(call.func).endswith(("add.at", "index_add_"))
    )
    return call if is_at and isinstance(call, ast.Call) else None


def factor_of(statement: ast.stmt, goal: str) -> tuple[type[ast.operator], ast.expr] | None:
    """By what a statement multiplies what a name holds, or divides it: `d /= n`, `d = d * share`."""
    whole: Any = getattr(statement, "value", None)
    if isinstance(statement, ast.AugAssign):
        whole = ast.BinOp(loaded(statement.target), statement.op, statement.value)
    goals = targets_of(statement)
    if not isinstance(whole, ast.BinOp) or not isinstance(whole.op, ast.Mult | ast.Div) or len(goals) != 1:
        return None
    return (type(whole.op), whole.right) if ast.unparse(goals[0]) == ast.unparse(whole.left) == goal else None


def is_start(statement: ast.stmt) -> bool:
    """Whether a line sets a name to 0, to which others add."""
    value = getattr(statement, "value", None)
    return isinstance(statement, ast.Assign) and isinstance(value, ast.Constant) and value.value == 0


def is_container(tree: ast.expr | None) -> bool:
    return isinstance(tree, ast.Tuple | ast.List | ast.Dict)


def places(statement: ast.stmt, tree: ast.expr) -> Iterator[tuple[ast.expr, Callable[[ast.expr], None]]]:
    """The values of a statement, each with what puts another one in its place."""
    if isinstance(tree, ast.Tuple | ast.List | ast.Dict):
        items: list[Any] = tree.values if isinstance(tree, ast.Dict) else tree.elts
        for place, one in enumerate(items):
            if is_container(one):
                yield from places(statement, one)
            else:
                yield one, partial(items.__setitem__, place)
    elif isinstance(tree, ast.Call) and tree.args and is_container(tree.args[0]):
        yield from places(statement, tree.args[0])
    elif isinstance(statement, ast.Return):
        yield tree, partial(setattr, statement, "value")


def summands(tree: ast.expr) -> list[ast.expr]:
    """The terms of a sum, where there are several."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        return [tree.left, tree.right, *summands(tree.left)]
    return []


def lacks_factor(old: str, new: str) -> bool:
    """Whether an assignment is another one but for a factor."""
    one, other = (ast.parse(text).body[0] for text in (old, new))
    if not (isinstance(one, ast.Assign) and isinstance(other, ast.Assign)):
        return False
    few, many = (Counter(map(ast.unparse, factors_of(statement.value))) for statement in (one, other))
    return few < many and (many - few).total() == 1


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
