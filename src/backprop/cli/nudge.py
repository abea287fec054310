"""`backprop nudge`: the predicted change against the actual one."""

from __future__ import annotations

from typing import Any

from backprop.cli.answer import answer_options, chosen_format, show_json
from backprop.cli.options import named, takes
from backprop.cli.output import write
from backprop.cli.question import question
from backprop.cli.reading import check_alone
from backprop.cli.shared import shared_options
from backprop.cli.words import Call
from backprop.errors import Problem, no_variable
from backprop.library.values import parse_value


@named("nudge", variables=True)
@shared_options
@takes("--by", "steps", multiple=True, metavar="y=+2.5", help="Move a variable by this much (repeatable).")
@answer_options("table", "plain", "json")
def command(
    call: Call, steps: tuple[str, ...], digits: int, format_: str | None, json_: bool, output: str | None, **shared: Any
) -> int:
    """Move variables a little (or a lot): what the gradient predicts, what really happens, and how far the prediction
    holds.

    \b
    backprop nudge "max(x,y)*z" --x 4 --y 2 --z 3 --by y=+2.5
    """
    from backprop.library.nudge import nudge
    from backprop.show import nudged

    asked = question(call, **shared)
    evaluation = asked.answer()
    moves = read_steps(steps, list(evaluation.run.circuit.variables))
    found = nudge(evaluation.run, evaluation.names, moves)
    if chosen_format(call, format_, json_, output) == "json":
        show_json(nudged.object_of(found), output)
    else:
        write(nudged.text_of(found, digits), output, prose=True)
    return 0


def read_steps(texts: tuple[str, ...], variables: list[str]) -> dict[str, Any]:
    """The steps: `y=+2.5`, `x=-0.1`."""
    if not texts:
        raise Problem("option", "there is no step", hint=f"for example --by {variables[0] if variables else 'x'}=0.1")
    moves: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise Problem("option", f"--by takes NAME=STEP, and not {text}", hint="for example --by x=0.1")
        check_alone("--by", text)
        if name not in variables:
            raise no_variable(name, variables)
        moves[name] = parse_value(value, name)
    return moves
