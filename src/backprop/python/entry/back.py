"""A backward pass, run, and the gradients that come out."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem, enumerated
from backprop.python.entry.examples import RATE
from backprop.python.entry.forth import OF_COST, as_wrapped, variables
from backprop.python.entry.given import at_path, has_gradient, is_differentiable, numbers_in
from backprop.python.entry.gradients import (
    Path,
    bases,
    by_key,
    by_position,
    entries_of,
    is_cost,
    is_gradient,
    is_of_gradient,
    leaves,
    owner,
    returned_as,
)
from backprop.python.entry.inputs import UPSTREAM_LIKE, supposes
from backprop.python.entry.objects import (
    LISTS,
    attribute_at,
    changed,
    dotted,
    gradients_inside,
    held_lists,
    inner,
    kept,
    lists_alike,
    objects_in,
    rowed,
    same,
    weights_inside,
)
from backprop.python.entry.outputs import Forward, array_in
from backprop.python.entry.pairs import attributes, name_of, returns
from backprop.python.entry.rounds import GENERIC, called, is_descent, names_in, updates_in
from backprop.python.entry.taken import NODE, Taken
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.names import MOST_KEPT, default_of, parameter_names, required_names, rest_name
from backprop.python.values.arrays import Tensor, fresh, is_number
from backprop.python.values.scope import Bound, Function, Object, Scope

INPUT = ("x", "dx", "input", "inputs", "dinput", "dinputs", "d_input", "grad_input")  # keys of the first input's
GRADIENTS = ("grad", "gradient", "g", "d", "adjoint", "derivative", "_grad")


class Outcome(NamedTuple):
    """What a pass came to: the outputs, and the gradients by their inputs."""

    outputs: list[Any]
    gradients: dict[Path, Any]
    by: str  # "position", "key", "attribute", "name" or "both" (beside the loss)
    wrote: list[str]  # what of the caller's the backward pass wrote into


class Back(Taken):
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
        found = found if self.above else self.contracted(found, forward.outputs, original, given)
        for name, value in given.items():
            gradient = held_gradient(self.holders.get(name))
            if gradient is not None and not same(gradient, idle[name]):  # else nobody touched it
                found[(name,)], by = gradient, "attribute"
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
        if taken and (UPSTREAM_LIKE.match(taken[0]) or default is ... or (default == 1 and default is not True)):
            self.swept_with(run, scope, out, above)
            return

        def sweep(start: Object) -> None:
            product = self.call(run, run.binary, (ast.Mult, start, self.constant(run, scope, above)), {})
            add = out.cls.find("sum") if np.ndim(above) else None
            whole = product if add is None else self.call(run, run.attribute(product, "sum"), (), {})
            self.call(run, run.attribute(whole, back), (), {})

        alone = self.constant(run, scope, inner(out))
        sweep(alone)
        if not np.allclose(held_gradient(alone), above, rtol=1e-3):
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
        """What a backward pass takes that an operation leaves in its result: nothing, the result, or its gradient."""
        name = next(iter(required_names(tree)), "")
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
        if size == 1 and np.shape(slopes) == np.shape(at_path(given, path)):  # it is the gradient itself
            return found
        if np.ndim(slopes) == 0 and np.shape(at_path(given, path)) == out:  # the same slope everywhere
            return {path: np.full(out, slopes) if out else slopes}
        for whose in (path, *self.paths(given)):
            shape = np.shape(at_path(given, whose))
            if np.shape(slopes) != shape and np.shape(slopes) in ((*out, *shape), (size, int(np.prod(shape)))):
                self.jacobian = True
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
        inputs = {**self.made_of, **given}
        found = by_key(made, self.paths(inputs), exact=False)
        found = {
            path: one
            for path, one in found.items()
            if np.shape(one) == np.shape(at_path(inputs, path)) or path[0] in given
        }
        self.learned = {path[0]: self.made_of[path[0]] for path in found if path[0] not in given}
        return Outcome(forward.outputs, found, "name", [])

    def of_objects(self, scope: Scope, given: dict[str, Any]) -> dict[Path, Any]:
        """The gradients that the objects of the inputs hold."""
        found: dict[Path, Any] = {}
        for name in given:
            gradient = held_gradient(scope.names.get(name))
            if gradient is not None:
                found[(name,)] = gradient
        return found

    def came_out(
        self, run: Interpreter, returned: Any, me: Object | None, before: dict[int, dict[str, Any]],
        given: dict[str, Any], tree: ast.FunctionDef,
    ) -> tuple[dict[Path, Any], str]:  # fmt: skip
        """The gradients of a backward pass: what it returns, and what it leaves in attributes. `before` has the
        attributes of the object, and of those that it holds, as the forward pass left them."""
        found: dict[Path, Any] = {}
        by = "position"
        returned, names = opened(*self.without_cost(rowed(returned), returns(tree)), tree)
        several = type(returned) in (tuple, list)
        returned = type(returned)([array_in(run, one) for one in returned]) if several else array_in(run, returned)
        own = me if self.pair.kind == "class" else None
        if own is not None:
            attributes = by_key(changed(own, before), self.paths(given), exact=False)
            held = together(returned)
            found_in_parts = self.kept_gradients(own, before, given, (*held, *self.filled.values(), *self.handed))
            updates = self.of_updates(run, own, tree)
            found_in_parts = {**{(name,): one for name, one in updates.items() if one is not None}, **found_in_parts}
            lists = lists_alike(weights_inside(objects_in(own), given), held, names)
            found_in_parts.update({path: one for path, one in lists.items() if path[0] in self.made_of})
            whose = dict.fromkeys([*(path[0] for path in found_in_parts), *updates])
            self.learned = {name: self.made_of[name] for name in whose if name not in given}
            attributes = {**found_in_parts, **attributes}
            for name in ("grads", "grad", "gradients"):
                attributes.update(self.of_container(own.names.get(name), own, given))
            found.update(attributes)
            by = "attribute" if attributes else by
            first = self.parameters[0] if self.parameters else ""
            if returned is None and (first,) not in found and is_differentiable(given.get(first)):
                of_input = self.of_input(own.names, before[id(own)], np.shape(given[first]))
                found.update({} if of_input is None else {(first,): of_input})
        for grads in (*self.filled.values(), *self.handed):
            found.update(self.of_dictionary(grads, given))
        if isinstance(returned, dict):
            found.update(self.of_dictionary(returned, given))
            arrays = {str(key): one for key, one in returned.items() if is_gradient(one)}
            return found or self.of_own_weights([*arrays.values()], [*arrays], given), "key"
        values = [
            as_gradient(run, one) for one in self.one_by_one(returned, given)
            if not (isinstance(one, list) and one and any(one[0] is its for its in found.values()))
        ]  # fmt: skip
        for one in (one for one in values if isinstance(one, dict)):
            found.update(by_key(one, self.paths(given), exact=True))
            by = "key"
        values = [one for one in values if not isinstance(one, dict)]
        names = names if len(names) == len(values) else []
        if own is not None and names:  # `return loss, self.h` hands on what is no gradient
            states = {name for name in self.made_of if not is_of_gradient(name)}
            kept = [(one, name) for one, name in zip(values, names, strict=True) if name not in states]
            values, names = [one for one, _ in kept], [name for _, name in kept]
        weights = self.of_own_weights(values, names, given)
        if weights and (own is not None or len(weights) == len(values)):
            found.update(weights)
            theirs = {id(one) for one in weights.values()}
            names = [name for name, one in zip(names, values, strict=True) if id(one) not in theirs]
            values = [one for one in values if id(one) not in theirs]
        if values and not (len(values) == 1 and values[0] is None):
            for path, value in self.positional(values, names, given).items():
                whose = at_path(given, path)
                if path not in found or (is_differentiable(whose) and np.shape(found[path]) != np.shape(whose)):
                    found[path] = value
        if own is not None:  # what was made before the backward pass, only where nothing else tells
            before_it = {name: value for name, value in own.names.items() if isinstance(value, np.ndarray)}
            found = {**by_key(before_it, self.paths(given), exact=False), **found}
        return found, by

    def without_cost(self, returned: Any, names: list[str]) -> tuple[Any, list[str]]:
        """What a backward pass returns, and its names, without the cost that it computes beside the gradients."""
        if not isinstance(returned, tuple) or self.cost_within is None or len(names) != len(returned):
            return returned, names
        rest = [(one, name) for one, name in zip(returned, names, strict=True) if not is_cost(name)]
        if len(rest) == 1 and not isinstance(rest[0][0], tuple | list):  # `return loss, grads`
            return rest[0][0], [rest[0][1]]
        return tuple([one for one, _ in rest]), [name for _, name in rest]

    def one_by_one(self, returned: Any, given: dict[str, Any]) -> list[Any]:
        """What a backward pass returns, one by one. A list may be one gradient: of a list, or of rows of an array."""
        if not isinstance(returned, tuple | list):
            return [returned]
        paths = self.paths(given)
        shapes = [np.shape(at_path(given, path)) for path in paths]
        if numbers_in(returned):
            return [returned] if shapes[:1] == [np.shape(returned)] else list(returned)
        like = isinstance(returned, list) or self.takes_tuples
        first: Any = given.get(self.parameters[0]) if like and self.parameters else None
        of_rows = (
            isinstance(first, np.ndarray) and first.ndim > 0 and (len(shapes) != len(returned) or self.takes_tuples)
        )
        if (of_rows or isinstance(first, list)) and list(map(np.shape, returned)) == list(map(np.shape, first)):
            return [np.array(returned) if of_rows else returned]
        flat = [one for _, one in leaves(returned)]  # `return dx, (dw, db)`, of inputs that are none in another
        nested = len(flat) > len(returned) and all(map(is_gradient, flat)) and {*map(len, paths)} == {1}
        return flat if nested and list(map(np.shape, flat)) == shapes else list(returned)

    def kept_gradients(
        self, own: Object, before: dict[int, dict[str, Any]], given: dict[str, Any], returned: Any
    ) -> dict[Path, Any]:
        """The gradients that an object keeps of the weights that it made itself, and those that its parts keep."""
        found: dict[Path, Any] = {}
        parts = objects_in(own)
        for whose, part in dotted(parts):
            weights = {name: self.made_of[whose + name] for name in part.names if whose + name in self.made_of}
            made = changed(part, before)
            plainly = {f"{sign}{name}" for name in weights for sign in ("d", "d_", "grad_")}
            plainly |= {f"{name}{sign}" for name in weights for sign in ("_grad", "_gradient")}
            for path, gradient in by_key(made, [(name,) for name in weights], exact=False).items():
                said = any(made.get(name) is gradient for name in plainly)  # of another shape it is a wrong one
                if said or np.shape(gradient) == np.shape(weights[path[0]]):
                    found[(whose + path[0],)] = gradient
            found = {**{(whose + name,): one for name, one in in_short(made, weights).items()}, **found}
            if self.filled_in:  # `self.weights_update`
                also = {name: made.get(f"{name}_update") for name in weights}
                found.update({(whose + name,): one for name, one in also.items() if is_gradient(one)})
            of_part = [made[key] for key in (*GRADIENTS, *LISTS) if is_gradient(made.get(key))] if whose else []
            others = [name for name in weights if name not in (*GRADIENTS, *LISTS)]
            if len(others) == 1 and of_part:  # `weight.data`, `weight.grad`
                found[(whose + others[0],)] = of_part[0]
        inside = {name: one for name, one in weights_inside(parts, given).items() if name in self.made_of}
        now = {id(part): changed(part, before) | held_lists(part) for part in parts.values()}
        found.update(gradients_inside(inside, now, returned))
        return found

    @cached_property
    def makes_own(self) -> bool:
        """Whether the backward pass makes an object of its class itself."""
        nodes = ast.walk(self.pair.backward) if self.pair.backward is not None else ()
        return self.pair.of_values in {ast.unparse(one.func) for one in nodes if isinstance(one, ast.Call)}

    @cached_property
    def updates(self) -> list[tuple[str, list[str], bool]]:
        """What the backward pass changes by a step, what it reads to do so, and whether it goes down. What an optimizer
        is handed, `self.W = self.opt.update(self.W, dW)`, is its own affair."""
        nodes = ast.walk(self.pair.backward) if self.pair.backward is not None else ()
        found = [
            (name, sorted(by - {name} - measured_in(node)), is_descent(node))
            for node in nodes if not isinstance(getattr(node, "value", None), ast.Call)
            and isinstance(getattr(node, "op", ast.Sub()), ast.Add | ast.Sub)
            for name, by in updates_in(node) if not is_of_gradient(name)
            and not (isinstance(getattr(getattr(node, "value", None), "op", None), ast.Add) and is_running(node, name))
        ]  # fmt: skip
        means = {name for _, by, _ in found for name in by if name in self.running}
        return [one for one in found if one[0] not in means]

    @property
    def given_away(self) -> list[str]:
        """The weights of its object that the backward pass has something else change, and of which no gradient is
        known: `self.W = self.opt.update(self.W, dW)`."""
        calls = [node for one in self.backs() for node in ast.walk(one)
                 if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]  # fmt: skip
        names = [name for one in calls for name in attributes(one, ast.Store) & attributes(one.value, ast.Load)]
        return sorted({*names} & self.made_of.keys() - self.learned.keys())

    @cached_property
    def running(self) -> dict[str, list[str]]:
        """The running means that the backward pass keeps, as of momentum, and what it reads to do so."""
        nodes = ast.walk(self.pair.backward) if self.pair.backward is not None else ()
        return {
            name: sorted(by - {name}) for node in nodes for name, by in updates_in(node) if is_running(node, name)
        }  # fmt: skip

    def of_updates(self, run: Interpreter, own: Object, tree: ast.FunctionDef) -> dict[str, Any]:
        """The weights of its object that a backward pass itself updates, each with the gradient: what alone has its
        shape among what such a statement reads, `self.W -= rate * step`, or by how much a rate changes it; or None."""
        here = run.scopes[tree.name].names if tree.name in run.scopes else {}
        found: dict[str, Any] = {}
        for name, by, descends in self.updates:
            if name not in self.made_of or found.get(name) is not None:
                continue
            found[name] = None
            if not here.keys() >= set_in(tree).intersection(by):
                continue  # in a branch that was not taken: another optimizer's
            weights = np.asarray(self.made_of[name])
            means = [one for one in by if one in self.running]
            if means and all(same(self.made_of.get(one), attribute_at(own, one)) for one in means):
                continue
            by = [one for one in by if one not in means] + [one for mean in means for one in self.running[mean]]
            read: list[Any] = [here.get(one, self.attribute_now(run, own, one)) for one in by]
            now = attribute_at(own, name)
            grown = np.shape(now) != weights.shape  # `self.beta = 0.0`, and later one for each column
            alike = [one for one in read if is_gradient(one) and np.shape(one) == weights.shape and not grown]
            alike = [*{id(one): one for one in alike}.values()]
            alone = sum(other == name for other, *_ in self.updates) == 1
            rates = [one for one in read if is_number(one) and one]
            if len(alike) == 1 and not rates and descends:  # `step = rate * gradient` before `self.W -= step`
                within = self.rates_of([name for name, one in zip(by, read, strict=True) if one is alike[0]], tree)
                rates = [one for one in (here.get(rate, self.attribute_now(run, own, rate)) for rate in within)
                         if is_number(one) and one]  # fmt: skip
                alike = [alike[0] / rates[0]] if len(rates) == 1 else alike
            moved: Any = None
            if len(rates) == 1 and not means and (not grown or not weights.ndim):
                moved = (weights - now) / rates[0]
                moved = np.sum(moved) if grown else moved
                moved = -moved if self.above and not descends else moved  # up: what comes from above is as it is
            if len(alike) == 1 and (moved is None or is_close(moved, alike[0])) and (descends or rates):
                found[name] = alike[0]  # with all its digits
            elif moved is not None and len(alike) < 2 and (alone or any(is_multiple(moved, one) for one in alike)):
                found[name] = moved
        return found

    def rates_of(self, names: list[str], tree: ast.FunctionDef) -> list[str]:
        """The rates that variables are multiplied with where a backward pass sets them."""
        sets = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and called(node.targets[0]) in names]
        products = [
            one.value for one in sets if isinstance(one.value, ast.BinOp) and isinstance(one.value.op, ast.Mult)
        ]
        factors = [called(one) or "" for product in products for one in (product.left, product.right)]
        return [one for one in factors if RATE.search(one)]

    def attribute_now(self, run: Interpreter, own: Object, name: str) -> Any:
        """An attribute of an object, or of a part of it, or what a property of it gives."""
        found = attribute_at(own, name)
        if found is None and (method := self.methods().get(name)) is not None and method.decorator_list:
            with suppress(Problem):
                found = self.call(run, run.attribute, (own, name), {})
        return found

    def of_input(self, now: dict[str, Any], before: dict[str, Any], shape: tuple[int, ...]) -> Any:
        """The gradient of the first input where a backward pass returns nothing: an attribute that it set."""
        for name in sorted(now, key=lambda one: one not in ("dinputs", "dinput", "dx", "dX", "grad_input")):
            value = now[name]
            if (
                isinstance(value, np.ndarray)
                and not same(before.get(name), value)
                and bases(name)
                and owner(name, [(one,) for one in self.made_of]) is None
                and value.shape == shape
            ):
                return value
        return None

    def positional(self, values: list[Any], names: list[str], given: dict[str, Any]) -> dict[Path, Any]:
        """What is returned in order, matched with the parameters of the forward pass; None is no gradient."""
        forward = self.pair.forward
        own = parameter_names(forward)[self.pair.skip :] if forward is not None else self.parameters
        own = [name for place, name in enumerate(own) if place not in self.pair.apart]
        paths: list[Path] = [(name,) for name in own]
        several = given.get(rest := rest_name(forward))
        if isinstance(several, np.ndarray) and several.shape == (len(values),) and all(map(is_number, values)):
            return {(rest,): np.array(values, dtype=float)}  # of numbers that are given as arguments, one by one
        paths += [(rest, str(place)) for place in range(len(several) if isinstance(several, list) else 0)]
        differentiable: list[Path] = [path for path in paths if has_gradient(at_path(given, path))]
        numbers = [path for path in differentiable if is_number(at_path(given, path))]
        if self.pair.kind in ("autograd", "vjp"):
            of_some = not self.of_torch() and len(values) == len(
                differentiable
            )  # a framework's own may leave the rest out
            matched = dict(zip(differentiable if of_some else paths, values, strict=False))
            if self.of_torch():
                matched = {path: summed_to(value, given.get(path[0])) for path, value in matched.items()}
        else:
            every = [*paths, *[path for path in self.paths(given) if path not in paths]]
            whole = [one for one in values if one is not None]
            self.refuse_others(names, own, given)
            lists = [name for name in own if isinstance(given.get(name), list) and alike(given[name], values)]
            if len(lists) == 1 and len(values) > 1 and not names:  # `return grads`, one for each of some weights
                return {path: one for path, one in entries_of({(lists[0],): values}).items() if is_gradient(one)}
            if len(values) == 1 and (elsewhere := self.of_no_input(values[0], names, own, given)) is not None:
                return elsewhere
            inside = [np.shape(at_path(given, path)) for path in self.paths(given)]  # also of what is in dictionaries
            one_by_one = inside == [np.shape(one) for one in values if is_gradient(one)]
            named = any(owner(name, every) not in (*paths, None) for name in names)
            if (named or one_by_one) and len(whole) != len(paths):
                paths = every
                differentiable = [path for path in every if is_differentiable(at_path(given, path))]
            shapes = {path: np.shape(one) for path in differentiable if is_gradient(one := at_path(given, path))}
            matched = by_position(values, names, paths, differentiable, numbers, shapes)
            if self.whose is not None and len(matched) == 1:
                matched = {self.whose: next(iter(matched.values()))}
        found = entries_of({path: put_together(value, at_path(given, path)) for path, value in matched.items()})
        return {path: one for path, one in found.items() if at_path(given, path) is not None}

    def refuse_others(self, names: list[str], own: list[str], given: dict[str, Any]) -> None:
        """Refuse gradients of what a cost does not take: of weights, in a method beside the cost of predictions."""
        forward, back = self.pair.forward, self.pair.backward
        if self.pair.kind != "class" or forward is None or back is None or not OF_COST.search(forward.name):
            return
        others = [min(bases(name), key=len) for name in names if is_of_gradient(name) and bases(name)]
        known = {*own, *given, *self.made_of, *set_in(forward)}
        if others and len(others) == len(names) and known.isdisjoint(others) and {*own} < {*self.back_names()}:
            raise Problem(
                "value", f"{back.name} returns gradients of {enumerated(others)}, which {forward.name} does not take",
                hint="name the forward pass that does: -f FILE:CLASS.METHOD",
            )  # fmt: skip

    def of_no_input(
        self, value: Any, names: list[str], own: list[str], given: dict[str, Any]
    ) -> dict[Path, Any] | None:
        """What is returned alone, and has the shape of no input, as the gradient of a weight that the object made, or
        of an input that is not given (`h_0=None`), or by its name of what the forward pass computes, and so of none;
        None where it is neither."""
        arrays = [given[name] for name in own if is_gradient(given.get(name))]  # and no list of weights
        if not is_gradient(value) or (shape := np.shape(value)) in [np.shape(one) for one in arrays]:
            return None
        known = {base for name in names for base in bases(name)} - {*self.made_of, *given}
        if self.pair.forward is not None and not known.isdisjoint(set_in(self.pair.forward)):  # `da` of its own `a`
            return {}
        weights = [name for name, one in self.made_of.items() if np.shape(one) == shape]
        optional = [name for name in own if name not in given and default_of(self.pair.forward, name) is None]
        if self.pair.kind != "class" or len(weights) != 1:
            return {} if optional else None
        self.learned.update({name: self.made_of[name] for name in weights if name not in given})
        return {(weights[0],): value}

    def of_container(self, grads: Any, me: Object, given: dict[str, Any]) -> dict[Path, Any]:
        """`self.grads`, a dictionary by keys, or a list beside `self.params`."""
        if isinstance(grads, dict):
            return by_key(grads, self.paths(given), exact=True)
        params = me.names.get("params")
        if not isinstance(grads, list) or not isinstance(params, list) or len(grads) != len(params):
            return {}
        found: dict[Path, dict[int, Any]] = {}  # of what stands there more than once, several, which come together
        for one, gradient in zip(params, grads, strict=True):
            whose = next((name for name, value in given.items() if value is one), None)
            if whose is not None and is_gradient(gradient):
                found.setdefault((whose,), {})[id(gradient)] = gradient
        return {path: next(iter(some.values())) if len(some) == 1 else sum(some.values())
                for path, some in found.items()}  # fmt: skip

    def of_own_weights(self, values: Sequence[Any], names: Sequence[str], given: dict[str, Any]) -> dict[Path, Any]:
        """Gradients that are returned, by their names, of weights that the object made itself: `return loss, dW`. Of a
        method that returns a loss and a gradient whose name tells nothing, the one that alone has its shape."""
        found: dict[Path, Any] = {}
        others = [path for path in self.paths(given) if path[0] not in self.made_of]
        shapes = [np.shape(at_path(given, path)) for path in others]
        own: list[Path] = [(one,) for one in self.made_of if one not in self.made_anew]
        for value, name in zip(values, names, strict=False):
            path = owner(name, own) or owner(returned_as(name), own)
            if path is None and self.pair.kind == "loss" and np.shape(value) not in shapes and not owner(name, others):
                alike = [one for one, made in self.made_of.items() if np.shape(made) == np.shape(value)]
                path = (alike[0],) if len(alike) == 1 else None
            if path is not None and np.shape(value) == np.shape(self.made_of[path[0]]):
                found[path] = value
                if path[0] not in given:
                    self.learned[path[0]] = self.made_of[path[0]]
        return found

    def of_dictionary(self, grads: dict[Any, Any], given: dict[str, Any]) -> dict[Path, Any]:
        """The gradients in a dictionary that is returned: of inputs, and of weights that the object made itself."""
        own = {str(key): self.made_of[str(key)] for key in grads if str(key) in self.made_of}
        self.learned.update({key: weights for key, weights in own.items() if key not in given})
        found = by_key(grads, self.paths(given), exact=True)
        for name, weights in self.made_at_top.items():
            inside = by_key(grads, [path for path, _ in leaves(weights, (name,))], exact=True)
            if inside and all(np.shape(one) == np.shape(weights[path[1]]) for path, one in inside.items()):
                found.update(inside)
                self.learned.update({name: weights} if name not in given else {})
        first = self.parameters[0] if self.parameters else ""
        shape = np.shape(given[first]) if is_gradient(given.get(first)) else None
        of_input = [one for key, one in grads.items() if str(key).lower() in INPUT and key not in own]
        if len(of_input) == 1 and (first,) not in found and np.shape(of_input[0]) == shape:
            found[(first,)] = of_input[0]
        return found

    def split(self, forward: Forward, arguments: dict[str, Any]) -> Outcome:
        """One function's loss and gradients."""
        rest = [(one, name) for one, name in zip(forward.results, forward.names, strict=True)]
        rest = [one for one in rest if one[0] is not forward.outputs[0]]
        found: dict[Path, Any] = {}
        for value, _ in rest:
            if isinstance(value, dict):
                found.update(self.of_dictionary(value, arguments))
        rest = [one for one in rest if not isinstance(one[0], dict)]
        if any(is_of_gradient(name) for _, name in rest):
            rest = [one for one in rest if is_of_gradient(one[1])]  # and not the state that is handed on
        found.update(self.of_own_weights([one for one, _ in rest], [name for _, name in rest], arguments))
        rest = [one for one in rest if not any(one[0] is value for value in found.values())]
        for path, value in self.positional([value for value, _ in rest], [name for _, name in rest], arguments).items():
            found.setdefault(path, value)
        return Outcome(forward.outputs, found, "both", [])


