"""One kind of problem: what is wrong, where, and what would be right."""

from __future__ import annotations

from backprop.errors.light import Iterable, Sequence
from backprop.errors.spans import Span, excerpt, line_and_column
from backprop.errors.spelling import in_shell, said

LARGEST = "1.797e308"  # the largest float64, as messages say it
MOST_NAMED = 12  # names that a message lists


class Problem(Exception):
    """Something that the user wrote cannot be done; nothing else is raised for it.

    `kind` is one word for programs: "syntax", "name", "arity", "definition", "variable", "value", "file", "option",
    "shape", "rule", "size", "raised" (by code of the user's own). `message` says what is wrong, `hint` what would be
    right (it may be empty). `spans` are the places in `text`, the most important one first; `line` and `column` are
    those of the first, counted from 1, and None where the problem is not in a text. `source` names where the text came
    from, if not from the command line. `commands` are lines to be typed, that the hint is about.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        text: str | None = None,
        spans: Iterable[Span] = (),
        hint: str = "",
        source: str | None = None,
        status: int = 2,
    ) -> None:
        super().__init__(message := said(message))
        self.kind = kind
        self.message = message
        self.text = text
        self.spans = list(spans)
        self.hint = said(hint)
        self.commands: list[str] = []
        self.source = source
        self.status = status

    @property
    def line(self) -> int | None:
        """The line of the place, counted from 1."""
        return self._place()[0]

    @property
    def column(self) -> int | None:
        """The column of the place, in characters counted from 1."""
        return self._place()[1]

    def _place(self) -> tuple[int | None, int | None]:
        if self.text is None or not self.spans:
            return None, None
        return line_and_column(self.text, self.spans[0].start)

    def __str__(self) -> str:
        parts = [self.message, self.excerpt(), f"hint: {self.hint}" if self.hint else ""]
        return "\n".join(filter(None, parts))

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows in place of a traceback: the mistake is in the formula, and not in Python."""
        return [f"backprop.Problem: {self}"]

    def excerpt(self) -> str:
        """The line of the text with a caret under the very place; empty where there is none."""
        return excerpt(self.text, self.spans) if self.text is not None and self.spans else ""

    def as_json(self) -> dict[str, object]:
        """The problem as the member `error` of the object that `--json` prints."""
        return {
            "kind": self.kind,
            "message": in_shell(self.message),
            "line": self.line,
            "column": self.column,
            "hint": "\n".join(filter(None, [in_shell(self.hint), *self.commands])) or None,
        }


LONGEST_NAME = 60  # that is compared with others: the time for it grows with the square
BEGUN = 4  # letters of a word, by which it can be told


def enumerated(names: Sequence[str]) -> str:
    """Names in a row; of very many the first ones, and their number."""
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])}, … ({len(names):,} in all)"
    return ", ".join(names) or "none"


def one_of(what: str, known: Iterable[str], given: str) -> str:
    """A choice, which must be one of those that there are."""
    if given not in tuple(known):
        raise Problem("option", f"{what} is one of {', '.join(known)}, and not {given!r}")
    return given


def unknown_suffix(path: str, known: Iterable[str], otherwise: str = "") -> Problem:
    """The problem that the name of a file does not say what is to be written."""
    return Problem("option", f"what should {path} be?", hint=f"its suffix says: {' '.join(known)}{otherwise}")


def unwritable(path: str, error: OSError) -> Problem:
    """The problem that a file or a folder cannot be written."""
    return Problem("file", f"cannot write {path}: {error.strerror or error}", status=1)


def unreadable(path: str, error: Exception, status: int = 2) -> Problem:
    """The problem that a file cannot be read."""
    return Problem("file", f"cannot read {path}: {getattr(error, 'strerror', None) or error}", status=status)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """The hint at the known name that was probably meant, or another one."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else otherwise


def no_variable(name: str, variables: Sequence[str]) -> Problem:
    """The problem that a name is none of the variables."""
    hint = did_you_mean(name, variables, f"its variables are {enumerated(variables)}")
    parts = name.split()
    if len(parts) > 1 and all(part in variables for part in parts):
        hint = f"names are separated by commas: {','.join(parts)}"
    return Problem("variable", f"the expression has no variable {name}", hint=hint)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None."""
    from difflib import get_close_matches

    known = list(known)
    plain = name.casefold().replace("_", "")
    folded = [candidate for candidate in known if candidate.casefold().replace("_", "") == plain]
    if folded or len(name) > LONGEST_NAME:
        return folded[0] if folded else None
    close = get_close_matches(name, known, n=3, cutoff=0.6)
    likely = [candidate for candidate in close if slips(name, candidate) <= most_slips(name, candidate)]
    swapped = [candidate for candidate in likely if sorted(candidate) == sorted(name)]
    begun = [candidate for candidate in known if candidate.startswith(name) and len(name.strip("-")) >= BEGUN]
    return next(iter([*swapped, *likely, *(begun if len(begun) == 1 else [])]), None)


def most_slips(name: str, meant: str) -> int:
    """So many slips are likely: one, and one more for every five letters where the first one is right."""
    word, other = name.strip("-").casefold(), meant.strip("-").casefold()
    return 1 + (len(word) // 5 if word[:1] == other[:1] else 0)


def slips(typed: str, meant: str) -> int:
    """How many slips of the fingers lie between two words: a letter too much, too little, another, or two swapped."""
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, letter in enumerate(typed, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(meant, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == meant[j - 2] and typed[i - 2] == other:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]


# ── what a plain install leaves out, and the words that bring it ──

# On PyPI `backprop` is somebody else's package; ours is installed from a checkout.
DISTRIBUTION = "backprop-cli"


def install(extra: str) -> str:
    """The command, typed in the checkout, that installs an extra."""
    return f'pip install ".[{extra}]"'


def lacking(what: str, package: str, extra: str, otherwise: str = "") -> Problem:
    """The problem that a package of an extra is not there; `otherwise` says what does without it."""
    hint = f"in the checkout of backprop: {install(extra)}"
    return Problem(
        "option", f"{what} needs {package}, which is not installed", hint="; ".join(filter(None, [hint, otherwise]))
    )
