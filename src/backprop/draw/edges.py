"""What stands on a wire, for the forms that lay themselves out: the value, and the gradient that flows back on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backprop.draw.figures import short
from backprop.draw.scene import NUMBERS, Scene


class Edge(NamedTuple):
    """A wire from a node to another (None: the output leaves the circuit), with its texts, which may be empty."""

    source: int
    target: int | None
    value: str
    gradient: str


def edges(scene: Scene, *, values: bool) -> Iterator[Edge]:
    """All wires, in the order of the operands. Where a wire forks, a branch says its share of the sum."""
    uses = scene.uses()
    for target, node in enumerate(scene.nodes):
        for source, sent in zip(node.inputs, node.sent, strict=True):
            of = scene.nodes[source]
            value = short(of.value) if values and of.kind != NUMBERS else ""
            gradient = "" if sent is None or not values else short(sent)
            if gradient and len(uses[source]) > 1 and of.gradient is not None:
                gradient += f" of {short(of.gradient)}"
            yield Edge(source, target, value, gradient)
    out = scene.nodes[scene.output]
    gradient = "" if out.gradient is None else short(out.gradient)
    yield Edge(scene.output, None, short(out.value) if values else "", gradient if values else "")
