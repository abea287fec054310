"""What a function of the user's own is given, and the files beside the one that it is in."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from backprop.cli.reading import name_of, named_value, read_text, value_of
from backprop.errors import Problem
from backprop.library.values import Random, read_json

if TYPE_CHECKING:
    from backprop.python.runs.runner import Runner

ABOVE = 4  # folders above a file in which what it imports may be
PYTHONS = {"True": True, "False": False, "None": None, "true": True, "false": False, "null": None}
QUOTED = re.compile(r"(['\"])([^'\"]*)\1")
CALLING = re.compile(r"(\w+)\(.*\)")
HINT = 'it is an object of names and values, like {"x": [1, 2], "mode": "train"}'


def beside(module: str, source: str | None) -> tuple[str, str] | None:
    """The text of a module beside a file or above it, which is read like it, and not imported."""
    folder, parts = os.path.dirname(os.path.abspath(source or "")), module.split(".")
    found = [
        os.path.join(folder, *[os.pardir] * up, *above, *parts)
        for up in range(ABOVE + 1)
        for above in ((), ("src",), (parts[0],))
    ]
    for name in [
        *[path for one in found for path in (os.path.join(one, "__init__"), one)],  # as Python looks for them
        os.path.join(folder, parts[-1]),
    ]:
        path = os.path.normpath(f"{name}.py")
        if os.path.isfile(path) and path != os.path.abspath(source or ""):
            path = path if os.path.isabs(source or "") else os.path.relpath(path)
            return read_text(path), path
    return None


def runner_for(path: str, name: str, variables: str | None, assignments: tuple[str, ...], random: Random) -> Runner:
    """What runs the function that is meant in a file ("" for its statements), with what it is given."""
    from backprop.library.traced import meant
    from backprop.python.runs.runner import Runner
    from backprop.python.texts.source import Code, part_of

    code = Code([part_of(read_text(path), path)], beside)
    given = arguments(variables, assignments, random)
    return Runner(code, meant(code, name, path), given, random.seed or 0)


def arguments(variables: str | None, assignments: tuple[str, ...], random: Random) -> dict[str, Any]:
    """What is given by --vars and by options, which win."""
    from backprop.python.inputs.given import arguments_from

    given: dict[str, Any] = {}
    if variables is not None:
        values = read_object(read_text(variables), name_of(variables))
        given = {name: arguments_from(made(value, name, random)) for name, value in values.items()}
    for name, value in map(named_value, assignments):
        if re.match(r'\s*(\{|\[[\s[]*(["{]|(true|false)\b))', value):
            given[name] = arguments_from(made(read_json(value, name, HINT, whole=True), name, random))
        else:
            given[name] = typed(value, name, random)
    return given


def typed(text: str, name: str, random: Random) -> Any:
    """A value of the command line: a number, an array, or else one of Python's words, or a text of one word."""
    if quoted := QUOTED.fullmatch(text):
        return quoted[2]
    try:
        return whole(value_of(text, name, random))
    except Problem:
        from backprop.python.interpret.calls import as_code

        with suppress(Problem):  # several arrays, and settings behind them: what a pass takes as a list
            if isinstance(several := listed(text, name), list):
                return several
        if not text.isidentifier() and as_code(text) is None:
            raise
        return PYTHONS.get(text, text)


def listed(text: str, name: str) -> Any:
    """A list of arrays that are no rows of one: `[[1, 2], [3], 0]`."""
    from backprop.python.inputs.given import arguments_from

    return arguments_from(read_json(text, name, HINT, whole=True))


def made(value: Any, name: str, random: Random) -> Any:
    """A value of JSON, in which a text may say how an array is made: `{"W1": "randn(5, 3)"}`."""
    if isinstance(value, dict):
        return {key: made(one, f"{name}.{key}", random) for key, one in value.items()}
    if isinstance(value, list) and any(isinstance(one, str | dict | list) for one in value):
        return [made(one, name, random) for one in value]
    from backprop.numbers.makers import makers

    called = CALLING.fullmatch(value) if isinstance(value, str) else None
    return value_of(value, name, random) if called and called[1] in makers(random) else value


def read_object(text: str, source: str) -> dict[str, Any]:
    """A JSON object of arguments, in which whole numbers stay whole."""
    found = read_json(text, source, HINT, whole=True)
    if not isinstance(found, dict):
        raise Problem("value", f"{source} holds no JSON object", hint=HINT)
    return found


def whole(value: Any) -> Any:
    """A value of the command line: whole where it is, since an option does not say of what kind it is."""
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    import numpy as np

    integral = (
        value.size and np.isfinite(value).all() and (value == np.floor(value)).all() and np.abs(value).max() < 2**53
    )
    return value.astype(np.int64) if integral else value
