"""Values of Python's own that are no data: scopes, functions, classes, objects, libraries, and what is not known."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from backprop.errors.spelling import either
from backprop.python.values.frames import Source
from backprop.python.values.meter import Refusal


class Scope:
    """The names of a function, a module or a class body. `local` are those that are assigned in it somewhere."""

    __slots__ = ("local", "names", "outside", "parent")

    def __init__(self, parent: Scope | None = None, local: frozenset[str] = frozenset()) -> None:
        self.names: dict[str, Any] = {}
        self.parent = parent
        self.local = local
        self.outside: set[str] = set()

    def top(self) -> Scope:
        """The scope of the module, which is that of all files that were given."""
        return self if self.parent is None else self.parent.top()

    def home(self, name: str) -> Scope:
        """The scope in which a name is set: this one, or for `global` and `nonlocal` the one that has it."""
        if name not in self.outside:
            return self
        scope = self.parent
        while scope is not None and scope.parent is not None and name not in scope.names:
            scope = scope.parent
        return scope or self


class Function:
    """A function of the user's. `owner` is the class whose method it is, `kind` how it is bound."""

    __slots__ = (
        "defaults",
        "generates",
        "keyword_defaults",
        "kind",
        "local",
        "name",
        "names",
        "owner",
        "scope",
        "setter",
        "source",
        "tree",
    )

    def __init__(self, tree: ast.FunctionDef | ast.Lambda, scope: Scope, source: Source, name: str) -> None:
        self.tree, self.scope, self.source, self.name = tree, scope, source, name
        self.owner: Class | None = None
        self.kind = "plain"
        self.setter: Function | None = None  # of a property
        self.names: dict[str, Any] = {}  # attributes that it was given
        self.defaults: list[Any] = []
        self.keyword_defaults: list[Any] = []
        self.local = local_names(tree)
        self.generates = is_generator(tree)

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, in order."""
        given = self.tree.args
        return [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


class Class:
    """A class of the user's."""

    __slots__ = ("bases", "fields", "is_enum", "is_tuple", "name", "names", "source")

    def __init__(self, name: str, bases: tuple[Class, ...], names: dict[str, Any]) -> None:
        self.name, self.bases, self.names = name, bases, names
        self.fields: list[str] = [field for base in bases for field in base.fields]  # of a dataclass, in order
        self.is_tuple: bool = any(base.is_tuple for base in bases)  # whether it is a NamedTuple
        self.is_enum: bool = any(base.is_enum for base in bases)  # whose members are their values here
        self.source: Source | None = None

    def find(self, name: str) -> Any:
        """What a name means in it or in a class that it is made from, or None."""
        if name in self.names:
            return self.names[name]
        for base in self.bases:
            found = base.find(name)
            if found is not None:
                return found
        return None

    def holds(self, name: str) -> bool:
        """Whether a name means anything in it, also None."""
        return name in self.names or any(base.holds(name) for base in self.bases)

    def every(self) -> set[str]:
        """The names that mean something in it, or in a class that it is made from."""
        return {*self.names}.union(*[base.every() for base in self.bases])

    def is_a(self, other: Class) -> bool:
        return self is other or any(base.is_a(other) for base in self.bases)


class Made:
    """A field of a dataclass that each object gets anew, `field(default_factory=dict)`."""

    __slots__ = ("make",)

    def __init__(self, make: Any) -> None:
        self.make = make


class Object:
    """An object of a class of the user's, and the `ctx` of an autograd Function."""

    __slots__ = ("cls", "names")

    def __init__(self, cls: Class) -> None:
        self.cls = cls
        self.names: dict[str, Any] = {}


class Bound:
    """A method with what it is called on: of an object, or by name of a value that is Python's or NumPy's."""

    __slots__ = ("function", "me")

    def __init__(self, function: Any, me: Any) -> None:
        self.function, self.me = function, me


