"""Columns and lanes: which column each gate stands in, and the lanes on which wires pass the columns they skip.

The first step of a layered layout (Sugiyama, Tagawa and Toda 1981; Gansner et al. 1993). Two things are our own: a wire
that forks runs on one lane, shared by all its branches, until they part; and operands enter in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Link(NamedTuple):
    """A piece of wire from a column to the next, seen from one of its ends: the vertex at the other end, and where it
    enters its target: the place among the target's operands, and the height of that port below its middle."""

    vertex: int
    slot: int
    offset: float


class Graph(NamedTuple):
    """Vertices in columns. The first `boxes` vertices are the boxes, the others lanes.

    `after[v]` are the links to the next column, `before[v]` those to the one before: of a box one for each operand, in
    order, of a lane the one to the box or the lane that it comes from, which stands before it.
    """

    boxes: int
    column: list[int]
    before: list[list[Link]]
    after: list[list[Link]]

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return max(self.column, default=-1) + 1


def graph(inputs: Sequence[Sequence[int]], ports: Sequence[Sequence[float]]) -> Graph:
    """Boxes with their operands (earlier boxes each) as columns with lanes; `ports` are the heights of the operands."""
    column = columns_of(inputs)
    count = len(inputs)
    before: list[list[Link]] = [[] for _ in range(count)]
    after: list[list[Link]] = [[] for _ in range(count)]
    passed: list[list[int]] = [[source] for source in range(count)]  # the box and its lanes, a column each
    for target, sources in enumerate(inputs):
        for slot, source in enumerate(sources):
            lanes = passed[source]
            for place in range(column[source] + len(lanes), column[target]):
                lane = len(column)
                column.append(place)
                before.append([Link(lanes[-1], 0, 0.0)])
                after.append([])
                after[lanes[-1]].append(Link(lane, 0, 0.0))
                lanes.append(lane)
            last = lanes[column[target] - column[source] - 1]
            offset = ports[target][slot]
            after[last].append(Link(target, slot, offset))
            before[target].append(Link(last, slot, offset))
    return Graph(count, column, before, after)


def columns_of(inputs: Sequence[Sequence[int]]) -> list[int]:
    """The column of each box: behind all its operands, and next to its consumer where that makes no wire longer."""
    consumers: list[list[int]] = [[] for _ in inputs]
    column: list[int] = []
    for box, sources in enumerate(inputs):
        column.append(1 + max((column[source] for source in sources), default=-1))
        for source in dict.fromkeys(sources):
            consumers[source].append(box)
    for box in range(len(inputs) - 1, -1, -1):
        if not consumers[box]:
            continue
        wanted = min(column[consumer] for consumer in consumers[box]) - 1
        longer = 0  # wires that the move would make longer: not those of inputs that follow, nor those on shared lanes
        for source in dict.fromkeys(inputs[box]):
            follows = not inputs[source] and len(consumers[source]) == 1
            shared = len(consumers[source]) > 1 and max(column[consumer] for consumer in consumers[source]) >= wanted
            longer += not (follows or shared)
        if wanted > column[box] and longer <= len(consumers[box]):
            column[box] = wanted
    return column
