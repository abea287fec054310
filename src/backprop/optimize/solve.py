"""From a question to the answer: which method, from where, within which bounds, until when."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from os import PathLike, fspath

import numpy as np

from backprop.draw.notebook import KINDS, Layout, Shown, Theme, as_json, digits_of, laid_out, shown
from backprop.errors import Problem, did_you_mean
from backprop.errors.expected import helpful, number, whole
from backprop.optimize.descend import descend, descend_by_search, descend_in_batches, schedule_of
from backprop.optimize.methods import METHODS, Updates, numbers_of, rate_of
from backprop.optimize.minimum import Reached, Settings
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array
from backprop.optimize.path import Path, Step
from backprop.optimize.table import Table
from backprop.optimize.watch import Watch
from backprop.optimize.why import Account, Stopped, Verdict
from backprop.rows.tables.files import put

CURVED = ("newton", "trust-region")
SCIPY = ("bfgs", "l-bfgs", "least-squares")
ALL_METHODS = (*METHODS, *CURVED, *SCIPY)
LEAST = 1e-300  # what a parameter that is to be positive cannot fall below


@helpful
class Minimum(Reached):
    """What was reached: `parameters` and the `value` there, the `gradient`, the `path`, and `why` it stopped.

    `converged` is whether that is a minimum, and `reason` why in a word: "converged", "steps", "seconds", "kink",
    "saddle", "plateau", "unbounded", "grows", "nan", "stuck" or "interrupted". `steps` is how many updates were made; a
    step of the path has `step`, `value`, `x`, `gradient`, `norm` and `length`.
    """

    def table(self, form: Layout = "plain", *, digits: int = 6, full: bool = False, color: bool = False) -> Shown:
        """The path as text: "plain", "csv", "markdown", "latex" or "html". Of a long one, about twenty rows are shown,
        or with `full` all; CSV has all, with all digits, and with `color` a plain one is painted for a terminal."""
        from backprop.optimize.report import path_grid

        csv = form == "csv"
        grid = path_grid(self, digits=None if csv else digits_of(digits), full=full or csv, every_element=csv)
        return laid_out(grid, form, color)

    def json(self) -> Shown:
        """What `backprop minimize --json` prints: an object a line for each step, and one for why it stopped."""
        from backprop.optimize.report import end_object, step_object

        steps = [step_object(self.objective.parameters, step, self.sign) for step in self.path]
        return shown("\n".join(map(as_json, [*steps, end_object(self)])), "application/jsonl")

    def explain(self, *, digits: int = 6) -> Shown:
        """The updates told, with their numbers: of a path of few steps."""
        from backprop.optimize.equations import check_told, told

        check_told(self.settings.method, self.settings.batch, self.settings.line_search)
        return shown(told(self, digits_of(digits), self.why))

    def draw(self, theme: Theme = "light") -> Shown:
        """The path as a picture, in SVG; what is drawn has `save("path.svg")`, or .png."""
        from backprop.optimize.picture import svg

        return shown(svg(self, theme)[0], KINDS["svg"])

    def save(self, path: str | PathLike[str]) -> None:
        """Write the parameters (.json), the path (.csv) or its picture (.svg, .png, .html), as `-o` does."""
        from backprop.optimize.picture import in_file

        text = in_file(self, fspath(path))
        put(text.encode() if isinstance(text, str) else text, fspath(path))

    def _repr_html_(self) -> str:
        from backprop.optimize.report import html_table

        return self.draw() + html_table(self)


def solve(
    objective: Objective, settings: Settings, *, maximize: bool = False, seen: Callable[[Step], None] | None = None
) -> Minimum:
    """Follow the gradient. Raises a Problem for whatever is asked wrongly."""
    check(settings)
    lower, upper = limits(objective, settings)
    objective.start = np.clip(objective.start, lower, upper)
    path = Path(objective.parameters, seen)
    steady = settings.batch is None and settings.decay is None and not settings.line_search
    account = Account(
        objective, path, lower, upper, settings.tolerance, settings.method, numbers_of(settings),
        rate_of(settings) if settings.method in METHODS and steady else None,
    )  # fmt: skip
    watch = Watch(account, lower, upper, settings.steps, settings.seconds)
    for name in settings.positive:
        watch.positive[objective.parameters.slices[name]] = True
    try:
        with np.errstate(all="ignore"):
            run_method(objective, settings, watch)
        raise AssertionError("a method ends by its watch")
    except Stopped as stopped:
        verdict = stopped.verdict
    except KeyboardInterrupt:
        if path.last is None:
            raise
        verdict = Verdict("interrupted", f"interrupted after {path.last.step:,} steps")
    return Minimum(objective, path, verdict, settings, -1.0 if maximize else 1.0)


def run_method(objective: Objective, settings: Settings, watch: Watch) -> None:
    name = settings.method
    if name in METHODS:
        rate = rate_of(settings)
        if settings.line_search:
            descend_by_search(objective, rate, watch)
        updates = Updates(METHODS[name], objective.parameters.size, numbers_of(settings))
        schedule = schedule_of(settings.decay, settings.steps)
        if settings.batch is not None and isinstance(objective, Table):
            size = min(settings.batch, objective.rows)
            descend_in_batches(objective, updates, rate, schedule, watch, size, settings.epochs, settings.seed)
        descend(objective, updates, rate, schedule, watch)
    elif name in CURVED:
        from backprop.optimize.curved import newton, trust_region

        (newton if name == "newton" else trust_region)(objective, watch)
    else:
        from backprop.optimize.scipy_methods import run

        run(name, objective, watch)


def check(settings: Settings) -> None:
    """Whether the settings fit each other."""
    name = settings.method
    if name not in ALL_METHODS:
        hint = did_you_mean(name, ALL_METHODS, f"it is one of {', '.join(ALL_METHODS)}")
        raise Problem("option", f"there is no method {name}", hint=hint)
    check_numbers(settings)
    if settings.rate is not None and name not in METHODS:
        raise Problem("option", f"{name} finds the length of its steps itself: it takes no rate")
    if settings.rate is not None and not (isfinite(settings.rate) and settings.rate > 0):
        raise Problem("option", f"the rate must be a number above 0, and not {settings.rate:g}")
    if settings.line_search and name != "descent":
        raise Problem("option", f"a line search goes with the method descent, and not with {name}")
    if settings.decay is not None and (name not in METHODS or settings.line_search):
        other = "a line search" if settings.line_search else name
        raise Problem("option", f"{other} has no rate that could decay")
    if settings.batch is not None and (name not in METHODS or settings.line_search):
        hint = f"batches are for {', '.join(METHODS)}"
        raise Problem("option", f"{name} takes the whole table in each step", hint=hint)
    for letter in settings.numbers:
        if name not in METHODS or letter not in METHODS[name].settings:
            fits = [other for other, kind in METHODS.items() if letter in kind.settings]
            raise Problem("option", f"{name} has no {letter}", hint=f"it is a number of {' and '.join(fits)}")
    schedule_of(settings.decay, max(settings.steps, 1))


def check_numbers(settings: Settings) -> None:
    """Whether what should be a number is one."""
    whole("steps", settings.steps)
    if settings.rate is not None:
        number("rate", settings.rate)
    for name, value in (("tolerance", settings.tolerance), ("seconds", settings.seconds)):
        if value is not None and number(name, value) < 0:
            raise Problem("option", f"the {name} must be a number from 0 on, and not {value:g}")
    for name, count, least in (
        ("batch", settings.batch, 1),
        ("epochs", settings.epochs, 1),
        ("seed", settings.seed, 0),
    ):
        if count is not None:
            whole(name, count, least)
    for letter, value in settings.numbers.items():
        if not 0 <= number(letter, value) < 1:
            raise Problem("option", f"{letter} is a number from 0 up to 1, and not {value:g}")


def limits(objective: Objective, settings: Settings) -> tuple[Array, Array]:
    """The bounds of every element."""
    parameters = objective.parameters
    for name in [*settings.bounds, *settings.positive]:
        if name not in parameters.names:
            raise Problem("variable", f"{name} has bounds, and is none of the parameters that move")
    lower = parameters.stretched({name: low for name, (low, _) in settings.bounds.items()}, -np.inf)
    upper = parameters.stretched({name: high for name, (_, high) in settings.bounds.items()}, np.inf)
    for name in settings.positive:
        where = parameters.slices[name]
        lower[where] = np.maximum(lower[where], LEAST)
        if not (objective.start[where] > 0).all():
            start = float(objective.start[where].min())
            raise Problem("value", f"{name} is to stay above 0, and starts at {start:g}", hint=f"--{name} 1")
    if not (lower <= upper).all():
        name = parameters.elements()[int(np.flatnonzero(~(lower <= upper))[0])]
        raise Problem("value", f"the lower bound of {name} is above the upper one", hint="the lower one stands first")
    return lower, upper
