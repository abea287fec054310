"""Every backward pass in code of the user's own, judged with what is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop.check.cures.cure import with_lines
from backprop.check.passes.binding import Binding
from backprop.check.passes.judge import Judge
from backprop.check.passes.verdict import Verdict
from backprop.errors import Problem, enumerated
from backprop.python.entry.examples import give
from backprop.python.entry.fitting import FITS, Fitting, Misfits
from backprop.python.entry.given import at_path, is_differentiable
from backprop.python.entry.runner import Runner

if TYPE_CHECKING:
    from backprop.python.entry.pairs import Pair
    from backprop.python.source import Code

SECONDS = 3.0  # for a run that only tells what may be given
UNREAD = 1000.0  # misfits of a pass that does not run


class AllJudged(NamedTuple):
    """The verdicts, and what is said of the passes that have none."""

    verdicts: list[Verdict]
    left_out: list[str]


def takes(missing: Sequence[str]) -> str:
    return f"takes {enumerated(missing)}, which {'is' if len(missing) == 1 else 'are'} not given"


def judged(
    code: Code,
    pairs: Sequence[Pair],
    given: Mapping[str, Any],
    upstream: Any,
    seed: int,
    wrt: Sequence[str] | None,
) -> AllJudged:
    """The verdict on every pass that what is given suffices for; of the gradients in `wrt`, if it is not None. Raises a
    Problem of kind "variable" where it suffices for none, or no pass has a gradient of a name in `wrt`."""
    found = AllJudged([], [])
    wanting: dict[str, tuple[Pair, dict[str, str]]] = {}
    stopped: list[Problem] = []
    for pair in pairs:
        runner = Runner(code, pair, dict(given), seed)
        if missing := runner.missing():
            wanting[pair.title] = pair, missing
            found.left_out.append(f"{pair.title} is left out: it {takes([*missing])}")
            continue
        try:
            judge = Judge(runner, upstream, seed)
        except Problem as problem:
            if len(pairs) == 1:
                raise
            stopped.append(problem)
            found.left_out.append(f"{pair.title} is left out: {problem.message}")
            continue
        verdict = with_lines(judge, judge.judge())
        for reading in judge.binding.readings if not verdict.lines else ():  # a cure tells what was meant
            other = Judge(Runner(code, pair, dict(given), seed), upstream, seed, reading)
            found_so = with_lines(other, other.judge())
            verdict = found_so if found_so.lines and not verdict.lines else verdict
        if not verdict.gradients and verdict.verdict != "wrong":  # no verdict on nothing
            found.left_out.append(f"{pair.title or 'the script'} is left out: nothing in it is to have a gradient")
            continue
        found.verdicts.append(verdict)
    if stopped and not found.verdicts:
        raise stopped[0]
    if wanting and not found.verdicts:
        name, (_, missing) = next(iter(wanting.items()))
        hint = give(Fitted(code, given, upstream, seed).all_of([*wanting.values()]))
        raise Problem("variable", f"{name} {takes([*missing])}", hint=hint)
    if not found.verdicts:
        raise Problem("variable", found.left_out[0], hint="set a number in the script, like x = 3.0, or give it one")
    return found if wrt is None else of_these(found, wrt)


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
        return kind(self.code, pair, {**self.given, **values}, self.seed, SECONDS)

    def misfits(self, runner: Runner) -> Misfits:
        """What does not fit: all does only if every gradient is right at finite outputs, and none is missing."""
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
        if not gradients:
            return Misfits(UNREAD / 4, {}, {})
        labels = {path[0]: np.shape(at_path(given, path)) for path in runner.paths(given) if path not in gradients}
        if all(np.all(np.isfinite(one)) for one in outputs) and binding.agrees(binding.upstream):
            judge = Judge(runner, self.upstream, self.seed) if labels else None
            missing = judge is not None and any(one.verdict == "missing" for one in judge.judge().gradients)
            return Misfits(0.5, {}, labels) if missing else FITS
        shapes = {
            ".".join(map(str, path)): np.shape(one) for path, one in gradients.items()
            if np.shape(at_path(given, path)) != np.shape(one)
        }  # fmt: skip
        return Misfits(1.0 + len(shapes), shapes, labels)


def of_these(found: AllJudged, wrt: Sequence[str]) -> AllJudged:
    """The verdicts with the gradients of some variables alone. A pass that has none of them is left out: nothing of it
    was looked at."""
    everything = [gradient for one in found.verdicts for gradient in one.gradients]
    unknown = [name for name in wrt if not any(name in (one.name, one.path[-1]) for one in everything)]
    if unknown and everything:
        hint = f"there are those of {enumerated(list(dict.fromkeys(one.name for one in everything)))}"
        raise Problem("variable", f"no pass has a gradient of {enumerated(unknown)}", hint=hint)
    kept = AllJudged([], list(found.left_out))
    for verdict in found.verdicts:
        gradients = [one for one in verdict.gradients if one.name in wrt or one.path[-1] in wrt]
        if verdict.gradients and not gradients:
            kept.left_out.append(f"{verdict.name} is left out: it has no gradient of {enumerated(wrt)}")
        else:
            kept.verdicts.append(verdict._replace(gradients=gradients))
    return kept
