"""What a backward pass is given, and what its gradients are of: read off the code, and else found by trial."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from typing import Any

import numpy as np

from backprop.check.gradients.compare import LARGER
from backprop.check.passes.losses import close, is_multiple
from backprop.check.passes.meant import FAR, Meant
from backprop.check.passes.slopes import shape_text
from backprop.check.passes.unfit import AS_WHOLE, refuse_unfit
from backprop.errors import Problem, enumerated
from backprop.errors.spelling import either, option, said
from backprop.python.inputs.examples import Examples, give
from backprop.python.inputs.given import at_path, floated, is_differentiable, shape_at
from backprop.python.inputs.said import UPSTREAM_LIKE
from backprop.python.names import names_set, parameter_names
from backprop.python.runs.runner import Runner
from backprop.python.runs.taken import unsaid
from backprop.python.texts.called import names_in
from backprop.python.texts.functions import returns
from backprop.python.texts.gradients import COST, Outcome, is_data
from backprop.python.values.arrays import fresh
from backprop.python.values.meter import RAISED

STOPS = ("shape", "value", RAISED)  # problems of a backward pass that are its own: a mistake, or what it says it is
CALLED = 1e3  # by which what is called a function of is no output: more than any gradient is wrong
SHOWN = 1e-9  # more than what rounding leaves of gradients that cancel
AT_LOGITS = re.compile(r"(?i)_?(delta|err(or)?)s?(_?(out|output|next))?|d_?(z|logits?|scores?|log_?p(rob)?s?)\d*")
BEHIND = re.compile(r"cross[-_ ]?entropy|already[^.]*softmax", re.I)  # the slope of the softmax before is in its own
UPSTREAM = option("--upstream")
TARGET = re.compile(r"(?i)target|bootstrap")
HELD_NOT = "this assertion does not hold"


class Binding(Meant):
    """The point of a pass and the gradient on its outputs, with the first run there; `stop` is where that ended."""

    def __init__(self, runner: Runner, upstream: Any, seed: int, reading: str | None = None) -> None:
        super().__init__(runner, seed)
        self.readings: list[str] = []  # what else the first parameter of a wrong pass may be
        self.random = np.random.default_rng(seed)
        self.handed: str | None = None  # the input that is the gradient from above
        self.whole = self.settled()  # whole numbers that are taken as fractions
        self.given = runner.given
        runner.instead_of_above = reading
        outputs = runner.outputs(self.given)
        if runner.whole_quotients:
            self.remarks.append("/ of whole numbers was taken as whole, as in Python 2: Python 3 needs // for a size")
        if runner.pair.start:
            with suppress(Problem):  # told where the pass is judged
                runner.run(self.given, [np.ones(np.shape(one)) for one in outputs])
                self.took_learned()
        self.upstream = self.upstream_for(outputs, upstream)
        self.stop: Problem | None = None
        self.first: Outcome | None = None
        self.first = self.attempt(self.given, self.upstream)
        if self.first is not None and (self.took_learned() or self.is_of_another()):
            self.first = self.attempt(self.given, self.upstream)
        other = upstream is None and reading is None and bool(runner.stand_ins)
        if other and (self.first is None or not self.agrees(self.upstream)):
            self.other_binding()
            if self.stop is not None and self.stop.kind not in STOPS:
                raise self.stop
            if self.first is not None and self.took_learned():
                self.first = self.attempt(self.given, self.upstream)
        steps = runner.of_steps and all(map(np.ndim, self.upstream))
        if steps and upstream is None and (self.first is None or not self.agrees(self.upstream)):
            self.try_last_step()
        self.try_beyond_softmax()
        self.try_output()
        if runner.loss_beyond and upstream is None and self.first is not None and not self.agrees(self.upstream):
            self.try_with_loss()
        self.try_batch_size()
        self.try_held_targets()

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
                return not AS_WHOLE.search(problem.message)
            return True

        given, whole = floated(self.runner.given, works)
        idle = {name: self.runner.given[name] for name in whole if self.is_idle(given, name)}
        self.runner.given = {**given, **idle}
        return [name for name in whole if name not in idle]

    def is_idle(self, given: dict[str, Any], name: str) -> bool:
        """Whether nothing hangs on the fraction of what was given as whole: it is a size, or becomes whole again. Its
        elements go different ways: a softmax takes no notice of all that go the same; and they are tried beyond 0, too,
        where one is cut off towards 0 or down: a relu takes no notice of what is below."""
        value, listed = np.asarray(given[name]), isinstance(given[name], list)
        ways = np.linspace(0.5, 1, np.size(value)).reshape(np.shape(value)) if np.ndim(value) else 1.0

        def fixed(value: Any, ways: Any) -> bool:
            points = [value + step * ways for step in (0.0, 0.25, 0.5)]
            here, *moved = (self.runner.outputs({**given, name: one.tolist() if listed else one}) for one in points)
            return all(np.isfinite(one).all() for one in here) and all(
                np.array_equal(*one) for some in moved for one in zip(here, some, strict=True)
            )

        try:
            idle = fixed(value, ways)
        except Problem:
            return False
        with suppress(Problem):
            return idle and (fixed(-value, ways) or fixed(-value, -ways))
        return idle

    def upstream_for(self, outputs: list[Any], upstream: Any) -> list[Any]:
        """The gradients on the outputs: as given, 1 for a number, and else random ones, which is said."""
        if not any(map(np.size, outputs)):
            told = enumerated([shape_text(np.shape(one)) for one in outputs])
            raise Problem("value", f"nothing comes out of the forward pass: its output is {told}", hint=LARGER)
        labels = self.runner.labels() if not self.runner.above else {}
        if labels and upstream is None:
            return self.of_labels(outputs, labels)
        if upstream is None and (handed := self.handed_on(outputs)) is not None:
            return handed
        if not self.runner.above and not labels:
            if upstream is not None:
                self.remarks.append(said(f"the backward pass takes no gradient from above: {UPSTREAM} is not used"))
            upstream, outputs = None, self.of_costs(outputs)
            several = any(np.size(one) != 1 for one in outputs) and not self.gives_jacobian(outputs)
            if several and not self.takes_what_is_1(outputs):
                return self.fixed(outputs)
            named = self.runner.pair.kind != "script" or bool(COST.fullmatch(self.runner.last_set[0]))
            if self.runner.pair.has_steps and not named:
                return self.of_no_loss(outputs)  # an error alone is none
            if not named and {*map(np.size, outputs)} == {1}:
                return self.of_output(outputs)
        if upstream is not None:
            found = list(upstream) if len(outputs) > 1 and np.iterable(upstream) else [upstream]
            shapes = [np.shape(one) for one in found]
            if shapes != [np.shape(one) for one in outputs]:
                wanted = [np.shape(one) for one in outputs]
                message = f"{UPSTREAM} has another shape than the output, which is {', '.join(map(shape_text, wanted))}"
                raise Problem("shape", message, hint=in_that_shape(wanted))
            return [np.asarray(one, dtype=float) if np.ndim(one) else float(one) for one in found]
        if all(np.ndim(one) == 0 or np.size(one) == 1 for one in outputs):
            return [1.0 if np.ndim(one) == 0 else np.ones(np.shape(one)) for one in outputs]
        return self.drawn(outputs)

    def takes_what_is_1(self, outputs: list[Any]) -> bool:
        """Whether what is 1 unless given, `backward(self, dout=1)`, is the gradient from above of what is no number:
        the pass is right for any, or shows nothing that is right for 1, as a softmax does."""
        if not self.comes_from_above(by_default=True):
            return self.comes_from_above(by_default=False)
        remarks = [*self.remarks]
        right = self.agrees(self.drawn(outputs))
        self.remarks = remarks
        if right:
            return True
        self.comes_from_above(by_default=False)
        ones = [np.ones(np.shape(one)) for one in outputs]
        ways = (ones, [one / np.size(one) for one in ones])
        return not any(self.agrees(one) and self.shows(one) for one in ways) and self.comes_from_above(by_default=True)

    def comes_from_above(self, by_default: bool) -> bool:
        """Whether a gradient from above is taken, with what is 1 unless given for one or not."""
        self.runner.above_by_default = by_default
        self.runner.outputs(self.given)
        return bool(self.runner.above)

    def shows(self, above: list[Any]) -> bool:
        """Whether any gradient is more than rounding leaves."""
        gradients = self.runner.run(self.given, above).gradients.values()
        return any(np.max(np.abs(one), initial=0.0) > SHOWN for one in gradients)

    def drawn(self, outputs: list[Any]) -> list[Any]:
        """Random gradients on the outputs, which is said."""
        seed = option("--seed", self.seed)
        if self.runner.jacobian:
            self.remarks.append(
                "the backward pass gives the slopes of every element of the output: a gradient is made of them"
            )
        self.remarks.append(said(f"the gradient on the output is random ({seed}); {UPSTREAM} gives another"))
        random = np.random.default_rng([self.seed, 1])  # with that of the inputs it would draw the first of them again
        found = [random.normal(size=np.shape(one)) if np.ndim(one) else 1.0 for one in outputs]
        if (name := ends_with_first(self.runner)) and len(found) == 1:
            self.remarks.append(
                f"all of it but one element is 0: the backward pass ends with the first of {name} that is not"
            )
            np.ravel(found[0])[np.arange(np.size(found[0])) != 1] = 0.0
        return found

    def gives_jacobian(self, outputs: list[Any]) -> bool:
        """Whether the backward pass returns the slopes of every element of the output."""
        with suppress(Problem):
            self.runner.run(self.given, [np.ones(np.shape(one)) for one in outputs])
        return self.runner.jacobian

    def is_of_another(self) -> bool:
        """Whether the one gradient that comes out is right, but for a factor, for another input of its shape than its
        place tells."""
        found = [*self.first.gradients.items()] if self.first is not None else []
        if len(found) != 1:
            return False
        path, gradient = found[0]
        paths, shape = self.runner.paths(self.given), np.shape(gradient)
        alike = [one for one in paths if shape_at(self.given, one) == shape]
        swept = self.runner.swept(self.given, self.upstream, alike) if path in alike and len(alike) > 1 else {}
        fitting = [one for one in alike if close(gradient, swept.get(one, 0.0))]
        fitting = fitting or [one for one in alike if is_multiple(gradient, swept.get(one, 0.0))]
        self.runner.whose = fitting[0] if fitting and path not in fitting else None
        return self.runner.whose is not None

    def handed_on(self, outputs: list[Any]) -> list[Any] | None:
        """The gradient from above that a function of both passes is given among its inputs, `def f(x, w, dout=None)`:
        it is called so, has the shape of the output, and nothing of that hangs on it."""
        given = self.given if self.runner.pair.of_one and len(outputs) == 1 and np.ndim(outputs[0]) else {}
        names = [one for one in given if UPSTREAM_LIKE.match(one) and np.shape(given[one]) == np.shape(outputs[0])]
        for name in names:
            if not np.any(self.runner.swept(given, [np.ones(np.shape(outputs[0]))], [(name,)]).get((name,), 1.0)):
                self.handed = name
                self.remarks.append(f"{name} is taken for the gradient on the output")
                return [given[name]]
        return None

    def other_binding(self) -> None:
        """Take for the first parameter of the backward pass what else it may be, where every gradient is right with it,
        or where the pass stops with a gradient from above and does not stop with it. What takes one thing alone and is
        by its name a slope takes none from above: then it is what the gradients are nearest with, of what a function is
        called the input."""
        runner, found = self.runner, []
        alone = runner.pair.is_slope and len(runner.back_names()) == 1 and runner.above == 1
        ways = list(runner.stand_ins)
        for name in ways:
            runner.instead_of_above, remarks = name, self.remarks
            self.remarks = []
            try:
                outputs = runner.outputs(self.given)
                upstream = self.upstream_for(outputs, None)
                first = runner.run(self.given, upstream)
            except Problem:
                first = None
            far = np.inf if first is None else self.distance(upstream, self.given)
            right = far == 0 and first is not None and any(map(np.any, first.gradients.values()))  # 0 tells nothing
            if right and first is not None and self.first is not None:  # here it may be so by chance
                there = [path for path in first.gradients if at_path(self.given, path) is not None]
                right = self.agrees(upstream, self.moved(self.given, there, FAR[0]))
            if first is not None and (self.first is None or right or alone):
                less = far + CALLED * (name == "=" and runner.calls_on(runner.back_names()[0])) if alone else not right
                found.append((less, name, upstream, first, self.remarks))
            self.remarks = remarks
        runner.instead_of_above, far = None, 0.0
        if found:
            far, runner.instead_of_above, self.upstream, self.first, self.remarks = min(found, key=lambda one: one[0])
            self.stop = None
        if alone and (far or not found):
            self.readings = [name for name in ways if name != runner.instead_of_above]
        runner.outputs(self.given)

    def try_beyond_softmax(self) -> None:
        """Take what a backward pass calls a delta or an error, says that a cross-entropy is behind, or hands on as it
        is, for the gradient of what the softmax is of with which the forward pass ends, where a gradient is right then
        and none is else: the loss behind it has its slope in it."""
        runner, back = self.runner, self.runner.pair.backward
        name = next(iter(runner.back_names()), "")
        if self.first is None or back is None or runner.above != 1 or runner.pair.kind not in ("functions", "class"):
            return
        told = AT_LOGITS.fullmatch(name) or BEHIND.search(ast.get_docstring(back) or "") or returns(back) == [name]
        p = np.asarray(runner.outputs(self.given)[0]) if told else np.zeros(0)
        axes = [
            axis for axis in range(p.ndim) if p.shape[axis] > 1 and np.allclose(p.sum(axis=axis), 1) and np.all(p > 0)
        ]
        for axis in axes if axes and 0 not in self.distances(self.upstream, self.given).values() else ():
            runner.beyond = axis
            if 0 in self.distances(self.upstream, self.given).values():
                self.first = self.attempt(self.given, self.upstream)
                self.remarks.append(
                    f"{name} is taken for the gradient of what the softmax is of, as a loss behind it has it"
                )
                return
        runner.beyond = None

    def try_output(self) -> None:
        """Take what is named as a variable inside the forward pass for what came out of that, where more gradients are
        right then: a step may call a sum `h_t` as well, of which it returns the tanh."""
        runner = self.runner
        for name in runner.taken_inside:
            before = self.distances(self.upstream, self.given).values()
            right, runner.came_out_as = [*before].count(0.0), runner.came_out_as | {name}
            if right < len(before) and [*self.distances(self.upstream, self.given).values()].count(0.0) > right:
                self.first, self.stop = self.attempt(self.given, self.upstream), None
                self.remarks.append(f"{name} of the backward pass is taken for what came out")
            else:
                runner.came_out_as -= {name}

    def try_last_step(self) -> None:
        """Take the gradient from above for that of the last of the outputs, one for each step, where the pass is right
        then, or does not stop as it does with one for all of them."""
        runner, before = self.runner, (self.upstream, self.first, self.stop)
        runner.of_last_step = True
        self.upstream = [one[-1] for one in self.upstream]
        runner.outputs(self.given)
        self.first = self.attempt(self.given, self.upstream)
        if self.first is not None and self.took_learned():
            self.first = self.attempt(self.given, self.upstream)
        if self.first is not None and (before[1] is None or self.agrees(self.upstream)):
            self.stop = None
            self.remarks.append("what comes from above is taken for the gradient of the last step alone")
            return
        runner.of_last_step = False
        self.upstream, self.first, self.stop = before
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

    def try_batch_size(self) -> None:
        """Take an object that is made for another number of examples than it is given, `batch_size=100`, as made for
        these, where more gradients are right then. It is told: elsewhere it may be what is wrong."""
        given = self.given
        held = {name: one for name, one in self.runner.of_batch.items() if name not in given} if self.first else {}
        sizes = {size for one in given.values() if isinstance(one, np.ndarray) for size in one.shape}
        here = self.count_right(given) if held else 0
        for name, size in [(name, size) for name, one in held.items() if one not in sizes for size in sorted(sizes)]:
            if here < self.count_right({**given, name: size}):
                told = f"{name} is taken as {size}, the number of examples, and not as {held[name]}"
                self.take({**given, name: size}, told)
                return

    def try_held_targets(self) -> None:
        """What a script computes of its own weights for a target, `target = r + gamma * q.max(axis=1)`, is held; by
        another name of labels, `y`, where more gradients are right so: nothing goes back through it (a semi-gradient:
        R. S. Sutton, A. G. Barto, "Reinforcement Learning", 2nd ed., 2018, section 9.3)."""
        runner, pair, given = self.runner, self.runner.pair, self.given
        if pair.kind != "script" or self.first is None or self.agrees(self.upstream):
            return
        forth = runner.script_part.tree.body[pair.start : pair.split or None]
        made = sorted(
            {name for one in forth for name in names_set(one) if TARGET.search(name) or is_data(name)} - {*given}
        )
        held = {name: fresh(runner.left[name]) for name in made if is_differentiable(runner.left.get(name))}
        weights = [path for path in runner.paths(given) if path[0] in runner.own]
        if held:
            runner.outputs(self.moved(given, weights, 0.1))
            held = {name: one for name, one in held.items() if not np.array_equal(one, runner.left.get(name, one))}
        here = self.count_right(given) if held else 0
        for name, value in held.items():
            if TARGET.search(name) or here < self.count_right({**given, name: value}):
                self.take({**given, name: value}, f"{name} is held as it is: nothing goes back through it")
                return
        runner.outputs(given)

    def count_right(self, given: dict[str, Any]) -> int:
        """How many gradients are right at a point."""
        return [*self.distances(self.upstream, given).values()].count(0.0)

    def take(self, given: dict[str, Any], told: str) -> None:
        """Judge the pass with these inputs, and say why."""
        self.runner.given = self.given = given
        self.first = self.attempt(given, self.upstream)
        self.remarks.append(told)

    def attempt(self, given: dict[str, Any], upstream: list[Any]) -> Outcome | None:
        """Run the pass. A backward pass that NumPy itself stops is wrong, and not a problem of ours."""
        try:
            return self.runner.run(given, upstream)
        except Problem as problem:
            if self.takes_bare(given, upstream) or self.takes_row(given, upstream):
                return self.attempt(given, upstream)
            if self.takes_turned(given, upstream, problem):
                return self.attempt(given, upstream)
            if self.runner.pair.swept:  # it may be that a gradient is to be said in another way
                raise
            tried = self.first is None and problem.kind == "name" and self.runner.stand_ins
            if not (problem.kind in STOPS or tried) or not self.in_backward(problem):
                raise
            self.ask_for(problem, given)
            self.stop = problem
            return None

    def ask_for(self, problem: Problem, given: dict[str, Any]) -> None:
        """Raise a Problem where a backward pass stops that is only given too little, or what nothing can be done with:
        None, a guess, a fraction for a size, or too few labels."""
        if re.search(r"\bNone(Type)?\b", problem.message):
            self.ask_for_none(problem)
        if self.runner.guessed:
            raise unsaid(self.runner.guessed, self.runner.pair.backward) from None
        refuse_unfit(self.runner, problem, given)

    def ask_for_none(self, problem: Problem) -> None:
        """Raise a Problem where a backward pass that stops at None is only given too little: what is None unless it is
        given, or a loss that is to be called before it."""
        wanting, back = self.runner.left_none(), self.runner.pair.backward
        if back is not None and wanting:
            told = f"{back.name} stops where {enumerated(wanting)} may be None: {problem.message}"
            raise Problem("variable", told, hint=give({name: Examples([back]).of(name) for name in wanting})) from None
        costs = [one.name for one in self.runner.costs() if one in self.runner.methods().values()]
        if back is not None and costs and not self.runner.back_names():
            told = f"{back.name} stops at None, as {enumerated(costs)} comes before it: {problem.message}"
            raise Problem("value", told, hint=f"judge its parts, or the one that {costs[0]} hands to: -f FILE:CLASS")

    def takes_bare(self, given: dict[str, Any], upstream: list[Any]) -> bool:
        """Whether a pass that stops with gradients from above in objects, as its outputs are, goes on with arrays."""
        runner = self.runner
        if self.first is None and runner.wraps is not None and not runner.bare:
            runner.bare = True
            with suppress(Problem):
                runner.run(given, upstream)
                return True
            runner.bare = False
        return False

    def takes_row(self, given: dict[str, Any], upstream: list[Any]) -> bool:
        """Whether a pass that stops with the gradient on a vector goes on with a row, 1×n, as where it is written for
        one example: `np.dot(d.T, x.reshape(1, -1))`."""
        runner = self.runner
        if self.first is not None or runner.as_row or not runner.above or {*map(np.ndim, upstream)} != {1}:
            return False
        runner.as_row = True
        with suppress(Problem):
            found = runner.run(given, upstream).gradients
            if all(np.shape(one) == shape_at(given, path) for path, one in found.items() if path[0] in given):
                self.remarks.append("the gradient from above is handed on as a row, as the backward pass takes it")
                return True
        runner.as_row = False
        return False

    def takes_turned(self, given: dict[str, Any], upstream: list[Any], problem: Problem) -> bool:
        """Whether a layer that stops goes on, and rightly, with gradients whose rows are columns of what they are of,
        as the numerator layout of calculus has them. A mistake may look so, too: the layer asserts it, or its weights
        have right gradients then."""
        runner, pair = self.runner, self.runner.pair
        whole = self.first is None and not runner.columns_as_rows and runner.above and {*map(np.ndim, upstream)} == {2}
        if not whole or pair.kind != "class" or pair.forward is None:
            return False
        taken = parameter_names(pair.forward)
        runner.columns_as_rows = True
        with suppress(Problem):
            runner.run(given, upstream)
            far = self.distances(upstream, {**given, **fresh(runner.learned)})
            data = [one for path, one in far.items() if path is None or path[0] in taken]
            weights = [path for path, one in far.items() if path is not None and path[0] not in taken and not one]
            if data and not any(data) and (weights or problem.message == HELD_NOT):
                self.remarks.append("gradients are handed on with a row for each column of what they are of")
                return True
        runner.columns_as_rows = False
        return False

    def in_backward(self, problem: Problem) -> bool:
        """Whether a problem has a place: the forward pass ran already, so it is in the backward pass."""
        return problem.line is not None and bool(self.runner.outputs(self.given))


def ends_with_first(runner: Runner) -> str:
    """The gradient from above that a backward pass goes through only up to the first element which is not 0, as a loss
    behind it has a single one: `for i, g in enumerate(dout): if g == 0: continue`, and a `return` at the end."""
    loops = [one for back in runner.backs() for one in ast.walk(back) if isinstance(one, ast.For)]
    for loop in loops:
        kinds = {type(one) for one in ast.walk(loop)}
        name = next((one for one in runner.back_names()[:1] if one in names_in([loop.iter])), "")
        if name and {ast.Continue, ast.Return} <= kinds:
            return name
    return ""


def in_that_shape(wanted: list[tuple[int, ...]]) -> str:
    """How gradients on outputs of such shapes are given."""
    if len(set(wanted)) > 1:
        return either("give a list of them in a file: --upstream @dout.json", "give a list of them")
    shape = ",".join(map(str, wanted[0] if len(wanted) == 1 else (len(wanted), *wanted[0])))
    return either(f"give --upstream '{f'randn({shape})' if shape else 1.0}'", f"give an array of the shape ({shape})")
