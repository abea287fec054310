"""What people write that is not in the grammar, and what they meant: a catalogue of mistakes, each with its cure.

To add a mistake, add a row: an example (which the tests run), how it is recognised, what is wrong and what would be
right. `{p.…}` in a text is an attribute of the Place. The first row that fits is taken; where none does, Lark says what
was expected.
"""

from __future__ import annotations

from backprop.errors import Problem, nearest
from backprop.errors.light import cache
from backprop.errors.spans import Span
from backprop.errors.spelling import either
from backprop.language.lexer import MODULES, SUPERSCRIPTS
from backprop.language.place import BARS, BEGINS, COMPARISONS, ELLIPSES, OPERATORS, SHOWN, Place
from backprop.language.program import Program

TYPE_CHECKING = False  # typing would be a large part of a short run
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Reader = Callable[[str], tuple[Program, list[str], int | None]]  # a text's program, its tokens, where it stops

LONGEST_CURE = 160  # characters of a formula that a hint writes out
LOOKED_AT = 4000  # tokens that Lark, who is in no hurry, is given to explain


def explain(program: Program, tokens: list[str], stopped_at: int, read: Reader) -> Problem:
    """The problem of a text whose token number `stopped_at` cannot stand where it does. `read` reads its cure."""
    place = Place(program, tokens, stopped_at)
    for mistake in MISTAKES:
        if mistake.when(place):
            return problem(place, mistake, readings(place, read))
    return place.problem(f"expected {expected(place)}, and found {place.here}", "", (stopped_at, stopped_at))


def not_a_name(program: Program, tokens: list[str], index: int) -> Problem:
    """The problem of a token that looks like a name and is none, since it holds ² or ½."""
    place = Place(program, tokens, index)
    for mistake in NO_NAMES:
        if mistake.when(place):
            return problem(place, mistake)
    return place.problem(f"{place.word} is not a name", "a name has letters, digits and _ in it", (index, index))


SETTLED = frozenset(
    ["item", "detach", "numpy", "clone", "copy", "float", "double", "cpu", "contiguous"]
)  # change no value


def no_method(program: Program, tokens: list[str], index: int) -> Problem:
    """The problem of `x.foo()`, where there is no function foo, and of `torch.std(x)`, which is another one."""
    place = Place(program, tokens, index)
    name = tokens[index][1:-1].strip()
    if place.name_before == "torch" and name in ("std", "var"):
        hint = f"torch.{name} divides by n - 1: {name}(x) here divides by n"
    elif place.name_before in MODULES:
        hint = f"write {escaped(name)}(…), without {escaped(place.name_before)}."
    elif name in SETTLED:
        hint = f"delete .{name}(): a value is one without it"
    else:
        near = nearest(name, functions())
        hint = f"did you mean .{near}()?" if near else "`backprop gates` lists the functions that there are"
    return place.problem(f"there is no {escaped(place.operand)}.{escaped(name)} here", hint, (index, index))


def functions() -> list[str]:
    from backprop.gates import NAMES

    return list(NAMES)


def not_text(text: str, start: int, source: str | None) -> Problem:
    """The problem of a text with half of a character in it."""
    code = ord(text[start])
    what = f"the byte 0x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"half a character, U+{code:04X}"
    return Problem(
        "syntax",
        f"this is not text: {what} stands in it",
        text=text,
        source=source,
        spans=[Span(start, start + 1)],
        hint="save it as UTF-8",
    )


# ── the catalogue ──

