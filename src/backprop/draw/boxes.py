"""The room that nodes need: the shares at a fork on their left, the gate, and value and gradient on their right.

Sizes are exact, since the pictures are set in a typewriter face, in which every character is as wide as the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.draw.figures import ON_A_SHEET, SMALL, WIDEST, short
from backprop.draw.layout import Box, Layout, Point, layout
from backprop.draw.scene import INPUTS, NUMBERS, STAGES, Node, Scene, shape_text
from backprop.errors.spans import clipped, visible, width

ADVANCE = 0.603  # of a character of DejaVu Sans Mono, in its size
RADIUS = 17.0  # of a gate with a short label
LABEL, NUMBER, SHARE = 14.0, 12.0, 10.0  # sizes of the texts
PORTS = {False: 18.0, True: 15.0}  # between the operands of a gate, by whether there are more than two
ABOVE, BELOW = 5.0, 14.0  # the base lines of value and gradient, from the wire
NAME = 20.0  # and of the user's name for a stage
BLANK = 44.0, 14.0  # the size of a box to fill in
LONGEST = 40  # characters of a label


class Options(NamedTuple):
    """What a picture shows: numbers or none; boxes to fill in in their place; in which colours."""

    values: bool = True
    blank: bool = False
    theme: str = "light"


class Frame(NamedTuple):
    """Where the parts of a node are, from its corner (top left): the gate's box, the middle of its numbers, its height
    to the wire, and the base lines of the shares, below it."""

    box: Box
    left: float
    right: float
    numbers: float
    middle: float
    shares: tuple[float, ...]

    @property
    def half(self) -> float:
        """Half of the gate's height: as many wires as enter it end inside."""
        return max([RADIUS, *(abs(port) + 2 for port in self.box.ports)])


class Places(NamedTuple):
    """Where the parts of a node are in the picture: its wires, each from, to and how high, and the points of texts."""

    inputs: list[tuple[float, float, float]]
    shares: list[Point]  # their ends
    output: tuple[float, float, float]
    left: float
    centre: float  # of the gate
    numbers: float  # the middle of value and gradient
    height: float  # of the output


class Picture(NamedTuple):
    """A scene with everything in its place."""

    scene: Scene
    frames: list[Frame]
    layout: Layout
    forks: list[bool]  # whether the gradient of a node is a sum of shares
    most: int = SMALL  # elements of an array that are written

    def places(self, index: int) -> Places:
        """Where the parts of a node are."""
        frame, (left, top) = self.frames[index], self.layout.corners[index]
        height, centre = top + frame.middle, left + frame.box.anchor
        start = centre if self.scene.nodes[index].kind == STAGES else left + frame.right
        return Places(
            [(left, centre, height + port) for port in frame.box.ports],
            [(left + frame.left - 4, height + share) for share in frame.shares],
            (start, left + frame.box.width, height), left, centre, left + frame.numbers, height,
        )  # fmt: skip

    def leaving(self) -> Iterator[tuple[list[tuple[int, list[Point]]], list[Point]]]:
        """For each node, the wires that leave it, each with the node it goes into, and where they part."""
        leaving: list[list[tuple[int, list[Point]]]] = [[] for _ in self.scene.nodes]
        for index, (node, routes) in enumerate(zip(self.scene.nodes, self.layout.routes, strict=True)):
            for source, points in zip(node.inputs, routes, strict=True):
                leaving[source].append((index, points))
        return zip(leaving, self.layout.forks, strict=True)


def picture(scene: Scene, *, values: bool = True, blank: bool = False, live: bool = False) -> Picture:
    """Place a scene. Without `values` there is no room for numbers; `blank` has room for boxes to fill in as well, and
    `live` for any number to come."""
    measure: Callable[[Any], float] = number_width
    if live:
        measure = widest
    elif blank:
        measure = widest_or_blank
    uses = scene.uses()
    forks = [len(found) > 1 and node.gradient is not None for node, found in zip(scene.nodes, uses, strict=True)]
    frames = [frame(node, forks, measure if values else None) for node in scene.nodes]
    placed = layout([f.box for f in frames], [node.inputs for node in scene.nodes])
    return Picture(scene, frames, placed, forks, ON_A_SHEET if blank else SMALL)


