"""Every backward pass in code of the user's own, judged with what is given."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop.check.cures.cure import with_lines
from backprop.check.in_order import out_of_order
from backprop.check.passes.fitted import Fitted
from backprop.check.passes.judge import Judge
from backprop.check.passes.verdict import Verdict, overall
from backprop.check.unlike import HIDDEN, unlike
from backprop.check.unvisited import unvisited
from backprop.errors import Problem, enumerated
from backprop.errors.spelling import both, either, option, said
from backprop.python.inputs.as_called import AsCalled
from backprop.python.inputs.examples import typed
from backprop.python.inputs.said import DEFINITIONS
from backprop.python.inputs.unwritten import line_of_gradient, waiting, waiting_below
from backprop.python.names import names_used, parameter_names
from backprop.python.pairs.unpaired import unpaired
from backprop.python.runs.runner import Runner
from backprop.python.runs.telling import telling
from backprop.python.texts.functions import refusal

if TYPE_CHECKING:
    from backprop.python.pairs.pair import Pair
    from backprop.python.texts.source import Code


class AllJudged(NamedTuple):
    """The verdicts, what is said of the passes that have none, and those of them that other values may suffice for."""

    verdicts: list[Verdict]
    left_out: list[str]
    rest: list[Pair]


def takes(missing: Sequence[str]) -> str:
    return f"takes {enumerated(missing)}, which {'is' if len(missing) == 1 else 'are'} not given"


def takers(pair: Pair) -> list[str]:
    """What the passes of a pair take, by name: of several, what is given tells which one is meant."""
    return [name for one in (pair.forward, pair.backward) if one is not None for name in parameter_names(one)]


def called(pair: Pair, pairs: Sequence[Pair]) -> str:
    """What a pass is called: one of several with the same forward pass as its function that goes back."""
    several = [one.title for one in pairs].count(pair.title) > 1 and pair.kind == "functions"
    return pair.backward.name if several and pair.backward is not None else pair.title


@contextmanager
def quiet() -> Iterator[None]:
    """Without NumPy's warnings: a pass is judged at numbers that are not finite, and may take the mean of nothing."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@quiet()
def judged(
    code: Code, pairs: Sequence[Pair], given: Mapping[str, Any], upstream: Any, seed: int, wrt: Sequence[str] | None,
    count: int = 0, whole: bool = False,
) -> AllJudged:  # fmt: skip
    """The verdict on every pass that what is given suffices for, at `count` random points, too; of the gradients in
    `wrt`, if it is not None. Of a `whole` text, what goes back in it by a slope and is no pass of a pair is told, too.
    Raises a Problem of kind "variable" where it suffices for none, or no pass has a gradient of a name in `wrt`."""
    passes = AllPasses(code, pairs, given, upstream, seed, count)
    for place, pair in enumerate(pairs):
        passes.look_at(pair, pairs[:place], wrt is None)
    found = passes.found
    if found.verdicts and all(one.verdict == "ok" for one in found.verdicts):
        found.verdicts.extend(out_of_order(code, pairs, seed, passes.puts_away))
        found.verdicts.extend(going_back(code, pairs) if whole else ())
    if not found.verdicts:
        raise passes.nothing()
    return found if wrt is None else of_these(found, wrt)


