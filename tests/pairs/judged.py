"""One pass judged as `backprop check` does it."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.pairs import Pair

from backprop.check.cures.cure import with_lines
from backprop.check.passes.judge import Judge
from backprop.errors import Problem
from backprop.python.pairs.pairs import pairs_in
from backprop.python.pairs.trained import script_pair
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, part_of


class Judged(NamedTuple):
    """What is compared: the verdict, and of each faulty line its number, cause and cure."""

    verdict: str
    lines: list[tuple[int, str | None, str | None]]
    remarks: list[str]
    gradients: list[Any]


def judged(pair: Pair, text: str) -> Judged:
    parts = [part_of(one, name) for one, name in ((pair.forward, "forward.py"), (text, "code.py")) if one]
    code = Code(parts)
    found = pairs_in(code)
    if not found and len(parts) == 2:
        script = script_pair(parts[0], parts[1])
        found = [] if script is None else [script]
    fitting = [runner for one in found if not (runner := Runner(code, one, dict(pair.inputs))).missing()]
    if not fitting:
        raise Problem("name", "no pair is found")
    judge = Judge(fitting[-1])
    verdict = with_lines(judge, judge.judge())
    lines = [(one.line, one.cause, one.write) for one in verdict.lines if one.verdict == "wrong"]
    return Judged(verdict.verdict, lines, verdict.remarks, verdict.gradients)
