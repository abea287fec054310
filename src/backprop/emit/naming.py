"""Names in the target: the user's, escaped where the target reserves them, and new ones that nothing else has."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable


class Naming:
    """Gives every name once. A name that the target cannot spell, or has a use for, gets another form."""

    def __init__(
        self,
        reserved: Iterable[str],
        spellable: Callable[[str], bool],
        *,
        fold: bool = False,
        quoted: Callable[[str], str] = str,
    ) -> None:
        self.taken = set(reserved)
        self.spellable = spellable
        self.fold = fold  # whether the target takes x and X for the same
        self.quoted = quoted  # how a name is written

    def take(self, wanted: str) -> str:
        """The name, or the nearest to it that is free, as it is written."""
        wanted = wanted.replace('"', "")  # it may be made of names that were written in quotes
        name = wanted if self.spellable(wanted) else spelt(wanted)
        while self.key(name) in self.taken:
            name += "_"
        self.taken.add(self.key(name))
        return self.quoted(name)

    def gradient(self, name: str) -> str:
        """What the gradient of a stage of that name, in the target, is called."""
        return self.take(f"d{name}")

    def wish(self, name: str) -> str:
        """What the gradient of a stage would be called, if it is needed before its own line; "" for any new name."""
        return f"d{name}"

    def next(self, prefix: str, wanted: Collection[str] = ()) -> str:
        """The first of q1, q2, … that is free, and that nobody else wants."""
        number = 1
        while self.key(f"{prefix}{number}") in self.taken or f"{prefix}{number}" in wanted:
            number += 1
        return self.take(f"{prefix}{number}")

    def key(self, name: str) -> str:
        return name.casefold() if self.fold else name


def spelt(name: str) -> str:
    """A name in ASCII: Greek letters by their names, the rest by their numbers."""
    return "".join(c if c.isascii() else letter(c) for c in name)


def letter(character: str) -> str:
    """θ is theta, Γ is Gamma, ² is 2, and whatever has no such name is u4e2d."""
    plain = unicodedata.normalize("NFKD", character)
    if plain.isascii() and plain.isalnum():
        return plain
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and "LETTER" in words and len(words) == 4:
        return words[3].title() if words[1] == "CAPITAL" else words[3].lower()
    return f"u{ord(character):x}"
