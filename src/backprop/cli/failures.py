"""What happens when something goes wrong: one message, the right exit status, never a traceback."""

from __future__ import annotations

import os
import sys

from backprop.cli.output import encoded, is_unicode
from backprop.cli.words import owner
from backprop.errors import Problem, did_you_mean, nearest
from backprop.errors.light import Any, Iterable
from backprop.errors.spelling import in_shell
from backprop.show.objects import written
from backprop.show.theme import columns_of, is_terminal, wants_colour


def status_of(error: Any, words: list[str]) -> int:
    """Report an error, and the exit status that it means."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if is_of_click(error, "Exit"):
        return int(error.exit_code)
    if isinstance(error, BrokenPipeError):  # the reader has had enough
        silence(sys.stdout)
        return 0
    if isinstance(error, KeyboardInterrupt) or is_of_click(error, "Abort"):
        silence(sys.stdout)
        return 130
    if os.environ.get("BACKPROP_TRACEBACK"):
        raise error
    problem = as_problem(error)
    report(problem, words)
    if isinstance(error, OSError):
        silence(sys.stdout)
    return problem.status


def is_of_click(error: Any, name: str) -> bool:
    """Whether an error is one of click's; where click was not needed, there is none."""
    exceptions = sys.modules.get("click.exceptions")
    return exceptions is not None and isinstance(error, getattr(exceptions, name))


def as_problem(error: Any) -> Problem:
    if isinstance(error, Problem):
        return error
    if is_of_click(error, "NoSuchOption"):
        if error.ctx is not None and error.ctx.parent is None and error.option_name.startswith("--"):
            first = f'a command stands first: backprop eval "(x+y)*z" {error.option_name} …'
            hint = did_you_mean(error.option_name, error.possibilities or (), first)
            return Problem("option", f"there is no option {error.option_name} before a command", hint=hint)
        of = owner(error.option_name)
        of = f"it is an option of backprop {of}" if of else "--help lists the options"
        hint = did_you_mean(error.option_name, error.possibilities or (), of)
        return Problem("option", f"there is no option {error.option_name}", hint=hint)
    if is_of_click(error, "ClickException"):
        import re

        message = error.format_message().rstrip(".")
        extra = re.fullmatch(r"Got unexpected extra arguments? \((\S+).*\)", message)
        if extra and error.ctx is not None:
            asked = f"backprop {error.ctx.info_name}"
            return Problem("option", f"{asked} takes one name, and {extra[1]} is another", hint=f"{asked} {extra[1]}")
        return Problem("option", message[:1].lower() + message[1:], hint="--help lists the options")
    if isinstance(error, ModuleNotFoundError) and error.name == "numpy":
        return Problem("option", "this needs NumPy, which is not installed", hint="pip install numpy")
    if isinstance(error, MemoryError):
        return Problem("size", "there is not enough memory for this")
    if isinstance(error, OSError):
        return Problem("file", f"cannot write the output: {error.strerror or error}", status=1)
    hint = "please report it with the command line; BACKPROP_TRACEBACK=1 shows where it happened"
    return Problem(
        "internal", f"this is a mistake of backprop's own: {type(error).__name__}: {error}", hint=hint, status=1
    )


def report(problem: Problem, words: list[str]) -> None:
    """Print a problem on standard error, as JSON where that was asked for."""
    if wants_json(words):
        text = written({"error": problem.as_json()}, ascii_only=not is_unicode(sys.stderr)) + "\n"
    else:
        from backprop.show.messages import problem_text

        text = problem_text(problem, wants_colour(colour_choice(words), sys.stderr), error_room())
    write_error(text)


def error_room() -> int | None:
    """The columns of the terminal that shows standard error; None where none does."""
    return columns_of(sys.stderr) if is_terminal(sys.stderr) else None


def tell(text: str) -> None:
    """A remark on standard error, broken between words where a terminal shows it."""
    from backprop.show.fitting import folded

    room = error_room()
    write_error(text if room is None else folded(text, room))


def note(message: str, color: str) -> None:
    """A remark of the command line's own, on standard error."""
    from backprop.show.messages import note_line

    tell(note_line(in_shell(message), wants_colour(color, sys.stderr)))


def write_error(text: str) -> None:
    """Standard error, whatever its encoding can say."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.flush()
        sys.stderr.buffer.write(encoded(text, sys.stderr.encoding or "ascii"))
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def wants_json(words: list[str]) -> bool:
    """Whether the command line asks for JSON; read off the words, since it may be broken elsewhere."""
    pairs = zip(words, words[1:], strict=False)
    return "--json" in words or "--format=json" in words or ("--format", "json") in pairs


def colour_choice(words: list[str]) -> str:
    for word, following in zip(words, words[1:], strict=False):
        if word == "--color":
            return following
        if word.startswith("--color="):
            return word.partition("=")[2]
    return "auto"


def silence(stream: object) -> None:
    """Point a stream whose reader is gone at nothing, so that Python's exit does not complain about it."""
    from contextlib import suppress

    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # type: ignore[attr-defined]


def unknown_command(word: str, commands: Iterable[str]) -> Problem:
    """A first word that is no command: an option, a formula, a word for one, or a slip."""
    commands = list(commands)
    known = nearest(word, commands) or next((name for name in commands if begins(word, name)), None)
    hint = f"did you mean {known}?" if known else "`backprop --help` lists the commands"
    if not known and not word.isalpha():
        import shlex

        hint = f"to evaluate it: backprop eval {shlex.quote(word)}"
    return Problem("option", f"there is no command {word}", hint=hint)


def begins(word: str, name: str) -> bool:
    """Whether one of two words is the beginning of the other, as of `evaluate` and `eval`."""
    return len(word) > 1 and (word.startswith(name) or name.startswith(word))
