"""The commands as click knows them, made of the same data, for whatever is not plain."""

from __future__ import annotations

from typing import Any

import click

from backprop import __version__
from backprop.cli.failures import unknown_command
from backprop.cli.help import overview, page
from backprop.cli.options import COMMANDS, Choice, Command, Parameter, Range, command_named
from backprop.cli.words import Call, Words, sorted_words


class Commands(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return SpecCommand(command_named(name)) if name in COMMANDS else None

    def get_help(self, ctx: click.Context) -> str:
        """The page of the program."""
        return overview()

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
    """The program."""


class SpecCommand(click.Command):
    """A command that is built from its data; with variables, those of its expression are options too."""

    def __init__(self, spec: Command) -> None:
        super().__init__(
            spec.name, params=[built_parameter(one) for one in spec.parameters], callback=self.call, help=spec.help,
            options_metavar=spec.usage,
        )  # fmt: skip
        self.spec = spec

    def call(self, **values: Any) -> int | None:
        """Do what is asked."""
        ctx = click.get_current_context()
        words = ctx.meta.get("words") or Words({})
        return self.spec.function(Call(self.spec, words, ctx.command_path), **values)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not self.spec.variables:
            return super().parse_args(ctx, args)
        words = sorted_words(self.spec, args)
        ctx.meta["words"] = words
        return super().parse_args(ctx, [*words.options, "--", *words.positional])

    def get_help(self, ctx: click.Context) -> str:
        """The page of the command."""
        return page(self.spec, ctx.meta.get("words"))


def built_parameter(parameter: Parameter) -> click.Parameter:
    """The option or argument of click's."""
    if not parameter.flags:
        return click.Argument(
            [parameter.name], required=parameter.required, nargs=parameter.count, metavar=parameter.metavar
        )
    more = {} if parameter.default is None else {"default": parameter.default}
    return click.Option(
        list(parameter.names), type=built_type(parameter.type), metavar=parameter.metavar, is_flag=parameter.is_flag,
        multiple=parameter.multiple, show_default=parameter.show_default, help=parameter.help, **more,
    )  # fmt: skip


def built_type(kind: Choice | Range | None) -> click.ParamType[Any] | None:
    return None if kind is None else Word(kind) if isinstance(kind, Choice) else Number(kind)


def converted(kind: Choice | Range, value: Any, param: click.Parameter | None) -> Any:
    """What a value stands for; a default is what it is."""
    found = kind.read(value) if isinstance(value, str) else value
    if found is None:
        raise kind.refusal(param.opts[0] if param else "", value)
    return found


class Word(click.Choice[str]):
    """One word of several."""

    def __init__(self, kind: Choice) -> None:
        super().__init__(kind.choices)
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return converted(self.kind, value, param)


class Number(click.IntRange):
    """A whole number with bounds."""

    def __init__(self, kind: Range) -> None:
        super().__init__(kind.least, kind.most)
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return converted(self.kind, value, param)
