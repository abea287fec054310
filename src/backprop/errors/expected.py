"""Arguments of the library that are no numbers, names or mappings where they should be, and calls that do not fit."""

from __future__ import annotations

from functools import wraps
from types import FunctionType

from backprop.errors import Problem
from backprop.errors.light import TYPE_CHECKING, Any, Callable, Iterable, Mapping

if TYPE_CHECKING:
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., Any])
    T = TypeVar("T")

MISFITS = (TypeError, AttributeError, ValueError)  # what comes of an argument of another kind


def whole(name: str, value: Any, least: int = 0, most: int | None = None) -> int:
    """A whole number that is neither too small nor too large."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least or (most and value > most):
        bounds = f"from {least} to {most}" if most else f"from {least}"
        raise Problem("option", f"{name} is a whole number {bounds}, and not {value!r}")
    return int(value)


def number(name: str, value: Any) -> float:
    if isinstance(value, bool | str) or not hasattr(value, "__float__") or value != value:
        raise Problem("option", f"{name} is a number, and not {value!r}")
    return float(value)


def named(what: str, values: Any, hint: str) -> Mapping[str, Any]:
    if not hasattr(values, "keys") or not all(isinstance(name, str) for name in values):
        raise Problem("value", f"{what} is a mapping of names to values, and not {values!r}", hint=hint)
    return values  # type: ignore[no-any-return]


def names(what: str, values: Any) -> Iterable[str]:
    """Some names, or one."""
    found = [values] if isinstance(values, str) else list(values) if hasattr(values, "__iter__") else [values]
    if not all(isinstance(name, str) for name in found):
        raise Problem("option", f"{what} takes names, and not {values!r}", hint=f'{what}=["x"]')
    return found


# ── a call that does not fit ──


def helped(function: F) -> F:
    """The function, whose call tells what was wrong with it: an argument too many, one of another name or kind.

    Nothing is looked at, and nothing imported for it, before a call has failed: what fails for another reason is raised
    as is.
    """

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except MISFITS as error:
            from backprop.errors.misfits import Called, misfit

            problem = misfit(Called(function, given, named))
            raise error if problem is None else problem from None
        except Problem as problem:
            if problem.kind == "variable":
                from backprop.errors.misfits import Called, slip

                problem.hint = slip(Called(function, given, named), problem.message) or problem.hint
            raise

    return call  # type: ignore[return-value]


def helpful(kind: type[T]) -> type[T]:
    """The class, whose methods are `helped`, but for the one that is called in loops."""
    inherited = {name: value for base in reversed(kind.__mro__) for name, value in vars(base).items()}
    for name, method in inherited.items():
        if isinstance(method, FunctionType) and not name.startswith("_") and name != "evaluate":
            setattr(kind, name, helped(method))
    return kind
