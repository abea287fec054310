"""The methods that SciPy has: BFGS, L-BFGS with bounds, and least squares. SciPy is imported here alone."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from backprop.errors import Problem, lacking
from backprop.errors.spelling import option
from backprop.optimize.objective import Objective
from backprop.optimize.parameters import Array
from backprop.optimize.watch import Watch

UNTIL_STOPPED = 10**9  # iterations: the watch counts them
FAR = 1e3  # times its size, above the lowest value: what stands for a value that is no number


def optimizers() -> Any:
    """SciPy's module. Raises a Problem that says how to get it."""
    try:
        from scipy import optimize
    except ImportError:
        otherwise = f"or another method: {option('--method', 'newton')}"
        raise lacking("this method", "SciPy", "minimize", otherwise) from None
    return optimize


def run(name: str, objective: Objective, watch: Watch) -> None:
    """Until the watch, or SciPy itself, stops it."""
    if name == "least-squares":
        least_squares(objective, watch)
    elif name == "bfgs":
        if watch.bounded:
            raise Problem("option", "bfgs takes no bounds", hint=f"l-bfgs does: {option('--method', 'l-bfgs')}")
        minimized("BFGS", objective, watch, {"gtol": 0.0, "maxiter": UNTIL_STOPPED})
    else:
        options = {"ftol": 0.0, "gtol": 0.0, "maxiter": UNTIL_STOPPED, "maxfun": UNTIL_STOPPED, "maxls": 50}
        minimized("L-BFGS-B", objective, watch, options)


class Remembered:
    """The last points at which the function was asked for, with what it said: SciPy's callback has the point alone.

    Where it says no number, SciPy is told a large one, and turns back: its searches know no other way.
    """

    def __init__(self, objective: Objective, watch: Watch) -> None:
        self.objective, self.watch = objective, watch
        self.known: dict[bytes, tuple[float, Array]] = {}
        self.lowest = np.inf
        self.outside: Array | None = None  # where it was no number

    def seen(self, x: Array) -> tuple[float, Array]:
        """What the function says of a point."""
        key = x.tobytes()
        if key not in self.known:
            if len(self.known) > 40:
                self.known.pop(next(iter(self.known)))
            self.known[key] = self.objective(x.copy())
        return self.known[key]

    def __call__(self, x: Array) -> tuple[float, Array]:
        value, gradient = self.seen(x)
        if value == -np.inf:
            self.watch(x.copy(), value, gradient)
        if are_numbers(value, gradient):
            self.lowest = min(self.lowest, value)
            return value, gradient
        if np.isfinite(x).all():
            self.outside = x.copy()
        return (self.lowest + FAR * (1 + abs(self.lowest)) if isfinite(self.lowest) else value), np.zeros(len(x))


def are_numbers(value: float, gradient: Array) -> bool:
    return isfinite(value) and bool(np.isfinite(gradient).all())


def minimized(method: str, objective: Objective, watch: Watch, options: dict[str, Any]) -> None:
    function = Remembered(objective, watch)

    def after(x: Array) -> None:
        if are_numbers(*function.seen(x)):  # what SciPy was told of another point is not true of it
            watch(x.copy(), *function.seen(x))

    watch(objective.start, *objective(objective.start))
    bounds = list(zip(watch.lower, watch.upper, strict=True)) if watch.bounded else None
    found = optimizers().minimize(
        function, objective.start, jac=True, method=method, bounds=bounds, callback=after, options=options
    )
    if watch.path.last is not None and not np.array_equal(found.x, watch.path.last.x):
        after(found.x)
    if function.outside is not None:
        raise watch.outside(function.outside)
    raise watch.stuck("")


def least_squares(objective: Objective, watch: Watch) -> None:
    """Levenberg-Marquardt; within bounds, SciPy's reflective trust region."""
    factor = objective.factor
    known: dict[bytes, tuple[Array, Array]] = {}

    def both(x: Array) -> tuple[Array, Array]:
        key = x.tobytes()
        if key not in known:
            known.clear()
            known[key] = objective.residuals(x.copy())
        return known[key]

    def jacobian(x: Array) -> Array:
        residuals, slopes = both(x)
        if watch.path.last is None or not np.array_equal(watch.path.last.x, x):
            watch(x.copy(), factor * float(residuals @ residuals), 2 * factor * (residuals @ slopes))
        return slopes

    residuals, _ = both(objective.start)
    method = "trf" if watch.bounded or len(residuals) < objective.parameters.size else "lm"
    found = optimizers().least_squares(
        lambda x: both(x)[0], objective.start, jacobian, method=method, x_scale="jac", xtol=1e-15, ftol=1e-15,
        gtol=1e-15, max_nfev=UNTIL_STOPPED, bounds=(watch.lower, watch.upper) if watch.bounded else (-np.inf, np.inf),
    )  # fmt: skip
    jacobian(found.x)
    raise watch.stuck("")
