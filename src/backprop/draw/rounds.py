"""Equal rounds of a loop, drawn as one.

The last round stays, with its own numbers; a node `… 19 rounds` stands for each value that it has from those before it.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from backprop.draw.scene import INPUTS, NUMBERS, STAGES, Node, Scene
from backprop.library.rounds import Loop, Order, line_of, next_loop, place_in_code
from backprop.numbers.shapes import shape_of


class Folded(NamedTuple):
    """A picture with its loops folded, and of each how often it goes round, by the line of code where it begins."""

    scene: Scene
    loops: list[tuple[int, int]]


def rolled(scene: Scene) -> Folded:
    """The picture with every loop folded, the outer ones first."""
    loops: list[tuple[int, int]] = []
    while True:
        order = [index for index, node in enumerate(scene.nodes) if node.kind == STAGES]
        found = next_loop(order_of(scene, order))
        if found is None:
            return Folded(scene, loops)
        loops.append((line_of(scene.run.circuit, scene.nodes[order[found.start]].wire), found.rounds))
        scene = without(scene, order, found)


def order_of(scene: Scene, order: list[int]) -> Order:
    """The gates of a picture, for the search of loops."""
    inputs = {index: scene.nodes[index].inputs for index in order}
    numbers = {index for index, node in enumerate(scene.nodes) if node.kind == NUMBERS}
    return Order(order, inputs, [kind_of(scene, scene.nodes[index]) for index in order], numbers)


def kind_of(scene: Scene, node: Node) -> Any:
    """What two gates have in common that are the same one in two rounds; None outside of code."""
    place = place_in_code(scene.run.circuit, node.wire)
    return place and (place, re.sub(r"\d+", "0", node.label), len(node.inputs), shape_of(node.value))


# ── the picture without them ──


def without(scene: Scene, order: list[int], loop: Loop) -> Scene:
    """A picture in which the rounds before the last one are nodes of their own."""
    gone = earlier_rounds(scene, order, loop)
    inside = set(order[loop.start + (loop.rounds - 1) * loop.length :][: loop.length])
    nodes: list[Node] = []
    new: dict[int, int] = {}
    more: dict[int, int] = {}

    def taken(index: int) -> int:
        """The new place of a node; of one of an earlier round, that of what stands for these."""
        if index not in gone:
            return new[index]
        if index not in more:
            found = standing_for(scene.nodes, order, gone, loop, index)
            inputs = tuple(new[one] for one in found.inputs)
            more[index] = len(nodes)
            nodes.append(found._replace(inputs=inputs))
        return more[index]

    for index, node in enumerate(scene.nodes):
        if index in gone:
            continue
        slots = [*range(len(node.inputs))] if index in inside else one_of_rounds(node, gone)
        inputs = tuple([taken(node.inputs[slot]) for slot in slots])
        new[index] = len(nodes)
        expression = node.expression if len(slots) == len(node.inputs) else f"{node.label}(…)"
        local, sent = picked(node.local, slots), picked(node.sent, slots)
        nodes.append(node._replace(inputs=inputs, local=local, sent=sent, expression=expression))
    return pruned(scene._replace(nodes=nodes, output=new[scene.output]))


def earlier_rounds(scene: Scene, order: list[int], loop: Loop) -> dict[int, tuple[int, int]]:
    """The nodes of the rounds before the last, with their rounds and what each is in the last; those too that are made
    of a value of one round behind the loop, where the last one has the like."""
    last = loop.start + (loop.rounds - 1) * loop.length
    gone = {
        order[at]: ((at - loop.start) // loop.length, order[last + (at - loop.start) % loop.length])
        for at in range(loop.start, last)
    }
    behind = order[last + loop.length :]
    like = {(kind_of(scene, scene.nodes[index]), scene.nodes[index].inputs): index for index in behind}
    for index in behind:
        node = scene.nodes[index]
        rounds = [gone[source][0] for source in node.inputs if source in gone]
        inputs = tuple([gone[source][1] if source in gone else source for source in node.inputs])
        there = like.get((kind_of(scene, node), inputs)) if rounds and len(set(rounds)) == 1 else None
        if there is not None and index != scene.output:
            gone[index] = (rounds[0], there)
    return gone


def picked(values: tuple[Any, ...], slots: Any) -> tuple[Any, ...]:
    return tuple(values[slot] for slot in slots)


def one_of_rounds(node: Node, gone: dict[int, tuple[int, int]]) -> list[int]:
    """The operands of a gate behind a loop, of which that of the latest round stands for those of all earlier ones."""
    latest: dict[int, int] = {}
    for slot, source in enumerate(node.inputs):
        if source in gone:
            there = gone[source][1]
            if there not in latest or gone[source][0] >= gone[node.inputs[latest[there]]][0]:
                latest[there] = slot
    return [slot for slot, one in enumerate(node.inputs) if one not in gone or latest[gone[one][1]] == slot]


def standing_for(nodes: list[Node], order: list[int], gone: dict[int, tuple[int, int]], loop: Loop, index: int) -> Node:
    """A node for the rounds up to a value of one of them, fed by what stands there before the first of them, or else by
    what enters that one."""
    count, there = gone[index][0] + 1, gone[index][1]
    entering: dict[int, None] = {}
    rounds = order[loop.start :][: 2 * loop.length]
    for first, second in zip(rounds[: loop.length], rounds[loop.length :], strict=True):
        for source, carried in zip(nodes[first].inputs, nodes[second].inputs, strict=True):
            if source not in gone and gone.get(carried) == (0, there):
                entering.setdefault(source)
    outside = [s for first in rounds[: loop.length] for s in nodes[first].inputs if s not in gone and s < index]
    entering = entering or dict.fromkeys(outside[:1])
    inputs = tuple([one for one in entering if nodes[one].kind != NUMBERS])
    nothing: tuple[Any, ...] = (None,) * len(inputs)
    text = f"{count} round{'s' * (count > 1)}"
    return nodes[index]._replace(label=f"… {text}", expression=text, inputs=inputs, local=nothing, sent=nothing)


def pruned(scene: Scene) -> Scene:
    """A picture without the numbers that feed nothing any more; an input that only earlier rounds take feeds these."""
    used = {source for node in scene.nodes for source in node.inputs}
    rounds = [index for index, node in enumerate(scene.nodes) if node.label.startswith("…")]
    nodes: list[Node] = []
    new: dict[int, int] = {}
    alone = [i for i, node in enumerate(scene.nodes) if i not in used and node.kind == INPUTS and i != scene.output]
    for index, node in enumerate(scene.nodes):
        if node.kind == NUMBERS and index not in used:
            continue
        inputs = node.inputs
        if rounds and index == rounds[0]:
            inputs = (*inputs, *[one for one in alone if one < index])
            node = node._replace(local=(None,) * len(inputs), sent=(None,) * len(inputs))
        new[index] = len(nodes)
        nodes.append(node._replace(inputs=tuple(new[source] for source in inputs)))
    return scene._replace(nodes=nodes, output=new[scene.output])
