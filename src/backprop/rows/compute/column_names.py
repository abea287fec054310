"""What columns are called: in a formula, whose names are identifiers, and in a table, where they are any text.

A name in backticks (`Culmen Length (mm)`) stands for the column of that name. The language is given another text, of
the same length, in which an identifier stands for it: so every place in a message is that of the text that was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from backprop.errors import Problem
from backprop.errors.spelling import both, said
from backprop.language import canonical_name

PASSED = r'"[^"\n]*"|#[^\n]*'  # texts and comments, in which nothing is a name
DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


class Called:
    """The names of a formula: `text` is what the language reads, `columns` what a name is called in the table."""

    def __init__(self, typed: str, columns: Mapping[str, str]) -> None:
        self.typed = typed
        self.spelt: dict[str, str] = {}  # by the identifier that stands for it: a name that is none
        odd = [re.escape(name) for name in columns if not name.isidentifier()]
        names = rf"|(?<![\w.])(?:{'|'.join(sorted(odd, key=len, reverse=True))})(?!\w)" if odd else ""
        self.text = re.sub(rf"{PASSED}|`[^`\n]+`{names}", self.replaced, typed) if "`" in typed or odd else typed
        self.identifiers = {name: identifier for identifier, name in self.spelt.items()}
        self.columns = {self.variable(name): column for name, column in columns.items()}

    def replaced(self, match: re.Match[str]) -> str:
        """What stands for a name: an identifier that is as long, and not in the text."""
        typed = match[0]
        if typed[0] in '"#':
            return typed
        name = typed.strip("`")
        if name.isidentifier():
            return f" {name} "
        for identifier, known in self.spelt.items():
            if known == name and len(identifier) == len(typed):
                return identifier
        base = ("_" + re.sub("[^A-Za-z0-9_]", "_", name) + "_")[: len(typed)]
        taken = "".join((self.typed, *self.spelt))
        number, identifier = 0, base
        while identifier in taken:
            number += 1
            identifier = base[: len(typed) - len(str(number))] + str(number)
        self.spelt[identifier] = name
        return identifier

    def variable(self, name: str) -> str:
        """The variable of a name as a user types it, with backticks or without."""
        name = name.strip("`")
        return self.identifiers.get(name) or canonical_name(name)

    def column(self, variable: str) -> str:
        return self.columns.get(variable, self.name(variable))

    def name(self, variable: str) -> str:
        """A variable as it is called in the names of what comes out."""
        return self.spelt.get(variable, variable)

    def told(self, text: str) -> str:
        """A text that tells of variables, with the names that were typed."""
        for identifier, name in self.spelt.items():
            text = text.replace(identifier, f"`{name}`")
        return text

    @contextmanager
    def problems(self) -> Iterator[None]:
        """Problems are told with the names that were typed."""
        try:
            yield
        except Problem as problem:
            problem.message, problem.hint = [said(self.told(both(text))) for text in (problem.message, problem.hint)]
            if problem.text == self.text:
                problem.text = self.typed
            raise


def as_columns(text: str, renamed: Mapping[str, str], table: Iterable[str]) -> dict[str, str]:
    """What names of a formula are called in a table where that is not the same: those that are renamed, those with a
    point in them (a.x), and those that Unicode writes in two ways."""
    table = list(table)
    ends = re.compile(r"(?=\.)|$")  # a.x.exp() is a function of a.x
    dotted = {name[: end.start()] for name in DOTTED.findall(text) for end in ends.finditer(name)}
    found = {name: name for name in sorted(dotted) if name in table and "." in name}
    found |= {canonical_name(name): name for name in table if name.isidentifier() and canonical_name(name) not in table}
    return {name: column for name, column in found.items() if name != column or "." in name} | dict(renamed)


def may_differ(text: str) -> bool:
    """Whether the names of the table are needed to know what those of a formula are."""
    return not text.isascii() or DOTTED.search(text) is not None
