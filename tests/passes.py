"""Circuits with right backward passes written by hand, and every single mistake of the catalogue made in them by a script.

`python tests/passes.py [COUNT] [SEED]` judges that many mutants and prints what was blamed; without a count, all of them.
"""

# ruff: noqa: E501 (tables are easier to read in long lines)
from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from backprop.check.stages.judge import Verdicts, judge
from backprop.check.stages.lines import read_lines
from backprop.library import Compiled


class Term(NamedTuple):
    """local × upstream; `swap` is the local gradient of the gate's other input, `point` the local one at a wrong value,
    `more` are whole terms that are wrong in other ways."""

    local: str
    upstream: str = ""
    swap: str = ""
    point: str = ""
    more: tuple[tuple[str, str], ...] = ()  # other mistakes, by their kind, as texts for the whole term

    def text(self) -> str:
        if not self.upstream:
            return self.local
        return f"({self.local}) * {self.upstream}" if self.local != "1" else self.upstream


class Row(NamedTuple):
    """A line of a backward pass."""

    name: str
    op: str
    terms: tuple[Term, ...]

    def text(self) -> str:
        return f"{self.name} {self.op} {' + '.join(term.text() for term in self.terms)}"


class Pass(NamedTuple):
    """A circuit, a point, and its backward pass."""

    forward: str
    at: dict[str, Any]
    rows: tuple[Row, ...]


def row(name: str, op: str, *terms: Term) -> Row:
    return Row(name, op, terms)


