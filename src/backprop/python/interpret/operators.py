"""Operators: on numbers, arrays, lists and texts, and on objects of the user's."""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.interpret import indexing
from backprop.python.interpret.members import Members
from backprop.python.interpret.protocols import takes_part
from backprop.python.values.arrays import (
    ARRAYS,
    DTYPES,
    NUMBERS,
    Sizes,
    Tensor,
    as_matrix,
    dtype_of,
    is_array,
    operand,
    settled,
)
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import (
    NOT_IMPLEMENTED,
    OTHERS,
    Builtin,
    Class,
    Idle,
    Library,
    Object,
    called,
    misfit,
)

BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul, ast.Mod: operator.mod, ast.FloorDiv: operator.floordiv,
    ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor,
    ast.LShift: operator.lshift, ast.RShift: operator.rshift,
}  # fmt: skip
IN_PLACE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.iadd, ast.Sub: operator.isub, ast.Mult: operator.imul, ast.Div: operator.itruediv,
    ast.Pow: operator.ipow, ast.FloorDiv: operator.ifloordiv, ast.Mod: operator.imod,
    ast.BitAnd: operator.iand, ast.BitOr: operator.ior, ast.BitXor: operator.ixor,
}  # fmt: skip
METHOD_NAMES: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "truediv", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor",
    ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip
UFUNCS: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.Pow: "power",
    ast.MatMult: "matmul", ast.FloorDiv: "floor_divide", ast.Mod: "remainder",
}  # fmt: skip
SAMENESS = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
KINDS = (Builtin, Library)
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
COMPARING: dict[type[ast.cmpop], tuple[str, str]] = {  # methods of an object, and of one on the right
    ast.Lt: ("__lt__", "__gt__"), ast.LtE: ("__le__", "__ge__"), ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"), ast.Eq: ("__eq__", "__eq__"), ast.NotEq: ("__ne__", "__ne__"),
}  # fmt: skip


def of_matrices(kind: type[ast.operator], a: Any, b: Any) -> tuple[type[ast.operator], Callable[[Any, Any], Any]]:
    """What an operator does where one operand is a matrix of NumPy's: `*` is the product of matrices."""
    if kind is ast.Pow:
        raise Refusal("a power of a matrix is not read", "refused", "write np.power, or the product")
    product = kind is ast.Mult and np.ndim(a) and np.ndim(b)
    return (ast.MatMult, lambda x, y: as_matrix(x) @ as_matrix(y)) if product else (kind, BINARY[kind])


