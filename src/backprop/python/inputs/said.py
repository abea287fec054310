"""What the text of a pass says of its inputs, before anything is run: where they are made, read and named."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from backprop.python.inputs.examples import AXES, TRAINS
from backprop.python.names import MOST_KEPT, default_of, names_set, parameter_names, required_names, rest_name
from backprop.python.pairs.pair import Pair
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import attributes, leading, reached
from backprop.python.texts.gradients import WORDS, is_data
from backprop.python.texts.restated import RETAINING
from backprop.python.texts.source import Code, Part

UPSTREAM_LIKE = re.compile(rf"(?!{WORDS.pattern})(d|grad|g_|delta|up|above|error|err)|\w+_grad(ient)?s?$")
TESTS = re.compile(r"_*(is_)?(eval|test|infer|predict)\w*")  # what says that no backward pass follows
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)


FIELDS = ("shape", "ndim", "dtype")  # of an array, which are no methods there: `x.shape()` is of the user's own


class Said:
    """What stands in the text of a pair."""

    code: Code
    pair: Pair
    owners: list[ast.FunctionDef | ast.ClassDef]

    def defined(self, names: set[str]) -> list[ast.FunctionDef | ast.ClassDef]:
        """The functions and classes of the code that have one of these names."""
        return [
            one for part in self.code.parts for one in part.tree.body
            if isinstance(one, DEFINITIONS) and one.name in names
        ]  # fmt: skip

    def defaults(self) -> dict[str, Any]:
        """What the backward pass needs, and the forward pass has a default for: `keep_prob=0.5` is that of both."""
        needed = required_names(self.pair.backward) if self.pair.backward is not None else []
        found = {name: default_of(self.pair.forward, name) for name in needed}
        return {name: value for name, value in found.items() if value not in (None, ...)}

    def optional_training(self) -> list[str]:
        """The parameters of the forward pass that say whether it is one of training, or is to keep what the way back
        needs, which it is not unless they do: `if save_cache: self.cache["x"] = x`."""
        forward = self.pair.forward if self.pair.kind in ("functions", "class") else None
        names = parameter_names(forward) if forward is not None else []
        branches = [one for one in ast.walk(forward) if isinstance(one, ast.If)] if forward is not None else []
        keeping = {ast.unparse(one.test).partition(" ")[0] for one in branches if keeps_in(one)}
        return [
            name for name in names
            if default_of(forward, name) is False and not TESTS.fullmatch(name)
            and (name in keeping or TRAINS.fullmatch(name))
        ]  # fmt: skip

    def methods(self) -> dict[str, ast.FunctionDef]:
        """Those of the class that the pair is in, if it is in one."""
        return self.code.classes().get(self.pair.name, {}) if self.pair.kind == "class" else {}

    @cached_property
    def retains(self) -> bool:
        """Whether the pair is a Function of chainer's, whose inputs, and the gradients from above, come in tuples."""
        return RETAINING in self.methods()

    @cached_property
    def keeping(self) -> list[str]:
        """The parameter of a backward pass in a class that is an object of the class, made of the inputs: `ctx.args`
        of `backward(ctx, grad)` beside `forward(x, y)`."""
        pair, names = self.pair, parameter_names(self.pair.backward) if self.pair.backward is not None else []
        made = next(filter(rest_name, self.constructors()), None)
        alone = pair.kind == "functions" and pair.owner != "" and pair.forward is not None and made is not None
        return [name for name in names[:1] if alone and name == "ctx" and name not in parameter_names(pair.forward)]  # type: ignore[arg-type]

    def outer_call(self, backs: list[ast.FunctionDef]) -> ast.FunctionDef | None:
        """The method by which an object is called and goes forward, if it sets what the backward pass reads."""
        outer, forward = self.methods().get("__call__"), self.pair.forward
        if self.retains:
            return None
        if outer is None or forward is None or forward is outer:
            return outer
        if forward.name not in attributes(outer, ast.Load) and "super" not in names_read(outer):
            return None  # it joins the layer to the one before
        made = attributes(outer, ast.Store) - attributes(forward, ast.Store)
        read = set().union(*[attributes(one, ast.Load) for one in backs])
        return outer if made and (made & read or any(hands_on_itself(one) for one in backs)) else None

    def backs(self) -> list[ast.FunctionDef]:
        """The backward pass of a function or an object, and the methods that it calls."""
        back = self.pair.backward
        if back is None or self.pair.kind not in ("functions", "class"):
            return []
        methods = self.methods()
        return [back, *[methods[name] for name in sorted(attributes(back, ast.Load)) if name in methods]]

    def trees(self) -> list[Any]:
        """What belongs to the pair."""
        if self.pair.forward is None:
            return [part.tree for part in self.code.parts]
        return [one for one in (self.pair.forward, self.pair.backward) if one is not None]

    @cached_property
    def any_number(self) -> str:
        """The parameter in which a forward pass takes any number of inputs, `*tensors`, and goes through them or takes
        them apart; "" where there is none."""
        tree, rest = self.pair.forward, rest_name(self.pair.forward)
        if tree is None or not rest:
            return ""
        targets = [node.targets[0] for node in ast.walk(tree)
                   if isinstance(node, ast.Assign) and ast.unparse(node.value) == rest]  # fmt: skip
        several = any(isinstance(one, ast.Tuple | ast.List) and len(one.elts) > 1 for one in targets)
        return rest if several or rest in elements_of(tree).values() else ""

    def said_to_be(self, name: str) -> set[str]:
        """The inputs that are said to be objects of a class; of an autograd Function that says nothing, all that are
        not used as numbers."""
        pair = self.pair
        given = pair.forward.args.args[pair.skip :] if pair.forward is not None else []
        said = {one.arg: ast.unparse(one.annotation) for one in given if one.annotation is not None}
        if pair.kind == "autograd" and not said:
            asked = {one for one, _ in members_read(pair.forward)}
            return {one.arg for one in given} - (used_as_numbers(pair.forward) - asked)
        return {one for one, words in said.items() if re.search(rf"\b{name}\b", words)}

    def read_of_inputs(self, tree: ast.FunctionDef | None) -> list[tuple[str, str]]:
        """What a function reads of its inputs that no array has, with the names of these."""
        whose = elements_of(tree)
        found = [(whose.get(name, name), attribute) for name, attribute in members_read(tree)]
        skip = leading(tree) if tree is not None and self.pair.kind in ("class", "autograd") else 0
        own = parameter_names(tree)[skip:] if tree is not None else []
        own += [rest for rest in [rest_name(tree)] if rest]
        calls = [node.func for node in ast.walk(tree or ast.Pass()) if isinstance(node, ast.Call)]
        asked = {(ast.unparse(one.value), one.attr) for one in calls if isinstance(one, ast.Attribute)}
        return [
            (name, one) for name, one in found
            if name in own
            and (one == "data" or not hasattr(np.ndarray, one) or (one in FIELDS and (name, one) in asked))
        ]  # fmt: skip

    def part(self) -> Part:
        """The text that the forward pass stands in."""
        for part in self.code.parts if self.pair.forward is not None else ():
            if any(self.pair.forward in (one, *getattr(one, "body", ())) for one in part.tree.body):
                return part
        return self.code.parts[-1]

    def with_gradients(self) -> set[str]:
        """The names that a script sets once, and of which it later sets what is called their gradient."""
        body = self.code.parts[-1].tree.body
        set_once = Counter(name for one in body for name in names_set(one))
        gradients = {
            base for one in body[self.pair.split :] for name in names_set(one) for base in self.pair.bases(name)
        }
        return {name for name in gradients if set_once[name] == 1}

    def constructors(self) -> list[ast.FunctionDef]:
        """The constructor of the object, and those of the classes that it hands on what it is given by name to."""
        bases = {
            one.name: [ast.unparse(base).rpartition(".")[2] for base in one.bases]
            for part in self.code.parts for one in part.tree.body if isinstance(one, ast.ClassDef)
        }  # fmt: skip
        found: list[ast.FunctionDef] = []
        classes, pending = self.code.classes(), [self.pair.owner or self.pair.name]
        while pending and (not found or hands_on_names(found[-1])):
            name = pending.pop(0)
            start = classes.get(name, {}).get("__init__")  # its own, or that of one it is made from
            found += [start] if start is not None and start not in found else []
            pending += bases.get(name, [])
        return found

    def arguments_inside(self) -> set[str]:
        """The arguments of a function or a method that trains, which are no weights."""
        if self.pair.inside is None:
            return set()
        functions = [self.pair.inside, *(self.constructors() if self.pair.owner else ())]
        return {name for one in functions for name in parameter_names(one)} | {"self"}

    @cached_property
    def functions_around(self) -> list[ast.FunctionDef]:
        """The functions inside which a pair is defined, as those are that make a pass: `def clip(low, high): …`."""
        whole = None if self.pair.owner or self.pair.is_kept else self.pair.forward or self.pair.inside
        body = next((part.tree.body for part in self.code.parts for one in part.tree.body for node in ast.walk(one)
                     if node is whole), [])  # fmt: skip
        methods = [one for owner in body if isinstance(owner, ast.ClassDef) for one in owner.body]
        return [
            one for one in (*body, *methods)
            if isinstance(one, ast.FunctionDef) and whole is not None and one is not whole
            and any(node.lineno <= whole.lineno <= (node.end_lineno or 0) for node in ast.walk(one)
                    if isinstance(node, ast.FunctionDef) and node is not one)
        ]  # fmt: skip

    @cached_property
    def settings_around(self) -> list[str]:
        """What these take and the pair reads: it is no input."""
        passes = [one for one in (self.pair.forward, self.pair.backward) if one is not None]
        own = {name for one in passes for name in parameter_names(one)} | {"self", "cls"}
        read = set().union(*map(names_read, [*passes, *self.functions_around])) - own
        return [name for one in self.functions_around for name in required_names(one) if name in read]

    def begins_anew(self) -> dict[str, str]:
        """What a method calls the first input that is both passes, `backprop(self, x, y)`, beside one that only goes
        forward, `feedforward(self, a)`: it reads nothing that this one leaves, and takes the labels, too."""
        pair = self.pair
        if pair.kind != "class" or pair.forward is None or pair.backward is None:
            return {}
        first, taken = parameter_names(pair.forward)[1:2], required_names(pair.backward)[1:]
        own = names_in([pair.forward]) - {*first}
        if not first or len(taken) != 2 or not is_data(taken[1]) or not own.isdisjoint(taken):
            return {}
        methods = self.code.classes().get(pair.name, {})
        left = set().union(*[attributes(one, ast.Store) for one in reached(pair.forward, methods)])
        used = set().union(*[attributes(one, ast.Load) for one in self.backs()])
        anew = not left & used and not UPSTREAM_LIKE.match(taken[0])
        return {taken[0]: first[0]} if anew else {}