T = Term
PASSES = [
    Pass("q = x + y; f = q*z", {"x": -2.0, "y": 5.0, "z": -4.0}, (
        row("df", "=", T("1")),
        row("dq", "=", T("z", "df", swap="q")), row("dz", "=", T("q", "df", swap="z")),
        row("dx", "=", T("1", "dq")), row("dy", "=", T("1", "dq")),
    )),
    Pass(
        "sigy = 1/(1 + exp(-y)); num = x + sigy; sigx = 1/(1 + exp(-x)); xpy = x + y; xpysqr = xpy^2; den = sigx + xpysqr; "
        "invden = 1/den; f = num*invden", {"x": 3.0, "y": -4.0}, (
        row("dnum", "=", T("invden", swap="num")), row("dinvden", "=", T("num", swap="invden")),
        row("dden", "=", T("-1.0 / den**2", "dinvden", point="-1.0 / invden**2")),
        row("dsigx", "=", T("1", "dden")), row("dxpysqr", "=", T("1", "dden")),
        row("dxpy", "=", T("2 * xpy", "dxpysqr", point="2 * xpysqr")),
        row("dx", "=", T("1", "dxpy")), row("dy", "=", T("1", "dxpy")),
        row("dx", "+=", T("(1 - sigx) * sigx", "dsigx", point="(1 - x) * x")), row("dx", "+=", T("1", "dnum")),
        row("dsigy", "=", T("1", "dnum")), row("dy", "+=", T("(1 - sigy) * sigy", "dsigy", point="(1 - y) * y")),
    )),
    Pass("dot = w0*x0 + w1*x1 + w2; f = sigmoid(dot)", {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}, (
        row("ddot", "=", T("(1 - f) * f", point="(1 - dot) * dot")),
        row("dx0", "=", T("w0", "ddot", swap="x0")), row("dx1", "=", T("w1", "ddot", swap="x1")),
        row("dw0", "=", T("x0", "ddot", swap="w0")), row("dw1", "=", T("x1", "ddot", swap="w1")), row("dw2", "=", T("1", "ddot")),
    )),
    Pass("a = w*x + b; h = tanh(a); g = h*v; f = g*g", {"w": 0.7, "x": -0.4, "b": 0.9, "v": 1.7}, (
        row("dg", "=", T("2*g")), row("dh", "=", T("v", "dg", swap="h")), row("dv", "=", T("h", "dg", swap="v")),
        row("da", "=", T("1 - h**2", "dh", point="1 - a**2")), row("dw", "=", T("x", "da", swap="w")),
        row("dx", "=", T("w", "da", swap="x")), row("db", "=", T("1", "da")),
    )),
    Pass("s = x*x; p = a*s + b*x + c; e = y - p; f = e^2", {"x": 1.3, "a": 0.5, "b": -2.0, "c": 0.4, "y": 2.2}, (
        row("de", "=", T("2 * e", point="2 * f")), row("dy", "=", T("1", "de")), row("dp", "=", T("-1", "de")),
        row("da", "=", T("s", "dp", swap="a")), row("ds", "=", T("a", "dp", swap="s")), row("db", "=", T("x", "dp", swap="b")),
        row("dc", "=", T("1", "dp")), row("dx", "=", T("2 * x", "ds", point="2 * s"), T("b", "dp", swap="x")),
    )),
    Pass("m = max(x, y); r = m*z; k = relu(r); f = k*x + y", {"x": 1.2, "y": 3.1, "z": 0.6}, (
        row("dk", "=", T("x", swap="k")), row("dx", "=", T("k", swap="x")), row("dy", "=", T("1")),
        row("dr", "=", T("r > 0", "dk")), row("dm", "=", T("z", "dr", swap="m")), row("dz", "=", T("m", "dr", swap="z")),
        row("dx", "+=", T("x >= y", "dm")), row("dy", "+=", T("y >= x", "dm")),
    )),
    Pass("ea = exp(a); eb = exp(b); s = ea + eb; l = log(s); f = l*c", {"a": 0.3, "b": 1.1, "c": -2.3}, (
        row("dl", "=", T("c", swap="l")), row("dc", "=", T("l", swap="c")), row("ds", "=", T("1 / s", "dl", point="1 / l")),
        row("dea", "=", T("1", "ds")), row("deb", "=", T("1", "ds")),
        row("da", "=", T("ea", "dea", point="a")), row("db", "=", T("eb", "deb", point="b")),
    )),
    Pass("r = x / y; t = sqrt(r); f = t*y + r", {"x": 5.0, "y": 1.6}, (
        row("dt", "=", T("y", swap="t")), row("dy", "=", T("t", swap="y")),
        row("dr", "=", T("0.5 / t", "dt", point="0.5 / r")), row("dr", "+=", T("1")),
        row("dx", "=", T("1 / y", "dr", point="1 / r")), row("dy", "+=", T("-x / y**2", "dr", point="-x / r**2")),
    )),
    Pass("p = x*y; u = sin(p); v = cos(x); f = u*v + x", {"x": 0.8, "y": 1.9}, (
        row("dx", "=", T("1")), row("du", "=", T("v", swap="u")), row("dv", "=", T("u", swap="v")),
        row("dx", "+=", T("-sin(x)", "dv", point="-sin(v)")), row("dp", "=", T("cos(p)", "du", point="cos(u)")),
        row("dx", "+=", T("y", "dp", swap="x")), row("dy", "=", T("x", "dp", swap="y")),
    )),
    Pass("z = w*x + b; p = sigmoid(z); lp = log(p); f = -(y*lp + (1 - y)*log(1 - p))", {"w": 0.7, "x": 1.9, "b": -0.2, "y": 0.3}, (
        row("dlp", "=", T("-y", swap="-lp")), row("dp", "=", T("1 / p", "dlp", point="1 / lp"), T("(1 - y) / (1 - p)")),
        row("dz", "=", T("p * (1 - p)", "dp", point="z * (1 - z)")), row("dw", "=", T("x", "dz", swap="w")),
        row("dx", "=", T("w", "dz", swap="x")), row("db", "=", T("1", "dz")),
    )),
    Pass("d = x - m; s2 = s*s; e = d^2 / s2; k = exp(-e); f = k / s", {"x": 1.4, "m": 0.5, "s": 1.3}, (
        row("dk", "=", T("1 / s")), row("ds", "=", T("-k / s**2")), row("de", "=", T("-k", "dk", point="-e")),
        row("dd", "=", T("2 * d / s2", "de")), row("ds2", "=", T("-d**2 / s2**2", "de", point="-d**2 / e**2")),
        row("ds", "+=", T("2 * s", "ds2", point="2 * s2")), row("dx", "=", T("1", "dd")), row("dm", "=", T("-1", "dd")),
    )),
    Pass("i = sigmoid(a); g = tanh(b); c = i*g + h*c0; t = tanh(c); o = sigmoid(d); f = o*t",
         {"a": 0.4, "b": -0.9, "h": 0.6, "c0": 1.5, "d": -0.3}, (
        row("do", "=", T("t", swap="o")), row("dt", "=", T("o", swap="t")),
        row("dd", "=", T("o * (1 - o)", "do", point="d * (1 - d)")), row("dc", "=", T("1 - t**2", "dt", point="1 - c**2")),
        row("di", "=", T("g", "dc", swap="i")), row("dg", "=", T("i", "dc", swap="g")), row("dh", "=", T("c0", "dc", swap="h")),
        row("dc0", "=", T("h", "dc", swap="c0")), row("da", "=", T("i * (1 - i)", "di", point="a * (1 - a)")),
        row("db", "=", T("1 - g**2", "dg", point="1 - b**2")),
    )),
    Pass("s = x*x; t = s*x; u = t*y; f = s + u + x", {"x": 0.9, "y": -1.7}, (
        row("ds", "=", T("1")), row("dt", "=", T("y", swap="t")), row("dy", "=", T("t", swap="y")), row("dx", "=", T("1")),
        row("ds", "+=", T("x", "dt", swap="s")), row("dx", "+=", T("s", "dt", swap="x")),
        row("dx", "+=", T("2 * x", "ds", point="2 * s")),
    )),
    Pass("r = hypot(x, y); c = r^3; n = -c; f = n*x + atan(y)", {"x": 1.2, "y": -0.8}, (
        row("dn", "=", T("x", swap="n")), row("dc", "=", T("-1", "dn")), row("dr", "=", T("3 * r**2", "dc", point="3 * c**2")),
        row("dx", "=", T("n", swap="x"), T("x / r", "dr", swap="y / r")),
        row("dy", "=", T("1 / (1 + y**2)"), T("y / r", "dr", swap="x / r")),
    )),
]  # fmt: skip


