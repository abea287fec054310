"""Where everything stands: gates in columns from left to right, wires between them. Pure, and the same every time.

A box includes the room for its labels, so labels cannot collide. Wires bend only in the gaps between columns, and pass
the columns they skip on lanes of their own, so none runs under a gate; branches of one wire share their lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backprop.draw.layering import Graph, graph
from backprop.draw.ordering import Order, ordered
from backprop.draw.placing import Spacing, heights

Point = tuple[float, float]


class Box(NamedTuple):
    """The room that a node needs: its size, how far from its left edge the middle of its gate is (those of a column
    stand below each other), and the heights at which its operands enter, below its middle."""

    width: float
    height: float
    anchor: float
    ports: tuple[float, ...]


class Style(NamedTuple):
    """Distances."""

    between: float = 14.0  # two boxes of a column
    lane: float = 12.0  # the height of a lane
    lanes: float = 4.0  # two lanes
    gap: float = 34.0  # two columns, and more where wires are steep
    steepness: float = 0.16
    widest: float = 90.0


class Layout(NamedTuple):
    """The corners of the boxes (top left), and the points of the wire to each operand of each box.

    A wire goes from point to point, straight where they have the same height; where they have not, it bends, and that
    is in a gap between two columns. `forks` are the points at which wires of a box part. `size` holds all of it.
    """

    corners: list[Point]
    routes: list[list[list[Point]]]
    forks: list[list[Point]]
    size: Point
    columns: int
    crossings: int


def layout(boxes: Sequence[Box], inputs: Sequence[Sequence[int]], style: Style | None = None) -> Layout:
    """Place boxes, each with the boxes that are its operands, all of which come before it."""
    style = style or Style()
    drawn = graph(inputs, [box.ports for box in boxes])
    order, crossed = ordered(drawn)
    tall = [box.height for box in boxes] + [style.lane] * (len(drawn.column) - len(boxes))
    y = heights(drawn, order, Spacing(tall, style.between, style.lanes))
    edges = columns(drawn, order, boxes, y, style)
    corners = [(edges[drawn.column[v]][2] - box.anchor, y[v] - box.height / 2) for v, box in enumerate(boxes)]
    routes = [
        [route(drawn, boxes, corners, edges, y, path, slot) for slot, path in enumerate(paths)] for paths in drawn.paths
    ]
    width = max((right for _, right, _ in edges), default=0.0)
    height = max((y[v] + tall[v] / 2 for v in range(len(y))), default=0.0)
    return Layout(corners, routes, forks(inputs, routes), (width, height), drawn.columns, crossed)


def columns(
    drawn: Graph, order: Order, boxes: Sequence[Box], y: list[float], style: Style
) -> list[tuple[float, float, float]]:
    """The left and right edge of each column, and where the middles of its gates are."""
    steepest = [0.0] * drawn.columns
    for source, links in enumerate(drawn.after):
        for link in links:
            rise = abs(y[link.vertex] + link.offset - y[source])
            steepest[drawn.column[source]] = max(steepest[drawn.column[source]], rise)
    edges, left = [], 0.0
    for column, steep in zip(order, steepest, strict=True):
        members = [boxes[v] for v in column if v < drawn.boxes]
        middle = left + max((box.anchor for box in members), default=0.0)
        left = min((middle - box.anchor for box in members), default=left)  # to the last bit where the boxes are
        right = max((middle - box.anchor + box.width for box in members), default=left)
        edges.append((left, right, middle))
        left = right + style.gap + min(style.widest, steep * style.steepness)
    return edges


def route(
    drawn: Graph,
    boxes: Sequence[Box],
    corners: list[Point],
    edges: list[tuple[float, float, float]],
    y: list[float],
    path: tuple[int, ...],
    slot: int,
) -> list[Point]:
    """The points of a wire: out of its source's box, along its lanes, into its target's box."""
    source, target = path[0], path[-1]
    points = [(corners[source][0] + boxes[source].width, y[source]), (edges[drawn.column[source]][1], y[source])]
    for lane in path[1:-1]:
        left, right, _ = edges[drawn.column[lane]]
        points += [(left, y[lane]), (right, y[lane])]
    end = y[target] + boxes[target].ports[slot]
    points += [(edges[drawn.column[target]][0], end), (corners[target][0], end)]
    return [point for i, point in enumerate(points) if not i or point != points[i - 1]]


def forks(inputs: Sequence[Sequence[int]], routes: list[list[list[Point]]]) -> list[list[Point]]:
    """For each box, the points at which the wires that leave it part."""
    leaving: list[list[list[Point]]] = [[] for _ in inputs]
    for sources, wires in zip(inputs, routes, strict=True):
        for source, wire in zip(sources, wires, strict=True):
            leaving[source].append(wire)
    return [parting(wires) for wires in leaving]


def parting(wires: list[list[Point]]) -> list[Point]:
    """The last points that some of the wires share before they go different ways."""
    following: dict[Point, set[Point]] = {}
    for wire in wires:
        for here, there in zip(wire, wire[1:], strict=False):
            following.setdefault(here, set()).add(there)
    return sorted(point for point, ways in following.items() if len(ways) > 1)
