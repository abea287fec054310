"""A hand-written backward pass, judged line by line, each line given what the lines before it computed.

The gradient of a stage is a sum of shares, one for every place where it is used: local gradient times the gradient of
the stage that uses it. A line of the user's is right if it contributes some of the shares that are still due, with the
gradients that the user has computed so far: so a mistake is blamed on its own line, and what merely inherits it is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from math import nan
from typing import Any, NamedTuple

from backprop.check.stages.flow import OUTPUT, Edge, Shares, backward, slope_through, value_at, zero
from backprop.check.stages.lines import Code, Line, unknown_name
from backprop.check.stages.mistakes import Case, Finding, diagnose, exactly, half_of, listed, matches, subsets
from backprop.check.stages.samples import ROUNDING, Samples, close, minus, nothing, plus, runs_around
from backprop.differentiate.run import Run
from backprop.errors import Problem, nearest
from backprop.language.printer import number_text
from backprop.library.stages import Names
from backprop.numbers.shapes import magnitude, shape_of

LOST = 1e-3  # of the largest share: what is further off is no matter of digits
GRADIENT_NAMES = ("d{}", "d_{}", "grad_{}", "{}_grad", "d{out}d{}", "d{out}_d{}", "d{out}_{}", "g{}", "delta_{}")


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


class Verdicts(NamedTuple):
    """The judgements, in the order of the lines, remarks on the pass as a whole, and the inputs that have a gradient
    which no line computes."""

    lines: list[Judgement]
    remarks: list[str]
    missing: list[str]


class Target(NamedTuple):
    """What a name stands for: the "gradient" of a stage, the "local" derivative of one stage in another, a "forward"
    value."""

    kind: str
    wire: int
    of: int = -1


def judge(result: Run, names: Names, lines: list[Line], wanted: Collection[str] | None = None) -> Verdicts:
    """Judge the lines of a backward pass, of which the gradients of some inputs, or of all, are wanted. Raises a
    Problem where a line reads what is not known."""
    return Judge(result, names, lines).verdicts(wanted)


class Judge:
    """The state of one judgement. Everything is a list of numbers, one for each point (see samples)."""

    def __init__(self, result: Run, names: Names, lines: list[Line], kept: Collection[str] = ()) -> None:
        self.result, self.names, self.lines, self.kept = result, names, lines, kept
        self.claims = lines[0].program is None
        self.circuit = result.circuit
        self.wires = {name: wire for wire, name in names.names.items()}
        self.remarks: list[str] = []
        self.codes = [Code(line, frozenset([*self.wires, *(other.name for other in lines)])) for line in lines]
        self.above = [name for name in self.names_above() if self.is_given(name)]
        self.targets = [None if line.name in self.above else self.target(line.name) for line in lines]
        gradients = {target.wire for target in self.targets if target is not None and target.kind == "gradient"}
        self.anchors = frozenset([*self.circuit.names, *gradients, self.circuit.output])
        self.runs = [result] if self.claims else runs_around(result, kept)
        self.found: dict[int, Judgement] = {}
        self.so_far: dict[int, frozenset[Edge]] = {}  # the shares that a gradient holds after a line
        self.execute()

    # ── names ──

    def target(self, name: str) -> Target | None:
        """What a line's name stands for; None for a helper of the user's own."""
        if name in self.wires:
            return Target("forward", self.wires[name])
        out = self.names.text(self.circuit.output)
        for form in GRADIENT_NAMES:
            before, _, after = form.replace("{out}", out).partition("{}")
            inner = name[len(before) : len(name) - len(after)]
            if name.startswith(before) and name.endswith(after) and inner in self.wires:
                return Target("gradient", self.wires[inner])
        for split in re.finditer("_?d", name[2:]):
            top, bottom = name[1 : split.start() + 2], name[split.end() + 2 :]
            if name[0] == "d" and top in self.wires and bottom in self.wires:
                return Target("local", self.wires[bottom], self.wires[top])
        return None

    def helper_remark(self, i: int) -> str | None:
        """A helper's name that looks like the gradient of a stage, but is none: a slip, or a line nobody reads."""
        name = self.lines[i].name
        if not name.startswith("d") or len(name) < 2 or name in self.above:
            return None
        near = nearest(name, [f"d{known}" for known in self.wires])
        if near is None and any(name in code.reads for code in self.codes):
            return None
        meant = f" (did you mean {near}?)" if near else ""
        return f"{name} is the gradient of no stage{meant}: it is taken for a helper"

    def names_above(self) -> Iterator[str]:
        """What the gradient on the output may be called: dout, and by the output, which `return out` names again."""
        wire = self.circuit.output
        yield f"d{self.names.text(wire)}"
        while self.circuit.gates[wire].name == "identity":
            (wire,) = self.circuit.inputs[wire]
            yield f"d{self.names.text(wire)}"
        if "out" not in self.wires:
            yield "dout"

    def is_given(self, name: str) -> bool:
        """Whether a name of the gradient on the output is known before all lines, as a parameter of the user's function
        may be: no line sets it, or the first that does starts from it (`dout *= x > 0`)."""
        own = [i for i, line in enumerate(self.lines) if line.name == name]
        return name not in self.wires and (not own or (not self.claims and name in self.codes[own[0]].reads))

    # ── running the lines ──

    def execute(self) -> None:
        """Run all lines at all points, keeping what each computed and what was known before it.

        `values` is what a line computes from forward values as they should be; `actual` what the user has, whose
        forward values a line may have overwritten.
        """
        points = range(len(self.runs))
        forward = [{name: result.values[wire] for name, wire in self.wires.items()} for result in self.runs]
        for above in self.above:
            forward = [{above: result.upstream, **there} for result, there in zip(self.runs, forward, strict=True)]
        clean, dirty = [dict(there) for there in forward], [dict(there) for there in forward]
        self.values: list[Samples] = []
        self.before: list[Samples | None] = []
        self.after: list[Samples] = []
        self.known: list[list[dict[str, Any]]] = []
        self.early: dict[int, str] = {}
        self.misfits: dict[int, str] = {}
        self.replaced: set[int] = set()  # lines whose result could not be what it is called
        self.finishing: set[int] = set()  # lines that scale what the line before them began
        later = [line.name for line in self.lines]
        for i, (line, code, target) in enumerate(zip(self.lines, self.codes, self.targets, strict=True)):
            for name in code.reads:
                if name not in clean[0]:
                    if name not in later[i:]:
                        raise unknown_name(line, name, [*clean[0]])
                    self.early[i] = name
            values: Samples = [nan if i in self.early else self.computed(i, clean[k]) for k in points]
            actual: Samples = [nan if i in self.early else self.computed(i, dirty[k]) for k in points]
            before = [dirty[k].get(line.name) for k in points]
            self.values.append(values)
            self.known.append([dict(there) for there in clean])
            fresh = before[0] is None
            self.before.append(None if fresh else before)
            after = plus(before, actual) if line.adds and not fresh else actual
            self.after.append(after)
            example = target is not None and target.kind == "forward" and not code.reads and not line.adds
            for k in points:
                if example and target is not None and target.wire in self.circuit.variables.values():
                    continue  # x = 3: an example value, and the point is given already
                dirty[k][line.name] = after[k]
                if self.misshapen(target, after[k], k):  # the lines below are judged as if this one were right
                    self.replaced.add(i)
                    dirty[k][line.name] = clean[k][line.name] = self.stand_in(target, k)
                elif target is None:
                    clean[k][line.name] = clean[k][line.name] + values[k] if line.adds and not fresh else values[k]
                elif target.kind == "gradient":
                    dirty[k][line.name] = clean[k][line.name] = self.in_shape(target.wire, after[k], k)
                elif target.kind == "local":
                    clean[k][line.name] = slope_through(self.runs[k], target.of, target.wire, frozenset())
        self.final = clean

    def computed(self, i: int, names: dict[str, Any]) -> Any:
        """What a line computes; None where its shapes do not fit, which is remembered."""
        try:
            return self.codes[i].value(names)
        except Problem as problem:
            if problem.kind != "shape":
                raise
            self.misfits[i] = problem.message
            return None

    def misshapen(self, target: Target | None, value: Any, k: int) -> bool:
        """Whether a line's result cannot be what it is called: it has no value, or another shape."""
        if value is None or target is None or target.kind != "gradient":
            return value is None
        return shape_of(value) != shape_of(self.runs[k].values[target.wire]) and magnitude(value) > 0

    def in_shape(self, wire: int, value: Any, k: int) -> Any:
        """The gradient of a stage as the lines below read it: a bare 0 is one in every element."""
        own = self.runs[k].values[wire]
        return zero(own) if shape_of(value) == () != shape_of(own) and not magnitude(value) else value

    def stand_in(self, target: Target | None, k: int) -> Any:
        """What a line that could not be computed should have given."""
        if target is None or target.kind != "gradient":
            return 0.0
        return self.runs[k].gradient(target.wire)

    def given(self, i: int, wire: int, final: bool = False) -> list[dict[int, Any]]:
        """The gradients that the user has when line i is reached; `final` takes them as they are in the end. Of what
        the line does not read it has no value that a later line changes."""
        found: list[dict[int, Any]] = [{} for _ in self.runs]
        read = self.read_by(i)
        for j, target in enumerate(self.targets):
            if target is None or target.kind != "gradient" or target.wire == wire:
                continue
            if j < i or self.claims or final or (target.wire in found[0] and self.lines[j].name not in read):
                for k, result in enumerate(self.runs):
                    value = self.after[j][k]
                    if value is not None and shape_of(value) == shape_of(result.values[target.wire]):
                        found[k][target.wire] = value
        return found

    def read_by(self, i: int) -> set[str]:
        """The names that a line reads, by itself or through helpers."""
        found = set(self.codes[i].reads)
        for j in reversed(range(i)):
            if self.targets[j] is None and self.lines[j].name in found:
                found.update(self.codes[j].reads)
        return found

    # ── judging ──

    def verdicts(self, wanted: Collection[str] | None = None) -> Verdicts:
        """All judgements."""
        groups: dict[int, list[int]] = {}
        for i, target in enumerate(self.targets):
            if target is None:
                remark = self.helper_remark(i)
                if self.claims:
                    raise self.no_such_claim(self.lines[i].name)
                self.remarks += [remark] if remark and remark not in self.remarks else []
            elif target.kind == "gradient":
                groups.setdefault(target.wire, []).append(i)
            else:
                self.value_line(i, target)
        for wire, members in groups.items():
            self.group(wire, members)
        self.stale_lines(groups)
        absent = [
            (name, wire)
            for name, wire in self.circuit.variables.items()
            if wire not in groups and not self.claims and (wanted is None or name in wanted)
        ]
        self.remarks += [f"no line computes d{name}" for name, _ in absent]
        # A gradient that is 0 wherever it was tried, like that of a label, need not be written down.
        missing = [name for name, wire in absent if any(magnitude(run.gradient(wire)) > 0 for run in self.runs)]
        if any(found.verdict != "ok" for found in self.found.values()) and self.comes_out_right():
            self.take_as_they_are(groups, self.leading() if missing else range(len(self.lines)))
        if not any(found.verdict == "wrong" for found in self.found.values()):
            self.blame_the_ends()
        return Verdicts([self.found[i] for i in sorted(self.found)], self.remarks, missing)

    def blame_the_ends(self) -> None:
        """What comes out wrong is wrong, also where every line seems to follow from others: by more than digits that
        are lost on the way, or were never written down."""
        rounded = [(line.half_unit, magnitude(self.after[i][0])) for i, line in enumerate(self.lines) if line.half_unit]
        lost = LOST + sum(half / size for half, size in rounded if size)
        for wire, i in self.ends().items():
            truth = self.found[i].expected
            if self.found[i].verdict == "inherited":
                (off,) = minus([self.in_shape(wire, self.after[i][0], 0)], [truth])
                if magnitude(off) > lost * self.shares(i, wire).scale([truth])[0]:
                    advice = ["it is made of shares as they were, and not as they are in the end"]
                    self.say(i, truth, "wrong", None, advice)

    def comes_out_right(self) -> bool:
        """Whether gradients of inputs come out, all of them right at all points; inputs of no line's concern, like
        labels, may have to be kept."""
        ends = self.ends()
        if self.claims or self.replaced or not ends or not all(self.is_right(i, wire, 0) for wire, i in ends.items()):
            return False
        if all(self.is_right(i, wire, k) for wire, i in ends.items() for k in range(len(self.runs))):
            return True
        kept = [name for name, wire in self.circuit.variables.items() if wire not in ends]
        if not kept or self.kept:
            return False
        return Judge(self.result, self.names, self.lines, kept).comes_out_right()

    def ends(self) -> dict[int, int]:
        """The inputs whose gradients lines compute, and the last line of each."""
        inputs = set(self.circuit.variables.values())
        targets = enumerate(self.targets)
        return {one.wire: i for i, one in targets if one is not None and one.kind == "gradient" and one.wire in inputs}

    def is_right(self, i: int, wire: int, k: int) -> bool:
        """Whether after line i the gradient of a stage is the one in truth, at one of the points."""
        truth = self.runs[k].gradient(wire)
        return close(self.in_shape(wire, self.after[i][k], k), truth, self.shares(i, wire).scale([truth])[0])

    def leading(self) -> set[int]:
        """The lines that what comes out is made of."""
        found, read = set(self.ends().values()), set()
        for i in reversed(range(len(self.lines))):
            if i in found or self.lines[i].name in read:
                found.add(i)
                read.update([self.lines[i].name, *self.codes[i].reads])
        return found

    def take_as_they_are(self, groups: dict[int, list[int]], lines: Collection[int]) -> None:
        """What comes out is right, however it got there: so no line that leads to it is wrong."""
        for wire, members in groups.items():
            for i in members:
                if self.found[i].verdict == "ok" or i not in lines:
                    continue
                if i != members[-1]:
                    said = [f"line {self.lines[members[-1]].number} goes on with it"]
                elif not self.is_right(i, wire, 0):
                    said = [f"not the gradient of {self.names.text(wire)}, but what comes out is right"]
                else:
                    said = []
                self.say(i, self.after[i][0], "ok", None, said)

    def no_such_claim(self, name: str) -> Problem:
        near = nearest(name, [*self.wires, *(f"d{known}" for known in self.wires)])
        hint = f"did you mean {near}?" if near else f"it is d and the name of a stage: d{next(iter(self.wires))}"
        return Problem("name", f"{name} is neither a gradient nor a stage of this circuit", hint=hint)

    def say(
        self, i: int, expected: Any, verdict: str, cause: str | None = None, advice: list[str] | None = None
    ) -> None:
        yours = self.after[i][0]
        self.found[i] = Judgement(
            self.lines[i].number, self.lines[i].name, yours, expected, verdict, cause, advice or []
        )

    def value_line(self, i: int, target: Target) -> None:
        """A line that sets a forward value again, or a local derivative: its number is known."""
        line = self.lines[i]
        if target.kind == "local":
            right = [slope_through(result, target.of, target.wire, frozenset()) for result in self.runs]
        else:
            right = [result.values[target.wire] for result in self.runs]
            if not self.claims and not self.codes[i].reads and target.wire in self.circuit.variables.values():
                if not close(self.values[i][0], right[0], 0.0):
                    self.remarks.append(
                        f"{line.name} is {number_text(right[0])} here, whatever line {line.number} says"
                    )
                return
        if close(self.after[i][0], right[0], 0.0) or within(self.after[i][0], right[0], line.half_unit):
            self.say(i, right[0], "ok")
        elif target.kind == "local":
            turned = close(self.after[i][0], -right[0], 0.0)
            self.say(i, right[0], "wrong", "sign" if turned else None, ["the sign is turned"] if turned else [])
        elif self.claims:
            self.say(i, right[0], "wrong")
        else:
            readers = [other.number for j, other in enumerate(self.lines) if j > i and line.name in self.codes[j].reads]
            still = f", which line {readers[0]} reads" if readers else ""
            self.say(
                i,
                right[0],
                "wrong",
                "stale",
                [f"overwrites the forward value of `{line.name}`{still}", "give it another name"],
            )

    def group(self, wire: int, members: list[int]) -> None:
        """The lines that make up the gradient of one stage."""
        covered: frozenset[Edge] = frozenset()
        lost: frozenset[Edge] = frozenset()
        unmatched: list[int] = []
        defined = False
        shares = self.shares(members[0], wire)
        for place, i in enumerate(members):
            shares = self.shares(i, wire)
            if not defined and place + 1 < len(members) and self.goes_on(i, members[place + 1]):
                self.say(
                    i, self.after[i][0], "ok", None, [f"line {self.lines[members[place + 1]].number} goes on with it"]
                )
                continue
            everything = frozenset(shares.edges)
            piece, adds = self.piece(i)
            if i in self.early:
                self.say(
                    i, shares.sum(everything)[0], "wrong", "stale", [f"`{self.early[i]}` is read before it is computed"]
                )
                lost |= everything
                continue
            if not self.codes[i].reads and nothing(piece) and not defined:  # dx = 0, to begin with
                self.accept(i, shares, frozenset())
                continue
            overwriting = defined and not adds
            due = everything if overwriting else everything - covered
            found = self.match(i, shares, piece, due, overwriting)
            if overwriting and found != everything:  # of equal shares, rather one that no line has yet
                fresh = self.match(i, shares, piece, everything - covered, overwriting)
                found = found if fresh is None else fresh
            if found is None:
                unmatched.append(i)
            elif overwriting and not nothing(shares.sum(everything - found)):
                so_far = everything if i == members[-1] else covered | found
                self.overwriting(i, shares, self.case(i, shares, piece, everything, covered), found, so_far)
                lost |= covered - found
                covered = covered | found
            else:
                covered = everything if overwriting else covered | found
                self.accept(i, shares, covered)
            defined = True
        left = frozenset(shares.edges) - covered - lost
        self.blame(wire, members, unmatched, left, covered)

    def overwriting(self, i: int, shares: Shares, case: Case, found: frozenset[Edge], so_far: frozenset[Edge]) -> None:
        """Blame a line that sets a gradient which holds other shares already: `so_far` is what it should hold now."""
        name, variable = self.lines[i].name, self.names.text(shares.wire)
        advice = [
            f"{exactly(case, found)}; lost: {listed(case, so_far - found)}",
            f"`{name} =` overwrites where `{name} +=` is needed: {variable} is used in {len(shares.edges)} places",
        ]
        self.say(i, shares.sum(so_far)[0], "wrong", "overwrites", advice)

    def goes_on(self, i: int, following: int) -> bool:
        """Whether a line is but the beginning: the following one scales what it computed, as `dx *= z` does."""
        line, code = self.lines[following], self.codes[following]
        if self.lines[i].adds or line.adds or line.name not in code.reads or following in self.misfits:
            return False
        nought = [{**there, line.name: zero(there[line.name])} for there in self.known[following]]
        if not nothing([self.computed(following, there) for there in nought]):
            return False
        self.finishing.add(following)
        return True

    def blame(
        self, wire: int, members: list[int], unmatched: list[int], left: frozenset[Edge], covered: frozenset[Edge]
    ) -> None:
        """Say what is wrong with the lines that match nothing, or that something is missing in the end."""
        if not unmatched:
            last = next((i for i in reversed(members) if self.found[i].verdict != "wrong"), None)
            if last is not None:
                shares = self.shares(last, wire)
                scale = shares.scale(self.piece(last)[0])[0]
                missing = frozenset(edge for edge in left if magnitude(shares.edges[edge][0]) > ROUNDING * scale)
                if missing:
                    piece, _ = self.piece(last)
                    case = self.case(last, shares, piece, left, covered)
                    places = f"{self.names.text(wire)} is used in {len(shares.edges)} places"
                    half = half_of(shares, missing, covered)
                    advice = [f"{exactly(case, covered)}; missing: {listed(case, missing)}", places]
                    if half is not None:
                        advice = [
                            f"`{self.names.expression(half)}` uses {self.names.text(wire)} twice, and one "
                            "half is missing"
                        ]
                    cause = "missing-share" if half is None else "factor"
                    self.say(last, shares.sum(shares.edges)[0], "wrong", cause, advice)
            return
        for i in unmatched:
            shares = self.shares(i, wire)
            piece, adds = self.piece(i)
            finding, due = self.best_finding(i, shares, piece, left, covered, alone=len(unmatched) == 1)
            before = self.before[i]
            base = before[0] if adds and before is not None else 0.0
            self.say(
                i, base + finding.right[0], "wrong", finding.cause, finding.advice or self.plain_advice(shares, due)
            )
            left -= due
            for later in members:
                if later > i and later in self.so_far:
                    self.accept(later, shares, self.so_far[later] | due)

    def best_finding(
        self, i: int, shares: Shares, piece: Samples, left: frozenset[Edge], covered: frozenset[Edge], alone: bool
    ) -> tuple[Finding, frozenset[Edge]]:
        """The finding for a wrong line. Where several lines are wrong, each may stand for any of the shares that are
        due."""
        options = [left] if alone or not left else [*subsets(sorted(left))]
        first = None
        for due in options:
            finding = diagnose(self.case(i, shares, piece, due, covered))
            if finding.cause is not None and finding.cause != "missing-share":
                return finding, due
            first = first or (finding, due)
        assert first is not None
        return first

    def plain_advice(self, shares: Shares, due: frozenset[Edge]) -> list[str]:
        """What the line should have been, where no cause is proved."""
        if not due:
            return ["all shares are in other lines already"]
        parts = [
            "the gradient on the output"
            if share == frozenset([OUTPUT])
            else f"the local gradient of `{via}` times d{via.partition(' = ')[0]}"
            for via, share in shares.described(due)
        ]
        return [f"it should be {' + '.join(parts)}"]

    def case(self, i: int, shares: Shares, piece: Samples, left: frozenset[Edge], covered: frozenset[Edge]) -> Case:
        code = None if self.claims else self.codes[i]
        slack = self.lines[i].half_unit or 0.0
        tolerances = [slack if k == 0 else 0.0 for k in range(len(piece))]
        name = self.lines[i].name
        return Case(name, name, piece, shares, left, covered, code, self.known[i], self.wires, tolerances)

    def shares(self, i: int, wire: int, final: bool = False) -> Shares:
        return Shares(self.runs, self.names, wire, self.given(i, wire, final), self.anchors)

    def piece(self, i: int) -> tuple[Samples, bool]:
        """What a line contributes, and whether it adds to what is there: `dx = dx + …` does too."""
        line, before, values = self.lines[i], self.before[i], self.values[i]
        if before is None or i in self.finishing:
            return values, line.adds
        if not line.adds and line.name in self.codes[i].reads:
            return minus(values, before), True
        if line.adds and values[0] is not None and shape_of(values[0]) != shape_of(before[0]):
            return plus([zero(x) for x in before], values), True  # stretched to what it is added to
        return values, line.adds

    def match(
        self, i: int, shares: Shares, piece: Samples, due: frozenset[Edge], stretch: bool = False
    ) -> frozenset[Edge] | None:
        """The shares that a line contributes: a set of those that are due, the same at all points, or else at the
        first."""
        silent = frozenset(edge for edge in due if nothing(shares.edges[edge]))
        case = self.case(i, shares, piece, due, frozenset())
        nearly: frozenset[Edge] | None = None  # as a small share beside a large one does not show
        here_only: frozenset[Edge] | None = None
        scales = shares.scale(piece)
        slack = self.lines[i].half_unit or 0.0
        if nothing(piece) and shape_of(piece[0]) in ((), shape_of(self.result.values[shares.wire])):
            final = self.shares(i, shares.wire, final=True)  # what is 0 only so far is for the lines to come
            return frozenset(edge for edge in silent if nothing(final.edges[edge]))
        last = self.targets[i] not in self.targets[i + 1 :]  # else shares that cancel are for the lines to come
        for edges in subsets(sorted(due - silent, reverse=True), last):  # nearest to the output first, as passes go
            sums = shares.sum(edges)
            if all(close(one, other, 0.0, ROUNDING) for one, other in zip(sums, piece, strict=True)):
                return edges
            if nearly is None and matches(case, sums, stretch=stretch):
                nearly = edges
            if here_only is None and (close(sums[0], piece[0], scales[0]) or within(sums[0], piece[0], slack)):
                here_only = edges
        return here_only if nearly is None else nearly

    def accept(self, i: int, shares: Shares, covered: frozenset[Edge]) -> None:
        """A line that is right, given what came before."""
        self.so_far[i] = covered
        truth = self.truth(shares.wire, covered)
        yours = self.in_shape(shares.wire, self.after[i][0], 0)
        slack = self.lines[i].half_unit or 0.0
        if close(yours, truth, shares.scale([truth])[0]) or within(yours, truth, slack):
            self.say(i, truth, "ok")
        else:
            self.say(i, truth, "inherited", None, ["right, given the lines above"])

    def truth(self, wire: int, edges: frozenset[Edge]) -> Any:
        """The sum of the shares in truth."""
        _, sent = backward(self.result, {})
        value = self.result.values[wire]
        return sum((value_at(sent.get(edge), value) for edge in sorted(edges)), zero(value))

    # ── order ──

    def stale_lines(self, groups: dict[int, list[int]]) -> None:
        """Blame the lines that read a gradient to which a later line, itself right, still adds."""
        for wire, members in groups.items():
            for i in members:
                if self.found[i].verdict == "wrong" or self.claims:
                    continue
                culprits = [
                    (source, j)
                    for source, j in self.later_additions(groups, i, wire)
                    if self.found[j].verdict != "wrong"
                ]
                now, final = self.shares(i, wire), self.shares(i, wire, final=True)
                changed = [(source, j) for source, j in culprits if any(edge[0] == source for edge in now.edges)]
                if changed and not close(now.sum(now.edges)[0], final.sum(final.edges)[0], 0.0):
                    _, j = changed[0]
                    advice = [
                        f"`{self.lines[j].name}` is read before it is complete: line {self.lines[j].number} "
                        "still adds to it"
                    ]
                    self.say(i, final.sum(final.edges)[0], "wrong", "stale", advice)

    def later_additions(self, groups: dict[int, list[int]], i: int, wire: int) -> Iterator[tuple[int, int]]:
        """The gradients of other stages that lines after line i still change, though lines before it have set them."""
        for source, members in groups.items():
            if source != wire and any(j < i for j in members):
                for j in members:
                    if j > i and self.lines[j].name in self.codes[i].reads:
                        yield source, j


def within(a: Any, b: Any, slack: float | None) -> bool:
    """Whether two numbers differ by no more than the rounding of a number that was typed in."""
    return bool(slack and isinstance(a, float) and isinstance(b, float) and abs(a - b) <= slack)
