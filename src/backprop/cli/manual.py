"""Man pages, out of the same texts as --help: `python -m backprop.cli.manual FOLDER` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click

from backprop import __version__
from backprop.cli.clicked import commands
from backprop.cli.help import first_sentence

EXIT = """\
.SH EXIT STATUS
0 done; 1 the work was done and its answer is no; 2 it was asked wrongly.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page's file, and its text."""
    with click.Context(commands, info_name="backprop", **commands.context_settings) as ctx:
        yield "backprop.1", main_page(ctx)
        for name in commands.list_commands(ctx):
            command = commands.get_command(ctx, name)
            assert command is not None
            with click.Context(command, info_name=name, parent=ctx) as inner:
                yield f"backprop-{name}.1", command_page(command, inner)


def main_page(ctx: click.Context) -> str:
    """The page of the program: its commands."""
    found = []
    for name in commands.list_commands(ctx):
        command = commands.get_command(ctx, name)
        assert command is not None
        found.append(f".TP\n.BR backprop\\-{name} (1)\n{escaped(first_sentence(command.help or ''))}\n")
    return "".join([*head(commands, ctx), ".SH COMMANDS\n", *found, *options(commands, ctx), EXIT])


def command_page(command: click.Command, ctx: click.Context) -> str:
    """The page of a command: its text, and its options."""
    says = getattr(command, "variables_help", "")
    variables = [f".SH VARIABLES\n.TP\n.B \\-\\-x VALUE\n{escaped(says)}\n"] if says else []
    see = ".SH SEE ALSO\n.BR backprop (1)\n"
    return "".join([*head(command, ctx), *variables, *options(command, ctx), EXIT, see])


def options(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """The options of a command."""
    yield ".SH OPTIONS\n"
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is not None and isinstance(param, click.Option):
            words, meaning = record
            yield f".TP\n.B {escaped(words)}\n{escaped(meaning)}\n"


def head(command: click.Command, ctx: click.Context) -> Iterator[str]:
    """Name, synopsis and description, which all pages have."""
    name = ctx.command_path.replace(" ", "-")
    text = cleandoc(command.help or "")
    yield f'.TH "{escaped(name.upper())}" 1 "" "backprop {__version__}" "User Commands"\n'
    yield f".SH NAME\n{escaped(name)} \\- {escaped(first_sentence(text).rstrip('.'))}\n"
    yield f".SH SYNOPSIS\n.B {escaped(ctx.command_path)}\n{escaped(' '.join(command.collect_usage_pieces(ctx)))}\n"
    paragraphs = text.split("\n\n")
    yield ".SH DESCRIPTION\n"
    yield from (f".PP\n{escaped(' '.join(one.split()))}\n" for one in paragraphs if not one.startswith("\b"))
    examples = [one.removeprefix("\b\n") for one in paragraphs if one.startswith("\b")]
    if examples:
        yield ".SH EXAMPLES\n.nf\n" + "".join(f"{escaped(one)}\n" for one in examples) + ".fi\n"


def escaped(text: str) -> str:
    """A text for roff, which reads backslashes, hyphens, and dots and quotes that begin a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in text.split("\n"))


def write(folder: Path) -> None:
    """Write the pages into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
