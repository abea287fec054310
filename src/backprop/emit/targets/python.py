"""Python, with floats and the math module."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import ClassVar

from backprop.emit.helpers import helpers
from backprop.emit.request import Request
from backprop.emit.target import CHOICE, Target, Text
from backprop.emit.targets.pythonic import Pythonic, called, function, function_text
from backprop.gates import Gate

MATH = (
    "exp exp2 expm1 log log2 log10 log1p sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh "
    "atanh erf erfc gamma lgamma"
)


class Python(Pythonic):
    """Python as the notes write it. It raises where Python does: at 1/0, log(0), exp(1000)."""

    name = "python"
    title = "Python"
    words: ClassVar = {
        **{name: f"math.{name}" for name in MATH.split()},
        "abs": "abs", "max": "max", "min": "min", "floor": "float(math.floor({0}))", "ceil": "float(math.ceil({0}))",
        "trunc": "float(math.trunc({0}))", "round": "float(round({0}))",
        **{name: name for name in ("digamma", "polygamma", "erfinv")},
    }  # fmt: skip
    constants: ClassVar = {
        3.141592653589793: "math.pi", 6.283185307179586: "math.tau", 2.718281828459045: "math.e",
        float("inf"): "math.inf", float("nan"): "math.nan",
    }  # fmt: skip
    reserved = Pythonic.reserved | {"math", "float", "abs"}

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{x.at_least(CHOICE + 1)} if {condition.at_least(CHOICE + 1)} else {y.text}", CHOICE)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """Of a number that may be below 0, a broken power raises in the math module: `**` would leave the reals."""
        base, exponent = operands
        whole = exponent.literal and float(exponent.text).is_integer()
        if whole or (base.literal and float(base.text) >= 0):
            return None
        return Text(f"math.pow({base.text}, {exponent.text})")

    def counted(self, operand: Text) -> Text:
        return Text(f"float({operand.condition})") if operand.condition else operand


def write(request: Request) -> str:
    """The program: its helpers, the function, and its test."""
    request.refuse_arrays(Python.title)
    target: Target = Python()
    if request.wild:
        from backprop.emit.targets.careful import Careful

        target = Careful()
    listing = request.listing(target)
    functions = [function_text(helper) for helper in helpers(target)]
    title = [f"# {line}" for line in request.title()]
    blocks = ["\n".join([*title, function(listing, list(listing.inputs.values()))])]
    if request.at is not None:
        blocks.append("\n".join(self_test(request)))
    blocks = [*preamble([*functions, *blocks]), *functions, *blocks]
    return "\n\n\n".join(blocks) + "\n"


def preamble(blocks: list[str]) -> list[str]:
    """What the blocks import, and the calculator's own functions that they call."""
    from backprop.emit.targets.careful import definitions, prelude

    tree = ast.parse("\n".join(blocks))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    found = prelude((called & definitions().keys()) - defined)
    if "math" in used and not (found and "import math" in found[0].split("\n")):
        found = [f"import math\n{found[0]}" if found else "import math", *found[1:]]
    return found


def self_test(request: Request) -> list[str]:
    """The test at the point: the numbers that the calculator found."""
    assert request.at is not None
    target = Python()
    numbers = [target.number(request.at[name]).text for name in request.circuit.variables]
    lines = ['if __name__ == "__main__":', *called("value, gradients = backprop", numbers)]
    found = [("value", request.value), *((f'gradients["{name}"]', g) for name, g in request.gradients.items())]
    for what, number in found:
        if number != number:
            lines.append(f"    assert math.isnan({what})")
        else:
            lines += called("assert math.isclose", [what, target.number(number).text, "rel_tol=1e-9", "abs_tol=1e-12"])
    return lines
