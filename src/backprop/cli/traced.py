"""A function of the user's own as a question: its forward pass is traced at the point that is given."""

from __future__ import annotations

from typing import Any

import click

from backprop.errors import Problem, enumerated
from backprop.library import Compiled
from backprop.library.values import Random

AT_THE_POINT = ("eval", "explain", "draw", "nudge")


def traced_question(
    ctx: click.Context, named: tuple[str, str], variables: str | None, assignments: tuple[str, ...], random: Random,
    ties: str, expand: bool,
) -> tuple[Compiled, dict[str, Any]]:  # fmt: skip
    """The circuit of a function, and the point. Raises a Problem where a command needs more than one point."""
    from backprop.cli.expression import read_text
    from backprop.cli.handwritten import arguments, beside
    from backprop.python.entry import Runner, floated
    from backprop.python.pairs import Pair, class_pair
    from backprop.python.source import Code, part_of
    from backprop.python.traced import traced

    path, name = named
    if ctx.info_name not in AT_THE_POINT:
        message = f"what {name} computes is traced at one point, and holds there"
        raise Problem("option", message, hint=f"{enumerated(AT_THE_POINT)} take it")
    code = Code([part_of(read_text(path), path)], beside)
    functions, classes = code.functions(), code.classes()
    if name not in functions and name not in classes:
        raise Problem("name", f"{path} has no function and no class {name}")
    pair = class_pair(name, classes[name]) if name in classes else Pair(name, "functions", functions[name], None)
    given = arguments(variables, assignments, random)
    runner = Runner(code, pair, given)
    missing = runner.missing()
    if missing:
        raise Problem("variable", f"{name} has no value for {enumerated(missing)}", hint="give it by --vars or options")

    def works(tried: dict[str, Any]) -> bool:
        try:
            runner.outputs(tried)
        except Problem:
            return False
        return True

    runner.given, _ = floated(runner.given, works)
    text, at = traced(runner, runner.given)
    return Compiled(text, ties=ties, expand=expand, source=None), at
