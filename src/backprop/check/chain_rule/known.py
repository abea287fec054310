"""What names and values of a backward pass are: gradients of which quantities, shares of them, values of the forward
pass, or nothing of these."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from backprop.check.chain_rule.chain import MOST_READERS
from backprop.check.chain_rule.terms import tells
from backprop.check.passes.causes import names
from backprop.check.passes.quantities import CLOSE, NOT_SAID, Room, Story, Values
from backprop.check.passes.sensitivity import base_name, fitted
from backprop.check.passes.trace import Trace, Visit, appended, holder, loaded, targets_of
from backprop.check.remembered import remembered
from backprop.python.texts.gradients import bases
from backprop.python.values.tape import is_fraction

STEM = re.compile(r"(_?\d+|_(next|prev|old|new|last|total|acc|in|out|t))$")
MOST_FACTORS = 3  # by which gradients may be multiplied at the end
MOST_ROWS = 200  # of an array, each of which may be a quantity of its own
NOISE = 1e-11  # of the largest gradient: what is left where all cancels


class Known:
    """What is known of a forward pass and the backward pass behind it, at one point."""

    def __init__(
        self, trace: Trace, above: list[Any], functions: dict[ast.stmt, str], like: Known | None = None
    ) -> None:
        """`like`: one of the same forward pass, with other lines behind it."""
        self.trace = trace
        self.story: Story = like.story if like is not None else Story(trace, above)
        self.functions = functions  # that the lines are in
        self.scaled = False  # whether the user's gradients are multiples of the right ones throughout
        self.writes: dict[tuple[str, str], list[tuple[ast.stmt, Visit]]] | None = None
        self.read_as_one: set[bytes] | None = None  # the numbers that the forward pass reads together
        self.sloped: dict[int, list[Any]] = like.sloped if like is not None else {}
        self.insides: dict[int, list[Any]] = like.insides if like is not None else {}
        self.rounds: dict[int, tuple[int, ...] | None] = {}
        self.wholes: dict[tuple[str, int], bool] = {}  # whether names held what they say at other visits than some
        self.above = [float(np.asarray(one).flat[0]) for one in above if np.size(one) == 1]  # plain numbers
        self.multiplied: dict[float, int] | None = None  # when the last line reads these
        self.factors: list[float] = like.factors if like is not None else []
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
        alike = [
            one.gradient for one in reversed(self.story.quantities) if one.gradient.size and not np.ptp(one.gradient)
        ]
        constants = dict.fromkeys([float(one.flat[0]) for one in alike])
        self.factors += [one for one in constants if tells(one)][:MOST_FACTORS]
        for gradient in (*self.story.inner(), *[np.asarray(one, dtype=float) for one in above]):
            if self.turns(gradient):
                continue
            if self.rights.find(gradient) is None:
                self.rights.add(gradient, ())
            self.totals.add(gradient, True)

    def turns(self, gradient: Any) -> bool:
        """Whether a gradient of what has no name is that of a quantity with another sign, as of `-a` in `exp(-a)`: a
        wrong sign is told from a right one."""
        return bool(np.ndim(gradient)) and bool(self.whose(-gradient))

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
            number = isinstance(here, np.ndarray | np.generic) and is_fraction(here)
            place = self.story.index.find(here) if number else None
            if place is not None:
                mine = [gradient for value, gradient in found if same(value, here)]
                whole = mine[0] if mine else self.story.quantities[place].gradient
                own = [whole, *self.sent_in_round(place, visit), *self.sent_to_alias(place, base)]
                return own if mine else [*own, *[one for _, one in found]]  # a helper may call something else so
            if found:
                more = [one for value, _ in found for one in self.sent_to_alias(self.story.index.find(value), base)]
                return [*(one for _, one in found), *more] if any(np.any(one) for _, one in found) else []
        return []

    def said(self, name: str, value: Any, visit: Visit | None = None) -> list[Any]:
        """The gradients that a name says to be where it holds a value; none if that is an array, and each is one of a
        number that the forward pass made: `dsoft` is then what comes through `soft`, and not its own gradient."""
        found = self.meant(name, visit)
        through = np.size(value) > 1 and all(np.size(one) == 1 for one in found) and not self.is_given(name)
        return [] if through else found

    def is_given(self, name: str) -> bool:
        """Whether a name is that of a gradient of an input."""
        own = {np.asarray(ids).tobytes() for _, ids in self.trace.arguments}
        known = [self.trace.names[one][0][1] for one in bases(name) if self.trace.names.get(one)]
        return any(np.asarray(ids).tobytes() in own for ids in known)

    def sent_in_round(self, place: int, visit: Visit | None) -> list[Any]:
        """What the round of a visit alone sends back to a quantity that is read elsewhere, too: by other rounds, or
        with what comes out."""
        readers, here = self.story.readers(place), self.round_of(visit) if visit is not None else None
        shares = [one[0].share for one in readers if here is not None and one[0].visit.rounds == here]
        sent = sum(shares)
        return [sent] if shares and not same(sent, self.story.quantities[place].gradient) else []

    @remembered
    def sent_to_alias(self, place: int | None, name: str) -> list[Any]:
        """What comes back to a quantity where it is read by a name that it was given later: `skip = x`."""
        if place is None:
            return []
        numbers, readers = self.story.quantities[place].ids, self.story.readers(place)
        own = [one[0].share for one in readers if ast.unparse(one[0].leaf) == name]
        if not 0 < len(own) < len(readers):
            return []
        known = [one for one, some in self.trace.names.items() if any(np.array_equal(ids, numbers) for _, ids in some)]
        return [sum(own)] if name in known[1:] else []

    def fits(self, name: str, value: Any, visit: Visit | None = None) -> bool:
        """Whether what a name holds in the end is what it says to be, or something right if it says nothing."""
        meant = self.said(name, value, visit)
        if not meant:
            return not tells(value) or self.is_right(value)
        return any(
            same(value, without_front(one, value))
            or reshaped(value, one)
            or is_row(value, one)
            or is_everywhere(value, one)
            or self.both_are_noise(value, one)
            for one in (*meant, *self.inside(name, visit))
        ) or any(
            same(value * factor, one) for factor in self.to_come(visit) for one in (*meant, *self.inside(name, visit))
        )

    def inside(self, name: str, visit: Visit | None = None) -> Iterator[Any]:
        """The gradients of what stands in the line that makes what a name is called after: `dz`, where `z` is the
        sigmoid of what has no name, is often that of the latter."""
        held = visit.scope.names if visit is not None and visit.scope is not None else {}
        for base in bases(name):
            known = [held[base]] if is_fraction(held.get(base)) else [one for one, _ in self.trace.names.get(base, ())]
            for place in {self.story.index.find(one) for one in known} - {None}:
                yield from self.inside_of(place)

    def inside_of(self, place: int) -> list[Any]:
        """The gradients of what stands in the lines that make a quantity; found once."""
        if place not in self.insides:
            spans = [ends for maker, _ in self.story.makers.get(place, ()) for ends in maker.spans]
            entries = [one for ends in spans for one in self.story.trace.tape.entries[slice(*ends)]]
            found = [self.story.gradients[one.made] for one in entries]
            cut = [one.read for one in entries if np.asarray(one.read).tobytes() not in self.named]  # out of an array
            found += [self.story.gradients[one] for one in cut]
            self.insides[place] = [one for one in found if not self.turns(one)]
        return self.insides[place]

    @cached_property
    def named(self) -> set[bytes]:
        """The numbers of all that has a name in the forward pass."""
        return {np.asarray(ids).tobytes() for known in self.trace.names.values() for _, ids in known}

    def to_come(self, visit: Visit | None) -> list[float]:
        """The numbers from above that are read only at a visit or later: until then gradients lack them."""
        if self.multiplied is None:
            self.multiplied = {}
            for statement, visits in self.trace.visits.items() if any(one != 1 for one in self.above) else ():
                for one in visits[-1:]:
                    held: dict[str, Any] = one.scope.names if one.scope is not None else {}
                    for value in [held[name] for name in names(statement) & held.keys()]:
                        if (
                            is_fraction(value)
                            and np.size(value) == 1
                            and float(np.asarray(value).flat[0]) in self.above
                        ):
                            factor = float(np.asarray(value).flat[0])
                            self.multiplied[factor] = max(one.time, self.multiplied.get(factor, 0))
        return [one for one, time in self.multiplied.items() if visit is not None and time >= visit.time and one]

    def both_are_noise(self, value: Any, other: Any) -> bool:
        """Whether two values are nothing but rounding, beside the gradients there are."""
        some = [np.abs(one).max(initial=0.0) for one in (value, other)]
        return np.shape(value) == np.shape(other) and bool(max(some) <= NOISE * self.largest)

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

    def round_of(self, visit: Visit) -> tuple[int, ...] | None:
        """The round of the forward pass of which most is read where a line of the backward pass stands."""
        if id(visit) not in self.rounds:
            held = [*visit.scope.names.values()] if visit.scope is not None else []
            held += [value for one in held if isinstance(one, dict) for value in one.values()]
            places = [self.story.index.find(one) for one in held if is_fraction(one) and tells(one)]
            found = Counter(self.story.visits[one].rounds for one in places if one in self.story.visits)
            found.pop((), None)
            self.rounds[id(visit)] = found.most_common(1)[0][0] if found else None
        return self.rounds[id(visit)]

    def given(self, visit: Visit, new: ast.stmt, values: list[Any]) -> list[Any]:
        """What a line gives: of `+=` what it adds, and of `-=`."""
        if isinstance(new, ast.AugAssign) and isinstance(new.op, ast.Add | ast.Sub):
            with suppress(*NOT_SAID), np.errstate(all="ignore"):
                before = Room(self.trace, visit).value(loaded(new.target))
                return [np.asarray(one) - before for one in values]
        return values

    @remembered
    def shares(self, name: str) -> Values:
        """The shares of the gradients that a name says to be, and the sums of some of them, with the quantities."""
        found, known = Values(), self.trace.names
        whose = [*bases(name)]
        given = next((known[one] for one in whose if one in known), [])
        if not given:  # `dh_next`, `dx1`
            whose = [stem(one) for one in whose][:1]
            given = [one for other, some in known.items() if stem(other) in whose for one in some]
        held = [(value, None) for other, value in self.in_containers() if other.removesuffix("s") in whose]
        given = [*given, *held]
        rows = [(row, None) for value, _ in given if np.ndim(value) > 1 for row in value[:MOST_ROWS]]
        for place in {self.story.index.find(value) for value, _ in (*given, *rows)} - {None}:
            readers = self.story.readers(place)
            found.add(self.story.quantities[place].gradient, (place,))
            few = len(readers) <= MOST_READERS
            by_round: dict[tuple[int, ...], list[Any]] = {}
            for one in readers:
                by_round.setdefault(() if few else one[0].visit.rounds, []).append(one[0].share)
            whole = self.story.quantities[place].gradient
            rest = whole - sum(one[0].share for one in readers)  # what comes through entries that are read
            if readers and np.abs(rest).max(initial=0.0) > CLOSE * np.abs(whole).max(initial=0.0):
                by_round.setdefault((), []).append(rest)
            for shares in by_round.values():  # of many those of one round together
                for count in range(1, len(shares) + 1) if len(shares) <= MOST_READERS else (1,):
                    for some in combinations(shares, count):
                        found.add(sum(some), (place,))
        return found

    def in_containers(self) -> Iterator[tuple[str, Any]]:
        """What the forward pass wrote into containers, like `hs[t]`, or put at their ends, and the names of these."""
        for statement, visits in self.trace.forward.items():
            goals = targets_of(statement) or appended(statement)
            base = holder(goals[0])[0] if len(goals) == 1 and isinstance(goals[0], ast.Subscript) else ""
            yield from ((base, visit.values[0]) for visit in visits if base and len(visit.values) == 1)

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

    def is_read(self, numbers: Any) -> bool:
        """Whether a line of the forward pass reads some numbers as they are: then it is known what each sends back."""
        if self.read_as_one is None:
            read = [self.story.quantities[place].ids for place in self.story.readings]
            self.read_as_one = {np.sort(one, axis=None).tobytes() for one in read}
        return np.sort(numbers, axis=None).tobytes() in self.read_as_one

    def is_share(self, value: Any, name: str | None) -> bool:
        """Whether a value is a share of a gradient: of what a name says to be the gradient of, if it says anything."""
        if self.rights.find(value) is None:
            return False
        mine, places = self.numbers(name or ""), self.whose(value)
        return mine is None or not places or any(mine[self.story.quantities[one].ids].any() for one in places)

    @remembered
    def numbers(self, name: str) -> Any:
        """Which numbers what a name says to be the gradient of has on the tape; None where it says nothing."""
        known = [ids for base in bases(name) for _, ids in self.trace.names.get(base, ())]
        mine = np.zeros(self.story.sent.size, dtype=bool)
        for ids in known:
            mine[ids] = True
        return mine if known else None

    def prepares(self, writes: list[tuple[ast.stmt, Visit]], visit: Visit) -> bool:
        """Whether what a name was given is only a beginning, into which the next line writes."""
        after = [one for one, other in writes if other.time > visit.time][:1]
        return any(isinstance(goal, ast.Subscript) for one in after for goal in targets_of(one))

    def was_whole(self, name: str, writes: list[tuple[ast.stmt, Visit]], visit: Visit) -> bool:
        """Whether a name that is given several values held what it says to be before: now it holds something else."""
        key = name, visit.time
        if key not in self.wholes:
            earlier = [one.values[0] for _, one in writes if one is not visit and len(one.values) == 1]
            self.wholes[key] = any(same(one, meant) for one in earlier for meant in self.meant(name, visit))
        return self.wholes[key]

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
        wanted += [one for given in self.inside(name, visit) if (one := fitted(given, value)) is not None]
        return any(np.allclose(value, one, rtol=1e-6, atol=1e-9 * np.abs(one).max(initial=0.0)) for one in wanted)

    def is_total(self, value: Any) -> bool:
        """Whether a value is a whole gradient, or a value of the forward pass."""
        return self.totals.find(value) is not None or self.is_forward(value)

    def is_right(self, value: Any) -> bool:
        """Whether a value is a gradient, or a value of the forward pass."""
        return self.rights.find(value) is not None or self.is_forward(value)

    def is_unscaled(self, value: Any) -> bool:
        """Whether a value is a gradient that is yet to be multiplied by one that is the same for all elements, as the
        gradient of a loss or the part of each example in a mean."""
        return any(self.rights.find(np.multiply(value, one)) is not None for one in self.factors)

    def is_forward(self, value: Any) -> bool:
        """Whether a value is one of the forward pass, under a name or inside of a line."""
        return self.story.index.find(value) is not None or self.story.parts.find(value) is not None

    def is_known(self, value: Any) -> bool:
        """Whether a value is one of the forward pass, and like no other."""
        return tells(value) and self.is_forward(value)

    def is_slope(self, value: Any, visit: Visit) -> bool:
        """Whether a value is the local slope of a function in, or to, something that is there at a visit."""
        held = visit.scope.names.values() if visit.scope is not None else ()
        places = {self.story.index.find(one) for one in held if isinstance(one, np.ndarray) and is_fraction(one)} - {
            None
        }
        made = {one.whole for place in places for one in self.story.readings.get(place, ())}
        found = (one for place in sorted(places | made) for one in self.slopes_to(place))
        return any(same(value, one) or same(-value, one) for one in found)

    def slopes_to(self, place: int) -> list[Any]:
        """The slopes of a quantity in others that it is a function of, element by element."""
        if place not in self.sloped:
            random, quantity = np.random.default_rng(place), self.story.quantities[place]
            weights = [random.uniform(0.5, 1.5, np.shape(quantity.value)) for _ in range(2)]
            swept = [self.story.trace.tape.sweep([(quantity.ids, one)]) for one in weights]
            found = self.sloped[place] = [*self.made_with(place)]
            for one in self.story.quantities:
                if np.shape(one.value) == np.shape(quantity.value) and one is not quantity:
                    first, second = (its[one.ids] / weight for its, weight in zip(swept, weights, strict=True))
                    found += [first] if np.any(first) and same(first, second) else []
        return self.sloped[place]

    def made_with(self, place: int) -> Iterator[Any]:
        """The slope of the last function with which a quantity is made, in what has no name."""
        quantity, entries = self.story.quantities[place], self.story.trace.tape.entries
        for visit, _ in self.story.makers.get(place, ()):
            for entry in [one for first, last in visit.spans for one in entries[first:last]]:
                known = entry.slope is not None and np.shape(entry.slope) == np.shape(quantity.ids)
                if known and np.array_equal(entry.made, quantity.ids):
                    yield entry.slope

    def is_only_of(self, value: Any, here: tuple[int, ...]) -> bool:
        """Whether a value is right, but only for quantities that were made in one round."""
        found = self.rights.all(value)
        return bool(found) and all(
            len(item) == 1 and (made := self.story.visits.get(item[0])) is not None and made.rounds == here
            for item in found
        )


def same(value: Any, other: Any) -> bool:
    """Whether two values are the same but for rounding."""
    if np.ndim(value) == 0 == np.ndim(other):
        return bool(abs(value - other) <= 1e-7 * abs(other))
    size = np.abs(other).max(initial=0.0)
    return np.shape(value) == np.shape(other) and bool((np.abs(value - other) <= 1e-7 * size).all())


def without_front(other: Any, value: Any) -> Any:
    """A gradient without axes of one element in front that a value lacks: broadcasting adds them."""
    more = np.ndim(other) - np.ndim(value)
    front = more > 0 and np.ndim(value) > 0 and np.shape(other)[:more] == (1,) * more
    return np.reshape(other, np.shape(other)[more:]) if front else other


def reshaped(value: Any, other: Any) -> bool:
    """Whether a value is another one in another shape."""
    return np.size(value) == np.size(other) and np.ndim(value) > 1 and same(np.reshape(value, np.shape(other)), other)


def is_row(value: Any, other: Any) -> bool:
    """Whether a value is an entry of an array of several."""
    return np.ndim(value) > 0 and np.shape(value) == np.shape(other)[1:] and any(same(value, one) for one in other)


def is_everywhere(value: Any, other: Any) -> bool:
    """Whether a number stands for an array that holds it throughout, as the slope of a mean does."""
    return np.ndim(value) == 0 < np.ndim(other) and same(np.full(np.shape(other), value), other)


def stem(name: str) -> str:
    """A name without what tells it from others of the same thing: `h` of `h_next` and `h0`."""
    return STEM.sub("", name) or name


def sound(value: Any) -> bool:
    """Whether a value is finite, and not nothing."""
    return bool(np.isfinite(value).all() and np.any(value))
