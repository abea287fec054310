"""How fast a text becomes an AST, against stock Lark with the same grammar.

    python bench/programs/parsing.py [--quick]

Lark parses with its LALR(1) parser and basic lexer, once to its tree and once with a transformer that runs while it
parses; both are given the grammar file as it is. Each cell is the best of several runs, all in one process, in turns.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from backprop.grammar.generate import lark_parser
from lark import Lark, Transformer

from backprop.language import parse


class Tuples(Transformer[Any, Any]):
    """The cheapest thing that a transformer can build."""

    def __default__(self, data: str, children: list[Any], meta: Any) -> Any:
        return (data, children)


def flat_sum(size: int) -> str:
    """x0 + x1 + x2 + …"""
    return " + ".join(f"x{i}" for i in range(size))


def balanced(size: int) -> str:
    """((x0 * 0.5) - (x1 / 1.5)) + …, as deep as its logarithm."""
    terms = [f"(x{i % 50} {'+-*/'[i % 4]} {i % 7 + 0.5})" for i in range(size // 2)]
    while len(terms) > 1:
        pairs = zip(terms[::2], [*terms[1::2], "1"], strict=False)
        terms = [f"({left} {'+*'[i % 2]} {right})" for i, (left, right) in enumerate(pairs)]
    return terms[0]


def nested_calls(size: int) -> str:
    """sin(cos(sin(cos(… x …))))"""
    return "sin(cos(" * (size // 2) + "x" + "))" * (size // 2)


def helmholtz(size: int) -> str:
    """The energy of a mixed fluid, the textbook example of the field, with its sums written out."""
    count = max(2, int(size**0.5))
    names = range(count)
    b_x = " + ".join(f"b{i}*x{i}" for i in names)
    entropy = " + ".join(f"x{i}*log(x{i}/(1 - bx))" for i in names)
    attraction = " + ".join(f"a{i}_{j}*x{i}*x{j}" for i in names for j in names)
    logarithm = "log((1 + (1 + sqrt(2))*bx)/(1 + (1 - sqrt(2))*bx))"
    return f"bx = {b_x}\nR*T*({entropy}) - ({attraction})/(sqrt(8)*bx)*{logarithm}"


TEXTS = {"flat sum": flat_sum, "balanced": balanced, "nested calls": nested_calls, "Helmholtz": helmholtz}


def stock_lark(**options: Any) -> Lark:
    """Lark on the grammar, without what the project asks of it beyond a tree."""
    grammar = files("backprop.grammar").joinpath("expression.lark").read_text(encoding="utf-8")
    ours = lark_parser(grammar)
    return Lark(grammar, parser="lalr", lexer="basic", start="program", postlex=ours.options.postlex, **options)


def seconds(function: Callable[[str], object], text: str) -> float:
    """One run, without the collector of garbage, which would charge one run for the litter of another."""
    gc.collect()
    gc.disable()
    start = time.process_time()
    result = function(text)
    elapsed = time.process_time() - start
    gc.enable()
    del result
    return elapsed


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    size, rounds = (2_000, 5) if quick else (20_000, 7)
    tree, transformed = stock_lark(), stock_lark(transformer=Tuples())
    print(f"{'':14}{'tokens':>9}{'backprop':>12}{'Lark tree':>20}{'Lark transformer':>24}")
    for name, make in TEXTS.items():
        text = make(size)
        tokens = sum(1 for _ in tree.lex(text))
        functions: list[Callable[[str], object]] = [parse, tree.parse, transformed.parse]
        best = [float("inf")] * 3
        for _ in range(rounds):
            for i, function in enumerate(functions):
                best[i] = min(best[i], seconds(function, text))
        ours, *others = [each / tokens * 1e9 for each in best]
        cells = "".join(f"{other:13.0f} ns {other / ours:5.1f} ×" for other in others)
        print(f"{name:14}{tokens:9}{ours:9.0f} ns{cells}")


if __name__ == "__main__":
    main()
