"""A pass that is right but for the digits of a number, as 0.797885 where the forward pass has `np.sqrt(2 / np.pi)`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from math import isfinite
from typing import Any

import numpy as np

from backprop.check.cures.search import Search
from backprop.check.edits.catalogue import COMPOUND
from backprop.check.edits.forms import LIBRARIES, expression, replaced
from backprop.check.edits.visible import Line, nodes_in
from backprop.check.passes.verdict import Verdict
from backprop.errors import Problem
from backprop.python.runs.runner import Instead
from backprop.python.texts.gradients import Path

SMALL_ERROR = 1e-4  # of a gradient that is wrong by digits
FEWEST_DIGITS, MOST_DIGITS = 5, 12  # of a number that may stand for one of more digits
MOST_NUMBERS = 8
NEAR = 1e-4  # parts by which two numbers differ that mean the same


def but_for_digits(search: Search, verdict: Verdict) -> Verdict | None:
    """The verdict on a pass that is right with the numbers of the forward pass; None where it is not, or has none."""
    if any(one.verdict == "wrong" and not one.error < SMALL_ERROR for one in verdict.gradients):
        return None
    search.reaches(search.sense({}), {})
    instead: Instead = {}
    told: list[str] = []
    for line in search.lines:
        if isinstance(line.statement, COMPOUND):
            continue
        others = with_others(line)
        if others:
            made = replaced(line.statement, {mine: expression(other) for mine, other in others.items()})
            instead[line.statement] = ast.parse(ast.unparse(made)).body
            told += [f"{mine} in line {line.number} is {other} but for its digits" for mine, other in others.items()]
    if not instead or not search.judge.all_right(instead):
        instead, told = by_last_digits(search, [one.path for one in verdict.gradients if one.verdict == "wrong"])
        if not instead or not search.judge.all_right(instead):
            return None
    gradients = [one._replace(verdict="ok") if one.verdict == "wrong" else one for one in verdict.gradients]
    remarks = [*verdict.remarks, f"every gradient is right with all digits: {'; '.join(told)}"]
    return verdict._replace(verdict=search.judge.overall(gradients), gradients=gradients, remarks=remarks)


def by_last_digits(search: Search, paths: list[Path]) -> tuple[Instead, list[str]]:
    """The lines with more digits of their numbers, if numbers that are rounded to those that stand there make gradients
    right, and how they are told; nothing where they do not."""
    judge, stand = search.judge, [one for one in search.lines if not isinstance(one.statement, COMPOUND)]
    units = {text: unit for one in stand for text, unit in digits_in(one.statement).items()}
    if not 0 < len(units) <= MOST_NUMBERS:
        return {}, []

    def edited(shifts: dict[str, float]) -> Instead:
        more = {text: ast.Constant(float(text) + shift * units[text]) for text, shift in shifts.items()}
        own = [(one.statement, {text: new for text, new in more.items() if text in digits_in(one.statement)})
               for one in stand]  # fmt: skip
        return {old: ast.parse(ast.unparse(replaced(old, new))).body for old, new in own if new}

    def gradients(instead: Instead) -> Any:
        """What comes out at all points, one behind the other."""
        runs = [judge.runner.run(one.given, one.upstream, instead, most=4.0).gradients for one in judge.points]
        return np.concatenate([np.ravel(found[path]) for found in runs for path in paths])

    try:
        swept = [judge.runner.swept(one.given, one.upstream, paths) for one in judge.points]
        need = np.concatenate([np.ravel(found[path]) for found in swept for path in paths])
        now = gradients({})
        moves = np.array([gradients(edited({text: 1.0})) - now for text in units]).T
    except (Problem, KeyError, ValueError):
        return {}, []
    if len(need) < 2 * len(units) or not np.isfinite(need - now).all() or not np.isfinite(moves).all():
        return {}, []
    shifts = dict(zip(units, np.linalg.lstsq(moves, need - now, rcond=None)[0].tolist(), strict=True))
    if max(map(abs, shifts.values())) > 1.0:  # of the last digit, which may be cut off instead
        return {}, []
    told = [f"{text} in line {one.number} is {float(text) + shifts[text] * units[text]:.10g} but for its digits"
            for one in stand for text in digits_in(one.statement)]  # fmt: skip
    return edited(shifts), [*dict.fromkeys(told)]


def digits_in(tree: ast.AST) -> dict[str, float]:
    """The numbers in a statement that may have been rounded, each with a unit of its last digit."""
    found = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, float) and isfinite(one.value):
            _, digits, exponent = Decimal(repr(one.value)).as_tuple()
            if isinstance(exponent, int) and FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
                found[ast.unparse(one)] = 10.0**exponent
    return found


def with_others(line: Line) -> dict[str, str]:
    """The numbers in a line that stand nearly as another expression in the text, and how they stand there."""
    values = {text: line.value(text) for text in numbers_in(nodes_in(line.source.text))}
    values = {text: value for text, value in values.items() if isinstance(value, float) and value}
    found = {}
    for mine in numbers_in(ast.walk(line.statement)):
        for other, value in values.items():
            if mine in values and 0 < abs(value - values[mine]) <= NEAR * abs(value):
                found[mine] = other
    return found


def numbers_in(nodes: Iterator[ast.AST] | list[ast.AST]) -> dict[str, None]:
    """The expressions of numbers alone."""
    return {ast.unparse(one): None for one in nodes if isinstance(one, ast.expr) and is_number(one)}


def is_number(tree: ast.expr) -> bool:
    """Whether an expression hangs on nothing but numbers that stand in it."""
    parts = [one for one in ast.walk(tree) if isinstance(one, ast.expr)]
    numbers = [one for one in parts if isinstance(one, ast.Constant)]
    return (
        all(
            isinstance(one, ast.Constant | ast.BinOp | ast.UnaryOp | ast.Call | ast.Attribute | ast.Name)
            for one in parts
        )
        and all(isinstance(one.value, int | float) and not isinstance(one.value, bool) for one in numbers)
        and all(one.id in LIBRARIES for one in parts if isinstance(one, ast.Name))
        and not isinstance(tree, ast.Name)
    )
