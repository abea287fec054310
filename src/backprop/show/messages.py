"""Errors and notes as they are printed on standard error."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.errors import Problem
from backprop.insight.notes import Note
from backprop.language.program import Program
from backprop.show.theme import paint
from backprop.spans import excerpt, visible

MOST_NOTES = 8  # of one kind; the rest is counted


def problem_text(problem: Problem, colour: bool) -> str:
    """What is wrong, where, and what would be right."""
    place = f"{visible(problem.source)}:{problem.line}:{problem.column}: " if problem.source and problem.line else ""
    lines = [f"{paint('error:', 'error', colour)} {place}{visible(problem.message)}"]
    lines += pointed(problem.excerpt(), colour)
    if problem.hint:
        lines.append(f"{paint('hint:', 'hint', colour)} {visible(problem.hint)}")
    return "\n".join(lines) + "\n"


def pointed(lines: str, colour: bool) -> list[str]:
    """An excerpt, indented, its carets coloured."""
    return [
        "  " + (paint(line, "caret", colour) if set(line) <= {"^", " ", "\t"} else line)
        for line in lines.split("\n")
        if line
    ]


def note_line(message: str, colour: bool) -> str:
    """One remark, as a line."""
    return f"{paint('note:', 'note', colour)} {visible(message)}\n"


def notes_text(notes: Sequence[Note], program: Program | None, colour: bool) -> str:
    """The notes, one line each; those on numbers that are not finite show the place."""
    lines = []
    counts: dict[str, int] = {}
    for note in notes:
        counts[note.kind] = counts.get(note.kind, 0) + 1
        if counts[note.kind] > MOST_NOTES:
            continue
        lines.append(note_line(note.message, colour)[:-1])
        if note.kind.endswith("not-finite") and note.span is not None and program is not None:
            lines += pointed(excerpt(program.text, [note.span]), colour)
    for kind, count in counts.items():
        if count > MOST_NOTES:
            lines.append(f"{paint('note:', 'note', colour)} and {count - MOST_NOTES} more of the kind {kind}")
    return "".join(f"{line}\n" for line in lines)
