"""A random program, what may come of trying it, and how a failure is told: a command, what came, what is right."""

from __future__ import annotations

import math
import shlex
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import Problem
from backprop.library import Compiled


class Program(NamedTuple):
    """Statements (a name and its text; the last is the output), and a point."""

    statements: tuple[tuple[str, str], ...]
    at: dict[str, Any]

    @property
    def text(self) -> str:
        return "; ".join(f"{name} = {text}" for name, text in self.statements)


class Failure(NamedTuple):
    """Something is wrong: `route` is the row of the table that it counts in, `command` shows it to a user."""

    route: str
    kind: str
    command: str
    came: str
    right: str

    def told(self) -> str:
        return f"{self.route}: {self.kind}\n  {self.command}\n  came:  {short(self.came)}\n  right: {short(self.right)}"


class Skipped(NamedTuple):
    """A program that the oracle has no word on."""

    why: str


Outcome = Failure | Skipped | None  # None: tried, and right


def short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


def number(x: float) -> str:
    return "inf" if x == math.inf else "-inf" if x == -math.inf else "nan" if x != x else repr(float(x))


def written(value: Any) -> str:
    """A value as it is written in a command."""
    array = np.asarray(value, dtype=float)
    if not array.ndim:
        return number(float(array))
    if not array.size and array.ndim > 1:
        return f"zeros({', '.join(map(str, array.shape))})"
    return f"[{', '.join(map(written, array))}]"


def told(value: Any) -> str:
    """A result for people to read."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {told(one)}" for name, one in value.items())
    array = np.asarray(value, dtype=float)
    return f"{float(array):.12g}" if not array.ndim else f"[{', '.join(map(told, array))}]"


def command(program: Program, *words: str, verb: str = "eval") -> str:
    point = [f"--set {shlex.quote(f'{name}={written(value)}')}" for name, value in program.at.items()]
    return " ".join(["backprop", verb, shlex.quote(program.text), *point, *words])


class Answer(NamedTuple):
    """What the calculator says of a program."""

    compiled: Compiled
    result: Any
    gradients: dict[str, Any]


def answered(program: Program, route: str) -> Answer | Outcome:
    """The program evaluated, or why it was not."""
    try:
        compiled = Compiled(program.text, ties="split")
        result = compiled.evaluate(program.at)
        return Answer(compiled, result, result.gradients)
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        crash = f"{type(error).__name__}: {error}"
        return Failure(route, "crash", command(program), crash, "an answer or a Problem")
