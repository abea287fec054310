"""Python's own functions, as far as they only compute; what reaches outside is refused by its name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from math import prod
from typing import Any, Protocol

import numpy as np

from backprop.python.values.arrays import DTYPES, Device, dtype_of, is_array, is_number, number_of, plain
from backprop.python.values.frames import Source
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import (
    NOT_IMPLEMENTED,
    Bound,
    Builtin,
    Class,
    Function,
    Idle,
    Library,
    Made,
    Object,
    called,
    kind_of,
)

REFUSED = frozenset([
    "open", "exec", "eval", "compile", "input", "breakpoint", "locals", "vars", "dir", "memoryview",
    "__import__", "__builtins__", "delattr", "exit", "quit",
])  # fmt: skip
TYPES: dict[str, Any] = {
    "int": (int, np.integer), "float": (float, np.floating), "str": str, "bool": bool, "list": list, "tuple": tuple,
    "dict": dict, "set": set, "range": range, "slice": slice, "ndarray": np.ndarray, "Tensor": np.ndarray,
    "floating": np.floating, "integer": np.integer, "number": np.number, "signedinteger": np.signedinteger,
    "unsignedinteger": np.unsignedinteger, "inexact": np.inexact, "complexfloating": np.complexfloating,
    "complex": (complex, np.complexfloating), "generic": np.generic, "bool_": np.bool_,
    "type": Class, "Callable": (Function, Builtin, Bound, Class, Library), "Sequence": (list, tuple, str),
    "Iterable": (list, tuple, str, dict, set, range, np.ndarray), "Mapping": dict, "Number": (int, float, np.number),
    "Integral": (int, np.integer), "Real": (int, float, np.integer, np.floating),
    "dtype": np.dtype, "numpy.dtype": np.dtype,
    "Hashable": (str, int, float, tuple, type(None)),
}  # fmt: skip
ERRORS = [
    "ValueError", "TypeError", "AssertionError", "NotImplementedError", "Exception", "RuntimeError", "KeyError",
    "IndexError",
]  # fmt: skip
RAISED = {name: Builtin(name, None) for name in ERRORS}
TEXT_METHODS = frozenset(["join", "lower", "upper", "startswith", "endswith", "replace", "split", "strip", "isdigit"])
OF_QUEUES = {"popleft": ("pop", 0), "appendleft": ("insert", 0)}  # as a list has it, with the place that it takes
LIST_METHODS = frozenset(["append", "extend", "pop", "insert", "reverse", "copy", "index", "clear", "remove", "count"])
DICT_METHODS = frozenset(["get", "keys", "values", "items", "update", "pop", "setdefault", "copy", "clear"])


class Running(Protocol):
    """What the functions here need of the interpreter that runs them."""

    files: dict[str, dict[str, Any]]
    meter: Meter
    source: Source

    def add(self, a: Any, b: Any) -> Any: ...
    def attribute(self, value: Any, name: str, own: bool = False) -> Any: ...
    def gives(self, me: Any, *names: str) -> Any: ...
    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any: ...
    def listed(self, value: Any) -> list[Any]: ...
    def power(self, a: Any, b: Any) -> Any: ...
    def put_attribute(self, base: Any, name: str, value: Any) -> None: ...
    def truth(self, value: Any) -> bool: ...


def builtins(run: Running) -> dict[str, Builtin]:
    """The names that Python itself gives a meaning."""
    members = count(1)
    own: dict[str, Callable[..., Any] | None] = {
        "len": lambda x: length(run, x),
        "range": lambda *given: numbers_of(run, range(*[number_of(one) for one in given])),
        "xrange": lambda *given: range(*[number_of(one) for one in given]),
        "enumerate": lambda x, start=0: iter([(i, one) for i, one in enumerate(run.listed(x), start)]),
        "zip": lambda *given, strict=False: iter(list(zip(*map(run.listed, given), strict=run.truth(strict)))),
        "reversed": lambda x: iter(run.listed(x)[::-1]) if not isinstance(x, range) else reversed(x),
        "list": lambda x=(): run.listed(x),
        "tuple": lambda x=(): tuple(run.listed(x)),
        "set": (as_set := lambda x=(): set(map(plain_key, run.listed(x)))),
        "frozenset": as_set,
        "dict": lambda x=(), /, **more: dict_of(run, x, more),
        "sorted": lambda x, key=None, reverse=False: in_order(run, run.listed(x), key, reverse),
        "map": lambda f, *given: iter(
            [run.call(f, one, {}) for one in zip(*map(run.listed, given), strict=False)]
        ),
        "filter": lambda f, x: iter([one for one in run.listed(x) if run.truth(run.call(f, (one,), {}))]),
        "id": id,
        "iter": lambda x: iter(run.listed(x)),
        "next": following,
        "sum": lambda x, start=0: total(run, x, start),
        "max": lambda *given, **named: extreme(run, max, given, **named),
        "min": lambda *given, **named: extreme(run, min, given, **named),
        "abs": lambda x: run.gives(x, "__abs__") if isinstance(x, Object) else absolute(x),
        "chr": lambda code: chr(number_of(code)),
        "ord": lambda sign: ord(sign),
        "round": lambda x, digits=None: round(plain(x), *(() if digits is None else (number_of(digits),))),
        "pow": lambda a, b: run.power(a, b),
        "divmod": lambda a, b: divmod(number_of(a), number_of(b)),
        "int": lambda x=0: whole(run.gives(x, "__int__") if isinstance(x, Object) else x),
        "float": lambda x=0.0: fraction(run.gives(x, "__float__") if isinstance(x, Object) else x),
        "bool": lambda x=False: run.truth(x),
        "str": lambda x="": text_of(run, x),
        "all": lambda x: all(run.truth(one) for one in run.listed(x)),
        "any": lambda x: any(run.truth(one) for one in run.listed(x)),
        "print": lambda *_, **__: None,
        "slice": lambda *given: slice(*[None if one is None else number_of(one) for one in given]),
        "callable": lambda x: isinstance(x, Function | Builtin | Bound | Class | Library),
        "isinstance": is_instance,
        "issubclass": is_subclass,
        "hasattr": lambda x, name: has(run, x, name),
        "getattr": lambda x, name, *other: run.attribute(x, name) if not other or has(run, x, name) else other[0],
        "setattr": lambda x, name, value: run.put_attribute(x, name, value),
        "type": lambda x, *made: class_of(x, *made) if made else kind_of(x),
        "staticmethod": lambda f: marked(f, "static"),
        "classmethod": lambda f: marked(f, "class"),
        "property": lambda f: marked(f, "property"),
        "globals": lambda: run.files.get(run.source.name or "", {}),
        "weakref.ref": lambda x: Builtin("ref", lambda: x),
        "object": None,
        "collections.OrderedDict": lambda x=(), **more: dict_of(run, x, more),
        "collections.namedtuple": lambda name, fields, *_, **__: tuple_of(name, fields),
        "dataclasses.field": lambda default=None, default_factory=None, **_: (
            default if default_factory is None else Made(default_factory)
        ),
        "numba.prange": lambda *given: numbers_of(run, range(*[number_of(one) for one in given])),
        "enum.auto": lambda: next(members),
        "numpy.issubdtype": lambda one, kind: issubclass(dtype_of(one).type, kinds_called(kind)),
        "numpy.result_type": lambda *given: np.result_type(*[
            np.asarray(one).dtype if is_array(one) or is_number(one) else dtype_of(one) for one in given
        ]),
        "numpy.dtype": lambda kind, *_, **__: dtype_of(kind) or np.dtype(float),
        "numpy.promote_types": lambda one, other: np.promote_types(dtype_of(one), dtype_of(other)),
        "numpy.iscomplexobj": lambda _: False,
        "torch.is_complex": lambda _: False,
        "numpy.isrealobj": lambda _: True,
        "numpy.can_cast": lambda one, kind, *_: issubclass(dtype_of(one).type, kinds_called(kind)),
        "torch.distributed.is_initialized": lambda: False,
        "torch.distributed.is_available": lambda: False,
        "torch.device": lambda name="cpu", *place: Device(":".join(map(str, (name, *place)))),
        "torch.Size": lambda x=(): tuple(run.listed(x)),
        "typing.cast": lambda _, x: x,
        "collections.Counter": lambda x=(): Counter(map(plain_key, run.listed(x))),
        "collections.deque": lambda x=(): [*run.listed(x)],
        "collections.defaultdict": lambda f=None, x=(): Default(run, f, dict_of(run, x, {})),
    }  # fmt: skip
    named = {name: Builtin(name, function) for name, function in own.items()}
    return {**named, **RAISED, NOT_IMPLEMENTED.name: NOT_IMPLEMENTED}


def in_order(run: Running, items: list[Any], key: Any = None, reverse: Any = False) -> list[Any]:
    """Items in order, by what a function of the user's says of them."""
    by = None if key is None else lambda one: run.call(key, (one,), {})
    return sorted(items, key=by, reverse=run.truth(reverse))


