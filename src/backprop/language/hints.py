"""What the rows of the catalogue of mistakes ask of a place: what stands round it, what to write, what to edit."""

from __future__ import annotations

from backprop.errors.spans import Span
from backprop.errors.spelling import either
from backprop.gates import NAMES
from backprop.language.lexer import MODULES, SUPERSCRIPTS
from backprop.language.notations import CHARACTERS, PAIRS, RADIX, SIGNS
from backprop.language.place import BEGINS, SHOWN, Place

# A run of tokens, and what is to stand in its place; without a last token, what is to be put in: before the first one,
# or if it closes something, behind it.
Edit = tuple[int, int | None, str]
FOR_GRADIENTS = frozenset(["backward", "zero_grad", "requires_grad_", "retain_grad", "step", "grad"])  # as PyTorch's


def escaped(text: str) -> str:
    """A text that stands for itself in a hint."""
    return text.replace("{", "{{").replace("}", "}}")


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
    if p.token in ("'", "’") and p.kind_before == "number" == p.kind_after:
        return f"write {p.before}_{p.after} if that is thousands"
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
    if p.dotted == p.word_after and p.word_after in NAMES and p.kind_after == "name":
        return f"write {escaped(p.operand)}.{p.word_after}()"
    if p.word_after in FOR_GRADIENTS:
        return f"gradients are the answer, and not part of the question: delete {escaped(p.operand)}.{p.word_after}"
    if p.name_before not in MODULES:
        return "all that a value has is its transpose, x.T, and functions: x.exp() is exp(x)"
    if p.word_after == "random":
        return either('give it as a value: --x "randn(3)"', "let NumPy draw it, and give it as a value")
    name = p.dotted.rpartition(".")[2]
    if name in ("PI", "E"):  # JavaScript's
        return f"write {name.lower()}"
    if name not in NAMES:
        return "`backprop gates` lists the functions that there are"
    return f"write {name}(…), without {p.name_before}.{p.dotted.removesuffix(name)}"


def is_argument(p: Place) -> bool:
    """Whether round brackets hold an argument, as Python's tuples do: f(x, (2, 2)), axis=(0, 1), x.sum((0, 1))."""
    before = p.kind_of(p.open[-1] - 1) if p.open and p.open[-1] > 0 else ""
    return before in (",", "method") or (before == "assign" and len(p.open) > 1)


def comma_hint(p: Place) -> str:
    if p.kind_before == "number" == p.kind_after:
        joined = f"{p.before}.{p.after}"
        whole = p.before.replace(".", "")
        if whole != p.before:
            joined = f"{whole}.{p.after}"
        elif len(p.after) == 3 and p.after.isdigit():
            return f"write {p.before}_{p.after} if that is thousands, {joined} if it is a decimal comma"
        return f"the decimal point is a point: write {joined}"
    if p.enclosing == "(" or p.open == []:
        first, last = (p.open[-1], p.partner(p.open[-1], 1)) if p.open else (p.line_start - 1, p.line_end + 1)
        elements = p.text(first + 1, last - 1)
        if elements.count("(") == elements.count(")"):
            return f"for an array, write [{escaped(elements)}]"
    return ""


def side_by_side_hint(p: Place) -> str:
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
    matrices = p.kind_of(p.operand_start(p.at - 1) - 1) == "@"  # as in x.T @ A x
    sign = " @ " if matrices or p.kind_before == "transpose" else "*"
    return [(p.at, None, sign)] if factor or p.enclosing != "call" or knows_commas(p) else []


def knows_commas(p: Place) -> bool:
    """Whether a blank between inputs of a call stands for no comma: it takes one input, or a comma is there."""
    opening = p.open[-1]
    gate = NAMES.get(p.tokens[opening][:-1].strip())
    one = gate is not None and gate.arity == 1 and not gate.variadic and not gate.options
    return one or p.kind_of(p.reach(p.at, -1, {","}) - 1) == ","


def multiplied_first(p: Place) -> list[Edit]:
    """`1/2x` as 1/(2*x), and `e^2x` as e^(2*x); `W x` as W @ x."""
    start = p.operand_start(p.at - 1)
    if p.kind_of(start - 1) in ("-", "−") and p.kind_of(start - 2) in POWERS:
        start -= 1
    ends = ("/", "÷") if p.kind_before == ")" else ("/", "÷", *POWERS)  # of e^(2x) y, the power ends at the bracket
    below = p.kind_of(start - 1) in ends
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
    return p.kind_before == "name" and p.name_before in NAMES and p.kind in BEGINS


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


def values_first(p: Place) -> str:
    """`x^2 where x = 3` or `x*y, x=3, y=2` with the values in front; nothing where the formula lacks such names."""
    if p.enclosing or p.wants_operand or p.kind_after != "assign":
        return ""
    values = pieces(p, p.at + 1, p.statement_end)
    used = [p.tokens[i] for i in p.statement if p.kind_of(i) == "name"]
    given = all(sign and name.strip() in used for name, sign, _ in (value.partition("=") for value in values))
    return "; ".join([*values, p.written(p.line_start, p.at - 1)]) if given else ""


def names_together(p: Place) -> list[str]:
    """The names of `x, y = 3, 4`, where this is the first comma of them."""
    sign = next((i for i in range(p.at, p.statement_end) if p.kind_of(i) == "assign"), 0)
    if p.enclosing or not sign or any(p.kind_of(i) not in ("name", ",") for i in range(p.line_start, sign)):
        return []
    return [p.tokens[i].rstrip("= \t") for i in range(p.line_start, sign + 1) if p.kind_of(i) != ","]


def one_by_one(p: Place) -> str:
    """`x, y = 3, 4` with a line for each name; nothing where there are not as many values, or they need the names."""
    names = names_together(p)
    sign = next(i for i in range(p.at, p.statement_end) if p.kind_of(i) == "assign")
    values = pieces(p, sign + 1, p.statement_end)
    used = any(p.tokens[i] in names for i in range(sign + 1, p.statement_end + 1))
    if used or len(values) != len(names):
        return ""
    return "; ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))


def pieces(p: Place, first: int, last: int) -> list[str]:
    """A run of tokens in the pieces between its commas, as they were written."""
    found, start, depth = [], first, 0
    for i in range(first, last + 1):
        depth += p.nests(i)
        if depth == 0 and p.kind_of(i) == ",":
            found.append(p.written(start, i - 1))
            start = i + 1
    return [*found, p.written(start, last)]


def bars_before(p: Place) -> list[int]:
    """The single bars of this statement before this place."""
    return [i for i in p.statement if p.kind_of(i) == "|"]


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
    return start if is_power and p.kind_of(start - 1) == "name" and p.tokens[start - 1] in NAMES else -1
