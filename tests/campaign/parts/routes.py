"""The ways to one answer agree: the run, the derived circuit, `--expand`, `map` on rows, and calls spelt as methods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from backprop.differentiate.derive import derive
from backprop.differentiate.run import evaluate
from backprop.errors import Problem
from backprop.library import Compiled
from backprop.numbers.shapes import shape_of
from backprop.rows.compute.mapper import Mapper

from ..case import Failure, Outcome, Program, Skipped, command, told
from ..making import array_program
from .scalars import scalar_program

Answer = tuple[Any, dict[str, Any]]


def attempts(dice: Random) -> Iterator[Program]:
    while True:
        if dice.random() < 0.3:
            yield scalar_program(dice, dice.choice([1, 2, 4]), dice.choice([0.0, 0.4]))
        else:
            yield array_program(dice, dice.choice([1, 2, 3]))


def derived(program: Program) -> Answer:
    circuit = Compiled(program.text).circuit(program.at)
    shapes = [shape_of(value) for value in evaluate(circuit, program.at)]
    found = derive(circuit, shapes=shapes if any(shapes) else None)
    values = evaluate(found.circuit, program.at)
    return values[found.value], {name: values[wire] for name, wire in found.gradients.items()}


def expanded(program: Program) -> Answer:
    found = Compiled(program.text, expand=True).evaluate(program.at)
    return found.value, found.gradients


def mapped(program: Program) -> Answer:
    """Two rows: this point, and one beside it."""
    at = {name: np.asarray(value, dtype=float) for name, value in program.at.items()}
    found = Mapper(program.text)({name: np.array([value, value * 0.9]) for name, value in at.items()})
    columns = [np.asarray(column)[0] for column in found.values()]
    return columns[0], dict(zip(Compiled(program.text).variables, columns[1:], strict=True))


CALL = re.compile(r"\b(?!where|einsum|concat|stack)([a-z_]\w*)\((\w+)(?:, |(?=\)))")


def as_methods(program: Program) -> Answer:
    """Calls whose first input is a name as methods of it: `q.exp()` for `exp(q)`."""
    text = CALL.sub(r"\2.\1(", program.text)
    found = Compiled(text).evaluate(program.at)
    return found.value, found.gradients


ROUTES = {"derive": derived, "expand": expanded, "map": mapped, "methods": as_methods}
SHOWN = {
    "derive": ("code", "--to", "numpy"), "expand": ("eval", "--expand", "--quiet"), "map": ("map",),
    "methods": ("eval",),
}  # fmt: skip


def judge(program: Program) -> Outcome:
    try:
        result = Compiled(program.text).evaluate(program.at)
        expected = result.value, result.gradients
    except Problem as problem:
        return Skipped(problem.kind)
    except Exception as error:
        return Skipped(type(error).__name__)  # told by the part on arrays
    sizes = [
        np.max(abs(np.asarray(one, dtype=float)), initial=0.0)
        for stage in result.stages
        for one in (stage.value, 0.0 if stage.gradient is None else stage.gradient)
    ]
    scale = float(max([1.0, *(size for size in sizes if np.isfinite(size))]))
    if scale > 1e8 or not all(np.all(np.isfinite(size)) for size in sizes):
        return Skipped("not finite")
    tiny = any(np.any((abs(np.asarray(x)) < 1e-6) & (np.asarray(x) != 0)) for x in program.at.values())
    for route, answer in ROUTES.items():
        if route == "expand" and tiny:
            continue  # a definition is there to be read: beside 0 it may lose all digits
        verb, *words = SHOWN[route]
        shown = command(program, *words, verb=verb)
        try:
            with np.errstate(all="ignore"):
                found = answer(program)
        except Problem:
            continue  # a route may refuse
        except Exception as error:
            return Failure("routes", f"{route}: crash", shown, f"{type(error).__name__}: {error}", told(expected[0]))
        if not alike(found, expected, scale):
            if not smooth(program, result, route):
                return Skipped("a kink")
            return Failure("routes", route, shown, both(found), both(expected))
    return None


def smooth(program: Program, result: Any, route: str) -> bool:
    """Where an opened gate has a tie of its own, another subgradient is no mistake."""
    if any(note.kind in ("kink", "tie", "jump") for note in result.notes) or not steady(program, result.value):
        return False
    if at_an_edge(result.run):
        return False
    notes = Compiled(program.text, expand=True).evaluate(program.at).notes if route == "expand" else []
    return not any(note.kind in ("kink", "tie", "jump", "not-finite", "gradient-not-finite") for note in notes)


def at_an_edge(run: Any) -> bool:
    """Whether a comparison is within a last digit of where it turns."""
    pairs = [
        [run.values[source] for source in inputs]
        for gate, inputs in zip(run.circuit.gates, run.circuit.inputs, strict=True)
        if gate.compares
    ]
    return any(np.any(np.isclose(*pair, rtol=1e-12, atol=0.0)) for pair in pairs)


def steady(program: Program, value: Any) -> bool:
    """Whether the value stays where the inputs move by a few last digits: a step is nobody's mistake."""
    dice = np.random.default_rng(0)
    for _ in range(3):
        at = {name: x * (1 + 1e-11 * dice.uniform(-1, 1, np.shape(x))) for name, x in program.at.items()}
        if not np.allclose(Compiled(program.text).forward(at).value, value, rtol=1e-8, atol=1e-8):
            return False
    return True


def both(answer: Answer) -> str:
    return f"value {told(answer[0])}, gradients {told(answer[1])}"


def alike(found: Answer, expected: Answer, scale: float) -> bool:
    pairs = [(found[0], expected[0]), *((found[1].get(name), right) for name, right in expected[1].items())]
    for one, other in pairs:
        if one is None or np.size(one) not in (1, np.size(other)):
            return False
        if np.size(other) and not np.allclose(one, other, rtol=1e-7, atol=1e-9 * scale, equal_nan=True):
            return False
    return True
