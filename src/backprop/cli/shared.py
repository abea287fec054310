"""The options of all commands that take an expression and a point."""

from __future__ import annotations

from backprop.cli.options import Choice, Range, colour_option, takes, takes_all
from backprop.errors.light import Any, Callable
from backprop.gates import TIES

ties_option = takes("--ties", type=Choice(TIES), default="both", help="The subgradient at ties and kinks.")
expand_option = takes("--expand", is_flag=True, help="Open sigmoid, softplus, … and your own functions.")

rounds_option = takes(
    "--rounds", is_flag=True, help="Show every round of a loop in code, and not the first and the last alone."
)
file_option = takes(
    "-f",
    "file",
    metavar="FILE",
    help="Read the expression from a file (- for standard input).",
)
values_option = takes(
    "--vars",
    "variables",
    metavar="FILE",
    help="Read values from a JSON object, which may stand here itself (- for standard input).",
)

SHARED_OPTIONS: list[Callable[[Any], Any]] = [
    file_option,
    takes("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Give any variable its value."),
    values_option,
    takes("--wrt", metavar="x,y", help="Show the gradients of these variables only."),
    takes("--output", "result", metavar="NAME", help="Which result of -f FILE.py:NAME is the output."),
    takes("--upstream", metavar="VALUE", help="The gradient on the output, in its shape; 1 for a number."),
    takes("--seed", type=Range(0), metavar="N", help="The seed of randn, rand and randint in values."),
    ties_option,
    expand_option,
    takes(
        "--bound",
        "bounds",
        multiple=True,
        metavar="steps=N",
        help="Let code that is read use more: steps, seconds, elements or depth.",
    ),
    takes("--strict", is_flag=True, help="Exit with 1 if a number is not finite."),
    takes("--quiet", is_flag=True, help="Print no notes."),
    colour_option("the output"),
]


# What gives a command the expression and these options.
shared_options = takes_all([takes("expression"), *SHARED_OPTIONS])
