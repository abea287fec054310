"""Random texts: reading one never crashes, every failure is a Problem, and printing is a fixed point."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from random import Random

import numpy as np

from backprop.errors import Problem
from backprop.gates import GATES
from backprop.language import parse
from backprop.language.printer import unparse
from backprop.library import Compiled

from ..case import Failure, Outcome, Program
from ..making import array_program

PIECES = [
    *"()[]{},;:=+-*/^@.<>!'\"#\\\n\t &|~%?", "==", "<=", ">=", "!=", "**", ".T", "...", "def ", "f(x) = ", "x", "y",
    "e", "pi", "inf", "nan", "none", "true", "False", "axis=", "axis=[0,1]", "k=1e19", "keepdims=1", '"ij,jk->ik"',
    '"a"', "1", "0", "-1", "2.5e-3", "1e400", "1e", "0x", "x[0]", "x[1:]", "x[::0]", "[1, 2]", "[[1],[2, 3]]", "[]",
    "\u200b", "−", "·", "ﬁ", "Ŀ", "²", "½", "∞", "sum(x)", "x + y",
]  # fmt: skip
AT = {"x": np.array([1.0, 2.0]), "y": 0.5}


def attempts(dice: Random) -> Iterator[Program]:
    names = [f"{name}(" for name in GATES]
    while True:
        if dice.random() < 0.5:
            text = "".join(dice.choice(dice.choice([PIECES, names])) for _ in range(dice.randint(1, 14)))
        else:
            text = torn(array_program(dice, 2).text, dice)
        yield Program((("", text),), AT)


def torn(text: str, dice: Random) -> str:
    """A program with a few characters changed."""
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(text) + 1)
        text = text[:place] + dice.choice([*PIECES, "", ""]) + text[place + dice.randint(0, 3) :]
    return text


def judge(program: Program) -> Outcome:
    text = program.statements[0][1]
    shown = f"backprop eval {shlex.quote(text)} --set 'x=[1, 2]' --set y=0.5"
    right = "an answer or a Problem"
    try:
        try:
            printed = unparse(parse(text))
        except Problem as problem:
            return told_well(problem, text, shown)
        try:
            again = unparse(parse(printed))
        except Problem as problem:
            return Failure("text", "printing", shown, f"{printed!r} does not parse: {problem.message}", "a fixed point")
        if again != printed:
            return Failure("text", "printing", shown, f"{printed!r}, then {again!r}", "a fixed point")
        try:
            compiled = Compiled(text)
            found = compiled.evaluate({name: AT.get(name, 0.5) for name in compiled.variables})
            _ = found.gradients, found.notes
        except Problem as problem:
            return told_well(problem, text, shown)
    except MemoryError:
        raise
    except Exception as error:
        return Failure("text", f"crash {type(error).__name__}", shown, f"{type(error).__name__}: {error}", right)
    return None


def told_well(problem: Problem, text: str, shown: str) -> Outcome:
    """A problem has its place inside the text, and can be shown."""
    problem.excerpt()
    problem.as_json()
    ends = [span.end for span in problem.spans]
    if problem.text == text and any(end > len(text) for end in ends):
        return Failure("text", "place", shown, f"a span to {max(ends)}", f"inside a text of {len(text)}")
    return None


def candidates(program: Program) -> Iterator[Program]:
    """Shorter texts."""
    text = program.statements[0][1]
    for size in (8, 4, 2, 1):
        for place in range(0, len(text), size):
            yield Program((("", text[:place] + text[place + size :]),), AT)
