"""Arguments of the library that are no numbers, names or mappings where they should be."""

from __future__ import annotations

from backprop.errors import Problem

TYPE_CHECKING = False  # typing would be a large part of a plain run
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


def whole(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """A whole number that is neither too small nor too large."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least or (most and value > most):
        bounds = f"from {least} to {most}" if most else f"from {least}"
        raise Problem("option", f"{name} is a whole number {bounds}, and not {value!r}")
    return int(value)


def number(name: str, value: Any) -> float:
    """A number."""
    if isinstance(value, bool | str) or not hasattr(value, "__float__") or value != value:
        raise Problem("option", f"{name} is a number, and not {value!r}")
    return float(value)


def named(what: str, values: Any, hint: str) -> Mapping[str, Any]:
    """A mapping of names."""
    if not hasattr(values, "keys") or not all(isinstance(name, str) for name in values):
        raise Problem("value", f"{what} is a mapping of names to values, and not {values!r}", hint=hint)
    return values  # type: ignore[no-any-return]


def names(what: str, values: Any) -> Iterable[str]:
    """Some names, or one."""
    found = [values] if isinstance(values, str) else list(values) if hasattr(values, "__iter__") else [values]
    if not all(isinstance(name, str) for name in found):
        raise Problem("option", f"{what} takes names, and not {values!r}", hint=f'{what}=["x"]')
    return found
