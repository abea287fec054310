"""A forward pass, run: its results with their names, and the outputs among them."""

from __future__ import annotations

import ast
import re
from functools import cached_property
from types import MethodType
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem, enumerated, nearest
from backprop.python.entry.given import SIZES, has_gradient, is_differentiable, is_whole, numbers_in, sizes
from backprop.python.entry.gradients import LABELS, is_cost, is_gradient
from backprop.python.entry.inputs import DEFINITIONS, UPSTREAM_LIKE, Inputs, with_sizes
from backprop.python.entry.objects import DATA, LISTS, PARAMETERS, dotted, inner, objects_in, rowed, weights_inside
from backprop.python.entry.pairs import SLOPES, Pair, attributes, backward_call, leading, reached, returns
from backprop.python.entry.rounds import COST, called, names_in
from backprop.python.interpret.calls import Return
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.members import context
from backprop.python.source import Part, names_set, names_used, parameter_names, required_names
from backprop.python.values.arrays import fresh
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Bound, Builtin, Class, Function, Object, Scope

OF_ABOVE = re.compile(r"delta|grad|error|upstream|(^|_)d_?(out|y|z)", re.IGNORECASE)  # of an attribute
OUTPUTS = ("output", "out", "outputs", "y", "a", "result")  # where a forward pass may leave what it does not return
RATE = re.compile(r"(?i)(^|_)(lr|rate|eta|momentum|decay)$")  # of the steps that a backward pass takes
OF_COST = re.compile(r"(?i)cost|loss|error|objective|entropy|(^|_)(mse|nll)(_|$)")
SHAPE = re.compile(r"(in(put)?s?_?|x_?)?shape", re.IGNORECASE)  # of the first input, as a framework hands it on
OPTIMIZER = re.compile(r"opt(im\w*)?$")
OF_STATE = re.compile(r"(d|grad_?)(_?[a-z]{1,2})?_?next|d_?(state|hidden|cell)s?")  # what comes from a step behind


class Forward(NamedTuple):
    """A forward pass that was run: its results with their names, the outputs among them, and what it left behind."""

    results: list[Any]
    names: list[str]
    outputs: list[Any]
    scope: Scope
    me: Object | None
    returned: Any

    def chosen(self, wanted: list[str] | None, count: int) -> list[Any]:
        """The results of some names, in the function's own words; else the first outputs."""
        if wanted is None:
            return [one for one in self.results if is_gradient(one)][:count] or self.outputs[:count]
        found = []
        for name in wanted:
            own = self.names.index(name) if name in self.names else -1
            value = self.results[own] if own >= 0 else self.scope.names.get(name)
            if not is_gradient(value):
                known = [one for one, value in self.scope.names.items() if is_gradient(value)]
                near = nearest(name, known)
                hint = f"did you mean {near}?" if near else f"there are {enumerated(known)}" if known else ""
                raise Problem("name", f"there is no array and no number {name} at the end", hint=hint)
            found.append(value)
        return found


