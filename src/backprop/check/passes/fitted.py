"""What passes that are given too little could be given: values with which they run, and their gradients fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop.check.passes.binding import Binding
from backprop.check.passes.judge import Judge
from backprop.errors import Problem
from backprop.python.entry.fitting import FITS, HIDING, SLOPES, Fitting, Misfits
from backprop.python.entry.given import at_path, is_differentiable
from backprop.python.entry.runner import Runner

if TYPE_CHECKING:
    from backprop.python.entry.pairs import Pair
    from backprop.python.source import Code

MOST = 3.0  # work for a run that only tells what may be given, in seconds of a usual machine
UNREAD = 1000.0  # misfits of a pass that does not run


class Fitted:
    """Values of missing parameters, as they are typed, with which passes run and their gradients fit."""

    def __init__(self, code: Code, given: Mapping[str, Any], upstream: Any, seed: int) -> None:
        self.code, self.given, self.upstream, self.seed = code, given, upstream, seed

    def all_of(self, wanting: Sequence[tuple[Pair, dict[str, str]]]) -> dict[str, str]:
        """Values for several passes: those of the one with which the others fit best, too."""
        searches = [Fitting(partial(self.runner, pair), some, self.misfits) for pair, some in wanting]
        found = [one.found() for one in searches]
        if len(found) == 1:
            return found[0]
        together = [dict(pair for one in [*found, first] for pair in one.items()) for first in found]
        return min(together, key=lambda values: sum(one.size_of(values) for one in searches))

    def runner(self, pair: Pair, kind: type[Runner], values: Mapping[str, Any]) -> Runner:
        return kind(self.code, pair, {**self.given, **values}, self.seed, MOST)

    def misfits(self, runner: Runner) -> Misfits:
        """What does not fit: all does only if every gradient is right at finite outputs, and none is missing; by the
        share of the wrong ones."""
        try:
            binding = Binding(runner, self.upstream, self.seed)
            outputs = runner.outputs(binding.given)
        except Problem:
            return Misfits(UNREAD, {}, {})
        if binding.first is None:
            return Misfits(UNREAD / 2, {}, {})
        given = binding.given
        gradients = {
            path: one for path, one in binding.first.gradients.items() if is_differentiable(at_path(given, path))
        }
        if not any(map(np.any, gradients.values())):  # where all are 0, nothing is shown
            return Misfits(UNREAD / 4, {}, {})
        labels = {path[0]: np.shape(at_path(given, path)) for path in runner.paths(given) if path not in gradients}
        far = binding.distances(binding.upstream, given)
        if all(np.all(np.isfinite(one)) for one in outputs) and not any(far.values()):
            judge = Judge(runner, self.upstream, self.seed) if labels else None
            missing = judge is not None and any(one.verdict == "missing" for one in judge.judge().gradients)
            if missing:
                return Misfits(SLOPES, {}, labels)
            return Misfits(HIDING, {}, {}) if runner.pair.of_one and np.size(outputs[0]) > 1 else FITS
        shapes = {
            ".".join(map(str, path)): np.shape(one) for path, one in gradients.items()
            if np.shape(at_path(given, path)) != np.shape(one)
        }  # fmt: skip
        wrong = sum(map(bool, far.values())) / len(far)
        return Misfits(SLOPES * (1 + wrong) + len(shapes), shapes, labels)