class AllPasses:
    """The passes of a text, looked at one after the other: `found` is what is said of them."""

    def __init__(
        self, code: Code, pairs: Sequence[Pair], given: Mapping[str, Any], upstream: Any, seed: int, count: int
    ) -> None:
        self.code, self.pairs, self.given, self.upstream = code, pairs, given, upstream
        self.seed, self.count = seed, count
        self.found = AllJudged([], [], [])
        self.wanting: dict[str, tuple[Pair, dict[str, str]]] = {}  # what is not given of which pass
        self.stopped: list[tuple[Pair, Problem]] = []
        self.right: list[Pair] = []
        self.puts_away = False  # whether an operation sets gradients, and does not add
        self.hint = "set a number in the script, like x = 3.0, or give it one"
        self.as_called = AsCalled(code, pairs, seed, given)

    def leave_out(self, name: str, why: str, hint: str | None = None) -> None:
        self.found.left_out.append(f"{name or 'the script'} is left out: {why}")
        self.hint = hint or self.hint

    def lacks(self, name: str, pair: Pair, missing: dict[str, str]) -> None:
        self.wanting[name] = pair, missing
        self.leave_out(name, f"it {takes([*missing])}")

    def look_at(self, pair: Pair, before: Sequence[Pair], every: bool) -> None:
        """Judge one pass, or say why not; `before` are those behind which it comes, and `every` gradient is wanted."""
        name = called(pair, self.pairs)
        if (unwritten := waiting(self.code, pair)) is not None:
            self.found.verdicts.append(Verdict(name, "incomplete", [], [], [str(unwritten)]))
            return
        if (refused := refusal(pair.backward)) is not None:
            why = f"its backward pass only raises an error: line {refused.lineno}"
            self.leave_out(name, why, "give one that computes gradients")
            return
        unproven = [one for one in passes_of(self.code, pair, before) if one not in self.right]
        if unproven and (pair.inside is None or any(one.handed for one in unproven)):
            return  # that these want the gradient of what they give is not known
        runner, known, remarks = self.as_called.completed(
            telling(self.code, pair, self.given, self.seed), dict(self.given)
        )
        if rest := runner.made_of_none():
            hint = f"give each of them a pass of its own, or a class that makes its {rest} itself"
            self.leave_out(name, f"it is made of {rest}, of which none are given", hint)
        elif missing := runner.lacking():
            self.lacks(name, pair, missing)
            self.found.rest.append(pair)
        elif unproven:
            whose, stop = enumerated([one.title for one in unproven]), self.as_called.stopped()
            why = f"it trains with {whose}, of which it is not known to be right"
            self.leave_out(name, why if stop is None else stop.message)
        elif (judge := self.judge(name, pair, runner)) is not None:
            self.add(name, judge, known, remarks, every)

    def judge(self, name: str, pair: Pair, runner: Runner) -> Judge | None:
        """The judge of a pass; None where it stops, which is said, or where its output hangs on nothing."""
        try:
            judge = Judge(runner, self.upstream, self.seed, count=self.count)
            judge.points  # noqa: B018  # which may stop, too
        except Problem as problem:
            self.stop(name, pair, runner, problem)
            return None
        if judge.surroundings.is_flat():
            self.leave_out(name, "its output hangs on no input", "compute it of one")
            return None
        return judge

    def stop(self, name: str, pair: Pair, runner: Runner, problem: Problem) -> None:
        """Say of what a pass stops. Raises that of the only one."""
        if problem.kind == "name" and (unset := runner.missing_of_script()):
            self.lacks(name, pair, unset)
            return
        if (unwritten := waiting_below(self.code, pair)) is not None:
            self.found.verdicts.append(Verdict(name, "incomplete", [], [], [str(unwritten)]))
            return
        problem.hint = said(of_texts(problem, self.given)) or problem.hint
        if len(self.pairs) == 1:
            raise problem
        self.stopped.append((pair, problem))
        self.found.left_out.append(f"{name} is left out: {problem.message}")
        self.found.rest.append(pair)

    def add(self, name: str, judge: Judge, known: dict[str, Any], remarks: list[str], every: bool) -> None:
        """Add the verdict on a pass, with all that there is to say of it."""
        runner, pair = judge.runner, judge.runner.pair
        verdict = self.verdict(judge, known)
        if not verdict.gradients and verdict.verdict != "wrong":  # no verdict on nothing
            self.leave_out(name, "nothing in it is to have a gradient")
            return
        if runner.beyond is None and all(one.verdict in ("ok", "missing") for one in verdict.gradients):
            self.right.append(pair)
        remarks += pair.told if verdict.verdict == "wrong" else ()
        remarks += [*verdict.remarks, *(said_of_rest(verdict) if every else ())]
        remarks += [f"{one} is 0 unless given: nothing that hangs on it was judged" for one in runner.left_at_zero()]
        remarks += [f"{one} is taken as True: a backward pass follows" for one in runner.training]
        in_all = "incomplete" if pair.end and verdict.verdict == "ok" else verdict.verdict  # another loss is left out
        self.found.verdicts.append(verdict._replace(name=name, verdict=in_all, remarks=remarks))

    def verdict(self, judge: Judge, known: dict[str, Any]) -> Verdict:
        """The verdict on a pass, in the reading of it that has a cure, and at values that hide nothing."""
        verdict, seed = but_for_unwritten(judge), self.seed
        self.puts_away |= bool(judge.put_away)
        for reading in judge.binding.readings if not verdict.lines else ():  # a cure tells what was meant
            runner = Runner(self.code, judge.runner.pair, known, seed)
            found_so = but_for_unwritten(Judge(runner, self.upstream, seed, reading, self.count))
            verdict = found_so if found_so.lines and not verdict.lines else verdict
        if verdict.verdict == "ok" and (hidden := unlike(judge, seed)) is not None:
            verdict = but_for_unwritten(hidden[0])
            return verdict._replace(remarks=[*verdict.remarks, f"{HIDDEN} {hidden[1]}"])
        more = unvisited(judge) if verdict.verdict == "ok" else []
        return verdict._replace(remarks=[*verdict.remarks, *more])

    def nothing(self) -> Problem:
        """What is said where no pass was judged: of what one stopped that lacks nothing, or what is to be given."""
        if not self.stopped and not self.wanting:
            told = next(iter(self.found.left_out), "there is no backward pass in this text")
            return Problem("variable", told, hint=self.hint)
        meant = {name: self.meant(pair) for name, (pair, _) in self.wanting.items()}
        for pair, stop in self.stopped:
            if self.meant(pair) >= max(meant.values(), default=0):  # what is given is for this pass
                return stop if self.given else with_rest(stop, self.fitted({}), self.wanting)
        if self.as_called.given_inside and (stops := self.as_called.stopped()) is not None:
            return stops  # what is given is for who trains with the passes
        name = max(meant, key=lambda one: meant[one])
        alike = {other: some for other, some in self.wanting.items() if not meant[name] or other == name}
        training = {other: some for other, some in alike.items() if some[0].handed and not meant[name]}
        fitted = self.fitted(self.given)
        offer = fitted.told([*training.values()]) if training else None
        if offer is not None and not offer.is_guess:  # who trains with passes gives them what they take
            name = next(iter(training))
        else:
            offer = fitted.told([some for other, some in alike.items() if other not in training] or [*alike.values()])
        wants = Problem("variable", f"{name} {takes([*self.wanting[name][1]])}", hint=offer.hint)
        wants.commands = offer.commands
        return wants

    def meant(self, pair: Pair) -> int:
        """How much of what is given a pass takes."""
        return len({*self.given} & {*takers(pair)})

    def fitted(self, given: Mapping[str, Any]) -> Fitted:
        return Fitted(self.code, given, self.upstream, self.seed)


