"""Errors and notes as they are printed on standard error."""

from __future__ import annotations

from backprop.errors.light import TYPE_CHECKING, Sequence
from backprop.errors.spans import LONGEST_LINE, excerpt, visible
from backprop.errors.spelling import in_shell
from backprop.show.theme import paint

if TYPE_CHECKING:
    from backprop.errors import Problem
    from backprop.language.program import Program
    from backprop.library.notes import Note

MOST_NOTES = 8  # of one kind; the rest is counted


def problem_text(problem: Problem, colour: bool, room: int | None = None) -> str:
    """What is wrong, where, and what would be right; in lines of so many columns, if a terminal shows them."""
    place = f"{visible(problem.source)}:{problem.line}:{problem.column}: " if problem.source and problem.line else ""
    lines = [f"{paint('error:', 'error', colour)} {place}{visible(in_shell(problem.message))}"]
    lines = broken(lines[0], room)
    if problem.text is not None and problem.spans:
        lines += pointed(excerpt(problem.text, problem.spans, excerpt_room(room)), colour)
    if problem.hint:
        hint = f"{paint('hint:', 'hint', colour)} {visible(in_shell(problem.hint))}"
        lines += broken(hint, room)
    lines += [f"  {visible(one)}" for one in problem.commands]  # never broken: they are to be copied
    return "\n".join(lines) + "\n"


def broken(line: str, room: int | None) -> list[str]:
    """A line in lines of so many columns, if a terminal shows it."""
    if room is None:
        return [line]
    from backprop.show.fitting import wrapped

    return wrapped(line, room)


def excerpt_room(room: int | None) -> int:
    """The characters of an excerpt, beside which there is an indentation and the marks that something is left out."""
    return LONGEST_LINE if room is None else min(LONGEST_LINE, max(room - 6, 10))


def pointed(lines: str, colour: bool) -> list[str]:
    """An excerpt, indented, its carets coloured."""
    return [
        "  " + (paint(line, "caret", colour) if set(line) <= {"^", " ", "\t"} else line)
        for line in lines.split("\n")
        if line
    ]


def note_line(message: str, colour: bool) -> str:
    return f"{paint('note:', 'note', colour)} {visible(message)}\n"


def notes_text(notes: Sequence[Note], program: Program | None, colour: bool, room: int | None = None) -> str:
    """The notes, one line each, or as many as a terminal of so many columns needs; those on numbers that are not
    finite show the place."""
    lines = []
    counts: dict[str, int] = {}
    for note in notes:
        counts[note.kind] = counts.get(note.kind, 0) + 1
        if counts[note.kind] > MOST_NOTES:
            continue
        line = note_line(in_shell(note.message), colour)[:-1]
        lines += broken(line, room)
        if note.kind.endswith("not-finite") and note.span is not None and program is not None:
            lines += pointed(excerpt(program.text, [note.span], excerpt_room(room)), colour)
    for kind, count in counts.items():
        if count > MOST_NOTES:
            lines.append(f"{paint('note:', 'note', colour)} and {count - MOST_NOTES} more of the kind {kind}")
    return "".join(f"{line}\n" for line in lines)
