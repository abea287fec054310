"""What comes out of a forward pass: its results with their names, and the outputs among them."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem, enumerated, nearest
from backprop.python.inputs.given import numbers_in
from backprop.python.inputs.inputs import Inputs
from backprop.python.inputs.said import UPSTREAM_LIKE
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.names import default_of, parameter_names, required_names
from backprop.python.pairs.pair import Pair
from backprop.python.runs.filled import filled_argument, zeroed
from backprop.python.runs.objects import LISTS, inner, rowed
from backprop.python.texts.attributes import set_anew
from backprop.python.texts.functions import attributes, leading, returns
from backprop.python.texts.gradients import COST, RATE, bases, is_cost, is_data, is_gradient, is_of_output
from backprop.python.values.scope import Function, Object, Scope

OF_ABOVE = re.compile(r"delta|grad|error|upstream|(^|_)d_?(out|y|z)", re.IGNORECASE)  # of an attribute
OUTPUTS = ("output", "out", "outputs", "y", "a", "result")  # where a forward pass may leave what it does not return
LOSS = re.compile("loss|cost")  # in the name of a number that comes out beside what it is the loss of
AS_ARRAY = ("to_numpy", "numpy", "tonumpy", "asnumpy")  # methods that give the array of an object
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
                raise Problem("name", f"no array and no number is called {name} at the end", hint=hint)
            found.append(value)
        return found


class Outputs(Inputs):
    """Tells what of a forward pass's results the gradient from above is of."""

    #: Outputs that a forward pass only leaves in its object, by what the backward pass calls their gradients.
    left_for: Mapping[str, str] = MappingProxyType({})

    def results(self, run: Interpreter, tree: ast.FunctionDef, returned: Any, me: Object | None) -> Forward:
        """The results of a function, and which of them are outputs."""
        returned = self.opened(rowed(returned))
        several = isinstance(returned, list) and len(returned) == len(returns(tree)) > 1
        if several and not alike_in(returned) and all(map(is_gradient, returned)):  # `return [scores, hidden]`
            returned = tuple(returned)
        scope = run.scopes.get(tree.name, Scope())
        results, names = self.named(run, tree, returned, me, scope)
        self.takes_tuples = (
            self.pair.kind == "class" and isinstance(returned, tuple) and all(map(is_gradient, results))
            and (self.retains or self.back_names()[:1] == parameter_names(tree)[1:] == ["inputs"]
                 or self.goes_through(self.back_names()[:1], [np.shape(one) for one in results]))
        )  # fmt: skip
        if self.pair.kind == "vjp":
            return Forward(results, names, self.of_vjp(tree, results), scope, me, returned)
        if self.pair.kind in ("functions", "class") and len(results) == 1 and isinstance(results[0], dict):
            last = last_of(results[0], scope)
            results, names = [*([results[0][last]] if last else []), *results], [*([last] if last else []), *names]
        self.count_above(results, names)
        results, names = self.outputs_first(results, names)
        found = [run.libraries.call(("numpy", "array"), (one,), {}) if numbers_in(one) else one for one in results]
        outputs = self.among(found, names)
        self.of_steps = not outputs and bool(results) and alike_in(results[0])
        if self.of_steps and not self.of_last_step:
            outputs = [run.libraries.call(("numpy", "stack"), (results[0],), {})]
        if not outputs and results and isinstance(results[0], list) and results[0] and is_gradient(results[0][-1]):
            outputs = results[0][-1:]  # one for each layer
        if not outputs:
            name = next(filter(None, names), "") if all(one is None for one in results) else ""
            hint = f"{name} is None at its end" if name else ""
            raise Problem("value", f"{tree.name} returns no number and no array", hint=hint)
        return Forward(results, names, outputs, scope, me, returned)

    def opened(self, returned: Any) -> Any:
        """What is returned, with outputs that stand together in it each by itself, where the backward pass takes a
        gradient of each: `return (h, c), cache` and `backward(dh, dc, cache)`."""
        first = returned[0] if isinstance(returned, tuple) and len(returned) > 1 else None
        if not isinstance(first, tuple) or not all(map(is_gradient, first)) or any(map(is_gradient, returned[1:])):
            return returned
        above = [name for name in self.back_names() if UPSTREAM_LIKE.match(name)]
        return (*first, *returned[1:]) if len(above) == len(first) > 1 else returned

    def goes_through(self, above: list[str], shapes: list[tuple[int, ...]]) -> bool:
        """Whether the backward pass takes the gradients of all results in one parameter, of which it reads each by its
        place: no rows of the first one."""
        count, rows = len(shapes), shapes[0][:1] == (len(shapes),) and len({*shapes}) > 1
        if count < 2 or rows or not above or not UPSTREAM_LIKE.match(above[0]):
            return False
        nodes = [node for one in self.backs() for node in ast.walk(one)]
        read = sum(isinstance(one, ast.Name) and one.id == above[0] for one in nodes)
        places = [one.slice.value for one in nodes if isinstance(one, ast.Subscript) and isinstance(one.value, ast.Name)
                  and one.value.id == above[0] and isinstance(one.slice, ast.Constant)]  # fmt: skip
        return len(places) == read and {*places} == {*range(count)}

    def named(
        self, run: Interpreter, tree: ast.FunctionDef, returned: Any, me: Object | None, scope: Scope
    ) -> tuple[list[Any], list[str]]:
        """What a function returns, or leaves in its object, with the names that it has there."""
        results = self.without_closed(list(returned) if isinstance(returned, tuple) else [returned])
        bare = [array_in(run, one) for one in results]
        whole = [one for one, its in zip(results, bare, strict=True) if isinstance(one, Object) and its is not one]
        self.wraps, results = (whole[0].cls if whole else None), bare
        closed = self.closed
        if self.pair.is_kept and closed is None:
            self.closed = scope.names.get(self.pair.backward.name)  # type: ignore[union-attr]
        names = [
            name for name in returns(tree, len(results) + (closed is not None)) if closed is None or name != closed.name
        ]
        if len(names) != len(results):
            names = [""] * len(results)
        if me is None:
            return results, names
        handed_on = not self.back_names() and any(scope.names.get(one) is returned for one in parameter_names(tree))
        loss = next((one for one in ("loss", "cost") if is_gradient(me.names.get(one))), None)
        if handed_on and loss is not None:  # what is judged is the loss that it keeps
            results, names = [me.names[loss]], [loss]
        if returned is None or returned is me:  # it leaves its result in an attribute
            left = {name: me.names.get(name) for name in OUTPUTS}  # or in a list, one for each step
            name = next(
                (key for key, one in left.items() if is_gradient(one) or numbers_in(one) or alike_in(one)), None
            )
            self.left_for = self.outputs_left(tree, me) if name is None else {}
            names = [name] if name is not None else [*self.left_for.values()] or names
            if name is not None and (loss := self.loss_left(me)):
                names = [loss, name]
            results = [me.names[one] for one in names] if name is not None or self.left_for else results
        return results, names

    def loss_left(self, me: Object) -> str:
        """The attribute in which a forward pass leaves its loss, which takes labels as the backward pass does, beside
        the output that they are compared with; "" where there is none."""
        forward = self.pair.forward
        labels = [one for one in self.back_names() if is_data(one) and forward and one in parameter_names(forward)]
        left = {one: me.names[one] for one in set_anew(forward) if one in me.names} if forward and labels else {}
        numbers = [
            name for name, one in left.items() if COST.fullmatch(name) and is_gradient(one) and not np.shape(one)
        ]
        return numbers[0] if len(numbers) == 1 else ""

    def outputs_left(self, tree: ast.FunctionDef, me: Object) -> dict[str, str]:
        """The attributes in which a forward pass that returns nothing leaves its outputs, by what the backward pass
        calls their gradients, one for each that it takes: `self.s` and `self.out` for `diff_s` and `dout`."""
        own = [name for name in self.back_names() if name not in parameter_names(tree)]
        left = sorted(name for name in set_anew(tree) if is_gradient(me.names.get(name)))
        found = [next((one for one in left if one in bases(name) or name.endswith(f"_{one}")), "") for name in own]
        return dict(zip(own, found, strict=True)) if all(found) and len({*found}) == len(found) else {}

    def of_vjp(self, tree: ast.FunctionDef, results: list[Any]) -> list[Any]:
        """The outputs of a forward pass of JAX's `custom_vjp`, which returns them and what is kept."""
        first = results[0] if results else None
        outputs = [one for one in (first if isinstance(first, tuple) else (first,)) if is_gradient(one)]
        if not outputs or len(results) != 2:
            raise Problem("value", f"{tree.name} does not return a result and what is kept of it")
        self.above = len(outputs)
        return outputs

    def count_above(self, results: list[Any], names: list[str]) -> None:
        """See how many gradients from above the backward pass takes."""
        if self.pair.kind == "autograd":
            self.above = max(1, len(self.back_names()))
        if pair_takes_results(self.pair):
            taken = self.taken_from_above(results, names) if self.instead_of_above is None else 0
            self.above = 1 if self.instead_of_above == "^" else taken
            self.above = 1 if self.held_above or self.pair.is_kept else self.above
        elif self.pair.of_one:
            self.above = 0

    def outputs_first(self, results: list[Any], names: list[str]) -> tuple[list[Any], list[str]]:
        """The results with the outputs first."""
        if self.pair.of_one and (isinstance(results[0], dict) or is_cost(names[-1])):  # the gradients, then the loss
            results, names = [results[-1], *results[:-1]], [names[-1], *names[:-1]]
        if results and not is_gradient(results[0]) and not numbers_in(results[0]):  # what is kept first, then the loss
            order = sorted(range(len(results)), key=lambda place: not is_gradient(results[place]))
            results, names = [results[place] for place in order], [names[place] for place in order]
        if self.above and pair_takes_results(self.pair):  # what is named from above: `dy` of `return h, y`
            asked = self.unnamed(names)[: self.above]
            named = [next((names.index(one) for one in bases(name) if one in names), None) for name in asked]
            order = in_places(named, len(names))
            results, names = [results[place] for place in order], [names[place] for place in order]
            fits = is_gradient(results[0]) or numbers_in(results[0]) or alike_in(results[0])
            if not fits and named and named[0] is not None:
                told = f"the backward pass takes the gradient of {names[0]}, which is no array and no number"
                raise Problem("value", told)
        return results, names

    def among(self, found: list[Any], names: list[str]) -> list[Any]:
        """The outputs among the results."""
        outputs = [one for one in found if is_gradient(one)][: len(found) if self.takes_tuples else max(1, self.above)]
        if not self.above and len(found) > 1 and all(map(is_gradient, found)) and self.labels():
            shapes = [np.shape(one) for one in self.labels().values()]
            alike = [one for one in found if np.ndim(one) and np.shape(one) in shapes]
            alike = alike or [one for one in found if np.ndim(one) > 1 and np.shape(one)[::-1] in shapes]
            alike = alike or [one for one in found if np.shape(one)[:-1] in shapes]  # places of classes
            outputs = alike[-1:] or found[-1:]  # a loss is of what comes last: `return hidden, scores`
        elif not self.above and len(found) > 1 and self.pair.of_object and not self.pair.of_one:
            costs = [one for one, name in zip(found, names, strict=True) if is_cost(name) and is_gradient(one)]
            outputs = costs[:1] or outputs  # `return accuracy, loss`
        beyond = [one for one, name in zip(found, names, strict=True) if LOSS.search(name) and np.ndim(one) == 0]
        self.loss_beyond = [one for one in beyond if is_gradient(one) and not any(one is out for out in outputs)]
        return outputs + (self.loss_beyond if self.with_loss else [])

    @cached_property
    def filled_in(self) -> tuple[str, str] | None:
        """The parameter of the backward pass into which it writes the gradient of the first input, and the attribute in
        which it finds that from above, which the forward pass has set to zeros; None where it is otherwise."""
        pair = self.pair
        if pair.kind != "class" or pair.forward is None or pair.backward is None or pair.swept:
            return None
        above = [name for name in sorted(zeroed(pair.forward)) if OF_ABOVE.search(name)]
        filled = filled_argument(pair.backward, above[0]) if len(above) == 1 else ""
        return (filled, above[0]) if filled else None

    @cached_property
    def above_in(self) -> str:
        """The attribute in which a backward pass that takes no gradient from above finds it: one that is called so, and
        that neither pass sets: `self.output_deltas`. "" where there is none."""
        pair = self.pair
        if self.filled_in:
            return self.filled_in[1]
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
        if self.above_in or self.left_for:
            return len(self.left_for) or 1
        unknown = self.unnamed(names)
        if not unknown or self.held or (self.labels() and not UPSTREAM_LIKE.match(unknown[0])):
            return 0
        beside = any(np.ndim(one) for one in results[1:] if is_gradient(one))  # what the loss is of: `y_pred`
        if beside and LOSS.search(names[0]) and not np.ndim(results[0]) and is_of_output(unknown[0]):
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
        above = [name for place, name in enumerate(names) if (OF_ABOVE if place else UPSTREAM_LIKE).match(name)][:1]
        defaults = {name: default_of(back, name) for name in above}
        optional -= {name for name, one in defaults.items() if one is None}  # `grad=None`
        optional -= {name for name in names[:1] if self.above_by_default and is_one(defaults.get(name))}
        return [name for name in names if name not in optional or name in self.given]

    def left_none(self) -> list[str]:
        """The parameters of the backward pass that are None unless they are given, as they are not."""
        back = self.pair.backward
        names = parameter_names(back) if back is not None else []
        return [name for name in names if name not in self.back_names() and default_of(back, name) is None]

    def calls_on(self, name: str) -> bool:
        """Whether the backward pass calls a function of a parameter itself, `np.tanh(x)`, `np.exp(-x)`."""
        calls = [node for one in self.backs() for node in ast.walk(one) if isinstance(node, ast.Call)]
        given = [getattr(argument, "operand", argument) for call in calls for argument in call.args]
        return any(isinstance(one, ast.Name) and one.id == name for one in given)

    def labels(self) -> dict[str, Any]:
        """What is given to the backward pass alone, which takes no gradient from above: the labels of a loss."""
        names = [] if self.above_in else self.of_backward_alone() or self.kept_labels()
        found = {name: self.given[name] for name in names if is_gradient(self.given[name]) and not RATE.search(name)}
        arrays = {name: one for name, one in found.items() if np.ndim(one)}
        return arrays or found  # beside arrays of them numbers are sizes

    def kept_labels(self) -> list[str]:
        """The labels that an object is made of, and that only its backward pass reads: `self.y - self.output`."""
        back = self.pair.backward if self.pair.kind == "class" else None
        if back is None or self.pair.forward is None or required_names(back)[1:]:
            return []
        read = attributes(back, ast.Load) - attributes(self.pair.forward, ast.Load)
        made = [name for one in self.constructors() for name in parameter_names(one)[1:]]
        return [name for name in made if name in read and name in self.given and is_data(name)]

    def of_backward_alone(self) -> list[str]:
        """What is given, and only the backward pass takes: nothing has a gradient of it."""
        if self.pair.forward is None or self.pair.backward is None or self.pair.kind not in ("functions", "class"):
            return []
        made = self.methods().get("__init__")
        known = [*parameter_names(self.pair.forward), *(parameter_names(made) if made is not None else ())]
        return [name for name in self.back_names() if name in self.given and name not in known]

    def unnamed(self, names: list[str]) -> list[str]:
        """The parameters of the backward pass that are neither inputs nor results by their names."""
        held = {
            *self.given,
            *names,
            *self.renamed,
            *(self.filled_in or ()),
            *self.same_labels,
            *entries_in(self.given),
            *self.keeping,
        }
        if self.left_for:
            return [*self.left_for]
        known = held - self.sizes
        unknown = [name for name in self.back_names() if name not in known]
        above = [
            one for one in unknown if UPSTREAM_LIKE.match(one) and one not in LISTS and not OF_STATE.fullmatch(one)
        ]
        return [*above, *[name for name in unknown if name not in above]] if len(above) == 1 else unknown


