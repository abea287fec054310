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
STRAIGHT = 1e-6  # the most that heights differ along a straight wire
BETWEEN, LANES = 14.0, 4.0  # two boxes of a column, and two lanes
LANE = 12.0  # the height of a lane
GAP, STEEPNESS, WIDEST = 34.0, 0.16, 90.0  # between two columns, and more where wires are steep, up to so much


class Box(NamedTuple):
    """The room that a node needs: its size, how far from its left edge the middle of its gate is (those of a column
    stand below each other), and the heights at which its operands enter, below its middle."""

    width: float
    height: float
    anchor: float
    ports: tuple[float, ...]


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


def layout(boxes: Sequence[Box], inputs: Sequence[Sequence[int]]) -> Layout:
    """Place boxes, each with the boxes that are its operands, all of which come before it."""
    drawn = graph(inputs, [box.ports for box in boxes])
    order, crossed = ordered(drawn)
    tall = [box.height for box in boxes] + [LANE] * (len(drawn.column) - len(boxes))
    y = heights(drawn, order, Spacing(tall, BETWEEN, LANES))
    edges = columns(drawn, order, boxes, y)
    corners = [(edges[drawn.column[v]][2] - box.anchor, y[v] - box.height / 2) for v, box in enumerate(boxes)]
    routes = routed(drawn, boxes, corners, edges, y)
    width = max((right for _, right, _ in edges), default=0.0)
    height = max((y[v] + tall[v] / 2 for v in range(len(y))), default=0.0)
    return Layout(corners, routes, forks(drawn, edges, y), (width, height), drawn.columns, crossed)


def columns(drawn: Graph, order: Order, boxes: Sequence[Box], y: list[float]) -> list[tuple[float, float, float]]:
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
        left = right + GAP + min(WIDEST, steep * STEEPNESS)
    return edges


def routed(
    drawn: Graph,
    boxes: Sequence[Box],
    corners: list[Point],
    edges: list[tuple[float, float, float]],
    y: list[float],
) -> list[list[list[Point]]]:
    """The points of each wire: out of its source's box, along its lanes, into its target's box."""
    ways: list[list[Point]] = []  # up to the right edge of the column of each vertex
    for vertex, place in enumerate(drawn.column):
        left, right, _ = edges[place]
        if vertex < drawn.boxes:
            ways.append(joined([], (corners[vertex][0] + boxes[vertex].width, y[vertex]), (right, y[vertex])))
        else:
            ways.append(joined(ways[drawn.before[vertex][0].vertex], (left, y[vertex]), (right, y[vertex])))
    return [
        [
            joined(ways[link.vertex], (edges[drawn.column[target]][0], end), (corners[target][0], end))
            for link in drawn.before[target]
            for end in [y[target] + link.offset]
        ]
        for target in range(drawn.boxes)
    ]


def joined(points: list[Point], *more: Point) -> list[Point]:
    """A wire that goes on to more points. Where it is straight, it has none but its ends."""
    found = points[:]
    for point in more:
        if len(found) > 1 and max(abs(point[1] - before[1]) for before in found[-2:]) < STRAIGHT:
            found[-1] = point
        elif not found or point != found[-1]:
            found.append(point)
    return found


def forks(drawn: Graph, edges: list[tuple[float, float, float]], y: list[float]) -> list[list[Point]]:
    """For each box, the points at which the wires that leave it part: behind it, and behind its lanes."""
    source = list(range(drawn.boxes))
    found: list[list[Point]] = [[] for _ in source]
    for vertex, links in enumerate(drawn.after):
        if vertex >= drawn.boxes:
            source.append(source[drawn.before[vertex][0].vertex])
        if len({y[link.vertex] + link.offset for link in links}) > 1:
            found[source[vertex]].append((edges[drawn.column[vertex]][1], y[vertex]))
    return [sorted(points) for points in found]
