"""A forward pass, run: a function, a method of an object that is made for it, or statements."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from types import MethodType
from typing import Any, Self

import numpy as np

from backprop.errors import Problem
from backprop.errors.spelling import either
from backprop.python.inputs.examples import TRAINS, Examples
from backprop.python.inputs.given import SIZES, has_gradient, is_differentiable, is_row, sizes
from backprop.python.inputs.said import elements_of
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.members import context
from backprop.python.names import parameter_names, required_names, rest_name
from backprop.python.pairs.rounds import cost_within
from backprop.python.runs.objects import PARAMETERS, dotted, objects_in, weights_inside
from backprop.python.runs.outputs import Forward
from backprop.python.runs.scripted import Scripted
from backprop.python.texts.attributes import filled_by, fills_parts, read_first, set_anew, set_first
from backprop.python.texts.functions import HOLDING, attributes, reached, returns
from backprop.python.texts.gradients import is_gradient, is_label
from backprop.python.texts.source import Part
from backprop.python.values.arrays import fresh
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import Bound, Builtin, Class, Function, Object, Scope

SHAPE = re.compile(r"(in(put)?s?_?|x_?)?shape", re.IGNORECASE)  # of the first input, as a framework hands it on
OPTIMIZER = re.compile(r"opt(im\w*)?$")
BATCH = re.compile(r"(?i)_?(mini_?)?batch(_?size)?|bs")  # how many examples an object is made for


class Forth(Scripted):
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
            cls = self.of_text(run, scope, pair.name)
            if not isinstance(cls, Class):
                raise Problem("name", f"{pair.name} is a class, and at the end of the file something else")
            me = self.made(run, cls, given)
            outer = pair.forward if self.outer is None else self.outer
            function = self.call(run, run.attribute, (me, outer.name), {})
        else:
            self.holds_methods = self.of_text(run, scope, pair.name)
            if pair.of_instance:
                self.holds_methods = self.made(run, self.holds_methods, given)
            me = self.kept_context(run, scope, pair.forward)
            function = self.call(run, run.attribute, (self.holds_methods, pair.forward.name), {})
        keywords = {name: sizes(given[name]) if SIZES.search(name) else given[name] for name in names if name in given}
        keywords.update({name: self.drawing[name] for name in names if name in self.drawing})
        cls, held = self.holding
        listed = {name for name in elements_of(pair.forward).values() if name in held and is_row(given.get(name))}
        self.holder_lists = {
            name: [self.holder(run, scope, cls, one) if has_gradient(one) else one for one in given[name]]
            for name in listed
        }
        read = {name for name, _ in self.read_of_inputs(pair.forward)}
        settings = {name for name in held - read if type(given.get(name)) is int}  # an axis, of which nothing is read
        self.holders = {
            name: self.holder(run, scope, cls, given[name])
            for name in held - listed - settings if self.fills(given.get(name))
        }  # fmt: skip
        keywords.update({**self.holders, **self.holder_lists})
        if isinstance(function, Function):
            self.look_at_top(function.scope, given)
            function.scope.names.update({name: given[name] for name in self.of_text_itself if name in given})
        if self.retains and me is not None:
            me.names["inputs"] = next(iter(keywords.values()), ())
        first: tuple[Any, ...] = (me,) if pair.kind == "autograd" and pair.setup is None else ()
        if rest_name(self.outer):
            first, keywords = tuple(keywords.values()), {}
        elif (rest := rest_name(pair.forward)) in given:
            several = keywords.pop(rest, given[rest])
            several = several if isinstance(several, list | tuple) else sizes(several)
            first = (*first, *keywords.values(), *(several if isinstance(several, list | tuple) else (several,)))
            keywords = {}
        with self.unset(me):
            returned = self.call(run, function, *as_wrapped(function, pair.forward, first, keywords))
        if self.retains and me is not None:
            me.names["outputs"] = me.names["output_data"] = returned
        if me is not None and pair.of_object:
            late = {name: me.names.get(name) for name in self.made_late if name not in self.made_of}
            self.made_of.update({name: fresh(one) for name, one in late.items() if is_differentiable(one)})
        if pair.setup is not None:
            inputs = tuple([run.scopes[pair.forward.name].names.get(name) for name in names])
            self.call(run, scope.names[pair.name].find("setup_context"), (me, inputs, returned), {})
        found = self.results(run, pair.forward, returned, me)
        if self.holders:  # a backward pass may take the result so, too
            self.holders["="] = self.holder(run, scope, cls, found.outputs[0])
        return found if self.cost is None else self.with_cost(run, scope, found, given)

    def fills(self, value: Any) -> bool:
        """Whether a value is one that such an object holds."""
        return is_gradient(value)

    def holder(self, run: Interpreter, scope: Scope, name: str, value: Any) -> Object:
        """An object of that class, of which gradients are asked for; of a class that no file has, one that holds its
        array and says as much of it as an array does."""
        if not name:
            held = Object(Class("Tensor", (), {}))
            held.names.update({**dict.fromkeys(HOLDING, value), "requires_grad": True, "grad": None})
            held.names.update(shape=np.shape(value), ndim=np.ndim(value), dtype=np.asarray(value).dtype)
            return held
        cls = self.of_text(run, scope, name)
        if self.maker:
            with suppress(Problem):
                made = self.asking(run, self.of_text(run, scope, self.maker), np.asarray(value).tolist())
                if isinstance(made, Object) and made.cls is cls:  # and not one of its name in another file
                    return made
        return self.asking(run, cls, value)  # type: ignore[no-any-return]

    def asking(self, run: Interpreter, maker: Any, value: Any) -> Any:
        """What a class or a function makes of a value, asked for gradients if that can be said."""
        start = maker.find("__init__") if isinstance(maker, Class) else maker
        names = start.parameters if isinstance(start, Function) else []
        return self.call(run, maker, (value,), {name: True for name in names if name.startswith("requires_grad")})

    def with_texts(self, parts: list[Part], given: Mapping[str, Any] = {}) -> Self | None:
        """The same pass in texts that say it otherwise, up to the cost that is judged in place of its output."""
        other = super().with_texts(parts, given)
        if other is not None and self.cost is not None:
            other.cost, other.cost_at = other.costs()[self.costs().index(self.cost)], self.cost_at
        return other

    def costs(self) -> list[ast.FunctionDef]:
        """Those of the code, and the cost that the backward pass itself computes."""
        return super().costs() if self.cost_within is None else [*super().costs(), self.cost_within]

    @cached_property
    def cost_within(self) -> ast.FunctionDef | None:
        """The cost that the backward pass computes and returns beside its gradients."""
        back = self.pair.backward
        return cost_within(back, returns(back)) if back is not None else None

    def with_cost(self, run: Interpreter, scope: Scope, found: Forward, given: dict[str, Any]) -> Forward:
        """A forward pass that ends with the cost of its output: what nothing else tells of is the output, and of two,
        that which is called so is the label. Or the cost is of what it keeps alone, `cache["scores"]`."""
        assert self.cost is not None
        of_class = self.cost in self.methods().values()
        kept = {key: one for held in found.results if isinstance(held, dict) for key, one in held.items()}
        self.cost_of_kept = bool(kept) and {*required_names(self.cost)} <= kept.keys()
        known = {**(kept if self.cost_of_kept else {}), **given, **dict(zip(found.names, found.results, strict=True))}
        labels, names = [*self.labels().values()], required_names(self.cost)[int(of_class) :]
        bound = {name: known[name] for name in names if name in known}
        left = self.pair.forward is not None and attributes(self.pair.forward, ast.Store)
        reads_left = of_class and bool(left and left & attributes(self.cost, ast.Load))
        self.cost_of_kept |= reads_left and not names
        if len(labels) == 1:
            rest = [name for name in names if name not in bound]
            free = [name for name in rest if is_label(name) or (reads_left and len(rest) == 1)]
            bound.update(dict.fromkeys(free[:1], labels[0]))
        anew = self.is_whole(self.cost)  # of the inputs, through a forward pass of its own
        first = next((given[name] for name in self.parameters if name in given), None) if anew else found.outputs[0]
        bound.update({name: first for name in names if name not in bound})
        known_results = [first] if anew else [*found.outputs, *found.results]
        taken = sum(any(one is its for its in known_results) for one in bound.values())
        taken += int(reads_left and not taken)
        function = run.attribute(found.me, self.cost.name) if of_class else self.of_text(run, scope, self.cost.name)
        right = taken == 1 or self.cost_of_kept
        return self.ends_with(found, self.call(run, function, (), bound) if right else None)

    def ends_with(self, found: Forward, cost: Any) -> Forward:
        """A forward pass that ends with a cost, which may be told with how many of its rows are right, or itself but
        for a penalty."""
        assert self.cost is not None
        cost = cost[self.cost_at] if isinstance(cost, tuple | list) and self.cost_at < len(cost) else cost
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
        """The `ctx` of an autograd Function: torch's, or an object of the user's own class, which may have to be told
        that gradients are asked for, and of which operation it is."""
        own, asked = self.own_context(run, scope, forward), [name not in self.unasked for name in self.parameters]
        cls = scope.names.get(self.pair.name)
        if own is None and isinstance(cls, Class) and isinstance(cls.find("save_for_backward"), Function):
            with suppress(Problem):  # an object of the class itself, which is made of the inputs
                return self.call(run, cls, tuple(self.given.values()), {})  # type: ignore[no-any-return]
        if own is None:
            return context(asked)
        start = own.find("__init__")
        keywords: dict[str, Any] = {}
        if isinstance(start, Function) and isinstance(start.tree, ast.FunctionDef):
            keywords = dict.fromkeys(required_names(start.tree)[1:], scope.names.get(self.pair.name))
            keywords.update({name: True for name in start.parameters if name.startswith("requires_grad")})
        return self.call(run, own, (), keywords)  # type: ignore[no-any-return]

    def own_context(self, run: Interpreter, scope: Scope, forward: ast.FunctionDef) -> Class | None:
        """The user's own class of a `ctx`: what it is said to be (`ctx: Context`), or what the method makes that hands
        it to the forward pass (`ctx = Context(); cls.forward(ctx, …)`)."""
        said = next((one.annotation for one in forward.args.args if one.arg == "ctx"), None)
        names = [(said.id, scope)] if isinstance(said, ast.Name) else []
        cls = scope.names.get(self.pair.name)
        apply = cls.find("apply") if isinstance(cls, Class) else None
        if isinstance(apply, Function):
            calls = [node for node in ast.walk(apply.tree) if isinstance(node, ast.Call)]
            handed = {
                one.args[0].id for one in calls
                if ast.unparse(one.func) in ("cls.forward", "self.forward")
                and one.args and isinstance(one.args[0], ast.Name)
            }  # fmt: skip
            names += [
                (one.value.func.id, apply.scope) for one in ast.walk(apply.tree)
                if isinstance(one, ast.Assign) and isinstance(one.value, ast.Call)
                and isinstance(one.value.func, ast.Name) and {ast.unparse(target) for target in one.targets} & handed
            ]  # fmt: skip
        for name, where in names:
            with suppress(Refusal):
                found = run.lookup(name, where, None)
                if isinstance(found, Class):
                    return found
        return None

    def made(self, run: Interpreter, cls: Class, given: dict[str, Any]) -> Object:
        """An object of the class, with the attributes that no constructor sets."""
        me = Object(cls)
        bases = [ast.unparse(base) for one in self.owners if isinstance(one, ast.ClassDef) for base in one.bases]
        if any(base.endswith("Function") for base in bases):  # of torch, as it was: the object is the context
            context([True] * len(self.parameters), me)
        start = cls.find("__init__")
        made: list[str] = []
        if isinstance(start, Function):
            made = start.parameters[1:] if start.tree.args.kwarg is None else []
            made = made or [name for one in self.constructors() for name in parameter_names(one)[1:]]
            alone = self.kept_whole[0] and self.keeps_operands and start.parameters == ["self"]
            inputs = [given[name] for name in self.parameters if is_gradient(given.get(name))] if alone else []
            self.call(
                run,
                Bound(start, me),
                tuple([self.holder(run, Scope(), "", one) for one in inputs]),
                {
                    name: self.features(run, given[name]) if name in self.counted_too else sizes(given[name])
                    for name in made
                    if name in given and name not in self.own
                }
                | {name: given[its] for name, its in self.parents.items() if its in given}
                | {name: self.drawing[name] for name in made if name in self.drawing},
            )
        forward = cls.find(self.pair.forward.name) if self.pair.forward is not None else None
        taken = {*made, *(forward.parameters if isinstance(forward, Function) else ())} - self.own
        named = {one for method, _ in self.readiness[2].values() for one in parameter_names(method)}
        self.set_attributes(run, me, {name: one for name, one in given.items() if name not in taken | self.own})
        self.make_ready(run, me, given)
        again = {name: one for name, one in given.items() if name in self.own or name not in named | taken}
        self.set_attributes(run, me, again)  # which making ready has made anew
        parts = objects_in(me)
        for part in parts.values():
            part.names.update({one: True for one in untrained(part) if one not in given})
        self.handed = []
        asked = set().union(*[attributes(one, ast.Load) for one in self.backs()])
        me.names.update(
            {name: self.idle(self.handed) for name in asked if OPTIMIZER.search(name) and me.names.get(name, 0) is None}
        )
        self.of_batch = {name: one for name, one in me.names.items() if type(one) is int and BATCH.fullmatch(name)}
        self.made_of = {
            whose + name: fresh(value)
            for whose, part in dotted(parts)
            for name, value in part.names.items()
            if is_differentiable(value)
        }
        for name, entry in weights_inside(parts, given).items():
            if name in given and np.shape(given[name]) != np.shape(entry.value):
                raise Problem("shape", f"{name} has the shape {np.shape(entry.value)}, not {np.shape(given[name])}")
            if name in given:
                run.put_item(entry.value, Ellipsis, given[name])
            self.made_of[name] = fresh(entry.value)
        shared = {id(one) for part in parts.values() for one in part.names.values() if part is not me}
        for kept_in in [value for name in PARAMETERS if isinstance(value := me.names.get(name), dict)]:
            for key in [one for one, value in kept_in.items() if is_differentiable(value) and id(value) not in shared]:
                kept_in[key] = given[key] if key in given and key not in taken else kept_in[key]
                self.made_of.setdefault(str(key), fresh(kept_in[key]))
        return me

    def features(self, run: Interpreter, value: Any) -> Any:
        """How many features an input has, in its last axis."""
        return run.get_item(run.attribute(value, "shape"), -1) if np.ndim(value) or self.fills(value) else value

    def set_attributes(self, run: Interpreter, me: Object, given: dict[str, Any]) -> None:
        """Set what is given in an object, and those that it holds, where it is called so: a weight, or a property."""
        parts = objects_in(me)
        for name, value in given.items():
            whose, _, attribute = name.rpartition(".")
            own = me.cls.find(name)  # of a property, what it would be found to be
            if (own is None or getattr(own, "kind", "") == "property") and whose in parts:
                value = sizes(value) if SIZES.search(attribute) else value
                if getattr(own, "setter", None) is not None:
                    self.call(run, Bound(own.setter, parts[whose]), (value,), {})
                else:
                    parts[whose].names[attribute] = value

    @cached_property
    def made_anew(self) -> set[str]:
        """The attributes that a forward pass of an object sets itself: these are no weights."""
        forward, methods = self.pair.forward, self.methods()
        return set().union(*[set_anew(one) for one in reached(forward, methods)]) if forward and methods else set()

    @cached_property
    def computed(self) -> set[str]:
        """The attributes that the forward pass sets before it reads them: what its object begins with is not used."""
        forward, methods = self.pair.forward, self.methods()
        called = reached(forward, methods)[1:] if forward and methods else []
        return set_first(forward).difference(*[attributes(one, ast.Load) for one in called]) if forward else set()

    @cached_property
    def readiness(self) -> tuple[set[str], set[str], dict[str, tuple[ast.FunctionDef, set[str]]]]:
        """What the forward pass reads of its object; what of that it does not set itself; and the methods of the class,
        each with what it fills."""
        methods = self.code.classes().get(self.pair.name, {})
        called = [] if self.pair.forward is None else reached(self.pair.forward, methods)
        own = set().union(*[attributes(one, ast.Load) for one in called])
        made = set().union(*[set_anew(one) for one in called]).difference(*map(read_first, called[:1]))
        return own, own - made, {name: (one, filled_by(one)) for name, one in methods.items()}

    def make_ready(self, run: Interpreter, me: Object, given: dict[str, Any]) -> None:
        """Call the methods that set what the forward pass needs and the constructor left out, as a framework does."""
        forward, (own, wanted, filling) = self.pair.forward, self.readiness
        if forward is None or not isinstance(me.cls.find(forward.name), Function):
            return
        needed = {name for name in wanted if is_empty(me.names.get(name)) and me.cls.find(name) is None}
        first = next((given[name] for name in parameter_names(forward)[1:2] if is_gradient(given.get(name))), None)
        helping = set().union(*[attributes(one, ast.Load) for one, _ in filling.values() if one.name != "__init__"])
        begun = set().union(*[attributes(one, ast.Load) for one in self.constructors()])
        for name, (method, filled) in sorted(filling.items(), key=lambda one: one[0] in helping):
            taken = required_names(method)[1:]  # of a shape alone a framework has parts filled, whatever they hold
            parts = fills_parts(method) if taken and all(map(SHAPE.fullmatch, taken)) and name not in begun else set()
            if not (needed & filled or own & parts):
                continue
            known = {
                **{
                    one: np.shape(first) if first is not None else ()
                    for one in required_names(method)
                    if SHAPE.fullmatch(one)
                },
                **given,
            }
            free = [one for one in required_names(method)[1:] if one not in known and not OPTIMIZER.match(one)]
            if free or name in own or name.startswith("__"):
                continue
            found = me.cls.find(name)
            if method in (forward, self.pair.backward) or not isinstance(found, Function) or found.kind != "plain":
                continue
            taken = [one for one in parameter_names(method)[1:] if one in known or one in required_names(method)]
            given_to_it: dict[str, Any] = {
                one: as_taken(one, known[one]) if one in known else self.idle([]) for one in taken
            }
            rows = {one: value[1:] for one, value in given_to_it.items() if SHAPE.fullmatch(one) and one not in given}
            shapes = name, str({one: np.shape(value) for one, value in given_to_it.items()})
            if shapes in self.trained_so:
                me.names.update(fresh(self.trained_so[shapes]))
                continue
            try:
                self.call(run, Bound(found, me), (), given_to_it)
            except Problem:  # it may want the shape of one row of a batch
                if not any(rows.values()):
                    raise
                run.frames.clear()
                self.call(run, Bound(found, me), (), {**given_to_it, **rows})
            if forward in reached(method, {key: one for key, (one, _) in filling.items()}):
                made = {one: me.names[one] for one in filled if is_differentiable(me.names.get(one))}
                self.trained_so[shapes] = fresh(made)
            needed = {one for one in needed if is_empty(me.names.get(one))}

    @contextmanager
    def unset(self, me: Object | None) -> Iterator[None]:
        """Say of what goes wrong with None which attributes are None still, that a method sets which nobody calls: it
        is no mistake of a pass, and they can be given."""
        try:
            yield
        except Problem as problem:
            methods = self.code.classes().get(self.pair.name, {}) if self.pair.of_object and me is not None else {}
            passes = [one for one in (self.pair.forward, self.pair.backward) if one is not None]
            unset = re.search(r"\bNone(Type)?\b|has no \.\w", problem.message)
            called = [one for start in passes for one in reached(start, methods)] if unset else []
            own = set().union(*[attributes(one, ast.Load) for one in called])
            made = set().union(*[set_anew(one) for one in called])
            others = [(name, one) for name, one in methods.items() if one not in called and name != "__init__"]
            held = me.names if me is not None else {}
            here = (problem.text or "").split("\n")[(problem.line or 1) - 1]  # what stands there comes first
            for name in sorted(own, key=lambda name: (f"self.{name}" not in here, name)):
                setter = [one for _, one in others if name in attributes(one, ast.Store)]
                absent = name not in held and problem.message.endswith(f" .{name}")
                if setter and (absent or (name not in made and held.get(name, 0) is None)):
                    free = [one for one in required_names(setter[0])[1:] if one not in self.given]
                    plain = not free or name in free
                    one, value = (name, '{"KEY": …}') if plain else (free[0], taken_by(setter[0], free[0]))
                    self.lacks = {} if plain else {one: value}
                    given = either(f"--{one} '{value}'", f"{one}={value}")
                    state = "is not there" if absent else "is None"
                    hint = f"{name} {state}: {setter[0].name}() sets it, and nobody calls that; give it, like {given}"
                    told = Problem("variable", problem.message, text=problem.text, spans=problem.spans, hint=hint)
                    told.source = problem.source
                    raise told from None
            raise

    def idle(self, handed: list[dict[str, Any]]) -> Object:
        """What stands for an optimizer that nobody gives: it moves nothing, whatever is called of it, and keeps the
        dictionaries that it gets."""
        made = Object(Class("optimizer", (), {}))
        nodes = [node.func for method in (*self.methods().values(), *self.backs()) for node in ast.walk(method)
                 if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]  # fmt: skip

        def update(weights: Any, *others: Any, **named: Any) -> Any:
            handed.extend([one for one in (*others, *named.values()) if isinstance(one, dict)])
            return weights

        made.names.update(dict.fromkeys(["update", "step", *[one.attr for one in nodes]], Builtin("update", update)))
        return made

    def of_text(self, run: Interpreter, scope: Scope, name: str) -> Any:
        """What a name of the text means: a function, or one that stands in a class that needs no object."""
        own = self.of_text(run, scope, self.pair.owner).find(name) if self.pair.owner not in ("", name) else None
        if own is not None:
            return own
        return self.call(run, run.lookup, (name, scope, None), {})

    def call(self, run: Interpreter, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A call from outside: what goes wrong before the first statement has no place of its own."""

        try:
            if not isinstance(function, MethodType):
                return run.call(function, arguments, keywords)
            return function(*arguments)
        except Refusal as refusal:
            raise Problem(refusal.kind, refusal.message, hint=refusal.hint) from None


