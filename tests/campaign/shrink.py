"""A failing program made smaller, as long as it fails in the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backprop.gates import ELEMENTWISE

from .case import Failure, Outcome, Program

MOST = 200  # attempts


def minimise(
    failure: Failure,
    program: Program,
    judge: Callable[[Program], Outcome],
    simpler: Callable[[Program], Iterator[Program]] | None = None,
) -> Failure:
    """The smallest program on the way down that fails as the first one did."""
    simpler = simpler or candidates
    left = MOST
    smaller = True
    while smaller and left:
        smaller = False
        for candidate in simpler(program):
            left -= 1
            found = judged(judge, candidate)
            if isinstance(found, Failure) and (found.route, found.kind) == (failure.route, failure.kind):
                program, failure, smaller = candidate, found, True
                break
            if not left:
                break
    return failure


def judged(judge: Callable[[Program], Outcome], program: Program) -> Outcome:
    """An oracle may stumble over what is no program any more."""
    try:
        return judge(program)
    except Exception:
        return None


def candidates(program: Program) -> Iterator[Program]:
    """Programs that are a little simpler: fewer statements, then simpler ones, then simpler numbers."""
    for simplified in (shorter, plainer):
        yield from (tidy(statements, program.at) for statements in simplified(program.statements))
    for name, value in program.at.items():
        for simpler in simpler_values(value):
            yield program._replace(at={**program.at, name: simpler})


def shorter(statements: tuple[tuple[str, str], ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    """A statement left out: its name gives way to an input of it, or to its own text."""
    for place, (name, text) in enumerate(statements):
        rest = statements[:place] + statements[place + 1 :]
        if place == len(statements) - 1:
            if rest:
                yield rest
            continue
        for other in dict.fromkeys(re.findall(r"\b(?:[a-zA-Z]|q\d+)\b(?!\()", text)):
            yield tuple((one, renamed(body, name, other)) for one, body in rest)
        if sum(len(re.findall(rf"\b{name}\b", body)) for _, body in rest) == 1:
            yield tuple((one, renamed(body, name, text if "(" in text[-1:] else f"({text})")) for one, body in rest)


ENDS = re.compile(r"^(?:norm\((.*)\)\^2|mean\((.*)\^2\)|sum\(sin\((.*)\)\)|var\((.*)\))$")
UNARY = "|".join(name for name, gate in ELEMENTWISE.items() if gate.arity == 1 and not gate.variadic and not gate.flat)


def plainer(statements: tuple[tuple[str, str], ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    """The same with a plainer end, and with squares for other gates."""
    *before, (name, text) = statements
    end = ENDS.match(text)
    if end:
        inner = next(group for group in end.groups() if group is not None)
        yield (*before, (name, f"sum({inner})"))
        yield (*before, (name, f"sum(square({inner}))"))
    for place, (name, text) in enumerate(statements):
        for found in re.finditer(rf"\b(?:{UNARY})\(", text):
            if found[0] != "square(":
                squared = f"{text[: found.start()]}square({text[found.end() :]}"
                yield (*statements[:place], (name, squared), *statements[place + 1 :])


def renamed(text: str, name: str, other: str) -> str:
    return re.sub(rf"\b{name}\b", lambda _: other, text)


def tidy(statements: tuple[tuple[str, str], ...], at: dict[str, Any]) -> Program:
    """Without statements and variables that nothing uses."""
    kept = [statements[-1]]
    for name, text in reversed(statements[:-1]):
        if any(re.search(rf"\b{name}\b", body) for _, body in kept):
            kept.insert(0, (name, text))
    used = {name: value for name, value in at.items() if any(re.search(rf"\b{name}\b", text) for _, text in kept)}
    return Program(tuple(kept), used)


def simpler_values(value: Any) -> Iterator[Any]:
    """One number less, or rounder numbers."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 1 and array.size > 1:
        yield array[:-1]
        yield array[1:]
    finite = np.isfinite(array)
    for digits in (0, 1):
        rounder = np.where(finite, np.round(np.where(finite, array, 0), digits), array)
        if not np.array_equal(rounder, array, equal_nan=True):
            yield rounder if array.ndim else float(rounder)
