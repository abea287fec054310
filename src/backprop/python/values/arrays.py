"""Arrays as values of the interpreter: NumPy's own, and tensors, which are NumPy's arrays under another name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backprop.python.values.meter import LONGEST, Refusal

KINDS = "biuf"  # of the elements that an array may have
ARRAYS = (np.ndarray, np.generic)  # said once: they are asked for at every step
NUMBERS = (bool, int, float)
COUNTED = (*ARRAYS, *NUMBERS)
PLAIN = (*COUNTED, str)


HELD = ("g", "grad")  # what may be set of a tensor: its gradient


class Tensor(np.ndarray[Any, Any]):
    """An array that stands for a tensor of torch: always an array, also of no dimensions."""


class Grid(list[Any]):
    """Lists of lists that stand for an array of objects."""


def as_matrix(value: Any) -> Any:
    """A value as a matrix of NumPy's, whose product is `*`: a view, as making one warns that it is old."""
    return np.atleast_2d(operand(value)).view(np.matrix)


class At:
    """`a.at`, and `a.at[index]`, of JAX: what gives a changed copy of an array."""

    __slots__ = ("array", "index")

    def __init__(self, array: Any, index: Any = None) -> None:
        self.array, self.index = array, index


def is_array(value: Any) -> bool:
    """Whether a value is an array or a number of NumPy's."""
    return isinstance(value, ARRAYS)


def is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float | np.generic)


class Sizes(list[int]):
    """Whole numbers in a row that are given as sizes: a list, and a tuple beside one."""

    __hash__ = None

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Sizes(found) if isinstance(found, list) else found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, list | tuple) and list(self) == list(other)

    def __ne__(self, other: object) -> bool:  # that of a list asks whether it is a list, too
        return not self == other


class Device(str):
    """Where torch would have a tensor: its text, `cuda:0`, with its kind, and which of that kind it is."""

    @property
    def parts(self) -> dict[str, Any]:
        kind, _, place = self.partition(":")
        return {"type": kind, "index": int(place) if place.isdigit() else None}


def tensor(value: Any) -> Tensor:
    """A value as a tensor; the memory is shared where it is an array."""
    found: Tensor = checked(np.asarray(value)).view(Tensor)
    return found


def settled(value: Any, *like: Any) -> Any:
    """A result of NumPy's, as a tensor where one of the operands was one; nothing of what only writes."""
    if value is None:
        return None
    for one in like:
        if isinstance(one, Tensor):
            return tensor(value)
    return value.view(np.ndarray) if isinstance(value, Tensor) else value


def checked(value: Any) -> Any:
    """An array or number of kinds that are computed with here; texts and objects in arrays are not."""
    if is_array(value) and value.dtype.kind not in KINDS:
        raise Refusal(
            f"an array of elements of kind {value.dtype} is not read",
            "value" if value.dtype.kind in "OUS" else "refused",
        )
    return value


def made(value: Any) -> Any:
    """What a function of NumPy's gave, looked through for what is not read. Fractions are doubles, whatever was asked
    for: `np.zeros(3, "f")`."""
    for one in value if isinstance(value, tuple | list) else ():
        made(one)
    if is_array(value) and value.dtype.kind == "f" and value.dtype.itemsize != np.dtype(float).itemsize:
        value = value.astype(float)
    return checked(value)


def operand(value: Any) -> Any:
    """What may stand beside an array in arithmetic."""
    if isinstance(value, COUNTED):
        return value
    if isinstance(value, list | tuple | range):
        return checked(np.asarray(plain(value)))
    raise Refusal(f"an array cannot be computed with {'None' if value is None else type(value).__name__}", "value")


def plain(value: Any, left: list[int] | None = None) -> Any:
    """Data for a function of NumPy's: numbers, texts, arrays, and lists, tuples and ranges of them; nothing else.

    `left` is how many items lists may still have in all: a list that holds another one many times is small in memory.
    """
    if value is None or value is Ellipsis or isinstance(value, PLAIN):
        return value
    if isinstance(value, list | tuple):
        left = [LONGEST] if left is None else left
        left[0] -= len(value)
        if left[0] < 0:
            raise Refusal(f"these are more than {LONGEST:,} items", "size")
        items = [plain(one, left) for one in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, range):
        return np.arange(value.start, value.stop, value.step)
    if isinstance(value, slice | np.dtype):
        return value
    # What only stands for something may be known elsewhere: it is no mistake of the code.
    kind = "value" if isinstance(value, dict | set | Iterator) else "name"
    raise Refusal(f"a value of kind {type(value).__name__} cannot be given to a function of a library", kind)


def fresh(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """A copy of data in memory of its own; what was one thing under two names stays one."""
    seen = {} if seen is None else seen
    if id(value) in seen:
        return seen[id(value)]
    out: Any = value
    if isinstance(value, np.ndarray):
        out = np.array(value, subok=True)
    elif isinstance(value, dict):
        out = {key: fresh(one, seen) for key, one in value.items()}
    elif isinstance(value, list):
        out = [fresh(one, seen) for one in value]
    elif type(value) is tuple:
        out = tuple([fresh(one, seen) for one in value])
    seen[id(value)] = out
    return out


def number_of(value: Any) -> int:
    """A whole number, as a size or an axis."""
    if type(value) is int:
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | int | np.integer | np.bool_):
        return int(value)
    raise Refusal(f"a whole number is needed here, not {type(value).__name__}", "value")


def axes_of(value: Any) -> Any:
    """An axis, several, or None."""
    if value is None:
        return None
    if isinstance(value, tuple | list):
        return tuple([number_of(one) for one in value])
    return number_of(value)


FRACTIONS = "float double float64 float32 float16 half float_ f d float128 longdouble bfloat16 HalfTensor FloatTensor"
WHOLE = "int long int64 int32 int16 int8 intp int_ i intc uint16 uint32 uint64 LongTensor IntTensor"
DTYPES = {
    **dict.fromkeys((*FRACTIONS.split(), "DoubleTensor"), np.dtype(float)),
    **dict.fromkeys(WHOLE.split(), np.dtype(np.int64)),
    "uint8": np.dtype(np.uint8),
    **dict.fromkeys(("bool", "bool_", "bool8"), np.dtype(bool)),
}  # as they are spelt; every kind of fraction is a double here


def dtype_of(value: Any) -> Any:
    """A kind of elements, however it is spelt."""
    if value is None:
        return None
    if isinstance(value, np.dtype):
        return np.dtype(float) if value.kind == "f" else value
    name = value if isinstance(value, str) else getattr(value, "name", None)
    path = getattr(value, "path", None)
    found = DTYPES.get(path[-1] if path else name or "")
    if found is None:
        word = str(path[-1] if path else name or "")
        kind = "refused" if "complex" in word else "value"  # a mistake, or what is outside of what is read
        raise Refusal("this kind of elements is not read", kind, "float64, int64 and bool are")
    return found
