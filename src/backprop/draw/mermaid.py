"""A circuit as a Mermaid flowchart. Whatever is no letter, digit or blank is written as an entity."""

from __future__ import annotations

from backprop.draw.boxes import label_of
from backprop.draw.edges import COLOURS, edges
from backprop.draw.scene import STAGES, Scene


def mermaid(scene: Scene, *, values: bool = True) -> str:
    """The circuit as a flowchart from left to right."""
    lines = ["flowchart LR"]
    for index, node in enumerate(scene.nodes):
        opening, closing, role = ("(", ")", "gate") if node.kind == STAGES else ("[", "]", "input")
        lines.append(f'  n{index}{opening}"{quoted(label_of(node))}"{closing}:::{role}')
    lines.append('  out[" "]:::input')
    for edge in edges(scene, coloured, values=values):
        text = f'|"{edge.text}"|' if edge.text else ""
        lines.append(f"  {edge.source} -->{text} {edge.target}")
    lines.append(f"  classDef gate fill:{COLOURS.gate},stroke:{COLOURS.edge},color:{COLOURS.text}")
    lines.append("  classDef input fill:none,stroke:none")
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    return "".join(c if c.isalnum() or c == " " else f"#{ord(c)};" for c in text)


def coloured(text: str, colour: str) -> str:
    return f"<span style='color:{colour}'>{text}</span>"
