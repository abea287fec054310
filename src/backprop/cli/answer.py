"""How an answer is printed: the options --format, --json, --digits and -o, and what they choose."""

from __future__ import annotations

import os
import sys

from backprop.cli.options import Choice, Range, takes, takes_all
from backprop.cli.output import json_text, write
from backprop.cli.words import Call
from backprop.errors import Problem, unknown_suffix
from backprop.errors.light import TYPE_CHECKING, Any, Callable
from backprop.show.theme import is_terminal, wants_colour

if TYPE_CHECKING:
    from backprop.show.grid import Grid

FORMATS = ("table", "json", "csv", "markdown", "latex", "plain")
SUFFIXES = {".json": "json", ".csv": "csv", ".md": "markdown", ".tex": "latex", ".txt": "table"}


def format_option(*formats: str) -> Callable[[Any], Any]:
    """The option --format of a command that knows these."""
    says = f"How to print the answer: {', '.join(formats[:-1])} or {formats[-1]}."
    return takes("--format", "format_", type=Choice(formats, SUFFIXES), metavar="FORMAT", help=says)


digits_option = takes(
    "--digits", type=Range(1, 17), metavar="N", default=6, show_default=True, help="Significant digits in tables."
)
json_option = takes("--json", "json_", is_flag=True, help="Short for --format json.")
output_option = takes("-o", "output", metavar="FILE", help="Write to a file, whole or not at all.")


def answer_options(*formats: str) -> Callable[[Any], Any]:
    """Give a command the options that say how its answer is printed."""
    return takes_all([digits_option, format_option(*(formats or FORMATS)), json_option, output_option])


def chosen_format(call: Call, format_: str | None, json_: bool, output: str | None) -> str:
    """The format that was asked for, by an option or by the suffix of the file, which this command must write."""
    if json_ and format_ not in (None, "json"):
        raise Problem("option", f"--json and --format {format_} ask for two formats")
    if json_ or format_:
        return format_ or "json"
    suffix = os.path.splitext(output or "")[1].lower()
    if not suffix or is_device(output):
        return "table"
    formats = call.command.flags["--format"].type
    assert isinstance(formats, Choice)
    known = {end: name for end, name in SUFFIXES.items() if name in formats.choices}
    if suffix not in known:
        raise unknown_suffix(output or "", known, "; or --format")
    return known[suffix]


def is_device(path: str | None) -> bool:
    """Whether a path is none of a file's, whose suffix would mean something."""
    return path is not None and os.path.exists(path) and not os.path.isfile(path)


def show_json(answer: Any, output: str | None) -> None:
    """Print an object as one line of JSON."""
    write(json_text(answer, output), output)


def show_grids(grids: list[Grid], chosen: str, output: str | None, color: str, behind: str = "") -> None:
    """Print tables, and a text behind them; they are drawn on a terminal, and plain in a pipe."""
    from backprop.show import text

    colour = wants_colour(color, sys.stdout)
    if chosen == "table" and output is None and (colour or is_terminal(sys.stdout)):
        from backprop.show.terminal import drawn

        write("".join(drawn(grid, sys.stdout, colour=colour) for grid in grids), None)
        write(behind, None, prose=True)
        return
    render = {"csv": text.csv, "markdown": text.markdown, "latex": text.latex}.get(chosen, text.plain)
    write("\n".join(map(render, grids)) + (behind if chosen in ("table", "plain") else ""), output)
