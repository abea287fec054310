"""Where a number that is not finite came from: the chain from the first cause to the output, and spellings that
avoid it."""

from __future__ import annotations

from typing import Any, NamedTuple

from backprop.differentiate.run import Run
from backprop.language.printer import short
from backprop.library.advice import Advice, advice
from backprop.library.causes import causes, without_consequence
from backprop.library.rounds import line_among
from backprop.library.stages import Names
from backprop.numbers.shapes import array_text, quiet, shape_of


class Link(NamedTuple):
    """A stage on the chain: what it is, the number that it has, and its line in a text of several."""

    stage: str
    expression: str
    number: Any
    line: int | None


class Why(NamedTuple):
    """The answer. `forward` leads from the first cause up to the output, or to where it spoils a gradient; `backward`
    from the first gradient that is not finite down to a variable. Both are empty where the output and the gradients are
    finite; `cause` then has what is not finite on the way.
    """

    cause: list[str]
    forward: list[Link]
    backward: list[Link]
    advice: list[Advice]


def why(run: Run, names: Names) -> Why:
    """Follow what is not finite, forward and backward."""
    found = causes(run, names)
    if not (found.forward or found.backward):
        return Why(without_consequence(run, names), [], [], [])
    up = [link(names, spot.wire, run.values[spot.wire]) for spot in found.forward if spot.wire in names.names]
    down = [link(names, wire, run.gradient(wire)) for wire in found.backward if wire in names.names]
    with quiet(run.arrays):
        return Why([message for _, message, _ in found.remarks], up, down, list(advice(run, names)))


def link(names: Names, wire: int, number: float) -> Link:
    return Link(names.text(wire), names.expression(wire), number, line_among(names.circuit, wire))


def text_of(answer: Why) -> str:
    if not (answer.forward or answer.backward):
        if not answer.cause:
            return "all values and gradients are finite\n"
        return "".join(f"the output and the gradients are finite; {cause}\n" for cause in answer.cause)
    lines = [f"why: {cause}" for cause in answer.cause]
    for heading, chain, what in (("forward", answer.forward, ""), ("backward", answer.backward, "d")):
        for order, one in enumerate(chain):
            equals = f" = {one.expression}" if one.expression and not what else ""
            arrow = "from" if order == 0 else "  to"
            place = f"   line {one.line}" if one.line and not what else ""
            lines.append(f"{heading}: {arrow} {what}{one.stage}{equals} = {told(one.number)}{place}")
    for tip in answer.advice:
        at = f"in line {tip.line}, " if tip.line else ""
        lines.append(f"{at}instead of {tip.instead_of} write {tip.write}, which is {told(tip.gives)} here")
    return "\n".join(lines) + "\n"


def told(value: Any) -> str:
    """A number, also the only one of an array; of a larger one, how many of its elements are not finite."""
    if not shape_of(value) or value.size == 1:
        return short(float(value.item() if shape_of(value) else value))
    from numpy import isfinite as are_finite

    count = int((~are_finite(value)).sum())
    return array_text(value.shape) + (f", {count} of {value.size} elements not finite" if count else "")
