"""What comes out of a backward pass: of which inputs it is the gradient, in whatever way it is handed back."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from backprop.errors import Problem, enumerated
from backprop.python.inputs.given import at_path, has_gradient, is_differentiable, numbers_in, shape_at
from backprop.python.inputs.labelled import OF_COST
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.names import MOST_KEPT, default_of, parameter_names, rest_name
from backprop.python.pairs.rounds import adds_up
from backprop.python.runs.objects import (
    LISTS,
    changed,
    dotted,
    gradients_inside,
    held_lists,
    inner,
    keyed,
    lists_alike,
    objects_in,
    rowed,
    same,
    weights_inside,
)
from backprop.python.runs.outputs import Forward, array_in
from backprop.python.runs.updated import INPUT, Updated, set_in
from backprop.python.texts.attributes import set_anew
from backprop.python.texts.called import GENERIC
from backprop.python.texts.functions import attributes, name_of, returns
from backprop.python.texts.gradients import (
    RATE,
    Outcome,
    Path,
    bases,
    by_key,
    by_position,
    entries_of,
    is_cost,
    is_gradient,
    is_of_gradient,
    leaves,
    longer,
    owner,
    returned_as,
)
from backprop.python.values.arrays import is_number
from backprop.python.values.scope import Object

GRADIENTS = ("grad", "gradient", "g", "d", "adjoint", "derivative", "_grad")


class CameOut(Updated):
    """What is made of the results of a pass and of what it left behind: gradients by the paths of the inputs."""

    def came_out(
        self, run: Interpreter, returned: Any, me: Object | None, before: dict[int, dict[str, Any]],
        given: dict[str, Any], tree: ast.FunctionDef,
    ) -> tuple[dict[Path, Any], str]:  # fmt: skip
        """The gradients of a backward pass: what it returns, and what it leaves in attributes. `before` has the
        attributes of the object, and of those that it holds, as the forward pass left them."""
        found: dict[Path, Any] = {}
        by = "position"
        returned, names = opened(*self.without_cost(rowed(keyed(returned)), returns(tree)), tree)
        returned, names = self.unrolled(returned, names, tree, given)
        several = type(returned) in (tuple, list)
        returned = type(returned)([array_in(run, one) for one in returned]) if several else array_in(run, returned)
        own = me if self.pair.kind == "class" else None
        if own is not None:
            attributes = by_key(changed(own, before), self.paths(given), exact=False)
            held = together(returned)
            found_in_parts = self.kept_gradients(own, before, given, (*held, *self.filled.values(), *self.handed))
            updates = self.of_updates(run, own, tree)
            found_in_parts = {**{(name,): one for name, one in updates.items() if one is not None}, **found_in_parts}
            handed = self.given_to_others(run, own, tree)
            found_in_parts.update({(name,): one for name, one in handed.items()})
            self.known_of_others.update(handed)
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
            anew = set().union(*map(set_anew, self.backs()))  # by the backward pass: what it makes is no state
            states = {name for name in self.made_of if not is_of_gradient(name)} - anew
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

    def unrolled(
        self, returned: Any, names: list[str], tree: ast.FunctionDef, given: dict[str, Any]
    ) -> tuple[Any, list[str]]:
        """Gradients one by one that are returned in a row, as a solver takes them, of weights that the object made:
        `np.concatenate((dW1.ravel(), dW2.ravel()))`. What is given in such a row has its gradient in one."""
        own: list[Path] = [(one,) for one in self.made_of]
        parts = in_a_row(tree) if isinstance(returned, np.ndarray) and returned.ndim == 1 else []
        paths = [owner(name, own) for name in parts]
        shapes = [np.shape(self.made_of[path[0]]) for path in paths if path is not None]
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
        if not parts or None in paths or len(returned) != ends[-1] or returned.shape in map(np.shape, given.values()):
            return returned, names
        pieces = np.split(returned, ends[:-1])
        return tuple([one.reshape(shape) for one, shape in zip(pieces, shapes, strict=True)]), parts

    def without_cost(self, returned: Any, names: list[str]) -> tuple[Any, list[str]]:
        """What a backward pass returns, and its names, without the cost that it computes beside the gradients, which it
        may leave in its object: then it returns that alone."""
        last = [one for one in ast.walk(self.pair.backward or ast.Pass()) if isinstance(one, ast.Return)]
        told = [*map(is_cost, names)] == [True] or (last and all(map(adds_up, last)))
        if self.pair.kind == "class" and is_number(returned) and told:
            return None, []
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
        shapes = [shape_at(given, path) for path in paths]
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
            weights = {name: self.made_of[whose + name] for name in part.names
                       if whose + name in self.made_of and (whose or name not in self.computed)}  # fmt: skip
            made = changed(part, before)
            plainly = set().union(*map(plain_names, weights))
            for path, gradient in by_key(made, [(name,) for name in weights], exact=False).items():
                said = any(made.get(name) is gradient for name in plainly)  # of another shape it is a wrong one
                if said or longer(np.shape(gradient)) == longer(np.shape(weights[path[0]])):
                    found[(whose + path[0],)] = gradient
            found = {**{(whose + name,): one for name, one in in_short(made, weights).items()}, **found}
            if self.filled_in:  # `self.weights_update`
                also = {name: made.get(f"{name}_update") for name in weights}
                found.update({(whose + name,): one for name, one in also.items() if is_gradient(one)})
            of_part = [made[key] for key in (*GRADIENTS, *LISTS) if is_gradient(made.get(key))] if whose else []
            others = [name for name in weights if name not in (*GRADIENTS, *LISTS)]
            if len(others) == 1 and of_part:  # `weight.data`, `weight.grad`
                found[(whose + others[0],)] = of_part[0]
        every = weights_inside(parts, given, self.made_of)
        inside = {name: one for name, one in every.items() if name in self.made_of}
        now = {id(part): changed(part, before) | held_lists(part) for part in parts.values()}
        found.update(gradients_inside(inside, now, returned))
        return found

    @property
    def given_away(self) -> list[str]:
        """The weights of its object that the backward pass has something else change, and of which no gradient is
        known: `self.W = self.opt.update(self.W, dW)`."""
        calls = [node for one in self.backs() for node in ast.walk(one)
                 if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)]  # fmt: skip
        names = [name for one in calls for name in attributes(one, ast.Store) & attributes(one.value, ast.Load)]
        return sorted({*names} & self.made_of.keys() - self.learned.keys() - self.known_of_others)

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
            inside = [shape_at(given, path) for path in self.paths(given)]  # also of what is in dictionaries
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
        if not self.above and not shape:  # a slope that is the same everywhere, and no gradient of a setting
            return None
        known = {base for name in names for base in bases(name)} - {*self.made_of, *given}
        if self.pair.forward is not None and not known.isdisjoint(set_in(self.pair.forward)):  # `da` of its own `a`
            return {}
        weights = [name for name, one in self.made_of.items() if np.shape(one) == shape and not RATE.search(name)]
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
        shapes = [shape_at(given, path) for path in others]
        own: list[Path] = [(one,) for one in self.made_of if one not in self.made_anew]
        for value, name in zip(values, names, strict=False):
            path = owner(name, own) or owner(returned_as(name), own) or in_parts(returned_as(name), own)
            path = path or (inside_own(name, names, own) if owner(name, others) is None else None)
            if path is None and self.pair.kind == "loss" and np.shape(value) not in shapes and not owner(name, others):
                alike = [one for one, made in self.made_of.items() if np.shape(made) == np.shape(value)]
                path = (alike[0],) if len(alike) == 1 else None
            if path is None or not is_gradient(value):
                continue
            said = name in plain_names(path[0]) and owner(name, others) is None  # of another shape it is a wrong one
            if said or longer(np.shape(value)) == longer(np.shape(self.made_of[path[0]])):
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
        rest = [(keyed(one), name) for one, name in rest if one is not forward.outputs[0]]
        found: dict[Path, Any] = {}
        for value, _ in rest:
            if isinstance(value, dict):
                found.update(self.of_dictionary(value, arguments))
        rest = [one for one in rest if not isinstance(one[0], dict)]
        if found or any(is_of_gradient(name) for _, name in rest):
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


@lru_cache(MOST_KEPT)
def in_a_row(tree: ast.FunctionDef) -> list[str]:
    """The names of the gradients that a function joins, flat, to return them as one: none where it does not."""
    put = {ast.unparse(node.targets[0]): node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)}
    last = [node.value for node in tree.body if isinstance(node, ast.Return)][-1:]
    joined = put.get(ast.unparse(last[0])) or last[0] if last and last[0] is not None else None
    if not isinstance(joined, ast.Call) or not joined.args or not isinstance(joined.args[0], ast.Tuple | ast.List):
        return []
    if ast.unparse(joined.func).rpartition(".")[2] not in ("concatenate", "hstack", "cat", "concat"):
        return []
    names = [name_of(one.func.value) for one in joined.args[0].elts
             if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
             and one.func.attr in ("ravel", "flatten", "reshape", "view")]  # fmt: skip
    return names if len(names) == len(joined.args[0].elts) and all(map(is_of_gradient, names)) else []


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


def plain_names(name: str) -> set[str]:
    """The names that say plainly whose gradient is meant: a weight's, or that of one in a dictionary, `params['W']`."""
    name = word_of_weight(name)
    return {*[f"{sign}{name}" for sign in ("d", "d_", "grad_", "dLd", "dL_d")], f"{name}_grad", f"{name}_gradient"}