class Forth(Inputs):
    """Runs the forward pass."""

    def forward(self, run: Interpreter, scope: Scope, given: dict[str, Any]) -> Forward:
        pair = self.pair
        if pair.forward is None:
            return self.script(run, scope, given)
        names = parameter_names(pair.forward)[pair.skip :]
        me: Object | None = None
        function: Any
        if pair.kind in ("functions", "both", "vjp"):
            function = self.of_text(run, scope, pair.forward.name)
        elif pair.of_object:
            me = self.made(run, self.of_text(run, scope, pair.name), given)
            outer = pair.forward if self.outer is None else self.outer
            function = self.call(run, run.attribute, (me, outer.name), {})
        else:
            me = self.kept_context(run, scope, pair.forward)
            function = self.call(run, run.attribute, (self.of_text(run, scope, pair.name), pair.forward.name), {})
        keywords = {name: given[name] for name in names if name in given}
        if isinstance(function, Function):
            self.look_at_top(function.scope, given)
            function.scope.names.update({name: given[name] for name in self.of_text_itself if name in given})
        first: tuple[Any, ...] = (me,) if pair.kind == "autograd" and pair.setup is None else ()
        if self.outer is not None and self.outer.args.vararg is not None:
            first, keywords = tuple(keywords.values()), {}
        returned = self.call(run, function, *as_wrapped(function, pair.forward, first, keywords))
        if me is not None and pair.of_object:
            late = {name: me.names.get(name) for name in self.made_late if name not in self.made_of}
            self.made_of.update({name: fresh(one) for name, one in late.items() if is_differentiable(one)})
        if pair.setup is not None:
            inputs = tuple([run.scopes[pair.forward.name].names.get(name) for name in names])
            self.call(run, scope.names[pair.name].find("setup_context"), (me, inputs, returned), {})
        found = self.results(run, pair.forward, returned, me)
        return found if self.cost is None else self.with_cost(run, scope, found, given)

    def costs(self) -> list[ast.FunctionDef]:
        """The functions of the text that are costs by their names, and the methods of the class."""
        methods = self.code.classes().get(self.pair.name, {}) if self.pair.kind == "class" else {}
        own = (self.pair.forward, self.pair.backward)
        return [one for one in (*methods.values(), *self.code.functions().values())
                if OF_COST.search(one.name) and not SLOPES.search(one.name) and one not in own]  # fmt: skip

    def with_cost(self, run: Interpreter, scope: Scope, found: Forward, given: dict[str, Any]) -> Forward:
        """A forward pass that ends with the cost of its output: what nothing else tells of is the output, and of two,
        that which is called so is the label."""
        assert self.cost is not None
        of_class = self.pair.kind == "class" and self.cost in self.code.classes().get(self.pair.name, {}).values()
        known = {**given, **dict(zip(found.names, found.results, strict=True))}
        labels, names = [*self.labels().values()], required_names(self.cost)[int(of_class) :]
        bound = {name: known[name] for name in names if name in known}
        if len(labels) == 1:
            free = [name for name in names if name not in bound and LABELS.fullmatch(name)]
            bound.update(dict.fromkeys(free[:1], labels[0]))
        bound.update({name: found.outputs[0] for name in names if name not in bound})
        taken = sum(one is found.outputs[0] for one in bound.values())
        function = run.attribute(found.me, self.cost.name) if of_class else self.of_text(run, scope, self.cost.name)
        cost: Any = self.call(run, function, (), bound) if taken == 1 else None
        if not is_gradient(cost) or np.size(cost) != 1:
            raise Problem("value", f"{self.cost.name} is no cost of the output")
        return found._replace(outputs=[cost])

    def look_at_top(self, scope: Scope, given: dict[str, Any]) -> None:
        """Note the weights that a script sets at its top and a function uses: arrays, and dictionaries of them."""
        if self.pair.of_object:
            return
        here = {name: given.get(name, scope.names.get(name)) for name in self.of_top}
        arrays = {name: one for name, one in here.items() if isinstance(one, np.ndarray) and is_differentiable(one)}
        self.made_of = {name: fresh(one) for name, one in arrays.items()}
        self.made_at_top = {
            name: fresh(one) for name, one in here.items()
            if isinstance(one, dict) and one and all(isinstance(key, str) for key in one)
            and all(map(is_differentiable, one.values()))
        }  # fmt: skip

    @cached_property
    def made_late(self) -> list[str]:
        """The attributes that methods make where they are not there yet: `if self.w is None`."""
        methods = self.code.classes().get(self.pair.name, {})
        tests = [node for one in methods.values() for node in ast.walk(one) if isinstance(node, ast.Compare)]
        words = [ast.unparse(test) for test in tests]
        return [word[5:-8] for word in words if re.fullmatch(r"self\.\w+ is None", word)]

    def kept_context(self, run: Interpreter, scope: Scope, forward: ast.FunctionDef) -> Object:
        """The `ctx` of an autograd Function: torch's, or an object of the user's own class, where it is said to be one
        (`ctx: Context`); that one may have to be told that gradients are asked for."""
        said = next((one.annotation for one in forward.args.args if one.arg == "ctx"), None)
        own = scope.names.get(said.id) if isinstance(said, ast.Name) else None
        if not isinstance(own, Class):
            return context(len(self.parameters))
        start = own.find("__init__")
        made = start.parameters[1:] if isinstance(start, Function) else []
        keywords = {name: True for name in made if name.startswith("requires_grad")}
        return self.call(run, own, (), keywords)  # type: ignore[no-any-return]

    def made(self, run: Interpreter, cls: Class, given: dict[str, Any]) -> Object:
        """An object of the class, with the attributes that no constructor sets."""
        me = Object(cls)
        bases = [ast.unparse(base) for one in self.owners if isinstance(one, ast.ClassDef) for base in one.bases]
        if any(base.endswith("Function") for base in bases):  # of torch, as it was: the object is the context
            context(len(self.parameters), me)
        start = cls.find("__init__")
        made: list[str] = []
        if isinstance(start, Function):
            made = start.parameters[1:] if start.tree.args.kwarg is None else []
            made = made or [name for one in self.constructors() for name in parameter_names(one)[1:]]
            self.call(
                run,
                Bound(start, me),
                (),
                {name: sizes(given[name]) for name in made if name in given and name not in self.own},
            )
        forward = cls.find(self.pair.forward.name) if self.pair.forward is not None else None
        taken = {*made, *(forward.parameters if isinstance(forward, Function) else ())} - self.own
        parts = objects_in(me)
        for name, value in given.items():
            whose, _, attribute = name.rpartition(".")
            if name not in taken and cls.find(name) is None and whose in parts:
                parts[whose].names[attribute] = sizes(value) if SIZES.search(attribute) else value
        self.make_ready(run, me, given)
        self.handed = []
        asked = set().union(*[attributes(one, ast.Load) for one in self.backs()])
        me.names.update(
            {name: idle(self.handed) for name in asked if OPTIMIZER.search(name) and me.names.get(name, 0) is None}
        )
        self.made_of = {
            whose + name: fresh(value)
            for whose, part in dotted(parts)
            for name, value in part.names.items()
            if is_differentiable(value)
        }
        for name, entry in weights_inside(parts, given).items():
            if name in given:
                run.put_item(entry.value, Ellipsis, given[name])
            self.made_of[name] = fresh(entry.value)
        shared = {id(one) for part in parts.values() for one in part.names.values() if part is not me}
        for kept_in in [value for name in PARAMETERS if isinstance(value := me.names.get(name), dict)]:
            for key in [one for one, value in kept_in.items() if is_differentiable(value) and id(value) not in shared]:
                kept_in[key] = given[key] if key in given and key not in taken else kept_in[key]
                self.made_of.setdefault(str(key), fresh(kept_in[key]))
        return me

    def make_ready(self, run: Interpreter, me: Object, given: dict[str, Any]) -> None:
        """Call the methods that set what the forward pass needs and the constructor left out, as a framework does."""
        methods = self.code.classes().get(self.pair.name, {})
        forward = self.pair.forward
        if forward is None or not isinstance(me.cls.find(forward.name), Function):
            return
        called = reached(forward, methods)
        own, set_here = (set().union(*[attributes(one, how) for one in called]) for how in (ast.Load, ast.Store))
        needed = {name for name in own - set_here if is_empty(me.names.get(name)) and me.cls.find(name) is None}
        first = next((given[name] for name in parameter_names(forward)[1:2] if name in given), None)
        for name, method in methods.items():
            known = {
                **{
                    one: np.shape(first) if first is not None else ()
                    for one in required_names(method)
                    if SHAPE.fullmatch(one)
                },
                **given,
            }
            free = [one for one in required_names(method)[1:] if one not in known and not OPTIMIZER.match(one)]
            if not needed & filled_by(method) or free or name in own or name.startswith("__"):
                continue
            found = me.cls.find(name)
            if method in (forward, self.pair.backward) or not isinstance(found, Function) or found.kind != "plain":
                continue
            taken = [one for one in parameter_names(method)[1:] if one in known or one in required_names(method)]
            self.call(run, Bound(found, me), (), {one: known[one] if one in known else idle([]) for one in taken})
            needed = {one for one in needed if is_empty(me.names.get(one))}

    def of_text(self, run: Interpreter, scope: Scope, name: str) -> Any:
        """What a name of the text means: a function, or one that stands in a class that needs no object."""
        if self.pair.owner and name != self.pair.owner:
            return self.of_text(run, scope, self.pair.owner).find(name)
        return self.call(run, run.lookup, (name, scope, None), {})

    def call(self, run: Interpreter, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A call from outside: what goes wrong before the first statement has no place of its own."""

        try:
            if not isinstance(function, MethodType):
                return run.call(function, arguments, keywords)
            return function(*arguments)
        except Refusal as refusal:
            raise Problem(refusal.kind, refusal.message, hint=refusal.hint) from None

    def script(self, run: Interpreter, scope: Scope, given: dict[str, Any]) -> Forward:
        """The first text, statement by statement; the output is the cost, else the name that it sets last."""
        part = self.code.parts[-1 if self.pair.split or len(self.code.parts) == 1 else -2]
        if not part.tree.body:
            raise Problem("syntax", f"there is no code in {part.source.name or 'this text'}")
        body = [self.with_value(one, given) for one in part.tree.body[: self.pair.split or None]]
        words = {node.id for one in part.tree.body for node in ast.walk(one) if isinstance(node, ast.Name)}
        scope.names.update({name: one for name, one in given.items() if name in words})  # others are attributes
        run.source = part.source
        then = tuple(part.tree.body[self.pair.split :][: 1 if self.pair.kind == "values" else None])
        then = then if self.pair.split else tuple(self.code.parts[-1].tree.body)
        start = self.pair.start
        if start:
            self.statements(run, body[:start], scope, (*body[start:], *then))
            self.begin(scope, given)
        self.statements(run, body[start:], scope, then)
        if self.pair.kind == "values":
            return self.of_values(part, scope)
        self.left = variables(scope)
        found: dict[str, Any] = {
            name: self.left[name] for name in last_names(body[start:]) if is_gradient(self.left.get(name))
        }
        costs = [name for name, one in found.items() if COST.fullmatch(name) and np.size(one) == 1]
        self.last_set = costs[:1] or [*found]
        if not found:
            raise Problem("name", "the forward pass sets no name to its output", source=part.source.name)
        last = self.output if self.output in found else self.last_set[0]
        if self.pair.split:  # of one text: whether it goes on from a gradient on the output that it does not set
            self.above = int(f"d{last}" in names_in(then))
        return Forward([found[last]], [last], [found[last]], scope, None, found[last])

    def compared(self, output: Any) -> dict[str, Any]:
        """The labels that the output of a script may be compared with: data with as many elements, or rows."""
        made = last_names(self.code.parts[-1].tree.body[self.pair.start : self.pair.split])
        data = {name: one for name, one in self.left.items() if isinstance(one, np.ndarray) and name not in made}
        return {
            name: one
            for name, one in data.items()
            if np.size(one) == np.size(output) or np.size(one) in np.shape(output)
        }

    def begin(self, scope: Scope, given: dict[str, Any]) -> None:
        """What is done before the first round of a loop made weights, as variables or attributes: those that are given
        stand for them."""
        me = scope.names.get("self")
        held = me.names if isinstance(me, Object) else {}
        arguments = self.arguments_inside()
        for names in (scope.names, held):
            for name in [one for one in names if one in given and one not in arguments]:
                names[name] = given[name]
            here = {name: float(one) if is_whole(one) and not np.ndim(one) else one for name, one in names.items()}
            weights = {name: one for name, one in here.items() if name not in arguments and has_gradient(one)}
            self.made_of.update({name: fresh(one) for name, one in weights.items() if name not in self.made_of})

    def with_value(self, statement: ast.stmt, given: dict[str, Any]) -> ast.stmt:
        """A statement that sets an input, with the value that is given: `x = 3`, or `x = Value(3)`."""
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(statement, ast.Assign) and isinstance(target, ast.Tuple):
            return with_sizes(statement, given)
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name) or target.id not in given:
            return statement
        if target.id in names_in([statement.value]):
            return statement  # `y = np.eye(3)[y]`
        value: ast.expr = ast.copy_location(ast.Constant(given[target.id]), statement.value)
        old = statement.value
        if self.pair.kind == "values":
            if not isinstance(old, ast.Call) or not old.args:
                return statement
            value = ast.copy_location(ast.Call(old.func, [value, *old.args[1:]], old.keywords), old)
        return ast.copy_location(ast.Assign(statement.targets, value), statement)

    def of_values(self, part: Part, scope: Scope) -> Forward:
        """The output of statements on objects that know their gradients."""
        name = backward_call(part.tree.body[self.pair.split]) or ""
        out = scope.names.get(name)
        value = inner(out)
        if not is_gradient(value):
            raise Problem("name", f"{name} holds no number in {', '.join(DATA)}", source=part.source.name)
        self.above = 0
        return Forward([value], [name], [value], scope, None, value)

    def statements(self, run: Interpreter, body: list[ast.stmt], scope: Scope, then: tuple[ast.stmt, ...] = ()) -> None:
        """Statements in order. One that cannot be read, and that nothing which follows needs, is left out."""
        needed = names_used([*then, *map(ast.Name, last_names(body)[:1])], body)
        for statement in body:
            try:
                run.body([statement], scope)
            except Return:
                raise Problem("syntax", "a return stands in no function", source=run.source.name) from None
            except Problem as problem:
                aside = isinstance(statement, ast.Expr) or not names_set(statement) & needed
                if problem.kind not in ("name", "syntax") or not aside:
                    raise
                run.frames.clear()

    def results(self, run: Interpreter, tree: ast.FunctionDef, returned: Any, me: Object | None) -> Forward:
        """The results of a function, and which of them are outputs."""
        returned = rowed(returned)
        results = self.without_closed(list(returned) if isinstance(returned, tuple) else [returned])
        self.wraps = next((one.cls for one in results if isinstance(one, Object) and inner(one) is not one), None)
        results = list(map(inner, results))
        names = [
            name
            for name in returns(tree, len(results) + (self.closed is not None))
            if self.closed is None or name != self.closed.name
        ]
        if len(names) != len(results):
            names = [""] * len(results)
        scope = run.scopes.get(tree.name, Scope())
        handed_on = (
            me is not None
            and not self.back_names()
            and any(scope.names.get(one) is returned for one in parameter_names(tree))
        )
        loss = next((one for one in ("loss", "cost") if me is not None and is_gradient(me.names.get(one))), None)
        if handed_on and me is not None and loss is not None:  # what is judged is the loss that it keeps
            results, names = [me.names[loss]], [loss]
        if returned is None and me is not None:  # it leaves its result in an attribute
            name = next((one for one in OUTPUTS if is_gradient(me.names.get(one))), None)
            results, names = ([me.names[name]], [name]) if name is not None else (results, names)
        self.takes_tuples = (
            self.pair.kind == "class" and isinstance(returned, tuple) and all(map(is_gradient, results))
            and self.back_names()[:1] == parameter_names(tree)[1:] == ["inputs"]
        )  # fmt: skip
        if self.pair.kind == "vjp":
            first = results[0] if results else None
            outputs = [one for one in (first if isinstance(first, tuple) else (first,)) if is_gradient(one)]
            if not outputs or len(results) != 2:
                raise Problem("value", f"{tree.name} does not return a result and what is kept of it")
            self.above = len(outputs)
            return Forward(results, names, outputs, scope, me, returned)
        if self.pair.kind == "autograd":
            self.above = max(1, len(self.back_names()))
        if pair_takes_results(self.pair):
            taken = self.taken_from_above(results, names) if self.instead_of_above is None else 0
            self.above = 1 if self.instead_of_above == "^" else taken
            self.above = 1 if self.held_above else self.above
        elif self.pair.of_one:
            self.above = 0
        if self.pair.of_one and (isinstance(results[0], dict) or is_cost(names[-1])):
            results, names = (
                [results[-1], *results[:-1]],
                [names[-1], *names[:-1]],
            )  # the gradients first, then the loss
        if results and not is_gradient(results[0]) and not numbers_in(results[0]):  # what is kept first, then the loss
            order = sorted(range(len(results)), key=lambda place: not is_gradient(results[place]))
            results, names = [results[place] for place in order], [names[place] for place in order]
        found = [run.libraries.call(("numpy", "array"), (one,), {}) if numbers_in(one) else one for one in results]
        outputs = [one for one in found if is_gradient(one)][: len(found) if self.takes_tuples else max(1, self.above)]
        if not self.above and len(found) > 1 and all(map(is_gradient, found)) and self.labels():
            outputs = found[-1:]  # a loss is of what comes last: `return hidden, scores`
        elif not self.above and len(found) > 1 and self.pair.of_object and not self.pair.of_one:
            costs = [one for one, name in zip(found, names, strict=True) if is_cost(name) and is_gradient(one)]
            outputs = costs[:1] or outputs  # `return accuracy, loss`
        beyond = [
            one for one, name in zip(found, names, strict=True) if re.search("loss|cost", name) and np.ndim(one) == 0
        ]
        self.loss_beyond = [one for one in beyond if is_gradient(one) and not any(one is out for out in outputs)]
        outputs += self.loss_beyond if self.with_loss else []
        if not outputs and results and alike_in(results[0]):  # one for each step
            outputs = [run.libraries.call(("numpy", "stack"), (results[0],), {})]
        if not outputs:
            hint = (
                f"{name} is None at its end"
                if (name := next(filter(None, names), "")) and not any(one is not None for one in results)
                else ""
            )
            raise Problem("value", f"{tree.name} returns no number and no array", hint=hint)
        return Forward(results, names, outputs, scope, me, returned)

    @cached_property
    def above_in(self) -> str:
        """The attribute in which a backward pass that takes no gradient from above finds it: one that is called so, and
        that neither pass sets: `self.output_deltas`. "" where there is none."""
        pair = self.pair
        if pair.kind != "class" or pair.forward is None or not {*self.back_names()} <= {*self.given}:
            return ""
        backs = self.backs()
        used, made = (set().union(*[attributes(one, how) for one in backs]) for how in (ast.Load, ast.Store))
        made |= attributes(pair.forward, ast.Store) | {*LISTS, *self.given, *self.code.classes().get(pair.name, {})}
        for node in [node for one in self.constructors() for node in ast.walk(one) if isinstance(node, ast.Assign)]:
            made |= set() if ast.unparse(node.value) == "None" else attributes(node, ast.Store)  # `self.delta = delta`
        free = [name for name in sorted(used - made) if OF_ABOVE.search(name)]
        return free[0] if len(free) == 1 else ""

    def without_closed(self, results: list[Any]) -> list[Any]:
        """The results without the backward pass, which a forward pass may return beside them."""
        found = [one for one in results if isinstance(one, Function) and one.tree is self.pair.backward]
        self.closed = found[0] if found else None
        return [one for one in results if one is not self.closed] if found else results

    def taken_from_above(self, results: list[Any], names: list[str]) -> int:
        """How many first parameters of the backward pass are gradients from above."""
        if self.above_in:
            return 1
        unknown = self.unnamed(names)
        if not unknown or self.held or (self.labels() and not UPSTREAM_LIKE.match(unknown[0])):
            return 0
        kept = [one for one, name in zip(results[1:], names[1:], strict=True) if name not in self.back_names()]
        alone = len(results) == 1 and not is_gradient(results[0]) and not numbers_in(results[0])
        containers = sum(not is_gradient(one) for one in kept) + alone
        like = 0
        unknown = [name for name in unknown if name not in LISTS] or unknown
        while like < len(unknown) and UPSTREAM_LIKE.match(unknown[like]):
            like += 1
        if like:
            return like
        return min(1, max(0, len(unknown) - containers))

    def back_names(self) -> list[str]:
        """The parameters of the backward pass that need a value, without `self`."""
        back = self.pair.backward
        if back is None:
            return []
        names = parameter_names(back)[leading(back) if self.pair.kind in ("class", "autograd") else 0 :]
        optional = set(names) - set(required_names(back))
        if names and UPSTREAM_LIKE.match(names[0]) and default_of(back, names[0]) is None:
            optional -= {names[0]}  # `grad=None`
        return [name for name in names if name not in optional or name in self.given]

    def calls_on(self, name: str) -> bool:
        """Whether the backward pass calls a function of a parameter itself, `np.tanh(x)`, `np.exp(-x)`."""
        calls = [node for one in self.backs() for node in ast.walk(one) if isinstance(node, ast.Call)]
        given = [getattr(argument, "operand", argument) for call in calls for argument in call.args]
        return any(isinstance(one, ast.Name) and one.id == name for one in given)

    def labels(self) -> dict[str, Any]:
        """What is given to the backward pass alone, which takes no gradient from above: the labels of a loss."""
        names = [] if self.above_in else self.of_backward_alone()
        return {name: self.given[name] for name in names if is_gradient(self.given[name]) and not RATE.search(name)}

    def of_backward_alone(self) -> list[str]:
        """What is given, and only the backward pass takes: nothing has a gradient of it."""
        if self.pair.forward is None or self.pair.backward is None or self.pair.kind not in ("functions", "class"):
            return []
        classes = self.code.classes().get(self.pair.name, {}) if self.pair.kind == "class" else {}
        known = [
            *parameter_names(self.pair.forward),
            *(parameter_names(classes["__init__"]) if "__init__" in classes else ()),
        ]
        return [name for name in self.back_names() if name in self.given and name not in known]

    def unnamed(self, names: list[str]) -> list[str]:
        """The parameters of the backward pass that are neither inputs nor results by their names."""
        known = {*self.given, *names, *self.renamed}
        unknown = [name for name in self.back_names() if name not in known]
        above = [
            one for one in unknown if UPSTREAM_LIKE.match(one) and one not in LISTS and not OF_STATE.fullmatch(one)
        ]
        return [*above, *[name for name in unknown if name not in above]] if len(above) == 1 else unknown


def as_wrapped(
    function: Any, tree: ast.FunctionDef, first: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a function by name; in place of one that a decorator has put a function of its own, in order, as
    far as they are given: that one has names of its own."""
    inner = function.function if isinstance(function, Bound) else function
    if first or not isinstance(inner, Function) or inner.tree is tree or tree.args.kwonlyargs:
        return first, keywords
    names = [name for name in parameter_names(tree) if name not in ("self", "cls")]
    count = next((place for place, name in enumerate(names) if name not in keywords), len(names))
    return tuple([keywords[name] for name in names[:count]]), {
        name: one for name, one in keywords.items() if name not in names[:count]
    }


def alike_in(value: Any) -> bool:
    """Whether a list holds arrays of one shape alone."""
    arrays = isinstance(value, list) and len(value) > 0 and all(isinstance(one, np.ndarray) for one in value)
    return arrays and len({one.shape for one in value}) == 1


def is_empty(value: Any) -> bool:
    """Whether an attribute has no value yet, or is a dictionary that has none."""
    return value is None or (isinstance(value, dict) and bool(value) and all(one is None for one in value.values()))


def filled_by(method: ast.FunctionDef) -> set[str]:
    """The attributes of its object that a method sets, or entries of which it sets."""
    entries = [node.value for node in ast.walk(method)
               if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)]  # fmt: skip
    return attributes(method, ast.Store).union(*[attributes(one, ast.Load) for one in entries])


