"""C11, with doubles: one function, no allocation. It is formatted as clang-format does (in LLVM's style, its own).

All but the function is static, so that several programs link into one; `name.h` is the header of the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from backprop.emit.helpers import Helper, helpers
from backprop.emit.listing import Line, Listing
from backprop.emit.prelude import functions
from backprop.emit.request import Request
from backprop.emit.target import CHOICE, ELEMENTARY, Target, Text
from backprop.gates import Gate
from backprop.language.printer import ATOM, PRODUCT, UNARY

SAME = f"{ELEMENTARY} exp2 cbrt erf erfc lgamma floor ceil trunc"
KEYWORDS = (
    "auto break case char const continue default do double else "
    "enum extern float for goto if inline int long register "
    "restrict return short signed sizeof static struct switch "
    "typedef union unsigned void volatile while _Bool _Complex "
    "_Imaginary main gradients NAN INFINITY NULL EOF linux "
    "unix i386 stdin stdout stderr errno assert asm typeof "
    "argc argv close_to as_number from_one tanh_slope min max bool true false nullptr "
    "alignas alignof constexpr static_assert thread_local strtod printf "
    "M_E M_LOG2E M_LOG10E M_LN2 M_LN10 M_PI M_PI_2 M_PI_4 M_1_PI M_2_PI M_2_SQRTPI M_SQRT2 M_SQRT1_2 "
    "isnan isinf isfinite signbit fpclassify HUGE_VAL HUGE_VALF HUGE_VALL BUFSIZ RAND_MAX math_errhandling"
)
MATH = (  # with f and l behind them, too
    "acos acosh asin asinh atan atan2 atanh cbrt ceil copysign cos cosh drem erf erfc exp exp10 exp2 expm1 fabs fdim "
    "finite floor fma fmax fmin fmod frexp gamma hypot ilogb j0 j1 jn ldexp lgamma llrint llround log log10 log1p log2 "
    "logb lrint lround modf nan nearbyint nextafter nexttoward pow remainder remquo rint round scalb scalbln scalbn "
    "significand sin sincos sinh sqrt tan tanh tgamma trunc y0 y1 yn"
)
LIBRARY = (  # a program would call a function of these names in place of the library's
    "abort abs accept atexit atof bind bsearch calloc clock close connect div dup exit fclose fopen fork fprintf fread "
    "free fseek fwrite getc getchar getenv gets index kill labs link listen malloc memcmp memcpy memmove memset open "
    "pipe poll putc putchar puts qsort raise rand random read realloc recv remove rename scanf select send signal "
    "signgam sleep sprintf srand stat strcat strchr strcmp strcpy strlen strtol system time tolower toupper value wait "
    "write __attribute__"
)


class C(Target):
    """C11 and its math library."""

    name = "c"
    title = "C"
    words: ClassVar = {
        **{name: name for name in SAME.split()}, "abs": "fabs", "round": "rint", "gamma": "tgamma", "power": "pow",
    }  # fmt: skip
    constants: ClassVar = {float("inf"): "(double)INFINITY", float("nan"): "(double)NAN"}  # they are floats
    reserved = frozenset(KEYWORDS.split())
    others = frozenset({*LIBRARY.split(), *(f"{name}{size}" for name in MATH.split() for size in ("", "f", "l"))})
    helpers: ClassVar = functions("c.c")
    short = False
    width = 70
    counts = False
    holds = True
    pairs = True
    conjunction_word = "&&"
    inversion_word = "!"
    inversion_level = UNARY

    def word(self, gate: Gate) -> str | None:
        """C23 has sinpi and cospi of its own."""
        return {"sinpi": "sin_pi", "cospi": "cos_pi"}.get(gate.name) or super().word(gate)

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        """A gate with its operands. What the derivation wrote may use a line that is there already."""
        slope = self.slope_of_tanh(*operands) if derived and gate.name == "power" else None
        return slope or super().spell(gate, operands, derived)

    def slope_of_tanh(self, base: Text, exponent: Text) -> Text | None:
        """sech(x)^2, beside a line that is tanh(x)."""
        x = base.text.removeprefix("sech")
        line = self.lines.get(f"tanh{x}")
        if x == base.text or line is None or exponent.text != "2.0":
            return None
        self.used["tanh_slope"] = None
        self.notes.add(line)
        return Text(f"tanh_slope{x[:-1]}, {line})")

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        return Text(f"{condition.at_least(CHOICE + 1)} ? {x.text} : {y.text}", CHOICE)

    def counted(self, operand: Text) -> Text:
        if not operand.condition:
            return operand
        return Text(f"(double){operand.holds_at_least(ATOM)}", UNARY)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """A square is a product."""
        base, exponent = operands
        if exponent.text == "2.0" and base.text.isidentifier():
            return Text(f"{base.text} * {base.text}", PRODUCT)
        return None

    def spell_hypot(self, gate: Gate, operands: Sequence[Text]) -> Text | None:
        """The slopes of atan and asinh are made of hypot(1, x), which is quickly said."""
        one, x = operands
        if not one.literal or float(one.text) != 1:
            return None
        self.used["from_one"] = None
        return Text(f"from_one({x.text})")


def write(request: Request) -> str:
    """The program: its helpers, the function, and a main program that tests or runs it, where one is asked for."""
    request.refuse_arrays(C.title)
    target = C()
    listing = request.listing(target)
    listing.lines = listing.needed_lines()
    title = [part for line in request.title() for part in comment(line.rstrip("\\"))]
    head = prototype(target.function, list(listing.inputs.values()), len(listing.gradients))
    if request.form == ".h":
        return header(target.function, [*title, *order(listing), *packed(*head, ");")])
    function = [
        *title,
        *packed(*head, ") {"),
        *unread(listing),
        "  // forward pass",
        *lines_text(listing.forward_lines()),
    ]
    if listing.backward_lines():
        function += ["", "  // backward pass", *lines_text(listing.backward_lines())]
    stores = [
        (f"  gradients[{place}] = {text};", f"d{name}" if f"d{name}" != text else "")
        for place, (name, text) in enumerate(listing.gradients.items())
    ]
    function += ["", *remarked(stores), f"  return {listing.value};", "}"]
    blocks = ["\n".join(packed(*head, ");")), *(helper_text(helper) for helper in helpers(target)), "\n".join(function)]
    headers = ["#include <math.h>"]
    if request.main:  # which is asked for, where a test comes with any point
        blocks.append("\n".join(runner(request, target.function)))
        headers += ["#include <stdio.h>", "#include <stdlib.h>"]
    elif request.at is not None:
        blocks.append("\n".join(["#ifndef BACKPROP_LIBRARY", *self_test(request, target.function), "#endif"]))
    return "\n\n".join(["\n".join(headers), *blocks]) + "\n"


def prototype(name: str, inputs: list[str], gradients: int) -> tuple[str, list[str]]:
    """The head of the function up to its bracket, and its parameters."""
    return f"double {name}(", [*(f"double {each}" for each in inputs), f"double gradients[{max(1, gradients)}]"]


def order(listing: Listing) -> list[str]:
    """Which gradient stands where, for who has the header alone."""
    return comment(f"gradients: {', '.join(f'd{name}' for name in listing.gradients)}") if listing.gradients else []


def header(name: str, declaration: list[str]) -> str:
    """A header for C and C++."""
    guard = f"{name.upper()}_H"
    linkage = ["#ifdef __cplusplus", 'extern "C" {', "#endif"], ["#ifdef __cplusplus", "}", "#endif"]
    blocks = [[f"#ifndef {guard}", f"#define {guard}"], linkage[0], declaration, linkage[1], ["#endif"]]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def unread(listing: Listing) -> list[str]:
    """A word to the compiler for each parameter that nobody reads."""
    return [f"  (void){name};" for name in [*listing.unread(), *([] if listing.gradients else ["gradients"])]]


def lines_text(lines: list[Line]) -> list[str]:
    """The lines of a pass, with the numbers of their forward lines."""
    rows: list[tuple[str, str]] = []
    for line in lines:
        kind = "" if line.operator else "int " if line.truth else "double "
        name, remark = f"  {kind}{line.name} {line.operator}=", f"({line.number})"
        if len(f"{name} {line.text}; // {remark}") > WIDTH:
            rows += [(name, ""), (f"      {line.text};", remark)]
        else:
            rows.append((f"{name} {line.text};", remark))
    return remarked(rows)


# ── as clang-format leaves it ──

WIDTH = 80


def remarked(lines: list[tuple[str, str]]) -> list[str]:
    """Lines with remarks behind them, below each other as far as they fit."""
    texts: list[str] = []
    group: list[tuple[str, str]] = []
    least, most = 0, WIDTH

    def flush() -> None:
        texts.extend(f"{text.ljust(least)}// {remark}" for text, remark in group)
        group.clear()

    for text, remark in lines:
        begins, ends = len(text) + 1, WIDTH - len(remark) - 3
        if not remark or begins > most or ends < least:
            flush()
            least, most = 0, WIDTH
        if remark:
            group.append((text, remark))
            least, most = max(least, begins), min(most, ends)
        else:
            texts.append(text)
    flush()
    return texts


def packed(head: str, items: list[str], tail: str) -> list[str]:
    """A list in as many lines as it takes, below its bracket."""
    lines, indent = [head], " " * len(head)
    for place, item in enumerate(items):
        last = place == len(items) - 1
        text = item + (tail if last else ",")
        joined = lines[-1] + (" " if place and lines[-1].strip() else "") + text
        if place and len(joined) > WIDTH:
            lines.append(indent + text)
        else:
            lines[-1] = joined
    return lines


def assigned(name: str, call: str, items: list[str]) -> list[str]:
    """A call's result in a variable: the call in a line of its own, where that takes no more lines."""
    beside, below = packed(f"{name} {call}", items, ");"), packed(f"      {call}", items, ");")
    return beside if len(beside) <= len(below) else [name, *below]


