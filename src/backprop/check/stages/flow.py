"""What should flow, given what has been computed: the shares that a gradient is the sum of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from backprop.check.stages.samples import Samples
from backprop.circuit import Circuit
from backprop.differentiate.run import Run, sent_by, sent_through
from backprop.library.stages import Names
from backprop.numbers.shapes import finite_magnitude, magnitude

Edge = tuple[int, int]  # a stage and the number of one of its inputs
OUTPUT: Edge = (-1, 0)  # where the gradient on the output comes from


class Share(NamedTuple):
    """A part of the gradient of a stage: what comes back through one stage that uses it.

    `value` is upstream × local, at every point. `others` are the local gradients of the same gate in its other inputs.
    `edges` are the inputs of gates that it comes through; `via` is what the stage is called, and `stage` its wire.
    """

    edges: frozenset[Edge]
    via: str
    stage: int
    value: Samples
    upstream: Samples
    local: Samples
    others: list[Samples]


def backward(result: Run, given: Mapping[int, Any]) -> tuple[list[Any], dict[Edge, Any]]:
    """A reverse sweep in which the gradients `given` stand in for what would arrive: gradients, and what every edge
    sends."""
    circuit = result.circuit
    arrives: list[Any] = [None] * len(circuit)
    arrives[circuit.output] = result.upstream
    sent: dict[Edge, Any] = {OUTPUT: result.upstream}
    for wire in range(len(circuit) - 1, -1, -1):
        g = arrives[wire] = given.get(wire, arrives[wire])
        if g is None or not circuit.inputs[wire] or not circuit.active[wire]:
            continue
        if result.sent[wire] is None and magnitude(g) == 0:  # a branch that was not taken: nothing flows
            continue
        for slot, (source, piece) in enumerate(zip(circuit.inputs[wire], sent_by(result, wire, g), strict=True)):
            if piece is not None:
                sent[wire, slot] = piece
                arrives[source] = piece if arrives[source] is None else arrives[source] + piece
    return arrives, sent


def slope_through(result: Run, top: int, bottom: int, stops: frozenset[int]) -> Any:
    """The derivative of stage `top` in stage `bottom`, along the paths that pass none of `stops`."""
    stages = (wire for wire in range(top, bottom, -1) if wire == top or wire not in stops)
    return sent_through(result, top, ones(result.values[top]), stages).get(bottom, 0.0)


def zero(value: Any) -> Any:
    """0, or zeros in the shape of an array."""
    if isinstance(value, float):
        return 0.0
    from numpy import zeros

    return zeros(value.shape)


def ones(value: Any) -> Any:
    """1, or an array of ones: the gradient with which a gate tells its local gradient."""
    return 1.0 if isinstance(value, float) else zero(value) + 1.0


class Shares:
    """The shares of one stage's gradient, given some gradients at every point."""

    def __init__(
        self, runs: list[Run], names: Names, wire: int, given: list[dict[int, Any]], anchors: frozenset[int]
    ) -> None:
        self.runs, self.names, self.wire, self.anchors = runs, names, wire, anchors
        self.circuit: Circuit = runs[0].circuit
        swept = [backward(result, there) for result, there in zip(runs, given, strict=True)]
        self.arrives = [arrives for arrives, _ in swept]
        self.edges: dict[Edge, Samples] = {
            edge: [value_at(sent.get(edge), result.values[wire]) for (_, sent), result in zip(swept, runs, strict=True)]
            for edge in edges_of(self.circuit, wire)
        }

    def sum(self, edges: Iterable[Edge]) -> Samples:
        """The sum of what some edges send."""
        sums: Samples = [zero(result.values[self.wire]) for result in self.runs]
        for edge in sorted(edges):
            sums = [x + y for x, y in zip(sums, self.edges[edge], strict=True)]
        return sums

    def scale(self, piece: Samples) -> Samples:
        """How large the numbers are that are added up here: rounding is relative to that.

        An infinite one is no measure: beside it everything would be right.
        """
        return [
            max([finite_magnitude(x), *(finite_magnitude(sent[k]) for sent in self.edges.values())])
            for k, x in enumerate(piece)
        ]

    def upstream(self, stage: int) -> Samples:
        """The gradient of a stage that uses this one."""
        return [0.0 if arrives[stage] is None else arrives[stage] for arrives in self.arrives]

    def shares(self) -> list[Share]:
        """Every way to cut the gradient into parts: one per stage that a person would name, and one per edge."""
        found: dict[frozenset[Edge], Share] = {}
        for anchor, edges in self.by_anchor().items():
            found[edges] = Share(
                edges, self.names.text(anchor), anchor, self.sum(edges), self.upstream(anchor),
                [slope_through(result, anchor, self.wire, self.anchors) for result in self.runs],
                self.locals_beside(edges),
            )  # fmt: skip
        for edge in self.edges:
            if edge != OUTPUT and frozenset([edge]) not in found:
                found[frozenset([edge])] = Share(
                    frozenset([edge]), self.label(edge[0]), edge[0], self.edges[edge], self.upstream(edge[0]),
                    self.local(*edge), self.locals_beside([edge]),
                )  # fmt: skip
        return list(found.values())

    def local(self, stage: int, slot: int) -> Samples:
        """The local gradient of a stage in one input; what it sends, of a gradient of ones."""
        found = [sent_by(result, stage, ones(result.values[stage]))[slot] for result in self.runs]
        return [0.0 if local is None else local for local in found]

    def locals_beside(self, edges: Iterable[Edge]) -> list[Samples]:
        """The local gradients of the gate behind a single edge in its other inputs."""
        edges = list(edges)
        if len(edges) != 1 or edges[0] == OUTPUT:
            return []
        stage, slot = edges[0]
        inputs = self.circuit.inputs[stage]
        if self.circuit.gates[stage].mixes:
            return []
        return [
            self.local(stage, other)
            for other, source in enumerate(inputs)
            if other != slot and source != self.wire and self.circuit.active[source]
        ]

    def by_anchor(self) -> dict[int, frozenset[Edge]]:
        """The edges in groups: those that lead to the same stage with a name, and to no other."""
        groups: dict[int, list[Edge]] = {}
        for edge in self.edges:
            reached = {self.wire} if edge == OUTPUT else reached_anchors(self.circuit, edge[0], self.anchors)
            if len(reached) == 1 and edge != OUTPUT:
                groups.setdefault(reached.pop(), []).append(edge)
        return {anchor: frozenset(edges) for anchor, edges in groups.items()}

    def label(self, stage: int) -> str:
        """What a stage is called in a sentence."""
        name = self.names.names.get(stage)
        if name is None:
            return self.names.expression(stage)
        return name if stage in self.circuit.names else f"{name} = {self.names.expression(stage)}"

    def described(self, edges: frozenset[Edge]) -> list[tuple[str, frozenset[Edge]]]:
        """Edges as few groups with a name each."""
        parts, rest = [], set(edges)
        for anchor, group in self.by_anchor().items():
            if group <= rest:
                parts.append((self.names.text(anchor), group))
                rest -= group
        parts += [("the output" if edge == OUTPUT else self.label(edge[0]), frozenset([edge])) for edge in sorted(rest)]
        return parts


def value_at(sent: Any, like: Any) -> Any:
    """What an edge sends, in the shape of what it is sent to; nothing is 0."""
    return zero(like) if sent is None else sent if isinstance(like, float) else zero(like) + sent


def edges_of(circuit: Circuit, wire: int) -> list[Edge]:
    """The inputs of gates that a wire goes to; of the output, its gradient from above too."""
    found = [OUTPUT] if wire == circuit.output else []
    for stage in range(wire + 1, len(circuit)):
        found += [(stage, slot) for slot, source in enumerate(circuit.inputs[stage]) if source == wire]
    return found


def reached_anchors(circuit: Circuit, stage: int, anchors: frozenset[int]) -> set[int]:
    """The first anchors on the ways from a stage to the output."""
    if stage in anchors:
        return {stage}
    reached, found = {stage}, set()
    for later in range(stage + 1, len(circuit)):
        if any(source in reached for source in circuit.inputs[later]):
            if later in anchors:
                found.add(later)
            else:
                reached.add(later)
    return found
