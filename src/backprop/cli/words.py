"""The words of a command line, sorted: options of the program, values of variables, and the expression.

Every free variable is an option of its own name, `--x -2`. So the command line is read twice: first the expression is
found among the words, then the rest, in which `--x -2` has become `--set x=-2`. That does the same for any name, so a
later value wins over an earlier one however each was given.
"""

from __future__ import annotations

from backprop.cli.options import COMMANDS, Command, command_named
from backprop.errors import Problem, nearest
from backprop.errors.light import Iterable, NamedTuple

WRITTEN = ("svg", "png", "html", "dot", "mmd", "tex", "txt", "md", "csv", "json", "py", "c", "js", "ts", "sql")
SHORT = {  # what people call options elsewhere
    "file": "-f FILE", "output": "-o FILE", "out": "-o FILE", "worksheet": "--blank", "only": "--of", "lr": "--rate",
    "learning-rate": "--rate", "learning_rate": "--rate", "iterations": "--steps", "dark": "--theme dark",
    "svg": "-o FILE.svg", "png": "-o FILE.png", "html": "-o FILE.html", "latex": "--format latex",
    "csv": "--format csv", "markdown": "--format markdown", "precision": "--digits", "language": "--to",
    "format": "--to",
}  # fmt: skip
HELP = {"--help": False, "-h": False}  # flags of every command


class Words:
    """The words of a command line, sorted: options of the program, values of variables, and the expression."""

    def __init__(self, known: dict[str, bool]) -> None:
        self.known = known
        self.options: list[str] = []
        self.positional: list[str] = []
        self.unknown: list[str] = []  # options that are taken for variables

    def read(self, words: list[str]) -> None:
        """Sort the words. One that begins with a single dash is an expression (-x+y), unless it is -f or -o."""
        rest = list(reversed(words))
        while rest:
            word = rest.pop()
            name, equals, value = word.partition("=")
            if equals and name in self.known and not name.startswith("--"):
                raise Problem("option", f"{name} takes its value behind a blank", hint=f"write {name} {value}")
            if word == "--":
                self.positional += reversed(rest)
                return
            if name in self.known and (equals or not self.known[name]):
                self.options.append(word)
            elif name in self.known:
                self.options += [word, *self.following(word, rest)]
            elif word.startswith("--") and len(word) > 2 and word[2] not in "-0123456789.(":
                if not equals:
                    (value,) = self.following(word, rest)
                self.unknown.append(name)
                self.options += ["--set", f"{name[2:]}={value}"]
            else:
                self.positional.append(word)

    def split(self, words: list[str]) -> None:
        """Sort the words of a command without variables: what does not begin with a dash is an argument."""
        rest = list(reversed(words))
        while rest:
            word = rest.pop()
            if not word.startswith("-") or word == "-":
                self.positional.append(word)
                continue
            self.options.append(word)
            if self.known.get(word) and rest:
                self.options.append(rest.pop())

    def given(self) -> list[tuple[str, str]] | None:
        """The options and their values, "" of a flag; None where one is unknown, or has a value too much or too few."""
        found, rest = [], list(reversed(self.options))
        while rest:
            flag, equals, value = rest.pop().partition("=")
            takes = self.known.get(flag)
            if takes is None or (equals and not takes) or (takes and not (equals or rest)):
                return None
            found.append((flag, value if equals or not takes else rest.pop()))
        return found

    def too_many(self) -> Problem:
        """The problem that there are several words that might be the expression."""
        import shlex

        words = self.positional
        whole = " ".join(words)
        hint = f"put an expression in quotes: {shlex.quote(whole)}"
        if not is_formula(whole) and all(map(is_formula, words)):
            hint = f"ask for one after the other: {shlex.quote(words[0])}"
        named = next((i for i, word in enumerate(words) if word[:1] == "-" and word[1:].isidentifier()), None)
        given = next((word for word in words if word.partition("=")[0].isidentifier() and "=" in word), None)
        flag = next((option for option in self.options if self.known.get(option) is False), None)
        files = [word for word in words if is_file_name(word)]
        if named is not None:
            hint = f"the value of a variable has two dashes: -{words[named]} {' '.join(words[named + 1 : named + 2])}"
        elif given is not None:
            hint = f"the value of a variable is an option: --{given}"
        elif len(files) == len(words):
            hint = f"give one file at a time: {shlex.quote(words[0])}"
        elif files and "-o" in self.known:
            hint = f"to write to a file: -o {shlex.quote(files[0])}"
        elif flag is not None:
            hint = f"to give a variable of the name of an option its value: --set {flag[2:]}=…; else put all in quotes"
        return Problem("option", f"there is more than one expression: {', '.join(words)}", hint=hint.rstrip())

    def following(self, option: str, rest: list[str]) -> list[str]:
        """The word behind an option that takes a value. No value begins like an option."""
        if rest and not (rest[-1].startswith("--") and rest[-1] != "--"):
            return [rest.pop()]
        if option not in self.known and (of := owner(option)):
            raise Problem("option", f"{option} is an option of backprop {of}")
        if option in self.known or option[2:] in " ".join(self.positional):
            raise Problem("option", f"{option} needs a value")
        known = meant_option(option[2:], self.known) or nearest(option, self.known)
        hint = f"did you mean {known}?" if known else f"if it is a variable, it needs a value: {option} 1"
        raise Problem("option", f"there is no option {option}", hint=hint)


def is_formula(text: str) -> bool:
    """Whether a text can be read as an expression."""
    from backprop.language import parse

    try:
        parse(text)
    except Problem:
        return False
    return True


def is_file_name(word: str) -> bool:
    """Whether a word is like the name of a file that is written."""
    return word.rpartition(".")[2] in WRITTEN and not any(character in word for character in " ()*+^=")


def meant_option(name: str, known: Iterable[str]) -> str:
    """The option that a word of elsewhere means, if it is among those that are known."""
    option = SHORT.get(name, "")
    return option if option.split(" ")[0] in known else ""


def owner(option: str) -> str:
    """The command that has an option, the main one before others; nothing where none has."""
    return next((name for name in ("eval", *COMMANDS) if option in command_named(name).flags), "")


class Call(NamedTuple):
    """One call of a command: which one, its words, and what is typed to call it."""

    command: Command
    words: Words
    path: str


def sorted_words(command: Command, line: list[str]) -> Words:
    """The words behind the name of a command, sorted. Raises a Problem where there are several expressions."""
    words = Words({**{flag: not parameter.is_flag for flag, parameter in command.flags.items()}, **HELP})
    if command.variables:
        words.read(line)
    else:
        words.split(line)
    if len(words.positional) > 1 and command.variables and not command.several:
        raise words.too_many()
    check_once(command, words.given() or [])
    return words


def check_once(command: Command, given: list[tuple[str, str]]) -> None:
    """No file is given twice: of two one would count, and the other be passed over. Raises a Problem."""
    found: dict[str, str] = {}
    for flag, value in given:
        parameter = command.flags.get(flag)
        if parameter is None or parameter.metavar != "FILE" or parameter.multiple:
            continue
        if found.setdefault(parameter.name, value) != value:
            hint = "put all values into one file, or give some as options" if flag == "--vars" else ""
            raise Problem("option", f"{flag} is given twice: {found[parameter.name]}, and {value}", hint=hint)
