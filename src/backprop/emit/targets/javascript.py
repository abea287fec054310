"""JavaScript, as every browser and Node run it, formatted as Prettier does.

As `.js` it is a script, as `.mjs` and `.cjs` a module; `.ts` is the same in TypeScript, and `.d.ts` its types alone.
The helpers are written with their types, which JavaScript goes without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from backprop.emit.helpers import Helper, helpers
from backprop.emit.listing import Line, Listing
from backprop.emit.prelude import functions
from backprop.emit.request import Request
from backprop.emit.target import CHOICE, ELEMENTARY, Target, Text
from backprop.gates import Gate
from backprop.language.printer import ATOM, COMPARISON, PRODUCT, SUM, UNARY, Operator

SAME = f"{ELEMENTARY} cbrt abs sign floor ceil trunc max min"
KEYWORDS = (
    "arguments async await break case catch class const continue "
    "debugger default delete do else enum eval export extends "
    "false finally for function if implements import in "
    "instanceof interface let new null package private protected public "
    "return static super switch this throw true try typeof "
    "var void while with yield undefined NaN Infinity Math Number "
    "Object value gradients closeTo process require module exports globalThis window"
)
WIDTH = 80  # of a line, as Prettier has it


class JavaScript(Target):
    """JavaScript and its Math object."""

    name = "javascript"
    title = "JavaScript"
    operators: ClassVar = {
        **Target.operators,
        "equal": Operator("===", COMPARISON, SUM, SUM),
        "not_equal": Operator("!==", COMPARISON, SUM, SUM),
    }
    words: ClassVar = {**{name: f"Math.{name}" for name in SAME.split()}, "exp2": "Math.pow(2, {0})"}
    constants: ClassVar = {3.141592653589793: "Math.PI", float("inf"): "Infinity", float("nan"): "NaN"}
    reserved = frozenset(KEYWORDS.split())
    helpers: ClassVar = functions("javascript.ts")
    conjunction_word = "&&"
    inversion_word = "!"
    inversion_level = UNARY
    counts = False
    holds = True
    width = 68

    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, str] = {}  # by which operator products were made: Prettier does not mix * and /

    def number(self, value: float) -> Text:
        text = super().number(value)
        return text._replace(text=text.text.removesuffix(".0")) if text.literal else text

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{condition.at_least(CHOICE + 1)} ? {x.at_least(CHOICE + 1)} : {y.text}", CHOICE)

    def summands(self, name: str, operands: Sequence[Text]) -> list[Text]:
        """TypeScript counts with no truth value."""
        return [self.counted(operand) for operand in operands]

    def operation(self, name: str, operands: Sequence[Text], derived: bool) -> Text:
        if self.operators[name].precedence == PRODUCT:
            left, right = self.ordered(name, self.shortened(operands), derived)
            if self.made.get(left.text, name) != name:
                left = Text(f"({left.text})")
            found = super().operation(name, [left, right], False)
            self.made[found.text] = name
            return found
        return super().operation(name, operands, derived)

    def negation(self, operand: Text) -> Text:
        found = super().negation(operand)
        if operand.text in self.made:
            self.made[found.text] = self.made[operand.text]
        return found

    def counted(self, operand: Text) -> Text:
        return Text(f"Number({operand.condition})") if operand.condition else operand

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A square is a product; a whole exponent needs no care."""
        base, exponent = operands
        if exponent.text == "2" and base.text.isidentifier():
            return self.operation("multiply", [base, base], False)
        return Text(f"Math.pow({base.text}, {exponent.text})", ATOM) if exponent.literal and not base.literal else None


MODULES = frozenset([".mjs", ".ts", ".mts"])  # whose function is exported where it stands
TYPES = frozenset([".d.ts", ".d.mts", ".d.cts"])  # alone
TYPED = TYPES | {".ts", ".mts"}


def write(request: Request) -> str:
    """The program: its helpers, the function, and its test; or its types."""
    request.refuse_arrays(JavaScript.title)
    target = JavaScript()
    listing = request.listing(target)
    typed = request.form in TYPED
    title = [f"// {line}" for line in request.title()]
    head = opening(target.function, list(listing.inputs.values()), list(listing.gradients) if typed else None)
    if request.form in TYPES:
        head[-1] = head[-1].removesuffix(" {") + ";"
        return "\n".join([*title, f"export {head[0]}", *head[1:]]) + "\n"
    if typed:  # a compiler may take offence at what nobody reads
        listing.lines = listing.needed_lines()
    unread = [f"  void {name};" for name in listing.unread() if typed]
    body = [*unread, "  // forward pass", *lines_text(listing.forward_lines(), listing.backward_lines())]
    if listing.backward_lines():
        body += ["", "  // backward pass", *lines_text(listing.backward_lines(), listing.backward_lines())]
    head[0] = f"{'export ' * (request.form in MODULES)}{head[0]}"
    function = [*title, *head, *body, "", *result(listing), "}"]
    blocks = [*(helper_text(helper, typed) for helper in helpers(target)), "\n".join(function)]
    if request.form == ".cjs":
        blocks.append(f"module.exports = {{ {target.function} }};")
    if request.at is not None:
        blocks.append("\n".join(self_test(request, target.function, typed)))
    return "\n\n".join(blocks) + "\n"


