"""Value, gradient and Jacobian of random programs over arrays, beside PyTorch's."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from backprop.check.gradients.numerical import meets_infinity
from backprop.library import Compiled

from ..case import Answer, Failure, Outcome, Program, Skipped, answered, command, told
from ..making import alone, array_program
from ..truth import Truth, flat, sensitivity

TOLERANCE = 1e-7


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        yield alone(dice) if dice.random() < 0.2 else array_program(dice, dice.choice([1, 1, 2, 3]))


def judge(program: Program) -> Outcome:
    answer = answered(program, "arrays")
    if not isinstance(answer, Answer):
        return answer
    compiled, result, gradients = answer
    try:
        truth = Truth(program)
        theirs = truth.gradient()
        right = truth.moved()
    except Exception as error:  # PyTorch has no such gate, or not for this shape
        return Skipped(type(error).__name__)
    shown = command(program, "--ties split", "--quiet")
    if not same_value(result.value, right, largest(result)):
        if not truth.steady():
            return Skipped("a step")
        if is_infinite(program) and any(np.any(np.isnan(stage.value)) for stage in result.stages):
            return Skipped("nan within")  # of which each has an order of its own
        return Failure("arrays", "value", shown, told(result.value), told(right))
    found = wrong_place(truth, flat(truth.names, gradients), theirs, is_alone(compiled, program), largest(result))
    if found is not None:
        if any(note.kind in ("kink", "tie", "jump") for note in result.notes):
            return Skipped("a kink")  # which subgradient is a matter of --ties
        wrong = {name: gradients[name] for name in truth.names}
        place, slope = found
        told_of = any(note.kind in ("not-finite", "gradient-not-finite") for note in result.notes)
        ours = flat(truth.names, gradients)[place]
        endless = is_infinite(program) or (meets_infinity(result.run) and truth.hangs_on(place))
        if told_of and np.isnan(ours) and endless and not is_alone(compiled, program):
            return Skipped("0 inf")  # what is nan in the arithmetic of numbers, and is told
        theirs[place] = slope
        return Failure("arrays", "gradient", shown, told(wrong), told(theirs))
    return jacobian(program) if len(program.statements) <= 3 else None


def is_infinite(program: Program) -> bool:
    """Whether the point itself has infinities, of which several gates may make nan where a limit is a number."""
    return any(np.any(np.isinf(value)) for value in program.at.values())


def is_alone(compiled: Compiled, program: Program) -> bool:
    """Whether it is one gate, and a sum: its own gradient must be a number where there is one; of several, 0 inf is
    nan."""
    circuit = compiled.circuit(program.at)
    if program.statements[-1][1][:3] != "sum" or "solve" in program.text:
        return False
    return sum(active and bool(inputs) for active, inputs in zip(circuit.active, circuit.inputs, strict=True)) <= 2


def jacobian(program: Program) -> Outcome:
    """The Jacobian of what the program's last statement is made of, where everything is smooth."""
    inner = program._replace(statements=program.statements[:-1])
    if not inner.statements:
        return None
    from ..shrink import tidy

    inner = tidy(inner.statements, inner.at)
    if not inner.at:
        return None
    try:
        truth = Truth(inner)
        theirs = truth.jacobian()
        found = Compiled(inner.text, ties="split").jacobian(inner.at)
    except Exception as error:
        return Skipped(type(error).__name__)
    summed = Compiled(f"{inner.text}; total = sum({inner.statements[-1][0]})").evaluate(inner.at)
    if any(note.kind in ("kink", "tie", "jump") for note in summed.notes):
        return Skipped("a kink")
    if any(np.size(found[name]) != len(theirs) * np.size(inner.at[name]) for name in truth.names):
        return Skipped("another shape")  # the value tells
    ours = np.concatenate([np.reshape(found[name], (len(theirs), -1)) for name in truth.names], axis=1)
    if ours.shape != theirs.shape or not np.all(np.isfinite(theirs)):
        return Skipped("no Jacobian")
    off = abs(ours - theirs) > 1e-6 * max(1.0, np.max(abs(theirs), initial=0.0))
    if not off.any():
        return None
    row, column = np.argwhere(off)[0]

    smooth = Truth(inner)
    whole = smooth.output
    smooth.output = lambda point: whole(point).reshape(-1)[row]  # type: ignore[method-assign]
    slope = smooth.slope(int(column))
    if abs(slope - theirs[row, column]) <= 1e-3 * max(1.0, abs(slope)):
        return Failure("arrays", "Jacobian", command(inner, "--jacobian", "--quiet"), told(ours), told(theirs))
    return Skipped("a kink")


def largest(result: Any) -> float:
    """The largest value on the way: its last digits are nobody's to know."""
    sizes = [np.max(abs(np.asarray(stage.value)), initial=0.0) for stage in result.stages]
    return float(max([1.0, *(size for size in sizes if np.isfinite(size))]))


def same_value(ours: Any, right: float, scale: float) -> bool:
    return bool(
        ours == right or not np.isfinite(right) or abs(ours - right) <= TOLERANCE * max(scale, abs(right))
    )  # what is not finite in PyTorch has its own order of operations


def wrong_place(truth: Truth, ours: Any, theirs: Any, alone: bool, scale: float) -> tuple[int, float] | None:
    """An element that PyTorch and differences agree on, and we do not; and what is right."""
    if not np.isfinite(truth.moved()):
        return None
    margin = None
    for i in range(len(ours)):
        if ours[i] == theirs[i] or abs(ours[i] - theirs[i]) <= TOLERANCE * max(1.0, abs(theirs[i])):
            continue
        if alone and not np.isfinite(ours[i]) and np.isfinite(edge := truth.edge_slope(i)):
            return i, edge
        if not np.isfinite(theirs[i]):
            continue
        slope = truth.slope(i)
        if not abs(slope - theirs[i]) <= 1e-3 * max(1.0, abs(slope)):
            continue
        if margin is None:
            margin = sensitivity(truth, theirs, np.random.default_rng(0))
        if not abs(ours[i] - theirs[i]) <= margin[i] + 1e-12 * scale:
            return i, theirs[i]
    return None
