"""How one pair of a text is named on the command line."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator, Mapping

from backprop.errors import Problem
from backprop.errors.spelling import flag
from backprop.python.inputs.examples import typed
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.pairs import pairs_in
from backprop.python.texts.source import Code


def command(code: Code, pair: Pair, values: Mapping[str, str]) -> str:
    """The command that judges a pair alone, with values as they are typed; of what no name means, its file's."""
    path = code.parts[-1].source.name or "-"
    for forward, backward in names(pair):
        if is_meant(code, pair, forward, backward):
            words = ["-f", shlex.quote(f"{path if backward is None else file_of(code, pair.forward)}:{forward}")]
            if backward is not None:
                words.append(flag("backward", shlex.quote(f"{file_of(code, pair.backward)}:{backward}")))
            break
    else:
        words = [shlex.quote(path)]
    return " ".join(["backprop check", *words, *[typed(name, shlex.quote(value)) for name, value in values.items()]])


def names(pair: Pair) -> Iterator[tuple[str, str | None]]:
    """What may mean a pair, the shortest first."""
    forward, backward = getattr(pair.forward, "name", ""), getattr(pair.backward, "name", "")
    owner = pair.owner or (pair.name if pair.of_object else "")
    within = f"{owner}." if owner else ""
    for one in dict.fromkeys([pair.name, f"{within}{forward}", forward]):
        if one:
            yield one, None
    if forward and backward:
        yield f"{within}{forward}", f"{within}{backward}"


def is_meant(code: Code, pair: Pair, forward: str, backward: str | None) -> bool:
    """Whether names mean a pair, and no other one."""
    try:
        found = pairs_in(code, forward, backward)
    except Problem:
        return False
    parts = [(one.kind, one.forward, one.backward, one.inside) for one in found]
    return parts == [(pair.kind, pair.forward, pair.backward, pair.inside)]


def file_of(code: Code, function: ast.FunctionDef | None) -> str:
    """The file in which a function stands."""
    own = (part for part in code.parts[::-1] if any(one is function for one in ast.walk(part.tree)))
    return next((part.source.name for part in own if part.source.name), code.parts[-1].source.name or "-")
