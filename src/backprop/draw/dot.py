"""A circuit in the language of Graphviz. Texts are HTML-like labels, in which nothing of the user's means anything."""

from __future__ import annotations

from backprop.draw.boxes import label_of
from backprop.draw.edges import COLOURS, OUT, edges
from backprop.draw.scene import STAGES, Node, Scene
from backprop.draw.svg import escape


def dot(scene: Scene, *, values: bool = True) -> str:
    """The circuit as a digraph, from left to right, its operands in their order."""
    lines = [
        "digraph circuit {",
        "  rankdir=LR; ordering=in; nodesep=0.25; ranksep=0.5; bgcolor=transparent;",
        '  node [fontname="Helvetica", fontsize=13];',
        f'  edge [fontname="Helvetica", fontsize=10, arrowsize=0.6, color="{COLOURS.wire}"];',
        *(f"  n{index} [{shape(node)}, label={label(node)}];" for index, node in enumerate(scene.nodes)),
        "  out [shape=point, style=invis];",
    ]
    for edge in edges(scene, coloured, values=values):
        attributes = [f"label=<{edge.text}>"] if edge.text else []
        if edge.target == OUT:
            attributes.append("arrowhead=none")
        lines.append(f"  {edge.source} -> {edge.target} [{', '.join(attributes)}];")
    return "\n".join([*lines, "}\n"])


def shape(node: Node) -> str:
    if node.kind == STAGES:
        return f'shape=box, style="rounded,filled", fillcolor="{COLOURS.gate}", color="{COLOURS.edge}", width=0.4'
    return "shape=plaintext, width=0, height=0, margin=0.02"


def label(node: Node) -> str:
    text = escape(label_of(node))
    return f"<{text}>" if node.kind == STAGES else f"<<i>{text}</i>>"


def coloured(text: str, colour: str) -> str:
    return f'<font color="{colour}">{text}</font>'
