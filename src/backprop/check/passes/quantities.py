"""The forward pass as it was run: its quantities with their true gradients, and which line reads which of them.

What one reader sends back to a quantity is a share of its gradient. All of them are known in numbers; the chain rule
says them in the user's own names.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from contextlib import suppress
from math import inf, isfinite
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.closed_forms import Closed, closed_forms
from backprop.check.passes.trace import STOPS, Trace, Visit, aside, bare, loaded, targets_of, then_copied, writes
from backprop.check.remembered import remembered
from backprop.python.values.scope import Bound, Library
from backprop.python.values.tape import Entry, is_fraction

COMPOUND = (ast.For, ast.While, ast.If, ast.FunctionDef, ast.ClassDef, ast.With, ast.Try)
NEGLIGIBLE = 1e-12  # of the size of a gradient: what a shift that cancels sends
MOST_READINGS = 3000
MOST_INNER = 60  # visits of a line of which the gradients of what stands inside are known
CLOSE = 1e-9
SPLITS = ("split", "array_split", "hsplit", "vsplit", "chunk")
LARGE = 20_000  # elements of a quantity that is not compared with others
MOST_COMPARED = 60  # quantities, among which well known functions of each other are looked for


class Failed(Exception):
    """Something cannot be computed, or said, there."""


NOT_SAID = (  # where a rule does not fit
    Failed, ValueError, IndexError, KeyError, TypeError, AttributeError, AssertionError, ArithmeticError, SyntaxError,
    RecursionError,
)  # fmt: skip


class Quantity(NamedTuple):
    """A value of the forward pass, the numbers of its elements, and its gradient."""

    value: Any
    ids: Any
    gradient: Any


class Reading(NamedTuple):
    """A place where a line reads a quantity: the expression around it, what that expression gives, and the share that
    comes back."""

    visit: Visit
    root: ast.expr
    whole: int  # the quantity that the expression is
    leaf: ast.expr
    share: Any


class Room:
    """The surroundings of a statement at one visit: what an expression is there."""

    def __init__(self, trace: Trace, visit: Visit) -> None:
        assert trace.run is not None
        assert visit.scope is not None
        self.visit, self.rounds = visit, visit.rounds
        self.run, self.source, self.scope = trace.run, visit.source, bare(visit.scope)
        self.known: dict[ast.AST, Any] = {}

    def value(self, tree: ast.expr) -> Any:
        """What an expression is; Failed if it cannot be computed."""
        if tree not in self.known:
            self.known[tree] = self.computed(tree)
        if self.known[tree] is Failed:
            raise Failed
        return self.known[tree]

    def computed(self, tree: ast.expr) -> Any:
        for scope in then_copied(self.scope, self.scope):
            try:
                with aside(self.run, self.source):
                    return self.run.evaluate(tree, scope)
            except STOPS as stop:
                if not writes(stop):
                    break
        return Failed

    def with_value(self, index: ast.expr, value: Any) -> Any:
        """What an index takes of a value; Failed if that cannot be computed."""
        scope = bare(self.scope)
        scope.names["_"] = value
        try:
            with aside(self.run, self.source):
                return self.run.evaluate(ast.Subscript(ast.Name("_", ast.Load()), index, ast.Load()), scope)
        except STOPS:
            raise Failed from None

    def is_own(self, tree: ast.Call) -> bool:
        """Whether a function is called that is the user's own."""
        function = self.value(tree.func)
        library = isinstance(function, Library)
        return not library and not (isinstance(function, Bound) and isinstance(function.function, str))