@lru_cache(MOST_KEPT)
def gathered(tree: ast.FunctionDef) -> dict[str, list[str]]:
    """The names under which a function puts gradients together, with theirs: `gradients = dW, db`; and of what it
    returns, `return dx, (dW, db)`, the places."""
    last = [node.value for node in tree.body if isinstance(node, ast.Return)][-1:]
    pairs = [(str(place), one) for some in last if isinstance(some, ast.Tuple) for place, one in enumerate(some.elts)]
    pairs += [(ast.unparse(node.targets[0]), node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    put = {name: [*map(name_of, one.elts)] for name, one in pairs if isinstance(one, ast.Tuple | ast.List)}
    return {name: some for name, some in put.items() if some and all(map(is_of_gradient, some))}


def opened(returned: Any, names: list[str], tree: ast.FunctionDef) -> tuple[Any, list[str]]:
    """What is returned, and its names, with the gradients one by one that are put together before under one name:
    `gradients = dW, db`, `return dx, gradients`."""
    put = gathered(tree)
    if not isinstance(returned, tuple | list):
        return returned, names
    if len(names) == 1 and names[0] in put and len(put[names[0]]) == len(returned):
        return returned, put[names[0]]
    if len(names) != len(returned):
        return returned, names
    values, known = list[Any](), list[str]()
    for place, (one, name) in enumerate(zip(returned, names, strict=True)):
        inside = put.get(name or str(place), [])
        whole = isinstance(one, tuple | list) and len(one) == len(inside)
        values += one if whole else [one]
        known += inside if whole else [name]
    return tuple(values), known


def alike(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether there are as many of both, each array or number beside one of its shape, and None beside None."""
    return len(some) == len(others) and all(
        is_gradient(one) and is_gradient(other) and np.shape(one) == np.shape(other)
        if one is not None
        else other is None
        for one, other in zip(some, others, strict=True)
    )


def put_together(value: Any, whose: Any) -> Any:
    """Gradients of the rows of an array, that come in a list, as one."""
    rows = isinstance(value, list) and isinstance(whose, np.ndarray) and whose.ndim > 1 and len(value) == len(whose)
    return np.array(value) if rows and all(np.shape(one) == whose.shape[1:] for one in value) else value


def together(returned: Any) -> tuple[Any, ...]:
    """What a function returns, one or several."""
    return returned if isinstance(returned, tuple) else (returned,)


def in_short(made: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    """The gradients whose names have only the beginning of a weight's, and of no other's: `dW` that of `weights`."""
    found: dict[str, Any] = {}
    for own, base, gradient in [(name, base.lower(), one) for name, one in made.items() for base in bases(name)]:
        begun = [name for name in weights if name.lower().startswith(base) and name != own]
        if len(begun) == 1 and is_gradient(gradient) and np.shape(gradient) == np.shape(weights[begun[0]]):
            found[begun[0]] = gradient
    return found


def set_in(tree: ast.FunctionDef) -> set[str]:
    """The variables that a function sets."""
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def is_running(statement: ast.AST, name: str) -> bool:
    """Whether a statement adds to a part of what was there: `v = beta * v + (1 - beta) * dw`."""
    value = getattr(statement, "value", None)
    terms = [value.left, value.right] if isinstance(value, ast.BinOp) else []
    products = [one for one in terms if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult)]
    return isinstance(statement, ast.Assign) and any(name in map(called, (one.left, one.right)) for one in products)


def is_close(moved: Any, gradient: Any) -> bool:
    """Whether a weight has moved along a gradient, as well as a difference of short numbers tells."""
    return np.allclose(moved, gradient, rtol=1e-3, atol=1e-3 * np.max(np.abs(gradient), initial=0.0))


def is_multiple(moved: Any, gradient: Any) -> bool:
    """Whether a weight has moved along a gradient, however far."""
    much = np.vdot(moved, gradient) / max(np.vdot(gradient, gradient), np.finfo(float).tiny)
    return bool(np.any(gradient)) and is_close(moved, much * np.asarray(gradient))


def measured_in(node: ast.AST) -> set[str]:
    """The names of which a statement only takes the size: `self.W -= rate * dW / self.x.shape[0]`."""
    sized = [one.value for one in ast.walk(node) if isinstance(one, ast.Attribute) and one.attr in ("shape", "size")]
    counted = [one for one in ast.walk(node) if isinstance(one, ast.Call) and ast.unparse(one.func) == "len"]
    return names_in([*sized, *[argument for one in counted for argument in one.args]])


def held_gradient(holder: Any) -> Any:
    """The gradient that an object holds; None where it holds none, or is no object."""
    held = holder.names if isinstance(holder, Object) else {}
    return next((one for key in GRADIENTS if is_gradient(one := inner(held.get(key)))), None)


def gradient_in(holder: Object) -> str:
    """The attribute in which an object holds its gradient: its own, before what its class has under such a name."""
    known = [key for key in GRADIENTS if key in holder.names]
    known += [key for key in GRADIENTS if holder.cls.find(key) is not None]
    return known[0] if known else GRADIENTS[0]


def named_apart(names: dict[str, Any]) -> list[tuple[str, Any]]:
    """Variables, and under their keys what those hold that are dictionaries: `dW` in any, `W` in `grads`."""
    found = list(names.items())
    for name, value in names.items():
        keys = [key for key in value if isinstance(key, str)] if isinstance(value, dict) else []
        of_gradients = name in GENERIC or is_of_gradient(name)
        found += [(key if bases(key) else f"d{key}", value[key]) for key in keys if bases(key) or of_gradients]
    return found


def as_gradient(run: Interpreter, value: Any) -> Any:
    """A list of numbers, or of such lists, as an array that hangs on them."""
    if not numbers_in(value):
        return value
    return np.asarray(run.libraries.call(("numpy", "array"), (value,), {}), dtype=float)


def summed_to(value: Any, like: Any) -> Any:
    """A gradient as torch takes it from a Function: where the input was broadcast to its shape, it is summed."""
    if not isinstance(value, np.ndarray):
        return value
    shape, wanted = value.shape, np.shape(like)
    if shape == wanted or len(wanted) > len(shape):
        return value
    padded = (1,) * (len(shape) - len(wanted)) + wanted
    if any(one not in (1, length) for one, length in zip(padded, shape, strict=True)):
        return value
    axes = tuple([place for place, one in enumerate(padded) if one == 1])
    return value.sum(axis=axes, keepdims=True).reshape(wanted)


def asked_for(tree: ast.FunctionDef) -> set[str]:
    """The attributes of others without which a function ends with an error."""
    tests = [one.test for one in ast.walk(tree) if isinstance(one, ast.If) and isinstance(one.body[0], ast.Raise)]
    return {
        one.operand.attr for one in tests
        if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not) and isinstance(one.operand, ast.Attribute)
        and ast.unparse(one.operand.value) != "self"
    }  # fmt: skip