@lru_cache(MOST_KEPT)
def elements_of(tree: ast.FunctionDef | None) -> dict[str, str]:
    """The names under which a function goes through something else that has one, `for t in tensors`, also of what it
    takes apart first: `*tensors, axis = args`."""
    nodes = [*ast.walk(tree or ast.Pass())]
    whole = {
        one.value.id: node.value.id for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and isinstance(node.targets[0], ast.Tuple)
        for one in node.targets[0].elts if isinstance(one, ast.Starred) and isinstance(one.value, ast.Name)
    }  # fmt: skip
    loops = [node for node in nodes if isinstance(node, ast.For | ast.comprehension)]
    return {
        one.target.id: whole.get(one.iter.id, one.iter.id) for one in loops
        if isinstance(one.target, ast.Name) and isinstance(one.iter, ast.Name)
    }  # fmt: skip


def keeps_in(branch: ast.If) -> bool:
    """Whether a branch that is taken where something is true puts it into an attribute of its object."""
    plain = isinstance(branch.test, ast.Name) or ast.unparse(branch.test).endswith((" == True", " is True"))
    targets = [one for node in branch.body if isinstance(node, ast.Assign) for one in node.targets]
    return plain and any(attributes(one, ast.Store) | attributes(one, ast.Load) for one in targets)