class Values:
    """Things by their values: what is the same array, but for rounding, is found again."""

    def __init__(self) -> None:
        self.by_shape: dict[tuple[int, ...], list[tuple[float, int, float, Any]]] = {}  # in the order of their sums
        self.largest: dict[tuple[int, ...], float] = {}  # sum of absolute values
        self.weights: dict[int, Any] = {}
        self.count = 0

    def signature(self, value: Any) -> tuple[float, float]:
        flat = np.asarray(value, dtype=float).reshape(-1)
        if flat.size not in self.weights:
            self.weights[flat.size] = np.random.default_rng(flat.size).uniform(0.5, 1.5, flat.size)
        weights = self.weights[flat.size]
        with np.errstate(all="ignore"):
            return float(flat @ weights), float(np.abs(flat) @ weights)

    def add(self, value: Any, item: Any) -> None:
        mine, size = self.signature(value)
        self.count += 1
        if isfinite(size):
            shape = np.shape(value)
            insort(self.by_shape.setdefault(shape, []), (mine, self.count, size, item), key=itemgetter(0, 1))
            self.largest[shape] = max(size, self.largest.get(shape, 0.0))

    def find(self, value: Any) -> Any:
        """The first thing of that value, or None."""
        return min(self.like(value), default=(0, None), key=itemgetter(0))[1]

    def all(self, value: Any) -> list[Any]:
        """All things of that value."""
        return [item for _, item in sorted(self.like(value), key=itemgetter(0))]

    def like(self, value: Any) -> list[tuple[int, Any]]:
        """The things of that value, each with its number."""
        known = self.by_shape.get(np.shape(value))
        mine, size = self.signature(value) if known else (0.0, inf)
        if not known or not isfinite(size):
            return []
        off = CLOSE * max(size, self.largest[np.shape(value)])  # at most
        first, last = (
            bisect(known, mine + way, key=itemgetter(0)) for bisect, way in ((bisect_left, -off), (bisect_right, off))
        )
        return [
            (order, item) for one, order, its, item in known[first:last] if abs(one - mine) <= CLOSE * max(size, its)
        ]

    def multiples(self, value: Any) -> Iterator[tuple[float, Any]]:
        """The things that are a multiple of a value, with that number, if there is one."""
        mine, size = self.signature(value)
        for one, _, its, item in sorted(self.by_shape.get(np.shape(value), ()), key=itemgetter(1)):
            if size and abs(its / size - abs(one / mine if mine else 0.0)) <= 1e-7 * its / size:
                yield one / mine, item


