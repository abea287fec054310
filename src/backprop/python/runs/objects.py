"""Objects that a pass made: what they hold, and what of it has changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.python.texts.gradients import WORDS, Path, bases, is_gradient, is_of_gradient, leaves, longer, owner_at
from backprop.python.values.scope import Function, Object

MOST_PARTS = 200  # of a list or a dictionary, in which objects are looked for

PARAMETERS = ("params", "parameters", "weights")  # where an object may keep its weights
LISTS = ("grads", "gradients", "dparams")  # and beside these their gradients
#: Where an object that has fields may hold its number, and where any other may.
OF_RECORDS = ("data", "_data", "value", "_value", "val", "cached_data")
DATA = (*OF_RECORDS, "v", "item", "x", "n")
GRADIENT = ("grad", "gradient", "_grad")  # the key of a gradient in the dictionary that has such a number


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


class Entry(NamedTuple):
    """An array in a list or a dictionary of an object, and the keys that lead to it; where that list has it again, or
    its transpose, as weights that are tied, the others."""

    part: Object
    keys: Path
    value: Any
    tied: tuple[Entry, ...] = ()


def weights_inside(
    parts: dict[str, Object], given: dict[str, Any], known: Container[str] | None = None
) -> dict[str, Entry]:
    """The arrays that objects keep in lists and dictionaries alone, and that are not given: `embed.params[0]`. What is
    tied to one that is kept elsewhere has no gradient of its own; `known` are the attributes that count as such, and
    not those that a pass only makes of a weight, `self.flat = self.params["W"].reshape(n, -1)`."""
    held = [(whose + name, value) for whose, part in dotted(parts) for name, value in part.names.items()]
    named = {memory_of(value) for value in given.values()}
    named |= {memory_of(value) for name, value in held if known is None or name in known}
    found: dict[Any, dict[str, Entry]] = {}
    for whose, part in dotted(parts):
        for name, kept_in in part.names.items():
            for keys, value in leaves(kept_in, (name,)) if isinstance(kept_in, list | tuple | dict) else ():
                if keys[-1] in GRADIENT or not isinstance(value, np.ndarray) or value.dtype.kind != "f":
                    continue
                if memory_of(value) not in named:
                    inside = "".join(f"[{key}]" if key.isdigit() else f"[{key!r}]" for key in keys[1:])
                    found.setdefault(memory_of(value), {})[f"{whose}{name}{inside}"] = Entry(part, keys, value)
    entries: dict[str, Entry] = {}
    for some in found.values():
        (name, first), *others = sorted(some.items(), key=lambda one: known is not None and one[0] not in known)
        beside = [one for _, one in others if one.part is first.part and one.keys[0] == first.keys[0]]
        tied = [one for one in beside if is_turned(one, first) or one.value.strides == first.value.strides]
        turned = any(is_turned(one, first) for _, one in others)
        if not turned or any(is_turned(one, first) for one in tied):
            entries[name] = first._replace(tied=tuple(tied))
    return entries


def memory_of(value: Any) -> Any:
    """What tells an array from others, and not from its transpose."""
    return (value.__array_interface__["data"][0], value.size) if isinstance(value, np.ndarray) else id(value)


def is_turned(one: Entry, other: Entry) -> bool:
    """Whether an array is the transpose of another one, in the same place."""
    return bool(one.value.strides != other.value.strides and one.value.shape == other.value.shape[::-1])


def gradients_inside(entries: dict[str, Entry], now: dict[int, dict[str, Any]], returned: Any) -> dict[Path, Any]:
    """The gradients of such arrays, which stand in lists and dictionaries of the same form: `self.dWs[0]` that of
    `self.Ws[0]`; in `grads` those of `params`; and in a dictionary that is returned. Of what is tied, their sum."""
    found: dict[Path, Any] = {}
    for name, entry in entries.items():
        pending = [(one, gradient_inside(one, now, returned)) for one in (entry, *entry.tied)]
        parted = {id(gradient): gradient.T if is_turned(one, entry) else gradient
                  for one, gradient in pending if gradient is not None}  # fmt: skip
        if parted and pending[0][1] is not None:
            found[(name,)] = next(iter(parted.values())) if len(parted) == 1 else sum(parted.values())
    return found


def gradient_inside(entry: Entry, now: dict[int, dict[str, Any]], returned: Any) -> Any:
    """The gradient of one such array; None where there is none."""
    part, keys, weights, _ = entry
    places = [(names, one, False) for names, one in leaves(now.get(id(part), {})) if len(names) > 1]
    for held in returned if isinstance(returned, tuple) else (returned,):
        places += [(("grads", *names), one, True) for names, one in leaves(held) if isinstance(held, dict)]
    for names, one, exact in places:
        same_place = names[1:] == keys[1:] or (names[1:-1] == keys[1:-1] and keys[-1] in bases(names[-1]))  # "dW"
        beside = names[0].lstrip("_") in LISTS and keys[0].lstrip("_") in PARAMETERS and same_place
        within = names[:-1] == keys[:-1] and names[-1] in GRADIENT and keys[-1] in DATA
        by_keys = within or (
            beside and not any(key.isdigit() for key in keys[1:])
        )  # of another shape it is a wrong one
        fits = isinstance(one, np.ndarray) and (by_keys or one.shape == weights.shape)
        if fits and (within or beside or owner_at(names[exact:], (keys,), exact) is not None):
            return one
    return None


def lists_alike(entries: dict[str, Entry], returned: Sequence[Any], names: list[str]) -> dict[Path, Any]:
    """The gradients in lists that are returned, of the arrays in a list that an object keeps: the one that alone has
    their shapes, or among several the one whose name begins as theirs does, `nabla_w` that of `weights`. Beside one
    with its shapes, what is called so and is as long has others by mistake."""
    lists: dict[tuple[int, str], list[str]] = {}
    for name, (part, keys, *_) in entries.items():
        if len(keys) == 2 and keys[1].isdigit():
            lists.setdefault((id(part), keys[0]), []).append(name)
    found: dict[Path, Any] = {}
    for by_shape in (True, False):
        for place, held in enumerate(returned):
            gradients = held if isinstance(held, list) and len(held) > 0 and all(map(is_gradient, held)) else []
            alike = [(key, some) for (_, key), some in lists.items() if len(some) == len(gradients)]
            if by_shape:
                alike = [(key, some) for key, some in alike
                         if shapes([entries[name].value for name in some]) == shapes(gradients)]  # fmt: skip
            said = bases(names[place]) if len(names) == len(returned) else []
            if len(alike) > 1 or not by_shape:
                alike = [(key, some) for key, some in alike if any(key.startswith(base) for base in said)]
            if len(alike) == 1 and (by_shape or (found and (alike[0][1][0],) not in found)):
                found.update({(name,): one for name, one in zip(alike[0][1], gradients, strict=True)})
    return found


def shapes(some: Sequence[Any]) -> list[tuple[int, ...]]:
    """The shapes of arrays, without axes of length 1."""
    return [longer(np.shape(one)) for one in some]


def held_lists(part: Object) -> dict[str, Any]:
    """The lists in which an object keeps gradients, and what holds them beside their weights, `{"val": W, "grad": dW}`;
    they are the same before and after."""
    return {
        name: one for name, one in part.names.items()
        if name.lstrip("_") in LISTS or any(keys[-1:] != () and keys[-1] in GRADIENT for keys, _ in leaves(one))
    }  # fmt: skip


def dotted(parts: dict[str, Object]) -> list[tuple[str, Object]]:
    """Objects with what stands before the names of their attributes."""
    return [(f"{whose}." if whose else "", part) for whose, part in parts.items()]


def attribute_at(own: Object, name: str) -> Any:
    """An attribute of an object, or of a part of it: `layer.W`."""
    held: Any = own
    for one in name.split("."):
        held = held.names.get(one) if isinstance(held, Object) else None
    return held


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


def rowed(value: Any) -> Any:
    """A NamedTuple as the tuple that it is."""
    if isinstance(value, Object) and value.cls.is_tuple:
        return tuple([value.names.get(name) for name in value.cls.fields])
    return value


def keyed(value: Any) -> Any:
    """A record of gradients as the dictionary that it could be: `Grads(dW=…, db=…)`, in whatever order."""
    if not isinstance(value, Object) or not value.cls.fields:
        return value
    kept = {name: value.names.get(name) for name in value.cls.fields}
    named = "grad" in value.cls.name.lower() or all(is_of_gradient(name) and not WORDS.match(name) for name in kept)
    return kept if named and any(is_gradient(one) for _, one in leaves(kept)) else value


def inner(value: Any) -> Any:
    """The array or the number that an object holds: what a `Variable` or a `Tensor` of the user's stands for."""
    if not isinstance(value, Object) or value.cls.is_tuple:
        return value
    names = OF_RECORDS if value.cls.fields else DATA  # a record's x is one of several things that it holds
    names = (*names, *made_first(value.cls.find("__init__")))
    return next((value.names[key] for key in names if is_gradient(value.names.get(key))), value)


def made_first(start: Any) -> list[str]:
    """The attribute that a constructor makes of the first thing that it is given and then its gradient's, in whatever
    language: `self.valor = np.asarray(valor)`, `self.grad = np.zeros_like(self.valor)`."""
    if not isinstance(start, Function) or len(start.parameters) < 2 or not isinstance(start.tree, ast.FunctionDef):
        return []
    sets = [one for one in start.tree.body if isinstance(one, ast.Assign | ast.AnnAssign) and one.value is not None]
    made = [ast.unparse(one.targets[0] if isinstance(one, ast.Assign) else one.target) for one in sets]
    read = [{node.id for node in ast.walk(one.value) if isinstance(node, ast.Name)} for one in sets if one.value]
    own = [name.removeprefix("self.") for name, some in zip(made, read, strict=True) if start.parameters[1] in some]
    return own[:1] if any(re.fullmatch(r"self\._?grad(ient)?", name) for name in made) else []
