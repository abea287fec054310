"""The inputs of a pass: by their names, and as a script itself sets them."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from functools import cached_property
from typing import Any, Self

import numpy as np

from backprop.errors import Problem
from backprop.python.inputs.bounds import bounded, clipped, without
from backprop.python.inputs.examples import Examples
from backprop.python.inputs.given import arguments_from, is_differentiable, is_whole
from backprop.python.inputs.labelled import Labelled
from backprop.python.inputs.lines import assigned, is_seed, is_sizes, makes, sets_attributes, with_sizes
from backprop.python.inputs.said import members_read
from backprop.python.interpret.calls import as_code, texts_in
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.names import (
    names_set,
    names_used,
    parameter_names,
    required_names,
    rest_name,
)
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.pairs import all_pairs
from backprop.python.pairs.trained import with_first_round
from backprop.python.texts.attributes import filled_later
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import HOLDING, attributes, held, is_static, reached
from backprop.python.texts.gradients import Path, is_gradient, leaves, place_of
from backprop.python.texts.restated import defaults
from backprop.python.texts.source import Code, Part, define, roots_of, uses_torch
from backprop.python.values.arrays import HELD, is_number
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import Class, Library, Object, Scope
from backprop.python.values.work import RUN, spend

INPUT = re.compile(r"(?i:x|in|inp|inpt|inputs?|input_?(data|x|val\w*|tensor|array|batch)?|x_?in|a_prev)")
TYPE_OF_DATA = re.compile(r"(?:d|data_?)type", re.IGNORECASE)
EPSILON = re.compile(r"eps|tiny|small", re.IGNORECASE)
OPERATORS = re.compile(r"__[ri]?(add|sub|mul|truediv|matmul)__")  # whose operand is of the class as they are
TENSORS = re.compile(r"Tensor|Variable|Array|NDArray|Value|Var")  # classes of what knows its gradient
DRAWS = re.compile(r"(np_?|p)?rng|rs|rand(om)?_?(state|generator|gen)?")  # parameters, of whose methods it is drawn


class Inputs(Labelled):
    """A pair, and what it is given."""

    interpreting: type[Interpreter] = Interpreter

    def __init__(self, code: Code, pair: Pair, given: dict[str, Any], seed: int = 0, most: float | None = None) -> None:
        """`most` is the work of one run, in seconds of a usual machine."""
        code = with_first_round(code, pair)
        self.code, self.pair, self.seed, self.most = code, pair, seed, most
        own = [self.part().tree]  # others that it imports may be of another library
        texts = own if roots_of(own) & {"numpy", "torch", "jax"} else [part.tree for part in code.parts]
        libraries = roots_of(texts) & {"numpy", "torch", "jax"}
        self.torch = uses_torch([*self.trees(), *self.backs()], texts)
        self.torch |= pair.kind == "autograd" and (not libraries or "torch" in libraries)
        given = {**self.literals(given), **given} if pair.forward is None and pair.split else given
        self.renamed = self.begins_anew()  # the first input, as a backward pass calls it that goes forward itself
        given = {self.renamed.get(name, name): value for name, value in given.items()}
        rows = given.get(self.any_number)
        given = {**given, self.any_number: [*rows]} if isinstance(rows, np.ndarray) and rows.ndim > 1 else given
        owners = self.owners = self.defined({pair.name})
        words = {*texts_in([*given.values()])}  # which may be functions by their names, or code
        words |= names_in([tree for one in words if (tree := as_code(one)) is not None])
        self.by_text = self.defined(words)
        classes = [owner for owner in owners if isinstance(owner, ast.ClassDef)]
        self.torch |= any(uses_torch([one], texts) for one in classes)  # where the passes themselves do not tell
        bases = [ast.unparse(one) for owner in classes for one in owner.bases]
        self.torch |= "torch" in roots_of(texts) and any(re.search(r"(^|\.)Function$", one) for one in bases)
        self.unsaid: list[str] = []  # parameters of the backward pass of which nothing tells what they are
        self.cost: ast.FunctionDef | None = None  # of the output and labels, in the code, that is judged in its place
        self.cost_at = 0  # which of several numbers that it returns is it, `return loss, loss + penalty`
        self.cost_of_kept = False  # whether it is of what the forward pass keeps alone
        self.of_top: set[str] = set()  # the names that the text sets at its top and the pair uses
        self.of_text_itself = self.set_at_top(given)
        kinds = [
            name for one in self.constructors() for name in required_names(one)[1:] if TYPE_OF_DATA.fullmatch(name)
        ]
        self.training = [name for name in self.optional_training() if name not in given]  # as a backward pass follows
        given = {**dict.fromkeys(kinds, "float64"), **self.defaults(), **dict.fromkeys(self.training, True), **given}
        self.parameters = self.named_inputs(given)
        self.given = {name: given[name] for name in self.parameters if name in given}
        self.made_of: dict[str, Any] = {}  # the fractions that the object has from its start
        self.of_batch: dict[str, int] = {}  # how many examples the object is made for
        self.own: set[str] = set()  # the weights that were learned of so, and are no arguments
        self.learned: dict[str, Any] = {}  # of these, what the backward pass left a gradient of
        self.lists: frozenset[str] = frozenset()  # what is given as lists, and not as arrays
        self.whole_quotients = self.part().source.old  # `/` of whole numbers is whole, as in Python 2
        self.made_at_top: dict[str, dict[str, Any]] = {}  # dictionaries of weights that a script sets at its top
        self.trained_so: dict[tuple[str, str], dict[str, Any]] = {}  # the weights that a method made which goes forward
        # itself, by what it is given: they hang on no data, and long training is done once
        self.filled: dict[str, Any] = {}  # what the backward pass is given to put gradients into
        self.handed: list[dict[str, Any]] = []  # the dictionaries that an optimizer is handed which nobody gives
        self.supposed: dict[str, str] = {}  # parameters of the backward pass that are taken for inputs of another name
        self.guessed: list[str] = []  # and beside others, by its place alone, for what came out
        self.taken_inside, self.came_out_as = list[str](), frozenset[str]()  # for variables by their names; and not so
        self.node: Any = None  # what holds the inputs of an operation
        self.holds_methods: Any = None  # the class of an autograd Function, or an object of it
        self.closed: Any = None  # the backward pass that the forward pass returns
        self.replaced = False  # whether a decorator has put another function in the place of the backward pass
        self.unasked = frozenset[str]()  # inputs whose gradients a forward pass refuses to be asked for
        self.drew, self.steps = False, 0
        self.estimated = False  # whether the backward pass draws, too, from a seed of its own
        self.asks: bool | None = None  # whether the text itself asks for gradients, known when it was run
        self.whose: Path | None = None  # of one gradient that no name tells apart, the input that it is found to be of
        self.wraps: Class | None = None  # a class of the user's, whose objects hold the outputs
        self.holders: dict[str, Object] = {}  # by inputs, objects of another class that hold them
        self.holder_lists: dict[str, list[Object]] = {}  # and by inputs that are lists, one for each of their parts
        self.columns_as_rows = False  # whether gradients are handed on with a row for each column of what they are of
        self.known_of_others: set[str] = (
            set()
        )  # the weights of which it hands a gradient to something that changes them
        self.put_away: set[str] = set()  # the inputs whose gradients a way back sets, and does not add to
        self.bare = self.as_row = False  # whether gradients from above are arrays all the same, and a row that of a
        # vector, known when the backward pass was run
        self.output = ""  # of a script, what it sets that is taken for its output where it is not the last
        self.lacks: dict[str, str] = {}  # what a method takes that sets what a pass needs, and which nobody calls
        self.last_set: list[str] = []  # what it may be, known when the forward pass was run
        self.sets_cost = False  # whether that adds up squares, whatever it is called
        self.costs_apart: dict[str, int] = {}  # of what it sets, the costs of which none is a part of the last one, and
        # how much of what each hangs on is read by what goes back
        self.left: dict[str, Any] = {}  # and what that left
        self.shares: dict[str, float] = {}  # what steps multiply gradients with, known when the backward pass was run
        self.above = 1  # how many gradients the backward pass takes from above, known when the forward pass was run
        self.above_by_default = False  # whether what is 1 unless given, `grad=1`, comes from above
        self.instead_of_above: str | None = None  # what the first parameter of the backward pass is, if no gradient: an
        # input, with a dot before it an attribute of the object, or "=", the result; "^" if one, by an input's name
        self.stand_ins: list[str] = []  # and what it may be, known when the forward pass was run
        self.loss_beyond: list[Any] = []  # a loss that is returned beside the outputs, known then, too
        self.of_steps = self.of_last_step = (
            False  # whether the output is one for each step, and that of the last is meant
        )
        self.with_loss = False  # whether its gradients are among those of the backward pass
        self.takes_tuples = False  # whether its inputs, and the gradients from above, come in tuples, as chainer's do
        self.beyond: int | None = None  # the axis of a softmax at the end whose slope the gradient from above has in it
        self.lower: dict[Path, tuple[int, ...]] = {}  # shapes of gradients with fewer axes than their inputs
        self.jacobian = False  # whether the backward pass gives the slopes of every output, known when it was run
        self.points: list[Any] = []  # at which what the forward pass left is kept
        backs = self.backs()
        self.held, self.held_above = held(backs) if self.torch else ("", False)
        self.outer = self.outer_call(backs)

    def loaded(self, run: Interpreter, arguments: dict[str, Any] | None = None) -> Scope:
        """What the texts define, and the pass uses; what they set and is given, as it is among the arguments."""
        arguments = {} if arguments is None else arguments
        given = {name: arguments[name] for name in self.of_text_itself if name in arguments}
        scope = self.code.loaded(run, self.roots(), given)
        arguments.update({name: run.written(one, scope) for name, one in arguments.items()})
        return scope

    def define_at_hand(self, run: Interpreter, scope: Scope) -> None:
        """Define what another line may call."""
        source, run.source = run.source, self.part().source
        for one in self.at_hand:
            if one.name not in scope.names:
                define(run, one, scope)
        run.source = source

    @cached_property
    def at_hand(self) -> list[ast.FunctionDef]:
        """The functions of the text that take as much as one that is read: a line may have been meant to call one."""
        functions = {one.name: one for one in self.part().tree.body if isinstance(one, ast.FunctionDef)}
        taken = {len(parameter_names(functions[name])) for name in names_in(self.trees()) & functions.keys()}
        return [one for one in functions.values() if len(parameter_names(one)) in taken and computes_nothing(one)]

    def roots(self) -> list[Any] | None:
        """The trees of the pair, of whose texts what they use is needed; None where these are the pass itself."""
        if self.pair.forward is None:
            return None
        used = (
            *self.trees(),
            self.pair.setup,
            self.cost,
            *self.owners,
            *self.by_text,
            *self.defined({self.holding[0], self.maker}),
        )
        return [one for one in used if one is not None]

    @cached_property
    def holding(self) -> tuple[str, set[str]]:
        """The class whose objects a forward pass takes in place of arrays: it reads of its inputs what no array has,
        and the class sets (`a.requires_grad`, `a.children`), and what it takes so. "" where there is none; they
        hold then the array in the attribute that is read, `a.value`, and nothing else."""
        pair, classes, read = self.pair, self.code.classes(), self.read_of_inputs(self.pair.forward)
        torch = self.torch or pair.kind not in ("functions", "class", "autograd", "both")
        own = {one for _, one in read if one not in HELD}
        made = classes.get(pair.of_values, {}).get("__init__")
        if pair.is_kept and pair.forward is not None and made is not None and len(required_names(made)) == 2:
            first, *rest = parameter_names(pair.forward)[pair.skip :]  # its own class
            operator = OPERATORS.fullmatch(pair.forward.name)  # an exponent may be a plain number
            named = () if pair.forward.name == "__pow__" else ("other", "rhs")
            tested = asked_for(pair.forward, pair.of_values)
            like = {one for one in rest if pair.swept and (operator or one in named or one in tested)}
            return pair.of_values, {first, *like, *self.said_to_be(pair.of_values), *(one for one, _ in read)}
        wanted = own or {one for _, one in read if one in HOLDING}  # which others have, too: of what is called a tensor
        for name, methods in classes.items() if wanted and not torch else ():
            start = methods.get("__init__")
            if start is None or name == self.pair.name or len(required_names(start)) != 2:
                continue
            stored = attributes(start, ast.Store) | methods.keys()
            based = "super" in names_in([start])  # what it is made from sets the array
            beside = wanted - {*HOLDING} if based else set()
            if (wanted <= stored or (beside and beside <= stored)) and (own or TENSORS.fullmatch(name)):
                return name, {*(one for one, _ in read), *self.said_to_be(name)}
        torch |= pair.kind == "autograd"
        return "", set() if torch else {one for one, attribute in read if attribute in HOLDING}

    @cached_property
    def maker(self) -> str:
        """The function that makes such an object of a list, where the class does not: `tensor([1.0, 2.0])`."""
        name = self.holding[0].lower()
        function = self.code.functions().get(name)
        return name if function is not None and len(required_names(function)) == 1 else ""

    def literals(self, given: dict[str, Any]) -> dict[str, Any]:
        """The inputs that statements themselves set to plain numbers: `x = 3`, `x = Value(3)`; in a script to arrays of
        them and to random ones, too, if something is called their gradient: `W = np.random.randn(5, 10)`, `dW = …`."""
        found: dict[str, Any] = {}
        wanted = self.with_gradients() if self.pair.kind == "script" else set()
        run = Interpreter(Meter(most=self.most), self.seed)
        scope = self.code.loaded(run) if self.pair.kind == "script" else Scope()
        body = self.code.parts[-1].tree.body[: self.pair.split]
        again = Counter(name for one in body if not sets_attributes(one) for name in names_set(one))  # as a sum is
        weights = [value for one in body for name, value in assigned(one) if name in wanted and makes(value)]
        used = names_used([*weights], body) - wanted  # sizes, as `X.shape[1]`
        scope.names.update({name: value for name, value in given.items() if name in used})
        for statement in body:
            sets = isinstance(statement, ast.Assign) and not used.isdisjoint(names_set(statement) - {*given})
            if self.pair.kind == "script" and (is_sizes(statement) or is_seed(statement) or sets):
                with suppress(Problem, Refusal, *ERRORS):
                    run.body([with_sizes(statement, given) if isinstance(statement, ast.Assign) else statement], scope)
            for name, value in assigned(statement):
                if self.pair.kind == "values":
                    if not isinstance(value, ast.Call) or not value.args or not isinstance(value.func, ast.Name):
                        continue
                    value = value.args[0]
                try:
                    found[name] = arguments_from(ast.literal_eval(value))
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    if self.pair.kind == "script" and makes(value) and name in wanted:
                        with suppress(Problem, Refusal, *ERRORS):
                            found[name] = run.evaluate(value, scope)
                if name in found:
                    scope.names[name] = given.get(name, found[name])
        settings = {one for one in self.arguments_inside() if is_whole(found.get(one)) and not np.ndim(found[one])}
        known = {name: one for name, one in found.items() if is_gradient(one) and np.size(one) and name not in settings}
        return {name: one for name, one in known.items() if again[name] == 1}

    def named_inputs(self, given: dict[str, Any]) -> list[str]:
        """The inputs of the pair by their names, the parameters of the forward pass first."""
        pair = self.pair
        if pair.forward is None:
            read = names_in([part.tree for part in self.code.parts])
            return [name for name in given if name in read]
        names = parameter_names(pair.forward)[pair.skip :]
        names += [rest for rest in [rest_name(pair.forward)] if rest in given]
        names += self.of_text_itself
        if pair.is_made:
            methods = self.code.classes()[pair.name]
            made = [name for one in self.constructors() for name in parameter_names(one)[1:]]
            read = {
                node.attr
                for method in methods.values()
                for node in ast.walk(method)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
            }
            names += [name for name in made if name not in names]
            setting = [one for one in methods.values() if pair.forward is not one is not pair.backward]
            setting = [
                one for one in setting if not read.isdisjoint(attributes(one, ast.Store))
            ]  # by a framework, it may be
            read |= {name for one in setting for name in parameter_names(one)[1:]}
            names += [name for name in given if name in read and name not in names]
        if pair.backward is not None and pair.kind in ("functions", "class"):
            names += [name for name in parameter_names(pair.backward) if name in given and name not in names]
        return names

    def set_at_top(self, given: dict[str, Any]) -> list[str]:
        """What the text sets at its top and the pair reads, of that which is given: the weights of a script."""
        roots = self.roots()
        if self.pair.forward is None or roots is None:
            return []
        names = parameter_names(self.pair.forward)[self.pair.skip :]
        names += [name for one in self.constructors() for name in parameter_names(one)] if self.pair.is_made else []
        body = self.part().tree.body
        top: list[ast.stmt] = [one for one in body if isinstance(one, ast.Assign | ast.AnnAssign | ast.If)]
        self.of_top = names_used(roots, top) & set().union(*map(names_set, top)) - {*names}
        free = {*given} - self.of_top - {*names} - self.code.functions().keys() - self.code.classes().keys()
        if free:  # what nothing defines: the functions of a file that is not there
            self.of_top |= free & names_used(roots, [one for part in self.code.parts for one in part.tree.body])
        return [name for name in given if name in self.of_top]

    @cached_property
    def parents(self) -> dict[str, str]:
        """The parameters of a constructor that only hands them on to the class that its own is made from, where they
        are as many as the inputs and none of these is called so: an operation keeps them, `super().__init__(x)`."""
        starts, forward = self.constructors() if self.pair.of_object else [], self.pair.forward
        body = [one for one in starts[0].body if not isinstance(one, ast.Pass)] if starts else []
        call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
        own, names = required_names(starts[0])[1:] if starts else [], required_names(forward) if forward else []
        whole = isinstance(call, ast.Call) and ast.unparse(call.func).endswith("__init__")
        given = (
            [ast.unparse(one) for one in call.args if ast.unparse(one) != "self"] if isinstance(call, ast.Call) else []
        )
        alike = whole and given == own and len(own) == len(names[self.pair.skip :])
        return (
            dict(zip(own, names[self.pair.skip :], strict=True)) if alike and not {*own} & {*names, *self.given} else {}
        )

    def without_small(self, small: float, guards: bool = False) -> tuple[Self | None, dict[str, Any]]:
        """The same pass without the small numbers of its forward pass, and the inputs that are such, as 0; or without
        the `guards` in both passes: what is added, and what is called an epsilon."""
        zeros = {name: 0.0 for name, value in self.given.items() if isinstance(value, float) and 0 < value <= small}
        if self.pair.forward is None and not self.pair.split:
            return None, {}
        kept = set() if guards else {id(node) for one in self.backward_trees() for node in ast.walk(one)}
        parts, changed = [], bool(zeros)
        added = {ast.unparse(one) for part in self.code.parts for node in ast.walk(part.tree) for one in added_in(node)}
        for part in self.code.parts:
            nodes = [*ast.walk(part.tree)]
            guarding = {id(one) for node in nodes for one in guards_in(node, added)} if guards else set(map(id, nodes))
            places = [
                place for place, node in enumerate(nodes)
                if isinstance(node, ast.Constant) and isinstance(node.value, float) and 0 < node.value <= small
                and id(node) not in kept and id(node) in guarding
            ]  # fmt: skip
            tree = copy.deepcopy(part.tree) if places else part.tree
            others = [*ast.walk(tree)] if places else []
            for place in places:
                others[place].value, changed = 0.0, True  # type: ignore[attr-defined]
            parts.append(part._replace(tree=tree))
        if not changed:
            return None, {}
        other = self.with_texts(parts, zeros)
        return other, {} if other is None else zeros

    def without_clips(self) -> Self | None:
        """The same pass without the bounds that gradients are kept in, `np.clip(dW, -5, 5, out=dW)`."""
        pair, code = self.pair, self.code
        kept = {id(node) for node in ast.walk(pair.forward)} if pair.forward not in (None, pair.backward) else set()
        if not any(clipped(node) for part in code.parts for node in ast.walk(part.tree) if id(node) not in kept):
            return None
        return self.with_texts(without(clipped, code.parts))

    def without_bounds(self) -> Self | None:
        """The same pass without bounds on what is computed, `np.maximum(x, 1e-12)`, for its forward pass alone."""
        parts = without(bounded, self.code.parts)
        changed = any(one is not other for one, other in zip(parts, self.code.parts, strict=True))
        return self.with_texts(parts) if changed else None

    def with_texts(self, parts: list[Part], given: Mapping[str, Any] = {}) -> Self | None:
        """The same pass in texts that say it otherwise, with what is known of it; None where it is no longer found."""
        pair, code = self.pair, self.code.of(parts)
        trees = zip([part.tree for part in self.code.parts], [part.tree for part in parts], strict=True)
        if pair.kind == "script":  # its statements stand in the order in which they are run
            found = [pair._replace(body=tuple(parts[-1].tree.body))]
        elif (moved := pair.moved([(one, other) for one, other in trees])) is not None:
            found = [moved]
        else:
            found = [one for one in all_pairs(code, trains=False) if one.name == pair.name and one.kind == pair.kind]
        if not found:
            return None
        other = type(self)(code, found[0], {**self.given, **given}, self.seed, self.most)
        for name in ("instead_of_above", "above_by_default", "bare", "own", "parameters", "of_text_itself"):
            setattr(other, name, getattr(self, name))
        return other

    def backward_trees(self) -> Sequence[ast.AST]:
        """The backward pass alone: a function, or the statements behind the forward pass of a script."""
        pair = self.pair
        if pair.forward is None:
            return self.code.parts[-1].tree.body[pair.split :]
        return [pair.backward] if pair.backward not in (None, pair.forward) else []

    def missing(self) -> dict[str, str]:
        """The parameters of the forward pass that have no value, each with an example of one."""
        pair = self.pair
        whole = pair.forward or pair.inside
        if whole is None:
            return {}
        functions = [(whole, pair.skip)]
        if pair.is_made or (pair.inside is not None and pair.owner):
            functions += [(one, 1) for one in self.constructors()]
        needed = [name for one, skip in functions for name in required_names(one)[skip:]]
        needed += [name for name in self.settings_around if name not in needed]
        labels = [name for name in self.labels_of_backward() if name not in needed]
        needed += labels
        needed += [name for name in turning_back(whole) if pair.of_one and name not in needed]
        needed += [self.any_number] if self.any_number and not needed else []
        needed += [one for one in [rest_name(whole)] if one.endswith("shape")]
        if pair.inside is not None:
            needed = [name for name in needed if name in names_in(pair.body)]
        needed = [name for name in needed if name not in {**self.given, **self.drawing, **self.parents}]
        texts = (
            [one for one, _ in functions]
            + self.functions_around
            + (reached(whole, self.methods())[1:] if self.methods() else [])
        )
        examples = Examples(texts if needed else [], self.backs() if needed else [])
        of_input = Examples([whole])
        of_labels = Examples([*self.backs(), *self.costs()] if labels else [])
        by = {**dict.fromkeys(labels, of_labels), **dict.fromkeys(self.counted_too, of_input)}
        return {name: by.get(name, examples).of(name) for name in needed}

    @cached_property
    def counted_too(self) -> set[str]:
        """The inputs of the forward pass by whose name the constructor calls how many features they have:
        `Dense(inputs, units)`."""
        own = (
            {*parameter_names(self.pair.forward)[self.pair.skip :]}
            if self.pair.forward and self.pair.is_made
            else set()
        )
        return {name for one in self.constructors() for name in own.intersection(parameter_names(one)[1:])
                if Examples([one]).counts(name)}  # fmt: skip

    @cached_property
    def drawing(self) -> dict[str, Any]:
        """Parameters that are generators of random numbers, as `rng.random(x.shape)` tells, where none is given."""
        trees = [one for one in (self.pair.forward, *(self.constructors() if self.pair.is_made else ())) if one]
        needed = {name for one in trees for name in required_names(one) if DRAWS.fullmatch(name)}
        asked = {name for one in trees for name, _ in members_read(one)}
        return {name: Library(("numpy", "random")) for name in needed & asked - {*self.given}}

    def made_of_none(self) -> str:
        """What an object keeps of all that it is made with, `self.layers = list(layers)`, where none is given: it does
        nothing then. Nor does one that they are added to later, by somebody else."""
        pair, methods = self.pair, self.code.classes().get(self.pair.class_name, {})
        later = filled_later(methods, pair.forward) if pair.kind == "class" and pair.forward is not None else ""
        kept = "" if self.keeps_operands else self.kept_whole[0]
        return kept or (later if later not in self.given else "")

    @cached_property
    def kept_whole(self) -> tuple[str, set[str]]:
        """What an object keeps of all that it is made with, where it is not given, and the attributes that hold it."""
        made = next(filter(rest_name, self.constructors()), None) if self.pair.is_made else None
        rest = rest_name(made)
        kept = [one for one in ast.walk(made or ast.Pass()) if isinstance(one, ast.Assign)
                and isinstance(one.targets[0], ast.Attribute)]  # fmt: skip
        alone = {
            one.targets[0].attr for one in kept if isinstance(one.targets[0], ast.Attribute)
            and [ast.unparse(held) for held in getattr(one.value, "args", [one.value])[:1]] == [rest]
        }  # fmt: skip
        return (rest, alone) if rest and rest not in self.given and alone else ("", set())

    @cached_property
    def keeps_operands(self) -> bool:
        """Whether that are the operands of an operation, which its forward pass takes by themselves."""
        forward = self.pair.forward
        return forward is not None and self.kept_whole[1].isdisjoint(attributes(forward, ast.Load))

    def left_at_zero(self) -> list[str]:
        """The parameters of the forward pass that are 0.0 where they are not given, as the weight of a penalty is."""
        function = self.pair.forward
        if function is None:
            return []
        taken = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
        defaults = dict(zip(taken[::-1], function.args.defaults[::-1], strict=False))
        zeros = [name for name in taken if name in defaults and ast.unparse(defaults[name]) == "0.0"]
        return [name for name in zeros if name not in self.given]

    @cached_property
    def sizes(self) -> set[str]:
        """What the constructor calls a number and the backward pass what goes in: `Linear(input, output)`, of which
        `backward(self, input, delta)` takes an array."""
        made = {name for one in self.constructors() for name in parameter_names(one)} if self.pair.of_object else set()
        forward = self.pair.forward
        own = set(parameter_names(forward)) if forward is not None else set()
        return {name for name in made - own if INPUT.fullmatch(name) and is_number(self.given.get(name))}

    def parameters_of_rows(self, columns: list[str]) -> list[str]:
        """The parameters that rows of a table give: those that need a value, and those that are columns."""
        needed = self.missing()
        return [name for name in self.parameters if name in needed or name in columns]

    def interpreter(self, most: float | None = None) -> Interpreter:
        spend(RUN)
        run = self.interpreting(Meter(most=self.most if most is None else most), self.seed)
        run.whole_quotients = self.whole_quotients
        return run

    def paths(self, given: dict[str, Any]) -> list[Path]:
        """All that may have a gradient: arrays and numbers among the arguments and in dictionaries, arrays in lists."""
        found: list[Path] = []
        for name, value in given.items():
            for path, one in leaves(value, (name,)):
                holder, _ = place_of(given, path)
                if is_differentiable(one) and (isinstance(one, np.ndarray) or not isinstance(holder, list | tuple)):
                    found.append(path)
        return found

    def of_torch(self) -> bool:
        """Whether the pass is a Function of torch's, and none of the user's own."""
        bases = [one for owner in self.owners if isinstance(owner, ast.ClassDef) for one in owner.bases]
        known = self.code.classes()
        return any(ast.unparse(one) not in known and ast.unparse(one).endswith("Function") for one in bases)


def asked_for(function: ast.FunctionDef, cls: str) -> set[str]:
    """The parameters that a static method asks of whether they are objects of a class, and else makes them one."""
    calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and len(one.args) == 2]
    return {
        ast.unparse(one.args[0]) for one in calls
        if ast.unparse(one.func) == "isinstance" and ast.unparse(one.args[1]) == cls and is_static(function)
    }  # fmt: skip


def computes_nothing(function: ast.FunctionDef) -> bool:
    """Whether it is no work to define a function."""
    defaults = [*function.args.defaults, *function.args.kw_defaults]
    return not function.decorator_list and all(one is None or isinstance(one, ast.Constant) for one in defaults)


def added_in(node: ast.AST) -> list[ast.expr]:
    """What a node adds to something."""
    return [node.left, node.right] if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else []


def guards_in(node: ast.AST, added: Set[str]) -> list[ast.expr]:
    """The numbers that a node adds to something, or gives a name by which they are `added`, or calls an epsilon: they
    keep a quotient from 0."""
    if isinstance(node, ast.FunctionDef):
        return [value for one in defaults(node) for value in guards_in(one, added)]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [getattr(one, "attr", getattr(one, "id", "")) for one in targets]
    if not isinstance(node, ast.Assign) or not (
        any(map(EPSILON.search, names)) or added & {*map(ast.unparse, targets)}
    ):
        return added_in(node)
    return [node.value.body, node.value.orelse] if isinstance(node.value, ast.IfExp) else [node.value]


def turning_back(function: ast.FunctionDef) -> list[str]:
    """The parameters without which a function ends early, `if y is None: return scores`, also by a name for that:
    `mode = "test" if y is None else "train"`."""
    modes = {
        f"{name} == {ast.unparse(value.body)}": value.test
        for one in function.body for name, value in assigned(one) if isinstance(value, ast.IfExp)
    }  # fmt: skip
    ends = [one.test for one in function.body if isinstance(one, ast.If) and isinstance(one.body[-1], ast.Return)]
    tests = [modes.get(ast.unparse(test), test) for test in ends]
    names = parameter_names(function)
    return [
        test.left.id for test in tests
        if isinstance(test, ast.Compare) and ast.unparse(test).endswith(" is None")
        and isinstance(test.left, ast.Name) and test.left.id in names
    ]  # fmt: skip
