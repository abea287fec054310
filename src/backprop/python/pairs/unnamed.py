"""Gradients that a script takes its steps with and gives no name, `W -= rate * X.T @ delta`: they get one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Set
from types import MappingProxyType
from typing import Any, NamedTuple

from backprop.python.pairs.averaged import Feeds
from backprop.python.pairs.descent import Step, changed, move_of, step_of
from backprop.python.pairs.rates_before import with_rates_in_steps
from backprop.python.texts.blocks import BLOCKS, with_blocks
from backprop.python.texts.called import GENERIC, called, names_in, set_by, set_in, targets
from backprop.python.texts.gradients import COST, bases

SIZING = re.compile(r"(square|norm|abs|dot|vdot)$")


class Known(NamedTuple):
    """What is known of names: of which something is called the gradient, which are set to what is no list, of which the
    size is taken, as a cost with a penalty does; and of methods, what they read of their object."""

    named: frozenset[str]
    arrays: frozenset[str]
    sized: frozenset[str]
    methods: Mapping[str, Set[str]]


class Around(NamedTuple):
    """What stands around a block: `read` are the names that are read before it in the same round. In a loop, `over` are
    its variables, and `outer` the names that are read before it; `made` those that are set there, which are no running
    means then, and None outside of all loops."""

    read: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    over: frozenset[str] = frozenset()
    made: frozenset[str] | None = None


def with_names(
    statements: list[ast.stmt], methods: Mapping[str, Set[str]] = MappingProxyType({}), arrays: Set[str] = frozenset()
) -> list[ast.stmt]:
    """Statements in which every step reads a gradient that has a name, set right before; the same ones, if all do.
    `methods` are those of the object whose statements they are, with what each reads of it, and `arrays` the attributes
    that it has as arrays."""
    statements = with_rates_in_steps(statements)
    made = set().union(*map(set_in, statements))
    arrays = arrays | {name for one in statements for name in targets(one) if makes_array(one)}
    named = frozenset(base for name in made for base in bases(name))
    known = Known(named, frozenset(arrays), frozenset(sized_in(statements)), methods)
    return named_in(statements, known, Around())


def makes_array(statement: ast.stmt) -> bool:
    """Whether a statement sets what may be an array, or several: no list."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    return all(isinstance(one, ast.Call | ast.BinOp | ast.Subscript) for one in values)


def named_in(statements: list[ast.stmt], known: Known, around: Around) -> list[ast.stmt]:
    """The statements of one block; a step counts that changes what one before it reads, if what it reads is made in
    this round: no running mean. A loop over the entries of a list is one round."""
    found: list[ast.stmt] = []
    read, stepped, made, running = {*around.read}, set[str](), {*(around.made or ())}, set[str]()
    feeds = Feeds()
    for one in statements:
        name, names = changed(one), names_in([one])
        step = step_of(one, read | around.outer) if running.isdisjoint(names) else by_mean(one, feeds)
        turn = step is not None and is_turn(step, around) and (name not in known.named or reads(step, made))
        if name is None or step is None or not counts(step, turn, known, around, read):
            here = frozenset(made) if around.made is not None else None
            found += inside(one, known, Around(frozenset(read), around.outer, around.over, here))
            own = {*targets(one)} - known.named
            value = getattr(one, "value", one) or one  # a name that is only said to be of a kind has none
            kept = own & (names_in([value]) | (own if isinstance(one, ast.AugAssign) else set()))
            kept -= {called(value)}  # `theta = self.theta` is the same under another name
            feeds.note(one, bool(kept - made))
            running |= own if not running.isdisjoint(names) else kept - made
            made |= own
        else:
            step = step if name in known.sized else without_decay(step)
            found += in_steps(one, step, name in stepped, around.over if turn else frozenset(), known.named)
            stepped.add(name)
        read |= names.union(*[known.methods.get(one, ()) for one in names])
    return statements if all(a is b for a, b in zip(found, statements, strict=False)) else found


def is_turn(step: Step, around: Around) -> bool:
    """Whether a step is that of the entry which is the turn of a loop, of what was read before it: `weights[i] -= …`.
    One with an entry of gradients has a name."""
    return is_told(step, around) and called(step.whole) in around.outer and not has_name(step)


def reads(step: Step, made: set[str]) -> bool:
    """Whether the gradient of a step is made in the same round: `dW` of one of the matrices in `W`."""
    return not made.isdisjoint(names_in([step.gradient]))


def by_mean(statement: ast.stmt, feeds: Feeds) -> Step | None:
    """The step of an entry by a running mean, as one by the gradient that the mean is fed with."""
    move = move_of(statement)
    gradient = feeds.gradient(*move[1:]) if move is not None else None
    step = None if move is None or gradient is None else Step(move[0], None, gradient)
    return step if step is not None and step.is_part else None


