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
from backprop.check.passes.fitted import Fitted, is_guess
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
    code: Code,
    pairs: Sequence[Pair],
    given: Mapping[str, Any],
    upstream: Any,
    seed: int,
    wrt: Sequence[str] | None,
    count: int = 0,
    whole: bool = False,
) -> AllJudged:
    """The verdict on every pass that what is given suffices for, at `count` random points, too; of the gradients in
    `wrt`, if it is not None. Of a `whole` text, what goes back in it by a slope and is no pass of a pair is told, too.
    Raises a Problem of kind "variable" where it suffices for none, or no pass has a gradient
    of a name in `wrt`."""
    found = AllJudged([], [], [])
    wanting: dict[str, tuple[Pair, dict[str, str]]] = {}
    stopped: list[tuple[Pair, Problem]] = []
    as_called, puts_away = AsCalled(code, pairs, seed, given), False
    right: list[Pair] = []
    hint = "set a number in the script, like x = 3.0, or give it one"
    for place, pair in enumerate(pairs):
        name = called(pair, pairs)
        if (unwritten := waiting(code, pair)) is not None:
            found.verdicts.append(Verdict(name, "incomplete", [], [], [str(unwritten)]))
            continue
        if (refused := refusal(pair.backward)) is not None:
            found.left_out.append(f"{name} is left out: its backward pass only raises an error: line {refused.lineno}")
            hint = "give one that computes gradients"
            continue
        unproven = [one for one in passes_of(code, pair, pairs[:place]) if one not in right]
        if unproven and (pair.inside is None or any(one.handed for one in unproven)):
            continue  # that these want the gradient of what they give is not known
        runner, known, remarks = as_called.completed(telling(code, pair, given, seed), dict(given))
        if rest := runner.made_of_none():
            found.left_out.append(f"{name} is left out: it is made of {rest}, of which none are given")
            hint = f"give each of them a pass of its own, or a class that makes its {rest} itself"
            continue
        if missing := runner.lacking():
            wanting[name] = pair, missing
            found.left_out.append(f"{name} is left out: it {takes([*missing])}")
            found.rest.append(pair)
            continue
        if unproven:
            whose = enumerated([one.title for one in unproven])
            found.left_out.append(f"{name} is left out: it trains with {whose}, of which it is not known to be right")
            continue
        try:
            judge = Judge(runner, upstream, seed, count=count)
            judge.points  # noqa: B018  # which may stop, too
        except Problem as problem:
            if problem.kind == "name" and (unset := runner.missing_of_script()):
                wanting[name] = pair, unset
                found.left_out.append(f"{name or 'the script'} is left out: it {takes([*unset])}")
                continue
            if (unwritten := waiting_below(code, pair)) is not None:
                found.verdicts.append(Verdict(name, "incomplete", [], [], [str(unwritten)]))
                continue
            problem.hint = said(of_texts(problem, given)) or problem.hint
            if len(pairs) == 1:
                raise
            stopped.append((pair, problem))
            found.left_out.append(f"{name} is left out: {problem.message}")
            found.rest.append(pair)
            continue
        if judge.surroundings.is_flat():
            found.left_out.append(f"{name or 'the script'} is left out: its output hangs on no input")
            hint = "compute it of one"
            continue
        verdict = but_for_unwritten(judge)
        puts_away |= bool(judge.put_away)
        for reading in judge.binding.readings if not verdict.lines else ():  # a cure tells what was meant
            found_so = but_for_unwritten(Judge(Runner(code, runner.pair, known, seed), upstream, seed, reading, count))
            verdict = found_so if found_so.lines and not verdict.lines else verdict
        if verdict.verdict == "ok" and (hidden := unlike(judge, seed)) is not None:
            verdict = but_for_unwritten(hidden[0])
            verdict = verdict._replace(remarks=[*verdict.remarks, f"{HIDDEN} {hidden[1]}"])
        elif verdict.verdict == "ok":
            verdict = verdict._replace(remarks=[*verdict.remarks, *unvisited(judge)])
        if not verdict.gradients and verdict.verdict != "wrong":  # no verdict on nothing
            found.left_out.append(f"{name or 'the script'} is left out: nothing in it is to have a gradient")
            continue
        if runner.beyond is None and all(one.verdict in ("ok", "missing") for one in verdict.gradients):
            right.append(pair)
        remarks += pair.told if verdict.verdict == "wrong" else ()
        remarks += [*verdict.remarks, *(said_of_rest(verdict) if wrt is None else ())]
        remarks += [f"{one} is 0 unless given: nothing that hangs on it was judged" for one in runner.left_at_zero()]
        remarks += [f"{one} is taken as True: a backward pass follows" for one in runner.training]
        in_all = "incomplete" if pair.end and verdict.verdict == "ok" else verdict.verdict  # another loss is left out
        found.verdicts.append(verdict._replace(name=name, verdict=in_all, remarks=remarks))
    if found.verdicts and all(one.verdict == "ok" for one in found.verdicts):
        found.verdicts.extend(out_of_order(code, pairs, seed, puts_away))
        found.verdicts.extend(going_back(code, pairs) if whole else ())
    if not found.verdicts and (stopped or wanting):
        meant = {name: len({*given} & {*takers(pair)}) for name, (pair, _) in wanting.items()}
        for pair, stop in stopped:  # what is given is for this pass, and it lacks nothing
            if len({*given} & {*takers(pair)}) >= max(meant.values(), default=0):
                raise stop if given else with_rest(stop, Fitted(code, {}, upstream, seed), wanting)
        name = max(meant, key=lambda one: meant[one])
        alike = [some for other, some in wanting.items() if not meant[name] or other == name]
        fitted = Fitted(code, given, upstream, seed)
        around = [(name, some) for name, some in wanting.items() if some[0].handed and not meant[name]]
        fitting, commands = fitted.told([some for _, some in around]) if around else ("", [])
        if around and not is_guess(fitting):  # who trains with passes gives them what they take
            name = around[0][0]
        else:
            fitting, commands = fitted.told([some for some in alike if not some[0].handed] or alike)
        missing = wanting[name][1]
        wants = Problem("variable", f"{name} {takes([*missing])}", hint=fitting)
        wants.commands = commands
        raise wants
    if not found.verdicts:
        raise Problem("variable", next(iter(found.left_out), "there is no backward pass in this text"), hint=hint)
    return found if wrt is None else of_these(found, wrt)


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