def as_taken(name: str, value: Any) -> Any:
    """A value as a method takes it: whole numbers in an array are labels, unless it is called a shape or a size."""
    return value if np.ndim(value) and not (SHAPE.fullmatch(name) or SIZES.search(name)) else sizes(value)


def as_wrapped(
    function: Any, tree: ast.FunctionDef, first: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a function by name; in place of one that a decorator has put a function of its own, in order, as
    far as they are given: that one has names of its own."""
    inner = function.function if isinstance(function, Bound) else function
    if first or not isinstance(inner, Function) or inner.tree is tree or tree.args.kwonlyargs:
        return first, keywords
    names = [name for name in parameter_names(tree) if name in keywords or name not in ("self", "cls")]
    count = next((place for place, name in enumerate(names) if name not in keywords), len(names))
    return tuple([keywords[name] for name in names[:count]]), {
        name: one for name, one in keywords.items() if name not in names[:count]
    }


def untrained(part: Object) -> list[str]:
    """What says of an object that it is not trained, an attribute of its own or of its class."""
    names = [name for name in {*part.names, *part.cls.every()} if TRAINS.fullmatch(name)]
    return [name for name in names if part.names.get(name, part.cls.find(name)) is False]


def is_empty(value: Any) -> bool:
    """Whether an attribute has no value yet, or is a dictionary that has none."""
    return value is None or (isinstance(value, dict) and bool(value) and all(one is None for one in value.values()))


def taken_by(setter: ast.FunctionDef, name: str) -> str:
    """An example of what a method that sets attributes takes: a shape, or what its text tells."""
    return "[3,4]" if SHAPE.fullmatch(name) else Examples([setter]).of(name)
