"""Lengths that are as long as others: what they leave open about a cure, and what they hide of a right pass."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

import numpy as np

from backprop.check.cures.search import Cure
from backprop.check.edits.catalogue import header
from backprop.check.edits.visible import Line, Lines, nodes_in
from backprop.check.passes.judge import Judge
from backprop.errors import Problem, enumerated

LENGTH = re.compile(r"(.+)\.shape\[(\d)\]|len\((.+)\)")


def same_lengths(cure: Cure) -> Iterator[str]:
    """What is said where a cure takes a length that another axis of the array has, too: either would do here."""
    line = cure.line
    old, new = (
        Counter(
            ast.unparse(node) for one in trees for node in ast.walk(one) if isinstance(node, ast.Name | ast.Subscript)
        )
        for trees in ([header(line.statement)], cure.edit.statements)  # none, of a line that is one too many
    )
    for text in sorted(new - old):
        if (whose := twice(line, text)) is not None:
            yield f"{whose} has two axes as long as {text}: other sizes tell which of them line {line.number} needs"


def hidden_lengths(judge: Judge) -> list[str]:
    """What is said of a right pass that is multiplied with a length, or divided by one, where another axis of the array
    is as long: by that one it would be as right. And of one that may have to be, where that length is 1."""
    seen, found = Lines(), dict[str, dict[str, None]]()
    with suppress(Problem):
        judge.runner.run(judge.points[0].given, judge.points[0].upstream, {}, seen)
    for line in seen.found.values():
        for text in factors(header(line.statement)):
            if (whose := twice(line, text)) is not None:
                found.setdefault(whose, {})[text] = None
    alike = [
        f"{whose} has two axes as long as {enumerated(list(texts))}: other sizes tell whether the right one is taken"
        for whose, texts in found.items()
    ]
    return [*alike, *lone_lengths(judge)]


def lone_lengths(judge: Judge) -> Iterator[str]:
    """What a length of the forward pass hides of a right backward pass that is 1 here: a loop's, and one by which it
    divides where the backward pass has none."""
    forward, backward = judge.runner.pair.forward, judge.runner.pair.backward
    if forward is None or backward is None or forward is backward:
        return
    known, back = named_lengths(ast.unparse(forward)), ast.unparse(backward)

    def is_one(text: str) -> bool:
        whose, axis = length_of(text, known)
        value = judge.binding.given.get(whose)
        return isinstance(value, np.ndarray) and value.shape[axis : axis + 1] == (1,)

    for text in filter(is_one, dict.fromkeys(rounds(forward))):
        yield f"{text} is 1 here: a larger one tells whether what goes from round to round is handed back"
    for text in filter(is_one, dict.fromkeys(factors(forward))):
        if not re.search(rf"\b{re.escape(text)}|\.shape\b|\blen\(|\bmean\b", back):
            yield f"{text} is 1 here: a larger one tells whether the backward pass has to divide by it"


def rounds(tree: ast.AST) -> Iterator[str]:
    """How often loops go round, `for t in range(T)`."""
    loops = [node.iter for node in ast.walk(tree) if isinstance(node, ast.For)]
    yield from (ast.unparse(node.args[0]) for node in loops if isinstance(node, ast.Call) and len(node.args) == 1)


def factors(tree: ast.AST) -> Iterator[str]:
    """What something is multiplied with, or divided by."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Mult | ast.Div):
            yield from (ast.unparse(side) for side in ast.iter_child_nodes(node) if isinstance(side, ast.expr))


def twice(line: Line, text: str) -> str | None:
    """The array with two axes of a length, if that is what a text is."""
    whose, _ = length_of(text, named_lengths(line.source.text))
    kind, length = (line.kind(whose), line.value(text)) if whose else (None, None)
    alike = kind is not None and isinstance(length, int) and length > 1 and kind.shape.count(length) > 1
    return whose if alike else None


def length_of(text: str, known: dict[str, str]) -> tuple[str, int]:
    """Of which array a text is the length, and of which axis; of "" where it is none. `known` are names of lengths."""
    found = LENGTH.fullmatch(known.get(text, text))
    return (found[1] or found[3], int(found[2] or 0)) if found is not None else ("", 0)


@lru_cache(8)
def named_lengths(text: str) -> dict[str, str]:
    """What names of lengths stand for: `N, D = x.shape`, `N = x.shape[0]`."""
    known = dict[str, str]()
    for node in nodes_in(text):
        target, value = (node.targets[0], ast.unparse(node.value)) if isinstance(node, ast.Assign) else (None, "")
        if isinstance(target, ast.Tuple) and value.endswith(".shape"):
            known.update({ast.unparse(one): f"{value}[{place}]" for place, one in enumerate(target.elts)})
        elif target is not None:
            known[ast.unparse(target)] = value
    return known
