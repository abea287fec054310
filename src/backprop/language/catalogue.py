"""What people write that is not in the grammar, and what they meant: a catalogue of mistakes, each with its cure.

To add a mistake, add a row: an example (which the tests run), how it is recognised, what is wrong and what would be
right. `{p.…}` in a text is an attribute of the Place. The first row that fits is taken.
"""

from __future__ import annotations

from backprop.errors.light import Callable, NamedTuple
from backprop.errors.spans import Span
from backprop.gates import NAMES
from backprop.language.hints import (
    POWERS,
    Edit,
    bad_bracket,
    bars_before,
    character_hint,
    closing_bar,
    comma_hint,
    equals_before,
    escaped,
    function_call_before,
    in_rows,
    inputs_end,
    is_argument,
    is_superscript,
    literal,
    module_hint,
    multiplied,
    multiplied_first,
    names_together,
    one_by_one,
    plain_digits,
    power_before,
    semicolon,
    side_by_side_hint,
    superscript_hint,
    superscripts_end,
    unknown_character,
    values_first,
)
from backprop.language.notations import BETWEEN, CHARACTERS, CONDITIONS, DEFINERS, RADIX, WORDS, sum_over_index
from backprop.language.place import BARS, BEGINS, COMPARISONS, ELLIPSES, OPERATORS, Place

ILLEGAL = "illegal"


class Mistake(NamedTuple):
    """A row of the catalogue.

    `where` tells the tokens to underline, counted from the one that stopped the parser, or what finds them, or a span;
    `edits` what makes a right formula of it, where that is plain, and `other` what makes another one of it, as good.
    """

    name: str
    example: str
    when: Callable[[Place], bool]
    message: str
    hint: str | Callable[[Place], str]
    where: tuple[int, int] | Callable[[Place], tuple[int, int] | Span] = (0, 0)
    edits: Callable[[Place], list[Edit]] = lambda p: []
    other: Callable[[Place], list[Edit]] = lambda p: []


