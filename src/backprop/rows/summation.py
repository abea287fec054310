"""Sums over all rows that do not lose digits: the batch value and the batch gradient."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import Any

import numpy as np

LANES = 4096


class Sums:
    """Running sums of columns: each of 4096 lanes carries what rounding took from it (Neumaier's summation)."""

    def __init__(self) -> None:
        self.rows = 0
        self.lanes: dict[str, tuple[Any, Any]] = {}

    def add(self, columns: Mapping[str, Any], rows: int) -> None:
        """Add the rows of a batch."""
        self.rows += rows
        with np.errstate(all="ignore"):
            for name, column in columns.items():
                total, lost = self.lanes.setdefault(name, (np.zeros(LANES), np.zeros(LANES)))
                for start in range(0, len(column), LANES):
                    add_exactly(total, lost, column[start : start + LANES])

    def totals(self) -> dict[str, float]:
        """The sums so far."""
        return {name: summed(total, lost) for name, (total, lost) in self.lanes.items()}


def add_exactly(total: Any, lost: Any, more: Any) -> None:
    """Add to some lanes, and what rounding took to their rests (Knuth's two-sum)."""
    before = total[: len(more)]
    after = before + more
    part = after - before
    lost[: len(more)] += (before - (after - part)) + (more - part)
    total[: len(more)] = after


def summed(total: Any, lost: Any) -> float:
    """The sum of all lanes; inf and nan as the lanes alone say it."""
    if not np.isfinite(total).all():
        return float(total.sum())
    return fsum((*total.tolist(), *lost.tolist()))
