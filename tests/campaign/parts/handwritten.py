"""`check --backward` on the passes that `code` writes: ok as they stand, WRONG with a mistake planted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from backprop.check.stages.judge import judge as judge_lines
from backprop.check.stages.lines import read_lines
from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.library import Compiled

from ..case import Failure, Outcome, Program, Skipped, command
from ..making import array_program
from . import code, scalars

LINE = re.compile(r"^(    d\w+ )(=|\+=) (.+?)(  #.*)?$")

MISTAKES = ("2 * ({})", "-({})", "1 + ({})")


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        if dice.random() < 0.5:
            yield scalars.scalar_program(dice, dice.choice([2, 3, 5]), dice.choice([0.0, 0.3]))
        else:
            yield array_program(dice, dice.choice([1, 2, 3]))


def judge(program: Program) -> Outcome:
    to = "python" if all(isinstance(value, float) for value in program.at.values()) else "numpy"
    try:
        compiled = Compiled(program.text)
        result = compiled.evaluate(program.at)
        if not code.well_inside(result):
            return Skipped("not finite")
        source = write(Request(compiled.circuit(program.at), at=dict(program.at), ties="both"), to)
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        return Skipped(type(error).__name__)  # told by other parts
    source = source.split("\nif __name__")[0]
    written = command(program, "--to", to, "-o", "p.py", verb="code")
    shown = f"{written} && {command(program, '--backward', 'p.py', verb='check')}"
    found = blamed(result, source)
    if isinstance(found, str):
        return Failure("handwritten", "refused", shown, found, "what is written can be read back")
    if found:
        return Failure("handwritten", "right, and WRONG", shown, f"line {found[0]} WRONG", "ok")
    if matters(source, result.gradients, result):
        return Skipped("another gradient")  # told by other parts
    return planted(result, source, shown)


def blamed(result: object, source: str) -> list[int] | str:
    """The lines that are WRONG, or why the pass was refused."""
    try:
        verdicts = judge_lines(result.run, result.names, read_lines(source, "p.py"))  # type: ignore[attr-defined]
    except Problem as problem:
        return f"{problem.kind}: {problem.message}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return [line.line for line in verdicts.lines if line.verdict == "wrong"]


def planted(result: object, source: str, shown: str) -> Outcome:
    """Every line of the backward pass changed, one at a time: wrong, unless what comes out is the same."""
    gradients = dict(result.gradients)  # type: ignore[attr-defined]
    lines = source.splitlines()
    for place, line in enumerate(lines):
        found = LINE.match(line)
        if found is None or not lines[:place] or "# backward pass" not in "\n".join(lines[:place]):
            continue
        begin, operator, text, comment = found.groups()
        mistake = MISTAKES[place % len(MISTAKES)].format(text)
        told = f"{shown}  (line {place + 1}: {mistake})"
        changed = [*lines[:place], f"{begin}{operator} {mistake}{comment or ''}", *lines[place + 1 :]]
        if not matters("\n".join(changed), gradients, result):
            continue
        wrong = blamed(result, "\n".join(changed))
        if isinstance(wrong, str):
            return Failure("handwritten", "mutant refused", told, wrong, "WRONG")
        if not wrong:
            return Failure("handwritten", "missed", told, "ok", "WRONG")
    return None


def matters(source: str, gradients: dict[str, object], result: object) -> bool:
    """Whether the changed pass, run, gives another gradient."""
    import warnings

    import numpy as np

    scope: dict[str, object] = {"__name__": "program"}
    at = [result.run.values[wire] for wire in result.run.circuit.variables.values()]  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(source, "p.py", "exec"), scope)
            _, found = scope["backprop"](*at)  # type: ignore[operator]
        except Exception:
            return False
    return any(
        np.shape(found[name]) != np.shape(value) or not np.allclose(found[name], value, rtol=1e-3, atol=1e-3)
        for name, value in gradients.items()
    )