def array(*shape: int, seed: int) -> Any:
    return np.random.default_rng(seed).uniform(0.3, 1.5, shape) * np.random.default_rng(seed + 1).choice([-1, 1], shape)


def turned(*texts: str) -> tuple[tuple[str, str], ...]:
    return tuple(("transposed", text) for text in texts)


def unsummed(text: str, *axes: str) -> tuple[tuple[str, str], ...]:
    return (("not-summed", text), *(("wrong-axis", axis) for axis in axes))


PASSES += [
    Pass("H = X @ W1 + b1; A = relu(H); S = A @ W2 + b2; f = sum(S * S) / 2",
         {"X": array(4, 3, seed=1), "W1": array(3, 5, seed=2), "b1": array(5, seed=3), "W2": array(5, 2, seed=4), "b2": array(2, seed=5)}, (
        row("dS", "=", T("S")), row("dW2", "=", T("A.T @ dS", more=turned("A @ dS", "dS.T @ A"))),
        row("db2", "=", T("dS.sum(axis=0)", more=unsummed("dS", "dS.sum(axis=1)", "dS.sum()"))),
        row("dA", "=", T("dS @ W2.T", more=turned("dS @ W2", "W2 @ dS.T"))), row("dH", "=", T("1.0 * (H > 0)", "dA")),
        row("dW1", "=", T("X.T @ dH", more=turned("X @ dH", "dH.T @ X"))),
        row("db1", "=", T("dH.sum(axis=0)", more=unsummed("dH", "dH.sum(axis=1)"))),
        row("dX", "=", T("dH @ W1.T", more=turned("dH @ W1"))),
    )),
    Pass("D = W @ X; f = sum(D * Y)", {"W": array(3, 3, seed=6), "X": array(3, 3, seed=7), "Y": array(3, 3, seed=8)}, (
        row("dD", "=", T("Y", more=turned("Y.T"))), row("dY", "=", T("D", more=turned("D.T"))),
        row("dW", "=", T("dD @ X.T", more=(*turned("dD @ X", "dD.T @ X.T"), ("not-swapped", "dD @ W.T")))),
        row("dX", "=", T("W.T @ dD", more=(*turned("W @ dD", "W.T @ dD.T"), ("not-swapped", "X.T @ dD")))),
    )),
    Pass("P = x * w; e = P - y; f = mean(e^2)", {"x": array(3, 3, seed=9), "w": array(3, seed=10), "y": array(3, 3, seed=11)}, (
        row("de", "=", T("2 * e / 9", more=(("factor", "2 * e"), ("factor", "e / 9"), ("factor", "2 * e / 3")))),
        row("dy", "=", T("-de")), row("dP", "=", T("de", more=turned("de.T"))), row("dx", "=", T("w", "dP")),
        row("dw", "=", T("(dP * x).sum(axis=0)", more=unsummed("dP * x", "(dP * x).sum(axis=1)"))),
    )),
    Pass("z = X @ w + b; p = sigmoid(z); q = p * p; f = sum(q * y)",
         {"X": array(4, 3, seed=12), "w": array(3, seed=13), "b": 0.3, "y": array(4, seed=14)}, (
        row("dq", "=", T("y", swap="q")), row("dy", "=", T("q", swap="y")), row("dp", "=", T("2 * p", "dq", point="2 * q")),
        row("dz", "=", T("p * (1 - p)", "dp", point="z * (1 - z)")), row("dw", "=", T("X.T @ dz", more=turned("X @ dz"))),
        row("db", "=", T("dz.sum()", more=(("not-summed", "dz"),))),
    )),
    Pass("m = mean(x, axis=0); c = x - m; s = c * c; f = sum(s * k)", {"x": array(4, 4, seed=15), "k": array(4, 4, seed=16)}, (
        row("ds", "=", T("k", swap="s", more=turned("k.T"))), row("dk", "=", T("s", swap="k")),
        row("dc", "=", T("2 * c", "ds", point="2 * s")), row("dx", "=", T("1", "dc")),
        row("dm", "=", T("-dc.sum(axis=0)", more=unsummed("-dc", "-dc.sum(axis=1)"))),
        row("dx", "+=", T("dm / 4", more=(("factor", "dm"), ("no-local", "dm")))),
    )),
]  # fmt: skip


