"""What a step did, as the text and the object that `backprop nudge` prints."""

from __future__ import annotations

from math import isfinite
from typing import Any

from backprop.library.nudge import FURTHEST, Nudge
from backprop.numbers.shapes import shape_of
from backprop.show import objects
from backprop.show.grid import aligned, cell, number


def object_of(found: Nudge) -> dict[str, Any]:
    """The answer for programs."""
    numbers = ("value", "moved", "predicted", "actual", "error", "holds_until")
    return {**{name: objects.number(getattr(found, name)) for name in numbers}, "ends_at": found.ends_at}


def text_of(found: Nudge, digits: int) -> str:
    """A line for each number, and one for how far the prediction holds."""
    words = ["value", "moved", "predicted", "actual"]
    plain = [number(found.value, digits), number(found.moved, digits)]
    texts = aligned([*plain, change(found.predicted, digits), change(found.actual, digits)])
    moved = ", ".join(signed_step(name, step, digits) for name, step in found.steps.items())
    off = f"  (off by {found.error:.2g} of the larger)" if isfinite(found.error) else ""
    explained = ["", f"  ({moved})", "  (gradient × step)", off]
    lines = [f"{word:9}  {text}{more}".rstrip() for word, text, more in zip(words, texts, explained, strict=True)]
    lines.append(f"the prediction holds within 1 % {reach(found, digits)}")
    return "\n".join(lines) + "\n"


def change(x: float, digits: int) -> str:
    """A change has a sign."""
    text = number(x, digits)
    return text if text.startswith("-") or x == 0 or x != x else f"+{text}"


def signed_step(name: str, step: Any, digits: int) -> str:
    """A step, behind the name of what is moved: `y + 2.5`."""
    if shape_of(step):
        return f"{name} + {cell(step, digits, one_line=True)}"
    return f"{name} {'+' if step >= 0 else '-'} {number(abs(step), digits)}"


def reach(found: Nudge, digits: int) -> str:
    """Up to what step the prediction holds."""
    if not isfinite(found.holds_until):
        return f"as far as was looked: {FURTHEST:g} times the step"
    if found.ends_at is not None:
        return found.ends_at
    if found.holds_until == 0:
        return "nowhere"
    steps = [signed_step(name, found.holds_until * step, digits) for name, step in found.steps.items()]
    return f"up to {' and '.join(steps)}"
