"""A hand-written pass, run: forward, backward, and the gradients that come out."""

from __future__ import annotations

import ast
import re
from contextlib import suppress
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple, Protocol

import numpy as np

from backprop.errors import Problem
from backprop.python.inputs.given import is_whole
from backprop.python.interpret.autograd import asks
from backprop.python.interpret.interpreter import Interpreter
from backprop.python.interpret.libraries import as_tensor
from backprop.python.interpret.machine import Observer
from backprop.python.runs.back import Back
from backprop.python.runs.outputs import Forward
from backprop.python.texts.gradients import Outcome, Path, behind_softmax, place_of
from backprop.python.values.arrays import PLAIN, fresh, is_number
from backprop.python.values.meter import RAISED
from backprop.python.values.scope import Object, Scope
from backprop.python.values.tape import Tape

Instead = dict[ast.stmt, list[ast.stmt]]
HOLDERS = (np.ndarray, dict, list, Object)  # what a pass may write into
LISTED = re.compile(r"isinstance\((\w+), \(?list\b")
NO_SIZE = re.compile("cannot be interpreted as an integer|only integers.* are valid indices")
TENSOR = re.compile(r"\bTensor\b")
MOST_UNASKED = 5  # inputs
MOST_KEPT = 8  # points of which is kept what the forward pass left


class Kept(NamedTuple):
    """A point, and what the forward pass left there."""

    given: dict[str, Any]
    left: Any
    forward: Forward


class Recorder(Protocol):
    """What is told of a run from its start: its arguments, every statement, and where the backward pass begins."""

    def starts(self, run: Interpreter, arguments: dict[str, Any]) -> None: ...

    def came_out(self, outputs: list[Any]) -> None: ...

    def turns(self, run: Interpreter, above: list[Any]) -> None: ...