class Mutant(NamedTuple):
    """A pass with one mistake: its kind, the line that is faulty (from 1), and the text."""

    kind: str
    line: int
    text: str


def written(rows: list[Row]) -> str:
    return "\n".join(row.text() for row in rows) + "\n"


def with_terms(rows: tuple[Row, ...], place: int, terms: list[Term], op: str = "") -> str:
    changed = list(rows)
    changed[place] = Row(rows[place].name, op or rows[place].op, tuple(terms))
    return written(changed)


def mutants(made: Pass) -> Iterator[Mutant]:
    """Every single mistake of the catalogue that can be made in a pass."""
    rows = made.rows
    for place, line in enumerate(rows):
        terms, others = (
            list(line.terms),
            [other for other, row in enumerate(rows) if row.name == line.name and other != place],
        )
        if line.op == "+=":
            yield Mutant("overwrites", place + 1, with_terms(rows, place, terms, "="))
            remaining = [*rows[:place], *rows[place + 1 :]]
            last = max(other for other, row in enumerate(remaining) if row.name == line.name)
            yield Mutant("missing-share", last + 1, written(remaining))
        doubled = [*rows[: place + 1], Row(line.name, "+=", line.terms), *rows[place + 1 :]]
        yield Mutant("counted-twice", place + 2, written(doubled))
        for j, term in enumerate(terms):

            def changed(new: str, j: int = j, place: int = place, terms: list[Term] = terms) -> str:
                return with_terms(rows, place, [*terms[:j], Term(new), *terms[j + 1 :]])

            upstream = f" * {term.upstream}" if term.upstream else ""
            yield Mutant("sign", place + 1, changed(f"(-({term.local})){upstream}"))
            for factor in ("2", "0.5", "3")[: 1 if "@" in line.text() else 3]:
                yield Mutant("factor", place + 1, changed(f"{factor} * ({term.local}){upstream}"))
            if term.upstream:
                yield Mutant("no-upstream", place + 1, changed(f"({term.local})"))
                if term.local != "1":
                    yield Mutant("no-local", place + 1, changed(term.upstream))
            if term.swap:
                yield Mutant("not-swapped", place + 1, changed(f"({term.swap}){upstream}"))
            for kind, text in term.more:
                yield Mutant(kind, place + 1, changed(text))
            if term.point:
                yield Mutant("wrong-point", place + 1, changed(f"({term.point}){upstream}"))
            if len(terms) > 1:
                yield Mutant("counted-twice", place + 1, with_terms(rows, place, [*terms, term]))
                if not others:
                    yield Mutant("missing-share", place + 1, with_terms(rows, place, [*terms[:j], *terms[j + 1 :]]))
        # a reader of this gradient, moved in front of the line that completes it
        if line.op == "+=":
            for later in range(place + 1, len(rows)):
                reader = rows[later]
                if any(term.upstream == line.name for term in reader.terms):
                    order = [*rows[:place], reader, *rows[place:later], *rows[later + 1 :]]
                    yield Mutant("stale", place + 1, written(order))
    # a forward variable used for scratch, while later lines still read it
    for name in {name.strip() for part in made.forward.split(";") for name in [part.partition("=")[0]]}:
        readers = [place for place, row in enumerate(rows) if any(reads(term.local, name) for term in row.terms)]
        if readers and name != "f":
            scratch = Row(name, "=", (Term(f"1 - {name}"),))
            yield Mutant("stale", readers[-1] + 1, written([*rows[: readers[-1]], scratch, *rows[readers[-1] :]]))


def reads(text: str, name: str) -> bool:
    import re

    return re.search(rf"(?<!\w){name}(?!\w)", text) is not None


