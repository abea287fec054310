"""Value, gradient and Hessian of random programs over numbers, beside differences of mpmath's 50 digits."""

from __future__ import annotations

import ast
import math
import random
import re
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from mpmath import mp, mpf

from backprop.differentiate.run import Run
from backprop.errors import Problem
from backprop.gates import GATES
from backprop.library import Compiled
from backprop.library.notes import cusps
from oracle import ORACLE

from ..case import Answer, Failure, Outcome, Program, Skipped, answered, command, told

DIGITS = 60
TINY_DIGITS = 720  # where a step beside 1e-300 must not vanish beside 1
LARGEST = mpf(10) ** 310
SMALLEST = mpf(10) ** -300
STEP = mpf(10) ** -18
LOST = 64  # times what a rounding of each stage may do
ROUNDINGS = (1, -1, 2, -2)  # seeds; with the other sign the other way, or all might end on one side of a jump
POINTS = (0.0, 0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-8, 1e8, 1e-300, math.inf, -math.inf)
SYMBOLS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "^"}
NAMES = [name for name in ORACLE if not GATES[name].flat and name not in ("equal", "not_equal", "where", "polygamma")]


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        yield scalar_program(dice, dice.choice([1, 1, 2, 3, 5]), dice.choice([0.0, 0.3, 0.6]))


def scalar_program(dice: Random, gates: int, special: float) -> Program:
    """Gates on what other gates made, at a point of which some numbers are special."""
    from ..shrink import tidy

    at: dict[str, Any] = {
        name: dice.choice(POINTS) if dice.random() < special else round(dice.uniform(-2, 2), 2) for name in "abc"
    }
    names, statements = list(at), []
    for place in range(gates):
        name = dice.choice([*NAMES, *SYMBOLS, "where", "square", "identity"])
        inputs = [dice.choice([names[-1], *names]) for _ in range(arity(name))]
        if name in SYMBOLS:
            text = f"{inputs[0]} {SYMBOLS[name]} {inputs[1]}"
        elif name == "where":
            text = f"where({inputs[0]} > {inputs[1]}, {inputs[1]}, {inputs[2]})"
        else:
            text = f"{name}({', '.join(inputs)})"
        statements.append((f"q{place}", text))
        names.append(f"q{place}")
    return tidy((*statements[:-1], ("f", statements[-1][1])), at)


def arity(name: str) -> int:
    """How many inputs a call is given."""
    gate = GATES[name]
    return 2 if gate.variadic else gate.arity - len(gate.defaults)


# ── the truth ──


def rounding(seed: int) -> Callable[[], float]:
    """Draws how far each stage is off, from -1 to 1."""
    dice = random.Random(abs(seed))
    return lambda: math.copysign(1, seed) * dice.uniform(-1, 1)


