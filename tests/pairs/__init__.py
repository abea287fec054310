"""Pairs of forward and backward passes in the styles that people write, with mistakes to plant: right and wrong ones.

A text file holds some: `=== name`, the inputs, `--- code` (of two texts the first is `--- forward`), `--- mistakes`,
each a line `right => wrong | causes that fit`. Every other pair is of the half that nobody looks at while tuning, and
the files `held_…` were written later, before the judge was changed, and only ever counted; all of `seen_…` is tuned on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Mistake(NamedTuple):
    """A text, what stands wrongly in its place, and the causes that may be named."""

    right: str
    wrong: str
    causes: tuple[str, ...]


class Pair(NamedTuple):
    """A right pass. `forward` is empty where one text holds both passes."""

    name: str
    half: str  # "tuned", "unseen" or "held"
    inputs: dict[str, Any]
    forward: str
    code: str
    mistakes: list[Mistake]

    def planted(self, *mistakes: Mistake) -> tuple[str, list[int]]:
        """The text with mistakes in it, and their lines."""
        text, lines = self.code, []
        for one in mistakes:
            assert text.count(one.right) >= 1, (self.name, one.right)
            place = text.rindex(one.right)
            lines.append(text[:place].count("\n") + 1)
            text = text[:place] + one.wrong + text[place + len(one.right) :]
        return text, lines


def values(text: str, seed: int) -> dict[str, Any]:
    """The inputs of a line of assignments; arrays are drawn."""
    random = np.random.default_rng(seed)
    scope: dict[str, Any] = {
        "np": np,
        "randn": lambda *shape: random.normal(size=shape),
        "rand": lambda *shape: random.uniform(size=shape),
        "pos": lambda *shape: random.uniform(0.5, 1.5, size=shape),
    }
    known = set(scope)
    exec(text, scope)
    return {name: value for name, value in scope.items() if name not in known and name != "__builtins__"}


def pairs(seed: int = 0) -> Iterator[Pair]:
    """All pairs, file by file; another seed gives other inputs."""
    for path in sorted(Path(__file__).parent.glob("*.txt")):
        for place, block in enumerate(path.read_text().split("=== ")[1:]):
            head, *parts = block.split("--- ")
            name, _, given = head.partition("\n")
            texts = {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}
            mistakes = []
            for line in texts["mistakes"].strip().splitlines():
                what, _, causes = line.rpartition(" | ")
                right, _, wrong = what.partition(" => ")
                mistakes.append(Mistake(right, wrong, tuple(causes.split())))
            first = path.name.partition("_")[0]
            half = {"held": "held", "seen": "tuned"}.get(first, ("tuned", "unseen")[place % 2])
            yield Pair(
                name, half, values(given, 1000 * seed + place), texts.get("forward", ""), texts["code"], mistakes
            )
