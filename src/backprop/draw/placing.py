"""The heights of the vertices: as straight as the room in their columns allows.

Each column in turn is moved to where its neighbours want it, with the distances kept: weighted least squares with the
order given, which is isotonic regression and solved exactly by pooling adjacent violators (Barlow et al. 1972). At the
end, vertices that are linked are joined into rigid blocks wherever that makes a wire straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backprop.draw.layering import Graph, Link
from backprop.draw.ordering import Order, median

ROUNDS = 24
SETTLING = 8  # the last rounds, in which both sides pull
NEAREST = 24.0  # of the branches of a fork, only one that is this near is made straight
RELAXATIONS = 6
TOLERANCE = 1e-6


class Spacing(NamedTuple):
    """Heights of all vertices and the least gaps: between two boxes, or a box and a lane; and between two lanes."""

    heights: Sequence[float]
    between: float
    lanes: float


def heights(graph: Graph, order: Order, spacing: Spacing) -> list[float]:
    """The height of the middle of every vertex, the topmost edge at 0."""
    return Placing(graph, order, spacing).placed()


class Placing:
    """The heights while they are being found."""

    def __init__(self, graph: Graph, order: Order, spacing: Spacing) -> None:
        self.graph, self.order, self.spacing = graph, order, spacing
        self.y = [0.0] * len(graph.column)
        self.above: dict[int, int] = {}
        self.below: dict[int, int] = {}
        for column in order:
            for upper, lower in zip(column, column[1:], strict=False):
                self.above[lower], self.below[upper] = upper, lower

    def placed(self) -> list[float]:
        """All steps in turn."""
        self.stack()
        for number in range(ROUNDS):
            columns = self.order if number % 2 == 0 else reversed(self.order)
            for column in columns:
                self.settle(column, from_left=None if number >= ROUNDS - SETTLING else number % 2 == 0)
        blocks = self.straightened()
        for _ in range(RELAXATIONS):
            self.relax(blocks)
        top = min((self.y[v] - self.spacing.heights[v] / 2 for v in range(len(self.y))), default=0.0)
        return [y - top for y in self.y]

    def distance(self, upper: int, lower: int) -> float:
        """The least distance between the middles of two neighbours in a column."""
        lanes = upper >= self.graph.boxes and lower >= self.graph.boxes
        gap = self.spacing.lanes if lanes else self.spacing.between
        return (self.spacing.heights[upper] + self.spacing.heights[lower]) / 2 + gap

    def stack(self) -> None:
        """Every column from the top, as tight as it may be."""
        for column in self.order:
            for previous, vertex in zip([None, *column], column, strict=False):
                self.y[vertex] = 0.0 if previous is None else self.y[previous] + self.distance(previous, vertex)

    # ── columns ──

    def settle(self, column: list[int], *, from_left: bool | None) -> None:
        """Move a column to where its neighbours want it: those on one side, or both (None)."""
        offsets, pools = [0.0], []
        for upper, lower in zip(column, column[1:], strict=False):
            offsets.append(offsets[-1] + self.distance(upper, lower))
        for vertex, offset in zip(column, offsets, strict=False):
            wanted, weight = self.wanted(vertex, from_left)
            pools.append(((wanted - offset) * weight, weight, 1))
            while len(pools) > 1 and pools[-2][0] * pools[-1][1] > pools[-1][0] * pools[-2][1]:
                (s, w, n), (s0, w0, n0) = pools.pop(), pools.pop()
                pools.append((s0 + s, w0 + w, n0 + n))
        position = 0
        for total, weight, count in pools:
            for _ in range(count):
                self.y[column[position]] = total / weight + offsets[position]
                position += 1

    def wanted(self, vertex: int, from_left: bool | None) -> tuple[float, float]:
        """The height that a vertex's links pull it to, and how strongly: lanes want to be straight most of all."""
        graph, y = self.graph, self.y
        before, after = graph.before[vertex], graph.after[vertex]
        if from_left is not None and (before if from_left else after):
            before, after = (before, []) if from_left else ([], after)
        total = weight = 0.0
        for link in before:
            strength = self.strength(link.vertex, vertex)
            total, weight = total + strength * (y[link.vertex] - link.offset), weight + strength
        for link in after:
            strength = self.strength(vertex, link.vertex)
            total, weight = total + strength * (y[link.vertex] + link.offset), weight + strength
        return (total / weight, weight) if weight else (y[vertex], 1e-3)

    def strength(self, source: int, target: int) -> float:
        """How strongly a link wants to be straight."""
        lanes = (source >= self.graph.boxes) + (target >= self.graph.boxes)
        return (2.0 if len(self.graph.after[source]) == 1 else 1.0, 4.0, 8.0)[lanes]

    # ── blocks ──

    def straightened(self) -> list[set[int]]:
        """Join linked vertices into blocks that move as one, the most important links first."""
        block = [{vertex} for vertex in range(len(self.y))]
        spans = [{column} for column in self.graph.column]  # the columns of the block of each vertex; one each
        joined_right, joined_left = bytearray(len(self.y)), bytearray(len(self.y))
        for kind, _, source, link in self.links():
            target = link.vertex
            small, large = sorted((block[source], block[target]), key=len)
            if joined_right[source] or joined_left[target] or small is large:
                continue
            bend = self.y[source] - self.y[target] - link.offset
            if kind == 4 and abs(bend) > NEAREST:
                continue
            spans_small, spans_large = (
                (spans[source], spans[target]) if small is block[source] else (spans[target], spans[source])
            )
            if not spans_small.isdisjoint(spans_large):
                continue
            if not self.join(small, large, -bend if small is block[source] else bend):
                continue
            large |= small
            spans_large |= spans_small
            for vertex in small:
                block[vertex], spans[vertex] = large, spans_large
            joined_right[source] = joined_left[target] = 1
        return list({id(members): members for members in block}.values())

    def links(self) -> list[tuple[int, float, int, Link]]:
        """All links, first those that should be straight above all: along lanes, into lanes, where nothing forks."""
        graph, found = self.graph, []
        for source, links in enumerate(graph.after):
            alone = len(links) == 1
            for link in links:
                lanes = (source >= graph.boxes) + (link.vertex >= graph.boxes)
                if lanes == 2:
                    kind = 0
                elif lanes == 1 and alone:
                    kind = 1
                elif alone:
                    kind = 2 if len(graph.before[link.vertex]) == 1 else 3
                else:
                    kind = 4
                found.append((kind, abs(self.y[source] - self.y[link.vertex] - link.offset), source, link))
        return sorted(found)

    def join(self, small: set[int], large: set[int], move: float) -> bool:
        """Move the small block by that much; what it has no room for, the large one, the other way."""
        least, most = self.room(small)
        if least > most:
            return False
        moved = min(max(move, least), most)
        self.shift(small, moved)
        rest = moved - move
        if abs(rest) > TOLERANCE:
            least, most = self.room(large)
            if not least - TOLERANCE <= rest <= most + TOLERANCE:
                self.shift(small, -moved)
                return False
            self.shift(large, rest)
        return True

    def room(self, members: set[int]) -> tuple[float, float]:
        """How far a block can be moved up and down."""
        least, most = -1e9, 1e9
        for vertex in members:
            upper, lower = self.above.get(vertex), self.below.get(vertex)
            if upper is not None and upper not in members:
                least = max(least, self.y[upper] + self.distance(upper, vertex) - self.y[vertex])
            if lower is not None and lower not in members:
                most = min(most, self.y[lower] - self.distance(vertex, lower) - self.y[vertex])
        return least, most

    def shift(self, members: set[int], move: float) -> None:
        for vertex in members:
            self.y[vertex] += move

    def relax(self, blocks: list[set[int]]) -> None:
        """Move each block to the middle of where its links to other blocks pull it."""
        for members in blocks:
            pulls = []
            for vertex in members:
                here = self.y[vertex]
                pulls += [self.y[u] - off - here for u, _, off in self.graph.before[vertex] if u not in members]
                pulls += [self.y[u] + off - here for u, _, off in self.graph.after[vertex] if u not in members]
            if pulls:
                least, most = self.room(members)
                if least <= most:
                    self.shift(members, min(max(median(pulls), least), most))
