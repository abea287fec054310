"""Where things stand in a picture: nothing overlaps, wires run forward and under no gate, and few of them cross."""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import combinations

import pytest

import backprop
from backprop.draw.boxes import Picture, picture
from backprop.draw.layout import Box, Point, layout
from backprop.draw.scene import scene
from circuits import REFERENCES, random_program, random_tree


def drawn(text: str, point: dict[str, float], **options: bool) -> Picture:
    compiled = backprop.compile(text)
    point = {name: value for name, value in point.items() if name in compiled.variables}
    evaluation = compiled.evaluate(point)
    return picture(scene(evaluation.run, evaluation.names), **options)


def rectangles(made: Picture) -> list[tuple[float, float, float, float]]:
    return [
        (x, y, x + frame.box.width, y + frame.box.height)
        for (x, y), frame in zip(made.layout.corners, made.frames, strict=True)
    ]


def along(points: list[Point]) -> Iterator[Point]:
    """Points on a wire: the ends of each piece, and nine between them, on the curve that is drawn."""
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        middle = (x0 + x1) / 2
        for step in range(11):
            t = step / 10
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield a * x0 + (b + c) * middle + d * x1, (a + b) * y0 + (c + d) * y1


def wrong(made: Picture) -> list[str]:
    """All that is wrong with a picture."""
    found = []
    boxes = rectangles(made)
    for (i, a), (j, b) in combinations(enumerate(boxes), 2):
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]:
            found.append(f"nodes {i} and {j} overlap")
    by_left = sorted(range(len(boxes)), key=lambda i: boxes[i][0])
    lefts = [boxes[i][0] for i in by_left]
    widest = max(right - left for left, _, right, _ in boxes)
    for target, (node, routes) in enumerate(zip(made.scene.nodes, made.layout.routes, strict=True)):
        ports = [y + made.frames[target].box.height / 2 for y in made.frames[target].box.ports]
        if ports != sorted(ports) or len(set(ports)) != len(ports):
            found.append(f"the operands of {target} are out of order")
        for slot, (source, points) in enumerate(zip(node.inputs, routes, strict=True)):
            if any(x1 < x0 for (x0, _), (x1, _) in zip(points, points[1:], strict=False)):
                found.append(f"the wire {source} to {target} runs backwards")
            left, top, _, _ = boxes[target]
            if abs(points[-1][0] - left) > 1e-9 or abs(points[-1][1] - top - ports[slot]) > 1e-9:
                found.append(f"the wire {source} to {target} misses its port")
            for x, y in along(points):
                for i in by_left[bisect_left(lefts, x - widest) : bisect_left(lefts, x)]:
                    x0, y0, x1, y1 = boxes[i]
                    if i not in (source, target) and x0 < x < x1 and y0 < y < y1:
                        found.append(f"the wire {source} to {target} meets node {i}")
    return found


def crossings(made: Picture) -> int:
    """How many wires cross, counted on the picture: in each gap that a wire bends in, those which change sides."""
    pieces = {
        (*piece, source)
        for node, routes in zip(made.scene.nodes, made.layout.routes, strict=True)
        for source, points in zip(node.inputs, routes, strict=True)
        for piece in zip(points, points[1:], strict=False)
    }
    gaps: dict[tuple[float, float], set[tuple[float, float, int]]] = {}
    for (x0, y0), (x1, y1), source in pieces:
        if y0 != y1:
            gaps.setdefault((x0, x1), set()).add((y0, y1, source))
    starts = sorted(gaps)
    for (x0, y0), (x1, y1), source in pieces:
        for gap in starts[bisect_left(starts, (x0, x0)) :]:
            if gap[0] >= x1:
                break
            if abs(y0 - y1) < 1e-6 and gap[1] <= x1:  # straight, through any number of columns
                gaps[gap].add((y0, y1, source))
    return sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for wires in gaps.values() for a, b in combinations(wires, 2))


def test_nothing_overlaps_in_random_circuits(seed: int, full: bool) -> None:
    for number in range(500 if full else 25):
        made = drawn(*random_program(seed + number))
        assert not wrong(made), f"seed {seed + number}"
        again = drawn(*random_program(seed + number))
        assert again.layout == made.layout
        assert crossings(made) == made.layout.crossings


def test_no_wires_cross_in_a_tree(seed: int, full: bool) -> None:
    dice = random.Random(seed)
    for number in range(200 if full else 25):
        made = drawn(*random_tree(dice.choice([1, 3, 9, 30]), seed + number))
        assert made.layout.crossings == crossings(made) == 0, f"seed {seed + number}"


@pytest.mark.parametrize("name", REFERENCES)
def test_crossings_and_time_of_the_reference_circuits(name: str) -> None:
    text, point, most = REFERENCES[name]
    started = time.process_time()
    made = drawn(text, point)
    taken = time.process_time() - started
    assert crossings(made) == made.layout.crossings <= most
    assert not wrong(made)
    assert taken < (0.3 if made.scene.gates <= 60 else 3)


def test_a_deep_chain_is_drawn() -> None:
    made = drawn("; ".join(["s0 = x", *(f"s{i} = sin(s{i - 1}) * x" for i in range(1, 1001))]), {"x": 1.0})
    assert made.layout.columns > 2000
    assert made.layout.crossings == crossings(made) == 0


def test_a_wire_that_forks_has_one_dot_at_each_fork() -> None:
    made = drawn("a = x + y; b = sin(a); c = cos(b); f = a * b * c * a", {"x": 1.0, "y": 2.0})
    ends = [len(uses) for uses in made.scene.uses()]
    for forks, routes_from in zip(made.layout.forks, ends, strict=True):
        assert len(forks) < max(routes_from, 1)
        assert bool(forks) == (routes_from > 1)


def test_the_layout_needs_boxes_alone() -> None:
    made = layout([Box(10, 10, 5, ()), Box(10, 10, 5, (0.0,)), Box(10, 20, 5, (-3.0, 3.0))], [(), (0,), (0, 1)])
    assert made.corners[0][0] < made.corners[1][0] < made.corners[2][0]
    assert made.routes[2][0][-1][1] < made.routes[2][1][-1][1]
