"""Python, with floats and the math module."""

from __future__ import annotations

from collections.abc import Set

from backprop.emit.helpers import helpers
from backprop.emit.request import Request
from backprop.emit.target import Target
from backprop.emit.targets.careful import Careful, closure, definitions, prelude
from backprop.emit.targets.pythonic import Python, called, function, function_text, typed


def write(request: Request) -> str:
    """The program: its helpers, the function, and its test."""
    request.refuse_arrays(Python.title)
    target: Target = Python()
    if request.wild:
        target = Careful()
    listing = request.listing(target)
    made = [*helpers(target)]
    carried = {*closure(target.called.keys() - {helper.name for helper in made})}
    made = [helper for helper in made if helper.name not in carried]
    functions = [function_text(helper, "float") for helper in made]
    title = [f"# {line}" for line in request.title()]
    parameters = typed([*listing.inputs.values()], "float")
    blocks = ["\n".join([*title, function(listing, parameters, returns="tuple[float, dict[str, float]]")])]
    if request.at is not None:
        blocks.append("\n".join(self_test(request, target.function)))
    tests = request.at is not None  # by the math module
    blocks = [*preamble(target.called.keys() - {helper.name for helper in made}, tests), *functions, *blocks]
    return "\n\n\n".join(blocks) + "\n"


def preamble(called: Set[str], tests: bool) -> list[str]:
    """What a program imports that has called these words, and the calculator's own functions among them."""
    found = prelude(called & definitions().keys())
    needs_math = tests or any("math." in word for word in called)
    if needs_math and not (found and "import math" in found[0].split("\n")):
        found = [f"import math\n{found[0]}" if found else "import math", *found[1:]]
    return found


def self_test(request: Request, function: str) -> list[str]:
    """The test at the point: the numbers that the calculator found."""
    assert request.at is not None
    target = Python()
    numbers = [target.number(request.at[name]).text for name in request.circuit.variables]
    lines = ['if __name__ == "__main__":', *called(f"value, gradients = {function}", numbers)]
    for what, number in request.answers:
        if number != number:
            lines.append(f"    assert math.isnan({what})")
        else:
            lines += called("assert math.isclose", [what, target.number(number).text, "rel_tol=1e-9", "abs_tol=1e-12"])
    return lines
