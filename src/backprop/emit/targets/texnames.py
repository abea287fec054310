"""Names, numbers and brackets as LaTeX sets them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from backprop.emit.naming import Naming, spelt
from backprop.language.printer import number_text, rounded

LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = frozenset(LETTERS.split())
FUNCTIONS = ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "det")


def digits(value: float) -> str:
    """A number in mathematics."""
    text = number_text(value).replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}")
    mantissa, exponential, exponent = text.partition("e")
    return rf"{mantissa} \times 10^{{{exponent}}}" if exponential else text


def fenced(text: str) -> str:
    """A text in brackets, as high as it is."""
    tall = r"\frac" in text or r"\begin" in text or r"\sqrt" in text
    return rf"\left({text}\right)" if tall else f"({text})"


def matrix(value: Any, most: int | None) -> str:
    """A vector as a row, a matrix by its rows; `most` are the digits of a number, all if it is None."""
    rows = value.reshape(-1, value.shape[-1]).tolist()
    cells = [[digits(x if most is None else rounded(x, most)) for x in row] for row in rows]
    text = r" \\ ".join(" & ".join(row) for row in cells)
    return rf"\begin{{pmatrix}} {text} \end{{pmatrix}}"


def extent(text: str) -> int:
    """About how many characters wide a formula is on the page; a fraction is as wide as its wider half."""
    before = ""
    while text != before:
        before = text
        text = re.sub(r"\\(?:operatorname|text|textit|math[a-z]+)\{([^{}]*)\}|[_^]\{([^{}]*)\}", r"\1\2", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", lambda halves: max(halves.groups(), key=len), text)
        text = re.sub(r"\\sqrt(?:\[3\])?\{([^{}]*)\}", r"V\1", text)
    text = re.sub(r"\\(?:left|right|begin|end|tag|quad)\b", "", text)
    text = re.sub(rf"\\(?!{'|'.join(FUNCTIONS)})[a-zA-Z]+", "x", text)
    return len(re.sub(r"[{}&\\]| (?![-+=])", "", text))


def prose(text: str) -> str:
    """A sentence of the table's, in which nothing is a command."""
    signs = {"²": "$^2$", "±": r"$\pm$", "^": r"\^{}", "<": "$<$", ">": "$>$", "…": r"\dots{}"}
    return "".join(signs.get(c) or (f"\\{c}" if c in "_&%#${}" else c) for c in text)


# ── names ──


class TexNaming(Naming):
    """Names as they are set; a gradient is a fraction, and no name of the user's can be one."""

    def __init__(self, reserved: Iterable[str], output: str, above: str = "") -> None:
        """`output` is the name of the stage whose gradients these are; `above` what they are of, if not of it."""
        super().__init__(reserved, lambda name: True)
        self.top = rf"\partial {above or self.take(output)}"
        if not above:
            self.taken.discard(self.top.removeprefix(r"\partial "))

    def take(self, wanted: str) -> str:
        """The name as it is set; in a typewriter's letters, where that is another name's already."""
        name = tex_name(wanted)
        while name in self.taken:
            name = rf"\mathtt{{{spelt(wanted)}}}".replace("_", r"\_")
            wanted += "_"
        self.taken.add(name)
        return name

    def key(self, name: str) -> str:
        return tex_name(name)

    def gradient(self, name: str) -> str:
        """The gradient of a stage that is set like this already."""
        return self.gradient_of(name)

    def wish(self, name: str) -> str:
        return ""

    def gradient_of(self, name: str) -> str:
        return rf"\frac{{{self.top}}}{{\partial {name}}}"


def tex_name(name: str) -> str:
    r"""w_1 and w1 as w_{1}, alpha and α as \alpha, sigy as \mathit{sigy}, w1_20 as w_{1,20}."""
    parts = re.findall(r"\d+|[^\W\d_]+|_+", name)
    words = [part for part in parts if "_" not in part]
    plain = "".join(parts) == name and "__" not in name and not name.startswith("_") and not name.endswith("_")
    if not plain or not words:
        return rf"\mathtt{{{spelt(name)}}}".replace("_", r"\_")
    letters = [word if word.isdigit() else letters_tex(word) for word in words]
    return letters[0] + (f"_{{{','.join(letters[1:])}}}" if letters[1:] else "")


def letters_tex(word: str) -> str:
    """A word of letters: a single one in italics, a Greek one as such, others together; without accents that TeX has
    not."""
    ascii_word = spelt(word).lower() if word.islower() else spelt(word)
    if ascii_word == "lamda":
        ascii_word = "lambda"
    if ascii_word in GREEK:
        return f"\\{ascii_word}"
    if not word.isascii() and all(unicodedata.normalize("NFKD", c)[0].isascii() for c in word):
        return rf"\textit{{{word}}}"
    return ascii_word if len(ascii_word) == 1 else rf"\mathit{{{ascii_word}}}"
