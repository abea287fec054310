"""A hand-written pass, run: arguments bound by name, forward, backward, and the gradients that come out."""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import MethodType
from typing import Any, NamedTuple, Protocol

import numpy as np

from backprop.errors import Problem, enumerated, nearest
from backprop.errors.spelling import either
from backprop.python.arrays import Tensor, fresh, is_number
from backprop.python.frames import Source
from backprop.python.gradients import Path, bases, by_key, by_position, entries_of, is_gradient, owner, place_of
from backprop.python.interpret import ERRORS, Interpreter, Observer, Return, context
from backprop.python.libraries import as_tensor
from backprop.python.meter import Meter, Refusal
from backprop.python.pairs import Pair, all_pairs, attributes, backward_call, held, is_cost, leading, returns
from backprop.python.scope import Bound, Class, Function, Object, Scope
from backprop.python.source import Code, Part, names_set, names_used, uses_torch
from backprop.python.tape import Tape

UPSTREAM_LIKE = re.compile(r"(d|grad|g_|delta|up|error|err)|\w+_grad(ient)?$")
EPSILON = re.compile(r"eps|tiny|small", re.IGNORECASE)
PARAMETERS = ("params", "parameters", "weights")  # where an object may keep its weights under names
DATA = ("data", "value", "val", "v", "item", "x", "n")  # where an object may hold its number, and its gradient
OUTPUTS = ("output", "out", "outputs", "y", "a", "result")  # where a forward pass may leave what it does not return
MOST_PARTS = 200  # of a list or a dictionary, in which objects are looked for
GRADIENTS = ("grad", "gradient", "g", "d", "adjoint", "derivative")
DRAWN = frozenset(["randn", "rand", "randn_like", "rand_like", "normal", "uniform", "random", "standard_normal"])
MAKING = DRAWN | {"array", "tensor", "asarray", "zeros", "ones", "full", "linspace"}
SUPPOSED = DRAWN | {"ones", "ones_like", "full_like"}  # by which a script supposes a gradient from above
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
Instead = dict[ast.stmt, list[ast.stmt]]


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
            return [one for one in self.results if is_gradient(one)][:count]
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


class Outcome(NamedTuple):
    """What a pass came to: the outputs, and the gradients by their inputs."""

    outputs: list[Any]
    gradients: dict[Path, Any]
    by: str  # "position", "key", "attribute", "name" or "both" (beside the loss)
    wrote: list[str]  # what of the caller's the backward pass wrote into


class Recorder(Protocol):
    """What is told of a run from its start: its arguments, every statement, and where the backward pass begins."""

    def starts(self, run: Interpreter, arguments: dict[str, Any]) -> None: ...

    def came_out(self, outputs: list[Any]) -> None: ...

    def turns(self, run: Interpreter, above: list[Any]) -> None: ...


