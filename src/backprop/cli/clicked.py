"""The commands as click knows them, made of the same data: for help, completion, and whatever is not plain."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from typing import Any

import click

from backprop import __version__
from backprop.cli.failures import unknown_command
from backprop.cli.options import COMMANDS, Choice, Command, Parameter, Range, command_named
from backprop.cli.words import Call, Words, sorted_words
from backprop.errors import Problem


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
        spec = command_named(name)
        command: click.Command = import_module(COMMANDS[name]).command if spec is None else SpecCommand(spec)
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


class SpecCommand(click.Command):
    """A command that is built from its data; with variables, those of its expression are options too."""

    def __init__(self, spec: Command) -> None:
        super().__init__(
            spec.name, params=[built_parameter(one) for one in spec.parameters], callback=self.call, help=spec.help,
            options_metavar=spec.usage,
        )  # fmt: skip
        self.spec, self.several = spec, spec.several
        self.variables_help = spec.variables_help if spec.variables else ""

    def call(self, **values: Any) -> int | None:
        """Do what is asked."""
        ctx = click.get_current_context()
        words = ctx.meta.get("words") or Words({})
        return self.spec.function(Call(self.spec, words, ctx.command_path), **values)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing or not self.spec.variables:  # a shell asks how an unfinished line could go on
            return super().parse_args(ctx, args)
        words = sorted_words(self.spec, args)
        ctx.meta["words"] = words
        return super().parse_args(ctx, [*words.options, "--", *words.positional])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, with its examples broken as a shell reads them."""
        from backprop.cli.help import write_text

        write_text(self.help or "", formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options; those of the variables first, where there is an expression."""
        if self.spec.variables:
            rows = [(f"--{name} VALUE", f"The value of {name}.") for name in variables_of(ctx.meta.get("words"))]
            with formatter.section("Variables"):
                formatter.write_dl(rows or [("--x VALUE", self.variables_help)])
        super().format_options(ctx, formatter)


def variables_of(words: Words | None) -> list[str]:
    """The variables of the expression that is among the words, if there is one."""
    from backprop.library import Compiled

    if words is not None and words.positional:
        with suppress(Problem):
            return Compiled(words.positional[0]).variables
    return []


def built_parameter(parameter: Parameter) -> click.Parameter:
    """The option or argument of click's."""
    more: dict[str, Any] = {"shell_complete": parameter.shell_complete} if parameter.shell_complete else {}
    if not parameter.flags:
        return click.Argument(
            [parameter.name], required=parameter.required, nargs=parameter.count, metavar=parameter.metavar, **more
        )
    if parameter.default is not None:
        more["default"] = parameter.default
    return click.Option(
        list(parameter.names), type=built_type(parameter.type), metavar=parameter.metavar, is_flag=parameter.is_flag,
        multiple=parameter.multiple, show_default=parameter.show_default, help=parameter.help, **more,
    )  # fmt: skip


def built_type(kind: Choice | Range | None) -> click.ParamType[Any] | None:
    """The type of click's."""
    if isinstance(kind, Choice):
        return click.Choice(kind.choices)
    return None if kind is None else click.IntRange(kind.least, kind.most)
