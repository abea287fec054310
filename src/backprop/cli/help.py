"""`backprop help`: the texts that --help prints, and the list of commands.

They are made of what the commands take (options.py) and not by click, whose import takes longer than all of this.
"""

from __future__ import annotations

import re
import sys

from backprop.cli.options import COMMANDS, SUMMARIES, Choice, Command, Parameter, Range, command_named, named, takes
from backprop.cli.output import write
from backprop.cli.words import Call, Words
from backprop.show.theme import columns_of

WIDEST = 100
NARROW = 60  # columns below which what a term means stands under it
GAP = 2  # between a term and what it means, and before both
HELP_OPTION = ("-h, --help", "Show this message and exit.")
OWN_USAGE = "[OPTIONS] COMMAND [ARGS]..."
OWN_OPTIONS = [("--version", "Show the version and exit."), HELP_OPTION]
ABOUT = """A gradient calculator: every intermediate value and gradient of a formula.

    \b
    backprop eval "(x+y)*z" --x -2 --y 5 --z -4
    backprop help eval
    """


@named("help")
@takes("name", metavar="[COMMAND]")
def command(call: Call, name: str | None) -> None:
    """Show how COMMAND is used, or list the commands.

    \b
    backprop help
    backprop help check
    """
    if name is None:
        show(overview())
        return
    if name not in COMMANDS:
        from backprop.cli.failures import unknown_command

        raise unknown_command(name, COMMANDS)
    show(page(command_named(name)))


def show(text: str) -> None:
    """Print a page."""
    write(f"{text}\n", None)


def overview() -> str:
    """What the program is, and its commands, each with all of its first sentence."""
    writer = Writer("backprop", OWN_USAGE, ABOUT)
    writer.section("Options", OWN_OPTIONS)
    writer.section("Commands", [(name, summary(name)) for name in COMMANDS])
    return writer.text()


def page(of: Command, words: Words | None = None) -> str:
    """How a command is used; its variables are those of the expression among the words."""
    writer = Writer(f"backprop {of.name}", usage(of), of.help)
    if of.variables:
        rows = [(f"--{name} VALUE", f"The value of {name}.") for name in variables_of(words)]
        writer.section("Variables", rows or [("--x VALUE", of.variables_help)])
    writer.section("Options", options(of))
    return writer.text()


def summary(name: str) -> str:
    """The first sentence of a command's help."""
    return SUMMARIES.get(name) or first_sentence(command_named(name).help)


def usage(of: Command) -> str:
    """What may stand behind a command."""
    return " ".join([of.usage, *(argument(parameter) for parameter in of.parameters if not parameter.flags)])


def argument(parameter: Parameter) -> str:
    """An argument, as it stands in a usage."""
    word = parameter.metavar or f"[{parameter.name.upper()}]"
    return word if parameter.count == 1 else f"{word}..."


def options(of: Command) -> list[tuple[str, str]]:
    """The options of a command, and what they mean."""
    return [*((term(option), meaning(option)) for option in of.parameters if option.flags), HELP_OPTION]


def term(option: Parameter) -> str:
    """An option and what it takes, shorter names first."""
    names = ", ".join(sorted(option.flags, key=lambda flag: flag.startswith("--")))
    kinds = {Range: "INTEGER RANGE", type(None): "TEXT"}
    kind = f"[{'|'.join(option.type.choices)}]" if isinstance(option.type, Choice) else kinds[type(option.type)]
    return names if option.is_flag else f"{names} {option.metavar or kind}"


def meaning(option: Parameter) -> str:
    """What an option means, with its usual value and its bounds where they are told."""
    facts = [f"default: {option.default}"] if option.show_default else []
    if isinstance(option.type, Range):
        least, most = option.type.least, option.type.most
        facts.append(f"x>={least}" if most is None else f"x<={most}" if least is None else f"{least}<=x<={most}")
    return f"{option.help}  [{'; '.join(facts)}]" if facts else option.help


def variables_of(words: Words | None) -> list[str]:
    """The variables of the expression that is among the words, if there is one."""
    from contextlib import suppress

    from backprop.errors import Problem
    from backprop.library import Compiled

    if words is not None and words.positional:
        with suppress(Problem):
            return Compiled(words.positional[0]).variables
    return []


# ── the page ──


class Writer:
    """A page as wide as the terminal."""

    def __init__(self, path: str, usage: str, text: str) -> None:
        self.width = max(20, min(columns_of(sys.__stdout__), WIDEST) - 2)
        self.lines: list[str] = []
        self.usage(f"Usage: {path} ", usage)
        for paragraph in cleaned(text).split("\n\n"):
            self.lines.append("")
            self.paragraph(paragraph)

    def usage(self, head: str, rest: str) -> None:
        """How the command is called: behind its name, or in a narrow terminal below it."""
        if self.width >= len(head) + 20:
            self.lines += wrapped(rest, self.width, head, " " * len(head))
        else:
            self.lines += [head, *wrapped(rest, self.width, " " * 11, " " * 11)]

    def paragraph(self, text: str) -> None:
        """A paragraph, or examples, of which a line that is too long goes on in the next one as a shell reads it."""
        if text.startswith("\b\n"):
            lines = text.removeprefix("\b\n").splitlines()
            parts = [part for line in lines for part in continued(line, self.width - GAP)]
            self.lines += [f"{'':{GAP}}{part}" for part in parts]
        else:
            indent = " " * GAP
            self.lines += wrapped(" ".join(text.split()), self.width, indent, indent)

    def section(self, heading: str, rows: list[tuple[str, str]]) -> None:
        """Terms, and beside them what they mean; below them where a term is long, or the terminal narrow."""
        self.lines += ["", f"{heading}:"]
        first = min(max(len(term) for term, _ in rows), 30 if self.width >= NARROW else 4) + GAP
        for term, says in rows:
            beside = len(term) <= first - GAP
            lines = wrapped(says, max(self.width - first - GAP, 10))
            self.lines += [] if beside else [f"{'':{GAP}}{term}"]
            heads = [term if beside else "", *[""] * (len(lines) - 1)]
            self.lines += [f"{'':{GAP}}{head:{first}}{line}" for head, line in zip(heads, lines, strict=True)]

    def text(self) -> str:
        """The whole page."""
        return "\n".join(self.lines)


def wrapped(text: str, width: int, first: str = "", others: str = "") -> list[str]:
    """A text in lines of a width, each of them behind an indent."""
    from textwrap import wrap

    return wrap(text, width, initial_indent=first, subsequent_indent=others, replace_whitespace=False)


def cleaned(text: str) -> str:
    """The text of a docstring, without the margin of its lines."""
    head, *lines = text.expandtabs().splitlines()
    margin = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join([head.strip(), *(line[margin:].rstrip() for line in lines)]).strip("\n")


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
