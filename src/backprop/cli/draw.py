"""`backprop draw`: the circuit in the terminal, as a picture, as a page, or as text for other tools."""

from __future__ import annotations

import os
import sys
from typing import Any

from backprop.cli.evaluate import ended
from backprop.cli.options import Choice, named, takes
from backprop.cli.output import sayable, write
from backprop.cli.question import Question, question
from backprop.cli.shared import shared_options
from backprop.cli.words import Call
from backprop.draw import writer
from backprop.draw.scene import INPUTS, LARGE, Scene, scene
from backprop.errors import Problem, enumerated, unknown_suffix
from backprop.numbers.shapes import shape_of
from backprop.show.palette import PALETTES
from backprop.show.theme import is_terminal, wants_colour

SUFFIXES = {
    ".svg": "svg", ".png": "png", ".html": "html", ".htm": "html", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid",
    ".tex": "tikz", ".txt": "terminal",
}  # fmt: skip
FORMS = ("wires", "lanes", "svg", "png", "html", "dot", "mermaid", "tikz")
LISTS = ("dot", "mermaid")  # the forms that leave the layout to others
MOST = 5_000  # gates: more take minutes, and gigabytes
PICTURES = ("svg", "png", "tikz")  # the forms in which everything has its place


@named("draw", variables=True)
@shared_options
@takes(
    "--as",
    "form",
    type=Choice(FORMS, SUFFIXES),
    metavar="FORM",
    help=f"What to draw, if not what FILE's suffix says: {', '.join(FORMS)}.",
)
@takes("--no-values", is_flag=True, help="Draw the gates alone.")
@takes("--blank", is_flag=True, help="Draw a worksheet, with boxes to fill in; its key is written beside it.")
@takes("--fold", is_flag=True, help="Draw each named stage, and each sum, as one gate.")
@takes("--rounds", is_flag=True, help="Draw every round of a loop in code, and not equal ones as one.")
@takes("--theme", type=Choice(list(PALETTES)), default="light", help="The colours of a picture.")
@takes("-o", "output", metavar="FILE", help="Write to a file: .svg .png .html .dot .mmd .tex .txt")
def command(
    call: Call,
    form: str | None,
    no_values: bool,
    blank: bool,
    fold: bool,
    rounds: bool,
    theme: str,
    output: str | None,
    **shared: Any,
) -> int:
    """Draw EXPRESSION as a circuit: each value above its wire, and the gradient that flows back below it.

    \b
    backprop draw "(x+y)*z" --x -2 --y 5 --z -4
    backprop draw "(x+y)*z" --x -2 --y 5 --z -4 -o circuit.svg
    backprop draw "(x+y)*z" --x -2 --y 5 --z -4 -o circuit.html
    """
    chosen = form or chosen_by(output)
    if blank and chosen not in PICTURES:
        raise Problem("option", f"--blank makes a picture, and not {chosen}", hint="write it to a file: -o sheet.svg")
    if blank and no_values:
        raise Problem("option", "--blank and --no-values do not go together")
    if fold and chosen == "html":
        raise Problem("option", "--fold does not make a page: a page steps through every gate")
    asked = question(call, **shared)
    evaluation = asked.answer()
    drawn = scene(evaluation.run, evaluation.names, fold=fold, wrt=evaluation.gradients)
    if not rounds and chosen != "html":
        drawn = loops_folded(drawn, asked)
    check_size(drawn, chosen, fold)
    remark(drawn, asked, chosen, fold)
    if chosen in PICTURES:
        pictures(drawn, chosen, output, asked, values=not no_values, blank=blank, theme=theme)
    elif chosen in LISTS:
        write(writer(chosen)(drawn, values=not no_values), output)
    elif chosen == "html":
        from backprop.draw.page import page

        write(page(evaluation), output)
    else:
        terminal(drawn, chosen, output, asked, values=not no_values)
    return ended(evaluation, asked)


