"""A backward pass, run, and the gradients that come out."""

from __future__ import annotations

import ast
from contextlib import suppress
from functools import cached_property, partial
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.inputs.given import at_path, shape_at
from backprop.python.inputs.lines import supposes
from backprop.python.inputs.said import UPSTREAM_LIKE
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.names import default_of, parameter_names, required_names, rest_name
from backprop.python.pairs.rounds import updates_in
from backprop.python.runs.again import add_up, put_away
from backprop.python.runs.came_out import (
    CameOut,
    as_gradient,
    asked_for,
    gradient_in,
    held_gradient,
    named_apart,
    together,
)
from backprop.python.runs.forth import as_wrapped
from backprop.python.runs.objects import inner, kept, objects_in, same
from backprop.python.runs.outputs import Forward, array_in, is_one
from backprop.python.runs.scripted import variables
from backprop.python.runs.taken import NODE
from backprop.python.texts.functions import returns
from backprop.python.texts.gradients import Outcome, Path, bases, by_key, fitting, is_gradient, owner
from backprop.python.values.arrays import Tensor, fresh, is_number
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Bound, Function, Object, Scope


class Back(CameOut):
    """Runs the backward pass."""

    def backward(
        self, run: Interpreter, scope: Scope, given: dict[str, Any], forward: Forward, above: list[Any],
        original: list[Any],
    ) -> Outcome:  # fmt: skip
        pair = self.pair
        if pair.backward is None:
            return self.script_backward(run, forward, above, given)
        me = forward.me
        for one, gradient in zip(forward.outputs, above, strict=False):
            if self.held_above and isinstance(one, Tensor):
                vars(one)[self.held] = gradient
        if pair.kind == "class" and NODE in self.unnamed(forward.names):
            self.wraps, self.node = self.node_of(run, scope, pair.backward, forward, given)
        if self.wraps is not None and pair.kind in ("class", "autograd") and not self.bare and not pair.swept:
            above = [self.holder(run, scope, self.wraps.name, np.asarray(one)) for one in above]
        out = next((one for one in together(forward.returned) if pair.is_kept and isinstance(one, Object)), None)
        if out is not None and not pair.swept:
            self.call(run, run.put_attribute, (out, gradient_in(out), above[0]), {})
        if me is not None and self.above_in:
            me.names[self.above_in] = above[0]
        self.note_users(me)
        before = {} if me is None else {id(part): kept(part.names) for part in objects_in(me).values()}
        idle = {name: fresh(held_gradient(one)) for name, one in self.holders.items()}
        parts = {name: [fresh(held_gradient(one)) for one in some] for name, some in self.holder_lists.items()}
        if pair.kind == "autograd":
            own = self.call(run, run.attribute, (self.holds_methods, pair.backward.name), {})
            rest = iter(above)  # None for a result that is no number
            results = forward.results if isinstance(forward.returned, tuple) else forward.outputs
            returned = self.call(
                run, own, (me, *[next(rest, None) if is_gradient(one) else None for one in results]), {}
            )
        elif pair.kind == "vjp":
            names = parameter_names(pair.forward) if pair.forward is not None else []
            apart = [forward.scope.names.get(names[place]) for place in pair.apart]
            g = tuple(above) if isinstance(forward.results[0], tuple) else above[0]
            returned = self.call(run, scope.names[pair.backward.name], (*apart, forward.results[1], g), {})
        elif pair.swept:
            if out is None:
                raise Problem("value", f"{pair.title} gives no object of {pair.of_values}")
            returned = None
            self.swept_from(run, scope, out, above[0])
        else:
            back = pair.backward.name
            function = run.attribute(me, back) if pair.kind == "class" else self.closed
            function = function or self.of_text(run, scope, back)
            self.replaced = isinstance(function, Function) and function.tree is not pair.backward
            bound = (
                self.bound(forward, above, given) if out is None else self.of_kept(run, pair.backward, out, above[0])
            )
            bound.update({name: self.made_of_inputs(run, scope, given) for name in self.keeping})
            with self.unset(me):
                returned = self.call(run, function, *self.all_given(function, bound, given))
            if pair.is_kept:
                self.handed_on(run, forward)
                again = partial(self.call, run, function, *self.all_given(function, bound, given))
                with run.unobserved():
                    self.put_away = put_away({name: one for name, one in self.holders.items() if name in given}, again)
            if (
                isinstance(returned, Function) and pair.kind == "functions"
            ):  # it takes the result, and gives what does it
                function = self.call(run, function, (), self.bound(forward, forward.outputs, given))
                returned = self.call(run, function, tuple(above), {})
        wrote = [
            name
            for name, now, then in zip(
                self.unnamed(forward.names), [array_in(run, one) for one in above], original, strict=False
            )
            if pair.kind != "vjp"
            and (
                np.shape(now) != np.shape(then) or not np.array_equal(np.asarray(now), np.asarray(then), equal_nan=True)
            )
        ]
        returned = None if returned is me else returned
        found, by = self.came_out(run, returned, me, before, given, pair.backward)
        if self.filled_in:
            found[(self.parameters[0],)], by = bound[self.filled_in[0]], "attribute"
        if self.as_row:
            found = {path: as_vector(one, shape_at(given, path)) for path, one in found.items()}
        if self.columns_as_rows:
            taken = parameter_names(pair.forward) if pair.forward is not None else []
            found = {path: np.transpose(one) if path[0] in taken else one for path, one in found.items()}
        found = found if self.above else self.contracted(found, forward.outputs, original, given)
        for name, value in given.items():
            gradient = held_gradient(self.holders.get(name))
            if gradient is not None and not same(gradient, idle[name]):  # else nobody touched it
                gone = name in self.put_away and self.adds_up
                found[(name,)], by = np.zeros_like(gradient) if gone else gradient, "attribute"
            now = [held_gradient(one) for one in self.holder_lists.get(name, ())]
            whole = [is_gradient(one) or not isinstance(its, Object)
                     for one, its in zip(now, self.holder_lists.get(name, ()), strict=True)]  # fmt: skip
            if any(map(is_gradient, now)) and not all(map(same, parts[name], now)) and all(whole):
                parted: dict[Path, Any] = {(name, str(place)): one for place, one in enumerate(now) if is_gradient(one)}
                found.update({(name,): np.array(now)} if isinstance(value, np.ndarray) else parted)
                by = "attribute"
            if self.held and isinstance(value, Tensor) and is_gradient(vars(value).get(self.held)):
                found[(name,)], by = vars(value)[self.held], "attribute"
        return Outcome(forward.outputs, found, by, wrote)

    @cached_property
    def adds_up(self) -> bool:
        """Whether gradients are added up in the text: else each value is meant to be used once."""
        return add_up(part.tree for part in self.code.parts)

    def all_given(self, function: Any, bound: dict[str, Any], given: dict[str, Any]) -> Any:
        """The arguments of the backward pass: by their names, and where it takes any number of inputs as the forward
        pass does, `*args` of both, in their order."""
        pair, back = self.pair, self.pair.backward
        rest = rest_name(back)
        if back is None or not rest or rest != rest_name(pair.forward) or rest not in given:
            return as_wrapped(function, back, (), bound) if back is not None else ((), bound)
        first = [bound[name] for name in parameter_names(back) if name in bound]
        return (*first, *self.holder_lists.get(rest, given[rest])), {}

    def note_users(self, me: Any) -> None:
        """Put an operation into what its inputs keep of their users, without which the backward pass refuses to go:
        `if not var.ops: raise …`. A graph notes them when it calls the operation."""
        asked = set().union(*map(asked_for, self.backs())) if self.holders else set()
        for holder in (*self.holders.values(), *(one for some in self.holder_lists.values() for one in some)):
            for users in [holder.names.get(name) for name in asked if isinstance(holder, Object)]:
                if isinstance(users, set | list) and not users:
                    users.add(me) if isinstance(users, set) else users.append(me)

    def made_of_inputs(self, run: Interpreter, scope: Scope, given: dict[str, Any]) -> Object:
        """An object of the class that an operation is, which keeps the inputs; what its constructor takes beside these
        is the class."""
        made = Object(self.of_text(run, scope, self.pair.owner))
        start = made.cls.find("__init__")
        names = parameter_names(self.pair.forward) if self.pair.forward is not None else []
        inputs = [self.holders.get(name, self.holder_lists.get(name, given[name])) for name in names if name in given]
        if (rest := rest_name(self.pair.forward)) in given:
            inputs += self.holder_lists.get(rest, given[rest])
        before = [made.cls for _ in start.parameters[1:]]
        self.call(run, Bound(start, made), (*before, *inputs), {})
        return made

    def swept_from(self, run: Interpreter, scope: Scope, out: Object, above: Any) -> None:
        """Go back from what an operation gives: with the gradient, where that can be said; else from the sum of its
        products with that, if the way back through these alone is right."""
        assert self.pair.backward is not None
        above = float(above) if np.ndim(above) == 0 else above
        back, (_, *taken) = self.pair.backward.name, parameter_names(self.pair.backward)
        default = default_of(self.pair.backward, taken[0]) if taken else False
        asks = isinstance(default, bool)  # `retain_grad=False` is no gradient
        if taken and not asks and (UPSTREAM_LIKE.match(taken[0]) or default is ... or default == 1):
            self.swept_with(run, scope, out, above)
            return

        def sweep(start: Object) -> None:
            product = self.call(run, run.binary, (ast.Mult, start, self.constant(run, scope, above)), {})
            add = out.cls.find("sum") if np.ndim(above) else None
            whole = product if add is None else self.call(run, run.attribute(product, "sum"), (), {})
            self.call(run, run.attribute(whole, back), (), {})

        alone = self.constant(run, scope, inner(out))
        sweep(alone)
        came = held_gradient(alone)
        if came is None or np.size(came) != np.size(above) or not np.allclose(np.ravel(came), np.ravel(above), 1e-3):
            raise Problem("value", f"the way back of {self.pair.of_values} through a product and a sum is not right")
        sweep(out)

    def constant(self, run: Interpreter, scope: Scope, value: Any) -> Object:
        """An object that holds a value. Where it cannot be made, no pass is to blame."""
        try:
            return self.holder(run, scope, self.pair.of_values, float(value) if np.ndim(value) == 0 else value)
        except Problem as problem:
            raise Problem("value", problem.message) from None

    def swept_with(self, run: Interpreter, scope: Scope, out: Object, above: Any) -> None:
        """Go back with a gradient, in whichever form is taken: an array, or an object that holds it."""
        assert self.pair.backward is not None
        name, kept = gradient_in(out), fresh(held_gradient(out))
        before = [fresh(held_gradient(one)) for one in self.holders.values()]
        first = self.makes_own  # where it is given none
        failed: Problem | None = None
        for wrapped in (first, not first):
            form = self.constant(run, scope, above) if wrapped else above
            try:
                self.call(run, run.attribute(out, self.pair.backward.name), (form,), {})
                return
            except Problem as problem:
                if failed is not None:
                    raise failed from None  # the other form was not meant
                if not all(map(same, before, map(held_gradient, self.holders.values()))):
                    raise
                failed, out.names[name] = problem, kept

    def of_kept(self, run: Interpreter, tree: ast.FunctionDef, out: Object, above: Any) -> dict[str, Any]:
        """What a backward pass takes that an operation leaves in its result: nothing, the result, or its gradient,
        which may be 1 where nobody gives it, `def back(dy=1)`."""
        ones = [one for one in parameter_names(tree) if is_one(default_of(tree, one))]
        name = next(iter([*required_names(tree), *ones]), "")
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        read = {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == name}
        if not name or any(not hasattr(np.ndarray, one) for one in read):
            return {name: out} if name else {}
        return {name: self.call(run, out.cls, (above,), {}) if "data" in read else above}

    def handed_on(self, run: Interpreter, forward: Forward) -> None:
        """Go on through what an operation made of its inputs first, as by broadcasting: it keeps its backward pass."""
        done = {id(one) for one in (*self.holders.values(), *together(forward.returned))}
        pending = [*forward.scope.names.values()]
        for one in pending:
            if isinstance(one, Object) and id(one) not in done:
                if gradient_in(one) in one.names and held_gradient(one) is None:  # nothing came here
                    continue
                done.add(id(one))
                kept = [its for its in one.names.values() if isinstance(its, Function) and not its.parameters]
                for function in kept[:1]:
                    self.call(run, function, (), {})
                    pending += function.scope.names.values()

    def contracted(
        self, found: dict[Path, Any], outputs: list[Any], above: list[Any], given: dict[str, Any]
    ) -> dict[Path, Any]:
        """Gradients, where a backward pass that takes none from above returns the slopes of all elements of the output:
        an axis of the output's before the input's, or a row for each of its elements."""
        out = np.shape(outputs[0])
        if len(found) != 1:
            return found
        (path, slopes), *_ = found.items()
        size = int(np.prod(out))
        if size == 1 and np.shape(slopes) == shape_at(given, path):  # it is the gradient itself
            return found
        if np.ndim(slopes) == 0 and shape_at(given, path) == out:  # the same slope everywhere
            return {path: np.full(out, slopes) if out else slopes}
        own = [(name,) for name in self.made_of if name not in given]
        named = (
            [whose for name in returns(self.pair.backward) if (whose := owner(name, own))] if self.pair.backward else []
        )
        for whose in (*named, path, *self.paths(given)):
            shape = shape_at({**self.made_of, **given}, whose)
            if np.shape(slopes) != shape and np.shape(slopes) in ((*out, *shape), (size, int(np.prod(shape)))):
                self.jacobian = True
                self.learned.update({whose[0]: self.made_of[whose[0]]} if whose in named else {})
                return {whose: (np.ravel(above[0]) @ np.reshape(slopes, (size, -1))).reshape(shape)}
            rows = out[:1]  # of each example of its own
            if len(out) > 1 and out[:1] == shape[:1] and np.shape(slopes) == (
                *rows, int(np.prod(out[1:])), int(np.prod(shape[1:])),
            ):  # fmt: skip
                self.jacobian = True
                return {whose: (np.reshape(above[0], (*rows, 1, -1)) @ slopes).reshape(shape)}
        return found

    def added(self, outcome: Outcome, given: dict[str, Any]) -> Outcome:
        """Gradients in the shape of their inputs, where these have axes of length 1 before it: `b -= rate * db` does so
        by itself; the other way round, those of an object's own weights and of what a layer takes; and where a layer
        flattens its input, the flat gradient. A framework takes no such gradient."""
        if self.pair.kind in ("autograd", "vjp"):
            return outcome
        for path, one in outcome.gradients.items():
            if not is_gradient(one) or not is_gradient(whose := at_path({**self.made_of, **given}, path)):
                continue
            shape, wanted = np.shape(one), np.shape(whose)
            own = path[0] in self.made_of or self.pair.kind == "class"
            more = own and wanted == shape[len(shape) - len(wanted) :]
            flat = own and self.flattens and len(wanted) > len(shape) == 2 and wanted[0] == shape[0]
            less = shape == wanted[len(wanted) - len(shape) :]
            turned = shape == wanted[::-1] and 1 in shape and path[-1] in self.turned
            turned = turned or (self.pair.of_solver and wanted == (*shape, 1))
            if wanted != shape and (more or less or turned or flat) and np.size(one) == np.prod(wanted, dtype=int):
                outcome.gradients[path] = np.reshape(one, wanted)
                self.lower[path] = shape
        return outcome

    @cached_property
    def flattens(self) -> bool:
        """Whether the forward pass flattens something: `x.reshape(x.shape[0], -1)`."""
        nodes = ast.walk(self.pair.forward) if self.pair.forward is not None else ()
        return any(isinstance(one, ast.Attribute) and one.attr in ("reshape", "flatten", "ravel") for one in nodes)

    @cached_property
    def turned(self) -> set[str]:
        """Of what the gradients are that the text turns where it uses them: `b -= rate * db.T`."""
        nodes = [node for part in self.code.parts for node in ast.walk(part.tree) if isinstance(node, ast.Attribute)]
        names = [node.value.id for node in nodes if node.attr == "T" and isinstance(node.value, ast.Name)]
        return {base for name in names for base in bases(name)}

    def script_backward(self, run: Interpreter, forward: Forward, above: list[Any], given: dict[str, Any]) -> Outcome:
        """The second text, with what the first one left."""
        part = self.code.parts[-1]
        scope = forward.scope
        before = variables(scope)
        before = {**before, **kept(before)}
        run.source = part.source
        if self.pair.kind == "values":
            self.statements(run, part.tree.body[self.pair.split : self.pair.split + 1], scope)
            return Outcome(forward.outputs, self.of_objects(scope, given), "name", [])
        name = f"d{forward.names[0]}"
        if self.above:
            scope.names.setdefault(name, above[0])
        body = [one for one in part.tree.body[self.pair.split :] if not supposes(one, name)]
        self.statements(run, body, scope)
        own = {*before} - {*given, *self.made_of}  # a gradient of these is that of no input, as of h none of H
        made = {
            f"d{self.pair.whose[name]}" if name in self.pair.whose else name: as_gradient(run, value)
            for name, value in named_apart(variables(scope))
            if (name not in before or (self.pair.start and not same(before[name], value)))
            and own.isdisjoint(self.pair.bases(name))
        }  # fmt: skip
        own_weights = {name: one for name, one in self.made_of.items() if name not in self.kept_beside}
        inputs = {**own_weights, **given}
        paths = self.paths(inputs)
        whole = {name: one for name, one in made.items() if is_gradient(one) and (its := owner(name, paths)) is not None
                 and np.shape(one) == shape_at(inputs, its)}  # fmt: skip
        found = {**by_key(made, paths, exact=False), **by_key(whole, paths, exact=False)}  # before those of parts
        found = {path: one for path, one in found.items() if path[0] in given or self.is_its(one, path, inputs)}
        self.learned = {path[0]: self.made_of[path[0]] for path in found if path[0] not in given}
        for whose, share in self.pair.shares.items() if not self.shares else ():  # the same in every run
            with suppress(Problem, Refusal, *ERRORS):
                value = run.evaluate(share, scope)
                self.shares.update({whose: float(value)} if is_number(value) else {})
        return Outcome(forward.outputs, found, "name", [])

    def is_its(self, gradient: Any, path: Path, inputs: dict[str, Any]) -> bool:
        """Whether what is called a gradient has the shape of what it is of; or takes it where that takes a step."""
        shape = shape_at(inputs, path)
        return np.shape(gradient) == shape or (path[0] in self.pair.changed and fitting(shape, gradient))

    def of_objects(self, scope: Scope, given: dict[str, Any]) -> dict[Path, Any]:
        """The gradients that the objects of the inputs hold."""
        found: dict[Path, Any] = {}
        for name in given:
            gradient = held_gradient(scope.names.get(name))
            if gradient is not None:
                found[(name,)] = gradient
        return found

    @cached_property
    def makes_own(self) -> bool:
        """Whether the backward pass makes an object of its class itself."""
        nodes = ast.walk(self.pair.backward) if self.pair.backward is not None else ()
        return self.pair.of_values in {ast.unparse(one.func) for one in nodes if isinstance(one, ast.Call)}

    @property
    def trained(self) -> set[str]:
        """What the backward pass, or another method of its object, changes by a step: `self.W -= rate * self.dW`."""
        nodes = [node for one in self.methods().values() for node in ast.walk(one)]
        return {name for name, *_ in self.updates}.union(*[{name for name, _ in updates_in(one)} for one in nodes])


def as_vector(gradient: Any, shape: tuple[int, ...]) -> Any:
    """A gradient that comes out as a row, where what it is of is a vector."""
    return gradient[0] if len(shape) == 1 and np.shape(gradient) == (1, *shape) else gradient
