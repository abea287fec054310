# ruff: noqa: N802
"""What nobody has given, a `Blank`, and an interpreter that stops at the first thing that is done with one."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from backprop.python.inputs.examples import AXES, COUNTED, PRODUCTS, SIZES, is_field
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.members import TENSOR_ALONE
from backprop.python.values.arrays import is_array
from backprop.python.values.scope import Bound, Builtin, Library, Object, Scope

MORE_SIZES = (*SIZES, 2, 7)  # of axes, so that no two are mixed up
TURNING = frozenset(["T", "mT", "t", "transpose"])
FIELDS = frozenset(["shape", "ndim", "size", "dtype", "device"])
TEXTUAL = frozenset(["lower", "upper", "strip", "title", "capitalize"])
COPYING = frozenset([
    "array", "asarray", "copy", "clone", "detach", "astype", "float", "double", "numpy", "contiguous", "tensor",
    "as_tensor", "atleast_1d", "squeeze", "to", "cpu",
    "zeros_like", "ones_like", "empty_like",  # room in its shape, as for the gradient of a weight
])  # fmt: skip
KEEPING = frozenset(["save_for_backward", "isinstance", "print", "append", "type", "id", "hasattr", "callable"])
GOING = frozenset(
    ["len", "zip", "enumerate", "reversed", "list", "tuple"]
)  # through what they are given, or its length
SEEDING = frozenset(["seed", "manual_seed", "RandomState", "default_rng"])
ROOTS = frozenset([
    "log", "sqrt", "log2", "log10", "log1p", "rsqrt", "arccosh", "acosh", "arcsin", "asin", "arccos", "acos", "arctanh",
    "atanh", "logit", "erfinv",
])  # fmt: skip  # which are of numbers above 0, of those below 1, or of those above 1
KINDS = {ast.MatMult: "product", ast.Pow: "exponent", ast.Mod: "parts", ast.FloorDiv: "parts"}  # of uses by operators
ALONG = frozenset(["sum", "mean", "max", "min", "amax", "amin", "var", "std", "prod", "cumsum", "argmax", "softmax"])
ALONG_ONE = ALONG | {"squeeze", "unsqueeze", "expand_dims", "concatenate", "cat", "stack", "flip"}


class Blank:
    """A parameter, or an entry of one, that has no value yet. `turned` says that its transpose is meant, `shape` that
    it is the shape of one."""

    def __init__(self, name: str, turned: bool = False, shape: bool = False) -> None:
        self.name, self.turned, self.shape = name, turned, shape


class Use(NamedTuple):
    """What is done with a blank: `other` is the value that it is met with, `left` whether it stands before that."""

    kind: str
    other: Any = None
    left: bool = True


class Used(BaseException):  # no Exception, which a run turns into a Problem
    """A blank is used."""

    def __init__(self, blank: Blank, use: Use) -> None:
        super().__init__(blank.name)
        self.blank, self.use = blank, of_shape(use) if blank.shape else use


def of_shape(use: Use) -> Use:
    """What is done with something whose shape is used so."""
    if use.kind == "unpacked":
        return Use("axes", use.other)
    if use.kind == "items" and type(use.other) is int and use.other >= 0:
        return Use("axis", use.other)
    whole = isinstance(use.other, tuple) and all(type(one) is int for one in use.other)
    if use.kind == "compared" and whole:  # as `assert y.shape == out.shape` asks for
        return Use("shape", use.other)
    return Use("fields")


class Watching(Interpreter):
    """An interpreter that stops where something is done with a blank. That it is handed on is nothing."""

    def binary(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        use = KINDS.get(kind, "element") if kind is not ast.Pow or isinstance(b, Blank) else "element"
        if kind is ast.Add and any(isinstance(one, list | tuple) for one in (a, b)):
            use = "joined"
        if isinstance(a, Blank):
            raise Used(a, Use(use, b, True))
        if isinstance(b, Blank):
            repeats = kind is ast.Mult and isinstance(a, list)  # `[0.0] * n`
            raise Used(b, Use("counts") if repeats else Use(use, a, False))
        return super().binary(kind, a, b)

    def updated(self, tree: ast.AugAssign, old: Any, scope: Scope) -> Any:
        if isinstance(tree.value, ast.Name | ast.Attribute):
            value = self.evaluate(tree.value, scope)
            if isinstance(value, Blank):
                raise Used(value, Use("joined" if isinstance(old, list) else "element", old, False))
        return super().updated(tree, old, scope)

    def of_UnaryOp(self, tree: ast.UnaryOp, scope: Scope) -> Any:
        if isinstance(tree.operand, ast.Name | ast.Attribute):
            value = self.evaluate(tree.operand, scope)
            if isinstance(value, Blank):
                raise Used(value, Use("truth" if isinstance(tree.op, ast.Not) else "alone"))
        return super().of_UnaryOp(tree, scope)

    def of_Slice(self, tree: ast.Slice, scope: Scope) -> Any:
        for part in (tree.lower, tree.upper, tree.step):
            value = self.evaluate(part, scope) if isinstance(part, ast.Name | ast.Attribute) else None
            if isinstance(value, Blank):
                raise Used(value, Use("counts"))
        return super().of_Slice(tree, scope)

    def compared(self, kind: ast.cmpop, a: Any, b: Any) -> Any:
        if isinstance(kind, ast.Is | ast.IsNot):
            return super().compared(kind, a, b)
        for one, other in ((a, b), (b, a)):
            if isinstance(one, Blank):
                raise Used(one, Use("compared", other))
            if isinstance(one, tuple) and isinstance(other, tuple):  # `x.shape == (n, units)`, where x is known
                blanks = [pair for pair in zip(one, other, strict=False) if isinstance(pair[0], Blank)]
                for blank, size in blanks[:1]:
                    raise Used(blank, Use("equals", size))
        return super().compared(kind, a, b)

    def store(self, target: ast.expr, value: Any, scope: Scope) -> None:
        plain = isinstance(target, ast.Tuple | ast.List) and not any(
            isinstance(one, ast.Starred) for one in target.elts
        )
        if isinstance(value, Blank) and plain:
            raise Used(value, Use("unpacked", len(target.elts)))  # type: ignore[attr-defined]
        super().store(target, value, scope)

    def attribute(self, value: Any, name: str, own: bool = False) -> Any:
        if not isinstance(value, Blank):
            return super().attribute(value, name, own)
        if name in ("T", "mT"):
            return Blank(value.name, not value.turned)
        if name == "shape" and not value.shape:
            return Blank(value.name, value.turned, shape=True)
        if name in FIELDS:
            raise Used(value, Use("fields"))
        if is_field(name) and name not in TENSOR_ALONE | TEXTUAL | {"get"}:  # it is an object
            raise Used(value, Use("items", name))
        return Bound(name, value)

    def get_item(self, base: Any, key: Any) -> Any:
        if isinstance(base, Blank):
            raise Used(base, Use("items", key))
        self.look_at_key(base, key)
        return super().get_item(base, key)

    def put_item(self, base: Any, key: Any, value: Any) -> None:
        self.look_at_key(base, key)
        if isinstance(value, Blank) and isinstance(base, np.ndarray):
            raise Used(value, Use("element", super().get_item(base, key)))
        super().put_item(base, key, value)

    def put_attribute(self, base: Any, name: str, value: Any) -> None:
        sizes = value if isinstance(value, tuple) else (value,)
        of_array = name == "shape" and not isinstance(base, Object)
        for one in sizes if of_array else ():
            if isinstance(one, Blank):
                raise Used(one, Use("counts"))
        if isinstance(base, Blank) and name == "shape":
            raise Used(base, Use("reshaped", sizes) if are_sizes(sizes) else Use("alone"))
        super().put_attribute(base, name, value)

    def look_at_key(self, base: Any, key: Any) -> None:
        keys = key if isinstance(key, tuple) else (key,)
        for place, one in enumerate(keys if not isinstance(base, Object) else ()):  # which looks itself
            if isinstance(one, Blank):
                raise Used(one, Use("picks", (base, key, place)))

    def items(self, value: Any) -> Iterable[Any]:
        if isinstance(value, Blank):
            raise Used(value, Use("rows"))
        return super().items(value)

    def truth(self, value: Any) -> bool:
        if isinstance(value, Blank):
            raise Used(value, Use("truth"))
        return super().truth(value)

    def call(self, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        if isinstance(function, Blank):
            raise Used(function, Use("called", arguments))
        name = word_of(function)
        asks = name == "type" or (name == "isinstance" and asks_for_number(arguments[1]))
        if asks and arguments and isinstance(arguments[0], Blank):
            raise Used(arguments[0], Use("number", name == "isinstance" and not asks_for_number(arguments[1], "float")))
        if name == "isinstance" and isinstance(arguments[0], Blank) and asks_for_array(arguments[1]):
            return True
        me = function.me if isinstance(function, Bound) and isinstance(function.me, Blank) else None
        if me is not None and name in TURNING and not arguments:
            return Blank(me.name, not me.turned)
        if me is not None and name in TEXTUAL and not arguments:  # a text, which is looked up or compared
            return me
        if me is not None and name == "get":
            raise Used(me, Use("settings"))
        given = arguments if me is None else (me, *arguments)
        plain = name != "squeeze" or (len(given) == 1 and not keywords)
        if name in COPYING and plain and given and isinstance(given[0], Blank):
            return given[0]
        if name == "extend" and arguments and isinstance(arguments[0], Blank):
            raise Used(arguments[0], Use("joined"))
        if me is None and isinstance(function, Bound) and name:
            given = (function.me, *arguments) if is_array(function.me) else ()  # what lists keep is not looked at
        if me is not None or (name and name not in KEEPING):
            self.look_at_inputs(name, given, keywords)
        return super().call(function, arguments, keywords)

    def look_at_inputs(self, name: str, given: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Stop where a function of a library gets a blank, alone or in a list."""
        listed = [*given, *keywords.values()]
        for some in listed if name not in GOING else ():  # also in `((0, 0), (pad, pad))`
            listed += some if isinstance(some, list | tuple) else ()
        blank = next((one for one in listed if isinstance(one, Blank)), None)
        if blank is None:
            return
        others = [one for one in given if one is not blank and is_array(one)]
        place = next((i for i, one in enumerate(given) if one is blank), 0)
        axes = [one for key, one in keywords.items() if key in AXES and type(one) is int]
        axes += [one for one in given[1:2] if type(one) is int and name in ALONG]
        if name == "at" and place == 1:
            raise Used(blank, Use("picks", (given[0], blank, 0)))
        if name == "einsum" and isinstance(given[0], str):
            raise Used(blank, Use("letters", lettered(given, place)))
        if any(keywords.get(key) is blank for key in AXES) or (name in ALONG_ONE and place == 1):
            raise Used(blank, Use("along", np.ndim(given[0]) if given and is_array(given[0]) else 1))
        if name in PRODUCTS and len(given) > 1:
            raise Used(blank, Use("product", given[1 - min(place, 1)], place == 0))
        if name in ("reshape", "view") and given[0] is blank:
            sizes = given[1] if isinstance(given[1], tuple) else given[1:]
            raise Used(blank, Use("reshaped", sizes) if are_sizes(sizes) else Use("alone"))
        if name in COUNTED or name in SEEDING or name in ("range", "reshape", "view", "pad"):
            raise Used(blank, Use("counts"))
        if name in GOING:
            raise Used(blank, Use("rows"))
        if name in ROOTS:
            raise Used(blank, Use("root"))
        if name in TURNING | {"permute"}:
            axes = [len(given) - 2]
        if axes and given and blank is given[0]:
            raise Used(blank, Use("axis", axes[0]))
        raise Used(blank, Use("element", others[0]) if others else Use("alone"))


