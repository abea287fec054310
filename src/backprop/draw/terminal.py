"""The circuit on a terminal: as `wires` where they fit, and as `lanes` where they do not."""

from __future__ import annotations

from typing import NamedTuple

from backprop.draw.canvas import printed
from backprop.draw.lanes import lanes
from backprop.draw.scene import Scene
from backprop.draw.wires import LARGEST, connections, read, wires


class Screen(NamedTuple):
    """How many columns there are, and what they can show."""

    width: int
    colour: bool = False
    ascii_only: bool = False
    folds: bool = False  # whether a line that is too long would be broken anywhere


def draw(scene: Scene, screen: Screen, *, form: str | None = None, values: bool = True) -> tuple[str, str]:
    """The drawing, and a note if it is not the one that was asked for. `form` is "wires", "lanes", or None: what fits.

    No wires are shown before they were read back: where following their characters does not lead to the circuit, the
    lanes are drawn.
    """
    note = ""
    if form != "lanes" and (form == "wires" or len(scene.nodes) <= LARGEST):
        drawing = wires(scene, values=values, ascii_only=screen.ascii_only)
        rows = drawing.canvas.rows()
        right = read(rows, drawing) == connections(scene)
        if right and (form == "wires" or max(map(len, rows)) <= screen.width):
            return printed(rows, colour=screen.colour, ascii_only=screen.ascii_only), ""
        if not right and form == "wires":
            note = "the wires of this circuit cannot be drawn in characters so that they read well: here are its lanes"
    rows = lanes(scene, values=values, ascii_only=screen.ascii_only, room=screen.width if screen.folds else None)
    return printed(rows, colour=screen.colour, ascii_only=screen.ascii_only), note
