"""`backprop help`: the texts that --help prints, and the list of commands."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from shutil import get_terminal_size

import click

from backprop.cli.output import encoded

WIDEST = 100
NARROW = 60  # columns below which what a term means stands under it


class Formatter(click.HelpFormatter):
    """Help as wide as the terminal, which click does not believe to be narrower than 50 columns."""

    def __init__(self) -> None:
        super().__init__(width=max(20, min(get_terminal_size().columns, WIDEST) - 2))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(list(rows), col_max if self.width >= NARROW else 4, col_spacing)

    def getvalue(self) -> str:
        """The text, in characters that standard output has."""
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        return encoded(super().getvalue(), encoding).decode(encoding)


@click.command("help")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Show how COMMAND is used, or list the commands.

    \b
    backprop help
    backprop help check
    """
    group = ctx.parent
    assert group is not None
    assert isinstance(group.command, click.Group)
    if name is None:
        click.echo(group.get_help())
        return
    _, found, _ = group.command.resolve_command(group, [name])
    assert found is not None
    with found.context_class(found, info_name=name, parent=group) as inner:
        click.echo(found.get_help(inner))


def write_commands(group: click.Group, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """The commands, each with all of its first sentence."""
    rows = []
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        assert found is not None
        rows.append((name, first_sentence(found.help or "")))
    with formatter.section("Commands"):
        formatter.write_dl(rows)


def write_text(text: str, formatter: click.HelpFormatter) -> None:
    """The paragraphs of a help text; a line of an example that is too long goes on in the next one."""
    from inspect import cleandoc

    with formatter.indentation():
        for paragraph in cleandoc(text).split("\n\n"):
            formatter.write_paragraph()
            if paragraph.startswith("\b\n"):
                width = formatter.width - formatter.current_indent
                for line in paragraph.removeprefix("\b\n").splitlines():
                    for part in continued(line, width):
                        formatter.write(f"{'':{formatter.current_indent}}{part}\n")
            else:
                formatter.write_text(" ".join(paragraph.split()))


def continued(line: str, width: int) -> list[str]:
    """A line of shell in lines of a width; an option and its value stay together, and so does what is quoted."""
    lines: list[str] = []
    units = re.findall(r'(?:-\S+ (?!--)|\| )?(?:"[^"]*"|\S)+', line)
    for number, unit in enumerate(units):
        rest = 0 if number == len(units) - 1 else 2
        if lines and len(f"{lines[-1]} {unit}") + rest <= width:
            lines[-1] += f" {unit}"
        else:
            lines.append(f"    {unit}" if lines else unit)
    return [f"{part} \\" for part in lines[:-1]] + lines[-1:]


def first_sentence(text: str) -> str:
    """Up to the first full stop, on one line."""
    line = " ".join(text.partition("\n\n")[0].split())
    sentence, stop, _ = line.partition(". ")
    return sentence + "." if stop else line
