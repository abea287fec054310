"""The verdicts of `check`: a right gradient is never WRONG nor crashes it; one that is 1e-6 off is WRONG."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from backprop.check.gradients.compare import check
from backprop.errors import Problem
from backprop.library import Compiled
from backprop.library.stages import Names
from circuits import random_expression

from ..case import Failure, Outcome, Program, Skipped, command, told
from ..making import array_program
from . import scalars

PLANTED = 1e-6  # relative


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        kind = dice.random()
        if kind < 0.3:
            text, at = random_expression(6, dice.randrange(10**6), 3)
            *named, last = (tuple(line.split(" = ", 1)) for line in text.replace("; ", "\n").splitlines())
            used = Compiled(text).variables
            yield Program((*named, ("planted", last[-1])), {name: at[name] for name in used})
        elif kind < 0.8:
            yield scalars.scalar_program(dice, dice.choice([1, 1, 2, 3]), dice.choice([0.2, 0.5, 0.8]))
        else:
            yield array_program(dice, 1)


def judge(program: Program) -> Outcome:
    if program.statements[-1][0] == "planted":
        return judge_planted(program)
    return judge_right(program)


def kind(program: Program, outcome: Outcome) -> str:
    """What a program is counted as."""
    if program.statements[-1][0] == "planted" and not isinstance(outcome, Skipped):
        return "planted errors that were not WRONG" if isinstance(outcome, Failure) else "planted errors, WRONG"
    if isinstance(outcome, Skipped):
        return f"left out: {outcome.why}"
    return "own gradients that were WRONG, or a crash" if isinstance(outcome, Failure) else "own gradients, not WRONG"


def judge_right(program: Program) -> Outcome:
    """What an oracle calls right is not WRONG."""
    shown = command(program, verb="check")
    try:
        compiled = Compiled(program.text)
        result = compiled.evaluate(program.at)
        circuit = result.run.circuit
        found = list(check(result.run, Names(circuit), circuit.variables.values()))
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        return Failure("check", f"crash {type(error).__name__}", shown, f"{type(error).__name__}: {error}", "a verdict")
    blamed = [one for one in found if one.verdict == "wrong"]
    if not blamed:
        return None
    if any(note.kind in ("kink", "tie", "jump") for note in result.notes):
        return Skipped("a kink")
    if not all(np.all(np.isfinite(gradient)) for gradient in result.gradients.values()):
        return Skipped("not finite")
    numbers = all(isinstance(value, float) for value in program.at.values())
    truth = scalars.judge(program) if numbers else arrays_judge(program)
    if truth is None and not numbers and not beside_pytorch(program, result.gradients):
        return Skipped("a kink")
    if truth is not None:
        return Skipped("no oracle") if isinstance(truth, Skipped) else Skipped("wrong indeed")
    came = "; ".join(f"{one.name}: {told(one.gradient)} for {told(one.numerical)}, WRONG" for one in blamed)
    return Failure("check", "false alarm", shown, came, "ok, or IMPRECISE")


def arrays_judge(program: Program) -> Outcome:
    from . import arrays  # where PyTorch is not installed, numbers are judged none the less

    return arrays.judge(program)


def beside_pytorch(program: Program, gradients: dict[str, Any]) -> bool:
    """Whether the gradients are PyTorch's: where they are not, somebody chose another subgradient."""
    from ..truth import Truth, flat

    truth = Truth(program)
    return np.allclose(flat(truth.names, gradients), truth.gradient(), rtol=1e-9, atol=1e-12)


def judge_planted(program: Program) -> Outcome:
    """A gradient that is moved by 1e-6 of itself is found, where the circuit is well conditioned."""
    result = Compiled(program.text).evaluate(program.at)
    circuit = result.run.circuit
    steep = [(name, wire) for name, wire in circuit.variables.items() if abs(result.run.sent[wire] or 0.0) >= 1e-2]
    for name, wire in steep:
        sent = result.run.sent[wire]
        assert sent is not None
        for factor, wanted in ((1.0, "ok"), (1 + PLANTED, "wrong")):
            result.run.sent[wire] = sent * factor
            (found,) = check(result.run, Names(circuit), [wire])
            if found.verdict != wanted:
                shown = f"{command(program, verb='check')} --claim d{name}={sent * factor!r}  (the numerical check)"
                return Failure("check", "planted" if factor != 1 else "not ok", shown, found.verdict, wanted)
        result.run.sent[wire] = sent
    return None if steep else Skipped("flat")