def passes_of(code: Code, pair: Pair, before: Sequence[Pair]) -> list[Pair]:
    """The pairs whose passes are called where something is handed to one of them."""
    if not pair.handed:
        return []
    done = [one for one in pair.body if not isinstance(one, DEFINITIONS)]
    used = names_used([*done], [one for part in code.parts for one in part.tree.body if isinstance(one, DEFINITIONS)])
    return [one for one in before if one.handed or (one.class_name or one.name) in used]


def going_back(code: Code, pairs: Sequence[Pair]) -> Iterator[Verdict]:
    """The functions that go back by a slope that is right, and that are not judged themselves."""
    for one in unpaired(code, pairs):
        why = f"it goes back by {one.slope}, line {one.line}, and nothing tells of which forward pass"
        cure = f"name both: -f FILE:NAME {option('--backward', 'FILE:NAME')}"
        remark = said(f"{one.name} is not judged: {why}; {cure}")
        yield Verdict(one.name, "incomplete", [], [], [remark], "not judged")


def with_rest(stop: Problem, fitted: Fitted, wanting: Mapping[str, tuple[Pair, dict[str, str]]]) -> Problem:
    """What stopped a pass that is given nothing, with how to judge those that take something."""
    stop.commands = fitted.commands([pair for pair, _ in wanting.values()])
    if stop.commands:
        stop.hint = said("; ".join(filter(None, [both(stop.hint), "with values of their own, others are judged:"])))
    return stop


def of_texts(problem: Problem, given: Mapping[str, Any]) -> str:
    """The hint for a text where numbers are computed with, which somebody has given."""
    texts = [name for name, value in given.items() if isinstance(value, str)]
    if not texts or not re.search(r"of a text|computed with str", problem.message):
        return ""
    options = " ".join(typed(name, "'randn(4,3)'") for name in texts)
    are = "is a text" if len(texts) == 1 else "are texts"
    return f"{enumerated(texts)} {are}: give {either(f'numbers, like {options}', 'numbers')}"


def but_for_unwritten(judge: Judge) -> Verdict:
    """The verdict on a pass, with the faulty lines, in which no gradient is wrong that is not written yet."""
    verdict, gradients = judge.judge(), []
    for one in verdict.gradients:
        line = None
        if one.verdict in ("wrong", "missing"):
            line = line_of_gradient(judge.runner.code, judge.runner.pair, one.path[-1])
        unwritten = one._replace(verdict="missing", error=nan, remark=f"it is not written yet: line {line}")
        gradients.append(one if line is None else unwritten)
    if gradients != verdict.gradients:
        verdict = verdict._replace(verdict=overall(gradients), gradients=gradients)
    return with_lines(judge, verdict)


def said_of_rest(verdict: Verdict) -> list[str]:
    """How to judge a pass alone by the gradients that it has, where nothing else is wanting."""
    missing = [one.name for one in verdict.gradients if one.verdict == "missing"]
    there = [one.name for one in verdict.gradients if one.verdict != "missing"]
    if verdict.verdict != "incomplete" or not missing or not there:
        return []
    return [said(f"if {enumerated(missing)} needs no gradient, as data does, give {option('--wrt', there)}")]


def of_these(found: AllJudged, wrt: Sequence[str]) -> AllJudged:
    """The verdicts with the gradients of some variables alone. A pass that has none of them is left out: nothing of it
    was looked at."""
    everything = [gradient for one in found.verdicts for gradient in one.gradients]
    unknown = [name for name in wrt if not any(name in (one.name, one.path[-1]) for one in everything)]
    if unknown and everything:
        hint = f"there are those of {enumerated(list(dict.fromkeys(one.name for one in everything)))}"
        raise Problem("variable", f"no pass has a gradient of {enumerated(unknown)}", hint=hint)
    kept = found._replace(verdicts=[], left_out=[*found.left_out])
    for verdict in found.verdicts:
        gradients = [one for one in verdict.gradients if one.name in wrt or one.path[-1] in wrt]
        if verdict.gradients and not gradients:
            kept.left_out.append(f"{verdict.name} is left out: it has no gradient of {enumerated(wrt)}")
        else:
            whole = overall(gradients)
            lines = verdict.lines if whole == "wrong" else []
            kept.verdicts.append(verdict._replace(verdict=whole, gradients=gradients, lines=lines))
    return kept
