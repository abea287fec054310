"""Command lines in their plain form: a command, an expression, options with their values, and nothing odd.

What is not plain (an option that does not exist, a word too much) is left to click, which has a word for it.
"""

from __future__ import annotations

from backprop.cli.options import COMMANDS, Command, Parameter, command_named
from backprop.cli.words import HELP, Call, Words, sorted_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Asked:
    """A question for the help of the program, or of a command."""

    def __init__(self, command: Command | None = None, words: Words | None = None) -> None:
        self.command, self.words = command, words

    def answer(self) -> int | None:
        """Print it."""
        from backprop.cli.help import overview, page, show

        show(overview() if self.command is None else page(self.command, self.words))
        return 0


class Plain:
    """A plain command line: the command, and the values of what it takes."""

    def __init__(self, call: Call, values: dict[str, Any]) -> None:
        self.call, self.values = call, values

    def answer(self) -> int | None:
        """Do what is asked; the exit status."""
        return self.call.command.function(self.call, **self.values)


def read(line: list[str]) -> Plain | Asked | None:
    """What a plain command line asks; None if it is not plain. Raises a Problem where words do not fit together."""
    if line and line[0] in HELP and not any(word.startswith("-") for word in line[1:]):
        return Asked()
    if not line or line[0] not in COMMANDS:
        return None
    command = command_named(line[0])
    words = sorted_words(command, line[1:])
    if not HELP.keys().isdisjoint(words.options) and asks(command, words):
        return Asked(command, words)
    values = values_of(command, words)
    return None if values is None else Plain(Call(command, words, f"backprop {command.name}"), values)


def asks(command: Command, words: Words) -> bool:
    """Whether help is asked for, and all that stands beside it is an option, and has its value."""
    found, flags, rest = False, command.flags, list(reversed(words.options))
    while rest:
        flag, equals, _ = rest.pop().partition("=")
        if flag in HELP and not equals:
            found = True
        elif flag not in flags or (flags[flag].is_flag and equals) or not (flags[flag].is_flag or equals or rest):
            return False
        elif not (flags[flag].is_flag or equals):
            rest.pop()
    return found


def values_of(command: Command, words: Words) -> dict[str, Any] | None:
    """The values of all that a command takes; None where click has to say what is wrong."""
    values = {parameter.name: parameter.empty() for parameter in command.parameters}
    flags = command.flags
    rest = list(reversed(words.options))
    while rest:
        flag, equals, value = rest.pop().partition("=")
        parameter = flags.get(flag)
        if parameter is None or (parameter.is_flag and equals) or not (parameter.is_flag or equals or rest):
            return None
        if parameter.is_flag:
            values[parameter.name] = True
        else:
            take(values, parameter, flag, value if equals else rest.pop())
    return values if placed(values, command, words.positional) else None


def take(values: dict[str, Any], parameter: Parameter, flag: str, word: str) -> None:
    """Put the value of an option in its place. Raises a Problem where it is none."""
    value = word if parameter.type is None else parameter.type.read(word)
    if value is None and parameter.type is not None:
        raise parameter.type.refusal(flag, word)
    values[parameter.name] = (*values[parameter.name], value) if parameter.multiple else value


def placed(values: dict[str, Any], command: Command, words: list[str]) -> bool:
    """Put the arguments in their places; whether there are neither too many nor too few."""
    rest = list(words)
    for parameter in command.parameters:
        if parameter.flags:
            continue
        if parameter.count < 0:
            values[parameter.name], rest = tuple(rest), []
        elif rest:
            values[parameter.name] = rest.pop(0)
        elif parameter.required:
            return False
    return not rest
