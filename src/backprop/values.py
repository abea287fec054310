"""Values of variables, as they are given: an expression without variables, or a JSON object of names and values."""

from __future__ import annotations

from collections.abc import Iterable
from math import isinf
from typing import Any

from backprop.circuit import lower
from backprop.errors import Problem
from backprop.run import evaluate
from backprop.syntax import parse


def parse_value(text: str, name: str) -> float:
    """The number that a text stands for: `-2`, `1/3`, `-pi/4`, `inf`. `name` is whose value it is.

    Raises a Problem of kind "value", with the place in the text.
    """
    try:
        number = float(text)
        if not isinf(number) or "inf" in text.lower():
            return number
    except ValueError:
        pass
    try:
        circuit = lower(parse(text))
    except Problem as problem:
        raise blamed(problem, name) from None
    if circuit.variables:
        variable, wire = next(iter(circuit.variables.items()))
        span = circuit.span(wire)
        message = f"the value of {name} must be a number, and {variable} is a variable"
        raise Problem(
            "value", message, text=text, spans=[span] if span else [], hint="write an expression without names"
        )
    return evaluate(circuit, {})[circuit.output]


def blamed(problem: Problem, name: str) -> Problem:
    """A problem with a value says whose value it is."""
    message = f"the value of {name}: {problem.message}"
    return Problem("value", message, text=problem.text, spans=problem.spans, hint=problem.hint)


def read_variables(text: str, source: str) -> dict[str, float]:
    """The values in a JSON object: numbers, or strings that are numbers ("NaN", "Infinity") or expressions ("1/3").

    Raises a Problem of kind "value" that names the file, and the place or the member that is wrong.
    """
    import json

    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: unique(pairs, source))
    except json.JSONDecodeError as error:
        hint = 'it is an object of names and values, like {"x": -2, "y": 5}'
        raise Problem(
            "value", f"{source} is not JSON: {error.msg} (line {error.lineno}, column {error.colno})", hint=hint
        ) from None
    except RecursionError:
        raise Problem("value", f"{source} is nested too deeply") from None
    if not isinstance(found, dict):
        hint = 'it is an object of names and values, like {"x": -2, "y": 5}'
        raise Problem("value", f"{source} holds no JSON object", hint=hint)
    return {name: member(name, value, source) for name, value in found.items()}


def unique(pairs: Iterable[tuple[str, Any]], source: str) -> dict[str, Any]:
    """The members of a JSON object; a name that stands there twice is a mistake, not a choice."""
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Problem("value", f"{source} gives {name} twice")
        members[name] = value
    return members


def member(name: str, value: Any, source: str) -> float:
    """One member's value."""
    if isinstance(value, str):
        return parse_value(value, name)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    import json

    shown = json.dumps(value)
    shown = shown if len(shown) <= 40 else shown[:37] + "…"
    raise Problem("value", f"{source}: the value of {name} must be a number, and it is {shown}")