class Runner(Back):
    """Runs one pair at any point. Every run starts anew, from copies of its arguments."""

    def outputs(self, given: dict[str, Any]) -> list[Any]:
        """The outputs of the forward pass alone."""
        try:
            run, found = self.forward_alone(given)
        except Problem as problem:
            if (problem.kind == RAISED and self.asks_less(given)) or self.takes_lists(given):
                return self.outputs(given)
            if self.whole_quotients or not NO_SIZE.search(problem.message):
                raise
            self.whole_quotients = True  # it may be Python 2, where / of whole numbers is whole
            try:
                run, found = self.forward_alone(given)
            except Problem:
                self.whole_quotients = False
                raise problem from None
        self.drew = self.drew or run.libraries.drew
        self.steps = run.meter.steps
        return found

    def takes_lists(self, given: dict[str, Any]) -> bool:
        """Whether a forward pass that ends with an error goes on where rows of whole numbers, as labels are, are lists,
        which it asks for: `isinstance(targets, list)`."""
        if self.lists:
            return False
        rows = [name for name in self.lists_asked_for if is_whole(given.get(name)) and np.ndim(given[name]) == 1]
        self.lists = frozenset(rows)
        with suppress(Problem):
            if rows:
                self.forward_alone(given)
                return True
        self.lists = frozenset()
        return False

    @cached_property
    def lists_asked_for(self) -> list[str]:
        return LISTED.findall(ast.unparse(self.pair.forward)) if self.pair.forward is not None else []

    def asks_less(self, given: dict[str, Any]) -> bool:
        """Whether a forward pass that ends with an error goes on where gradients of fewer inputs are asked for, as
        `ctx.needs_input_grad` says: these alone are judged then."""
        forward = self.pair.forward
        words = [one.attr for one in ast.walk(forward or ast.Pass()) if isinstance(one, ast.Attribute)]
        if self.unasked or "needs_input_grad" not in words:
            return False
        for count in range(1, min(len(self.parameters), MOST_UNASKED)):
            for some in combinations(self.parameters, count):
                self.unasked = frozenset(some)
                with suppress(Problem):
                    self.forward_alone(given)
                    return True
        self.unasked = frozenset()
        return False

    def hangs_on_chance(self, given: dict[str, Any]) -> bool:
        """Whether another seed gives other outputs: what is drawn may be given, too, or nothing reads it."""
        before, self.seed = self.outputs(given) if self.drew else [], self.seed + 1
        try:
            return self.drew and not all(map(np.array_equal, before, self.outputs(given)))
        finally:
            self.seed -= 1

    def started(self, most: float | None = None) -> Interpreter:
        """A run, with a tape where the text itself asks for gradients."""
        run = self.interpreter(most)
        if self.asks is None:
            own = self.script_part.tree.body if self.pair.forward is None else []
            self.asks = any(map(asks, [*own, *[one for _, some in self.code.needed(self.roots()) for one in some]]))
        run.libraries.tape = Tape() if self.asks else None
        return run

    def forward_alone(self, given: dict[str, Any], observer: Observer | None = None) -> tuple[Interpreter, list[Any]]:
        run = self.started()
        run.observer = observer or run.observer
        with np.errstate(all="ignore"):
            arguments = self.prepared(given)
            found = self.forward(run, self.loaded(run, arguments), arguments)
        self.stand_ins = self.instead(given, found)
        return run, found.outputs

    def swept(
        self, given: dict[str, Any], upstream: list[Any], paths: list[Path], tape: Tape | None = None
    ) -> dict[Path, Any]:
        """The gradients of inputs from one sweep back through the forward pass; none where that stops, or does what the
        tape has no rule for."""
        run, tape = self.interpreter(), tape or Tape()
        try:
            with np.errstate(all="ignore"):
                arguments = self.prepared(given)
                run.libraries.tape = tape
                inputs = tape.inputs
                for path in paths:
                    holder, key = place_of(arguments, path)
                    inputs[path] = tape.leaf(holder[key])
                scope = self.loaded(run, arguments)
                outputs = self.forward(run, scope, arguments).outputs
        except Problem:
            return {}
        if tape.lost or any(np.size(one) != np.size(above) for one, above in zip(outputs, upstream, strict=False)):
            return {}
        found = tape.sweep([(tape.leaf(one), np.asarray(above)) for one, above in zip(outputs, upstream, strict=False)])
        return {path: found[ids] for path, ids in inputs.items()}

    def prepared(self, given: dict[str, Any]) -> dict[str, Any]:
        """Arguments in memory of their own, as tensors for torch."""
        copied: dict[str, Any] = {
            name: np.asarray(one).tolist() if name in self.lists else one for name, one in fresh(given).items()
        }
        if not self.torch:
            return copied
        said = tensors_said(self.pair.forward)
        return {
            name: as_tensor(np.array(one) if name in said and is_number(one) else one) for name, one in copied.items()
        }

    def run(
        self, given: dict[str, Any], upstream: list[Any], instead: Instead | None = None,
        observer: Observer | None = None, most: float | None = None, recorder: Recorder | None = None,
    ) -> Outcome:  # fmt: skip
        """Forward and backward. `instead` and `observer` are about the backward pass alone. `most` is the work that may
        be done, in seconds of a usual machine."""
        run = self.started(most)
        with np.errstate(all="ignore"):
            arguments = self.prepared(given)
            scope = self.loaded(run, arguments)
            if any(one is not None for one in (instead, observer, recorder)):  # other lines are looked for
                self.define_at_hand(run, scope)
            if recorder is not None:
                recorder.starts(run, arguments)
            if self.pair.of_one:
                run.instead, run.observer = instead or {}, observer or run.observer
                run.libraries.random_allowed = self.pair.of_object
                forward = self.forward(run, scope, arguments)
                if recorder is not None:
                    recorder.came_out(forward.outputs)
                return self.added(self.split(forward, arguments), given)
            edited = recorder is None and (instead is not None or observer is not None)
            if edited:
                arguments, forward = self.done(run, scope, given, arguments)
            else:
                forward = self.forward(run, scope, arguments)
            if recorder is not None:
                recorder.came_out(forward.outputs)
            run.instead, run.observer = instead or {}, observer
            run.libraries.random_allowed = run.libraries.drew = False
            upstream = self.handed_down(forward.outputs, upstream)
            above = [
                as_tensor(np.asarray(one) if is_number(one) else one) if self.torch else one for one in fresh(upstream)
            ]
            if len(above) < len(forward.outputs):
                above += [np.ones(np.shape(one)) for one in forward.outputs[len(above) :]]
            if recorder is not None:
                recorder.turns(run, above)
            outcome = self.backward(run, scope, arguments, forward, above, upstream)
            self.estimated = self.estimated or run.libraries.drew
            return self.added(outcome, given)

    def handed_down(self, outputs: list[Any], upstream: list[Any]) -> list[Any]:
        """What a backward pass is given from above: where that is of what a softmax is of, gone back through it; a row
        where the pass is written for one, and rows for columns where it hands on gradients so."""
        if self.as_row:
            return [np.atleast_2d(one) for one in upstream]
        if self.columns_as_rows:
            return [np.transpose(one) for one in upstream]
        if self.beyond is None:
            return upstream
        return [behind_softmax(np.asarray(outputs[0]), np.asarray(upstream[0]), self.beyond), *upstream[1:]]

    def done(
        self, run: Interpreter, scope: Scope, given: dict[str, Any], arguments: dict[str, Any]
    ) -> tuple[dict[str, Any], Forward]:  # fmt: skip
        """The arguments and the forward pass at a point where backward passes are edited: gone through once, where all
        that it leaves is data. Each backward pass gets copies."""
        kept = next((one for one in self.points if one.given is given), None)
        if kept is None:
            forward = self.forward(run, scope, arguments)
            left = arguments, forward.results, forward.outputs, forward.scope.names, forward.returned
            plain = self.pair.kind == "functions" and not self.held and forward.me is None and is_data(left)
            if not plain or any(isinstance(one, HOLDERS) for one in scope.names.values()):
                return arguments, forward
            kept = Kept(given, fresh(left), forward)
            self.points = [*self.points[1 - MOST_KEPT :], kept]
        arguments, results, outputs, names, returned = fresh(kept.left)
        inner = Scope(scope)
        inner.names.update(names)
        return arguments, Forward(results, kept.forward.names, outputs, inner, None, returned)


def tensors_said(tree: ast.FunctionDef | None) -> set[str]:
    """The parameters that are said to be tensors, `scale: torch.Tensor`: a number that is given for one is one, too."""
    given = tree.args.args if tree is not None else []
    return {one.arg for one in given if one.annotation is not None and TENSOR.search(ast.unparse(one.annotation))}


def is_data(value: Any) -> bool:
    """Whether a value is data and nothing else, so that a copy is as good."""
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_data, value.values()))
    if type(value) in (list, tuple):
        return all(map(is_data, value))
    return value is None or isinstance(value, (*PLAIN, range, slice))
