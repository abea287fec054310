"""A hand-written pass, judged by what comes out of it: every gradient, at the given point and at two around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property, reduce
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from backprop.check.passes.assumed import taken_for_granted
from backprop.check.passes.binding import Binding
from backprop.check.passes.intended import Intended
from backprop.check.passes.means import Means, meant_over, of_sums, told_of
from backprop.check.passes.meant import FAR
from backprop.check.passes.penalties import added
from backprop.check.passes.points import AROUND, PLAINLY, PROBES, SMALL, Point, Surroundings, is_finite
from backprop.check.passes.slopes import Comparison, Slopes, compared, shape_text, worse
from backprop.check.passes.squashed import Given, named_so, squashed_by
from backprop.check.passes.steps import INSTEAD, STRAIGHT, Steps
from backprop.check.passes.verdict import Gradient, Verdict, overall
from backprop.errors import Problem, enumerated
from backprop.errors.spelling import option, said
from backprop.python.inputs.given import at_path, is_differentiable, is_whole
from backprop.python.names import default_of, parameter_names, required_names
from backprop.python.runs.runner import Instead, Runner
from backprop.python.texts.gradients import Outcome, Path, is_data
from backprop.python.values.meter import RAISED
from backprop.python.values.work import after, now

SMALL_ERROR = 1e-2  # how wrong a small number of the forward pass makes a gradient
PLAIN = 1e-3  # of the size of the gradients
NO_VALUE = re.compile(r"an object of _*(No_?Value|Not_?(Given|Set)|Unset|Missing|Sentinel|Undefined|Omitted)")
ROUNDED = "the forward pass is rounded on the way, so that its slope is not known as exactly"
MASKED = 4  # elements, from which on an array of 0 and one other number is a mask
LONG = 4.0  # work, in seconds of a usual machine, after which no points further away are begun
ESTIMATED = "the backward pass draws random numbers: an estimate is not judged"

Found = dict[Path, Comparison]
Outcomes = list[tuple[Point, Outcome | None]]  # of the backward pass, at each point


class Judge:
    """One pass with its points."""

    def __init__(
        self, runner: Runner, upstream: Any = None, seed: int = 0, reading: str | None = None, count: int = 0
    ) -> None:
        """`count` is how many random points are asked for."""
        self.runner, self.until = runner, after(LONG)
        self.asked = upstream, seed, reading
        self.binding = Binding(runner, upstream, seed, reading)
        self.count = count
        self.remarks, self.first = self.binding.remarks, self.binding.first
        self.unnamed, self.left_unjudged = list[str](), list[str]()  # and what takes steps by something else
        self.straight: set[Path] = set()  # inputs whose gradients come through steps as they are, or are meant so
        self.penalized: set[Path] = set()  # inputs to whose gradients that of a penalty is added
        self.put_away: list[str] = []  # inputs whose gradients the backward pass sets, and does not add to
        self.but_for_small = False  # whether a gradient is right but for small numbers
        self.paths = self.judged_paths()
        self.surroundings = Surroundings(self.binding, self.paths)

    @cached_property
    def points(self) -> list[Point]:
        """The points where the pass is judged, the given one first. Measured where they are asked for."""
        return [self.surroundings.point(self.binding.given, self.binding.upstream)]

    def lacks_gradients(self) -> bool:
        """Whether an input without a gradient has a slope, here or at points around."""
        missing = [path for path in self.paths if self.first is None or path not in self.first.gradients]
        surroundings = Surroundings(self.binding, missing)
        here = [surroundings.point(self.binding.given, self.binding.upstream)] if missing else []
        points = [*here, *(surroundings.around() if missing else ())]
        return any(not is_flat(slopes) for point in points for slopes in point.slopes.values())

    def judged_paths(self) -> list[Path]:
        """The inputs that are judged: those with a gradient, and the arrays that should have one."""
        given, found = self.binding.given, list(self.first.gradients) if self.first is not None else []
        made = self.runner.made_of  # a weight may have two names: of `self.params[0]` and `self.w` one is judged
        found = [path for path in found if at_path(given, path) is not None or path[0] not in made]
        found = [path for path in found if path[0] not in self.runner.unasked]
        labels = [(name,) for name in given if is_whole(given[name]) and np.ndim(given[name])]
        found = [path for path in found if path not in labels or len(found) == 1]  # a layer hands on one for them, too
        if self.runner.pair.is_registered:  # a rule of tangents has one for all that is taken, a key of chance, too
            found = [path for path in found if is_differentiable(at_path(given, path))]
        for path in found:
            if not is_differentiable(at_path(given, path)):
                raise Problem("value", f"{'.'.join(path)} is no fraction, and cannot have a gradient")
        pair = self.runner.pair
        handed = pair.forward is not None and {*required_names(pair.forward)[pair.skip :]} <= {
            *self.runner.back_names()
        }
        trains = self.runner.renamed or not self.runner.trained.isdisjoint(made) or handed
        of_weights = (
            any(path[0] in made for path in found) and not self.runner.above and (self.binding.loss is None or trains)
        )  # a cost of a network that trains itself, or that takes them with labels: its inputs are data
        of_cost = pair.is_slope and not self.runner.above and np.size(self.binding.upstream[0]) == 1
        of_cost = of_cost or pair.inside is not None or pair.line > 0  # in a loop that trains, too
        by_key = self.first is not None and (self.first.by in ("key", "both") or of_weights or (of_cost and found))
        alone, unasked = self.runner.of_backward_alone(), {*self.runner.unasked, *self.runner.settings_around}
        for path in self.runner.paths(given):
            if path in found or path == (self.binding.handed,) or path[0] in alone or path[0] in unasked:
                continue
            if len(path) > 1:
                if self.first is None or any(one[0] == path[0] for one in found):
                    found.append(path)
            elif np.ndim(at_path(given, path)) > 0:
                if by_key or (found and (is_data(path[-1]) or is_mask(at_path(given, path)))):
                    self.unnamed.append(path[0])
                else:
                    found.append(path)
        stepped = [name for name in sorted(self.runner.stepped) if all(path[0] != name for path in found)]
        self.left_unjudged = [name for name in stepped if name in self.runner.descending]
        self.unnamed += [name for name in stepped if name not in self.left_unjudged]
        self.left_unjudged += (parts := self.runner.parts_stepped.intersection(self.unnamed))
        self.unnamed = [name for name in self.unnamed if name not in parts]
        return found

    def compare(self, point: Point, outcome: Outcome | None) -> Found:
        """Every gradient at one point."""
        found = {}
        for path, slopes in point.slopes.items():
            if outcome is None:
                told = "imprecise" if self.raises else "wrong"  # it says itself that it does not do this
                found[path] = Comparison(told, inf, "the backward pass does not get so far")
            elif path not in outcome.gradients:
                flat = is_flat(slopes)
                found[path] = Comparison("ok" if flat else "missing", nan, "" if flat else "it has no gradient")
            else:
                own = added(self.runner, [point], path) if path in self.penalized else None
                alike = own is not None and np.shape(own[0]) == np.shape(outcome.gradients[path])
                found[path] = compared(outcome.gradients[path] - (own[0] if own and alike else 0.0), slopes)
                doubted = path in point.doubted or path in self.surroundings.over
                if found[path].verdict == "wrong" and slopes.exact and not doubted:
                    again = self.surroundings.again(point, path, outcome.gradients[path])
                    found[path] = compared(outcome.gradients[path], again)
                if found[path].verdict == "wrong" and path in self.straight and self.is_own(point, path, outcome):
                    found[path] = Comparison("ok", nan)
        return found

    @property
    def raises(self) -> bool:
        """Whether the backward pass ends with an error that it raises itself, as where it is not written yet, or over
        what stands for no value."""
        stop = self.binding.stop
        return stop is not None and (stop.kind == RAISED or bool(NO_VALUE.search(stop.message)))

    def left_out(self) -> list[str]:
        """The settings that are not given, and have no plain value where they are not."""
        forward = self.runner.pair.forward
        names = {*parameter_names(forward)} - {*required_names(forward), *self.runner.given} if forward else ()
        return [name for name in sorted(names) if default_of(forward, name) is ...]

    def is_own(self, point: Point, path: Path, outcome: Outcome) -> bool:
        """Whether a gradient is that of the pass as it was written."""
        own = self.binding.attempt(point.given, point.upstream)
        return own is not None and np.array_equal(own.gradients[path], outcome.gradients[path], equal_nan=True)

    def all_right(self, instead: Instead | None = None) -> bool:
        """Whether every gradient that should be there is right at every point."""
        if not all(self.right_at(point, instead) for point in self.points):
            return False
        return all(self.right_at(point, instead) for point in self.surroundings.more())

    def right_at(self, point: Point, instead: Instead | None = None) -> bool:
        """Whether what comes out is right at a point, its outputs too."""
        try:
            outcome = self.runner.run(point.given, point.upstream, instead, most=4.0)
        except Problem:
            return False
        right = all(
            one.verdict in ("ok", "imprecise")
            or (one.verdict == "missing" and self.may_lack(path, outcome))
            or (one.error < PLAINLY and self.surroundings.is_rounded(point, path, outcome.gradients, instead))
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
        self.points += self.surroundings.around()
        self.leave_infinite()
        found: Found = {}
        outcomes: Outcomes = []
        for point in self.points:
            outcome = self.first if point is self.points[0] else self.binding.attempt(point.given, point.upstream)
            outcomes.append((point, outcome))
            for path, one in self.told_at(point, outcome).items():
                found[path] = worse(found.get(path), one)
        self.put_away = sorted(self.runner.put_away)
        if self.runner.estimated:
            found = {path: one._replace(verdict="imprecise", remark=ESTIMATED) if one.verdict == "wrong" else one
                     for path, one in found.items()}  # fmt: skip
        if wrong_among(found) and self.are_clipped(self.points, found):
            found = self.as_clipped(found)
        if wrong_among(found) and self.binding.stop is None:
            found = self.as_intended(self.as_set(self.through_steps(found, outcomes), outcomes), outcomes)
            found = self.as_named(self.as_means(found, outcomes), outcomes)
        if not wrong_among(found):
            found = self.hidden(found, outcomes)
        if wrong_among(found) and self.binding.stop is None:
            found = self.but_for_penalties(self.but_for_small_numbers(found), outcomes)
        wrong = wrong_among(found)
        if wrong and self.binding.stop is None:
            granted = taken_for_granted(self.runner, wrong, self.points, self.paths)
            self.remarks += [granted] if granted else []
        gradients = [Gradient(path, one.verdict, one.error, one.remark) for path, one in found.items()]
        gradients = [one for one in gradients if one.verdict != "ok" or self.came_out(one.path)]
        return Verdict(self.runner.pair.title, self.overall(gradients), gradients, [], self.said())

    def leave_infinite(self) -> None:
        """Judge at other points where the forward pass is not finite at the given one."""
        if is_finite(self.points[0]):
            return
        self.points.sort(key=lambda point: not is_finite(point))
        here = self.points[0]
        told = ": the gradients were tested at others" if is_finite(here) else ""
        self.remarks.append(f"the forward pass is not finite at these inputs{told}")
        if told:
            self.first = self.binding.attempt(here.given, here.upstream)

    def told_at(self, point: Point, outcome: Outcome | None) -> Found:
        """Every gradient at one point; none is wrong where roundings on the way hide the slope."""
        found, gradients = self.compare(point, outcome), {} if outcome is None else outcome.gradients
        for path, one in found.items():
            wrong = one.verdict == "wrong" and path in gradients
            if wrong and self.surroundings.is_rounded(point, path, gradients):
                found[path] = Comparison("imprecise", one.error, ROUNDED)
        return found

    def hidden(self, found: Found, outcomes: Outcomes) -> Found:
        """What is right at inputs that hide a mistake (a branch that none of them takes, dead units, equal rows) is
        tried at others; where it is wrong there, the search for the line begins there."""
        for point in self.elsewhere():
            try:
                outcome = self.runner.run(point.given, point.upstream)
            except Problem:
                continue  # so far away a right pass may stop, too
            there = self.told_at(point, outcome)
            for way in (self.through_steps, self.as_intended):
                there = way(there, [*outcomes, (point, outcome)])
            plain = [path for path in wrong_among(there) if self.plainly(point, path, there[path], outcome)]
            if plain and self.are_clipped([point], there):
                return self.as_clipped(found)
            if plain and not (
                self.are_swept(point, plain, outcome) or self.are_right_but_for_small([point], list(point.slopes))
            ):
                self.remarks.append("every gradient is right at these inputs, which hide a mistake: it shows at others")
                self.points.insert(0, point)
                self.first = outcome
                return {path: worse(found.get(path), one) for path, one in there.items()}
        return found

    def are_clipped(self, points: list[Point], found: Found) -> bool:
        """Whether every gradient is right but for bounds around 0 that the backward pass keeps it in."""
        without = self.runner.without_clips() if self.binding.stop is None else None
        for point in points if without is not None else ():
            try:
                outcome = without.run(point.given, point.upstream)  # type: ignore[union-attr]
            except Problem:
                return False
            there = self.compare(point, outcome) if self.same_outputs(point, outcome) else {}
            if any(there[path].verdict == "wrong" if path in there else True for path in found):
                return False
        return without is not None

    def as_clipped(self, found: Found) -> Found:
        self.remarks.append("the backward pass keeps gradients in bounds, in which they are right")
        return {path: one._replace(verdict="ok") if one.verdict == "wrong" else one for path, one in found.items()}

    def through_steps(self, found: Found, outcomes: Outcomes) -> Found:
        """What comes through steps of the forward pass alone: a gradient that they hand on as it is counts as right.
        `outcomes` are those of the backward pass."""
        wrong = wrong_among(found)
        if not wrong or self.binding.stop is not None:
            return found
        steps = Steps(self.runner, [(point, outcome.gradients) for point, outcome in outcomes if outcome is not None])
        told = dict(found)
        for path in wrong:
            if steps.are_straight(path):
                self.straight.add(path)
                told[path] = Comparison("ok", nan)
                self.remarks += [STRAIGHT] if STRAIGHT not in self.remarks else []
            elif steps.hide(path) or (steps.stand_before(path) and self.is_quantizer(path, outcomes)):
                told[path] = Comparison("imprecise", found[path].error, INSTEAD)
        for path in wrong if self.straight or any(told[one].verdict != "wrong" for one in wrong) else ():
            if told[path].verdict == "wrong" and steps.go_through(path):
                told[path] = Comparison("imprecise", found[path].error, INSTEAD)
        return told

    def is_quantizer(self, path: Path, outcomes: Outcomes) -> bool:
        """Whether a pass that is called a quantizer hands on what comes from above past all of it, its scale too."""
        intended = Intended(self.runner, [(point, one) for point, one in outcomes if one is not None])
        return intended.quantizes and intended.is_from_above(path)

    def as_set(self, found: Found, outcomes: Outcomes) -> Found:
        """Gradients that are right but for a factor, which an autograd Function takes for its backward pass alone, or
        by which a script divides when it takes its step."""
        told = dict(found)
        known = all(one is not None for _, one in outcomes) and not Intended(self.runner, ()).scaled
        for path in wrong_among(found) if known else ():
            for name, factor, why in (*self.by_step(path), *self.settings()):
                there: Found = {}
                scaled: Outcomes = []
                for point, outcome in outcomes:
                    gradients = dict(outcome.gradients) if outcome is not None else {}
                    gradients[path] = None if gradients.get(path) is None else gradients[path] / factor
                    scaled.append((point, outcome and outcome._replace(gradients=gradients)))
                    there[path] = worse(there.get(path), self.told_at(*scaled[-1])[path])
                if self.through_steps(there, scaled)[path].verdict == "ok":
                    self.straight.add(path)
                    told[path] = Comparison("ok", nan)
                    whose = ".".join(path)
                    self.remarks.append(f"the gradient of {whose} is {name} times its slope: {why}")
                    break
        return told

    def by_step(self, path: Path) -> list[tuple[str, float, str]]:
        """By how much a step of a script divides a gradient: `W -= rate * dW / len(X)`."""
        share = self.runner.shares.get(path[-1])
        return [(f"{1 / share:.6g}", 1 / share, "the step divides by that")] if share else []

    def settings(self) -> list[tuple[str, float, str]]:
        """The numbers that the forward pass of an autograd Function takes, and that no output hangs on."""
        given, pair = self.points[0].given, self.runner.pair
        names = [*given] if pair.kind == "autograd" else []
        numbers = {name: float(given[name]) for name in names if isinstance(given[name], int | float)}
        found = []
        for name, one in [(name, one) for name, one in numbers.items() if one not in (0.0, 1.0)]:
            with suppress(Problem):
                outputs = self.runner.outputs({**given, name: 2 * one + 0.3})
                if all(map(np.array_equal, outputs, self.points[0].outputs)):
                    found.append((name, one, "only the backward pass has it"))
        return found

    def as_intended(self, found: Found, outcomes: Outcomes) -> Found:
        """Gradients that are others than the forward pass has, where the name of the pass says that they are meant so:
        they count as right."""
        told = dict(found)
        for path in wrong_among(found):
            known = [(point, one) for point, one in outcomes if one is not None and path in one.gradients]
            meant, remark = Intended(self.runner, known).told(path) if known else (False, "")
            self.remarks += [remark] if remark and (remark not in self.remarks) else []
            if meant:
                self.straight.add(path)
                told[path] = Comparison("ok", nan)
        if self.straight:  # beside what is handed on, as its bounds, what nothing is handed to has no gradient
            some = {
                path for _, out in outcomes if out is not None for path, one in out.gradients.items() if np.any(one)
            }
            zero = [path for path in wrong_among(told) if path not in some]
            told.update({path: Comparison("missing", nan, "it has no gradient") for path in zero})
        return told

    def as_means(self, found: Found, outcomes: Outcomes) -> Found:
        """Gradients of weights over the number of examples, where the layer takes that mean: they count as right, and
        what they hang on is said."""
        came = {path for _, one in outcomes if one is not None for path in one.gradients}  # of the others none is right
        wrong, right = wrong_among(found), [path for path in came if path in found and found[path].verdict == "ok"]
        if not wrong:
            return found
        known = [(point, one) for point, one in outcomes if one is not None]
        means = Means(self.runner, wrong, known)
        told = of_sums(self.runner, wrong, known) if not means.are_meant(right) else means.granted
        if not told:
            return self.as_parts(found, known, {*right})
        self.straight.update(wrong)
        self.remarks.append(told)
        return {**found, **{path: Comparison("ok", nan) for path in wrong}}

    def as_parts(self, found: Found, known: list[tuple[Point, Outcome]], right: set[Path]) -> Found:
        """The same where a mistake is beside: all is judged as the mean over the examples that is meant."""
        if self.surroundings.over or not known:
            return found
        self.surroundings.over = parts = meant_over(self.runner, known, right)
        self.remarks += [told_of(parts)] if parts else []
        there = [self.told_at(self.surroundings.in_part(point), outcome) for point, outcome in known if parts]
        return {**found, **{path: reduce(worse, [one[path] for one in there]) for path in parts}}

    def as_named(self, found: Found, outcomes: Outcomes) -> Found:
        """The one gradient that a loss of probabilities gives, where it is that of what a softmax or a sigmoid makes
        them of, and is called after no input."""
        wrong = wrong_among(found)
        name = named_so(self.runner) if len(wrong) == len(found) == 1 else ""
        known = [Given(at.given, at.upstream, one.gradients.get(path)) for at, one in outcomes if one for path in wrong]
        if not name or not (way := squashed_by(self.runner, known, wrong[0])):
            return found
        self.straight.update(wrong)
        self.remarks.append(f"{name} is the gradient of what {way} makes {'.'.join(wrong[0])} of, as its name says")
        return {wrong[0]: Comparison("ok", nan)}

    def elsewhere(self) -> Iterator[Point]:
        """Points of other kinds, as many as can be had in some seconds: a pass of many steps is no less right."""
        yield from self.at_random()
        yield from self.surroundings.more() if now() < self.until else ()
        for far in FAR:
            if now() < self.until:
                yield from self.surroundings.away((far,))

    def at_random(self) -> Iterator[Point]:
        """The random points that are asked for, around the given one."""
        found = 0
        for _ in range(self.count):
            point = self.surroundings.across() or self.surroundings.near(1.0, PROBES)
            if point is not None:
                found += 1
                yield point
        if found:
            many = "1 random point" if found == 1 else f"{found} random points"
            self.remarks.append(f"nothing is wrong at {many} around these inputs")

    def plainly(self, point: Point, path: Path, one: Comparison, outcome: Outcome) -> bool:
        """Whether a difference is one that would be seen among the gradients of the given point, and for one that is 0
        there among all: where all is saturated, a right pass too is nothing but rounding."""
        here = {whose: slopes.scale for whose, slopes in self.points[0].slopes.items()}
        seen = here.get(path) or max(here.values(), default=0.0)
        mine = float(np.max(np.abs(outcome.gradients.get(path, 0.0)), initial=0.0))
        return isfinite(one.error) and one.error * max(point.slopes[path].scale, mine) > PLAIN * seen

    def are_swept(self, point: Point, paths: list[Path], outcome: Outcome) -> bool:
        """Whether gradients are those of a sweep back, where differences see others: they do where a number has few
        digits left, as `1 - p` has beside 1."""
        swept = self.runner.swept(point.given, point.upstream, paths)
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

    def but_for_small_numbers(self, found: Found) -> Found:
        """Gradients that are right but for a small number, as of `log(p + 1e-7)`, that the backward pass leaves out: it
        changes little at the given point, and without it all is right at every point."""
        here = self.compare(self.points[0], self.first)  # far away such a number may be all that is left
        small = [path for path in wrong_among(found) if here[path].error < SMALL_ERROR or self.is_tiny(path)]
        if not small or not self.are_right_but_for_small(self.points, small):
            return found
        return {path: Comparison("ok", here[path].error, one.remark) if path in small else one
                for path, one in found.items()}  # fmt: skip

    def is_tiny(self, path: Path) -> bool:
        """Whether nothing but such a number can be what is left of a slope, as of two numbers that are normalized."""
        most = [abs(one.slope) for point in self.points for one in point.slopes[path].probes]
        return bool(
            max(most, default=inf) < SMALL * max(np.max(np.abs(one), initial=0.0) for one in self.points[0].upstream)
        )

    def but_for_penalties(self, found: Found, outcomes: Outcomes) -> Found:
        """Gradients that are right but for what the backward pass adds to them when nothing comes from above: the slope
        of a penalty on the weights that the cost counts, and the layer does not; or beside the loss that it means."""
        told = dict(found)
        whose = self.runner.pair.kind != "script" or self.binding.loss is not None
        rest = [(point, one._replace(gradients=dict(one.gradients))) for point, one in outcomes if one is not None]
        for path in wrong_among(found) if whose else ():
            slopes = added(self.runner, [point for point, _ in rest], path)
            if slopes is not None:
                for (_, outcome), slope in zip(rest, slopes, strict=True):
                    outcome.gradients[path] = np.subtract(outcome.gradients[path], slope)
                self.penalized.add(path)
                again = [
                    self.compare(point, self.runner.run(point.given, point.upstream))[path] for point in self.points
                ]
                told[path] = Comparison("ok", nan) if all(one.verdict == "ok" for one in again) else told[path]
        if self.penalized:
            told = self.as_means(told, [*rest])
            names = enumerated([".".join(path) for path in found if path in self.penalized])
            lacks = "its forward pass" if self.binding.loss is None else "the loss that is taken"
            self.remarks.append(f"the backward pass adds the slope of a penalty on {names}, which {lacks} lacks")
        return told

    def are_right_but_for_small(self, points: list[Point], paths: list[Path]) -> bool:
        """Whether gradients are right without small numbers in the forward pass, or without guards in both, which is
        remarked. Far away such a number may be all that is left: where a softmax has 1e-12, `log(p + 1e-12)` has half
        the slope of `log(p)`."""
        ways = [(False, "that the forward pass adds are left out by the backward pass"),
                (True, "are added otherwise by the backward pass than by the forward pass")]  # fmt: skip
        for guards, told in ways:
            without, zeros = self.runner.without_small(SMALL, guards)
            if without is None:
                continue
            back = without if guards else self.runner
            if all(self.is_right_as(without, back, zeros, point, paths) for point in points):
                self.but_for_small = True
                if (remark := f"numbers below {SMALL:g} {told}") not in self.remarks:
                    self.remarks.append(remark)
                return True
        return False

    def is_right_as(
        self, forward: Runner, back: Runner, zeros: dict[str, Any], point: Point, paths: list[Path]
    ) -> bool:
        """Whether the gradients of one pass are those of another forward, in which some inputs are 0, at a point."""
        there = {name: zeros.get(name, value) for name, value in point.given.items()}
        try:
            outcome = back.run(there if back is forward else point.given, point.upstream)
            other = self.surroundings.point(there, point.upstream, other=forward)
        except Problem:
            return False
        shared = [path for path in paths if path in outcome.gradients]
        return all(compared(outcome.gradients[path], other.slopes[path]).verdict != "wrong" for path in shared)

    def came_out(self, path: Path) -> bool:
        return self.first is None or path in self.first.gradients

    def overall(self, gradients: list[Gradient]) -> str:
        stopped = self.binding.stop is not None and not self.raises
        verdict = "wrong" if stopped else overall(gradients)
        return "incomplete" if verdict == "ok" and self.left_unjudged else verdict

    def said(self) -> list[str]:
        """Remarks on the pass as a whole."""
        pair, remarks = self.runner.pair, [*self.runner.code.left_out(self.runner.roots()), *self.remarks]
        if self.first is not None and self.first.wrote:
            remarks.append(f"the backward pass writes into {enumerated(self.first.wrote)}, which is its caller's")
        if self.put_away:
            whose = enumerated(self.put_away)
            remarks.append(
                f"the gradient of {whose} is set, and not added to: a value that is used twice loses a share"
            )
        for name, whose in self.runner.supposed.items():
            remarks.append(f"{name} of the backward pass is taken for {whose}")
        for path, shape in self.runner.lower.items():
            name, wanted = ".".join(path), np.shape(at_path(self.binding.given, path))
            how = "`-=` adds the axis by itself, and keepdims=True in a sum keeps it"
            how = how if len(shape) < len(wanted) else "`-=` takes no more axes than these, and reshape leaves them out"
            how = how if len(shape) != len(wanted) else "the code turns it where it takes it"
            how = "what is before has to reshape it" if 1 not in (*shape, *wanted) else how
            how = "the solver takes both in a row" if pair.of_solver and len(shape) < len(wanted) else how
            remarks.append(f"the gradient of {name} is {shape_text(shape)} and {name} {shape_text(wanted)}: {how}")
        if whole := [name for name in self.binding.whole if (name,) in self.paths]:
            remarks.append(f"whole numbers were taken as fractions: {enumerated(whole)}")
        if self.left_unjudged:
            whose = enumerated(self.left_unjudged)
            remarks.append(f"{whose} takes steps by what is no gradient that is known of it: that is not judged")
        if self.unnamed:
            remarks.append(f"no gradient comes out for {enumerated(self.unnamed)}")
        if away := self.runner.given_away if self.runner.pair.kind == "class" else []:
            remarks.append(f"something else changes {enumerated(away)}: what it is given for that is not judged")
        if self.runner.hangs_on_chance(self.binding.given):
            seed = option("--seed", self.binding.seed)
            remarks.append(said(f"the forward pass draws random numbers: they are the same in every run ({seed})"))
        kinks = sum(slopes.kinks for point in self.points for slopes in point.slopes.values())
        if kinks:
            which = "1 element was not tested: it is" if kinks == 1 else f"{kinks} elements were not tested: they are"
            remarks.append(f"{which} at a kink")
        if any(not slopes.whole for point in self.points for slopes in point.slopes.values()):
            remarks.append("of large inputs a sample was tested, and sums in random directions")
        if len(self.points) <= AROUND:
            remarks.append("the forward pass stops at points around the given one, which alone was tested")
        if (stop := self.binding.stop) is not None:
            remarks.append(f"the backward pass stops in line {stop.line}: {stop.message}")
            names = self.left_out() if NO_VALUE.search(stop.message) else []
            where = "stands for no value where none is given"
            remarks += [said(f"{name} {where}: {option(f'--{name}', 0)}") for name in names]
        return remarks


def is_mask(value: Any) -> bool:
    """Whether an input that has no gradient is a mask or labels by its values: 0 and 1, or 0 and what is kept by."""
    flat = np.asarray(value).reshape(-1)
    return bool(np.isin(flat, (0.0, 1.0)).all()) or (len(flat) > MASKED and len(np.unique(flat)) == 2 and 0 in flat)


def wrong_among(found: Mapping[Path, Comparison]) -> list[Path]:
    """The gradients that are wrong."""
    return [path for path, one in found.items() if one.verdict == "wrong"]


def is_flat(slopes: Slopes) -> bool:
    """Whether no slope was found in any direction."""
    return all(abs(one.slope) <= 10 * one.error for one in slopes.probes)
