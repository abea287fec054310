"""Numbers as the pictures write them: two decimals, as the course notes do; the page's script rounds the same way."""

from __future__ import annotations

from math import isinf, isnan
from typing import Any

from backprop.draw.scene import minus
from backprop.numbers.shapes import shape_of

WIDEST = "−0.0e−300"  # no number is wider


SMALL = 4  # elements: of a larger array the first and the last are shown
ON_A_SHEET = 16  # on a worksheet, which is computed with, and on its key


def short(value: Any, most: int = SMALL) -> str:
    """A number, or an array: its numbers if they are few, and else the first and the last."""
    shape = shape_of(value)
    if not shape:
        return short_number(float(value))
    if value.size <= most:
        return elements(value.tolist())
    ends = f"{short_number(value.ravel()[0])} … {short_number(value.ravel()[-1])}"
    return f"{'[' * len(shape)}{ends}{']' * len(shape)}"


def elements(values: Any) -> str:
    """Nested lists of numbers."""
    return f"[{' '.join(map(elements, values))}]" if isinstance(values, list) else short_number(values)


def short_number(value: float) -> str:
    """A number in few characters: −4.00, 1.0e−5, 2.5e9; ties are rounded away from 0, as JavaScript's toFixed does."""
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0.00"
    from decimal import ROUND_HALF_UP, Decimal

    exact = Decimal(value)
    if 5e-3 <= abs(value) < 1e4:
        return minus(str(exact.quantize(Decimal("0.01"), ROUND_HALF_UP)))
    exponent = exact.adjusted()
    mantissa = exact.scaleb(-exponent).quantize(Decimal("0.1"), ROUND_HALF_UP)
    if abs(mantissa) >= 10:
        mantissa, exponent = mantissa.scaleb(-1).quantize(Decimal("0.1")), exponent + 1
    return minus(f"{mantissa}e{exponent}")


def full(value: Any) -> str:
    """A number for those who listen, with more digits."""
    return short(value) if shape_of(value) else minus(f"{value:.6g}")
