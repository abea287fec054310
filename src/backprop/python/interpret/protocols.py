"""How objects of the user's take part in NumPy's functions: by `__array_ufunc__`, `__array_function__`, `__array__`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.python.values.meter import Refusal
from backprop.python.values.scope import NOT_IMPLEMENTED, Bound, Function, Library, Object

Called = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
CONVERTING = frozenset(["array", "asarray", "asanyarray", "ascontiguousarray", "asfarray"])  # which ask nobody


def takes_part(value: Any, protocol: str = "__array_ufunc__") -> bool:
    """Whether a value is an object that says itself what NumPy's functions make of it."""
    return isinstance(value, Object) and isinstance(value.cls.find(protocol), Function)


def objects_among(values: tuple[Any, ...], named: dict[str, Any]) -> list[Object]:
    """The objects of the user's among arguments, and in lists of them."""
    found = []
    for one in (*values, *named.values()):
        inner = one if isinstance(one, list | tuple) else (one,)
        found += [item for item in inner if isinstance(item, Object) and not item.cls.is_tuple]
    return found


def dispatched(
    call: Called, path: tuple[str, ...], given: tuple[Any, ...], named: dict[str, Any], own: list[Object]
) -> Any:
    """What objects make of a function of NumPy's that they are given to; that it is not said where none says it."""
    function, method = Library(path[:2]), path[2] if len(path) > 2 else "__call__"
    if path[1] in CONVERTING:
        return NOT_IMPLEMENTED
    universal = isinstance(getattr(np, path[1], None), np.ufunc)
    protocol = "__array_ufunc__" if universal else "__array_function__"
    asked = [one for one in own if takes_part(one, protocol)]
    for one in asked:
        if universal:
            found = call(Bound(one.cls.find(protocol), one), (function, method, *given), named)
        else:
            kinds = tuple(dict.fromkeys(other.cls for other in asked))
            found = call(Bound(one.cls.find(protocol), one), (Library(path), kinds, given, named), {})
        if found is not NOT_IMPLEMENTED:
            return found
    if asked:
        why = f"no {protocol} says what np.{'.'.join(path[1:])} makes of these"
        raise Refusal(why, "value", raised="TypeError")
    if universal and len(given) == 1 and isinstance(method := own[0].cls.find(path[1]), Function):
        return call(Bound(method, own[0]), (), {})  # as NumPy asks what it knows nothing of: `np.exp(x)` is `x.exp()`
    return NOT_IMPLEMENTED


def as_arrays(call: Called, value: Any) -> Any:
    """A value with the arrays that objects in it say that they are."""
    if isinstance(value, list | tuple) and any(isinstance(one, Object | list | tuple) for one in value):
        return type(value)([as_arrays(call, one) for one in value])
    if takes_part(value, "__array__"):
        return call(Bound(value.cls.find("__array__"), value), (), {})
    return value