def are_sizes(sizes: Any) -> bool:
    """Whether these are the sizes of all axes: -1 is of what is left."""
    return all(type(one) is int and one > 0 for one in sizes)


def asks_for_number(kinds: Any, *names: str) -> bool:
    """Whether the types that something may be of are those of numbers."""
    found = {getattr(one, "name", "") for one in (kinds if isinstance(kinds, tuple) else (kinds,))}
    return not found.isdisjoint(names or ["int", "float"])


def asks_for_array(kinds: Any) -> bool:
    """Whether the types that something may be of are those of arrays, of a library."""
    some = kinds if isinstance(kinds, tuple) else (kinds,)
    return any(isinstance(one, Library) and one.path[-1] in ("Tensor", "ndarray", "Array") for one in some)


def lettered(given: tuple[Any, ...], place: int) -> tuple[int, ...]:
    """The shape of an input of einsum, by its letters, whose sizes the other inputs may know."""
    terms = given[0].replace(" ", "").partition("->")[0].split(",")
    sizes: dict[str, int] = {}
    for term, one in zip(terms, given[1:], strict=False):
        sizes.update(zip(term, np.shape(one), strict=False) if is_array(one) else ())
    for letter in "".join(terms):
        sizes.setdefault(letter, next((one for one in MORE_SIZES if one not in sizes.values()), 2))
    return tuple(sizes[letter] for letter in terms[place - 1]) if place <= len(terms) else ()


def word_of(function: Any) -> str:
    """The name of a function that is no function of the user's, and takes values for what they are."""
    if isinstance(function, Library):
        return function.path[-1]
    if isinstance(function, Builtin):
        return function.name if function.function is not None else ""
    if isinstance(function, Bound) and isinstance(function.function, str):
        return function.function
    return ""