def opening(name: str, inputs: list[str], gradients: list[str] | None) -> list[str]:
    """The head of the function; where the names of the gradients are given, with its types."""
    if gradients is None:
        return called(f"function {name}(", inputs, ") {")
    typed = [f"{each}: number" for each in inputs]
    fields = [f"{key(each)}: number" for each in gradients]
    inside = f"{{ {'; '.join(fields)} }}" if fields else "{}"
    line = f"function {name}({', '.join(typed)}): {{ value: number; gradients: {inside} }} {{"
    if len(line) + len("export ") <= WIDTH and len(inputs) < 2:
        return [line]
    return [
        *(called(f"function {name}(", typed, "): {") if len(typed) < 2 else
          [f"function {name}(", *(f"  {each}," for each in typed), "): {"]),
        "  value: number;",
        *([f"  gradients: {inside};"] if len(inside) < WIDTH - 14 else
          ["  gradients: {", *(f"    {field};" for field in fields), "  };"]),
        "} {",
    ]  # fmt: skip


def result(listing: Listing) -> list[str]:
    """What the function returns: in one line if it fits."""
    pairs = [name if name == text else f"{key(name)}: {text}" for name, text in listing.gradients.items()]
    gradients = f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    line = f"  return {{ value: {listing.value}, gradients: {gradients} }};"
    if len(line) <= WIDTH:
        return [line]
    inside = ["    gradients: {", *(f"      {pair}," for pair in pairs), "    },"]
    return ["  return {", f"    value: {listing.value},", *inside, "  };"]


def key(name: str) -> str:
    """A property's name."""
    return name if name.isascii() else f'"{name}"'


def lines_text(lines: list[Line], later: list[Line]) -> list[str]:
    """The lines of a pass; what is added to later is no constant."""
    grows = {line.name for line in later if line.operator}
    texts = []
    for line in lines:
        name = f"{'' if line.operator else 'let ' if line.name in grows else 'const '}{line.name} {line.operator}="
        space = " " if len(f"  {name} {line.text};") <= WIDTH else "\n    "
        texts.append(f"  {name}{space}{line.text}; // ({line.number})")
    return texts


def called(head: str, items: list[str], tail: str, long: bool = False) -> list[str]:
    """A list in one line, or with a line for each where it is `long`."""
    line = f"{head}{', '.join(items)}{tail}"
    return [line] if len(line) <= WIDTH and not long else [head, *(f"  {item}," for item in items), tail]


def helper_text(helper: Helper, typed: bool = False) -> str:
    if helper.source:
        return helper.source if typed else untyped(helper.source)
    lines = [f"  const {line.name} = {line.text};" for line in helper.lines]
    mark = ": number" * typed
    head = f"function {helper.name}({', '.join(f'{each}{mark}' for each in helper.parameters)}){mark} {{"
    return "\n".join([head, *lines, f"  return {helper.result.text};", "}"])


def untyped(source: str) -> str:
    """A helper's source without its types."""
    return source.replace(": number[]", "").replace(": number", "")


def self_test(request: Request, function: str, typed: bool) -> list[str]:
    """The test at the point: the numbers that the calculator found; `typed`, each pair has both."""
    assert request.at is not None
    target = JavaScript()
    numbers = [target.number(request.at[name]).text for name in request.circuit.variables]
    pairs = [f"[{what}, {target.number(number).text}]" for what, number in request.answers]
    read = ["value", "gradients"] if len(pairs) > 1 else ["value"]
    return [
        *called(f"const {{ {', '.join(read)} }} = {function}(", numbers, ");"),
        *called("for (const [found, expected] of [", pairs, f"]{' as const' * typed}) {{", len(pairs) > 1),
        "  const margin = 1e-12 + 1e-9 * Math.abs(expected);",
        "  const same = Object.is(found, expected) || found === expected;",
        "  if (!same && !(Math.abs(found - expected) <= margin))",
        "    throw new Error(`${found} should be ${expected}`);",
        "}",
    ]
