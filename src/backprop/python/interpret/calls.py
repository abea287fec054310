# ruff: noqa: N802
"""Calls of whatever can be called."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from backprop.errors import Problem
from backprop.python.interpret.builtins import method_of_data
from backprop.python.interpret.expressions import Expressions
from backprop.python.names import MOST_KEPT
from backprop.python.spellings.composed import COMPOSED, needed
from backprop.python.spellings.numpy import NUMPY
from backprop.python.values.arrays import At, is_array
from backprop.python.values.frames import Frame, Source
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import (
    Bound,
    Builtin,
    Class,
    Function,
    Idle,
    Library,
    Made,
    Object,
    Scope,
    Super,
    Suspended,
    called,
    misfit,
)

CHOOSING = frozenset(["int", "round", "max", "min", "sorted", "bool"])  # of Python's own: which hangs on values
CODE = re.compile(r"\s*lambda\b|\w+(\.[a-zA-Z_]\w*)+$|([a-z]\w*\.)*[A-Z]\w*\(")  # of a function or an object
ENVIRONMENT = (("os", "environ", "get"), ("os", "getenv"))
ENDING = (("sys", "exit"), ("os", "_exit"), ("os", "abort"))


@cache
def as_code(text: str) -> ast.expr | None:
    """A text that is given for a function or an object: `lambda x: x**2`, `np.tanh`, `SGD(0.1)`; None of any other."""
    try:
        return ast.parse(text, mode="eval").body if CODE.match(text) else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def texts_in(value: Any) -> list[str]:
    """The texts among values, also in lists of them."""
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts_in(one)]
    return [value] if isinstance(value, str) else []


def idle(function: Idle, arguments: tuple[Any, ...]) -> Any:
    """What comes of calling something of which nothing is read."""
    if function.path in ENDING:
        raise Refusal("this ends the program", "value", raised="SystemExit")
    if function.path in ENVIRONMENT:  # in which nothing is set
        return arguments[1] if len(arguments) > 1 else None
    if function.path[:2] == ("os", "path") and function.path[-1] in ("exists", "isfile", "isdir"):
        return False  # no file is there for what is read here
    return function


class Return(Exception):  # no error: it leaves a body
    def __init__(self, value: Any) -> None:
        self.value = value


class Calls(Expressions):
    """Functions of the user's, gone through; those of libraries and of Python's own, by their tables."""

    def of_Call(self, tree: ast.Call, scope: Scope) -> Any:
        if isinstance(tree.func, ast.Name) and tree.func.id == "super":
            return self.super_of(scope)
        if isinstance(tree.func, ast.Name) and tree.func.id == "locals" and not (tree.args or tree.keywords):
            return {name: one for name, one in scope.names.items() if name != "__class__"}
        function = self.evaluate(tree.func, scope)
        arguments = tuple(self.elements(tree.args, scope))
        keywords: dict[str, Any] = {}
        for one in tree.keywords:
            value = self.evaluate(one.value, scope)
            if one.arg is None:
                keywords.update({str(key): item for key, item in value.items()})
            else:
                keywords[one.arg] = value
        self.at = tree
        return self.call(function, arguments, keywords)

    def by_text(self, library: str, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of a library that is said in Python."""
        if library not in self.composed:
            self.composed[library] = Scope()
            names = {"np": "numpy", "torch": "torch", "scipy": "scipy"}
            self.composed[library].names.update({name: Library((path,)) for name, path in names.items()})
        scope = self.composed[library]
        if name not in scope.names:
            source, at, self.source = self.source, self.at, source_of(library)
            for one, statement in needed(library, name).items():
                if one not in scope.names:
                    self.statement(statement, scope)
            self.source, self.at = source, at
        return self.call(scope.names[name], arguments, keywords)

    def super_of(self, scope: Scope) -> Super:
        """What `super()` means in a method."""
        here: Scope | None = scope
        while here is not None:
            owner = here.names.get("__class__")
            if isinstance(owner, Class):
                return Super(owner, next(iter(here.names.values())))
            here = here.parent
        raise Refusal("super() stands in no method", "name")

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call whatever can be called."""
        if isinstance(function, Function):
            if function.kind == "context":
                return Suspended(function, arguments, keywords)
            return self.called(function, arguments, keywords)
        if isinstance(function, Bound) and not isinstance(function.function, str):
            return self.call(function.function, (function.me, *arguments), keywords)
        if isinstance(function, Bound):
            return self.method(function.me, function.function, arguments, keywords)
        if isinstance(function, Idle):
            return idle(function, arguments)
        if isinstance(function, Library):
            return self.libraries.call(function.path, arguments, keywords)
        if isinstance(function, Builtin) and function.function is not None:
            return self.built_in(function.name, function.function, arguments, keywords)
        if isinstance(function, Class):
            return self.instance(function, arguments, keywords)
        if isinstance(function, Object):
            method = function.cls.find("__call__") or function.cls.find("forward")
            if method is not None:
                return self.call(Bound(method, function), arguments, keywords)
        if isinstance(function, str) and (meant := self.meant_by(function)) is not None:
            return self.call(meant, arguments, keywords)
        hint = f"nothing that is read here defines {function}" if isinstance(function, str) else ""
        raise misfit(f"{called(function)} cannot be called", function, hint=hint)

    def written(self, value: Any, scope: Scope, late: bool = False) -> Any:
        """A value that is given; a text that is code as what it means. A dot may stand in any other text; what makes an
        object may do so `late`, when all names are known."""
        if isinstance(value, list) and any(map(as_code, texts_in(value))):
            return [self.written(one, scope, late) for one in value]
        if isinstance(value, dict) and any(map(as_code, texts_in([*value.values()]))):  # as methods of an object
            return {key: self.written(one, scope, late) for key, one in value.items()}
        tree = as_code(value) if isinstance(value, str) else None
        if tree is None:
            return value
        inner, source, self.source = Scope(scope), self.source, Source(value, None)
        try:
            self.statement(ast.copy_location(ast.Assign([ast.Name("value", ast.Store())], tree), tree), inner)
        except Problem:
            if late or isinstance(tree, ast.Attribute):
                return value
            raise
        finally:
            self.source = source
        return inner.names["value"]

    def meant_by(self, name: str) -> Any:
        """The function that a text stands for which is called, as it is given for one: of the user's, an object of a
        class of the user's, or of NumPy's."""
        found = next(
            (names[name] for names in self.files.values() if isinstance(names.get(name), Function | Class)), None
        )
        if isinstance(found, Class):
            return self.call(found, (), {})
        return Library(("numpy", name)) if found is None and name in NUMPY else found

    def method(self, me: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a method that an array has, or data of Python's."""
        if isinstance(me, At):
            return self.libraries.changed(me, name, arguments)
        if is_array(me):
            return self.libraries.method(me, name, arguments, keywords)
        return method_of_data(self, me, name, arguments, keywords)

    def built_in(
        self, name: str, function: Callable[..., Any], arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Call a function of Python's own, and tell the tape where it computes or chooses."""
        out, tape = function(*arguments, **keywords), self.libraries.tape
        if tape is not None and name in ("float", "abs") and arguments:
            tape.called(name, abs, arguments, {}, out)
        elif tape is not None and name in CHOOSING:
            tape.decided(arguments, out)
        return out

    def instance(self, cls: Class, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Make an object of a class: by its `__init__`, or from its fields; an enumeration has its members alone."""
        if cls.is_enum:
            if len(arguments) == 1 and arguments[0] in cls.names.values():
                return arguments[0]
            raise Refusal(f"this is no {cls.name}", "value", raised="ValueError")
        made = Object(cls)
        start = cls.find("__init__")
        if start is not None:
            self.call(Bound(start, made), arguments, keywords)
        elif cls.fields:
            made.names.update({**dict(zip(cls.fields, arguments, strict=False)), **keywords})
            for name in cls.fields:
                default = cls.find(name)
                if name not in made.names and isinstance(default, Made):
                    made.names[name] = self.call(default.make, (), {})
            after = cls.find("__post_init__")
            if after is not None:
                self.call(Bound(after, made), (), {})
        return made

    def called(
        self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any],
        where_it_yields: Callable[[Any], None] | None = None,
    ) -> Any:  # fmt: skip
        """Go through the body of a function of the user's; of a `@contextmanager` with what is done where it yields."""
        scope = Scope(function.scope, function.local)
        scope.names.update(bind(function, arguments, keywords))
        if function.owner is not None:
            scope.names["__class__"] = function.owner
        self.meter.call()
        outer, at, outside = self.source, self.at, self.outside
        if not function.source.of_library:
            self.outside = None
        elif outside is None:
            self.outside = outer, at
        self.source = function.source
        if function.generates:
            self.yielded.append(where_it_yields or [])
        try:
            with self.framed(Frame(function.name, getattr(at, "lineno", 0))):
                if isinstance(function.tree, ast.FunctionDef):
                    self.body(function.tree.body, scope)
                elif self.instead or self.observer or self.before:  # lines are looked at, and it is one
                    self.body([as_line(function.tree)], scope)
                else:
                    return self.evaluate(function.tree.body, scope)
        except Return as found:
            made = self.yielded[-1] if function.generates else None
            return iter(made) if isinstance(made, list) else found.value
        finally:
            self.meter.returned()
            self.source, self.at, self.outside = outer, at, outside
            if not function.source.of_library:  # at the end: it may call others of its name
                self.scopes[function.name] = scope
            made = self.yielded.pop() if function.generates else None
        return iter(made) if isinstance(made, list) else None


def as_line(tree: ast.Lambda) -> ast.Return:
    """What a lambda gives as the line of a function; always the same one."""
    if "line" not in vars(tree):
        made: Any = ast.copy_location(ast.Return(tree.body), tree.body)
        made.of_lambda = True
        vars(tree)["line"] = made
    return vars(tree)["line"]  # type: ignore[no-any-return]


@lru_cache(MOST_KEPT)
def parameters_of(tree: ast.FunctionDef | ast.Lambda) -> tuple[list[str], list[str]]:
    """The parameters that are given by place, and those by name alone."""
    given = tree.args
    return [one.arg for one in (*given.posonlyargs, *given.args)], [one.arg for one in given.kwonlyargs]


def bind(function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
    """The names of the parameters with their values, as Python binds them; raises where they do not fit."""
    given, (positional, named) = function.tree.args, parameters_of(function.tree)
    values = dict(zip(positional, arguments, strict=False))
    if len(arguments) == len(positional) and not (keywords or named or given.vararg or given.kwarg):
        return values  # most calls
    rest = arguments[len(positional) :]
    if rest and given.vararg is None:
        raise Refusal(f"{function.name} takes {len(positional)} arguments, and is given {len(arguments)}", "arity")
    if given.vararg is not None:
        values[given.vararg.arg] = tuple(rest)
    others: dict[str, Any] = {}
    for name, value in keywords.items():
        if name in values and name in positional:
            raise Refusal(f"{function.name} is given {name} twice", "arity")
        if name in positional or name in named:
            values[name] = value
        elif given.kwarg is None:
            raise Refusal(f"{function.name} has no parameter {name}", "arity")
        else:
            others[name] = value
    if given.kwarg is not None:
        values[given.kwarg.arg] = others
    for name, value in zip(positional[len(positional) - len(function.defaults) :], function.defaults, strict=True):
        values.setdefault(name, value)
    for one, tree, value in zip(given.kwonlyargs, given.kw_defaults, function.keyword_defaults, strict=True):
        if tree is not None:
            values.setdefault(one.arg, value)
    missing = [name for name in (*positional, *named) if name not in values]
    if missing:
        raise Refusal(f"{function.name} needs {missing[0]}", "arity")
    return values


@cache
def source_of(library: str) -> Source:
    """The text in which the functions of a library are said."""
    source = Source(COMPOSED[library], library)
    source.of_library = True
    return source
