"""The figure of the notes in box characters: gates in columns, values above the wires, gradients below.

The columns and their order are those of the pictures; here every height is a whole row, and between two columns each
wire that changes its row gets a track of its own. `read` follows the characters back to the circuit.
"""

from __future__ import annotations

from typing import NamedTuple

from backprop.draw.boxes import label_of
from backprop.draw.canvas import CROSSING, DOWN, LEFT, RIGHT, SHAPES, UP, Canvas, plain
from backprop.draw.figures import short
from backprop.draw.layering import Graph, graph
from backprop.draw.ordering import Order, ordered
from backprop.draw.placing import Spacing, heights
from backprop.draw.scene import NUMBERS, STAGES, Node, Scene
from backprop.errors.spans import width

LARGEST = 400  # nodes: beyond them no terminal is wide enough


class Place(NamedTuple):
    """Where a node's box is: its row, its first column, and the column behind it."""

    row: int
    start: int
    end: int


class Drawing(NamedTuple):
    """The cells, and where each node's box and operands are."""

    canvas: Canvas
    places: list[Place]
    ports: dict[tuple[int, int], tuple[int, int]]  # cell: node and operand


def box_text(node: Node, ascii_only: bool) -> str:
    label = plain(label_of(node)) if ascii_only else label_of(node)
    return f"({label})" if node.kind == STAGES else label


def number_texts(node: Node, values: bool) -> tuple[str, str]:
    """The texts above and below the wire that leaves a node."""
    if not values or node.kind == NUMBERS:
        return "", ""
    gradient = "" if node.gradient is None else short(node.gradient)
    return short(node.value).replace("−", "-"), gradient.replace("−", "-")