def chosen_by(output: str | None) -> str:
    """The form that an output's name asks for."""
    if output is None or output == "-":
        return "terminal"
    stem, suffix = os.path.splitext(output)
    suffix = suffix.lower()
    if suffix == ".pdf":
        raise Problem("option", "a PDF is made by TeX", hint=f"-o {stem}.tex, then pdflatex {stem}.tex")
    if suffix not in SUFFIXES:
        raise unknown_suffix(output, SUFFIXES, f"; or --as {'|'.join(FORMS)}")
    return SUFFIXES[suffix]


def check_size(drawn: Scene, chosen: str, fold: bool) -> None:
    """Refuse what would take minutes and gigabytes to lay out, before it is tried."""
    if drawn.gates > MOST and chosen not in LISTS:
        hint = "--fold draws named stages and sums as one gate each; " if not fold else ""
        message = f"a picture of {drawn.gates:,} gates is too large: at most {MOST:,} are laid out"
        raise Problem("size", message, hint=f"{hint}-o circuit.dot lists them for Graphviz")


def loops_folded(drawn: Scene, asked: Question) -> Scene:
    """The picture with equal rounds of a loop as one, which is said."""
    from backprop.draw.rounds import rolled

    folded, loops = rolled(drawn)
    if loops:
        told = enumerated([f"{count} equal rounds in line {line}" for line, count in dict.fromkeys(loops)])
        asked.told(f"{told} are drawn as one: --rounds draws them all")
    return folded


def remark(drawn: Scene, asked: Question, chosen: str, fold: bool) -> None:
    """Say so where a picture is too large to be read."""
    if drawn.gates > LARGE:
        offers = [] if fold else ["--fold draws named stages and sums as one gate each"]
        if chosen != "html":
            offers.append("-o circuit.html makes a page to step through")
        if offers:
            asked.told(f"{drawn.gates} gates are a lot for one picture: {', and '.join(offers)}")


def sheets(output: str | None, blank: bool) -> list[tuple[str | None, bool]]:
    """Where to write, and whether with boxes to fill in: a worksheet in a file has its key beside it."""
    if not blank or output is None or output == "-":
        return [(output, blank)]
    stem, suffix = os.path.splitext(output)
    return [(output, True), (f"{stem}-key{suffix}", False)]


def pictures(
    drawn: Scene, chosen: str, output: str | None, asked: Question, *, values: bool, blank: bool, theme: str
) -> None:
    """Write the picture; for a worksheet its key as well."""
    from backprop.draw.boxes import Options, picture
    from backprop.draw.figures import ON_A_SHEET

    for node in drawn.nodes if blank else ():
        if node.kind == INPUTS and shape_of(node.value) and node.value.size > ON_A_SHEET:
            asked.told(f"{node.name} is too large for a sheet: only its first and its last number are on it")
    placed = picture(drawn, values=values, blank=blank)
    for path, boxes in sheets(output, blank):
        options = Options(values, boxes, theme)
        if chosen != "png":
            write(writer(chosen)(placed, options), path)
            continue
        from backprop.draw.png import picture_png

        data, missing = picture_png(placed, options)
        write(data, path)
        if missing:
            what = " ".join(missing)
            asked.told(f"the font of the picture has no {what}: it is left to the fonts of the system")


def terminal(drawn: Scene, chosen: str, output: str | None, asked: Question, *, values: bool) -> None:
    """Draw on the terminal, in its width and in characters that it has."""
    import shutil

    from backprop.draw.terminal import Screen, draw

    stream = None if output not in (None, "-") else sys.stdout
    colour = stream is not None and wants_colour(asked.color, sys.stdout)
    encoding = "utf-8" if stream is None else stream.encoding or "ascii"
    width = shutil.get_terminal_size((100, 24)).columns
    folds = stream is not None and is_terminal(stream)
    screen = Screen(width=width, colour=colour, ascii_only=not sayable("─│╭╮╰╯├┤┬┴┼●○", encoding), folds=folds)
    text, said = draw(drawn, screen, form=None if chosen == "terminal" else chosen, values=values)
    if said:
        asked.told(said)
    write(text, output)