def idle(handed: list[dict[str, Any]]) -> Object:
    """What stands for an optimizer that nobody gives: it moves nothing, and keeps the dictionaries that it gets."""
    made = Object(Class("optimizer", (), {}))

    def update(weights: Any, *others: Any, **named: Any) -> Any:
        handed.extend([one for one in (*others, *named.values()) if isinstance(one, dict)])
        return weights

    made.names["update"] = made.names["step"] = Builtin("update", update)
    return made


def last_names(body: list[ast.stmt]) -> list[str]:
    """The names that statements set, also inside a loop, the last first."""
    found: list[str] = []
    for statement in reversed(body):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = statement.targets[-1] if isinstance(statement, ast.Assign) else statement.target
            found += [] if isinstance(target, ast.Subscript) else filter(None, [called(target)])
        elif not isinstance(statement, DEFINITIONS):
            found += last_names(getattr(statement, "body", []))
    return [*dict.fromkeys(found)]


def variables(scope: Scope) -> dict[str, Any]:
    """The variables of a script, and the attributes of the object whose method it is."""
    me = scope.names.get("self")
    return {**(me.names if isinstance(me, Object) else {}), **scope.names}


def default_of(function: ast.FunctionDef | None, name: str) -> Any:
    """The plain value that a parameter has where nothing is given; ... for another, and where there is none."""
    if function is None:
        return ...
    positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    default = defaults.get(name)
    return default.value if isinstance(default, ast.Constant) else ...


def pair_takes_results(pair: Pair) -> bool:
    """Whether the backward pass has parameters for what the forward pass returned."""
    return pair.kind in ("functions", "class")
