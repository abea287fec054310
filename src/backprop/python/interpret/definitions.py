# ruff: noqa: N802
"""What defines something: functions and their decorators, classes, imports."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from backprop.errors import Problem
from backprop.python.interpret.builtins import TYPES
from backprop.python.interpret.calls import Calls
from backprop.python.interpret.libraries import KNOWN, MATH
from backprop.python.names import names_set
from backprop.python.spellings.composed import NAMES
from backprop.python.spellings.numpy import NUMPY
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import (
    IDLE,
    IDLE_BUT_FOR,
    Bound,
    Builtin,
    Class,
    Function,
    Idle,
    Library,
    Object,
    Scope,
    Unknown,
    called,
)

HARMLESS = frozenset([
    "no_grad", "errstate", "enable_grad", "set_grad_enabled", "jit", "njit", "once_differentiable", "custom_fwd",
    "custom_bwd", "lru_cache", "cache", "override", "wraps", "abstractmethod", "amp", "autocast", "custom_vjp",
    "inference_mode",
    "dataclass", "typechecked", "jaxtyped", "checkpoint", "disable_jit", "named_scope", "script", "compile", "ignore",
    "primitive", "overload", "custom_jvp", "defjvp", "defvjp", "name_scope", "notrace_primitive",
])  # fmt: skip  # as a context or a decorator: they change no value
EVERY: dict[tuple[str, ...], Sequence[str]] = {
    ("numpy",): (
        *NUMPY,
        *NAMES["numpy"],
        "pi",
        "e",
        "inf",
        "nan",
        "newaxis",
        "random",
        "linalg",
        "result_type",
        "iscomplexobj",
        "isrealobj",
        "issubdtype",
        "promote_types",
    ),
    ("numpy", "linalg"): [name.removeprefix("linalg.") for name in NUMPY if name.startswith("linalg.")],
    ("math",): (*MATH, "pi", "e", "inf", "nan"),
    ("typing",): ("Any", "Callable", "Dict", "Iterable", "List", "Mapping", "Optional", "Sequence", "Tuple", "Union"),
}  # of a library that is imported from with a star
COURSE = "im2col_cython"  # in whichever folder it is
KINDS_OF_METHODS = {
    "staticmethod": "static", "classmethod": "class", "property": "property", "cached_property": "property",
    "abstractproperty": "property", "contextmanager": "context",
}  # fmt: skip  # by their decorators
OF_PYTHON = ("builtins", "past.builtins", "future.builtins")  # modules that have what Python itself has, or had


class Definitions(Calls):
    """A method for each kind of statement that defines something."""

    def do_Import(self, tree: ast.Import, scope: Scope) -> None:
        for alias in tree.names:
            path = tuple((alias.name if alias.asname else alias.name.partition(".")[0]).split("."))
            scope.names[alias.asname or path[0]] = self.imported(path)

    def do_ImportFrom(self, tree: ast.ImportFrom, scope: Scope) -> None:
        module = tree.module or ""
        file = self.imports.get((self.source.name, module), "")
        own = self.files.get(file, {})
        for alias in tree.names:
            if alias.name == "*":
                told = {
                    name: one for name, one in own.items() if not isinstance(one, Unknown) or name not in scope.names
                }
                scope.names.update(told if own else self.every(module))
            elif alias.name in own:
                scope.names[alias.asname or alias.name] = own[alias.name]
            elif module not in OF_PYTHON or alias.name not in self.builtins:
                path = tuple(f"{module}.{alias.name}".lstrip(".").split("."))
                found = self.imported(path)
                if isinstance(found, Library) and file in self.files:  # which only has the name of a library
                    found = Unknown(f"{alias.name} is not known in {file}", path)
                if isinstance(found, Object) and self.is_elsewhere(path):  # for a file that is not there, one function
                    found = found.names.get(alias.name, found)  # has a file of its own
                if isinstance(found, Unknown):  # it may be defined in a file that was given, or that is read later
                    found.later = file, alias.name
                    known = found if found.later[0] in self.files else scope.top().names.get(alias.name, found)
                    found = self.handed_on(*found.later, found) if isinstance(known, Unknown) else known
                scope.names[alias.asname or alias.name] = found

    def handed_on(self, file: str, name: str, unknown: Unknown) -> Any:
        """What a file that is read later, as the package around this one, has from another file or a library."""
        handing, here = self.handing.get(file, {}), self.source
        for asked in [*handing.get(name, ()), *handing.get("*", ())]:
            scope = Scope()
            if asked not in self.asked:
                self.asked.append(asked)
                self.source, statement = asked
                try:
                    self.statement(statement, scope)
                finally:
                    self.asked.pop()
                    self.source = here
            if not isinstance(found := scope.names.get(name, unknown), Unknown):
                return found
        return unknown

    def every(self, module: str) -> dict[str, Any]:
        """All names of a library; of a module that nothing is known of, under "*" that it may have what is missing."""
        found = self.imported(tuple(module.split(".")))
        if isinstance(found, Library) and found.path in EVERY:
            return {name: self.imported((*found.path, name)) for name in EVERY[found.path] if "." not in name}
        return {"*": found} if isinstance(found, Unknown) and module else {}

    def imported(self, path: tuple[str, ...]) -> Any:
        """What an import names. Nothing is imported: a library that is not known is a problem where it is used."""
        files = [self.imports.get((self.source.name, ".".join(one)), "") for one in (path, path[:-1])]
        if files[0] in self.files:
            return self.module(path, files[0])
        for file in files:
            if file in self.unread:
                return Unknown(f"{file} could not be read, {self.unread[file]}")
        if COURSE in path:
            path = path[path.index(COURSE) :]
        if path[:2] == ("jax", "numpy"):
            path = ("numpy", *path[2:])
        if path[:2] == ("jax", "scipy"):
            path = path[1:]
        if path[0] in ("typing", "collections", "numbers") and path[-1] in TYPES:
            return Builtin(path[-1], None)
        if path[0] == "cupy":
            path = ("numpy", *path[1:])
        if path[0] in IDLE:
            return IDLE_BUT_FOR.get(path, Idle(path))
        if path[0] not in KNOWN | {"chainer"}:
            return Unknown(f"{'.'.join(path)} is imported from elsewhere, and nothing is known of it here", path)
        if path[0] == "autograd":
            path = path[1:] if path[1:2] in (("numpy",), ("scipy",)) else path
        return self.member(Library(path[:-1]), path[-1]) if len(path) > 1 else Library(path)

    def is_elsewhere(self, path: tuple[str, ...]) -> bool:
        """Whether a module was found by its last name alone, and not where its path says."""
        file = self.imports.get((self.source.name, ".".join(path)), "").replace("\\", "/")
        return not f"/{file}".endswith((f"/{'/'.join(path)}.py", f"/{'/'.join(path)}/__init__.py"))

    def module(self, path: tuple[str, ...], file: str) -> Object:
        """A file as an object that has its names, and those of the modules below it."""
        module = Object(Class(path[-1], (), {}))
        module.names = self.files[file]
        folder = file.rpartition("__init__.py")[0].rstrip("/") if file.endswith("__init__.py") else None
        for last, inner in self.modules_below.get(path, ()):  # of the package, however they are named
            if folder is None or place_of(inner)[0] != folder:
                self.put_module(module, path, last, inner)
        for last, inner in self.modules_below.get(folder, ()):
            self.put_module(module, path, last, inner)
        return module

    def put_module(self, module: Object, path: tuple[str, ...], last: str, file: str) -> None:
        if file in self.files and last not in module.names:
            module.names[last] = self.module((*path, last), file)

    @cached_property
    def modules_below(self) -> dict[Any, list[tuple[str, str]]]:
        """The files that are imported, with their last names, by what stands before these and by their folders."""
        found: dict[Any, list[tuple[str, str]]] = {}
        for (_, name), file in self.imports.items():
            *above, last = name.split(".")
            folder, own = place_of(file)
            found.setdefault(tuple(above), []).append((last, file))
            found.setdefault(folder, []).append((own, file))
        return found

    def do_FunctionDef(self, tree: ast.FunctionDef, scope: Scope) -> None:
        function: Any = self.function(tree, scope, tree.name)
        for decorator in reversed(tree.decorator_list):
            name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
            if name in KINDS_OF_METHODS and isinstance(function, Function):
                function.kind = KINDS_OF_METHODS[name]
            elif name == "setter" and isinstance(decorator, ast.Attribute):
                function = self.with_setter(self.evaluate(decorator.value, scope), function)
            else:
                function = self.decorated(decorator, function, scope)
        scope.home(tree.name).names[tree.name] = function

    def with_setter(self, prop: Any, setter: Any) -> Any:
        """`@size.setter`: the property itself, which may now be set."""
        if not isinstance(prop, Function) or prop.kind != "property":
            raise Refusal(f"{called(prop)} is no property", "syntax")
        prop.setter = setter
        return prop

    def decorated(self, tree: ast.expr, function: Any, scope: Scope) -> Any:
        """What a decorator makes of a function: one that changes no value nothing, one of the user's what it gives."""
        if is_harmless(tree):
            return function
        if last_word(tree) == "custom_gradient":  # who calls it gets the value alone
            return Builtin(function.name, lambda *given, **named: self.call(function, given, named)[0])
        with suppress(Refusal):
            made = self.evaluate(tree, scope)
            if isinstance(made, Library) and made.path[-1] in HARMLESS:
                return function
            if isinstance(made, Function | Bound | Builtin | Class):
                return self.call(made, (function,), {})
        self.at = tree
        raise Refusal(f"the decorator {last_word(tree) or 'this'} is not read", "syntax")

    def of_Lambda(self, tree: ast.Lambda, scope: Scope) -> Any:
        return self.function(tree, scope, "lambda")

    def function(self, tree: ast.FunctionDef | ast.Lambda, scope: Scope, name: str) -> Function:
        function = Function(tree, scope, self.source, name)
        function.defaults = [self.evaluate(one, scope) for one in tree.args.defaults]
        function.keyword_defaults = [
            None if one is None else self.evaluate(one, scope) for one in tree.args.kw_defaults
        ]
        return function

    def do_ClassDef(self, tree: ast.ClassDef, scope: Scope) -> None:
        """A class; one of the same name that was read before gets the methods that it has not."""
        inner = Scope(scope)
        for statement in tree.body:
            try:
                self.body([statement], inner)
            except Problem as problem:
                if not isinstance(statement, ast.FunctionDef) or problem.kind == "size":
                    raise
                self.frames.clear()
                inner.names[statement.name] = Unknown(f"line {problem.line} could not be read: {problem.message}")
        bases = [self.base(one, scope) for one in tree.bases]
        before = scope.names.get(tree.name)
        if isinstance(before, Class) and (
            before.source is self.source or getattr(before.source, "name", None) in self.imports.values()
        ):
            before = None  # it is defined anew, or another of the name, in a file that this one imports from
        names = {**(before.names if isinstance(before, Class) else {}), **inner.names}
        older = before.bases if isinstance(before, Class) else ()
        made = Class(tree.name, tuple(one for one in bases if isinstance(one, Class)) or older, names)
        made.source = self.source
        if not made.bases and any(ast.unparse(one).endswith("Module") for one in tree.bases):
            names.setdefault("training", True)  # one of torch's has it, and a backward pass follows
        self.orphans += [(made, tree.bases, scope)] * any(not isinstance(one, Class) for one in bases)
        annotated = [one.target for one in tree.body if isinstance(one, ast.AnnAssign)]
        made.fields += [one.id for one in annotated if isinstance(one, ast.Name) and one.id not in made.fields]
        made.is_tuple = made.is_tuple or any(ast.unparse(one).endswith("NamedTuple") for one in tree.bases)
        made.is_enum = made.is_enum or any(ast.unparse(one).endswith("Enum") for one in tree.bases)
        if any(ast.unparse(one).endswith("StrEnum") for one in tree.bases):  # what it numbers itself is its own name
            auto = [
                one for one in tree.body if isinstance(one, ast.Assign) and ast.unparse(one.value).endswith("auto()")
            ]
            names.update({name: name.lower() for one in auto for name in names_set(one)})
        nested = [own for one in names.values() if isinstance(one, Class) for own in one.names.values()]
        for own in nested:  # what stands in a class is no name in the functions there
            if isinstance(own, Function) and own.scope is inner:
                own.scope = scope
        for one in names.values():
            for own in (one, one.setter) if isinstance(one, Function) else ():
                if own is not None:
                    own.owner = made
                    own.scope = scope if own.scope is inner else own.scope
        scope.names[tree.name] = made
        depth = len(self.frames)
        for decorator in reversed(tree.decorator_list):  # one of the user's may put the class somewhere
            with suppress(Refusal, Problem):  # where it cannot be read, the class is what stands there
                function = None if is_harmless(decorator) else self.evaluate(decorator, scope)
                if isinstance(function, Function | Bound):
                    scope.names[tree.name] = self.call(function, (scope.names[tree.name],), {})
            del self.frames[depth:]

    def base(self, tree: ast.expr, scope: Scope) -> Any:
        """What a class is made from; None where nothing is known of it, as of `ABC`."""
        try:
            return self.evaluate(tree, scope)
        except Refusal:
            return None


def place_of(file: str) -> tuple[str, str]:
    """The folder that a module lies in, and its name: a package lies beside its folder's files."""
    folder, _, own = file.removesuffix("/__init__.py").removesuffix(".py").rpartition("/")
    return folder, own


def last_word(tree: ast.expr) -> str:
    """The name of a decorator or a context, without what it is given."""
    head = tree.func if isinstance(tree, ast.Call) else tree
    return head.attr if isinstance(head, ast.Attribute) else head.id if isinstance(head, ast.Name) else ""


def is_harmless(tree: ast.expr) -> bool:
    """Whether a context or a decorator changes no value."""
    name = last_word(tree)
    if name == "partial" and isinstance(tree, ast.Call) and tree.args:
        return is_harmless(tree.args[0])
    return name in HARMLESS
