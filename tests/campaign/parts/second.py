"""Hessians of random programs over arrays: beside PyTorch's, and at kinks beside differences of values alone."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np

from backprop.errors import Problem
from backprop.library import Compiled
from backprop.library.notes import cusps

from ..case import Failure, Outcome, Program, Skipped, command, told
from ..making import array_program
from ..truth import Truth

MOST = 8  # inputs


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        program = array_program(dice, dice.choice([0, 1, 1, 2]))
        if sum(np.size(value) for value in program.at.values()) <= MOST:
            yield program


def judge(program: Program) -> Outcome:
    try:
        found = Compiled(program.text, ties="split").hessian(program.at)
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        shown = command(program, "--ties split", "--hessian")
        return Failure("second", "crash", shown, f"{type(error).__name__}: {error}", "an answer or a Problem")
    try:
        truth = Truth(program)
        theirs = truth.hessian()
        smooth = truth.moved()
    except Exception as error:
        return Skipped(type(error).__name__)
    if not np.isfinite(smooth) or not len(theirs):
        return Skipped("not finite")
    sizes = {name: np.size(program.at[name]) for name in truth.names}
    ours = np.block([[np.reshape(found[x][y], (sizes[x], sizes[y])) for y in sizes] for x in sizes])
    scale = max(1.0, *(np.max(abs(one), initial=0.0, where=np.isfinite(one)) for one in (ours, theirs)))
    special = any(np.any(np.isin(value, (0.0, 1.0, -1.0))) for value in program.at.values())
    if np.all(abs(ours - theirs) <= 1e-7 * scale) and not special:
        return None
    try:
        right = truth.twice()
    except RuntimeError:  # beside this point a mask chooses another number of elements
        return Skipped("a step")
    if right is None or (special and "mod(" in program.text):  # mod jumps at whole numbers
        return Skipped("a kink")
    scale = max(1.0, np.max(abs(right)))
    wrong = ~(abs(ours - right) <= 0.1 * abs(right) + 0.01 * scale)
    if wrong.any() and at_an_edge(program):
        return Skipped("a branch at its edge")
    if wrong.any() and np.isnan(ours[wrong]).all() and is_told(program):
        return Skipped("nan, and told why")
    if wrong.any():
        return Failure(
            "second",
            "Hessian",
            command(program, "--ties split", "--hessian", "--quiet"),
            told(ours),
            told(right.round(4)),
        )
    return None


def is_told(program: Program) -> bool:
    """Whether a note says that there is a kink on the way, or something is not finite there, so that nan is no number
    that is owed: `relu(square(x))` is smooth at 0, and relu is not."""
    result = Compiled(program.text, ties="split").evaluate(program.at)
    numbers = [one for one in [*result.run.values, *result.run.sent] if one is not None]
    return not all(np.all(np.isfinite(one)) for one in numbers) or any(cusps(result.run, result.names))


def at_an_edge(program: Program) -> bool:
    """Whether a comparison is right where it turns: derivatives are those of the branch that it takes there, and what
    the other one would be beside it does not count."""
    run = Compiled(program.text, ties="split").evaluate(program.at).run
    pairs = [
        [run.values[source] for source in inputs]
        for gate, inputs in zip(run.circuit.gates, run.circuit.inputs, strict=True)
        if gate.compares
    ]
    return any(np.any(np.equal(*pair)) for pair in pairs)
