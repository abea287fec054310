"""What is told of a path: the table, its rows as objects of JSON, all of it as CSV."""

from __future__ import annotations

from typing import Any

from backprop.errors.spelling import in_shell
from backprop.optimize.minimum import Reached
from backprop.optimize.path import Step
from backprop.show.grid import Column, Grid, cell, number
from backprop.show.objects import nested_numbers
from backprop.show.objects import number as json_number
from backprop.show.text import escaped, html

ROWS = 20  # of the table, if not all are asked for
MOST_COLUMNS = 6  # elements of parameters that have columns of their own


def chosen(steps: list[Step], full: bool) -> list[Step]:
    """The rows of the table: the first and the last, and between them ever larger gaps."""
    if full or len(steps) <= ROWS:
        return steps
    last = len(steps) - 1
    places = {round(last ** (place / (ROWS - 2))) for place in range(ROWS - 1)} | {0}
    free = iter(range(1, last))
    while len(places) < ROWS:
        places.add(next(free))
    return [steps[place] for place in sorted(places)]


def path_grid(found: Reached, *, digits: int | None, full: bool, every_element: bool = False) -> Grid:
    """The table of the path. `every_element` gives each element a column, also where there are many."""
    names = found.objective.parameters.elements()
    shown = names if every_element or len(names) <= MOST_COLUMNS else []
    columns = [
        Column("step", "name", True), Column("value", "value", True), *(Column(name, "", True) for name in shown),
        Column("gradient norm", "gradient", True), Column("step length", "", True),
    ]  # fmt: skip
    rows = [
        [
            str(step.step), number(found.sign * step.value, digits),
            *(number(float(x), digits) for x in (step.x if shown else ())),
            number(step.norm, digits if digits is None else min(digits, 3)),
            "" if step.step == 0 else number(step.length, digits if digits is None else min(digits, 3)),
        ]
        for step in chosen(found.path.all(), full)
    ]  # fmt: skip
    return Grid(columns, rows)


def parameters_grid(found: Reached, *, digits: int | None, full: bool, one_line: bool = False) -> Grid | None:
    """The parameters that were reached; None where they are columns of the path."""
    if found.objective.parameters.size <= MOST_COLUMNS and not any(found.objective.parameters.shapes.values()):
        return None
    columns = [Column("parameter", "name", False), Column("value", "value", True), Column("gradient", "gradient", True)]
    rows = [
        [name, *(cell(value, digits, full=full, one_line=one_line) for value in (found.parameters[name], gradient))]
        for name, gradient in found.gradient.items()
    ]
    return Grid(columns, rows)


def step_object(found: Any, step: Step, sign: float) -> dict[str, Any]:
    parameters = found.unpack(step.x)
    return {
        "step": step.step,
        "value": json_number(sign * step.value + 0.0),
        "parameters": nested_numbers(parameters),
        "gradient": nested_numbers(found.unpack(sign * step.gradient + 0.0)),
    }


def end_object(found: Reached) -> dict[str, Any]:
    """Why it stopped, as the last object of JSON."""
    return {"why": in_shell(found.why), "reason": found.reason, "converged": found.converged, "steps": found.steps}


def parameters_object(found: Reached) -> dict[str, Any]:
    """The parameters as `--vars` reads them."""
    return {name: json_number(value) for name, value in found.parameters.items()}


def html_table(found: Reached) -> str:
    """The table as a notebook shows it."""
    return f"{html(path_grid(found, digits=6, full=False))}<p>stopped: {escaped(found.why)}</p>"
