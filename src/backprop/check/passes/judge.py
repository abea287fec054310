"""A hand-written pass, judged by what comes out of it: every gradient, at the given point and at two around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from math import inf, isfinite, nan
from time import process_time
from typing import Any, NamedTuple

import numpy as np

from backprop.check.passes.losses import Loss, close, loss_of
from backprop.check.passes.slopes import Comparison, Slopes, compared, measured, measured_where, moved
from backprop.errors import Problem, enumerated
from backprop.errors.spelling import option, said
from backprop.python.entry.back import Outcome
from backprop.python.entry.given import at_path, floated, is_differentiable, is_whole
from backprop.python.entry.gradients import Path, is_data, leaves
from backprop.python.entry.runner import Instead, Runner
from backprop.python.values.arrays import fresh
from backprop.python.values.tape import Tape

POINTS = 2  # around the given one
MORE = (1.0, 1.0, 4.0)  # points more that a cure is tried at, and how far away they are
SMALL, SMALL_ERROR = 1e-4, 1e-2  # what counts as a small number in a forward pass, and how wrong it makes a gradient
FAR = (8.0, 8.0)  # and points at which what is right at all of these is tried: other branches are taken there
PLAIN = 1e-3  # of the size of the gradients
LONG = 4.0  # seconds of the processor after which no others are begun
PROBES = 12  # of an input at each of those
STOPS = ("shape", "value")  # problems of a backward pass that are mistakes of its own
UPSTREAM = option("--upstream")


class Gradient(NamedTuple):
    """What is said about one gradient: "ok", "wrong", "missing", "imprecise"."""

    path: Path
    verdict: str
    error: float
    remark: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


class Place(NamedTuple):
    """A line of the verdict: where the mistake is, why, and what to write; `write` is proven, or None.

    `yours` is what the line gives where that is wrong first, `expected` what it gives with the cure; `iteration` is the
    round of the innermost loop there.
    """

    function: str
    line: int
    iteration: int | None
    name: str
    verdict: str
    cause: str | None
    advice: str
    write: str | None
    yours: Any = None
    expected: Any = None


class Verdict(NamedTuple):
    """The judgement of a pass."""

    name: str
    verdict: str
    gradients: list[Gradient]
    lines: list[Place]
    remarks: list[str]


class Point(NamedTuple):
    """A point with its upstream, and the slopes there."""

    given: dict[str, Any]
    upstream: list[Any]
    slopes: dict[Path, Slopes]
    outputs: list[Any]
    doubted: set[Path]  # whose slopes were measured anew where a gradient is not that of the sweep


class Judge:
    """One pass with its points."""

    def __init__(self, runner: Runner, upstream: Any = None, seed: int = 0) -> None:
        self.runner, self.seed = runner, seed
        self.until = process_time() + LONG
        self.random = np.random.default_rng(seed)
        self.remarks: list[str] = []
        self.loss: Loss | None = None  # that the backward pass means, where it takes labels and none stands in the code
        whole = self.settled()
        self.given = self.runner.given
        outputs = runner.outputs(self.given)
        if runner.whole_quotients:
            self.remarks.append("/ of whole numbers was taken as whole, as in Python 2: Python 3 needs // for a size")
        self.upstream = self.upstream_for(outputs, upstream)
        self.stop: Problem | None = None
        self.first: Outcome | None = None
        self.first = self.attempt(self.given, self.upstream)
        if self.first is not None and (self.took_learned() or self.is_of_another()):
            self.first = self.attempt(self.given, self.upstream)
        if upstream is None and runner.stand_ins and (self.first is None or not self.agrees(self.upstream)):
            self.other_binding()
            if self.stop is not None and self.stop.kind not in STOPS:
                raise self.stop
            if self.first is not None and self.took_learned():
                self.first = self.attempt(self.given, self.upstream)
        if runner.loss_beyond and upstream is None and self.first is not None and not self.agrees(self.upstream):
            self.try_with_loss()
        self.paths = self.judged_paths(whole)
        self.others: list[Point] | None = None
        self.points = [self.point(self.given, self.upstream)]

    # ── the point ──

    def settled(self) -> list[str]:
        """Take whole numbers as fractions where the pass can; which those are."""

        def works(given: dict[str, Any]) -> bool:
            try:
                outputs = self.runner.outputs(given)
            except Problem:
                return False
            try:
                self.runner.run(given, [np.ones(np.shape(one)) for one in outputs])
            except Problem as problem:  # a size that only the backward pass needs
                return not re.search(r"as an integer|whole number is needed|only integers|of integer", problem.message)
            return True

        given, whole = floated(self.runner.given, works)
        idle = {name: self.runner.given[name] for name in whole if self.is_idle(given, name)}
        self.runner.given = {**given, **idle}
        return [name for name in whole if name not in idle]

    def is_idle(self, given: dict[str, Any], name: str) -> bool:
        """Whether nothing hangs on the fraction of what was given as whole: it is a size, or becomes whole again."""
        try:
            here = self.runner.outputs(given)
            moved = [self.runner.outputs({**given, name: given[name] + step}) for step in (0.25, 0.5)]
        except Problem:
            return False
        return all(np.array_equal(*one, equal_nan=True) for some in moved for one in zip(here, some, strict=True))

    def upstream_for(self, outputs: list[Any], upstream: Any) -> list[Any]:
        """The gradients on the outputs: as given, 1 for a number, and else random ones, which is said."""
        labels = self.runner.labels() if not self.runner.above else {}
        if labels and upstream is None:
            return self.meant(outputs, labels)
        if not self.runner.above and not labels:
            if upstream is not None:
                self.remarks.append(said(f"the backward pass takes no gradient from above: {UPSTREAM} is not used"))
            upstream = None
            if any(np.size(one) != 1 for one in outputs) and not self.gives_jacobian(outputs):
                return self.fixed(outputs)
        if upstream is not None:
            found = [upstream] if len(outputs) == 1 else list(upstream)
            shapes = [np.shape(one) for one in found]
            if shapes != [np.shape(one) for one in outputs]:
                wanted = ", ".join("×".join(map(str, np.shape(one))) or "a number" for one in outputs)
                raise Problem("shape", f"{UPSTREAM} has another shape than the output, which is {wanted}")
            return [np.asarray(one, dtype=float) if np.ndim(one) else float(one) for one in found]
        if all(np.ndim(one) == 0 or np.size(one) == 1 for one in outputs):
            return [1.0 if np.ndim(one) == 0 else np.ones(np.shape(one)) for one in outputs]
        seed = option("--seed", self.seed)
        if self.runner.jacobian:
            self.remarks.append(
                "the backward pass gives the slopes of every element of the output: a gradient is made of them"
            )
        self.remarks.append(said(f"the gradient on the output is random ({seed}); {UPSTREAM} gives another"))
        return [self.random.normal(size=np.shape(one)) if np.ndim(one) else 1.0 for one in outputs]

    def gives_jacobian(self, outputs: list[Any]) -> bool:
        """Whether the backward pass returns the slopes of every element of the output."""
        with suppress(Problem):
            self.runner.run(self.given, [np.ones(np.shape(one)) for one in outputs])
        return self.runner.jacobian

    def is_of_another(self) -> bool:
        """Whether the one gradient that comes out is right for another input of its shape than its place tells."""
        found = self.first.gradients if self.first is not None else {}
        if len(found) != 1:
            return False
        (path, gradient), *_ = found.items()
        paths, shape = self.runner.paths(self.given), np.shape(gradient)
        alike = [one for one in paths if np.shape(at_path(self.given, one)) == shape]
        swept = self.swept(self.given, self.upstream, alike) if path in alike and len(alike) > 1 else {}
        fitting = [one for one in alike if close(gradient, swept.get(one, 0.0))]
        self.runner.whose = fitting[0] if fitting and path not in fitting else None
        return self.runner.whose is not None

    def took_learned(self) -> bool:
        """Take the weights that the object made itself as inputs, too; whether there are any."""
        runner = self.runner
        runner.own.update(name for name in runner.learned if name not in self.given)
        runner.parameters += [name for name in runner.learned if name not in runner.parameters]
        runner.given = self.given = {**fresh(runner.learned), **self.given}
        runner.of_text_itself += [name for name in runner.learned if name in runner.of_top]
        paths: list[Path] = [path for name, value in runner.learned.items() for path, _ in leaves(value, (name,))]
        if paths and runner.pair.of_one and not any(map(np.any, self.swept(self.given, [1.0], paths).values())):
            raise Problem(
                "value", f"{runner.pair.name} takes what a forward pass gave, and returns gradients of what is before",
                hint="a function that computes both can be judged",
            )  # fmt: skip
        return bool(runner.learned)

    def meant(self, outputs: list[Any], labels: dict[str, Any]) -> list[Any]:
        """The gradient of the loss that a backward pass means which takes labels."""
        above = [np.ones(np.shape(one)) for one in outputs]
        try:
            gradients = self.runner.run(self.given, above).gradients
            if self.took_learned():
                gradients = self.runner.run(self.given, above).gradients
        except Problem:  # which is told where the pass is judged
            return self.fixed(outputs)
        self.loss = loss_of(
            outputs[0], labels, gradients, lambda above: self.swept(self.given, [above], list(gradients)),
            lambda path: at_path(self.given, path),
        )  # fmt: skip
        name, whose = self.loss.name, enumerated(list(labels))
        self.remarks.append(f"no loss stands in the code: what is judged is the gradient of the {name} with {whose}")
        return [self.loss.slope(outputs[0])]

    def fixed(self, outputs: list[Any]) -> list[Any]:
        """What a backward pass may mean that takes no gradient from above: that of the output's mean or sum."""
        ways = {
            "mean": [np.full(np.shape(one), 1 / np.size(one)) for one in outputs],
            "sum": [np.ones(np.shape(one)) for one in outputs],
            "sum over the number of rows": [np.full(np.shape(one), 1 / max(1, *np.shape(one)[:1])) for one in outputs],
        }
        for name, above in ways.items():
            if self.agrees(above):
                self.remarks.append(f"no gradient comes from above: what is judged is that of the {name} of the output")
                return above
        self.remarks.append("no gradient comes from above: what is judged is that of the sum of the output")
        return ways["sum"]

    def agrees(self, above: list[Any], given: dict[str, Any] | None = None) -> bool:
        """Whether the gradients are right for a gradient from above."""
        given = self.given if given is None else given
        try:
            outcome = self.runner.run(given, above)
        except Problem:
            return False
        paths = [path for path in outcome.gradients if at_path(given, path) is not None]
        swept = self.swept(given, above, paths)
        return bool(swept) and all(
            np.shape(outcome.gradients[path]) == np.shape(one)
            and np.allclose(outcome.gradients[path], one, rtol=1e-5, atol=1e-9, equal_nan=True)
            for path, one in swept.items()
        )

    def other_binding(self) -> None:
        """Take for the first parameter of the backward pass what else it may be, where every gradient is right with it,
        or where the pass stops with a gradient from above and does not stop with it."""
        runner, found = self.runner, []
        for name in runner.stand_ins:
            runner.instead_of_above, remarks = name, self.remarks
            self.remarks = []
            try:
                outputs = runner.outputs(self.given)
                upstream = self.upstream_for(outputs, None)
                first = runner.run(self.given, upstream)
            except Problem:
                first = None
            right = first is not None and self.agrees(upstream)
            if right and first is not None and self.first is not None:  # here it may be so by chance
                there = [path for path in first.gradients if at_path(self.given, path) is not None]
                right = self.agrees(upstream, moved(self.given, there, np.random.default_rng(self.seed), FAR[0]))
            if first is not None and (self.first is None or right):
                found.append((not right, name, upstream, first, self.remarks))
            self.remarks = remarks
        runner.instead_of_above = None
        if found:
            _, runner.instead_of_above, self.upstream, self.first, self.remarks = min(found, key=lambda one: one[0])
            self.stop = None
        runner.outputs(self.given)

    def try_with_loss(self) -> None:
        """Take a loss that is returned beside the outputs for one, where every gradient is right then."""
        runner, without = self.runner, self.upstream
        runner.with_loss = True
        count = len(runner.outputs(self.given)) - len(without)
        self.upstream = [*without, *[1.0] * count]
        if self.agrees(self.upstream):
            self.first = self.attempt(self.given, self.upstream)
            self.remarks.append("the gradient of the loss that is returned, too, is among those of the backward pass")
            return
        runner.with_loss, self.upstream = False, without
        runner.outputs(self.given)

    def attempt(self, given: dict[str, Any], upstream: list[Any], instead: Instead | None = None) -> Outcome | None:
        """Run the pass. A backward pass that NumPy itself stops is wrong, and not a problem of ours."""
        try:
            return self.runner.run(given, upstream, instead)
        except Problem as problem:
            tried = self.first is None and problem.kind == "name" and self.runner.stand_ins
            if not (problem.kind in STOPS or tried) or not self.in_backward(problem):
                raise
            self.stop = problem
            return None

    def in_backward(self, problem: Problem) -> bool:
        """Whether a problem has a place: the forward pass ran already, so it is in the backward pass."""
        return problem.line is not None and bool(self.runner.outputs(self.given))

    def judged_paths(self, whole: list[str]) -> list[Path]:
        """The inputs that are judged: those with a gradient, and the arrays that should have one."""
        given = self.given
        found = list(self.first.gradients) if self.first is not None else []
        made = self.runner.made_of  # a weight may have two names: of `self.params[0]` and `self.w` one is judged
        found = [path for path in found if at_path(given, path) is not None or path[0] not in made]
        labels = [(name,) for name in given if is_whole(given[name]) and np.ndim(given[name])]
        found = [path for path in found if path not in labels or len(found) == 1]  # a layer hands on one for them, too
        for path in found:
            if not is_differentiable(at_path(given, path)):
                raise Problem("value", f"{'.'.join(path)} is no fraction, and cannot have a gradient")
        of_weights = (
            (any(path[0] in made for path in found) or self.runner.pair.of_slope)
            and not self.runner.above
            and self.loss is None
        )  # a cost, of which the inputs are data
        by_key = self.first is not None and (self.first.by in ("key", "both") or of_weights)
        self.unnamed: list[str] = []
        for path in self.runner.paths(given):
            if path in found:
                continue
            if len(path) > 1:
                if self.first is None or any(one[0] == path[0] for one in found):
                    found.append(path)
            elif np.ndim(at_path(given, path)) > 0:
                if by_key or (found and (is_data(path[-1]) or is_mask(at_path(given, path)))):
                    self.unnamed.append(path[0])
                else:
                    found.append(path)
        self.whole = [name for name in whole if (name,) in found]
        return found

    def objective(self, upstream: list[Any], runner: Runner, first: list[Any] | None = None) -> Any:
        """The number whose gradient is judged: the outputs times what comes from above. And how large its terms are.
        `first` gets the outputs where it is asked for first."""

        def at(given: dict[str, Any]) -> tuple[float, float]:
            outputs = runner.outputs(given)
            if first is not None and not first:
                first.extend(outputs)
            terms = [np.asarray(a, dtype=float) * b for a, b in zip(outputs, upstream, strict=True)]
            return sum(float(np.sum(one)) for one in terms), sum(float(np.sum(np.abs(one))) for one in terms)

        return at

    def point(
        self, given: dict[str, Any], upstream: list[Any], most: int | None = None, other: Runner | None = None
    ) -> Point:
        """A point with the slopes there, from the forward pass as it is read."""
        runner = other or self.runner
        swept = self.swept(given, upstream) if other is None else None
        outputs: list[Any] = []
        slopes = measured(self.objective(upstream, runner, outputs), given, self.paths, self.seed, most, swept)
        return Point(given, upstream, slopes, outputs, set())

    def swept(self, given: dict[str, Any], upstream: list[Any], paths: list[Path] | None = None) -> dict[Path, Any]:
        """The gradients from one sweep back through the forward pass, which differences then make sure of."""
        tape = Tape()
        inputs: dict[Path, Any] = {}
        try:
            outputs = self.runner.swept(given, tape, self.paths if paths is None else paths, inputs)
        except Problem:
            return {}
        found = tape.sweep([(tape.leaf(one), np.asarray(above)) for one, above in zip(outputs, upstream, strict=False)])
        return {path: found[ids] for path, ids in inputs.items()}

    def around(self) -> None:
        """Add the points around the given one; where the forward pass stops, a nearer one."""
        for _ in range(POINTS):
            point = self.near(1.0)
            if point is not None:
                self.points.append(point)

    def near(self, far: float, most: int | None = None) -> Point | None:
        """Another point."""
        for much in (1.0, 0.3, 0.1):
            given = moved(self.given, self.paths, self.random, far * much)
            upstream = self.upstream
            if self.runner.above and self.runner.pair.kind != "script":
                count = len(upstream) - (len(self.runner.loss_beyond) if self.runner.with_loss else 0)
                upstream = [
                    one * (1 + 0.5 * self.random.uniform(-1, 1, np.shape(one))) if place < count else one
                    for place, one in enumerate(fresh(self.upstream))
                ]
            try:
                if self.loss is not None:
                    upstream = [self.loss.slope(one) for one in self.runner.outputs(given)[:1]]
                return self.point(given, upstream, most)
            except Problem:
                continue
        return None

    def more(self) -> list[Point]:
        """Points at which cures are tried, too."""
        if self.others is None:
            self.others = self.away(MORE)
        return self.others

    def away(self, distances: tuple[float, ...]) -> list[Point]:
        """Points so far away; one to which the forward pass does not get is left out."""
        found = [self.near(far, PROBES) for far in distances]
        return [one for one in found if one is not None]

    # ── the verdict ──

    def compare(self, point: Point, outcome: Outcome | None) -> dict[Path, Comparison]:
        """Every gradient at one point."""
        found = {}
        for path, slopes in point.slopes.items():
            if outcome is None:
                found[path] = Comparison("wrong", inf, "the backward pass does not get so far")
            elif path not in outcome.gradients:
                tiny = all(abs(one.slope) <= 10 * one.error for one in slopes.probes)
                found[path] = Comparison("ok" if tiny else "missing", nan, "" if tiny else "it has no gradient")
            else:
                found[path] = compared(outcome.gradients[path], slopes)
                if found[path].verdict == "wrong" and slopes.exact and path not in point.doubted:
                    found[path] = compared(outcome.gradients[path], self.again(point, path, outcome.gradients[path]))
        return found

    def again(self, point: Point, path: Path, gradient: Any) -> Slopes:
        """The slopes of an input, by differences where a gradient is another: there may be a kink."""
        point.doubted.add(path)
        slopes = measured_where(
            self.objective(point.upstream, self.runner), point.given, path, point.slopes[path], gradient
        )
        point.slopes[path] = slopes
        return slopes

    def all_right(self, instead: Instead | None = None) -> bool:
        """Whether every gradient that should be there is right at every point."""
        if not all(self.right_at(point, instead) for point in self.points):
            return False
        return all(self.right_at(point, instead) for point in self.more())

    def right_at(self, point: Point, instead: Instead | None = None) -> bool:
        """Whether what comes out is right at a point, its outputs too."""
        try:
            outcome = self.runner.run(point.given, point.upstream, instead, seconds=4.0)
        except Problem:
            return False
        right = all(
            one.verdict in ("ok", "imprecise") or (one.verdict == "missing" and self.may_lack(path, outcome))
            for path, one in self.compare(point, outcome).items()
        )
        return right and self.same_outputs(point, outcome)

    def may_lack(self, path: Path, outcome: Outcome) -> bool:
        """Whether the pass as it was written has no gradient of an input: what an edit takes away is not right."""
        return bool(outcome.gradients) if self.first is None else path not in self.first.gradients

    def same_outputs(self, point: Point, outcome: Outcome) -> bool:
        """Whether a pass with edits put in still has the outputs of the forward pass."""
        return len(outcome.outputs) == len(point.outputs) and all(
            np.array_equal(np.asarray(a), np.asarray(b), equal_nan=True)
            for a, b in zip(outcome.outputs, point.outputs, strict=True)
        )

    def judge(self) -> Verdict:
        """The verdict on every gradient. The lines are found by who asks for them."""
        self.around()
        found: dict[Path, Comparison] = {}
        for point in self.points:
            outcome = self.first if point is self.points[0] else self.attempt(point.given, point.upstream)
            for path, one in self.compare(point, outcome).items():
                found[path] = worse(found.get(path), one)
        if not any(one.verdict == "wrong" for one in found.values()):
            found = self.hidden(found)
        if any(one.verdict == "wrong" for one in found.values()) and self.stop is None:
            found = self.but_for_small_numbers(found)
        gradients = [Gradient(path, one.verdict, one.error, one.remark) for path, one in found.items()]
        gradients = [one for one in gradients if one.verdict != "ok" or self.came_out(one.path)]
        return Verdict(self.runner.pair.title, self.overall(gradients), gradients, [], self.said())

    def hidden(self, found: dict[Path, Comparison]) -> dict[Path, Comparison]:
        """What is right at inputs that hide a mistake (a branch that none of them takes, dead units, equal rows) is
        tried at others; where it is wrong there, the search for the line begins there."""
        for point in self.elsewhere():
            try:
                outcome = self.runner.run(point.given, point.upstream)
            except Problem:
                continue  # so far away a right pass may stop, too
            there = self.compare(point, outcome)
            plain = [path for path, one in there.items() if one.verdict == "wrong" and self.plainly(point, path, one)]
            if plain and not self.are_swept(point, plain, outcome):
                self.points.insert(0, point)
                self.first = outcome
                self.remarks.append("every gradient is right at these inputs, which hide a mistake: it shows at others")
                return {path: worse(found.get(path), one) for path, one in there.items()}
        return found

    def elsewhere(self) -> Iterator[Point]:
        """Points of other kinds, as many as can be had in some seconds: a pass of many steps is no less right."""
        yield from self.more() if process_time() < self.until else ()
        for far in FAR:
            if process_time() < self.until:
                yield from self.away((far,))

    def plainly(self, point: Point, path: Path, one: Comparison) -> bool:
        """Whether a difference is one that would be seen among the gradients of the given point, and for one that is 0
        there among all: where all is saturated, a right pass too is nothing but rounding."""
        here = {whose: slopes.scale for whose, slopes in self.points[0].slopes.items()}
        seen = here.get(path) or max(here.values(), default=0.0)
        return isfinite(one.error) and one.error * point.slopes[path].scale > PLAIN * seen

    def are_swept(self, point: Point, paths: list[Path], outcome: Outcome) -> bool:
        """Whether gradients are those of a sweep back, where differences see others: they do where a number has few
        digits left, as `1 - p` has beside 1."""
        swept = self.swept(point.given, point.upstream, paths)
        for path in paths:
            mine, its, size = outcome.gradients.get(path), swept.get(path), PLAIN * point.slopes[path].scale
            if (
                mine is None
                or its is None
                or np.shape(mine) != np.shape(its)
                or not np.allclose(mine, its, rtol=PLAIN, atol=size)
            ):
                return False
        return True

    def but_for_small_numbers(self, found: dict[Path, Comparison]) -> dict[Path, Comparison]:
        """A gradient that is right but for a small number, as of `log(p + 1e-7)`, that the backward pass leaves out."""
        if any(one.verdict == "wrong" and not one.error < SMALL_ERROR for one in found.values()):
            return found
        ways = [(False, "that the forward pass adds are left out by the backward pass"),
                (True, "are added otherwise by the backward pass than by the forward pass")]  # fmt: skip
        for guards, told in ways:
            if self.right_but_for_small(found, guards):
                self.remarks.append(f"numbers below {SMALL:g} {told}")
                return {
                    path: one._replace(verdict="ok") if one.verdict == "wrong" else one for path, one in found.items()
                }
        return found

    def right_but_for_small(self, found: dict[Path, Comparison], guards: bool) -> bool:
        """Whether every gradient is right without small numbers in the forward pass, or without guards in both."""
        without, given = self.runner.without_small(SMALL, guards)
        if without is None:
            return False
        for point in self.points:
            there = {name: given.get(name, value) for name, value in point.given.items()}
            try:
                outcome = (without if guards else self.runner).run(there if guards else point.given, point.upstream)
                other = self.point(there, point.upstream, other=without)
            except Problem:
                return False
            shared = [path for path in found if path in outcome.gradients]
            if any(compared(outcome.gradients[path], other.slopes[path]).verdict == "wrong" for path in shared):
                return False
        return True

    def came_out(self, path: Path) -> bool:
        return self.first is None or path in self.first.gradients

    def overall(self, gradients: list[Gradient]) -> str:
        verdicts = {one.verdict for one in gradients}
        if "wrong" in verdicts or self.stop is not None:
            return "wrong"
        return "ok" if verdicts == {"ok"} else "incomplete"

    def said(self) -> list[str]:
        """Remarks on the pass as a whole."""
        remarks = [*self.runner.code.left_out(), *self.remarks]
        if self.first is not None and self.first.wrote:
            remarks.append(f"the backward pass writes into {enumerated(self.first.wrote)}, which is its caller's")
        for name, whose in self.runner.supposed.items():
            remarks.append(f"{name} of the backward pass is taken for {whose}")
        if self.whole:
            remarks.append(f"whole numbers were taken as fractions: {enumerated(self.whole)}")
        if self.unnamed:
            remarks.append(f"no gradient comes out for {enumerated(self.unnamed)}")
        if self.runner.drew:
            seed = option("--seed", self.seed)
            remarks.append(said(f"the forward pass draws random numbers: they are the same in every run ({seed})"))
        kinks = sum(slopes.kinks for point in self.points for slopes in point.slopes.values())
        if kinks:
            remarks.append(f"{kinks} elements were not tested: they are at a kink")
        if any(not slopes.whole for point in self.points for slopes in point.slopes.values()):
            remarks.append("of large inputs a sample was tested, and sums in random directions")
        if len(self.points) <= POINTS:
            remarks.append("the forward pass stops at points around the given one, which alone was tested")
        if self.stop is not None:
            remarks.append(f"the backward pass stops in line {self.stop.line}: {self.stop.message}")
        return remarks


def is_mask(value: Any) -> bool:
    """Whether an input that has no gradient is a mask or labels by its values."""
    return bool(np.isin(np.asarray(value).reshape(-1), (0.0, 1.0)).all())


def worse(one: Comparison | None, other: Comparison) -> Comparison:
    """The worse of two comparisons at two points; a test that found nothing gives way to one that did."""
    if one is None:
        return other
    order = {"wrong": 3, "missing": 2, "ok": 1, "imprecise": 0}
    if order[one.verdict] != order[other.verdict]:
        return one if order[one.verdict] > order[other.verdict] else other
    return one if one.error >= other.error or other.error != other.error else other
