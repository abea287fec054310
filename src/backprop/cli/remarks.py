"""Remarks of the command line's own."""

from __future__ import annotations

import sys


def note(message: str, color: str) -> None:
    """A remark of the command line's own, on standard error."""
    from backprop.cli.failures import tell
    from backprop.errors.spelling import in_shell
    from backprop.show.messages import note_line
    from backprop.show.theme import wants_colour

    tell(note_line(in_shell(message), wants_colour(color, sys.stderr)))
