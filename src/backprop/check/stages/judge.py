"""A hand-written backward pass, judged line by line, each line given what the lines before it computed.

The gradient of a stage is a sum of shares, one for every place where it is used: local gradient times the gradient of
the stage that uses it. A line of the user's is right if it contributes some of the shares that are still due, with the
gradients that the user has computed so far: so a mistake is blamed on its own line, and what merely inherits it is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from backprop.check.stages.execution import Execution, Judgement, Step
from backprop.check.stages.flow import slope_through
from backprop.check.stages.group import Group
from backprop.check.stages.lines import Line
from backprop.check.stages.samples import close, minus
from backprop.check.stages.subgradients import Beside, excuse, kinks_of
from backprop.check.stages.targets import Target
from backprop.differentiate.run import Run
from backprop.language.printer import number_text
from backprop.library.stages import Names
from backprop.numbers.shapes import magnitude, quiet

SIDES = 4  # directions in which a pass is tried next to a kink, and against each
LOST = 1e-3  # of the largest share: what is further off is no matter of digits


class Verdicts(NamedTuple):
    """The judgements, in the order of the lines, remarks on the pass as a whole, and the inputs that have a gradient
    which no line computes."""

    lines: list[Judgement]
    remarks: list[str]
    missing: list[str]


def judge(result: Run, names: Names, lines: list[Line], wanted: Collection[str] | None = None) -> Verdicts:
    """Judge the lines of a backward pass, of which the gradients of some inputs, or of all, are wanted. Raises a
    Problem where a line reads what is not known."""
    with quiet(result.arrays):
        return Judge(Execution(result, names, lines)).verdicts(wanted)


class Judge:
    """The state of one judgement: the lines as they ran, those of each gradient in a group."""

    def __init__(self, execution: Execution) -> None:
        self.execution, self.steps, self.circuit = execution, execution.steps, execution.result.circuit
        self.remarks: list[str] = []
        self.groups: dict[int, list[Step]] = {}
        for step in self.steps:
            if step.gradient is not None:
                self.groups.setdefault(step.gradient, []).append(step)

    def verdicts(self, wanted: Collection[str] | None = None) -> Verdicts:
        """All judgements."""
        execution = self.execution
        for step in self.steps:
            if step.target is None:
                self.helper(step)
            elif step.gradient is None:
                self.value_line(step, step.target)
        for members in self.groups.values():
            Group(execution, members).judge()
        self.stale_lines()
        absent = [
            (name, wire)
            for name, wire in self.circuit.variables.items()
            if wire not in self.groups and not execution.claims and (wanted is None or name in wanted)
        ]
        self.remarks += [f"no line computes d{name}" for name, _ in absent]
        # A gradient that is 0 wherever it was tried, like that of a label, need not be written down.
        missing = [name for name, wire in absent if any(magnitude(run.gradient(wire)) > 0 for run in execution.runs)]
        if any(step.verdict in ("wrong", "inherited") for step in self.steps) and execution.comes_out_right():
            self.take_as_they_are(execution.leading() if missing else self.steps)
        if any(step.verdict == "wrong" for step in self.steps) and (execution.claims or self.is_right_beside()):
            excuse(execution)
        if not any(step.verdict == "wrong" for step in self.steps):
            self.blame_the_ends()
        return Verdicts([step.judgement for step in self.steps if step.judgement], self.remarks, missing)

    def is_right_beside(self) -> bool:
        """Whether a pass at a kink is right on all sides of it, where it has any that are smooth."""
        execution, names = self.execution, self.execution.names
        if not kinks_of(execution.result, names):
            return False
        beside = Beside(execution, [])
        sides = [there for _ in range(SIDES) for there in beside.runs([]) if not kinks_of(there, names)]
        judged = [judge(there, names, execution.lines) for there in sides]
        return bool(judged) and not any(line.verdict == "wrong" for found in judged for line in found.lines)

    def helper(self, step: Step) -> None:
        """A line whose name stands for nothing in the circuit."""
        if self.execution.claims:
            raise self.execution.vocabulary.no_such_claim(step.name)
        if step.name not in self.execution.above:
            read = any(step.name in other.reads for other in self.steps)
            remark = self.execution.vocabulary.helper_remark(step.name, read)
            self.remarks += [remark] if remark and remark not in self.remarks else []

    def value_line(self, step: Step, target: Target) -> None:
        """A line that sets a forward value again, or a local derivative: its number is known."""
        yours = step.after[0]
        if target.kind == "local":
            right = slope_through(self.execution.result, target.of, target.wire, frozenset())
        else:
            right = self.execution.result.values[target.wire]
            if not self.execution.claims and not step.reads and target.wire in self.circuit.variables.values():
                if not close(step.values[0], right, 0.0):
                    self.remarks.append(
                        f"{step.name} is {number_text(right)} here, whatever line {step.line.number} says"
                    )
                return
        if close(yours, right, 0.0) or step.typed(right):
            step.say(right, "ok")
        elif target.kind == "local":
            turned = close(yours, -right, 0.0)
            step.say(right, "wrong", "sign" if turned else None, ["the sign is turned"] if turned else [])
        elif self.execution.claims:
            step.say(right, "wrong")
        else:
            readers = [other.line.number for other in self.steps[step.place + 1 :] if step.name in other.reads]
            still = f", which line {readers[0]} reads" if readers else ""
            advice = [f"overwrites the forward value of `{step.name}`{still}", "give it another name"]
            step.say(right, "wrong", "stale", advice)

    def take_as_they_are(self, leading: Collection[Step]) -> None:
        """What comes out is right, however it got there: so no line that leads to it is wrong."""
        for wire, members in self.groups.items():
            for step in members:
                if step.verdict == "ok" or step not in leading:
                    continue
                if step is not members[-1]:
                    said = [f"line {members[-1].line.number} goes on with it"]
                elif not self.execution.is_right(step):
                    said = [f"not the gradient of {self.execution.names.text(wire)}, but what comes out is right"]
                else:
                    said = []
                step.say(step.after[0], "ok", None, said)

    def blame_the_ends(self) -> None:
        """What comes out wrong is wrong, also where every line seems to follow from others: by more than digits that
        are lost on the way, or were never written down."""
        rounded = [(step.slack, magnitude(step.after[0])) for step in self.steps if step.slack]
        lost = LOST + sum(half / size for half, size in rounded if size)
        for step in self.execution.ends():
            if step.judgement is not None and step.gradient is not None and step.verdict == "inherited":
                truth = step.judgement.expected
                (off,) = minus([self.execution.in_shape(step.gradient, step.after[0], 0)], [truth])
                if magnitude(off) > lost * self.execution.shares(step).scale([truth])[0]:
                    advice = ["it is made of shares as they were, and not as they are in the end"]
                    step.say(truth, "wrong", None, advice)

    def stale_lines(self) -> None:
        """Blame the lines that read a gradient to which a later line, itself right, still adds."""
        for step in [step for members in self.groups.values() for step in members]:
            if step.verdict == "wrong" or self.execution.claims:
                continue
            culprits = [other for other in self.later_additions(step) if other.verdict != "wrong"]
            now, final = self.execution.shares(step), self.execution.shares(step, final=True)
            changed = [other for other in culprits if any(edge[0] == other.gradient for edge in now.edges)]
            if changed and not close(now.sum(now.edges)[0], final.sum(final.edges)[0], 0.0):
                first = changed[0]
                advice = [f"`{first.name}` is read before it is complete: line {first.line.number} still adds to it"]
                step.say(final.sum(final.edges)[0], "wrong", "stale", advice)

    def later_additions(self, step: Step) -> Iterator[Step]:
        """The lines after one that still change a gradient which it reads, and which lines before it have set."""
        for wire, members in self.groups.items():
            if wire != step.gradient and any(other.place < step.place for other in members):
                yield from (other for other in members if other.place > step.place and other.name in step.reads)