def values(made: Pass, text: str, at: dict[str, Any]) -> list[Any] | None:
    """What every line of a pass computes, by Python itself; None where a line fails."""
    circuit = Compiled(made.forward).evaluate(at)
    scope: dict[str, Any] = {stage.name: stage.value for stage in circuit.stages}
    scope |= {"sin": math.sin, "cos": math.cos}
    found = []
    for line in text.splitlines():
        name = line.split()[0]
        if "+=" in line and name not in scope:
            scope[name] = 0.0
        try:
            exec(line.replace("+=", f"= {name} +"), scope)
        except (NameError, ZeroDivisionError, ValueError):
            return None
        found.append(np.asarray(scope[name], dtype=float))
    return found


def points(made: Pass) -> list[dict[str, Any]]:
    """The point itself, and two beside it."""
    return [made.at, *({name: x * (1 + 0.01 * k) + 0.003 * k for name, x in made.at.items()} for k in (1, 2))]


def all_mutants() -> Iterator[tuple[Pass, Mutant, set[str]]]:
    """Every mutant whose numbers differ from the right ones, and the kinds of mistake that give the very same numbers."""
    for made in PASSES:
        right = written(list(made.rows))
        truth = last_values(made, right)
        found = [(mutant, [values(made, mutant.text, at) for at in points(made)]) for mutant in mutants(made)]
        for mutant, numbers in found:
            if last_values(made, mutant.text) == truth:
                continue
            alike = {
                other.kind for other, theirs in found
                if other.line == mutant.line and other.text.count("\n") == mutant.text.count("\n") and equal(numbers, theirs)
            }  # fmt: skip
            yield made, mutant, alike | {mutant.kind}


def last_values(made: Pass, text: str) -> list[tuple[str, str]]:
    """The gradients that a pass ends with."""
    lines = text.splitlines()
    numbers = values(made, text, made.at)
    if numbers is None:
        return []
    final = {
        line.split()[0]: f"{x.shape} " + " ".join(f"{element:.9g}" for element in x.flat)
        for line, x in zip(lines, numbers, strict=True)
    }
    return sorted((name, x) for name, x in final.items() if name.startswith("d"))


def equal(a: list[list[Any] | None], b: list[list[Any] | None]) -> bool:
    return all(
        x is not None and y is not None and len(x) == len(y)
        and all(p.shape == q.shape and np.allclose(p, q, rtol=1e-9, atol=1e-12) for p, q in zip(x, y, strict=True))
        for x, y in zip(a, b, strict=True)
    )  # fmt: skip


def judged(made: Pass, text: str, suffix: str = ".py") -> Verdicts:
    evaluation = Compiled(made.forward).evaluate(made.at)
    return judge(evaluation.run, evaluation.names, read_lines(text, f"mine{suffix}"))


def sample(count: int | None, seed: int) -> list[tuple[Pass, Mutant, set[str]]]:
    """Mutants, the kinds evenly; all of them without a count."""
    everything = list(all_mutants())
    if count is None:
        return everything
    chosen = random.Random(seed)
    by_kind: dict[str, list[tuple[Pass, Mutant, set[str]]]] = {}
    for one in everything:
        by_kind.setdefault(one[1].kind, []).append(one)
    for members in by_kind.values():
        chosen.shuffle(members)
    taken: list[tuple[Pass, Mutant, set[str]]] = []
    kinds = sorted(by_kind)
    while len(taken) < count and any(by_kind.values()):
        for kind in kinds:
            if by_kind[kind] and len(taken) < count:
                taken.append(by_kind[kind].pop())
    return taken


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else None
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chosen = sample(count, seed)
    blamed = named = 0
    tally: dict[str, list[int]] = {}
    for made, mutant, alike in chosen:
        wrong = [line for line in judged(made, mutant.text).lines if line.verdict == "wrong"]
        lines = {line.line for line in wrong}
        right_line = lines == {mutant.line}
        right_name = right_line and wrong[0].cause in alike
        blamed += right_line
        named += right_name
        score = tally.setdefault(mutant.kind, [0, 0, 0])
        score[0] += 1
        score[1] += right_line
        score[2] += right_name
        if not right_name:
            print(
                f"--- {mutant.kind} in line {mutant.line}, said {[(line.line, line.cause, line.advice) for line in wrong]}, alike {alike}"
            )
            print(made.forward, "\n" + mutant.text)
    for kind, score in sorted(tally.items()):
        print(f"{kind:15} {score[0]:4} mutants, {score[1]:4} blamed, {score[2]:4} named")
    print(
        f"{len(chosen)} mutants (seed {seed}), {blamed} blamed on the faulty line alone, {named} causes named rightly"
    )


if __name__ == "__main__":
    main()