class Stages(ast.NodeTransformer):
    """The operations of a text one by one, each with a name: every one of them is rounded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[tuple[str, str]] = []

    def of(self, text: str) -> list[tuple[str, str]]:
        whole = self.visit(ast.parse(text, mode="eval").body)
        return [*self.found, (self.name, ast.unparse(whole))]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        node = super().generic_visit(node)
        if not isinstance(node, ast.Call | ast.BinOp) or (
            isinstance(node, ast.Call) and ast.unparse(node.func) == "mpf"
        ):
            return node
        self.found.append((f"{self.name}_{len(self.found)}", ast.unparse(node)))
        return ast.Name(self.found[-1][0])


class Exact:
    """A program in mpmath. `noise` moves every stage by a rounding, to see what roundings can do."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = list(program.at)
        self.codes = []
        self.sunk = False  # whether something in the value is too small for a float
        self.bend = mpf(0)  # how far the slopes of the two sides of the last step differ
        for name, text in program.statements:
            text = re.sub(r"(?<![\w.])(\d+(?:\.\d+)?)", r"mpf('\1')", text.replace("^", "**"))
            self.codes += [(stage, compile(one, stage, "eval")) for stage, one in Stages(name).of(text)]

    def value(self, at: dict[str, Any], noise: Callable[[], float] | None = None) -> Any:
        scope: dict[str, Any] = {**{name: oracle.function for name, oracle in ORACLE.items()}, **at, "mpf": mpf}
        scope["where"] = lambda c, x, y: x if c else y
        scope["leaky_relu"] = lambda x: x if x > 0 else x / 100
        scope["elu"] = lambda x: x if x > 0 else mp.expm1(x)
        found: Any = None
        at_rest = all(scope[name] == x for name, x in self.program.at.items())
        for name, code in self.codes:
            found = eval(code, {"__builtins__": {}}, scope)
            if isinstance(found, mp.mpc):
                raise ValueError("complex")
            if abs(found) > LARGEST and not mp.isinf(found):
                raise OverflowError  # and what it is put into would take hours
            self.sunk = self.sunk or (at_rest and 0 < abs(found) < SMALLEST)
            if noise is not None:
                found *= 1 + mpf(2) ** -53 * noise()
            scope[name] = found
        return mpf(found)

    def moved(self, moves: dict[str, Any], noise: Callable[[], float] | None = None) -> Any:
        return self.value({name: mpf(x) + moves.get(name, 0) for name, x in self.program.at.items()}, noise)

    def size(self, name: str) -> Any:
        return STEP * (abs(mpf(self.program.at[name])) or 1)

    def slope(self, name: str, seed: int | None = None) -> Any:
        """The slope, None at a kink or where there is none. With a seed, every stage is rounded."""

        def at(step: Any) -> Any:
            return self.moved({name: step}, None if seed is None else rounding(seed))

        h = self.size(name)
        here, up, down = at(0), at(h), at(-h)
        right, left = (up - here) / h, (here - down) / h
        if abs(right - left) > mpf(10) ** -8 * max(abs(left), abs(right)) + mpf(10) ** -12:
            return None
        self.bend = abs(right - left)
        slope = (up - down) / (2 * h)
        wide = (at(1000 * h) - at(-1000 * h)) / (2000 * h)  # a slope that grows without end hangs on the step
        self.bend = max(self.bend, abs(wide - slope))
        return slope if abs(wide - slope) <= mpf(10) ** -6 * max(abs(slope), mpf(10) ** -6) else None

    def second(self, one: str, other: str, seed: int | None = None) -> Any:
        """The second derivative, None where two steps do not agree. With a seed, every stage is off by a rounding."""

        def at(moves: dict[str, Any]) -> Any:
            return self.moved(moves, None if seed is None else rounding(seed))

        found = []
        for factor in (1, 1000):
            h, k = factor * self.size(one), factor * self.size(other)
            if one == other:
                total = at({one: h}) - 2 * at({}) + at({one: -h})
                right = (at({one: 2 * h}) - 2 * at({one: h}) + at({})) / h**2
                found += [total / h**2, right]
                continue
            corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            found.append(sum(a * b * at({one: a * h, other: b * k}) for a, b in corners) / (4 * h * k))
        wide = max(found) - min(found)
        return found[0] if wide <= mpf(10) ** -5 * max(1, *map(abs, found)) else None


def judge(program: Program) -> Outcome:
    tiny = any(0 < abs(x) < 1e-20 for x in program.at.values())
    if not tiny:
        with mp.workdps(DIGITS):
            outcome = judged(program)
        if not isinstance(outcome, Failure):
            return outcome
    with mp.workdps(TINY_DIGITS):  # what fails is tried again: log(1 + exp(-200)) takes more digits
        return judged(program)


def judged(program: Program) -> Outcome:
    answer = answered(program, "scalars")
    if not isinstance(answer, Answer):
        return answer
    compiled, result, gradients = answer
    exact = Exact(program)
    shown = command(program, "--ties split", "--quiet")
    try:
        right = exact.moved({})
        noisy = [exact.moved({}, rounding(seed)) for seed in ROUNDINGS]
        if wrong(result.value, right, noisy, mpf(0)) and not hidden(result):
            if any(stage.value == 0 and math.copysign(1, stage.value) < 0 for stage in result.stages):
                return Skipped("a zero below 0")  # which mpmath has not
            return Failure("scalars", "value", shown, told(result.value), mp.nstr(right, 17))
        for name in exact.names:
            slope = exact.slope(name)
            if slope is None:
                return Skipped("a kink")
            free = exact.bend + 1e-14 * largest_share(result.run)
            noisy = [exact.slope(name, seed) for seed in ROUNDINGS]
            if None in noisy or any(note.kind in ("kink", "tie", "jump") for note in result.notes):
                return Skipped("a kink")
            alone = len(program.statements) == 1
            if wrong(gradients[name], slope, noisy, free, alone) and not hidden(result):
                came, right_one = told({name: gradients[name]}), f"{name}: {mp.nstr(slope, 17)}"
                return Failure("scalars", "gradient", shown, came, right_one)
        return hessian(program, compiled, exact)
    except Failed as failed:
        return failed.failure
    except (ValueError, ZeroDivisionError, OverflowError, NotImplementedError, TypeError) as error:
        return Skipped(type(error).__name__)


