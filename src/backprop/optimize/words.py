"""Numbers as verdicts tell them."""

from __future__ import annotations

from math import isfinite

from backprop.language.printer import number_text


def short(x: float) -> str:
    """A number to three digits."""
    return number_text(float(f"{x:.3g}")) if isfinite(x) else number_text(x)