def ports_of(count: int) -> tuple[float, ...]:
    """The rows at which operands enter, from the middle: one above and one below for two of them."""
    if count == 2:
        return (-1.0, 1.0)
    return tuple(float(slot - (count - 1) // 2) for slot in range(count))


def wires(scene: Scene, *, values: bool = True, ascii_only: bool = False) -> Drawing:
    return Wires(scene, values, ascii_only).draw()


class Wires:
    """A drawing that is being made."""

    def __init__(self, scene: Scene, values: bool, ascii_only: bool) -> None:
        self.nodes = scene.nodes
        self.boxes = [box_text(node, ascii_only) for node in self.nodes]
        self.numbers = [number_texts(node, values) for node in self.nodes]
        self.ports = [ports_of(len(node.inputs)) for node in self.nodes]
        self.graph: Graph = graph([node.inputs for node in self.nodes], self.ports)
        # Which node's wire a vertex carries: its own, or that of the lane's source.
        self.net = list(range(len(self.nodes))) + [-1] * (len(self.graph.column) - len(self.nodes))
        for lane in range(len(self.nodes), len(self.net)):
            self.net[lane] = self.net[self.graph.before[lane][0].vertex]
        self.order: Order
        self.order, _ = ordered(self.graph)
        self.row = self.whole_rows()
        self.canvas = Canvas()

    def extent(self, vertex: int) -> tuple[int, int]:
        """How many rows a vertex needs above and below its own."""
        if vertex >= len(self.nodes):
            return 0, 0
        ports = self.ports[vertex]
        return int(max([1, *(-port for port in ports)])), int(max([1, *ports]))

    def whole_rows(self) -> list[int]:
        """The row of every vertex: its height in the layout, rounded, with the order and the distances kept."""
        extents = [self.extent(vertex) for vertex in range(len(self.graph.column))]
        tall = [2.0 * max(extent) + 1 for extent in extents]
        y = heights(self.graph, self.order, Spacing(tall, 0.0, 0.0))
        rows = [0] * len(tall)
        for column in self.order:
            bottom = -1
            for vertex in column:
                above, below = extents[vertex]
                rows[vertex] = max(round(y[vertex]), bottom + 1 + above)
                bottom = rows[vertex] + below
        return rows

    def draw(self) -> Drawing:
        """Columns from left to right, each with the gap behind it."""
        places: dict[int, Place] = {}
        left = 0
        spare = max((self.row[vertex] + self.extent(vertex)[1] for vertex in range(len(self.row))), default=0) + 1
        for column in self.order:
            right = self.draw_column(column, left, places)
            left = self.draw_gap(column, right, spare)
        ports = {
            (places[index].row + int(offset), places[index].start): (index, slot)
            for index, offsets in enumerate(self.ports)
            for slot, offset in enumerate(offsets)
        }
        return Drawing(self.canvas, [places[index] for index in range(len(self.nodes))], ports)

    def draw_column(self, column: list[int], left: int, places: dict[int, Place]) -> int:
        """The boxes of a column, flush right, with their numbers; the column behind them."""
        members = [vertex for vertex in column if vertex < len(self.nodes)]
        widest = max((width(self.boxes[vertex]) for vertex in members), default=0)
        right = left + widest + max((max(map(len, self.numbers[v])) + 1 for v in members), default=1)
        for vertex in column:
            row = self.row[vertex]
            if vertex >= len(self.nodes):
                self.canvas.horizontal(row, left, right, self.net[vertex])
                continue
            start, end = left + widest - width(self.boxes[vertex]), left + widest
            places[vertex] = Place(row, start, end)
            self.canvas.horizontal(row, end, right, vertex)
            self.arms(vertex, left, start)
            role = "name" if self.nodes[vertex].kind == STAGES else "expression"
            self.canvas.write(row, start, self.boxes[vertex], role)
            value, gradient = self.numbers[vertex]
            self.canvas.write(row - 1, end, value, "value")
            self.canvas.write(row + 1, end, gradient, "gradient")
        return right

    def arms(self, vertex: int, left: int, start: int) -> None:
        """The ends of the wires to a gate: straight into it, or around its corner."""
        row, offsets = self.row[vertex], [int(offset) for offset in self.ports[vertex]]
        for slot, offset in enumerate(offsets):
            self.canvas.horizontal(row + offset, left, start, self.nodes[vertex].inputs[slot])
            if offset == 0:
                continue
            outermost = offset in (min(offsets), max(offsets))
            corner = "╮" if offset < 0 else "╯"
            self.canvas.write(row + offset, start, corner if outermost else "┤", "wire")

    def draw_gap(self, column: list[int], start: int, spare: int) -> int:
        """The wires from a column to the next; the first column of the next one."""
        nets = {
            vertex: sorted({self.row[link.vertex] + int(link.offset) for link in self.graph.after[vertex]})
            for vertex in column
            if self.graph.after[vertex]
        }
        tracks, detours, count = assigned({vertex: self.row[vertex] for vertex in nets}, nets)
        end = start + 2 * max(1, count) + 1
        for vertex, targets in nets.items():
            row, net, line = self.row[vertex], self.net[vertex], self.canvas
            if vertex not in tracks:
                line.horizontal(row, start, end, net)
                continue
            at = start + 1 + 2 * tracks[vertex]
            line.horizontal(row, start, at, net)
            if vertex in detours:
                track, number = detours[vertex]
                aside, bottom = start + 1 + 2 * track, spare + number
                line.vertical(at, row, bottom, net)
                line.horizontal(bottom, at, aside, net)
                at, row = aside, bottom
            line.vertical(at, min(row, *targets), max(row, *targets), net)
            for target in targets:
                line.horizontal(target, at, end, net)
        return end


def assigned(
    rows: dict[int, int], nets: dict[int, list[int]]
) -> tuple[dict[int, int], dict[int, tuple[int, int]], int]:
    """A track for each wire that changes its row; for some a second one, behind a detour; and how many there are.

    A wire must leave its row before another one enters that row: its track is further left. Where wires change places,
    that goes round in a circle, and one of them makes a detour below the drawing.
    """
    spans = {
        vertex: (min(rows[vertex], *targets), max(rows[vertex], *targets))
        for vertex, targets in nets.items()
        if targets != [rows[vertex]]
    }
    at_row = {rows[vertex]: vertex for vertex in spans}
    first = {
        vertex: {at_row[target] for target in nets[vertex] if at_row.get(target, vertex) != vertex} for vertex in spans
    }
    tracks: dict[int, int] = {}
    detoured: list[int] = []
    waiting = set(spans)
    track = 0
    while waiting:
        ready = sorted((v for v in waiting if not first[v] & waiting), key=spans.__getitem__)
        if ready:
            bottom = -1
            for vertex in ready:
                if spans[vertex][0] > bottom:
                    tracks[vertex] = track
                    bottom = spans[vertex][1]
                    waiting.discard(vertex)
        else:
            vertex = min(waiting, key=lambda v: (len(nets[v]), spans[v]))
            tracks[vertex] = track
            detoured.append(vertex)
            waiting.discard(vertex)
        track += 1
    detours = {vertex: (track + number, number) for number, vertex in enumerate(detoured)}
    return tracks, detours, track + len(detoured)


# ── the reader ──

MOVES = {UP: (-1, 0), DOWN: (1, 0), LEFT: (0, -1), RIGHT: (0, 1)}
OPPOSITE = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}
READ = {shape: piece for piece, shape in SHAPES.items() if piece & (piece - 1)}


def read(rows: list[list[tuple[str, str]]], drawing: Drawing) -> set[tuple[int, int, int]]:
    """The connections that a reader finds who follows the lines from each box: source, target and operand."""
    found = set()
    for source, place in enumerate(drawing.places):
        stack = [(place.row, place.end, RIGHT)]
        seen = set()
        while stack:
            row, column, heading = state = stack.pop()
            if state in seen:
                continue
            seen.add(state)
            if heading == RIGHT and (row, column) in drawing.ports:
                found.add((source, *drawing.ports[row, column]))
                continue
            character = rows[row][column][0] if 0 <= row < len(rows) and 0 <= column < len(rows[row]) else ""
            if character == CROSSING:
                ways = heading
            elif READ.get(character, 0) & OPPOSITE[heading]:
                ways = READ[character] & ~OPPOSITE[heading]
            else:
                continue
            stack += [(row + MOVES[way][0], column + MOVES[way][1], way) for way in MOVES if ways & way]
    return found


def connections(scene: Scene) -> set[tuple[int, int, int]]:
    return {(source, index, slot) for index, node in enumerate(scene.nodes) for slot, source in enumerate(node.inputs)}