def comment(text: str) -> list[str]:
    """A remark in lines of its own."""
    return [f"// {line}" for line in wrap(text, WIDTH - 3, break_long_words=False, break_on_hyphens=False)]


def helper_text(helper: Helper) -> str:
    if helper.source:
        return helper.source
    name = C().word(helper.gate)
    head = f"static double {name}({', '.join(f'double {parameter}' for parameter in helper.parameters)}) {{"
    whole = f"{head} return {helper.result.text}; }}"
    if not helper.lines and len(whole) <= WIDTH:
        return whole
    lines = [f"  {'int' if line.truth else 'double'} {line.name} = {line.text};" for line in helper.lines]
    return "\n".join([head, *lines, f"  return {helper.result.text};", "}"])


def self_test(request: Request, function: str) -> list[str]:
    """A main program that exits with 0 if the numbers are those that the calculator found."""
    assert request.at is not None
    target = C()
    numbers = [target.number(request.at[name]).text for name in request.circuit.variables]
    found = [("value", request.value), *((f"gradients[{i}]", g) for i, g in enumerate(request.gradients.values()))]
    tests = [f"  if (!close_to({what}, {target.number(number).text}))" for what, number in found]
    return [
        "static int close_to(double found, double expected) {",
        "  double margin = 1e-12 + 1e-9 * fabs(expected);",
        "  int both = isnan(found) && isnan(expected);",
        "  return found == expected || both || fabs(found - expected) <= margin;",
        "}",
        "",
        "int main(void) {",
        f"  double gradients[{max(1, len(request.gradients))}];",
        *assigned("  double value =", f"{function}(", [*numbers, "gradients"]),
        *(line for i, test in enumerate(tests, 1) for line in (test, f"    return {i};")),
        "  return 0;",
        "}",
    ]


