"""The words of a command line as data: what each command takes. No click here: a plain command line is read without it
(plain.py), and every other one by the commands of click that are built from the same data (clicked.py)."""

from __future__ import annotations

from backprop.errors import Problem, nearest
from backprop.errors.light import Any, Callable, Iterable, Sequence

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


# The first sentences of their help: the list of the commands imports none of those that stand here.
SUMMARIES: dict[str, str] = {
    "eval": "Evaluate EXPRESSION at a point: every intermediate variable, its value and its gradient.",
    "explain": "Tell the forward and the backward pass step by step: local gradient × gradient from above, gate by "
    "gate.",
    "check": "Check the gradients of EXPRESSION against numerical ones, or a backward pass of your own, line by line.",
    "nudge": "Move variables a little (or a lot): what the gradient predicts, what really happens, and how far the "
    "prediction holds.",
    "draw": "Draw EXPRESSION as a circuit: each value above its wire, and the gradient that flows back below it.",
    "code": "Write EXPRESSION's forward and backward pass as a program.",
    "map": "Value and gradients of EXPRESSION for every row of TABLES (standard input if there is none).",
    "minimize": "Move the variables of EXPRESSION against its gradient until it is no longer steep: parameter updates.",
    "gates": "List the gates, or show one in full: local gradients, domain, kinks, and an example that is run.",
    "help": "Show how COMMAND is used, or list the commands.",
}


class Choice:
    """One word of several; the first of the `suffixes` that say the same of a file is a short word for it: js."""

    def __init__(self, choices: Iterable[str], suffixes: dict[str, str] | None = None) -> None:
        self.choices = tuple(choices)
        first = {choice: suffix for suffix, choice in reversed((suffixes or {}).items())}
        self.short = {first[choice][1:]: choice for choice in self.choices if choice in first}

    def read(self, word: str) -> str | None:
        """What a word stands for; None if it is none of them."""
        return word if word in self.choices else self.short.get(word)

    def refusal(self, flag: str, word: str) -> Problem:
        """The problem that a word is none of them."""
        alike = [
            one for one in self.choices if len(min(one, word, key=len)) > 1 and (one.startswith(word) or one in word)
        ]
        near = nearest(word, self.choices) or next(iter(alike), None)
        hint = f"did you mean {near}?" if near else ""
        return Problem("option", f"{flag} takes one of {', '.join(self.choices)}, and not {word}", hint=hint)


class Range:
    """A whole number from `least` to `most`, where there are such bounds."""

    def __init__(self, least: int | None = None, most: int | None = None) -> None:
        self.least, self.most = least, most

    def read(self, word: str) -> int | None:
        """What a word stands for; None if it is no such number."""
        if not (word.isascii() and word.isdigit() and len(word) < 20):
            return None
        number = int(word)
        fits = (self.least is None or number >= self.least) and (self.most is None or number <= self.most)
        return number if fits else None

    def refusal(self, flag: str, word: str) -> Problem:
        """The problem that a word is no such number."""
        bounds = [f"{name} {end}" for name, end in (("from", self.least), ("to", self.most)) if end is not None]
        return Problem("option", f"{flag} takes {' '.join(['a whole number', *bounds])}, and not {word}")


class Parameter:
    """An option (its names begin with a dash) or an argument, and the name under which a command gets its value.

    `words` gives what a shell is offered for it; `count` -1 takes any number of arguments.
    """

    def __init__(
        self, names: Sequence[str], *, type: Choice | Range | None = None, metavar: str | None = None,
        default: Any = None, show_default: bool = False, help: str = "", is_flag: bool = False, multiple: bool = False,
        words: Callable[[], Iterable[str]] | None = None, required: bool = False, count: int = 1,
    ) -> None:  # fmt: skip
        self.flags = [name for name in names if name.startswith("-")]
        own = [name for name in names if not name.startswith("-")]
        self.name = own[0] if own else max(self.flags, key=len).lstrip("-").replace("-", "_")
        self.names, self.type, self.metavar = tuple(names), type, metavar
        self.default, self.show_default, self.help = default, show_default, help
        self.is_flag, self.multiple, self.words = is_flag, multiple, words
        self.required, self.count = required, count

    def empty(self) -> Any:
        """The value where nothing is given."""
        if self.is_flag:
            return False
        return () if self.multiple or self.count < 0 else self.default


class Command:
    """A command: its function, what it takes, and its text for --help. With `variables`, every other option is the
    value of a variable of its expression; with `several`, files may follow the expression."""

    def __init__(
        self, name: str, function: Callable[..., int | None], parameters: list[Parameter], *, usage: str,
        variables: bool, several: bool, variables_help: str,
    ) -> None:  # fmt: skip
        self.name, self.function, self.parameters = name, function, parameters
        self.usage, self.variables, self.several, self.variables_help = usage, variables, several, variables_help
        self.help = function.__doc__ or ""

    @property
    def flags(self) -> dict[str, Parameter]:
        """The options by all of their names."""
        return {flag: parameter for parameter in self.parameters for flag in parameter.flags}


def command_named(name: str) -> Command:
    """A command, imported when it is asked for."""
    from sys import modules

    __import__(COMMANDS[name])
    found: Command = modules[COMMANDS[name]].command
    return found


def takes(*names: str, **more: Any) -> Callable[[Any], Any]:
    """Give a command an option, or an argument: what `Parameter` says."""
    parameter = Parameter(names, **more)

    def decorate(function: Any) -> Any:
        function.parameters = [parameter, *getattr(function, "parameters", [])]
        return function

    return decorate


def takes_all(decorators: Sequence[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Give a command several options, in this order."""

    def decorate(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


def colour_option(what: str) -> Callable[[Any], Any]:
    """Whether something is coloured."""
    return takes("--color", type=Choice(["auto", "always", "never"]), default="auto", help=f"Colour {what}.")


def named(
    name: str, *, usage: str = "", variables: bool = False, several: bool = False,
    variables_help: str = "The value of the variable x. Every free variable is an option of its own name.",
) -> Callable[[Any], Command]:  # fmt: skip
    """Make a command of a function, which gets the call and the values of its options by their names."""
    usage = usage or ("[--x VALUE …] [OPTIONS]" if variables else "[OPTIONS]")

    def decorate(function: Any) -> Command:
        return Command(
            name, function, function.parameters, usage=usage, variables=variables, several=several,
            variables_help=variables_help,
        )  # fmt: skip

    return decorate
