"""What a script hands to the way back of a network of its own: `grad = 2*(out - y)/n; net.backward(grad)`."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from backprop.python.names import names_set, parameter_names
from backprop.python.pairs.called_from import bound, placed
from backprop.python.pairs.descent import ERROR, move_of, share_of
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.rounds import LOOPS, Passes, Rounds, blocks, costs_in, start_of
from backprop.python.pairs.trained import apart_from_body, made, training_pair
from backprop.python.texts.called import GENERIC, names_in, targets
from backprop.python.texts.functions import is_static
from backprop.python.texts.gradients import WORDS, bases, is_of_gradient
from backprop.python.texts.restated import defaults
from backprop.python.texts.source import Code

SETS = (ast.Assign, ast.AnnAssign, ast.For)
DEEPEST = 3  # of calls in each other, through which a training loop is looked for


class Round(NamedTuple):
    """The statements of a block, those that are done before it, the line of the outermost loop that it is in, and in
    how many calls it is."""

    before: list[ast.stmt]
    block: list[ast.stmt]
    line: int = 0
    deep: int = 0


def handed_pairs(code: Code, pairs: Sequence[Pair]) -> list[Pair]:
    """The loss of what a script's network gives, with the gradient that is handed to the network's way back: of the
    last loop that has both, also in a function that the script calls, or, where none does, in one that somebody else
    may call. A way back that is right is to be handed that. Of layers that go back one after the other there is a pair
    for each: what it gives, and what it is handed."""
    both = [pair for pair in pairs if (pair.of_object or pair.kind == "functions") and pair.forward and pair.backward]
    found = Handed(code, both) if both else None
    return (found.pairs() or found.uncalled()) if found is not None else []


class Handed:
    """Looks for the two among the statements of a script."""

    def __init__(self, code: Code, pairs: Sequence[Pair]) -> None:
        self.code, self.body = code, code.parts[-1].tree.body
        self.forth = {pair.forward.name for pair in pairs if pair.forward is not None}
        self.back: dict[str, list[str]] = {}  # with what each takes
        for of_object, back in [(pair.of_object, pair.backward) for pair in pairs]:
            if back is not None:
                self.back.setdefault(back.name, parameter_names(back)[int(of_object) :])
        self.functions = {one.name: one for one in self.body if isinstance(one, ast.FunctionDef)}
        own = {one.name for one in self.body if isinstance(one, ast.ClassDef)}
        self.methods: dict[str, list[ast.FunctionDef]] = {}
        for name, methods in code.classes().items():
            for method in methods.values() if name in own else ():
                self.methods.setdefault(method.name, []).append(method)
        self.leading = self.that_lead_to({*self.back})
        made = {name for one in self.body for its in ast.walk(one) if isinstance(its, SETS) for name in targets(its)}
        self.objects = made if any("__call__" in methods for methods in code.classes().values()) else set[str]()

    def that_lead_to(self, names: set[str]) -> set[str]:
        """Names of calls, and of the script's functions and methods in which there are such, or calls of these."""
        functions = [*self.functions.values(), *(one for some in self.methods.values() for one in some)]
        calls = {
            one.name: {called_by(node) for node in ast.walk(one) if isinstance(node, ast.Call)} for one in functions
        }
        before = 0
        while len(names) > before:
            before = len(names)
            names = names | {name for name, some in calls.items() if not names.isdisjoint(some)}
        return names

    def pairs(self) -> list[Pair]:
        """Those of the script's own statements."""
        return [
            Pair("script", "script", None, None, handed=True, body=tuple(one.body), **apart_from_body(one))
            for one in self.passes(self.body)
        ]

    def passes(self, body: list[ast.stmt]) -> list[Passes]:
        return next((found for one in self.rounds(Round([], body)) if (found := self.handed_in(one))), [])

    def uncalled(self) -> list[Pair]:
        """Those of the functions and methods that train and that no script calls: what they take is to be given."""
        for owner, function in self.training_ones():
            if found := self.passes(function.body):
                methods = self.code.classes()[owner.name] if owner is not None else {}
                around = set().union(*map(names_set, self.body))
                first = made(owner, methods, function, around) if owner is not None else defaults(function)
                made_so = [training_pair(self.code.parts[-1], function, one, first, owner) for one in found]
                return [one._replace(handed=True) for one in made_so if one is not None]
        return []

    def training_ones(self) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef]]:
        """The functions, and the methods with their classes, that call what goes back and are no pass themselves."""
        for one in self.body:
            for function in one.body if isinstance(one, ast.ClassDef) else (one,):
                if not isinstance(function, ast.FunctionDef) or function.name in {*self.back, *self.forth}:
                    continue
                if any(self.calls_in(its, self.back) for its in function.body):
                    yield (one if isinstance(one, ast.ClassDef) else None), function

    def rounds(self, outer: Round) -> Iterator[Round]:
        """The first rounds of the loops in a block, the last and innermost first, and the block itself. A loop that
        trains and stands before is left out: what is handed does not hang on it."""
        leading = [place for place, one in enumerate(outer.block) if self.calls_in(one, self.leading)]
        for place in reversed(leading):
            one = outer.block[place]
            before = [*outer.before, *[its for its in outer.block[:place] if not self.trains(its)]]
            if inner := blocks(one):
                line = outer.line or (one.lineno if isinstance(one, LOOPS) else 0)
                yield from self.rounds(Round([*before, *start_of(one)], inner, line, outer.deep))
            elif outer.deep < DEEPEST and (entered := self.entered(one)) is not None:
                function, bound = entered
                yield from self.rounds(Round([*before, *bound], function.body, outer.line, outer.deep + 1))
        if leading:
            yield outer

    def trains(self, statement: ast.stmt) -> bool:
        return isinstance(statement, LOOPS) and bool(self.calls_in(statement, self.back))

    def entered(self, statement: ast.stmt) -> tuple[ast.FunctionDef, list[ast.stmt]] | None:
        """The function of the script's, or the method, that a statement calls, `train(net, X)`, `net.fit(X)`, and what
        sets its parameters."""
        for call in self.calls_in(statement, self.leading):
            name, found = called_by(call), self.methods.get(called_by(call), [])
            if any(isinstance(one, ast.Starred) for one in call.args):
                continue
            if isinstance(call.func, ast.Name) and name in self.functions:
                return self.functions[name], bound(self.functions[name], call.args, call, statement)
            if isinstance(call.func, ast.Attribute) and len(found) == 1 and name not in self.back:
                me = [] if is_static(found[0]) else [call.func.value]
                return found[0], bound(found[0], [*me, *call.args], call, statement)
        return None

    def handed_in(self, one: Round) -> list[Passes]:
        """The passes of one round: behind the last statement with a call that goes forth, a loss of what that gives,
        and what the first call that goes back is handed, which is computed there, too. Then those of what other objects
        give and are handed."""
        block = one.block
        end = next((place for place, its in enumerate(block) if self.calls_in(its, self.back)), 0)
        ahead = [place for place, its in enumerate(block[:end])
                 if isinstance(its, SETS) and self.calls_in(its, self.forth)]  # fmt: skip
        output = next(iter(given_by(block[ahead[-1]])), "") if ahead else ""
        if not output or not any(map(costs_in, block[ahead[-1] + 1 :])):
            return []
        first = Link(output, [*one.before, *block[: ahead[-1] + 1]], block[ahead[-1] + 1 : end], block[end:])
        for call in self.calls_in(block[end], self.back):
            for argument in self.from_above(call):
                found, start = first.handed(argument, one.line)
                if found is not None:
                    return [found, *self.behind(one, end, end - start)]
        return []

    def behind(self, one: Round, end: int, back: int) -> Iterator[Passes]:
        """The passes of the layers behind the first that goes back: each is handed the gradient of what it gave. From
        the place `back` on the statements of a block go back; its first call that does so is at `end`."""
        block = one.block
        for place, its in enumerate(block[end + 1 :], end + 1):
            call = next(iter(self.calls_in(its, self.back)), None) if not isinstance(its, LOOPS) else None
            given = self.given_apart(block[:end], call) if call is not None else None
            if call is None or given is None:
                continue
            at, output, apart = given
            link = Link(
                output, [*one.before, *block[:at], *apart[:1]], [*apart[1:], *block[at + 1 : place]], block[place:]
            )
            for argument in self.from_above(call)[:1]:
                found, _ = link.handed(argument, one.line, back - at - 1 + len(apart[1:]))
                if found is not None:
                    yield found

    def given_apart(self, forth: Sequence[ast.stmt], call: ast.Call) -> tuple[int, str, list[ast.stmt]] | None:
        """Where the object that a call goes back through goes forth, the name of what it gives, and that statement as
        one or two: what it gives has a name of its own."""
        whose = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        for at, its in reversed([*enumerate(forth)]):
            ahead = [one for one in self.calls_in(its, self.forth)
                     if isinstance(one.func, ast.Attribute) and ast.unparse(one.func.value) == whose]  # fmt: skip
            if len(ahead) != 1 or not isinstance(its, ast.Assign):
                continue
            if its.value is ahead[0] and isinstance(its.targets[0], ast.Name):
                return at, its.targets[0].id, [its]
            name = f"{whose.rpartition('.')[2]}_out"
            given = placed(ast.Assign([ast.Name(name, ast.Store())], ahead[0]), its)
            return at, name, [given, put_in_place(its, ahead[0], name)]
        return None

    def from_above(self, call: ast.Call) -> list[ast.expr]:
        """What is handed to a call that goes back and is a gradient by its name, or by that of the parameter."""
        named = [
            *zip(self.back[called_by(call)], call.args, strict=False),
            *[(one.arg, one.value) for one in call.keywords],
        ]
        return [one for taken, one in named if is_upstream(taken or "") or is_upstream(getattr(one, "id", ""))]

    def calls_in(self, statement: ast.stmt, names: Collection[str]) -> list[ast.Call]:
        """The calls by some names in a statement, `net.forward(x)`, and `net(x)` where objects can be called so; what a
        function of the script's does is its own affair."""
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            return []
        calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
        known = {*names, *(self.objects if names is self.forth else ())}
        return [one for one in calls
                if (isinstance(one.func, ast.Attribute) and one.func.attr in names)
                or (isinstance(one.func, ast.Name) and one.func.id in known)]  # fmt: skip


