"""The listing: the lines of the forward and the backward pass, as a person would write them.

Stages that the user named have lines under their names, and so have those whose values are used again; what is
used once is folded into the line that uses it. Gradients are called `d` and the stage's name; at a fork, what arrives
is added up line by line. What nobody needs is left out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backprop.circuit import Circuit
from backprop.differentiate.derive import Derived, Share
from backprop.emit.naming import Naming
from backprop.emit.plain import raising
from backprop.emit.target import CHOICE, Target, Text
from backprop.errors import Problem
from backprop.gates import CONSTANT, INPUT
from backprop.language.printer import ATOM, PRODUCT
from backprop.library.stages import Names

Shapes = Sequence[tuple[int, ...]]


class Line(NamedTuple):
    """`name = text`, or `name += text`. `number` is that of the forward line that it is, or belongs to.

    `reads` are the names that the text reads; `truth` says that the value is a truth value. `level` is how tightly the
    text holds together, and `literal` says that it is a number.
    """

    name: str
    operator: str  # "", "+" or "-"
    text: str
    wire: int  # whose value the name then has
    stage: int  # which stage of the forward pass this is, or whose gradient is sent on here
    backward: bool
    reads: frozenset[str] = frozenset()
    truth: bool = False
    number: int = 0
    level: int = ATOM
    literal: bool = False


class Writer:
    """Writes wires as lines: folds what is used once, names the rest, and keeps lines short."""

    def __init__(
        self, circuit: Circuit, target: Target, naming: Naming, given: int, shapes: Shapes | None = None
    ) -> None:
        self.circuit = circuit
        self.shapes = shapes  # of the wires, where they are known
        self.target = target
        self.naming = naming
        self.given = given  # the stages before this one are the user's, the others are derived
        self.uses: Counter[int] = Counter()
        self.held: dict[int, Text] = {}
        self.pending: dict[int, Text] = {}
        self.reads: dict[int, frozenset[str]] = {}  # the names in the text of a wire
        self.wishes: dict[int, str] = {}  # what a wire is to be called, if it needs a name
        self.gradient_of: dict[int, int] = {}  # of which stage a wire is the gradient
        self.sent_by: dict[int, int] = {}  # and which stage it was sent by
        self.folded: dict[int, int] = {}  # into which wire's text that of another one went
        self.lines: list[Line] = []
        self.touched: set[int] = set()  # constants that are to be numbers of the array library's
        self.stage = -1
        self.backward = False
        self.limit = target.width - 30
        target.lines.clear()
        for wire, value in circuit.constants.items():
            if isinstance(value, float) and (wire not in circuit.names or wire >= given):
                self.held[wire] = target.constant(value)

    def count(self, root: int, held: set[int]) -> None:
        """Count how often each wire is used, if `held` need no more computing."""
        pending = [root]
        while pending:
            wire = pending.pop()
            if wire not in held and wire not in self.held:
                self.uses[wire] += 1
                if self.uses[wire] == 1:
                    pending += self.circuit.inputs[wire]

    def value(self, root: int) -> Text:
        """The text of a wire; what it is computed from gets its lines first, where it needs them."""
        stack = [root]
        while stack:
            wire = stack[-1]
            if wire in self.held or wire in self.pending:
                stack.pop()
                continue
            missing = [s for s in self.circuit.inputs[wire] if s not in self.held and s not in self.pending]
            if missing:
                stack += reversed(missing)
                continue
            stack.pop()
            text = self.composed(wire)
            if self.uses[wire] > 1 and not text.text.isidentifier():
                self.name(wire, text)
            elif self.uses[wire] > 1:
                self.hold(wire, text, self.reads[wire])  # it has a name already
            else:
                self.pending[wire] = text
        return self.held[root] if root in self.held else self.pending.pop(root)

    def hold(self, wire: int, text: Text, reads: Iterable[str] | None = None) -> None:
        """From here on a wire is written like this: by a name, unless it is said what names it reads."""
        self.held[wire] = text
        self.reads[wire] = frozenset([text.text] if reads is None else reads)

    def composed(self, wire: int) -> Text:
        """A gate with the texts of its inputs. Where that is too long, inputs get lines of their own."""
        inputs = self.circuit.inputs[wire]
        gate = self.circuit.gates[wire]
        if gate is CONSTANT:
            text = self.target.constant(self.circuit.constants[wire])
            text = self.target.touched(text) if wire in self.touched else text
            self.reads[wire] = self.target.noted()
            return text
        for source in (inputs[place] for place in self.target.repeats(gate)):
            if source in self.pending and not self.pending[source].plain:
                self.name(source, self.pending.pop(source))
        while True:
            operands = [self.operand(source) for source in inputs]
            self.target.noted()
            used, called = self.target.used.copy(), self.target.called.copy()
            try:
                text = self.target.spell(gate, operands, wire >= self.given)
            except Problem as problem:
                raise self.circuit.locate(problem, wire) from None
            extent, notes = self.target.extent, self.target.noted()
            loose = [s for s in inputs if s in self.pending and extent(self.pending[s].text) > 12]
            if extent(text.text) <= self.limit or not loose:
                break
            self.target.used, self.target.called = used, called  # with shorter operands it may need no helper
            longest = max(loose, key=lambda source: extent(self.pending[source].text))
            self.name(longest, self.pending.pop(longest))
        for source in inputs:
            if self.pending.pop(source, None):
                self.folded[source] = wire
        read = [source for place, source in enumerate(inputs) if place not in text.without]
        self.reads[wire] = notes.union(*(self.reads.get(source, frozenset()) for source in read))
        return text._replace(without=frozenset())

    def operand(self, wire: int) -> Text:
        """The text of an input, with its shape where that is known."""
        text = self.held.get(wire) or self.pending[wire]
        return text if self.shapes is None else text._replace(shape=self.shapes[wire])

    def name(self, wire: int, text: Text) -> None:
        """Give a wire a line of its own."""
        wish = self.wishes.get(wire) or self.gradient_name(wire)
        letter = "c" if self.circuit.gates[wire] is CONSTANT else "q" if wire < self.given else "t"
        name = self.naming.take(wish) if wish else self.naming.next(letter, self.wishes.values())
        self.assign(name, "", self.target.assigned(text), wire, self.sent_by.get(wire, self.stage), self.reads[wire])
        self.lines[-1] = self.lines[-1]._replace(truth=bool(text.condition))
        self.hold(wire, Text(name, condition=self.target.truth(name)) if text.condition else Text(name))

    def gradient_name(self, wire: int) -> str:
        """What the gradient of a stage is called that has a name in the program alone."""
        stage = self.gradient_of.get(wire, -1)
        text = self.held[stage].text if stage in self.held else ""
        return self.naming.wish(text) if text.isidentifier() else ""

    def assign(self, name: str, operator: str, text: Text, wire: int, stage: int, reads: frozenset[str]) -> None:
        """Write a line; `stage` is the one whose gradient is sent on there, if it is no stage itself."""
        stage = stage if self.backward or wire >= self.given else wire
        kind = {"level": text.level, "literal": text.literal}
        reads |= self.target.noted()
        self.lines.append(Line(name, operator, text.text, wire, stage, self.backward, reads, **kind))  # type: ignore[arg-type]
        if not self.backward:  # what a gradient is called may grow
            self.target.lines[text.text] = name

    def line(self, name: str, wire: int) -> None:
        """The line of a stage that has a name."""
        if wire not in self.held:
            self.stage = wire
            self.gather(wire)
            text = self.target.assigned(self.target.counted(self.composed(wire)))
            self.assign(name, "", text, wire, wire, self.reads[wire])
        self.hold(wire, Text(name))

    def gather(self, wire: int) -> None:
        """Make the texts of a stage's inputs."""
        for source in self.circuit.inputs[wire]:
            if source not in self.held and source not in self.pending:
                text = self.value(source)
                if source not in self.held:
                    self.pending[source] = text


