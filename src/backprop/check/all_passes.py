"""Every backward pass in code of the user's own, judged with what is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.check.cure import with_lines
from backprop.check.handwritten import Judge, Verdict
from backprop.errors import Problem, enumerated
from backprop.python.entry import Runner

if TYPE_CHECKING:
    from backprop.python.pairs import Pair
    from backprop.python.source import Code


class AllJudged(NamedTuple):
    """The verdicts, and by the names of the passes that have none the arguments that they want."""

    verdicts: list[Verdict]
    wanting: dict[str, list[str]]

    @property
    def left_out(self) -> list[str]:
        """What is said of the passes without a verdict."""
        return [f"{name} is left out: it {takes(missing)}" for name, missing in self.wanting.items()]


def takes(missing: Sequence[str]) -> str:
    return f"takes {enumerated(missing)}, which {'is' if len(missing) == 1 else 'are'} not given"


def judged(
    code: Code,
    pairs: Sequence[Pair],
    given: Mapping[str, Any],
    upstream: Any,
    seed: int,
    wrt: Sequence[str] | None,
    hint: Callable[[Sequence[str]], str],
) -> AllJudged:
    """The verdict on every pass that what is given suffices for; of the gradients in `wrt`, if it is not None. Raises a
    Problem of kind "variable" where it suffices for none."""
    found = AllJudged([], {})
    for pair in pairs:
        runner = Runner(code, pair, dict(given), seed)
        if missing := runner.missing():
            found.wanting[pair.name] = missing
            continue
        judge = Judge(runner, upstream, seed)
        found.verdicts.append(only(with_lines(judge, judge.judge()), wrt))
    for name, missing in found.wanting.items() if not found.verdicts else ():
        raise Problem("variable", f"{name} {takes(missing)}", hint=hint(missing))
    return found


def only(verdict: Verdict, wrt: Sequence[str] | None) -> Verdict:
    """A verdict with the gradients that are wanted alone."""
    if wrt is None:
        return verdict
    return verdict._replace(gradients=[one for one in verdict.gradients if one.name in wrt or one.path[-1] in wrt])
