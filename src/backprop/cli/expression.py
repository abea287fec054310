"""What all commands share that take an expression: where it comes from, and the options that its variables are.

Every free variable is an option of its own name, `--x -2`. So the command line is read twice: first the expression is
found among the words, then click parses the rest, in which `--x -2` has become `--set x=-2`. That does the same for any
name, so a later value wins over an earlier one however each was given.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import click

from backprop.cli.reading import name_of, named_value, read_text, value_of
from backprop.cli.remarks import note
from backprop.errors import MOST_NAMED, Problem, enumerated, nearest
from backprop.gates import TIES
from backprop.language import canonical_name
from backprop.library import Compiled, Evaluation
from backprop.library.values import Random, Value, read_variables

SHORT = {"file": "-f FILE", "output": "-o FILE", "out": "-o FILE"}  # what people call them elsewhere


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    """Files, as the shell itself completes them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


SHARED_OPTIONS: list[Callable[[Any], Any]] = [
    click.option(
        "-f",
        "file",
        metavar="FILE",
        shell_complete=files,
        help="Read the expression from a file (- for standard input).",
    ),
    click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Give any variable its value."),
    click.option("--vars", "variables", metavar="FILE", help="Read values from a JSON object (- for standard input)."),
    click.option("--wrt", metavar="x,y", help="Show the gradients of these variables only."),
    click.option("--output", "result", metavar="NAME", help="Which result of -f FILE.py:NAME is the output."),
    click.option("--upstream", metavar="VALUE", help="The gradient on the output, in its shape; 1 for a number."),
    click.option("--seed", type=click.IntRange(min=0), metavar="N", help="The seed of randn and rand in values."),
    click.option("--ties", type=click.Choice(TIES), default="both", help="The subgradient at ties and kinks."),
    click.option("--expand", is_flag=True, help="Open sigmoid, softplus, … and your own functions."),
    click.option("--strict", is_flag=True, help="Exit with 1 if a number is not finite."),
    click.option("--quiet", is_flag=True, help="Print no notes."),
    click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the output."),
]


class Question(NamedTuple):
    """What the shared options ask: a formula, a point, and what to make of it."""

    compiled: Compiled
    at: dict[str, Value]
    wrt: list[str] | None
    upstream: Value | None
    random: Random
    strict: bool
    quiet: bool
    color: str

    def answer(self) -> Evaluation:
        """The evaluation that was asked for."""
        return self.compiled.evaluate(self.at, upstream=self.upstream, wrt=self.wrt)


def shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of all commands that take an expression."""
    for option in reversed(SHARED_OPTIONS):
        function = option(function)
    return click.argument("expression", required=False)(function)


class ExpressionCommand(click.Command):
    """A command whose options are, besides its own, the variables of its expression."""

    several = False  # whether files may follow the expression
    variables_help = "The value of the variable x. Every free variable is an option of its own name."

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # a shell asks how an unfinished line could go on
            return super().parse_args(ctx, args)
        words = Words(self.own_options(ctx))
        try:
            words.read(args)
        except Problem:
            if not ctx.resilient_parsing:  # a shell that completes asks for the value that is missing
                raise
        if len(words.positional) > 1 and not self.several:
            raise words.too_many()
        ctx.meta["words"] = words
        return super().parse_args(ctx, [*words.options, "--", *words.positional])

    def own_options(self, ctx: click.Context) -> dict[str, bool]:
        """The options that are no variables, and whether each takes a value."""
        options = [param for param in super().get_params(ctx) if isinstance(param, click.Option)]
        return {name: not option.is_flag and not option.count for option in options for name in option.opts}

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The text, with its examples broken as a shell reads them."""
        from backprop.cli.help import write_text

        write_text(self.help or "", formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the options; those of the variables first, where there is an expression."""
        words: Words | None = ctx.meta.get("words")
        names: list[str] = []
        if words is not None and words.positional:
            with suppress(Problem):
                names = Compiled(words.positional[0]).variables
        rows = [(f"--{name} VALUE", f"The value of {name}.") for name in names]
        with formatter.section("Variables"):
            formatter.write_dl(rows or [("--x VALUE", self.variables_help)])
        super().format_options(ctx, formatter)


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

    def too_many(self) -> Problem:
        """The problem that there are several words that might be the expression."""
        words = self.positional
        hint = f"put an expression in quotes: {shlex.quote(' '.join(words))}"
        named = next((i for i, word in enumerate(words) if word[:1] == "-" and word[1:].isidentifier()), None)
        given = next((word for word in words if word.partition("=")[0].isidentifier() and "=" in word), None)
        flag = next((option for option in self.options if self.known.get(option) is False), None)
        if named is not None:
            hint = f"the value of a variable has two dashes: -{words[named]} {' '.join(words[named + 1 : named + 2])}"
        elif given is not None:
            hint = f"the value of a variable is an option: --{given}"
        elif flag is not None:
            hint = f"to give a variable of the name of an option its value: --set {flag[2:]}=…; else put all in quotes"
        return Problem("option", f"there is more than one expression: {', '.join(words)}", hint=hint.rstrip())

    def following(self, option: str, rest: list[str]) -> list[str]:
        """The word behind an option that takes a value. No value begins like an option."""
        if rest and not (rest[-1].startswith("--") and rest[-1] != "--"):
            return [rest.pop()]
        if option not in self.known and is_of_eval(option):
            raise Problem("option", f"{option} is an option of backprop eval")
        known = None if option in self.known else nearest(option, self.known)
        raise Problem("option", f"{option} needs a value", hint=f"did you mean {known}?" if known else "")


def is_of_eval(option: str) -> bool:
    """Whether the main command has an option that another one has not."""
    ctx = click.get_current_context().find_root()
    command = ctx.command.get_command(ctx, "eval") if isinstance(ctx.command, click.Group) else None
    return command is not None and any(option in param.opts for param in command.params)


def question(
    ctx: click.Context,
    *,
    needs_point: bool = True,
    expression: str | None,
    file: str | None,
    assignments: tuple[str, ...],
    variables: str | None,
    wrt: str | None,
    upstream: str | None,
    seed: int | None,
    ties: str,
    expand: bool,
    strict: bool,
    quiet: bool,
    color: str,
    result: str | None,
) -> Question:
    """Read and parse all that the shared options name. Raises a Problem for whatever is wrong with it.

    Without `needs_point`, a command can do without values: then there may be none at all.
    """
    words: Words = ctx.meta["words"]
    values = [assignment.partition("=")[2] for assignment in assignments]
    if [file, variables, *values, upstream].count("-") + [*values, upstream].count("@-") > 1:
        raise Problem("option", "standard input can hold one thing: the expression, --vars, or one value")
    random = Random(seed)
    if expression is not None and file is None and is_program_file(expression):
        expression, file = None, expression
    chosen = None if wrt is None else [canonical_name(name.strip()) for name in wrt.split(",") if name.strip()]

    def traced(named: tuple[str, str]) -> Question:
        """The question about code that is traced."""
        from backprop.cli.traced import Asked, traced_question

        above = None if upstream is None else value_of(upstream, "--upstream", random)
        outputs = None if result is None else [name.strip() for name in result.split(",")]
        compiled, found = traced_question(Asked(*named, variables, assignments, outputs, above), random, ties, expand)
        for decision in found.decided if not quiet else ():
            note(f"taken at this point: {decision}", color)
        return Question(compiled, found.at, chosen, above, random, strict, quiet, color)

    named = None if expression is not None and file is not None else code_named(expression, file)
    if named is not None:
        return traced(named)
    text, source = read_expression(expression, file, words)
    if source is not None and source.endswith(".ipynb"):
        return traced((source, ""))
    if result is not None and (source is None or not source.endswith(".py")):
        raise Problem("option", "--output chooses a result of Python code", hint="to write to a file: -o FILE")
    text = forward_part(text, source)
    try:
        compiled = compiled_formula(text, source, ties, expand)
        if result is not None:
            return traced((source or "", ""))
    except Problem as problem:
        if source is None or not source.endswith(".py"):
            raise
        try:
            return traced((source, ""))
        except Problem as other:
            raise (other if (other.line or 0) >= (problem.line or 0) else problem) from None
    found = {} if variables is None else read_variables(read_text(variables), name_of(variables), random)
    given = {canonical_name(name): value for name, value in found.items()}
    written = dict(map(named_value, assignments))
    used = set(compiled.variables_given({**compiled.listed, **given, **written}))
    at = compiled.point({name: value for name, value in given.items() if name in used})
    unused = [name for name in given if name not in at]
    if unused and not quiet:
        note(f"{name_of(variables or '')} has values that are not used: {enumerated(unused)}", color)
    if not (needs_point or given or written) and set(at) < set(compiled.variables_given(at)):
        compiled, at = compiled.settled(), {}  # without a point, what the text sets is a number with a name
    if needs_point or at or written:
        check_names(compiled, {**at, **written}, words, ctx)
    at.update({name: value_of(value, name, random) for name, value in written.items()})
    above = None if upstream is None else value_of(upstream, "--upstream", random)
    if random.used and seed is None and not quiet:
        note(f"the random values are those of --seed {random.seed}", color)
    return Question(compiled, at, chosen, above, random, strict, quiet, color)


def code_named(expression: str | None, file: str | None) -> tuple[str, str] | None:
    """The file and the function or class in it that a word names, `layers.py:affine_forward`."""
    path, colon, name = (file or expression or "").rpartition(":")
    return (path, name) if colon and name and path.endswith((".py", ".ipynb")) and os.path.isfile(path) else None


def is_program_file(word: str) -> bool:
    """Whether a word is the name of a file of code that is there."""
    return word.endswith((".py", ".ipynb", ".bp")) and os.path.isfile(word)


def read_expression(expression: str | None, file: str | None, words: Words) -> tuple[str, str | None]:
    """The text of the expression, and the name of the file that it came from."""
    if expression is not None and file is not None:
        raise Problem("option", f"there are two expressions: {expression}, and the file {file}")
    named = code_named(expression, file)
    if named is not None:
        message = f"{named[1]} is traced at one point, and this command needs a formula that holds at many"
        hint = f"`backprop code -f {file or expression} --to numpy` writes a program to be called in a loop"
        raise Problem("option", message, hint=hint)
    if file is not None:
        return read_text(file), name_of(file)
    if expression is None:
        near = next((known for option in words.unknown if (known := nearest(option, words.known))), None)
        hint = f"did you mean {near}?" if near else 'give it as an argument, "(x+y)*z", or as a file, -f FILE'
        raise Problem("option", "there is no expression", hint=hint)
    return expression, None


def forward_part(text: str, source: str | None) -> str:
    """Of a listing in Python that holds both passes, the forward pass."""
    if source is None or not source.endswith(".py"):
        return text
    from backprop.python.pairs import split_pair
    from backprop.python.source import part_of

    try:
        part = part_of(text, source)
    except Problem:
        return text  # whose problem is told by the reader
    pair = split_pair(part)
    return text if pair is None else text[: part.source.span(part.tree.body[pair.split]).start]


def compiled_formula(text: str, source: str | None, ties: str, expand: bool) -> Compiled:
    """The formula, parsed; what looks like the name of a file that is there probably is one."""
    try:
        return Compiled(text, ties=ties, expand=expand, source=source)
    except Problem as problem:
        if source is None and len(text) < 256 and os.path.isfile(text):
            problem.hint = f"is it a file? -f {shlex.quote(text)}"
        raise


def check_names(compiled: Compiled, at: Mapping[str, object], words: Words, ctx: click.Context) -> None:
    """Every value has a variable, and every variable a value; what is missing is offered as a command to paste."""
    variables = dict.fromkeys(compiled.variables_given(at))
    for name in at:
        if name not in variables:
            raise no_variable(compiled, name, at, words)
    missing = [name for name in variables if name not in at]
    if missing:
        problem = compiled.missing(missing)
        command = f"{ctx.command_path} {' '.join(pasted(words, missing))}"
        many = len(missing) > MOST_NAMED
        problem.hint = "give many values as a JSON object: --vars FILE" if many else f"for example: {command}"
        raise problem


def no_variable(compiled: Compiled, name: str, at: Mapping[str, object], words: Words) -> Problem:
    """The problem that a name is none of the variables."""
    variables = compiled.variables_given(at)
    if is_of_eval(f"--{name}"):
        return Problem("option", f"--{name} is an option of backprop eval")
    if compiled.has_stage(name):
        hint = "the program gives it its value: only its inputs are options"
        return Problem("variable", f"{name} is a stage of the program, and not an input", hint=hint)
    options = [f"--{variable}" for variable in variables if variable not in at] + sorted(words.known)
    known = SHORT.get(name) or nearest(f"--{name}", options)
    hint = f"did you mean {known}?" if known else f"its variables are {enumerated(variables)}"
    return Problem("variable", f"the expression has no variable {name}", hint=hint)


def pasted(words: Words, missing: list[str]) -> list[str]:
    """The words of this command line, with the missing values added."""
    given = iter(words.options)
    line = [shlex.quote(word) for word in words.positional]
    for word in given:
        if word == "--set":
            name, _, value = next(given).partition("=")
            option = [f"--{name}"] if f"--{name}" not in words.known else ["--set"]
            line += [*option, shlex.quote(value if option[0] != "--set" else f"{name}={value}")]
        else:
            line.append(shlex.quote(word))
    return [*line, *(f"--set {name}=1" if f"--{name}" in words.known else f"--{name} 1" for name in missing)]
