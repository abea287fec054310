"""`backprop eval`: the table of every stage, or JSON."""

from __future__ import annotations

import sys

from backprop.cli.answer import (
    FORMATS,
    chosen_format,
    digits_option,
    format_option,
    json_option,
    output_option,
    show_grids,
    show_json,
)
from backprop.cli.options import named, takes
from backprop.cli.output import write
from backprop.cli.question import Question, question
from backprop.cli.shared import rounds_option, shared_options
from backprop.cli.words import Call
from backprop.errors import enumerated
from backprop.errors.light import TYPE_CHECKING, Any, Sequence
from backprop.library import Evaluation
from backprop.numbers.shapes import all_finite
from backprop.show.objects import evaluation_object, nested_numbers, why_object
from backprop.show.theme import wants_colour

if TYPE_CHECKING:
    from backprop.cli.beyond import Answer
    from backprop.library.rounds import LeftOut

SHORT = 12  # stages: so few have no loop that is worth leaving out, and the search for one costs an import


@named("eval", variables=True)
@shared_options
@takes("--local", is_flag=True, help="Add the local gradients to the table.")
@takes("--why-nan", is_flag=True, help="Tell where a number that is not finite came from, and how to avoid it.")
@digits_option
@takes("--full", is_flag=True, help="Show large arrays whole.")
@rounds_option
@takes("--hessian", is_flag=True, help="Add the second derivatives.")
@takes("--jacobian", is_flag=True, help="Add the derivative of every element of the output.")
@takes(
    "--direction",
    multiple=True,
    metavar="x=VALUE",
    help="The Jacobian (with --hessian, the Hessian) times a direction.",
)
@format_option(*FORMATS)
@json_option
@output_option
def command(
    call: Call, local: bool, why_nan: bool, digits: int, full: bool, rounds: bool, hessian: bool,
    jacobian: bool, direction: tuple[str, ...], format_: str | None, json_: bool, output: str | None, **shared: Any,
) -> int:  # fmt: skip
    """Evaluate EXPRESSION at a point: every intermediate variable, its value and its gradient.

    \b
    backprop eval "(x+y)*z" --x -2 --y 5 --z -4
    backprop eval "q = x + y; f = q*z" --x -2 --y 5 --z -4 --json
    backprop eval "D = W @ X" --W "randn(5, 10)" --X "randn(10, 3)" --upstream "randn(5, 3)" --seed 1
    """
    asked = question(call, **shared)
    chosen = chosen_format(call, format_, json_, output)
    if hessian or jacobian or direction:
        from backprop.cli.beyond import answered

        evaluation, more = answered(asked, hessian, jacobian, direction)
    else:
        evaluation, more = asked.answer(), []
    if why_nan:
        show_why(evaluation, chosen, output)
        return 1 if asked.strict and not is_finite(evaluation) else 0
    if chosen == "json":
        show_json(answer_object(evaluation, more, asked), output)
    else:
        left = loops_shortened(evaluation, asked, rounds or chosen == "csv")
        show(evaluation, more, chosen, output, asked, digits=digits, local=local, full=full, rounds=left)
    return ended(evaluation, asked)


def answer_object(evaluation: Evaluation, more: list[Answer], asked: Question) -> dict[str, Any]:
    """The answer as one object; what was random says by which seed it is repeated."""
    found = evaluation_object(evaluation)
    found.update({answer.key: nested_numbers(answer.value) for answer in more})
    if asked.random.used:
        found["seed"] = asked.random.seed
    return found


def show(
    evaluation: Evaluation, more: list[Answer], chosen: str, output: str | None, asked: Question,
    *, digits: int, local: bool, full: bool, rounds: Sequence[LeftOut],
) -> None:  # fmt: skip
    """Print the answer in the format that was chosen."""
    from backprop.show.grid import matrix_grid, stages_grid

    one_line = chosen in ("csv", "markdown", "latex")
    shown = digits if chosen != "csv" else None
    whole = full or chosen == "csv"
    grids = [stages_grid(evaluation, digits=shown, local=local, full=whole, one_line=one_line, rounds=rounds)]
    grids += [matrix_grid(answer.heading, answer.rows, digits=shown, full=whole, one_line=one_line) for answer in more]
    show_grids(grids, chosen, output, asked.color)


def loops_shortened(evaluation: Evaluation, asked: Question, rounds: bool) -> Sequence[LeftOut]:
    """The rounds of loops that a listing leaves out unless all are asked for, which is said."""
    if rounds or len(evaluation.stages) <= SHORT:
        return ()
    from backprop.library.rounds import left_out

    found = left_out(evaluation.run, evaluation.names)
    if found:
        told = enumerated([f"{one.rounds - 2} of {one.rounds} equal rounds in line {one.line}" for one in found])
        asked.told(f"{told} are left out: --rounds shows them all")
    return found


def show_why(evaluation: Evaluation, chosen: str, output: str | None) -> None:
    """Print where what is not finite came from, in place of the table."""
    from backprop.library.whynan import text_of, why

    answer = why(evaluation.run, evaluation.names)
    if chosen == "json":
        show_json(why_object(answer), output)
    else:
        write(text_of(answer), output, prose=True)


def ended(evaluation: Evaluation, asked: Question) -> int:
    """Say the notes, if they are wanted; the exit code."""
    if not asked.quiet:
        show_notes(evaluation, asked)
    return 1 if asked.strict and not is_finite(evaluation) else 0


def show_notes(evaluation: Evaluation, asked: Question) -> None:
    """Print the notes on standard error."""
    if evaluation.notes:
        from backprop.cli.failures import error_room, write_error
        from backprop.show.messages import notes_text

        colour = wants_colour(asked.color, sys.stderr)
        write_error(notes_text(evaluation.notes, asked.compiled.program, colour, error_room()))


def is_finite(evaluation: Evaluation) -> bool:
    """Whether the value and the gradients that were asked for are numbers."""
    return all(map(all_finite, [evaluation.value, *evaluation.gradients.values()]))
