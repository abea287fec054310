r"""An independent reader of the formulas that are written in LaTeX: they become functions of the names in them.

It reads mathematics as people do: \frac, \cdot, powers, cases, \mathbf{1}[...] as Iverson's bracket, which makes what
stands behind it nothing where it is 0. Names are kept as they are set.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mpmath import mp

from oracle import ORACLE

Value = Callable[[dict[str, Any]], Any]
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|[a-zA-Z]|\S")
FUNCTIONS = {
    "exp": mp.exp, "log": mp.log, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "sinh": mp.sinh, "cosh": mp.cosh,
    "tanh": mp.tanh, "max": max, "min": min, "arcsin": mp.asin, "arccos": mp.acos, "arctan": mp.atan,
    "sigma": ORACLE["sigmoid"].function, "Gamma": mp.gamma, "psi": mp.digamma,
}  # fmt: skip
NAMED = {"arsinh": mp.asinh, "arcosh": mp.acosh, "artanh": mp.atanh}
STYLES = (r"\mathit", r"\mathtt", r"\textit", r"\mathrm")


class Reader:
    """A formula, token by token."""

    def __init__(self, text: str) -> None:
        self.tokens, self.place = TOKEN.findall(text), 0

    def peek(self, offset: int = 0) -> str:
        return self.tokens[self.place + offset] if self.place + offset < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        assert not expected or token in expected, (token, expected, self.tokens[self.place - 5 : self.place + 5])
        self.place += 1
        return token

    def group(self) -> str:
        """The text of a group in braces, with its braces."""
        start, depth = self.place, 0
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if not depth:
                return "".join(self.tokens[start : self.place])

    def braced(self) -> Value:
        self.take("{")
        inside = self.sum()
        self.take("}")
        return inside

    def sum(self) -> Value:
        negative = self.peek() == "-" and bool(self.take())
        first = self.term()
        terms = [(-1 if negative else 1, first)]
        while self.peek() in ("+", "-"):
            terms.append((1 if self.take() == "+" else -1, self.term()))
        return lambda scope: mp.fsum(sign * term(scope) for sign, term in terms)

    def term(self) -> Value:
        factors = [self.factor()]
        while True:
            if self.peek() == r"\bmod":
                self.take()
                left, right = factors.pop(), self.factor()[1]
                factors.append((False, lambda scope, left=left, right=right: left[1](scope) % right(scope)))
            elif self.peek() in (r"\cdot", r"\times"):
                self.take()
                factors.append(self.factor())
            elif self.peek() and re.match(
                r"[a-zA-Z(0-9]|\\(?!(?:right|end|text|le|ge|ne|land|lnot|tag)\b|\\)", self.peek()
            ):
                factors.append(self.factor())
            else:
                break

        def product(scope: dict[str, Any]) -> Any:
            for bracket, factor in factors:
                if bracket and not factor(scope):
                    return mp.mpf(0)
            return mp.fprod(factor(scope) for _, factor in factors)

        return product

    def factor(self) -> tuple[bool, Value]:
        bracket, base = self.base()
        if self.peek() == "^":
            self.take()
            exponent = self.braced()
            return False, lambda scope: base(scope) ** exponent(scope)
        return bracket, base

    def base(self) -> tuple[bool, Value]:
        token = self.peek()
        if re.match(r"[0-9]", token):
            number = self.take()
            return False, lambda scope: mp.mpf(number)
        if token == r"\mathbf":
            self.place += 4
            self.take("[")
            condition = self.condition()
            self.take("]")
            return True, lambda scope: mp.mpf(condition(scope))
        if token == "(" or (token == r"\left" and self.peek(1) == "("):
            return False, self.arguments()[0]
        return False, self.other(token)

    def other(self, token: str) -> Value:
        if token == r"\frac":
            if self.peek(2) == r"\partial":
                return self.name()
            self.take()
            over, under = self.braced(), self.braced()
            return lambda scope: over(scope) / under(scope)
        if token == r"\sqrt":
            self.take()
            order = 3 if self.peek() == "[" else 2
            self.place += 3 if order == 3 else 0
            inside = self.braced()
            real = ORACLE["cbrt"].function if order == 3 else mp.sqrt
            return lambda scope: real(inside(scope))
        if token == r"\left":
            self.take()
            kind = self.take()
            inside = self.sum()
            self.take(r"\right")
            self.take()
            return lambda scope: {"|": abs, r"\lfloor": mp.floor, r"\lceil": mp.ceil}[kind](inside(scope))
        if token == r"\begin":
            return self.cases()
        if token in (r"\infty", r"\pi"):
            self.take()
            return lambda scope: mp.inf if token == r"\infty" else +mp.pi
        if token == r"\mathrm" and self.peek(2) == "e" and self.peek(3) == "}":
            self.group_after()
            return lambda scope: +mp.e
        called = self.call(token)
        return called if called is not None else self.name()

    def group_after(self) -> str:
        return self.take() + self.group()

    def call(self, token: str) -> Value | None:
        """A function with its arguments; None where it is a name."""
        start = self.place
        if token == r"\operatorname":
            name = self.group_after()[14:-1].replace("\\", "")
            function: Any = NAMED.get(name) or (ORACLE[name].function)
        elif token[1:] in FUNCTIONS:
            self.take()
            function = FUNCTIONS[token[1:]]
            if token == r"\log" and self.peek() == "_":
                self.take()
                base = mp.mpf(self.group()[1:-1])
                function = lambda x: mp.log(x) / mp.log(base)  # noqa: E731
            if token == r"\log" and self.peek() == r"\left" and self.peek(1) == "|":
                self.place += 2
                inside = self.sum()
                self.take(r"\right")
                self.take("|")
                return lambda scope: mp.log(abs(inside(scope)))
            if token == r"\psi" and self.peek() == "^":
                self.take("^")
                order = self.braced()
                (x,) = self.arguments()
                return lambda scope: mp.polygamma(int(order(scope)), x(scope))
        else:
            return None
        if self.peek() != "(" and not (self.peek() == r"\left" and self.peek(1) == "("):
            self.place = start
            return None
        arguments = self.arguments()
        return lambda scope: function(*[argument(scope) for argument in arguments])

    def arguments(self) -> list[Value]:
        tall = self.peek() == r"\left" and bool(self.take())
        self.take("(")
        arguments = [self.sum()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.sum())
        if tall:
            self.take(r"\right")
        self.take(")")
        return arguments

    def cases(self) -> Value:
        self.take()
        assert self.group() == "{cases}"
        rows: list[tuple[Value, Value]] = []
        while True:
            value = self.sum()
            self.take("&")
            self.take(r"\text")
            if self.group() == "{otherwise}":
                rows.append((value, lambda scope: True))
                break
            rows.append((value, self.condition()))
            self.take(r"\\")
        self.take(r"\end")
        assert self.group() == "{cases}"
        return lambda scope: next(value(scope) for value, holds in rows if holds(scope))

    def condition(self) -> Value:
        if self.peek() == r"\lnot":
            self.take()
            self.take("(")
            inside = self.condition()
            self.take(")")
            return lambda scope: not inside(scope)
        parts = []
        while True:
            left, sign, right = self.sum(), self.take("<", ">", "=", r"\le", r"\ge", r"\ne"), self.sum()
            parts.append((left, sign, right))
            if self.peek() != r"\land":
                break
            self.take()
        signs: dict[str, Callable[[Any, Any], bool]] = {
            "<": lambda x, y: x < y, ">": lambda x, y: x > y, "=": lambda x, y: x == y, r"\le": lambda x, y: x <= y,
            r"\ge": lambda x, y: x >= y, r"\ne": lambda x, y: x != y,
        }  # fmt: skip
        return lambda scope: all(signs[sign](left(scope), right(scope)) for left, sign, right in parts)

    def name(self) -> Value:
        start = self.place
        token = self.take()
        if token == r"\frac":
            self.group()
            self.group()
        elif token in STYLES:
            self.group()
        if self.peek() == "_":
            self.take()
            self.group()
        text = "".join(self.tokens[start : self.place])
        return lambda scope: scope[text]


def squeezed(text: str) -> str:
    """A name as the reader keeps it."""
    return "".join(TOKEN.findall(text))


def rows(section: str) -> list[tuple[str, str]]:
    """The rows of an aligned block: name and what is behind its equals sign, continuation lines put together."""
    block = section.split(r"\begin{align*}")[1].split(r"\end{align*}")[0]
    found: list[tuple[str, str]] = []
    for line in block.strip().split(" \\\\\n"):
        name, _, text = re.sub(r" \\tag\{[^}]*\}", "", line.strip()).partition("&")
        text = text.removeprefix(r"\quad {}").removeprefix("= ")
        if name:
            found.append((squeezed(name), text.strip()))
        else:
            joint = " = " if line.strip().startswith("&=") else " "
            found[-1] = (found[-1][0], f"{found[-1][1]}{joint}{text.strip()}")
    return found


def sections(document: str) -> dict[str, str]:
    """The parts of a document by their headings."""
    parts = re.split(r"\\subsection\*\{(.*?)\}", document)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def evaluated(text: str, scope: dict[str, Any]) -> tuple[Any, Any]:
    """What a formula comes to, and the number that is shown behind it, if there is one."""
    reader = Reader(text)
    value = reader.sum()(scope)
    shown = None
    if reader.peek() == "=":
        reader.take()
        shown = reader.sum()({})
    assert reader.place == len(reader.tokens), reader.tokens[reader.place :]
    return value, shown
