"""The lines that make up the gradient of one stage: which of its shares each contributes, and which is to blame."""

from __future__ import annotations

from typing import Any

from backprop.check.stages.execution import Execution, Step
from backprop.check.stages.flow import OUTPUT, Edge, Shares, backward, edges_of, value_at, zero
from backprop.check.stages.mistakes import Case, Finding, diagnose, exactly, half_of, listed, matches, subsets
from backprop.check.stages.samples import ROUNDING, Samples, close, minus, nothing, plus, within
from backprop.numbers.shapes import magnitude, shape_of

NONE: frozenset[Edge] = frozenset()


class Contribution:
    """What a line adds to a gradient, `piece`, beside the shares that it is the sum of; `dx = dx + …` adds too."""

    def __init__(self, execution: Execution, step: Step) -> None:
        self.execution, self.step = execution, step
        self.shares = execution.shares(step)
        self.piece, self.adds = self.added()

    def added(self) -> tuple[Samples, bool]:
        """What the line contributes, and whether it adds to what is there."""
        step, before, values = self.step, self.step.before, self.step.values
        if before is None or step.finishes:
            return values, step.line.adds
        if not step.line.adds and step.name in step.reads:
            return minus(values, before), True
        if step.line.adds and values[0] is not None and shape_of(values[0]) != shape_of(before[0]):
            return plus([zero(x) for x in before], values), True  # stretched to what it is added to
        return values, step.line.adds

    def case(self, left: frozenset[Edge], covered: frozenset[Edge]) -> Case:
        """The line as one that may be wrong, where some shares are due and others are there."""
        step, execution = self.step, self.execution
        code = None if execution.claims else step.code
        tolerances = [step.slack if k == 0 else 0.0 for k in range(len(self.piece))]
        return Case(step.name, self.piece, self.shares, left, covered, code, step.known, execution.wires, tolerances)

    def match(self, due: frozenset[Edge], stretch: bool = False) -> frozenset[Edge] | None:
        """The shares that the line contributes: a set of those that are due, the same at all points, or else at the
        first."""
        step, shares, piece = self.step, self.shares, self.piece
        silent = frozenset(edge for edge in due if nothing(shares.edges[edge]))
        case = self.case(due, NONE)
        nearly: frozenset[Edge] | None = None  # as a small share beside a large one does not show
        here_only: frozenset[Edge] | None = None
        scales = shares.scale(piece)
        if nothing(piece) and shape_of(piece[0]) in ((), shape_of(self.execution.result.values[shares.wire])):
            final = self.execution.shares(step, final=True)  # what is 0 only so far is for the lines to come
            return frozenset(edge for edge in silent if nothing(final.edges[edge]))
        later = self.execution.steps[step.place + 1 :]
        last = not any(other.target == step.target for other in later)  # else what cancels is for the lines to come
        for edges in subsets(sorted(due - silent, reverse=True), last):  # nearest to the output first, as passes go
            sums = shares.sum(edges)
            if all(close(one, other, 0.0, ROUNDING) for one, other in zip(piece, sums, strict=True)):
                return edges
            if nearly is None and matches(case, sums, stretch=stretch):
                nearly = edges
            if here_only is None and (close(piece[0], sums[0], scales[0]) or within(sums[0], piece[0], step.slack)):
                here_only = edges
        return here_only if nearly is None else nearly

    def best_finding(
        self, left: frozenset[Edge], covered: frozenset[Edge], alone: bool
    ) -> tuple[Finding, frozenset[Edge]]:
        """The finding for a wrong line. Where several lines are wrong, each may stand for any of the shares that are
        due."""
        options = [left] if alone or not left else [*subsets(sorted(left))]
        first = None
        for due in options:
            finding = diagnose(self.case(due, covered))
            if finding.cause is not None and finding.cause != "missing-share":
                return finding, due
            first = first or (finding, due)
        assert first is not None
        return first


