"""Penalties on weights, whose slope a backward pass adds, while neither its forward pass nor the loss has any."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import Problem
from backprop.python.inputs.given import at_path
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Path


def added(runner: Runner, points: Sequence[Point], path: Path) -> list[Any] | None:
    """What is added to a gradient at each of some points, if it is the slope of a penalty: what the pass gives with
    nothing from above; of a script that sets no loss, what it gives beside the slope of the one that is meant, where
    that is the same penalty everywhere. Else None."""
    found, factors, script = [], [], runner.pair.kind == "script"
    for point in points:
        weights = np.asarray(at_path({**runner.made_of, **point.given}, path), dtype=float)
        slope = beside(runner, point, path) if script else alone(runner, point, path)
        nothing = slope is not None and not np.any(weights) and np.allclose(slope, 0.0, atol=1e-12)
        much = None if slope is None or nothing else of_penalty(slope, weights, script)
        if much is None and not nothing:
            return None
        found.append(slope)
        factors += [much] if much is not None else []
    same = not script or (factors and np.allclose(factors, factors[0], rtol=1e-4, atol=1e-9))
    return found if same else None


def alone(runner: Runner, point: Point, path: Path) -> Any:
    """The gradient where nothing comes from above."""
    if not runner.above or not all(isinstance(one, np.ndarray) for one in point.upstream):
        return None
    with suppress(Problem):
        return runner.run(point.given, [np.zeros_like(one) for one in point.upstream]).gradients.get(path)
    return None


def beside(runner: Runner, point: Point, path: Path) -> Any:
    """What is left of the gradient without the right one."""
    wanted = point.swept.get(path)
    with suppress(Problem):
        mine = runner.run(point.given, point.upstream).gradients.get(path)
        if mine is not None and wanted is not None and np.shape(mine) == np.shape(wanted):
            return np.subtract(mine, wanted)
    return None


def of_penalty(slope: Any, weights: Any, one: bool) -> list[float] | None:
    """By which positive factors something is a multiple of the weights, of their signs, or of both; else None. Also of
    `one` number, where several points tell that it is the same multiple."""
    own, rest = np.ravel(weights), np.ravel(slope)
    ways = [own, np.sign(own)] if np.ptp(np.sign(own)) > 0 else [own]  # one sign alone is a number that is added
    if own.shape != rest.shape or own.size <= len(ways) - one or not np.any(rest):
        return None
    factors = np.linalg.lstsq(np.array(ways).T, rest, rcond=None)[0]
    fits = np.all(factors > -1e-9) and np.allclose(factors @ np.array(ways), rest, rtol=1e-6, atol=1e-12)
    return [*map(float, factors), 0.0][:2] if fits else None
