"""What other languages and books write, and what says the same here: words, characters, whole notations."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING

if TYPE_CHECKING:
    from re import Match

BETWEEN = {  # words that stand between two operands
    "mod": "write mod({}, {})", "div": "write floor({} / {})", "times": "write {} * {}", "over": "write {} / {}",
}  # fmt: skip
WORDS = {word: hint.format("x", "y") for word, hint in BETWEEN.items()} | {word: hint for words, hint in {
    "and": "comparisons give 1 or 0, so multiply them: (x > 0) * (y > 0)",
    "or": "comparisons give 1 or 0, so write max(x > 0, y > 0)",
    "xor": "comparisons give 1 or 0, so write (x > 0) != (y > 0)",
    "not": "comparisons give 1 or 0, so write 1 - (x > 0)",
    "if then else when": "write where(condition, then, else)",
    "is": "to compare, write ==",
    "in": "there are no sets here: compare, like (x >= 0) * (x <= 1)",
    "for": "loops are read in Python, from a file: backprop eval -f FILE.py; a sum over an array is sum(x)",
    "while": "loops are read in Python, from a file: backprop eval -f FILE.py",
    "lambda": "a function has a name: write f(x) = x^2",
    "return print": "the last line is the output: write its expression alone",
    "import from": "all functions are there: `backprop gates` lists them",
}.items() for word in words.split()}  # fmt: skip  # of other languages, and what says the same here
CONDITIONS = frozenset(["where", "at", "for", "with", "when", "given", "if"])  # before the values of variables
DEFINERS = frozenset(["let", "var", "const", "val", "def", "fn", "function", "func", "set", "float", "double", "int"])
CHARACTERS = {sign: hint for signs, hint in {  # that the language does not have, and what says the same here
    "&∧": WORDS["and"],
    "|": "for the absolute value write abs(x); for “or”, max(x > 0, y > 0)",
    "∨": WORDS["or"],
    "!": "for a factorial write gamma(x + 1); for “not”, 1 - x; for “unequal”, !=",
    "¬": WORDS["not"],
    "~": "for “not” write 1 - (x > 0)",
    "%": "for the remainder write mod(x, y); for percent, x / 100",
    "'’": "for the transpose write x.T; texts stand in straight double quotes",
    "′": "for the transpose write x.T; a name may be dx or x_1",
    "`": "for the transpose write x.T; names stand without quotes",
    "?": WORDS["if"],
    "∞": "write inf",
    "∑": "write sum(x)",
    "∏": "write prod(x)",
    "∂∇": "gradients are the answer, and not part of the question: write the function alone",
    "∫": "there are no integrals here",
    "⌊⌋": "write floor(x)",
    "⌈⌉": "write ceil(x)",
    "±": "write x + y or x - y",
    "°": "angles are in radians: write x * pi / 180",
    "≈": "to compare, write abs(x - y) < 1e-9",
    "≡": WORDS["is"],
    "→←": "write a name and =, like y = x + 1",
    "∗•∙⊙": "write *",
    "∘": "for the product of elements write *",
    "⊗": "write outer(x, y)",
    "\u2062": "an invisible sign of multiplication was pasted here: write *",
    "\u2061": "an invisible sign was pasted here: delete it",
    "∕⁄": "write /",
    "–—‒": "this is a dash: write -",
    "‐‑": "this is a hyphen of print: write -",
    "“”„": 'texts stand in straight quotes: "…"',
    "‘": 'texts stand in straight double quotes: "…"',
    "$": "names and formulas stand without $",
    "…": "write all of it: there are no ellipses",
    "{}": "brackets are round: write (x)",
    "\\": "this is no LaTeX: write (a)/(b) for \\frac{a}{b}, sqrt(x) for \\sqrt{x}, θ or theta for \\theta",
    "、": "write ,",
}.items() for sign in signs} | {wide: f"write {sign}" for wide, sign in zip(
    "（）【】，；：＝＋－＊／＾", "()[],;:=+-*/^", strict=True
)}  # fmt: skip
RADIX = {"x": 16, "X": 16, "b": 2, "B": 2, "o": 8, "O": 8}
SIGNS = {"sum": "∑", "prod": "∏", "int": "∫", "partial": "∂", "nabla": "∇"}  # words of LaTeX
PAIRS = {"⌊": ("floor", "⌋"), "⌈": ("ceil", "⌉")}

NOTATIONS = [  # of LaTeX and Python, in which whole formulas are pasted; the innermost braces first
    (r"\\(?:left|right|displaystyle|[,;! ]|q?quad)", ""),
    (r"\\[dt]?frac\s*{([^{}]*)}\s*{([^{}]*)}", r"((\1)/(\2))"),
    (r"\\[dt]?frac\s*(\d)\s*(\d)", r"(\1/\2)"),
    (r"\(\((\w+)\)/\(", r"(\1/("),
    (r"/\((\w+)\)\)", r"/\1)"),
    (r"\\sqrt\s*(?:\[2\]\s*)?{([^{}]*)}", r"sqrt(\1)"),
    (r"\\sqrt\s*\[3\]\s*{([^{}]*)}", r"cbrt(\1)"),
    (r"\\sqrt\s*\[([^\]]*)\]\s*{([^{}]*)}", r"(\2)^(1/(\1))"),
    (r"\\(?:\||[lr]?Vert(?![a-zA-Z]))", "||"),
    (r"\\[lr]?vert(?![a-zA-Z])", "|"),
    (r"\|\|\s*_\s*(?:2|{\s*2\s*})", "||"),
    (r"\\?\b(sin|cos|tan)\s*\^\s*{\s*-1\s*}(?=\s*\()", r"arc\1"),
    (r"\\?\b([a-z]{2,4})\s*\^\s*{(\d)}(?=\s*[\w(\\])", r"\1^\2"),
    (r"\\?\blog_\s*(?:{\s*(2|10)\s*}|(2|10)\b)", r"log\1\2"),
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
    (r"(\w+)\s*\\\s*([A-Za-z])(?![A-Za-z])", r"solve(\1, \2)"),
    (r"\\(?!sum|prod|int|lim|begin|partial|nabla|frac)([A-Za-z]+)", r"\1"),
    (r"\$+", ""),
    (r"(?<![\^_\\A-Za-z]){([^{}]*)}", r"(\1)"),
    (r"(?<![\\\w])([A-Za-z]{2,}){([^{}]*)}", r"\1(\2)"),
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
RANGE = r"range\((?:[^()]|\([^()]*\))*\)"
ELEMENTS = rf"\b(\w+)\(([^()]*(?:\([^()]*\)[^()]*)*) for (\w+) in (?:{RANGE}|([\w.]+))\)"  # Python's sums
INDEX = r"\s*_\s*(?:{\s*([^\W\d])[^{}]*}|([^\W\d])\b|\(([^\W\d])[^()]*\))"
BOUND = r"(?:\s*\^\s*(?:{[^{}]*}|\w+))?\s*"
OVER_INDEX = (  # Σ alone may be a matrix, and sum_x a name
    rf"(\\sum|\\prod|∑|∏)(?:{INDEX})?{BOUND}|\b(sum|prod|Σ|Π){INDEX}{BOUND}(?=[\w(\\])"
)
PRODUCTS = ("prod", "∏", "Π")
TRACES = (
    " for ",
    "∑",
    "∏",
    "_",
    "\\",
    "{",
    "'",
    "->",
    "↦",
    "$",
    "?",
    "if ",
    "lambda ",
    "def ",
)  # of these notations in a text


def sum_over_index(text: str) -> tuple[int, int] | None:
    """Where a text has a sum over an index, as books write it."""
    if not any(sign in text for sign in ("∑", "∏", "Σ", "Π", "sum", "prod")):  # re is a large part of a short run
        return None
    from re import search

    found = search(OVER_INDEX, text)
    return (found.start(), found.start() + len(found[0].rstrip())) if found else None


def of_whole_arrays(text: str) -> str:
    """`sum_i x_i^2`, and `sum(x[i]^2 for i in range(3))`, as sum(x^2)."""
    from collections import Counter
    from re import findall, search, sub

    def of_elements(found: Match[str]) -> str:
        function, term, name, elements = found.groups()
        plain = sub(rf"\b{name}\b", elements, term) if elements else without(term, name)
        return f"{function}({plain})"

    text = sub(ELEMENTS, of_elements, text)
    while found := search(OVER_INDEX, text):
        end = term_end(text, found.end())
        term = sub(r"(?<=[\w)\]}])\s+(?=[\w(\\])", "*", text[found.end() : end].rstrip())
        often = Counter(findall(r"_([^\W\d_])\b", term)).most_common(1)
        index = next((one for one in found.groups()[1:4] + found.groups()[5:] if one), often[0][0] if often else "")
        name = "prod" if (found[1] or found[5]).lstrip("\\") in PRODUCTS else "sum"
        behind = " " * (text[end - 1] == " ") + text[end:]
        text = f"{text[: found.start()]}{name}({without(term, index) if index else term}){behind}"
    return text


def without(term: str, index: str) -> str:
    """A term of all elements in place of one."""
    from re import sub

    return sub(rf"_{index}\b|_{{{index}}}|\[\s*{index}\s*\]|\^\s*{{?\({index}\)}}?", "", term)


def term_end(text: str, start: int) -> int:
    """Where a term ends that begins somewhere: before a plus or minus, a comma, or what encloses it."""
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] in "([{") - (text[place] in ")]}")
        ends = text[place] in "+-−," and text[start:place].strip()[-1:] not in ("", *"^*/({")
        if depth < 0 or (depth == 0 and ends) or text[place] in ";\n":
            return place
    return len(text)


def rewritten(text: str) -> str:
    """A formula of LaTeX, Python or books in the notation of this language, as far as the patterns go."""
    import re

    found = made = of_whole_arrays(text.strip())
    while made:  # the first pattern that fits, again and again
        changed = (re.sub(pattern, instead, found) for pattern, instead in NOTATIONS)
        made = next((one for one in changed if one != found), "")
        found = made or found
    return re.sub(r"^\(\(([^()]*)\)/\(([^()]*)\)\)$", r"(\1)/(\2)", " ".join(found.split()))
