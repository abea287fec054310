"""What stands on a wire, for the forms that lay themselves out: the value, and the gradient that flows back on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from backprop.draw.figures import short
from backprop.draw.scene import NUMBERS, Scene
from backprop.show.palette import PALETTES

COLOURS = PALETTES["light"]
OUT = "out"  # where the output leaves the circuit


class Edge(NamedTuple):
    """A wire from a node to another one, by their names, and the text on it, which may be empty."""

    source: str
    target: str
    text: str


def edges(scene: Scene, coloured: Callable[[str, str], str], *, values: bool) -> Iterator[Edge]:
    """All wires, in the order of the operands. Where a wire forks, a branch says its share of the sum."""
    uses, out = scene.uses(), scene.nodes[scene.output]
    ends = [(f"n{target}", *end) for target, node in enumerate(scene.nodes)
            for end in zip(node.inputs, node.sent, strict=True)]  # fmt: skip
    for target, source, sent in [*ends, (OUT, scene.output, out.gradient)]:
        of = scene.nodes[source]
        texts = []
        if values and (of.kind != NUMBERS or target == OUT):
            texts.append(coloured(short(of.value), COLOURS.value))
        if values and sent is not None:
            share = len(uses[source]) > 1 and of.gradient is not None and target != OUT
            texts.append(coloured(short(sent) + (f" of {short(of.gradient)}" if share else ""), COLOURS.gradient))
        yield Edge(f"n{source}", target, "<br/>".join(texts))
