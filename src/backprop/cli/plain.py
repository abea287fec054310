"""Command lines in their plain form: a command, an expression, options with their values, and nothing odd.

What is not plain (an option that does not exist, a word too much) is left to click, which has a word for it.
"""

from __future__ import annotations

from backprop.cli.options import COMMANDS, Command, Parameter, command_named
from backprop.cli.words import HELP, Call, Words, sorted_words
from backprop.errors.light import Any, Callable


def read(line: list[str]) -> Callable[[], int | None] | None:
    """What does as a plain command line asks; None if it is not plain. Raises a Problem where words do not fit."""
    if line and line[0] in HELP and not any(word.startswith("-") for word in line[1:]):
        return helped
    if not line or line[0] not in COMMANDS:
        return None
    command = command_named(line[0])
    words = sorted_words(command, line[1:])
    given = words.given()
    if given is None:
        return None
    if any(flag in HELP for flag, _ in given):
        return lambda: helped(command, words)
    values = values_of(command, given, words.positional)
    if values is None:
        return None
    return lambda: command.function(Call(command, words, f"backprop {command.name}"), **values)


def helped(command: Command | None = None, words: Words | None = None) -> int:
    """Print the help of the program, or of a command."""
    from backprop.cli.help import overview, page, show

    show(overview() if command is None else page(command, words))
    return 0


def values_of(command: Command, given: list[tuple[str, str]], positional: list[str]) -> dict[str, Any] | None:
    """The values of all that a command takes; None where there are too many arguments, or too few."""
    values = {parameter.name: parameter.empty() for parameter in command.parameters}
    flags = command.flags
    for flag, value in given:
        if flags[flag].is_flag:
            values[flags[flag].name] = True
        else:
            take(values, flags[flag], flag, value)
    return values if placed(values, command, positional) else None


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
