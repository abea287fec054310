"""Python, with floats and the math module."""

from __future__ import annotations

import keyword
import re
from typing import ClassVar
from unicodedata import normalize

from backprop.emit.helpers import Helper, helpers
from backprop.emit.listing import Line, Listing
from backprop.emit.request import Request
from backprop.emit.target import CHOICE, Target, Text
from backprop.syntax.printer import POSTFIX, POWER, PRODUCT, UNARY, Operator

MATH = (
    "exp exp2 expm1 log log2 log10 log1p sqrt cbrt hypot sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh "
    "atanh erf erfc gamma lgamma"
)
SIMPLE = re.compile(r"-?(\w|\.)+")  # what ** hugs


class Python(Target):
    """Python as the notes write it. It raises where Python does: at 1/0, log(0), exp(1000)."""

    name = "python"
    title = "Python"
    operators: ClassVar = {
        **Target.operators,
        "power": Operator("**", POWER, POSTFIX, UNARY, "right"),
        "negate": Operator("-", UNARY, 0, POSTFIX, "right"),  # ruff writes -(x**2)
        "mod": Operator("%", PRODUCT, PRODUCT, UNARY, "left"),
    }
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
    reserved = frozenset(
        {*keyword.kwlist, *keyword.softkwlist, "math", "float", "abs", "backprop", "value", "gradients"}
    )

    def spellable(self, name: str) -> bool:
        return name.isidentifier() and normalize("NFKC", name) == name

    def between(self, operator: Operator, left: Text, right: Text) -> str:
        """Two stars hug simple operands."""
        hugs = operator.symbol == "**" and SIMPLE.fullmatch(left.text) and SIMPLE.fullmatch(right.text)
        return operator.symbol if hugs else f" {operator.symbol} "

    def negation(self, operand: Text) -> Text:
        """A minus sign before a power is a matter of brackets for ruff, also at the head of a product."""
        if operand.level == PRODUCT and "**" in operand.text:
            return Text(f"-({operand.text})", UNARY)
        return super().negation(operand)

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{x.at_least(CHOICE + 1)} if {condition.at_least(CHOICE + 1)} else {y.text}", CHOICE)

    def counted(self, operand: Text) -> Text:
        return Text(f"float({operand.condition})") if operand.condition else operand


def write(request: Request) -> str:
    """The program: its helpers, the function, and its test."""
    request.refuse_arrays(Python.title)
    target: Target = Python()
    if request.wild:
        from backprop.emit.careful import Careful

        target = Careful()
    listing = request.listing(target)
    functions = [function_text(helper) for helper in helpers(target)]
    body = ["    # forward pass", *lines_text(listing.forward_lines())]
    if listing.backward_lines():
        body += ["", "    # backward pass", *lines_text(listing.backward_lines())]
    body += returned(listing.value, listing.gradients)
    blocks = ["\n".join([*(f"# {line}" for line in request.title()), *signature("backprop", listing), *body])]
    if request.at is not None:
        blocks.append("\n".join(self_test(request)))
    blocks = [*preamble([*functions, *blocks]), *functions, *blocks]
    return "\n\n\n".join(blocks) + "\n"


def preamble(blocks: list[str]) -> list[str]:
    """What the blocks import, and the calculator's own functions that they call."""
    from backprop.emit.careful import definitions, prelude

    text = "\n".join(re.sub(r"#.*", "", block) for block in blocks)
    defined = {block.partition("(")[0].removeprefix("def ") for block in blocks}
    called = {name for name in re.findall(r"(?<![.\w])(\w+)\(", text) if name in definitions()} - defined
    found = prelude(called)
    if "math." in text and not (found and "import math" in found[0].split("\n")):
        found = [f"import math\n{found[0]}" if found else "import math", *found[1:]]
    return found


def lines_text(lines: list[Line]) -> list[str]:
    """The lines of a pass, with the numbers of their forward lines."""
    return [f"    {line.name} {line.operator}= {line.text}  # ({line.number})" for line in lines]


def function_text(helper: Helper) -> str:
    """A helper as a function; its gate's formula says what it is."""
    if helper.source:
        return helper.source
    gate = helper.gate
    lines = [f"def {gate.name}({', '.join(helper.parameters)}):"]
    if gate.definition and gate.exact != gate.definition:
        lines.append(f'    """{gate.definition}, with all its digits."""')
    lines += [f"    {line.name} = {line.text}" for line in helper.lines]
    return "\n".join([*lines, f"    return {helper.result.text}"])


def signature(name: str, listing: Listing) -> list[str]:
    """The head of the function."""
    inputs = list(listing.inputs.values())
    line = f"def {name}({', '.join(inputs)}):"
    if len(line) <= 88:
        return [line]
    inside = ", ".join(inputs)
    return [
        f"def {name}(",
        *([f"    {inside}"] if len(inside) + 4 <= 88 else [f"    {name}," for name in inputs]),
        "):",
    ]


def returned(value: str, gradients: dict[str, str]) -> list[str]:
    """The value, and the gradients by name."""
    pairs = [f'"{name}": {text}' for name, text in gradients.items()]
    line = f"    return {value}, {{{', '.join(pairs)}}}"
    if len(line) <= 88:
        return ["", line]
    return ["", "    gradients = {", *(f"        {pair}," for pair in pairs), "    }", f"    return {value}, gradients"]


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


def called(head: str, arguments: list[str]) -> list[str]:
    """A call in one line, or in three, or with a line for each argument."""
    inside = ", ".join(arguments)
    line = f"    {head}({inside})"
    if len(line) <= 88:
        return [line]
    if len(inside) + 8 <= 88:
        return [f"    {head}(", f"        {inside}", "    )"]
    return [f"    {head}(", *(f"        {argument}," for argument in arguments), "    )"]
