"""`backprop eval`: the table of every stage, or JSON."""

from __future__ import annotations

import os
import sys
from math import isfinite
from typing import Any

import click

from backprop.cli.expression import ExpressionCommand, Question, question, shared_options
from backprop.cli.output import write
from backprop.errors import Problem
from backprop.library import Evaluation
from backprop.show.theme import is_terminal, wants_colour

FORMATS = ("table", "json", "csv", "markdown", "latex", "plain")
SUFFIXES = {".json": "json", ".csv": "csv", ".md": "markdown", ".tex": "latex"}


@click.command(
    "eval",
    cls=ExpressionCommand,
    context_settings={"ignore_unknown_options": False, "help_option_names": ["--help"]},
    options_metavar="[--x VALUE …] [OPTIONS]",
)
@shared_options
@click.option("--local", is_flag=True, help="Add the local gradients to the table.")
@click.option(
    "--digits", type=click.IntRange(1, 17), default=6, show_default=True, help="Significant digits in tables."
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="How to print the answer.")
@click.option("--json", "json_", is_flag=True, help="Short for --format json.")
@click.option("-o", "output", metavar="FILE", help="Write to a file, whole or not at all.")
def command(local: bool, digits: int, format_: str | None, json_: bool, output: str | None, **shared: Any) -> int:
    """Evaluate EXPRESSION at a point: every intermediate variable, its value and its gradient.

    \b
    backprop eval "(x+y)*z" --x -2 --y 5 --z -4
    backprop eval "q = x + y; f = q*z" --x -2 --y 5 --z -4 --json
    """
    asked = question(click.get_current_context(), **shared)
    evaluation = asked.answer()
    if json_ and format_ not in (None, "json"):
        raise Problem("option", f"--json and --format {format_} ask for two formats")
    chosen = "json" if json_ else format_ or SUFFIXES.get(os.path.splitext(output or "")[1].lower(), "table")
    show(evaluation, chosen, output, asked, digits=digits, local=local)
    if not asked.quiet:
        show_notes(evaluation, asked)
    return 1 if asked.strict and not all_finite(evaluation) else 0


def show(evaluation: Evaluation, chosen: str, output: str | None, asked: Question, *, digits: int, local: bool) -> None:
    """Print the answer in the format that was chosen. A table on a terminal is drawn; in a pipe it is plain."""
    if chosen == "json":
        import json

        from backprop.show.objects import evaluation_object

        write(json.dumps(evaluation_object(evaluation), ensure_ascii=False) + "\n", output)
        return
    from backprop.show import text
    from backprop.show.grid import stages_grid

    grid = stages_grid(evaluation, digits=None if chosen == "csv" else digits, local=local)
    colour = wants_colour(asked.color, sys.stdout)
    if chosen == "table" and output is None and (colour or is_terminal(sys.stdout)):
        from backprop.show.terminal import drawn

        write(drawn(grid, sys.stdout, colour=colour), output)
        return
    render = {"csv": text.csv, "markdown": text.markdown, "latex": text.latex}.get(chosen, text.plain)
    write(render(grid), output)


def show_notes(evaluation: Evaluation, asked: Question) -> None:
    """Print the notes on standard error."""
    if evaluation.notes:
        from backprop.cli.failures import write_error
        from backprop.show.messages import notes_text

        colour = wants_colour(asked.color, sys.stderr)
        write_error(notes_text(evaluation.notes, asked.compiled.program, colour))


def all_finite(evaluation: Evaluation) -> bool:
    """Whether the value and the gradients that were asked for are numbers."""
    return isfinite(evaluation.value) and all(map(isfinite, evaluation.gradients.values()))
