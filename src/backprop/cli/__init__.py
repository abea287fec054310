"""The command line: one small module per command, imported when it is called."""

from __future__ import annotations

import os
import sys

import click

from backprop import __version__

COMMANDS = {
    "eval": "backprop.cli.evaluate",
    "explain": "backprop.cli.explain",
    "check": "backprop.cli.check",
    "nudge": "backprop.cli.nudge",
    "draw": "backprop.cli.draw",
    "code": "backprop.cli.code",
    "map": "backprop.cli.map",
    "minimize": "backprop.cli.minimize",
    "gates": "backprop.cli.gates",
    "help": "backprop.cli.help",
}


class HelpContext(click.Context):
    """A context that formats help in the width of the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        from backprop.cli.help import Formatter

        return Formatter()


class Commands(click.Group):
    """A group that imports a command when it is asked for."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        from importlib import import_module

        command: click.Command = import_module(COMMANDS[name]).command
        command.context_class = HelpContext
        return command

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, with its examples broken as a shell reads them."""
        from backprop.cli.help import write_text

        write_text(self.help or "", formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with all of its first sentence."""
        from backprop.cli.help import write_commands

        write_commands(self, ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A word that is no command gets the nearest one, or, where it is a formula, `eval` itself."""
        if args[0] not in COMMANDS:
            from backprop.cli.failures import unknown_command

            raise unknown_command(args[0], COMMANDS)
        return super().resolve_command(ctx, args)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="backprop")
def commands() -> None:
    """A gradient calculator: every intermediate value and gradient of a formula.

    \b
    backprop eval "(x+y)*z" --x -2 --y 5 --z -4
    backprop help eval
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its status: 0 done, 1 the answer is no, 2 it was asked wrongly."""
    words = [as_text(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    try:
        if "_BACKPROP_COMPLETE" in os.environ:
            from backprop.cli.completion import respond

            return respond(commands, os.environ["_BACKPROP_COMPLETE"], words)
        status = commands.main(args=words, prog_name="backprop", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BaseException as error:
        from backprop.cli.failures import status_of

        status = status_of(error, words)
    sys.exit(status if isinstance(status, int) else 0)


def as_text(word: str) -> str:
    """A word of the command line. In a locale that cannot say it, Python leaves bytes in it, which are UTF-8."""
    if word.isascii():
        return word
    try:
        return os.fsencode(word).decode("utf-8")
    except UnicodeDecodeError:
        return word
