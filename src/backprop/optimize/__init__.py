"""Follow the gradient: parameter updates down to a minimum, and an honest word on why they ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike, fspath
from typing import Any, Literal

from backprop.errors import Problem
from backprop.errors.expected import helped
from backprop.errors.spelling import option
from backprop.language import canonical_name
from backprop.library import Compiled, merged
from backprop.library.values import as_value
from backprop.optimize.minimum import Settings
from backprop.optimize.objective import Formula, Objective
from backprop.optimize.path import Path, Step
from backprop.optimize.solve import Minimum, solve
from backprop.optimize.start import check_start, resumed, started
from backprop.optimize.table import Table

Value = Any
Method = Literal[
    "descent", "momentum", "nesterov", "rmsprop", "adam", "newton", "trust-region", "bfgs", "l-bfgs", "least-squares"
]

STEPS = 1000  # the most, if nothing is said
UNTIL_THE_EPOCHS_END = 10**12

__all__ = ["Minimum", "Path", "Settings", "Step", "minimize"]


@helped
def minimize(
    formula: str | Compiled | Callable[..., object],
    at: Mapping[str, Value] | None = None,
    /,
    *,
    method: Method = "descent",
    wrt: Iterable[str] | None = None,
    rate: float | None = None,
    steps: int | None = None,
    tolerance: float = 1e-6,
    seconds: float | None = None,
    maximize: bool = False,
    bounds: Mapping[str, tuple[Value, Value]] | None = None,
    positive: Iterable[str] = (),
    decay: str | None = None,
    line_search: bool = False,
    numbers: Mapping[str, float] | None = None,
    data: Any = None,
    source_format: Literal["jsonl", "csv", "tsv", "parquet", "arrow"] | None = None,
    total: bool = False,
    batch: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    seen: Callable[[Step], None] | None = None,
    resume: str | PathLike[str] | None = None,
    ties: Literal["both", "split", "first"] = "both",
    expand: bool = False,
    **more: Value,
) -> Minimum:
    """Move variables against the gradient of a formula: `minimize("(x-3)^2", {"x": 0}).parameters["x"]` is 3.

    The formula is a text, what `compile` made of one, or a function of yours, which is read and never run.
    The start is a mapping, keywords, or both (keywords win); the variables in `wrt` move, all if it is None. `method`
    is one of descent, momentum, nesterov, rmsprop, adam, newton, trust-region, bfgs, l-bfgs and least-squares;
    `numbers` are those of its equations (mu, beta1, …). `bounds` has a lower and an upper bound for some variables,
    `positive` those that stay above 0; a variable that has only bounds starts between them. `resume` is a file of
    parameters that `save` wrote, and those win. `seen` is called with each step. `ties` and `expand` are those of
    `evaluate`, and `decay` and the other options those of `backprop minimize`.

    With `data`, a table as in `map` or the name of a file or several, the mean of the formula over the rows is made
    small, or with `total` the sum: the variables that have a start move, the others are columns.
    `source_format` is what the files are, where no suffix says it. `batch` rows go into each update, in an order that
    `seed` draws, for `epochs` times the whole table.
    Raises a Problem for whatever is wrong with it.
    """
    before = {} if resume is None else resumed(resume)
    named = {canonical_name(name): value for name, value in {**merged(at, more), **before}.items()}
    compiled, start, called = understood(formula, started(named, bounds or {}), data, ties, expand)
    settings = Settings(
        method, rate, most_steps(steps, epochs, batch), tolerance, seconds, decay, line_search, dict(numbers or {}),
        dict(bounds or {}), tuple(positive), batch, epochs, seed,
    )  # fmt: skip
    if data is not None:
        table = columns(compiled, start, data, source_format, called)
        objective = table_objective(compiled, start, wrt, table, maximize, total)
    elif (batch, epochs, total) == (None, None, False):
        objective = formula_objective(compiled, start, wrt, maximize)
    else:
        raise Problem("option", "batches, epochs and sums are for tables, and there is none")
    return solve(objective, settings, maximize=maximize, seen=seen)


def most_steps(steps: int | None, epochs: int | None, batch: int | None) -> int:
    """How many updates are made at most: of batches, as many as the epochs have."""
    if steps is not None:
        return steps
    return STEPS if epochs is None else epochs if batch is None else UNTIL_THE_EPOCHS_END


def understood(
    formula: str | Compiled | Callable[..., object], start: dict[str, Value], data: Any, ties: str, expand: bool
) -> tuple[Compiled, dict[str, Value], dict[str, str]]:
    """The formula, its start, and what names in it that stand in backticks are called in the table."""
    if isinstance(formula, Compiled):
        return formula, start, {}
    if callable(formula):
        from backprop.library.traced import formula_anywhere, runner_of

        name = getattr(formula, "__name__", "the code")
        return *formula_anywhere(runner_of(formula, start), name, ties, expand), {}
    compiled, called = read(formula, data is not None, lambda text: Compiled(text, ties=ties, expand=expand))
    return compiled, start, called


def read(formula: str, of_table: bool, make: Callable[[str], Compiled]) -> tuple[Compiled, dict[str, str]]:
    """The formula, and what names in it that stand in backticks are called in the table, if it is of one."""
    if not of_table or not isinstance(formula, str) or "`" not in formula:
        return make(formula), {}
    from backprop.rows.compute.column_names import Called

    names = Called(formula, {})
    with names.problems():
        return make(names.text), names.spelt


def columns(
    compiled: Compiled, start: Mapping[str, Value], data: Any, form: str | None, called: Mapping[str, str]
) -> dict[str, Any]:
    """The columns that the formula uses, of a table in memory or in files."""
    from backprop.optimize.reading import columns_of, from_arrays
    from backprop.rows.tables.memory import cells, names_of

    check_start(start, f"{next(iter(compiled.variables), 'w')}=0")
    files = [data] if isinstance(data, str | PathLike) else data
    if isinstance(files, list | tuple) and files and all(isinstance(path, str | PathLike) for path in files):
        return columns_of(compiled, [fspath(path) for path in files], start, form, called)[0]
    if not isinstance(data, Mapping):
        names = names_of(data)
        data = data.to_pydict() if hasattr(data, "to_pydict") else {name: cells(data, name) for name in names}
    return from_arrays(compiled, data, start, called)


def formula_objective(
    compiled: Compiled, start: Mapping[str, Value], wrt: Iterable[str] | None, maximize: bool
) -> Formula:
    """The formula at a point as what is made small."""
    used = compiled.variables_given(start)
    names = [name for name in start if name in used] if wrt is None else compiled.chosen(start, wrt)
    if not used:
        raise Problem("variable", "nothing can move: the expression has no variables", hint="give it some: (x-3)^2")
    missing = [name for name in used if name not in start]
    if missing:
        raise compiled.missing(missing)
    if not names:
        raise Problem("variable", f"nothing can move: {option('--wrt')} names no variable")
    return Formula(compiled, start, names, maximize=maximize)


def table_objective(
    compiled: Compiled, start: Mapping[str, Value], wrt: Iterable[str] | None, columns: Mapping[str, Any],
    maximize: bool, total: bool,
) -> Objective:  # fmt: skip
    """The formula in the rows of a table as what is made small."""
    compiled.chosen([*start, *columns], start)
    names = list(start) if wrt is None else compiled.chosen([*start, *columns], wrt)
    for name in names:
        if name not in start:
            raise Problem("variable", f"{name} is a column, and has no start from which it could move")
    if not names:
        raise Problem("variable", "nothing can move: all variables are columns", hint="give some of them a start")
    at = {name: as_value(name, value) for name, value in start.items()}
    return Table(compiled, columns, at, names, maximize=maximize, total=total)
