"""The command line: one small module per command, imported when it is called."""

from __future__ import annotations

import os
import sys

from backprop import __version__


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status: 0 done, 1 the answer is no, 2 it was asked wrongly."""
    words = [as_text(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    try:
        status = answered(words)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:
        from backprop.cli.failures import status_of

        status = status_of(error, words)
    sys.exit(status if isinstance(status, int) else 0)


def answered(words: list[str]) -> int | None:
    """Do what the words ask: a plain line by itself, what is odd by click."""
    if "_BACKPROP_COMPLETE" in os.environ:
        from backprop.cli.completion import respond

        respond(os.environ["_BACKPROP_COMPLETE"], words)
        return 0
    if words == ["--version"]:
        from backprop.cli.output import write

        write(f"backprop, version {__version__}\n", None)
        return 0
    if not words:
        from backprop.cli.failures import write_error
        from backprop.cli.help import overview

        write_error(f"{overview()}\n")
        return 2
    from backprop.cli.plain import read

    plain = read(words)
    if plain is not None:
        return plain()
    from backprop.cli.clicked import commands

    status: int | None = commands.main(args=words, prog_name="backprop", standalone_mode=False)
    return status


def as_text(word: str) -> str:
    """A word of the command line. In a locale that cannot say it, Python leaves bytes in it, which are UTF-8."""
    if word.isascii():
        return word
    try:
        return os.fsencode(word).decode("utf-8")
    except UnicodeDecodeError:
        return word
