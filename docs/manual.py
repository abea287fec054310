"""Man pages, out of the texts of --help: `python docs/manual.py FOLDER` writes them, `pytest --update` docs/man."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from backprop import __version__
from backprop.cli.help import ABOUT, OWN_OPTIONS, OWN_USAGE, first_sentence, options, summary, usage
from backprop.cli.options import COMMANDS, Command, command_named

EXIT = """\
.SH EXIT STATUS
0 done; 1 the work was done and its answer is no; 2 it was asked wrongly.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The name of each page's file, and its text."""
    yield "backprop.1", main_page()
    for name in COMMANDS:
        yield f"backprop-{name}.1", command_page(command_named(name))


def main_page() -> str:
    """The page of the program: its commands."""
    found = [f".TP\n.BR backprop\\-{name} (1)\n{escaped(summary(name))}\n" for name in COMMANDS]
    return "".join([*head("backprop", OWN_USAGE, ABOUT), ".SH COMMANDS\n", *found, *listed(OWN_OPTIONS), EXIT])


def command_page(command: Command) -> str:
    """The page of a command: its text, and its options."""
    says = command.variables_help if command.variables else ""
    variables = [f".SH VARIABLES\n.TP\n.B \\-\\-x VALUE\n{escaped(says)}\n"] if says else []
    see = ".SH SEE ALSO\n.BR backprop (1)\n"
    start = head(f"backprop {command.name}", usage(command), command.help)
    return "".join([*start, *variables, *listed(options(command)), EXIT, see])


def listed(rows: list[tuple[str, str]]) -> Iterator[str]:
    """Options, and what they mean."""
    yield ".SH OPTIONS\n"
    yield from (f".TP\n.B {escaped(words)}\n{escaped(meaning)}\n" for words, meaning in rows)


def head(path: str, behind: str, text: str) -> Iterator[str]:
    """Name, synopsis and description, which all pages have."""
    name, text = path.replace(" ", "-"), cleandoc(text)
    yield f'.TH "{escaped(name.upper())}" 1 "" "backprop {__version__}" "User Commands"\n'
    yield f".SH NAME\n{escaped(name)} \\- {escaped(first_sentence(text).rstrip('.'))}\n"
    yield f".SH SYNOPSIS\n.B {escaped(path)}\n{escaped(behind)}\n"
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
