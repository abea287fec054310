"""What a script hands to the way back of a network of its own: `grad = 2*(out - y)/n; net.backward(grad)`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from backprop.python.names import parameter_names
from backprop.python.pairs.called_from import bound, placed
from backprop.python.pairs.descent import ERROR, move_of, share_of
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.rounds import LOOPS, Rounds, blocks, costs_in, start_of
from backprop.python.pairs.trained import apart_from_body
from backprop.python.texts.called import GENERIC, called_by, names_in, targets
from backprop.python.texts.functions import is_static
from backprop.python.texts.gradients import WORDS, bases, is_of_gradient
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


def handed_pair(code: Code, pairs: Sequence[Pair]) -> Pair | None:
    """The loss of what a script's network gives, with the gradient that is handed to the network's way back: of the
    last loop that has both, also in a function that the script calls. A way back that is right is to be handed that."""
    both = [pair for pair in pairs if (pair.of_object or pair.kind == "functions") and pair.forward and pair.backward]
    return Handed(code, both).pair() if both else None


class Handed:
    """Looks for the two among the statements of a script."""

    def __init__(self, code: Code, pairs: Sequence[Pair]) -> None:
        self.body = code.parts[-1].tree.body
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

    def pair(self) -> Pair | None:
        return next((found for one in self.rounds(Round([], self.body)) if (found := self.handed_in(one))), None)

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

    def handed_in(self, one: Round) -> Pair | None:
        """The pair of one round: behind the last statement with a call that goes forth, a loss of what that gives, and
        what the first call that goes back is handed, which is computed there, too."""
        block = one.block
        end = next((place for place, its in enumerate(block) if self.calls_in(its, self.back)), 0)
        ahead = [place for place, its in enumerate(block[:end])
                 if isinstance(its, SETS) and self.calls_in(its, self.forth)]  # fmt: skip
        output = next(iter(given_by(block[ahead[-1]])), "") if ahead else ""
        if not output or not any(map(costs_in, block[ahead[-1] + 1 :])):
            return None
        before, between = [*one.before, *block[: ahead[-1] + 1]], block[ahead[-1] + 1 : end]
        for call in self.calls_in(block[end], self.back):
            for argument in self.from_above(call):
                name, statements, place = set_apart(argument, between, output)
                if place < 0 or output not in hung_on(ast.Name(name), statements):
                    continue
                rounds = Rounds([*before, *statements], ())
                rounds.whose, rounds.changed = {name: output}, frozenset([output])
                rounds.shares = dict.fromkeys([output], share) if (share := share_taken(block[end:])) else {}
                start = len(before)
                found = rounds.apart([*before, *statements], start + place, one.line, start, block[end:])
                if found is not None:
                    known = apart_from_body(found)
                    return Pair("script", "script", None, None, handed=True, body=tuple(found.body), **known)
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
