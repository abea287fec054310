"""What passes that are given too little could be given: values with which they run, and their gradients fit."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop.check.passes.binding import Binding
from backprop.check.passes.judge import Judge
from backprop.check.passes.losses import is_multiple
from backprop.check.passes.squashed import Given, named_so, squashed_by
from backprop.errors import Problem, enumerated
from backprop.errors.spelling import either
from backprop.python.fitting.fitting import HALFWAY, HIDING, LACKING, MOST_WORK, STOPPED, Fitting, Misfits
from backprop.python.fitting.naming import command
from backprop.python.fitting.supposed import NUMBERS, SLOPES, shape_of, value_of
from backprop.python.inputs.as_called import AsCalled
from backprop.python.inputs.examples import Examples, give
from backprop.python.inputs.given import at_path, is_differentiable, is_whole, shape_at
from backprop.python.pairs.pairs import all_pairs
from backprop.python.runs.runner import Runner
from backprop.python.texts.gradients import is_gradient, leaves
from backprop.python.values.work import SECOND, now

if TYPE_CHECKING:
    from backprop.python.pairs.pair import Pair
    from backprop.python.texts.source import Code

MOST = 3.0  # work for a run that only tells what may be given, in seconds of a usual machine
ALL_WORK = 10.0  # for the values of all passes together: what one leaves is for those behind it
LEAST_WORK = 0.5  # for each of very many
LARGE = 1000  # a size for which a pass takes longer than its mistakes ask for
PICTURE = re.compile(r"[(\[]\d+, \d+, \d+[)\]]")
MATRIX = re.compile(r"[(\[]\d+, \d+[)\]]")
GUESSED = "; none were found with which all of it runs{}: these are a guess"


class Told(NamedTuple):
    """A hint, the commands that it goes with, and whether its values are only a guess."""

    hint: str
    commands: list[str]
    is_guess: bool


class Fitted:
    """Values of missing parameters, as they are typed, with which passes run and their gradients fit."""

    def __init__(self, code: Code, given: Mapping[str, Any], upstream: Any, seed: int) -> None:
        self.code, self.given, self.upstream, self.seed = code, given, upstream, seed
        self.left = ALL_WORK  # of the work for values
        self.unsaid: dict[str, dict[str, str]] = {}  # of passes, what only their way back takes, each with an example

    def told(self, wanting: Sequence[tuple[Pair, dict[str, str]]]) -> Told:
        """The hint for passes that lack values; and where the same ones do not fit all of them as well as others of
        their own, the commands that judge each."""
        every_one = self.every_search(wanting)
        searches, found = [one for one, _ in every_one], [values for _, values in every_one]
        if len(found) == 1:
            return Told(give(found[0]) + guessed(searches[0]), [], not searches[0].runs_whole())
        every = [dict(pair for one in [*found, first] for pair in one.items()) for first in found]
        own = sum(one.size_of(values) for one, values in zip(searches, found, strict=True))
        alike = len({one.runs_whole() for one in searches}) == 1
        sizes = [size_of_all(searches, values, own) for values in every] if alike else [np.inf]
        least, values = min(zip(sizes, every, strict=False), key=lambda one: one[0])
        if least <= own:
            return Told(give(values) + guessed(searches[0]), [], not searches[0].runs_whole())
        commands = [command(self.code, pair, one) for (pair, _), one in zip(wanting, found, strict=True)]
        if self.given:
            alone = Fitted(self.code, {}, self.upstream, self.seed)
            commands = alone.commands([pair for pair, _ in wanting], also_unfit=True)
        python = f"give each its own as arguments, with name= one of {enumerated([pair.name for pair, _ in wanting])}"
        return Told(either("no values fit all of them, so judge one after the other:", python), commands, False)

    def commands(self, pairs: Sequence[Pair], also_unfit: bool = False) -> list[str]:
        """The commands that judge passes, each alone; of those for which no values were found, if that is said."""
        runners = [self.runner(pair, Runner, {}) for pair in pairs]
        missing = [one.lacking() or one.missing_of_script() for one in runners]
        every_one = zip(pairs, self.every_search([*zip(pairs, missing, strict=True)]), strict=True)
        return [command(self.code, pair, values) for pair, (search, values) in every_one
                if also_unfit or search.runs_whole()]  # fmt: skip

    def every_search(self, wanting: Sequence[tuple[Pair, Mapping[str, str]]]) -> list[tuple[Fitting, dict[str, str]]]:
        """The searches for values of some passes, and what they found: each may cost its share of what is left."""
        found = []
        for place, (pair, missing) in enumerate(wanting):
            start, share = now(), self.left / (len(wanting) - place)
            found.append(self.searched(pair, missing, max(min(MOST_WORK, share), LEAST_WORK)))
            self.left -= (now() - start) / SECOND
        return found

    def searched(self, pair: Pair, missing: Mapping[str, str], most: float) -> tuple[Fitting, dict[str, str]]:
        """The search for values of one pass, and what it found; once more with numbers for what only the backward pass
        takes and nothing tells of, `backward(self, dout, most)`, where that stopped it."""
        search = self.search(pair, missing, most)
        found = search.found()
        if pair.title in self.unsaid and not search.runs_whole():
            search = self.search(pair, missing, most)
            found = search.found()
        return search, {**found, **self.unsaid.get(pair.title, {})}

    def search(self, pair: Pair, missing: Mapping[str, str], most: float) -> Fitting:
        large = large_sizes(self.runner(pair, Runner, {})) if missing else {}
        return Fitting(partial(self.runner, pair), {**missing, **large}, self.misfits, most)

    def runner(self, pair: Pair, kind: type[Runner], values: Mapping[str, Any]) -> Runner:
        numbers = {name: value_of(text) for name, text in self.unsaid.get(pair.title, {}).items()}
        return kind(self.code, pair, {**self.given, **numbers, **values}, self.seed, MOST)

    def misfits(self, runner: Runner) -> Misfits:
        """What does not fit: all does only if every gradient is right at finite outputs, and none is missing; by the
        share of the wrong ones."""
        trains = runner.pair.handed and runner.pair.inside is not None
        if trains and AsCalled(self.code, all_pairs(self.code), self.seed, runner.given).stopped():
            return Misfits(HALFWAY, {}, {})
        try:
            binding = Binding(runner, self.upstream, self.seed)
            outputs = runner.outputs(binding.given)
        except Problem as problem:
            if runner.unsaid and runner.pair.title not in self.unsaid:
                tells = Examples(runner.backs())
                examples = {name: tells.of(name) for name in runner.unsaid}
                self.unsaid[runner.pair.title] = {
                    key: NUMBERS[0] if shape_of(one) else one for key, one in examples.items()
                }
            with suppress(Problem):  # it is the backward pass that cannot be read, unless it is given too little
                runner.outputs(runner.given)
                return Misfits(HALFWAY if LACKING.search(problem.message) else STOPPED, {}, {})
            return Misfits(2 * STOPPED, {}, {})
        if binding.first is None:  # it may be that these values do not fit
            return Misfits(1.2 * STOPPED, {}, {})
        given = binding.given
        values = [at_path(given, path) for path in binding.first.gradients]
        if not all(is_differentiable(one) or is_whole(one) for one in values if one is not None):  # of what has none
            return Misfits(STOPPED, {}, {})
        gradients = {
            path: one for path, one in binding.first.gradients.items() if is_differentiable(at_path(given, path))
        }
        held = [one for whole in (gradients, runner.made_of) for _, one in leaves(whole)]
        shown = all(np.size(one) for one in held if is_gradient(one))
        if not shown or not any(map(np.any, gradients.values())):
            return Misfits(STOPPED / 2, {}, {})  # where all are 0, or one has no elements, nothing is shown
        labels = {path[0]: shape_at(given, path) for path in runner.paths(given) if path not in gradients}
        far = binding.distances(binding.upstream, given)
        if len(far) == 1 and named_so(runner):
            here = [Given(given, binding.upstream, one) for one in gradients.values()]
            far = dict.fromkeys(far, 0.0) if squashed_by(runner, here, *gradients) else far
        finite = all(np.all(np.isfinite(one)) for one in outputs)
        if finite and not any(far.values()):
            seeds = [self.seed, self.seed + 1] if labels else []  # a slope may be 0 at all points around one
            judges = (Judge(runner, self.upstream, seed) for seed in seeds)
            if any(judge.lacks_gradients() for judge in judges):
                return Misfits(SLOPES, {}, labels)
            same = any(np.array_equal(outputs[0], at_path(given, path)) for path in gradients)  # hands on what it takes
            same |= runner.as_row  # what it is written for may be rows
            hides = same or (runner.pair.of_one and np.size(outputs[0]) > 1)
            return Misfits(HIDING if hides else 0.0, {}, {}, judged=len(gradients))
        shapes = {
            ".".join(map(str, path)): np.shape(one) for path, one in gradients.items()
            if shape_at(given, path) != np.shape(one)
        }  # fmt: skip
        off = [path for path, one in far.items() if one and path in gradients]
        swept = runner.swept(given, binding.upstream, off) if off and labels else {}
        by_factor = [path for path, one in swept.items() if np.size(one) > 1 and is_multiple(gradients[path], one)]
        wrong = (sum(map(bool, far.values())) - len(by_factor) / 2) / len(far)
        told = {whose: one for whose, one in far.items() if whose is not None and not one}
        right = frozenset(".".join(whose) for whose in told if np.any(gradients.get(whose)))
        right = right if finite and not shapes else frozenset()
        return Misfits(SLOPES * (1 + wrong + (not finite)) + len(shapes), shapes, labels, finite, right)


def size_of_all(searches: Sequence[Fitting], values: Mapping[str, str], most: float) -> float:
    """How badly some values fit all passes together; where it is more than `most`, that alone is told."""
    size = 0.0
    for one in searches:
        size += one.size_of(values)
        if size > most:
            return np.inf
    return size


def large_sizes(runner: Runner) -> dict[str, str]:
    """The sizes that an object is made with unless others are given, and for which it takes long, as those of pictures:
    `input_dim=3*32*32`, `input_dim=(1, 28, 28)`, `dims=[10, 3073]`. Each with a smaller one."""
    found: dict[str, str] = {}
    for made in runner.constructors()[:1] if runner.pair.is_made else ():
        names = [one.arg for one in (*made.args.posonlyargs, *made.args.args)][::-1]
        texts = {name: ast.unparse(one) for name, one in zip(names, made.args.defaults[::-1], strict=False)}
        numbers = {name: text.split(" * ") for name, text in texts.items() if name not in runner.given}
        found |= {name: "3" for name, some in [*numbers.items()][::-1]
                  if all(map(str.isdigit, some)) and np.prod([*map(int, some)]) > LARGE}  # fmt: skip
        found |= {name: "[3,4]" for name in numbers if MATRIX.fullmatch(texts[name])
                  and np.prod([*map(int, re.findall(r"\d+", texts[name]))]) > LARGE}  # fmt: skip
        sizes = {name: re.findall(r"\d+", texts[name]) for name in numbers if PICTURE.fullmatch(texts[name])}
        found |= {name: str([8 if int(one) > 8 else int(one) for one in some]).replace(" ", "")
                  for name, some in sizes.items() if sum(int(one) > 8 for one in some) == 2}  # fmt: skip
    return found


def guessed(search: Fitting) -> str:
    """What is said of values with which a pass does not run, and of what is not known, if that stopped it."""
    return "" if search.runs_whole() else GUESSED.format(f" ({search.unread})" if search.unread else "")