class Story:
    """The quantities of a forward pass and their readings, from a trace of it."""

    def __init__(self, trace: Trace, above: list[Any]) -> None:
        self.trace, tape = trace, trace.tape
        seeds = [(ids, value) for ids, value in zip(trace.outputs, above, strict=False) if ids is not None]
        self.gradients = tape.sweep(seeds)
        self.sent = np.zeros(tape.count)
        self.quantities: list[Quantity] = []
        self.index = Values()
        self.parts = Values()  # what stands inside of the expressions
        self.readings: dict[int, list[Reading]] = {}
        self.makers: dict[int, list[tuple[Visit, ast.expr]]] = {}
        self.pieces: dict[int, ast.expr] = {}  # the index of those that were written into an array
        self.cuts: dict[int, dict[int, Any]] = {}  # of a quantity those that are parts of it, and which
        self.visits: dict[int, Visit] = {}  # at which a quantity was made
        for value, ids in trace.arguments:
            self.quantity(value, ids)
        given = len(self.quantities)
        forward = trace.forward or trace.visits
        until = inf if trace.forward else self.made_at(trace)
        visits = [
            (statement, visit)
            for statement, found in forward.items()
            if not isinstance(statement, COMPOUND)
            for visit in found
            if visit.scope is not None and visit.time <= until
        ]
        visits.sort(key=lambda one: one[1].time)
        for statement, visit in visits:
            targets = targets_of(statement)
            for value, ids in zip(visit.values, visit.ids, strict=True):
                place = self.quantity(value, ids)
                if place >= given:
                    self.visits.setdefault(place, visit)
                if len(targets) == 1 and isinstance(targets[0], ast.Subscript):
                    self.pieces.setdefault(place, targets[0].slice)
        self.closed: dict[int, list[Closed]] = {}
        count = 0
        for statement, visit in visits:
            if count > MOST_READINGS:
                break
            with suppress(*NOT_SAID):
                count += self.read(statement, visit)
                self.split(statement, visit)
        alike: dict[tuple[int, ...], list[int]] = {}  # the quantities of one round of the loops
        for place in range(len(self.quantities)):
            alike.setdefault(self.visits[place].rounds if place in self.visits else (), []).append(place)
        for places in alike.values():
            if len(places) <= MOST_COMPARED:
                some = [(place, self.quantities[place]) for place in places]
                some = [(place, one) for place, one in some if np.ndim(one.value) and np.any(one.gradient)]
                self.closed.update(closed_forms([(place, one.value) for place, one in some if one.value.size <= LARGE]))

    def made_at(self, trace: Trace) -> float:
        """When the output was there, in a function that goes on with its backward pass."""
        times = [
            visit.time
            for visits in trace.visits.values()
            for visit in visits
            for ids in visit.ids
            if trace.outputs and trace.outputs[0] is not None and np.array_equal(ids, trace.outputs[0])
        ]
        return min(times, default=inf)

    def quantity(self, value: Any, ids: Any) -> int:
        """The place of a value among the quantities."""
        found = self.index.find(value)
        if found is None:
            found = len(self.quantities)
            self.index.add(value, found)
            self.quantities.append(Quantity(np.array(value, dtype=float), np.array(ids), self.gradients[ids]))
        return int(found)

    def read(self, statement: ast.stmt, visit: Visit) -> int:
        """Note what a statement reads at a visit; how much that is."""
        room = Room(self.trace, visit)
        sent: Any = None
        count = 0
        for root in roots(statement, room):
            for part in ast.walk(root):
                if isinstance(part, ast.BinOp | ast.UnaryOp | ast.Call) and part is not root:
                    with suppress(*NOT_SAID):
                        if np.ndim(room.value(part)) and is_fraction(room.value(part)):
                            self.parts.add(room.value(part), True)
            try:
                whole = self.index.find(room.value(root)) if is_fraction(room.value(root)) else None
            except Failed:
                continue
            if whole is None:
                continue
            self.makers.setdefault(whole, []).append((visit, root))
            if not np.any(self.quantities[whole].gradient):
                continue
            for leaf in leaves(root, room):
                value = room.value(leaf)
                ids = self.numbers_of(leaf, value, room)
                place = self.index.find(value)
                if place is None:
                    if not np.all(ids):
                        continue
                    place = self.quantity(value, ids)
                if place == whole:  # it is only handed on
                    continue
                if sent is None:
                    sent = self.sends(visit)
                numbers = self.quantities[place].ids
                share = sent(numbers)
                if not np.any(share):  # what is only looked at in another way
                    share = self.routed(whole, numbers)
                if isinstance(leaf, ast.Subscript):
                    self.cut(leaf, place, room)
                reading = Reading(visit, root, whole, leaf, share)
                self.readings.setdefault(place, []).append(reading)
                count += 1
        return count

    def numbers_of(self, leaf: ast.expr, value: Any, room: Room) -> Any:
        """The numbers of what a line reads; an element of an array is a number of its own, and has them from there."""
        ids = self.trace.tape.ids(value)
        if np.ndim(value) == 0 and not ids and isinstance(leaf, ast.Subscript):
            with suppress(*NOT_SAID):
                return room.with_value(leaf.slice, self.trace.tape.ids(room.value(leaf.value)))
        return ids

    def inner(self) -> Iterator[Any]:
        """The gradients of what stands inside of the expressions of the forward pass, each once."""
        for visits in (self.trace.forward or self.trace.visits).values():
            for visit in visits[:MOST_INNER]:
                made = {
                    id(one.made): one.made for first, last in visit.spans for one in self.trace.tape.entries[first:last]
                }
                found = [gradient for ids in made.values() if np.any(gradient := self.gradients[ids])]
                yield from found
                yield from [
                    one.squeeze(tuple(range(one.ndim))[-2:][at])
                    for one in found
                    if one.ndim > 1
                    for at in (0, 1)
                    if one.shape[-2:][at] == 1
                ]  # a product with a vector
                for first, last in visit.spans:
                    yield from [one for entry in self.trace.tape.entries[first:last] for one in self.narrow(entry)]

    def narrow(self, entry: Entry) -> Iterator[Any]:
        """What a mean sends back to each of its elements, in its own shape, and with the axes that went away."""
        made = entry.made
        if np.size(entry.slope) == 1 and entry.slope != 1:
            over = [step == 0 and length > 1 for step, length in zip(made.strides, made.shape, strict=True)]
            if any(over):
                kept = self.gradients[made[tuple([slice(1) if one else slice(None) for one in over])]] * entry.slope
                yield kept
                yield kept[tuple([0 if one else slice(None) for one in over])]

    def routed(self, whole: int, numbers: Any) -> Any:
        """What comes back to some elements from a quantity that holds the very same ones."""
        made = self.quantities[whole]
        self.sent[made.ids] = np.broadcast_to(made.gradient, np.shape(made.ids))
        found = self.sent[numbers].copy()
        self.sent[made.ids] = 0.0
        return found

    def cut(self, leaf: ast.Subscript, place: int, room: Room) -> None:
        """Note that a quantity is a part of another one, and which."""
        with suppress(*NOT_SAID):
            base = room.value(leaf.value)
            whole = self.index.find(base) if is_fraction(base) else None
            if whole is not None:
                numbers = np.arange(float(np.size(base))).reshape(np.shape(base))
                self.cuts.setdefault(whole, {})[place] = room.with_value(leaf.slice, numbers)

    def split(self, statement: ast.stmt, visit: Visit) -> None:
        """Note the parts that `np.split` gives."""
        call = getattr(statement, "value", None)
        called = ast.unparse(call.func).rpartition(".")[2] if isinstance(call, ast.Call) and call.args else ""
        if called not in SPLITS or not isinstance(call, ast.Call) or len(visit.values) < 2:
            return
        base = Room(self.trace, visit).value(call.args[0])
        whole = self.index.find(base)
        if whole is not None:
            start = 0
            numbers = np.arange(float(np.size(base))).reshape(np.shape(base))
            for axis in range(np.ndim(base)):
                lengths = [np.shape(one)[axis] for one in visit.values]
                if sum(lengths) == np.shape(base)[axis]:
                    for value, end in zip(visit.values, np.cumsum(lengths), strict=True):
                        part = np.take(numbers, range(start, end), axis)
                        self.cuts.setdefault(whole, {})[self.index.find(value)] = part
                        start = end
                    return

    def parts_of(self, place: int) -> tuple[list[int], int] | None:
        """The quantities that a quantity is cut into along an axis, in their order, and that axis."""
        parts = sorted(self.cuts.get(place, {}).items(), key=lambda one: float(np.min(one[1], initial=np.inf)))
        shape = np.shape(self.quantities[place].value)
        for axis in range(len(shape)) if len(parts) > 1 else ():
            with suppress(ValueError, IndexError):
                together = np.concatenate([one for _, one in parts], axis)
                if np.array_equal(together, np.arange(float(np.prod(shape))).reshape(shape)):
                    return [one for one, _ in parts], axis
        return None

    def sends(self, visit: Visit) -> Any:
        """What a visit of a line sends back to the elements of some numbers."""
        read: list[Any] = []
        back: list[Any] = []
        entries = self.trace.tape.entries
        with np.errstate(all="ignore"):
            for first, last in visit.spans:
                for entry in entries[first:last]:
                    above = self.gradients[entry.made]
                    if not np.any(above):
                        continue
                    below = (
                        entry.pull(above) if entry.pull is not None else np.where(above == 0, 0, above * entry.slope)
                    )
                    read.append(np.asarray(entry.read).reshape(-1))
                    back.append(np.broadcast_to(below, np.shape(entry.read)).reshape(-1))
        numbers = np.concatenate(read) if read else np.zeros(0, np.int64)
        shares = np.concatenate(back) if back else np.zeros(0)

        def of(ids: Any) -> Any:
            np.add.at(self.sent, numbers, shares)
            found = self.sent[ids].copy()
            self.sent[numbers] = 0.0
            return found

        return of

    @remembered
    def readers(self, place: int) -> list[list[Reading]]:
        """The readings of a quantity, those of one visit together: what they send back is known as a sum."""
        found: dict[int, list[Reading]] = {}
        largest = float(np.abs(self.quantities[place].gradient).max(initial=0.0))
        for one in self.readings.get(place, []):
            if np.abs(one.share).max(initial=0.0) > NEGLIGIBLE * largest:
                found.setdefault(id(one.visit), []).append(one)
        return list(found.values())


