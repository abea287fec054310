"""Colours: which role has which, the only place that names one; and the terminal that shows them."""

from __future__ import annotations

import os

# As in the figures of the course notes: values green, gradients red.
STYLES = {
    "name": "bold",
    "expression": "",
    "value": "green",
    "gradient": "red",
    "local": "cyan",
    "verdict": "",
    "": "",
    "wire": "cyan",
    "heading": "dim",
    "error": "bold red",
    "note": "bold magenta",
    "hint": "bold",
    "caret": "bold red",
}

VERDICTS = {"ok": "green", "WRONG": "bold red", "MISSING": "bold red"}  # the word alone, which says it without colour

NARROWEST = 20  # columns of a terminal; one that says that it has fewer does not know
USUAL = 80

CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "magenta": "35", "cyan": "36"}


def paint(text: str, role: str, colour: bool) -> str:
    """A text in the colour of its role, for a terminal."""
    if not colour or not text:
        return text
    if role == "verdict":
        word, rest = verdict_word(text)
        return in_style(word, verdict_style(word)) + rest
    return in_style(text, STYLES[role])


def in_style(text: str, style: str) -> str:
    """A text between the codes of a style."""
    return f"\x1b[{';'.join(CODES[word] for word in style.split())}m{text}\x1b[0m" if style else text


def verdict_word(text: str) -> tuple[str, str]:
    """The word that a verdict begins with, and the rest."""
    for place, character in enumerate(text):
        if not character.isalpha():
            return text[:place], text[place:]
    return text, ""


def verdict_style(word: str) -> str:
    """The style of a verdict: ok, WRONG, and others that are in capitals."""
    return VERDICTS.get(word, "bold magenta" if word.isupper() else "")


def wants_colour(choice: str, stream: object) -> bool:
    """Whether a stream gets colour: what `--color` says, else NO_COLOR, FORCE_COLOR, else whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())


def columns_of(stream: object) -> int:
    """How wide a terminal is: as COLUMNS says, or as it says itself."""
    try:
        found = int(os.environ.get("COLUMNS", "")) or 0
    except ValueError:
        try:
            found = os.get_terminal_size(stream.fileno()).columns  # type: ignore[attr-defined]
        except (OSError, ValueError, AttributeError):
            found = 0
    return max(found or USUAL, NARROWEST)
