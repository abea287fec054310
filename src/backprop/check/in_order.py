"""The way back of an engine through values that are used more than once, of which one is made of another: operations
that are right alone do not tell that each is visited once, behind all that uses it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress

import numpy as np

from backprop.check.passes.judge import Judge
from backprop.check.passes.verdict import Place, Verdict
from backprop.errors import Problem
from backprop.python.names import parameter_names, required_names
from backprop.python.pairs.counterparts import BACKWARD
from backprop.python.pairs.pair import Pair
from backprop.python.pairs.trained import up_to_backward
from backprop.python.runs.runner import Runner
from backprop.python.texts.source import Code, Part

FORKS = "c = a*b; d = c + a; e = d*c; f = e + d; g = f + c"  # c is used near, and far away
AT = (0.7, -1.3)
TRIED = f"every operation is right alone: tried with {FORKS}"
IN_ORDER = "each value has to go back once, behind all that uses it: from the last to the first, in topological order"
ADDED_UP = "what comes from each use of a value has to be added up: `+=` where its gradient is set"


def out_of_order(code: Code, pairs: Sequence[Pair], seed: int, puts_away: bool) -> Iterator[Verdict]:
    """The verdicts on engines whose operations are right, and whose way back through several of them is not. No edit of
    a line puts that in order, so none is looked for. `puts_away`: an operation sets gradients, and does not add."""
    owners = dict.fromkeys(pair.of_values or pair.owner for pair in pairs if pair.is_kept or pair.swept)
    for owner in filter(None, owners):
        if (back := way_back(code.classes().get(owner, {}))) is None:
            continue
        with suppress(Problem):
            judge = Judge(forked(code, owner, back, seed), None, seed)
            came = judge.first.gradients.values() if judge.first is not None else ()
            went_back = any(map(np.any, came))  # else it may be that who calls it sets the first gradient
            if went_back and (verdict := judge.judge()).verdict == "wrong":
                advice = ADDED_UP if puts_away else IN_ORDER
                place = Place(back.name, back.lineno, None, back.name, "wrong", None, advice, None)
                yield verdict._replace(name=f"{owner}.{back.name}", lines=[place], remarks=[TRIED])


def way_back(methods: dict[str, ast.FunctionDef]) -> ast.FunctionDef | None:
    """The method that goes back from a value through all that it was made of, where values can be added up and
    multiplied."""
    found = [one for name, one in methods.items() if BACKWARD.match(name) and len(required_names(one)) == 1]
    return found[0] if found and {"__add__", "__mul__", "__init__"} <= methods.keys() else None


def forked(code: Code, owner: str, back: ast.FunctionDef, seed: int) -> Runner:
    """A run of an expression of such values, in which two are used twice, up to its way back."""
    part = next(one for one in code.parts if any(getattr(its, "name", "") == owner for its in one.tree.body))
    asks = [name for name in parameter_names(code.classes()[owner]["__init__"]) if name.startswith("requires_grad")]
    made = f"{owner}({{}}{''.join(f', {name}=True' for name in asks)})"
    added = ast.parse("a = {}; b = {}; {}; g.{}()".format(*map(made.format, AT), FORKS, back.name)).body
    for node in [node for one in added for node in ast.walk(one) if hasattr(node, "lineno")]:
        ast.copy_location(node, back)
    body = [one for one in part.tree.body if not is_run(one)] + added
    parts = [*[one for one in code.parts if one is not part], Part(part.source, ast.Module(body, []))]
    pair = Pair(f"{owner}.{back.name}", "values", None, None, split=len(body) - 1)
    return Runner(code.of(parts), pair, {}, seed)


def is_run(statement: ast.stmt) -> bool:
    """Whether a statement is one of a demonstration, and no definition."""
    blocks = isinstance(statement, ast.Expr | ast.For | ast.While | ast.If | ast.With)
    return blocks or bool(up_to_backward([statement]))