def tuple_of(name: str, fields: Any) -> Class:
    """The class of `namedtuple("Cache", "x w")`."""
    made = Class(name, (), {})
    made.fields = fields.replace(",", " ").split() if isinstance(fields, str) else list(fields)
    made.is_tuple = True
    return made


def class_of(name: str, bases: tuple[Any, ...], names: dict[str, Any]) -> Class:
    """The class of `type("Log", (Function,), {"forward": …})`, as a statement defines one."""
    made = Class(name, tuple(one for one in bases if isinstance(one, Class)), dict(names))
    for one in names.values():
        if isinstance(one, Function):
            one.owner = made
    return made


class Default(dict[Any, Any]):
    """A dictionary that makes what it has not."""

    def __init__(self, run: Running, make: Any, items: dict[Any, Any]) -> None:
        super().__init__(items)
        self.run, self.make = run, make

    def __missing__(self, key: Any) -> Any:
        if self.make is None:
            raise KeyError(key)
        self[key] = self.run.call(self.make, (), {})
        return self[key]


def numbers_of(run: Running, found: range) -> Any:
    """A range; in Python 2 a list."""
    return run.listed(found) if run.source.old else found


def dict_of(run: Running, items: Any, more: dict[str, Any]) -> dict[Any, Any]:
    listed = run.listed(items)
    return {**(items if isinstance(items, dict) else dict(listed)), **more}


