"""Methods whose answers are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

Method = TypeVar("Method", bound=Callable[..., Any])


def remembered(method: Method) -> Method:
    """A method that is computed once for what it is asked, as long as its object is there: `cache` would keep both."""
    name = f"what {method.__name__} has said"

    @wraps(method)
    def asked(self: Any, *key: Any) -> Any:
        known = self.__dict__.setdefault(name, {})
        if key not in known:
            known[key] = method(self, *key)
        return known[key]

    return cast(Method, asked)
