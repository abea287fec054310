"""Which round of a training loop is judged: the first one, or one behind it whose data are not 0 and show more."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.errors import Problem
from backprop.python.inputs.said import DEFINITIONS
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.rounds import counted_by, in_round, makes_room
from backprop.python.runs.runner import Runner
from backprop.python.texts.called import set_in, targets
from backprop.python.texts.gradients import is_gradient
from backprop.python.texts.source import Code

MOST_ROUNDS = 4


def telling(code: Code, pair: Pair, given: Mapping[str, Any], seed: int) -> Runner:
    """The pass in the first of a few rounds in which the fewest of its values are 0 throughout: nothing that is
    multiplied with these is seen. Of a script without a loop there is one."""
    best, fewest = Runner(code, pair, dict(given), seed), 1
    for place in range(MOST_ROUNDS if pair.line else 0):
        other = pair._replace(round=place, body=in_round(pair.body, place))
        with suppress(Problem):  # there may be no such round, and what stops is told where it is judged
            later = Runner(code, other, dict(given), seed) if place else best
            count = silent(later)
            best, fewest = (later, count) if count < fewest or not place else (best, fewest)
        if not fewest:
            break
    return best


def silent(runner: Runner) -> int:
    """How many of the numbers and arrays that a round takes, or computes going forward, are 0 throughout. Raises a
    Problem where it stops."""
    pair = runner.pair
    runner.forward_alone(dict(runner.given))
    others = {name for one in pair.body if makes_room(one) for name in targets(one)}
    loops = [node for one in pair.body for node in (getattr(one, "of_loop", None), *ast.walk(one)) if node is not None]
    counters = set().union(*map(counted_by, loops))
    others |= counters
    taken = {name for one in pair.body[pair.start : pair.split] for name in set_in(one)} - others
    made = [value for name, value in runner.left.items() if name in taken and is_gradient(value)]
    made += picked(pair.body, counters, runner.left)
    return sum(bool(np.size(value)) and not np.any(value) for value in made)


def picked(body: Iterable[ast.stmt], counters: Set[str], left: Mapping[str, Any]) -> Iterator[Any]:
    """The rows of data that loops pick by their counters: `targets[i]`."""
    for node in [node for one in body if not isinstance(one, DEFINITIONS) for node in ast.walk(one)]:
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        data: Any = left.get(node.value.id)
        place = left.get(getattr(node.slice, "id", ""))
        if getattr(node.slice, "id", "") in counters and is_gradient(data) and isinstance(place, int):
            yield data[place] if np.ndim(data) and 0 <= place < len(data) else data