class Listing:
    """The two passes of a derived circuit in a target's words.

    `inputs` are the target's names of the variables, `value` the text of the output, `gradients` those of the gradients
    by the user's names of the variables, `numbers` those of these texts that are numbers, `upstream` the name of the
    gradient on the output where that is a parameter.
    """

    def __init__(
        self, circuit: Circuit, derived: Derived, target: Target, naming: Naming, shapes: Shapes | None = None
    ) -> None:
        self.circuit, self.derived, self.target = circuit, derived, target
        self.writer = writer = Writer(derived.circuit, target, naming, len(circuit), shapes)
        self.inputs = {name: naming.take(name) for name in circuit.variables}
        self.named = {wire: naming.take(name) for wire, name in circuit.names.items() if wire not in self.input_wires()}
        self.named |= {wire: self.inputs[name] for name, wire in circuit.variables.items()}
        for name, wire in circuit.variables.items():
            writer.hold(wire, Text(self.inputs[name]))
        self.shares = self.live_shares()
        arrivals = Counter(share.to for share in self.shares)
        self.gradient_names = {stage: "" for stage in sorted(arrivals) if stage in circuit.names or arrivals[stage] > 1}
        rows = Names(circuit)
        for stage in self.gradient_names:
            name = self.named.get(stage) or rows.names.get(stage) or f"q{stage}"
            self.gradient_names[stage] = naming.gradient(name)
        self.upstream = ""
        for name, wire in derived.circuit.variables.items():
            if name not in circuit.variables:
                self.upstream = naming.gradient(self.named[circuit.output])
                writer.hold(wire, Text(self.upstream))
        writer.wishes = {wire: name for wire, name in rows.names.items() if wire not in circuit.names}
        for stage, wire in derived.of.items():
            known = self.named.get(stage) or rows.names.get(stage)
            if writer.gradient_of.setdefault(wire, stage) == stage and known:
                writer.wishes.setdefault(wire, naming.wish(known))
        writer.sent_by = {share.total: share.sender for share in reversed(self.shares)}
        self.needed = self.needed_wires()
        self.stages = self.needed_stages()
        if target.arrays:
            self.touch_constants()
        self.count()
        self.write()
        value, gradients = writer.held[derived.value], {name: self.gradient(name) for name in derived.gradients}
        self.value, self.gradients = value.text, {name: text.text for name, text in gradients.items()}
        self.numbers = {text.text for text in (value, *gradients.values()) if text.literal}
        self.gradient_reads = self.read_by_gradients()
        self.value_reads = writer.reads.get(derived.value, frozenset())
        self.results = self.gradient_reads | self.value_reads
        self.lines = numbered(writer.lines, self.named if self.statements() > 1 else {}, writer.folded)

    def input_wires(self) -> set[int]:
        return set(self.circuit.variables.values())

    def statements(self) -> int:
        """How many stages the user named."""
        return sum(gate is not INPUT and wire in self.circuit.names for wire, gate in enumerate(self.circuit.gates))

    def live_shares(self) -> list[Share]:
        """The shares that some gradient is made of that was asked for."""
        variables, of = self.circuit.variables, self.derived.of
        live = {variables[name] for name in self.derived.gradients if variables[name] in of}
        kept = []
        for share in reversed(self.derived.shares):
            if share.to in live:
                live.add(share.sender)
                kept.append(share)
        return kept[::-1]

    def needed_wires(self) -> dict[int, None]:
        """The wires that the value or a gradient depends on, in order."""
        roots = [self.derived.value, *(share.piece for share in self.shares)]
        return dict.fromkeys(self.derived.circuit.ancestors(roots))

    def needed_stages(self) -> list[int]:
        """The stages with names of the user's that the value or a gradient depends on, in order."""
        given, inputs = len(self.circuit), self.input_wires()
        return [wire for wire in self.needed if wire < given and wire in self.circuit.names and wire not in inputs]

    def touch_constants(self) -> None:
        """Make constants the array library's numbers, where arithmetic on them would raise."""
        circuit, writer = self.derived.circuit, self.writer
        writer.touched = raising(circuit, self.needed, writer.shapes)
        for wire in writer.touched & writer.held.keys():
            writer.hold(wire, self.target.touched(writer.held[wire]), self.target.noted())

    def senders(self) -> Iterable[tuple[Share, bool]]:
        """The shares, and whether each is the first of its sender's."""
        last = -1
        for share in self.shares:
            yield share, share.sender != last
            last = share.sender

    def count(self) -> None:
        """Walk the lines that are going to be written, to learn what is used more than once."""
        held: set[int] = set(self.input_wires())
        writer = self.writer
        for wire in self.stages:
            for source in writer.circuit.inputs[wire]:
                writer.count(source, held)
            held.add(wire)
        for share, first in self.senders():
            if first and share.sender in self.gradient_names:
                held.add(self.derived.of[share.sender])
            if share.to in self.gradient_names:
                writer.count(share.piece, held)

    def write(self) -> None:
        writer = self.writer
        for wire in self.stages:
            writer.line(self.named[wire], wire)
        writer.backward = True
        literals = self.derived.circuit.constants.keys()
        begun: dict[int, bool] = {}  # where a gradient has arrived already, and whether it may be added to in place
        for share, first in self.senders():
            writer.stage = share.sender
            if first and share.sender in self.gradient_names and self.derived.of[share.sender] not in literals:
                writer.hold(self.derived.of[share.sender], Text(self.gradient_names[share.sender]))
            if share.to not in self.gradient_names:
                continue
            text, operator = self.target.counted(writer.value(share.piece)), ""
            name, gate = self.gradient_names[share.to], self.derived.circuit.gates[share.piece]
            if share.to in begun:
                text, operator = signed(text)
                if not begun[share.to]:
                    text, operator = Text(f"{name} {operator} {text.at_least(PRODUCT)}"), ""
            begun[share.to] = share.to in begun or self.target.in_place(gate, text)
            reads = writer.reads.get(share.piece, frozenset())
            writer.assign(name, operator, text, share.total, share.sender, reads)

    def gradient(self, name: str) -> Text:
        """The text of a variable's gradient."""
        stage = self.circuit.variables[name]
        if stage in self.gradient_names:
            return Text(self.gradient_names[stage])
        wire = self.derived.gradients[name]
        return self.writer.held.get(wire) or self.writer.composed(wire)

    def read_by_gradients(self) -> frozenset[str]:
        """The names in the texts of the gradients."""
        none: frozenset[str] = frozenset()
        found = none
        for name, wire in self.derived.gradients.items():
            known = self.gradient_names.get(self.circuit.variables[name])
            found |= {known} if known else self.writer.reads.get(wire, none)
        return found

    def needed_lines(self) -> list[Line]:
        """The lines without those that nobody reads: a gradient of 1 that is said for the reader's sake alone."""
        live = set(self.results)
        kept = []
        for line in reversed(self.lines):
            if line.name in live:
                kept.append(line)
                live |= line.reads
        return kept[::-1]

    def unread(self) -> list[str]:
        """The inputs that nobody reads."""
        read = self.results.union(*(line.reads for line in self.lines))
        return [name for name in self.inputs.values() if name not in read]

    def forward_lines(self) -> list[Line]:
        return [line for line in self.lines if not line.backward]

    def backward_lines(self) -> list[Line]:
        return [line for line in self.lines if line.backward]


