"""What a value has: attributes, items, and whether it is true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from backprop.errors import nearest
from backprop.python.interpret import indexing
from backprop.python.interpret.libraries import OPERATIONS, attribute_of_array
from backprop.python.interpret.machine import Machine
from backprop.python.spellings.torch import TORCH, Extremum
from backprop.python.values.arrays import HELD, At, Device, Tensor, is_array, number_of, tensor
from backprop.python.values.meter import Refusal
from backprop.python.values.scope import (
    IDLE_BUT_FOR,
    NOT_IMPLEMENTED,
    Bound,
    Builtin,
    Class,
    Function,
    Idle,
    Library,
    Object,
    Super,
    Unknown,
    called,
    kind_of,
    misfit,
)

JOINING = (("numpy", "c_"), ("numpy", "r_"), ("numpy", "s_"))
NAMED = ("__name__", "__qualname__", "__module__", "__doc__")  # what a class and a function say of themselves
TENSOR_ALONE = frozenset([
    "view", "size", "dim", "numel", "to", "device", "type_as", "clone", "detach", "dtype", "shape", "float",
    "expand_as", "double", "half", "int", "long", "cuda", "cpu", "contiguous", "item", "requires_grad",
])  # fmt: skip
BEING_TRUE = ("__bool__", "__len__")  # by which an object says whether it is true
OWN_METHODS = frozenset(["__init__", "__call__", "__new__"])  # of those with two underscores, what may be named


class Members(Machine):
    """Attributes and items, read and written."""

    def get_item(self, base: Any, key: Any) -> Any:
        if isinstance(base, np.ndarray):
            return self.element(base, key)
        if isinstance(base, Object) and base.cls.is_tuple:
            base = tuple(self.items(base))
        if isinstance(base, Object):
            return self.call(self.attribute(base, "__getitem__", own=True), (key,), {})
        if isinstance(base, Library) and base.path in JOINING:
            return self.libraries.joined(base.path[-1], key)
        if isinstance(base, Library) and base.path[0] == "typing":
            return key if base.path[-1] == "Union" else base
        if isinstance(base, Idle):
            return base
        if isinstance(base, At):
            return At(base.array, indexing.index_of(key))
        return indexing.get(self.meter, base, key)

    def element(self, base: Any, key: Any) -> Any:
        """An item of an array, of which a tape is told."""
        found, tape = indexing.get(self.meter, base, key), self.libraries.tape
        if tape is not None and is_array(found):
            tape.put(found, tape.ids(base)[indexing.index_of(key)])
            tape.decided(key if isinstance(key, tuple) else (key,), found)
        return found

    def put_item(self, base: Any, key: Any, value: Any) -> None:
        if isinstance(base, Object):
            self.call(self.attribute(base, "__setitem__", own=True), (key, value), {})
        else:
            value = indexing.fitting(base, key, value)
            indexing.put(base, key, value)
            if self.libraries.tape is not None and isinstance(base, np.ndarray):
                self.libraries.tape.put_at(base, indexing.index_of(key), value)

    def attribute(self, value: Any, name: str, own: bool = False) -> Any:
        """`value.name`. Names with two underscores on both sides reach into Python itself, and are refused."""
        if name.startswith("__") and name.endswith("__"):
            if name == "__class__":
                return kind_of(value)
            if name in NAMED and isinstance(value, Class | Function | Builtin | Library):
                whole = value.path[-1] if isinstance(value, Library) else value.name
                return whole if name.endswith("name__") else ""
            if name == "__getattribute__" and isinstance(value, Object):
                return Builtin(name, lambda other: self.attribute(value, other))
            if name == "__dict__" and isinstance(value, Object):  # of the user's own, which is nothing of Python's
                return value.names
            own = own or (isinstance(value, Object) and isinstance(value.cls.find(name), Function))
            own = own or (isinstance(value, Library) and name in (*OPERATIONS, "__version__"))
            if name not in OWN_METHODS and not own:
                raise Refusal(f".{name} is not read: it reaches into Python itself")
        if isinstance(value, Object):
            return self.object_member(value, name)
        if isinstance(value, Class):
            return self.class_member(value, name)
        if isinstance(value, Library):
            return self.member(value, name)
        if isinstance(value, Super):
            found = next((f for base in value.cls.bases if (f := base.find(name)) is not None), None)
            return Builtin(name, lambda *_, **__: None) if found is None else Bound(found, value.me)
        if isinstance(value, At):
            return Bound(name, value)
        if isinstance(value, Idle):
            path = (*value.path, name)
            return IDLE_BUT_FOR.get(path, Idle(path))
        if isinstance(value, Function) and name in value.names:
            return value.names[name]
        if isinstance(value, Function) and name in ("defvjp", "defjvp", "defjvps"):  # read where they stand
            return Builtin(name, lambda *_, **__: None)
        if isinstance(value, Function) and value.kind == "property" and name in ("fget", "fset"):
            return value.setter if name == "fset" else value
        if isinstance(value, Extremum) and name in ("values", "indices"):
            return getattr(value, name)
        if isinstance(value, np.dtype) and name in ("kind", "name", "itemsize", "type"):
            return value if name == "type" else getattr(value, name)
        if isinstance(value, slice) and name in ("start", "stop", "step"):
            return getattr(value, name)
        if isinstance(value, slice) and name == "indices":
            return Builtin(name, lambda size: value.indices(number_of(size)))
        if isinstance(value, float) and name == "is_integer":  # one of NumPy's, too
            return Builtin(name, value.is_integer)
        if isinstance(value, Tensor) and name in HELD and (name in vars(value) or name == "grad"):
            return vars(value).get(name)
        if is_array(value):
            found = attribute_of_array(value, name)
            return Bound(name, value) if found is None else found
        if isinstance(value, Device) and name in value.parts:
            return value.parts[name]
        if name == "value" and isinstance(value, str | int):  # of a member of an Enum
            return value
        if isinstance(value, dict) and name in value and not hasattr(dict, name):  # given for an object with fields
            return value[name]
        if isinstance(value, str | list | dict | set | tuple):
            return Bound(name, value)
        if isinstance(value, float | int) and (
            name in TENSOR_ALONE or name in TORCH
        ):  # a number given for a tensor of one
            return self.attribute(self.tensor_of(value), name)
        raise Refusal(f"{called(value)} has no .{name}", "name")

    def tensor_of(self, value: float) -> Tensor:
        """A tensor without an axis."""
        found = tensor(value)
        if self.libraries.tape is not None:
            self.libraries.tape.put(found, self.libraries.tape.ids(value))
        return found

    def settled(self, found: Any) -> Any:
        """What a name means by now that a file was asked for before it was read: what a package has may be a file's."""
        for _ in self.files if isinstance(found, Unknown) else ():
            file, there = found.later or ("", "")
            found = self.files.get(file, {}).get(there, found)
            if not isinstance(found, Unknown):
                break
        return found

    def object_member(self, value: Object, name: str) -> Any:
        if name in value.names:
            found = value.names[name]
            return self.settled(found) if isinstance(found, Unknown) else found
        found = value.cls.find(name)
        if found is None and not value.cls.holds(name):
            other = value.cls.find("__getattr__")
            if other is not None and not name.startswith("__"):
                return self.call(Bound(other, value), (name,), {})
            near = nearest(name, [*value.names, *value.cls.names])
            hint = f"did you mean .{near}?" if near else ""
            raise Refusal(f"{called(value)} has no .{name}", "name", hint)
        if not isinstance(found, Function):
            return found
        if found.kind == "property":
            return self.call(Bound(found, value), (), {})
        return found if found.kind == "static" else Bound(found, value.cls if found.kind == "class" else value)

    def class_member(self, value: Class, name: str) -> Any:
        found = value.find(name)
        if found is None and name == "__new__":
            return Builtin(name, lambda cls, *_, **__: Object(cls))
        if found is None and name == "apply":
            forward, own = self.class_member(value, "forward"), value.find("setup_context") is None  # which has none
            return Builtin(
                "apply",
                lambda *given, **named: self.call(forward, (*[context([True] * len(given))] * own, *given), named),
            )
        if found is None and not value.holds(name):
            raise Refusal(f"{value.name} has no {name}", "name")
        return Bound(found, value) if isinstance(found, Function) and found.kind == "class" else found

    def put_attribute(self, base: Any, name: str, value: Any) -> None:
        operator = isinstance(base, Class) and isinstance(value, Function | Builtin)
        if name in NAMED and isinstance(base, Class | Function):
            base.name = value if name == "__name__" and isinstance(value, str) else base.name
            return
        if name.startswith("__") and name.endswith("__") and not operator:
            raise Refusal(f".{name} is not read: it reaches into Python itself")
        prop = base.cls.find(name) if isinstance(base, Object) else None
        if isinstance(prop, Function) and prop.kind == "property":
            if prop.setter is None:
                raise Refusal(f"the property {name} of {called(base)} cannot be set", "value", raised="AttributeError")
            self.call(Bound(prop.setter, base), (value,), {})
        elif isinstance(base, Object | Class | Function):
            base.names[name] = value
        elif isinstance(base, dict) and name in base:
            base[name] = value
        elif isinstance(base, Idle):
            return
        elif isinstance(base, Tensor) and name in HELD:
            vars(base)[name] = value
        elif isinstance(base, Tensor) and name == "data" and np.shape(value) == base.shape:
            self.put_item(base, Ellipsis, value)
        elif isinstance(base, Tensor) and name == "requires_grad":
            if value:
                self.libraries.asked(base)
        elif isinstance(base, np.ndarray) and name == "shape":
            base.shape = tuple(map(number_of, self.listed(value))) if not isinstance(value, int) else (value,)
        else:
            raise Refusal(f".{name} of {called(base)} cannot be set here", "name")

    def items(self, value: Any) -> Iterable[Any]:
        """What a loop goes through."""
        if isinstance(value, np.ndarray):
            if value.ndim == 0:
                raise Refusal("a number cannot be gone through", "value")
            return [self.get_item(value, i) for i in range(len(value))]
        if isinstance(value, list | tuple | dict | str | set | range | Iterator):
            return value
        if isinstance(value, Class) and value.is_enum:
            return [one for name, one in value.names.items() if not (name.startswith("_") or isinstance(one, Function))]
        if isinstance(value, Object) and value.cls.is_tuple:
            return [self.object_member(value, name) for name in value.cls.fields]
        if isinstance(value, Object) and value.cls.find("__iter__") is not None:
            return self.items(self.call(self.attribute(value, "__iter__", own=True), (), {}))
        if isinstance(value, Object) and value.cls.find("__getitem__") and value.cls.find("__len__"):
            count = number_of(self.call(self.attribute(value, "__len__", own=True), (), {}))
            self.meter.length(count)
            return [self.get_item(value, i) for i in range(count)]
        raise misfit(f"{called(value)} cannot be gone through", value)

    def listed(self, value: Any) -> list[Any]:
        """The items as a list, which must not be too long."""
        items = self.items(value)
        if not isinstance(items, Iterator):
            self.meter.length(len(items))  # type: ignore[arg-type]
        return list(items)

    def by_own(self, me: Any, name: str, *given: Any) -> Any:
        """What a method between underscores gives of an object of the user's; without one, that it is not said."""
        method = me.cls.find(name) if isinstance(me, Object) else None
        return NOT_IMPLEMENTED if method is None else self.call(Bound(method, me), given, {})

    def gives(self, me: Any, *names: str) -> Any:
        """What the first of some such methods gives, as Python asks an object for a number."""
        found = next((found for name in names if (found := self.by_own(me, name)) is not NOT_IMPLEMENTED), ...)
        if found is ...:
            raise misfit(f"{called(me)} has no {names[0]}", me)
        return found

    def truth(self, value: Any) -> bool:
        if isinstance(value, Idle):
            raise Refusal(f"nobody knows here whether {called(value)} is true", "name")
        if is_array(value):
            if value.size != 1:
                raise Refusal("an array of several elements is neither true nor false", "value")
            return bool(value)
        if isinstance(value, Object):
            says = [name for name in BEING_TRUE if value.cls.find(name) is not None]
            return not says or bool(self.gives(value, *says))
        return value is not None and (isinstance(value, Function | Class | Library) or bool(value))


def context(asked: list[bool], made: Object | None = None) -> Object:
    """The `ctx` that an autograd Function is given, with which inputs' gradients are `asked` for; an object of its own,
    as it once was."""
    made = made or Object(Class("ctx", (), {}))
    made.names["needs_input_grad"] = tuple(asked)

    def save(*given: Any) -> None:
        made.names["saved_tensors"] = made.names["saved_variables"] = given

    save()

    made.names["save_for_backward"] = Builtin("save_for_backward", save)
    for name in ("mark_non_differentiable", "set_materialize_grads", "mark_dirty"):
        made.names[name] = Builtin(name, lambda *_: None)
    return made
