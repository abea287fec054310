"""What an optimizer's step tells of gradients: by how much a pass has moved what it trains."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.pairs.descent import Step, step_of
from backprop.python.pairs.rounds import is_descent, updates_in
from backprop.python.pairs.unnamed import without_decay
from backprop.python.runs.objects import attribute_at, same
from backprop.python.runs.taken import Taken
from backprop.python.texts.called import called, names_in
from backprop.python.texts.gradients import RATE, bases, is_gradient, is_of_gradient
from backprop.python.values.arrays import is_number
from backprop.python.values.scope import Object

INPUT = ("x", "dx", "input", "inputs", "dinput", "dinputs", "d_input", "grad_input")  # keys of the first input's


class Updated(Taken):
    """The gradients that updates of weights were made of."""

    @cached_property
    def updates(self) -> list[tuple[str, list[str], bool, Step | None]]:
        """What the backward pass changes by a step, what it reads to do so, whether it goes down, and the step of a
        part of something. What an optimizer is handed, `self.W = self.opt.update(self.W, dW)`, is its own affair."""
        nodes = ast.walk(self.pair.backward) if self.pair.backward is not None else ()
        found = [
            (name, sorted(by - {name} - measured_in(node)), is_descent(node), part_of(node))
            for node in nodes if not isinstance(getattr(node, "value", None), ast.Call)
            and isinstance(getattr(node, "op", ast.Sub()), ast.Add | ast.Sub)
            for name, by in updates_in(node) if not is_of_gradient(name)
            and not (isinstance(getattr(getattr(node, "value", None), "op", None), ast.Add) and is_running(node, name))
        ]  # fmt: skip
        means = {name for _, by, *_ in found for name in by if name in self.running}
        return [one for one in found if one[0] not in means]

    @cached_property
    def parts_stepped(self) -> set[str]:
        """What the backward pass takes steps of in parts."""
        return {name for name, *_, step in self.updates if step is not None}

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
        for name, by, descends, step in self.updates:
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
            rate = rate_of(step) if step is not None else ""
            read: list[Any] = [here.get(one, self.attribute_now(run, own, one)) for one in by]
            now = attribute_at(own, name)
            grown = np.shape(now) != weights.shape  # `self.beta = 0.0`, and later one for each column
            alike = [one for one in read if is_gradient(one) and np.shape(one) == weights.shape and not grown]
            alike = [*{id(one): one for one in alike}.values()]
            alone = sum(other == name for other, *_ in self.updates) == 1
            rates = [one for its, one in zip(by, read, strict=True) if is_number(one) and one and rate in ("", its)]
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
            elif len(alike) == 1 and alone and not (descends or rates or means or self.above):  # a step up by itself
                found[name] = -alike[0]
            elif moved is not None and len(alike) < 2 and (alone or any(is_multiple(moved, one) for one in alike)):
                found[name] = moved
        return found

    def given_to_others(self, run: Interpreter, own: Object, tree: ast.FunctionDef) -> dict[str, Any]:
        """The weights that a backward pass has something else change, `self.W, self.b = self.opt.step(self.W, self.b,
        dW, db)`, each with what is given for it and is its gradient by name; of one alone it may be any gradient."""
        here = run.scopes[tree.name].names if tree.name in run.scopes else {}
        found: dict[str, Any] = {}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            targets = [one for target in node.targets for one in getattr(target, "elts", [target])]
            given = [*node.value.args, *[one.value for one in node.value.keywords]]
            changed = [one for one in targets if ast.unparse(one) in map(ast.unparse, given)]
            names = [name for one in given if one not in changed and (name := dotted_name(one))]
            for whose in changed:
                weights = self.attribute_now(run, own, dotted_name(whose))
                path = next((one for one in self.made_of if attribute_at(own, one) is weights), None)
                said = [one for one in names if is_said_of(one, dotted_name(whose), len(changed) == 1)]
                if path is None or len(said) != 1:
                    continue
                value = here.get(said[0], self.attribute_now(run, own, said[0]))
                found.update({path: value} if np.shape(value) == np.shape(weights) else {})
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
        """An attribute of an object, or of a part of it, or what a property of these gives."""
        whose, _, last = name.rpartition(".")
        part = attribute_at(own, whose) if whose else own
        found = part.names.get(last) if isinstance(part, Object) else None
        if found is None and isinstance(part, Object) and getattr(part.cls.find(last), "kind", "") == "property":
            with suppress(Problem):
                found = self.call(run, run.attribute, (part, last), {})
        return found


def dotted_name(node: ast.expr) -> str:
    """The name of a variable, or of what an object holds, `first.W` of `self.first.W`; "" of anything else."""
    text = ast.unparse(node)
    return text.removeprefix("self.") if re.fullmatch(r"[\w.]+", text) and not text[0].isdigit() else ""


def is_said_of(gradient: str, weights: str, alone: bool) -> bool:
    """Whether a name is that of a gradient of weights; of those `alone` that are changed, of whatever gradient."""
    name, whose = gradient.rpartition(".")[2], weights.rpartition(".")[2]
    return whose.lstrip("_") in bases(name) or (alone and (is_of_gradient(name) or "grad" in name))


def set_in(tree: ast.FunctionDef) -> set[str]:
    """The variables that a function sets."""
    return {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def part_of(node: ast.AST) -> Step | None:
    """The step that a statement takes of a part of something, `self.rows[i] -= rate * dx`."""
    step = step_of(node) if isinstance(node, ast.stmt) else None
    return step if step is not None and step.is_part else None


def rate_of(step: Step) -> str:
    """The name of the rate of a step, beside the places that it reads; "" where what it changes decays as well."""
    plain = step.rate is not None and without_decay(step) is step
    return (called(step.rate) or "") if plain and step.rate is not None else ""


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
