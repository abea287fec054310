"""What functools and typing have, without what they import: that takes half as long as Python's own start."""

from __future__ import annotations

from _collections_abc import (  # what a run begins with anyway
    Callable,
    Collection,
    Container,
    Iterable,
    Iterator,
    Mapping,
    MutableSequence,
    Sequence,
)

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from functools import cache, cached_property
    from typing import Any, NamedTuple
else:
    Any = object
    try:
        from _collections import _tuplegetter
        from _functools import _lru_cache_wrapper
    except ImportError:  # not this Python
        from functools import cache

        def _tuplegetter(place: int, says: str) -> property:
            return property(lambda one: one[place], doc=says)

    else:

        def cache(function: Any) -> Any:
            """The function with all of its answers remembered: functools.cache, by the very same machine."""
            made = _lru_cache_wrapper(function, None, False, lambda *counts: counts)
            made.__wrapped__, made.__doc__ = function, function.__doc__
            made.__name__, made.__module__ = function.__name__, function.__module__
            return made

    class cached_property:  # noqa: N801
        """An attribute that is computed when it is first asked for, and can be set."""

        def __init__(self, function: Any) -> None:
            self.function, self.__doc__ = function, function.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.function(instance)
            return value

    class NamedTuple(tuple):
        """A tuple whose places have names: the annotations of the class, behind each its default if it has one."""

        __slots__ = ()

        def __init_subclass__(cls) -> None:
            fields = cls._fields = tuple(cls.__annotations__)
            defaults = tuple([cls.__dict__[name] for name in fields if name in cls.__dict__])
            names = ", ".join(fields)
            cls.__new__ = eval(f"lambda cls, {names}: new(cls, ({names},))", {"new": tuple.__new__})
            cls.__new__.__defaults__ = defaults
            for place, name in enumerate(fields):
                setattr(cls, name, _tuplegetter(place, name))

        def __repr__(self) -> str:
            named = zip(self._fields, self, strict=True)
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in named)})"

        def __getnewargs__(self) -> tuple:
            return tuple(self)

        def _asdict(self) -> dict[str, Any]:
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **changed: Any) -> Any:
            return type(self)(**self._asdict() | changed)


__all__ = [
    "TYPE_CHECKING", "Any", "Callable", "Collection", "Container", "Iterable", "Iterator", "Mapping", "MutableSequence",
    "NamedTuple", "Sequence", "cache", "cached_property",
]  # fmt: skip
