"""The table of stages as cells: what stands where, and in which role. How it looks is decided by who draws it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from backprop.library import Evaluation
from backprop.syntax.printer import number_text


class Column(NamedTuple):
    """A column: its heading, the role of its cells, whether they are numbers to be aligned on the decimal point."""

    heading: str
    role: str
    numeric: bool


class Grid(NamedTuple):
    """Columns and rows of texts."""

    columns: list[Column]
    rows: list[list[str]]


def stages_grid(evaluation: Evaluation, *, digits: int | None = 6, local: bool = False) -> Grid:
    """The table of an evaluation: a row for each stage. `digits` are significant ones; None keeps all.

    `local` adds the local gradients. The gradient of a constant is left empty, and so is that of an input that `wrt`
    left out.
    """
    columns = [
        Column("stage", "name", False),
        Column("gate", "expression", False),
        Column("value", "value", True),
        Column("gradient", "gradient", True),
    ]
    if local:
        columns.append(Column("local gradients", "local", False))
    rows = []
    for stage in evaluation.stages:
        left_out = stage.gate == "input" and stage.name not in evaluation.gradients
        gradient = None if left_out else stage.gradient
        row = [stage.name, stage.expression, number(stage.value, digits), number(gradient, digits)]
        if local:
            pairs = zip(stage.inputs, stage.local_gradients, strict=True)
            row.append(
                ", ".join(f"{name}: {number(partial, digits)}" for name, partial in pairs if partial is not None)
            )
        rows.append(row)
    return Grid(columns, rows)


def number(value: float | None, digits: int | None) -> str:
    """A number for people: rounded to significant digits, and without the sign of a zero."""
    if value is None:
        return ""
    if digits is None:
        return number_text(value)
    mantissa, exponential, exponent = f"{value + 0.0:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponential else mantissa


def aligned(texts: Iterable[str]) -> list[str]:
    """Numbers padded on both sides so that their decimal points stand below each other."""
    parts = [split_number(text) for text in texts]
    before = max((len(whole) for whole, _ in parts), default=0)
    after = max((len(rest) for _, rest in parts), default=0)
    return [whole.rjust(before) + rest.ljust(after) for whole, rest in parts]


def split_number(text: str) -> tuple[str, str]:
    """A number in front of its decimal point (or exponent), and from there on."""
    for place, character in enumerate(text):
        if character in ".e":
            return text[:place], text[place:]
    return text, ""
