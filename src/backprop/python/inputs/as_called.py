"""The values that a text itself calls its passes with, where nobody gives any: its script is gone through for them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import numpy as np

from backprop.errors import Problem, enumerated
from backprop.python.inputs.given import arguments_from
from backprop.python.inputs.inputs import Inputs
from backprop.python.interpret.calls import bind
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.machine import ERRORS
from backprop.python.names import default_of
from backprop.python.pairs.pair import Pair
from backprop.python.texts.called import arguments_of, names_in
from backprop.python.texts.gradients import is_data, is_gradient
from backprop.python.texts.registered import MARK
from backprop.python.texts.source import Code
from backprop.python.values.arrays import fresh, is_number
from backprop.python.values.meter import RAISED, Meter, Refusal
from backprop.python.values.scope import Function, Library, Object

MOST = 3.0  # for what a script does before it calls a pass
SKIPPED = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)  # what is there already


Pass = TypeVar("Pass", bound=Inputs)


class Called(NamedTuple):
    """What a function is given, and in which line."""

    values: dict[str, Any]
    line: int

    def __str__(self) -> str:
        return f"{enumerated([*self.values])} {'is' if len(self.values) == 1 else 'are'} as in line {self.line}"


class AsCalled:
    """The values of the parameters of passes, as the text calls each of them first."""

    def __init__(
        self, code: Code, pairs: Sequence[Pair], seed: int, given: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self.code, self.pairs, self.seed, self.given = code, pairs, seed, given
        self.stop: Problem | None = None  # of a function that trains with passes, before it has called all of them

    def stopped(self) -> Problem | None:
        """What stops a function that trains with passes, and that no script calls, with what is given."""
        return self.stop if self.calls else None

    def completed(self, inputs: Pass, given: dict[str, Any]) -> tuple[Pass, dict[str, Any], list[str]]:
        """A pass, and what it is given, with what it lacks where the text tells it; and what there is to say."""
        own = self.of(inputs, given)
        if own is None:
            return inputs, given, []
        given = {**own.values, **given}
        return type(inputs)(inputs.code, inputs.pair, given, inputs.seed), given, [str(own)]

    def of(self, inputs: Inputs, given: dict[str, Any]) -> Called | None:
        """Values of what a pass is not given, and of settings that the text has otherwise than by default; None where
        it does not tell all that is missing, or where an array is `given` that has another shape than the text's: not
        one that the pass itself makes."""
        pair, missing = inputs.pair, inputs.missing()
        if not missing:
            return None
        whole = pair.forward or pair.inside
        forth, back = (self.calls.get(self.as_written(one), NOTHING) for one in (whole, pair.backward))
        values = {**back.values, **forth.values}
        others = self.given_inside - values.keys()  # what somebody else takes, who calls this
        if any(
            is_gradient(one) and np.ndim(one) and np.shape(one) != np.shape(values.get(name, 0))
            for name, one in given.items()
            if name not in others
        ):
            return None
        trees = [whole, *(inputs.constructors() if pair.is_made else ())]
        plain = {
            name: default for one in trees for name in forth.values if (default := default_of(one, name)) is not ...
        }
        given_there = {name: one for name, one in values.items() if name in plain and one is not None}
        absent = [name for name, one in given_there.items() if not is_default(one, plain[name])]
        wanted = dict.fromkeys([*missing, *(name for name in absent if name not in inputs.given)])
        told = values.keys() >= missing.keys()
        return Called({name: values[name] for name in wanted}, forth.line or back.line) if told else None

    def as_written(self, function: ast.FunctionDef | None) -> ast.FunctionDef | None:
        """A function as the text has it, in place of the one that has it with its rule of differentiation."""
        name = function.name if function is not None else ""
        return self.code.functions().get(name.removesuffix(MARK), function) if name.endswith(MARK) else function

    @cached_property
    def calls(self) -> dict[ast.AST | None, Called]:
        passes = [one for pair in self.pairs for one in (pair.forward, pair.inside, pair.backward)]
        wanted = {tree for one in passes if (tree := self.as_written(one)) is not None}
        trains = {pair.inside for pair in self.pairs if pair.inside is not None}
        run = Watching(Meter(most=MOST), self.seed, wanted, trains)
        with suppress(Problem, Refusal, *ERRORS, Done):
            scope = self.code.loaded(run)
            scope.names["__name__"] = "__main__"
            run.source = self.code.parts[-1].source
            scope.names.update(fresh({name: self.given[name] for name in self.given_inside}))
            training = self.training
            for statement in [*statements(self.code.parts[-1].tree.body), *training]:
                try:
                    run.body([statement], scope)
                except Problem as problem:  # what shows pictures, say, is left out; what ends the script, ends it
                    self.stop = problem if statement in training else self.stop
                    if problem.kind == RAISED or run.raised == "SystemExit":
                        break
        return run.calls

    @cached_property
    def inside(self) -> Pair | None:
        """A function that trains with passes and that no script calls."""
        return next((pair for pair in self.pairs if pair.handed and pair.inside is not None), None)

    @cached_property
    def made(self) -> list[ast.stmt]:
        """What makes the object of such a function, if it is a method."""
        body = self.inside.body[: self.inside.start] if self.inside is not None and self.inside.owner else ()
        return [one for one in body if isinstance(one, ast.Assign) and ast.unparse(one.targets[0]) == "self"]

    @property
    def training(self) -> list[ast.stmt]:
        """What makes its object, and a call of it with what is given."""
        if self.inside is None or self.inside.inside is None:
            return []
        function = self.inside.inside
        handed = ", ".join(f"{name}={name}" for name in sorted(self.given_inside & arguments_of(function)))
        call = ast.parse(f"{'self.' if self.made else ''}{function.name}({handed})").body
        return [*self.made, *[ast.copy_location(one, function) for one in call]]

    @property
    def given_inside(self) -> Set[str]:
        """What is given that such a function takes, or its object."""
        function = self.inside.inside if self.inside is not None else None
        return self.given.keys() & (arguments_of(function) | names_in(self.made)) if function is not None else set()


NOTHING = Called({}, 0)


class Done(Exception):  # no error: nothing more is to be learned
    pass


class Watching(Interpreter):
    """Notes what some functions are called with, the first time, and what their objects were made of."""

    def __init__(self, meter: Meter, seed: int, wanted: set[ast.FunctionDef], training: set[ast.FunctionDef]) -> None:
        super().__init__(meter, seed)
        self.wanted, self.training = wanted, training
        self.calls: dict[ast.AST | None, Called] = {}
        self.made: list[tuple[Object, dict[str, Any]]] = []

    def called(
        self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any],
        where_it_yields: Callable[[Any], None] | None = None,
    ) -> Any:  # fmt: skip
        me = arguments[0] if arguments and isinstance(arguments[0], Object) else None
        own = {} if me is None else next((values for one, values in self.made if one is me), {})
        if function.name == "__init__" and me is not None and not own:
            self.made.append((me, plain_values(function, arguments, keywords)))
        elif function.tree in self.wanted and function.tree not in self.calls:
            values = plain_values(function, arguments, keywords)
            self.calls[function.tree] = Called({**own, **values}, getattr(self.at, "lineno", 0))
            if self.calls.keys() >= self.wanted and function.tree in self.training:
                raise Done
        result = super().called(function, arguments, keywords, where_it_yields)
        if self.calls.keys() >= self.wanted:
            raise Done
        return result


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """What a script does, one after the other; what stands in `if __name__ == "__main__"`, too."""
    for one in body:
        if isinstance(one, ast.If) and "__name__" in names_in([one.test]):
            yield from one.body
        elif not isinstance(one, SKIPPED):
            yield one


def plain_values(function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
    """The parameters that are arrays, numbers, texts, or lists and dictionaries of these, in memory of their own; of
    labels, and in lists of dictionaries, as layers of neurons are, rows of numbers are arrays, as they are given.
    Functions are texts, as they are given, too: `np.tanh`."""
    bound = {name: named(one) for name, one in bind(function, arguments, keywords).items()}
    values = {name: fresh(one) for name, one in bound.items() if is_plain(one)}
    return {name: arguments_from(one) if is_data(name) or of_records(one) else one for name, one in values.items()}


def named(value: Any) -> Any:
    """The name of a function at the top of a text, or in NumPy; any other value as it is."""
    if isinstance(value, Library) and value.path[0] == "numpy":
        return ".".join(["np", *value.path[1:]])
    top = isinstance(value, Function) and isinstance(value.tree, ast.FunctionDef) and value.owner is None
    return value.name if top and value.kind == "plain" else value


def of_records(value: Any) -> bool:
    """Whether a list holds dictionaries, itself or in lists."""
    return isinstance(value, list) and any(isinstance(one, dict) or of_records(one) for one in value)


def is_default(value: Any, default: Any) -> bool:
    """Whether a value is what a parameter has where none is given."""
    return type(value) is type(default) and bool(value == default)


def is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(is_plain, value))
    if isinstance(value, dict):
        return all(map(is_plain, value.values()))
    return value is None or isinstance(value, str | np.ndarray) or is_number(value)
