"""Code of the user's own as a question: a forward pass is traced at the point that is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.library import Compiled
from backprop.library.values import Random

if TYPE_CHECKING:
    from backprop.python.entry.runner import Runner
    from backprop.python.traced import Traced


class Asked(NamedTuple):
    """What the command line says of code: the file, the name in it ("" for its statements), and what it is given."""

    path: str
    name: str
    variables: str | None
    assignments: tuple[str, ...]
    outputs: list[str] | None = None
    upstream: Any = None


def traced_question(asked: Asked, random: Random, ties: str, expand: bool) -> tuple[Compiled, Traced, list[str]]:
    """The circuit of code, traced at a point: where none is given, at that of the text itself; and what there is to
    say."""
    from backprop.library.traced import trace
    from backprop.python.entry.as_called import AsCalled
    from backprop.python.entry.runner import Runner

    runner, remarks = runner_for(asked, random), list[str]()
    if (own := AsCalled(runner.code, [runner.pair], runner.seed).of(runner)) is not None:
        runner = Runner(runner.code, runner.pair, {**own.values, **runner.given}, runner.seed)
        remarks.append(str(own))
    compiled, found = trace(
        runner, asked.name, outputs=asked.outputs, upstream=asked.upstream, ties=ties, expand=expand
    )
    remarks += [*found.source.remarks(), *(f"taken at this point: {decision}" for decision in found.decided)]
    return compiled, found, remarks


def runner_for(asked: Asked, random: Random) -> Runner:
    """What runs the function that is meant, with what it is given."""
    from backprop.cli.arguments import arguments, beside
    from backprop.cli.reading import read_text
    from backprop.library.traced import meant
    from backprop.python.entry.runner import Runner
    from backprop.python.source import Code, part_of

    code = Code([part_of(read_text(asked.path), asked.path)], beside)
    given = arguments(asked.variables, asked.assignments, random)
    return Runner(code, meant(code, asked.name, asked.path), given, random.seed or 0)


def formula_of_numbers(asked: Asked, random: Random, columns: list[str]) -> str:
    """The formula of a function of numbers, of which some are columns."""
    from backprop.library.traced import formula_of_numbers as formula

    return formula(runner_for(asked, random), asked.name, columns, asked.outputs)
