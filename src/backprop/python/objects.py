"""Objects that a pass made: what they hold, and what of it has changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.python.gradients import is_gradient
from backprop.python.scope import Object

MOST_PARTS = 200  # of a list or a dictionary, in which objects are looked for

DATA = ("data", "value", "val", "v", "item", "x", "n")  # where an object may hold its number, and its gradient


def objects_in(me: Object) -> dict[str, Object]:
    """An object under the name "", and those that it holds in attributes, lists and dictionaries: `layers[0].first`."""
    found: dict[str, Object] = {}
    pending: list[tuple[str, Any]] = [("", me)]
    seen = set()
    while pending:
        whose, holder = pending.pop(0)
        if id(holder) in seen or not isinstance(holder, Object | list | tuple | dict):
            continue
        seen.add(id(holder))
        if isinstance(holder, Object):
            found[whose] = holder
            pending += [(f"{whose}.{name}".lstrip("."), value) for name, value in holder.names.items()]
        elif len(holder) <= MOST_PARTS:
            entries = holder.items() if isinstance(holder, dict) else enumerate(holder)
            pending += [(f"{whose}[{key!r}]", value) for key, value in entries]
    return found


def dotted(parts: dict[str, Object]) -> list[tuple[str, Object]]:
    """Objects with what stands before the names of their attributes."""
    return [(f"{whose}." if whose else "", part) for whose, part in parts.items()]


def changed(part: Object, before: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The attributes of an object that are not as they were."""
    then = before.get(id(part), {})
    return {name: value for name, value in part.names.items() if not same(then.get(name), value)}


def kept(names: dict[str, Any]) -> dict[str, Any]:
    """Attributes as they are now, with copies of arrays, which may be written to."""
    return {name: np.array(value) if isinstance(value, np.ndarray) else value for name, value in names.items()}


def same(before: Any, now: Any) -> bool:
    """Whether an attribute is as it was."""
    if isinstance(now, np.ndarray) and isinstance(before, np.ndarray):
        return now.shape == before.shape and now.tobytes() == before.tobytes()
    return before is now


def inner(value: Any) -> Any:
    """The array or the number that an object holds: what a `Variable` or a `Tensor` of the user's stands for."""
    if not isinstance(value, Object):
        return value
    return next((value.names[key] for key in DATA if is_gradient(value.names.get(key))), value)
