"""The findings of a check as cells to be shown, and as the objects that `check --json` prints."""

from __future__ import annotations

from math import isnan

from backprop.check.gradients.numerical import GOOD, Comparison
from backprop.errors.light import TYPE_CHECKING
from backprop.show import objects
from backprop.show.grid import Column, Grid, furthest, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from backprop.check.stages.execution import Judgement

LOUD = {
    "ok": "ok",
    "wrong": "WRONG",
    "missing": "MISSING",
    "kink": "KINK",
    "singular": "SINGULAR",
    "imprecise": "IMPRECISE",
    "flat": "flat",
    "inherited": "inherited",
}
VERDICT = Column("verdict", "verdict", False)


def overall(verdicts: Iterable[str]) -> str:
    """The verdict on the whole: the worst of all, "ok" where none of them is one of these."""
    found = set(verdicts)
    return next((worst for worst in ("wrong", "incomplete", "kink") if worst in found), "ok")


# ── numerical ──


def comparison_grid(found: Sequence[Comparison], digits: int | None) -> Grid:
    """A row for each gradient, and its remark in a row below it."""
    names = Column("variable", "name", False)
    columns = [names, *(Column(one, "", True) for one in ("gradient", "numerical", "error")), VERDICT]
    rows = []
    for one in found:
        error = "" if one.error != one.error or one.error == float("inf") else f"{one.error:.1g}"
        numerical = "" if isinstance(one.numerical, float) and isnan(one.numerical) else measured(one.numerical, digits)
        said = f"{LOUD[one.verdict]}{': ' if one.remark else ''}{one.remark}"
        rows.append([one.name, measured(one.gradient, digits), numerical, error, said])
    return Grid(columns, rows)


def comparison_object(one: Comparison) -> dict[str, Any]:
    """One gradient for programs."""
    found: dict[str, Any] = {
        "name": one.name,
        "gradient": objects.number(one.gradient),
        "numerical": objects.number(one.numerical),
        "error": objects.number(one.error),
        "verdict": one.verdict,
        "method": one.method,
        "remark": one.remark or None,
    }
    if one.slopes is not None:
        found["slopes"] = [objects.number(slope) for slope in one.slopes]
    return found


def numerical_object(found: Sequence[Comparison], random: dict[str, Any] | None) -> dict[str, Any]:
    """The answer of a numerical check."""
    verdicts = [one.verdict for one in found] + ([random["verdict"]] if random else [])
    answer: dict[str, Any] = {
        "verdict": overall(verdicts), "threshold": GOOD, "variables": [comparison_object(one) for one in found]
    }  # fmt: skip
    if random is not None:
        answer["random"] = random
    return answer


def random_object(points: Sequence[tuple[dict[str, float], list[Comparison]]], seed: int) -> dict[str, Any]:
    """What was found at random points: how many of each verdict, and all that is wrong."""
    worst = max((one.error for _, found in points for one in found if one.verdict == "ok"), default=0.0)
    return at_points(points, seed, comparison_object, worst_error=objects.number(worst))


def at_points(
    points: Sequence[tuple[dict[str, float], Sequence[Any]]], seed: int, object_of: Callable[[Any], dict[str, Any]],
    **more: Any,
) -> dict[str, Any]:  # fmt: skip
    """How many of each verdict there are at some points, and each that is wrong."""
    from collections import Counter

    counts = Counter(one.verdict for _, found in points for one in found)
    wrong = [
        {"at": {name: objects.number(x) for name, x in at.items()}, **object_of(one)}
        for at, found in points for one in found if one.verdict == "wrong"
    ]  # fmt: skip
    return {
        "points": len(points), "seed": seed, "verdict": overall(counts), "verdicts": dict(sorted(counts.items())),
        **more, "wrong": wrong,
    }  # fmt: skip


def random_text(random: dict[str, Any]) -> str:
    """The random points in a line, and a line for each mistake."""
    counts = ", ".join(f"{count} {LOUD[verdict]}" for verdict, count in random["verdicts"].items())
    largest = f"; the largest error among the ok is {random['worst_error']:.1g}" if "worst_error" in random else ""
    lines = [f"{random['points']} random points (seed {random['seed']}): {counts}{largest}"]
    for one in random["wrong"][:8]:
        at = ", ".join(
            f"{name} = {x:.6g}" if isinstance(x, float) else f"{name} = {x}" for name, x in one["at"].items()
        )
        told = f"the gradient of {one['name']} is {one.get('gradient')}, numerically {one.get('numerical')}"
        if "line" in one:
            told = f"line {one['line']} makes {one['name']} {one['yours']}, and should make it {one['expected']}"
        lines.append(f"  WRONG at {at}: {told}")
    return "\n".join(lines) + "\n"


# ── a hand-written pass ──


def lines_grid(judged: Sequence[Judgement], digits: int | None, claims: bool = False) -> Grid:
    """A row for each line, and further advice in rows below it."""
    places, names = Column("claim" if claims else "line", "", True), Column("name", "name", False)
    columns = [places, names, Column("yours", "", True), Column("expected", "", True), VERDICT]
    rows = []
    for one in judged:
        first, *more = one.advice or [""]
        said = f"{LOUD[one.verdict]}{': ' if first else ''}{first}"
        rows.append([str(one.line), one.name, measured(one.yours, digits), measured(one.expected, digits), said])
        if one.verdict == "wrong" and (place := furthest(one.yours, one.expected, digits)):
            more = [*more, place]
        rows += [["", "", "", "", f"       {advice}"] for advice in more]
    return Grid(columns, rows)


def lines_object(
    judged: Sequence[Judgement], remarks: Sequence[str], missing: Sequence[str] = (),
    random: dict[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The answer of a check of a hand-written pass; `missing` are inputs whose gradient no line computes, and `random`
    is what was found at other points."""
    there = [] if random is None else [random["verdict"]]
    answer = {
        "verdict": overall([*(one.verdict for one in judged), *("incomplete" for _ in missing), *there]),
        "lines": [line_object(one) for one in judged],
        "remarks": list(remarks),
    }
    return answer if random is None else {**answer, "random": random}


def line_object(one: Judgement) -> dict[str, Any]:
    """One line for programs."""
    return {
        "line": one.line, "name": one.name,
        "yours": objects.number(one.yours), "expected": objects.number(one.expected),
        "verdict": one.verdict, "cause": one.cause, "advice": "; ".join(one.advice) or None,
    }  # fmt: skip