class Operators(Members):
    """What an operator makes of two values, within the room that there is."""

    def binary(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        function = BINARY[kind]
        for one in (a, b):
            if isinstance(one, Idle):
                raise Refusal(f"nobody knows here what {called(one)} gives", "name", OTHERS)
        if isinstance(a, ARRAYS) or isinstance(b, ARRAYS):
            if isinstance(a, Object) or isinstance(b, Object):
                return self.by_method(kind, a, b)
            x, y = operand(a), operand(b)
            if isinstance(x, np.matrix) or isinstance(y, np.matrix):
                kind, function = of_matrices(kind, x, y)
            self.room_for(kind, x, y)
            whole = self.whole_quotients and all(np.asarray(one).dtype.kind in "iu" for one in (x, y))
            function = operator.floordiv if whole and kind is ast.Div else function
            return self.taped(kind, a, b, settled(function(x, y), x, y))
        if isinstance(a, NUMBERS) and isinstance(b, NUMBERS):
            if isinstance(a, int) and isinstance(b, int):
                self.bits_for(kind, a, b)
                function = operator.floordiv if self.whole_quotients and kind is ast.Div else function
            return self.taped(kind, a, b, function(a, b))
        if isinstance(a, Object) or isinstance(b, Object):
            return self.by_method(kind, a, b)
        return self.sequences(kind, a, b)

    def taped(self, kind: type[ast.operator], a: Any, b: Any, out: Any) -> Any:
        """A result, of which a tape is told."""
        tape = self.libraries.tape
        if tape is not None:
            tape.binary(kind, a, b, tape.ids(a), tape.ids(b), out)
        return out

    def room_for(self, kind: type[ast.operator], a: Any, b: Any) -> None:
        """Make sure of the room for the result of an operation on arrays."""
        if kind is ast.MatMult:
            shapes = np.shape(a), np.shape(b)
            if shapes[0] and shapes[1]:
                self.meter.room(float(np.size(a)) * float(np.size(b)) / max(1, shapes[0][-1]) ** 2)
            return
        some, others = np.shape(a), np.shape(b)
        sizes = math.prod(some), math.prod(others)
        if some == others or 1 in sizes:
            self.meter.room(max(sizes))
        else:
            self.meter.room(float(math.prod(np.broadcast_shapes(some, others))))

    def bits_for(self, kind: type[ast.operator], a: int, b: int) -> None:
        """Make sure that a whole number does not grow too large."""
        if kind is ast.Pow and b > 0:
            self.meter.bits(float(a.bit_length()) * b)
        elif kind is ast.Mult:
            self.meter.bits(a.bit_length() + b.bit_length())
        elif kind is ast.LShift:
            self.meter.bits(a.bit_length() + float(b))

    def sequences(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        """Lists, tuples and texts: joined, or repeated."""
        kinds = (list, tuple, str)
        if kind is ast.BitOr and all(
            isinstance(one, Class | Builtin | Library | tuple) or one is None for one in (a, b)
        ):
            return tuple(one for side in (a, b) for one in (side if isinstance(side, tuple) else (side,)))  # of kinds
        if kind is ast.Mod and isinstance(a, str):
            return self.formatted(a, b)
        if {Sizes, float} == {type(a), type(b)}:
            return self.binary(kind, operand(a), operand(b))  # they were numbers of an array
        if isinstance(a, Sizes) or isinstance(b, Sizes):  # a list or a tuple, as the other one is
            both: Any = tuple if isinstance(a, tuple) or isinstance(b, tuple) else list
            a, b = (both(one) if isinstance(one, Sizes) else one for one in (a, b))
        if kind is ast.Add and type(a) is type(b) and isinstance(a, kinds):
            self.meter.length(len(a) + len(b))
            return a + b
        if kind is ast.Mult and isinstance(a, kinds) and isinstance(b, int):
            self.meter.length(len(a) * float(max(0, b)))
            return a * b
        if kind is ast.Mult and isinstance(b, kinds) and isinstance(a, int):
            return self.sequences(kind, b, a)
        if isinstance(a, set) and isinstance(b, set) and kind in (ast.BitAnd, ast.BitOr, ast.Sub):
            return BINARY[kind](a, b)
        if isinstance(a, Tensor | tuple | list) and isinstance(b, Tensor | tuple | list):
            return self.binary(kind, operand(a), operand(b))
        raise misfit(f"{called(a)} and {called(b)} cannot be computed with", a, b)

    def formatted(self, text: str, values: Any) -> str:
        """`"W%d" % i`: of numbers and texts, without a width."""
        given = [plain_item(one) for one in (values if isinstance(values, tuple) else (values,))]
        if re.search(r"%[-+ #0-9.]*(\d{3,}|\*)", text):
            raise Refusal("this width is not read", "value")
        self.meter.length(len(text) + sum(len(str(one)) for one in given))
        return text % tuple(given)

    def by_method(self, kind: type[ast.operator], a: Any, b: Any) -> Any:
        """`a + b` of objects of the user's; beside an array NumPy asks first what such an object makes of it."""
        name = METHOD_NAMES[kind]
        for me, other, prefix in ((a, b, "__"), (b, a, "__r")):
            if is_array(me) and kind in UFUNCS and takes_part(other):
                return self.libraries.call(("numpy", UFUNCS[kind]), (a, b), {})
            found = self.by_own(me, f"{prefix}{name}__", other)
            if found is not NOT_IMPLEMENTED:
                return found
        raise misfit(f"{called(a)} and {called(b)} cannot be computed with", a, b)

    def add(self, a: Any, b: Any) -> Any:
        return self.binary(ast.Add, a, b)

    def power(self, a: Any, b: Any) -> Any:
        return self.binary(ast.Pow, a, b)

    def compared(self, kind: ast.cmpop, a: Any, b: Any) -> Any:
        idle = next((one for one in (a, b) if isinstance(one, Idle)), None)
        if idle is not None and isinstance(a if idle is b else b, Builtin | Class):
            return isinstance(kind, ast.NotEq | ast.IsNot)  # no value here is of a kind of such a library
        if idle is not None:
            raise Refusal(f"nobody knows here what {called(idle)} gives", "name")
        kinds = [one.name if isinstance(one, Builtin) else one.path[-1] for one in (a, b) if isinstance(one, KINDS)]
        if len(kinds) == 2 and isinstance(kind, SAMENESS):  # `type(x) == int`, `type(x) is np.ndarray`
            return (kinds[0] == kinds[1]) == isinstance(kind, ast.Eq | ast.Is)
        if isinstance(kind, ast.Is | ast.IsNot):
            same = a is b or (isinstance(a, str) and a == b)  # a text that is spelt twice is one, and so is a library
            return same == isinstance(kind, ast.Is)
        if isinstance(kind, ast.In | ast.NotIn):
            return self.contains(b, a) == isinstance(kind, ast.In)
        equality = isinstance(kind, ast.Eq | ast.NotEq)
        for me, other, name in zip((a, b), (b, a), COMPARING[type(kind)], strict=True):
            found = self.by_own(me, name, other)
            if found is not NOT_IMPLEMENTED:
                return found
        if isinstance(a, np.dtype) or isinstance(b, np.dtype):
            return (dtype_of(a) == dtype_of(b)) == isinstance(kind, ast.Eq)
        if is_array(a) or is_array(b):
            if equality and (a is None or b is None or isinstance(a, str) or isinstance(b, str)):
                return isinstance(kind, ast.NotEq)
            a, b = operand(a), operand(b)
            self.room_for(ast.Add, a, b)
            return self.noted(kind, a, b, settled(COMPARISONS[type(kind)](a, b), a, b))
        if equality or isinstance(a, bool | int | float | str | tuple | list):
            return self.noted(kind, a, b, COMPARISONS[type(kind)](a, b))
        raise misfit(f"{called(a)} and {called(b)} cannot be compared", a, b)

    def noted(self, kind: ast.cmpop, a: Any, b: Any, out: Any) -> Any:
        """A comparison, of which a tape is told."""
        if self.libraries.tape is not None:
            self.libraries.tape.compared(type(kind), a, b, out)
        return out

    def contains(self, items: Any, value: Any) -> bool:
        found = self.by_own(items, "__contains__", value)
        if found is not NOT_IMPLEMENTED:
            return self.truth(found)
        if isinstance(items, dict | set | str | range) and not isinstance(value, Builtin):
            return indexing.key_of(value) in items
        if is_array(items):  # also in one of no dimensions, which cannot be gone through
            return bool(np.any(self.compared(ast.Eq(), value, items)))
        return any(self.truth(self.compared(ast.Eq(), value, one)) for one in self.listed(items))


def plain_item(value: Any) -> Any:
    """A number or a text to be put into a text."""
    if isinstance(value, np.generic | np.ndarray) and value.size == 1:
        return value.item()
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, np.dtype) or (isinstance(value, Library) and value.path[-1] in DTYPES):
        return str(dtype_of(value).name)
    raise Refusal(f"{called(value)} is not put into a text", "value")
