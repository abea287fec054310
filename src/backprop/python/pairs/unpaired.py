"""Functions that go back by a slope which is judged, `delta = error * sigmoid_prime(z)`, and are in no pair."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backprop.python.pairs.descent import factors, move_of
from backprop.python.pairs.pair import Pair
from backprop.python.texts.called import called_by, targets
from backprop.python.texts.source import Code


class Unpaired(NamedTuple):
    """A function, a method or the script itself, and where it multiplies by which slope."""

    name: str
    line: int
    slope: str


def unpaired(code: Code, pairs: Sequence[Pair]) -> list[Unpaired]:
    """The functions of the text itself that multiply by a slope of one of its pairs, and that no pair runs."""
    slopes = {pair.backward.name for pair in pairs if pair.backward is not None and pair.is_slope}
    whole = code.parts[-1].tree
    named = [*functions_in(whole)] if slopes else []
    run = words_of([one for pair in pairs for one in (pair.forward, pair.backward, pair.inside, *pair.body) if one])
    pending = True
    while pending:  # what is run runs what it names
        more = words_of([one for _, one in named if one.name in run]) - run
        pending, run = bool(more), run | more
    others: list[tuple[str, ast.AST]] = [(name, one) for name, one in named if one.name not in run]
    scripts = [one for one in whole.body if not isinstance(one, ast.FunctionDef | ast.ClassDef)]
    others += [("script", ast.Module(scripts, []))] if all(pair.kind != "script" for pair in pairs) else []
    return [Unpaired(name, *found) for name, one in others if (found := multiplies_by(one, slopes)) is not None]


def functions_in(whole: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions at the top and the methods of classes, each with its name."""
    for one in whole.body:
        for inner in one.body if isinstance(one, ast.ClassDef) else (one,):
            if isinstance(inner, ast.FunctionDef):
                yield (f"{one.name}.{inner.name}" if isinstance(one, ast.ClassDef) else inner.name), inner


def words_of(trees: Sequence[ast.AST]) -> set[str]:
    """The names and attributes that stand in trees."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return {getattr(one, "id", getattr(one, "attr", "")) for one in nodes if isinstance(one, ast.Name | ast.Attribute)}


def multiplies_by(function: ast.AST, slopes: set[str]) -> tuple[int, str] | None:
    """Where something multiplies by what one of some slopes gives, also under a name of its own, and which it is."""
    given: dict[str, str] = {}  # names that are set to a slope
    for statement in [node for node in ast.walk(function) if isinstance(node, ast.stmt)]:
        if isinstance(statement, ast.Assign) and (slope := slope_in(statement.value, slopes, {})) is not None:
            given.update(dict.fromkeys(targets(statement), slope))
    steps = {id(move[2]) for node in ast.walk(function) if (move := move_of(node)) is not None}
    for node in ast.walk(function):
        parts = multiplied(node)
        for factor in parts:
            others = [one for one in parts if one is not factor]
            if id(node) in steps and all(isinstance(one, ast.Name | ast.Constant) for one in others):
                continue  # `x -= rate * df(x)` descends along a slope, and goes back through nothing
            if (slope := slope_in(factor, slopes, given)) is not None:
                return factor.lineno, slope
    return None


def multiplied(node: ast.AST) -> list[ast.expr]:
    """What is multiplied with something: `a * b`, `a *= b`, `np.multiply(a, b)`."""
    if isinstance(node, ast.BinOp):
        found = factors(node)
        return found if len(found) > 1 else []
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Mult):
        return [node.value]
    return node.args if isinstance(node, ast.Call) and called_by(node) in ("multiply", "mul") else []


def slope_in(factor: ast.expr, slopes: set[str], given: dict[str, str]) -> str | None:
    """Which slope a factor is, called here or before."""
    if isinstance(factor, ast.Call):
        return called_by(factor) if called_by(factor) in slopes else None
    return given.get(factor.id) if isinstance(factor, ast.Name) else None