def is_one(value: Any) -> bool:
    return value == 1 and value is not True


def array_in(run: Interpreter, value: Any) -> Any:
    """The array that an object holds, or gives where it holds it in a form of its own: `x.to_numpy()`; of several in a
    list those."""
    if isinstance(value, list) and any(isinstance(one, Object) for one in value):
        return [array_in(run, one) for one in value]
    found = inner(value)
    names = AS_ARRAY if isinstance(found, Object) and not found.cls.is_tuple else ()
    method = next((one for one in names if isinstance(found.cls.find(one), Function)), None)
    array = run.call(run.attribute(found, method), (), {}) if method is not None else None
    return array if is_gradient(array) else found


def entries_in(given: dict[str, Any]) -> dict[str, Any]:
    """What is in the dictionaries that are given, by its keys: `params["W1"]`, which a backward pass takes as W1."""
    return {name: one for holder in given.values() if isinstance(holder, dict) for name, one in holder.items()}


def last_of(holder: dict[Any, Any], scope: Scope) -> str:
    """The key of what a function that returns a dictionary of all that it computed has computed last."""
    keys = {id(one): key for key, one in holder.items() if isinstance(key, str) and is_gradient(one)}
    made = [id(one) for one in scope.names.values() if id(one) in keys]
    return keys[made[-1]] if made else next(reversed(keys.values()), "")


def in_places(wanted: list[int | None], count: int) -> list[int]:
    """An order of so many things in which some are first, each in its place; the rest is between and behind them."""
    known = [one for one in wanted if one is not None]
    if len(wanted) > count or len({*known}) < len(known):
        return [*range(count)]
    rest = [place for place in range(count) if place not in known]
    return [rest.pop(0) if one is None else one for one in wanted] + rest


def alike_in(value: Any) -> bool:
    """Whether a list holds arrays of one shape alone."""
    arrays = isinstance(value, list) and len(value) > 0 and all(isinstance(one, np.ndarray) for one in value)
    return arrays and len({one.shape for one in value}) == 1


def pair_takes_results(pair: Pair) -> bool:
    """Whether the backward pass has parameters for what the forward pass returned."""
    return pair.kind in ("functions", "class")