def marked(function: Any, kind: str) -> Any:
    """A function that is bound otherwise."""
    if isinstance(function, Function):
        function.kind = kind
    return function


def following(items: Any, *other: Any) -> Any:
    if not isinstance(items, Iterator):
        raise Refusal("next() needs an iterator", "value")
    return next(items, *other)


def length(run: Running, value: Any) -> int:
    if isinstance(value, Object):
        return int(run.call(run.attribute(value, "__len__", own=True), (), {}))
    if is_array(value) or isinstance(value, str | list | tuple | dict | set | range):
        return len(value)
    raise Refusal(f"a value of kind {type(value).__name__} has no length", "value")


def total(run: Running, items: Any, start: Any) -> Any:
    for one in run.listed(items):
        start = run.add(start, one)
    return start


def extreme(
    run: Running, function: Callable[..., Any], given: tuple[Any, ...], key: Any = None, default: Any = ...
) -> Any:
    """The largest or the smallest of numbers."""
    items = run.listed(given[0]) if len(given) == 1 else list(given)
    if not items and default is not ...:
        return default
    if any(isinstance(one, np.ndarray) and one.ndim for one in items):
        raise Refusal("max and min of Python compare numbers, not arrays", "value", "np.maximum compares arrays")
    return function(items, key=(lambda one: run.call(key, (one,), {})) if key is not None else plain)


def fraction(value: Any = 0.0) -> float:
    """`float(x)`, also of an array of one element, as NumPy took it for long."""
    value = plain(value)
    return float(value.item() if isinstance(value, np.ndarray) and value.size == 1 else value)


def absolute(value: Any) -> Any:
    if is_array(value) or isinstance(value, int | float):
        return abs(value)
    raise Refusal(f"abs of a value of kind {type(value).__name__}", "value")


def whole(value: Any = 0) -> int:
    if isinstance(value, str) and len(value) > 30:
        raise Refusal("this number is too long", "size")
    return int(plain(value))