def merged(lines: list[Line]) -> dict[str, list[Line]]:
    """The lines by their names: one that is added to stands where it is complete."""
    parts: dict[str, list[Line]] = {}
    for line in lines:
        parts[line.name] = [*parts.pop(line.name, []), line]
    return parts


def signed(text: Text) -> tuple[Text, str]:
    """What is added, and whether by `+=` or, where it begins with a minus sign, by `-=`."""
    if text.text.startswith("-") and text.level >= PRODUCT and not text.literal:
        rest = text.text[1:]
        return (Text(rest[1:-1], CHOICE) if enclosed(rest) else Text(rest, text.level)), "-"
    return text, "+"


def enclosed(text: str) -> bool:
    """Whether brackets hold a whole text together."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return character == ")" and place == len(text) - 1
    return False


def numbered(lines: list[Line], named: dict[int, str], folded: dict[int, int]) -> list[Line]:
    """The lines with the numbers of their forward lines. Those of one of the user's statements share its number; a
    stage that was folded into the line of another one has the number of that."""
    forward = [line for line in lines if not line.backward]
    anchors = sorted({line.stage for line in forward if not named or line.stage in named})
    places = {stage: number for number, stage in enumerate(anchors, 1)}

    def number(stage: int) -> int:
        while stage not in places and stage in folded:
            stage = folded[stage]
        return places.get(stage) or bisect_left(anchors, stage) + 1

    return [line._replace(number=number(line.stage)) for line in lines]


def straight(circuit: Circuit, target: Target, naming: Naming) -> tuple[list[str], list[Line], Text, frozenset[str]]:
    """A circuit without its backward pass: the target's names of its variables, its lines, and the result; and the
    names that these read."""
    writer = Writer(circuit, target, naming, len(circuit))
    parameters = [naming.take(name) for name in circuit.variables]
    for parameter, wire in zip(parameters, circuit.variables.values(), strict=True):
        writer.hold(wire, Text(parameter))
    writer.wishes = {wire: name for wire, name in circuit.names.items() if wire not in circuit.variables.values()}
    held = set(circuit.variables.values())
    writer.count(circuit.output, held)
    for wire in writer.wishes:
        writer.uses[wire] += 1
    result = target.counted(writer.value(circuit.output))
    reads = target.noted() | writer.reads.get(circuit.output, frozenset())
    return parameters, writer.lines, result, reads.union(*(line.reads for line in writer.lines))