class Suspended:
    """A call of a `@contextmanager`, which a `with` goes through around its body."""

    __slots__ = ("arguments", "function", "keywords")

    def __init__(self, function: Function, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.function, self.arguments, self.keywords = function, arguments, keywords


class Super:
    """What `super()` gives."""

    __slots__ = ("cls", "me")

    def __init__(self, cls: Class, me: Any) -> None:
        self.cls, self.me = cls, me


class Builtin:
    """A function of Python's own that is interpreted here."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[..., Any] | None) -> None:
        self.name, self.function = name, function


NOT_IMPLEMENTED = Builtin("NotImplemented", None)  # what a method gives that leaves it to the other operand


def kind_of(value: Any) -> Any:
    """What `type(value)` gives: a class of the user's, or a kind of Python's own by its name."""
    return value.cls if isinstance(value, Object) else Builtin(type(value).__name__, None)


class Library:
    """A library or something in it, by its path: ("numpy", "linalg", "norm")."""

    __slots__ = ("path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Library) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)


class Idle:
    """What a library has that only shows, logs or saves, and what comes of calling it: no value hangs on it."""

    __slots__ = ("path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path


IDLE = frozenset([
    "matplotlib", "seaborn", "logging", "IPython", "wandb", "tensorboardX", "pdb", "gc", "os", "sys", "datetime",
    "mxnet", "uuid", "chex",
])  # fmt: skip
IDLE_BUT_FOR: dict[tuple[str, ...], float] = {  # which are plain numbers
    ("sys", "maxsize"): sys.maxsize, ("sys", "float_info", "epsilon"): sys.float_info.epsilon,
    ("sys", "float_info", "max"): sys.float_info.max, ("sys", "float_info", "min"): sys.float_info.min,
}  # fmt: skip
OF_OTHERS = IDLE | frozenset([
    "sklearn", "keras", "pandas", "sympy", "h5py", "PIL", "cv2", "graphviz", "pickle", "abc",
    "numba", "triton", "torchvision", "transformers", "datasets", "flax", "optax", "pytest", "hypothesis",
])  # fmt: skip  # libraries of which nothing is known here, and no file of the user's


OTHERS = "numpy, scipy, torch, jax, tensorflow, einops and math are known: write with them what is needed of it"


class Unknown:
    """A name that stands for something that could not be read; it is a problem only where it is used."""

    __slots__ = ("given", "hint", "later", "why")

    def __init__(self, why: str, path: tuple[str, ...] = (), hint: str = "") -> None:
        self.why = why
        self.later: tuple[str, str] | None = None  # a file that is read later, and its name there
        file = "/".join(path[:-1] or path)
        others = path[:1] and path[0] in OF_OTHERS | sys.stdlib_module_names
        self.hint = (
            OTHERS if others else f"put {file}.py beside this file or above it: it is read, too" if file else hint
        )
        self.given = bool(file) and not others

    def hint_for(self, name: str) -> str:
        """What to do about a name that would be found in it."""
        return f"{self.hint}; or {to_give(name)}" if self.given else self.hint


def to_give(name: str) -> str:
    """How a name is given that no text defines: a function, or where its name is in capitals, a number."""
    value = "1.0" if name.isupper() and len(name) > 1 else '"lambda x: …"'
    return f"give it: {either(f'--{name} {value}', f'{name}={value}')}"


@cache
def local_names(tree: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The names that a function assigns, which are its own; what is inside inner functions is theirs."""
    found: set[str] = set()
    outside: set[str] = set()
    rest: list[ast.AST] = list(tree.body) if isinstance(tree.body, list) else [tree.body]
    while rest:
        node = rest.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        if isinstance(node, ast.Global | ast.Nonlocal):
            outside.update(node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        rest.extend(ast.iter_child_nodes(node))
    return frozenset(found - outside)


@cache
def is_generator(tree: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether a function yields its values."""
    rest: list[ast.AST] = list(tree.body) if isinstance(tree.body, list) else []
    while rest:
        node = rest.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda):
            rest.extend(ast.iter_child_nodes(node))
    return False


def misfit(message: str, *values: Any, hint: str = "") -> Refusal:
    """That something cannot be done with some values: a mistake of the code, where they are data; what stands for a
    function of a library may only be unknown here."""
    known = not any(isinstance(one, Library | Idle | Builtin | Bound | Suspended | Unknown) for one in values)
    return Refusal(message, "value" if known else "name", hint)


def called(value: Any) -> str:
    """What a value is called in a message."""
    if isinstance(value, Library | Idle):
        return ".".join(value.path)
    if isinstance(value, Unknown):
        return f"what is not known here ({value.why})"
    if isinstance(value, Object):
        return f"an object of {value.cls.name}"
    if isinstance(value, Bound):
        return f".{value.function} of {called(value.me)}" if isinstance(value.function, str) else called(value.function)
    if isinstance(value, Function | Class | Builtin):
        return value.name
    return "None" if value is None else f"a value of kind {type(value).__name__}"
