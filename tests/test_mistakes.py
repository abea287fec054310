"""What people write that is not in the grammar: each mistake is recognised, pointed at, and given its cure."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backprop.errors import Problem, nearest
from backprop.language import parse, parser, tables
from backprop.language.builder import Builder
from backprop.language.catalogue import MISTAKES, NO_NAMES, Mistake
from backprop.language.lexer import token_spans, tokens
from backprop.language.place import Place
from backprop.language.program import Program


def problem_of(text: str) -> Problem:
    with pytest.raises(Problem) as caught:
        parse(text)
    assert caught.value.kind == "syntax"
    return caught.value


def place_of(text: str) -> Place:
    pattern = tables.current_tables().token
    found = tokens(pattern, text)
    program = Program(text, lambda: token_spans(pattern, text))
    try:
        stopped_at = parser.run(tables.current_tables(), found, Builder(program, found))
    except Problem:
        stopped_at = 0
    assert stopped_at is not None
    return Place(program, found, stopped_at)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_each_row_recognises_its_example(mistake: Mistake) -> None:
    place = place_of(mistake.example)
    assert next(row for row in MISTAKES if row.when(place)) is mistake
    problem = problem_of(mistake.example)
    assert problem.message
    assert problem.hint
    assert "^" in problem.excerpt()


@pytest.mark.parametrize("mistake", NO_NAMES, ids=lambda mistake: mistake.name)
def test_each_row_of_names_recognises_its_example(mistake: Mistake) -> None:
    place = place_of(mistake.example)
    assert next(row for row in NO_NAMES if row.when(place)) is mistake
    assert problem_of(mistake.example).hint


def test_names_of_rows_are_all_different() -> None:
    names = [row.name for row in MISTAKES + NO_NAMES]
    assert len(set(names)) == len(names)


# text, what the carets underline (of the text; "" is its end), a part of the message, a part of the hint
CURES = [
    ("2x", "x", "2 and x stand side by side", "write 2*x"),
    ("x^T A x", "^T", "the transpose is written .T", "write x.T @ A @ x"),
    ("W @ x b", "b", "x and b stand side by side", "write W @ x @ b"),
    ("3 + 2x^2*y", "x", "2 and x^2", "write 3 + 2*x^2*y"),
    ("2sin(x)^2", "sin(", "2 and sin(x)^2", "2*sin(x)^2"),
    ("x y", "y", "x and y", "write x*y"),
    ("3(x)", "(", "3 and (x)", "write 3*(x)"),
    ("2x + 3y", "x", "2 and x", "write 2*x + 3*y"),
    ("(a + b)(c)", "(", "(a + b) and (c)", "write (a + b)*(c)"),
    ("A[0] x.T", "x", "A[0] and x.T", "A[0]*x.T"),
    ("sin x", "sin", "sin needs brackets", "write sin(x)"),
    ("sin 2x + y", "sin", "sin needs brackets", "write sin(2*x) + y"),
    ("sin^2(x)", "sin^2", "power", "write sin(x)^2"),
    ("sin²(x)", "sin²", "power", "write sin(x)²"),
    ("sin⁻¹(x)", "sin⁻¹", "two ways", "write arcsin(x), or sin(x)^-1"),
    ("sin^-1(x)", "sin^-1", "two ways", "write arcsin(x), or sin(x)^-1"),
    ("√x²", "²", "two ways", "write √(x²) or (√x)²"),
    ("√x^2", "^", "two ways", "write √(x^2) or (√x)^2"),
    ("3+2x²y", "x", "stand side by side", "write 3+2*x²*y"),
    ("2|x| + 3y", "|", "stand side by side", "write 2*|x| + 3*y"),
    ("|x| + |y| z", "z", "|y| and z stand side by side", "write |x| + |y|*z"),
    ("|x| % 3", "%", "% means nothing here", "mod(|x|, 3)"),
    ("min 1, 2, z", "min", "min needs brackets round its input", "write min(1, 2, z)"),
    ("|x", "", "not closed", "write |"),
    ("2√x", "√", "root", "2*√x"),
    ("torch.std(x)", ".std(", "torch.std", "n - 1"),
    ("x.shape", ".", "x.shape", "x.exp() is exp(x)"),
    ("x.tahn()", ".tahn(", "x.tahn", "did you mean .tanh()?"),
    ("[1 2]", "2", "1 and 2", "[1, 2]"),
    ("max(x y)", "y", "x and y", "comma"),
    ("1 000", "000", "two numbers", "1_000"),
    ("1,5", ",", "comma", "1.5"),
    ("1,000", ",", "comma", "1_000"),
    ("(x, y)", ",", "comma", "["),
    ("1..2", "1..2", "two points", "one point"),
    ("0x10", "0x10", "0x10 is not a number", "16"),
    ("0b101", "0b101", "0b101", "5"),
    ("1e", "1e", "no exponent", "1*e"),
    ("٣٤", "٣", "0 to 9", "3"),
    ("1e999", "1e999", "beyond the largest number", "inf"),
    ("-1e999", "1e999", "beyond the largest number", "inf"),
    ("a < b < c", "<", "do not chain", "(a < b) * (b < c)"),
    ("f(x, 0 <= x + 1 < 2*y, z)", "<", "do not chain", "(0 <= x + 1) * (x + 1 < 2*y)"),
    ("x =", "=", "nothing stands behind =", "value"),
    ("f(x) =", "=", "nothing stands behind =", "value"),
    ("= x", "=", "no name", "y = "),
    ("x = = 1", "=", "two equals signs", "=="),
    ("x = 3 = y", "=", "second =", "=="),
    ("x = y = 3", "=", "second =", "=="),
    ("x === 1", "===", "no ===", "write =="),
    ("x => 1", "=>", "no =>", "write >="),
    ("x =< 1", "=<", "no =<", "write <="),
    ("x <> 1", "<>", "no <>", "!="),
    ("x > = 1", "> =", "belong together", ">="),
    ("x := 1; 2x", ":=", "no :=", "write x = 1; 2*x"),
    ("x[0] += 2*y", "+=", "no +=", "y = x[0] + 2*y"),
    ("(x += 1)", "=", "inside of brackets", "=="),
    ("let x = 1", "let", "let is not needed", "write x = 1"),
    ("let x = 1; x*2", "let", "let is not needed", "write x = 1; x*2"),
    ("x: float = 3; 2x", "float =", "float is not needed", "write x = 3; 2*x"),
    ("x, y = [1, 2], max(3, 4); sum(x)*y", ",", "one name", "write x = [1, 2]; y = max(3, 4); sum(x)*y"),
    ("x, y = y, x", ",", "one name", "a line of its own"),
    ("x, y = 3", ",", "one name", "a line of its own"),
    ("x^2 where x = 3", "where", "before the formula", "write x = 3; x^2"),
    ("x*y, x=3, y=[1, 2]", ",", "before the formula", "write x=3; y=[1, 2]; x*y"),
    ("x^2 for y=3", "for", "the word for", "FILE.py"),
    ("2*|x - |y||", "||", "no two bars", "write 2*abs(x - abs(y))"),
    ("y = x^2; y.backward()", ".backward(", "no y.backward", "delete y.backward()"),
    ("y = x^2; y.grad", ".", "no y.grad", "delete y.grad"),
    ("(x = 1)", "=", "inside of brackets", "=="),
    ("x + y = 3", "=", "only a name", "=="),
    ("f(x+1) = 2", "x+1", "plain names", "neuron(w, x, b)"),
    ("f(x, 2) = 2", "2", "plain names", "neuron(w, x, b)"),
    ("f(g(x)) = 2", "g(x)", "plain names", "neuron(w, x, b)"),
    ("f(x=1) = 2", "1", "plain names", "neuron(w, x, b)"),
    ("f() = 2", "f()", "at least one input", "without brackets"),
    ("sum(axis=0, x)", "x", "stands behind one that has", "sum(A, axis=0)"),
    ("2 +", "+", "nothing stands behind +", "delete +"),
    ("x +\ny", "+", "line ends behind +", "brackets"),
    ("(2 + ) * x", "+", "nothing stands between + and )", "delete +"),
    ("* x", "*", "nothing stands before *", "delete *"),
    ("x ** ** 2", "**", "** stands right behind **", "missing"),
    ("x * * 2", "* *", "two stars", "**"),
    ("x // y", "//", "no //", "floor(x / y)"),
    (")", ")", "no opening bracket", "delete"),
    ("x]", "]", "no opening bracket", "delete"),
    ("(x", "(", "not closed", "write )"),
    ("2 * sin(x + [1, 2", "[", "not closed", "write ])"),
    ("q = max(x, y\nf = 2*q", "max(", "not closed", "write )"),
    ("(x]", "]", "] cannot close (", "write )"),
    ("()", "()", "empty", "value"),
    ("max(x,,y)", ",", "nothing stands before", "comma"),
    ("x[]", "[]", "empty", "x[0]"),
    ("x | y", "|", "| means nothing", "max("),
    ("x!", "!", "!", "gamma(x + 1)"),
    ("(x + 1)!", "!", "!", "gamma((x + 1) + 1)"),
    ("W'", "'", "'", "W.T"),
    ("x % 3", "%", "%", "mod(x, 3)"),
    ("x > 0 && y > 0", "&", "&", "multiply"),
    ("x || y", "||", "norm", "max("),
    ("x and y", "and", "the word and", "multiply"),
    ("not x", "not", "the word not", "1 - "),
    ("x if y else z", "if", "the word if", "where("),
    ("lambda x: x", "lambda", "the word lambda", "f(x) ="),
    ("a ? b : c", "?", "?", "where("),
    ("∞", "∞", "∞", "inf"),
    ("x_{1}", "{", "{", "write x_1"),
    ("{x}", "{", "{", "(x)"),
    ("\\frac{a}{b}", "\\", "\\", "(a/b)"),
    ("\\frac{1}{1 + e^{-x}}", "\\", "\\", "write (1/(1 + e^(-x)))"),
    ("e^{-x}", "{", "{", "write e^(-x)"),
    ("e^{2x} y", "{", "{", "write e^(2*x)*y"),
    ("\\sin^2(x) + \\cos^{2}(x)", "\\", "\\", "write sin(x)^2 + cos(x)^2"),
    ("\\tanh(w x + b)", "\\", "\\", "write tanh(w*x + b)"),
    ("\\tan^{-1}(x)", "\\", "\\", "write arctan(x)"),
    ("\\log_{10}(x) + \\log_2(x)", "\\", "\\", "write log10(x) + log2(x)"),
    ("\\|x\\|_2^2 - \\lVert y \\rVert", "\\", "\\", "write ||x||^2 - || y ||"),
    ("\\left\\| A x \\right\\|^2", "\\", "\\", "write || A*x ||^2, or || A @ x ||^2"),
    ("\\sqrt[3]{x}", "\\", "\\", "write cbrt(x)"),
    ("x^2 y + sin(x y)", "y", "2 and y", "write x^2*y + sin(x*y)"),
    ("max(0, 1 - y x)", "x", "y and x", "write max(0, 1 - y*x)"),
    ("e^(2 x) y", "x", "2 and x", "write e^(2*x)*y"),
    ("\\sum_i x_i", "\\sum_i", "has no index", "write sum(x)"),
    ("1/2 Σ_i (y_i - w x_i)^2 + b", "Σ_i", "has no index", "write 1/2*sum((y - w*x)^2) + b"),
    ("a - ∑_{j=1}^{n} w_j x_j + b", "∑_{j=1}^{n}", "has no index", "write a - sum(w*x) + b"),
    ("sum((x[i] - y[i])**2 for i in range(len(x))) / 2", "for", "the word for", "write sum((x - y)**2) / 2"),
    ("sum_x = sum(x); sum_x / 2 y", "y", "2 and y", "write sum_x = sum(x); sum_x / 2*y"),
    ("x.T Σ x", "Σ", "side by side", "write x.T @ Σ @ x"),
    ("$\\sqrt{x}$", "$", "$", "write sqrt(x)"),
    ("x if x > 0 else 2x", "if", "if", "write where(x > 0, x, 2*x)"),
    ("x > 0 ? x : 0", "?", "?", "write where(x > 0, x, 0)"),
    ("f = lambda x: x**2", "lambda", "lambda", "write f(x) = x**2"),
    ("def f(x): return x**2", "def", "def", "write f(x) = x**2"),
    ("q = x + y, f = q*z", ",", "a comma does not end", "write q = x + y; f = q*z"),
    ("max(0; x)", ";", "max(", "write max(0, x)"),
    ("[1, 2; 3, 4]", ";", "[", "write [[1, 2], [3, 4]]"),
    ("ln|x| + 1", "ln", "ln", "write ln(|x|) + 1"),
    ("sin^2 x", "sin^2", "power", "write sin(x)^2"),
    ("cos²2x", "cos²", "power", "write cos(2*x)²"),
    ("2 + max 0, x", "max", "max", "write 2 + max(0, x)"),
    ("w^T x + b", "^T", "transpose", "write w.T @ x + b"),
    ("[1 2 3] * x", "2", "side by side", "commas: write [1, 2, 3] * x"),
    ("x.^2 + 1", ".^", "no .^ here", "write x^2 + 1"),
    ("x mod 3", "mod", "mod", "write mod(x, 3)"),
    ("x -> x^2", "->", "no ->", "write f(x) = x^2"),
    ("einsum(ij,jk->ik, A, B)", "->", "no ->", 'write einsum("ij,jk->ik", A, B)'),
    ("einsum('i,i->', x, y)", "'", "'", 'write einsum("i,i->", x, y)'),
    ("2*x // 3", "//", "no //", "write floor(x / 3)"),
    ("f'(x)", "'", "'", "gradients are the answer"),
    ("x.sum + 1", ".", "no x.sum", "write x.sum()"),
    ("wᵀx", "x", "side by side", "write wᵀ @ x"),
    ("W x + b", "x", "side by side", "write W*x + b, or W @ x + b"),
    ("x – y", "–", "–", "write -"),
    ("f(“a”)", "“", "“", "straight"),
    ("（x）", "（", "（", "write ("),
    ('"abc', '"', "no closing quote", 'write "'),
    ('x "a"', '"a"', "text", "einsum"),
    (".T", ".T", "nothing stands before .T", "x.T"),
    ("2.T", "2.T", "no transpose", "x.T"),
    ("x.shape", ".", "x.shape", "x.T"),
    ("x : y", ":", "colon", "x[1:3]"),
    ("x[1::]", ":", "no step", "x[::2]"),
    ("½x", "x", "side by side", "write ½*x"),
    ("①", "①", "not a name", "1"),
    ("x \x00 y", "\x00", "\\x00", "U+0000"),
    ("x \x1b[31m y", "\x1b", "\\x1b", "U+001B"),
    ("x \u202e y", "\u202e", "\\u202e", "U+202E"),
    ("😀", "😀", "😀", "grinning face"),
    ("", "", "no expression", "(x + y) * z"),
    (" \n ", "", "no expression", "(x + y) * z"),
    ("# only this", "", "no expression", "(x + y) * z"),
    (";;", "", "no expression", "(x + y) * z"),
    ("x \udcff", "\udcff", "0xff", "UTF-8"),
    ("x # \ud800", "\ud800", "U+D800", "UTF-8"),
]


@pytest.mark.parametrize(("text", "underlined", "message", "hint"), CURES, ids=[repr(cure[0]) for cure in CURES])
def test_each_mistake_has_its_cure(text: str, underlined: str, message: str, hint: str) -> None:
    problem = problem_of(text)
    (span,) = problem.spans
    assert text[span.start : span.end] == underlined
    assert message in problem.message
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "line", "column"), [("2 +* x", 1, 4), ("q = x\nq + + +* y", 2, 8), ("q = x;\r\n  2q", 2, 4), ("θ y", 1, 3)]
)
def test_line_and_column(text: str, line: int, column: int) -> None:
    problem = problem_of(text)
    assert (problem.line, problem.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x[1:2:3:4]", "expected ] or a comma, and found :"),
        ("[x: y]", "a colon stands only between the bounds of an index"),
        ("f(x) = y; ] ", "there is no opening bracket for this ]"),
        ("x[1:=]", "a name cannot be given inside of brackets"),
    ],
)
def test_what_is_said_of_other_mistakes(text: str, message: str) -> None:
    assert problem_of(text).message == message


def check_problem(text: str) -> None:
    """A text is a program, or a problem that is fit to be shown."""
    try:
        parse(text)
    except Problem as caught:
        problem = caught
    else:
        return
    assert problem.kind == "syntax"
    assert problem.message.isprintable()
    assert problem.hint.isprintable()
    assert len(problem.message) < 200
    assert len(problem.hint) < 300
    assert problem.line is not None
    excerpt = problem.excerpt().replace("\t", " ")
    assert all(line.isprintable() for line in excerpt.split("\n"))
    json.dumps(problem.as_json()).encode()


@settings(max_examples=400, deadline=None)
@given(st.text(st.characters(codec=None, exclude_categories=[]), max_size=12))
@example("\ud800")
@example("x\x00")
@example("_²")
def test_any_text_is_a_program_or_a_clear_problem(text: str) -> None:
    check_problem(text)


PIECES = [
    *"x2.=:<>!()[]{},;|'²½√+-*/^\"“\\0e#θ٣‖⌊%",
    "\n",
    "\x1b",
    "sin(",
    "y =",
    "..",
    "==",
    "x²",
    "and",
    "not",
    "if",
    "let",
]
PIECES += ["let", "def", ".T", "x10", "np", "{0}", "{p.here}", "f() ="]


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(["", " "]))
def test_any_mixture_of_mistakes_is_explained(pieces: list[str], blank: str) -> None:
    check_problem(blank.join(pieces))


HUGE = [
    "(",
    "[",
    "f(",
    "x ",
    "x.",
    "-",
    "a<",
    "\\",
    "(\n",
    "x=",
    "x[1:",
    "|x+",
    '"',
    "2x",
    "x²",
    "0xf",
    "x)",
    "1e",
    "²",
    ",",
]


@pytest.mark.slow
@pytest.mark.parametrize("piece", HUGE)
def test_huge_mistakes_end_soon(piece: str) -> None:
    start = time.process_time()
    check_problem(piece * 100_000)
    check_problem(piece + piece[-1] * 100_000)
    assert time.process_time() - start < 5


@pytest.mark.slow
def test_a_megabyte_of_brackets() -> None:
    start = time.process_time()
    problem = problem_of("(" * 1_000_000)
    assert (problem.message, problem.column) == ("this ( is not closed", 1_000_000)
    assert time.process_time() - start < 10


def test_near_names() -> None:
    known = ["sigmoid", "sin", "softmax"]
    assert nearest("sigmod", known) == "sigmoid"
    assert nearest("SIN", known) == "sin"
    assert nearest("soft", known) == "softmax"
    assert nearest("soft", [*known, "softplus"]) is None
    assert nearest("qqq", known) is None
    assert nearest("x" * 10**6, known) is None
