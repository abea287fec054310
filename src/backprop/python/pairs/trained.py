"""Statements that hold both passes: of a script, of a function that trains, up to a call of `.backward()`."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection, Iterator
from typing import Any

from backprop.python.names import names_set, names_used, parameter_names, required_names
from backprop.python.pairs.called_from import entered_by
from backprop.python.pairs.counterparts import COMPARES
from backprop.python.pairs.inlined import Inlined, inlined
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.rounds import Passes, blocks, both_passes, costs_in, start_of, training
from backprop.python.pairs.unnamed import makes_array
from backprop.python.texts.called import targets
from backprop.python.texts.functions import attributes, first_parameter, is_static, reached, written
from backprop.python.texts.restated import defaults
from backprop.python.texts.source import Code, Part

TAKEN = re.compile(r"d[A-Z]|d[bwx]\d*$|grad")  # of parameters, plainly gradients


def values_pair(code: Code) -> Pair | None:
    """Statements that end with `x.backward()`, where a class, also one that is imported, has such a method: as they
    stand, where the file is run itself, or in the first round of a loop."""
    has = any("backward" in methods for methods in code.classes().values())
    body = up_to_backward(code.parts[-1].tree.body) if has else []
    whole = () if body == code.parts[-1].tree.body[: len(body)] else tuple(body)
    return Pair("backward", "values", None, None, split=len(body) - 1, body=whole) if len(body) > 1 else None


def up_to_backward(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements up to the first call of `.backward()`, also inside a block; none where there is no such call."""
    for place, one in enumerate(statements):
        inner = [one] if backward_call(one) is not None else [*start_of(one), *up_to_backward(blocks(one))]
        if inner and backward_call(inner[-1]) is not None:
            return [*statements[:place], *inner]
    return []


def backward_call(statement: ast.stmt) -> str | None:
    """The name of what a statement calls `.backward()` of."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "backward":
        return call.func.value.id if isinstance(call.func.value, ast.Name) else None
    return None


def split_pair(part: Part) -> Pair | None:
    """Statements of which some set gradients of names that were set before, as they stand or in the first round of a
    training loop."""
    found = both_passes(part.tree.body)
    if found is None:
        return None
    body = () if found.body == part.tree.body else tuple(found.body)
    return Pair("", "script", None, None, body=body, **apart_from_body(found))


def trained_beside(code: Code) -> Pair | None:
    """The statements of a script that hold both passes and take steps, beside the passes of its functions: where they
    compute the cost and the gradients of what they change themselves, by more than calls of the script's own."""
    part = code.parts[-1]
    pair = split_pair(part)
    if pair is None or not pair.changed:
        return None
    own = {*code.functions(), *[name for methods in code.classes().values() for name in methods]}
    body = pair.body or part.tree.body
    costs = [one for statement in body[pair.start : pair.split] for one in costs_in(statement)]
    stepped = [one for one in body[pair.split :] if not pair.changed.isdisjoint(
        base for name in targets(one) for base in pair.bases(name))]  # fmt: skip
    itself = stepped and not any(calls(one, own) for one in (*costs, *stepped))
    return pair._replace(name="script") if itself else None


def calls(statement: ast.stmt, names: Collection[str]) -> bool:
    """Whether what a statement sets is what a function or a method of some names gives."""
    value = getattr(statement, "value", None)
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in names


def apart_from_body(found: Passes) -> dict[str, Any]:
    """What else is known of two passes than their statements, as of a pair."""
    return {name: one for name, one in found._asdict().items() if name != "body"}


def training_pairs(code: Code, part: Part, paired: Collection[str] = ()) -> list[Pair]:
    """The functions of a text, and the methods of its classes, that hold both passes and what they train: each as a
    script of its own. What is `paired` already is none."""
    found, around = [], set().union(*map(names_set, part.tree.body))
    for one in part.tree.body:
        if not isinstance(one, ast.FunctionDef | ast.ClassDef) or one.name in paired:
            continue
        if isinstance(one, ast.FunctionDef):
            steps = any(TAKEN.match(name) for name in required_names(one))  # an optimizer's
            passes = None if steps else training(one)
            compares = passes is not None and not passes.changed and COMPARES.search(one.name)  # with numerical ones
            found.append(training_pair(part, one, None if compares else passes, defaults(one)))
            continue
        methods = code.classes().get(one.name, {})
        trains, gone_into = Methods(methods), list[ast.FunctionDef]()
        for calling, whole, passes in trains.in_turn():
            found.append(training_pair(part, whole.function, passes, made(one, methods, calling, around), one))
            gone_into += whole.gone_into
        for method in trains.own:
            if method not in gone_into and (passes := trains.passes(method)) is not None:
                caller, before = entered_by(method, methods, trains.read[method.name])
                first = [*made(one, methods, caller or method, around), *before]
                found.append(training_pair(part, method, passes, first, one, caller))
    return [pair for pair in found if pair is not None]


def trained_in_turn(methods: dict[str, ast.FunctionDef], forward: ast.FunctionDef) -> bool:
    """Whether a cost reads what only another method leaves, and a method trains by calling both: `self._forward(X)`
    before `self._loss(y)`. Then that is what is judged."""
    known = {*methods}.union(*[written(one) for name, one in methods.items() if name == "__init__" or one is forward])
    lacking = attributes(forward, ast.Load) - known
    if all(lacking.isdisjoint(written(one)) for one in methods.values()):
        return False
    return any(calling is not forward for calling, *_ in Methods(methods).in_turn())


