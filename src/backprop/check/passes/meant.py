"""Of what the gradients of a backward pass are that takes none from above: of a cost in the code, of a usual loss with
labels, of the errors that a script sets last."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.losses import Compared, Loss, factors, follows, loss_of, losses, same_slopes
from backprop.check.passes.slopes import moved
from backprop.errors import Problem, enumerated
from backprop.python.inputs.given import at_path
from backprop.python.names import parameter_names
from backprop.python.runs.runner import Runner
from backprop.python.texts.attributes import entered
from backprop.python.texts.gradients import Path, leaves
from backprop.python.values.arrays import fresh

ERRORS = re.compile("err|diff|resid|delta|loss|cost", re.IGNORECASE)
FAR = (8.0, 8.0)  # how far away points are at which other branches are taken
MOST_TRIED = 4  # of what a script sets, as the output of a loss that does not stand in it


class Tried(NamedTuple):
    """A loss that a script may mean, in words, of what, and of how many elements the gradients are right for it, or but
    for the sign, where it takes steps: nobody goes up on errors, as a rule of Hebb's or a search for a maximum may on
    other things."""

    told: str
    loss: Loss
    output: str
    agree: int
    uphill: int


class Meant:
    """A pass at a point, and what it may be the gradient of."""

    def __init__(self, runner: Runner, seed: int) -> None:
        self.runner, self.seed, self.given = runner, seed, runner.given
        self.remarks: list[str] = []
        self.loss: Loss | None = None  # that the backward pass means, where it takes labels and none stands in the code

    def took_learned(self) -> bool:
        """Take the weights that the object made itself as inputs, too; whether there are any."""
        runner = self.runner
        for name in self.idle_states():
            del runner.learned[name]
        runner.own.update(name for name in runner.learned if name not in self.given)
        runner.parameters += [name for name in runner.learned if name not in runner.parameters]
        learned = {name: one for name, one in fresh(runner.learned).items() if name not in self.given}
        zeros = [path for name in learned for path, one in leaves(learned[name], (name,)) if not np.any(one)]
        if runner.pair.start and zeros:  # where all is 0, much is hidden
            learned = self.moved(learned, zeros, 1.0)
            told = enumerated(list(dict.fromkeys(path[0] for path in zeros)))
            self.remarks.append(f"what begins with 0 is judged elsewhere: {told}")
        runner.given = self.given = {**learned, **self.given}
        runner.of_text_itself += [name for name in runner.learned if name in runner.of_top]
        paths: list[Path] = [path for name, value in runner.learned.items() for path, _ in leaves(value, (name,))]
        if paths and runner.pair.of_one and not any(map(np.any, self.runner.swept(self.given, [1.0], paths).values())):
            raise Problem(
                "value", f"{runner.pair.name} takes what a forward pass gave, and returns gradients of what is before",
                hint="a function that computes both can be judged",
            )  # fmt: skip
        return bool(runner.learned)

    def idle_states(self) -> list[str]:
        """What is made where it is not there yet, `if self.h is None`, and on which nothing hangs, and what the forward
        pass enters into, while on some of it nothing hangs: no weight, but a state that is set anew."""
        runner, forward, late = self.runner, self.runner.pair.forward, {*self.runner.made_late}
        filled = entered(forward) - late if forward and runner.pair.kind == "class" else set()
        paths: list[Path] = [(name,) for name in runner.learned if name in late | filled]
        given = {**self.given, **fresh(runner.learned)}
        swept = runner.swept(given, [np.ones(np.shape(one)) for one in runner.outputs(given)], paths) if paths else {}
        hangs = {path[0]: np.asarray(swept.get(path, 1.0)) for path in paths}
        return [name for name, one in hangs.items() if not (np.all(one) if name in filled else np.any(one))]

    def of_labels(self, outputs: list[Any], labels: dict[str, Any]) -> list[Any]:
        """The gradient of what a backward pass is of that takes labels: of the cost in the code, or of a usual loss, if
        every gradient is right for that and none stands in the code with which this is so."""
        runner, costs = self.runner, self.costs_in_code()
        cost = next(filter(self.agrees_with, costs), None)
        if cost is None:
            cost = min(costs, key=self.wrong_for, default=None)
            runner.cost = None
            remarks = list(self.remarks)
            with suppress(Problem) if cost is not None else nullcontext():
                above = self.meant(outputs, labels)
                if cost is None or self.agrees(above):
                    self.remarks += [f"the gradient of {cost.name} is another"] if cost is not None else []
                    return above
            assert cost is not None
            self.loss, self.remarks = None, remarks
            self.agrees_with(cost)
        self.remarks.append(f"what is judged is the gradient of {cost.name} with {enumerated(list(labels))}")
        return [np.ones(np.shape(one)) for one in runner.outputs(self.given)]

    def costs_in_code(self, of_kept: bool = False) -> list[ast.FunctionDef]:
        """The costs in the code that can be taken of the output and the labels, or of what the forward pass keeps: the
        ones that go forward themselves first, and then those that take what the backward pass alone is given, as the
        weight of a regularization."""
        with suppress(Problem):  # what the backward pass itself stops with is told where that is judged
            self.runner.run(self.given, [np.ones(np.shape(one)) for one in self.runner.outputs(self.given)])
            self.took_learned()
        found, alone = [], {*self.runner.of_backward_alone()}

        def nearest_first(cost: ast.FunctionDef) -> tuple[bool, int]:
            return self.runner.is_whole(cost), len(alone.intersection(parameter_names(cost)))

        for cost in sorted(self.runner.costs(), key=nearest_first, reverse=True):
            self.runner.cost = cost
            with suppress(Problem):
                self.runner.outputs(self.given)
                found += [cost] if not of_kept or self.runner.cost_of_kept else []
        self.runner.cost = None
        return found

    def wrong_for(self, cost: ast.FunctionDef) -> float:
        """How many gradients are wrong for a cost: a mistake leaves most of them right for the one that is meant."""
        self.runner.cost = cost
        away = self.distances([1.0], self.given)
        return np.inf if None in away else sum(map(bool, away.values()))

    def agrees_with(self, cost: ast.FunctionDef) -> bool:
        """Whether the gradients are right for a cost, which is the one then; of two numbers that it returns the one for
        which more of them are, as of a loss with and without a penalty."""
        self.runner.cost, far = cost, {}
        for self.runner.cost_at in (1, 0):
            far[self.runner.cost_at] = [*self.distances([1.0], self.given).values()]
        self.runner.cost_at = int(far[1].count(0.0) > far[0].count(0.0))
        return not any(far[self.runner.cost_at])

    def meant(self, outputs: list[Any], labels: dict[str, Any]) -> list[Any]:
        """The gradient of the loss that a backward pass means which takes labels."""
        try:
            here = self.compared(self.given, labels)
            if self.took_learned():
                here = self.compared(self.given, labels)
        except Problem:  # which is told where the pass is judged
            return self.fixed(outputs)
        for much in (1.0, FAR[0]):
            with suppress(Problem):
                there = here if here.tells else self.compared(self.away(much), labels)
                here = there if there.tells else here
        self.loss = loss_of(here, labels)
        told = f"what is judged is the gradient of the {self.loss.name} with {enumerated(list(labels))}"
        self.remarks.append(f"no loss stands in the code: {told}")
        return [self.loss.slope(outputs[0])]

    def compared(self, given: dict[str, Any], labels: dict[str, Any]) -> Compared:
        """The gradients of the pass at a point, and those of every loss that it may mean."""
        outputs = self.runner.outputs(given)
        gradients = self.runner.run(given, [np.ones(np.shape(one)) for one in outputs]).gradients
        swept = [(one, self.runner.swept(given, [one.slope(outputs[0])], list(gradients)))
                 for one in losses(outputs[0], labels)]  # fmt: skip
        return Compared(given, np.shape(outputs[0]), gradients, swept)

    def fixed(self, outputs: list[Any]) -> list[Any]:
        """What a backward pass may mean that takes no gradient from above: that of the output's mean or sum; what is by
        its name a slope, the sum alone: beside two elements, the mean of squares has the slope of halves. Where a cost
        in the code is of what the forward pass keeps, `loss(cache["scores"])`, it is that of the cost."""
        costs = self.costs_in_code(of_kept=True) if self.runner.pair.kind in ("functions", "class") else []
        above = self.of_kept(costs)
        if above is not None:
            return above
        shapes = [*map(np.shape, outputs)]
        ways = {
            "mean": [np.full(shape, 1 / max(1, np.prod(shape, dtype=int))) for shape in shapes],
            "sum": [np.ones(shape) for shape in shapes],
            "sum over the number of rows": [np.full(shape, 1 / max([1, *shape[:1]])) for shape in shapes],
        }
        for name, above in ways.items():
            if not self.runner.pair.is_slope and self.agrees(above):
                self.remarks.append(f"no gradient comes from above: what is judged is that of the {name} of the output")
                return above
        if costs:
            self.agrees_with(cost := min(costs, key=self.wrong_for))
            self.remarks.append(f"what is judged is the gradient of {cost.name}")
            return [np.ones(np.shape(one)) for one in self.runner.outputs(self.given)]
        if self.runner.pair.kind == "script":
            return self.of_no_loss(outputs)
        self.remarks.append("no gradient comes from above: what is judged is that of the sum of the output")
        return ways["sum"]

    def of_kept(self, costs: list[ast.FunctionDef]) -> list[Any] | None:
        """The gradient of the cost of what the forward pass keeps for which every gradient is right; or of as many
        times a mean as there are rows, which is their sum; or None."""
        rows = {len(one) for one in self.given.values() if isinstance(one, np.ndarray) and one.ndim}
        for cost in costs:
            right = self.agrees_with(cost)
            ones = [np.ones(np.shape(one)) for one in self.runner.outputs(self.given)]
            times = (
                1 if right else next((size for size in sorted(rows) if self.agrees([size * one for one in ones])), 0)
            )
            if times:
                told = cost.name if times == 1 else f"{times} times {cost.name}, the sum over as many rows"
                self.remarks.append(f"what is judged is the gradient of {told}")
                return [times * one for one in ones]
        self.runner.cost = None
        return None

    def of_no_loss(self, outputs: list[Any]) -> list[Any]:
        """What a script means that sets no loss: that of the squares of what it set last, the errors, or of halves; or
        a usual one of what it set and what that is compared with: the one with which most of all gradients agrees. If
        none does, the one that most of all steps go up."""
        runner, stops = self.runner, list[Problem]()
        tried: list[Tried] = []
        for much in (1.0, 0.3, FAR[0]):  # where weights are 0, many agree, and all do where units are dead
            tried = tried if any(one.agree for one in tried) else [*self.tried_losses(much, stops)]
        best = max(tried, key=lambda one: one.agree, default=None)
        if best is None or not best.agree:
            best = max(tried, key=lambda one: one.uphill, default=None)
        if best is None or not best.agree + best.uphill:
            if runner.sets_cost:
                return [np.ones(np.shape(one)) for one in outputs]
            told = "no loss is set before the gradients, and none that is usual fits"
            raise stops[0] if stops else Problem("value", told, hint="set it: loss = …")
        self.loss, runner.output = best.loss, best.output
        self.remarks.append(f"no loss is set: what is judged is the gradient of {best.told}")
        return [self.loss.slope(runner.outputs(self.given)[0])]

    def tried_losses(self, much: float, stops: list[Problem]) -> Iterator[Tried]:
        """The usual losses of what a script set last, each with how well the gradients fit at a point so far away;
        `stops` get what ends a run."""
        runner = self.runner
        paths = [path for path in runner.paths(self.given) if path[0] in runner.own] or runner.paths(self.given)
        there = self.moved(self.given, paths, much)
        for output in runner.last_set[:MOST_TRIED]:
            runner.output = output
            out = runner.outputs(there)[0]
            gradients: dict[Path, Any] = {}
            try:
                outcome = runner.run(there, [np.ones(np.shape(out))])
                gradients = {path: one for path, one in outcome.gradients.items() if at_path(there, path) is not None}
            except Problem as problem:
                stops.append(problem)
            for told, loss, multiples in self.usual(out, output):
                swept = runner.swept(there, [loss.slope(out)], [*gradients])
                for words, factor in multiples.items():
                    agree, uphill = (
                        sum(
                            np.size(at_path(there, path)) for path, one in swept.items() if np.any(one)
                            and (same_slopes(gradients[path], times * one)
                            or follows(gradients[path], times * one, at_path(there, path)))
                        )
                        for times in (factor, -factor)
                    )  # fmt: skip
                    of_error = ERRORS.search(output) or np.ndim(loss.target)  # which has labels
                    uphill = uphill if of_error and loss.name != "itself" and runner.pair.changed else 0
                    yield Tried(told.format(words).strip(), loss._replace(factor=factor), output, agree, uphill)

    def of_costs(self, outputs: list[Any]) -> list[Any]:
        """The outputs of a script; of one that sets several costs apart, as of data that it does not train with, that
        for which the fewest gradients are wrong, and of which the most is read by what goes back."""
        runner, costs = self.runner, self.runner.costs_apart
        if len(costs) < 2 or runner.output:
            return outputs
        far: dict[str, tuple[float, int]] = {}
        for cost, read in costs.items():
            runner.output = cost
            away = self.distances([np.ones(np.shape(one)) for one in runner.outputs(self.given)], self.given)
            far[cost] = np.inf if None in away else sum(map(bool, away.values())), -read
        runner.output = min(far, key=lambda one: far[one])
        if runner.output not in runner.last_set:
            self.remarks.append(f"of {enumerated([*far])} what is judged is the gradient of {runner.output}")
        return runner.outputs(self.given)

    def of_output(self, outputs: list[Any]) -> list[Any]:
        """The gradient of the one number that a script sets last; where that is no loss, as `p = sigmoid(w @ x)` is
        none, of one that is usual."""
        ones = [np.ones(np.shape(one)) for one in outputs]
        remarks, output, pair = [*self.remarks], self.runner.output, self.runner.pair
        far = self.distances(ones, self.given).values()
        if any(far):
            trains = pair.inside is not None or pair.line > 0
            with suppress(Problem) if 0 in far or not trains else nullcontext():
                above = self.of_no_loss(outputs)
                if self.loss is not None and self.loss.name != "itself":
                    return above
        self.remarks, self.loss, self.runner.output = remarks, None, output
        return ones

    def usual(self, output: Any, name: str) -> Iterator[tuple[str, Loss, dict[str, float]]]:
        """The losses that may be meant, in words, and what they may be multiplied with. Of what adds up squares it is
        that, or half of it."""
        size = np.size(output)
        if self.runner.sets_cost:
            yield f"{{}} {name}", Loss("itself", 0.0), {"half of": 0.5, "": 1.0}
            return
        ways = {"the mean": 2 / size, "the sum": 2.0, "half the mean": 1 / size, "half the sum": 1.0}
        yield f"{{}} of the squares of {name}", Loss("squared error", 0.0), ways
        if size == 1:
            yield f"{{}} {name}", Loss("itself", 0.0), {"half of": 0.5, "": 1.0}
        labels = {key: one for key, one in self.runner.compared(output).items() if not np.array_equal(one, output)}
        judged = {"1": np.ones(np.shape(output)), "0": np.zeros(np.shape(output))}  # as of what is real, or made up
        chances = not labels and bool(np.all((output > 0) & (output < 1)))
        for whose, value in (judged if chances else labels).items():
            for loss in losses(output, {whose: value}):
                yield (
                    f"the {loss.name} of {name} with {whose}",
                    loss,
                    {str(one): one for one in factors(np.shape(output))},
                )

    def away(self, much: float) -> dict[str, Any]:
        """The inputs so far away from the given ones, with the same labels."""
        labels = self.runner.labels()
        paths = [one for one in self.runner.paths(self.given) if one[0] not in labels]
        return self.moved(self.given, paths, much)

    def moved(self, given: dict[str, Any], paths: list[Path], much: float) -> dict[str, Any]:
        """Some inputs so far away from where they are, the same way each time."""
        return moved(given, paths, np.random.default_rng(self.seed), much)

    def agrees(self, above: list[Any], at: dict[str, Any] | None = None) -> bool:
        """Whether the gradients are right for a gradient from above."""
        return self.distance(above, self.given if at is None else at) == 0

    def distance(self, above: list[Any], given: dict[str, Any]) -> float:
        """How far the gradients are from the right ones, in parts of these; 0 where they agree."""
        return sum(self.distances(above, given).values())

    def distances(self, above: list[Any], given: dict[str, Any]) -> dict[Path | None, float]:
        """How far each gradient is from the right one, but for elements at a kink, which have no slope."""
        try:
            outcome = self.runner.run(given, above)
        except Problem:
            return {None: np.inf}
        paths = [path for path in outcome.gradients if at_path(given, path) is not None]
        swept = self.runner.swept(given, above, paths)
        found: dict[Path | None, float] = {} if swept else {None: np.inf}
        for path, one in swept.items():
            mine = outcome.gradients[path]
            if np.shape(mine) != np.shape(one):
                found[path] = np.inf
                continue
            known = ~np.isnan(one) | np.isnan(mine)
            mine, one = np.asarray(mine)[known], np.asarray(one)[known]
            if same_slopes(mine, one):
                found[path] = 0.0
            else:
                away = float(np.linalg.norm(np.subtract(mine, one)) / (np.linalg.norm(one) or 1.0))
                found[path] = away if np.isfinite(away) else np.inf
        return found