def is_told(step: Step, around: Around) -> bool:
    """Whether the variables of a loop tell which part of something is changed."""
    return not around.over.isdisjoint(names_in(step.places))


def counts(step: Step, turn: bool, known: Known, around: Around, read: set[str]) -> bool:
    """Whether a step changes what was read before it and has no gradient that is called so: a part of a list only in
    its turn, and one of an array, too, where the loop tells which it is. What is called so may be the gradient of a
    part alone, `U[i] -= rate * dU`."""
    name = called(step.whole)
    if step.is_part and not turn and (is_told(step, around) or name not in known.arrays):
        return False
    of_part = step.is_part and name in bases(called(step.gradient) or "")
    return turn or name in (read if of_part else read - known.named)


def sized_in(statements: list[ast.stmt]) -> Iterator[str]:
    """The names of whose values, or of whose entries, the size is taken: `np.sum(W**2)`, `norm(W)`, `for W in Ws`."""
    for one in [node for statement in statements for node in ast.walk(statement)]:
        held: ast.expr | None = None
        if isinstance(one, ast.BinOp):
            same = isinstance(one.op, ast.Mult) and ast.unparse(one.left) == ast.unparse(one.right)
            held = one.left if same or isinstance(one.op, ast.Pow) else None
        elif isinstance(one, ast.Call) and one.args and SIZING.search(ast.unparse(one.func)):
            held = one.args[0]
        elif isinstance(one, ast.comprehension):
            held = one.iter
        if held is not None:
            yield from names_in([held])


def without_decay(step: Step) -> Step:
    """A step without what only makes weights smaller, for which no cost asks: `W -= rate * (dW + decay*W)`, and `W +=
    rate * (error * x - decay*W)`."""
    turned = isinstance(step.gradient, ast.UnaryOp) and isinstance(step.gradient.op, ast.USub)
    whole = step.gradient.operand if turned else step.gradient  # type: ignore[attr-defined]
    smaller = ast.Sub if turned else ast.Add
    if not isinstance(whole, ast.BinOp) or not isinstance(whole.op, smaller):
        return step
    target = ast.unparse(step.target)
    decays = [target in map(ast.unparse, factors(one)) for one in (whole.left, whole.right)]
    if decays == [False, True]:
        return step._replace(gradient=ast.UnaryOp(ast.USub(), whole.left) if turned else whole.left)
    return step._replace(gradient=whole.right) if decays == [True, False] and not turned else step


def factors(node: ast.expr) -> list[ast.expr]:
    """The factors of a product."""
    product = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)
    return [*factors(node.left), *factors(node.right)] if product else [node]  # type: ignore[attr-defined]


def has_name(step: Step) -> bool:
    """Whether a step is by an entry of what is the gradient of all by its name: `weights[i] -= rate * grads[i]`."""
    holder = called(step.gradient.value) if isinstance(step.gradient, ast.Subscript) else None
    return holder is not None and (holder in GENERIC or called(step.whole) in bases(holder))


def inside(statement: ast.stmt, known: Known, around: Around) -> list[ast.stmt]:
    """A loop or a condition, whose statements are looked at; what a function does is its own affair. In a loop there
    are steps of its own rounds alone; where it goes over the entries of what it changes, room for the gradients of all
    of them is made before it."""
    if not isinstance(statement, ast.For | ast.While | ast.If | ast.With):
        return [statement]
    over = frozenset(set_by(statement.target)) if isinstance(statement, ast.For) else frozenset()
    if isinstance(statement, ast.For | ast.While):
        again = any(map(COST.fullmatch, set_in(statement) - over))  # the forward pass goes on in it
        before = Around() if again else around._replace(over=around.over | over)
        outer = (before.read | before.outer) - read_whole(statement.body)
        around = Around(frozenset(), outer, before.over, before.made or frozenset())
    made = with_blocks(statement, lambda block: named_in(block, known, around))
    if made is statement:
        return [statement]
    rooms: list[ast.stmt] = []
    for key, part in ast.iter_fields(made):
        if key in BLOCKS:
            setattr(made, key, without_rooms(part, over, rooms))
    return [*rooms, made]


def read_whole(block: list[ast.stmt]) -> set[str]:
    """What statements read that is no entry: who computes with all of it once more goes forward again."""
    nodes = [node for one in block for node in ast.walk(one)]
    held = {id(one.value) for one in nodes if isinstance(one, ast.Subscript)}
    held |= {id(one.args[0]) for one in nodes if isinstance(one, ast.Call) and one.args and called(one.func) == "len"}
    return {name for one in nodes if id(one) not in held and (name := called(one)) is not None}


