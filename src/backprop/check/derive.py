"""The right line itself, as an edit: of every line of a backward pass what it should say by the chain rule."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from difflib import SequenceMatcher
from itertools import combinations
from typing import Any

import numpy as np

from backprop.check.chain import MOST_READERS, Chain
from backprop.check.differs import names
from backprop.check.edits import header
from backprop.check.look import Line
from backprop.check.sense import base_name, fitted
from backprop.check.story import COMPOUND, NOT_SAID, Failed, Room, Story, Values
from backprop.check.terms import Term, tells
from backprop.check.trace import Trace, Visit, bare, loaded, targets_of
from backprop.python.gradients import bases
from backprop.python.tape import is_fraction

LEAST, FARTHER = 1.6, 2.0  # the cost of a derived line that is nearly the user's, and of one that is quite another
MOST_TEXTS = 60  # of one line
LONGEST = 220
ROUND = 0.3  # and that the first round of a loop is another one
COPY = 0.7  # what it costs that a line only hands on
BYPASS = 3.0  # what it costs to go around a name that may be wrong
STEM = re.compile(r"(_?\d+|_(next|prev|old|new|last|total|acc|in|out|t))$")
NOISE = 1e-11  # of the largest gradient: what is left where all cancels
FIRST = 12  # visits of a line that are looked at, beside the last one
MANY = 120  # quantities, beyond which those of loops are left out where no counter tells of them


class Derivation:
    """The lines that the chain rule gives for those of a backward pass, at one point."""

    def __init__(
        self, trace: Trace, above: list[Any], functions: dict[ast.stmt, str], like: Derivation | None = None
    ) -> None:
        """`like`: one of the same forward pass, with other lines behind it."""
        self.trace = trace
        self.story: Story = like.story if like is not None else Story(trace, above)
        statements = [*trace.forward, *trace.visits]
        self.loops = {name for one in statements if isinstance(one, ast.For) for name in names(one.target)}
        self.made: dict[ast.stmt, list[tuple[float, str]]] = {}
        self.scaled = False  # whether the user's gradients are multiples of the right ones throughout
        self.last = max((one.rounds[0] for one in self.story.visits.values() if one.rounds), default=0)
        self.places: dict[int, dict[str, int] | None] = {}
        self.functions = functions  # that the lines are in
        self.writes: dict[tuple[str, str], list[tuple[ast.stmt, Visit]]] | None = None
        self.wrongs: dict[tuple[ast.stmt, bool], list[Visit]] = {}
        self.shared: dict[str, Values] = {}
        self.handed: dict[ast.stmt, bool] = {}
        self.rounds: dict[int, tuple[int, ...] | None] = {}
        self.largest = max((float(np.abs(one.gradient).max(initial=0.0)) for one in self.story.quantities), default=0.0)
        self.totals: Values = like.totals if like is not None else Values()  # gradients
        self.rights: Values = like.rights if like is not None else Values()  # and shares of them
        if like is None:
            self.learn(above)

    def learn(self, above: list[Any]) -> None:
        """What is right: of the totals the gradients, of the rights the shares of them, too."""
        for place, quantity in enumerate(self.story.quantities):
            self.rights.add(quantity.gradient, (place,))
            self.totals.add(quantity.gradient, True)
            for one in self.story.readings.get(place, ()):
                self.rights.add(one.share, (place,))
        for gradient in (*self.story.inner(), *[np.asarray(one, dtype=float) for one in above]):
            if self.rights.find(gradient) is None:
                self.rights.add(gradient, ())
            self.totals.add(gradient, True)

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
            texts = list(self.texts(chain, statement, visit))
            doubted = self.doubted(chain.here, statement)
            for scale in self.scales(chain):
                texts += self.texts(self.chain(line, visit, atoms, scale), statement, visit)
            for text in texts:
                if text not in seen and len(text) < LONGEST:
                    seen.add(text)
                    around = BYPASS if doubted - names(ast.parse(text)) else 0.0
                    around += COPY if text.rpartition("= ")[2].isidentifier() else 0.0
                    yield LEAST + FARTHER * (1 - likeness(old, text)) + around, text
                if len(seen) > MOST_TEXTS:
                    return

    def suspected(self, line: Line, atoms: dict[str, Any]) -> list[tuple[float, str]]:
        """The texts for a line that gives no right gradient though all that it reads is right, the likeliest first."""
        statement = line.statement
        visits = self.visits(statement)
        if not visits or not isinstance(statement, ast.Assign | ast.AugAssign | ast.Return):
            return []
        for place, visit in enumerate(visits):
            if not self.all_right(visit, statement, visit.values):
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

    # ── what a line gives, where it stands ──

    def written(self) -> dict[tuple[str, str], list[tuple[ast.stmt, Visit]]]:
        """The visits at which each name of a function was given a value, or written into, in their order."""
        if self.writes is None:
            self.writes = {}
            found = [(one.time, statement, one) for statement, visits in self.trace.visits.items() for one in visits]
            for _, statement, visit in sorted(found, key=lambda one: one[0]):
                goals = targets_of(statement)
                goals = [one for goal in goals for one in (goal.elts if isinstance(goal, ast.Tuple) else [goal])]
                for base in {base_name(goal) for goal in goals} - {None}:
                    self.writes.setdefault(self.key(statement, str(base)), []).append((statement, visit))
        return self.writes

    def key(self, statement: ast.stmt, name: str) -> tuple[str, str]:
        return self.functions.get(statement, ""), name

    def meant(self, name: str, visit: Visit | None = None) -> list[Any]:
        """The gradients that a name says to be: of what the forward pass called so, and of what is called so there."""
        held = visit.scope.names if visit is not None and visit.scope is not None else {}
        for base in bases(name):
            found = [(value, self.story.gradients[ids]) for value, ids in self.trace.names.get(base, ())]
            here = held.get(base)
            place = self.story.index.find(here) if isinstance(here, np.ndarray) and is_fraction(here) else None
            if place is not None:
                mine = [gradient for value, gradient in found if same(value, here)]
                if mine or not found:
                    whole = mine[0] if mine else self.story.quantities[place].gradient
                    return [whole, *self.sent_in_round(place, visit)]
            if found:
                return [one for _, one in found] if any(np.any(one) for _, one in found) else []
        return []

    def sent_in_round(self, place: int, visit: Visit | None) -> list[Any]:
        """What the round of a visit alone sends back to a quantity that other rounds read, too."""
        readers = self.story.readers(place)
        here = self.round_of(visit) if visit is not None and len(readers) > 1 else None
        shares = [one[0].share for one in readers if one[0].visit.rounds == here]
        return [sum(shares)] if 0 < len(shares) < len(readers) else []

    def fits(self, name: str, value: Any, visit: Visit | None = None) -> bool:
        """Whether what a name holds in the end is what it says to be, or something right if it says nothing."""
        meant = self.meant(name, visit)
        if not meant:
            return not tells(value) or self.is_right(value)
        return any(same(value, one) or reshaped(value, one) or self.both_are_noise(value, one) for one in meant)

    def both_are_noise(self, value: Any, other: Any) -> bool:
        """Whether two values are nothing but rounding, beside the gradients there are."""
        some = [np.abs(one).max(initial=0.0) for one in (value, other)]
        return np.shape(value) == np.shape(other) and bool(max(some) <= NOISE * self.largest)

    def gives_right(
        self, statement: ast.stmt, visit: Visit, new: ast.stmt, values: list[Any], all_of_it: bool = False
    ) -> bool:
        """Whether what a line gives at a visit is right: in the end the whole gradient that its name says, and shares
        of that before. `all_of_it`: also in a round of a loop, where it may be what that round alone sends back."""
        goals = targets_of(statement)
        whole = self.whole(statement, visit, new)
        if whole is not None:
            return whole
        if len(goals) == len(values) == 1 and isinstance(goals[0], ast.Name) and self.meant(goals[0].id, visit):
            name = goals[0].id
            writes = self.written()[self.key(statement, name)]
            alone = all(one is statement for one, _ in writes)
            if self.prepares(writes, visit):
                return self.all_right(visit, new, values)
            whole = writes[-1][1] is visit or (alone and not isinstance(new, ast.AugAssign))
            if whole and (alone or not self.was_whole(name, writes, visit)):
                several = alone and len(self.trace.visits[statement]) > 1  # calls may each give a share
                made = self.made_here(name, visit) if all_of_it and alone else None
                if made is not None:
                    return same(values[0], made)
                return self.fits(name, values[0], visit) or (several and self.shares(name).find(values[0]) is not None)
        if len(goals) == len(values) == 1 and isinstance(goals[0], ast.Name):
            name = goals[0].id
            given, shares = self.given(visit, new, values)[0], self.shares(name)
            writes = self.written()[self.key(statement, name)]
            if shares.by_shape and not self.was_whole(name, writes, visit):
                return not tells(given) or shares.find(given) is not None
            others = self.gathered(writes, visit)
            if others and tells(given):
                return bool(others & self.whose(given))
        return self.all_right(visit, new, values) and self.in_time(statement, visit, values)

    def made_here(self, name: str, visit: Visit) -> Any:
        """The gradient of what the forward pass called so in the round to which a visit belongs; None where it made
        nothing of that name there."""
        here = self.round_of(visit)
        for base in bases(name) if here is not None else ():
            for value, ids in self.trace.names.get(base, ()):
                place = self.story.index.find(value)
                made = self.story.visits.get(place) if place is not None else None
                if made is not None and made.rounds == here:
                    return self.story.gradients[ids]
        return None

    def in_time(self, statement: ast.stmt, visit: Visit, values: list[Any]) -> bool:
        """Whether what a loop hands on to its next round belongs there: it is not the gradient of what the forward pass
        made in this round."""
        if not self.hands_on(statement):
            return True
        here = self.round_of(visit)
        return here is None or not any(tells(one) and self.is_only_of(one, here) for one in values)

    def is_only_of(self, value: Any, here: tuple[int, ...]) -> bool:
        """Whether a value is right, but only for quantities that were made in one round."""
        found = self.rights.all(value)
        return bool(found) and all(
            len(item) == 1 and (made := self.story.visits.get(item[0])) is not None and made.rounds == here
            for item in found
        )

    def hands_on(self, statement: ast.stmt) -> bool:
        """Whether a line in a loop gives a name a value that lines before it read in the next round."""
        goals, visits = targets_of(statement), self.trace.visits.get(statement, [])
        if len(goals) != 1 or not isinstance(goals[0], ast.Name) or len(visits) < 2 or not visits[0].rounds:
            return False
        if statement not in self.handed:
            before = [
                other
                for other in self.trace.visits
                if self.functions.get(other) == self.functions.get(statement) and other.lineno <= statement.lineno
            ]
            self.handed[statement] = any(reads_name(one, goals[0].id) for one in before)
        return self.handed[statement]

    def round_of(self, visit: Visit) -> tuple[int, ...] | None:
        """The round of the forward pass of which most is read where a line of the backward pass stands."""
        if id(visit) not in self.rounds:
            held = visit.scope.names.values() if visit.scope is not None else ()
            places = [self.story.index.find(one) for one in held if isinstance(one, np.ndarray) and tells(one)]
            found = Counter(self.story.visits[one].rounds for one in places if one in self.story.visits)
            found.pop((), None)
            self.rounds[id(visit)] = found.most_common(1)[0][0] if found else None
        return self.rounds[id(visit)]

    def whole(self, statement: ast.stmt, visit: Visit, new: ast.stmt) -> bool | None:
        """Whether an array is what its name says after the last line that writes into it; None for other lines."""
        goals = targets_of(statement)
        base = base_name(goals[0]) if goals else None
        if base is None or (isinstance(goals[0], ast.Name) and not isinstance(statement, ast.Expr)):
            return None
        if not self.meant(base, visit) or self.written()[self.key(statement, base)][-1][1] is not visit:
            return None
        before = self.left(base, visit, [])
        after = self.left(base, visit, [new]) if type(new) is type(statement) else self.replayed(base, statement, new)
        if not after or (new is not statement and before and same(after[0], before[0])):
            return False  # no line stands there that does nothing
        return self.fits(base, after[0], visit) or (isinstance(goals[0], ast.Subscript) and self.is_right(after[0]))

    def left(self, base: str, visit: Visit, statements: list[ast.stmt]) -> list[Any] | None:
        """What a name holds behind some statements at a visit."""
        tail = ast.parse(f"_ = {base}").body
        return self.trace.alone(visit, tail[0], [*statements, *tail])

    def replayed(self, base: str, statement: ast.stmt, new: ast.stmt) -> list[Any] | None:
        """What a name holds behind all visits of a line, if another one stands in its place that adds to what the
        visits before it have left."""
        found: list[Any] | None = None
        for visit in self.trace.visits.get(statement, []):
            if visit.scope is None:
                return None
            scope = bare(visit.scope)
            if found:
                scope.names[base] = found[0]
            found = self.left(base, visit._replace(scope=scope), [new])
        return found

    def given(self, visit: Visit, new: ast.stmt, values: list[Any]) -> list[Any]:
        """What a line gives: of `+=` what it adds."""
        if isinstance(new, ast.AugAssign) and isinstance(new.op, ast.Add | ast.Sub):
            with suppress(*NOT_SAID), np.errstate(all="ignore"):
                before = Room(self.trace, visit).value(loaded(new.target))
                return [(np.asarray(one) - before) * (1 if isinstance(new.op, ast.Add) else -1) for one in values]
        return values

    def shares(self, name: str) -> Values:
        """The shares of the gradients that a name says to be, and the sums of some of them."""
        if name not in self.shared:
            found = self.shared[name] = Values()
            known = self.trace.names
            given = next((known[one] for one in bases(name) if one in known), [])
            if not given:  # `dh_next`, `dx1`
                whose = [stem(one) for one in bases(name)][:1]
                given = [one for other, some in known.items() if stem(other) in whose for one in some]
            for place in {self.story.index.find(value) for value, _ in given} - {None}:
                shares = [one[0].share for one in self.story.readers(place)]
                found.add(self.story.quantities[place].gradient, True)
                for count in range(1, len(shares) + 1) if len(shares) <= MOST_READERS else (1,):
                    for some in combinations(shares, count):
                        found.add(sum(some), True)
        return self.shared[name]

    def gathered(self, writes: list[tuple[ast.stmt, Visit]], visit: Visit) -> set[int]:
        """The quantities of which all that is added to a name beside what a visit gives it is a share."""
        group: list[tuple[ast.stmt, Visit]] = []
        for statement, one in writes:
            if isinstance(statement, ast.Assign):
                if any(other is visit for _, other in group):
                    break
                group = []
            group.append((statement, one))
        found = [self.whose(self.given(one, statement, one.values)[0]) for statement, one in group
                 if one is not visit and len(one.values) == 1 and one.scope is not None]  # fmt: skip
        return set.intersection(*some) if (some := [one for one in found if one]) else set()

    def whose(self, value: Any) -> set[int]:
        """The quantities of which a value is the gradient, or a share of it."""
        return {place for places in self.rights.all(value) for place in places}

    def prepares(self, writes: list[tuple[ast.stmt, Visit]], visit: Visit) -> bool:
        """Whether what a name was given is only a beginning, into which the next line writes."""
        after = [one for one, other in writes if other.time > visit.time][:1]
        return any(isinstance(goal, ast.Subscript) for one in after for goal in targets_of(one))

    def was_whole(self, name: str, writes: list[tuple[ast.stmt, Visit]], visit: Visit) -> bool:
        """Whether a name that is given several values held what it says to be before: now it holds something else."""
        earlier = [one.values[0] for _, one in writes if one is not visit and len(one.values) == 1]
        return any(same(one, meant) for one in earlier for meant in self.meant(name, visit))

    def wrong_at(self, statement: ast.stmt, all_of_it: bool = False) -> list[Visit]:
        """The visits of a line up to the first one at which it gives nothing right; none where all are right."""
        key = statement, all_of_it
        if key not in self.wrongs:
            self.wrongs[key] = []
            visits = self.trace.visits.get(statement, [])
            if not isinstance(statement, COMPOUND):
                some = [one for one in (*visits[:FIRST], *visits[FIRST:][-1:]) if one.scope is not None and one.values]
                for place, visit in enumerate(some):
                    if not self.gives_right(statement, visit, statement, visit.values, all_of_it):
                        self.wrongs[key] = some[: place + 1]
                        break
        return self.wrongs[key]

    def wrong_since(self, statement: ast.stmt, all_of_it: bool = False) -> int:
        """When a line was first wrong, among all visits."""
        return max((one.time for one in self.wrong_at(statement, all_of_it)), default=0)

    def count_right(self) -> int:
        """How many visits of lines give what is right, of those that are looked at."""
        return sum(FIRST + 1 if not wrong else len(wrong) - 1 for wrong in map(self.wrong_at, self.trace.visits))

    def count_misnamed(self) -> int:
        """How many names hold something else in the end than they say to be, and nothing that is right."""
        last = [(name, *writes[-1]) for (_, name), writes in self.written().items() if self.meant(name, writes[-1][1])]
        return sum(
            any(isinstance(goal, ast.Name) for goal in targets_of(statement))
            and not self.fits(name, visit.values[0], visit)
            and not self.is_right(visit.values[0])
            for name, statement, visit in last
            if len(visit.values) == 1
        )

    def is_suspect(self, statement: ast.stmt, trusted: frozenset[str], all_of_it: bool = False) -> bool:
        """Whether a line gives nothing right though all that it reads is right, or is trusted."""
        wrong = self.wrong_at(statement, all_of_it)
        return bool(wrong) and not self.doubted(Room(self.trace, wrong[-1]), statement, named=True) - trusted

    def mended(
        self, statement: ast.stmt, statements: list[ast.stmt], named: bool = True, all_of_it: bool = False
    ) -> list[Any] | None:
        """What other statements give where a line is wrong first, if they make it right there and before.

        `named`: what its name says, not only something right.
        """
        found: list[Any] = []
        new = statements[-1]
        for visit in self.wrong_at(statement, all_of_it):
            values = self.trace.alone(visit, statement, statements)
            if not values or len(values) != len(visit.values):
                return None
            if not any(map(self.is_forward, visit.values)) and any(sound(one) and self.is_known(one) for one in values):
                return None  # no gradient
            if self.whole(statement, visit, new) is None:
                given = self.given(visit, new, values)
                if not all(map(sound, given)) or (any(map(tells, visit.values)) and not any(map(tells, given))):
                    return None
            right = self.gives_right(statement, visit, new, values, all_of_it)
            if not (right if named else self.all_right(visit, new, values)):
                return None
            base = base_name(targets_of(new)[0]) if targets_of(new) else None
            found = values if base is None else self.left(base, visit, [new]) or values
        return found or None

    def stays_right(self, statement: ast.stmt, statements: list[ast.stmt], all_of_it: bool) -> bool:
        """Whether other statements are right at later visits, too, as far as what they read there is."""
        since = self.wrong_since(statement, all_of_it)
        later = [
            one for one in self.trace.visits.get(statement, [])[:FIRST] if one.time > since and one.scope is not None
        ]
        for visit in later:
            if visit.values and not self.doubted(Room(self.trace, visit), statement, named=True):
                values = self.trace.alone(visit, statement, statements)
                if not values or not self.gives_right(statement, visit, statements[-1], values, all_of_it):
                    return False
        return True

    def given_later(self, statement: ast.stmt, statements: list[ast.stmt]) -> list[Any]:
        """What other statements give at the second and the last visit, right or not."""
        visits = [one for one in self.trace.visits.get(statement, []) if one.scope is not None]
        found = [self.trace.alone(one, statement, statements) for one in (*visits[1:2], *visits[2:][-1:])]
        return [value for values in found for value in values or ()]

    def handed_on(self, statement: ast.stmt) -> Iterator[tuple[str, ast.stmt]]:
        """The names that a wrong line reads and that another line gave a value of the forward pass, and that line: it
        may be the wrong one of them."""
        for visit in self.wrong_at(statement)[-1:]:
            for name in sorted(names(getattr(statement, "value", statement))):
                before = [one for one in self.written().get(self.key(statement, name), ()) if one[1].time < visit.time]
                for writer, one in before[-1:]:
                    plain = isinstance(writer, ast.Assign) and isinstance(writer.targets[0], ast.Name)
                    if plain and len(one.values) == 1 and tells(one.values[0]) and self.is_forward(one.values[0]):
                        yield name, writer

    def reads_right(self, statement: ast.stmt, name: str, writer: ast.stmt, statements: list[ast.stmt]) -> bool:
        """Whether a wrong line is right as it stands, where other statements give a name another value of the forward
        pass."""
        visits = [one for one in self.trace.visits.get(statement, []) if one.scope is not None and one.values]
        for visit in visits[:FIRST]:
            before = [
                one for one in self.trace.visits.get(writer, []) if one.time < visit.time and one.scope is not None
            ]
            given = self.trace.alone(before[-1], writer, statements) if before else None
            if given is None or len(given) != 1 or not sound(given[0]) or not self.is_known(given[0]):
                return False
            if self.doubted(Room(self.trace, visit), statement, named=True) - {name}:
                continue
            scope = bare(visit.scope)  # type: ignore[arg-type]
            scope.names[name] = given[0]
            values = self.trace.alone(visit._replace(scope=scope), statement, [statement])
            if not values or not self.all_right(visit, statement, values):
                return False
        return True

    def is_alone(self, statement: ast.stmt) -> bool:
        """Whether a statement is the only one that gives its target a value: then that is no mere share."""
        goals = targets_of(statement)
        if len(goals) != 1 or not isinstance(goals[0], ast.Name):
            return False
        found = [writes for (_, name), writes in self.written().items() if name == goals[0].id]
        return len({one for writes in found for one, _ in writes}) == 1

    def kept(self, statement: ast.stmt, visit: Visit, value: Any) -> bool | None:
        """Whether a value is a gradient that its target is called after; None where the name promises none."""
        goals = targets_of(statement)
        name = goals[0].id if goals and isinstance(goals[0], ast.Name) else ""
        wanted = [one for given in self.meant(name, visit) if (one := fitted(given, value)) is not None]
        if not wanted or self.scaled or not tells(value):
            return None
        return any(np.allclose(value, one, rtol=1e-6, atol=1e-9 * np.abs(one).max(initial=0.0)) for one in wanted)

    def is_total(self, value: Any) -> bool:
        """Whether a value is a whole gradient, or a value of the forward pass."""
        return self.totals.find(value) is not None or self.is_forward(value)

    def is_right(self, value: Any) -> bool:
        """Whether a value is a gradient, or a value of the forward pass."""
        return self.rights.find(value) is not None or self.is_forward(value)

    def is_forward(self, value: Any) -> bool:
        """Whether a value is one of the forward pass, under a name or inside of a line."""
        return self.story.index.find(value) is not None or self.story.parts.find(value) is not None

    def is_known(self, value: Any) -> bool:
        """Whether a value is one of the forward pass, and like no other."""
        return tells(value) and self.is_forward(value)

    def gives(self, visit: Visit, statement: ast.stmt, text: str) -> bool:
        """Whether a text gives gradients that are right."""
        values = self.trace.alone(visit, statement, ast.parse(text).body)
        return values is not None and self.all_right(visit, statement, values)

    def known(self, statement: ast.stmt, statements: list[ast.stmt]) -> tuple[bool | None, bool | None]:
        """Whether a line gives what is known, as it stands and as it may be; None where that tells nothing."""
        found: list[list[bool]] = [[], []]
        for visit in self.visits(statement):
            others = self.trace.alone(visit, statement, statements)
            for place, values in enumerate((visit.values, others)):
                if values and any(tells(one) for one in values):
                    found[place].append(self.all_right(visit, statement, values))
        before, after = (all(one) if one else None for one in found)
        return before, after

    def all_right(self, visit: Visit, statement: ast.stmt, values: list[Any]) -> bool:
        """Whether what a statement gives is right: of `+=` what it adds, which must be a share of a gradient."""
        if not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, ast.Add | ast.Sub):
            alone = self.is_alone(statement)
            right = self.is_total if alone else self.is_right
            kept = self.kept(statement, visit, values[0]) if alone and len(values) == 1 else None
            if kept is not None:
                return kept
            return all(right(one) for one in values if tells(one)) or self.is_taken(visit, statement)
        with suppress(*NOT_SAID):
            before = Room(self.trace, visit).value(loaded(statement.target))
            way = 1 if isinstance(statement.op, ast.Add) else -1
            added = [way * (np.asarray(one) - before) for one in values]
            if any(self.rights.find(one) is None for one in added if tells(one)):
                return all(self.rights.find(one) is not None for one in values) or self.is_taken(visit, statement)
        return True

    def is_taken(self, visit: Visit, statement: ast.stmt) -> bool:
        """Whether a line takes entries of a gradient that is right, and writes them into an array."""
        value, goals = getattr(statement, "value", None), targets_of(statement)
        if not isinstance(value, ast.Subscript) or not goals or not isinstance(goals[0], ast.Subscript):
            return False
        with suppress(Failed):
            return self.rights.find(Room(self.trace, visit).value(value.value)) is not None
        return False

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
        return [one for one, _ in found.most_common(1)]

    def doubted(self, room: Room, statement: ast.stmt, named: bool = False) -> set[str]:
        """The names that a line reads and that hold neither a value of the forward pass nor a right gradient: what
        does without them goes around another mistake. `named`: nor what they say to be."""
        found = set()
        for node in ast.walk(getattr(statement, "value", statement)):
            if not isinstance(node, ast.Name):
                continue
            with suppress(Failed):
                value = room.value(node)
                if not is_fraction(value) or not tells(value):
                    continue
                if np.ndim(value) == 0 and self.key(statement, node.id) not in self.written():
                    continue  # a setting
                alone = named and len({id(one) for one, _ in self.written().get(self.key(statement, node.id), ())}) == 1
                if not (self.fits(node.id, value, room.visit) if alone else self.is_right(value)):
                    found.add(node.id)
        return found

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
        for text in self.entries(line, room, atoms):
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
        for text, value in held.items():
            if isinstance(value, list | dict) and len(value) <= 200:
                for counter in counters:
                    found.update(
                        dict.fromkeys([f"{text}[{counter}]", f"{text}[{counter} - 1]", f"{text}[{counter} + 1]"])
                    )
        return found

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
        kind = type(statement.op) if isinstance(statement, ast.AugAssign) else None
        operator = "+=" if kind is ast.Add else "-=" if kind is ast.Sub else "="
        for term in self.terms(chain, value, visit.values[0] if len(visit.values) == 1 else None):
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
                yield f"{goal} = {ast.unparse(value)} + {text}"

    def in_places(self, chain: Chain, statement: ast.stmt) -> Iterator[str]:
        """A statement with another term in one place of a tuple, a dictionary, or of arrays that are put together."""
        value = getattr(statement, "value", None)
        if not isinstance(value, ast.expr):
            return
        for items, place in places(statement, value):
            old = items[place]
            for term in list(self.terms(chain, old, None)):
                items[place] = term.tree
                text = ast.unparse(statement)
                items[place] = old
                yield text

    def terms(self, chain: Chain, value: ast.expr, target: Any) -> Iterator[Term]:
        """Gradients and shares of them that have the shape of what is computed."""
        shapes = set() if target is None else {np.shape(target)}
        with suppress(Failed):
            shapes.add(np.shape(chain.here.value(value)))
        near = self.near(chain.here)
        for place, quantity in enumerate(self.story.quantities):
            if not near(place) or not np.any(quantity.gradient) or (shapes and np.shape(quantity.value) not in shapes):
                continue
            for form in self.story.closed.get(place, ()):
                with suppress(*NOT_SAID):
                    yield chain.by_form(form, quantity.value, 0)
            readers = self.story.readers(place)
            shares = []
            for readings in [one for one in readers if len(readers) == 1 or near(one[0].whole)][:12]:
                with suppress(*NOT_SAID):
                    shares.append(chain.share(readings))
            if shares and len(shares) == len(readers) <= MOST_READERS:
                with suppress(*NOT_SAID):
                    yield chain.total(shares, quantity.value)
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


def reads_name(statement: ast.stmt, name: str) -> bool:
    """Whether a statement reads a name itself, not in what it holds inside."""
    nodes = ast.walk(header(statement)) if not isinstance(statement, ast.FunctionDef) else ()
    loads = [one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return name in loads or (isinstance(statement, ast.AugAssign) and name in names(statement.target))


def same(value: Any, other: Any) -> bool:
    """Whether two values are the same but for rounding."""
    size = np.abs(other).max(initial=0.0)
    return np.shape(value) == np.shape(other) and bool((np.abs(value - other) <= 1e-7 * size).all())


def reshaped(value: Any, other: Any) -> bool:
    """Whether a value is another one in another shape."""
    return np.size(value) == np.size(other) and np.ndim(value) > 1 and same(np.reshape(value, np.shape(other)), other)


def stem(name: str) -> str:
    """A name without what tells it from others of the same thing: `h` of `h_next` and `h0`."""
    return STEM.sub("", name) or name


def sound(value: Any) -> bool:
    """Whether a value is finite, and not nothing."""
    return bool(np.isfinite(value).all() and np.any(value))


def added(statement: ast.stmt) -> ast.Call | None:
    """`np.add.at(d, index, v)`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    is_at = (
        isinstance(call, ast.Call) and len(call.args) == 3 and ast.unparse(call.func).endswith(("add.at", "index_add_"))
    )
    return call if is_at and isinstance(call, ast.Call) else None


