"""The way in of the command: a module of its own, for another package named `backprop` may lie where ours was."""

from __future__ import annotations

import gc
import os
import sys

INTERRUPTED = 130  # what a shell says of Ctrl-C


def main() -> None:
    """Run the command line, or say in one line that what is imported as `backprop` is not this program."""
    gc.set_threshold(50_000)  # what a start makes stays: a collector that visits it finds nothing
    try:
        from backprop.cli import main as run
    except ImportError:
        if is_ours():
            raise
        sys.exit(
            "error: another package named backprop has taken this one's place: "
            'pip uninstall backprop backprop-cli, then, in the checkout of this one, pip install "."'
        )
    try:
        run()
    except SystemExit as end:
        leave(end.code)
        raise


def leave(status: object) -> None:
    """End at once, all being written, where nothing waits to be taken down: that alone takes longer than an answer.

    Threads, and whatever registers what is to be done at the end, come with modules that import `threading`: there the
    collector is told that all is in use, which is most of what the end takes. What was interrupted waits for none of
    them: one whose start was interrupted never ends.
    """
    if ("threading" in sys.modules and status != INTERRUPTED) or not isinstance(status, int):
        gc.freeze()
        return
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(status)


def is_ours() -> bool:
    """Whether `backprop` is this program's package."""
    return hasattr(sys.modules.get("backprop"), "evaluate")
