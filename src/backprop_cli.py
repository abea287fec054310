"""The way in of the command: a module of its own, for another package named `backprop` may lie where ours was."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or say in one line that what is imported as `backprop` is not this program."""
    try:
        from backprop.cli import main as run
    except ImportError:
        if is_ours():
            raise
        sys.exit(
            "error: another package named backprop has taken this one's place: "
            'pip uninstall backprop backprop-cli, then, in the checkout of this one, pip install "."'
        )
    run()


def is_ours() -> bool:
    """Whether `backprop` is this program's package."""
    return hasattr(sys.modules.get("backprop"), "evaluate")