def text_width(text: str, size: float) -> float:
    """How wide a text is."""
    return width(text) * ADVANCE * size


def number_width(value: Any, most: int = SMALL) -> float:
    return 0.0 if value is None else text_width(short(value, most), NUMBER)


def widest(_: Any) -> float:
    return text_width(WIDEST, NUMBER)


def widest_or_blank(value: Any) -> float:
    return max(number_width(value, ON_A_SHEET), BLANK[0])


def label_of(node: Node) -> str:
    """What a box says, with nothing that cannot be printed, and not longer than a box can be."""
    return clipped(visible(node.label), LONGEST)


def name_of(node: Node) -> str:
    """What stands above the value: the user's name for a stage, and the shape of an array."""
    text = visible(node.name) if node.kind == STAGES and node.named and node.name != node.label else ""
    return f"{clipped(text, LONGEST)} {shape_text(node)}".strip()


def frame(node: Node, forks: list[bool], measure: Callable[[Any], float] | None) -> Frame:
    shared = [forks[source] and measure is not None for source in node.inputs]
    wide = max(
        (measure(sent) * SHARE / NUMBER + 8 for sent, on in zip(node.sent, shared, strict=True) if on and measure),
        default=0.0,
    )
    gate = node.kind == STAGES
    label = text_width(label_of(node), LABEL)
    inside = max(2 * RADIUS, label + 14) if gate else label + 6
    name = name_of(node)
    numbers = 12.0
    if measure is not None and node.kind != "number":
        numbers = max(measure(node.value), measure(node.gradient)) + 10
    numbers = max(numbers, text_width(name, NUMBER) + 10 if name else 0.0)
    ports, baselines = ports_of(len(node.inputs))
    half = max([RADIUS + 1, NAME + 12 if name else 0.0, *(abs(port) + 8 for port in ports)])
    if wide:
        half = max(half, *(abs(line) + 10 for line in baselines))
    box = Box(wide + inside + numbers, 2 * half, wide + inside / 2, ports)
    return Frame(box, wide, wide + inside, wide + inside + numbers / 2, half, baselines)


def ports_of(count: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The heights of the operands of a gate, and the base lines of the shares beside them."""
    step = PORTS[count > 2]
    ports = tuple(step * (i - (count - 1) / 2) for i in range(count))
    last = count - 1 if count == 2 else -1
    return ports, tuple(port + (11.0 if i == last else -4.0) for i, port in enumerate(ports))


class Pen(NamedTuple):
    """How a form spells what is drawn of a node: the end of a wire, from, to and how high; a text in its role; a box to
    fill in, by the middle of its upper edge; and the gate or the input itself."""

    line: Callable[[float, float, float], str]
    text: Callable[[str, float, float, str], str]
    blank: Callable[[float, float], str]
    outline: Callable[[Node, Frame, Places], Iterator[str]]


def node_parts(placed: Picture, index: int, options: Options, pen: Pen) -> Iterator[str]:
    """A node: the ends of its wires, its box and its texts."""
    node, places = placed.scene.nodes[index], placed.places(index)
    x, height = places.numbers, places.height
    for source, sent, wire, share in zip(node.inputs, node.sent, places.inputs, places.shares, strict=True):
        yield pen.line(*wire)
        if options.values and not options.blank and placed.forks[source] and sent is not None:
            yield pen.text("share", *share, short(sent, placed.most))
    yield pen.line(*places.output)
    yield from pen.outline(node, placed.frames[index], places)
    if name_of(node):
        yield pen.text("name", x, height - (NAME if options.values else ABOVE), name_of(node))
    if not options.values or node.kind == NUMBERS:
        return
    if options.blank and node.kind != INPUTS:  # the values of the inputs are given
        yield pen.blank(x, height - 2 - BLANK[1])
    else:
        yield pen.text("value", x, height - ABOVE, short(node.value, placed.most))
    if node.gradient is not None and options.blank:
        yield pen.blank(x, height + 3)
    elif node.gradient is not None:
        yield pen.text("gradient", x, height + BELOW, short(node.gradient, placed.most))
