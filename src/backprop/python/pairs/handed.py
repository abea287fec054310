"""What a script hands to the way back of a network of its own: `grad = 2*(out - y)/n; net.backward(grad)`."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from backprop.python.names import names_set, parameter_names
from backprop.python.pairs.called_from import bound
from backprop.python.pairs.inlined import with_those
from backprop.python.pairs.links import Link, given_by, is_upstream, put_in_place
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.rounds import LOOPS, Passes, blocks, costs_in, is_cost_set, placed, start_of, summed_up
from backprop.python.pairs.trained import apart_from_body, made, training_pair
from backprop.python.texts.called import called_by, called_of, targets
from backprop.python.texts.functions import is_static
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
    alone = [pair.forward for pair in pairs if pair.forward is not None]  # what is a pass itself is judged as one
    return (found.pairs() or found.uncalled(alone)) if found is not None else []


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
        self.told: list[str] = []
        self.passing = frozenset([*self.forth, *self.back])
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
            Pair("script", "script", None, None, handed=self.passing, told=tuple(self.told), body=tuple(one.body),
                 **apart_from_body(one))
            for one in self.passes(self.body)
        ]  # fmt: skip

    def passes(self, body: list[ast.stmt]) -> list[Passes]:
        return next((found for one in self.rounds(Round([], body)) if (found := self.handed_in(one))), [])

    def uncalled(self, alone: Collection[ast.FunctionDef]) -> list[Pair]:
        """Those of the functions and methods that train and that no script calls: what they take is to be given."""
        forth = self.that_lead_to({*self.forth}) - self.leading
        for owner, function in [one for one in self.training_ones() if one[1] not in alone]:
            methods = self.code.classes()[owner.name] if owner is not None else {}
            ahead = {name: one for name, one in methods.items() if name in forth}
            if found := self.passes(with_those(function, ahead).function.body):
                around = set().union(*map(names_set, self.body))
                first = made(owner, methods, function, around) if owner is not None else defaults(function)
                made_so = [training_pair(self.code.parts[-1], function, one, first, owner) for one in found]
                return [one._replace(handed=self.passing, told=tuple(self.told)) for one in made_so if one is not None]
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
        ends = [place for place, its in enumerate(block) if self.calls_in(its, self.back)]
        ahead = [place for place, its in enumerate(block[: min(ends, default=0)])
                 if isinstance(its, SETS) and self.calls_in(its, self.forth) and not is_cost_set(its)]  # fmt: skip
        output = next(iter(given_by(block[ahead[-1]])), "") if ahead else ""
        if not output or not any(map(costs_in, block[ahead[-1] + 1 :])):
            return []
        for end in ends:  # a loss of a class is handed nothing: `grad = loss.backward()`
            for call in inner_first(self.calls_in(block[end], self.back)):
                at, output, (made, *rest) = self.given_apart(block[:end], call) or (
                    ahead[-1],
                    output,
                    [block[ahead[-1]]],
                )
                if not rest and not self.ends_with(block[ahead[-1]], call, block[end]):
                    continue
                first = Link(output, [*one.before, *block[:at], made], [*rest, *block[at + 1 : end]], block[end:])
                for argument in self.from_above(call):
                    found, start = first.handed(argument, one.line)
                    if found is not None:
                        return [found, *self.behind(one, call, end, end - start)]
        return []

    def ends_with(self, forth: ast.stmt, call: ast.Call, back: ast.stmt) -> bool:
        """Whether what goes back first is what a statement ended with that goes forth: a part of a network only if that
        returns what its part gives, `out = net.forward(x)` and `net.last.backward(grad)`."""
        through = {called_of(one) for one in self.calls_in(forth, self.forth)}
        part = next((called_of(call).removeprefix(f"{one}.") for one in through
                     if one and called_of(call).startswith(f"{one}.")), "")  # fmt: skip
        if not part or isinstance(back, LOOPS):
            return True
        methods = [one for name in self.forth for one in self.methods.get(name, ())]
        return any(called_of(one) == f"self.{part}" for method in methods for one in returned_calls(method))

    def behind(self, one: Round, first: ast.Call, end: int, back: int) -> Iterator[Passes]:
        """The passes of the layers behind the `first` call that goes back, in the statement at `end`: each is handed
        the gradient of what it gave. From the place `back` on the statements of a block go back. Of several costs it is
        not known of which."""
        block, back_at = one.block, range(end, len(one.block))
        costs = {name for its in block for cost in costs_in(its) for name in targets(cost)} - summed_up(block)
        if len(costs) > 1:
            return
        calls = [(place, call) for place in back_at for call in inner_first(self.calls_in(block[place], self.back))]
        self.told = [*self.left_out(block[:end], [call for its in block for call in self.calls_in(its, self.back)])]
        for place, call in calls:
            if call is first or isinstance(block[place], LOOPS):
                continue
            if (given := self.given_apart(block[:end], call)) is None:
                continue
            at, output, (made, *rest) = given
            if any(reads_of(its, called_of(call)) for its in block[back : place + 1]):
                continue  # the state of what goes forth before: where what it gives is another, that is not
            between = [*rest, *block[at + 1 : place]]
            link = Link(output, [*one.before, *block[:at], made], between, block[place:])
            for argument in self.from_above(call)[:1]:
                found, _ = link.handed(argument, one.line, back - at - 1 + len(rest))
                if found is not None:
                    yield found

    def left_out(self, forth: Sequence[ast.stmt], back: Sequence[ast.Call]) -> Iterator[str]:
        """What is told of an object that goes forth, and whose way back no call is of."""
        through = {called_of(call) for call in back}
        for its in forth:
            for call in self.calls_in(its, self.forth) if not isinstance(its, LOOPS) else ():
                if called_of(call) and called_of(call) not in through and through != {""}:
                    yield f"{called_of(call)} goes forth in line {its.lineno}, and its way back is not called"

    def given_apart(self, forth: Sequence[ast.stmt], call: ast.Call) -> tuple[int, str, list[ast.stmt]] | None:
        """Where the object that a call goes back through goes forth, the name of what it gives, and that statement as
        one or two: what it gives has a name of its own."""
        whose = called_of(call)
        ahead = [(at, its, one) for at, its in enumerate(forth) for one in self.calls_in(its, self.forth)
                 if whose and called_of(one) == whose]  # fmt: skip
        if len(ahead) != 1:
            return None  # it goes forth more than once: it is not known what it is handed the gradient of
        at, its, forward = ahead[0]
        if not isinstance(its, ast.Assign):
            return None
        if its.value is forward and isinstance(its.targets[0], ast.Name):
            return at, its.targets[0].id, [its]
        name = f"{whose.rpartition('.')[2]}_out"
        given = placed(ast.Assign([ast.Name(name, ast.Store())], forward), its)
        self.told.append(f"{name} is what {ast.unparse(forward)} gives, line {its.lineno}")
        return at, name, [given, put_in_place(its, forward, name)]

    def from_above(self, call: ast.Call) -> list[ast.expr]:
        """What is handed to a call that goes back and is a gradient by its name, or by that of the parameter; or that
        is all that it takes."""
        named = [
            *zip(self.back[called_by(call)], call.args, strict=False),
            *[(one.arg, one.value) for one in call.keywords],
        ]
        found = [one for taken, one in named if is_upstream(taken or "") or is_upstream(getattr(one, "id", ""))]
        return found or [one for _, one in named if len(self.back[called_by(call)]) == 1]

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


def returned_calls(method: ast.FunctionDef) -> list[ast.Call]:
    """The call whose result a method returns, also under a name."""
    last = method.body[-1]
    value = last.value if isinstance(last, ast.Return) else None
    if isinstance(value, ast.Name):
        sets = [one.value for one in method.body if isinstance(one, ast.Assign) and value.id in targets(one)]
        value = sets[-1] if sets else None
    return [value] if isinstance(value, ast.Call) else []


def reads_of(statement: ast.stmt, held: str) -> bool:
    """Whether a statement reads attributes of what is held there, beside calls of it: `low.x`."""
    nodes = [*ast.walk(statement)]
    called = {id(one.func) for one in nodes if isinstance(one, ast.Call)}
    read = [one for one in nodes if isinstance(one, ast.Attribute) and id(one) not in called]
    return any(ast.unparse(one.value) == held for one in read)


def inner_first(calls: list[ast.Call]) -> list[ast.Call]:
    """Calls, those behind whose arguments are made of others."""
    return sorted(calls, key=lambda one: sum(other in calls for other in ast.walk(one)))