def is_container(tree: ast.expr | None) -> bool:
    return isinstance(tree, ast.Tuple | ast.List | ast.Dict)


def places(statement: ast.stmt, tree: ast.expr) -> Iterator[tuple[list[Any], int]]:
    """The places of a statement that hold a value each, as lists of expressions and where in them."""
    if isinstance(tree, ast.Tuple | ast.List | ast.Dict):
        items: list[Any] = tree.values if isinstance(tree, ast.Dict) else tree.elts
        for place, one in enumerate(items):
            if is_container(one):
                yield from places(statement, one)
            else:
                yield items, place
    elif isinstance(tree, ast.Call) and tree.args and is_container(tree.args[0]):
        yield from places(statement, tree.args[0])
    elif isinstance(statement, ast.Return):
        yield Held(statement), 0


class Held(list[Any]):
    """The value of a statement as a list of one."""

    def __init__(self, statement: ast.Return) -> None:
        super().__init__([statement.value])
        self.statement = statement

    def __setitem__(self, place: Any, value: Any) -> None:
        super().__setitem__(place, value)
        self.statement.value = value


def summands(tree: ast.expr) -> list[ast.expr]:
    """The terms of a sum, where there are several."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        return [tree.left, tree.right, *summands(tree.left)]
    return []


def likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