def hands_on_itself(method: ast.FunctionDef) -> bool:
    """Whether a method hands its object to somebody, who may read all that it holds: `PoolGrad(self)(gy)`."""
    given = [one for node in ast.walk(method) if isinstance(node, ast.Call) for one in node.args]
    return any(isinstance(one, ast.Name) and one.id == "self" for one in given)


def hands_on_names(function: ast.FunctionDef) -> bool:
    """Whether a function hands on what it is given by other names than its own: `super().__init__(**kwargs)`."""
    rest = function.args.kwarg
    given = [one for node in ast.walk(function) if isinstance(node, ast.Call) for one in node.keywords]
    return rest is not None and any(one.arg is None and ast.unparse(one.value) == rest.arg for one in given)


@lru_cache(MOST_KEPT)
def members_read(tree: ast.FunctionDef | None) -> list[tuple[str, str]]:
    """The attributes of names that stand in a function, each with the name."""
    nodes = [node for node in ast.walk(tree or ast.Pass()) if isinstance(node, ast.Attribute)]
    return [(node.value.id, node.attr) for node in nodes if isinstance(node.value, ast.Name)]


@lru_cache(MOST_KEPT)
def used_as_numbers(tree: ast.FunctionDef | None) -> frozenset[str]:
    """The names that a function computes with, takes apart, asks whether they are true, or takes for an axis."""
    used: list[ast.AST | None] = []
    for node in ast.walk(tree or ast.Pass()):
        if isinstance(node, ast.BinOp):
            used += [node.left, node.right]
        elif isinstance(node, ast.UnaryOp):
            used.append(node.operand)
        elif isinstance(node, ast.If | ast.IfExp):
            used.append(node.test)
        elif (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)) or (
            isinstance(node, ast.keyword) and node.arg in AXES
        ):
            used.append(node.value)
    return frozenset(one.id for one in used if isinstance(one, ast.Name))


@lru_cache(MOST_KEPT)
def names_read(tree: ast.AST | None) -> frozenset[str]:
    """The names that are read somewhere in a tree."""
    nodes = ast.walk(tree) if tree is not None else ()
    return frozenset([node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)])
