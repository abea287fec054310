"""A row for each node, in order of evaluation, with the values that are still needed as lanes beside it."""

from __future__ import annotations

from typing import Any

from backprop.draw.canvas import plain
from backprop.draw.figures import SMALL, short
from backprop.draw.scene import NUMBERS, STAGES, Scene
from backprop.errors.spans import visible, width
from backprop.numbers.shapes import shape_of
from backprop.show.fitting import wrapped
from backprop.show.grid import aligned, cell

Cells = list[list[tuple[str, str]]]


def lanes(scene: Scene, *, values: bool = True, ascii_only: bool = False, room: int | None = None) -> Cells:
    """The rows as cells; where they are wider than `room`, a node takes several lines."""
    order = in_order_of_use(scene)
    beside = lane_texts(scene, order)
    graphs = [graph for graph, _ in beside]
    nodes = [scene.nodes[index] for index in order]
    rename = plain if ascii_only else str
    names = [rename(visible(node.name)) for node in nodes]
    texts = [f" = {node.expression}" if node.kind == STAGES else "" for node in nodes]
    value = column([node.value if values and node.kind != NUMBERS else None for node in nodes])
    gradient = column([node.gradient if values else None for node in nodes])
    across = max(map(len, graphs)) + 2
    longest = max(width(name + text) for name, text in zip(names, texts, strict=True)) + 3
    rows: Cells = []
    for graph, name, text, above, below in zip(graphs, names, texts, value, gradient, strict=True):
        padding = " " * (longest - width(name + text))
        parts = [(graph.ljust(across), "wire"), (name, "name"), (text + padding, "expression")]
        parts += [(f"{above}   ", "value"), (below, "gradient")]
        rows.append([(character, role) for words, role in parts for character in words])
    if room is not None and max(map(len, rows)) > room:
        told = [[(f"{name}{text}", "name"), (above.strip(), "value"), (below.strip(), "gradient")]
                for name, text, above, below in zip(names, texts, value, gradient, strict=True)]  # fmt: skip
        return [row for lane, parts in zip(beside, told, strict=True) for row in in_lines(lane, parts, across, room)]
    return rows


def in_lines(lane: tuple[str, str], parts: list[tuple[str, str]], across: int, room: int) -> Cells:
    """A node with its value and its gradient below it, beside the lanes that go on."""
    graph, going_on = lane
    lines = [(part, role) for text, role in parts if text for part in wrapped(text, room - across - 2)]
    rows: Cells = []
    for number, (text, role) in enumerate(lines):
        inner = text if number == 0 else f"  {text}"
        words = [((going_on if number else graph).ljust(across), "wire"), (inner, role)]
        rows.append([(character, kind) for part, kind in words for character in part])
    return rows


def column(values: list[Any]) -> list[str]:
    """Numbers on their decimal points; arrays begin in the same column."""
    shaped = any(map(shape_of, values))
    texts = [cell(value, 6, one_line=True) if few(value) else short(value).replace("−", "-") for value in values]
    return [text.ljust(max(map(len, texts))) for text in texts] if shaped else aligned(texts)


def few(value: Any) -> bool:
    """Whether the elements of an array fit into a line."""
    return not shape_of(value) or value.size <= SMALL


def in_order_of_use(scene: Scene) -> list[int]:
    """The nodes in order of evaluation, inputs and numbers just before they are needed."""
    order: dict[int, None] = {}
    for index, node in enumerate(scene.nodes):
        if node.kind == STAGES:
            order.update(dict.fromkeys(source for source in node.inputs if scene.nodes[source].kind != STAGES))
            order[index] = None
    order.update(dict.fromkeys(range(len(scene.nodes))))
    return list(order)


def lane_texts(scene: Scene, order: list[int]) -> list[tuple[str, str]]:
    """What stands beside each row: the lanes, the wires that end in its node, and its mark; and what goes on below."""
    last = {}
    for index in order:
        for source in scene.nodes[index].inputs:
            last[source] = index
    lanes: list[int | None] = []
    rows = []
    for index in order:
        used = [lanes.index(source) for source in scene.nodes[index].inputs]
        ending = {lane for lane in used if last[lanes[lane]] == index}  # type: ignore[index]
        own = min(ending, default=lanes.index(None) if None in lanes else len(lanes))
        if own == len(lanes):
            lanes.append(None)
        mark = "○" if scene.nodes[index].kind != STAGES else "●" if index in last or index == scene.output else "■"
        row = lane_row(mark, lanes, used, ending, own)
        for lane in ending:
            lanes[lane] = None
        lanes[own] = index if index in last else None
        while lanes and lanes[-1] is None:
            lanes.pop()
        rows.append((row, "".join("  " if holds is None else "│ " for holds in lanes)))
    return rows


def lane_row(own_mark: str, lanes: list[int | None], used: list[int], ending: set[int], own: int) -> str:
    """One row: ● for a gate (■ if nothing uses it), ○ for an input, and every lane as it passes, forks, or ends."""
    first, final = min([own, *used]), max([own, *used])
    row = ""
    for lane, holds in enumerate(lanes):
        within = (lane > first, lane < final)
        if lane == own:
            mark = own_mark
        elif lane in ending:
            mark = {(True, False): "╯", (False, True): "╰"}.get(within, "┴")
        elif lane in used:
            mark = {(True, False): "┤", (False, True): "├"}.get(within, "╋")
        elif first < lane < final:
            mark = "┼" if holds is not None else "─"
        else:
            mark = "│" if holds is not None else " "
        row += mark + ("─" if first <= lane < final else " ")
    return row.rstrip()
