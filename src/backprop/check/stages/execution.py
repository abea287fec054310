"""The lines of a backward pass, run at several points: what each computes, given what the lines before it computed."""

from __future__ import annotations

from collections.abc import Collection
from math import nan
from typing import Any, NamedTuple

from backprop.check.stages.flow import Edge, Shares, slope_through, zero
from backprop.check.stages.lines import Code, Line, unknown_name
from backprop.check.stages.samples import Samples, close, plus, runs_around, within
from backprop.check.stages.targets import Target, Vocabulary
from backprop.differentiate.run import Run
from backprop.errors import Problem
from backprop.library.stages import Names
from backprop.numbers.shapes import magnitude, shape_of


class Judgement(NamedTuple):
    """What is said about a line: "ok", "wrong", or "inherited": right, given what came before, which was not.

    `yours` is the variable's value after the line; `expected` what it should be then, given the lines before; for an
    inherited one, what it should be in truth. `cause` is a word of the catalogue, or None; `advice` are sentences.
    """

    line: int
    name: str
    yours: Any
    expected: Any
    verdict: str
    cause: str | None
    advice: list[str]


class Step:
    """A line, what it computed, and what is said about it.

    `values` is what it computes from forward values as they should be; `before` and `after` what the user has under its
    name, where a line may have overwritten forward values. `known` are the names that it can read; `early` is one that
    it reads before it is computed. A line that is `misshapen` could not have computed what it is called, and one that
    `finishes` scales what the line before it began. `holds` are the shares that its gradient has after it.
    """

    values: Samples
    before: Samples | None
    after: Samples
    known: list[dict[str, Any]]

    def __init__(self, place: int, code: Code, target: Target | None) -> None:
        self.place, self.line, self.code, self.target = place, code.line, code, target
        self.name, self.reads, self.slack = self.line.name, code.reads, self.line.half_unit or 0.0
        self.gradient = target.wire if target is not None and target.kind == "gradient" else None
        self.early: str | None = None
        self.misshapen = self.finishes = False
        self.holds: frozenset[Edge] | None = None
        self.judgement: Judgement | None = None

    @property
    def verdict(self) -> str:
        """What was said about it: "ok", "wrong", "inherited"; nothing yet."""
        return "" if self.judgement is None else self.judgement.verdict

    def say(self, expected: Any, verdict: str, cause: str | None = None, advice: Collection[str] = ()) -> None:
        """Judge the line, whatever was said about it before."""
        self.judgement = Judgement(self.line.number, self.name, self.after[0], expected, verdict, cause, [*advice])

    def typed(self, right: Any) -> bool:
        """Whether what there is after the line differs from a number by no more than how it was typed in."""
        return within(self.after[0], right, self.slack)

    def computed(self, names: dict[str, Any]) -> Any:
        """What the line computes; None where its shapes do not fit."""
        try:
            return self.code.value(names)
        except Problem as problem:
            if problem.kind != "shape":
                raise
            return None