MISTAKES = [
    Mistake(
        "a sum over an index", "sum_i x_i^2",
        lambda p: sum_over_index(p.program.text) is not None,
        "a sum is over all elements, and has no index", "write sum(x)",
        lambda p: Span(*(sum_over_index(p.program.text) or Span(0, 0))),
    ),
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
        "the line ends behind {p.before}", "to go on in the next line, put the expression in brackets", (-1, -1),
    ),
    Mistake(
        "nothing behind an operator", "2 +",
        lambda p: p.kind in ("end", "separator") and p.kind_before in OPERATORS,
        "nothing stands behind {p.before}", "write the value that belongs there, or delete {p.before}", (-1, -1),
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
        "these brackets are empty", "write the value that belongs there", (-1, 0),
    ),
    Mistake(
        "an empty index", "x[]",
        lambda p: p.kind == "]" and p.kind_before == "[",
        "this index is empty", "write which element: x[0], or x[:] for all", (-1, 0),
    ),
    Mistake(
        "a colon too many", "x[1::]",
        lambda p: p.kind in ("]", ",") and p.kind_before == ":",
        "no step stands behind this colon", "write x[1:] or x[::2]", (-1, -1),
    ),
    Mistake(
        "nothing before a bracket closes", "(x + )",
        lambda p: p.kind in (")", "]") and p.kind_before in OPERATORS,
        "nothing stands between {p.before} and {p.here}", "write the value that belongs there, or delete {p.before}",
        (-1, -1),
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
        "there is no {p.joined} here", "to compare, write {p.before}", (-1, 0),
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
        "there is no <> here", "to say that they are unequal, write !=", (-1, 0),
    ),
    Mistake(
        "two equals signs", "x = = 1",
        lambda p: p.kind == "=" and p.kind_before == "assign",
        "two equals signs stand side by side", "to give a name, write one; to compare, write them together: ==",
    ),
    Mistake(
        "assignment as in Pascal", "x := 1",
        lambda p: p.kind == ":" and p.kind_after == "=" and p.kind_before == "name",
        "there is no := here", "write {p.operand} {p.rest_after}", (0, 1), lambda p: [(p.at, p.at + 1, "=")],
    ),
    Mistake(
        "a type", "x: float = 3",
        lambda p: p.kind == ":" and p.at == p.line_start + 1 and p.kind_before == "name" and p.kind_after == "assign",
        "{p.word_after} is not needed", "values have no types: write {p.operand} = …",
        (1, 1), lambda p: [(p.at, p.at + 1, " =")],
    ),
    Mistake(
        "a blank in an operator", "x > = 1",
        lambda p: p.kind == "=" and p.kind_before in (">", "<", "!") and not p.touches,
        "{p.before} and = belong together", "to compare, write {p.before}=", (-1, 0),
    ),
    Mistake(
        "assignment in place of what is no name", "x[0] += 1",
        lambda p: p.kind == "=" and p.kind_before in OPERATORS and p.touches,
        "there is no {p.before}= here",
        "only a name is given anew: write y = {p.left_side} {p.before} {p.rest_after}", (-1, 0),
    ),
    Mistake(
        "no name before the equals sign", "= x",
        lambda p: p.kind == "=" and p.at == p.line_start,
        "there is no name before =", "write one, like y = …; a result alone goes without =",
    ),
    Mistake(
        "a word that defines", "let x = 1",
        lambda p: p.kind in ("assign", "call") and p.name_before in DEFINERS,
        "{p.name_before} is not needed", "write {p.rest}", (-1, -1), lambda p: [(p.at - 1, p.at - 1, "")],
    ),
    Mistake(
        "a function without inputs", "f() = 3",
        lambda p: p.kind == "=" and p.kind_before == ")" and p.kind_of(p.at - 2) == "call",
        "a function has at least one input", "for a value, write the name alone, without brackets", (-2, -1),
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
        "a name cannot begin with a digit", "write {p.word}{p.before} = …", (-1, 0),
    ),
    Mistake(
        "an equals sign behind what is no name", "x + y = 3",
        lambda p: p.kind in ("=", "assign", "augment"),
        "only a name can stand before =", "to compare, write ==; a name stands first: y = x + 1",
        lambda p: p.equals_sign(p.at),
    ),
    # ── words ──
    Mistake(
        "values behind the formula", "x^2 where x = 3",
        lambda p: p.kind in ("name", ",") and (p.kind == "," or p.word in CONDITIONS) and bool(values_first(p)),
        "a value stands before the formula that it is for", "write it in a line before", (0, 0),
        lambda p: [(p.line_start, p.statement_end, values_first(p))],
    ),
    Mistake(
        "a word of another language", "x and y",
        lambda p: p.kind in ("name", "call") and p.word in WORDS and not p.wants_operand,
        "the word {p.word} means nothing here",
        lambda p: BETWEEN.get(p.word, WORDS[p.word]).format(escaped(p.operand), escaped(p.following_after)),
    ),
    Mistake(
        "a line that begins with a word of another language", "not x",
        lambda p: p.kind_before == "name" and p.name_before in WORDS and p.kind != "separator",
        "the word {p.name_before} means nothing here", lambda p: WORDS[p.name_before], (-1, -1),
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
        "names given together", "x, y = 3, 4",
        lambda p: p.kind == "," and bool(names_together(p)),
        "a line gives one name", "give each a line of its own", (0, 0),
        lambda p: [(p.line_start, p.statement_end, one_by_one(p))] if one_by_one(p) else [],
    ),
    Mistake(
        "a comma between lines", "q = x + y, f = q*z",
        lambda p: p.kind == "," and p.enclosing == "" and p.kind_after == "assign" and not p.wants_operand,
        "a comma does not end a line", "lines end with a semicolon: write {p.operand};", (0, 0),
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
        "{p.joined} has two points", "a number has one point at most", (-1, 0),
    ),
    Mistake(
        "a number of another base", "0x10",
        lambda p: (
            p.kind == "name" and p.touches and p.before == "0" and len(p.word) > 1
            and p.word[0] in RADIX and p.word[1:].isalnum()
        ),
        "{p.joined} is not a number here", literal, (-1, 0),
    ),
    Mistake(
        "a number without its exponent", "1e",
        lambda p: p.kind == "name" and p.word in ("e", "E") and p.kind_before == "number" and p.touches,
        "{p.joined} has no exponent", "write {p.joined}6 for millions, or {p.before}*e for Euler's number", (-1, 0),
    ),
    Mistake(
        "an imaginary number", "2j",
        lambda p: p.kind == "name" and p.word in ("i", "j") and p.kind_before == "number" and p.touches,
        "numbers are real here", "to multiply, write {p.before}*{p.word}", (-1, 0),
    ),
    Mistake(
        "the transpose of a number", "2.T",
        lambda p: p.token == "T" and p.kind_before == "number" and p.touches and p.before.endswith("."),
        "a number has no transpose", "the transpose of an array is written x.T", (-1, 0),
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
            and f"arc{p.tokens[p.at - 2]}" in NAMES
        ),
        "this can be read in two ways",
        lambda p: "write arc{f}{x}, or {f}{x}^-1".format(f=p.tokens[p.at - 2], x=escaped(p.following)), (-2, -1),
    ),
    Mistake(
        "a superscript on a function's name", "sin²(x)",
        lambda p: p.kind == "(" and p.kind_before == "superscript" and p.tokens[p.at - 2] in NAMES,
        "a function's power stands behind its brackets",
        lambda p: f"write {p.tokens[p.at - 2]}{escaped(p.following)}^{plain_digits(p.before)}", (-2, -1),
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
        "an inverse function with a sign", "sin^-1(x)",
        lambda p: (
            p.kind == "(" and p.before == "1" and p.kind_of(p.at - 2) in ("-", "−") and p.kind_of(p.at - 3) in POWERS
            and f"arc{p.tokens[p.at - 4]}" in NAMES
        ),
        "this can be read in two ways",
        lambda p: "write arc{f}{x}, or {f}{x}^-1".format(f=p.tokens[p.at - 4], x=escaped(p.following)), (-4, -1),
    ),
    Mistake(
        "a power on a function's name", "sin^2(x)",
        lambda p: (
            p.kind == "(" and p.kind_before == "number" and p.kind_of(p.at - 2) in ("^", "**")
            and p.kind_of(p.at - 3) == "name" and p.tokens[p.at - 3] in NAMES
        ),
        "a function's power stands behind its brackets",
        lambda p: f"write {p.tokens[p.at - 3]}{escaped(p.following)}^{p.before}", (-3, -1),
        lambda p: [(p.at - 2, p.at - 1, ""), (p.operand_end(p.at), None, f"^{p.before}")],
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
        "{p.before} needs brackets round its input", lambda p: f"write {p.before}({escaped(p.following)})", (-1, -1),
        lambda p: [(p.at, None, "("), (inputs_end(p), None, ")")],
    ),
    Mistake(
        "a function before bars", "ln|x|",
        lambda p: p.kind in BARS and p.kind_before == "name" and p.name_before in NAMES and closing_bar(p) > 0,
        "{p.before} needs brackets round its input", lambda p: f"write {p.before}({escaped(p.here)}", (-1, -1),
        lambda p: [(p.at, None, "("), (closing_bar(p), None, ")")],
    ),
    # ── two things side by side ──
    Mistake(
        "a transpose as in books", "w^T x",
        lambda p: p.kind in BEGINS and p.before == "T" and p.kind_of(p.at - 2) in POWERS,
        "the transpose is written .T", lambda p: f"write {escaped(p.text(p.operand_start(p.at - 3), p.at - 3))}.T",
        (-2, -1),
        lambda p: [(p.at - 2, p.at - 1, ".T"), (p.at, None, " @ ")],
    ),
    Mistake(
        "a derivative", "d/dx x^2",
        lambda p: p.kind in BEGINS and p.at > 2 and p.kind_before == "name" and p.before[0] == "d"
        and p.tokens[p.at - 3 : p.at - 1] == ["d", "/"],
        "d/{p.before} is not needed",
        "gradients are the answer, and not part of the question: write {p.rest}", (-3, -1),
    ),
    Mistake(
        "text beside something", 'x "a"',
        lambda p: p.kind == "string" and not p.wants_operand,
        "a text does not belong here", "texts are inputs of functions, like einsum(\"ij,jk->ik\", A, B)",
    ),
    Mistake(
        "two things side by side", "2x",
        lambda p: p.kind in BEGINS and not p.wants_operand,
        "{p.operand} and {p.following} stand side by side", side_by_side_hint, (0, 0),
        multiplied, multiplied_first,
    ),
    # ── operators ──
    Mistake(
        "a blank in a power", "x * * 2",
        lambda p: p.kind == "*" == p.kind_before,
        "two stars make a power when nothing stands between them", "write ^ or ** for a power, * to multiply", (-1, 0),
    ),
    Mistake(
        "whole division", "x // y",
        lambda p: p.kind == "/" and p.kind_before == "/" and p.touches,
        "there is no // here",
        lambda p: (
            f"write floor({escaped(p.text(p.operand_start(p.at - 2), p.at - 2))} / {escaped(p.following_after)});"
            " a remark begins with #"
        ), (-1, 0),
    ),
    Mistake(
        "an arrow", "x -> x^2",
        lambda p: p.kind == ">" and p.kind_before in ("-", "−") and p.touches,
        "there is no -> here",
        lambda p: ("it stands in a text:" if p.enclosing == "call" else "a function has a name:") + " write f(x) = x^2",
        (-1, 0),
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
        (0, 1), lambda p: [(p.at, p.at, "")],
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
        "bars in bars that close together", "|x + |y||",
        lambda p: p.kind == "||" and not p.wants_operand and len(bars_before(p)) == 2,
        "|| is a norm, and no two bars", "write abs(x + abs(y))", (0, 0),
        lambda p: [*((bar, bar, "abs(") for bar in bars_before(p)), (p.at, p.at, "))")],
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
        (0, 0), lambda p: [(p.at, None, "*")],
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