def in_short(made: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    """The gradients whose names have only the beginning of a weight's, and of no other's: `dW` that of `weights`."""
    found: dict[str, Any] = {}
    for own, base, gradient in [(name, base.lower(), one) for name, one in made.items() for base in bases(name)]:
        begun = [name for name in weights if name.lower().startswith(base) and name != own]
        if len(begun) == 1 and is_gradient(gradient) and np.shape(gradient) == np.shape(weights[begun[0]]):
            found[begun[0]] = gradient
    return found


def in_parts(name: str, weights: Sequence[Path]) -> Path | None:
    """The one weight whose name has the words of which a gradient's has the beginnings: `dw_out` is that of
    `weight_out`, `db_h` of `bias_hidden`."""
    words = [base.lower().split("_") for base in bases(name) if "_" in base]
    known = [(path, path[0].lower().split("_")) for path in weights]
    found = [
        path for path, own in known for some in words if len(some) == len(own) and all(map(str.startswith, own, some))
    ]
    return found[0] if len({*found}) == 1 else None


def inside_own(name: str, names: Sequence[str], weights: Sequence[Path]) -> Path | None:
    """The weight in a part, or in a dictionary, that a gradient's name tells: `dW` is that of the only `W`, and `dW2`,
    where there are as many as numbers, of the second one, `layers[1].W` or `params['out']['W']`."""
    for word, number in words_and_numbers(name):
        numbers = {other for one in names for its, other in words_and_numbers(one) if its == word}
        alike = [path for path in weights if word_of_weight(path[0]).lower() == word]
        if len(alike) == len(numbers):
            return alike[sorted(numbers, key=lambda one: (len(one), one)).index(number)]
    return None


def words_and_numbers(name: str) -> list[tuple[str, str]]:
    """What a name may be the gradient of, each without the number at its end, and that."""
    return [part for base in bases(name) for part in re.findall(r"^(.*?)_?(\d*)$", base.lower())]


def word_of_weight(name: str) -> str:
    """The name of a weight without what holds it: `W` of `layers[0].W` and of `params['W']`."""
    return next(iter(re.findall(r"[^\W\d]\w*", name)[::-1]), name)


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
