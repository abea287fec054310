"""Gates at the ends of their domains and of all numbers: limits of mpmath's many digits, and the routes among each
other, with what is not finite, too."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import numpy as np
from mpmath import mp, mpf

from backprop.emit import Request, write
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.library import Compiled
from backprop.library.notes import cusps
from backprop.rows.compute.mapper import Mapper
from oracle import ORACLE

from ..case import Failure, Outcome, Program, command, told
from .scalars import arity

DIGITS, OF_TINY = 700, 1500
FAR = (0.0, -0.0, 0.5, 1.0, -1.0, 1.5, -2.5, -3.0, 710.0, -710.0, 745.0, -745.0, math.inf, -math.inf)
TINY_AND_HUGE = (1e300, -1e300, 1e-300, -1e-300, 5e-324, math.nan)
SMALLEST, LARGEST = 5e-324, mpf(2) ** 1023
NOTHING = 1e-25  # what is smaller goes to 0
TEXTS = {
    "polygamma": ["polygamma(0, a)", "polygamma(1, a)", "polygamma(2, a)"],
    "power": ["a^2", "a^3", "a^0.5", "a^-1", "2^a", "power(a, b)"],
}
Order = tuple[int, ...]


def attempts(dice: Random) -> Iterator[Program]:
    """Every gate in turn, at points that fit together: of two huge numbers none is the end of the other."""
    names = list(ORACLE)
    while True:
        dice.shuffle(names)
        for name in names:
            inputs = "abc"[: max(arity(name), 1)]
            texts = TEXTS.get(name, [f"{GATES[name].spelling}({', '.join(inputs)})"])
            text = dice.choice(texts)
            points = FAR if dice.random() < 0.6 else (*FAR[:6], *TINY_AND_HUGE)
            yield Program((("f", text),), {letter: dice.choice(points) for letter in inputs if letter in text})


def judge(program: Program) -> Outcome:
    compiled = Compiled(program.text)
    result = compiled.evaluate(program.at)
    hessian = compiled.hessian(program.at)
    names = list(program.at)
    found: dict[Order, float] = {(): float(result.value)}
    found |= {(i,): float(result.gradients[name]) for i, name in enumerate(names)}
    found |= {(i, j): hessian[names[i]][names[j]] for i in range(len(names)) for j in range(i + 1)}
    spoiled = beside_the_limits(program, found, bool(result.notes) or any(cusps(result.run, result.names)))
    return spoiled or by_other_routes(program, [found[()], *(found[i,] for i in range(len(names)))], hessian)


# ── limits ──


def beside_the_limits(program: Program, found: dict[Order, float], is_told: bool) -> Outcome:
    """What is no limit: a number that is made up, or nan for a limit that nothing is said of."""
    gate = program.statements[0][1].partition("(")[0]
    at = list(program.at.values())
    if gate not in ORACLE or gate in TEXTS or GATES[gate].compares or any(x != x for x in at):
        return None
    if len(at) > 2 or (len(at) == 2 and any(x in TINY_AND_HUGE for x in at)):
        return None  # another input would have to come nearer than any step
    defaults = list(GATES[gate].defaults.values())
    function = ORACLE[gate].function

    def given(inputs: list[Any]) -> Any:
        return function(*inputs, *map(mpf, defaults))

    with mp.workdps(OF_TINY if any(x in TINY_AND_HUGE for x in at) else DIGITS):
        for order, came in found.items():
            if not order and math.isinf(came) and is_pole(given, at):
                continue
            sides = list(limits(given, at, order))
            slope = abs(found[order[:1]])
            free = 1e-15 * slope if len(order) == 2 and math.isfinite(slope) else 0.0
            if is_limit(came, sides, order, free, at) or (came != came and is_told):
                continue
            if not is_limit(came, list(along(given, at, order)), order, free, at):
                words = () if len(order) < 2 else ("--hessian",)
                right = ", ".join(sorted({"none" if side is None else mp.nstr(side, 9) for side in sides}))
                return Failure("ends", f"limit {len(order)}", command(program, *words), f"{order}: {came!r}", right)
    return None


def is_limit(came: float, sides: list[Any], order: Order, free: float, at: list[float]) -> bool:
    if not sides:
        return True  # beyond the domain
    free += 4 * SMALLEST * max(1.0, *(min(abs(x), 1e3) for x in at))
    if math.isinf(came) and any(x == 0 and math.copysign(1, x) < 0 for x in at):
        came = math.copysign(came, next((side for side in sides if side is not None), came))  # the side of -0
    fits = [side is not None and is_close(came, side, free) for side in sides]
    if all(fits) or (came != came and not all_alike(sides)):
        return True
    if len(order) == 2:
        return math.isinf(came) and any(fits)
    known = [float(side) for side in sides if side is not None]
    return None in sides or any(fits) or min(known) <= came <= max(known)


def is_pole(function: Any, at: list[float]) -> bool:
    """Whether a function is without end at a point, where it may grow as slowly as a logarithm."""
    try:
        return not mp.isfinite(function([mpf(x) for x in at]))
    except (ValueError, ZeroDivisionError):
        return True


def all_alike(sides: list[Any]) -> bool:
    first = sides[0]
    return first is not None and all(
        side is not None and (side == first or abs(side - first) <= mpf(10) ** -9 * abs(first)) for side in sides
    )


def is_close(came: float, right: Any, free: float) -> bool:
    if right == 0 and abs(came) < NOTHING:
        return True
    if abs(right) > LARGEST:
        return abs(came) > 1e307 and (came > 0) == (right > 0)
    return math.isfinite(came) and bool(abs(came - right) <= mpf(10) ** -9 * abs(right) + free)


def limits(function: Any, at: list[float], order: Order) -> Iterator[Any]:
    """The limits along ways to the point from all sides, and as one input is far nearer than the other; None where
    there is none on a way."""
    sides = [(1,) if math.isinf(x) else (1, -1) for x in at]
    for side in product(*sides):
        for speeds in [(1,)] if len(at) == 1 else [(1, 2), (2, 1)]:
            try:
                steps = []
                for k in (1, 2, 3):
                    beside = [near(at[i], side[i], speeds[i] * k, i) for i in range(len(at))]
                    steps.append(derivative(function, beside, order))
            except (ValueError, ZeroDivisionError, OverflowError, NotImplementedError):
                continue  # this side is outside of the domain
            if not any(isinstance(step, mp.mpc) for step in steps):
                yield limit(*steps)


def along(function: Any, at: list[float], order: Order) -> Iterator[Any]:
    """The limits as one input alone goes to the point: what a derivative in that input is by its definition."""
    if len(at) < 2 or len(set(order)) != 1 or any(math.isinf(x) for x in at):
        return
    moved = order[0]

    def alone(inputs: list[Any]) -> Any:
        return function([*map(mpf, at[:moved]), *inputs, *map(mpf, at[moved + 1 :])])

    yield from limits(alone, [at[moved]], (0,) * len(order))


def near(x: float, side: int, closeness: int, place: int) -> Any:
    if math.isinf(x):  # two of them are no multiples of each other: there mod has its steps
        return mp.sign(x) * (mp.pi, mp.e, mp.phi)[place] * mpf(10) ** (3 * closeness)
    return mpf(x) + side * mpf(10) ** (-8 - 8 * closeness) * min(abs(mpf(x)) or 1, 1)


def derivative(function: Any, at: list[Any], order: Order) -> Any:
    if not order:
        return function(at)
    i, *rest = order
    step = mpf(10) ** (-450 if any(abs(x) < mpf(10) ** -200 for x in at) else -100)
    up, down = ([*at[:i], at[i] + sign * step, *at[i + 1 :]] for sign in (1, -1))
    return (derivative(function, up, tuple(rest)) - derivative(function, down, tuple(rest))) / (2 * step)


def limit(first: Any, second: Any, third: Any) -> Any:
    """What a sequence goes to: as it stands, 0, or without end; None where it does not."""
    if any(mp.isnan(one) for one in (first, second, third)):
        return None
    if abs(third - second) <= mpf(10) ** -10 * max(abs(second), abs(third)):
        return third
    if abs(third) < NOTHING or (abs(third) < abs(second) / 50 and abs(second) < abs(first) / 50):
        return mpf(0)
    if abs(third) > abs(second) > abs(first) and abs(third - second) >= abs(second - first) / 2:
        return mp.sign(third) * mp.inf
    return third if abs(third - second) < abs(second - first) / 1000 else None


# ── routes ──


def by_other_routes(program: Program, expected: list[float], hessian: Any) -> Outcome:
    """The same numbers come of arrays, of rows by both kernels, and of programs."""
    for verb, words, found in routes(program):
        if not np.allclose(found, expected, rtol=1e-9, atol=1e-307, equal_nan=True):
            shown = command(program, *words, verb=verb)
            return Failure("ends", f"{verb} {' '.join(words)}".strip(), shown, told(found), told(expected))
    names = list(program.at)
    second = [hessian[x][y] for i, x in enumerate(names) for y in names[i:]]
    rows = Mapper(program.text, engine="numpy", hessian=True)({name: np.array([x]) for name, x in program.at.items()})
    found = [float(column[0]) for column in rows.values()][len(expected) :]
    if len(found) == len(second) and not np.allclose(found, second, rtol=1e-7, atol=1e-15, equal_nan=True):
        return Failure("ends", "map --hessian", command(program, "--hessian", verb="map"), told(found), told(second))
    return None


def routes(program: Program) -> Iterator[tuple[str, tuple[str, ...], list[float]]]:
    names, at = list(program.at), program.at
    compiled = Compiled(program.text)
    ones = {name: np.array([x, x]) for name, x in at.items()}
    result = compiled.evaluate(ones, upstream=np.ones(2))
    yield "eval", ("arrays",), [float(np.ravel(one)[0]) for one in (result.value, *result.gradients.values())]
    for engine in ("numpy", "jit"):
        columns = Mapper(program.text, engine=engine)(ones)
        yield "map", ("--engine", engine), [float(column[0]) for column in columns.values()]
    for to in ("python", "numpy"):
        try:
            source = write(Request(compiled.circuit(at), at=at, ties="both"), to)
        except Problem:
            continue
        scope: dict[str, Any] = {"__name__": "a module"}
        exec(compile(source, "program", "exec"), scope)
        value, gradients = scope["backprop"](*(at.values() if to == "python" else map(np.float64, at.values())))
        yield "code", ("--to", to), [float(value), *(float(gradients[name]) for name in names)]
