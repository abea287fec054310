"""Which lines of a backward pass are wrong: those that give nothing right though all that they read is right."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.chain_rule.known import Known, same, sound
from backprop.check.chain_rule.terms import tells
from backprop.check.edits.catalogue import header
from backprop.check.passes.causes import names
from backprop.check.passes.quantities import COMPOUND, NOT_SAID, Failed, Room
from backprop.check.passes.sensitivity import base_name
from backprop.check.passes.trace import Trace, Visit, bare, loaded, targets_of
from backprop.check.remembered import remembered
from backprop.python.runs.runner import Instead
from backprop.python.texts.gradients import bases
from backprop.python.values.tape import is_fraction

FIRST = 12  # visits of a line that are looked at, beside the last one


class Right(Known):
    """What lines give where they stand, and other lines in their place."""

    def __init__(
        self, trace: Trace, above: list[Any], functions: dict[ast.stmt, str], like: Known | None = None,
        instead: Instead | None = None,
    ) -> None:  # fmt: skip
        super().__init__(trace, above, functions, like)
        self.instead = instead or {}  # what is read for lines
        self.in_time_order: dict[int, tuple[ast.stmt, Visit]] | None = None
        self.wrongs: dict[tuple[ast.stmt, bool], list[Visit]] = {}

    def gives_right(
        self, statement: ast.stmt, visit: Visit, new: ast.stmt, values: list[Any], all_of_it: bool = False
    ) -> bool:
        """Whether what a line gives at a visit is right: in the end the whole gradient that its name says, and shares
        of that before. `all_of_it`: also in a round of a loop, where it may be what that round alone sends back."""
        if isinstance(statement, ast.Return) and (taken := self.taken(visit)) is not None:
            return self.gives_right(*taken, taken[0], values, all_of_it)
        goals = targets_of(statement)
        whole = self.whole(statement, visit, new, values)
        if whole is not None:
            return whole
        if self.falls_short(new, visit, values, statement):
            return False
        if (
            len(goals) == len(values) == 1
            and isinstance(goals[0], ast.Name)
            and self.said(goals[0].id, values[0], visit)
        ):
            name = goals[0].id
            writes = self.written()[self.key(statement, name)]
            alone = all(one is statement for one, _ in writes)
            if self.prepares(writes, visit):
                return self.all_right(visit, new, values)
            whole = self.ends(writes, visit, name) or (alone and not isinstance(new, ast.AugAssign))
            if whole and (alone or not self.was_whole(name, writes, visit)):
                several = alone and len(self.trace.visits[statement]) > 1  # calls may each give a share
                made = self.made_here(name, visit) if all_of_it and alone else None
                if made is not None:
                    return same(values[0], made)
                share = (
                    self.is_share(values[0], name) if self.is_called_again(visit) else self.shares(name).find(values[0])
                )
                return self.fits(name, values[0], visit) or (several and bool(share))
        if len(goals) == len(values) == 1 and isinstance(goals[0], ast.Name):
            name = goals[0].id
            given, shares = self.given(visit, new, values)[0], self.shares(name)
            writes = self.written()[self.key(statement, name)]
            found = shares.find(given) is not None and self.in_time(statement, visit, values)
            if found or (shares.by_shape and not self.was_whole(name, writes, visit)):
                return found or not tells(given)
            scales = isinstance(new, ast.AugAssign) and isinstance(new.op, ast.Mult | ast.Div)
            others = self.gathered(writes, visit)
            if others and tells(given) and not scales:
                return bool(others & self.whose(given))
        return self.all_right(visit, new, values) and self.in_time(statement, visit, values)

    def ends(self, writes: list[tuple[ast.stmt, Visit]], visit: Visit, name: str) -> bool:
        """Whether a visit is the last one that changes what a name holds: behind it, this gets another value, in a next
        round or call."""
        after = next((self.now(one) for one, other in writes if other.time > visit.time), None)
        return after is None or (isinstance(after, ast.Assign) and not reads_name(after, name))

    def in_time(self, statement: ast.stmt, visit: Visit, values: list[Any]) -> bool:
        """Whether what a loop hands on to its next round belongs there: it is not the gradient of what the forward pass
        made in this round."""
        if not self.hands_on(statement) or self.is_replaced(statement, visit):
            return True
        here = self.round_of(visit)
        return here is None or not any(np.any(one) and tells(one) and self.is_only_of(one, here) for one in values)

    def falls_short(self, new: ast.stmt, visit: Visit, values: list[Any], statement: ast.stmt) -> bool:
        """Whether what a loop hands on to its next round is one share of several that this round sends back, or some
        of them, and no other line adds to it. `new` stands in the place of a statement."""
        if len(values) != 1 or not isinstance(statement, ast.Assign) or not self.hands_on(statement):
            return False
        if self.is_replaced(statement, visit):
            return False
        shares = self.shares(base_name(targets_of(statement)[0]) or "")
        some = [*values, *self.given(visit, new, values)]
        places = {place for one in some for found in (self.whose(one), *shares.all(one)) for place in found}
        sent = [one for place in sorted(places) for one in self.sent_in_round(place, visit)]
        return bool(sent) and not any(same(values[0], one) for one in sent) and not self.totals.find(values[0])

    def is_replaced(self, statement: ast.stmt, visit: Visit) -> bool:
        """Whether a name gets another value in the same round, later, or something more is added to it."""
        base = base_name(targets_of(statement)[0]) or ""
        return any(
            one.rounds == visit.rounds and one.time > visit.time for _, one in self.written()[self.key(statement, base)]
        )

    @remembered
    def hands_on(self, statement: ast.stmt) -> bool:
        """Whether a line in a loop gives a name a value that lines before it read in the next round, or should: before
        the loop it is given one, too."""
        goals, visits = targets_of(statement), self.trace.visits.get(statement, [])
        if len(goals) != 1 or not isinstance(goals[0], ast.Name) or len(visits) < 2 or not visits[0].rounds:
            return False
        name, own = goals[0].id, self.functions.get(statement)
        before = [one for one in self.trace.visits if self.functions.get(one) == own and one.lineno <= statement.lineno]
        writes = self.written()[self.key(statement, name)]
        inside = {one for one, visit in writes if visit.rounds}
        first = min((one for one in before if one in inside or reads_name(one, name)), key=lambda one: one.lineno)
        if first in inside and not reads_name(first, name) and first is not statement:
            return False  # each round begins anew
        return not writes[0][1].rounds or any(reads_name(one, name) for one in before)

    def whole(self, statement: ast.stmt, visit: Visit, new: ast.stmt, values: list[Any]) -> bool | None:
        """Whether a line that writes into an array gives there what the array's name says; None where that is told by
        what it adds. An entry that nothing is known of is right for now: what all have left tells in the end."""
        goals = targets_of(statement)
        base = base_name(goals[0]) if goals else None
        if base is None or (isinstance(goals[0], ast.Name) and not isinstance(statement, ast.Expr)):
            return None
        if not self.meant(base, visit):
            return None
        mine, before = self.now(statement), self.left(base, visit, [])
        then = None if new is mine else self.left(base, visit, [new])
        if new is not mine and (not then or (before and same(then[0], before[0]))):
            return False  # no line stands there that does nothing
        life = self.life(base, statement, visit)
        entry = self.entry(base, statement, visit)
        once = entry is not None and all(isinstance(one, ast.Assign) for one in (new, *[one for one, _ in life]))
        if entry is not None and len(values) == 1:
            if self.is_due(values[0], self.story.gradients[entry], visit):
                return True
            if not self.scaled and self.is_final(base, goals[0], visit, life):
                return False
        if life[-1][1] is not visit and (self.scaled or not once):
            begun = self.left(base, visit, [mine]) if new is mine else then
            if begun and self.shares(base).find(begun[0]) is not None:
                return True  # the lines that follow add the rest
            if entry is None or self.is_read(entry):
                return None
            if visit is not [one for some, one in life if some is statement][-1]:
                return True
        lines = [(one, new if some is statement else self.now(some)) for some, one in life]
        after = self.left(base, lines[-1][0], [lines[-1][1]]) if new is mine else self.trace.replayed(base, lines)
        goal = isinstance(goals[0], ast.Subscript)
        return bool(after) and (self.fits(base, after[0], visit) or (goal and self.is_right(after[0])))  # type: ignore[index]

    def is_final(self, base: str, goal: ast.expr, visit: Visit, life: list[tuple[ast.stmt, Visit]]) -> bool:
        """Whether a line puts something into an entry that no other one changes."""
        if any(
            isinstance(one, ast.Assign) and isinstance(part, ast.Name) for one, _ in life for part in targets_of(one)
        ):
            return False
        after = self.left(base, life[-1][1], [self.now(life[-1][0])])
        with suppress(*NOT_SAID):
            if after and isinstance(goal, ast.Subscript):
                return same(np.asarray(Room(self.trace, visit).with_value(goal.slice, after[0])), visit.values[0])
        return False

    def is_due(self, value: Any, gradient: Any, visit: Visit) -> bool:
        """Whether a value is a gradient, or will be when it is multiplied with what comes from above."""
        return any(same(value * factor, gradient) for factor in (1.0, *self.to_come(visit)))

    def life(self, base: str, statement: ast.stmt, visit: Visit) -> list[tuple[ast.stmt, Visit]]:
        """The visits of lines that write into an array, from the first one of a statement on, until its name is given
        another one."""
        found: list[tuple[ast.stmt, Visit]] = []
        for one, other in self.written()[self.key(statement, base)]:
            anew = isinstance(one, ast.Assign) and any(isinstance(goal, ast.Name) for goal in targets_of(one))
            if anew and other.time > visit.time:
                break
            found = [] if anew else [*found, (one, other)]
        first = next(place for place, (one, _) in enumerate(found) if one is statement)
        return found[first:]

    def entry(self, base: str, statement: ast.stmt, visit: Visit) -> Any:
        """The numbers of what a line writes into, in the array of the forward pass of which it is the gradient."""
        goal = targets_of(statement)[0]
        held: Any = visit.scope.names.get(base) if visit.scope is not None else None
        if not isinstance(goal, ast.Subscript):
            return None
        for name in bases(base):
            for value, ids in reversed(self.trace.names.get(name, [])):
                with suppress(*NOT_SAID):
                    if np.shape(value) == np.shape(held):
                        return Room(self.trace, visit).with_value(goal.slice, ids)
        return None

    def left(self, base: str, visit: Visit, statements: list[ast.stmt]) -> list[Any] | None:
        """What a name holds behind some statements at a visit."""
        tail = ast.parse(f"_ = {base}").body
        return self.trace.alone(visit, tail[0], [*statements, *tail])

    def all_right(self, visit: Visit, statement: ast.stmt, values: list[Any]) -> bool:
        """Whether what a statement gives is right: of `+=` what it adds, which must be a share of a gradient."""
        if isinstance(statement, ast.Return) and self.is_of_helper(visit):
            if self.only_hands_back(statement, visit):
                return False
            slopes = [self.is_slope(one, visit) for one in values if tells(one)]
            if slopes and all(slopes):
                return True
        if not isinstance(statement, ast.AugAssign) or not isinstance(statement.op, ast.Add | ast.Sub):
            alone = self.is_alone(statement)
            right = self.is_total if alone else self.is_right
            kept = self.kept(statement, visit, values[0]) if alone and len(values) == 1 else None
            if kept is not None:
                return kept
            return all(right(one) for one in values if tells(one)) or self.is_taken(visit, statement)
        with suppress(*NOT_SAID):
            before = Room(self.trace, visit).value(loaded(statement.target))
            added = [np.asarray(one) - before for one in values]
            base = base_name(statement.target)
            if not all(self.is_share(one, base) for one in added if tells(one)):
                return all(self.is_share(one, base) for one in values) or self.is_taken(visit, statement)
        return True

    def only_hands_back(self, statement: ast.Return, visit: Visit) -> bool:
        """Whether a helper returns a value of the forward pass that it was given, as it is."""
        name = statement.value.id if isinstance(statement.value, ast.Name) else ""
        given = name != "" and self.key(statement, name) not in self.written()
        return (
            given and any(map(self.is_known, visit.values)) and not any(self.totals.find(one) for one in visit.values)
        )

    def is_of_helper(self, visit: Visit) -> bool:
        """Whether a visit is one of a function that the backward pass calls."""
        return any(one.time > visit.time for visits in self.trace.visits.values() for one in visits[-1:])

    def taken(self, visit: Visit) -> tuple[ast.stmt, Visit] | None:
        """The line that gives a name what a helper returns at a visit, as it is."""
        if self.in_time_order is None:
            self.in_time_order = {one.time: (it, one) for it, visits in self.trace.visits.items() for one in visits}
        statement, after = self.in_time_order.get(visit.time + 1, (ast.Pass(), visit))
        plain = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
        alike = plain and len(visit.values) == len(after.values) == 1
        alike = alike and np.array_equal(visit.values[0], after.values[0])
        return (statement, after) if alike and isinstance(targets_of(statement)[0], ast.Name) else None

    def is_called_again(self, visit: Visit) -> bool:
        """Whether a visit is in no loop, though its line has several: it is one of a helper."""
        return not visit.rounds

    def is_taken(self, visit: Visit, statement: ast.stmt) -> bool:
        """Whether a line takes entries of a gradient that is right, and writes them into an array, or calls them by a
        name that says nothing."""
        value, goals = getattr(statement, "value", None), targets_of(statement)
        if not isinstance(value, ast.Subscript) or not goals:
            return False
        if isinstance(goals[0], ast.Name) and self.meant(goals[0].id, visit):
            return False
        with suppress(Failed):
            base = Room(self.trace, visit).value(value.value)
            return is_fraction(base) and self.rights.find(base) is not None
        return False

    def now(self, statement: ast.stmt) -> ast.stmt:
        """What stands where a line stood."""
        return self.instead.get(statement, [statement])[0]

    def wrong_at(self, statement: ast.stmt, all_of_it: bool = False) -> list[Visit]:
        """The visits of a line up to the first one at which it gives nothing right; none where all are right."""
        key = statement, all_of_it
        if key not in self.wrongs:
            self.wrongs[key] = []
            visits = self.trace.visits.get(statement, [])
            if not isinstance(statement, COMPOUND):
                some = [one for one in (*visits[:FIRST], *visits[FIRST:][-1:]) if one.scope is not None and one.values]
                for place, visit in enumerate(some):
                    if not self.gives_right(statement, visit, self.now(statement), visit.values, all_of_it):
                        self.wrongs[key] = some[: place + 1]
                        break
                wrong, later = self.wrongs[key], some[len(self.wrongs[key]) :]
                if isinstance(statement, ast.Return) and wrong and self.taken(wrong[-1]) is not None:
                    rights = [one for one in later if self.gives_right(statement, one, statement, one.values)]
                    if rights or len(wrong) > 1:
                        self.wrongs[key] = []  # what a call hands to it is wrong, and not what it does
        return self.wrongs[key]

    def promises(self, statement: ast.stmt) -> bool:
        """Whether what a line writes into has the name of a gradient."""
        return any(self.meant(base) for goal in targets_of(statement) if (base := base_name(goal)) is not None)

    def wrong_since(self, statement: ast.stmt, all_of_it: bool = False) -> int:
        """When a line was first wrong, among all visits."""
        return max((one.time for one in self.wrong_at(statement, all_of_it)), default=0)

    def count_right(self) -> int:
        """How many visits of lines give what is right, of those that are looked at."""
        return sum(FIRST + 1 if not wrong else len(wrong) - 1 for wrong in map(self.wrong_at, self.trace.visits))

    def is_all_right(self) -> bool:
        """Whether every line gives what is right."""
        return not any(map(self.wrong_at, self.trace.visits))

    def count_misnamed(self, later: Collection[str | None]) -> int:
        """How many names hold something else in the end than they say to be, and nothing that is right; several that
        hold the same multiple are meant to. `later`: names that get their last value from a line that is added."""
        last = [
            (name, *writes[-1])
            for (_, name), writes in self.written().items()
            if name not in later and all(self.said(name, one, writes[-1][1]) for one in writes[-1][1].values)
        ]
        found = [
            self.multiple(visit.values[0], self.meant(name, visit))
            for name, statement, visit in last
            if len(visit.values) == 1
            and any(isinstance(goal, ast.Name) for goal in targets_of(statement))
            and not self.fits(name, visit.values[0], visit)
            and not self.is_share(visit.values[0], name)
            and not self.is_forward(visit.values[0])
        ]
        return sum(one == 0 or found.count(one) == 1 for one in found)

    def multiple(self, value: Any, meant: list[Any]) -> int:
        """By which whole number a value is more than what is meant; 0 where it is by none."""
        for one in [some for some in meant if np.shape(some) == np.shape(value) and np.any(some)]:
            ratio = round(float(np.sum(value * one) / np.sum(one * one)))
            if ratio > 1 and same(value, ratio * one):
                return ratio
        return 0

    def doubted(self, room: Room, statement: ast.stmt, named: bool = False) -> set[str]:
        """The names that a line reads and that hold neither a value of the forward pass nor a right gradient: what
        does without them goes around another mistake. `named`: nor what they say to be."""
        found = set()
        for node, entry in read_in(getattr(statement, "value", statement)):
            with suppress(Failed):
                if entry is not node and is_fraction(part := room.value(entry)) and self.is_right(part):
                    continue
                value = room.value(node)
                if not is_fraction(value) or not tells(value):
                    continue
                if np.ndim(value) == 0 and self.key(statement, node.id) not in self.written():
                    continue  # a setting
                alone = named and len({id(one) for one, _ in self.written().get(self.key(statement, node.id), ())}) == 1
                alone = alone and any(np.size(one) == np.size(value) for one in self.meant(node.id, room.visit))
                right = self.holds(node.id, value, room.visit) if alone else self.is_right(value)
                if not right and (alone or self.shares(node.id).find(value) is None):
                    found.add(node.id)
        return found

    def holds(self, name: str, value: Any, visit: Visit) -> bool:
        """Whether what a name holds is what it says to be: also of what the round at hand made under that name, where
        what the name held before is there, too."""
        if self.fits(name, value, visit):
            return True
        made = self.made_here(name, visit)
        return made is not None and same(value, made)

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
            if any(sound(one) and self.is_known(one) for one in values) and not any(map(self.is_forward, visit.values)):
                return None  # no gradient
            if self.whole(statement, visit, new, values) is None:
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

    def lacking(self, statement: ast.stmt) -> Iterator[tuple[ast.stmt, str]]:
        """What adds the rest to a name that a wrong line leaves with less than it says, where a later line of the same
        round gives that rest a name: this line, and what is missing behind it."""
        goals, wrong = targets_of(statement), self.wrong_at(statement)[-1:]
        name = goals[0].id if len(goals) == 1 and isinstance(goals[0], ast.Name) else ""
        for visit in wrong if name else ():
            held = visit.values[0]
            rests = [one - held for one in self.meant(name, visit) if np.shape(one) == np.shape(held)]
            for later, visits in self.trace.visits.items():
                goals, alike = targets_of(later), self.functions.get(later) == self.functions.get(statement)
                if not alike or len(goals) != 1 or not isinstance(goals[0], ast.Name) or goals[0].id == name:
                    continue
                here = [one for one in visits if one.time > visit.time and one.rounds == visit.rounds]
                for value in [one for some in here for one in some.values if tells(one)]:
                    for sign, way in (("+", 1), ("-", -1)):
                        if any(same(way * value, one) for one in rests):
                            yield later, f"{name} {sign}= {goals[0].id}"

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


def read_in(tree: Any) -> Iterator[tuple[ast.Name, ast.expr]]:
    """The names in a tree, each with the entry that is read of what it holds."""
    indices, base = list[ast.AST](), tree
    while isinstance(base, ast.Subscript):
        indices.append(base.slice)
        base = base.value
    named = isinstance(base, ast.Name)
    if named:
        yield base, tree
    for one in indices if named else ast.iter_child_nodes(tree):
        yield from read_in(one)


def reads_name(statement: ast.stmt, name: str) -> bool:
    """Whether a statement reads a name itself, not in what it holds inside."""
    nodes = ast.walk(header(statement)) if not isinstance(statement, ast.FunctionDef) else ()
    loads = [one.id for one in nodes if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)]
    return name in loads or (isinstance(statement, ast.AugAssign) and name in names(statement.target))
