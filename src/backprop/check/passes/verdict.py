"""What is said of a hand-written pass: of every gradient, of the faulty lines, and of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from backprop.python.entry.gradients import Path


class Gradient(NamedTuple):
    """What is said about one gradient: "ok", "wrong", "missing", "imprecise"."""

    path: Path
    verdict: str
    error: float
    remark: str

    @property
    def name(self) -> str:
        return ".".join(self.path)


class Place(NamedTuple):
    """A line of the verdict: where the mistake is, why, and what to write; `write` is proven, or None.

    `yours` is what the line gives where that is wrong first, `expected` what it gives with the cure; `iteration` is the
    round of the innermost loop there.
    """

    function: str
    line: int
    iteration: int | None
    name: str
    verdict: str
    cause: str | None
    advice: str
    write: str | None
    yours: Any = None
    expected: Any = None


def overall(gradients: Sequence[Gradient]) -> str:
    """The verdict on all of some gradients: ok if each is."""
    verdicts = {one.verdict for one in gradients}
    return "wrong" if "wrong" in verdicts else "ok" if verdicts == {"ok"} else "incomplete"


class Verdict(NamedTuple):
    """The judgement of a pass."""

    name: str
    verdict: str
    gradients: list[Gradient]
    lines: list[Place]
    remarks: list[str]
