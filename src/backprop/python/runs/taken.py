"""What a backward pass takes: its arguments, from the inputs, the results of the forward pass and the gradients from
above, bound by name and in order."""

from __future__ import annotations

import ast
import copy
import re
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np

from backprop.errors import Problem, enumerated
from backprop.errors.spelling import either
from backprop.python.inputs.inputs import INPUT
from backprop.python.inputs.said import UPSTREAM_LIKE, names_read
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.names import parameter_names
from backprop.python.pairs.called_from import handed_results
from backprop.python.runs.forth import Forth
from backprop.python.runs.objects import LISTS
from backprop.python.runs.outputs import LOSS, OF_STATE, OUTPUTS, Forward, entries_in
from backprop.python.texts.functions import returns
from backprop.python.texts.gradients import is_gradient, is_of_output, unbatched
from backprop.python.values.scope import Bound, Class, Object, Scope

OF_INPUTS = frozenset(["input", "inp", "in", "x", "original", "orig", "old", "prev"])  # before a shape
OF_STEPS = re.compile(r"opt(?:im(?:i[sz]er)?)?(?:_?(?:fn|func|obj))?")
NODE = "node"  # the parameter of an operation's backward pass that holds its inputs


class Taken(Forth):
    """Binds the arguments of the backward pass."""

    def instead(self, given: dict[str, Any], forward: Forward) -> list[str]:
        """What the first parameter of the backward pass may be in place of a gradient from above: the first input, an
        array of its shape that the object keeps, as the predictions that its loss is of, the result, or of a loss what
        comes beside it, as its probabilities."""
        first = self.parameters[0] if self.parameters and self.parameters[0] in given else None
        unknown = self.unnamed(forward.names) if self.pair.kind in ("functions", "class") else []
        if not self.above and self.pair.kind == "functions" and self.back_names() == [first]:
            return ["="]  # `def sigmoid_grad(x): return x * (1 - x)`
        if not self.above and self.pair.kind == "class" and self.back_names() == [first]:
            return ["^"]  # `def backward(self, x)` of what comes from above
        shared = {*self.parameters, *self.same_labels}.intersection(self.back_names())
        is_loss = np.size(forward.outputs[0]) == 1 or bool(shared)
        if self.above != 1 or first is None or not unknown or (UPSTREAM_LIKE.match(unknown[0]) and not is_loss):
            return []
        held = forward.me.names if forward.me is not None else {}
        of_its_shape = [
            f".{name}" for name, one in held.items()
            if isinstance(one, np.ndarray) and is_gradient(given[first]) and one.shape == np.shape(given[first])
        ]  # fmt: skip
        beside = [f"={name}" for name, one in zip(forward.names, forward.results, strict=True)
                  if name and is_gradient(one) and np.ndim(one)]  # fmt: skip
        return [first, *of_its_shape, "=", *(beside if is_loss and len(forward.results) > 1 else [])]

    def bound(self, forward: Forward, above: list[Any], given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the backward pass: by name from the inputs and results, the rest in order."""
        if self.retains and len(self.back_names()) == 2:  # `backward(self, inputs, gys)`, or places in their stead
            first, second = self.back_names()
            inputs = given.get(self.parameters[0], ())
            places = re.search("ind", first)
            return {first: tuple(range(len(inputs))) if places else inputs, second: tuple(above)}
        unknown = self.unnamed(forward.names)
        count = self.taken_from_above(forward.results, forward.names)
        if self.instead_of_above == "^":
            unknown, count = self.back_names()[:1], 1
            given = {name: value for name, value in given.items() if name not in unknown}
        unknown = unknown or (self.back_names()[:1] if self.instead_of_above == "=" else [])
        if self.instead_of_above not in (None, "^") and unknown:  # what is called one from above is something else
            held = forward.me.names if forward.me is not None else {}
            known = {**{f".{name}": one for name, one in held.items()}, **given, "=": forward.outputs[0]}
            known.update({f"={name}": one for name, one in zip(forward.names, forward.results, strict=True) if name})
            given = {**given, unknown[0]: known.get(self.instead_of_above)}
            unknown, count, above = unknown[1:], 0, []
        above = [tuple(above)] if self.takes_tuples else above
        bound: dict[str, Any] = dict(zip(unknown[:count], above, strict=False))
        if self.filled_in:
            bound[self.filled_in[0]] = np.zeros(np.shape(given[self.parameters[0]]))
        if self.held:  # it takes tensors that hold their gradients: the result, and inputs under other names
            rest = [name for name in self.parameters if name in given and name not in self.back_names()]
            bound = {name: forward.outputs[0] for name in unknown if name in (*OUTPUTS, "res")}
            bound.update(
                zip([name for name in unknown if name not in bound], [given[one] for one in rest], strict=False)
            )
            unknown = [name for name in unknown if name not in bound]
        results = dict(zip(forward.names, forward.results, strict=True))
        whole = forward.returned if isinstance(forward.returned, tuple) else (forward.returned,)
        if self.holders and len(whole) == len(forward.names):  # the objects, which know what they are made from
            results = dict(zip(forward.names, whole, strict=True))
        others = {**self.renamed, **self.same_labels}
        bound.update({name: given[its] for name, its in others.items() if its in given})
        inside = entries_in(given)
        reads = {name for name, _ in self.read_of_inputs(self.pair.backward)} if self.holders else set()
        reads |= {*self.back_names()[count:]} if self.holders and self.replaced else set()
        objects = {name: self.holders[name] for name in reads if name in self.holders}
        for name, own in given.items():  # `x = x @ W; return x, {}`: what has the input's name is rather the input
            one = results.get(name)  # and no cache of its name
            if one is not None and is_gradient(own) and is_gradient(one) and np.shape(one) != np.shape(own):
                del results[name]
        for name in self.back_names():
            if name in results and name not in bound:
                bound[name] = results[name]
            elif name in self.handed_results and name not in bound and (name in given or name in unknown[count:]):
                bound[name] = whole[self.handed_results[name]]  # which has another name where it is called
            elif name in given and name not in bound and name not in self.sizes:
                bound[name] = objects.get(name, given[name])
            elif name in inside and name not in bound:
                bound[name] = inside[name]
        alike = {
            unbatched(name).lower(): one
            for name, one in (*forward.scope.names.items(), *results.items(), *given.items())
            if is_gradient(one) and name not in self.sizes
        }
        of_batch = [name for name in unknown[count:] if unbatched(name) != name and unbatched(name).lower() in alike]
        bound.update({name: alike[unbatched(name).lower()] for name in of_batch if name not in bound})
        unknown = [name for name in unknown if name not in bound or name in unknown[:count]]
        with_outputs = not count and self.labels()  # with labels goes what they are compared with
        self.in_order(bound, unknown[count:], forward, 0 if with_outputs or reads else len(forward.outputs))
        bound.update({name: self.holders["="] for name in reads if bound.get(name) is forward.outputs[0]})
        self.filled = {name: {} for name in self.back_names() if name in LISTS and name not in bound}
        bound.update(self.filled if self.node is None else {**self.filled, NODE: self.node})
        bound.update(
            {
                name: self.idle(self.handed)
                for name in self.back_names()
                if OF_STEPS.fullmatch(name) and name not in bound
            }
        )
        self.suppose(bound, given, forward)
        for name in [one for one in self.back_names() if one not in bound and is_of_output(one)][:1]:
            bound[name] = forward.outputs[0]
        used = names_read(self.pair.backward) - {*self.keeping}  # which is made when it is called
        bound.update({name: None for name in self.back_names() if name not in bound and name not in used})
        keyed = with_keys(self.pair.backward)  # of which no array has any
        unbound = [
            name for name in self.back_names() if name not in bound or (name in keyed and is_gradient(bound[name]))
        ]
        self.unsaid = unbound
        if unbound:
            raise unsaid(unbound, self.pair.backward)
        return bound

    @cached_property
    def handed_results(self) -> dict[str, int]:
        """Which results of the forward pass the backward pass is handed where the text calls both."""
        forward, back, methods = self.pair.forward, self.pair.backward, tuple(self.methods().values())
        trees = tuple(part.tree for part in self.code.parts)
        found = handed_results(trees, back, methods) if back is not None else {}
        count = len(returns(forward)) if forward is not None else 0
        return {name: one.place for name, one in found.items()
                if forward is not None and one.whose == forward.name and one.number == count}  # fmt: skip

    def with_cost(self, run: Interpreter, scope: Scope, found: Forward, given: dict[str, Any]) -> Forward:
        """A forward pass that ends with its cost. What the backward pass computes is taken of what that takes."""
        back = self.pair.backward
        if self.cost is None or self.cost is not self.cost_within or back is None:
            return super().with_cost(run, scope, found, given)
        of_class = self.pair.kind == "class"
        whole = run.attribute(found.me, back.name) if of_class else self.of_text(run, scope, back.name)
        own = whole.function if isinstance(whole, Bound) else whole
        part = copy.copy(own)
        part.tree = self.cost
        function = Bound(part, found.me) if isinstance(whole, Bound) else part
        return self.ends_with(found, self.call(run, function, (), self.bound(found, [], given)))

    def in_order(self, bound: dict[str, Any], rest: list[str], forward: Forward, first: int) -> None:
        """Bind what no name tells of to the results, from the first one on, that no name has taken."""
        count, self.guessed, self.taken_inside = len(rest), [], []
        results = [*zip(forward.results, forward.names, strict=True)]
        left = [one for one, name in results if name not in bound]
        free = [one for one, name in results[first:] if name not in bound]
        whole = len(rest) == len(left) > len(free) > 0 and not any("grad" in name for name in rest)
        free = left if whole else free  # with what came out, too
        for name in list(rest):  # `W, b, Z = cache`
            sizes = takes_apart(self.pair.backward, name)
            like = [one for one in left if isinstance(one, tuple | list) and len(one) in sizes]
            if len(like) == 1:
                bound[name] = as_bound(name, like[0])
                rest.remove(name)
                free = [one for one in free if one is not like[0]]
        if len(free) > len(rest):
            losses = [one for one, name in results if LOSS.search(name) and np.ndim(one) == 0]
            free = [one for one in free if not any(one is loss for loss in losses)]
            containers = [one for one in free if not is_gradient(one)]
            free = containers if len(containers) == len(rest) else free  # what is kept, and not what came out
        for name in list(rest):
            if len(rest) > len(free) and name in forward.scope.names:
                bound[name] = forward.outputs[0] if name in self.came_out_as else forward.scope.names[name]
                self.taken_inside.append(name)
                rest.remove(name)
        several = len(free) > 1
        if len(rest) == 1 and isinstance(forward.returned, tuple) and (several or any(map(is_gradient, free))):
            whole = len(forward.returned) in takes_apart(self.pair.backward, rest[0])  # with what came out, too
            free = [forward.returned] if whole else [tuple(free)] if several else free
        for name, value in zip(rest, free, strict=False):
            bound[name] = as_bound(name, value)
            if count > 1 and is_gradient(value) and not is_of_output(name):
                self.guessed.append(name)

    def node_of(
        self, run: Interpreter, scope: Scope, tree: ast.FunctionDef, forward: Forward, given: dict[str, Any]
    ) -> tuple[Class | None, Object]:
        """What holds the inputs of an operation for `gradient(self, out_grad, node)`: as tensors of the user's own,
        where there are such."""
        said = tree.args.args[1].annotation if len(tree.args.args) > 1 else None
        named = None
        with suppress(Problem):
            named = self.of_text(run, scope, said.id if isinstance(said, ast.Name) else "Tensor")
        cls = named if isinstance(named, Class) else None
        inputs = [given[name] for name in parameter_names(self.pair.forward)[1:] if name in given]  # type: ignore[arg-type]
        held = inputs if cls is None else [self.call(run, cls, (one,), {}) for one in inputs]
        node = Object(cls or Class(NODE, (), {}))
        node.names.update({**(held[0].names if cls is not None and held else {}), "inputs": held, "op": forward.me})
        node.names["cached_data"] = forward.outputs[0]
        return cls, node

    def suppose(self, bound: dict[str, Any], given: dict[str, Any], forward: Forward) -> None:
        """Take what nothing tells of for inputs, which is said: what is of before, `h_prev_l, h_prev_t`, for as many
        that are not named, in their order, as a step of a recurrent net hands them back, where the state that they are
        before is what came out; what is called as an input is, `input` or `x_in`, for the first one; and a shape for
        that of the first."""
        own = parameter_names(self.pair.forward)[self.pair.skip :] if self.pair.forward is not None else []
        arrays = [name for name in own if is_gradient(given.get(name))]
        unknown = [name for name in self.back_names() if name not in bound]
        after = [name for name in arrays if name in bound and any(one.startswith(f"{name}_prev") for one in unknown)]
        if len(after) == 1 and len(arrays) == len(unknown):
            bound[after[0]] = forward.outputs[0]
        free = [name for name in arrays if name not in bound or name in after]
        if len(free) == len(unknown) and all("prev" in name for name in unknown):
            self.supposed = dict(zip(unknown, free, strict=True))
        first = next((name for name in own if isinstance(given.get(name), np.ndarray)), "")
        for name in unknown if first and not self.supposed else ():
            words = name.lower().split("_")
            if words[-1] == "shape" and {first.lower(), *OF_INPUTS}.intersection(words[:-1]):
                bound[name] = np.shape(given[first])
            elif first in free and (INPUT.fullmatch(name) or first.lower() in words) and not self.supposed:
                self.supposed = {name: first}
        bound.update({name: given[whose] for name, whose in self.supposed.items()})


def unsaid(names: list[str], backward: ast.FunctionDef | None) -> Problem:
    """Nothing tells what parameters of the backward pass are."""
    where = backward.name if backward is not None else "the backward pass"
    hint = f"give it {either('with --vars', 'as an argument')}, or name it as the forward pass does"
    return Problem("variable", f"nothing says what {enumerated(names)} of {where} is", hint=hint)


def takes_apart(function: ast.FunctionDef | None, name: str) -> set[int]:
    """Into how many names a function takes a parameter apart: `a, x, z = cache`, `n, (a, x, z) = len(y), cache`."""
    nodes = ast.walk(function) if function is not None else ()
    several = [(node.targets[0], node.value) for node in nodes if isinstance(node, ast.Assign)]
    for target, value in [*several]:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            several += zip(target.elts, value.elts, strict=False)
    targets = [target for target, value in several if isinstance(value, ast.Name) and value.id == name]
    return {len(one.elts) for one in targets if isinstance(one, ast.Tuple | ast.List)}


def with_keys(function: ast.FunctionDef | None) -> set[str]:
    """What a function sets entries of by texts: `gradients["dW"] += x.T @ delta`."""
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Subscript)] if function is not None else ()
    places = [(node, node.slice) for node in nodes if isinstance(node.ctx, ast.Store)]
    by_text = [(node, at) for node, at in places if isinstance(at, ast.Constant) and isinstance(at.value, str)]
    return {ast.unparse(node.value) for node, _ in by_text}


def as_bound(name: str, value: Any) -> Any:
    """What a parameter of the backward pass holds that stands for a result; of a state its gradient, which is 0."""
    return nothing_of(value) if OF_STATE.fullmatch(name) else value


def nothing_of(value: Any) -> Any:
    """The gradient of a state that nothing hangs on: 0 for every element."""
    if isinstance(value, tuple | list):
        return type(value)([nothing_of(one) for one in value])
    return np.zeros_like(value, dtype=float) if is_gradient(value) else value