def without_rooms(block: list[ast.stmt], over: frozenset[str], rooms: list[ast.stmt]) -> list[ast.stmt]:
    """A block without the room in it that is to be made before the loop over some variables: that is put apart."""
    kept = []
    for one in block:
        if not over.isdisjoint(getattr(one, "over", ())):
            rooms += [one] if ast.unparse(one) not in map(ast.unparse, rooms) else []
            continue
        if isinstance(one, ast.If | ast.With):
            for key, part in ast.iter_fields(one):
                if key in BLOCKS:
                    setattr(one, key, without_rooms(part, over, rooms))
        kept.append(one)
    return kept


def in_steps(
    statement: ast.stmt, step: Step, again: bool, over: frozenset[str], named: frozenset[str]
) -> list[ast.stmt]:
    """A step as several statements: its gradient under a name, that of a part of an array in one of its shape, and the
    step with that; `again` where there was one before, to whose gradient this one is added. Room for all parts is to be
    made before the loop whose variables, `over`, tell which part it is. What has the usual name may be the gradient of
    an entry alone, where something is `named` so."""
    whole = step.whole
    name = f"{'grad_' if called(whole) in named else 'd'}{called(whole)}".replace(".", "_")
    own: Any = ast.Name(name, ast.Store())
    for place in step.places:
        own = ast.Subscript(loaded(own), place, ast.Store())
    gradient: Any = ast.Assign([own], step.gradient)
    if again or step.is_part:
        gradient = ast.AugAssign(own, ast.Add(), step.gradient)
    gradient.step = statement, step  # of which it is told
    if again:
        return [with_place(gradient, statement), statement]
    taken = loaded(own) if step.rate is None else ast.BinOp(step.rate, ast.Mult(), loaded(own))
    move: Any = ast.AugAssign(step.target, ast.Sub(), taken)
    move.takes = step  # the gradient, which stands before it
    made = [gradient, move]
    if step.is_part:
        made.insert(0, room_for(name, step, over))
    return [with_place(one, statement) for one in made]


def room_for(name: str, step: Step, over: frozenset[str]) -> ast.stmt:
    """What makes room for the gradients of the parts of an array, or of a list or a dictionary of arrays, or of lists
    in lists."""
    room = without_places(f"{name} = {zeros_like(ast.unparse(step.whole), len(step.places))}")
    room.over = over & names_in(step.places)  # type: ignore[attr-defined]
    return room


def zeros_like(held: str, deep: int) -> str:
    """The text of zeros in the form of what is held, of which `deep` levels may be lists or dictionaries."""
    if not deep:
        return f"0.0 * {held}"
    one = f"one_{deep}"
    inner = zeros_like(one, deep - 1)
    lists = f"[{inner} for {one} in {held}] if isinstance({held}, list)"
    dictionaries = f"{{key: {inner} for key, {one} in {held}.items()}} if isinstance({held}, dict)"
    return f"({lists} else {dictionaries} else 0.0 * {held})"


def loaded(node: ast.expr) -> Any:
    """An expression, to be read."""
    return without_places(ast.unparse(node)).value  # type: ignore[attr-defined]


def without_places(text: str) -> ast.stmt:
    """A statement whose places in the text are still to be given."""
    statement = ast.parse(text).body[0]
    for node in ast.walk(statement):
        for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
            vars(node).pop(place, None)
    return statement


def with_place(made: ast.stmt, old: ast.stmt) -> ast.stmt:
    """What was made in place of a statement, with its place where it has none."""
    for node in ast.walk(made):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, old)
    return made


def is_taken(statement: ast.stmt) -> bool:
    """Whether a statement only takes a step with a gradient that got a name: nothing in it is the user's own."""
    return hasattr(statement, "takes")


def retold(statement: ast.stmt, text: str) -> str | None:
    """The step that the user wrote, with the gradient of another text; None of what sets none of a step."""
    if not hasattr(statement, "step"):
        return None
    other = ast.parse(text).body[0]
    adds = isinstance(other, ast.AugAssign) and isinstance(other.op, ast.Add)
    if type(other) is not type(statement) or not (adds or isinstance(other, ast.Assign)):
        return None
    (old, step), gradient = statement.step, other.value  # type: ignore[attr-defined]
    down = not isinstance(gradient, ast.UnaryOp) or not isinstance(gradient.op, ast.USub)
    by = gradient if down else gradient.operand
    by = by if step.rate is None else ast.BinOp(step.rate, ast.Mult(), by)
    sign = ast.Sub() if down else ast.Add()
    if isinstance(old, ast.AugAssign):
        return ast.unparse(ast.AugAssign(step.target, sign, by))
    return ast.unparse(ast.Assign([step.target], ast.BinOp(old.value.left, sign, by), lineno=old.lineno))
