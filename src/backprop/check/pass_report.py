"""The verdicts on hand-written passes as cells to be shown, and as the object that `check --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backprop.check.passes.verdict import CAUSES, Gradient, Place, Verdict
from backprop.check.report import LOUD, VERDICT, overall
from backprop.errors.spelling import in_shell
from backprop.show import objects
from backprop.show.grid import Column, Grid


def passes_object(verdicts: Sequence[Verdict], remarks: Sequence[str]) -> dict[str, Any]:
    """One pass as itself, several under their names."""
    if len(verdicts) == 1:
        found = pass_object(verdicts[0])
        found["remarks"] += remarks
        return found
    passes = [{"name": one.name, **pass_object(one)} for one in verdicts]
    return {"verdict": overall(one.verdict for one in verdicts), "passes": passes, "remarks": list(remarks)}


def pass_object(one: Verdict) -> dict[str, Any]:
    return {
        "verdict": one.verdict,
        "gradients": [gradient_object(gradient) for gradient in one.gradients],
        "lines": [line_object(line) for line in one.lines],
        "remarks": [in_shell(remark) for remark in one.remarks],
    }


def gradient_object(one: Gradient) -> dict[str, Any]:
    error = None if one.error != one.error else objects.number(one.error)
    return {"name": one.name, "verdict": one.verdict, "error": error}


def line_object(one: Place) -> dict[str, Any]:
    return {
        "function": one.function or None, "line": one.line, "iteration": one.iteration, "name": one.name,
        "yours": None if one.yours is None else objects.number(one.yours),
        "expected": None if one.expected is None else objects.number(one.expected),
        "verdict": one.verdict, "cause": one.cause, "advice": one.advice or None,
        "write": one.write,
    }  # fmt: skip


def passes_grid(verdicts: Sequence[Verdict]) -> Grid:
    """A row for each gradient, or for a pass that has none yet; which pass it is where that is not plain."""
    undone = [one for one in verdicts if not one.gradients and one.verdict == "incomplete"]
    several = len(verdicts) > 1 or bool(undone)
    columns = [
        *([Column("pass", "expression", False)] if several else []),
        Column("gradient of", "name", False),
        Column("error", "", True),
        VERDICT,
    ]
    rows = []
    for one in verdicts:
        if one in undone:  # of which its note says the line
            rows.append([one.name, "", "", f"{LOUD['missing']}: it is {one.undone}"])
        for gradient in one.gradients:
            error = f"{gradient.error:.1g}" if gradient.error < float("inf") else ""
            said = f"{LOUD[gradient.verdict]}{': ' if gradient.remark else ''}{gradient.remark}"
            rows.append([*([one.name] if several else []), gradient.name, error, said])
    return Grid(columns, rows)


def lines_text(verdicts: Sequence[Verdict]) -> str:
    """The faulty lines in words, each with its cause, and the line to write instead."""
    said = []
    for one in (line for verdict in verdicts for line in verdict.lines):
        where = f"line {one.line}" + (f" of {one.function}" if one.function else "")
        words = [CAUSES[one.cause]] if one.cause is not None else []
        first, *more = [*words, *([one.advice] if one.advice else [])] or [""]
        write = [] if one.write is None else [f"    {text}" for text in one.write.splitlines()]
        said.append("\n".join([f"{where}: {first}" if first else where, *more, *write]))
    return "\n".join(dict.fromkeys(said)) + "\n" if said else ""
