"""A circuit as a Mermaid flowchart. Whatever is no letter, digit or blank is written as an entity."""

from __future__ import annotations

from backprop.draw.boxes import label_of
from backprop.draw.edges import edges
from backprop.draw.scene import STAGES, Scene
from backprop.show.palette import PALETTES

COLOURS = PALETTES["light"]


def mermaid(scene: Scene, *, values: bool = True) -> str:
    """The circuit as a flowchart from left to right."""
    lines = ["flowchart LR"]
    for index, node in enumerate(scene.nodes):
        opening, closing, role = ("(", ")", "gate") if node.kind == STAGES else ("[", "]", "input")
        lines.append(f'  n{index}{opening}"{quoted(label_of(node))}"{closing}:::{role}')
    lines.append('  out[" "]:::input')
    for edge in edges(scene, values=values):
        end = "out" if edge.target is None else f"n{edge.target}"
        texts = [coloured(edge.value, COLOURS.value), coloured(edge.gradient, COLOURS.gradient)]
        text = "<br/>".join(filter(None, texts))
        lines.append(f'  n{edge.source} -->|"{text}"| {end}' if text else f"  n{edge.source} --> {end}")
    lines.append(f"  classDef gate fill:{COLOURS.gate},stroke:{COLOURS.edge},color:{COLOURS.text}")
    lines.append("  classDef input fill:none,stroke:none")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A text for a label in quotes."""
    return "".join(c if c.isalnum() or c == " " else f"#{ord(c)};" for c in text)


def coloured(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{text}</span>" if text else ""