def roots(statement: ast.stmt, room: Room) -> Iterator[ast.expr]:
    """The expressions that a statement computes, each of which is a quantity of its own."""
    if isinstance(statement, ast.AugAssign):
        yield from expanded(ast.BinOp(loaded(statement.target), statement.op, statement.value), room)
    elif isinstance(statement, ast.Assign | ast.Return | ast.Expr | ast.AnnAssign) and statement.value is not None:
        yield from expanded(statement.value, room)


def expanded(tree: ast.expr, room: Room) -> Iterator[ast.expr]:
    """What is in a tuple or a dictionary, and the arguments of functions of the user's."""
    if isinstance(tree, ast.Tuple | ast.List):
        for one in tree.elts:
            yield from expanded(one, room)
        return
    if isinstance(tree, ast.Dict):
        for one in tree.values:
            yield from expanded(one, room)
        return
    yield tree
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            appends = isinstance(node.func, ast.Attribute) and node.func.attr == "append"
            try:
                if not appends and not room.is_own(node):
                    continue
            except Failed:
                continue
            for one in (*node.args, *[one.value for one in node.keywords]):
                if not isinstance(one, ast.Name | ast.Constant | ast.Starred):
                    yield from expanded(one, room)


def leaves(tree: ast.expr, room: Room) -> Iterator[ast.expr]:
    """The quantities that an expression reads: names, entries, and what functions of the user's give."""
    if isinstance(tree, ast.Call):
        try:
            own = room.is_own(tree)
        except Failed:
            return
        if not own:
            if isinstance(tree.func, ast.Attribute):
                yield from leaves(tree.func.value, room)
            for one in tree.args:
                yield from leaves(one, room)
            return
    elif (isinstance(tree, ast.Attribute) and tree.attr in ("T", "mT")) or (
        isinstance(tree, ast.Subscript) and not is_place(tree.value)
    ):
        yield from leaves(tree.value, room)
        return
    elif isinstance(tree, ast.Lambda | ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.SetComp):
        return
    elif not isinstance(tree, ast.Name | ast.Attribute | ast.Subscript):
        for part in ast.iter_child_nodes(tree):
            if isinstance(part, ast.expr):
                yield from leaves(part, room)
        return
    try:
        value = room.value(tree)
    except Failed:
        return
    if not is_fraction(value):
        return
    if isinstance(tree, ast.Subscript) and only_turns(tree.slice):
        yield from leaves(tree.value, room)
        return
    yield tree


def is_place(tree: ast.expr) -> bool:
    """Whether an expression is a name, or an attribute or an entry of one."""
    base = tree
    while isinstance(base, ast.Attribute | ast.Subscript):
        base = base.value
    return isinstance(base, ast.Name)


def only_turns(index: ast.expr) -> bool:
    """Whether an index takes all elements, and only adds axes of one element."""
    items = index.elts if isinstance(index, ast.Tuple) else [index]
    for one in items:
        whole = isinstance(one, ast.Slice) and one.lower is None and one.upper is None and one.step is None
        new = isinstance(one, ast.Constant) and (one.value is None or one.value is ...)
        if not whole and not new and not (isinstance(one, ast.Attribute) and one.attr == "newaxis"):
            return False
    return True
