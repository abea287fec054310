"""`backprop explain`: the same pass, told step by step."""

from __future__ import annotations

import sys

from backprop.cli.answer import answer_options, chosen_format, show_json
from backprop.cli.options import named, takes
from backprop.cli.output import write
from backprop.cli.question import question
from backprop.cli.reading import names_of
from backprop.cli.shared import rounds_option, shared_options
from backprop.cli.words import Call
from backprop.errors.light import Any
from backprop.show.objects import story_object
from backprop.show.theme import wants_colour


@named("explain", variables=True)
@shared_options
@takes("--of", "of", metavar="x", help="Tell about the gradient of this variable only (or of several: x,y).")
@rounds_option
@takes("--brief", is_flag=True, help="The backward steps and the meaning alone.")
@answer_options("table", "plain", "markdown", "latex", "json")
def command(
    call: Call,
    of: str | None,
    brief: bool,
    rounds: bool,
    digits: int,
    format_: str | None,
    json_: bool,
    output: str | None,
    **shared: Any,
) -> int:
    """Tell the forward and the backward pass step by step: local gradient × gradient from above, gate by gate.

    \b
    backprop explain "q = x + y; f = q*z" --x -2 --y 5 --z -4
    backprop explain "q = x + y; f = q*z" --x -2 --y 5 --z -4 --of x --brief
    """
    from backprop.cli.evaluate import loops_shortened, show_notes
    from backprop.library.explain import tell
    from backprop.show import explanation

    asked = question(call, **shared)
    evaluation = asked.answer()
    names = asked.wrt if of is None else names_of(of)
    chosen = chosen_format(call, format_, json_, output)
    left = loops_shortened(evaluation, asked, rounds or chosen == "json")
    evaluation.run.circuit.expect_variables(names or ())
    story = tell(evaluation.run, evaluation.names, names, left, digits)
    if chosen == "json":
        show_json(story_object(story), output)
    elif chosen == "markdown":
        write(explanation.markdown(story, digits=digits, brief=brief), output)
    elif chosen == "latex":
        write(explanation.latex(story, digits=digits, brief=brief), output)
    else:
        colour = chosen == "table" and output is None and wants_colour(asked.color, sys.stdout)
        write(explanation.plain(story, digits=digits, brief=brief, colour=colour), output, prose=True)
    if not asked.quiet:
        show_notes(evaluation, asked)
    return 0