def largest_share(run: Run) -> float:
    """The largest gradient on the way, and the largest that a stage sends: of what cancels, last digits stay."""
    shares = [run.gradient(run.circuit.output)]
    for wire, inputs in enumerate(run.circuit.inputs):
        if inputs and run.sent[wire] is not None:
            shares += [run.sent[wire] * slope for slope in run.local_gradients(wire) if slope is not None]
    return max((abs(share) for share in shares if math.isfinite(share)), default=0.0)


def at_zero_power(run: Run) -> bool:
    """Whether there is a power of 0, of which the slope may be finite and the second one infinite."""
    pairs = zip(run.circuit.gates, run.circuit.inputs, strict=True)
    return any(gate.name == "power" and run.values[inputs[0]] == 0 for gate, inputs in pairs)


def cancelling(run: Run) -> Any:
    """The size of what cancels in a second derivative: a local slope's square, and its change beside a cusp."""
    slopes = [
        (mpf(slope), mpf(run.values[source]))
        for wire, inputs in enumerate(run.circuit.inputs)
        if inputs and run.sent[wire] is not None
        for source, slope in zip(inputs, run.local_gradients(wire), strict=True)
        if slope is not None and math.isfinite(slope)
    ]
    return max((max(slope**2, abs(slope / x) if x else 0) for slope, x in slopes), default=mpf(0))


class Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        self.failure = failure


def hessian(program: Program, compiled: Compiled, exact: Exact) -> Outcome:
    """Second derivatives to a few digits: a mistake in a rule is no matter of rounding."""
    try:
        found = compiled.hessian(program.at)
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        shown = command(program, "--hessian")
        raise Failed(Failure("scalars", "crash", shown, f"{type(error).__name__}: {error}", "an answer")) from error
    result = compiled.evaluate(program.at)
    if any(value != value for value in result.run.values):
        return Skipped("nan within")
    rests = not at_zero_power(result.run) and all_finite(result.run) and not any(cusps(result.run, result.names))
    for one in exact.names:
        for other in exact.names:
            right, came = exact.second(one, other), found[one][other]
            if right is None or abs(right) > 1e100 or exact.sunk:
                continue
            if (rests or math.isfinite(came)) and not abs(came - right) <= 1e-4 * max(1, abs(right)):
                noisy = exact.second(one, other, seed=1)
                if noisy is None or abs(came - right) <= LOST * abs(noisy - right) + 1e-14 * cancelling(result.run):
                    continue  # what the roundings of the stages may do to it
                shown = command(program, "--ties split", "--hessian", "--quiet")
                return Failure("scalars", "Hessian", shown, f"d{one} d{other}: {came!r}", mp.nstr(right, 12))
    return None


def all_finite(run: Run) -> bool:
    """Whether nothing on the way, nor any slope there, is infinite or has no square: 0 times infinity is nan."""
    slopes = [
        slope
        for wire, inputs in enumerate(run.circuit.inputs)
        if inputs and run.sent[wire] is not None
        for slope in run.local_gradients(wire)
        if slope is not None
    ]
    sizes = [abs(value) for value in (*run.values, *slopes)]
    return all(size == 0 or 1e-100 < size < 1e100 for size in sizes)


def wrong(came: float, right: Any, noisy: list[Any], free: Any, alone: bool = True) -> bool:
    """Whether a number is further off than roundings of the stages may put it."""
    if mp.isnan(right) or mp.isinf(right) or abs(right) > 1e300:
        return False
    if not math.isfinite(came):
        return alone and abs(right) < 1e150  # of several gates, 0 times infinity is nan
    margin = LOST * max(abs(one - right) for one in noisy) + mpf(10) ** -12 * abs(right) + mpf(10) ** -300 + free
    return bool(abs(came - right) > margin)


def hidden(result: Any) -> bool:
    """Whether something on the way left the range of floats: then no digit is promised."""
    sizes = [abs(number) for stage in result.stages for number in (stage.value, stage.gradient or 0.0)]
    return any(not math.isfinite(size) or size > 1e150 or 0 < size < 1e-290 for size in sizes)
