"""The forward pass of statements that are no functions: a script's, or those of a function that trains."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Set
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.inputs.examples import Examples
from backprop.python.inputs.given import has_gradient, is_whole, numbers_in
from backprop.python.inputs.lines import with_sizes
from backprop.python.inputs.said import DEFINITIONS
from backprop.python.interpret.calls import Return
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.names import free, names_set, names_unset, names_used
from backprop.python.pairs.descent import plainly_changed
from backprop.python.pairs.rounds import adds_error, costs_in, hung_on, is_start, summed_up
from backprop.python.pairs.trained import backward_call
from backprop.python.runs.objects import DATA, inner, same
from backprop.python.runs.outputs import Forward, Outputs
from backprop.python.texts.attributes import set_anew
from backprop.python.texts.called import called, names_in, set_in, targets
from backprop.python.texts.functions import reached
from backprop.python.texts.gradients import is_data, is_gradient
from backprop.python.texts.source import Part
from backprop.python.texts.usual import PLAIN
from backprop.python.values.arrays import fresh, is_number
from backprop.python.values.scope import Object, Scope, Unknown


class Scripted(Outputs):
    """A run of statements up to where they are split."""

    @property
    def script_part(self) -> Part:
        """The text of a script, the first where its backward pass is another one."""
        return self.code.parts[-1 if self.pair.split or len(self.code.parts) == 1 else -2]

    @cached_property
    def words(self) -> set[str]:
        """The names in the text of a script."""
        return {node.id for node in ast.walk(self.script_part.tree) if isinstance(node, ast.Name)}

    def lacking(self) -> dict[str, str]:
        """The parameters that have no value, and what a function that trains reads of what nobody knows here, each with
        an example of a value."""
        lost = self.missing_of_script() if self.pair.inside is not None else {}
        return {**self.missing(), **lost}

    def missing_of_script(self) -> dict[str, str]:
        """What a script reads and nothing sets, each with an example of a value; nothing where it calls something of it
        whose name does not tell what it is, which only a text could define."""
        if self.pair.kind != "script":
            return {}
        run, body = self.interpreter(), self.script_part.tree.body[: self.pair.split or None]
        known = self.code.loaded(run).names
        lost = self.loaded_elsewhere({name for name, one in known.items() if isinstance(one, Unknown)})
        if self.pair.inside is not None or lost:
            return lost
        names = names_unset(body, {*run.builtins, *known, *self.given, "*"})
        calls = {ast.unparse(node.func) for one in body for node in ast.walk(one) if isinstance(node, ast.Call)}
        if calls.intersection(names) - PLAIN.keys():
            return {}
        examples = Examples([part.tree for part in self.code.parts])
        return {name: f"lambda z: {PLAIN[name]}" if name in calls else examples.of(name) for name in names}

    def loaded_elsewhere(self, unknown: set[str]) -> dict[str, str]:
        """What a script's loop reads of what is made with `unknown` libraries before it, `X, y = load_iris()`, each
        with an example of a value; without a loop, what the first such lines set."""
        body, lost, asked = self.script_part.tree.body, {*unknown}, set[str]()
        start = 0 if self.pair.handed else self.pair.start  # what a network gives is computed of what is asked for
        read = names_in(body[start:])
        for one in body[: start or self.pair.split]:
            made = names_set(one) - {*self.given}
            if isinstance(one, DEFINITIONS):
                continue
            by = free(one) & (lost if start else unknown)
            hangs = bool(by - asked)  # of what is asked for it can be computed
            lost = lost | made if hangs else lost - (made if isinstance(one, ast.Assign) else set())
            asked |= (made & read) - unknown if hangs else set()
        examples = Examples([part.tree for part in self.code.parts])
        return {name: examples.of(name) for name in sorted(asked)}

    def script(self, run: Interpreter, scope: Scope, given: dict[str, Any]) -> Forward:
        """The first text, statement by statement; the output is the cost, else the name that it sets last."""
        part = self.script_part
        if not part.tree.body:
            raise Problem("syntax", f"there is no code in {part.source.name or 'this text'}")
        own = part.tree.body[: self.pair.split or None]
        handed = self.pair.handed  # what its network gives is computed before what is judged
        before = {name: one for name, one in given.items() if not (handed and name in self.pair.changed)}
        before = fresh(before) if self.pair.start else before  # what stands before a loop may write into it
        body = [self.with_value(one, before) for one in own]
        scope.names.update({name: one for name, one in before.items() if name in self.words})  # others are attributes
        run.source = part.source
        then = tuple(part.tree.body[self.pair.split :][: 1 if self.pair.kind == "values" else None])
        then = then if self.pair.split else tuple(self.code.parts[-1].tree.body)
        start = self.pair.start
        if start:
            self.statements(run, body[:start], scope, (*body[start:], *then), before)
            self.begin(scope, given, before)
        self.statements(run, body[start:], scope, then, before)
        if self.pair.kind == "values":
            return self.of_values(part, scope)
        self.left = variables(scope)
        last_ones = {**self.left, **last_of_lists(self.left, appended_to(body[start:]))}
        found: dict[str, Any] = {
            name: last_ones[name] for name in last_names(body[start:])
            if is_gradient(last_ones.get(name)) and name not in given and "[" not in name  # a label
        }  # fmt: skip
        found = found or last_of_lists(self.left, last_names(body[start:]))
        computed = {name for one in own if not is_start(one) for name in set_in(one)}
        places = {name for name, one in found.items() if self.pair.line and np.asarray(one).dtype.kind in "biu"}
        outputs = [name for name in found if name in computed - places] or [*found]  # what was chosen is no output
        counted = {name for one in own for made in costs_in(one) for name in targets(made)}
        costs = [name for name in outputs if name in computed & counted and np.size(found[name]) == 1]
        alone = [one for one in costs if one not in summed_up(own[start:])] or costs[:1]
        self.last_set = alone[:1] or outputs
        self.sets_cost = any(adds_error(its) for one in own for its in costs_in(one) if {*targets(its)} & {*costs})
        made = {one: set().union(*map(set_in, hung_on(own[start:], {one}))) for one in alone}
        apart = [one for one in alone if one == alone[0] or one not in made[alone[0]]]
        self.costs_apart = {one: len((made[one] - {one}) & names_in(then)) for one in apart}
        if not found:
            hint = "what stands in `if __name__ == …` is not run" if "__name__" in self.words else "set it: loss = …"
            raise Problem("name", "the forward pass sets no name to its output", source=part.source.name, hint=hint)
        last = self.output if self.output in found else self.last_set[0]
        if self.pair.split:  # of one text: whether it goes on from a gradient on the output that it does not set
            self.above = int(f"d{last}" in names_in(then))
        return Forward([found[last]], [last], [found[last]], scope, None, found[last])

    def compared(self, output: Any) -> dict[str, Any]:
        """The labels that the output of a script may be compared with: data with as many elements, or rows."""
        labels = {*filter(is_data, self.given)} - self.pair.changed  # that a function reads, and somebody gives
        made = {*self.given, *(self.stepped if self.pair.start else ())} - self.arguments_inside() - labels
        for one in self.code.parts[-1].tree.body[self.pair.start : self.pair.split]:
            made |= names_set(one) if not made.isdisjoint(names_in([one])) else set()
        data = {
            name: one for name, one in self.left.items()
            if name not in made and (isinstance(one, np.ndarray) or (is_number(one) and (is_data(name) or "[" in name)))
        }  # fmt: skip
        return {
            name: one
            for name, one in data.items()
            if np.size(one) == np.size(output) or np.size(one) in np.shape(output)
        }

    @property
    def stepped(self) -> Set[str]:
        """What a script changes by steps and its forward pass reads, also in a method: weights that it made before its
        loop."""
        pair, methods = self.pair, self.code.classes().get(self.pair.owner, {})
        forth = [*pair.body[pair.start : pair.split]]
        called_there = [methods[one.attr] for statement in forth for one in ast.walk(statement)
                        if isinstance(one, ast.Attribute) and one.attr in methods]  # fmt: skip
        inside = [one for method in called_there for one in reached(method, methods)]
        return pair.changed & self.made_of.keys() & names_in([*forth, *inside])

    @cached_property
    def descending(self) -> set[str]:
        """What the text plainly changes by steps: no counter, and nothing that only follows what comes, as means do."""
        nodes = [node for one in (*self.pair.body, self.pair.inside) if one is not None for node in ast.walk(one)]
        return {name for name in map(plainly_changed, nodes) if name in self.pair.changed}

    @cached_property
    def kept_beside(self) -> set[str]:
        """What is no weight: the variables that a script makes before its loop and its forward pass does not read,
        `velocity["W"]` beside `params["W"]`, under whose keys the gradients of that would stand; and the state of an
        object that trains, which its method sets anew and takes no step with, `self.h = hs[-1]`: `dh` there is that of
        each step of time."""
        pair, body = self.pair, self.script_part.tree.body
        made = set().union(*map(names_set, body[: pair.start]))
        states = set_anew(pair.inside) - pair.changed if pair.inside is not None and pair.changed else set()
        return (made - names_used(body[pair.start : pair.split], body) | states) - {*self.given}

    def begin(self, scope: Scope, given: dict[str, Any], before: dict[str, Any]) -> None:
        """What is done before the first round of a loop made weights, as variables or attributes: those that are given
        stand for them, and for what was handed to a function and is as it was."""
        me = scope.names.get("self")
        held = me.names if isinstance(me, Object) else {}
        arguments = self.arguments_inside()
        for name in arguments & before.keys() & scope.names.keys():
            if scope.names[name] is before[name] and same(before[name], given[name]):
                scope.names[name] = given[name]
        for names in (scope.names, held):
            for name in [one for one in names if one in given and one not in arguments]:
                names[name] = given[name]
            lists = [name for name, one in names.items() if name in self.pair.changed and numbers_in(one)]
            names.update({name: np.array(names[name], dtype=float) for name in lists})  # weights, `w[i][j] -= …`
            here = {name: float(one) if is_whole(one) and not np.ndim(one) else one for name, one in names.items()}
            weights = {name: one for name, one in here.items() if name not in arguments and has_gradient(one)}
            self.made_of.update({name: fresh(one) for name, one in weights.items() if name not in self.made_of})

    def with_value(self, statement: ast.stmt, given: dict[str, Any]) -> ast.stmt:
        """A statement that sets an input, with the value that is given: `x = 3`, or `x = Value(3)`."""
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Tuple):
            several = isinstance(statement.value, ast.Tuple) and len(statement.value.elts) == len(target.elts)
            if self.pair.kind != "values" or not several:
                return with_sizes(statement, given)
            pairs = zip(target.elts, statement.value.elts, strict=True)  # type: ignore[attr-defined]
            made = [self.stand_in(getattr(one, "id", ""), old, given) for one, old in pairs]
            return ast.copy_location(
                ast.Assign(statement.targets, ast.copy_location(ast.Tuple(made, ast.Load()), statement)), statement
            )
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name) or target.id not in given:
            return statement
        if target.id in names_in([statement.value]):
            return statement  # `y = np.eye(3)[y]`
        value = self.stand_in(target.id, statement.value, given)
        return ast.copy_location(ast.Assign(statement.targets, value), statement)

    def stand_in(self, name: str, old: ast.expr, given: dict[str, Any]) -> ast.expr:
        """The value of an input that is given, made what it was: an object that knows its gradient stays one."""
        if name not in given or (self.pair.kind == "values" and not (isinstance(old, ast.Call) and old.args)):
            return old
        value: ast.expr = ast.copy_location(ast.Constant(given[name]), old)
        if self.pair.kind == "values" and isinstance(old, ast.Call):
            value = ast.copy_location(ast.Call(old.func, [value, *old.args[1:]], old.keywords), old)
        return value

    def of_values(self, part: Part, scope: Scope) -> Forward:
        """The output of statements on objects that know their gradients."""
        name = backward_call(part.tree.body[self.pair.split]) or ""
        out = scope.names.get(name)
        value = inner(out)
        if not is_gradient(value):
            raise Problem("name", f"{name} holds no number in {', '.join(DATA)}", source=part.source.name)
        self.above = 0
        return Forward([value], [name], [value], scope, None, value)

    def statements(
        self, run: Interpreter, body: list[ast.stmt], scope: Scope, then: tuple[ast.stmt, ...] = (),
        given: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """Statements in order. One that cannot be read, and that nothing which follows needs, is left out; of several
        names that one sets at once, those that are `given` have these values, `X, y = load_iris()`."""
        for statement in body:
            mine = {name: given[name] for name in names_set_together(statement) if name in given}
            try:
                run.body([statement], scope)
            except Return:
                raise Problem("syntax", "a return stands in no function", source=run.source.name) from None
            except Problem as problem:
                others = [
                    one for one in body if one is not statement and given.keys().isdisjoint(names_set_together(one))
                ]
                needed = names_used([*then, *map(ast.Name, last_names(body)[:1])], others)
                aside = isinstance(statement, ast.Expr) or not (names_set(statement) - mine.keys()) & needed
                if problem.kind not in ("name", "syntax") or not aside:
                    raise
                run.frames.clear()
            scope.names.update(mine)


def names_set_together(statement: ast.stmt) -> set[str]:
    """The names that a statement sets to the parts of one value."""
    if not isinstance(statement, ast.Assign) or isinstance(statement.value, ast.Tuple):
        return set()
    return names_set(statement) if isinstance(statement.targets[0], ast.Tuple) else set()


def last_of_lists(values: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The arrays with which lists end, as those of what all layers give."""
    lists = {name: values[name] for name in names if isinstance(values.get(name), list) and values[name]}
    return {name: one[-1] for name, one in lists.items() if is_gradient(one[-1])}


def appended_to(body: list[ast.stmt]) -> set[str]:
    """The lists that statements add something to which has no name of its own: `outs.append(np.tanh(outs[-1] @ w))`."""
    return {
        ast.unparse(call.func.value)
        for one in body for call in ast.walk(one)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append"
        and not isinstance(call.args[0] if call.args else None, ast.Name)
    }  # fmt: skip


def last_names(body: list[ast.stmt]) -> list[str]:
    """The names that statements set, also inside a loop, the last first."""
    found: list[str] = []
    for statement in reversed(body):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = statement.targets[-1] if isinstance(statement, ast.Assign) else statement.target
            several = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]  # `info, loss = …`
            found += [name for one in several if not isinstance(one, ast.Subscript) and (name := called(one))]
        elif isinstance(statement, ast.Expr):
            found += appended_to([statement])
        elif not isinstance(statement, DEFINITIONS):
            found += last_names(getattr(statement, "body", []))
    return [*dict.fromkeys(found)]


def variables(scope: Scope) -> dict[str, Any]:
    """The variables of a script, and the attributes of the object whose method it is."""
    me = scope.names.get("self")
    return {**(me.names if isinstance(me, Object) else {}), **scope.names}