class Link(NamedTuple):
    """What an object gives, the statements up to there, those behind it up to where the object goes back, and those
    from there on."""

    output: str
    before: list[ast.stmt]
    between: list[ast.stmt]
    rest: list[ast.stmt]

    def handed(self, argument: ast.expr, line: int, back: int | None = None) -> tuple[Passes | None, int]:
        """The passes behind what is given: up to what is handed to the way back, of which `back` statements go forth
        before the first goes back, and where that is not given, those before the first that sets what is handed; and
        how many statements of those between come from there on."""
        name, statements, place = set_apart(argument, self.between, self.output)
        if place < 0 or (back is None and self.output not in hung_on(ast.Name(name), statements)):
            return None, 0
        rounds = Rounds([*self.before, *statements], ())
        rounds.whose, rounds.changed = {name: self.output}, frozenset([self.output])
        share = share_taken(self.rest)
        rounds.shares = {self.output: share} if share is not None else {}
        start, split = len(self.before), place if back is None else back
        found = rounds.apart([*self.before, *statements], start + split, line, start, self.rest)
        return found, len(self.between) - place


def put_in_place(statement: ast.stmt, call: ast.Call, name: str) -> ast.stmt:
    """A statement with a name in place of a call."""
    there = [*ast.walk(statement)].index(call)
    made = copy.deepcopy(statement)
    held = [*ast.walk(made)][there]
    InPlace(held, ast.copy_location(ast.Name(name, ast.Load()), held)).visit(made)
    return made


