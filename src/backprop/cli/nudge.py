"""`backprop nudge`: the predicted change against the actual one."""

from __future__ import annotations

from math import isfinite
from typing import Any

from backprop.cli.answer import answer_options, chosen_format, show_json
from backprop.cli.options import named, takes
from backprop.cli.output import write
from backprop.cli.question import question
from backprop.cli.shared import shared_options
from backprop.cli.words import Call
from backprop.errors import Problem, no_variable
from backprop.library.values import parse_value
from backprop.numbers.shapes import all_finite, shape_of


@named(
    "nudge",
    variables=True,
    usage="[--x VALUE …] [OPTIONS]",
)
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

    asked = question(call, **shared)
    evaluation = asked.answer()
    moves = read_steps(steps, list(evaluation.run.circuit.variables))
    found = nudge(evaluation.run, evaluation.names, moves)
    if chosen_format(call, format_, json_, output) == "json":
        from backprop.show.objects import number as json_number

        show_json(
            {
                "value": json_number(found.value), "moved": json_number(found.moved),
                "predicted": json_number(found.predicted),
                "actual": json_number(found.actual), "error": json_number(found.error),
                "holds_until": json_number(found.holds_until), "ends_at": found.ends_at,
            }, output,
        )  # fmt: skip
        return 0
    from backprop.show.grid import aligned, number

    words = ["value", "moved", "predicted", "actual"]
    texts = aligned(
        [
            number(found.value, digits),
            number(found.moved, digits),
            change(found.predicted, digits),
            change(found.actual, digits),
        ]
    )
    moved = ", ".join(signed_step(name, step, digits) for name, step in moves.items())
    explained = ["", f"  ({moved})", "  (gradient × step)", f"  (off by {found.error:.2g} of the larger)"]
    lines = [f"{word:9}  {text}{more}".rstrip() for word, text, more in zip(words, texts, explained, strict=True)]
    lines.append(f"the prediction holds within 1 % {reach(found.holds_until, moves, found.ends_at, digits)}")
    write("\n".join(lines) + "\n", output, prose=True)
    return 0


def change(x: float, digits: int) -> str:
    """A change has a sign."""
    from backprop.show.grid import number

    text = number(x, digits)
    return text if text.startswith("-") or x == 0 or x != x else f"+{text}"


def signed_step(name: str, step: Any, digits: int) -> str:
    """A step, behind the name of what is moved: `y + 2.5`."""
    from backprop.show.grid import cell, number

    if shape_of(step):
        return f"{name} + {cell(step, digits, one_line=True)}"
    return f"{name} {'+' if step >= 0 else '-'} {number(abs(step), digits)}"


def reach(part: float, moves: dict[str, Any], ends_at: str | None, digits: int) -> str:
    """Up to what step the prediction holds."""
    from backprop.library.nudge import FURTHEST

    if not isfinite(part):
        return f"as far as was looked: {FURTHEST:g} times the step"
    if ends_at is not None:
        return ends_at
    if part == 0:
        return "nowhere"
    steps = " and ".join(signed_step(name, part * step, digits) for name, step in moves.items())
    return f"up to {steps}"


def read_steps(texts: tuple[str, ...], variables: list[str]) -> dict[str, Any]:
    """The steps: `y=+2.5`, `x=-0.1`."""
    if not texts:
        raise Problem("option", "there is no step", hint=f"for example --by {variables[0] if variables else 'x'}=0.1")
    moves: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name or not value:
            raise Problem("option", f"--by takes NAME=STEP, and not {text}", hint="for example --by x=0.1")
        if name not in variables:
            raise no_variable(name, variables)
        step = parse_value(value, name)
        if not all_finite(step):
            raise Problem("value", f"the step of {name} must be finite")
        moves[name] = step
    return moves
