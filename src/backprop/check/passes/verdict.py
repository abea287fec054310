"""What is said of a hand-written pass: of every gradient, of the faulty lines, and of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from backprop.python.texts.gradients import Path

#: The mistakes that have a name, each in words that hold for all that is called so.
CAUSES = {
    "overwrites": "`=` where `+=` is needed: the share that was there is lost",
    "missing-share": "a share of the gradient is missing",
    "counted-twice": "a share is counted twice",
    "sign": "the sign is turned",
    "not-swapped": "the local gradient of the other input is taken",
    "no-upstream": "the gradient from above is forgotten",
    "no-local": "a factor of the local gradient is forgotten",
    "wrong-point": "another value is taken than the right one",
    "factor": "a factor is missing, wrong or too much",
    "transposed": "a matrix is transposed that should not be, or the reverse",
    "not-summed": "it is not summed as it was broadcast",
    "wrong-axis": "another axis is taken",
}


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
    """A line of the verdict: where the mistake is, why (one of CAUSES, or None), and what to write; `write` is proven,
    or None.

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
    """The judgement of a pass; of one without gradients `undone` says what is wanting."""

    name: str
    verdict: str
    gradients: list[Gradient]
    lines: list[Place]
    remarks: list[str]
    undone: str = "not written yet"