WORDS = {  # of other languages, and what says the same here
    "and": "comparisons give 1 or 0, so multiply them: (x > 0) * (y > 0)",
    "or": "comparisons give 1 or 0, so write max(x > 0, y > 0)",
    "xor": "comparisons give 1 or 0, so write (x > 0) != (y > 0)",
    "not": "comparisons give 1 or 0, so write 1 - (x > 0)",
    "if": "write where(condition, then, else)",
    "then": "write where(condition, then, else)",
    "else": "write where(condition, then, else)",
    "when": "write where(condition, then, else)",
    "mod": "write mod(x, y)",
    "div": "write floor(x / y)",
    "times": "write x * y",
    "over": "write x / y",
    "is": "to compare, write ==",
    "in": "there are no sets here: compare, like (x >= 0) * (x <= 1)",
    "for": "there are no loops here: a sum over an array is sum(x)",
    "while": "there are no loops here",
    "lambda": "a function has a name: write f(x) = x^2",
    "return": "the last line is the output: write its expression alone",
    "print": "the last line is the output: write its expression alone",
    "import": "all functions are there: `backprop gates` lists them",
    "from": "all functions are there: `backprop gates` lists them",
}
BETWEEN = {  # words that stand between two operands
    "mod": "write mod({}, {})", "div": "write floor({} / {})", "times": "write {} * {}", "over": "write {} / {}",
}  # fmt: skip
DEFINERS = frozenset(["let", "var", "const", "val", "def", "fn", "function", "func", "set", "float", "double", "int"])
CHARACTERS = {  # that the language does not have, and what says the same here
    "&": "comparisons give 1 or 0, so multiply them: (x > 0) * (y > 0)",
    "∧": "comparisons give 1 or 0, so multiply them: (x > 0) * (y > 0)",
    "|": "for the absolute value write abs(x); for “or”, max(x > 0, y > 0)",
    "∨": "comparisons give 1 or 0, so write max(x > 0, y > 0)",
    "!": "for a factorial write gamma(x + 1); for “not”, 1 - x; for “unequal”, !=",
    "¬": "comparisons give 1 or 0, so write 1 - (x > 0)",
    "~": "for “not” write 1 - (x > 0)",
    "%": "for the remainder write mod(x, y); for percent, x / 100",
    "'": "for the transpose write x.T; texts stand in straight double quotes",
    "′": "for the transpose write x.T; a name may be dx or x_1",
    "`": "for the transpose write x.T; names stand without quotes",
    "?": "write where(condition, then, else)",
    "∞": "write inf",
    "∑": "write sum(x)",
    "∏": "write prod(x)",
    "∂": "gradients are the answer, and not part of the question: write the function alone",
    "∇": "gradients are the answer, and not part of the question: write the function alone",
    "∫": "there are no integrals here",
    "⌊": "write floor(x)",
    "⌋": "write floor(x)",
    "⌈": "write ceil(x)",
    "⌉": "write ceil(x)",
    "±": "write x + y or x - y",
    "°": "angles are in radians: write x * pi / 180",
    "≈": "to compare, write abs(x - y) < 1e-9",
    "≡": "to compare, write ==",
    "→": "write a name and =, like y = x + 1",
    "←": "write a name and =, like y = x + 1",
    "∗": "write *",
    "•": "write *",
    "∙": "write *",
    "⊙": "write *",
    "∘": "for the product of elements write *",
    "⊗": "write outer(x, y)",
    "\u2062": "an invisible sign of multiplication was pasted here: write *",
    "\u2061": "an invisible sign was pasted here: delete it",
    "∕": "write /",
    "⁄": "write /",
    "–": "this is a dash: write -",
    "—": "this is a dash: write -",
    "‐": "this is a hyphen of print: write -",
    "‑": "this is a hyphen of print: write -",
    "‒": "this is a dash: write -",
    "“": 'texts stand in straight quotes: "…"',
    "”": 'texts stand in straight quotes: "…"',
    "„": 'texts stand in straight quotes: "…"',
    "‘": 'texts stand in straight double quotes: "…"',
    "’": "for the transpose write x.T; texts stand in straight double quotes",
    "$": "names and formulas stand without $",
    "…": "write all of it: there are no ellipses",
    "{": "brackets are round: write (x)",
    "}": "brackets are round: write (x)",
    "\\": "this is no LaTeX: write (a)/(b) for \\frac{a}{b}, sqrt(x) for \\sqrt{x}, θ or theta for \\theta",
    "（": "write (",
    "）": "write )",
    "【": "write [",
    "】": "write ]",
    "，": "write ,",
    "、": "write ,",
    "；": "write ;",
    "：": "write :",
    "＝": "write =",
    "＋": "write +",
    "－": "write -",
    "＊": "write *",
    "／": "write /",
    "＾": "write ^",
}
RADIX = {"x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8}


# A run of tokens, and what is to stand in its place; without a last token, what is to be put in: before the first one,
# or if it closes something, behind it.
Edit = tuple[int, int | None, str]


class Mistake:
    """A row of the catalogue.

    `where` tells the tokens to underline, or a span (None: the token that stopped the parser), `edits` what makes a
    right formula of it, where that is plain, and `other` what makes another one of it, as good.
    """

    def __init__(
        self, name: str, example: str, when: Callable[[Place], bool], message: str,
        hint: str | Callable[[Place], str], where: Callable[[Place], tuple[int, int] | Span] | None = None,
        edits: Callable[[Place], list[Edit]] = lambda p: [], other: Callable[[Place], list[Edit]] = lambda p: [],
    ) -> None:  # fmt: skip
        self.name, self.example, self.when, self.message = name, example, when, message
        self.hint, self.where, self.edits, self.other = hint, where, edits, other


def problem(place: Place, mistake: Mistake, whole: str = "") -> Problem:
    """A row, said of a place; with the whole formula as it should be, where that is known."""
    hint = mistake.hint if isinstance(mistake.hint, str) else mistake.hint(place)
    where = mistake.where(place) if mistake.where else (place.at, place.at)
    said = hint.format(p=place) if hint else ""
    if whole:
        begin, write, _ = said.partition("write ")
        said = f"{begin}{write or ': write '}{whole}"
    return place.problem(mistake.message.format(p=place), said, where)


def readings(place: Place, read: Reader) -> str:
    """The whole formula as it may have been meant, in two ways where it can be read in two."""
    one, other = cured(place, read), cured(place, read, other=True)
    if not one:
        return translated(place.program.text, read)
    return f"{one}, or {other}" if other and one != other else one


def cured(place: Place, read: Reader, other: bool = False) -> str:
    """The whole formula with all its mistakes mended, where they are of kinds with one cure; else nothing."""
    for _ in range(SHOWN):
        mistake = next((mistake for mistake in MISTAKES if mistake.when(place)), None)
        edits = mistake.edits(place) if mistake else []
        edits = (mistake.other(place) or edits) if mistake and other else edits
        text = edited(place, edits)
        if not edits or len(text) > LONGEST_CURE or not text.isprintable():
            return ""
        program, tokens, stopped_at = read(text)
        if stopped_at is None:
            return text
        place = Place(program, tokens, stopped_at)
    return ""


NOTATIONS = [  # of LaTeX and Python, in which whole formulas are pasted; the innermost braces first
    (r"\\(?:left|right|displaystyle|[,;! ]|q?quad)", ""),
    (r"\\[dt]?frac\s*{([^{}]*)}\s*{([^{}]*)}", r"((\1)/(\2))"),
    (r"\\[dt]?frac\s*(\d)\s*(\d)", r"(\1/\2)"),
    (r"\(\((\w+)\)/\(", r"(\1/("),
    (r"/\((\w+)\)\)", r"/\1)"),
    (r"\\sqrt\s*{([^{}]*)}", r"sqrt(\1)"),
    (r"\\(?:mathrm|mathbf|mathbb|text|operatorname)\s*{([^{}]*)}", r"\1"),
    (r"\^\s*(?:{\s*(?:\\top|T)\s*}|\\top)", "^T"),
    (r"\^\s*{([^{}]*)}", r"^(\1)"),
    (r"_\s*{(\w*)}", r"_\1"),
    (r"\\(hat|bar|tilde|vec)\s*{(\w+)}", r"\2_\1"),
    (r"\\(?:cdot|times|ast)(?![a-z])", " * "),
    (r"\\leq?(?![a-z])", "<="),
    (r"\\geq?(?![a-z])", ">="),
    (r"\\neq?(?![a-z])", "!="),
    (r"\\odot(?![a-z])", "*"),
    (r"\\sigma\s*\(", "sigmoid("),
    (r"\\(?!sum|prod|int|lim|begin|partial|nabla|frac)([A-Za-z]+)", r"\1"),
    (r"\$+", ""),
    (r"(?<![\^_\\A-Za-z]){([^{}]*)}", r"(\1)"),
    (r"^((?:\w+ *= *)?)if (.+?) then (.+?) else (.+)$", r"\1where(\2, \3, \4)"),
    (r"^((?:\w+ *= *)?)(.+?) if (.+?) else (.+)$", r"\1where(\3, \2, \4)"),
    (r"^((?:\w+ *= *)?)(.+?) \? (.+?) : (.+)$", r"\1where(\2, \3, \4)"),
    (r"^(\w+) *= *lambda ([\w, ]+): *(.+)$", r"\1(\2) = \3"),
    (r"^(\w+) *(?:->|\|->|↦) *(.+)$", r"f(\1) = \2"),
    (r"'([^'\"]*)'", r'"\1"'),
    (r"einsum\(([a-zA-Z, ]+->[a-zA-Z ]*),", r'einsum("\1",'),
    (r"^lambda ([\w, ]+): *(.+)$", r"f(\1) = \2"),
    (r"^def (\w+)\(([\w, ]+)\): *(?:return)? *(.+)$", r"\1(\2) = \3"),
]
TRACES = ("\\", "{", "'", "->", "↦", "$", "?", "if ", "lambda ", "def ")  # of these notations in a text


def translated(text: str, read: Reader) -> str:
    """A formula in another notation, in this one, if it can be read then; else nothing."""
    if len(text) > LONGEST_CURE or not any(trace in text for trace in TRACES):
        return ""
    import re

    found = made = text.strip()
    while made:  # the first pattern that fits, again and again
        changed = (re.sub(pattern, instead, found) for pattern, instead in NOTATIONS)
        made = next((one for one in changed if one != found), "")
        found = made or found
    found = re.sub(r"^\(\(([^()]*)\)/\(([^()]*)\)\)$", r"(\1)/(\2)", " ".join(found.split()))
    program, tokens, stopped_at = read(found)
    if stopped_at is None or found == text:
        return found if found != text else ""
    return cured(Place(program, tokens, stopped_at), read)


def edited(place: Place, edits: list[Edit]) -> str:
    """The text of a place, edited."""
    text = place.program.text
    for first, last, instead in reversed(edits):
        span = place.program.tokens_span(first, first if last is None else last)
        if last is not None:
            text = text[: span.start] + instead + text[span.end :]
        elif instead in ("*", "(", " @ ", ", "):
            text = text[: span.start].rstrip(" ") + instead + text[span.start :]
        else:
            text = text[: span.end] + instead + text[span.end :]
    return text


def escaped(text: str) -> str:
    """A text that stands for itself in a hint."""
    return text.replace("{", "{{").replace("}", "}}")


def is_function(name: str) -> bool:
    from backprop.gates import NAMES

    return name in NAMES


def plain_digits(text: str) -> str:
    """Superscripts and the digits of other scripts as ASCII."""
    from unicodedata import normalize

    plain = (str(int(c)) if c.isdecimal() else "-" if c in "⁻−" else normalize("NFKC", c) for c in text)
    return escaped("".join(plain))


def superscripts_end(p: Place) -> int:
    """The last token of a run of superscripts: ⁻¹ is two."""
    end = p.at
    while end < p.at + SHOWN and is_superscript(p.tokens[end + 1]):
        end += 1
    return end


def superscript_hint(p: Place) -> str:
    base = "x" if p.wants_operand else escaped(p.operand)
    return f"write {base}^{plain_digits(p.text(p.at, superscripts_end(p)))}"


def is_superscript(token: str) -> bool:
    return bool(token) and all(character in SUPERSCRIPTS for character in token)


def literal(p: Place) -> str:
    """`0x10` in decimal digits."""
    digits, radix = p.word[1:], RADIX[p.word[0]]
    try:
        return f"numbers are decimal: write {int(digits, radix)}"
    except ValueError:
        return "to multiply, write {p.before}*{p.following}"


def character_hint(p: Place) -> str:
    if p.token == "{" and p.kind_before == "name" and p.before.endswith("_"):
        return escaped(f"write {p.before}{p.after}") if p.kind_after in ("name", "number") else "write x_1"
    if p.token in PAIRS and p.wants_operand:
        function, closing = PAIRS[p.token]
        rest = p.tokens[p.at + 1 : p.at + 200]
        inside = p.text(p.at + 1, p.at + rest.index(closing)) if closing in rest[1:] else p.following_after
        return f"write {function}({escaped(inside)})"
    if p.token == "\\" and (word := next((word for word in SIGNS if f"\\{word}" in p.program.text), "")):
        return CHARACTERS[SIGNS[word]]
    if p.token == "!" and not p.wants_operand:
        return f"for a factorial write gamma({escaped(p.operand)} + 1); for “unequal”, !="
    if p.token in ("'", "′", "’") and p.kind_after == "(":
        return CHARACTERS["∂"]
    if p.token == "'" and p.wants_operand:
        return 'texts stand in straight double quotes: write "…"'
    if p.token in ("'", "′", "’") and not p.wants_operand:
        return f"for the transpose write {escaped(p.operand)}.T; a name may be d{escaped(p.operand)} or x_1"
    if p.token == "%" and not p.wants_operand and p.kind_after in BEGINS:
        return f"for the remainder write mod({escaped(p.operand)}, {escaped(p.following_after)})"
    return escaped(CHARACTERS[p.token])


def unknown_character(p: Place) -> str:
    code = ord(p.token)
    if not p.token.isprintable():
        return f"delete it: it is the control character U+{code:04X}, which came along with a pasted text"
    from unicodedata import name

    return f"it is U+{code:04X}, {name(p.token, 'a character without a name').lower()}"


def module_hint(p: Place) -> str:
    if p.dotted == p.word_after and is_function(p.word_after) and p.kind_after == "name":
        return f"write {escaped(p.operand)}.{p.word_after}()"
    if p.name_before not in MODULES:
        return "all that a value has is its transpose, x.T, and functions: x.exp() is exp(x)"
    if p.word_after == "random":
        return either('give it as a value: --x "randn(3)"', "let NumPy draw it, and give it as a value")
    name = p.dotted.rpartition(".")[2]
    if not is_function(name):
        return "`backprop gates` lists the functions that there are"
    return f"write {name}(…), without {p.name_before}.{p.dotted.removesuffix(name)}"


def is_argument(p: Place) -> bool:
    """Whether round brackets hold an argument, as Python's tuples do."""
    return bool(p.open) and p.open[-1] > 0 and p.kind_of(p.open[-1] - 1) == ","


def comma_hint(p: Place) -> str:
    if p.kind_before == "number" == p.kind_after:
        joined = f"{p.before}.{p.after}"
        if len(p.after) == 3 and p.after.isdigit():
            return f"write {p.before}_{p.after} if that is thousands, {joined} if it is a decimal comma"
        return f"the decimal point is a point: write {joined}"
    if p.enclosing == "(" or p.open == []:
        first, last = (p.open[-1], p.partner(p.open[-1], 1)) if p.open else (p.line_start - 1, p.line_end + 1)
        elements = p.text(first + 1, last - 1)
        if elements.count("(") == elements.count(")"):
            return f"for an array, write [{escaped(elements)}]"
    return ""


def side_by_side_hint(p: Place) -> str:
    from backprop.gates import NAMES

    if p.following == "()":
        return escaped(f"{p.operand} takes no inputs: write {p.operand}")
    if p.following.endswith("()") and p.following[:-2] in NAMES:
        return "an input stands in the parentheses: " + escaped(f"{p.following[:-1]}{p.operand.rstrip('.')})")
    if p.enclosing == "[":
        return "elements are separated by commas: write [" + escaped(f"{p.operand}, {p.following}") + "]"
    product = escaped(f"{p.operand}*{p.following.removesuffix('()')}")
    if p.enclosing == "call":
        return f"to multiply, write {product}; to give two inputs, put a comma between them"
    return f"to multiply, write {product}"


def multiplied(p: Place) -> list[Edit]:
    """A sign of multiplication put in, or between elements a comma; nothing where either is as likely."""
    if p.following.endswith("()"):
        return []  # a function of nothing is no factor
    factor = p.touches and p.kind_before == "number"
    if p.enclosing == "[" and not factor:
        return [(p.at, None, ", ")]
    sign = " @ " if p.kind_before == "transpose" else "*"
    return [(p.at, None, sign)] if factor or p.enclosing != "call" else []


def multiplied_first(p: Place) -> list[Edit]:
    """`1/2x` as 1/(2*x), and `e^2x` as e^(2*x); `W x` as W @ x."""
    start = p.operand_start(p.at - 1)
    if p.kind_of(start - 1) in ("-", "−") and p.kind_of(start - 2) in POWERS:
        start -= 1
    below = p.kind_of(start - 1) in ("/", "÷", *POWERS)
    if not below and p.kind_before == "name" and p.kind in ("name", "(") and p.before[:1].isupper() and multiplied(p):
        return [(p.at, None, " @ ")]  # of a capital letter: a matrix
    return [(start, None, "("), (p.at, None, "*"), (p.run_end, None, ")")] if below and multiplied(p) else []


POWERS = ("^", "**", "ˆ")


def equals_before(p: Place) -> bool:
    """Whether the statement has an "=" at its start already."""
    return any(p.kind_of(i) in ("assign", "augment", "=") for i in p.statement[:1]) or (
        p.kind_of(p.line_start) == "call" and any(p.tokens[i] == "=" for i in p.statement[:200])
    )


def bad_bracket(p: Place) -> bool:
    return bool(p.open) and p.kind in (")", "]") and p.kind != p.closing[:1]


def function_call_before(p: Place) -> bool:
    return p.kind_before == "name" and is_function(p.name_before) and p.kind in BEGINS


def inputs_end(p: Place) -> int:
    """The last token of the inputs of a function without brackets: `max 0, x`."""
    end = p.run_end
    while p.kind_of(end + 1) == "," and p.kind_of(end + 2) in BEGINS:
        end = p.operand_end(end + 2)
    return end


def closing_bar(p: Place) -> int:
    """The bar that closes the one that stands here, or -1."""
    return next((i for i in range(p.at + 1, p.line_end + 1) if p.kind_of(i) == p.kind), -1)


def semicolon(p: Place) -> Span:
    """The sign itself, of a token with blanks around it."""
    span = p.program.tokens_span(p.at, p.at)
    start = p.program.text.index(";", span.start)
    return Span(start, start + 1)


def in_rows(p: Place) -> list[Edit]:
    """`[1, 2; 3, 4]` with a list for each row, and of what is in a call a comma."""
    start = p.open[-1]
    if p.enclosing == "call":
        return [(p.at, p.at, ", ")]
    end = p.partner(start, 1)
    ends = [i for i in range(p.at, end) if p.tokens[i].strip() == ";"]
    if any(p.kind_of(i) in ("(", "[", "call") for i in range(start + 1, end)):
        return []
    return [(start, start, "[["), *((i, i, "], [") for i in ends), (end, end, "]]")]


def power_before(p: Place) -> int:
    """Where a power on a function's name begins that ends before this place, `sin^2` or `sin²`; or -1."""
    start = p.at - 1 if p.kind_before == "superscript" else p.at - 2
    is_power = p.kind_before == "superscript" or (p.kind_before == "number" and p.kind_of(start) in POWERS)
    return start if is_power and p.kind_of(start - 1) == "name" and is_function(p.tokens[start - 1]) else -1


SIGNS = {"sum": "∑", "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇"}  # words of LaTeX
PAIRS = {"⌊": ("floor", "⌋"), "⌈": ("ceil", "⌉")}
ILLEGAL = "illegal"

MISTAKES = [
    # ── nothing there ──
    Mistake(
        "no expression", "  # nothing yet",
        lambda p: p.kind == "end" and all(p.kind_of(i) == "separator" for i in range(p.at)),
        "there is no expression", 'write one, like "(x + y) * z"',
    ),
    Mistake(
        "nothing behind the equals sign", "x =",
        lambda p: p.kind in ("end", "separator") and p.kind_before in ("assign", "augment", "="),
        "nothing stands behind =", "write the value, like y = x + 1",
        lambda p: p.equals_sign(p.at - 1),
    ),
    Mistake(
        "a line that ends in an operator", "x +\ny",
        lambda p: p.kind == "separator" and p.kind_before in OPERATORS and p.token[0] == "\n",
        "the line ends behind {p.before}", "to go on in the next line, put the expression in brackets",
        lambda p: (p.at - 1, p.at - 1),
    ),
    Mistake(
        "nothing behind an operator", "2 +",
        lambda p: p.kind in ("end", "separator") and p.kind_before in OPERATORS,
        "nothing stands behind {p.before}", "write the value that belongs there, or delete {p.before}",
        lambda p: (p.at - 1, p.at - 1),
    ),
    # ── brackets ──
    Mistake(
        "a semicolon between inputs", "max(0; x)",
        lambda p: p.kind == "separator" and p.token.strip() == ";" and p.enclosing in ("call", "[")
        and not p.wants_operand and p.kind_after in BEGINS,
        "a semicolon ends a line, and this {p.opening} is not closed",
        "inputs and elements are separated by commas: write {p.operand}, {p.following_after}", semicolon, in_rows,
    ),
    Mistake(
        "a bracket that is not closed", "(x",
        lambda p: p.kind in ("end", "separator") and bool(p.open),
        "this {p.opening} is not closed", 'write {p.closing} where it ends',
        lambda p: (p.open[-1], p.open[-1]),
    ),
    Mistake(
        "a bracket that is not closed before the next line", "y = (x\nz = 2*y",
        lambda p: p.kind in ("assign", "augment") and bool(p.open) and not p.wants_operand,
        "this {p.opening} is not closed", 'write {p.closing} where it ends',
        lambda p: (p.open[-1], p.open[-1]),
    ),
    Mistake(
        "a bracket that closes nothing", "x)",
        lambda p: p.kind in (")", "]") and not p.open,
        "there is no opening bracket for this {p.here}", "delete it, or write the one that opens it",
    ),
    Mistake(
        "a bracket of the wrong kind", "(x]",
        lambda p: bad_bracket(p) and not p.wants_operand,
        "{p.here} cannot close {p.opening}", "write {p.closing[0]}",
    ),
    Mistake(
        "empty brackets", "2 * ()",
        lambda p: p.kind == ")" and p.kind_before == "(",
        "these brackets are empty", "write the value that belongs there",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "an empty index", "x[]",
        lambda p: p.kind == "]" and p.kind_before == "[",
        "this index is empty", "write which element: x[0], or x[:] for all",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "a colon too many", "x[1::]",
        lambda p: p.kind in ("]", ",") and p.kind_before == ":",
        "no step stands behind this colon", "write x[1:] or x[::2]",
        lambda p: (p.at - 1, p.at - 1),
    ),
    Mistake(
        "nothing before a bracket closes", "(x + )",
        lambda p: p.kind in (")", "]") and p.kind_before in OPERATORS,
        "nothing stands between {p.before} and {p.here}", "write the value that belongs there, or delete {p.before}",
        lambda p: (p.at - 1, p.at - 1),
    ),
    Mistake(
        "two commas", "max(x,, y)",
        lambda p: p.kind == "," and p.kind_before in (",", "(", "[", "call"),
        "nothing stands before this comma", "write the value that belongs there, or delete the comma",
    ),
    # ── equals signs ──
    Mistake(
        "a triple equals sign", "x === 1",
        lambda p: p.kind == "=" and p.kind_before in ("==", "!="),
        "there is no {p.joined} here", "to compare, write {p.before}",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "a comparison turned round", "x => 1",
        lambda p: p.kind in (">", "<") and p.kind_before == "assign" and p.touches,
        "there is no ={p.here} here", "to compare, write {p.here}=",
        lambda p: p.equals_sign(p.at - 1, p.at),
    ),
    Mistake(
        "unequal as in BASIC", "x <> 1",
        lambda p: p.kind == ">" and p.kind_before == "<",
        "there is no <> here", "to say that they are unequal, write !=",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "two equals signs", "x = = 1",
        lambda p: p.kind == "=" and p.kind_before == "assign",
        "two equals signs stand side by side", "to give a name, write one; to compare, write them together: ==",
    ),
    Mistake(
        "assignment as in Pascal", "x := 1",
        lambda p: p.kind == ":" and p.kind_after == "=" and p.kind_before == "name",
        "there is no := here", "write {p.operand} {p.rest_after}",
        lambda p: (p.at, p.at + 1),
    ),
    Mistake(
        "a blank in an operator", "x > = 1",
        lambda p: p.kind == "=" and p.kind_before in (">", "<", "!") and not p.touches,
        "{p.before} and = belong together", "to compare, write {p.before}=",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "assignment in place of what is no name", "x[0] += 1",
        lambda p: p.kind == "=" and p.kind_before in OPERATORS and p.touches,
        "there is no {p.before}= here",
        "only a name is given anew: write y = {p.left_side} {p.before} {p.rest_after}",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "no name before the equals sign", "= x",
        lambda p: p.kind == "=" and p.at == p.line_start,
        "there is no name before =", "write one, like y = …; a result alone goes without =",
    ),
    Mistake(
        "a word that defines", "let x = 1",
        lambda p: p.kind in ("assign", "call") and p.name_before in DEFINERS,
        "{p.name_before} is not needed", "write {p.rest}",
        lambda p: (p.at - 1, p.at - 1),
    ),
    Mistake(
        "a function without inputs", "f() = 3",
        lambda p: p.kind == "=" and p.kind_before == ")" and p.kind_of(p.at - 2) == "call",
        "a function has at least one input", "for a value, write the name alone, without brackets",
        lambda p: (p.at - 2, p.at - 1),
    ),
    Mistake(
        "two equals signs in a line", "x = 3 = y",
        lambda p: p.kind in ("=", "assign", "augment") and not p.open and equals_before(p),
        "this line has a second =",
        "give each name in a line of its own; to compare, write ==", lambda p: p.equals_sign(p.at),
    ),
    Mistake(
        "a name given inside of brackets", "2 * (x = 1)",
        lambda p: p.kind in ("=", "assign", "augment") and p.enclosing in ("(", "[", "index"),
        "a name cannot be given inside of brackets", "give it in a line before: {p.word} = …; to compare, write ==",
        lambda p: p.equals_sign(p.at),
    ),
    Mistake(
        "a name that begins with a digit", "2x = 3",
        lambda p: p.kind == "assign" and p.kind_before == "number" and p.touches,
        "a name cannot begin with a digit", "write {p.word}{p.before} = …",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "an equals sign behind what is no name", "x + y = 3",
        lambda p: p.kind in ("=", "assign", "augment"),
        "only a name can stand before =", "to compare, write ==; a name stands first: y = x + 1",
        lambda p: p.equals_sign(p.at),
    ),
    # ── words ──
    Mistake(
        "a word of another language", "x and y",
        lambda p: p.kind in ("name", "call") and p.word in WORDS and not p.wants_operand,
        "the word {p.word} means nothing here",
        lambda p: BETWEEN.get(p.word, WORDS[p.word]).format(escaped(p.operand), escaped(p.following_after)),
    ),
    Mistake(
        "a line that begins with a word of another language", "not x",
        lambda p: p.kind_before == "name" and p.name_before in WORDS and p.kind != "separator",
        "the word {p.name_before} means nothing here", lambda p: WORDS[p.name_before],
        lambda p: (p.at - 1, p.at - 1),
    ),
    # ── numbers ──
    Mistake(
        "a decimal comma", "1,5 * x",
        lambda p: p.kind == "," and p.enclosing in ("", "(") and p.kind_before == "number" == p.kind_after
        and not is_argument(p),
        "a comma does not belong in a number", comma_hint,
    ),
    Mistake(
        "a shape in brackets of its own", "reshape(x, (2, 2))",
        lambda p: p.kind == "," and p.enclosing == "(" and p.kind_before == "number" == p.kind_after and is_argument(p),
        "a comma does not belong here", "an array stands in square brackets, like [{p.before}, {p.after}]",
    ),
    Mistake(
        "a comma between lines", "q = x + y, f = q*z",
        lambda p: p.kind == "," and p.enclosing == "" and p.kind_after == "assign" and not p.wants_operand,
        "a comma does not end a line", "lines end with a semicolon: write {p.operand};", None,
        lambda p: [(p.at, p.at, ";")],
    ),
    Mistake(
        "a comma outside of a call or an array", "x, y",
        lambda p: p.kind == "," and p.enclosing in ("", "(") and not p.wants_operand,
        "a comma does not belong here", comma_hint,
    ),
    Mistake(
        "two points in a number", "1..2",
        lambda p: p.kind == "number" == p.kind_before and p.touches and p.token[0] == ".",
        "{p.joined} has two points", "a number has one point at most",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "a number of another base", "0x10",
        lambda p: (
            p.kind == "name" and p.touches and p.before == "0" and len(p.word) > 1
            and p.word[0] in RADIX and p.word[1:].isalnum()
        ),
        "{p.joined} is not a number here", literal,
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "a number without its exponent", "1e",
        lambda p: p.kind == "name" and p.word in ("e", "E") and p.kind_before == "number" and p.touches,
        "{p.joined} has no exponent", "write {p.joined}6 for millions, or {p.before}*e for Euler's number",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "an imaginary number", "2j",
        lambda p: p.kind == "name" and p.word in ("i", "j") and p.kind_before == "number" and p.touches,
        "numbers are real here", "to multiply, write {p.before}*{p.word}",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "the transpose of a number", "2.T",
        lambda p: p.token == "T" and p.kind_before == "number" and p.touches and p.before.endswith("."),
        "a number has no transpose", "the transpose of an array is written x.T",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "a blank in a number", "1 000",
        lambda p: p.kind == "number" == p.kind_before and p.enclosing in ("", "("),
        "two numbers stand side by side",
        "write {p.before}_{p.here} if it is one number, {p.before}*{p.here} to multiply",
    ),
    Mistake(
        "digits of another script", "٣ * x",
        lambda p: p.kind == ILLEGAL and p.token.isdecimal(),
        "numbers are written in the digits 0 to 9", lambda p: f"write {plain_digits(p.token)}",
    ),
    # ── powers and functions ──
    Mistake(
        "a superscript", "x⁽²⁾",
        lambda p: p.kind in ("superscript", ILLEGAL) and is_superscript(p.token) and not p.under_root,
        "a power is written with ^", superscript_hint,
        lambda p: (p.at, superscripts_end(p)),
    ),
    Mistake(
        "an inverse function", "sin⁻¹(x)",
        lambda p: (
            p.kind == "(" and p.kind_before == "superscript" and p.before == "⁻¹"
            and is_function(f"arc{p.tokens[p.at - 2]}")
        ),
        "this can be read in two ways",
        lambda p: "write arc{f}{x}, or {f}{x}^-1".format(f=p.tokens[p.at - 2], x=escaped(p.following)),
        lambda p: (p.at - 2, p.at - 1),
    ),
    Mistake(
        "a superscript on a function's name", "sin²(x)",
        lambda p: p.kind == "(" and p.kind_before == "superscript" and is_function(p.tokens[p.at - 2]),
        "a function's power stands behind its brackets",
        lambda p: f"write {p.tokens[p.at - 2]}{escaped(p.following)}^{plain_digits(p.before)}",
        lambda p: (p.at - 2, p.at - 1),
        lambda p: [(p.at - 1, p.at - 1, ""), (p.operand_end(p.at), None, p.before)],
    ),
    Mistake(
        "a power under a root", "√x²",
        lambda p: p.kind in ("superscript", "^", "**", "ˆ") and p.under_root,
        "this can be read in two ways",
        lambda p: "write √({x}{p}) or (√{x}){p}".format(
            x=escaped(p.operand), p=escaped(p.text(p.at, p.at if p.kind == "superscript" else p.operand_end(p.at + 1)))
        ),
    ),
    Mistake(
        "a power on a function's name", "sin^2(x)",
        lambda p: (
            p.kind == "(" and p.kind_before == "number" and p.kind_of(p.at - 2) in ("^", "**")
            and p.kind_of(p.at - 3) == "name" and is_function(p.tokens[p.at - 3])
        ),
        "a function's power stands behind its brackets",
        lambda p: f"write {p.tokens[p.at - 3]}{escaped(p.following)}^{p.before}",
        lambda p: (p.at - 3, p.at - 1),
    ),
    Mistake(
        "a power on the name of a function without brackets", "sin^2 x",
        lambda p: p.kind in BEGINS and p.kind != "(" and power_before(p) >= 0,
        "a function's power stands behind its brackets", "write {p.before}",
        lambda p: (power_before(p) - 1, p.at - 1),
        lambda p: [
            (power_before(p), p.at - 1, ""), (p.at, None, "("),
            (p.run_end, None, ")" + p.text(power_before(p), p.at - 1)),
        ],
    ),
    Mistake(
        "a function without brackets", "sin x",
        function_call_before,
        "{p.before} needs brackets round its input", lambda p: f"write {p.before}({escaped(p.following)})",
        lambda p: (p.at - 1, p.at - 1),
        lambda p: [(p.at, None, "("), (inputs_end(p), None, ")")],
    ),
    Mistake(
        "a function before bars", "ln|x|",
        lambda p: p.kind in BARS and p.kind_before == "name" and is_function(p.name_before) and closing_bar(p) > 0,
        "{p.before} needs brackets round its input", lambda p: f"write {p.before}({escaped(p.here)}",
        lambda p: (p.at - 1, p.at - 1),
        lambda p: [(p.at, None, "("), (closing_bar(p), None, ")")],
    ),
    # ── two things side by side ──
    Mistake(
        "a transpose as in books", "w^T x",
        lambda p: p.kind in BEGINS and p.before == "T" and p.kind_of(p.at - 2) in POWERS,
        "the transpose is written .T", lambda p: f"write {escaped(p.text(p.operand_start(p.at - 3), p.at - 3))}.T",
        lambda p: (p.at - 2, p.at - 1),
        lambda p: [(p.at - 2, p.at - 1, ".T"), (p.at, None, " @ ")],
    ),
    Mistake(
        "a derivative", "d/dx x^2",
        lambda p: p.kind in BEGINS and p.at > 2 and p.kind_before == "name" and p.before[0] == "d"
        and p.tokens[p.at - 3 : p.at - 1] == ["d", "/"],
        "d/{p.before} is not needed",
        "gradients are the answer, and not part of the question: write {p.rest}",
        lambda p: (p.at - 3, p.at - 1),
    ),
    Mistake(
        "text beside something", 'x "a"',
        lambda p: p.kind == "string" and not p.wants_operand,
        "a text does not belong here", "texts are inputs of functions, like einsum(\"ij,jk->ik\", A, B)",
    ),
    Mistake(
        "two things side by side", "2x",
        lambda p: p.kind in BEGINS and not p.wants_operand,
        "{p.operand} and {p.following} stand side by side", side_by_side_hint, None,
        multiplied, multiplied_first,
    ),
    # ── operators ──
    Mistake(
        "a blank in a power", "x * * 2",
        lambda p: p.kind == "*" == p.kind_before,
        "two stars make a power when nothing stands between them", "write ^ or ** for a power, * to multiply",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "whole division", "x // y",
        lambda p: p.kind == "/" and p.kind_before == "/" and p.touches,
        "there is no // here",
        lambda p: (
            f"write floor({escaped(p.text(p.operand_start(p.at - 2), p.at - 2))} / {escaped(p.following_after)});"
            " a remark begins with #"
        ),
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "an arrow", "x -> x^2",
        lambda p: p.kind == ">" and p.kind_before in ("-", "−") and p.touches,
        "there is no -> here",
        lambda p: ("it stands in a text:" if p.enclosing == "call" else "a function has a name:") + " write f(x) = x^2",
        lambda p: (p.at - 1, p.at),
    ),
    Mistake(
        "two operators in a row", "x ** ** 2",
        lambda p: p.kind in OPERATORS and p.kind_before in OPERATORS,
        "{p.here} stands right behind {p.before}", "a value is missing between them, or one of the two is too much",
    ),
    Mistake(
        "a comparison of comparisons", "a < b < c",
        lambda p: p.kind in COMPARISONS and p.comparison_before >= 0,
        "comparisons do not chain", lambda p: "write " + escaped(p.both_comparisons),
    ),
    Mistake(
        "nothing before an operator", "* x",
        lambda p: p.kind in OPERATORS and p.wants_operand,
        "nothing stands before {p.here}", "write the value that belongs there, or delete {p.here}",
    ),
    Mistake(
        "nothing before a transpose", "2 + .T",
        lambda p: p.kind == "transpose" and p.wants_operand,
        "nothing stands before .T", "write the array that is to be transposed, like x.T",
    ),
    Mistake(
        "a colon", "x : y",
        lambda p: p.kind == ":" and p.enclosing != "index",
        "a colon stands only between the bounds of an index", "write x[1:3] for a part of an array, x / y to divide",
    ),
    Mistake(
        "an ellipsis", "sum(x, ...)",
        lambda p: p.kind in ELLIPSES,
        "{p.here} stands only in an index, by itself", "write A[..., 0] for the first element along the last axis",
    ),
    # ── characters ──
    Mistake(
        "an operator as in MATLAB", "x.^2",
        lambda p: p.token == "." and p.kind_after in OPERATORS,
        "there is no .{p.after} here", "operators work element by element as they are: write {p.operand}{p.after}",
        lambda p: (p.at, p.at + 1), lambda p: [(p.at, p.at, "")],
    ),
    Mistake(
        "an attribute", "x.shape",
        lambda p: p.token == "." and p.kind_before in ("name", ")", "]"),
        "there is no {p.operand}.{p.word_after} here", module_hint,
    ),
    Mistake(
        "a text without its end", '"abc',
        lambda p: p.token == '"',
        "this text has no closing quote", 'write " where it ends, in the same line',
    ),
    Mistake(
        "a bar that is not closed", "|x",
        lambda p: p.kind in ("end", "separator", ")", "]", ",") and not p.wants_operand and p.open_bar != "",
        "this {p.open_bar} is not closed", "write {p.open_bar} where it ends, as in |x|",
    ),
    Mistake(
        "two bars", "x || y",
        lambda p: p.kind == "||",
        "|| is a norm, and no “or”", lambda p: escaped(CHARACTERS["∨"]) + "; for a product of two, |x|*|y|",
    ),
    Mistake(
        "something beside bars", "2|x|",
        lambda p: p.kind in BARS and not p.wants_operand and p.kind in p.tokens[p.at + 1 : p.line_end + 1],
        "{p.operand} and {p.here} stand side by side", "to multiply, write {p.operand}*{p.here}",
        None, lambda p: [(p.at, None, "*")],
    ),
    Mistake(
        "a bar", "x | y",
        lambda p: p.kind in BARS,
        "{p.here} means nothing here", lambda p: escaped(CHARACTERS["|"]),
    ),
    Mistake(
        "a root of nothing", "2 + √",
        lambda p: p.kind_before in ("√", "∛") or p.kind in ("√", "∛"),
        "a root stands before a value", "write √x, √(x + 1), or 2*√x",
    ),
    Mistake(
        "a character of another notation", "x?",
        lambda p: p.kind == ILLEGAL and p.token in CHARACTERS,
        "{p.here} means nothing here", character_hint,
    ),
    Mistake(
        "an unknown character", "x \x1b y",
        lambda p: p.kind == ILLEGAL,
        "the character {p.here} means nothing here", unknown_character,
    ),
]  # fmt: skip

NO_NAMES = [
    Mistake(
        "a number in a circle", "① * x",
        lambda p: not p.word[0].isalpha(),
        "{p.word} is not a name", lambda p: f"write it out, like {plain_digits(p.word).replace('⁄', '/')}",
    ),
]  # fmt: skip


# ── what Lark says ──

VALUE = "a value"
PLAIN = {
    "NAME": VALUE,
    "PLUS": "an operator",
    "RPAR": ")",
    "RSQB": "]",
    "COMMA": "a comma",
    "COLON": "a colon",
    "EQUAL": "=",
    "$END": "the end",
}


def expected(place: Place) -> str:
    """What could have stood here, in plain words."""
    terminals = accepted(place) if place.at < LOOKED_AT else ["NAME" if place.wants_operand else "PLUS"]
    if "NAME" in terminals:
        terminals = [name for name in terminals if name != "PLUS"]
    words = [word for name, word in PLAIN.items() if name in terminals]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words) or "something else"


def accepted(place: Place) -> Iterable[str]:
    """The terminals that Lark would accept in place of the token."""
    from contextlib import suppress

    from lark.exceptions import UnexpectedToken

    program = place.program
    parser = lark().parse_interactive(program.text[: program.tokens_span(place.at, place.at).end])
    with suppress(UnexpectedToken):  # at the very token; the parser stands before it
        parser.exhaust_lexer()
    names: set[str] = parser.accepts()
    return names


@cache
def lark() -> Any:
    """Lark's parser. It takes its time to come, but now nobody is in a hurry."""
    from backprop.grammar import grammar_text
    from backprop.grammar.generate import lark_parser

    return lark_parser(grammar_text().decode())
