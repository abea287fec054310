"""Inputs at which a right pass is judged once more: a loop that goes round once, and words of which none comes twice,
hide what adds up."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.passes.judge import Judge, is_mask
from backprop.errors import Problem
from backprop.python.inputs.given import is_whole, shape_at
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.runs.runner import Runner
from backprop.python.values.scope import Scope
from backprop.python.values.work import after, now

LONG = 3.0  # work, in seconds of a usual machine, after which no others are begun
MOST_GROWN = 24  # inputs of other sizes with which a pass is run
HIDDEN = "every gradient is right at these inputs, which hide a mistake: it shows where"
COMES_TWICE = re.compile(  # what is called so names things, each of which may come again: no order of them
    r"(?i)(\w+_)?(ids?|tokens?|words?|chars?|letters?|labels?|users?|items?|nodes?|src|dst|class(es)?|targets?|y|seq\w*)\d*"
    r"|(word|token|char|user|item|node|label|class)_?(idx|ix|index|indices|inds?)"
)
ONCE = re.compile(r"(?i)uniq|distinct|perm|sort|order|shuffle")  # of which each comes once
Given = dict[str, Any]


def unlike(judge: Judge, seed: int) -> tuple[Judge, str] | None:
    """The judge of a pass that is right here at inputs where it is wrong, and what these have; None where there are
    none, as far as was looked."""
    end = after(LONG)
    for given, told in variations(judge):
        if now() > end:
            break
        with suppress(Problem):
            other = Judge(Runner(judge.runner.code, judge.runner.pair, given, seed), None, seed)
            if keeps_shapes(other) and other.judge().verdict == "wrong":
                return Judge(Runner(judge.runner.code, judge.runner.pair, given, seed), None, seed), told
    return None


def keeps_shapes(judge: Judge) -> bool:
    """Whether every gradient has the shape of its input: what was one row may be there for all, which was not asked."""
    first, given = judge.binding.first, judge.binding.given
    return first is not None and all(
        np.shape(one) == shape_at(given, path) for path, one in first.gradients.items() if one is not None
    )


def variations(judge: Judge) -> Iterator[tuple[Given, str]]:
    """Other inputs of the same pass, each with what is said of them."""
    given = judge.binding.given
    for name, value in given.items():
        if is_whole(value) and np.ndim(value) and COMES_TWICE.fullmatch(name) and not ONCE.search(name):
            again = np.array(value)
            if again.size > 1 and len(np.unique(again)) == again.size:
                again.flat[-1] = again.flat[0]
                yield {**given, name: again}, f"{name} has {again.flat[0]} twice"
    for loop in loops_of_one_round(judge.runner, given, judge.binding.upstream):
        for _, (larger, told) in zip(range(MOST_GROWN), grown(given), strict=False):
            if goes_round(judge.runner, larger, loop):
                yield larger, f"{told}: the loop in line {loop.lineno} has one round here"
                break


def loops_of_one_round(runner: Runner, given: Given, upstream: list[Any]) -> list[ast.For]:
    """The loops of the backward pass that go round once, whenever they are entered."""
    visits = visited(runner, given, upstream)
    return [one for one, count in visits.items() if isinstance(one, ast.For) and visits.get(one.body[0]) == count]


def visited(runner: Runner, given: Given, upstream: list[Any]) -> dict[ast.stmt, int]:
    """How often the lines of a backward pass are visited."""
    visits = Counter[ast.stmt]()

    def see(run: Interpreter, statement: ast.stmt, scope: Scope) -> None:
        visits[statement] += 1

    with suppress(Problem):
        runner.run(given, upstream, {}, see, most=1.0)
    return visits


def goes_round(runner: Runner, given: Given, loop: ast.For) -> bool:
    """Whether a pass runs with other inputs, and a loop goes round more than once."""
    try:
        outputs = runner.outputs(given)
        upstream = [np.ones(np.shape(one)) for one in outputs]
        visits = visited(runner, given, upstream)
    except Problem:
        return False
    return all(np.isfinite(one).all() for one in outputs) and visits.get(loop.body[0], 0) > visits.get(loop, 0)


def grown(given: Given) -> Iterator[tuple[Given, str]]:
    """The inputs with one row more along an axis: of one of them, and of all that are as long in front."""
    arrays = {name: one for name, one in given.items() if isinstance(one, np.ndarray) and one.ndim and one.size}
    random = np.random.default_rng(5)
    for length in sorted({size for one in arrays.values() for size in one.shape}):
        places = [(name, axis) for name, one in arrays.items() for axis, size in enumerate(one.shape) if size == length]
        groups = [[place] for place in places]
        groups += [some for some in ([one for one in places if one[1] == 0], places) if len(some) > 1]
        for some in groups:
            larger = dict(given)
            for name, axis in some:
                larger[name] = longer(larger[name], axis, random)
            yield larger, f"{some[0][0]} has {length + 1} and not {length} along axis {some[0][1]}"


def longer(value: Any, axis: int, random: np.random.Generator) -> Any:
    """An array with one row more, which is like another one."""
    row = np.take(value, [int(random.integers(value.shape[axis]))], axis)
    if value.dtype.kind == "f" and not is_mask(value):
        row = row * random.uniform(0.6, 1.4, row.shape) + 0.1 * random.uniform(-1, 1, row.shape) * np.std(value)
    return np.concatenate([value, row], axis)