class Methods:
    """The methods of a class that may train: its `own`, what each has of the object that is `read`, and which of its
    attributes the constructor makes arrays."""

    def __init__(self, methods: dict[str, ast.FunctionDef]) -> None:
        self.methods = methods
        plain = [method for name, method in methods.items() if name != "__init__" and not is_static(method)]
        self.own = [method for method in plain if first_parameter(method) == "self"]
        self.known = set().union(*[attributes(method, ast.Store) for method in methods.values()])
        self.read = {name: attributes_read(method, methods) for name, method in methods.items()}
        start = methods["__init__"].body if "__init__" in methods else []
        self.arrays = {name for its in start if makes_array(its) for name in targets(its)}

    def passes(self, method: ast.FunctionDef) -> Passes | None:
        return training(method, self.known, self.read, self.arrays)

    def in_turn(self) -> Iterator[tuple[ast.FunctionDef, Inlined, Passes]]:
        """The methods that train by calling others, each with all that is done in it."""
        for calling in self.own:
            whole = inlined(calling, self.methods)
            if whole is not None and (passes := self.passes(whole.function)) is not None:
                yield calling, whole, passes


def attributes_read(method: ast.FunctionDef, methods: dict[str, ast.FunctionDef]) -> set[str]:
    """What a method reads of its object, also in others that it calls."""
    return set().union(*[attributes(one, ast.Load) for one in reached(method, methods)])


def training_pair(
    part: Part, function: ast.FunctionDef, passes: Passes | None, first: list[ast.stmt],
    owner: ast.ClassDef | None = None, caller: ast.FunctionDef | None = None,
) -> Pair | None:  # fmt: skip
    """A function or a method that trains, as a script; `first` is what is done before its statements, also by the
    `caller`, which is given what it takes then."""
    if passes is None:
        return None
    whole = function if owner is None else owner
    used = names_used([whole], part.tree.body) - ({function.name} if owner is None else set())
    before = [one for one in part.tree.body if one is owner or not used.isdisjoint(names_set(one))] + first
    pair = Pair(function.name if owner is None else f"{owner.name}.{function.name}", "script", None, None)
    return pair._replace(
        **apart_from_body(passes),
        body=(*before, *passes.body),
        inside=caller or function,
        owner="" if owner is None else owner.name,
    )._replace(split=len(before) + passes.split, start=len(before) + passes.start)


def made(
    owner: ast.ClassDef, methods: dict[str, ast.FunctionDef], method: ast.FunctionDef, around: Collection[str]
) -> list[ast.stmt]:
    """What makes the object of a method: `self = Model(rate=rate)`, behind the values of what needs none. What the
    method does not see is gone then, unless the text `around` has that name, too."""
    start = methods.get("__init__")
    names = parameter_names(start)[1:] if start is not None else []
    call = ast.Call(
        ast.Name(owner.name, ast.Load()), [], [ast.keyword(one, ast.Name(one, ast.Load())) for one in names]
    )
    self = ast.Assign([ast.Name("self", ast.Store())], call)
    own: list[ast.expr] = [ast.Name(one, ast.Del()) for one in names if one not in (*parameter_names(method), *around)]
    spent = [ast.Delete(own)] if own else []
    for one in (self, *spent):
        ast.fix_missing_locations(ast.copy_location(one, method))
    return [*(defaults(start) if start is not None else []), self, *spent, *defaults(method)]


def with_first_round(code: Code, pair: Pair) -> Code:
    """The texts of a pair, in place of a training loop its first round, or the one that is to be judged."""
    if not pair.body:
        return code
    whose = [part for part in code.parts for one in part.tree.body
             if (getattr(one, "name", "") == pair.owner if pair.owner else one is pair.inside)]  # fmt: skip
    whose = whose or code.parts[-1:]
    source = copy.copy(whose[0].source)
    which = f"round {pair.round + 1}, whose data are not 0," if pair.round else "the first round"
    told = [f"of the loop in line {pair.line} {which} is judged"] if pair.line else []
    told += (
        [f"from line {pair.end} on another loss is computed: that and its gradients are not judged"] if pair.end else []
    )
    source.notes = list(dict.fromkeys([*source.notes, *told]))
    return code.of([*[part for part in code.parts if part is not whose[0]], Part(source, ast.Module([*pair.body], []))])


def training_named(code: Code, name: str) -> Pair | None:
    """The pair of a method that trains: of a class, the first."""
    owner, _, method = name.partition(".")
    others = {getattr(one, "name", "") for part in code.parts for one in part.tree.body} - {owner}
    pairs = [pair for part in code.parts for pair in training_pairs(code, part, others) if pair.owner == owner]
    return next((one for one in pairs if not method or one.name == name), None)


def script_pair(forward: Part, backward: Part) -> Pair | None:
    """Two texts of plain statements as a pair, if each has some."""
    plain = [
        any(isinstance(one, ast.Assign | ast.AugAssign | ast.For) for one in part.tree.body)
        for part in (forward, backward)
    ]
    return Pair("", "script", None, None) if all(plain) else None