class Execution:
    """All lines of a pass, in order, run at all points. Everything is a list of numbers, one for each (see samples)."""

    def __init__(self, result: Run, names: Names, lines: list[Line], kept: Collection[str] = ()) -> None:
        self.result, self.names, self.lines = result, names, lines
        self.claims = lines[0].program is None
        self.vocabulary = Vocabulary(result.circuit, names)
        self.wires = self.vocabulary.wires
        known = frozenset([*self.wires, *(line.name for line in lines)])
        codes = [Code(line, known) for line in lines]
        self.above = [name for name in self.vocabulary.above() if self.is_given(name, codes)]
        targets = [None if line.name in self.above else self.vocabulary.target(line.name) for line in lines]
        self.steps = [Step(place, *both) for place, both in enumerate(zip(codes, targets, strict=True))]
        gradients = {step.gradient for step in self.steps if step.gradient is not None}
        self.anchors = frozenset([*result.circuit.names, *gradients, result.circuit.output])
        self.runs = [result] if self.claims else runs_around(result, kept)
        self.execute()

    def is_given(self, name: str, codes: list[Code]) -> bool:
        """Whether a name of the gradient on the output is known before all lines, as a parameter of the user's function
        may be: no line sets it, or the first that does starts from it (`dout *= x > 0`)."""
        first = next((code for code in codes if code.line.name == name), None)
        return name not in self.wires and (first is None or (not self.claims and name in first.reads))

    def execute(self) -> None:
        """Run all lines: on forward values as they should be, and on what the user has."""
        forward = [{name: result.values[wire] for name, wire in self.wires.items()} for result in self.runs]
        for above in self.above:
            forward = [{above: result.upstream, **there} for result, there in zip(self.runs, forward, strict=True)]
        clean, dirty = forward, [dict(there) for there in forward]
        for step in self.steps:
            for name in step.reads:
                if name not in clean[0]:
                    if not any(other.name == name for other in self.steps[step.place :]):
                        raise unknown_name(step.line, name, [*clean[0]])
                    step.early = name
            step.known = [dict(there) for there in clean]
            step.values = [nan if step.early else step.computed(there) for there in clean]
            actual = [nan if step.early else step.computed(there) for there in dirty]
            before = [there.get(step.name) for there in dirty]
            step.before = None if before[0] is None else before
            step.after = plus(before, actual) if step.line.adds and step.before is not None else actual
            for k in range(len(self.runs)):
                self.keep(step, clean[k], dirty[k], k)

    def keep(self, step: Step, clean: dict[str, Any], dirty: dict[str, Any], k: int) -> None:
        """Give the lines below what a line computed at a point, or what it should have, where that cannot be used."""
        name, target, after, circuit = step.name, step.target, step.after[k], self.result.circuit
        example = target is not None and target.kind == "forward" and not step.reads and not step.line.adds
        if example and target is not None and target.wire in circuit.variables.values():
            return  # x = 3: an example value, and the point is given already
        dirty[name] = after
        if self.is_misshapen(step, after, k):  # the lines below are judged as if this one were right
            step.misshapen = True
            dirty[name] = clean[name] = 0.0 if step.gradient is None else self.runs[k].gradient(step.gradient)
        elif target is None:
            adds = step.line.adds and step.before is not None
            clean[name] = clean[name] + step.values[k] if adds else step.values[k]
        elif target.kind == "gradient":
            dirty[name] = clean[name] = self.in_shape(target.wire, after, k)
        elif target.kind == "local":
            clean[name] = slope_through(self.runs[k], target.of, target.wire, frozenset())

    def is_misshapen(self, step: Step, value: Any, k: int) -> bool:
        """Whether a line's result cannot be what it is called: it has no value, or another shape."""
        if value is None or step.gradient is None:
            return value is None
        return shape_of(value) != shape_of(self.runs[k].values[step.gradient]) and magnitude(value) > 0

    def in_shape(self, wire: int, value: Any, k: int) -> Any:
        """The gradient of a stage as the lines below read it: a bare 0 is one in every element."""
        own = self.runs[k].values[wire]
        return zero(own) if shape_of(value) == () != shape_of(own) and not magnitude(value) else value

    def given(self, step: Step, final: bool = False) -> list[dict[int, Any]]:
        """The gradients that the user has when a line is reached; `final` takes them as they are in the end. Of what
        the line does not read it has no value that a later line changes."""
        found: list[dict[int, Any]] = [{} for _ in self.runs]
        read = self.read_by(step)
        for other in self.steps:
            wire = other.gradient
            if wire is None or wire == step.gradient:
                continue
            if other.place < step.place or self.claims or final or (wire in found[0] and other.name not in read):
                for k, result in enumerate(self.runs):
                    value = other.after[k]
                    if value is not None and shape_of(value) == shape_of(result.values[wire]):
                        found[k][wire] = value
        return found

    def read_by(self, step: Step) -> set[str]:
        """The names that a line reads, by itself or through helpers."""
        found = set(step.reads)
        for earlier in reversed(self.steps[: step.place]):
            if earlier.target is None and earlier.name in found:
                found.update(earlier.reads)
        return found

    def shares(self, step: Step, final: bool = False) -> Shares:
        """The shares that the gradient which a line computes is the sum of, given what the user has there."""
        assert step.gradient is not None
        return Shares(self.runs, self.names, step.gradient, self.given(step, final), self.anchors)

    # ── what comes out ──

    def ends(self) -> list[Step]:
        """The last line of each input whose gradient lines compute."""
        inputs = set(self.result.circuit.variables.values())
        return [*{step.gradient: step for step in self.steps if step.gradient in inputs}.values()]

    def is_right(self, step: Step, k: int = 0) -> bool:
        """Whether after a line the gradient of its stage is the one in truth, at one of the points."""
        assert step.gradient is not None
        truth = self.runs[k].gradient(step.gradient)
        return close(self.in_shape(step.gradient, step.after[k], k), truth, self.shares(step).scale([truth])[0])

    def comes_out_right(self) -> bool:
        """Whether gradients of inputs come out, all of them right at all points; inputs of no line's concern, like
        labels, may have to be kept."""
        if not self.is_right_at([0]):
            return False
        if self.is_right_at(range(len(self.runs))):
            return True
        found = {step.gradient for step in self.ends()}
        kept = [name for name, wire in self.result.circuit.variables.items() if wire not in found]
        if not kept:
            return False
        again = Execution(self.result, self.names, self.lines, kept)
        return again.is_right_at(range(len(again.runs)))

    def is_right_at(self, points: Collection[int]) -> bool:
        """Whether all gradients of inputs that come out are right at some points."""
        ends = self.ends()
        if self.claims or not ends or any(step.misshapen for step in self.steps):
            return False
        return all(self.is_right(step, k) for step in ends for k in points)

    def leading(self) -> set[Step]:
        """The lines that what comes out is made of."""
        found, read = set(self.ends()), set[str]()
        for step in reversed(self.steps):
            if step in found or step.name in read:
                found.add(step)
                read.update([step.name, *step.reads])
        return found