def plain_key(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def text_of(run: Running, value: Any) -> str:
    """Text of a number or a text; of what is large, of what kind it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float | np.generic) or value is None:
        return str(value)
    return f"<{type(value).__name__}>"


def has(run: Running, value: Any, name: str) -> bool:
    """hasattr. Python knows what is of its own kinds, and NumPy what is of NumPy's."""
    plain = isinstance(value, str | list | dict | set | tuple | int | float) or type(value) is np.ndarray
    if plain and name != "value":  # which a member of an Enum has
        return hasattr(value, name) or (isinstance(value, dict) and name in value)
    if isinstance(value, Library) and value.path == ("numpy",):
        return hasattr(np, name)
    try:
        run.attribute(value, name)
    except Refusal:
        return False
    return not is_array(value) or name in ("shape", "ndim", "size", "dtype", "T")


def kinds_called(kind: Any) -> Any:
    """The class, or classes, of elements of a kind: `np.floating` has several, and of `float` there is one."""
    name = called(kind).rpartition(".")[2]
    return TYPES[name] if name in TYPES and name not in DTYPES else dtype_of(kind).type


def is_subclass(value: Any, kinds: Any) -> bool:
    """issubclass, of classes of the user's and of kinds of elements."""
    every = kinds if isinstance(kinds, tuple) else (kinds,)
    if isinstance(value, Class):
        return any(isinstance(one, Class) and value.is_a(one) for one in every)
    if isinstance(value, np.dtype):
        names = [one.path[-1] if isinstance(one, Library) else getattr(one, "name", "") for one in every]
        known = [one for one in map(TYPES.get, names) if isinstance(one, type)]
        return any(issubclass(value.type, one) for one in known)
    raise Refusal("issubclass of what is no class", "value")


def is_instance(value: Any, kinds: Any) -> bool:
    """isinstance, of the kinds that are known here."""
    for kind in kinds if isinstance(kinds, tuple) else (kinds,):
        if isinstance(kind, Class):
            if isinstance(value, Object) and value.cls.is_a(kind):
                return True
            continue
        if kind is None and value is None:
            return True
        if kind is None or isinstance(kind, Idle):  # no value here is of a kind of such a library
            continue
        if isinstance(kind, np.dtype):
            if is_array(value) and value.dtype == dtype_of(kind):
                return True
            continue
        name = kind.name if isinstance(kind, Builtin) else kind.path[-1] if isinstance(kind, Library) else ""
        if name not in TYPES:
            raise Refusal(f"isinstance of {name or type(kind).__name__} is not read", "name")
        if isinstance(value, TYPES[name]) and not (name == "int" and isinstance(value, bool | np.bool_)):
            return True
        if name == "int" and isinstance(value, bool):
            return True
    return False


def filled(run: Running, text: str, given: tuple[Any, ...], named: dict[str, Any]) -> str:
    """`"W{}".format(1)`: the values in the places that are for them, however they should be laid out."""
    places = count()

    def put(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found["rest"][:1] not in ("", ":", "!"):
            raise Refusal(f"{found[0]} in a text is not read", "name")
        key = found["key"] or str(next(places))
        return text_of(run, given[int(key)] if key.isdigit() else named[key])

    longest = max([len(one) for one in (*given, *named.values()) if isinstance(one, str)], default=1)
    run.meter.length(len(text) + longest * text.count("{"))
    return re.sub(r"\{\{|\}\}|\{(?P<key>\w*)(?P<rest>[^{}]*)\}", put, text)


def method_of_data(run: Running, value: Any, name: str, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A method of a text, a list, a dictionary, a set or a tuple."""
    if isinstance(value, str) and name == "format":
        return filled(run, value, arguments, keywords)
    if isinstance(value, str) and name in TEXT_METHODS:
        given = [run.listed(one) if name == "join" else one for one in arguments]
        if name == "join":
            run.meter.length(sum(len(one) + len(value) for one in given[0] if isinstance(one, str)))
        run.meter.length(len(value) + sum(len(one) for one in arguments if isinstance(one, str)) * (1 + len(value)))
        return getattr(value, name)(*given)
    if isinstance(value, list) and name in OF_QUEUES:
        name, first = OF_QUEUES[name]
        arguments = (first, *arguments)
    if isinstance(value, list) and name == "sort":
        value[:] = in_order(run, value, *arguments, **keywords)
        return None
    if isinstance(value, list) and name in LIST_METHODS:
        given = [run.listed(one) if name == "extend" else one for one in arguments]
        run.meter.length(len(value) + (len(given[0]) if name == "extend" else 0))
        return getattr(value, name)(*given)
    if isinstance(value, dict) and name.removeprefix("iter") in DICT_METHODS:
        name = name.removeprefix("iter")  # of Python 2
        if name not in ("get", "pop", "setdefault"):
            run.meter.length(len(value))
        found = getattr(value, name)(*arguments, **keywords)
        return list(found) if name in ("keys", "values", "items") else found
    if isinstance(value, tuple) and name == "numel":  # of torch's sizes
        return prod(map(number_of, value))
    known = ("add", "remove", "discard", "union") if isinstance(value, set) else ("index", "count")
    if isinstance(value, set | tuple) and name in known:
        return getattr(value, name)(*arguments)
    raise Refusal(f".{name} of a {type(value).__name__} is not read", "name")
