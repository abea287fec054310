"""An index as people write it, on arrays, lists, dictionaries; how large the result will be, before it is made."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from backprop.python.values.arrays import Grid, Tensor, is_array, number_of, plain, settled, tensor
from backprop.python.values.meter import Meter, Refusal
from backprop.python.values.scope import Builtin, Class, Function, Library, Object, called, misfit

WHOLE, LISTED = (int, np.integer), (list, np.ndarray)


def index_of(value: Any) -> Any:
    """An index as NumPy takes it."""
    if type(value) is int or type(value) is slice:
        return value
    if isinstance(value, tuple) or (isinstance(value, list) and are_apart(value)):
        return tuple([index_of(one) for one in value])
    if isinstance(value, Library) and value.path[-1] == "newaxis":
        return None
    if isinstance(value, Tensor):
        return value.view(np.ndarray) if value.ndim else value[()]
    return plain(value)


def are_apart(places: list[Any]) -> bool:
    """Whether a list has arrays of several shapes: it is no array of places, and torch takes one for each axis."""
    return len({one.shape if is_array(one) else () for one in places}) > 1


def of_array(meter: Meter, base: Any, key: Any) -> Any:
    """`base[key]`: a view or a copy, as NumPy has it."""
    key = index_of(key)
    if isinstance(base, Tensor):
        items = key if isinstance(key, tuple) else (key,)
        whole = all(isinstance(one, WHOLE) and not isinstance(one, bool) for one in items)
        meter.room(size_of(base, key))
        return base[(*items, ...)] if whole else tensor(base.view(np.ndarray)[key])
    meter.room(size_of(base, key))
    return settled(base[key])


def size_of(base: Any, key: Any) -> float:
    """At most so many elements come out of an index; a slice is a view and costs nothing."""
    items = key if isinstance(key, tuple) else (key,)
    size = max([float(np.size(one)) for one in items if isinstance(one, LISTED)], default=1.0)
    if size <= 1:
        return 0.0
    masks = [one for one in items if isinstance(one, np.ndarray) and one.dtype == bool]
    return float(np.size(base)) if masks else size * float(np.size(base)) / max(1, np.shape(base)[0])


def cell(base: Any, key: Any) -> tuple[Any, Any]:
    """Of an array of objects, the list that an element stands in, and where."""
    if isinstance(base, Grid) and isinstance(key, tuple):
        for one in key[:-1]:
            base = base[number_of(one)]
        return base, key[-1]
    return base, key


def is_kind(value: Any) -> bool:
    """Whether a value is a type of Python's own, of NumPy's or of `typing`."""
    if isinstance(value, Library):
        return value.path[0] == "typing" or value.path[-1] in ("ndarray", "NDArray", "Tensor")
    name = value.name if isinstance(value, Builtin) else ""
    return name == "numpy.dtype" or isinstance(getattr(builtins, name, None), type)


def get(meter: Meter, base: Any, key: Any) -> Any:
    """`base[key]` of anything that has items."""
    base, key = cell(base, key)
    if is_array(base):
        return of_array(meter, base, key)
    if isinstance(base, dict):
        key = key_of(key)
        if key not in base and not hasattr(base, "__missing__"):
            raise Refusal(f"the dictionary has no {key!r}", "name", raised="KeyError")
        return base[key]
    if isinstance(base, list | tuple | str | range):
        if isinstance(key, slice):
            meter.length(len(base))
            return base[key]
        return base[number_of(key)]
    if isinstance(base, float) and all(
        one is None or one is ... for one in (key if isinstance(key, tuple) else (key,))
    ):
        return of_array(meter, np.asarray(base), key)  # a number of NumPy's gets axes so
    if is_kind(base):  # `tuple[int, int]` is one, too
        return base
    raise misfit(f"{called(base)} has no items", base)


def fitting(base: Any, key: Any, value: Any) -> Any:
    """What is put into a place: into that of one element also an array of one, as NumPy took it for long."""
    if isinstance(base, np.ndarray) and isinstance(value, np.ndarray) and value.ndim and value.size == 1:
        return value.reshape(()) if np.ndim(base[index_of(key)]) == 0 else value
    return value


def put(base: Any, key: Any, value: Any) -> None:
    """`base[key] = value`."""
    base, key = cell(base, key)
    if isinstance(base, np.ndarray):
        if not (is_array(value) or isinstance(value, bool | int | float | list | tuple | range)):
            raise Refusal(f"{'None' if value is None else type(value).__name__} cannot be put into an array", "value")
        where = index_of(key)
        base.view(np.ndarray)[where] = plain(value)
    elif isinstance(base, dict):
        base[key_of(key)] = value
    elif isinstance(base, list):
        base[key if isinstance(key, slice) else number_of(key)] = value
    else:
        raise Refusal(f"a value of kind {type(base).__name__} cannot be written under an index", "value")


def key_of(key: Any) -> Any:
    """A key of a dictionary."""
    if isinstance(key, np.generic):
        return key.item()
    if (
        isinstance(key, str | int | float | bool | tuple | Object | Function | Class | Library | np.dtype)
        or key is None
    ):
        return key
    raise Refusal(f"a value of kind {type(key).__name__} is no key", "value")
