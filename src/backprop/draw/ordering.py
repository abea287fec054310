"""The order of the vertices in each column, with few crossings; none at all where the circuit is a tree.

The start is a walk from the outputs through the operands in order, which is planar for trees. Then sweeps to the left
and to the right sort each column by the middle of its neighbours, with swaps of neighbouring vertices, and the best
order that was met is kept (Gansner et al., "A Technique for Drawing Directed Graphs", 1993).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from backprop.draw.layering import Graph, Link

Order = list[list[int]]

ROUNDS = 12  # of sweeps: first those of SORTED, the others go on from the best order yet, and mostly swap neighbours
SWEEPS = 12  # in a round, at most
PATIENCE = 5  # sweeps without a better order
SWAPS = 6  # passes of swaps behind a sweep
WORK = 20_000  # links times rounds: a large circuit gets fewer rounds


def ordered(graph: Graph) -> tuple[Order, int]:
    """The vertices of each column from top to bottom, and how many crossings that leaves."""
    best = walk(graph)
    fewest = crossings(graph, best)
    starts = [best, [column[::-1] for column in best]]
    links = sum(map(len, graph.after)) + 1
    for number in range(max(len(SORTED), min(ROUNDS, WORK // links))):
        if not fewest:
            break
        refining = number >= len(SORTED)
        which, middle = SORTED[number % len(SORTED)]
        order = Positions([column[:] for column in (best if refining else starts[which])])
        stale = 0
        for sweep in range(SWEEPS):
            if stale >= PATIENCE:
                break
            if not refining or sweep % 4 == 3:
                order.sweep(graph, middle, leftwards=(sweep + which) % 2 == 0)
            if refining or sweep:
                order.swap_neighbours(graph, even=refining and sweep % 2 == 1)
            found = crossings(graph, order.columns)
            stale += 1
            if found < fewest:
                best, fewest, stale = [column[:] for column in order.columns], found, 0
    return best, fewest


def walk(graph: Graph) -> Order:
    """Each column in the order in which a walk from the outputs, operand by operand, leaves its vertices."""
    order: Order = [[] for _ in range(graph.columns)]
    seen = bytearray(len(graph.column))
    for output in range(graph.boxes):
        if graph.after[output]:
            continue
        stack = [(output, False)]
        while stack:
            vertex, left = stack.pop()
            if left:
                order[graph.column[vertex]].append(vertex)
            elif not seen[vertex]:
                seen[vertex] = 1
                stack.append((vertex, True))
                stack += [(link.vertex, False) for link in reversed(graph.before[vertex])]
    return order


def crossings(graph: Graph, order: Order) -> int:
    """How many pairs of links between neighbouring columns cross."""
    place = places(order)
    total = 0
    for column in order[:-1]:
        met: list[float] = []  # where the links end, sorted: each crosses those that came before it and end below
        for vertex in column:
            for end in sorted([target(place, link) for link in graph.after[vertex]]):
                at = bisect_right(met, end)
                total += len(met) - at
                met.insert(at, end)
    return total


def places(order: Order) -> dict[int, int]:
    """The place of every vertex in its column."""
    return {vertex: place for column in order for place, vertex in enumerate(column)}


def target(place: dict[int, int], link: Link) -> float:
    """Where a link ends in the next column: at its vertex, operands in their order."""
    return place[link.vertex] + link.slot / (link.slot + 1.0) * 0.5


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def median(values: list[float]) -> float:
    values.sort()
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


SORTED = ((0, mean), (0, median), (1, mean), (1, median))  # from the walk and from its mirror image


class Positions:
    """An order that is being changed, with the place of every vertex."""

    def __init__(self, columns: Order) -> None:
        self.columns = columns
        self.place = places(columns)

    def sweep(self, graph: Graph, middle: Callable[[list[float]], float], *, leftwards: bool) -> None:
        """Sort each column by the middle of its neighbours in the column that was sorted before it."""
        count = len(self.columns)
        for column in range(count - 2, -1, -1) if leftwards else range(1, count):
            keys = {}
            for vertex in self.columns[column]:
                if leftwards:
                    ends = [target(self.place, link) for link in graph.after[vertex]]
                else:
                    ends = [float(self.place[link.vertex]) for link in graph.before[vertex]]
                if ends:
                    keys[vertex] = middle(ends)
            self.rearrange(column, keys)

    def rearrange(self, column: int, keys: dict[int, float]) -> None:
        """Sort the vertices that have a key; the others keep their places."""
        moved = iter(sorted((v for v in self.columns[column] if v in keys), key=keys.__getitem__))
        self.columns[column] = [next(moved) if v in keys else v for v in self.columns[column]]
        for place, vertex in enumerate(self.columns[column]):
            self.place[vertex] = place

    def swap_neighbours(self, graph: Graph, *, even: bool) -> None:
        """Swap neighbours in a column where that saves crossings, until none does; at first also where it is `even`."""
        dirty = list(range(len(self.columns)))
        for number in range(SWAPS):
            swapped = set()
            for index in dirty:
                column = self.columns[index]
                for i in range(len(column) - 1):
                    upper, lower = column[i], column[i + 1]
                    if self.saved(graph, upper, lower) > (-1 if even and not number else 0):
                        column[i], column[i + 1] = lower, upper
                        self.place[lower], self.place[upper] = i, i + 1
                        swapped.add(index)
            if not swapped:
                return
            dirty = sorted({near for i in swapped for near in (i - 1, i, i + 1) if 0 <= near < len(self.columns)})

    def saved(self, graph: Graph, upper: int, lower: int) -> int:
        """How many crossings fewer there are when two neighbours change places."""
        place = self.place
        befores = [[place[link.vertex] for link in graph.before[vertex]] for vertex in (upper, lower)]
        afters = [[target(place, link) for link in graph.after[vertex]] for vertex in (upper, lower)]
        return inversions(*befores) + inversions(*afters)


def inversions(upper: Sequence[float], lower: Sequence[float]) -> int:
    """How many pairs stand the wrong way round, less those that stand the right way."""
    return sum((a > b) - (a < b) for a in upper for b in lower)
