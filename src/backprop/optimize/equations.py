"""The updates of a path told: the equations of the method, with the numbers of each step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from backprop.differentiate.rules import substituted
from backprop.errors import Problem
from backprop.errors.spelling import option
from backprop.language.printer import number_text, rounded
from backprop.library import Compiled
from backprop.optimize.curvature import hessian_of
from backprop.optimize.curved import newton_step
from backprop.optimize.descend import schedule_of
from backprop.optimize.methods import METHODS, numbers_of, rate_of
from backprop.optimize.minimum import Reached
from backprop.show.grid import cell, number

FEW = 2  # updates that are told, if no number is given
ELEMENTS = 4  # of the parameters, whose updates are told
TOLD = (*METHODS, "newton")


def check_told(method: str, batch: int | None, line_search: bool) -> None:
    """Whether the updates of a method can be told. Raises a Problem."""
    if method not in TOLD:
        raise Problem(
            "option", f"the steps of {method} are no equation of a few numbers", hint=f"{', '.join(TOLD)} are"
        )
    if batch is not None or line_search:
        what = "an update of a batch" if batch is not None else "a line search"
        hint = f"leave {option('--batch')} and {option('--line-search')} out"
        raise Problem("option", f"{option('--explain')} does not tell {what}", hint=hint)


def told(found: Reached, digits: int, why: str) -> str:
    lines = [*(newton_lines if found.settings.method == "newton" else rule_lines)(found, digits)]
    return "\n".join([*lines, f"stopped: {why}", ""])


def rule_lines(found: Reached, digits: int) -> Iterator[str]:
    """The equations, then a paragraph for each update."""
    settings, kind = found.settings, METHODS[found.settings.method]
    rate = rate_of(settings)
    numbers = numbers_of(settings)
    rules = [rule.replace("x - rate", "x + rate") if found.sign < 0 else rule for rule in kind.rules]
    yield f"{settings.method}: {kind.says}"
    yield from (f"    {rule}" for rule in rules)
    counted = ", t counts the updates" if any("t)" in rule for rule in rules) else ""
    yield f"g is the gradient{counted}; " + ", ".join(
        f"{name} = {number_text(value)}" for name, value in {"rate": rate, **numbers}.items()
    )
    schedule = schedule_of(settings.decay, settings.steps)
    names = found.objective.parameters.elements()
    compiled = [(target, text, Compiled(text)) for target, _, text in (rule.partition(" = ") for rule in rules)]
    state: list[dict[str, float]] = [dict.fromkeys(kind.state, 0.0) for _ in names]
    steps = found.path.all()
    for t, (step, after) in enumerate(zip(steps, steps[1:], strict=False), 1):
        yield ""
        yield heading(found, t, digits)
        for place, name in enumerate(names[:ELEMENTS]):
            here = {**numbers, **state[place], "rate": rate * schedule(t - 1), "t": float(t)}
            here |= {"x": float(step.x[place]), "g": float(found.sign * step.gradient[place] + 0.0)}
            for target, text, formula in compiled:
                value = float(formula.forward({one: here[one] for one in formula.variables}).value)
                shown = substituted(text, {one: rounded(here[one], digits) for one in formula.variables})
                yield f"    {name if target == 'x' else target} = {shown} = {number(value, digits)}"
                here[target] = value
            state[place] = {one: here[one] for one in kind.state}
            if not np.isclose(here["x"], after.x[place], rtol=1e-9, atol=1e-300):
                yield f"    {name} = {number(float(after.x[place]), digits)}, its bound"
        yield from more(names)


def newton_lines(found: Reached, digits: int) -> Iterator[str]:
    """Newton's step: the gradient, the Hessian, and the solution."""
    yield "newton: A step to where the gradient would be 0, if the value were a parabola."
    yield "    d = solve(H, -g)"
    yield "    x = x + length*d"
    other, way = ("an upward", "rises") if found.sign < 0 else ("a downward", "falls")
    yield f"g is the gradient, H the Hessian ({other} curvature is turned round); the length is halved from 1 until the"
    yield f"value {way}"
    steps = found.path.all()
    for t, (step, after) in enumerate(zip(steps, steps[1:], strict=False), 1):
        size = len(step.x)
        yield ""
        yield heading(found, t, digits)
        d = newton_step(found.objective, step.x, step.gradient, np.ones(size, dtype=bool))
        if size <= ELEMENTS:
            yield from solution(found, step.x, step.gradient, d, digits)
        largest = int(np.abs(d).argmax())
        length = float((after.x[largest] - step.x[largest]) / d[largest]) if d[largest] else 1.0
        for name, x, part, new in list(zip(found.objective.parameters.elements(), step.x, d, after.x, strict=True))[
            :ELEMENTS
        ]:
            shown = substituted("x + length*d", {
                "x": rounded(float(x), digits), "length": rounded(length, digits), "d": rounded(float(part), digits),
            })  # fmt: skip
            yield f"    {name} = {shown} = {number(float(new), digits)}"
        yield from more(found.objective.parameters.elements())


def solution(found: Reached, x: Any, gradient: Any, d: Any, digits: int) -> Iterator[str]:
    """The linear equations whose solution is the step; where the value curves downwards, with that turned round."""
    H = hessian_of(found.objective, x, np.arange(len(x)))
    values, vectors = np.linalg.eigh(H)
    turned = (vectors * np.abs(values)) @ vectors.T
    if not np.allclose(turned @ d, -gradient, rtol=1e-6):
        way = "downwards" if found.sign < 0 else "upwards"
        yield f"    H does not curve {way} along a direction: d follows the gradient, no further than x is from 0"
        return
    if values.min() < 0:
        yield f"    H = {one_line(found.sign * H + 0.0, digits)}, turned round where it curves the other way"
    H, g = (found.sign * array + 0.0 for array in (turned, gradient))
    yield f"    d = solve({one_line(H, digits)}, -{one_line(g, digits)}) = {one_line(d, digits)}"


def heading(found: Reached, t: int, digits: int) -> str:
    """Where an update begins."""
    step = found.path.all()[t - 1]
    gradients = ", ".join(
        f"d{name} = {cell(value, digits, one_line=True)}"
        for name, value in found.objective.parameters.unpack(found.sign * step.gradient + 0.0).items()
    )
    return f"Update {t}: the value is {number(found.sign * step.value + 0.0, digits)}, and {gradients}."


def more(names: list[str]) -> Iterator[str]:
    if len(names) > ELEMENTS:
        yield f"    … and {len(names) - ELEMENTS} more elements in the same way"


def one_line(array: Any, digits: int) -> str:
    return cell(array, digits, one_line=True)
