"""The circuit as a page: one file that asks for nothing, steps through both passes, and recomputes as inputs move.

Its security policy allows the one style sheet and the one script that are in it, by their hashes, and nothing else.
Texts of the user's are in the page as text, and in the script as JSON; the passes are code, but no name in them is the
user's.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from math import isfinite

from backprop.differentiate import rules
from backprop.draw.boxes import ABOVE, BELOW, NAME, Picture, label_of, name_of, picture
from backprop.draw.program import javascript
from backprop.draw.scene import NUMBERS, Node, Scene, opened
from backprop.draw.svg import escape, line, outline, size, text, title, view_box, wires
from backprop.errors import Problem
from backprop.errors.spans import visible
from backprop.errors.spelling import option
from backprop.library import Evaluation
from backprop.library.stages import operand
from backprop.show.palette import PALETTES


def page(evaluation: Evaluation) -> str:
    """The whole file. Calls of the user's functions are opened: it steps through each gate."""
    if evaluation.run.arrays:
        hint = f"draw it as a picture: {option('-o', 'circuit.svg')}"
        raise Problem("shape", "a page computes with numbers, and this has arrays", hint=hint)
    scene = opened(evaluation.run, evaluation.gradients)
    placed = picture(scene, live=True)
    style = colours(placed) + resource("page.css")
    script = f"{data(scene)}\n{javascript(scene, scene.run.ties)}\n{resource('page.js')}"
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = {
        "POLICY": policy,
        "TITLE": escape(title(scene)),
        "FORMULA": escape(scene.formula),
        "STYLE": style,
        "CIRCUIT": "\n".join(circuit(placed)),
        "SCRIPT": script,
    }
    return re.sub(r"@@([A-Z]+)@@", lambda found: parts[found[1]], resource("page.html"))


def resource(name: str) -> str:
    return files("backprop.draw").joinpath(name).read_text(encoding="utf-8")


def digest(content: str) -> str:
    """The hash by which a policy names what it allows."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def colours(placed: Picture) -> str:
    """The palettes as variables: that of the system, or the one that was chosen; and the size of the picture."""
    width, height = size(placed)
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in PALETTES[theme]._asdict().items())
        for theme in ("light", "dark")
    )
    return (
        f":root{{--wide:{width:.0f}px;--high:{height:.0f}px;color-scheme:light;{light}}}\n"
        f"@media(prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}\n"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}\n"
    )


# ── data ──


def data(scene: Scene) -> str:
    """What the script knows of the nodes, as constants."""
    point = [node.value for node in scene.nodes if node.kind == "input"]
    values = {"nodes": [node_data(scene, node) for node in scene.nodes], "output": scene.output}
    constants = [f"const {name} = {json_text(value)};" for name, value in values.items()]
    constants.append(f"const point = [{', '.join(map(number, point))}];")
    return "\n".join([*constants, f"const upstream = {number(scene.run.upstream)};"])


def json_text(value: object) -> str:
    """JSON that can stand in a script: no text in it ends the script, or a line."""
    made = json.dumps(value, ensure_ascii=True)
    return made.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def number(value: float) -> str:
    return repr(value) if isfinite(value) else "NaN" if value != value else f"{'-' if value < 0 else ''}Infinity"


def node_data(scene: Scene, node: Node) -> dict[str, object]:
    return {
        "kind": node.kind,
        "name": visible(node.name),
        "label": label_of(node),
        "expression": visible(node.expression),
        "inputs": node.inputs,
        "varies": node.gradient is not None,
        "backward": list(backward_lines(scene, node)),
    }


def backward_lines(scene: Scene, node: Node) -> Iterator[str]:
    """What a gate does in the backward pass, as lines of code: `dx += y * dq`."""
    circuit = scene.run.circuit
    if not node.inputs or node.gradient is None:
        return
    uses = scene.uses()
    inputs, gate = circuit.inputs[node.wire], circuit.gates[node.wire]
    wanted = tuple(bool(circuit.active[source]) for source in inputs)
    texts = rules.rule_texts(gate, len(inputs), scene.run.ties, wanted, textbook=True)
    operands = [operand(scene.run, scene.names, source) for source in inputs]
    scope = dict(zip((*gate.names(len(inputs)), "out"), (*operands, node.name), strict=True))
    for source, slot in zip(node.inputs, scene.slots(node), strict=True):
        rule = texts[slot]
        if rule is not None:
            plus = "+=" if len(uses[source]) > 1 else "="
            name = scene.nodes[source].name
            yield f"d{name} {plus} {product(rule, scope, node.name)}"


def product(rule: str, scope: dict[str, str | float], name: str) -> str:
    """Local gradient times upstream."""
    if rule in ("1", "-1"):
        return f"{rule.removesuffix('1')}d{name}"
    return rules.substituted(f"({rule}) * g", {**scope, "g": f"d{name}"})


# ── the picture ──


def circuit(placed: Picture) -> Iterator[str]:
    """The circuit, whose texts the script writes. What is spoken is in the labels of its nodes."""
    yield f'<svg id="circuit" viewBox="{view_box(placed)}" role="group" aria-label="Gates">'
    yield from wires(placed, live=True)
    for index in range(len(placed.scene.nodes)):
        yield "".join(node_parts(placed, index))
    yield "</svg>"


def node_parts(placed: Picture, index: int) -> Iterator[str]:
    """A node, which can be pointed at and reached by the keyboard."""
    node, frame = placed.scene.nodes[index], placed.frames[index]
    left, top = placed.layout.corners[index]
    places = placed.places(index)
    yield f'<g class="node" id="n{index}" tabindex="0" role="img" aria-label="{escape(node.name)}">'
    yield (
        f'<rect class="hit" x="{left:.1f}" y="{top:.1f}" width="{frame.box.width:.1f}"'
        f' height="{frame.box.height:.1f}" rx="6"/>'
    )
    into = f' data-into="{index}"'
    for slot, source in enumerate(node.inputs):
        yield line(*places.inputs[slot]).replace('"wire"', f'"wire"{into}')
        if placed.forks[source]:
            yield hidden(f"c{index}_{slot}", "share", *places.shares[slot])
    yield line(*places.output).replace('"wire"', f'"wire"{into}')
    yield from outline(node, frame, places)
    if name_of(node):
        yield text("name", places.numbers, places.height - NAME, name_of(node))
    if node.kind != NUMBERS:
        yield hidden(f"v{index}", "value", places.numbers, places.height - ABOVE)
        yield hidden(f"d{index}", "gradient", places.numbers, places.height + BELOW)
    yield "</g>"


def hidden(name: str, role: str, x: float, y: float) -> str:
    """A text that the script writes."""
    return f'<text id="{name}" class="{role}" aria-hidden="true" x="{x:.1f}" y="{y:.1f}"></text>'
