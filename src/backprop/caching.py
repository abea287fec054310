"""What functools has for things that are computed once, without its imports: they are a tenth of a short run."""

from __future__ import annotations

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from functools import cache, cached_property
    from typing import Any
else:
    try:
        from _functools import _lru_cache_wrapper
    except ImportError:  # not this Python
        from functools import cache
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


__all__ = ["cache", "cached_property"]
