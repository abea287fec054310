"""Lengths that are as long as others: what they leave open about a cure, and what they hide of a right pass."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from backprop.check.cures.search import Cure
from backprop.check.edits.catalogue import header
from backprop.check.edits.forms import nodes_in
from backprop.check.edits.visible import Line, Lines
from backprop.check.passes.judge import Judge
from backprop.errors import Problem, enumerated

LENGTH = re.compile(r"(.+)\.shape\[\d\]|len\((.+)\)")


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
    is as long: by that one it would be as right."""
    seen, found = Lines(), dict[str, dict[str, None]]()
    with suppress(Problem):
        judge.runner.run(judge.points[0].given, judge.points[0].upstream, {}, seen)
    for line in seen.found.values():
        for node in ast.walk(header(line.statement)):
            scales = isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Mult | ast.Div)
            for side in ast.iter_child_nodes(node) if scales else ():
                if isinstance(side, ast.expr) and (whose := twice(line, text := ast.unparse(side))) is not None:
                    found.setdefault(whose, {})[text] = None
    return [
        f"{whose} has two axes as long as {enumerated(list(texts))}: other sizes tell whether the right one is taken"
        for whose, texts in found.items()
    ]


def twice(line: Line, text: str) -> str | None:
    """The array with two axes of a length, if that is what a text is."""
    named = LENGTH.fullmatch(named_lengths(line.source.text).get(text, text))
    whose = (named[1] or named[2]) if named is not None else ""
    kind, length = (line.kind(whose), line.value(text)) if whose else (None, None)
    alike = kind is not None and isinstance(length, int) and length > 1 and kind.shape.count(length) > 1
    return whose if alike else None


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
