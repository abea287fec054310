"""C11, with doubles: one function, no allocation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backprop.emit.helpers import Helper, helpers
from backprop.emit.listing import Line
from backprop.emit.prelude import functions
from backprop.emit.request import Request
from backprop.emit.target import CHOICE, Target, Text
from backprop.gates import Gate
from backprop.syntax.printer import ATOM, PRODUCT, UNARY

SAME = (
    "exp exp2 expm1 log log2 log10 log1p sqrt cbrt hypot sin "
    "cos tan asin acos atan atan2 sinh cosh tanh asinh acosh "
    "atanh erf erfc lgamma floor ceil trunc"
)
KEYWORDS = (
    "auto break case char const continue default do double else "
    "enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while _Bool _Complex "
    "_Imaginary main backprop gradients NAN INFINITY NULL EOF linux "
    "unix i386 stdin stdout stderr errno assert asm typeof "
    "argc argv close_to bool true false nullptr "
    "alignas alignof constexpr static_assert thread_local strtod printf "
    "isnan isinf isfinite signbit fpclassify HUGE_VAL HUGE_VALF HUGE_VALL BUFSIZ RAND_MAX math_errhandling"
)


class C(Target):
    """C11 and its math library."""

    name = "c"
    title = "C"
    words: ClassVar = {
        **{name: name for name in SAME.split()}, "abs": "fabs", "round": "rint", "gamma": "tgamma", "power": "pow",
    }  # fmt: skip
    constants: ClassVar = {float("inf"): "INFINITY", float("nan"): "NAN"}
    reserved = frozenset(KEYWORDS.split())
    helpers: ClassVar = functions("c.c")
    short = False
    counts = False
    conjunction_word = "&&"
    inversion_word = "!"

    def word(self, gate: Gate) -> str | None:
        """C23 has sinpi and cospi of its own."""
        return {"sinpi": "sin_pi", "cospi": "cos_pi"}.get(gate.name) or super().word(gate)

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{condition.at_least(CHOICE + 1)} ? {x.text} : {y.text}", CHOICE)

    def counted(self, operand: Text) -> Text:
        if not operand.condition:
            return operand
        level = operand.condition_level
        text = operand.condition if level == ATOM else f"({operand.condition})"
        return operand if text == operand.text else Text(f"(double){text}", UNARY)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A square is a product."""
        base, exponent = operands
        if exponent.text == "2.0" and base.text.isidentifier():
            return Text(f"{base.text} * {base.text}", PRODUCT)
        return None

    def spell_max(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.nested("max", operands)

    def spell_min(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.nested("min", operands)

    def nested(self, word: str, operands: Sequence[Text]) -> Text:
        self.used[word] = None
        return super().nested(word, [self.counted(operand) for operand in operands])


def write(request: Request) -> str:
    """The program: its helpers, the function, and a main program that tests or runs it."""
    request.refuse_arrays(C.title)
    target = C()
    listing = request.listing(target)
    inputs = list(listing.inputs.values())
    parameters = [*(f"double {name}" for name in inputs), f"double gradients[{max(1, len(listing.gradients))}]"]
    function = [
        *(f"// {line}".rstrip("\\") for line in request.title()),
        *wrapped("double backprop(", parameters, ") {"),
        "    // forward pass",
        *lines_text(listing.forward_lines()),
    ]
    if listing.backward_lines():
        function += ["", "    // backward pass", *lines_text(listing.backward_lines())]
    function.append("")
    for place, (name, text) in enumerate(listing.gradients.items()):
        function.append(f"    gradients[{place}] = {text};" + (f"  // d{name}" if f"d{name}" != text else ""))
    function += [f"    return {listing.value};", "}"]
    blocks = [*(helper_text(helper) for helper in helpers(target)), "\n".join(function)]
    main = self_test(request) if request.at is not None else runner(request)
    headers = ["#include <math.h>", *(["#include <stdio.h>", "#include <stdlib.h>"] if request.at is None else [])]
    return "\n\n".join(["\n".join(headers), *blocks, "\n".join(["#ifndef BACKPROP_LIBRARY", *main, "#endif"])]) + "\n"


def lines_text(lines: list[Line]) -> list[str]:
    """The lines of a pass."""
    return [
        f"    {'' if line.operator else 'double '}{line.name} {line.operator}= {line.text};  // ({line.number})"
        for line in lines
    ]


def wrapped(head: str, items: list[str], tail: str) -> list[str]:
    """A list in one line, or in several where that is too long."""
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= 100:
        return [line]
    indent = " " * 4
    return [head, *(f"{indent * 2}{item}," for item in items[:-1]), f"{indent * 2}{items[-1]}{tail}"]


def helper_text(helper: Helper) -> str:
    """A helper as a function."""
    if helper.source:
        return helper.source
    name = C().word(helper.gate)
    parameters = ", ".join(f"double {parameter}" for parameter in helper.parameters)
    lines = [f"    double {line.name} = {line.text};" for line in helper.lines]
    return "\n".join([f"static double {name}({parameters}) {{", *lines, f"    return {helper.result.text};", "}"])


def self_test(request: Request) -> list[str]:
    """A main program that exits with 0 if the numbers are those that the calculator found."""
    assert request.at is not None
    target = C()
    numbers = [target.number(request.at[name]).text for name in request.circuit.variables]
    found = [("value", request.value), *((f"gradients[{i}]", g) for i, g in enumerate(request.gradients.values()))]
    return [
        "static int close_to(double found, double expected) {",
        "    double margin = 1e-12 + 1e-9 * fabs(expected);",
        "    return found == expected || (isnan(found) && isnan(expected)) || fabs(found - expected) <= margin;",
        "}",
        "",
        "int main(void) {",
        f"    double gradients[{max(1, len(request.gradients))}];",
        *wrapped("    double value = backprop(", [*numbers, "gradients"], ");"),
        *(
            f"    if (!close_to({what}, {target.number(number).text})) return {i};"
            for i, (what, number) in enumerate(found, 1)
        ),
        "    return 0;",
        "}",
    ]


def runner(request: Request) -> list[str]:
    """A main program that takes the point from the command line and prints value and gradients."""
    names = list(request.circuit.variables)
    values = [f"strtod(argv[{place}], NULL)" for place in range(1, len(names) + 1)]
    usage = " ".join(names).replace("\\", "")
    return [
        "int main(int argc, char **argv) {",
        f"    double gradients[{max(1, len(request.wrt))}];",
        f"    if (argc != {len(names) + 1}) {{",
        f'        fprintf(stderr, "usage: %s {usage}\\n", argc > 0 ? argv[0] : "");',
        "        return 2;",
        "    }",
        *wrapped("    double value = backprop(", [*values, "gradients"], ");"),
        '    printf("value = %.17g\\n", value);',
        *(f'    printf("d{name} = %.17g\\n", gradients[{place}]);' for place, name in enumerate(request.wrt)),
        "    return 0;",
        "}",
    ]