def runner(request: Request, function: str) -> list[str]:
    """A main program that takes the point from the command line and prints value and gradients."""
    names = list(request.circuit.variables)
    values = [f"as_number(argv[{place}])" for place in range(1, len(names) + 1)]
    usage = " ".join(names).replace("\\", "")
    parser = [
        "static double as_number(const char *text) {",
        "  char *end;",
        "  double value = strtod(text, &end);",
        "  if (end == text || *end) {",
        '    fprintf(stderr, "%s is no number\\n", text);',
        "    exit(2);",
        "  }",
        "  return value;",
        "}",
        "",
    ]
    return [
        *(parser if names else []),
        "int main(int argc, char **argv) {",
        f"  double gradients[{max(1, len(request.wrt))}];",
        f"  if (argc != {len(names) + 1}) {{",
        *packed("    fprintf(", ["stderr", f'"usage: %s {usage}\\n"', 'argc > 0 ? argv[0] : ""'], ");"),
        "    return 2;",
        "  }",
        *assigned("  double value =", f"{function}(", [*values, "gradients"]),
        '  printf("value = %.17g\\n", value);',
        *(f'  printf("d{name} = %.17g\\n", gradients[{place}]);' for place, name in enumerate(request.wrt)),
        "  return 0;",
        "}",
    ]
