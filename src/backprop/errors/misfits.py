"""What is wrong with the arguments of a call, as its signature tells: read where a call has failed, and not before."""

from __future__ import annotations

import collections.abc
import inspect
import os
import sys
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Any, Literal

from backprop.errors import Problem, did_you_mean, enumerated
from backprop.errors.spelling import literal


class Called:
    """A call, and what the signature of the function says."""

    def __init__(self, function: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any]) -> None:
        self.name, self.named = function.__name__, named
        takes = options_of(function)
        self.kinds = {name: one.annotation for name, one in takes.items()}
        places = [one for one in takes.values() if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
        self.given = given[1:] if "self" in takes else given
        self.places = [one.name for one in places if one.name != "self"]
        self.needs = [one.name for one in places if one.default is one.empty and one.name != "self"]
        self.keywords = [
            name for name, one in takes.items() if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        self.rest = next((name for name, one in takes.items() if one.kind is one.VAR_POSITIONAL), None)
        self.free = any(one.kind is one.VAR_KEYWORD for one in takes.values())
        self.surplus = self.given[len(self.places) :]

    def arguments(self) -> Iterator[tuple[str, Any]]:
        """What was given, each under its name."""
        yield from zip(self.places, self.given, strict=False)
        yield from ((name, value) for name, value in self.named.items() if name in self.kinds)
        yield from ((self.rest, value) for value in self.surplus if self.rest)


def misfit(call: Called) -> Problem | None:
    """What is wrong with the arguments of a call, as far as the signature tells."""
    if call.surplus and call.rest is None:
        return too_many(call)
    unknown = [] if call.free else [name for name in call.named if name not in call.keywords]
    if unknown:
        hint = did_you_mean(unknown[0], call.keywords, f"its options are {enumerated(call.keywords)}")
        return Problem("option", f"{call.name} has no option {unknown[0]}", hint=hint)
    found = dict(call.arguments())
    missing = [name for name in call.needs if name not in found]
    if missing:
        return Problem("option", f"{call.name} needs {missing[0]}", hint=f"{call.name}({', '.join(call.needs)})")
    for name, value in call.arguments():
        if not fits(value, call.kinds[name]):
            return Problem("option", f"{name} takes {' or '.join(words(call.kinds[name]))}, and not {value!r}")
    return None


def too_many(call: Called) -> Problem:
    """The problem that a value stands where it needs a name."""
    count = len(call.places)
    takes = f"at most {count} argument{'s' * (count > 1)} without a name" if count else "no argument without a name"
    value = call.surplus[0]
    left = [name for name in call.keywords if name not in call.places and name not in call.named]
    meant = next((name for name in left if words(call.kinds[name]) and fits(value, call.kinds[name])), None)
    hint = f"{meant}={literal(value)}" if meant else "values go by their names, as in x=1" if call.free else ""
    return Problem("option", f"{call.name} takes {takes}, and not {len(call.given)}", hint=hint)


def slip(call: Called, message: str) -> str:
    """What may be meant by an option that was taken for a variable."""
    wrong = next((name for name in call.named if name not in call.kinds and message.endswith(f" {name}")), None)
    return did_you_mean(wrong, call.keywords) if wrong else ""


def options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What a function takes, each with its type instead of that type's text; `Unpack[Wanted]` is what Wanted has."""
    found = {}
    for one in inspect.signature(function).parameters.values():
        kind = evaluated(one.annotation, function.__globals__)
        if one.kind is one.VAR_KEYWORD and typing.get_origin(kind) is typing.Unpack:
            (options,) = typing.get_args(kind)
            scope = vars(sys.modules[options.__module__])
            for name, text in options.__annotations__.items():
                text = getattr(text, "__forward_arg__", text)
                found[name] = inspect.Parameter(name, one.KEYWORD_ONLY, default=None, annotation=evaluated(text, scope))
        else:
            found[one.name] = one.replace(annotation=kind)
    return found


def evaluated(annotation: Any, scope: Mapping[str, Any]) -> Any:
    """A type; of one that is known to type checkers alone, nothing is known."""
    try:
        return eval(annotation, {**vars(typing), **scope}) if isinstance(annotation, str) else annotation
    except (NameError, TypeError):
        return Any


def fits(value: Any, kind: Any) -> bool:
    """Whether a value is of a type, as far as that is worth asking."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return any(fits(value, part) for part in parts)
    if origin is Literal:
        return isinstance(value, str) and value in parts
    if kind in (str, bool, type(None)):
        return isinstance(value, kind)
    if kind in (int, float):
        return not isinstance(value, bool | str) and hasattr(value, "__index__" if kind is int else "__float__")
    if kind is os.PathLike or origin is os.PathLike:
        return hasattr(value, "__fspath__")
    if origin is collections.abc.Callable:
        return callable(value)
    if origin is collections.abc.Mapping:
        return hasattr(value, "keys")
    if origin in (collections.abc.Iterable, collections.abc.Sequence):
        return hasattr(value, "__iter__") and (isinstance(value, str) or all(fits(one, parts[0]) for one in value))
    return True


WORDS: dict[Any, str] = {str: "a text", bool: "True or False", int: "a whole number", float: "a number"}
WORDS |= {
    os.PathLike: "a file's name",
    collections.abc.Callable: "a function",
    collections.abc.Mapping: "a mapping of names to values",
}


def words(kind: Any) -> list[str]:
    """A type, for people; nothing for what may be anything."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        names_a_file = any(os.PathLike in (part, typing.get_origin(part)) for part in parts)
        left_out = (type(None), str) if names_a_file else (type(None),)
        found = [words(part) for part in parts if part not in left_out]
        return list(dict.fromkeys(one for some in found for one in some)) if all(found) else []
    if origin is Literal:
        return [f"one of {', '.join(parts)}"]
    if origin in (collections.abc.Iterable, collections.abc.Sequence):
        return [{"a text": "names", "a file's name": "files"}.get(next(iter(words(parts[0])), ""), "a list")]
    known = WORDS.get(origin or kind)
    return [known] if known else []
