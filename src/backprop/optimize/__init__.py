"""Follow the gradient: parameter updates down to a minimum, and an honest word on why they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from backprop.errors import Problem
from backprop.library import Compiled
from backprop.optimize.objective import Formula, check_number
from backprop.optimize.path import Path, Step
from backprop.optimize.solve import Minimum, Settings, solve
from backprop.syntax import canonical_name

Value = Any

__all__ = ["Minimum", "Path", "Settings", "Step", "minimize"]


def minimize(
    formula: str | Compiled,
    at: Mapping[str, Value] | None = None,
    /,
    *,
    method: str = "descent",
    wrt: Iterable[str] | None = None,
    rate: float | None = None,
    steps: int = 1000,
    tolerance: float = 1e-6,
    seconds: float | None = None,
    maximize: bool = False,
    bounds: Mapping[str, tuple[Value, Value]] | None = None,
    positive: Iterable[str] = (),
    decay: str | None = None,
    line_search: bool = False,
    numbers: Mapping[str, float] | None = None,
    seen: Callable[[Step], None] | None = None,
    **more: Value,
) -> Minimum:
    """Move variables against the gradient of a formula: `minimize("(x-3)^2", {"x": 0}).parameters["x"]` is 3.

    The start is a mapping, keywords, or both (keywords win); the variables in `wrt` move, all if it is None. `method`
    is one of descent, momentum, nesterov, rmsprop, adam, newton, trust-region, bfgs, l-bfgs and least-squares;
    `numbers` are those of its equations (mu, beta1, …). `bounds` has a lower and an upper bound for some variables,
    `positive` those that stay above 0. `seen` is called with each step. Raises a Problem for whatever is wrong with it.
    """
    compiled = formula if isinstance(formula, Compiled) else Compiled(formula)
    start = {canonical_name(name): value for name, value in {**(at or {}), **more}.items()}
    names = compiled.variables_given(start) if wrt is None else compiled.chosen(start, wrt)
    settings = Settings(
        method, rate, steps, tolerance, seconds, decay, line_search, dict(numbers or {}), dict(bounds or {}),
        tuple(positive),
    )  # fmt: skip
    objective = formula_objective(compiled, start, names, maximize, settings)
    return solve(objective, settings, maximize=maximize, seen=seen)


def formula_objective(
    compiled: Compiled, start: Mapping[str, Value], names: list[str], maximize: bool, settings: Settings
) -> Formula:
    """The formula as what is made small."""
    if not names:
        raise Problem("variable", "nothing can move: the expression has no variables", hint="give it some: (x-3)^2")
    objective = Formula(compiled, start, names, maximize=maximize)
    if settings.method != "least-squares":
        check_number(objective.circuit, objective.at)
    return objective
