"""The loop of the rules of descent: gradient, update, and again."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, pi

import numpy as np

from backprop.errors import Problem, nearest
from backprop.errors.spelling import option
from backprop.optimize.methods import Updates
from backprop.optimize.objective import Objective
from backprop.optimize.table import Table
from backprop.optimize.watch import Watch

Schedule = Callable[[int], float]  # the part of the rate that is left in the update number t, counted from 0

DECAYS = ("inverse:K", "exponential:K", "step:FACTOR:EVERY", "cosine")


def descend(objective: Objective, updates: Updates, rate: float, schedule: Schedule, watch: Watch) -> None:
    """Update after update, until the watch stops it."""
    x, t = objective.start, 0
    while True:
        value, gradient = objective(x)
        here = rate * schedule(t)
        watch(x, value, gradient, here)
        t += 1
        x = watch.inside(x, updates(x, gradient, here, t))


def descend_in_batches(
    table: Table, updates: Updates, rate: float, schedule: Schedule, watch: Watch, batch: int, epochs: int | None,
    seed: int | None,
) -> None:  # fmt: skip
    """An update for each batch of rows, in an order that is drawn anew in each epoch.

    The path has a point for each epoch: its value and gradient are the means over the epoch's batches, while the
    parameters moved. Whether it converged is judged by the whole table.
    """
    random = np.random.default_rng(seed)
    x, t = table.start, 0
    watch(x, *table(x), rate)
    per_epoch = -(-table.rows // batch)
    if epochs is not None:
        watch.steps = min(watch.steps, epochs * per_epoch)
        if watch.steps == epochs * per_epoch:
            watch.all_used = f"the {epochs:,} epochs are used up" if epochs != 1 else "the epoch is used up"
    try:
        while True:
            order = random.permutation(table.rows)
            value, gradient = 0.0, np.zeros(len(x))
            for start in range(0, table.rows, batch):
                rows = order[start : start + batch]
                found, slope = table.batch(x, rows)
                if found - found != 0:
                    watch(x, *table(x), rate, t)
                part = 1.0 if table.total else len(rows) / table.rows
                value += part * found
                gradient += part * slope
                here = rate * schedule(t)
                t += 1
                x = watch.inside(x, updates(x, slope, here, t))
                if t >= watch.steps or watch.late():
                    break
            if t >= watch.steps or watch.late() or watch.norm(x, gradient) <= watch.tolerance:
                value, gradient = table(x)
            watch(x, value, gradient, here, t)
    except KeyboardInterrupt:
        watch.keep(x, *table(x), t)
        raise


def descend_by_search(objective: Objective, rate: float, watch: Watch) -> None:
    """Steps against the gradient, each halved until the value falls enough (Armijo); the next begins twice as long."""
    x, length = objective.start, rate
    value, gradient = objective(x)
    while True:
        watch(x, value, gradient)
        for _ in range(100):
            new = watch.inside(x, x - length * gradient)
            found, slope = objective.value(new), float(gradient @ (new - x))
            if found <= value + 1e-4 * slope and (found < value or slope == 0):
                break
            length /= 2
        else:
            raise watch.stuck(", however short it is")
        x, length = new, 2 * length
        value, gradient = objective(x)


def schedule_of(text: str | None, steps: int) -> Schedule:
    """How the rate goes down. Raises a Problem for what is none of DECAYS."""
    if text is None:
        return lambda t: 1.0
    name, *rest = text.split(":")
    hint = f"it is one of {', '.join(DECAYS)}, for example {option('--decay', 'exponential:0.01')}"
    try:
        numbers = [float(part) for part in rest]
    except ValueError:
        raise Problem("option", f"{option('--decay', text)}: {':'.join(rest)} is no number", hint=hint) from None
    if name == "inverse" and len(numbers) == 1 and numbers[0] >= 0:
        return lambda t: 1 / (1 + numbers[0] * t)
    if name == "exponential" and len(numbers) == 1 and numbers[0] >= 0:
        return lambda t: exp(-numbers[0] * t)
    if name == "step" and len(numbers) == 2 and 0 < numbers[0] <= 1 <= numbers[1]:
        return lambda t: numbers[0] ** (t // int(numbers[1]))
    if name == "cosine" and not numbers:
        return lambda t: (1 + cos(pi * min(t / steps, 1.0))) / 2
    near = nearest(name, ["inverse", "exponential", "step", "cosine"])
    said = f"did you mean {near}? {hint}" if near and near != name else hint
    raise Problem("option", f"there is no decay {text}", hint=said)