class Group:
    """The lines for the gradient of one stage: `covered` are the shares that are in them, `lost` those that were."""

    def __init__(self, execution: Execution, steps: list[Step]) -> None:
        assert steps[0].gradient is not None
        self.execution, self.steps, self.wire = execution, steps, steps[0].gradient
        self.variable = execution.names.text(self.wire)
        self.everything = frozenset(edges_of(execution.result.circuit, self.wire))
        self.covered = self.lost = NONE
        self.defined = False
        self.unmatched: list[Contribution] = []

    def judge(self) -> None:
        """Judge the lines: each by what it contributes, then those that contribute nothing that is due."""
        for step, following in zip(self.steps, [*self.steps[1:], None], strict=True):
            if following is not None and not self.defined and self.goes_on(step, following):
                step.say(step.after[0], "ok", None, [f"line {following.line.number} goes on with it"])
            else:
                self.take(step, Contribution(self.execution, step))
        left = self.everything - self.covered - self.lost
        if self.unmatched:
            self.blame(left)
        else:
            self.blame_what_is_missing(left)

    def goes_on(self, step: Step, following: Step) -> bool:
        """Whether a line is but the beginning: the following one scales what it computed, as `dx *= z` does."""
        if step.line.adds or following.line.adds or following.name not in following.reads or following.early:
            return False
        if any(value is None for value in (*following.values, *following.after)):
            return False
        nought = [{**there, following.name: zero(there[following.name])} for there in following.known]
        following.finishes = nothing([following.computed(there) for there in nought])
        return following.finishes

    def take(self, step: Step, made: Contribution) -> None:
        """Find the shares that a line contributes."""
        if step.early:
            advice = [f"`{step.early}` is read before it is computed"]
            step.say(made.shares.sum(self.everything)[0], "wrong", "stale", advice)
            self.lost |= self.everything
            return
        if not step.reads and nothing(made.piece) and not self.defined:  # dx = 0, to begin with
            self.accept(step, made.shares, NONE)
            return
        overwriting = self.defined and not made.adds
        found = made.match(self.everything if overwriting else self.everything - self.covered, overwriting)
        if overwriting and found != self.everything:  # of equal shares, rather one that no line has yet
            fresh = made.match(self.everything - self.covered, overwriting)
            found = found if fresh is None else fresh
        if found is None:
            self.unmatched.append(made)
        elif overwriting and not nothing(made.shares.sum(self.everything - found)):
            self.blame_overwriting(made, found)
            self.lost |= self.covered - found
            self.covered |= found
        else:
            self.covered = self.everything if overwriting else self.covered | found
            self.accept(step, made.shares, self.covered)
        self.defined = True

    def accept(self, step: Step, shares: Shares, covered: frozenset[Edge]) -> None:
        """A line that is right, given what came before."""
        step.holds = covered
        truth = self.truth(covered)
        yours = self.execution.in_shape(self.wire, step.after[0], 0)
        if close(yours, truth, shares.scale([truth])[0]) or within(yours, truth, step.slack):
            step.say(truth, "ok")
        else:
            step.say(truth, "inherited", None, ["right, given the lines above"])

    def truth(self, edges: frozenset[Edge]) -> Any:
        """The sum of the shares in truth."""
        result = self.execution.result
        _, sent = backward(result, {})
        value = result.values[self.wire]
        return sum((value_at(sent.get(edge), value) for edge in sorted(edges)), zero(value))

    # ── blame ──

    def blame_overwriting(self, made: Contribution, found: frozenset[Edge]) -> None:
        """Blame a line that sets a gradient which holds other shares already."""
        name, case = made.step.name, made.case(self.everything, self.covered)
        so_far = self.everything if made.step is self.steps[-1] else self.covered | found
        advice = [
            f"{exactly(case, found)}; lost: {listed(case, so_far - found)}",
            f"`{name} =` overwrites where `{name} +=` is needed: {self.places()}",
        ]
        made.step.say(made.shares.sum(so_far)[0], "wrong", "overwrites", advice)

    def places(self) -> str:
        return f"{self.variable} is used in {len(self.everything)} places"

    def blame_what_is_missing(self, left: frozenset[Edge]) -> None:
        """Blame the last line for shares that no line has, where each line by itself contributes some that are due."""
        last = next((step for step in reversed(self.steps) if step.verdict != "wrong"), None)
        if last is None:
            return
        made = Contribution(self.execution, last)
        shares, scale = made.shares, made.shares.scale(made.piece)[0]
        missing = frozenset(edge for edge in left if magnitude(shares.edges[edge][0]) > ROUNDING * scale)
        if missing:
            case = made.case(left, self.covered)
            half = half_of(shares, missing, self.covered)
            cause, advice = "missing-share", [f"{exactly(case, self.covered)}; missing: {listed(case, missing)}"]
            if half is None:
                advice.append(self.places())
            else:
                uses = f"`{self.execution.names.expression(half)}` uses {self.variable} twice"
                cause, advice = "factor", [f"{uses}, and one half is missing"]
            last.say(shares.sum(self.everything)[0], "wrong", cause, advice)

    def blame(self, left: frozenset[Edge]) -> None:
        """Say what is wrong with the lines that match nothing."""
        for made in self.unmatched:
            step = made.step
            finding, due = made.best_finding(left, self.covered, alone=len(self.unmatched) == 1)
            base = step.before[0] if made.adds and step.before is not None else 0.0
            advice = finding.advice or plain_advice(made.shares, due)
            step.say(base + finding.right[0], "wrong", finding.cause, advice)
            left -= due
            for later in self.steps:
                if later.place > step.place and later.holds is not None:
                    self.accept(later, made.shares, later.holds | due)


def plain_advice(shares: Shares, due: frozenset[Edge]) -> list[str]:
    """What a line should have been, where no cause is proved."""
    if not due:
        return ["all shares are in other lines already"]
    parts = [
        "the gradient on the output"
        if share == frozenset([OUTPUT])
        else f"the local gradient of `{via}` times d{via.partition(' = ')[0]}"
        for via, share in shares.described(due)
    ]
    return [f"it should be {' + '.join(parts)}"]