class InPlace(ast.NodeTransformer):
    """Puts a node in place of another one."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else super().generic_visit(node)


def set_apart(argument: ast.expr, between: list[ast.stmt], output: str) -> tuple[str, list[ast.stmt], int]:
    """The name of what is handed, the statements between the calls with one that sets it, and the place where it is set
    first as a gradient; -1 where it is not."""
    if not isinstance(argument, ast.Name):
        name = f"d{output}"
        made = placed(ast.Assign([ast.Name(name, ast.Store())], argument), argument)
        return name, [*between, made], len(between)
    read = [place for place, one in enumerate(between) if costs_in(one) and argument.id in names_in([one])]
    behind = max(read, default=-1)  # what a cost reads is no gradient yet: `p[rows, y] -= 1` makes it one
    sets = [place for place, one in enumerate(between) if place > behind and argument.id in targets(one)]
    return argument.id, between, next(iter(sets), -1)


def share_taken(statements: Sequence[ast.stmt]) -> ast.expr | None:
    """What all steps of objects' weights multiply gradients with beside their rate, `layer.W -= rate * layer.dW / n`;
    None where they do not agree."""
    moves = [move for one in statements for node in ast.walk(one) if (move := move_of(node)) is not None]
    found = {}
    for target, _, value in [move for move in moves if isinstance(move[0], ast.Attribute)]:
        share = share_of(value, partial(is_gradient_of, target))
        found["" if share is None else ast.unparse(share)] = share
    return next(iter(found.values())) if len(found) == 1 else None


def is_gradient_of(weight: ast.Attribute, node: ast.expr) -> bool:
    """Whether an attribute is that of a weight's gradient by its name: `layer.dW` of `layer.W`."""
    return isinstance(node, ast.Attribute) and weight.attr in bases(node.attr)


def is_upstream(name: str) -> bool:
    """Whether a name is that of a gradient from above: `dout`, `grad`, `output_error`."""
    return (is_of_gradient(name) and not WORDS.match(name)) or name in GENERIC or bool(ERROR.search(name))


def called_by(call: ast.Call) -> str:
    """The name by which something is called: of a method, its own."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def given_by(statement: ast.stmt) -> list[str]:
    """The names that a statement, or those of a loop, set."""
    return [name for its in ast.walk(statement) if isinstance(its, ast.Assign | ast.AnnAssign) for name in targets(its)]


def hung_on(value: ast.expr, statements: Sequence[ast.stmt]) -> set[str]:
    """The names on which a value hangs, through the statements that set them."""
    found = names_in([value])
    for its in reversed(statements):
        if not found.isdisjoint(targets(its)):
            found |= names_in([its])
    return found
