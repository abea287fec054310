"""Mathematics in LaTeX: its operators, its names for functions, and names as it sets them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from backprop.emit.target import CHOICE, Target, Text
from backprop.emit.targets.texnames import FUNCTIONS, digits, extent, fenced, matrix, prose, tex_name
from backprop.gates import Gate
from backprop.gates.row import option_text
from backprop.language.calls import index_text, subscript_text
from backprop.language.printer import ATOM, COMPARISON, POSTFIX, POWER, PRODUCT, SUM, UNARY, Operator
from backprop.numbers.shapes import shape_code, shape_of

SIGNS = {"<=": r"\le", ">=": r"\ge", "==": "=", "!=": r"\ne"}
TOLD = frozenset(
    ["log1p", "expm1", "hypot", "rsqrt", "reciprocal", "sinpi", "cospi", "logsigmoid"]
)  # by their definitions


class Tex(Target):
    """Formulas as a textbook sets them. A gate without a sign of its own is its name, and explained below."""

    name = "latex"
    title = "LaTeX"
    words: ClassVar = {
        **{name: rf"\{name}" for name in FUNCTIONS}, "max_of": r"\max", "min_of": r"\min",
        "asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan", "log2": r"\log_{2}", "log10": r"\log_{10}",
        "asinh": r"\operatorname{arsinh}", "acosh": r"\operatorname{arcosh}", "atanh": r"\operatorname{artanh}",
        "sech": r"\operatorname{sech}", "erf": r"\operatorname{erf}", "erfc": r"\operatorname{erfc}",
        "sign": r"\operatorname{sign}", "sum": r"\operatorname{sum}", "mean": r"\operatorname{mean}",
        "sigmoid": r"\sigma", "gamma": r"\Gamma", "digamma": r"\psi", "trace": r"\operatorname{tr}",
        "sqrt": r"\sqrt{{{0}}}", "cbrt": r"\sqrt[3]{{{0}}}", "exp2": "2^{{{0}}}", "abs": r"\left|{0}\right|",
        "floor": r"\left\lfloor {0} \right\rfloor", "ceil": r"\left\lceil {0} \right\rceil",
        "lgamma": r"\log\left|\Gamma\left({0}\right)\right|", "polygamma": r"\psi^{{({0})}}\left({1}\right)",
        "norm": r"\left\lVert {0} \right\rVert",
    }  # fmt: skip
    constants: ClassVar = {
        3.141592653589793: r"\pi", 2.718281828459045: r"\mathrm{e}", 0.6931471805599453: r"\log(2)",
        2.302585092994046: r"\log(10)",
    }  # fmt: skip
    width = 90

    def __init__(self, elementwise: bool = False) -> None:
        super().__init__()
        self.times = r"\odot" if elementwise else r"\cdot"
        self.indicates = False
        self.explained: dict[str, Gate] = {}  # gates without a common sign, for the legend

    # ── words ──

    def has(self, gate: Gate) -> bool:
        return True

    def word(self, gate: Gate) -> str:
        own = self.words.get(gate.name)
        return rf"\operatorname{{{gate.spelling}}}".replace("_", r"\_") if own is None else own

    def reserves(self, gates: Any) -> set[str]:
        """The Greek letters that are functions here."""
        found = set(re.findall(r"\\(?:sigma|Gamma|psi)\b", " ".join(map(self.word, gates))))
        return {r"\pi", r"\mathrm{e}", "f'", *found}

    def call(self, gate: Gate, operands: Sequence[Text]) -> Text:
        if gate.name in TOLD:
            return self.inlined(gate, operands)
        word, texts = self.word(gate), [operand.text for operand in operands]
        if gate.name == "index":
            return Text(index_text(gate.settings["at"], [bracketed(operands[0], POSTFIX), *texts[1:]]), POSTFIX)
        if gate.name == "transpose" and gate.settings["axes"] is None:
            return self.turned(operands[0])
        if gate.name == "stack" and not gate.settings["axis"]:
            return Text(rf"\begin{{pmatrix}} {' & '.join(texts)} \end{{pmatrix}}")
        unusual = self.unusual(gate).items()
        below = ",".join(rf"\mathrm{{{option}}}={self.option(value)}" for option, value in unusual)
        below = f"_{{{below}}}" if below else ""
        if gate.name not in self.words:
            self.explained[gate.name] = gate
        if "{0}" in word:
            return Text(word.format(*texts) + below, POWER if word.startswith("2^") else ATOM)
        return Text(f"{word}{below}{fenced(', '.join(texts))}")

    @staticmethod
    def option(value: Any) -> str:
        """The value of an option, in which nothing is a command."""
        if isinstance(value, tuple) and value[:1] != ("slice",):
            return f"[{', '.join(map(Tex.option, value))}]"
        text = option_text(value).strip('"') if isinstance(value, str) else subscript_text(value)
        return rf"\mathtt{{{text}}}".replace("->", r"\to ") if isinstance(value, str) else text.replace("none", "-")

    def legend(self) -> list[str]:
        """What the names of gates mean that are no common signs: their definitions, or what they do."""
        lines = []
        if self.indicates:
            lines.append(r"$\mathbf{1}[\dots]$ is 1 where it holds, and else 0; where it is 0, nothing flows.")
        for gate in list(self.explained.values()):
            names = gate.names(gate.arity)
            head = f"${self.word(gate)}({', '.join(map(tex_name, names))}{', ...' if gate.variadic else ''})$"
            head = head.replace("...", r"\dots")
            if gate.definition and not gate.options and not gate.variadic:
                text = self.inlined(gate, [Text(tex_name(name)) for name in names]).text
                lines.append(f"{head[:-1]} = {text}$")
            elif gate.plumbing or gate.options:
                lines.append(f"{head}: {prose(gate.says)}.")
        return lines

    # ── texts ──

    def extent(self, text: str) -> int:
        return extent(text)

    def number(self, value: Any) -> Text:
        if shape_of(value):
            shape = shape_code(value.shape).replace("x", r" \times ")
            if value.ndim > 2 or not 0 < value.size <= 100 or value.shape[-1] > 10:
                return Text(rf"\left[{shape}\right]")
            text = matrix(value, None)
            wide = max(map(extent, text.split(r"\\"))) > 48
            return Text(rf"\left[{shape}\right]" if wide else text)
        text = self.constants.get(float(value)) or digits(float(value))
        if r"\times" in text:
            return Text(text, PRODUCT)
        return Text(text, UNARY if text.startswith("-") else ATOM, literal="\\" not in text)

    def spell(self, gate: Gate, operands: Sequence[Text], derived: bool) -> Text:
        if derived and gate.name == "where" and operands[2].text == "0":
            if operands[0].text == operands[1].text:
                return operands[1]
            factor = self.indicator(self.condition(operands[0]))
            return factor if operands[1].text == "1" else self.operation("multiply", [factor, operands[1]], False)
        return super().spell(gate, operands, derived)

    def operation(self, name: str, operands: Sequence[Text], derived: bool) -> Text:
        if name == "negate":
            return self.negation(operands[0])
        left, right = operands
        if name == "divide":
            turned = left.text.startswith("-") and left.level >= PRODUCT
            fraction = Text(rf"\frac{{{left.text.removeprefix('-') if turned else left.text}}}{{{right.text}}}", POWER)
            return self.negation(fraction) if turned else fraction
        if name in ("add", "subtract"):
            sign = "+" if name == "add" else "-"
            return Text(f"{bracketed(left, SUM, True)} {sign} {bracketed(right, PRODUCT)}", SUM)
        if derived and left.text.startswith(r"\frac{\partial ") and right.level >= PRODUCT:
            left, right = right, left  # local gradient times gradient from above, as the notes write it
        closes = left.literal and re.match(r"[a-zA-Z(]|\\(?!frac)", right.text) and right.level >= UNARY
        sign = " " if closes else f" {self.times} "
        least = PRODUCT if self.times == r"\cdot" else UNARY  # beside a product of matrices it is not all the same
        return Text(f"{bracketed(left, PRODUCT, True)}{sign}{bracketed(right, least)}", PRODUCT)

    def negation(self, operand: Text) -> Text:
        return Text(f"-{bracketed(operand, PRODUCT)}", UNARY if operand.level > PRODUCT else PRODUCT)

    def spell_power(self, gate: Gate, operands: Sequence[Text]) -> Text:
        base, exponent = operands
        fraction = base.text.startswith((r"\frac", "2^"))
        return Text(f"{fenced(base.text) if fraction else bracketed(base, POSTFIX)}^{{{exponent.text}}}", POWER)

    def spell_square(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.spell_power(gate, [operands[0], Text("2")])

    def spell_logaddexp(self, gate: Gate, operands: Sequence[Text]) -> Text:
        terms = [rf"\exp{fenced(operand.text)}" for operand in operands]
        return Text(rf"\log{fenced(' + '.join(terms))}")

    def spell_mod(self, gate: Gate, operands: Sequence[Text]) -> Text:
        left, right = operands
        return Text(rf"{bracketed(left, UNARY)} \bmod {bracketed(right, UNARY)}", SUM)

    # ── arrays ──

    def juxtaposed(self, left: Text, right: Text, between: str = r"\,") -> Text:
        return Text(f"{bracketed(left, PRODUCT, True)}{between}{bracketed(right, UNARY)}", PRODUCT)

    def turned(self, operand: Text) -> Text:
        """A matrix transposed."""
        fraction = operand.text.startswith(r"\frac")
        return Text(f"{fenced(operand.text) if fraction else bracketed(operand, POSTFIX)}^{{\\top}}", POWER)

    def spell_matmul(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.juxtaposed(operands[0], operands[1])

    def spell_dot(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.juxtaposed(self.turned(operands[0]), operands[1])

    def spell_outer(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.juxtaposed(operands[0], self.turned(operands[1]))

    def spell_cross(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return self.juxtaposed(operands[0], operands[1], r" \times ")

    spell_matmul_left, spell_matmul_right = spell_outer, spell_dot

    def spell_column(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return operands[0]  # on paper a vector is a column

    spell_uncolumn = spell_column

    def spell_inv(self, gate: Gate, operands: Sequence[Text]) -> Text:
        return Text(f"{bracketed(operands[0], POSTFIX)}^{{-1}}", POWER)

    # ── truth values ──

    def indicator(self, condition: Text) -> Text:
        self.indicates = True
        text = condition.text
        return Text(rf"\mathbf{{1}}[{text}]", condition=text, condition_level=condition.level)

    def comparison(self, operator: Operator, operands: Sequence[Text]) -> Text:
        left, right = operands
        sign = SIGNS.get(operator.symbol, operator.symbol)
        return self.indicator(Text(f"{left.at_least(SUM)} {sign} {right.at_least(SUM)}", operator.precedence))

    def inversion(self, operand: Text) -> Text:
        if operand.condition == operand.text:
            return self.indicator(Text(f"{operand.text} = 0", COMPARISON))
        return self.indicator(Text(rf"\lnot ({operand.condition})"))

    def conjunction(self, operands: Sequence[Text]) -> Text:
        return self.indicator(Text(r" \land ".join(self.condition(operand).text for operand in operands), CHOICE + 1))

    def condition(self, operand: Text) -> Text:
        if operand.condition and operand.condition != operand.text:
            return Text(operand.condition, operand.condition_level)
        return Text(rf"{operand.at_least(SUM)} \ne 0", COMPARISON)

    def choice(self, condition: Text, x: Text, y: Text) -> Text:
        begin, end = r"\begin{cases} ", r" \end{cases}"
        nested = y.level == CHOICE and y.text.startswith(begin)
        other = y.text.removeprefix(begin).removesuffix(end) if nested else rf"{y.text} & \text{{otherwise}}"
        rows = rf"{x.text} & \text{{if }} {condition.text} \\ {other}"
        return Text(rf"\begin{{cases}} {rows} \end{{cases}}", CHOICE)


def bracketed(operand: Text, level: int, first: bool = False) -> str:
    """An operand, in brackets where it would come apart, or where it would put a sign behind a sign."""
    signed = operand.text.startswith("-") and not first
    return fenced(operand.text) if operand.level < level or signed else operand.text