class Runner:
    """Runs one pair at any point. Every run starts anew, from copies of its arguments."""

    def __init__(self, code: Code, pair: Pair, given: dict[str, Any], seed: int = 0, seconds: float = 20.0) -> None:
        self.code, self.pair, self.seed, self.seconds = code, pair, seed, seconds
        texts = [part.tree for part in code.parts]
        self.torch = pair.kind == "autograd" or uses_torch([*self.trees(), *self.backs()], texts)
        given = {**self.literals(), **given} if pair.forward is None and pair.split else given
        self.parameters = self.named_inputs(given)
        self.given = {name: given[name] for name in self.parameters if name in given}
        self.owners = [
            one for part in code.parts for one in part.tree.body
            if isinstance(one, DEFINITIONS) and one.name == pair.name
        ]  # fmt: skip
        self.made_of: dict[str, Any] = {}  # the fractions that the object has from its start
        self.learned: dict[str, Any] = {}  # of these, what the backward pass left a gradient of
        self.whole_quotients = self.source().old  # `/` of whole numbers is whole, as in Python 2
        self.drew = False
        self.above = 1  # how many gradients the backward pass takes from above, known when the forward pass was run
        self.instead_of_above = False  # the first parameter of the backward pass is the first input, and no gradient
        self.steps = 0
        backs = self.backs()
        self.held, self.held_above = held(backs) if self.torch else ("", False)
        methods = self.code.classes().get(pair.name, {}) if pair.kind == "class" else {}
        self.outer: ast.FunctionDef | None = methods.get("__call__")  # if it sets what the backward pass reads
        if self.outer is not None and pair.forward is not self.outer and pair.forward is not None:
            made = attributes(self.outer, ast.Store) - attributes(pair.forward, ast.Store)
            if not made & set().union(*[attributes(one, ast.Load) for one in backs]):
                self.outer = None

    def backs(self) -> list[ast.FunctionDef]:
        """The backward pass of a function or an object, and the methods that it calls."""
        back = self.pair.backward
        if back is None or self.pair.kind not in ("functions", "class"):
            return []
        methods = self.code.classes().get(self.pair.name, {}) if self.pair.kind == "class" else {}
        return [back, *[methods[name] for name in sorted(attributes(back, ast.Load)) if name in methods]]

    def trees(self) -> list[Any]:
        """What belongs to the pair."""
        if self.pair.forward is None:
            return [part.tree for part in self.code.parts]
        return [one for one in (self.pair.forward, self.pair.backward) if one is not None]

    def loaded(self, run: Interpreter) -> Scope:
        """What the texts define, and the pass uses."""
        if self.pair.forward is None:
            return self.code.loaded(run)
        return self.code.loaded(run, [one for one in (*self.trees(), self.pair.setup, *self.owners) if one is not None])

    def source(self) -> Source:
        """The text that the forward pass stands in."""
        for part in self.code.parts if self.pair.forward is not None else ():
            if any(self.pair.forward in (one, *getattr(one, "body", ())) for one in part.tree.body):
                return part.source
        return self.code.parts[-1].source

    # ── what it is given ──

    def literals(self) -> dict[str, Any]:
        """The inputs that statements themselves set to plain numbers: `x = 3`, `x = Value(3)`; in a script to arrays of
        them and to random ones, too, if something is called their gradient: `W = np.random.randn(5, 10)`, `dW = …`."""
        found: dict[str, Any] = {}
        wanted = self.with_gradients() if self.pair.kind == "script" else set()
        run = Interpreter(Meter(self.seconds), self.seed)
        scope = self.code.loaded(run) if self.pair.kind == "script" else Scope()
        for statement in self.code.parts[-1].tree.body[: self.pair.split]:
            if self.pair.kind == "script" and (is_sizes(statement) or is_seed(statement)):
                with suppress(Problem, Refusal, *ERRORS):
                    run.body([statement], scope)
            if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
                continue
            name, value = statement.targets[0].id, statement.value
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
                scope.names[name] = found[name]
        return {name: value for name, value in found.items() if is_gradient(value)}

    def with_gradients(self) -> set[str]:
        """The names that a script sets once, and of which it later sets what is called their gradient."""
        body = self.code.parts[-1].tree.body
        set_once = Counter(name for one in body for name in names_set(one))
        gradients = {base for one in body[self.pair.split :] for name in names_set(one) for base in bases(name)}
        return {name for name in gradients if set_once[name] == 1}

    def named_inputs(self, given: dict[str, Any]) -> list[str]:
        """The inputs of the pair by their names, the parameters of the forward pass first."""
        pair = self.pair
        if pair.forward is None:
            read = {node.id for part in self.code.parts for node in ast.walk(part.tree) if isinstance(node, ast.Name)}
            return [name for name in given if name in read]
        names = parameter_names(pair.forward)[pair.skip :]
        if pair.of_object:
            methods = self.code.classes()[pair.name]
            made = parameter_names(methods["__init__"])[1:] if "__init__" in methods else []
            read = {
                node.attr
                for method in methods.values()
                for node in ast.walk(method)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
            }
            names += [name for name in made if name not in names]
            names += [name for name in given if name in read and name not in names]
        if pair.backward is not None and pair.kind in ("functions", "class"):
            names += [name for name in parameter_names(pair.backward) if name in given and name not in names]
        return names

    def without_small(self, small: float, guards: bool = False) -> tuple[Runner | None, dict[str, Any]]:
        """The same pass without the small numbers of its forward pass, and the inputs that are such, as 0; or without
        the `guards` in both passes: what is added, and what is called an epsilon."""
        zeros = {name: 0.0 for name, value in self.given.items() if isinstance(value, float) and 0 < value <= small}
        forward = self.pair.forward
        if forward is None:
            return None, {}
        back = self.pair.backward if self.pair.backward is not forward else None
        kept = {id(node) for node in ast.walk(back)} if back is not None and not guards else set()
        parts, changed = [], bool(zeros)
        for part in self.code.parts:
            tree = copy.deepcopy(part.tree)
            guarding = {id(one) for node in ast.walk(tree) for one in guards_in(node)} if guards else None
            for old, new in zip(ast.walk(part.tree), ast.walk(tree), strict=True):
                value = getattr(new, "value", None) if isinstance(new, ast.Constant) else None
                counts = id(old) not in kept and (guarding is None or id(new) in guarding)
                if isinstance(value, float) and 0 < value <= small and counts:
                    new.value, changed = 0.0, True  # type: ignore[attr-defined]
            parts.append(part._replace(tree=tree))
        if not changed:
            return None, {}
        code = self.code.of(parts)
        found = [one for one in all_pairs(code) if one.name == self.pair.name and one.kind == self.pair.kind]
        if not found:
            return None, {}
        runner = Runner(code, found[0], {**self.given, **zeros}, self.seed, self.seconds)
        runner.instead_of_above = self.instead_of_above
        return runner, zeros

    def missing(self) -> list[str]:
        """The parameters of the forward pass that have no value."""
        pair = self.pair
        if pair.forward is None:
            return []
        functions = [(pair.forward, pair.skip)]
        if pair.of_object and "__init__" in self.code.classes()[pair.name]:
            functions.append((self.code.classes()[pair.name]["__init__"], 1))
        needed = [name for one, skip in functions for name in required_names(one)[skip:]]
        return [name for name in needed if name not in self.given]

    def parameters_of_rows(self, columns: list[str]) -> list[str]:
        """The parameters that rows of a table give: those that need a value, and those that are columns."""
        needed = self.missing()
        return [name for name in self.parameters if name in needed or name in columns]

    # ── runs ──

    def interpreter(self, seconds: float | None = None) -> Interpreter:
        run = Interpreter(Meter(self.seconds if seconds is None else seconds), self.seed)
        run.whole_quotients = self.whole_quotients
        return run

    def outputs(self, given: dict[str, Any]) -> list[Any]:
        """The outputs of the forward pass alone."""
        try:
            run, found = self.forward_alone(given)
        except Problem as problem:
            if self.whole_quotients or "cannot be interpreted as an integer" not in problem.message:
                raise
            self.whole_quotients = True  # it may be Python 2, where / of whole numbers is whole
            try:
                run, found = self.forward_alone(given)
            except Problem:
                self.whole_quotients = False
                raise problem from None
        self.drew = self.drew or run.libraries.drew
        self.steps = run.meter.steps
        return found

    def forward_alone(self, given: dict[str, Any]) -> tuple[Interpreter, list[Any]]:
        run = self.interpreter()
        with np.errstate(all="ignore"):
            return run, self.forward(run, self.loaded(run), self.prepared(given)).outputs

    def swept(self, given: dict[str, Any], tape: Tape, paths: list[Path], inputs: dict[Path, Any]) -> list[Any]:
        """The outputs of the forward pass, with a tape of it. `inputs` gets the numbers of the inputs on it."""
        run = self.interpreter()
        with np.errstate(all="ignore"):
            scope = self.loaded(run)
            arguments = self.prepared(given)
            run.libraries.tape = tape
            for path in paths:
                holder, key = place_of(arguments, path)
                inputs[path] = tape.leaf(holder[key])
            return self.forward(run, scope, arguments).outputs

    def prepared(self, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments in memory of their own, as tensors for torch."""
        copied: dict[str, Any] = fresh(given)
        return {name: as_tensor(value) for name, value in copied.items()} if self.torch else copied

    def run(
        self, given: dict[str, Any], upstream: list[Any], instead: Instead | None = None,
        observer: Observer | None = None, seconds: float | None = None, recorder: Recorder | None = None,
    ) -> Outcome:  # fmt: skip
        """Forward and backward. `instead` and `observer` are about the backward pass alone."""
        run = self.interpreter(seconds)
        with np.errstate(all="ignore"):
            scope = self.loaded(run)
            arguments = self.prepared(given)
            if recorder is not None:
                recorder.starts(run, arguments)
            if self.pair.of_one:
                run.instead, run.observer = instead or {}, observer or run.observer
                run.libraries.random_allowed = self.pair.of_object
                forward = self.forward(run, scope, arguments)
                if recorder is not None:
                    recorder.came_out(forward.outputs)
                return self.split(forward, arguments)
            forward = self.forward(run, scope, arguments)
            if recorder is not None:
                recorder.came_out(forward.outputs)
            run.instead, run.observer = instead or {}, observer
            run.libraries.random_allowed = False
            above = [as_tensor(one) if self.torch else one for one in fresh(upstream)]
            if len(above) < len(forward.outputs):
                above += [np.ones(np.shape(one)) for one in forward.outputs[len(above) :]]
            if recorder is not None:
                recorder.turns(run, above)
            return self.backward(run, scope, arguments, forward, above, upstream)

    def split(self, forward: Forward, arguments: dict[str, Any]) -> Outcome:
        """One function's loss and gradients."""
        rest = [(one, name) for one, name in zip(forward.results, forward.names, strict=True)]
        rest = [one for one in rest if one[0] is not forward.outputs[0]]
        found: dict[Path, Any] = {}
        for value, _ in rest:
            if isinstance(value, dict):
                found.update(by_key(value, self.paths(arguments), exact=True))
                own = {str(key): self.made_of[str(key)] for key in value if str(key) in self.made_of}
                self.learned.update({key: weights for key, weights in own.items() if key not in arguments})
        rest = [one for one in rest if not isinstance(one[0], dict)]
        for path, value in self.positional([value for value, _ in rest], [name for _, name in rest], arguments).items():
            found.setdefault(path, value)
        return Outcome(forward.outputs, found, "both", [])

    # ── forward ──

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
        first: tuple[Any, ...] = (me,) if pair.kind == "autograd" and pair.setup is None else ()
        if self.outer is not None and self.outer.args.vararg is not None:
            first, keywords = tuple(keywords.values()), {}
        returned = self.call(run, function, first, keywords)
        if pair.setup is not None:
            inputs = tuple([run.scopes[pair.forward.name].names.get(name) for name in names])
            self.call(run, scope.names[pair.name].find("setup_context"), (me, inputs, returned), {})
        return self.results(run, pair.forward, returned, me)

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
            made = start.parameters[1:]
            self.call(run, Bound(start, me), (), {name: sizes(given[name]) for name in made if name in given})
        forward = cls.find(self.pair.forward.name) if self.pair.forward is not None else None
        taken = {*made, *(forward.parameters if isinstance(forward, Function) else ())}
        parts = objects_in(me)
        for name, value in given.items():
            whose, _, attribute = name.rpartition(".")
            if name not in taken and cls.find(name) is None and whose in parts:
                parts[whose].names[attribute] = value
        self.made_of = {
            whose + name: fresh(value)
            for whose, part in dotted(parts)
            for name, value in part.names.items()
            if is_differentiable(value)
        }
        for kept_in in [value for name in PARAMETERS if isinstance(value := me.names.get(name), dict)]:
            for key in [one for one, value in kept_in.items() if is_differentiable(value)]:
                kept_in[key] = given[key] if key in given and key not in taken else kept_in[key]
                self.made_of.setdefault(str(key), fresh(kept_in[key]))
        return me

    def of_text(self, run: Interpreter, scope: Scope, name: str) -> Any:
        """What a name of the text means: a function, or one that stands in a class that needs no object."""
        if self.pair.owner and name != self.pair.owner:
            return self.of_text(run, scope, self.pair.owner).find(name)
        return self.call(run, run.lookup, (name, scope, None), {})

    def call(self, run: Interpreter, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A call from outside: what goes wrong before the first statement has no place of its own."""
        from backprop.python.meter import Refusal

        try:
            if not isinstance(function, MethodType):
                return run.call(function, arguments, keywords)
            return function(*arguments)
        except Refusal as refusal:
            raise Problem(refusal.kind, refusal.message, hint=refusal.hint) from None

    def script(self, run: Interpreter, scope: Scope, given: dict[str, Any]) -> Forward:
        """The first text, statement by statement; the name that it sets last is the output."""
        part = self.code.parts[-1 if self.pair.split else -2]
        body = part.tree.body[: self.pair.split] if self.pair.split else part.tree.body
        scope.names.update(given)
        run.source = part.source
        then = tuple(self.code.parts[-1].tree.body[self.pair.split :][: 1 if self.pair.kind == "values" else None])
        self.statements(run, [self.with_value(one, given) for one in body], scope, then)
        if self.pair.kind == "values":
            return self.of_values(part, scope)
        last = last_name(body)
        if not is_gradient(scope.names.get(last)):
            raise Problem("name", "the forward pass sets no name to its output", source=part.source.name)
        value = scope.names[last]
        return Forward([value], [last], [value], scope, None, value)

    def with_value(self, statement: ast.stmt, given: dict[str, Any]) -> ast.stmt:
        """A statement that sets an input, with the value that is given: `x = 3`, or `x = Value(3)`."""
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if not isinstance(statement, ast.Assign) or not isinstance(target, ast.Name) or target.id not in given:
            return statement
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
        key = next((key for key in DATA if isinstance(out, Object) and is_gradient(out.names.get(key))), None)
        if key is None or not isinstance(out, Object):
            raise Problem("name", f"{name} holds no number in {', '.join(DATA)}", source=part.source.name)
        self.above = 0
        value = out.names[key]
        return Forward([value], [name], [value], scope, None, value)

    def statements(self, run: Interpreter, body: list[ast.stmt], scope: Scope, then: tuple[ast.stmt, ...] = ()) -> None:
        """Statements in order. One that cannot be read, and that nothing which follows needs, is left out."""
        needed = names_used([*then, ast.Name(last_name(body))], body)
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
        results = list(returned) if isinstance(returned, tuple) else [returned]
        names = returns(tree)
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
            self.above = 0 if self.instead_of_above else self.taken_from_above(results, names)
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
        outputs = [one for one in found if is_gradient(one)][: max(1, self.above)]
        if not outputs:
            raise Problem("value", f"{tree.name} returns no number and no array")
        return Forward(results, names, outputs, scope, me, returned)

    def taken_from_above(self, results: list[Any], names: list[str]) -> int:
        """How many first parameters of the backward pass are gradients from above."""
        unknown = self.unnamed(names)
        if not unknown or self.held:
            return 0
        kept = [one for one, name in zip(results[1:], names[1:], strict=True) if name not in self.back_names()]
        alone = len(results) == 1 and not is_gradient(results[0]) and not numbers_in(results[0])
        containers = sum(not is_gradient(one) for one in kept) + alone
        like = 0
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

    def unnamed(self, names: list[str]) -> list[str]:
        """The parameters of the backward pass that are neither inputs nor results by their names."""
        return [name for name in self.back_names() if name not in self.given and name not in names]

    # ── backward ──

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
        before = {} if me is None else {id(part): kept(part.names) for part in objects_in(me).values()}
        if pair.kind == "autograd":
            own = self.call(run, run.attribute, (self.of_text(run, scope, pair.name), pair.backward.name), {})
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
        else:
            back = pair.backward.name
            function = self.of_text(run, scope, back) if pair.kind == "functions" else run.attribute(me, back)
            returned = self.call(run, function, (), self.bound(forward, above, given))
            if (
                isinstance(returned, Function) and pair.kind == "functions"
            ):  # it takes the result, and gives what does it
                function = self.call(run, function, (), self.bound(forward, forward.outputs, given))
                returned = self.call(run, function, tuple(above), {})
        wrote = [
            name
            for name, now, then in zip(self.unnamed(forward.names), above, original, strict=False)
            if pair.kind != "vjp"
            and (
                np.shape(now) != np.shape(then) or not np.array_equal(np.asarray(now), np.asarray(then), equal_nan=True)
            )
        ]
        found, by = self.came_out(returned, me, before, given, pair.backward)
        for name, value in given.items():
            if self.held and isinstance(value, Tensor) and is_gradient(vars(value).get(self.held)):
                found[(name,)], by = vars(value)[self.held], "attribute"
        return Outcome(forward.outputs, found, by, wrote)

    def bound(self, forward: Forward, above: list[Any], given: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the backward pass: by name from the inputs and results, the rest in order."""
        unknown = self.unnamed(forward.names)
        count = self.taken_from_above(forward.results, forward.names)
        if self.instead_of_above and unknown:  # what is called a gradient from above is the first input
            given = {**given, unknown[0]: given[self.parameters[0]]}
            unknown, count, above = unknown[1:], 0, []
        bound: dict[str, Any] = dict(zip(unknown[:count], above, strict=False))
        if self.held:  # it takes tensors that hold their gradients: the result, and inputs under other names
            rest = [name for name in self.parameters if name in given and name not in self.back_names()]
            bound = {name: forward.outputs[0] for name in unknown if name in (*OUTPUTS, "res")}
            bound.update(
                zip([name for name in unknown if name not in bound], [given[one] for one in rest], strict=False)
            )
            unknown = [name for name in unknown if name not in bound]
        results = dict(zip(forward.names, forward.results, strict=True))
        for name in self.back_names():
            if name in results and name not in bound:
                bound[name] = results[name]
            elif name in given and name not in bound:
                bound[name] = given[name]
        rest = unknown[count:]
        free = [
            one
            for one, name in zip(
                forward.results[len(forward.outputs) :], forward.names[len(forward.outputs) :], strict=True
            )
            if name not in bound
        ]
        for name in list(rest):
            if len(rest) > len(free) and name in forward.scope.names:
                bound[name] = forward.scope.names[name]
                rest.remove(name)
        if len(rest) == 1 and len(free) != 1 and isinstance(forward.returned, tuple) and len(free) > 1:
            free = [tuple(free)]
        for name, value in zip(rest, free, strict=False):
            bound[name] = value
        used = names_read(self.pair.backward)
        bound.update({name: None for name in self.back_names() if name not in bound and name not in used})
        unbound = [name for name in self.back_names() if name not in bound]
        if unbound:
            where = self.pair.backward.name if self.pair.backward is not None else "the backward pass"
            hint = f"give it {either('with --vars', 'as an argument')}, or name it as the forward pass does"
            raise Problem("variable", f"nothing says what {enumerated(unbound)} of {where} is", hint=hint)
        return bound

    def script_backward(self, run: Interpreter, forward: Forward, above: list[Any], given: dict[str, Any]) -> Outcome:
        """The second text, with what the first one left."""
        part = self.code.parts[-1]
        scope = forward.scope
        before = set(scope.names)
        run.source = part.source
        if self.pair.kind == "values":
            self.statements(run, part.tree.body[self.pair.split : self.pair.split + 1], scope)
            return Outcome(forward.outputs, self.of_objects(scope, given), "name", [])
        name = f"d{forward.names[0]}"
        scope.names.setdefault(name, above[0])
        body = [one for one in part.tree.body[self.pair.split :] if not supposes(one, name)]
        self.statements(run, body, scope)
        made = {name: as_gradient(value) for name, value in scope.names.items() if name not in before}
        return Outcome(forward.outputs, by_key(made, self.paths(given), exact=False), "name", [])

    def of_objects(self, scope: Scope, given: dict[str, Any]) -> dict[Path, Any]:
        """The gradients that the objects of the inputs hold."""
        found: dict[Path, Any] = {}
        for name in given:
            holder = scope.names.get(name)
            held = holder.names if isinstance(holder, Object) else {}
            gradient = next((held[key] for key in GRADIENTS if is_gradient(held.get(key))), None)
            if gradient is not None:
                found[(name,)] = gradient
        return found

    def came_out(
        self, returned: Any, me: Object | None, before: dict[int, dict[str, Any]], given: dict[str, Any],
        tree: ast.FunctionDef,
    ) -> tuple[dict[Path, Any], str]:  # fmt: skip
        """The gradients of a backward pass: what it returns, and what it leaves in attributes. `before` has the
        attributes of the object, and of those that it holds, as the forward pass left them."""
        found: dict[Path, Any] = {}
        by = "position"
        own = me if self.pair.kind == "class" else None
        if own is not None:
            attributes = by_key(changed(own, before), self.paths(given), exact=False)
            found_in_parts = self.kept_gradients(own, before)
            self.learned = {path[0]: self.made_of[path[0]] for path in found_in_parts if path[0] not in given}
            attributes = {**found_in_parts, **attributes}
            for name in ("grads", "grad", "gradients"):
                attributes.update(self.of_container(own.names.get(name), own, given))
            found.update(attributes)
            by = "attribute" if attributes else by
            first = self.parameters[0] if self.parameters else ""
            if returned is None and (first,) not in found and is_differentiable(given.get(first)):
                of_input = self.of_input(own.names, before[id(own)], np.shape(given[first]))
                found.update({} if of_input is None else {(first,): of_input})
        if isinstance(returned, dict):
            found.update(by_key(returned, self.paths(given), exact=True))
            return found, "key"
        single = not isinstance(returned, tuple | list)
        if numbers_in(returned):  # a list of numbers may be the gradient of a list
            shapes = [np.shape(at_path(given, path)) for path in self.paths(given)]
            single = shapes[:1] == [np.shape(returned)]
        values = list(map(as_gradient, [returned] if single else returned))
        if any(isinstance(one, dict) for one in values):
            for one in values:
                if isinstance(one, dict):
                    found.update(by_key(one, self.paths(given), exact=True))
            values = [one for one in values if not isinstance(one, dict)]
            by = "key"
        if values and not (len(values) == 1 and values[0] is None):
            names = returns(tree)
            for path, value in self.positional(values, names if len(names) == len(values) else [], given).items():
                whose = given.get(path[0])
                if path not in found or (is_differentiable(whose) and np.shape(found[path]) != np.shape(whose)):  # type: ignore[arg-type]
                    found[path] = value
        if own is not None:  # what was made before the backward pass, only where nothing else tells
            before_it = {name: value for name, value in own.names.items() if isinstance(value, np.ndarray)}
            found = {**by_key(before_it, self.paths(given), exact=False), **found}
        return found, by

    def kept_gradients(self, own: Object, before: dict[int, dict[str, Any]]) -> dict[Path, Any]:
        """The gradients that an object keeps of the weights that it made itself, and those that its parts keep."""
        found: dict[Path, Any] = {}
        for whose, part in dotted(objects_in(own)):
            weights = {name: self.made_of[whose + name] for name in part.names if whose + name in self.made_of}
            for path, gradient in by_key(changed(part, before), [(name,) for name in weights], exact=False).items():
                if np.shape(gradient) == np.shape(weights[path[0]]):
                    found[(whose + path[0],)] = gradient
        return found

    def of_input(self, now: dict[str, Any], before: dict[str, Any], shape: tuple[int, ...]) -> Any:
        """The gradient of the first input where a backward pass returns nothing: an attribute that it set."""
        for name in sorted(now, key=lambda one: one not in ("dinputs", "dinput", "dx", "dX", "grad_input")):
            value = now[name]
            if (
                isinstance(value, np.ndarray)
                and not same(before.get(name), value)
                and bases(name)
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
        differentiable: list[Path] = [path for path in paths if has_gradient(given.get(path[0]))]
        numbers = [path for path in differentiable if is_number(given[path[0]])]
        if self.pair.kind in ("autograd", "vjp"):
            matched = dict(zip(paths, values, strict=False))
            if self.of_torch():
                matched = {path: summed_to(value, given.get(path[0])) for path, value in matched.items()}
        else:
            every = [*paths, *[path for path in self.paths(given) if path not in paths]]
            whole = [one for one in values if one is not None]
            if any(owner(name, every) not in (*paths, None) for name in names) and len(whole) != len(paths):
                paths = every
                differentiable = [path for path in every if is_differentiable(at_path(given, path))]
            shapes = {path: np.shape(one) for path in differentiable if is_gradient(one := at_path(given, path))}
            matched = by_position(values, names, paths, differentiable, numbers, shapes)
        return entries_of(matched)

    def of_torch(self) -> bool:
        """Whether the pass is a Function of torch's, and none of the user's own."""
        bases = [one for owner in self.owners if isinstance(owner, ast.ClassDef) for one in owner.bases]
        known = self.code.classes()
        return any(ast.unparse(one) not in known and ast.unparse(one).endswith("Function") for one in bases)

    def of_container(self, grads: Any, me: Object, given: dict[str, Any]) -> dict[Path, Any]:
        """`self.grads`, a dictionary by keys, or a list beside `self.params`."""
        if isinstance(grads, dict):
            return by_key(grads, self.paths(given), exact=True)
        params = me.names.get("params")
        if not isinstance(grads, list) or not isinstance(params, list) or len(grads) != len(params):
            return {}
        found: dict[Path, Any] = {}
        for one, gradient in zip(params, grads, strict=True):
            whose = next((name for name, value in given.items() if value is one), None)
            if whose is not None and is_gradient(gradient):
                found[(whose,)] = gradient
        return found

    def paths(self, given: dict[str, Any]) -> list[Path]:
        """All that may have a gradient: arrays and numbers among the arguments and in dictionaries, arrays in lists."""
        found: list[Path] = []
        for name, value in given.items():
            if isinstance(value, dict):
                found += [(name, str(key)) for key, one in value.items() if is_differentiable(one)]
            elif is_list_of_arrays(value):
                found += [(name, str(place)) for place in range(len(value))]
            elif is_differentiable(value):
                found.append((name,))
        return found


def at_path(given: dict[str, Any], path: Path) -> Any:
    """The value of an input, or of an entry of one."""
    value = given.get(path[0])
    if len(path) == 1 or not isinstance(value, dict | list):
        return value
    return value[int(path[1])] if isinstance(value, list) else value.get(path[1])


def guards_in(node: ast.AST) -> list[ast.expr]:
    """The numbers that a node adds to something, or calls an epsilon: they keep a quotient from 0."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return [node.left, node.right]
    names = [one.id for one in node.targets if isinstance(one, ast.Name)] if isinstance(node, ast.Assign) else []
    return [node.value] if isinstance(node, ast.Assign) and any(map(EPSILON.search, names)) else []


def objects_in(me: Object) -> dict[str, Object]:
    """An object under the name "", and those that it holds in attributes, lists and dictionaries: `layers[0].first`."""
    found: dict[str, Object] = {}
    pending: list[tuple[str, Any]] = [("", me)]
    seen = set()
    while pending:
        whose, holder = pending.pop(0)
        if id(holder) in seen or not isinstance(holder, Object | list | tuple | dict):
            continue
        seen.add(id(holder))
        if isinstance(holder, Object):
            found[whose] = holder
            pending += [(f"{whose}.{name}".lstrip("."), value) for name, value in holder.names.items()]
        elif len(holder) <= MOST_PARTS:
            entries = holder.items() if isinstance(holder, dict) else enumerate(holder)
            pending += [(f"{whose}[{key!r}]", value) for key, value in entries]
    return found


def sizes(value: Any) -> Any:
    """What a constructor is given: whole numbers in a row are sizes, and a list."""
    is_row = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"
    return value.tolist() if is_row else value


def dotted(parts: dict[str, Object]) -> list[tuple[str, Object]]:
    """Objects with what stands before the names of their attributes."""
    return [(f"{whose}." if whose else "", part) for whose, part in parts.items()]


def changed(part: Object, before: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The attributes of an object that are not as they were."""
    then = before.get(id(part), {})
    return {name: value for name, value in part.names.items() if not same(then.get(name), value)}


def kept(names: dict[str, Any]) -> dict[str, Any]:
    """Attributes as they are now, with copies of arrays, which may be written to."""
    return {name: np.array(value) if isinstance(value, np.ndarray) else value for name, value in names.items()}


def same(before: Any, now: Any) -> bool:
    """Whether an attribute is as it was."""
    if isinstance(now, np.ndarray) and isinstance(before, np.ndarray):
        return now.shape == before.shape and now.tobytes() == before.tobytes()
    return before is now


def names_read(tree: ast.AST | None) -> set[str]:
    """The names that are read somewhere in a tree."""
    nodes = ast.walk(tree) if tree is not None else ()
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def default_of(function: ast.FunctionDef, name: str) -> Any:
    """The plain value that a parameter has where nothing is given; ... for another, and where there is none."""
    positional = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
    defaults = dict(zip(reversed(positional), reversed(function.args.defaults), strict=False))
    default = defaults.get(name)
    return default.value if isinstance(default, ast.Constant) else ...


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


def as_gradient(value: Any) -> Any:
    """A list of numbers, or of such lists, as an array."""
    return np.array(value, dtype=float) if numbers_in(value) else value


def numbers_in(value: Any) -> bool:
    """Whether a list holds numbers alone, or lists of them that are equally long: what others have arrays for."""
    if not isinstance(value, list) or not value:
        return False
    if all(isinstance(one, list) for one in value):
        return all(map(numbers_in, value)) and len(set(map(len, value))) == 1
    return all(map(is_number, value))


def last_name(body: list[ast.stmt]) -> str:
    """The name that statements set last, also inside a loop."""
    for statement in reversed(body):
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            target = statement.targets[-1] if isinstance(statement, ast.Assign) else statement.target
            found = target.id if isinstance(target, ast.Name) else ""
        else:
            found = last_name(getattr(statement, "body", [])) if not isinstance(statement, DEFINITIONS) else ""
        if found:
            return found
    return ""


def is_differentiable(value: Any) -> bool:
    """Whether a value is a fraction or an array of them."""
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind == "f")
    return is_number(value) and isinstance(value, float | np.floating)


def is_list_of_arrays(value: Any) -> bool:
    """Whether a value is a list of arrays of fractions, as of the weights of layers."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, np.ndarray) and is_differentiable(one) for one in value)
    )


def has_gradient(value: Any) -> bool:
    return is_differentiable(value) or is_list_of_arrays(value)


def is_sizes(statement: ast.stmt) -> bool:
    """Whether several names get plain numbers at once: `N, D = 6, 2`."""
    targets = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple)
    return targets and all(not isinstance(one, ast.Call) for one in ast.walk(statement))


def is_seed(statement: ast.stmt) -> bool:
    """Whether a line sets the seed. Other calls of a script may take long, and set no input."""
    return isinstance(statement, ast.Expr) and makes(statement.value, frozenset(["seed", "manual_seed"]))


def supposes(statement: ast.stmt, name: str) -> bool:
    """Whether a line makes up what a name holds: `dD = np.random.randn(*D.shape)`, "suppose we had the gradient on D".
    What is given from above stands for it."""
    if not isinstance(statement, ast.Assign) or [ast.unparse(one) for one in statement.targets] != [name]:
        return False
    return makes(statement.value, SUPPOSED)


def makes(value: ast.expr, by: frozenset[str] = MAKING) -> bool:
    """Whether an expression calls one of some functions that make arrays."""
    called = [ast.unparse(one.func) for one in ast.walk(value) if isinstance(one, ast.Call)]
    return any(one.rpartition(".")[2] in by for one in called)


def pair_takes_results(pair: Pair) -> bool:
    """Whether the backward pass has parameters for what the forward pass returned."""
    return pair.kind in ("functions", "class")


def parameter_names(function: ast.FunctionDef) -> list[str]:
    given = function.args
    return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def required_names(function: ast.FunctionDef) -> list[str]:
    """The parameters without a default."""
    given = function.args
    positional = [one.arg for one in (*given.posonlyargs, *given.args)]
    named = [one.arg for one, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None]
    return [*positional[: len(positional) - len(given.defaults)], *named]


def floated(given: dict[str, Any], works: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any], list[str]]:
    """Whole numbers as fractions where the pass can take them: what only indexes, counts or labels stays whole."""
    whole = [name for name, value in given.items() if is_whole(value)]
    everything = {name: as_float(value) if name in whole else value for name, value in given.items()}
    if not whole or works(everything):
        return everything, whole
    found, turned = dict(given), []
    for name in whole:
        tried = {**found, name: as_float(found[name])}
        if works(tried):
            found = tried
            turned.append(name)
    return found, turned


def is_whole(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return bool(value.dtype.kind in "iu")
    return isinstance(value, int) and not isinstance(value, bool)


def as_float(value: Any) -> Any:
    return value.astype(float) if isinstance(value, np.ndarray) else float(value)


def arguments_from(value: Any) -> Any:
    """A value of JSON as Python's: lists of numbers are arrays."""
    if isinstance(value, dict):
        return {str(key): arguments_from(one) for key, one in value.items()}
    if isinstance(value, list):
        try:
            array = np.array(value)
        except ValueError:
            return [arguments_from(one) for one in value]
        if array.dtype.kind in "biuf":
            return array.astype(float) if array.dtype.kind == "f" or array.size == 0 else array
        return [arguments_from(one) for one in value]
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value.replace("Infinity", "inf"))
    return value
