"""Steps in the forward pass, whose slope is 0, and backward passes that put another one in its place."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.points import Point
from backprop.errors import Problem
from backprop.python.inputs.given import at_path
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import Path, place_of
from backprop.python.values.straight_through import Straight
from backprop.python.values.tape import reached

STRAIGHT = (
    "the backward pass hands gradients straight through the steps of the forward pass, whose slope is 0: but for "
    "that, they are right (a straight-through estimator)"
)
INSTEAD = "it comes through steps, whose slope is 0: what stands in its place is not judged"
CLOSE = 1e-6
BOUND = 1.0  # beyond which an estimator for a sign hands nothing on


class Steps:
    """What comes through the steps of the forward pass, at points with the gradients of the backward pass there."""

    def __init__(self, runner: Runner, points: Sequence[tuple[Point, Mapping[Path, Any]]]) -> None:
        self.runner, self.points = runner, points
        self.swept = ([point.swept for point, _ in points],) * 2
        self.tapes: list[Straight] = []
        self.any = self.may_jump = False
        found = list[dict[Path, Any]]()
        for masks in (False, True):
            for point, _ in points:
                tape = Straight(masks)
                found.append(runner.swept(point.given, point.upstream, list(point.slopes), tape))
                if not (
                    self.tapes or tape.any or tape.decides
                ):  # without a step or a choice here, there is none elsewhere
                    return
                self.tapes.append(tape)
        self.swept = found[: len(points)], found[len(points) :]
        self.any = any(tape.any for tape in self.tapes)
        self.may_jump = bool(self.tapes)

    def hide(self, path: Path) -> bool:
        """Whether it cannot be said what an input should have: its slope is 0 at every point but for what steps hand
        on, or what these do is cut off just where a step leads to."""
        handed = [found[path] for swept in self.swept for found in swept if path in found]
        if self.any and any(np.isnan(one).any() for one in handed):
            return True
        if not self.may_jump or not self.is_flat(path):
            return False
        return any(np.any(one) for one in handed) or self.moves(path)

    def stand_before(self, path: Path) -> bool:
        """Whether steps, masks aside, stand between an input and the output: they would hand something else on."""
        both = zip(self.swept[0], self.points, strict=True)
        return self.any and any(
            path in found and not is_same(found[path], point.swept.get(path)) for found, (point, _) in both
        )

    def go_through(self, path: Path) -> bool:
        """Whether steps hang on an input, or places by which something is taken: what it should have of that is not
        known where another input has something in their place, as the scale of a quantizer beside what is quantized."""
        return any(
            reached(tape, tape.inputs[path])[ids].any()
            for tape in self.tapes for ids in tape.deciding if path in tape.inputs
        )  # fmt: skip

    def is_flat(self, path: Path) -> bool:
        return all(not np.any(point.swept.get(path, 1.0)) for point, _ in self.points)

    def moves(self, path: Path) -> bool:
        """Whether the outputs hang on an input all the same, as on what an index is found by."""
        point = self.points[0][0]
        holder, key = place_of(there := copy.deepcopy(point.given), path)
        holder[key] = 0.3 - 2 * holder[key]
        with suppress(Problem):
            return not all(map(np.array_equal, self.runner.outputs(there), point.outputs))
        return False

    def are_straight(self, path: Path) -> bool:
        """Whether a gradient is what the steps hand on, at every point, and that is another than without them."""
        for swept in self.swept:
            found = [(one.get(path), *point) for one, point in zip(swept, self.points, strict=True)]
            if any(its is None or path not in gradients for its, _, gradients in found):
                continue
            right = all(is_handed_on(gradients[path], its, point.given, path) for its, point, gradients in found)
            if right and any(not is_same(its, point.swept.get(path)) for its, point, _ in found):
                return True
        handed = any(np.any(found.get(path, 0.0)) for swept in self.swept for found in swept)
        by_place = self.may_jump and not handed and self.is_flat(path) and self.moves(path)
        if by_place:  # by an index, and no step hands anything on
            return all(
                path in gradients and np.array_equal(gradients[path], point.upstream[0])
                for point, gradients in self.points
            )
        return self.are_kept(path)

    def are_kept(self, path: Path) -> bool:
        """Whether a gradient is right, or where a step makes the output flat that stands for the input, with its sign,
        what comes from above."""
        replaced = False
        for handed, (point, gradients) in zip(self.swept[0], self.points, strict=True):
            whole = [gradients.get(path), point.swept.get(path), handed.get(path), at_path(point.given, path),
                     point.outputs[0], point.upstream[0]]  # fmt: skip
            if any(one is None or np.shape(one) != np.shape(whole[0]) for one in whole):
                return False
            mine, slope, its, value, output, above = (np.asarray(one, dtype=float) for one in whole)
            other = ~np.isclose(mine, slope, rtol=CLOSE)
            if not ((slope == 0) & (its != 0) & (mine == above) & (output * value > 0))[other].all():
                return False
            replaced = replaced or bool(other.any())
        return replaced


def is_same(its: Any, plain: Any) -> bool:
    """Whether steps hand on what comes without them."""
    size = float(np.max(np.abs(its), initial=0.0, where=~np.isnan(its)))
    return plain is not None and np.allclose(its, plain, rtol=0.0, atol=1e-3 * size, equal_nan=True)


def is_handed_on(mine: Any, its: Any, given: dict[str, Any], path: Path) -> bool:
    """Whether a gradient is that of a sweep in which steps hand it on, or 0 where an input is beyond the bounds."""
    mine, value = np.asarray(mine, dtype=float), np.asarray(at_path(given, path), dtype=float)
    if np.shape(its) != mine.shape or value.shape != mine.shape:
        return False
    known = ~np.isnan(its)  # what is cut off where a step leads to may be either
    same = np.isclose(mine, its, rtol=CLOSE, atol=CLOSE * float(np.max(np.abs(its), initial=0.0, where=known)))
    return bool((same | ~known | ((mine == 0) & (np.abs(value) >= BOUND))).all() and np.any(mine[known & same]))
